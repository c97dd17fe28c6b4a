/*
 * How the bytes of a ZIP archive lie (APPNOTE.TXT 4.3).  A ZIP file says most
 * things twice, and programs differ in whom they believe: the central
 * directory, the local headers, the first end record or the last.  A signature
 * that one program checks on one set of files and another shows beside a
 * different set is worth nothing, so what is not said the same way everywhere
 * is refused here, before any library reads it: the entries stand one behind
 * the other from the first byte to the central directory, both headers agree,
 * and there is one end record that a reader can follow.
 */
#ifndef SIGND_ASIC_LAYOUT_H
#define SIGND_ASIC_LAYOUT_H

#include "base/base.h"

#define ASIC_ENTRIES_MAX 4096
#define ASIC_NAME_MAX 1024 /* bytes of one entry's name */
#define ASIC_INFLATED_MAX                                                      \
	((uint64_t)256 * 1024 * 1024) /* bytes of all entries together */
/* Deflate yields 1032 to 1 at most and documents far less; small entries may,
 * as they hurt nobody. */
#define ASIC_RATIO_MAX 200
#define ASIC_RATIO_FREE ((uint64_t)4 * 1024 * 1024) /* bytes */

enum { ZIP_STORED = 0, ZIP_DEFLATED = 8 };

struct layout_entry {
	struct bytes name; /* as it stands in the archive, checked UTF-8 */
	uint64_t size;     /* inflated, as both headers say; bytes */
	uint64_t packed;   /* bytes in the archive */
	uint32_t crc;
	uint16_t method;   /* ZIP_STORED or ZIP_DEFLATED */
	uint16_t flags;    /* general purpose bits */
	size_t at;         /* offset of the local header */
	size_t data_at;    /* offset of the packed data */
	bool has_extra;    /* the local header has an extra field */
	bool is_directory; /* the name ends in a slash */
};

struct layout {
	struct layout_entry *v; /* in the central directory's order */
	size_t n;
	struct bytes comment; /* of the archive; borrows */
	size_t dir_at;        /* offset of the central directory */
	size_t end_at;        /* offset of the end record */
};

/*
 * layout_read fills *out, which layout_done() frees; names and comment borrow
 * from `in`.
 * ERR_MALFORMED: "asic-zip-broken" (not a ZIP archive, or cut off),
 *   "asic-zip-ambiguous" (programs may see different files in it),
 *   "asic-name" (a name that leads out of the folder, or looks like another).
 * ERR_UNSUPPORTED: "asic-zip-unsupported" (encrypted, several parts, zip64, a
 *   way of packing other than deflate).
 * ERR_LIMIT: "asic-limit".
 */
struct err *layout_read(struct bytes in, struct layout *out) MUST_USE;
void layout_done(struct layout *l);

#endif

/*
 * The files of a container.  The only door to libzip, which gets bytes whose
 * layout was checked before and unpacks what somebody asks for.
 */
#ifndef SIGND_ASIC_ARCHIVE_H
#define SIGND_ASIC_ARCHIVE_H

#include "asic/layout.h"

struct archive;

/*
 * archive_open reads the directory; `in` must outlive *out, which
 * archive_free() frees.  Errors as layout_read; "asic-zip-ambiguous" also
 * when libzip sees other entries than we do.
 */
struct err *archive_open(struct bytes in, struct archive **out) MUST_USE;
void archive_free(struct archive *a);
DEFINE_FREEP(archive_free, struct archive)

size_t archive_count(const struct archive *a);
const struct layout_entry *archive_entry(const struct archive *a, size_t i);
/* The archive itself, and how its bytes lie. */
struct bytes archive_bytes(const struct archive *a);
const struct layout *archive_layout(const struct archive *a);
/* The comment of the archive; borrows. */
struct bytes archive_comment(const struct archive *a);
/* The entry of exactly this name; SIZE_MAX: there is none. */
size_t archive_find(const struct archive *a, struct bytes name);
/* The entry that a URI of a signature or manifest names, SIZE_MAX: none.
 * ERR_NOMEM. */
struct err *archive_resolve(
    const struct archive *a, const char *uri, size_t *out) MUST_USE;

/*
 * archive_read unpacks an entry, once; what comes back lives as long as the
 * archive.  ERR_MALFORMED (code "asic-zip-broken"): size or checksum are not
 * what the headers say.
 */
struct err *archive_read(
    struct archive *a, size_t i, struct bytes *out) MUST_USE;

#endif

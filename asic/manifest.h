/* ASiCManifest (EN 319 162-1 A.4): the list of files that a CAdES signature or
 * a time stamp in an ASiC-E container speaks for. */
#ifndef SIGND_ASIC_MANIFEST_H
#define SIGND_ASIC_MANIFEST_H

#include "asic/archive.h"
#include "format/facts.h"

#define ASIC_MANIFESTS_MAX 64
#define ASIC_HASHED_MAX                                                        \
	((uint64_t)2 * 1024 * 1024 * 1024) /* bytes digested for all manifests \
					    * together */

struct manifest_entry {
	char *uri;   /* owned */
	size_t file; /* of the archive; SIZE_MAX: not there */
	enum digest_alg alg;
	enum check digest; /* NOT_DONE: no such file, or unknown digest */
};

struct manifest {
	size_t file;      /* where it stands in the archive */
	size_t signature; /* the file that it names; SIZE_MAX: not there */
	struct manifest_entry *v;
	size_t n;
};

/*
 * manifest_read parses one and compares each digest with its file; *hashed is
 * counted up.  manifest_done() frees *out.
 * ERR_MALFORMED: not a manifest, or with an extension that must be understood;
 * ERR_LIMIT; errors of archive_read.
 */
struct err *manifest_read(struct archive *a, size_t file, uint64_t *hashed,
    struct manifest *out) MUST_USE;
void manifest_done(struct manifest *m);

/* Whether it lists this file, and the digest is right. */
bool manifest_holds(const struct manifest *m, size_t file);

#endif

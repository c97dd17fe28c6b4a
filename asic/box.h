/* What the files of asic/ share: one container being looked at.  Not for
 * other rooms. */
#ifndef SIGND_ASIC_BOX_H
#define SIGND_ASIC_BOX_H

#include "asic/archive.h"
#include "asic/manifest.h"
#include "format/format.h"

#define ASIC_SIGNATURE_FILES_MAX 64 /* and as many time stamps */

/* What a file of the container is for (EN 319 162-1 4.3.3, 4.4.3, 4.4.4). */
enum role {
	ROLE_DATA,
	ROLE_FOLDER,
	ROLE_MIMETYPE,
	ROLE_XADES,
	ROLE_CADES,
	ROLE_STAMP,
	ROLE_MANIFEST,         /* of signatures and time stamps */
	ROLE_ARCHIVE_MANIFEST, /* of time stamps that keep others alive */
	ROLE_META,             /* the rest of META-INF */
};

/* What the entry "mimetype" says. */
enum flavour {
	FLAVOUR_UNKNOWN, /* nothing, or another kind of document */
	FLAVOUR_S,       /* one signed file */
	FLAVOUR_E,       /* many */
	FLAVOUR_ODF,     /* OpenDocument: all files are one document */
};

struct box {
	struct archive *archive;
	const struct collect_input *in;
	struct facts *facts;
	enum flavour flavour;
	enum role *roles; /* of each file */
	bool *covered;    /* each file, by something that is intact */
	bool *named;      /* each file, by any reference or manifest */
	size_t nfiles;
	size_t ndata; /* files that are ROLE_DATA */
	struct manifest manifests[ASIC_MANIFESTS_MAX];
	size_t nmanifests;
	uint64_t hashed;
	size_t from[FACTS_SIGNATURES_MAX]; /* the file of each signature */
	/* Those that hold and leave files out, counter-signatures aside. */
	bool partial[FACTS_SIGNATURES_MAX];
};

/* box_judge fills the facts of x->archive; box_done() frees the rest. */
struct err *box_judge(struct box *x) MUST_USE;
void box_done(struct box *x);

/* The file's name as a string; `b` holds it. */
struct err *box_name(
    const struct box *x, size_t file, struct buf *b, const char **out) MUST_USE;

/* A new signature out of this file. */
struct err *box_add(
    struct box *x, size_t file, struct signature_fact **out) MUST_USE;
/* box_take moves what another format found in this file over, and says in
 * *first where its signatures begin. */
struct err *box_take(
    struct box *x, size_t file, struct facts *found, size_t *first) MUST_USE;
/* box_blame turns what the document is to blame for into a signature that
 * cannot be valid; other errors come back. */
struct err *box_blame(struct box *x, size_t file, struct err *e) MUST_USE;

/* Says in a reference which file it is to. */
struct err *box_covers(
    const struct box *x, size_t file, struct reference *r) MUST_USE;
/* The entries of a manifest as references, and as `files` covered. */
struct err *box_add_manifest(const struct box *x, const struct manifest *m,
    struct signature_fact *fact, bool *files) MUST_USE;
/*
 * box_sum_up says what of the container a signature covers, `files` being
 * those whose digests it holds.  `may_be_none`: a counter-signature.
 */
struct err *box_sum_up(struct box *x, struct signature_fact *fact,
    const bool *files, bool may_be_none) MUST_USE;

#define ODF_MACRO_SIGNATURES "META-INF/macrosignatures.xml"

/* box_one_document: the files of an OpenDocument package are one document,
 * which shows what nobody signed as well; so a signature that leaves files out
 * fails, but for one of macros beside one of all (OpenDocument 1.2 part 1,
 * 3.16). */
struct err *box_one_document(struct box *x) MUST_USE;

/* What a file of this kind is over: *manifest is NULL where it is over the
 * one file `*content` (ASiC-S).  *code says why it cannot be known. */
struct subject {
	const struct manifest *manifest;
	size_t content; /* a file; SIZE_MAX: not known */
	const char *code;
};
struct subject box_subject(const struct box *x, size_t file);

struct err *box_xades(struct box *x, size_t file) MUST_USE;
struct err *box_cades(struct box *x, size_t file) MUST_USE;
struct err *box_stamp(struct box *x, size_t file) MUST_USE;

/* A signature of this file is raised as by the format's own extend, with the
 * files of the container beside it; r->document is not looked at. */
struct err *box_extend_xades(struct box *x, size_t file,
    const struct extend_request *r, struct prepared *out) MUST_USE;
struct err *box_extend_cades(struct box *x, size_t file,
    const struct extend_request *r, struct prepared *out) MUST_USE;

#endif

/*
 * What a signer may ask for that only PDF has: certification and locked fields
 * (ISO 32000-2 12.8.2.2, 12.8.2.4).  Which field is signed stands in struct
 * sign_params.
 */
#ifndef SIGND_PDF_PARAMS_H
#define SIGND_PDF_PARAMS_H

#include "base/base.h"

#define PDF_LOCK_FIELDS_MAX 1000     /* names in one lock */
#define PDF_PARAMS_MAX (1024 * 1024) /* bytes, packed */

/* What others may do afterwards: P of DocMDP, table 257. */
enum pdf_certify {
	PDF_APPROVAL,           /* no certification; form filling */
	PDF_CERTIFY_NOTHING,    /* validation data and time stamps only */
	PDF_CERTIFY_FORM,       /* form filling and signatures, too */
	PDF_CERTIFY_ANNOTATION, /* comments, too */
};

/* Fields that must stay as they are: FieldMDP, table 259. */
enum pdf_lock_kind {
	PDF_LOCK_NONE,
	PDF_LOCK_ALL,
	PDF_LOCK_INCLUDE, /* those that are named */
	PDF_LOCK_EXCLUDE, /* all but those */
};

struct pdf_params {
	enum pdf_certify certify;
	enum pdf_lock_kind lock;
	const char *const *lock_fields; /* fully qualified, UTF-8 */
	size_t nlock_fields;
	const char *contact; /* how to reach the signer, UTF-8, or NULL */
};

/* For the way between processes; in `base/pack.h`'s fields. */
struct err *pdf_params_pack(
    const struct pdf_params *p, struct buf *out) MUST_USE;
/* *out is owned with all in it; pdf_params_free() takes only such ones.
 * ERR_MALFORMED, ERR_LIMIT. */
struct err *pdf_params_unpack(
    struct bytes packed, struct pdf_params **out) MUST_USE;
void pdf_params_free(struct pdf_params *p);
DEFINE_FREEP(pdf_params_free, struct pdf_params)

/*
 * pdf_params_words packs what people write: `certify` is "nothing", "form" or
 * "comments" (what others may still do), `lock` "*" or names of fields with
 * commas between; NULL for either.  Nothing is appended for two NULLs.
 * ERR_USAGE: another word, or more names than PDF_LOCK_FIELDS_MAX.
 */
struct err *pdf_params_words(
    const char *certify, const char *lock, struct buf *out) MUST_USE;

#endif

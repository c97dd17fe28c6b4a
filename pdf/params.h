/*
 * What a signer may ask for that only PDF has: certification, locked fields
 * (ISO 32000-2 12.8.2.2, 12.8.2.4), and how the signature looks.  Which field
 * is signed stands in struct sign_params.
 */
#ifndef SIGND_PDF_PARAMS_H
#define SIGND_PDF_PARAMS_H

#include "base/base.h"

#define PDF_LOCK_FIELDS_MAX 1000     /* names in one lock */
#define PDF_LINES_MAX 16             /* lines of text in an appearance */
#define PDF_TEXT_MAX 1000            /* bytes of one of them, or of a QR code */
#define PDF_PICTURE_MAX (1024 * 1024) /* bytes of a picture's file */
#define PDF_PARAMS_MAX (3 * 1024 * 1024) /* bytes, packed */

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

/* Where a visible signature goes. */
enum pdf_where {
	PDF_WHERE_BOX,    /* where x and y say */
	PDF_WHERE_FIELD,  /* into the box of the field that is signed */
	PDF_WHERE_CORNER, /* the first corner of the page that is free, the
			   * upper right one first */
	PDF_WHERE_WORDS,  /* x and y from the lower left end of `anchor` */
};

/* Lengths in points, as the page lies before the reader: cropped, turned
 * upright, from the lower left corner of what is seen. */
struct pdf_appearance {
	const char *profile; /* a name of pdf/profile.c; NULL: "plain" */
	enum pdf_where where;
	uint32_t page; /* 1 is the first; 0 counts as 1; for words: any */
	int32_t x, y, width, height;
	const char *const *lines; /* UTF-8, in place of the profile's */
	size_t nlines;
	const char *qr;       /* what a QR code says, or NULL */
	struct bytes picture; /* a PNG or JPEG file, or empty */
	struct bytes seal;    /* another */
	const char *anchor;   /* words that the page has, or NULL */
};

struct pdf_params {
	enum pdf_certify certify;
	enum pdf_lock_kind lock;
	const char *const *lock_fields; /* fully qualified, UTF-8 */
	size_t nlock_fields;
	const char *contact; /* how to reach the signer, UTF-8, or NULL */
	const struct pdf_appearance *look; /* NULL: invisible */
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

/* The same as people write it; each may be NULL. */
struct pdf_words {
	const char *certify;    /* "nothing", "form", "comments" may still be
				 * done afterwards */
	const char *lock;       /* "*", or fields with commas between */
	const char *appearance; /* name of a profile */
	const char *page;       /* 1 is the first */
	const char *box;        /* "X,Y,WIDTH,HEIGHT" in points */
	const char *corner;     /* "WIDTH,HEIGHT" in points */
	const char *anchor;     /* words; the box counts from them */
	const char *text;       /* lines, with "\n" or a line feed between */
	const char *qr;
	struct bytes picture, seal; /* files */
	bool field;                 /* a field is named: it has a box */
};

/*
 * pdf_params_words packs them; nothing is appended when there are none.
 * ERR_USAGE: another word, more names than PDF_LOCK_FIELDS_MAX, an appearance
 * without a place (code "pdf-place").
 */
struct err *pdf_params_words(
    const struct pdf_words *words, struct buf *out) MUST_USE;

#endif

/* Objects back into bytes. */
#ifndef SIGND_PDF_WRITE_H
#define SIGND_PDF_WRITE_H

#include "pdf/crypt.h"

/* Where an object is written to, and under which key its strings go. */
struct pdf_writer {
	struct buf *out;
	const struct crypt *crypt; /* NULL: plain */
	struct pdf_ref ref;        /* the indirect object around */
};

/* A member that is to be other than it was. */
struct pdf_change {
	const char *key;
	struct bytes value; /* as it is written; ptr NULL: leave it out */
};

/* ERR_UNSUPPORTED: a stream. */
struct err *pdf_write(
    const struct pdf_writer *w, const struct pdf_obj *o) MUST_USE;
/* Encrypted where the document is; hexadecimal then, or when `hex`. */
struct err *pdf_write_string(
    const struct pdf_writer *w, struct bytes s, bool hex) MUST_USE;
struct err *pdf_write_name(
    const struct pdf_writer *w, struct bytes name) MUST_USE;
struct err *pdf_write_ref(struct buf *out, struct pdf_ref ref) MUST_USE;
/* A dictionary (&pdf_null: an empty one) with `n` changes; what is not in it
 * yet comes last. */
struct err *pdf_write_changed(const struct pdf_writer *w,
    const struct pdf_obj *dict, const struct pdf_change *changes,
    size_t n) MUST_USE;
/* An array (&pdf_null: an empty one) with one more reference. */
struct err *pdf_write_longer(const struct pdf_writer *w,
    const struct pdf_obj *array, struct pdf_ref more) MUST_USE;

#endif

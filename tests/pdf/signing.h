/* Signing as a test does it: both steps, with a key in memory. */
#ifndef SIGND_TESTS_PDF_SIGNING_H
#define SIGND_TESTS_PDF_SIGNING_H

#include "pdf/format.h"

#include "tests/cms/people.h"

#define SIGNED_MAX ((size_t)64 << 20) /* bytes of a signed file in memory */

/* The insertion, whole; `params` has all but certificate and algorithm. */
static inline struct err *
sign_insertion(struct bytes in, const struct person *p,
    struct sign_params params, struct insertion *out)
{
	CLEANUP(prepared_done) struct prepared prepared = { 0 };
	CLEANUP(buf_done) struct buf value = BUF(4096);
	params.cert = p->cert;
	params.alg = p->alg;
	TRY(format_pdf.prepare(in, &params, &prepared));
	person_sign(p, buf_bytes(&prepared.to_be_signed), &value);
	return format_pdf.embed(
	    buf_bytes(&prepared.state), buf_bytes(&value), BYTES_NONE, out);
}

/* Appends the signed document to `out`. */
static inline struct err *
sign_with(struct bytes in, const struct person *p, struct sign_params params,
    struct buf *out)
{
	CLEANUP(insertion_done) struct insertion i = { 0 };
	TRY(sign_insertion(in, p, params, &i));
	TRY(buf_append(out, bytes_slice(in, 0, i.at)));
	TRY(buf_append(out, buf_bytes(&i.bytes)));
	return buf_append(out, bytes_from(in, i.at));
}

#endif

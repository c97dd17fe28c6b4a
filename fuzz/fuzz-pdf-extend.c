/*
 * Any bytes get validation data and a document time stamp, or are refused.
 * What comes out can be opened, with one more revision each.
 */
#include <stdlib.h>

#include "pdf/document.h"
#include "pdf/format.h"
#include "tests/cms/people.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct err *
one_level(
    struct bytes in, enum level level, const struct person *p, struct buf *out)
{
	CLEANUP(prepared_done) struct prepared prepared = { 0 };
	CLEANUP(insertion_done) struct insertion i = { 0 };
	const struct cert_list certs = { .v = (struct cert **)&p->cert,
		.n = 1 };
	const struct extend_request r = { .document = in,
		.level = level,
		.evidence = { .certs = &certs },
		.stamp_alg = DIGEST_SHA256,
		.stamp_room = 100,
		.time = NOON };
	TRY(format_pdf.extend(&r, &prepared));
	/* No token is at hand: the hole stays empty. */
	if (prepared.digest_alg != DIGEST_NONE)
		return NULL;
	if (format_pdf.embed(
		buf_bytes(&prepared.state), BYTES_NONE, BYTES_NONE, &i) != NULL)
		abort();
	TRY(buf_append(out, in));
	return buf_append(out, buf_bytes(&i.bytes));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct person ca;
	CLEANUP(buf_done) struct buf out = BUF(1 << 24);
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	if (ca.cert == NULL)
		ca = make_authority();
	struct bytes in = bytes_of(data, size);
	struct err *e = one_level(in, LEVEL_LTA, &ca, &out);
	if (e == NULL)
		e = one_level(in, LEVEL_LT, &ca, &out);
	if (e == NULL && pdf_open(buf_bytes(&out), BYTES_NONE, &d) != NULL)
		abort();
	err_free(e);
	return 0;
}

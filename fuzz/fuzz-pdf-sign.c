/*
 * Any bytes are signed, or refused.  What was signed can be opened, with one
 * more revision.  (The value is none; it is put where it belongs all the same.)
 */
#include <stdlib.h>

#include "pdf/document.h"
#include "pdf/format.h"
#include "tests/cms/people.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct err *
sign(struct bytes in, const struct person *p, struct buf *out)
{
	CLEANUP(prepared_done) struct prepared prepared = { 0 };
	CLEANUP(insertion_done) struct insertion i = { 0 };
	struct sign_params s = { .cert = p->cert, .alg = p->alg, .time = NOON };
	TRY(format_pdf.prepare(in, &s, &prepared));
	if (format_pdf.embed(buf_bytes(&prepared.state),
		BYTES_LIT("0\x06\x02\x01\x01\x02\x01\x01"), BYTES_NONE,
		&i) != NULL)
		abort();
	TRY(buf_append(out, in));
	return buf_append(out, buf_bytes(&i.bytes));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct person ca, citizen;
	CLEANUP(buf_done) struct buf out = BUF(1 << 24);
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	if (citizen.cert == NULL) {
		ca = make_authority();
		citizen = make_citizen(&ca, "P-256", ALG_P256);
	}
	struct err *e = sign(bytes_of(data, size), &citizen, &out);
	if (e == NULL && pdf_open(buf_bytes(&out), BYTES_NONE, &d) != NULL)
		abort();
	err_free(e);
	return 0;
}

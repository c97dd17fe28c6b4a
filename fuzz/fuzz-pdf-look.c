/*
 * Any bytes as a picture, and as the parameters of a visible signature on one
 * page.  What is signed can be opened.
 */
#include <stdlib.h>

#include "pdf/document.h"
#include "pdf/font.h"
#include "pdf/format.h"
#include "pdf/params.h"
#include "pdf/picture.h"
#include "tests/cms/people.h"
#include "tests/pdf/build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct err *
sign(struct bytes in, struct bytes packed, const struct person *p,
    struct buf *out)
{
	CLEANUP(prepared_done) struct prepared prepared = { 0 };
	CLEANUP(insertion_done) struct insertion i = { 0 };
	CLEANUP(pdf_params_freep) struct pdf_params *pdf = NULL;
	TRY(pdf_params_unpack(packed, &pdf));
	struct sign_params s = {
		.cert = p->cert, .alg = p->alg, .time = NOON, .pdf = pdf
	};
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
	static struct made page;
	CLEANUP(buf_done) struct buf out = BUF(1 << 24);
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	struct pdf_picture picture;
	if (citizen.cert == NULL) {
		ca = make_authority();
		citizen = make_citizen(&ca, "P-256", ALG_P256);
		page = made_page();
		made_table(&page, "/Root 1 0 R");
		pdf_fonts_start(NULL);
	}
	struct err *e = pdf_picture_read(bytes_of(data, size), &picture);
	if (e == NULL)
		pdf_picture_done(&picture);
	err_free(e);
	e = sign(buf_bytes(&page.out), bytes_of(data, size), &citizen, &out);
	if (e == NULL && pdf_open(buf_bytes(&out), BYTES_NONE, &d) != NULL)
		abort();
	err_free(e);
	return 0;
}

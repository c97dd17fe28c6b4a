/* Any bytes as a PDF: every object of every view, or an error. */
#include "pdf/allow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct err *
see_object(void *ctx, const struct pdf_loaded *o)
{
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	struct pdf_document *d = ctx;
	if (pdf_is(&o->obj, PDF_STREAM))
		err_free(pdf_stream_data(d, pdf_views(d), o->ref, &o->obj, &b));
	return NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	struct pdf_survey survey;
	struct err *e = pdf_open(bytes_of(data, size), BYTES_NONE, &d);
	err_free(e);
	if (e != NULL)
		return 0;
	/* So that one input does not take the time of a thousand. */
	pdf_document_budget(d)->steps = 1 << 20;
	pdf_document_budget(d)->inflated = 1 << 24;
	err_free(pdf_scan(d, 1, pdf_views(d), see_object, d));
	err_free(pdf_survey_document(
	    d, &(struct pdf_wish){ .field = "a.b" }, &survey));
	return 0;
}

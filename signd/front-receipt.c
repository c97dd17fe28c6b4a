/* Receipts: the PDF that a worker made of a verdict, under the service's seal.
 */
#include <string.h>

#include "signd/front-level.h"
#include "signd/front-seal.h"
#include "signd/front-verdict.h"

#define REASON "Biên nhận kiểm tra chữ ký số"

static struct err *
spool_of(const struct front *f, struct bytes pdf, struct spool *out)
{
	TRY(spool_init(out, f->s->spool_dir, (size_t)f->s->memory_document_max,
	    REPORT_MAX, pdf.len));
	TRY(spool_write(out, pdf));
	return spool_finish(out);
}

struct err *
verdict_receipt(const struct request *r, struct bytes pdf, struct bytes about,
    const char *says, struct reply *out)
{
	CLEANUP(spool_done) struct spool receipt = { .fd = -1 };
	const struct sealing s = { .about = about,
		.says = says,
		.reason = REASON };
	/* A worker without fonts has made none. */
	if (pdf.len == 0)
		return err_coded(
		    err_new(ERR_UNSUPPORTED, NULL, "no font could be read"),
		    "pdf-font");
	TRY(spool_of(r->front, pdf, &receipt));
	TRY(seal_receipt(r->front, &s, &receipt, &out->insertion));
	/* With its evidence inside it can be checked for as long as the time
	 * stamp holds, without asking anybody. */
	TRY(level_raise(r->front, &receipt, NULL, LEVEL_T, LEVEL_LT,
	    r->front->s->status_seconds * 1000,
	    &out->insertion));
	TRY(bytes_dup_str(
	    BYTES_LIT("attachment; filename=\"bien-nhan-kiem-tra.pdf\""),
	    &out->disposition));
	out->document = spool_move(&receipt);
	out->streamed = true;
	out->status = 200;
	out->type = "application/pdf";
	return NULL;
}

#include "pdf/format.h"

#include "pdf/sign.h"
#include "pdf/verify.h"

#define HEADER_WITHIN 1024 /* bytes; a damaged PDF is a PDF all the same */

static bool
detect(struct bytes document)
{
	return bytes_find(bytes_slice(document, 0, HEADER_WITHIN),
		   BYTES_LIT("%PDF-")) != SIZE_MAX;
}

const struct format format_pdf = {
	.name = "pdf",
	.media_type = "application/pdf",
	.detect = detect,
	.prepare = pdf_prepare,
	.stamp = pdf_stamp,
	.embed = pdf_embed,
	.collect = pdf_collect,
	.extend = pdf_extend,
};

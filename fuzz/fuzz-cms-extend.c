/*
 * Any bytes as a CMS file that is raised, signed beside and counter-signed:
 * what comes out is an insertion that fits and can be read again, or an error.
 * And any bytes as a state.
 */
#include "cms/format.h"
#include "cms/params.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OUT_MAX (4 * 1024 * 1024)

static void
finish(struct err *e, struct prepared *p, struct bytes document,
    struct bytes token)
{
	struct insertion i = { 0 };
	if (e == NULL) {
		e = format_cms.embed(
		    buf_bytes(&p->state), BYTES_LIT("value"), token, &i);
		prepared_done(p);
	}
	if (e == NULL && insertion_check(&i, document.len) != NULL)
		abort();
	insertion_done(&i);
	err_free(e);
}

static void
extend(struct bytes document, enum level level)
{
	const struct external content = { .data = BYTES_LIT("content") };
	const struct bytes crl = BYTES_LIT("\x30\x03\x02\x01\x01");
	const struct extend_request r = { .document = document,
		.external = &content,
		.nexternal = 1,
		.id = "1",
		.level = level,
		.evidence = { .crls = &crl, .ncrls = 1 },
		.stamp_alg = DIGEST_SHA256 };
	struct prepared p = { 0 };
	/* The document is a token as good as any other. */
	finish(format_cms.extend(&r, &p), &p, document, document);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes document = bytes_of(data, size);
	struct insertion i = { 0 };
	if (size > OUT_MAX)
		return 0;
	for (enum level l = LEVEL_T; l <= LEVEL_LTA; l++)
		extend(document, l);
	struct err *e =
	    format_cms.embed(document, BYTES_LIT("v"), BYTES_NONE, &i);
	insertion_done(&i);
	err_free(e);
	return 0;
}

/* Any bytes as a form: what can be prepared must still be XML afterwards, and
 * its digest must fit what the collector computes. */
#include <stdlib.h>

#include "tests/certs/make.h"
#include "xml/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
judge(struct bytes document, const struct insertion *i)
{
	CLEANUP(buf_done) struct buf b = BUF(64 << 20);
	struct facts f = { 0 };
	err_free(buf_append(&b, bytes_slice(document, 0, i->at)));
	err_free(buf_append(&b, buf_bytes(&i->bytes)));
	err_free(buf_append(&b, bytes_from(document, i->at)));
	struct collect_input in = { .document = buf_bytes(&b) };
	struct err *e = format_xml.collect(&in, &f);
	/* At the limits one more signature may be one too many. */
	if (e != NULL && err_kind(e) != ERR_LIMIT)
		abort();
	if (e == NULL) {
		const struct signature_fact *s =
		    &f.signatures[f.nsignatures - 1];
		for (size_t r = 0; r < s->nreferences; r++)
			if (s->references[r].digest == CHECK_FAILED)
				abort();
	}
	err_free(e);
	facts_done(&f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cert *cert;
	if (cert == NULL) {
		err_free(xml_start());
		EVP_PKEY *key = EVP_EC_gen("P-256");
		cert = make_self_signed(key, "Fuzz", EVP_sha256());
		EVP_PKEY_free(key);
	}
	static const uint8_t value[] = { 0x30, 6, 2, 1, 1, 2, 1, 1 };
	struct sign_params params = { .cert = cert,
		.alg = { .form = SIG_ECDSA, .digest = DIGEST_SHA256 },
		.level = LEVEL_B };
	struct prepared p = { 0 };
	struct insertion i = { 0 };
	struct err *e = format_xml.prepare(bytes_of(data, size), &params, &p);
	if (e == NULL)
		e = format_xml.embed(
		    buf_bytes(&p.state), bytes_of(value, 8), BYTES_NONE, &i);
	if (e == NULL)
		judge(bytes_of(data, size), &i);
	err_free(e);
	insertion_done(&i);
	prepared_done(&p);
	return 0;
}

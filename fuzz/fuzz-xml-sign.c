/* Any bytes as a form, signed in every way: what can be prepared must still be
 * XML afterwards, and its digests must fit what the collector computes. */
#include <stdlib.h>

#include "tests/certs/make.h"
#include "xml/format.h"
#include "xml/params.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct xml_object part = { .uri = "#x" };
static const struct xml_params ways[] = {
	{ .profile = "xades" },
	{ .packaging = XML_ENVELOPING },
	{ .canon = "1.0+comments", .place = "#x" },
	{ .canon = "1.1", .counter = "1" },
	{ .profile = "vn-tax", .objects = &part, .nobjects = 1 },
	{ .profile = "xades-enveloped",
	    .packaging = XML_ENVELOPING,
	    .canon = "1.1+comments" },
};

static void
judge(struct bytes document, const struct insertion *i, const struct cert *ours)
{
	CLEANUP(buf_done) struct buf b = BUF(64 << 20);
	struct bytes pieces[INSERTION_PIECES];
	struct facts f = { 0 };
	size_t n = insertion_pieces(i, document, pieces);
	for (size_t k = 0; k < n; k++)
		err_free(buf_append(&b, pieces[k]));
	struct collect_input in = { .document = buf_bytes(&b) };
	struct err *e = format_xml.collect(&in, &f);
	/* At the limits one more signature may be one too many. */
	if (e != NULL && err_kind(e) != ERR_LIMIT)
		abort();
	for (size_t k = 0; k < f.nsignatures; k++) {
		const struct signature_fact *s = &f.signatures[k];
		bool mine = s->cert != NULL && cert_eq(s->cert, ours);
		for (size_t r = 0; mine && r < s->nreferences; r++)
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
		.level = LEVEL_B,
		.xml = &ways[size % COUNT_OF(ways)] };
	struct prepared p = { 0 };
	struct insertion i = { 0 };
	struct err *e = format_xml.prepare(bytes_of(data, size), &params, &p);
	if (e == NULL)
		e = format_xml.embed(
		    buf_bytes(&p.state), bytes_of(value, 8), BYTES_NONE, &i);
	if (e == NULL)
		judge(bytes_of(data, size), &i, cert);
	err_free(e);
	insertion_done(&i);
	prepared_done(&p);
	return 0;
}

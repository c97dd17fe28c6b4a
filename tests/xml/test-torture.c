/* Signing and raising without memory: both come back, and what they yield is
 * all or none. */
#include "tests/torture.h"

#include "cms/tsp_make.h"
#include "tests/xml/make.h"
#include "xml/format.h"

#define FORM                                                                   \
	"<don xmlns='urn:don' Id='d'><ten>\xc3\x81nh</ten><ds:Signature "      \
	"xmlns:ds='" NS_DS "'><ds:SignedInfo><ds:Reference URI=''>"            \
	"<ds:Transforms><ds:Transform Algorithm='" NS_FILTER2 "'>"             \
	"<f:XPath xmlns:f='" NS_FILTER2 "' Filter='subtract'>"                 \
	"/descendant::ds:Signature</f:XPath></ds:Transform></ds:Transforms>"   \
	"</ds:Reference></ds:SignedInfo></ds:Signature></don>"

struct signing {
	struct sign_params params;
	struct buf expected; /* what it must yield; empty: not known yet */
};

static struct err *
sign_form(void *ctx)
{
	static const uint8_t value[] = { 0x30, 6, 2, 1, 1, 2, 1, 1 };
	struct signing *s = ctx;
	CLEANUP(prepared_done) struct prepared p = { 0 };
	CLEANUP(insertion_done) struct insertion i = { 0 };
	TRY(format_xml.prepare(BYTES_LIT(FORM), &s->params, &p));
	TRY(format_xml.embed(
	    buf_bytes(&p.state), bytes_of(value, 8), BYTES_NONE, &i));
	if (s->expected.len == 0)
		return buf_append(&s->expected, buf_bytes(&i.bytes));
	if (!bytes_eq(buf_bytes(&i.bytes), buf_bytes(&s->expected)))
		return err_new(ERR_INTERNAL, NULL, "another signature");
	return NULL;
}

static void
signing_survives(void)
{
	struct person an = make_person("P-256", "An");
	struct signing s = {
		.params = { .cert = an.cert,
		    .alg = { .form = SIG_ECDSA, .digest = DIGEST_SHA256 },
		    .level = LEVEL_B,
		    .reason = "\xc4\x90\xe1\xbb\x93ng \xc3\xbd" },
		.expected = BUF(DOC_MAX),
	};
	CHECK_OK(sign_form(&s));
	CHECK(s.expected.len > 0);
	TORTURE(sign_form, &s, TORTURE_LIBRARY);
	buf_done(&s.expected);
	person_done(&an);
}

/* ---- raising ---- */

#define NOON 1790000000

struct raising {
	struct extend_request request;
	struct buf token;    /* empty: prepare alone, to learn the digest */
	struct buf expected; /* as in struct signing */
	uint8_t digest[DIGEST_MAX];
};

static struct err *
raise_form(void *ctx)
{
	struct raising *r = ctx;
	CLEANUP(prepared_done) struct prepared p = { 0 };
	CLEANUP(insertion_done) struct insertion i = { 0 };
	TRY(format_xml.extend(&r->request, &p));
	memcpy(r->digest, p.digest, sizeof(r->digest));
	if (r->token.len == 0)
		return NULL;
	TRY(format_xml.embed(
	    buf_bytes(&p.state), BYTES_NONE, buf_bytes(&r->token), &i));
	if (r->expected.len == 0)
		return buf_append(&r->expected, buf_bytes(&i.bytes));
	if (!bytes_eq(buf_bytes(&i.bytes), buf_bytes(&r->expected)))
		return err_new(ERR_INTERNAL, NULL, "another time stamp");
	return NULL;
}

static void
make_token(const struct person *tsa, struct raising *r)
{
	struct signer signer = softkey_signer(tsa->key);
	const struct tst_fields f = { .tsa = tsa->cert,
		.with_certs = true,
		.alg = { .form = SIG_ECDSA, .digest = DIGEST_SHA256 },
		.imprint_alg = DIGEST_SHA256,
		.imprint = bytes_of(r->digest, 32),
		.policy = "1.2.3.4",
		.serial = BYTES_LIT("\1"),
		.time = NOON,
		.accuracy_s = 1 };
	CHECK_OK(raise_form(r));
	CHECK_OK(tst_make(&f, &signer, &r->token));
}

/* What signing makes, put where it belongs: at the end of the root. */
static struct buf
signed_form(const struct person *an)
{
	struct signing s = {
		.params = { .cert = an->cert,
		    .alg = { .form = SIG_ECDSA, .digest = DIGEST_SHA256 },
		    .level = LEVEL_B },
		.expected = BUF(DOC_MAX),
	};
	CHECK_OK(sign_form(&s));
	struct buf out =
	    replace(BYTES_LIT(FORM), "</don>", buf_bytes(&s.expected));
	CHECK_OK(buf_str(&out, "</don>"));
	buf_done(&s.expected);
	return out;
}

static void
raising_survives(void)
{
	struct person an = make_person("P-256", "An");
	struct person tsa = make_person("P-256", "TSA");
	struct buf form = signed_form(&an);
	struct raising r = { .request = { .document = buf_bytes(&form),
				 .level = LEVEL_T,
				 .id = "2", /* the first stands in the form */
				 .stamp_alg = DIGEST_SHA256 },
		.token = BUF(TST_MAX),
		.expected = BUF(DOC_MAX) };
	make_token(&tsa, &r);
	CHECK_OK(raise_form(&r));
	CHECK(r.expected.len > 0);
	TORTURE(raise_form, &r, TORTURE_LIBRARY);
	buf_done(&r.token);
	buf_done(&r.expected);
	buf_done(&form);
	person_done(&an);
	person_done(&tsa);
}

/* Puts what the request yields at its place; the next level goes on there. */
static struct buf
raised(struct raising *r)
{
	CLEANUP(prepared_done) struct prepared p = { 0 };
	CLEANUP(insertion_done) struct insertion i = { 0 };
	struct bytes pieces[INSERTION_PIECES];
	struct buf out = BUF(DOC_MAX);
	CHECK_OK(format_xml.extend(&r->request, &p));
	CHECK_OK(format_xml.embed(
	    buf_bytes(&p.state), BYTES_NONE, buf_bytes(&r->token), &i));
	size_t n = insertion_pieces(&i, r->request.document, pieces);
	for (size_t k = 0; k < n; k++)
		CHECK_OK(buf_append(&out, pieces[k]));
	return out;
}

/* Signature, then T, LT and LTA, one on the other; the evidence is the chain
 * and something that stands for a CRL, which is not read here. */
struct ladder {
	struct person an, tsa;
	struct cert_list chain;
	struct bytes crl;
	struct buf forms[4];
	struct raising steps[3];
};

static void
ladder_make(struct ladder *l)
{
	static const enum level levels[] = { LEVEL_T, LEVEL_LT, LEVEL_LTA };
	l->an = make_person("P-256", "An");
	l->tsa = make_person("P-256", "TSA");
	l->crl = BYTES_LIT("\x30\x03\x02\x01\x05");
	CHECK_OK(cert_list_add(&l->chain, l->tsa.cert));
	l->forms[0] = signed_form(&l->an);
	for (size_t i = 0; i < COUNT_OF(levels); i++) {
		struct raising *r = &l->steps[i];
		*r = (struct raising){ .request = { .document =
							buf_bytes(&l->forms[i]),
					   .level = levels[i],
					   .id = "2",
					   .evidence = { .certs = &l->chain,
					       .crls = &l->crl,
					       .ncrls = 1 },
					   .stamp_alg = DIGEST_SHA256 },
			.token = BUF(TST_MAX),
			.expected = BUF(DOC_MAX) };
		if (levels[i] != LEVEL_LT)
			make_token(&l->tsa, r);
		l->forms[i + 1] = raised(r);
	}
}

static void
ladder_done(struct ladder *l)
{
	for (size_t i = 0; i < COUNT_OF(l->forms); i++)
		buf_done(&l->forms[i]);
	for (size_t i = 0; i < COUNT_OF(l->steps); i++) {
		buf_done(&l->steps[i].token);
		buf_done(&l->steps[i].expected);
	}
	cert_list_done(&l->chain);
	person_done(&l->an);
	person_done(&l->tsa);
}

/* LT asks for no token. */
static struct err *
add_evidence(void *ctx)
{
	struct raising *r = ctx;
	CLEANUP(prepared_done) struct prepared p = { 0 };
	CLEANUP(insertion_done) struct insertion i = { 0 };
	TRY(format_xml.extend(&r->request, &p));
	TRY(format_xml.embed(buf_bytes(&p.state), BYTES_NONE, BYTES_NONE, &i));
	if (r->expected.len == 0)
		return buf_append(&r->expected, buf_bytes(&i.bytes));
	if (!bytes_eq(buf_bytes(&i.bytes), buf_bytes(&r->expected)))
		return err_new(ERR_INTERNAL, NULL, "other evidence");
	return NULL;
}

static void
evidence_and_archive_survive(void)
{
	struct ladder l = { 0 };
	ladder_make(&l);
	CHECK_OK(add_evidence(&l.steps[1]));
	CHECK(l.steps[1].expected.len > 0);
	TORTURE(add_evidence, &l.steps[1], TORTURE_LIBRARY);
	CHECK_OK(raise_form(&l.steps[2]));
	CHECK(l.steps[2].expected.len > 0);
	TORTURE(raise_form, &l.steps[2], TORTURE_LIBRARY);
	ladder_done(&l);
}

/* ---- damaged documents ---- */

/* To each level: an error or an insertion, and facts of it.  How many. */
static size_t
raise_damaged(const struct ladder *l, struct bytes document)
{
	static const enum level levels[] = { LEVEL_T, LEVEL_LT, LEVEL_LTA };
	const struct collect_input in = { .document = document };
	struct facts facts = { 0 };
	size_t made = 0;
	for (size_t i = 0; i < COUNT_OF(levels); i++) {
		CLEANUP(prepared_done) struct prepared p = { 0 };
		struct extend_request r = l->steps[i].request;
		r.document = document;
		struct err *e = format_xml.extend(&r, &p);
		made += e == NULL;
		err_free(e);
	}
	err_free(format_xml.collect(&in, &facts));
	facts_done(&facts);
	return made;
}

static void
damage_is_survived(void)
{
	struct ladder l = { 0 };
	ladder_make(&l);
	struct buf *form = &l.forms[3];
	uint32_t seed = 1;
	for (size_t n = 0; n < form->len; n += 61)
		CHECK(
		    raise_damaged(&l, bytes_slice(buf_bytes(form), 0, n)) == 0);
	for (int i = 0; i < 400; i++) {
		seed = seed * 1664525 + 1013904223;
		size_t at = (seed >> 8) % form->len;
		uint8_t was = form->ptr[at];
		form->ptr[at] ^= (uint8_t)(1U << (seed & 7));
		(void)raise_damaged(&l, buf_bytes(form));
		form->ptr[at] = was;
	}
	CHECK(raise_damaged(&l, buf_bytes(form)) == 3);
	ladder_done(&l);
}

int
main(void)
{
	TORTURE_OR_SKIP_ALL();
	CHECK_OK(xml_start());
	RUN(signing_survives);
	RUN(raising_survives);
	RUN(evidence_and_archive_survive);
	RUN(damage_is_survived);
	xml_stop();
	return DONE();
}

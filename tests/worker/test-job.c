/* Jobs in the sandbox, on CMS files that OpenSSL signed. */
#include "worker/job.h"

#include <openssl/cms.h>

#include <jansson.h>

#include <openssl/x509.h>

#include "base/pack.h"
#include "certs/crl_index.h"
#include "tests/validation/facts.h"
#include "worker/sandbox.h"

#define TEXT "Biên bản bàn giao"

static struct world world;

static const struct sandbox_limits limits = { .memory = (size_t)512 << 20,
	.seconds = 120 };

static struct buf
signed_file(const struct person *who, unsigned flags)
{
	BIO *in = BIO_new_mem_buf(TEXT, (int)strlen(TEXT));
	const char *md = who->alg.form == SIG_EDDSA ? NULL : "SHA256";
	CMS_ContentInfo *c =
	    CMS_sign(NULL, NULL, NULL, in, CMS_BINARY | CMS_PARTIAL | flags);
	CMS_SignerInfo *si = CMS_add1_signer(c, cert_x509(who->cert), who->key,
	    EVP_get_digestbyname(md == NULL ? "SHA512" : md),
	    CMS_BINARY | CMS_PARTIAL | CMS_CADES | flags |
		(who->alg.form == SIG_RSA_PSS ? CMS_KEY_PARAM : 0));
	if (who->alg.form == SIG_RSA_PSS)
		EVP_PKEY_CTX_set_rsa_padding(
		    CMS_SignerInfo_get0_pkey_ctx(si), RSA_PKCS1_PSS_PADDING);
	if (CMS_final(c, in, NULL, CMS_BINARY | flags) != 1)
		abort();
	uint8_t *der = NULL;
	int len = i2d_CMS_ContentInfo(c, &der);
	struct buf out = BUF(65536);
	CHECK_OK(buf_append(&out, bytes_of(der, (size_t)len)));
	OPENSSL_free(der);
	CMS_ContentInfo_free(c);
	BIO_free(in);
	return out;
}

DEFINE_FREEP(verify_hold_free, struct verify_hold)

/* What a worker does with a packed request and a mapped document. */
struct work {
	struct bytes document;
	struct bytes packed;
};

static struct err *
verify_job(void *ctx, struct buf *out)
{
	const struct work *w = ctx;
	struct verify_request r;
	struct verify_hold *hold;
	struct verify_answer a;
	TRY(verify_request_unpack(w->packed, &r, &hold));
	r.document = w->document;
	struct err *e = job_verify(&r, &a);
	if (e == NULL) {
		e = verify_answer_pack(&a, out);
		verify_answer_done(&a);
	}
	verify_hold_free(hold);
	return e;
}

static struct err *
verify(const struct verify_request *r, struct verify_answer *out)
{
	CLEANUP(buf_done) struct buf packed = BUF(VERIFY_REQUEST_MAX);
	CLEANUP(buf_done) struct buf answer = BUF(VERIFY_REQUEST_MAX);
	TRY(verify_request_pack(r, &packed));
	struct work w = { .document = r->document,
		.packed = buf_bytes(&packed) };
	TRY(sandbox_run(limits, verify_job, &w, &answer));
	return verify_answer_unpack(buf_bytes(&answer), out);
}

static struct verify_request
request(const struct buf *document, const char *policy,
    const struct status_data *crl)
{
	return (struct verify_request){ .document = buf_bytes(document),
		.policy = policy,
		.time = TIME_NONE,
		.now = NOON,
		.domains = &world.domain,
		.ndomains = 1,
		.status_data = crl,
		.nstatus_data = crl != NULL };
}

static void
check_valid(const struct person *who)
{
	struct buf file = signed_file(who, 0);
	struct buf crl = make_crl(&world.ca, NOON - 100, NULL, 0);
	struct status_data status = { .der = buf_bytes(&crl) };
	struct verify_request r = request(&file, "basic", &status);
	struct verify_answer a = { 0 };
	CHECK_OK(verify(&r, &a));
	CHECK(a.indication == TOTAL_PASSED);
	CHECK(strcmp(a.code, "valid") == 0);
	CHECK(a.signatures == 1);
	json_t *o = json_loadb((const char *)a.json.ptr, a.json.len, 0, NULL);
	CHECK(o != NULL);
	json_decref(o);
	CHECK(bytes_starts(buf_bytes(&a.text[LANG_VI]), BYTES_LIT("HỢP LỆ.")));
	CHECK(bytes_starts(buf_bytes(&a.text[LANG_EN]), BYTES_LIT("VALID.")));
	verify_answer_done(&a);
	buf_done(&file);
	buf_done(&crl);
}

/* Each algorithm, because each could want to load something. */
static void
verifies_every_algorithm_inside_the_sandbox(void)
{
	struct person rsa = make_citizen(&world.ca, "RSA", ALG_RSA);
	struct person pss = make_citizen(&world.ca, "RSA", ALG_PSS);
	struct person p384 = make_citizen(&world.ca, "P-384", ALG_P256);
	check_valid(&world.citizen);
	check_valid(&rsa);
	check_valid(&pss);
	check_valid(&p384);
	person_done(&rsa);
	person_done(&pss);
	person_done(&p384);
}

/* The verdict on a citizen's file when the domain says this of its anchor. */
static enum indication
with_use(struct anchor_use use)
{
	struct buf file = signed_file(&world.citizen, 0);
	struct trust_domain domain = world.domain;
	struct verify_request r = request(&file, "path-only", NULL);
	struct verify_answer a = { 0 };
	domain.uses = &use;
	domain.nuses = 1;
	r.domains = &domain;
	CHECK_OK(verify(&r, &a));
	enum indication got = a.indication;
	verify_answer_done(&a);
	buf_done(&file);
	return got;
}

static void
an_anchor_counts_for_its_service_and_its_time_only(void)
{
	struct anchor_use use = { .service = TRUST_SIGNATURE,
		.from = NOON - 100,
		.until = NEVER_ENDS };
	CHECK(with_use(use) == TOTAL_PASSED);
	use.service = TRUST_TIMESTAMP;
	CHECK(with_use(use) == INDETERMINATE);
	use.service = TRUST_SIGNATURE;
	use.from = NOON + 1;
	CHECK(with_use(use) == INDETERMINATE);
	use.from = NOON - 100;
	use.until = NOON;
	CHECK(with_use(use) == INDETERMINATE);
}

/* A list that goes along as a descriptor: its place is told, not its bytes. */
static void
indexes_go_along_by_their_place(void)
{
	CLEANUP(verify_hold_freep) struct verify_hold *hold = NULL;
	CLEANUP(buf_done) struct buf packed = BUF(VERIFY_REQUEST_MAX);
	struct buf file = signed_file(&world.citizen, 0);
	const struct status_data own = { .der = BYTES_LIT("own index"),
		.is_index = true };
	const struct source_seen seen = { .kind = WANTED_CRL,
		.url = "http://example.org/large.crl",
		.body = BYTES_LIT("their index"),
		.indexed = true,
		.place = 2 };
	const struct bytes came[] = { BYTES_LIT("one"), BYTES_LIT("two") };
	struct verify_request r = request(&file, "path-only", NULL);
	struct verify_request got = { 0 };
	r.status_data = &own;
	r.nstatus_data = 1;
	r.status_along = true;
	r.sources = &seen;
	r.nsources = 1;
	CHECK_OK(verify_request_pack(&r, &packed));
	CHECK(bytes_find(buf_bytes(&packed), BYTES_LIT("index")) == SIZE_MAX);
	CHECK_OK(verify_request_unpack(buf_bytes(&packed), &got, &hold));
	CHECK(got.status_data[0].is_index && got.status_data[0].der.len == 0 &&
	      got.sources[0].body.len == 0);
	CHECK_ERR(verify_request_attach(hold, came, 1), ERR_MALFORMED);
	CHECK_OK(verify_request_attach(hold, came, 2));
	CHECK(bytes_eq_str(got.status_data[0].der, "one") &&
	      bytes_eq_str(got.sources[0].body, "two"));
	buf_done(&file);
}

static void
anchors_keep_their_settings_on_the_way(void)
{
	CLEANUP(cert_freep) struct cert *c = NULL;
	CLEANUP(verify_hold_freep) struct verify_hold *hold = NULL;
	CLEANUP(buf_done) struct buf packed = BUF(VERIFY_REQUEST_MAX);
	struct buf file = signed_file(&world.citizen, 0);
	struct trust_domain domain = { .name = "given" };
	struct verify_request r = request(&file, "path-only", NULL);
	struct verify_request got = { 0 };
	uint8_t *der = NULL;
	X509 *x = X509_dup(cert_x509(world.domain.anchors.v[0]));
	CHECK(X509_add1_reject_object(x, OBJ_nid2obj(NID_email_protect)) == 1);
	int len = i2d_X509_AUX(x, &der);
	CHECK_OK(cert_parse_trusted(bytes_of(der, (size_t)len), &c));
	CHECK(cert_has_trust(c));
	CHECK_OK(cert_list_add(&domain.anchors, c));
	r.domains = &domain;
	CHECK_OK(verify_request_pack(&r, &packed));
	CHECK_OK(verify_request_unpack(buf_bytes(&packed), &got, &hold));
	CHECK(got.ndomains == 1 && got.domains[0].uses == NULL);
	CHECK(cert_has_trust(got.domains[0].anchors.v[0]));
	OPENSSL_free(der);
	X509_free(x);
	cert_list_done(&domain.anchors);
	buf_done(&file);
}

/* A list that was read once, instead of the list itself. */
static void
an_index_of_a_crl_serves_as_the_crl_does(void)
{
	struct buf file = signed_file(&world.citizen, 0);
	struct buf crl = make_crl(&world.ca, NOON - 100, NULL, 0);
	CLEANUP(buf_done) struct buf index = BUF(65536);
	struct crl_scan scan;
	CHECK_OK(crl_scan(buf_bytes(&crl), &scan));
	CHECK_OK(buf_fill(&index, 0, crl_index_size(&scan)));
	CHECK_OK(crl_index_write(&scan, index.ptr, index.len));
	struct status_data status = { .der = buf_bytes(&index),
		.is_index = true };
	struct verify_request r = request(&file, "basic", &status);
	struct verify_answer a = { 0 };
	CHECK_OK(verify(&r, &a));
	CHECK(a.indication == TOTAL_PASSED);
	verify_answer_done(&a);
	buf_done(&crl);
	buf_done(&file);
}

static void
everything_in_a_request_arrives(void)
{
	struct person stranger =
	    make_citizen(&world.stranger, "P-256", ALG_P256);
	struct buf file = signed_file(&stranger, CMS_DETACHED | CMS_NOCERTS);
	struct cert_list extra = { .v = &stranger.cert, .n = 1 };
	struct trust_domain domains[2] = { world.domain,
		{ .name = "given",
		    .anchors = { .v = &world.stranger.cert, .n = 1 } } };
	struct external content = { .data = BYTES_LIT(TEXT) };
	struct buf crl = make_crl(&world.stranger, NOON - 100, NULL, 0);
	struct status_data status = { .der = buf_bytes(&crl) };
	struct verify_request r = request(&file, "basic", &status);
	struct verify_answer a = { 0 };
	r.format = "cms";
	r.domains = domains;
	r.ndomains = 2;
	r.extra = &extra;
	r.external = &content;
	r.nexternal = 1;
	r.time = NOON + 60;
	r.now = 0;
	r.password = BYTES_LIT("geheim");
	CHECK_OK(verify(&r, &a));
	CHECK(a.indication == TOTAL_PASSED);
	CHECK(
	    bytes_find(buf_bytes(&a.json), BYTES_LIT("\"given\"")) != SIZE_MAX);
	verify_answer_done(&a);
	/* Without the content, the certificate, or the anchor: no more. */
	r.nexternal = 0;
	CHECK_OK(verify(&r, &a));
	CHECK(strcmp(a.code, "content-missing") == 0);
	verify_answer_done(&a);
	r.nexternal = 1;
	r.extra = NULL;
	CHECK_OK(verify(&r, &a));
	CHECK(strcmp(a.code, "signer-certificate-missing") == 0);
	verify_answer_done(&a);
	r.extra = &extra;
	r.ndomains = 1;
	CHECK_OK(verify(&r, &a));
	CHECK(a.indication == INDETERMINATE);
	verify_answer_done(&a);
	buf_done(&file);
	buf_done(&crl);
	person_done(&stranger);
}

/* What cannot be read is a verdict of the third word, with its reason. */
static void
unreadable(const struct verify_request *r, const char *code, const char *why)
{
	CLEANUP(buf_done) struct buf wanted = BUF(100);
	struct verify_answer a = { 0 };
	CHECK_OK(buf_printf(&wanted, "\"unreadable\": \"%s\"", why));
	CHECK_OK(verify(r, &a));
	CHECK(a.indication == INDETERMINATE && a.signatures == 0 &&
	      strcmp(a.code, code) == 0);
	CHECK(bytes_find(buf_bytes(&a.json), buf_bytes(&wanted)) != SIZE_MAX);
	verify_answer_done(&a);
}

static void
says_what_it_does_not_know(void)
{
	struct buf text = BUF(100);
	CHECK_OK(buf_str(&text, "just text"));
	struct verify_request r = request(&text, "basic", NULL);
	struct verify_answer a;
	unreadable(&r, "format-unknown", "unsupported");
	r.format = "odf";
	struct err *e = verify(&r, &a);
	CHECK(e != NULL && err_kind(e) == ERR_USAGE &&
	      strcmp(err_code(e), "format-unknown") == 0);
	err_free(e);
	buf_clear(&text);
	CHECK_OK(
	    buf_append(&text, BYTES_LIT("PK\003\004 [Content_Types].xml")));
	r = request(&text, "basic", NULL);
	unreadable(&r, "format-office", "unsupported");
	r.format = "odf";
	e = verify(&r, &a);
	CHECK(e != NULL && strcmp(err_code(e), "format-unknown") == 0);
	err_free(e);
	r.format = "cms";
	unreadable(&r, "document-damaged", "malformed");
	r.format = NULL;
	const struct {
		struct bytes start;
		const char *code;
	} others[] = {
		{ BYTES_LIT("PK\003\004 %PDF-1.7 stored in it"),
		    "format-archive" },
		{ BYTES_LIT("Rar!\032\007\001\0"), "format-archive" },
		{ BYTES_LIT("7z\xbc\xaf\x27\x1c\0"), "format-archive" },
		{ BYTES_LIT("\xff\xd8\xff\xe0 JFIF"), "format-picture" },
		{ BYTES_LIT("\x89PNG\r\n\x1a\n"), "format-picture" },
		{ BYTES_LIT("\xef\xbb\xbf\n<!DOCTYPE HTML><p>404"),
		    "format-web-page" },
		{ BYTES_LIT("<html><body>"), "format-web-page" },
		{ BYTES_LIT("From: a@b\r\nSubject: c\r\n\r\n"),
		    "format-mail" },
		{ BYTES_LIT("-----BEGIN CERTIFICATE-----\n"),
		    "format-certificate" },
		{ BYTES_LIT("From now on\n"), "format-unknown" },
	};
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		r.document = others[i].start;
		unreadable(&r, others[i].code, "unsupported");
	}
	r.document = BYTES_NONE;
	unreadable(&r, "document-empty", "malformed");
	r.document = BYTES_LIT("%PDF-1.7\n");
	unreadable(&r, "pdf-damaged", "malformed");
	r.policy = "lenient";
	e = verify(&r, &a);
	CHECK(e != NULL && strcmp(err_code(e), "policy-unknown") == 0);
	err_free(e);
	buf_done(&text);
}

static void
does_not_do_what_it_cannot(void)
{
	struct prepare_request r = { .document = BYTES_LIT("nothing of ours"),
		.cert = cert_der(world.citizen.cert),
		.digest = DIGEST_SHA256,
		.form = SIG_ECDSA,
		.time = NOON };
	struct prepared p;
	struct insertion i;
	struct err *e = job_prepare(&r, &p);
	CHECK(e != NULL && strcmp(err_code(e), "format-choose") == 0);
	err_free(e);
	r.format = "asic";
	e = job_prepare(&r, &p);
	CHECK(e != NULL && strcmp(err_code(e), "format-not-signed") == 0);
	err_free(e);
	r.format = "cms";
	r.level = LEVEL_LTA;
	CHECK_ERR(job_prepare(&r, &p), ERR_USAGE);
	CHECK_ERR(job_embed(BYTES_LIT("rubbish"), BYTES_NONE, BYTES_NONE, &i),
	    ERR_MALFORMED);
}

static void
prepared_and_insertion_survive_the_way(void)
{
	struct prepared p = { .digest_alg = DIGEST_SHA384,
		.to_be_signed = BUF(100),
		.state = BUF(100) };
	memset(p.digest, 7, 48);
	memset(p.content_digest, 9, 48);
	p.content_len = 48;
	CHECK_OK(buf_str(&p.to_be_signed, "attributes"));
	CHECK_OK(buf_str(&p.state, "state"));
	struct buf packed = BUF(4096);
	struct prepared q = { 0 };
	CHECK_OK(prepared_pack(&p, &packed));
	CHECK_OK(prepared_unpack(buf_bytes(&packed), &q));
	CHECK(q.digest_alg == DIGEST_SHA384);
	CHECK(memcmp(p.digest, q.digest, 48) == 0);
	CHECK(q.content_len == 48);
	CHECK(memcmp(p.content_digest, q.content_digest, 48) == 0);
	CHECK(bytes_eq_str(buf_bytes(&q.to_be_signed), "attributes"));
	CHECK(bytes_eq_str(buf_bytes(&q.state), "state"));
	prepared_done(&p);
	prepared_done(&q);
	struct insertion i = { .at = 12345, .bytes = BUF(100) }, j;
	CHECK_OK(buf_str(&i.bytes, "inserted"));
	buf_clear(&packed);
	CHECK_OK(insertion_pack(&i, &packed));
	CHECK_OK(insertion_unpack(buf_bytes(&packed), &j));
	CHECK(j.at == 12345);
	CHECK(bytes_eq_str(buf_bytes(&j.bytes), "inserted"));
	insertion_done(&i);
	insertion_done(&j);
	buf_done(&packed);
}

static void
a_request_to_sign_survives_the_way(void)
{
	const struct bytes chain[] = { cert_der(world.ca.cert) };
	struct prepare_request r = { .format = "pdf",
		.cert = cert_der(world.citizen.cert),
		.chain = chain,
		.nchain = 1,
		.digest = DIGEST_SHA512,
		.form = SIG_RSA_PSS,
		.time = NOON,
		.reason = "Đồng ý",
		.field = "ChuKy1",
		.level = LEVEL_T,
		.stamp_room = 9000,
		.role = "Chủ tịch",
		.commitment = "1.2.840.113549.1.9.16.6.1",
		.policy = { .oid = "1.2.3.4",
		    .alg = DIGEST_SHA256,
		    .digest = BYTES_LIT("ba mươi hai") },
		.pdf = BYTES_LIT("of a PDF"),
		.cms = BYTES_LIT("of CMS"),
		.password = BYTES_LIT("mật khẩu") };
	struct buf packed = BUF(65536);
	struct prepare_request q;
	struct prepare_hold *hold = NULL;
	CHECK_OK(prepare_request_pack(&r, &packed));
	CHECK_OK(prepare_request_unpack(buf_bytes(&packed), &q, &hold));
	CHECK(strcmp(q.format, "pdf") == 0);
	CHECK(bytes_eq(q.cert, r.cert));
	CHECK(q.nchain == 1 && bytes_eq(q.chain[0], chain[0]));
	CHECK(q.digest == DIGEST_SHA512 && q.form == SIG_RSA_PSS);
	CHECK(q.time == NOON && q.location == NULL);
	CHECK(strcmp(q.reason, "Đồng ý") == 0);
	CHECK(strcmp(q.field, "ChuKy1") == 0);
	CHECK(bytes_eq(q.password, r.password));
	CHECK(q.level == LEVEL_T && q.stamp_room == 9000);
	CHECK(strcmp(q.role, r.role) == 0);
	CHECK(strcmp(q.commitment, r.commitment) == 0);
	CHECK(strcmp(q.policy.oid, "1.2.3.4") == 0 && q.policy.uri == NULL);
	CHECK(q.policy.alg == DIGEST_SHA256);
	CHECK(bytes_eq(q.policy.digest, r.policy.digest));
	CHECK(bytes_eq(q.pdf, r.pdf) && bytes_eq(q.cms, r.cms));
	CHECK(q.xml.len == 0);
	prepare_hold_free(hold);
	/* Cut anywhere, it is refused. */
	for (size_t n = 0; n < packed.len; n++)
		CHECK_ERR(
		    prepare_request_unpack(bytes_of(packed.ptr, n), &q, &hold),
		    ERR_MALFORMED);
	buf_done(&packed);
}

static void
a_request_to_extend_survives_the_way(void)
{
	const struct bytes crls[] = { BYTES_LIT("one"), BYTES_LIT("two") };
	const struct bytes ocsps[] = { BYTES_LIT("answer") };
	const struct external outside[] = { { .uri = "tệp.txt",
						.data = BYTES_LIT("a") },
		{ .data = BYTES_LIT("b") } };
	struct cert_list certs = { 0 };
	CHECK_OK(cert_list_add(&certs, world.ca.cert));
	struct extend_request r = { .id = "2",
		.level = LEVEL_LT,
		.stamp_alg = DIGEST_SHA384,
		.stamp_room = 7000,
		.time = NOON,
		.external = outside,
		.nexternal = 2,
		.evidence = { .certs = &certs,
		    .crls = crls,
		    .ncrls = 2,
		    .ocsps = ocsps,
		    .nocsps = 1 } };
	struct buf packed = BUF(65536);
	struct extend_request q;
	struct extend_hold *hold = NULL;
	const char *format;
	CHECK_OK(extend_request_pack("cms", &r, &packed));
	CHECK_OK(extend_request_unpack(buf_bytes(&packed), &format, &q, &hold));
	CHECK(strcmp(format, "cms") == 0 && strcmp(q.id, "2") == 0);
	CHECK(q.level == LEVEL_LT && q.stamp_alg == DIGEST_SHA384);
	CHECK(q.stamp_room == 7000 && q.time == NOON);
	CHECK(q.nexternal == 2 && q.external[1].uri == NULL);
	CHECK(strcmp(q.external[0].uri, "tệp.txt") == 0);
	CHECK(bytes_eq_str(q.external[1].data, "b"));
	CHECK(q.evidence.certs->n == 1 && q.evidence.ncrls == 2);
	CHECK(bytes_eq_str(q.evidence.crls[1], "two"));
	CHECK(bytes_eq_str(q.evidence.ocsps[0], "answer"));
	extend_hold_free(hold);
	for (size_t n = 0; n < packed.len; n++)
		CHECK_ERR(extend_request_unpack(
			      bytes_of(packed.ptr, n), &format, &q, &hold),
		    ERR_MALFORMED);
	cert_list_done(&certs);
	buf_done(&packed);
}

static void
levels_are_found_and_survive_the_way(void)
{
	struct buf file = signed_file(&world.citizen, 0);
	const struct extend_request r = { .document = buf_bytes(&file) };
	struct levels l = { 0 }, m = { 0 };
	struct buf packed = BUF(4096);
	CHECK_OK(job_levels(NULL, &r, &l));
	CHECK(l.n == 1 && l.v[0].level == LEVEL_B);
	CHECK(strcmp(l.v[0].id, "1") == 0);
	CHECK_OK(levels_pack(&l, &packed));
	CHECK_OK(levels_unpack(buf_bytes(&packed), &m));
	CHECK(m.n == 1 && m.v[0].level == LEVEL_B);
	levels_done(&m);
	for (size_t n = 0; n < packed.len; n++)
		CHECK_ERR(
		    levels_unpack(bytes_of(packed.ptr, n), &m), ERR_MALFORMED);
	levels_done(&l);
	buf_done(&packed);
	buf_done(&file);
}

static void
a_cut_request_to_verify_is_refused(void)
{
	struct buf file = signed_file(&world.citizen, 0);
	struct verify_request r = request(&file, "basic", NULL), q;
	struct buf packed = BUF(VERIFY_REQUEST_MAX);
	struct verify_hold *hold = NULL;
	CHECK_OK(verify_request_pack(&r, &packed));
	for (size_t n = 0; n < packed.len; n++)
		CHECK_ERR(
		    verify_request_unpack(bytes_of(packed.ptr, n), &q, &hold),
		    ERR_MALFORMED);
	buf_done(&packed);
	buf_done(&file);
}

int
main(void)
{
	CHECK_OK(worker_start());
	world = make_world();
	RUN(verifies_every_algorithm_inside_the_sandbox);
	RUN(an_anchor_counts_for_its_service_and_its_time_only);
	RUN(indexes_go_along_by_their_place);
	RUN(anchors_keep_their_settings_on_the_way);
	RUN(an_index_of_a_crl_serves_as_the_crl_does);
	RUN(everything_in_a_request_arrives);
	RUN(says_what_it_does_not_know);
	RUN(does_not_do_what_it_cannot);
	RUN(prepared_and_insertion_survive_the_way);
	RUN(a_request_to_sign_survives_the_way);
	RUN(a_request_to_extend_survives_the_way);
	RUN(levels_are_found_and_survive_the_way);
	RUN(a_cut_request_to_verify_is_refused);
	world_done(&world);
	worker_stop();
	return DONE();
}

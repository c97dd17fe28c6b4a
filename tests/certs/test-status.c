/* CRLs and OCSP answers by themselves: certs/crl.c, certs/ocsp.c, judge.c. */
#include "certs/judge.h"
#include "certs/ocsp.h"
#include "certs/ossl.h"
#include "tests/certs/ca.h"
#include "tests/tap.h"

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <string.h>

static struct err *
ca_crl(const struct test_ca *t, const struct crl_entry *e, struct buf *out)
{
	struct signer signer = softkey_signer(t->ca_key);
	struct crl_fields f = { .issuer = t->ca,
		.this_update = TEST_NOW,
		.next_update = TEST_NOW + DAY,
		.number = 1,
		.alg = softkey_alg(t->ca_key),
		.entries = e,
		.nentries = e == NULL ? 0 : 1 };
	return crl_issue(&f, &signer, out);
}

static void
a_crl_answers_for_its_issuer_in_its_time(void)
{
	CLEANUP(test_ca_done) struct test_ca t = { 0 };
	CHECK_OK(test_ca_make(&t, "P-256"));
	struct crl_entry e = { cert_serial(t.leaf), TEST_NOW - 9,
		REVOKE_CESSATION };
	CLEANUP(buf_done) struct buf clean = BUF(65536);
	CLEANUP(buf_done) struct buf revokes = BUF(65536);
	CHECK_OK(ca_crl(&t, NULL, &clean));
	CHECK_OK(ca_crl(&t, &e, &revokes));
	CLEANUP(crl_freep) struct crl *c = NULL;
	CLEANUP(crl_freep) struct crl *r = NULL;
	CHECK_OK(crl_parse(buf_bytes(&clean), &c));
	CHECK_OK(crl_parse(buf_bytes(&revokes), &r));
	if (c == NULL || r == NULL)
		return;
	CHECK(crl_this_update(c) == TEST_NOW && crl_count(c) == 0);
	CHECK(crl_next_update(c) == TEST_NOW + DAY && crl_count(r) == 1);
	struct status_answer a;
	CHECK_OK(crl_status(c, t.leaf, t.ca, TEST_NOW, 0, &a));
	CHECK(a.status == STATUS_GOOD);
	CHECK_OK(crl_status(r, t.leaf, t.ca, TEST_NOW, 0, &a));
	CHECK(a.status == STATUS_REVOKED && a.revoked_at == TEST_NOW - 9 &&
	      a.reason == REVOKE_CESSATION);
	/* Too early, too late, too old, another issuer, another certificate. */
	CHECK_OK(crl_status(c, t.leaf, t.ca, TEST_NOW - 1, 0, &a));
	CHECK(a.status == STATUS_UNKNOWN);
	CHECK_OK(crl_status(c, t.leaf, t.ca, TEST_NOW + DAY + 1, 0, &a));
	CHECK(a.status == STATUS_UNKNOWN);
	CHECK_OK(crl_status(c, t.leaf, t.ca, TEST_NOW + 50, 49, &a));
	CHECK(a.status == STATUS_UNKNOWN);
	CHECK_OK(crl_status(c, t.leaf, t.root, TEST_NOW, 0, &a));
	CHECK(a.status == STATUS_UNKNOWN);
	CHECK_OK(crl_status(c, t.ca, t.ca, TEST_NOW, 0, &a));
	CHECK(a.status == STATUS_UNKNOWN);
}

static void
refuses_a_crl_with_any_byte_missing_or_added(void)
{
	CLEANUP(test_ca_done) struct test_ca t = { 0 };
	CHECK_OK(test_ca_make(&t, "P-256"));
	CLEANUP(buf_done) struct buf der = BUF(65536);
	CHECK_OK(ca_crl(&t, NULL, &der));
	struct crl *no = NULL;
	for (size_t n = 0; n < der.len; n++)
		CHECK_ERR(crl_parse(bytes_slice(buf_bytes(&der), 0, n), &no),
		    ERR_MALFORMED);
	CHECK_OK(buf_byte(&der, 0));
	CHECK_ERR(crl_parse(buf_bytes(&der), &no), ERR_MALFORMED);
}

static void
a_changed_byte_never_leaves_the_signature_good(void)
{
	CLEANUP(test_ca_done) struct test_ca t = { 0 };
	CHECK_OK(test_ca_make(&t, "P-256"));
	CLEANUP(buf_done) struct buf der = BUF(65536);
	CHECK_OK(ca_crl(&t, NULL, &der));
	for (size_t i = 0; i < der.len; i++) {
		der.ptr[i] ^= 1;
		CLEANUP(crl_freep) struct crl *c = NULL;
		struct err *e = crl_parse(buf_bytes(&der), &c);
		bool ok = false;
		if (e == NULL)
			CHECK_OK(crl_signed_by(c, t.ca, &ok));
		CHECK(!ok);
		err_free(e);
		der.ptr[i] ^= 1;
	}
}

/* An OCSP answer made by OpenSSL. */
struct ocsp_make {
	const struct cert *about, *issuer, *responder;
	EVP_PKEY *key;
	int status;
	int64_t this_update, next_update;
	const char *nonce;
	int64_t cutoff; /* archiveCutoff; 0: none */
};

/* archiveCutoff and nonce, where they are asked for. */
static void
add_extensions(OCSP_BASICRESP *b, const struct ocsp_make *m)
{
	ASN1_GENERALIZEDTIME *cutoff =
	    ASN1_GENERALIZEDTIME_set(NULL, (time_t)m->cutoff);
	if (m->cutoff != 0)
		OCSP_SINGLERESP_add1_ext_i2d(OCSP_resp_get0(b, 0),
		    NID_id_pkix_OCSP_archiveCutoff, cutoff, 0, 0);
	ASN1_GENERALIZEDTIME_free(cutoff);
	if (m->nonce != NULL)
		OCSP_basic_add1_nonce(b, (unsigned char *)(uintptr_t)m->nonce,
		    (int)strlen(m->nonce));
}

static struct err *
make_ocsp(const struct ocsp_make *m, struct buf *out)
{
	OCSP_BASICRESP *b = OCSP_BASICRESP_new();
	OCSP_CERTID *id = OCSP_cert_to_id(
	    EVP_sha1(), cert_x509(m->about), cert_x509(m->issuer));
	ASN1_TIME *this = ASN1_TIME_set(NULL, (time_t)m->this_update);
	ASN1_TIME *next = ASN1_TIME_set(NULL, (time_t)m->next_update);
	ASN1_TIME *when = ASN1_TIME_set(NULL, TEST_NOW - 77);
	ASN1_TIME_to_generalizedtime(this, &this);
	ASN1_TIME_to_generalizedtime(next, &next);
	ASN1_TIME_to_generalizedtime(when, &when);
	OCSP_basic_add1_status(b, id, m->status,
	    OCSP_REVOKED_STATUS_KEYCOMPROMISE,
	    m->status == V_OCSP_CERTSTATUS_REVOKED ? when : NULL, this, next);
	/* NOTIME leaves producedAt as it is: set it by hand. */
	OCSP_RESPDATA *data = (OCSP_RESPDATA *)OCSP_resp_get0_respdata(b);
	(void)data;
	ASN1_GENERALIZEDTIME_set(
	    (ASN1_GENERALIZEDTIME *)OCSP_resp_get0_produced_at(b),
	    (time_t)m->this_update);
	add_extensions(b, m);
	OCSP_basic_sign(b, cert_x509(m->responder), m->key, EVP_sha256(), NULL,
	    OCSP_NOTIME);
	OCSP_RESPONSE *r =
	    OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, b);
	uint8_t *der = NULL;
	int len = i2d_OCSP_RESPONSE(r, &der);
	struct err *e = len <= 0 ? err_ossl(ERR_INTERNAL, "i2d_OCSP_RESPONSE")
				 : buf_append(out, bytes_of(der, (size_t)len));
	OPENSSL_free(der);
	OCSP_RESPONSE_free(r);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(this);
	ASN1_TIME_free(next);
	ASN1_TIME_free(when);
	OCSP_BASICRESP_free(b);
	return e;
}

static struct ocsp_make
good_ocsp(const struct test_ca *t)
{
	return (struct ocsp_make){ .about = t->leaf,
		.issuer = t->ca,
		.responder = t->ca,
		.key = softkey_evp(t->ca_key),
		.status = V_OCSP_CERTSTATUS_GOOD,
		.this_update = TEST_NOW,
		.next_update = TEST_NOW + DAY };
}

static enum status
ocsp_says(const struct ocsp_make *m, const struct test_ca *t, int64_t time,
    struct status_answer *a)
{
	CLEANUP(buf_done) struct buf der = BUF(OCSP_MAX);
	CLEANUP(ocsp_freep) struct ocsp_answer *o = NULL;
	CHECK_OK(make_ocsp(m, &der));
	CHECK_OK(ocsp_parse(buf_bytes(&der), &o));
	if (o == NULL)
		return STATUS_UNKNOWN;
	CHECK_OK(ocsp_status(o, t->leaf, t->ca, NULL, time, 0, a));
	return a->status;
}

static void
an_answer_by_the_issuer_counts_in_its_time(void)
{
	CLEANUP(test_ca_done) struct test_ca t = { 0 };
	CHECK_OK(test_ca_make(&t, "P-256"));
	struct status_answer a;
	struct ocsp_make m = good_ocsp(&t);
	CHECK(ocsp_says(&m, &t, TEST_NOW, &a) == STATUS_GOOD);
	CHECK(ocsp_says(&m, &t, TEST_NOW - 1, &a) == STATUS_UNKNOWN);
	CHECK(ocsp_says(&m, &t, TEST_NOW + DAY + 1, &a) == STATUS_UNKNOWN);
	m.status = V_OCSP_CERTSTATUS_REVOKED;
	CHECK(ocsp_says(&m, &t, TEST_NOW, &a) == STATUS_REVOKED);
	CHECK(
	    a.revoked_at == TEST_NOW - 77 && a.reason == REVOKE_KEY_COMPROMISE);
	m.status = V_OCSP_CERTSTATUS_UNKNOWN;
	CHECK(ocsp_says(&m, &t, TEST_NOW, &a) == STATUS_UNKNOWN);
	m = good_ocsp(&t);
	m.about = t.ca;
	m.issuer = t.root;
	CHECK(ocsp_says(&m, &t, TEST_NOW, &a) == STATUS_UNKNOWN);
	m = good_ocsp(&t);
	m.next_update = TEST_NOW - 5; /* ends before it begins */
	CHECK(ocsp_says(&m, &t, TEST_NOW, &a) == STATUS_UNKNOWN);
}

static void
only_a_responder_of_the_issuer_may_answer_for_it(void)
{
	CLEANUP(test_ca_done) struct test_ca t = { 0 };
	CHECK_OK(test_ca_make(&t, "P-256"));
	static const struct subject_field name[] = { { "C", "VN" },
		{ "O", "Thành phố Hà Nội" }, { "CN", "OCSP" } };
	CLEANUP(softkey_freep) struct softkey *key = NULL;
	CHECK_OK(softkey_generate("P-256", &key));
	struct signer ca = softkey_signer(t.ca_key);
	struct signer root = softkey_signer(t.root_key);
	struct cert_fields f = test_fields("ocsp", name, 3, key, t.ca, 100);
	f.alg = softkey_alg(t.ca_key);
	CLEANUP(cert_freep) struct cert *responder = NULL;
	CLEANUP(cert_freep) struct cert *by_root = NULL;
	CHECK_OK(cert_issue(&f, &ca, &responder));
	f.issuer = t.root;
	CHECK_OK(cert_issue(&f, &root, &by_root));

	struct status_answer a;
	struct ocsp_make m = good_ocsp(&t);
	m.responder = responder;
	m.key = softkey_evp(key);
	CHECK(ocsp_says(&m, &t, TEST_NOW, &a) == STATUS_GOOD);
	m.responder = by_root; /* the right purpose, another CA */
	CHECK(ocsp_says(&m, &t, TEST_NOW, &a) == STATUS_UNKNOWN);
	m.responder = t.leaf; /* the right CA, another purpose */
	m.key = softkey_evp(t.key);
	CHECK(ocsp_says(&m, &t, TEST_NOW, &a) == STATUS_UNKNOWN);
	m.responder = responder; /* out of its time */
	m.key = softkey_evp(key);
	m.this_update = TEST_NOW + 200 * DAY;
	m.next_update = TEST_NOW + 300 * DAY;
	CHECK(ocsp_says(&m, &t, TEST_NOW + 201 * DAY, &a) == STATUS_UNKNOWN);
}

/* A responder's certificate of the issuer's, without nocheck; and its key. */
static struct cert *
plain_responder(const struct test_ca *t, struct softkey **key)
{
	static const struct subject_field name[] = { { "C", "VN" },
		{ "O", "Thành phố Hà Nội" }, { "CN", "OCSP" } };
	CHECK_OK(softkey_generate("P-256", key));
	struct signer ca = softkey_signer(t->ca_key);
	struct cert_fields f = test_fields("ocsp", name, 3, *key, t->ca, 100);
	f.alg = softkey_alg(t->ca_key);
	CLEANUP(cert_freep) struct cert *c = NULL;
	CHECK_OK(cert_issue(&f, &ca, &c));
	X509 *x = X509_dup(cert_x509(c));
	X509_EXTENSION_free(X509_delete_ext(
	    x, X509_get_ext_by_NID(x, NID_id_pkix_OCSP_noCheck, -1)));
	X509_sign(x, softkey_evp(t->ca_key), EVP_sha256());
	uint8_t *der = NULL;
	int len = i2d_X509(x, &der);
	struct cert *out = NULL;
	CHECK_OK(cert_parse(bytes_of(der, (size_t)len), &out));
	OPENSSL_free(der);
	X509_free(x);
	return out;
}

/* What a path says of its leaf with this answer, and with CRLs beside it. */
static bool
path_knows(const struct test_ca *t, struct bytes ocsp, struct bytes crl,
    bool unasked, struct path *out)
{
	const struct status_data data[] = { { .der = ocsp, .is_ocsp = true },
		{ .der = crl } };
	struct cert_list anchors = { .v = (struct cert *[]){ t->ca }, .n = 1 };
	const struct path_request r = { .leaf = t->leaf,
		.anchors = &anchors,
		.time = TEST_NOW,
		.status = STATUS_IF_KNOWN,
		.responders_unasked = unasked,
		.status_data = data,
		.nstatus_data = crl.len > 0 ? 2 : 1 };
	CHECK_OK(path_build(&r, out));
	return out->result == PATH_OK && out->unknown == 0;
}

static void
a_responder_that_may_be_revoked_does_not_clear(void)
{
	CLEANUP(test_ca_done) struct test_ca t = { 0 };
	CHECK_OK(test_ca_make(&t, "P-256"));
	CLEANUP(softkey_freep) struct softkey *key = NULL;
	CLEANUP(cert_freep) struct cert *responder = plain_responder(&t, &key);
	CLEANUP(buf_done) struct buf answer = BUF(OCSP_MAX);
	CLEANUP(buf_done) struct buf itself = BUF(OCSP_MAX);
	CLEANUP(buf_done) struct buf by_ca = BUF(OCSP_MAX);
	CLEANUP(path_done) struct path p = { 0 };
	struct status_answer a;
	struct ocsp_make m = good_ocsp(&t);
	m.responder = responder;
	m.key = softkey_evp(key);
	CHECK(ocsp_says(&m, &t, TEST_NOW, &a) == STATUS_UNKNOWN);
	CHECK(strcmp(a.detail, RESPONDER_UNKNOWN) == 0);
	CHECK(a.this_update == TIME_NONE);
	CHECK_OK(make_ocsp(&m, &answer));
	CHECK(!path_knows(&t, buf_bytes(&answer), BYTES_NONE, false, &p));
	path_done(&p);
	/* It does not say where to ask: a policy may believe it. */
	CHECK(path_knows(&t, buf_bytes(&answer), BYTES_NONE, true, &p));
	path_done(&p);
	/* What it says of itself does not count; what its issuer says does. */
	m.about = responder;
	CHECK_OK(make_ocsp(&m, &itself));
	m.responder = t.ca;
	m.key = softkey_evp(t.ca_key);
	CHECK_OK(make_ocsp(&m, &by_ca));
	struct status_data data[] = { { buf_bytes(&answer), true, false },
		{ buf_bytes(&itself), true, false } };
	struct cert_list anchors = { .v = (struct cert *[]){ t.ca }, .n = 1 };
	const struct path_request r = { .leaf = t.leaf,
		.anchors = &anchors,
		.time = TEST_NOW,
		.status = STATUS_IF_KNOWN,
		.status_data = data,
		.nstatus_data = 2 };
	CHECK_OK(path_build(&r, &p));
	CHECK(p.result == PATH_OK && p.unknown == 1);
	path_done(&p);
	data[1].der = buf_bytes(&by_ca);
	CHECK_OK(path_build(&r, &p));
	CHECK(p.result == PATH_OK && p.unknown == 0);
}

static void
a_responder_is_looked_up_in_its_issuers_list(void)
{
	CLEANUP(test_ca_done) struct test_ca t = { 0 };
	CHECK_OK(test_ca_make(&t, "P-256"));
	CLEANUP(softkey_freep) struct softkey *key = NULL;
	CLEANUP(cert_freep) struct cert *responder = plain_responder(&t, &key);
	CLEANUP(buf_done) struct buf answer = BUF(OCSP_MAX);
	CLEANUP(buf_done) struct buf clean = BUF(65536);
	CLEANUP(buf_done) struct buf revokes = BUF(65536);
	struct crl_entry e = { cert_serial(responder), TEST_NOW - 9,
		REVOKE_KEY_COMPROMISE };
	struct ocsp_make m = good_ocsp(&t);
	m.responder = responder;
	m.key = softkey_evp(key);
	CHECK_OK(make_ocsp(&m, &answer));
	CHECK_OK(ca_crl(&t, NULL, &clean));
	CHECK_OK(ca_crl(&t, &e, &revokes));
	struct bytes root = cert_der(t.root), ca = cert_der(t.ca);
	struct bytes list = buf_bytes(&clean);
	struct judge_input in = { .subject = buf_bytes(&answer),
		.anchors = { &root, 1 },
		.pool = { &ca, 1 },
		.about = cert_der(t.leaf),
		.path = { .time = TEST_NOW } };
	struct judgement j;
	CHECK_OK(judge_ocsp(&in, &j));
	CHECK(j.word == JUDGE_INDETERMINATE);
	in.crls = (struct judge_files){ &list, 1 };
	CHECK_OK(judge_ocsp(&in, &j));
	CHECK(j.word == JUDGE_VALID);
	list = buf_bytes(&revokes);
	CHECK_OK(judge_ocsp(&in, &j));
	CHECK(j.word == JUDGE_INDETERMINATE);
	in.crls.n = 0;
	in.responders_unchecked = true;
	CHECK_OK(judge_ocsp(&in, &j));
	CHECK(j.word == JUDGE_VALID);
}

static void
the_nonce_must_be_that_of_the_request(void)
{
	CLEANUP(test_ca_done) struct test_ca t = { 0 };
	CHECK_OK(test_ca_make(&t, "P-256"));
	static const char *const nonces[] = { "0123456789abcdef",
		"0123456789abcdeF", "0123456789abcde", NULL };
	struct ocsp_question q = { .cert = t.leaf,
		.issuer = t.ca,
		.time = TEST_NOW,
		.nonce = BYTES_LIT("0123456789abcdef") };
	for (size_t i = 0; i < COUNT_OF(nonces); i++) {
		struct ocsp_make m = good_ocsp(&t);
		m.nonce = nonces[i];
		CLEANUP(buf_done) struct buf der = BUF(OCSP_MAX);
		CLEANUP(ocsp_freep) struct ocsp_answer *o = NULL;
		struct status_answer a = { .status = STATUS_UNKNOWN };
		struct cert *responder;
		CHECK_OK(make_ocsp(&m, &der));
		CHECK_OK(ocsp_parse(buf_bytes(&der), &o));
		if (o == NULL)
			continue;
		CHECK_OK(ocsp_ask(o, &q, &a, &responder));
		CHECK(a.status == (i == 0 ? STATUS_GOOD : STATUS_UNKNOWN));
		CHECK_OK(ocsp_status(o, t.leaf, t.ca, NULL, TEST_NOW, 0, &a));
		CHECK(a.status == STATUS_GOOD); /* nobody asked for one */
	}
}

static void
an_answer_speaks_of_the_expired_as_far_as_its_archive_reaches(void)
{
	CLEANUP(test_ca_done) struct test_ca t = { 0 };
	CHECK_OK(test_ca_make(&t, "P-256"));
	int64_t after = cert_not_after(t.leaf) + DAY;
	struct status_answer a;
	struct ocsp_make m = good_ocsp(&t);
	m.this_update = after;
	m.next_update = after + DAY;
	CHECK(ocsp_says(&m, &t, after, &a) == STATUS_GOOD);
	CHECK(a.keeps_since == TIME_NONE && !status_speaks_of(&a, t.leaf));
	m.cutoff = after - DAY / 2; /* it forgot the leaf by then */
	CHECK(ocsp_says(&m, &t, after, &a) == STATUS_GOOD);
	CHECK(a.keeps_since == m.cutoff && !status_speaks_of(&a, t.leaf));
	m.cutoff = after - 2 * DAY;
	CHECK(ocsp_says(&m, &t, after, &a) == STATUS_GOOD);
	CHECK(status_speaks_of(&a, t.leaf));

	/* The same of a path in the past, asked by today's answers. */
	for (int i = 0; i < 2; i++) {
		CLEANUP(buf_done) struct buf der = BUF(OCSP_MAX);
		CLEANUP(path_done) struct path p = { 0 };
		m.cutoff = i == 0 ? after - 2 * DAY : 0;
		CHECK_OK(make_ocsp(&m, &der));
		const struct status_data data = { .der = buf_bytes(&der),
			.is_ocsp = true };
		struct cert_list anchors = { .v = (struct cert *[]){ t.ca },
			.n = 1 };
		const struct path_request r = { .leaf = t.leaf,
			.anchors = &anchors,
			.time = TEST_NOW,
			.status_time = after,
			.status = STATUS_IF_KNOWN,
			.status_data = &data,
			.nstatus_data = 1 };
		CHECK_OK(path_build(&r, &p));
		CHECK(p.result == PATH_OK && p.unknown == (uint32_t)i);
	}
}

static void
a_changed_byte_of_an_answer_never_clears(void)
{
	CLEANUP(test_ca_done) struct test_ca t = { 0 };
	CHECK_OK(test_ca_make(&t, "P-256"));
	struct ocsp_make m = good_ocsp(&t);
	CLEANUP(buf_done) struct buf der = BUF(OCSP_MAX);
	CHECK_OK(make_ocsp(&m, &der));
	int cleared = 0;
	for (size_t i = 0; i < der.len; i++) {
		der.ptr[i] ^= 1;
		CLEANUP(ocsp_freep) struct ocsp_answer *o = NULL;
		struct status_answer a = { .status = STATUS_UNKNOWN };
		struct err *e = ocsp_parse(buf_bytes(&der), &o);
		if (e == NULL)
			CHECK_OK(ocsp_status(
			    o, t.leaf, t.ca, NULL, TEST_NOW, 0, &a));
		/* Certificates beside the answer are not signed. */
		if (a.status == STATUS_GOOD)
			cleared++;
		CHECK(a.status != STATUS_REVOKED);
		err_free(e);
		der.ptr[i] ^= 1;
	}
	CHECK((size_t)cleared < cert_der(t.ca).len);
	struct ocsp_answer *no = NULL;
	for (size_t n = 0; n < der.len; n++) {
		struct err *e =
		    ocsp_parse(bytes_slice(buf_bytes(&der), 0, n), &no);
		CHECK(e != NULL && no == NULL);
		err_free(e);
	}
}

static void
judges_files_in_one_word(void)
{
	CLEANUP(test_ca_done) struct test_ca t = { 0 };
	CHECK_OK(test_ca_make(&t, "P-256"));
	struct crl_entry e = { cert_serial(t.leaf), TEST_NOW - 9,
		REVOKE_CESSATION };
	CLEANUP(buf_done) struct buf crl = BUF(65536);
	CLEANUP(buf_done) struct buf ocsp = BUF(65536);
	CHECK_OK(ca_crl(&t, &e, &crl));
	struct ocsp_make m = good_ocsp(&t);
	CHECK_OK(make_ocsp(&m, &ocsp));
	struct bytes root = cert_der(t.root), ca = cert_der(t.ca);
	struct judge_input in = { .subject = cert_der(t.leaf),
		.anchors = { &root, 1 },
		.pool = { &ca, 1 },
		.path = { .time = TEST_NOW } };
	struct judgement j = { 0 };
	CHECK_OK(judge_cert(&in, &j));
	CHECK(j.word == JUDGE_VALID && j.path.chain.n == 3);
	judgement_done(&j);
	/* A key of an unknown kind beside it changes nothing; the path may
	 * lead through it where there is no other. */
	const struct bytes ec = BYTES_LIT("\x2a\x86\x48\xce\x3d\x02\x01");
	CLEANUP(buf_done) struct buf strange = BUF(65536);
	CHECK_OK(buf_append(&strange, ca));
	strange.ptr[bytes_find(buf_bytes(&strange), ec) + ec.len - 1] = 0x7f;
	struct bytes both[2] = { buf_bytes(&strange), ca };
	in.pool = (struct judge_files){ both, 2 };
	CHECK_OK(judge_cert(&in, &j));
	CHECK(j.word == JUDGE_VALID);
	judgement_done(&j);
	in.pool.n = 1;
	CHECK_ERR(judge_cert(&in, &j), ERR_UNSUPPORTED);
	judgement_done(&j);
	in.pool = (struct judge_files){ &ca, 1 };
	in.subject = BYTES_LIT("nonsense");
	CHECK_OK(judge_cert(&in, &j));
	CHECK(j.word == JUDGE_PARSE_ERROR);
	judgement_done(&j);
	in.subject = buf_bytes(&crl);
	CHECK_OK(judge_crl(&in, &j));
	CHECK(j.word == JUDGE_VALID); /* nothing asked: well signed */
	in.about = cert_der(t.leaf);
	CHECK_OK(judge_crl(&in, &j));
	CHECK(j.word == JUDGE_INVALID);
	in.subject = buf_bytes(&ocsp);
	CHECK_OK(judge_ocsp(&in, &j));
	CHECK(j.word == JUDGE_VALID);
	in.pool.n = 0; /* the issuer is unknown then */
	CHECK_OK(judge_ocsp(&in, &j));
	CHECK(j.word == JUDGE_INDETERMINATE);
	in.about = BYTES_NONE;
	CHECK_OK(judge_ocsp(&in, &j));
	CHECK(j.word == JUDGE_INVALID);
}

int
main(void)
{
	RUN(a_crl_answers_for_its_issuer_in_its_time);
	RUN(refuses_a_crl_with_any_byte_missing_or_added);
	RUN(a_changed_byte_never_leaves_the_signature_good);
	RUN(an_answer_by_the_issuer_counts_in_its_time);
	RUN(only_a_responder_of_the_issuer_may_answer_for_it);
	RUN(a_responder_that_may_be_revoked_does_not_clear);
	RUN(a_responder_is_looked_up_in_its_issuers_list);
	RUN(the_nonce_must_be_that_of_the_request);
	RUN(an_answer_speaks_of_the_expired_as_far_as_its_archive_reaches);
	RUN(a_changed_byte_of_an_answer_never_clears);
	RUN(judges_files_in_one_word);
	return DONE();
}

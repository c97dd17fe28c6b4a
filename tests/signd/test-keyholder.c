/* The main job behind the front, with a real token; then a front that tries
 * what it may not. */
#include "tests/signd/citizen.h"

#include "certs/csr.h"
#include "signd/ledger-ops.h"

/* ---- the job ---- */

static void
an_officer_enrols_and_the_citizen_activates(void)
{
	CHECK(strcmp(cert_common_name(an.cert), "Nguyễn Văn An") == 0);
	CHECK(strstr(cert_subject(an.cert), "CCCD:001099012345") != NULL);
	CHECK(an.chain.n == 2 && !cert_is_ca(an.cert));
	CHECK(cert_is_ca(an.chain.v[0]) && cert_is_ca(an.chain.v[1]));
}

static void
signs_by_pin_and_the_value_verifies(void)
{
	CHECK_OK(sign_with(&w, an.credential, an.cert, BYTES_NONE, PIN, 1, 1));
	CHECK_OK(sign_with(&w, an.credential, an.cert, BYTES_NONE, PIN, 1, 7));
}

/* ---- officers ---- */

/* Enrols with one thing changed by `spoil`. */
static struct err *
try_enrol(const struct officer *signer, const struct officer *named,
    void (*spoil)(struct enrolment_record *r, struct buf *body))
{
	CLEANUP(enrolment_record_done) struct enrolment_record r = { 0 };
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	TRY(record_make(named, &r));
	if (spoil == NULL)
		TRY(enrol_body(signer, &r, &body));
	else
		spoil(&r, &body);
	CLEANUP(enrolled_done) struct enrolled e = { 0 };
	return send_enrol(&w, &body, &e);
}

static void
no_approval(struct enrolment_record *r, struct buf *body)
{
	CHECK_OK(enrolment_record_pack(r, body));
	CHECK_OK(pack_bytes(body, 20, BYTES_NONE));
	CHECK_OK(pack_bytes(body, 21, cert_der(w.alice.cert)));
	CLEANUP(buf_done) struct buf alg = BUF(256);
	CHECK_OK(sig_alg_encode(ecdsa_sha256, &alg));
	CHECK_OK(pack_bytes(body, 22, buf_bytes(&alg)));
}

static void
other_name_after_approval(struct enrolment_record *r, struct buf *body)
{
	CLEANUP(buf_done) struct buf record = BUF(RECORD_MAX);
	CHECK_OK(enrolment_record_render(r, &record));
	free(r->name);
	r->name = strdup("Trần Thị Khác");
	CHECK_OK(enrolment_record_pack(r, body));
	CHECK_OK(approve_bytes(&w.alice, buf_bytes(&record), body));
}

static void
set_time(struct enrolment_record *r, int64_t shift)
{
	CLEANUP(buf_done) struct buf t = BUF(64);
	const char *text = "";
	CHECK_OK(time_format_iso(clock_now(&clock_system) + shift, 0, &t));
	CHECK_OK(buf_cstr(&t, &text));
	free(r->time);
	r->time = strdup(text);
}

static void
approved_too_long_ago(struct enrolment_record *r, struct buf *body)
{
	set_time(r, -APPROVAL_SECONDS - 5);
	CHECK_OK(enrol_body(&w.alice, r, body));
}

static void
approved_in_the_future(struct enrolment_record *r, struct buf *body)
{
	set_time(r, APPROVAL_SECONDS + 600);
	CHECK_OK(enrol_body(&w.alice, r, body));
}

static void
as_an_issuing_ca(struct enrolment_record *r, struct buf *body)
{
	free(r->profile);
	r->profile = strdup("demo-issuing-ca");
	CHECK_OK(enrol_body(&w.alice, r, body));
}

static void
with_a_wrong_number(struct enrolment_record *r, struct buf *body)
{
	free(r->subject_id);
	r->subject_id = strdup("CCCD:12345");
	CHECK_OK(enrol_body(&w.alice, r, body));
}

static void
refuses_an_enrolment_without_approval(void)
{
	CHECK_CODE(try_enrol(NULL, &w.alice, no_approval), "approval-wrong");
}

static void
refuses_a_record_changed_after_approval(void)
{
	CHECK_CODE(try_enrol(NULL, &w.alice, other_name_after_approval),
	    "approval-wrong");
}

static void
refuses_an_officer_who_is_not_registered(void)
{
	CHECK_CODE(try_enrol(&w.eve, &w.eve, NULL), "officer-unknown");
}

static void
refuses_one_officers_approval_of_anothers_record(void)
{
	/* Bob signs, and shows his certificate, but the record says Alice. */
	CHECK_CODE(try_enrol(&w.bob, &w.alice, NULL), "officer-unknown");
}

static void
refuses_approvals_from_another_time(void)
{
	CHECK_CODE(
	    try_enrol(NULL, &w.alice, approved_too_long_ago), "approval-time");
	CHECK_CODE(
	    try_enrol(NULL, &w.alice, approved_in_the_future), "approval-time");
}

static void
refuses_what_no_certificate_could_say(void)
{
	CHECK_CODE(try_enrol(NULL, &w.alice, as_an_issuing_ca), "record-field");
	CHECK_CODE(
	    try_enrol(NULL, &w.alice, with_a_wrong_number), "record-field");
}

/* What is no citizen's: none of it is an officer's to approve. */
static const char *wanted_profile;

static void
of_another_profile(struct enrolment_record *r, struct buf *body)
{
	free(r->profile);
	r->profile = strdup(wanted_profile);
	CHECK_OK(enrol_body(&w.alice, r, body));
}

static void
refuses_every_profile_that_is_no_citizens(void)
{
	static const char *const others[] = { "root-ca", "demo-root",
		"issuing-ca", "demo-issuing-ca", "officer", "tls-server",
		"time-stamp", "ocsp", "audit", "seal", "pin-seal", "none" };
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		wanted_profile = others[i];
		struct err *e = try_enrol(NULL, &w.alice, of_another_profile);
		bool right =
		    e != NULL && strcmp(err_code(e), "record-field") == 0;
		CHECK(right);
		if (!right)
			printf("# %s\n", others[i]);
		err_free(e);
	}
}

/* ---- a certificate for a key of the front's own ---- */

static struct err *
make_request(struct buf *der)
{
	CLEANUP(softkey_freep) struct softkey *key = NULL;
	CLEANUP(ossl_freep) uint8_t *spki = NULL;
	TRY(softkey_generate("P-256", &key));
	int len = i2d_PUBKEY(softkey_evp(key), &spki);
	const struct csr_fields f = { .spki = bytes_of(spki, (size_t)len),
		.alg = softkey_alg(key) };
	struct signer signer = softkey_signer(key);
	return csr_make(&f, &signer, der);
}

/* Alice approves `approved`; the front sends `sent`. */
static struct err *
try_issue(struct bytes approved, struct bytes sent, bool approve)
{
	CLEANUP(issue_record_done) struct issue_record r = { 0 };
	CLEANUP(buf_done) struct buf record = BUF(RECORD_MAX);
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	uint8_t hash[DIGEST_MAX];
	char hex[65];
	TRY(record_make(&w.alice, &r.who));
	TRY(digest_of(DIGEST_SHA256, approved, hash));
	hex_text(bytes_of(hash, 32), hex);
	r.csr_sha256 = strdup(hex);
	r.replaces = strdup("");
	TRY(issue_record_render(&r, &record));
	TRY(enrolment_record_pack(&r.who, &body));
	TRY(pack_str(&body, 13, ""));
	TRY(pack_bytes(&body, 14, sent));
	TRY(approve_bytes(&w.alice,
	    approve ? buf_bytes(&record) : BYTES_LIT("something else"), &body));
	return ask(&w, SOCKET_KEYHOLDER, KEY_ISSUE, &body, &answer);
}

static void
refuses_a_certificate_for_a_key_that_nobody_approved(void)
{
	CLEANUP(buf_done) struct buf citizens = BUF(CSR_MAX);
	CLEANUP(buf_done) struct buf fronts = BUF(CSR_MAX);
	CHECK_OK(make_request(&citizens));
	CHECK_OK(make_request(&fronts));
	const struct bytes hers = buf_bytes(&citizens);
	const struct bytes own = buf_bytes(&fronts);
	CHECK_CODE(try_issue(hers, own, true), "approval-wrong");
	CHECK_CODE(try_issue(own, own, false), "approval-wrong");
	CHECK_OK(try_issue(hers, hers, true));
}

static void
refuses_an_approval_a_second_time(void)
{
	CLEANUP(enrolment_record_done) struct enrolment_record r = { 0 };
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	CHECK_OK(record_make(&w.alice, &r));
	CHECK_OK(enrol_body(&w.alice, &r, &body));
	CLEANUP(enrolled_done) struct enrolled one = { 0 };
	CLEANUP(enrolled_done) struct enrolled two = { 0 };
	CHECK_OK(send_enrol(&w, &body, &one));
	CHECK_CODE(send_enrol(&w, &body, &two), "approval-replayed");
}

/* ---- links ---- */

static void
a_link_works_once_and_for_its_token_alone(void)
{
	CLEANUP(enrolled_done) struct enrolled e = { 0 };
	CLEANUP(citizen_done) struct citizen c = { 0 };
	CHECK_OK(enrol_citizen(&w, &e));
	CHECK_CODE(activate(&w, "khong-phai", PIN, &c), "activation-unknown");
	CHECK_CODE(activate(&w, e.id, PIN, &c), "activation-unknown");
	CHECK_CODE(activate(&w, e.token, "123456", &c), "pin-weak");
	CHECK_CODE(activate(&w, e.token, "12", &c), "pin-form");
	CHECK_OK(activate(&w, e.token, PIN, &c));
	CLEANUP(citizen_done) struct citizen again = { 0 };
	CHECK_CODE(activate(&w, e.token, PIN, &again), "activation-used");
}

static void
refuses_a_link_that_has_expired(void)
{
	CLEANUP(enrolled_done) struct enrolled e = { 0 };
	CLEANUP(citizen_done) struct citizen c = { 0 };
	CHECK_OK(enrol_citizen(&w, &e));
	CHECK_OK(meddle("UPDATE enrolment SET expires = 1 WHERE id = ?1", e.id,
	    BYTES_NONE));
	CHECK_CODE(activate(&w, e.token, PIN, &c), "activation-expired");
}

/* ---- what the front may not ---- */

static void
refuses_to_write_on_the_reading_socket(void)
{
	CLEANUP(buf_done) struct buf body = BUF(1024);
	CHECK_OK(pack_str(&body, 1, an.credential));
	CHECK_OK(pack_u64(&body, 2, PIN_RIGHT));
	for (uint16_t op = 0x0500; op < 0x0520; op++) {
		/* Not root: this test is the keyholders' user itself. */
		if (op == LW_CREDENTIAL && geteuid() != 0)
			continue;
		CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
		CHECK_ERR(ask(&w, SOCKET_LEDGER_READ, op, &body, &answer),
		    ERR_DENIED);
	}
}

static void
refuses_another_user_on_the_writing_socket(void)
{
	if (geteuid() != 0)
		SKIP("not root");
	/* The ledger takes writes from the keyholders' user alone; this test
	 * is root, and root is not. */
	CLEANUP(buf_done) struct buf body = BUF(1024);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	CHECK_OK(pack_str(&body, 1, an.credential));
	CHECK_ERR(ask(&w, SOCKET_LEDGER_WRITE, LW_CREDENTIAL, &body, &answer),
	    ERR_REMOTE);
}

static void
the_reading_socket_tells_no_sealed_key(void)
{
	CLEANUP(buf_done) struct buf body = BUF(1024);
	CHECK_OK(pack_str(&body, 1, an.credential));
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	CHECK_OK(
	    ask(&w, SOCKET_LEDGER_READ, LEDGER_CREDENTIAL, &body, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	CLEANUP(free_charp) char *status = NULL;
	struct bytes cert, chain;
	CHECK_OK(unpack_str(&u, 1, &status));
	CHECK(status != NULL && strcmp(status, "active") == 0);
	CHECK_OK(unpack_bytes(&u, 2, &cert));
	while (unpack_is(&u, 3))
		CHECK_OK(unpack_bytes(&u, 3, &chain));
	int64_t left = 0, created = 0;
	CHECK_OK(unpack_i64(&u, 4, &left));
	int64_t second = 1;
	CHECK_OK(unpack_i64(&u, 5, &created));
	CHECK_OK(unpack_i64(&u, 6, &second));
	CHECK(second == 0);
	CHECK_OK(unpack_end(&u));
	CHECK(left == 5 && created > 0);
}

/* ---- revocation ---- */

static struct err *
send_revoke(const struct buf *body, int64_t *at, int64_t *number)
{
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(ask(&w, SOCKET_KEYHOLDER, KEY_REVOKE, body, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	TRY(unpack_i64(&u, 1, at));
	return unpack_i64(&u, 2, number);
}

static struct err *
fetch_crl(const char *socket_name, uint16_t op, X509_CRL **out)
{
	struct buf none = BUF(0);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(ask(&w, socket_name, op, &none, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	struct bytes der = BYTES_NONE;
	TRY(unpack_bytes(&u, 1, &der));
	const uint8_t *p = der.ptr;
	*out = d2i_X509_CRL(NULL, &p, (long)der.len);
	if (*out == NULL)
		return err_new(ERR_MALFORMED, NULL, "no CRL");
	return NULL;
}

static bool
crl_has(X509_CRL *crl, const struct cert *c)
{
	X509_REVOKED *entry = NULL;
	return X509_CRL_get0_by_cert(crl, &entry, cert_x509(c)) == 1;
}

static void
a_revoked_certificate_is_in_the_crl_and_signs_no_more(void)
{
	CLEANUP(citizen_done) struct citizen c = { 0 };
	CHECK_OK(citizen_make(&w, PIN, &c));
	CLEANUP(X509_CRL_freep) X509_CRL *before = NULL;
	CHECK_OK(fetch_crl(SOCKET_KEYHOLDER, KEY_CRL, &before));
	CHECK(before != NULL && !crl_has(before, c.cert));

	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	CHECK_OK(revoke_body(&c, &w.bob, "keyCompromise", &body));
	int64_t at = 0, number = 0, at2 = 0, number2 = 0;
	CHECK_OK(send_revoke(&body, &at, &number));
	CHECK(at > 0 && number > 0);
	/* The same again: the same answer. */
	CHECK_OK(send_revoke(&body, &at2, &number2));
	CHECK(at2 == at && number2 == number);

	CLEANUP(X509_CRL_freep) X509_CRL *after = NULL;
	CHECK_OK(fetch_crl(SOCKET_LEDGER_READ, LEDGER_CRL, &after));
	CHECK(after != NULL && crl_has(after, c.cert));
	CHECK(after != NULL && !crl_has(after, an.cert));
	CHECK(after != NULL &&
	      X509_CRL_verify(after, cert_key(an.chain.v[0])) == 1);
	CHECK_CODE(sign_with(&w, c.credential, c.cert, BYTES_NONE, PIN, 1, 1),
	    "credential-revoked");
}

static void
an_officer_unlocks_with_one_approval_once(void)
{
	CLEANUP(citizen_done) struct citizen c = { 0 };
	CLEANUP(buf_done) struct buf eves = BUF(KEY_BODY_MAX);
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	int64_t at = 0, number = 0;
	CHECK_OK(citizen_make(&w, PIN, &c));
	for (int i = 0; i < 5; i++)
		err_free(sign_with(
		    &w, c.credential, c.cert, BYTES_NONE, "saisai", 1, 1));
	CHECK_CODE(sign_with(&w, c.credential, c.cert, BYTES_NONE, PIN, 1, 1),
	    "pin-locked");
	CHECK_OK(revoke_body(&c, &w.eve, "pinUnlock", &eves));
	CHECK_CODE(send_revoke(&eves, &at, &number), "officer-unknown");
	CHECK_CODE(sign_with(&w, c.credential, c.cert, BYTES_NONE, PIN, 1, 1),
	    "pin-locked");
	CHECK_OK(revoke_body(&c, &w.alice, "pinUnlock", &body));
	CHECK_OK(send_revoke(&body, &at, &number));
	/* The old PIN, and no other, is what it was. */
	CHECK_CODE(
	    sign_with(&w, c.credential, c.cert, BYTES_NONE, "saisai", 1, 1),
	    "pin-wrong");
	CHECK_OK(sign_with(&w, c.credential, c.cert, BYTES_NONE, PIN, 1, 1));
	CHECK_CODE(send_revoke(&body, &at, &number), "approval-replayed");
}

static void
refuses_to_revoke_without_approval_or_for_no_reason(void)
{
	CLEANUP(buf_done) struct buf eves = BUF(KEY_BODY_MAX);
	CLEANUP(buf_done) struct buf hold = BUF(KEY_BODY_MAX);
	int64_t at, number;
	CHECK_OK(revoke_body(&an, &w.eve, "keyCompromise", &eves));
	CHECK_CODE(send_revoke(&eves, &at, &number), "officer-unknown");
	CHECK_OK(revoke_body(&an, &w.bob, "because", &hold));
	CHECK_CODE(send_revoke(&hold, &at, &number), "record-field");
	CHECK_OK(sign_with(&w, an.credential, an.cert, BYTES_NONE, PIN, 1, 1));
}

static void
a_sad_made_before_revocation_is_worth_nothing_after(void)
{
	CLEANUP(citizen_done) struct citizen c = { 0 };
	CLEANUP(buf_done) struct buf sad = BUF(SAD_MAX);
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	int64_t at, number;
	CHECK_OK(citizen_make(&w, PIN, &c));
	CHECK_OK(authorize(&w, c.credential, PIN, 1, 1, 1, &sad));
	CHECK_OK(revoke_body(&c, &w.alice, "superseded", &body));
	CHECK_OK(send_revoke(&body, &at, &number));
	CHECK_CODE(
	    sign_with(&w, c.credential, c.cert, buf_bytes(&sad), "", 1, 1),
	    "credential-revoked");
}

static void
the_ceremony_is_not_held_twice(void)
{
	const struct init_options o = { 0 };
	CHECK_CODE(signd_init(&w.settings, &o, NULL), "set-up-already");
	CHECK_CODE(officer_register(&w, &w.alice), "officer-known");
}

int
main(void)
{
	if (!begin())
		return begin_failed();
	RUN(an_officer_enrols_and_the_citizen_activates);
	RUN(signs_by_pin_and_the_value_verifies);
	RUN(refuses_an_enrolment_without_approval);
	RUN(refuses_a_record_changed_after_approval);
	RUN(refuses_an_officer_who_is_not_registered);
	RUN(refuses_one_officers_approval_of_anothers_record);
	RUN(refuses_approvals_from_another_time);
	RUN(refuses_what_no_certificate_could_say);
	RUN(refuses_every_profile_that_is_no_citizens);
	RUN(refuses_a_certificate_for_a_key_that_nobody_approved);
	RUN(refuses_an_approval_a_second_time);
	RUN(a_link_works_once_and_for_its_token_alone);
	RUN(refuses_a_link_that_has_expired);
	RUN(refuses_to_write_on_the_reading_socket);
	RUN(refuses_another_user_on_the_writing_socket);
	RUN(the_reading_socket_tells_no_sealed_key);
	RUN(a_revoked_certificate_is_in_the_crl_and_signs_no_more);
	RUN(an_officer_unlocks_with_one_approval_once);
	RUN(refuses_to_revoke_without_approval_or_for_no_reason);
	RUN(a_sad_made_before_revocation_is_worth_nothing_after);
	RUN(the_ceremony_is_not_held_twice);
	return world_end();
}

/*
 * A front that somebody took over, and that says what no front says: it speaks
 * the keyholders' and the ledger's protocol, has citizens' sealed PINs and
 * approvals in its hands, and officers' approvals for a while.
 * (test-keyholder, test-pins, test-operator and test-seal have more of its
 * tricks beside what they are about.)
 */
#include "tests/signd/citizen.h"

#include "signd/ledger-ops.h"

static pid_t at_first[KEYHOLDERS];

/* None of what is below costs a keyholder: one that ends is replaced, and who
 * can end one with a request can end all, again and again. */
static void
no_keyholder_was_lost(void)
{
	for (int i = 0; i < KEYHOLDERS; i++)
		CHECK(waitpid(at_first[i], NULL, WNOHANG) == 0);
}

/* Tries that are left, by what one more wrong PIN is told. */
static int
left_after_a_wrong_one(const struct citizen *c)
{
	int left = -1;
	struct err *e =
	    sign_with(&w, c->credential, c->cert, BYTES_NONE, "saisai", 1, 1);
	CHECK(e != NULL && sscanf(err_text(e), "%d", &left) == 1);
	err_free(e);
	return left;
}

/* ---- the ledger ---- */

static void
no_operation_for_writing_is_done_on_the_reading_socket(void)
{
	CLEANUP(buf_done) struct buf body = BUF(1024);
	CHECK_OK(pack_str(&body, 1, an.credential));
	CHECK_OK(pack_u64(&body, 2, PIN_RIGHT));
	for (int op = 0x0500; op < 0x0600; op++) {
		CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
		/* As root the test is the front's user and the ledger's
		 * keyholders have another; else it is all of them. */
		bool ours = op == LW_CREDENTIAL && geteuid() != 0;
		if (!ours)
			CHECK_ERR(ask(&w, SOCKET_LEDGER_READ, (uint16_t)op,
				      &body, &answer),
			    ERR_DENIED);
	}
	CHECK(left_after_a_wrong_one(&an) == 4);
	CHECK_OK(sign_with(&w, an.credential, an.cert, BYTES_NONE, PIN, 1, 1));
}

static void
numbers_without_sense_are_harmless(void)
{
	static const int64_t odd[] = { INT64_MIN, -1, 0, INT64_MAX };
	for (size_t i = 0; i < COUNT_OF(odd); i++)
		for (size_t j = 0; j < COUNT_OF(odd); j++) {
			CLEANUP(buf_done) struct buf body = BUF(64);
			CLEANUP(ipc_message_done)
			struct ipc_message answer = { 0 };
			CHECK_OK(pack_i64(&body, 1, odd[i]));
			CHECK_OK(pack_i64(&body, 2, odd[j]));
			CHECK_OK(ask(&w, SOCKET_LEDGER_READ, LEDGER_AUDIT,
			    &body, &answer));
			CHECK(odd[j] > 0 || answer.body.len == 0);
		}
}

/* ---- another algorithm ---- */

static struct err *
sign_by_alg(struct sig_alg alg, struct bytes sad, const char *pin, int n)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	CLEANUP(buf_done) struct buf der = BUF(256);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	uint8_t d[DIGEST_MAX] = { (uint8_t)n };
	TRY(sig_alg_encode(alg, &der));
	TRY(pack_str(&body, 1, an.credential));
	TRY(pack_bytes(&body, 2, sad));
	TRY(pack_str(&body, 3, pin));
	TRY(pack_bytes(&body, 4, buf_bytes(&der)));
	TRY(pack_bytes(&body, 5, bytes_of(d, digest_len(alg.digest))));
	TRY(pack_bytes(&body, 6, BYTES_NONE));
	return ask(&w, SOCKET_KEYHOLDER, KEY_SIGN, &body, &answer);
}

static void
an_algorithm_that_is_not_the_keys_signs_nothing_and_uses_nothing_up(void)
{
	static const struct sig_alg others[] = {
		{ .form = SIG_RSA_PKCS1, .digest = DIGEST_SHA256 },
		{ .form = SIG_RSA_PSS,
		    .digest = DIGEST_SHA256,
		    .mgf1 = DIGEST_SHA256,
		    .salt_len = 32 },
		{ .form = SIG_ECDSA, .digest = DIGEST_SHA1 },
	};
	CLEANUP(buf_done) struct buf sad = BUF(SAD_MAX);
	CHECK_OK(authorize(&w, an.credential, PIN, 0, 0, 1, &sad));
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		CHECK_ERR(sign_by_alg(others[i], buf_bytes(&sad), "", 1),
		    ERR_UNSUPPORTED);
		CHECK_ERR(sign_by_alg(others[i], BYTES_NONE, PIN, 1),
		    ERR_UNSUPPORTED);
	}
	CHECK(left_after_a_wrong_one(&an) == 4);
	CHECK_OK(
	    sign_with(&w, an.credential, an.cert, buf_bytes(&sad), "", 1, 1));
	CHECK_OK(sign_with(&w, an.credential, an.cert, BYTES_NONE, PIN, 1, 1));
}

/* ---- sealed PINs ---- */

static struct err *
pin_certificate(struct cert **out)
{
	struct buf none = BUF(0);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(ask(&w, SOCKET_LEDGER_READ, LEDGER_PIN_KEY, &none, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	struct bytes der = BYTES_NONE;
	TRY(unpack_bytes(&u, 1, &der));
	return cert_parse(der, out);
}

/* What a citizen's device seals, for one signature without digests. */
static struct err *
seal_pin(const char *what, const char *subject, struct buf *out)
{
	CLEANUP(cert_freep) struct cert *to = NULL;
	TRY(pin_certificate(&to));
	const struct pin_purpose p = { .what = what,
		.subject = bytes_str(subject),
		.count = strcmp(what, PIN_FOR_SIGNING) == 0,
		.digest_oid = "" };
	const struct pin_message m = { .time = clock_now(&clock_system),
		.pin = BYTES_LIT(PIN) };
	return pin_message_seal(cert_key(to), &p, &m, out, NULL);
}

static struct err *
authorize_sealed(const char *credential, const struct buf *sealed)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(pack_str(&body, 1, credential));
	TRY(pack_str(&body, 2, ""));
	TRY(pack_u64(&body, 3, 1));
	TRY(pack_str(&body, 4, ""));
	TRY(pack_bytes(&body, 6, buf_bytes(sealed)));
	return ask(&w, SOCKET_KEYHOLDER, KEY_AUTHORIZE, &body, &answer);
}

static struct err *
activate_sealed(const char *token, const struct buf *sealed)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(pack_str(&body, 1, token));
	TRY(pack_str(&body, 2, ""));
	TRY(pack_bytes(&body, 3, buf_bytes(sealed)));
	return ask(&w, SOCKET_KEYHOLDER, KEY_ACTIVATE, &body, &answer);
}

/* A PIN that was sealed to be set approves nothing, and the other way round,
 * nor for another link. */
static void
a_sealed_pin_is_good_for_what_it_was_sealed_for_alone(void)
{
	CLEANUP(enrolled_done) struct enrolled one = { 0 };
	CLEANUP(enrolled_done) struct enrolled two = { 0 };
	CLEANUP(buf_done) struct buf to_set = BUF(PIN_MESSAGE_MAX);
	CLEANUP(buf_done) struct buf to_set_an = BUF(PIN_MESSAGE_MAX);
	CLEANUP(buf_done) struct buf to_sign = BUF(PIN_MESSAGE_MAX);
	CHECK_OK(enrol_citizen(&w, &one));
	CHECK_OK(enrol_citizen(&w, &two));
	CHECK_OK(seal_pin(PIN_FOR_ACTIVATION, one.token, &to_set));
	CHECK_OK(seal_pin(PIN_FOR_ACTIVATION, an.credential, &to_set_an));
	CHECK_OK(seal_pin(PIN_FOR_SIGNING, one.token, &to_sign));
	CHECK_CODE(
	    authorize_sealed(an.credential, &to_set_an), "pin-seal-wrong");
	CHECK_CODE(activate_sealed(one.token, &to_sign), "pin-seal-wrong");
	CHECK_CODE(activate_sealed(two.token, &to_set), "pin-seal-wrong");
	CHECK_OK(activate_sealed(one.token, &to_set));
	CHECK(left_after_a_wrong_one(&an) == 4);
	CHECK_OK(sign_with(&w, an.credential, an.cert, BYTES_NONE, PIN, 1, 1));
}

/* HPKE's point comes from a stranger, and goes into the token. */
static void
a_point_that_is_none_opens_nothing_and_breaks_nothing(void)
{
	CLEANUP(buf_done) struct buf good = BUF(PIN_MESSAGE_MAX);
	CHECK_OK(seal_pin(PIN_FOR_SIGNING, an.credential, &good));
	for (int at = PIN_KEY_ID; at < PIN_KEY_ID + HPKE_POINT; at++) {
		good.ptr[at] ^= 0x40;
		CHECK_CODE(
		    authorize_sealed(an.credential, &good), "pin-seal-wrong");
		good.ptr[at] ^= 0x40;
	}
	uint8_t point[HPKE_POINT];
	memcpy(point, good.ptr + PIN_KEY_ID, HPKE_POINT);
	memset(good.ptr + PIN_KEY_ID, 0, HPKE_POINT);
	CHECK_CODE(authorize_sealed(an.credential, &good), "pin-seal-wrong");
	good.ptr[PIN_KEY_ID] = 4;
	CHECK_CODE(authorize_sealed(an.credential, &good), "pin-seal-wrong");
	memcpy(good.ptr + PIN_KEY_ID, point, HPKE_POINT);
	CHECK_OK(authorize_sealed(an.credential, &good));
}

/* In a process of its own; its end says how it went. */
static pid_t
authorize_beside(const struct buf *sealed)
{
	fflush(NULL);
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	struct err *e = authorize_sealed(an.credential, sealed);
	_exit(e == NULL ? 0 : strcmp(err_code(e), "pin-replayed") == 0 ? 1 : 2);
}

static void
of_five_uses_of_a_sealed_pin_at_once_by_all_keyholders_one_approves(void)
{
	CLEANUP(buf_done) struct buf sealed = BUF(PIN_MESSAGE_MAX);
	pid_t pids[5];
	int ends[3] = { 0 };
	CHECK_OK(seal_pin(PIN_FOR_SIGNING, an.credential, &sealed));
	for (size_t i = 0; i < COUNT_OF(pids); i++)
		pids[i] = authorize_beside(&sealed);
	for (size_t i = 0; i < COUNT_OF(pids); i++) {
		int status = -1;
		waitpid(pids[i], &status, 0);
		if (WIFEXITED(status) && WEXITSTATUS(status) <= 2)
			ends[WEXITSTATUS(status)]++;
	}
	CHECK(ends[0] == 1 && ends[1] == 4);
	/* And none of them is held against the citizen. */
	CHECK(left_after_a_wrong_one(&an) == 4);
	CHECK_OK(sign_with(&w, an.credential, an.cert, BYTES_NONE, PIN, 1, 1));
}

/* ---- approvals of citizens ---- */

static struct err *
sign_repeated(const struct citizen *c, struct bytes sad, int n, int key)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	CLEANUP(buf_done) struct buf der = BUF(256);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	uint8_t d[DIGEST_MAX], repeat[KEY_REPEAT];
	memset(repeat, key, sizeof(repeat));
	TRY(sig_alg_encode(ecdsa_sha256, &der));
	TRY(pack_str(&body, 1, c->credential));
	TRY(pack_bytes(&body, 2, sad));
	TRY(pack_str(&body, 3, ""));
	TRY(pack_bytes(&body, 4, buf_bytes(&der)));
	TRY(pack_bytes(&body, 5, digest_no(n, d)));
	TRY(pack_bytes(&body, 6, bytes_of(repeat, sizeof(repeat))));
	TRY(ask(&w, SOCKET_KEYHOLDER, KEY_SIGN, &body, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	struct bytes value = BYTES_NONE;
	bool ok = false;
	TRY(unpack_bytes(&u, 1, &value));
	TRY(cert_verify_digest(
	    c->cert, ecdsa_sha256, digest_no(n, d), value, &ok));
	return ok ? NULL : err_new(ERR_INTERNAL, NULL, "does not verify");
}

/* The key of a request, which makes it repeatable, is the front's to choose. */
static void
asking_again_signs_nothing_else(void)
{
	CLEANUP(citizen_done) struct citizen c = { 0 };
	CLEANUP(buf_done) struct buf sad = BUF(SAD_MAX);
	CLEANUP(buf_done) struct buf hers = BUF(SAD_MAX);
	CHECK_OK(citizen_make(&w, PIN, &c));
	CHECK_OK(authorize(&w, an.credential, PIN, 0, 0, 1, &sad));
	CHECK_OK(authorize(&w, c.credential, PIN, 0, 0, 1, &hers));
	CHECK_OK(sign_repeated(&an, buf_bytes(&sad), 30, 'r'));
	CHECK_OK(sign_repeated(&an, buf_bytes(&sad), 30, 'r'));
	CHECK_CODE(sign_repeated(&an, buf_bytes(&sad), 31, 'r'), "sad-used");
	CHECK_CODE(sign_repeated(&an, buf_bytes(&sad), 30, 's'), "sad-used");
	CHECK_CODE(sign_repeated(&c, buf_bytes(&sad), 30, 'r'), "sad-mismatch");
	CHECK_OK(sign_repeated(&c, buf_bytes(&hers), 30, 'r'));
}

/* ---- approvals of officers ---- */

/* The record of a revocation by the same officer, time and nonce. */
static struct err *
revoke_with(const struct enrolment_record *r, struct bytes proof,
    const struct citizen *c)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	char serial[64];
	hex_text(cert_serial(c->cert), serial);
	const struct revocation_record x = { .credential = c->credential,
		.serial = serial,
		.reason = (char *)(uintptr_t) "keyCompromise",
		.officer = r->officer,
		.time = r->time,
		.nonce = r->nonce };
	TRY(revocation_record_pack(&x, &body));
	TRY(buf_append(&body, proof));
	return ask(&w, SOCKET_KEYHOLDER, KEY_REVOKE, &body, &answer);
}

static struct err *
enrol_with(
    const struct enrolment_record *r, const char *kind, struct bytes proof)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	CLEANUP(enrolled_done) struct enrolled e = { 0 };
	TRY(enrolment_record_pack(r, &body));
	if (kind != NULL)
		TRY(pack_str(&body, 13, kind));
	TRY(buf_append(&body, proof));
	return send_enrol(&w, &body, &e);
}

/* An approval that the front holds back, to make something else of it. */
static void
an_approval_is_of_one_record_and_of_one_kind(void)
{
	CLEANUP(enrolment_record_done) struct enrolment_record r = { 0 };
	CLEANUP(buf_done) struct buf record = BUF(RECORD_MAX);
	CLEANUP(buf_done) struct buf proof = BUF(KEY_BODY_MAX);
	CHECK_OK(record_make(&w.alice, &r));
	CHECK_OK(enrolment_record_render(&r, &record));
	CHECK_OK(approve_bytes(&w.alice, buf_bytes(&record), &proof));
	CHECK_CODE(revoke_with(&r, buf_bytes(&proof), &an), "approval-wrong");
	CHECK_CODE(
	    enrol_with(&r, "RSA-2048", buf_bytes(&proof)), "approval-wrong");
	/* Two lines in the place of one. */
	char *name = r.name;
	char lines[] = "Nguyễn Văn An\nsubject-id: CCCD:001099000001";
	r.name = lines;
	CHECK_CODE(enrol_with(&r, NULL, buf_bytes(&proof)), "record-field");
	r.name = name;
	CHECK_OK(enrol_with(&r, "", buf_bytes(&proof)));
	CHECK_CODE(enrol_with(&r, "", buf_bytes(&proof)), "approval-replayed");
	CHECK_OK(sign_with(&w, an.credential, an.cert, BYTES_NONE, PIN, 1, 1));
}

static struct err *
send_body(uint16_t op, const struct buf *body)
{
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	return ask(&w, SOCKET_KEYHOLDER, op, body, &answer);
}

/* Suspended, released, suspended: the first release does not end the second. */
static void
a_release_is_not_good_for_the_next_suspension(void)
{
	CLEANUP(citizen_done) struct citizen c = { 0 };
	CLEANUP(buf_done) struct buf hold = BUF(KEY_BODY_MAX);
	CLEANUP(buf_done) struct buf release = BUF(KEY_BODY_MAX);
	CLEANUP(buf_done) struct buf again = BUF(KEY_BODY_MAX);
	CHECK_OK(citizen_make(&w, PIN, &c));
	CHECK_OK(revoke_body(&c, &w.alice, "certificateHold", &hold));
	CHECK_OK(revoke_body(&c, &w.alice, "removeFromCRL", &release));
	CHECK_OK(revoke_body(&c, &w.alice, "certificateHold", &again));
	CHECK_OK(send_body(KEY_REVOKE, &hold));
	CHECK_OK(send_body(KEY_REVOKE, &release));
	CHECK_CODE(send_body(KEY_REVOKE, &hold), "approval-replayed");
	CHECK_OK(send_body(KEY_REVOKE, &again));
	CHECK_CODE(send_body(KEY_REVOKE, &release), "approval-replayed");
	CHECK_CODE(sign_with(&w, c.credential, c.cert, BYTES_NONE, PIN, 1, 1),
	    "credential-suspended");
}

/* ---- more, and longer, than there may be ---- */

static void
pack_many(struct buf *body, uint16_t tag, size_t len, int n)
{
	uint8_t filler[KEY_BODY_MAX / 16] = { 0x5a };
	for (int i = 0; i < n; i++)
		CHECK_OK(pack_bytes(body, tag, bytes_of(filler, len)));
}

static void
an_excess_is_refused(void)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	uint8_t d[DIGEST_MAX] = { 0 };
	/* Empty fields, as many as a message holds. */
	for (int op = KEY_ENROL; op <= KEY_TIMESTAMP_MANY; op++) {
		buf_clear(&body);
		pack_many(&body, 1, 0, KEY_BODY_MAX / 8);
		struct err *e = send_body((uint16_t)op, &body);
		CHECK(e != NULL || op == KEY_CRL);
		CHECK(e == NULL || err_kind(e) != ERR_REMOTE);
		err_free(e);
	}
	buf_clear(&body);
	CHECK_OK(pack_str(&body, 1, an.credential));
	CHECK_OK(pack_str(&body, 2, PIN));
	CHECK_OK(pack_u64(&body, 3, UINT64_MAX));
	CHECK_OK(pack_str(&body, 4, ""));
	CHECK_ERR(send_body(KEY_AUTHORIZE, &body), ERR_USAGE);
	/* A nonce of a time stamp is signed along, so it is no message. */
	buf_clear(&body);
	CHECK_OK(pack_str(&body, 1, digest_oid(DIGEST_SHA256)));
	CHECK_OK(pack_bytes(&body, 2, bytes_of(d, 32)));
	pack_many(&body, 3, 8192, 1);
	CHECK_OK(pack_str(&body, 4, ""));
	CHECK_OK(pack_u64(&body, 5, 1));
	struct err *e = send_body(KEY_TIMESTAMP, &body);
	CHECK(e != NULL && err_kind(e) != ERR_REMOTE);
	err_free(e);
}

/* Nobody's certificates, with numbers as long as they may be. */
static void
long_serial_numbers_are_unknown_and_no_more(void)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	CHECK_OK(pack_bytes(&body, 1, BYTES_NONE));
	for (int i = 0; i < KEY_OCSP_MAX; i++) {
		CHECK_OK(pack_str(&body, 2, digest_oid(DIGEST_SHA256)));
		pack_many(&body, 3, 64, 1);
	}
	CHECK_OK(send_body(KEY_OCSP, &body));
}

int
main(void)
{
	if (!begin())
		return begin_failed();
	memcpy(at_first, w.keyholders, sizeof(at_first));
	RUN(no_operation_for_writing_is_done_on_the_reading_socket);
	RUN(numbers_without_sense_are_harmless);
	RUN(an_algorithm_that_is_not_the_keys_signs_nothing_and_uses_nothing_up);
	RUN(a_sealed_pin_is_good_for_what_it_was_sealed_for_alone);
	RUN(a_point_that_is_none_opens_nothing_and_breaks_nothing);
	RUN(of_five_uses_of_a_sealed_pin_at_once_by_all_keyholders_one_approves);
	RUN(asking_again_signs_nothing_else);
	RUN(an_approval_is_of_one_record_and_of_one_kind);
	RUN(a_release_is_not_good_for_the_next_suspension);
	RUN(an_excess_is_refused);
	RUN(long_serial_numbers_are_unknown_and_no_more);
	RUN(no_keyholder_was_lost);
	return world_end();
}

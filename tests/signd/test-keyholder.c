/* The main job behind the front, with a real token; then a front that tries
 * what it may not. */
#include "tests/signd/world.h"

#include "certs/pin_message.h"
#include "signd/ledger-ops.h"
#include "signd/operator.h"
#include "signd/rotate.h"
#include "store/db.h"

#define PIN "meo-con-2026"

static struct world w;
static struct citizen an; /* activated, with PIN */

/* ---- the job ---- */

static void
an_officer_enrols_and_the_citizen_activates(void)
{
	CHECK_OK(citizen_make(&w, PIN, &an));
	if (an.cert == NULL)
		return;
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

static void
signs_by_sad_once(void)
{
	CLEANUP(buf_done) struct buf sad = BUF(SAD_MAX);
	CHECK_OK(authorize(&w, an.credential, PIN, 10, 3, 3, &sad));
	CHECK_OK(
	    sign_with(&w, an.credential, an.cert, buf_bytes(&sad), "", 10, 3));
	CHECK_CODE(
	    sign_with(&w, an.credential, an.cert, buf_bytes(&sad), "", 10, 3),
	    "sad-used");
}

static void
a_sad_without_digests_is_bound_to_its_count(void)
{
	CLEANUP(buf_done) struct buf sad = BUF(SAD_MAX);
	CHECK_OK(authorize(&w, an.credential, PIN, 0, 0, 2, &sad));
	CHECK_CODE(
	    sign_with(&w, an.credential, an.cert, buf_bytes(&sad), "", 20, 3),
	    "sad-mismatch");
	CHECK_OK(
	    sign_with(&w, an.credential, an.cert, buf_bytes(&sad), "", 20, 2));
}

static void
a_thousand_digests_in_one_approval_keep_their_order(void)
{
	CLEANUP(buf_done) struct buf sad = BUF(SAD_MAX);
	CHECK_OK(authorize(
	    &w, an.credential, PIN, 3000, KEY_DIGESTS_MAX, KEY_DIGESTS_MAX, &sad));
	/* sign_with checks value n under digest n. */
	CHECK_OK(sign_with(&w, an.credential, an.cert, buf_bytes(&sad), "", 3000,
	    KEY_DIGESTS_MAX));
	CHECK_ERR(authorize(&w, an.credential, PIN, 3000, KEY_DIGESTS_MAX + 1,
		      KEY_DIGESTS_MAX + 1, &sad),
	    ERR_LIMIT);
}

static int
uses_of(struct bytes sad, bool *others)
{
	int ends[2];
	if (pipe(ends) != 0)
		return -1;
	for (int i = 0; i < 6; i++)
		if (fork() == 0) {
			struct err *e = sign_with(
			    &w, an.credential, an.cert, sad, "", 30, 1);
			char c = e == NULL                              ? '1'
				 : strcmp(err_code(e), "sad-used") == 0 ? 'u'
									: '?';
			_exit(write(ends[1], &c, 1) == 1 ? 0 : 1);
		}
	close(ends[1]);
	int used = 0;
	char c;
	for (*others = false; read(ends[0], &c, 1) == 1;) {
		used += c == '1';
		*others = *others || c == '?';
	}
	close(ends[0]);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return used;
}

static void
of_six_uses_of_a_sad_at_once_one_succeeds(void)
{
	CLEANUP(buf_done) struct buf sad = BUF(SAD_MAX);
	CHECK_OK(authorize(&w, an.credential, PIN, 30, 1, 1, &sad));
	bool others = true;
	CHECK(uses_of(buf_bytes(&sad), &others) == 1);
	CHECK(!others);
}

/* ---- SADs that do not fit ---- */

static void
refuses_one_digest_more_and_another_digest(void)
{
	CLEANUP(buf_done) struct buf sad = BUF(SAD_MAX);
	CHECK_OK(authorize(&w, an.credential, PIN, 40, 2, 5, &sad));
	struct bytes s = buf_bytes(&sad);
	CHECK_CODE(sign_with(&w, an.credential, an.cert, s, "", 40, 3),
	    "sad-mismatch");
	CHECK_CODE(sign_with(&w, an.credential, an.cert, s, "", 41, 2),
	    "sad-mismatch");
	CHECK_CODE(sign_with(&w, an.credential, an.cert, s, "", 40, 1),
	    "sad-mismatch");
	CHECK_OK(sign_with(&w, an.credential, an.cert, s, "", 40, 2));
}

static void
refuses_a_sad_for_another_credential(void)
{
	CLEANUP(citizen_done) struct citizen other = { 0 };
	CHECK_OK(citizen_make(&w, "khac-hoan-toan", &other));
	CLEANUP(buf_done) struct buf sad = BUF(SAD_MAX);
	CHECK_OK(authorize(&w, an.credential, PIN, 50, 1, 1, &sad));
	CHECK_CODE(sign_with(&w, other.credential, other.cert, buf_bytes(&sad),
		       "", 50, 1),
	    "sad-mismatch");
}

static void
refuses_a_sad_with_any_bit_changed(void)
{
	CLEANUP(buf_done) struct buf sad = BUF(SAD_MAX);
	CHECK_OK(authorize(&w, an.credential, PIN, 60, 1, 1, &sad));
	for (size_t i = 0; i < sad.len; i += 7) {
		sad.ptr[i] ^= 1;
		CHECK_CODE(sign_with(&w, an.credential, an.cert,
			       buf_bytes(&sad), "", 60, 1),
		    "sad-invalid");
		sad.ptr[i] ^= 1;
	}
	CHECK_CODE(sign_with(&w, an.credential, an.cert,
		       bytes_slice(buf_bytes(&sad), 0, sad.len - 1), "", 60, 1),
	    "sad-invalid");
	CHECK_OK(
	    sign_with(&w, an.credential, an.cert, buf_bytes(&sad), "", 60, 1));
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
	set_time(r, APPROVAL_SECONDS + 30);
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

#define LEDGER_MIGRATIONS 6 /* of store/ledger.c */

/* What only somebody with the ledger's file could do. */
static struct err *
meddle(const char *sql, const char *id, struct bytes value)
{
	static const struct db_schema any = { .count = LEDGER_MIGRATIONS,
		.sync = DB_SYNC_FULL };
	CLEANUP(db_freep) struct db *db = NULL;
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_open(world_path(&w, "ledger/ledger.db"), DB_WRITE, &any, &db));
	TRY(db_prepare(db, sql, &q));
	stmt_text(q, 1, id);
	if (value.len > 0)
		stmt_blob(q, 2, value);
	struct err *e = stmt_run(q, NULL);
	stmt_done(TAKE(q));
	return e;
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

/* ---- PINs ---- */

static void
a_wrong_pin_says_how_many_tries_are_left(void)
{
	CLEANUP(citizen_done) struct citizen c = { 0 };
	CHECK_OK(citizen_make(&w, PIN, &c));
	struct err *e =
	    sign_with(&w, c.credential, c.cert, BYTES_NONE, "saisai", 1, 1);
	CHECK(e != NULL && strcmp(err_text(e), "4 tries are left") == 0);
	CHECK_CODE(e, "pin-wrong");
	/* A right one starts the count again. */
	CHECK_OK(sign_with(&w, c.credential, c.cert, BYTES_NONE, PIN, 1, 1));
	for (int i = 0; i < 4; i++)
		CHECK_CODE(sign_with(&w, c.credential, c.cert, BYTES_NONE,
			       "saisai", 1, 1),
		    "pin-wrong");
	CHECK_CODE(
	    sign_with(&w, c.credential, c.cert, BYTES_NONE, "saisai", 1, 1),
	    "pin-locked");
	CHECK_CODE(sign_with(&w, c.credential, c.cert, BYTES_NONE, PIN, 1, 1),
	    "pin-locked");
}

static int
wrong_at_once(const struct citizen *c, int processes)
{
	int ends[2];
	if (pipe(ends) != 0)
		return -1;
	for (int i = 0; i < processes; i++)
		if (fork() == 0) {
			struct err *e = sign_with(&w, c->credential, c->cert,
			    BYTES_NONE, "saisai", 1, 1);
			/* The fifth is told that it is locked now. */
			bool tried =
			    e != NULL &&
			    (strcmp(err_code(e), "pin-wrong") == 0 ||
				strcmp(err_text(e), "0 tries are left") == 0);
			char tell = tried ? 't' : e == NULL ? '!' : '-';
			_exit(write(ends[1], &tell, 1) == 1 ? 0 : 1);
		}
	close(ends[1]);
	int tried = 0;
	char tell;
	while (read(ends[0], &tell, 1) == 1)
		tried += tell == 't' ? 1 : tell == '!' ? 1000 : 0;
	close(ends[0]);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return tried;
}

static void
sixteen_wrong_pins_at_once_buy_five_tries(void)
{
	CLEANUP(citizen_done) struct citizen c = { 0 };
	CHECK_OK(citizen_make(&w, PIN, &c));
	int tried = wrong_at_once(&c, 16) + wrong_at_once(&c, 16);
	if (tried != 5)
		printf("# %d tries\n", tried);
	CHECK(tried == 5);
	CHECK_CODE(sign_with(&w, c.credential, c.cert, BYTES_NONE, PIN, 1, 1),
	    "pin-locked");
}

/* ---- sealed PINs ---- */

/* Authorizes `digests` from `first` with a PIN sealed for `sealed_for`, which a
 * front relays with a request of its own. */
static struct err *
send_sealed(const struct citizen *c, const struct buf *sealed, int first,
    int digests, int count, struct buf *sad)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	uint8_t d[DIGEST_MAX];
	TRY(pack_str(&body, 1, c->credential));
	TRY(pack_str(&body, 2, ""));
	TRY(pack_u64(&body, 3, (uint64_t)count));
	TRY(pack_str(&body, 4, digests == 0 ? "" : digest_oid(DIGEST_SHA256)));
	for (int i = 0; i < digests; i++)
		TRY(pack_bytes(&body, 5, digest_no(first + i, d)));
	TRY(pack_bytes(&body, 6, buf_bytes(sealed)));
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(ask(&w, SOCKET_KEYHOLDER, KEY_AUTHORIZE, &body, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	struct bytes got = BYTES_NONE;
	TRY(unpack_bytes(&u, 1, &got));
	return sad == NULL ? NULL : buf_append(sad, got);
}

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

static struct err *
seal_pin(const struct citizen *c, const char *pin, int64_t shift, int first,
    size_t digests, struct buf *out)
{
	CLEANUP(cert_freep) struct cert *to = NULL;
	TRY(pin_certificate(&to));
	uint8_t raw[4][DIGEST_MAX];
	struct bytes list[4];
	for (size_t i = 0; i < digests; i++)
		list[i] = digest_no(first + (int)i, raw[i]);
	const struct pin_purpose p = { .what = PIN_FOR_SIGNING,
		.subject = bytes_str(c->credential),
		.count = digests,
		.digest_oid = digest_oid(DIGEST_SHA256),
		.digests = list,
		.ndigests = digests };
	const struct pin_message m = {
		.time = clock_now(&clock_system) + shift,
		.pin = bytes_str(pin) };
	return pin_message_seal(cert_key(to), &p, &m, out, NULL);
}

static void
a_sealed_pin_signs_what_it_was_sealed_with_once(void)
{
	CLEANUP(buf_done) struct buf sealed = BUF(PIN_MESSAGE_MAX);
	CLEANUP(buf_done) struct buf sad = BUF(SAD_MAX);
	CHECK_OK(seal_pin(&an, PIN, 0, 70, 2, &sealed));
	/* A front that puts others, fewer or more under it. */
	CHECK_CODE(send_sealed(&an, &sealed, 71, 2, 2, NULL), "pin-seal-wrong");
	CHECK_CODE(send_sealed(&an, &sealed, 70, 1, 1, NULL), "pin-seal-wrong");
	CHECK_CODE(send_sealed(&an, &sealed, 70, 2, 3, NULL), "pin-seal-wrong");
	CHECK_CODE(send_sealed(&an, &sealed, 0, 0, 2, NULL), "pin-seal-wrong");
	CHECK_OK(send_sealed(&an, &sealed, 70, 2, 2, &sad));
	CHECK_OK(
	    sign_with(&w, an.credential, an.cert, buf_bytes(&sad), "", 70, 2));
	CHECK_CODE(send_sealed(&an, &sealed, 70, 2, 2, NULL), "pin-replayed");
}

static void
a_sealed_pin_of_another_time_or_credential_is_no_try(void)
{
	CLEANUP(citizen_done) struct citizen c = { 0 };
	CLEANUP(buf_done) struct buf old = BUF(PIN_MESSAGE_MAX);
	CLEANUP(buf_done) struct buf ahead = BUF(PIN_MESSAGE_MAX);
	CLEANUP(buf_done) struct buf others = BUF(PIN_MESSAGE_MAX);
	CLEANUP(buf_done) struct buf wrong = BUF(PIN_MESSAGE_MAX);
	CHECK_OK(citizen_make(&w, PIN, &c));
	CHECK_OK(seal_pin(&c, PIN, -PIN_MESSAGE_SECONDS - 5, 80, 1, &old));
	CHECK_OK(seal_pin(&c, PIN, PIN_MESSAGE_SECONDS + 60, 80, 1, &ahead));
	CHECK_OK(seal_pin(&an, PIN, 0, 80, 1, &others));
	CHECK_OK(seal_pin(&c, "saisai", 0, 80, 1, &wrong));
	CHECK_CODE(send_sealed(&c, &old, 80, 1, 1, NULL), "pin-seal-time");
	CHECK_CODE(send_sealed(&c, &ahead, 80, 1, 1, NULL), "pin-seal-time");
	CHECK_CODE(send_sealed(&c, &others, 80, 1, 1, NULL), "pin-seal-wrong");
	wrong.ptr[0] ^= 1;
	CHECK_CODE(send_sealed(&c, &wrong, 80, 1, 1, NULL), "pin-seal-unknown");
	wrong.ptr[0] ^= 1;
	struct err *e = send_sealed(&c, &wrong, 80, 1, 1, NULL);
	CHECK(e != NULL && strcmp(err_text(e), "4 tries are left") == 0);
	err_free(e);
}

/* Tries that are left after one more wrong PIN. */
static int
left_after_a_wrong_one(const struct citizen *c)
{
	CLEANUP(buf_done) struct buf wrong = BUF(PIN_MESSAGE_MAX);
	int left = -1;
	CHECK_OK(seal_pin(c, "saisai", 0, 80, 1, &wrong));
	struct err *e = send_sealed(c, &wrong, 80, 1, 1, NULL);
	CHECK(e != NULL && sscanf(err_text(e), "%d", &left) == 1);
	err_free(e);
	return left;
}

/* Who kept the owner's message has four guesses, not four each time. */
static void
a_replayed_pin_does_not_start_the_count_anew(void)
{
	CLEANUP(citizen_done) struct citizen c = { 0 };
	CLEANUP(buf_done) struct buf kept = BUF(PIN_MESSAGE_MAX);
	CHECK_OK(citizen_make(&w, PIN, &c));
	CHECK_OK(seal_pin(&c, PIN, 0, 80, 1, &kept));
	CHECK_OK(send_sealed(&c, &kept, 80, 1, 1, NULL));
	CHECK(left_after_a_wrong_one(&c) == 4);
	CHECK_CODE(send_sealed(&c, &kept, 80, 1, 1, NULL), "pin-replayed");
	CHECK(left_after_a_wrong_one(&c) == 3);
	CHECK_CODE(send_sealed(&c, &kept, 80, 1, 1, NULL), "pin-replayed");
	CHECK(left_after_a_wrong_one(&c) == 2);
}

static void
a_new_pin_key_is_used_without_a_restart(void)
{
	CLEANUP(buf_done) struct buf before = BUF(PIN_MESSAGE_MAX);
	CLEANUP(buf_done) struct buf after = BUF(PIN_MESSAGE_MAX);
	CHECK_OK(seal_pin(&an, PIN, 0, 90, 1, &before));
	CHECK_OK(signd_operator_key(&w.settings, "pin-seal", NULL));
	CHECK_OK(seal_pin(&an, PIN, 0, 90, 1, &after));
	for (int i = 0; i < KEYHOLDERS; i++) {
		struct err *e = send_sealed(&an, &after, 90, 1, 1, NULL);
		CHECK(e == NULL || strcmp(err_code(e), "pin-replayed") == 0);
		err_free(e);
	}
	/* A program that cached the old one is told to ask again. */
	struct err *e = send_sealed(&an, &before, 90, 1, 1, NULL);
	CHECK(e == NULL || strcmp(err_code(e), "pin-seal-unknown") == 0);
	err_free(e);
}

/* ---- what the front may not ---- */

static void
refuses_to_write_on_the_reading_socket(void)
{
	CLEANUP(buf_done) struct buf body = BUF(1024);
	CHECK_OK(pack_str(&body, 1, an.credential));
	CHECK_OK(pack_u64(&body, 2, PIN_RIGHT));
	for (uint16_t op = 0x0500; op < 0x0520; op++) {
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

/* ---- what somebody with the ledger's file may not ---- */

static struct err *
read_sealed(const char *id, struct buf *out)
{
	CLEANUP(ledger_freep) struct ledger *l = NULL;
	CLEANUP(ledger_credential_done) struct ledger_credential c = { 0 };
	TRY(ledger_open(world_path(&w, "ledger/ledger.db"), LEDGER_READ,
	    &ledger_ground_system, &l));
	TRY(ledger_credential_get(l, id, &c));
	return buf_append(out, buf_bytes(&c.sealed));
}

static void
a_tampered_blob_never_signs(void)
{
	CLEANUP(citizen_done) struct citizen c = { 0 };
	CLEANUP(buf_done) struct buf good = BUF(SEAL_MAX);
	CHECK_OK(citizen_make(&w, PIN, &c));
	CHECK_OK(read_sealed(c.credential, &good));
	for (size_t i = 0; i < good.len; i += 23) {
		good.ptr[i] ^= 4;
		CHECK_OK(meddle("UPDATE credential SET sealed = ?2,"
				" pin_failed = 0 WHERE id = ?1",
		    c.credential, buf_bytes(&good)));
		good.ptr[i] ^= 4;
		struct err *e =
		    sign_with(&w, c.credential, c.cert, BYTES_NONE, PIN, 1, 1);
		CHECK(e != NULL &&
		      (strcmp(err_code(e), "pin-wrong") == 0 ||
			  strcmp(err_code(e), "credential-damaged") == 0));
		err_free(e);
	}
	CHECK_OK(meddle("UPDATE credential SET sealed = ?2,"
			" pin_failed = 0 WHERE id = ?1",
	    c.credential, buf_bytes(&good)));
	CHECK_OK(sign_with(&w, c.credential, c.cert, BYTES_NONE, PIN, 1, 1));
}

static void
a_blob_of_one_credential_opens_under_no_other(void)
{
	CLEANUP(citizen_done) struct citizen c = { 0 };
	CLEANUP(buf_done) struct buf ours = BUF(SEAL_MAX);
	CLEANUP(buf_done) struct buf theirs = BUF(SEAL_MAX);
	CHECK_OK(citizen_make(&w, PIN, &c));
	CHECK_OK(read_sealed(c.credential, &theirs));
	CHECK_OK(read_sealed(an.credential, &ours));
	CHECK_OK(meddle("UPDATE credential SET sealed = ?2 WHERE id = ?1",
	    c.credential, buf_bytes(&ours)));
	/* Even with one and the same PIN. */
	CHECK_CODE(sign_with(&w, c.credential, c.cert, BYTES_NONE, PIN, 1, 1),
	    "credential-damaged");
	CHECK_OK(meddle("UPDATE credential SET sealed = ?2 WHERE id = ?1",
	    c.credential, buf_bytes(&theirs)));
}

static void
a_blob_under_another_version_does_not_open(void)
{
	CLEANUP(citizen_done) struct citizen c = { 0 };
	CHECK_OK(citizen_make(&w, PIN, &c));
	CHECK_OK(meddle("UPDATE credential SET version = 2 WHERE id = ?1",
	    c.credential, BYTES_NONE));
	CHECK_CODE(sign_with(&w, c.credential, c.cert, BYTES_NONE, PIN, 1, 1),
	    "pin-wrong");
}

/* ---- new keys that wrap and cover ---- */

#define LOAD_MAX 4000

static void
pause_ms(long ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
	nanosleep(&t, NULL);
}

static void
kill_now(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Who is under which cover, as the ledger has it. */
static struct err *
use_of(int64_t n, int64_t *covered, int64_t *wrapped)
{
	CLEANUP(ledger_freep) struct ledger *l = NULL;
	TRY(ledger_open(world_path(&w, "ledger/ledger.db"), LEDGER_READ,
	    &ledger_ground_system, &l));
	return ledger_generation_use(l, n, covered, wrapped);
}

/* Signs with a SAD from before the keys changed, and until told to stop. */
static pid_t
sign_all_the_while(struct bytes sad, int tell)
{
	fflush(NULL);
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	struct err *e =
	    sign_with(&w, an.credential, an.cert, sad, "", 500, 1);
	for (int i = 0; i < LOAD_MAX && e == NULL; i++) {
		e = sign_with(
		    &w, an.credential, an.cert, BYTES_NONE, PIN, 30000 + i, 1);
		if (e == NULL && write(tell, "+", 1) != 1)
			_exit(1);
	}
	if (write(tell, "-", 1) != 1)
		_exit(1);
	_exit(end_child(e));
}

static void
keys_rotate_while_citizens_sign(void)
{
	enum { PEOPLE = 4 };
	struct citizen c[PEOPLE] = { 0 };
	for (int i = 0; i < PEOPLE; i++)
		CHECK_OK(citizen_make(&w, PIN, &c[i]));
	CLEANUP(buf_done) struct buf sad = BUF(SAD_MAX);
	CLEANUP(buf_done) struct buf before = BUF(LEDGER_SEALED_MAX);
	CHECK_OK(authorize(&w, an.credential, PIN, 500, 1, 1, &sad));
	CHECK_OK(read_sealed(an.credential, &before));
	int ends[2];
	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	pid_t load = sign_all_the_while(buf_bytes(&sad), ends[1]);
	close(ends[1]);
	char said = 0;
	CHECK(read(ends[0], &said, 1) == 1 && said == '+');
	CHECK_OK(signd_kek_rotate(&w.settings, NULL));
	/* Some more, under the new cover. */
	for (int i = 0; i < 5; i++)
		CHECK(read(ends[0], &said, 1) == 1 && said == '+');
	kill_now(load);
	while (read(ends[0], &said, 1) == 1)
		CHECK(said == '+'); /* none failed */
	close(ends[0]);
	int64_t covered = -1, wrapped = -1;
	CHECK_OK(use_of(1, &covered, &wrapped));
	CHECK(covered == 0 && wrapped > PEOPLE);
	CHECK_OK(use_of(2, &covered, &wrapped));
	CHECK(covered > PEOPLE && wrapped == 0);
	/* Old credentials sign, new ones are under the new keys alone. */
	for (int i = 0; i < PEOPLE; i++) {
		CHECK_OK(sign_with(&w, c[i].credential, c[i].cert, BYTES_NONE,
		    PIN, 1, 1));
		citizen_done(&c[i]);
	}
	CLEANUP(citizen_done) struct citizen fresh = { 0 };
	CHECK_OK(citizen_make(&w, PIN, &fresh));
	CHECK_OK(sign_with(
	    &w, fresh.credential, fresh.cert, BYTES_NONE, PIN, 1, 1));
	CHECK_OK(use_of(2, &covered, &wrapped));
	CHECK(wrapped == 1);
	CHECK_OK(meddle("UPDATE credential SET pin_running = 0, pin_failed = 0"
			" WHERE id = ?1",
	    an.credential, BYTES_NONE));
}

static void
a_rotation_that_was_interrupted_goes_on(void)
{
	CLEANUP(citizen_done) struct citizen c = { 0 };
	CHECK_OK(citizen_make(&w, PIN, &c));
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0)
		_exit(end_child(signd_kek_rotate(&w.settings, NULL)));
	/* Wherever it is just then: before, within, or done. */
	pause_ms(150);
	kill_now(pid);
	CHECK_OK(signd_kek_rewrap(&w.settings, NULL));
	CHECK_OK(sign_with(&w, c.credential, c.cert, BYTES_NONE, PIN, 1, 1));
	CHECK_OK(sign_with(&w, an.credential, an.cert, BYTES_NONE, PIN, 1, 1));
	int64_t covered = -1, wrapped = -1;
	CHECK_OK(use_of(1, &covered, &wrapped));
	CHECK(covered == 0);
}

static void
an_old_copy_is_closed_when_its_cover_key_is_destroyed(void)
{
	CLEANUP(citizen_done) struct citizen c = { 0 };
	CLEANUP(buf_done) struct buf old = BUF(LEDGER_SEALED_MAX);
	CLEANUP(buf_done) struct buf now = BUF(LEDGER_SEALED_MAX);
	CHECK_OK(citizen_make(&w, PIN, &c));
	CHECK_OK(read_sealed(c.credential, &old));
	CHECK_OK(signd_kek_rotate(&w.settings, NULL));
	CHECK_OK(read_sealed(c.credential, &now));
	CHECK(!bytes_eq(buf_bytes(&old), buf_bytes(&now)));
	CHECK_OK(signd_kek_retire(&w.settings, NULL));
	CHECK_OK(sign_with(&w, c.credential, c.cert, BYTES_NONE, PIN, 1, 1));
	/* Somebody puts the copy back, right PIN and all. */
	CHECK_OK(meddle("UPDATE credential SET sealed = ?2, cover = cover - 1"
			" WHERE id = ?1",
	    c.credential, buf_bytes(&old)));
	struct err *e =
	    sign_with(&w, c.credential, c.cert, BYTES_NONE, PIN, 1, 1);
	CHECK(e != NULL && strcmp(err_code(e), "pin-wrong") != 0);
	err_free(e);
	CHECK_OK(meddle("UPDATE credential SET sealed = ?2, cover = cover + 1"
			" WHERE id = ?1",
	    c.credential, buf_bytes(&now)));
	CHECK_OK(sign_with(&w, c.credential, c.cert, BYTES_NONE, PIN, 1, 1));
}

/* ---- a stolen ledger, with the token and its PIN ---- */

static int calls; /* of the token, by what a thief does */

static struct err *
counted_hmac(void *ctx, struct bytes data, uint8_t out[SEAL_HMAC])
{
	struct keyholder *k = ctx;
	calls++;
	return p11_hmac(&k->session, k->pepper, data, out);
}

/* What a thief has is all that a keyholder has: the file, the token, its PIN.
 * They take the cover off, and then need the PIN: a guess is an Argon2id and a
 * call of the token, and without the call there is nothing to compare with. */
static struct err *
steal(struct keyholder *k, const char *id)
{
	CLEANUP(held_done) struct held h = { 0 };
	CLEANUP(secret_done) struct secret key = { 0 };
	CLEANUP(secret_done) struct secret wrapped = { 0 };
	const struct pepper pepper = { .ctx = k, .hmac = counted_hmac };
	bool ok = true;
	TRY(keyholder_fetch(k, bytes_str(id), false, &h));
	if (h.sealed.memory_kib < SEAL_MEMORY_MIN ||
	    h.sealed.passes < SEAL_PASSES_MIN)
		return err_new(ERR_INTERNAL, NULL, "a cheap guess");
	for (int i = 0; i < 3; i++) {
		TRY(seal_key(
		    &h.sealed, &pepper, &h.owner, BYTES_LIT("111222"), &key));
		TRY(seal_open(&h.sealed, &h.owner, secret_bytes(&key),
		    &wrapped, &ok));
		secret_done(&key);
		if (ok)
			return err_new(ERR_INTERNAL, NULL, "it opened");
	}
	if (calls != 3)
		return err_new(ERR_INTERNAL, NULL, "%d calls", calls);
	/* Past the PIN: as if the ciphertext were the wrapped key itself. */
	struct p11_kek kek = { 0 };
	CK_OBJECT_HANDLE opened;
	TRY(keyholder_kek(k, h.sealed.kek_id, &kek));
	struct err *e = p11_wrapped_open(
	    &k->session, &kek, KEY_EC, h.sealed.ciphertext, &opened);
	if (e == NULL)
		return err_new(ERR_INTERNAL, NULL, "it unwrapped");
	err_free(e);
	/* The right PIN, to know that all the rest was right. */
	TRY(seal_key(&h.sealed, &pepper, &h.owner, BYTES_LIT(PIN), &key));
	TRY(seal_open(
	    &h.sealed, &h.owner, secret_bytes(&key), &wrapped, &ok));
	return ok ? NULL : err_new(ERR_INTERNAL, NULL, "the right PIN");
}

static void
a_stolen_ledger_with_the_token_and_its_pin_signs_nothing(void)
{
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		struct keyholder k;
		struct err *e = process_drop(w.settings.user_keyholder);
		if (e == NULL)
			e = keyholder_open(&k, &w.settings, -1, &clock_system);
		if (e == NULL) {
			keyholder_lock(&k);
			e = steal(&k, an.credential);
			keyholder_unlock(&k);
		}
		keyholder_done(&k);
		_exit(end_child(e));
	}
	int status = 1;
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static void
a_thousand_digests_are_signed_in_order_with_one_pin(void)
{
	CLEANUP(buf_done) struct buf sad = BUF(SAD_MAX);
	CHECK_OK(authorize(&w, an.credential, PIN, 100000, 1000, 1000, &sad));
	CHECK_OK(sign_with(&w, an.credential, an.cert, buf_bytes(&sad), "",
	    100000, 1000));
	CHECK_ERR(authorize(&w, an.credential, PIN, 1, 1001, 1001, &sad),
	    ERR_LIMIT);
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

/* ---- what stays ---- */

static void
nothing_stays_in_the_token_after_signing(void)
{
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		struct keyholder k;
		size_t before = 0, after = 0;
		struct err *e = process_drop(w.settings.user_keyholder);
		if (e == NULL)
			e = keyholder_open(&k, &w.settings, -1, &clock_system);
		if (e == NULL)
			e = p11_object_count(&k.session, &before);
		for (int i = 0; i < 20 && e == NULL; i++) {
			CLEANUP(buf_done) struct buf blob = BUF(WRAPPED_MAX);
			CLEANUP(buf_done) struct buf spki = BUF(256);
			struct buf out[1] = { BUF(256) };
			uint8_t d[DIGEST_MAX];
			const struct bytes digest = digest_no(i, d);
			struct generation *g = NULL;
			struct p11_kek kek = { 0 };
			keyholder_lock(&k);
			e = keyholder_current(&k, &g);
			keyholder_unlock(&k);
			if (e == NULL)
				e = keyholder_kek(
				    &k, buf_bytes(&g->kek_id), &kek);
			if (e == NULL)
				e = p11_wrapped_make(&k.session, &kek,
				    KIND_P256, &blob, &spki);
			/* Signs, and is refused: not the certificate's key. */
			struct err *refused = p11_wrapped_sign(&k.session,
			    &kek, buf_bytes(&blob), cert_key(an.cert),
			    ecdsa_sha256,
			    &digest, 1, out);
			if (e == NULL && (refused == NULL || out[0].len != 0))
				e = err_new(ERR_INTERNAL, NULL, "it left");
			err_free(refused);
		}
		if (e == NULL)
			e = p11_object_count(&k.session, &after);
		if (e == NULL && (before != after || before < 6))
			e = err_new(
			    ERR_INTERNAL, NULL, "%zu, then %zu", before, after);
		keyholder_done(&k);
		_exit(end_child(e));
	}
	int status = 1;
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static void
the_ceremony_is_not_held_twice(void)
{
	const struct init_options o = { 0 };
	CHECK_CODE(signd_init(&w.settings, &o, NULL), "set-up-already");
	CHECK_CODE(officer_register(&w, &w.alice), "officer-known");
}

static void
the_audit_chain_is_whole(void)
{
	CHECK_OK(signd_audit_check(&w.settings, NULL));
}

/* ---- processes that die ---- */

/* Signs digests number 1000.. until it is told to stop; tells each number
 * whose value came back. */
static pid_t
start_load(int first, int tell)
{
	fflush(NULL);
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	for (int n = first; n < first + LOAD_MAX; n++) {
		CLEANUP(buf_done) struct buf sad = BUF(SAD_MAX);
		struct err *e =
		    authorize(&w, an.credential, PIN, n, 1, 1, &sad);
		if (e == NULL)
			e = sign_with(&w, an.credential, an.cert,
			    buf_bytes(&sad), "", n, 1);
		if (e == NULL && write(tell, &n, sizeof(n)) != sizeof(n))
			_exit(1);
		err_free(e);
	}
	_exit(0);
}

static struct err *
find_digest(void *ctx, struct bytes line)
{
	struct buf *all = ctx;
	TRY(buf_append(all, line));
	return buf_byte(all, '\n');
}

static bool
in_audit(const struct buf *all, int n)
{
	uint8_t d[DIGEST_MAX];
	char hex[80];
	hex_text(digest_no(n, d), hex);
	size_t at = bytes_find(buf_bytes(all), BYTES_LIT("\"digests\":[\""));
	return at != SIZE_MAX &&
	       bytes_find(buf_bytes(all), bytes_str(hex)) != SIZE_MAX;
}

/* Every signature that left stands in the audit, whoever died meanwhile. */
static void
check_recorded(int from)
{
	CLEANUP(ledger_freep) struct ledger *l = NULL;
	CLEANUP(buf_done) struct buf all = BUF(64 * 1024 * 1024);
	CHECK_OK(ledger_open(world_path(&w, "ledger/ledger.db"), LEDGER_READ,
	    &ledger_ground_system, &l));
	if (l == NULL)
		return;
	CHECK_OK(ledger_audit_each(l, 1, 1000000, find_digest, &all));
	int n, count = 0, missing = 0;
	while (read(from, &n, sizeof(n)) == sizeof(n)) {
		count++;
		missing += !in_audit(&all, n);
	}
	printf("# %d signatures left, %d of them not in the audit\n", count,
	    missing);
	CHECK(count > 0 && missing == 0);
}

static void
killed_processes_lose_nothing_that_was_recorded(void)
{
	int ends[2];
	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	pid_t load[2] = { start_load(10000, ends[1]),
		start_load(20000, ends[1]) };
	close(ends[1]);
	for (int i = 0; i < 4; i++) {
		pause_ms(500);
		kill_now(w.ledger);
		w.ledger = start_ledger(&w);
		pause_ms(300);
		kill_now(w.keyholders[0]);
		w.keyholders[0] = start_keyholder(&w);
	}
	kill_now(load[0]);
	kill_now(load[1]);
	check_recorded(ends[0]);
	close(ends[0]);
	CHECK_OK(signd_audit_check(&w.settings, NULL));
	/* Tries that nobody ended count; they lapse or a right PIN ends them.
	 */
	CHECK_OK(meddle("UPDATE credential SET pin_running = 0, pin_failed = 0"
			" WHERE id = ?1",
	    an.credential, BYTES_NONE));
	CHECK_OK(sign_with(&w, an.credential, an.cert, BYTES_NONE, PIN, 1, 1));
}

/* What a new session sees in the token. */
static size_t
objects_in_the_token(void)
{
	int ends[2];
	size_t n = 0;
	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		struct keyholder k = { 0 };
		struct err *e = process_drop(w.settings.user_keyholder);
		if (e == NULL)
			e = keyholder_open(&k, &w.settings, -1, &clock_system);
		if (e == NULL)
			e = p11_object_count(&k.session, &n);
		if (e == NULL && write(ends[1], &n, sizeof(n)) != sizeof(n))
			e = err_new(ERR_INTERNAL, NULL, "pipe");
		keyholder_done(&k);
		_exit(end_child(e));
	}
	close(ends[1]);
	CHECK(read(ends[0], &n, sizeof(n)) == sizeof(n));
	close(ends[0]);
	int status = 1;
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	return n;
}

static void
nothing_stays_in_the_token_of_a_keyholder_killed_while_signing(void)
{
	int ends[2];
	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	size_t before = objects_in_the_token();
	CHECK(before >= 6);
	pid_t load[2] = { start_load(30000, ends[1]),
		start_load(40000, ends[1]) };
	close(ends[1]);
	for (int i = 0; i < 9; i++) {
		pause_ms(150);
		kill_now(w.keyholders[i % KEYHOLDERS]);
		w.keyholders[i % KEYHOLDERS] = start_keyholder(&w);
	}
	kill_now(load[0]);
	kill_now(load[1]);
	int n, signatures = 0;
	while (read(ends[0], &n, sizeof(n)) == sizeof(n))
		signatures++;
	close(ends[0]);
	CHECK(signatures > 0);
	CHECK(objects_in_the_token() == before);
	CHECK_OK(meddle("UPDATE credential SET pin_running = 0, pin_failed = 0"
			" WHERE id = ?1",
	    an.credential, BYTES_NONE));
}

/* How many keyholders ended by themselves with an error, as they should when
 * the token fails; each is started anew. */
static int
replaced(void)
{
	int n = 0;
	for (int i = 0; i < KEYHOLDERS; i++) {
		int status = 0;
		if (w.keyholders[i] == 0 ||
		    waitpid(w.keyholders[i], &status, WNOHANG) <= 0)
			continue;
		n += WIFEXITED(status) && WEXITSTATUS(status) == 1;
		w.keyholders[i] = 0;
	}
	return n;
}

static void
a_lost_token_ends_keyholders_and_new_ones_serve(void)
{
	char there[256], away[256];
	snprintf(there, sizeof(there), "%s", world_path(&w, "tokens"));
	snprintf(away, sizeof(away), "%s", world_path(&w, "tokens-away"));
	CHECK(rename(there, away) == 0);
	/* However slow the machine is: until all have ended, or never. */
	int ended = 0;
	int told = 0;
	for (int i = 0; i < 600 && ended < KEYHOLDERS; i++) {
		struct err *e = sign_with(
		    &w, an.credential, an.cert, BYTES_NONE, PIN, 1, 1);
		CHECK(e != NULL && err_kind(e) == ERR_REMOTE);
		told +=
		    e != NULL && strcmp(err_code(e), "token-unavailable") == 0;
		err_free(e);
		pause_ms(100);
		ended += replaced();
	}
	CHECK(told > 0);
	CHECK(ended == KEYHOLDERS);
	CHECK(rename(away, there) == 0);
	for (int i = 0; i < KEYHOLDERS; i++)
		if (w.keyholders[i] == 0)
			w.keyholders[i] = start_keyholder(&w);
	/* The PIN was never judged, so no try was spent. */
	struct err *e =
	    sign_with(&w, an.credential, an.cert, BYTES_NONE, "saisai", 1, 1);
	CHECK(e != NULL && strcmp(err_text(e), "4 tries are left") == 0);
	err_free(e);
	CHECK_OK(sign_with(&w, an.credential, an.cert, BYTES_NONE, PIN, 1, 1));
}

static void
all_processes_end_when_asked(void)
{
	CHECK(world_done(&w));
}

int
main(void)
{
	const char *why = softhsm_missing();
	if (why != NULL) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	struct err *e = world_make(&w);
	if (e != NULL) {
		printf("Bail out! %s (%s)\n", err_text(e), err_code(e));
		return 1;
	}
	RUN(an_officer_enrols_and_the_citizen_activates);
	if (an.cert == NULL) {
		world_done(&w);
		return DONE();
	}
	RUN(signs_by_pin_and_the_value_verifies);
	RUN(signs_by_sad_once);
	RUN(a_sad_without_digests_is_bound_to_its_count);
	RUN(a_thousand_digests_in_one_approval_keep_their_order);
	RUN(of_six_uses_of_a_sad_at_once_one_succeeds);
	RUN(refuses_one_digest_more_and_another_digest);
	RUN(refuses_a_sad_for_another_credential);
	RUN(refuses_a_sad_with_any_bit_changed);
	RUN(refuses_an_enrolment_without_approval);
	RUN(refuses_a_record_changed_after_approval);
	RUN(refuses_an_officer_who_is_not_registered);
	RUN(refuses_one_officers_approval_of_anothers_record);
	RUN(refuses_approvals_from_another_time);
	RUN(refuses_what_no_certificate_could_say);
	RUN(refuses_an_approval_a_second_time);
	RUN(a_link_works_once_and_for_its_token_alone);
	RUN(refuses_a_link_that_has_expired);
	RUN(a_wrong_pin_says_how_many_tries_are_left);
	RUN(sixteen_wrong_pins_at_once_buy_five_tries);
	RUN(a_sealed_pin_signs_what_it_was_sealed_with_once);
	RUN(a_sealed_pin_of_another_time_or_credential_is_no_try);
	RUN(a_replayed_pin_does_not_start_the_count_anew);
	RUN(a_new_pin_key_is_used_without_a_restart);
	RUN(refuses_to_write_on_the_reading_socket);
	RUN(refuses_another_user_on_the_writing_socket);
	RUN(the_reading_socket_tells_no_sealed_key);
	RUN(a_tampered_blob_never_signs);
	RUN(a_blob_of_one_credential_opens_under_no_other);
	RUN(a_blob_under_another_version_does_not_open);
	RUN(a_revoked_certificate_is_in_the_crl_and_signs_no_more);
	RUN(an_officer_unlocks_with_one_approval_once);
	RUN(refuses_to_revoke_without_approval_or_for_no_reason);
	RUN(a_sad_made_before_revocation_is_worth_nothing_after);
	RUN(nothing_stays_in_the_token_after_signing);
	RUN(a_thousand_digests_are_signed_in_order_with_one_pin);
	RUN(a_stolen_ledger_with_the_token_and_its_pin_signs_nothing);
	RUN(keys_rotate_while_citizens_sign);
	RUN(a_rotation_that_was_interrupted_goes_on);
	RUN(an_old_copy_is_closed_when_its_cover_key_is_destroyed);
	RUN(the_ceremony_is_not_held_twice);
	RUN(killed_processes_lose_nothing_that_was_recorded);
	RUN(nothing_stays_in_the_token_of_a_keyholder_killed_while_signing);
	RUN(a_lost_token_ends_keyholders_and_new_ones_serve);
	RUN(the_audit_chain_is_whole);
	citizen_done(&an);
	RUN(all_processes_end_when_asked);
	return DONE();
}

#include "store/ledger.h"
#include "tests/store/place.h"

#include "store/db.h"

#include <openssl/evp.h>

static struct ledger *l;

static struct err *
sha256(struct bytes what, uint8_t out[LEDGER_HASH])
{
	unsigned n = 0;
	if (EVP_Digest(what.ptr, what.len, out, &n, EVP_sha256(), NULL) != 1)
		return err_new(ERR_INTERNAL, NULL, "EVP_Digest");
	return NULL;
}

static const struct ledger_ground ground = { .clock = &test_clock,
	.sha256 = sha256 };

#define OFFICER                                                                \
	"1111111111111111111111111111111111111111111111111111111111111111"
#define HASH "2222222222222222222222222222222222222222222222222222222222222222"

/* One call in a transaction of its own. */
#define ALONE(call)                                                            \
	__extension__({                                                        \
		struct err *alone_ = ledger_begin(l);                          \
		if (alone_ == NULL)                                            \
			alone_ = (call);                                       \
		if (alone_ == NULL)                                            \
			alone_ = ledger_commit(l);                             \
		else                                                           \
			ledger_rollback(l);                                    \
		alone_;                                                        \
	})

static struct bytes
token_hash(int n, uint8_t out[LEDGER_HASH])
{
	memset(out, n, LEDGER_HASH);
	return bytes_of(out, LEDGER_HASH);
}

static struct err *
enrol(int n, const char *nonce, int64_t expires)
{
	uint8_t hash[LEDGER_HASH];
	char id[16];
	snprintf(id, sizeof(id), "enrol%d", n);
	struct enrolment_record r = { .name = (char *)(uintptr_t) "An",
		.subject_id = (char *)(uintptr_t) "CCCD:001099012345",
		.province = (char *)(uintptr_t) "Hà Nội",
		.locality = (char *)(uintptr_t) "",
		.profile = (char *)(uintptr_t) "citizen",
		.evidence = (char *)(uintptr_t) "chip-card",
		.evidence_sha256 = (char *)(uintptr_t)HASH,
		.consent = (char *)(uintptr_t) "2026-09-21T00:00:00Z",
		.desk = (char *)(uintptr_t) "Quầy \"3\"",
		.officer = (char *)(uintptr_t)OFFICER,
		.time = (char *)(uintptr_t) "2026-09-21T00:00:00Z",
		.nonce = (char *)(uintptr_t)nonce };
	const struct approval a = { .value = BYTES_LIT("value"),
		.alg = BYTES_LIT("alg"),
		.record = bytes_str(nonce) };
	return ledger_enrol(l, id, &r, &a, token_hash(n, hash), expires);
}

static int64_t generation = 1; /* that activate() wrapped under */

/* `chain`: of the external CA that made the certificate; empty: our own. */
static struct err *
activate_under(
    int n, const char *id, struct bytes certificate, struct bytes chain)
{
	uint8_t hash[LEDGER_HASH];
	char enrolment[16], serial[16];
	snprintf(enrolment, sizeof(enrolment), "enrol%d", n);
	snprintf(serial, sizeof(serial), "%02x", n);
	const struct ledger_new_credential c = { .enrolment = enrolment,
		.token_hash = token_hash(n, hash),
		.id = id,
		.serial = serial,
		.certificate = certificate,
		.not_after = test_time + 1000000,
		.sealed = BYTES_LIT("sealed"),
		.version = 1,
		.generation = generation,
		.issuer_chain = chain };
	return ledger_activate(l, &c);
}

static struct err *
activate(int n, const char *id)
{
	return activate_under(n, id, BYTES_LIT("certificate"), BYTES_NONE);
}

static void
set_up_happens_once(void)
{
	CLEANUP(ledger_setup_done)
	struct ledger_setup s = { .kek_id = BUF(16),
		.pepper_id = BUF(16),
		.ca_key_id = BUF(16),
		.chain = { BUF(16), BUF(16) },
		.nchain = 2 };
	CLEANUP(ledger_setup_done) struct ledger_setup got = { 0 };
	CHECK_OK(buf_str(&s.kek_id, "kek"));
	CHECK_OK(buf_str(&s.chain[0], "issuer"));
	CHECK_OK(buf_str(&s.chain[1], "root"));
	CHECK_CODE(ledger_setup_get(l, &got), "not-set-up");
	CHECK_OK(ALONE(ledger_setup_put(l, &s)));
	CHECK_CODE(ALONE(ledger_setup_put(l, &s)), "set-up-already");
	CHECK_OK(ledger_setup_get(l, &got));
	CHECK(got.nchain == 2 &&
	      bytes_eq_str(buf_bytes(&got.chain[0]), "issuer") &&
	      bytes_eq_str(buf_bytes(&got.kek_id), "kek"));
}

static void
only_registered_officers_enrol(void)
{
	CHECK_CODE(ALONE(enrol(1, "n1", test_time + 100)), "officer-unknown");
	CHECK_OK(ALONE(ledger_officer_add(l, OFFICER, BYTES_LIT("c"), "A")));
	CHECK_ERR(ALONE(ledger_officer_add(l, OFFICER, BYTES_LIT("c"), "A")),
	    ERR_USAGE);
	CHECK_OK(ALONE(enrol(1, "n1", test_time + 100)));
	CHECK_CODE(ALONE(enrol(2, "n1", test_time + 100)), "approval-replayed");
}

static void
a_link_works_once_and_until_it_expires(void)
{
	CHECK_OK(ALONE(enrol(3, "n3", test_time + 100)));
	CHECK_OK(ALONE(activate(1, "c1")));
	CHECK_CODE(ALONE(activate(1, "c2")), "activation-used");
	CHECK_CODE(ALONE(activate(9, "c2")), "activation-unknown");
	test_time += 101;
	CHECK_CODE(ALONE(activate(3, "c3")), "activation-expired");
	CLEANUP(ledger_enrolment_done) struct ledger_enrolment e = { 0 };
	CHECK_OK(ledger_enrolment_by_id(l, "enrol1", &e));
	CHECK(
	    e.status == ENROLMENT_ACTIVATED && strcmp(e.credential, "c1") == 0);
}

static struct err *
try_pin(const char *id)
{
	CLEANUP(ledger_credential_done) struct ledger_credential c = { 0 };
	return ALONE(ledger_pin_try(l, id, &c));
}

static int64_t
end_pin(const char *id, enum pin_outcome outcome)
{
	int64_t left = -1;
	CHECK_OK(ALONE(ledger_pin_end(l, id, outcome, &left)));
	return left;
}

static void
a_pin_is_counted_before_it_is_tried(void)
{
	/* Five at once are all there are. */
	for (int i = 0; i < LEDGER_PIN_TRIES; i++)
		CHECK_OK(try_pin("c1"));
	CHECK_CODE(try_pin("c1"), "pin-busy");
	CHECK(end_pin("c1", PIN_WRONG) == 0);
	CHECK(end_pin("c1", PIN_UNTRIED) == 1);
	/* A right one forgives the wrong, not those still running. */
	CHECK(end_pin("c1", PIN_RIGHT) == 3);
	CHECK(end_pin("c1", PIN_WRONG) == 3);
	CHECK(end_pin("c1", PIN_RIGHT) == 5);
}

static void
five_wrong_pins_lock(void)
{
	for (int i = 4; i >= 0; i--) {
		CHECK_OK(try_pin("c1"));
		CHECK(end_pin("c1", PIN_WRONG) == i);
	}
	CHECK_CODE(try_pin("c1"), "pin-locked");
	CLEANUP(ledger_credential_done) struct ledger_credential c = { 0 };
	CHECK_OK(ledger_credential_get(l, "c1", &c));
	CHECK(c.tries_left == 0);
}

static void
a_try_that_nobody_ended_counts_as_wrong(void)
{
	CHECK_OK(ALONE(enrol(4, "n4", test_time + 100)));
	CHECK_OK(ALONE(activate(4, "c4")));
	for (int i = 0; i < LEDGER_PIN_TRIES; i++)
		CHECK_OK(try_pin("c4"));
	test_time += LEDGER_PIN_LAPSE + 1;
	CHECK_CODE(try_pin("c4"), "pin-locked");
}

static struct err *
sign(const char *id, int sad, int64_t expires)
{
	uint8_t sad_id[16];
	memset(sad_id, sad, sizeof(sad_id));
	const struct bytes digest = BYTES_LIT("digest");
	const struct ledger_signature s = { .credential = id,
		.version = 1,
		.sad_id = bytes_of(sad_id, sizeof(sad_id)),
		.sad_expires = expires,
		.alg = "1.2.840.10045.4.3.2",
		.digests = &digest,
		.ndigests = 1 };
	CLEANUP(buf_done) struct buf earlier = BUF(64);
	struct err *e = ALONE(ledger_signed(l, &s, &earlier));
	CHECK(earlier.len == 0);
	return e;
}

/* Asks with a key of the request; appends what is told of an earlier time. */
static struct err *
sign_again(
    struct bytes digest, char repeat, struct bytes values, struct buf *earlier)
{
	uint8_t sad_id[16];
	uint8_t key[LEDGER_REPEAT];
	memset(sad_id, 77, sizeof(sad_id));
	memset(key, repeat, sizeof(key));
	const struct ledger_signature s = { .credential = "c1",
		.version = 1,
		.sad_id = bytes_of(sad_id, sizeof(sad_id)),
		.sad_expires = test_time + 60,
		.alg = "1.2.840.10045.4.3.2",
		.digests = &digest,
		.ndigests = 1,
		.repeat = bytes_of(key, sizeof(key)),
		.values = values };
	return ALONE(ledger_signed(l, &s, earlier));
}

static void
the_same_request_is_answered_as_before_and_recorded_once(void)
{
	CLEANUP(buf_done) struct buf earlier = BUF(64);
	int64_t before = 0, after = 0;
	struct bytes d = BYTES_LIT("digest");
	CHECK_OK(sign_again(d, 'r', BYTES_LIT("first"), &earlier));
	CHECK(earlier.len == 0);
	CHECK_OK(ledger_audit_count(l, &before));
	CHECK_OK(sign_again(d, 'r', BYTES_LIT("second"), &earlier));
	CHECK(bytes_eq_str(buf_bytes(&earlier), "first"));
	buf_clear(&earlier);
	/* Another request, or of something else, has no claim to it. */
	CHECK_CODE(
	    sign_again(d, 's', BYTES_LIT("third"), &earlier), "sad-used");
	CHECK_CODE(sign_again(BYTES_LIT("another"), 'r', BYTES_LIT("fourth"),
		       &earlier),
	    "sad-used");
	CHECK(earlier.len == 0);
	CHECK_OK(ledger_audit_count(l, &after));
	CHECK(after == before);
}

static void
a_sad_is_used_once_and_never_after_it_expired(void)
{
	CHECK_OK(sign("c1", 1, test_time + 60));
	CHECK_CODE(sign("c1", 1, test_time + 60), "sad-used");
	CHECK_CODE(sign("c1", 2, test_time - 1), "sad-expired");
	CHECK_CODE(sign("nobody", 3, test_time + 60), "credential-unknown");
	/* Tidying forgets only what has expired. */
	CHECK_OK(ALONE(ledger_tidy(l)));
	CHECK_CODE(sign("c1", 1, test_time + 60), "sad-used");
	int64_t expiry = test_time + 60;
	test_time += 61;
	CHECK_OK(ALONE(ledger_tidy(l)));
	CHECK_CODE(sign("c1", 1, expiry), "sad-used");
	CHECK_CODE(sign("c1", 4, expiry), "sad-expired");
	/* A clock that is set back does not revive it. */
	test_time -= 61;
	CHECK_CODE(sign("c1", 1, expiry), "sad-used");
	/* It is not kept for ever; but it is not taken again either, however
	 * far the clock is set back, nor is what expired before it. */
	test_time += 61 + LEDGER_SAD_KEEP;
	CHECK_OK(ALONE(ledger_tidy(l)));
	CHECK_CODE(sign("c1", 1, expiry), "sad-expired");
	test_time -= 61 + LEDGER_SAD_KEEP;
	CHECK_CODE(sign("c1", 1, expiry), "clock-behind");
	CHECK_CODE(sign("c1", 5, expiry - 1), "clock-behind");
	CHECK_OK(sign("c1", 6, expiry + 1));
	test_time += 61;
}

static void
a_step_that_fails_leaves_nothing_of_itself(void)
{
	int64_t before = 0, after = 0;
	CHECK_OK(ledger_audit_count(l, &before));
	CHECK_OK(ledger_begin(l));
	/* The first is refused after it wrote its nonce (an enrolment of that
	 * id is there); the second uses the same nonce and is good. */
	CHECK_ERR(enrol(4, "n5", test_time + 100), ERR_USAGE);
	CHECK_OK(enrol(5, "n5", test_time + 100));
	CHECK_OK(ledger_commit(l));
	CHECK_OK(ledger_audit_count(l, &after));
	CHECK(after == before + 1);
}

static void
what_was_not_committed_did_not_happen(void)
{
	CHECK_OK(ledger_begin(l));
	CHECK_OK(enrol(6, "n6", test_time + 100));
	ledger_free(l);
	l = NULL;
	CHECK_OK(ledger_open(place_file("a.db"), LEDGER_WRITE, &ground, &l));
	CLEANUP(ledger_enrolment_done) struct ledger_enrolment e = { 0 };
	CHECK_CODE(
	    ledger_enrolment_by_id(l, "enrol6", &e), "enrolment-unknown");
	/* And without a transaction nothing happens at all. */
	CHECK_CODE(enrol(6, "n6", test_time + 100), "store-failed");
}

static struct err *
end_one(const char *id, const char *serial, int reason, const char *nonce,
    int64_t *at)
{
	struct revocation_record r = { .credential = (char *)(uintptr_t)id,
		.serial = (char *)(uintptr_t)serial,
		.reason = (char *)(uintptr_t) "superseded",
		.officer = (char *)(uintptr_t)OFFICER,
		.time = (char *)(uintptr_t) "2026-09-21T00:00:00Z",
		.nonce = (char *)(uintptr_t)nonce };
	const struct approval a = { .value = BYTES_LIT("value"),
		.record = bytes_str(nonce) };
	return ALONE(ledger_revoke(l, &r, &a, reason, at));
}

static struct err *
end_c4(const char *nonce, int64_t *at)
{
	return end_one("c4", "04", 4, nonce, at);
}

/* Who keeps guesses on the way while the desk unlocks gets none for nothing. */
static void
an_unlocking_forgives_no_try_that_is_running(void)
{
	int64_t at = 0;
	CHECK_OK(ALONE(enrol(8, "n8", test_time + 100)));
	CHECK_OK(ALONE(activate(8, "c8")));
	CHECK_OK(try_pin("c8"));
	CHECK(end_pin("c8", PIN_WRONG) == 4);
	for (int i = 0; i < 4; i++)
		CHECK_OK(try_pin("c8"));
	CHECK_OK(end_one("c8", "08", LEDGER_UNLOCK, "u8", &at));
	/* One of them was forgiven, four are still being tried. */
	CHECK_OK(try_pin("c8"));
	CHECK_CODE(try_pin("c8"), "pin-busy");
	for (int i = 0; i < 5; i++)
		CHECK(end_pin("c8", PIN_WRONG) == 0);
	CHECK_CODE(try_pin("c8"), "pin-locked");
	CHECK_OK(end_one("c8", "08", LEDGER_UNLOCK, "u9", &at));
	/* Tries whose keyholder died long ago are wrong ones, and forgiven. */
	for (int i = 0; i < 5; i++)
		CHECK_OK(try_pin("c8"));
	test_time += LEDGER_PIN_LAPSE + 1;
	CHECK_OK(end_one("c8", "08", LEDGER_UNLOCK, "u10", &at));
	CHECK_OK(try_pin("c8"));
	CHECK(end_pin("c8", PIN_WRONG) == 4);
}

static bool
given_up(int64_t n, bool kek)
{
	bool ended = false;
	CHECK_OK(ALONE(ledger_generation_end(l, n, kek, &ended)));
	return ended;
}

static struct err *
approve(int sad, int pin, int64_t pin_expires, int64_t code_step)
{
	uint8_t sad_id[16], pin_id[16];
	memset(sad_id, sad, sizeof(sad_id));
	memset(pin_id, pin, sizeof(pin_id));
	const struct ledger_authorization a = { .credential = "c5",
		.sad_id = bytes_of(sad_id, sizeof(sad_id)),
		.expires = test_time + 60,
		.count = 1,
		.pin_once = bytes_of(pin_id, sizeof(pin_id)),
		.pin_expires = pin_expires,
		.code_step = code_step };
	CHECK_OK(try_pin("c5"));
	struct err *e = ALONE(ledger_authorized(l, &a));
	if (e != NULL)
		CHECK(end_pin("c5", PIN_UNTRIED) > 0);
	return e;
}

#define DAY 86400

/* Somebody sets the clock back, and sends again what was sent before. */
static void
a_clock_that_goes_back_a_day_revives_nothing(void)
{
	int64_t at = 0;
	CHECK_OK(ALONE(enrol(0x71, "n71", test_time + 100)));
	CHECK_OK(ALONE(activate(0x71, "c5")));
	/* Used late in its life, and can be sent for longer than the approval
	 * that it gave. */
	int64_t until = test_time + 600;
	CHECK_OK(approve(20, 21, until, 1000));
	CHECK_CODE(approve(22, 21, until, 0), "pin-replayed");
	for (int i = 4; i >= 0; i--) {
		CHECK_OK(try_pin("c5"));
		CHECK(end_pin("c5", PIN_WRONG) == i);
	}
	for (int days = 1; days < 4; days++) {
		test_time += days * DAY + 61;
		CHECK_OK(ALONE(ledger_tidy(l)));
		test_time -= days * DAY + 61;
		/* A lock has no time in it. */
		CHECK_CODE(try_pin("c5"), "pin-locked");
	}
	CHECK_OK(end_one("c5", "71", LEDGER_UNLOCK, "u71", &at));
	CHECK_CODE(approve(22, 21, until, 0), "clock-behind");
	CHECK_CODE(approve(22, 23, until - 1, 0), "clock-behind");
	/* Codes of steps that were used: as a wrong one. */
	CHECK_CODE(approve(22, 23, until + 1, 1000), "pin-wrong");
	CHECK_CODE(approve(22, 23, until + 1, 1000 - DAY / 30), "pin-wrong");
	CHECK_OK(approve(22, 23, until + 1, 1001));
	/* A try that runs is not kept running by a clock that goes back. */
	for (int i = 0; i < LEDGER_PIN_TRIES; i++)
		CHECK_OK(try_pin("c5"));
	test_time -= DAY;
	CHECK_CODE(try_pin("c5"), "pin-locked");
	test_time += DAY;
}

/* A credential that is being made while its keys are given up: either it is
 * recorded, and they stay, or it comes too late. */
static void
nothing_is_recorded_under_keys_that_were_given_up(void)
{
	CHECK(!given_up(1, true)); /* the newest */
	CHECK_OK(ALONE(ledger_generation_put(
	    l, BYTES_LIT("kek 2"), BYTES_LIT("cover 2"))));
	CHECK_OK(ALONE(ledger_generation_put(
	    l, BYTES_LIT("kek 3"), BYTES_LIT("cover 3"))));
	CHECK(!given_up(1, true)); /* it wraps what was made above */
	CHECK_OK(ALONE(enrol(9, "n9", test_time + 100)));
	CHECK(given_up(2, true) && given_up(2, false));
	CHECK(given_up(2, true)); /* told again, for who was interrupted */
	generation = 2;
	CHECK_CODE(ALONE(activate(9, "c9")), "generation-ended");
	generation = 3;
	CHECK_OK(ALONE(activate(9, "c9")));
	/* Nor is a blob put under its cover. */
	CLEANUP(ledger_credential_done) struct ledger_credential c = { 0 };
	CHECK_OK(ALONE(ledger_cover_put(
	    l, "c8", BYTES_LIT("sealed"), BYTES_LIT("under two"), 2)));
	CHECK_OK(ledger_credential_get(l, "c8", &c));
	CHECK(c.cover == 1 && bytes_eq_str(buf_bytes(&c.sealed), "sealed"));
	CHECK_OK(ALONE(ledger_cover_put(
	    l, "c8", BYTES_LIT("sealed"), BYTES_LIT("under three"), 3)));
}

static struct err *
put_crl(int64_t number, int64_t entries)
{
	const struct ledger_crl c = { .number = number,
		.this_update = test_time,
		.next_update = test_time + 100,
		.entries = entries,
		.changes = entries, /* nobody was released */
		.der = BYTES_LIT("crl") };
	return ALONE(ledger_crl_put(l, &c));
}

static void
a_crl_that_misses_a_revocation_is_refused(void)
{
	int64_t at = 0, again = 0;
	CHECK_OK(put_crl(1, 0));
	CHECK_OK(end_c4("r1", &at));
	CHECK_OK(end_c4("r1", &again));
	CHECK(at == test_time && again == at);
	CHECK_CODE(end_c4("r2", &at), "credential-revoked");
	CHECK_CODE(put_crl(2, 0), "crl-overtaken");
	CHECK_CODE(put_crl(1, 1), "crl-overtaken");
	CHECK_OK(put_crl(2, 1));
	CHECK_CODE(sign("c4", 7, test_time + 60), "credential-revoked");
	CHECK_CODE(try_pin("c4"), "credential-revoked");
}

/* With the file in hand, past our own interface. */
static struct err *
meddle(const char *sql)
{
	static const struct db_schema any = { .count = LEDGER_MIGRATIONS };
	CLEANUP(db_freep) struct db *db = NULL;
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_open(place_file("a.db"), DB_WRITE, &any, &db));
	TRY(db_prepare(db, sql, &q));
	struct err *e = stmt_run(q, NULL);
	stmt_done(TAKE(q));
	return e;
}

static void
the_audit_chain_shows_what_was_changed(void)
{
	int64_t bad = -1;
	CHECK_OK(ledger_audit_check(l, &bad));
	CHECK(bad == 0);
	struct err *e = meddle("UPDATE audit SET hash = x'00' WHERE n = 3");
	CHECK(e != NULL); /* the trigger */
	err_free(e);
	CHECK_OK(meddle("DROP TRIGGER audit_no_update"));
	CHECK_OK(meddle("UPDATE audit SET line = CAST(replace(line, 'enrolled',"
			" 'activate') AS BLOB) WHERE n = 3"));
	CHECK_OK(ledger_audit_check(l, &bad));
	CHECK(bad == 3);
}

static struct err *
look_for_quotes(void *ctx, struct bytes line)
{
	int *lines = ctx;
	++*lines;
	return bytes_find(line, BYTES_LIT("\n")) == SIZE_MAX
		   ? NULL
		   : err_new(ERR_MALFORMED, NULL, "more than a line");
}

/* ---- an external CA ---- */

static struct err *
activate_there(int n, const char *id)
{
	return activate_under(n, id, BYTES_LIT("theirs"), BYTES_LIT("chain"));
}

/* The serial of the task that is due, or "". */
static const char *
next_task(int64_t *reason)
{
	static char serial[64];
	CLEANUP(ledger_external_task_done)
	struct ledger_external_task t = { 0 };
	CHECK_OK(ALONE(ledger_external_next(l, &t)));
	snprintf(serial, sizeof(serial), "%s", t.serial ? t.serial : "");
	*reason = t.reason;
	return serial;
}

static void
what_an_external_ca_made_is_used_or_taken_back(void)
{
	int64_t reason = 0, at = 0;
	struct ledger_crl_state before, after;
	struct ledger_status status;
	CLEANUP(ledger_credential_done) struct ledger_credential c = { 0 };
	CHECK_OK(ledger_crl_state(l, &before));
	CHECK_OK(ALONE(enrol(0x61, "n61", test_time + 1000)));
	CHECK_OK(
	    ALONE(ledger_external_got(l, "60", BYTES_LIT("lost"), "enrol97")));
	CHECK_OK(ALONE(
	    ledger_external_got(l, "61", BYTES_LIT("theirs"), "enrol97")));
	CHECK_OK(ALONE(activate_there(0x61, "c61")));
	CHECK(*next_task(&reason) == '\0');
	test_time += LEDGER_ORPHAN_SECONDS;
	CHECK(strcmp(next_task(&reason), "60") == 0 && reason == 5);
	/* Who took it may have died. */
	CHECK(*next_task(&reason) == '\0');
	test_time += 60;
	CHECK(strcmp(next_task(&reason), "60") == 0);
	CHECK_OK(ALONE(ledger_external_told(l, "60", 5)));
	test_time += 86400;
	CHECK(*next_task(&reason) == '\0');
	/* Its revocation is told there, and stands in no list of ours. */
	CHECK_OK(end_one("c61", "61", 4, "r61", &at));
	CHECK(strcmp(next_task(&reason), "61") == 0 && reason == 4);
	CHECK_OK(ALONE(ledger_external_told(l, "61", 4)));
	CHECK_OK(ledger_crl_state(l, &after));
	CHECK(after.revoked == before.revoked);
	CHECK_OK(ledger_status(l, "61", &status));
	CHECK(status.state == LEDGER_UNKNOWN);
	CHECK_OK(ledger_credential_get(l, "c61", &c));
	CHECK(c.revoked && c.issuer > 0);
	/* What is being taken back is not given to anybody any more. */
	CHECK_OK(ALONE(enrol(0x62, "n62", test_time + 100000)));
	CHECK_OK(ALONE(
	    ledger_external_got(l, "62", BYTES_LIT("theirs"), "enrol98")));
	test_time += LEDGER_ORPHAN_SECONDS;
	CHECK(strcmp(next_task(&reason), "62") == 0);
	CHECK_CODE(ALONE(activate_there(0x62, "c62")), "external-ca");
}

static void
one_at_a_time_asks_an_external_ca(void)
{
	CHECK_OK(ALONE(enrol(0x63, "n63", test_time + 100000)));
	CHECK_OK(ALONE(ledger_external_ask(l, "enrol99", "a", 60)));
	CHECK_CODE(ALONE(ledger_external_ask(l, "enrol99", "b", 60)),
	    "activation-busy");
	CHECK_OK(ALONE(ledger_external_ask(l, "enrol99", "a", 60)));
	/* Nobody ends another's. */
	CHECK_OK(ALONE(ledger_external_end(l, "enrol99", "b")));
	CHECK_CODE(ALONE(ledger_external_ask(l, "enrol99", "b", 60)),
	    "activation-busy");
	CHECK_OK(ALONE(ledger_external_end(l, "enrol99", "a")));
	CHECK_OK(ALONE(ledger_external_ask(l, "enrol99", "b", 60)));
	test_time += 60; /* who asked may have died */
	CHECK_OK(ALONE(ledger_external_ask(l, "enrol99", "c", 60)));
	/* What waits is kept for who asks next, and by nobody else. */
	struct ledger_enrolment e = { 0 };
	uint8_t large[LEDGER_WAITING_MAX + 1] = { 0 };
	CHECK_OK(
	    ALONE(ledger_external_wait(l, "enrol99", "c", BYTES_LIT("waits"))));
	CHECK_OK(
	    ALONE(ledger_external_wait(l, "enrol99", "b", BYTES_LIT("mine"))));
	CHECK_ERR(ALONE(ledger_external_wait(
		      l, "enrol99", "c", bytes_of(large, sizeof(large)))),
	    ERR_LIMIT);
	CHECK_OK(ledger_enrolment_by_id(l, "enrol99", &e));
	CHECK(bytes_eq_str(buf_bytes(&e.waiting), "waits"));
	ledger_enrolment_done(&e);
}

static struct err *
count_one(void *ctx, const char *serial, int64_t revoked_at, int reason)
{
	(void)serial;
	*(int64_t *)ctx += revoked_at + reason;
	return NULL;
}

static void
what_the_root_revoked_stays_as_it_was(void)
{
	int64_t sum = 0, number = 0;
	CHECK_OK(ALONE(ledger_root_revoked_put(l, "0a", 1000, 4)));
	CHECK_OK(ALONE(ledger_root_revoked_put(l, "0a", 2000, 5)));
	bool there = false;
	CHECK_OK(ledger_root_has_revoked(l, "0a", &there));
	CHECK(there);
	CHECK_OK(ledger_root_has_revoked(l, "0b", &there));
	CHECK(!there);
	CHECK_OK(ledger_root_revoked_each(l, count_one, &sum));
	CHECK(sum == 1004);
	CHECK_OK(ALONE(ledger_root_crl_put(l, 7, 1, BYTES_LIT("list"))));
	CHECK_CODE(ALONE(ledger_root_crl_put(l, 7, 1, BYTES_LIT("list"))),
	    "crl-overtaken");
	CHECK_OK(ledger_root_crl_number(l, &number));
	CLEANUP(buf_done) struct buf der = BUF(100);
	CHECK_OK(ALONE(ledger_root_crl_put(l, 8, 1, BYTES_LIT("newer"))));
	CHECK_OK(ledger_root_crl_get(l, &der, &number));
	CHECK(number == 8 && bytes_eq_str(buf_bytes(&der), "newer"));
	number = 7;
	CHECK(number == 7);
}

/* Circular 15/2025/TT-BKHCN, article 5, 1. */
static void
an_expired_certificate_signs_nothing(void)
{
	CHECK_OK(ALONE(enrol(90, "n90", test_time + 100)));
	CHECK_OK(ALONE(activate(90, "c90")));
	test_time += 1000000; /* its last second */
	CHECK_OK(try_pin("c90"));
	CHECK(end_pin("c90", PIN_RIGHT) == LEDGER_PIN_TRIES);
	CHECK_OK(sign("c90", 90, test_time + 60));
	test_time++;
	CHECK_CODE(try_pin("c90"), "credential-expired");
	CHECK_CODE(sign("c90", 91, test_time + 60), "credential-expired");
}

static void
a_reader_reads_and_cannot_write(void)
{
	CLEANUP(ledger_freep) struct ledger *reader = NULL;
	CHECK_OK(
	    ledger_open(place_file("a.db"), LEDGER_READ, &ground, &reader));
	int lines = 0;
	CHECK_OK(ledger_audit_each(reader, 2, 3, look_for_quotes, &lines));
	CHECK(lines == 3);
	struct ledger *writer = l;
	l = reader;
	struct err *e = ALONE(enrol(7, "n7", test_time + 100));
	l = writer;
	CHECK(e != NULL);
	err_free(e);
}

int
main(void)
{
	if (!place_make())
		return 99;
	CHECK_OK(ledger_open(place_file("a.db"), LEDGER_WRITE, &ground, &l));
	RUN(set_up_happens_once);
	RUN(only_registered_officers_enrol);
	RUN(a_link_works_once_and_until_it_expires);
	RUN(a_pin_is_counted_before_it_is_tried);
	RUN(five_wrong_pins_lock);
	RUN(a_try_that_nobody_ended_counts_as_wrong);
	RUN(a_sad_is_used_once_and_never_after_it_expired);
	RUN(the_same_request_is_answered_as_before_and_recorded_once);
	RUN(a_step_that_fails_leaves_nothing_of_itself);
	RUN(what_was_not_committed_did_not_happen);
	RUN(a_crl_that_misses_a_revocation_is_refused);
	RUN(an_unlocking_forgives_no_try_that_is_running);
	RUN(a_clock_that_goes_back_a_day_revives_nothing);
	RUN(nothing_is_recorded_under_keys_that_were_given_up);
	RUN(what_an_external_ca_made_is_used_or_taken_back);
	RUN(one_at_a_time_asks_an_external_ca);
	RUN(what_the_root_revoked_stays_as_it_was);
	RUN(an_expired_certificate_signs_nothing);
	RUN(a_reader_reads_and_cannot_write);
	RUN(the_audit_chain_shows_what_was_changed);
	ledger_free(l);
	place_done();
	return DONE();
}

/* Credentials: activation, the count of PINs, approvals and signatures. */
#include "store/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/pack.h"
#include "store/audit.h"
#include "store/db.h"

void
ledger_credential_done(struct ledger_credential *c)
{
	free(c->id);
	free(c->serial);
	buf_done(&c->certificate);
	buf_done(&c->sealed);
	*c = (struct ledger_credential){ 0 };
}

/* ---- activation ---- */

static struct err *
check_open(struct ledger *l, const struct ledger_new_credential *c)
{
	CLEANUP(ledger_enrolment_done) struct ledger_enrolment e = { 0 };
	TRY(ledger_enrolment_by_token(l, c->token_hash, &e));
	if (strcmp(e.id, c->enrolment) != 0)
		return err_new(
		    ERR_INTERNAL, NULL, "token of another enrolment");
	switch (e.status) {
	case ENROLMENT_OPEN:
		return NULL;
	case ENROLMENT_ACTIVATED:
		return err_coded(
		    err_new(ERR_DENIED, NULL, "the link was used before"),
		    "activation-used");
	case ENROLMENT_EXPIRED:
		break;
	}
	return err_coded(err_new(ERR_DENIED, NULL, "the link has expired"),
	    "activation-expired");
}

static struct err *
insert_credential(struct ledger *l, const struct ledger_new_credential *c)
{
	int64_t issuer = 0;
	TRY(ledger_external_issuer(l, c->issuer_chain, &issuer));
	if (issuer != 0)
		TRY(ledger_external_used(l, c->serial));
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "INSERT INTO credential (id, enrolment, serial, certificate,"
	    " not_after, created, sealed, version, kek, cover,"
	    " second_factor, issuer)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10, ?11)",
	    &q));
	stmt_text(q, 1, c->id);
	stmt_text(q, 2, c->enrolment);
	stmt_text(q, 3, c->serial);
	stmt_blob(q, 4, c->certificate);
	stmt_int(q, 5, c->not_after);
	stmt_int(q, 6, clock_now(l->ground->clock));
	stmt_blob(q, 7, c->sealed);
	stmt_int(q, 8, c->version);
	stmt_int(q, 9, c->generation);
	stmt_int(q, 10, c->second_factor);
	stmt_int(q, 11, issuer);
	return stmt_run(q, NULL);
}

/* Its keys may have been given up between wrapping and now. */
static struct err *
check_generation(struct ledger *l, int64_t n)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "SELECT 1 FROM generation WHERE n = ?1"
	    " AND kek_ended IS NULL AND cover_ended IS NULL",
	    &q));
	stmt_int(q, 1, n);
	bool row;
	TRY(stmt_step(q, &row));
	return row ? NULL
		   : err_coded(err_new(ERR_REMOTE, NULL,
				   "these keys are used no more"),
			 "generation-ended");
}

static struct err *
close_enrolment(struct ledger *l, const struct ledger_new_credential *c)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "UPDATE enrolment SET credential = ?2, waiting = x''"
	    " WHERE id = ?1",
	    &q));
	stmt_text(q, 1, c->enrolment);
	stmt_text(q, 2, c->id);
	return stmt_run(q, NULL);
}

static struct err *
activate_step(struct ledger *l, const struct ledger_new_credential *c)
{
	TRY(check_open(l, c));
	TRY(check_generation(l, c->generation));
	TRY(insert_credential(l, c));
	TRY(close_enrolment(l, c));
	uint8_t hash[LEDGER_HASH];
	TRY(l->ground->sha256(c->certificate, hash));
	CLEANUP(audit_done) struct audit a = { 0 };
	TRY(audit_open(l, "activated", &a));
	TRY(audit_str(&a, "credential", c->id));
	TRY(audit_str(&a, "enrolment", c->enrolment));
	TRY(audit_str(&a, "serial", c->serial));
	TRY(audit_hex(&a, "certificate", bytes_of(hash, sizeof(hash))));
	return audit_close(l, &a);
}

struct err *
ledger_activate(struct ledger *l, const struct ledger_new_credential *c)
{
	LEDGER_STEP(l, activate_step(l, c));
}

/* ---- reading ---- */

static struct err *
read_credential(struct stmt *q, struct ledger_credential *c)
{
	c->certificate = BUF(LEDGER_AUDIT_LINE_MAX);
	c->sealed = BUF(LEDGER_SEALED_MAX);
	TRY(stmt_col_str(q, 0, &c->id));
	TRY(stmt_col_str(q, 1, &c->serial));
	TRY(buf_append(&c->certificate, stmt_col_bytes(q, 2)));
	TRY(buf_append(&c->sealed, stmt_col_bytes(q, 3)));
	c->version = stmt_col_int(q, 4);
	c->created = stmt_col_int(q, 5);
	c->revoked = !stmt_col_is_null(q, 6);
	c->revoked_at = stmt_col_int(q, 6);
	c->reason = stmt_col_int(q, 9);
	c->cover = stmt_col_int(q, 10);
	c->second_factor = stmt_col_int(q, 11) != 0;
	c->code_step = stmt_col_int(q, 12);
	c->issuer = stmt_col_int(q, 13);
	c->locked = stmt_col_int(q, 7) >= LEDGER_PIN_TRIES;
	int64_t used = stmt_col_int(q, 7) + stmt_col_int(q, 8);
	c->tries_left = used >= LEDGER_PIN_TRIES ? 0 : LEDGER_PIN_TRIES - used;
	return NULL;
}

struct err *
ledger_credential_get(
    struct ledger *l, const char *id, struct ledger_credential *out)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "SELECT id, serial, certificate, sealed, version, created,"
	    " revoked_at, pin_failed, pin_running, reason, cover,"
	    " second_factor, code_step, issuer FROM credential"
	    " WHERE id = ?1",
	    &q));
	stmt_text(q, 1, id);
	bool row;
	TRY(stmt_step(q, &row));
	if (!row)
		return err_coded(
		    err_new(ERR_MISSING, NULL, "no such credential"),
		    "credential-unknown");
	CLEANUP(ledger_credential_done) struct ledger_credential c = { 0 };
	TRY(read_credential(q, &c));
	*out = c;
	c = (struct ledger_credential){ 0 };
	return NULL;
}

/* ---- PINs ---- */

struct pin_count {
	int64_t failed;    /* tries that were wrong */
	int64_t running;   /* tries taken, not ended */
	int64_t since;     /* seconds: when the last of them was taken */
	int64_t not_after; /* of the certificate, seconds */
	bool revoked;
	int64_t reason; /* then */
};

static struct err *
pin_read(struct ledger *l, const char *id, struct pin_count *out)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "SELECT pin_failed, pin_running, pin_since, revoked_at,"
	    " not_after, reason FROM credential WHERE id = ?1",
	    &q));
	stmt_text(q, 1, id);
	bool row;
	TRY(stmt_step(q, &row));
	if (!row)
		return err_coded(
		    err_new(ERR_MISSING, NULL, "no such credential"),
		    "credential-unknown");
	*out = (struct pin_count){ .failed = stmt_col_int(q, 0),
		.running = stmt_col_int(q, 1),
		.since = stmt_col_int(q, 2),
		.revoked = !stmt_col_is_null(q, 3),
		.not_after = stmt_col_int(q, 4),
		.reason = stmt_col_int(q, 5) };
	return NULL;
}

static struct err *
pin_store(struct ledger *l, const char *id, const struct pin_count *p)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "UPDATE credential SET pin_failed = ?2, pin_running = ?3,"
	    " pin_since = ?4 WHERE id = ?1",
	    &q));
	stmt_text(q, 1, id);
	stmt_int(q, 2, p->failed);
	stmt_int(q, 3, p->running);
	stmt_int(q, 4, p->since);
	return stmt_run(q, NULL);
}

static struct err *
err_ended(int64_t reason)
{
	if (reason == LEDGER_HOLD)
		return err_coded(
		    err_new(ERR_DENIED, NULL, "the certificate is suspended"),
		    "credential-suspended");
	return err_coded(
	    err_new(ERR_DENIED, NULL, "the certificate is revoked"),
	    "credential-revoked");
}

static struct err *
err_expired(void)
{
	return err_coded(
	    err_new(ERR_DENIED, NULL, "the certificate has expired"),
	    "credential-expired");
}

/* A keyholder that died in the middle must not give a try for nothing; and a
 * clock set back must not keep a try running for ever. */
static void
pin_lapse(struct pin_count *p, int64_t now)
{
	bool old = now - p->since > LEDGER_PIN_LAPSE || now < p->since;
	if (p->running == 0 || !old)
		return;
	p->failed += p->running;
	p->running = 0;
}

static struct err *
pin_take(struct ledger *l, const char *id)
{
	struct pin_count p;
	TRY(pin_read(l, id, &p));
	if (p.revoked)
		return err_ended(p.reason);
	int64_t now = clock_now(l->ground->clock);
	if (now > p.not_after)
		return err_expired();
	pin_lapse(&p, now);
	if (p.failed >= LEDGER_PIN_TRIES)
		return err_coded(
		    err_new(ERR_DENIED, NULL, "%d wrong PINs, 0 tries are left",
			LEDGER_PIN_TRIES),
		    "pin-locked");
	if (p.failed + p.running >= LEDGER_PIN_TRIES)
		return err_coded(err_new(ERR_LIMIT, NULL,
				     "all tries that are left are being used"),
		    "pin-busy");
	p.running++;
	p.since = now;
	return pin_store(l, id, &p);
}

struct err *
ledger_pin_try(struct ledger *l, const char *id, struct ledger_credential *out)
{
	TRY(db_step_begin(l->db));
	TRY(db_step_end(l->db, pin_take(l, id)));
	return ledger_credential_get(l, id, out);
}

struct err *
ledger_pin_forgive(struct ledger *l, const char *credential)
{
	struct pin_count p;
	TRY(pin_read(l, credential, &p));
	pin_lapse(&p, clock_now(l->ground->clock));
	p.failed = 0;
	return pin_store(l, credential, &p);
}

static struct err *
audit_wrong(struct ledger *l, const char *id, int64_t left)
{
	CLEANUP(audit_done) struct audit a = { 0 };
	TRY(audit_open(l, left == 0 ? "pin-locked" : "pin-wrong", &a));
	TRY(audit_str(&a, "credential", id));
	TRY(audit_int(&a, "triesLeft", left));
	return audit_close(l, &a);
}

static struct err *
pin_end_step(struct ledger *l, const char *id, enum pin_outcome outcome,
    int64_t *tries_left)
{
	struct pin_count p;
	TRY(pin_read(l, id, &p));
	/* A try that lapsed was counted as wrong by then. */
	bool lapsed = p.running == 0;
	if (!lapsed)
		p.running--;
	if (outcome == PIN_RIGHT)
		p.failed = 0;
	else if (outcome == PIN_WRONG && !lapsed)
		p.failed++;
	TRY(pin_store(l, id, &p));
	int64_t used = p.failed + p.running;
	int64_t left = used >= LEDGER_PIN_TRIES ? 0 : LEDGER_PIN_TRIES - used;
	if (outcome == PIN_WRONG)
		TRY(audit_wrong(l, id, left));
	if (tries_left != NULL)
		*tries_left = left;
	return NULL;
}

struct err *
ledger_pin_end(struct ledger *l, const char *id, enum pin_outcome outcome,
    int64_t *tries_left)
{
	LEDGER_STEP(l, pin_end_step(l, id, outcome, tries_left));
}

/* ---- approvals and signatures ---- */

/* Of what is not known any more whether it was used.  In force it can only be
 * when the clock was set back. */
static struct err *
check_known(struct ledger *l, int64_t expires)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db, "SELECT expires FROM sad_forgotten", &q));
	bool row;
	TRY(stmt_step(q, &row));
	if (row && expires > stmt_col_int(q, 0))
		return NULL;
	if (expires < clock_now(l->ground->clock))
		return err_coded(
		    err_new(ERR_DENIED, NULL, "the approval has expired"),
		    "sad-expired");
	return err_coded(
	    err_new(ERR_REMOTE, NULL, "it may have been used before"),
	    "clock-behind");
}

/* Keeps an id among those that were used; false: it is there already. */
static struct err *
use_once(struct ledger *l, struct bytes id, int64_t expires, bool *fresh)
{
	TRY(check_known(l, expires));
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "INSERT INTO sad_used (id, expires) VALUES (?1, ?2)"
	    " ON CONFLICT DO NOTHING",
	    &q));
	stmt_blob(q, 1, id);
	stmt_int(q, 2, expires);
	int64_t n;
	TRY(stmt_run(q, &n));
	*fresh = n != 0;
	return NULL;
}

/* Who carries a sealed PIN must not get a second approval with it. */
static struct err *
use_sealed_pin(struct ledger *l, const struct ledger_authorization *a)
{
	bool fresh = true;
	if (a->pin_once.len > 0)
		TRY(use_once(l, a->pin_once, a->pin_expires, &fresh));
	if (fresh)
		return NULL;
	return err_coded(
	    err_new(ERR_DENIED, NULL, "this sealed PIN was used before"),
	    "pin-replayed");
}

/* A code works once, and none that is older after it.  It is wrong in the same
 * words as a wrong PIN. */
static struct err *
use_code(struct ledger *l, const char *credential, int64_t step)
{
	if (step == 0)
		return NULL;
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "UPDATE credential SET code_step = ?2"
	    " WHERE id = ?1 AND code_step < ?2",
	    &q));
	stmt_text(q, 1, credential);
	stmt_int(q, 2, step);
	int64_t n;
	TRY(stmt_run(q, &n));
	if (n != 0)
		return NULL;
	return err_coded(
	    err_new(ERR_DENIED, NULL, "wrong, or used before"), "pin-wrong");
}

static struct err *
authorized_step(struct ledger *l, const struct ledger_authorization *a)
{
	TRY(pin_end_step(l, a->credential, PIN_RIGHT, NULL));
	TRY(use_sealed_pin(l, a));
	TRY(use_code(l, a->credential, a->code_step));
	CLEANUP(audit_done) struct audit r = { 0 };
	TRY(audit_open(l, "authorized", &r));
	TRY(audit_str(&r, "credential", a->credential));
	TRY(audit_hex(&r, "sad", a->sad_id));
	TRY(audit_int(&r, "expires", a->expires));
	TRY(audit_int(&r, "count", a->count));
	TRY(audit_hex(&r, "digests", a->digests_hash));
	return audit_close(l, &r);
}

struct err *
ledger_authorized(struct ledger *l, const struct ledger_authorization *a)
{
	LEDGER_STEP(l, authorized_step(l, a));
}

/* The same request and no other: its key, algorithm and digests. */
static struct err *
repeat_hash(struct ledger *l, const struct ledger_signature *s,
    uint8_t out[LEDGER_HASH])
{
	CLEANUP(buf_done) struct buf b = BUF(LEDGER_VALUES_MAX);
	TRY(pack_bytes(&b, 1, s->repeat));
	TRY(pack_str(&b, 2, s->credential));
	TRY(pack_str(&b, 3, s->alg));
	for (size_t i = 0; i < s->ndigests; i++)
		TRY(pack_bytes(&b, 4, s->digests[i]));
	return l->ground->sha256(buf_bytes(&b), out);
}

static struct err *
keep_answer(struct ledger *l, const struct ledger_signature *s)
{
	uint8_t hash[LEDGER_HASH];
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(repeat_hash(l, s, hash));
	TRY(db_prepare(l->db,
	    "UPDATE sad_used SET repeat = ?2, answer = ?3 WHERE id = ?1", &q));
	stmt_blob(q, 1, s->sad_id);
	stmt_blob(q, 2, bytes_of(hash, sizeof(hash)));
	stmt_blob(q, 3, s->values);
	return stmt_run(q, NULL);
}

/* Appends what the same request was answered; nothing if there was none. */
static struct err *
find_answer(
    struct ledger *l, const struct ledger_signature *s, struct buf *earlier)
{
	uint8_t hash[LEDGER_HASH];
	bool row;
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(repeat_hash(l, s, hash));
	TRY(db_prepare(l->db,
	    "SELECT answer FROM sad_used WHERE id = ?1 AND repeat = ?2", &q));
	stmt_blob(q, 1, s->sad_id);
	stmt_blob(q, 2, bytes_of(hash, sizeof(hash)));
	TRY(stmt_step(q, &row));
	return row ? buf_append(earlier, stmt_col_bytes(q, 0)) : NULL;
}

struct err *
ledger_sad_used(struct ledger *l, struct bytes id, bool *used)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db, "SELECT 1 FROM sad_used WHERE id = ?1", &q));
	stmt_blob(q, 1, id);
	return stmt_step(q, used);
}

static struct err *
use_sad(struct ledger *l, const struct ledger_signature *s)
{
	bool fresh;
	TRY(use_once(l, s->sad_id, s->sad_expires, &fresh));
	if (fresh && s->repeat.len > 0)
		TRY(keep_answer(l, s));
	if (!fresh)
		return err_coded(
		    err_new(ERR_DENIED, NULL, "this approval was used before"),
		    "sad-used");
	/* A used SAD is forgotten when it has expired: so one that has expired
	 * must not be recorded at all. */
	if (s->sad_expires < clock_now(l->ground->clock))
		return err_coded(
		    err_new(ERR_DENIED, NULL, "the approval has expired"),
		    "sad-expired");
	return NULL;
}

static struct err *
check_current(struct ledger *l, const struct ledger_signature *s)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "SELECT version, revoked_at, not_after, reason FROM credential"
	    " WHERE id = ?1",
	    &q));
	stmt_text(q, 1, s->credential);
	bool row;
	TRY(stmt_step(q, &row));
	if (!row)
		return err_coded(
		    err_new(ERR_MISSING, NULL, "no such credential"),
		    "credential-unknown");
	if (!stmt_col_is_null(q, 1))
		return err_ended(stmt_col_int(q, 3));
	if (stmt_col_int(q, 0) != s->version)
		return err_coded(
		    err_new(ERR_DENIED, NULL, "the credential was changed"),
		    "credential-changed");
	if (clock_now(l->ground->clock) > stmt_col_int(q, 2))
		return err_expired();
	return NULL;
}

static struct err *
signed_step(struct ledger *l, const struct ledger_signature *s)
{
	TRY(check_current(l, s));
	if (s->sad_id.len > 0)
		TRY(use_sad(l, s));
	else
		TRY(pin_end_step(l, s->credential, PIN_RIGHT, NULL));
	TRY(use_code(l, s->credential, s->code_step));
	CLEANUP(audit_done) struct audit a = { 0 };
	TRY(audit_open(l, "signed", &a));
	TRY(audit_str(&a, "credential", s->credential));
	TRY(audit_hex(&a, "sad", s->sad_id));
	TRY(audit_str(&a, "algorithm", s->alg));
	TRY(audit_hex_list(&a, "digests", s->digests, s->ndigests));
	return audit_close(l, &a);
}

struct err *
ledger_signed(
    struct ledger *l, const struct ledger_signature *s, struct buf *earlier)
{
	if (s->ndigests > LEDGER_DIGESTS_MAX)
		return err_new(ERR_LIMIT, NULL, "%zu digests", s->ndigests);
	if (s->repeat.len != 0 && s->repeat.len != LEDGER_REPEAT)
		return err_new(ERR_USAGE, NULL, "no key of a request");
	if (s->repeat.len > 0 && s->sad_id.len > 0)
		TRY(find_answer(l, s, earlier));
	if (earlier->len > 0)
		return NULL;
	LEDGER_STEP(l, signed_step(l, s));
}

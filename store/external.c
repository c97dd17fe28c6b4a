/* Certificates that an external CA has made, and what it is still to be told of
 * them: the ledger remembers, the keyholder tells. */
#include "store/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "store/audit.h"
#include "store/db.h"

#define ORPHANED 5        /* cessationOfOperation: nobody has its key */
#define LEASE_SECONDS 60  /* doubles with each try */
#define LEASE_DOUBLINGS 6 /* once an hour, then */

/* ---- issuers ---- */

static struct err *
find_issuer(struct ledger *l, struct bytes chain, int64_t *out)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	bool row;
	TRY(db_prepare(
	    l->db, "SELECT n FROM external_issuer WHERE chain = ?1", &q));
	stmt_blob(q, 1, chain);
	TRY(stmt_step(q, &row));
	*out = row ? stmt_col_int(q, 0) : 0;
	return NULL;
}

struct err *
ledger_external_issuer(struct ledger *l, struct bytes chain, int64_t *out)
{
	*out = 0;
	if (chain.len == 0)
		return NULL;
	TRY(find_issuer(l, chain, out));
	if (*out != 0)
		return NULL;
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(
	    l->db, "INSERT INTO external_issuer (chain) VALUES (?1)", &q));
	stmt_blob(q, 1, chain);
	TRY(stmt_run(q, NULL));
	return find_issuer(l, chain, out);
}

struct err *
ledger_external_chain(struct ledger *l, int64_t issuer, struct buf *out)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	bool row;
	TRY(db_prepare(
	    l->db, "SELECT chain FROM external_issuer WHERE n = ?1", &q));
	stmt_int(q, 1, issuer);
	TRY(stmt_step(q, &row));
	return row ? buf_append(out, stmt_col_bytes(q, 0))
		   : err_new(ERR_MISSING, NULL, "no such issuer");
}

/* ---- one at a time ---- */

static struct err *
ask_step(
    struct ledger *l, const char *enrolment, const char *who, int64_t seconds)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	int64_t now = clock_now(l->ground->clock);
	int64_t changed = 0;
	TRY(db_prepare(l->db,
	    "UPDATE enrolment SET asked_by = ?2, asked_until = ?4"
	    " WHERE id = ?1 AND (asked_until <= ?3 OR asked_by = ?2)",
	    &q));
	stmt_text(q, 1, enrolment);
	stmt_text(q, 2, who);
	stmt_int(q, 3, now);
	stmt_int(q, 4, now + seconds);
	TRY(stmt_run(q, &changed));
	return changed == 1 ? NULL
			    : err_coded(err_new(ERR_DENIED, NULL,
					    "the link is being used just now"),
				  "activation-busy");
}

struct err *
ledger_external_ask(
    struct ledger *l, const char *enrolment, const char *who, int64_t seconds)
{
	LEDGER_STEP(l, ask_step(l, enrolment, who, seconds));
}

static struct err *
wait_step(struct ledger *l, const char *enrolment, const char *who,
    struct bytes state)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "UPDATE enrolment SET waiting = ?3"
	    " WHERE id = ?1 AND asked_by = ?2",
	    &q));
	stmt_text(q, 1, enrolment);
	stmt_text(q, 2, who);
	stmt_blob(q, 3, state);
	return stmt_run(q, NULL);
}

struct err *
ledger_external_wait(struct ledger *l, const char *enrolment, const char *who,
    struct bytes state)
{
	if (state.len > LEDGER_WAITING_MAX)
		return err_new(ERR_LIMIT, NULL, "%zu bytes", state.len);
	LEDGER_STEP(l, wait_step(l, enrolment, who, state));
}

static struct err *
end_step(struct ledger *l, const char *enrolment, const char *who)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "UPDATE enrolment SET asked_by = '', asked_until = 0"
	    " WHERE id = ?1 AND asked_by = ?2",
	    &q));
	stmt_text(q, 1, enrolment);
	stmt_text(q, 2, who);
	return stmt_run(q, NULL);
}

struct err *
ledger_external_end(struct ledger *l, const char *enrolment, const char *who)
{
	LEDGER_STEP(l, end_step(l, enrolment, who));
}

/* ---- tasks ---- */

static struct err *
put_task(struct ledger *l, const char *serial, struct bytes certificate,
    int reason, int64_t due)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "INSERT OR REPLACE INTO external_task"
	    " (serial, certificate, reason, due) VALUES (?1, ?2, ?3, ?4)",
	    &q));
	stmt_text(q, 1, serial);
	stmt_blob(q, 2, certificate);
	stmt_int(q, 3, reason);
	stmt_int(q, 4, due);
	return stmt_run(q, NULL);
}

static struct err *
got_step(struct ledger *l, const char *serial, struct bytes certificate,
    const char *enrolment)
{
	uint8_t hash[LEDGER_HASH];
	TRY(l->ground->sha256(certificate, hash));
	TRY(put_task(l, serial, certificate, ORPHANED,
	    clock_now(l->ground->clock) + LEDGER_ORPHAN_SECONDS));
	CLEANUP(audit_done) struct audit a = { 0 };
	TRY(audit_open(l, "external-issued", &a));
	TRY(audit_str(&a, "enrolment", enrolment));
	TRY(audit_str(&a, "serial", serial));
	TRY(audit_hex(&a, "certificate", bytes_of(hash, sizeof(hash))));
	return audit_close(l, &a);
}

struct err *
ledger_external_got(struct ledger *l, const char *serial,
    struct bytes certificate, const char *enrolment)
{
	LEDGER_STEP(l, got_step(l, serial, certificate, enrolment));
}

struct err *
ledger_external_used(struct ledger *l, const char *serial)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "DELETE FROM external_task WHERE serial = ?1 AND tries = 0", &q));
	stmt_text(q, 1, serial);
	TRY(stmt_run(q, NULL));
	CLEANUP(stmt_donep) struct stmt *left = NULL;
	bool row;
	TRY(db_prepare(
	    l->db, "SELECT 1 FROM external_task WHERE serial = ?1", &left));
	stmt_text(left, 1, serial);
	TRY(stmt_step(left, &row));
	return row ? err_coded(err_new(ERR_REMOTE, NULL,
				   "its CA was asked to take it back"),
			 "external-ca")
		   : NULL;
}

struct err *
ledger_external_tell(struct ledger *l, const char *serial, int reason)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	CLEANUP(buf_done) struct buf der = BUF(LEDGER_AUDIT_LINE_MAX);
	bool row;
	TRY(db_prepare(l->db,
	    "SELECT certificate FROM credential"
	    " WHERE serial = ?1 AND issuer <> 0",
	    &q));
	stmt_text(q, 1, serial);
	TRY(stmt_step(q, &row));
	if (!row)
		return NULL;
	TRY(buf_append(&der, stmt_col_bytes(q, 0)));
	return put_task(
	    l, serial, buf_bytes(&der), reason, clock_now(l->ground->clock));
}

void
ledger_external_task_done(struct ledger_external_task *t)
{
	free(t->serial);
	buf_done(&t->certificate);
	*t = (struct ledger_external_task){ 0 };
}

static struct err *
take_task(struct ledger *l, struct ledger_external_task *t, int64_t *tries)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	bool row;
	TRY(db_prepare(l->db,
	    "SELECT serial, certificate, reason, tries FROM external_task"
	    " WHERE due <= ?1 ORDER BY due LIMIT 1",
	    &q));
	stmt_int(q, 1, clock_now(l->ground->clock));
	TRY(stmt_step(q, &row));
	if (!row)
		return NULL;
	TRY(stmt_col_str(q, 0, &t->serial));
	t->certificate = BUF(LEDGER_AUDIT_LINE_MAX);
	TRY(buf_append(&t->certificate, stmt_col_bytes(q, 1)));
	t->reason = stmt_col_int(q, 2);
	*tries = stmt_col_int(q, 3);
	return NULL;
}

/* Whoever takes it may die with it. */
static struct err *
lease(struct ledger *l, const char *serial, int64_t tries)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	int64_t n = tries < LEASE_DOUBLINGS ? tries : LEASE_DOUBLINGS;
	TRY(db_prepare(l->db,
	    "UPDATE external_task SET due = ?2, tries = tries + 1"
	    " WHERE serial = ?1",
	    &q));
	stmt_text(q, 1, serial);
	stmt_int(q, 2,
	    clock_now(l->ground->clock) + (int64_t)LEASE_SECONDS * (1 << n));
	return stmt_run(q, NULL);
}

static struct err *
next_step(struct ledger *l, struct ledger_external_task *out)
{
	int64_t tries = 0;
	CLEANUP(ledger_external_task_done)
	struct ledger_external_task t = { 0 };
	TRY(take_task(l, &t, &tries));
	if (t.serial != NULL)
		TRY(lease(l, t.serial, tries));
	*out = t;
	t = (struct ledger_external_task){ 0 };
	return NULL;
}

struct err *
ledger_external_next(struct ledger *l, struct ledger_external_task *out)
{
	LEDGER_STEP(l, next_step(l, out));
}

static struct err *
told_step(struct ledger *l, const char *serial, int64_t reason)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "DELETE FROM external_task WHERE serial = ?1 AND reason = ?2", &q));
	stmt_text(q, 1, serial);
	stmt_int(q, 2, reason);
	TRY(stmt_run(q, NULL));
	CLEANUP(audit_done) struct audit a = { 0 };
	TRY(audit_open(l, "external-told", &a));
	TRY(audit_str(&a, "serial", serial));
	TRY(audit_int(&a, "reason", reason));
	return audit_close(l, &a);
}

struct err *
ledger_external_told(struct ledger *l, const char *serial, int64_t reason)
{
	LEDGER_STEP(l, told_step(l, serial, reason));
}

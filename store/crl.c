/* Revocation, and the lists that say so. */
#include "store/ledger.h"

#include <string.h>

#include "store/audit.h"
#include "store/db.h"

/* What the register says of one certificate. */
struct entry {
	bool found;
	bool issued;  /* in the table `issued`, not `credential` */
	bool ended;   /* revoked or suspended */
	bool held;    /* suspended */
	bool by_this; /* last changed by the record with this nonce */
	int64_t at;
};

static struct err *
look_in(struct ledger *l, const char *sql, const struct revocation_record *r,
    struct entry *out)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db, sql, &q));
	stmt_text(q, 1, r->credential);
	stmt_text(q, 2, r->serial);
	TRY(stmt_step(q, &out->found));
	if (!out->found)
		return NULL;
	out->ended = !stmt_col_is_null(q, 0);
	out->at = stmt_col_int(q, 0);
	out->held = out->ended && stmt_col_int(q, 1) == LEDGER_HOLD;
	out->by_this = bytes_eq_str(stmt_col_bytes(q, 2), r->nonce);
	return NULL;
}

/* A certificate without a credential is named by its serial number twice. */
static struct err *
look(struct ledger *l, const struct revocation_record *r, struct entry *out)
{
	*out = (struct entry){ 0 };
	TRY(look_in(l,
	    "SELECT revoked_at, reason, revoked_nonce FROM credential"
	    " WHERE id = ?1 AND serial = ?2",
	    r, out));
	if (out->found)
		return NULL;
	out->issued = true;
	return look_in(l,
	    "SELECT revoked_at, reason, revoked_nonce FROM issued"
	    " WHERE serial = ?1 AND serial = ?2",
	    r, out);
}

struct err *
ledger_register_changed(struct ledger *l)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db, "UPDATE register SET changes = changes + 1", &q));
	return stmt_run(q, NULL);
}

/* `at` TIME_NONE: in force again. */
static struct err *
mark(struct ledger *l, const struct revocation_record *r, bool issued,
    int reason, int64_t at)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    issued ? "UPDATE issued SET revoked_at = ?2, reason = ?3,"
		     " revoked_nonce = ?4 WHERE serial = ?1"
		   : "UPDATE credential SET revoked_at = ?2, reason = ?3,"
		     " revoked_nonce = ?4 WHERE serial = ?1",
	    &q));
	stmt_text(q, 1, r->serial);
	if (at == TIME_NONE) {
		stmt_null(q, 2);
		stmt_null(q, 3);
	} else {
		stmt_int(q, 2, at);
		stmt_int(q, 3, reason);
	}
	stmt_text(q, 4, r->nonce);
	TRY(stmt_run(q, NULL));
	return ledger_register_changed(l);
}

static struct err *
audit_revoked(struct ledger *l, const struct revocation_record *r,
    const struct approval *approval, struct bytes hash, const char *event)
{
	CLEANUP(audit_done) struct audit a = { 0 };
	TRY(audit_open(l, event, &a));
	TRY(audit_str(&a, "credential", r->credential));
	TRY(audit_str(&a, "serial", r->serial));
	TRY(audit_str(&a, "reason", r->reason));
	TRY(audit_str(&a, "officer", r->officer));
	TRY(audit_hex(&a, "record", hash));
	TRY(audit_hex(&a, "approval", approval->value));
	return audit_close(l, &a);
}

/* From in force to suspended and back; from both to revoked, for good. */
static struct err *
check_step(const struct entry *was, int reason)
{
	if (reason == LEDGER_RELEASE && !was->ended)
		return err_coded(
		    err_new(ERR_DENIED, NULL, "it is not suspended"),
		    "credential-not-suspended");
	if (reason == LEDGER_HOLD && was->held)
		return err_coded(
		    err_new(ERR_DENIED, NULL, "it is suspended already"),
		    "credential-suspended");
	if (was->ended && !was->held)
		return err_coded(
		    err_new(ERR_DENIED, NULL, "it is revoked already"),
		    "credential-revoked");
	return NULL;
}

static const char *
event_of(int reason)
{
	return reason == LEDGER_HOLD      ? "suspended"
	       : reason == LEDGER_RELEASE ? "released"
	       : reason == LEDGER_UNLOCK  ? "pin-unlocked"
					  : "revoked";
}

/* The key opens by the old PIN alone: what an officer can give back is tries. */
static struct err *
unlock(struct ledger *l, const struct entry *was, const char *credential)
{
	if (was->issued)
		return err_coded(
		    err_new(ERR_MISSING, NULL, "it has no PIN of ours"),
		    "credential-unknown");
	return ledger_pin_forgive(l, credential);
}

static struct err *
revoke_step(struct ledger *l, const struct revocation_record *r,
    const struct approval *approval, int reason, int64_t *revoked_at)
{
	TRY(ledger_officer_get(l, r->officer, NULL));
	struct entry was;
	TRY(look(l, r, &was));
	if (!was.found)
		return err_coded(
		    err_new(ERR_MISSING, NULL, "no such credential and serial"),
		    "credential-unknown");
	uint8_t raw[LEDGER_HASH];
	TRY(l->ground->sha256(approval->record, raw));
	struct bytes hash = bytes_of(raw, sizeof(raw));
	bool same;
	TRY(ledger_nonce_use(l, r->nonce, hash, &same));
	int64_t now = clock_now(l->ground->clock);
	/* Revoked after a suspension counts from the suspension on. */
	*revoked_at = was.ended ? was.at : now;
	if (same && was.by_this)
		return NULL;
	if (same)
		return err_coded(
		    err_new(ERR_DENIED, NULL, "this approval was used before"),
		    "approval-replayed");
	TRY(check_step(&was, reason));
	if (reason == LEDGER_UNLOCK) {
		*revoked_at = now;
		TRY(unlock(l, &was, r->credential));
		return audit_revoked(
		    l, r, approval, hash, event_of(reason));
	}
	if (reason == LEDGER_RELEASE)
		*revoked_at = now;
	TRY(mark(l, r, was.issued, reason,
	    reason == LEDGER_RELEASE ? TIME_NONE : *revoked_at));
	if (!was.issued)
		TRY(ledger_external_tell(l, r->serial, reason));
	return audit_revoked(l, r, approval, hash, event_of(reason));
}

struct err *
ledger_revoke(struct ledger *l, const struct revocation_record *r,
    const struct approval *approval, int reason, int64_t *revoked_at)
{
	LEDGER_STEP(l, revoke_step(l, r, approval, reason, revoked_at));
}

/* ---- lists ---- */

static struct err *
count_revoked(struct ledger *l, int64_t *out)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "SELECT count(*) FROM register_entry WHERE revoked_at IS NOT NULL",
	    &q));
	bool row;
	TRY(stmt_step(q, &row));
	*out = row ? stmt_col_int(q, 0) : 0;
	return NULL;
}

struct err *
ledger_changes(struct ledger *l, int64_t *out)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db, "SELECT changes FROM register", &q));
	bool row;
	TRY(stmt_step(q, &row));
	*out = row ? stmt_col_int(q, 0) : 0;
	return NULL;
}

struct err *
ledger_crl_state(struct ledger *l, struct ledger_crl_state *out)
{
	struct ledger_crl_state s = { 0 };
	TRY(count_revoked(l, &s.revoked));
	TRY(ledger_changes(l, &s.changes));
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "SELECT number, this_update, next_update, entries, changes FROM crl"
	    " ORDER BY number DESC LIMIT 1",
	    &q));
	bool row;
	TRY(stmt_step(q, &row));
	if (row) {
		s.number = stmt_col_int(q, 0);
		s.this_update = stmt_col_int(q, 1);
		s.next_update = stmt_col_int(q, 2);
		s.covered = stmt_col_int(q, 3);
		s.covered_changes = stmt_col_int(q, 4);
	}
	*out = s;
	return NULL;
}

struct err *
ledger_revoked_each(struct ledger *l, int64_t from, int64_t count,
    struct err *(*each)(
	void *ctx, const char *serial, int64_t revoked_at, int reason),
    void *ctx)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "SELECT serial, revoked_at, reason FROM register_entry"
	    " WHERE revoked_at IS NOT NULL ORDER BY serial"
	    " LIMIT ?2 OFFSET ?1",
	    &q));
	stmt_int(q, 1, from);
	stmt_int(q, 2, count);
	for (;;) {
		bool row;
		TRY(stmt_step(q, &row));
		if (!row)
			return NULL;
		CLEANUP(free_charp) char *serial = NULL;
		TRY(stmt_col_str(q, 0, &serial));
		TRY(each(
		    ctx, serial, stmt_col_int(q, 1), (int)stmt_col_int(q, 2)));
	}
}

static struct err *
insert_crl(struct ledger *l, const struct ledger_crl *c)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(
	    l->db, "INSERT INTO crl VALUES (?1, ?2, ?3, ?4, ?5, ?6)", &q));
	stmt_int(q, 1, c->number);
	stmt_int(q, 2, c->this_update);
	stmt_int(q, 3, c->next_update);
	stmt_int(q, 4, c->entries);
	stmt_blob(q, 5, c->der);
	stmt_int(q, 6, c->changes);
	return stmt_run(q, NULL);
}

static struct err *
crl_put_step(struct ledger *l, const struct ledger_crl *c)
{
	struct ledger_crl_state now;
	TRY(ledger_crl_state(l, &now));
	if (c->number != now.number + 1 || c->entries != now.revoked ||
	    c->changes != now.changes)
		return err_coded(
		    err_new(ERR_LIMIT, NULL, "the register has changed since"),
		    "crl-overtaken");
	TRY(insert_crl(l, c));
	uint8_t hash[LEDGER_HASH];
	TRY(l->ground->sha256(c->der, hash));
	CLEANUP(audit_done) struct audit a = { 0 };
	TRY(audit_open(l, "crl", &a));
	TRY(audit_int(&a, "number", c->number));
	TRY(audit_int(&a, "entries", c->entries));
	TRY(audit_hex(&a, "sha256", bytes_of(hash, sizeof(hash))));
	return audit_close(l, &a);
}

struct err *
ledger_crl_put(struct ledger *l, const struct ledger_crl *c)
{
	LEDGER_STEP(l, crl_put_step(l, c));
}

struct err *
ledger_crl_newest(struct ledger *l, int64_t *number)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(
	    l->db, "SELECT coalesce(max(number), 0) FROM crl", &q));
	bool row;
	TRY(stmt_step(q, &row));
	*number = row ? stmt_col_int(q, 0) : 0;
	return NULL;
}

struct err *
ledger_crl_get(struct ledger *l, struct buf *der, int64_t *number)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "SELECT number, der FROM crl ORDER BY number DESC LIMIT 1", &q));
	bool row;
	TRY(stmt_step(q, &row));
	*number = row ? stmt_col_int(q, 0) : 0;
	return row ? buf_append(der, stmt_col_bytes(q, 1)) : NULL;
}

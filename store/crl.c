/* Revocation, and the lists that say so. */
#include "store/ledger.h"

#include <string.h>

#include "store/audit.h"
#include "store/db.h"

struct revoked {
	bool found;
	bool already;
	bool by_this; /* by the record with this nonce */
	int64_t at;
};

static struct err *
look(struct ledger *l, const struct revocation_record *r, struct revoked *out)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "SELECT revoked_at, revoked_nonce FROM credential"
	    " WHERE id = ?1 AND serial = ?2",
	    &q));
	stmt_text(q, 1, r->credential);
	stmt_text(q, 2, r->serial);
	*out = (struct revoked){ 0 };
	TRY(stmt_step(q, &out->found));
	if (!out->found)
		return NULL;
	out->already = !stmt_col_is_null(q, 0);
	out->at = stmt_col_int(q, 0);
	out->by_this = bytes_eq_str(stmt_col_bytes(q, 1), r->nonce);
	return NULL;
}

static struct err *
mark(
    struct ledger *l, const struct revocation_record *r, int reason, int64_t at)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "UPDATE credential SET revoked_at = ?2, reason = ?3,"
	    " revoked_nonce = ?4 WHERE id = ?1",
	    &q));
	stmt_text(q, 1, r->credential);
	stmt_int(q, 2, at);
	stmt_int(q, 3, reason);
	stmt_text(q, 4, r->nonce);
	return stmt_run(q, NULL);
}

static struct err *
audit_revoked(struct ledger *l, const struct revocation_record *r,
    const struct approval *approval, struct bytes hash)
{
	CLEANUP(audit_done) struct audit a = { 0 };
	TRY(audit_open(l, "revoked", &a));
	TRY(audit_str(&a, "credential", r->credential));
	TRY(audit_str(&a, "serial", r->serial));
	TRY(audit_str(&a, "reason", r->reason));
	TRY(audit_str(&a, "officer", r->officer));
	TRY(audit_hex(&a, "record", hash));
	TRY(audit_hex(&a, "approval", approval->value));
	return audit_close(l, &a);
}

static struct err *
revoke_step(struct ledger *l, const struct revocation_record *r,
    const struct approval *approval, int reason, int64_t *revoked_at)
{
	TRY(ledger_officer_get(l, r->officer, NULL));
	struct revoked was;
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
	if (was.already && !(same && was.by_this))
		return err_coded(
		    err_new(ERR_DENIED, NULL, "it is revoked already"),
		    "credential-revoked");
	*revoked_at = was.already ? was.at : clock_now(l->ground->clock);
	if (was.already)
		return NULL;
	TRY(mark(l, r, reason, *revoked_at));
	return audit_revoked(l, r, approval, hash);
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
	    "SELECT count(*) FROM credential WHERE revoked_at IS NOT NULL",
	    &q));
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
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "SELECT number, this_update, next_update, entries FROM crl"
	    " ORDER BY number DESC LIMIT 1",
	    &q));
	bool row;
	TRY(stmt_step(q, &row));
	if (row) {
		s.number = stmt_col_int(q, 0);
		s.this_update = stmt_col_int(q, 1);
		s.next_update = stmt_col_int(q, 2);
		s.covered = stmt_col_int(q, 3);
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
	    "SELECT serial, revoked_at, reason FROM credential"
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
	    l->db, "INSERT INTO crl VALUES (?1, ?2, ?3, ?4, ?5)", &q));
	stmt_int(q, 1, c->number);
	stmt_int(q, 2, c->this_update);
	stmt_int(q, 3, c->next_update);
	stmt_int(q, 4, c->entries);
	stmt_blob(q, 5, c->der);
	return stmt_run(q, NULL);
}

static struct err *
crl_put_step(struct ledger *l, const struct ledger_crl *c)
{
	struct ledger_crl_state now;
	TRY(ledger_crl_state(l, &now));
	/* Nothing is ever taken out of the register, so that counting tells
	 * whether something came in while this list was being made. */
	if (c->number != now.number + 1 || c->entries != now.revoked)
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

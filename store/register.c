/* The register beyond credentials: certificates whose key is elsewhere, our
 * own keys, and what is said of a serial number. */
#include "store/ledger.h"

#include <string.h>

#include "store/audit.h"
#include "store/db.h"

/* ---- status ---- */

struct err *
ledger_status(struct ledger *l, const char *serial, struct ledger_status *out)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "SELECT revoked_at, reason FROM register_entry WHERE serial = ?1",
	    &q));
	stmt_text(q, 1, serial);
	bool row;
	TRY(stmt_step(q, &row));
	*out = (struct ledger_status){ 0 };
	if (!row)
		return NULL;
	out->state = stmt_col_is_null(q, 0) ? LEDGER_GOOD : LEDGER_REVOKED;
	out->since = stmt_col_int(q, 0);
	out->reason = (int)stmt_col_int(q, 1);
	return NULL;
}

struct err *
ledger_serials(struct ledger *l, const char *after, int most,
    struct err *(*each)(void *ctx, const char *serial), void *ctx)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "SELECT serial FROM register_entry WHERE serial > ?1"
	    " AND not_after > ?2 ORDER BY serial LIMIT ?3",
	    &q));
	stmt_text(q, 1, after);
	stmt_int(q, 2, clock_now(l->ground->clock));
	stmt_int(q, 3, most);
	for (;;) {
		bool row;
		CLEANUP(free_charp) char *serial = NULL;
		TRY(stmt_step(q, &row));
		if (!row)
			return NULL;
		TRY(bytes_dup_str(stmt_col_bytes(q, 0), &serial));
		TRY(each(ctx, serial));
	}
}

/* ---- certificates whose key is elsewhere ---- */

static struct err *
renewal_wrong(const char *why)
{
	return err_coded(err_new(ERR_DENIED, NULL, "%s", why), "renewal-wrong");
}

/* *same_key: it has the key of the one that it replaces. */
static struct err *
check_replaced(struct ledger *l, const struct ledger_issued *c, bool *same_key)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "SELECT key_sha256, subject_id, revoked_at FROM issued"
	    " WHERE serial = ?1",
	    &q));
	stmt_text(q, 1, c->replaces);
	bool row;
	TRY(stmt_step(q, &row));
	if (!row)
		return renewal_wrong("there is no such certificate to replace");
	if (!bytes_eq_str(stmt_col_bytes(q, 1), c->subject_id))
		return renewal_wrong("it is somebody else's");
	if (!stmt_col_is_null(q, 2))
		return renewal_wrong("it is revoked or suspended");
	*same_key = bytes_eq(stmt_col_bytes(q, 0), c->key_sha256);
	return NULL;
}

/* A key is one person's, and certified again only to renew. */
static struct err *
check_key(struct ledger *l, const struct ledger_issued *c, bool renewal)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "SELECT count(*), count(*) FILTER (WHERE subject_id <> ?2"
	    " OR reason = 1) FROM issued WHERE key_sha256 = ?1",
	    &q));
	stmt_blob(q, 1, c->key_sha256);
	stmt_text(q, 2, c->subject_id);
	bool row;
	TRY(stmt_step(q, &row));
	bool free_of_others = stmt_col_int(q, 1) == 0;
	if (free_of_others && (renewal || stmt_col_int(q, 0) == 0))
		return NULL;
	return err_coded(
	    err_new(ERR_DENIED, NULL, "this key is certified already"),
	    "key-taken");
}

static struct err *
supersede(struct ledger *l, const struct ledger_issued *c)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "UPDATE issued SET revoked_at = ?2, reason = 4,"
	    " revoked_nonce = ?3 WHERE serial = ?1",
	    &q));
	stmt_text(q, 1, c->replaces);
	stmt_int(q, 2, clock_now(l->ground->clock));
	stmt_text(q, 3, c->nonce);
	TRY(stmt_run(q, NULL));
	return ledger_register_changed(l);
}

static struct err *
insert_issued(struct ledger *l, const struct ledger_issued *c)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "INSERT INTO issued (serial, profile, certificate, key_sha256,"
	    " subject_id, replaces, not_after, created, record, approval,"
	    " approval_alg, officer)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
	    &q));
	stmt_text(q, 1, c->serial);
	stmt_text(q, 2, c->profile);
	stmt_blob(q, 3, c->certificate);
	stmt_blob(q, 4, c->key_sha256);
	stmt_text(q, 5, c->subject_id);
	stmt_text(q, 6, c->replaces);
	stmt_int(q, 7, c->not_after);
	stmt_int(q, 8, clock_now(l->ground->clock));
	if (c->approval != NULL) {
		stmt_blob(q, 9, c->approval->record);
		stmt_blob(q, 10, c->approval->value);
		stmt_blob(q, 11, c->approval->alg);
	} else {
		stmt_null(q, 9);
		stmt_null(q, 10);
		stmt_null(q, 11);
	}
	stmt_text(q, 12, c->officer);
	return stmt_run(q, NULL);
}

static struct err *
audit_issued(struct ledger *l, const struct ledger_issued *c)
{
	uint8_t hash[LEDGER_HASH];
	TRY(l->ground->sha256(c->certificate, hash));
	CLEANUP(audit_done) struct audit a = { 0 };
	TRY(audit_open(l, "issued", &a));
	TRY(audit_str(&a, "serial", c->serial));
	TRY(audit_str(&a, "profile", c->profile));
	TRY(audit_str(&a, "replaces", c->replaces));
	TRY(audit_hex(&a, "certificate", bytes_of(hash, sizeof(hash))));
	if (c->approval != NULL) {
		TRY(audit_str(&a, "officer", c->officer));
		TRY(l->ground->sha256(c->approval->record, hash));
		TRY(audit_hex(&a, "record", bytes_of(hash, sizeof(hash))));
		TRY(audit_hex(&a, "approval", c->approval->value));
	}
	return audit_close(l, &a);
}

/* What an officer approved: once, and while they are one. */
static struct err *
use_approval(struct ledger *l, const struct ledger_issued *c)
{
	TRY(ledger_officer_get(l, c->officer, NULL));
	uint8_t hash[LEDGER_HASH];
	TRY(l->ground->sha256(c->approval->record, hash));
	bool same;
	TRY(ledger_nonce_use(l, c->nonce, bytes_of(hash, sizeof(hash)), &same));
	if (same)
		return err_coded(
		    err_new(ERR_DENIED, NULL, "this approval was used before"),
		    "approval-replayed");
	return NULL;
}

static struct err *
issued_step(struct ledger *l, const struct ledger_issued *c)
{
	bool renewal = c->replaces[0] != '\0';
	bool same_key = false;
	if (c->approval != NULL)
		TRY(use_approval(l, c));
	if (renewal)
		TRY(check_replaced(l, c, &same_key));
	TRY(check_key(l, c, renewal));
	TRY(insert_issued(l, c));
	if (renewal && !same_key)
		TRY(supersede(l, c));
	return audit_issued(l, c);
}

struct err *
ledger_issued_put(struct ledger *l, const struct ledger_issued *c)
{
	LEDGER_STEP(l, issued_step(l, c));
}

/* ---- our own keys ---- */

void
ledger_operator_done(struct ledger_operator *o)
{
	buf_done(&o->key_id);
	buf_done(&o->certificate);
}

static struct err *
operator_step(struct ledger *l, const char *purpose, struct bytes key_id,
    const char *serial)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "INSERT INTO operator_key (purpose, key_id, serial)"
	    " VALUES (?1, ?2, ?3)",
	    &q));
	stmt_text(q, 1, purpose);
	stmt_blob(q, 2, key_id);
	stmt_text(q, 3, serial);
	TRY(stmt_run(q, NULL));
	CLEANUP(audit_done) struct audit a = { 0 };
	TRY(audit_open(l, "operator-key", &a));
	TRY(audit_str(&a, "purpose", purpose));
	TRY(audit_hex(&a, "key", key_id));
	TRY(audit_str(&a, "serial", serial));
	return audit_close(l, &a);
}

struct err *
ledger_operator_put(struct ledger *l, const char *purpose, struct bytes key_id,
    const char *serial)
{
	LEDGER_STEP(l, operator_step(l, purpose, key_id, serial));
}

struct err *
ledger_operator_get(
    struct ledger *l, const char *purpose, struct ledger_operator *out)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "SELECT key_id, certificate FROM operator_key"
	    " JOIN issued USING (serial) WHERE purpose = ?1"
	    " ORDER BY n DESC LIMIT 1",
	    &q));
	stmt_text(q, 1, purpose);
	bool row;
	TRY(stmt_step(q, &row));
	if (!row)
		return err_new(
		    ERR_MISSING, NULL, "there is no %s key", purpose);
	CLEANUP(ledger_operator_done)
	struct ledger_operator o = { .key_id = BUF(LEDGER_ID_MAX),
		.certificate = BUF(LEDGER_AUDIT_LINE_MAX) };
	TRY(buf_append(&o.key_id, stmt_col_bytes(q, 0)));
	TRY(buf_append(&o.certificate, stmt_col_bytes(q, 1)));
	*out = o;
	o = (struct ledger_operator){ 0 };
	return NULL;
}

/* ---- seals ---- */

static struct err *
sealed_step(struct ledger *l, const struct ledger_seal *s)
{
	CLEANUP(audit_done) struct audit a = { 0 };
	TRY(audit_open(l, "sealed", &a));
	TRY(audit_str(&a, "kind", s->kind));
	TRY(audit_hex(&a, "digest", s->digest));
	TRY(audit_hex(&a, "about", s->about));
	TRY(audit_str(&a, "says", s->says));
	TRY(audit_str(&a, "serial", s->serial));
	return audit_close(l, &a);
}

struct err *
ledger_sealed(struct ledger *l, const struct ledger_seal *s)
{
	LEDGER_STEP(l, sealed_step(l, s));
}

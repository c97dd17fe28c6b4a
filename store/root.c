/* What the root has revoked: its lists are made by hand and seldom, and what
 * one named the next must name, too. */
#include "store/ledger.h"

#include "store/audit.h"
#include "store/db.h"

struct err *
ledger_root_revoked_each(struct ledger *l,
    struct err *(*each)(
	void *ctx, const char *serial, int64_t revoked_at, int reason),
    void *ctx)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "SELECT serial, revoked_at, reason FROM root_revoked"
	    " ORDER BY serial",
	    &q));
	for (;;) {
		bool row;
		CLEANUP(free_charp) char *serial = NULL;
		TRY(stmt_step(q, &row));
		if (!row)
			return NULL;
		TRY(stmt_col_str(q, 0, &serial));
		TRY(each(
		    ctx, serial, stmt_col_int(q, 1), (int)stmt_col_int(q, 2)));
	}
}

struct err *
ledger_root_has_revoked(struct ledger *l, const char *serial, bool *out)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(
	    l->db, "SELECT 1 FROM root_revoked WHERE serial = ?1", &q));
	stmt_text(q, 1, serial);
	return stmt_step(q, out);
}

struct err *
ledger_root_crl_number(struct ledger *l, int64_t *out)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	bool row;
	TRY(db_prepare(
	    l->db, "SELECT coalesce(max(number), 0) FROM root_crl", &q));
	TRY(stmt_step(q, &row));
	*out = row ? stmt_col_int(q, 0) : 0;
	return NULL;
}

struct err *
ledger_root_revoked_put(
    struct ledger *l, const char *serial, int64_t revoked_at, int reason)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "INSERT INTO root_revoked VALUES (?1, ?2, ?3)"
	    " ON CONFLICT (serial) DO NOTHING",
	    &q));
	stmt_text(q, 1, serial);
	stmt_int(q, 2, revoked_at);
	stmt_int(q, 3, reason);
	return stmt_run(q, NULL);
}

static struct err *
insert(struct ledger *l, int64_t number, struct bytes hash, struct bytes der)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db, "INSERT INTO root_crl VALUES (?1, ?2, ?3)", &q));
	stmt_int(q, 1, number);
	stmt_blob(q, 2, hash);
	stmt_blob(q, 3, der);
	return stmt_run(q, NULL);
}

static struct err *
crl_step(struct ledger *l, int64_t number, int64_t entries, struct bytes der)
{
	int64_t last = 0;
	uint8_t hash[LEDGER_HASH];
	TRY(ledger_root_crl_number(l, &last));
	if (number <= last)
		return err_coded(err_new(ERR_LIMIT, NULL,
				     "a list with this number is there"),
		    "crl-overtaken");
	TRY(l->ground->sha256(der, hash));
	TRY(insert(l, number, bytes_of(hash, sizeof(hash)), der));
	CLEANUP(audit_done) struct audit a = { 0 };
	TRY(audit_open(l, "root-crl", &a));
	TRY(audit_int(&a, "number", number));
	TRY(audit_int(&a, "entries", entries));
	TRY(audit_hex(&a, "sha256", bytes_of(hash, sizeof(hash))));
	return audit_close(l, &a);
}

struct err *
ledger_root_crl_put(
    struct ledger *l, int64_t number, int64_t entries, struct bytes der)
{
	LEDGER_STEP(l, crl_step(l, number, entries, der));
}

struct err *
ledger_root_crl_get(struct ledger *l, struct buf *der, int64_t *number)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	bool row;
	TRY(db_prepare(l->db,
	    "SELECT number, der FROM root_crl ORDER BY number DESC LIMIT 1",
	    &q));
	TRY(stmt_step(q, &row));
	*number = row ? stmt_col_int(q, 0) : 0;
	return row ? buf_append(der, stmt_col_bytes(q, 1)) : NULL;
}

/* Generations of the keys that wrap and cover, and what is left under each. */
#include "store/ledger.h"

#include <stdlib.h>

#include "store/audit.h"
#include "store/db.h"

void
ledger_generation_done(struct ledger_generation *g)
{
	buf_done(&g->kek_id);
	buf_done(&g->cover_id);
	*g = (struct ledger_generation){ 0 };
}

struct err *
ledger_generation_insert(
    struct ledger *l, struct bytes kek_id, struct bytes cover_id)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "INSERT INTO generation (n, kek, cover, created)"
	    " SELECT 1 + coalesce(max(n), 0), ?1, ?2, ?3 FROM generation",
	    &q));
	stmt_blob(q, 1, kek_id);
	stmt_blob(q, 2, cover_id);
	stmt_int(q, 3, clock_now(l->ground->clock));
	return stmt_run(q, NULL);
}

static struct err *
put_step(struct ledger *l, struct bytes kek_id, struct bytes cover_id)
{
	TRY(ledger_generation_insert(l, kek_id, cover_id));
	CLEANUP(audit_done) struct audit a = { 0 };
	TRY(audit_open(l, "keys-made", &a));
	TRY(audit_hex(&a, "kek", kek_id));
	TRY(audit_hex(&a, "cover", cover_id));
	return audit_close(l, &a);
}

struct err *
ledger_generation_put(
    struct ledger *l, struct bytes kek_id, struct bytes cover_id)
{
	LEDGER_STEP(l, put_step(l, kek_id, cover_id));
}

static struct err *
read_generation(struct stmt *q, struct ledger_generation *g)
{
	g->n = stmt_col_int(q, 0);
	g->kek_id = BUF(LEDGER_ID_MAX);
	g->cover_id = BUF(LEDGER_ID_MAX);
	TRY(buf_append(&g->kek_id, stmt_col_bytes(q, 1)));
	TRY(buf_append(&g->cover_id, stmt_col_bytes(q, 2)));
	g->created = stmt_col_int(q, 3);
	g->kek_ended = !stmt_col_is_null(q, 4);
	g->cover_ended = !stmt_col_is_null(q, 5);
	return NULL;
}

struct err *
ledger_generations(struct ledger *l,
    struct err *(*each)(void *ctx, const struct ledger_generation *g),
    void *ctx)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "SELECT n, kek, cover, created, kek_ended, cover_ended"
	    " FROM generation ORDER BY n",
	    &q));
	for (;;) {
		bool row;
		CLEANUP(ledger_generation_done)
		struct ledger_generation g = { 0 };
		TRY(stmt_step(q, &row));
		if (!row)
			return NULL;
		TRY(read_generation(q, &g));
		TRY(each(ctx, &g));
	}
}

static struct err *
count(struct ledger *l, const char *sql, int64_t n, int64_t *out)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	bool row;
	TRY(db_prepare(l->db, sql, &q));
	stmt_int(q, 1, n);
	stmt_int(q, 2, clock_now(l->ground->clock));
	TRY(stmt_step(q, &row));
	*out = row ? stmt_col_int(q, 0) : 0;
	return NULL;
}

struct err *
ledger_generation_use(
    struct ledger *l, int64_t n, int64_t *covered, int64_t *wrapped)
{
	TRY(count(l,
	    "SELECT count(*) FROM credential WHERE cover = ?1 AND ?2 > 0", n,
	    covered));
	/* A key whose certificate is over signs nothing any more. */
	return count(l,
	    "SELECT count(*) FROM credential WHERE kek = ?1"
	    " AND not_after >= ?2",
	    n, wrapped);
}

/* Whether it ended before; and else whether it may: not the newest. */
static struct err *
look_at_end(struct ledger *l, int64_t n, bool kek, bool *before, bool *old)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	bool row;
	TRY(db_prepare(l->db,
	    "SELECT kek_ended, cover_ended, n < (SELECT max(n) FROM generation)"
	    " FROM generation WHERE n = ?1",
	    &q));
	stmt_int(q, 1, n);
	TRY(stmt_step(q, &row));
	*before = row && !stmt_col_is_null(q, kek ? 0 : 1);
	*old = row && stmt_col_int(q, 2) != 0;
	return NULL;
}

static struct err *
mark_end(struct ledger *l, int64_t n, bool kek)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    kek ? "UPDATE generation SET kek_ended = ?2 WHERE n = ?1"
		: "UPDATE generation SET cover_ended = ?2 WHERE n = ?1",
	    &q));
	stmt_int(q, 1, n);
	stmt_int(q, 2, clock_now(l->ground->clock));
	TRY(stmt_run(q, NULL));
	CLEANUP(audit_done) struct audit a = { 0 };
	TRY(audit_open(l, kek ? "kek-destroyed" : "cover-destroyed", &a));
	TRY(audit_int(&a, "generation", n));
	return audit_close(l, &a);
}

/* Counted and marked in one transaction: what is being made under it now comes
 * too late, and what came before is counted. */
static struct err *
end_step(struct ledger *l, int64_t n, bool kek, bool *ended)
{
	int64_t covered = 0, wrapped = 0;
	bool old = false;
	TRY(look_at_end(l, n, kek, ended, &old));
	TRY(ledger_generation_use(l, n, &covered, &wrapped));
	if (*ended || !old || (kek ? wrapped : covered) != 0)
		return NULL;
	*ended = true;
	return mark_end(l, n, kek);
}

struct err *
ledger_generation_end(struct ledger *l, int64_t n, bool kek, bool *ended)
{
	LEDGER_STEP(l, end_step(l, n, kek, ended));
}

/* ---- covering anew ---- */

struct err *
ledger_cover_next(struct ledger *l, const char *after, int64_t most,
    struct err *(*each)(
	void *ctx, const char *credential, int64_t cover, struct bytes sealed),
    void *ctx)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "SELECT id, cover, sealed FROM credential"
	    " WHERE cover < (SELECT max(n) FROM generation) AND id > ?1"
	    " ORDER BY id LIMIT ?2",
	    &q));
	stmt_text(q, 1, after);
	stmt_int(q, 2, most);
	for (;;) {
		bool row;
		CLEANUP(free_charp) char *id = NULL;
		TRY(stmt_step(q, &row));
		if (!row)
			return NULL;
		TRY(stmt_col_str(q, 0, &id));
		TRY(each(
		    ctx, id, stmt_col_int(q, 1), stmt_col_bytes(q, 2)));
	}
}

struct err *
ledger_cover_sample(struct ledger *l, int64_t cover,
    struct err *(*each)(
	void *ctx, const char *credential, int64_t cover, struct bytes sealed),
    void *ctx)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	CLEANUP(free_charp) char *id = NULL;
	bool row;
	TRY(db_prepare(l->db,
	    "SELECT id, cover, sealed FROM credential WHERE cover = ?1 LIMIT 1",
	    &q));
	stmt_int(q, 1, cover);
	TRY(stmt_step(q, &row));
	if (!row)
		return NULL;
	TRY(stmt_col_str(q, 0, &id));
	return each(ctx, id, stmt_col_int(q, 1), stmt_col_bytes(q, 2));
}

struct err *
ledger_cover_put(struct ledger *l, const char *credential, struct bytes old,
    struct bytes sealed, int64_t cover)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	/* Only if nobody changed it meanwhile; then it is looked at again. */
	TRY(db_prepare(l->db,
	    "UPDATE credential SET sealed = ?3, cover = ?4"
	    " WHERE id = ?1 AND sealed = ?2 AND cover < ?4"
	    " AND EXISTS (SELECT 1 FROM generation WHERE n = ?4"
	    " AND cover_ended IS NULL)",
	    &q));
	stmt_text(q, 1, credential);
	stmt_blob(q, 2, old);
	stmt_blob(q, 3, sealed);
	stmt_int(q, 4, cover);
	return stmt_run(q, NULL);
}

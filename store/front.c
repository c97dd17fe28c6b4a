#include "store/front.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "store/db.h"

#define EXPIRE_BATCH 200 /* rows of a kind deleted at once */

struct front_store {
	struct db *db;
	const struct clock *clock;
	pthread_mutex_t lock; /* over db */
};

static const char *const migrations[] = {
	"CREATE TABLE draft ("
	" id TEXT PRIMARY KEY, state BLOB NOT NULL, expires INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX draft_expires ON draft (expires);"
	"CREATE TABLE idem ("
	" scope TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL,"
	" answer BLOB, expires INTEGER NOT NULL,"
	" PRIMARY KEY (scope, key)"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX idem_expires ON idem (expires);"
	"CREATE TABLE verification ("
	" id TEXT PRIMARY KEY, sha256 BLOB NOT NULL, verdict TEXT NOT NULL,"
	" policy TEXT NOT NULL, time INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX verification_time ON verification (time);",
	"CREATE TABLE fetched ("
	" key BLOB PRIMARY KEY, body BLOB NOT NULL, size INTEGER NOT NULL,"
	" got INTEGER NOT NULL"
	") STRICT;"
	"CREATE INDEX fetched_got ON fetched (got, size);",
	/* Nothing wrote into the first one. */
	"DROP TABLE verification;"
	"CREATE TABLE verdict ("
	" id TEXT PRIMARY KEY, sha256 BLOB NOT NULL, bytes INTEGER NOT NULL,"
	" verdict TEXT NOT NULL, sub TEXT NOT NULL, code TEXT NOT NULL,"
	" policy TEXT NOT NULL, signatures INTEGER NOT NULL,"
	" time INTEGER NOT NULL, expires INTEGER NOT NULL, report BLOB"
	") STRICT;"
	"CREATE INDEX verdict_expires ON verdict (expires);",
};

static const struct db_schema schema = {
	.migrations = migrations,
	.count = COUNT_OF(migrations),
	.sync = DB_SYNC_NORMAL,
};

struct err *
front_store_open(
    const char *path, const struct clock *clock, struct front_store **out)
{
	struct front_store *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return err_new(ERR_NOMEM, NULL, "struct front_store");
	struct err *e = db_open(path, DB_WRITE, &schema, &s->db);
	if (e != NULL) {
		free(s);
		return e;
	}
	s->clock = clock;
	pthread_mutex_init(&s->lock, NULL);
	*out = s;
	return NULL;
}

void
front_store_free(struct front_store *s)
{
	if (s == NULL)
		return;
	db_free(s->db);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static void
unlockp(pthread_mutex_t **lock)
{
	pthread_mutex_unlock(*lock);
}

/* Holds the store's lock until the end of the block. */
#define LOCKED(store)                                                          \
	CLEANUP(unlockp) pthread_mutex_t *locked_ = &(store)->lock;            \
	pthread_mutex_lock(locked_)

static struct err *
check_id(const char *id)
{
	size_t len = strlen(id);
	if (len == 0 || len > FRONT_ID_MAX)
		return err_new(ERR_LIMIT, NULL, "an id of %zu bytes", len);
	return NULL;
}

/* ---- drafts ---- */

struct err *
front_draft_put(
    struct front_store *s, const char *id, struct bytes state, int64_t expires)
{
	TRY(check_id(id));
	if (state.len > FRONT_DRAFT_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "a state of %zu bytes", state.len);
	LOCKED(s);
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(s->db, "INSERT INTO draft VALUES (?1, ?2, ?3)", &q));
	stmt_text(q, 1, id);
	stmt_blob(q, 2, state);
	stmt_int(q, 3, expires);
	return stmt_run(q, NULL);
}

struct err *
front_draft_get(struct front_store *s, const char *id, struct buf *out)
{
	LOCKED(s);
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(s->db,
	    "SELECT state FROM draft WHERE id = ?1 AND expires > ?2", &q));
	stmt_text(q, 1, id);
	stmt_int(q, 2, clock_now(s->clock));
	bool row;
	TRY(stmt_step(q, &row));
	if (!row)
		return err_coded(err_new(ERR_MISSING, NULL, "no such draft"),
		    "draft-unknown");
	return buf_append(out, stmt_col_bytes(q, 0));
}

struct err *
front_draft_drop(struct front_store *s, const char *id, bool *dropped)
{
	LOCKED(s);
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(s->db, "DELETE FROM draft WHERE id = ?1", &q));
	stmt_text(q, 1, id);
	int64_t n;
	TRY(stmt_run(q, &n));
	if (dropped != NULL)
		*dropped = n > 0;
	return NULL;
}

/* ---- idempotency ---- */

/* A claim counts as a row without an answer; its `expires` is the lease. */
static struct err *
idem_insert(struct front_store *s, const char *scope, const char *key,
    struct bytes body, int64_t now, int64_t lease, bool *ours)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(s->db,
	    "INSERT INTO idem (scope, key, body, expires)"
	    " VALUES (?1, ?2, ?3, ?4)"
	    " ON CONFLICT (scope, key) DO UPDATE SET body = ?3, answer = NULL,"
	    " expires = ?4 WHERE expires <= ?5",
	    &q));
	stmt_text(q, 1, scope);
	stmt_text(q, 2, key);
	stmt_blob(q, 3, body);
	stmt_int(q, 4, now + lease);
	stmt_int(q, 5, now);
	int64_t n;
	TRY(stmt_run(q, &n));
	*ours = n > 0;
	return NULL;
}

static struct err *
idem_look(struct front_store *s, const char *scope, const char *key,
    struct bytes body, enum idem_state *out, struct buf *answer)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(s->db,
	    "SELECT body, answer FROM idem WHERE scope = ?1 AND key = ?2", &q));
	stmt_text(q, 1, scope);
	stmt_text(q, 2, key);
	bool row;
	TRY(stmt_step(q, &row));
	if (!row || !bytes_eq(stmt_col_bytes(q, 0), body)) {
		*out = IDEM_CONFLICT;
		return NULL;
	}
	if (stmt_col_is_null(q, 1)) {
		*out = IDEM_BUSY;
		return NULL;
	}
	TRY(buf_append(answer, stmt_col_bytes(q, 1)));
	*out = IDEM_DONE;
	return NULL;
}

struct err *
front_idem_claim(struct front_store *s, const char *scope, const char *key,
    const uint8_t body_sha256[32], int64_t lease_seconds, enum idem_state *out,
    struct buf *answer)
{
	TRY(check_id(scope));
	TRY(check_id(key));
	struct bytes body = bytes_of(body_sha256, 32);
	int64_t now = clock_now(s->clock);
	LOCKED(s);
	bool ours;
	TRY(idem_insert(s, scope, key, body, now, lease_seconds, &ours));
	if (!ours)
		return idem_look(s, scope, key, body, out, answer);
	*out = IDEM_NEW;
	return NULL;
}

struct err *
front_idem_finish(struct front_store *s, const char *scope, const char *key,
    struct bytes answer, int64_t expires)
{
	if (answer.len > FRONT_ANSWER_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "an answer of %zu bytes", answer.len);
	LOCKED(s);
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(s->db,
	    "UPDATE idem SET answer = ?3, expires = ?4"
	    " WHERE scope = ?1 AND key = ?2",
	    &q));
	stmt_text(q, 1, scope);
	stmt_text(q, 2, key);
	stmt_blob(q, 3, answer);
	stmt_int(q, 4, expires);
	return stmt_run(q, NULL);
}

struct err *
front_idem_drop(struct front_store *s, const char *scope, const char *key)
{
	LOCKED(s);
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(s->db,
	    "DELETE FROM idem WHERE scope = ?1 AND key = ?2"
	    " AND answer IS NULL",
	    &q));
	stmt_text(q, 1, scope);
	stmt_text(q, 2, key);
	return stmt_run(q, NULL);
}

/* ---- verifications ---- */

struct err *
front_verification_put(struct front_store *s, const char *id,
    const struct verification *v, struct bytes report)
{
	TRY(check_id(id));
	if (report.len > FRONT_REPORT_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "a report of %zu bytes", report.len);
	LOCKED(s);
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(s->db,
	    "INSERT INTO verdict VALUES"
	    " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
	    &q));
	stmt_text(q, 1, id);
	stmt_blob(q, 2, bytes_of(v->sha256, sizeof(v->sha256)));
	stmt_int(q, 3, v->bytes);
	stmt_text(q, 4, v->verdict);
	stmt_text(q, 5, v->sub);
	stmt_text(q, 6, v->code);
	stmt_text(q, 7, v->policy);
	stmt_int(q, 8, v->signatures);
	stmt_int(q, 9, v->time);
	stmt_int(q, 10, v->expires);
	if (report.len > 0)
		stmt_blob(q, 11, report);
	return stmt_run(q, NULL);
}

static void
copy_text(struct bytes from, char *out, size_t size)
{
	size_t len = from.len < size - 1 ? from.len : size - 1;
	if (len > 0)
		memcpy(out, from.ptr, len);
	out[len] = '\0';
}

static struct verification
read_verification(struct stmt *q)
{
	struct verification v = { .bytes = stmt_col_int(q, 1),
		.signatures = stmt_col_int(q, 6),
		.time = stmt_col_int(q, 7),
		.expires = stmt_col_int(q, 8) };
	memcpy(v.sha256, stmt_col_bytes(q, 0).ptr, sizeof(v.sha256));
	copy_text(stmt_col_bytes(q, 2), v.verdict, sizeof(v.verdict));
	copy_text(stmt_col_bytes(q, 3), v.sub, sizeof(v.sub));
	copy_text(stmt_col_bytes(q, 4), v.code, sizeof(v.code));
	copy_text(stmt_col_bytes(q, 5), v.policy, sizeof(v.policy));
	return v;
}

struct err *
front_verification_get(struct front_store *s, const char *id,
    struct verification *out, struct buf *report)
{
	LOCKED(s);
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(s->db,
	    "SELECT sha256, bytes, verdict, sub, code, policy, signatures,"
	    " time, expires, report FROM verdict"
	    " WHERE id = ?1 AND expires > ?2",
	    &q));
	stmt_text(q, 1, id);
	stmt_int(q, 2, clock_now(s->clock));
	bool row;
	TRY(stmt_step(q, &row));
	if (!row || stmt_col_bytes(q, 0).len != sizeof(out->sha256))
		return err_coded(
		    err_new(ERR_MISSING, NULL, "no such verification"),
		    "verification-unknown");
	if (!stmt_col_is_null(q, 9))
		TRY(buf_append(report, stmt_col_bytes(q, 9)));
	*out = read_verification(q);
	return NULL;
}

/* ---- expiry ---- */

/* ---- what was fetched ---- */

/* Drops the oldest until what is left, with `more` bytes, fits. */
static struct err *
make_room(struct front_store *s, size_t more)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(s->db,
	    "DELETE FROM fetched WHERE key IN (SELECT key FROM (SELECT key,"
	    " SUM(size) OVER (ORDER BY got DESC, key) AS all_of FROM fetched)"
	    " WHERE all_of > ?1)",
	    &q));
	stmt_int(q, 1, FRONT_FETCHED_ALL - (int64_t)more);
	return stmt_run(q, NULL);
}

struct err *
front_fetched_put(
    struct front_store *s, const uint8_t key[32], struct bytes body)
{
	if (body.len > FRONT_FETCHED_MAX)
		return err_new(ERR_LIMIT, NULL, "%zu bytes", body.len);
	LOCKED(s);
	TRY(make_room(s, body.len));
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(s->db,
	    "INSERT OR REPLACE INTO fetched VALUES (?1, ?2, ?3, ?4)", &q));
	stmt_blob(q, 1, bytes_of(key, 32));
	stmt_blob(q, 2, body);
	stmt_int(q, 3, (int64_t)body.len);
	stmt_int(q, 4, clock_now(s->clock));
	return stmt_run(q, NULL);
}

struct err *
front_fetched_get(
    struct front_store *s, const uint8_t key[32], struct buf *out, int64_t *got)
{
	LOCKED(s);
	bool found = false;
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(s->db,
	    "SELECT body, got FROM fetched WHERE key = ?1 AND got > ?2", &q));
	stmt_blob(q, 1, bytes_of(key, 32));
	stmt_int(q, 2, clock_now(s->clock) - FRONT_FETCHED_DAYS * 86400);
	TRY(stmt_step(q, &found));
	if (!found)
		return err_new(ERR_MISSING, NULL, "never fetched");
	TRY(buf_append(out, stmt_col_bytes(q, 0)));
	*got = stmt_col_int(q, 1);
	return NULL;
}

static struct err *
expire(struct front_store *s, const char *sql, int64_t now, bool *more)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(s->db, sql, &q));
	stmt_int(q, 1, now);
	stmt_int(q, 2, EXPIRE_BATCH);
	int64_t n;
	TRY(stmt_run(q, &n));
	if (n == EXPIRE_BATCH)
		*more = true;
	return NULL;
}

struct err *
front_store_expire(struct front_store *s, bool *more)
{
	int64_t now = clock_now(s->clock);
	bool again = false;
	LOCKED(s);
	TRY(expire(s,
	    "DELETE FROM draft WHERE id IN"
	    " (SELECT id FROM draft WHERE expires <= ?1 LIMIT ?2)",
	    now, &again));
	TRY(expire(s,
	    "DELETE FROM idem WHERE (scope, key) IN"
	    " (SELECT scope, key FROM idem WHERE expires <= ?1 LIMIT ?2)",
	    now, &again));
	TRY(expire(s,
	    "DELETE FROM verdict WHERE id IN"
	    " (SELECT id FROM verdict WHERE expires <= ?1 LIMIT ?2)",
	    now, &again));
	TRY(expire(s,
	    "DELETE FROM fetched WHERE key IN"
	    " (SELECT key FROM fetched WHERE got <= ?1 LIMIT ?2)",
	    now - FRONT_FETCHED_DAYS * 86400, &again));
	if (more != NULL)
		*more = again;
	return NULL;
}

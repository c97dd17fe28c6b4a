#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

/* Every statement that we have is static text, a few dozen in all. */
#define STMT_MAX 128

struct stmt {
	struct db *db;
	const char *sql;
	sqlite3_stmt *raw;
	int failed; /* first result of binding that was not SQLITE_OK */
	bool lent;
};

struct db {
	sqlite3 *raw;
	struct stmt *stmts[STMT_MAX];
	size_t nstmts;
};

/* What SQLite says, as one of our kinds.  Its text has no values of ours. */
static struct err *
err_sqlite(struct db *db, int rc, const char *what)
{
	enum err_kind kind = ERR_REMOTE;
	const char *code = "store-failed";
	switch (rc & 0xff) {
	case SQLITE_NOMEM:
		kind = ERR_NOMEM;
		code = "nomem";
		break;
	case SQLITE_FULL:
		kind = ERR_LIMIT;
		code = "disk-full";
		break;
	case SQLITE_CONSTRAINT:
		kind = ERR_USAGE;
		code = "usage";
		break;
	case SQLITE_IOERR:
		if (db != NULL && sqlite3_system_errno(db->raw) == ENOSPC) {
			kind = ERR_LIMIT;
			code = "disk-full";
		}
		break;
	default:
		break;
	}
	struct err *e = err_new(kind, NULL, "%s: %s", what, sqlite3_errstr(rc));
	return err_coded(e, code);
}

static struct err *
exec(struct db *db, const char *sql)
{
	int rc = sqlite3_exec(db->raw, sql, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		return NULL;
	int extended = sqlite3_extended_errcode(db->raw);
	return err_sqlite(db, extended, "executing SQL");
}

/* The file is made here, so that nobody else may read it from the start; its
 * journals inherit the mode. */
static struct err *
make_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_errno(errno, "opening %s", path);
	close(fd);
	return NULL;
}

static struct err *
open_raw(struct db *db, const char *path, enum db_mode mode)
{
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
	flags |= mode == DB_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
	if (mode == DB_READ && access(path, F_OK) != 0)
		return err_errno(errno, "opening %s", path);
	if (mode == DB_WRITE)
		TRY(make_file(path));
	int rc = sqlite3_open_v2(path, &db->raw, flags, NULL);
	if (rc != SQLITE_OK)
		return err_sqlite(db->raw == NULL ? NULL : db, rc, "opening");
	sqlite3_extended_result_codes(db->raw, 1);
	sqlite3_busy_timeout(db->raw, DB_BUSY_MS);
	/* A tampered file may not run code of its own. */
	sqlite3_db_config(db->raw, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	return NULL;
}

static struct err *
configure(struct db *db, enum db_mode mode, enum db_sync sync)
{
	TRY(exec(db, "PRAGMA foreign_keys=ON;PRAGMA secure_delete=ON;"
		     "PRAGMA temp_store=MEMORY;"));
	if (mode == DB_READ)
		return exec(db, "PRAGMA query_only=ON;");
	TRY(exec(db, "PRAGMA journal_mode=WAL;"));
	return exec(db, sync == DB_SYNC_FULL ? "PRAGMA synchronous=FULL;"
					     : "PRAGMA synchronous=NORMAL;");
}

static struct err *
read_version(struct db *db, size_t *out)
{
	CLEANUP(stmt_donep) struct stmt *s = NULL;
	TRY(db_prepare(db, "PRAGMA user_version", &s));
	bool row;
	TRY(stmt_step(s, &row));
	*out = row ? (size_t)stmt_col_int(s, 0) : 0;
	return NULL;
}

static struct err *
migrate_one(struct db *db, const char *sql, size_t version)
{
	char set[64];
	snprintf(set, sizeof(set), "PRAGMA user_version=%zu", version);
	TRY(db_begin(db));
	struct err *e = exec(db, sql);
	if (e == NULL)
		e = exec(db, set);
	if (e == NULL)
		e = db_commit(db);
	if (e != NULL)
		db_rollback(db);
	return err_while(e, "migration %zu", version);
}

static struct err *
migrate(struct db *db, enum db_mode mode, const struct db_schema *schema)
{
	size_t version;
	TRY(read_version(db, &version));
	if (version > schema->count)
		return err_coded(err_new(ERR_UNSUPPORTED, NULL,
				     "the database is version %zu, we know %zu",
				     version, schema->count),
		    "store-newer");
	if (mode == DB_READ && version < schema->count)
		return err_new(ERR_MISSING, NULL,
		    "the database is version %zu, we want %zu", version,
		    schema->count);
	for (size_t i = version; i < schema->count; i++)
		TRY(migrate_one(db, schema->migrations[i], i + 1));
	return NULL;
}

struct err *
db_open(const char *path, enum db_mode mode, const struct db_schema *schema,
    struct db **out)
{
	CLEANUP(db_freep) struct db *db = calloc(1, sizeof(*db));
	if (db == NULL)
		return err_new(ERR_NOMEM, NULL, "struct db");
	TRY(open_raw(db, path, mode));
	TRY(configure(db, mode, schema->sync));
	TRY(migrate(db, mode, schema));
	*out = TAKE(db);
	return NULL;
}

void
db_free(struct db *db)
{
	if (db == NULL)
		return;
	for (size_t i = 0; i < db->nstmts; i++) {
		sqlite3_finalize(db->stmts[i]->raw);
		free(db->stmts[i]);
	}
	sqlite3_close_v2(db->raw);
	free(db);
}

struct err *
db_begin(struct db *db)
{
	return exec(db, "BEGIN IMMEDIATE");
}

struct err *
db_commit(struct db *db)
{
	return exec(db, "COMMIT");
}

void
db_rollback(struct db *db)
{
	if (db_in_transaction(db))
		err_free(exec(db, "ROLLBACK"));
}

bool
db_in_transaction(const struct db *db)
{
	return sqlite3_get_autocommit(db->raw) == 0;
}

struct err *
db_step_begin(struct db *db)
{
	/* Without one, SAVEPOINT would begin a transaction of its own. */
	if (!db_in_transaction(db))
		return err_coded(
		    err_new(ERR_REMOTE, NULL, "no transaction is open"),
		    "store-failed");
	return exec(db, "SAVEPOINT step");
}

/* Some errors (a full disk) end the whole transaction: then there is no step
 * left to undo, and what was going to be committed must not seem to be. */
struct err *
db_step_end(struct db *db, struct err *outcome)
{
	if (outcome == NULL)
		return exec(db, "RELEASE step");
	if (db_in_transaction(db))
		err_free(exec(db, "ROLLBACK TO step; RELEASE step"));
	return outcome;
}

static struct stmt *
find_stmt(const struct db *db, const char *sql)
{
	for (size_t i = 0; i < db->nstmts; i++)
		if (db->stmts[i]->sql == sql ||
		    strcmp(db->stmts[i]->sql, sql) == 0)
			return db->stmts[i];
	return NULL;
}

static struct err *
new_stmt(struct db *db, const char *sql, struct stmt **out)
{
	if (db->nstmts == STMT_MAX)
		return err_new(ERR_INTERNAL, NULL, "too many statements");
	struct stmt *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return err_new(ERR_NOMEM, NULL, "struct stmt");
	*s = (struct stmt){ .db = db, .sql = sql };
	int rc = sqlite3_prepare_v3(
	    db->raw, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->raw, NULL);
	if (rc != SQLITE_OK) {
		free(s);
		struct err *e = err_sqlite(db, rc, "preparing");
		return err_while(e, "%s", sqlite3_errmsg(db->raw));
	}
	db->stmts[db->nstmts++] = s;
	*out = s;
	return NULL;
}

struct err *
db_prepare(struct db *db, const char *sql, struct stmt **out)
{
	struct stmt *s = find_stmt(db, sql);
	if (s == NULL)
		TRY(new_stmt(db, sql, &s));
	if (s->lent)
		return err_new(ERR_INTERNAL, NULL, "statement in use: %s", sql);
	s->lent = true;
	s->failed = SQLITE_OK;
	*out = s;
	return NULL;
}

void
stmt_done(struct stmt *s)
{
	if (s == NULL)
		return;
	sqlite3_reset(s->raw);
	sqlite3_clear_bindings(s->raw);
	s->lent = false;
}

static void
bound(struct stmt *s, int rc)
{
	if (s->failed == SQLITE_OK)
		s->failed = rc;
}

void
stmt_int(struct stmt *s, int at, int64_t v)
{
	bound(s, sqlite3_bind_int64(s->raw, at, v));
}

void
stmt_text(struct stmt *s, int at, const char *v)
{
	bound(s, sqlite3_bind_text(s->raw, at, v, -1, SQLITE_STATIC));
}

void
stmt_blob(struct stmt *s, int at, struct bytes v)
{
	const void *p = v.ptr == NULL ? (const void *)"" : v.ptr;
	bound(s, sqlite3_bind_blob64(s->raw, at, p, v.len, SQLITE_STATIC));
}

void
stmt_null(struct stmt *s, int at)
{
	bound(s, sqlite3_bind_null(s->raw, at));
}

struct err *
stmt_step(struct stmt *s, bool *row)
{
	if (s->failed != SQLITE_OK)
		return err_sqlite(s->db, s->failed, "binding");
	int rc = sqlite3_step(s->raw);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return err_sqlite(s->db, rc, "stepping");
	*row = rc == SQLITE_ROW;
	return NULL;
}

int64_t
stmt_col_int(struct stmt *s, int at)
{
	return sqlite3_column_int64(s->raw, at);
}

struct bytes
stmt_col_bytes(struct stmt *s, int at)
{
	const void *p = sqlite3_column_blob(s->raw, at);
	int len = sqlite3_column_bytes(s->raw, at);
	return p == NULL ? BYTES_NONE : bytes_of(p, (size_t)len);
}

bool
stmt_col_is_null(struct stmt *s, int at)
{
	return sqlite3_column_type(s->raw, at) == SQLITE_NULL;
}

struct err *
stmt_col_str(struct stmt *s, int at, char **out)
{
	return bytes_dup_str(stmt_col_bytes(s, at), out);
}

struct err *
stmt_run(struct stmt *s, int64_t *changed)
{
	bool row;
	TRY(stmt_step(s, &row));
	if (row)
		return err_new(ERR_INTERNAL, NULL, "unasked rows: %s", s->sql);
	if (changed != NULL)
		*changed = sqlite3_changes64(s->db->raw);
	return NULL;
}

/*
 * One door to the database.  SQLite here; what is above uses only this
 * interface, so that PostgreSQL can stand behind it later.
 *
 * A struct db belongs to one thread at a time.  Errors of all calls:
 * ERR_LIMIT code "disk-full": no room; ERR_NOMEM; ERR_REMOTE code
 * "store-failed": the database could not do it; ERR_USAGE: a row with that key
 * is there already (stmt_run on a unique column).
 */
#ifndef SIGND_STORE_DB_H
#define SIGND_STORE_DB_H

#include "base/base.h"

#define DB_BUSY_MS 10000 /* how long to wait for another writer */

struct db;
struct stmt;

enum db_mode {
	DB_READ,  /* must be there already; nothing can be written */
	DB_WRITE, /* made if it is not there, mode 0600 */
};

enum db_sync {
	DB_SYNC_FULL,   /* a commit is on the disk when it returns */
	DB_SYNC_NORMAL, /* the last moments may be lost when power fails */
};

/* Tables come from numbered migrations: entry i makes version i + 1. */
struct db_schema {
	const char *const *migrations; /* SQL, static */
	size_t count;
	enum db_sync sync;
};

/*
 * db_open opens `path` in WAL mode and brings it to the newest version, each
 * migration in a transaction of its own.  DB_READ only checks the version.
 * ERR_UNSUPPORTED code "store-newer": made by a newer version of us.
 * ERR_MISSING: DB_READ, and there is no such file.
 */
struct err *db_open(const char *path, enum db_mode mode,
    const struct db_schema *schema, struct db **out) MUST_USE;
void db_free(struct db *db); /* rolls back what was not committed */
DEFINE_FREEP(db_free, struct db)

/* Transactions.  begin takes the right to write at once. */
struct err *db_begin(struct db *db) MUST_USE;
struct err *db_commit(struct db *db) MUST_USE;
void db_rollback(struct db *db); /* safe when there is none */
bool db_in_transaction(const struct db *db);
/* A step inside a transaction that can be undone alone. */
struct err *db_step_begin(struct db *db) MUST_USE;
struct err *db_step_end(struct db *db, struct err *outcome) MUST_USE;

/*
 * db_prepare gives the statement for `sql` (static storage: it is prepared once
 * and kept).  The caller releases it with stmt_done(), before the same text
 * may be asked for again.  Values are bound from 1, columns read from 0.
 */
struct err *db_prepare(
    struct db *db, const char *sql, struct stmt **out) MUST_USE;
void stmt_done(struct stmt *s);
DEFINE_FREEP(stmt_done, struct stmt)

/* What is bound must live until stmt_done().  A failure to bind is told by the
 * next step.  A NULL text is NULL; empty bytes are an empty blob. */
void stmt_int(struct stmt *s, int at, int64_t v);
void stmt_text(struct stmt *s, int at, const char *v);
void stmt_blob(struct stmt *s, int at, struct bytes v);
void stmt_null(struct stmt *s, int at);

/* *row: whether there is a row to read; columns live until the next step. */
struct err *stmt_step(struct stmt *s, bool *row) MUST_USE;
int64_t stmt_col_int(struct stmt *s, int at);
struct bytes stmt_col_bytes(struct stmt *s, int at);
bool stmt_col_is_null(struct stmt *s, int at);
/* A new string for free(); NULL becomes "". */
struct err *stmt_col_str(struct stmt *s, int at, char **out) MUST_USE;
/* stmt_run steps a statement that yields no rows.  *changed (may be NULL) is
 * the number of rows it changed. */
struct err *stmt_run(struct stmt *s, int64_t *changed) MUST_USE;

#endif

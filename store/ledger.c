#include "store/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "store/audit.h"
#include "store/db.h"

#define TIDY_BATCH 500 /* rows deleted at once */

static const char *const migrations[] = {
	"CREATE TABLE setup ("
	" name TEXT PRIMARY KEY, value BLOB NOT NULL"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE chain ("
	" place INTEGER PRIMARY KEY, certificate BLOB NOT NULL"
	") STRICT;"

	"CREATE TABLE officer ("
	" fingerprint TEXT PRIMARY KEY, certificate BLOB NOT NULL,"
	" name TEXT NOT NULL, active INTEGER NOT NULL,"
	" created INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE nonce ("
	" nonce TEXT PRIMARY KEY, record_hash BLOB NOT NULL,"
	" used INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE enrolment ("
	" id TEXT PRIMARY KEY, token_hash BLOB NOT NULL UNIQUE,"
	" expires INTEGER NOT NULL, created INTEGER NOT NULL,"
	" credential TEXT UNIQUE,"
	" name TEXT NOT NULL, subject_id TEXT NOT NULL,"
	" province TEXT NOT NULL, locality TEXT NOT NULL,"
	" profile TEXT NOT NULL, evidence TEXT NOT NULL,"
	" evidence_sha256 TEXT NOT NULL, consent TEXT NOT NULL,"
	" desk TEXT NOT NULL,"
	" officer TEXT NOT NULL REFERENCES officer (fingerprint),"
	" time TEXT NOT NULL, nonce TEXT NOT NULL UNIQUE,"
	" approval BLOB NOT NULL, approval_alg BLOB NOT NULL"
	") STRICT;"

	"CREATE TABLE credential ("
	" id TEXT PRIMARY KEY,"
	" enrolment TEXT NOT NULL UNIQUE REFERENCES enrolment (id),"
	" serial TEXT NOT NULL UNIQUE, certificate BLOB NOT NULL,"
	" not_after INTEGER NOT NULL, created INTEGER NOT NULL,"
	" sealed BLOB NOT NULL, version INTEGER NOT NULL,"
	" pin_failed INTEGER NOT NULL DEFAULT 0,"
	" pin_running INTEGER NOT NULL DEFAULT 0,"
	" pin_since INTEGER NOT NULL DEFAULT 0,"
	" revoked_at INTEGER, reason INTEGER, revoked_nonce TEXT"
	") STRICT;"
	"CREATE INDEX credential_revoked ON credential (serial)"
	" WHERE revoked_at IS NOT NULL;"

	"CREATE TABLE sad_used ("
	" id BLOB PRIMARY KEY, expires INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX sad_expires ON sad_used (expires);"

	"CREATE TABLE crl ("
	" number INTEGER PRIMARY KEY, this_update INTEGER NOT NULL,"
	" next_update INTEGER NOT NULL, entries INTEGER NOT NULL,"
	" der BLOB NOT NULL"
	") STRICT;"

	"CREATE TABLE audit ("
	" n INTEGER PRIMARY KEY, line BLOB NOT NULL, hash BLOB NOT NULL"
	") STRICT;"
	/* Not even a slip of ours may rewrite what was recorded. */
	"CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit"
	" BEGIN SELECT RAISE(ABORT, 'append only'); END;"
	"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit"
	" BEGIN SELECT RAISE(ABORT, 'append only'); END;",

	/* Certificates without a key of ours behind a PIN: of tokens that
	 * people bring, and of our own TSA and OCSP keys. */
	"CREATE TABLE issued ("
	" serial TEXT PRIMARY KEY, profile TEXT NOT NULL,"
	" certificate BLOB NOT NULL, key_sha256 BLOB NOT NULL,"
	" subject_id TEXT NOT NULL, replaces TEXT NOT NULL,"
	" not_after INTEGER NOT NULL, created INTEGER NOT NULL,"
	" record BLOB, approval BLOB, approval_alg BLOB,"
	" officer TEXT REFERENCES officer (fingerprint),"
	" revoked_at INTEGER, reason INTEGER, revoked_nonce TEXT"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX issued_revoked ON issued (serial)"
	" WHERE revoked_at IS NOT NULL;"
	"CREATE INDEX issued_key ON issued (key_sha256);"
	"CREATE TABLE operator_key ("
	" n INTEGER PRIMARY KEY, purpose TEXT NOT NULL,"
	" key_id BLOB NOT NULL, serial TEXT NOT NULL REFERENCES issued (serial)"
	") STRICT;"
	/* A suspension is taken back, so counting who is revoked does not tell
	 * whether something changed. */
	"CREATE TABLE register ("
	" only_row INTEGER PRIMARY KEY CHECK (only_row = 1),"
	" changes INTEGER NOT NULL"
	") STRICT;"
	"INSERT INTO register SELECT 1, count(*) FROM credential"
	" WHERE revoked_at IS NOT NULL;"
	"ALTER TABLE crl ADD COLUMN changes INTEGER NOT NULL DEFAULT 0;"
	"UPDATE crl SET changes = entries;"
	"CREATE VIEW register_entry AS"
	" SELECT serial, revoked_at, reason, not_after FROM credential"
	" UNION ALL"
	" SELECT serial, revoked_at, reason, not_after FROM issued;",

	/* Keys that wrap and cover come in generations.  The first may be
	 * without a cover: blobs from before there were any lie bare. */
	"CREATE TABLE generation ("
	" n INTEGER PRIMARY KEY, kek BLOB NOT NULL UNIQUE,"
	" cover BLOB NOT NULL, created INTEGER NOT NULL,"
	" kek_ended INTEGER, cover_ended INTEGER"
	") STRICT;"
	"INSERT INTO generation (n, kek, cover, created)"
	" SELECT 1, value, X'', 0 FROM setup WHERE name = 'kek-id';"
	"ALTER TABLE credential ADD COLUMN kek INTEGER NOT NULL DEFAULT 1;"
	"ALTER TABLE credential ADD COLUMN cover INTEGER NOT NULL DEFAULT 1;"
	"CREATE INDEX credential_kek ON credential (kek);"
	"CREATE INDEX credential_cover ON credential (cover);",

	/* What a SAD was used for, told again to who asks again. */
	("ALTER TABLE sad_used ADD COLUMN repeat BLOB;"
	 "ALTER TABLE sad_used ADD COLUMN answer BLOB;"),

	/* Whether a code is asked for, and the time step of the last one that
	 * was used (RFC 6238). */
	("ALTER TABLE credential"
	 " ADD COLUMN second_factor INTEGER NOT NULL DEFAULT 0;"
	 "ALTER TABLE credential"
	 " ADD COLUMN code_step INTEGER NOT NULL DEFAULT 0;"),

	/* The kind of key that the officer approved; "": the service's. */
	"ALTER TABLE enrolment ADD COLUMN key_kind TEXT NOT NULL DEFAULT '';",

	/* Certificates of a CA that is somebody else's: its chain (packed, tag
	 * 1 repeated), what it still has to be told, and that our own CRL and
	 * OCSP answers do not speak of them. */
	("CREATE TABLE external_issuer ("
	 " n INTEGER PRIMARY KEY, chain BLOB NOT NULL UNIQUE"
	 ") STRICT;"
	 "CREATE TABLE external_task ("
	 " serial TEXT PRIMARY KEY, certificate BLOB NOT NULL,"
	 " reason INTEGER NOT NULL, due INTEGER NOT NULL,"
	 " tries INTEGER NOT NULL DEFAULT 0"
	 ") STRICT;"
	 "ALTER TABLE credential ADD COLUMN issuer INTEGER NOT NULL DEFAULT 0;"
	 "DROP VIEW register_entry;"
	 "CREATE VIEW register_entry AS"
	 " SELECT serial, revoked_at, reason, not_after FROM credential"
	 " WHERE issuer = 0"
	 " UNION ALL"
	 " SELECT serial, revoked_at, reason, not_after FROM issued;"),

	/* The root's own lists. */
	("CREATE TABLE root_revoked ("
	 " serial TEXT PRIMARY KEY, revoked_at INTEGER NOT NULL,"
	 " reason INTEGER NOT NULL"
	 ") STRICT, WITHOUT ROWID;"
	 "CREATE TABLE root_crl ("
	 " number INTEGER PRIMARY KEY, sha256 BLOB NOT NULL"
	 ") STRICT;"),

	/* Who asks an external CA for it just now, and until when. */
	("ALTER TABLE enrolment ADD COLUMN asked_by TEXT NOT NULL DEFAULT '';"
	 "ALTER TABLE enrolment"
	 " ADD COLUMN asked_until INTEGER NOT NULL DEFAULT 0;"),

	/* Up to which expiry those that were used are no longer known. */
	("CREATE TABLE sad_forgotten ("
	 " only_row INTEGER PRIMARY KEY CHECK (only_row = 1),"
	 " expires INTEGER NOT NULL"
	 ") STRICT;"
	 "INSERT INTO sad_forgotten VALUES (1, 0);"),

	/* The root's list itself, for who asks where certificates say it is;
	 * of lists before this the hash alone is known. */
	("ALTER TABLE root_crl ADD COLUMN der BLOB NOT NULL DEFAULT x'';"),

	/* What an external CA was asked, and has not decided yet. */
	("ALTER TABLE enrolment"
	 " ADD COLUMN waiting BLOB NOT NULL DEFAULT x'';"),
};

_Static_assert(COUNT_OF(migrations) == LEDGER_MIGRATIONS, "as it says");

static const struct db_schema schema = {
	.migrations = migrations,
	.count = COUNT_OF(migrations),
	.sync = DB_SYNC_FULL,
};

struct err *
ledger_open(const char *path, enum ledger_mode mode,
    const struct ledger_ground *ground, struct ledger **out)
{
	CLEANUP(ledger_freep) struct ledger *l = calloc(1, sizeof(*l));
	if (l == NULL)
		return err_new(ERR_NOMEM, NULL, "struct ledger");
	l->ground = ground;
	TRY(db_open(
	    path, mode == LEDGER_READ ? DB_READ : DB_WRITE, &schema, &l->db));
	*out = TAKE(l);
	return NULL;
}

void
ledger_free(struct ledger *l)
{
	if (l == NULL)
		return;
	db_free(l->db);
	free(l);
}

struct err *
ledger_begin(struct ledger *l)
{
	return db_begin(l->db);
}

struct err *
ledger_commit(struct ledger *l)
{
	/* A full disk may have ended the transaction already: what was
	 * promised in it is gone, and that must not look like success. */
	if (!db_in_transaction(l->db))
		return err_coded(err_new(ERR_REMOTE, NULL,
				     "the transaction was rolled back"),
		    "store-failed");
	struct err *e = db_commit(l->db);
	if (e != NULL)
		db_rollback(l->db);
	l->checkpoint_known = false;
	return e;
}

void
ledger_rollback(struct ledger *l)
{
	db_rollback(l->db);
}

/* ---- set-up ---- */

void
ledger_setup_done(struct ledger_setup *s)
{
	buf_done(&s->kek_id);
	buf_done(&s->cover_id);
	buf_done(&s->pepper_id);
	buf_done(&s->ca_key_id);
	for (size_t i = 0; i < s->nchain; i++)
		buf_done(&s->chain[i]);
	s->nchain = 0;
}

static struct err *
put_value(struct ledger *l, const char *name, const struct buf *value)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db, "INSERT INTO setup VALUES (?1, ?2)", &q));
	stmt_text(q, 1, name);
	stmt_blob(q, 2, buf_bytes(value));
	struct err *e = stmt_run(q, NULL);
	if (e != NULL && err_kind(e) == ERR_USAGE)
		return err_coded(
		    err_while(e, "set up already"), "set-up-already");
	return e;
}

static struct err *
put_chain(struct ledger *l, const struct ledger_setup *s)
{
	for (size_t i = 0; i < s->nchain; i++) {
		CLEANUP(stmt_donep) struct stmt *q = NULL;
		TRY(db_prepare(l->db, "INSERT INTO chain VALUES (?1, ?2)", &q));
		stmt_int(q, 1, (int64_t)i);
		stmt_blob(q, 2, buf_bytes(&s->chain[i]));
		TRY(stmt_run(q, NULL));
	}
	return NULL;
}

static struct err *
setup_step(struct ledger *l, const struct ledger_setup *s)
{
	TRY(put_value(l, "kek-id", &s->kek_id));
	TRY(put_value(l, "pepper-id", &s->pepper_id));
	TRY(put_value(l, "ca-key-id", &s->ca_key_id));
	TRY(put_chain(l, s));
	TRY(ledger_generation_insert(
	    l, buf_bytes(&s->kek_id), buf_bytes(&s->cover_id)));
	CLEANUP(audit_done) struct audit a = { 0 };
	TRY(audit_open(l, "setup", &a));
	TRY(audit_hex(&a, "kek", buf_bytes(&s->kek_id)));
	TRY(audit_hex(&a, "pepper", buf_bytes(&s->pepper_id)));
	TRY(audit_hex(&a, "caKey", buf_bytes(&s->ca_key_id)));
	return audit_close(l, &a);
}

struct err *
ledger_setup_put(struct ledger *l, const struct ledger_setup *s)
{
	LEDGER_STEP(l, setup_step(l, s));
}

static struct err *
get_value(struct ledger *l, const char *name, struct buf *out)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db, "SELECT value FROM setup WHERE name = ?1", &q));
	stmt_text(q, 1, name);
	bool row;
	TRY(stmt_step(q, &row));
	if (!row)
		return err_coded(
		    err_new(ERR_MISSING, NULL, "the ledger is not set up"),
		    "not-set-up");
	*out = BUF(LEDGER_ID_MAX);
	return buf_append(out, stmt_col_bytes(q, 0));
}

static struct err *
get_chain(struct ledger *l, struct ledger_setup *out)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(
	    l->db, "SELECT certificate FROM chain ORDER BY place", &q));
	while (out->nchain < LEDGER_CHAIN_MAX) {
		bool row;
		TRY(stmt_step(q, &row));
		if (!row)
			return NULL;
		struct buf *to = &out->chain[out->nchain++];
		*to = BUF(LEDGER_AUDIT_LINE_MAX);
		TRY(buf_append(to, stmt_col_bytes(q, 0)));
	}
	return NULL;
}

struct err *
ledger_setup_get(struct ledger *l, struct ledger_setup *out)
{
	CLEANUP(ledger_setup_done) struct ledger_setup s = { 0 };
	TRY(get_value(l, "kek-id", &s.kek_id));
	TRY(get_value(l, "pepper-id", &s.pepper_id));
	TRY(get_value(l, "ca-key-id", &s.ca_key_id));
	TRY(get_chain(l, &s));
	*out = s;
	s = (struct ledger_setup){ 0 };
	return NULL;
}

/* However far a clock is set back later: what is forgotten now is not taken
 * again.  (Writes nothing when there is nothing to forget.) */
static struct err *
note_forgotten(struct ledger *l, int64_t before)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "UPDATE sad_forgotten SET expires = (SELECT max(expires)"
	    " FROM sad_used WHERE expires < ?1)"
	    " WHERE expires < (SELECT max(expires) FROM sad_used"
	    " WHERE expires < ?1)",
	    &q));
	stmt_int(q, 1, before);
	return stmt_run(q, NULL);
}

struct err *
ledger_tidy(struct ledger *l)
{
	/* Not at once: a clock that is set back a little costs nobody
	 * anything. */
	int64_t before = clock_now(l->ground->clock) - LEDGER_SAD_KEEP;
	TRY(note_forgotten(l, before));
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "DELETE FROM sad_used WHERE id IN"
	    " (SELECT id FROM sad_used WHERE expires < ?1 LIMIT ?2)",
	    &q));
	stmt_int(q, 1, before);
	stmt_int(q, 2, TIDY_BATCH);
	return stmt_run(q, NULL);
}

/*
 * One world and one citizen with a PIN, for the tests of the keyholder; and
 * what only somebody with the ledger's file, or with the right to kill, could
 * do.
 */
#ifndef SIGND_TESTS_SIGND_CITIZEN_H
#define SIGND_TESTS_SIGND_CITIZEN_H

#include "store/db.h"
#include "tests/signd/world.h"

#define PIN "meo-con-2026"

static struct world w;
static struct citizen an; /* activated, with PIN */

/* False: there is nothing to test with; what to say was said. */
static inline bool
begin(void)
{
	const char *why = softhsm_missing();
	if (why != NULL) {
		printf("1..0 # SKIP %s\n", why);
		return false;
	}
	struct err *e = world_make(&w);
	if (e == NULL)
		e = citizen_make(&w, PIN, &an);
	if (e != NULL)
		printf("Bail out! %s (%s)\n", err_text(e), err_code(e));
	return e == NULL;
}

/* What main() returns then. */
static inline int
begin_failed(void)
{
	return softhsm_missing() != NULL ? 0 : 1;
}

static inline void
the_audit_chain_is_whole(void)
{
	CHECK_OK(signd_audit_check(&w.settings, NULL));
}

static inline void
all_processes_end_when_asked(void)
{
	citizen_done(&an);
	CHECK(world_done(&w));
}

/* The last two tests of each; main() returns it. */
static inline int
world_end(void)
{
	RUN(the_audit_chain_is_whole);
	RUN(all_processes_end_when_asked);
	return DONE();
}

/* What only somebody with the ledger's file could do. */
static inline struct err *
meddle(const char *sql, const char *id, struct bytes value)
{
	static const struct db_schema any = { .count = LEDGER_MIGRATIONS,
		.sync = DB_SYNC_FULL };
	CLEANUP(db_freep) struct db *db = NULL;
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_open(world_path(&w, "ledger/ledger.db"), DB_WRITE, &any, &db));
	TRY(db_prepare(db, sql, &q));
	stmt_text(q, 1, id);
	if (value.len > 0)
		stmt_blob(q, 2, value);
	struct err *e = stmt_run(q, NULL);
	stmt_done(TAKE(q));
	return e;
}

static inline struct err *
read_sealed(const char *id, struct buf *out)
{
	CLEANUP(ledger_freep) struct ledger *l = NULL;
	CLEANUP(ledger_credential_done) struct ledger_credential c = { 0 };
	TRY(ledger_open(world_path(&w, "ledger/ledger.db"), LEDGER_READ,
	    &ledger_ground_system, &l));
	TRY(ledger_credential_get(l, id, &c));
	return buf_append(out, buf_bytes(&c.sealed));
}

static inline void
pause_ms(long ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
	nanosleep(&t, NULL);
}

static inline void
kill_now(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* SoftHSM writes the token's file anew with each login, and empties it first:
 * who is killed just then takes the token along (doc/tokens.md).  So nobody is
 * killed while a login is under way; logins have the PIN's file locked. */
static inline void
kill_keyholder(pid_t pid)
{
	int lock = -1;
	CHECK_OK(p11_lock(world_path(&w, "pin"), &lock));
	kill_now(pid);
	close(lock);
}

/* How many keyholders ended by themselves with an error, as they should when
 * the token fails; start_missing() starts new ones. */
static inline int
replaced(void)
{
	int n = 0;
	for (int i = 0; i < KEYHOLDERS; i++) {
		int status = 0;
		if (w.keyholders[i] == 0 ||
		    waitpid(w.keyholders[i], &status, WNOHANG) <= 0)
			continue;
		n += WIFEXITED(status) && WEXITSTATUS(status) == 1;
		w.keyholders[i] = 0;
	}
	return n;
}

static inline void
start_missing(void)
{
	for (int i = 0; i < KEYHOLDERS; i++)
		if (w.keyholders[i] == 0)
			w.keyholders[i] = start_keyholder(&w);
}

#endif

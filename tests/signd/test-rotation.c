/* New keys that wrap and cover, while citizens sign. */
#include "tests/signd/citizen.h"

#include "signd/rotate.h"

#define LOAD_MAX 4000

/* Who is under which cover, as the ledger has it. */
static struct err *
use_of(int64_t n, int64_t *covered, int64_t *wrapped)
{
	CLEANUP(ledger_freep) struct ledger *l = NULL;
	TRY(ledger_open(world_path(&w, "ledger/ledger.db"), LEDGER_READ,
	    &ledger_ground_system, &l));
	return ledger_generation_use(l, n, covered, wrapped);
}

/* Signs with a SAD from before the keys changed, and until told to stop. */
static pid_t
sign_all_the_while(struct bytes sad, int tell)
{
	fflush(NULL);
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	struct err *e =
	    sign_with(&w, an.credential, an.cert, sad, "", 500, 1);
	for (int i = 0; i < LOAD_MAX && e == NULL; i++) {
		e = sign_with(
		    &w, an.credential, an.cert, BYTES_NONE, PIN, 30000 + i, 1);
		if (e == NULL && write(tell, "+", 1) != 1)
			_exit(1);
	}
	if (write(tell, "-", 1) != 1)
		_exit(1);
	_exit(end_child(e));
}

static void
keys_rotate_while_citizens_sign(void)
{
	enum { PEOPLE = 4 };
	struct citizen c[PEOPLE] = { 0 };
	for (int i = 0; i < PEOPLE; i++)
		CHECK_OK(citizen_make(&w, PIN, &c[i]));
	CLEANUP(buf_done) struct buf sad = BUF(SAD_MAX);
	CLEANUP(buf_done) struct buf before = BUF(LEDGER_SEALED_MAX);
	CHECK_OK(authorize(&w, an.credential, PIN, 500, 1, 1, &sad));
	CHECK_OK(read_sealed(an.credential, &before));
	int ends[2];
	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	pid_t load = sign_all_the_while(buf_bytes(&sad), ends[1]);
	close(ends[1]);
	char said = 0;
	CHECK(read(ends[0], &said, 1) == 1 && said == '+');
	CHECK_OK(signd_kek_rotate(&w.settings, NULL));
	/* Some more, under the new cover. */
	for (int i = 0; i < 5; i++)
		CHECK(read(ends[0], &said, 1) == 1 && said == '+');
	kill_now(load);
	while (read(ends[0], &said, 1) == 1)
		CHECK(said == '+'); /* none failed */
	close(ends[0]);
	int64_t covered = -1, wrapped = -1;
	CHECK_OK(use_of(1, &covered, &wrapped));
	CHECK(covered == 0 && wrapped > PEOPLE);
	CHECK_OK(use_of(2, &covered, &wrapped));
	CHECK(covered > PEOPLE && wrapped == 0);
	/* Old credentials sign, new ones are under the new keys alone. */
	for (int i = 0; i < PEOPLE; i++) {
		CHECK_OK(sign_with(&w, c[i].credential, c[i].cert, BYTES_NONE,
		    PIN, 1, 1));
		citizen_done(&c[i]);
	}
	CLEANUP(citizen_done) struct citizen fresh = { 0 };
	CHECK_OK(citizen_make(&w, PIN, &fresh));
	CHECK_OK(sign_with(
	    &w, fresh.credential, fresh.cert, BYTES_NONE, PIN, 1, 1));
	CHECK_OK(use_of(2, &covered, &wrapped));
	CHECK(wrapped == 1);
	CHECK_OK(meddle("UPDATE credential SET pin_running = 0, pin_failed = 0"
			" WHERE id = ?1",
	    an.credential, BYTES_NONE));
}

static void
a_rotation_that_was_interrupted_goes_on(void)
{
	CLEANUP(citizen_done) struct citizen c = { 0 };
	CHECK_OK(citizen_make(&w, PIN, &c));
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0)
		_exit(end_child(signd_kek_rotate(&w.settings, NULL)));
	/* Wherever it is just then: before, within, or done. */
	pause_ms(150);
	kill_now(pid);
	CHECK_OK(signd_kek_rewrap(&w.settings, NULL));
	CHECK_OK(sign_with(&w, c.credential, c.cert, BYTES_NONE, PIN, 1, 1));
	CHECK_OK(sign_with(&w, an.credential, an.cert, BYTES_NONE, PIN, 1, 1));
	int64_t covered = -1, wrapped = -1;
	CHECK_OK(use_of(1, &covered, &wrapped));
	CHECK(covered == 0);
}

static void
an_old_copy_is_closed_when_its_cover_key_is_destroyed(void)
{
	CLEANUP(citizen_done) struct citizen c = { 0 };
	CLEANUP(buf_done) struct buf old = BUF(LEDGER_SEALED_MAX);
	CLEANUP(buf_done) struct buf now = BUF(LEDGER_SEALED_MAX);
	CHECK_OK(citizen_make(&w, PIN, &c));
	CHECK_OK(read_sealed(c.credential, &old));
	CHECK_OK(signd_kek_rotate(&w.settings, NULL));
	CHECK_OK(read_sealed(c.credential, &now));
	CHECK(!bytes_eq(buf_bytes(&old), buf_bytes(&now)));
	CHECK_OK(signd_kek_retire(&w.settings, NULL));
	CHECK_OK(sign_with(&w, c.credential, c.cert, BYTES_NONE, PIN, 1, 1));
	/* Somebody puts the copy back, right PIN and all. */
	CHECK_OK(meddle("UPDATE credential SET sealed = ?2, cover = cover - 1"
			" WHERE id = ?1",
	    c.credential, buf_bytes(&old)));
	struct err *e =
	    sign_with(&w, c.credential, c.cert, BYTES_NONE, PIN, 1, 1);
	CHECK(e != NULL && strcmp(err_code(e), "pin-wrong") != 0);
	/* One that knew the key from before found its handle dead, and ends. */
	bool ends = e != NULL && strcmp(err_code(e), "token-unavailable") == 0;
	for (int i = 0; i < 600 && ends && replaced() == 0; i++)
		pause_ms(100);
	start_missing();
	err_free(e);
	CHECK_OK(meddle("UPDATE credential SET sealed = ?2, cover = cover + 1"
			" WHERE id = ?1",
	    c.credential, buf_bytes(&now)));
	CHECK_OK(sign_with(&w, c.credential, c.cert, BYTES_NONE, PIN, 1, 1));
}

/* It has stopped when this returns: one that is about to might still take the
 * next connection. */
static bool
halt(pid_t keyholder)
{
	int status = 0;
	return kill(keyholder, SIGSTOP) == 0 &&
	       waitpid(keyholder, &status, WUNTRACED) == keyholder &&
	       WIFSTOPPED(status);
}

/* What one keyholder made and approved under the newest keys is signed by
 * another that has not met them. */
static void
an_approval_brings_new_keys_along(void)
{
	CLEANUP(citizen_done) struct citizen c = { 0 };
	CLEANUP(buf_done) struct buf sad = BUF(SAD_MAX);
	for (int i = 1; i < KEYHOLDERS; i++)
		CHECK(halt(w.keyholders[i]));
	CHECK_OK(signd_kek_rotate(&w.settings, NULL));
	CHECK_OK(citizen_make(&w, PIN, &c));
	CHECK_OK(authorize(&w, c.credential, PIN, 1, 1, 1, &sad));
	CHECK(kill(w.keyholders[1], SIGCONT) == 0);
	CHECK(halt(w.keyholders[0]));
	CHECK_OK(
	    sign_with(&w, c.credential, c.cert, buf_bytes(&sad), "", 1, 1));
	for (int i = 0; i < KEYHOLDERS; i++)
		CHECK(kill(w.keyholders[i], SIGCONT) == 0);
}

int
main(void)
{
	if (!begin())
		return begin_failed();
	RUN(keys_rotate_while_citizens_sign);
	RUN(a_rotation_that_was_interrupted_goes_on);
	RUN(an_old_copy_is_closed_when_its_cover_key_is_destroyed);
	RUN(an_approval_brings_new_keys_along);
	return world_end();
}

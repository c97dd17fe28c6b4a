/* What stays when processes and tokens fail, and that nothing is lost. */
#include "tests/signd/citizen.h"

#include <poll.h>

#define LOAD_MAX 4000

/* ---- what stays ---- */

static void
nothing_stays_in_the_token_after_signing(void)
{
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		struct keyholder k;
		size_t before = 0, after = 0;
		struct err *e = process_drop(w.settings.user_keyholder);
		if (e == NULL)
			e = keyholder_open(&k, &w.settings, -1, &clock_system);
		if (e == NULL)
			e = p11_object_count(&k.session, &before);
		for (int i = 0; i < 20 && e == NULL; i++) {
			CLEANUP(buf_done) struct buf blob = BUF(WRAPPED_MAX);
			CLEANUP(buf_done) struct buf spki = BUF(256);
			struct buf out[1] = { BUF(256) };
			uint8_t d[DIGEST_MAX];
			const struct bytes digest = digest_no(i, d);
			struct generation *g = NULL;
			struct p11_kek kek = { 0 };
			keyholder_lock(&k);
			e = keyholder_current(&k, &g);
			keyholder_unlock(&k);
			if (e == NULL)
				e = keyholder_kek(
				    &k, buf_bytes(&g->kek_id), &kek);
			if (e == NULL)
				e = p11_wrapped_make(
				    &k.session, &kek, KIND_P256, &blob, &spki);
			/* Signs, and is refused: not the certificate's key. */
			struct err *refused = p11_wrapped_sign(&k.session, &kek,
			    buf_bytes(&blob), cert_key(an.cert), ecdsa_sha256,
			    &digest, 1, out);
			if (e == NULL && (refused == NULL || out[0].len != 0))
				e = err_new(ERR_INTERNAL, NULL, "it left");
			err_free(refused);
		}
		if (e == NULL)
			e = p11_object_count(&k.session, &after);
		if (e == NULL && (before != after || before < 6))
			e = err_new(
			    ERR_INTERNAL, NULL, "%zu, then %zu", before, after);
		keyholder_done(&k);
		_exit(end_child(e));
	}
	int status = 1;
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

/* ---- processes that die ---- */

/* Signs digests number 1000.. until it is told to stop; tells each number
 * whose value came back. */
static pid_t
start_load(int first, int tell)
{
	fflush(NULL);
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	for (int n = first; n < first + LOAD_MAX; n++) {
		CLEANUP(buf_done) struct buf sad = BUF(SAD_MAX);
		struct err *e =
		    authorize(&w, an.credential, PIN, n, 1, 1, &sad);
		if (e == NULL)
			e = sign_with(&w, an.credential, an.cert,
			    buf_bytes(&sad), "", n, 1);
		if (e == NULL && write(tell, &n, sizeof(n)) != sizeof(n))
			_exit(1);
		err_free(e);
	}
	_exit(0);
}

/* However slow the machine is: the load has begun, and all that follows hits
 * it at work. */
static bool
one_was_signed(int from)
{
	struct pollfd p = { .fd = from, .events = POLLIN };
	return poll(&p, 1, 60000) == 1;
}

static struct err *
find_digest(void *ctx, struct bytes line)
{
	struct buf *all = ctx;
	TRY(buf_append(all, line));
	return buf_byte(all, '\n');
}

static bool
in_audit(const struct buf *all, int n)
{
	uint8_t d[DIGEST_MAX];
	char hex[80];
	hex_text(digest_no(n, d), hex);
	size_t at = bytes_find(buf_bytes(all), BYTES_LIT("\"digests\":[\""));
	return at != SIZE_MAX &&
	       bytes_find(buf_bytes(all), bytes_str(hex)) != SIZE_MAX;
}

/* Every signature that left stands in the audit, whoever died meanwhile. */
static void
check_recorded(int from)
{
	CLEANUP(ledger_freep) struct ledger *l = NULL;
	CLEANUP(buf_done) struct buf all = BUF(64 * 1024 * 1024);
	CHECK_OK(ledger_open(world_path(&w, "ledger/ledger.db"), LEDGER_READ,
	    &ledger_ground_system, &l));
	if (l == NULL)
		return;
	CHECK_OK(ledger_audit_each(l, 1, 1000000, find_digest, &all));
	int n, count = 0, missing = 0;
	while (read(from, &n, sizeof(n)) == sizeof(n)) {
		count++;
		missing += !in_audit(&all, n);
	}
	printf("# %d signatures left, %d of them not in the audit\n", count,
	    missing);
	CHECK(count > 0 && missing == 0);
}

static void
killed_processes_lose_nothing_that_was_recorded(void)
{
	int ends[2];
	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	pid_t load[2] = { start_load(10000, ends[1]),
		start_load(20000, ends[1]) };
	close(ends[1]);
	CHECK(one_was_signed(ends[0]));
	for (int i = 0; i < 4; i++) {
		pause_ms(500);
		kill_now(w.ledger);
		w.ledger = start_ledger(&w);
		pause_ms(300);
		kill_keyholder(w.keyholders[0]);
		w.keyholders[0] = start_keyholder(&w);
	}
	kill_now(load[0]);
	kill_now(load[1]);
	check_recorded(ends[0]);
	close(ends[0]);
	CHECK_OK(signd_audit_check(&w.settings, NULL));
	/* Tries that nobody ended count; they lapse or a right PIN ends them.
	 */
	CHECK_OK(meddle("UPDATE credential SET pin_running = 0, pin_failed = 0"
			" WHERE id = ?1",
	    an.credential, BYTES_NONE));
	CHECK_OK(sign_with(&w, an.credential, an.cert, BYTES_NONE, PIN, 1, 1));
}

/* What a new session sees in the token. */
static size_t
objects_in_the_token(void)
{
	int ends[2];
	size_t n = 0;
	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		struct keyholder k = { 0 };
		struct err *e = process_drop(w.settings.user_keyholder);
		if (e == NULL)
			e = keyholder_open(&k, &w.settings, -1, &clock_system);
		if (e == NULL)
			e = p11_object_count(&k.session, &n);
		if (e == NULL && write(ends[1], &n, sizeof(n)) != sizeof(n))
			e = err_new(ERR_INTERNAL, NULL, "pipe");
		keyholder_done(&k);
		_exit(end_child(e));
	}
	close(ends[1]);
	CHECK(read(ends[0], &n, sizeof(n)) == sizeof(n));
	close(ends[0]);
	int status = 1;
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	return n;
}

static void
nothing_stays_in_the_token_of_a_keyholder_killed_while_signing(void)
{
	int ends[2];
	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	size_t before = objects_in_the_token();
	CHECK(before >= 6);
	pid_t load[2] = { start_load(30000, ends[1]),
		start_load(40000, ends[1]) };
	close(ends[1]);
	CHECK(one_was_signed(ends[0]));
	for (int i = 0; i < 9; i++) {
		pause_ms(150);
		kill_keyholder(w.keyholders[i % KEYHOLDERS]);
		w.keyholders[i % KEYHOLDERS] = start_keyholder(&w);
	}
	kill_now(load[0]);
	kill_now(load[1]);
	int n, signatures = 0;
	while (read(ends[0], &n, sizeof(n)) == sizeof(n))
		signatures++;
	close(ends[0]);
	CHECK(signatures > 0);
	CHECK(objects_in_the_token() == before);
	CHECK_OK(meddle("UPDATE credential SET pin_running = 0, pin_failed = 0"
			" WHERE id = ?1",
	    an.credential, BYTES_NONE));
}

static void
a_lost_token_ends_keyholders_and_new_ones_serve(void)
{
	char there[256], away[256];
	snprintf(there, sizeof(there), "%s", world_path(&w, "tokens"));
	snprintf(away, sizeof(away), "%s", world_path(&w, "tokens-away"));
	int lock = -1;
	CHECK_OK(p11_lock(world_path(&w, "pin"), &lock));
	CHECK(rename(there, away) == 0);
	close(lock);
	/* However slow the machine is: until all have ended, or never.  They
	 * may notice by themselves before anybody asks; who asks is told, and
	 * once nobody is left there is nobody to ask. */
	int ended = replaced();
	for (int i = 0; i < 600 && ended < KEYHOLDERS; i++) {
		struct err *e = sign_with(
		    &w, an.credential, an.cert, BYTES_NONE, PIN, 1, 1);
		CHECK(e != NULL && err_kind(e) == ERR_REMOTE);
		err_free(e);
		pause_ms(100);
		ended += replaced();
	}
	CHECK(ended == KEYHOLDERS);
	CHECK(rename(away, there) == 0);
	start_missing();
	/* The PIN was never judged, so no try was spent. */
	struct err *e =
	    sign_with(&w, an.credential, an.cert, BYTES_NONE, "saisai", 1, 1);
	CHECK(e != NULL && strcmp(err_text(e), "4 tries are left") == 0);
	err_free(e);
	CHECK_OK(sign_with(&w, an.credential, an.cert, BYTES_NONE, PIN, 1, 1));
}

int
main(void)
{
	if (!begin())
		return begin_failed();
	RUN(nothing_stays_in_the_token_after_signing);
	RUN(killed_processes_lose_nothing_that_was_recorded);
	RUN(nothing_stays_in_the_token_of_a_keyholder_killed_while_signing);
	RUN(a_lost_token_ends_keyholders_and_new_ones_serve);
	return world_end();
}

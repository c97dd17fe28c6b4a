/*
 * What happens between two steps: a token that is held up on order
 * (tests/pkcs11/faulty.c), a ledger that is gone, cannot write, or has no room,
 * and answers that nobody hears.
 */
struct world;
static const char *faulty_module(const struct world *w);
#define WORLD_MODULE(w) faulty_module(w)
#include "tests/signd/citizen.h"

#include <errno.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/pkcs11/faulty.h"

#define LONG_MS 60000 /* nobody waits as long */
#define STEPS 1200    /* of 50 ms: nor so long as all of them */
#define STEP_MS 50
#define DISK_BYTES "8m" /* of the small one */

static struct faulty_orders *orders;
static bool small_disk; /* the ledger has one of its own */

/* ---- the world ---- */

static bool
copy_file(const char *from, const char *to)
{
	char block[65536];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	ssize_t n = -1;
	while (in >= 0 && out >= 0 && (n = read(in, block, sizeof(block))) > 0)
		if (write(out, block, (size_t)n) != n)
			break;
	close(in);
	close(out);
	return n == 0;
}

static bool
map_orders(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 || fchmod(fd, 0666) != 0 ||
	    ftruncate(fd, sizeof(*orders)) != 0)
		return false;
	orders = mmap(
	    NULL, sizeof(*orders), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return orders != MAP_FAILED;
}

/* Where it is allowed, the ledger gets a disk that can be filled. */
static void
mount_small(const char *path)
{
	small_disk =
	    geteuid() == 0 && mkdir(path, 0755) == 0 &&
	    unshare(CLONE_NEWNS) == 0 &&
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	    mount("tmpfs", path, "tmpfs", 0, "mode=755,size=" DISK_BYTES) == 0;
}

static const char *
built_module(void)
{
	static char path[512];
	const char *top = getenv("top_builddir");
	snprintf(path, sizeof(path), "%s/tests/pkcs11/.libs/faulty.so",
	    top == NULL ? "." : top);
	return path;
}

/* Under the directory of the world, where each user may read it. */
static const char *
faulty_module(const struct world *in)
{
	static char module[512];
	snprintf(module, sizeof(module), "%s", world_path(in, "faulty.so"));
	if (!copy_file(built_module(), module) ||
	    !map_orders(world_path(in, "orders")))
		return softhsm_module(); /* and the tests fail */
	setenv(FAULTY_TARGET, softhsm_module(), 1);
	setenv(FAULTY_ORDERS, world_path(in, "orders"), 1);
	mount_small(world_path(in, "ledger"));
	return module;
}

static void
order(enum faulty_function f, enum faulty_fault fault, int times, unsigned ms)
{
	atomic_store(&orders->times, 0);
	atomic_store(&orders->done, 0);
	atomic_store(&orders->function, f);
	atomic_store(&orders->fault, fault);
	atomic_store(&orders->ms, ms);
	atomic_store(&orders->times, times);
}

static void
no_orders(void)
{
	order(F_COUNT, FAULT_NONE, 0, 0);
}

/* Until the token has begun what was ordered; however slow the machine is. */
static bool
token_is_at_it(void)
{
	for (int i = 0; i < STEPS && atomic_load(&orders->done) == 0; i++)
		pause_ms(STEP_MS);
	return atomic_load(&orders->done) > 0;
}

/* One keyholder, so that it is known who is at work. */
static void
only_one_keyholder_stays(void)
{
	for (int i = 1; i < KEYHOLDERS; i++) {
		CHECK(stop(w.keyholders[i]));
		w.keyholders[i] = 0;
	}
	CHECK_OK(sign_with(&w, an.credential, an.cert, BYTES_NONE, PIN, 1, 1));
}

/* ---- in a process of its own ---- */

enum ended { ENDED_WELL, ENDED_NO, ENDED_REMOTE };

static pid_t
beside(struct err *(*run)(int n), int n)
{
	fflush(NULL);
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	struct err *e = run(n);
	if (e == NULL)
		_exit(ENDED_WELL);
	printf("# %s (%s)\n", err_text(e), err_code(e));
	fflush(NULL);
	_exit(err_kind(e) == ERR_REMOTE ? ENDED_REMOTE : ENDED_NO);
}

static int
end_of(pid_t pid)
{
	int status = -1;
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static struct err *
authorize_one(int n)
{
	CLEANUP(buf_done) struct buf sad = BUF(SAD_MAX);
	return authorize(&w, an.credential, PIN, n, 1, 1, &sad);
}

static struct err *
sign_by_pin(int n)
{
	return sign_with(&w, an.credential, an.cert, BYTES_NONE, PIN, n, 1);
}

static struct buf kept = { .max = SAD_MAX }; /* an approval */

static struct err *
sign_by_kept(int n)
{
	return sign_with(
	    &w, an.credential, an.cert, buf_bytes(&kept), "", n, 1);
}

/* ---- what the audit has ---- */

struct search {
	char hex[80];
	int found;
};

static struct err *
look(void *ctx, struct bytes line)
{
	struct search *s = ctx;
	s->found +=
	    bytes_find(line, BYTES_LIT("\"event\":\"signed\"")) != SIZE_MAX &&
	    bytes_find(line, bytes_str(s->hex)) != SIZE_MAX;
	return NULL;
}

/* How many records of a signature over digest number `n` there are. */
static int
recorded(int n)
{
	uint8_t d[DIGEST_MAX];
	struct search s = { .found = 0 };
	CLEANUP(ledger_freep) struct ledger *l = NULL;
	hex_text(digest_no(n, d), s.hex);
	CHECK_OK(ledger_open(world_path(&w, "ledger/ledger.db"), LEDGER_READ,
	    &ledger_ground_system, &l));
	if (l == NULL)
		return -1;
	CHECK_OK(ledger_audit_each(l, 1, 1000000, look, &s));
	return s.found;
}

static void
forgive_tries(void)
{
	CHECK_OK(meddle("UPDATE credential SET pin_running = 0, pin_failed = 0"
			" WHERE id = ?1",
	    an.credential, BYTES_NONE));
}

/* ---- killed in between ---- */

/* The token has signed, the ledger has not been told. */
static void
a_keyholder_killed_before_the_record_gave_nothing_away(void)
{
	buf_clear(&kept);
	CHECK_OK(authorize(&w, an.credential, PIN, 200, 1, 1, &kept));
	uint32_t signs = atomic_load(&orders->calls[F_SIGN]);
	order(F_DESTROY_OBJECT, FAULT_SLOW, 1, LONG_MS);
	pid_t asks = beside(sign_by_kept, 200);
	CHECK(token_is_at_it());
	CHECK(atomic_load(&orders->calls[F_SIGN]) > signs);
	kill_now(w.keyholders[0]);
	CHECK(end_of(asks) == ENDED_REMOTE);
	CHECK(recorded(200) == 0);
	no_orders();
	w.keyholders[0] = start_keyholder(&w);
	/* The approval was not used, and is now. */
	CHECK_OK(sign_by_kept(200));
	CHECK(recorded(200) == 1);
	CHECK_CODE(sign_by_kept(200), "sad-used");
}

static struct err *
signing_body(int n, struct bytes repeat, struct buf *body)
{
	uint8_t d[DIGEST_MAX];
	CLEANUP(buf_done) struct buf alg = BUF(256);
	TRY(sig_alg_encode(ecdsa_sha256, &alg));
	TRY(pack_str(body, 1, an.credential));
	TRY(pack_bytes(body, 2, buf_bytes(&kept)));
	TRY(pack_str(body, 3, ""));
	TRY(pack_bytes(body, 4, buf_bytes(&alg)));
	TRY(pack_bytes(body, 5, digest_no(n, d)));
	return pack_bytes(body, 6, repeat);
}

static struct err *
ask_and_forget(const struct buf *body)
{
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	return ask(&w, SOCKET_KEYHOLDER, KEY_SIGN, body, &answer);
}

/* Sends a request and never reads: a front that died. */
static int
send_and_be_deaf(const struct buf *body)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	uint8_t head[IPC_HEAD];
	const struct ipc_head h = {
		.kind = IPC_REQUEST, .op = KEY_SIGN, .len = (uint32_t)body->len
	};
	snprintf(a.sun_path, sizeof(a.sun_path), "%s",
	    world_path(&w, SOCKET_KEYHOLDER));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ipc_head_encode(&h, head);
	CHECK(connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
	CHECK(write(fd, head, sizeof(head)) == (ssize_t)sizeof(head));
	CHECK(write(fd, body->ptr, body->len) == (ssize_t)body->len);
	return fd;
}

static bool
record_appears(int n)
{
	for (int i = 0; i < STEPS && recorded(n) == 0; i++)
		pause_ms(STEP_MS);
	return recorded(n) == 1;
}

/* The record is there, and its value was lost on the way: who asks again by
 * the same key gets it, from another process too, and it is recorded once. */
static void
a_value_that_was_lost_on_the_way_is_given_again_and_recorded_once(void)
{
	uint8_t repeat[KEY_REPEAT];
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	buf_clear(&kept);
	CHECK_OK(authorize(&w, an.credential, PIN, 210, 1, 1, &kept));
	CHECK_OK(random_fill(repeat, sizeof(repeat)));
	CHECK_OK(signing_body(210, bytes_of(repeat, sizeof(repeat)), &body));
	int deaf = send_and_be_deaf(&body);
	CHECK(record_appears(210));
	kill_keyholder(w.keyholders[0]);
	close(deaf);
	w.keyholders[0] = start_keyholder(&w);
	CHECK_OK(ask(&w, SOCKET_KEYHOLDER, KEY_SIGN, &body, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	struct bytes value = BYTES_NONE;
	uint8_t d[DIGEST_MAX];
	bool ok = false;
	CHECK_OK(unpack_bytes(&u, 1, &value));
	CHECK_OK(cert_verify_digest(
	    an.cert, ecdsa_sha256, digest_no(210, d), value, &ok));
	CHECK(ok && recorded(210) == 1);
}

/* Else who kept one could keep the token busy for ever. */
static void
a_used_approval_costs_the_token_nothing(void)
{
	uint8_t repeat[KEY_REPEAT];
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	buf_clear(&kept);
	CHECK_OK(authorize(&w, an.credential, PIN, 215, 1, 1, &kept));
	CHECK_OK(random_fill(repeat, sizeof(repeat)));
	CHECK_OK(signing_body(215, bytes_of(repeat, sizeof(repeat)), &body));
	CHECK_OK(ask_and_forget(&body));
	uint32_t unwraps = atomic_load(&orders->calls[F_UNWRAP_KEY]);
	for (int i = 0; i < 3; i++) {
		CHECK_CODE(sign_by_kept(215), "sad-used");
		CHECK_OK(ask_and_forget(&body));
	}
	CHECK(atomic_load(&orders->calls[F_UNWRAP_KEY]) == unwraps);
	CHECK(unwraps > 0 && recorded(215) == 1);
}

/* ---- a ledger that is gone ---- */

/* Tries that are left, by what a wrong PIN is told. */
static int
left_after_a_wrong_one(void)
{
	int left = -1;
	struct err *e =
	    sign_with(&w, an.credential, an.cert, BYTES_NONE, "saisai", 1, 1);
	CHECK(e != NULL && sscanf(err_text(e), "%d", &left) == 1);
	err_free(e);
	return left;
}

static void
wait_for_end(pid_t pid)
{
	int status = 0;
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	      WEXITSTATUS(status) == 1);
}

static void
let_ledger_be_written(bool may)
{
	static const char *const files[] = { "ledger/ledger.db",
		"ledger/ledger.db-wal", "ledger/ledger.db-shm" };
	for (size_t i = 0; i < COUNT_OF(files); i++)
		chmod(world_path(&w, files[i]), may ? 0600 : 0400);
}

/* A PIN was right, and nobody is there to hear it: the ledger died, and cannot
 * start again, for its file may only be read. */
static void
a_ledger_that_dies_while_a_pin_is_tried_costs_that_try(void)
{
	forgive_tries();
	order(F_UNWRAP_KEY, FAULT_SLOW, 1, LONG_MS);
	pid_t asks = beside(sign_by_pin, 220);
	CHECK(token_is_at_it());
	kill_now(w.ledger);
	let_ledger_be_written(false);
	wait_for_end(start_ledger(&w));
	no_orders();
	CHECK(end_of(asks) == ENDED_REMOTE);
	let_ledger_be_written(true);
	w.ledger = start_ledger(&w);
	CHECK_OK(sign_by_pin(221));
	/* What nobody waited for any more was not done. */
	CHECK(recorded(220) == 0 && recorded(221) == 1);
	/* The try that nobody ended runs for a minute, and counts. */
	CHECK(left_after_a_wrong_one() == 3);
	forgive_tries();
}

/* ---- a ledger that cannot write ---- */

#define BALLAST "ledger/ballast"

/* Fills the disk to the last byte. */
static void
fill_disk(void)
{
	char block[4096] = { 0 };
	int fd = open(world_path(&w, BALLAST),
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	while (write(fd, block, sizeof(block)) > 0)
		continue;
	while (write(fd, block, 1) == 1)
		continue;
	CHECK(errno == ENOSPC);
	close(fd);
}

static void
nothing_is_signed_while_the_disk_is_full(void)
{
	if (!small_disk)
		SKIP("mounts of its own are not allowed here");
	forgive_tries();
	buf_clear(&kept);
	CHECK_OK(authorize(&w, an.credential, PIN, 230, 1, 1, &kept));
	fill_disk();
	/* What the log of the database had room for may still go in. */
	int given = 0;
	struct err *e = NULL;
	for (int i = 0; i < 4000 && e == NULL; i++) {
		e = sign_by_pin(240);
		given += e == NULL;
	}
	CHECK(e != NULL && strcmp(err_code(e), "disk-full") == 0);
	err_free(e);
	CHECK(recorded(240) == given);
	CHECK_CODE(sign_by_kept(230), "disk-full");
	CHECK_CODE(authorize_one(231), "disk-full");
	/* No guess is free because nobody can write it down. */
	CHECK_CODE(
	    sign_with(&w, an.credential, an.cert, BYTES_NONE, "saisai", 232, 1),
	    "disk-full");
	CHECK(recorded(230) == 0);
	CHECK(unlink(world_path(&w, BALLAST)) == 0);
	CHECK_OK(sign_by_kept(230));
	CHECK(recorded(230) == 1);
	CHECK(left_after_a_wrong_one() == 4);
	forgive_tries();
}

static void
everything_ends_as_it_should(void)
{
	CHECK_OK(signd_audit_check(&w.settings, NULL));
	buf_done(&kept);
	start_missing();
	if (small_disk)
		CHECK(umount2(world_path(&w, "ledger"), MNT_DETACH) == 0);
	all_processes_end_when_asked();
}

int
main(void)
{
	if (access(built_module(), R_OK) != 0) {
		printf("1..0 # SKIP the faulty module is not built\n");
		return 0;
	}
	if (!begin())
		return begin_failed();
	RUN(only_one_keyholder_stays);
	RUN(a_keyholder_killed_before_the_record_gave_nothing_away);
	RUN(a_value_that_was_lost_on_the_way_is_given_again_and_recorded_once);
	RUN(a_used_approval_costs_the_token_nothing);
	RUN(a_ledger_that_dies_while_a_pin_is_tried_costs_that_try);
	RUN(nothing_is_signed_while_the_disk_is_full);
	RUN(everything_ends_as_it_should);
	return DONE();
}

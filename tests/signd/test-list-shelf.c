/* Indexes of large lists, made by the indexer itself, and our own list. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "certs/crl_index.h"
#include "signd/fetch-memory.h"
#include "signd/ipc.h"
#include "signd/own-list.h"
#include "signd/proto.h"
#include "signd/roles.h"
#include "tests/certs/crl.h"

#define LIST_MAX (64 * 1024 * 1024)
#define MANY 50000

static struct test_ca ca;

struct fixture {
	char dir[64], socket[96], lists[96];
	struct settings settings;
	struct list_shelf *shelf;
	int listen_fd;
	pid_t indexers;
};

/* Who was killed between the fork and this would leave a child for ever. */
static void
end_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent)
		_exit(1);
}

/* One after the other, as the supervisor does. */
static void
run_indexers(const struct fixture *f, pid_t parent)
{
	end_with(parent);
	for (;;) {
		pid_t self = getpid(), one = fork();
		if (one == 0) {
			end_with(self);
			struct err *e = indexer_run(&f->settings, f->listen_fd);
			_exit(e == NULL ? 0 : 1);
		}
		waitpid(one, NULL, 0);
	}
}

static void
open_shelf(struct fixture *f)
{
	const struct list_shelf_place p = { .dir = f->lists,
		.spool = f->dir,
		.fetcher = f->socket,
		.indexer = f->socket,
		.max = LIST_MAX,
		.seconds = 60,
		.room = 1, /* whatever is older goes at once */
		.clock = &clock_system };
	CHECK_OK(list_shelf_new(&p, &f->shelf));
}

static void
start(struct fixture *f, bool indexer)
{
	*f = (struct fixture){ .dir = "/tmp/test-shelf-XXXXXX" };
	CHECK(mkdtemp(f->dir) != NULL);
	snprintf(f->socket, sizeof(f->socket), "%s/sock", f->dir);
	snprintf(f->lists, sizeof(f->lists), "%s/lists", f->dir);
	CHECK_OK(settings_parse(BYTES_NONE, "test", &f->settings));
	CHECK_OK(ipc_listen(f->socket, 0600, 64, &f->listen_fd));
	pid_t self = getpid();
	if (indexer && (f->indexers = fork()) == 0)
		run_indexers(f, self);
	open_shelf(f);
}

static void
stop(struct fixture *f)
{
	char command[128];
	if (f->indexers > 0) {
		kill(f->indexers, SIGKILL);
		waitpid(f->indexers, NULL, 0);
	}
	close(f->listen_fd); /* who waits for an answer gets none */
	list_shelf_free(f->shelf);
	settings_done(&f->settings);
	snprintf(command, sizeof(command), "rm -r %s", f->dir);
	CHECK(system(command) == 0);
}

static void
make_numbered(struct buf *der, long number)
{
	const struct list_spec spec = { .issuer = ca.ca,
		.key = ca.ca_key,
		.number = number,
		.revoked = { { ca.leaf, REVOKE_KEY_COMPROMISE } },
		.many = MANY };
	CHECK_OK(make_list(&spec, der));
}

static void
path_of(const struct fixture *f, const uint8_t key[WANTED_KEY], char out[256])
{
	int n = snprintf(out, 256, "%s/", f->lists);
	for (size_t i = 0; i < WANTED_KEY; i++)
		n += snprintf(out + n, 3, "%02x", key[i]);
	snprintf(out + n, 8, ".index");
}

static void
an_index_is_made_and_can_only_be_read(void)
{
	static const uint8_t key[WANTED_KEY] = { 1 };
	CLEANUP(buf_done) struct buf der = BUF(LIST_MAX);
	CLEANUP(index_file_freep) struct index_file *made = NULL;
	CLEANUP(index_file_freep) struct index_file *got = NULL;
	struct fixture f;
	struct crl_index x;
	int64_t age;
	start(&f, true);
	make_numbered(&der, 7);
	CHECK_OK(list_shelf_put(f.shelf, key, buf_bytes(&der), &made));
	CHECK_OK(crl_index_open(made->map, &x));
	CHECK(x.n == MANY + 1);
	CHECK((fcntl(made->fd, F_GETFL) & O_ACCMODE) == O_RDONLY);
	CHECK_OK(list_shelf_get(f.shelf, key, &got, &age));
	CHECK(got != NULL && bytes_eq(got->map, made->map));
	stop(&f);
}

static void
what_is_no_list_is_nobodys_index(void)
{
	static const uint8_t key[WANTED_KEY] = { 1 };
	struct index_file *made = NULL;
	struct fixture f;
	int64_t age;
	start(&f, true);
	struct err *e =
	    list_shelf_put(f.shelf, key, BYTES_LIT("no list"), &made);
	CHECK(e != NULL && strcmp(err_code(e), "source-garbage") == 0);
	err_free(e);
	CHECK_OK(list_shelf_get(f.shelf, key, &made, &age));
	CHECK(made == NULL);
	stop(&f);
}

struct flip {
	uint8_t *at;
	atomic_bool stop;
};

static void *
flip(void *ctx)
{
	struct flip *f = ctx;
	while (!f->stop)
		*(volatile uint8_t *)f->at ^= 1;
	return NULL;
}

/* Whether the digest in an index is of the list that its entries are of: the
 * one byte that changed is the last one of the first entry's serial. */
static bool
is_of_one_list(
    struct bytes index, const struct bytes lists[2], struct bytes serials[2])
{
	struct crl_index x;
	struct crl_hit hit;
	CHECK_OK(crl_index_open(index, &x));
	for (int i = 0; i < 2; i++) {
		struct crl_scan s;
		CHECK_OK(crl_scan(lists[i], &s));
		if (memcmp(s.digest, x.digest.ptr, x.digest.len) != 0)
			continue;
		CHECK_OK(crl_index_find(&x, 0, serials[i], &hit));
		return hit.found;
	}
	return false;
}

/* By who has its file open for writing all the while. */
static void
a_list_that_changes_is_read_once(void)
{
	CLEANUP(buf_done) struct buf one = BUF(LIST_MAX);
	CLEANUP(buf_done) struct buf other = BUF(LIST_MAX);
	struct fixture f;
	struct crl_scan s;
	start(&f, true);
	make_numbered(&one, 7);
	CHECK_OK(buf_append(&other, buf_bytes(&one)));
	CHECK_OK(crl_scan(buf_bytes(&one), &s));
	/* SEQUENCE, length, INTEGER, length, serial */
	size_t entry = (size_t)(s.entries.ptr - one.ptr);
	size_t len = one.ptr[entry + 3];
	size_t last = entry + 4 + len - 1;
	other.ptr[last] ^= 1;
	struct bytes lists[] = { buf_bytes(&one), buf_bytes(&other) };
	struct bytes serials[] = { bytes_of(one.ptr + entry + 4, len),
		bytes_of(other.ptr + entry + 4, len) };
	int list = memfd_create("list", MFD_CLOEXEC);
	CHECK(write(list, one.ptr, one.len) == (ssize_t)one.len);
	uint8_t *p =
	    mmap(NULL, one.len, PROT_READ | PROT_WRITE, MAP_SHARED, list, 0);
	CHECK(p != MAP_FAILED);
	struct flip flips = { .at = p + last };
	pthread_t thread;
	CHECK(pthread_create(&thread, NULL, flip, &flips) == 0);
	int mixed = 0;
	for (int i = 0; i < 20; i++) {
		CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
		CLEANUP(index_file_freep) struct index_file *x = NULL;
		int index = memfd_create("index", MFD_CLOEXEC);
		const int fds[] = { list, index };
		CHECK_OK(ipc_call(
		    f.socket, INDEX_CRL, BYTES_NONE, fds, 2, 4096, 60000, &m));
		CHECK_OK(index_file_open(index, &x));
		mixed += !is_of_one_list(x->map, lists, serials);
	}
	CHECK(mixed == 0);
	flips.stop = true;
	pthread_join(thread, NULL);
	munmap(p, one.len);
	close(list);
	stop(&f);
}

static void
what_is_no_whole_index_is_removed(void)
{
	static const uint8_t key[WANTED_KEY] = { 1 };
	static const char *const texts[] = { "", "signdCI2", "some rubbish" };
	struct fixture f;
	char path[256];
	start(&f, false);
	path_of(&f, key, path);
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct index_file *got = NULL;
		int64_t age;
		FILE *file = fopen(path, "w");
		CHECK(file != NULL && fputs(texts[i], file) >= 0);
		fclose(file);
		CHECK_OK(list_shelf_get(f.shelf, key, &got, &age));
		CHECK(got == NULL && age == INT64_MAX);
		CHECK(access(path, F_OK) != 0);
	}
	stop(&f);
}

/* Of a front that was killed in the middle of a list. */
static void
halves_do_not_stay(void)
{
	static const uint8_t key[WANTED_KEY] = { 1 };
	struct fixture f;
	char path[256], half[272];
	start(&f, false);
	path_of(&f, key, path);
	snprintf(half, sizeof(half), "%s.AbCdEf", path);
	CHECK(close(open(half, O_CREAT | O_WRONLY, 0600)) == 0);
	CHECK(close(open(path, O_CREAT | O_WRONLY, 0600)) == 0);
	list_shelf_free(f.shelf);
	open_shelf(&f);
	CHECK(access(half, F_OK) != 0);
	CHECK(access(path, F_OK) == 0);
	stop(&f);
}

static void
who_finds_no_room_to_wait_is_told(void)
{
	struct fixture f;
	uint8_t key[WANTED_KEY] = { 0 };
	start(&f, false); /* nobody fetches */
	for (int i = 0; i < LISTS_WAITING_MAX; i++) {
		key[0] = (uint8_t)i;
		CHECK(list_shelf_want(f.shelf, key, "http://a.example/"));
	}
	CHECK(list_shelf_want(f.shelf, key, "http://a.example/"));
	key[0] = LISTS_WAITING_MAX;
	CHECK(!list_shelf_want(f.shelf, key, "http://a.example/"));
	stop(&f);
}

/* ---- our own ---- */

static struct err *
take(struct own_list *l, struct list_shelf *shelf, int64_t number,
    struct bytes der, size_t *len, bool *large)
{
	CLEANUP(buf_done) struct buf small = BUF(OWN_LIST_IN_MESSAGE_MAX);
	CLEANUP(index_file_freep) struct index_file *index = NULL;
	TRY(own_list_take(l, shelf, number, der, 50, &small, &index));
	*large = index != NULL;
	*len = index != NULL ? index->map.len : small.len;
	return NULL;
}

static void
our_own_list_is_there_or_it_is_an_error(void)
{
	CLEANUP(buf_done) struct buf der = BUF(LIST_MAX);
	struct own_list *l;
	struct fixture f;
	size_t len = 0;
	bool large = false;
	char command[160];
	start(&f, true);
	CHECK_OK(own_list_new(&l));
	/* "You have it", and we have not. */
	CHECK_ERR(take(l, f.shelf, 5, BYTES_NONE, &len, &large), ERR_REMOTE);
	make_numbered(&der, 5);
	CHECK(der.len > OWN_LIST_IN_MESSAGE_MAX);
	CHECK_OK(take(l, f.shelf, 5, buf_bytes(&der), &len, &large));
	CHECK(large && len > 0 && own_list_number(l) == 5);
	/* Others took its place on the shelf. */
	snprintf(command, sizeof(command), "rm %s/*.index", f.lists);
	CHECK(system(command) == 0);
	CHECK_OK(take(l, f.shelf, 5, BYTES_NONE, &len, &large));
	CHECK(large && len > 0 && own_list_number(l) == 5);
	CHECK_ERR(take(l, f.shelf, 6, BYTES_NONE, &len, &large), ERR_REMOTE);
	CHECK_OK(take(l, f.shelf, 6, BYTES_LIT("small"), &len, &large));
	CHECK(!large && len == 5);
	own_list_free(l);
	stop(&f);
}

struct maker {
	struct own_list *l;
	struct list_shelf *shelf;
	struct bytes der;
	struct err *error;
};

static void *
make(void *ctx)
{
	struct maker *m = ctx;
	size_t len;
	bool large;
	m->error = take(m->l, m->shelf, 2, m->der, &len, &large);
	return NULL;
}

static void
nobody_waits_for_a_list_that_he_does_not_want(void)
{
	CLEANUP(buf_done) struct buf der = BUF(LIST_MAX);
	struct own_list *l;
	struct fixture f;
	size_t len = 0;
	bool large = false;
	pthread_t thread;
	start(&f, false);
	make_numbered(&der, 2);
	CHECK_OK(own_list_new(&l));
	CHECK_OK(take(l, f.shelf, 1, BYTES_LIT("small"), &len, &large));
	struct maker m = { l, f.shelf, buf_bytes(&der), NULL };
	CHECK(pthread_create(&thread, NULL, make, &m) == 0);
	/* It is at the indexer, which does not answer. */
	int client = -1;
	while (client < 0)
		client = accept(f.listen_fd, NULL, NULL);
	CHECK_OK(take(l, f.shelf, 1, BYTES_NONE, &len, &large));
	CHECK(!large && len == 5);
	struct err *e = take(l, f.shelf, 2, buf_bytes(&der), &len, &large);
	CHECK(e != NULL && strcmp(err_code(e), "source-busy") == 0);
	err_free(e);
	close(client);
	pthread_join(thread, NULL);
	CHECK(m.error != NULL);
	err_free(m.error);
	CHECK(own_list_number(l) == 1);
	own_list_free(l);
	stop(&f);
}

static void
time_stamps_and_lists_have_a_fetcher_each(void)
{
	CHECK(fetch_at_once(4, false) == 3);
	CHECK(fetch_at_once(4, true) == 2);
	CHECK(fetch_at_once(3, true) == 1);
	CHECK(fetch_at_once(1, true) == 1);
}

int
main(void)
{
	CHECK_OK(test_ca_make(&ca, "P-256"));
	RUN(an_index_is_made_and_can_only_be_read);
	RUN(what_is_no_list_is_nobodys_index);
	RUN(a_list_that_changes_is_read_once);
	RUN(what_is_no_whole_index_is_removed);
	RUN(halves_do_not_stay);
	RUN(who_finds_no_room_to_wait_is_told);
	RUN(our_own_list_is_there_or_it_is_an_error);
	RUN(nobody_waits_for_a_list_that_he_does_not_want);
	RUN(time_stamps_and_lists_have_a_fetcher_each);
	test_ca_done(&ca);
	return DONE();
}

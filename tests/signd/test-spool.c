/* Bodies that are documents: nobody who gets the descriptor writes to it. */
#include <fcntl.h>
#include <unistd.h>

#include "signd/spool.h"
#include "tests/tap.h"

#define MAX 100000

static struct err *
fill(struct spool *s, size_t memory_max, size_t expected)
{
	uint8_t block[1000];
	memset(block, 'x', sizeof(block));
	TRY(spool_init(s, "/tmp", memory_max, MAX, expected));
	for (int i = 0; i < 5; i++)
		TRY(spool_write(s, bytes_of(block, sizeof(block))));
	return spool_finish(s);
}

static void
check_readonly(struct spool *s)
{
	uint8_t back[5001];
	CHECK(pread(s->fd, back, sizeof(back), 0) == 5000);
	CHECK(back[0] == 'x' && back[4999] == 'x');
	CHECK(pwrite(s->fd, "y", 1, 0) < 0);
	CHECK(pwrite(s->fd, "y", 1, 5000) < 0);
	CHECK(ftruncate(s->fd, 0) != 0);
	CHECK((fcntl(s->fd, F_GETFD) & FD_CLOEXEC) != 0);
	spool_done(s);
}

static void
one_in_memory_is_only_read(void)
{
	struct spool s = { .fd = -1 };
	CHECK_OK(fill(&s, MAX, 5000));
	CHECK(!s.on_disk);
	check_readonly(&s);
}

static void
one_on_the_disk_is_only_read(void)
{
	struct spool s = { .fd = -1 };
	CHECK_OK(fill(&s, 1000, 5000));
	CHECK(s.on_disk);
	check_readonly(&s);
}

static void
nor_one_that_moved_there(void)
{
	struct spool s = { .fd = -1 };
	CHECK_OK(fill(&s, 2500, 0));
	CHECK(s.on_disk);
	check_readonly(&s);
}

static void
is_no_longer_than_its_limit(void)
{
	uint8_t block[1000] = { 0 };
	struct spool s = { .fd = -1 };
	CHECK_OK(spool_init(&s, "/tmp", 100, 1500, 0));
	CHECK_OK(spool_write(&s, bytes_of(block, sizeof(block))));
	CHECK_ERR(spool_write(&s, bytes_of(block, sizeof(block))), ERR_LIMIT);
	spool_done(&s);
}

int
main(void)
{
	RUN(one_in_memory_is_only_read);
	RUN(one_on_the_disk_is_only_read);
	RUN(nor_one_that_moved_there);
	RUN(is_no_longer_than_its_limit);
	return DONE();
}

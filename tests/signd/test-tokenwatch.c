/* The watch over a token: a call that hangs ends the process, a process that
 * stood still itself goes on. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signd/tokenwatch.h"
#include "tests/tap.h"

#define MAX_S 2

struct call {
	pid_t pid;
	int began; /* a byte, when the token is in use */
	int over;  /* a byte ends its use */
};

/* In a process of its own, for the watch ends it. */
static void
use_token(int began, int over)
{
	static struct tokenwatch w;
	char byte = 0;
	err_free(tokenwatch_start(&w, MAX_S));
	tokenwatch_enter(&w);
	bool well = write(began, "b", 1) == 1 && read(over, &byte, 1) == 1;
	tokenwatch_leave(&w);
	tokenwatch_stop(&w);
	_exit(well ? 7 : 8);
}

static void
begin(struct call *c)
{
	int began[2], over[2];
	char byte = 0;
	CHECK(pipe(began) == 0 && pipe(over) == 0);
	fflush(NULL);
	c->pid = fork();
	if (c->pid == 0)
		use_token(began[1], over[0]);
	close(began[1]);
	close(over[0]);
	c->began = began[0];
	c->over = over[1];
	CHECK(read(c->began, &byte, 1) == 1);
}

static int
end(const struct call *c)
{
	int status = 0;
	CHECK(waitpid(c->pid, &status, 0) == c->pid);
	close(c->began);
	close(c->over);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
a_call_that_hangs_ends_the_process(void)
{
	struct call c;
	begin(&c);
	CHECK(end(&c) == EXIT_FAILURE);
}

static void
a_process_that_stood_still_goes_on(void)
{
	struct call c;
	begin(&c);
	CHECK(kill(c.pid, SIGSTOP) == 0);
	sleep(MAX_S + 1);
	CHECK(kill(c.pid, SIGCONT) == 0);
	usleep(600000); /* it looks meanwhile */
	CHECK(write(c.over, "o", 1) == 1);
	CHECK(end(&c) == 7);
}

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	RUN(a_call_that_hangs_ends_the_process);
	RUN(a_process_that_stood_still_goes_on);
	return DONE();
}

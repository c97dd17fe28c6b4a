/* A clock that is set, runs off, or is not synchronised gives no time stamp. */
#include "signd/clockwatch.h"

#include <string.h>

#include "base/time.h"
#include "tests/tap.h"

#define NOON 1790000000000 /* ms */

/* A machine whose clocks the test sets. */
static struct clock_reading machine;

static struct err *
read_machine(void *ctx, struct clock_reading *out)
{
	(void)ctx;
	*out = machine;
	return NULL;
}

static const struct clock_source source = { .read = read_machine };

static void
start(struct clockwatch *w)
{
	machine = (struct clock_reading){ .real_ms = NOON,
		.steady_ms = 5000,
		.synchronised = true,
		.error_ms = 20 };
	CHECK_OK(clockwatch_init(w, &source));
}

static void
pass(int64_t ms)
{
	machine.real_ms += ms;
	machine.steady_ms += ms;
}

static bool
believed(struct clockwatch *w, bool checked)
{
	int64_t now = 0;
	struct err *e = clockwatch_now(w, checked, 1, &now);
	bool ok = e == NULL && now == machine.real_ms / 1000;
	if (e != NULL)
		CHECK(strcmp(err_code(e), "tsa-clock") == 0);
	err_free(e);
	return ok;
}

static void
a_steady_clock_is_believed(void)
{
	struct clockwatch w;
	start(&w);
	CHECK(believed(&w, true));
	pass(86400000);
	CHECK(believed(&w, true));
	machine.real_ms += CLOCK_JUMP_MS; /* as chrony corrects */
	CHECK(believed(&w, true));
}

static void
a_clock_that_was_set_is_not_believed_for_a_while(void)
{
	struct clockwatch w;
	start(&w);
	CHECK(believed(&w, false));
	machine.real_ms -= 3600000;
	CHECK(!believed(&w, false));
	pass(CLOCK_SETTLE_MS / 2);
	CHECK(!believed(&w, false));
	pass(CLOCK_SETTLE_MS);
	CHECK(believed(&w, false));
	machine.real_ms += 2000;
	CHECK(!believed(&w, false));
}

static void
small_steps_do_not_add_up_unseen(void)
{
	struct clockwatch w;
	bool seen = false;
	start(&w);
	for (int i = 0; i < 10 && !seen; i++) {
		machine.real_ms += CLOCK_JUMP_MS / 2;
		pass(1000);
		seen = !believed(&w, false);
	}
	CHECK(seen);
}

static void
a_clock_that_nobody_keeps_is_refused_unless_that_is_allowed(void)
{
	struct clockwatch w;
	start(&w);
	machine.synchronised = false;
	CHECK(!believed(&w, true));
	CHECK(believed(&w, false));
	machine.synchronised = true;
	CHECK(believed(&w, true));
	machine.error_ms = 1001;
	CHECK(!believed(&w, true));
}

static void
the_machines_own_clocks_can_be_read(void)
{
	struct clock_reading r = { 0 };
	CHECK_OK(clock_source_system.read(NULL, &r));
	CHECK(r.real_ms / 1000 - clock_now(&clock_system) <= 1);
	CHECK(r.steady_ms > 0);
	printf("# synchronised: %s, error %lld ms\n",
	    r.synchronised ? "yes" : "no", (long long)r.error_ms);
}

int
main(void)
{
	RUN(a_steady_clock_is_believed);
	RUN(a_clock_that_was_set_is_not_believed_for_a_while);
	RUN(small_steps_do_not_add_up_unseen);
	RUN(a_clock_that_nobody_keeps_is_refused_unless_that_is_allowed);
	RUN(the_machines_own_clocks_can_be_read);
	return DONE();
}

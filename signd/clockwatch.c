#include "signd/clockwatch.h"

#include <errno.h>
#include <sys/timex.h>
#include <time.h>

static struct err *
read_ms(clockid_t id, int64_t *out)
{
	struct timespec t;
	if (clock_gettime(id, &t) != 0)
		return err_errno(errno, "clock_gettime");
	*out = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
	return NULL;
}

static struct err *
read_system(void *ctx, struct clock_reading *out)
{
	(void)ctx;
	struct timex state = { .modes = 0 };
	int answer = adjtimex(&state);
	TRY(read_ms(CLOCK_BOOTTIME, &out->steady_ms));
	TRY(read_ms(CLOCK_REALTIME, &out->real_ms));
	out->synchronised = answer >= 0 && answer != TIME_ERROR &&
			    (state.status & STA_UNSYNC) == 0;
	out->error_ms = state.maxerror / 1000;
	return NULL;
}

const struct clock_source clock_source_system = { .read = read_system };

static struct err *
refuse(const char *why)
{
	return err_coded(err_new(ERR_REMOTE, NULL, "%s", why), "tsa-clock");
}

static void
look_for_jump(struct clockwatch *w, const struct clock_reading *r)
{
	int64_t offset = r->real_ms - r->steady_ms;
	int64_t jump = w->began ? offset - w->offset_ms : 0;
	if (jump > CLOCK_JUMP_MS || jump < -CLOCK_JUMP_MS)
		w->distrusted_until_ms = r->steady_ms + CLOCK_SETTLE_MS;
	/* Small steps do not add up to a jump only while they are small in
	 * all: the first offset stays until there was a jump. */
	if (!w->began || w->distrusted_until_ms > r->steady_ms)
		w->offset_ms = offset;
	w->began = true;
}

/* The reading belongs under the lock too: an older one that came later would
 * look like a jump. */
static struct err *
look(struct clockwatch *w, struct clock_reading *r, int64_t *until_ms)
{
	pthread_mutex_lock(&w->lock);
	struct err *e = w->source->read(w->source->ctx, r);
	if (e == NULL)
		look_for_jump(w, r);
	*until_ms = w->distrusted_until_ms;
	pthread_mutex_unlock(&w->lock);
	return e;
}

struct err *
clockwatch_init(struct clockwatch *w, const struct clock_source *source)
{
	*w = (struct clockwatch){ .source = source };
	return pthread_mutex_init(&w->lock, NULL) == 0
		   ? NULL
		   : err_new(ERR_NOMEM, NULL, "a lock");
}

void
clockwatch_done(struct clockwatch *w)
{
	if (w->source != NULL)
		pthread_mutex_destroy(&w->lock);
	*w = (struct clockwatch){ 0 };
}

struct err *
clockwatch_now(
    struct clockwatch *w, bool checked, int64_t accuracy_s, int64_t *seconds)
{
	struct clock_reading r = { 0 };
	int64_t until;
	TRY(look(w, &r, &until));
	if (r.steady_ms < until)
		return refuse("the clock was set a moment ago");
	if (checked && !r.synchronised)
		return refuse("the clock is not synchronised");
	if (checked && r.error_ms > accuracy_s * 1000)
		return refuse("the clock may be off by more than is allowed");
	*seconds = r.real_ms / 1000;
	return NULL;
}

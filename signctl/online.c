#include "signctl/online.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/transfer.h"

#define WAIT_DEFAULT 5                 /* seconds */
#define WAIT_MAX 120                   /* seconds */
#define BODY_MAX (16 * 1024 * 1024)    /* bytes of all in one round */
#define REMEMBERED_MAX 4096            /* answers of one command */
#define REMEMBERED_BYTES (512 << 20UL) /* of all of them */

/* What came, or did not: a folder of files asks for the same again. */
struct remembered {
	uint8_t key[WANTED_KEY];
	struct buf body;
	const char *code; /* NULL: it came */
	bool slow;
	int64_t ms;
};

struct signctl_online {
	struct curl_api api;
	int64_t wait_ms;
	struct place_rules rules;
	struct remembered *v;
	size_t n, bytes;
};

struct err *
online_open(const struct args *a, struct signctl_online **out)
{
	const char *wait = args_get(a, "wait");
	char *end = NULL;
	long seconds = wait == NULL ? WAIT_DEFAULT : strtol(wait, &end, 10);
	*out = NULL;
	if (!args_has(a, "online"))
		return NULL;
	if ((wait != NULL && (end == wait || *end != '\0')) || seconds < 1 ||
	    seconds > WAIT_MAX)
		return err_new(
		    ERR_USAGE, NULL, "--wait wants 1 to %d seconds", WAIT_MAX);
	CLEANUP(online_closep)
	struct signctl_online *o = calloc(1, sizeof(*o));
	if (o == NULL)
		return err_new(ERR_NOMEM, NULL, "struct signctl_online");
	o->v = calloc(REMEMBERED_MAX, sizeof(o->v[0]));
	if (o->v == NULL)
		return err_new(ERR_NOMEM, NULL, "answers");
	o->wait_ms = seconds * 1000;
	o->rules.addresses =
	    args_all(a, "private-address", &o->rules.naddresses);
	TRY(curl_load(&o->api));
	o->api.global_init(CURL_GLOBAL_DEFAULT);
	*out = TAKE(o);
	return NULL;
}

void
online_close(struct signctl_online *o)
{
	if (o == NULL)
		return;
	for (size_t i = 0; i < o->n; i++)
		buf_done(&o->v[i].body);
	free(o->v);
	free(o);
}

/* ---- what is remembered ---- */

static const struct remembered *
find(const struct signctl_online *o, const uint8_t key[WANTED_KEY])
{
	for (size_t i = 0; i < o->n; i++)
		if (memcmp(o->v[i].key, key, WANTED_KEY) == 0)
			return &o->v[i];
	return NULL;
}

static struct err *
give(const struct remembered *m, const char *url, struct fetched *out)
{
	*out = (struct fetched){ .slow = m->slow, .ms = m->ms };
	if (m->code != NULL) {
		out->error =
		    err_coded(err_new(ERR_REMOTE, NULL, "%s", url), m->code);
		return NULL;
	}
	out->body = BUF(m->body.len);
	return buf_append(&out->body, buf_bytes(&m->body));
}

static int64_t
now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
remember(struct signctl_online *o, const uint8_t key[WANTED_KEY],
    struct transfer *t, int64_t ms)
{
	if (o->n == REMEMBERED_MAX ||
	    t->got.len > REMEMBERED_BYTES - o->bytes)
		return;
	struct remembered *m = &o->v[o->n++];
	*m = (struct remembered){ .code = t->error == NULL
					      ? NULL
					      : err_code(t->error),
		.slow = t->slow,
		.ms = ms };
	memcpy(m->key, key, WANTED_KEY);
	m->body = buf_move(&t->got);
	o->bytes += m->body.len;
}

/* ---- the source ---- */

static struct err *
add_transfer(struct transfers *t, const struct wanted *w, int64_t ms)
{
	struct transfer *one = &t->v[t->n++];
	*one = (struct transfer){ .max = BODY_MAX,
		.timeout_ms = ms > 0 ? (long)ms : 1 };
	TRY(bytes_dup_str(bytes_str(w->url), &one->url));
	if (w->kind != WANTED_OCSP)
		return NULL;
	one->post = buf_bytes(&w->request);
	return bytes_dup_str(
	    BYTES_LIT("application/ocsp-request"), &one->content_type);
}

static struct err *
go_out(struct signctl_online *o, const struct wanted *w, size_t n,
    int64_t deadline_ms, uint8_t keys[][WANTED_KEY])
{
	CLEANUP(transfers_done)
	struct transfers t = { .api = &o->api,
		.rules = o->rules,
		.room = BODY_MAX };
	size_t which[WANTED_MAX];
	int64_t begin = now_ms();
	for (size_t i = 0; i < n; i++) {
		if (find(o, keys[i]) != NULL)
			continue;
		which[t.n] = i;
		TRY(add_transfer(&t, &w[i], deadline_ms));
	}
	if (t.n == 0)
		return NULL;
	TRY(transfers_run(&t));
	for (size_t i = 0; i < t.n; i++)
		remember(o, keys[which[i]], &t.v[i], now_ms() - begin);
	return NULL;
}

static struct err *
get(void *ctx, const struct wanted *w, size_t n, int64_t deadline_ms,
    struct fetched *out)
{
	struct signctl_online *o = ctx;
	uint8_t keys[WANTED_MAX][WANTED_KEY];
	for (size_t i = 0; i < n; i++)
		out[i] = (struct fetched){ .error = NULL };
	for (size_t i = 0; i < n; i++)
		TRY(wanted_key(&w[i], keys[i]));
	TRY(go_out(o, w, n, deadline_ms, keys));
	for (size_t i = 0; i < n; i++) {
		const struct remembered *m = find(o, keys[i]);
		if (m == NULL)
			return err_new(ERR_LIMIT, NULL, "too many answers");
		TRY(give(m, w[i].url, &out[i]));
	}
	return NULL;
}

/* ---- the jobs ---- */

static const struct sandbox_limits limits = { .memory = OFFLINE_MEMORY,
	.seconds = OFFLINE_SECONDS };

struct judging {
	struct bytes facts; /* empty: of the document */
	const struct verify_request *r;
};

static struct err *
child(void *ctx, struct buf *out)
{
	const struct judging *j = ctx;
	struct verify_answer a = { 0 };
	TRY(j->facts.len > 0 ? job_judge(j->facts, j->r, &a)
			     : job_verify(j->r, &a));
	struct err *e = verify_answer_pack(&a, out);
	verify_answer_done(&a);
	return e;
}

static struct err *
run(struct judging *j, struct verify_answer *out)
{
	CLEANUP(buf_done) struct buf packed = BUF(2 * VERIFY_REQUEST_MAX);
	TRY(sandbox_run(limits, child, j, &packed));
	return verify_answer_unpack(buf_bytes(&packed), out);
}

static struct err *
verify(void *ctx, const struct verify_request *r, struct verify_answer *out)
{
	struct judging j = { .r = r };
	(void)ctx;
	return run(&j, out);
}

static struct err *
judge(void *ctx, struct bytes facts, const struct verify_request *r,
    struct verify_answer *out)
{
	struct judging j = { .facts = facts, .r = r };
	(void)ctx;
	return run(&j, out);
}

struct err *
verify_online(struct signctl_online *o, struct verify_request *r,
    struct online_kept *keep, struct verify_answer *out)
{
	struct online how = { .verify = verify, .judge = judge };
	if (o != NULL) {
		how.source = (struct source){ .ctx = o, .get = get };
		how.deadline_ms = o->wait_ms;
	}
	return online_verify(&how, r, keep, out);
}

#include "worker/online.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Bytes of all answers that go to the worker with the facts. */
#define ANSWERS_MAX (24 * 1024 * 1024)

/* What was asked so far. */
struct asked {
	struct source_seen v[SOURCES_MAX];
	struct fetched got[SOURCES_MAX]; /* what v borrows from */
	char *urls[SOURCES_MAX];
	size_t n;
	size_t bytes;
	int fds[INDEXES_MAX]; /* of indexes; borrowed */
	size_t nfds;
};

static void
asked_done(struct asked *a)
{
	for (size_t i = 0; i < a->n; i++) {
		fetched_done(&a->got[i]);
		free(a->urls[i]);
	}
}

static int64_t
now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* As people are told of it. */
static const char *
code_of(const struct fetched *f)
{
	const char *code = f->error == NULL ? NULL : err_code(f->error);
	if (f->error == NULL)
		return NULL;
	if (f->slow)
		return "source-slow";
	if (strncmp(code, "source-", 7) == 0 ||
	    strcmp(code, "fetch-private") == 0 ||
	    strcmp(code, "fetch-too-large") == 0)
		return code;
	return "source-unreachable";
}

/* It goes along as a descriptor. */
static void
place_index(
    struct asked *a, const struct index_file *f, struct source_seen *s)
{
	if (a->nfds == INDEXES_MAX) {
		s->code = "fetch-too-large";
		return;
	}
	a->fds[a->nfds++] = f->fd;
	s->place = a->nfds;
	s->body = f->map;
}

/* note takes *f over. */
static struct err *
note(struct asked *a, struct wanted *w, struct fetched *f)
{
	struct source_seen *s = &a->v[a->n];
	a->got[a->n] = *f;
	a->urls[a->n] = w->url;
	*f = (struct fetched){ .error = NULL };
	f = &a->got[a->n++];
	*s = (struct source_seen){ .kind = w->kind,
		.url = w->url,
		.indexed = f->indexed,
		.stale = f->stale,
		.code = code_of(f),
		.ms = f->ms };
	if (f->index != NULL && s->code == NULL)
		place_index(a, f->index, s);
	else if (s->code == NULL && f->body.len > ANSWERS_MAX - a->bytes)
		s->code = "fetch-too-large";
	if (s->code == NULL && f->index == NULL) {
		s->body = buf_bytes(&f->body);
		a->bytes += s->body.len;
	}
	struct err *e = wanted_key(w, s->key);
	w->url = NULL;
	return e;
}

/* Where others can still be asked, these get half of the time. */
static int64_t
time_for(const struct wanted_list *l, int64_t left)
{
	bool last = true;
	for (size_t i = 0; i < l->n; i++)
		last = last && l->v[i].last;
	return last ? left : left / 2;
}

/* A source that fails whole is one of which nothing came. */
static struct err *
ask_round(const struct online *o, struct wanted_list *l, int64_t left,
    struct asked *a)
{
	struct fetched got[WANTED_MAX];
	struct err *bad = NULL, *e;
	for (size_t i = 0; i < l->n; i++)
		got[i] = (struct fetched){ .error = NULL };
	e = o->source.get(
	    o->source.ctx, l->v, l->n, time_for(l, left), got);
	for (size_t i = 0; i < l->n; i++) {
		if (e != NULL && got[i].error == NULL)
			got[i].error = err_coded(
			    err_new(ERR_REMOTE, NULL, "%s", err_text(e)),
			    "source-busy");
		if (bad == NULL)
			bad = note(a, &l->v[i], &got[i]);
		fetched_done(&got[i]);
	}
	err_free(e);
	return bad;
}

static struct err *
judge_again(const struct online *o, struct verify_request *r,
    const struct asked *a, struct verify_answer *io)
{
	struct verify_answer next = { 0 };
	r->sources = a->v;
	r->nsources = a->n;
	r->index_fds = a->fds;
	r->nindexes = a->nfds;
	r->now = clock_now(&clock_system);
	TRY(o->judge(o->ctx, buf_bytes(&io->facts), r, &next));
	verify_answer_done(io);
	*io = next;
	return NULL;
}

static struct err *
ask_all(const struct online *o, struct verify_request *r, struct asked *a,
    struct verify_answer *io)
{
	int64_t end = now_ms() + o->deadline_ms;
	for (int round = 1; io->wanted.n > 0; round++) {
		int64_t left = end - now_ms();
		TRY(ask_round(o, &io->wanted, left > 0 ? left : 0, a));
		r->ask = round < ONLINE_ROUNDS_MAX && now_ms() < end &&
			 a->n + WANTED_MAX <= SOURCES_MAX;
		TRY(judge_again(o, r, a, io));
	}
	return NULL;
}

void
online_kept_done(struct online_kept *k)
{
	buf_done(&k->certs);
	for (size_t i = 0; i < k->nbodies; i++)
		buf_done(&k->bodies[i]);
	free(k->ders);
	*k = (struct online_kept){ .ders = NULL };
}

/* Lists and answers that can be read, and certificates of all paths. */
static struct err *
keep_all(struct asked *asked, struct verify_answer *a, struct online_kept *k)
{
	k->certs = buf_move(&a->certs);
	TRY(certs_unpack(buf_bytes(&k->certs), &k->ders, &k->nders));
	for (size_t i = 0; i < asked->n; i++) {
		if (!a->readable[i] || asked->v[i].indexed ||
		    asked->v[i].kind == WANTED_ISSUER)
			continue;
		struct buf *body = &k->bodies[k->nbodies++];
		*body = buf_move(&asked->got[i].body);
		if (asked->v[i].kind == WANTED_OCSP)
			k->ocsps[k->nocsps++] = buf_bytes(body);
		else
			k->crls[k->ncrls++] = buf_bytes(body);
	}
	return NULL;
}

static struct err *
verify_and_ask(const struct online *o, struct verify_request *r,
    struct asked *asked, struct online_kept *keep, struct verify_answer *a)
{
	TRY(o->verify(o->ctx, r, a));
	if (a->wanted.n > 0)
		TRY(ask_all(o, r, asked, a));
	return keep == NULL ? NULL : keep_all(asked, a, keep);
}

struct err *
online_verify(const struct online *o, const struct verify_request *r,
    struct online_kept *keep, struct verify_answer *out)
{
	struct verify_request mine = *r;
	struct verify_answer a = { 0 };
	struct asked *asked = calloc(1, sizeof(*asked));
	if (asked == NULL)
		return err_new(ERR_NOMEM, NULL, "sources");
	for (; asked->nfds < r->nindexes; asked->nfds++)
		asked->fds[asked->nfds] = r->index_fds[asked->nfds];
	mine.ask = o->source.get != NULL;
	mine.evidence = keep != NULL;
	struct err *e = verify_and_ask(o, &mine, asked, keep, &a);
	asked_done(asked);
	free(asked);
	if (e != NULL) {
		verify_answer_done(&a);
		return e;
	}
	*out = a;
	return NULL;
}

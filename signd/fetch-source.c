#include "signd/fetch-source.h"

#include "base/pack.h"
#include "certs/der.h"
#include "signd/ipc-io.h"
#include "signd/ipc.h"
#include "signd/proto.h"

#include <string.h>

#define ANSWER_MARGIN_MS 2000 /* the fetcher's own work, and its queue */
#define YOUNG_S 30 /* asking again so soon would bring nothing newer */

/* For how long an answer is given again, by kind, seconds: without asking, and
 * while a newer one is fetched behind.  Its own dates may end it sooner; then
 * validation says so, and wants it `again`. */
static const struct {
	int64_t fresh_s, usable_s;
} ages[] = {
	[WANTED_CRL] = { 3600, 86400 },
	[WANTED_OCSP] = { 600, 6 * 3600 },
	[WANTED_ISSUER] = { 7 * 86400, 30 * 86400 },
};

/* One element of DER, or certificates in PEM: keeps a page of HTML from
 * standing in for a good answer of last time. */
static bool
is_plausible(enum wanted_kind kind, struct bytes b)
{
	struct bytes rest = b;
	if (kind == WANTED_ISSUER && bytes_starts(b, BYTES_LIT("-----BEGIN ")))
		return true;
	struct err *e = der_take(&rest, DER_SEQUENCE, NULL, NULL);
	bool ok = e == NULL && rest.len == 0;
	err_free(e);
	return ok;
}

/* ---- the store ---- */

static void fetch_anew(void *ctx, const struct wanted *w);

/* The list is a large one that we have an index of. */
static struct err *
from_shelf(const struct fetch_source *s, const struct wanted *w,
    const uint8_t key[WANTED_KEY], struct fetched *out, int64_t *age)
{
	if (s->shelf == NULL || w->kind != WANTED_CRL)
		return NULL;
	TRY(list_shelf_get(s->shelf, key, &out->index, age));
	out->indexed = out->index != NULL;
	out->stale = out->indexed && *age >= YOUNG_S;
	return NULL;
}

/* What is there, or nothing; *age: seconds. */
static struct err *
from_store(const struct fetch_source *s, const struct wanted *w,
    struct fetched *out, int64_t *age)
{
	uint8_t key[WANTED_KEY];
	int64_t got = 0;
	*out = (struct fetched){ .body = BUF(s->max) };
	TRY(wanted_key(w, key));
	*age = INT64_MAX;
	TRY(from_shelf(s, w, key, out, age));
	if (out->indexed)
		return NULL;
	struct err *e = front_fetched_get(s->store, key, &out->body, &got);
	*age = e == NULL ? clock_now(s->clock) - got : INT64_MAX;
	out->stale = e == NULL && *age >= YOUNG_S;
	if (e != NULL && err_kind(e) != ERR_MISSING)
		return e;
	err_free(e);
	return NULL;
}

static struct err *
want_large(const struct fetch_source *s, const struct wanted *w)
{
	uint8_t key[WANTED_KEY];
	TRY(wanted_key(w, key));
	/* Without room the next who looks wants it again. */
	(void)list_shelf_want(s->shelf, key, w->url);
	return NULL;
}

/* *ask: it is not there, too old (and stands in *out in case of need), or did
 * not do. */
static struct err *
look(struct fetch_source *s, const struct wanted *w, struct fetched *out,
    bool *ask)
{
	int64_t age;
	TRY(from_store(s, w, out, &age));
	*ask = age >= ages[w->kind].usable_s || (w->again && age >= YOUNG_S);
	if (w->again && *ask) {
		bool large = out->indexed;
		fetched_done(out);
		out->body = BUF(s->max);
		out->stale = false;
		out->indexed = large; /* asked for in its own way */
	}
	if (!*ask && age >= ages[w->kind].fresh_s && !out->indexed)
		fetch_behind(s->memory, w, fetch_anew, s);
	if (!*ask && age >= ages[w->kind].fresh_s && out->indexed)
		TRY(want_large(s, w));
	return NULL;
}

/* ---- whom not to ask ---- */

/* An answer of last time stays; else it failed. */
static void
fail(struct fetched *f, struct err *e, bool slow, int64_t ms)
{
	f->slow = slow;
	f->ms = ms;
	if (f->stale)
		err_free(e);
	else
		f->error = e;
}

#define MEMORY_NAME_MAX (WANTED_URL_MAX + WANTED_KEY + 16)

/* What failed is remembered by what was wanted there: a stranger's certificate
 * that calls an OCSP server a place of issuers must not silence it.  And what
 * a responder made of one request says nothing of the others. */
static struct err *
name_of(const struct wanted *w, bool of_request, struct buf *name)
{
	uint8_t key[WANTED_KEY];
	buf_clear(name);
	TRY(buf_printf(name, "%d %s", (int)w->kind, w->url));
	if (!of_request)
		return NULL;
	TRY(wanted_key(w, key));
	return buf_append(name, bytes_of(key, sizeof(key)));
}

/* It answered, but not what was wanted. */
static bool
is_of_request(const struct wanted *w, const char *code)
{
	return w->kind == WANTED_OCSP &&
	       (strcmp(code, "source-refused") == 0 ||
		   strcmp(code, "source-garbage") == 0 ||
		   strcmp(code, "fetch-too-large") == 0);
}

static const char *
failed_before(const struct fetch_source *s, const struct wanted *w,
    int64_t left_ms, bool *slow, int64_t *ms)
{
	CLEANUP(buf_done) struct buf name = BUF(MEMORY_NAME_MAX);
	const char *code = NULL;
	for (int of_request = 0; of_request < 2 && code == NULL; of_request++) {
		struct err *e = name_of(w, of_request != 0, &name);
		if (e == NULL)
			code = fetch_failed_before(s->memory,
			    buf_bytes(&name), left_ms, slow, ms);
		err_free(e);
	}
	return code;
}

/* That there was no room beside others, of whom a stranger may have chosen
 * some, says nothing of this one. */
static void
remember(const struct fetch_source *s, const struct wanted *w,
    const struct err *bad, bool slow, int64_t given_ms, int64_t ms)
{
	CLEANUP(buf_done) struct buf name = BUF(MEMORY_NAME_MAX);
	const char *code = bad == NULL ? NULL : err_code(bad);
	if (code != NULL && strcmp(code, "source-busy") == 0)
		return;
	struct err *e =
	    name_of(w, code != NULL && is_of_request(w, code), &name);
	if (e == NULL)
		fetch_remember(s->memory, buf_bytes(&name), code, slow,
		    given_ms, ms);
	err_free(e);
}

/* Drops those that need not be asked, and says why. */
static void
spare(const struct fetch_source *s, const struct wanted *w, int64_t left_ms,
    bool *ask, struct fetched *f)
{
	bool slow = false;
	int64_t ms = 0;
	const char *code = failed_before(s, w, left_ms, &slow, &ms);
	if (code == NULL)
		return;
	*ask = false;
	fail(f, err_coded(err_new(ERR_REMOTE, NULL, "%s", w->url), code), slow,
	    ms);
}

/* ---- the net ---- */

static struct err *
pack_wanted(
    const struct fetch_source *s, const struct wanted *w, struct buf *out)
{
	TRY(pack_str(out, 2, w->url));
	TRY(pack_u64(out, 3, s->max));
	if (w->kind != WANTED_OCSP)
		return NULL;
	TRY(pack_str(out, 4, "application/ocsp-request"));
	return pack_bytes(out, 5, buf_bytes(&w->request));
}

static struct err *
keep(const struct fetch_source *s, const struct wanted *w, struct bytes body,
    struct fetched *out)
{
	uint8_t key[WANTED_KEY];
	if (!is_plausible(w->kind, body))
		return err_coded(err_new(ERR_REMOTE, NULL,
				     "%s: nothing of the kind", w->url),
		    "source-garbage");
	TRY(wanted_key(w, key));
	/* A full disk costs the next one a fetch, and this one nothing. */
	err_free(front_fetched_put(s->store, key, body));
	buf_clear(&out->body);
	out->stale = false;
	return buf_append(&out->body, body);
}

/* Too large for a message, but not for the shelf. */
static bool
is_large(const struct fetch_source *s, const struct wanted *w,
    const struct err *e)
{
	return e != NULL && s->shelf != NULL && w->kind == WANTED_CRL &&
	       strcmp(err_code(e), "fetch-too-large") == 0;
}

/*
 * A list of that size takes as long as it takes: it is fetched behind, once
 * for all who want it, and this one waits for it as long as it may.  What there
 * is of last time stays in *out.
 */
static struct err *
get_large(const struct fetch_source *s, const struct wanted *w,
    int64_t left_ms, struct fetched *out)
{
	uint8_t key[WANTED_KEY];
	struct err *bad = NULL;
	int64_t begin = ipc_now_ms(), age;
	TRY(wanted_key(w, key));
	bool ended = true;
	/* How it ended the time before says nothing of this one. */
	if (list_shelf_want(s->shelf, key, w->url))
		ended = list_shelf_wait(s->shelf, key, left_ms, &bad);
	else
		bad = err_coded(err_new(ERR_REMOTE, NULL,
				    "%s: too many lists wait", w->url),
		    "source-busy");
	int64_t ms = out->ms + ipc_now_ms() - begin;
	if (ended)
		remember(s, w, bad, false, left_ms, ms);
	if (!ended || bad != NULL) {
		if (bad == NULL)
			bad = err_coded(err_new(ERR_REMOTE, NULL,
					    "%s: still being fetched", w->url),
			    "source-slow");
		out->indexed = out->index != NULL;
		fail(out, bad, !ended, ms);
		return NULL;
	}
	fetched_done(out);
	*out = (struct fetched){ .body = BUF(s->max), .ms = ms };
	TRY(from_shelf(s, w, key, out, &age));
	out->stale = false;
	if (!out->indexed)
		fail(out,
		    err_coded(err_new(ERR_REMOTE, NULL,
				  "%s: gone for want of room", w->url),
			"source-busy"),
		    false, ms);
	return NULL;
}

/* The answer about one; with an older one at hand a failure is no error. */
static struct err *
unpack_answer(const struct fetch_source *s, const struct wanted *w,
    struct unpack *u, int64_t given_ms, int64_t ms, struct fetched *out)
{
	uint64_t slow;
	struct bytes b;
	TRY(unpack_u64(u, 1, &slow));
	bool came = unpack_is(u, 2);
	TRY(unpack_bytes(u, came ? 2 : 3, &b));
	struct err *e = came ? keep(s, w, b, out) : err_unpack(b);
	if (is_large(s, w, e)) {
		err_free(e);
		out->indexed = true; /* get_large() goes on */
		out->ms = ms;
		return NULL;
	}
	remember(s, w, e, slow != 0, given_ms, ms);
	if (e != NULL)
		fail(out, e, slow != 0, ms);
	out->ms = ms;
	return NULL;
}

/* Those of `w` that `ask` says, in one message. */
static struct err *
from_net(const struct fetch_source *s, const struct wanted *w, size_t n,
    int64_t deadline_ms, const bool *ask, struct fetched *out)
{
	CLEANUP(buf_done)
	struct buf body = BUF(WANTED_MAX * (WANTED_URL_MAX + 2048));
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	int64_t begin = ipc_now_ms();
	TRY(pack_u64(&body, 1, (uint64_t)deadline_ms));
	for (size_t i = 0; i < n; i++)
		if (ask[i])
			TRY(pack_wanted(s, &w[i], &body));
	TRY(ipc_call(s->socket, FETCH_MANY, buf_bytes(&body), NULL, 0,
	    s->max + FETCH_MANY_MAX * 16384,
	    (int)deadline_ms + ANSWER_MARGIN_MS, &m));
	struct unpack u = unpack_of(buf_bytes(&m.body));
	for (size_t i = 0; i < n; i++)
		if (ask[i])
			TRY(unpack_answer(s, &w[i], &u, deadline_ms,
			    ipc_now_ms() - begin, &out[i]));
	return unpack_end(&u);
}

/* Nobody there to fetch: told of each, and never of the whole. */
static void
fail_all(const struct wanted *w, size_t n, const bool *ask,
    struct fetched *out, const char *why)
{
	for (size_t i = 0; i < n; i++)
		if (ask[i] && out[i].error == NULL)
			fail(&out[i],
			    err_coded(err_new(ERR_REMOTE, NULL, "%s: %s",
					  w[i].url, why),
				"source-busy"),
			    false, 0);
}

static struct err *
go_out(struct fetch_source *s, const struct wanted *w, size_t n,
    int64_t left_ms, bool *ask, struct fetched *out)
{
	bool waited, any = false, small[WANTED_MAX] = { false };
	if (!fetch_enter(s->memory, w, n, &left_ms, &waited)) {
		fail_all(w, n, ask, out, "too many wait for the net");
		return NULL;
	}
	struct err *e = NULL;
	for (size_t i = 0; i < n && e == NULL; i++) {
		if (ask[i] && waited) {
			fetched_done(&out[i]);
			e = look(s, &w[i], &out[i], &ask[i]);
		}
		if (ask[i] && e == NULL)
			spare(s, &w[i], left_ms, &ask[i], &out[i]);
	}
	for (size_t i = 0; i < n; i++) {
		/* Known to be large: nothing is asked of it here. */
		small[i] = ask[i] && !out[i].indexed;
		any = any || small[i];
	}
	int64_t begin = ipc_now_ms();
	if (any && e == NULL) {
		struct err *bad = from_net(s, w, n, left_ms, small, out);
		if (bad != NULL)
			fail_all(w, n, small, out, err_text(bad));
		err_free(bad);
	}
	fetch_leave(s->memory, w, n);
	for (size_t i = 0; i < n && e == NULL; i++) {
		int64_t left = left_ms - (ipc_now_ms() - begin);
		if (ask[i] && out[i].indexed)
			e = get_large(s, &w[i], left > 0 ? left : 0, &out[i]);
	}
	return e;
}

static struct err *
get(void *ctx, const struct wanted *w, size_t n, int64_t deadline_ms,
    struct fetched *out)
{
	struct fetch_source *s = ctx;
	bool ask[WANTED_MAX] = { false }, any = false;
	for (size_t i = 0; i < n; i++)
		out[i] = (struct fetched){ .error = NULL };
	if (n > WANTED_MAX || deadline_ms < 0 || deadline_ms > 600000)
		return err_new(ERR_USAGE, NULL, "%zu at once", n);
	for (size_t i = 0; i < n; i++) {
		TRY(look(s, &w[i], &out[i], &ask[i]));
		if (ask[i])
			spare(s, &w[i], deadline_ms, &ask[i], &out[i]);
		any = any || ask[i];
	}
	return any ? go_out(s, w, n, deadline_ms, ask, out) : NULL;
}

/* In the memory's own thread. */
static void
fetch_anew(void *ctx, const struct wanted *w)
{
	struct fetch_source *s = ctx;
	struct wanted once = *w;
	struct fetched f;
	once.again = true;
	struct err *e = get(s, &once, 1, s->behind_ms, &f);
	err_free(e); /* the last good one is there */
	fetched_done(&f);
}

struct source
fetch_source(struct fetch_source *s)
{
	return (struct source){ .ctx = s, .get = get };
}

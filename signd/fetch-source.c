#include "signd/fetch-source.h"

#include "base/pack.h"
#include "certs/der.h"
#include "signd/ipc.h"
#include "signd/proto.h"

#include <string.h>

#define ANSWER_MARGIN_MS 2000 /* the fetcher's own work, and its queue */
#define KEY_LEN 32

/* For how long an answer is given again without asking, by kind, seconds.  Its
 * own dates may end it sooner; then validation says so. */
static const int64_t fresh_s[] = {
	[WANTED_CRL] = 3600,
	[WANTED_OCSP] = 600,
	[WANTED_ISSUER] = 7 * 86400,
};

static struct err *
key_of(const struct wanted *w, uint8_t out[KEY_LEN])
{
	CLEANUP(buf_done)
	struct buf b = BUF(WANTED_URL_MAX + OCSP_REQUEST_MAX + 64);
	uint8_t digest[DIGEST_MAX];
	TRY(pack_u64(&b, 1, (uint64_t)w->kind));
	TRY(pack_str(&b, 2, w->url));
	TRY(pack_bytes(&b, 3, buf_bytes(&w->request)));
	TRY(digest_of(DIGEST_SHA256, buf_bytes(&b), digest));
	memcpy(out, digest, KEY_LEN);
	return NULL;
}

/* One element of DER, or PEM: keeps a page of HTML from standing in for a
 * good answer of last time. */
static bool
is_plausible(struct bytes b)
{
	struct bytes rest = b;
	if (bytes_starts(b, BYTES_LIT("-----BEGIN ")))
		return true;
	struct err *e = der_take(&rest, DER_SEQUENCE, NULL, NULL);
	bool ok = e == NULL && rest.len == 0;
	err_free(e);
	return ok;
}

/* *ask: it is not there, or too old and stands in *out in case of need. */
static struct err *
from_store(const struct fetch_source *s, const struct wanted *w,
    struct fetched *out, bool *ask)
{
	uint8_t key[KEY_LEN];
	int64_t got = 0;
	*out = (struct fetched){ .body = BUF(s->max) };
	TRY(key_of(w, key));
	struct err *e = front_fetched_get(s->store, key, &out->body, &got);
	*ask = e != NULL || clock_now(s->clock) - got >= fresh_s[w->kind];
	out->stale = e == NULL && *ask;
	if (e != NULL && err_kind(e) != ERR_MISSING)
		return e;
	err_free(e);
	return NULL;
}

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
	uint8_t key[KEY_LEN];
	if (!is_plausible(body))
		return err_coded(err_new(ERR_REMOTE, NULL,
				     "%s: neither DER nor PEM", w->url),
		    "fetch-failed");
	TRY(key_of(w, key));
	TRY(front_fetched_put(s->store, key, body));
	buf_clear(&out->body);
	out->stale = false;
	return buf_append(&out->body, body);
}

/* The answer about one; with an older one at hand a failure is no error. */
static struct err *
unpack_answer(const struct fetch_source *s, const struct wanted *w,
    struct unpack *u, struct fetched *out)
{
	uint64_t slow;
	struct bytes b;
	TRY(unpack_u64(u, 1, &slow));
	out->slow = slow != 0;
	bool came = unpack_is(u, 2);
	TRY(unpack_bytes(u, came ? 2 : 3, &b));
	struct err *e = came ? keep(s, w, b, out) : err_unpack(b);
	if (out->stale)
		err_free(e);
	else
		out->error = e;
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
	bool any = false;
	TRY(pack_u64(&body, 1, (uint64_t)deadline_ms));
	for (size_t i = 0; i < n; i++) {
		if (ask[i])
			TRY(pack_wanted(s, &w[i], &body));
		any = any || ask[i];
	}
	if (!any)
		return NULL;
	TRY(ipc_call(s->socket, FETCH_MANY, buf_bytes(&body), NULL, 0,
	    s->max + FETCH_MANY_MAX * 16384,
	    (int)deadline_ms + ANSWER_MARGIN_MS, &m));
	struct unpack u = unpack_of(buf_bytes(&m.body));
	for (size_t i = 0; i < n; i++)
		if (ask[i])
			TRY(unpack_answer(s, &w[i], &u, &out[i]));
	return unpack_end(&u);
}

static struct err *
get(void *ctx, const struct wanted *w, size_t n, int64_t deadline_ms,
    struct fetched *out)
{
	const struct fetch_source *s = ctx;
	bool ask[WANTED_MAX] = { false };
	for (size_t i = 0; i < n; i++)
		out[i] = (struct fetched){ .error = NULL };
	if (n > WANTED_MAX || deadline_ms < 0 || deadline_ms > 600000)
		return err_new(ERR_USAGE, NULL, "%zu at once", n);
	for (size_t i = 0; i < n; i++)
		TRY(from_store(s, &w[i], &out[i], &ask[i]));
	return from_net(s, w, n, deadline_ms, ask, out);
}

struct source
fetch_source(struct fetch_source *s)
{
	return (struct source){ .ctx = s, .get = get };
}

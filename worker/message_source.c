#include "worker/message_source.h"

#include "base/messages.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	TAG_COUNT = 0x100,
	TAG_KIND,
	TAG_URL,
	TAG_REQUEST,
	TAG_AGAIN,
	TAG_LAST,
	TAG_KEY,
	TAG_BODY,
	TAG_INDEXED,
	TAG_STALE,
	TAG_CODE,
	TAG_MS,
	TAG_PLACE,
};

struct err *
place_of(uint64_t n, size_t *out)
{
	if (n == 0 || n > INDEXES_MAX)
		return err_new(ERR_MALFORMED, NULL, "no place of an index");
	*out = (size_t)n;
	return NULL;
}

static struct err *
unpack_count(struct unpack *u, size_t most, size_t *out)
{
	uint64_t n;
	TRY(unpack_u64(u, TAG_COUNT, &n));
	if (n > most)
		return err_new(ERR_LIMIT, NULL, "over %zu sources", most);
	*out = (size_t)n;
	return NULL;
}

static struct err *
unpack_flag(struct unpack *u, uint16_t tag, bool *out)
{
	uint64_t v;
	TRY(unpack_u64(u, tag, &v));
	*out = v != 0;
	return NULL;
}

static struct err *
unpack_kind(struct unpack *u, enum wanted_kind *out)
{
	uint64_t v;
	TRY(unpack_u64(u, TAG_KIND, &v));
	if (v > WANTED_ISSUER)
		return err_new(ERR_MALFORMED, NULL, "no such kind of source");
	*out = (enum wanted_kind)v;
	return NULL;
}

/* As certs/source.c finds them in a certificate. */
static bool
is_url(const char *s)
{
	size_t n = strlen(s);
	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] > '~')
			return false;
	return n <= WANTED_URL_MAX && (strncasecmp(s, "http://", 7) == 0 ||
					  strncasecmp(s, "https://", 8) == 0);
}

static struct err *
unpack_url(struct unpack *u, char **out)
{
	CLEANUP(free_charp) char *url = NULL;
	TRY(unpack_str(u, TAG_URL, &url));
	if (!is_url(url))
		return err_new(ERR_MALFORMED, NULL, "no address of a source");
	*out = TAKE(url);
	return NULL;
}

/* ---- what is wanted ---- */

struct err *
wanted_pack(const struct wanted_list *l, struct buf *out)
{
	TRY(pack_u64(out, TAG_COUNT, l->n));
	for (size_t i = 0; i < l->n; i++) {
		const struct wanted *w = &l->v[i];
		TRY(pack_u64(out, TAG_KIND, w->kind));
		TRY(pack_str(out, TAG_URL, w->url));
		TRY(pack_bytes(out, TAG_REQUEST, buf_bytes(&w->request)));
		TRY(pack_u64(out, TAG_AGAIN, w->again));
		TRY(pack_u64(out, TAG_LAST, w->last));
	}
	return NULL;
}

struct err *
wanted_unpack(struct unpack *u, struct wanted_list *out)
{
	size_t n;
	TRY(unpack_count(u, WANTED_MAX, &n));
	for (size_t i = 0; i < n; i++) {
		struct wanted *w = &out->v[out->n++];
		struct bytes request;
		*w = (struct wanted){ .request = BUF(WANTED_REQUEST_MAX) };
		TRY(unpack_kind(u, &w->kind));
		TRY(unpack_url(u, &w->url));
		TRY(unpack_bytes(u, TAG_REQUEST, &request));
		TRY(buf_append(&w->request, request));
		TRY(unpack_flag(u, TAG_AGAIN, &w->again));
		TRY(unpack_flag(u, TAG_LAST, &w->last));
	}
	return NULL;
}

/* ---- what came ---- */

struct err *
sources_pack(const struct source_seen *v, size_t n, struct buf *out)
{
	TRY(pack_u64(out, TAG_COUNT, n));
	for (size_t i = 0; i < n; i++) {
		const struct source_seen *s = &v[i];
		TRY(pack_u64(out, TAG_KIND, s->kind));
		TRY(pack_str(out, TAG_URL, s->url));
		TRY(pack_bytes(out, TAG_KEY, bytes_of(s->key, WANTED_KEY)));
		if (s->place > 0)
			TRY(pack_u64(out, TAG_PLACE, s->place));
		else
			TRY(pack_bytes(out, TAG_BODY, s->body));
		TRY(pack_u64(out, TAG_INDEXED, s->indexed));
		TRY(pack_u64(out, TAG_STALE, s->stale));
		if (s->code != NULL)
			TRY(pack_str(out, TAG_CODE, s->code));
		TRY(pack_i64(out, TAG_MS, s->ms));
	}
	return NULL;
}

static struct err *
unpack_code(struct unpack *u, const char **out)
{
	CLEANUP(free_charp) char *code = NULL;
	if (!unpack_is(u, TAG_CODE))
		return NULL;
	TRY(unpack_str(u, TAG_CODE, &code));
	const struct message *m = message_find(code);
	if (m == NULL)
		return err_new(ERR_MALFORMED, NULL, "no such code");
	*out = m->code;
	return NULL;
}

static struct err *
unpack_source(struct unpack *u, struct source_seen *s)
{
	char *url = NULL;
	struct bytes key;
	TRY(unpack_kind(u, &s->kind));
	TRY(unpack_url(u, &url));
	s->url = url;
	TRY(unpack_bytes(u, TAG_KEY, &key));
	if (key.len != WANTED_KEY)
		return err_new(ERR_MALFORMED, NULL, "no key of a source");
	memcpy(s->key, key.ptr, WANTED_KEY);
	uint64_t place;
	if (unpack_is(u, TAG_PLACE)) {
		TRY(unpack_u64(u, TAG_PLACE, &place));
		TRY(place_of(place, &s->place));
	} else
		TRY(unpack_bytes(u, TAG_BODY, &s->body));
	TRY(unpack_flag(u, TAG_INDEXED, &s->indexed));
	TRY(unpack_flag(u, TAG_STALE, &s->stale));
	TRY(unpack_code(u, &s->code));
	return unpack_i64(u, TAG_MS, &s->ms);
}

struct err *
sources_unpack(struct unpack *u, struct source_seen **out, size_t *n)
{
	size_t count = 0;
	TRY(unpack_count(u, SOURCES_MAX, &count));
	*n = 0;
	*out = calloc(count + 1, sizeof(**out));
	if (*out == NULL)
		return err_new(ERR_NOMEM, NULL, "sources");
	for (size_t i = 0; i < count; i++) {
		*n = i + 1;
		TRY(unpack_source(u, &(*out)[i]));
	}
	return NULL;
}

void
sources_free(struct source_seen *v, size_t n)
{
	for (size_t i = 0; v != NULL && i < n; i++)
		free((char *)(uintptr_t)v[i].url);
	free(v);
}

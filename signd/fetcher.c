/* The fetchers: the only processes that connect outward, to addresses that
 * strangers chose (net/transfer.h).  They parse nothing of what they bring. */
#include <string.h>

#include "base/pack.h"
#include "certs/cmp.h"
#include "net/transfer.h"
#include "signd/ipc.h"
#include "signd/process.h"
#include "signd/proto.h"
#include "signd/roles.h"

#define POST_MAX (1024 * 1024) /* bytes; OCSP and TSP requests are small */
#define IDLE_MS 10000
#define ERROR_MAX 8192 /* bytes of an error, packed */

_Static_assert(FETCH_MANY_MAX <= TRANSFERS_MAX, "as many as go out at once");

struct fetcher {
	const struct settings *s;
	struct curl_api api;
	/* Who may ask for what; the same where all run under one user. */
	struct ipc_service of_front, of_keyholder;
};

/* ---- requests ---- */

static struct err *
check_request(const struct settings *s, uint64_t max, uint64_t timeout,
    struct transfer *f)
{
	if (strlen(f->url) > TRANSFER_URL_MAX || !utf8_printable(bytes_str(f->url)) ||
	    (f->content_type != NULL &&
		!utf8_printable(bytes_str(f->content_type))))
		return err_new(ERR_MALFORMED, NULL, "no URL");
	uint64_t most = (uint64_t)s->fetch_max;
	uint64_t longest = (uint64_t)s->fetch_seconds * 1000;
	f->max = (size_t)(max < most ? max : most);
	/* To libcurl 0 is "for ever". */
	if (timeout == 0)
		timeout = 1;
	f->timeout_ms = (long)(timeout < longest ? timeout : longest);
	return NULL;
}

static struct err *
read_one(
    const struct settings *s, const struct ipc_message *m, struct transfers *t)
{
	struct unpack u = unpack_of(buf_bytes(&m->body));
	struct transfer *f = &t->v[0];
	uint64_t max, timeout;
	t->n = 1;
	TRY(unpack_str(&u, 1, &f->url));
	TRY(unpack_u64(&u, 2, &max));
	TRY(unpack_u64(&u, 3, &timeout));
	if (m->op == FETCH_POST) {
		TRY(unpack_str(&u, 4, &f->content_type));
		TRY(unpack_bytes(&u, 5, &f->post));
	}
	TRY(unpack_end(&u));
	return check_request(s, max, timeout, f);
}

static struct err *
read_many(
    const struct settings *s, const struct ipc_message *m, struct transfers *t)
{
	struct unpack u = unpack_of(buf_bytes(&m->body));
	uint64_t max, timeout;
	TRY(unpack_u64(&u, 1, &timeout));
	while (unpack_is(&u, 2)) {
		if (t->n == FETCH_MANY_MAX)
			return err_new(
			    ERR_LIMIT, NULL, "over %d at once", FETCH_MANY_MAX);
		struct transfer *f = &t->v[t->n++];
		TRY(unpack_str(&u, 2, &f->url));
		TRY(unpack_u64(&u, 3, &max));
		if (unpack_is(&u, 4)) {
			TRY(unpack_str(&u, 4, &f->content_type));
			TRY(unpack_bytes(&u, 5, &f->post));
		}
		TRY(check_request(s, max, timeout, f));
	}
	return unpack_end(&u);
}

/* The address is not the caller's to choose, so it may be a private one; nor
 * is it that CA's, which could lead to any other. */
static struct err *
read_ca(
    const struct settings *s, const struct ipc_message *m, struct transfers *t)
{
	struct unpack u = unpack_of(buf_bytes(&m->body));
	struct transfer *f = &t->v[0];
	uint64_t timeout;
	t->n = 1;
	TRY(unpack_u64(&u, 1, &timeout));
	TRY(unpack_bytes(&u, 2, &f->post));
	TRY(unpack_end(&u));
	if (s->external_ca_url[0] == '\0')
		return err_new(ERR_DENIED, NULL, "there is no external CA");
	TRY(bytes_dup_str(bytes_str(s->external_ca_url), &f->url));
	TRY(bytes_dup_str(
	    BYTES_LIT("application/pkixcmp"), &f->content_type));
	t->rules.private_ok = true;
	f->stays = true;
	TRY(check_request(s, CMP_ANSWER_MAX, timeout, f));
	/* fetch-seconds is for strangers' servers; this one may think. */
	uint64_t longest = (uint64_t)s->external_ca_seconds * 1000;
	f->timeout_ms = (long)(timeout < longest ? timeout : longest);
	return NULL;
}

/* Into a file of the front's: too large for a message. */
static struct err *
fetch_file(const struct settings *s, const struct ipc_message *m,
    struct transfers *t, struct buf *out)
{
	struct unpack u = unpack_of(buf_bytes(&m->body));
	struct transfer *f = &t->v[0];
	uint64_t max, timeout;
	t->n = 1;
	TRY(unpack_str(&u, 1, &f->url));
	TRY(unpack_u64(&u, 2, &max));
	TRY(unpack_u64(&u, 3, &timeout));
	TRY(unpack_end(&u));
	if (m->nfds != 1)
		return err_new(ERR_USAGE, NULL, "one file, please");
	TRY(check_request(s, max, timeout, f));
	uint64_t most = (uint64_t)s->list_max;
	uint64_t longest = (uint64_t)s->list_seconds * 1000;
	f->max = (size_t)(max < most ? max : most);
	f->timeout_ms = (long)(timeout < longest ? timeout : longest);
	f->to_file = true;
	f->fd = m->fds[0];
	t->room = f->max;
	TRY(transfers_run(t));
	if (f->error != NULL)
		return TAKE(f->error);
	return pack_u64(out, 1, f->len);
}

/* The front names addresses, keyholders do not. */
static struct err *
check_peer(const struct fetcher *me, const struct ipc_message *m)
{
	if (m->op == FETCH_PING)
		return NULL;
	return ipc_peer_allowed(m->op == FETCH_CA ? &me->of_keyholder
						  : &me->of_front,
		   m->peer)
		   ? NULL
		   : err_new(ERR_DENIED, NULL, "not for this process");
}

/* All bodies together are no longer than one may be: take_body() saw to it. */
static struct err *
pack_many(struct transfers *t, struct buf *out)
{
	for (size_t i = 0; i < t->n; i++) {
		struct transfer *one = &t->v[i];
		TRY(pack_u64(out, 1, one->slow));
		if (one->error == NULL) {
			TRY(pack_bytes(out, 2, buf_bytes(&one->got)));
			continue;
		}
		CLEANUP(buf_done) struct buf packed = BUF(ERROR_MAX);
		TRY(err_pack(one->error, &packed));
		TRY(pack_bytes(out, 3, buf_bytes(&packed)));
	}
	return NULL;
}

/* Addresses one by one are the operator's own (stamp-url); those of
 * certificates come many at once, and are for the hosts of status-host. */
static struct place_rules
rules_for(const struct settings *s, bool of_strangers)
{
	struct place_rules r = { .private_ok = s->fetch_private,
		.addresses = (const char *const *)s->fetch_private_address.v,
		.naddresses = s->fetch_private_address.n };
	if (of_strangers) {
		r.hosts = (const char *const *)s->status_host.v;
		r.nhosts = s->status_host.n;
	}
	return r;
}

static struct err *
handle(void *ctx, const struct ipc_message *request, struct ipc_message *answer)
{
	const struct fetcher *me = ctx;
	const struct settings *s = me->s;
	CLEANUP(transfers_done)
	struct transfers t = { .api = &me->api,
		.rules = rules_for(s, request->op == FETCH_MANY ||
					       request->op == FETCH_FILE),
		.room = (size_t)s->fetch_max };
	TRY(check_peer(me, request));
	switch (request->op) {
	case FETCH_PING:
		return NULL;
	case FETCH_GET:
	case FETCH_POST:
	case FETCH_CA:
		TRY(request->op == FETCH_CA ? read_ca(s, request, &t)
					    : read_one(s, request, &t));
		TRY(transfers_run(&t));
		if (t.v[0].error != NULL)
			return TAKE(t.v[0].error);
		return pack_bytes(&answer->body, 1, buf_bytes(&t.v[0].got));
	case FETCH_FILE:
		return fetch_file(s, request, &t, &answer->body);
	case FETCH_MANY:
		TRY(read_many(s, request, &t));
		TRY(transfers_run(&t));
		return pack_many(&t, &answer->body);
	default:
		return err_new(ERR_UNSUPPORTED, NULL, "no such operation");
	}
}

struct err *
fetcher_run(const struct settings *s, int listen_fd)
{
	struct fetcher me = { .s = s };
	const struct place_rules rules = rules_for(s, false);
	struct ipc_service service = {
		.ctx = &me,
		.body_max = POST_MAX,
		.answer_max =
		    (size_t)s->fetch_max + FETCH_MANY_MAX * (ERROR_MAX + 64),
		.clients_max = 1, /* another process takes the next one */
		.idle_ms = IDLE_MS,
		.handle = handle,
	};
	TRY(place_rules_check(&rules));
	TRY(process_peer(&service, s->user_front));
	TRY(process_peer(&me.of_front, s->user_front));
	if (s->external_ca_url[0] != '\0') {
		TRY(process_peer(&service, s->user_keyholder));
		TRY(process_peer(&me.of_keyholder, s->user_keyholder));
	}
	TRY(curl_load(&me.api));
	if (me.api.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_new(ERR_INTERNAL, NULL, "curl_global_init");
	return ipc_serve(listen_fd, &service);
}

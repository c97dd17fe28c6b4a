/*
 * OCSP over HTTP (RFC 6960 A.1, RFC 5019 5 and 6).  An answer without a nonce
 * was made beforehand or is given again until half its life is over or the
 * register changes; one with a nonce is made for it.  Whoever wants more of
 * those than he may, or all together more than the token can, gets the answer
 * without.
 */
#include "signd/front-ocsp.h"

#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/pack.h"
#include "signd/budget.h"
#include "signd/ipc-io.h"
#include "signd/proto.h"

/* ---- asking the keyholder ---- */

static struct err *
pack_queries(const struct ocsp_request *q, struct bytes nonce, struct buf *body)
{
	TRY(pack_bytes(body, 1, nonce));
	for (size_t i = 0; i < q->n; i++) {
		TRY(pack_str(body, 2, digest_oid(q->v[i].alg)));
		TRY(pack_bytes(body, 3, q->v[i].serial));
	}
	return NULL;
}

static struct err *
make_answer(const struct front *f, const struct ocsp_request *q,
    struct bytes nonce, struct reply *out)
{
	CLEANUP(buf_done) struct buf body = BUF(65536);
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	TRY(pack_queries(q, nonce, &body));
	TRY(ask_keyholder(f, KEY_OCSP, buf_bytes(&body), &m));
	struct unpack u = unpack_of(buf_bytes(&m.body));
	struct bytes der = BYTES_NONE;
	TRY(unpack_bytes(&u, 1, &der));
	TRY(unpack_i64(&u, 2, &out->until));
	out->body = BUF(65536);
	out->made = out->until - f->s->ocsp_seconds;
	return buf_append(&out->body, der);
}

/* ---- requests ---- */

/* Nothing that comes over HTTP has a status of its own: RFC 6960 says in the
 * answer what is wrong. */
static struct err *
refuse(enum ocsp_failure why, struct reply *out)
{
	buf_done(&out->body);
	out->body = BUF(64);
	out->made = 0;
	out->status = 200;
	out->type = OCSP_TYPE;
	return ocsp_refused(why, &out->body);
}

void
ocsp_not_made(const struct front *f, const struct err *e, struct reply *out)
{
	bool later = err_kind(e) == ERR_REMOTE || err_kind(e) == ERR_LIMIT;
	struct err *bad =
	    refuse(later ? OCSP_TRY_LATER : OCSP_INTERNAL_ERROR, out);
	log_error(f->log, LOG_WARNING, "ocsp-not-refused", bad);
}

static struct err *
made_or_refused(const struct front *f, const struct ocsp_request *q,
    struct bytes nonce, struct reply *out)
{
	struct err *e = make_answer(f, q, nonce, out);
	if (e == NULL || err_kind(e) == ERR_NOMEM)
		return e;
	ocsp_not_made(f, e, out);
	log_error(f->log, LOG_WARNING, "ocsp-not-made", e);
	return NULL;
}

/* What could not be collected with others: several certificates in one
 * request, too many requests, or nobody knows yet whose certificates we
 * answer for. */
static struct err *
answer_query(struct request *r, const struct ocsp_request *q, struct reply *out)
{
	const struct front *f = r->front;
	struct ocsp_key k = ocsp_key_of(q);
	bool ours = false;
	TRY(ocsp_all_ours(f, q, &ours));
	if (!ours)
		return refuse(OCSP_UNAUTHORIZED, out);
	if (q->nonce.len == 0 && ocsp_cache_copy(f->ocsp, &k, out))
		return NULL;
	if (!budget_take(f->budget, &r->address, ipc_now_ms()))
		return refuse(OCSP_TRY_LATER, out);
	TRY(made_or_refused(f, q, q->nonce, out));
	out->made = 0;
	return NULL;
}

static struct err *
answer(struct request *r, struct bytes request, struct reply *out)
{
	struct ocsp_request q;
	out->status = 200;
	out->type = OCSP_TYPE;
	struct err *e = ocsp_request_parse(request, &q);
	if (e != NULL && err_kind(e) != ERR_NOMEM) {
		err_free(e);
		return refuse(OCSP_MALFORMED_REQUEST, out);
	}
	return e != NULL ? e : answer_query(r, &q, out);
}

/* In the thread of HTTP: what is kept, else it is collected. */
static struct err *
quick(struct request *r, struct bytes request, struct reply *out,
    enum quick_end *end)
{
	struct front *f = r->front;
	struct ocsp_request q;
	struct err *e = ocsp_request_parse(request, &q);
	if (e != NULL || !ocsp_known_ours(f, &q)) {
		err_free(e);
		return NULL;
	}
	struct ocsp_key k = ocsp_key_of(&q);
	r->quick = true; /* asked thousands of times a second */
	out->status = 200;
	out->type = OCSP_TYPE;
	if (q.nonce.len == 0 && ocsp_cache_copy(f->ocsp, &k, out)) {
		*end = QUICK_ANSWERED;
		return NULL;
	}
	if (k.len > 0 && budget_take(f->budget, &r->address, ipc_now_ms()) &&
	    ocsp_batch_take(r, request)) {
		*end = QUICK_TAKEN;
		return NULL;
	}
	/* Too many: the answer without the nonce, if there is one. */
	*end = QUICK_ANSWERED;
	return ocsp_cache_copy(f->ocsp, &k, out) ? NULL
						 : refuse(OCSP_TRY_LATER, out);
}

static struct err *
decode_path(const char *path, struct buf *out)
{
	struct bytes text = bytes_str(path);
	/* Some clients leave the padding out. */
	CLEANUP(buf_done) struct buf padded = BUF(2 * OCSP_REQUEST_MAX);
	TRY(buf_append(&padded, text));
	while (padded.len % 4 != 0)
		TRY(buf_byte(&padded, '='));
	return base64_decode(buf_bytes(&padded), out);
}

struct err *
quick_get_ocsp(struct request *r, struct reply *out, enum quick_end *end)
{
	CLEANUP(buf_done) struct buf der = BUF(OCSP_REQUEST_MAX);
	struct err *e = decode_path(r->param, &der);
	if (e != NULL) {
		err_free(e);
		return NULL;
	}
	return quick(r, buf_bytes(&der), out, end);
}

struct err *
quick_post_ocsp(struct request *r, struct reply *out, enum quick_end *end)
{
	TRY(quick(r, buf_bytes(&r->json), out, end));
	if (*end == QUICK_ANSWERED)
		out->made = 0; /* RFC 5019 6: not kept by caches */
	return NULL;
}

#define OCSP_PATH "/pki/ocsp/"

bool
ocsp_is_get(const char *path)
{
	return strncmp(path, OCSP_PATH, sizeof(OCSP_PATH) - 1) == 0;
}

bool
ocsp_at_once(
    const struct front *f, const char *path, struct MHD_Connection *connection)
{
	CLEANUP(buf_done) struct buf der = BUF(OCSP_REQUEST_MAX);
	struct ocsp_request q;
	if (MHD_lookup_connection_value(
		connection, MHD_HEADER_KIND, "If-None-Match") != NULL)
		return false;
	struct err *e = decode_path(path + sizeof(OCSP_PATH) - 1, &der);
	if (e == NULL)
		e = ocsp_request_parse(buf_bytes(&der), &q);
	if (e != NULL || q.nonce.len > 0 || !ocsp_known_ours(f, &q)) {
		err_free(e);
		return false; /* it is looked at in full */
	}
	struct ocsp_key k = ocsp_key_of(&q);
	return ocsp_cache_queue(f->ocsp, &k, connection);
}

struct err *
get_ocsp(struct request *r, struct reply *out)
{
	CLEANUP(buf_done) struct buf der = BUF(OCSP_REQUEST_MAX);
	struct err *e = decode_path(r->param, &der);
	if (e != NULL && err_kind(e) != ERR_NOMEM) {
		err_free(e);
		return refuse(OCSP_MALFORMED_REQUEST, out);
	}
	TRY(e);
	return answer(r, buf_bytes(&der), out);
}

/* RFC 5019 6: an answer to POST is not kept by caches. */
struct err *
post_ocsp(struct request *r, struct reply *out)
{
	TRY(answer(r, buf_bytes(&r->json), out));
	out->made = 0;
	return NULL;
}

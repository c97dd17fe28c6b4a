/* Time stamps (RFC 3161) for everybody, without TLS too: they are signed. */
#include <string.h>

#include "base/pack.h"
#include "cms/ber.h"
#include "cms/tsp.h"
#include "cms/tsp_make.h"
#include "signd/budget.h"
#include "signd/front-batch.h"
#include "signd/front.h"
#include "signd/ipc-io.h"
#include "signd/proto.h"

/* A request in which nothing is left that could harm those beside it. */
struct query {
	struct tsq q;
	char policy[OID_TEXT_MAX]; /* dotted; "": any */
};

static struct err *
pack_stamp(const struct query *w, struct buf *body)
{
	TRY(pack_str(body, 1, digest_oid(w->q.alg)));
	TRY(pack_bytes(body, 2, w->q.imprint));
	TRY(pack_bytes(body, 3, w->q.nonce));
	TRY(pack_str(body, 4, w->policy));
	return pack_u64(body, 5, w->q.wants_cert);
}

static struct err *
ask_stamps(const struct front *f, const struct query *q, size_t n,
    struct ipc_message *m)
{
	CLEANUP(buf_done) struct buf body = BUF(BATCH_MAX * 8192);
	for (size_t i = 0; i < n; i++)
		TRY(pack_stamp(&q[i], &body));
	return ask_keyholder(f, KEY_TIMESTAMP_MANY, buf_bytes(&body), m);
}

static struct err *
read_stamp(struct unpack *u, struct buf *out)
{
	struct bytes b = BYTES_NONE;
	bool made = unpack_is(u, 1);
	TRY(unpack_bytes(u, made ? 1 : 2, &b));
	return made ? tsr_granted(b, out) : err_unpack(b);
}

/* What RFC 3161 has a name for, in its words; what else fails is ours. */
static struct err *
refuse_stamp(struct err *e, struct buf *out)
{
	static const struct {
		const char *code;
		enum tsr_failure failure;
	} known[] = {
		{ "tsa-digest", TSR_BAD_ALG },
		{ "tsa-policy", TSR_UNACCEPTED_POLICY },
		{ "tsa-clock", TSR_TIME_NOT_AVAILABLE },
	};
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (strcmp(err_code(e), known[i].code) == 0) {
			struct err *bad =
			    tsr_refused(known[i].failure, err_text(e), out);
			err_free(e);
			return bad;
		}
	return e;
}

static struct err *
read_policy(const struct tsq *q, char out[OID_TEXT_MAX], bool *known)
{
	struct err *e =
	    q->policy.len > 0 ? ber_oid_text(q->policy, out) : NULL;
	*known = e == NULL;
	if (e == NULL || err_kind(e) == ERR_NOMEM)
		return e;
	err_free(e);
	return NULL;
}

/* Reads the request.  What cannot be granted whoever is asked is refused in
 * *out, and *asks stays false. */
static struct err *
read_query(
    struct bytes request, struct query *w, bool *asks, struct buf *out)
{
	struct tsq *q = &w->q;
	bool known = false;
	struct err *e = tsq_parse(request, q);
	if (e != NULL && err_kind(e) != ERR_NOMEM) {
		err_free(e);
		return tsr_refused(
		    TSR_BAD_DATA_FORMAT, "no TimeStampReq of version 1", out);
	}
	TRY(e);
	if (q->extended)
		return tsr_refused(
		    TSR_UNACCEPTED_EXTENSION, "no extension is known", out);
	if (q->nonce_negative || q->nonce.len > TST_NONCE_MAX)
		return tsr_refused(TSR_BAD_REQUEST, "nonce", out);
	if (q->alg == DIGEST_NONE)
		return tsr_refused(TSR_BAD_ALG, "digest algorithm", out);
	if (q->imprint.len != digest_len(q->alg))
		return tsr_refused(TSR_BAD_DATA_FORMAT, "messageImprint", out);
	TRY(read_policy(q, w->policy, &known));
	if (!known)
		return tsr_refused(
		    TSR_UNACCEPTED_POLICY, "another policy than ours", out);
	*asks = true;
	return NULL;
}

static void
begin_reply(struct reply *out)
{
	out->body = BUF(TST_MAX + 1024);
	out->status = 200;
	out->type = "application/timestamp-reply";
}

/* Alone, when too many wait to be collected; quick_post_tsa() has had it paid. */
struct err *
post_tsa(struct request *r, struct reply *out)
{
	struct query q = { 0 };
	bool asks = false;
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	begin_reply(out);
	TRY(read_query(buf_bytes(&r->json), &q, &asks, &out->body));
	if (!asks)
		return NULL;
	TRY(ask_stamps(r->front, &q, 1, &m));
	struct unpack u = unpack_of(buf_bytes(&m.body));
	struct err *e = read_stamp(&u, &out->body);
	return e == NULL ? NULL : refuse_stamp(e, &out->body);
}

/* ---- many in one call ---- */

static void
answer_one(struct request *r, struct err *e)
{
	if (e != NULL)
		e = refuse_stamp(e, &r->reply.body);
	if (e != NULL)
		reply_problem(&r->reply, r->id, e, -1);
}

static struct err *
copy_error(const struct err *e)
{
	return err_coded(err_new(err_kind(e), err_clause(e), "%s", err_text(e)),
	    err_code(e));
}

static void
make_stamps(struct front *f, struct request **r, size_t n)
{
	struct query q[BATCH_MAX] = { 0 };
	struct ipc_message m = { 0 };
	struct buf none = BUF(TST_MAX);
	bool asks;
	for (size_t i = 0; i < n; i++) {
		/* It was read before, with the same bytes. */
		err_free(read_query(buf_bytes(&r[i]->json), &q[i], &asks, &none));
		begin_reply(&r[i]->reply);
	}
	struct err *e = ask_stamps(f, q, n, &m);
	struct unpack u = unpack_of(buf_bytes(&m.body));
	for (size_t i = 0; i < n; i++)
		answer_one(r[i], e != NULL ? copy_error(e)
					   : read_stamp(&u, &r[i]->reply.body));
	err_free(e);
	buf_done(&none);
	ipc_message_done(&m);
}

/* In the thread of HTTP: what needs no signature, else it is collected. */
struct err *
quick_post_tsa(struct request *r, struct reply *out, enum quick_end *end)
{
	struct query q = { 0 };
	bool asks = false;
	CLEANUP(buf_done) struct buf refusal = BUF(TST_MAX);
	r->quick = true;
	TRY(read_query(buf_bytes(&r->json), &q, &asks, &refusal));
	if (asks && !budget_take(r->front->budget, &r->address, ipc_now_ms()))
		return err_coded(err_new(ERR_LIMIT, NULL, "the budget"),
		    "too-many-requests");
	if (asks) {
		if (batch_take(r->front->stamp_batch, r))
			*end = QUICK_TAKEN;
		return NULL;
	}
	*end = QUICK_ANSWERED;
	begin_reply(out);
	return buf_append(&out->body, buf_bytes(&refusal));
}

struct err *
stamp_batch_start(struct front *f, struct batch **out)
{
	return batch_start(
	    f, (size_t)f->s->ocsp_waiting_max, make_stamps, out);
}

/* Requests with a nonce each want a signature of their own: several in one
 * call (front-batch.h). */
#include "signd/front-ocsp.h"

#include <string.h>

#include "base/pack.h"
#include "signd/budget.h"
#include "signd/front-batch.h"
#include "signd/ipc-io.h"
#include "signd/proto.h"
#include "store/ledger.h"

#define UNKNOWN_COSTS 9 /* more than others: only strangers ask for these */

/* ---- one call for many ---- */

static struct err *
read_made(struct unpack *u, struct ocsp_made *out)
{
	TRY(unpack_bytes(u, 3, &out->der));
	TRY(unpack_u64(u, 4, &out->said.state));
	TRY(unpack_i64(u, 5, &out->said.since));
	return unpack_u64(u, 6, &out->said.reason);
}

struct err *
ocsp_make_many(const struct front *f, const struct ocsp_wish *wishes, size_t n,
    struct ipc_message *m, struct ocsp_made *out)
{
	CLEANUP(buf_done) struct buf body = BUF(65536);
	int64_t until = 0, changes = 0;
	for (size_t i = 0; i < n; i++) {
		TRY(pack_bytes(&body, 1, wishes[i].nonce));
		TRY(pack_str(
		    &body, 2, digest_oid(ocsp_key_alg(&wishes[i].key))));
		TRY(pack_bytes(&body, 3, ocsp_key_serial(&wishes[i].key)));
	}
	TRY(ask_keyholder(f, KEY_OCSP_MANY, buf_bytes(&body), m));
	struct unpack u = unpack_of(buf_bytes(&m->body));
	TRY(unpack_i64(&u, 1, &until));
	TRY(unpack_i64(&u, 2, &changes));
	for (size_t i = 0; i < n; i++) {
		TRY(read_made(&u, &out[i]));
		out[i].until = until;
		out[i].made = until - f->s->ocsp_seconds;
		out[i].changes = changes;
	}
	return unpack_end(&u);
}

/* ---- what a thread does ---- */

struct work {
	struct request *r[BATCH_MAX];
	struct ocsp_wish wish[BATCH_MAX];
	struct ocsp_made made[BATCH_MAX];
	size_t n;
};

static void
answer_one(struct front *f, struct request *r, const struct ocsp_wish *w,
    const struct ocsp_made *made)
{
	struct reply *out = &r->reply;
	out->status = 200;
	out->type = OCSP_TYPE;
	out->body = BUF(REPORT_BODY_MAX);
	struct err *e = buf_append(&out->body, made->der);
	if (e != NULL)
		reply_problem(out, r->id, e, -1);
	if (made->said.state == LEDGER_UNKNOWN)
		budget_charge(f->budget, &r->address, UNKNOWN_COSTS);
	if (w->nonce.len == 0) {
		ocsp_cache_keep(f->ocsp, &w->key, made);
		if (strcmp(r->method, "GET") == 0) {
			out->made = made->made;
			out->until = made->until;
		}
	}
}

static void
read_wish(struct work *w, struct request *r)
{
	struct ocsp_request q;
	/* It was read before, with the same bytes. */
	err_free(ocsp_request_parse(buf_bytes(&r->json), &q));
	w->r[w->n] = r;
	w->wish[w->n++] =
	    (struct ocsp_wish){ .key = ocsp_key_of(&q), .nonce = q.nonce };
}

static void
work_off(struct front *f, struct work *w)
{
	struct ipc_message m = { 0 };
	struct err *e = ocsp_make_many(f, w->wish, w->n, &m, w->made);
	for (size_t i = 0; i < w->n && e == NULL; i++)
		answer_one(f, w->r[i], &w->wish[i], &w->made[i]);
	for (size_t i = 0; i < w->n && e != NULL; i++)
		ocsp_not_made(f, e, &w->r[i]->reply);
	log_error(f->log, LOG_WARNING, "ocsp-not-made", e);
	ipc_message_done(&m);
}

static void
work_of_batch(struct front *f, struct request **r, size_t n)
{
	struct work w = { .n = 0 };
	for (size_t i = 0; i < n; i++)
		read_wish(&w, r[i]);
	work_off(f, &w);
}

bool
ocsp_batch_take(struct request *r, struct bytes der)
{
	struct err *e = NULL;
	/* A GET has it in its path; then it is as with POST. */
	if (r->json.len == 0) {
		r->json = BUF(OCSP_REQUEST_MAX);
		e = buf_append(&r->json, der);
	}
	bool whole = e == NULL;
	err_free(e);
	return whole && batch_take(r->front->ocsp_batch, r);
}

struct err *
ocsp_batch_start(struct front *f, struct batch **out)
{
	return batch_start(
	    f, (size_t)f->s->ocsp_waiting_max, work_of_batch, out);
}


/* What everybody may have, without TLS: the CRL, the CA's certificate, time
 * stamps.  All of it is signed, or is looked up in what is. */
#include <string.h>

#include "base/pack.h"
#include "certs/crl.h"
#include "cms/ber.h"
#include "cms/tsp.h"
#include "cms/tsp_make.h"
#include "signd/front.h"
#include "signd/ipc-io.h"
#include "signd/proto.h"

#define CA_KEPT 86400 /* seconds that caches keep the CA's certificate */

struct err *
get_public_crl(struct request *r, struct reply *out)
{
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	/* Strangers get the one that is there; front.c has it made in time. */
	TRY(ask_ledger(r->front, LEDGER_CRL, BYTES_NONE, &m));
	struct unpack u = unpack_of(buf_bytes(&m.body));
	struct bytes der;
	TRY(unpack_bytes(&u, 1, &der));
	if (der.len == 0)
		return err_new(ERR_MISSING, NULL, "there is no CRL yet");
	out->body = BUF(REPORT_BODY_MAX);
	TRY(buf_append(&out->body, der));
	CLEANUP(crl_freep) struct crl *crl = NULL;
	TRY(crl_parse(der, &crl));
	out->made = crl_this_update(crl);
	/* The next one may come sooner: on each revocation. */
	out->until = clock_now(&clock_system) + 60;
	out->status = 200;
	out->type = "application/pkix-crl";
	return NULL;
}

struct err *
get_public_ca(struct request *r, struct reply *out)
{
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	TRY(ask_ledger(r->front, LEDGER_CA, BYTES_NONE, &m));
	struct unpack u = unpack_of(buf_bytes(&m.body));
	struct bytes der;
	TRY(unpack_bytes(&u, 1, &der));
	out->body = BUF(REPORT_BODY_MAX);
	TRY(buf_append(&out->body, der));
	out->made = clock_now(&clock_system);
	out->until = out->made + CA_KEPT;
	out->status = 200;
	out->type = "application/pkix-cert";
	return NULL;
}

/* ---- time stamps ---- */

static struct err *
pack_stamp(const struct tsq *q, struct buf *body)
{
	char policy[OID_TEXT_MAX] = "";
	if (q->policy.len > 0)
		TRY(ber_oid_text(q->policy, policy));
	TRY(pack_str(body, 1, digest_oid(q->alg)));
	TRY(pack_bytes(body, 2, q->imprint));
	TRY(pack_bytes(body, 3, q->nonce));
	TRY(pack_str(body, 4, policy));
	return pack_u64(body, 5, q->wants_cert);
}

static struct err *
ask_stamp(const struct front *f, const struct tsq *q, struct buf *out)
{
	CLEANUP(buf_done) struct buf body = BUF(8192);
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	TRY(pack_stamp(q, &body));
	TRY(ask_keyholder(f, KEY_TIMESTAMP, buf_bytes(&body), &m));
	struct unpack u = unpack_of(buf_bytes(&m.body));
	struct bytes token = BYTES_NONE;
	TRY(unpack_bytes(&u, 1, &token));
	return tsr_granted(token, out);
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
answer_stamp(const struct front *f, struct bytes request, struct buf *out)
{
	struct tsq q = { 0 };
	struct err *e = tsq_parse(request, &q);
	if (e != NULL && err_kind(e) != ERR_NOMEM) {
		err_free(e);
		return tsr_refused(
		    TSR_BAD_DATA_FORMAT, "no TimeStampReq of version 1", out);
	}
	TRY(e);
	if (q.extended)
		return tsr_refused(
		    TSR_UNACCEPTED_EXTENSION, "no extension is known", out);
	if (q.nonce_negative || q.nonce.len > TST_NONCE_MAX)
		return tsr_refused(TSR_BAD_REQUEST, "nonce", out);
	if (q.alg == DIGEST_NONE)
		return tsr_refused(TSR_BAD_ALG, "digest algorithm", out);
	e = ask_stamp(f, &q, out);
	return e == NULL ? NULL : refuse_stamp(e, out);
}

struct err *
post_tsa(struct request *r, struct reply *out)
{
	if (!budget_take(r->front->budget, &r->address, ipc_now_ms()))
		return err_coded(err_new(ERR_LIMIT, NULL, "the budget"),
		    "too-many-requests");
	out->body = BUF(TST_MAX + 1024);
	TRY(answer_stamp(r->front, buf_bytes(&r->json), &out->body));
	out->status = 200;
	out->type = "application/timestamp-reply";
	return NULL;
}

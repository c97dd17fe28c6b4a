/* What everybody may have, without TLS: the CRL and the CA's certificate, which
 * are signed. */
#include <string.h>

#include "base/pack.h"
#include "certs/crl.h"
#include "signd/front.h"
#include "signd/proto.h"

/* Seconds that caches keep them. */
#define CA_KEPT 86400
#define CRL_KEPT 60
#define ROOT_CRL_KEPT 3600

static struct err *
get_list(struct request *r, uint16_t op, int64_t kept, struct reply *out)
{
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	TRY(ask_ledger(r->front, op, BYTES_NONE, &m));
	struct unpack u = unpack_of(buf_bytes(&m.body));
	struct bytes der;
	TRY(unpack_bytes(&u, 1, &der));
	if (der.len == 0)
		return err_new(ERR_MISSING, NULL, "there is no CRL yet");
	out->body = BUF(REPORT_BODY_MAX);
	TRY(buf_append(&out->body, der));
	reply_make_etag(der, out->etag);
	CLEANUP(crl_freep) struct crl *crl = NULL;
	TRY(crl_parse(der, &crl));
	out->made = crl_this_update(crl);
	/* The next one may come sooner: on each revocation. */
	out->until = clock_now(&clock_system) + kept;
	out->status = 200;
	out->type = "application/pkix-crl";
	return NULL;
}

/* Strangers get the one that is there; front.c has it made in time. */
struct err *
get_public_crl(struct request *r, struct reply *out)
{
	return get_list(r, LEDGER_CRL, CRL_KEPT, out);
}

/* The root's, which is made by hand (signd root-crl). */
struct err *
get_public_root_crl(struct request *r, struct reply *out)
{
	return get_list(r, LEDGER_ROOT_CRL, ROOT_CRL_KEPT, out);
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
	reply_make_etag(der, out->etag);
	out->made = clock_now(&clock_system);
	out->until = out->made + CA_KEPT;
	out->status = 200;
	out->type = "application/pkix-cert";
	return NULL;
}

/* What everybody may have, without TLS: the CRL and the CA's certificate, which
 * are signed. */
#include <string.h>

#include "base/pack.h"
#include "certs/crl.h"
#include "signd/front.h"
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
	reply_make_etag(der, out->etag);
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
	reply_make_etag(der, out->etag);
	out->made = clock_now(&clock_system);
	out->until = out->made + CA_KEPT;
	out->status = 200;
	out->type = "application/pkix-cert";
	return NULL;
}

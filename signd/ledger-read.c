/* What the ledger tells: everything here uses the connection that cannot
 * write, and a sealed key is told to keyholders alone. */
#include "signd/ledger.h"

#include <string.h>

#include "base/pack.h"
#include "certs/alg.h"
#include "signd/ledger-ops.h"
#include "signd/proto.h"

#define AUDIT_PAGE_MAX 1000 /* records of one answer */

static struct err *
read_id(struct unpack *u, char **id)
{
	TRY(unpack_str(u, 1, id));
	TRY(unpack_end(u));
	if (strlen(*id) > LEDGER_ID_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "an id of %zu bytes", strlen(*id));
	return NULL;
}

static struct err *
pack_chain(struct ledger *l, uint16_t tag, struct buf *out)
{
	CLEANUP(ledger_setup_done) struct ledger_setup setup = { 0 };
	TRY(ledger_setup_get(l, &setup));
	for (size_t i = 0; i < setup.nchain; i++)
		TRY(pack_bytes(out, tag, buf_bytes(&setup.chain[i])));
	return NULL;
}

/* Of whoever issued it. */
static struct err *
pack_issuers(struct ledger *l, int64_t issuer, uint16_t tag, struct buf *out)
{
	CLEANUP(buf_done) struct buf chain = BUF(LEDGER_EXTERNAL_CHAIN_MAX);
	if (issuer == 0)
		return pack_chain(l, tag, out);
	TRY(ledger_external_chain(l, issuer, &chain));
	struct unpack u = unpack_of(buf_bytes(&chain));
	while (unpack_is(&u, 1)) {
		struct bytes der = BYTES_NONE;
		TRY(unpack_bytes(&u, 1, &der));
		TRY(pack_bytes(out, tag, der));
	}
	return unpack_end(&u);
}

static const char *
credential_status(const struct ledger_credential *c)
{
	if (c->revoked)
		return c->reason == LEDGER_HOLD ? "suspended" : "revoked";
	return c->locked ? "locked" : "active";
}

static struct err *
tell_credential(struct ledger *l, struct unpack *u, struct buf *out)
{
	CLEANUP(free_charp) char *id = NULL;
	TRY(read_id(u, &id));
	CLEANUP(ledger_credential_done) struct ledger_credential c = { 0 };
	TRY(ledger_credential_get(l, id, &c));
	TRY(pack_str(out, 1, credential_status(&c)));
	TRY(pack_bytes(out, 2, buf_bytes(&c.certificate)));
	TRY(pack_issuers(l, c.issuer, 3, out));
	TRY(pack_i64(out, 4, c.tries_left));
	TRY(pack_i64(out, 5, c.created));
	return pack_i64(out, 6, c.second_factor);
}

static struct err *
tell_enrolment(struct ledger *l, struct unpack *u, struct buf *out)
{
	CLEANUP(free_charp) char *id = NULL;
	TRY(read_id(u, &id));
	CLEANUP(ledger_enrolment_done) struct ledger_enrolment e = { 0 };
	TRY(ledger_enrolment_by_id(l, id, &e));
	TRY(pack_str(out, 1, enrolment_status_name(e.status)));
	TRY(pack_str(out, 2, e.record.name));
	TRY(pack_str(out, 3, e.credential));
	return pack_i64(out, 4, e.expires);
}

static struct err *
tell_activation(struct ledger *l, struct unpack *u, struct buf *out)
{
	struct bytes token = BYTES_NONE;
	TRY(unpack_bytes(u, 1, &token));
	TRY(unpack_end(u));
	uint8_t hash[DIGEST_MAX];
	TRY(digest_of(DIGEST_SHA256, token, hash));
	CLEANUP(ledger_enrolment_done) struct ledger_enrolment e = { 0 };
	TRY(ledger_enrolment_by_token(l, bytes_of(hash, LEDGER_HASH), &e));
	TRY(pack_str(out, 1, enrolment_status_name(e.status)));
	TRY(pack_str(out, 2, e.record.name));
	return pack_i64(out, 3, e.expires);
}

/* Who has the newest one is not sent it again. */
static struct err *
tell_crl(struct ledger *l, struct unpack *u, struct buf *out)
{
	CLEANUP(buf_done) struct buf der = BUF(out->max);
	int64_t number = 0, known = 0, newest = 0;
	if (unpack_is(u, 1)) {
		TRY(unpack_i64(u, 1, &known));
		TRY(ledger_crl_newest(l, &newest));
	}
	if (known > 0 && known == newest) {
		TRY(pack_bytes(out, 1, BYTES_NONE));
		return pack_i64(out, 2, known);
	}
	TRY(ledger_crl_get(l, &der, &number));
	TRY(pack_bytes(out, 1, buf_bytes(&der)));
	return pack_i64(out, 2, number);
}

static struct err *
tell_root_crl(struct ledger *l, struct buf *out)
{
	CLEANUP(buf_done) struct buf der = BUF(out->max);
	int64_t number = 0;
	TRY(ledger_root_crl_get(l, &der, &number));
	TRY(pack_bytes(out, 1, buf_bytes(&der)));
	return pack_i64(out, 2, number);
}

static struct err *
tell_line(void *ctx, struct bytes line)
{
	return pack_bytes(ctx, 1, line);
}

static struct err *
tell_audit(struct ledger *l, struct unpack *u, struct buf *out)
{
	int64_t from = 0, count = 0;
	TRY(unpack_i64(u, 1, &from));
	TRY(unpack_i64(u, 2, &count));
	TRY(unpack_end(u));
	if (count > AUDIT_PAGE_MAX)
		count = AUDIT_PAGE_MAX;
	struct err *e = ledger_audit_each(l, from, count, tell_line, out);
	/* A page that is full ends there; the next call goes on. */
	if (e != NULL && err_kind(e) == ERR_LIMIT && out->len > 0) {
		err_free(e);
		return NULL;
	}
	return e;
}

static struct err *
tell_officer(struct ledger *l, struct unpack *u)
{
	CLEANUP(free_charp) char *fingerprint = NULL;
	TRY(read_id(u, &fingerprint));
	return ledger_officer_get(l, fingerprint, NULL);
}

/* ---- the register ---- */

static struct err *
tell_one_status(struct ledger *l, struct unpack *u, struct buf *out)
{
	CLEANUP(free_charp) char *serial = NULL;
	TRY(unpack_str(u, 1, &serial));
	struct ledger_status s;
	TRY(ledger_status(l, serial, &s));
	TRY(pack_u64(out, 2, (uint64_t)s.state));
	TRY(pack_i64(out, 3, s.since));
	return pack_u64(out, 4, (uint64_t)s.reason);
}

/* The count first: what changes meanwhile counts as not told. */
static struct err *
tell_status(struct ledger *l, struct unpack *u, struct buf *out)
{
	int64_t changes = 0;
	TRY(ledger_changes(l, &changes));
	TRY(pack_i64(out, 1, changes));
	for (int i = 0; i < KEY_OCSP_MAX && unpack_is(u, 1); i++)
		TRY(tell_one_status(l, u, out));
	return unpack_end(u);
}

static struct err *
add_serial(void *ctx, const char *serial)
{
	return pack_str(ctx, 1, serial);
}

static struct err *
tell_serials(struct ledger *l, struct unpack *u, struct buf *out)
{
	CLEANUP(free_charp) char *after = NULL;
	TRY(read_id(u, &after));
	return ledger_serials(l, after, LEDGER_SERIALS_PAGE, add_serial, out);
}

/* `missing`: the code when there is none. */
static struct err *
tell_key(
    struct ledger *l, const char *purpose, const char *missing, struct buf *out)
{
	CLEANUP(ledger_operator_done) struct ledger_operator o = { 0 };
	struct err *e = ledger_operator_get(l, purpose, &o);
	if (e != NULL && err_kind(e) == ERR_MISSING)
		return err_coded(e, missing);
	if (e != NULL)
		return e;
	TRY(pack_bytes(out, 1, buf_bytes(&o.certificate)));
	return pack_chain(l, 2, out);
}

static struct err *
tell_ping(struct ledger *l, struct buf *out)
{
	int64_t count = 0;
	TRY(ledger_audit_count(l, &count));
	return pack_i64(out, 1, count);
}

static struct err *
tell_sealed(const struct ledger_server *s, const struct ipc_message *request,
    struct unpack *u, struct buf *out)
{
	if (s->may_unseal == NULL ||
	    !ipc_peer_allowed(s->may_unseal, request->peer))
		return err_new(ERR_DENIED, NULL, "for keyholders alone");
	return ledger_tell_sealed(s->reader, false, u, out);
}

struct err *
ledger_handle_read(
    void *ctx, const struct ipc_message *request, struct ipc_message *answer)
{
	const struct ledger_server *s = ctx;
	struct unpack u = unpack_of(buf_bytes(&request->body));
	switch (request->op) {
	case LEDGER_CREDENTIAL:
		return tell_credential(s->reader, &u, &answer->body);
	case LEDGER_ENROLMENT:
		return tell_enrolment(s->reader, &u, &answer->body);
	case LEDGER_ACTIVATION:
		return tell_activation(s->reader, &u, &answer->body);
	case LEDGER_CRL:
		return tell_crl(s->reader, &u, &answer->body);
	case LEDGER_ROOT_CRL:
		return tell_root_crl(s->reader, &answer->body);
	case LEDGER_CA:
		return pack_chain(s->reader, 1, &answer->body);
	case LEDGER_AUDIT:
		return tell_audit(s->reader, &u, &answer->body);
	case LEDGER_OFFICER:
		return tell_officer(s->reader, &u);
	case LEDGER_STATUS:
		return tell_status(s->reader, &u, &answer->body);
	case LEDGER_SERIALS:
		return tell_serials(s->reader, &u, &answer->body);
	case LEDGER_PIN_KEY:
		return tell_key(
		    s->reader, "pin-seal", "pin-key-missing", &answer->body);
	case LEDGER_SEAL_KEY:
		return tell_key(
		    s->reader, "seal", "seal-missing", &answer->body);
	case LEDGER_PING:
		return tell_ping(s->reader, &answer->body);
	case LW_CREDENTIAL:
		return tell_sealed(s, request, &u, &answer->body);
	default:
		/* Writing operations end here too. */
		return err_new(ERR_DENIED, NULL, "no operation for reading");
	}
}

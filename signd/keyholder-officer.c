/* What officers approve: enrolment and revocation.  The record is rendered here
 * from its fields, and the officer's certificate comes from the ledger. */
#include "signd/keyholder.h"

#include <stdlib.h>
#include <string.h>

#include "certs/issue.h"
#include "certs/aead.h"
#include "signd/ledger-ops.h"
#include "signd/records.h"

#define TOKEN_BYTES 24 /* of an activation link: 32 characters of Base64url */

struct err *
officer_proof_unpack(struct unpack *u, struct officer_proof *out)
{
	TRY(unpack_bytes(u, 20, &out->approval));
	TRY(unpack_bytes(u, 21, &out->certificate));
	TRY(unpack_bytes(u, 22, &out->alg));
	return unpack_end(u);
}

static struct err *
unknown_officer(void)
{
	return err_coded(
	    err_new(ERR_DENIED, NULL, "no such officer"), "officer-unknown");
}

static struct err *
wrong_approval(const char *why)
{
	return err_coded(
	    err_new(ERR_DENIED, NULL, "%s", why), "approval-wrong");
}

/* The certificate of that name must be in the ledger, active, and be the one
 * that the front showed. */
static struct err *
registered(struct keyholder *k, const char *officer, struct bytes shown,
    struct cert **out)
{
	CLEANUP(buf_done) struct buf body = BUF(1024);
	TRY(pack_str(&body, 1, officer));
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(keyholder_tell(k, LW_OFFICER, &body, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	struct bytes der = BYTES_NONE;
	TRY(unpack_bytes(&u, 1, &der));
	if (!bytes_eq(der, shown))
		return unknown_officer();
	CLEANUP(cert_freep) struct cert *c = NULL;
	TRY(cert_parse(der, &c));
	uint8_t raw[32];
	char hex[65];
	cert_fingerprint(c, raw);
	hex_text(bytes_of(raw, sizeof(raw)), hex);
	if (strcmp(hex, officer) != 0)
		return unknown_officer();
	*out = TAKE(c);
	return NULL;
}

static struct err *
check_value(const struct officer_proof *p, const struct cert *officer,
    struct bytes record)
{
	struct sig_alg alg;
	TRY(sig_alg_parse(p->alg, DIGEST_SHA256, &alg));
	if (alg.digest != DIGEST_SHA256)
		return wrong_approval("an approval signs SHA-256");
	uint8_t hash[DIGEST_MAX];
	TRY(digest_of(DIGEST_SHA256, record, hash));
	bool ok = false;
	TRY(cert_verify_digest(
	    officer, alg, bytes_of(hash, 32), p->approval, &ok));
	return ok ? NULL : wrong_approval("the approval does not verify");
}

static struct err *
check_time(struct keyholder *k, const struct cert *officer, const char *time)
{
	int64_t said = 0;
	TRY(time_parse_iso(bytes_str(time), &said));
	int64_t now = clock_now(k->clock);
	if (said < now - APPROVAL_SECONDS || said > now + APPROVAL_SECONDS)
		return err_coded(err_new(ERR_DENIED, NULL,
				     "the approval's time is off by more than "
				     "%d seconds",
				     APPROVAL_SECONDS),
		    "approval-time");
	if (now < cert_not_before(officer) || now > cert_not_after(officer))
		return err_coded(err_new(ERR_DENIED, NULL,
				     "the officer's certificate has expired"),
		    "officer-unknown");
	return NULL;
}

struct err *
keyholder_check_proof(struct keyholder *k, const struct officer_proof *p,
    struct bytes record, const char *officer, const char *time)
{
	CLEANUP(cert_freep) struct cert *cert = NULL;
	TRY(registered(k, officer, p->certificate, &cert));
	TRY(check_value(p, cert, record));
	return check_time(k, cert, time);
}

/* ---- enrolment ---- */

/* Better refused at the desk than when the citizen sets the PIN: could the
 * certificate be made? */
static struct err *
check_fields(struct keyholder *k, const struct enrolment_record *r)
{
	enum key_kind kind;
	bool said = r->key_kind != NULL && r->key_kind[0] != '\0';
	if (said && !key_kind_by_name(r->key_kind, &kind))
		return err_coded(
		    err_new(ERR_USAGE, NULL, "no such kind of key"),
		    "record-field");
	struct err *e =
	    keyholder_certificate_try(k, r, cert_key(k->chain.v[0]));
	if (e == NULL || err_kind(e) != ERR_USAGE)
		return e;
	return err_coded(e, "record-field");
}

struct link {
	char token[64];           /* text for the citizen */
	uint8_t hash[DIGEST_MAX]; /* what the ledger keeps */
};

static struct err *
make_link(struct link *l)
{
	uint8_t raw[TOKEN_BYTES];
	TRY(random_fill(raw, sizeof(raw)));
	CLEANUP(buf_done) struct buf text = BUF(sizeof(l->token) - 1);
	TRY(base64url_encode(bytes_of(raw, sizeof(raw)), &text));
	memcpy(l->token, text.ptr, text.len);
	l->token[text.len] = '\0';
	wipe(text.ptr, text.len);
	return digest_of(DIGEST_SHA256, bytes_str(l->token), l->hash);
}

static struct err *
record_enrolment(struct keyholder *k, const struct enrolment_record *r,
    const struct officer_proof *p, const char *id, const struct link *l,
    int64_t expires)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	TRY(enrolment_record_pack(r, &body));
	TRY(pack_bytes(&body, 13, p->approval));
	TRY(pack_bytes(&body, 14, p->alg));
	TRY(pack_str(&body, 15, id));
	TRY(pack_bytes(&body, 16, bytes_of(l->hash, 32)));
	TRY(pack_i64(&body, 17, expires));
	TRY(pack_str(&body, 18, r->key_kind));
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	return keyholder_tell(k, LW_ENROL, &body, &answer);
}

static struct err *
enrol(struct keyholder *k, const struct enrolment_record *r,
    const struct officer_proof *p, struct buf *out)
{
	CLEANUP(buf_done) struct buf record = BUF(RECORD_MAX);
	TRY(enrolment_record_render(r, &record));
	TRY(keyholder_check_proof(
	    k, p, buf_bytes(&record), r->officer, r->time));
	TRY(check_fields(k, r));
	char id[33];
	TRY(keyholder_random_id(id));
	struct link l;
	TRY(make_link(&l));
	int64_t expires =
	    clock_now(k->clock) + k->settings->activation_hours * 3600;
	TRY(record_enrolment(k, r, p, id, &l, expires));
	TRY(pack_str(out, 1, id));
	TRY(pack_str(out, 2, l.token));
	wipe(&l, sizeof(l));
	return pack_i64(out, 3, expires);
}

struct err *
keyholder_enrol(struct keyholder *k, struct unpack *u, struct buf *out)
{
	CLEANUP(enrolment_record_done) struct enrolment_record r = { 0 };
	struct officer_proof p = { 0 };
	TRY(enrolment_record_unpack(u, &r));
	if (unpack_is(u, 13))
		TRY(unpack_str(u, 13, &r.key_kind));
	TRY(officer_proof_unpack(u, &p));
	return enrol(k, &r, &p, out);
}

/* ---- revocation ---- */

/* RFC 5280 5.3.1, those that an officer may give: certificateHold suspends,
 * removeFromCRL takes that back, the others are for good.  (pinUnlock ends
 * nothing: it starts the count of PINs anew.) */
static const struct {
	const char *name;
	enum revoke_reason reason;
} reasons[] = {
	{ "unspecified", REVOKE_UNSPECIFIED },
	{ "keyCompromise", REVOKE_KEY_COMPROMISE },
	{ "affiliationChanged", REVOKE_AFFILIATION },
	{ "superseded", REVOKE_SUPERSEDED },
	{ "cessationOfOperation", REVOKE_CESSATION },
	{ "privilegeWithdrawn", REVOKE_PRIVILEGE },
	{ "certificateHold", REVOKE_HOLD },
	{ "removeFromCRL", REVOKE_RELEASE },
};

static struct err *
find_reason(const char *name, uint64_t *out)
{
	if (strcmp(name, "pinUnlock") == 0) { /* of no CRL */
		*out = LEDGER_UNLOCK;
		return NULL;
	}
	for (size_t i = 0; i < COUNT_OF(reasons); i++)
		if (strcmp(reasons[i].name, name) == 0) {
			*out = (uint64_t)reasons[i].reason;
			return NULL;
		}
	return err_coded(err_new(ERR_MALFORMED, "RFC 5280 5.3.1",
			     "no reason that an officer may give"),
	    "record-field");
}

static struct err *
record_revocation(struct keyholder *k, const struct revocation_record *r,
    const struct officer_proof *p, uint64_t reason, int64_t *at)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	TRY(revocation_record_pack(r, &body));
	TRY(pack_bytes(&body, 7, p->approval));
	TRY(pack_bytes(&body, 8, p->alg));
	TRY(pack_u64(&body, 9, reason));
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(keyholder_tell(k, LW_REVOKE, &body, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	return unpack_i64(&u, 1, at);
}

static struct err *
revoke(struct keyholder *k, const struct revocation_record *r,
    const struct officer_proof *p, struct buf *out)
{
	CLEANUP(buf_done) struct buf record = BUF(RECORD_MAX);
	TRY(revocation_record_render(r, &record));
	TRY(keyholder_check_proof(
	    k, p, buf_bytes(&record), r->officer, r->time));
	uint64_t reason = 0;
	TRY(find_reason(r->reason, &reason));
	int64_t at = 0, number = 0;
	TRY(record_revocation(k, r, p, reason, &at));
	/* From here on it is revoked, whatever becomes of the list; the same
	 * request again makes the list, if it was not made.  (A list for each
	 * request would let a front fill the disk with one approval.) */
	TRY(keyholder_current_crl(k, &number));
	TRY(pack_i64(out, 1, at));
	return pack_i64(out, 2, number);
}

struct err *
keyholder_revoke(struct keyholder *k, struct unpack *u, struct buf *out)
{
	CLEANUP(revocation_record_done) struct revocation_record r = { 0 };
	struct officer_proof p = { 0 };
	TRY(revocation_record_unpack(u, &r));
	TRY(officer_proof_unpack(u, &p));
	return revoke(k, &r, &p, out);
}

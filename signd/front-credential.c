/* Citizens: activation, and what a credential is. */
#include <string.h>

#include "base/pack.h"
#include "certs/ossl.h"
#include "signd/front-auth.h"
#include "signd/proto.h"

#define TOKEN_MAX 256 /* bytes of an activation token */

static struct err *
put_time(json_t *o, const char *name, int64_t t)
{
	CLEANUP(buf_done) struct buf text = BUF(64);
	TRY(time_format_iso(t, TIME_VIETNAM_OFFSET_MIN, &text));
	return json_put_bytes(o, name, buf_bytes(&text));
}

/* ---- activation ---- */

static struct err *
reply_activation_status(struct bytes answer, struct reply *out)
{
	struct unpack u = unpack_of(answer);
	CLEANUP(free_charp) char *status = NULL;
	CLEANUP(free_charp) char *name = NULL;
	int64_t expires;
	CLEANUP(json_freep) json_t *doc = NULL;
	TRY(unpack_str(&u, 1, &status));
	TRY(unpack_str(&u, 2, &name));
	TRY(unpack_i64(&u, 3, &expires));
	TRY(unpack_end(&u));
	TRY(json_new(&doc));
	TRY(json_put_str(doc, "status", status));
	TRY(json_put_str(doc, "name", name));
	TRY(put_time(doc, "expires", expires));
	return reply_json(out, 200, doc);
}

struct err *
post_activation_check(struct request *r, struct reply *out)
{
	CLEANUP(json_freep) json_t *doc = NULL;
	CLEANUP(buf_done) struct buf body = BUF(1024);
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	const char *token;
	TRY(request_json(r, &doc));
	struct json_fields f = { .object = doc };
	TRY(json_str(&f, "token", 1, TOKEN_MAX, &token));
	TRY(json_end(&f));
	TRY(pack_str(&body, 1, token));
	TRY(ask_ledger(r->front, LEDGER_ACTIVATION, buf_bytes(&body), &m));
	return reply_activation_status(buf_bytes(&m.body), out);
}

static struct err *
put_pem(json_t *into, const char *name, struct bytes der)
{
	CLEANUP(buf_done) struct buf text = BUF(CERT_MAX * 2);
	CLEANUP(buf_done) struct buf pem = BUF(CERT_MAX * 2 + 256);
	TRY(base64_encode(der, &text));
	TRY(buf_str(&pem, "-----BEGIN CERTIFICATE-----\n"));
	for (size_t at = 0; at < text.len; at += 64) {
		TRY(buf_append(&pem, bytes_slice(buf_bytes(&text), at, 64)));
		TRY(buf_str(&pem, "\n"));
	}
	TRY(buf_str(&pem, "-----END CERTIFICATE-----\n"));
	if (name != NULL)
		return json_put_bytes(into, name, buf_bytes(&pem));
	if (json_array_append_new(
		into, json_stringn((const char *)pem.ptr, pem.len)) != 0)
		return err_new(ERR_NOMEM, NULL, "chain");
	return NULL;
}

/* The link for an authenticator app: sealed to the citizen's device, unless
 * the PIN came plain. */
static struct err *
put_second(json_t *doc, struct unpack *u)
{
	struct bytes value;
	if (unpack_is(u, 4)) {
		TRY(unpack_bytes(u, 4, &value));
		return json_put_bytes(doc, "otpauth", value);
	}
	if (!unpack_is(u, 5))
		return NULL;
	TRY(unpack_bytes(u, 5, &value));
	return json_put_base64(doc, "sealedOtpauth", value);
}

static struct err *
reply_activated(struct front *f, struct bytes answer, struct reply *out)
{
	struct unpack u = unpack_of(answer);
	CLEANUP(free_charp) char *id = NULL;
	struct bytes der, issued;
	CLEANUP(json_freep) json_t *doc = NULL;
	json_t *chain = json_array();
	TRY(json_new(&doc));
	TRY(json_put(doc, "chain", chain));
	TRY(unpack_str(&u, 1, &id));
	TRY(json_put_str(doc, "credentialID", id));
	TRY(unpack_bytes(&u, 2, &issued));
	TRY(put_pem(doc, "certificate", issued));
	while (unpack_is(&u, 3)) {
		TRY(unpack_bytes(&u, 3, &der));
		TRY(put_pem(chain, NULL, der));
	}
	TRY(put_second(doc, &u));
	if (unpack_is(&u, 6)) {
		uint64_t external;
		TRY(unpack_u64(&u, 6, &external));
	} else
		ocsp_issued(f, issued);
	TRY(unpack_end(&u));
	return reply_json(out, 201, doc);
}

static struct err *
pack_sealed(const char *text, struct buf *body)
{
	CLEANUP(buf_done) struct buf sealed = BUF(SECRET_MAX);
	if (text != NULL)
		TRY(base64url_decode(bytes_str(text), &sealed));
	return pack_bytes(body, 3, buf_bytes(&sealed));
}

static struct err *
activate(struct request *r, const char *token, const char *pin,
    const char *sealed, const char *kind, struct reply *out)
{
	struct buf body = BUF(SECRET_MAX + 1024);
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	struct err *e = pack_str(&body, 1, token);
	if (e == NULL)
		e = pack_str(&body, 2, pin == NULL ? "" : pin);
	if (e == NULL)
		e = pack_sealed(sealed, &body);
	if (e == NULL)
		e = pack_str(&body, 4, kind == NULL ? "" : kind);
	if (e == NULL)
		e = ask_keyholder(r->front, KEY_ACTIVATE, buf_bytes(&body), &m);
	wipe(body.ptr, body.len);
	buf_done(&body);
	return e != NULL ? e
			 : reply_activated(r->front, buf_bytes(&m.body), out);
}

struct err *
post_activation(struct request *r, struct reply *out)
{
	CLEANUP(json_freep) json_t *doc = NULL;
	const char *token;
	const char *pin;
	const char *sealed;
	const char *kind;
	struct once once = { 0 };
	bool replayed = false;
	TRY(request_json(r, &doc));
	struct json_fields f = { .object = doc };
	TRY(json_str(&f, "token", 1, TOKEN_MAX, &token));
	TRY(json_str(&f, "pin", 0, PIN_MAX, &pin));
	TRY(json_str(&f, "sealedPIN", 0, SECRET_MAX, &sealed));
	TRY(json_str(&f, "keyKind", 0, 16, &kind));
	TRY(json_end(&f));
	if ((pin == NULL) == (sealed == NULL))
		return err_coded(
		    err_new(ERR_USAGE, NULL, "one of sealedPIN and pin"),
		    "json-field");
	if (pin != NULL &&
	    (strlen(pin) < PIN_MIN || !utf8_printable(bytes_str(pin))))
		return err_coded(
		    err_new(ERR_USAGE, NULL, "a PIN has 6 to 64 characters"),
		    "pin-form");
	/* The token alone makes two calls the same: a hash of the PIN shall
	 * not lie in the store. */
	TRY(once_claim(r, bytes_str(token), &once, out, &replayed));
	if (replayed)
		return NULL;
	struct err *e = activate(r, token, pin, sealed, kind, out);
	once_end(r, &once, out, e == NULL);
	return e;
}

/* ---- what a PIN is sealed to ---- */

static struct err *
put_pin_key(json_t *doc, struct bytes der)
{
	CLEANUP(cert_freep) struct cert *c = NULL;
	TRY(cert_parse(der, &c));
	CLEANUP(ossl_freep) uint8_t *spki = NULL;
	int len = i2d_PUBKEY(cert_key(c), &spki);
	if (len <= 0)
		return err_ossl(ERR_INTERNAL, "i2d_PUBKEY");
	TRY(put_pem(doc, "certificate", der));
	return json_put_base64(doc, "publicKey", bytes_of(spki, (size_t)len));
}

struct err *
get_pin_key(struct request *r, struct reply *out)
{
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	CLEANUP(json_freep) json_t *doc = NULL;
	json_t *chain = json_array();
	struct bytes der;
	TRY(json_new(&doc));
	TRY(json_put(doc, "chain", chain));
	TRY(ask_ledger(r->front, LEDGER_PIN_KEY, BYTES_NONE, &m));
	struct unpack u = unpack_of(buf_bytes(&m.body));
	TRY(unpack_bytes(&u, 1, &der));
	TRY(put_pin_key(doc, der));
	while (unpack_is(&u, 2)) {
		TRY(unpack_bytes(&u, 2, &der));
		TRY(put_pem(chain, NULL, der));
	}
	TRY(unpack_end(&u));
	/* A message says its time by this clock, not by the citizen's. */
	TRY(json_put_int(doc, "time", clock_now(&clock_system)));
	return reply_json(out, 200, doc);
}

/* ---- what a credential is (CSC API v2, 11.5) ---- */

static struct err *
put_key(json_t *doc, const struct credential *c)
{
	struct sig_alg alg;
	json_t *key = NULL;
	TRY(credential_alg(c, &alg));
	TRY(json_new(&key));
	TRY(json_put(doc, "key", key));
	TRY(json_put_str(key, "status",
	    strcmp(c->status, "active") == 0 ? "enabled" : "disabled"));
	TRY(json_put(key, "algo", json_pack("[s]", sig_alg_oid(alg))));
	TRY(json_put_int(key, "len", cert_key_bits(c->cert)));
	if (cert_curve(c->cert) != NULL)
		TRY(json_put_str(key, "curve", cert_curve(c->cert)));
	return NULL;
}

static struct err *
append_base64(json_t *list, struct bytes der)
{
	CLEANUP(buf_done) struct buf text = BUF(CERT_MAX * 2);
	TRY(base64_encode(der, &text));
	if (json_array_append_new(
		list, json_stringn((const char *)text.ptr, text.len)) != 0)
		return err_new(ERR_NOMEM, NULL, "certificates");
	return NULL;
}

static struct err *
put_cert(json_t *doc, const struct credential *c, const char *which)
{
	json_t *cert = NULL;
	json_t *list = json_array();
	TRY(json_new(&cert));
	TRY(json_put(doc, "cert", cert));
	TRY(json_put(cert, "certificates", list));
	if (strcmp(which, "none") != 0)
		TRY(append_base64(list, cert_der(c->cert)));
	if (strcmp(which, "chain") == 0)
		for (size_t i = 0; i < c->nchain; i++)
			TRY(append_base64(list, c->chain[i]));
	CLEANUP(buf_done) struct buf serial = BUF(256);
	TRY(hex_encode(cert_serial(c->cert), &serial));
	TRY(json_put_bytes(cert, "serialNumber", buf_bytes(&serial)));
	TRY(json_put_str(cert, "subjectDN", cert_subject(c->cert)));
	TRY(json_put_str(cert, "issuerDN", cert_issuer(c->cert)));
	TRY(put_time(cert, "validFrom", cert_not_before(c->cert)));
	TRY(put_time(cert, "validTo", cert_not_after(c->cert)));
	bool ended = strcmp(c->status, "revoked") == 0 ||
		     strcmp(c->status, "suspended") == 0;
	return json_put_str(cert, "status", ended ? c->status : "valid");
}

static struct err *
put_auth(json_t *doc, const struct credential *c)
{
	json_t *auth = NULL;
	json_t *objects = json_array();
	TRY(json_new(&auth));
	TRY(json_put(doc, "auth", auth));
	TRY(json_put_str(auth, "mode", "explicit"));
	TRY(json_put_str(
	    auth, "expression", c->second_factor ? "PIN AND OTP" : "PIN"));
	TRY(json_put(auth, "objects", objects));
	json_array_append_new(
	    objects, json_pack("{s:s, s:s}", "type", "Password", "id", "PIN"));
	if (c->second_factor)
		json_array_append_new(objects,
		    json_pack("{s:s, s:s, s:s, s:s}", "type", "Password", "id",
			"OTP", "format", "N", "generator", "totp"));
	return NULL;
}

static struct err *
reply_credential(
    const struct credential *c, const char *which, struct reply *out)
{
	CLEANUP(json_freep) json_t *doc = NULL;
	TRY(json_new(&doc));
	TRY(json_put_str(doc, "credentialID", c->id));
	TRY(put_key(doc, c));
	TRY(put_cert(doc, c, which));
	TRY(put_auth(doc, c));
	TRY(json_put_str(doc, "SCAL", "1"));
	TRY(json_put_int(doc, "multisign", HASHES_MAX));
	TRY(json_put_str(doc, "status", c->status));
	TRY(json_put_int(doc, "triesLeft", c->tries_left));
	return reply_json(out, 200, doc);
}

struct err *
post_credential_info(struct request *r, struct reply *out)
{
	CLEANUP(json_freep) json_t *doc = NULL;
	CLEANUP(credential_done) struct credential c = { 0 };
	const char *id;
	const char *which;
	TRY(request_json(r, &doc));
	struct json_fields f = { .object = doc };
	TRY(json_str(&f, "credentialID", 1, CREDENTIAL_MAX, &id));
	TRY(json_str(&f, "certificates", 0, 16, &which));
	TRY(json_end(&f));
	if (which == NULL)
		which = "single";
	if (strcmp(which, "none") != 0 && strcmp(which, "single") != 0 &&
	    strcmp(which, "chain") != 0)
		return err_coded(err_new(ERR_USAGE, NULL,
				     "certificates: none, single or chain"),
		    "json-field");
	TRY(credential_get(r->front, id, &c));
	return reply_credential(&c, which, out);
}

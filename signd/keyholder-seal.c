/*
 * The service's own seal, on receipts.  What is signed is built here: signed
 * attributes around a digest, under the seal's own certificate.  A digest does
 * not show what it is of; so who asks says which document the receipt is about
 * and what it says of it, and that stands in the audit chain before the value
 * leaves: a receipt that says something else than its record is a forgery, and
 * one without a record is not of this service.
 */
#include "signd/keyholder.h"

#include <string.h>

#include "certs/ossl.h"
#include "cms/cms.h"
#include "signd/ledger-ops.h"
#include "signd/proto.h"

#define SHA256_BYTES 32
#define SAYS_MAX 32 /* bytes: "INDETERMINATE" */
#define ATTRIBUTES_MAX 4096
#define SEAL_VALUE_MAX 512 /* bytes: RSA-4096 */

struct seal_request {
	char *kind;
	struct bytes digest;
	struct bytes about;
	char *says;
	struct bytes certificate; /* SHA-256 of it */
	struct buf serial;        /* of that certificate, hex */
};

static void
seal_request_done(struct seal_request *r)
{
	free_charp(&r->kind);
	free_charp(&r->says);
	buf_done(&r->serial);
}

static struct err *
read_request(struct unpack *u, struct seal_request *r)
{
	TRY(unpack_str(u, 1, &r->kind));
	TRY(unpack_bytes(u, 2, &r->digest));
	TRY(unpack_bytes(u, 3, &r->about));
	TRY(unpack_str(u, 4, &r->says));
	TRY(unpack_bytes(u, 5, &r->certificate));
	return unpack_end(u);
}

/* A word of the standard, so that the record has no room for anything else. */
static bool
is_word(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-");
	return n > 0 && n <= SAYS_MAX && s[n] == '\0';
}

static struct err *
check_request(const struct seal_request *r)
{
	if (strcmp(r->kind, "receipt") != 0)
		return err_new(ERR_USAGE, NULL, "no such thing is sealed");
	if (r->digest.len != SHA256_BYTES || r->about.len != SHA256_BYTES ||
	    r->certificate.len != SHA256_BYTES)
		return err_new(ERR_USAGE, NULL, "a digest is not SHA-256");
	return is_word(r->says) ? NULL
				: err_new(ERR_USAGE, NULL, "that says nothing");
}

static bool
is_current(const struct keyholder *k, const struct seal_request *r)
{
	uint8_t hash[SHA256_BYTES];
	if (k->seal.cert == NULL)
		return false;
	cert_fingerprint(k->seal.cert, hash);
	return bytes_eq(r->certificate, bytes_of(hash, sizeof(hash)));
}

/* A new key may have been made since we started. */
static struct err *
find_key(struct keyholder *k, const struct seal_request *r)
{
	if (!is_current(k, r))
		TRY(keyholder_operator(k, "seal", p11_signing_check, &k->seal));
	TRY(operator_check(&k->seal, clock_now(k->clock), "seal-missing"));
	return is_current(k, r)
		   ? NULL
		   : err_coded(err_new(ERR_REMOTE, NULL,
				   "the seal has another certificate"),
			 "seal-changed");
}

/* Signs, and says no to a token that signed something else. */
static struct err *
sign(struct keyholder *k, const struct seal_request *r, struct buf *value)
{
	const struct sig_alg alg = operator_alg(k->seal.cert);
	const struct cms_request q = { .cert = k->seal.cert,
		.alg = alg,
		.content_digest = r->digest,
		.signing_time = TIME_NONE };
	CLEANUP(buf_done) struct buf attributes = BUF(ATTRIBUTES_MAX);
	uint8_t hash[DIGEST_MAX];
	bool ok = false;
	TRY(cms_signed_attributes(&q, &attributes));
	TRY(digest_of(alg.digest, buf_bytes(&attributes), hash));
	struct bytes d = bytes_of(hash, SHA256_BYTES);
	struct p11_signer key = operator_signer(k, &k->seal);
	struct signer signer = p11_signer(&key);
	TRY(signer.sign(signer.ctx, alg, d, value));
	TRY(cert_verify_digest(k->seal.cert, alg, d, buf_bytes(value), &ok));
	return ok ? NULL
		  : err_new(ERR_DENIED, "RFC 5652 5.4",
			"the signature is not the seal's");
}

static struct err *
record(struct keyholder *k, const struct seal_request *r)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(pack_str(&body, 1, r->kind));
	TRY(pack_bytes(&body, 2, r->digest));
	TRY(pack_bytes(&body, 3, r->about));
	TRY(pack_str(&body, 4, r->says));
	TRY(pack_bytes(&body, 5, buf_bytes(&r->serial)));
	return keyholder_tell(k, LW_SEALED, &body, &answer);
}

/* With the token: another thread may find that there is a new key. */
static struct err *
find_and_sign(struct keyholder *k, struct seal_request *r, struct buf *value)
{
	TRY(find_key(k, r));
	TRY(sign(k, r, value));
	r->serial = BUF(64);
	return hex_encode(cert_serial(k->seal.cert), &r->serial);
}

struct err *
keyholder_seal(struct keyholder *k, struct unpack *u, struct buf *out)
{
	CLEANUP(seal_request_done) struct seal_request r = { 0 };
	CLEANUP(buf_done) struct buf value = BUF(SEAL_VALUE_MAX);
	TRY(read_request(u, &r));
	TRY(check_request(&r));
	keyholder_lock(k);
	struct err *e = find_and_sign(k, &r, &value);
	keyholder_unlock(k);
	TRY(e);
	TRY(record(k, &r));
	return pack_bytes(out, 1, buf_bytes(&value));
}

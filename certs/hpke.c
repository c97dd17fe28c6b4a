#include "certs/hpke.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "certs/aead.h"
#include "certs/ossl.h"

#define LABELED_MAX 1024 /* bytes of a labelled input; info is ours, short */

/* RFC 9180 7: DHKEM(P-256, HKDF-SHA256) 0x0010, HKDF-SHA256 0x0001,
 * AES-256-GCM 0x0002. */
static const struct bytes kem_suite = { (const uint8_t *)"KEM\0\x10", 5 };
static const struct bytes suite = {
	(const uint8_t *)"HPKE\0\x10\0\x01\0\x02", 10
};

/* ---- labels (4) ---- */

static struct err *
labelled(struct bytes suite_id, const char *label, struct bytes rest,
    struct buf *out)
{
	TRY(buf_str(out, "HPKE-v1"));
	TRY(buf_append(out, suite_id));
	TRY(buf_str(out, label));
	return buf_append(out, rest);
}

static struct err *
extract(struct bytes suite_id, struct bytes salt, const char *label,
    struct bytes ikm, uint8_t out[32])
{
	CLEANUP(buf_wipe_done) struct buf in = BUF(LABELED_MAX);
	TRY(buf_reserve(&in, LABELED_MAX));
	TRY(labelled(suite_id, label, ikm, &in));
	return hkdf_extract(salt, buf_bytes(&in), out);
}

static struct err *
expand(struct bytes suite_id, const uint8_t prk[32], const char *label,
    struct bytes info, uint8_t *out, size_t len)
{
	CLEANUP(buf_done) struct buf in = BUF(LABELED_MAX);
	TRY(buf_byte(&in, (uint8_t)(len >> 8)));
	TRY(buf_byte(&in, (uint8_t)len));
	TRY(labelled(suite_id, label, info, &in));
	return hkdf_expand(bytes_of(prk, 32), buf_bytes(&in), out, len);
}

/* ---- KEM (4.1) ---- */

struct err *
hpke_kem_secret(
    struct bytes dh, struct bytes enc, struct bytes recipient, uint8_t out[32])
{
	uint8_t prk[32];
	uint8_t context[2 * HPKE_POINT];
	if (enc.len != HPKE_POINT || recipient.len != HPKE_POINT)
		return err_new(ERR_MALFORMED, "RFC 9180 4.1", "a point");
	memcpy(context, enc.ptr, HPKE_POINT);
	memcpy(context + HPKE_POINT, recipient.ptr, HPKE_POINT);
	TRY(extract(kem_suite, BYTES_NONE, "eae_prk", dh, prk));
	struct err *e = expand(kem_suite, prk, "shared_secret",
	    bytes_of(context, sizeof(context)), out, 32);
	wipe(prk, sizeof(prk));
	return e;
}

/* ---- key schedule (5.1), base mode ---- */

struct schedule {
	uint8_t key[AEAD_KEY];
	uint8_t nonce[AEAD_NONCE];
	uint8_t exporter[32];
};

static void
schedule_done(struct schedule *s)
{
	wipe(s, sizeof(*s));
}

static struct err *
schedule_from(const uint8_t secret[32], struct bytes context,
    struct schedule *out)
{
	TRY(expand(suite, secret, "key", context, out->key, AEAD_KEY));
	TRY(expand(
	    suite, secret, "base_nonce", context, out->nonce, AEAD_NONCE));
	return expand(suite, secret, "exp", context, out->exporter, 32);
}

static struct err *
schedule_make(
    const uint8_t shared[32], struct bytes info, struct schedule *out)
{
	uint8_t context[1 + 32 + 32] = { 0 /* mode_base */ };
	uint8_t secret[32];
	TRY(extract(
	    suite, BYTES_NONE, "psk_id_hash", BYTES_NONE, context + 1));
	TRY(extract(suite, BYTES_NONE, "info_hash", info, context + 33));
	TRY(extract(suite, bytes_of(shared, 32), "secret", BYTES_NONE, secret));
	struct err *e =
	    schedule_from(secret, bytes_of(context, sizeof(context)), out);
	wipe(secret, sizeof(secret));
	return e;
}

static struct err *
schedule_of(const uint8_t dh[HPKE_DH], const uint8_t enc[HPKE_POINT],
    const uint8_t recipient[HPKE_POINT], struct bytes info,
    struct schedule *out)
{
	uint8_t shared[32];
	TRY(hpke_kem_secret(bytes_of(dh, HPKE_DH), bytes_of(enc, HPKE_POINT),
	    bytes_of(recipient, HPKE_POINT), shared));
	struct err *e = schedule_make(shared, info, out);
	wipe(shared, sizeof(shared));
	return e;
}

struct err *
hpke_export(struct bytes exporter, struct bytes context, uint8_t out[32])
{
	if (exporter.len != 32)
		return err_new(ERR_INTERNAL, NULL, "an exporter secret");
	return expand(suite, exporter.ptr, "sec", context, out, 32);
}

/* ---- points ---- */

struct err *
hpke_point(EVP_PKEY *key, uint8_t out[HPKE_POINT])
{
	char group[32] = "";
	size_t len = 0;
	if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME,
		group, sizeof(group), NULL) != 1 ||
	    strcmp(group, "prime256v1") != 0)
		return err_new(ERR_UNSUPPORTED, NULL, "no key on P-256");
	uint8_t *point = NULL;
	len = EVP_PKEY_get1_encoded_public_key(key, &point);
	bool fits = len == HPKE_POINT && point[0] == 0x04;
	if (fits)
		memcpy(out, point, HPKE_POINT);
	OPENSSL_free(point);
	return fits ? NULL : err_ossl(ERR_INTERNAL, "the key's point");
}

/* Reads a point that must be on the curve. */
static struct err *
point_key(struct bytes point, EVP_PKEY **out)
{
	CLEANUP(EVP_PKEY_CTX_freep)
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
		    (char *)(uintptr_t) "prime256v1", 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
		    (void *)(uintptr_t)point.ptr, point.len),
		OSSL_PARAM_construct_end(),
	};
	if (c == NULL || EVP_PKEY_fromdata_init(c) != 1)
		return err_ossl(ERR_INTERNAL, "EVP_PKEY_fromdata_init");
	if (EVP_PKEY_fromdata(c, out, EVP_PKEY_PUBLIC_KEY, params) != 1)
		return err_ossl(ERR_MALFORMED, "EVP_PKEY_fromdata");
	return NULL;
}

static struct err *
agree(EVP_PKEY *mine, EVP_PKEY *theirs, uint8_t out[HPKE_DH])
{
	CLEANUP(EVP_PKEY_CTX_freep)
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_pkey(NULL, mine, NULL);
	size_t len = HPKE_DH;
	if (c == NULL || EVP_PKEY_derive_init(c) != 1 ||
	    EVP_PKEY_derive_set_peer(c, theirs) != 1 ||
	    EVP_PKEY_derive(c, out, &len) != 1 || len != HPKE_DH)
		return err_ossl(ERR_INTERNAL, "EVP_PKEY_derive");
	return NULL;
}

/* ---- sealing ---- */

static struct err *
give_exporter(const struct schedule *s, struct secret *out)
{
	return out == NULL ? NULL
			   : secret_copy(out, bytes_of(s->exporter, 32));
}

static struct err *
sender(EVP_PKEY *to, struct bytes info, uint8_t enc[HPKE_POINT],
    struct schedule *out)
{
	uint8_t recipient[HPKE_POINT], dh[HPKE_DH];
	TRY(hpke_point(to, recipient));
	CLEANUP(EVP_PKEY_freep)
	EVP_PKEY *ephemeral = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	if (ephemeral == NULL)
		return err_ossl(ERR_INTERNAL, "EVP_PKEY_Q_keygen");
	TRY(hpke_point(ephemeral, enc));
	TRY(agree(ephemeral, to, dh));
	struct err *e = schedule_of(dh, enc, recipient, info, out);
	wipe(dh, sizeof(dh));
	return e;
}

struct err *
hpke_seal(EVP_PKEY *to, struct bytes info, struct bytes aad, struct bytes plain,
    struct buf *out, struct secret *exporter)
{
	uint8_t enc[HPKE_POINT];
	CLEANUP(schedule_done) struct schedule s;
	TRY(sender(to, info, enc, &s));
	TRY(buf_append(out, bytes_of(enc, sizeof(enc))));
	TRY(aead_seal(bytes_of(s.key, AEAD_KEY), bytes_of(s.nonce, AEAD_NONCE),
	    aad, plain, out));
	return give_exporter(&s, exporter);
}

/* ---- opening ---- */

static struct err *
receiver(const struct hpke_recipient *r, struct bytes info, struct bytes enc,
    struct schedule *out)
{
	uint8_t dh[HPKE_DH];
	TRY(r->dh(r->ctx, enc, dh));
	struct err *e = schedule_of(dh, enc.ptr, r->point, info, out);
	wipe(dh, sizeof(dh));
	return e;
}

struct err *
hpke_open(const struct hpke_recipient *r, struct bytes info, struct bytes aad,
    struct bytes sealed, struct secret *plain, struct secret *exporter,
    bool *ok)
{
	*ok = false;
	if (sealed.len <= HPKE_OVERHEAD)
		return NULL;
	struct bytes enc = bytes_slice(sealed, 0, HPKE_POINT);
	/* RFC 9180 7.1.1: uncompressed.  OpenSSL takes the hybrid forms too;
	 * a token that does not would look as if it had failed. */
	if (enc.ptr[0] != 0x04)
		return NULL;
	/* Checked here: not every token refuses a point off the curve. */
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *on_curve = NULL;
	struct err *e = point_key(enc, &on_curve);
	if (e != NULL && err_kind(e) == ERR_MALFORMED) {
		err_free(e);
		return NULL;
	}
	if (e != NULL)
		return e;
	CLEANUP(schedule_done) struct schedule s;
	TRY(receiver(r, info, enc, &s));
	CLEANUP(secret_done) struct secret opened = { 0 };
	TRY(aead_open(bytes_of(s.key, AEAD_KEY), bytes_of(s.nonce, AEAD_NONCE),
	    aad, bytes_from(sealed, HPKE_POINT), &opened, ok));
	if (!*ok)
		return NULL;
	TRY(give_exporter(&s, exporter));
	*plain = opened;
	opened = (struct secret){ 0 };
	return NULL;
}

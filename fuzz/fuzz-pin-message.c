/* Sealed PINs: bytes as a stranger sends them, and bytes that were sealed well
 * but are no message. */
#include <stdlib.h>

#include "certs/ossl.h"
#include "certs/pin_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static EVP_PKEY *key;

static struct err *
dh(void *ctx, struct bytes point, uint8_t out[HPKE_DH])
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *peer = EVP_PKEY_new();
	CLEANUP(EVP_PKEY_CTX_freep)
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(ctx, NULL);
	size_t len = HPKE_DH;
	if (peer == NULL || EVP_PKEY_copy_parameters(peer, ctx) != 1 ||
	    EVP_PKEY_set1_encoded_public_key(peer, point.ptr, point.len) != 1 ||
	    EVP_PKEY_derive_init(c) != 1 ||
	    EVP_PKEY_derive_set_peer(c, peer) != 1 ||
	    EVP_PKEY_derive(c, out, &len) != 1)
		return err_ossl(ERR_INTERNAL, "dh");
	return NULL;
}

static bool
opened(const struct hpke_recipient *r, struct bytes sealed)
{
	/* As pin_message_seal() packs this purpose. */
	const struct pin_purpose purpose = { .what = PIN_FOR_SIGNING,
		.digest_oid = "" };
	CLEANUP(secret_done) struct secret plain = { 0 };
	struct pin_message m = { 0 };
	bool ok = false;
	struct err *e =
	    pin_message_open(r, &purpose, sealed, &plain, &m, NULL, &ok);
	bool malformed = e != NULL && err_kind(e) == ERR_MALFORMED;
	if (e != NULL && !malformed && err_kind(e) != ERR_LIMIT)
		abort();
	err_free(e);
	if (ok && !malformed && m.pin.len > plain.len)
		abort();
	return ok;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (key == NULL)
		key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	struct hpke_recipient r = { .ctx = key, .dh = dh };
	if (key == NULL || hpke_point(key, r.point) != NULL)
		abort();
	if (opened(&r, bytes_of(data, size)))
		abort(); /* nobody sealed it to this key */
	const struct pin_purpose purpose = { .what = PIN_FOR_SIGNING,
		.digest_oid = "" };
	CLEANUP(buf_done) struct buf sealed = BUF(2 * PIN_MESSAGE_MAX);
	if (size == 0 || size > PIN_MESSAGE_MAX / 2)
		return 0;
	const struct pin_message m = { .pin = bytes_of(data, size) };
	if (pin_message_seal(key, &purpose, &m, &sealed, NULL) != NULL ||
	    !opened(&r, buf_bytes(&sealed)))
		abort();
	return 0;
}

/* A PIN as it comes: sealed to a key of the token, past the front; or plain,
 * where the settings allow that. */
#include "signd/keyholder.h"

#include <string.h>

#include "pkcs11/agree.h"
#include "pkcs11/guard.h"
#include "pkcs11/pin.h"

void
pin_taken_done(struct pin_taken *p)
{
	secret_done(&p->opened);
	secret_done(&p->exporter);
	*p = (struct pin_taken){ 0 };
}

struct bytes
pin_taken_once(const struct pin_taken *p)
{
	return p->sealed ? bytes_of(p->once, sizeof(p->once)) : BYTES_NONE;
}

static struct err *
refuse(const char *code, const char *why)
{
	return err_coded(err_new(ERR_DENIED, NULL, "%s", why), code);
}

static struct err *
agree_in_token(void *ctx, struct bytes point, uint8_t out[HPKE_DH])
{
	struct keyholder *k = ctx;
	return p11_agree(&k->session, k->pin_seal.key, point, out);
}

/* Whether a message was sealed to the key that we have now. */
static struct err *
is_ours(const struct keyholder *k, struct bytes sealed, bool *ours)
{
	*ours = false;
	if (k->pin_seal.cert == NULL)
		return NULL;
	uint8_t id[PIN_KEY_ID];
	TRY(pin_key_id_of(cert_key(k->pin_seal.cert), id));
	*ours = bytes_eq(pin_message_key(sealed), bytes_of(id, sizeof(id)));
	return NULL;
}

/* A new key may have been made since we started. */
static struct err *
find_key(struct keyholder *k, struct bytes sealed)
{
	bool ours;
	TRY(is_ours(k, sealed, &ours));
	if (ours)
		return NULL;
	TRY(keyholder_pin_key(k));
	TRY(is_ours(k, sealed, &ours));
	return ours ? NULL
		    : refuse("pin-seal-unknown", "sealed to another key");
}

static struct err *
open_sealed(struct keyholder *k, const struct pin_purpose *purpose,
    struct bytes sealed, struct pin_taken *out)
{
	TRY(find_key(k, sealed));
	struct hpke_recipient r = { .ctx = k, .dh = agree_in_token };
	TRY(hpke_point(cert_key(k->pin_seal.cert), r.point));
	bool ok;
	TRY(pin_message_open(&r, purpose, sealed, &out->opened, &out->m,
	    &out->exporter, &ok));
	if (!ok)
		return refuse("pin-seal-wrong",
		    "the PIN was sealed for something else, or changed");
	guard_secret(&out->opened);
	uint8_t hash[DIGEST_MAX];
	TRY(digest_of(DIGEST_SHA256, sealed, hash));
	memcpy(out->once, hash, sizeof(out->once));
	out->sealed = true;
	int64_t now = clock_now(k->clock);
	if (out->m.time < now - PIN_MESSAGE_SECONDS ||
	    out->m.time > now + PIN_MESSAGE_SECONDS)
		return refuse("pin-seal-time", "the PIN was sealed too long ago");
	return NULL;
}

struct err *
keyholder_take_pin(struct keyholder *k, const struct pin_purpose *purpose,
    const struct pin_given *given, struct pin_taken *out)
{
	if ((given->plain.len == 0) == (given->sealed.len == 0))
		return err_new(ERR_USAGE, NULL, "either a sealed PIN or a plain");
	if (given->sealed.len > 0) {
		keyholder_lock(k);
		struct err *e = open_sealed(k, purpose, given->sealed, out);
		keyholder_unlock(k);
		return e != NULL ? e : pin_form(out->m.pin);
	}
	if (!k->settings->plain_pin)
		return refuse("pin-plain", "a PIN must come sealed");
	out->m.pin = given->plain;
	out->m.code = given->code;
	return pin_form(out->m.pin);
}

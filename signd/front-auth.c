#include "signd/front-auth.h"

#include <stdio.h>
#include <string.h>

static struct err *
denied(const char *code, const char *why)
{
	return err_coded(err_new(ERR_DENIED, NULL, "%s", why), code);
}

void
auth_done(struct auth *a)
{
	wipe(a->pin.ptr, a->pin.len);
	wipe(a->sad.ptr, a->sad.len);
	wipe(a->code, sizeof(a->code));
	buf_done(&a->pin);
	buf_done(&a->sad);
	buf_done(&a->sealed);
}

static struct err *
set_pin(struct auth *a, struct bytes pin)
{
	if (pin.len < PIN_MIN || pin.len > PIN_MAX || !utf8_printable(pin))
		return denied("pin-form", "a PIN has 6 to 64 characters");
	a->pin = BUF(PIN_MAX);
	TRY(buf_append(&a->pin, pin));
	return buf_cstr(&a->pin, &a->secret.pin);
}

static void
set_code(struct auth *a, const char *code)
{
	if (code == NULL)
		return;
	snprintf(a->code, sizeof(a->code), "%s", code);
	a->secret.code = a->code;
}

static struct err *
set_blob(struct buf *into, struct bytes text, struct bytes *out)
{
	*into = BUF(SECRET_MAX);
	struct err *e = base64url_decode(text, into);
	if (e != NULL || into->len == 0) {
		err_free(e);
		return denied("authorization-malformed", "no Base64url");
	}
	*out = buf_bytes(into);
	return NULL;
}

static struct err *
set_sad(struct auth *a, struct bytes text)
{
	return set_blob(&a->sad, text, &a->secret.sad);
}

static struct err *
set_sealed(struct auth *a, struct bytes text)
{
	return set_blob(&a->sealed, text, &a->secret.sealed);
}

static struct err *
set_pin_encoded(struct auth *a, struct bytes text)
{
	struct buf pin = BUF(SECRET_MAX);
	struct err *e = base64url_decode(text, &pin);
	if (e != NULL) {
		err_free(e);
		e = denied("authorization-malformed",
		    "the PIN is not Base64url of UTF-8");
	} else {
		e = set_pin(a, buf_bytes(&pin));
	}
	wipe(pin.ptr, pin.len);
	buf_done(&pin);
	return e;
}

struct err *
auth_header(const struct request *r, struct auth *out)
{
	const char *h = request_header(r, "Signd-Authorization");
	if (h == NULL)
		return denied("authorization-missing",
		    "there is no header Signd-Authorization");
	if (strlen(h) <= SECRET_MAX && strncmp(h, "PIN ", 4) == 0)
		return set_pin_encoded(out, bytes_str(h + 4));
	if (strlen(h) <= SECRET_MAX && strncmp(h, "SAD ", 4) == 0)
		return set_sad(out, bytes_str(h + 4));
	if (strlen(h) <= SECRET_MAX && strncmp(h, "SEALED ", 7) == 0)
		return set_sealed(out, bytes_str(h + 7));
	return denied("authorization-malformed", "neither PIN nor SAD");
}

struct err *
auth_json(struct json_fields *f, struct auth *out)
{
	const char *pin;
	const char *sad;
	const char *sealed;
	const char *code;
	TRY(json_str(f, "PIN", 0, SECRET_MAX, &pin));
	TRY(json_str(f, "OTP", 0, CODE_MAX, &code));
	TRY(json_str(f, "SAD", 0, SECRET_MAX, &sad));
	TRY(json_str(f, "sealedPIN", 0, SECRET_MAX, &sealed));
	if ((pin != NULL) + (sad != NULL) + (sealed != NULL) != 1)
		return denied("authorization-missing",
		    "one of sealedPIN, SAD and PIN");
	if (sealed != NULL)
		return set_sealed(out, bytes_str(sealed));
	set_code(out, code);
	return pin != NULL ? set_pin(out, bytes_str(pin))
			   : set_sad(out, bytes_str(sad));
}

struct err *
auth_problem(struct request *r, const char *credential, struct err *e,
    struct reply *out, bool *answered)
{
	*answered = false;
	if (e == NULL || strcmp(err_code(e), "pin-wrong") != 0)
		return e;
	struct credential c = { 0 };
	struct err *bad = credential_get(r->front, credential, &c);
	int left = bad == NULL ? (int)c.tries_left : -1;
	credential_done(&c);
	err_free(bad);
	reply_problem(out, r->id, e, left);
	*answered = true;
	return NULL;
}

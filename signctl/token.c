#include "signctl/token.h"

#include <stdlib.h>
#include <string.h>

#include <p11-kit/p11-kit.h>

#include "base/pack.h"
#include "pkcs11/guard.h"
#include "pkcs11/keys.h"
#include "worker/sandbox.h"

#define MODULES_MAX (16 * 1024) /* bytes of paths */

/* ---- which module ---- */

/* p11-kit's own module of trusted certificates is no token of anybody. */
static bool
is_token_module(CK_FUNCTION_LIST *f)
{
	char *trust = p11_kit_config_option(f, "trust-policy");
	bool yes = trust != NULL && strcmp(trust, "yes") == 0;
	free(trust);
	return !yes;
}

/* Loads strangers' code; in a child. */
static struct err *
list_modules(void *ctx, struct buf *out)
{
	(void)ctx;
	CK_FUNCTION_LIST **all = p11_kit_modules_load(NULL, 0);
	for (size_t i = 0; all != NULL && all[i] != NULL; i++) {
		char *path = p11_kit_module_get_filename(all[i]);
		if (path != NULL && is_token_module(all[i])) {
			TRY(buf_str(out, path));
			TRY(buf_byte(out, 0));
		}
		free(path);
	}
	return NULL;
}

struct err *
token_modules(struct buf *out)
{
	return child_run(list_modules, NULL, out);
}

/* ---- a child with an open token ---- */

struct child {
	const struct token_place *place;
	const struct token_pin *pin;
	bool writable;
	struct err *(*job)(
	    const struct token_open *t, void *ctx, struct buf *out);
	void *ctx;
};

static struct err *
open_and_run(const struct child *c, struct token_open *t, struct buf *out)
{
	const struct token_place *p = c->place;
	const struct bytes pin =
	    c->pin == NULL ? BYTES_NONE : secret_bytes(&c->pin->pin);
	TRY(p11_module_open_with(p->module, p->arguments, &t->module));
	TRY(p11_token_find(t->module, p->uri.text, &t->token));
	TRY(p11_session_open(&t->token, c->writable, &t->session));
	if (c->pin != NULL) {
		TRY(p11_login(&t->session, pin));
		t->session.pin_for_each = &pin;
	}
	TRY(c->job(t, c->ctx, out));
	return NULL;
}

static struct err *
in_child(void *ctx, struct buf *out)
{
	const struct child *c = ctx;
	struct token_open t = { .place = c->place };
	struct err *e = open_and_run(c, &t, out);
	/* Not every module gives up what it holds in the device when its
	 * process ends. */
	p11_session_done(&t.session);
	p11_module_free(t.module);
	return e;
}

static struct err *
say_crash(struct err *e, const char *module)
{
	if (e == NULL || strcmp(err_code(e), "worker-died") != 0)
		return e;
	return err_coded(err_while(e, "%s", module), "token-module-died");
}

struct err *
token_run(const struct token_place *p, const struct token_pin *pin,
    bool writable,
    struct err *(*job)(const struct token_open *t, void *ctx, struct buf *out),
    void *ctx, struct buf *out)
{
	struct child c = { .place = p,
		.pin = pin,
		.writable = writable,
		.job = job,
		.ctx = ctx };
	return say_crash(child_run(in_child, &c, out), p->module);
}

/* ---- the command line ---- */

static struct err *
nothing(const struct token_open *t, void *ctx, struct buf *out)
{
	(void)t;
	(void)ctx;
	(void)out;
	return NULL;
}

/* The first that has the token; if none has it, what the last one said. */
static struct err *
look_for_module(struct token_place *p)
{
	CLEANUP(buf_done) struct buf none = BUF(1);
	p->found = BUF(MODULES_MAX);
	TRY(token_modules(&p->found));
	struct err *e = err_coded(
	    err_new(ERR_USAGE, NULL, "no module is set up; say --module"),
	    "token-module-missing");
	size_t len;
	for (size_t at = 0; e != NULL && at < p->found.len; at += len + 1) {
		p->module = (const char *)p->found.ptr + at;
		len = strlen(p->module);
		err_free(e);
		e = token_run(p, NULL, false, nothing, NULL, &none);
	}
	return e;
}

struct err *
token_place_read(const struct args *a, struct token_place *out)
{
	const char *text = args_get(a, "token");
	TRY(p11_uri_parse(text != NULL ? text : "pkcs11:", &out->uri));
	out->arguments = args_get(a, "module-args");
	out->module = args_get(a, "module");
	if (out->module == NULL)
		out->module = out->uri.module_path;
	return out->module != NULL ? NULL : look_for_module(out);
}

void
token_place_done(struct token_place *p)
{
	p11_uri_done(&p->uri);
	buf_done(&p->found);
}

/* ---- the PIN ---- */

void
token_pin_done(struct token_pin *p)
{
	secret_done(&p->pin);
}

/* One byte: whether the reader has a pad. */
static struct err *
ask_about_pin(const struct token_open *t, void *ctx, struct buf *out)
{
	(void)ctx;
	CK_TOKEN_INFO info = { 0 };
	TRY(p11_login_allowed(&t->session));
	TRY_CK(t->session.f->C_GetTokenInfo(t->token.slot, &info),
	    "C_GetTokenInfo");
	bool pad = (info.flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;
	return buf_byte(out, pad);
}

/* pin_read leaves zeros behind the PIN: here its length counts. */
static struct err *
read_typed(const struct args *a, struct token_pin *out)
{
	CLEANUP(secret_done) struct secret typed = { 0 };
	TRY(pin_read(a, false, &typed));
	size_t len = strlen((const char *)typed.ptr);
	return secret_copy(
	    &out->pin, bytes_slice(secret_bytes(&typed), 0, len));
}

struct err *
token_pin_read(
    const struct args *a, const struct token_place *p, struct token_pin *out)
{
	CLEANUP(buf_done) struct buf pad = BUF(1);
	const char *file = args_get(a, "pin-file");
	TRY(token_run(p, NULL, false, ask_about_pin, NULL, &pad));
	if (args_has(a, "pin-fd"))
		return read_typed(a, out);
	if (file == NULL)
		file = p->uri.pin_file;
	if (file != NULL)
		return guard_read_secret(file, &out->pin);
	if (pad.len == 0 || pad.ptr[0] == 0)
		return read_typed(a, out);
	fputs(a->lang == LANG_VI
		  ? "Nhập mã PIN trên bàn phím của đầu đọc.\n"
		  : "Enter the PIN on the keypad of the reader.\n",
	    stderr);
	return NULL;
}

/* ---- certificates ---- */

static const struct cert *
issuer_in(const struct p11_identities *l, const struct cert *c)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].cert != NULL && cert_is_ca(l->v[i].cert) &&
		    bytes_eq(
			cert_subject_der(l->v[i].cert), cert_issuer_der(c)))
			return l->v[i].cert;
	return NULL;
}

#define CHAIN_MAX 8

static struct err *
append_chain(
    const struct p11_identities *l, const struct cert *leaf, struct buf *out)
{
	const struct cert *c = leaf;
	for (int i = 0; i < CHAIN_MAX && c != NULL; i++) {
		TRY(pack_bytes(out, 1, cert_der(c)));
		c = cert_is_self_issued(c) ? NULL : issuer_in(l, c);
	}
	return NULL;
}

/* Before a login keys are mostly hidden: then it is the certificate of that id,
 * or the only one that is no CA's. */
static struct err *
choose(const struct p11_identities *l, struct bytes id, const struct cert **out)
{
	const struct cert *found = NULL;
	for (size_t i = 0; i < l->n; i++) {
		const struct p11_identity *k = &l->v[i];
		if (k->cert == NULL || (id.len == 0 && cert_is_ca(k->cert)) ||
		    (id.len > 0 && !bytes_eq(id, buf_bytes(&k->id))))
			continue;
		if (found != NULL)
			return err_coded(err_new(ERR_USAGE, NULL,
					     "several certificates fit"),
			    "token-key-several");
		found = k->cert;
	}
	if (found == NULL)
		return err_coded(
		    err_new(ERR_MISSING, NULL, "no such certificate"),
		    "token-certificate-missing");
	*out = found;
	return NULL;
}

static struct err *
read_certs(const struct token_open *t, void *ctx, struct buf *out)
{
	(void)ctx;
	struct p11_identities l = { 0 };
	const struct cert *leaf = NULL;
	TRY(p11_identities_read(&t->session, &l));
	struct err *e = choose(&l, buf_bytes(&t->place->uri.id), &leaf);
	if (e == NULL)
		e = append_chain(&l, leaf, out);
	p11_identities_done(&l);
	return e;
}

struct err *
token_certs(const struct token_place *p, const struct token_pin *pin,
    struct cert_list *out)
{
	CLEANUP(buf_done)
	struct buf packed = BUF(CHAIN_MAX * (CERT_MAX + (size_t)64));
	TRY(token_run(p, pin, false, read_certs, NULL, &packed));
	struct unpack u = unpack_of(buf_bytes(&packed));
	while (unpack_is(&u, 1)) {
		struct bytes der = BYTES_NONE;
		TRY(unpack_bytes(&u, 1, &der));
		TRY(cert_list_add_der(out, der));
	}
	return unpack_end(&u);
}

/* ---- signing ---- */

struct order {
	const struct cert *cert;
	struct sig_alg alg;
	struct bytes digest;
};

static struct err *
sign_with(const struct token_open *t, const struct p11_identity *i,
    const struct order *o, struct buf *out)
{
	const struct key_shape shape = { cert_key_alg(o->cert),
		cert_key_bits(o->cert) };
	CLEANUP(buf_done) struct buf value = BUF(1024);
	bool ok = false;
	TRY(p11_sign(&t->session, i->key, shape, o->alg, o->digest, &value));
	TRY(cert_verify_digest(
	    o->cert, o->alg, o->digest, buf_bytes(&value), &ok));
	if (!ok)
		return err_coded(err_new(ERR_REMOTE, NULL,
				     "the key is not the certificate's"),
		    "token-signature-wrong");
	return buf_append(out, buf_bytes(&value));
}

/* By the public key; where the token hides it, by the id, and then the
 * signature shows whether it was the right one. */
static struct err *
sign_job(const struct token_open *t, void *ctx, struct buf *out)
{
	const struct order *o = ctx;
	struct p11_identities l = { 0 };
	const struct p11_identity *i = NULL;
	TRY(p11_identities_read(&t->session, &l));
	struct err *e = p11_identity_of_cert(&l, o->cert, &i);
	if (e != NULL && err_kind(e) == ERR_MISSING) {
		err_free(e);
		e = p11_identity_find(
		    &l, buf_bytes(&t->place->uri.id), true, &i);
	}
	if (e == NULL)
		e = sign_with(t, i, o, out);
	p11_identities_done(&l);
	return e;
}

struct err *
token_sign(const struct token_place *p, const struct token_pin *pin,
    const struct cert *c, struct sig_alg alg, struct bytes digest,
    struct buf *out)
{
	struct order o = { .cert = c, .alg = alg, .digest = digest };
	return token_run(p, pin, false, sign_job, &o, out);
}

#include "signctl/token.h"

#include <stdlib.h>
#include <string.h>

#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <p11-kit/p11-kit.h>

#include "base/pack.h"
#include "certs/ossl.h"
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

struct err *
token_spki(const EVP_PKEY *key, struct buf *out)
{
	CLEANUP(ossl_freep) uint8_t *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	if (len <= 0)
		return err_ossl(ERR_NOMEM, "i2d_PUBKEY");
	return buf_append(out, bytes_of(der, (size_t)len));
}

/* What makes a token this one and no other. */
static struct err *
tell_token(const struct token_open *t, void *ctx, struct buf *out)
{
	(void)ctx;
	CK_TOKEN_INFO info = { 0 };
	TRY_CK(t->session.f->C_GetTokenInfo(t->token.slot, &info),
	    "C_GetTokenInfo");
	TRY(buf_append(out, bytes_of(info.label, sizeof(info.label))));
	TRY(buf_append(
	    out, bytes_of(info.manufacturerID, sizeof(info.manufacturerID))));
	return buf_append(
	    out, bytes_of(info.serialNumber, sizeof(info.serialNumber)));
}

#define TOKEN_TOLD 128 /* bytes */

struct search {
	const char *found; /* the module; NULL: none yet */
	struct buf token;  /* that it has */
	struct err *no;    /* why the others have none */
};

static void
search_done(struct search *s)
{
	buf_done(&s->token);
	err_free(s->no);
}

/* Two modules may show the same token: then the first will do. */
static struct err *
try_module(struct token_place *p, const char *path, struct search *s)
{
	CLEANUP(buf_done) struct buf token = BUF(TOKEN_TOLD);
	p->module = path;
	struct err *e = token_run(p, NULL, false, tell_token, NULL, &token);
	if (e != NULL && strcmp(err_code(e), "token-several") == 0)
		return e;
	if (e != NULL) {
		/* That it is not there says less than anything else. */
		bool more = s->no == NULL ||
			    strcmp(err_code(e), "token-not-found") != 0;
		err_free(more ? s->no : e);
		if (more)
			s->no = e;
		return NULL;
	}
	if (s->found == NULL) {
		s->found = path;
		return buf_append(&s->token, buf_bytes(&token));
	}
	if (bytes_eq(buf_bytes(&token), buf_bytes(&s->token)))
		return NULL;
	return err_coded(err_new(ERR_USAGE, NULL, "one by %s, another by %s",
			     s->found, path),
	    "token-several");
}

static struct err *
look_for_module(struct token_place *p)
{
	CLEANUP(search_done) struct search s = { .token = BUF(TOKEN_TOLD) };
	p->found = BUF(MODULES_MAX);
	TRY(token_modules(&p->found));
	size_t len;
	for (size_t at = 0; at < p->found.len; at += len + 1) {
		const char *path = (const char *)p->found.ptr + at;
		len = strlen(path);
		if (p->uri.module_name == NULL ||
		    p11_module_is_called(path, p->uri.module_name))
			TRY(try_module(p, path, &s));
	}
	p->module = s.found;
	if (s.found != NULL)
		return NULL;
	if (s.no != NULL)
		return TAKE(s.no);
	return err_coded(
	    err_new(ERR_USAGE, NULL, "no such module is set up; say --module"),
	    "token-module-missing");
}

static bool
is_directory(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* RFC 7512 2.4: a directory, and the name of a module in it. */
static struct err *
find_in_directory(struct token_place *p)
{
	const char *name = p->uri.module_name;
	if (name == NULL)
		return err_coded(err_new(ERR_USAGE, NULL,
				     "module-path is a directory; which "
				     "module-name?"),
		    "token-module-missing");
	for (size_t i = 0; i < 2; i++) {
		buf_done(&p->found);
		p->found = BUF(MODULES_MAX);
		TRY(i == 0 ? buf_printf(&p->found, "%s/%s.so",
				 p->uri.module_path, name)
			   : buf_printf(&p->found, "%s/lib%s.so",
				 p->uri.module_path, name));
		TRY(buf_cstr(&p->found, &p->module));
		if (access(p->module, R_OK) == 0)
			return NULL;
	}
	return NULL; /* loading it will say that it is not there */
}

/* A certificate, or a public key. */
static struct err *
read_key_of(const char *path, struct token_place *out)
{
	CLEANUP(input_done) struct input in = { 0 };
	if (path == NULL)
		return NULL;
	TRY(input_open(path, &in));
	out->key_of = BUF(CERT_MAX);
	struct err *e = cert_list_read(&out->key_cert, in.bytes);
	if (e == NULL)
		return token_spki(cert_key(out->key_cert.v[0]), &out->key_of);
	err_free(e);
	CLEANUP(BIO_free_allp)
	BIO *b = BIO_new_mem_buf(in.bytes.ptr, (int)in.bytes.len);
	CLEANUP(EVP_PKEY_freep)
	EVP_PKEY *key =
	    b == NULL ? NULL : PEM_read_bio_PUBKEY(b, NULL, NULL, NULL);
	if (key == NULL)
		return err_new(ERR_MALFORMED, NULL,
		    "%s: neither a certificate nor a public key", path);
	return token_spki(key, &out->key_of);
}

struct err *
token_place_read(const struct args *a, struct token_place *out)
{
	const char *text = args_get(a, "token");
	TRY(p11_uri_parse(text != NULL ? text : "pkcs11:", &out->uri));
	out->arguments = args_get(a, "module-args");
	out->module = args_get(a, "module");
	TRY(read_key_of(args_get(a, "key-of"), out));
	if (out->module != NULL)
		return NULL;
	out->module = out->uri.module_path;
	if (out->module == NULL)
		return look_for_module(out);
	return is_directory(out->module) ? find_in_directory(out) : NULL;
}

void
token_place_done(struct token_place *p)
{
	p11_uri_done(&p->uri);
	buf_done(&p->found);
	buf_done(&p->key_of);
	cert_list_done(&p->key_cert);
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

/* The one that was shown, even if the token has none. */
static struct err *
choose_by_key(const struct p11_identities *l, const struct token_place *p,
    const struct cert **out)
{
	if (p->key_cert.n > 0) {
		*out = p->key_cert.v[0];
		return NULL;
	}
	for (size_t i = 0; i < l->n; i++) {
		CLEANUP(buf_done) struct buf spki = BUF(CERT_MAX);
		if (l->v[i].cert == NULL)
			continue;
		TRY(token_spki(cert_key(l->v[i].cert), &spki));
		if (bytes_eq(buf_bytes(&spki), buf_bytes(&p->key_of))) {
			*out = l->v[i].cert;
			return NULL;
		}
	}
	return err_coded(err_new(ERR_MISSING, NULL, "no such certificate"),
	    "token-certificate-missing");
}

/* Before a login keys are mostly hidden: then it is the certificate of that id,
 * or the only one that is no CA's. */
static struct err *
choose(const struct p11_identities *l, const struct token_place *p,
    const struct cert **out)
{
	const struct bytes id = buf_bytes(&p->uri.id);
	const struct cert *found = NULL;
	if (p->key_of.len > 0)
		return choose_by_key(l, p, out);
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
	struct err *e = choose(&l, t->place, &leaf);
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

static struct err *
sign_job(const struct token_open *t, void *ctx, struct buf *out)
{
	const struct order *o = ctx;
	struct p11_identities l = { 0 };
	const struct p11_identity *i = NULL;
	CLEANUP(buf_done) struct buf spki = BUF(CERT_MAX);
	TRY(token_spki(cert_key(o->cert), &spki));
	TRY(p11_identities_read(&t->session, &l));
	struct err *e =
	    p11_identity_prove(&t->session, &l, buf_bytes(&spki), &i);
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

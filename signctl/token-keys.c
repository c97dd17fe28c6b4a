/* signctl token key-new, csr, put-cert: a key made in the token, the request
 * for the desk, and the certificate that the desk issued. */
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/nfc.h"
#include "certs/csr.h"
#include "certs/ossl.h"
#include "certs/aead.h"
#include "pkcs11/keys.h"
#include "pkcs11/pair.h"
#include "signctl/offline.h"
#include "signctl/token.h"

#include <openssl/pem.h>

static struct err *
print_pem(const char *path, const char *type, struct bytes der)
{
	CLEANUP(output_done) struct output out = { .fd = -1 };
	CLEANUP(BIO_free_allp) BIO *b = BIO_new(BIO_s_mem());
	char *text = NULL;
	if (b == NULL ||
	    PEM_write_bio(b, type, "", der.ptr, (long)der.len) <= 0)
		return err_ossl(ERR_NOMEM, "PEM_write_bio");
	long len = BIO_get_mem_data(b, &text);
	TRY(output_open(path, &out));
	TRY(write_bytes(out.fd, bytes_of(text, (size_t)len)));
	return output_commit(&out);
}

static const char *
out_path(const struct args *a)
{
	const char *path = args_get(a, "out");
	return path != NULL ? path : "-";
}

/* ---- key-new ---- */

/* Not every make has every curve, or EC at all. */
static struct err *
say_kind(struct err *e)
{
	return e != NULL && err_kind(e) == ERR_UNSUPPORTED
		   ? err_coded(e, "token-kind")
		   : e;
}

static struct err *
make_pair(const struct token_open *t, void *ctx, struct buf *out)
{
	struct p11_pair_fields *f = ctx;
	uint8_t id[P11_ID];
	CLEANUP(buf_done) struct buf spki = BUF(2048);
	CK_TOKEN_INFO info = { 0 };
	TRY(random_fill(id, sizeof(id)));
	f->id = bytes_of(id, sizeof(id));
	TRY(say_kind(p11_own_pair_make(&t->session, f, &spki)));
	TRY_CK(t->session.f->C_GetTokenInfo(t->token.slot, &info),
	    "C_GetTokenInfo");
	return p11_uri_make(p11_text(info.label, sizeof(info.label)),
	    p11_text(info.serialNumber, sizeof(info.serialNumber)), f->id, out);
}

static const struct option_row key_new_options[] = {
	TOKEN_OPTIONS,
	{ "kind", "NAME", "P-256 (default), P-384, RSA-2048, RSA-3072", false },
	{ "label", "TEXT", "a name for people", false },
	{ "always", NULL, "ask for the PIN before each signature", false },
	COMMON_TOKEN_OPTIONS,
};

static struct err *
run_key_new(const struct args *a, int *code)
{
	(void)code;
	CLEANUP(token_place_done) struct token_place p = { 0 };
	CLEANUP(token_pin_done) struct token_pin pin = { 0 };
	CLEANUP(buf_done) struct buf uri = BUF(P11_URI_MAX);
	const char *kind = args_get(a, "kind");
	const char *text = NULL;
	struct p11_pair_fields f = { .kind = KIND_P256,
		.label = bytes_str(args_get(a, "label")),
		.always = args_has(a, "always") };
	if (kind != NULL && !key_kind_by_name(kind, &f.kind))
		return err_new(ERR_USAGE, NULL, "no kind of key: %s", kind);
	if (!utf8_printable(f.label))
		return err_new(ERR_USAGE, NULL, "--label is not readable");
	TRY(token_place_read(a, &p));
	TRY(token_pin_read(a, &p, &pin));
	TRY(token_run(&p, &pin, true, make_pair, &f, &uri));
	TRY(buf_cstr(&uri, &text));
	if (args_has(a, "json"))
		printf("{\"key\": \"%s\"}\n", text);
	else
		printf("%s\n", text);
	return NULL;
}

const struct command command_token_key_new = {
	.name = "token key-new",
	.words = "",
	.summary = "make a key in a token that never leaves it",
	.more = "Prints the address of the new key, for signctl token csr "
		"and put-cert.",
	.options = key_new_options,
	.run = run_key_new,
};

/* ---- csr ---- */

static struct err *
make_request(const struct token_open *t, void *ctx, struct buf *out)
{
	struct csr_fields *f = ctx;
	struct p11_identities l = { 0 };
	const struct p11_identity *i = NULL;
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	TRY(p11_identities_read(&t->session, &l));
	const struct token_place *at = t->place;
	struct err *e =
	    at->key_of.len > 0
		? p11_identity_prove(
		      &t->session, &l, buf_bytes(&at->key_of), &i)
		: p11_identity_find(&l, buf_bytes(&at->uri.id), false, &i);
	if (e == NULL)
		e = key_from_spki(buf_bytes(&i->spki), &key);
	if (e == NULL) {
		struct p11_signer by = { .session = &t->session,
			.key = i->key,
			.shape = { key_alg_of(key), EVP_PKEY_get_bits(key) } };
		struct signer signer = p11_signer(&by);
		f->spki = buf_bytes(&i->spki);
		f->alg = key_default_alg(key);
		e = csr_make(f, &signer, out);
	}
	p11_identities_done(&l);
	return e;
}

#define SUBJECT_MAX 16

struct subject {
	struct subject_field field[SUBJECT_MAX];
	char *value[SUBJECT_MAX];
	size_t n;
};

static void
subject_done(struct subject *s)
{
	for (size_t i = 0; i < s->n; i++)
		free_charp(&s->value[i]);
}

/* --subject TYPE=VALUE, as often as wanted. */
static struct err *
read_subject(const struct args *a, struct subject *s)
{
	size_t n;
	const char *const *pairs = args_all(a, "subject", &n);
	if (n > SUBJECT_MAX)
		return err_new(ERR_LIMIT, NULL, "over %d fields", SUBJECT_MAX);
	for (size_t i = 0; i < n; i++) {
		/* The words are ours to cut: argv is writable. */
		char *eq = strchr((char *)(uintptr_t)pairs[i], '=');
		if (eq == NULL)
			return err_new(
			    ERR_USAGE, NULL, "--subject wants TYPE=VALUE");
		*eq = '\0';
		TRY(utf8_dup_nfc(bytes_str(eq + 1), &s->value[i]));
		s->field[s->n++] =
		    (struct subject_field){ pairs[i], s->value[i] };
	}
	return NULL;
}

static const struct option_row csr_options[] = {
	TOKEN_OPTIONS,
	{ "subject", "TYPE=VALUE", "a field of the name, such as CN=...",
	    true },
	{ "out", "FILE", "the request, PEM (standard output)", false },
	COMMON_TOKEN_OPTIONS,
};

static struct err *
run_csr(const struct args *a, int *code)
{
	(void)code;
	CLEANUP(token_place_done) struct token_place p = { 0 };
	CLEANUP(token_pin_done) struct token_pin pin = { 0 };
	CLEANUP(buf_done) struct buf der = BUF(CSR_MAX);
	CLEANUP(subject_done) struct subject subject = { .n = 0 };
	TRY(read_subject(a, &subject));
	struct csr_fields f = { .subject = subject.field,
		.nsubject = subject.n };
	TRY(token_place_read(a, &p));
	TRY(token_pin_read(a, &p, &pin));
	TRY(token_run(&p, &pin, false, make_request, &f, &der));
	return print_pem(out_path(a), "CERTIFICATE REQUEST", buf_bytes(&der));
}

const struct command command_token_csr = {
	.name = "token csr",
	.words = "",
	.summary = "request a certificate for a key of a token (PKCS#10)",
	.more = "The desk takes the name from what it checked itself; "
		"--subject is for other CAs.",
	.options = csr_options,
	.run = run_csr,
};

/* ---- put-cert ---- */

static struct err *
find_certified(const struct token_open *t, struct p11_identities *l,
    const struct cert *c, const struct p11_identity **out)
{
	CLEANUP(buf_done) struct buf spki = BUF(CERT_MAX);
	TRY(token_spki(cert_key(c), &spki));
	return p11_identity_prove(&t->session, l, buf_bytes(&spki), out);
}

static struct err *
store_cert(const struct token_open *t, void *ctx, struct buf *out)
{
	(void)out;
	const struct cert *c = ctx;
	struct p11_identities l = { 0 };
	const struct p11_identity *i = NULL;
	TRY(p11_identities_read(&t->session, &l));
	struct err *e = find_certified(t, &l, c, &i);
	/* Twice is as good as once. */
	if (e == NULL && (i->cert == NULL || !cert_eq(i->cert, c)))
		e = p11_cert_put(&t->session, c, buf_bytes(&i->id),
		    bytes_str(cert_common_name(c)));
	p11_identities_done(&l);
	return e;
}

static const struct option_row put_cert_options[] = {
	TOKEN_OPTIONS,
	COMMON_TOKEN_OPTIONS,
};

static struct err *
run_put_cert(const struct args *a, int *code)
{
	(void)code;
	CLEANUP(token_place_done) struct token_place p = { 0 };
	CLEANUP(token_pin_done) struct token_pin pin = { 0 };
	CLEANUP(input_done) struct input in = { 0 };
	CLEANUP(cert_list_done) struct cert_list certs = { 0 };
	CLEANUP(buf_done) struct buf none = BUF(1);
	if (a->nwords != 1)
		return err_new(ERR_USAGE, NULL, "which certificate?");
	TRY(input_open(a->words[0], &in));
	TRY(err_while(cert_list_read(&certs, in.bytes), "%s", a->words[0]));
	TRY(token_place_read(a, &p));
	TRY(token_pin_read(a, &p, &pin));
	TRY(token_run(&p, &pin, true, store_cert, certs.v[0], &none));
	printf(a->lang == LANG_VI ? "Đã lưu chứng thư vào thiết bị: %s\n"
				  : "Stored in the token: %s\n",
	    cert_common_name(certs.v[0]));
	return NULL;
}

const struct command command_token_put_cert = {
	.name = "token put-cert",
	.words = "FILE",
	.summary = "store the certificate of a token's key beside it",
	.more = "The first certificate of FILE (PEM or DER); the token must "
		"have its key.",
	.options = put_cert_options,
	.run = run_put_cert,
};

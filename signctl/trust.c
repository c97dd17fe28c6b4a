/*
 * signctl trust: the list of anchors.  It is worked on as JSON (show, add,
 * import) and then signed; signd takes nothing but the signed list.
 */
#include "signctl/offline.h"

#include <stdlib.h>
#include <string.h>

#include "certs/softkey.h"
#include "cms/cms.h"
#include "signctl/raise.h"
#include "signctl/token.h"
#include "trust/etsi.h"

#define DAY 86400 /* seconds */
#define DAYS_MAX 3650
#define DAYS_DEFAULT "180"

#define COMMON                                                                 \
	{ "lang", "vi|en", "language of what people read", false },            \
	    { "help", NULL, "this text", false },                              \
	{                                                                      \
		NULL, NULL, NULL, false                                        \
	}

static struct err *
read_list(const char *path, const struct cert_list *pinned,
    struct trust_list **out)
{
	CLEANUP(input_done) struct input in = { 0 };
	TRY(input_open(path, &in));
	struct err *e = bytes_starts(in.bytes, BYTES_LIT("{"))
			    ? trust_list_parse(in.bytes, out)
			    : trust_list_open(in.bytes, pinned, out);
	return e == NULL ? NULL : err_while(e, "%s", path);
}

static struct err *
write_list(const char *path, const struct trust_list *l)
{
	CLEANUP(buf_done) struct buf text = BUF(TRUST_LIST_MAX);
	TRY(trust_list_render(l, &text));
	return write_document(path, buf_bytes(&text));
}

static struct err *
one_cert(const char *path, struct cert **out)
{
	CLEANUP(cert_list_done) struct cert_list l = { 0 };
	CLEANUP(input_done) struct input in = { 0 };
	TRY(input_open(path, &in));
	TRY(err_while(cert_list_read(&l, in.bytes), "%s", path));
	if (l.n != 1)
		return err_new(ERR_USAGE, NULL,
		    "%s: %zu certificates, where one is wanted", path, l.n);
	*out = cert_ref(l.v[0]);
	return NULL;
}

/* "ba:c8:bf:..." in pairs, as people compare it. */
static void
print_fingerprint(const char *label, const uint8_t sha256[32])
{
	printf("  %-9s", label);
	for (int i = 0; i < 32; i++)
		printf("%s%02x", i == 0 ? "" : ":", sha256[i]);
	putchar('\n');
}

/* ---- show ---- */

static struct err *
print_time(const char *label, int64_t t)
{
	CLEANUP(buf_done) struct buf b = BUF(64);
	const char *text;
	TRY(time_format_iso(t, 0, &b));
	TRY(buf_cstr(&b, &text));
	printf("%s %s\n", label, text);
	return NULL;
}

static struct err *
print_anchor(const struct trust_anchor *a)
{
	printf("\n%s: %s\n", a->domain, a->name);
	print_fingerprint("SHA-256", a->sha256);
	if (a->cert == NULL)
		printf("  -- certificate not supplied yet: trusted for "
		       "nothing\n");
	else
		printf("  %-9s%s\n", "subject", cert_subject(a->cert));
	for (size_t i = 0; i < a->nchanges; i++) {
		char label[64];
		snprintf(label, sizeof(label), "  %s %s since",
		    trust_service_name(a->changes[i].service),
		    a->changes[i].granted ? "granted" : "withdrawn");
		TRY(print_time(label, a->changes[i].from));
	}
	return NULL;
}

static struct err *
run_show(const struct args *a, int *code)
{
	CLEANUP(cert_list_done) struct cert_list pinned = { 0 };
	CLEANUP(trust_list_freep) struct trust_list *l = NULL;
	if (a->nwords != 1)
		return err_new(ERR_USAGE, NULL, "which one list?");
	TRY(certs_load(a, "signer", &pinned));
	TRY(read_list(a->words[0], &pinned, &l));
	printf("number %lld\n", (long long)l->sequence);
	TRY(print_time("issued", l->issued));
	TRY(print_time("next update", l->next_update));
	for (size_t i = 0; i < l->n; i++)
		TRY(print_anchor(&l->anchors[i]));
	*code = EXIT_VALID;
	return NULL;
}

const struct command command_trust_show = {
	.name = "trust show",
	.words = "LIST",
	.summary = "tell whom a trust list names, for what and since when",
	.more = "LIST is JSON, or a signed list; that one is shown only if "
		"its signature holds\nand --signer made it.",
	.options = (const struct option_row[]){
	    { "signer", "FILE", "certificate of who may sign lists", true },
	    COMMON },
	.run = run_show,
};

/* ---- add ---- */

static struct err *
stated_fingerprint(const struct args *a, uint8_t out[32])
{
	CLEANUP(buf_done) struct buf raw = BUF(32);
	CLEANUP(buf_done) struct buf hex = BUF(64);
	const char *text;
	TRY(args_need(a, "fingerprint", &text));
	for (; *text != '\0'; text++) {
		char c = *text >= 'A' && *text <= 'F' ? *text | 0x20 : *text;
		if (c != ':' && c != ' ')
			TRY(buf_byte(&hex, (uint8_t)c));
	}
	struct err *e = hex_decode(buf_bytes(&hex), &raw);
	bool good = e == NULL && raw.len == 32;
	err_free(e);
	if (!good)
		return err_new(ERR_USAGE, NULL,
		    "--fingerprint wants a whole SHA-256, 64 hex digits");
	memcpy(out, raw.ptr, 32);
	return NULL;
}

/* From when, and for what, a new one is trusted. */
static struct err *
grant(const struct args *a, const struct cert *c, struct trust_anchor *anchor)
{
	static const char *const dflt[] = { "signature", "timestamp" };
	size_t n;
	int64_t from;
	const char *const *services = args_all(a, "service", &n);
	TRY(time_option(a, &from));
	if (n == 0) {
		services = dflt;
		n = COUNT_OF(dflt);
	}
	for (size_t i = 0; i < n; i++) {
		struct trust_change change = { .granted = true,
			.from = from == TIME_NONE ? cert_not_before(c) : from };
		if (!trust_service_find(services[i], &change.service))
			return err_new(ERR_USAGE, NULL,
			    "--service wants signature, timestamp or ocsp");
		TRY(trust_anchor_change(anchor, change));
	}
	return NULL;
}

static struct err *
check_stated(const struct args *a, const struct cert *c)
{
	uint8_t got[32];
	uint8_t stated[32];
	cert_fingerprint(c, got);
	TRY(stated_fingerprint(a, stated));
	print_fingerprint("stated", stated);
	if (memcmp(got, stated, sizeof(got)) != 0)
		return err_coded(err_new(ERR_DENIED, NULL, "%s",
				     cert_subject(c)),
		    "trust-fingerprint-differs");
	return NULL;
}

static struct err *
add_new(const struct args *a, struct cert *c, struct trust_list *l)
{
	uint8_t got[32];
	const char *domain;
	struct trust_anchor *anchor = NULL;
	cert_fingerprint(c, got);
	TRY(check_stated(a, c));
	TRY(args_need(a, "domain", &domain));
	TRY(trust_list_put(l, domain, cert_common_name(c), got, &anchor));
	TRY(grant(a, c, anchor));
	anchor->cert = cert_ref(c);
	return NULL;
}

/* One that the list already names is held against its fingerprint there, and
 * against the stated one, too. */
static struct err *
add_cert(const struct args *a, struct cert *c, struct trust_list *l)
{
	uint8_t got[32];
	cert_fingerprint(c, got);
	printf("%s\n", cert_subject(c));
	print_fingerprint("SHA-256", got);
	struct trust_anchor *anchor = trust_list_find(l, got);
	if (anchor == NULL)
		return add_new(a, c, l);
	print_fingerprint("in list", anchor->sha256);
	if (args_has(a, "fingerprint"))
		TRY(check_stated(a, c));
	if (args_has(a, "service") || args_has(a, "time"))
		return err_new(ERR_USAGE, NULL,
		    "the list says already what it is trusted for");
	if (anchor->cert == NULL)
		anchor->cert = cert_ref(c);
	return NULL;
}

static struct err *
run_add(const struct args *a, int *code)
{
	CLEANUP(cert_freep) struct cert *c = NULL;
	CLEANUP(trust_list_freep) struct trust_list *l = NULL;
	if (a->nwords != 2)
		return err_new(ERR_USAGE, NULL, "which list, which certificate?");
	TRY(one_cert(a->words[1], &c));
	TRY(read_list(a->words[0], &(struct cert_list){ 0 }, &l));
	TRY(add_cert(a, c, l));
	TRY(write_list(a->words[0], l));
	printf("%s\n", message_text("trust-added", a->lang));
	*code = EXIT_VALID;
	return NULL;
}

const struct command command_trust_add = {
	.name = "trust add",
	.words = "LIST CERT",
	.summary = "put an anchor's certificate into a trust list",
	.more = "LIST is JSON.  Where it has the certificate's fingerprint "
		"already, the certificate\nis filled in.  Else --fingerprint "
		"says what another source gave, and must be the same.",
	.options = (const struct option_row[]){
	    { "fingerprint", "HEX", "its SHA-256, from another source", false },
	    { "domain", "NAME", "city, neac, government, ...", false },
	    { "service", "NAME",
		"signature, timestamp (these two) or ocsp", true },
	    { "time", "ISO8601", "trusted since (its notBefore)", false },
	    COMMON },
	.run = run_add,
};

/* ---- import ---- */

struct import {
	struct input xml;
	struct cert_list pinned;
	struct trust_list *list;
	struct etsi_import in;
};

static void
import_done(struct import *i)
{
	input_done(&i->xml);
	cert_list_done(&i->pinned);
	trust_list_free(i->list);
}

/* In the sandbox: what comes out is the whole list anew. */
static struct err *
import_child(void *ctx, struct buf *out)
{
	struct import *i = ctx;
	struct etsi_result r;
	TRY(trust_etsi_import(&i->in, i->list, &r));
	return trust_list_render(i->list, out);
}

static struct err *
import(struct import *i, const char *path)
{
	CLEANUP(buf_done) struct buf text = BUF(TRUST_LIST_MAX);
	CLEANUP(trust_list_freep) struct trust_list *l = NULL;
	const struct sandbox_limits limits = { .memory = OFFLINE_MEMORY,
		.seconds = OFFLINE_SECONDS };
	TRY(worker_start());
	struct err *e = sandbox_run(limits, import_child, i, &text);
	worker_stop();
	TRY(e);
	TRY(trust_list_parse(buf_bytes(&text), &l));
	printf("%zu + %zu\n", i->list->n, l->n - i->list->n);
	return write_list(path, l);
}

static struct err *
run_import(const struct args *a, int *code)
{
	CLEANUP(import_done) struct import i = { .list = NULL };
	if (a->nwords != 2)
		return err_new(ERR_USAGE, NULL, "which list, which XML file?");
	TRY(args_need(a, "domain", &i.in.domain));
	TRY(time_option(a, &i.in.now));
	if (i.in.now == TIME_NONE)
		i.in.now = clock_now(&clock_system);
	TRY(certs_load(a, "signer", &i.pinned));
	TRY(read_list(a->words[0], &(struct cert_list){ 0 }, &i.list));
	TRY(input_open(a->words[1], &i.xml));
	i.in.xml = i.xml.bytes;
	i.in.pinned = &i.pinned;
	TRY(import(&i, a->words[0]));
	*code = EXIT_VALID;
	return NULL;
}

const struct command command_trust_import = {
	.name = "trust import",
	.words = "LIST XML",
	.summary = "put the anchors of an ETSI TS 119 612 list into a trust list",
	.more = "XML must be signed as a whole by one of --signer.  Taken are "
		"CA/QC, TSA/QTST and\nCertstatus/OCSP/QC, with the history of "
		"their status.",
	.options = (const struct option_row[]){
	    { "signer", "FILE", "certificate of who may sign it", true },
	    { "domain", "NAME", "that its anchors belong to", false },
	    { "time", "ISO8601", "time of validation (now)", false }, COMMON },
	.run = run_import,
};

/* ---- sign ---- */

/* A key in a file, or one of a token. */
struct list_signer {
	struct cert *cert;
	struct softkey *key; /* NULL: the token's */
	struct token_place place;
	struct token_pin pin;
};

static void
list_signer_done(struct list_signer *s)
{
	cert_free(s->cert);
	softkey_free(s->key);
	token_place_done(&s->place);
	token_pin_done(&s->pin);
}

/* As strong as the key: a longer digest for a longer curve. */
static struct sig_alg
token_alg(const struct cert *c)
{
	bool ec = cert_key_alg(c) == KEY_EC;
	int bits = cert_key_bits(c);
	return (struct sig_alg){ .form = ec ? SIG_ECDSA : SIG_RSA_PKCS1,
		.digest = ec && bits > 384   ? DIGEST_SHA512
			  : ec && bits > 256 ? DIGEST_SHA384
					     : DIGEST_SHA256 };
}

static struct err *
list_signer_sign(const struct list_signer *s, struct sig_alg alg,
    struct bytes digest, struct buf *out)
{
	if (s->key == NULL)
		return token_sign(
		    &s->place, &s->pin, s->cert, alg, digest, out);
	struct signer signer = softkey_signer(s->key);
	return signer.sign(signer.ctx, alg, digest, out);
}

static struct err *
sign_text(const struct list_signer *s, struct bytes text, int64_t now,
    struct buf *out)
{
	CLEANUP(buf_done) struct buf attributes = BUF(CMS_MAX);
	CLEANUP(buf_done) struct buf value = BUF(4096);
	struct sig_alg alg =
	    s->key != NULL ? softkey_alg(s->key) : token_alg(s->cert);
	uint8_t digest[DIGEST_MAX];
	TRY(digest_of(alg.digest, text, digest));
	const struct cms_request r = {
		.cert = s->cert,
		.alg = alg,
		.content_digest = bytes_of(digest, digest_len(alg.digest)),
		.signing_time = now,
		.content = text,
	};
	uint8_t to_sign[DIGEST_MAX];
	TRY(cms_signed_attributes(&r, &attributes));
	TRY(digest_of(alg.digest, buf_bytes(&attributes), to_sign));
	TRY(list_signer_sign(s, alg,
	    bytes_of(to_sign, digest_len(alg.digest)), &value));
	return cms_assemble(&r, buf_bytes(&attributes), buf_bytes(&value), out);
}

static struct err *
days_of(const struct args *a, int64_t *out)
{
	const char *text = args_get(a, "days");
	char *end = NULL;
	long n = strtol(text == NULL ? DAYS_DEFAULT : text, &end, 10);
	if (*end != '\0' || n < 1 || n > DAYS_MAX)
		return err_new(
		    ERR_USAGE, NULL, "--days wants 1 to %d", DAYS_MAX);
	*out = n;
	return NULL;
}

/* The list is read back as signd will, before anything is written. */
static struct err *
check_signed(struct bytes made, struct cert *c)
{
	CLEANUP(cert_list_done) struct cert_list pinned = { 0 };
	CLEANUP(trust_list_freep) struct trust_list *l = NULL;
	TRY(cert_list_add(&pinned, c));
	return trust_list_open(made, &pinned, &l);
}

static struct err *
sign_list(
    const struct args *a, const struct list_signer *s, struct trust_list *l)
{
	CLEANUP(buf_done) struct buf text = BUF(TRUST_LIST_MAX);
	CLEANUP(buf_done) struct buf made = BUF(CMS_MAX);
	const char *out;
	int64_t days;
	TRY(args_need(a, "out", &out));
	TRY(days_of(a, &days));
	l->sequence++;
	l->issued = clock_now(&clock_system);
	l->next_update = l->issued + days * DAY;
	TRY(trust_list_render(l, &text));
	TRY(sign_text(s, buf_bytes(&text), l->issued, &made));
	TRY(check_signed(buf_bytes(&made), s->cert));
	TRY(write_document(a->words[0], buf_bytes(&text)));
	TRY(write_document(out, buf_bytes(&made)));
	printf("number %lld\n", (long long)l->sequence);
	return NULL;
}

static struct err *
signer_of_file(const struct args *a, struct list_signer *s)
{
	CLEANUP(input_done) struct input pem = { 0 };
	const char *cert_path;
	const char *key_path;
	TRY(args_need(a, "cert", &cert_path));
	TRY(args_need(a, "key", &key_path));
	TRY(one_cert(cert_path, &s->cert));
	TRY(input_open(key_path, &pem));
	return softkey_from_pem(pem.bytes, BYTES_NONE, &s->key);
}

/* The certificate may lie beside the token; its key must be in it. */
static struct err *
signer_of_token(const struct args *a, struct list_signer *s)
{
	CLEANUP(cert_list_done) struct cert_list found = { 0 };
	const char *cert_path = args_get(a, "cert");
	if (args_has(a, "key"))
		return err_new(ERR_USAGE, NULL, "--key or --token?");
	TRY(token_place_read(a, &s->place));
	TRY(token_pin_read(a, &s->place, &s->pin));
	if (cert_path != NULL)
		return one_cert(cert_path, &s->cert);
	TRY(token_certs(&s->place, &s->pin, &found));
	s->cert = cert_ref(found.v[0]);
	return NULL;
}

static struct err *
run_sign(const struct args *a, int *code)
{
	CLEANUP(list_signer_done) struct list_signer s = { 0 };
	CLEANUP(trust_list_freep) struct trust_list *l = NULL;
	if (a->nwords != 1)
		return err_new(ERR_USAGE, NULL, "which one list?");
	TRY(read_list(a->words[0], &(struct cert_list){ 0 }, &l));
	TRY(args_has(a, "token") ? signer_of_token(a, &s)
				 : signer_of_file(a, &s));
	TRY(sign_list(a, &s, l));
	*code = EXIT_VALID;
	return NULL;
}

const struct command command_trust_sign = {
	.name = "trust sign",
	.words = "LIST",
	.summary = "number, date and sign a trust list",
	.more = "LIST is JSON and gets the next number; --out is what signd "
		"reads: a CMS SignedData\nwith the list in it.  The key is a "
		"token's (--token), or in a file (--key, --cert).",
	.options = (const struct option_row[]){
	    { "key", "FILE", "private key, PEM", false },
	    { "cert", "FILE", "its certificate (with --token: the token's)",
		false },
	    TOKEN_OPTIONS,
	    { "out", "FILE", "the signed list", false },
	    { "days", "N", "until the next one (" DAYS_DEFAULT ")", false },
	    COMMON },
	.run = run_sign,
};

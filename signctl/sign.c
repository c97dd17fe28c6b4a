/* signctl sign: a document goes to the service, or only its digest with
 * --local. */
#include "cms/params.h"
#include "pdf/params.h"
#include "signctl/raise.h"
#include "signctl/sign_cms.h"
#include "signctl/sign_xml.h"
#include "signctl/service.h"
#include "signctl/token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OTP_OPTION                                                             \
	{ "otp-fd", "N",                                                       \
	    "read the code of an authenticator app from descriptor N", false }

static const struct option_row options[] = {
	SERVICE_OPTIONS,
	{ "credential", "ID", "whose key", false },
	TOKEN_OPTIONS,
	{ "pss", NULL, "with a token: RSASSA-PSS instead of PKCS#1", false },
	{ "out", "FILE", "the signed document (FILE.signed)", false },
	{ "reason", "TEXT", "why it is signed", false },
	{ "location", "TEXT", "where it is signed", false },
	{ "field", "NAME", "PDF: sign this empty field", false },
	{ "certify", "nothing|form|comments",
	    "PDF: certify it, and allow only that afterwards", false },
	{ "lock", "NAMES", "PDF: fields that must stay (a,b,c; or '*')",
	    false },
	{ "appearance", "PROFILE", "PDF: a visible signature, like this", false },
	{ "page", "N", "PDF: where it is seen: the page (1),", false },
	{ "box", "X,Y,W,H", "its box, in points from the lower left corner,",
	    false },
	{ "corner", "W,H", "or the first free corner, in that size", false },
	{ "anchor", "WORDS", "or the box counts from these words", false },
	{ "text", "LINES", "PDF: what it says (lines with \\n between)", false },
	{ "qr", "TEXT", "PDF: what a QR code in it says", false },
	{ "picture", "FILE", "PDF: picture of the signature, PNG or JPEG",
	    false },
	{ "seal", "FILE", "PDF: picture of the agency's seal", false },
	{ "local", NULL, "keep the document here; send only its digest",
	    false },
	{ "format", "pdf|xml|cms",
	    "do not guess the format; cms takes any file", false },
	RAISE_LEVEL,
	RAISE_OPTIONS,
	{ "role", "TEXT", "in which role it is signed", false },
	{ "commitment", "OID", "what signing it means (commitment type)",
	    false },
	OTP_OPTION,
	SIGN_CMS_OPTIONS,
	SIGN_XML_OPTIONS,
	COMMON_OPTIONS,
};

_Static_assert(COUNT_OF(options) <= OPTIONS_MAX, "room in struct args");

/* Everything that one signing needs, and owns. */
struct signing {
	struct signd *service;
	const char *credential;
	struct secret pin;
	struct secret code;       /* of the second factor; may be empty */
	bool own;                 /* with a token at this machine */
	struct token_place place; /* of it */
	struct token_pin token_pin;
	bool pss;
	struct cert_list certs; /* the signer's first, then issuers */
	struct raise raise;     /* --local: the level, and what it takes */
	bool unstamped;         /* its time stamp did not fit */
	struct sign_cms cms;
	struct buf xml; /* xml_params, packed */
	struct buf pdf; /* pdf_params, packed */
};

static void
signing_done(struct signing *s)
{
	signd_close(s->service);
	secret_done(&s->pin);
	secret_done(&s->code);
	token_place_done(&s->place);
	token_pin_done(&s->token_pin);
	cert_list_done(&s->certs);
	raise_done(&s->raise);
	sign_cms_done(&s->cms);
	buf_done(&s->xml);
	buf_done(&s->pdf);
}

/* CSC's letter for a format; NULL: the service finds out. */
static const char *
format_letter(const char *format)
{
	if (format == NULL)
		return NULL;
	return strcmp(format, "cms") == 0   ? "C"
	       : strcmp(format, "pdf") == 0 ? "P"
					    : "X";
}

#define SIGN_MORE (SIGN_XML_MORE + SIGN_CMS_MORE + 3)

static void
add_anchor(const struct args *a, const char *more[SIGN_MORE], size_t *n)
{
	if (!args_has(a, "anchor"))
		return;
	more[(*n)++] = "anchor";
	more[(*n)++] = args_get(a, "anchor");
}

static struct err *
sign_there(const struct args *a, struct signing *s, const char *path, int fd)
{
	TRY(raise_by_service(a));
	CLEANUP(close_fdp) int in = open(path, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return err_errno(errno, "%s", path);
	CLEANUP(raise_done) struct raise r = { 0 };
	CLEANUP(buf_done) struct buf objects = BUF(SIGN_XML_MAX);
	TRY(raise_load(a, &r));
	const char *more[SIGN_MORE];
	size_t nmore = 0;
	TRY(sign_xml_there(a, more, &nmore, &objects));
	TRY(sign_cms_there(a, &s->cms, more, &nmore));
	add_anchor(a, more, &nmore);
	more[nmore] = NULL;
	const struct signd_sign_options o = {
		.reason = args_get(a, "reason"),
		.location = args_get(a, "location"),
		.field = args_get(a, "field"),
		.certify = args_get(a, "certify"),
		.lock = args_get(a, "lock"),
		.appearance = args_get(a, "appearance"),
		.page = args_get(a, "page"),
		.box = args_get(a, "box"),
		.corner = args_get(a, "corner"),
		.text = args_get(a, "text"),
		.qr = args_get(a, "qr"),
		.level = raise_level_name(r.level),
		.format = format_letter(args_get(a, "format")),
		.place = sign_cms_place(a),
		.role = args_get(a, "role"),
		.commitment = args_get(a, "commitment"),
		.more = more,
	};
	if (args_has(a, "picture") || args_has(a, "seal"))
		return err_new(ERR_USAGE, NULL,
		    "--picture and --seal want --local or --token");
	const struct signd_authorization by = {
		.pin = (const char *)s->pin.ptr,
		.code = (const char *)s->code.ptr,
	};
	return service_err(
	    signd_sign_document(s->service, s->credential, by, &o, in, fd));
}

/* Whether the credential wants a code beside the PIN. */
static struct err *
wants_code(struct signing *s, bool *out)
{
	CLEANUP(signd_freep) char *text = NULL;
	CLEANUP(json_decrefp) json_t *j = NULL;
	TRY(service_err(signd_credential(s->service, s->credential, &text)));
	TRY(json_read(text, &j));
	const char *expression = json_string_value(json_object_get(
	    json_object_get(j, "auth"), "expression"));
	*out = expression != NULL && strstr(expression, "OTP") != NULL;
	return NULL;
}

/* Who is asked on the terminal is asked for what is wanted; scripts know. */
static struct err *
secrets_read(const struct args *a, struct signing *s)
{
	bool wanted = false;
	TRY(pin_read(a, false, &s->pin));
	if (!args_has(a, "pin-fd") && !args_has(a, "otp-fd"))
		TRY(wants_code(s, &wanted));
	return code_read(a, wanted, &s->code);
}

/* fetch_certs asks for the signer's certificate and its chain. */
static struct err *
fetch_certs(struct signing *s)
{
	CLEANUP(signd_freep) char *text = NULL;
	CLEANUP(json_decrefp) json_t *j = NULL;
	size_t i;
	json_t *b64;
	TRY(service_err(signd_credential(s->service, s->credential, &text)));
	TRY(json_read(text, &j));
	json_array_foreach(
	    json_object_get(json_object_get(j, "cert"), "certificates"), i, b64)
	{
		CLEANUP(buf_done) struct buf der = BUF(CERT_MAX);
		TRY(base64_decode(bytes_str(json_string_value(b64)), &der));
		TRY(cert_list_add_der(&s->certs, buf_bytes(&der)));
	}
	return s->certs.n > 0
		   ? NULL
		   : err_new(ERR_REMOTE, NULL, "the answer has no certificate");
}

/* Most tokens show certificates without a login; if not, it is logged in
 * first. */
static struct err *
fetch_token_certs(const struct args *a, struct signing *s)
{
	if (s->certs.n > 0)
		return NULL;
	struct err *e = token_certs(&s->place, NULL, &s->certs);
	bool hidden =
	    e != NULL && strcmp(err_code(e), "token-certificate-missing") == 0;
	if (e != NULL && !hidden)
		return e;
	err_free(e);
	TRY(token_pin_read(a, &s->place, &s->token_pin));
	return hidden ? token_certs(&s->place, &s->token_pin, &s->certs) : NULL;
}

static enum sig_form
form_of(const struct signing *s)
{
	if (cert_key_alg(s->certs.v[0]) == KEY_EC)
		return SIG_ECDSA;
	return s->pss ? SIG_RSA_PSS : SIG_RSA_PKCS1;
}

/* The digest that fits the key: a longer one for a longer curve. */
static enum digest_alg
digest_for(const struct signing *s)
{
	const struct cert *c = s->certs.v[0];
	return s->own && cert_key_alg(c) == KEY_EC && cert_key_bits(c) > 256
		   ? DIGEST_SHA384
		   : DIGEST_SHA256;
}

static struct err *
prepare_child(void *ctx, struct buf *out)
{
	const struct prepare_request *r = ctx;
	struct prepared p = { 0 };
	TRY(job_prepare(r, &p));
	struct err *e = prepared_pack(&p, out);
	prepared_done(&p);
	return e;
}

/* The pictures are read here, so that the sandbox opens no files. */
static struct err *
load_look(const struct args *a, struct signing *s)
{
	CLEANUP(input_done) struct input picture = { 0 };
	CLEANUP(input_done) struct input seal = { 0 };
	if (args_has(a, "picture"))
		TRY(input_open(args_get(a, "picture"), &picture));
	if (args_has(a, "seal"))
		TRY(input_open(args_get(a, "seal"), &seal));
	const struct pdf_words words = {
		.certify = args_get(a, "certify"),
		.lock = args_get(a, "lock"),
		.appearance = args_get(a, "appearance"),
		.page = args_get(a, "page"),
		.box = args_get(a, "box"),
		.corner = args_get(a, "corner"),
		.anchor = args_get(a, "anchor"),
		.text = args_get(a, "text"),
		.qr = args_get(a, "qr"),
		.picture = picture.bytes,
		.seal = seal.bytes,
		.field = args_has(a, "field"),
	};
	buf_done(&s->pdf);
	s->pdf = BUF(PDF_PARAMS_MAX);
	return pdf_params_words(&words, &s->pdf);
}

static struct err *
load_choices(const struct args *a, struct signing *s, struct prepare_request *r)
{
	TRY(sign_cms_load(a, &s->raise, r->document, digest_for(s), &s->cms));
	r->cms = buf_bytes(&s->cms.packed);
	r->policy = s->cms.policy;
	s->xml = BUF(SIGN_XML_MAX);
	TRY(sign_xml_pack(a, &s->xml));
	r->xml = buf_bytes(&s->xml);
	TRY(load_look(a, s));
	r->pdf = buf_bytes(&s->pdf);
	r->level = s->raise.level > LEVEL_T ? LEVEL_T : s->raise.level;
	r->format = args_get(a, "format");
	r->reason = args_get(a, "reason");
	r->location = args_get(a, "location");
	r->field = args_get(a, "field");
	r->role = args_get(a, "role");
	r->commitment = args_get(a, "commitment");
	return NULL;
}

static struct err *
prepare(const struct args *a, struct signing *s, struct bytes document,
    struct prepared *out)
{
	struct bytes chain[16];
	size_t n = 0;
	for (size_t i = 1; i < s->certs.n && n < COUNT_OF(chain); i++)
		chain[n++] = cert_der(s->certs.v[i]);
	struct prepare_request r = {
		.document = document,
		.cert = cert_der(s->certs.v[0]),
		.chain = chain,
		.nchain = n,
		.digest = digest_for(s),
		.form = form_of(s),
		.time = clock_now(&clock_system),
	};
	const struct sandbox_limits limits = { .memory = OFFLINE_MEMORY,
		.seconds = OFFLINE_SECONDS };
	CLEANUP(buf_done) struct buf packed = BUF(2 * (size_t)STATE_MAX);
	TRY(load_choices(a, s, &r));
	TRY(sandbox_run(limits, prepare_child, &r, &packed));
	return prepared_unpack(buf_bytes(&packed), out);
}

/* remote_value gets the digest signed, in two calls: PIN to SAD, SAD to
 * signature. */
static struct err *
remote_value(struct signing *s, const struct prepared *p, struct buf *out)
{
	CLEANUP(signd_freep) char *sad = NULL;
	CLEANUP(signd_freep) char *text = NULL;
	CLEANUP(json_decrefp) json_t *j = NULL;
	const char *oid = digest_oid(p->digest_alg);
	const struct signd_bytes digest = { p->digest,
		digest_len(p->digest_alg) };
	const struct sig_alg alg = { .form = form_of(s),
		.digest = p->digest_alg };
	TRY(service_err(signd_authorize(s->service, s->credential,
	    (const char *)s->pin.ptr, (const char *)s->code.ptr, 1, &digest, 1, oid, &sad)));
	const struct signd_authorization by = { .sad = sad };
	TRY(service_err(signd_sign_hash(s->service, s->credential, by, &digest,
	    1, oid, sig_alg_oid(alg), &text)));
	TRY(json_read(text, &j));
	json_t *first = json_array_get(json_object_get(j, "signatures"), 0);
	if (!json_is_string(first))
		return err_new(ERR_REMOTE, NULL, "the answer has no signature");
	return base64_decode(bytes_str(json_string_value(first)), out);
}

static struct err *
own_value(const struct signing *s, const struct prepared *p, struct buf *out)
{
	struct sig_alg alg = { .form = form_of(s), .digest = p->digest_alg };
	if (alg.form == SIG_RSA_PSS) {
		alg.mgf1 = alg.digest;
		alg.salt_len = (int)digest_len(alg.digest);
	}
	return token_sign(&s->place, &s->token_pin, s->certs.v[0], alg,
	    bytes_of(p->digest, digest_len(p->digest_alg)), out);
}

/* The time stamp on the value, if the level has one. */
static struct err *
stamp_value(const struct signing *s, struct bytes state, struct bytes value,
    struct buf *token)
{
	uint8_t digest[DIGEST_MAX];
	if (s->raise.level < LEVEL_T)
		return NULL;
	TRY(job_stamp(state, value, DIGEST_SHA256, digest));
	return raise_stamp(&s->raise, DIGEST_SHA256,
	    bytes_of(digest, digest_len(DIGEST_SHA256)), token);
}

/* A token that is larger than its room stays out: the signature is good
 * without it, and is raised to its level afterwards. */
static struct err *
embed_value(struct signing *s, struct bytes state, struct bytes value,
    struct buf *token, struct insertion *out)
{
	struct err *e = embed_here(state, value, buf_bytes(token), out);
	if (e == NULL || strcmp(err_code(e), "stamp-room") != 0)
		return e;
	err_free(e);
	s->unstamped = true;
	return embed_here(state, value, BYTES_NONE, out);
}

/* Signs what is in *document, which becomes what comes out. */
static struct err *
sign_input(const struct args *a, struct signing *s, struct input *document)
{
	CLEANUP(prepared_done) struct prepared p = { 0 };
	CLEANUP(insertion_done) struct insertion ins = { 0 };
	CLEANUP(buf_done) struct buf value = BUF(4096);
	CLEANUP(buf_done) struct buf token = BUF(TOKEN_MAX);
	struct input next = { 0 };
	s->unstamped = false;
	TRY(prepare(a, s, document->bytes, &p));
	TRY(s->own ? own_value(s, &p, &value) : remote_value(s, &p, &value));
	TRY(stamp_value(s, buf_bytes(&p.state), buf_bytes(&value), &token));
	TRY(embed_value(
	    s, buf_bytes(&p.state), buf_bytes(&value), &token, &ins));
	TRY(outcome(&ins, document->bytes, &next));
	/* A detached signature is over what is no longer inside. */
	if (args_has(a, "detached")) {
		s->raise.content = *document;
		s->raise.external.data = document->bytes;
		s->raise.nexternal = 1;
		*document = (struct input){ 0 };
	}
	input_done(document);
	*document = next;
	return NULL;
}

static struct err *
sign_here(const struct args *a, struct signing *s, const char *path, int fd)
{
	CLEANUP(input_done) struct input document = { 0 };
	TRY(input_open(path, &document));
	raise_done(&s->raise);
	TRY(raise_load(a, &s->raise));
	TRY(s->own ? fetch_token_certs(a, s) : fetch_certs(s));
	TRY(worker_start());
	struct err *e = sign_input(a, s, &document);
	if (e == NULL && (s->raise.level > LEVEL_T || s->unstamped))
		e = raise_all(&s->raise, &document);
	worker_stop();
	TRY(e);
	return write_bytes(fd, document.bytes);
}

static struct err *
sign_one(const struct args *a, struct signing *s, const char *path,
    const char *out_path)
{
	CLEANUP(output_done) struct output out = { .fd = -1 };
	TRY(output_open(out_path, &out));
	if (s->own || args_has(a, "local"))
		TRY(sign_here(a, s, path, out.fd));
	else
		TRY(sign_there(a, s, path, out.fd));
	TRY(output_commit(&out));
	if (strcmp(out_path, "-") == 0)
		return NULL;
	if (args_has(a, "json"))
		printf("{\"signed\": true}\n");
	else
		printf(a->lang == LANG_VI ? "Đã ký: %s\n" : "Signed: %s\n",
		    out_path);
	return NULL;
}

/* FILE.signed, unless --out says otherwise. */
static struct err *
sign_word(const struct args *a, struct signing *s, const char *path)
{
	CLEANUP(buf_done) struct buf name = BUF(8192);
	const char *out = args_get(a, "out");
	if (out == NULL) {
		TRY(buf_printf(&name, "%s.signed", path));
		TRY(buf_cstr(&name, &out));
	}
	return sign_one(a, s, path, out);
}

/* With a token at this machine; no service is asked. */
static struct err *
run_own(const struct args *a, struct signing *s)
{
	if (a->nwords == 0 || (a->nwords > 1 && args_has(a, "out")))
		return err_new(ERR_USAGE, NULL,
		    "which file?  (--out is for one file alone)");
	s->own = true;
	s->pss = args_has(a, "pss");
	TRY(token_place_read(a, &s->place));
	for (size_t i = 0; i < a->nwords; i++)
		TRY(err_while(sign_word(a, s, a->words[i]), "%s", a->words[i]));
	return NULL;
}

static struct err *
run(const struct args *a, int *code)
{
	(void)code;
	CLEANUP(signing_done) struct signing s = { 0 };
	if (args_has(a, "token") || args_has(a, "module"))
		return run_own(a, &s);
	if (a->nwords != 1)
		return err_new(ERR_USAGE, NULL, "sign which one file?");
	TRY(args_need(a, "credential", &s.credential));
	TRY(service_open(a, &s.service));
	TRY(secrets_read(a, &s));
	return sign_word(a, &s, a->words[0]);
}

const struct command command_sign = {
	.name = "sign",
	.words = "FILE...",
	.summary = "sign a PDF, an XML document, or any file (CMS)",
	.more = "The PIN is asked for on the terminal, or read from --pin-fd.  "
		"With --local the\ndocument stays on this machine: only its "
		"digest is sent.  With --token a token at this machine signs, "
		"and no service is asked.",
	.options = options,
	.run = run,
};

static const struct option_row authorize_options[] = {
	SERVICE_OPTIONS,
	{ "credential", "ID", "whose key", false },
	{ "count", "N", "for how many signatures (1)", false },
	{ "pin-fd", "N", "read the PIN from descriptor N", false },
	OTP_OPTION,
	COMMON_OPTIONS,
};

static struct err *
run_authorize(const struct args *a, int *code)
{
	(void)code;
	CLEANUP(signing_done) struct signing s = { 0 };
	CLEANUP(signd_freep) char *sad = NULL;
	const char *count = args_get(a, "count");
	char *end = NULL;
	unsigned long n = count == NULL ? 1 : strtoul(count, &end, 10);
	if (n == 0 || n > 1000 || (end != NULL && *end != '\0'))
		return err_new(ERR_USAGE, NULL, "--count wants 1 to 1000");
	TRY(args_need(a, "credential", &s.credential));
	TRY(service_open(a, &s.service));
	TRY(secrets_read(a, &s));
	TRY(service_err(signd_authorize(s.service, s.credential,
	    (const char *)s.pin.ptr, (const char *)s.code.ptr, (unsigned)n,
	    NULL, 0, NULL, &sad)));
	printf("%s\n", sad);
	return NULL;
}

const struct command command_authorize = {
	.name = "authorize",
	.words = "",
	.summary = "turn a PIN into signature activation data (SAD)",
	.options = authorize_options,
	.run = run_authorize,
};

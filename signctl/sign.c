/* signctl sign: a document goes to the service, or only its digest with
 * --local. */
#include "signctl/offline.h"
#include "signctl/service.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct option_row options[] = {
	SERVICE_OPTIONS,
	{ "credential", "ID", "whose key", false },
	{ "pin-fd", "N", "read the PIN from descriptor N", false },
	{ "out", "FILE", "the signed document (FILE.signed)", false },
	{ "reason", "TEXT", "why it is signed", false },
	{ "location", "TEXT", "where it is signed", false },
	{ "field", "NAME", "PDF: sign this empty field", false },
	{ "local", NULL, "keep the document here; send only its digest",
	    false },
	{ "format", "pdf|xml", "do not guess the format", false },
	COMMON_OPTIONS,
};

/* Everything that one signing needs, and owns. */
struct signing {
	struct signd *service;
	const char *credential;
	struct secret pin;
	struct cert_list certs; /* the signer's first, then issuers */
};

static void
signing_done(struct signing *s)
{
	signd_close(s->service);
	secret_done(&s->pin);
	cert_list_done(&s->certs);
}

static struct err *
sign_there(const struct args *a, struct signing *s, const char *path, int fd)
{
	CLEANUP(close_fdp) int in = open(path, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return err_errno(errno, "%s", path);
	const struct signd_sign_options o = {
		.reason = args_get(a, "reason"),
		.location = args_get(a, "location"),
		.field = args_get(a, "field"),
	};
	const struct signd_authorization by = {
		.pin = (const char *)s->pin.ptr,
	};
	return service_err(
	    signd_sign_document(s->service, s->credential, by, &o, in, fd));
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

static enum sig_form
form_of(const struct cert *c)
{
	return cert_key_alg(c) == KEY_EC ? SIG_ECDSA : SIG_RSA_PKCS1;
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

static struct err *
prepare(const struct args *a, const struct signing *s, struct bytes document,
    struct prepared *out)
{
	struct bytes chain[16];
	size_t n = 0;
	for (size_t i = 1; i < s->certs.n && n < COUNT_OF(chain); i++)
		chain[n++] = cert_der(s->certs.v[i]);
	struct prepare_request r = {
		.document = document,
		.format = args_get(a, "format"),
		.cert = cert_der(s->certs.v[0]),
		.chain = chain,
		.nchain = n,
		.digest = DIGEST_SHA256,
		.form = form_of(s->certs.v[0]),
		.time = clock_now(&clock_system),
		.reason = args_get(a, "reason"),
		.location = args_get(a, "location"),
		.field = args_get(a, "field"),
	};
	const struct sandbox_limits limits = { .memory = OFFLINE_MEMORY,
		.seconds = OFFLINE_SECONDS };
	CLEANUP(buf_done) struct buf packed = BUF(2 * (size_t)STATE_MAX);
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
	const struct sig_alg alg = { .form = form_of(s->certs.v[0]),
		.digest = p->digest_alg };
	TRY(service_err(signd_authorize(s->service, s->credential,
	    (const char *)s->pin.ptr, 1, &digest, 1, oid, &sad)));
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
sign_here(const struct args *a, struct signing *s, const char *path, int fd)
{
	CLEANUP(input_done) struct input in = { 0 };
	CLEANUP(prepared_done) struct prepared p = { 0 };
	CLEANUP(insertion_done) struct insertion ins = { 0 };
	CLEANUP(buf_done) struct buf value = BUF(4096);
	TRY(input_open(path, &in));
	TRY(fetch_certs(s));
	TRY(worker_start());
	TRY(prepare(a, s, in.bytes, &p));
	TRY(remote_value(s, &p, &value));
	TRY(job_embed(
	    buf_bytes(&p.state), buf_bytes(&value), BYTES_NONE, &ins));
	worker_stop();
	TRY(insertion_check(&ins, in.bytes.len));
	struct bytes pieces[INSERTION_PIECES];
	size_t n = insertion_pieces(&ins, in.bytes, pieces);
	for (size_t k = 0; k < n; k++)
		TRY(write_bytes(fd, pieces[k]));
	return NULL;
}

static struct err *
sign_one(const struct args *a, struct signing *s, const char *path,
    const char *out_path)
{
	CLEANUP(output_done) struct output out = { .fd = -1 };
	TRY(output_open(out_path, &out));
	if (args_has(a, "local"))
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

static struct err *
run(const struct args *a, int *code)
{
	(void)code;
	CLEANUP(signing_done) struct signing s = { 0 };
	CLEANUP(buf_done) struct buf name = BUF(8192);
	const char *out = args_get(a, "out");
	if (a->nwords != 1)
		return err_new(ERR_USAGE, NULL, "sign which one file?");
	TRY(args_need(a, "credential", &s.credential));
	if (out == NULL) {
		TRY(buf_printf(&name, "%s.signed", a->words[0]));
		TRY(buf_cstr(&name, &out));
	}
	TRY(service_open(a, &s.service));
	TRY(pin_read(a, false, &s.pin));
	return sign_one(a, &s, a->words[0], out);
}

const struct command command_sign = {
	.name = "sign",
	.words = "FILE",
	.summary = "sign a PDF or an XML document",
	.more = "The PIN is asked for on the terminal, or read from --pin-fd.  "
		"With --local the\ndocument stays on this machine: only its "
		"digest is sent.",
	.options = options,
	.run = run,
};

static const struct option_row authorize_options[] = {
	SERVICE_OPTIONS,
	{ "credential", "ID", "whose key", false },
	{ "count", "N", "for how many signatures (1)", false },
	{ "pin-fd", "N", "read the PIN from descriptor N", false },
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
	TRY(pin_read(a, false, &s.pin));
	TRY(service_err(signd_authorize(s.service, s.credential,
	    (const char *)s.pin.ptr, (unsigned)n, NULL, 0, NULL, &sad)));
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

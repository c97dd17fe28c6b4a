/* signctl verify: is this file rightly signed?  By the service with --url,
 * else here, without any network. */
#include "base/json.h"
#include "certs/judge.h"
#include "signctl/folder.h"
#include "signctl/online.h"
#include "signctl/service.h"
#include "signctl/verify_apart.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHARED_KEY_MAX 4096 /* bytes */

static const struct option_row options[] = {
	SERVICE_OPTIONS,
	{ "policy", "NAME",
	    "basic, vn-2025, eu-basic, strict, path-only, crypto-only", false },
	{ "policy-file", "FILE", "a policy of your own, in JSON", false },
	{ "trust", "FILE", "anchors, PEM or DER", true },
	{ "certs", "FILE", "further certificates, not trusted", true },
	{ "key", "FILE", "XML: a bare public key to try, PEM or DER", true },
	{ "shared-key", "FILE", "XML: the key of HMAC values", false },
	{ "crl", "FILE", "a CRL to use", true },
	{ "ocsp", "FILE", "an OCSP answer to use", true },
	{ "time", "ISO8601", "time of validation (now)", false },
	{ "content", "FILE",
	    "the data of a detached signature; with --url only its hash is "
	    "sent",
	    false },
	{ "external", "URI=FILE", "what a reference in XML names", true },
	{ "dotnet-enveloped", NULL,
	    "XML: read enveloped-signature inside a signature as .NET does",
	    false },
	{ "format", "pdf|xml|asic|cms", "do not guess the format", false },
	{ "password-fd", "N", "read a PDF's password from descriptor N",
	    false },
	{ "html", NULL, "print a page that stands alone", false },
	{ "etsi", NULL, "print the XML of ETSI TS 119 102-2", false },
	{ "receipt", "FILE",
	    "also write a receipt, PDF/A; with --url sealed by the service",
	    false },
	{ "revision", "N", "PDF: write revision N as it was signed to --out",
	    false },
	{ "out", "FILE", "where --revision goes ('-': standard output)",
	    false },
	{ "local", NULL,
	    "PDF, with --url: the file stays here; signatures and hashes are "
	    "sent",
	    false },
	ONLINE_OPTIONS,
	{ "indication", NULL, "print only the indication and its reason",
	    false },
	COMMON_OPTIONS,
};

/* Everything that one verification needs, and owns. */
struct session {
	struct trust_domain trust; /* "given" */
	struct cert_list extra;
	struct status_files status;
	struct input *inputs; /* of external data */
	struct external *external;
	size_t nexternal;
	struct buf *key_files; /* SubjectPublicKeyInfo, DER */
	struct bytes *keys;
	size_t nkeys;
	struct secret password;
	struct input policy; /* --policy-file */
	struct input shared_key;
	struct policy *judged_by;
	struct signctl_online *online; /* NULL: without a network */
	struct verify_request request;
};

static struct err *
add_external(struct session *s, const char *uri, const char *path)
{
	struct input *in = &s->inputs[s->nexternal];
	TRY(input_open(path, in));
	s->external[s->nexternal++] =
	    (struct external){ .uri = uri, .data = in->bytes };
	return NULL;
}

static struct err *
load_external(const struct args *a, struct session *s)
{
	size_t n;
	const char *const *pairs = args_all(a, "external", &n);
	const char *content = args_get(a, "content");
	s->inputs = calloc(n + 1, sizeof(*s->inputs));
	s->external = calloc(n + 1, sizeof(*s->external));
	if (s->inputs == NULL || s->external == NULL)
		return err_new(ERR_NOMEM, NULL, "external data");
	if (content != NULL)
		TRY(add_external(s, NULL, content));
	for (size_t i = 0; i < n; i++) {
		/* The words are ours to cut: argv is writable. */
		char *eq = strrchr((char *)(uintptr_t)pairs[i], '=');
		if (eq == NULL)
			return err_new(
			    ERR_USAGE, NULL, "--external wants URI=FILE");
		*eq = '\0';
		TRY(add_external(s, pairs[i], eq + 1));
	}
	return NULL;
}

static struct err *
load_keys(const struct args *a, struct session *s)
{
	size_t n;
	const char *const *paths = args_all(a, "key", &n);
	s->key_files = calloc(n + 1, sizeof(*s->key_files));
	s->keys = calloc(n + 1, sizeof(*s->keys));
	if (s->key_files == NULL || s->keys == NULL)
		return err_new(ERR_NOMEM, NULL, "keys");
	for (; s->nkeys < n; s->nkeys++) {
		struct buf *der = &s->key_files[s->nkeys];
		CLEANUP(input_done) struct input in = { 0 };
		*der = BUF(CERT_MAX);
		TRY(input_open(paths[s->nkeys], &in));
		TRY(err_while(
		    pem_or_der(in.bytes, NULL, der), "%s", paths[s->nkeys]));
		s->keys[s->nkeys] = buf_bytes(der);
	}
	return NULL;
}

static struct err *
load_shared_key(const struct args *a, struct session *s)
{
	const char *path = args_get(a, "shared-key");
	if (path == NULL)
		return NULL;
	TRY(input_open(path, &s->shared_key));
	s->request.shared_key = s->shared_key.bytes;
	if (s->request.shared_key.len > SHARED_KEY_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "%s: over %d bytes", path, SHARED_KEY_MAX);
	return NULL;
}

static unsigned
wanted_reports(const struct args *a)
{
	unsigned json = (args_has(a, "revision") ? REPORT_JSON : 0) |
			(args_has(a, "receipt") ? REPORT_RECEIPT : 0);
	if (args_has(a, "html"))
		return json | REPORT_HTML_ALONE |
		       (a->lang == LANG_VI ? REPORT_HTML_VI : REPORT_HTML_EN);
	if (args_has(a, "etsi"))
		return json | REPORT_ETSI;
	return json | (args_has(a, "json") ? REPORT_JSON : REPORT_TEXT);
}

static struct err *
load_policy(const struct args *a, struct session *s)
{
	const char *file = args_get(a, "policy-file");
	if (file == NULL)
		return policy_load(s->request.policy, &s->judged_by);
	TRY(input_open(file, &s->policy));
	s->request.policy_text = s->policy.bytes;
	return err_while(
	    policy_own(s->policy.bytes, &s->judged_by), "%s", file);
}

static struct err *
load_session(const struct args *a, struct session *s)
{
	const char *policy = args_get(a, "policy");
	struct verify_request *r = &s->request;
	s->trust.name = "given";
	TRY(certs_load(a, "trust", &s->trust.anchors));
	TRY(certs_load(a, "certs", &s->extra));
	TRY(status_load(a, &s->status));
	TRY(load_external(a, s));
	TRY(online_open(a, &s->online));
	TRY(load_keys(a, s));
	TRY(load_shared_key(a, s));
	TRY(time_option(a, &r->time));
	r->format = args_get(a, "format");
	r->policy = policy != NULL ? policy : "basic";
	TRY(load_policy(a, s));
	r->now = clock_now(&clock_system);
	r->reports = wanted_reports(a);
	r->domains = &s->trust;
	r->ndomains = s->trust.anchors.n > 0 ? 1 : 0;
	r->status_data = s->status.v;
	r->nstatus_data = s->status.n;
	r->external = s->external;
	r->nexternal = s->nexternal;
	r->extra = &s->extra;
	r->keys = s->keys;
	r->nkeys = s->nkeys;
	r->dotnet_enveloped = args_has(a, "dotnet-enveloped");
	return NULL;
}

static void
session_done(struct session *s)
{
	cert_list_done(&s->trust.anchors);
	cert_list_done(&s->extra);
	status_done(&s->status);
	for (size_t i = 0; i < s->nexternal; i++)
		input_done(&s->inputs[i]);
	free(s->inputs);
	free(s->external);
	for (size_t i = 0; i < s->nkeys; i++)
		buf_done(&s->key_files[i]);
	free(s->key_files);
	free(s->keys);
	secret_done(&s->password);
	input_done(&s->policy);
	input_done(&s->shared_key);
	policy_free(s->judged_by);
	online_close(s->online);
}

/* How many bytes of the file the signature over revision `n` covers. */
static struct err *
revision_length(const struct buf *report, json_int_t n, size_t *out)
{
	CLEANUP(json_decrefp) json_t *j = NULL;
	size_t i;
	json_t *s;
	TRY(json_parse(buf_bytes(report), &j));
	json_array_foreach(json_object_get(j, "signatures"), i, s)
	{
		json_t *c = json_object_get(s, "coverage");
		json_int_t len =
		    json_integer_value(json_object_get(c, "covered_bytes"));
		if (len <= 0 ||
		    json_integer_value(json_object_get(c, "revision")) != n)
			continue;
		*out = (size_t)len;
		return NULL;
	}
	return err_coded(err_new(ERR_MISSING, NULL,
			     "no signature covers revision %lld", (long long)n),
	    "no-revision");
}

/* The file exactly as it was when that revision was signed. */
static struct err *
write_revision(
    const struct args *a, const char *path, const struct verify_answer *v)
{
	CLEANUP(input_done) struct input in = { 0 };
	CLEANUP(output_done) struct output out = { .fd = -1 };
	const char *number = args_get(a, "revision"), *to;
	char *end;
	size_t len = 0;
	if (number == NULL)
		return NULL;
	TRY(args_need(a, "out", &to));
	long n = strtol(number, &end, 10);
	if (end == number || *end != '\0' || n < 1)
		return err_new(ERR_USAGE, NULL, "--revision wants a number");
	TRY(revision_length(&v->json, n, &len));
	TRY(input_open(path, &in));
	if (len > in.bytes.len)
		return err_new(ERR_INTERNAL, NULL, "a file that shrank");
	TRY(output_open(to, &out));
	TRY(write_bytes(out.fd, bytes_slice(in.bytes, 0, len)));
	return output_commit(&out);
}

static const char *
file_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash == NULL ? path : slash + 1;
}

static struct err *
write_receipt(const struct args *a, struct bytes pdf)
{
	CLEANUP(output_done) struct output out = { .fd = -1 };
	const char *to = args_get(a, "receipt");
	if (to == NULL)
		return NULL;
	if (pdf.len == 0)
		return err_coded(
		    err_new(ERR_UNSUPPORTED, NULL, "no font could be read"),
		    "pdf-font");
	TRY(output_open(to, &out));
	TRY(write_bytes(out.fd, pdf));
	return output_commit(&out);
}

static struct err *
verify_here(struct session *s, const char *path, struct verify_answer *out)
{
	CLEANUP(input_done) struct input in = { 0 };
	TRY(input_open(path, &in));
	s->request.document = in.bytes;
	s->request.name = file_name(path);
	return verify_online(s->online, &s->request, NULL, out);
}

static struct err *
print_answer(const struct args *a, const char *path, bool several,
    const struct verify_answer *v)
{
	if (args_has(a, "indication")) {
		printf("%s %s %s\n", indication_name(v->indication),
		    sub_indication_name(v->sub), v->code);
		return NULL;
	}
	if (several)
		printf("== %s\n", path);
	const struct buf *b = args_has(a, "json")   ? &v->json
			      : args_has(a, "html") ? &v->html[a->lang]
			      : args_has(a, "etsi") ? &v->etsi
						    : &v->text[a->lang];
	fwrite(b->ptr, 1, b->len, stdout);
	if (b->len > 0 && b->ptr[b->len - 1] != '\n')
		putchar('\n');
	return NULL;
}

static struct err *
judge_path(void *ctx, const char *path, struct verify_answer *out)
{
	struct session *s = ctx;
	CLEANUP(input_done) struct input content = { 0 };
	unsigned wanted = s->request.reports;
	bool detached;
	TRY(content_beside(path, &content, &detached));
	const struct external beside = { .uri = NULL, .data = content.bytes };
	if (detached && s->nexternal == 0) {
		s->request.external = &beside;
		s->request.nexternal = 1;
	}
	s->request.reports =
	    (wanted & REPORT_JSON) != 0 ? REPORT_JSON : REPORT_NONE;
	struct err *e = verify_here(s, path, out);
	s->request.reports = wanted;
	s->request.external = s->external;
	s->request.nexternal = s->nexternal;
	return e;
}

static struct err *
verify_word(
    const struct args *a, struct session *s, const char *path, int *code)
{
	const struct folder_judge j = {
		.ctx = s, .judge = judge_path, .policy = s->judged_by
	};
	struct verify_answer v = { 0 };
	if (is_folder(path))
		return folder_verify(
		    &j, path, a->lang, args_has(a, "json"), code);
	TRY(verify_here(s, path, &v));
	struct err *e = write_revision(a, path, &v);
	if (e == NULL)
		e = write_receipt(a, buf_bytes(&v.receipt));
	if (e == NULL)
		e = print_answer(a, path, a->nwords > 1, &v);
	*code = exit_worse(*code, indication_exit(v.indication));
	verify_answer_done(&v);
	return e;
}

static struct err *
offline(const struct args *a, int *code)
{
	CLEANUP(session_done) struct session s = { 0 };
	TRY(load_session(a, &s));
	TRY(worker_start());
	struct err *e = NULL;
	for (size_t i = 0; e == NULL && i < a->nwords; i++)
		e = verify_word(a, &s, a->words[i], code);
	worker_stop();
	return e;
}

static struct err *
print_remote(const struct args *a, const char *text, int *code)
{
	CLEANUP(json_decrefp) json_t *j = NULL;
	const char *indication;
	TRY(json_read(text, &j));
	TRY(json_text(j, "indication", &indication));
	for (int i = TOTAL_PASSED; i <= TOTAL_FAILED; i++)
		if (strcmp(indication, indication_name((enum indication)i)) ==
		    0)
			*code = exit_worse(
			    *code, indication_exit((enum indication)i));
	if (args_has(a, "json")) {
		printf("%s\n", text);
		return NULL;
	}
	if (args_has(a, "indication")) {
		printf("%s\n", indication);
		return NULL;
	}
	/* The same text as offline: the service renders it with the report. */
	const char *report;
	TRY(json_text(j, a->lang == LANG_VI ? "text/vi" : "text/en", &report));
	printf("%s", report);
	return NULL;
}

/* "SHA-256:HEX" of what a detached signature is over: the file itself stays
 * here. */
static struct err *
hash_content(const char *path, struct buf *out)
{
	CLEANUP(input_done) struct input in = { 0 };
	uint8_t hash[DIGEST_MAX];
	TRY(input_open(path, &in));
	TRY(digest_of(DIGEST_SHA256, in.bytes, hash));
	TRY(buf_printf(out, "%s:", digest_name(DIGEST_SHA256)));
	return hex_encode(bytes_of(hash, digest_len(DIGEST_SHA256)), out);
}

/* Asked for once more, as a PDF: the document must come from a file. */
static struct err *
fetch_receipt(const struct args *a, struct signd *s, int fd)
{
	CLEANUP(output_done) struct output out = { .fd = -1 };
	const char *to = args_get(a, "receipt");
	if (to == NULL)
		return NULL;
	if (args_has(a, "content"))
		return err_new(
		    ERR_USAGE, NULL, "no receipt of a content that stays here");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(errno, "%s", a->words[0]);
	TRY(output_open(to, &out));
	TRY(service_err(signd_receipt(
	    s, fd, args_get(a, "policy"), file_name(a->words[0]), out.fd)));
	return output_commit(&out);
}

static struct err *
ask_online(const struct args *a, struct signd *s, const char *path, int *code)
{
	CLEANUP(signd_freep) char *text = NULL;
	CLEANUP(buf_done) struct buf hashes = BUF(1024);
	const char *content = args_get(a, "content"), *given = NULL;
	CLEANUP(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(errno, "%s", path);
	if (content != NULL) {
		TRY(hash_content(content, &hashes));
		TRY(buf_cstr(&hashes, &given));
	}
	TRY(service_err(signd_verify_hashes(
	    s, fd, given, args_get(a, "policy"), args_get(a, "time"), &text)));
	TRY(print_remote(a, text, code));
	return fetch_receipt(a, s, fd);
}

static struct err *
online(const struct args *a, int *code)
{
	CLEANUP(signd_closep) struct signd *s = NULL;
	TRY(service_open(a, &s));
	for (size_t i = 0; i < a->nwords && !args_has(a, "local"); i++)
		TRY(ask_online(a, s, a->words[i], code));
	if (!args_has(a, "local"))
		return NULL;
	TRY(worker_start());
	struct err *e = NULL;
	for (size_t i = 0; i < a->nwords && e == NULL; i++)
		e = verify_apart(a, s, a->words[i], code);
	worker_stop();
	return e;
}

static struct err *
run(const struct args *a, int *code)
{
	if (a->nwords == 0)
		return err_new(ERR_USAGE, NULL, "which file?");
	if (args_has(a, "revision") && (a->nwords > 1 || args_has(a, "url")))
		return err_new(ERR_USAGE, NULL,
		    "--revision is for one file, and without --url");
	if (args_has(a, "local") && !args_has(a, "url"))
		return err_new(
		    ERR_USAGE, NULL, "without --url every file stays here");
	if (args_has(a, "local") &&
	    (args_has(a, "receipt") || args_has(a, "content")))
		return err_new(ERR_USAGE, NULL,
		    "--local goes with neither --receipt nor --content");
	if (args_has(a, "receipt") && a->nwords > 1)
		return err_new(ERR_USAGE, NULL, "--receipt is for one file");
	return args_has(a, "url") ? online(a, code) : offline(a, code);
}

const struct command command_verify = {
	.name = "verify",
	.words = "FILE|FOLDER...",
	.summary = "tell whether a PDF, XML or CMS file is rightly signed",
	.more =
	    "Of a folder all files below it are verified, and a table is "
	    "printed.\n\n"
	    "With --url the service answers; without it the work is done here, "
	    "in a sandbox and\nwithout a network (but for --online), and "
	    "--trust "
	    "names who is believed.  '-' is standard input.\n\n"
	    "Under the policy basic a signature whose certificate may have "
	    "been "
	    "revoked is not\ncalled valid: give --crl or --ocsp (signctl ca "
	    "--crl FILE fetches the service's\nlist), --online, which asks the "
	    "servers that certificates name (they learn\nwhich certificate is "
	    "looked at), or --policy path-only, which leaves revocation out.",
	.options = options,
	.run = run,
};

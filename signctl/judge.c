/* signctl cert|crl|ocsp verify: one object judged alone, as certs/judge.h
 * has it. */
#include <stdlib.h>
#include <string.h>

#include "certs/judge.h"
#include "certs/ocsp_make.h"
#include "signctl/offline.h"

#define FILE_OPTIONS                                                           \
	{ "trust", "FILE", "anchors, PEM or DER", true },                      \
	    { "untrusted", "FILE", "issuers and responders", true },           \
	{                                                                      \
		"time", "ISO8601", "time of validation (now)", false           \
	}
#define RULE_OPTIONS                                                           \
	{ "purpose", "NAME|OID",                                               \
		"server, client, email, timestamp, ocsp, or an OID", false },  \
	    { "purpose-named", "leaf|all",                                     \
		    "who must name it, and no trade of its own beside it",     \
		    false },                                                   \
	    { "policy", "OID", "initial policy set", true },                   \
	    { "explicit-policy", NULL, "a policy must hold all along",         \
		    false },                                                   \
	    { "inhibit-mapping", NULL, "policies may not be mapped", false },  \
	    { "inhibit-any", NULL, "anyPolicy does not count", false },        \
	    { "strict", NULL, "issuers' rules of RFC 5280 too", false },       \
	    { "explicit-curves", NULL, "curves by parameters (ICAO)", false }, \
	    { "roots-only", NULL, "an anchor must be self-signed", false },    \
	    { "issuers-only", NULL, "an anchor does not vouch for itself",     \
		    false },                                                   \
	    { "pinned-only", NULL, "an anchor vouches for itself alone",       \
		    false },                                                   \
	    { "anchor-signed", NULL,                                           \
		    "a self-signed anchor's own signature must fit", false },  \
	    { "anchor-bare", NULL, "of an anchor name and key count alone",    \
		    false },                                                   \
	    { "anchor-says-ca", NULL, "an anchor has basicConstraints",        \
		    false },                                                   \
	    { "anchor-any-time", NULL, "an anchor's dates do not count",       \
		    false },                                                   \
	    { "depth", "N", "certificates between leaf and anchor", false },   \
	    { "status-time", "ISO8601", "when CRLs and answers are in force",  \
		    false },                                                   \
	{                                                                      \
		"security-level", "0-5", "keys and digests at least (0)",      \
		    false                                                      \
	}
#define LAST_OPTIONS                                                           \
	{ "lang", "vi|en", "language of what people read", false },            \
	    { "help", NULL, "this text", false },                              \
	{                                                                      \
		NULL, NULL, NULL, false                                        \
	}

static const struct option_row cert_options[] = {
	FILE_OPTIONS,
	{ "crl", "FILE", "a CRL, PEM or DER", true },
	{ "ocsp", "FILE", "an OCSP answer", true },
	{ "status", "ignore|known|required", "how revocation counts (known)",
	    false },
	RULE_OPTIONS,
	LAST_OPTIONS,
};

static const struct option_row status_options[] = {
	FILE_OPTIONS,
	{ "about", "FILE", "the certificate asked about; none: signature only",
	    false },
	{ "max-age", "SECONDS", "no older than this", false },
	LAST_OPTIONS,
};

static const struct option_row ocsp_options[] = {
	FILE_OPTIONS,
	{ "about", "FILE", "the certificate asked about; none: signature only",
	    false },
	{ "max-age", "SECONDS", "no older than this", false },
	{ "request", "FILE", "our request: its nonce must come back", false },
	{ "crl", "FILE", "a CRL that may name the responder", true },
	{ "ocsp", "FILE", "an OCSP answer about the responder", true },
	{ "responders-unchecked", NULL,
	    "a responder's own status does not matter", false },
	LAST_OPTIONS,
};

/* Files of one option: mapped, and as judge.h wants them. */
struct files {
	struct input *inputs;
	struct bytes *v;
	size_t n;
};

struct session {
	struct input subject;
	struct input about;
	struct input request;
	struct files anchors;
	struct files pool;
	struct files crls;
	struct files ocsps;
	struct judge_input in;
	struct judgement out;
};

static void
files_done(struct files *f)
{
	for (size_t i = 0; i < f->n; i++)
		input_done(&f->inputs[i]);
	free(f->inputs);
	free(f->v);
}

static void
session_done(struct session *s)
{
	judgement_done(&s->out);
	input_done(&s->subject);
	input_done(&s->about);
	input_done(&s->request);
	files_done(&s->anchors);
	files_done(&s->pool);
	files_done(&s->crls);
	files_done(&s->ocsps);
}

static struct err *
files_open(const struct args *a, const char *option, struct files *f,
    struct judge_files *out)
{
	size_t n;
	const char *const *paths = args_all(a, option, &n);
	f->inputs = calloc(n + 1, sizeof(*f->inputs));
	f->v = calloc(n + 1, sizeof(*f->v));
	if (f->inputs == NULL || f->v == NULL)
		return err_new(ERR_NOMEM, NULL, "files");
	for (; f->n < n; f->n++) {
		TRY(input_open(paths[f->n], &f->inputs[f->n]));
		f->v[f->n] = f->inputs[f->n].bytes;
	}
	*out = (struct judge_files){ .v = f->v, .n = f->n };
	return NULL;
}

static struct err *
open_common(const struct args *a, struct session *s)
{
	if (a->nwords != 1)
		return err_new(ERR_USAGE, NULL, "which one file?");
	TRY(input_open(a->words[0], &s->subject));
	s->in.subject = s->subject.bytes;
	TRY(files_open(a, "trust", &s->anchors, &s->in.anchors));
	TRY(files_open(a, "untrusted", &s->pool, &s->in.pool));
	TRY(time_option(a, &s->in.path.time));
	if (s->in.path.time == TIME_NONE)
		s->in.path.time = clock_now(&clock_system);
	return NULL;
}

static struct err *
wanted_status(const struct args *a, enum status_wanted *out)
{
	const char *word = args_get(a, "status");
	if (word == NULL || strcmp(word, "known") == 0)
		*out = STATUS_IF_KNOWN;
	else if (strcmp(word, "ignore") == 0)
		*out = STATUS_IGNORE;
	else if (strcmp(word, "required") == 0)
		*out = STATUS_REQUIRED;
	else
		return err_new(ERR_USAGE, NULL,
		    "--status wants ignore, known or required");
	return NULL;
}

static struct err *
read_depth(const struct args *a, struct path_request *r)
{
	const char *text = args_get(a, "depth");
	char *end = NULL;
	if (text == NULL)
		return NULL;
	long n = strtol(text, &end, 10);
	if (end == text || *end != '\0' || n < 0 || n > PATH_DEPTH_MAX)
		return err_new(ERR_USAGE, NULL, "--depth wants a number");
	r->depth_max = n == 0 ? -1 : (int)n;
	return NULL;
}

static struct err *
read_status_time(const struct args *a, struct path_request *r)
{
	const char *text = args_get(a, "status-time");
	return text == NULL ? NULL
			    : time_parse_iso(bytes_str(text), &r->status_time);
}

static struct err *
read_purpose(const struct args *a, struct path_request *r)
{
	const char *named = args_get(a, "purpose-named");
	r->purpose = args_get(a, "purpose");
	if (named == NULL)
		return NULL;
	if (r->purpose == NULL)
		return err_new(ERR_USAGE, NULL, "--purpose-named of none");
	if (strcmp(named, "leaf") == 0)
		r->purpose_named = PURPOSE_NAMED_BY_LEAF;
	else if (strcmp(named, "all") == 0)
		r->purpose_named = PURPOSE_NAMED_BY_ALL;
	else
		return err_new(
		    ERR_USAGE, NULL, "--purpose-named wants leaf or all");
	return NULL;
}

static struct err *
read_rules(const struct args *a, struct path_request *r)
{
	TRY(read_purpose(a, r));
	r->policies = args_all(a, "policy", &r->npolicies);
	r->explicit_policy = args_has(a, "explicit-policy");
	r->inhibit_mapping = args_has(a, "inhibit-mapping");
	r->inhibit_any = args_has(a, "inhibit-any");
	r->strict = args_has(a, "strict");
	r->explicit_curves = args_has(a, "explicit-curves");
	r->roots_only = args_has(a, "roots-only");
	r->issuers_only = args_has(a, "issuers-only");
	r->pinned_only = args_has(a, "pinned-only");
	r->anchor_signed = args_has(a, "anchor-signed");
	r->anchor_bare = args_has(a, "anchor-bare");
	r->anchor_says_ca = args_has(a, "anchor-says-ca");
	r->anchor_any_time = args_has(a, "anchor-any-time");
	TRY(read_depth(a, r));
	TRY(read_status_time(a, r));
	const char *level = args_get(a, "security-level");
	if (level != NULL &&
	    (strlen(level) != 1 || *level < '0' || *level > '5'))
		return err_new(
		    ERR_USAGE, NULL, "--security-level wants 0 to 5");
	r->security_level = level == NULL ? 0 : *level - '0';
	return wanted_status(a, &r->status);
}

static struct err *
read_about(const struct args *a, struct session *s)
{
	const char *about = args_get(a, "about");
	const char *age = args_get(a, "max-age");
	char *end = NULL;
	if (about != NULL) {
		TRY(input_open(about, &s->about));
		s->in.about = s->about.bytes;
	}
	if (age == NULL)
		return NULL;
	s->in.max_age_s = strtoll(age, &end, 10);
	if (*end != '\0' || end == age || s->in.max_age_s < 0)
		return err_new(ERR_USAGE, NULL, "--max-age wants seconds");
	return NULL;
}

static struct err *
tell(const struct judgement *j, int *code)
{
	static const int codes[] = {
		[JUDGE_VALID] = EXIT_VALID,
		[JUDGE_INVALID] = EXIT_INVALID,
		[JUDGE_INDETERMINATE] = EXIT_INDETERMINATE,
	};
	if (j->word == JUDGE_PARSE_ERROR)
		return err_new(ERR_MALFORMED, NULL, "%s", j->detail);
	printf("%s%s%s\n", judge_word_name(j->word),
	    j->detail[0] != '\0' ? ": " : "", j->detail);
	for (size_t i = 0; i < j->path.chain.n; i++)
		printf("  %zu: %s\n", i, cert_subject(j->path.chain.v[i]));
	*code = codes[j->word];
	return NULL;
}

static struct err *
run_cert(const struct args *a, int *code)
{
	CLEANUP(session_done) struct session s = { 0 };
	TRY(open_common(a, &s));
	TRY(files_open(a, "crl", &s.crls, &s.in.crls));
	TRY(files_open(a, "ocsp", &s.ocsps, &s.in.ocsps));
	TRY(read_rules(a, &s.in.path));
	TRY(judge_cert(&s.in, &s.out));
	return tell(&s.out, code);
}

static struct err *
run_crl(const struct args *a, int *code)
{
	CLEANUP(session_done) struct session s = { 0 };
	TRY(open_common(a, &s));
	TRY(read_about(a, &s));
	TRY(judge_crl(&s.in, &s.out));
	return tell(&s.out, code);
}

static struct err *
read_request(const struct args *a, struct session *s)
{
	const char *path = args_get(a, "request");
	struct ocsp_request q;
	if (path == NULL)
		return NULL;
	TRY(input_open(path, &s->request));
	TRY(ocsp_request_parse(s->request.bytes, &q));
	s->in.nonce = q.nonce;
	return NULL;
}

static struct err *
run_ocsp(const struct args *a, int *code)
{
	CLEANUP(session_done) struct session s = { 0 };
	TRY(open_common(a, &s));
	TRY(read_about(a, &s));
	TRY(read_request(a, &s));
	TRY(files_open(a, "crl", &s.crls, &s.in.crls));
	TRY(files_open(a, "ocsp", &s.ocsps, &s.in.ocsps));
	s.in.responders_unchecked = args_has(a, "responders-unchecked");
	TRY(judge_ocsp(&s.in, &s.out));
	return tell(&s.out, code);
}

const struct command command_cert_verify = {
	.name = "cert verify",
	.words = "FILE",
	.summary = "tell whether a certificate has a path to an anchor",
	.options = cert_options,
	.run = run_cert,
};

const struct command command_crl_verify = {
	.name = "crl verify",
	.words = "FILE",
	.summary = "tell what a CRL says of a certificate",
	.options = status_options,
	.run = run_crl,
};

const struct command command_ocsp_verify = {
	.name = "ocsp verify",
	.words = "FILE",
	.summary = "tell what an OCSP answer says of a certificate",
	.options = ocsp_options,
	.run = run_ocsp,
};

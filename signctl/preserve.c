/*
 * signctl preserve: what an agency does with a file that it keeps.  The file is
 * verified, raised to LTA with the evidence at hand, verified again, and only
 * written where the outcome is no worse.
 */
#include "signctl/raise.h"

#include <stdio.h>
#include <string.h>

static const struct option_row options[] = {
	RAISE_OPTIONS,
	{ "out", "FILE", "what comes out", false },
	{ "policy", "NAME", "judged by this one (vn-2025)", false },
	{ "policy-file", "FILE", "or by one of your own, in JSON", false },
	{ "content", "FILE", "the data of a detached signature", false },
	{ "format", "pdf|xml|asic|cms", "do not guess the format", false },
	{ "password-fd", "N", "read a PDF's password from descriptor N",
	    false },
	{ "json", NULL, "print the report as JSON", false },
	{ "lang", "vi|en", "language of what people read", false },
	{ "help", NULL, "this text", false },
	{ NULL, NULL, NULL, false },
};

struct session {
	struct raise raise;
	struct input document;
	struct secret password;
	struct input policy; /* --policy-file */
	struct verify_request request;
};

static void
session_done(struct session *s)
{
	raise_done(&s->raise);
	input_done(&s->document);
	secret_done(&s->password);
	input_done(&s->policy);
}

static struct err *
load(const struct args *a, struct session *s)
{
	const char *policy = args_get(a, "policy");
	TRY(raise_load(a, &s->raise));
	s->raise.level = LEVEL_LTA;
	TRY(password_read(a, &s->password));
	s->raise.password = bytes_str((const char *)s->password.ptr);
	TRY(input_open(a->words[0], &s->document));
	if (args_has(a, "policy-file"))
		TRY(input_open(args_get(a, "policy-file"), &s->policy));
	s->request = (struct verify_request){
		.format = s->raise.format,
		.policy = policy != NULL ? policy : "vn-2025",
		.policy_text = s->policy.bytes,
		.time = TIME_NONE,
		.domains = &s->raise.trust,
		.ndomains = s->raise.trust.anchors.n > 0 ? 1 : 0,
		.status_data = s->raise.status.v,
		.nstatus_data = s->raise.status.n,
		.external = &s->raise.external,
		.nexternal = s->raise.nexternal,
		.extra = &s->raise.certs,
		.password = s->raise.password,
		.reports = args_has(a, "json") ? REPORT_JSON : REPORT_TEXT,
	};
	return NULL;
}

static struct err *
judge(struct session *s, struct verify_answer *out)
{
	s->request.document = s->document.bytes;
	s->request.now = clock_now(&clock_system);
	return verify_online(s->raise.online, &s->request, NULL, out);
}

/* A signature that is not valid is not made better by keeping it. */
static struct err *
check_before(struct session *s, enum indication *out)
{
	struct verify_answer v = { 0 };
	TRY(judge(s, &v));
	*out = v.indication;
	struct err *e = v.indication == TOTAL_FAILED
			    ? err_coded(err_new(ERR_DENIED, NULL, "%s", v.code),
				  "preserve-not-valid")
			    : NULL;
	verify_answer_done(&v);
	return e;
}

static struct err *
write_outcome(const struct args *a, const char *path, struct session *s,
    enum indication before, int *code)
{
	struct verify_answer v = { 0 };
	TRY(judge(s, &v));
	struct err *e = NULL;
	if (v.indication > before)
		e = err_coded(err_new(ERR_INTERNAL, NULL, "%s", v.code),
		    "preserve-worse");
	if (e == NULL)
		e = write_document(path, s->document.bytes);
	if (e == NULL) {
		const struct buf *b =
		    args_has(a, "json") ? &v.json : &v.text[a->lang];
		fwrite(b->ptr, 1, b->len, stdout);
		*code = indication_exit(v.indication);
	}
	verify_answer_done(&v);
	return e;
}

static struct err *
preserve(const struct args *a, const char *out, struct session *s, int *code)
{
	enum indication before;
	TRY(check_before(s, &before));
	TRY(raise_all(&s->raise, &s->document));
	return write_outcome(a, out, s, before, code);
}

static struct err *
run(const struct args *a, int *code)
{
	CLEANUP(session_done) struct session s = { 0 };
	const char *out;
	if (a->nwords != 1)
		return err_new(ERR_USAGE, NULL, "preserve which one file?");
	TRY(args_need(a, "out", &out));
	TRY(load(a, &s));
	TRY(worker_start());
	struct err *e = preserve(a, out, &s, code);
	worker_stop();
	return e;
}

const struct command command_preserve = {
	.name = "preserve",
	.words = "FILE",
	.summary = "verify a file and raise it to LTA, to be kept for decades",
	.more = "The file is verified under the policy, raised to LTA by --tsa "
		"and the evidence of the\nfiles given, or of the servers with "
		"--online, and verified again; the "
		"report says until when the evidence holds.\nBefore that time, "
		"preserve it again.  One that is not valid is refused.",
	.options = options,
	.run = run,
};

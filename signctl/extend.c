/* signctl extend: raises signatures, of whatever origin, to T, LT or LTA. */
#include "signctl/raise.h"
#include "signctl/service.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static const struct option_row options[] = {
	SERVICE_OPTIONS,
	RAISE_LEVEL,
	RAISE_OPTIONS,
	{ "out", "FILE", "what comes out", false },
	{ "id", "SIGNATURE", "only this one, as verify names it", false },
	{ "content", "FILE", "the data of a detached signature", false },
	{ "format", "pdf|xml|asic|cms", "do not guess the format", false },
	{ "password-fd", "N", "read a PDF's password from descriptor N",
	    false },
	{ "json", NULL, "print the answer as JSON", false },
	{ "lang", "vi|en", "language of what people read", false },
	{ "help", NULL, "this text", false },
	{ NULL, NULL, NULL, false },
};

static struct err *
tell(const struct args *a, const char *out)
{
	if (strcmp(out, "-") == 0)
		return NULL;
	if (args_has(a, "json"))
		printf("{\"extended\": true}\n");
	else
		printf(
		    a->lang == LANG_VI ? "Đã nâng mức: %s\n" : "Extended: %s\n",
		    out);
	return NULL;
}

/* The service has evidence and an authority of its own. */
static struct err *
extend_there(const struct args *a, const struct raise *r, const char *out_path)
{
	CLEANUP(signd_closep) struct signd *s = NULL;
	CLEANUP(output_done) struct output out = { .fd = -1 };
	TRY(raise_by_service(a));
	CLEANUP(close_fdp) int in = open(a->words[0], O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return err_errno(errno, "%s", a->words[0]);
	TRY(service_open(a, &s));
	TRY(output_open(out_path, &out));
	TRY(service_err(signd_extend(
	    s, raise_level_name(r->level), r->id, in, out.fd)));
	return output_commit(&out);
}

static struct err *
extend_here(const struct args *a, struct raise *r, const char *out_path)
{
	CLEANUP(input_done) struct input document = { 0 };
	CLEANUP(secret_done) struct secret password = { 0 };
	TRY(password_read(a, &password));
	r->password = bytes_str((const char *)password.ptr);
	TRY(input_open(a->words[0], &document));
	TRY(worker_start());
	struct err *e = raise_all(r, &document);
	worker_stop();
	TRY(e);
	return write_document(out_path, document.bytes);
}

static struct err *
run(const struct args *a, int *code)
{
	(void)code;
	CLEANUP(raise_done) struct raise r = { 0 };
	const char *out;
	const char *ignored;
	if (a->nwords != 1)
		return err_new(ERR_USAGE, NULL, "extend which one file?");
	TRY(args_need(a, "out", &out));
	TRY(args_need(a, "level", &ignored));
	TRY(raise_load(a, &r));
	if (r.level < LEVEL_T)
		return err_new(
		    ERR_USAGE, NULL, "--level wants t, lt or lta");
	TRY(args_has(a, "url") ? extend_there(a, &r, out)
			       : extend_here(a, &r, out));
	return tell(a, out);
}

const struct command command_extend = {
	.name = "extend",
	.words = "FILE",
	.summary = "raise the signatures of a file to the level T, LT or LTA",
	.more = "What is missing is done one level after the other: a time "
		"stamp by --tsa (T), the\nevidence of the files given (LT), an "
		"archive time stamp (LTA).  A file that is at LTA\nalready gets "
		"another archive time stamp.  Nothing is fetched but time "
		"stamps, and with\n--online evidence.  With --url the service does it, with what it has.",
	.options = options,
	.run = run,
};

/*
 * signctl preserve: what an agency does with a file that it keeps.  The file is
 * verified, raised to LTA with the evidence at hand, verified again, and only
 * written where the outcome is no worse.
 */
#include "signctl/folder.h"
#include "signctl/keep.h"

#include <stdio.h>
#include <string.h>

static const struct option_row options[] = {
	RAISE_OPTIONS,
	{ "out", "FILE", "what comes out", false },
	{ "ahead", "DAYS", "of a folder: renew what ends within them (90)",
	    false },
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

/* A signature that is not valid is not made better by keeping it. */
static struct err *
check_before(struct keeper *k, struct bytes document, enum indication *out)
{
	struct verify_answer v = { 0 };
	TRY(keep_judge(k, document, &v));
	*out = v.indication;
	struct err *e = v.indication == TOTAL_FAILED
			    ? err_coded(err_new(ERR_DENIED, NULL, "%s", v.code),
				  "preserve-not-valid")
			    : NULL;
	verify_answer_done(&v);
	return e;
}

static struct err *
write_outcome(const struct args *a, const char *path, struct keeper *k,
    struct bytes document, enum indication before, int *code)
{
	struct verify_answer v = { 0 };
	TRY(keep_judge(k, document, &v));
	struct err *e = NULL;
	if (v.indication > before)
		e = err_coded(err_new(ERR_INTERNAL, NULL, "%s", v.code),
		    "preserve-worse");
	if (e == NULL)
		e = write_document(path, document);
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
preserve_one(struct keeper *k, const struct args *a, int *code)
{
	CLEANUP(input_done) struct input document = { 0 };
	enum indication before;
	const char *out;
	TRY(args_need(a, "out", &out));
	TRY(input_open(a->words[0], &document));
	if (!args_has(a, "json"))
		k->request.reports = REPORT_TEXT;
	TRY(check_before(k, document.bytes, &before));
	TRY(raise_all(&k->raise, &document));
	return write_outcome(a, out, k, document.bytes, before, code);
}

/* Each file in a folder has its own content, and is its own outcome. */
static struct err *
check_folder(const struct args *a)
{
	static const char *const of_one[] = { "out", "content" };
	for (size_t i = 0; i < COUNT_OF(of_one); i++)
		if (args_has(a, of_one[i]))
			return err_new(ERR_USAGE, NULL,
			    "--%s is for one file; those of a folder are "
			    "replaced",
			    of_one[i]);
	return NULL;
}

static struct err *
run(const struct args *a, int *code)
{
	CLEANUP(keep_done) struct keeper k = { .judged_by = NULL };
	if (a->nwords != 1)
		return err_new(
		    ERR_USAGE, NULL, "preserve which one file or folder?");
	bool folder = is_folder(a->words[0]);
	if (folder)
		TRY(check_folder(a));
	else if (args_has(a, "ahead"))
		return err_new(ERR_USAGE, NULL, "--ahead is for a folder");
	TRY(keep_load(a, &k));
	TRY(worker_start());
	struct err *e =
	    folder ? preserve_folder(&k, a, code) : preserve_one(&k, a, code);
	worker_stop();
	return e;
}

const struct command command_preserve = {
	.name = "preserve",
	.words = "FILE|FOLDER",
	.summary = "verify a file and raise it to LTA, to be kept for decades",
	.more = "The file is verified under the policy, raised to LTA by --tsa "
		"and the evidence of the\nfiles given, or of the servers with "
		"--online, and verified again; the "
		"report says until when the evidence holds.\nBefore that time, "
		"preserve it again.  One that is not valid is refused.\n\n"
		"Of a folder all files below it are raised, each in its own "
		"place and all at once; those at LTA are\nrenewed where their "
		"evidence ends within --ahead days, and what needs nothing is "
		"left alone: run it\nevery night.  Whatever fails, the file "
		"stays as it was.",
	.options = options,
	.run = run,
};

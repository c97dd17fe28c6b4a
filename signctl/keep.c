#include "signctl/keep.h"

#include "base/json.h"
#include "signctl/folder.h"
#include "signctl/service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define AHEAD_DAYS 90         /* if --ahead does not say otherwise */
#define AHEAD_DAYS_MAX 36500L /* a hundred years */

/* ---- options ---- */

static struct err *
read_ahead(const struct args *a, int64_t *out)
{
	const char *text = args_get(a, "ahead");
	char *end;
	*out = AHEAD_DAYS * DAY;
	if (text == NULL)
		return NULL;
	long days = strtol(text, &end, 10);
	if (end == text || *end != '\0' || days < 0 || days > AHEAD_DAYS_MAX)
		return err_new(ERR_USAGE, NULL, "--ahead wants days");
	*out = days * DAY;
	return NULL;
}

static struct err *
load_policy(const struct args *a, struct keeper *k)
{
	const char *name = args_get(a, "policy");
	const char *file = args_get(a, "policy-file");
	k->request.policy = name != NULL ? name : "vn-2025";
	if (file == NULL)
		return policy_load(k->request.policy, &k->judged_by);
	TRY(input_open(file, &k->policy));
	k->request.policy_text = k->policy.bytes;
	return err_while(
	    policy_parse(k->policy.bytes, &k->judged_by), "%s", file);
}

struct err *
keep_load(const struct args *a, struct keeper *k)
{
	TRY(raise_load(a, &k->raise));
	k->raise.level = LEVEL_LTA;
	TRY(read_ahead(a, &k->ahead));
	TRY(password_read(a, &k->password));
	k->raise.password = bytes_str((const char *)k->password.ptr);
	struct verify_request *r = &k->request;
	*r = (struct verify_request){
		.format = k->raise.format,
		.time = TIME_NONE,
		.domains = &k->raise.trust,
		.ndomains = k->raise.trust.anchors.n > 0 ? 1 : 0,
		.status_data = k->raise.status.v,
		.nstatus_data = k->raise.status.n,
		.external = &k->raise.external,
		.nexternal = k->raise.nexternal,
		.extra = &k->raise.certs,
		.password = k->raise.password,
		.reports = REPORT_JSON,
	};
	return load_policy(a, k);
}

void
keep_done(struct keeper *k)
{
	raise_done(&k->raise);
	secret_done(&k->password);
	input_done(&k->policy);
	policy_free(k->judged_by);
	*k = (struct keeper){ .judged_by = NULL };
}

struct err *
keep_judge(struct keeper *k, struct bytes document, struct verify_answer *out)
{
	k->request.document = document;
	k->request.now = clock_now(&clock_system);
	return verify_online(k->raise.online, &k->request, NULL, out);
}

/* ---- what a file is like ---- */

struct state {
	enum indication indication;
	enum sub_indication sub;
	char code[64];
	enum level level;    /* the lowest */
	int64_t holds_until; /* of the signature whose evidence ends first */
	/* Each is at LTA, or has no levels (PKCS#7 in PDF) and a valid time
	 * stamp over all that is there. */
	bool archived;
};

static bool
has_archive_stamp(const json_t *signature)
{
	const json_t *all =
	    json_object_get(json_object_get(signature, "time"), "time_stamps");
	size_t i;
	const json_t *t;
	json_array_foreach(all, i, t)
	{
		const char *kind =
		    json_string_value(json_object_get(t, "kind"));
		const char *indication =
		    json_string_value(json_object_get(t, "indication"));
		if (kind != NULL && indication != NULL &&
		    (strcmp(kind, "document") == 0 ||
			strcmp(kind, "archive") == 0) &&
		    strcmp(indication, indication_name(TOTAL_PASSED)) == 0)
			return true;
	}
	return false;
}

static bool
is_archived(const json_t *signature)
{
	const char *level =
	    json_string_value(json_object_get(signature, "level"));
	return level == NULL || strcmp(level, "none") == 0
		   ? has_archive_stamp(signature)
		   : strcmp(level, "LTA") == 0;
}

static struct err *
read_signature(const json_t *signature, struct state *out)
{
	const char *end =
	    json_string_value(json_object_get(signature, "holds_until"));
	int64_t t;
	out->archived = out->archived && is_archived(signature);
	if (end == NULL)
		return NULL;
	TRY(time_parse_iso(bytes_str(end), &t));
	if (out->holds_until == TIME_NONE || t < out->holds_until)
		out->holds_until = t;
	return NULL;
}

static struct err *
read_report(const struct buf *report, struct state *out)
{
	CLEANUP(json_decrefp) json_t *j = NULL;
	size_t i;
	json_t *s;
	TRY(json_parse(buf_bytes(report), &j));
	out->archived = true;
	json_array_foreach(json_object_get(j, "signatures"), i, s)
	    TRY(read_signature(s, out));
	return NULL;
}

/* Document time stamps alone have no level, and need none. */
static struct err *
find_level(struct keeper *k, struct bytes document, enum level *out)
{
	struct err *e = raise_lowest(&k->raise, document, out);
	if (e == NULL || strcmp(err_code(e), "no-signature") != 0)
		return e;
	err_free(e);
	*out = LEVEL_LTA;
	return NULL;
}

static struct err *
judge_state(struct keeper *k, struct bytes document, struct state *out)
{
	struct verify_answer v = { 0 };
	TRY(keep_judge(k, document, &v));
	*out = (struct state){ .indication = v.indication,
		.sub = v.sub,
		.level = LEVEL_LTA,
		.holds_until = TIME_NONE };
	memcpy(out->code, v.code, sizeof(out->code));
	struct err *e = read_report(&v.json, out);
	bool any = v.signatures > 0;
	verify_answer_done(&v);
	if (e == NULL && any && out->indication != TOTAL_FAILED)
		e = find_level(k, document, &out->level);
	return e;
}

static bool
is_unsigned(const struct state *s)
{
	static const char *const codes[] = { "format-unknown", "format-office",
		"no-signature" };
	for (size_t i = 0; i < COUNT_OF(codes); i++)
		if (strcmp(s->code, codes[i]) == 0)
			return true;
	return false;
}

/* What is at LTA and cannot be judged is not made better by a time stamp more:
 * it would get one in each run. */
static bool
needs_nothing(const struct keeper *k, const struct state *s)
{
	if (s->indication == TOTAL_FAILED)
		return true;
	if (s->level < LEVEL_LTA && !s->archived)
		return false;
	return s->indication != TOTAL_PASSED || s->holds_until == TIME_NONE ||
	       s->holds_until > clock_now(&clock_system) + k->ahead;
}

/* ---- what becomes of it ---- */

static void
tell(struct kept_file *out, enum keep_action action, const struct state *s)
{
	*out = (struct kept_file){ .action = action,
		.indication = s->indication,
		.sub = s->sub,
		.holds_until = s->holds_until };
	memcpy(out->code, s->code, sizeof(out->code));
}

/* Neither a higher level nor a later end: the same would be done again in the
 * next run. */
static struct err *
check_gain(const struct state *before, const struct state *after)
{
	if (after->indication > before->indication)
		return err_coded(err_new(ERR_INTERNAL, NULL, "%s", after->code),
		    "preserve-worse");
	if (after->level > before->level ||
	    (after->archived && !before->archived) ||
	    after->indication < before->indication ||
	    after->holds_until > before->holds_until)
		return NULL;
	return before->archived
		   ? err_coded(err_new(ERR_REMOTE, NULL, "nothing is gained"),
			 "preserve-no-later")
		   : err_coded(
			 err_new(ERR_UNSUPPORTED, NULL, "nothing is gained"),
			 "level-unsupported");
}

static struct err *
raise_file(struct keeper *k, const char *path, const struct stat *seen,
    const struct state *before, struct input *document, struct kept_file *out)
{
	struct state after = { 0 };
	TRY(raise_all(&k->raise, document));
	TRY(judge_state(k, document->bytes, &after));
	TRY(check_gain(before, &after));
	TRY(file_replace(path, seen, document->bytes));
	tell(out, before->archived ? KEEP_RENEWED : KEEP_RAISED, &after);
	return NULL;
}

static struct err *
keep_open(const char *path, struct stat *seen, struct input *document)
{
	if (lstat(path, seen) != 0)
		return err_errno(errno, "%s", path);
	return input_open(path, document);
}

static struct err *
keep(struct keeper *k, const char *path, struct state *before,
    struct kept_file *out)
{
	CLEANUP(input_done) struct input document = { 0 };
	CLEANUP(input_done) struct input content = { 0 };
	struct stat seen;
	bool detached;
	TRY(content_beside(path, &content, &detached));
	k->raise.external.data = content.bytes;
	k->raise.nexternal = k->request.nexternal = detached ? 1 : 0;
	TRY(keep_open(path, &seen, &document));
	TRY(judge_state(k, document.bytes, before));
	tell(out, KEEP_UNTOUCHED, before);
	if (is_unsigned(before))
		out->action = KEEP_OTHER;
	else if (!needs_nothing(k, before))
		return raise_file(k, path, &seen, before, &document, out);
	return NULL;
}

struct err *
keep_file(struct keeper *k, const char *path, struct kept_file *out)
{
	struct state before = { .indication = INDETERMINATE,
		.holds_until = TIME_NONE };
	struct err *e = keep(k, path, &before, out);
	if (e == NULL || err_kind(e) == ERR_NOMEM)
		return e;
	tell(out,
	    err_kind(e) == ERR_UNSUPPORTED ? KEEP_UNSUPPORTED : KEEP_FAILED,
	    &before);
	(void)snprintf(out->code, sizeof(out->code), "%s",
	    strcmp(err_code(e), err_kind_name(ERR_DENIED)) == 0 ? "file-denied"
								: err_code(e));
	err_free(e);
	return NULL;
}

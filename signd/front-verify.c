/* POST /v1/verifications: what workers judge, told as it was asked for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/pack.h"
#include "report/report.h"
#include "signd/front-hashes.h"
#include "signd/front-verdict.h"
#include "signd/front.h"
#include "signd/proto.h"
#include "worker/job.h"

struct asked_for {
	const char *policy;
	int64_t time; /* TIME_NONE: now */
	struct bytes content;
	int64_t wait_ms;  /* for what is asked outside */
	const char *name; /* of the file, or NULL */
	struct verdict_place place;
	struct hashes hashes; /* instead of the content */
	bool out_of_pdf;
	bool shown; /* the JSON has the lines that people read */
};

static void
wanted_done(struct asked_for *w)
{
	verdict_place_done(&w->place);
}

/* Which report is asked for, by Accept. */
static unsigned
wanted_report(const struct request *r)
{
	if (request_accepts(r, "text/html"))
		return request_lang(r) == LANG_VI ? REPORT_HTML_VI
						  : REPORT_HTML_EN;
	if (request_accepts(r, "text/plain"))
		return REPORT_TEXT;
	if (request_accepts(r, "application/pdf"))
		return REPORT_RECEIPT;
	if (request_accepts(r, "application/xml") ||
	    request_accepts(r, "text/xml"))
		return REPORT_ETSI;
	return REPORT_JSON;
}

static bool
wants_receipt(const struct request *r)
{
	return wanted_report(r) == REPORT_RECEIPT;
}

static struct err *
read_hashes(const struct request *r, struct asked_for *w)
{
	const char *text, *of;
	TRY(request_param(r, "hash", &text));
	TRY(request_param(r, "of", &of));
	if (text == NULL && r->form != NULL && r->form->hash[0] != '\0')
		text = r->form->hash;
	if (of == NULL && r->form != NULL && r->form->of[0] != '\0')
		of = r->form->of;
	if (of != NULL && strcmp(of, "pdf") != 0)
		return err_coded(
		    err_new(ERR_USAGE, NULL, "of: pdf"), "parameter");
	/* Where nothing says what it is to be over, no verdict could be about
	 * the PDF. */
	if (of != NULL && text == NULL && w->content.ptr == NULL)
		return err_coded(
		    err_new(ERR_USAGE, NULL, "of: pdf wants hash, too"),
		    "parameter");
	w->out_of_pdf = of != NULL;
	if (text == NULL)
		return NULL;
	if (w->content.ptr != NULL)
		return err_coded(
		    err_new(ERR_USAGE, NULL, "a content and its hash, too"),
		    "parameter");
	return hashes_read(text, &w->hashes);
}

static struct err *
read_name(const struct request *r, struct asked_for *w)
{
	TRY(request_param(r, "filename", &w->name));
	if (w->name == NULL && r->form != NULL && r->form->name[0] != '\0')
		w->name = r->form->name;
	return NULL;
}

/* What is kept: no more than the verdict, unless it was asked for.  A receipt
 * leads to a page with the report that it was made of. */
static struct err *
read_keep(const struct request *r, struct asked_for *w)
{
	static const char *const words[] = { [KEEP_NOTHING] = "nothing",
		[KEEP_VERDICT] = "verdict",
		[KEEP_REPORT] = "report" };
	enum verdict_keep keep = KEEP_VERDICT;
	const char *word;
	TRY(request_param(r, "keep", &word));
	if (word == NULL && r->form != NULL && r->form->keep[0] != '\0')
		word = r->form->keep;
	for (size_t i = 0; word != NULL && i < COUNT_OF(words); i++)
		if (strcmp(word, words[i]) == 0) {
			keep = (enum verdict_keep)i;
			word = NULL;
		}
	if (word != NULL)
		return err_coded(err_new(ERR_USAGE, NULL,
				     "keep: nothing, verdict or report"),
		    "parameter");
	if (wants_receipt(r))
		keep = KEEP_REPORT;
	/* A report takes room for years, and a receipt the token. */
	if (keep == KEEP_REPORT)
		TRY(verdict_pay(r));
	return verdict_place_new(r->front, keep, &w->place);
}

static struct err *
read_shown(const struct request *r, struct asked_for *w)
{
	const char *word;
	TRY(request_param(r, "shown", &word));
	if (word != NULL && strcmp(word, "yes") != 0)
		return err_coded(
		    err_new(ERR_USAGE, NULL, "shown: yes"), "parameter");
	w->shown = word != NULL;
	return NULL;
}

/* A page's field for a time has no zone; who fills it in is in Viet Nam. */
static struct err *
read_time(const struct request *r, int64_t *out)
{
	const struct form *form = r->form;
	const char *text;
	char local[sizeof(form->vietnam_time) + 8];
	*out = TIME_NONE;
	TRY(request_param(r, "time", &text));
	if (form != NULL && text == NULL && form->time[0] != '\0')
		text = form->time;
	if (form != NULL && text == NULL && form->vietnam_time[0] != '\0') {
		snprintf(local, sizeof(local), "%s+07:00", form->vietnam_time);
		text = local;
	}
	if (text == NULL)
		return NULL;
	struct err *e = time_parse_iso(bytes_str(text), out);
	return e == NULL ? NULL : err_coded(e, "parameter");
}

static struct err *
read_wanted(const struct request *r, struct asked_for *w)
{
	static const char *const names[] = { "policy", "time", "wait", "keep",
		"filename", "shown", "hash", "of", NULL };
	const struct form *form = r->form;
	TRY(request_params_are(r, names));
	TRY(request_param(r, "policy", &w->policy));
	TRY(read_time(r, &w->time));
	TRY(wait_param(r, &w->wait_ms));
	if (form != NULL && w->policy == NULL && form->policy[0] != '\0')
		w->policy = form->policy;
	if (w->policy == NULL)
		w->policy = r->front->s->policy;
	CLEANUP(policy_freep) struct policy *known = NULL;
	TRY(policy_load(w->policy, &known));
	if (form != NULL && form->has_content)
		w->content = buf_bytes(&form->content);
	TRY(read_hashes(r, w));
	TRY(read_name(r, w));
	TRY(read_shown(r, w));
	return read_keep(r, w);
}

/* Of a PDF that opens by one; it comes in a form alone, as addresses are
 * logged by whoever stands between. */
static struct bytes
password_of(const struct request *r)
{
	return r->form == NULL ? BYTES_NONE : bytes_str(r->form->password);
}

static struct err *
judge_document(const struct request *r, const struct asked_for *w,
    const struct trusted *t, struct verify_answer *out)
{
	const struct external content = { .uri = NULL, .data = w->content };
	const struct verify_request v = {
		.policy = w->policy,
		.time = w->time,
		.now = clock_now(&clock_system),
		.domains = t->domains,
		.ndomains = t->ndomains,
		.status_data = t->crls,
		.nstatus_data = t->ncrls,
		.extra = &t->ended,
		.index_fds = t->index_fds,
		.nindexes = t->nindexes,
		.status_along = t->nindexes > 0,
		.external = w->hashes.given ? &w->hashes.content : &content,
		.nexternal = w->hashes.given || w->content.ptr != NULL,
		.out_of_pdf = w->out_of_pdf,
		.reports = wanted_report(r) | verdict_reports(&w->place) |
			   (w->shown ? REPORT_SHOWN : 0u),
		.password = password_of(r),
		.name = w->name,
		.place = w->place.keep == KEEP_NOTHING ? NULL : &w->place.place,
	};
	return ask_verification(
	    r->front, &v, r->document.fd, w->wait_ms, NULL, out);
}

/* ---- the answer ---- */

/* SHA-256 of what the verdict is about. */
static const uint8_t *
about(const struct request *r, const struct asked_for *w)
{
	return w->hashes.given ? w->hashes.sha256 : r->document.sha256;
}

static struct err *
reply_report(struct request *r, const struct asked_for *w,
    struct verify_answer *a, struct reply *out)
{
	out->status = 200;
	switch (wanted_report(r)) {
	case REPORT_HTML_VI:
	case REPORT_HTML_EN:
		out->type = "text/html; charset=utf-8";
		out->body = buf_move(&a->html[request_lang(r)]);
		return NULL;
	case REPORT_TEXT:
		out->type = "text/plain; charset=utf-8";
		out->body = buf_move(&a->text[request_lang(r)]);
		return NULL;
	case REPORT_RECEIPT:
		return verdict_receipt(r, buf_bytes(&a->receipt),
		    bytes_of(about(r, w), 32), indication_name(a->indication),
		    out);
	case REPORT_ETSI:
		out->type = "application/xml; charset=utf-8";
		out->body = buf_move(&a->etsi);
		return NULL;
	default:
		out->type = "application/json; charset=utf-8";
		out->body = buf_move(&a->json);
		return NULL;
	}
}

static void
log_verdict(const struct request *r, const struct verify_answer *a)
{
	log_event(r->front->log, LOG_INFO, "verified",
	    "id=%s indication=%s sub=%s signatures=%zu bytes=%zu", r->id,
	    indication_name(a->indication), sub_indication_name(a->sub),
	    a->signatures, r->document.len);
}

static struct err *
keep(const struct request *r, const struct asked_for *w,
    const struct verify_answer *a, struct reply *out)
{
	if (w->place.keep == KEEP_NOTHING)
		return NULL;
	snprintf(out->place, sizeof(out->place), "/v1/verifications/%s",
	    w->place.id);
	struct err *e =
	    verdict_keep(r, &w->place, about(r, w), w->policy, a->time, a);
	/* Who did not ask for it has the verdict all the same. */
	if (e != NULL && w->place.keep == KEEP_VERDICT &&
	    strcmp(err_code(e), "store-full") == 0) {
		log_event(r->front->log, LOG_WARNING, "verdict-not-kept",
		    "id=%s", r->id);
		err_free(e);
		out->place[0] = '\0';
		return NULL;
	}
	return e;
}

static struct err *
answer(struct request *r, const struct asked_for *w, struct verify_answer *a,
    struct reply *out)
{
	/* A worker is the one process that a stranger may have talked round:
	 * verify_answer_unpack() looked at what it says. */
	log_verdict(r, a);
	TRY(keep(r, w, a, out));
	return reply_report(r, w, a, out);
}

/* An error as a page, for who came by the form. */
struct err *
reply_error_page(struct request *r, struct err *e, struct reply *out)
{
	enum lang lang = request_lang(r);
	const char *code = err_code(e);
	out->status = problem_of(e).status;
	out->code = code;
	out->type = "text/html; charset=utf-8";
	out->body = BUF(PROBLEM_MAX);
	err_free(e);
	return buf_printf(&out->body,
	    "<!DOCTYPE html><html lang=\"%s\"><head><meta charset=\"utf-8\">"
	    "<meta name=\"viewport\" content=\"width=device-width\">"
	    "<title>%s</title><link rel=\"stylesheet\" href=\"/style.css\">"
	    "</head><body><main><section class=\"verdict error\"><h1 "
	    "class=\"word\">%s</h1><p>%s</p><p class=\"code\">%s</p></section>"
	    "<p><a href=\"/\">%s</a></p></main></body></html>\n",
	    lang == LANG_VI ? "vi" : "en", message_text(code, lang),
	    message_text(code, lang), message_next(code, lang), code,
	    lang == LANG_VI ? "Quay lại" : "Back");
}

static struct err *
verify(struct request *r, struct reply *out)
{
	CLEANUP(wanted_done) struct asked_for w = { 0 };
	CLEANUP(trusted_done) struct trusted t = { 0 };
	CLEANUP(verify_answer_done) struct verify_answer a = { 0 };
	TRY(read_wanted(r, &w));
	/* What has a name is a file, if an empty one. */
	if (r->document.len == 0 && r->form == NULL && w.name == NULL)
		return err_coded(err_new(ERR_USAGE, NULL, "it is empty"),
		    "document-missing");
	TRY(trusted_get(r->front, &t));
	TRY(judge_document(r, &w, &t, &a));
	return answer(r, &w, &a, out);
}

/* Nothing was found out, for who came by the form. */
static struct err *
reply_undecided(struct request *r, struct err *e, struct reply *out)
{
	const char *code = err_code(e);
	out->status = problem_of(e).status;
	out->code = code;
	out->type = "text/html; charset=utf-8";
	out->body = BUF(PROBLEM_MAX);
	err_free(e);
	return report_html_error(
	    code, request_lang(r), "/style.css", &out->body);
}

struct err *
post_verification(struct request *r, struct reply *out)
{
	struct err *e = verify(r, out);
	if (e != NULL && request_accepts(r, "text/html"))
		return reply_undecided(r, e, out);
	return e;
}

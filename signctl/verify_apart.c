#include "signctl/verify_apart.h"

#include "base/encoding.h"
#include "cms/cms.h"
#include "signctl/online.h"
#include "signctl/service.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The worst of what was said so far; strings belong to the reports. */
struct outcome {
	enum indication indication;
	const json_t *report; /* that decides; NULL: none yet, or no report */
	const char *code;
};

struct apart {
	const struct args *a;
	struct signd *service;
	struct input in;
	struct verify_answer here; /* what was found at this machine */
	json_t *local;             /* its report */
	json_t *answers;           /* of the service, in order */
	size_t nstamps;            /* of the document, which nobody judged */
	struct outcome worst;
};

static void
apart_done(struct apart *p)
{
	input_done(&p->in);
	verify_answer_done(&p->here);
	json_decref(p->local);
	json_decref(p->answers);
}

static enum indication
indication_of(const char *name)
{
	for (int i = TOTAL_PASSED; i <= TOTAL_FAILED; i++)
		if (strcmp(name, indication_name((enum indication)i)) == 0)
			return (enum indication)i;
	return INDETERMINATE;
}

/* ---- what is seen here ---- */

static struct err *
look_here(struct apart *p, const char *path)
{
	CLEANUP(secret_done) struct secret password = { 0 };
	CLEANUP(buf_done) struct buf copy = BUF(REPORT_MAX + 1);
	const char *text;
	TRY(input_open(path, &p->in));
	TRY(password_read(p->a, &password));
	struct verify_request r = { .document = p->in.bytes,
		.format = "pdf",
		.policy = "crypto-only",
		.time = TIME_NONE,
		.now = clock_now(&clock_system),
		.password = bytes_str((const char *)password.ptr),
		.reports = REPORT_JSON };
	TRY(verify_online(NULL, &r, NULL, &p->here));
	TRY(buf_append(&copy, buf_bytes(&p->here.json)));
	TRY(buf_cstr(&copy, &text));
	return json_read(text, &p->local);
}

/* ---- one signature ---- */

/* What /Contents holds, without the zeros behind it. */
static struct err *
contents(struct bytes gap, struct buf *out)
{
	size_t len;
	if (gap.len < 2 || gap.ptr[0] != '<' || gap.ptr[gap.len - 1] != '>')
		return err_new(ERR_UNSUPPORTED, "ISO 32000-2 12.8.1",
		    "a signature that is no hexadecimal string");
	TRY(hex_decode(bytes_slice(gap, 1, gap.len - 2), out));
	TRY(cms_length(buf_bytes(out), &len));
	out->len = len < out->len ? len : out->len;
	return NULL;
}

/* "SHA-256:HEX" of the two parts. */
static struct err *
hash_range(struct bytes file, const size_t at[4], struct buf *out)
{
	CLEANUP(digest_freep) struct digest *d = NULL;
	uint8_t hash[DIGEST_MAX];
	TRY(digest_new(DIGEST_SHA256, &d));
	TRY(digest_add(d, bytes_slice(file, at[0], at[1])));
	TRY(digest_add(d, bytes_slice(file, at[2], at[3])));
	TRY(digest_final(d, hash));
	TRY(buf_printf(out, "%s:", digest_name(DIGEST_SHA256)));
	return hex_encode(bytes_of(hash, digest_len(DIGEST_SHA256)), out);
}

/* The range as the report has it; whether there is one, within the file. */
static bool
range_of(const json_t *signature, size_t len, size_t at[4])
{
	const json_t *range = json_object_get(
	    json_object_get(signature, "coverage"), "byte_range");
	if (json_array_size(range) != 4)
		return false;
	for (size_t i = 0; i < 4; i++) {
		json_int_t v = json_integer_value(json_array_get(range, i));
		if (v < 0 || (size_t)v > len)
			return false;
		at[i] = (size_t)v;
	}
	return at[0] == 0 && at[1] <= at[2] && at[3] <= len - at[2];
}

static struct err *
ask(struct apart *p, struct bytes file, const size_t at[4], json_t **out)
{
	CLEANUP(buf_done) struct buf cms = BUF(file.len + 1);
	CLEANUP(buf_done) struct buf hash = BUF(256);
	CLEANUP(signd_freep) char *text = NULL;
	const char *hashes;
	TRY(contents(bytes_slice(file, at[1], at[2] - at[1]), &cms));
	TRY(hash_range(file, at, &hash));
	TRY(buf_cstr(&hash, &hashes));
	FILE *f = tmpfile();
	if (f == NULL)
		return err_new(ERR_INTERNAL, NULL, "a temporary file");
	struct err *e = write_bytes(fileno(f), buf_bytes(&cms));
	if (e == NULL && lseek(fileno(f), 0, SEEK_SET) != 0)
		e = err_new(ERR_INTERNAL, NULL, "a temporary file");
	if (e == NULL)
		e = service_err(signd_verify_pdf_part(p->service, fileno(f),
		    hashes, args_get(p->a, "policy"), args_get(p->a, "time"),
		    &text));
	fclose(f);
	TRY(e);
	return json_read(text, out);
}

/* ---- both together ---- */

static void
take_worse(struct outcome *worst, const json_t *report)
{
	enum indication i = indication_of(
	    json_string_value(json_object_get(report, "indication")));
	if (worst->report != NULL && i <= worst->indication)
		return;
	*worst = (struct outcome){ .indication = i,
		.report = report,
		.code = json_string_value(json_object_get(report, "code")) };
}

static bool
has_note(const json_t *signature, const char *code)
{
	size_t i;
	const json_t *n;
	json_array_foreach(json_object_get(signature, "notes"), i,
	    n) if (strcmp(json_string_value(json_object_get(n, "code")),
		       code) == 0) return true;
	return false;
}

/* What the service could not see was seen here: its "of that hash" falls away,
 * and what was added afterwards is told. */
static const char *
passed_code(const struct apart *p)
{
	static const char *const rows[][2] = {
		{ "valid-for-hash", "valid" },
		{ "valid-for-hash-but-revocation", "valid-but-revocation" },
		{ "intact-for-hash", "intact" },
	};
	const char *code = p->worst.code;
	size_t i;
	const json_t *s;
	for (i = 0; i < COUNT_OF(rows); i++)
		if (strcmp(code, rows[i][0]) == 0)
			code = rows[i][1];
	json_array_foreach(json_object_get(p->local, "signatures"), i, s)
	{
		const char *changes = json_string_value(
		    json_object_get(json_object_get(s, "coverage"), "changes"));
		if (strcmp(code, "valid") != 0)
			return code;
		if (strcmp(changes, "annotation") == 0)
			code = "valid-but-annotated";
		else if (has_note(s, "pdf-form-filled"))
			code = "valid-but-filled";
	}
	return code;
}

/* A document time stamp hangs on an authority; the service cannot be asked about
 * it, as its token has its content within and is over no hash that was sent. */
static bool
is_stamp(const json_t *signature)
{
	const char *format =
	    json_string_value(json_object_get(signature, "format"));
	return format != NULL &&
	       strcmp(format, "PAdES document time stamp") == 0;
}

static struct err *
ask_each(struct apart *p)
{
	size_t i, at[4];
	const json_t *s;
	json_array_foreach(json_object_get(p->local, "signatures"), i, s)
	{
		json_t *answer = NULL;
		if (is_stamp(s)) {
			p->nstamps++;
			continue;
		}
		if (!range_of(s, p->in.bytes.len, at))
			return err_new(ERR_INTERNAL, NULL,
			    "a signature that holds, over no clear range");
		TRY(ask(p, p->in.bytes, at, &answer));
		if (json_array_append_new(p->answers, answer) != 0)
			return err_new(ERR_NOMEM, NULL, "answers");
		take_worse(&p->worst, answer);
	}
	return NULL;
}

/* What nobody judged does not pass, whatever was said of the rest; nor does a
 * document of which nothing was asked. */
static void
conclude(struct apart *p)
{
	if (p->worst.indication != TOTAL_PASSED)
		return;
	if (p->nstamps > 0)
		p->worst = (struct outcome){ .indication = INDETERMINATE,
			.code = "document-stamps-not-judged" };
	else if (json_array_size(p->answers) == 0)
		p->worst = (struct outcome){ .indication = INDETERMINATE,
			.code = "no-signature" };
	else
		p->worst.code = passed_code(p);
}

/* ---- printing ---- */

static const char *
both(const json_t *report, const char *member, enum lang lang)
{
	const char *text = json_string_value(json_object_get(
	    json_object_get(report, member), lang == LANG_VI ? "vi" : "en"));
	return text == NULL ? "" : text;
}

static const char *
result_text(const struct apart *p, enum lang lang)
{
	if (p->worst.report != NULL)
		return both(p->worst.report, "result_text", lang);
	return lang == LANG_VI ? "CHƯA XÁC ĐỊNH ĐƯỢC" : "INDETERMINATE";
}

static const char *
next_text(const struct apart *p, enum lang lang)
{
	if (p->worst.report == NULL || p->worst.indication == TOTAL_PASSED)
		return message_next(p->worst.code, lang);
	return both(p->worst.report, "next", lang);
}

static void
print_text(const struct apart *p)
{
	enum lang lang = p->a->lang;
	size_t i;
	const json_t *answer;
	printf("%s. %s\n%s: %s\n\n", result_text(p, lang),
	    message_text(p->worst.code, lang),
	    lang == LANG_VI ? "Việc cần làm" : "What to do",
	    next_text(p, lang));
	if (p->nstamps > 0 && p->worst.report != NULL)
		printf("%s\n\n",
		    message_text("document-stamps-not-judged", lang));
	printf("%s\n\n",
	    lang == LANG_VI
		? "Tệp không được gửi đi: giá trị chữ ký, phạm vi được ký và "
		  "các thay đổi sau khi ký được kiểm tra tại máy này; người ký "
		  "và chứng thư do dịch vụ kiểm tra."
		: "The file was not sent: values, what is covered, and changes "
		  "after signing were checked here; signers and certificates "
		  "by the service.");
	printf("%s", both(p->local, "text", lang));
	json_array_foreach(p->answers, i, answer)
	    printf("\n%s\n", both(answer, "text", lang));
}

static struct err *
print(const struct apart *p)
{
	if (args_has(p->a, "indication")) {
		printf("%s %s\n", indication_name(p->worst.indication),
		    p->worst.code);
		return NULL;
	}
	if (!args_has(p->a, "json")) {
		print_text(p);
		return NULL;
	}
	json_t *o = json_pack("{s:s,s:s,s:I,s:O,s:O}", "indication",
	    indication_name(p->worst.indication), "code", p->worst.code,
	    "stamps_not_judged", (json_int_t)p->nstamps, "local", p->local,
	    "answers", p->answers);
	if (o == NULL || json_dumpf(o, stdout, JSON_INDENT(1)) != 0) {
		json_decref(o);
		return err_new(ERR_NOMEM, NULL, "JSON");
	}
	json_decref(o);
	putchar('\n');
	return NULL;
}

struct err *
verify_apart(const struct args *a, struct signd *s, const char *path, int *code)
{
	CLEANUP(apart_done)
	struct apart p = { .a = a, .service = s, .answers = json_array() };
	if (p.answers == NULL)
		return err_new(ERR_NOMEM, NULL, "answers");
	TRY(look_here(&p, path));
	/* What is broken is broken whoever signed it: nobody need be asked. */
	take_worse(&p.worst, p.local);
	if (p.worst.indication == TOTAL_PASSED) {
		p.worst.report = NULL;
		TRY(ask_each(&p));
		conclude(&p);
	}
	*code = exit_worse(*code, indication_exit(p.worst.indication));
	return print(&p);
}

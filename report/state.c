#include "report/internal.h"

#include <string.h>

static enum cert_state
state_by_dates(const struct signature_verdict *v)
{
	const struct cert *c = v->fact->cert;
	if (v->best_time > cert_not_after(c))
		return STATE_EXPIRED;
	if (v->best_time < cert_not_before(c))
		return STATE_NOT_YET;
	return STATE_DATES_ONLY;
}

enum cert_state
cert_state_of(const struct signature_verdict *v, const struct policy *p)
{
	if (v->fact->cert == NULL)
		return STATE_NOT_TRUSTED;
	enum cert_state dates = state_by_dates(v);
	/* A path was looked for only if the signature itself was right. */
	if (!p->check_path || v->path.chain.n == 0)
		return p->check_path && dates == STATE_DATES_ONLY
			   ? STATE_NOT_TRUSTED
			   : dates;
	switch (v->path.result) {
	case PATH_OK:
		if (p->status == STATUS_IGNORE || !v->path.status_known)
			return STATE_IN_FORCE_UNKNOWN;
		return STATE_IN_FORCE;
	case PATH_REVOKED:
		return v->path.failed_at == 0 ? STATE_REVOKED
					      : STATE_NOT_TRUSTED;
	case PATH_SUSPENDED:
		return v->path.failed_at == 0 ? STATE_SUSPENDED
					      : STATE_NOT_TRUSTED;
	case PATH_NO_STATUS:
		return STATE_IN_FORCE_UNKNOWN;
	case PATH_NO_CHAIN:
	case PATH_EXPIRED:
	case PATH_NOT_YET:
	case PATH_CONSTRAINTS:
	case PATH_BAD:
		break;
	}
	return dates == STATE_DATES_ONLY ? STATE_NOT_TRUSTED : dates;
}

static bool
is_fatal(const struct signature_fact *f)
{
	for (size_t i = 0; i < f->findings.n; i++)
		if (f->findings.v[i].fatal)
			return true;
	return false;
}

enum integrity
integrity_of(const struct signature_fact *f)
{
	bool all = f->signature == CHECK_PASSED && f->nreferences > 0;
	for (size_t i = 0; i < f->nreferences; i++) {
		if (f->references[i].digest == CHECK_FAILED)
			return BROKEN;
		all = all && f->references[i].digest == CHECK_PASSED;
	}
	if (f->signature == CHECK_FAILED)
		return BROKEN;
	if (!all)
		return INTEGRITY_UNKNOWN;
	return is_fatal(f) || f->changes > f->allowed ? CHANGED_SINCE : INTACT;
}

struct err *
clean(const char *s, struct buf *out)
{
	struct bytes rest = bytes_str(s);
	/* Nearly always. */
	if (utf8_printable(rest))
		return buf_append(out, rest);
	while (rest.len > 0) {
		size_t n = 1;
		while (n < 4 && n < rest.len &&
		       !utf8_valid(bytes_slice(rest, 0, n)))
			n++;
		struct bytes one = bytes_slice(rest, 0, n);
		bool whole = utf8_valid(one);
		if (whole && utf8_printable(one))
			TRY(buf_append(out, one));
		else
			TRY(buf_str(out, "\xef\xbf\xbd"));
		rest = bytes_from(rest, whole ? n : 1);
	}
	return NULL;
}

/* What is told of each file in a container, and of each field of a form, by its
 * name, which is the detail. */
static bool
finding_has_name(const struct finding *f)
{
	static const char *const codes[] = { "asic-unsigned-file",
		"pdf-form-filled" };
	for (size_t i = 0; i < COUNT_OF(codes); i++)
		if (strcmp(f->code, codes[i]) == 0)
			return f->detail != NULL && f->detail[0] != '\0';
	return false;
}

/* "Page 2, revision 3: ", of a change in a PDF; else nothing. */
static struct err *
finding_place(const struct finding *f, enum lang lang, struct buf *out)
{
	if (f->page != 0)
		TRY(buf_printf(out, "%s %d", word(WORD_PAGE, lang), f->page));
	if (f->revision != 0)
		TRY(buf_printf(out, "%s%s %d", f->page != 0 ? ", " : "",
		    word(f->page != 0 ? WORD_REVISION_INSIDE : WORD_REVISION,
			lang),
		    f->revision));
	return f->page == 0 && f->revision == 0 ? NULL : buf_str(out, ": ");
}

struct err *
finding_line(const struct finding *f, enum lang lang, struct buf *out)
{
	TRY(finding_place(f, lang, out));
	TRY(buf_str(out, message_text(f->code, lang)));
	if (!finding_has_name(f))
		return NULL;
	TRY(buf_str(out, " ("));
	TRY(clean(f->detail, out));
	return buf_byte(out, ')');
}

bool
finding_said(const struct findings *f, size_t i, const char *code)
{
	if (strcmp(f->v[i].code, code) == 0)
		return true;
	for (size_t k = 0; k < i; k++)
		if (f->v[k].code == f->v[i].code &&
		    f->v[k].page == f->v[i].page &&
		    f->v[k].revision == f->v[i].revision)
			return !finding_has_name(&f->v[i]) ||
			       strcmp(f->v[k].detail, f->v[i].detail) == 0;
	return false;
}

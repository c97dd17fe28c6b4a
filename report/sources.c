/* Who was asked for what is missing, and did not give it. */
#include "report/internal.h"

#include <stdio.h>
#include <string.h>

#define HOST_MAX 256 /* bytes of a name of a server, as told */

/* These leave a question open that a server may answer later. */
bool
report_waits_for_source(enum sub_indication s)
{
	return s == SUB_TRY_LATER || s == SUB_NO_CERTIFICATE_CHAIN_FOUND ||
	       s == SUB_OUT_OF_BOUNDS_NO_POE || s == SUB_NO_POE;
}

static const char *
kind_word(enum wanted_kind k, enum lang lang)
{
	static const char *const words[][2] = {
		[WANTED_CRL] = { "CRL", "CRL" },
		[WANTED_OCSP] = { "OCSP", "OCSP" },
		[WANTED_ISSUER] = { "chứng thư của nơi cấp",
		    "issuer's certificate" },
	};
	return words[k][lang];
}

const char *
source_kind_name(enum wanted_kind k)
{
	static const char *const names[] = { [WANTED_CRL] = "crl",
		[WANTED_OCSP] = "ocsp",
		[WANTED_ISSUER] = "issuer" };
	return names[k];
}

/* What is between "://" and the path: enough to know whom to call. */
static void
host_of(const char *url, char out[HOST_MAX])
{
	const char *p = strstr(url, "://");
	p = p == NULL ? url : p + 3;
	snprintf(out, HOST_MAX, "%.*s", (int)strcspn(p, "/?#"), p);
}

/* Tenths in the reader's writing. */
static void
seconds_of(int64_t ms, enum lang lang, char out[32])
{
	int64_t tenths = (ms + 50) / 100;
	if (tenths % 10 == 0)
		snprintf(out, 32, "%lld", (long long)(tenths / 10));
	else
		snprintf(out, 32, "%lld%c%lld", (long long)(tenths / 10),
		    lang == LANG_VI ? ',' : '.', (long long)(tenths % 10));
}

static enum word
phrase_of(const char *code)
{
	static const struct {
		const char *code;
		enum word word;
	} rows[] = {
		{ "source-slow", WORD_SOURCE_SLOW },
		{ "source-unreachable", WORD_SOURCE_UNREACHABLE },
		{ "source-refused", WORD_SOURCE_REFUSED },
		{ "source-garbage", WORD_SOURCE_GARBAGE },
		{ "source-busy", WORD_SOURCE_BUSY },
		{ "source-not-allowed", WORD_SOURCE_NOT_ALLOWED },
		{ "fetch-private", WORD_SOURCE_PRIVATE },
		{ "fetch-too-large", WORD_SOURCE_TOO_LARGE },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (strcmp(rows[i].code, code) == 0)
			return rows[i].word;
	return WORD_SOURCE_UNREACHABLE;
}

/* The formats of words are ours, from a table. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
struct err *
source_sentence(const struct source_seen *s, enum lang lang, struct buf *out)
{
	char host[HOST_MAX], seconds[32];
	host_of(s->url, host);
	seconds_of(s->ms, lang, seconds);
	/* A word that tells no time leaves the last argument alone. */
	return buf_printf(out, word(phrase_of(s->code), lang),
	    kind_word(s->kind, lang), host, seconds);
}
#pragma GCC diagnostic pop

static bool
told_before(const struct report_input *in, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (in->sources[k].code == in->sources[i].code &&
		    in->sources[k].kind == in->sources[i].kind &&
		    strcmp(in->sources[k].url, in->sources[i].url) == 0)
			return true;
	return false;
}

struct err *
report_use(enum indication i, const char *next, enum lang lang, struct buf *out)
{
	static const char *const begins[][3] = {
		[LANG_VI] = { "Không ", "Chưa sử dụng", "Chỉ tin" },
		[LANG_EN] = { "Do not ", "Nothing ", "Rely only" },
	};
	if (i == TOTAL_PASSED)
		return NULL;
	for (size_t k = 0; k < COUNT_OF(begins[0]); k++)
		if (bytes_starts(bytes_str(next), bytes_str(begins[lang][k])))
			return NULL;
	TRY(buf_str(out,
	    word(i == TOTAL_FAILED ? WORD_NEXT_REFUSE : WORD_NEXT_WAIT, lang)));
	return next[0] == '\0' ? NULL : buf_str(out, " ");
}

static struct err *
put_sources(const struct report_input *in, enum lang lang, struct buf *out)
{
	size_t told = 0;
	for (size_t i = 0; i < in->nsources; i++) {
		if (in->sources[i].code == NULL || told_before(in, i))
			continue;
		if (told++ == SOURCES_TOLD_MAX)
			break;
		TRY(source_sentence(&in->sources[i], lang, out));
		TRY(buf_str(out, " "));
	}
	return told == 0 ? NULL : buf_str(out, word(WORD_SOURCE_NEXT, lang));
}

struct err *
report_next(const struct report_input *in, enum indication i,
    enum sub_indication s, const char *code, enum lang lang, struct buf *out)
{
	CLEANUP(buf_done) struct buf sources = BUF(REPORT_NEXT_MAX);
	const char *next = message_next(code, lang);
	if (report_waits_for_source(s))
		TRY(put_sources(in, lang, &sources));
	if (sources.len > 0)
		TRY(buf_cstr(&sources, &next));
	else if (in->nsources == 0 &&
		 (strcmp(code, "revocation-unknown") == 0 ||
		     strcmp(code, "stamp-revocation-unknown") == 0))
		next = word(WORD_SOURCE_NONE, lang);
	TRY(report_use(i, next, lang, out));
	return buf_str(out, next);
}

#include "base/err.h"

#include "base/encoding.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longer texts are cut: an error is one line that somebody reads. */
#define ERR_TEXT_MAX 512

struct err {
	enum err_kind kind;
	const char *clause; /* static, or NULL */
	const char *code;   /* static, or NULL */
	const char *file;   /* static */
	int line;
	char text[ERR_TEXT_MAX];
};

/* What err_new returns when there is no memory for an error. */
static struct err out_of_memory = {
	.kind = ERR_NOMEM,
	.file = __FILE__,
	.line = __LINE__,
	.text = "out of memory",
};

static const char *const kind_names[] = {
	[ERR_USAGE] = "usage",
	[ERR_MALFORMED] = "malformed",
	[ERR_UNSUPPORTED] = "unsupported",
	[ERR_LIMIT] = "limit",
	[ERR_MISSING] = "missing",
	[ERR_DENIED] = "denied",
	[ERR_REMOTE] = "remote",
	[ERR_NOMEM] = "nomem",
	[ERR_INTERNAL] = "internal",
};

/* How many bytes of the character at `s` are there and in order; 0 if not.
 * (utf8_printable judges the character itself.) */
static size_t
whole_character(const unsigned char *s)
{
	size_t more = *s >= 0xf0 ? 3 : *s >= 0xe0 ? 2 : *s >= 0xc0 ? 1 : 0;
	if (more == 0)
		return *s >= 0x20 && *s < 0x7f ? 1 : 0;
	for (size_t i = 1; i <= more; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return more + 1;
}

/* Texts quote what strangers wrote: keep them one line that can be printed,
 * logged and packed.  A character cut by ERR_TEXT_MAX goes as well. */
static void
make_one_line(char *text)
{
	for (char *p = text; *p != '\0';) {
		struct bytes c =
		    bytes_of(p, whole_character((const unsigned char *)p));
		if (c.len > 0 && utf8_printable(c))
			p += c.len;
		else
			*p++ = '?';
	}
}

struct err *
err_new_at(const char *file, int line, enum err_kind kind, const char *clause,
    const char *fmt, ...)
{
	struct err *e = malloc(sizeof(*e));
	if (e == NULL)
		return &out_of_memory;
	e->kind = kind;
	e->clause = clause;
	e->code = NULL;
	e->file = file;
	e->line = line;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	make_one_line(e->text);
	return e;
}

struct err *
err_while(struct err *e, const char *fmt, ...)
{
	if (e == NULL || e == &out_of_memory)
		return e;
	char context[ERR_TEXT_MAX];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(context, sizeof(context) - 2, fmt, ap);
	va_end(ap);
	if (n < 0)
		return e;
	size_t used = strlen(context);
	memcpy(context + used, ": ", 3);
	used += 2;
	size_t keep = strlen(e->text);
	if (keep > ERR_TEXT_MAX - 1 - used)
		keep = ERR_TEXT_MAX - 1 - used;
	memmove(e->text + used, e->text, keep);
	memcpy(e->text, context, used);
	e->text[used + keep] = '\0';
	make_one_line(e->text);
	return e;
}

struct err *
err_coded(struct err *e, const char *code)
{
	if (e != NULL && e != &out_of_memory)
		e->code = code;
	return e;
}

static enum err_kind
kind_of_errno(int no)
{
	switch (no) {
	case ENOMEM:
		return ERR_NOMEM;
	case ENOENT:
	case ENOTDIR:
		return ERR_MISSING;
	case EACCES:
	case EPERM:
	case EROFS:
		return ERR_DENIED;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
	case EMFILE:
	case ENFILE:
		return ERR_LIMIT;
	default:
		return ERR_REMOTE;
	}
}

struct err *
err_errno(int no, const char *fmt, ...)
{
	char what[ERR_TEXT_MAX / 2];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	char reason[128] = "unknown error";
	const char *text = strerror_r(no, reason, sizeof(reason));
	struct err *e = err_new(kind_of_errno(no), NULL, "%s: %s", what, text);
	return no == ENOSPC || no == EDQUOT ? err_coded(e, "disk-full") : e;
}

enum err_kind
err_kind(const struct err *e)
{
	return e->kind;
}

const char *
err_text(const struct err *e)
{
	return e->text;
}

const char *
err_clause(const struct err *e)
{
	return e->clause;
}

const char *
err_code(const struct err *e)
{
	return e->code != NULL ? e->code : err_kind_name(e->kind);
}

const char *
err_file(const struct err *e)
{
	return e->file;
}

int
err_line(const struct err *e)
{
	return e->line;
}

const char *
err_kind_name(enum err_kind kind)
{
	if (kind < ERR_USAGE || kind > ERR_INTERNAL)
		return "internal";
	return kind_names[kind];
}

void
err_free(struct err *e)
{
	if (e != &out_of_memory)
		free(e);
}

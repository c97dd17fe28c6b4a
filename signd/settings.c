#include "signd/settings.h"

#include "pkcs11/uri.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum setting_type { TYPE_TEXT, TYPE_PATH, TYPE_LIST, TYPE_NUMBER, TYPE_FLAG };

struct setting {
	const char *section; /* title of a section; all else is empty then */
	const char *name;
	enum setting_type type;
	const char *unit;
	int64_t least;
	int64_t most;
	const char *dflt;
	const char *sentence;
	size_t offset; /* in struct settings */
};

static const struct setting table[] = {
#define SETTING_SECTION(title) { .section = (title) },
#define SETTING(member, type_, name_, unit_, least_, most_, dflt_, sentence_)  \
	{                                                                      \
		.name = (name_),                                               \
		.type = TYPE_##type_,                                          \
		.unit = (unit_),                                               \
		.least = (least_),                                             \
		.most = (most_),                                               \
		.dflt = (dflt_),                                               \
		.sentence = (sentence_),                                       \
		.offset = offsetof(struct settings, member),                   \
	},
#include "signd/settings.def"
#undef SETTING
#undef SETTING_SECTION
};

static const char *const type_names[] = {
	[TYPE_TEXT] = "text",
	[TYPE_PATH] = "path",
	[TYPE_LIST] = "may be repeated",
	[TYPE_NUMBER] = "number",
	[TYPE_FLAG] = "yes or no",
};

static void *
member(struct settings *s, const struct setting *row)
{
	return (char *)s + row->offset;
}

static const void *
member_const(const struct settings *s, const struct setting *row)
{
	return (const char *)s + row->offset;
}

static const struct setting *
find(struct bytes name)
{
	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (table[i].section == NULL &&
		    bytes_eq_str(name, table[i].name))
			return &table[i];
	return NULL;
}

/* ---- values ---- */

static struct err *
parse_number(const struct setting *row, struct bytes text, int64_t *out)
{
	int64_t v = 0;
	size_t i = 0;
	for (; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, text.ptr[i] - '0', &v))
			return err_new(ERR_USAGE, NULL, "too large");
	int64_t scale = 1;
	if (i > 0 && i + 1 == text.len && strcmp(row->unit, "bytes") == 0) {
		const char *letters = "KMG";
		const char *at = strchr(letters, text.ptr[i]);
		if (at != NULL && *at != '\0') {
			scale = (int64_t)1 << (10 * (at - letters + 1));
			i++;
		}
	}
	if (i == 0 || i != text.len)
		return err_new(ERR_USAGE, NULL, "not a number");
	if (__builtin_mul_overflow(v, scale, &v) || v < row->least ||
	    v > row->most)
		return err_new(ERR_USAGE, NULL, "not between %lld and %lld",
		    (long long)row->least, (long long)row->most);
	*out = v;
	return NULL;
}

static struct err *
parse_flag(struct bytes text, bool *out)
{
	if (!bytes_eq_str(text, "yes") && !bytes_eq_str(text, "no"))
		return err_new(ERR_USAGE, NULL, "neither yes nor no");
	*out = bytes_eq_str(text, "yes");
	return NULL;
}

#define CREDENTIALS "$CREDENTIALS_DIRECTORY"

static struct err *
parse_path(struct bytes text, char **out)
{
	if (text.len > 0 && text.ptr[0] == '/')
		return bytes_dup_str(text, out);
	if (text.len == 0)
		return bytes_dup_str(text, out);
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	if (!bytes_starts(text, BYTES_LIT(CREDENTIALS "/")))
		return err_new(ERR_USAGE, NULL, "not an absolute path");
	if (dir == NULL)
		return err_new(ERR_USAGE, NULL, CREDENTIALS " is not set");
	CLEANUP(buf_done) struct buf b = BUF(SETTINGS_VALUE_MAX);
	TRY(buf_str(&b, dir));
	TRY(buf_append(&b, bytes_from(text, strlen(CREDENTIALS))));
	return bytes_dup_str(buf_bytes(&b), out);
}

static struct err *
list_add(struct settings_list *l, struct bytes text)
{
	if (l->n >= SETTINGS_LIST_MAX)
		return err_new(
		    ERR_USAGE, NULL, "more than %d lines", SETTINGS_LIST_MAX);
	char **v = realloc(l->v, (l->n + 1) * sizeof(*v));
	if (v == NULL)
		return err_new(ERR_NOMEM, NULL, "a list");
	l->v = v;
	TRY(bytes_dup_str(text, &l->v[l->n]));
	l->n++;
	return NULL;
}

static struct err *
set_text(char **slot, struct bytes text, enum setting_type type)
{
	char *value = NULL;
	TRY(type == TYPE_PATH ? parse_path(text, &value)
			      : bytes_dup_str(text, &value));
	free(*slot);
	*slot = value;
	return NULL;
}

static struct err *
set(struct settings *s, const struct setting *row, struct bytes text)
{
	if (text.len > SETTINGS_VALUE_MAX || !utf8_valid(text))
		return err_new(ERR_USAGE, NULL, "too long, or not UTF-8");
	switch (row->type) {
	case TYPE_TEXT:
	case TYPE_PATH:
		return set_text(member(s, row), text, row->type);
	case TYPE_LIST:
		return text.len == 0 ? NULL : list_add(member(s, row), text);
	case TYPE_NUMBER:
		return parse_number(row, text, member(s, row));
	case TYPE_FLAG:
		return parse_flag(text, member(s, row));
	}
	return err_new(ERR_INTERNAL, NULL, "a setting without a type");
}

/* ---- the file ---- */

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct bytes
trim(struct bytes b)
{
	while (b.len > 0 && is_blank(b.ptr[0]))
		b = bytes_from(b, 1);
	while (b.len > 0 && is_blank(b.ptr[b.len - 1]))
		b.len--;
	return b;
}

static struct bytes
without_comment(struct bytes line)
{
	for (size_t i = 0; i < line.len; i++)
		if (line.ptr[i] == '#' && (i == 0 || is_blank(line.ptr[i - 1])))
			return bytes_slice(line, 0, i);
	return line;
}

static struct err *
parse_line(struct settings *s, struct bytes line, bool *seen)
{
	line = trim(without_comment(line));
	if (line.len == 0)
		return NULL;
	size_t at = bytes_find(line, BYTES_LIT("="));
	if (at == SIZE_MAX)
		return err_new(ERR_USAGE, NULL, "no \"name = value\"");
	struct bytes name = trim(bytes_slice(line, 0, at));
	const struct setting *row = find(name);
	if (row == NULL)
		return err_new(ERR_USAGE, NULL, "no setting is called \"%.*s\"",
		    (int)(name.len < 64 ? name.len : 64),
		    (const char *)name.ptr);
	if (seen[row - table] && row->type != TYPE_LIST)
		return err_new(ERR_USAGE, NULL, "%s is set twice", row->name);
	seen[row - table] = true;
	struct err *e = set(s, row, trim(bytes_from(line, at + 1)));
	return e == NULL ? NULL : err_while(e, "%s", row->name);
}

static struct err *
set_defaults(struct settings *s)
{
	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (table[i].section == NULL)
			TRY(set(s, &table[i], bytes_str(table[i].dflt)));
	return NULL;
}

static struct err *
parse_lines(struct settings *s, struct bytes text, const char *file)
{
	bool seen[COUNT_OF(table)] = { false };
	for (int number = 1; text.len > 0; number++) {
		size_t end = bytes_find(text, BYTES_LIT("\n"));
		struct err *e = parse_line(s, bytes_slice(text, 0, end), seen);
		if (e != NULL)
			return err_coded(
			    err_while(e, "%s:%d", file, number), "settings");
		text = end == SIZE_MAX ? BYTES_NONE : bytes_from(text, end + 1);
	}
	return NULL;
}

/* What it said besides would not be looked at. */
static struct err *
check_token_uri(const struct settings *s, const char *file)
{
	struct p11_uri u = { 0 };
	struct err *e = p11_uri_parse(s->token_uri, &u);
	if (e == NULL && !p11_uri_is_bare(&u))
		e = err_new(ERR_USAGE, NULL,
		    "it names the token alone; token-module and token-pin-file "
		    "are for the rest");
	p11_uri_done(&u);
	return e == NULL
		   ? NULL
		   : err_coded(err_while(e, "%s: token-uri", file), "settings");
}

struct err *
settings_parse(struct bytes text, const char *file, struct settings *out)
{
	struct settings s = { 0 };
	struct err *e = set_defaults(&s);
	if (e == NULL)
		e = parse_lines(&s, text, file);
	if (e == NULL)
		e = check_token_uri(&s, file);
	if (e != NULL) {
		settings_done(&s);
		return e;
	}
	*out = s;
	return NULL;
}

static struct err *
read_file(const char *file, struct buf *out)
{
	CLEANUP(close_fdp) int fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(errno, "%s", file);
	for (;;) {
		uint8_t chunk[4096];
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n < 0)
			return err_errno(errno, "%s", file);
		if (n == 0)
			return NULL;
		TRY(buf_append(out, bytes_of(chunk, (size_t)n)));
	}
}

struct err *
settings_load(const char *file, struct settings *out)
{
	CLEANUP(buf_done) struct buf text = BUF(SETTINGS_FILE_MAX);
	TRY(read_file(file, &text));
	return settings_parse(buf_bytes(&text), file, out);
}

void
settings_done(struct settings *s)
{
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		const struct setting *row = &table[i];
		if (row->section != NULL)
			continue;
		if (row->type == TYPE_TEXT || row->type == TYPE_PATH)
			free(*(char **)member(s, row));
		if (row->type == TYPE_LIST) {
			struct settings_list *l = member(s, row);
			for (size_t j = 0; j < l->n; j++)
				free(l->v[j]);
			free(l->v);
		}
	}
	*s = (struct settings){ 0 };
}

/* ---- telling ---- */

/* "number, bytes, 1024 to 4294967296" */
static struct err *
tell_type(const struct setting *row, struct buf *out)
{
	TRY(buf_str(out, type_names[row->type]));
	if (row->unit[0] != '\0')
		TRY(buf_printf(out, ", %s", row->unit));
	if (row->type == TYPE_NUMBER)
		TRY(buf_printf(out, ", %lld to %lld", (long long)row->least,
		    (long long)row->most));
	return NULL;
}

struct err *
settings_sample(struct buf *out)
{
	TRY(buf_str(out, "# Settings of signd: see signd.conf(5).  "
			 "What stands here are the defaults.\n"));
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		const struct setting *row = &table[i];
		if (row->section != NULL) {
			TRY(buf_printf(
			    out, "\n# ---- %s ----\n", row->section));
			continue;
		}
		TRY(buf_printf(out, "\n# %s\n# (", row->sentence));
		TRY(tell_type(row, out));
		TRY(buf_printf(out, ")\n#%s = %s\n", row->name, row->dflt));
	}
	return NULL;
}

/* Hyphens are hyphens, and a leading dot or quote is no request. */
static struct err *
roff(struct buf *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		TRY(buf_str(out, "\\&"));
	for (; *text != '\0'; text++) {
		if (*text == '-')
			TRY(buf_str(out, "\\-"));
		else if (*text == '\\')
			TRY(buf_str(out, "\\e"));
		else
			TRY(buf_byte(out, (uint8_t)*text));
	}
	return NULL;
}

static struct err *
man_row(const struct setting *row, struct buf *out)
{
	CLEANUP(buf_done) struct buf type = BUF(256);
	const char *text;
	TRY(buf_str(out, ".TP\n.B "));
	TRY(roff(out, row->name));
	TRY(buf_str(out, "\n"));
	TRY(roff(out, row->sentence));
	TRY(buf_str(out, "\n("));
	TRY(tell_type(row, &type));
	TRY(buf_cstr(&type, &text));
	TRY(roff(out, text));
	if (row->dflt[0] != '\0') {
		TRY(buf_str(out, "; default "));
		TRY(roff(out, row->dflt));
	}
	return buf_str(out, ")\n");
}

struct err *
settings_man(struct buf *out)
{
	TRY(buf_str(out,
	    ".TH SIGND.CONF 5 \"\" signd \"File formats\"\n"
	    ".SH NAME\nsignd.conf \\- settings of signd\n"
	    ".SH DESCRIPTION\n"
	    "Each line is\n.I name\n=\n.IR value .\n"
	    "A # at the start of a line or after white space begins a "
	    "comment.\n"
	    "A name that is not in this page, or that stands twice without\n"
	    "being one that may be repeated, is refused with file and line.\n"
	    "$CREDENTIALS_DIRECTORY at the start of a path is the directory\n"
	    "of systemd credentials.\n"
	    ".B signd \\-\\-check\\-config\ntells what is in force.\n"));
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		if (table[i].section != NULL)
			TRY(buf_printf(out, ".SH \"%s\"\n", table[i].section));
		else
			TRY(man_row(&table[i], out));
	}
	return buf_str(out, ".SH SEE ALSO\n.BR signd (8)\n");
}

static struct err *
render_row(const struct settings *s, const struct setting *row, struct buf *out)
{
	const void *m = member_const(s, row);
	const struct settings_list *l = m;
	switch (row->type) {
	case TYPE_TEXT:
	case TYPE_PATH:
		return buf_printf(
		    out, "%s = %s\n", row->name, *(char *const *)m);
	case TYPE_NUMBER:
		return buf_printf(out, "%s = %lld\n", row->name,
		    (long long)*(const int64_t *)m);
	case TYPE_FLAG:
		return buf_printf(out, "%s = %s\n", row->name,
		    *(const bool *)m ? "yes" : "no");
	case TYPE_LIST:
		for (size_t i = 0; i < l->n; i++)
			TRY(buf_printf(out, "%s = %s\n", row->name, l->v[i]));
		return NULL;
	}
	return NULL;
}

struct err *
settings_render(const struct settings *s, struct buf *out)
{
	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (table[i].section == NULL)
			TRY(render_row(s, &table[i], out));
	return NULL;
}

struct err *
settings_host_port(const char *text, char **host, char **port)
{
	struct bytes all = bytes_str(text);
	size_t colon = bytes_rfind(all, BYTES_LIT(":"));
	if (colon == SIZE_MAX || colon + 1 == all.len)
		return err_coded(
		    err_new(ERR_USAGE, NULL, "\"%s\" is no host:port", text),
		    "settings");
	struct bytes name = bytes_slice(all, 0, colon);
	if (name.len >= 2 && name.ptr[0] == '[' &&
	    name.ptr[name.len - 1] == ']')
		name = bytes_slice(name, 1, name.len - 2);
	CLEANUP(free_charp) char *h = NULL;
	TRY(bytes_dup_str(name, &h));
	TRY(bytes_dup_str(bytes_from(all, colon + 1), port));
	*host = TAKE(h);
	return NULL;
}

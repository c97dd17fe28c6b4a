#include "signctl/folder.h"

#include "signctl/offline.h"
#include "signctl/service.h"

#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define BAR_WIDTH 30 /* columns */

struct entry {
	char *path;
	int error; /* errno: of what could not be looked into; 0: a file */
};

struct list {
	struct entry *v;
	size_t n;
};

static void
list_done(struct list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].path);
	free(l->v);
}

bool
is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static struct err *
list_add(struct list *l, const char *path, int error)
{
	if (l->n >= FOLDER_FILES_MAX)
		return err_new(ERR_LIMIT, NULL, "over %d files below a folder",
		    FOLDER_FILES_MAX);
	if ((l->n & (l->n + 1)) == 0) { /* full at 0, 1, 3, 7, ... */
		struct entry *v = realloc(l->v, (2 * l->n + 1) * sizeof(*v));
		if (v == NULL)
			return err_new(ERR_NOMEM, NULL, "names of files");
		l->v = v;
	}
	char *copy = strdup(path);
	if (copy == NULL)
		return err_new(ERR_NOMEM, NULL, "the name of a file");
	l->v[l->n++] = (struct entry){ .path = copy, .error = error };
	return NULL;
}

static int
by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* What cannot be opened is told, and must not be missing silently. */
static struct err *
read_tree(FTS *tree, struct list *out)
{
	FTSENT *e;
	while ((e = fts_read(tree)) != NULL)
		switch (e->fts_info) {
		case FTS_F:
			TRY(list_add(out, e->fts_path, 0));
			break;
		case FTS_DNR: /* a folder */
		case FTS_ERR:
		case FTS_NS:
			TRY(list_add(out, e->fts_path, e->fts_errno));
			break;
		default:
			break;
		}
	return errno == 0 ? NULL : err_errno(errno, "reading the folder");
}

static struct err *
list_files(const char *path, struct list *out)
{
	char *const roots[] = { (char *)(uintptr_t)path, NULL };
	FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	if (tree == NULL)
		return err_errno(errno, "%s", path);
	errno = 0;
	struct err *e = read_tree(tree, out);
	fts_close(tree);
	return e;
}

struct err *
content_beside(const char *path, struct input *out, bool *found)
{
	struct stat st;
	size_t len = strlen(path);
	*found = false;
	if (len <= 4 || strcasecmp(path + len - 4, ".p7s") != 0)
		return NULL;
	CLEANUP(free_charp) char *content = strndup(path, len - 4);
	if (content == NULL)
		return err_new(ERR_NOMEM, NULL, "a path");
	if (lstat(content, &st) != 0 || !S_ISREG(st.st_mode))
		return NULL;
	TRY(input_open(content, out));
	*found = true;
	return NULL;
}

static void
clear_bar(void)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%*s\r", BAR_WIDTH + 32, "");
}

static void
show_bar(size_t done, size_t all)
{
	char bar[BAR_WIDTH + 1];
	size_t full = all == 0 ? BAR_WIDTH : done * BAR_WIDTH / all;
	if (!isatty(STDERR_FILENO))
		return;
	memset(bar, ' ', BAR_WIDTH);
	memset(bar, '=', full);
	bar[BAR_WIDTH] = '\0';
	fprintf(stderr, "\r[%s] %zu/%zu", bar, done, all);
	if (done == all)
		clear_bar();
	fflush(stderr);
}

struct err *
folder_walk(const struct folder_visit *v, const char *path)
{
	CLEANUP(list_done) struct list files = { 0 };
	TRY(list_files(path, &files));
	for (size_t i = 0; i < files.n; i++) {
		show_bar(i, files.n);
		TRY(v->file(v->ctx, files.v[i].path, files.v[i].error));
		fflush(stdout);
	}
	show_bar(files.n, files.n);
	return NULL;
}

/* It may hold anything, and a terminal obeys some of it. */
struct err *
folder_name(const char *folder, const char *path, struct buf *out)
{
	size_t len = strlen(folder);
	path += strncmp(path, folder, len) == 0 ? len : 0;
	while (*path == '/')
		path++;
	return utf8_escape(bytes_str(*path == '\0' ? "." : path), out);
}

struct err *
folder_row(
    const char *folder, const char *path, const char *left, const char *right)
{
	CLEANUP(buf_done) struct buf name = BUF(FOLDER_NAME_MAX);
	const char *text;
	TRY(folder_name(folder, path, &name));
	TRY(buf_cstr(&name, &text));
	clear_bar(); /* it stands in that line */
	printf("%s  %s  — %s\n", left, text, right);
	return NULL;
}

enum { COUNT_SKIPPED = RESULT_INDETERMINATE + 1, COUNT_ERRORS, COUNTS };

struct table {
	const struct folder_judge *j;
	const char *folder;
	enum lang lang;
	bool json;
	int *code;
	size_t counts[COUNTS]; /* by enum result, then these */
};

/* Of one width in each language. */
static const char *
result_word(enum result r, enum lang lang)
{
	static const char *const words[][2] = {
		[RESULT_VALID] = { "hợp lệ            ", "valid        " },
		[RESULT_INVALID] = { "KHÔNG HỢP LỆ      ", "NOT VALID    " },
		[RESULT_INDETERMINATE] = { "chưa xác định được",
		    "indeterminate" },
	};
	return words[r][lang];
}

static const char *const not_opened[] = { "không mở được     ",
	"not opened   " };

/* ---- a line of JSON for each (doc/folder.schema.json) ---- */

static struct err *
json_line(json_t *doc)
{
	CLEANUP(json_decrefp) json_t *own = doc;
	char *text = own == NULL ? NULL : json_dumps(own, JSON_COMPACT);
	if (text == NULL)
		return err_new(ERR_NOMEM, NULL, "a line of JSON");
	clear_bar();
	printf("%s\n", text);
	free(text);
	return NULL;
}

static struct err *
json_named(
    const struct table *t, const char *path, const char *member, json_t *value)
{
	CLEANUP(json_decrefp) json_t *own = value;
	CLEANUP(buf_done) struct buf name = BUF(FOLDER_NAME_MAX);
	const char *text;
	TRY(folder_name(t->folder, path, &name));
	TRY(buf_cstr(&name, &text));
	return json_line(json_pack("{s:s, s:O}", "file", text, member, own));
}

static struct err *
json_error(const struct table *t, const char *path, const char *why)
{
	return json_named(t, path, "error",
	    json_pack("{s:s, s:{s:s, s:s}}", "code", why, "text", "vi",
		message_text(why, LANG_VI), "en", message_text(why, LANG_EN)));
}

static struct err *
json_report(const struct table *t, const char *path, const struct buf *report)
{
	json_t *j = json_loadb((const char *)report->ptr, report->len, 0, NULL);
	if (j == NULL)
		return err_new(ERR_INTERNAL, NULL, "a report that is not JSON");
	return json_named(t, path, "report", j);
}

static struct err *
json_summary(const struct table *t)
{
	const size_t *c = t->counts;
	return json_line(json_pack("{s:{s:I, s:I, s:I, s:I, s:I}}", "summary",
	    "valid", (json_int_t)c[RESULT_VALID], "invalid",
	    (json_int_t)c[RESULT_INVALID], "indeterminate",
	    (json_int_t)c[RESULT_INDETERMINATE], "not_opened",
	    (json_int_t)c[COUNT_ERRORS], "other",
	    (json_int_t)c[COUNT_SKIPPED]));
}

static struct err *
tell_error(struct table *t, const char *path, struct err *e)
{
	if (err_kind(e) == ERR_NOMEM)
		return e;
	bool denied = err_kind(e) == ERR_DENIED;
	t->counts[COUNT_ERRORS]++;
	const char *why = denied ? "file-denied" : err_code(e);
	struct err *failed =
	    t->json ? json_error(t, path, why)
		    : folder_row(t->folder, path, not_opened[t->lang],
			  message_text(why, t->lang));
	*t->code = exit_worse(*t->code, EXIT_INDETERMINATE);
	err_free(e);
	return failed;
}

static struct err *
judge_file(void *ctx, const char *path, int error)
{
	struct table *t = ctx;
	struct verify_answer a = { 0 };
	struct err *e = error != 0 ? err_errno(error, "%s", path)
				   : t->j->judge(t->j->ctx, path, &a);
	if (e != NULL)
		return tell_error(t, path, e);
	/* A folder may hold pictures, too. */
	if (strncmp(a.code, "format-", strlen("format-")) == 0) {
		t->counts[COUNT_SKIPPED]++;
		verify_answer_done(&a);
		return NULL;
	}
	enum result r = result_of(t->j->policy, a.indication);
	t->counts[r]++;
	e = t->json ? json_report(t, path, &a.json)
		    : folder_row(t->folder, path, result_word(r, t->lang),
			  message_text(a.code, t->lang));
	*t->code = exit_worse(*t->code, indication_exit(a.indication));
	verify_answer_done(&a);
	return e;
}

static void
print_summary(const struct table *t)
{
	const char *const format =
	    t->lang == LANG_VI
		? "\n%zu hợp lệ, %zu không hợp lệ, %zu chưa xác định được, %zu "
		  "không mở được, %zu tệp khác.\n"
		: "\n%zu valid, %zu not valid, %zu indeterminate, %zu "
		  "not opened, %zu other files.\n";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	printf(format, t->counts[RESULT_VALID], t->counts[RESULT_INVALID],
	    t->counts[RESULT_INDETERMINATE], t->counts[COUNT_ERRORS],
	    t->counts[COUNT_SKIPPED]);
#pragma GCC diagnostic pop
}

struct err *
folder_verify(const struct folder_judge *j, const char *path, enum lang lang,
    bool json, int *code)
{
	struct table t = {
		.j = j, .folder = path, .lang = lang, .json = json, .code = code
	};
	const struct folder_visit v = { .ctx = &t, .file = judge_file };
	TRY(folder_walk(&v, path));
	if (json)
		return json_summary(&t);
	print_summary(&t);
	return NULL;
}

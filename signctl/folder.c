#include "signctl/folder.h"

#include "signctl/offline.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BAR_WIDTH 30 /* columns */

struct list {
	char **v;
	size_t n;
};

static void
list_done(struct list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
}

bool
is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static struct err *
list_add(struct list *l, const char *path)
{
	if (l->n >= FOLDER_FILES_MAX)
		return err_new(ERR_LIMIT, NULL, "over %d files below a folder",
		    FOLDER_FILES_MAX);
	if ((l->n & (l->n + 1)) == 0) { /* full at 0, 1, 3, 7, ... */
		char **v = realloc(l->v, (2 * l->n + 1) * sizeof(*v));
		if (v == NULL)
			return err_new(ERR_NOMEM, NULL, "names of files");
		l->v = v;
	}
	l->v[l->n] = strdup(path);
	if (l->v[l->n] == NULL)
		return err_new(ERR_NOMEM, NULL, "the name of a file");
	l->n++;
	return NULL;
}

static int
by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static struct err *
read_tree(FTS *tree, struct list *out)
{
	FTSENT *e;
	while ((e = fts_read(tree)) != NULL)
		if (e->fts_info == FTS_F)
			TRY(list_add(out, e->fts_path));
	return NULL;
}

static struct err *
list_files(const char *path, struct list *out)
{
	char *const roots[] = { (char *)(uintptr_t)path, NULL };
	FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	if (tree == NULL)
		return err_errno(errno, "%s", path);
	struct err *e = read_tree(tree, out);
	fts_close(tree);
	return e;
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
		fprintf(stderr, "\r%*s\r", BAR_WIDTH + 32, "");
	fflush(stderr);
}

enum { COUNT_SKIPPED = RESULT_INDETERMINATE + 1, COUNT_ERRORS, COUNTS };

struct table {
	const struct folder_judge *j;
	const char *folder;
	enum lang lang;
	size_t counts[COUNTS]; /* by enum result, then these */
};

static const char *
result_word(enum result r, enum lang lang)
{
	static const char *const words[][2] = {
		[RESULT_VALID] = { "hợp lệ           ", "valid        " },
		[RESULT_INVALID] = { "KHÔNG HỢP LỆ     ", "NOT VALID    " },
		[RESULT_INDETERMINATE] = { "chưa xác định    ",
		    "indeterminate" },
	};
	return words[r][lang];
}

/* The name below the folder.  It may hold anything; a terminal obeys some of
 * it. */
static void
print_name(const struct table *t, const char *path)
{
	path += strncmp(path, t->folder, strlen(t->folder)) == 0
		    ? strlen(t->folder)
		    : 0;
	while (*path == '/')
		path++;
	for (; *path != '\0'; path++)
		putchar(
		    (unsigned char)*path < ' ' || *path == 0x7f ? '?' : *path);
}

static void
print_row(struct table *t, const char *path, const char *word, const char *code)
{
	if (isatty(STDERR_FILENO)) /* the bar stands in that line */
		fprintf(stderr, "\r%*s\r", BAR_WIDTH + 32, "");
	printf("%s  ", word);
	print_name(t, path);
	printf("  — %s\n", message_text(code, t->lang));
}

static struct err *
tell_error(struct table *t, const char *path, struct err *e, int *code)
{
	if (err_kind(e) == ERR_NOMEM)
		return e;
	t->counts[COUNT_ERRORS]++;
	print_row(t, path,
	    t->lang == LANG_VI ? "không mở được    " : "not opened   ",
	    err_code(e));
	*code = exit_worse(*code, EXIT_INDETERMINATE);
	err_free(e);
	return NULL;
}

static struct err *
judge_file(struct table *t, const char *path, int *code)
{
	struct verify_answer a = { 0 };
	struct err *e = t->j->judge(t->j->ctx, path, &a);
	if (e != NULL)
		return tell_error(t, path, e, code);
	/* A folder may hold pictures, too. */
	if (strcmp(a.code, "format-unknown") == 0) {
		t->counts[COUNT_SKIPPED]++;
		verify_answer_done(&a);
		return NULL;
	}
	enum result r = result_of(t->j->policy, a.indication);
	t->counts[r]++;
	print_row(t, path, result_word(r, t->lang), a.code);
	*code = exit_worse(*code, indication_exit(a.indication));
	verify_answer_done(&a);
	return NULL;
}

static void
print_summary(const struct table *t)
{
	const char *const format =
	    t->lang == LANG_VI
		? "\n%zu hợp lệ, %zu không hợp lệ, %zu chưa xác định được, %zu "
		  "không đọc được, %zu tệp khác.\n"
		: "\n%zu valid, %zu not valid, %zu indeterminate, %zu "
		  "unreadable, %zu other files.\n";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	printf(format, t->counts[RESULT_VALID], t->counts[RESULT_INVALID],
	    t->counts[RESULT_INDETERMINATE], t->counts[COUNT_ERRORS],
	    t->counts[COUNT_SKIPPED]);
#pragma GCC diagnostic pop
}

struct err *
folder_verify(
    const struct folder_judge *j, const char *path, enum lang lang, int *code)
{
	CLEANUP(list_done) struct list files = { 0 };
	struct table t = { .j = j, .folder = path, .lang = lang };
	TRY(list_files(path, &files));
	for (size_t i = 0; i < files.n; i++) {
		show_bar(i, files.n);
		TRY(judge_file(&t, files.v[i], code));
	}
	show_bar(files.n, files.n);
	print_summary(&t);
	return NULL;
}

/*
 * preserve of a whole folder: what an agency runs every night.  What needs
 * nothing is left alone; each file is replaced by itself and all at once, so
 * that a run which is broken off is continued by the next.
 */
#include "signctl/folder.h"
#include "signctl/keep.h"
#include "signctl/service.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Rows and counts: what was done, or why nothing was. */
enum row {
	ROW_RAISED,
	ROW_RENEWED,
	ROW_KEPT, /* it needs nothing */
	ROW_INVALID,
	ROW_INDETERMINATE,
	ROW_UNSUPPORTED, /* of a kind to which nothing can be added */
	ROW_FAILED,
	ROW_OTHER, /* no signed file */
	ROWS
};

struct run {
	struct keeper *k;
	const char *folder;
	enum lang lang;
	json_t *files; /* NULL: a table is printed */
	int code;
	size_t counts[ROWS];
	int64_t first_end; /* of all that is valid; TIME_NONE: nothing is */
};

/* Of one width in each language. */
static const char *
row_word(enum row r, enum lang lang)
{
	static const char *const words[][2] = {
		[ROW_RAISED] = { "đã nâng mức       ", "raised       " },
		[ROW_RENEWED] = { "đã gia hạn        ", "renewed      " },
		[ROW_KEPT] = { "giữ nguyên        ", "kept as is   " },
		[ROW_INVALID] = { "KHÔNG HỢP LỆ      ", "NOT VALID    " },
		[ROW_INDETERMINATE] = { "chưa xác định được", "indeterminate" },
		[ROW_UNSUPPORTED] = { "không nâng được   ", "cannot raise " },
		[ROW_FAILED] = { "KHÔNG LÀM ĐƯỢC    ", "FAILED       " },
		[ROW_OTHER] = { "tệp khác          ", "other file   " },
	};
	return words[r][lang];
}

static const char *
row_name(enum row r)
{
	static const char *const names[] = { [ROW_RAISED] = "raised",
		[ROW_RENEWED] = "renewed",
		[ROW_KEPT] = "kept",
		[ROW_INVALID] = "invalid",
		[ROW_INDETERMINATE] = "indeterminate",
		[ROW_UNSUPPORTED] = "unsupported",
		[ROW_FAILED] = "failed",
		[ROW_OTHER] = "other" };
	return names[r];
}

static enum row
row_of(const struct run *r, const struct kept_file *f)
{
	switch (f->action) {
	case KEEP_RAISED:
		return ROW_RAISED;
	case KEEP_RENEWED:
		return ROW_RENEWED;
	case KEEP_UNSUPPORTED:
		return ROW_UNSUPPORTED;
	case KEEP_FAILED:
		return ROW_FAILED;
	case KEEP_OTHER:
		return ROW_OTHER;
	case KEEP_UNTOUCHED:
		break;
	}
	switch (result_of(r->k->judged_by, f->indication)) {
	case RESULT_INVALID:
		return ROW_INVALID;
	case RESULT_INDETERMINATE:
		return ROW_INDETERMINATE;
	case RESULT_VALID:
		break;
	}
	return ROW_KEPT;
}

/* ---- each file ---- */

static struct err *
put_date(int64_t t, char out[static 11])
{
	CLEANUP(buf_done) struct buf b = BUF(64);
	strcpy(out, "----------");
	if (t == TIME_NONE)
		return NULL;
	TRY(time_format_iso(t, 0, &b));
	memcpy(out, b.ptr, 10);
	return NULL;
}

/* What needs nothing is counted: a nightly report is read when it says
 * something. */
static struct err *
print_file(const struct run *r, const char *path, enum row row,
    const struct kept_file *f)
{
	char date[11], left[80];
	if (row == ROW_KEPT || row == ROW_OTHER)
		return NULL;
	TRY(put_date(f->holds_until, date));
	snprintf(left, sizeof(left), "%s  %s", row_word(row, r->lang), date);
	return folder_row(
	    r->folder, path, left, message_text(f->code, r->lang));
}

static struct err *
json_time(json_t *doc, const char *name, int64_t t)
{
	CLEANUP(buf_done) struct buf b = BUF(64);
	const char *text = NULL;
	if (t != TIME_NONE) {
		TRY(time_format_iso(t, 0, &b));
		TRY(buf_cstr(&b, &text));
	}
	int rc = json_object_set_new(
	    doc, name, text == NULL ? json_null() : json_string(text));
	return rc == 0 ? NULL : err_new(ERR_NOMEM, NULL, "JSON");
}

static struct err *
list_file(const struct run *r, const char *path, enum row row,
    const struct kept_file *f)
{
	CLEANUP(buf_done) struct buf name = BUF(FOLDER_NAME_MAX);
	const char *text;
	bool judged = row != ROW_OTHER && row != ROW_FAILED;
	TRY(folder_name(r->folder, path, &name));
	TRY(buf_cstr(&name, &text));
	json_t *doc = json_pack("{s:s, s:s, s:s?, s:s, s:{s:s, s:s}}", "file",
	    text, "action", row_name(row), "indication",
	    judged ? indication_name(f->indication) : NULL, "code", f->code,
	    "text", "vi", message_text(f->code, LANG_VI), "en",
	    message_text(f->code, LANG_EN));
	if (doc == NULL || json_array_append_new(r->files, doc) != 0)
		return err_new(ERR_NOMEM, NULL, "JSON");
	return json_time(doc, "holds_until", f->holds_until);
}

static void
count(struct run *r, enum row row, const struct kept_file *f)
{
	r->counts[row]++;
	if (row == ROW_OTHER)
		return;
	r->code = exit_worse(r->code, row == ROW_FAILED
					  ? EXIT_INDETERMINATE
					  : indication_exit(f->indication));
	if (f->holds_until != TIME_NONE &&
	    (r->first_end == TIME_NONE || f->holds_until < r->first_end))
		r->first_end = f->holds_until;
}

/* What a run left that was killed: never the only copy of anything. */
static bool
is_ours_to_drop(const char *path)
{
	const char *slash = strrchr(path, '/');
	return is_leftover(slash == NULL ? path : slash + 1);
}

static struct err *
visit(void *ctx, const char *path, int error)
{
	struct run *r = ctx;
	struct kept_file f = { .action = KEEP_FAILED,
		.indication = INDETERMINATE,
		.holds_until = TIME_NONE };
	if (error == 0 && is_ours_to_drop(path)) {
		(void)unlink(path);
		return NULL;
	}
	if (error != 0)
		snprintf(f.code, sizeof(f.code), "%s",
		    error == EACCES ? "file-denied" : "file-gone");
	else
		TRY(keep_file(r->k, path, &f));
	enum row row = row_of(r, &f);
	count(r, row, &f);
	return r->files != NULL ? list_file(r, path, row, &f)
				: print_file(r, path, row, &f);
}

/* ---- all of them ---- */

static struct err *
print_summary(const struct run *r)
{
	static const char *const formats[] = {
		"\n%zu đã nâng mức, %zu đã gia hạn, %zu giữ nguyên, %zu không "
		"hợp lệ, %zu chưa xác định được, %zu không nâng được, %zu "
		"không "
		"làm được, %zu tệp khác.\nBằng chứng của mọi chữ ký hợp lệ còn "
		"đủ đến: %s\n",
		"\n%zu raised, %zu renewed, %zu kept as they are, %zu not "
		"valid, %zu indeterminate, %zu that cannot be raised, %zu "
		"failed, %zu other files.\nThe "
		"evidence of all that is valid holds until: %s\n"
	};
	const size_t *c = r->counts;
	char date[11];
	TRY(put_date(r->first_end, date));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	printf(formats[r->lang == LANG_VI ? 0 : 1], c[ROW_RAISED],
	    c[ROW_RENEWED], c[ROW_KEPT], c[ROW_INVALID], c[ROW_INDETERMINATE],
	    c[ROW_UNSUPPORTED], c[ROW_FAILED], c[ROW_OTHER], date);
#pragma GCC diagnostic pop
	return NULL;
}

static struct err *
print_json(const struct run *r)
{
	CLEANUP(json_decrefp)
	json_t *doc = json_pack(
	    "{s:i, s:{}, s:O}", "version", 1, "counts", "files", r->files);
	json_t *counts = json_object_get(doc, "counts");
	for (enum row i = 0; i < ROWS; i++)
		if (json_object_set_new(counts, row_name(i),
			json_integer((json_int_t)r->counts[i])) != 0)
			return err_new(ERR_NOMEM, NULL, "JSON");
	TRY(json_time(doc, "time", clock_now(&clock_system)));
	TRY(json_time(doc, "holds_until", r->first_end));
	char *text = json_dumps(doc, JSON_INDENT(1) | JSON_SORT_KEYS);
	if (text == NULL)
		return err_new(ERR_NOMEM, NULL, "JSON");
	printf("%s\n", text);
	free(text);
	return NULL;
}

/* Two runs at once would do everything twice. */
static struct err *
lock_folder(const char *path, int *out)
{
	CLEANUP(close_fdp)
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(errno, "%s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK
			   ? err_coded(err_new(ERR_DENIED, NULL, "%s", path),
				 "folder-busy")
			   : err_errno(errno, "%s", path);
	*out = fd;
	fd = -1;
	return NULL;
}

static struct err *
go(struct run *r)
{
	const struct folder_visit v = { .ctx = r, .file = visit };
	CLEANUP(close_fdp) int lock = -1;
	TRY(lock_folder(r->folder, &lock));
	TRY(folder_walk(&v, r->folder));
	return r->files != NULL ? print_json(r) : print_summary(r);
}

struct err *
preserve_folder(struct keeper *k, const struct args *a, int *code)
{
	CLEANUP(json_decrefp)
	json_t *files = args_has(a, "json") ? json_array() : NULL;
	struct run r = { .k = k,
		.folder = a->words[0],
		.lang = a->lang,
		.files = files,
		.first_end = TIME_NONE };
	TRY(go(&r));
	*code = r.code;
	return NULL;
}

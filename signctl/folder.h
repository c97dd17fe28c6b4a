/* A folder of files, each verified, with a table at the end. */
#ifndef SIGND_SIGNCTL_FOLDER_H
#define SIGND_SIGNCTL_FOLDER_H

#include "base/messages.h"
#include "signctl/io.h"
#include "worker/job.h"

#define FOLDER_FILES_MAX 100000
#define FOLDER_NAME_MAX (4 * 4096 + 1) /* bytes of a name, escaped */

/* What is done with each file, by name; `error` is an errno: of what could not
 * be looked into. */
struct folder_visit {
	void *ctx;
	struct err *(*file)(void *ctx, const char *path, int error);
};
/* folder_walk goes through all regular files below `path`, with a bar on
 * standard error if that is a terminal.  Symbolic links are not followed. */
struct err *folder_walk(
    const struct folder_visit *v, const char *path) MUST_USE;
/* folder_name: what `path` is called below the folder, escaped. */
struct err *folder_name(
    const char *folder, const char *path, struct buf *out) MUST_USE;
/* folder_row prints one row of a table. */
struct err *folder_row(const char *folder, const char *path, const char *left,
    const char *right) MUST_USE;

/* Asks about one file.  An error is told in the table and does not end it. */
struct folder_judge {
	void *ctx;
	struct err *(*judge)(
	    void *ctx, const char *path, struct verify_answer *out);
	const struct policy *policy;
};

/*
 * content_beside opens what a detached signature in a folder is over: the file
 * of its name without ".p7s".  *found is false where there is none.
 */
struct err *content_beside(
    const char *path, struct input *out, bool *found) MUST_USE;

bool is_folder(const char *path);

/*
 * folder_verify prints a table: result, file, sentence; or with `json` a line
 * of JSON for each and one for all (doc/folder.schema.json), for which `judge`
 * must yield the report.  *code becomes the worst exit code.  Files of no known
 * format are counted, no more; what may not be opened is told, folders, too.
 */
struct err *folder_verify(const struct folder_judge *j, const char *path,
    enum lang lang, bool json, int *code) MUST_USE;

#endif

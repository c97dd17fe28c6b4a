/* A folder of files, each verified, with a table at the end. */
#ifndef SIGND_SIGNCTL_FOLDER_H
#define SIGND_SIGNCTL_FOLDER_H

#include "base/messages.h"
#include "worker/job.h"

#define FOLDER_FILES_MAX 100000

/* Asks about one file.  An error is told in the table and does not end it. */
struct folder_judge {
	void *ctx;
	struct err *(*judge)(
	    void *ctx, const char *path, struct verify_answer *out);
	const struct policy *policy;
};

bool is_folder(const char *path);

/*
 * folder_verify goes through all regular files below `path`, by name, with a
 * bar on standard error if that is a terminal, and prints a table: result,
 * file, sentence.  *code becomes the worst exit code.  Files of no known format
 * are counted, no more; what may not be opened is told, folders, too.  Symbolic
 * links are not followed.
 */
struct err *folder_verify(const struct folder_judge *j, const char *path,
    enum lang lang, int *code) MUST_USE;

#endif

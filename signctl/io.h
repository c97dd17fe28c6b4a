/* Files and secrets of the command line. */
#ifndef SIGND_SIGNCTL_IO_H
#define SIGND_SIGNCTL_IO_H

#include "signctl/command.h"

/* A file mapped for reading; a pipe is read into memory. */
struct input {
	struct bytes bytes;
	void *map;       /* NULL: in `held` */
	size_t map_len;  /* bytes */
	struct buf held; /* of a pipe */
};

#define PIPE_MAX (256 * 1024 * 1024) /* bytes read from what is no file */

/* input_open: "-" is standard input.  ERR_MISSING, ERR_DENIED, ERR_LIMIT. */
struct err *input_open(const char *path, struct input *out) MUST_USE;
/* input_map maps a whole file that is open. */
struct err *input_map(int fd, struct input *out) MUST_USE;
void input_done(struct input *in);

/* output_open writes to a new file beside `path`, which output_commit puts in
 * its place; without commit nothing is left behind.  "-" is standard output. */
struct output {
	int fd;
	char *path; /* NULL: standard output */
	char *temp;
};
struct err *output_open(const char *path, struct output *out) MUST_USE;
struct err *output_commit(struct output *o) MUST_USE;
void output_done(struct output *o);
struct err *write_bytes(int fd, struct bytes b) MUST_USE;

/*
 * file_replace puts `b` in the place of the file, which keeps its owner and
 * rights: written beside it, on disk before it has the name, and the name on
 * disk before it returns.  Whatever fails, the file is as it was.  ERR_DENIED
 * with code "file-changed": it is not the file any more that was `seen`.
 * Who is killed leaves a file whose name is_leftover knows.
 */
struct stat;
struct err *file_replace(
    const char *path, const struct stat *seen, struct bytes b) MUST_USE;
/* Of the last part of a path. */
bool is_leftover(const char *name);

/* code_read gets the code of the second factor from descriptor --otp-fd, or
 * asks on the terminal when `asked` (and the PIN came from there too); empty
 * when there is none. */
struct err *code_read(
    const struct args *a, bool asked, struct secret *out) MUST_USE;
/* pin_read gets the PIN from descriptor --pin-fd, or asks on the terminal
 * without echo (twice when `confirm`).  0-terminated. */
struct err *pin_read(
    const struct args *a, bool confirm, struct secret *out) MUST_USE;
/* password_read gets a document's password from descriptor --password-fd,
 * 0-terminated; without the option *out stays empty. */
struct err *password_read(const struct args *a, struct secret *out) MUST_USE;

#endif

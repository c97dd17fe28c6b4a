/* One file of an archive: judged, raised to LTA or renewed where it needs it,
 * and judged again. */
#ifndef SIGND_SIGNCTL_KEEP_H
#define SIGND_SIGNCTL_KEEP_H

#include "signctl/raise.h"
#include "validation/policy.h"

#define DAY ((int64_t)24 * 3600) /* seconds */

/* What the options of preserve say, loaded. */
struct keeper {
	struct raise raise;
	struct secret password;
	struct input policy;           /* --policy-file */
	struct policy *judged_by;      /* owned */
	struct verify_request request; /* but for document and time */
	int64_t ahead; /* seconds: what ends within them is renewed */
};

enum keep_action {
	KEEP_RAISED,      /* to LTA */
	KEEP_RENEWED,     /* it was at LTA, and ended soon */
	KEEP_UNTOUCHED,   /* it needs nothing, or is not valid */
	KEEP_UNSUPPORTED, /* nothing can be added to it; `code` says why */
	KEEP_FAILED,      /* the file is as it was; `code` says why */
	KEEP_OTHER,       /* holds no signature */
};

struct kept_file {
	enum keep_action action;
	enum indication indication; /* now, on disk */
	enum sub_indication sub;
	char code[64];       /* of the verdict, or of the error */
	int64_t holds_until; /* seconds; TIME_NONE: not known */
};

struct err *keep_load(const struct args *a, struct keeper *out) MUST_USE;
void keep_done(struct keeper *k);
/* keep_judge verifies bytes as the options say. */
struct err *keep_judge(struct keeper *k, struct bytes document,
    struct verify_answer *out) MUST_USE;
/*
 * keep_file puts another file in the place of `path` where it needs it and what
 * comes out is judged no worse; else it stays as it is.  What goes wrong with
 * this one file is told in *out.  ERR_NOMEM comes back.
 */
struct err *keep_file(
    struct keeper *k, const char *path, struct kept_file *out) MUST_USE;

/* preserve_folder does that for all files below a folder; see preserve.c. */
struct err *preserve_folder(
    struct keeper *k, const struct args *a, int *code) MUST_USE;

#endif

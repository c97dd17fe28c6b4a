/*
 * Errors are values.  A function that can fail returns `struct err *`, NULL
 * when it went well.  The caller owns what it gets and frees it with
 * err_free() or hands it on.  A bad signature is an answer, never an error.
 */
#ifndef SIGND_BASE_ERR_H
#define SIGND_BASE_ERR_H

#define MUST_USE __attribute__((warn_unused_result))
#define NEVER_NULL __attribute__((returns_nonnull))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

enum err_kind {
	ERR_USAGE = 1,   /* the caller asked for something senseless */
	ERR_MALFORMED,   /* the input breaks the rules of its format */
	ERR_UNSUPPORTED, /* well formed perhaps, but not for us */
	ERR_LIMIT,       /* larger or deeper than a named limit */
	ERR_MISSING,     /* what was named is not there */
	ERR_DENIED,      /* it may not be done by this caller */
	ERR_REMOTE,      /* another process, token or host failed us */
	ERR_NOMEM,       /* out of memory */
	ERR_INTERNAL,    /* we are wrong */
};

struct err;

/*
 * err_new makes an error.  `clause` (static storage, may be NULL) names the
 * broken clause of a standard, as in "RFC 5280 4.1".  The text is one English
 * line without secrets.  Never returns NULL: without memory it returns a
 * static ERR_NOMEM, which err_free() ignores.
 */
#define err_new(kind, clause, ...)                                             \
	err_new_at(__FILE__, __LINE__, (kind), (clause), __VA_ARGS__)
struct err *err_new_at(const char *file, int line, enum err_kind kind,
    const char *clause, const char *fmt, ...) MUST_USE NEVER_NULL PRINTF(5, 6);

/* err_while puts context in front of the text of `e`: "asking X: ...". */
struct err *err_while(struct err *e, const char *fmt, ...) MUST_USE
    PRINTF(2, 3);

/*
 * err_coded gives `e` a stable code out of base/messages.def ("pin-wrong"),
 * which people and programs outside see.  `code` has static storage.
 */
struct err *err_coded(struct err *e, const char *code) MUST_USE;

/* err_errno is err_new with the kind and text that belong to errno `no`. */
struct err *err_errno(int no, const char *fmt, ...) MUST_USE NEVER_NULL
    PRINTF(2, 3);

enum err_kind err_kind(const struct err *e);
const char *err_text(const struct err *e);   /* never NULL */
const char *err_clause(const struct err *e); /* may be NULL */
const char *err_code(const struct err *e);   /* a default by kind if unset */
const char *err_file(const struct err *e);
int err_line(const struct err *e);
const char *err_kind_name(enum err_kind kind);

void err_free(struct err *e);

/* TRY hands an error on; it is the only macro that returns. */
#define TRY(call)                                                              \
	do {                                                                   \
		struct err *try_err_ = (call);                                 \
		if (try_err_ != NULL)                                          \
			return try_err_;                                       \
	} while (0)

#endif

/*
 * The log: one event, one line, key=value, to standard error.  Secrets have no
 * way in: a header or a body is never logged, only lengths, codes and ids.
 */
#ifndef SIGND_SIGND_LOG_H
#define SIGND_SIGND_LOG_H

#include "base/base.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

struct log {
	enum log_level least; /* more talkative events are left out */
	const char *role;     /* "front"; static */
};

/* ERR_USAGE: no such level. */
struct err *log_init(
    struct log *l, const char *level, const char *role) MUST_USE;

/* `fmt` gives further pairs: "pid=%d signal=%d"; texts from outside go through
 * log_quoted first.  Control characters never reach the line. */
void log_event(const struct log *l, enum log_level level, const char *event,
    const char *fmt, ...) PRINTF(4, 5);

/* Logs what went wrong, and frees it; NULL is nothing to log. */
void log_error(const struct log *l, enum log_level level, const char *event,
    struct err *e);

/* Writes `text` in quotes into `out`, cut to fit, everything that could be
 * mistaken replaced; returns `out`. */
const char *log_quoted(const char *text, char *out, size_t size);

#endif

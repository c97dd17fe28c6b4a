/*
 * The one catalogue of what people read: a sentence and the next step, in
 * Vietnamese and English, by stable code.  base/messages.def holds the rows.
 */
#ifndef SIGND_BASE_MESSAGES_H
#define SIGND_BASE_MESSAGES_H

#include <stddef.h>

enum lang { LANG_VI, LANG_EN };

struct message {
	const char *code;    /* "pin-wrong": stable, lower case, hyphens */
	const char *text[2]; /* by enum lang: one sentence */
	const char *next[2]; /* what to do now; "" where nothing is to do */
};

/* message_find returns NULL when there is no such code, or no code at all. */
const struct message *message_find(const char *code);
/* Never NULL; falls back to the row "internal". */
const char *message_text(const char *code, enum lang lang);
const char *message_next(const char *code, enum lang lang);
/* The language of --lang; NULL: of the locale, Vietnamese where it says none. */
enum lang lang_by(const char *wanted);
/* All rows, in no order. */
const struct message *message_all(size_t *count);

#endif

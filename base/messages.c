#include "base/messages.h"

#include <stdlib.h>
#include <string.h>

static const struct message messages[] = {
#define MESSAGE(code_, vi, en, next_vi, next_en)                               \
	{ .code = (code_),                                                     \
		.text = { (vi), (en) },                                        \
		.next = { (next_vi), (next_en) } },
#include "base/messages.def"
#undef MESSAGE
};

const struct message *
message_find(const char *code)
{
	if (code == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		if (strcmp(messages[i].code, code) == 0)
			return &messages[i];
	return NULL;
}

static const struct message *
find_or_internal(const char *code)
{
	const struct message *m = message_find(code);
	return m != NULL ? m : message_find("internal");
}

const char *
message_text(const char *code, enum lang lang)
{
	return find_or_internal(code)->text[lang];
}

const char *
message_next(const char *code, enum lang lang)
{
	return find_or_internal(code)->next[lang];
}

const struct message *
message_all(size_t *count)
{
	*count = sizeof(messages) / sizeof(messages[0]);
	return messages;
}

enum lang
lang_by(const char *wanted)
{
	if (wanted != NULL)
		return strcmp(wanted, "en") == 0 ? LANG_EN : LANG_VI;
	const char *locale = getenv("LC_ALL");
	if (locale == NULL || *locale == '\0')
		locale = getenv("LC_MESSAGES");
	if (locale == NULL || *locale == '\0')
		locale = getenv("LANG");
	if (locale == NULL || *locale == '\0' || *locale == 'C' ||
	    strncmp(locale, "POSIX", 5) == 0 || strncmp(locale, "vi", 2) == 0)
		return LANG_VI;
	return LANG_EN;
}

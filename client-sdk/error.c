#include "client-sdk/client.h"

#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/messages.h"

/* What is returned when there is no memory even for an error. */
static struct signd_error out_of_memory;

static char *
copy(const char *s)
{
	return strdup(s == NULL ? "" : s);
}

static struct signd_error *
error_new(int status, const char *code, const char *detail)
{
	struct signd_error *e = calloc(1, sizeof(*e));
	if (e == NULL)
		return &out_of_memory;
	e->status = status;
	e->code = copy(code);
	e->detail = copy(detail);
	for (int lang = LANG_VI; lang <= LANG_EN; lang++) {
		e->text[lang] = copy(message_text(code, (enum lang)lang));
		e->next[lang] = copy(message_next(code, (enum lang)lang));
	}
	return e;
}

struct signd_error *
error_local(struct err *local)
{
	struct signd_error *e = error_new(0, err_code(local), err_text(local));
	err_free(local);
	return e;
}

static void
replace(char **slot, const json_t *value)
{
	const char *text = json_string_value(value);
	char *fresh = text == NULL ? NULL : strdup(text);
	if (fresh == NULL)
		return;
	free(*slot);
	*slot = fresh;
}

struct signd_error *
error_problem(int status, struct bytes body)
{
	CLEANUP(json_decrefp) json_t *j = NULL;
	err_free(json_parse(body, &j));
	const char *code = json_string_value(json_object_get(j, "code"));
	struct signd_error *e =
	    error_new(status, code == NULL ? "remote" : code, NULL);
	if (e == &out_of_memory)
		return e;
	replace(&e->detail, json_object_get(j, "detail"));
	static const char *const langs[] = { "vi", "en" };
	for (int i = 0; i < 2; i++) {
		replace(&e->text[i],
		    json_object_get(json_object_get(j, "text"), langs[i]));
		replace(&e->next[i],
		    json_object_get(json_object_get(j, "next"), langs[i]));
	}
	return e;
}

static int
lang_index(const char *lang)
{
	return lang != NULL && strcmp(lang, "en") == 0 ? LANG_EN : LANG_VI;
}

const char *
signd_error_code(const struct signd_error *e)
{
	return e->code == NULL ? "nomem" : e->code;
}

const char *
signd_error_text(const struct signd_error *e, const char *lang)
{
	const char *text = e->text[lang_index(lang)];
	return text == NULL ? "out of memory" : text;
}

const char *
signd_error_next(const struct signd_error *e, const char *lang)
{
	const char *text = e->next[lang_index(lang)];
	return text == NULL ? "" : text;
}

const char *
signd_error_detail(const struct signd_error *e)
{
	return e->detail == NULL ? "" : e->detail;
}

int
signd_error_status(const struct signd_error *e)
{
	return e->status;
}

void
signd_error_free(struct signd_error *e)
{
	if (e == NULL || e == &out_of_memory)
		return;
	free(e->code);
	free(e->detail);
	for (int i = 0; i < 2; i++) {
		free(e->text[i]);
		free(e->next[i]);
	}
	free(e);
}

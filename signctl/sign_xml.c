#include "signctl/sign_xml.h"

#include "signctl/offline.h"
#include "xml/params.h"

#include <stdlib.h>
#include <string.h>

struct chosen {
	struct xml_params params;
	struct xml_object objects[XML_OBJECTS_MAX];
	char *names[XML_OBJECTS_MAX]; /* owned, cut out of URI=FILE */
	uint8_t digests[XML_OBJECTS_MAX][DIGEST_MAX];
};

static void
chosen_done(struct chosen *c)
{
	for (size_t i = 0; i < XML_OBJECTS_MAX; i++)
		free(c->names[i]);
}

static bool
any_given(const struct args *a)
{
	static const char *const names[] = { "profile", "packaging", "place",
		"canon", "object", "uri", "counter-sign" };
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (args_has(a, names[i]))
			return true;
	return false;
}

static struct err *
list_objects(const struct args *a, struct buf *list)
{
	size_t n = 0;
	const char *const *words = args_all(a, "object", &n);
	for (size_t i = 0; i < n; i++) {
		if (*words[i] != '#' || strchr(words[i], ',') != NULL)
			return err_new(ERR_USAGE, NULL,
			    "--object URI=FILE goes together with --local");
		TRY(buf_printf(list, "%s%s", i == 0 ? "" : ",", words[i]));
	}
	return NULL;
}

/* Both formats have counter-signatures. */
static const char *
counter_word(const struct args *a)
{
	const char *format = args_get(a, "format");
	return format != NULL && strcmp(format, "cms") == 0 ? "cmsCounter"
							    : "xmlCounter";
}

struct err *
sign_xml_there(
    const struct args *a, const char **more, size_t *n, struct buf *objects)
{
	const char *const names[][2] = { { "xmlProfile", "profile" },
		{ "xmlPackaging", "packaging" }, { "xmlPlace", "place" },
		{ "xmlCanon", "canon" },
		{ counter_word(a), "counter-sign" } };
	const char *packaging = args_get(a, "packaging");
	bool alone = packaging != NULL && strcmp(packaging, "detached") == 0;
	if (args_has(a, "uri") || alone)
		return err_new(ERR_USAGE, NULL,
		    "a signature beside its file goes together with --local");
	TRY(list_objects(a, objects));
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (!args_has(a, names[i][1]))
			continue;
		more[(*n)++] = names[i][0];
		more[(*n)++] = args_get(a, names[i][1]);
	}
	if (objects->len > 0) {
		more[(*n)++] = "xmlObjects";
		TRY(buf_cstr(objects, &more[(*n)++]));
	}
	return NULL;
}

static struct err *
hash_file(const char *path, uint8_t out[DIGEST_MAX])
{
	CLEANUP(input_done) struct input in = { 0 };
	TRY(input_open(path, &in));
	return digest_of(DIGEST_SHA256, in.bytes, out);
}

/* "#ID", or "URI=FILE". */
static struct err *
add_object(struct chosen *c, const char *word)
{
	size_t n = c->params.nobjects;
	const char *eq = *word == '#' ? NULL : strrchr(word, '=');
	if (n == XML_OBJECTS_MAX)
		return err_new(ERR_USAGE, NULL, "too many --object");
	size_t len = eq == NULL ? strlen(word) : (size_t)(eq - word);
	TRY(bytes_dup_str(bytes_of(word, len), &c->names[n]));
	c->objects[n].uri = c->names[n];
	c->params.nobjects++;
	if (eq == NULL)
		return *word == '#' ? NULL
				    : err_new(ERR_USAGE, NULL,
					  "--object wants #ID or URI=FILE");
	TRY(hash_file(eq + 1, c->digests[n]));
	c->objects[n].digest =
	    bytes_of(c->digests[n], digest_len(DIGEST_SHA256));
	return NULL;
}

struct err *
sign_xml_pack(const struct args *a, struct buf *out)
{
	CLEANUP(chosen_done) struct chosen c = { 0 };
	const struct xml_words w = { .profile = args_get(a, "profile"),
		.packaging = args_get(a, "packaging"),
		.place = args_get(a, "place"),
		.canon = args_get(a, "canon"),
		.uri = args_get(a, "uri"),
		.counter = args_get(a, "counter-sign") };
	size_t n = 0;
	if (!any_given(a))
		return NULL;
	TRY(xml_params_read(&w, &c.params));
	const char *const *words = args_all(a, "object", &n);
	for (size_t i = 0; i < n; i++)
		TRY(add_object(&c, words[i]));
	c.params.objects = c.objects;
	return xml_params_pack(&c.params, out);
}

#include "xml/params.h"

#include "base/pack.h"

#include <stdlib.h>
#include <string.h>

enum {
	TAG_PROFILE = 1,
	TAG_PACKAGING,
	TAG_PLACE,
	TAG_CANON,
	TAG_DIGEST,
	TAG_URI,
	TAG_COUNTER,
	TAG_OBJECTS,
	TAG_OBJECT_URI,
	TAG_OBJECT_DATA,
	TAG_OBJECT_DIGEST,
	TAG_OBJECT_TYPE,
};

/* The caller sees `params`, which is first; the rest owns what it names. */
struct unpacked {
	struct xml_params params;
	struct xml_object objects[XML_OBJECTS_MAX];
	char *strings[5 + 2 * XML_OBJECTS_MAX];
	size_t nstrings;
};

void
xml_params_free(struct xml_params *p)
{
	struct unpacked *u = (struct unpacked *)p;
	for (size_t i = 0; u != NULL && i < u->nstrings; i++)
		free(u->strings[i]);
	free(u);
}

/* ---- words ---- */

static struct err *
read_packaging(const char *word, enum xml_packaging *out)
{
	static const char *const names[] = { [XML_ENVELOPED] = "enveloped",
		[XML_ENVELOPING] = "enveloping",
		[XML_DETACHED] = "detached" };
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (word == NULL || strcmp(word, names[i]) == 0) {
			*out = (enum xml_packaging)i;
			return NULL;
		}
	return err_new(
	    ERR_USAGE, NULL, "packaging is enveloped, enveloping or detached");
}

static struct err *
read_digest(const char *word, enum digest_alg *out)
{
	static const enum digest_alg ours[] = { DIGEST_SHA256, DIGEST_SHA384,
		DIGEST_SHA512 };
	*out = DIGEST_NONE;
	for (size_t i = 0; word != NULL && i < COUNT_OF(ours); i++)
		if (strcmp(word, digest_name(ours[i])) == 0)
			*out = ours[i];
	if (word != NULL && *out == DIGEST_NONE)
		return err_new(ERR_USAGE, NULL,
		    "the digest is SHA-256, SHA-384 or SHA-512");
	return NULL;
}

struct err *
xml_params_read(const struct xml_words *w, struct xml_params *out)
{
	struct xml_params p = { .profile = w->profile,
		.place = w->place,
		.canon = w->canon,
		.uri = w->uri,
		.counter = w->counter };
	TRY(read_packaging(w->packaging, &p.packaging));
	TRY(read_digest(w->digest, &p.digest));
	*out = p;
	return NULL;
}

/* ---- packing ---- */

static struct err *
pack_optional(struct buf *b, uint16_t tag, const char *s)
{
	return s == NULL ? NULL : pack_str(b, tag, s);
}

static struct err *
pack_object(const struct xml_object *o, struct buf *out)
{
	TRY(pack_optional(out, TAG_OBJECT_URI, o->uri));
	TRY(pack_bytes(out, TAG_OBJECT_DATA, o->data));
	TRY(pack_bytes(out, TAG_OBJECT_DIGEST, o->digest));
	return pack_optional(out, TAG_OBJECT_TYPE, o->media_type);
}

struct err *
xml_params_pack(const struct xml_params *p, struct buf *out)
{
	if (p->nobjects > XML_OBJECTS_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "more than %d objects", XML_OBJECTS_MAX);
	TRY(pack_optional(out, TAG_PROFILE, p->profile));
	TRY(pack_u64(out, TAG_PACKAGING, (uint64_t)p->packaging));
	TRY(pack_optional(out, TAG_PLACE, p->place));
	TRY(pack_optional(out, TAG_CANON, p->canon));
	TRY(pack_u64(out, TAG_DIGEST, (uint64_t)p->digest));
	TRY(pack_optional(out, TAG_URI, p->uri));
	TRY(pack_optional(out, TAG_COUNTER, p->counter));
	TRY(pack_u64(out, TAG_OBJECTS, p->nobjects));
	for (size_t i = 0; i < p->nobjects; i++)
		TRY(pack_object(&p->objects[i], out));
	return NULL;
}

/* ---- unpacking ---- */

static struct err *
unpack_optional(
    struct unpack *u, uint16_t tag, struct unpacked *p, const char **out)
{
	char *s = NULL;
	if (!unpack_is(u, tag))
		return NULL;
	TRY(unpack_str(u, tag, &s));
	p->strings[p->nstrings++] = s;
	*out = s;
	return NULL;
}

static struct err *
unpack_object(struct unpack *u, struct unpacked *p, struct xml_object *o)
{
	TRY(unpack_optional(u, TAG_OBJECT_URI, p, &o->uri));
	TRY(unpack_bytes(u, TAG_OBJECT_DATA, &o->data));
	TRY(unpack_bytes(u, TAG_OBJECT_DIGEST, &o->digest));
	return unpack_optional(u, TAG_OBJECT_TYPE, p, &o->media_type);
}

static struct err *
unpack_objects(struct unpack *u, struct unpacked *p)
{
	uint64_t n;
	TRY(unpack_u64(u, TAG_OBJECTS, &n));
	if (n > XML_OBJECTS_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "more than %d objects", XML_OBJECTS_MAX);
	p->params.objects = p->objects;
	p->params.nobjects = (size_t)n;
	for (size_t i = 0; i < n; i++)
		TRY(unpack_object(u, p, &p->objects[i]));
	return unpack_end(u);
}

static struct err *
unpack_all(struct unpack *u, struct unpacked *p)
{
	uint64_t packaging, digest;
	struct xml_params *x = &p->params;
	TRY(unpack_optional(u, TAG_PROFILE, p, &x->profile));
	TRY(unpack_u64(u, TAG_PACKAGING, &packaging));
	TRY(unpack_optional(u, TAG_PLACE, p, &x->place));
	TRY(unpack_optional(u, TAG_CANON, p, &x->canon));
	TRY(unpack_u64(u, TAG_DIGEST, &digest));
	TRY(unpack_optional(u, TAG_URI, p, &x->uri));
	TRY(unpack_optional(u, TAG_COUNTER, p, &x->counter));
	if (packaging > XML_DETACHED || digest >= DIGEST_COUNT)
		return err_new(ERR_MALFORMED, NULL, "no such packaging");
	x->packaging = (enum xml_packaging)packaging;
	x->digest = (enum digest_alg)digest;
	return unpack_objects(u, p);
}

struct err *
xml_params_unpack(struct bytes packed, struct xml_params **out)
{
	struct unpacked *p = calloc(1, sizeof(*p));
	if (p == NULL)
		return err_new(ERR_NOMEM, NULL, "struct xml_params");
	struct unpack u = unpack_of(packed);
	struct err *e = unpack_all(&u, p);
	if (e != NULL) {
		xml_params_free(&p->params);
		return e;
	}
	*out = &p->params;
	return NULL;
}

/* JSON by jansson, strictly: no duplicates, nothing unknown, limits. */
#ifndef SIGND_SIGND_JSON_H
#define SIGND_SIGND_JSON_H

#include <jansson.h>

#include "base/base.h"

static inline void
json_freep(json_t **j)
{
	json_decref(*j);
}

/* json_start makes jansson wipe what it frees, for PINs go through it.  Once,
 * before the first thread. */
void json_start(void);

/* json_read parses one object.  ERR_MALFORMED, code "json". */
struct err *json_read(struct bytes in, json_t **out) MUST_USE;
/* The same of what a stranger sends.  ERR_LIMIT, code "request-too-large": over
 * JSON_VALUES_MAX values. */
#define JSON_VALUES_MAX 4096 /* each costs up to 300 bytes; HASHES_MAX are few */
struct err *json_read_request(struct bytes in, json_t **out) MUST_USE;

/* Reads the fields of one object, and refuses those nobody asked for.  Errors:
 * ERR_USAGE, code "json-field". */
struct json_fields {
	json_t *object; /* borrowed */
	size_t asked;   /* fields found so far */
};

/* A string of `least` to `most` bytes; the pointer belongs to the object.
 * Absent: *out is NULL when `least` is 0, else an error. */
struct err *json_str(struct json_fields *f, const char *name, size_t least,
    size_t most, const char **out) MUST_USE;
/* Standard Base64. */
struct err *json_base64(struct json_fields *f, const char *name, bool optional,
    struct buf *out) MUST_USE;
/* An array, of the object; absent: NULL. */
struct err *json_list(
    struct json_fields *f, const char *name, json_t **out) MUST_USE;
struct err *json_int(struct json_fields *f, const char *name, int64_t least,
    int64_t most, int64_t dflt, int64_t *out) MUST_USE;
struct err *json_object_field(
    struct json_fields *f, const char *name, struct json_fields *out) MUST_USE;
struct err *json_end(const struct json_fields *f) MUST_USE;

/* Writing. */
struct err *json_new(json_t **out) MUST_USE; /* an empty object */
struct err *json_put(json_t *o, const char *name, json_t *value) MUST_USE;
struct err *json_put_str(json_t *o, const char *name, const char *v) MUST_USE;
struct err *json_put_bytes(
    json_t *o, const char *name, struct bytes v) MUST_USE; /* as it is, UTF-8 */
struct err *json_put_base64(
    json_t *o, const char *name, struct bytes v) MUST_USE;
struct err *json_put_int(json_t *o, const char *name, int64_t v) MUST_USE;
/* As people of the city write it, ISO 8601 with +07:00. */
struct err *json_put_time(json_t *o, const char *name, int64_t t) MUST_USE;
struct err *json_render(const json_t *o, struct buf *out) MUST_USE;

#endif

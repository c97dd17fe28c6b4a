/*
 * Reading JSON (RFC 8259) into jansson's values.  jansson's own reader drops a
 * byte without a word where memory runs out while a value grows, and goes on: a
 * number or a text is then another one.  This one fails.
 */
#ifndef SIGND_BASE_JSON_H
#define SIGND_BASE_JSON_H

#include "base/bytes.h"

#include <jansson.h>

#define JSON_DEPTH_MAX 128 /* arrays and objects in one another */

/*
 * json_parse reads an array or an object and nothing after it; json_decref().
 * A member that is there twice, \u0000, and numbers beyond 64 bits or a double
 * are refused.
 *
 * ERR_MALFORMED: where and why, without what stands there; ERR_LIMIT: deeper
 * than JSON_DEPTH_MAX; ERR_NOMEM.
 */
struct err *json_parse(struct bytes in, json_t **out) MUST_USE;

#endif

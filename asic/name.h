/* Names of entries, and URIs that lead to them. */
#ifndef SIGND_ASIC_NAME_H
#define SIGND_ASIC_NAME_H

#include "base/base.h"

/*
 * name_check takes what every system reads as the same relative path: UTF-8
 * that can be printed, parts between single slashes, no "." or "..", no
 * backslash, no drive, and META-INF in no other case.  One slash at the end
 * (a folder) is allowed.  ERR_MALFORMED with code "asic-name", ERR_LIMIT.
 */
struct err *name_check(struct bytes name) MUST_USE;

/* As names compare where upper and lower case are one (ASCII only), dots and
 * spaces at the end of a part do not count, a colon begins a second stream and
 * "<>|?* become underscores (Windows); a slash at the end left out. */
int name_compare(struct bytes a, struct bytes b);
/* Whether `name` begins, ends with, contains `part`, ASCII case ignored. */
bool name_begins(struct bytes name, const char *part);
bool name_ends(struct bytes name, const char *part);
bool name_contains(struct bytes name, const char *part);

/*
 * uri_to_name decodes a relative URI reference (RFC 3986 4.2) into `out`.
 * Returns ERR_MALFORMED when it cannot name an entry: a scheme, a query, a
 * fragment, a broken escape.  ERR_LIMIT, ERR_NOMEM.
 */
struct err *uri_to_name(const char *uri, struct buf *out) MUST_USE;

#endif

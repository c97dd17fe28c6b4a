#include "asic/name.h"

#include "asic/layout.h"

#include <string.h>

#define META "META-INF/"

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static struct err *
bad_name(const char *why)
{
	return err_coded(
	    err_new(ERR_MALFORMED, "EN 319 162-1 A.5", "a name %s", why),
	    "asic-name");
}

static bool
is_bad_part(struct bytes part)
{
	return part.len == 0 || bytes_eq_str(part, ".") ||
	       bytes_eq_str(part, "..");
}

static struct err *
check_parts(struct bytes name)
{
	while (name.len > 0) {
		size_t slash = bytes_find(name, BYTES_LIT("/"));
		size_t len = slash == SIZE_MAX ? name.len : slash;
		if (is_bad_part(bytes_slice(name, 0, len)))
			return bad_name("that leads elsewhere");
		name = bytes_from(name, len + 1);
	}
	return NULL;
}

struct err *
name_check(struct bytes name)
{
	if (name.len > ASIC_NAME_MAX)
		return err_coded(
		    err_new(ERR_LIMIT, NULL, "a name of %zu bytes", name.len),
		    "asic-limit");
	if (name.len == 0 || !utf8_printable(name))
		return bad_name("that cannot be shown");
	if (memchr(name.ptr, '\\', name.len) != NULL)
		return bad_name("with a backslash");
	if (name.len > 1 && name.ptr[1] == ':')
		return bad_name("with a drive");
	if (name_begins(name, META) && !bytes_starts(name, BYTES_LIT(META)))
		return bad_name("that imitates " META);
	return check_parts(name);
}

static struct bytes
without_slash(struct bytes name)
{
	bool folder = name.len > 0 && name.ptr[name.len - 1] == '/';
	return bytes_slice(name, 0, name.len - folder);
}

/* What Windows leaves out of a name at the end of a part, when it unpacks. */
static bool
is_left_out(struct bytes rest)
{
	size_t n = 0;
	while (n < rest.len && (rest.ptr[n] == '.' || rest.ptr[n] == ' '))
		n++;
	return n == rest.len || rest.ptr[n] == '/' || rest.ptr[n] == ':';
}

/* The next character of a name as the strangest system reads it, -1 at its end:
 * case is one, dots and spaces at the end of a part are nothing, what follows a
 * colon is a second stream of the same file, what may not be in a name is an
 * underscore. */
static int
next_folded(struct bytes *rest)
{
	while (rest->len > 0) {
		uint8_t c = rest->ptr[0];
		bool colon = c == ':';
		bool passed =
		    colon || ((c == '.' || c == ' ') && is_left_out(*rest));
		*rest = bytes_from(*rest, 1);
		if (!passed)
			return strchr("\"<>|?*", c) != NULL ? '_' : lower(c);
		while (colon && rest->len > 0 && rest->ptr[0] != '/')
			*rest = bytes_from(*rest, 1);
	}
	return -1;
}

int
name_compare(struct bytes a, struct bytes b)
{
	a = without_slash(a);
	b = without_slash(b);
	for (;;) {
		int x = next_folded(&a), y = next_folded(&b);
		if (x != y || x < 0)
			return x - y;
	}
}

bool
name_begins(struct bytes name, const char *part)
{
	size_t len = strlen(part);
	if (name.len < len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (lower(name.ptr[i]) != lower((uint8_t)part[i]))
			return false;
	return true;
}

bool
name_ends(struct bytes name, const char *part)
{
	size_t len = strlen(part);
	return name.len >= len &&
	       name_begins(bytes_from(name, name.len - len), part);
}

bool
name_contains(struct bytes name, const char *part)
{
	for (; name.len > 0; name = bytes_from(name, 1))
		if (name_begins(name, part))
			return true;
	return false;
}

static struct err *
bad_uri(const char *uri)
{
	return err_new(ERR_MALFORMED, "RFC 3986 4.2",
	    "\"%.200s\" names no file of the container", uri);
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	int l = lower((uint8_t)c);
	return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

struct err *
uri_to_name(const char *uri, struct buf *out)
{
	/* RFC 3986 5.2.4: this is the same file. */
	const char *p = strncmp(uri, "./", 2) == 0 ? uri + 2 : uri;
	if (*p == '\0' || strpbrk(p, "?#") != NULL)
		return bad_uri(uri);
	for (; *p != '\0'; p++) {
		if (*p != '%') {
			TRY(buf_byte(out, (uint8_t)*p));
			continue;
		}
		int high = hex_value(p[1]);
		int low = high < 0 ? -1 : hex_value(p[2]);
		if (low < 0 || (high == 0 && low == 0))
			return bad_uri(uri);
		TRY(buf_byte(out, (uint8_t)(high * 16 + low)));
		p += 2;
	}
	return NULL;
}

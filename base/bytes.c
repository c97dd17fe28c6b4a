#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUF_FIRST 256 /* bytes; most fields and records fit */

void
free_charp(char **p)
{
	free(*p);
}

void
close_fdp(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

bool
bytes_eq_secret(struct bytes a, struct bytes b)
{
	if (a.len != b.len)
		return false;
	volatile uint8_t differ = 0;
	for (size_t i = 0; i < a.len; i++)
		differ = (uint8_t)(differ | (a.ptr[i] ^ b.ptr[i]));
	return differ == 0;
}

bool
bytes_starts(struct bytes b, struct bytes prefix)
{
	return b.len >= prefix.len &&
	       bytes_eq(bytes_slice(b, 0, prefix.len), prefix);
}

int
bytes_cmp(struct bytes a, struct bytes b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n == 0 ? 0 : memcmp(a.ptr, b.ptr, n);
	if (order != 0)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

size_t
bytes_find(struct bytes b, struct bytes needle)
{
	if (needle.len == 0)
		return 0;
	if (b.len < needle.len)
		return SIZE_MAX;
	const uint8_t *at = memmem(b.ptr, b.len, needle.ptr, needle.len);
	return at == NULL ? SIZE_MAX : (size_t)(at - b.ptr);
}

size_t
bytes_rfind(struct bytes b, struct bytes needle)
{
	if (b.len < needle.len)
		return SIZE_MAX;
	for (size_t at = b.len - needle.len + 1; at-- > 0;)
		if (bytes_eq(bytes_slice(b, at, needle.len), needle))
			return at;
	return SIZE_MAX;
}

struct err *
bytes_dup_str(struct bytes b, char **out)
{
	if (b.len > 0 && memchr(b.ptr, 0, b.len) != NULL)
		return err_new(ERR_MALFORMED, NULL, "a 0 byte in text");
	char *s = malloc(b.len + 1);
	if (s == NULL)
		return err_new(ERR_NOMEM, NULL, "%zu bytes", b.len + 1);
	if (b.len > 0)
		memcpy(s, b.ptr, b.len);
	s[b.len] = '\0';
	*out = s;
	return NULL;
}

struct err *
buf_reserve(struct buf *b, size_t more)
{
	if (more > b->max || b->len > b->max - more)
		return err_new(ERR_LIMIT, NULL, "more than %zu bytes", b->max);
	size_t need = b->len + more;
	if (need <= b->cap)
		return NULL;
	size_t cap = b->cap == 0 ? BUF_FIRST : b->cap;
	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	/* One more than max, so that buf_cstr always has room for its 0. */
	if (cap > b->max)
		cap = b->max;
	uint8_t *ptr = realloc(b->ptr, cap + 1);
	if (ptr == NULL)
		return err_new(ERR_NOMEM, NULL, "%zu bytes", cap + 1);
	b->ptr = ptr;
	b->cap = cap;
	return NULL;
}

struct err *
buf_append(struct buf *b, struct bytes what)
{
	TRY(buf_reserve(b, what.len));
	if (what.len > 0)
		memcpy(b->ptr + b->len, what.ptr, what.len);
	b->len += what.len;
	return NULL;
}

struct err *
buf_str(struct buf *b, const char *what)
{
	return buf_append(b, bytes_str(what));
}

struct err *
buf_byte(struct buf *b, uint8_t what)
{
	return buf_append(b, bytes_of(&what, 1));
}

struct err *
buf_fill(struct buf *b, uint8_t what, size_t count)
{
	TRY(buf_reserve(b, count));
	if (count > 0)
		memset(b->ptr + b->len, what, count);
	b->len += count;
	return NULL;
}

/* Written into the room that is there; when it is short, once more: vasprintf
 * would allocate on the side. */
static struct err *print_into(struct buf *b, const char *fmt, va_list ap,
    va_list again) __attribute__((format(printf, 2, 0)));

static struct err *
print_into(struct buf *b, const char *fmt, va_list ap, va_list again)
{
	/* There is a byte behind the capacity for the 0. */
	size_t room = b->ptr == NULL ? 0 : b->cap - b->len + 1;
	char *at = room == 0 ? NULL : (char *)b->ptr + b->len;
	int n = vsnprintf(at, room, fmt, ap);
	if (n < 0)
		return err_new(ERR_INTERNAL, NULL, "cannot format");
	if ((size_t)n >= room && n > 0) {
		TRY(buf_reserve(b, (size_t)n));
		vsnprintf((char *)b->ptr + b->len, (size_t)n + 1, fmt, again);
	}
	b->len += (size_t)n;
	return NULL;
}

/* Most formats only put strings together, and there are many of them. */
static bool
is_joining(const char *fmt)
{
	for (const char *p = fmt; (p = strchr(p, '%')) != NULL; p += 2)
		if (p[1] != 's')
			return false;
	return true;
}

static struct err *join(struct buf *b, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static struct err *
join(struct buf *b, const char *fmt, va_list ap)
{
	size_t before = b->len;
	struct err *e = NULL;
	while (*fmt != '\0' && e == NULL) {
		const char *end = strchrnul(fmt, '%');
		e = buf_append(b, bytes_of(fmt, (size_t)(end - fmt)));
		fmt = end;
		if (*fmt != '%' || e != NULL)
			continue;
		e = buf_str(b, va_arg(ap, const char *));
		fmt += 2;
	}
	if (e != NULL)
		b->len = before;
	return e;
}

struct err *
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	va_list again;
	va_start(ap, fmt);
	va_copy(again, ap);
	struct err *e =
	    is_joining(fmt) ? join(b, fmt, ap) : print_into(b, fmt, ap, again);
	va_end(again);
	va_end(ap);
	return e;
}

struct bytes
buf_bytes(const struct buf *b)
{
	return bytes_of(b->ptr, b->len);
}

struct err *
buf_cstr(struct buf *b, const char **out)
{
	if (b->ptr == NULL) {
		b->ptr = malloc(1);
		if (b->ptr == NULL)
			return err_new(ERR_NOMEM, NULL, "1 byte");
	}
	b->ptr[b->len] = '\0';
	*out = (const char *)b->ptr;
	return NULL;
}

struct buf
buf_move(struct buf *from)
{
	struct buf to = *from;
	*from = BUF(from->max);
	return to;
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
}

void
buf_done(struct buf *b)
{
	free(b->ptr);
	*b = BUF(b->max);
}

void
buf_wipe_done(struct buf *b)
{
	wipe(b->ptr, b->cap);
	buf_done(b);
}

struct err *
secret_init(struct secret *s, size_t len)
{
	uint8_t *ptr = calloc(1, len == 0 ? 1 : len);
	if (ptr == NULL)
		return err_new(ERR_NOMEM, NULL, "a secret");
	*s = (struct secret){ .ptr = ptr, .len = len };
	return NULL;
}

struct err *
secret_copy(struct secret *s, struct bytes from)
{
	TRY(secret_init(s, from.len));
	if (from.len > 0)
		memcpy(s->ptr, from.ptr, from.len);
	return NULL;
}

struct bytes
secret_bytes(const struct secret *s)
{
	return bytes_of(s->ptr, s->len);
}

void
secret_done(struct secret *s)
{
	if (s->ptr != NULL)
		wipe(s->ptr, s->len);
	free(s->ptr);
	*s = (struct secret){ 0 };
}

void
wipe(void *ptr, size_t len)
{
	if (len > 0)
		explicit_bzero(ptr, len);
}

#include "identity/element.h"

#define TAG_BYTES_MAX 3
#define LENGTH_BYTES_MAX 4

static struct err *
overrun(void)
{
	return err_new(
	    ERR_MALFORMED, "X.690 8.1", "an element runs over the end");
}

static struct err *
read_tag(struct bytes in, size_t *at, struct element *out)
{
	if (in.len == 0)
		return overrun();
	out->tag = in.ptr[(*at)++];
	if ((out->tag & 0x1f) != 0x1f)
		return NULL;
	for (size_t n = 1; n < TAG_BYTES_MAX; n++) {
		if (*at >= in.len)
			return overrun();
		uint8_t next = in.ptr[(*at)++];
		out->tag = out->tag << 8 | next;
		if (n == 1 && (next == 0x80 || next < 0x1f))
			out->shortest = false;
		if ((next & 0x80) == 0)
			return NULL;
	}
	return err_new(
	    ERR_MALFORMED, "X.690 8.1.2", "a tag over %d bytes", TAG_BYTES_MAX);
}

static struct err *
read_length(struct bytes in, size_t *at, size_t *len, bool *shortest)
{
	if (*at >= in.len)
		return overrun();
	uint8_t first = in.ptr[(*at)++];
	*len = first;
	if (first < 0x80)
		return NULL;
	size_t count = first & 0x7f;
	if (count == 0)
		return err_new(
		    ERR_MALFORMED, "X.690 10.1", "an indefinite length");
	if (count > LENGTH_BYTES_MAX || count > in.len - *at)
		return overrun();
	*len = 0;
	for (size_t i = 0; i < count; i++)
		*len = *len << 8 | in.ptr[(*at)++];
	if (*len < 0x80 || *len >> (8 * (count - 1)) == 0)
		*shortest = false;
	return NULL;
}

struct err *
element_next(struct bytes *rest, struct element *out)
{
	struct element e = { .shortest = true };
	size_t at = 0, len = 0;
	TRY(read_tag(*rest, &at, &e));
	TRY(read_length(*rest, &at, &len, &e.shortest));
	if (len > rest->len - at)
		return overrun();
	e.whole = bytes_slice(*rest, 0, at + len);
	e.value = bytes_of(rest->ptr + at, len);
	*rest = bytes_from(*rest, at + len);
	*out = e;
	return NULL;
}

struct err *
element_take(struct bytes *rest, uint32_t tag, struct element *out)
{
	struct bytes left = *rest;
	struct element e;
	TRY(element_next(&left, &e));
	if (e.tag != tag)
		return err_new(ERR_MALFORMED, NULL,
		    "tag 0x%x where 0x%x belongs", (unsigned)e.tag,
		    (unsigned)tag);
	*rest = left;
	*out = e;
	return NULL;
}

struct err *
element_take_der(struct bytes *rest, uint32_t tag, struct element *out)
{
	struct element e;
	TRY(element_take(rest, tag, &e));
	if (!e.shortest)
		return err_new(
		    ERR_MALFORMED, "X.690 10.1", "a length with spare bytes");
	*out = e;
	return NULL;
}

struct err *
element_only(struct bytes in, uint32_t tag, struct element *out)
{
	struct element e;
	TRY(element_take(&in, tag, &e));
	TRY(element_end(in));
	*out = e;
	return NULL;
}

bool
element_is(struct bytes rest, uint8_t tag)
{
	return rest.len > 0 && rest.ptr[0] == tag;
}

struct err *
element_end(struct bytes rest)
{
	if (rest.len > 0)
		return err_new(
		    ERR_MALFORMED, NULL, "%zu bytes follow", rest.len);
	return NULL;
}

struct err *
element_small(struct element e, int *out)
{
	if (e.tag != TAG_INTEGER || e.value.len != 1 || e.value.ptr[0] > 0x7f)
		return err_new(ERR_MALFORMED, NULL, "not a small number");
	*out = e.value.ptr[0];
	return NULL;
}

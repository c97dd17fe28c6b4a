#include "certs/der.h"

#include "base/time.h"
#include "certs/ossl.h"

bool
der_is(struct bytes rest, uint8_t first)
{
	return rest.len > 0 && rest.ptr[0] == first;
}

/* First byte and length, in the one form that DER has (X.690 10.1). */
static size_t
head_len(size_t len)
{
	size_t n = 2;
	for (size_t left = len < 0x80 ? 0 : len; left > 0; left >>= 8)
		n++;
	return n;
}

struct err *
der_take(struct bytes *rest, uint8_t first, struct bytes *whole,
    struct bytes *content)
{
	if (rest->len > INT32_MAX)
		return err_new(ERR_LIMIT, NULL, "%zu bytes", rest->len);
	if (!der_is(*rest, first))
		return err_new(ERR_MALFORMED, "X.690 8.1",
		    "no element 0x%02x where one belongs", first);
	const uint8_t *p = rest->ptr;
	long len = 0;
	int tag, class;
	int r = ASN1_get_object(&p, &len, &tag, &class, (long)rest->len);
	/* 0x80: an error; 0x01: indefinite length, which is no DER. */
	if ((r & 0x81) != 0 || len < 0)
		return err_ossl(ERR_MALFORMED, "the length of an element");
	size_t head = (size_t)(p - rest->ptr);
	if (head != head_len((size_t)len))
		return err_new(ERR_MALFORMED, "X.690 10.1",
		    "a length in more bytes than it needs");
	if (whole != NULL)
		*whole = bytes_slice(*rest, 0, head + (size_t)len);
	if (content != NULL)
		*content = bytes_of(p, (size_t)len);
	*rest = bytes_from(*rest, head + (size_t)len);
	return NULL;
}

struct err *
der_put_head(struct buf *b, uint8_t tag, size_t len)
{
	uint8_t head[2 + sizeof(size_t)] = { tag };
	size_t n = 1;
	if (len < 0x80) {
		head[n++] = (uint8_t)len;
	} else {
		size_t count = 0;
		for (size_t left = len; left > 0; left >>= 8)
			count++;
		head[n++] = (uint8_t)(0x80 | count);
		while (count-- > 0)
			head[n++] = (uint8_t)(len >> (8 * count));
	}
	return buf_append(b, bytes_of(head, n));
}

struct err *
der_put(struct buf *b, uint8_t tag, struct bytes body)
{
	size_t was = b->len;
	TRY(der_put_head(b, tag, body.len));
	struct err *e = buf_append(b, body);
	if (e != NULL)
		b->len = was;
	return e;
}

#define NUMBER_MAX 128 /* bytes */

struct err *
der_put_number(struct buf *b, struct bytes value)
{
	CLEANUP(buf_done) struct buf v = BUF(NUMBER_MAX + 1);
	while (value.len > 1 && value.ptr[0] == 0)
		value = bytes_from(value, 1);
	if (value.len == 0 || value.ptr[0] >= 0x80)
		TRY(buf_byte(&v, 0)); /* else it would be negative */
	TRY(buf_append(&v, value));
	return der_put(b, DER_INTEGER, buf_bytes(&v));
}

static void
put_two_digits(uint8_t *at, int n)
{
	at[0] = (uint8_t)('0' + n / 10);
	at[1] = (uint8_t)('0' + n % 10);
}

/* Thousands of times a second: without printf. */
struct err *
der_put_gen_time(struct buf *b, int64_t t)
{
	struct time_fields f = time_split(t);
	uint8_t text[15] = { [14] = 'Z' };
	if (t < 0 || f.year > 9999)
		return err_new(ERR_USAGE, "RFC 5280 4.1.2.5.2", "a time");
	const int pairs[] = { f.year / 100, f.year % 100, f.month, f.day,
		f.hour, f.minute, f.second };
	for (size_t i = 0; i < COUNT_OF(pairs); i++)
		put_two_digits(text + 2 * i, pairs[i]);
	return der_put(b, DER_GENERALIZED_TIME, bytes_of(text, sizeof(text)));
}

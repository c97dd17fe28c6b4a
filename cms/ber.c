#include "cms/ber.h"

#include <openssl/objects.h>

#include "certs/ossl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SET_ELEMENTS_MAX 4096

/* The head of one element. */
struct head {
	uint8_t tag;
	size_t len; /* of the head, in bytes */
	size_t body;
	bool indefinite;
};

static struct err *
overrun(void)
{
	return err_new(
	    ERR_MALFORMED, "X.690 8.1", "an element runs over the end");
}

static struct err *
read_length(struct bytes in, size_t at, struct head *out)
{
	if (at >= in.len)
		return overrun();
	uint8_t first = in.ptr[at++];
	size_t value = first;
	if (first == 0x80) {
		out->indefinite = true;
		value = 0;
	} else if (first > 0x80) {
		size_t count = first & 0x7f;
		if (count > sizeof(size_t) - 1 || count > in.len - at)
			return overrun();
		value = 0;
		for (size_t i = 0; i < count; i++)
			value = value << 8 | in.ptr[at++];
	}
	out->len = at;
	out->body = value;
	return NULL;
}

static struct err *
read_head(struct bytes in, struct head *out)
{
	if (in.len < 2)
		return overrun();
	*out = (struct head){ .tag = in.ptr[0] };
	size_t at = 1;
	/* A tag number over 30: passed over, nothing here has one. */
	if ((out->tag & 0x1f) == 0x1f)
		do {
			if (at >= in.len)
				return overrun();
		} while (in.ptr[at++] & 0x80);
	TRY(read_length(in, at, out));
	if (out->indefinite && !(out->tag & 0x20))
		return err_new(ERR_MALFORMED, "X.690 8.1.3.2",
		    "a primitive element of indefinite length");
	if (out->body > in.len - out->len)
		return overrun();
	return NULL;
}

static bool
is_end_of_contents(struct bytes in)
{
	return in.len >= 2 && in.ptr[0] == 0 && in.ptr[1] == 0;
}

static struct err *
measure(struct bytes in, int depth, struct head *h)
{
	if (depth > BER_DEPTH_MAX)
		return err_new(ERR_LIMIT, NULL, "more than %d levels of BER",
		    BER_DEPTH_MAX);
	TRY(read_head(in, h));
	if (!h->indefinite)
		return NULL;
	struct bytes rest = bytes_from(in, h->len);
	while (!is_end_of_contents(rest)) {
		struct head inner;
		TRY(measure(rest, depth + 1, &inner));
		size_t len =
		    inner.len + inner.body + (inner.indefinite ? 2 : 0);
		h->body += len;
		rest = bytes_from(rest, len);
	}
	return NULL;
}

struct err *
ber_next(struct bytes *rest, struct tlv *out)
{
	struct head h;
	TRY(measure(*rest, 0, &h));
	if (is_end_of_contents(*rest))
		return err_new(ERR_MALFORMED, "X.690 8.1.5", "a stray end");
	size_t len = h.len + h.body + (h.indefinite ? 2 : 0);
	*out = (struct tlv){ .tag = h.tag,
		.whole = bytes_slice(*rest, 0, len),
		.body = bytes_of(rest->ptr + h.len, h.body) };
	*rest = bytes_from(*rest, len);
	return NULL;
}

struct err *
ber_take(struct bytes *rest, uint8_t tag, struct tlv *out)
{
	if (!ber_is(*rest, tag))
		return err_new(ERR_MALFORMED, NULL,
		    "tag 0x%02x where 0x%02x belongs",
		    rest->len > 0 ? rest->ptr[0] : 0, tag);
	return ber_next(rest, out);
}

bool
ber_is(struct bytes rest, uint8_t tag)
{
	return rest.len > 0 && rest.ptr[0] == tag;
}

struct err *
ber_end(struct bytes rest)
{
	if (rest.len > 0)
		return err_new(
		    ERR_MALFORMED, NULL, "%zu bytes follow", rest.len);
	return NULL;
}

struct err *
ber_only(struct bytes in, uint8_t tag, struct tlv *out)
{
	struct tlv t;
	TRY(ber_take(&in, tag, &t));
	TRY(ber_end(in));
	*out = t;
	return NULL;
}

static struct err *
octets(struct tlv t, int depth, struct buf *out)
{
	if (t.tag == BER_OCTETS)
		return buf_append(out, t.body);
	if (t.tag != BER_OCTETS_CONSTRUCTED)
		return err_new(ERR_MALFORMED, "X.690 8.7",
		    "tag 0x%02x in an OCTET STRING", t.tag);
	if (depth > BER_DEPTH_MAX)
		return err_new(ERR_LIMIT, NULL, "pieces within pieces");
	struct bytes rest = t.body;
	while (rest.len > 0) {
		struct tlv piece;
		TRY(ber_next(&rest, &piece));
		TRY(octets(piece, depth + 1, out));
	}
	return NULL;
}

struct err *
ber_octets(struct tlv t, struct buf *out)
{
	return octets(t, 0, out);
}

struct err *
ber_small(struct tlv t, int *out)
{
	if ((t.tag != BER_INTEGER && t.tag != BER_ENUMERATED) ||
	    t.body.len == 0 || t.body.len > 4 || t.body.ptr[0] > 0x7f)
		return err_new(ERR_MALFORMED, NULL, "not a small number");
	int v = 0;
	for (size_t i = 0; i < t.body.len; i++)
		v = v << 8 | t.body.ptr[i];
	*out = v;
	return NULL;
}

static struct err *
two_digits(struct bytes *in, int *out)
{
	if (in->len < 2 || in->ptr[0] < '0' || in->ptr[0] > '9' ||
	    in->ptr[1] < '0' || in->ptr[1] > '9')
		return err_new(ERR_MALFORMED, "X.690 11.7", "not a time");
	*out = (in->ptr[0] - '0') * 10 + (in->ptr[1] - '0');
	*in = bytes_from(*in, 2);
	return NULL;
}

/* RFC 3161 allows a fraction of a second: ".5". */
static void
skip_fraction(struct bytes *in)
{
	if (!ber_is(*in, '.'))
		return;
	*in = bytes_from(*in, 1);
	while (in->len > 0 && in->ptr[0] >= '0' && in->ptr[0] <= '9')
		*in = bytes_from(*in, 1);
}

struct err *
ber_time(struct tlv t, int64_t *out)
{
	struct bytes in = t.body;
	struct time_fields f = { 0 };
	int century = 0;
	if (t.tag == BER_GENERALIZEDTIME)
		TRY(two_digits(&in, &century));
	else if (t.tag != BER_UTCTIME)
		return err_new(ERR_MALFORMED, NULL, "not a time");
	TRY(two_digits(&in, &f.year));
	if (t.tag == BER_UTCTIME)
		century = f.year < 50 ? 20 : 19;
	f.year += century * 100;
	TRY(two_digits(&in, &f.month));
	TRY(two_digits(&in, &f.day));
	TRY(two_digits(&in, &f.hour));
	TRY(two_digits(&in, &f.minute));
	if (!ber_is(in, 'Z'))
		TRY(two_digits(&in, &f.second));
	if (t.tag == BER_GENERALIZEDTIME)
		skip_fraction(&in);
	if (!bytes_eq_str(in, "Z"))
		return err_new(ERR_MALFORMED, "X.690 11.7", "not in UTC");
	return time_join(f, out);
}

struct err *
ber_oid_text(struct bytes body, char out[OID_TEXT_MAX])
{
	CLEANUP(buf_done) struct buf der = BUF(OID_TEXT_MAX);
	TRY(der_put(&der, BER_OID, body));
	const uint8_t *p = der.ptr;
	CLEANUP(ASN1_OBJECT_freep)
	ASN1_OBJECT *o = d2i_ASN1_OBJECT(NULL, &p, (long)der.len);
	if (o == NULL)
		return err_ossl(ERR_MALFORMED, "d2i_ASN1_OBJECT");
	int n = OBJ_obj2txt(out, OID_TEXT_MAX, o, 1);
	if (n <= 0 || n >= OID_TEXT_MAX)
		return err_new(ERR_LIMIT, NULL, "a long OID");
	return NULL;
}

static int
compare_elements(const void *a, const void *b)
{
	const struct bytes *x = a, *y = b;
	return bytes_cmp(*x, *y);
}

struct err *
der_put_set(struct buf *b, uint8_t tag, struct bytes elements)
{
	struct bytes v[SET_ELEMENTS_MAX];
	size_t n = 0;
	for (struct bytes rest = elements; rest.len > 0; n++) {
		struct tlv t;
		TRY(ber_next(&rest, &t));
		if (n == SET_ELEMENTS_MAX)
			return err_new(ERR_LIMIT, NULL, "a set of over %d",
			    SET_ELEMENTS_MAX);
		v[n] = t.whole;
	}
	qsort(v, n, sizeof(v[0]), compare_elements);
	CLEANUP(buf_done) struct buf sorted = BUF(elements.len);
	for (size_t i = 0; i < n; i++)
		TRY(buf_append(&sorted, v[i]));
	return der_put(b, tag, buf_bytes(&sorted));
}

struct err *
der_put_time(struct buf *b, int64_t t)
{
	struct time_fields f = time_split(t);
	if (f.year < 1950 || f.year > 9999)
		return err_new(ERR_USAGE, NULL, "the year %d", f.year);
	char text[64];
	bool utc = f.year < 2050;
	snprintf(text, sizeof(text), "%04d%02d%02d%02d%02d%02dZ", f.year,
	    f.month, f.day, f.hour, f.minute, f.second);
	return der_put(b, utc ? BER_UTCTIME : BER_GENERALIZEDTIME,
	    bytes_str(utc ? text + 2 : text));
}

#define OID_SHORT 32 /* bytes of the value */

/* One arc in base 128 (X.690 8.19.2); false: it does not fit. */
static bool
put_arc(uint8_t out[OID_SHORT], size_t *n, uint32_t arc)
{
	size_t digits = 1;
	while (digits < 5 && arc >> (7 * digits) != 0)
		digits++;
	if (*n + digits > OID_SHORT)
		return false;
	for (size_t i = digits; i-- > 0;)
		out[(*n)++] =
		    (uint8_t)((arc >> (7 * i) & 0x7f) | (i > 0 ? 0x80 : 0));
	return true;
}

/* The next number of up to nine digits, and the dot after it. */
static bool
take_arc(const char **p, uint32_t *out)
{
	int n = 0;
	*out = 0;
	for (; **p >= '0' && **p <= '9' && n < 9; (*p)++, n++)
		*out = *out * 10 + (uint32_t)(**p - '0');
	if (n == 0 || (**p != '\0' && **p != '.'))
		return false;
	if (**p == '.' && *++(*p) == '\0')
		return false;
	return true;
}

/* What nearly all are; OpenSSL takes 2 us for one.  False: it shall look. */
static bool
short_oid(const char *dotted, uint8_t out[OID_SHORT], size_t *n)
{
	uint32_t first, second, arc;
	*n = 0;
	if (dotted == NULL || !take_arc(&dotted, &first) || first > 2 ||
	    !take_arc(&dotted, &second) || (first < 2 && second > 39) ||
	    !put_arc(out, n, first * 40 + second))
		return false;
	while (*dotted != '\0')
		if (!take_arc(&dotted, &arc) || !put_arc(out, n, arc))
			return false;
	return true;
}

struct err *
der_put_oid(struct buf *b, const char *dotted)
{
	uint8_t value[OID_SHORT];
	size_t n;
	if (short_oid(dotted, value, &n))
		return der_put(b, BER_OID, bytes_of(value, n));
	CLEANUP(ASN1_OBJECT_freep)
	ASN1_OBJECT *o = dotted == NULL ? NULL : OBJ_txt2obj(dotted, 1);
	if (o == NULL)
		return err_ossl(ERR_UNSUPPORTED, "OBJ_txt2obj");
	return der_put(b, BER_OID, bytes_of(OBJ_get0_data(o), OBJ_length(o)));
}

#include "xml/write.h"

#include "xml/ns.h"

#include <string.h>

struct escape {
	char c;
	const char *as;
};

/* C14N 1.0 2.3 */
static const struct escape in_text[] = { { '&', "&amp;" }, { '<', "&lt;" },
	{ '>', "&gt;" }, { '\r', "&#xD;" }, { 0 } };
static const struct escape in_attr[] = { { '&', "&amp;" }, { '<', "&lt;" },
	{ '"', "&quot;" }, { '\t', "&#x9;" }, { '\n', "&#xA;" },
	{ '\r', "&#xD;" }, { 0 } };

static struct err *
put_escaped(struct buf *b, const char *text, const struct escape *table)
{
	char all[8] = "";
	for (size_t i = 0; table[i].c != '\0'; i++)
		all[i] = table[i].c;
	for (const char *p = text; *p != '\0';) {
		size_t plain = strcspn(p, all);
		TRY(buf_append(b, bytes_of(p, plain)));
		p += plain;
		for (const struct escape *e = table; *p != '\0'; e++) {
			if (e->c != *p)
				continue;
			TRY(buf_str(b, e->as));
			p++;
			break;
		}
	}
	return NULL;
}

struct err *
xml_put_text(struct buf *b, const char *text)
{
	return put_escaped(b, text, in_text);
}

struct err *
xml_put_attr(struct buf *b, const char *value)
{
	return put_escaped(b, value, in_attr);
}

/* How many bytes from the start on are ASCII; eight at a time, for most are. */
static size_t
ascii_run(struct bytes b)
{
	size_t n = 0;
	uint64_t eight;
	for (; n + sizeof(eight) <= b.len; n += sizeof(eight)) {
		memcpy(&eight, b.ptr + n, sizeof(eight));
		if ((eight & 0x8080808080808080U) != 0)
			break;
	}
	while (n < b.len && b.ptr[n] < 0x80)
		n++;
	return n;
}

struct err *
xml_put_ascii(struct buf *b, struct bytes utf8)
{
	for (size_t i = 0; i < utf8.len; i++) {
		size_t plain = i;
		i += ascii_run(bytes_from(utf8, i));
		TRY(buf_append(b, bytes_slice(utf8, plain, i - plain)));
		if (i == utf8.len)
			break;
		uint32_t c = utf8.ptr[i];
		size_t more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
		c &= 0x3fU >> more;
		for (; more > 0 && i + 1 < utf8.len; more--)
			c = c << 6 | (utf8.ptr[++i] & 0x3fU);
		TRY(buf_printf(b, "&#x%X;", (unsigned)c));
	}
	return NULL;
}

struct err *
xml_put_digest(
    struct buf *b, const uint8_t digest[DIGEST_MAX], enum digest_alg alg)
{
	return base64_encode(bytes_of(digest, digest_len(alg)), b);
}

static const char *
prefix_of(const char *ns)
{
	return strcmp(ns, NS_XADES141) == 0 ? "xades141" : "xades";
}

struct err *
xml_put_stamp_start(struct buf *b, const char *name, const char *ns)
{
	const char *p = prefix_of(ns);
	return buf_printf(b,
	    "<%s:%s xmlns:%s=\"%s\"><ds:CanonicalizationMethod "
	    "xmlns:ds=\"" NS_DS "\" Algorithm=\"" ALG_EXC_C14N
	    "\"></ds:CanonicalizationMethod>"
	    "<xades:EncapsulatedTimeStamp xmlns:xades=\"" NS_XADES "\">",
	    p, name, p, ns);
}

struct err *
xml_put_stamp_end(struct buf *b, const char *name, const char *ns)
{
	return buf_printf(
	    b, "</xades:EncapsulatedTimeStamp></%s:%s>", prefix_of(ns), name);
}

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
	for (const char *p = text; *p != '\0'; p++) {
		const struct escape *e = table;
		while (e->c != '\0' && e->c != *p)
			e++;
		TRY(e->c != '\0' ? buf_str(b, e->as)
				 : buf_byte(b, (uint8_t)*p));
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

struct err *
xml_put_ascii(struct buf *b, struct bytes utf8)
{
	for (size_t i = 0; i < utf8.len; i++) {
		uint32_t c = utf8.ptr[i];
		if (c < 0x80) {
			TRY(buf_byte(b, (uint8_t)c));
			continue;
		}
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

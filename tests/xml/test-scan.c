#include "xml/scan.h"

#include "tests/tap.h"

static struct err *
scan(const char *text, struct xml_scan *out)
{
	return xml_scan(bytes_str(text), out);
}

static bool
ends_at(const char *text, const char *end)
{
	struct xml_scan s;
	struct err *e = scan(text, &s);
	err_free(e);
	return e == NULL && !s.empty_root &&
	       s.end_at == (size_t)(strstr(text, end) - text);
}

static void
finds_the_end_tag_of_the_root(void)
{
	CHECK(ends_at("<a></a>", "</a>"));
	CHECK(ends_at(
	    "<?xml version='1.0'?><a><b/>x</a ><!-- </a> -->", "</a >"));
	CHECK(ends_at("<a><a></a><a/></a\n>\n", "</a\n>"));
	CHECK(ends_at(
	    "<a b='>' c=\"/>\"><!-- </q> --><![CDATA[</q>]]></a>", "</a>"));
	CHECK(ends_at("<!-- <x> --><?p </y> ?><a></a>", "</a>"));
}

static void
tells_an_empty_root(void)
{
	struct xml_scan s;
	CHECK_OK(scan("<a b='c' />\n", &s));
	CHECK(s.empty_root);
	CHECK_OK(scan("<a>/</a>", &s));
	CHECK(!s.empty_root);
}

static void
refuses_a_doctype_anywhere(void)
{
	struct xml_scan s;
	struct err *e = scan("<!DOCTYPE a><a></a>", &s);
	CHECK(e != NULL && strcmp(err_code(e), "xml-doctype") == 0);
	CHECK_ERR(e, ERR_MALFORMED);
	CHECK_ERR(scan("<a><!ENTITY b 'c'></a>", &s), ERR_MALFORMED);
}

static void
refuses_other_encodings(void)
{
	struct xml_scan s;
	CHECK_OK(scan("<?xml version='1.0' encoding='utf-8'?><a></a>", &s));
	CHECK_OK(
	    scan("<?xml version='1.0' encoding = \"ISO-8859-1\"?><a></a>", &s));
	CHECK_ERR(scan("<?xml version='1.0' encoding='UTF-7'?><a></a>", &s),
	    ERR_UNSUPPORTED);
	CHECK_ERR(scan("<?xml version='1.0' encoding=''?><a></a>", &s),
	    ERR_UNSUPPORTED);
	CHECK_ERR(
	    scan("<?xml version='1.0' encoding'?><a></a>", &s), ERR_MALFORMED);
	CHECK_ERR(scan("<?xml version='1.0' encoding='latin1'?><a></a>", &s),
	    ERR_UNSUPPORTED);
	static const uint8_t utf16[] = { 0xff, 0xfe, '<', 0, 'a', 0 };
	CHECK_ERR(xml_scan(bytes_of(utf16, 6), &s), ERR_UNSUPPORTED);
	CHECK_ERR(xml_scan(bytes_of(utf16 + 2, 4), &s), ERR_UNSUPPORTED);
}

static void
refuses_what_is_not_closed(void)
{
	static const char *const open[] = { "", "a", "<a>", "<a", "<a b='",
		"<a b='c", "<!-- ", "<?xml", "<a><![CDATA[", "</a>", "<a></a",
		"<a></a><b/>", "<?xml version='1.0'", "<a/></a>" };
	struct xml_scan s;
	for (size_t i = 0; i < COUNT_OF(open); i++)
		CHECK_ERR(scan(open[i], &s), ERR_MALFORMED);
}

static void
refuses_too_many_attributes(void)
{
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	struct xml_scan s;
	CHECK_OK(buf_str(&b, "<a"));
	for (int i = 0; i < XML_ATTRS_MAX; i++)
		CHECK_OK(buf_printf(&b, " b%d='c'", i));
	size_t len = b.len;
	CHECK_OK(buf_str(&b, "/>"));
	CHECK_OK(xml_scan(buf_bytes(&b), &s));
	b.len = len;
	CHECK_OK(buf_str(&b, " d='e'/>"));
	CHECK_ERR(xml_scan(buf_bytes(&b), &s), ERR_LIMIT);
}

static void
refuses_too_deep_nesting(void)
{
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	struct xml_scan s;
	for (int i = 0; i <= XML_DEPTH_MAX; i++)
		CHECK_OK(buf_str(&b, "<a>"));
	CHECK_ERR(xml_scan(buf_bytes(&b), &s), ERR_LIMIT);
}

static void
knows_xml_when_it_sees_it(void)
{
	CHECK(xml_looks_like(BYTES_LIT("<a/>")));
	CHECK(xml_looks_like(BYTES_LIT(" \r\n<?xml?>")));
	CHECK(xml_looks_like(BYTES_LIT("\xef\xbb\xbf<a/>")));
	CHECK(!xml_looks_like(BYTES_LIT("%PDF-1.7")));
	CHECK(!xml_looks_like(BYTES_LIT("<")));
	CHECK(!xml_looks_like(BYTES_LIT("< a>")));
	CHECK(!xml_looks_like(BYTES_NONE));
}

int
main(void)
{
	RUN(finds_the_end_tag_of_the_root);
	RUN(tells_an_empty_root);
	RUN(refuses_a_doctype_anywhere);
	RUN(refuses_other_encodings);
	RUN(refuses_what_is_not_closed);
	RUN(refuses_too_many_attributes);
	RUN(refuses_too_deep_nesting);
	RUN(knows_xml_when_it_sees_it);
	return DONE();
}

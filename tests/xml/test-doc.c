#include "xml/canon.h"
#include "xml/format.h"
#include "xml/place.h"

#include "tests/tap.h"

#include <libxml/parser.h>

static struct xml_doc *
parse(const char *text)
{
	struct xml_doc *d = NULL;
	CHECK_OK(xml_doc_parse(bytes_str(text), &d));
	return d;
}

static bool
canon_is(const char *text, xmlC14NMode mode, bool comments, const char *want)
{
	CLEANUP(xml_doc_freep) struct xml_doc *d = parse(text);
	CLEANUP(buf_done) struct buf b = BUF(65536);
	struct xml_work work = XML_WORK;
	struct xml_set s = {
		.tree = xml_doc_tree(d), .comments = true, .work = &work
	};
	struct canon c = { .mode = mode, .comments = comments };
	CHECK_OK(xml_canon(&s, &c, &(struct sink){ .buf = &b }));
	if (!bytes_eq_str(buf_bytes(&b), want))
		printf("# %.*s\n", (int)b.len, (const char *)b.ptr);
	return bytes_eq_str(buf_bytes(&b), want);
}

static void
parses_what_is_well_formed(void)
{
	CLEANUP(xml_doc_freep)
	struct xml_doc *d =
	    parse("<?xml version='1.0'?><a xmlns='u:v'><b/></a>");
	CHECK(xml_is(xml_doc_root(d), "u:v", "a"));
	CHECK(!xml_is(xml_doc_root(d), "", "a"));
	CHECK(xml_child(xml_doc_root(d), "u:v", "b") != NULL);
}

static void
refuses_what_is_not(void)
{
	static const char *const bad[] = { "<a><b></a>", "<a>&b;</a>",
		"<a b='1' b='2'/>", "<a:b/>", "<a>\x01</a>", "<a>\xff</a>",
		"<a>]]></a>", "<a b=c/>", "<a/><b/>", "<a>&#0;</a>",
		"<a><!-- -- --></a>", "<a xmlns:b=''/>" };
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct xml_doc *d = NULL;
		CHECK_ERR(xml_doc_parse(bytes_str(bad[i]), &d), ERR_MALFORMED);
		CHECK(d == NULL);
	}
}

static void
refuses_entities_without_resolving_them(void)
{
	struct xml_doc *d = NULL;
	CHECK_ERR(xml_doc_parse(BYTES_LIT("<!DOCTYPE a [<!ENTITY b SYSTEM "
					  "'file:///etc/passwd'>]><a>&b;</a>"),
		      &d),
	    ERR_MALFORMED);
}

static void
holds_a_text_of_twelve_megabytes(void)
{
	CLEANUP(buf_done) struct buf b = BUF(16 << 20);
	CHECK_OK(buf_str(&b, "<a>"));
	CHECK_OK(buf_fill(&b, 'x', 12 << 20));
	CHECK_OK(buf_str(&b, "</a>"));
	struct xml_doc *d = NULL;
	CHECK_OK(xml_doc_parse(buf_bytes(&b), &d));
	xml_doc_free(d);
}

static void
finds_elements_by_every_kind_of_identifier(void)
{
	CLEANUP(xml_doc_freep)
	struct xml_doc *d = parse("<a Id='1'><b ID='2'/><c id='3'/>"
				  "<d xml:id='4'/><e other='5'/>"
				  "<f id=\"t't\"/></a>");
	xmlNode *n = NULL;
	static const char *const ids[] = { "1", "2", "3", "4", "t't" };
	for (size_t i = 0; i < COUNT_OF(ids); i++)
		CHECK_OK(xml_doc_by_id(d, ids[i], &n));
	CHECK_ERR(xml_doc_by_id(d, "5", &n), ERR_MISSING);
	CHECK_ERR(xml_doc_by_id(d, "", &n), ERR_MISSING);
}

static void
refuses_an_identifier_that_two_elements_have(void)
{
	CLEANUP(xml_doc_freep)
	struct xml_doc *d =
	    parse("<a><b Id='x'/><c id='x'/><d ID='y' Id='y'/></a>");
	xmlNode *n = NULL;
	struct err *e = xml_doc_by_id(d, "x", &n);
	CHECK(e != NULL && strcmp(err_code(e), "xml-duplicate-id") == 0);
	CHECK_ERR(e, ERR_MALFORMED);
	CHECK_OK(xml_doc_by_id(d, "y", &n));
}

static void
names_the_path_of_an_element(void)
{
	CLEANUP(xml_doc_freep)
	struct xml_doc *d = parse("<a><b/><b><c Id='x'/></b></a>");
	CLEANUP(buf_done) struct buf b = BUF(1024);
	xmlNode *n = NULL;
	CHECK_OK(xml_doc_by_id(d, "x", &n));
	CHECK_OK(xml_path(n, &b));
	CHECK(bytes_eq_str(buf_bytes(&b), "/a/b[2]/c"));
}

static void
reads_base64_and_refuses_elements_in_text(void)
{
	CLEANUP(xml_doc_freep)
	struct xml_doc *d =
	    parse("<a><b> YW\n <!-- -->I= </b><c>Y<d/></c></a>");
	CLEANUP(buf_done) struct buf b = BUF(64);
	xmlNode *n = xml_first(xml_doc_root(d));
	CHECK_OK(xml_base64(n, &b));
	CHECK(bytes_eq_str(buf_bytes(&b), "ab"));
	CHECK_ERR(xml_text(xml_next(n), &b), ERR_MALFORMED);
}

/* Canonical XML 1.0, 3; exclusive, 2. */
static void
canonicalises_as_the_recommendations_say(void)
{
	CHECK(canon_is("<?xml version='1.0'?>\n<a  c='2' b=\"1\" ><d/>&#13;"
		       "<![CDATA[<x>]]><!-- c --></a><?p  q?>",
	    XML_C14N_1_0, false,
	    "<a b=\"1\" c=\"2\"><d></d>&#xD;&lt;x&gt;</a>\n<?p q?>"));
	CHECK(canon_is(
	    "<a><!-- c --></a>", XML_C14N_1_0, true, "<a><!-- c --></a>"));
	CHECK(canon_is("<n:a xmlns:n='u:1' xmlns:m='u:2'><m:b/></n:a>",
	    XML_C14N_EXCLUSIVE_1_0, false,
	    "<n:a xmlns:n=\"u:1\"><m:b xmlns:m=\"u:2\"></m:b></n:a>"));
}

static void
canonicalises_one_element_with_what_stands_above(void)
{
	CLEANUP(xml_doc_freep)
	struct xml_doc *d = parse("<a xmlns:n='u:1' xml:lang='vi'><x/>"
				  "<b Id='i'><n:c/></b><y/></a>");
	CLEANUP(buf_done) struct buf b = BUF(1024);
	struct xml_work work = XML_WORK;
	struct canon c = { .mode = XML_C14N_1_0 };
	xmlNode *n = NULL;
	CHECK_OK(xml_doc_by_id(d, "i", &n));
	CHECK_OK(xml_canon_element(n, &c, &work, &(struct sink){ .buf = &b }));
	CHECK(bytes_eq_str(buf_bytes(&b),
	    "<b xmlns:n=\"u:1\" Id=\"i\" xml:lang=\"vi\"><n:c></n:c></b>"));
	/* The tree is as it was. */
	CHECK(xml_next(n) != NULL && xml_doc_root(d)->children != n);
	CHECK(work.bytes < XML_WORK_BYTES_MAX);
}

static void
stops_when_the_work_is_too_much(void)
{
	CLEANUP(xml_doc_freep) struct xml_doc *d = parse("<a><b/><c/></a>");
	CLEANUP(buf_done) struct buf b = BUF(1024);
	struct canon c = { .mode = XML_C14N_1_0 };
	struct xml_work few = { .steps = 1, .bytes = 1000 };
	struct xml_work small = { .steps = 1000, .bytes = 5 };
	CHECK_ERR(xml_canon_element(
		      xml_doc_root(d), &c, &few, &(struct sink){ .buf = &b }),
	    ERR_LIMIT);
	CHECK_ERR(xml_canon_element(
		      xml_doc_root(d), &c, &small, &(struct sink){ .buf = &b }),
	    ERR_LIMIT);
}

static void
refuses_relative_namespaces(void)
{
	CLEANUP(xml_doc_freep) struct xml_doc *d = parse("<a xmlns='u'/>");
	CLEANUP(buf_done) struct buf b = BUF(1024);
	struct canon c = { .mode = XML_C14N_1_0 };
	struct xml_work work = XML_WORK;
	CHECK_ERR(xml_canon_element(
		      xml_doc_root(d), &c, &work, &(struct sink){ .buf = &b }),
	    ERR_MALFORMED);
}

/* ---- large documents, whose memory is taken in one piece ---- */

#define ROWS 12000 /* about a megabyte */

static struct buf
large(const char *end)
{
	struct buf b = BUF(8 << 20);
	CHECK_OK(buf_str(&b, "<ds xmlns:g='urn:g' xml:lang='vi'>"));
	for (int i = 0; i < ROWS; i++)
		CHECK_OK(buf_printf(&b,
		    "<g:dong Id=\"r%d\" loai='%d'>Phường Cửa Nam, quận "
		    "Hoàn Kiếm, thành phố Hà Nội</g:dong>\n",
		    i, i % 7));
	CHECK_OK(buf_str(&b, end));
	return b;
}

static uint64_t
count_by_xpath(const struct xml_doc *d)
{
	xmlXPathContext *c = xmlXPathNewContext(xml_doc_tree(d));
	xmlXPathObject *o = xmlXPathEval(BAD_CAST "//*[@loai='3']", c);
	uint64_t n = o == NULL || o->nodesetval == NULL
			 ? 0
			 : (uint64_t)o->nodesetval->nodeNr;
	xmlXPathFreeObject(o);
	xmlXPathFreeContext(c);
	return n;
}

/* What is asked of a document for the first time may make libxml2 add to its
 * dictionary and lists. */
static void
use(struct xml_doc *d)
{
	xmlNode *last = NULL, *root = xml_doc_root(d);
	CHECK_OK(xml_doc_by_id(d, "r11999", &last));
	CHECK(count_by_xpath(d) == ROWS / 7);
	CHECK(xmlSearchNs(root->doc, last, BAD_CAST "xml") != NULL);
	xmlNode *made =
	    xmlNewDocNode(root->doc, NULL, BAD_CAST "moi-toanh", BAD_CAST "x");
	xmlAddChild(root, made);
	xmlUnlinkNode(made);
	xmlFreeNode(made);
}

static void
large_documents_live_and_die_in_any_order(void)
{
	CLEANUP(buf_done) struct buf text = large("</ds>");
	CLEANUP(buf_done) struct buf broken = large("</d>");
	struct xml_doc *a = NULL, *b = NULL, *c = NULL, *small = NULL;
	CHECK_OK(xml_doc_parse(buf_bytes(&text), &a));
	CHECK_OK(xml_doc_parse(buf_bytes(&text), &b));
	CHECK_ERR(xml_doc_parse(buf_bytes(&broken), &c), ERR_MALFORMED);
	small = parse("<a><b/></a>");
	use(a);
	xml_doc_free(a);
	use(b);
	CHECK_OK(xml_doc_parse(buf_bytes(&text), &c));
	xml_doc_free(b);
	CHECK(xml_first(xml_doc_root(small)) != NULL);
	xml_doc_free(small);
	use(c);
	xml_doc_free(c);
}

int
main(void)
{
	CHECK_OK(xml_start());
	RUN(parses_what_is_well_formed);
	RUN(refuses_what_is_not);
	RUN(refuses_entities_without_resolving_them);
	RUN(holds_a_text_of_twelve_megabytes);
	RUN(finds_elements_by_every_kind_of_identifier);
	RUN(refuses_an_identifier_that_two_elements_have);
	RUN(names_the_path_of_an_element);
	RUN(reads_base64_and_refuses_elements_in_text);
	RUN(canonicalises_as_the_recommendations_say);
	RUN(canonicalises_one_element_with_what_stands_above);
	RUN(stops_when_the_work_is_too_much);
	RUN(refuses_relative_namespaces);
	RUN(large_documents_live_and_die_in_any_order);
	xml_stop();
	return DONE();
}

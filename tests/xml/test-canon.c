/* Our canonical form of whole subtrees against libxml2's. */
#include "xml/canon.h"

#include "tests/tap.h"
#include "xml/format.h"
#include "xml/ns.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX (16 * 1024 * 1024)

static const char *const documents[] = {
	"<a/>",
	"<?xml version='1.0'?><!-- x --><?p?><a>b</a><?q  r ?><!--\r-->",
	"<a b='&lt;&quot;&#9;&#10;&#13;&amp;&gt;'>&lt;&gt;&amp;&#13;\t\n\"</a>",
	"<a><![CDATA[<&>\r\n]]>]]&gt;</a>",
	"<a xmlns='urn:1'><b xmlns=''><c xmlns='urn:1'/><d/></b></a>",
	"<a xmlns='urn:1' xmlns:x='urn:2'><x:b/><b x:c='1' d='2'/></a>",
	"<a xmlns:z='urn:a' xmlns:y='urn:b' z:b='1' y:a='2' c='3' a='4'/>",
	"<x:a xmlns:x='urn:1'><x:a xmlns:x='urn:2'><x:a xmlns:x='urn:1'/>"
	"<x:b/></x:a><x:c/></x:a>",
	"<a xmlns:u='urn:unused'><b xmlns:u='urn:other'><u:c/></b><u:d/></a>",
	"<a xml:lang='vi' xml:base='urn:b' xml:id='i'><b xml:lang='en'/></a>",
	"<a xmlns='urn:1'><s:Signature xmlns:s='" NS_DS "'><b/></s:Signature>"
	"<b><Signature xmlns='" NS_DS "'/>text</b></a>",
	"<a><!-- 1 --><b><!-- 2 -->Ti\xe1\xba\xbfng Vi\xe1\xbb\x87t</b></a>",
	"<a xmlns='relative'><b/></a>",
	"<a xmlns:x='urn:x'><b xmlns:x='urn:x' xmlns='urn:y'><x:c/></b></a>",
};

static const xmlC14NMode modes[] = { XML_C14N_1_0, XML_C14N_1_1,
	XML_C14N_EXCLUSIVE_1_0 };

static xmlNode *
nth(xmlNode *root, size_t n)
{
	xmlNode *e = root;
	while (e != NULL && n-- > 0)
		e = xml_walk(e, root);
	return e;
}

/* The set of the number: the document or one element, without a Signature,
 * without any, or with all. */
static struct xml_set
set_of(const struct xml_doc *d, size_t number, struct xml_work *work)
{
	xmlNode *root = xml_doc_root(d), *signature = NULL;
	for (xmlNode *e = root; e != NULL; e = xml_walk(e, root))
		if (xml_is(e, NS_DS, "Signature"))
			signature = e;
	struct xml_set s = { .tree = xml_doc_tree(d),
		.comments = number % 2 == 0,
		.work = work };
	size_t way = number / 2 % 3;
	s.nfilters = way != 0;
	s.filters[0] = (struct filter){ .kind = way == 1 ? FILTER_NO_SIGNATURES
							 : FILTER_ENVELOPED,
		.signature = signature };
	size_t element = number / 6;
	if (element > 0)
		s.top = nth(root, element - 1);
	return s;
}

static size_t compared;

static bool
same_form(const struct xml_doc *d, size_t number, const struct canon *c)
{
	CLEANUP(buf_done) struct buf ours = BUF(TEXT_MAX);
	CLEANUP(buf_done) struct buf theirs = BUF(TEXT_MAX);
	struct xml_work work = XML_WORK;
	struct xml_set a = set_of(d, number, &work);
	struct xml_set b = set_of(d, number, &work);
	if (!canon_tree_can(&a, c))
		return true;
	compared++;
	CHECK_OK(canon_tree(&a, c, &(struct sink){ .buf = &ours }));
	CHECK_OK(canon_libxml2(&b, c, &(struct sink){ .buf = &theirs }));
	bool same = bytes_eq(buf_bytes(&ours), buf_bytes(&theirs));
	if (!same)
		printf("# %zu\n# ours   %.*s\n# theirs %.*s\n", number,
		    (int)ours.len, (const char *)ours.ptr, (int)theirs.len,
		    (const char *)theirs.ptr);
	return same;
}

static void
compare_all(struct bytes text)
{
	CLEANUP(xml_doc_freep) struct xml_doc *d = NULL;
	CHECK_OK(xml_doc_parse(text, &d));
	if (d == NULL)
		return;
	for (size_t number = 0; number < 6 * 8; number++)
		for (size_t m = 0; m < 2 * COUNT_OF(modes); m++) {
			const struct canon c = { .mode = modes[m / 2],
				.comments = m % 2 == 0 };
			CHECK(same_form(d, number, &c));
		}
}

static void
writes_what_libxml2_writes(void)
{
	for (size_t i = 0; i < COUNT_OF(documents); i++)
		compare_all(bytes_str(documents[i]));
	CHECK(compared > 1000);
}

static void
leaves_relative_namespaces_to_libxml2(void)
{
	CLEANUP(xml_doc_freep) struct xml_doc *d = NULL;
	struct xml_work work = XML_WORK;
	const struct canon c = { .mode = XML_C14N_1_0 };
	CLEANUP(buf_done) struct buf b = BUF(TEXT_MAX);
	CHECK_OK(xml_doc_parse(BYTES_LIT("<a xmlns='b/c'/>"), &d));
	struct xml_set s = set_of(d, 0, &work);
	CHECK(!canon_tree_can(&s, &c));
	CHECK_ERR(
	    xml_canon(&s, &c, &(struct sink){ .buf = &b }), ERR_MALFORMED);
}

/* A hostile document costs what its budget allows, and no more. */
static void
stops_when_the_work_is_used_up(void)
{
	CLEANUP(xml_doc_freep) struct xml_doc *d = NULL;
	struct xml_work work = { .steps = 20, .bytes = 1000 };
	const struct canon c = { .mode = XML_C14N_EXCLUSIVE_1_0 };
	CLEANUP(buf_done) struct buf b = BUF(TEXT_MAX);
	CHECK_OK(xml_doc_parse(BYTES_LIT("<a><b/><c/></a>"), &d));
	struct xml_set s = set_of(d, 0, &work);
	CHECK(canon_tree_can(&s, &c));
	CHECK_ERR(xml_canon(&s, &c, &(struct sink){ .buf = &b }), ERR_LIMIT);
}

int
main(void)
{
	CHECK_OK(xml_start());
	RUN(writes_what_libxml2_writes);
	RUN(leaves_relative_namespaces_to_libxml2);
	RUN(stops_when_the_work_is_used_up);
	xml_stop();
	return DONE();
}

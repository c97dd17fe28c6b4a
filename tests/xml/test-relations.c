/*
 * The relationships transform.  The digests are those of the xmlsec project's
 * own test documents (tests/aleksey-xmldsig-01, enveloping-sha256-rsa-sha256-
 * relationship*.xml); the first was made by Microsoft Office.
 */
#include "xml/relations.h"

#include "tests/tap.h"
#include "xml/format.h"
#include "xml/ns.h"

#define RELS "http://schemas.openxmlformats.org/package/2006/relationships"
#define SIGN "http://schemas.openxmlformats.org/package/2006/digital-signature"
#define MCE "http://schemas.openxmlformats.org/markup-compatibility/2006"
#define OFFICE "http://schemas.openxmlformats.org/officeDocument/2006/"
#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\r\n"

/* Of the transform; `list` names relationships. */
#define ID(id) "<s:RelationshipReference xmlns:s='" SIGN "' SourceId='" id "'/>"
#define TYPE(type)                                                             \
	"<s:RelationshipsGroupReference xmlns:s='" SIGN "' SourceType='" type  \
	"'/>"

#define DOCUMENT                                                               \
	"<Relationship Id=\"rId1\" Type=\"" OFFICE                             \
	"relationships/officeDocument\" Target=\"word/document.xml\"/>"
#define PROPERTIES                                                             \
	"<Relationship Id=\"rId3\" Type=\"" OFFICE                             \
	"relationships/extended-properties\" Target=\"docProps/app.xml\"/>"
#define PART(more)                                                             \
	HEAD "<Relationships xmlns=\"" RELS "\">" more "</Relationships>"

static struct err *
transform(const char *part, const char *list, struct buf *out)
{
	CLEANUP(buf_done) struct buf text = BUF(65536);
	CLEANUP(xml_doc_freep) struct xml_doc *doc = NULL;
	struct xml_work work = XML_WORK;
	*out = BUF(65536);
	CHECK_OK(buf_printf(
	    &text, "<t:Transform xmlns:t='" NS_DS "'>%s</t:Transform>", list));
	CHECK_OK(xml_doc_parse(buf_bytes(&text), &doc));
	return relations_transform(
	    bytes_str(part), xml_doc_root(doc), &work, out);
}

static bool
digests_to(const char *part, const char *list, const char *base64)
{
	CLEANUP(buf_done) struct buf out, text = BUF(128);
	uint8_t digest[DIGEST_MAX];
	CHECK_OK(transform(part, list, &out));
	CHECK_OK(digest_of(DIGEST_SHA256, buf_bytes(&out), digest));
	CHECK_OK(base64_encode(bytes_of(digest, 32), &text));
	return bytes_eq_str(buf_bytes(&text), base64);
}

static bool
yields(const char *part, const char *list, const char *inside)
{
	CLEANUP(buf_done) struct buf out, want = BUF(65536);
	CHECK_OK(transform(part, list, &out));
	CHECK_OK(buf_printf(&want,
	    "<Relationships xmlns=\"" RELS "\">%s</Relationships>", inside));
	return bytes_eq(buf_bytes(&out), buf_bytes(&want));
}

static bool
refused(const char *part, const char *list, enum err_kind kind)
{
	CLEANUP(buf_done) struct buf out;
	struct err *e = transform(part, list, &out);
	bool ok = e != NULL && err_kind(e) == kind;
	err_free(e);
	return ok;
}

#define ONE "Mq3mDDWudLiaQFa1psBgLG+/en7p7r8re0MtlxnuiUI="

static void
digests_what_office_digests(void)
{
	CHECK(digests_to(PART(PROPERTIES DOCUMENT), ID("rId1"), ONE));
}

static void
takes_white_space_and_comments_away(void)
{
	CHECK(digests_to(PART("\n  " PROPERTIES "\n <!-- - -->" DOCUMENT "\n"),
	    ID("rId1"), ONE));
}

static void
takes_other_namespace_declarations_away(void)
{
	CHECK(digests_to(HEAD
	    "<Relationships xmlns:foo=\"urn:test-ns\" xmlns=\"" RELS
	    "\">" DOCUMENT "</Relationships>",
	    ID("rId1"), ONE));
	CHECK(digests_to("<r:Relationships xmlns:r='" RELS
			 "'><r:Relationship Id='rId1' Type='" OFFICE
			 "relationships/officeDocument' "
			 "Target='word/document.xml'/></r:Relationships>",
	    ID("rId1"), ONE));
}

static void
sorts_by_identifier(void)
{
	static const char part[] =
	    PART("<Relationship Id='b' Type='u:t' Target='2' "
		 "TargetMode='External'/><Relationship Id='a' Type='u:t' "
		 "Target='1&amp;&quot;'/><Relationship Id='B' Type='u:t' "
		 "Target='3'/><Relationship Id='c' Type='u:x' Target='4'/>");
	static const char want[] =
	    "<Relationship Id=\"B\" Target=\"3\" TargetMode=\"Internal\" "
	    "Type=\"u:t\"></Relationship>"
	    "<Relationship Id=\"a\" Target=\"1&amp;&quot;\" "
	    "TargetMode=\"Internal\" Type=\"u:t\"></Relationship>"
	    "<Relationship Id=\"b\" Target=\"2\" TargetMode=\"External\" "
	    "Type=\"u:t\"></Relationship>";
	CHECK(yields(part, TYPE("u:t"), want));
	CHECK(yields(part, ID("a") ID("b") ID("B"), want));
	CHECK(yields(part, ID("nobody"), ""));
}

static void
takes_ignorable_content_away(void)
{
	CHECK(digests_to("<Relationships xmlns='" RELS "' xmlns:mc='" MCE
			 "' xmlns:x='urn:x' xmlns:y='urn:y' "
			 "mc:Ignorable='y x' x:a='1'><x:Relationship "
			 "Id='rId1'/>" DOCUMENT "</Relationships>",
	    ID("rId1"), ONE));
}

static void
refuses_foreign_content(void)
{
	CHECK(refused(PART(DOCUMENT "<x:Relationship xmlns:x='urn:x' Id='x' "
				    "Type='urn:t' Target='y'/>"),
	    ID("rId1"), ERR_UNSUPPORTED));
	CHECK(refused("<Relationships xmlns='" RELS "' xmlns:x='urn:x' "
		      "x:a='1'>" DOCUMENT "</Relationships>",
	    ID("rId1"), ERR_UNSUPPORTED));
	CHECK(refused("<Relationships xmlns='" RELS "' xmlns:mc='" MCE
		      "'><mc:AlternateContent/>" DOCUMENT "</Relationships>",
	    ID("rId1"), ERR_UNSUPPORTED));
	CHECK(refused(PART(DOCUMENT), "<other/>", ERR_UNSUPPORTED));
}

static void
refuses_what_is_no_relationships_part(void)
{
	CHECK(refused("<Relationships/>", ID("rId1"), ERR_MALFORMED));
	CHECK(refused(
	    PART("<Relationship Id='a' Type='t'/>"), ID("a"), ERR_MALFORMED));
	CHECK(refused(PART("<Relationship Id='a' Type='t' Target='x' b=''/>"),
	    ID("a"), ERR_MALFORMED));
	CHECK(refused(PART(DOCUMENT DOCUMENT), ID("rId1"), ERR_MALFORMED));
	CHECK(refused(PART(DOCUMENT), "", ERR_MALFORMED));
	CHECK(refused("no xml", ID("rId1"), ERR_MALFORMED));
}

int
main(void)
{
	CHECK_OK(xml_start());
	RUN(digests_what_office_digests);
	RUN(takes_white_space_and_comments_away);
	RUN(takes_other_namespace_declarations_away);
	RUN(sorts_by_identifier);
	RUN(takes_ignorable_content_away);
	RUN(refuses_foreign_content);
	RUN(refuses_what_is_no_relationships_part);
	xml_stop();
	return DONE();
}

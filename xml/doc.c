#include "xml/doc.h"

#include "xml/arena.h"
#include "xml/ns.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/SAX2.h>

#include <limits.h>
#include <string.h>

#define PATH_MAX_BYTES 200 /* of a path that people read */
#define SIBLINGS_MAX 1000  /* looked at to count one */
#define NAME_BYTES 60      /* of a name in it */

struct id_entry {
	const char *id; /* owned by the tree */
	xmlNode *element;
};

struct xml_doc {
	xmlDoc *tree;
	struct arena *arena; /* owned: what the tree is made of; may be NULL */
	struct xml_scan scan;
	struct id_entry *ids; /* sorted by id */
	size_t nids;
	xmlNode **signatures; /* owned: the list, not the nodes */
	size_t nsignatures;
	bool relative; /* a namespace that is no absolute URI */
};

DEFINE_FREEP(xmlFreeParserCtxt, xmlParserCtxt)

void
xml_doc_free(struct xml_doc *d)
{
	if (d == NULL)
		return;
	/* In an arena the nodes go away together; what libxml2 has added to
	 * its dictionary and lists since then came from malloc. */
	if (d->arena != NULL && d->tree != NULL)
		d->tree->children = d->tree->last = NULL;
	xmlFreeDoc(d->tree);
	arena_free(d->arena);
	free(d->ids);
	free(d->signatures);
	free(d);
}

xmlDoc *
xml_doc_tree(const struct xml_doc *d)
{
	return d->tree;
}

xmlNode *
xml_doc_root(const struct xml_doc *d)
{
	return xmlDocGetRootElement(d->tree);
}

const struct xml_scan *
xml_doc_scan(const struct xml_doc *d)
{
	return &d->scan;
}

/* ---- parsing ---- */

/* The scanner saw no DOCTYPE; should libxml2 see one, it ends here. */
static void
refuse_doctype(void *ctx, const xmlChar *name, const xmlChar *external,
    const xmlChar *system)
{
	(void)name;
	(void)external;
	(void)system;
	xmlStopParser(ctx);
}

static xmlParserInputPtr
resolve_nothing(void *ctx, const xmlChar *public, const xmlChar *system)
{
	(void)public;
	(void)system;
	xmlStopParser(ctx);
	return NULL;
}

static void
say_nothing(void *ctx, xmlErrorPtr e)
{
	(void)ctx;
	(void)e;
}

/* Hands the document over in pieces; given it whole, libxml2 would copy it. */
static int
feed(void *ctx, char *to, int room)
{
	struct bytes *left = ctx;
	struct bytes piece = bytes_slice(*left, 0, (size_t)room);
	if (piece.len > 0)
		memcpy(to, piece.ptr, piece.len);
	*left = bytes_from(*left, piece.len);
	return (int)piece.len;
}

static struct err *
new_parser(struct bytes *left, xmlParserCtxt **out)
{
	xmlParserCtxt *p = xmlCreateIOParserCtxt(
	    NULL, NULL, feed, NULL, left, XML_CHAR_ENCODING_NONE);
	if (p == NULL)
		return err_new(ERR_NOMEM, NULL, "xmlCreateIOParserCtxt");
	/* HUGE lifts limits that would refuse a scan of 10 MB in a form; ours
	 * (xml/scan.h, XML_DOC_MAX) stand in for them. */
	xmlCtxtUseOptions(p, XML_PARSE_NONET | XML_PARSE_HUGE |
				 XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	p->sax->internalSubset = refuse_doctype;
	p->sax->externalSubset = refuse_doctype;
	p->sax->resolveEntity = resolve_nothing;
	p->sax->serror = say_nothing;
	*out = p;
	return NULL;
}

static struct err *
parse_error(const xmlParserCtxt *p)
{
	if (p->errNo == XML_ERR_NO_MEMORY)
		return err_new(ERR_NOMEM, NULL, "libxml2");
	return err_new(ERR_MALFORMED, "XML 1.0",
	    "line %d: not well formed (%d)", p->lastError.line, p->errNo);
}

static struct err *
build_tree(struct bytes in, xmlDoc **out)
{
	struct bytes left = in;
	CLEANUP(xmlFreeParserCtxtp) xmlParserCtxt *p = NULL;
	TRY(new_parser(&left, &p));
	(void)xmlParseDocument(p);
	xmlDoc *tree = TAKE(p->myDoc);
	if (tree != NULL && p->wellFormed && p->nsWellFormed &&
	    p->disableSAX == 0 && tree->intSubset == NULL &&
	    xmlDocGetRootElement(tree) != NULL) {
		*out = tree;
		return NULL;
	}
	xmlFreeDoc(tree);
	return parse_error(p);
}

/* libxml2 keeps its last error for the thread, which would outlive the
 * document; the parser's own copy has been told by then. */
static struct err *
build(struct bytes in, struct xml_doc *d)
{
	d->arena = arena_enter(in.len);
	struct err *e = build_tree(in, &d->tree);
	xmlResetLastError();
	arena_leave();
	return e;
}

/* ---- identifiers ---- */

static bool
is_id_attribute(const xmlAttr *a)
{
	static const char *const names[] = { "Id", "ID", "id", "AssertionID",
		"ResponseID", "RequestID" };
	const char *name = (const char *)a->name;
	if (a->ns != NULL) {
		const char *ns = (const char *)a->ns->href;
		return (strcmp(name, "id") == 0 &&
			   strcmp(ns, (const char *)XML_XML_NAMESPACE) == 0) ||
		       (strcmp(name, "Id") == 0 && strcmp(ns, NS_WSU) == 0);
	}
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* The text of an attribute; without entities it is one node or none. */
static const char *
attribute_value(const xmlAttr *a)
{
	if (a->children == NULL)
		return "";
	if (a->children->next != NULL || a->children->type != XML_TEXT_NODE)
		return NULL;
	return (const char *)a->children->content;
}

static int
compare_ids(const void *a, const void *b)
{
	const struct id_entry *x = a, *y = b;
	return strcmp(x->id, y->id);
}

/* Room for one more in a list that doubles. */
static struct err *
make_room(void **list, size_t n, size_t size)
{
	/* Full at 0, 64, 128, 256 ... */
	if (n != 0 && (n < 64 || (n & (n - 1)) != 0))
		return NULL;
	void *v = realloc(*list, (n == 0 ? 64 : 2 * n) * size);
	if (v == NULL)
		return err_new(ERR_NOMEM, NULL, "a list of elements");
	*list = v;
	return NULL;
}

static struct err *
add_id(struct xml_doc *d, const char *id, xmlNode *element)
{
	void *list = d->ids;
	TRY(make_room(&list, d->nids, sizeof(*d->ids)));
	d->ids = list;
	d->ids[d->nids++] = (struct id_entry){ id, element };
	return NULL;
}

static struct err *
note_signature(struct xml_doc *d, xmlNode *n)
{
	void *list = d->signatures;
	if (!xml_is(n, NS_DS, "Signature"))
		return NULL;
	TRY(make_room(&list, d->nsignatures, sizeof(xmlNode *)));
	d->signatures = list;
	d->signatures[d->nsignatures++] = n;
	return NULL;
}

xmlNode *const *
xml_doc_signatures(const struct xml_doc *d, size_t *count)
{
	*count = d->nsignatures;
	return d->signatures;
}

bool
xml_doc_is_absolute(const struct xml_doc *d)
{
	return !d->relative;
}

/* An absolute URI has a scheme (RFC 3986 3.1). */
static bool
is_absolute(const char *uri)
{
	const char *p = uri;
	while ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
	       (p > uri && ((*p >= '0' && *p <= '9') || *p == '+' ||
			       *p == '-' || *p == '.')))
		p++;
	return *uri == '\0' || (p > uri && *p == ':');
}

static void
note_namespaces(struct xml_doc *d, const xmlNode *n)
{
	for (const xmlNs *ns = n->nsDef; ns != NULL; ns = ns->next)
		if (ns->href != NULL && !is_absolute((const char *)ns->href))
			d->relative = true;
}

/* One walk notes all that is asked for again and again. */
static struct err *
index_elements(struct xml_doc *d)
{
	xmlNode *root = xml_doc_root(d);
	for (xmlNode *n = root; n != NULL; n = xml_walk(n, root)) {
		note_namespaces(d, n);
		TRY(note_signature(d, n));
		for (xmlAttr *a = n->properties; a != NULL; a = a->next) {
			const char *id =
			    is_id_attribute(a) ? attribute_value(a) : NULL;
			if (id != NULL && *id != '\0')
				TRY(add_id(d, id, n));
		}
	}
	if (d->nids > 0)
		qsort(d->ids, d->nids, sizeof(*d->ids), compare_ids);
	return NULL;
}

struct err *
xml_doc_by_id(const struct xml_doc *d, const char *id, xmlNode **out)
{
	struct id_entry want = { .id = id };
	struct id_entry *hit = d->nids == 0 ? NULL
					    : bsearch(&want, d->ids, d->nids,
						  sizeof(want), compare_ids);
	if (hit == NULL)
		return err_new(ERR_MISSING, "XMLDSig 4.4.3.1",
		    "no element has the identifier");
	const struct id_entry *first = hit, *end = d->ids + d->nids;
	while (first > d->ids && strcmp(first[-1].id, id) == 0)
		first--;
	for (const struct id_entry *e = first;
	     e < end && strcmp(e->id, id) == 0; e++)
		if (e->element != hit->element)
			return err_coded(
			    err_new(ERR_MALFORMED, "XML 1.0 3.3.1",
				"two elements have the identifier"),
			    "xml-duplicate-id");
	*out = hit->element;
	return NULL;
}

struct err *
xml_doc_parse(struct bytes in, struct xml_doc **out)
{
	if (in.len > XML_DOC_MAX)
		return err_coded(
		    err_new(ERR_LIMIT, NULL, "%zu bytes", in.len), "xml-limit");
	struct xml_scan scan;
	TRY(xml_scan(in, &scan));
	/* For this thread: libxml2's XPath and C14N would write to stderr. */
	xmlSetStructuredErrorFunc(NULL, say_nothing);
	CLEANUP(xml_doc_freep) struct xml_doc *d = calloc(1, sizeof(*d));
	if (d == NULL)
		return err_new(ERR_NOMEM, NULL, "struct xml_doc");
	d->scan = scan;
	TRY(build(in, d));
	d->tree->_private = d;
	TRY(index_elements(d));
	*out = TAKE(d);
	return NULL;
}

/* ---- small questions ---- */

bool
xml_is(const xmlNode *n, const char *ns, const char *name)
{
	if (n == NULL || n->type != XML_ELEMENT_NODE ||
	    strcmp((const char *)n->name, name) != 0)
		return false;
	if (n->ns == NULL)
		return *ns == '\0';
	return n->ns->href != NULL &&
	       strcmp((const char *)n->ns->href, ns) == 0;
}

xmlNode *
xml_element(xmlNode *n)
{
	while (n != NULL && n->type != XML_ELEMENT_NODE)
		n = n->next;
	return n;
}

xmlNode *
xml_first(const xmlNode *n)
{
	return n == NULL ? NULL : xml_element(n->children);
}

xmlNode *
xml_next(const xmlNode *n)
{
	return n == NULL ? NULL : xml_element(n->next);
}

xmlNode *
xml_child(const xmlNode *n, const char *ns, const char *name)
{
	for (xmlNode *c = xml_first(n); c != NULL; c = xml_next(c))
		if (xml_is(c, ns, name))
			return c;
	return NULL;
}

bool
xml_is_inside(const xmlNode *n, const xmlNode *ancestor)
{
	for (; n != NULL; n = n->parent)
		if (n == ancestor)
			return true;
	return false;
}

xmlNode *
xml_walk(xmlNode *n, const xmlNode *top)
{
	xmlNode *down = xml_first(n);
	if (down != NULL)
		return down;
	for (; n != NULL && n != top; n = n->parent) {
		xmlNode *beside = xml_next(n);
		if (beside != NULL)
			return beside;
	}
	return NULL;
}

const char *
xml_attr(const xmlNode *n, const char *name)
{
	for (const xmlAttr *a = n->properties; a != NULL; a = a->next)
		if (a->ns == NULL && strcmp((const char *)a->name, name) == 0)
			return attribute_value(a);
	return NULL;
}

static bool
is_text(const xmlNode *n)
{
	return n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE;
}

bool
xml_is_plain(const xmlNode *n)
{
	const xmlNode *c = n->children;
	while (c != NULL && is_text(c))
		c = c->next;
	return c == NULL;
}

bool
xml_has_text(const xmlNode *n)
{
	for (const xmlNode *c = n->children; c != NULL; c = c->next) {
		const char *text = (const char *)c->content;
		if (is_text(c) && text[strspn(text, " \t\r\n")] != '\0')
			return true;
	}
	return false;
}

struct err *
xml_text(const xmlNode *n, struct buf *out)
{
	for (const xmlNode *c = n->children; c != NULL; c = c->next) {
		if (c->type == XML_COMMENT_NODE || c->type == XML_PI_NODE)
			continue;
		if (!is_text(c))
			return err_new(ERR_MALFORMED, NULL,
			    "an element where text is expected");
		TRY(buf_str(out, (const char *)c->content));
	}
	return NULL;
}

struct err *
xml_base64(const xmlNode *n, struct buf *out)
{
	CLEANUP(buf_done) struct buf text = BUF(XML_DOC_MAX);
	TRY(xml_text(n, &text));
	return base64_decode_ws(buf_bytes(&text), out);
}

static bool
same_name(const xmlNode *a, const xmlNode *b)
{
	return a->type == XML_ELEMENT_NODE && xmlStrEqual(a->name, b->name);
}

/* Which of the siblings of the same name; 0: the only one, or nobody counts
 * that far. */
static size_t
sibling_index(const xmlNode *n)
{
	size_t index = 1, left = SIBLINGS_MAX;
	const xmlNode *s;
	for (s = n->prev; s != NULL && left > 0; s = s->prev, left--)
		index += same_name(s, n);
	if (s != NULL)
		return 0;
	if (index > 1)
		return index;
	for (s = n->next; s != NULL && left > 0; s = s->next, left--)
		if (same_name(s, n))
			return index;
	return 0;
}

/* A slash and a name, cut between characters when it is long. */
static struct err *
append_name(const xmlChar *name, struct buf *out)
{
	struct bytes b = bytes_str((const char *)name);
	if (b.len > NAME_BYTES)
		for (b.len = NAME_BYTES; (b.ptr[b.len] & 0xc0) == 0x80;)
			b.len--;
	TRY(buf_byte(out, '/'));
	return buf_append(out, b);
}

struct err *
xml_path(const xmlNode *n, struct buf *out)
{
	const xmlNode *chain[XML_DEPTH_MAX + 1];
	size_t depth = 0, start = out->len;
	for (; n != NULL && n->type == XML_ELEMENT_NODE &&
	       depth < COUNT_OF(chain);
	     n = n->parent)
		chain[depth++] = n;
	while (depth-- > 0) {
		if (out->len - start > PATH_MAX_BYTES)
			return buf_str(out, "/...");
		TRY(append_name(chain[depth]->name, out));
		size_t index = sibling_index(chain[depth]);
		if (index > 0)
			TRY(buf_printf(out, "[%zu]", index));
	}
	return NULL;
}

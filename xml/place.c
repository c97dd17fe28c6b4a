#include "xml/place.h"

#include "xml/ns.h"

#include <string.h>

static struct err *
no_place(enum err_kind kind, const char *why)
{
	return err_coded(err_new(kind, NULL, "%s", why), "xml-place");
}

/* ---- which element ---- */

/* The one child with this local name. */
static struct err *
step(const xmlNode *parent, struct bytes name, xmlNode **out)
{
	*out = NULL;
	for (xmlNode *c = parent->children; c != NULL; c = c->next) {
		if (c->type != XML_ELEMENT_NODE ||
		    !bytes_eq_str(name, (const char *)c->name))
			continue;
		if (*out != NULL)
			return no_place(ERR_USAGE,
			    "the path leads to more than one element");
		*out = c;
	}
	return *out != NULL ? NULL
			    : no_place(ERR_MISSING, "no element at the path");
}

static struct err *
by_path(const struct xml_doc *d, struct bytes rest, xmlNode **out)
{
	xmlNode *at = (xmlNode *)xml_doc_tree(d);
	while (rest.len > 0) {
		if (rest.ptr[0] != '/')
			return no_place(ERR_USAGE, "a path of local names");
		rest = bytes_from(rest, 1);
		size_t end = bytes_find(rest, BYTES_LIT("/"));
		if (end == SIZE_MAX)
			end = rest.len;
		TRY(step(at, bytes_slice(rest, 0, end), &at));
		rest = bytes_from(rest, end);
	}
	*out = at;
	return NULL;
}

struct err *
xml_place_find(const struct xml_doc *d, const char *name, xmlNode **out)
{
	if (name == NULL) {
		*out = xml_doc_root(d);
		return NULL;
	}
	if (*name == '#') {
		struct err *e = xml_doc_by_id(d, name + 1, out);
		return e == NULL ? NULL : err_coded(e, "xml-place");
	}
	if (*name != '/')
		return no_place(ERR_USAGE, "a place is #Id or /a/path");
	return by_path(d, bytes_str(name), out);
}

/* ---- where its end is ---- */

static size_t
number_of(const struct xml_doc *d, const xmlNode *n)
{
	size_t number = 0;
	xmlNode *root = xml_doc_root(d);
	for (xmlNode *e = root; e != NULL && e != n; e = xml_walk(e, root))
		number++;
	return number;
}

struct err *
xml_place_in(const struct xml_doc *d, struct bytes document, xmlNode *parent,
    struct xml_place *out)
{
	const struct xml_scan *scan = xml_doc_scan(d);
	struct xml_span span;
	*out = (struct xml_place){ .parent = parent, .at = scan->end_at };
	if (parent == xml_doc_root(d) && !scan->empty_root)
		return NULL;
	TRY(xml_scan_element(document, number_of(d, parent), &span));
	out->at = span.end_at;
	if (span.empty) {
		out->cut = 2;
		out->name = span.name;
	}
	return NULL;
}

struct err *
xml_place_open(const struct xml_place *p, struct buf *b)
{
	return p->name.ptr == NULL ? NULL : buf_byte(b, '>');
}

struct err *
xml_place_close(const struct xml_place *p, struct buf *b)
{
	if (p->name.ptr == NULL)
		return NULL;
	TRY(buf_str(b, "</"));
	TRY(buf_append(b, p->name));
	return buf_byte(b, '>');
}

/* ---- what stands there already ---- */

static struct err *
would_break(void)
{
	return err_coded(err_new(ERR_DENIED, "XMLDSig 6.6.4",
			     "an older signature covers this place, so it "
			     "would break"),
	    "xml-would-break");
}

/* Whether `signature` would change because of `newcomer`. */
static struct err *
check_older(struct xml_job *job, xmlNode *signature, xmlNode *newcomer)
{
	xmlNode *info = xml_child(signature, NS_DS, "SignedInfo");
	for (xmlNode *r = xml_first(info); r != NULL; r = xml_next(r)) {
		struct err *problem = NULL;
		bool covers = false;
		if (!xml_is(r, NS_DS, "Reference"))
			continue;
		TRY(blame_document(
		    xml_ref_covers(job, r, signature, newcomer, &covers),
		    &problem));
		bool broken = problem != NULL;
		err_free(problem);
		if (covers || broken)
			return would_break();
	}
	return NULL;
}

static struct err *
new_element(xmlDoc *tree, const char *uri, const char *name, xmlNode **out)
{
	xmlNode *n = xmlNewDocNode(tree, NULL, BAD_CAST name, NULL);
	xmlNs *ns = n == NULL ? NULL : xmlNewNs(n, BAD_CAST uri, BAD_CAST "n");
	if (ns == NULL) {
		xmlFreeNode(n);
		return err_new(ERR_NOMEM, NULL, "xmlNewDocNode");
	}
	xmlSetNs(n, ns);
	*out = n;
	return NULL;
}

struct err *
xml_place_check(
    struct xml_job *job, xmlNode *parent, const char *ns, const char *name)
{
	size_t n;
	xmlNode *const *signatures = xml_doc_signatures(job->doc, &n);
	xmlNode *newcomer = NULL;
	struct err *e = NULL;
	if (n == 0)
		return NULL;
	TRY(new_element(parent->doc, ns, name, &newcomer));
	xmlAddChild(parent, newcomer);
	for (size_t i = 0; i < n && e == NULL; i++)
		e = check_older(job, signatures[i], newcomer);
	xmlUnlinkNode(newcomer);
	xmlFreeNode(newcomer);
	return e;
}

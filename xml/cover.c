#include "xml/signature.h"

#include "xml/ns.h"

#include <string.h>

/*
 * What a signature covers, and whether a reader can be misled about it.
 *
 * A signature over a part says nothing about the rest, and a program that
 * reads the document finds its part by a path or a name, not by the Id that
 * was signed.  Signature wrapping lives from the difference: the signed part
 * is moved away, and an unsigned one of the same name stands where it stood.
 * Three rules, none of which knows a vocabulary, take that away:
 *
 *  place: a signed element is the whole document, an ancestor of its
 *    Signature, a neighbour of the Signature or of an ancestor of it, or
 *    inside the Signature's own Object;
 *  likeness: no unsigned element anywhere has the local name of a signed one;
 *  structure: nothing stands in a Signature but what XMLDSig puts there.
 */

static char covered_mark; /* its address is the mark; never written */

static void
mark(xmlNode *n)
{
	n->_private = &covered_mark;
}

static bool
is_marked(const xmlNode *n)
{
	return n->_private == &covered_mark;
}

static bool
is_signature_part(const xmlNode *n)
{
	const char *ns = n->ns == NULL ? "" : (const char *)n->ns->href;
	return strcmp(ns, NS_DS) == 0 || strcmp(ns, NS_DS11) == 0 ||
	       strncmp(ns, "http://uri.etsi.org/01903/", 26) == 0;
}

/* ---- what one reference covers ---- */

/* Whether everything that hangs on an element is digested with it. */
static bool
has_contents(struct xml_set *set, xmlNode *e)
{
	for (xmlAttr *a = e->properties; a != NULL; a = a->next)
		if (!xml_set_has(set, (xmlNode *)a, e))
			return false;
	for (xmlNode *c = e->children; c != NULL; c = c->next)
		if (c->type != XML_ELEMENT_NODE &&
		    c->type != XML_COMMENT_NODE && !xml_set_has(set, c, e))
			return false;
	return true;
}

static void
add_top(struct xml_signature *s, const xmlNode *e)
{
	if (s->ntops < XML_TOPS_MAX)
		s->tops[s->ntops++] = e;
}

/* Next element that is not inside `n`. */
static xmlNode *
after(xmlNode *n, const xmlNode *top)
{
	for (; n != NULL && n != top; n = n->parent) {
		xmlNode *beside = xml_next(n);
		if (beside != NULL)
			return beside;
	}
	return NULL;
}

struct coverage {
	bool complete;       /* all but signatures */
	const xmlNode *last; /* last highest element */
};

static void
visit(
    struct xml_signature *s, struct xml_ref *r, xmlNode *e, struct coverage *c)
{
	if (!xml_set_has(&r->set, e, e->parent) ||
	    (r->reduced && !has_contents(&r->set, e))) {
		c->complete = false;
		return;
	}
	if (!s->intact)
		return;
	mark(e);
	if (c->last == NULL || !xml_is_inside(e, c->last)) {
		add_top(s, e);
		c->last = e;
	}
}

/* Walks the set once and marks it. */
static void
walk(struct xml_job *job, struct xml_signature *s, struct xml_ref *r,
    struct coverage *c)
{
	xmlNode *top = r->element != NULL ? r->element : xml_doc_root(job->doc);
	xmlNode *e = top;
	while (e != NULL && !r->set.broken) {
		/* A Signature that is left out is left out whole, and is
		 * judged for itself. */
		if (xml_is(e, NS_DS, "Signature") && e != top &&
		    !xml_set_has(&r->set, e, e->parent)) {
			e = after(e, top);
			continue;
		}
		visit(s, r, e, c);
		e = xml_walk(e, top);
	}
}

static struct err *
name_it(const struct xml_signature *s, const struct xml_ref *r, bool complete,
    bool whole, struct buf *out)
{
	if (r->kind == REF_EXTERNAL)
		return buf_str(out, "a file of its own");
	if (whole)
		return buf_str(out, "whole document");
	if (r->kind == REF_DOCUMENT)
		return buf_str(out, "parts of the document");
	if (xml_ref_is_own(s, r))
		return buf_printf(out, "the signature's own <%.40s>",
		    (const char *)r->element->name);
	TRY(buf_str(out, complete ? "element " : "parts of element "));
	return xml_path(r->element, out);
}

struct err *
xml_cover(struct xml_job *job, struct xml_signature *s, struct xml_ref *r,
    struct buf *covers, bool *whole)
{
	struct coverage c = { .complete = !r->blind };
	*whole = false;
	if (r->problem != NULL)
		return buf_str(covers, "not known");
	if (r->kind != REF_EXTERNAL && !r->blind && !xml_ref_is_own(s, r)) {
		walk(job, s, r, &c);
		if (r->set.broken)
			c.complete = false;
		*whole = c.complete &&
			 (r->element == NULL ||
			     r->element == xml_doc_root(job->doc)) &&
			 r->element != s->node;
	}
	return name_it(s, r, c.complete, *whole, covers);
}

/* ---- rules ---- */

static bool
is_countersigned(const xmlNode *e)
{
	return xml_is(e, NS_DS, "SignatureValue");
}

/* The rule of place. */
static bool
place_is_right(const struct xml_signature *s, const xmlNode *e)
{
	if (xml_is_inside(s->node, e))
		return true;
	if (xml_is_inside(e, s->node)) {
		const xmlNode *n = e;
		while (n->parent != s->node)
			n = n->parent;
		return n != s->info && n != s->value;
	}
	if (is_countersigned(e))
		return true;
	return e->parent != NULL && xml_is_inside(s->node, e->parent);
}

/* A Manifest speaks for the signature only as a child of its own Object; one
 * that hides deeper is a wrapped one. */
static bool
is_own_manifest(const struct xml_signature *s, const xmlNode *e)
{
	return e != NULL && xml_is(e, NS_DS, "Manifest") &&
	       xml_is(e->parent, NS_DS, "Object") &&
	       e->parent->parent == s->node;
}

/* What Type promises must be there. */
static bool
type_is_right(const struct xml_signature *s, const struct xml_ref *r)
{
	const xmlNode *e = r->kind == REF_ELEMENT ? r->element : NULL;
	if (e != NULL && xml_is(e, NS_DS, "Manifest") && !is_own_manifest(s, e))
		return false;
	if (r->type == NULL)
		return true;
	if (strcmp(r->type, TYPE_OBJECT) == 0)
		return e != NULL && is_signature_part(e) &&
		       xml_is_inside(e, s->node);
	if (strcmp(r->type, TYPE_MANIFEST) == 0)
		return is_own_manifest(s, e);
	if (xades_is_type(r->type, "SignedProperties"))
		return e != NULL && xades_is(e, "SignedProperties") &&
		       xml_is_inside(e, s->node);
	return true;
}

/* XAdES 5.2.7.2: in CounterSignature, something must sign the value of the
 * signature that it stands in. */
static bool
counter_is_right(const struct xml_signature *s)
{
	const xmlNode *holder = s->node->parent;
	if (holder == NULL || !xades_is(holder, "CounterSignature"))
		return true;
	const xmlNode *outer = holder;
	while (outer != NULL && !xml_is(outer, NS_DS, "Signature"))
		outer = outer->parent;
	for (size_t i = 0; i < s->nrefs && outer != NULL; i++) {
		const xmlNode *e = s->refs[i].element;
		if (s->refs[i].problem == NULL && e != NULL &&
		    is_countersigned(e) && e->parent == outer)
			return true;
	}
	return false;
}

static struct err *
rules_of(const struct xml_signature *s, const struct xml_ref *r,
    struct signature_fact *fact)
{
	if (!type_is_right(s, r))
		TRY(findings_add(&fact->findings, true, "xml-type",
		    "a reference does not lead to what its Type says"));
	if (r->kind == REF_ELEMENT && !place_is_right(s, r->element))
		TRY(findings_add(&fact->findings, true, "xml-signed-elsewhere",
		    "the signed element is not beside its signature"));
	return NULL;
}

struct err *
xml_rules(struct xml_signature *s, struct signature_fact *fact)
{
	size_t data = 0;
	for (size_t i = 0; i < s->nrefs; i++) {
		if (s->refs[i].problem == NULL)
			TRY(rules_of(s, &s->refs[i], fact));
		data += s->refs[i].problem != NULL ||
			!xml_ref_is_own(s, &s->refs[i]);
	}
	if (data == 0)
		TRY(findings_add(&fact->findings, true, "xml-nothing-signed",
		    "nothing is signed but the signature's own properties"));
	if (!counter_is_right(s))
		TRY(findings_add(&fact->findings, true, "xades-counter",
		    "it does not sign the value of the signature around it"));
	return NULL;
}

/* ---- the rule of likeness ---- */

static bool
is_like_top(const struct xml_signature *s, const xmlNode *e)
{
	for (size_t i = 0; i < s->ntops; i++)
		if (!is_signature_part(s->tops[i]) &&
		    xmlStrEqual(s->tops[i]->name, e->name))
			return true;
	return false;
}

struct err *
xml_rule_wrapping(
    struct xml_job *job, struct xml_signature *s, struct signature_fact *fact)
{
	xmlNode *root = xml_doc_root(job->doc);
	if (s->ntops == 0 || s->tops[0] == root)
		return NULL;
	for (xmlNode *e = root; e != NULL; e = xml_walk(e, root)) {
		TRY(work_spend_steps(&job->work, s->ntops + 1));
		if (is_marked(e) || is_signature_part(e) || !is_like_top(s, e))
			continue;
		CLEANUP(buf_done) struct buf path = BUF(1024);
		TRY(xml_path(e, &path));
		const char *text;
		TRY(buf_cstr(&path, &text));
		return findings_add(&fact->findings, true, "xml-wrapped",
		    "%s looks like what is signed, but is not signed", text);
	}
	return NULL;
}

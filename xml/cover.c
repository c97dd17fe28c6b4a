#include "xml/signature.h"

#include "xml/ns.h"
#include "xml/part.h"

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

/* Remembers the name of a highest element. */
static void
add_top(struct xml_signature *s, const xmlNode *e)
{
	for (size_t i = 0; i < s->ntops; i++)
		if (xmlStrEqual(s->tops[i]->name, e->name))
			return;
	if (s->ntops < XML_TOPS_MAX)
		s->tops[s->ntops++] = e;
	else
		s->too_many_tops = true;
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

static void
note_kind(struct xml_signature *s, const xmlNode *e)
{
	s->holds_text = s->holds_text || is_text_object(e);
	s->holds_manifest = s->holds_manifest || is_own_manifest(s, e);
}

/* Comments that nobody signed may stand anywhere, and cut a text in two: many
 * programs read the first piece and take it for the whole. */
static void
note_split(struct xml_signature *s, const struct xml_ref *r, const xmlNode *e)
{
	bool text = false, comment = false;
	if (r->comments || s->split != NULL)
		return;
	for (const xmlNode *c = e->children; c != NULL; c = c->next) {
		comment = comment || c->type == XML_COMMENT_NODE;
		text = text || ((c->type == XML_TEXT_NODE ||
				    c->type == XML_CDATA_SECTION_NODE) &&
				   !xmlIsBlankNode(c));
	}
	if (text && comment)
		s->split = e;
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
	/* Without filters that choose nodes one by one, all is in it that is
	 * not in a Signature that was left out. */
	if (r->reduced && (!xml_set_has(&r->set, e, e->parent) ||
			      !has_contents(&r->set, e))) {
		c->complete = false;
		return;
	}
	if (!s->intact)
		return;
	mark(e);
	note_kind(s, e);
	note_split(s, r, e);
	/* What a reader looks for in an Object is its content. */
	bool top = c->last == NULL || !xml_is_inside(e, c->last);
	if (top && !is_part_in_place(e)) {
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
	if (!xml_set_has(&r->set, top, top->parent))
		c->complete = false;
	while (e != NULL && !r->set.broken && (r->reduced || c->complete)) {
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
		return buf_str(out, r->reduced ? "parts of a file of its own"
					       : "a file of its own");
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

/* Names around a text that was decoded, or a document that was parsed again,
 * are not digested; but which element it was is known. */
static void
cover_blindly(struct xml_signature *s, const struct xml_ref *r)
{
	if (!s->intact || r->element == NULL)
		return;
	mark(r->element);
	note_kind(s, r->element);
	note_split(s, r, r->element);
	if (!is_part_in_place(r->element))
		add_top(s, r->element);
}

struct err *
xml_cover(struct xml_job *job, struct xml_signature *s, struct xml_ref *r,
    struct buf *covers, bool *whole)
{
	struct coverage c = { .complete = !r->blind };
	*whole = false;
	if (r->problem != NULL)
		return buf_str(covers, "not known");
	if (r->kind != REF_EXTERNAL && !xml_ref_is_own(s, r)) {
		if (r->blind)
			cover_blindly(s, r);
		else
			walk(job, s, r, &c);
		c.complete = c.complete && !r->set.broken;
		*whole = c.complete && r->element != s->node &&
			 (r->element == NULL ||
			     r->element == xml_doc_root(job->doc));
	}
	return name_it(s, r, c.complete, *whole, covers);
}

/* ---- rules ---- */

static bool
is_countersigned(const xmlNode *e)
{
	return xml_is(e, NS_DS, "SignatureValue");
}

/* XMLDSig 4.5, 5.2: in a Signature an Object is its child, SignatureProperties
 * stand in an Object.  In KeyInfo they would pass for the signature's own. */
static bool
schema_is_kept(const xmlNode *e)
{
	if (xml_is(e, NS_DS, "Object"))
		return xml_is(e->parent, NS_DS, "Signature");
	if (xml_is(e, NS_DS, "SignatureProperties"))
		return xml_is(e->parent, NS_DS, "Object");
	if (xml_is(e, NS_DS, "SignatureProperty"))
		return xml_is(e->parent, NS_DS, "SignatureProperties");
	return true;
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
		return n != s->info && n != s->value && schema_is_kept(e);
	}
	if (is_countersigned(e))
		return true;
	return e->parent != NULL && xml_is_inside(s->node, e->parent);
}

/* What Type promises must be there.  An Object may stand beside the Signature
 * (the Slovak profile XAdES_ZEP has it so); where is the rule of place's. */
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
		       (xml_is_inside(e, s->node) ||
			   xml_is(e, NS_DS, "Object"));
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

struct err *
xml_rules_of(const struct xml_signature *s, const struct xml_ref *r,
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

/* Filters may leave nothing of the document.  A file of its own may be empty.
 */
static struct err *
is_left_empty(const struct xml_ref *r, bool *out)
{
	uint8_t nothing[DIGEST_MAX];
	*out = false;
	if (r->kind == REF_EXTERNAL || r->alg == DIGEST_NONE)
		return NULL;
	TRY(digest_of(r->alg, bytes_of(NULL, 0), nothing));
	*out = memcmp(r->computed, nothing, digest_len(r->alg)) == 0;
	return NULL;
}

struct err *
xml_rules(struct xml_signature *s, struct signature_fact *fact)
{
	size_t data = 0;
	for (size_t i = 0; i < s->nrefs; i++) {
		const struct xml_ref *r = &s->refs[i];
		bool empty = false;
		if (r->problem == NULL) {
			TRY(xml_rules_of(s, r, fact));
			TRY(is_left_empty(r, &empty));
		}
		data += r->problem != NULL ||
			(!empty && !xml_ref_is_own(s, r));
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
		if (xmlStrEqual(s->tops[i]->name, e->name))
			return true;
	return false;
}

static struct err *
tell_wrapped(const xmlNode *e, struct signature_fact *fact)
{
	CLEANUP(buf_done) struct buf path = BUF(1024);
	const char *text;
	TRY(xml_path(e, &path));
	TRY(buf_cstr(&path, &text));
	return findings_add(&fact->findings, true, "xml-wrapped",
	    "%s looks like what is signed, but is not signed", text);
}

/* An unsigned element named like one that this signature signs. */
static struct err *
find_like_top(struct xml_job *job, const struct xml_signature *s,
    struct signature_fact *fact)
{
	xmlNode *root = xml_doc_root(job->doc);
	if (s->ntops == 0 || s->tops[0] == root)
		return NULL;
	for (xmlNode *e = root; e != NULL; e = xml_walk(e, root)) {
		TRY(work_spend_steps(&job->work, s->ntops + 1));
		if (!is_marked(e) && is_like_top(s, e) && !is_part_in_place(e))
			return tell_wrapped(e, fact);
	}
	return NULL;
}

/* A second Object with text, or a second Manifest, that nobody signed: who
 * takes the first one that there is takes the wrong one. */
static struct err *
find_like_object(struct xml_job *job, const struct xml_signature *s,
    struct signature_fact *fact)
{
	xmlNode *root = xml_doc_root(job->doc);
	if (!s->holds_text && !s->holds_manifest)
		return NULL;
	for (xmlNode *e = root; e != NULL; e = xml_walk(e, root)) {
		TRY(work_spend_steps(&job->work, STEPS_VISIT));
		if (!is_marked(e) &&
		    ((s->holds_text && is_text_object(e)) ||
			(s->holds_manifest && xml_is(e, NS_DS, "Manifest"))))
			return tell_wrapped(e, fact);
	}
	return NULL;
}

/* Whether something of this signature's own that it signs holds `e`. */
static bool
is_own_and_signed(const struct xml_signature *s, const xmlNode *e)
{
	for (size_t i = 0; i < s->nrefs; i++)
		if (xml_ref_is_own(s, &s->refs[i]) &&
		    xml_is_inside(e, s->refs[i].element))
			return true;
	return false;
}

/* An element in the Signature, and in no other inside it, that has the name of
 * `signed_one` and is not signed. */
static struct err *
find_twin(struct xml_job *job, const struct xml_signature *s,
    const xmlNode *signed_one, struct signature_fact *fact)
{
	for (xmlNode *e = s->node; e != NULL; e = xml_walk(e, s->node)) {
		TRY(work_spend_steps(&job->work, STEPS_VISIT));
		if (is_marked(e) || !xmlStrEqual(e->name, signed_one->name) ||
		    is_signature_part(e) || is_own_and_signed(s, e))
			continue;
		const xmlNode *holder = e;
		while (!xml_is(holder, NS_DS, "Signature"))
			holder = holder->parent;
		if (holder == s->node)
			return tell_wrapped(e, fact);
	}
	return NULL;
}

/* What its own SignatureProperties say (the time, in invoices) is read by name,
 * too. */
static struct err *
find_like_property(struct xml_job *job, const struct xml_signature *s,
    struct signature_fact *fact)
{
	for (size_t i = 0; i < s->nrefs; i++) {
		xmlNode *top = s->refs[i].element;
		if (!xml_ref_is_own(s, &s->refs[i]) ||
		    strncmp((const char *)top->name, "SignaturePropert", 16) !=
			0)
			continue;
		for (xmlNode *e = top; e != NULL; e = xml_walk(e, top))
			if (!is_signature_part(e))
				TRY(find_twin(job, s, e, fact));
	}
	return NULL;
}

static int
compare_names(const void *a, const void *b)
{
	const xmlNode *const *x = a, *const *y = b;
	return strcmp((const char *)(*x)->name, (const char *)(*y)->name);
}

static struct err *
note_loose(struct xml_loose *l, const xmlNode *e, const xmlNode *holder)
{
	size_t known = l->nholders;
	if (known == 0 ||
	    (known < COUNT_OF(l->holders) && l->holders[known - 1] != holder))
		l->holders[l->nholders++] = holder;
	if (is_marked(e))
		return NULL;
	if (l->n == XML_LOOSE_MAX)
		return err_coded(err_new(ERR_LIMIT, NULL, "data in signatures"),
		    "xml-limit");
	l->v[l->n++] = e;
	return NULL;
}

struct err *
xml_loose_find(struct xml_job *job, struct xml_loose *out)
{
	size_t n;
	xmlNode *const *signatures = xml_doc_signatures(job->doc, &n);
	xmlNode *outer = NULL;
	for (size_t i = 0; i < n; i++) {
		if (outer != NULL && xml_is_inside(signatures[i], outer))
			continue;
		outer = signatures[i];
		for (xmlNode *e = outer; e != NULL; e = xml_walk(e, outer))
			if (!is_signature_part(e))
				TRY(note_loose(out, e, outer));
	}
	if (out->n > 0)
		qsort(out->v, out->n, sizeof(*out->v), compare_names);
	return NULL;
}

/* Data that nobody signed hides in a Signature, where references over the
 * document do not look, under a name that is signed elsewhere. */
static struct err *
find_like_loose(struct xml_job *job, const struct xml_loose *loose,
    struct signature_fact *fact)
{
	xmlNode *root = xml_doc_root(job->doc);
	for (xmlNode *e = root; e != NULL && loose->n > 0;
	     e = xml_walk(e, root)) {
		TRY(work_spend_steps(&job->work, STEPS_VISIT));
		const xmlNode *key = e;
		if (!is_marked(e))
			continue;
		const xmlNode *const *hit = bsearch(
		    &key, loose->v, loose->n, sizeof(*loose->v), compare_names);
		if (hit != NULL)
			return tell_wrapped(*hit, fact);
	}
	return NULL;
}

/* Whether a Signature other than this one holds data of its own, signed or
 * not: then this one does not cover everything. */
static bool
others_hold_data(const struct xml_loose *loose, const struct xml_signature *s)
{
	for (size_t i = 0; i < loose->nholders; i++)
		if (!xml_is_inside(s->node, loose->holders[i]))
			return true;
	return false;
}

static struct err *
tell_split(const struct xml_signature *s, struct signature_fact *fact)
{
	CLEANUP(buf_done) struct buf path = BUF(1024);
	const char *text;
	if (s->split == NULL)
		return NULL;
	TRY(xml_path(s->split, &path));
	TRY(buf_cstr(&path, &text));
	return findings_add(
	    &fact->findings, false, "xml-comment-in-text", "%s", text);
}

struct err *
xml_rule_wrapping(struct xml_job *job, struct xml_signature *s,
    const struct xml_loose *loose, struct signature_fact *fact)
{
	if (s->too_many_tops)
		TRY(findings_add(&fact->findings, true, "xml-limit",
		    "it signs parts of too many kinds"));
	TRY(tell_split(s, fact));
	TRY(find_like_top(job, s, fact));
	TRY(find_like_loose(job, loose, fact));
	TRY(find_like_object(job, s, fact));
	TRY(find_like_property(job, s, fact));
	if (fact->covers_all && (loose->n > 0 || others_hold_data(loose, s)))
		fact->covers_all = false;
	return NULL;
}

/*
 * Canonical form of whole subtrees: everything below a node but, perhaps,
 * whole Signatures.  That is what nearly every reference digests, and it needs
 * no question to each attribute; libxml2, which asks them, takes five times as
 * long.  What is less simple goes to libxml2 (xml/canon.c), and a test
 * compares the two.  C14N 1.0 and 1.1, exclusive C14N 1.0.
 */
#include "xml/canon.h"
#include "xml/ns.h"

#include <stdlib.h>
#include <string.h>

#define PIECE ((size_t)16 * 1024) /* bytes written at a time */

/* A namespace declaration that the output has made. */
struct declared {
	const char *prefix; /* "" is the default */
	const char *href;
};

struct tree_writer {
	struct xml_set *set;
	struct sink *sink;
	bool comments;
	bool exclusive;
	struct declared *v; /* owned; the last of a prefix is in force */
	size_t n, cap;
	size_t marks[XML_DEPTH_MAX + 2]; /* how many there were, by depth */
	size_t depth;
	uint8_t piece[PIECE];
	size_t used;
};

/* ---- octets ---- */

static struct err *
flush(struct tree_writer *w)
{
	struct bytes b = bytes_of(w->piece, w->used);
	w->used = 0;
	TRY(work_spend_bytes(w->set->work, b.len));
	return sink_add(w->sink, b);
}

static struct err *
put(struct tree_writer *w, const void *what, size_t len)
{
	const uint8_t *p = what;
	while (len > 0) {
		size_t n = PIECE - w->used;
		if (n > len)
			n = len;
		memcpy(w->piece + w->used, p, n);
		w->used += n;
		p += n;
		len -= n;
		if (w->used == PIECE)
			TRY(flush(w));
	}
	return NULL;
}

static struct err *
put_str(struct tree_writer *w, const char *s)
{
	return put(w, s, strlen(s));
}

enum escaping { ESCAPE_TEXT = 1, ESCAPE_ATTR = 2, ESCAPE_CR = 4 };

/* C14N 1.0 2.3: which characters do not stand for themselves, and where. */
static const uint8_t escaped[256] = { ['\r'] = 7,
	['&'] = ESCAPE_TEXT | ESCAPE_ATTR,
	['<'] = ESCAPE_TEXT | ESCAPE_ATTR,
	['>'] = ESCAPE_TEXT,
	['"'] = ESCAPE_ATTR,
	['\t'] = ESCAPE_ATTR,
	['\n'] = ESCAPE_ATTR,
	['\0'] = 7 };

static const char *
escape_of(uint8_t c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\t':
		return "&#x9;";
	case '\n':
		return "&#xA;";
	default:
		return "&#xD;";
	}
}

static struct err *
put_escaped(struct tree_writer *w, const xmlChar *text, enum escaping how)
{
	const xmlChar *p = text;
	while (p != NULL && *p != '\0') {
		const xmlChar *end = p;
		while ((escaped[*end] & how) == 0)
			end++;
		TRY(put(w, p, (size_t)(end - p)));
		p = end;
		if (*p != '\0')
			TRY(put_str(w, escape_of(*p++)));
	}
	return NULL;
}

/* ---- namespaces ---- */

static const char *
prefix_of(const xmlNs *ns)
{
	return ns == NULL || ns->prefix == NULL ? "" : (const char *)ns->prefix;
}

static const char *
href_of(const xmlNs *ns)
{
	return ns == NULL || ns->href == NULL ? "" : (const char *)ns->href;
}

/* What the prefix means where we are in the output; NULL: nothing. */
static const char *
meaning(struct tree_writer *w, const char *prefix)
{
	size_t i = w->n;
	while (i > 0 && strcmp(w->v[i - 1].prefix, prefix) != 0)
		i--;
	(void)work_steps(w->set->work, w->n - i + 1);
	return i == 0 ? NULL : w->v[i - 1].href;
}

/* Declares it, unless the output has it already. */
static struct err *
declare(struct tree_writer *w, const char *prefix, const char *href)
{
	const char *was = meaning(w, prefix);
	if (strcmp(prefix, "xml") == 0 ||
	    (was == NULL ? *href == '\0' : strcmp(was, href) == 0))
		return NULL;
	if (w->n == w->cap) {
		size_t cap = w->cap == 0 ? 64 : 2 * w->cap;
		struct declared *v = realloc(w->v, cap * sizeof(*v));
		if (v == NULL)
			return err_new(ERR_NOMEM, NULL, "namespaces");
		w->v = v;
		w->cap = cap;
	}
	w->v[w->n++] = (struct declared){ prefix, href };
	return NULL;
}

/* Exclusive C14N: those that are visibly used. */
static struct err *
declare_used(struct tree_writer *w, const xmlNode *e)
{
	TRY(declare(w, prefix_of(e->ns), href_of(e->ns)));
	for (const xmlAttr *a = e->properties; a != NULL; a = a->next)
		if (a->ns != NULL)
			TRY(declare(w, prefix_of(a->ns), href_of(a->ns)));
	return NULL;
}

static struct err *
declare_own(struct tree_writer *w, const xmlNode *e)
{
	for (const xmlNs *ns = e->nsDef; ns != NULL; ns = ns->next)
		TRY(declare(w, prefix_of(ns), href_of(ns)));
	return NULL;
}

/* Above the first element that is written, the nearest of each prefix. */
static struct err *
declare_inherited(struct tree_writer *w, const xmlNode *e)
{
	bool has_default = false;
	for (; e != NULL && e->type == XML_ELEMENT_NODE; e = e->parent)
		for (const xmlNs *ns = e->nsDef; ns != NULL; ns = ns->next) {
			bool is_default = *prefix_of(ns) == '\0';
			if (is_default ? !has_default
				       : meaning(w, prefix_of(ns)) == NULL)
				TRY(declare(w, prefix_of(ns), href_of(ns)));
			has_default |= is_default;
		}
	return NULL;
}

static int
by_prefix(const void *a, const void *b)
{
	const struct declared *x = a, *y = b;
	return strcmp(x->prefix, y->prefix);
}

static struct err *
put_namespaces(struct tree_writer *w, const xmlNode *e)
{
	size_t start = w->n;
	if (w->exclusive)
		TRY(declare_used(w, e));
	else if (w->depth == 1)
		TRY(declare_inherited(w, e));
	else
		TRY(declare_own(w, e));
	if (w->n - start > 1)
		qsort(w->v + start, w->n - start, sizeof(*w->v), by_prefix);
	for (size_t i = start; i < w->n; i++) {
		TRY(put_str(w, *w->v[i].prefix == '\0' ? " xmlns" : " xmlns:"));
		TRY(put_str(w, w->v[i].prefix));
		TRY(put(w, "=\"", 2));
		TRY(put_escaped(w, BAD_CAST w->v[i].href, ESCAPE_ATTR));
		TRY(put(w, "\"", 1));
	}
	return NULL;
}

/* ---- attributes ---- */

static int
by_name(const void *a, const void *b)
{
	const xmlAttr *const *x = a, *const *y = b;
	int c = strcmp(href_of((*x)->ns), href_of((*y)->ns));
	return c != 0
		   ? c
		   : strcmp((const char *)(*x)->name, (const char *)(*y)->name);
}

static struct err *
put_name(struct tree_writer *w, const xmlNs *ns, const xmlChar *name)
{
	if (*prefix_of(ns) != '\0') {
		TRY(put_str(w, prefix_of(ns)));
		TRY(put(w, ":", 1));
	}
	return put_str(w, (const char *)name);
}

static struct err *
put_attributes(struct tree_writer *w, const xmlNode *e)
{
	const xmlAttr *v[XML_ATTRS_MAX + 1];
	size_t n = 0;
	for (const xmlAttr *a = e->properties; a != NULL; a = a->next) {
		if (n == COUNT_OF(v))
			return err_new(ERR_LIMIT, NULL, "attributes");
		v[n++] = a;
	}
	if (n > 1)
		qsort(v, n, sizeof(*v), by_name);
	for (size_t i = 0; i < n; i++) {
		TRY(put(w, " ", 1));
		TRY(put_name(w, v[i]->ns, v[i]->name));
		TRY(put(w, "=\"", 2));
		for (const xmlNode *c = v[i]->children; c != NULL; c = c->next)
			TRY(put_escaped(w, c->content, ESCAPE_ATTR));
		TRY(put(w, "\"", 1));
	}
	return NULL;
}

/* ---- nodes ---- */

/* Whether a filter takes this element away, with all in it. */
static bool
is_left_out(const struct xml_set *s, const xmlNode *e)
{
	for (size_t i = 0; i < s->nfilters; i++) {
		const struct filter *f = &s->filters[i];
		if (f->kind == FILTER_ENVELOPED ? e == f->signature
						: xml_is(e, NS_DS, "Signature"))
			return true;
	}
	return false;
}

static struct err *
put_start(struct tree_writer *w, const xmlNode *e)
{
	if (w->depth > XML_DEPTH_MAX)
		return err_new(ERR_LIMIT, NULL, "elements inside one another");
	w->marks[w->depth++] = w->n;
	TRY(put(w, "<", 1));
	TRY(put_name(w, e->ns, e->name));
	TRY(put_namespaces(w, e));
	TRY(put_attributes(w, e));
	return put(w, ">", 1);
}

static struct err *
put_end(struct tree_writer *w, const xmlNode *e)
{
	w->n = w->marks[--w->depth];
	TRY(put(w, "</", 2));
	TRY(put_name(w, e->ns, e->name));
	return put(w, ">", 1);
}

static struct err *
put_instruction(struct tree_writer *w, const xmlNode *n)
{
	TRY(put(w, "<?", 2));
	TRY(put_str(w, (const char *)n->name));
	if (n->content != NULL && *n->content != '\0') {
		TRY(put(w, " ", 1));
		TRY(put_escaped(w, n->content, ESCAPE_CR));
	}
	return put(w, "?>", 2);
}

static struct err *
put_comment(struct tree_writer *w, const xmlNode *n)
{
	TRY(put(w, "<!--", 4));
	TRY(put_escaped(w, n->content, ESCAPE_CR));
	return put(w, "-->", 3);
}

static struct err *
put_leaf(struct tree_writer *w, const xmlNode *n)
{
	switch ((int)n->type) {
	case XML_TEXT_NODE:
	case XML_CDATA_SECTION_NODE:
		return put_escaped(w, n->content, ESCAPE_TEXT);
	case XML_PI_NODE:
		return put_instruction(w, n);
	case XML_COMMENT_NODE:
		return w->comments ? put_comment(w, n) : NULL;
	default:
		return err_new(
		    ERR_INTERNAL, NULL, "a node of type %d", (int)n->type);
	}
}

/* The next node after all that is in `n`; the tags that end are written. */
static struct err *
leave(struct tree_writer *w, const xmlNode *top, const xmlNode **n)
{
	while (*n != top && (*n)->next == NULL) {
		*n = (*n)->parent;
		TRY(put_end(w, *n));
	}
	*n = *n == top ? NULL : (*n)->next;
	return NULL;
}

static struct err *
put_element(struct tree_writer *w, const xmlNode *top)
{
	const xmlNode *n = top;
	while (n != NULL) {
		TRY(work_spend_steps(w->set->work, STEPS_VISIT));
		if (n->type == XML_ELEMENT_NODE && !is_left_out(w->set, n)) {
			TRY(put_start(w, n));
			if (n->children != NULL) {
				n = n->children;
				continue;
			}
			TRY(put_end(w, n));
		} else if (n->type != XML_ELEMENT_NODE)
			TRY(put_leaf(w, n));
		TRY(leave(w, top, &n));
	}
	return NULL;
}

/* C14N 1.0 2.3: line feeds stand between the root and what is beside it. */
static struct err *
put_document(struct tree_writer *w, const xmlDoc *doc)
{
	bool behind = false;
	for (const xmlNode *n = doc->children; n != NULL; n = n->next) {
		if (n->type == XML_ELEMENT_NODE) {
			TRY(put_element(w, n));
			behind = true;
			continue;
		}
		if (n->type == XML_COMMENT_NODE && !w->comments)
			continue;
		if (behind)
			TRY(put(w, "\n", 1));
		TRY(put_leaf(w, n));
		if (!behind)
			TRY(put(w, "\n", 1));
	}
	return NULL;
}

/* ---- what is simple ---- */

/* xml:base and its like are inherited by a subtree in inclusive C14N. */
static bool
inherits_attributes(const xmlNode *top)
{
	for (const xmlNode *n = top == NULL ? NULL : top->parent;
	     n != NULL && n->type == XML_ELEMENT_NODE; n = n->parent)
		for (const xmlAttr *a = n->properties; a != NULL; a = a->next)
			if (strcmp(prefix_of(a->ns), "xml") == 0)
				return true;
	return false;
}

/* Whether nothing is in the set at all, because of what is above it. */
static bool
is_empty(const struct xml_set *s)
{
	for (const xmlNode *n = s->top; n != NULL; n = n->parent)
		if (n->type == XML_ELEMENT_NODE && is_left_out(s, n))
			return true;
	return false;
}

bool
canon_tree_can(struct xml_set *s, const struct canon *c)
{
	if (c->prefixes != NULL)
		return false;
	for (size_t i = 0; i < s->nfilters; i++)
		if (s->filters[i].kind != FILTER_ENVELOPED &&
		    s->filters[i].kind != FILTER_NO_SIGNATURES)
			return false;
	if (c->mode != XML_C14N_EXCLUSIVE_1_0 && inherits_attributes(s->top))
		return false;
	const struct xml_doc *d = s->tree->_private;
	return d != NULL && xml_doc_is_absolute(d);
}

struct err *
canon_tree(struct xml_set *s, const struct canon *c, struct sink *sink)
{
	struct tree_writer *w = calloc(1, sizeof(*w));
	if (w == NULL)
		return err_new(ERR_NOMEM, NULL, "canonical form");
	w->set = s;
	w->sink = sink;
	w->comments = c->comments && s->comments;
	w->exclusive = c->mode == XML_C14N_EXCLUSIVE_1_0;
	struct err *e = NULL;
	if (!is_empty(s))
		e = s->top != NULL ? put_element(w, s->top)
				   : put_document(w, s->tree);
	if (e == NULL)
		e = flush(w);
	free(w->v);
	free(w);
	return e;
}

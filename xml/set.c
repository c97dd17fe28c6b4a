#include "xml/canon.h"

#include "xml/ns.h"
#include "xml/xpath.h"

#include <libxml/xpathInternals.h>

#include <stdlib.h>
#include <string.h>

static void
filter_done(struct filter *f)
{
	xmlXPathFreeCompExpr(f->expression);
	xmlXPathFreeContext(f->context);
	for (size_t i = 0; i < f->nsteps; i++) {
		xmlXPathFreeObject(f->steps[i].found);
		free(f->steps[i].sorted);
	}
	free(f->steps);
}

void
xml_set_done(struct xml_set *s)
{
	for (size_t i = 0; i < s->nfilters; i++)
		filter_done(&s->filters[i]);
	s->nfilters = 0;
}

/* ---- membership ---- */

static int
compare_pointers(const void *a, const void *b)
{
	const xmlNode *const *x = a, *const *y = b;
	return *x < *y ? -1 : *x > *y;
}

static bool
step_found(const struct filter_step *step, const xmlNode *n)
{
	return step->n > 0 && bsearch(&n, step->sorted, step->n, sizeof(n),
				  compare_pointers) != NULL;
}

/* Whether `n` is `top` or inside it; every hop is paid for. */
static bool
inside(struct xml_work *w, const xmlNode *n, const xmlNode *top)
{
	uint64_t hops = 1;
	for (; n != NULL && n != top; n = n->parent)
		hops++;
	(void)work_steps(w, hops);
	return n != NULL;
}

/* Filter 2.0 speaks of subtrees: a node is in when an ancestor is. */
static bool
step_has(struct xml_work *w, const struct filter_step *step, const xmlNode *n,
    const xmlNode *element)
{
	uint64_t hops = 1;
	bool found = n != element && step_found(step, n);
	for (; element != NULL && !found; element = element->parent, hops++)
		found = step_found(step, element);
	(void)work_steps(w, hops);
	return found;
}

static bool
filter2_has(struct xml_work *w, const struct filter *f, const xmlNode *n,
    const xmlNode *element)
{
	bool in = true;
	for (size_t i = 0; i < f->nsteps; i++) {
		bool found = step_has(w, &f->steps[i], n, element);
		if (f->steps[i].op == STEP_INTERSECT)
			in = in && found;
		else if (f->steps[i].op == STEP_SUBTRACT)
			in = in && !found;
		else
			in = in || found;
	}
	return in;
}

/* Lets an evaluation use what is left, and no more than one may. */
static void
allow_operations(const struct xml_work *w, uint64_t price, xmlXPathContext *c)
{
	uint64_t left = w->steps / price;
	c->opCount = 0;
	c->opLimit = left == 0                  ? 1
		     : left < XML_XPATH_OPS_MAX ? left
						: XML_XPATH_OPS_MAX;
}

static void
pay_operations(struct xml_work *w, uint64_t price, const xmlXPathContext *c)
{
	(void)work_steps(w, STEPS_XPATH + c->opCount * price);
}

/* A namespace node, as libxml2's XPath wants it, knows its element. */
static bool
xpath_has(
    struct xml_set *s, const struct filter *f, xmlNode *n, xmlNode *element)
{
	xmlNs ns;
	xmlNode *node = n;
	if (n->type == XML_NAMESPACE_DECL) {
		memcpy(&ns, n, sizeof(ns));
		ns.next = (xmlNs *)element;
		node = (xmlNode *)&ns;
	}
	allow_operations(s->work, f->price, f->context);
	f->context->node = node;
	f->context->proximityPosition = 1;
	f->context->contextSize = 1;
	int rc = xmlXPathCompiledEvalToBoolean(f->expression, f->context);
	f->context->node = NULL;
	pay_operations(s->work, f->price, f->context);
	if (rc < 0)
		s->broken = true;
	return rc == 1;
}

static bool
has_signature_above(struct xml_work *w, const xmlNode *n)
{
	uint64_t hops = 1;
	for (; n != NULL && !xml_is(n, NS_DS, "Signature"); n = n->parent)
		hops++;
	(void)work_steps(w, hops);
	return n != NULL;
}

static bool
filter_has(
    struct xml_set *s, const struct filter *f, xmlNode *n, xmlNode *element)
{
	switch (f->kind) {
	case FILTER_ENVELOPED:
		return !inside(s->work, element, f->signature);
	case FILTER_NO_SIGNATURES:
		return !has_signature_above(s->work, element);
	case FILTER_SET:
		return filter2_has(s->work, f, n, element);
	case FILTER_XPATH:
		return xpath_has(s, f, n, element);
	}
	return false;
}

bool
xml_set_has(struct xml_set *s, xmlNode *n, xmlNode *parent)
{
	if (n == NULL)
		return false;
	if (s->broken || !work_steps(s->work, STEPS_VISIT)) {
		s->broken = true;
		return false;
	}
	if (n->type == XML_COMMENT_NODE && !s->comments)
		return false;
	bool leaf =
	    n->type == XML_NAMESPACE_DECL || n->type == XML_ATTRIBUTE_NODE;
	xmlNode *element = leaf ? parent : n;
	if (s->top != NULL && !inside(s->work, element, s->top))
		return false;
	for (size_t i = 0; i < s->nfilters; i++)
		if (!filter_has(s, &s->filters[i], n, element))
			return false;
	return true;
}

/* ---- making filters ---- */

static struct err *
new_filter(struct xml_set *s, enum filter_kind kind, struct filter **out)
{
	if (s->nfilters == XML_FILTERS_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "more than %d filters", XML_FILTERS_MAX);
	s->filters[s->nfilters] = (struct filter){ .kind = kind };
	*out = &s->filters[s->nfilters++];
	return NULL;
}

struct err *
xml_set_enveloped(struct xml_set *s, const xmlNode *signature)
{
	struct filter *f = NULL;
	if (signature == NULL || signature->doc != s->tree)
		return err_new(ERR_MALFORMED, "XMLDSig 6.6.4",
		    "the Signature is in another document");
	TRY(new_filter(s, FILTER_ENVELOPED, &f));
	f->signature = signature;
	return NULL;
}

/* XMLDSig 6.6.3: here() is the element that bears the expression. */
static void
xpath_here(xmlXPathParserContext *ctxt, int nargs)
{
	if (nargs != 0) {
		xmlXPathSetArityError(ctxt);
		return;
	}
	valuePush(ctxt, xmlXPathNewNodeSet(ctxt->context->userData));
}

static struct err *
new_context(xmlDoc *tree, xmlNode *where, xmlXPathContext **out)
{
	xmlXPathContext *c = xmlXPathNewContext(tree);
	if (c == NULL)
		return err_new(ERR_NOMEM, NULL, "xmlXPathNewContext");
	c->userData = where;
	/* Elements get their numbers, or sorting a result is quadratic. */
	if (xmlDocGetRootElement(tree)->content == NULL)
		(void)xmlXPathOrderDocElems(tree);
	int bad = where->doc != tree
		      ? 0
		      : xmlXPathRegisterFunc(c, BAD_CAST "here", xpath_here);
	xmlNs **list = xmlGetNsList(where->doc, where);
	for (size_t i = 0; list != NULL && list[i] != NULL; i++)
		if (list[i]->prefix != NULL)
			bad |= xmlXPathRegisterNs(
			    c, list[i]->prefix, list[i]->href);
	xmlFree(list);
	if (bad != 0) {
		xmlXPathFreeContext(c);
		return err_new(ERR_NOMEM, NULL, "xmlXPathRegister");
	}
	*out = c;
	return NULL;
}

static struct err *
expression_text(xmlNode *where, struct buf *out, const char **text)
{
	struct err *e = xml_text(where, out);
	if (e == NULL)
		e = buf_cstr(out, text);
	return e == NULL ? NULL : err_while(e, "XPath expression");
}

static struct err *
compile(xmlXPathContext *context, const char *text, xmlXPathCompExpr **out)
{
	xmlXPathCompExpr *x = xmlXPathCtxtCompile(context, BAD_CAST text);
	if (x == NULL)
		return err_new(ERR_MALFORMED, "XPath 1.0", "the expression");
	*out = x;
	return NULL;
}

static const xmlNode *
signature_around(const xmlNode *n)
{
	while (n != NULL && !xml_is(n, NS_DS, "Signature"))
		n = n->parent;
	return n;
}

static struct err *
known_filter(struct xml_set *s, enum xpath_known known, const xmlNode *where)
{
	struct filter *f = NULL;
	if (known == XPATH_WITHOUT_THIS)
		return xml_set_enveloped(s, signature_around(where));
	return new_filter(s, FILTER_NO_SIGNATURES, &f);
}

/* What one of libxml2's operations may cost in this document. */
static struct err *
price_of(const xmlDoc *tree, const char *expression, uint64_t *out)
{
	const struct xml_scan *scan = xml_doc_scan(tree->_private);
	*out = STEPS_XPATH_OP;
	if (xpath_is_cheap(expression))
		return NULL;
	if (scan->size > XML_XPATH_DOC_MAX)
		return err_coded(err_new(ERR_LIMIT, NULL,
				     "such an XPath on more than %d bytes",
				     XML_XPATH_DOC_MAX),
		    "xml-limit");
	*out += scan->size / STEPS_XPATH_BYTES +
		(uint64_t)scan->nodes * scan->nodes / STEPS_XPATH_PAIRS;
	return NULL;
}

struct err *
xml_set_xpath(struct xml_set *s, xmlNode *where)
{
	CLEANUP(buf_done) struct buf b = BUF(XML_XPATH_MAX);
	const char *text;
	struct filter *f = NULL;
	TRY(expression_text(where, &b, &text));
	enum xpath_known known = xpath_known(text, where);
	if (known == XPATH_WITHOUT_THIS || known == XPATH_WITHOUT_ANY)
		return known_filter(s, known, where);
	TRY(new_filter(s, FILTER_XPATH, &f));
	TRY(price_of(s->tree, text, &f->price));
	TRY(new_context(s->tree, where, &f->context));
	return compile(f->context, text, &f->expression);
}

static struct err *
sort_found(struct filter_step *step)
{
	const xmlNodeSet *set = step->found->nodesetval;
	size_t n = set == NULL ? 0 : (size_t)set->nodeNr;
	step->sorted = calloc(n + 1, sizeof(*step->sorted));
	if (step->sorted == NULL)
		return err_new(ERR_NOMEM, NULL, "XPath result");
	for (size_t i = 0; i < n; i++) {
		if (set->nodeTab[i]->type == XML_NAMESPACE_DECL)
			return err_new(ERR_UNSUPPORTED, "XPath Filter 2.0",
			    "namespace nodes are selected");
		step->sorted[i] = set->nodeTab[i];
	}
	step->n = n;
	qsort(step->sorted, n, sizeof(*step->sorted), compare_pointers);
	return NULL;
}

static struct err *
evaluate(struct xml_set *s, xmlNode *where, struct filter_step *step)
{
	CLEANUP(buf_done) struct buf b = BUF(XML_XPATH_MAX);
	const char *text;
	xmlXPathContext *c = NULL;
	xmlXPathCompExpr *x = NULL;
	TRY(expression_text(where, &b, &text));
	uint64_t price;
	TRY(price_of(s->tree, text, &price));
	TRY(new_context(s->tree, where, &c));
	struct err *e = compile(c, text, &x);
	if (e == NULL) {
		c->node = (xmlNode *)s->tree;
		allow_operations(s->work, price, c);
		step->found = xmlXPathCompiledEval(x, c);
		pay_operations(s->work, price, c);
		xmlXPathFreeCompExpr(x);
	}
	xmlXPathFreeContext(c);
	if (e != NULL)
		return e;
	if (step->found == NULL || step->found->type != XPATH_NODESET)
		return err_new(ERR_MALFORMED, "XPath Filter 2.0",
		    "the expression yields no nodes");
	return sort_found(step);
}

static struct err *
step_op(const xmlNode *where, struct filter_step *step)
{
	const char *op = xml_attr(where, "Filter");
	if (op != NULL && strcmp(op, "intersect") == 0)
		step->op = STEP_INTERSECT;
	else if (op != NULL && strcmp(op, "subtract") == 0)
		step->op = STEP_SUBTRACT;
	else if (op != NULL && strcmp(op, "union") == 0)
		step->op = STEP_UNION;
	else
		return err_new(ERR_MALFORMED, "XPath Filter 2.0", "Filter");
	return NULL;
}

/* The one step that takes all signatures away. */
static struct err *
subtracts_signatures(xmlNode *transform, bool *out)
{
	CLEANUP(buf_done) struct buf b = BUF(XML_XPATH_MAX);
	const char *text;
	xmlNode *x = xml_first(transform);
	*out = false;
	if (x == NULL || !xml_is(x, NS_FILTER2, "XPath") || xml_next(x) != NULL)
		return NULL;
	const char *op = xml_attr(x, "Filter");
	if (op == NULL || strcmp(op, "subtract") != 0)
		return NULL;
	TRY(expression_text(x, &b, &text));
	*out = xpath_known(text, x) == XPATH_SIGNATURES;
	return NULL;
}

struct err *
xml_set_filter2(struct xml_set *s, xmlNode *transform)
{
	bool known = false;
	TRY(subtracts_signatures(transform, &known));
	if (known)
		return known_filter(s, XPATH_WITHOUT_ANY, transform);
	struct filter *f = NULL;
	TRY(new_filter(s, FILTER_SET, &f));
	f->steps = calloc(XML_FILTERS_MAX, sizeof(*f->steps));
	if (f->steps == NULL)
		return err_new(ERR_NOMEM, NULL, "XPath Filter 2.0");
	for (xmlNode *x = xml_first(transform); x != NULL; x = xml_next(x)) {
		if (!xml_is(x, NS_FILTER2, "XPath"))
			return err_new(ERR_MALFORMED, "XPath Filter 2.0",
			    "XPath expected");
		if (f->nsteps == XML_FILTERS_MAX)
			return err_new(ERR_LIMIT, NULL, "XPath elements");
		struct filter_step *step = &f->steps[f->nsteps++];
		TRY(step_op(x, step));
		TRY(evaluate(s, x, step));
	}
	if (f->nsteps == 0)
		return err_new(ERR_MALFORMED, "XPath Filter 2.0", "no XPath");
	return NULL;
}

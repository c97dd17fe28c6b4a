#include "xml/canon.h"

#include "xml/ns.h"

#include <libxml/xmlIO.h>

#include <stdlib.h>
#include <string.h>

struct err *
sink_add(struct sink *s, struct bytes what)
{
	return s->digest != NULL ? digest_add(s->digest, what)
				 : buf_append(s->buf, what);
}

/* ---- the algorithm ---- */

bool
canon_by_uri(const char *uri, struct canon *out)
{
	static const struct {
		const char *uri;
		xmlC14NMode mode;
		bool comments;
	} known[] = {
		{ ALG_C14N, XML_C14N_1_0, false },
		{ ALG_C14N "#WithComments", XML_C14N_1_0, true },
		{ ALG_C14N11, XML_C14N_1_1, false },
		{ ALG_C14N11 "#WithComments", XML_C14N_1_1, true },
		{ ALG_EXC_C14N, XML_C14N_EXCLUSIVE_1_0, false },
		{ ALG_EXC_C14N "WithComments", XML_C14N_EXCLUSIVE_1_0, true },
	};
	for (size_t i = 0; uri != NULL && i < COUNT_OF(known); i++)
		if (strcmp(known[i].uri, uri) == 0) {
			*out = (struct canon){ .mode = known[i].mode,
				.comments = known[i].comments };
			return true;
		}
	return false;
}

void
canon_done(struct canon *c)
{
	free(c->prefixes);
	c->prefixes = NULL;
}

struct err *
canon_read(const xmlNode *method, struct canon *out)
{
	struct canon c;
	if (!canon_by_uri(xml_attr(method, "Algorithm"), &c))
		return err_coded(err_new(ERR_UNSUPPORTED, "XMLDSig 6.5",
				     "this canonicalisation is not supported"),
		    "xml-unsupported");
	const xmlNode *list = xml_first(method);
	if (list != NULL) {
		if (c.mode != XML_C14N_EXCLUSIVE_1_0 ||
		    !xml_is(list, NS_EXC_C14N, "InclusiveNamespaces") ||
		    xml_next(list) != NULL)
			return err_coded(err_new(ERR_UNSUPPORTED, "XMLDSig 6.5",
					     "parameters of the "
					     "canonicalisation"),
			    "xml-unsupported");
		const char *prefixes = xml_attr(list, "PrefixList");
		if (prefixes != NULL && (c.prefixes = strdup(prefixes)) == NULL)
			return err_new(ERR_NOMEM, NULL, "PrefixList");
	}
	*out = c;
	return NULL;
}

/* Cuts the list into words; `words` ends with NULL and points into `list`. */
static struct err *
split(char *list, xmlChar *words[XML_PREFIXES_MAX + 1])
{
	size_t n = 0;
	char *rest = NULL;
	for (char *w = strtok_r(list, " \t\r\n", &rest); w != NULL;
	     w = strtok_r(NULL, " \t\r\n", &rest)) {
		if (n == XML_PREFIXES_MAX)
			return err_new(ERR_LIMIT, NULL, "prefixes");
		words[n++] = BAD_CAST w;
	}
	words[n] = NULL;
	return NULL;
}

/* ---- writing ---- */

struct writer {
	struct sink *sink;
	struct xml_work *work;
	struct err *e; /* the first that went wrong */
};

static int
write_some(void *ctx, const char *bytes, int len)
{
	struct writer *w = ctx;
	if (w->e == NULL)
		w->e = work_spend_bytes(w->work, (uint64_t)len);
	if (w->e == NULL)
		w->e = sink_add(w->sink, bytes_of(bytes, (size_t)len));
	return w->e == NULL ? len : -1;
}

static int
is_visible(void *ctx, xmlNodePtr n, xmlNodePtr parent)
{
	return xml_set_has(ctx, n, parent);
}

/*
 * libxml2 walks from the document's first child.  For a subtree it is lent one
 * child alone, so that signing ten forms in one file is not quadratic; what
 * stands above is still found through `parent`.
 */
static int
execute(struct xml_set *s, const struct canon *c, xmlChar **prefixes,
    xmlOutputBuffer *out)
{
	xmlDoc *tree = s->tree;
	xmlNode *children = tree->children, *next = NULL;
	if (s->top != NULL) {
		next = s->top->next;
		s->top->next = NULL;
		tree->children = s->top;
	}
	int rc = xmlC14NExecute(
	    tree, is_visible, s, (int)c->mode, prefixes, c->comments, out);
	tree->children = children;
	if (s->top != NULL)
		s->top->next = next;
	return rc;
}

static struct err *
outcome(const struct xml_set *s, struct writer *w, int rc, int closed)
{
	if (w->e != NULL)
		return w->e;
	if (s->broken)
		return err_new(ERR_LIMIT, NULL,
		    "a filter takes too long, or cannot be evaluated");
	if (rc < 0 || closed < 0)
		return err_new(ERR_MALFORMED, "C14N 1.0",
		    "it cannot be canonicalised (relative namespace?)");
	return NULL;
}

struct err *
xml_canon(struct xml_set *s, const struct canon *c, struct sink *sink)
{
	return canon_tree_can(s, c) ? canon_tree(s, c, sink)
				    : canon_libxml2(s, c, sink);
}

struct err *
canon_libxml2(struct xml_set *s, const struct canon *c, struct sink *sink)
{
	xmlChar *words[XML_PREFIXES_MAX + 1] = { NULL };
	/* Nothing is begun that cannot be paid for. */
	TRY(work_spend_steps(s->work, STEPS_VISIT));
	TRY(work_spend_bytes(s->work, 1));
	CLEANUP(free_charp) char *list = NULL;
	if (c->prefixes != NULL) {
		if ((list = strdup(c->prefixes)) == NULL)
			return err_new(ERR_NOMEM, NULL, "PrefixList");
		TRY(split(list, words));
	}
	struct writer w = { .sink = sink, .work = s->work };
	xmlOutputBuffer *out =
	    xmlOutputBufferCreateIO(write_some, NULL, &w, NULL);
	if (out == NULL)
		return err_new(ERR_NOMEM, NULL, "xmlOutputBufferCreateIO");
	int rc = execute(s, c, c->prefixes == NULL ? NULL : words, out);
	int closed = xmlOutputBufferClose(out);
	return outcome(s, &w, rc, closed);
}

struct err *
xml_canon_element(
    xmlNode *n, const struct canon *c, struct xml_work *work, struct sink *out)
{
	struct xml_set s = {
		.tree = n->doc, .top = n, .comments = true, .work = work
	};
	return xml_canon(&s, c, out);
}

#include "xml/relations.h"

#include "xml/ns.h"
#include "xml/write.h"

#include <stdlib.h>
#include <string.h>

#define NS_RELATIONS                                                           \
	"http://schemas.openxmlformats.org/package/2006/relationships"
#define NS_PACKAGE_SIGNATURE                                                   \
	"http://schemas.openxmlformats.org/package/2006/digital-signature"
#define NS_COMPATIBILITY                                                       \
	"http://schemas.openxmlformats.org/markup-compatibility/2006"
#define CLAUSE "ISO/IEC 29500-2 10.5.15"

struct relation {
	const char *id; /* all four owned by the tree */
	const char *type;
	const char *target;
	const char *mode; /* NULL: "Internal" */
};

struct relations {
	const xmlNode *root;
	const char *ignorable; /* prefixes, as mc:Ignorable lists them */
	const xmlNode *transform;
	struct xml_work *work;
	struct relation *v; /* owned; those that are named */
	size_t n;
};

static void
relations_done(struct relations *r)
{
	free(r->v);
}

static struct err *
foreign(const char *what)
{
	return err_coded(
	    err_new(ERR_UNSUPPORTED, CLAUSE, "%s", what), "xml-unsupported");
}

/* ---- what is not of the namespace ---- */

static bool
is_listed(const char *list, const char *word)
{
	size_t len = strlen(word);
	while (list != NULL && *list != '\0') {
		size_t n = strcspn(list, " \t\r\n");
		if (n == len && strncmp(list, word, len) == 0)
			return true;
		list += n;
		list += strspn(list, " \t\r\n");
	}
	return false;
}

/* Whether some prefix of the root that is listed means this namespace. */
static bool
is_ignorable(const struct relations *r, const xmlNs *ns)
{
	for (const xmlNs *d = r->root->nsDef; d != NULL && ns != NULL;
	     d = d->next)
		if (d->prefix != NULL && xmlStrEqual(d->href, ns->href) &&
		    is_listed(r->ignorable, (const char *)d->prefix))
			return true;
	return false;
}

/* mc:Ignorable may stand in the root only; the other instructions choose
 * between contents, and nobody writes them here. */
static struct err *
check_attributes(const struct relations *r, const xmlNode *n)
{
	for (const xmlAttr *a = n->properties; a != NULL; a = a->next) {
		bool list =
		    a->ns != NULL && n == r->root &&
		    strcmp((const char *)a->name, "Ignorable") == 0 &&
		    strcmp((const char *)a->ns->href, NS_COMPATIBILITY) == 0;
		if (a->ns != NULL && !list && !is_ignorable(r, a->ns))
			return foreign("an attribute of another namespace");
		if (a->ns == NULL && n == r->root)
			return err_new(
			    ERR_MALFORMED, CLAUSE, "an attribute of the root");
	}
	return NULL;
}

static void
find_ignorable(struct relations *r)
{
	for (const xmlAttr *a = r->root->properties; a != NULL; a = a->next)
		if (a->ns != NULL && a->children != NULL &&
		    strcmp((const char *)a->name, "Ignorable") == 0 &&
		    strcmp((const char *)a->ns->href, NS_COMPATIBILITY) == 0)
			r->ignorable = (const char *)a->children->content;
}

/* ---- which are named ---- */

/* Whether the transform names it, by its identifier or its type. */
static struct err *
is_named(const struct relations *r, const struct relation *one, bool *out)
{
	size_t n = 0;
	*out = false;
	for (xmlNode *c = xml_first(r->transform); c != NULL; c = xml_next(c)) {
		bool by_id =
		    xml_is(c, NS_PACKAGE_SIGNATURE, "RelationshipReference");
		if (!by_id && !xml_is(c, NS_PACKAGE_SIGNATURE,
				  "RelationshipsGroupReference"))
			return foreign("something else in the transform");
		if (++n > RELATIONS_NAMED_MAX)
			return err_new(ERR_LIMIT, NULL, "relationships named");
		const char *want =
		    xml_attr(c, by_id ? "SourceId" : "SourceType");
		if (want == NULL)
			return err_new(ERR_MALFORMED, CLAUSE, "SourceId");
		*out |= strcmp(want, by_id ? one->id : one->type) == 0;
	}
	if (n == 0)
		return err_new(ERR_MALFORMED, CLAUSE, "it names nothing");
	return work_spend_steps(r->work, n);
}

static struct err *
read_relation(const struct relations *r, const xmlNode *n, struct relation *out)
{
	size_t known = 0, all = 0;
	TRY(check_attributes(r, n));
	*out = (struct relation){ .id = xml_attr(n, "Id"),
		.type = xml_attr(n, "Type"),
		.target = xml_attr(n, "Target"),
		.mode = xml_attr(n, "TargetMode") };
	for (const xmlAttr *a = n->properties; a != NULL; a = a->next)
		all += a->ns == NULL;
	known = 3 + (out->mode != NULL);
	if (out->id == NULL || out->type == NULL || out->target == NULL ||
	    all != known)
		return err_new(
		    ERR_MALFORMED, CLAUSE, "the attributes of a Relationship");
	return NULL;
}

static struct err *
take(struct relations *r, const xmlNode *n)
{
	struct relation one;
	bool named = false;
	TRY(read_relation(r, n, &one));
	TRY(is_named(r, &one, &named));
	if (named)
		r->v[r->n++] = one;
	return NULL;
}

/* An identifier twice leaves it open which of the two was signed. */
static int
by_id(const void *a, const void *b)
{
	const struct relation *x = a, *y = b;
	return strcmp(x->id, y->id);
}

static struct err *
select_named(struct relations *r)
{
	size_t n = 0;
	for (xmlNode *c = xml_first(r->root); c != NULL; c = xml_next(c))
		n++;
	if (n > RELATIONS_MAX)
		return err_new(ERR_LIMIT, NULL, "%zu relationships", n);
	r->v = calloc(n + 1, sizeof(*r->v));
	if (r->v == NULL)
		return err_new(ERR_NOMEM, NULL, "relationships");
	for (xmlNode *c = xml_first(r->root); c != NULL; c = xml_next(c)) {
		if (xml_is(c, NS_RELATIONS, "Relationship"))
			TRY(take(r, c));
		else if (!is_ignorable(r, c->ns))
			return foreign("an element of another namespace");
	}
	qsort(r->v, r->n, sizeof(*r->v), by_id);
	for (size_t i = 1; i < r->n; i++)
		if (strcmp(r->v[i].id, r->v[i - 1].id) == 0)
			return err_coded(err_new(ERR_MALFORMED, CLAUSE,
					     "two relationships of one name"),
			    "xml-duplicate-id");
	return NULL;
}

/* ---- writing ---- */

static struct err *
put(struct buf *b, const char *name, const char *value)
{
	TRY(buf_printf(b, " %s=\"", name));
	TRY(xml_put_attr(b, value));
	return buf_byte(b, '"');
}

static struct err *
write_all(const struct relations *r, struct buf *b)
{
	TRY(buf_str(b, "<Relationships xmlns=\"" NS_RELATIONS "\">"));
	for (size_t i = 0; i < r->n; i++) {
		const struct relation *one = &r->v[i];
		TRY(buf_str(b, "<Relationship"));
		TRY(put(b, "Id", one->id));
		TRY(put(b, "Target", one->target));
		TRY(put(b, "TargetMode",
		    one->mode != NULL ? one->mode : "Internal"));
		TRY(put(b, "Type", one->type));
		TRY(buf_str(b, "></Relationship>"));
	}
	return buf_str(b, "</Relationships>");
}

struct err *
relations_transform(struct bytes in, const xmlNode *transform,
    struct xml_work *work, struct buf *out)
{
	CLEANUP(xml_doc_freep) struct xml_doc *doc = NULL;
	TRY(work_spend_steps(work, in.len * STEPS_PARSED_BYTE));
	TRY(xml_doc_parse(in, &doc));
	CLEANUP(relations_done)
	struct relations r = {
		.root = xml_doc_root(doc), .transform = transform, .work = work
	};
	if (!xml_is(r.root, NS_RELATIONS, "Relationships"))
		return err_new(ERR_MALFORMED, CLAUSE, "no Relationships part");
	find_ignorable(&r);
	TRY(check_attributes(&r, r.root));
	TRY(select_named(&r));
	return write_all(&r, out);
}

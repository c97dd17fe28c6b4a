#include "xml/reference.h"

#include "xml/ns.h"
#include "xml/relations.h"

#include <stdlib.h>
#include <string.h>

/* Between two transforms there are either nodes or octets. */
struct flow {
	struct xml_job *job;
	const xmlNode *signature;
	struct xml_ref *ref;
	struct xml_set *set;    /* the nodes; NULL: octets */
	struct xml_set own;     /* of a document parsed on the way */
	struct xml_doc *parsed; /* owned: that document */
	struct bytes octets;
	struct bytes hash; /* of a file that is not here; empty: it is */
	struct buf buf;    /* owns them, unless they came from outside */
	struct sink *out;  /* where the last octets go; NULL: nowhere */
	bool written;      /* the last transform has put them there */
};

static void
flow_done(struct flow *f)
{
	xml_set_done(&f->own);
	xml_doc_free(f->parsed);
	buf_done(&f->buf);
}

void
xml_ref_done(struct xml_ref *r)
{
	xml_set_done(&r->set);
	err_free(r->problem);
	r->problem = NULL;
}

struct err *
blame_document(struct err *e, struct err **slot)
{
	if (e == NULL || err_kind(e) == ERR_NOMEM ||
	    err_kind(e) == ERR_INTERNAL)
		return e;
	err_free(*slot);
	*slot = e;
	return NULL;
}

static struct err *
unsupported(const char *what)
{
	return err_coded(err_new(ERR_UNSUPPORTED, "XMLDSig 6", "%s", what),
	    "xml-unsupported");
}

/* ---- what the URI points at ---- */

/* Takes "xpointer(id('ID'))" apart; NULL: it is something else. */
static const char *
xpointer_id(const char *fragment, char *out, size_t size)
{
	static const char start[] = "xpointer(id(";
	if (strncmp(fragment, start, sizeof(start) - 1) != 0)
		return NULL;
	const char *p = fragment + sizeof(start) - 1;
	char quote = *p++;
	const char *end =
	    quote == '\'' || quote == '"' ? strchr(p, quote) : NULL;
	if (end == NULL || strcmp(end + 1, "))") != 0 ||
	    (size_t)(end - p) >= size)
		return NULL;
	memcpy(out, p, (size_t)(end - p));
	out[end - p] = '\0';
	return out;
}

static struct err *
same_document(struct flow *f, const char *fragment)
{
	struct xml_ref *r = f->ref;
	char id[1024];
	r->set = (struct xml_set){ .tree = xml_doc_tree(f->job->doc),
		.work = &f->job->work };
	f->set = &r->set;
	if (*fragment == '\0' || strcmp(fragment, "xpointer(/)") == 0) {
		r->kind = REF_DOCUMENT;
		r->set.comments = *fragment != '\0';
		return NULL;
	}
	r->kind = REF_ELEMENT;
	const char *name = fragment;
	if (strchr(fragment, '(') != NULL) {
		name = xpointer_id(fragment, id, sizeof(id));
		if (name == NULL)
			return unsupported("this XPointer");
		r->set.comments = true;
	}
	TRY(xml_doc_by_id(f->job->doc, name, &r->element));
	r->set.top = r->element;
	return NULL;
}

/* A reference without a URI (XMLDSig 4.4.3) means what the caller means: the
 * one without a name, or the only one. */
static const struct external *
find_external(const struct collect_input *in, const char *uri)
{
	const struct external *unnamed = NULL;
	for (size_t i = 0; i < in->nexternal; i++) {
		if (in->external[i].uri == NULL)
			unnamed = &in->external[i];
		else if (uri != NULL && strcmp(in->external[i].uri, uri) == 0)
			return &in->external[i];
	}
	if (uri == NULL && in->nexternal == 1)
		return &in->external[0];
	return unnamed;
}

/* Several hashes may be given of one file; that of the algorithm counts. */
static struct err *
resolve_hash(struct flow *f, const char *uri)
{
	const struct collect_input *in = f->job->in;
	for (size_t i = 0; i < in->nexternal; i++) {
		const struct external *e = &in->external[i];
		bool named =
		    e->uri != NULL && uri != NULL && strcmp(e->uri, uri) == 0;
		if ((named || e->uri == NULL) && e->alg == f->ref->alg &&
		    e->digest.len == digest_len(e->alg))
			f->hash = e->digest;
	}
	return f->hash.len > 0
		   ? NULL
		   : err_coded(err_new(ERR_MISSING, "XMLDSig 4.4.3.1",
				   "no hash of that algorithm was given"),
			 "xml-external-missing");
}

static struct err *
resolve(struct flow *f)
{
	const char *uri = f->ref->uri;
	if (uri != NULL && *uri == '\0')
		return same_document(f, "");
	if (uri != NULL && *uri == '#')
		return same_document(f, uri + 1);
	f->ref->kind = REF_EXTERNAL;
	const struct external *e = find_external(f->job->in, uri);
	if (e == NULL)
		return err_coded(err_new(ERR_MISSING, "XMLDSig 4.4.3.1",
				     "the signed file was not supplied"),
		    "xml-external-missing");
	if (e->alg != DIGEST_NONE)
		return resolve_hash(f, uri);
	f->octets = e->data;
	return NULL;
}

/* ---- transforms ---- */

/* What is signed may well have a document type (macros of OpenDocument do);
 * we do not expand it, so we cannot say whether it is what was signed. */
static struct err *
parse_octets(struct flow *f)
{
	struct err *e = xml_doc_parse(f->octets, &f->parsed);
	if (e == NULL || strcmp(err_code(e), "xml-doctype") != 0)
		return e;
	err_free(e);
	return unsupported("a document type in what is signed");
}

/* Octets become nodes through the one door for XML. */
static struct err *
want_nodes(struct flow *f)
{
	if (f->set != NULL)
		return NULL;
	if (f->parsed != NULL)
		return unsupported("parsing twice within one reference");
	TRY(work_spend_steps(&f->job->work, f->octets.len * STEPS_PARSED_BYTE));
	TRY(parse_octets(f));
	f->own = (struct xml_set){ .tree = xml_doc_tree(f->parsed),
		.comments = true,
		.work = &f->job->work };
	f->set = &f->own;
	return NULL;
}

static void
octets_from(struct flow *f, struct buf *made)
{
	buf_done(&f->buf);
	f->buf = buf_move(made);
	f->octets = buf_bytes(&f->buf);
	f->set = NULL;
}

static struct err *
canon_set(struct flow *f, const struct canon *c, struct sink *out)
{
	f->ref->comments = f->set->comments && c->comments;
	return xml_canon(f->set, c, out);
}

static struct err *
do_canon(struct flow *f, const xmlNode *method)
{
	CLEANUP(canon_done) struct canon c = { 0 };
	CLEANUP(buf_done) struct buf made = BUF(XML_DOC_MAX * 2);
	TRY(canon_read(method, &c));
	TRY(want_nodes(f));
	/* At the end, a hundred megabytes need not be held to be hashed. */
	f->written = f->out != NULL && xml_next(method) == NULL;
	if (f->written)
		return canon_set(f, &c, f->out);
	TRY(canon_set(f, &c, &(struct sink){ .buf = &made }));
	octets_from(f, &made);
	return NULL;
}

/* Text of all nodes in the set (XMLDSig 6.6.2). */
static struct err *
visible_text(struct xml_set *s, struct buf *out)
{
	xmlNode *top = s->top != NULL ? s->top : xmlDocGetRootElement(s->tree);
	for (xmlNode *e = top; e != NULL; e = xml_walk(e, top))
		for (xmlNode *c = e->children; c != NULL; c = c->next)
			if ((c->type == XML_TEXT_NODE ||
				c->type == XML_CDATA_SECTION_NODE) &&
			    xml_set_has(s, c, e))
				TRY(buf_str(out, (const char *)c->content));
	return NULL;
}

static struct err *
do_base64(struct flow *f)
{
	CLEANUP(buf_done) struct buf text = BUF(XML_DOC_MAX);
	CLEANUP(buf_done) struct buf made = BUF(XML_DOC_MAX);
	if (f->set != NULL) {
		/* Elements between texts would make the order matter. */
		if (f->set->top != NULL && xml_first(f->set->top) != NULL)
			return unsupported("base64 over elements");
		TRY(visible_text(f->set, &text));
		f->octets = buf_bytes(&text);
		f->ref->blind = true; /* names are not digested */
	}
	TRY(work_spend_bytes(&f->job->work, f->octets.len));
	TRY(base64_decode_ws(f->octets, &made));
	octets_from(f, &made);
	return NULL;
}

/* What drops more than signatures is looked at node by node. */
static void
note_filter(struct flow *f)
{
	enum filter_kind kind = f->set->filters[f->set->nfilters - 1].kind;
	if (kind != FILTER_NO_SIGNATURES && kind != FILTER_ENVELOPED)
		f->ref->reduced = true;
}

static struct err *
do_xpath(struct flow *f, const xmlNode *transform)
{
	xmlNode *x = xml_child(transform, NS_DS, "XPath");
	if (x == NULL || xml_first(transform) != x || xml_next(x) != NULL)
		return err_new(ERR_MALFORMED, "XMLDSig 6.6.3", "one XPath");
	TRY(want_nodes(f));
	TRY(xml_set_xpath(f->set, x));
	note_filter(f);
	return NULL;
}

static struct err *
do_filter2(struct flow *f, xmlNode *transform)
{
	TRY(want_nodes(f));
	TRY(xml_set_filter2(f->set, transform));
	note_filter(f);
	return NULL;
}

/* Of a part of an OPC package, which is a file of its own. */
static struct err *
do_relationships(struct flow *f, const xmlNode *transform)
{
	CLEANUP(buf_done) struct buf made = BUF(XML_DOC_MAX * 2);
	if (f->set != NULL)
		return unsupported("relationships of this document");
	TRY(relations_transform(f->octets, transform, &f->job->work, &made));
	octets_from(f, &made);
	f->ref->reduced = true;
	return NULL;
}

static struct err *
do_transform(struct flow *f, xmlNode *t)
{
	const char *uri = xml_attr(t, "Algorithm");
	struct canon c;
	if (uri == NULL)
		return err_new(ERR_MALFORMED, "XMLDSig 4.4.3.4", "Algorithm");
	if (canon_by_uri(uri, &c))
		return do_canon(f, t);
	if (strcmp(uri, ALG_BASE64) == 0)
		return do_base64(f);
	if (strcmp(uri, ALG_XPATH) == 0)
		return do_xpath(f, t);
	if (strcmp(uri, NS_FILTER2) == 0)
		return do_filter2(f, t);
	if (strcmp(uri, ALG_RELATIONSHIPS) == 0)
		return do_relationships(f, t);
	if (strcmp(uri, ALG_ENVELOPED) != 0)
		return unsupported(strcmp(uri, ALG_XSLT) == 0
				       ? "XSLT is refused"
				       : "this transform is refused");
	if (f->set == NULL)
		return err_new(ERR_MALFORMED, "XMLDSig 6.6.4",
		    "enveloped-signature on octets");
	if (f->job->in->dotnet_enveloped && f->ref->element != NULL &&
	    xml_is_inside(f->ref->element, f->signature)) {
		f->ref->dotnet = true;
		return NULL;
	}
	return xml_set_enveloped(f->set, f->signature);
}

static struct err *
do_transforms(struct flow *f, const xmlNode *list)
{
	size_t n = 0;
	for (xmlNode *t = xml_first(list); t != NULL; t = xml_next(t)) {
		if (!xml_is(t, NS_DS, "Transform"))
			return err_new(ERR_MALFORMED, "XMLDSig 4.4.3.4",
			    "Transform expected");
		if (++n > XML_TRANSFORMS_MAX)
			return err_new(ERR_LIMIT, NULL, "transforms");
		TRY(do_transform(f, t));
	}
	return NULL;
}

/* ---- the digest ---- */

/* XMLDSig 4.4.3.2: nodes at the end are canonicalised. */
static struct err *
write_out(struct flow *f, const xmlNode *transforms, const struct canon *canon,
    struct sink *out)
{
	f->out = out;
	TRY(do_transforms(f, transforms));
	if (f->written)
		return NULL;
	if (f->set != NULL)
		return canon_set(f, canon, out);
	TRY(work_spend_bytes(&f->job->work, f->octets.len));
	return sink_add(out, f->octets);
}

static struct err *
digest_it(struct flow *f, const xmlNode *transforms, uint8_t out[DIGEST_MAX])
{
	const struct canon plain = { .mode = XML_C14N_1_0 };
	CLEANUP(digest_freep) struct digest *d = NULL;
	TRY(digest_new(f->ref->alg, &d));
	TRY(write_out(f, transforms, &plain, &(struct sink){ .digest = d }));
	return digest_final(d, out);
}

/* A hash that was given is of the file as it is: nothing can be done to it. */
static struct err *
take_hash(struct flow *f, const xmlNode *transforms)
{
	if (xml_first(transforms) != NULL)
		return err_coded(err_new(ERR_MISSING, "XMLDSig 4.4.3.1",
				     "transforms want the file, not its hash"),
		    "xml-external-missing");
	memcpy(f->ref->computed, f->hash.ptr, f->hash.len);
	f->ref->unseen = true;
	return NULL;
}

static struct err *
compute(struct flow *f, const xmlNode *transforms)
{
	if (f->hash.len > 0)
		return take_hash(f, transforms);
	TRY(digest_it(f, transforms, f->ref->computed));
	f->ref->blind |= f->own.nfilters > 0;
	return NULL;
}

/* The children in their one order. */
static struct err *
children(const xmlNode *reference, xmlNode **transforms, xmlNode **method,
    xmlNode **value)
{
	xmlNode *c = xml_first(reference);
	*transforms = NULL;
	if (xml_is(c, NS_DS, "Transforms")) {
		*transforms = c;
		c = xml_next(c);
	}
	*method = c;
	*value = c == NULL ? NULL : xml_next(c);
	if (!xml_is(*method, NS_DS, "DigestMethod") ||
	    !xml_is(*value, NS_DS, "DigestValue") || xml_next(*value) != NULL)
		return err_new(ERR_MALFORMED, "XMLDSig 4.4.3",
		    "the elements of a Reference");
	return NULL;
}

static struct err *
check(struct flow *f, xmlNode *reference)
{
	struct xml_ref *r = f->ref;
	xmlNode *transforms, *method, *value;
	TRY(work_spend_reference(&f->job->work));
	TRY(children(reference, &transforms, &method, &value));
	const char *uri = xml_attr(method, "Algorithm");
	r->alg = uri == NULL ? DIGEST_NONE : digest_by_xml_uri(uri);
	TRY(resolve(f));
	if (r->alg == DIGEST_NONE)
		return unsupported("this digest algorithm");
	TRY(compute(f, transforms));
	if (!xml_is_plain(value))
		return err_new(ERR_MALFORMED, "XMLDSig 4.4.3.6",
		    "something else than text in a DigestValue");
	CLEANUP(buf_done) struct buf stated = BUF(DIGEST_MAX);
	err_free(xml_base64(value, &stated));
	bool same = bytes_eq(
	    buf_bytes(&stated), bytes_of(r->computed, digest_len(r->alg)));
	r->digest = same ? CHECK_PASSED : CHECK_FAILED;
	return NULL;
}

struct err *
xml_ref_check(struct xml_job *job, xmlNode *reference, const xmlNode *signature,
    struct xml_ref *out)
{
	*out = (struct xml_ref){ .node = reference,
		.uri = xml_attr(reference, "URI"),
		.type = xml_attr(reference, "Type") };
	CLEANUP(flow_done)
	struct flow f = { .job = job, .signature = signature, .ref = out };
	return blame_document(check(&f, reference), &out->problem);
}

struct err *
xml_ref_octets(struct xml_job *job, xmlNode *reference,
    const xmlNode *signature, const struct canon *canon, struct sink *out)
{
	CLEANUP(xml_ref_done)
	struct xml_ref r = { .node = reference,
		.uri = xml_attr(reference, "URI") };
	CLEANUP(flow_done)
	struct flow f = { .job = job, .signature = signature, .ref = &r };
	TRY(work_spend_reference(&job->work));
	TRY(resolve(&f));
	return write_out(
	    &f, xml_child(reference, NS_DS, "Transforms"), canon, out);
}

/* The transforms that choose nodes stand in front of those that make octets. */
static struct err *
choose(struct flow *f, xmlNode *reference, xmlNode *node, bool *out)
{
	TRY(resolve(f));
	xmlNode *list = xml_child(reference, NS_DS, "Transforms");
	for (xmlNode *t = xml_first(list); t != NULL; t = xml_next(t)) {
		const char *uri = xml_attr(t, "Algorithm");
		struct canon c;
		if (uri != NULL &&
		    (canon_by_uri(uri, &c) || strcmp(uri, ALG_BASE64) == 0))
			break;
		TRY(do_transform(f, t));
	}
	*out = f->set != NULL && f->set == &f->ref->set &&
	       xml_set_has(f->set, node, node->parent);
	return NULL;
}

struct err *
xml_ref_covers(struct xml_job *job, xmlNode *reference,
    const xmlNode *signature, xmlNode *node, bool *out)
{
	CLEANUP(xml_ref_done)
	struct xml_ref r = { .node = reference,
		.uri = xml_attr(reference, "URI") };
	CLEANUP(flow_done)
	struct flow f = { .job = job, .signature = signature, .ref = &r };
	*out = false;
	struct err *e = choose(&f, reference, node, out);
	/* A file that is not here cannot hold the node. */
	if (e != NULL && r.kind == REF_EXTERNAL) {
		err_free(e);
		return NULL;
	}
	return e;
}

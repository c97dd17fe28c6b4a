/* What is signed: the document, elements of it, files outside, or the value of
 * another signature. */
#include "xml/signing.h"

#include "xml/ns.h"
#include "xml/write.h"

#include <string.h>

static struct err *
no_place(const char *why)
{
	return err_coded(
	    err_new(ERR_UNSUPPORTED, NULL, "%s", why), "xml-place");
}

/* ---- writing ---- */

static const char subtract_signatures[] =
    "Transform Algorithm=\"" NS_FILTER2 "\">"
    "<filter:XPath xmlns:filter=\"" NS_FILTER2 "\" Filter=\"subtract\">"
    "/descendant::ds:Signature</filter:XPath>";

struct entry {
	const char *uri;
	const char *type; /* or NULL */
	const char *media_type;
	enum xml_without without;
	bool nodes;  /* may be canonicalised */
	bool base64; /* decoded */
};

static struct err *
put_transform(struct buf *b, const char *p, const char *uri)
{
	return buf_printf(
	    b, "<%sTransform Algorithm=\"%s\"></%sTransform>", p, uri, p);
}

static struct err *
put_transforms(const struct signing *s, const struct entry *e, struct buf *b)
{
	const char *p = signing_prefix(s);
	bool canon = e->nodes && s->profile->canon_transform;
	if (e->without == WITHOUT_NOTHING && !canon && !e->base64)
		return NULL;
	TRY(buf_printf(b, "<%sTransforms>", p));
	if (e->without == WITHOUT_ANY)
		TRY(buf_printf(
		    b, "<%s%s</%sTransform>", p, subtract_signatures, p));
	if (e->without == WITHOUT_THIS)
		TRY(put_transform(b, p, ALG_ENVELOPED));
	if (e->base64)
		TRY(put_transform(b, p, ALG_BASE64));
	if (canon)
		TRY(put_transform(b, p, s->canon_uri));
	return buf_printf(b, "</%sTransforms>", p);
}

static struct err *
put_format(struct signing *s, const char *media_type)
{
	struct buf *b = &s->formats;
	TRY(buf_printf(b,
	    "<xades:DataObjectFormat ObjectReference=\"#%s-ref%zu\">"
	    "<xades:MimeType>",
	    s->id, s->nreferences));
	TRY(xml_put_text(b, media_type));
	return buf_str(b, "</xades:MimeType></xades:DataObjectFormat>");
}

static struct err *
put_reference(
    struct signing *s, const struct entry *e, const uint8_t digest[DIGEST_MAX])
{
	struct buf *b = &s->references;
	const char *p = signing_prefix(s);
	s->nreferences++;
	TRY(buf_printf(b, "<%sReference", p));
	if (s->profile->xades)
		TRY(buf_printf(b, " Id=\"%s-ref%zu\"", s->id, s->nreferences));
	if (e->type != NULL)
		TRY(buf_printf(b, " Type=\"%s\"", e->type));
	TRY(buf_str(b, " URI=\""));
	TRY(xml_put_attr(b, e->uri));
	TRY(buf_str(b, "\">"));
	TRY(put_transforms(s, e, b));
	TRY(signing_put_digest(b, p, "", s->digest, digest));
	TRY(buf_printf(b, "</%sReference>", p));
	return e->media_type == NULL ? NULL : put_format(s, e->media_type);
}

/* ---- what is in the document ---- */

static struct err *
digest_set(
    const struct signing *s, struct xml_set *set, uint8_t out[DIGEST_MAX])
{
	struct canon plain = { .mode = XML_C14N_1_0 };
	const struct canon *c =
	    s->profile->canon_transform ? &s->canon : &plain;
	CLEANUP(digest_freep) struct digest *d = NULL;
	TRY(digest_new(s->digest, &d));
	TRY(xml_canon(set, c, &(struct sink){ .digest = d }));
	return digest_final(d, out);
}

/* The signature does not stand in the tree yet, so leaving out "this one" is
 * leaving out none. */
static void
narrow(struct xml_set *set, enum xml_without without)
{
	if (without != WITHOUT_ANY)
		return;
	set->filters[0] = (struct filter){ .kind = FILTER_NO_SIGNATURES };
	set->nfilters = 1;
}

static struct err *
add_nodes(struct signing *s, xmlNode *top, struct entry *e)
{
	struct xml_set set = {
		.tree = xml_doc_tree(s->doc), .top = top, .work = &s->job.work
	};
	uint8_t digest[DIGEST_MAX];
	bool around = top == NULL || xml_is_inside(s->place.parent, top);
	bool alone = s->place.parent == NULL;
	if (alone)
		return no_place("only files can be signed from outside");
	if (around && e->without == WITHOUT_NOTHING)
		return no_place("the signature would stand in what it signs");
	if (!around)
		e->without = WITHOUT_NOTHING;
	e->nodes = true;
	narrow(&set, e->without);
	TRY(digest_set(s, &set, digest));
	return put_reference(s, e, digest);
}

static struct err *
add_element(struct signing *s, struct entry *e)
{
	xmlNode *top = NULL;
	if (s->doc == NULL)
		return no_place("there is no document with elements");
	if (*e->uri == '\0')
		return add_nodes(s, NULL, e);
	TRY(xml_place_find(s->doc, e->uri, &top));
	return add_nodes(s, top, e);
}

/* ---- what is outside ---- */

static struct err *
add_file(struct signing *s, const struct xml_object *o, struct entry *e)
{
	uint8_t digest[DIGEST_MAX];
	e->without = WITHOUT_NOTHING;
	if (o->digest.len == 0) {
		TRY(digest_of(s->digest, o->data, digest));
		return put_reference(s, e, digest);
	}
	if (o->digest.len != digest_len(s->digest))
		return err_new(ERR_USAGE, NULL, "a digest of another length");
	memcpy(digest, o->digest.ptr, o->digest.len);
	return put_reference(s, e, digest);
}

static struct err *
add_object(struct signing *s, const struct xml_object *o)
{
	struct entry e = { .uri = o->uri,
		.media_type = o->media_type,
		.without = s->profile->without };
	if (o->uri == NULL || strlen(o->uri) > XML_NAME_MAX ||
	    !utf8_printable(bytes_str(o->uri)))
		return err_new(ERR_USAGE, NULL, "the name of a data object");
	bool inside = *o->uri == '\0' || *o->uri == '#';
	if (e.media_type == NULL)
		e.media_type = inside ? "text/xml" : "application/octet-stream";
	return inside ? add_element(s, &e) : add_file(s, o, &e);
}

/* ---- the document inside the signature ---- */

static struct err *
put_object_start(struct signing *s, const char *encoding)
{
	const char *p = signing_prefix(s);
	return buf_printf(
	    &s->data, "<%sObject%s Id=\"%s-data\">", p, encoding, s->id);
}

/* XML goes in as it is; its digest is that of the Object. */
static struct err *
wrap_xml(struct signing *s, struct entry *e)
{
	CLEANUP(buf_done) struct buf part = BUF(XML_DOC_MAX);
	CLEANUP(buf_done) struct buf text = BUF(XML_DOC_MAX * 2);
	uint8_t digest[DIGEST_MAX];
	size_t skip = xml_scan_declaration(s->document);
	struct canon plain = { .mode = XML_C14N_1_0 };
	TRY(put_object_start(s, ""));
	TRY(buf_append(&part, buf_bytes(&s->data)));
	TRY(buf_append(&part, bytes_from(s->document, skip)));
	TRY(buf_printf(&part, "</%sObject>", signing_prefix(s)));
	TRY(signing_canonical(s, bytes_slice(s->document, 0, skip), &part,
	    s->profile->canon_transform ? &s->canon : &plain, &text));
	TRY(digest_of(s->digest, buf_bytes(&text), digest));
	e->nodes = true;
	e->media_type = "text/xml";
	return put_reference(s, e, digest);
}

static struct err *
wrap_octets(struct signing *s, struct entry *e)
{
	uint8_t digest[DIGEST_MAX];
	TRY(put_object_start(s, " Encoding=\"" ALG_BASE64 "\""));
	TRY(base64_encode(s->document, &s->inside));
	TRY(digest_of(s->digest, s->document, digest));
	e->base64 = true;
	e->media_type = "application/octet-stream";
	return put_reference(s, e, digest);
}

static struct err *
add_enveloped(struct signing *s)
{
	CLEANUP(buf_done) struct buf uri = BUF(64);
	struct entry e = { .type = TYPE_OBJECT };
	TRY(buf_printf(&uri, "#%s-data", s->id));
	TRY(buf_cstr(&uri, &e.uri));
	return s->doc != NULL ? wrap_xml(s, &e) : wrap_octets(s, &e);
}

/* ---- another signature's value ---- */

static struct err *
add_value(struct signing *s)
{
	CLEANUP(buf_done) struct buf uri = BUF(XML_NAME_MAX + 1);
	struct entry e = { .type = TYPE_COUNTERSIGNED, .nodes = true };
	uint8_t digest[DIGEST_MAX];
	struct xml_set set = { .tree = xml_doc_tree(s->doc),
		.top = s->countered,
		.work = &s->job.work };
	TRY(buf_printf(&uri, "#%s", xml_attr(s->countered, "Id")));
	TRY(buf_cstr(&uri, &e.uri));
	TRY(digest_set(s, &set, digest));
	return put_reference(s, &e, digest);
}

struct err *
signing_write_data(struct signing *s)
{
	const struct xml_params *x = s->xml;
	const struct xml_object whole = { .uri = "" };
	const struct xml_object itself = { .uri = x->uri, .data = s->document };
	if (s->countered != NULL)
		return add_value(s);
	if (x->packaging == XML_ENVELOPING)
		TRY(add_enveloped(s));
	if (x->packaging == XML_ENVELOPED && x->nobjects == 0)
		TRY(add_object(s, &whole));
	if (x->packaging == XML_DETACHED && x->uri != NULL)
		TRY(add_object(s, &itself));
	if (x->nobjects > XML_OBJECTS_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "more than %d objects", XML_OBJECTS_MAX);
	for (size_t i = 0; i < x->nobjects; i++)
		TRY(add_object(s, &x->objects[i]));
	return s->nreferences > 0
		   ? NULL
		   : err_new(ERR_USAGE, NULL, "there is nothing to sign");
}

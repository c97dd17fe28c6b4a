#include "xml/sign.h"

#include "xml/ns.h"
#include "xml/signing.h"
#include "xml/unsigned.h"
#include "xml/write.h"

#include <string.h>

static void
signing_done(struct signing *s)
{
	struct buf *const all[] = { &s->open, &s->close, &s->references,
		&s->formats, &s->own, &s->info, &s->keyinfo, &s->data,
		&s->inside };
	for (size_t i = 0; i < COUNT_OF(all); i++)
		buf_done(all[i]);
	xml_doc_free(s->doc);
}

const char *
signing_prefix(const struct signing *s)
{
	return s->profile->prefix;
}

bool
signing_is_exclusive(const struct signing *s)
{
	return s->canon.mode == XML_C14N_EXCLUSIVE_1_0;
}

const char *
signing_declaration(const struct signing *s)
{
	return *s->profile->prefix != '\0' ? " xmlns:ds=\"" NS_DS "\""
					   : " xmlns=\"" NS_DS "\"";
}

/* ---- the canonical form of our own parts ---- */

/* What of an element is inherited by those inside: namespaces, xml:base. */
static struct err *
put_ancestor(struct buf *b, const xmlNode *n)
{
	TRY(buf_str(b, "<a"));
	for (const xmlNs *ns = n->nsDef; ns != NULL; ns = ns->next) {
		const char *prefix = (const char *)ns->prefix;
		TRY(buf_printf(b, " xmlns%s%s=\"", prefix == NULL ? "" : ":",
		    prefix == NULL ? "" : prefix));
		TRY(xml_put_attr(
		    b, ns->href == NULL ? "" : (const char *)ns->href));
		TRY(buf_str(b, "\""));
	}
	for (const xmlAttr *a = n->properties; a != NULL; a = a->next) {
		if (a->ns == NULL || strcmp((const char *)a->ns->href,
					 (const char *)XML_XML_NAMESPACE) != 0)
			continue;
		TRY(buf_printf(b, " xml:%s=\"", (const char *)a->name));
		if (a->children != NULL && a->children->content != NULL)
			TRY(xml_put_attr(
			    b, (const char *)a->children->content));
		TRY(buf_str(b, "\""));
	}
	return buf_str(b, ">");
}

/* A small document in which the part stands as it will in the large one.
 * `depth` is how many elements are around it. */
static struct err *
put_surroundings(const struct signing *s, const struct buf *part, struct buf *b,
    size_t *depth)
{
	const xmlNode *chain[XML_DEPTH_MAX + 1];
	size_t n = 0;
	for (const xmlNode *e = s->place.parent;
	     e != NULL && e->type == XML_ELEMENT_NODE && n < COUNT_OF(chain);
	     e = e->parent)
		chain[n++] = e;
	for (size_t i = n; i > 0; i--)
		TRY(put_ancestor(b, chain[i - 1]));
	TRY(buf_append(b, buf_bytes(&s->open)));
	TRY(buf_printf(
	    b, "<%sSignature%s>", signing_prefix(s), signing_declaration(s)));
	TRY(buf_append(b, buf_bytes(part)));
	TRY(buf_printf(b, "</%sSignature>", signing_prefix(s)));
	TRY(buf_append(b, buf_bytes(&s->close)));
	for (size_t i = 0; i < n; i++)
		TRY(buf_str(b, "</a>"));
	*depth = n + s->nopen + 1;
	return NULL;
}

struct err *
signing_canonical(struct signing *s, struct bytes declaration,
    const struct buf *part, const struct canon *c, struct buf *out)
{
	CLEANUP(buf_done) struct buf text = BUF(XML_DOC_MAX);
	CLEANUP(xml_doc_freep) struct xml_doc *doc = NULL;
	size_t depth;
	TRY(buf_append(&text, declaration));
	TRY(put_surroundings(s, part, &text, &depth));
	TRY(xml_doc_parse(buf_bytes(&text), &doc));
	xmlNode *n = xml_doc_root(doc);
	for (; depth > 0; depth--)
		n = xml_first(n);
	struct xml_set set = { .tree = n->doc, .top = n, .work = &s->job.work };
	return xml_canon(&set, c, &(struct sink){ .buf = out });
}

/* Parts for exclusive C14N are written as their own canonical form: each
 * declares the prefixes it uses, and nothing around it can change that. */
static struct err *
own_canonical(struct signing *s, const struct buf *part, const struct canon *c,
    struct buf *out)
{
	if (c->mode == XML_C14N_EXCLUSIVE_1_0)
		return buf_append(out, buf_bytes(part));
	return signing_canonical(s, BYTES_NONE, part, c, out);
}

/* ---- SignedInfo and KeyInfo ---- */

static struct err *
put_own_reference(struct signing *s, struct buf *b)
{
	CLEANUP(buf_done) struct buf text = BUF(XML_PART_MAX);
	uint8_t digest[DIGEST_MAX];
	const char *p = signing_prefix(s);
	const struct canon plain = { .mode = XML_C14N_1_0 };
	bool named = s->profile->canon_transform;
	if (s->own.len == 0)
		return NULL;
	TRY(own_canonical(s, &s->own, named ? &s->canon : &plain, &text));
	TRY(digest_of(s->digest, buf_bytes(&text), digest));
	TRY(buf_printf(b, "<%sReference%s URI=\"#%s-props\">", p,
	    s->profile->xades ? " Type=\"" TYPE_SIGNED_PROPERTIES "\"" : "",
	    s->id));
	if (named)
		TRY(buf_printf(b,
		    "<%sTransforms><%sTransform Algorithm=\"%s\">"
		    "</%sTransform></%sTransforms>",
		    p, p, s->canon_uri, p, p));
	TRY(signing_put_digest(b, p, "", s->digest, digest));
	return buf_printf(b, "</%sReference>", p);
}

static struct err *
write_info(struct signing *s)
{
	struct buf *b = &s->info;
	const char *p = signing_prefix(s);
	TRY(buf_printf(b,
	    "<%sSignedInfo%s><%sCanonicalizationMethod Algorithm=\"%s\">"
	    "</%sCanonicalizationMethod><%sSignatureMethod Algorithm=\"%s\">"
	    "</%sSignatureMethod>",
	    p, signing_is_exclusive(s) ? signing_declaration(s) : "", p,
	    s->canon_uri, p, p, sig_alg_xml_uri(s->params->alg), p));
	TRY(buf_append(b, buf_bytes(&s->references)));
	TRY(put_own_reference(s, b));
	return buf_printf(b, "</%sSignedInfo>", p);
}

static struct err *
put_cert(struct buf *b, const char *p, const struct cert *c)
{
	TRY(buf_printf(b, "<%sX509Certificate>", p));
	TRY(base64_encode(cert_der(c), b));
	return buf_printf(b, "</%sX509Certificate>", p);
}

static struct err *
write_keyinfo(struct signing *s)
{
	struct buf *b = &s->keyinfo;
	const char *p = signing_prefix(s);
	const struct cert_list *chain = s->params->chain;
	TRY(buf_printf(b, "<%sKeyInfo><%sX509Data>", p, p));
	if (s->profile->subject_name) {
		TRY(buf_printf(b, "<%sX509SubjectName>", p));
		TRY(xml_put_text(b, cert_subject(s->params->cert)));
		TRY(buf_printf(b, "</%sX509SubjectName>", p));
	}
	TRY(put_cert(b, p, s->params->cert));
	for (size_t i = 0; chain != NULL && i < chain->n; i++)
		if (!cert_eq(chain->v[i], s->params->cert))
			TRY(put_cert(b, p, chain->v[i]));
	return buf_printf(b, "</%sX509Data></%sKeyInfo>", p, p);
}

/* ---- what, where, under which name ---- */

static struct err *
unsupported(const char *what)
{
	return err_coded(err_new(ERR_UNSUPPORTED, "XMLDSig 6.4", "%s", what),
	    "xml-unsupported");
}

static struct err *
check_algorithm(const struct sign_params *params)
{
	enum sig_form f = params->alg.form;
	enum key_alg k = cert_key_alg(params->cert);
	bool fits =
	    (k == KEY_RSA && (f == SIG_RSA_PKCS1 || f == SIG_RSA_PSS)) ||
	    (k == KEY_EC && f == SIG_ECDSA) ||
	    (k == KEY_ED25519 && f == SIG_EDDSA) ||
	    (k == KEY_ED448 && f == SIG_ED448);
	return fits && sig_alg_xml_uri(params->alg) != NULL
		   ? NULL
		   : unsupported("this algorithm with this key");
}

static struct err *
choose(struct signing *s)
{
	const struct xml_params *x = s->xml;
	TRY(check_algorithm(s->params));
	TRY(xml_profile_by_name(x->profile, &s->profile));
	TRY(xml_canon_by_name(x->canon != NULL ? x->canon : s->profile->canon,
	    &s->canon, &s->canon_uri));
	s->digest = x->digest != DIGEST_NONE ? x->digest : s->profile->digest;
	if (digest_xml_uri(s->digest) == NULL)
		return unsupported("this digest");
	if (s->params->level > LEVEL_T ||
	    (s->params->level == LEVEL_T && !s->profile->xades))
		return err_new(ERR_UNSUPPORTED, NULL, "this level");
	return NULL;
}

/* Counter-signatures need no document, what is outside no tree. */
static bool
wants_tree(const struct signing *s)
{
	return s->xml->counter != NULL || s->xml->packaging == XML_ENVELOPED ||
	       (s->xml->packaging == XML_ENVELOPING &&
		   xml_looks_like(s->document));
}

/* EN 319 132-1 5.2.7: a counter-signature signs the SignatureValue. */
static struct err *
find_countered(struct signing *s)
{
	xmlNode *signature = NULL;
	struct xml_unsigned u;
	TRY(xml_signature_find(s->doc, s->xml->counter, &signature));
	xmlNode *value = xml_child(signature, NS_DS, "SignatureValue");
	const char *id = value == NULL ? NULL : xml_attr(value, "Id");
	if (id == NULL || strlen(id) > XML_NAME_MAX)
		return unsupported("its SignatureValue has no Id");
	TRY(xml_unsigned_find(s->doc, s->document, signature, &u));
	TRY(xml_unsigned_check(&s->job, &u, "CounterSignature"));
	s->place = u.place;
	s->countered = value;
	s->nopen = u.nopen + 1;
	TRY(xml_unsigned_open(&u, &s->open));
	TRY(buf_printf(
	    &s->open, "<xades:CounterSignature xmlns:xades=\"%s\">", u.ns));
	TRY(buf_str(&s->close, "</xades:CounterSignature>"));
	return xml_unsigned_close(&u, &s->close);
}

static struct err *
find_place(struct signing *s)
{
	xmlNode *parent;
	if (s->xml->counter != NULL)
		return find_countered(s);
	if (s->xml->packaging != XML_ENVELOPED)
		return s->xml->place == NULL
			   ? NULL
			   : err_new(ERR_USAGE, NULL,
				 "only an enveloped signature has a place");
	TRY(xml_place_find(s->doc, s->xml->place, &parent));
	TRY(xml_place_check(&s->job, parent, NS_DS, "Signature"));
	return xml_place_in(s->doc, s->document, parent, &s->place);
}

static struct err *
id_of(const struct signing *s, unsigned try, char out[XML_ID_MAX])
{
	CLEANUP(buf_done) struct buf b = BUF(1024);
	CLEANUP(buf_done) struct buf hex = BUF(XML_ID_MAX);
	uint8_t print[32], digest[DIGEST_MAX];
	const char *text;
	cert_fingerprint(s->params->cert, print);
	TRY(buf_append(&b, bytes_of(print, sizeof(print))));
	TRY(buf_printf(&b, "%zu %zu %lld %u", s->document.len, s->place.at,
	    (long long)s->params->time, try));
	TRY(digest_of(DIGEST_SHA256, buf_bytes(&b), digest));
	TRY(hex_encode(bytes_of(digest, 16), &hex));
	TRY(buf_cstr(&hex, &text));
	(void)snprintf(out, XML_ID_MAX, "sig-%s", text);
	return NULL;
}

/* An identifier that nothing in the document has: where a signature stands
 * moves with each, and what is there is asked. */
static struct err *
make_id(struct signing *s)
{
	for (unsigned try = 0; try < 16; try++) {
		xmlNode *other = NULL;
		TRY(id_of(s, try, s->id));
		struct err *e = s->doc == NULL
				    ? err_new(ERR_MISSING, NULL, "no tree")
				    : xml_doc_by_id(s->doc, s->id, &other);
		bool free_name = e != NULL && err_kind(e) == ERR_MISSING;
		err_free(e);
		if (free_name)
			return NULL;
	}
	return err_new(ERR_LIMIT, NULL, "no free identifier");
}

static struct err *
write_all(struct signing *s)
{
	TRY(choose(s));
	if (wants_tree(s)) {
		TRY(xml_doc_parse(s->document, &s->doc));
		s->job.doc = s->doc;
	}
	TRY(find_place(s));
	TRY(make_id(s));
	TRY(signing_write_data(s));
	TRY(signing_write_own(s));
	TRY(write_info(s));
	return write_keyinfo(s);
}

struct err *
xml_prepare(struct bytes document, const struct sign_params *params,
    struct prepared *out)
{
	static const struct xml_params none;
	CLEANUP(signing_done)
	struct signing s = { .params = params,
		.xml = params->xml != NULL ? params->xml : &none,
		.document = document,
		.none = { .document = document },
		.open = BUF(XML_PART_MAX),
		.close = BUF(XML_PART_MAX),
		.references = BUF(XML_PART_MAX),
		.formats = BUF(XML_PART_MAX),
		.own = BUF(XML_PART_MAX),
		.info = BUF(2 * XML_PART_MAX),
		.keyinfo = BUF(XML_KEYINFO_MAX),
		.data = BUF(XML_PART_MAX),
		.inside = BUF(STATE_MAX) };
	s.job = (struct xml_job){ .in = &s.none, .work = XML_WORK };
	TRY(write_all(&s));
	CLEANUP(prepared_done)
	struct prepared made = { .digest_alg = params->alg.digest,
		.to_be_signed = BUF(2 * XML_PART_MAX),
		.state = BUF(STATE_MAX) };
	TRY(signing_pack(&s, &made.state));
	TRY(own_canonical(&s, &s.info, &s.canon, &made.to_be_signed));
	if (params->alg.digest != DIGEST_NONE)
		TRY(digest_of(params->alg.digest, buf_bytes(&made.to_be_signed),
		    made.digest));
	*out = made;
	made = (struct prepared){ 0 };
	return NULL;
}

/* Signed documents made on the spot from templates, for tests. */
#ifndef SIGND_TESTS_XML_MAKE_H
#define SIGND_TESTS_XML_MAKE_H

#include "tests/certs/make.h"
#include "tests/tap.h"

#include "certs/softkey.h"
#include "xml/ns.h"
#include "xml/signature.h"

#define DOC_MAX (64 * 1024 * 1024)

struct person {
	struct softkey *key;
	struct cert *cert;
};

static inline struct person
make_person(const char *kind, const char *name)
{
	struct person p = { 0 };
	CHECK_OK(softkey_generate(kind, &p.key));
	p.cert = make_self_signed(softkey_evp(p.key), name, EVP_sha256());
	return p;
}

static inline void
person_done(struct person *p)
{
	softkey_free(p->key);
	cert_free(p->cert);
}

/* Replaces the first `what` in `in`. */
static inline struct buf
replace(struct bytes in, const char *what, struct bytes with)
{
	struct buf out = BUF(DOC_MAX);
	size_t at = bytes_find(in, bytes_str(what));
	CHECK(at != SIZE_MAX);
	if (at == SIZE_MAX)
		at = in.len;
	CHECK_OK(buf_append(&out, bytes_slice(in, 0, at)));
	CHECK_OK(buf_append(&out, with));
	CHECK_OK(buf_append(&out, bytes_from(in, at + strlen(what))));
	return out;
}

static inline void
replace_in(struct buf *b, const char *what, struct bytes with)
{
	struct buf out = replace(buf_bytes(b), what, with);
	buf_done(b);
	*b = out;
}

static inline void
fill_base64(struct buf *b, const char *what, struct bytes value)
{
	CLEANUP(buf_done) struct buf text = BUF(DOC_MAX);
	CHECK_OK(base64_encode(value, &text));
	replace_in(b, what, buf_bytes(&text));
}

/* Digests in order; the templates have @DIGEST@ in each DigestValue. */
static inline void
fill_digests(struct buf *b, const struct collect_input *in)
{
	for (;;) {
		struct xml_doc *doc = NULL;
		CHECK_OK(xml_doc_parse(buf_bytes(b), &doc));
		struct xml_job job = { .doc = doc, .in = in, .work = XML_WORK };
		xmlNode *root = xml_doc_root(doc), *found = NULL;
		for (xmlNode *n = root; n != NULL && found == NULL;
		     n = xml_walk(n, root))
			if (xml_is(n, NS_DS, "DigestValue") &&
			    n->children != NULL &&
			    strcmp((const char *)n->children->content,
				"@DIGEST@") == 0)
				found = n;
		if (found != NULL) {
			struct xml_ref r;
			xmlNode *sig = found;
			while (!xml_is(sig, NS_DS, "Signature"))
				sig = sig->parent;
			CHECK_OK(xml_ref_check(&job, found->parent, sig, &r));
			CHECK(r.problem == NULL);
			fill_base64(b, "@DIGEST@",
			    bytes_of(r.computed, digest_len(r.alg)));
			xml_ref_done(&r);
		}
		xml_doc_free(doc);
		if (found == NULL)
			return;
	}
}

/* The SignedInfo nearest in front of @VALUE@, canonicalised and signed. */
static inline void
fill_value(struct buf *b, const struct person *who)
{
	CLEANUP(xml_doc_freep) struct xml_doc *doc = NULL;
	CLEANUP(buf_done) struct buf info = BUF(DOC_MAX);
	CLEANUP(buf_done) struct buf der = BUF(1024);
	CLEANUP(buf_done) struct buf raw = BUF(1024);
	uint8_t digest[DIGEST_MAX];
	CHECK_OK(xml_doc_parse(buf_bytes(b), &doc));
	xmlNode *root = xml_doc_root(doc), *value = NULL;
	for (xmlNode *n = root; n != NULL && value == NULL;
	     n = xml_walk(n, root))
		if (xml_is(n, NS_DS, "SignatureValue") && n->children != NULL &&
		    strcmp((const char *)n->children->content, "@VALUE@") == 0)
			value = n;
	CHECK(value != NULL);
	if (value == NULL)
		return;
	struct xml_work work = XML_WORK;
	struct canon c = { .mode = XML_C14N_EXCLUSIVE_1_0 };
	CHECK_OK(xml_canon_element(xml_first(value->parent), &c, &work,
	    &(struct sink){ .buf = &info }));
	CHECK_OK(digest_of(DIGEST_SHA256, buf_bytes(&info), digest));
	struct signer s = softkey_signer(who->key);
	struct sig_alg alg = { .form = SIG_ECDSA, .digest = DIGEST_SHA256 };
	CHECK_OK(s.sign(s.ctx, alg, bytes_of(digest, 32), &der));
	CHECK_OK(ecdsa_der_to_raw(buf_bytes(&der), 256, &raw));
	fill_base64(b, "@VALUE@", buf_bytes(&raw));
}

/* Fills @DIGEST@ and @VALUE@ and @CERT@ of one signature, with P-256. */
static inline struct buf
sign_template(
    const char *text, const struct person *who, const struct collect_input *in)
{
	struct collect_input none = { 0 };
	struct buf b = BUF(DOC_MAX);
	CHECK_OK(buf_str(&b, text));
	if (strstr(text, "@CERT@") != NULL)
		fill_base64(&b, "@CERT@", cert_der(who->cert));
	fill_digests(&b, in == NULL ? &none : in);
	fill_value(&b, who);
	return b;
}

#define EXC "http://www.w3.org/2001/10/xml-exc-c14n#"
#define REFERENCE(uri, attrs, transforms)                                      \
	"<ds:Reference URI=\"" uri "\"" attrs "><ds:Transforms>" transforms    \
	"<ds:Transform Algorithm=\"" EXC "\"/></ds:Transforms>"                \
	"<ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#"       \
	"sha256\"/><ds:DigestValue>@DIGEST@</ds:DigestValue></ds:Reference>"
#define ENVELOPED "<ds:Transform Algorithm=\"" ALG_ENVELOPED "\"/>"
#define KEYINFO                                                                \
	"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>@CERT@"                  \
	"</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
#define SIGNED_WITH(references, keyinfo, objects)                              \
	"<ds:Signature xmlns:ds=\"" NS_DS "\"><ds:SignedInfo>"                 \
	"<ds:CanonicalizationMethod Algorithm=\"" EXC "\"/>"                   \
	"<ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/"           \
	"xmldsig-more#ecdsa-sha256\"/>" references "</ds:SignedInfo>"          \
	"<ds:SignatureValue>@VALUE@</ds:SignatureValue>" keyinfo objects       \
	"</ds:Signature>"
#define SIGNED(references, objects) SIGNED_WITH(references, KEYINFO, objects)

#endif

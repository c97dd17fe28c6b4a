#include "xml/sign.h"

#include "base/pack.h"
#include "xml/ns.h"
#include "xml/reference.h"
#include "xml/scan.h"

#include <string.h>

#define TEXT_MAX 1024          /* bytes of a reason or a place */
#define PART_MAX (1024 * 1024) /* SignedInfo, SignedProperties */
#define KEYINFO_MAX (16 * 1024 * 1024)
#define ID_MAX 40
#define STATE_VERSION 1
#define VALUE_MAX 8192

enum { TAG_VERSION = 1, TAG_AT, TAG_HEAD, TAG_TAIL, TAG_CURVE_BITS };

/* What goes into the document.  The two signed parts are written as their own
 * canonical form: each declares the prefixes it uses, so the bytes that are
 * hashed are the bytes that stand there, wherever they stand. */
struct parts {
	char id[ID_MAX];
	struct buf properties;
	struct buf info;
	struct buf keyinfo;
};

static void
parts_done(struct parts *p)
{
	buf_done(&p->properties);
	buf_done(&p->info);
	buf_done(&p->keyinfo);
}

/* ---- small writing ---- */

/* Text as C14N writes it. */
static struct err *
put_text(struct buf *b, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		const char *as = *p == '&'    ? "&amp;"
				 : *p == '<'  ? "&lt;"
				 : *p == '>'  ? "&gt;"
				 : *p == '\r' ? "&#xD;"
					      : NULL;
		TRY(as != NULL ? buf_str(b, as) : buf_byte(b, (uint8_t)*p));
	}
	return NULL;
}

static struct err *
check_text(const char *text)
{
	struct bytes b = bytes_str(text);
	if (b.len > TEXT_MAX || !utf8_printable(b))
		return err_new(ERR_USAGE, NULL,
		    "a reason or place of more than %d bytes, or not printable",
		    TEXT_MAX);
	return NULL;
}

/* Characters outside ASCII become references, so that the insertion is right
 * in whatever encoding the document has. */
static struct err *
put_ascii(struct buf *b, struct bytes utf8)
{
	for (size_t i = 0; i < utf8.len; i++) {
		uint32_t c = utf8.ptr[i];
		if (c < 0x80) {
			TRY(buf_byte(b, (uint8_t)c));
			continue;
		}
		size_t more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
		c &= 0x3fU >> more;
		for (; more > 0 && i + 1 < utf8.len; more--)
			c = c << 6 | (utf8.ptr[++i] & 0x3fU);
		TRY(buf_printf(b, "&#x%X;", (unsigned)c));
	}
	return NULL;
}

static struct err *
put_digest(struct buf *b, const uint8_t digest[DIGEST_MAX], enum digest_alg alg)
{
	return base64_encode(bytes_of(digest, digest_len(alg)), b);
}

/* ---- the document ---- */

static const char subtract_signatures[] =
    "<ds:Transform Algorithm=\"" NS_FILTER2 "\">"
    "<filter:XPath xmlns:filter=\"" NS_FILTER2 "\" Filter=\"subtract\">"
    "/descendant::ds:Signature</filter:XPath></ds:Transform>";

/* The document without any Signature, as the reference says it. */
static struct err *
digest_document(struct xml_job *job, uint8_t out[DIGEST_MAX])
{
	struct xml_set s = { .tree = xml_doc_tree(job->doc),
		.work = &job->work,
		.filters = { { .kind = FILTER_NO_SIGNATURES } },
		.nfilters = 1 };
	struct canon c = { .mode = XML_C14N_EXCLUSIVE_1_0 };
	CLEANUP(digest_freep) struct digest *d = NULL;
	TRY(digest_new(DIGEST_SHA256, &d));
	TRY(xml_canon(&s, &c, &(struct sink){ .digest = d }));
	return digest_final(d, out);
}

static struct err *
would_break(void)
{
	return err_coded(err_new(ERR_DENIED, "XMLDSig 6.6.4",
			     "an older signature covers every place in the "
			     "document, so another would break it"),
	    "xml-would-break");
}

/* Whether `signature` would change if `newcomer` came to stand in the root. */
static struct err *
check_older(struct xml_job *job, xmlNode *signature, xmlNode *newcomer)
{
	xmlNode *info = xml_child(signature, NS_DS, "SignedInfo");
	for (xmlNode *r = xml_first(info); r != NULL; r = xml_next(r)) {
		struct err *problem = NULL;
		bool covers = false;
		if (!xml_is(r, NS_DS, "Reference"))
			continue;
		TRY(blame_document(
		    xml_ref_covers(job, r, signature, newcomer, &covers),
		    &problem));
		bool broken = problem != NULL;
		err_free(problem);
		if (covers || broken)
			return would_break();
	}
	return NULL;
}

static struct err *
check_older_all(struct xml_job *job)
{
	xmlNode *root = xml_doc_root(job->doc);
	xmlNs *ns = NULL;
	xmlNode *newcomer =
	    xmlNewDocNode(root->doc, NULL, BAD_CAST "Signature", NULL);
	if (newcomer != NULL)
		ns = xmlNewNs(newcomer, BAD_CAST NS_DS, BAD_CAST "ds");
	if (ns == NULL) {
		xmlFreeNode(newcomer);
		return err_new(ERR_NOMEM, NULL, "xmlNewDocNode");
	}
	xmlSetNs(newcomer, ns);
	xmlAddChild(root, newcomer);
	struct err *e = NULL;
	for (xmlNode *n = root; n != NULL && e == NULL; n = xml_walk(n, root))
		if (n != newcomer && xml_is(n, NS_DS, "Signature"))
			e = check_older(job, n, newcomer);
	xmlUnlinkNode(newcomer);
	xmlFreeNode(newcomer);
	return e;
}

/* ---- the parts ---- */

/* An identifier that no earlier signature in the document has: where the new
 * one stands moves with each. */
static struct err *
make_id(const struct sign_params *params, size_t at,
    const uint8_t document[DIGEST_MAX], char out[ID_MAX])
{
	CLEANUP(buf_done) struct buf b = BUF(1024);
	CLEANUP(buf_done) struct buf hex = BUF(ID_MAX);
	uint8_t print[32], digest[DIGEST_MAX];
	const char *text;
	cert_fingerprint(params->cert, print);
	TRY(buf_append(&b, bytes_of(print, sizeof(print))));
	TRY(buf_append(&b, bytes_of(document, 32)));
	TRY(buf_printf(&b, "%zu %lld", at, (long long)params->time));
	TRY(digest_of(DIGEST_SHA256, buf_bytes(&b), digest));
	TRY(hex_encode(bytes_of(digest, 16), &hex));
	TRY(buf_cstr(&hex, &text));
	(void)snprintf(out, ID_MAX, "sig-%s", text);
	return NULL;
}

static struct err *
put_signing_certificate(struct buf *b, const struct cert *cert)
{
	uint8_t digest[DIGEST_MAX];
	TRY(digest_of(DIGEST_SHA256, cert_der(cert), digest));
	TRY(buf_printf(b,
	    "<xades:SigningCertificateV2><xades:Cert><xades:CertDigest>"
	    "<ds:DigestMethod xmlns:ds=\"" NS_DS "\" Algorithm=\"%s\">"
	    "</ds:DigestMethod><ds:DigestValue xmlns:ds=\"" NS_DS "\">",
	    digest_xml_uri(DIGEST_SHA256)));
	TRY(put_digest(b, digest, DIGEST_SHA256));
	return buf_str(b, "</ds:DigestValue></xades:CertDigest></xades:Cert>"
			  "</xades:SigningCertificateV2>");
}

static struct err *
put_place(struct buf *b, const char *city)
{
	if (city == NULL)
		return NULL;
	TRY(check_text(city));
	TRY(buf_str(b, "<xades:SignatureProductionPlaceV2><xades:City>"));
	TRY(put_text(b, city));
	return buf_str(b, "</xades:City></xades:SignatureProductionPlaceV2>");
}

/* A reason is told as the description of "the signer approves". */
static struct err *
put_reason(struct buf *b, const char *reason)
{
	if (reason == NULL)
		return NULL;
	TRY(check_text(reason));
	TRY(buf_str(b,
	    "<xades:CommitmentTypeIndication><xades:CommitmentTypeId>"
	    "<xades:Identifier>http://uri.etsi.org/01903/v1.2.2#"
	    "ProofOfApproval</xades:Identifier><xades:Description>"));
	TRY(put_text(b, reason));
	return buf_str(b,
	    "</xades:Description></xades:CommitmentTypeId>"
	    "<xades:AllSignedDataObjects></xades:AllSignedDataObjects>"
	    "</xades:CommitmentTypeIndication>");
}

static struct err *
write_properties(struct parts *p, const struct sign_params *params)
{
	struct buf *b = &p->properties;
	TRY(buf_printf(b,
	    "<xades:SignedProperties xmlns:xades=\"" NS_XADES "\" "
	    "Id=\"%s-props\"><xades:SignedSignatureProperties>"
	    "<xades:SigningTime>",
	    p->id));
	TRY(time_format_iso(params->time, TIME_VIETNAM_OFFSET_MIN, b));
	TRY(buf_str(b, "</xades:SigningTime>"));
	TRY(put_signing_certificate(b, params->cert));
	TRY(put_place(b, params->location));
	TRY(buf_printf(b,
	    "</xades:SignedSignatureProperties>"
	    "<xades:SignedDataObjectProperties>"
	    "<xades:DataObjectFormat ObjectReference=\"#%s-doc\">"
	    "<xades:MimeType>text/xml</xades:MimeType>"
	    "</xades:DataObjectFormat>",
	    p->id));
	TRY(put_reason(b, params->reason));
	return buf_str(
	    b, "</xades:SignedDataObjectProperties></xades:SignedProperties>");
}

static struct err *
put_reference_end(struct buf *b, const uint8_t digest[DIGEST_MAX])
{
	TRY(buf_printf(b,
	    "<ds:Transform Algorithm=\"" ALG_EXC_C14N "\"></ds:Transform>"
	    "</ds:Transforms><ds:DigestMethod Algorithm=\"%s\">"
	    "</ds:DigestMethod><ds:DigestValue>",
	    digest_xml_uri(DIGEST_SHA256)));
	TRY(put_digest(b, digest, DIGEST_SHA256));
	return buf_str(b, "</ds:DigestValue></ds:Reference>");
}

static struct err *
write_info(
    struct parts *p, const char *method, const uint8_t document[DIGEST_MAX])
{
	struct buf *b = &p->info;
	uint8_t digest[DIGEST_MAX];
	TRY(digest_of(DIGEST_SHA256, buf_bytes(&p->properties), digest));
	TRY(buf_printf(b,
	    "<ds:SignedInfo xmlns:ds=\"" NS_DS "\">"
	    "<ds:CanonicalizationMethod Algorithm=\"" ALG_EXC_C14N "\">"
	    "</ds:CanonicalizationMethod>"
	    "<ds:SignatureMethod Algorithm=\"%s\"></ds:SignatureMethod>"
	    "<ds:Reference Id=\"%s-doc\" URI=\"\"><ds:Transforms>%s",
	    method, p->id, subtract_signatures));
	TRY(put_reference_end(b, document));
	TRY(buf_printf(b,
	    "<ds:Reference Type=\"" TYPE_SIGNED_PROPERTIES "\" "
	    "URI=\"#%s-props\"><ds:Transforms>",
	    p->id));
	TRY(put_reference_end(b, digest));
	return buf_str(b, "</ds:SignedInfo>");
}

static struct err *
put_cert(struct buf *b, const struct cert *c)
{
	TRY(buf_str(b, "<ds:X509Certificate>"));
	TRY(base64_encode(cert_der(c), b));
	return buf_str(b, "</ds:X509Certificate>");
}

static struct err *
write_keyinfo(struct parts *p, const struct sign_params *params)
{
	struct buf *b = &p->keyinfo;
	const struct cert_list *chain = params->chain;
	TRY(buf_str(b, "<ds:KeyInfo><ds:X509Data>"));
	TRY(put_cert(b, params->cert));
	for (size_t i = 0; chain != NULL && i < chain->n; i++)
		if (!cert_eq(chain->v[i], params->cert))
			TRY(put_cert(b, chain->v[i]));
	return buf_str(b, "</ds:X509Data></ds:KeyInfo>");
}

/* ---- state ---- */

static struct err *
pack_state(const struct parts *p, const struct sign_params *params, size_t at,
    struct buf *out)
{
	CLEANUP(buf_done) struct buf head = BUF(PART_MAX * 2);
	CLEANUP(buf_done) struct buf tail = BUF(KEYINFO_MAX + PART_MAX);
	TRY(buf_printf(
	    &head, "<ds:Signature xmlns:ds=\"" NS_DS "\" Id=\"%s\">", p->id));
	TRY(buf_append(&head, buf_bytes(&p->info)));
	TRY(buf_printf(&head, "<ds:SignatureValue Id=\"%s-value\">", p->id));
	TRY(buf_str(&tail, "</ds:SignatureValue>"));
	TRY(buf_append(&tail, buf_bytes(&p->keyinfo)));
	TRY(buf_printf(&tail,
	    "<ds:Object><xades:QualifyingProperties xmlns:xades=\"" NS_XADES
	    "\" Target=\"#%s\">",
	    p->id));
	TRY(put_ascii(&tail, buf_bytes(&p->properties)));
	TRY(buf_str(
	    &tail, "</xades:QualifyingProperties></ds:Object></ds:Signature>"));
	bool raw = params->alg.form == SIG_ECDSA;
	TRY(pack_u64(out, TAG_VERSION, STATE_VERSION));
	TRY(pack_u64(out, TAG_AT, at));
	TRY(pack_bytes(out, TAG_HEAD, buf_bytes(&head)));
	TRY(pack_bytes(out, TAG_TAIL, buf_bytes(&tail)));
	return pack_u64(out, TAG_CURVE_BITS,
	    raw ? (uint64_t)cert_key_bits(params->cert) : 0);
}

static struct err *
check_params(const struct sign_params *params)
{
	enum sig_form f = params->alg.form;
	enum key_alg k = cert_key_alg(params->cert);
	bool fits =
	    (k == KEY_RSA && (f == SIG_RSA_PKCS1 || f == SIG_RSA_PSS)) ||
	    (k == KEY_EC && f == SIG_ECDSA) ||
	    ((k == KEY_ED25519 || k == KEY_ED448) && f == SIG_EDDSA);
	if (!fits || sig_alg_xml_uri(params->alg) == NULL)
		return err_coded(err_new(ERR_UNSUPPORTED, "XMLDSig 6.4",
				     "this algorithm with this key"),
		    "xml-unsupported");
	if (params->level != LEVEL_B && params->level != LEVEL_NONE)
		return err_new(ERR_UNSUPPORTED, NULL, "only level B");
	return NULL;
}

static struct err *
check_root(const struct xml_scan *scan)
{
	if (!scan->empty_root)
		return NULL;
	return err_coded(err_new(ERR_UNSUPPORTED, NULL,
			     "the root is an empty element without an end tag"),
	    "xml-empty-root");
}

static struct err *
write_parts(struct parts *p, const struct sign_params *params, size_t at,
    const uint8_t document[DIGEST_MAX])
{
	TRY(make_id(params, at, document, p->id));
	TRY(write_properties(p, params));
	TRY(write_info(p, sig_alg_xml_uri(params->alg), document));
	return write_keyinfo(p, params);
}

struct err *
xml_prepare(struct bytes document, const struct sign_params *params,
    struct prepared *out)
{
	CLEANUP(xml_doc_freep) struct xml_doc *doc = NULL;
	TRY(check_params(params));
	TRY(xml_doc_parse(document, &doc));
	const struct xml_scan *scan = xml_doc_scan(doc);
	TRY(check_root(scan));
	struct collect_input none = { .document = document };
	struct xml_job job = { .doc = doc, .in = &none, .work = XML_WORK };
	TRY(check_older_all(&job));
	uint8_t digest[DIGEST_MAX];
	TRY(digest_document(&job, digest));
	CLEANUP(parts_done)
	struct parts p = { .properties = BUF(PART_MAX),
		.info = BUF(PART_MAX),
		.keyinfo = BUF(KEYINFO_MAX) };
	TRY(write_parts(&p, params, scan->end_at, digest));
	CLEANUP(prepared_done)
	struct prepared made = { .digest_alg = params->alg.digest,
		.state = BUF(STATE_MAX) };
	TRY(pack_state(&p, params, scan->end_at, &made.state));
	if (params->alg.digest != DIGEST_NONE)
		TRY(digest_of(
		    params->alg.digest, buf_bytes(&p.info), made.digest));
	made.to_be_signed = buf_move(&p.info);
	*out = made;
	made = (struct prepared){ 0 };
	return NULL;
}

struct err *
xml_embed(struct bytes state, struct bytes value, struct bytes token,
    struct insertion *out)
{
	if (token.len > 0)
		return err_new(ERR_UNSUPPORTED, NULL, "a state of level B");
	struct unpack u = unpack_of(state);
	uint64_t version, at, bits;
	struct bytes head, tail;
	TRY(unpack_u64(&u, TAG_VERSION, &version));
	if (version != STATE_VERSION)
		return err_new(ERR_UNSUPPORTED, NULL, "state of version %llu",
		    (unsigned long long)version);
	TRY(unpack_u64(&u, TAG_AT, &at));
	TRY(unpack_bytes(&u, TAG_HEAD, &head));
	TRY(unpack_bytes(&u, TAG_TAIL, &tail));
	TRY(unpack_u64(&u, TAG_CURVE_BITS, &bits));
	TRY(unpack_end(&u));
	if (at > XML_DOC_MAX || bits > 1024)
		return err_new(ERR_MALFORMED, NULL, "state");
	CLEANUP(buf_done) struct buf raw = BUF(VALUE_MAX);
	if (bits > 0)
		TRY(ecdsa_der_to_raw(value, (int)bits, &raw));
	else
		TRY(buf_append(&raw, value));
	CLEANUP(buf_done) struct buf b = BUF(INSERTION_MAX);
	TRY(buf_append(&b, head));
	TRY(base64_encode(buf_bytes(&raw), &b));
	TRY(buf_append(&b, tail));
	*out = (struct insertion){ .at = (size_t)at, .bytes = buf_move(&b) };
	return NULL;
}

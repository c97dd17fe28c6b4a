#include "xml/keyinfo.h"

#include "certs/ossl.h"
#include "xml/ns.h"

#include <openssl/core_names.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <openssl/x509v3.h>

#include <string.h>

#define NUMBER_MAX 2100 /* bytes of an RSA modulus or DSA prime: 16384 bits */
#define REFERRED_MAX 1  /* KeyInfoReference, RetrievalMethod: how deep */

DEFINE_FREEP(OSSL_PARAM_BLD_free, OSSL_PARAM_BLD)
DEFINE_FREEP(OSSL_PARAM_free, OSSL_PARAM)

void
keyinfo_done(struct keyinfo *k)
{
	cert_list_done(&k->certs);
	for (size_t i = 0; i < k->nkeys; i++)
		EVP_PKEY_free(k->keys[i]);
	k->nkeys = 0;
}

/* ---- keys ---- */

static struct err *
build_key(const char *type, OSSL_PARAM_BLD *bld, EVP_PKEY **out)
{
	CLEANUP(OSSL_PARAM_freep)
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
	CLEANUP(EVP_PKEY_CTX_freep)
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	if (params == NULL || ctx == NULL)
		return err_ossl(ERR_INTERNAL, "EVP_PKEY_fromdata");
	if (EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, out, EVP_PKEY_PUBLIC_KEY, params) != 1)
		return err_ossl(ERR_MALFORMED, "EVP_PKEY_fromdata");
	return NULL;
}

/* A ds:CryptoBinary of that name goes into `bld`; *keep owns it until then. */
static struct err *
push_number(const xmlNode *parent, const char *name, const char *param,
    OSSL_PARAM_BLD *bld, BIGNUM **keep)
{
	CLEANUP(buf_done) struct buf b = BUF(NUMBER_MAX);
	const xmlNode *n = xml_child(parent, NS_DS, name);
	if (n == NULL)
		return err_new(ERR_MALFORMED, "XMLDSig 4.5.2", "%s", name);
	TRY(xml_base64(n, &b));
	*keep = BN_bin2bn(b.ptr, (int)b.len, NULL);
	if (*keep == NULL || OSSL_PARAM_BLD_push_BN(bld, param, *keep) != 1)
		return err_ossl(ERR_NOMEM, "BN_bin2bn");
	return NULL;
}

static struct err *
rsa_key(const xmlNode *n, EVP_PKEY **out)
{
	CLEANUP(OSSL_PARAM_BLD_freep)
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	CLEANUP(BN_freep) BIGNUM *m = NULL;
	CLEANUP(BN_freep) BIGNUM *e = NULL;
	if (bld == NULL)
		return err_new(ERR_NOMEM, NULL, "OSSL_PARAM_BLD");
	TRY(push_number(n, "Modulus", OSSL_PKEY_PARAM_RSA_N, bld, &m));
	TRY(push_number(n, "Exponent", OSSL_PKEY_PARAM_RSA_E, bld, &e));
	return build_key("RSA", bld, out);
}

static struct err *
dsa_key(const xmlNode *n, EVP_PKEY **out)
{
	CLEANUP(OSSL_PARAM_BLD_freep)
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	CLEANUP(BN_freep) BIGNUM *p = NULL;
	CLEANUP(BN_freep) BIGNUM *q = NULL;
	CLEANUP(BN_freep) BIGNUM *g = NULL;
	CLEANUP(BN_freep) BIGNUM *y = NULL;
	if (bld == NULL)
		return err_new(ERR_NOMEM, NULL, "OSSL_PARAM_BLD");
	TRY(push_number(n, "P", OSSL_PKEY_PARAM_FFC_P, bld, &p));
	TRY(push_number(n, "Q", OSSL_PKEY_PARAM_FFC_Q, bld, &q));
	TRY(push_number(n, "G", OSSL_PKEY_PARAM_FFC_G, bld, &g));
	TRY(push_number(n, "Y", OSSL_PKEY_PARAM_PUB_KEY, bld, &y));
	return build_key("DSA", bld, out);
}

static struct err *
curve_name(const xmlNode *n, const char **out)
{
	static const char urn[] = "urn:oid:";
	const xmlNode *named = xml_child(n, NS_DS11, "NamedCurve");
	const char *uri = named == NULL ? NULL : xml_attr(named, "URI");
	if (uri == NULL || strncmp(uri, urn, sizeof(urn) - 1) != 0)
		return err_new(ERR_UNSUPPORTED, "XMLDSig 1.1 4.5.2.3",
		    "only named curves");
	int nid = OBJ_txt2nid(uri + sizeof(urn) - 1);
	if (nid == NID_undef)
		return err_new(ERR_UNSUPPORTED, NULL, "this curve");
	*out = OBJ_nid2sn(nid);
	return NULL;
}

static struct err *
ec_key(const xmlNode *n, EVP_PKEY **out)
{
	CLEANUP(OSSL_PARAM_BLD_freep)
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	CLEANUP(buf_done) struct buf point = BUF(NUMBER_MAX);
	const xmlNode *key = xml_child(n, NS_DS11, "PublicKey");
	const char *name = NULL;
	if (bld == NULL)
		return err_new(ERR_NOMEM, NULL, "OSSL_PARAM_BLD");
	TRY(curve_name(n, &name));
	if (key == NULL)
		return err_new(ERR_MALFORMED, "XMLDSig 1.1 4.5.2.3", "key");
	TRY(xml_base64(key, &point));
	if (OSSL_PARAM_BLD_push_utf8_string(
		bld, OSSL_PKEY_PARAM_GROUP_NAME, name, 0) != 1 ||
	    OSSL_PARAM_BLD_push_octet_string(
		bld, OSSL_PKEY_PARAM_PUB_KEY, point.ptr, point.len) != 1)
		return err_ossl(ERR_NOMEM, "OSSL_PARAM_BLD");
	return build_key("EC", bld, out);
}

static struct err *
der_key(const xmlNode *n, EVP_PKEY **out)
{
	CLEANUP(buf_done) struct buf der = BUF(2 * NUMBER_MAX);
	TRY(xml_base64(n, &der));
	const uint8_t *p = der.ptr;
	EVP_PKEY *k = d2i_PUBKEY(NULL, &p, (long)der.len);
	if (k == NULL || p != der.ptr + der.len) {
		EVP_PKEY_free(k);
		return err_ossl(ERR_MALFORMED, "d2i_PUBKEY");
	}
	*out = k;
	return NULL;
}

static struct err *
key_value(const xmlNode *n, EVP_PKEY **out)
{
	const xmlNode *k = xml_is(n, NS_DS, "KeyValue") ? xml_first(n) : n;
	if (xml_is(k, NS_DS11, "DEREncodedKeyValue"))
		return der_key(k, out);
	if (xml_is(k, NS_DS, "RSAKeyValue"))
		return rsa_key(k, out);
	if (xml_is(k, NS_DS, "DSAKeyValue"))
		return dsa_key(k, out);
	if (xml_is(k, NS_DS11, "ECKeyValue"))
		return ec_key(k, out);
	return err_new(ERR_UNSUPPORTED, "XMLDSig 4.5.2", "this KeyValue");
}

static struct err *
add_key(const xmlNode *n, struct keyinfo *k)
{
	if (k->nkeys == XML_KEYS_MAX)
		return err_new(ERR_LIMIT, NULL, "keys in KeyInfo");
	EVP_PKEY *key = NULL;
	TRY(key_value(n, &key));
	k->keys[k->nkeys++] = key;
	return NULL;
}

/* ---- certificates ---- */

static struct err *
add_cert(struct xml_work *w, const xmlNode *n, struct keyinfo *k)
{
	CLEANUP(buf_done) struct buf der = BUF(CERT_MAX);
	if (k->certs.n == XML_CERTS_MAX)
		return err_new(ERR_LIMIT, NULL, "certificates in KeyInfo");
	TRY(work_spend_steps(w, STEPS_CERT));
	TRY(xml_base64(n, &der));
	return cert_list_add_der(&k->certs, buf_bytes(&der));
}

static struct err *
x509_data(struct xml_work *w, xmlNode *data, struct keyinfo *k)
{
	for (xmlNode *n = xml_first(data); n != NULL; n = xml_next(n)) {
		struct err *problem = NULL;
		if (xml_is(n, NS_DS, "X509Certificate"))
			TRY(blame_document(add_cert(w, n, k), &problem));
		else if (!xml_is(n, NS_DS, "X509CRL"))
			k->names = true;
		k->broken |= problem != NULL;
		err_free(problem);
	}
	return NULL;
}

static struct err *read_children(
    struct xml_job *job, xmlNode *keyinfo, int depth, struct keyinfo *k);

/* RetrievalMethod and KeyInfoReference: inside this document, or supplied as a
 * bare certificate; without transforms. */
static struct err *
referred(struct xml_job *job, xmlNode *n, int depth, struct keyinfo *k)
{
	const char *uri = xml_attr(n, "URI");
	xmlNode *target = NULL;
	if (uri == NULL || depth >= REFERRED_MAX || xml_first(n) != NULL)
		return err_new(
		    ERR_UNSUPPORTED, "XMLDSig 4.5.3", "this RetrievalMethod");
	if (*uri == '#') {
		TRY(xml_doc_by_id(job->doc, uri + 1, &target));
		if (xml_is(target, NS_DS, "X509Data"))
			return x509_data(&job->work, target, k);
		if (xml_is(target, NS_DS, "KeyInfo"))
			return read_children(job, target, depth + 1, k);
		/* A bare key that stands elsewhere speaks for nobody. */
		return err_new(ERR_UNSUPPORTED, "XMLDSig 4.5.3", "its target");
	}
	for (size_t i = 0; i < job->in->nexternal; i++) {
		const struct external *e = &job->in->external[i];
		if (e->uri != NULL && strcmp(e->uri, uri) == 0)
			return cert_list_add_der(&k->certs, e->data);
	}
	return err_new(ERR_MISSING, "XMLDSig 4.5.3", "the key is elsewhere");
}

static struct err *
read_child(struct xml_job *job, xmlNode *n, int depth, struct keyinfo *k)
{
	if (xml_is(n, NS_DS, "X509Data"))
		return x509_data(&job->work, n, k);
	if (xml_is(n, NS_DS, "KeyValue") ||
	    xml_is(n, NS_DS11, "DEREncodedKeyValue"))
		return add_key(n, k);
	if (xml_is(n, NS_DS, "RetrievalMethod") ||
	    xml_is(n, NS_DS11, "KeyInfoReference"))
		return referred(job, n, depth, k);
	if (xml_is(n, NS_DS, "KeyName"))
		k->names = true;
	return NULL;
}

static struct err *
read_children(
    struct xml_job *job, xmlNode *keyinfo, int depth, struct keyinfo *k)
{
	for (xmlNode *n = xml_first(keyinfo); n != NULL; n = xml_next(n)) {
		struct err *problem = NULL;
		TRY(blame_document(read_child(job, n, depth, k), &problem));
		k->broken |= problem != NULL;
		err_free(problem);
	}
	return NULL;
}

struct err *
keyinfo_read(struct xml_job *job, xmlNode *keyinfo, struct keyinfo *out)
{
	*out = (struct keyinfo){ .there = keyinfo != NULL };
	return keyinfo == NULL ? NULL : read_children(job, keyinfo, 0, out);
}

/* ---- names of certificates ---- */

static struct err *
serial_fits(const xmlNode *n, const struct cert *c, bool *out)
{
	CLEANUP(buf_done) struct buf text = BUF(256);
	const char *s;
	const xmlNode *serial = xml_child(n, NS_DS, "X509SerialNumber");
	*out = false;
	if (serial == NULL)
		return NULL;
	TRY(xml_text(serial, &text));
	TRY(buf_cstr(&text, &s));
	s += strspn(s, " \t\r\n");
	BIGNUM *raw = NULL;
	(void)BN_dec2bn(&raw, s);
	CLEANUP(BN_freep) BIGNUM *stated = raw;
	CLEANUP(BN_freep)
	BIGNUM *real =
	    ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert_x509(c)), NULL);
	*out = stated != NULL && real != NULL && BN_cmp(stated, real) == 0;
	return NULL;
}

static struct err *
ski_fits(const xmlNode *n, const struct cert *c, bool *out)
{
	CLEANUP(buf_done) struct buf b = BUF(256);
	TRY(xml_base64(n, &b));
	const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(cert_x509(c));
	*out = ski != NULL &&
	       bytes_eq(buf_bytes(&b), bytes_of(ASN1_STRING_get0_data(ski),
					   (size_t)ASN1_STRING_length(ski)));
	return NULL;
}

static struct err *
digest_fits(const xmlNode *n, const struct cert *c, bool *out)
{
	CLEANUP(buf_done) struct buf b = BUF(DIGEST_MAX);
	uint8_t digest[DIGEST_MAX];
	const char *uri = xml_attr(n, "Algorithm");
	enum digest_alg alg =
	    uri == NULL ? DIGEST_NONE : digest_by_xml_uri(uri);
	*out = false;
	if (alg == DIGEST_NONE)
		return NULL;
	TRY(xml_base64(n, &b));
	TRY(digest_of(alg, cert_der(c), digest));
	*out = bytes_eq(buf_bytes(&b), bytes_of(digest, digest_len(alg)));
	return NULL;
}

/* The chain may be listed too, so one hit is enough.  A subject's name is
 * written in too many ways to be compared; that the value verifies under the
 * certificate's key decides. */
static struct err *
data_allows(const xmlNode *data, const struct cert *c, bool *out)
{
	bool any = false;
	for (xmlNode *n = xml_first(data); n != NULL && !any; n = xml_next(n)) {
		if (xml_is(n, NS_DS, "X509IssuerSerial"))
			TRY(serial_fits(n, c, &any));
		else if (xml_is(n, NS_DS, "X509SKI"))
			TRY(ski_fits(n, c, &any));
		else if (xml_is(n, NS_DS11, "X509Digest"))
			TRY(digest_fits(n, c, &any));
		else
			any = xml_is(n, NS_DS, "X509SubjectName");
	}
	*out = any;
	return NULL;
}

struct err *
keyinfo_allows(xmlNode *keyinfo, const struct cert *c, bool *out)
{
	*out = false;
	for (xmlNode *n = xml_first(keyinfo); n != NULL && !*out;
	     n = xml_next(n)) {
		struct err *problem = NULL;
		if (xml_is(n, NS_DS, "KeyName"))
			*out = true;
		else if (xml_is(n, NS_DS, "X509Data"))
			TRY(blame_document(data_allows(n, c, out), &problem));
		err_free(problem);
	}
	return NULL;
}

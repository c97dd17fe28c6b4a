/*
 * make bench-xml: sign and verify at 1 KB, 100 KB and 10 MB, against
 *
 *	the limit: parsing, canonicalising and hashing the document, and one
 *	raw operation of the key, by the same libraries and nothing else;
 *	rows ....xmlsec1: xmlsec1 as a library on the same document, given the
 *	certificate to trust.
 */
#include "bench/format.h"
#include "xml/format.h"

#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#ifdef HAVE_XMLSEC
#include <xmlsec/app.h>
#include <xmlsec/crypto.h>
#include <xmlsec/errors.h>
#include <xmlsec/templates.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmltree.h>
#endif

#define EXC_C14N "http://www.w3.org/2001/10/xml-exc-c14n#"

static void
make_xml(struct buf *b, size_t size)
{
	buf_clear(b);
	bench_must(buf_str(b,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<hs:HoSo xmlns:hs=\"urn:ho-so:1\" xmlns:cd=\"urn:cong-dan:1\">"));
	for (size_t i = 0; b->len < size; i++)
		bench_must(buf_printf(b,
		    "<cd:Nguoi so=\"%zu\" loai=\"thường trú\"><cd:HoTen>Nguyễn "
		    "Văn An</cd:HoTen><cd:DiaChi>Phường Hoàn Kiếm, thành phố "
		    "Hà Nội</cd:DiaChi></cd:Nguoi>\n",
		    i));
	bench_must(buf_str(b, "</hs:HoSo>\n"));
}

/* ---- the limit ---- */

static xmlDoc *
parse(struct bytes in)
{
	return xmlReadMemory((const char *)in.ptr, (int)in.len, NULL, NULL,
	    XML_PARSE_NONET | XML_PARSE_HUGE);
}

static int
hash_some(void *ctx, const char *bytes, int len)
{
	return EVP_DigestUpdate(ctx, bytes, (size_t)len) == 1 ? len : -1;
}

static void
hash_canonical(struct bytes in, uint8_t out[32])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_DigestInit_ex(md, EVP_sha256(), NULL);
	xmlDoc *doc = parse(in);
	xmlOutputBuffer *o = xmlOutputBufferCreateIO(hash_some, NULL, md, NULL);
	if (doc == NULL || xmlC14NExecute(doc, NULL, NULL,
			       XML_C14N_EXCLUSIVE_1_0, NULL, 0, o) < 0)
		bench_must(err_new(ERR_INTERNAL, NULL, "xmlC14NExecute"));
	xmlOutputBufferClose(o);
	xmlFreeDoc(doc);
	EVP_DigestFinal_ex(md, out, NULL);
	EVP_MD_CTX_free(md);
}

static void
limit_sign(void *ctx)
{
	struct bench_format *b = ctx;
	uint8_t digest[32];
	hash_canonical(buf_bytes(&b->document), digest);
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(softkey_evp(b->key), NULL);
	b->value_len = sizeof(b->value);
	if (EVP_PKEY_sign_init(c) != 1 ||
	    EVP_PKEY_sign(c, b->value, &b->value_len, digest, 32) != 1)
		bench_must(err_new(ERR_INTERNAL, NULL, "EVP_PKEY_sign"));
	EVP_PKEY_CTX_free(c);
}

/* The signed document is parsed and canonicalised whole, which has the bytes
 * of the signature in it once, as verifying has; its certificate is read. */
static void
limit_verify(void *ctx)
{
	struct bench_format *b = ctx;
	uint8_t digest[32];
	struct bytes der = cert_der(b->cert);
	const uint8_t *p = der.ptr;
	hash_canonical(buf_bytes(&b->document_signed), digest);
	X509 *x = d2i_X509(NULL, &p, (long)der.len);
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(X509_get0_pubkey(x), NULL);
	/* The value fits another digest: the work is the same. */
	if (EVP_PKEY_verify_init(c) != 1 ||
	    EVP_PKEY_verify(c, b->value, b->value_len, digest, 32) < 0)
		bench_must(err_new(ERR_INTERNAL, NULL, "EVP_PKEY_verify"));
	EVP_PKEY_CTX_free(c);
	X509_free(x);
}

/* ---- xmlsec1 ---- */

#ifdef HAVE_XMLSEC
static xmlSecKeysMngrPtr manager;
static xmlSecKeyPtr sign_key;

static void
start_xmlsec(const struct bench_format *b)
{
	struct bytes der = cert_der(b->cert);
	struct buf pem = BUF(65536);
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	if (xmlSecInit() < 0 || xmlSecCryptoAppInit(NULL) < 0 ||
	    xmlSecCryptoInit() < 0)
		bench_must(err_new(ERR_INTERNAL, NULL, "xmlSecInit"));
	xmlSecErrorsSetCallback(NULL);
	manager = xmlSecKeysMngrCreate();
	if (xmlSecCryptoAppDefaultKeysMngrInit(manager) < 0 ||
	    xmlSecCryptoAppKeysMngrCertLoadMemory(manager, der.ptr,
		(xmlSecSize)der.len, xmlSecKeyDataFormatDer,
		xmlSecKeyDataTypeTrusted) < 0)
		bench_must(err_new(ERR_INTERNAL, NULL, "keys manager"));
	PEM_write_bio_PrivateKey(
	    bio, softkey_evp(b->key), NULL, NULL, 0, NULL, NULL);
	long n = BIO_get_mem_data(bio, &text);
	bench_must(buf_append(&pem, bytes_of(text, (size_t)n)));
	char *file = bench_temporary(buf_bytes(&pem));
	sign_key = xmlSecCryptoAppKeyLoad(
	    file, xmlSecKeyDataFormatPem, NULL, NULL, NULL);
	unlink(file);
	free(file);
	BIO_free(bio);
	buf_done(&pem);
}

static void
xmlsec_verify(void *ctx)
{
	struct bench_format *b = ctx;
	static const xmlChar *const ids[] = { BAD_CAST "Id", NULL };
	xmlDoc *doc = parse(buf_bytes(&b->document_signed));
	xmlNode *root = xmlDocGetRootElement(doc);
	xmlSecAddIDs(doc, root, (const xmlChar **)(uintptr_t)ids);
	xmlNode *node = xmlSecFindNode(root, xmlSecNodeSignature, xmlSecDSigNs);
	xmlSecDSigCtxPtr dsig = xmlSecDSigCtxCreate(manager);
	if (xmlSecDSigCtxVerify(dsig, node) < 0 ||
	    dsig->status != xmlSecDSigStatusSucceeded)
		bench_must(err_new(ERR_INTERNAL, NULL, "xmlSecDSigCtxVerify"));
	xmlSecDSigCtxDestroy(dsig);
	xmlFreeDoc(doc);
}

/* One reference to the document, as ours has; no properties. */
static void
xmlsec_sign(void *ctx)
{
	struct bench_format *b = ctx;
	xmlDoc *doc = parse(buf_bytes(&b->document));
	xmlNode *node = xmlSecTmplSignatureCreate(
	    doc, xmlSecTransformExclC14NId, xmlSecTransformEcdsaSha256Id, NULL);
	xmlAddChild(xmlDocGetRootElement(doc), node);
	xmlNode *r = xmlSecTmplSignatureAddReference(
	    node, xmlSecTransformSha256Id, NULL, BAD_CAST "", NULL);
	xmlSecTmplReferenceAddTransform(r, xmlSecTransformEnvelopedId);
	xmlSecTmplReferenceAddTransform(r, xmlSecTransformExclC14NId);
	xmlSecDSigCtxPtr dsig = xmlSecDSigCtxCreate(NULL);
	dsig->signKey = xmlSecKeyDuplicate(sign_key);
	xmlChar *text = NULL;
	int len = 0;
	if (dsig->signKey == NULL || xmlSecDSigCtxSign(dsig, node) < 0)
		bench_must(err_new(ERR_INTERNAL, NULL, "xmlSecDSigCtxSign"));
	xmlDocDumpMemory(doc, &text, &len);
	xmlFree(text);
	xmlSecDSigCtxDestroy(dsig);
	xmlFreeDoc(doc);
}

static void
peer_rows(struct bench_format *b, const char *size)
{
	char name[64];
	snprintf(name, sizeof(name), "xml.sign.%s.xmlsec1", size);
	bench_compare(
	    &(struct bench_pair){ name, "ms", bench_sign, xmlsec_sign, b });
	snprintf(name, sizeof(name), "xml.verify.%s.xmlsec1", size);
	bench_compare(
	    &(struct bench_pair){ name, "ms", bench_verify, xmlsec_verify, b });
}

static void
stop_xmlsec(void)
{
	xmlSecKeysMngrDestroy(manager);
	xmlSecKeyDestroy(sign_key);
	xmlSecCryptoShutdown();
	xmlSecCryptoAppShutdown();
	xmlSecShutdown();
}
#else
static void
start_xmlsec(const struct bench_format *b)
{
	(void)b;
	puts("# xml.*.xmlsec1: libxmlsec1-dev was not there when this was "
	     "configured");
}
static void
peer_rows(struct bench_format *b, const char *size)
{
	(void)b;
	(void)size;
}
static void
stop_xmlsec(void)
{
}
#endif

/* ---- rows ---- */

static void
sign_it(struct bench_format *b)
{
	struct insertion i = { 0 };
	struct bytes pieces[INSERTION_PIECES];
	bench_insertion(b, &i);
	size_t n = insertion_pieces(&i, buf_bytes(&b->document), pieces);
	buf_clear(&b->document_signed);
	for (size_t k = 0; k < n; k++)
		bench_must(buf_append(&b->document_signed, pieces[k]));
	insertion_done(&i);
}

static void
rows(struct bench_format *b, size_t bytes, const char *size)
{
	char name[64];
	make_xml(&b->document, bytes);
	sign_it(b);
	snprintf(name, sizeof(name), "xml.sign.%s", size);
	bench_compare(
	    &(struct bench_pair){ name, "ms", bench_sign, limit_sign, b });
	snprintf(name, sizeof(name), "xml.verify.%s", size);
	bench_compare(
	    &(struct bench_pair){ name, "ms", bench_verify, limit_verify, b });
	peer_rows(b, size);
}

int
main(void)
{
	struct bench_format b;
	bench_must(xml_start());
	bench_format_init(&b, &format_xml);
	start_xmlsec(&b);
	rows(&b, 1 << 10, "1KB");
	rows(&b, 100 << 10, "100KB");
	rows(&b, 10 << 20, "10MB");
	stop_xmlsec();
	bench_format_done(&b);
	xml_stop();
	return 0;
}

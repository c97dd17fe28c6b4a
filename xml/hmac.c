#include "xml/hmac.h"

#include "certs/ossl.h"
#include "xml/ns.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include <stdlib.h>
#include <string.h>

#define MORE "http://www.w3.org/2001/04/xmldsig-more#"

bool
hmac_is(const char *uri)
{
	return strstr(uri, "#hmac-") != NULL;
}

static const EVP_MD *
hash_of(const char *uri)
{
	static const struct {
		const char *uri;
		const EVP_MD *(*hash)(void);
	} known[] = {
		{ MORE "hmac-md5", EVP_md5 },
		{ MORE "hmac-ripemd160", EVP_ripemd160 },
		{ NS_DS "hmac-sha1", EVP_sha1 },
		{ MORE "hmac-sha224", EVP_sha224 },
		{ MORE "hmac-sha256", EVP_sha256 },
		{ MORE "hmac-sha384", EVP_sha384 },
		{ MORE "hmac-sha512", EVP_sha512 },
	};
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (strcmp(known[i].uri, uri) == 0)
			return known[i].hash();
	return NULL;
}

/* CVE-2009-0217: a value cut to nothing fits everything. */
static struct err *
cut(const xmlNode *method, size_t full, size_t *len)
{
	CLEANUP(buf_done) struct buf text = BUF(16);
	const xmlNode *n = xml_first(method);
	const char *s;
	char *end;
	*len = full;
	if (n == NULL)
		return NULL;
	if (!xml_is(n, NS_DS, "HMACOutputLength") || xml_next(n) != NULL)
		return err_new(ERR_MALFORMED, "XMLDSig 6.3.1", "HMAC");
	TRY(xml_text(n, &text));
	TRY(buf_cstr(&text, &s));
	unsigned long bits = strtoul(s, &end, 10);
	if (end == s || *end != '\0' || bits % 8 != 0 || bits / 8 > full)
		return err_new(ERR_MALFORMED, "XMLDSig 6.3.1", "%s bits", s);
	if (bits < HMAC_BITS_MIN || bits / 8 < full / 2)
		return err_coded(err_new(ERR_DENIED, "XMLDSig 6.3.1",
				     "an HMAC of %lu bits", bits),
		    "xml-hmac-short");
	*len = bits / 8;
	return NULL;
}

struct err *
hmac_check(struct bytes key, const xmlNode *method, struct bytes message,
    struct bytes value, bool *out)
{
	uint8_t mac[EVP_MAX_MD_SIZE];
	unsigned full = 0;
	size_t len;
	const char *uri = xml_attr(method, "Algorithm");
	const EVP_MD *hash = uri == NULL ? NULL : hash_of(uri);
	if (hash == NULL || key.len == 0)
		return err_coded(err_new(ERR_UNSUPPORTED, "XMLDSig 6.3",
				     "HMAC without a key, or of this hash"),
		    "xml-hmac");
	TRY(cut(method, (size_t)EVP_MD_get_size(hash), &len));
	if (HMAC(hash, key.ptr, (int)key.len, message.ptr, message.len, mac,
		&full) == NULL)
		return err_ossl(ERR_INTERNAL, "HMAC");
	*out = value.len == len && CRYPTO_memcmp(mac, value.ptr, len) == 0;
	return NULL;
}

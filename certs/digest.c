#include "certs/alg.h"

#include "certs/ossl.h"

#include <stdlib.h>
#include <string.h>

/*
 * One row for each digest.  `fetch` is OpenSSL's name; what its default
 * provider lacks cannot be computed, only named.
 */
struct digest_row {
	const char *name;
	const char *fetch;
	const char *oid;
	const char *xml_uri;
	size_t len; /* bytes */
};

#define DIG "http://www.w3.org/2000/09/xmldsig#"
#define ENC "http://www.w3.org/2001/04/xmlenc#"
#define MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define MORE07 "http://www.w3.org/2007/05/xmldsig-more#"
#define NIST_HASH "2.16.840.1.101.3.4.2."

static const struct digest_row rows[DIGEST_COUNT] = {
	[DIGEST_MD5] = { "MD5", "MD5", "1.2.840.113549.2.5", MORE "md5", 16 },
	[DIGEST_SHA1] = { "SHA-1", "SHA1", "1.3.14.3.2.26", DIG "sha1", 20 },
	[DIGEST_RIPEMD160] = { "RIPEMD-160", "RIPEMD160", "1.3.36.3.2.1",
	    ENC "ripemd160", 20 },
	[DIGEST_SHA224] = { "SHA-224", "SHA224", NIST_HASH "4", MORE "sha224",
	    28 },
	[DIGEST_SHA256] = { "SHA-256", "SHA256", NIST_HASH "1", ENC "sha256",
	    32 },
	[DIGEST_SHA384] = { "SHA-384", "SHA384", NIST_HASH "2", MORE "sha384",
	    48 },
	[DIGEST_SHA512] = { "SHA-512", "SHA512", NIST_HASH "3", ENC "sha512",
	    64 },
	[DIGEST_SHA512_256] = { "SHA-512/256", "SHA512-256", NIST_HASH "6",
	    NULL, 32 },
	[DIGEST_SHA3_224] = { "SHA3-224", "SHA3-224", NIST_HASH "7",
	    MORE07 "sha3-224", 28 },
	[DIGEST_SHA3_256] = { "SHA3-256", "SHA3-256", NIST_HASH "8",
	    MORE07 "sha3-256", 32 },
	[DIGEST_SHA3_384] = { "SHA3-384", "SHA3-384", NIST_HASH "9",
	    MORE07 "sha3-384", 48 },
	[DIGEST_SHA3_512] = { "SHA3-512", "SHA3-512", NIST_HASH "10",
	    MORE07 "sha3-512", 64 },
	[DIGEST_SHAKE256] = { "SHAKE256", "SHAKE256", NIST_HASH "12", NULL,
	    64 },
};

static const struct digest_row *
row_of(enum digest_alg alg)
{
	static const struct digest_row none = { .name = "none" };
	if (alg <= DIGEST_NONE || alg >= DIGEST_COUNT)
		return &none;
	return &rows[alg];
}

const char *
digest_name(enum digest_alg alg)
{
	return row_of(alg)->name;
}

const char *
digest_oid(enum digest_alg alg)
{
	return row_of(alg)->oid;
}

const char *
digest_xml_uri(enum digest_alg alg)
{
	return row_of(alg)->xml_uri;
}

size_t
digest_len(enum digest_alg alg)
{
	return row_of(alg)->len;
}

enum digest_alg
digest_by_oid(const char *dotted)
{
	for (int i = 1; dotted != NULL && i < DIGEST_COUNT; i++)
		if (strcmp(rows[i].oid, dotted) == 0)
			return (enum digest_alg)i;
	return DIGEST_NONE;
}

enum digest_alg
digest_by_xml_uri(const char *uri)
{
	for (int i = 1; uri != NULL && i < DIGEST_COUNT; i++)
		if (rows[i].xml_uri != NULL &&
		    strcmp(rows[i].xml_uri, uri) == 0)
			return (enum digest_alg)i;
	return DIGEST_NONE;
}

struct err *
digest_md(enum digest_alg alg, EVP_MD **out)
{
	const char *name = row_of(alg)->fetch;
	if (name == NULL)
		return err_new(ERR_UNSUPPORTED, NULL, "digest algorithm");
	*out = EVP_MD_fetch(NULL, name, NULL);
	if (*out == NULL)
		return err_ossl(ERR_UNSUPPORTED, name);
	return NULL;
}

struct digest {
	enum digest_alg alg;
	EVP_MD_CTX *ctx;
};

void
digest_free(struct digest *d)
{
	if (d == NULL)
		return;
	EVP_MD_CTX_free(d->ctx);
	free(d);
}

static struct err *
digest_empty(enum digest_alg alg, struct digest **out)
{
	CLEANUP(digest_freep) struct digest *d = calloc(1, sizeof(*d));
	if (d == NULL)
		return err_new(ERR_NOMEM, NULL, "struct digest");
	d->alg = alg;
	d->ctx = EVP_MD_CTX_new();
	if (d->ctx == NULL)
		return err_ossl(ERR_NOMEM, "EVP_MD_CTX_new");
	*out = TAKE(d);
	return NULL;
}

struct err *
digest_copy(const struct digest *d, struct digest **out)
{
	CLEANUP(digest_freep) struct digest *copy = NULL;
	TRY(digest_empty(d->alg, &copy));
	if (EVP_MD_CTX_copy_ex(copy->ctx, d->ctx) != 1)
		return err_ossl(ERR_NOMEM, "EVP_MD_CTX_copy_ex");
	*out = TAKE(copy);
	return NULL;
}

struct err *
digest_new(enum digest_alg alg, struct digest **out)
{
	CLEANUP(EVP_MD_freep) EVP_MD *md = NULL;
	CLEANUP(digest_freep) struct digest *d = NULL;
	TRY(digest_md(alg, &md));
	TRY(digest_empty(alg, &d));
	if (EVP_DigestInit_ex(d->ctx, md, NULL) != 1)
		return err_ossl(ERR_INTERNAL, "EVP_DigestInit_ex");
	*out = TAKE(d);
	return NULL;
}

struct err *
digest_add(struct digest *d, struct bytes what)
{
	if (what.len > 0 && EVP_DigestUpdate(d->ctx, what.ptr, what.len) != 1)
		return err_ossl(ERR_INTERNAL, "EVP_DigestUpdate");
	return NULL;
}

struct err *
digest_final(struct digest *d, uint8_t out[DIGEST_MAX])
{
	uint8_t value[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	if (d->alg == DIGEST_SHAKE256) {
		if (EVP_DigestFinalXOF(d->ctx, out, 64) != 1)
			return err_ossl(ERR_INTERNAL, "EVP_DigestFinalXOF");
		return NULL;
	}
	if (EVP_DigestFinal_ex(d->ctx, value, &len) != 1 ||
	    len != digest_len(d->alg) || len > DIGEST_MAX)
		return err_ossl(ERR_INTERNAL, "EVP_DigestFinal_ex");
	memcpy(out, value, len);
	return NULL;
}

struct err *
digest_of(enum digest_alg alg, struct bytes what, uint8_t out[DIGEST_MAX])
{
	CLEANUP(digest_freep) struct digest *d = NULL;
	TRY(digest_new(alg, &d));
	TRY(digest_add(d, what));
	return digest_final(d, out);
}

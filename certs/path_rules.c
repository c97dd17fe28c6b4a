/* What RFC 5280 asks of a path and OpenSSL does not, one rule a function. */
#include "certs/path_check.h"

#include "certs/ossl.h"

#include <openssl/x509v3.h>
#include <string.h>

/* Shorter keys are broken in days by anyone: under no policy do they carry a
 * path.  RSA of 829 bits was factored in public. */
#define RSA_BITS_MIN 1024
#define EC_BITS_MIN 160
#define SERIAL_MAX 20 /* bytes, RFC 5280 4.1.2.2 */

/* Both ends count (RFC 5280 4.1.2.5); OpenSSL leaves the last second out. */
static void
check_time(const struct path_request *r, struct path *p)
{
	bool dated = !r->anchor_any_time || p->chain.n == 1;
	for (size_t i = p->chain.n - !dated; i-- > 0;)
		if (r->time < cert_not_before(p->chain.v[i]))
			path_fail(p, PATH_NOT_YET, i, "not yet valid");
		else if (r->time > cert_not_after(p->chain.v[i]))
			path_fail(p, PATH_EXPIRED, i, "expired");
}

static void
check_keys(const struct path_request *r, struct path *p)
{
	(void)r;
	for (size_t i = 0; i < p->chain.n; i++) {
		enum key_alg alg = cert_key_alg(p->chain.v[i]);
		int bits = cert_key_bits(p->chain.v[i]);
		if (((alg == KEY_RSA || alg == KEY_DSA) &&
			bits < RSA_BITS_MIN) ||
		    (alg == KEY_EC && bits < EC_BITS_MIN))
			path_fail(p, PATH_BAD, i, "a key of %d bits", bits);
	}
}

/* An extension that OpenSSL knows and could not read. */
static void
check_readable(const struct path_request *r, struct path *p)
{
	for (size_t i = 0; i < path_judged(r, p); i++)
		if ((X509_get_extension_flags(cert_x509(p->chain.v[i])) &
			EXFLAG_INVALID) != 0)
			path_fail(p, PATH_BAD, i, "a broken extension");
}

/* RFC 5280 4.1.2.1, 4.1.2.8, 4.1.2.9: who reads an old version passes over what
 * a later one has, and would not see its constraints. */
static void
check_versions(const struct path_request *r, struct path *p)
{
	for (size_t i = 0; i < path_judged(r, p); i++) {
		const X509 *x = cert_x509(p->chain.v[i]);
		const ASN1_BIT_STRING *issuer = NULL, *subject = NULL;
		long version = X509_get_version(x);
		X509_get0_uids(x, &issuer, &subject);
		bool ids = issuer != NULL || subject != NULL;
		if (version < X509_VERSION_1 || version > X509_VERSION_3 ||
		    (version != X509_VERSION_3 && X509_get_ext_count(x) > 0) ||
		    (version == X509_VERSION_1 && ids))
			path_fail(p, PATH_BAD, i,
			    "its version does not have what is in it");
	}
}

/* OpenSSL sees duplicates of the extensions that it reads, not of others. */
static void
check_duplicates(const struct path_request *r, struct path *p)
{
	for (size_t c = 0; c < path_judged(r, p); c++) {
		const X509 *x = cert_x509(p->chain.v[c]);
		int n = X509_get_ext_count(x);
		for (int i = 0; i < n; i++) {
			const ASN1_OBJECT *o =
			    X509_EXTENSION_get_object(X509_get_ext(x, i));
			if (X509_get_ext_by_OBJ(x, o, i) >= 0) {
				path_fail(p, PATH_BAD, c, "an extension twice");
				break;
			}
		}
	}
}

static void
check_serials(const struct path_request *r, struct path *p)
{
	for (size_t i = 0; r->strict && i < path_judged(r, p); i++) {
		const ASN1_INTEGER *s =
		    X509_get0_serialNumber(cert_x509(p->chain.v[i]));
		struct bytes b = cert_serial(p->chain.v[i]);
		bool high = b.len > 0 && (b.ptr[0] & 0x80) != 0;
		if (ASN1_STRING_type(s) == V_ASN1_NEG_INTEGER ||
		    b.len + high > SERIAL_MAX || (b.len == 1 && b.ptr[0] == 0))
			path_fail(p, PATH_BAD, i,
			    "the serial number is not positive or too long");
	}
}

/* RFC 5280 4.2.1.9; OpenSSL lets key usage stand for it, and version 1 where
 * the certificate is self-signed. */
static void
check_anchor(const struct path_request *r, struct path *p)
{
	const struct cert *c = p->chain.v[p->chain.n - 1];
	if (r->anchor_says_ca && p->chain.n > 1 &&
	    path_judged(r, p) == p->chain.n &&
	    X509_get_ext_by_NID(cert_x509(c), NID_basic_constraints, -1) < 0)
		path_fail(p, PATH_CONSTRAINTS, p->chain.n - 1,
		    "the anchor is not said to be an authority");
}

struct err *
path_rules(const struct path_request *r, struct path *p)
{
	static void (*const rules[])(
	    const struct path_request *, struct path *) = { check_readable,
		check_versions, check_keys, check_duplicates, check_serials,
		check_anchor, path_names, path_purpose, check_time };
	for (size_t i = 0; i < COUNT_OF(rules) && p->result == PATH_OK; i++)
		rules[i](r, p);
	return ossl_forget();
}

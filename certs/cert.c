#include "certs/cert.h"

#include "certs/der.h"
#include "certs/often.h"
#include "certs/ossl.h"

#include <openssl/x509v3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longest curve name that OpenSSL has, with room. */
#define CURVE_NAME_MAX 64
/* A name in RFC 4514; longer ones are cut. */
#define NAME_TEXT_MAX (64 * 1024)

struct cert {
	atomic_int refs;
	X509 *x509;
	uint8_t *der;
	size_t der_len;
	BIGNUM *serial_bn;
	uint8_t *serial;
	size_t serial_len;
	int64_t not_before;
	int64_t not_after;
	char *subject;
	char *issuer;
	char *common_name;
	char *issuer_common_name;
	char curve[CURVE_NAME_MAX]; /* "" when there is none */
	uint8_t fingerprint[32];
	struct often_key *often; /* NULL: it verifies as all do */
};

struct err *
time_of_asn1(const ASN1_TIME *t, int64_t *out)
{
	/* RFC 5280 4.1.2.5: with seconds, in UTC, without a fraction. */
	size_t len = (size_t)ASN1_STRING_length(t);
	const char *s = (const char *)ASN1_STRING_get0_data(t);
	size_t year_len = ASN1_STRING_type(t) == V_ASN1_UTCTIME ? 2 : 4;
	if ((year_len == 4 && ASN1_STRING_type(t) != V_ASN1_GENERALIZEDTIME) ||
	    len != year_len + 11 || s[len - 1] != 'Z')
		return err_new(ERR_MALFORMED, "RFC 5280 4.1.2.5", "time");
	for (size_t i = 0; i + 1 < len; i++)
		if (s[i] < '0' || s[i] > '9')
			return err_new(
			    ERR_MALFORMED, "RFC 5280 4.1.2.5", "time");
	int v[6] = { 0 }; /* year, month, day, hour, minute, second */
	for (size_t i = 0; i < year_len; i++)
		v[0] = v[0] * 10 + (s[i] - '0');
	for (size_t i = 1; i < COUNT_OF(v); i++) {
		const char *two = s + year_len + 2 * (i - 1);
		v[i] = (two[0] - '0') * 10 + (two[1] - '0');
	}
	if (year_len == 2)
		v[0] += v[0] < 50 ? 2000 : 1900;
	return time_join((struct time_fields){ .year = v[0],
			     .month = v[1],
			     .day = v[2],
			     .hour = v[3],
			     .minute = v[4],
			     .second = v[5] },
	    out);
}

/* How many bytes the code point at the start of `b` takes; 0: there is none. */
static size_t
code_point_len(struct bytes b)
{
	for (size_t n = 1; n <= 4 && n <= b.len; n++)
		if (utf8_valid(bytes_slice(b, 0, n)))
			return n;
	return 0;
}

/* What is no readable UTF-8 becomes U+FFFD: names are written by strangers and
 * shown to people. */
static struct err *
readable(struct bytes in, char **out)
{
	CLEANUP(buf_done) struct buf b = BUF(3 * NAME_TEXT_MAX);
	TRY(buf_reserve(&b, in.len));
	while (in.len > 0) {
		size_t n = code_point_len(in);
		if (n > 0 && utf8_printable(bytes_slice(in, 0, n)))
			TRY(buf_append(&b, bytes_slice(in, 0, n)));
		else
			TRY(buf_str(&b, "\xef\xbf\xbd"));
		in = bytes_from(in, n > 0 ? n : 1);
	}
	return bytes_dup_str(buf_bytes(&b), out);
}

static struct err *
name_text(const X509_NAME *name, char **out)
{
	CLEANUP(BIO_free_allp) BIO *bio = BIO_new(BIO_s_mem());
	if (bio == NULL)
		return err_ossl(ERR_NOMEM, "BIO_new");
	unsigned long flags =
	    XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
	if (X509_NAME_print_ex(bio, name, 0, flags) < 0)
		return err_ossl(ERR_MALFORMED, "X509_NAME_print_ex");
	char *text;
	long len = BIO_get_mem_data(bio, &text);
	if (len < 0)
		return err_ossl(ERR_INTERNAL, "BIO_get_mem_data");
	return readable(bytes_of(text, (size_t)len), out);
}

/* The last attribute of that kind is the most specific one. */
static struct err *
attribute_text(const X509_NAME *name, int nid, char **out)
{
	int at = -1, last = -1;
	while ((at = X509_NAME_get_index_by_NID(name, nid, at)) >= 0)
		last = at;
	if (last < 0)
		return NULL;
	const ASN1_STRING *s =
	    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, last));
	CLEANUP(ossl_freep) uint8_t *utf8 = NULL;
	int len = ASN1_STRING_to_UTF8(&utf8, s);
	if (len < 0) {
		/* Not characters of its own kind: show something else. */
		return ossl_forget();
	}
	return len == 0 ? NULL : readable(bytes_of(utf8, (size_t)len), out);
}

static struct err *
short_name(const X509_NAME *name, const char *whole, char **out)
{
	TRY(attribute_text(name, NID_commonName, out));
	if (*out == NULL)
		TRY(attribute_text(name, NID_organizationName, out));
	if (*out == NULL)
		return bytes_dup_str(bytes_str(whole), out);
	return NULL;
}

static struct err *
fill_names(struct cert *c)
{
	const X509_NAME *subject = X509_get_subject_name(c->x509);
	const X509_NAME *issuer = X509_get_issuer_name(c->x509);
	TRY(name_text(subject, &c->subject));
	TRY(name_text(issuer, &c->issuer));
	TRY(short_name(subject, c->subject, &c->common_name));
	return short_name(issuer, c->issuer, &c->issuer_common_name);
}

static struct err *
fill_serial(struct cert *c)
{
	c->serial_bn =
	    ASN1_INTEGER_to_BN(X509_get0_serialNumber(c->x509), NULL);
	if (c->serial_bn == NULL)
		return err_ossl(ERR_MALFORMED, "serialNumber");
	c->serial_len = (size_t)BN_num_bytes(c->serial_bn);
	c->serial = malloc(c->serial_len + 1);
	if (c->serial == NULL)
		return err_new(ERR_NOMEM, NULL, "serialNumber");
	if (c->serial_len == 0)
		c->serial[c->serial_len++] = 0; /* the number nought */
	else
		BN_bn2bin(c->serial_bn, c->serial);
	return NULL;
}

static struct err *
fill_key(struct cert *c)
{
	/* d2i_X509 may succeed and leave the key out. */
	EVP_PKEY *key = X509_get0_pubkey(c->x509);
	if (key == NULL)
		return err_ossl(ERR_UNSUPPORTED, "X509_get0_pubkey");
	if (key_alg_of(key) != KEY_EC)
		return NULL;
	size_t len = 0;
	if (EVP_PKEY_get_group_name(key, c->curve, sizeof(c->curve), &len) != 1)
		c->curve[0] = '\0'; /* explicit parameters have no name */
	static const struct {
		const char *theirs, *ours;
	} nist[] = {
		{ "prime256v1", "P-256" },
		{ "secp384r1", "P-384" },
		{ "secp521r1", "P-521" },
		{ "secp224r1", "P-224" },
		{ "prime192v1", "P-192" },
	};
	for (size_t i = 0; i < COUNT_OF(nist); i++)
		if (strcmp(c->curve, nist[i].theirs) == 0)
			snprintf(
			    c->curve, sizeof(c->curve), "%s", nist[i].ours);
	return NULL;
}

static struct err *
fill_der(struct cert *c, struct bytes der)
{
	c->der = malloc(der.len);
	if (c->der == NULL)
		return err_new(ERR_NOMEM, NULL, "%zu bytes", der.len);
	memcpy(c->der, der.ptr, der.len);
	c->der_len = der.len;
	uint8_t digest[DIGEST_MAX];
	TRY(digest_of(DIGEST_SHA256, der, digest));
	memcpy(c->fingerprint, digest, sizeof(c->fingerprint));
	return NULL;
}

/* `x` is what was read from `der`; taken over in any case. */
static struct err *
make_cert(X509 *read, struct bytes der, struct cert **out)
{
	CLEANUP(X509_freep) X509 *x = read;
	CLEANUP(cert_freep) struct cert *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return err_new(ERR_NOMEM, NULL, "struct cert");
	atomic_init(&c->refs, 1);
	c->x509 = TAKE(x);
	TRY(fill_der(c, der));
	TRY(fill_key(c));
	TRY(fill_serial(c));
	TRY(time_of_asn1(X509_get0_notBefore(c->x509), &c->not_before));
	TRY(time_of_asn1(X509_get0_notAfter(c->x509), &c->not_after));
	TRY(fill_names(c));
	/* Makes OpenSSL read the extensions now, not in some thread later. */
	(void)X509_check_purpose(c->x509, -1, 0);
	TRY(ossl_forget());
	*out = TAKE(c);
	return NULL;
}

struct err *
cert_parse(struct bytes der, struct cert **out)
{
	if (der.len > CERT_MAX)
		return err_new(ERR_LIMIT, NULL, "%zu bytes", der.len);
	if (der.len == 0)
		return err_new(ERR_MALFORMED, "RFC 5280 4.1", "no bytes");

	ossl_begin();
	const uint8_t *p = der.ptr;
	CLEANUP(X509_freep) X509 *x = d2i_X509(NULL, &p, (long)der.len);
	if (x == NULL)
		return err_ossl(ERR_MALFORMED, "d2i_X509");
	if (p != der.ptr + der.len)
		return err_new(ERR_MALFORMED, "RFC 5280 4.1", "bytes follow");
	return make_cert(TAKE(x), der, out);
}

struct err *
cert_parse_trusted(struct bytes der, struct cert **out)
{
	struct bytes rest = der, plain;
	if (der.len > CERT_MAX)
		return err_new(ERR_LIMIT, NULL, "%zu bytes", der.len);
	TRY(der_take(&rest, DER_SEQUENCE, &plain, NULL));
	ossl_begin();
	const uint8_t *p = der.ptr;
	CLEANUP(X509_freep) X509 *x = d2i_X509_AUX(NULL, &p, (long)der.len);
	if (x == NULL)
		return err_ossl(ERR_MALFORMED, "d2i_X509_AUX");
	if (p != der.ptr + der.len)
		return err_new(ERR_MALFORMED, "RFC 5280 4.1", "bytes follow");
	return make_cert(TAKE(x), plain, out);
}

bool
cert_has_trust(const struct cert *c)
{
	return X509_trusted(c->x509) == 1;
}

struct err *
cert_trusted_der(const struct cert *c, struct buf *out)
{
	CLEANUP(ossl_freep) uint8_t *der = NULL;
	if (!cert_has_trust(c))
		return buf_append(out, cert_der(c));
	int len = i2d_X509_AUX(c->x509, &der);
	if (len <= 0)
		return err_ossl(ERR_NOMEM, "i2d_X509_AUX");
	return buf_append(out, bytes_of(der, (size_t)len));
}

struct cert *
cert_ref(struct cert *c)
{
	if (c != NULL)
		atomic_fetch_add(&c->refs, 1);
	return c;
}

void
cert_free(struct cert *c)
{
	if (c == NULL || atomic_fetch_sub(&c->refs, 1) != 1)
		return;
	often_key_free(c->often);
	X509_free(c->x509);
	BN_free(c->serial_bn);
	free(c->der);
	free(c->serial);
	free(c->subject);
	free(c->issuer);
	free(c->common_name);
	free(c->issuer_common_name);
	free(c);
}

struct bytes
cert_der(const struct cert *c)
{
	return bytes_of(c->der, c->der_len);
}

X509 *
cert_x509(const struct cert *c)
{
	return c->x509;
}

EVP_PKEY *
cert_key(const struct cert *c)
{
	return X509_get0_pubkey(c->x509);
}

enum key_alg
cert_key_alg(const struct cert *c)
{
	return key_alg_of(cert_key(c));
}

int
cert_key_bits(const struct cert *c)
{
	return EVP_PKEY_get_bits(cert_key(c));
}

const char *
cert_curve(const struct cert *c)
{
	return c->curve[0] == '\0' ? NULL : c->curve;
}

struct bytes
cert_serial(const struct cert *c)
{
	return bytes_of(c->serial, c->serial_len);
}

/* Two's complement of the number's amount, from its last byte on. */
static bool
is_minus(struct bytes content, struct bytes amount)
{
	unsigned carry = 1;
	if (content.len < amount.len || content.ptr[0] < 0x80)
		return false;
	for (size_t i = 0; i < content.len; i++) {
		uint8_t b = i < amount.len ? amount.ptr[amount.len - 1 - i] : 0;
		unsigned v = (unsigned)(uint8_t)~b + carry;
		carry = v >> 8;
		if (content.ptr[content.len - 1 - i] != (uint8_t)v)
			return false;
	}
	return true;
}

bool
cert_has_serial(const struct cert *c, struct bytes content)
{
	struct bytes amount = cert_serial(c);
	if (content.len == 0)
		return false;
	if (BN_is_negative(c->serial_bn))
		return is_minus(content, amount);
	while (content.len > amount.len && content.ptr[0] == 0)
		content = bytes_from(content, 1);
	return bytes_eq(content, amount);
}

int64_t
cert_not_before(const struct cert *c)
{
	return c->not_before;
}

int64_t
cert_not_after(const struct cert *c)
{
	return c->not_after;
}

static struct bytes
name_der(const X509_NAME *name)
{
	const unsigned char *der = NULL;
	size_t len = 0;
	if (X509_NAME_get0_der(name, &der, &len) != 1)
		return BYTES_NONE;
	return bytes_of(der, len);
}

struct bytes
cert_subject_der(const struct cert *c)
{
	return name_der(X509_get_subject_name(c->x509));
}

struct bytes
cert_issuer_der(const struct cert *c)
{
	return name_der(X509_get_issuer_name(c->x509));
}

const char *
cert_subject(const struct cert *c)
{
	return c->subject;
}

const char *
cert_issuer(const struct cert *c)
{
	return c->issuer;
}

const char *
cert_common_name(const struct cert *c)
{
	return c->common_name;
}

const char *
cert_issuer_common_name(const struct cert *c)
{
	return c->issuer_common_name;
}

bool
cert_is_ca(const struct cert *c)
{
	return X509_check_ca(c->x509) == 1;
}

bool
cert_is_self_issued(const struct cert *c)
{
	return X509_NAME_cmp(X509_get_subject_name(c->x509),
		   X509_get_issuer_name(c->x509)) == 0;
}

bool
cert_has_key_usage(const struct cert *c)
{
	return X509_get_ext_by_NID(c->x509, NID_key_usage, -1) >= 0;
}

uint32_t
cert_key_usage(const struct cert *c)
{
	return X509_get_key_usage(c->x509);
}

bool
cert_eq(const struct cert *a, const struct cert *b)
{
	return a == b || bytes_eq(cert_der(a), cert_der(b));
}

void
cert_fingerprint(const struct cert *c, uint8_t out[32])
{
	memcpy(out, c->fingerprint, sizeof(c->fingerprint));
}

struct err *
cert_verify_digest(const struct cert *c, struct sig_alg alg,
    struct bytes digest, struct bytes sig, bool *ok)
{
	if (c->often != NULL && alg.form == SIG_ECDSA && digest.len >= 32 &&
	    digest.len == digest_len(alg.digest))
		return often_verify(c->often, digest, sig, ok);
	return key_verify_digest(cert_key(c), alg, digest, sig, ok);
}

struct err *
cert_verifies_often(struct cert *c)
{
	often_key_free(c->often);
	return often_key_new(cert_key(c), &c->often);
}

struct err *
cert_verify(const struct cert *c, struct sig_alg alg, struct bytes message,
    struct bytes sig, bool *ok)
{
	return key_verify(cert_key(c), alg, message, sig, ok);
}

bool
cert_has_eku(const struct cert *c, const char *oid)
{
	bool found = false;
	CLEANUP(ASN1_OBJECT_freep) ASN1_OBJECT *wanted = OBJ_txt2obj(oid, 1);
	EXTENDED_KEY_USAGE *eku =
	    X509_get_ext_d2i(cert_x509(c), NID_ext_key_usage, NULL, NULL);
	for (int i = 0; i < sk_ASN1_OBJECT_num(eku) && wanted != NULL; i++)
		found =
		    found || OBJ_cmp(sk_ASN1_OBJECT_value(eku, i), wanted) == 0;
	EXTENDED_KEY_USAGE_free(eku);
	return found;
}

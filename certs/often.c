/* EC_GROUP_precompute_mult() is how OpenSSL 3.0 makes such a table; later
 * versions may have dropped it for curves with one of their own. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "certs/often.h"

#include <openssl/ec.h>
#include <string.h>

#include "certs/ossl.h"

#define ORDER 32       /* bytes of P-256's */
#define SIG_DER_MAX 72 /* bytes: two numbers of 33 */

struct often_key {
	EC_GROUP *curve; /* multiples of its own generator */
	EC_GROUP *own;   /* the same with the key's point as generator */
};

DEFINE_FREEP(ECDSA_SIG_free, ECDSA_SIG)
DEFINE_FREEP(EC_POINT_free, EC_POINT)
DEFINE_FREEP(BN_CTX_free, BN_CTX)

void
often_key_free(struct often_key *k)
{
	if (k == NULL)
		return;
	EC_GROUP_free(k->curve);
	EC_GROUP_free(k->own);
	free(k);
}

/* ---- making ---- */

static bool
is_p256(const EVP_PKEY *key)
{
	char name[64];
	size_t len = 0;
	return EVP_PKEY_is_a(key, "EC") == 1 &&
	       EVP_PKEY_get_group_name(key, name, sizeof(name), &len) == 1 &&
	       strcmp(name, SN_X9_62_prime256v1) == 0;
}

static struct err *
read_point(const EC_GROUP *g, const EVP_PKEY *key, EC_POINT **out)
{
	CLEANUP(ossl_freep) uint8_t *raw = NULL;
	CLEANUP(EC_POINT_freep) EC_POINT *p = EC_POINT_new(g);
	size_t len =
	    EVP_PKEY_get1_encoded_public_key((EVP_PKEY *)(uintptr_t)key, &raw);
	if (p == NULL || len == 0 ||
	    EC_POINT_oct2point(g, p, raw, len, NULL) != 1)
		return err_ossl(ERR_INTERNAL, "EC_POINT_oct2point");
	*out = TAKE(p);
	return NULL;
}

static struct err *
make_tables(struct often_key *k, const EVP_PKEY *key)
{
	CLEANUP(EC_POINT_freep) EC_POINT *point = NULL;
	k->curve = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	k->own = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	if (k->curve == NULL || k->own == NULL)
		return err_ossl(ERR_NOMEM, "EC_GROUP_new_by_curve_name");
	TRY(read_point(k->curve, key, &point));
	if (EC_GROUP_set_generator(k->own, point, EC_GROUP_get0_order(k->curve),
		EC_GROUP_get0_cofactor(k->curve)) != 1 ||
	    EC_GROUP_precompute_mult(k->own, NULL) != 1)
		return err_ossl(ERR_INTERNAL, "EC_GROUP_precompute_mult");
	return NULL;
}

struct err *
often_key_new(const EVP_PKEY *key, struct often_key **out)
{
	*out = NULL;
	ossl_begin();
	if (!is_p256(key))
		return ossl_forget();
	CLEANUP(often_key_freep) struct often_key *k = calloc(1, sizeof(*k));
	if (k == NULL)
		return err_new(ERR_NOMEM, NULL, "a table");
	TRY(make_tables(k, key));
	*out = TAKE(k);
	return NULL;
}

/* ---- verifying ---- */

/* The strict form alone, as OpenSSL has it: it must be what encoding gives. */
static struct err *
read_signature(struct bytes sig, ECDSA_SIG **out)
{
	uint8_t again[SIG_DER_MAX + 8];
	uint8_t *to = again;
	const uint8_t *from = sig.ptr;
	*out = NULL;
	if (sig.len > SIG_DER_MAX)
		return NULL;
	CLEANUP(ECDSA_SIG_freep)
	ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &from, (long)sig.len);
	if (s == NULL)
		return ossl_forget();
	int len = i2d_ECDSA_SIG(s, NULL);
	if (len == (int)sig.len)
		len = i2d_ECDSA_SIG(s, &to);
	if (len <= 0)
		return err_ossl(ERR_NOMEM, "i2d_ECDSA_SIG");
	if (len != (int)sig.len || memcmp(again, sig.ptr, sig.len) != 0)
		return NULL;
	*out = TAKE(s);
	return NULL;
}

static bool
in_range(const BIGNUM *n, const BIGNUM *order)
{
	return !BN_is_negative(n) && !BN_is_zero(n) && BN_cmp(n, order) < 0;
}

/* u1 = e/s, u2 = r/s modulo the order. */
static struct err *
factors(const BIGNUM *order, const ECDSA_SIG *sig, struct bytes digest,
    BIGNUM *u1, BIGNUM *u2, BN_CTX *ctx)
{
	const BIGNUM *r = ECDSA_SIG_get0_r(sig);
	const BIGNUM *s = ECDSA_SIG_get0_s(sig);
	/* The leftmost bits, as many as the order has. */
	if (BN_bin2bn(digest.ptr, ORDER, u1) == NULL ||
	    BN_mod_inverse(u2, s, order, ctx) == NULL ||
	    BN_mod_mul(u1, u1, u2, order, ctx) != 1 ||
	    BN_mod_mul(u2, r, u2, order, ctx) != 1)
		return err_ossl(ERR_INTERNAL, "BN_mod_mul");
	return NULL;
}

/* x of u1 G + u2 Q modulo the order; 0 at infinity, which no r is. */
static struct err *
point_x(const struct often_key *k, const BIGNUM *u1, const BIGNUM *u2,
    BIGNUM *x, BN_CTX *ctx)
{
	CLEANUP(EC_POINT_freep) EC_POINT *a = EC_POINT_new(k->curve);
	CLEANUP(EC_POINT_freep) EC_POINT *b = EC_POINT_new(k->curve);
	if (a == NULL || b == NULL ||
	    EC_POINT_mul(k->curve, a, u1, NULL, NULL, ctx) != 1 ||
	    EC_POINT_mul(k->own, b, u2, NULL, NULL, ctx) != 1 ||
	    EC_POINT_add(k->curve, a, a, b, ctx) != 1)
		return err_ossl(ERR_INTERNAL, "EC_POINT_mul");
	BN_zero(x);
	if (EC_POINT_is_at_infinity(k->curve, a))
		return NULL;
	if (EC_POINT_get_affine_coordinates(k->curve, a, x, NULL, ctx) != 1 ||
	    BN_nnmod(x, x, EC_GROUP_get0_order(k->curve), ctx) != 1)
		return err_ossl(
		    ERR_INTERNAL, "EC_POINT_get_affine_coordinates");
	return NULL;
}

static struct err *
verify(const struct often_key *k, struct bytes digest, const ECDSA_SIG *sig,
    BN_CTX *ctx, bool *ok)
{
	const BIGNUM *order = EC_GROUP_get0_order(k->curve);
	const BIGNUM *r = ECDSA_SIG_get0_r(sig);
	if (!in_range(r, order) || !in_range(ECDSA_SIG_get0_s(sig), order))
		return NULL;
	BIGNUM *u1 = BN_CTX_get(ctx);
	BIGNUM *u2 = BN_CTX_get(ctx);
	BIGNUM *x = BN_CTX_get(ctx);
	if (x == NULL)
		return err_ossl(ERR_NOMEM, "BN_CTX_get");
	TRY(factors(order, sig, digest, u1, u2, ctx));
	TRY(point_x(k, u1, u2, x, ctx));
	*ok = BN_cmp(x, r) == 0;
	return NULL;
}

struct err *
often_verify(
    const struct often_key *k, struct bytes digest, struct bytes sig, bool *ok)
{
	*ok = false;
	ossl_begin();
	if (digest.len < ORDER)
		return err_new(
		    ERR_USAGE, NULL, "a digest of %zu bytes", digest.len);
	CLEANUP(ECDSA_SIG_freep) ECDSA_SIG *s = NULL;
	TRY(read_signature(sig, &s));
	if (s == NULL)
		return NULL;
	CLEANUP(BN_CTX_freep) BN_CTX *ctx = BN_CTX_new();
	if (ctx == NULL)
		return err_ossl(ERR_NOMEM, "BN_CTX_new");
	BN_CTX_start(ctx);
	struct err *e = verify(k, digest, s, ctx, ok);
	BN_CTX_end(ctx);
	return e;
}

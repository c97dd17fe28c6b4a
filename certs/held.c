/*
 * Signatures of certificates, lists and OCSP answers that this process has
 * found to hold lately.  An elliptic curve takes a tenth of a millisecond for
 * each, and the same few come with every document: the signer's certificate,
 * the time-stamp authority's, their issuers', the newest list.
 *
 * What is kept is compared whole: key, algorithm, digest and value.  Only what
 * holds is kept, so a stranger can but push out what others asked before.
 * Values over documents are never kept.
 */
#include "certs/signed.h"

#include "certs/ossl.h"

#include <pthread.h>
#include <string.h>

#define HELD_SLOTS 256     /* a power of two */
#define HELD_VALUE_MAX 512 /* bytes: RSA 4096 */

struct held {
	EVP_PKEY *key; /* owned; NULL: an empty slot */
	struct sig_alg alg;
	size_t digest_len, value_len; /* bytes */
	uint8_t digest[DIGEST_MAX];
	uint8_t value[HELD_VALUE_MAX];
};

static struct held held[HELD_SLOTS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* By the value's end.  Who makes two that meet gains nothing. */
static struct held *
slot_of(struct bytes value)
{
	uint32_t h = 2166136261u; /* FNV-1a */
	size_t from = value.len > 32 ? value.len - 32 : 0;
	for (size_t i = from; i < value.len; i++)
		h = (h ^ value.ptr[i]) * 16777619u;
	return &held[(h ^ h >> 16) % HELD_SLOTS];
}

/* A key for RSA-PSS may say with which parameters, and EVP_PKEY_eq does not
 * look at them. */
static bool
may_be_kept(const EVP_PKEY *key, struct bytes value)
{
	return value.len > 0 && value.len <= HELD_VALUE_MAX &&
	       EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA_PSS;
}

static bool
same_alg(const struct sig_alg *a, const struct sig_alg *b)
{
	return a->form == b->form && a->digest == b->digest &&
	       a->mgf1 == b->mgf1 && a->salt_len == b->salt_len;
}

static bool
look_up(
    EVP_PKEY *key, struct sig_alg alg, struct bytes digest, struct bytes value)
{
	pthread_mutex_lock(&lock);
	const struct held *h = slot_of(value);
	bool found = h->key != NULL &&
		     bytes_eq(bytes_of(h->value, h->value_len), value) &&
		     bytes_eq(bytes_of(h->digest, h->digest_len), digest) &&
		     same_alg(&h->alg, &alg) &&
		     (h->key == key || EVP_PKEY_eq(h->key, key) == 1);
	pthread_mutex_unlock(&lock);
	return found;
}

static void
keep(EVP_PKEY *key, struct sig_alg alg, struct bytes digest, struct bytes value)
{
	if (EVP_PKEY_up_ref(key) != 1)
		return;
	pthread_mutex_lock(&lock);
	struct held *h = slot_of(value);
	EVP_PKEY *old = h->key;
	*h = (struct held){ .key = key,
		.alg = alg,
		.digest_len = digest.len,
		.value_len = value.len };
	memcpy(h->digest, digest.ptr, digest.len);
	memcpy(h->value, value.ptr, value.len);
	pthread_mutex_unlock(&lock);
	EVP_PKEY_free(old);
}

struct err *
signed_check_digest(EVP_PKEY *key, struct sig_alg alg, struct bytes digest,
    struct bytes signature, bool *ok)
{
	bool kept = may_be_kept(key, signature) && digest.len > 0 &&
		    digest.len <= DIGEST_MAX;
	if (kept && look_up(key, alg, digest, signature)) {
		*ok = true;
		return NULL;
	}
	TRY(key_verify_digest(key, alg, digest, signature, ok));
	if (kept && *ok)
		keep(key, alg, digest, signature);
	return NULL;
}

struct err *
signed_check(EVP_PKEY *key, struct bytes tbs, struct sig_alg alg,
    struct bytes signature, bool *ok)
{
	uint8_t digest[DIGEST_MAX];
	if (alg.form == SIG_EDDSA || alg.form == SIG_ED448)
		return key_verify(key, alg, tbs, signature, ok);
	TRY(digest_of(alg.digest, tbs, digest));
	return signed_check_digest(
	    key, alg, bytes_of(digest, digest_len(alg.digest)), signature, ok);
}

/* RFC 3161 time-stamp tokens, as found in signatures, and what carries them. */
#ifndef SIGND_CMS_TSP_H
#define SIGND_CMS_TSP_H

#include "cms/cms.h"

struct tst;

/* tst_parse reads a TimeStampToken (not a TimeStampResp).  ERR_MALFORMED,
 * ERR_UNSUPPORTED: SignedData with something else in it.  RFC 3161 2.4.2. */
struct err *tst_parse(struct bytes token, struct tst **out) MUST_USE;
void tst_free(struct tst *t);
DEFINE_FREEP(tst_free, struct tst)
enum digest_alg tst_imprint_alg(const struct tst *t);
struct bytes tst_imprint(const struct tst *t);
int64_t tst_time(const struct tst *t); /* genTime, seconds */
/* serialNumber: the INTEGER's value without leading zeros. */
struct bytes tst_serial(const struct tst *t);
/* The nonce; the INTEGER's value without leading zeros; empty: there is none.
 */
struct bytes tst_nonce(const struct tst *t);
/* The token as what it is. */
const struct cms *tst_cms(const struct tst *t);
/* The certificates that came with the token. */
const struct cert_list *tst_certs(const struct tst *t);

/* tst_check says in *out whether the imprint is `digest`, and whether the
 * token's own signature holds (RFC 3161 2.4.2, ESS certificate bound); the
 * TSA's certificate is looked for in the token and in `extra`.  The certs of
 * the token are added to `pool` (may be NULL).  out->tsa is a reference that
 * the caller frees, NULL if it was not found. */
struct err *tst_check(const struct tst *t, struct bytes digest,
    const struct cert_list *extra, struct cert_list *pool,
    struct timestamp_fact *out) MUST_USE;

/* tsr_token finds the token in a TimeStampResp (RFC 3161 2.4.2); it borrows.
 * ERR_REMOTE: the answer is a refusal. */
struct err *tsr_token(struct bytes response, struct bytes *out) MUST_USE;

/* A TimeStampReq (RFC 3161 2.4.1); everything borrows. */
struct tsq {
	enum digest_alg alg;  /* DIGEST_NONE: unknown to us */
	struct bytes imprint; /* as long as the hash is */
	struct bytes policy;  /* reqPolicy: the OID's value; empty: none */
	struct bytes nonce;   /* as tst_nonce */
	bool nonce_negative;  /* no answer of ours has such a nonce */
	bool wants_cert;      /* certReq */
	bool extended;        /* it has extensions; none is known here */
};
struct err *tsq_parse(struct bytes request, struct tsq *out) MUST_USE;
/* tsq_make writes a request; the nonce is a number of any length (random by
 * the caller), empty: none. */
struct err *tsq_make(const struct tsq *q, struct buf *out) MUST_USE;
/* tsq_answered: whether imprint and nonce of the token are those asked for. */
bool tsq_answered(const struct tsq *q, const struct tst *t);

#endif

/*
 * Making time-stamp tokens and their answers (RFC 3161), for a TSA of our own.
 * What a token says is built here from fields; nothing that somebody else
 * encoded is signed.
 */
#ifndef SIGND_CMS_TSP_MAKE_H
#define SIGND_CMS_TSP_MAKE_H

#include "certs/cert.h"
#include "certs/signer.h"

#define TST_MAX (64 * 1024) /* bytes of one token with its certificates */
#define TST_SERIAL_MAX 20   /* bytes: 160 bits, RFC 3161 2.4.2 */
#define TST_NONCE_MAX 64    /* bytes; clients send 8 */

struct tst_fields {
	struct cert *tsa;
	const struct cert_list *chain; /* goes along, but for anchors; may be
					* NULL */
	bool with_certs;               /* certReq: whether they go along */
	struct sig_alg alg;
	enum digest_alg imprint_alg; /* 256 bits and more */
	struct bytes imprint;
	struct bytes nonce;  /* value of the INTEGER, positive; empty: none */
	const char *policy;  /* dotted */
	struct bytes serial; /* positive, never used before */
	int64_t time;        /* genTime, seconds */
	int accuracy_s;      /* seconds, 1 and more */
};

/*
 * tst_make appends a TimeStampToken whose value verifies under `tsa`.
 * ERR_UNSUPPORTED code "tsa-digest": the imprint's digest; ERR_USAGE: a field
 * that cannot be; ERR_DENIED: the signer's value is wrong.
 * RFC 3161 2.4.2, RFC 5816 (signing-certificate-v2), EN 319 422.
 */
struct err *tst_make(const struct tst_fields *f, const struct signer *signer,
    struct buf *out) MUST_USE;

/*
 * Its steps, for who signs several at once: tst_draft makes what is signed,
 * tst_sign asks the signer for its value, tst_finish verifies that and appends
 * the token.  The fields stay the caller's and the same.
 */
struct tst_draft {
	struct buf info;       /* TSTInfo */
	struct buf attributes; /* signed attributes around it */
	struct buf value;
};
struct err *tst_draft(
    const struct tst_fields *f, struct tst_draft *out) MUST_USE;
struct err *tst_sign(const struct tst_fields *f, const struct signer *signer,
    struct tst_draft *d) MUST_USE;
struct err *tst_finish(const struct tst_fields *f, const struct tst_draft *d,
    struct buf *out) MUST_USE;
void tst_draft_done(struct tst_draft *d);

/* PKIFailureInfo, RFC 3161 2.4.2; numbers are bits. */
enum tsr_failure {
	TSR_BAD_ALG = 0,
	TSR_BAD_REQUEST = 2,
	TSR_BAD_DATA_FORMAT = 5,
	TSR_TIME_NOT_AVAILABLE = 14,
	TSR_UNACCEPTED_POLICY = 15,
	TSR_UNACCEPTED_EXTENSION = 16,
	TSR_SYSTEM_FAILURE = 25,
};

/* Both append a TimeStampResp; `why` is one English line. */
struct err *tsr_granted(struct bytes token, struct buf *out) MUST_USE;
struct err *tsr_refused(
    enum tsr_failure failure, const char *why, struct buf *out) MUST_USE;

#endif

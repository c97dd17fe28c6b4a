/*
 * One question, one word: may this certificate path, CRL or OCSP answer be
 * relied on?  For `signctl cert|crl|ocsp verify` and for conformance runs;
 * the service itself uses path.h, crl.h and ocsp.h.  All files are in memory.
 */
#ifndef SIGND_CERTS_JUDGE_H
#define SIGND_CERTS_JUDGE_H

#include "certs/crl.h"
#include "certs/path.h"

enum judge_word {
	JUDGE_VALID,
	JUDGE_INVALID,
	JUDGE_INDETERMINATE,
	JUDGE_PARSE_ERROR,
};

struct judgement {
	enum judge_word word;
	struct path path;            /* of judge_cert; else empty */
	struct status_answer status; /* of judge_crl, judge_ocsp */
	char detail[256];            /* one English line */
};

/* Files as they are: PEM with several blocks, DER, or PKCS#7. */
struct judge_files {
	const struct bytes *v;
	size_t n;
};

struct judge_input {
	struct bytes subject;       /* certificate (the first in the file is
				     * judged), CRL, or OCSP answer */
	struct judge_files anchors; /* trusted */
	struct judge_files pool;    /* untrusted: issuers, responders */
	struct judge_files crls;    /* judge_cert; judge_ocsp: about the */
	struct judge_files ocsps;   /* responder */
	struct bytes about;         /* judge_crl, judge_ocsp: the certificate
				     * asked about; none: signature only */
	int64_t max_age_s;          /* judge_crl, judge_ocsp; 0: no bound */
	struct bytes nonce;         /* judge_ocsp: as in ocsp_question */
	bool responders_unchecked;  /* judge_ocsp: a responder's status does not
				     * matter */
	/* Purpose, policies, time, status ...; leaf, pool, anchors and
	 * status_data are filled in from the files. */
	struct path_request path;
};

/*
 * judge_cert: whether a path is good.  judge_crl and judge_ocsp: valid: not
 * revoked (or, with nothing asked, properly signed); invalid: revoked, or the
 * signature is wrong where nothing was asked; indeterminate: it may not be
 * used.  The issuer is the certificate among anchors and pool that fits and
 * has itself a path to an anchor.
 *
 * Errors: of memory; ERR_MALFORMED, ERR_UNSUPPORTED, ERR_LIMIT: an anchor or
 * pool file cannot be read.  *out is ended with judgement_done().
 */
struct err *judge_cert(
    const struct judge_input *in, struct judgement *out) MUST_USE;
struct err *judge_crl(
    const struct judge_input *in, struct judgement *out) MUST_USE;
struct err *judge_ocsp(
    const struct judge_input *in, struct judgement *out) MUST_USE;
void judgement_done(struct judgement *j);

const char *judge_word_name(enum judge_word w); /* "valid", "parse-error" */

/*
 * pem_or_der appends the bytes of the first PEM block called `name` (as in
 * "X509 CRL"), or of any name where `name` is NULL, or `file` itself where it
 * is no PEM.  ERR_MALFORMED: no such block.
 */
struct err *pem_or_der(
    struct bytes file, const char *name, struct buf *out) MUST_USE;

#endif

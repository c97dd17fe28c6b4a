/* RFC 3161 time-stamp tokens, as found in signatures. */
#ifndef SIGND_CMS_TSP_H
#define SIGND_CMS_TSP_H

#include "cms/cms.h"

struct tst;

/* tst_parse reads a TimeStampToken (not a TimeStampResp). */
struct err *tst_parse(struct bytes token, struct tst **out) MUST_USE;
void tst_free(struct tst *t);
DEFINE_FREEP(tst_free, struct tst)
enum digest_alg tst_imprint_alg(const struct tst *t);
int64_t tst_time(const struct tst *t); /* genTime, seconds */

/* tst_check says in *out whether the imprint is `digest`, and whether the
 * token's own signature holds (RFC 3161 2.4.2, ESS certificate bound); the
 * TSA's certificate is looked for in the token and in `extra`.  The certs of
 * the token are added to `pool` (may be NULL). */
struct err *tst_check(const struct tst *t, struct bytes digest,
    const struct cert_list *extra, struct cert_list *pool,
    struct timestamp_fact *out) MUST_USE;

#endif

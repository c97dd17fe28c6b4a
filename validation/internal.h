/* What the files of validation/ share.  Not for other rooms. */
#ifndef SIGND_VALIDATION_INTERNAL_H
#define SIGND_VALIDATION_INTERNAL_H

#include "validation/validation.h"

/* All that signatures are judged with. */
struct judging {
	const struct validation_request *r;
	const struct status_data *status; /* from the facts and from outside */
	size_t nstatus;
	struct cert_list pool; /* owned: the document's and those given */
};

/* decide sets the verdict, and says that it is decided. */
bool decide(struct signature_verdict *v, enum indication indication,
    enum sub_indication sub, const char *code);

/* judge_time fills best_time out of the time stamps that hold and, where the
 * policy looks at trust, come from a trusted authority. */
struct err *judge_time(
    const struct judging *j, struct signature_verdict *v) MUST_USE;
/* judge_path fills path and domain; *decided if it is not good enough. */
struct err *judge_path(const struct judging *j, struct signature_verdict *v,
    bool *decided) MUST_USE;
/* weak_reason tells why the algorithms are not strong enough; NULL: they are.
 * Static storage. */
const char *weak_reason(const struct signature_fact *f);

#endif

/* Any bytes as a policy file: one that is read answers for every algorithm, and
 * has a source for each rule. */
#include "validation/policy.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
ask_all(const struct policy *p)
{
	for (int d = DIGEST_NONE; d < DIGEST_COUNT; d++)
		(void)policy_digest_until(p, (enum digest_alg)d);
	for (int f = SIG_NONE; f <= SIG_ED448; f++) {
		(void)policy_form_until(p, (enum sig_form)f);
		(void)policy_form_note(p, (enum sig_form)f);
	}
	(void)policy_key_until(p, KEY_RSA, 2048);
	(void)policy_trusts(p, "city");
	for (int r = 0; r < RULE_COUNT; r++)
		if (p->cite[r] == NULL)
			abort();
	if (p->name == NULL || p->sentence[0] == NULL ||
	    p->sentence[1] == NULL || p->passed == NULL ||
	    p->ndigests > POLICY_ROWS_MAX || p->nkeys > POLICY_ROWS_MAX ||
	    p->nforms > POLICY_ROWS_MAX)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(policy_freep) struct policy *p = NULL;
	struct err *e = policy_parse(bytes_of(data, size), &p);
	if ((e == NULL) != (p != NULL))
		abort();
	if (p != NULL)
		ask_all(p);
	err_free(e);
	return 0;
}

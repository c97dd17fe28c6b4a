#include "validation/policy.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "validation/validation.h"

#define POLICIES_MAX 32 /* built in */

void
policy_free(struct policy *p)
{
	if (p == NULL || atomic_fetch_sub(&p->refs, 1) > 1)
		return;
	for (size_t i = 0; p->domains != NULL && i < p->ndomains; i++)
		free(p->domains[i]);
	for (size_t i = 0; i < RULE_COUNT; i++)
		free(p->cite[i]);
	for (size_t i = 0; p->known != NULL && i < p->nknown; i++)
		free(p->known[i].id);
	free(p->known);
	for (size_t i = 0;
	     p->certificate_policies != NULL && i < p->ncertificate_policies;
	     i++)
		free(p->certificate_policies[i]);
	free(p->certificate_policies);
	free(p->domains);
	free(p->digests);
	free(p->keys);
	free(p->forms);
	free(p->name);
	free(p->sentence[0]);
	free(p->sentence[1]);
	free(p);
}

/* Each document is judged under one of few, and to read one takes as long as a
 * signature. */
static struct policy *loaded[POLICIES_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct err *
load_once(size_t i)
{
	struct bytes json = bytes_of(policy_texts[i].json, policy_texts[i].len);
	return loaded[i] != NULL ? NULL : policy_parse(json, &loaded[i]);
}

static struct err *
load(size_t i, struct policy **out)
{
	if (i >= POLICIES_MAX)
		return err_new(
		    ERR_INTERNAL, NULL, "over %d policies", POLICIES_MAX);
	pthread_mutex_lock(&lock);
	struct err *e = load_once(i);
	if (e == NULL) {
		atomic_fetch_add(&loaded[i]->refs, 1);
		*out = loaded[i];
	}
	pthread_mutex_unlock(&lock);
	return e;
}

struct err *
policy_load(const char *name, struct policy **out)
{
	for (size_t i = 0; name != NULL && i < policy_texts_count; i++)
		if (strcmp(policy_texts[i].name, name) == 0)
			return load(i, out);
	return err_coded(
	    err_new(ERR_USAGE, NULL, "no such policy"), "policy-unknown");
}

int64_t
policy_digest_until(const struct policy *p, enum digest_alg alg)
{
	for (size_t i = 0; i < p->ndigests; i++)
		if (p->digests[i].alg == alg)
			return p->digests[i].until;
	return TIME_NONE;
}

/* The strongest row that the key reaches. */
int64_t
policy_key_until(const struct policy *p, enum key_alg type, int bits)
{
	const struct key_row *best = NULL;
	for (size_t i = 0; i < p->nkeys; i++) {
		const struct key_row *r = &p->keys[i];
		if (r->type == type && r->bits <= bits &&
		    (best == NULL || r->bits > best->bits))
			best = r;
	}
	return best == NULL ? TIME_NONE : best->until;
}

int64_t
policy_form_until(const struct policy *p, enum sig_form form)
{
	for (size_t i = 0; i < p->nforms; i++)
		if (p->forms[i].form == form)
			return p->forms[i].until;
	return TIME_NONE;
}

const char *
policy_form_note(const struct policy *p, enum sig_form form)
{
	for (size_t i = 0; i < p->nforms; i++)
		if (p->forms[i].form == form)
			return p->forms[i].note;
	return NULL;
}

bool
policy_trusts(const struct policy *p, const char *domain)
{
	for (size_t i = 0; i < p->ndomains; i++)
		if (strcmp(p->domains[i], domain) == 0)
			return true;
	return p->domains == NULL;
}

enum result
result_of(const struct policy *p, enum indication i)
{
	if (i == TOTAL_FAILED)
		return RESULT_INVALID;
	if (i == TOTAL_PASSED && p->check_path && p->status != STATUS_IGNORE)
		return RESULT_VALID;
	return RESULT_INDETERMINATE;
}

struct err *
policy_own(struct bytes json, struct policy **out)
{
	CLEANUP(policy_freep) struct policy *p = NULL;
	TRY(policy_parse(json, &p));
	for (size_t i = 0; i < policy_texts_count; i++) {
		const struct policy_text *t = &policy_texts[i];
		if (strcmp(t->name, p->name) == 0 &&
		    !bytes_eq(json, bytes_of(t->json, t->len)))
			return err_coded(
			    err_new(ERR_MALFORMED, NULL,
				"policy: %s is the name of another one", t->name),
			    "policy-malformed");
	}
	*out = TAKE(p);
	return NULL;
}

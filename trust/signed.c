/* The signature around a trust list. */
#include "trust/list.h"

#include <string.h>

#include "cms/cms.h"
#include "trust/holds.h"

struct err *
trust_unsigned(const char *why)
{
	return err_coded(err_new(ERR_DENIED, NULL, "trust list: %s", why),
	    "trust-list-unsigned");
}

bool
trust_is_pinned(const struct cert *c, const struct cert_list *pinned)
{
	for (size_t i = 0; c != NULL && i < pinned->n; i++)
		if (cert_eq(c, pinned->v[i]))
			return true;
	return false;
}

static bool
is_strong(enum digest_alg d)
{
	return d == DIGEST_SHA256 || d == DIGEST_SHA384 || d == DIGEST_SHA512;
}

bool
trust_fact_holds(const struct signature_fact *f)
{
	bool good = f->signature == CHECK_PASSED && f->nreferences > 0 &&
		    f->cert_binding != CHECK_FAILED && is_strong(f->alg.digest);
	for (size_t i = 0; i < f->nreferences; i++)
		good = good && f->references[i].digest == CHECK_PASSED &&
		       is_strong(f->references[i].alg);
	for (size_t i = 0; i < f->findings.n; i++)
		good = good && !f->findings.v[i].fatal;
	return good;
}

static struct err *
check_signer(const struct cms *c, const struct cert_list *pinned,
    struct signature_fact *fact)
{
	uint8_t digest[DIGEST_MAX];
	if (cms_signers(c) != 1 || cms_content(c).ptr == NULL)
		return trust_unsigned("it wants one signer, and the list inside");
	enum digest_alg alg = cms_signer_digest(c, 0);
	TRY(digest_of(alg, cms_content(c), digest));
	TRY(cms_collect_signer(c, 0, bytes_of(digest, digest_len(alg)), pinned,
	    "trust list", fact));
	if (!trust_fact_holds(fact))
		return trust_unsigned("its signature does not hold");
	if (!trust_is_pinned(fact->cert, pinned))
		return trust_unsigned("somebody signed it whom the settings do not pin");
	return NULL;
}

static struct err *
check(const struct cms *c, const struct cert_list *pinned,
    struct trust_list **out)
{
	CLEANUP(trust_list_freep) struct trust_list *l = NULL;
	CLEANUP(signature_fact_done) struct signature_fact fact = {
		.claimed_time = TIME_NONE
	};
	TRY(check_signer(c, pinned, &fact));
	TRY(trust_list_parse(cms_content(c), &l));
	if (l->issued < cert_not_before(fact.cert) ||
	    l->issued > cert_not_after(fact.cert))
		return trust_unsigned("its signer was not in force when it was issued");
	*out = TAKE(l);
	return NULL;
}

struct err *
trust_list_open(struct bytes signed_list, const struct cert_list *pinned,
    struct trust_list **out)
{
	CLEANUP(cms_freep) struct cms *c = NULL;
	if (signed_list.len > TRUST_LIST_MAX)
		return trust_unsigned("it is too large");
	struct err *e = cms_parse(signed_list, &c);
	if (e != NULL)
		return err_coded(e, "trust-list-unsigned");
	return check(c, pinned, out);
}

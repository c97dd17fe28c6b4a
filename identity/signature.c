#include "identity/signature.h"

bool
chip_digest_allowed(enum digest_alg alg)
{
	return alg == DIGEST_SHA1 || alg == DIGEST_SHA224 ||
	       alg == DIGEST_SHA256 || alg == DIGEST_SHA384 ||
	       alg == DIGEST_SHA512;
}

static bool
is_allowed(struct sig_alg alg)
{
	if (!chip_digest_allowed(alg.digest))
		return false;
	return alg.form == SIG_RSA_PKCS1 || alg.form == SIG_ECDSA ||
	       alg.form == SIG_DSA ||
	       (alg.form == SIG_RSA_PSS && chip_digest_allowed(alg.mgf1));
}

/* All that has to hold, in one word. */
static enum check
sum_up(const struct signature_fact *fact)
{
	enum check content = fact->nreferences == 1 ? fact->references[0].digest
						    : CHECK_NOT_DONE;
	for (size_t i = 0; i < fact->findings.n; i++)
		if (fact->findings.v[i].fatal)
			return CHECK_FAILED;
	if (fact->signature == CHECK_FAILED || content == CHECK_FAILED ||
	    fact->cert_binding == CHECK_FAILED)
		return CHECK_FAILED;
	return content == CHECK_PASSED ? fact->signature : CHECK_NOT_DONE;
}

static struct err *
judge(const struct cms *c, const struct cert_list *extra,
    struct signature_fact *fact, struct chip_signature *out)
{
	uint8_t hash[DIGEST_MAX];
	enum digest_alg alg = cms_signer_digest(c, 0);
	struct bytes digest = BYTES_NONE;
	if (chip_digest_allowed(alg)) {
		TRY(digest_of(alg, cms_content(c), hash));
		digest = bytes_of(hash, digest_len(alg));
	}
	TRY(cms_collect_signer(c, 0, digest, extra, "content", fact));
	out->value = sum_up(fact);
	if (out->value != CHECK_PASSED || is_allowed(fact->alg))
		return NULL;
	out->value = CHECK_NOT_DONE;
	return findings_add(&fact->findings, false,
	    "signature-algorithm-unknown", "not one of ICAO 9303-12 4.4");
}

struct err *
chip_signature_check(const struct cms *c, const struct cert_list *extra,
    struct chip_signature *out)
{
	struct chip_signature s = { .value = CHECK_NOT_DONE };
	struct signature_fact fact = { .claimed_time = TIME_NONE };
	struct err *e = judge(c, extra, &fact, &s);
	if (e == NULL) {
		s.signer = TAKE(fact.cert);
		s.alg = fact.alg;
		s.findings = fact.findings;
		fact.findings = (struct findings){ 0 };
		*out = s;
	}
	signature_fact_done(&fact);
	return e;
}

void
chip_signature_done(struct chip_signature *s)
{
	cert_free(s->signer);
	findings_done(&s->findings);
	*s = (struct chip_signature){ 0 };
}

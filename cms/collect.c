#include "cms/internal.h"
#include "cms/tsp.h"

/* One token on the signature value (RFC 3161 appendix A). */
static struct err *
add_timestamp(const struct signer_info *s, struct bytes token,
    const struct cert_list *extra, struct signature_fact *fact)
{
	CLEANUP(tst_freep) struct tst *t = NULL;
	TRY(tst_parse(token, &t));
	uint8_t hash[DIGEST_MAX];
	struct bytes digest = BYTES_NONE;
	enum digest_alg alg = tst_imprint_alg(t);
	if (alg != DIGEST_NONE) {
		TRY(digest_of(alg, buf_bytes(&s->signature), hash));
		digest = bytes_of(hash, digest_len(alg));
	}
	struct timestamp_fact stamp = { 0 };
	struct err *e = tst_check(t, digest, extra, &fact->certs, &stamp);
	if (e == NULL)
		e = signature_add_timestamp(fact, stamp);
	if (e == NULL &&
	    (stamp.digest != CHECK_PASSED || stamp.signature != CHECK_PASSED))
		e = findings_add(&fact->findings, false, "timestamp-wrong",
		    "a time stamp on the signature does not hold");
	cert_free(stamp.tsa);
	return e;
}

static struct err *
add_timestamps(const struct signer_info *s, struct attribute a,
    const struct cert_list *extra, struct signature_fact *fact)
{
	for (struct bytes rest = a.values; rest.len > 0;) {
		struct tlv t;
		TRY(ber_next(&rest, &t));
		if (fact->ntimestamps == CMS_TIMESTAMPS_MAX)
			return err_new(ERR_LIMIT, NULL, "over %d time stamps",
			    CMS_TIMESTAMPS_MAX);
		struct err *e = add_timestamp(s, t.whole, extra, fact);
		if (e == NULL || err_kind(e) == ERR_NOMEM)
			TRY(e);
		else {
			struct err *e2 = findings_add(&fact->findings, false,
			    "timestamp-wrong", "%s", err_text(e));
			err_free(e);
			TRY(e2);
		}
	}
	return NULL;
}

/* What is attached to the signature without being signed. */
struct attached {
	bool revocation;
	bool archive;
};

static struct err *
walk_unsigned(const struct signer_info *s, const struct cert_list *extra,
    struct signature_fact *fact, struct attached *out)
{
	size_t n = 0;
	for (struct bytes rest = s->unsigned_body; rest.len > 0; n++) {
		struct attribute a;
		TRY(attribute_next(&rest, &a));
		if (n == CMS_ATTRIBUTES_MAX)
			return err_new(ERR_LIMIT, NULL, "over %d attributes",
			    CMS_ATTRIBUTES_MAX);
		if (bytes_eq(a.oid, OID_SIGNATURE_TIME_STAMP))
			TRY(add_timestamps(s, a, extra, fact));
		if (bytes_eq(a.oid, OID_COUNTER_SIGNATURE))
			TRY(findings_add(&fact->findings, false,
			    "cms-counter-signature",
			    "a counter-signature is not judged"));
		if (bytes_eq(a.oid, OID_REVOCATION_VALUES))
			out->revocation = true;
		if (bytes_eq(a.oid, OID_ARCHIVE_TIME_STAMP_V3))
			out->archive = true;
	}
	return NULL;
}

static enum level_fact
level_of(const struct cms *c, const struct signature_fact *f,
    const struct attached *x)
{
	if (f->cert_binding == CHECK_NOT_DONE)
		return FACT_LEVEL_NONE;
	bool stamped = false;
	for (size_t i = 0; i < f->ntimestamps; i++)
		stamped =
		    stamped || (f->timestamps[i].digest == CHECK_PASSED &&
				   f->timestamps[i].signature == CHECK_PASSED);
	if (!stamped)
		return FACT_LEVEL_B;
	if (x->archive)
		return FACT_LEVEL_LTA;
	return x->revocation || c->crls.len > 0 ? FACT_LEVEL_LT : FACT_LEVEL_T;
}

static struct err *
add_certs(struct signature_fact *fact, const struct cert_list *from)
{
	for (size_t i = 0; from != NULL && i < from->n; i++)
		TRY(cert_list_add(&fact->certs, from->v[i]));
	return NULL;
}

static struct err *
fill(const struct cms *c, const struct signer_info *s,
    const struct signer_result *r, struct bytes content_digest, const char *uri,
    struct signature_fact *fact)
{
	if (r->cert != NULL && fact->cert == NULL)
		fact->cert = cert_ref(r->cert);
	fact->alg = r->alg;
	fact->signature = r->signature;
	fact->cert_binding = r->binding;
	fact->claimed_time = r->signing_time;
	TRY(add_certs(fact, &c->certs));
	if (content_digest.len == 0)
		TRY(findings_add(&fact->findings, false,
		    s->digest == DIGEST_NONE ? "digest-algorithm-unknown"
					     : "content-missing",
		    "no digest of the content"));
	if (c->unread_certs > 0)
		TRY(findings_add(&fact->findings, false,
		    "cms-certificate-unreadable",
		    "%zu certificates could not be read", c->unread_certs));
	return signature_add_reference(
	    fact, uri, s->digest, r->digest, NULL, true);
}

struct err *
cms_collect_signer(const struct cms *c, size_t signer,
    struct bytes content_digest, const struct cert_list *extra, const char *uri,
    struct signature_fact *fact)
{
	if (signer >= c->nsigners)
		return err_new(
		    ERR_USAGE, NULL, "there is no signer %zu", signer);
	const struct signer_info *s = &c->signers[signer];
	struct signer_result r;
	TRY(signer_judge(c, s, content_digest, extra, &fact->findings, &r));
	struct err *e = fill(c, s, &r, content_digest, uri, fact);
	cert_free(r.cert);
	TRY(e);
	struct attached attached = { 0 };
	e = walk_unsigned(s, extra, fact, &attached);
	if (e != NULL && err_kind(e) != ERR_NOMEM) {
		/* Not signed, so it takes nothing away from what is. */
		struct err *e2 = findings_add(&fact->findings, false,
		    "cms-unsigned-broken", "%s", err_text(e));
		err_free(e);
		e = e2;
	}
	TRY(e);
	fact->level = level_of(c, fact, &attached);
	return NULL;
}

#include "cms/stamps.h"

#include <stdio.h>

/* What is attached to the signature without being signed. */
struct attached {
	bool revocation;
};

/* Certificates in certificate-values (EN 319 122-1 A.1.1.2). */
static struct err *
add_values(struct attribute a, struct cert_list *pool)
{
	struct tlv list;
	TRY(attribute_single(a, &list));
	while (list.body.len > 0) {
		struct tlv t;
		TRY(ber_take(&list.body, BER_SEQUENCE, &t));
		TRY(cert_list_add_der(pool, t.whole));
	}
	return NULL;
}

static struct err *
walk_unsigned(const struct signer_info *s, struct signature_fact *fact,
    struct attached *out)
{
	size_t n = 0;
	for (struct bytes rest = s->unsigned_body; rest.len > 0; n++) {
		struct attribute a;
		TRY(attribute_next(&rest, &a));
		if (n == CMS_ATTRIBUTES_MAX)
			return err_new(ERR_LIMIT, NULL, "over %d attributes",
			    CMS_ATTRIBUTES_MAX);
		if (bytes_eq(a.oid, OID_CERTIFICATE_VALUES))
			TRY(add_values(a, &fact->certs));
		if (bytes_eq(a.oid, OID_REVOCATION_VALUES))
			out->revocation = true;
	}
	return NULL;
}

/* SignaturePolicyId (EN 319 122-1 5.2.9); NULL is the implied one. */
static struct err *
read_policy(struct attribute a, struct policy_fact *out)
{
	struct tlv t, oid, hash, alg, value;
	char id[OID_TEXT_MAX], digest[OID_TEXT_MAX];
	out->named = POLICY_UNREADABLE;
	TRY(attribute_single(a, &t));
	if (t.tag == BER_NULL) {
		out->named = POLICY_IMPLIED;
		return NULL;
	}
	struct bytes rest;
	TRY(ber_only(t.whole, BER_SEQUENCE, &t));
	rest = t.body;
	TRY(ber_take(&rest, BER_OID, &oid));
	TRY(ber_take(&rest, BER_SEQUENCE, &hash));
	rest = hash.body;
	TRY(ber_take(&rest, BER_SEQUENCE, &alg));
	TRY(ber_take(&rest, BER_OCTETS, &value));
	TRY(ber_oid_text(oid.body, id));
	TRY(ber_take(&alg.body, BER_OID, &oid));
	TRY(ber_oid_text(oid.body, digest));
	return policy_fact_set(
	    out, bytes_str(id), digest_by_oid(digest), value.body);
}

static struct err *
find_policy(const struct signer_info *s, struct policy_fact *out)
{
	for (struct bytes rest = s->signed_body; rest.len > 0;) {
		struct attribute a;
		TRY(attribute_next(&rest, &a));
		if (bytes_eq(a.oid, OID_SIGNATURE_POLICY))
			return read_policy(a, out);
	}
	return NULL;
}

/* Attributes that are broken as a whole were told by signer_judge(). */
static struct err *
collect_policy(const struct signer_info *s, struct signature_fact *fact)
{
	struct err *e = find_policy(s, &fact->policy);
	if (e != NULL && err_kind(e) == ERR_NOMEM)
		return e;
	err_free(e);
	if (fact->policy.named == POLICY_NOT_NAMED)
		return NULL;
	return findings_add(&fact->findings, false, "signature-policy", "%s",
	    fact->policy.id == NULL ? "without a name" : fact->policy.id);
}

static enum level_fact
level_of(const struct cms *c, const struct signature_fact *f,
    const struct stamps *stamps, const struct attached *x)
{
	if (f->cert_binding == CHECK_NOT_DONE)
		return FACT_LEVEL_NONE;
	if (!stamps_have(stamps, STAMP_SIGNATURE))
		return FACT_LEVEL_B;
	if (stamps_have(stamps, STAMP_ARCHIVE))
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

/* Not signed, so what is broken here takes nothing away from what is. */
static struct err *
tolerate(struct err *e, struct signature_fact *fact)
{
	if (e == NULL || err_kind(e) == ERR_NOMEM)
		return e;
	struct err *e2 = findings_add(
	    &fact->findings, false, "cms-unsigned-broken", "%s", err_text(e));
	err_free(e);
	return e2;
}

/* The crls that this signer's archive time stamps cover.  Of several signers
 * each has its own order: one CRL may have a place in each. */
static struct err *
place_crls(
    const struct cms *c, const struct stamps *stamps, struct cover *cover)
{
	struct status_place place = { .owner = cover->owner };
	size_t i = 0;
	for (struct bytes rest = c->crls; rest.len > 0 && i < COVER_MAX; i++) {
		struct tlv t;
		TRY(ber_next(&rest, &t));
		TRY(stamps_place_crl(stamps, t.whole, &place.at));
		if (place.at == POSITION_LAST)
			continue;
		TRY(status_of_crl(t, place, &cover->found));
		cover->placed[i] = true;
	}
	return NULL;
}

/* Those of its time stamps and of its own attributes. */
static struct err *
place_values(const struct stamps *stamps, struct cover *cover)
{
	struct status_place place = { .owner = cover->owner };
	for (size_t k = 0; k < stamps->n; k++) {
		const struct stamp *p = &stamps->v[k];
		place.at = POSITION_LAST;
		if (p->kind != STAMP_CONTENT)
			TRY(stamps_place_value(
			    stamps, p->oid, p->value, &place.at));
		TRY(status_of_token(tst_cms(p->t), place, &cover->found));
	}
	for (struct bytes rest = stamps->s->unsigned_body; rest.len > 0;) {
		struct attribute a;
		struct tlv t;
		TRY(attribute_next(&rest, &a));
		if (!bytes_eq(a.oid, OID_REVOCATION_VALUES))
			continue;
		TRY(attribute_single(a, &t));
		TRY(stamps_place_value(stamps, a.oid, t.whole, &place.at));
		TRY(status_of_values(a, place, &cover->found));
	}
	return NULL;
}

/* Where what is inside stands by this signer's archive time stamps.  What is
 * signed along is as old as the signature. */
static struct err *
place_status(
    const struct cms *c, const struct stamps *stamps, struct cover *cover)
{
	TRY(status_of_signed(stamps->s,
	    (struct status_place){ .owner = cover->owner }, &cover->found));
	TRY(place_crls(c, stamps, cover));
	return place_values(stamps, cover);
}

static struct err *
collect_unsigned(const struct cms *c, const struct signer_info *s,
    struct content *content, const struct cert_list *extra,
    struct cover *cover, struct signature_fact *fact)
{
	CLEANUP(stamps_done) struct stamps stamps = { .n = 0 };
	struct attached attached = { 0 };
	TRY(tolerate(
	    stamps_collect(c, s, content, extra, fact, &stamps), fact));
	TRY(tolerate(walk_unsigned(s, fact, &attached), fact));
	TRY(tolerate(refs_collect(c, s, fact), fact));
	if (cover != NULL)
		TRY(tolerate(place_status(c, &stamps, cover), fact));
	fact->level = level_of(c, fact, &stamps, &attached);
	return NULL;
}

struct err *
signer_collect(const struct cms *c, const struct signer_info *s,
    struct content *content, const struct cert_list *extra, const char *uri,
    struct cover *cover, struct signature_fact *fact)
{
	struct bytes digest;
	struct signer_result r;
	TRY(content_digest(content, s->digest, &digest));
	TRY(signer_judge(c, s, digest, extra, &fact->findings, &r));
	struct err *e = fill(c, s, &r, digest, uri, fact);
	cert_free(r.cert);
	TRY(e);
	TRY(collect_policy(s, fact));
	return collect_unsigned(c, s, content, extra, cover, fact);
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
	if (content_digest.len > 0 &&
	    content_digest.len != digest_len(s->digest))
		return err_new(ERR_USAGE, NULL, "a digest of %zu bytes",
		    content_digest.len);
	struct content known = { .there = false };
	content_known(&known, s->digest, content_digest);
	known.only_known = true;
	return signer_collect(c, s, &known, extra, uri, NULL, fact);
}

/* ---- counter-signatures ---- */

static struct err *
collect_counter(const struct cms *c, size_t i, const char *id,
    struct tlv value, const struct cert_list *extra, struct facts *out)
{
	CLEANUP(signer_done) struct signer_info s = { .counter = true };
	struct signature_fact *fact;
	char uri[64];
	TRY(facts_add_signature(out, &fact));
	TRY(fact_string(&fact->id, bytes_str(id)));
	TRY(fact_string(&fact->format, BYTES_LIT("CAdES")));
	fact->covers_all = true;
	snprintf(uri, sizeof(uri), "signature %zu", i + 1);
	TRY(signer_parse(value, &s));
	s.counter = true;
	struct content signed_value =
	    content_of(buf_bytes(&c->signers[i].signature));
	return signer_collect(c, &s, &signed_value, extra, uri, NULL, fact);
}

/* One that is broken is a signature that fails, not a broken file. */
static struct err *
counter_broken(struct err *e, struct facts *out)
{
	if (e == NULL || err_kind(e) == ERR_NOMEM || err_kind(e) == ERR_LIMIT)
		return e;
	struct err *e2 =
	    findings_add(&out->signatures[out->nsignatures - 1].findings, true,
		"cms-attributes-broken", "%s", err_text(e));
	err_free(e);
	return e2;
}

struct err *
counters_collect(const struct cms *c, size_t i, const struct cert_list *extra,
    struct facts *out)
{
	size_t n = 0;
	for (struct bytes rest = c->signers[i].unsigned_body; rest.len > 0;) {
		struct attribute a;
		TRY(attribute_next(&rest, &a));
		if (!bytes_eq(a.oid, OID_COUNTER_SIGNATURE))
			continue;
		while (a.values.len > 0) {
			struct tlv t;
			char id[64];
			TRY(ber_next(&a.values, &t));
			snprintf(id, sizeof(id), "%zu.%zu", i + 1, ++n);
			TRY(counter_broken(
			    collect_counter(c, i, id, t, extra, out), out));
		}
	}
	return NULL;
}

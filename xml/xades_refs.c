/*
 * References to validation data (EN 319 132-1 A.1.1, A.1.2; TS 101 903 7.4):
 * digests of certificates, CRLs and OCSP answers.  Where the data themselves
 * stand in the signature too, each reference must name one of them.  One that
 * does not proves nothing against the signature, for nobody signed it; it is
 * told.
 */
#include "xml/ns.h"
#include "xml/signature.h"

struct refs {
	struct xml_job *job;
	struct signature_fact *fact;
	const struct facts *facts;
	size_t owner;              /* index of the signature */
	bool certs, crls, answers; /* such data is there */
	size_t lost;               /* references that name nothing */
};

static void
look(struct refs *r)
{
	const struct facts *f = r->facts;
	r->certs = r->fact->certs.n > 0;
	for (size_t i = 0; i < f->nstatus_data; i++) {
		if (f->status_at[i].owner != r->owner)
			continue;
		r->answers |= f->status_is_ocsp[i];
		r->crls |= !f->status_is_ocsp[i];
	}
}

/* Whether some certificate that came along has this digest. */
static struct err *
find_cert(struct refs *r, const xmlNode *cert)
{
	const struct cert_list *l = &r->fact->certs;
	bool found = false;
	for (size_t i = 0; i < l->n && !found; i++) {
		TRY(work_spend_bytes(&r->job->work, cert_der(l->v[i]).len));
		TRY(xades_cert_matches(cert, l->v[i], &found));
	}
	r->lost += !found;
	return NULL;
}

/* DigestAlgAndValue of one CRL or answer. */
static struct err *
find_status(struct refs *r, const xmlNode *ref, bool is_ocsp)
{
	CLEANUP(buf_done) struct buf want = BUF(DIGEST_MAX);
	uint8_t digest[DIGEST_MAX];
	const struct facts *f = r->facts;
	const xmlNode *d = xades_child(ref, "DigestAlgAndValue");
	const xmlNode *method = xml_child(d, NS_DS, "DigestMethod");
	const xmlNode *value = xml_child(d, NS_DS, "DigestValue");
	const char *uri = method == NULL ? NULL : xml_attr(method, "Algorithm");
	enum digest_alg alg =
	    uri == NULL ? DIGEST_NONE : digest_by_xml_uri(uri);
	bool found = false;
	if (alg == DIGEST_NONE || value == NULL)
		return NULL; /* an answer may be named without a digest */
	TRY(xml_base64(value, &want));
	for (size_t i = 0; i < f->nstatus_data && !found; i++) {
		struct bytes der = buf_bytes(&f->status_data[i]);
		if (f->status_at[i].owner != r->owner ||
		    f->status_is_ocsp[i] != is_ocsp)
			continue;
		TRY(work_spend_bytes(&r->job->work, der.len));
		TRY(digest_of(alg, der, digest));
		found = bytes_eq(
		    buf_bytes(&want), bytes_of(digest, digest_len(alg)));
	}
	r->lost += !found;
	return NULL;
}

static struct err *
check_one(struct refs *r, const xmlNode *n)
{
	if (r->certs && xades_is(n, "Cert"))
		return find_cert(r, n);
	if (r->crls && xades_is(n, "CRLRef"))
		return find_status(r, n, false);
	if (r->answers && xades_is(n, "OCSPRef"))
		return find_status(r, n, true);
	return NULL;
}

static bool
holds_refs(const xmlNode *property)
{
	return xades_is(property, "CompleteCertificateRefs") ||
	       xades_is(property, "CompleteCertificateRefsV2") ||
	       xades_is(property, "CompleteRevocationRefs");
}

/* Without CertificateValues nobody promised that the chain is there. */
static struct err *
check_property(struct refs *r, xmlNode *property, bool values)
{
	for (xmlNode *n = property; n != NULL; n = xml_walk(n, property)) {
		struct err *problem = NULL;
		if (!values && xades_is(n, "Cert"))
			continue;
		TRY(blame_document(check_one(r, n), &problem));
		if (problem != NULL && err_kind(problem) == ERR_LIMIT)
			return problem;
		r->lost += problem != NULL;
		err_free(problem);
	}
	return NULL;
}

struct err *
xades_collect_refs(struct xml_job *job, const xmlNode *unsigned_properties,
    struct signature_fact *fact, const struct facts *facts)
{
	struct refs r = { .job = job,
		.fact = fact,
		.facts = facts,
		.owner = (size_t)(fact - facts->signatures) };
	bool values =
	    xades_child(unsigned_properties, "CertificateValues") != NULL;
	look(&r);
	for (xmlNode *p = xml_first(unsigned_properties); p != NULL;
	     p = xml_next(p))
		if (holds_refs(p))
			TRY(check_property(&r, p, values));
	return r.lost == 0 ? NULL
			   : findings_add(&fact->findings, false, "xades-refs",
				 "%zu of them", r.lost);
}

#include "xml/signature.h"

#include "xml/ns.h"

#include <string.h>

#define TEXT_MAX 4096 /* bytes of a time, city, reason */

bool
xades_is(const xmlNode *n, const char *name)
{
	static const char *const versions[] = { NS_XADES, NS_XADES141,
		NS_XADES122, NS_XADES111 };
	for (size_t i = 0; i < COUNT_OF(versions); i++)
		if (xml_is(n, versions[i], name))
			return true;
	return false;
}

bool
xades_is_type(const char *type, const char *what)
{
	static const char start[] = "http://uri.etsi.org/01903";
	const char *hash = strrchr(type, '#');
	return strncmp(type, start, sizeof(start) - 1) == 0 && hash != NULL &&
	       strcmp(hash + 1, what) == 0;
}

xmlNode *
xades_child(const xmlNode *n, const char *name)
{
	for (xmlNode *c = xml_first(n); c != NULL; c = xml_next(c))
		if (xades_is(c, name))
			return c;
	return NULL;
}

void
xades_open(struct xml_signature *s)
{
	for (xmlNode *o = xml_first(s->node); o != NULL; o = xml_next(o)) {
		if (!xml_is(o, NS_DS, "Object"))
			continue;
		xmlNode *q = xades_child(o, "QualifyingProperties");
		if (q != NULL && s->qualifying == NULL)
			s->qualifying = q;
	}
}

/* ---- signed properties ---- */

static struct err *
text_of(const xmlNode *n, char **slot)
{
	CLEANUP(buf_done) struct buf b = BUF(TEXT_MAX);
	struct err *problem = NULL;
	if (n == NULL)
		return NULL;
	TRY(blame_document(xml_text(n, &b), &problem));
	err_free(problem);
	return fact_string(slot, buf_bytes(&b));
}

struct err *
xades_cert_matches(const xmlNode *n, const struct cert *cert, bool *out)
{
	CLEANUP(buf_done) struct buf b = BUF(DIGEST_MAX);
	uint8_t digest[DIGEST_MAX];
	const xmlNode *d = xades_child(n, "CertDigest");
	const xmlNode *method = xml_child(d, NS_DS, "DigestMethod");
	const xmlNode *value = xml_child(d, NS_DS, "DigestValue");
	const char *uri = method == NULL ? NULL : xml_attr(method, "Algorithm");
	enum digest_alg alg =
	    uri == NULL ? DIGEST_NONE : digest_by_xml_uri(uri);
	*out = false;
	if (alg == DIGEST_NONE || value == NULL)
		return err_new(ERR_UNSUPPORTED, "XAdES 5.2.2", "CertDigest");
	TRY(xml_base64(value, &b));
	TRY(digest_of(alg, cert_der(cert), digest));
	*out = bytes_eq(buf_bytes(&b), bytes_of(digest, digest_len(alg)));
	return NULL;
}

static const xmlNode *
signing_certificate(const xmlNode *signature_properties)
{
	const xmlNode *n =
	    xades_child(signature_properties, "SigningCertificateV2");
	return n != NULL
		   ? n
		   : xades_child(signature_properties, "SigningCertificate");
}

/* XAdES 5.2.2: whether one of the certificates named is this one. */
static struct err *
names(const xmlNode *attribute, const struct cert *cert, bool *out)
{
	*out = false;
	for (xmlNode *c = xml_first(attribute); c != NULL && !*out;
	     c = xml_next(c)) {
		struct err *problem = NULL;
		TRY(blame_document(xades_cert_matches(c, cert, out), &problem));
		err_free(problem);
	}
	return NULL;
}

struct err *
xades_names(const struct xml_signature *s, const struct cert *c, bool *out)
{
	const xmlNode *sp = xades_child(s->qualifying, "SignedProperties");
	return names(
	    signing_certificate(xades_child(sp, "SignedSignatureProperties")),
	    c, out);
}

static struct err *
bind_cert(const xmlNode *attribute, struct signature_fact *fact)
{
	bool same;
	TRY(names(attribute, fact->cert, &same));
	fact->cert_binding = same ? CHECK_PASSED : CHECK_FAILED;
	return NULL;
}

/* Its name and the digest of its document (EN 319 132-1 5.2.9). */
static struct err *
read_policy(const xmlNode *id, struct policy_fact *out)
{
	CLEANUP(buf_done) struct buf name = BUF(TEXT_MAX);
	CLEANUP(buf_done) struct buf digest = BUF(DIGEST_MAX);
	const xmlNode *hash = xades_child(id, "SigPolicyHash");
	const xmlNode *method = xml_child(hash, NS_DS, "DigestMethod");
	const xmlNode *value = xml_child(hash, NS_DS, "DigestValue");
	const xmlNode *who =
	    xades_child(xades_child(id, "SigPolicyId"), "Identifier");
	const char *uri = method == NULL ? NULL : xml_attr(method, "Algorithm");
	if (who == NULL)
		return err_new(ERR_MALFORMED, "EN 319 132-1 5.2.9", "no name");
	TRY(xml_text(who, &name));
	if (value != NULL)
		TRY(xml_base64(value, &digest));
	return policy_fact_set(out, buf_bytes(&name),
	    uri == NULL ? DIGEST_NONE : digest_by_xml_uri(uri),
	    buf_bytes(&digest));
}

/* Which policy was signed under; nobody here has its document. */
static struct err *
tell_policy(const xmlNode *p, struct signature_fact *fact)
{
	struct err *problem = NULL;
	const xmlNode *id = xades_child(p, "SignaturePolicyIdentifier");
	if (id == NULL)
		return NULL;
	fact->policy.named = POLICY_IMPLIED;
	if (xades_child(id, "SignaturePolicyImplied") == NULL)
		TRY(blame_document(
		    read_policy(
			xades_child(id, "SignaturePolicyId"), &fact->policy),
		    &problem));
	if (problem != NULL)
		fact->policy.named = POLICY_UNREADABLE;
	err_free(problem);
	return findings_add(&fact->findings, false, "signature-policy", "%s",
	    fact->policy.id == NULL ? "without a name" : fact->policy.id);
}

static struct err *
signed_signature_properties(const xmlNode *p, struct signature_fact *fact)
{
	struct err *problem = NULL;
	const xmlNode *time = xades_child(p, "SigningTime");
	if (time != NULL)
		TRY(blame_document(
		    xml_time(time, 0, &fact->claimed_time), &problem));
	err_free(problem);
	const xmlNode *cert = signing_certificate(p);
	if (cert != NULL && fact->cert != NULL)
		TRY(bind_cert(cert, fact));
	const xmlNode *place = xades_child(p, "SignatureProductionPlaceV2");
	if (place == NULL)
		place = xades_child(p, "SignatureProductionPlace");
	TRY(tell_policy(p, fact));
	return text_of(xades_child(place, "City"), &fact->location);
}

static struct err *
signed_data_properties(const xmlNode *p, struct signature_fact *fact)
{
	const xmlNode *c = xades_child(p, "CommitmentTypeIndication");
	const xmlNode *id = xades_child(c, "CommitmentTypeId");
	return text_of(xades_child(id, "Description"), &fact->reason);
}

/* ---- all together ---- */

/* EN 319 132-1 4.3.2: the properties say whose they are.  Where they do not,
 * they are those of the signature that they stand in. */
static bool
target_is_right(const struct xml_signature *s)
{
	const char *target = xml_attr(s->qualifying, "Target");
	const char *id = xml_attr(s->node, "Id");
	if (target == NULL || *target == '\0')
		return true;
	/* Old ones forget the "#". */
	return id != NULL && strcmp(target + (*target == '#'), id) == 0;
}

/* One that names nothing at all takes nothing from whose they are: they stand
 * in this signature, and it signs them.  Makers differ in upper and lower
 * case. */
static struct err *
tell_target(
    struct xml_job *job, const struct xml_signature *s, struct findings *out)
{
	const char *target = xml_attr(s->qualifying, "Target");
	struct err *problem = NULL;
	xmlNode *other;
	TRY(blame_document(
	    xml_doc_by_id(job->doc, target + (*target == '#'), &other),
	    &problem));
	bool nobody = problem != NULL && err_kind(problem) == ERR_MISSING;
	err_free(problem);
	return nobody ? findings_add(out, false, "xades-target-missing",
			    "the properties name a signature that is not here")
		      : findings_add(out, true, "xades-target",
			    "the properties belong to another signature");
}

/* Whether a reference is about the properties, holding or not: then what is
 * wrong with it is told, and it is not that nobody signed them. */
static bool
are_referred_to(const struct xml_signature *s)
{
	for (size_t i = 0; i < s->nrefs; i++) {
		const struct xml_ref *r = &s->refs[i];
		if (r->digest != CHECK_PASSED &&
		    ((r->type != NULL &&
			 xades_is_type(r->type, "SignedProperties")) ||
			(r->element != NULL &&
			    xades_is(r->element, "SignedProperties"))))
			return true;
	}
	return false;
}

struct err *
xades_collect(struct xml_job *job, struct xml_signature *s,
    const struct cert_list *pool, struct signature_fact *fact,
    struct facts *facts)
{
	if (s->qualifying == NULL)
		return NULL;
	TRY(fact_string(&fact->format, BYTES_LIT("XAdES")));
	if (s->signed_properties == NULL && are_referred_to(s))
		return NULL;
	if (s->signed_properties == NULL)
		return findings_add(&fact->findings, true, "xades-unsigned",
		    "the properties of the signature are not signed");
	const xmlNode *sp = s->signed_properties;
	TRY(signed_signature_properties(
	    xades_child(sp, "SignedSignatureProperties"), fact));
	if (!target_is_right(s))
		TRY(tell_target(job, s, &fact->findings));
	const xmlNode *dp = xades_child(sp, "SignedDataObjectProperties");
	TRY(signed_data_properties(dp, fact));
	for (xmlNode *p = xml_first(dp); p != NULL; p = xml_next(p))
		TRY(xades_collect_stamp(job, s, p, 0, pool, fact));
	return xades_collect_unsigned(job, s, pool, fact, facts);
}

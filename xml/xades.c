#include "xml/signature.h"

#include "cms/tsp.h"
#include "xml/ns.h"

#include <string.h>

#define TEXT_MAX 4096                     /* bytes of a time, city, reason */
#define TOKEN_MAX (4 * 1024 * 1024)       /* bytes of a time-stamp token */
#define REVOCATION_MAX (64 * 1024 * 1024) /* bytes of a CRL */
#define STAMPS_MAX 64                     /* time stamps of one signature */

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

static xmlNode *
child(const xmlNode *n, const char *name)
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
		xmlNode *q = child(o, "QualifyingProperties");
		if (q != NULL && s->qualifying == NULL)
			s->qualifying = q;
	}
}

static xmlNode *
unsigned_properties(const struct xml_signature *s)
{
	return child(child(s->qualifying, "UnsignedProperties"),
	    "UnsignedSignatureProperties");
}

/* ---- certificates and revocation data ---- */

static struct err *
add_encapsulated(struct xml_work *w, const xmlNode *n, struct cert_list *out)
{
	CLEANUP(buf_done) struct buf der = BUF(CERT_MAX);
	TRY(work_spend_steps(w, STEPS_CERT));
	TRY(xml_base64(n, &der));
	return cert_list_add_der(out, buf_bytes(&der));
}

struct err *
xades_certs(struct xml_work *w, struct xml_signature *s, struct cert_list *out)
{
	xmlNode *u = unsigned_properties(s);
	for (xmlNode *p = xml_first(u); p != NULL; p = xml_next(p)) {
		if (!xades_is(p, "CertificateValues") &&
		    !xades_is(p, "TimeStampValidationData"))
			continue;
		for (xmlNode *c = p; c != NULL; c = xml_walk(c, p)) {
			struct err *problem = NULL;
			if (!xades_is(c, "EncapsulatedX509Certificate"))
				continue;
			TRY(blame_document(
			    add_encapsulated(w, c, out), &problem));
			err_free(problem);
		}
	}
	return NULL;
}

static struct err *
add_status(const xmlNode *n, bool is_ocsp, struct facts *facts)
{
	CLEANUP(buf_done) struct buf der = BUF(REVOCATION_MAX);
	TRY(xml_base64(n, &der));
	return facts_add_status(facts, buf_bytes(&der), is_ocsp);
}

static struct err *
collect_status(xmlNode *unsigned_props, struct facts *facts)
{
	xmlNode *top = unsigned_props;
	for (xmlNode *n = top; n != NULL; n = xml_walk(n, top)) {
		struct err *problem = NULL;
		bool ocsp = xades_is(n, "EncapsulatedOCSPValue");
		if (!ocsp && !xades_is(n, "EncapsulatedCRLValue"))
			continue;
		TRY(blame_document(add_status(n, ocsp, facts), &problem));
		err_free(problem);
	}
	return NULL;
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

static struct err *
signing_time(const xmlNode *n, struct signature_fact *fact)
{
	CLEANUP(buf_done) struct buf b = BUF(TEXT_MAX);
	TRY(xml_text(n, &b));
	struct bytes t = buf_bytes(&b);
	while (t.len > 0 && strchr(" \t\r\n", *t.ptr) != NULL)
		t = bytes_from(t, 1);
	while (t.len > 0 && strchr(" \t\r\n", t.ptr[t.len - 1]) != NULL)
		t.len--;
	return time_parse_iso(t, &fact->claimed_time);
}

/* Whether one xades:Cert names `cert` by its digest. */
static struct err *
cert_matches(const xmlNode *n, const struct cert *cert, bool *out)
{
	CLEANUP(buf_done) struct buf b = BUF(DIGEST_MAX);
	uint8_t digest[DIGEST_MAX];
	const xmlNode *d = child(n, "CertDigest");
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
	const xmlNode *n = child(signature_properties, "SigningCertificateV2");
	return n != NULL ? n
			 : child(signature_properties, "SigningCertificate");
}

/* XAdES 5.2.2: whether one of the certificates named is this one. */
static struct err *
names(const xmlNode *attribute, const struct cert *cert, bool *out)
{
	*out = false;
	for (xmlNode *c = xml_first(attribute); c != NULL && !*out;
	     c = xml_next(c)) {
		struct err *problem = NULL;
		TRY(blame_document(cert_matches(c, cert, out), &problem));
		err_free(problem);
	}
	return NULL;
}

struct err *
xades_names(const struct xml_signature *s, const struct cert *c, bool *out)
{
	const xmlNode *sp = child(s->qualifying, "SignedProperties");
	return names(
	    signing_certificate(child(sp, "SignedSignatureProperties")), c,
	    out);
}

static struct err *
bind_cert(const xmlNode *attribute, struct signature_fact *fact)
{
	bool same;
	TRY(names(attribute, fact->cert, &same));
	fact->cert_binding = same ? CHECK_PASSED : CHECK_FAILED;
	return NULL;
}

static struct err *
signed_signature_properties(const xmlNode *p, struct signature_fact *fact)
{
	struct err *problem = NULL;
	const xmlNode *time = child(p, "SigningTime");
	if (time != NULL)
		TRY(blame_document(signing_time(time, fact), &problem));
	err_free(problem);
	const xmlNode *cert = signing_certificate(p);
	if (cert != NULL && fact->cert != NULL)
		TRY(bind_cert(cert, fact));
	const xmlNode *place = child(p, "SignatureProductionPlaceV2");
	if (place == NULL)
		place = child(p, "SignatureProductionPlace");
	return text_of(child(place, "City"), &fact->location);
}

static struct err *
signed_data_properties(const xmlNode *p, struct signature_fact *fact)
{
	const xmlNode *c = child(p, "CommitmentTypeIndication");
	const xmlNode *id = child(c, "CommitmentTypeId");
	return text_of(child(id, "Description"), &fact->reason);
}

/* ---- unsigned properties ---- */

/* XAdES 5.3: the canonical form of SignatureValue, hashed. */
static struct err *
stamp_digest(struct xml_job *job, const struct xml_signature *s,
    const xmlNode *stamp, enum digest_alg alg, uint8_t out[DIGEST_MAX])
{
	CLEANUP(canon_done) struct canon c = { .mode = XML_C14N_1_0 };
	const xmlNode *method =
	    xml_child(stamp, NS_DS, "CanonicalizationMethod");
	const char *uri = method == NULL ? NULL : xml_attr(method, "Algorithm");
	if (uri != NULL && *uri != '\0')
		TRY(canon_read(method, &c));
	CLEANUP(digest_freep) struct digest *d = NULL;
	TRY(digest_new(alg, &d));
	TRY(xml_canon_element(
	    s->value, &c, &job->work, &(struct sink){ .digest = d }));
	return digest_final(d, out);
}

static struct err *
one_stamp(struct xml_job *job, const struct xml_signature *s,
    const xmlNode *stamp, const xmlNode *token, const struct cert_list *pool,
    struct signature_fact *fact)
{
	CLEANUP(buf_done) struct buf der = BUF(TOKEN_MAX);
	CLEANUP(tst_freep) struct tst *t = NULL;
	uint8_t digest[DIGEST_MAX];
	TRY(xml_base64(token, &der));
	TRY(tst_parse(buf_bytes(&der), &t));
	TRY(stamp_digest(job, s, stamp, tst_imprint_alg(t), digest));
	struct timestamp_fact out = { .time = tst_time(t) };
	TRY(tst_check(t, bytes_of(digest, digest_len(tst_imprint_alg(t))), pool,
	    &fact->certs, &out));
	struct err *e = signature_add_timestamp(fact, out);
	cert_free(out.tsa);
	return e;
}

static struct err *
signature_stamp(struct xml_job *job, const struct xml_signature *s,
    const xmlNode *stamp, const struct cert_list *pool,
    struct signature_fact *fact)
{
	for (xmlNode *t = xml_first(stamp); t != NULL; t = xml_next(t)) {
		struct err *problem = NULL;
		if (!xades_is(t, "EncapsulatedTimeStamp") ||
		    fact->ntimestamps >= STAMPS_MAX)
			continue;
		TRY(blame_document(
		    one_stamp(job, s, stamp, t, pool, fact), &problem));
		if (problem != NULL)
			TRY(findings_add(&fact->findings, false,
			    "xades-timestamp", "%s", err_text(problem)));
		err_free(problem);
	}
	return NULL;
}

static enum level_fact
level_of(const xmlNode *u)
{
	enum level_fact level = FACT_LEVEL_B;
	bool stamp = child(u, "SignatureTimeStamp") != NULL;
	if (stamp)
		level = FACT_LEVEL_T;
	if (stamp && child(u, "RevocationValues") != NULL)
		level = FACT_LEVEL_LT;
	if (level == FACT_LEVEL_LT && child(u, "ArchiveTimeStamp") != NULL)
		level = FACT_LEVEL_LTA;
	return level;
}

struct err *
xades_collect(struct xml_job *job, struct xml_signature *s,
    const struct cert_list *pool, struct signature_fact *fact,
    struct facts *facts)
{
	if (s->qualifying == NULL)
		return NULL;
	TRY(fact_string(&fact->format, BYTES_LIT("XAdES")));
	if (s->signed_properties == NULL)
		return findings_add(&fact->findings, true, "xades-unsigned",
		    "the properties of the signature are not signed");
	const xmlNode *sp = s->signed_properties;
	TRY(signed_signature_properties(
	    child(sp, "SignedSignatureProperties"), fact));
	TRY(signed_data_properties(
	    child(sp, "SignedDataObjectProperties"), fact));
	xmlNode *u = unsigned_properties(s);
	fact->level = level_of(u);
	for (xmlNode *p = xml_first(u); p != NULL; p = xml_next(p))
		if (xades_is(p, "SignatureTimeStamp"))
			TRY(signature_stamp(job, s, p, pool, fact));
	return u == NULL ? NULL : collect_status(u, facts);
}

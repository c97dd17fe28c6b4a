/*
 * What was added to a signature later: time stamps, certificates, revocation
 * data (EN 319 132-1 5.3 to 5.5), each with its place among the properties, so
 * that it can be told what an archive time stamp covers.
 */
#include "cms/tsp.h"
#include "xml/ns.h"
#include "xml/signature.h"
#include "xml/stamp.h"

#include <string.h>

#define TOKEN_MAX (4 * 1024 * 1024)       /* bytes of a time-stamp token */
#define REVOCATION_MAX (64 * 1024 * 1024) /* bytes of a CRL */
#define STAMPS_MAX 64                     /* time stamps of one signature */

static xmlNode *
unsigned_properties(const struct xml_signature *s)
{
	return xades_child(xades_child(s->qualifying, "UnsignedProperties"),
	    "UnsignedSignatureProperties");
}

/* ---- certificates and revocation data ---- */

static bool
holds_values(const xmlNode *p)
{
	static const char *const names[] = { "CertificateValues",
		"AttrAuthoritiesCertValues", "RevocationValues",
		"AttributeRevocationValues", "TimeStampValidationData",
		"AnyValidationData" };
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (xades_is(p, names[i]))
			return true;
	return false;
}

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
		if (!holds_values(p))
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
add_status(const xmlNode *n, bool is_ocsp, struct status_place at,
    struct facts *facts)
{
	CLEANUP(buf_done) struct buf der = BUF(REVOCATION_MAX);
	TRY(xml_base64(n, &der));
	return facts_add_status_at(facts, buf_bytes(&der), is_ocsp, at);
}

/* All in one property.  Counter-signatures in it speak for themselves. */
static struct err *
collect_status(xmlNode *property, struct status_place at, struct facts *facts)
{
	for (xmlNode *n = property; n != NULL; n = xml_walk(n, property)) {
		struct err *problem = NULL;
		bool ocsp = xades_is(n, "EncapsulatedOCSPValue");
		if (!ocsp && !xades_is(n, "EncapsulatedCRLValue"))
			continue;
		TRY(blame_document(add_status(n, ocsp, at, facts), &problem));
		err_free(problem);
	}
	return NULL;
}

/* ---- time stamps ---- */

struct stamped {
	struct stamp_input in;
	enum stamp_kind kind;
	position at;
	const struct cert_list *pool;
	struct signature_fact *fact;
};

/* Without the data, or where it is named in a way that we do not know, the
 * imprint is not compared. */
static struct err *
imprint(const struct stamped *s, enum digest_alg alg, uint8_t *hash,
    struct bytes *out)
{
	struct err *problem = NULL;
	*out = BYTES_NONE;
	if (alg == DIGEST_NONE)
		return NULL;
	TRY(blame_document(stamp_digest(&s->in, alg, hash), &problem));
	if (problem == NULL) {
		*out = bytes_of(hash, digest_len(alg));
		return NULL;
	}
	struct err *e = findings_add(&s->fact->findings, false,
	    "xades-timestamp", "%s", err_text(problem));
	err_free(problem);
	return e;
}

static struct err *
one_stamp(const struct stamped *s, const xmlNode *token)
{
	CLEANUP(buf_done) struct buf der = BUF(TOKEN_MAX);
	CLEANUP(tst_freep) struct tst *t = NULL;
	uint8_t hash[DIGEST_MAX];
	struct bytes digest;
	struct timestamp_fact out = { 0 };
	TRY(xml_base64(token, &der));
	TRY(tst_parse(buf_bytes(&der), &t));
	TRY(imprint(s, tst_imprint_alg(t), hash, &digest));
	TRY(tst_check(t, digest, s->pool, &s->fact->certs, &out));
	out.kind = s->kind;
	out.at = s->at;
	struct err *e = signature_add_timestamp(s->fact, out);
	cert_free(out.tsa);
	return e;
}

static struct err *
read_tokens(struct stamped *s)
{
	size_t n = 0;
	TRY(stamp_canon(s->in.property, &s->in.canon));
	for (xmlNode *t = xml_first(s->in.property); t != NULL;
	     t = xml_next(t)) {
		if (!xades_is(t, "EncapsulatedTimeStamp"))
			continue;
		if (s->fact->ntimestamps >= STAMPS_MAX)
			return err_new(ERR_LIMIT, NULL, "time stamps");
		TRY(one_stamp(s, t));
		n++;
	}
	return n > 0 ? NULL
		     : err_new(ERR_UNSUPPORTED, "EN 319 132-1 4.5.1",
			   "a time stamp that is no RFC 3161 token");
}

static struct err *
judge_stamp(struct stamped *s)
{
	struct err *problem = NULL;
	struct err *e = blame_document(read_tokens(s), &problem);
	canon_done(&s->in.canon);
	if (e == NULL && problem != NULL)
		e = findings_add(&s->fact->findings, false, "xades-timestamp",
		    "%s", err_text(problem));
	err_free(problem);
	return e;
}

struct err *
xades_collect_stamp(struct xml_job *job, const struct xml_signature *s,
    const xmlNode *property, position at, const struct cert_list *pool,
    struct signature_fact *fact)
{
	struct stamped t = { .in = { .job = job,
				 .signature = s,
				 .property = property,
				 .unsigned_properties =
				     unsigned_properties(s) },
		.at = at,
		.pool = pool,
		.fact = fact };
	t.in.scope = stamp_scope_of(property, &t.kind);
	if (t.in.scope == STAMPS_NOTHING ||
	    (t.kind == STAMP_CONTENT) != (at == 0))
		return NULL;
	return judge_stamp(&t);
}

/* ---- level ---- */

static bool
has_stamp(const struct signature_fact *fact, enum stamp_kind kind)
{
	for (size_t i = 0; i < fact->ntimestamps; i++)
		if (fact->timestamps[i].kind == kind &&
		    fact->timestamps[i].digest == CHECK_PASSED)
			return true;
	return false;
}

/* EN 319 132-1 6: what is there, where the imprints fit. */
static enum level_fact
level_of(xmlNode *u, const struct signature_fact *fact)
{
	bool evidence = false;
	for (xmlNode *p = xml_first(u); p != NULL; p = xml_next(p))
		evidence |= xades_is(p, "RevocationValues") ||
			    xades_is(p, "TimeStampValidationData") ||
			    xades_is(p, "AnyValidationData");
	if (!has_stamp(fact, STAMP_SIGNATURE))
		return FACT_LEVEL_B;
	if (!evidence)
		return FACT_LEVEL_T;
	return has_stamp(fact, STAMP_ARCHIVE) ? FACT_LEVEL_LTA : FACT_LEVEL_LT;
}

struct err *
xades_collect_unsigned(struct xml_job *job, const struct xml_signature *s,
    const struct cert_list *pool, struct signature_fact *fact,
    struct facts *facts)
{
	xmlNode *u = unsigned_properties(s);
	struct status_place place = {
		.owner = (size_t)(fact - facts->signatures) };
	for (xmlNode *p = xml_first(u); p != NULL; p = xml_next(p)) {
		place.at++;
		TRY(xades_collect_stamp(job, s, p, place.at, pool, fact));
		if (holds_values(p))
			TRY(collect_status(p, place, facts));
	}
	fact->level = level_of(u, fact);
	return xades_collect_refs(job, u, fact, facts);
}

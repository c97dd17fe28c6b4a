/*
 * ETSI TS 119 102-2 V1.2.1: the validation report in XML.  Names and order of
 * elements are those of its schema; certificates and status data stand among
 * the validation objects and are pointed at.
 */
#include "report/internal.h"

#include <string.h>

#define URN "urn:etsi:019102:"

struct xml {
	const struct report_input *in;
	struct buf *out;
	struct cert_list certs; /* all that are pointed at */
};

static struct err *
put_text(struct xml *x, const char *s)
{
	CLEANUP(buf_done) struct buf b = BUF(REPORT_MAX);
	TRY(clean(s == NULL ? "" : s, &b));
	return markup_escape(buf_bytes(&b), x->out);
}

/* <vr:NAME>text</vr:NAME> */
static struct err *
put_element(struct xml *x, const char *name, const char *text)
{
	TRY(buf_printf(x->out, "<vr:%s>", name));
	TRY(put_text(x, text));
	return buf_printf(x->out, "</vr:%s>", name);
}

static struct err *
put_time(struct xml *x, const char *name, int64_t t)
{
	TRY(buf_printf(x->out, "<vr:%s>", name));
	TRY(time_format_iso(t, 0, x->out));
	return buf_printf(x->out, "</vr:%s>", name);
}

static struct err *
put_cert_id(struct xml *x, const struct cert *c)
{
	uint8_t print[32];
	cert_fingerprint(c, print);
	TRY(buf_str(x->out, "C-"));
	return hex_encode(bytes_of(print, sizeof(print)), x->out);
}

static struct err *
put_cert_ref(struct xml *x, const char *name, struct cert *c)
{
	TRY(cert_list_add(&x->certs, c));
	TRY(buf_printf(x->out, "<vr:%s VOReference=\"", name));
	TRY(put_cert_id(x, c));
	return buf_str(x->out, "\"/>");
}

static struct err *
put_status_id(struct xml *x, size_t i)
{
	TRY(buf_str(x->out, "R-"));
	return hex_encode(
	    bytes_of(x->in->verdict->status[i].sha256, 32), x->out);
}

static const char *
main_indication(enum indication i)
{
	switch (i) {
	case TOTAL_PASSED:
		return URN "mainindication:total-passed";
	case TOTAL_FAILED:
		return URN "mainindication:total-failed";
	case INDETERMINATE:
		break;
	}
	return URN "mainindication:indeterminate";
}

/* The steps of a proof are passed or failed, not total. */
static const char *
step_indication(enum indication i)
{
	switch (i) {
	case TOTAL_PASSED:
		return URN "mainindication:passed";
	case TOTAL_FAILED:
		return URN "mainindication:failed";
	case INDETERMINATE:
		break;
	}
	return URN "mainindication:indeterminate";
}

static struct err *
put_sub(struct xml *x, enum sub_indication s)
{
	if (s == SUB_NONE)
		return NULL;
	return buf_printf(x->out,
	    "<vr:SubIndication>" URN "subindication:%s</vr:SubIndication>",
	    sub_indication_name(s));
}

static struct err *
put_parameter(struct xml *x, const char *type, const char *value)
{
	TRY(buf_printf(x->out,
	    "<vr:ValidationConstraintParameter><vr:Type>urn:signd:%s"
	    "</vr:Type><vr:Value>",
	    type));
	TRY(put_text(x, value));
	return buf_str(
	    x->out, "</vr:Value></vr:ValidationConstraintParameter>");
}

static struct err *
put_step_evidence(struct xml *x, const struct proof_step *s)
{
	if (s->cert == NULL && s->status == NO_INDEX)
		return NULL;
	TRY(buf_str(x->out, "<vr:AssociatedValidationReportData>"));
	if (s->cert != NULL)
		TRY(put_cert_ref(x, "RelatedValidationObject", s->cert));
	if (s->status != NO_INDEX) {
		TRY(buf_str(
		    x->out, "<vr:RelatedValidationObject VOReference=\""));
		TRY(put_status_id(x, s->status));
		TRY(buf_str(x->out, "\"/>"));
	}
	return buf_str(x->out, "</vr:AssociatedValidationReportData>");
}

static struct err *
put_step(struct xml *x, const struct proof_step *s)
{
	const struct policy *p = x->in->verdict->policy;
	TRY(buf_printf(x->out,
	    "<vr:ValidationConstraint><vr:ValidationConstraintIdentifier>"
	    "urn:signd:rule:%s</vr:ValidationConstraintIdentifier>",
	    rule_name(s->rule)));
	TRY(put_parameter(x, "source", p->cite[s->rule]));
	TRY(put_parameter(x, "clause-of-EN-319-102-1", s->clause));
	TRY(put_parameter(x, "detail", s->detail));
	TRY(buf_str(x->out,
	    "<vr:ConstraintStatus><vr:Status>" URN
	    "constraintStatus:applied</vr:Status></vr:ConstraintStatus>"
	    "<vr:ValidationStatus>"));
	TRY(put_element(x, "MainIndication", step_indication(s->indication)));
	TRY(put_sub(x, s->sub));
	TRY(put_step_evidence(x, s));
	return buf_str(
	    x->out, "</vr:ValidationStatus></vr:ValidationConstraint>");
}

static struct err *
put_constraints(struct xml *x, const struct proof *proof)
{
	TRY(buf_str(x->out,
	    "<vr:ValidationConstraintsEvaluationReport>"
	    "<vr:SignatureValidationPolicy><vr:SignaturePolicyIdentifier>"
	    "<xades:SignaturePolicyImplied/></vr:SignaturePolicyIdentifier>"));
	TRY(put_element(x, "PolicyName", x->in->verdict->policy->name));
	TRY(buf_str(x->out, "</vr:SignatureValidationPolicy>"));
	for (size_t i = 0; proof != NULL && i < proof->n; i++)
		TRY(put_step(x, &proof->v[i]));
	return buf_str(x->out, "</vr:ValidationConstraintsEvaluationReport>");
}

static struct err *
put_times(struct xml *x, const struct signature_verdict *v)
{
	TRY(buf_str(x->out, "<vr:ValidationTimeInfo>"));
	TRY(put_time(x, "ValidationTime", x->in->verdict->time));
	TRY(buf_str(x->out, "<vr:BestSignatureTime>"));
	TRY(put_time(x, "POETime", v->best_time));
	TRY(put_element(x, "TypeOfProof",
	    v->stamped ? URN "poetype:provided" : URN "poetype:validation"));
	return buf_str(
	    x->out, "</vr:BestSignatureTime></vr:ValidationTimeInfo>");
}

static struct err *
put_document(struct xml *x)
{
	if (x->in->document_sha256 == NULL)
		return NULL;
	TRY(buf_printf(x->out,
	    "<vr:SignersDocument><vr:DigestAlgAndValue><ds:DigestMethod "
	    "Algorithm=\"%s\"/><ds:DigestValue>",
	    digest_xml_uri(DIGEST_SHA256)));
	TRY(base64_encode(bytes_of(x->in->document_sha256, 32), x->out));
	return buf_str(x->out,
	    "</ds:DigestValue></vr:DigestAlgAndValue></vr:SignersDocument>");
}

static struct err *
put_stamp(struct xml *x, const struct timestamp_fact *t)
{
	static const char *const names[] = {
		[STAMP_SIGNATURE] = "SignatureTimeStamp",
		[STAMP_CONTENT] = "AllDataObjectsTimeStamp",
		[STAMP_REFS] = "SigAndRefsTimeStamp",
		[STAMP_ARCHIVE] = "ArchiveTimeStamp",
		[STAMP_DOCUMENT] = "DocTimeStamp",
	};
	const char *name = names[t->document ? STAMP_DOCUMENT : t->kind];
	if (t->time == TIME_NONE)
		return NULL;
	TRY(buf_printf(x->out, "<vr:%s>", name));
	TRY(put_time(x, "TimeStampValue", t->time));
	return buf_printf(x->out, "</vr:%s>", name);
}

static struct err *
put_attributes(struct xml *x, const struct signature_fact *f)
{
	bool any = f->claimed_time != TIME_NONE;
	for (size_t i = 0; i < f->ntimestamps; i++)
		any = any || f->timestamps[i].time != TIME_NONE;
	if (!any)
		return NULL;
	TRY(buf_str(x->out, "<vr:SignatureAttributes>"));
	if (f->claimed_time != TIME_NONE) {
		TRY(buf_str(x->out, "<vr:SigningTime Signed=\"true\">"));
		TRY(put_time(x, "Time", f->claimed_time));
		TRY(buf_str(x->out, "</vr:SigningTime>"));
	}
	for (size_t i = 0; i < f->ntimestamps; i++)
		TRY(put_stamp(x, &f->timestamps[i]));
	return buf_str(x->out, "</vr:SignatureAttributes>");
}

static struct err *
put_signer(struct xml *x, const struct signature_fact *f)
{
	if (f->cert == NULL)
		return NULL;
	TRY(buf_str(x->out, "<vr:SignerInformation>"));
	TRY(put_cert_ref(x, "SignerCertificate", f->cert));
	TRY(put_element(x, "Signer", cert_subject(f->cert)));
	return buf_str(x->out, "</vr:SignerInformation>");
}

static struct err *
put_chain(struct xml *x, const struct path *p)
{
	if (p->chain.n == 0)
		return NULL;
	size_t last = p->chain.n - 1;
	bool anchored = p->result != PATH_NO_CHAIN && last > 0;
	TRY(buf_str(x->out, "<vr:AssociatedValidationReportData>"));
	if (anchored)
		TRY(put_cert_ref(x, "TrustAnchor", p->chain.v[last]));
	TRY(buf_str(x->out, "<vr:CertificateChain>"));
	TRY(put_cert_ref(x, "SigningCertificate", p->chain.v[0]));
	for (size_t i = 1; i < last + !anchored; i++)
		TRY(put_cert_ref(x, "IntermediateCertificate", p->chain.v[i]));
	if (anchored)
		TRY(put_cert_ref(x, "TrustAnchor", p->chain.v[last]));
	return buf_str(x->out,
	    "</vr:CertificateChain></vr:AssociatedValidationReportData>");
}

static struct err *
put_status(struct xml *x, enum indication i, enum sub_indication s,
    const struct path *p)
{
	TRY(buf_str(x->out, "<vr:SignatureValidationStatus>"));
	TRY(put_element(x, "MainIndication", main_indication(i)));
	TRY(put_sub(x, s));
	if (p != NULL)
		TRY(put_chain(x, p));
	return buf_str(x->out, "</vr:SignatureValidationStatus>");
}

static struct err *
put_signature(struct xml *x, size_t i)
{
	const struct signature_verdict *v = &x->in->verdict->signatures[i];
	TRY(buf_printf(x->out,
	    "<vr:SignatureValidationReport><vr:SignatureIdentifier "
	    "id=\"S-%zu\"><vr:HashOnly>false</vr:HashOnly><vr:DocHashOnly>"
	    "%s</vr:DocHashOnly>",
	    i + 1, v->fact->unseen ? "true" : "false"));
	if (v->fact->id != NULL)
		TRY(put_element(x, "DAIdentifier", v->fact->id));
	TRY(buf_str(x->out, "</vr:SignatureIdentifier>"));
	TRY(put_constraints(x, &v->proof));
	TRY(put_times(x, v));
	TRY(put_document(x));
	TRY(put_attributes(x, v->fact));
	TRY(put_signer(x, v->fact));
	TRY(buf_str(x->out,
	    "<vr:SignatureValidationProcess><vr:"
	    "SignatureValidationProcessID>" URN
	    "validationprocess:LTA</vr:SignatureValidationProcessID>"
	    "</vr:SignatureValidationProcess>"));
	TRY(put_status(x, v->indication, v->sub, &v->path));
	return buf_str(x->out, "</vr:SignatureValidationReport>");
}

/* A document without signatures has a report all the same. */
static struct err *
put_no_signature(struct xml *x)
{
	TRY(buf_str(x->out, "<vr:SignatureValidationReport>"));
	TRY(put_constraints(x, NULL));
	TRY(put_document(x));
	TRY(put_status(
	    x, x->in->verdict->indication, x->in->verdict->sub, NULL));
	return buf_str(x->out, "</vr:SignatureValidationReport>");
}

static struct err *
put_cert_object(struct xml *x, const struct cert *c)
{
	TRY(buf_str(x->out, "<vr:ValidationObject id=\""));
	TRY(put_cert_id(x, c));
	TRY(buf_str(x->out,
	    "\"><vr:ObjectType>" URN "validationObject:certificate"
	    "</vr:ObjectType><vr:ValidationObjectRepresentation><vr:base64>"));
	TRY(base64_encode(cert_der(c), x->out));
	return buf_str(x->out,
	    "</vr:base64></vr:ValidationObjectRepresentation>"
	    "</vr:ValidationObject>");
}

static bool
is_status_told(const struct verdict *v, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (v->status[k].used &&
		    memcmp(v->status[k].sha256, v->status[i].sha256, 32) == 0)
			return true;
	return !v->status[i].used;
}

static struct err *
put_status_object(struct xml *x, size_t i)
{
	const struct status_seen *s = &x->in->verdict->status[i];
	TRY(buf_str(x->out, "<vr:ValidationObject id=\""));
	TRY(put_status_id(x, i));
	TRY(buf_printf(x->out,
	    "\"><vr:ObjectType>" URN "validationObject:%s</vr:ObjectType>"
	    "<vr:ValidationObjectRepresentation><vr:DigestAlgAndValue>"
	    "<ds:DigestMethod Algorithm=\"%s\"/><ds:DigestValue>",
	    s->is_ocsp ? "OCSPResponse" : "CRL",
	    digest_xml_uri(DIGEST_SHA256)));
	TRY(base64_encode(bytes_of(s->sha256, 32), x->out));
	return buf_str(x->out,
	    "</ds:DigestValue></vr:DigestAlgAndValue>"
	    "</vr:ValidationObjectRepresentation></vr:ValidationObject>");
}

static struct err *
put_objects(struct xml *x)
{
	const struct verdict *v = x->in->verdict;
	if (x->certs.n == 0)
		return NULL;
	TRY(buf_str(x->out, "<vr:SignatureValidationObjects>"));
	for (size_t i = 0; i < x->certs.n; i++)
		TRY(put_cert_object(x, x->certs.v[i]));
	for (size_t i = 0; i < v->nstatus; i++)
		if (!is_status_told(v, i))
			TRY(put_status_object(x, i));
	return buf_str(x->out, "</vr:SignatureValidationObjects>");
}

static struct err *
put_all(struct xml *x)
{
	TRY(buf_str(x->out,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<vr:ValidationReport "
	    "xmlns:vr=\"http://uri.etsi.org/19102/v1.2.1#\" "
	    "xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" "
	    "xmlns:xades=\"http://uri.etsi.org/01903/v1.3.2#\">"));
	for (size_t i = 0; i < x->in->verdict->nsignatures; i++)
		TRY(put_signature(x, i));
	if (x->in->verdict->nsignatures == 0)
		TRY(put_no_signature(x));
	TRY(put_objects(x));
	return buf_str(x->out, "</vr:ValidationReport>\n");
}

struct err *
report_etsi(const struct report_input *in, struct buf *out)
{
	struct xml x = { .in = in, .out = out };
	struct err *e = put_all(&x);
	cert_list_done(&x.certs);
	return e;
}

/* What a signature says about itself: SignedProperties (EN 319 132-1 5.2), or
 * for plain XMLDSig an Object with the signing time. */
#include "xml/signing.h"

#include "xml/ns.h"
#include "xml/write.h"

#include <string.h>

#define TEXT_MAX 1024 /* bytes of a reason, a place, a role */

static struct err *
check_text(const char *text)
{
	struct bytes b = bytes_str(text);
	if (b.len > TEXT_MAX || !utf8_printable(b))
		return err_new(ERR_USAGE, NULL,
		    "a text of more than %d bytes, or not printable", TEXT_MAX);
	return NULL;
}

/* `before` and `after` stand around the text, if there is one. */
static struct err *
put_if(struct buf *b, const char *before, const char *text, const char *after)
{
	if (text == NULL)
		return NULL;
	TRY(check_text(text));
	TRY(buf_str(b, before));
	TRY(xml_put_text(b, text));
	return buf_str(b, after);
}

struct err *
signing_put_digest(struct buf *b, const char *prefix, const char *declaration,
    enum digest_alg alg, const uint8_t digest[DIGEST_MAX])
{
	TRY(buf_printf(b,
	    "<%sDigestMethod%s Algorithm=\"%s\"></%sDigestMethod>"
	    "<%sDigestValue%s>",
	    prefix, declaration, digest_xml_uri(alg), prefix, prefix,
	    declaration));
	TRY(xml_put_digest(b, digest, alg));
	return buf_printf(b, "</%sDigestValue>", prefix);
}

#define DS_DECLARED " xmlns:ds=\"" NS_DS "\""

static struct err *
put_signing_certificate(struct buf *b, const struct signing *s)
{
	uint8_t digest[DIGEST_MAX];
	TRY(digest_of(s->digest, cert_der(s->params->cert), digest));
	TRY(buf_str(b, "<xades:SigningCertificateV2><xades:Cert>"
		       "<xades:CertDigest>"));
	TRY(signing_put_digest(b, "ds:", DS_DECLARED, s->digest, digest));
	return buf_str(b, "</xades:CertDigest></xades:Cert>"
			  "</xades:SigningCertificateV2>");
}

/* EN 319 132-1 5.2.9 */
static struct err *
put_policy(struct buf *b, const struct sig_policy *p)
{
	if (p == NULL)
		return NULL;
	if (p->oid == NULL || p->digest.len != digest_len(p->alg) ||
	    digest_xml_uri(p->alg) == NULL)
		return err_new(ERR_USAGE, "EN 319 132-1 5.2.9",
		    "a policy has an OID and a digest");
	TRY(put_if(b,
	    "<xades:SignaturePolicyIdentifier><xades:SignaturePolicyId>"
	    "<xades:SigPolicyId><xades:Identifier Qualifier=\"OIDAsURN\">"
	    "urn:oid:",
	    p->oid,
	    "</xades:Identifier></xades:SigPolicyId><xades:SigPolicyHash>"));
	TRY(signing_put_digest(b, "ds:", DS_DECLARED, p->alg, p->digest.ptr));
	TRY(buf_str(b, "</xades:SigPolicyHash>"));
	TRY(put_if(b,
	    "<xades:SigPolicyQualifiers><xades:SigPolicyQualifier>"
	    "<xades:SPURI>",
	    p->uri,
	    "</xades:SPURI></xades:SigPolicyQualifier>"
	    "</xades:SigPolicyQualifiers>"));
	return buf_str(b, "</xades:SignaturePolicyId>"
			  "</xades:SignaturePolicyIdentifier>");
}

/* XAdES has URIs for the six types of RFC 5126; others are OIDs. */
static struct err *
put_commitment_id(struct buf *b, const char *oid)
{
	static const char start[] = "1.2.840.113549.1.9.16.6.";
	static const char *const names[] = { "Origin", "Receipt", "Delivery",
		"Sender", "Approval", "Creation" };
	size_t n = sizeof(start) - 1;
	if (strncmp(oid, start, n) == 0 && oid[n] >= '1' && oid[n] <= '6' &&
	    oid[n + 1] == '\0')
		return buf_printf(b,
		    "<xades:Identifier>" NS_XADES122 "ProofOf%s"
		    "</xades:Identifier>",
		    names[oid[n] - '1']);
	return put_if(b,
	    "<xades:Identifier Qualifier=\"OIDAsURN\">urn:oid:", oid,
	    "</xades:Identifier>");
}

/* A reason alone is told as the description of "the signer approves". */
static struct err *
put_commitment(struct buf *b, const struct sign_params *p)
{
	const char *oid = p->commitment;
	if (oid == NULL && p->reason == NULL)
		return NULL;
	TRY(buf_str(b, "<xades:CommitmentTypeIndication>"
		       "<xades:CommitmentTypeId>"));
	TRY(put_commitment_id(
	    b, oid != NULL ? oid : "1.2.840.113549.1.9.16.6.5"));
	TRY(put_if(
	    b, "<xades:Description>", p->reason, "</xades:Description>"));
	return buf_str(b, "</xades:CommitmentTypeId>"
			  "<xades:AllSignedDataObjects>"
			  "</xades:AllSignedDataObjects>"
			  "</xades:CommitmentTypeIndication>");
}

static struct err *
put_data_properties(struct buf *b, const struct signing *s)
{
	size_t start = b->len;
	TRY(buf_str(b, "<xades:SignedDataObjectProperties>"));
	size_t empty = b->len;
	TRY(buf_append(b, buf_bytes(&s->formats)));
	TRY(put_commitment(b, s->params));
	if (b->len == empty) {
		b->len = start;
		return NULL;
	}
	return buf_str(b, "</xades:SignedDataObjectProperties>");
}

static struct err *
write_properties(struct signing *s)
{
	struct buf *b = &s->own;
	const struct sign_params *p = s->params;
	TRY(buf_printf(b,
	    "<xades:SignedProperties xmlns:xades=\"" NS_XADES "\" "
	    "Id=\"%s-props\"><xades:SignedSignatureProperties>"
	    "<xades:SigningTime>",
	    s->id));
	TRY(time_format_iso(p->time, TIME_VIETNAM_OFFSET_MIN, b));
	TRY(buf_str(b, "</xades:SigningTime>"));
	TRY(put_signing_certificate(b, s));
	TRY(put_policy(b, p->policy));
	TRY(put_if(b, "<xades:SignatureProductionPlaceV2><xades:City>",
	    p->location, "</xades:City></xades:SignatureProductionPlaceV2>"));
	TRY(put_if(b,
	    "<xades:SignerRoleV2><xades:ClaimedRoles><xades:ClaimedRole>",
	    p->role,
	    "</xades:ClaimedRole></xades:ClaimedRoles></xades:SignerRoleV2>"));
	TRY(buf_str(b, "</xades:SignedSignatureProperties>"));
	TRY(put_data_properties(b, s));
	return buf_str(b, "</xades:SignedProperties>");
}

/* Vietnamese invoices state the time without a zone. */
static struct err *
write_signing_time(struct signing *s)
{
	CLEANUP(buf_done) struct buf b = BUF(64);
	const char *p = signing_prefix(s);
	TRY(time_format_iso(s->params->time, TIME_VIETNAM_OFFSET_MIN, &b));
	return buf_printf(&s->own,
	    "<%sObject Id=\"%s-props\"><SignatureProperties xmlns=\"\">"
	    "<SignatureProperty Target=\"#%s\"><SigningTime>%.19s"
	    "</SigningTime></SignatureProperty></SignatureProperties>"
	    "</%sObject>",
	    p, s->id, s->id, (const char *)b.ptr, p);
}

static struct err *
refuse_what_has_no_place(const struct sign_params *p)
{
	if (p->reason == NULL && p->location == NULL && p->role == NULL &&
	    p->commitment == NULL && p->policy == NULL)
		return NULL;
	return err_coded(err_new(ERR_UNSUPPORTED, NULL,
			     "plain XMLDSig has no place for a reason, a "
			     "place, a role or a policy"),
	    "xml-profile");
}

struct err *
signing_write_own(struct signing *s)
{
	if (s->profile->xades)
		return write_properties(s);
	TRY(refuse_what_has_no_place(s->params));
	return s->profile->signing_time ? write_signing_time(s) : NULL;
}

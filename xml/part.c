#include "xml/part.h"

#include <stdlib.h>
#include <string.h>

#include "xml/ns.h"

/* XMLDSig 1.1 with its extensions (RFC 6931, RFC 4050); sorted. */
static const char *const of_xmldsig[] = {
	"A",
	"B",
	"Base",
	"CanonicalizationMethod",
	"CoFactor",
	"Curve",
	"DEREncodedKeyValue",
	"DSAKeyValue",
	"DigestMethod",
	"DigestValue",
	"DomainParameters",
	"ECDSAKeyValue",
	"ECKeyValue",
	"ECParameters",
	"Exponent",
	"FieldID",
	"G",
	"GnB",
	"HMACOutputLength",
	"InclusiveNamespaces",
	"J",
	"K",
	"K1",
	"K2",
	"K3",
	"KeyInfo",
	"KeyInfoReference",
	"KeyName",
	"KeyValue",
	"M",
	"Manifest",
	"MaskGenerationFunction",
	"MgmtData",
	"Modulus",
	"NamedCurve",
	"Object",
	"Order",
	"P",
	"PGPData",
	"PGPKeyID",
	"PGPKeyPacket",
	"PgenCounter",
	"PnB",
	"Prime",
	"PublicKey",
	"Q",
	"RSAKeyValue",
	"RSAPSSParams",
	"Reference",
	"RetrievalMethod",
	"SPKIData",
	"SPKISexp",
	"SaltLength",
	"Seed",
	"Signature",
	"SignatureMethod",
	"SignatureProperties",
	"SignatureProperty",
	"SignatureValue",
	"SignedInfo",
	"TnB",
	"TrailerField",
	"Transform",
	"Transforms",
	"ValidationData",
	"X",
	"X509CRL",
	"X509Certificate",
	"X509Data",
	"X509Digest",
	"X509IssuerName",
	"X509IssuerSerial",
	"X509SKI",
	"X509SerialNumber",
	"X509SubjectName",
	"XPath",
	"Y",
};

/* XAdES 1.1.1 to 1.4.1; sorted. */
static const char *const of_xades[] = {
	"AllDataObjectsTimeStamp",
	"AllSignedDataObjects",
	"Any",
	"ArchiveTimeStamp",
	"ArchiveTimeStampV2",
	"AttrAuthoritiesCertValues",
	"AttributeCertificateRefs",
	"AttributeCertificateRefsV2",
	"AttributeRevocationRefs",
	"AttributeRevocationValues",
	"ByKey",
	"ByName",
	"CRLIdentifier",
	"CRLRef",
	"CRLRefs",
	"CRLValues",
	"Cert",
	"CertDigest",
	"CertRefs",
	"CertificateValues",
	"CertifiedRole",
	"CertifiedRoles",
	"CertifiedRolesV2",
	"City",
	"ClaimedRole",
	"ClaimedRoles",
	"CommitmentTypeId",
	"CommitmentTypeIndication",
	"CommitmentTypeQualifier",
	"CommitmentTypeQualifiers",
	"CompleteCertificateRefs",
	"CompleteCertificateRefsV2",
	"CompleteRevocationRefs",
	"CounterSignature",
	"CountryName",
	"DataObjectFormat",
	"Description",
	"DigestAlgAndValue",
	"DigestMethod",
	"DigestValue",
	"DocumentationReference",
	"DocumentationReferences",
	"EncapsulatedCRLValue",
	"EncapsulatedOCSPValue",
	"EncapsulatedPKIData",
	"EncapsulatedTimeStamp",
	"EncapsulatedX509Certificate",
	"Encoding",
	"ExplicitText",
	"HashDataInfo",
	"Identifier",
	"Include",
	"IndividualDataObjectsTimeStamp",
	"IssueTime",
	"Issuer",
	"IssuerSerial",
	"IssuerSerialV2",
	"MimeType",
	"NoticeNumbers",
	"NoticeRef",
	"Number",
	"OCSPIdentifier",
	"OCSPRef",
	"OCSPRefs",
	"OCSPValues",
	"ObjectIdentifier",
	"ObjectReference",
	"Organization",
	"OtherAttributeCertificate",
	"OtherCertificate",
	"OtherRef",
	"OtherRefs",
	"OtherTimeStamp",
	"OtherValue",
	"OtherValues",
	"PostalCode",
	"ProducedAt",
	"QualifyingProperties",
	"QualifyingPropertiesReference",
	"RecomputedDigestValue",
	"ReferenceInfo",
	"RefsOnlyTimeStamp",
	"RefsOnlyTimeStampV2",
	"RenewedDigests",
	"RenewedDigestsV2",
	"ResponderID",
	"RevocationValues",
	"SPDocSpecification",
	"SPURI",
	"SPUserNotice",
	"SigAndRefsTimeStamp",
	"SigAndRefsTimeStampV2",
	"SigPolDocLocalURI",
	"SigPolicyHash",
	"SigPolicyId",
	"SigPolicyQualifier",
	"SigPolicyQualifiers",
	"SignaturePolicyDocument",
	"SignaturePolicyId",
	"SignaturePolicyIdentifier",
	"SignaturePolicyImplied",
	"SignaturePolicyStore",
	"SignatureProductionPlace",
	"SignatureProductionPlaceV2",
	"SignatureTimeStamp",
	"SignedAssertion",
	"SignedAssertions",
	"SignedDataObjectProperties",
	"SignedProperties",
	"SignedSignatureProperties",
	"SignerRole",
	"SignerRoleV2",
	"SigningCertificate",
	"SigningCertificateV2",
	"SigningTime",
	"StateOrProvince",
	"StreetAddress",
	"TimeStamp",
	"TimeStampValidationData",
	"UnsignedDataObjectProperties",
	"UnsignedDataObjectProperty",
	"UnsignedProperties",
	"UnsignedSignatureProperties",
	"X509AttributeCertificate",
	"XAdESTimeStamp",
	"XMLTimeStamp",
	"int",
};

static int
compare(const void *key, const void *row)
{
	return strcmp(key, *(const char *const *)row);
}

static bool
is_one_of(const char *name, const char *const *names, size_t n)
{
	return bsearch(name, names, n, sizeof(*names), compare) != NULL;
}

bool
is_signature_part(const xmlNode *n)
{
	static const char *const exact[] = { NS_DS, NS_DS11, NS_FILTER2,
		NS_EXC_C14N, NS_MORE };
	const char *ns = n->ns == NULL ? "" : (const char *)n->ns->href;
	const char *name = (const char *)n->name;
	for (size_t i = 0; i < COUNT_OF(exact); i++)
		if (strcmp(ns, exact[i]) == 0)
			return is_one_of(
			    name, of_xmldsig, COUNT_OF(of_xmldsig));
	return strncmp(ns, NS_ETSI_START, sizeof(NS_ETSI_START) - 1) == 0 &&
	       is_one_of(name, of_xades, COUNT_OF(of_xades));
}

bool
is_part_in_place(const xmlNode *n)
{
	const xmlNode *e = is_signature_part(n) ? n : NULL;
	while (e != NULL && !xml_is(e, NS_DS, "Signature"))
		e = e->parent;
	return e != NULL;
}

bool
is_text_object(const xmlNode *n)
{
	if (!xml_is(n, NS_DS, "Object"))
		return false;
	for (const xmlNode *c = n->children; c != NULL; c = c->next)
		if ((c->type == XML_TEXT_NODE ||
			c->type == XML_CDATA_SECTION_NODE) &&
		    !xmlIsBlankNode(c))
			return true;
	return false;
}

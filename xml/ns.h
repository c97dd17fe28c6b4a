/* Namespaces and identifiers of XMLDSig and XAdES, in one place. */
#ifndef SIGND_XML_NS_H
#define SIGND_XML_NS_H

#define NS_DS "http://www.w3.org/2000/09/xmldsig#"
#define NS_DS11 "http://www.w3.org/2009/xmldsig11#"
#define NS_FILTER2 "http://www.w3.org/2002/06/xmldsig-filter2"
#define NS_EXC_C14N "http://www.w3.org/2001/10/xml-exc-c14n#"
#define NS_MORE "http://www.w3.org/2007/05/xmldsig-more#"
#define NS_ETSI_START "http://uri.etsi.org/01903/" /* all XAdES versions */
#define NS_XADES "http://uri.etsi.org/01903/v1.3.2#"
#define NS_XADES122 "http://uri.etsi.org/01903/v1.2.2#"
#define NS_XADES111 "http://uri.etsi.org/01903/v1.1.1#"
#define NS_XADES141 "http://uri.etsi.org/01903/v1.4.1#"
#define NS_WSU                                                                 \
	"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wss"          \
	"ecurity-utility-1.0.xsd"

#define ALG_ENVELOPED NS_DS "enveloped-signature"
#define ALG_BASE64 NS_DS "base64"
#define ALG_XPATH "http://www.w3.org/TR/1999/REC-xpath-19991116"
#define ALG_XSLT "http://www.w3.org/TR/1999/REC-xslt-19991116"
#define ALG_C14N "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
#define ALG_C14N11 "http://www.w3.org/2006/12/xml-c14n11"
#define ALG_EXC_C14N NS_EXC_C14N

#define TYPE_OBJECT NS_DS "Object"
#define TYPE_MANIFEST NS_DS "Manifest"
/* XAdES 1.1.1 and 1.2.2 put their version into it; see xades_is_type. */
#define TYPE_SIGNED_PROPERTIES "http://uri.etsi.org/01903#SignedProperties"
#define TYPE_COUNTERSIGNED "http://uri.etsi.org/01903#CountersignedSignature"

#endif

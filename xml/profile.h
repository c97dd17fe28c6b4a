/*
 * Profiles: ways of writing an XML signature, as data.  A new one is a row in
 * profile.c.
 */
#ifndef SIGND_XML_PROFILE_H
#define SIGND_XML_PROFILE_H

#include "certs/alg.h"
#include "xml/canon.h"

/* What a reference leaves out of what the signature stands in. */
enum xml_without {
	WITHOUT_NOTHING, /* so the signature may not stand in it */
	WITHOUT_THIS,    /* enveloped-signature: this signature */
	WITHOUT_ANY,     /* XPath Filter 2.0: all signatures */
};

struct xml_profile {
	const char *name;
	bool xades;           /* QualifyingProperties, levels above B */
	const char *prefix;   /* of the XMLDSig namespace: "ds:" or "" */
	const char *canon;    /* name of a canonicalisation, as xml_params */
	bool canon_transform; /* references name it; else C14N 1.0 is meant */
	enum xml_without without;
	enum digest_alg digest;
	bool signing_time; /* as a SignatureProperty, local time of Vietnam */
	bool subject_name; /* X509SubjectName in KeyInfo */
};

/* NULL is "xades".  ERR_USAGE with code "xml-profile": there is none of that
 * name. */
struct err *xml_profile_by_name(
    const char *name, const struct xml_profile **out) MUST_USE;

/* A canonicalisation by its short name ("1.0+comments").  ERR_USAGE. */
struct err *xml_canon_by_name(
    const char *name, struct canon *out, const char **uri) MUST_USE;

#endif

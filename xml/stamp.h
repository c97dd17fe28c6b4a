/*
 * What time stamps of XAdES cover (EN 319 132-1 5.2.8, 5.3, 5.5, A.1.5; TS 101
 * 903 7 and 8 for older ones): the octets that are hashed, for stamps that are
 * there and for one that is to be made.
 */
#ifndef SIGND_XML_STAMP_H
#define SIGND_XML_STAMP_H

#include "xml/signature.h"

enum stamp_scope {
	STAMPS_NOTHING,      /* not a time stamp that is known */
	STAMPS_VALUE,        /* SignatureTimeStamp */
	STAMPS_SIG_AND_REFS, /* SigAndRefsTimeStamp, and its V2 */
	STAMPS_REFS,         /* RefsOnlyTimeStamp, and its V2 */
	STAMPS_ALL,          /* ArchiveTimeStamp */
	STAMPS_DATA,         /* AllDataObjectsTimeStamp */
	STAMPS_SOME_DATA,    /* IndividualDataObjectsTimeStamp */
};

/* Of a property by its name; `kind` is what it proves. */
enum stamp_scope stamp_scope_of(const xmlNode *property, enum stamp_kind *kind);

/* The canonicalisation a property names, C14N 1.0 if none. */
struct err *stamp_canon(const xmlNode *property, struct canon *out) MUST_USE;

/*
 * stamp_digest hashes what `property` covers, or what an ArchiveTimeStamp
 * (1.4.1) behind all properties of `unsigned_properties` would: then
 * `property` is NULL.  ERR_MISSING: a signed file is not here.
 * ERR_UNSUPPORTED: it names what it covers in another way than those above.
 */
struct stamp_input {
	struct xml_job *job;
	const struct xml_signature *signature;
	enum stamp_scope scope;
	const xmlNode *property;
	xmlNode *unsigned_properties; /* UnsignedSignatureProperties, or NULL */
	struct canon canon;           /* borrowed */
};
struct err *stamp_digest(const struct stamp_input *in, enum digest_alg alg,
    uint8_t out[DIGEST_MAX]) MUST_USE;

#endif

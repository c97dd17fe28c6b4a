/* What the collector works on: one ds:Signature, taken apart. */
#ifndef SIGND_XML_SIGNATURE_H
#define SIGND_XML_SIGNATURE_H

#include "xml/keyinfo.h"
#include "xml/reference.h"

#define XML_TOPS_MAX 64 /* names of highest elements of one signature */
#define XML_LOOSE_MAX                                                          \
	1000 /* data elements in Signatures that nobody signed                 \
	      */

struct xml_signature {
	xmlNode *node;    /* ds:Signature */
	xmlNode *info;    /* ds:SignedInfo; NULL: badly built */
	xmlNode *value;   /* ds:SignatureValue */
	xmlNode *keyinfo; /* ds:KeyInfo, or NULL */
	struct keyinfo keys;
	struct xml_ref *refs; /* owned */
	size_t nrefs;
	xmlNode *qualifying;        /* xades:QualifyingProperties, or NULL */
	xmlNode *signed_properties; /* signed by a reference that holds */
	bool intact;                /* value and all references hold */
	const xmlNode *tops[XML_TOPS_MAX]; /* highest elements it covers */
	size_t ntops;
	bool too_many_tops;
	const xmlNode *split; /* the first element with a text that comments
			       * cut and that it signs without them */
	bool holds_text;     /* it signs an Object with text in it */
	bool holds_manifest; /* it signs a Manifest */
};

/* Takes `node` apart.  ERR_MALFORMED: its children are not those of XMLDSig
 * 4.1, in their order; nothing else may hide in a Signature. */
struct err *xml_signature_open(
    xmlNode *node, struct xml_signature *out) MUST_USE;
void xml_signature_done(struct xml_signature *s);

/* Whether the reference is about the signature itself (its properties, its
 * KeyInfo) and not about something that somebody wanted to sign. */
bool xml_ref_is_own(const struct xml_signature *s, const struct xml_ref *r);

/* The signing value: fact->alg, signature, cert and findings.  `later` holds
 * certificates found elsewhere in the signature. */
struct err *xml_judge_value(struct xml_job *job, struct xml_signature *s,
    const struct cert_list *later, struct signature_fact *fact) MUST_USE;

/* ---- the rules about what is signed: xml/cover.c ---- */

/* Fills "covers" and "whole" for one reference, and marks what it covers when
 * the signature is intact.  Marks are in the tree (_private). */
struct err *xml_cover(struct xml_job *job, struct xml_signature *s,
    struct xml_ref *r, struct buf *covers, bool *whole) MUST_USE;
/* Type and place of one reference; then of all, and whether there is any. */
struct err *xml_rules_of(const struct xml_signature *s, const struct xml_ref *r,
    struct signature_fact *fact) MUST_USE;
struct err *xml_rules(
    struct xml_signature *s, struct signature_fact *fact) MUST_USE;

/* Elements inside Signatures that are not of XMLDSig or XAdES and that nobody
 * signed, sorted by name.  ERR_LIMIT: there are too many. */
struct xml_loose {
	const xmlNode *v[XML_LOOSE_MAX];
	size_t n;
	/* The first outermost Signatures with data in them, signed or not. */
	const xmlNode *holders[2];
	size_t nholders;
};
struct err *xml_loose_find(struct xml_job *job, struct xml_loose *out) MUST_USE;
/* Elements like the signed ones that nobody signed; after all signatures. */
struct err *xml_rule_wrapping(struct xml_job *job, struct xml_signature *s,
    const struct xml_loose *loose, struct signature_fact *fact) MUST_USE;

/* ---- times that are claimed: xml/when.c ---- */

/* The time in an element; without a zone it is that of `zone_min`, minutes
 * east of UTC. */
struct err *xml_time(const xmlNode *n, int zone_min, int64_t *out) MUST_USE;
/* Where nothing else claimed a time: the one signed SigningTime in a
 * SignatureProperty of the signature's own Object (Circular 78/2021). */
struct err *xml_property_time(
    const struct xml_signature *s, struct signature_fact *fact) MUST_USE;

/* ---- XAdES: xml/xades.c ---- */

bool xades_is(const xmlNode *n, const char *name); /* in any version */
bool xades_is_type(const char *type, const char *what);
xmlNode *xades_child(const xmlNode *n, const char *name); /* or NULL */
/* Finds the properties; before the references are looked at. */
void xades_open(struct xml_signature *s);
/* Certificates in UnsignedSignatureProperties are added to `out`. */
struct err *xades_certs(struct xml_work *w, struct xml_signature *s,
    struct cert_list *out) MUST_USE;
/* Whether the property SigningCertificate names `c` by its digest. */
struct err *xades_names(
    const struct xml_signature *s, const struct cert *c, bool *out) MUST_USE;
/* Whether one xades:Cert names `cert` by its digest.  ERR_UNSUPPORTED: it has
 * no digest that we know. */
struct err *xades_cert_matches(
    const xmlNode *n, const struct cert *cert, bool *out) MUST_USE;
/* Tells of references to validation data that name nothing of what is there;
 * after xades_collect_unsigned.  ERR_LIMIT: the work is used up. */
struct err *xades_collect_refs(struct xml_job *job,
    const xmlNode *unsigned_properties, struct signature_fact *fact,
    const struct facts *facts) MUST_USE;
/* Time stamps, revocation data and level; and one time stamp, `at` its place
 * among the unsigned properties (0: it is signed). */
struct err *xades_collect_unsigned(struct xml_job *job,
    const struct xml_signature *s, const struct cert_list *pool,
    struct signature_fact *fact, struct facts *facts) MUST_USE;
struct err *xades_collect_stamp(struct xml_job *job,
    const struct xml_signature *s, const xmlNode *property, position at,
    const struct cert_list *pool, struct signature_fact *fact) MUST_USE;
/* Level, claimed time, binding, time stamps, revocation data; at the end. */
struct err *xades_collect(struct xml_job *job, struct xml_signature *s,
    const struct cert_list *pool, struct signature_fact *fact,
    struct facts *facts) MUST_USE;

#endif

/*
 * One ds:Reference: what it points at, its transforms on a short rein, and
 * whether the digest fits.  Allowed are the canonicalisations, enveloped,
 * XPath, XPath Filter 2.0, base64 and the relationships of OPC; XSLT and all others are refused.  What
 * is outside the document comes from the caller or is not there.
 */
#ifndef SIGND_XML_REFERENCE_H
#define SIGND_XML_REFERENCE_H

#include "format/facts.h"
#include "xml/canon.h"

#define XML_REFERENCES_MAX 256 /* in one SignedInfo or Manifest */
#define XML_TRANSFORMS_MAX 8   /* in one Reference */

/* What every reference of a document shares. */
struct xml_job {
	const struct xml_doc *doc;
	const struct collect_input *in;
	struct xml_work work;
};

enum ref_kind {
	REF_DOCUMENT, /* URI="" and xpointer(/) */
	REF_ELEMENT,  /* "#id" */
	REF_EXTERNAL, /* something that came from outside */
};

struct xml_ref {
	const xmlNode *node; /* the ds:Reference */
	const char *uri;     /* owned by the tree; NULL: none */
	const char *type;    /* owned by the tree; NULL: none */
	enum ref_kind kind;
	xmlNode *element;   /* REF_ELEMENT */
	struct xml_set set; /* not for EXTERNAL: the nodes that are digested */
	bool reduced;       /* a filter may drop more than signatures */
	bool dotnet;        /* enveloped-signature as .NET reads it */
	bool unseen;        /* somebody else hashed the file */
	bool comments;      /* are digested with the rest */
	bool blind;         /* what was digested says nothing about the nodes */
	enum digest_alg alg;
	enum check digest;
	uint8_t computed[DIGEST_MAX]; /* what the data yields */
	struct err *problem;          /* why it could not be looked at; owned */
};

/*
 * xml_ref_check fills *out, which xml_ref_done() frees, also after an error.
 * What is wrong with the document goes into out->problem; errors are only of
 * memory and of ourselves.  XMLDSig 4.4.3, 3.2.1.
 */
struct err *xml_ref_check(struct xml_job *job, xmlNode *reference,
    const xmlNode *signature, struct xml_ref *out) MUST_USE;
void xml_ref_done(struct xml_ref *r);

/* What the reference digests: octets, or its nodes under `canon`.  Errors as
 * the transforms give them, ERR_MISSING for a file that is not here. */
struct err *xml_ref_octets(struct xml_job *job, xmlNode *reference,
    const xmlNode *signature, const struct canon *canon,
    struct sink *out) MUST_USE;

/* Whether `node` is among the nodes that the reference digests; nothing is
 * canonicalised.  Errors as the transforms give them. */
struct err *xml_ref_covers(struct xml_job *job, xmlNode *reference,
    const xmlNode *signature, xmlNode *node, bool *out) MUST_USE;

/* Puts `e` into *slot when the document is to blame, else returns it. */
struct err *blame_document(struct err *e, struct err **slot) MUST_USE;

#endif

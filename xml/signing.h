/* What the files of signing share: one signature in the making. */
#ifndef SIGND_XML_SIGNING_H
#define SIGND_XML_SIGNING_H

#include "format/format.h"
#include "xml/params.h"
#include "xml/place.h"
#include "xml/profile.h"

#define XML_ID_MAX 40              /* bytes of a signature's Id */
#define XML_PART_MAX (1024 * 1024) /* bytes of SignedInfo and the like */
#define XML_KEYINFO_MAX (16 * 1024 * 1024)

struct signing {
	const struct sign_params *params;
	const struct xml_params *xml; /* never NULL */
	const struct xml_profile *profile;
	struct canon canon; /* of SignedInfo and of references */
	const char *canon_uri;
	enum digest_alg digest; /* of references */
	struct bytes document;
	struct collect_input none; /* nothing but the document */
	struct xml_job job;        /* doc is NULL where none is read */
	struct xml_doc *doc;       /* owned */
	struct xml_place place;    /* parent is NULL: a file of its own */
	xmlNode *countered; /* the SignatureValue to be signed, or NULL */
	char id[XML_ID_MAX];
	/* Elements that are inserted with the Signature, around it; they
	 * declare what they use. */
	struct buf open;
	struct buf close;
	size_t nopen;
	struct buf references; /* <Reference>s to data */
	size_t nreferences;
	struct buf formats; /* <DataObjectFormat>s, one for each */
	/* The element beside the data that is signed: SignedProperties, or the
	 * Object with the signing time; empty: none. */
	struct buf own;
	struct buf info; /* SignedInfo */
	struct buf keyinfo;
	struct buf data;   /* start tag of the Object with the data */
	struct buf inside; /* and what stands in it, if not the document */
};

/* The prefix of XMLDSig, and what declares it again in the top element of a
 * part that must not depend on what stands around it. */
const char *signing_prefix(const struct signing *s);
bool signing_is_exclusive(const struct signing *s);

const char *signing_declaration(const struct signing *s);

/* The canonical form of a part of the Signature, where it will stand, with
 * all the namespaces in scope there.  `declaration` is the XML declaration
 * under which the part was written, or nothing. */
struct err *signing_canonical(struct signing *s, struct bytes declaration,
    const struct buf *part, const struct canon *c, struct buf *out) MUST_USE;

/* xml/data.c: the references to what is signed, with their digests. */
struct err *signing_write_data(struct signing *s) MUST_USE;
/* xml/properties.c: SignedProperties, or the Object with the signing time. */
struct err *signing_write_own(struct signing *s) MUST_USE;
/* "<ds:DigestMethod ...>...</ds:DigestValue>" */
struct err *signing_put_digest(struct buf *b, const char *prefix,
    const char *declaration, enum digest_alg alg,
    const uint8_t digest[DIGEST_MAX]) MUST_USE;

/* xml/embed.c: what embed needs. */
struct err *signing_pack(const struct signing *s, struct buf *out) MUST_USE;

#endif

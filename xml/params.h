/*
 * What a signer can choose for XML beyond struct sign_params: how signature
 * and data are packed together, where the signature stands, what is signed,
 * and which profile (a way of writing signatures, see xml/profile.h).
 */
#ifndef SIGND_XML_PARAMS_H
#define SIGND_XML_PARAMS_H

#include "certs/alg.h"

#define XML_OBJECTS_MAX 64 /* data objects named by the caller */
#define XML_NAME_MAX 1024  /* bytes of a place, URI, Id or profile */

enum xml_packaging {
	XML_ENVELOPED,  /* the signature goes into the document */
	XML_ENVELOPING, /* the document goes into the signature */
	XML_DETACHED,   /* a signature alone; what it signs stays outside */
};

/* One thing to sign. */
struct xml_object {
	/* "": the whole document; "#Id": an element of it; anything else: a
	 * file outside, and how the reference calls it. */
	const char *uri;
	struct bytes data;      /* of a file outside, unless there is: */
	struct bytes digest;    /* its digest by xml_params.digest */
	const char *media_type; /* or NULL */
};

/* Everything may be left at 0: XAdES enveloped over the whole document. */
struct xml_params {
	const char *profile; /* NULL: "xades" */
	enum xml_packaging packaging;
	/* ENVELOPED: the element at whose end the signature goes, as "#Id" or
	 * as local names from the root, "/HDon/DSCKS/NBan"; NULL: the root. */
	const char *place;
	/* "exclusive", "1.0" or "1.1", each also with "+comments"; NULL: as
	 * the profile wants. */
	const char *canon;
	enum digest_alg digest; /* of references; NONE: as the profile wants */
	/* ENVELOPED: none means the whole document.  DETACHED: beside the
	 * document itself, which is signed under the name `uri` if that is not
	 * NULL. */
	const struct xml_object *objects;
	size_t nobjects;
	const char *uri;
	/* The Id of a signature in the document, or its number from 1: a
	 * counter-signature is made, over that one's value and nothing else. */
	const char *counter;
};

/* The choices as programs and people outside write them; any may be NULL. */
struct xml_words {
	const char *profile;
	const char *packaging; /* "enveloped", "enveloping", "detached" */
	const char *place;
	const char *canon;
	const char *digest; /* "SHA-256", "SHA-384", "SHA-512" */
	const char *uri;
	const char *counter;
};
/* Fills *out, without objects; it borrows.  ERR_USAGE: no such word. */
struct err *xml_params_read(
    const struct xml_words *w, struct xml_params *out) MUST_USE;

/* ERR_LIMIT: more than XML_OBJECTS_MAX. */
struct err *xml_params_pack(
    const struct xml_params *p, struct buf *out) MUST_USE;
/* `packed` must outlive *out, which xml_params_free() frees. */
struct err *xml_params_unpack(
    struct bytes packed, struct xml_params **out) MUST_USE;
/* Only for what xml_params_unpack made. */
void xml_params_free(struct xml_params *p);
DEFINE_FREEP(xml_params_free, struct xml_params)

#endif

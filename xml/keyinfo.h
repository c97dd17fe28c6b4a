/*
 * ds:KeyInfo: the certificates and keys a signature brings along.  What it
 * says is not believed: the caller finds out which key fits the value, and
 * whether it is trusted is judged elsewhere.  Nothing is fetched.
 */
#ifndef SIGND_XML_KEYINFO_H
#define SIGND_XML_KEYINFO_H

#include <openssl/evp.h>

#include "certs/cert.h"
#include "xml/reference.h"

#define XML_KEYS_MAX 8   /* KeyValues in one KeyInfo */
#define XML_CERTS_MAX 64 /* certificates in one KeyInfo */

struct keyinfo {
	bool there;                   /* there is a KeyInfo at all */
	struct cert_list certs;       /* X509Certificate, in order */
	EVP_PKEY *keys[XML_KEYS_MAX]; /* KeyValue, DEREncodedKeyValue; owned */
	size_t nkeys;
	bool names;  /* it names a key or certificate that is elsewhere */
	bool broken; /* something in it could not be read */
};

/* keyinfo_read fills *out, which keyinfo_done() frees, also after an error.
 * Errors are only of memory and of ourselves. */
struct err *keyinfo_read(
    struct xml_job *job, xmlNode *keyinfo, struct keyinfo *out) MUST_USE;
void keyinfo_done(struct keyinfo *k);

/* Whether the X509IssuerSerial, X509SKI, X509SubjectName or X509Digest in
 * `keyinfo` (or a KeyName, which is whatever two parties agreed on) allow this
 * certificate from outside. */
struct err *keyinfo_allows(
    xmlNode *keyinfo, const struct cert *c, bool *out) MUST_USE;

#endif

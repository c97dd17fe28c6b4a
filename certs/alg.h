/*
 * Digest and signature algorithms, in one table: names, OIDs, XML URIs.
 * Every room that meets an identifier of an algorithm asks here.
 */
#ifndef SIGND_CERTS_ALG_H
#define SIGND_CERTS_ALG_H

#include "base/base.h"

enum digest_alg {
	DIGEST_NONE, /* unknown, or none */
	DIGEST_MD5,  /* judged only, never made */
	DIGEST_SHA1, /* judged only, never made */
	DIGEST_RIPEMD160,
	DIGEST_SHA224,
	DIGEST_SHA256,
	DIGEST_SHA384,
	DIGEST_SHA512,
	DIGEST_SHA512_256,
	DIGEST_SHA3_224,
	DIGEST_SHA3_256,
	DIGEST_SHA3_384,
	DIGEST_SHA3_512,
	DIGEST_SHAKE256, /* 512 bits of it, as RFC 8419 and RFC 8702 want */
	DIGEST_COUNT,
};

enum key_alg {
	KEY_NONE,
	KEY_RSA,
	KEY_EC,
	KEY_ED25519,
	KEY_ED448,
	KEY_DSA, /* judged only */
};

/* The padding or form of a signature. */
enum sig_form {
	SIG_NONE,
	SIG_RSA_PKCS1, /* RSASSA-PKCS1-v1_5, RFC 8017 8.2 */
	SIG_RSA_PSS,   /* RSASSA-PSS, RFC 8017 8.1 */
	SIG_ECDSA,
	SIG_EDDSA, /* Ed25519, RFC 8032 */
	SIG_DSA,   /* judged only */
	SIG_ED448, /* RFC 8032 */
};

/* A signature algorithm whole. */
struct sig_alg {
	enum sig_form form;
	enum digest_alg digest; /* DIGEST_NONE for EdDSA */
	enum digest_alg mgf1;   /* PSS only, else DIGEST_NONE */
	int salt_len;           /* PSS only, in bytes */
};

#define DIGEST_MAX 64 /* bytes, SHA-512 */

const char *digest_name(enum digest_alg alg);    /* "SHA-256" */
const char *digest_oid(enum digest_alg alg);     /* dotted; NULL: none */
const char *digest_xml_uri(enum digest_alg alg); /* NULL: none */
size_t digest_len(enum digest_alg alg);          /* bytes */
enum digest_alg digest_by_oid(const char *dotted);
enum digest_alg digest_by_xml_uri(const char *uri);

/* Running digests: bytes are hashed once, and streamed. */
struct digest;
struct err *digest_new(enum digest_alg alg, struct digest **out) MUST_USE;
struct err *digest_add(struct digest *d, struct bytes what) MUST_USE;
/* A second digest that has taken in the same bytes as `d`: what two ranges
 * have in common is hashed once. */
struct err *digest_copy(const struct digest *d, struct digest **out) MUST_USE;
/* Writes digest_len() bytes to `out`; the digest is then over. */
struct err *digest_final(struct digest *d, uint8_t out[DIGEST_MAX]) MUST_USE;
void digest_free(struct digest *d);
DEFINE_FREEP(digest_free, struct digest)
/* All at once. */
struct err *digest_of(
    enum digest_alg alg, struct bytes what, uint8_t out[DIGEST_MAX]) MUST_USE;

/* "ECDSA with SHA-256", for reports; writes at most `size` bytes. */
void sig_alg_name(struct sig_alg alg, char *out, size_t size);
/* The dotted OID ("1.2.840.10045.4.3.2"), NULL where there is none. */
const char *sig_alg_oid(struct sig_alg alg);
/* The XMLDSig URI, NULL where there is none. */
const char *sig_alg_xml_uri(struct sig_alg alg);
/* form is SIG_NONE when unknown. */
struct sig_alg sig_alg_by_xml_uri(const char *uri);
/* The same by a dotted OID that fixes the digest ("1.2.840.113549.1.1.11"). */
struct sig_alg sig_alg_by_oid(const char *dotted);
/* The AlgorithmIdentifier in DER, with PSS parameters where needed. */
struct err *sig_alg_encode(struct sig_alg alg, struct buf *out) MUST_USE;
/* Reads an AlgorithmIdentifier; `digest` is what CMS states beside it, for
 * the OIDs (rsaEncryption) that name none.  ERR_UNSUPPORTED: not known. */
struct err *sig_alg_parse(
    struct bytes der, enum digest_alg digest, struct sig_alg *out) MUST_USE;

#endif

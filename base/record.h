/*
 * Records that people sign: an enrolment, a revocation.  A record is text of
 * one fixed form, rendered from typed fields by this code on every side, so
 * that nobody has to parse what somebody else wrote: the signer renders and
 * signs, the keyholder renders again and checks.
 */
#ifndef SIGND_BASE_RECORD_H
#define SIGND_BASE_RECORD_H

#include "base/bytes.h"

#define RECORD_MAX 8192      /* bytes of one rendered record */
#define RECORD_FIELD_MAX 512 /* bytes of one field */
#define RECORD_NONCE 16      /* bytes */

/* An officer has met this person; they get a certificate under `profile`. */
struct enrolment_record {
	char *name;            /* "Nguyễn Văn An": UTF-8, NFC */
	char *subject_id;      /* "CCCD:001…", "HC:…" */
	char *province;        /* "Thành phố Hà Nội", may be "" */
	char *locality;        /* ward, may be "" */
	char *profile;         /* "citizen" */
	char *evidence;        /* "chip-card", "card-seen", "passport-seen" */
	char *evidence_sha256; /* 64 hex digits over what the desk keeps */
	char *consent;         /* ISO 8601 time at which the person agreed */
	char *desk;            /* name of the desk */
	char *officer;         /* 64 hex digits: SHA-256 of their certificate */
	char *time;            /* ISO 8601 */
	char *nonce;           /* 32 hex digits; never used twice */
	char *key_kind; /* "RSA-2048" (pkcs11/kind.h); NULL or "": not said */
};

/* An officer ends (or suspends) a certificate. */
struct revocation_record {
	char *credential; /* credential id */
	char *serial;     /* hex, lower case; "": the current one */
	char *reason;     /* RFC 5280 5.3.1 name: "keyCompromise", ... */
	char *officer;    /* as above */
	char *time;       /* ISO 8601 */
	char *nonce;      /* as above */
};

/* An officer has met this person, who brought a token: its key gets a
 * certificate. */
struct issue_record {
	struct enrolment_record who;
	char *replaces;   /* serial of the certificate that it renews, or "" */
	char *csr_sha256; /* 64 hex digits: the request that they brought */
};

/* The audit up to a record is as it is: what a checkpoint signs. */
struct checkpoint_record {
	char *covers;      /* number of that record, decimal */
	char *hash;        /* 64 hex digits: its hash in the chain */
	char *time;        /* ISO 8601, by the keyholder's clock */
	char *certificate; /* 64 hex digits: SHA-256 of the signer's */
};

/*
 * Render appends the exact bytes to be signed:
 *
 *	signd enrolment 1\n
 *	name: Nguyễn Văn An\n
 *	subject-id: ...\n  (every field, in the order of the struct)
 *
 * An enrolment that says a kind of key is "signd enrolment 2", with key-kind
 * at the end; without one it is version 1, as it always was.
 *
 * ERR_MALFORMED: a field is missing, too long, not printable UTF-8, or not of
 * its form; code "record-nfc": not in Unicode normal form C, in which one name
 * is one text (base/nfc.h).  An officer signs SHA-256 of it.
 */
struct err *enrolment_record_render(
    const struct enrolment_record *r, struct buf *out) MUST_USE;
/* "signd certificate 1", the fields of an enrolment, replaces, csr-sha256. */
struct err *issue_record_render(
    const struct issue_record *r, struct buf *out) MUST_USE;
struct err *revocation_record_render(
    const struct revocation_record *r, struct buf *out) MUST_USE;

struct err *checkpoint_record_render(
    const struct checkpoint_record *r, struct buf *out) MUST_USE;

/* Frees the fields, not the struct. */
void enrolment_record_done(struct enrolment_record *r);
void issue_record_done(struct issue_record *r);
void revocation_record_done(struct revocation_record *r);
void checkpoint_record_done(struct checkpoint_record *r);

#endif

/*
 * libsignd: the client of signd.  One header, one library.
 *
 * Functions that can fail return a struct signd_error *, NULL when all went
 * well; the caller frees it with signd_error_free().  Outputs are untouched on
 * failure, but what was written to `out_fd` before it is worth nothing; strings
 * that come out are freed with signd_free().  A client may be used by one thread
 * at a time; several clients may be used by several threads.
 * Descriptors stay the caller's; what `in_fd` gives begins where it stands.
 * Times are ISO 8601 text, sizes are bytes, text is UTF-8.
 */
#ifndef SIGND_H
#define SIGND_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct signd;
struct signd_error;

/* Where the service is, and how to be sure of it. */
struct signd_options {
	const char *url;       /* "https://host:8443" */
	const char *ca_file;   /* PEM of who may vouch for it; NULL: system's */
	const char *cert_file; /* officers: client certificate, PEM; or NULL */
	const char *key_file;  /* officers: its key, PEM; or NULL */
	long timeout_ms;       /* for a whole call; 0: 10 minutes */
	/* PEM of who may vouch for the key that PINs are sealed to, so that not
	 * even the service's own web server could put another there; NULL: that
	 * is believed which TLS has proved. */
	const char *issuer_file;
};

/* Text that is not kept after the call; len in bytes. */
struct signd_bytes {
	const void *ptr;
	size_t len;
};

/* How a citizen allows a signature: PIN or SAD, the other one NULL, or it is an
 * error.  The library seals the PIN to a key inside the service's token. */
struct signd_authorization {
	const char *pin;  /* UTF-8 in NFC, 6 to 64 characters */
	const char *sad;  /* out of signd_authorize() */
	const char *code; /* with the PIN: of the second factor, or NULL */
};

/* What an officer has seen; the library renders the record from it. */
struct signd_enrolment {
	const char *name;            /* "Nguyễn Văn An" */
	const char *subject_id;      /* "CCCD:…", "HC:…" */
	const char *province;        /* or NULL */
	const char *locality;        /* or NULL */
	const char *profile;         /* NULL: "citizen" */
	const char *evidence;        /* "chip-card", "card-seen", ... */
	const char *evidence_sha256; /* 64 hex digits */
	const char *consent;         /* when the person agreed; NULL: now */
	const char *desk;            /* name of the desk */
	const char *officer;         /* 64 hex digits: SHA-256 of the officer's
				      * certificate */
	const char *key_kind; /* "P-256", "P-384", "RSA-2048", "RSA-3072";
			       * NULL: as the service has it */
};

/* A certificate for the key of a token. */
struct signd_issue {
	struct signd_enrolment who;
	const char *replaces;   /* serial (hex) of what it renews; or NULL */
	struct signd_bytes csr; /* PKCS#10, DER */
	const char *csr_sha256; /* 64 hex digits: SHA-256 of it */
};

/* Why a certificate ends. */
struct signd_revocation {
	const char *credential; /* credential id */
	const char *serial;     /* hex */
	const char *reason;     /* RFC 5280 5.3.1: "keyCompromise", ... */
	const char *officer;    /* as above */
};

/*
 * The officer's key, wherever it is.  It signs `record` (not hashed yet) and
 * gives value and DER AlgorithmIdentifier, at most 1024 and 256 bytes; returns
 * 0, or anything else when it could not.
 */
typedef int signd_approve(void *ctx, struct signd_bytes record,
    unsigned char value[1024], size_t *value_len, unsigned char alg[256],
    size_t *alg_len);

/* signd_open makes a client; nothing is sent yet. */
struct signd_error *signd_open(
    const struct signd_options *options, struct signd **out);

/* signd_close frees a client; NULL is allowed. */
void signd_close(struct signd *s);

/* signd_free frees a string that the library gave; NULL is allowed. */
void signd_free(char *string);

/* signd_version gives the version of the library, in static storage. */
const char *signd_version(void);

/* signd_error_code gives the stable code of an error ("pin-wrong"). */
const char *signd_error_code(const struct signd_error *e);

/* signd_error_text gives one sentence: English when `lang` is "en", else
 * Vietnamese. */
const char *signd_error_text(const struct signd_error *e, const char *lang);

/* signd_error_next says what to do now, as signd_error_text; may be "". */
const char *signd_error_next(const struct signd_error *e, const char *lang);

/* signd_error_detail gives one English line about this very case; may be "". */
const char *signd_error_detail(const struct signd_error *e);

/* signd_error_status gives the HTTP status, 0 when there was no answer. */
int signd_error_status(const struct signd_error *e);

/* signd_error_free frees an error; NULL is allowed. */
void signd_error_free(struct signd_error *e);

/* signd_info asks what the service is and can do; the answer is JSON. */
struct signd_error *signd_info(struct signd *s, char **out_json);

/* signd_ca fetches the certificates of the issuer, PEM, anchor last. */
struct signd_error *signd_ca(struct signd *s, char **out_pem);

/* signd_crl writes the issuer's current list of revoked certificates (DER) to
 * `out_fd`. */
struct signd_error *signd_crl(struct signd *s, int out_fd);

/*
 * signd_enrol records at the desk that a person was met, with the officer's
 * approval; the answer is JSON with enrolmentID and activationLink.
 */
struct signd_error *signd_enrol(struct signd *s,
    const struct signd_enrolment *enrolment, signd_approve *approve, void *ctx,
    char **out_json);

/*
 * signd_activate makes key and certificate: `link` is the one-time link or its
 * token.  The answer is JSON with credentialID, certificate and chain (PEM);
 * and otpauth, the link for an authenticator app, when the service asks for its
 * codes: nobody tells it again.
 */
struct signd_error *signd_activate(
    struct signd *s, const char *link, const char *pin, char **out_json);

/* signd_credential tells about one credential: JSON, CSC CredentialInfo with
 * the certificate chain. */
struct signd_error *signd_credential(
    struct signd *s, const char *credential, char **out_json);

/*
 * signd_authorize turns a PIN (and `code`, of the second factor, or NULL) into
 * signature activation data (SAD) for `count` signatures, bound to `digests`
 * (raw values of the digest algorithm with OID `digest_oid`) when there are
 * any.
 */
struct signd_error *signd_authorize(struct signd *s, const char *credential,
    const char *pin, const char *code, unsigned count,
    const struct signd_bytes *digests, size_t ndigests, const char *digest_oid,
    char **out_sad);

/*
 * signd_sign_hash signs digests that were computed elsewhere.  The answer is
 * JSON: {"signatures": [Base64, ...]} in the order of `digests`.
 */
struct signd_error *signd_sign_hash(struct signd *s, const char *credential,
    struct signd_authorization authorization, const struct signd_bytes *digests,
    size_t ndigests, const char *digest_oid, const char *sign_alg_oid,
    char **out_json);

/* What may be said of a signature; all may be NULL. */
struct signd_sign_options {
	const char *media_type; /* NULL: found out by the service */
	const char *reason;
	const char *location;
	const char *field;   /* PDF: the field to sign */
	const char *certify; /* PDF: "nothing", "form" or "comments": certify
			      * it, and allow only that afterwards */
	const char *lock;    /* PDF: fields that must stay as they are, with
			      * commas between, or "*" */
	const char *level; /* "AdES-B-T", "AdES-B-LT", "AdES-B-LTA"; NULL: B */
	const char *format; /* "C" (CMS), "P" (PDF), "X" (XML); NULL: found
			     * out by the service */
	const char *place;  /* CMS: "Attached", "Detached", "Parallel" */
	const char *role;
	const char *commitment; /* commitment type, dotted OID */
	/* PDF, a visible signature: */
	const char *appearance; /* a profile: "plain", "decree-30-sao-y", ... */
	const char *page;       /* 1 is the first */
	const char *box;        /* "X,Y,WIDTH,HEIGHT", points */
	const char *corner;     /* "WIDTH,HEIGHT": the first free corner */
	const char *text;       /* lines, with line feeds between */
	const char *qr;         /* what a QR code says */
	const char *const *more; /* what else the API takes in a query, as
				  * name, value, ..., NULL */
};

/*
 * signd_sign_document sends the document read from `in_fd`, and writes the
 * signed one to `out_fd`; neither is held in memory.
 */
struct signd_error *signd_sign_document(struct signd *s, const char *credential,
    struct signd_authorization authorization,
    const struct signd_sign_options *options, int in_fd, int out_fd);

/*
 * signd_prepare sends the document read from `in_fd` and has a signature
 * prepared; levels above T are reached with signd_extend() afterwards.  The
 * answer is JSON for signd_complete(), and holds for some minutes.
 */
struct signd_error *signd_prepare(struct signd *s, const char *credential,
    const struct signd_sign_options *options, int in_fd, char **out_json);

/*
 * signd_complete signs what was prepared, and writes the signed document to
 * `out_fd`.  `in_fd` is the same document again, a file; it does not travel.
 */
struct signd_error *signd_complete(struct signd *s, const char *credential,
    struct signd_authorization authorization, const char *prepared_json,
    int in_fd, int out_fd);

/*
 * signd_extend sends the document read from `in_fd`, and writes it to `out_fd`
 * with its signatures, or the one named `id` (may be NULL), raised to `level`
 * ("AdES-B-T", "AdES-B-LT", "AdES-B-LTA").
 */
struct signd_error *signd_extend(struct signd *s, const char *level,
    const char *id, int in_fd, int out_fd);

/*
 * signd_verify sends the document read from `in_fd` and gets the report, JSON.
 * `policy` and `time` may be NULL.
 */
struct signd_error *signd_verify(struct signd *s, int in_fd, const char *policy,
    const char *time, char **out_json);

/*
 * signd_verify_hashes is the same for a detached signature, read from `in_fd`,
 * whose content stays away: `hashes` is "SHA-256:HEX".  What was not seen stands
 * in the report.
 */
struct signd_error *signd_verify_hashes(struct signd *s, int in_fd,
    const char *hashes, const char *policy, const char *time, char **out_json);

/*
 * signd_verify_pdf_part is the same for one signature of a PDF that stays away:
 * `in_fd` gives what its /Contents holds, `hash` is that of what its /ByteRange
 * covers, "SHA-256:HEX".  Whether the file was changed after signing, and what
 * else is in it, is for the caller to see.
 */
struct signd_error *signd_verify_pdf_part(struct signd *s, int in_fd,
    const char *hash, const char *policy, const char *time, char **out_json);

/*
 * signd_receipt sends the document read from `in_fd`, and writes to `out_fd` a
 * receipt of its verification: a PDF that the service seals.  `policy` and
 * `filename`, under which the receipt names the document, may be NULL.  The
 * service keeps the report then, for who has the receipt.
 */
struct signd_error *signd_receipt(struct signd *s, int in_fd,
    const char *policy, const char *filename, int out_fd);

/*
 * signd_issue has a token's key certified, with the officer's approval.  The
 * answer is JSON with serialNumber and certificates (Base64 of DER, its own
 * first, anchor last).
 */
struct signd_error *signd_issue(struct signd *s,
    const struct signd_issue *request, signd_approve *approve, void *ctx,
    char **out_json);

/* signd_revoke ends a certificate, with the officer's approval.  The answer is
 * JSON with revokedAt and crlNumber. */
struct signd_error *signd_revoke(struct signd *s,
    const struct signd_revocation *revocation, signd_approve *approve,
    void *ctx, char **out_json);

#ifdef __cplusplus
}
#endif

#endif

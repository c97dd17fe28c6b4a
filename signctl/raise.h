/* Raising signatures to T, LT and LTA here, with evidence out of files. */
#ifndef SIGND_SIGNCTL_RAISE_H
#define SIGND_SIGNCTL_RAISE_H

#include "signctl/online.h"

#define TOKEN_MAX (1024 * 1024) /* bytes of one time stamp */

#define RAISE_LEVEL                                                            \
	{                                                                      \
		"level", "b|t|lt|lta", "how far to go", false                  \
	}
#define RAISE_OPTIONS                                                          \
	ONLINE_OPTIONS,                                                        \
	    { "tsa", "URL", "where time stamps come from (RFC 3161)", false }, \
	    { "trust", "FILE", "anchors of the paths, put in", true },         \
	    { "cert", "FILE", "further certificates, put in", true },          \
	    { "crl", "FILE", "a CRL to put in", true },                        \
	    { "ocsp", "FILE", "an OCSP answer to put in", true },              \
	{                                                                      \
		"stamp-digest", "NAME",                                        \
		    "what time stamps hash with: SHA-256, SHA-384, SHA-512, "  \
		    "SHA3-256, SHA3-384, SHA3-512",                            \
		    false                                                      \
	}

/* What the options say, loaded. */
struct raise {
	enum level level;
	const char *format;        /* hint, or NULL */
	const char *id;            /* of one signature, or NULL */
	const char *tsa;           /* URL, or NULL */
	enum digest_alg stamp_alg; /* of the imprints */
	struct cert_list certs;
	struct status_files status;
	struct bytes *crls; /* borrow from status */
	struct bytes *ocsps;
	struct input content;
	struct external external;
	size_t nexternal;
	struct bytes password;
	struct evidence evidence;
	struct signctl_online *online; /* NULL: only what the files give */
	struct trust_domain trust;     /* --trust, "given" */
	struct online_kept kept;       /* what online brought, of one file */
	size_t ncrls, nocsps;          /* of the files given, without it */
};

/* raise_load reads the options; without --level it is LEVEL_B. */
struct err *raise_load(const struct args *a, struct raise *out) MUST_USE;
/* "AdES-B-T" and so on, as the service calls it; NULL for B. */
const char *raise_level_name(enum level level);
/* raise_by_service refuses what only counts where levels are raised here.
 * ERR_USAGE, code "stamp-digest-there". */
struct err *raise_by_service(const struct args *a) MUST_USE;
void raise_done(struct raise *r);
/* raise_stamp asks the authority for a token.  ERR_USAGE: no --tsa. */
struct err *raise_stamp(const struct raise *r, enum digest_alg alg,
    struct bytes digest, struct buf *token) MUST_USE;
/* raise_all does what is missing up to r->level, one level after the other,
 * and leaves the outcome in *document. */
struct err *raise_all(struct raise *r, struct input *document) MUST_USE;

/* raise_lowest: the lowest level of the signatures that are meant.  ERR_MISSING
 * with code "no-signature". */
struct err *raise_lowest(const struct raise *r, struct bytes document,
    enum level *out) MUST_USE;

/* write_document replaces the file, or makes it. */
struct err *write_document(const char *path, struct bytes document) MUST_USE;
/* outcome puts the insertion into the document, in a new file of nobody's. */
struct err *outcome(const struct insertion *i, struct bytes document,
    struct input *out) MUST_USE;
/* embed_here is job_embed in the sandbox: a token is a stranger's. */
struct err *embed_here(struct bytes state, struct bytes value,
    struct bytes token, struct insertion *out) MUST_USE;

#endif

/*
 * A signature format is four verbs.  `prepare` yields the digest to be signed
 * and a state that can be stored; `embed` puts the value in; `collect` gathers
 * facts for validation; `extend` (later) adds time stamps and revocation data.
 * A key is never seen here.
 *
 * What comes out of signing is never a whole new document but one insertion
 * into the bytes that came in: the original stays untouched, and a gigabyte
 * is not copied.
 */
#ifndef SIGND_FORMAT_FORMAT_H
#define SIGND_FORMAT_FORMAT_H

#include "certs/cert.h"
#include "format/facts.h"

#define INSERTION_MAX (64 * 1024 * 1024) /* bytes added by one signature */
#define STATE_MAX INSERTION_MAX

enum level { LEVEL_NONE, LEVEL_B, LEVEL_T, LEVEL_LT, LEVEL_LTA };

/* What the signer chose; everything else follows from the document. */
struct sign_params {
	struct cert *cert;             /* of the signing key */
	const struct cert_list *chain; /* issuers to embed, may be NULL */
	struct sig_alg alg;            /* fits the key of cert */
	enum level level;              /* LEVEL_B */
	int64_t time;                  /* claimed signing time, seconds */
	const char *reason;            /* UTF-8, or NULL */
	const char *location;          /* UTF-8, or NULL */
	const char *name;      /* of the signer, UTF-8; NULL: from cert */
	const char *field;     /* PDF: field to sign or make; NULL: ours */
	struct bytes password; /* PDF: to open it; empty: none */
};

/* The one insertion that turns the input into the signed document. */
struct insertion {
	size_t at;        /* offset in the input, in bytes */
	struct buf bytes; /* owned */
};

struct prepared {
	enum digest_alg digest_alg;
	uint8_t digest[DIGEST_MAX]; /* what the key signs */
	struct buf to_be_signed; /* the bytes hashed, for EdDSA and for eyes */
	struct buf state;        /* for embed; can be stored */
};

struct format {
	const char *name;       /* "pdf", "xml", "asic", "cms" */
	const char *media_type; /* "application/pdf" */
	/* Whether the bytes look like this format; never an error. */
	bool (*detect)(struct bytes document);
	/*
	 * ERR_MALFORMED, ERR_UNSUPPORTED (code "pdf-encrypted", ...),
	 * ERR_DENIED: the document forbids another signature; ERR_LIMIT.
	 */
	struct err *(*prepare)(struct bytes document,
	    const struct sign_params *params, struct prepared *out);
	/* The state is trusted as far as it came from prepare; damage in it is
	 * ERR_MALFORMED.  `value` is DER for ECDSA.  The document itself is not
	 * needed. */
	struct err *(*embed)(
	    struct bytes state, struct bytes value, struct insertion *out);
	/*
	 * Fills *out, which facts_done() frees.  A document without signatures
	 * yields zero of them.  ERR_MALFORMED: not of this format, or broken so
	 * that nothing in it can be believed.
	 */
	struct err *(*collect)(
	    const struct collect_input *in, struct facts *out);
};

void prepared_done(struct prepared *p);
void insertion_done(struct insertion *i);

#endif

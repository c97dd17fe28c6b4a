/*
 * A signature format is four verbs.  `prepare` yields the digest to be signed
 * and a state that can be stored; `embed` puts the value in, with a time stamp
 * over it if the level asks for one (`stamp` says over what); `collect` gathers
 * facts for validation; `extend` raises a signature by one level, in the same
 * two steps as signing.  A key is never seen here, and nothing is fetched: time
 * stamps and evidence are handed in.
 *
 * What comes out is never a whole new document but one insertion into the
 * bytes that came in: the original stays untouched, and a gigabyte is not
 * copied.
 */
#ifndef SIGND_FORMAT_FORMAT_H
#define SIGND_FORMAT_FORMAT_H

#include "certs/cert.h"
#include "format/facts.h"

#define INSERTION_MAX (64 * 1024 * 1024) /* bytes added by one signature */
#define STATE_MAX INSERTION_MAX

enum level { LEVEL_NONE, LEVEL_B, LEVEL_T, LEVEL_LT, LEVEL_LTA };

/* Room for one time-stamp token that is not there yet, if the caller does not
 * know better; with certificates, real ones have 2 to 7 KB. */
#define STAMP_ROOM_DEFAULT (12 * 1024) /* bytes */

/* A signature policy that is signed along (EPES; EN 319 122-1 5.2.9). */
struct sig_policy {
	const char *oid; /* dotted */
	enum digest_alg alg;
	struct bytes digest; /* of the policy document */
	const char *uri;     /* where it is, or NULL */
};

/* What only one format understands; NULL: its defaults.  Each room defines
 * its own, with a pair that packs and unpacks it. */
struct pdf_params; /* pdf/params.h */
struct xml_params; /* xml/params.h */
struct cms_params; /* cms/params.h */

/* What the signer chose; everything else follows from the document. */
struct sign_params {
	struct cert *cert;             /* of the signing key */
	const struct cert_list *chain; /* issuers to embed, may be NULL */
	struct sig_alg alg;            /* fits the key of cert */
	enum level level;     /* LEVEL_B or LEVEL_T; above: extend afterwards */
	size_t stamp_room;    /* bytes; 0: STAMP_ROOM_DEFAULT */
	int64_t time;         /* claimed signing time, seconds */
	const char *reason;   /* UTF-8, or NULL */
	const char *location; /* UTF-8, or NULL */
	const char *name;     /* of the signer, UTF-8; NULL: from cert */
	const char *field;    /* PDF: field to sign or make; NULL: ours */
	struct bytes password;  /* PDF: to open it; empty: none */
	const char *role;       /* claimed by the signer, UTF-8, or NULL */
	const char *commitment; /* commitment type, dotted OID, or NULL */
	const struct sig_policy *policy; /* or NULL */
	const struct pdf_params *pdf;
	const struct xml_params *xml;
	const struct cms_params *cms;
};

/*
 * The one insertion that turns the input into the signed document:
 * `bytes` in the place of the `cut` bytes at `at`.  Only formats that state
 * lengths and places elsewhere (CMS at its beginning, ZIP at its end) also
 * replace `head_cut` bytes by `head` further in front; the two never overlap.
 */
struct insertion {
	size_t at;        /* offset in the input, in bytes */
	size_t cut;       /* bytes of the input that are replaced; mostly 0 */
	struct buf bytes; /* owned */
	size_t head_at;   /* offset in the input; 0 but for containers */
	size_t head_cut;  /* bytes there that are replaced */
	struct buf head;  /* owned */
};

/* insertion_check: ERR_MALFORMED if it does not fit into `len` bytes. */
struct err *insertion_check(const struct insertion *i, size_t len) MUST_USE;
/* insertion_size: length of what comes out of an input of `len` bytes. */
size_t insertion_size(const struct insertion *i, size_t len);
/*
 * insertion_pieces: what comes out, as up to INSERTION_PIECES slices of the
 * insertion and of `document`, to be written one after the other; empty ones
 * are left out.  Returns how many.  The insertion must fit (insertion_check).
 */
#define INSERTION_PIECES 5
size_t insertion_pieces(const struct insertion *i, struct bytes document,
    struct bytes out[INSERTION_PIECES]);

/* What extend is given; it fetches nothing. */
struct evidence {
	const struct cert_list *certs; /* of paths, anchors too; or NULL */
	/* More of them, which nobody read yet: extend is not given any, the
	 * jobs make certs of them (worker/job.h). */
	const struct bytes *ders;
	size_t nders;
	const struct bytes *crls;      /* DER */
	size_t ncrls;
	const struct bytes *ocsps; /* OCSPResponse, DER */
	size_t nocsps;
};

struct extend_request {
	struct bytes document;
	struct bytes password;           /* PDF: to open it; empty: none */
	const struct external *external; /* detached content */
	size_t nexternal;
	const char *id; /* of one signature as in facts; NULL: all of them */
	/*
	 * LEVEL_T: a time stamp on the signature; LEVEL_LT: evidence is put in;
	 * LEVEL_LTA: an archive time stamp over all that is there, also where
	 * there is one already (renewal).  One level a call: a caller who wants
	 * LTA calls three times, each on the outcome of the last.
	 */
	enum level level;
	struct evidence evidence;  /* for LEVEL_LT; what is there already is
				    * not put in twice */
	enum digest_alg stamp_alg; /* of the imprint */
	size_t stamp_room;         /* bytes; 0: STAMP_ROOM_DEFAULT */
	int64_t time;              /* now, seconds */
};

/* Time stamps come from outside: signd's own TSA, or another's. */
struct stamper {
	void *ctx;
	/* stamp yields a TimeStampToken (RFC 3161 2.4.2) over the digest. */
	struct err *(*stamp)(void *ctx, enum digest_alg alg,
	    struct bytes digest, struct buf *token);
};

struct prepared {
	/* After prepare: what the key signs.  After extend: what is to be time
	 * stamped; DIGEST_NONE: nothing, embed can be called at once. */
	enum digest_alg digest_alg;
	uint8_t digest[DIGEST_MAX];
	/* The message-digest among the signed attributes (same algorithm), for
	 * a signer who builds them himself; content_len is 0 where there are
	 * none (XML, and after extend). */
	uint8_t content_digest[DIGEST_MAX];
	size_t content_len;
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
	/* The digest by `alg` that a time stamp on the signature covers, for
	 * LEVEL_T and the same state and value that embed gets.  NULL: the
	 * format has no such time stamps. */
	struct err *(*stamp)(struct bytes state, struct bytes value,
	    enum digest_alg alg, uint8_t digest[DIGEST_MAX]);
	/*
	 * The state is trusted as far as it came from prepare or extend; damage
	 * in it is ERR_MALFORMED.  `value` is DER for ECDSA, and empty for a
	 * state of extend.  `token` is the time stamp asked for, else empty.
	 * The document itself is not needed.  ERR_LIMIT with code "stamp-room":
	 * the token is larger than the room kept for it.
	 */
	struct err *(*embed)(struct bytes state, struct bytes value,
	    struct bytes token, struct insertion *out);
	/*
	 * Fills *out, which facts_done() frees.  A document without signatures
	 * yields zero of them.  ERR_MALFORMED: not of this format, or broken so
	 * that nothing in it can be believed.
	 */
	struct err *(*collect)(
	    const struct collect_input *in, struct facts *out);
	/*
	 * Raises signatures, of whatever origin, by one level.  NULL: the
	 * format cannot.  ERR_MALFORMED, ERR_UNSUPPORTED; ERR_MISSING code
	 * "no-signature"; ERR_DENIED: the document forbids it.
	 */
	struct err *(*extend)(
	    const struct extend_request *r, struct prepared *out);
};

void prepared_done(struct prepared *p);
void insertion_done(struct insertion *i);

#endif

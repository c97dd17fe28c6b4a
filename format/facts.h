/*
 * Facts: what `collect` of any format finds, without judging whether it is
 * trusted.  validation/ turns facts into verdicts under a policy.
 */
#ifndef SIGND_FORMAT_FACTS_H
#define SIGND_FORMAT_FACTS_H

#include "certs/cert.h"
#include "certs/path.h"

#define FACTS_SIGNATURES_MAX 256

/* Where detached or external data comes from: nothing is fetched. */
struct external {
	const char *uri; /* as the document names it; NULL: detached content */
	struct bytes data;
	/* Instead of data: somebody else hashed it, and we do not see it. */
	enum digest_alg alg; /* DIGEST_NONE: there is data */
	struct bytes digest;
};

struct collect_input {
	struct bytes document;
	const struct external *external;
	size_t nexternal;
	struct bytes password;         /* PDF: to open it; empty: none */
	const struct cert_list *extra; /* certificates given from outside */
	const struct bytes *keys;      /* bare public keys from outside, as DER
					* SubjectPublicKeyInfo; XML only */
	size_t nkeys;
	struct bytes shared_key; /* XML: for HMAC values; empty: none */
	/* XML, and never by itself: an enveloped-signature transform on an
	 * element inside its own Signature leaves it, as .NET reads it (XMLDSig
	 * 6.6.4 takes all of it away).  The findings name it. */
	bool dotnet_enveloped;
};

enum check {
	CHECK_NOT_DONE, /* could not be looked at; the problem says why */
	CHECK_PASSED,
	CHECK_FAILED,
};

/* How much worse than "nothing" the changes after a signature are. */
enum change_level {
	CHANGE_NONE,
	CHANGE_LTV,        /* validation data, document time stamps */
	CHANGE_FORM,       /* form filling, further signatures */
	CHANGE_ANNOTATION, /* comments */
	CHANGE_SUSPICIOUS, /* anything that is not explained */
};

/* Something to tell about the document or one signature. */
struct finding {
	const char *code; /* stable, in base/messages.def; static storage */
	char *detail;     /* one English line, owned, may be NULL */
	bool fatal;       /* the signature can never be valid because of it */
	/* PDF, where it is known, else 0: */
	int page;        /* that it is about; 1 is the first */
	int revision;    /* that brought it; 1 is the oldest */
	uint32_t object; /* number of what was changed or added */
};

struct findings {
	struct finding *v;
	size_t n;
};

/* One reference or signed digest, and what it was resolved to. */
struct reference {
	char *uri; /* XML: URI; PDF: "ByteRange"; CMS: "content" */
	enum digest_alg alg;
	enum check digest; /* whether the digest fits the data */
	char *covers;      /* "whole document", "element /HSo/NoiDung" */
	bool outside;      /* what is signed is not in the document */
	bool whole;        /* covers the whole document (or revision) */
};

/*
 * Where something stands in the order in which a signature grew: a time stamp
 * proves the existence of all that has a lower position than its own.  PDF:
 * twice the revision, one more for document time stamps; XAdES: place among the unsigned properties; CAdES: by the hash
 * index of archive time stamps.  0: inside what the signature itself covers.
 */
typedef uint32_t position;
#define POSITION_LAST UINT32_MAX /* nothing proves that it existed */

/* Each signature has an order of its own (but all of a PDF have the one of its
 * revisions): a time stamp of one proves nothing that grew in another. */
struct status_place {
	size_t owner; /* index of the signature; or */
#define FACTS_DOCUMENT SIZE_MAX /* the order is that of the whole document */
	position at;
};
#define STATUS_NOWHERE                                                         \
	((struct status_place){ FACTS_DOCUMENT, POSITION_LAST })

enum stamp_kind {
	STAMP_SIGNATURE, /* on the signature value */
	STAMP_CONTENT,   /* on what is signed, before signing */
	STAMP_REFS,      /* on signature and references: SigAndRefs, RefsOnly */
	STAMP_ARCHIVE,   /* on everything with a lower position */
	STAMP_DOCUMENT,  /* of a PDF: the same, for the whole document */
};

struct timestamp_fact {
	enum check digest;    /* message imprint fits */
	enum check signature; /* of the TSA over the token */
	int64_t time;         /* genTime, seconds */
	struct cert *tsa;     /* may be NULL */
	bool document;        /* a document time stamp, else on a signature */
	enum stamp_kind kind;
	position at;            /* covers what is below */
	enum digest_alg alg;    /* of the imprint */
	struct sig_alg sig_alg; /* of the token's own signature */
};

/* The signature policy that was signed along (EN 319 122-1 5.2.9, EN 319 132-1
 * 5.2.9).  Its document is not read: its name and digest are compared. */
enum policy_named {
	POLICY_NOT_NAMED,
	POLICY_IMPLIED, /* known from elsewhere, says the signer */
	POLICY_NAMED,
	POLICY_UNREADABLE,
};

struct policy_fact {
	enum policy_named named;
	char *id; /* a dotted OID, or a URI; may be NULL unless POLICY_NAMED */
	enum digest_alg alg; /* of its document; DIGEST_NONE: not known */
	uint8_t digest[DIGEST_MAX];
	size_t digest_len; /* bytes; 0: none is stated */
};

struct signature_fact {
	char *id;     /* PDF field name, XML Id, index for CMS */
	char *format; /* "PAdES", "PKCS#7 in PDF", "XAdES", "XMLDSig",
		       * "CAdES", "CMS" */
	enum level_fact {
		FACT_LEVEL_NONE,
		FACT_LEVEL_B,
		FACT_LEVEL_T,
		FACT_LEVEL_LT,
		FACT_LEVEL_LTA
	} level;
	struct cert *cert;      /* signing certificate; NULL: not found */
	struct cert_list certs; /* everything that came along */
	struct sig_alg alg;
	enum check signature;    /* value over the signed attributes */
	enum check cert_binding; /* signing-certificate attribute fits cert;
				  * NOT_DONE: there is none */
	struct reference *references;
	size_t nreferences;
	int64_t claimed_time; /* TIME_NONE: not stated */
	char *claimed_name;   /* may be NULL */
	char *reason;         /* may be NULL */
	char *location;       /* may be NULL */
	bool covers_all;      /* everything in the file as it is now */
	bool unseen;          /* what is signed was known by its hash alone */
	bool stamp; /* of an authority over the document, and nobody's will */
	int revision;         /* PDF: 1 is the oldest; else 0 */
	int revisions;        /* PDF: how many there are; else 0 */
	size_t covered_len;   /* PDF: bytes of the signed revision; else 0 */
	/* PDF: the bytes of it that are not signed, as they are the signature. */
	size_t gap_at, gap_end;
	enum change_level changes; /* after signing */
	enum change_level allowed; /* by DocMDP; default CHANGE_FORM */
	struct timestamp_fact *timestamps;
	size_t ntimestamps;
	struct policy_fact policy;
	struct findings findings;
};

struct facts {
	const char *format; /* struct format's name, static */
	struct signature_fact *signatures;
	size_t nsignatures;
	struct buf *status_data; /* CRLs and OCSP answers found inside, DER */
	bool *status_is_ocsp;    /* one for each of status_data */
	struct status_place *status_at; /* one for each: where it stands */
	size_t nstatus_data;
	uint8_t document_sha256[32]; /* of the whole, if `hashed`: a format that
				      * hashes anyway saves a second pass */
	bool hashed;
	/* Why nothing of the document could be looked at (err_kind_name);
	 * NULL: it could.  The first finding says more. */
	const char *unreadable;
	struct findings findings; /* about the whole document */
};

/* Helpers for collectors; all copy their strings.  ERR_LIMIT beyond
 * FACTS_SIGNATURES_MAX.  The pointer is good until the next call. */
struct err *facts_add_signature(
    struct facts *f, struct signature_fact **out) MUST_USE;
/* Without a known place (STATUS_NOWHERE): nothing proves when it existed. */
struct err *facts_add_status(
    struct facts *f, struct bytes der, bool is_ocsp) MUST_USE;
struct err *facts_add_status_at(
    struct facts *f, struct bytes der, bool is_ocsp, struct status_place at) MUST_USE;
struct err *signature_add_reference(struct signature_fact *s, const char *uri,
    enum digest_alg alg, enum check digest, const char *covers,
    bool whole) MUST_USE;
struct err *signature_add_timestamp(struct signature_fact *s,
    struct timestamp_fact t) MUST_USE; /* takes a reference to t.tsa */
/* `code` must be static; `detail` is printf's. */
struct err *findings_add(struct findings *f, bool fatal, const char *code,
    const char *fmt, ...) MUST_USE PRINTF(4, 5);
struct err *fact_string(char **slot, struct bytes text) MUST_USE;
/* policy_fact_set notes a policy named `id`, without "urn:oid:" before it, with
 * the digest of its document as stated; a digest of a wrong length is none. */
struct err *policy_fact_set(struct policy_fact *p, struct bytes id,
    enum digest_alg alg, struct bytes digest) MUST_USE;

void findings_done(struct findings *f);
void signature_fact_done(struct signature_fact *s);
void facts_done(struct facts *f);

#endif

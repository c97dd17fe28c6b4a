/*
 * Jobs on strangers' documents.  A job is a function from bytes to bytes; the
 * request and the answer are packed fields (base/pack.h), so that the same
 * job runs in signd's worker process and in a child of signctl.
 */
#ifndef SIGND_WORKER_JOB_H
#define SIGND_WORKER_JOB_H

#include "certs/source.h"
#include "format/format.h"
#include "report/report.h"

/* worker_start: libraries are loaded before the sandbox closes. */
struct err *worker_start(void) MUST_USE;
void worker_stop(void);

/* The format whose detect() takes the document; by name if `hint` is given
 * ("pdf", "xml", "asic", "cms").  ERR_UNSUPPORTED with code "format-unknown",
 * or that of another kind that people know ("format-picture");
 * ERR_USAGE with that code where there is no format of such a name. */
struct err *job_format(struct bytes document, const char *hint,
    const struct format **out) MUST_USE;

struct verify_request {
	struct bytes document;    /* mapped; not packed */
	const char *format;       /* hint, or NULL */
	const char *policy;       /* "basic"; built in */
	struct bytes policy_text; /* JSON of another one; empty: none */
	int64_t time;             /* of validation; TIME_NONE: now, by `now` */
	int64_t now;              /* seconds */
	const struct trust_domain *domains;
	size_t ndomains;
	const struct status_data *status_data;
	size_t nstatus_data;
	const struct external *external;
	size_t nexternal;
	const struct cert_list *extra; /* certificates given, not trusted */
	const struct bytes *keys;      /* bare public keys given, DER */
	size_t nkeys;
	struct bytes shared_key; /* struct collect_input's */
	struct bytes password;
	bool out_of_pdf; /* the document was cut out of a PDF, which stayed away */
	unsigned reports; /* enum report_kind; 0: JSON and text */
	const char *name; /* of the file, for the reports; or NULL */
	const struct report_place *place; /* for the reports; or NULL */
	bool dotnet_enveloped; /* struct collect_input's */
	/* Where more is missing that can be had, say so and do not report:
	 * worker/online.h asks for it. */
	bool ask;
	bool evidence; /* the answer brings what level LT wants */
	const struct source_seen *sources; /* what was asked so far */
	size_t nsources;
	/* status_data[0] is an index that goes along as the first of: */
	bool status_along;
	/* Indexes of large lists that go to a worker as descriptors; sources
	 * name theirs by its place.  Not packed, and not the job's. */
	const int *index_fds;
	size_t nindexes;
};
#define INDEXES_MAX 7 /* in one request, beside the document */

struct verify_answer {
	enum indication indication;
	enum sub_indication sub;
	char code[64];      /* of the verdict */
	size_t signatures;  /* how many */
	int64_t time;       /* of validation, seconds */
	struct buf json;    /* report_json */
	struct buf text[2]; /* report_text by enum lang */
	struct buf html[2]; /* report_html, those that were asked for */
	struct buf etsi;    /* report_etsi, the same */
	/* Not empty: there is no report yet; ask, and job_judge(facts). */
	struct wanted_list wanted;
	struct buf facts;
	/* With r->evidence: the certificates of all paths (certs_unpack), and
	 * which of r->sources can be read. */
	struct buf certs;
	bool readable[SOURCES_MAX];
	struct buf receipt; /* PDF/A, not sealed yet */
};

/* job_verify: a document that cannot be read (broken, of an unknown kind, over
 * a limit, locked by a password) is INDETERMINATE, and no error. */
struct err *job_verify(
    const struct verify_request *r, struct verify_answer *out) MUST_USE;
/* job_judge judges what job_verify found before: its `facts`.  Of the request
 * document, format, external, password and keys are not looked at. */
struct err *job_judge(struct bytes facts, const struct verify_request *r,
    struct verify_answer *out) MUST_USE;
void verify_answer_done(struct verify_answer *a);
#define CERTS_PACKED_MAX (8 * 1024 * 1024) /* bytes */
/* certs_unpack borrows; *out is freed with free(). */
struct err *certs_unpack(
    struct bytes packed, struct bytes **out, size_t *n) MUST_USE;

/* Packing of everything but the document, for the way between processes. */
#define VERIFY_REQUEST_MAX (32 * 1024 * 1024)
struct err *verify_request_pack(
    const struct verify_request *r, struct buf *out) MUST_USE;
/* What it borrows stays in `packed`; what it owns, in *hold. */
struct verify_hold;
struct err *verify_request_unpack(struct bytes packed,
    struct verify_request *out, struct verify_hold **hold) MUST_USE;
/* verify_request_attach gives the request that `h` belongs to the indexes that
 * came along; they must outlive it.  ERR_MALFORMED: one did not. */
struct err *verify_request_attach(struct verify_hold *h,
    const struct bytes *indexes, size_t n) MUST_USE;
void verify_hold_free(struct verify_hold *h);
struct err *verify_answer_pack(
    const struct verify_answer *a, struct buf *out) MUST_USE;
struct err *verify_answer_unpack(
    struct bytes packed, struct verify_answer *out) MUST_USE;

/*
 * Signing: prepare and embed, with the parameters of format.h packed.  What
 * only one format understands travels as its room packed it (ROOM/params.h);
 * only those of the format that is used are looked at.
 */
struct prepare_request {
	struct bytes document; /* mapped; not packed */
	const char *format;    /* hint, or NULL */
	struct bytes cert;     /* DER */
	const struct bytes *chain;
	size_t nchain;
	enum digest_alg digest;   /* DIGEST_SHA256 */
	enum sig_form form;       /* SIG_ECDSA, ... */
	enum level level;         /* LEVEL_NONE is LEVEL_B; or LEVEL_T */
	size_t stamp_room;        /* bytes; 0: STAMP_ROOM_DEFAULT */
	int64_t time;             /* claimed signing time, seconds */
	const char *reason;       /* or NULL */
	const char *location;     /* or NULL */
	const char *field;        /* or NULL */
	const char *role;         /* or NULL */
	const char *commitment;   /* dotted OID, or NULL */
	struct sig_policy policy; /* oid NULL: none */
	struct bytes password;
	struct bytes pdf; /* pdf_params packed; empty: the defaults */
	struct bytes xml; /* xml_params packed */
	struct bytes cms; /* cms_params packed */
};

/* A document of no known kind is ERR_UNSUPPORTED, code "format-choose". */
struct err *job_prepare(
    const struct prepare_request *r, struct prepared *out) MUST_USE;
/* The state names its format; job_stamp and job_embed find it again.
 * job_stamp yields what a time stamp on the signature covers, for LEVEL_T. */
struct err *job_stamp(struct bytes state, struct bytes value,
    enum digest_alg alg, uint8_t digest[DIGEST_MAX]) MUST_USE;
struct err *job_embed(struct bytes state, struct bytes value,
    struct bytes token, struct insertion *out) MUST_USE;
/* job_extend raises signatures by one level; job_embed, with an empty value,
 * ends it.  `format` is a hint, or NULL. */
struct err *job_extend(const char *format, const struct extend_request *r,
    struct prepared *out) MUST_USE;

/* job_token takes the token out of a TimeStampResp, if it answers `request`
 * (a TimeStampReq) and its own signature holds.  ERR_REMOTE with code
 * "timestamp-refused" or "timestamp-answer". */
struct err *job_token(
    struct bytes request, struct bytes response, struct buf *token) MUST_USE;

/* The signatures of a document, and how far each has come. */
struct level_of {
	char *id;
	enum level level;
};
struct levels {
	struct level_of *v;
	size_t n;
};
/* job_levels looks at what is there, without judging whom to trust. */
struct err *job_levels(const char *format, const struct extend_request *r,
    struct levels *out) MUST_USE;
void levels_done(struct levels *l);
struct err *levels_pack(const struct levels *l, struct buf *out) MUST_USE;
struct err *levels_unpack(struct bytes packed, struct levels *out) MUST_USE;

struct err *prepare_request_pack(
    const struct prepare_request *r, struct buf *out) MUST_USE;
struct prepare_hold;
struct err *prepare_request_unpack(struct bytes packed,
    struct prepare_request *out, struct prepare_hold **hold) MUST_USE;
void prepare_hold_free(struct prepare_hold *h);
/* Everything but the document. */
struct err *extend_request_pack(const char *format,
    const struct extend_request *r, struct buf *out) MUST_USE;
struct extend_hold;
struct err *extend_request_unpack(struct bytes packed, const char **format,
    struct extend_request *out, struct extend_hold **hold) MUST_USE;
void extend_hold_free(struct extend_hold *h);
struct err *prepared_pack(const struct prepared *p, struct buf *out) MUST_USE;
struct err *prepared_unpack(struct bytes packed, struct prepared *out) MUST_USE;
struct err *insertion_pack(const struct insertion *i, struct buf *out) MUST_USE;
struct err *insertion_unpack(
    struct bytes packed, struct insertion *out) MUST_USE;

#endif

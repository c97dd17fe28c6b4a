/*
 * What validation is missing and may ask for: revocation lists, OCSP answers,
 * certificates of issuers.  Where it comes from is another's business: a cache,
 * the fetcher's process, libcurl, or a test's table.
 */
#ifndef SIGND_CERTS_SOURCE_H
#define SIGND_CERTS_SOURCE_H

#include "certs/path.h"

enum wanted_kind {
	WANTED_CRL,    /* of a distribution point, or a delta of it */
	WANTED_OCSP,   /* `request` is posted to `url` */
	WANTED_ISSUER, /* certificates, DER or PKCS#7, unverified */
};

/* http or https only, as certificates state it; others are passed over. */
#define WANTED_URL_MAX 2048 /* bytes */
/* Of one path; certificates with more addresses than that are odd. */
#define WANTED_MAX 32

struct wanted {
	enum wanted_kind kind;
	char *url;          /* printable ASCII */
	struct buf request; /* OCSPRequest in DER; else empty */
	struct cert *about; /* whose status or issuer is missing; owned, may
			     * be NULL where it was only passed on */
	bool again; /* what a cache gave did not do: ask its origin */
	bool last;  /* there is no other place to ask for the same */
};

#define WANTED_KEY 32 /* bytes */
/* wanted_key names what is asked, and of whom: a hash. */
struct err *wanted_key(
    const struct wanted *w, uint8_t out[WANTED_KEY]) MUST_USE;

struct wanted_list {
	struct wanted v[WANTED_MAX];
	size_t n;
};

/* The answer to one of them. */
struct fetched {
	struct buf body;   /* as it came, unverified; empty with an error */
	struct err *error; /* owned; NULL: it came.  Codes "fetch-failed",
			    * "fetch-private", "fetch-too-large" */
	bool slow;  /* the deadline passed first: the rest may come later */
	int64_t ms; /* how long it was waited for; 0: it was at hand */
	bool stale; /* an older answer, as a newer one did not come */
	/* An index of the list stands in `body` (certs/crl_index.h), not the
	 * list itself; only with WANTED_CRL. */
	bool indexed;
	struct index_file *index; /* owned; it lies there, and not in `body` */
};

/* An index in a file, which is never changed, mapped for reading. */
struct index_file {
	int fd;           /* owned */
	struct bytes map; /* all of it */
};
/* Takes the descriptor over, in any case.  ERR_MALFORMED: no file, or empty. */
struct err *index_file_open(int fd, struct index_file **out) MUST_USE;
void index_file_free(struct index_file *f);
DEFINE_FREEP(index_file_free, struct index_file)

/*
 * get asks for all `n` at once and returns when all have come or failed, or
 * `deadline_ms` from now have passed.  out[0..n-1] is always filled and ended
 * by the caller with fetched_done().  Errors are of the source itself; what one
 * address did stands in its `error`.
 */
struct source {
	void *ctx;
	struct err *(*get)(void *ctx, const struct wanted *w, size_t n,
	    int64_t deadline_ms, struct fetched *out);
};

/*
 * One place that was asked, and what became of it.  What it borrows belongs to
 * whoever made it.
 */
struct source_seen {
	enum wanted_kind kind;
	const char *url;
	uint8_t key[WANTED_KEY];
	struct bytes body; /* what came; empty: nothing */
	bool indexed, stale; /* as in struct fetched */
	/* On its way to a worker: an index that goes along as a descriptor, of
	 * which this is the number from 1, and not in the message. */
	size_t place;
	/* What kept it from coming, in base/messages.def: "source-slow" and
	 * others; NULL: it came. */
	const char *code;
	int64_t ms; /* as in struct fetched */
};
/* Of one path, its issuers of lists, and once more what was stale. */
#define SOURCES_MAX 128

void fetched_done(struct fetched *f);
void wanted_list_done(struct wanted_list *l);

/*
 * status_wanted_of adds what may tell the status of those certificates of
 * the path whose status is not known (p->unknown).  In round 0 each is asked
 * for in the cheapest way it names, OCSP, else a CRL; in round 1 those with
 * both are asked for by CRL.  Nothing added: there is nowhere to ask. RFC
 * 5280 4.2.1.13, 4.2.2.1; RFC 6960 4.1.
 */
struct err *status_wanted_of(
    const struct path *p, int round, struct wanted_list *out) MUST_USE;

/*
 * missing_wanted adds where all of that may be had, but what `seen` says was
 * asked already; of a stale answer it asks again.  Responders come before
 * lists: those only when a responder did not do.
 */
struct err *missing_wanted(const struct missing_list *m,
    const struct source_seen *seen, size_t nseen,
    struct wanted_list *out) MUST_USE;

/*
 * ocsp_request writes a request about `cert`, by the SHA-1 that all responders
 * know (RFC 5019 2.1.1), without a nonce, so that answers can be shared.
 */
struct err *ocsp_request(const struct cert *cert, const struct cert *issuer,
    struct buf *out) MUST_USE;
#define WANTED_REQUEST_MAX 1024 /* bytes of one that we make */

#endif

/*
 * Going out by HTTP, to addresses that strangers chose: several at once, each
 * with its own limits of time and size, never to a private address unless the
 * operator says so, however it is written or whoever leads there.  Nothing of
 * what comes is parsed.
 */
#ifndef SIGND_NET_TRANSFER_H
#define SIGND_NET_TRANSFER_H

#include "base/base.h"
#include "client-sdk/curl.h"
#include "net/place.h"

#define TRANSFERS_MAX 32     /* at once */
#define TRANSFER_URL_MAX 2048 /* bytes */

struct transfer {
	char *url;  /* owned */
	size_t max; /* bytes */
	long timeout_ms;
	char *content_type; /* owned; NULL: GET */
	struct bytes post;
	bool stays; /* a redirect is an error: what is posted is for this
		     * address and no other */
	bool to_file; /* the body is written to `fd`, and not kept in `got` */
	int fd;       /* borrowed */
	/* What comes out: */
	struct buf got;
	size_t len; /* bytes that came */
	struct err *error; /* owned; NULL: it came.  Codes "fetch-private",
			    * "source-not-allowed", "fetch-too-large",
			    * "source-busy" (the others left no room),
			    * "source-refused", "fetch-failed" */
	bool slow;         /* its time was over first */
	/* Of the work itself. */
	struct transfers *all;
	CURL *curl;
	struct curl_slist *headers;
	char *host;   /* of this hop, libcurl's */
	int hops;
	int64_t end_ms;
	bool too_large;
	bool crowded; /* all together were too large */
	bool refused; /* a private address */
};

/* Zero, then filled; ended by transfers_done. */
struct transfers {
	const struct curl_api *api;
	struct place_rules rules;
	struct transfer v[TRANSFERS_MAX];
	size_t n;
	size_t room; /* bytes that may come in all */
	CURLM *multi;
};

/* transfers_run ends when all have come, failed or run out of time.  Errors
 * are of the library only. */
struct err *transfers_run(struct transfers *t) MUST_USE;
void transfers_done(struct transfers *t);

#endif

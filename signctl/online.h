/* Revocation data and issuers, asked for by signctl itself: the same as signd's
 * fetchers do, from here, and remembered for as long as the command runs. */
#ifndef SIGND_SIGNCTL_ONLINE_H
#define SIGND_SIGNCTL_ONLINE_H

#include "signctl/offline.h"
#include "worker/online.h"

#define ONLINE_OPTIONS                                                         \
	{ "online", NULL,                                                      \
	    "ask the servers that certificates name for what is missing",      \
	    false },                                                           \
	    { "wait", "SECONDS", "how long to wait for them (5)", false },     \
	{                                                                      \
		"private-address", "[HOST ]ADDRESS:PORT",                     \
		    "with --online: a private address that HOST may have", true \
	}

struct signctl_online;

/* online_open: *out is NULL without --online.  ERR_USAGE, ERR_MISSING: there is
 * no libcurl. */
struct err *online_open(
    const struct args *a, struct signctl_online **out) MUST_USE;
void online_close(struct signctl_online *o);
DEFINE_FREEP(online_close, struct signctl_online)

/* verify_online is job_verify in a child without files and network; this process
 * asks outside if `o` is not NULL.  `keep` may be NULL. */
struct err *verify_online(struct signctl_online *o, struct verify_request *r,
    struct online_kept *keep, struct verify_answer *out) MUST_USE;

#endif

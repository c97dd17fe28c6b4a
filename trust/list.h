/*
 * The trust list: whom this service believes, for which service, since when.
 * One JSON text (doc/trust-list.schema.json), attached in a CMS SignedData
 * whose signer the settings pin.  doc/trust.md has the page.
 */
#ifndef SIGND_TRUST_LIST_H
#define SIGND_TRUST_LIST_H

#include "validation/validation.h"

#define TRUST_LIST_MAX ((size_t)8 * 1024 * 1024) /* bytes, signed or not */
#define TRUST_ANCHORS_MAX 2048
#define TRUST_CHANGES_MAX 64   /* of the status of one anchor */
#define TRUST_DOMAINS_MAX 32   /* names of domains in one list */
#define TRUST_NAME_MAX 256     /* bytes of a name */
#define TRUST_DOMAIN_NAME_MAX 32 /* bytes: a-z, 0-9, "-" */

/* From `from` on (seconds) the service is granted, or not any more. */
struct trust_change {
	enum trust_service service;
	int64_t from;
	bool granted;
};

struct trust_anchor {
	char *domain; /* "city", "neac", "government" */
	char *name;   /* for people, UTF-8 */
	uint8_t sha256[32];
	struct cert *cert; /* NULL: not supplied yet, and not trusted */
	struct trust_change changes[TRUST_CHANGES_MAX]; /* of one service in
							 * order of time */
	size_t nchanges;
};

struct trust_list {
	int64_t sequence;    /* a list takes the place of lower ones only */
	int64_t issued;      /* seconds */
	int64_t next_update; /* seconds: then it has expired */
	struct trust_anchor *anchors;
	size_t n;
};

/*
 * trust_list_parse reads the JSON text; unknown members are refused.  Freed
 * with trust_list_free().  ERR_MALFORMED, ERR_LIMIT, both with code
 * "trust-list-malformed".
 */
struct err *trust_list_parse(
    struct bytes json, struct trust_list **out) MUST_USE;
void trust_list_free(struct trust_list *l);
DEFINE_FREEP(trust_list_free, struct trust_list)
struct err *trust_list_new(struct trust_list **out) MUST_USE; /* empty */
/* The JSON text of it, which trust_list_parse reads back. */
struct err *trust_list_render(
    const struct trust_list *l, struct buf *out) MUST_USE;

/*
 * trust_list_open reads a signed one: one signer, whose certificate is among
 * `pinned` and was in force when the list was issued, with SHA-256 or better.
 * ERR_DENIED code "trust-list-unsigned"; else as trust_list_parse.
 */
struct err *trust_list_open(struct bytes signed_list,
    const struct cert_list *pinned, struct trust_list **out) MUST_USE;

/*
 * trust_list_replaces says whether `next` may take the place of `now_used`
 * (NULL: nothing) at the time `now`.  ERR_DENIED: code "trust-list-expired";
 * "trust-list-older": its number is lower, or the same with other contents.
 */
struct err *trust_list_replaces(const struct trust_list *next,
    const struct trust_list *now_used, int64_t now) MUST_USE;

/* Whether the service was granted at that time, seconds. */
bool trust_granted(
    const struct trust_anchor *a, enum trust_service service, int64_t at);

/* ---- changing it ---- */

/* trust_list_find: the anchor of a fingerprint, in any domain; or NULL. */
struct trust_anchor *trust_list_find(
    struct trust_list *l, const uint8_t sha256[32]);
/* trust_list_put makes one with copies of the strings, or finds it.  ERR_USAGE:
 * no name of a domain, or a name that cannot be printed; ERR_LIMIT. */
struct err *trust_list_put(struct trust_list *l, const char *domain,
    const char *name, const uint8_t sha256[32],
    struct trust_anchor **out) MUST_USE;
/* A change of status, later than the others of its service.  ERR_USAGE. */
struct err *trust_anchor_change(
    struct trust_anchor *a, struct trust_change c) MUST_USE;
const char *trust_service_name(enum trust_service s); /* "signature" */
/* By its name; false: there is none. */
bool trust_service_find(const char *name, enum trust_service *out);

/* ---- for validation ---- */

/* The domains of a list; anchors without a certificate are left out. */
struct trust_domains {
	struct trust_domain *v;
	size_t n;
};
struct err *trust_domains_of(
    const struct trust_list *l, struct trust_domains *out) MUST_USE;
void trust_domains_done(struct trust_domains *d);

#endif

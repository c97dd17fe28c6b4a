/* Inside libsignd: one HTTP request, and errors. */
#ifndef SIGND_CLIENT_SDK_CLIENT_H
#define SIGND_CLIENT_SDK_CLIENT_H

#include <jansson.h>

#include "client-sdk/curl.h"
#include "client-sdk/signd.h"
#include "base/base.h"
#include "certs/pin_message.h"

#define ANSWER_MAX (16 * 1024 * 1024) /* bytes of an answer kept in memory */

/* What PINs are sealed to, as last asked. */
struct pin_key {
	struct cert *cert;
	int64_t ahead;   /* seconds: the service's clock before ours */
	int64_t fetched; /* by our clock */
};
void pin_key_done(struct pin_key *k);

struct signd {
	struct curl_api api;
	CURL *curl;
	struct signd_options options; /* strings owned */
	struct pin_key pin_key;
};

struct signd_error {
	int status;
	char *code;
	char *text[2]; /* vi, en */
	char *next[2];
	char *detail;
};

/* error_local makes an error of our own out of a struct err, which it frees. */
struct signd_error *error_local(struct err *e);
/* error_problem reads a problem document (RFC 9457). */
struct signd_error *error_problem(int status, struct bytes body);

/* One request.  Body: either `json`, or `in_fd` (>= 0), or none. */
struct request {
	const char *path;       /* "/v1/info?…" */
	const char *media_type; /* of in_fd */
	const char *accept;     /* of the answer; NULL: JSON, or what it is */
	const char *headers[4]; /* NULL-ended */
	const json_t *json;
	int in_fd;  /* -1: none */
	int out_fd; /* -1: into the answer's body */
	bool post;
};

#define REQUEST_NONE ((struct request){ .in_fd = -1, .out_fd = -1 })

/* request_in gives it the document in `fd`.  Errors as of fcntl(2). */
struct err *request_in(struct request *r, int fd) MUST_USE;

/* perform sends it; anything but 2xx is an error.  *out holds the body. */
struct signd_error *perform(
    struct signd *s, const struct request *r, struct buf *out);
/* The same, when body and answer are JSON text. */
struct signd_error *perform_json(
    struct signd *s, const char *path, json_t *body, char **out);

/* query adds "?name=value" or "&name=value", percent-encoded; NULL values are
 * left out. */
struct err *query_add(struct buf *path, bool *first, const char *name,
    const char *value) MUST_USE;

/* PIN or SAD, and not both.  ERR_USAGE, code "authorization-missing": neither. */
struct err *authorization_check(struct signd_authorization a) MUST_USE;

/* sign_path makes the query of a signing; `o` may be NULL. */
struct err *sign_path(const char *path, const char *credential,
    const struct signd_sign_options *o, struct buf *out) MUST_USE;

/* pin_seal seals a PIN and a code (may be NULL) for a purpose, as the API wants
 * it; *out is for signd_free(), `exporter` may be NULL. */
struct signd_error *pin_seal(struct signd *s, const char *pin, const char *code,
    const struct pin_purpose *purpose, char **out, struct secret *exporter);
struct signd_error *pin_seal_signing(struct signd *s, const char *pin,
    const char *code, const char *credential, uint64_t count,
    const char *digest_oid, const struct signd_bytes *digests, size_t n,
    char **out);

#define LOCAL(call)                                                            \
	do {                                                                   \
		struct err *local_ = (call);                                   \
		if (local_ != NULL)                                            \
			return error_local(local_);                            \
	} while (0)

#endif

/* A PIN or a SAD, as it came with a request; wiped at the end. */
#ifndef SIGND_SIGND_FRONT_AUTH_H
#define SIGND_SIGND_FRONT_AUTH_H

#include "signd/front.h"

struct auth {
	struct buf pin;
	struct buf sad;
	struct buf sealed;
	char code[CODE_MAX + 1]; /* of the second factor */
	struct secret_of secret; /* points into the others */
};

/* From the header Signd-Authorization: "SEALED <sealed PIN>", "SAD <SAD>" or
 * "PIN <base64url of UTF-8>".  ERR_DENIED, code "authorization-missing" or
 * "authorization-malformed". */
struct err *auth_header(const struct request *r, struct auth *out) MUST_USE;
/* From the fields "sealedPIN", "SAD" or "PIN" (with "OTP") of a JSON
 * object. */
struct err *auth_json(struct json_fields *f, struct auth *out) MUST_USE;
void auth_done(struct auth *a);

/* After "pin-wrong": the problem says how many tries are left. */
struct err *auth_problem(struct request *r, const char *credential,
    struct err *e, struct reply *out, bool *answered) MUST_USE;

#endif

/* What the commands that talk to the service share. */
#ifndef SIGND_SIGNCTL_SERVICE_H
#define SIGND_SIGNCTL_SERVICE_H

#include <jansson.h>

#include "client-sdk/signd.h"
#include "signctl/io.h"

#define SERVICE_OPTIONS                                                        \
	{ "url", "URL", "the service, as https://localhost:8443", false },     \
	    { "cacert", "FILE", "PEM of who vouches for the server", false },  \
	{                                                                      \
		"issuer", "FILE",                                              \
		    "PEM of who vouches for the key that PINs are sealed to",  \
		    false                                                      \
	}
#define OFFICER_OPTIONS                                                        \
	{ "officer-url", "URL", "the officers' listener", false },             \
	    { "cacert", "FILE", "PEM of who vouches for the server", false },  \
	    { "cert", "FILE", "the officer's certificate, PEM", false },       \
	{                                                                      \
		"key", "FILE", "the officer's private key, PEM", false         \
	}
#define COMMON_OPTIONS                                                         \
	{ "json", NULL, "print the answer as JSON", false },                   \
	    { "lang", "vi|en", "language of what people read", false },        \
	    { "help", NULL, "this text", false },                              \
	{                                                                      \
		NULL, NULL, NULL, false                                        \
	}

DEFINE_FREEP(signd_close, struct signd)
void signd_freep(char **s);

/* service_open connects to --url; officer_open to --officer-url, with the
 * officer's certificate. */
struct err *service_open(const struct args *a, struct signd **out) MUST_USE;
struct err *officer_open(const struct args *a, struct signd **out) MUST_USE;

/* service_err makes a struct err out of the library's error and frees it. */
struct err *service_err(struct signd_error *e) MUST_USE;

/* json_read parses an answer; json_text gets a member (a path "cert/status"),
 * ERR_REMOTE when it is not there. */
struct err *json_read(const char *text, json_t **out) MUST_USE;
struct err *json_text(
    const json_t *j, const char *path, const char **out) MUST_USE;

/* The officer who approves: the key of --key and certificate of --cert. */
struct officer;
struct err *officer_load(const struct args *a, struct officer **out) MUST_USE;
void officer_free(struct officer *o);
DEFINE_FREEP(officer_free, struct officer)
const char *officer_fingerprint(const struct officer *o); /* 64 hex digits */
signd_approve officer_approve;

#endif

/*
 * The ceremony: `signd init` makes the keys of the service inside a token that
 * was initialised before (softhsm2-util --init-token, or the vendor's way), a
 * root and an issuing CA signed through the token, and the ledger.
 */
#ifndef SIGND_SIGND_INIT_H
#define SIGND_SIGND_INIT_H

#include <stdio.h>

#include "signd/settings.h"

struct init_options {
	const char *organization; /* "O"; NULL: of the demonstration */
	const char *province;     /* "ST"; NULL: none */
	bool production; /* else names say that there is no legal value */
	const char *chain_file;  /* PEM of the CA chain is written here, anchor
				  * last, readable by all; NULL: nowhere */
	const char *anchor_file; /* likewise, the anchor alone */
	/* The root's key in a token of its own, of the same module, which can
	 * be taken away afterwards; NULL: in the token of the service. */
	const char *root_token_uri;
	const char *root_pin_file; /* readable by user-keyholder */
	const char *protocol_file; /* the signed protocol, and FILE.sig; NULL */
	/* Where the root's own list will be, as the issuing CA's certificate
	 * states it, and the first one is made; NULL or "": not stated. */
	const char *root_crl_url;
	const char *const *witnesses;
	size_t nwitnesses;
};

/*
 * signd_init refuses to run twice.  As root it works on the token as
 * user-keyholder and on the ledger as user-ledger; the token's files and PIN
 * file must be theirs already.  What it makes is told on `told` (may be NULL).
 *
 * ERR_USAGE code "set-up-already"; ERR_REMOTE code "token-unavailable";
 * ERR_DENIED code "token-pin".
 */
struct err *signd_init(const struct settings *s, const struct init_options *o,
    FILE *told) MUST_USE;

struct keyholder;
struct p11_token;
struct p11_session;
/* Opens the root's own token, of the module that `k` has loaded, and logs in.
 * ERR_USAGE: no PIN file; what p11_token_find, p11_login say. */
struct err *init_open_root(const struct keyholder *k, const char *uri,
    const char *pin_file, struct p11_token *token,
    struct p11_session *session) MUST_USE;

/*
 * signd_officer_add registers the first certificate of a PEM file as an
 * officer's; signd_officer_end ends it.  As root it works as user-ledger.
 * ERR_USAGE code "officer-known": there already; ERR_DENIED code
 * "officer-unknown"; ERR_MISSING code "not-set-up".
 */
struct err *signd_officer_add(
    const struct settings *s, const char *pem_file, FILE *told) MUST_USE;
struct err *signd_officer_end(
    const struct settings *s, const char *pem_file, FILE *told) MUST_USE;

/* signd_audit_check walks the audit chain.  ERR_DENIED code "audit-broken". */
struct err *signd_audit_check(const struct settings *s, FILE *told) MUST_USE;

#endif

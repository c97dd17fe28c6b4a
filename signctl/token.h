/*
 * A person's own token, at this machine.  The vendor's module runs in a child
 * of its own for each thing that is done, so that its crash is an error; it
 * never sees a document.
 */
#ifndef SIGND_SIGNCTL_TOKEN_H
#define SIGND_SIGNCTL_TOKEN_H

#include "pkcs11/identity.h"
#include "pkcs11/uri.h"
#include "signctl/io.h"

#define TOKEN_OPTIONS                                                          \
	{ "token", "URI", "the token, and its key by id (RFC 7512)", false },  \
	    { "key-of", "FILE",                                                \
		    "a certificate, or public key: its key is meant", false }, \
	    { "module", "FILE", "the token's PKCS#11 module", false },         \
	    { "module-args", "TEXT",                                           \
		    "what the module wants when it starts (NSS)", false },     \
	    { "pin-fd", "N", "read the PIN from descriptor N", false },        \
	{                                                                      \
		"pin-file", "FILE", "read the PIN from a file", false          \
	}

/* Where the token is, as the command line says. */
struct token_place {
	struct p11_uri uri;
	const char *module; /* NULL: those that p11-kit knows */
	const char *arguments;
	struct buf found; /* holds `module` when it was looked for */
	/* --key-of, for keys that no id tells apart: SubjectPublicKeyInfo
	 * (empty: not said), and the certificate, if it was one. */
	struct buf key_of;
	struct cert_list key_cert;
};

/* token_place_read reads --token, --module, --module-args and --key-of.
 * Without --module and module-path the modules that are set up for p11-kit are
 * asked which of them has the token (module-name: those of that name).
 * ERR_USAGE code "token-several": different tokens fit. */
struct err *token_place_read(
    const struct args *a, struct token_place *out) MUST_USE;
void token_place_done(struct token_place *p);

/* The paths of all modules that are set up for p11-kit, one after the other,
 * each with a 0 behind it. */
struct err *token_modules(struct buf *out) MUST_USE;

#define COMMON_TOKEN_OPTIONS                                                   \
	{ "json", NULL, "print the answer as JSON", false },                   \
	    { "lang", "vi|en", "language of what people read", false },        \
	    { "help", NULL, "this text", false },                              \
	{                                                                      \
		NULL, NULL, NULL, false                                        \
	}

struct token_pin {
	struct secret pin; /* empty: it is entered at the reader */
};
void token_pin_done(struct token_pin *p);
/*
 * token_pin_read asks the token how it wants its PIN, and gets it: from
 * --pin-fd, --pin-file or the address, else at the reader or on the terminal.
 * ERR_DENIED code "token-pin-final", "token-pin-locked": before anybody is
 * asked.
 */
struct err *token_pin_read(const struct args *a, const struct token_place *p,
    struct token_pin *out) MUST_USE;

/* Appends a public key as SubjectPublicKeyInfo. */
struct err *token_spki(const EVP_PKEY *key, struct buf *out) MUST_USE;

/* An open token, inside the child. */
struct token_open {
	const struct token_place *place;
	struct p11_module *module;
	struct p11_token token;
	struct p11_session session;
};

/*
 * token_run opens the token in a child, logs in unless `pin` is NULL, and lets
 * `job` append to `out`.
 */
struct err *token_run(const struct token_place *p, const struct token_pin *pin,
    bool writable,
    struct err *(*job)(const struct token_open *t, void *ctx, struct buf *out),
    void *ctx, struct buf *out) MUST_USE;

/* A certificate of the token, and those of CAs in it that lead upward. */
struct err *token_certs(const struct token_place *p,
    const struct token_pin *pin, struct cert_list *out) MUST_USE;

/* Signs a digest with the key of a certificate; verified under it before it
 * leaves the child. */
struct err *token_sign(const struct token_place *p, const struct token_pin *pin,
    const struct cert *c, struct sig_alg alg, struct bytes digest,
    struct buf *out) MUST_USE;

#endif

/* Sessions with a token.  A session belongs to one operation at a time. */
#ifndef SIGND_PKCS11_SESSION_H
#define SIGND_PKCS11_SESSION_H

#include "pkcs11/module.h"

struct p11_session {
	CK_FUNCTION_LIST *f;
	CK_SESSION_HANDLE handle;
	CK_SLOT_ID slot;
	const struct p11_vendor *vendor;
	bool open;
	/* For keys that want the PIN before each signature (see
	 * CKA_ALWAYS_AUTHENTICATE): what to give then.  NULL: there are none,
	 * and no key is asked whether it is one. */
	const struct bytes *pin_for_each;
	/* Told before each signature of several: the token is not stuck.  NULL:
	 * nobody is. */
	void (*goes_on)(void *ctx);
	void *goes_on_ctx;
};

/* `writable`: permanent objects can be made.  ERR_LIMIT: the make allows no
 * more sessions. */
struct err *p11_session_open(
    const struct p11_token *t, bool writable, struct p11_session *out) MUST_USE;
void p11_session_done(struct p11_session *s);

/*
 * p11_lock takes a lock on a file that is there and may be read (the PIN's own
 * file does).  Starting the module and logging in belong under it, in all
 * processes that share a token: a login may rewrite the token's files, and who
 * reads them just then finds no token.  Close *fd to give it back.
 */
struct err *p11_lock(const char *path, int *fd) MUST_USE;
/* The same on a file that is open; p11_unlock_fd() gives it back. */
struct err *p11_lock_fd(int fd) MUST_USE;
void p11_unlock_fd(int fd);

/* The PIN is typed at the reader (CKF_PROTECTED_AUTHENTICATION_PATH). */
#define P11_PIN_AT_READER BYTES_NONE

/*
 * p11_login logs the user in, for all sessions of this process.  On makes where
 * a login may fail by chance it is tried again a few times.
 * ERR_DENIED code "token-pin": wrong, and not tried again; code
 * "token-pin-final", "token-pin-locked": not tried at all, for the token says
 * that one try is left, or none.  ERR_DENIED code "token-pin-cancelled".
 */
struct err *p11_login(struct p11_session *s, struct bytes pin) MUST_USE;

/* p11_login_allowed refuses as p11_login would before it tries: to be asked
 * before a person is. */
struct err *p11_login_allowed(const struct p11_session *s) MUST_USE;

/* Logs in for the one operation that was just begun, after C_SignInit. */
struct err *p11_login_for_operation(
    const struct p11_session *s, struct bytes pin) MUST_USE;

/* p11_session_check asks the token whether the session still lives. */
struct err *p11_session_check(const struct p11_session *s) MUST_USE;

#endif

#include "pkcs11/session.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define LOGIN_TRIES 6
#define LOGIN_WAIT_MS 50 /* twice as long after each failure */

/* The makes that allow few say so badly when there are too many. */
static struct err *
room_for_one(const struct p11_token *t)
{
	CK_TOKEN_INFO info = { 0 };
	if (t->vendor->sessions_max == 0)
		return NULL;
	TRY_CK(p11_functions(t->module)->C_GetTokenInfo(t->slot, &info),
	    "C_GetTokenInfo");
	if (info.ulSessionCount == CK_UNAVAILABLE_INFORMATION ||
	    info.ulSessionCount < t->vendor->sessions_max)
		return NULL;
	return err_new(ERR_LIMIT, NULL, "%lu sessions with the token already",
	    (unsigned long)info.ulSessionCount);
}

struct err *
p11_session_open(
    const struct p11_token *t, bool writable, struct p11_session *out)
{
	TRY(room_for_one(t));
	CK_FUNCTION_LIST *f = p11_functions(t->module);
	CK_FLAGS flags = CKF_SERIAL_SESSION | (writable ? CKF_RW_SESSION : 0);
	struct p11_session s = { .f = f, .slot = t->slot, .vendor = t->vendor };
	TRY_CK(f->C_OpenSession(t->slot, flags, NULL, NULL, &s.handle),
	    "C_OpenSession");
	s.open = true;
	*out = s;
	return NULL;
}

void
p11_session_done(struct p11_session *s)
{
	if (s->open)
		s->f->C_CloseSession(s->handle);
	s->open = false;
}

struct err *
p11_lock(const char *path, int *fd)
{
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return err_errno(errno, "opening %s", path);
	return err_while(p11_lock_fd(*fd), "%s", path);
}

struct err *
p11_lock_fd(int fd)
{
	while (flock(fd, LOCK_EX) != 0)
		if (errno != EINTR)
			return err_errno(errno, "locking");
	return NULL;
}

void
p11_unlock_fd(int fd)
{
	flock(fd, LOCK_UN);
}

static void
pause_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
	while (nanosleep(&t, &t) != 0 && errno == EINTR)
		;
}

/* Whose last try it is, only they may decide: neither a keyholder that starts
 * again and again with a wrong PIN in its file, nor a slip of the finger. */
struct err *
p11_login_allowed(const struct p11_session *s)
{
	CK_TOKEN_INFO info = { 0 };
	TRY_CK(s->f->C_GetTokenInfo(s->slot, &info), "C_GetTokenInfo");
	if ((info.flags & CKF_USER_PIN_LOCKED) != 0)
		return err_coded(
		    err_new(ERR_DENIED, NULL, "the token's PIN is locked"),
		    "token-pin-locked");
	if ((info.flags & CKF_USER_PIN_FINAL_TRY) != 0)
		return err_coded(
		    err_new(ERR_DENIED, NULL,
			"one try is left, which is not spent here"),
		    "token-pin-final");
	return NULL;
}

static CK_RV
login_once(const struct p11_session *s, CK_USER_TYPE user, struct bytes pin)
{
	/* The interface has no const; modules do not write. */
	CK_UTF8CHAR *p = (CK_UTF8CHAR *)(uintptr_t)pin.ptr;
	return s->f->C_Login(s->handle, user, p, pin.len);
}

static bool
by_chance(const struct p11_session *s, CK_RV rv)
{
	return s->vendor->login_again &&
	       (rv == CKR_GENERAL_ERROR || rv == CKR_FUNCTION_FAILED);
}

struct err *
p11_login(struct p11_session *s, struct bytes pin)
{
	CK_RV rv = CKR_OK;
	long wait = LOGIN_WAIT_MS;
	for (int i = 0; i < LOGIN_TRIES; i++) {
		TRY(p11_login_allowed(s));
		rv = login_once(s, CKU_USER, pin);
		if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN)
			return NULL;
		if (!by_chance(s, rv))
			break;
		pause_ms(wait);
		wait *= 2;
	}
	return err_ck(rv, "C_Login");
}

struct err *
p11_login_for_operation(const struct p11_session *s, struct bytes pin)
{
	TRY(p11_login_allowed(s));
	CK_RV rv = login_once(s, CKU_CONTEXT_SPECIFIC, pin);
	return rv == CKR_OK ? NULL : err_ck(rv, "C_Login");
}

struct err *
p11_session_check(const struct p11_session *s)
{
	CK_SESSION_INFO info;
	TRY_CK(s->f->C_GetSessionInfo(s->handle, &info), "C_GetSessionInfo");
	if (info.state != CKS_RO_USER_FUNCTIONS &&
	    info.state != CKS_RW_USER_FUNCTIONS)
		return err_coded(err_new(ERR_REMOTE, NULL, "logged out"),
		    "token-unavailable");
	return NULL;
}

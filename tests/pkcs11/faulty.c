/* A PKCS#11 module that forwards to a real one, and fails on order. */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <p11-kit/pkcs11.h>

#include "tests/pkcs11/faulty.h"

#define NO_HANDLE 0xdeadbeefUL

static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST list;
static struct faulty_orders *orders;
static _Atomic bool is_hmac; /* what was begun last; there is one session */

/* Takes one of the times that were ordered, if this function is meant. */
static enum faulty_fault
take(enum faulty_function f)
{
	if (orders == NULL)
		return FAULT_NONE;
	atomic_fetch_add(&orders->calls[f], 1);
	if (atomic_load(&orders->function) != f)
		return FAULT_NONE;
	int32_t times = atomic_load(&orders->times);
	while (times > 0 &&
	       !atomic_compare_exchange_weak(&orders->times, &times, times - 1))
		;
	if (times == 0)
		return FAULT_NONE;
	atomic_fetch_add(&orders->done, 1);
	return (enum faulty_fault)atomic_load(&orders->fault);
}

static int64_t
now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Another order, with less to wait, lets it go on.  By the clock: on a busy
 * machine each pause is longer than it should be. */
static void
wait_a_while(void)
{
	const struct timespec step = { .tv_nsec = 10 * 1000000 };
	int64_t begin = now_ms();
	while (now_ms() - begin < (int64_t)atomic_load(&orders->ms))
		nanosleep(&step, NULL);
}

/* What can be done before the real function is called. */
static CK_RV
before(enum faulty_fault fault)
{
	switch (fault) {
	case FAULT_SESSION_INVALID:
		return CKR_SESSION_HANDLE_INVALID;
	case FAULT_DEVICE_REMOVED:
		return CKR_DEVICE_REMOVED;
	case FAULT_TOKEN_GONE:
		return CKR_TOKEN_NOT_PRESENT;
	case FAULT_GENERAL:
		return CKR_GENERAL_ERROR;
	case FAULT_SLOW:
		wait_a_while();
		return CKR_OK;
	case FAULT_CRASH:
		signal(SIGSEGV, SIG_DFL); /* a sanitizer's own is no crash */
		raise(SIGSEGV);
		return CKR_OK;
	default:
		return CKR_OK;
	}
}

#define BEGIN(function)                                                        \
	enum faulty_fault fault = take(function);                              \
	CK_RV rv = before(fault);                                              \
	if (rv != CKR_OK)                                                      \
	return rv

static CK_RV
with_handle(CK_RV rv, enum faulty_fault fault, CK_ULONG *handle)
{
	if (rv == CKR_OK && fault == FAULT_GARBAGE)
		*handle = NO_HANDLE;
	return rv;
}

static CK_RV
initialize(void *args)
{
	BEGIN(F_INITIALIZE);
	return real->C_Initialize(args);
}

static CK_RV
get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	BEGIN(F_GET_TOKEN_INFO);
	rv = real->C_GetTokenInfo(slot, info);
	if (fault == FAULT_FINAL)
		info->flags |= CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY;
	if (fault == FAULT_LOCKED)
		info->flags |= CKF_USER_PIN_LOCKED;
	if (fault == FAULT_LOW)
		info->flags |= CKF_USER_PIN_COUNT_LOW;
	if (fault == FAULT_PAD)
		info->flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
	return rv;
}

static CK_RV
open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *app, CK_NOTIFY notify,
    CK_SESSION_HANDLE *out)
{
	BEGIN(F_OPEN_SESSION);
	rv = real->C_OpenSession(slot, flags, app, notify, out);
	return with_handle(rv, fault, out);
}

static CK_RV
get_session_info(CK_SESSION_HANDLE s, CK_SESSION_INFO *info)
{
	BEGIN(F_GET_SESSION_INFO);
	return real->C_GetSessionInfo(s, info);
}

static CK_RV
login(CK_SESSION_HANDLE s, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG len)
{
	BEGIN(F_LOGIN);
	const char *typed = getenv(FAULTY_PAD_PIN);
	if (pin == NULL && typed != NULL)
		return real->C_Login(
		    s, user, (CK_UTF8CHAR *)(uintptr_t)typed, strlen(typed));
	return real->C_Login(s, user, pin, len);
}

static CK_RV
find_objects(
    CK_SESSION_HANDLE s, CK_OBJECT_HANDLE *out, CK_ULONG max, CK_ULONG *n)
{
	BEGIN(F_FIND_OBJECTS);
	rv = real->C_FindObjects(s, out, max, n);
	return rv == CKR_OK && *n > 0 ? with_handle(rv, fault, out) : rv;
}

static CK_RV
get_attribute_value(
    CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE *a, CK_ULONG n)
{
	BEGIN(F_GET_ATTRIBUTE_VALUE);
	rv = real->C_GetAttributeValue(s, o, a, n);
	if (fault == FAULT_LENGTH)
		a->ulValueLen--;
	return rv;
}

static CK_RV
generate_key_pair(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_ATTRIBUTE *public,
    CK_ULONG npublic, CK_ATTRIBUTE *private, CK_ULONG nprivate,
    CK_OBJECT_HANDLE *a, CK_OBJECT_HANDLE *b)
{
	BEGIN(F_GENERATE_KEY_PAIR);
	rv = real->C_GenerateKeyPair(
	    s, m, public, npublic, private, nprivate, a, b);
	return with_handle(rv, fault, b);
}

static CK_RV
wrap_key(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE kek,
    CK_OBJECT_HANDLE key, CK_BYTE *out, CK_ULONG *len)
{
	BEGIN(F_WRAP_KEY);
	rv = real->C_WrapKey(s, m, kek, key, out, len);
	if (rv == CKR_OK && fault == FAULT_LENGTH)
		--*len;
	return rv;
}

static CK_RV
unwrap_key(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE kek,
    CK_BYTE *in, CK_ULONG len, CK_ATTRIBUTE *t, CK_ULONG n,
    CK_OBJECT_HANDLE *out)
{
	BEGIN(F_UNWRAP_KEY);
	rv = real->C_UnwrapKey(s, m, kek, in, len, t, n, out);
	return with_handle(rv, fault, out);
}

static CK_RV
destroy_object(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o)
{
	BEGIN(F_DESTROY_OBJECT);
	return real->C_DestroyObject(s, o);
}

static CK_RV
sign_init(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	BEGIN(F_SIGN_INIT);
	is_hmac = m->mechanism == CKM_SHA256_HMAC;
	return real->C_SignInit(s, m, key);
}

#define HALF 32 /* bytes of r, and of s, with P-256 */

/* One INTEGER, without needless zeros; returns its length. */
static CK_ULONG
put_integer(CK_BYTE *out, const CK_BYTE *value)
{
	CK_ULONG skip = 0;
	while (skip < HALF - 1 && value[skip] == 0)
		skip++;
	CK_ULONG pad = value[skip] >= 0x80;
	CK_ULONG n = HALF - skip;
	out[0] = 0x02;
	out[1] = (CK_BYTE)(n + pad);
	out[2] = 0;
	memcpy(out + 2 + pad, value + skip, n);
	return 2 + pad + n;
}

/* r || s in place to SEQUENCE { r, s }; whoever calls has room for it. */
static CK_ULONG
to_der(CK_BYTE *value)
{
	CK_BYTE der[2 * HALF + 8];
	CK_ULONG n = put_integer(der + 2, value);
	n += put_integer(der + 2 + n, value + HALF);
	der[0] = 0x30;
	der[1] = (CK_BYTE)n;
	memcpy(value, der, n + 2);
	return n + 2;
}

static CK_RV
sign(CK_SESSION_HANDLE s, CK_BYTE *in, CK_ULONG n, CK_BYTE *out, CK_ULONG *len)
{
	BEGIN(is_hmac ? F_HMAC : F_SIGN);
	rv = real->C_Sign(s, in, n, out, len);
	if (rv == CKR_OK && fault == FAULT_LENGTH)
		--*len;
	if (rv == CKR_OK && fault == FAULT_GARBAGE)
		memset(out, 0x55, *len);
	if (rv == CKR_OK && fault == FAULT_DER && *len == 2 * HALF)
		*len = to_der(out);
	return rv;
}

static void
map_orders(void)
{
	const char *path = getenv(FAULTY_ORDERS);
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	void *map = mmap(
	    NULL, sizeof(*orders), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map != MAP_FAILED)
		orders = map;
}

static CK_RV
load(void)
{
	const char *path = getenv(FAULTY_TARGET);
	void *library = path == NULL ? NULL : dlopen(path, RTLD_NOW);
	CK_C_GetFunctionList get = NULL;
	if (library == NULL)
		return CKR_GENERAL_ERROR;
	void *symbol = dlsym(library, "C_GetFunctionList");
	memcpy(&get, &symbol, sizeof(get));
	return get == NULL ? CKR_GENERAL_ERROR : get(&real);
}

CK_RV
C_GetFunctionList(CK_FUNCTION_LIST **out)
{
	if (real == NULL) {
		CK_RV rv = load();
		if (rv != CKR_OK)
			return rv;
		map_orders();
	}
	list = *real;
	list.C_GetFunctionList = C_GetFunctionList;
	list.C_Initialize = initialize;
	list.C_GetTokenInfo = get_token_info;
	list.C_OpenSession = open_session;
	list.C_GetSessionInfo = get_session_info;
	list.C_Login = login;
	list.C_FindObjects = find_objects;
	list.C_GetAttributeValue = get_attribute_value;
	list.C_GenerateKeyPair = generate_key_pair;
	list.C_WrapKey = wrap_key;
	list.C_UnwrapKey = unwrap_key;
	list.C_DestroyObject = destroy_object;
	list.C_SignInit = sign_init;
	list.C_Sign = sign;
	*out = &list;
	return CKR_OK;
}

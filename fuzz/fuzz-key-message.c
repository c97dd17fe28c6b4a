/* Requests to a keyholder, as a broken front would send them: two bytes of
 * operation, then the body.  The token and the ledger are not there. */
#include <string.h>

#include "signd/keyholder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static CK_RV
no_sign_init(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE k)
{
	return s == 0 && m != NULL && k == 0 ? CKR_OK : CKR_DEVICE_REMOVED;
}

static CK_RV
no_sign(CK_SESSION_HANDLE s, CK_BYTE *in, CK_ULONG len, CK_BYTE *out,
    CK_ULONG *out_len)
{
	memset(out, (int)(s + (in != NULL) + len), *out_len);
	return CKR_OK;
}

static CK_RV
no_info(CK_SESSION_HANDLE s, CK_SESSION_INFO *info)
{
	return s == 0 && info != NULL ? CKR_DEVICE_REMOVED : CKR_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static CK_FUNCTION_LIST f = { .C_SignInit = no_sign_init,
		.C_Sign = no_sign,
		.C_GetSessionInfo = no_info };
	static char nowhere[] = "/nonexistent/ledger.sock";
	static char policy[] = "1.2.3";
	static const struct settings settings = { .sad_seconds = 60,
		.tsa_policy_oid = policy };
	struct keyholder k = { .settings = &settings,
		.clock = &clock_system,
		.ledger_read = nowhere,
		.ledger_write = nowhere,
		.lanes = { .door = PTHREAD_MUTEX_INITIALIZER,
		    .use = PTHREAD_MUTEX_INITIALIZER,
		    .lock = PTHREAD_MUTEX_INITIALIZER,
		    .calm = PTHREAD_COND_INITIALIZER },
		.reading = { .path = nowhere,
		    .lock = PTHREAD_MUTEX_INITIALIZER },
		.writing = { .path = nowhere,
		    .lock = PTHREAD_MUTEX_INITIALIZER },
		.sad_keys = { .lock = PTHREAD_MUTEX_INITIALIZER },
		.watch = { .source = &clock_source_system },
		.session = { .f = &f } };
	if (size < 2 || size > KEY_BODY_MAX)
		return 0;
	const struct ipc_message request = {
		.op = (uint16_t)(data[0] << 8 | data[1]),
		.body = { (uint8_t *)(uintptr_t)(data + 2), size - 2, size - 2,
		    size - 2 },
	};
	struct ipc_message answer = { .body = BUF(KEY_ANSWER_MAX) };
	err_free(keyholder_handle(&k, &request, &answer));
	ipc_message_done(&answer);
	return 0;
}

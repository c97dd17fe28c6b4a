/*
 * Orders to the faulty module, in a file that it and the test both map: so the
 * test can change them while it runs, and a count is of all processes together.
 */
#ifndef SIGND_TESTS_PKCS11_FAULTY_H
#define SIGND_TESTS_PKCS11_FAULTY_H

#include <stdatomic.h>
#include <stdint.h>

#define FAULTY_TARGET "FAULTY_TARGET"   /* environment: the real module */
#define FAULTY_PAD_PIN "FAULTY_PAD_PIN" /* what is typed at the keypad */
#define FAULTY_ORDERS "FAULTY_ORDERS"   /* environment: the file of orders */

enum faulty_function {
	F_INITIALIZE,
	F_GET_TOKEN_INFO,
	F_OPEN_SESSION,
	F_GET_SESSION_INFO,
	F_LOGIN,
	F_FIND_OBJECTS,
	F_GET_ATTRIBUTE_VALUE,
	F_GENERATE_KEY_PAIR,
	F_WRAP_KEY,
	F_UNWRAP_KEY,
	F_DESTROY_OBJECT,
	F_SIGN_INIT,
	F_SIGN, /* but for HMACs */
	F_HMAC, /* C_Sign with one */
	F_COUNT,
};

enum faulty_fault {
	FAULT_NONE,
	FAULT_SESSION_INVALID,
	FAULT_DEVICE_REMOVED,
	FAULT_TOKEN_GONE,
	FAULT_GENERAL,
	FAULT_SLOW,    /* waits, then does it */
	FAULT_LENGTH,  /* what comes back is one byte too short */
	FAULT_GARBAGE, /* a handle that is none; a value of other bytes */
	FAULT_CRASH,
	FAULT_FINAL,  /* C_GetTokenInfo: one try of the PIN is left */
	FAULT_PAD,    /* C_GetTokenInfo: the reader has a keypad */
	FAULT_LOCKED, /* C_GetTokenInfo: no try is left */
	FAULT_LOW,    /* C_GetTokenInfo: a wrong PIN was entered */
	FAULT_DER,    /* C_Sign: ECDSA as some makes give it, in DER */
	FAULT_COUNT,
};

struct faulty_orders {
	_Atomic uint32_t function;
	_Atomic uint32_t fault;
	_Atomic int32_t times; /* how often still; below 0: for ever */
	_Atomic uint32_t ms;   /* of FAULT_SLOW */
	_Atomic uint32_t done; /* how often it was done */
	_Atomic uint32_t calls[F_COUNT];
};

static const char *const faulty_functions[F_COUNT] = { "C_Initialize",
	"C_GetTokenInfo", "C_OpenSession", "C_GetSessionInfo", "C_Login",
	"C_FindObjects", "C_GetAttributeValue", "C_GenerateKeyPair",
	"C_WrapKey", "C_UnwrapKey", "C_DestroyObject", "C_SignInit", "C_Sign",
	"HMAC" };

static const char *const faulty_faults[FAULT_COUNT] = { "none",
	"session-invalid", "device-removed", "token-gone", "general", "slow",
	"length", "garbage", "crash", "final", "pad", "locked", "low", "der" };

#endif

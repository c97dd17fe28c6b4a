#include "certs/totp.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "certs/ossl.h"

#define SHA1_LEN 20
#define MODULUS 1000000 /* ten to the TOTP_DIGITS */

struct err *
totp_value(struct bytes secret, int64_t step, uint32_t *out)
{
	uint8_t counter[8], mac[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	for (int i = 0; i < 8; i++)
		counter[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
	if (HMAC(EVP_sha1(), secret.ptr, (int)secret.len, counter,
		sizeof(counter), mac, &len) == NULL ||
	    len != SHA1_LEN)
		return err_ossl(ERR_INTERNAL, "HMAC-SHA-1");
	const uint8_t *at = mac + (mac[SHA1_LEN - 1] & 15);
	*out = ((uint32_t)at[0] & 127) << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | at[3];
	wipe(mac, sizeof(mac));
	return NULL;
}

struct err *
totp_match(struct bytes secret, struct bytes code, int64_t now, int64_t last,
    int64_t *step)
{
	int64_t found = 0;
	int64_t current = now / TOTP_SECONDS;
	for (int64_t s = current - 1; s <= current + 1; s++) {
		uint32_t value;
		char digits[16];
		TRY(totp_value(secret, s, &value));
		snprintf(digits, sizeof(digits), "%06u", value % MODULUS);
		if (bytes_eq_secret(bytes_str(digits), code) && s > last)
			found = s;
		wipe(digits, sizeof(digits));
	}
	*step = found;
	return NULL;
}

/* RFC 4648 6, without padding, as apps want it. */
static struct err *
base32(struct bytes in, struct buf *out)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint32_t held = 0;
	int bits = 0;
	for (size_t i = 0; i < in.len; i++) {
		held = (held << 8 | in.ptr[i]) & 0xfff;
		for (bits += 8; bits >= 5; bits -= 5)
			TRY(buf_byte(out,
			    (uint8_t)letters[held >> (bits - 5) & 31]));
	}
	if (bits > 0)
		TRY(buf_byte(out, (uint8_t)letters[held << (5 - bits) & 31]));
	return NULL;
}

static struct err *
percent(const char *text, struct buf *out)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789-._~";
	for (; *text != '\0'; text++) {
		if (strchr(plain, *text) != NULL)
			TRY(buf_byte(out, (uint8_t)*text));
		else
			TRY(buf_printf(out, "%%%02X", (uint8_t)*text));
	}
	return NULL;
}

struct err *
totp_uri(struct bytes secret, const char *issuer, const char *account,
    struct buf *out)
{
	TRY(buf_str(out, "otpauth://totp/"));
	TRY(percent(issuer, out));
	TRY(buf_str(out, ":"));
	TRY(percent(account, out));
	TRY(buf_str(out, "?secret="));
	TRY(base32(secret, out));
	TRY(buf_str(out, "&issuer="));
	TRY(percent(issuer, out));
	return buf_str(out, "&algorithm=SHA1&digits=6&period=30");
}

#include "base/nfc.h"

#include "base/encoding.h"

#include <unicase.h>
#include <uninorm.h>

#include <errno.h>
#include <stdlib.h>

#define AT_ONCE 1024 /* bytes: what people are called; more is allocated */

static bool
is_ascii(struct bytes in)
{
	for (size_t i = 0; i < in.len; i++)
		if (in.ptr[i] >= 0x80)
			return false;
	return true;
}

struct err *
utf8_to_nfc(struct bytes in, struct buf *out)
{
	uint8_t room[AT_ONCE];
	size_t len = sizeof(room);
	if (is_ascii(in))
		return buf_append(out, in);
	if (!utf8_valid(in))
		return err_new(ERR_MALFORMED, "RFC 3629", "not UTF-8");
	uint8_t *made = u8_normalize(UNINORM_NFC, in.ptr, in.len, room, &len);
	if (made == NULL)
		return err_new(errno == ENOMEM ? ERR_NOMEM : ERR_MALFORMED,
		    "UAX #15", "normal form C");
	struct err *e = buf_append(out, bytes_of(made, len));
	if (made != room)
		free(made);
	return e;
}

/* It is never more than three times as long (UAX #15, 9). */
static size_t
most(struct bytes in)
{
	return in.len > SIZE_MAX / 4 ? SIZE_MAX : 3 * in.len;
}

struct err *
utf8_dup_nfc(struct bytes in, char **out)
{
	CLEANUP(buf_done) struct buf nfc = BUF(most(in));
	TRY(utf8_to_nfc(in, &nfc));
	return bytes_dup_str(buf_bytes(&nfc), out);
}

struct err *
utf8_is_nfc(struct bytes in, bool *out)
{
	CLEANUP(buf_done) struct buf nfc = BUF(most(in));
	*out = is_ascii(in);
	if (*out || !utf8_valid(in))
		return NULL;
	TRY(utf8_to_nfc(in, &nfc));
	*out = bytes_eq(buf_bytes(&nfc), in);
	return NULL;
}

static struct err *
fold_ascii(struct bytes in, struct buf *out)
{
	for (size_t i = 0; i < in.len; i++) {
		uint8_t c = in.ptr[i];
		bool upper = c >= 'A' && c <= 'Z';
		TRY(buf_byte(out, (uint8_t)(upper ? c - 'A' + 'a' : c)));
	}
	return NULL;
}

struct err *
utf8_fold(struct bytes in, struct buf *out)
{
	uint8_t room[AT_ONCE];
	size_t len = sizeof(room);
	if (is_ascii(in) || !utf8_valid(in))
		return fold_ascii(in, out);
	uint8_t *made =
	    u8_casefold(in.ptr, in.len, NULL, UNINORM_NFD, room, &len);
	if (made == NULL)
		return err_new(errno == ENOMEM ? ERR_NOMEM : ERR_MALFORMED,
		    "UAX #15", "case folding");
	struct err *e = buf_append(out, bytes_of(made, len));
	if (made != room)
		free(made);
	return e;
}

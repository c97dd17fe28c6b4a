#include "pkcs11/pin.h"

static size_t
characters(struct bytes utf8)
{
	size_t n = 0;
	for (size_t i = 0; i < utf8.len; i++)
		n += (utf8.ptr[i] & 0xc0) != 0x80;
	return n;
}

struct err *
pin_form(struct bytes pin)
{
	/* Length in bytes first, so that nothing long is walked over. */
	size_t n = pin.len > PIN_BYTES_MAX ? SIZE_MAX : characters(pin);
	if (n >= PIN_CHARS_MIN && n <= PIN_CHARS_MAX && utf8_printable(pin))
		return NULL;
	return err_coded(err_new(ERR_MALFORMED, NULL,
			     "a PIN is %d to %d printable characters",
			     PIN_CHARS_MIN, PIN_CHARS_MAX),
	    "pin-form");
}

/* Whether every byte is the one `period` before it, plus `step`. */
static bool
runs(struct bytes pin, size_t period, int step)
{
	for (size_t i = period; i < pin.len; i++)
		if (pin.ptr[i] != pin.ptr[i - period] + step)
			return false;
	return true;
}

struct err *
pin_check(struct bytes pin)
{
	TRY(pin_form(pin));
	if (runs(pin, 1, 0) || runs(pin, 1, 1) || runs(pin, 1, -1) ||
	    runs(pin, 2, 0))
		return err_coded(
		    err_new(ERR_USAGE, NULL, "a PIN that is tried first"),
		    "pin-weak");
	return NULL;
}

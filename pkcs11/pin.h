/* What a citizen may choose as PIN. */
#ifndef SIGND_PKCS11_PIN_H
#define SIGND_PKCS11_PIN_H

#include "base/base.h"

#define PIN_CHARS_MIN 6
#define PIN_CHARS_MAX 64
#define PIN_BYTES_MAX (PIN_CHARS_MAX * 4) /* UTF-8 */

/* pin_form checks the form of any PIN that comes in: UTF-8 without control
 * characters, of the right length.  ERR_MALFORMED code "pin-form". */
struct err *pin_form(struct bytes pin) MUST_USE;

/*
 * pin_check checks a new PIN: its form, and that it is none of those that are
 * tried first: one character over and over ("111111"), a pair repeated
 * ("121212"), a run up or down ("123456", "987654").
 * ERR_USAGE code "pin-weak".
 */
struct err *pin_check(struct bytes pin) MUST_USE;

#endif

/*
 * The QR code of the Vietnamese identity card.  It is not signed, and anybody
 * can print one: it fills in a form, it proves nothing.
 */
#ifndef SIGND_IDENTITY_QR_H
#define SIGND_IDENTITY_QR_H

#include "identity/date.h"

#define QR_MAX 1024 /* bytes; real ones have about 150 */

/* Strings are owned, UTF-8 without control characters, never NULL. */
struct card_qr {
	char *number;     /* twelve digits */
	char *old_number; /* nine digits, or "" */
	char *name;
	char birth[DATE_SIZE];
	char *sex; /* "Nam", "Nữ", as printed */
	char *address;
	char issued[DATE_SIZE];
	char expires[DATE_SIZE]; /* "": not stated, or without end */
};

/*
 * card_qr_parse reads
 *   number|old number|name|DDMMYYYY|sex|address|DDMMYYYY issue
 * and the variant with an eighth field, the expiry.  Text that is put before
 * or behind by a scanner (line ends) is cut off.
 *
 * ERR_MALFORMED: another number of fields, a number that is none, no name, a
 * date that is none, control characters.  ERR_LIMIT: over QR_MAX bytes.
 */
struct err *card_qr_parse(struct bytes text, struct card_qr *out) MUST_USE;
void card_qr_done(struct card_qr *q);

#endif

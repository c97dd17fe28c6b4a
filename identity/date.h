/* Days as chips and cards write them, in one form: "2001-05-31". */
#ifndef SIGND_IDENTITY_DATE_H
#define SIGND_IDENTITY_DATE_H

#include "base/base.h"

#define DATE_SIZE 11 /* with the 0 */

/* Eight digits, year first or day first.  ERR_MALFORMED: not digits, or no
 * such day. */
struct err *date_of_ymd(struct bytes digits, char out[DATE_SIZE]) MUST_USE;
struct err *date_of_dmy(struct bytes digits, char out[DATE_SIZE]) MUST_USE;

bool all_digits(struct bytes b); /* and at least one */

#endif

/* Forms of Unicode (UAX #15): one name has one of them. */
#ifndef SIGND_BASE_NFC_H
#define SIGND_BASE_NFC_H

#include "base/bytes.h"

/*
 * utf8_to_nfc appends `in` in normal form C.  What people type may be in
 * another: "ế" as one character, as two or as three (macOS) looks the same.
 * ERR_MALFORMED: not UTF-8; ERR_LIMIT: of `out`; ERR_NOMEM.
 */
struct err *utf8_to_nfc(struct bytes in, struct buf *out) MUST_USE;

/* utf8_dup_nfc: the same as a string of the caller's, free(); ERR_MALFORMED
 * also where a NUL is in it. */
struct err *utf8_dup_nfc(struct bytes in, char **out) MUST_USE;

/* utf8_is_nfc tells whether `in` is UTF-8 in normal form C; ERR_NOMEM. */
struct err *utf8_is_nfc(struct bytes in, bool *out) MUST_USE;

/*
 * utf8_fold appends `in` as names of files compare where case is one and letters
 * with marks are what the letter and then the marks are (NTFS, APFS).  Of what
 * is not UTF-8, ASCII letters alone are folded.  ERR_LIMIT: of `out`; ERR_NOMEM.
 */
struct err *utf8_fold(struct bytes in, struct buf *out) MUST_USE;

#endif

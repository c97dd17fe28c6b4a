/*
 * The ledger's writing side: between keyholders and the ledger, on a socket of
 * its own that nobody else may connect to.  As signd/proto.h: fields stand in
 * the order given, [n] says a number.
 */
#ifndef SIGND_SIGND_LEDGER_OPS_H
#define SIGND_SIGND_LEDGER_OPS_H

enum ledger_write_op {
	/* Answer: 1 KEK's CKA_ID, 2 pepper's, 3 CA key's, 4 certificates (DER,
	 * repeated): issuer first, anchor last. */
	LW_SETUP = 0x0501,
	/* 1 fingerprint (hex).  Answer: 1 certificate (DER). */
	LW_OFFICER = 0x0502,
	/* 1..12 fields of struct enrolment_record, 13 approval, 14 its
	 * algorithm (DER), 15 enrolment id, 16 hash of the token, 17 expires
	 * [n], 18 kind of key or "".  Answer: empty. */
	LW_ENROL = 0x0503,
	/* 1 hash of the token.  Answer: 1..12 fields, 13 enrolment id,
	 * 14 kind of key or "", 15 what LW_EXTERNAL_WAIT kept.  Only of open
	 * ones: else codes "activation-used", "-expired". */
	LW_ENROLMENT = 0x0504,
	/* 1 enrolment id, 2 hash of the token, 3 credential id, 4 serial (hex),
	 * 5 certificate (DER), 6 not after [n], 7 sealed blob, 8 version [n],
	 * 9 generation that wrapped and covers it [n], 10 whether there is a
	 * second factor [n], 11 chain of its external CA, packed (tag 1
	 * repeated), or "": it is our own CA's.
	 * Answer: empty. */
	LW_ACTIVATE = 0x0505,
	/* Also on the reading socket, for keyholders alone.
	 * 1 credential id, 2 SAD id (may be absent).
	 * Answer: 1 certificate (DER), 2 sealed blob,
	 * 3 version [n], 4 PIN tries left [n], 5 generation that covers the
	 * blob [n], 6 step of the second factor's last code [n], 7 whether
	 * that SAD was used [n]. */
	LW_CREDENTIAL = 0x0506,
	/* As LW_CREDENTIAL, after one try was taken; 4 is what is left if it
	 * is wrong. */
	LW_PIN_TRY = 0x0507,
	/* 1 credential id, 2 enum pin_outcome [n].  Answer: 1 tries left [n].
	 */
	LW_PIN_END = 0x0508,
	/* 1 credential id, 2 SAD id, 3 expires [n], 4 count [n], 5 hash of the
	 * digests or "", 6 id of a sealed PIN or "", 7 step of the second
	 * factor's code or 0 [n], 8 until when that PIN can be sent again [n].
	 * Ends the try as right.  Answer: empty.
	 * ERR_DENIED code "pin-replayed": that sealed PIN was used; code
	 * "pin-wrong": that code was.  ERR_REMOTE code "clock-behind": nobody
	 * knows, for the clock was set back. */
	LW_AUTHORIZED = 0x0509,
	/* 1 credential id, 2 version [n], 3 SAD id or "", 4 its expiry [n],
	 * 5 algorithm (dotted), 6 digests (repeated), 7 key of the request (32
	 * bytes) or "", 8 the values, as KEY_SIGN answers them, 9 step of the
	 * second factor's code or 0 [n].  Without a SAD, ends the try as right.
	 * Answer: 1 "", or the values that the same request was answered
	 * before.  ERR_DENIED as above. */
	LW_SIGNED = 0x050a,
	/* 1..6 fields of struct revocation_record, 7 approval, 8 its algorithm
	 * (DER), 9 reason [n].  Answer: 1 revoked at [n]. */
	LW_REVOKE = 0x050b,
	/* Answer: 1 number of the current CRL [n], 2 this update [n], 3 next
	 * update [n], 4 how many are revoked [n], 5 how many it has [n],
	 * 6 changes of the register [n], 7 as of the current CRL [n]. */
	LW_CRL_STATE = 0x050c,
	/* 1 first place [n].  Answer: up to LW_REVOKED_PAGE entries, each:
	 * 1 serial (hex), 2 time [n], 3 reason [n]. */
	LW_REVOKED = 0x050d,
	/* 1 number [n], 2 this update [n], 3 next update [n], 4 entries [n],
	 * 5 CRL (DER), 6 changes of the register when it was read [n].
	 * Answer: empty. */
	LW_CRL_PUT = 0x050e,
	/* Answer: 1 number of the newest audit record [n], 2 its hash, 3 how
	 * many there are since the newest checkpoint [n], 4 when that was made
	 * (seconds; 0: never) [n]. */
	LW_CHECKPOINT_STATE = 0x0530,
	/* 1 number of the record that it covers [n], 2 its hash (hex), 3 time
	 * (ISO 8601), 4 certificate (DER), 5 signature over the rendered
	 * struct checkpoint_record.  Answer: empty. */
	LW_CHECKPOINT = 0x0531,
	/* Answer: each generation of the keys that wrap and cover: 1 number
	 * [n], 2 KEK's CKA_ID, 3 cover key's or "", 4 whether the KEK is
	 * destroyed [n], 5 whether the cover key is [n]. */
	LW_GENERATIONS = 0x0520,
	/* 1 credential id or "", 2 how many at most [n].  Answer: credentials
	 * under an old cover, in order of their ids behind that one, each:
	 * 1 credential id, 2 generation that covers it [n], 3 sealed blob. */
	LW_COVER_NEXT = 0x0521,
	/* 1 credential id, 2 its blob as it was, 3 as it shall be, 4 generation
	 * that covers it then [n].  Answer: empty. */
	LW_COVER_PUT = 0x0522,
	/* 1 purpose.  Answer: 1 CKA_ID, 2 certificate (DER).  ERR_MISSING. */
	LW_OPERATOR = 0x0540,
	/* 1 serial (hex), 2 profile, 3 certificate (DER), 4 SHA-256 of its key,
	 * 5 subject id, 6 serial of what it replaces or "", 7 not after [n],
	 * 8 officer, 9 nonce, 10 rendered record, 11 approval, 12 its
	 * algorithm (DER).  Answer: empty. */
	LW_ISSUED = 0x0541,
	/* 1 kind, 2 SHA-256 of what is sealed, 3 SHA-256 of the document that
	 * it is about, 4 what it says, 5 serial (hex) of the seal's
	 * certificate.  Answer: empty. */
	LW_SEALED = 0x0542,
	/* An external CA has made it, and it is not confirmed yet: 1 serial
	 * (hex), 2 certificate (DER), 3 enrolment id.  Answer: empty. */
	LW_EXTERNAL_GOT = 0x0550,
	/* What an external CA is to be told next.  Answer: 1 serial (hex),
	 * 2 certificate (DER), 3 reason [n]; empty when there is nothing. */
	LW_EXTERNAL_NEXT = 0x0551,
	/* It was told: 1 serial (hex), 2 reason [n].  Answer: empty. */
	LW_EXTERNAL_TOLD = 0x0552,
	/* An external CA is going to be asked: 1 enrolment id, 2 who asks (an
	 * id of its own), 3 for how long, seconds [n].  Answer: empty.
	 * ERR_DENIED code "activation-busy": somebody else does. */
	LW_EXTERNAL_ASK = 0x0553,
	/* It has not decided, and what is to be gone on with when the link is
	 * used again is 3: 1 enrolment id, 2 who asked, 3 "" for nothing.
	 * Answer: empty. */
	LW_EXTERNAL_WAIT = 0x0555,
	/* It came to nothing: 1 enrolment id, 2 who asked.  Answer: empty. */
	LW_EXTERNAL_END = 0x0554,
};

#define LW_COVER_PAGE 256                /* credentials of one answer */
#define LW_REVOKED_PAGE 10000            /* entries; some 60 bytes each */
#define LW_BODY_MAX (16 * 1024 * 1024)   /* bytes: a CRL of 200,000 entries */
#define LW_ANSWER_MAX (16 * 1024 * 1024) /* bytes */

#endif

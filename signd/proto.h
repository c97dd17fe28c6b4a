/*
 * The operations between processes.  Fields stand in the order given, each
 * with its tag; [n] says a number (u64 or i64), the rest are bytes or text.
 * doc/protocol.md is the page of this table.
 */
#ifndef SIGND_SIGND_PROTO_H
#define SIGND_SIGND_PROTO_H

/* Names of the sockets below run-dir. */
#define SOCKET_WORKER "worker.sock"             /* front connects */
#define SOCKET_INDEXER "indexer.sock"           /* front connects */
#define SOCKET_FETCHER "fetcher.sock"           /* front connects */
#define SOCKET_KEYHOLDER "keyholder.sock"       /* front connects */
#define SOCKET_LEDGER_READ "ledger-read.sock"   /* front and keyholders */
#define SOCKET_LEDGER_WRITE "ledger-write.sock" /* keyholders only */

/* ---- worker: one document descriptor comes with each of these ---- */
enum worker_op {
	WORKER_VERIFY = 0x0101,  /* body: verify_request_pack; fd: document
				  * answer: verify_answer_pack */
	WORKER_PREPARE = 0x0102, /* body: prepare_request_pack; fd: document
				  * answer: prepared_pack */
	WORKER_EMBED = 0x0103,   /* tags 1 state, 2 value, 3 time-stamp
				  * token or ""; no fd
				  * answer: insertion_pack */
	WORKER_STAMP = 0x0104,   /* 1 state, 2 value, 3 digest algorithm [n];
				  * no fd; answer: 1 digest to be stamped */
	WORKER_EXTEND = 0x0105,  /* body: extend_request_pack; fd: document
				  * answer: prepared_pack */
	WORKER_TOKEN = 0x0106,   /* 1 TimeStampReq, 2 TimeStampResp; no fd
				  * answer: 1 the token, if it fits */
	WORKER_LEVELS = 0x0107,  /* body: extend_request_pack; fd: document
				  * answer: levels_pack */
	WORKER_JUDGE = 0x0108,   /* 1 facts out of an answer to WORKER_VERIFY
				  * that wants more, 2 verify_request_pack;
				  * no fd; answer: verify_answer_pack */
	WORKER_PING = 0x01ff,    /* answer: empty */
};

/* ---- indexer ---- */
enum indexer_op {
	/* fd: a list (CertificateList, DER), and an empty file that its index
	 * is written to (certs/crl_index.h).  The answer is empty.
	 * ERR_UNSUPPORTED: signed in a way that wants the whole list (EdDSA).
	 */
	INDEX_CRL = 0x0601,
};

/* ---- fetcher ---- */
#define FETCH_MANY_MAX 32 /* addresses in one request */
enum fetcher_op {
	FETCH_GET = 0x0201,  /* 1 url, 2 max bytes [n], 3 timeout_ms [n]
			      * answer: 1 body */
	FETCH_POST = 0x0202, /* 1 url, 2 max, 3 timeout_ms, 4 content type,
			      * 5 body; answer: 1 body */
	/* Several at once: 1 timeout_ms [n] of all, then for each 2 url, 3 max,
	 * and 4 content type with 5 body where it is a POST.
	 * Answer, for each in turn: 1 time was over [n], then 2 body or 3 an
	 * error (err_pack).  All bodies together fit in fetch-max. */
	FETCH_MANY = 0x0203,
	/* For keyholders alone, and the only thing they may have fetched: a
	 * message to external-ca-url, which stands in the fetcher's own
	 * settings.  1 timeout_ms [n], 2 body (PKIMessage); answer: 1 body. */
	FETCH_CA = 0x0204,
	/* A large body, into a file: 1 url, 2 max bytes [n], 3 timeout_ms [n];
	 * fd: the file.  Answer: 1 bytes [n].  The limits are list-max and
	 * list-seconds. */
	FETCH_FILE = 0x0205,
	FETCH_PING = 0x02ff,
};

/* ---- keyholder ---- */
#define KEY_REPEAT 32 /* bytes of the key of a request */
enum key_op {
	/* Enrol: the officer's approval is checked, the enrolment recorded.
	 * 1..12 the fields of struct enrolment_record in its order, 13 kind of
	 * key or "" (may be absent),
	 * 20 approval (signature over the rendered record), 21 officer's
	 * certificate (DER), 22 signature algorithm (DER AlgorithmIdentifier).
	 * Answer: 1 enrolment id, 2 activation token (text, told once),
	 * 3 expires [n]. */
	KEY_ENROL = 0x0301,
	/* Activate: key, seal and certificate in one step.
	 * 1 activation token, 2 PIN or "", 3 sealed PIN or "" (may be absent),
	 * 4 kind of key or "" (may be absent; pkcs11/kind.h).
	 * Answer: 1 credential id, 2 certificate (DER), 3 issuer chain (DER,
	 * repeated); with a second factor 4 its otpauth: link, or 5 that
	 * sealed to who sealed the PIN (pin_answer_seal); 6 an external CA made
	 * it [n] (may be absent).  Errors of certs/cmp.h then. */
	KEY_ACTIVATE = 0x0302,
	/* Authorize: PIN for a SAD bound to credential, digests, count.
	 * 1 credential id, 2 PIN or "", 3 count of signatures [n], 4 digest
	 * algorithm OID ("" when no digests), 5 digests (repeated, maybe
	 * none), 6 sealed PIN or "" (may be absent), 7 code of the second
	 * factor with a plain PIN (may be absent).
	 * Answer: 1 SAD (bytes), 2 expires in seconds [n]. */
	KEY_AUTHORIZE = 0x0303,
	/* Sign: 1 credential id, 2 SAD or "", 3 PIN or "", 4 signature
	 * algorithm (DER AlgorithmIdentifier) or "", then 8 digest algorithm
	 * (dotted OID) if that was "": the key says the rest, ECDSA or
	 * RSASSA-PKCS1-v1_5; 5 digests (repeated), 6 key of the request (32
	 * random bytes: with a SAD, asking again under it is answered as
	 * before) or "", 7 code of the second factor with a PIN (may be
	 * absent).  Answer: 1 signature values (repeated, same order; DER for
	 * ECDSA). */
	KEY_SIGN = 0x0304,
	/* Revoke: 1..6 the fields of struct revocation_record, 20..22 as for
	 * KEY_ENROL.  Answer: 1 revoked at [n], 2 number of the new CRL [n]. */
	KEY_REVOKE = 0x0305,
	/* Make a fresh CRL from the register if the current one is older than
	 * half its life.  Answer: 1 CRL (DER). */
	KEY_CRL = 0x0306,
	/* Time stamp (RFC 3161): the keyholder builds the TSTInfo itself, with
	 * its own clock; nothing of a document comes here.
	 * 1 digest algorithm (dotted OID), 2 digest, 3 nonce (value of the
	 * INTEGER, big endian, positive) or "", 4 policy (dotted) or "",
	 * 5 whether the TSA's certificates go along [n].  For a signature at
	 * level T: no nonce, no policy, 1.
	 * Answer: 1 TimeStampToken (DER), 2 its genTime [n].
	 * ERR_UNSUPPORTED code "tsa-digest", "tsa-policy"; ERR_REMOTE code
	 * "tsa-clock": the clock jumped or is not synchronised; ERR_MISSING
	 * code "tsa-missing": there is no such key. */
	KEY_TIMESTAMP = 0x0310,
	/* Several time stamps; up to KEY_STAMPS_MAX times 1 to 5, as above.
	 * Answer for each, in order: 1 TimeStampToken (DER), or 2 the error
	 * packed. */
	KEY_TIMESTAMP_MANY = 0x0315,
	/* OCSP answer (RFC 6960) about certificates of our issuing CA; what it
	 * says comes from the register.  1 nonce or "", then up to
	 * KEY_OCSP_MAX times: 2 digest algorithm of the CertID (dotted),
	 * 3 serial number (big endian, without sign byte).
	 * Answer: 1 OCSPResponse (DER), 2 next update [n].
	 * ERR_MISSING code "ocsp-missing": there is no such key. */
	KEY_OCSP = 0x0311,
	/* Several OCSP answers, each about one certificate; up to
	 * KEY_OCSP_MAX times: 1 nonce or "", 2 digest algorithm, 3 serial
	 * number, as above.
	 * Answer: 1 next update [n], 2 how often the register was changed
	 * [n], then for each, in order: 3 OCSPResponse (DER), 4 to 6 what
	 * LEDGER_STATUS says, its 2 to 4 [n]. */
	KEY_OCSP_MANY = 0x0314,
	/* A certificate for the key of a token that somebody brought.
	 * 1..12 the fields of struct enrolment_record, 13 serial number (hex)
	 * of what it renews or "", 14 PKCS#10 request (DER), 20..22 as for
	 * KEY_ENROL, over struct issue_record.
	 * Answer: 1 serial (hex), 2 certificate (DER), 3 issuer chain (DER,
	 * repeated).  ERR_DENIED code "csr-proof", "key-taken",
	 * "renewal-wrong". */
	KEY_ISSUE = 0x0312,
	/* The service's seal on a receipt that it made: the keyholder builds
	 * the signed attributes (CAdES, as cms_signed_attributes() without a
	 * time) from these fields, and the ledger records them before the
	 * value leaves.  There is no other thing that is sealed.
	 * 1 kind: "receipt", 2 SHA-256 of what is sealed (message-digest),
	 * 3 SHA-256 of the document that the receipt is about, 4 what it says
	 * of it (the indication, "TOTAL-PASSED"), 5 SHA-256 of the seal's
	 * certificate, as LEDGER_SEAL_KEY told it.
	 * Answer: 1 value (by its key: ECDSA in DER, or RSA PKCS#1 v1.5;
	 * with SHA-256).
	 * ERR_USAGE: no such kind, or a field that cannot be; ERR_MISSING code
	 * "seal-missing": there is no such key; ERR_REMOTE code
	 * "seal-changed": it has another certificate: ask for it, and again;
	 * ERR_LIMIT code "seals-many": seals-per-minute is reached. */
	KEY_SEAL = 0x0313,
	KEY_PING = 0x03ff, /* answer: 1 token label, 2 operations so far [n],
			    * 3 pairs of keys made beforehand [n] */
};

#define KEY_STAMPS_MAX 32 /* time stamps of one call */
#define KEY_OCSP_MAX 64   /* certificates in one OCSP answer */
#define LEDGER_SERIALS_PAGE 1000

/* ---- ledger, reading ---- */
enum ledger_read_op {
	/* 1 credential id.  Answer: 1 status ("active", "locked", "revoked"),
	 * 2 certificate (DER), 3 issuer chain (DER, repeated), 4 PIN tries left
	 * [n], 5 created [n], 6 whether a code is asked for with the PIN [n].
	 * ERR_MISSING code "credential-unknown". */
	LEDGER_CREDENTIAL = 0x0401,
	/* 1 enrolment id.  Answer: 1 status ("open", "activated", "expired"),
	 * 2 name, 3 credential id or "", 4 expires [n]. */
	LEDGER_ENROLMENT = 0x0402,
	/* 1 activation token.  Answer: 1 status, 2 name, 3 expires [n]. */
	LEDGER_ACTIVATION = 0x0403,
	/* 1 number of the one that is known [n] (may be absent).
	 * Answer: 1 CRL (DER; empty: none yet, or the one that is known),
	 * 2 number [n]. */
	LEDGER_CRL = 0x0404,
	/* Answer: 1 certificates (DER, repeated): our own CA chain, anchor
	 * last. */
	LEDGER_CA = 0x0405,
	/* 1 first audit number [n], 2 how many at most [n].
	 * Answer: 1 records (repeated, one line of JSON each). */
	LEDGER_AUDIT = 0x0406,
	/* 1 fingerprint (hex) of a certificate.  Answer: empty, when it is an
	 * active officer's.  ERR_DENIED code "officer-unknown". */
	LEDGER_OFFICER = 0x0407,
	/* 1 serial numbers (hex, repeated).  Answer: 1 how often the register
	 * was changed [n], then for each, in order: 2 0 unknown, 1 good,
	 * 2 revoked or suspended [n], 3 since when [n], 4 reason (RFC 5280
	 * 5.3.1) [n]. */
	LEDGER_STATUS = 0x0410,
	/* 1 serial number (hex) or "".  Answer: 1 those behind it in the
	 * register, in order, of certificates that have not expired (repeated,
	 * a page of LEDGER_SERIALS_PAGE). */
	LEDGER_SERIALS = 0x0411,
	/* Answer: 1 certificate (DER) of the key that PINs are sealed to,
	 * 2 issuer chain (DER, repeated).  ERR_MISSING code "pin-key-missing".
	 */
	LEDGER_PIN_KEY = 0x0420,
	/* The same of the key that seals receipts.  ERR_MISSING code
	 * "seal-missing". */
	LEDGER_SEAL_KEY = 0x0421,
	/* Answer: 1 the root's own list (DER; empty: there is none), 2 its
	 * number [n]. */
	LEDGER_ROOT_CRL = 0x0422,
	LEDGER_PING = 0x04ff, /* answer: 1 audit records so far [n] */
};

/* Operations from 0x0500 are the ledger's writing side; they belong to the
 * keyholder and the ledger alone: signd/ledger-ops.h. */

#endif

/*
 * Who a certificate is for: UID (0.9.2342.19200300.100.1.1) holds TYPE:value,
 * and there may be several ("MST:..." and "CCCD:..." of an employee).
 */
#ifndef SIGND_IDENTITY_SUBJECT_H
#define SIGND_IDENTITY_SUBJECT_H

#include "certs/cert.h"

#define SUBJECT_TYPE_MAX 16  /* with the 0 */
#define SUBJECT_VALUE_MAX 64 /* with the 0 */
#define SUBJECT_IDS_MAX 16   /* of one certificate; real ones have 1 or 2 */

enum subject_type {
	SUBJECT_OTHER, /* a type that we do not know */
	SUBJECT_CCCD,  /* identity number, twelve digits */
	SUBJECT_CMND,  /* old identity card, nine digits (or twelve) */
	SUBJECT_HC,    /* passport */
	SUBJECT_MST,   /* tax code: 10, 12 or 13 digits, 10-3 */
	SUBJECT_BHXH,  /* social insurance, ten digits */
	SUBJECT_PID,
	SUBJECT_PPID,
	SUBJECT_MNS, /* budget code */
};

struct subject_id {
	enum subject_type type;
	char name[SUBJECT_TYPE_MAX]; /* "CCCD", upper case */
	char value[SUBJECT_VALUE_MAX];
	bool well_formed; /* the value has the form of its type */
};

struct subject_ids {
	struct subject_id v[SUBJECT_IDS_MAX];
	size_t n;
};

/* subject_id_parse reads TYPE:value.  A value of another form than its type's
 * is told in well_formed and kept.  ERR_MALFORMED: no type, no value, or
 * characters that nobody can read. */
struct err *subject_id_parse(
    struct bytes text, struct subject_id *out) MUST_USE;

/* subject_id_format appends TYPE:value.  ERR_USAGE: SUBJECT_OTHER, or the
 * value has another form than its type's. */
struct err *subject_id_format(
    enum subject_type type, struct bytes value, struct buf *out) MUST_USE;

/* subject_ids_of reads the subject of a certificate, attribute by attribute.
 * What is no TYPE:value is passed over. */
struct err *subject_ids_of(
    const struct cert *c, struct subject_ids *out) MUST_USE;

/* The first of a type, or NULL. */
const struct subject_id *subject_ids_find(
    const struct subject_ids *ids, enum subject_type type);

/*
 * What the digits of an identity number used to mean, until Circular 59/2021
 * lapsed in 2024: a hint for filling in a form, never a reason to refuse.
 */
struct cccd_hint {
	char place[4];  /* province or country of birth registration: "001" */
	int birth_year; /* as 2001 */
	char sex;       /* 'M' or 'F' */
};

/* cccd_hint_of says whether there is a hint: twelve digits. */
bool cccd_hint_of(struct bytes number, struct cccd_hint *out);

#endif

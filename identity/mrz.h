/*
 * The machine-readable zone (ICAO 9303-3 4.9, -4 passports, -5 cards): TD1 of
 * identity cards, TD3 of passports.  In DG1 it is covered by the chip's
 * signature; read from paper it is a claim.
 */
#ifndef SIGND_IDENTITY_MRZ_H
#define SIGND_IDENTITY_MRZ_H

#include "identity/date.h"

#define MRZ_TD1_LEN 90 /* three lines of 30 */
#define MRZ_TD3_LEN 88 /* two lines of 44 */

enum mrz_form { MRZ_TD1 = 1, MRZ_TD3 = 3 };

/* Check digits that are wrong, as bits. */
enum mrz_check {
	MRZ_WRONG_NUMBER = 1,
	MRZ_WRONG_BIRTH = 2,
	MRZ_WRONG_EXPIRY = 4,
	MRZ_WRONG_OPTIONAL = 8, /* TD3: personal number */
	MRZ_WRONG_COMPOSITE = 16,
	MRZ_WRONG_ID = 32, /* Vietnamese card: of the twelve digits */
};

/* Strings end with 0; fillers at the end are cut off. */
struct mrz {
	enum mrz_form form;
	char code[3];        /* "ID", "P" */
	char issuer[4];      /* "VNM" */
	char number[26];     /* of the document */
	char birth[7];       /* YYMMDD; '<' where it is not known */
	char sex;            /* 'M', 'F' or '<' */
	char expiry[7];      /* YYMMDD */
	char nationality[4]; /* "VNM" */
	char surname[40];    /* A to Z, without marks; may be cut short */
	char given[40];
	char optional[2][16]; /* TD3: only the first, the personal number */
	/* Vietnamese card: the twelve digits out of the optional data, whose
	 * last nine are the document number.  "": none. */
	char id_number[13];
	unsigned wrong; /* enum mrz_check; 0: all check digits are right */
};

/*
 * mrz_parse reads the zone, with or without line ends.  A wrong check digit is
 * told in out->wrong.  ERR_MALFORMED: another length, or a character that
 * cannot stand there (ICAO 9303-3 4.3).
 */
struct err *mrz_parse(struct bytes text, struct mrz *out) MUST_USE;

/* dg1_parse reads data group 1 (ICAO 9303-10 4.7.1): 61 { 5F1F zone }. */
struct err *dg1_parse(struct bytes dg1, struct mrz *out) MUST_USE;

/* mrz_check_digit is of `field`, weights 7 3 1: '0' to '9'. */
char mrz_check_digit(struct bytes field);

/*
 * mrz_birth and mrz_expiry give the day its century: a birth is not after
 * `now`; an expiry is after 2000, as there were no chips before.  A card
 * without end has 2099-12-31.  ERR_MALFORMED: not known, or no such day.
 */
struct err *mrz_birth(
    const struct mrz *m, int64_t now, char out[DATE_SIZE]) MUST_USE;
struct err *mrz_expiry(const struct mrz *m, char out[DATE_SIZE]) MUST_USE;

#endif

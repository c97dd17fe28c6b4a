/*
 * Details of the holder: DG13 of the Vietnamese identity card, and the data
 * groups 11 and 12 of ICAO 9303-10 4.7.11 and 4.7.12.
 *
 * The card's DG13 also names ethnicity and religion.  Nobody here needs them:
 * there is no member for them, and their bytes are passed over unread.
 */
#ifndef SIGND_IDENTITY_DG13_H
#define SIGND_IDENTITY_DG13_H

#include "identity/date.h"

#define DETAILS_MAX (16 * 1024) /* bytes of such a group */

/* Strings are owned, readable UTF-8; NULL: not there. */
struct dg13 {
	char *number; /* twelve digits */
	char *name;
	char *birth; /* as the card writes it: "31/05/2001" */
	char *sex;
	char *nationality;
	char *origin;
	char *residence;
	char *features;
	char *issued;
	char *expires;
	char *father;
	char *mother;
	char *spouse;
	char *old_number;
};

/*
 * dg13_parse: 6D { 30 { 31 { 30 { 02 id, value } ... } } }.  Items that we do
 * not know are passed over.  ERR_MALFORMED: not of that form, an item stands
 * twice, or a text is not readable.  ERR_LIMIT: over DETAILS_MAX bytes.
 */
struct err *dg13_parse(struct bytes in, struct dg13 *out) MUST_USE;
void dg13_done(struct dg13 *d);

/* Additional details of the holder; the rest of DG11 is passed over. */
struct dg11 {
	char *name; /* in national characters */
	char *personal_number;
	char birth[DATE_SIZE]; /* "": not there */
	char *birth_place;
	char *address;
};

/* dg11_parse: 6B { 5C tags, 5F0E name ... }.  Errors as of dg13_parse. */
struct err *dg11_parse(struct bytes in, struct dg11 *out) MUST_USE;
void dg11_done(struct dg11 *d);

/* Additional details of the document; the rest of DG12 is passed over. */
struct dg12 {
	char *authority;
	char issued[DATE_SIZE]; /* "": not there */
};

/* dg12_parse: 6C { 5C tags, 5F19 authority ... }.  Errors as of dg13_parse. */
struct err *dg12_parse(struct bytes in, struct dg12 *out) MUST_USE;
void dg12_done(struct dg12 *d);

#endif

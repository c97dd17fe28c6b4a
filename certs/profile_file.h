/*
 * Profiles of the operator's own, in a file; doc/profiles.md has its form:
 *
 *	profile citizen-hanoi
 *	like citizen
 *	fields C ST L? O CN UID+
 *	set O Ủy ban nhân dân thành phố Hà Nội
 *	key-usage nonRepudiation
 *	eku 1.3.6.1.4.1.311.10.3.12
 *	days 365
 *
 * Each begins from a built-in profile of people, and can narrow it or say more
 * of the subject: nobody becomes a CA by a line in a file.
 */
#ifndef SIGND_CERTS_PROFILE_FILE_H
#define SIGND_CERTS_PROFILE_FILE_H

#include "certs/issue.h"

#define PROFILE_FILE_MAX 65536 /* bytes */
#define PROFILES_MAX 32        /* in one file */
#define PROFILE_FIELDS_MAX 12  /* kinds of field in one subject */
#define PROFILE_EKUS_MAX 8
#define PROFILE_SETS_MAX 4 /* fields whose value is fixed */

struct own_profile {
	struct cert_profile profile; /* points into the rest */
	char *name;
	struct profile_field fields[PROFILE_FIELDS_MAX + 1];
	char *eku[PROFILE_EKUS_MAX + 1];
	struct subject_field set[PROFILE_SETS_MAX];
	char *values[PROFILE_SETS_MAX];
	size_t nset;
};

struct own_profiles {
	struct own_profile *v[PROFILES_MAX];
	size_t n;
};

/*
 * profile_file_read reads all of them; own_profiles_done() in any case.
 * ERR_USAGE code "settings", with the line: what is no such line, a name that
 * is taken, a field that is not known, more than the built-in one allows
 * (days, usages of a key), or a value that its field cannot have.
 */
struct err *profile_file_read(
    struct bytes text, struct own_profiles *out) MUST_USE;
void own_profiles_done(struct own_profiles *p);
/* NULL: none of that name. */
const struct own_profile *own_profile_find(
    const struct own_profiles *p, const char *name);

#endif

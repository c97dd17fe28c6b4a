/* Profiles of the operator's own, and what a file cannot make of them. */
#include "certs/profile_file.h"

#include <openssl/x509v3.h>
#include <string.h>

#include "tests/tap.h"

static struct err *
read_text(const char *text, struct own_profiles *out)
{
	return profile_file_read(bytes_str(text), out);
}

static void
a_profile_narrows_the_one_that_it_is_like(void)
{
	struct own_profiles p = { 0 };
	CHECK_OK(read_text("# of the city\n"
			   "profile citizen-hanoi\n"
			   "like citizen\n"
			   "fields C ST L? O CN UID+\n"
			   "set O Ủy ban nhân dân thành phố Hà Nội\n"
			   "key-usage nonRepudiation\n"
			   "eku 1.3.6.1.4.1.311.10.3.12\n"
			   "days 365\n",
	    &p));
	const struct own_profile *o = own_profile_find(&p, "citizen-hanoi");
	CHECK(o != NULL && own_profile_find(&p, "citizen") == NULL);
	if (o != NULL) {
		CHECK(o->profile.max_days == 365 && !o->profile.ca);
		CHECK(o->profile.key_usage == KU_NON_REPUDIATION);
		CHECK(strcmp(o->profile.fields[2].type, "L") == 0);
		CHECK(o->profile.fields[2].min == 0);
		CHECK(o->profile.fields[5].max == 2);
		CHECK(o->profile.fields[6].type == NULL);
		CHECK(o->nset == 1 && strcmp(o->set[0].type, "O") == 0);
	}
	own_profiles_done(&p);
}

static void
refuses_with_the_line(const char *text, const char *line)
{
	struct own_profiles p = { 0 };
	struct err *e = read_text(text, &p);
	CHECK(e != NULL && strcmp(err_code(e), "settings") == 0);
	if (e != NULL && strstr(err_text(e), line) == NULL) {
		printf("# %s: %s\n", line, err_text(e));
		CHECK(false);
	}
	err_free(e);
	own_profiles_done(&p);
}

static void
a_file_makes_no_authority(void)
{
	refuses_with_the_line("profile x\nlike issuing-ca\n", "line 2");
	refuses_with_the_line("profile x\nlike time-stamp\n", "line 2");
	refuses_with_the_line("profile x\nlike ocsp\n", "line 2");
	refuses_with_the_line(
	    "profile x\nlike citizen\nkey-usage keyCertSign\n", "line 3");
	refuses_with_the_line(
	    "profile x\nlike citizen\nkey-usage keyEncipherment\n", "line 3");
	refuses_with_the_line(
	    "profile x\nlike citizen\neku 1.3.6.1.5.5.7.3.8\n", "line 3");
	refuses_with_the_line(
	    "profile x\nlike citizen\neku 1.3.6.1.5.5.7.3.9\n", "line 3");
	/* One number, two spellings. */
	refuses_with_the_line(
	    "profile x\nlike citizen\neku 1.3.6.1.5.5.7.03.8\n", "line 3");
	refuses_with_the_line(
	    "profile x\nlike citizen\neku 1.3.6.1.5.5.7.3.09\n", "line 3");
	refuses_with_the_line("profile x\nlike citizen\ndays 9999\n", "line 3");
}

static void
what_makes_no_sense_is_told_with_its_line(void)
{
	refuses_with_the_line("days 3\n", "line 1");
	refuses_with_the_line("profile citizen\nlike citizen\n", "line 1");
	refuses_with_the_line(
	    "profile x\nlike citizen\n\nprofile x\n", "line 4");
	refuses_with_the_line("profile x\ndays 3\nlike citizen\n", "line 2");
	refuses_with_the_line("profile x\nlike citizen\nlike citizen\n", "3");
	refuses_with_the_line(
	    "profile x\nlike citizen\nfields C XX\n", "line 3");
	refuses_with_the_line("profile x\nlike citizen\nset C vn\n", "line 3");
	refuses_with_the_line(
	    "profile x\nlike citizen\nset UID 12\n", "line 3");
	refuses_with_the_line(
	    "profile x\nlike citizen\nwish ponies\n", "line 3");
	refuses_with_the_line("profile x\n", "like");
}

int
main(void)
{
	RUN(a_profile_narrows_the_one_that_it_is_like);
	RUN(a_file_makes_no_authority);
	RUN(what_makes_no_sense_is_told_with_its_line);
	return DONE();
}

check_PROGRAMS += tests/identity/test-sod
tests_identity_test_sod_SOURCES = tests/identity/test-sod.c tests/identity/chip.h
tests_identity_test_sod_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_identity_test_sod_LDADD = $(IDENTITY_LIBS)

check_PROGRAMS += tests/identity/test-masterlist
tests_identity_test_masterlist_SOURCES = tests/identity/test-masterlist.c tests/identity/chip.h
tests_identity_test_masterlist_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_identity_test_masterlist_LDADD = $(IDENTITY_LIBS)

check_PROGRAMS += tests/identity/test-details
tests_identity_test_details_SOURCES = tests/identity/test-details.c
tests_identity_test_details_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_identity_test_details_LDADD = $(IDENTITY_LIBS)

check_PROGRAMS += tests/identity/test-subject
tests_identity_test_subject_SOURCES = tests/identity/test-subject.c
tests_identity_test_subject_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_identity_test_subject_LDADD = $(IDENTITY_LIBS)

check_PROGRAMS += tests/identity/test-aa
tests_identity_test_aa_SOURCES = tests/identity/test-aa.c
tests_identity_test_aa_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_identity_test_aa_LDADD = $(IDENTITY_LIBS)

check_PROGRAMS += tests/identity/test-torture
tests_identity_test_torture_SOURCES = tests/identity/test-torture.c tests/torture.h
tests_identity_test_torture_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_identity_test_torture_LDADD = $(IDENTITY_LIBS)

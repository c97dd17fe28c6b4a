check_PROGRAMS += tests/validation/test-validation \
	tests/validation/test-past tests/validation/test-policy \
	tests/validation/test-subs
tests_validation_test_validation_SOURCES = \
	tests/validation/test-validation.c tests/validation/facts.h
tests_validation_test_validation_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_validation_test_validation_LDADD = $(VALIDATION_LIBS)
tests_validation_test_past_SOURCES = \
	tests/validation/test-past.c tests/validation/facts.h
tests_validation_test_past_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_validation_test_past_LDADD = $(VALIDATION_LIBS)
tests_validation_test_policy_SOURCES = tests/validation/test-policy.c
tests_validation_test_policy_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_validation_test_policy_LDADD = $(VALIDATION_LIBS)
tests_validation_test_subs_SOURCES = \
	tests/validation/test-subs.c tests/validation/facts.h
tests_validation_test_subs_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_validation_test_subs_LDADD = $(VALIDATION_LIBS)

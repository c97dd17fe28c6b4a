check_PROGRAMS += tests/validation/test-validation
tests_validation_test_validation_SOURCES = \
	tests/validation/test-validation.c tests/validation/facts.h
tests_validation_test_validation_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_validation_test_validation_LDADD = $(VALIDATION_LIBS)

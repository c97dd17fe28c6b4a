# Parsers without memory.
check_PROGRAMS += tests/torture/test-parsers
tests_torture_test_parsers_SOURCES = tests/torture/test-parsers.c tests/torture.h
tests_torture_test_parsers_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_torture_test_parsers_LDADD = $(WORKER_LIBS)

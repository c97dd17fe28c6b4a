check_PROGRAMS += tests/format/test-facts
tests_format_test_facts_SOURCES = tests/format/test-facts.c
tests_format_test_facts_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_format_test_facts_LDADD = $(FORMAT_LIBS)
dist_check_SCRIPTS += %D%/members.py
TESTS += %D%/members.py

check_PROGRAMS += tests/trust/test-list
tests_trust_test_list_SOURCES = tests/trust/test-list.c tests/certs/ca.h
tests_trust_test_list_CFLAGS = \
	$(AM_CFLAGS) $(CRYPTO_CFLAGS) $(XML_CFLAGS) $(JANSSON_CFLAGS)
tests_trust_test_list_LDADD = $(TRUST_LIBS)

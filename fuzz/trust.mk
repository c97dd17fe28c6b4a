EXTRA_PROGRAMS += fuzz/fuzz-trust-list
FUZZ_TARGETS += fuzz/fuzz-trust-list
fuzz_fuzz_trust_list_SOURCES = fuzz/fuzz-trust-list.c
fuzz_fuzz_trust_list_CFLAGS = \
	$(AM_CFLAGS) $(CRYPTO_CFLAGS) $(XML_CFLAGS) $(JANSSON_CFLAGS)
fuzz_fuzz_trust_list_LDADD = $(TRUST_LIBS)
fuzz_fuzz_trust_list_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

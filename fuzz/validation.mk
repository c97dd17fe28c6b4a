EXTRA_PROGRAMS += fuzz/fuzz-policy
FUZZ_TARGETS += fuzz/fuzz-policy
fuzz_fuzz_policy_SOURCES = fuzz/fuzz-policy.c
fuzz_fuzz_policy_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(JANSSON_CFLAGS)
fuzz_fuzz_policy_LDADD = $(VALIDATION_LIBS)
fuzz_fuzz_policy_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

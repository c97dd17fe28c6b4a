EXTRA_PROGRAMS += fuzz/fuzz-asic
FUZZ_TARGETS += fuzz/fuzz-asic
fuzz_fuzz_asic_SOURCES = fuzz/fuzz-asic.c
fuzz_fuzz_asic_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
fuzz_fuzz_asic_LDADD = $(ASIC_LIBS)
fuzz_fuzz_asic_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

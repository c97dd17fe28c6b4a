# bench-keys: what custody costs beside the raw token.
BENCHES += bench-keys
EXTRA_PROGRAMS += bench/bench-keys
bench_bench_keys_SOURCES = bench/bench-keys.c bench/bench.h tests/softhsm.h
bench_bench_keys_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(P11KIT_CFLAGS) $(ARGON2_CFLAGS)
bench_bench_keys_LDADD = $(SIGND_LIBS) $(ARGON2_LIBS)

.PHONY: bench-keys
bench-keys: bench/bench-keys
	$(BENCH_ENVIRONMENT) bench/bench-keys

# bench-certs: what the issuer costs beside the raw token; then over HTTP.
BENCHES += bench-certs
EXTRA_PROGRAMS += bench/bench-certs
bench_bench_certs_SOURCES = bench/bench-certs.c bench/bench.h tests/softhsm.h
bench_bench_certs_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(P11KIT_CFLAGS)
bench_bench_certs_LDADD = $(SIGND_LIBS)

# Ten thousand citizens' certificates with wrapped keys, on two processors;
# Argon2id of their PINs is not in it (bench-keys has that).
.PHONY: bench-issue
bench-issue: bench/bench-certs
	$(BENCH_ENVIRONMENT) taskset -c 0,1 bench/bench-certs issue

.PHONY: bench-certs
bench-certs: bench/bench-certs signd/signd signctl/signctl
	$(BENCH_ENVIRONMENT) bench/bench-certs
	$(BENCH_ENVIRONMENT) $(top_srcdir)/bench/bench-public

# Its second half alone: over HTTP.
.PHONY: bench-public
bench-public: bench/bench-certs signd/signd signctl/signctl
	$(BENCH_ENVIRONMENT) $(top_srcdir)/bench/bench-public

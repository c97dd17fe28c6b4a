# bench-keys: what custody costs beside the raw token.
BENCHES += bench-keys
EXTRA_PROGRAMS += bench/bench-keys
bench_bench_keys_SOURCES = bench/bench-keys.c bench/bench.h tests/softhsm.h
bench_bench_keys_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(P11KIT_CFLAGS) $(ARGON2_CFLAGS)
bench_bench_keys_LDADD = $(SIGND_LIBS) $(ARGON2_LIBS)

.PHONY: bench-keys
bench-keys: bench/bench-keys
	$(BENCH_ENVIRONMENT) bench/bench-keys

# bench-custody: the same through the running service, by socket and by HTTP;
# bench-credentials: with ledgers of a thousand to a million credentials.
BENCHES += bench-custody bench-credentials
EXTRA_DIST += bench/bench-custody bench/bench-credentials bench/services.sh
noinst_PROGRAMS += bench/bench-load
bench_bench_load_SOURCES = bench/bench-load.c bench/fill.c bench/fill.h \
	bench/load.c bench/load-raw.c bench/load-clients.c bench/load-http.c \
	bench/load.h bench/bench.h
bench_bench_load_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(P11KIT_CFLAGS) \
	$(CURL_CFLAGS)
bench_bench_load_LDADD = $(SIGND_LIBS) $(CURL_LIBS) -lpthread

.PHONY: bench-custody bench-credentials
bench-custody bench-credentials: bench/bench-load signd/signd signctl/signctl
	$(BENCH_ENVIRONMENT) $(top_srcdir)/bench/$@

# The storm of tests/signd/storm.sh for a minute.
.PHONY: storm
storm: bench/bench-load signd/signd signctl/signctl
	$(BENCH_ENVIRONMENT) STORM_RATE=$${STORM_RATE:-200} \
	STORM_SECONDS=$${STORM_SECONDS:-60} $(top_srcdir)/tests/signd/storm.sh

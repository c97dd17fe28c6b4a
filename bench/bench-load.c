/*
 * A running service under load, beside raw Cryptoki with the same keys in as
 * many processes as it has keyholders.
 *
 * bench-load fill CONF FILE N KIND
 *	puts credentials into the ledger until there are N (bench/fill.h)
 * bench-load rates CA WAYS [SUFFIX CONF FILE]...
 *	signatures by credentials chosen by chance; WAYS: s(ocket), h(ttp)
 * bench-load permanent CA SUFFIX CONF
 *	time stamps: a permanent key
 * bench-load storm CONF CA CREDENTIALS RATE SECONDS
 *	for tests/signd/storm.sh
 *
 * keys.wrapped-KIND.socket	signatures a second over the keyholders' socket,
 *				with approvals made beforehand; the limit is
 *				unwrap, sign, destroy
 * keys.wrapped-KIND.http	the same over HTTPS with keep-alive
 * keys.wrapped-KIND.helped	the limit once more, where Cryptoki alone has the
 *				help that keyholders give it (pkcs11/lean.h)
 * keys.permanent-KIND.*	time stamps, over HTTP without TLS; the limit is
 *				C_Sign with the TSA's key
 * .cpu				processor time of one, of all processes of the
 *				service: steadier on a busy machine
 *
 * The sides take turns; each figure is the median of
 * BENCH_ROUNDS (5).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load.h"

#define ROUNDS_MAX 31
static double seconds = 3;
static int clients = 128;
#define SADS 30000 /* more than a round can spend */
#define TARGETS_MAX 8

static int rounds = 5;

struct series {
	double rate[ROUNDS_MAX];
	double cpu[ROUNDS_MAX];
};

static void
note(struct series *s, int round, struct load_rate r)
{
	s->rate[round] = r.rate;
	s->cpu[round] = r.cpu_us;
}

static void
row(const char *name, const double *ours, const char *unit, const double *limit)
{
	double a[ROUNDS_MAX];
	double b[ROUNDS_MAX];
	size_t n = (size_t)rounds;
	memcpy(a, ours, sizeof(a));
	memcpy(b, limit, sizeof(b));
	bench_row(name, bench_median(a, n), unit, bench_median(b, n));
}

static void
report(const char *key, const char *kind, const char *way, const char *suffix,
    const struct series *ours, const struct series *raw)
{
	char name[128];
	char plain[32];
	size_t n = 0;
	for (; *kind != '\0' && n + 1 < sizeof(plain); kind++)
		if (*kind != '-')
			plain[n++] = (char)(*kind | 0x20);
	plain[n] = '\0';
	snprintf(
	    name, sizeof(name), "keys.%s-%s.%s%s", key, plain, way, suffix);
	row(name, ours->rate, "/s", raw->rate);
	strncat(name, ".cpu", sizeof(name) - strlen(name) - 1);
	row(name, ours->cpu, "us", raw->cpu);
}

/* ---- signatures ---- */

struct target {
	const char *suffix;
	struct load load;
	struct series raw, helped, socket, http;
};

static void
measure(struct target *t, const char *ways, int round)
{
	note(&t->raw, round, raw_rate(&t->load, RAW_WRAPPED, seconds));
	note(&t->helped, round, raw_rate(&t->load, RAW_HELPED, seconds));
	if (strchr(ways, 's') != NULL) {
		load_sads(&t->load, SADS);
		note(&t->socket, round,
		    load_rate(&t->load, LOAD_SOCKET, clients, seconds));
	}
	if (strchr(ways, 'h') != NULL) {
		load_sads(&t->load, SADS);
		note(&t->http, round,
		    load_rate(&t->load, LOAD_HTTP, clients, seconds));
	}
}

static int
run_rates(
    const char *program, const char *ca, const char *ways, char **args, int n)
{
	static struct target t[TARGETS_MAX];
	int count = n / 3;
	for (int i = 0; i < count; i++) {
		t[i].suffix = args[3 * i];
		t[i].load.program = program;
		t[i].load.ca_file = ca;
		load_open_filled(&t[i].load, args[3 * i + 1], args[3 * i + 2],
		    i == 0 ? NULL : &t[0].load);
	}
	for (int round = 0; round < rounds; round++)
		for (int i = 0; i < count; i++)
			measure(&t[i], ways, round);
	for (int i = 0; i < count; i++) {
		const char *kind = key_kind_name(t[i].load.fill.kind);
		report("wrapped", kind, "helped", t[i].suffix, &t[i].helped,
		    &t[i].raw);
		if (strchr(ways, 's') != NULL)
			report("wrapped", kind, "socket", t[i].suffix,
			    &t[i].socket, &t[i].raw);
		if (strchr(ways, 'h') != NULL)
			report("wrapped", kind, "http", t[i].suffix, &t[i].http,
			    &t[i].raw);
	}
	for (int i = count - 1; i >= 0; i--)
		load_done(&t[i].load);
	return 0;
}

/* ---- time stamps ---- */

static int
run_permanent(
    const char *program, const char *ca, const char *kind, const char *conf)
{
	static struct load l;
	static struct series raw, socket, http;
	l.program = program;
	l.ca_file = ca;
	load_open_bare(&l, conf);
	for (int round = 0; round < rounds; round++) {
		note(&raw, round, raw_rate(&l, RAW_PERMANENT, seconds));
		note(&socket, round,
		    load_rate(&l, LOAD_STAMP_SOCKET, clients, seconds));
		note(&http, round,
		    load_rate(&l, LOAD_STAMP_HTTP, clients, seconds));
	}
	report("permanent", kind, "socket", "", &socket, &raw);
	report("permanent", kind, "http", "", &http, &raw);
	load_done(&l);
	return 0;
}

static int
run_storm(char **argv)
{
	static struct load l;
	double rate = atof(argv[5]);
	double for_s = atof(argv[6]);
	l.program = argv[0];
	l.ca_file = argv[3];
	load_open(&l, argv[2], argv[4]);
	load_sads(&l, (size_t)(rate * (for_s + 1)));
	printf("ready\n");
	fflush(stdout);
	storm(&l, clients, rate, for_s);
	load_done(&l);
	return 0;
}

static uint64_t
number(const char *text)
{
	return strtoull(text, NULL, 10);
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	const char *said = getenv("BENCH_ROUNDS");
	if (said != NULL && atoi(said) > 0 && atoi(said) <= ROUNDS_MAX)
		rounds = atoi(said);
	said = getenv("BENCH_CLIENTS");
	if (said != NULL && atoi(said) > 0)
		clients = atoi(said);
	said = getenv("BENCH_SECONDS");
	if (said != NULL && atof(said) > 0)
		seconds = atof(said);
	bool helped = strcmp(what, "raw-helped") == 0;
	if (argc == 6 && (helped || strcmp(what, "raw") == 0))
		return raw_process(
		    argv[2], argv[3], atof(argv[4]), atof(argv[5]), helped);
	if (argc == 6 && strcmp(what, "fill") == 0)
		return fill_run(
		    argv[0], argv[2], argv[3], number(argv[4]), argv[5]);
	if (argc == 7 && strcmp(what, "rows") == 0)
		return fill_rows(argv[2], argv[3], number(argv[4]),
		    number(argv[5]), number(argv[6]));
	if (argc == 7 && strcmp(what, "storm") == 0)
		return run_storm(argv);
	if (argc == 5 && strcmp(what, "permanent") == 0)
		return run_permanent(argv[0], argv[2], argv[3], argv[4]);
	if (argc >= 7 && argc <= 4 + 3 * TARGETS_MAX && argc % 3 == 1 &&
	    strcmp(what, "rates") == 0)
		return run_rates(argv[0], argv[2], argv[3], argv + 4, argc - 4);
	fprintf(stderr, "usage: see bench/README.md\n");
	return 2;
}

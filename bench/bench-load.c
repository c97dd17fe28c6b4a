/*
 * bench-load CONF CA CREDENTIALS ROW-SUFFIX: a running service under load,
 * beside raw Cryptoki in as many processes as it has keyholders.
 *
 * keys.wrapped-p256.socket	signatures a second over the keyholders' socket,
 *				with approvals made beforehand; the limit is
 *				unwrap, sign, destroy
 * keys.wrapped-p256.http	the same over HTTPS with keep-alive
 * .cpu				processor time of one, of all processes of the
 *				service: steadier on a busy machine
 *
 * The sides take turns; each figure is the median of ROUNDS.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load.h"

#define ROUNDS 3
#define SECONDS 4.0
#define CLIENTS 64
#define SADS 24000 /* more than a round of SECONDS can spend */

struct row {
	const char *name;
	struct load_rate (*ours)(struct load *l, int clients, double seconds);
};

static void
report(const char *name, const char *suffix, const double *ours,
    const char *unit, const double *limit)
{
	char row[128];
	double a[ROUNDS];
	double b[ROUNDS];
	memcpy(a, ours, sizeof(a));
	memcpy(b, limit, sizeof(b));
	snprintf(row, sizeof(row), "%s%s", name, suffix);
	bench_row(row, bench_median(a, ROUNDS), unit, bench_median(b, ROUNDS));
}

static void
measure(struct load *l, const struct row *row, const char *suffix)
{
	double ours[ROUNDS], limit[ROUNDS], cpu[ROUNDS], raw_cpu[ROUNDS];
	char name[128];
	int processes = (int)l->settings.keyholders;
	for (int i = 0; i < ROUNDS; i++) {
		struct load_rate raw = raw_rate(l, true, processes, SECONDS);
		load_sads(l, SADS);
		struct load_rate rate = row->ours(l, CLIENTS, SECONDS);
		limit[i] = raw.rate;
		raw_cpu[i] = raw.cpu_us;
		ours[i] = rate.rate;
		cpu[i] = rate.cpu_us;
	}
	report(row->name, suffix, ours, "/s", limit);
	snprintf(name, sizeof(name), "%s.cpu", row->name);
	report(name, suffix, cpu, "us", raw_cpu);
}

/* `bench-load storm CONF CA CREDENTIALS RATE SECONDS`: for tests/signd/storm.sh.
 */
static int
run_storm(char **argv)
{
	static struct load l;
	double rate = atof(argv[5]);
	double seconds = atof(argv[6]);
	l.program = argv[0];
	l.conf = argv[2];
	l.ca_file = argv[3];
	load_open(&l, argv[2], argv[4]);
	load_sads(&l, (size_t)(rate * (seconds + 1)));
	printf("ready\n");
	fflush(stdout);
	storm(&l, CLIENTS, rate, seconds);
	load_done(&l);
	return 0;
}

int
main(int argc, char **argv)
{
	static struct load l;
	const struct row rows[] = {
		{ "keys.wrapped-p256.socket", socket_rate },
		{ "keys.wrapped-p256.http", http_rate },
	};
	if (argc == 6 && strcmp(argv[1], "raw") == 0)
		return raw_process(argv[2], strcmp(argv[3], "1") == 0,
		    atof(argv[4]), atof(argv[5]));
	if (argc == 7 && strcmp(argv[1], "storm") == 0)
		return run_storm(argv);
	if (argc != 5) {
		fprintf(stderr,
		    "usage: bench-load CONF CA CREDENTIALS SUFFIX\n");
		return 2;
	}
	l.program = argv[0];
	l.conf = argv[1];
	l.ca_file = argv[2];
	load_open(&l, argv[1], argv[3]);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		measure(&l, &rows[i], argv[4]);
	load_done(&l);
	return 0;
}

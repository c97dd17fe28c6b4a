/* What the files of bench-load share: a running service, seen as its operator
 * (token and ledger) and as its clients. */
#ifndef SIGND_BENCH_LOAD_H
#define SIGND_BENCH_LOAD_H

#include <stdatomic.h>

#include "bench/bench.h"
#include "pkcs11/cover.h"
#include "pkcs11/sad.h"
#include "pkcs11/wrap.h"
#include "signd/settings.h"
#include "store/ledger.h"

#define LOAD_CREDENTIALS 256
#define LOAD_SAD_TEXT (2 * SAD_MAX)

/* One approval, made beforehand: the citizen's PIN was paid for already. */
struct load_sad {
	const char *credential;
	struct buf sealed;
};

struct load {
	const char *program; /* our own */
	const char *conf;
	struct settings settings;
	const char *ca_file; /* PEM, of the service's TLS */
	char *socket;        /* of the keyholders */
	struct p11_module *module;
	struct p11_session session;
	CK_OBJECT_HANDLE pepper;
	CK_OBJECT_HANDLE cover;
	struct buf cover_id;
	char *ids[LOAD_CREDENTIALS];
	struct secret keys[LOAD_CREDENTIALS]; /* unsealing keys */
	uint64_t versions[LOAD_CREDENTIALS];
	size_t n;
	struct load_sad *sads;
	size_t nsads;
	atomic_size_t next; /* SAD that nobody has taken yet */
};

/* load_open reads settings, logs in to the token, and unseals the credentials
 * that the lines of `list` name: id, space, PIN. */
void load_open(struct load *l, const char *conf, const char *list);
void load_done(struct load *l);
/* load_sads makes `n` fresh approvals of one signature each. */
void load_sads(struct load *l, size_t n);

/* A token of this process's own, opened after fork(). */
void load_token(const struct settings *s, struct p11_module **m,
    struct p11_session *session);

/* raw_process is what `bench-load raw` does: it prints the rate of one process
 * that works from `begin` (bench_now) on. */
int raw_process(const char *conf, bool wrapped, double begin, double seconds);

struct load_rate {
	double rate;   /* a second */
	double cpu_us; /* of all processes of the service, for each one */
};

struct load_rate raw_rate(const struct load *l, bool wrapped, int processes,
    double seconds);
struct load_rate socket_rate(struct load *l, int clients, double seconds);
struct load_rate http_rate(struct load *l, int clients, double seconds);

/* storm asks at a fixed rate a second, again where it is refused, and prints
 * how many were answered, asked again and given up. */
void storm(struct load *l, int clients, double rate, double seconds);

#endif

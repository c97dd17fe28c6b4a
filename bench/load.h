/* What the files of bench-load share: a running service, seen as its operator
 * (token and ledger) and as its clients. */
#ifndef SIGND_BENCH_LOAD_H
#define SIGND_BENCH_LOAD_H

#include <stdatomic.h>

#include "bench/bench.h"
#include "bench/fill.h"
#include "pkcs11/cover.h"
#include "pkcs11/sad.h"
#include "pkcs11/wrap.h"
#include "signd/settings.h"
#include "store/ledger.h"

#define LOAD_CREDENTIALS 256
#define LOAD_SAD_TEXT (2 * SAD_MAX)

/* One approval, made beforehand: the citizen's PIN was paid for already. */
struct load_sad {
	char credential[SAD_CREDENTIAL_MAX + 1];
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
	bool borrowed; /* module and session are another one's */
	CK_OBJECT_HANDLE pepper;
	CK_OBJECT_HANDLE cover;
	struct buf cover_id;
	int64_t generation;       /* of the cover */
	struct sad_keys sad_keys; /* out of the pepper */
	char *ids[LOAD_CREDENTIALS];
	struct secret keys[LOAD_CREDENTIALS]; /* unsealing keys */
	uint64_t versions[LOAD_CREDENTIALS];
	size_t n;
	const char *fill_path; /* else: credentials of bench/fill.h */
	struct fill fill;
	struct load_sad *sads;
	size_t nsads;
	atomic_size_t next; /* SAD that nobody has taken yet */
};

/* load_open reads settings, logs in to the token, and unseals the credentials
 * that the lines of `list` name: id, space, PIN. */
void load_open(struct load *l, const char *conf, const char *list);
/* load_open_filled does the same for a ledger that `bench-load fill` filled.
 * The token's session is `other`'s, unless that is NULL: they share a token. */
void load_open_filled(struct load *l, const char *conf, const char *path,
    const struct load *other);
/* load_open_bare: its settings and socket alone. */
void load_open_bare(struct load *l, const char *conf);
void load_done(struct load *l);
/* load_sads makes `n` fresh approvals of one signature each, by credentials in
 * turn, or by chance out of all. */
void load_sads(struct load *l, size_t n);

/* A token of this process's own, opened after fork(). */
void load_token(const struct settings *s, struct p11_module **m,
    struct p11_session *session);

/* raw_process is what `bench-load raw` does: it prints the rate of one process
 * that works from `begin` (bench_now) on, with the wrapped key of `path` or,
 * where that is "", the TSA's permanent one.  `helped`: as keyholders help the
 * module to unwrap (pkcs11/lean.h); else Cryptoki and nothing besides. */
int raw_process(const char *conf, const char *path, double begin,
    double seconds, bool helped);

struct load_rate {
	double rate;   /* a second */
	double cpu_us; /* of all processes of the service, for each one */
};

/* In as many processes as the service has keyholders. */
enum raw_what { RAW_WRAPPED, RAW_HELPED, RAW_PERMANENT };
struct load_rate raw_rate(
    const struct load *l, enum raw_what what, double seconds);
/* Signatures over the keyholders' socket; over HTTPS with keep-alive; time
 * stamps over either. */
enum load_what { LOAD_SOCKET, LOAD_HTTP, LOAD_STAMP_SOCKET, LOAD_STAMP_HTTP };
struct load_rate load_rate(
    struct load *l, enum load_what what, int clients, double seconds);

/* load-http.c: a connection that is kept. */
struct line;
struct err *line_open(
    const char *base, const char *ca_file, struct line **out) MUST_USE;
void line_close(struct line *l);
struct err *line_post(struct line *l, const char *path, const char *type,
    struct bytes body) MUST_USE;

/* storm asks at a fixed rate a second, again where it is refused, and prints
 * how many were answered, asked again and given up, the rate that was reached,
 * and the longest that one waited, in seconds. */
void storm(struct load *l, int clients, double rate, double seconds);

#endif

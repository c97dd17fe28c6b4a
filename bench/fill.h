/* Credentials by the hundred thousand, as activation makes them: each with a
 * certificate of the issuing CA, sealed under a PIN and covered, its enrolment
 * and its audit records.  They share one wrapped pair and one Argon2id. */
#ifndef SIGND_BENCH_FILL_H
#define SIGND_BENCH_FILL_H

#include <stdint.h>

#include "base/base.h"
#include "pkcs11/kind.h"

/* What they share; in a file beside the ledger. */
struct fill {
	enum key_kind kind;
	struct buf wrapped;
	struct buf spki;
	struct buf salt;
	struct buf stretched; /* the PIN, by Argon2id */
	uint64_t n;           /* how many there are */
};
void fill_done(struct fill *f);
struct err *fill_read(const char *path, struct fill *out) MUST_USE;

/* The id of credential number `i`: as random as any, and the same each time. */
#define FILL_ID 33
void fill_id(uint64_t i, char out[FILL_ID]);

/* `bench-load fill CONF FILE N KIND`: until there are N.  The service of CONF
 * does not run meanwhile. */
int fill_run(const char *program, const char *conf, const char *path,
    uint64_t n, const char *kind);
/* What it starts, some at once: writes rows FROM, FROM + STEP, ... below N. */
int fill_rows(const char *conf, const char *path, uint64_t from, uint64_t step,
    uint64_t n);

#endif

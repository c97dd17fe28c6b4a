/*
 * The audit chain.  A record is one line of JSON; its hash covers the hash of
 * the record before it, so that none can be changed, dropped or put between
 * without all that follow.  Inside the room store/ only.
 *
 *	{"n":7,"time":"2026-11-21T01:00:00Z","event":"signed",...,"prev":"<hex>"}
 *
 * hash(n) = SHA-256 of the line; "prev" is hash(n - 1), zeros for the first.
 */
#ifndef SIGND_STORE_AUDIT_H
#define SIGND_STORE_AUDIT_H

#include "store/ledger.h"
#include "store/db.h"

struct ledger {
	struct db *db;
	const struct ledger_ground *ground;
	/* The newest checkpoint: its own number (0: none) and time; looked up
	 * once, and again after a change was taken back. */
	bool checkpoint_known;
	int64_t checkpoint_n;
	int64_t checkpoint_time;
};

/* A record in the making; audit_open starts it, audit_close appends it. */
struct audit {
	struct buf line;
	int64_t n;
};

struct err *audit_open(
    struct ledger *l, const char *event, struct audit *a) MUST_USE;
struct err *audit_str(
    struct audit *a, const char *name, const char *value) MUST_USE;
struct err *audit_hex(
    struct audit *a, const char *name, struct bytes value) MUST_USE;
struct err *audit_int(
    struct audit *a, const char *name, int64_t value) MUST_USE;
struct err *audit_hex_list(struct audit *a, const char *name,
    const struct bytes *values, size_t count) MUST_USE;
struct err *audit_close(struct ledger *l, struct audit *a) MUST_USE;
void audit_done(struct audit *a);

/* One record of up to three texts; the most common form. */
struct audit_field {
	const char *name; /* NULL ends the list */
	const char *value;
};
struct err *audit_write(struct ledger *l, const char *event,
    const struct audit_field *fields) MUST_USE;

/* ---- shared inside the room ---- */

/* The newest record's number and hash; 0 and zeros when there is none. */
struct err *audit_last(
    struct ledger *l, int64_t *n, uint8_t hash[LEDGER_HASH]) MUST_USE;

/* Runs `step` as one step of the caller's transaction. */
#define LEDGER_STEP(l, call)                                                   \
	do {                                                                   \
		TRY(db_step_begin((l)->db));                                   \
		return db_step_end((l)->db, (call));                           \
	} while (0)

/* ledger_generation_put() without its record. */
struct err *ledger_generation_insert(struct ledger *l, struct bytes kek_id,
    struct bytes cover_id) MUST_USE;

/* store/external.c: the number of an issuer, entered if it is new; 0 for an
 * empty chain. */
struct err *ledger_external_issuer(
    struct ledger *l, struct bytes chain, int64_t *out) MUST_USE;
/* That certificate is used: it is no task to take it back. */
struct err *ledger_external_used(
    struct ledger *l, const char *serial) MUST_USE;
/* Enters a task for a credential's certificate, if its CA is an external one. */
struct err *ledger_external_tell(
    struct ledger *l, const char *serial, int reason) MUST_USE;

/* A nonce is used once, ever; `hash` is of the record that used it.
 * *same: it was used before, by this very record. */
struct err *ledger_nonce_use(struct ledger *l, const char *nonce,
    struct bytes hash, bool *same) MUST_USE;

/* Wrong PINs are forgotten; those that are being tried just now are not: each
 * will count when it ends. */
struct err *ledger_pin_forgive(
    struct ledger *l, const char *credential) MUST_USE;

/* Says that what the register tells of somebody is different from now on. */
struct err *ledger_register_changed(struct ledger *l) MUST_USE;

#endif

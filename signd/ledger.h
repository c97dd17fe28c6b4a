/*
 * The ledger's process: the one writer of security state.  It answers on two
 * sockets, with a thread for each: one to read, for the front and keyholders,
 * through a connection to the database that cannot write; one to write, for
 * keyholders alone.  Who reads does not wait for a commit.
 */
#ifndef SIGND_SIGND_LEDGER_H
#define SIGND_SIGND_LEDGER_H

#include "base/pack.h"
#include "signd/ipc.h"
#include "signd/roles.h"
#include "store/ledger.h"

#define LEDGER_FILE "ledger/ledger.db" /* below state-dir */

/* How often something may be done in a minute. */
struct ledger_rate {
	int64_t max;    /* 0: as often as you like */
	int64_t minute; /* of a clock that nobody sets */
	int64_t done;   /* in that minute */
};

struct ledger_server {
	struct ledger *reader;
	struct ledger *writer;
	const struct ipc_service *may_unseal; /* whose peers get sealed keys */
	struct ledger_rate seals;
};

extern const struct ledger_ground ledger_ground_system;

/* ledger_path gives the database of these settings as a new string. */
struct err *ledger_path(const struct settings *s, char **out) MUST_USE;
/* The ledger of these settings, for the commands that work on it without the
 * process.  Errors of ledger_open(). */
struct err *ledger_to_write(
    const struct settings *s, struct ledger **out) MUST_USE;

/* One request each; for ipc_service.handle, with `ctx` a ledger_server. */
struct err *ledger_handle_read(void *ctx, const struct ipc_message *request,
    struct ipc_message *answer) MUST_USE;
struct err *ledger_handle_write(void *ctx, const struct ipc_message *request,
    struct ipc_message *answer) MUST_USE;

/* ERR_DENIED code "own-ca-revoked": the root's list names our own CA, and
 * nothing is issued by it any more. */
struct err *ledger_issuer_stands(struct ledger *l) MUST_USE;

/* What LW_CREDENTIAL, or LW_PIN_TRY with `try`, answers. */
struct err *ledger_tell_sealed(
    struct ledger *l, bool try, struct unpack *u, struct buf *out) MUST_USE;

/* Whether SIGTERM, which the caller blocked, is waiting. */
bool asked_to_stop(void *ctx);
/* Blocks SIGTERM and SIGINT, so that asked_to_stop() sees them. */
struct err *block_stop_signals(void) MUST_USE;

#endif

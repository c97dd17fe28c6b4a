/* Checkpoints: signatures over the audit chain, kept in the chain. */
#include <string.h>

#include "store/audit.h"

#define EVENT ",\"event\":\"checkpoint\","
#define TIME_AT "\"time\":\""

/* Number and time stand at the beginning of a line. */
static struct err *
read_time(struct bytes line, int64_t *out)
{
	size_t at = bytes_find(line, BYTES_LIT(TIME_AT));
	if (at == SIZE_MAX)
		return err_new(ERR_INTERNAL, NULL, "a record without a time");
	struct bytes rest = bytes_from(line, at + strlen(TIME_AT));
	size_t end = bytes_find(rest, BYTES_LIT("\""));
	return time_parse_iso(bytes_slice(rest, 0, end), out);
}

/* From the newest record backwards: checkpoints are never far apart. */
static struct err *
look_up(struct ledger *l)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "SELECT n, line FROM audit WHERE instr(line, CAST(?1 AS BLOB))"
	    " ORDER BY n DESC LIMIT 1",
	    &q));
	stmt_blob(q, 1, BYTES_LIT(EVENT));
	bool row;
	TRY(stmt_step(q, &row));
	l->checkpoint_n = 0;
	l->checkpoint_time = 0;
	if (row) {
		TRY(read_time(stmt_col_bytes(q, 1), &l->checkpoint_time));
		l->checkpoint_n = stmt_col_int(q, 0);
	}
	l->checkpoint_known = true;
	return NULL;
}

struct err *
ledger_checkpoint_state(struct ledger *l, struct ledger_checkpoint_state *out)
{
	if (!l->checkpoint_known)
		TRY(look_up(l));
	TRY(audit_last(l, &out->n, out->hash));
	out->records = out->n - l->checkpoint_n;
	out->last_time = l->checkpoint_time;
	return NULL;
}

static struct err *
check_covered(struct ledger *l, const struct ledger_checkpoint *c)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	CLEANUP(buf_done) struct buf hash = BUF(2 * LEDGER_HASH);
	bool row;
	TRY(db_prepare(l->db, "SELECT hash FROM audit WHERE n = ?1", &q));
	stmt_int(q, 1, c->covers);
	TRY(stmt_step(q, &row));
	if (row)
		TRY(hex_encode(stmt_col_bytes(q, 0), &hash));
	if (!row || !bytes_eq(buf_bytes(&hash), bytes_str(c->hash)))
		return err_coded(err_new(ERR_DENIED, NULL,
				     "the chain has another record there"),
		    "checkpoint-wrong");
	return NULL;
}

static struct err *
put_step(struct ledger *l, const struct ledger_checkpoint *c)
{
	CLEANUP(audit_done) struct audit a = { 0 };
	TRY(check_covered(l, c));
	TRY(audit_open(l, "checkpoint", &a));
	TRY(audit_int(&a, "covers", c->covers));
	TRY(audit_str(&a, "hash", c->hash));
	TRY(audit_str(&a, "at", c->time));
	TRY(audit_hex(&a, "certificate", c->certificate));
	TRY(audit_hex(&a, "signature", c->signature));
	l->checkpoint_known = false;
	return audit_close(l, &a);
}

struct err *
ledger_checkpoint_put(struct ledger *l, const struct ledger_checkpoint *c)
{
	struct ledger_checkpoint_state s;
	TRY(ledger_checkpoint_state(l, &s));
	if (c->covers <= l->checkpoint_n)
		return err_coded(
		    err_new(ERR_LIMIT, NULL, "there is a newer checkpoint"),
		    "checkpoint-overtaken");
	LEDGER_STEP(l, put_step(l, c));
}

#include "store/audit.h"

#include <string.h>

struct err *
audit_last(struct ledger *l, int64_t *n, uint8_t hash[LEDGER_HASH])
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(
	    l->db, "SELECT n, hash FROM audit ORDER BY n DESC LIMIT 1", &q));
	bool row;
	TRY(stmt_step(q, &row));
	*n = 0;
	memset(hash, 0, LEDGER_HASH);
	if (!row)
		return NULL;
	if (stmt_col_bytes(q, 1).len != LEDGER_HASH)
		return err_new(ERR_INTERNAL, NULL, "the audit chain is broken");
	*n = stmt_col_int(q, 0);
	memcpy(hash, stmt_col_bytes(q, 1).ptr, LEDGER_HASH);
	return NULL;
}

static struct err *
start(struct ledger *l, const char *event, struct buf *line, int64_t n)
{
	TRY(buf_printf(line, "{\"n\":%lld,\"time\":\"", (long long)n));
	TRY(time_format_iso(clock_now(l->ground->clock), 0, line));
	return buf_printf(line, "\",\"event\":\"%s\"", event);
}

struct err *
audit_open(struct ledger *l, const char *event, struct audit *a)
{
	uint8_t hash[LEDGER_HASH];
	int64_t n;
	TRY(audit_last(l, &n, hash));
	*a = (struct audit){ .line = BUF(LEDGER_AUDIT_LINE_MAX), .n = n + 1 };
	struct err *e = start(l, event, &a->line, a->n);
	if (e == NULL)
		e = audit_hex(a, "prev", bytes_of(hash, sizeof(hash)));
	return e;
}

/* JSON strings: what may not stand there as it is, is escaped (RFC 8259 7). */
static struct err *
json_string(struct buf *out, struct bytes v)
{
	TRY(buf_byte(out, '"'));
	for (size_t i = 0; i < v.len; i++) {
		uint8_t c = v.ptr[i];
		if (c < 0x20)
			TRY(buf_printf(out, "\\u%04x", c));
		else if (c == '"' || c == '\\')
			TRY(buf_printf(out, "\\%c", c));
		else
			TRY(buf_byte(out, c));
	}
	return buf_byte(out, '"');
}

struct err *
audit_str(struct audit *a, const char *name, const char *value)
{
	TRY(buf_printf(&a->line, ",\"%s\":", name));
	return json_string(&a->line, bytes_str(value));
}

struct err *
audit_hex(struct audit *a, const char *name, struct bytes value)
{
	TRY(buf_printf(&a->line, ",\"%s\":\"", name));
	TRY(hex_encode(value, &a->line));
	return buf_byte(&a->line, '"');
}

struct err *
audit_int(struct audit *a, const char *name, int64_t value)
{
	return buf_printf(&a->line, ",\"%s\":%lld", name, (long long)value);
}

struct err *
audit_hex_list(
    struct audit *a, const char *name, const struct bytes *values, size_t count)
{
	TRY(buf_printf(&a->line, ",\"%s\":[", name));
	for (size_t i = 0; i < count; i++) {
		TRY(buf_str(&a->line, i == 0 ? "\"" : ",\""));
		TRY(hex_encode(values[i], &a->line));
		TRY(buf_byte(&a->line, '"'));
	}
	return buf_byte(&a->line, ']');
}

struct err *
audit_close(struct ledger *l, struct audit *a)
{
	TRY(buf_byte(&a->line, '}'));
	uint8_t hash[LEDGER_HASH];
	TRY(l->ground->sha256(buf_bytes(&a->line), hash));
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "INSERT INTO audit (n, line, hash) VALUES (?1, ?2, ?3)", &q));
	stmt_int(q, 1, a->n);
	stmt_blob(q, 2, buf_bytes(&a->line));
	stmt_blob(q, 3, bytes_of(hash, sizeof(hash)));
	return stmt_run(q, NULL);
}

void
audit_done(struct audit *a)
{
	buf_done(&a->line);
}

struct err *
audit_write(
    struct ledger *l, const char *event, const struct audit_field *fields)
{
	CLEANUP(audit_done) struct audit a = { 0 };
	TRY(audit_open(l, event, &a));
	for (; fields->name != NULL; fields++)
		TRY(audit_str(&a, fields->name, fields->value));
	return audit_close(l, &a);
}

/* ---- reading ---- */

struct err *
ledger_audit_count(struct ledger *l, int64_t *out)
{
	uint8_t hash[LEDGER_HASH];
	return audit_last(l, out, hash);
}

struct err *
ledger_audit_each(struct ledger *l, int64_t from, int64_t count,
    struct err *(*each)(void *ctx, struct bytes line), void *ctx)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "SELECT line FROM audit WHERE n >= ?1 ORDER BY n LIMIT ?2", &q));
	stmt_int(q, 1, from);
	stmt_int(q, 2, count < 0 ? 0 : count);
	for (;;) {
		bool row;
		TRY(stmt_step(q, &row));
		if (!row)
			return NULL;
		TRY(each(ctx, stmt_col_bytes(q, 0)));
	}
}

/* The number and the hash before stand in the line itself, at its start. */
static struct err *
record_fits(struct ledger *l, struct bytes line, int64_t n,
    uint8_t hash[LEDGER_HASH], struct bytes stored, bool *fits)
{
	struct buf want = BUF(256);
	CLEANUP(buf_done) struct buf head = want;
	TRY(buf_printf(&head, "{\"n\":%lld,\"time\":\"", (long long)n));
	CLEANUP(buf_done) struct buf prev = want;
	TRY(buf_str(&prev, ",\"prev\":\""));
	TRY(hex_encode(bytes_of(hash, LEDGER_HASH), &prev));
	TRY(buf_byte(&prev, '"'));
	TRY(l->ground->sha256(line, hash));
	*fits = bytes_starts(line, buf_bytes(&head)) &&
		bytes_find(line, buf_bytes(&prev)) != SIZE_MAX &&
		bytes_eq(stored, bytes_of(hash, LEDGER_HASH));
	return NULL;
}

struct err *
ledger_audit_check(struct ledger *l, int64_t *bad)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(
	    l->db, "SELECT n, line, hash FROM audit ORDER BY n", &q));
	uint8_t hash[LEDGER_HASH] = { 0 };
	for (int64_t n = 1;; n++) {
		bool row, fits = false;
		TRY(stmt_step(q, &row));
		*bad = 0;
		if (!row)
			return NULL;
		if (stmt_col_int(q, 0) == n)
			TRY(record_fits(l, stmt_col_bytes(q, 1), n, hash,
			    stmt_col_bytes(q, 2), &fits));
		*bad = n;
		if (!fits)
			return NULL;
	}
}

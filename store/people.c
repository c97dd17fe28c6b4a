/* Officers and what they approve: enrolments. */
#include "store/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "store/audit.h"
#include "store/db.h"

/* ---- officers ---- */

static struct err *
officer_step(struct ledger *l, const char *fingerprint,
    struct bytes certificate, const char *name)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(
	    l->db, "INSERT INTO officer VALUES (?1, ?2, ?3, 1, ?4)", &q));
	stmt_text(q, 1, fingerprint);
	stmt_blob(q, 2, certificate);
	stmt_text(q, 3, name);
	stmt_int(q, 4, clock_now(l->ground->clock));
	TRY(stmt_run(q, NULL));
	const struct audit_field fields[] = { { "officer", fingerprint },
		{ 0 } };
	return audit_write(l, "officer-added", fields);
}

struct err *
ledger_officer_add(struct ledger *l, const char *fingerprint,
    struct bytes certificate, const char *name)
{
	LEDGER_STEP(l, officer_step(l, fingerprint, certificate, name));
}

struct err *
ledger_officer_get(
    struct ledger *l, const char *fingerprint, struct buf *certificate)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "SELECT certificate FROM officer"
	    " WHERE fingerprint = ?1 AND active = 1",
	    &q));
	stmt_text(q, 1, fingerprint);
	bool row;
	TRY(stmt_step(q, &row));
	if (!row)
		return err_coded(err_new(ERR_DENIED, NULL, "no such officer"),
		    "officer-unknown");
	if (certificate == NULL)
		return NULL;
	return buf_append(certificate, stmt_col_bytes(q, 0));
}

static struct err *
officer_end_step(struct ledger *l, const char *fingerprint)
{
	TRY(ledger_officer_get(l, fingerprint, NULL));
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(
	    l->db, "UPDATE officer SET active = 0 WHERE fingerprint = ?1", &q));
	stmt_text(q, 1, fingerprint);
	TRY(stmt_run(q, NULL));
	const struct audit_field fields[] = { { "officer", fingerprint },
		{ 0 } };
	return audit_write(l, "officer-ended", fields);
}

struct err *
ledger_officer_end(struct ledger *l, const char *fingerprint)
{
	LEDGER_STEP(l, officer_end_step(l, fingerprint));
}

/* ---- nonces ---- */

static struct err *
nonce_look(struct ledger *l, const char *nonce, struct bytes hash, bool *same)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(
	    l->db, "SELECT record_hash FROM nonce WHERE nonce = ?1", &q));
	stmt_text(q, 1, nonce);
	bool row;
	TRY(stmt_step(q, &row));
	*same = row && bytes_eq(stmt_col_bytes(q, 0), hash);
	if (row && !*same)
		return err_coded(
		    err_new(ERR_DENIED, NULL, "this approval was used before"),
		    "approval-replayed");
	return NULL;
}

struct err *
ledger_nonce_use(
    struct ledger *l, const char *nonce, struct bytes hash, bool *same)
{
	TRY(nonce_look(l, nonce, hash, same));
	if (*same)
		return NULL;
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db, "INSERT INTO nonce VALUES (?1, ?2, ?3)", &q));
	stmt_text(q, 1, nonce);
	stmt_blob(q, 2, hash);
	stmt_int(q, 3, clock_now(l->ground->clock));
	return stmt_run(q, NULL);
}

/* ---- enrolments ---- */

const char *
enrolment_status_name(enum enrolment_status s)
{
	static const char *const names[] = {
		[ENROLMENT_OPEN] = "open",
		[ENROLMENT_ACTIVATED] = "activated",
		[ENROLMENT_EXPIRED] = "expired",
	};
	return names[s];
}

void
ledger_enrolment_done(struct ledger_enrolment *e)
{
	free(e->id);
	free(e->credential);
	enrolment_record_done(&e->record);
	buf_done(&e->waiting);
	*e = (struct ledger_enrolment){ 0 };
}

static void
bind_record(struct stmt *q, int at, const struct enrolment_record *r)
{
	const char *const fields[] = { r->name, r->subject_id, r->province,
		r->locality, r->profile, r->evidence, r->evidence_sha256,
		r->consent, r->desk, r->officer, r->time, r->nonce,
		r->key_kind == NULL ? "" : r->key_kind };
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		stmt_text(q, at + (int)i, fields[i]);
}

static struct err *
read_record(struct stmt *q, int at, struct enrolment_record *r)
{
	char **const fields[] = { &r->name, &r->subject_id, &r->province,
		&r->locality, &r->profile, &r->evidence, &r->evidence_sha256,
		&r->consent, &r->desk, &r->officer, &r->time, &r->nonce,
		&r->key_kind };
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		TRY(stmt_col_str(q, at + (int)i, fields[i]));
	return NULL;
}

static struct err *
insert_enrolment(struct ledger *l, const char *id,
    const struct enrolment_record *r, const struct approval *approval,
    struct bytes token_hash, int64_t expires)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db,
	    "INSERT INTO enrolment (id, token_hash, expires, created,"
	    " approval, approval_alg,"
	    " name, subject_id, province, locality, profile, evidence,"
	    " evidence_sha256, consent, desk, officer, time, nonce, key_kind)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
	    " ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
	    &q));
	stmt_text(q, 1, id);
	stmt_blob(q, 2, token_hash);
	stmt_int(q, 3, expires);
	stmt_int(q, 4, clock_now(l->ground->clock));
	stmt_blob(q, 5, approval->value);
	stmt_blob(q, 6, approval->alg);
	bind_record(q, 7, r);
	return stmt_run(q, NULL);
}

static struct err *
enrol_step(struct ledger *l, const char *id, const struct enrolment_record *r,
    const struct approval *approval, struct bytes token_hash, int64_t expires)
{
	TRY(ledger_officer_get(l, r->officer, NULL));
	uint8_t hash[LEDGER_HASH];
	TRY(l->ground->sha256(approval->record, hash));
	bool same;
	TRY(ledger_nonce_use(l, r->nonce, bytes_of(hash, sizeof(hash)), &same));
	/* The link was told once: the same approval does not make another. */
	if (same)
		return err_coded(
		    err_new(ERR_DENIED, NULL, "this approval was used before"),
		    "approval-replayed");
	TRY(insert_enrolment(l, id, r, approval, token_hash, expires));
	CLEANUP(audit_done) struct audit a = { 0 };
	TRY(audit_open(l, "enrolled", &a));
	TRY(audit_str(&a, "enrolment", id));
	TRY(audit_str(&a, "officer", r->officer));
	TRY(audit_str(&a, "profile", r->profile));
	TRY(audit_str(&a, "evidence", r->evidence));
	TRY(audit_hex(&a, "record", bytes_of(hash, sizeof(hash))));
	TRY(audit_hex(&a, "approval", approval->value));
	return audit_close(l, &a);
}

struct err *
ledger_enrol(struct ledger *l, const char *id, const struct enrolment_record *r,
    const struct approval *approval, struct bytes token_hash, int64_t expires)
{
	LEDGER_STEP(l, enrol_step(l, id, r, approval, token_hash, expires));
}

#define ENROLMENT_COLUMNS                                                      \
	"SELECT id, coalesce(credential, ''), expires,"                        \
	" name, subject_id, province, locality, profile, evidence,"            \
	" evidence_sha256, consent, desk, officer, time, nonce, key_kind,"     \
	" waiting FROM enrolment"

static struct err *
read_enrolment(struct ledger *l, struct stmt *q, const char *code,
    struct ledger_enrolment *out)
{
	bool row;
	TRY(stmt_step(q, &row));
	if (!row)
		return err_coded(
		    err_new(ERR_MISSING, NULL, "no such enrolment"), code);
	CLEANUP(ledger_enrolment_done) struct ledger_enrolment e = { 0 };
	TRY(stmt_col_str(q, 0, &e.id));
	TRY(stmt_col_str(q, 1, &e.credential));
	e.expires = stmt_col_int(q, 2);
	TRY(read_record(q, 3, &e.record));
	e.waiting = BUF(LEDGER_WAITING_MAX);
	TRY(buf_append(&e.waiting, stmt_col_bytes(q, 16)));
	if (e.credential[0] != '\0')
		e.status = ENROLMENT_ACTIVATED;
	else if (e.expires <= clock_now(l->ground->clock))
		e.status = ENROLMENT_EXPIRED;
	*out = e;
	e = (struct ledger_enrolment){ 0 };
	return NULL;
}

struct err *
ledger_enrolment_by_id(
    struct ledger *l, const char *id, struct ledger_enrolment *out)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db, ENROLMENT_COLUMNS " WHERE id = ?1", &q));
	stmt_text(q, 1, id);
	return read_enrolment(l, q, "enrolment-unknown", out);
}

struct err *
ledger_enrolment_by_token(
    struct ledger *l, struct bytes token_hash, struct ledger_enrolment *out)
{
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_prepare(l->db, ENROLMENT_COLUMNS " WHERE token_hash = ?1", &q));
	stmt_blob(q, 1, token_hash);
	return read_enrolment(l, q, "activation-unknown", out);
}

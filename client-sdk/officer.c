/* What officers ask: the library renders the record, the officer's key signs
 * it, and both go to the service. */
#include "client-sdk/client.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/nfc.h"
#include "base/record.h"

static struct err *
dup_or(const char *value, const char *fallback, char **out)
{
	return bytes_dup_str(bytes_str(value != NULL ? value : fallback), out);
}

/* What is typed comes in several forms that look the same, and what is approved
 * is what is shown. */
static struct err *
dup_typed(const char *value, char **out)
{
	return utf8_dup_nfc(bytes_str(value != NULL ? value : ""), out);
}

static struct err *
now_text(char **out)
{
	CLEANUP(buf_done) struct buf b = BUF(64);
	TRY(time_format_iso(clock_now(&clock_system), 0, &b));
	return bytes_dup_str(buf_bytes(&b), out);
}

static struct err *
nonce_text(char **out)
{
	CLEANUP(buf_done) struct buf b = BUF(2 * RECORD_NONCE);
	uint8_t raw[RECORD_NONCE];
	if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
		return err_new(ERR_INTERNAL, NULL, "getrandom");
	TRY(hex_encode(bytes_of(raw, sizeof(raw)), &b));
	return bytes_dup_str(buf_bytes(&b), out);
}

static struct err *
fill_enrolment(const struct signd_enrolment *in, struct enrolment_record *r)
{
	TRY(now_text(&r->time));
	TRY(nonce_text(&r->nonce));
	TRY(dup_typed(in->name, &r->name));
	TRY(dup_typed(in->subject_id, &r->subject_id));
	TRY(dup_typed(in->province, &r->province));
	TRY(dup_typed(in->locality, &r->locality));
	TRY(dup_or(in->profile, "citizen", &r->profile));
	TRY(dup_or(in->evidence, "", &r->evidence));
	TRY(dup_or(in->evidence_sha256, "", &r->evidence_sha256));
	TRY(dup_or(in->consent, r->time, &r->consent));
	TRY(dup_typed(in->desk, &r->desk));
	TRY(dup_or(in->key_kind, "", &r->key_kind));
	return dup_or(in->officer, "", &r->officer);
}

static struct err *
add_base64(json_t *body, const char *name, struct bytes raw)
{
	CLEANUP(buf_done) struct buf b = BUF(32768);
	const char *text;
	TRY(base64_encode(raw, &b));
	TRY(buf_cstr(&b, &text));
	if (json_object_set_new(body, name, json_string(text)) != 0)
		return err_new(ERR_NOMEM, NULL, "JSON");
	return NULL;
}

/* approved wraps `record` (taken over) with the signature over `text`. */
static struct err *
approved(json_t *record, struct bytes text, signd_approve *approve, void *ctx,
    json_t **out)
{
	CLEANUP(json_decrefp) json_t *body = json_object();
	if (record == NULL || json_object_set_new(body, "record", record) != 0)
		return err_new(ERR_NOMEM, NULL, "JSON");
	unsigned char value[1024];
	unsigned char alg[256];
	size_t value_len = sizeof(value);
	size_t alg_len = sizeof(alg);
	struct signd_bytes borrowed = { text.ptr, text.len };
	if (approve(ctx, borrowed, value, &value_len, alg, &alg_len) != 0 ||
	    value_len > sizeof(value) || alg_len > sizeof(alg))
		return err_coded(
		    err_new(ERR_REMOTE, NULL, "the officer's key did not sign"),
		    "approval-failed");
	TRY(add_base64(body, "approval", bytes_of(value, value_len)));
	TRY(add_base64(body, "approvalAlgorithm", bytes_of(alg, alg_len)));
	*out = TAKE(body);
	return NULL;
}

static json_t *
who_json(const struct enrolment_record *r)
{
	return json_pack(
	    "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
	    "name", r->name, "subjectID", r->subject_id, "province",
	    r->province, "locality", r->locality, "profile", r->profile,
	    "evidence", r->evidence, "evidenceSHA256", r->evidence_sha256,
	    "consent", r->consent, "desk", r->desk, "officer", r->officer,
	    "time", r->time, "nonce", r->nonce);
}

static struct err *
enrolment_body(const struct signd_enrolment *in, signd_approve *approve,
    void *ctx, json_t **out)
{
	CLEANUP(enrolment_record_done) struct enrolment_record r = { 0 };
	CLEANUP(buf_done) struct buf text = BUF(RECORD_MAX);
	TRY(fill_enrolment(in, &r));
	TRY(enrolment_record_render(&r, &text));
	json_t *record = who_json(&r);
	if (r.key_kind[0] != '\0')
		json_object_set_new(record, "keyKind", json_string(r.key_kind));
	return approved(record, buf_bytes(&text), approve, ctx, out);
}

struct signd_error *
signd_enrol(struct signd *s, const struct signd_enrolment *enrolment,
    signd_approve *approve, void *ctx, char **out_json)
{
	CLEANUP(json_decrefp) json_t *body = NULL;
	LOCAL(enrolment_body(enrolment, approve, ctx, &body));
	return perform_json(s, "/v1/enrolments", body, out_json);
}

static struct err *
issue_body(const struct signd_issue *in, signd_approve *approve, void *ctx,
    json_t **out)
{
	CLEANUP(issue_record_done) struct issue_record r = { 0 };
	CLEANUP(buf_done) struct buf text = BUF(RECORD_MAX);
	CLEANUP(json_decrefp) json_t *body = NULL;
	TRY(fill_enrolment(&in->who, &r.who));
	TRY(dup_or(in->replaces, "", &r.replaces));
	TRY(dup_or(in->csr_sha256, "", &r.csr_sha256));
	TRY(issue_record_render(&r, &text));
	json_t *record = who_json(&r.who);
	json_object_set_new(record, "replaces", json_string(r.replaces));
	TRY(approved(record, buf_bytes(&text), approve, ctx, &body));
	TRY(add_base64(body, "csr", bytes_of(in->csr.ptr, in->csr.len)));
	*out = TAKE(body);
	return NULL;
}

struct signd_error *
signd_issue(struct signd *s, const struct signd_issue *request,
    signd_approve *approve, void *ctx, char **out_json)
{
	CLEANUP(json_decrefp) json_t *body = NULL;
	LOCAL(issue_body(request, approve, ctx, &body));
	return perform_json(s, "/v1/certificates", body, out_json);
}

static struct err *
fill_revocation(const struct signd_revocation *in, struct revocation_record *r)
{
	TRY(now_text(&r->time));
	TRY(nonce_text(&r->nonce));
	TRY(dup_or(in->credential, "", &r->credential));
	TRY(dup_or(in->serial, "", &r->serial));
	TRY(dup_or(in->reason, "unspecified", &r->reason));
	return dup_or(in->officer, "", &r->officer);
}

static struct err *
revocation_body(const struct signd_revocation *in, signd_approve *approve,
    void *ctx, json_t **out)
{
	CLEANUP(revocation_record_done) struct revocation_record r = { 0 };
	CLEANUP(buf_done) struct buf text = BUF(RECORD_MAX);
	TRY(fill_revocation(in, &r));
	TRY(revocation_record_render(&r, &text));
	json_t *record = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}",
	    "credential", r.credential, "serial", r.serial, "reason", r.reason,
	    "officer", r.officer, "time", r.time, "nonce", r.nonce);
	return approved(record, buf_bytes(&text), approve, ctx, out);
}

struct signd_error *
signd_revoke(struct signd *s, const struct signd_revocation *revocation,
    signd_approve *approve, void *ctx, char **out_json)
{
	CLEANUP(json_decrefp) json_t *body = NULL;
	LOCAL(revocation_body(revocation, approve, ctx, &body));
	return perform_json(s, "/v1/certificates/revoke", body, out_json);
}

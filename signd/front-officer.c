/* Officers: enrol, look, revoke, read the audit. */
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/pack.h"
#include "base/record.h"
#include "signd/front.h"
#include "signd/proto.h"

#define APPROVAL_MAX 4096 /* bytes of a signature */
#define BINARY_MAX 16384  /* bytes of a PKCS#10 request */
#define ALG_MAX 256       /* bytes of an AlgorithmIdentifier */
#define AUDIT_COUNT_MAX 1000
enum { TAG_APPROVAL = 20, TAG_OFFICER = 21, TAG_ALG = 22 };

/* In the order of the structs in base/record.h, as signd/proto.h has it. */
static const char *const enrolment_fields[] = { "name", "subjectID", "province",
	"locality", "profile", "evidence", "evidenceSHA256", "consent", "desk",
	"officer", "time", "nonce", "keyKind" };
/* The same but the kind of key, and what it renews; the request (PKCS#10) comes
 * after. */
static const char *const issue_fields[] = { "name", "subjectID", "province",
	"locality", "profile", "evidence", "evidenceSHA256", "consent", "desk",
	"officer", "time", "nonce", "replaces" };
static const char *const revocation_fields[] = { "credential", "serial",
	"reason", "officer", "time", "nonce" };

static struct err *
pack_record(struct json_fields *record, const char *const *names, size_t n,
    struct buf *body)
{
	for (size_t i = 0; i < n; i++) {
		const char *v;
		TRY(json_str(record, names[i], 0, RECORD_FIELD_MAX, &v));
		TRY(pack_str(body, (uint16_t)(i + 1), v));
	}
	return json_end(record);
}

static struct err *
pack_binary(
    struct json_fields *f, const char *name, uint16_t tag, struct buf *body)
{
	CLEANUP(buf_done) struct buf value = BUF(BINARY_MAX);
	TRY(json_base64(f, name, false, &value));
	return pack_bytes(body, tag, buf_bytes(&value));
}

/* What an officer signed, with whose certificate; the keyholder judges it. */
static struct err *
pack_approved(const struct request *r, struct json_fields *f,
    const char *const *names, size_t n, const char *binary, struct buf *body)
{
	CLEANUP(buf_done) struct buf approval = BUF(APPROVAL_MAX);
	CLEANUP(buf_done) struct buf alg = BUF(ALG_MAX);
	struct json_fields record;
	TRY(json_object_field(f, "record", &record));
	TRY(pack_record(&record, names, n, body));
	if (binary != NULL)
		TRY(pack_binary(f, binary, (uint16_t)(n + 1), body));
	TRY(json_base64(f, "approval", false, &approval));
	TRY(json_base64(f, "approvalAlgorithm", false, &alg));
	TRY(json_end(f));
	TRY(pack_bytes(body, TAG_APPROVAL, buf_bytes(&approval)));
	TRY(pack_bytes(body, TAG_OFFICER, cert_der(r->peer)));
	return pack_bytes(body, TAG_ALG, buf_bytes(&alg));
}

static struct err *
ask_approved(struct request *r, uint16_t op, const char *const *names, size_t n,
    const char *binary, struct ipc_message *m)
{
	CLEANUP(json_freep) json_t *doc = NULL;
	CLEANUP(buf_done) struct buf body = BUF(256 * 1024);
	TRY(request_json(r, &doc));
	struct json_fields f = { .object = doc };
	TRY(pack_approved(r, &f, names, n, binary, &body));
	return ask_keyholder(r->front, op, buf_bytes(&body), m);
}

/* That a certificate is of officer-ca-file is not enough to read what is
 * theirs: the ledger says who is an officer, and who is one no more.  For what
 * is approved the keyholder asks the same. */
static struct err *
require_officer(const struct request *r)
{
	uint8_t print[32];
	CLEANUP(buf_done) struct buf hex = BUF(64);
	CLEANUP(buf_done) struct buf body = BUF(128);
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	cert_fingerprint(r->peer, print);
	TRY(hex_encode(bytes_of(print, sizeof(print)), &hex));
	TRY(pack_bytes(&body, 1, buf_bytes(&hex)));
	return ask_ledger(r->front, LEDGER_OFFICER, buf_bytes(&body), &m);
}

/* ---- enrolments ---- */

static struct err *
reply_enrolled(const struct front *f, struct bytes answer, struct reply *out)
{
	struct unpack u = unpack_of(answer);
	CLEANUP(free_charp) char *id = NULL;
	CLEANUP(free_charp) char *token = NULL;
	int64_t expires;
	CLEANUP(json_freep) json_t *doc = NULL;
	TRY(unpack_str(&u, 1, &id));
	TRY(unpack_str(&u, 2, &token));
	TRY(unpack_i64(&u, 3, &expires));
	TRY(unpack_end(&u));
	TRY(json_new(&doc));
	TRY(json_put_str(doc, "enrolmentID", id));
	/* Behind the #, so that the token is in no log of any server. */
	TRY(json_put(doc, "activationLink",
	    json_sprintf("%s/activate#%s", f->s->public_url, token)));
	TRY(json_put_str(doc, "token", token));
	TRY(json_put_time(doc, "expires", expires));
	return reply_json(out, 201, doc);
}

/* What an officer asks for under an Idempotency-Key is done once. */
static struct err *
officer_once(struct request *r,
    struct err *(*work)(struct request *r, struct reply *out),
    struct reply *out)
{
	struct once once = { 0 };
	bool replayed = false;
	TRY(require_officer(r));
	TRY(once_claim(r, buf_bytes(&r->json), &once, out, &replayed));
	if (replayed)
		return NULL;
	struct err *e = work(r, out);
	once_end(r, &once, out, e == NULL);
	return e;
}

static struct err *
enrol(struct request *r, struct reply *out)
{
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	TRY(ask_approved(r, KEY_ENROL, enrolment_fields,
	    COUNT_OF(enrolment_fields), NULL, &m));
	return reply_enrolled(r->front, buf_bytes(&m.body), out);
}

struct err *
post_enrolment(struct request *r, struct reply *out)
{
	return officer_once(r, enrol, out);
}

static struct err *
reply_enrolment(struct bytes answer, struct reply *out)
{
	struct unpack u = unpack_of(answer);
	CLEANUP(free_charp) char *status = NULL;
	CLEANUP(free_charp) char *name = NULL;
	CLEANUP(free_charp) char *credential = NULL;
	int64_t expires;
	CLEANUP(json_freep) json_t *doc = NULL;
	TRY(unpack_str(&u, 1, &status));
	TRY(unpack_str(&u, 2, &name));
	TRY(unpack_str(&u, 3, &credential));
	TRY(unpack_i64(&u, 4, &expires));
	TRY(unpack_end(&u));
	TRY(json_new(&doc));
	TRY(json_put_str(doc, "status", status));
	TRY(json_put_str(doc, "name", name));
	TRY(json_put_str(doc, "credentialID", credential));
	TRY(json_put_time(doc, "expires", expires));
	return reply_json(out, 200, doc);
}

struct err *
get_enrolment(struct request *r, struct reply *out)
{
	CLEANUP(buf_done) struct buf body = BUF(1024);
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	TRY(require_officer(r));
	if (strlen(r->param) > CREDENTIAL_MAX)
		return err_coded(err_new(ERR_MISSING, NULL, "no such id"),
		    "enrolment-unknown");
	TRY(pack_str(&body, 1, r->param));
	TRY(ask_ledger(r->front, LEDGER_ENROLMENT, buf_bytes(&body), &m));
	return reply_enrolment(buf_bytes(&m.body), out);
}

/* ---- certificates for tokens ---- */

static struct err *
put_pem(json_t *list, struct bytes der)
{
	CLEANUP(buf_done) struct buf text = BUF(CERT_MAX * 2);
	TRY(base64_encode(der, &text));
	if (json_array_append_new(
		list, json_stringn((const char *)text.ptr, text.len)) != 0)
		return err_new(ERR_NOMEM, NULL, "certificates");
	return NULL;
}

static struct err *
reply_issued(struct front *f, struct bytes answer, struct reply *out)
{
	struct unpack u = unpack_of(answer);
	CLEANUP(free_charp) char *serial = NULL;
	CLEANUP(json_freep) json_t *doc = NULL;
	struct bytes der;
	TRY(unpack_str(&u, 1, &serial));
	TRY(unpack_bytes(&u, 2, &der));
	TRY(json_new(&doc));
	TRY(json_put_str(doc, "serialNumber", serial));
	json_t *list = json_array();
	TRY(json_put(doc, "certificates", list));
	TRY(put_pem(list, der));
	ocsp_issued(f, der);
	while (unpack_is(&u, 3)) {
		TRY(unpack_bytes(&u, 3, &der));
		TRY(put_pem(list, der));
	}
	TRY(unpack_end(&u));
	return reply_json(out, 201, doc);
}

static struct err *
issue(struct request *r, struct reply *out)
{
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	TRY(ask_approved(
	    r, KEY_ISSUE, issue_fields, COUNT_OF(issue_fields), "csr", &m));
	/* A renewal may have ended the certificate that it replaces. */
	ocsp_register_changed(r->front);
	return reply_issued(r->front, buf_bytes(&m.body), out);
}

struct err *
post_certificate(struct request *r, struct reply *out)
{
	return officer_once(r, issue, out);
}

/* ---- revocation ---- */

static struct err *
revoke_one(struct request *r, struct reply *out)
{
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	CLEANUP(json_freep) json_t *doc = NULL;
	int64_t at;
	int64_t number;
	TRY(ask_approved(r, KEY_REVOKE, revocation_fields,
	    COUNT_OF(revocation_fields), NULL, &m));
	ocsp_register_changed(r->front);
	struct unpack u = unpack_of(buf_bytes(&m.body));
	TRY(unpack_i64(&u, 1, &at));
	TRY(unpack_i64(&u, 2, &number));
	TRY(unpack_end(&u));
	TRY(json_new(&doc));
	TRY(json_put_time(doc, "revokedAt", at));
	TRY(json_put_int(doc, "crlNumber", number));
	return reply_json(out, 200, doc);
}

struct err *
post_revoke(struct request *r, struct reply *out)
{
	return officer_once(r, revoke_one, out);
}

/* ---- audit ---- */

static struct err *
number_param(const struct request *r, const char *name, uint64_t most,
    uint64_t dflt, uint64_t *out)
{
	const char *text;
	TRY(request_param(r, name, &text));
	*out = dflt;
	if (text == NULL)
		return NULL;
	char *end;
	unsigned long long v = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || v > most)
		return err_coded(err_new(ERR_USAGE, NULL,
				     "%s: no number in its bounds", name),
		    "parameter");
	*out = v;
	return NULL;
}

struct err *
get_audit(struct request *r, struct reply *out)
{
	static const char *const known[] = { "from", "count", NULL };
	CLEANUP(buf_done) struct buf body = BUF(256);
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	uint64_t from;
	uint64_t count;
	TRY(require_officer(r));
	TRY(request_params_are(r, known));
	TRY(number_param(r, "from", INT64_MAX, 1, &from));
	TRY(number_param(r, "count", AUDIT_COUNT_MAX, 100, &count));
	TRY(pack_u64(&body, 1, from));
	TRY(pack_u64(&body, 2, count));
	TRY(ask_ledger(r->front, LEDGER_AUDIT, buf_bytes(&body), &m));
	struct unpack u = unpack_of(buf_bytes(&m.body));
	out->body = BUF(REPORT_BODY_MAX);
	while (unpack_is(&u, 1)) {
		struct bytes line;
		TRY(unpack_bytes(&u, 1, &line));
		TRY(buf_append(&out->body, line));
		TRY(buf_str(&out->body, "\n"));
	}
	TRY(unpack_end(&u));
	out->status = 200;
	out->type = "application/x-ndjson; charset=utf-8";
	return NULL;
}

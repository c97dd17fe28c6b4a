#include "signd/problem.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/messages.h"
#include "signd/json.h"

struct row {
	const char *code;
	unsigned status;
	int retry_after; /* seconds */
};

static const struct row rows[] = {
	{ "not-found", 404, 0 },
	{ "method-not-allowed", 405, 0 },
	{ "content-type", 415, 0 },
	{ "content-type-missing", 415, 0 },
	{ "json", 400, 0 },
	{ "json-field", 400, 0 },
	{ "parameter", 400, 0 },
	{ "document-too-large", 413, 0 },
	{ "request-too-large", 413, 0 },
	{ "request-framing", 400, 0 },
	{ "request-head", 400, 0 },
	{ "body-slow", 408, 0 },
	{ "document-missing", 400, 0 },
	{ "client-certificate", 403, 0 },
	{ "authorization-missing", 401, 0 },
	{ "authorization-malformed", 401, 0 },
	{ "pin-wrong", 401, 0 },
	{ "pin-form", 400, 0 },
	{ "pin-locked", 423, 0 },
	{ "pin-busy", 503, 1 },
	{ "credential-locked", 423, 0 },
	{ "credential-unknown", 404, 0 },
	{ "credential-revoked", 409, 0 },
	{ "credential-suspended", 409, 0 },
	{ "credential-not-suspended", 409, 0 },
	{ "key-taken", 409, 0 },
	{ "renewal-wrong", 409, 0 },
	{ "own-ca-revoked", 503, 0 },
	{ "tsa-clock", 503, 30 },
	{ "clock-behind", 503, 30 },
	{ "activation-busy", 409, 5 },
	{ "external-ca", 502, 30 },
	{ "external-ca-refused", 502, 0 },
	{ "external-ca-waiting", 503, 60 },
	{ "external-ca-wrong", 502, 0 },
	{ "tsa-missing", 503, 0 },
	{ "ocsp-missing", 503, 0 },
	{ "enrolment-unknown", 404, 0 },
	{ "draft-unknown", 404, 0 },
	{ "verification-unknown", 404, 0 },
	{ "report-not-kept", 404, 0 },
	{ "seal-missing", 503, 0 },
	{ "seals-many", 503, 30 },
	{ "value-wrong", 422, 0 },
	{ "idempotency-conflict", 422, 0 },
	{ "idempotency-busy", 409, 1 },
	{ "idempotency-key", 400, 0 },
	{ "disk-full", 507, 0 },
	{ "too-many-requests", 429, 1 },
	{ "queue-full", 503, 1 },
	{ "stopping", 503, 2 },
	{ "busy", 503, 1 },
	{ "store-full", 503, 60 },
	{ "process-died", 502, 1 },
	{ "process-timeout", 504, 5 },
	{ "worker-died", 502, 0 },
	{ "worker-timeout", 504, 0 },
	{ "token-unavailable", 503, 2 },
};

/* Without a row.  What is malformed here is a document or a record; a broken
 * request has a code of its own. */
static const struct problem by_kind[] = {
	[ERR_USAGE] = { 400, 0, true },
	[ERR_MALFORMED] = { 422, 0, true },
	[ERR_UNSUPPORTED] = { 422, 0, true },
	[ERR_LIMIT] = { 413, 0, true },
	[ERR_MISSING] = { 404, 0, true },
	[ERR_DENIED] = { 403, 0, true },
	[ERR_REMOTE] = { 503, 2, false },
	[ERR_NOMEM] = { 503, 2, false },
	[ERR_INTERNAL] = { 500, 0, false },
};

struct problem
problem_of(const struct err *e)
{
	struct problem p = by_kind[err_kind(e)];
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (strcmp(rows[i].code, err_code(e)) == 0) {
			p.status = rows[i].status;
			p.retry_after = rows[i].retry_after;
		}
	return p;
}

struct err *
problem_render(const struct err *e, const char *request_id, int tries_left,
    struct buf *out)
{
	struct problem p = problem_of(e);
	const char *code = err_code(e);
	CLEANUP(json_freep)
	json_t *doc =
	    json_pack("{s:o, s:s, s:i, s:s, s:{s:s, s:s}, s:{s:s, s:s}, s:s}",
		"type", json_sprintf("urn:signd:problem:%s", code), "title",
		message_text(code, LANG_VI), "status", (int)p.status, "code",
		code, "text", "vi", message_text(code, LANG_VI), "en",
		message_text(code, LANG_EN), "next", "vi",
		message_next(code, LANG_VI), "en", message_next(code, LANG_EN),
		"requestId", request_id);
	if (doc == NULL)
		return err_new(ERR_NOMEM, NULL, "problem");
	if (p.tell_detail)
		TRY(json_put_str(doc, "detail", err_text(e)));
	if (tries_left >= 0)
		TRY(json_put_int(doc, "triesLeft", tries_left));
	return json_render(doc, out);
}

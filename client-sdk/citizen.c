/* What citizens and agencies ask. */
#include "client-sdk/client.h"

#include "base/json.h"

#include <stdlib.h>
#include <string.h>

static struct signd_error *
get_text(struct signd *s, const char *path, char **out)
{
	CLEANUP(buf_done) struct buf answer = BUF(ANSWER_MAX);
	struct request r = REQUEST_NONE;
	r.path = path;
	struct signd_error *e = perform(s, &r, &answer);
	if (e != NULL)
		return e;
	LOCAL(bytes_dup_str(buf_bytes(&answer), out));
	return NULL;
}

struct signd_error *
signd_info(struct signd *s, char **out_json)
{
	return get_text(s, "/v1/info", out_json);
}

struct signd_error *
signd_ca(struct signd *s, char **out_pem)
{
	return get_text(s, "/v1/ca.pem", out_pem);
}

struct signd_error *
signd_crl(struct signd *s, int out_fd)
{
	CLEANUP(buf_done) struct buf answer = BUF(ANSWER_MAX);
	struct request r = REQUEST_NONE;
	r.path = "/v1/crl";
	r.out_fd = out_fd;
	return perform(s, &r, &answer);
}

/* no_json turns jansson's NULL into our error. */
static struct err *
no_json(void)
{
	return err_new(ERR_MALFORMED, NULL, "not UTF-8, or out of memory");
}

static struct err *
open_link(json_t *doc, const char *text, struct bytes exporter)
{
	CLEANUP(buf_done) struct buf sealed = BUF(PIN_MESSAGE_MAX * 4);
	CLEANUP(secret_done) struct secret link = { 0 };
	bool ok = false;
	TRY(base64_decode(bytes_str(text), &sealed));
	TRY(pin_answer_open(exporter, buf_bytes(&sealed), &link, &ok));
	if (!ok)
		return err_new(ERR_REMOTE, NULL, "the answer was changed");
	json_object_del(doc, "sealedOtpauth");
	return json_object_set_new(doc, "otpauth",
		   json_stringn((const char *)link.ptr, link.len)) != 0
		   ? no_json()
		   : NULL;
}

/* The service could not read the link of the second factor; the caller can. */
static struct err *
open_second(const char *answer, struct bytes exporter, char **out)
{
	CLEANUP(json_decrefp) json_t *doc = NULL;
	TRY(json_parse(bytes_str(answer), &doc));
	const char *sealed =
	    json_string_value(json_object_get(doc, "sealedOtpauth"));
	if (sealed == NULL)
		return bytes_dup_str(bytes_str(answer), out);
	TRY(open_link(doc, sealed, exporter));
	*out = json_dumps(doc, JSON_COMPACT);
	return *out == NULL ? no_json() : NULL;
}

struct signd_error *
signd_activate(
    struct signd *s, const char *link, const char *pin, char **out_json)
{
	const char *mark = strrchr(link, '#');
	const char *token = mark != NULL ? mark + 1 : link;
	CLEANUP(free_charp) char *sealed = NULL;
	CLEANUP(free_charp) char *answer = NULL;
	CLEANUP(secret_done) struct secret exporter = { 0 };
	const struct pin_purpose purpose = { .what = PIN_FOR_ACTIVATION,
		.subject = bytes_str(token),
		.digest_oid = "" };
	struct signd_error *e =
	    pin_seal(s, pin, NULL, &purpose, &sealed, &exporter);
	if (e != NULL)
		return e;
	CLEANUP(json_decrefp)
	json_t *body =
	    json_pack("{s:s, s:s}", "token", token, "sealedPIN", sealed);
	if (body == NULL)
		return error_local(no_json());
	e = perform_json(s, "/v1/activations", body, &answer);
	if (e != NULL)
		return e;
	LOCAL(open_second(answer, secret_bytes(&exporter), out_json));
	return NULL;
}

struct signd_error *
signd_credential(struct signd *s, const char *credential, char **out_json)
{
	CLEANUP(json_decrefp)
	json_t *body = json_pack(
	    "{s:s, s:s}", "credentialID", credential, "certificates", "chain");
	if (body == NULL)
		return error_local(no_json());
	return perform_json(s, "/v1/credentials/info", body, out_json);
}

static struct err *
add_digests(
    json_t *body, const struct signd_bytes *digests, size_t n, const char *oid)
{
	json_t *list = json_array();
	if (json_object_set_new(body, "hashes", list) != 0)
		return no_json();
	for (size_t i = 0; i < n; i++) {
		CLEANUP(buf_done) struct buf b64 = BUF(1024);
		const char *text;
		TRY(base64_encode(
		    bytes_of(digests[i].ptr, digests[i].len), &b64));
		TRY(buf_cstr(&b64, &text));
		if (json_array_append_new(list, json_string(text)) != 0)
			return no_json();
	}
	if (oid != NULL && json_object_set_new(
			       body, "hashAlgorithmOID", json_string(oid)) != 0)
		return no_json();
	return NULL;
}

struct signd_error *
signd_authorize(struct signd *s, const char *credential, const char *pin,
    const char *code, unsigned count, const struct signd_bytes *digests,
    size_t ndigests, const char *digest_oid, char **out_sad)
{
	CLEANUP(free_charp) char *sealed = NULL;
	struct signd_error *e = pin_seal_signing(s, pin, code, credential,
	    count, digest_oid, digests, ndigests, &sealed);
	if (e != NULL)
		return e;
	CLEANUP(json_decrefp)
	json_t *body = json_pack("{s:s, s:s, s:I}", "credentialID", credential,
	    "sealedPIN", sealed, "numSignatures", (json_int_t)count);
	if (body == NULL)
		return error_local(no_json());
	if (ndigests > 0)
		LOCAL(add_digests(body, digests, ndigests, digest_oid));
	CLEANUP(free_charp) char *answer = NULL;
	e = perform_json(s, "/v1/credentials/authorize", body, &answer);
	if (e != NULL)
		return e;
	CLEANUP(json_decrefp) json_t *j = NULL;
	LOCAL(json_parse(bytes_str(answer), &j));
	const char *sad = json_string_value(json_object_get(j, "SAD"));
	if (sad == NULL)
		return error_local(err_new(ERR_REMOTE, NULL, "no SAD"));
	LOCAL(bytes_dup_str(bytes_str(sad), out_sad));
	return NULL;
}

struct err *
authorization_check(struct signd_authorization a)
{
	if (a.pin == NULL && a.sad == NULL)
		return err_coded(
		    err_new(ERR_USAGE, NULL, "neither PIN nor SAD"),
		    "authorization-missing");
	if (a.pin != NULL && a.sad != NULL)
		return err_new(ERR_USAGE, NULL, "PIN and SAD: one of them");
	return NULL;
}

struct signd_error *
signd_sign_hash(struct signd *s, const char *credential,
    struct signd_authorization authorization, const struct signd_bytes *digests,
    size_t ndigests, const char *digest_oid, const char *sign_alg_oid,
    char **out_json)
{
	LOCAL(authorization_check(authorization));
	bool by_pin = authorization.pin != NULL;
	CLEANUP(free_charp) char *sealed = NULL;
	struct signd_error *e = NULL;
	if (by_pin)
		e = pin_seal_signing(s, authorization.pin, authorization.code,
		    credential, ndigests, digest_oid, digests, ndigests,
		    &sealed);
	if (e != NULL)
		return e;
	CLEANUP(json_decrefp)
	json_t *body = json_pack("{s:s, s:s, s:s}", "credentialID", credential,
	    by_pin ? "sealedPIN" : "SAD", by_pin ? sealed : authorization.sad,
	    "signAlgo", sign_alg_oid);
	if (body == NULL)
		return error_local(no_json());
	LOCAL(add_digests(body, digests, ndigests, digest_oid));
	return perform_json(s, "/v1/signatures/signHash", body, out_json);
}

/* What will be signed is known to the service alone: the PIN is for one
 * signature of that credential. */
static struct signd_error *
authorization_header(struct signd *s, const char *credential,
    struct signd_authorization a, struct buf *out)
{
	LOCAL(authorization_check(a));
	CLEANUP(free_charp) char *sealed = NULL;
	struct signd_error *e = NULL;
	if (a.pin != NULL)
		e = pin_seal_signing(
		    s, a.pin, a.code, credential, 1, NULL, NULL, 0, &sealed);
	if (e != NULL)
		return e;
	LOCAL(buf_printf(out, "Signd-Authorization: %s %s",
	    a.pin != NULL ? "SEALED" : "SAD", a.pin != NULL ? sealed : a.sad));
	return NULL;
}

struct err *
sign_path(const char *path, const char *credential,
    const struct signd_sign_options *o, struct buf *out)
{
	static const struct signd_sign_options none;
	bool first = true;
	if (o == NULL)
		o = &none;
	TRY(buf_str(out, path));
	TRY(query_add(out, &first, "credentialID", credential));
	TRY(query_add(out, &first, "reason", o->reason));
	TRY(query_add(out, &first, "location", o->location));
	TRY(query_add(out, &first, "field", o->field));
	TRY(query_add(out, &first, "certify", o->certify));
	TRY(query_add(out, &first, "appearance", o->appearance));
	TRY(query_add(out, &first, "page", o->page));
	TRY(query_add(out, &first, "box", o->box));
	TRY(query_add(out, &first, "corner", o->corner));
	TRY(query_add(out, &first, "text", o->text));
	TRY(query_add(out, &first, "qr", o->qr));
	TRY(query_add(out, &first, "lock", o->lock));
	TRY(query_add(out, &first, "conformance_level", o->level));
	TRY(query_add(out, &first, "signature_format", o->format));
	TRY(query_add(out, &first, "signed_envelope_property", o->place));
	TRY(query_add(out, &first, "role", o->role));
	TRY(query_add(out, &first, "commitment", o->commitment));
	for (const char *const *p = o->more; p != NULL && p[0] != NULL; p += 2)
		TRY(query_add(out, &first, p[0], p[1]));
	return NULL;
}

struct signd_error *
signd_sign_document(struct signd *s, const char *credential,
    struct signd_authorization authorization,
    const struct signd_sign_options *options, int in_fd, int out_fd)
{
	CLEANUP(buf_done) struct buf path = BUF(16384);
	CLEANUP(buf_done) struct buf header = BUF(65536);
	CLEANUP(buf_done) struct buf answer = BUF(ANSWER_MAX);
	struct request r = REQUEST_NONE;
	LOCAL(sign_path("/v1/signatures/signDoc", credential, options, &path));
	LOCAL(buf_cstr(&path, &r.path));
	struct signd_error *e =
	    authorization_header(s, credential, authorization, &header);
	if (e != NULL)
		return e;
	LOCAL(buf_cstr(&header, &r.headers[0]));
	r.media_type = options != NULL ? options->media_type : NULL;
	LOCAL(request_in(&r, in_fd));
	r.out_fd = out_fd;
	e = perform(s, &r, &answer);
	wipe(header.ptr, header.len);
	return e;
}

static struct err *
extend_path(const char *level, const char *id, struct buf *out)
{
	bool first = true;
	TRY(buf_str(out, "/v1/extensions"));
	TRY(query_add(out, &first, "conformance_level", level));
	return query_add(out, &first, "id", id);
}

struct signd_error *
signd_extend(
    struct signd *s, const char *level, const char *id, int in_fd, int out_fd)
{
	CLEANUP(buf_done) struct buf path = BUF(4096);
	CLEANUP(buf_done) struct buf answer = BUF(ANSWER_MAX);
	struct request r = REQUEST_NONE;
	LOCAL(extend_path(level, id, &path));
	LOCAL(buf_cstr(&path, &r.path));
	LOCAL(request_in(&r, in_fd));
	r.out_fd = out_fd;
	return perform(s, &r, &answer);
}

static struct err *
verify_path(const char *policy, const char *time, const char *hashes,
    const char *of, const char *filename, struct buf *out)
{
	bool first = true;
	TRY(buf_str(out, "/v1/verifications"));
	TRY(query_add(out, &first, "policy", policy));
	TRY(query_add(out, &first, "time", time));
	TRY(query_add(out, &first, "hash", hashes));
	TRY(query_add(out, &first, "of", of));
	return query_add(out, &first, "filename", filename);
}

struct signd_error *
signd_verify(struct signd *s, int in_fd, const char *policy, const char *time,
    char **out_json)
{
	return signd_verify_hashes(s, in_fd, NULL, policy, time, out_json);
}

static struct signd_error *
verify_of(struct signd *s, int in_fd, const char *hashes, const char *of,
    const char *policy, const char *time, char **out_json)
{
	CLEANUP(buf_done) struct buf path = BUF(4096);
	CLEANUP(buf_done) struct buf answer = BUF(ANSWER_MAX);
	struct request r = REQUEST_NONE;
	LOCAL(verify_path(policy, time, hashes, of, NULL, &path));
	LOCAL(buf_cstr(&path, &r.path));
	LOCAL(request_in(&r, in_fd));
	struct signd_error *e = perform(s, &r, &answer);
	if (e != NULL)
		return e;
	LOCAL(bytes_dup_str(buf_bytes(&answer), out_json));
	return NULL;
}

struct signd_error *
signd_verify_hashes(struct signd *s, int in_fd, const char *hashes,
    const char *policy, const char *time, char **out_json)
{
	return verify_of(s, in_fd, hashes, NULL, policy, time, out_json);
}

struct signd_error *
signd_verify_pdf_part(struct signd *s, int in_fd, const char *hash,
    const char *policy, const char *time, char **out_json)
{
	return verify_of(s, in_fd, hash, "pdf", policy, time, out_json);
}

struct signd_error *
signd_receipt(struct signd *s, int in_fd, const char *policy,
    const char *filename, int out_fd)
{
	CLEANUP(buf_done) struct buf path = BUF(8192);
	CLEANUP(buf_done) struct buf answer = BUF(ANSWER_MAX);
	struct request r = REQUEST_NONE;
	LOCAL(verify_path(policy, NULL, NULL, NULL, filename, &path));
	LOCAL(buf_cstr(&path, &r.path));
	r.accept = "application/pdf";
	LOCAL(request_in(&r, in_fd));
	r.out_fd = out_fd;
	return perform(s, &r, &answer);
}

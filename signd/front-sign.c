/* Signing documents: in one call, and in two steps. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/pack.h"
#include "signd/front-auth.h"
#include "signd/front-choices.h"
#include "signd/front-level.h"
#include "signd/proto.h"
#include "worker/job.h"

#define SIGNATURE_MAX 4096 /* bytes of one value */
#define DRAFT_ID_BYTES 16
#define DRAFT_SECONDS 3600 /* the citizen may approve on a phone */

/* ---- prepare and embed, by a worker ---- */

static struct err *
prepare(struct request *r, const struct credential *c, struct sig_alg alg,
    struct prepared *out)
{
	CLEANUP(buf_done) struct buf body = BUF(CHOICES_MAX);
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	if (r->document.len == 0)
		return err_coded(err_new(ERR_USAGE, NULL, "it is empty"),
		    "document-missing");
	TRY(choices_pack(r, c, alg, &body));
	TRY(ask_worker(
	    r->front, WORKER_PREPARE, buf_bytes(&body), r->document.fd, &m));
	TRY(prepared_unpack(buf_bytes(&m.body), out));
	if (out->digest_alg != alg.digest)
		return err_new(ERR_INTERNAL, NULL, "another digest");
	return NULL;
}

struct err *
ask_embed(const struct front *f, struct bytes state, struct bytes value,
    struct bytes token, size_t document_len, struct insertion *out)
{
	CLEANUP(buf_done) struct buf body = BUF(INSERTION_MAX + 65536);
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	TRY(pack_bytes(&body, 1, state));
	TRY(pack_bytes(&body, 2, value));
	TRY(pack_bytes(&body, 3, token));
	TRY(ask_worker(f, WORKER_EMBED, buf_bytes(&body), -1, &m));
	TRY(insertion_unpack(buf_bytes(&m.body), out));
	return insertion_check(out, document_len);
}

/* The value goes in, with a time stamp on it from level T on. */
static struct err *
embed(const struct front *f, enum level level, struct bytes state,
    struct bytes value, size_t document_len, struct insertion *out)
{
	CLEANUP(buf_done) struct buf token = BUF(1);
	if (level >= LEVEL_T)
		TRY(level_stamp_value(f, state, value, &token));
	return ask_embed(f, state, value, buf_bytes(&token), document_len, out);
}

/* One value, by the keyholder. */
static struct err *
sign_one(const struct front *f, const struct credential *c, struct sig_alg alg,
    const struct secret_of *secret, struct bytes digest, struct buf *value)
{
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	struct bytes got;
	TRY(sign_digests(f, c->id, alg, secret, &digest, 1, &m));
	struct unpack u = unpack_of(buf_bytes(&m.body));
	TRY(unpack_bytes(&u, 1, &got));
	TRY(unpack_end(&u));
	return buf_append(value, got);
}

/* ---- signDoc ---- */

/* "attachment; filename*=UTF-8''h%E1%BB%93%20s%C6%A1.pdf" (RFC 8187). */
static struct err *
disposition(const char *name, char **out)
{
	CLEANUP(buf_done) struct buf b = BUF(PARAM_MAX * 3 + 64);
	TRY(buf_str(&b, "attachment; filename*=UTF-8''"));
	for (; *name != '\0'; name++) {
		unsigned char c = (unsigned char)*name;
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9') || c == '-' || c == '.' ||
			     c == '_';
		if (plain)
			TRY(buf_byte(&b, c));
		else
			TRY(buf_printf(&b, "%%%02X", c));
	}
	return bytes_dup_str(buf_bytes(&b), out);
}

/* The type that came in, unless nobody said; never one that a browser would
 * show as a page of ours. */
const char *
signed_type(const struct request *r)
{
	static const char *const types[] = { "application/pdf",
		"application/xml", "application/pkcs7-mime",
		"application/cms", "application/vnd.etsi.asic-s+zip",
		"application/vnd.etsi.asic-e+zip" };
	const char *media = r->form != NULL ? r->form->media : r->media;
	if (strcmp(media, "text/xml") == 0)
		return "application/xml";
	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (strcmp(media, types[i]) == 0)
			return types[i];
	return "application/octet-stream";
}

static struct err *
sign_document(struct request *r, const struct credential *c,
    const struct auth *auth, struct insertion *out)
{
	struct sig_alg alg;
	enum level level;
	struct prepared p = { 0 };
	CLEANUP(buf_done) struct buf value = BUF(SIGNATURE_MAX);
	TRY(level_param(r, &level));
	TRY(credential_alg(c, &alg));
	struct err *e = prepare(r, c, alg, &p);
	if (e == NULL)
		e = sign_one(r->front, c, alg, &auth->secret,
		    bytes_of(p.digest, digest_len(alg.digest)), &value);
	if (e == NULL)
		e = embed(r->front, level, buf_bytes(&p.state),
		    buf_bytes(&value), r->document.len, out);
	prepared_done(&p);
	if (e == NULL && level > LEVEL_T)
		e = level_raise(r->front, &r->document, NULL, LEVEL_T, level,
		    r->front->s->status_seconds * 1000, out);
	return e;
}

static struct err *
sign_doc(struct request *r, const char *id, struct reply *out)
{
	CLEANUP(auth_done) struct auth auth = { 0 };
	CLEANUP(credential_done) struct credential c = { 0 };
	const char *filename;
	TRY(auth_header(r, &auth));
	auth.secret.unbound = true;
	TRY(request_param(r, "filename", &filename));
	TRY(credential_get(r->front, id, &c));
	TRY(credential_usable(&c));
	TRY(sign_document(r, &c, &auth, &out->insertion));
	if (filename != NULL)
		TRY(disposition(filename, &out->disposition));
	out->document = spool_move(&r->document);
	out->streamed = true;
	out->status = 200;
	out->type = signed_type(r);
	return NULL;
}

static struct err *
pack_digest(struct buf *out, uint16_t tag, struct bytes what)
{
	uint8_t hash[DIGEST_MAX];
	TRY(digest_of(DIGEST_SHA256, what, hash));
	return pack_bytes(out, tag, bytes_of(hash, digest_len(DIGEST_SHA256)));
}

/* What makes two calls the same.  A PIN stays out: its hash would lie in the
 * store, and six digits are soon tried. */
static struct err *
sign_material(const struct request *r, const char *credential, struct buf *out)
{
	TRY(pack_str(out, 1, r->path));
	TRY(pack_str(out, 2, credential));
	TRY(pack_bytes(out, 3, bytes_of(r->document.sha256, 32)));
	TRY(pack_str(out, 4, request_header(r, "Signd-Authorization")));
	if (r->form != NULL) {
		TRY(pack_digest(out, 6, buf_bytes(&r->form->picture)));
		TRY(pack_digest(out, 7, buf_bytes(&r->form->seal)));
	}
	return choices_material(r, out);
}

/* Signing again with a plain PIN does no harm; the others are good once only,
 * so whoever lost the answer must be able to ask for it again. */
static bool
is_good_once(const struct request *r)
{
	const char *auth = request_header(r, "Signd-Authorization");
	return auth != NULL && (strncmp(auth, "SAD ", 4) == 0 ||
				   strncmp(auth, "SEALED ", 7) == 0);
}

/* The remembered answer is the insertion; the document came again. */
static void
attach_document(struct request *r, struct reply *out)
{
	if (out->streamed)
		out->document = spool_move(&r->document);
}

struct err *
post_sign_doc(struct request *r, struct reply *out)
{
	const char *id;
	bool replayed = false;
	struct once once = { 0 };
	TRY(choices_known(r));
	TRY(request_param(r, "credentialID", &id));
	if (id == NULL)
		return err_coded(
		    err_new(ERR_USAGE, NULL, "credentialID is missing"),
		    "parameter");
	if (is_good_once(r)) {
		CLEANUP(buf_done) struct buf material = BUF(65536);
		TRY(sign_material(r, id, &material));
		TRY(once_claim(r, buf_bytes(&material), &once, out, &replayed));
		wipe(material.ptr, material.len);
	}
	if (replayed) {
		attach_document(r, out);
		return NULL;
	}
	bool answered;
	struct err *e =
	    auth_problem(r, id, sign_doc(r, id, out), out, &answered);
	once_end(r, &once, out, e == NULL && !answered);
	return e;
}

/* ---- prepare now, complete later ---- */

enum draft_tag {
	DRAFT_CREDENTIAL = 1,
	DRAFT_LENGTH,
	DRAFT_ALG,
	DRAFT_DIGEST,
	DRAFT_CERT,
	DRAFT_LEVEL,
	DRAFT_STATE
};

static struct err *
draft_id(struct buf *out)
{
	uint8_t raw[DRAFT_ID_BYTES];
	if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
		return err_new(ERR_INTERNAL, NULL, "getrandom");
	return hex_encode(bytes_of(raw, sizeof(raw)), out);
}

static struct err *
draft_pack(const struct request *r, const struct credential *c,
    struct sig_alg alg, const struct prepared *p, struct buf *out)
{
	CLEANUP(buf_done) struct buf der = BUF(256);
	enum level level;
	TRY(level_param(r, &level));
	TRY(sig_alg_encode(alg, &der));
	TRY(pack_str(out, DRAFT_CREDENTIAL, c->id));
	TRY(pack_u64(out, DRAFT_LENGTH, r->document.len));
	TRY(pack_bytes(out, DRAFT_ALG, buf_bytes(&der)));
	TRY(pack_bytes(
	    out, DRAFT_DIGEST, bytes_of(p->digest, digest_len(p->digest_alg))));
	TRY(pack_bytes(out, DRAFT_CERT, cert_der(c->cert)));
	TRY(pack_u64(out, DRAFT_LEVEL, (uint64_t)level));
	return pack_bytes(out, DRAFT_STATE, buf_bytes(&p->state));
}

static struct err *
reply_draft(const char *id, struct sig_alg alg, const struct prepared *p,
    int64_t expires, struct reply *out)
{
	CLEANUP(json_freep) json_t *doc = NULL;
	CLEANUP(buf_done) struct buf when = BUF(64);
	TRY(json_new(&doc));
	TRY(json_put_str(doc, "signatureID", id));
	TRY(json_put_base64(
	    doc, "hash", bytes_of(p->digest, digest_len(p->digest_alg))));
	TRY(json_put_str(doc, "hashAlgorithmOID", digest_oid(alg.digest)));
	TRY(json_put_str(doc, "signAlgo", sig_alg_oid(alg)));
	TRY(time_format_iso(expires, TIME_VIETNAM_OFFSET_MIN, &when));
	TRY(json_put_bytes(doc, "expires", buf_bytes(&when)));
	return reply_json(out, 201, doc);
}

static struct err *
keep_draft(struct request *r, const struct credential *c, struct sig_alg alg,
    const struct prepared *p, struct reply *out)
{
	CLEANUP(buf_done) struct buf id = BUF(64);
	CLEANUP(buf_done) struct buf draft = BUF(FRONT_DRAFT_MAX);
	const char *name;
	int64_t expires = clock_now(&clock_system) + DRAFT_SECONDS;
	TRY(draft_id(&id));
	TRY(buf_cstr(&id, &name));
	TRY(draft_pack(r, c, alg, p, &draft));
	TRY(front_draft_put(r->front->store, name, buf_bytes(&draft), expires));
	return reply_draft(name, alg, p, expires, out);
}

/* What is above T is made of the signed document, which will not be here. */
static struct err *
check_prepare_level(const struct request *r)
{
	enum level level;
	TRY(level_param(r, &level));
	return level <= LEVEL_T
		   ? NULL
		   : err_coded(err_new(ERR_USAGE, NULL, "extend it afterwards"),
			 "parameter");
}

struct err *
post_sign_prepare(struct request *r, struct reply *out)
{
	const char *id;
	struct sig_alg alg;
	CLEANUP(credential_done) struct credential c = { 0 };
	TRY(choices_known(r));
	TRY(request_param(r, "credentialID", &id));
	if (id == NULL)
		return err_coded(
		    err_new(ERR_USAGE, NULL, "credentialID is missing"),
		    "parameter");
	TRY(check_prepare_level(r));
	TRY(credential_get(r->front, id, &c));
	TRY(credential_usable(&c));
	TRY(credential_alg(&c, &alg));
	struct prepared p = { 0 };
	struct err *e = prepare(r, &c, alg, &p);
	if (e == NULL)
		e = keep_draft(r, &c, alg, &p, out);
	prepared_done(&p);
	return e;
}

struct draft {
	struct buf raw;
	char *credential;
	uint64_t length;
	struct sig_alg alg;
	struct bytes digest; /* this and state borrow from raw */
	struct bytes state;
	uint64_t level;
	struct cert *cert;
};

static void
draft_done(struct draft *d)
{
	buf_done(&d->raw);
	free(d->credential);
	cert_free(d->cert);
}

static struct err *
draft_get(const struct front *f, const char *id, struct draft *d)
{
	struct bytes alg;
	struct bytes cert;
	d->raw = BUF(FRONT_DRAFT_MAX);
	TRY(front_draft_get(f->store, id, &d->raw));
	struct unpack u = unpack_of(buf_bytes(&d->raw));
	TRY(unpack_str(&u, DRAFT_CREDENTIAL, &d->credential));
	TRY(unpack_u64(&u, DRAFT_LENGTH, &d->length));
	TRY(unpack_bytes(&u, DRAFT_ALG, &alg));
	TRY(unpack_bytes(&u, DRAFT_DIGEST, &d->digest));
	TRY(unpack_bytes(&u, DRAFT_CERT, &cert));
	TRY(unpack_u64(&u, DRAFT_LEVEL, &d->level));
	TRY(unpack_bytes(&u, DRAFT_STATE, &d->state));
	TRY(unpack_end(&u));
	TRY(sig_alg_parse(alg, DIGEST_NONE, &d->alg));
	return cert_parse(cert, &d->cert);
}

/* A value that was made elsewhere must be of this certificate's key. */
static struct err *
check_value(const struct draft *d, struct bytes value)
{
	bool ok = false;
	TRY(cert_verify_digest(d->cert, d->alg, d->digest, value, &ok));
	if (!ok)
		return err_coded(
		    err_new(ERR_MALFORMED, NULL, "not of this certificate"),
		    "value-wrong");
	return NULL;
}

static struct err *
draft_value(struct request *r, const struct draft *d, struct json_fields *f,
    struct buf *value)
{
	CLEANUP(auth_done) struct auth auth = { 0 };
	CLEANUP(credential_done) struct credential c = { 0 };
	TRY(json_base64(f, "signature", true, value));
	if (value->len > 0) {
		TRY(json_end(f));
		return check_value(d, buf_bytes(value));
	}
	TRY(auth_json(f, &auth));
	TRY(json_end(f));
	TRY(credential_get(r->front, d->credential, &c));
	TRY(credential_usable(&c));
	return sign_one(r->front, &c, d->alg, &auth.secret, d->digest, value);
}

static struct err *
reply_insertion(const struct insertion *in, uint64_t length, struct reply *out)
{
	CLEANUP(json_freep) json_t *doc = NULL;
	TRY(json_new(&doc));
	TRY(json_put_int(doc, "at", (int64_t)in->at));
	TRY(json_put_int(doc, "cut", (int64_t)in->cut));
	if (in->head.len > 0 || in->head_cut > 0) {
		TRY(json_put_base64(doc, "head", buf_bytes(&in->head)));
		TRY(json_put_int(doc, "headCut", (int64_t)in->head_cut));
	}
	TRY(json_put_base64(doc, "insertion", buf_bytes(&in->bytes)));
	TRY(json_put_int(doc, "length", (int64_t)insertion_size(in, length)));
	return reply_json(out, 200, doc);
}

static struct err *
complete(struct request *r, const char *id, const struct draft *d,
    struct json_fields *f, struct reply *out)
{
	CLEANUP(buf_done) struct buf value = BUF(SIGNATURE_MAX);
	struct insertion in = { 0 };
	TRY(draft_value(r, d, f, &value));
	struct err *e = embed(r->front, (enum level)d->level, d->state,
	    buf_bytes(&value), (size_t)d->length, &in);
	if (e == NULL)
		e = reply_insertion(&in, d->length, out);
	insertion_done(&in);
	if (e == NULL)
		e = front_draft_drop(r->front->store, id, NULL);
	return e;
}

struct err *
post_sign_complete(struct request *r, struct reply *out)
{
	CLEANUP(json_freep) json_t *doc = NULL;
	CLEANUP(draft_done) struct draft d = { 0 };
	const char *id;
	bool answered;
	bool replayed = false;
	struct once once = { 0 };
	TRY(request_json(r, &doc));
	struct json_fields f = { .object = doc };
	TRY(json_str(&f, "signatureID", 1, 64, &id));
	/* A PIN is not remembered, not even as a hash; sealed, it tells nobody
	 * anything. */
	if (json_object_get(doc, "PIN") == NULL)
		TRY(once_claim(r, buf_bytes(&r->json), &once, out, &replayed));
	if (replayed)
		return NULL;
	struct err *e = draft_get(r->front, id, &d);
	if (e == NULL)
		e = complete(r, id, &d, &f, out);
	e = auth_problem(
	    r, d.credential != NULL ? d.credential : "", e, out, &answered);
	once_end(r, &once, out, e == NULL && !answered);
	return e;
}

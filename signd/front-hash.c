/* Signing by hash: a PIN buys a SAD, a PIN or a SAD buys signatures. */
#include <stdlib.h>
#include <string.h>

#include "base/pack.h"
#include "signd/front-auth.h"
#include "signd/proto.h"

#define SIGNATURE_MAX 4096 /* bytes of one value */

/* ---- signHash ---- */

struct hashes {
	enum digest_alg alg;
	struct buf data;
	struct bytes v[HASHES_MAX];
	size_t n;
};

static void
free_hashes(struct hashes **h)
{
	if (*h != NULL)
		buf_done(&(*h)->data);
	free(*h);
}

static struct err *
field_error(const char *why)
{
	return err_coded(err_new(ERR_USAGE, NULL, "%s", why), "json-field");
}

static struct err *
read_hashes(struct json_fields *f, bool optional, struct hashes *out)
{
	json_t *list;
	const char *oid;
	TRY(json_list(f, "hashes", &list));
	TRY(json_str(f, "hashAlgorithmOID", 0, 64, &oid));
	out->alg = oid == NULL ? DIGEST_SHA256 : digest_by_oid(oid);
	size_t len = digest_len(out->alg);
	if (out->alg != DIGEST_SHA256 && out->alg != DIGEST_SHA384 &&
	    out->alg != DIGEST_SHA512)
		return field_error("hashAlgorithmOID: not one that we sign");
	size_t n = list == NULL ? 0 : json_array_size(list);
	if (n > HASHES_MAX || (n == 0 && !optional))
		return field_error("hashes: none, or too many");
	out->data = BUF(HASHES_MAX * DIGEST_MAX + DIGEST_MAX);
	/* The pointers into it must not move. */
	TRY(buf_reserve(&out->data, n * len + DIGEST_MAX));
	for (size_t i = 0; i < n; i++) {
		size_t at = out->data.len;
		const char *text = json_string_value(json_array_get(list, i));
		struct err *e =
		    text == NULL || strlen(text) > 2 * DIGEST_MAX
			? field_error("hashes: no text, or too long")
			: base64_decode(bytes_str(text), &out->data);
		if (e != NULL || out->data.len - at != len) {
			err_free(e);
			return err_coded(err_new(ERR_USAGE, NULL,
					     "hashes[%zu]: not Base64 of a "
					     "digest of %zu bytes",
					     i, len),
			    "json-field");
		}
		out->v[out->n++] = bytes_of(out->data.ptr + at, len);
	}
	return NULL;
}

/* CSC names either the key's algorithm or the signature's. */
static struct err *
check_sign_algo(const char *asked, struct sig_alg alg)
{
	const char *key = alg.form == SIG_ECDSA ? "1.2.840.10045.2.1"
						: "1.2.840.113549.1.1.1";
	const char *whole = sig_alg_oid(alg);
	if (strcmp(asked, key) == 0 || (whole != NULL && strcmp(asked, whole) == 0))
		return NULL;
	return field_error("signAlgo: the key does not sign so");
}

/* The keyholder knows the key, and whether it may be used; only who names an
 * algorithm wants it looked up here, to hear before the PIN is tried that the
 * key does not sign so. */
static struct err *
choose_alg(const struct request *r, const char *id, struct json_fields *f,
    struct sig_alg *out)
{
	const char *asked;
	enum digest_alg digest = out->digest;
	CLEANUP(credential_done) struct credential c = { 0 };
	TRY(json_str(f, "signAlgo", 0, 64, &asked));
	if (asked == NULL)
		return NULL;
	TRY(credential_get(r->front, id, &c));
	TRY(credential_usable(&c));
	TRY(credential_alg(&c, out));
	out->digest = digest;
	return check_sign_algo(asked, *out);
}

static struct err *
reply_signatures(struct bytes answer, size_t n, struct reply *out)
{
	CLEANUP(json_freep) json_t *doc = NULL;
	json_t *list = json_array();
	struct unpack u = unpack_of(answer);
	TRY(json_new(&doc));
	TRY(json_put(doc, "signatures", list));
	for (size_t i = 0; i < n; i++) {
		struct bytes value;
		CLEANUP(buf_done) struct buf text = BUF(SIGNATURE_MAX * 2);
		TRY(unpack_bytes(&u, 1, &value));
		TRY(base64_encode(value, &text));
		if (json_array_append_new(list,
			json_stringn((const char *)text.ptr, text.len)) != 0)
			return err_new(ERR_NOMEM, NULL, "signatures");
	}
	TRY(unpack_end(&u));
	return reply_json(out, 200, doc);
}

static struct err *
sign_hashes(
    struct request *r, const char *id, struct json_fields *f, struct reply *out)
{
	CLEANUP(auth_done) struct auth auth = { 0 };
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	CLEANUP(free_hashes) struct hashes *h = calloc(1, sizeof(*h));
	if (h == NULL)
		return err_new(ERR_NOMEM, NULL, "hashes");
	TRY(auth_json(f, &auth));
	TRY(read_hashes(f, false, h));
	struct sig_alg alg = { .digest = h->alg };
	TRY(choose_alg(r, id, f, &alg));
	TRY(json_end(f));
	TRY(sign_digests(r->front, id, alg, &auth.secret, h->v, h->n, &m));
	return reply_signatures(buf_bytes(&m.body), h->n, out);
}

typedef struct err *answer_json(
    struct request *r, const char *id, struct json_fields *f, struct reply *out);

/* Under an Idempotency-Key asked again, it is answered as before.  A PIN is not
 * remembered, not even as a hash; sealed, it tells nobody anything. */
static struct err *
answer_once(struct request *r, answer_json *answer, struct reply *out)
{
	CLEANUP(json_freep) json_t *doc = NULL;
	const char *id;
	bool answered, replayed = false;
	struct once once = { 0 };
	TRY(request_json(r, &doc));
	struct json_fields f = { .object = doc };
	TRY(json_str(&f, "credentialID", 1, CREDENTIAL_MAX, &id));
	if (json_object_get(doc, "PIN") == NULL)
		TRY(once_claim(r, buf_bytes(&r->json), &once, out, &replayed));
	if (replayed)
		return NULL;
	struct err *e =
	    auth_problem(r, id, answer(r, id, &f, out), out, &answered);
	once_end(r, &once, out, e == NULL && !answered);
	return e;
}

struct err *
post_sign_hash(struct request *r, struct reply *out)
{
	return answer_once(r, sign_hashes, out);
}

/* ---- authorize ---- */

static struct err *
reply_sad(struct bytes answer, struct reply *out)
{
	struct unpack u = unpack_of(answer);
	struct bytes sad;
	int64_t expires;
	CLEANUP(buf_done) struct buf text = BUF(SECRET_MAX * 2);
	CLEANUP(json_freep) json_t *doc = NULL;
	TRY(unpack_bytes(&u, 1, &sad));
	TRY(unpack_i64(&u, 2, &expires));
	TRY(unpack_end(&u));
	TRY(base64url_encode(sad, &text));
	TRY(json_new(&doc));
	TRY(json_put_bytes(doc, "SAD", buf_bytes(&text)));
	TRY(json_put_int(doc, "expiresIn", expires));
	return reply_json(out, 200, doc);
}

static struct err *
authorize(
    struct request *r, const char *id, struct json_fields *f, struct reply *out)
{
	CLEANUP(auth_done) struct auth auth = { 0 };
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	CLEANUP(buf_wipe_done)
	struct buf body = BUF(HASHES_MAX * (DIGEST_MAX + 8) + SECRET_MAX);
	int64_t count;
	CLEANUP(free_hashes) struct hashes *h = calloc(1, sizeof(*h));
	if (h == NULL)
		return err_new(ERR_NOMEM, NULL, "hashes");
	TRY(auth_json(f, &auth));
	if (auth.secret.sad.len > 0)
		return field_error("a SAD buys no SAD");
	TRY(read_hashes(f, true, h));
	int64_t least = h->n > 0 ? (int64_t)h->n : 1;
	TRY(json_int(f, "numSignatures", least, HASHES_MAX, least, &count));
	TRY(json_end(f));
	TRY(pack_authorize(
	    id, &auth.secret, count, h->alg, h->v, h->n, &body));
	TRY(ask_keyholder(r->front, KEY_AUTHORIZE, buf_bytes(&body), &m));
	return reply_sad(buf_bytes(&m.body), out);
}

struct err *
post_authorize(struct request *r, struct reply *out)
{
	return answer_once(r, authorize, out);
}

/* Signing in two steps: the document goes up once, what comes back is put
 * into it here. */
#include "client-sdk/client.h"

#include "base/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HASH_MAX 1024 /* bytes in Base64 */
#define COPY_BYTES 65536

/* What signd_prepare was told. */
struct prepared_answer {
	json_t *json;
	const char *id; /* these borrow */
	const char *oid;
	struct buf digest;
};

static void
prepared_answer_done(struct prepared_answer *p)
{
	json_decref(p->json);
	buf_done(&p->digest);
}

static struct err *
prepared_read(const char *text, struct prepared_answer *p)
{
	p->digest = BUF(HASH_MAX);
	TRY(json_parse(bytes_str(text), &p->json));
	p->id = json_string_value(json_object_get(p->json, "signatureID"));
	p->oid =
	    json_string_value(json_object_get(p->json, "hashAlgorithmOID"));
	const char *hash = json_string_value(json_object_get(p->json, "hash"));
	if (p->id == NULL || p->oid == NULL || hash == NULL)
		return err_new(
		    ERR_USAGE, NULL, "this is no answer of signd_prepare");
	return base64_decode(bytes_str(hash), &p->digest);
}

struct signd_error *
signd_prepare(struct signd *s, const char *credential,
    const struct signd_sign_options *options, int in_fd, char **out_json)
{
	CLEANUP(buf_done) struct buf path = BUF(16384);
	CLEANUP(buf_done) struct buf answer = BUF(ANSWER_MAX);
	struct request r = REQUEST_NONE;
	LOCAL(sign_path("/v1/signatures/prepare", credential, options, &path));
	LOCAL(buf_cstr(&path, &r.path));
	r.media_type = options != NULL ? options->media_type : NULL;
	LOCAL(request_in(&r, in_fd));
	struct signd_error *e = perform(s, &r, &answer);
	if (e != NULL)
		return e;
	LOCAL(bytes_dup_str(buf_bytes(&answer), out_json));
	return NULL;
}

/* ---- what comes back, and where it goes ---- */

struct pieces {
	struct buf head;  /* in the place of the first head_cut bytes */
	struct buf bytes; /* at `at`, in the place of `cut` bytes */
	uint64_t head_cut, at, cut;
	uint64_t length; /* of the signed document */
};

static void
pieces_done(struct pieces *p)
{
	buf_done(&p->head);
	buf_done(&p->bytes);
}

static struct err *
read_piece(const json_t *j, const char *name, struct buf *out)
{
	const char *text = json_string_value(json_object_get(j, name));
	*out = BUF(ANSWER_MAX);
	return text == NULL ? NULL : base64_decode(bytes_str(text), out);
}

/* Absent, it is 0. */
static uint64_t
read_number(const json_t *j, const char *name)
{
	json_int_t n = json_integer_value(json_object_get(j, name));
	return n < 0 ? UINT64_MAX : (uint64_t)n;
}

static struct err *
pieces_read(const char *text, struct pieces *out)
{
	CLEANUP(json_decrefp) json_t *j = NULL;
	TRY(json_parse(bytes_str(text), &j));
	TRY(read_piece(j, "head", &out->head));
	TRY(read_piece(j, "insertion", &out->bytes));
	out->head_cut = read_number(j, "headCut");
	out->at = read_number(j, "at");
	out->cut = read_number(j, "cut");
	out->length = read_number(j, "length");
	return NULL;
}

/* A document of another length is not the one that was prepared. */
static struct err *
pieces_check(const struct pieces *p, int in_fd, uint64_t *size)
{
	struct stat st;
	if (fstat(in_fd, &st) != 0)
		return err_errno(errno, "the document");
	*size = (uint64_t)st.st_size;
	if (p->head_cut > p->at || p->at > *size || p->cut > *size - p->at ||
	    *size - p->head_cut - p->cut + p->head.len + p->bytes.len !=
		p->length)
		return err_new(
		    ERR_USAGE, NULL, "another document than was prepared");
	return NULL;
}

static struct err *
put(int fd, struct bytes b)
{
	while (b.len > 0) {
		ssize_t n = write(fd, b.ptr, b.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(errno, "writing");
		b = bytes_from(b, (size_t)n);
	}
	return NULL;
}

static struct err *
copy(int in, uint64_t from, uint64_t to, int out)
{
	uint8_t some[COPY_BYTES];
	while (from < to) {
		size_t want = to - from < sizeof(some) ? (size_t)(to - from)
						       : sizeof(some);
		ssize_t n = pread(in, some, want, (off_t)from);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(errno, "reading");
		if (n == 0)
			return err_new(ERR_USAGE, NULL, "it became shorter");
		TRY(put(out, bytes_of(some, (size_t)n)));
		from += (uint64_t)n;
	}
	return NULL;
}

static struct err *
pieces_apply(const struct pieces *p, int in, int out)
{
	uint64_t size;
	TRY(pieces_check(p, in, &size));
	TRY(put(out, buf_bytes(&p->head)));
	TRY(copy(in, p->head_cut, p->at, out));
	TRY(put(out, buf_bytes(&p->bytes)));
	return copy(in, p->at + p->cut, size, out);
}

/* ---- the second step ---- */

static struct signd_error *
complete_body(struct signd *s, const char *credential,
    const struct prepared_answer *p, struct signd_authorization a, json_t **out)
{
	const struct signd_bytes digest = { p->digest.ptr, p->digest.len };
	LOCAL(authorization_check(a));
	CLEANUP(free_charp) char *sealed = NULL;
	struct signd_error *e = NULL;
	if (a.pin != NULL)
		e = pin_seal_signing(s, a.pin, a.code, credential, 1, p->oid,
		    &digest, 1, &sealed);
	if (e != NULL)
		return e;
	*out = json_pack("{s:s, s:s}", "signatureID", p->id,
	    sealed != NULL ? "sealedPIN" : "SAD",
	    sealed != NULL ? sealed : a.sad);
	if (*out == NULL)
		LOCAL(err_new(ERR_MALFORMED, NULL, "not UTF-8"));
	return NULL;
}

struct signd_error *
signd_complete(struct signd *s, const char *credential,
    struct signd_authorization authorization, const char *prepared_json,
    int in_fd, int out_fd)
{
	CLEANUP(prepared_answer_done) struct prepared_answer p = { 0 };
	CLEANUP(pieces_done) struct pieces pieces = { 0 };
	CLEANUP(json_decrefp) json_t *body = NULL;
	CLEANUP(free_charp) char *answer = NULL;
	LOCAL(prepared_read(prepared_json, &p));
	struct signd_error *e =
	    complete_body(s, credential, &p, authorization, &body);
	if (e == NULL)
		e = perform_json(s, "/v1/signatures/complete", body, &answer);
	if (e != NULL)
		return e;
	LOCAL(pieces_read(answer, &pieces));
	LOCAL(pieces_apply(&pieces, in_fd, out_fd));
	return NULL;
}

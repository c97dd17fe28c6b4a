/*
 * Signature levels: time stamps by our own authority or another's, evidence
 * out of the ledger, one level after the other, each on the outcome of the
 * last.  Documents are never parsed here: workers say what is in them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "base/pack.h"
#include "cms/tsp.h"
#include "signd/front-level.h"
#include "signd/proto.h"
#include "worker/job.h"

#define TOKEN_MAX (1024 * 1024) /* bytes of a time stamp */
#define STAMP_SECONDS 30        /* for another's authority */
#define NONCE_BYTES 8
#define EXTEND_MAX (32 * 1024 * 1024) /* bytes: evidence, content */

/* ---- what was asked for ---- */

/* CSC API v2 11.11 writes "AdES-B-B" and "Ades-B-B", with B or without. */
struct err *
level_param(const struct request *r, enum level *out)
{
	static const struct {
		const char *name;
		enum level level;
	} names[] = { { "B", LEVEL_B }, { "T", LEVEL_T }, { "LT", LEVEL_LT },
		{ "LTA", LEVEL_LTA } };
	const char *text;
	*out = LEVEL_B;
	TRY(request_param(r, "conformance_level", &text));
	if (text == NULL)
		return NULL;
	if (strncasecmp(text, "AdES-B-", 7) == 0)
		text += 7;
	else if (strncasecmp(text, "AdES-", 5) == 0)
		text += 5;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(text, names[i].name) == 0) {
			*out = names[i].level;
			return NULL;
		}
	return err_coded(
	    err_new(ERR_USAGE, "CSC API v2 11.11", "no such conformance_level"),
	    "parameter");
}

/* ---- time stamps ---- */

static struct err *
stamp_of_ours(const struct front *f, enum digest_alg alg, struct bytes digest,
    struct buf *token)
{
	CLEANUP(buf_done) struct buf body = BUF(4096);
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	struct bytes got;
	TRY(pack_str(&body, 1, digest_oid(alg)));
	TRY(pack_bytes(&body, 2, digest));
	TRY(pack_bytes(&body, 3, BYTES_NONE));
	TRY(pack_str(&body, 4, ""));
	TRY(pack_u64(&body, 5, 1));
	TRY(ask_keyholder(f, KEY_TIMESTAMP, buf_bytes(&body), &m));
	struct unpack u = unpack_of(buf_bytes(&m.body));
	TRY(unpack_bytes(&u, 1, &got));
	return buf_append(token, got);
}

static struct err *
fetch_stamp(
    const struct front *f, struct bytes request, struct ipc_message *answer)
{
	CLEANUP(buf_done) struct buf body = BUF(8192);
	TRY(pack_str(&body, 1, f->s->stamp_url));
	TRY(pack_u64(&body, 2, TOKEN_MAX));
	TRY(pack_u64(&body, 3, STAMP_SECONDS * 1000));
	TRY(pack_str(&body, 4, "application/timestamp-query"));
	TRY(pack_bytes(&body, 5, request));
	return ask_fetcher(f, FETCH_POST, buf_bytes(&body), TOKEN_MAX + 64,
	    STAMP_SECONDS * 1000, answer);
}

/* Another's authority: what it answers is for a worker to read. */
static struct err *
stamp_of_another(const struct front *f, enum digest_alg alg,
    struct bytes digest, struct buf *token)
{
	uint8_t nonce[NONCE_BYTES];
	CLEANUP(buf_done) struct buf request = BUF(4096);
	CLEANUP(buf_done) struct buf body = BUF(TOKEN_MAX + 8192);
	CLEANUP(ipc_message_done) struct ipc_message fetched = { 0 };
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	struct bytes response, got;
	if (getrandom(nonce, sizeof(nonce), 0) != (ssize_t)sizeof(nonce))
		return err_new(ERR_INTERNAL, NULL, "getrandom");
	const struct tsq q = { .alg = alg,
		.imprint = digest,
		.nonce = bytes_of(nonce, sizeof(nonce)),
		.wants_cert = true };
	TRY(tsq_make(&q, &request));
	TRY(fetch_stamp(f, buf_bytes(&request), &fetched));
	struct unpack u = unpack_of(buf_bytes(&fetched.body));
	TRY(unpack_bytes(&u, 1, &response));
	TRY(pack_bytes(&body, 1, buf_bytes(&request)));
	TRY(pack_bytes(&body, 2, response));
	TRY(ask_worker(f, WORKER_TOKEN, buf_bytes(&body), -1, &m));
	u = unpack_of(buf_bytes(&m.body));
	TRY(unpack_bytes(&u, 1, &got));
	return buf_append(token, got);
}

struct err *
level_stamp_digest(const struct front *f, enum digest_alg alg,
    struct bytes digest, struct buf *token)
{
	return f->s->stamp_url[0] != '\0'
		   ? stamp_of_another(f, alg, digest, token)
		   : stamp_of_ours(f, alg, digest, token);
}

struct err *
level_stamp_value(const struct front *f, struct bytes state, struct bytes value,
    struct buf *token)
{
	CLEANUP(buf_done) struct buf body = BUF(STATE_MAX + 8192);
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	struct bytes digest;
	*token = BUF(TOKEN_MAX);
	TRY(pack_bytes(&body, 1, state));
	TRY(pack_bytes(&body, 2, value));
	TRY(pack_u64(&body, 3, DIGEST_SHA256));
	TRY(ask_worker(f, WORKER_STAMP, buf_bytes(&body), -1, &m));
	struct unpack u = unpack_of(buf_bytes(&m.body));
	TRY(unpack_bytes(&u, 1, &digest));
	return level_stamp_digest(f, DIGEST_SHA256, digest, token);
}

/* ---- documents and what becomes of them ---- */

struct view {
	void *ptr;
	size_t len;
};

static void
view_done(struct view *v)
{
	if (v->ptr != NULL)
		munmap(v->ptr, v->len);
}

static struct err *
view_of(const struct spool *s, struct view *out)
{
	if (s->len == 0)
		return NULL;
	void *p = mmap(NULL, s->len, PROT_READ, MAP_PRIVATE, s->fd, 0);
	if (p == MAP_FAILED)
		return err_errno(errno, "mapping a document");
	*out = (struct view){ p, s->len };
	return NULL;
}

/* outcome writes what an insertion makes of a document. */
static struct err *
outcome(const struct front *f, const struct spool *document,
    const struct insertion *i, struct spool *out)
{
	CLEANUP(view_done) struct view v = { 0 };
	struct bytes pieces[INSERTION_PIECES];
	TRY(insertion_check(i, document->len));
	TRY(view_of(document, &v));
	size_t n = insertion_pieces(i, bytes_of(v.ptr, v.len), pieces);
	size_t size = insertion_size(i, document->len);
	TRY(spool_init(out, f->s->spool_dir, (size_t)f->s->memory_document_max,
	    (size_t)f->s->document_max + INSERTION_MAX, size));
	for (size_t k = 0; k < n; k++)
		TRY(spool_write(out, pieces[k]));
	return spool_finish(out);
}

/* What two documents have in common at both ends stays; the rest is one
 * insertion, so that an answer can be given again for the same document. */
static struct err *
difference(const struct spool *before, const struct spool *after,
    struct insertion *out)
{
	CLEANUP(view_done) struct view a = { 0 };
	CLEANUP(view_done) struct view b = { 0 };
	TRY(view_of(before, &a));
	TRY(view_of(after, &b));
	const uint8_t *x = a.ptr, *y = b.ptr;
	size_t most = a.len < b.len ? a.len : b.len, same = 0, tail = 0;
	while (same < most && x[same] == y[same])
		same++;
	while (tail < most - same && x[a.len - 1 - tail] == y[b.len - 1 - tail])
		tail++;
	insertion_done(out);
	*out = (struct insertion){ .at = same,
		.cut = a.len - same - tail,
		.bytes = BUF(INSERTION_MAX) };
	return buf_append(&out->bytes, bytes_of(y + same, b.len - same - tail));
}

/* ---- evidence ---- */

/* Our own issuer's certificates, its CRL and its root's; what foreign
 * signatures need comes in them, or not at all. */
struct own {
	struct ipc_message crl, root_crl;
	struct cert_list certs;
	struct bytes crls[2];
	struct evidence evidence;
};

static void
own_done(struct own *o)
{
	ipc_message_done(&o->crl);
	ipc_message_done(&o->root_crl);
	cert_list_done(&o->certs);
}

static struct err *
take_list(struct own *o, const struct ipc_message *m)
{
	struct unpack u = unpack_of(buf_bytes(&m->body));
	struct bytes der;
	TRY(unpack_bytes(&u, 1, &der));
	if (der.len > 0)
		o->crls[o->evidence.ncrls++] = der;
	return NULL;
}

static struct err *
own_get(const struct front *f, struct own *o)
{
	CLEANUP(ipc_message_done) struct ipc_message ca = { 0 };
	TRY(ask_ledger(f, LEDGER_CA, BYTES_NONE, &ca));
	struct unpack u = unpack_of(buf_bytes(&ca.body));
	while (unpack_is(&u, 1)) {
		struct bytes der;
		TRY(unpack_bytes(&u, 1, &der));
		TRY(cert_list_add_der(&o->certs, der));
	}
	TRY(ask_keyholder(f, KEY_CRL, BYTES_NONE, &o->crl));
	TRY(take_list(o, &o->crl));
	TRY(ask_ledger(f, LEDGER_ROOT_CRL, BYTES_NONE, &o->root_crl));
	TRY(take_list(o, &o->root_crl));
	o->evidence.certs = &o->certs;
	o->evidence.crls = o->crls;
	return NULL;
}

/* ---- steps ---- */

static struct err *
ask_extend(const struct front *f, uint16_t op, const struct extend_request *q,
    const struct spool *document, struct ipc_message *m)
{
	CLEANUP(buf_done) struct buf body = BUF(EXTEND_MAX);
	TRY(extend_request_pack(NULL, q, &body));
	return ask_worker(f, op, buf_bytes(&body), document->fd, m);
}

static struct err *
finish_step(const struct front *f, const struct prepared *p,
    const struct spool *document, struct spool *next)
{
	CLEANUP(buf_done) struct buf token = BUF(TOKEN_MAX);
	CLEANUP(insertion_done) struct insertion i = { 0 };
	if (p->digest_alg != DIGEST_NONE)
		TRY(level_stamp_digest(f, p->digest_alg,
		    bytes_of(p->digest, digest_len(p->digest_alg)), &token));
	TRY(ask_embed(f, buf_bytes(&p->state), BYTES_NONE, buf_bytes(&token),
	    document->len, &i));
	return outcome(f, document, &i, next);
}

static struct err *
step(const struct front *f, const struct extend_request *q,
    struct spool *document)
{
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	CLEANUP(prepared_done) struct prepared p = { 0 };
	struct spool next = { .fd = -1 };
	TRY(ask_extend(f, WORKER_EXTEND, q, document, &m));
	TRY(prepared_unpack(buf_bytes(&m.body), &p));
	struct err *e = finish_step(f, &p, document, &next);
	if (e != NULL) {
		spool_done(&next);
		return e;
	}
	spool_done(document);
	*document = spool_move(&next);
	return NULL;
}

/* What a foreign signature is kept with: its paths, and what their issuers and
 * responders say just now.  What our own issuer says is ours to give. */
static struct err *
collect(const struct front *f, const struct spool *document, int64_t wait_ms,
    struct online_kept *out)
{
	CLEANUP(trusted_done) struct trusted t = { 0 };
	CLEANUP(verify_answer_done) struct verify_answer a = { 0 };
	TRY(trusted_get(f, &t));
	const struct verify_request q = { .policy = "basic",
		.time = TIME_NONE,
		.now = clock_now(&clock_system),
		.domains = t.domains,
		.ndomains = t.ndomains,
		.status_data = t.crls,
		.nstatus_data = t.ncrls,
		.extra = &t.ended,
		.index_fds = t.index_fds,
		.nindexes = t.nindexes,
		.status_along = t.nindexes > 0,
		.reports = REPORT_JSON };
	TRY(ask_verification(f, &q, document->fd, wait_ms, out, &a));
	/* Without it the level would be claimed and not reached. */
	bool undecided = a.sub == SUB_TRY_LATER &&
			 strcmp(a.code, "certificate-suspended") != 0;
	/* Nor is anything known of a signer whom nobody here trusts. */
	if (undecided || a.sub == SUB_NO_CERTIFICATE_CHAIN_FOUND)
		return err_coded(err_new(ERR_REMOTE, "EN 319 102-1 5.2.6",
				     "no revocation data was to be had"),
		    "evidence-not-had");
	return NULL;
}

static struct err *
step_with_evidence(const struct front *f, struct extend_request *q,
    const struct own *own, int64_t wait_ms, struct spool *document)
{
	CLEANUP(online_kept_done) struct online_kept kept = { .nders = 0 };
	TRY(collect(f, document, wait_ms, &kept));
	struct bytes crls[SOURCES_MAX + COUNT_OF(own->crls)];
	size_t n = 0;
	for (; n < kept.ncrls; n++)
		crls[n] = kept.crls[n];
	for (size_t i = 0; i < own->evidence.ncrls; i++)
		crls[n++] = own->crls[i];
	q->evidence = (struct evidence){ .certs = &own->certs,
		.ders = kept.ders,
		.nders = kept.nders,
		.crls = crls,
		.ncrls = n,
		.ocsps = kept.ocsps,
		.nocsps = kept.nocsps };
	struct err *e = step(f, q, document);
	q->evidence = own->evidence;
	return e;
}

static struct err *
steps(const struct front *f, const char *id, enum level have, enum level want,
    int64_t wait_ms, struct spool *document)
{
	CLEANUP(own_done) struct own own = { 0 };
	struct extend_request q = { .id = id,
		.stamp_alg = DIGEST_SHA256,
		.time = clock_now(&clock_system) };
	TRY(own_get(f, &own));
	q.evidence = own.evidence;
	for (q.level = LEVEL_T; q.level <= want; q.level++)
		if (q.level == LEVEL_LT)
			TRY(step_with_evidence(f, &q, &own, wait_ms, document));
		else if (q.level > LEVEL_T || have < LEVEL_T)
			TRY(step(f, &q, document));
	return NULL;
}

struct err *
level_raise(const struct front *f, const struct spool *document, const char *id,
    enum level have, enum level want, int64_t wait_ms, struct insertion *io)
{
	CLEANUP(spool_done) struct spool now = { .fd = -1 };
	TRY(outcome(f, document, io, &now));
	TRY(steps(f, id, have, want, wait_ms, &now));
	return difference(document, &now, io);
}

/* The lowest level of the signatures that are meant. */
static struct err *
find_level(const struct request *r, const char *id, enum level *out)
{
	const struct extend_request q = { .stamp_alg = DIGEST_SHA256 };
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	CLEANUP(levels_done) struct levels l = { 0 };
	bool found = false;
	TRY(ask_extend(r->front, WORKER_LEVELS, &q, &r->document, &m));
	TRY(levels_unpack(buf_bytes(&m.body), &l));
	*out = LEVEL_LTA;
	for (size_t i = 0; i < l.n; i++) {
		if (id != NULL && strcmp(id, l.v[i].id) != 0)
			continue;
		found = true;
		if (l.v[i].level < *out)
			*out = l.v[i].level;
	}
	return found
		   ? NULL
		   : err_coded(err_new(ERR_MISSING, NULL, "no such signature"),
			 "no-signature");
}

struct err *
post_extension(struct request *r, struct reply *out)
{
	static const char *const known[] = { "conformance_level", "id", "wait",
		NULL };
	enum level want, have;
	const char *id;
	int64_t wait_ms;
	TRY(request_params_are(r, known));
	TRY(level_param(r, &want));
	TRY(wait_param(r, &wait_ms));
	TRY(request_param(r, "id", &id));
	if (want < LEVEL_T)
		return err_coded(
		    err_new(ERR_USAGE, NULL, "conformance_level: T, LT or LTA"),
		    "parameter");
	if (r->document.len == 0)
		return err_coded(err_new(ERR_USAGE, NULL, "it is empty"),
		    "document-missing");
	TRY(find_level(r, id, &have));
	TRY(level_raise(
	    r->front, &r->document, id, have, want, wait_ms, &out->insertion));
	out->document = spool_move(&r->document);
	out->streamed = true;
	out->status = 200;
	out->type = signed_type(r);
	return NULL;
}

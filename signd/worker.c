/* A worker: one stranger's document at a time, in the sandbox. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/pack.h"
#include "certs/crl_index.h"
#include "pdf/font.h"
#include "signd/ipc.h"
#include "signd/process.h"
#include "signd/proto.h"
#include "signd/roles.h"
#include "worker/job.h"
#include "worker/sandbox.h"

#define ANSWER_MAX (INSERTION_MAX + 65536) /* bytes */
#define BODY_MAX (INSERTION_MAX + 65536)   /* bytes; an embed brings a state */
#define IDLE_MS 30000

struct worker {
	const struct settings *s;
	struct sandbox_limits limits;
	int64_t jobs_left;
};

DEFINE_FREEP(verify_hold_free, struct verify_hold)
DEFINE_FREEP(prepare_hold_free, struct prepare_hold)
DEFINE_FREEP(extend_hold_free, struct extend_hold)

/* The document of a request, mapped. */
struct mapping {
	void *ptr;
	size_t len;
};

static void
unmap(struct mapping *m)
{
	if (m->ptr != NULL)
		munmap(m->ptr, m->len);
}

static struct err *
map_file(int fd, size_t max, struct mapping *m)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return err_errno(errno, "the document");
	if (!S_ISREG(st.st_mode) || st.st_size < 0)
		return err_new(ERR_USAGE, NULL, "the document is no file");
	if ((uint64_t)st.st_size > max)
		return err_coded(
		    err_new(ERR_LIMIT, NULL, "the limit is %zu bytes", max),
		    "document-too-large");
	if (st.st_size == 0)
		return NULL;
	size_t len = (size_t)st.st_size;
	void *p = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return err_errno(errno, "mapping the document");
	*m = (struct mapping){ p, len };
	return NULL;
}

static struct err *
map_document(const struct ipc_message *request, size_t max, struct mapping *m)
{
	if (request->nfds < 1)
		return err_new(ERR_USAGE, NULL, "one document, please");
	return map_file(request->fds[0], max, m);
}

/* Indexes of large lists, behind the document if there is one. */
struct indexes {
	struct mapping maps[INDEXES_MAX];
	struct bytes v[INDEXES_MAX];
	size_t n;
};

static void
indexes_done(struct indexes *x)
{
	for (size_t i = 0; i < x->n; i++)
		unmap(&x->maps[i]);
}

static struct err *
map_indexes(
    const struct ipc_message *request, size_t first, struct indexes *x)
{
	if (request->nfds > first + INDEXES_MAX)
		return err_new(ERR_USAGE, NULL, "over %d indexes", INDEXES_MAX);
	for (size_t i = first; i < request->nfds; i++) {
		struct mapping *m = &x->maps[x->n];
		TRY(map_file(request->fds[i], CRL_INDEX_MAX, m));
		x->v[x->n++] = bytes_of(m->ptr, m->len);
	}
	return NULL;
}

static struct err *
verify(struct bytes document, const struct ipc_message *request,
    struct buf *out)
{
	CLEANUP(indexes_done) struct indexes indexes = { .n = 0 };
	CLEANUP(verify_hold_freep) struct verify_hold *hold = NULL;
	struct verify_request r = { 0 };
	TRY(verify_request_unpack(buf_bytes(&request->body), &r, &hold));
	TRY(map_indexes(request, 1, &indexes));
	TRY(verify_request_attach(hold, indexes.v, indexes.n));
	r.document = document;
	struct verify_answer a = { 0 };
	struct err *e = job_verify(&r, &a);
	if (e == NULL)
		e = verify_answer_pack(&a, out);
	verify_answer_done(&a);
	return e;
}

static struct err *
judge(const struct ipc_message *m, struct buf *out)
{
	CLEANUP(indexes_done) struct indexes indexes = { .n = 0 };
	struct bytes body = buf_bytes(&m->body);
	CLEANUP(verify_hold_freep) struct verify_hold *hold = NULL;
	struct verify_request r = { 0 };
	struct unpack u = unpack_of(body);
	struct bytes facts, request;
	TRY(unpack_bytes(&u, 1, &facts));
	TRY(unpack_bytes(&u, 2, &request));
	TRY(unpack_end(&u));
	TRY(verify_request_unpack(request, &r, &hold));
	TRY(map_indexes(m, 0, &indexes));
	TRY(verify_request_attach(hold, indexes.v, indexes.n));
	struct verify_answer a = { 0 };
	struct err *e = job_judge(facts, &r, &a);
	if (e == NULL)
		e = verify_answer_pack(&a, out);
	verify_answer_done(&a);
	return e;
}

static struct err *
prepare(struct bytes document, struct bytes body, struct buf *out)
{
	CLEANUP(prepare_hold_freep) struct prepare_hold *hold = NULL;
	struct prepare_request r = { 0 };
	TRY(prepare_request_unpack(body, &r, &hold));
	r.document = document;
	struct prepared p = { 0 };
	struct err *e = job_prepare(&r, &p);
	if (e == NULL)
		e = prepared_pack(&p, out);
	prepared_done(&p);
	return e;
}

static struct err *
embed(struct bytes body, struct buf *out)
{
	struct unpack u = unpack_of(body);
	struct bytes state;
	struct bytes value;
	struct bytes token;
	TRY(unpack_bytes(&u, 1, &state));
	TRY(unpack_bytes(&u, 2, &value));
	TRY(unpack_bytes(&u, 3, &token));
	TRY(unpack_end(&u));
	struct insertion i = { 0 };
	struct err *e = job_embed(state, value, token, &i);
	if (e == NULL)
		e = insertion_pack(&i, out);
	insertion_done(&i);
	return e;
}

static struct err *
stamp(struct bytes body, struct buf *out)
{
	struct unpack u = unpack_of(body);
	struct bytes state;
	struct bytes value;
	uint64_t alg;
	uint8_t digest[DIGEST_MAX];
	TRY(unpack_bytes(&u, 1, &state));
	TRY(unpack_bytes(&u, 2, &value));
	TRY(unpack_u64(&u, 3, &alg));
	TRY(unpack_end(&u));
	if (alg >= DIGEST_COUNT)
		return err_new(ERR_MALFORMED, NULL, "no such digest");
	TRY(job_stamp(state, value, (enum digest_alg)alg, digest));
	return pack_bytes(
	    out, 1, bytes_of(digest, digest_len((enum digest_alg)alg)));
}

static struct err *
token(struct bytes body, struct buf *out)
{
	struct unpack u = unpack_of(body);
	struct bytes request;
	struct bytes response;
	CLEANUP(buf_done) struct buf found = BUF(INSERTION_MAX);
	TRY(unpack_bytes(&u, 1, &request));
	TRY(unpack_bytes(&u, 2, &response));
	TRY(unpack_end(&u));
	TRY(job_token(request, response, &found));
	return pack_bytes(out, 1, buf_bytes(&found));
}

static struct err *
extend(struct bytes document, struct bytes body, struct buf *out)
{
	CLEANUP(extend_hold_freep) struct extend_hold *hold = NULL;
	struct extend_request r = { 0 };
	const char *format;
	TRY(extend_request_unpack(body, &format, &r, &hold));
	r.document = document;
	struct prepared p = { 0 };
	struct err *e = job_extend(format, &r, &p);
	if (e == NULL)
		e = prepared_pack(&p, out);
	prepared_done(&p);
	return e;
}

static struct err *
levels(struct bytes document, struct bytes body, struct buf *out)
{
	CLEANUP(extend_hold_freep) struct extend_hold *hold = NULL;
	struct extend_request r = { 0 };
	const char *format;
	TRY(extend_request_unpack(body, &format, &r, &hold));
	r.document = document;
	struct levels l = { 0 };
	struct err *e = job_levels(format, &r, &l);
	if (e == NULL)
		e = levels_pack(&l, out);
	levels_done(&l);
	return e;
}

/* A job on a document, and one on what was made of it before. */
typedef struct err *on_document(struct bytes document, struct bytes body,
    struct buf *out);
typedef struct err *on_state(struct bytes body, struct buf *out);

static const struct job {
	uint16_t op;
	on_document *document;
	on_state *state;
} jobs[] = {
	{ WORKER_PREPARE, prepare, NULL },
	{ WORKER_EMBED, NULL, embed },
	{ WORKER_STAMP, NULL, stamp },
	{ WORKER_EXTEND, extend, NULL },
	{ WORKER_TOKEN, NULL, token },
	{ WORKER_LEVELS, levels, NULL },
};

static struct err *
run_job(const struct worker *w, const struct job *j,
    const struct ipc_message *request, struct buf *out)
{
	CLEANUP(unmap) struct mapping m = { 0 };
	struct bytes body = buf_bytes(&request->body);
	if (request->nfds != (j->document != NULL))
		return err_new(ERR_USAGE, NULL, "one document, please");
	if (j->state != NULL)
		return j->state(body, out);
	TRY(map_document(request, (size_t)w->s->document_max, &m));
	return j->document(bytes_of(m.ptr, m.len), body, out);
}

static struct err *
run_verify(
    const struct worker *w, const struct ipc_message *request, struct buf *out)
{
	CLEANUP(unmap) struct mapping m = { 0 };
	if (request->op == WORKER_JUDGE)
		return judge(request, out);
	TRY(map_document(request, (size_t)w->s->document_max, &m));
	return verify(bytes_of(m.ptr, m.len), request, out);
}

static struct err *
run(const struct worker *w, const struct ipc_message *request, struct buf *out)
{
	if (request->op == WORKER_VERIFY || request->op == WORKER_JUDGE)
		return run_verify(w, request, out);
	for (size_t i = 0; i < COUNT_OF(jobs); i++)
		if (jobs[i].op == request->op)
			return run_job(w, &jobs[i], request, out);
	return err_new(ERR_UNSUPPORTED, NULL, "no such operation");
}

static struct err *
handle(void *ctx, const struct ipc_message *request, struct ipc_message *answer)
{
	struct worker *w = ctx;
	if (request->op == WORKER_PING)
		return NULL;
	w->jobs_left--;
	sandbox_job_begin(w->limits);
	struct err *e = run(w, request, &answer->body);
	sandbox_job_end();
	return e;
}

/* Whatever a long life leaves behind is given back with the process. */
static bool
stopping(void *ctx)
{
	return ((struct worker *)ctx)->jobs_left <= 0;
}

/* Before worker_start(), which takes the usual one. */
static struct err *
start_fonts(const struct settings *s)
{
	if (s->font_file[0] == '\0')
		return NULL;
	if (access(s->font_file, R_OK) != 0)
		return err_new(ERR_MISSING, NULL, "font-file %s: %s",
		    s->font_file, strerror(errno));
	pdf_fonts_start(s->font_file);
	return NULL;
}

/* ---- the indexer: one list of revoked certificates, and then a new process ---- */

static struct err *
write_all(int fd, struct bytes b)
{
	for (size_t at = 0; at < b.len;) {
		ssize_t n = write(fd, b.ptr + at, b.len - at);
		if (n <= 0)
			return err_errno(errno, "the index");
		at += (size_t)n;
	}
	return NULL;
}

/* Whoever brought the list may still have it open for writing: it is read once,
 * and the digest that a signature is judged by is of the very bytes that the
 * entries are taken from. */
static struct err *
read_list(int fd, struct buf *out)
{
	struct stat st;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < 0)
		return err_new(ERR_USAGE, NULL, "the list is no file");
	if (st.st_size > CRL_MAX)
		return err_coded(
		    err_new(ERR_LIMIT, NULL, "the limit is %d bytes", CRL_MAX),
		    "document-too-large");
	size_t len = (size_t)st.st_size;
	TRY(buf_reserve(out, len));
	while (out->len < len) {
		ssize_t n = pread(
		    fd, out->ptr + out->len, len - out->len, (off_t)out->len);
		if (n < 0)
			return err_errno(errno, "the list");
		if (n == 0)
			return err_new(
			    ERR_MALFORMED, NULL, "the list became shorter");
		out->len += (size_t)n;
	}
	return NULL;
}

/* In a child that has no descriptor but that of its answer. */
static struct err *
make_index(void *ctx, struct buf *out)
{
	const struct buf *list = ctx;
	struct bytes der = buf_bytes(list);
	struct crl_scan scan;
	TRY(crl_scan(der, &scan));
	TRY(crl_scan_name(der, &scan));
	if (scan.alg.digest == DIGEST_NONE)
		return err_new(ERR_UNSUPPORTED, NULL,
		    "its signature is over the list and not over a digest");
	size_t size = crl_index_size(&scan);
	TRY(buf_reserve(out, size));
	TRY(crl_index_write(&scan, out->ptr, size));
	out->len = size;
	return NULL;
}

/* Who has looked into the list is gone when the answer goes out, and never had
 * the file that the index is written to. */
static struct err *
index_list(const struct worker *w, const struct ipc_message *request)
{
	CLEANUP(buf_done) struct buf list = BUF(CRL_MAX);
	CLEANUP(buf_done) struct buf index = BUF(CRL_INDEX_MAX);
	if (request->op != INDEX_CRL || request->nfds != 2)
		return err_new(ERR_USAGE, NULL, "a list and a file, please");
	TRY(read_list(request->fds[0], &list));
	TRY(sandbox_run(w->limits, make_index, &list, &index));
	return write_all(request->fds[1], buf_bytes(&index));
}

static struct err *
handle_index(
    void *ctx, const struct ipc_message *request, struct ipc_message *answer)
{
	struct worker *w = ctx;
	(void)answer;
	w->jobs_left--;
	return index_list(w, request);
}

/* An index counts for all verifications to come: who makes it has seen no other
 * stranger's bytes before, and this process looks into none. */
struct err *
indexer_run(const struct settings *s, int listen_fd)
{
	struct worker w = { .s = s,
		.limits = { .memory = (size_t)s->worker_memory_max,
		    .seconds = (int)s->worker_time_max },
		.jobs_left = 1 };
	struct ipc_service service = { .ctx = &w,
		.body_max = 64,
		.answer_max = 4096,
		.clients_max = 1,
		.idle_ms = IDLE_MS,
		.handle = handle_index,
		.stopping = stopping };
	TRY(process_peer(&service, s->user_front));
	TRY(worker_start());
	struct err *e = ipc_serve(listen_fd, &service);
	worker_stop();
	return e;
}

struct err *
worker_run(const struct settings *s, const struct log *log, int listen_fd)
{
	struct worker w = {
		.s = s,
		.limits = { .memory = (size_t)s->worker_memory_max,
		    .seconds = (int)s->worker_time_max },
		.jobs_left = s->worker_jobs,
	};
	struct ipc_service service = {
		.ctx = &w,
		.body_max = BODY_MAX,
		.answer_max = ANSWER_MAX,
		.clients_max = 1, /* another process takes the next one */
		.idle_ms = IDLE_MS,
		.handle = handle,
		.stopping = stopping,
	};
	TRY(process_peer(&service, s->user_front));
	TRY(start_fonts(s));
	TRY(worker_start());
	TRY(sandbox_enter(w.limits));
	log_event(log, LOG_DEBUG, "worker-serves", "fd=%d", listen_fd);
	struct err *e = ipc_serve(listen_fd, &service);
	worker_stop();
	return e;
}

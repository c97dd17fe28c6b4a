/* A worker: one stranger's document at a time, in the sandbox. */
#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/pack.h"
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
map_document(const struct ipc_message *request, size_t max, struct mapping *m)
{
	struct stat st;
	if (request->nfds != 1)
		return err_new(ERR_USAGE, NULL, "one document, please");
	if (fstat(request->fds[0], &st) != 0)
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
	void *p = mmap(NULL, len, PROT_READ, MAP_PRIVATE, request->fds[0], 0);
	if (p == MAP_FAILED)
		return err_errno(errno, "mapping the document");
	*m = (struct mapping){ p, len };
	return NULL;
}

static struct err *
verify(struct bytes document, struct bytes body, struct buf *out)
{
	CLEANUP(verify_hold_freep) struct verify_hold *hold = NULL;
	struct verify_request r = { 0 };
	TRY(verify_request_unpack(body, &r, &hold));
	r.document = document;
	struct verify_answer a = { 0 };
	struct err *e = job_verify(&r, &a);
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
handle(void *ctx, const struct ipc_message *request, struct ipc_message *answer)
{
	struct worker *w = ctx;
	struct bytes body = buf_bytes(&request->body);
	if (request->op == WORKER_PING)
		return NULL;
	w->jobs_left--;
	sandbox_job_begin(w->limits);
	CLEANUP(unmap) struct mapping m = { 0 };
	struct err *e = NULL;
	if (request->op != WORKER_EMBED)
		e = map_document(request, (size_t)w->s->document_max, &m);
	struct bytes document = bytes_of(m.ptr, m.len);
	if (e == NULL && request->op == WORKER_VERIFY)
		e = verify(document, body, &answer->body);
	else if (e == NULL && request->op == WORKER_PREPARE)
		e = prepare(document, body, &answer->body);
	else if (e == NULL && request->op == WORKER_EMBED)
		e = embed(body, &answer->body);
	else if (e == NULL)
		e = err_new(ERR_UNSUPPORTED, NULL, "no such operation");
	sandbox_job_end();
	return e;
}

/* Whatever a long life leaves behind is given back with the process. */
static bool
stopping(void *ctx)
{
	return ((struct worker *)ctx)->jobs_left <= 0;
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
	TRY(worker_start());
	TRY(sandbox_enter(w.limits));
	log_event(log, LOG_DEBUG, "worker-serves", "fd=%d", listen_fd);
	struct err *e = ipc_serve(listen_fd, &service);
	worker_stop();
	return e;
}

#include "signd/ledger.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "certs/alg.h"
#include "signd/ledger-ops.h"
#include "signd/process.h"
#include "signd/proto.h"

#define READ_BODY_MAX 16384 /* bytes: KEY_OCSP_MAX serial numbers in hex */
#define READ_ANSWER_MAX (32 * 1024 * 1024) /* bytes: a page of audit */
#define READ_CLIENTS 512
#define WRITE_CLIENTS 512
#define IDLE_MS 10000

static struct err *
sha256(struct bytes what, uint8_t out[LEDGER_HASH])
{
	uint8_t hash[DIGEST_MAX];
	TRY(digest_of(DIGEST_SHA256, what, hash));
	memcpy(out, hash, LEDGER_HASH);
	return NULL;
}

const struct ledger_ground ledger_ground_system = {
	.clock = &clock_system,
	.sha256 = sha256,
};

struct err *
ledger_path(const struct settings *s, char **out)
{
	return process_path(s->state_dir, LEDGER_FILE, out);
}

struct err *
block_stop_signals(void)
{
	sigset_t stop;
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	if (sigprocmask(SIG_BLOCK, &stop, NULL) != 0)
		return err_errno(errno, "sigprocmask");
	return NULL;
}

bool
asked_to_stop(void *ctx)
{
	(void)ctx;
	sigset_t pending;
	if (sigpending(&pending) != 0)
		return true;
	return sigismember(&pending, SIGTERM) == 1 ||
	       sigismember(&pending, SIGINT) == 1;
}

/* All requests that are ready at once share one commit. */
static struct err *
batch_begin(void *ctx)
{
	const struct ledger_server *s = ctx;
	return ledger_begin(s->writer);
}

static struct err *
batch_end(void *ctx)
{
	const struct ledger_server *s = ctx;
	return ledger_commit(s->writer);
}

static struct err *
tidy(void *ctx)
{
	const struct ledger_server *s = ctx;
	TRY(ledger_begin(s->writer));
	struct err *e = ledger_tidy(s->writer);
	if (e == NULL)
		return ledger_commit(s->writer);
	ledger_rollback(s->writer);
	/* It will be tried again in a second. */
	err_free(e);
	return NULL;
}

struct side {
	int fd;
	struct ipc_service service;
	struct err *e;
};

static void *
serve_side(void *ctx)
{
	struct side *s = ctx;
	s->e = ipc_serve(s->fd, &s->service);
	/* Neither goes on without the other. */
	if (s->e != NULL)
		kill(getpid(), SIGTERM);
	return NULL;
}

static struct err *
serve_both(struct side *reading, struct side *writing)
{
	pthread_t reader;
	int no = pthread_create(&reader, NULL, serve_side, reading);
	if (no != 0)
		return err_errno(no, "pthread_create");
	process_ready();
	serve_side(writing);
	pthread_join(reader, NULL);
	if (writing->e == NULL)
		return reading->e;
	err_free(reading->e);
	return writing->e;
}

static struct err *
serve(const struct settings *s, struct ledger_server *server, int read_fd,
    int write_fd)
{
	struct side reading = { .fd = read_fd,
		.service = { .ctx = server,
		    .body_max = READ_BODY_MAX,
		    .answer_max = READ_ANSWER_MAX,
		    .clients_max = READ_CLIENTS,
		    .idle_ms = IDLE_MS,
		    .handle = ledger_handle_read,
		    .stopping = asked_to_stop } };
	struct side writing = { .fd = write_fd,
		.service = { .ctx = server,
		    .body_max = LW_BODY_MAX,
		    .answer_max = LW_ANSWER_MAX,
		    .clients_max = WRITE_CLIENTS,
		    .idle_ms = IDLE_MS,
		    .handle = ledger_handle_write,
		    .batch_begin = batch_begin,
		    .batch_end = batch_end,
		    .only_present = true,
		    .idle = tidy,
		    .stopping = asked_to_stop } };
	TRY(process_peer(&reading.service, s->user_front));
	TRY(process_peer(&reading.service, s->user_keyholder));
	TRY(process_peer(&writing.service, s->user_keyholder));
	server->may_unseal = &writing.service;
	return serve_both(&reading, &writing);
}

struct err *
ledger_run(const struct settings *s, int read_fd, int write_fd)
{
	TRY(block_stop_signals());
	CLEANUP(free_charp) char *path = NULL;
	TRY(ledger_path(s, &path));
	CLEANUP(ledger_freep) struct ledger *writer = NULL;
	CLEANUP(ledger_freep) struct ledger *reader = NULL;
	const struct ledger_ground *ground = &ledger_ground_system;
	TRY(ledger_open(path, LEDGER_WRITE, ground, &writer));
	TRY(ledger_open(path, LEDGER_READ, ground, &reader));
	struct ledger_server server = { .reader = reader,
		.writer = writer,
		.seals.max = s->seals_per_minute };
	return serve(s, &server, read_fd, write_fd);
}

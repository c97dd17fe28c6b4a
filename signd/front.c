/* The front: start, TLS, replies that every call makes, the end. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <poll.h>
#include <unistd.h>

#include "signd/front-batch.h"
#include "signd/front-ocsp.h"
#include "signd/ipc-io.h"
#include "signd/process.h"
#include "signd/proto.h"
#include "signd/roles.h"

#define PEM_MAX (1024 * 1024) /* bytes of one file */
#define READY_WAIT_MS 60000   /* for the others, when all starts together */
#define READY_POLL_MS 50
#define DRAIN_EXTRA_MS 10000 /* beyond the longest job */
#define EXPIRE_EVERY_MS 60000
#define CRL_EVERY_MS 600000 /* asking costs nothing while the last is young */
#define STORE_FILE "front/store.db"
#define LISTS_DIR "front/lists"

/* ---- replies ---- */

void
reply_done(struct reply *r)
{
	buf_done(&r->body);
	spool_done(&r->document);
	insertion_done(&r->insertion);
	free(r->disposition);
	r->disposition = NULL;
}

struct err *
reply_json(struct reply *r, unsigned status, const json_t *doc)
{
	r->body = BUF(REPORT_BODY_MAX);
	TRY(json_render(doc, &r->body));
	r->status = status;
	r->type = "application/json; charset=utf-8";
	return NULL;
}

/* What is left when there is no memory to say more. */
static const char bare_problem[] =
    "{\"type\":\"urn:signd:problem:nomem\",\"title\":\"503\",\"status\":503,"
    "\"code\":\"nomem\"}";

void
reply_problem(
    struct reply *r, const char *request_id, struct err *e, int tries_left)
{
	struct problem p = problem_of(e);
	const char *allow = r->allow;
	reply_done(r);
	*r = (struct reply){ .status = p.status,
		.type = PROBLEM_TYPE,
		.retry_after = p.retry_after,
		.document = { .fd = -1 },
		.allow = allow,
		.code = err_code(e),
		.body = BUF(PROBLEM_MAX) };
	struct err *bad = problem_render(e, request_id, tries_left, &r->body);
	if (bad != NULL) {
		r->status = 503;
		r->constant = bare_problem;
		r->constant_len = sizeof(bare_problem) - 1;
	}
	err_free(bad);
	err_free(e);
}

/* ---- what a call wants to know of its request ---- */

const char *
request_header(const struct request *r, const char *name)
{
	return MHD_lookup_connection_value(
	    r->connection, MHD_HEADER_KIND, name);
}

struct param {
	const char *name, *value;
	size_t n;
};

static enum MHD_Result
count_param(
    void *ctx, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct param *p = ctx;
	(void)kind;
	if (strcmp(name, p->name) != 0)
		return MHD_YES;
	p->value = value;
	p->n++;
	return MHD_YES;
}

/* Of two who read the query, one may take the first and one the last. */
struct err *
request_param(const struct request *r, const char *name, const char **out)
{
	struct param p = { .name = name };
	MHD_get_connection_values(
	    r->connection, MHD_GET_ARGUMENT_KIND, count_param, &p);
	if (p.n > 1)
		return err_coded(
		    err_new(ERR_USAGE, NULL, "%s: given %zu times", name, p.n),
		    "parameter");
	const char *v = p.value;
	if (v != NULL && v[0] == '\0')
		v = NULL;
	if (v != NULL &&
	    (strlen(v) > PARAM_MAX || !utf8_printable(bytes_str(v))))
		return err_coded(
		    err_new(ERR_USAGE, NULL, "%s: too long, or no text", name),
		    "parameter");
	*out = v;
	return NULL;
}

struct known_params {
	const char *const *names;
	struct err *e;
};

static enum MHD_Result
check_name(
    void *ctx, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct known_params *k = ctx;
	(void)kind;
	(void)value;
	if (strcmp(name, "lang") == 0)
		return MHD_YES;
	for (size_t i = 0; k->names[i] != NULL; i++)
		if (strcmp(name, k->names[i]) == 0)
			return MHD_YES;
	bool shown =
	    strlen(name) <= PARAM_MAX && utf8_printable(bytes_str(name));
	k->e = err_coded(err_new(ERR_USAGE, NULL, "no such parameter: %s",
			     shown ? name : "no name"),
	    "parameter");
	return MHD_NO;
}

struct err *
request_params_are(const struct request *r, const char *const *names)
{
	struct known_params k = { .names = names };
	MHD_get_connection_values(
	    r->connection, MHD_GET_ARGUMENT_KIND, check_name, &k);
	return k.e;
}

bool
request_accepts(const struct request *r, const char *type)
{
	const char *accept = request_header(r, "Accept");
	return accept != NULL && strstr(accept, type) != NULL;
}

enum lang
request_lang(const struct request *r)
{
	const char *lang = MHD_lookup_connection_value(
	    r->connection, MHD_GET_ARGUMENT_KIND, "lang");
	if (lang == NULL && r->form != NULL && r->form->lang[0] != '\0')
		lang = r->form->lang;
	if (lang == NULL)
		lang = request_header(r, "Accept-Language");
	return lang != NULL && strncmp(lang, "en", 2) == 0 ? LANG_EN : LANG_VI;
}

struct err *
request_json(const struct request *r, json_t **out)
{
	return json_read_request(buf_bytes(&r->json), out);
}

/* ---- start ---- */

static struct err *
read_pem(const char *path, struct buf *out)
{
	CLEANUP(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_coded(err_errno(errno, "%s", path), "settings");
	for (;;) {
		uint8_t chunk[4096];
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n <= 0) {
			wipe(chunk, sizeof(chunk));
			return n == 0 ? NULL : err_errno(errno, "%s", path);
		}
		TRY(buf_append(out, bytes_of(chunk, (size_t)n)));
	}
}

static struct err *
read_tls(const struct settings *s, struct tls *out)
{
	TRY(read_pem(s->tls_key_file, &out->key));
	TRY(read_pem(s->tls_cert_file, &out->cert));
	if (s->officer_ca_file[0] != '\0')
		TRY(read_pem(s->officer_ca_file, &out->officer_ca));
	return NULL;
}

static void
tls_done(struct tls *t)
{
	wipe(t->key.ptr, t->key.len);
	buf_done(&t->key);
	buf_done(&t->cert);
	buf_done(&t->officer_ca);
}

static struct trust_domain *
domain_named(struct front *f, const char *name)
{
	for (size_t i = 0; i < f->ndomains; i++)
		if (strcmp(f->domains[i].name, name) == 0)
			return &f->domains[i];
	char *copy = strdup(name);
	if (copy == NULL)
		return NULL;
	f->domains[f->ndomains].name = copy;
	return &f->domains[f->ndomains++];
}

/* "neac /etc/signd/neac.pem" */
static struct err *
read_trust_line(struct front *f, const char *line)
{
	const char *space = strpbrk(line, " \t");
	if (space == NULL)
		return err_coded(err_new(ERR_USAGE, NULL,
				     "trust-file: \"%s\" is no "
				     "\"domain file\"",
				     line),
		    "settings");
	CLEANUP(free_charp) char *name = NULL;
	TRY(bytes_dup_str(bytes_of(line, (size_t)(space - line)), &name));
	struct trust_domain *d = domain_named(f, name);
	if (d == NULL)
		return err_new(ERR_NOMEM, NULL, "trust-file");
	CLEANUP(buf_done) struct buf pem = BUF(PEM_MAX);
	const char *path = space + strspn(space, " \t");
	TRY(read_pem(path, &pem));
	struct err *e = cert_list_read(&d->anchors, buf_bytes(&pem));
	return e == NULL ? NULL
			 : err_coded(err_while(e, "%s", path), "settings");
}

static struct err *
read_trust(struct front *f)
{
	f->domains = calloc(f->s->trust_file.n + 1, sizeof(*f->domains));
	if (f->domains == NULL)
		return err_new(ERR_NOMEM, NULL, "trust-file");
	for (size_t i = 0; i < f->s->trust_file.n; i++)
		TRY(read_trust_line(f, f->s->trust_file.v[i]));
	return NULL;
}

static struct err *
open_shelf(struct front *f)
{
	TRY(process_path(f->s->state_dir, LISTS_DIR, &f->lists));
	const struct list_shelf_place p = { .dir = f->lists,
		.spool = f->s->spool_dir,
		.fetcher = f->backend.fetcher,
		.indexer = f->backend.indexer,
		.max = (size_t)f->s->list_max,
		.seconds = f->s->list_seconds,
		.room = f->s->list_room,
		.clock = &clock_system };
	TRY(own_list_new(&f->own_list));
	TRY(list_shelf_new(&p, &f->shelf));
	f->status.shelf = f->s->list_max > 0 ? f->shelf : NULL;
	return NULL;
}

static struct err *
open_store(struct front *f)
{
	CLEANUP(free_charp) char *path = NULL;
	TRY(process_path(f->s->state_dir, STORE_FILE, &path));
	TRY(front_store_open(path, &clock_system, &f->store));
	front_store_room(f->store, f->s->verdict_room);
	f->status = (struct fetch_source){ .socket = f->backend.fetcher,
		.store = f->store,
		.clock = &clock_system,
		.max = (size_t)f->s->fetch_max,
		.behind_ms = f->s->fetch_seconds * 1000 };
	TRY(open_shelf(f));
	size_t at_once =
	    fetch_at_once((size_t)f->s->fetchers, f->s->list_max > 0);
	return fetch_memory_new(
	    at_once, f->s->status_retry_seconds * 1000, &f->status.memory);
}

static void
front_done(struct front *f)
{
	for (size_t i = 0; i < f->ndomains; i++) {
		free((char *)(uintptr_t)f->domains[i].name);
		cert_list_done(&f->domains[i].anchors);
	}
	free(f->domains);
	trust_free(f->trust);
	ocsp_cache_free(f->ocsp);
	budget_free(f->budget);
	fetch_memory_free(f->status.memory); /* it uses store and shelf */
	list_shelf_free(f->shelf);
	free(f->lists);
	own_list_free(f->own_list);
	front_store_free(f->store);
	backend_done(&f->backend);
}

/* ---- life ---- */

static struct err *
watch_term(int *out)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return err_errno(errno, "sigprocmask");
	*out = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return *out < 0 ? err_errno(errno, "signalfd") : NULL;
}

static void
expire(struct front *f)
{
	bool more = true;
	while (more) {
		struct err *e = front_store_expire(f->store, &more);
		if (e != NULL)
			more = false;
		log_error(f->log, LOG_WARNING, "expire-failed", e);
	}
}

/* Verification wants a CRL that is not past its time, also when nobody fetches
 * it and nobody is revoked for weeks. */
static void
refresh_crl(struct front *f)
{
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	log_error(f->log, LOG_WARNING, "crl-not-made",
	    ask_keyholder(f, KEY_CRL, BYTES_NONE, &m));
}

/* Whether to end.  SIGHUP: the trust list is read again. */
static bool
take_signal(struct front *f, int signal_fd)
{
	struct signalfd_siginfo info;
	if (read(signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return false;
	if (info.ssi_signo != SIGHUP)
		return true;
	trust_look(f->trust, true);
	return false;
}

/* Ready is when the others are: until then nobody is told that we serve. */
static void
serve(struct front *f, int signal_fd)
{
	bool ready = false;
	int64_t begin = ipc_now_ms();
	int64_t next_expiry = begin + EXPIRE_EVERY_MS;
	int64_t next_crl = begin;
	struct pollfd p = { .fd = signal_fd, .events = POLLIN };
	for (;;) {
		int64_t now = ipc_now_ms();
		if (!ready &&
		    (ask_all_alive(f) || now - begin > READY_WAIT_MS)) {
			refresh_crl(f);
			next_crl = now + CRL_EVERY_MS;
			ready = true;
			ocsp_register_changed(f);
			process_ready();
		}
		if (ready && now >= next_crl) {
			refresh_crl(f);
			next_crl = now + CRL_EVERY_MS;
		}
		if (now >= next_expiry) {
			expire(f);
			next_expiry = now + EXPIRE_EVERY_MS;
		}
		trust_look(f->trust, false);
		if (poll(&p, 1, ready ? 1000 : READY_POLL_MS) > 0 &&
		    take_signal(f, signal_fd))
			return;
	}
}

static struct err *
run(struct front *f, const struct tls *tls, const struct process_args *sockets,
    int signal_fd)
{
	struct http *h = NULL;
	struct err *e = ocsp_batch_start(f, &f->ocsp_batch);
	if (e == NULL)
		e = stamp_batch_start(f, &f->stamp_batch);
	if (e == NULL)
		e = ocsp_keep_start(f, &f->ocsp_keep);
	if (e == NULL)
		e = http_start(f, tls, sockets, &h);
	if (e == NULL) {
		serve(f, signal_fd);
		http_drain(h, f->backend.worker_ms + DRAIN_EXTRA_MS);
	}
	http_free(h);
	batch_free(f->ocsp_batch);
	batch_free(f->stamp_batch);
	ocsp_keep_stop(f->ocsp_keep);
	return e;
}

static struct err *
prepare(struct front *f, struct tls *tls)
{
	TRY(read_tls(f->s, tls));
	TRY(process_drop(f->s->user_front));
	if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0)
		return err_errno(errno, "PR_SET_PDEATHSIG");
	json_start();
	TRY(backend_init(&f->backend, f->s));
	TRY(read_trust(f));
	TRY(trust_start(f->s, f->log, &f->trust));
	TRY(ocsp_cache_new((size_t)f->s->ocsp_kept, &f->ocsp));
	TRY(budget_new(
	    f->s->public_rate, f->s->public_address_rate, &f->budget));
	return open_store(f);
}

#define THREADS_PER_CORE 16 /* they wait for other processes */

struct err *
front_run(const struct settings *s, const struct log *log,
    const struct process_args *sockets)
{
	struct settings mine = *s; /* borrows; only numbers change */
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	if (mine.threads == 0)
		mine.threads = THREADS_PER_CORE * (cores > 0 ? cores : 1);
	struct front f = { .s = &mine, .log = log };
	struct tls tls = { .key = BUF(PEM_MAX),
		.cert = BUF(PEM_MAX),
		.officer_ca = BUF(PEM_MAX) };
	int signal_fd = -1;
	/* Before any thread is started: a signal to one that does not hold it
	 * back would end the process. */
	struct err *e = watch_term(&signal_fd);
	if (e == NULL)
		e = prepare(&f, &tls);
	if (e == NULL)
		e = run(&f, &tls, sockets, signal_fd);
	tls_done(&tls);
	front_done(&f);
	if (signal_fd >= 0)
		close(signal_fd);
	return e;
}

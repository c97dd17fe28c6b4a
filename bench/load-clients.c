/* The service as its clients see it: over the keyholders' socket, and over
 * HTTP with keep-alive and TLS.  Each request spends one approval. */
#include <curl/curl.h>
#include <pthread.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/pack.h"
#include "bench/load.h"
#include "certs/alg.h"
#include "signd/ipc.h"
#include "signd/proto.h"

#define ANSWER_MAX 65536
#define CALL_MS 20000
#define CLIENTS_MAX 256

struct client {
	struct load *load;
	bool spends;   /* an approval for each */
	size_t number; /* of the request: its digest and its key */
	unsigned long failed; /* even when asked again */
	unsigned long again;
	double longest; /* s: from the first try to the answer */
	double rate; /* requests a second of this client; 0: all it can */
	struct err *(*one)(struct client *c, const struct load_sad *sad);
	struct line *line;
	CURL *curl; /* of a storm */
	struct curl_slist *headers;
	char url[512];
	atomic_bool *stop;
	unsigned long done;
};

#define TRIES 100
#define PAUSE_US 200000 /* between a failure and asking again */

/* Every request signs something else. */
static struct bytes
digest_of_request(size_t n, uint8_t out[32])
{
	memset(out, 0x5a, 32);
	memcpy(out, &n, sizeof(n));
	return bytes_of(out, 32);
}

/* ---- what is asked ---- */

static struct err *
ask_socket(struct client *c, const struct load_sad *sad)
{
	CLEANUP(buf_done) struct buf body = BUF(LOAD_SAD_TEXT + 1024);
	CLEANUP(buf_done) struct buf oid = BUF(64);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	bool rsa = key_kind_shape(c->load->fill.kind).alg == KEY_RSA;
	const struct sig_alg alg = { .form = rsa ? SIG_RSA_PKCS1 : SIG_ECDSA,
		.digest = DIGEST_SHA256 };
	TRY(sig_alg_encode(alg, &oid));
	TRY(pack_str(&body, 1, sad->credential));
	TRY(pack_bytes(&body, 2, buf_bytes(&sad->sealed)));
	TRY(pack_bytes(&body, 3, BYTES_NONE));
	TRY(pack_bytes(&body, 4, buf_bytes(&oid)));
	uint8_t digest[32];
	TRY(pack_bytes(&body, 5, digest_of_request(c->number, digest)));
	TRY(pack_bytes(&body, 6, BYTES_NONE));
	return ipc_call(c->load->socket, KEY_SIGN, buf_bytes(&body), NULL, 0,
	    ANSWER_MAX, CALL_MS, &answer);
}

static struct err *
make_json(const struct client *c, const struct load_sad *sad, struct buf *out)
{
	uint8_t digest[32];
	CLEANUP(buf_done) struct buf hash = BUF(64);
	CLEANUP(buf_done) struct buf text = BUF(LOAD_SAD_TEXT);
	TRY(base64_encode(digest_of_request(c->number, digest), &hash));
	TRY(base64url_encode(buf_bytes(&sad->sealed), &text));
	return buf_printf(out,
	    "{\"credentialID\":\"%s\",\"SAD\":\"%.*s\",\"hashes\":[\"%.*s\"],"
	    "\"hashAlgorithmOID\":\"2.16.840.1.101.3.4.2.1\"}",
	    sad->credential, (int)text.len, (const char *)text.ptr,
	    (int)hash.len, (const char *)hash.ptr);
}

static size_t
swallow(char *data, size_t size, size_t n, void *ctx)
{
	(void)data;
	(void)ctx;
	return size * n;
}

static struct err *
ask_http(struct client *c, const struct load_sad *sad)
{
	CLEANUP(buf_done) struct buf body = BUF(LOAD_SAD_TEXT + 1024);
	TRY(make_json(c, sad, &body));
	curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, (const char *)body.ptr);
	curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE, (long)body.len);
	CURLcode rc = curl_easy_perform(c->curl);
	long status = 0;
	curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
	if (rc == CURLE_OK && status == 200)
		return NULL;
	return err_new(ERR_REMOTE, NULL, "%s, status %ld",
	    curl_easy_strerror(rc), status);
}

static struct err *
ask_line(struct client *c, const struct load_sad *sad)
{
	CLEANUP(buf_done) struct buf body = BUF(LOAD_SAD_TEXT + 1024);
	TRY(make_json(c, sad, &body));
	return line_post(c->line, "/v1/signatures/signHash",
	    "application/json", buf_bytes(&body));
}

static struct err *
ask_stamp(struct client *c, const struct load_sad *sad)
{
	(void)sad;
	uint8_t digest[32];
	CLEANUP(buf_done) struct buf body = BUF(256);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(pack_str(&body, 1, "2.16.840.1.101.3.4.2.1"));
	TRY(pack_bytes(&body, 2, digest_of_request(c->number, digest)));
	TRY(pack_bytes(&body, 3, BYTES_NONE));
	TRY(pack_str(&body, 4, ""));
	TRY(pack_i64(&body, 5, 0));
	return ipc_call(c->load->socket, KEY_TIMESTAMP, buf_bytes(&body), NULL,
	    0, ANSWER_MAX, CALL_MS, &answer);
}

/* TimeStampReq of SHA-256 without nonce and certReq (RFC 3161 2.4.1). */
static const uint8_t stamp_head[] = { 0x30, 0x36, 0x02, 0x01, 0x01, 0x30, 0x31,
	0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
	0x01, 0x05, 0x00, 0x04, 0x20 };

static struct err *
ask_stamp_line(struct client *c, const struct load_sad *sad)
{
	(void)sad;
	uint8_t digest[32];
	CLEANUP(buf_done) struct buf body = BUF(256);
	TRY(buf_append(&body, bytes_of(stamp_head, sizeof(stamp_head))));
	TRY(buf_append(&body, digest_of_request(c->number, digest)));
	return line_post(c->line, "/tsa", "application/timestamp-query",
	    buf_bytes(&body));
}

static void
http_open(struct client *c)
{
	snprintf(c->url, sizeof(c->url), "%s/v1/signatures/signHash",
	    c->load->settings.public_url);
	c->curl = curl_easy_init();
	c->headers =
	    curl_slist_append(NULL, "Content-Type: application/json");
	if (c->curl == NULL || c->headers == NULL)
		bench_must(err_new(ERR_NOMEM, NULL, "curl"));
	curl_easy_setopt(c->curl, CURLOPT_URL, c->url);
	curl_easy_setopt(c->curl, CURLOPT_CAINFO, c->load->ca_file);
	curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, c->headers);
	curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, swallow);
	curl_easy_setopt(c->curl, CURLOPT_TIMEOUT_MS, (long)CALL_MS);
}

static void *
client_run(void *ctx)
{
	struct client *c = ctx;
	struct load *l = c->load;
	while (!atomic_load(c->stop)) {
		size_t i = atomic_fetch_add(&l->next, 1);
		if (c->spends && i >= l->nsads)
			break;
		c->number = i;
		bench_must(c->one(c, c->spends ? &l->sads[i] : NULL));
		c->done++;
	}
	return NULL;
}

/* ---- a storm: a fixed rate, and whoever is refused asks again ---- */

/* The same request under the same key, as libraries of clients do. */
static bool
ask_until_answered(struct client *c, const struct load_sad *sad)
{
	char key[64];
	snprintf(key, sizeof(key), "Idempotency-Key: storm-%zu", c->number);
	struct curl_slist *list = curl_slist_append(NULL, key);
	list = curl_slist_append(list, "Content-Type: application/json");
	curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, list);
	bool ok = false;
	for (int i = 0; i < TRIES && !ok; i++) {
		struct err *e = ask_http(c, sad);
		ok = e == NULL;
		if (ok)
			break;
		c->again++;
		fprintf(stderr, "request %zu: %s\n", c->number, err_text(e));
		err_free(e);
		usleep(PAUSE_US);
	}
	curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, c->headers);
	curl_slist_free_all(list);
	return ok;
}

static void *
storm_run(void *ctx)
{
	struct client *c = ctx;
	struct load *l = c->load;
	double next = bench_now();
	while (!atomic_load(c->stop)) {
		size_t i = atomic_fetch_add(&l->next, 1);
		if (i >= l->nsads)
			break;
		c->number = i;
		double asked = bench_now();
		if (ask_until_answered(c, &l->sads[i]))
			c->done++;
		else
			c->failed++;
		if (bench_now() - asked > c->longest)
			c->longest = bench_now() - asked;
		next += 1 / c->rate;
		double wait = next - bench_now();
		if (wait > 0)
			usleep((useconds_t)(wait * 1e6));
	}
	return NULL;
}

/* Seconds of processor that the service's processes have used: the children of
 * its supervisor, from /proc. */
static double
service_cpu(const struct load *l)
{
	char command[512];
	double ticks = 0;
	snprintf(command, sizeof(command),
	    "for p in $(pgrep -P $(cat '%s')); do sed 's/.*) //' "
	    "/proc/$p/stat; done | awk '{ n += $12 + $13 } END { print n }'",
	    l->settings.pid_file);
	FILE *f = popen(command, "r");
	if (f == NULL || fscanf(f, "%lf", &ticks) != 1)
		bench_must(err_new(ERR_REMOTE, NULL, "no processor time"));
	pclose(f);
	return ticks / (double)sysconf(_SC_CLK_TCK);
}

/* Ends after `seconds`, or when no approval is left. */
static struct load_rate
run(struct load *l, struct client *clients, int n, double seconds,
    void *(*work)(void *ctx))
{
	pthread_t threads[CLIENTS_MAX];
	atomic_bool stop = false;
	double cpu = service_cpu(l);
	double begin = bench_now();
	for (int i = 0; i < n; i++) {
		clients[i].stop = &stop;
		if (pthread_create(
			&threads[i], NULL, work, &clients[i]) != 0)
			bench_must(err_new(ERR_NOMEM, NULL, "threads"));
	}
	while (bench_now() - begin < seconds &&
	       (!clients->spends || atomic_load(&l->next) < l->nsads))
		usleep(5000);
	atomic_store(&stop, true);
	unsigned long done = 0;
	for (int i = 0; i < n; i++) {
		pthread_join(threads[i], NULL);
		done += clients[i].done;
	}
	double took = bench_now() - begin;
	return (struct load_rate){ .rate = (double)done / took,
		.cpu_us = (service_cpu(l) - cpu) / (double)done * 1e6 };
}

/* Keyholders let in the front's user alone; started as root, we become it. */
static void
become_front(const struct load *l, bool front)
{
	if (getuid() != 0)
		return;
	const struct passwd *p = getpwnam(l->settings.user_front);
	if (p == NULL || seteuid(front ? p->pw_uid : 0) != 0)
		bench_must(err_new(ERR_DENIED, NULL, "the front's user"));
}

struct way {
	struct err *(*one)(struct client *c, const struct load_sad *sad);
	bool line;   /* by HTTP; else by the keyholders' socket */
	bool spends; /* approvals */
	bool secure; /* with TLS */
};

static const struct way ways[] = {
	[LOAD_SOCKET] = { .one = ask_socket, .spends = true },
	[LOAD_HTTP] = { ask_line, .line = true, .spends = true, .secure = true },
	[LOAD_STAMP_SOCKET] = { .one = ask_stamp },
	[LOAD_STAMP_HTTP] = { ask_stamp_line, .line = true },
};

static void
client_open(struct client *c, struct load *l, const struct way *w)
{
	char base[512];
	*c = (struct client){ .load = l, .one = w->one, .spends = w->spends };
	snprintf(base, sizeof(base), "%s%s", w->secure ? "" : "http://",
	    w->secure ? l->settings.public_url : l->settings.public_listen);
	if (w->line)
		bench_must(line_open(base, l->ca_file, &c->line));
}

struct load_rate
load_rate(struct load *l, enum load_what what, int clients, double seconds)
{
	static struct client c[CLIENTS_MAX];
	const struct way *w = &ways[what];
	for (int i = 0; i < clients; i++)
		client_open(&c[i], l, w);
	if (!w->line)
		become_front(l, true);
	struct load_rate rate = run(l, c, clients, seconds, client_run);
	if (!w->line)
		become_front(l, false);
	for (int i = 0; i < clients; i++)
		line_close(c[i].line);
	return rate;
}

void
storm(struct load *l, int clients, double rate, double seconds)
{
	static struct client c[CLIENTS_MAX];
	unsigned long done = 0, again = 0, failed = 0;
	double longest = 0;
	for (int i = 0; i < clients; i++) {
		c[i] = (struct client){ .load = l,
			.rate = rate / clients,
			.spends = true };
		http_open(&c[i]);
	}
	struct load_rate reached = run(l, c, clients, seconds, storm_run);
	for (int i = 0; i < clients; i++) {
		done += c[i].done;
		again += c[i].again;
		failed += c[i].failed;
		if (c[i].longest > longest)
			longest = c[i].longest;
		curl_easy_cleanup(c[i].curl);
		curl_slist_free_all(c[i].headers);
	}
	printf("answered %lu asked-again %lu failed %lu rate %.1f longest %.2f\n",
	    done, again, failed, reached.rate, longest);
}

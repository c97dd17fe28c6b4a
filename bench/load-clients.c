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
#define CLIENTS_MAX 64

struct client {
	struct load *load;
	struct err *(*one)(struct client *c, const struct load_sad *sad);
	CURL *curl;
	struct curl_slist *headers;
	char url[512];
	atomic_bool *stop;
	unsigned long done;
};

static const uint8_t digest[32] = "thirty-two bytes of some digest";
static const struct sig_alg alg = { .form = SIG_ECDSA,
	.digest = DIGEST_SHA256 };

static struct err *
ask_socket(struct client *c, const struct load_sad *sad)
{
	CLEANUP(buf_done) struct buf body = BUF(LOAD_SAD_TEXT + 1024);
	CLEANUP(buf_done) struct buf oid = BUF(64);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(sig_alg_encode(alg, &oid));
	TRY(pack_str(&body, 1, sad->credential));
	TRY(pack_bytes(&body, 2, buf_bytes(&sad->sealed)));
	TRY(pack_bytes(&body, 3, BYTES_NONE));
	TRY(pack_bytes(&body, 4, buf_bytes(&oid)));
	TRY(pack_bytes(&body, 5, bytes_of(digest, sizeof(digest))));
	TRY(pack_bytes(&body, 6, BYTES_NONE));
	return ipc_call(c->load->socket, KEY_SIGN, buf_bytes(&body), NULL, 0,
	    ANSWER_MAX, CALL_MS, &answer);
}

static struct err *
make_json(const struct load_sad *sad, struct buf *out)
{
	CLEANUP(buf_done) struct buf hash = BUF(64);
	CLEANUP(buf_done) struct buf text = BUF(LOAD_SAD_TEXT);
	TRY(base64_encode(bytes_of(digest, sizeof(digest)), &hash));
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
	TRY(make_json(sad, &body));
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
		if (i >= l->nsads)
			break;
		bench_must(c->one(c, &l->sads[i]));
		c->done++;
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
run(struct load *l, struct client *clients, int n, double seconds)
{
	pthread_t threads[CLIENTS_MAX];
	atomic_bool stop = false;
	double cpu = service_cpu(l);
	double begin = bench_now();
	for (int i = 0; i < n; i++) {
		clients[i].stop = &stop;
		if (pthread_create(
			&threads[i], NULL, client_run, &clients[i]) != 0)
			bench_must(err_new(ERR_NOMEM, NULL, "threads"));
	}
	while (bench_now() - begin < seconds &&
	       atomic_load(&l->next) < l->nsads)
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

struct load_rate
socket_rate(struct load *l, int clients, double seconds)
{
	static struct client c[CLIENTS_MAX];
	for (int i = 0; i < clients; i++)
		c[i] = (struct client){ .load = l, .one = ask_socket };
	become_front(l, true);
	struct load_rate rate = run(l, c, clients, seconds);
	become_front(l, false);
	return rate;
}

struct load_rate
http_rate(struct load *l, int clients, double seconds)
{
	static struct client c[CLIENTS_MAX];
	for (int i = 0; i < clients; i++) {
		c[i] = (struct client){ .load = l, .one = ask_http };
		http_open(&c[i]);
	}
	struct load_rate rate = run(l, c, clients, seconds);
	for (int i = 0; i < clients; i++) {
		curl_easy_cleanup(c[i].curl);
		curl_slist_free_all(c[i].headers);
	}
	return rate;
}

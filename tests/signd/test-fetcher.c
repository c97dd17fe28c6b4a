/* The fetcher against a small HTTP server, and what it must not fetch. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/pack.h"
#include "signd/fetch-source.h"
#include "signd/ipc.h"
#include "signd/notify.h"
#include "signd/proto.h"
#include "signd/roles.h"
#include "signd/settings.h"
#include "tests/tap.h"

/* For what comes as soon as the machine can; and the least that is waited for
 * what never comes, and more each time where something else must come as well. */
#define LONG_MS 60000
#define SHORT_MS 500

struct fixture {
	char path[128];
	struct settings settings;
	int listen_fd;
	pid_t fetcher;
	pid_t server;
	uint16_t port;
};

/* Most of a body, and then nothing more. */
static char half[1024];

/* One element of DER of 404 bytes. */
static char der400[512];

static void
fill_half(void)
{
	static const char head[] =
	    "HTTP/1.1 200 OK\r\nContent-Length: 404\r\n\r\n"
	    "\x30\x82\x01\x90";
	memset(der400, 'x', strlen(head) + 400);
	memcpy(der400, head, strlen(head));
	int n = snprintf(half, sizeof(half),
	    "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n");
	memset(half + n, 'x', 700);
}

/* Of paths; the last one leaves the host that was asked. */
static struct {
	char request[16];
	char answer[256];
} redirects[9];

static void
fill_redirects(uint16_t port)
{
	static const struct {
		const char *from;
		int status;
		const char *to;
	} rows[] = { { "GET /self ", 302, "/der" },
		{ "GET /hop1 ", 301, "/hello" },
		{ "GET /hop2 ", 302, "/hop1" }, { "GET /hop3 ", 308, "/hop2" },
		{ "GET /hop4 ", 307, "/hop3" },
		{ "POST /kept ", 307, "/echo" },
		{ "POST /seen ", 302, "/hello" },
		{ "POST /ca ", 307, "/ca-echo" },
		{ "GET /elsewhere ", 302, "//localhost" } };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char to[64];
		snprintf(to, sizeof(to), "http:%s:%u/der", rows[i].to, port);
		snprintf(redirects[i].request, sizeof(redirects[i].request),
		    "%s", rows[i].from);
		snprintf(redirects[i].answer, sizeof(redirects[i].answer),
		    "HTTP/1.1 %d Moved\r\nContent-Length: 5\r\n"
		    "Location: %s\r\n\r\nmoved",
		    rows[i].status,
		    rows[i].to[1] == '/' ? to : rows[i].to);
	}
}

static const char *
redirect_of(const char *request)
{
	for (size_t i = 0; i < COUNT_OF(redirects); i++)
		if (strncmp(request, redirects[i].request,
			strlen(redirects[i].request)) == 0)
			return redirects[i].answer;
	return NULL;
}

static const char *
ocsp_answer(const char *request)
{
	return strstr(request, "\r\n\r\ngood") == NULL
		   ? "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
		   : "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
		     "\x30\x02\x05\x07";
}

static const char *
answer_to(const char *request)
{
	if (redirect_of(request) != NULL)
		return redirect_of(request);
	if (strncmp(request, "POST /ocsp ", 11) == 0)
		return ocsp_answer(request);
	if (strncmp(request, "GET /der?400 ", 13) == 0)
		return der400;
	if (strncmp(request, "GET /hello ", 11) == 0)
		return "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
	if (strncmp(request, "GET /away ", 10) == 0)
		return "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n"
		       "Content-Length: 0\r\n\r\n";
	if (strncmp(request, "GET /long ", 10) == 0)
		return "HTTP/1.1 200 OK\r\n\r\n0123456789012345678901234567890"
		       "12345678901234567890123456789012345678901234567890123"
		       "45678901234567890";
	if (strncmp(request, "GET /der ", 9) == 0)
		return "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
		       "\x30\x02\x05\x07";
	if (strncmp(request, "GET /half ", 10) == 0)
		return half;
	if (strncmp(request, "GET /never ", 11) == 0)
		return NULL;
	if (strncmp(request, "POST /echo ", 11) == 0 &&
	    strstr(request, "Content-Type: application/x-test\r\n") != NULL)
		return "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nposted";
	if (strncmp(request, "POST /ca-echo ", 14) == 0)
		return "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nposted";
	return "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
}

/* A byte now and then, and never the last one. */
static void
drip(int c)
{
	static const char first[] =
	    "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n0";
	ssize_t n = send(c, first, strlen(first), MSG_NOSIGNAL);
	for (int i = 0; n > 0 && i < 3900; i++) {
		usleep(20000);
		n = send(c, "0", 1, MSG_NOSIGNAL);
	}
}

static void
serve_http(int fd, uint16_t port)
{
	fill_redirects(port);
	for (;;) {
		char request[4096] = "";
		int c = accept(fd, NULL, NULL);
		ssize_t n = recv(c, request, sizeof(request) - 1, 0);
		const char *a = n > 0 ? answer_to(request) : "";
		if (strncmp(request, "GET /drip ", 10) == 0)
			drip(c);
		else if (a == NULL)
			sleep(120);
		else if (send(c, a, strlen(a), MSG_NOSIGNAL) < 0)
			_exit(1);
		if (a != half)
			close(c);
	}
}

static int
http_socket(uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
	CHECK(listen(fd, 8) == 0);
	CHECK(getsockname(fd, (struct sockaddr *)&a, &len) == 0);
	*port = ntohs(a.sin_port);
	return fd;
}

static void
wait_until_ready(const struct fixture *f)
{
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	CHECK_OK(ipc_call(
	    f->path, FETCH_PING, BYTES_NONE, NULL, 0, 4096, LONG_MS, &m));
}

static void
start_at(struct fixture *f, const char *settings, int http, uint16_t port)
{
	char text[512];
	*f = (struct fixture){ .port = port };
	snprintf(text, sizeof(text), "%sfetch-seconds = 60\n", settings);
	CHECK_OK(settings_parse(bytes_str(text), "test", &f->settings));
	snprintf(f->path, sizeof(f->path), "/tmp/test-fetch-%d.sock", getpid());
	CHECK_OK(ipc_listen(f->path, 0600, 8, &f->listen_fd));
	f->server = fork();
	if (f->server == 0)
		serve_http(http, port);
	close(http);
	f->fetcher = fork();
	if (f->fetcher == 0) {
		struct err *e = fetcher_run(&f->settings, f->listen_fd);
		_exit(e == NULL ? 0 : 1);
	}
	wait_until_ready(f);
}

static void
start(struct fixture *f, const char *settings)
{
	uint16_t port;
	int http = http_socket(&port);
	start_at(f, settings, http, port);
}

static void
stop(struct fixture *f)
{
	kill(f->fetcher, SIGKILL);
	kill(f->server, SIGKILL);
	waitpid(f->fetcher, NULL, 0);
	waitpid(f->server, NULL, 0);
	close(f->listen_fd);
	unlink(f->path);
	settings_done(&f->settings);
}

static struct err *
fetch_within(const struct fixture *f, const char *what, bool post, uint64_t ms,
    struct buf *out)
{
	CLEANUP(buf_done) struct buf body = BUF(4096);
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	char url[256];
	struct bytes got;
	if (what[0] == '/')
		snprintf(
		    url, sizeof(url), "http://127.0.0.1:%u%s", f->port, what);
	else
		snprintf(url, sizeof(url), "%s", what);
	TRY(pack_str(&body, 1, url));
	TRY(pack_u64(&body, 2, 64));
	TRY(pack_u64(&body, 3, ms));
	if (post) {
		TRY(pack_str(&body, 4, "application/x-test"));
		TRY(pack_str(&body, 5, "request"));
	}
	TRY(ipc_call(f->path, post ? FETCH_POST : FETCH_GET, buf_bytes(&body),
	    NULL, 0, 4096, LONG_MS, &m));
	struct unpack u = unpack_of(buf_bytes(&m.body));
	TRY(unpack_bytes(&u, 1, &got));
	return buf_append(out, got);
}

static struct err *
fetch(const struct fixture *f, const char *what, bool post, struct buf *out)
{
	return fetch_within(f, what, post, LONG_MS, out);
}

static void
refused_within(
    const struct fixture *f, const char *what, uint64_t ms, const char *code)
{
	CLEANUP(buf_done) struct buf out = BUF(4096);
	struct err *e = fetch_within(f, what, false, ms, &out);
	CHECK(e != NULL && strcmp(err_code(e), code) == 0);
	if (e == NULL || strcmp(err_code(e), code) != 0)
		printf("# %s: %s, not %s\n", what,
		    e == NULL ? "no error" : err_code(e), code);
	err_free(e);
}

static void
refused(const struct fixture *f, const char *what, const char *code)
{
	refused_within(f, what, LONG_MS, code);
}

static void
brings_what_is_there(void)
{
	struct fixture f;
	start(&f, "fetch-private = yes\n");
	CLEANUP(buf_done) struct buf out = BUF(4096);
	CHECK_OK(fetch(&f, "/hello", false, &out));
	CHECK(bytes_eq_str(buf_bytes(&out), "hello"));
	buf_clear(&out);
	CHECK_OK(fetch(&f, "/echo", true, &out));
	CHECK(bytes_eq_str(buf_bytes(&out), "posted"));
	stop(&f);
}

static void
gives_up_what_is_missing_too_long_or_too_slow(void)
{
	struct fixture f;
	start(&f, "fetch-private = yes\n");
	refused(&f, "/missing", "source-refused");
	refused(&f, "/long", "fetch-too-large");
	refused_within(&f, "/never", SHORT_MS, "fetch-failed");
	stop(&f);
}

static void
goes_nowhere_but_to_http(void)
{
	struct fixture f;
	start(&f, "fetch-private = yes\n");
	refused(&f, "/away", "fetch-failed");
	refused(&f, "file:///etc/passwd", "fetch-failed");
	refused(&f, "gopher://127.0.0.1/", "fetch-failed");
	stop(&f);
}

static void
refuses_private_addresses_in_every_disguise(void)
{
	static const char *const urls[] = { "/hello", "http://localhost/",
		"http://10.1.2.3/", "http://192.168.1.1/", "http://172.16.0.1/",
		"http://169.254.169.254/", "http://100.64.0.1/",
		"http://0.0.0.0/", "http://[::1]/", "http://[::]/",
		"http://[fe80::1]/", "http://[fc00::1]/",
		"http://[::ffff:127.0.0.1]/", "http://[64:ff9b::7f00:1]/",
		"http://[2002:7f00:1::]/", "http://2130706433/",
		"http://0x7f.1/" };
	struct fixture f;
	start(&f, "");
	for (size_t i = 0; i < COUNT_OF(urls); i++)
		refused(&f, urls[i], "fetch-private");
	stop(&f);
}

static struct wanted
wanted_at(const struct fixture *f, enum wanted_kind kind, const char *what)
{
	char url[256];
	struct wanted w = { .kind = kind, .request = BUF(64) };
	snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", f->port, what);
	CHECK_OK(bytes_dup_str(bytes_str(url), &w.url));
	return w;
}

/* Asks for all, ends what was asked, and leaves the answers. */
static void
get_all_within(struct fetch_source *s, struct wanted *w, size_t n, int64_t ms,
    struct fetched *out)
{
	struct source source = fetch_source(s);
	CHECK_OK(source.get(source.ctx, w, n, ms, out));
	for (size_t i = 0; i < n; i++) {
		free(w[i].url);
		buf_done(&w[i].request);
	}
}

static void
get_all(struct fetch_source *s, struct wanted *w, size_t n, struct fetched *out)
{
	get_all_within(s, w, n, LONG_MS, out);
}

static bool
is_code(const struct err *e, const char *code)
{
	return e != NULL && strcmp(err_code(e), code) == 0;
}

static struct fetched
get_within(struct fetch_source *s, const struct fixture *f,
    enum wanted_kind kind, const char *what, int64_t ms)
{
	struct source source = fetch_source(s);
	struct wanted w = wanted_at(f, kind, what);
	struct fetched out;
	CHECK_OK(source.get(source.ctx, &w, 1, ms, &out));
	free(w.url);
	buf_done(&w.request);
	return out;
}

static struct fetched
get_one(struct fetch_source *s, const struct fixture *f, enum wanted_kind kind,
    const char *what)
{
	return get_within(s, f, kind, what, LONG_MS);
}

static int64_t store_time = 1790000000;

static int64_t
now(void *ctx)
{
	(void)ctx;
	return store_time;
}

static const struct clock store_clock = { .now = now };

static void
open_source(const struct fixture *f, struct fetch_source *s)
{
	char path[64];
	snprintf(path, sizeof(path), "/tmp/test-fetch-%d.db", getpid());
	unlink(path);
	*s = (struct fetch_source){
		.socket = f->path, .clock = &store_clock, .max = 4096
	};
	CHECK_OK(front_store_open(path, &store_clock, &s->store));
	CHECK_OK(fetch_memory_new(4, 60000, &s->memory));
	unlink(path);
}

static void
close_source(struct fetch_source *s)
{
	fetch_memory_free(s->memory);
	front_store_free(s->store);
}

static void
several_are_fetched_at_once_each_with_its_own_fate(void)
{
	struct fixture f;
	struct fetch_source s;
	start(&f, "fetch-private = yes\n");
	open_source(&f, &s);
	struct wanted w[] = { wanted_at(&f, WANTED_CRL, "/der"),
		wanted_at(&f, WANTED_CRL, "/hello"),
		wanted_at(&f, WANTED_ISSUER, "/missing"),
		wanted_at(&f, WANTED_CRL, "/away") };
	struct fetched out[COUNT_OF(w)];
	get_all(&s, w, COUNT_OF(w), out);
	CHECK(out[0].error == NULL && out[0].body.len == 4);
	static const char *const codes[] = { "", "source-garbage",
		"source-refused", "fetch-failed" };
	for (size_t i = 1; i < COUNT_OF(w); i++) {
		CHECK(out[i].error != NULL && out[i].body.len == 0);
		CHECK(strcmp(err_code(out[i].error), codes[i]) == 0);
	}
	for (size_t i = 0; i < COUNT_OF(w); i++)
		fetched_done(&out[i]);
	close_source(&s);
	stop(&f);
}

/* Each alone is short enough.  What is too much for one request is known when
 * it comes, and not when all of it lies in memory. */
static bool
two_of_three_were_too_much(int64_t ms)
{
	struct fixture f;
	struct fetch_source s;
	int large = 0;
	fill_half();
	start(&f, "fetch-private = yes\nfetch-max = 1024\n");
	open_source(&f, &s);
	struct wanted w[] = { wanted_at(&f, WANTED_CRL, "/half"),
		wanted_at(&f, WANTED_CRL, "/half"),
		wanted_at(&f, WANTED_CRL, "/half") };
	struct fetched out[COUNT_OF(w)];
	get_all_within(&s, w, COUNT_OF(w), ms, out);
	for (size_t i = 0; i < COUNT_OF(w); i++) {
		CHECK(out[i].error != NULL);
		large += strcmp(err_code(out[i].error), "source-busy") == 0;
		fetched_done(&out[i]);
	}
	close_source(&s);
	stop(&f);
	return large == 2;
}

/* Whether it comes to pass, given time. */
static bool
in_the_end(bool (*happens)(int64_t ms))
{
	for (int64_t ms = SHORT_MS; ms <= LONG_MS; ms *= 2)
		if (happens(ms))
			return true;
	return false;
}

static void
many_are_no_longer_together_than_one_may_be(void)
{
	CHECK(in_the_end(two_of_three_were_too_much));
}

static bool
other_came_beside_one_that_drips(int64_t ms)
{
	struct fixture f;
	struct fixture other;
	struct fetch_source s;
	start(&f, "fetch-private = yes\n");
	int http = http_socket(&other.port);
	other.server = fork();
	if (other.server == 0)
		serve_http(http, other.port);
	close(http);
	open_source(&f, &s);
	struct wanted w[] = { wanted_at(&f, WANTED_CRL, "/drip"),
		wanted_at(&other, WANTED_CRL, "/der") };
	struct fetched out[COUNT_OF(w)];
	get_all_within(&s, w, COUNT_OF(w), ms, out);
	CHECK(out[0].slow && out[0].error != NULL && out[0].body.len == 0);
	bool came = !out[1].slow && out[1].error == NULL && out[1].body.len == 4;
	for (size_t i = 0; i < COUNT_OF(w); i++)
		fetched_done(&out[i]);
	close_source(&s);
	kill(other.server, SIGKILL);
	waitpid(other.server, NULL, 0);
	stop(&f);
	return came;
}

static void
a_server_that_drips_holds_up_nobody_else(void)
{
	CHECK(in_the_end(other_came_beside_one_that_drips));
}

static void
the_last_good_answer_is_kept_when_no_newer_comes(void)
{
	struct fixture f;
	struct fetch_source s;
	struct fetched out;
	start(&f, "fetch-private = yes\n");
	open_source(&f, &s);
	struct wanted w = wanted_at(&f, WANTED_CRL, "/der");
	get_all(&s, &w, 1, &out);
	CHECK(out.error == NULL && out.body.len == 4 && !out.stale);
	fetched_done(&out);
	kill(f.server, SIGKILL);
	waitpid(f.server, NULL, 0);
	w = wanted_at(&f, WANTED_CRL, "/der"); /* still fresh */
	get_all(&s, &w, 1, &out);
	CHECK(out.error == NULL && out.body.len == 4 && !out.stale);
	fetched_done(&out);
	store_time += 86400;
	w = wanted_at(&f, WANTED_CRL, "/der");
	get_all(&s, &w, 1, &out);
	CHECK(out.error == NULL && out.body.len == 4 && out.stale);
	fetched_done(&out);
	close_source(&s);
	stop(&f);
}

/* Stale, and given at once; a newer one stands in the store soon after. */
static void
an_older_answer_is_given_while_a_newer_one_is_fetched(void)
{
	struct fixture f;
	struct fetch_source s;
	struct fetched out;
	bool renewed = false;
	start(&f, "fetch-private = yes\n");
	open_source(&f, &s);
	s.behind_ms = LONG_MS;
	struct wanted w = wanted_at(&f, WANTED_CRL, "/der");
	get_all(&s, &w, 1, &out);
	CHECK(out.error == NULL && !out.stale);
	fetched_done(&out);
	store_time += 7200;
	w = wanted_at(&f, WANTED_CRL, "/der");
	get_all(&s, &w, 1, &out);
	CHECK(out.error == NULL && out.stale && out.ms == 0);
	CHECK(out.body.len == 4);
	fetched_done(&out);
	for (int i = 0; i < LONG_MS / 20 && !renewed; i++) {
		usleep(20000);
		w = wanted_at(&f, WANTED_CRL, "/der");
		get_all(&s, &w, 1, &out);
		CHECK(out.error == NULL);
		renewed = !out.stale;
		fetched_done(&out);
	}
	CHECK(renewed);
	close_source(&s);
	stop(&f);
}

/* What a validation found wanting is not given again out of the store. */
static void
what_did_not_do_is_asked_of_its_origin(void)
{
	struct fixture f;
	struct fetch_source s;
	struct fetched out;
	start(&f, "fetch-private = yes\n");
	open_source(&f, &s);
	struct wanted w = wanted_at(&f, WANTED_CRL, "/der");
	get_all(&s, &w, 1, &out);
	fetched_done(&out);
	store_time += 600; /* fresh, as far as the store knows */
	w = wanted_at(&f, WANTED_CRL, "/der");
	w.again = true;
	get_all(&s, &w, 1, &out);
	CHECK(out.error == NULL && !out.stale && out.body.len == 4);
	fetched_done(&out);
	kill(f.server, SIGKILL);
	waitpid(f.server, NULL, 0);
	store_time += 600;
	w = wanted_at(&f, WANTED_CRL, "/der");
	w.again = true;
	get_all(&s, &w, 1, &out);
	CHECK(out.error != NULL && out.body.len == 0);
	fetched_done(&out);
	w = wanted_at(&f, WANTED_CRL, "/der"); /* the last good one is kept */
	get_all(&s, &w, 1, &out);
	CHECK(out.error == NULL && out.stale && out.body.len == 4);
	fetched_done(&out);
	close_source(&s);
	stop(&f);
}

static void
who_failed_just_now_is_left_alone(void)
{
	struct fixture f;
	struct fetch_source s;
	struct fetched out;
	start(&f, "fetch-private = yes\n");
	open_source(&f, &s);
	struct wanted w = wanted_at(&f, WANTED_CRL, "/missing");
	get_all(&s, &w, 1, &out);
	CHECK(out.error != NULL);
	fetched_done(&out);
	kill(f.server, SIGKILL); /* asked again, it would fail in another way */
	waitpid(f.server, NULL, 0);
	w = wanted_at(&f, WANTED_CRL, "/missing");
	get_all(&s, &w, 1, &out);
	CHECK(out.error != NULL &&
	      strcmp(err_code(out.error), "source-refused") == 0);
	fetched_done(&out);
	fetch_memory_free(s.memory);
	CHECK_OK(fetch_memory_new(4, 0, &s.memory)); /* forgets at once */
	w = wanted_at(&f, WANTED_CRL, "/missing");
	get_all(&s, &w, 1, &out);
	CHECK(out.error != NULL &&
	      strcmp(err_code(out.error), "fetch-failed") == 0);
	fetched_done(&out);
	close_source(&s);
	stop(&f);
}

static void
only_hosts_of_the_setting_are_asked(void)
{
	static const struct {
		const char *host, *what;
		bool asked;
	} rows[] = { { "127.0.0.1", "/der", true }, { "0.0.1", "/der", true },
		{ "27.0.0.1", "/der", false }, { "example.vn", "/der", false },
		{ "127.0.0.1", "/self", true },
		{ "127.0.0.1", "/elsewhere", false } };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct fixture f;
		struct fetch_source s;
		char line[96];
		snprintf(line, sizeof(line),
		    "fetch-private = yes\nstatus-host = %s\n", rows[i].host);
		start(&f, line);
		open_source(&f, &s);
		struct fetched out = get_one(&s, &f, WANTED_CRL, rows[i].what);
		CHECK((out.error == NULL) == rows[i].asked);
		CHECK(rows[i].asked ||
		      is_code(out.error, "source-not-allowed"));
		fetched_done(&out);
		close_source(&s);
		stop(&f);
	}
}

/* Whoever makes certificates may have a name lead to an address of ours. */
static void
a_private_address_is_for_the_hosts_that_it_was_allowed_to(void)
{
	struct fixture f;
	CLEANUP(buf_done) struct buf out = BUF(4096);
	char line[160], url[64];
	uint16_t port;
	int http = http_socket(&port);
	snprintf(line, sizeof(line),
	    "fetch-private-address = localhost 127.0.0.1:%u\n", port);
	start_at(&f, line, http, port);
	snprintf(url, sizeof(url), "http://localhost:%u/hello", port);
	CHECK_OK(fetch(&f, url, false, &out));
	refused(&f, "/hello", "fetch-private");
	stop(&f);
	http = http_socket(&port);
	snprintf(line, sizeof(line),
	    "fetch-private-address = 127.0.0.1:%u\n", port);
	start_at(&f, line, http, port);
	buf_clear(&out);
	CHECK_OK(fetch(&f, "/hello", false, &out));
	snprintf(url, sizeof(url), "http://localhost:%u/hello", port);
	refused(&f, url, "fetch-private");
	refused(&f, "/elsewhere", "fetch-private"); /* a redirect to it */
	stop(&f);
}

static void
a_redirect_is_followed_three_times(void)
{
	struct fixture f;
	CLEANUP(buf_done) struct buf out = BUF(4096);
	start(&f, "fetch-private = yes\n");
	CHECK_OK(fetch(&f, "/hop3", false, &out));
	CHECK(bytes_eq_str(buf_bytes(&out), "hello"));
	buf_clear(&out);
	CHECK_OK(fetch(&f, "/kept", true, &out)); /* 307: what was posted goes */
	CHECK(bytes_eq_str(buf_bytes(&out), "posted"));
	buf_clear(&out);
	CHECK_OK(fetch(&f, "/seen", true, &out)); /* 302: it is a GET */
	CHECK(bytes_eq_str(buf_bytes(&out), "hello"));
	refused(&f, "/hop4", "fetch-failed");
	refused(&f, "http://name:word@127.0.0.1/", "fetch-failed");
	stop(&f);
}

static struct err *
ask_ca(const struct fixture *f)
{
	CLEANUP(buf_done) struct buf body = BUF(4096);
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	TRY(pack_u64(&body, 1, LONG_MS));
	TRY(pack_str(&body, 2, "message"));
	return ipc_call(f->path, FETCH_CA, buf_bytes(&body), NULL, 0, 4096,
	    LONG_MS, &m);
}

/* A redirect would carry its messages to any private address. */
static void
the_external_ca_is_asked_where_the_setting_says_alone(void)
{
	struct fixture f;
	char line[128];
	uint16_t port;
	static const struct {
		const char *path, *code;
	} rows[] = { { "ca-echo", "" }, { "ca", "fetch-failed" } };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int http = http_socket(&port);
		snprintf(line, sizeof(line),
		    "external-ca-url = http://127.0.0.1:%u/%s\n", port,
		    rows[i].path);
		start_at(&f, line, http, port);
		struct err *e = ask_ca(&f);
		CHECK(strcmp(e == NULL ? "" : err_code(e), rows[i].code) == 0);
		err_free(e);
		stop(&f);
	}
}

/* Who waits a second must not silence a server for those who wait longer. */
static void
what_was_slow_for_one_in_haste_is_asked_for_others(void)
{
	struct fixture f;
	struct fetch_source s;
	start(&f, "fetch-private = yes\n");
	open_source(&f, &s);
	struct fetched out = get_within(&s, &f, WANTED_CRL, "/never", 100);
	CHECK(out.slow && out.error != NULL);
	fetched_done(&out);
	kill(f.server, SIGKILL); /* asked now, it fails at once */
	waitpid(f.server, NULL, 0);
	out = get_within(&s, &f, WANTED_CRL, "/never", 110); /* as hasty */
	CHECK(out.slow && out.error != NULL);
	fetched_done(&out);
	out = get_within(&s, &f, WANTED_CRL, "/never", 20000);
	CHECK(!out.slow && is_code(out.error, "fetch-failed"));
	fetched_done(&out);
	close_source(&s);
	stop(&f);
}

/* What a stranger's request got is no answer to everybody else's. */
static void
a_responder_that_refuses_one_request_is_asked_the_next(void)
{
	struct fixture f;
	struct fetch_source s;
	struct fetched out;
	start(&f, "fetch-private = yes\n");
	open_source(&f, &s);
	struct wanted w = wanted_at(&f, WANTED_OCSP, "/ocsp");
	CHECK_OK(buf_append(&w.request, BYTES_LIT("bad")));
	get_all(&s, &w, 1, &out);
	CHECK(is_code(out.error, "source-refused"));
	fetched_done(&out);
	w = wanted_at(&f, WANTED_OCSP, "/ocsp");
	CHECK_OK(buf_append(&w.request, BYTES_LIT("good")));
	get_all(&s, &w, 1, &out);
	CHECK(out.error == NULL && out.body.len == 4);
	fetched_done(&out);
	close_source(&s);
	stop(&f);
}

/* Nor what came beside a stranger's long answers. */
static bool
one_had_no_room_and_was_asked_again(int64_t ms)
{
	struct fixture f;
	struct fetch_source s;
	fill_half();
	start(&f, "fetch-private = yes\nfetch-max = 1024\n");
	open_source(&f, &s);
	struct wanted w[] = { wanted_at(&f, WANTED_CRL, "/half"),
		wanted_at(&f, WANTED_CRL, "/der?400") };
	struct fetched out[COUNT_OF(w)];
	get_all_within(&s, w, COUNT_OF(w), ms, out);
	bool crowded = is_code(out[0].error, "source-busy") ||
		       is_code(out[1].error, "source-busy");
	for (size_t i = 0; i < COUNT_OF(w); i++)
		fetched_done(&out[i]);
	struct fetched again = get_one(&s, &f, WANTED_CRL, "/der?400");
	CHECK(!crowded || again.error == NULL);
	fetched_done(&again);
	close_source(&s);
	stop(&f);
	return crowded;
}

static void
what_had_no_room_beside_others_is_asked_again(void)
{
	CHECK(in_the_end(one_had_no_room_and_was_asked_again));
}

/* A place that is being asked is not asked beside; then its answer is there. */
struct second {
	struct fetch_source *source;
	atomic_bool inside;
	bool waited;
};

static void *
get_in_thread(void *ctx)
{
	struct second *second = ctx;
	struct fetch_source *s = second->source;
	struct wanted w = { .kind = WANTED_CRL,
		.url = strdup("http://127.0.0.1:1/same"),
		.request = BUF(64) };
	int64_t left = LONG_MS;
	CHECK(fetch_enter(s->memory, &w, 1, &left, &second->waited));
	atomic_store(&second->inside, true);
	CHECK(left <= LONG_MS);
	fetch_leave(s->memory, &w, 1);
	free(w.url);
	return NULL;
}

static void
two_do_not_ask_for_the_same_at_once(void)
{
	struct fixture f;
	struct fetch_source s;
	pthread_t t;
	struct second second = { .source = &s };
	bool waited = false;
	int64_t left = LONG_MS;
	struct wanted w = { .kind = WANTED_CRL,
		.url = strdup("http://127.0.0.1:1/same"),
		.request = BUF(64) };
	struct wanted other = { .kind = WANTED_CRL,
		.url = strdup("http://127.0.0.1:1/other"),
		.request = BUF(64) };
	start(&f, "fetch-private = yes\n");
	open_source(&f, &s);
	CHECK(fetch_enter(s.memory, &other, 1, &left, &waited) && !waited);
	/* A thread that is late has nothing to wait for: once more. */
	for (int i = 0; i < 100 && !second.waited; i++) {
		atomic_store(&second.inside, false);
		CHECK(fetch_enter(s.memory, &w, 1, &left, &waited) && !waited);
		CHECK(pthread_create(&t, NULL, get_in_thread, &second) == 0);
		usleep(200000);
		CHECK(!atomic_load(&second.inside));
		fetch_leave(s.memory, &w, 1);
		CHECK(pthread_join(t, NULL) == 0);
	}
	CHECK(second.waited);
	left = 20;
	CHECK(!fetch_enter(s.memory, &other, 1, &left, &waited) && waited);
	fetch_leave(s.memory, &other, 1);
	free(w.url);
	free(other.url);
	close_source(&s);
	stop(&f);
}

static void
the_service_manager_is_told(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	snprintf(a.sun_path, sizeof(a.sun_path), "/tmp/test-notify-%d.sock",
	    getpid());
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	unlink(a.sun_path);
	CHECK(bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
	setenv("NOTIFY_SOCKET", a.sun_path, 1);
	notify_service_manager("READY=1");
	char got[32] = "";
	CHECK(recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT) == 7);
	CHECK(strcmp(got, "READY=1") == 0);
	unsetenv("NOTIFY_SOCKET");
	notify_service_manager("READY=1"); /* nobody there: nothing happens */
	CHECK(recv(fd, got, sizeof(got), MSG_DONTWAIT) < 0);
	close(fd);
	unlink(a.sun_path);
}

int
main(void)
{
	unsetenv("http_proxy");
	RUN(brings_what_is_there);
	RUN(gives_up_what_is_missing_too_long_or_too_slow);
	RUN(goes_nowhere_but_to_http);
	RUN(refuses_private_addresses_in_every_disguise);
	RUN(several_are_fetched_at_once_each_with_its_own_fate);
	RUN(many_are_no_longer_together_than_one_may_be);
	RUN(a_server_that_drips_holds_up_nobody_else);
	RUN(the_last_good_answer_is_kept_when_no_newer_comes);
	RUN(an_older_answer_is_given_while_a_newer_one_is_fetched);
	RUN(what_did_not_do_is_asked_of_its_origin);
	RUN(who_failed_just_now_is_left_alone);
	RUN(only_hosts_of_the_setting_are_asked);
	RUN(a_private_address_is_for_the_hosts_that_it_was_allowed_to);
	RUN(a_redirect_is_followed_three_times);
	RUN(the_external_ca_is_asked_where_the_setting_says_alone);
	RUN(what_was_slow_for_one_in_haste_is_asked_for_others);
	RUN(a_responder_that_refuses_one_request_is_asked_the_next);
	RUN(what_had_no_room_beside_others_is_asked_again);
	RUN(two_do_not_ask_for_the_same_at_once);
	RUN(the_service_manager_is_told);
	return DONE();
}

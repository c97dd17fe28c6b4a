#include "net/transfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REDIRECTS_MAX 3
#define POLL_MS 1000

/* Asked after the name is resolved, for every connection and redirect, so no
 * name can be public when it is looked at and private when it is used. */
static curl_socket_t
open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct transfer *f = ctx;
	if (purpose != CURLSOCKTYPE_IPCXN)
		return CURL_SOCKET_BAD;
	if (!place_address_allowed(&f->all->rules, f->host, &a->addr)) {
		f->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static struct err *
write_all(int fd, struct bytes b)
{
	for (size_t at = 0; at < b.len;) {
		ssize_t n = write(fd, b.ptr + at, b.len - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_errno(errno, "a body");
		at += (size_t)n;
	}
	return NULL;
}

static size_t
take_body(char *data, size_t size, size_t n, void *ctx)
{
	struct transfer *f = ctx;
	size_t len = size * n;
	/* Told as it grows: many together would fill the memory long before
	 * each of them is too long. */
	f->too_large = len > f->max - f->len;
	f->crowded = !f->too_large && len > f->all->room;
	if (f->too_large || f->crowded)
		return 0;
	f->all->room -= len;
	f->len += len;
	struct err *e = f->to_file ? write_all(f->fd, bytes_of(data, len))
				   : buf_append(&f->got, bytes_of(data, len));
	err_free(e);
	return e == NULL ? len : 0;
}

static struct err *
err_curl(const struct transfer *f, CURLcode code)
{
	if (f->refused)
		return err_coded(
		    err_new(ERR_DENIED, NULL, "%s: a private address", f->url),
		    "fetch-private");
	if (f->too_large || code == CURLE_FILESIZE_EXCEEDED)
		return err_coded(err_new(ERR_LIMIT, NULL,
				     "%s: more than %zu bytes", f->url, f->max),
		    "fetch-too-large");
	if (f->crowded)
		return err_coded(err_new(ERR_LIMIT, NULL,
				     "%s: no room beside the others", f->url),
		    "source-busy");
	if (code == CURLE_HTTP_RETURNED_ERROR)
		return err_coded(err_new(ERR_REMOTE, NULL,
				     "%s: refused by the server", f->url),
		    "source-refused");
	if (code == CURLE_OUT_OF_MEMORY)
		return err_new(ERR_NOMEM, NULL, "libcurl");
	return err_coded(err_new(ERR_REMOTE, NULL, "%s: %s", f->url,
			     f->all->api->easy_strerror(code)),
	    "fetch-failed");
}

/* What is the same for each hop.  Redirects are followed here and not by
 * libcurl: each must be looked at first. */
static CURLcode
set_options(struct transfer *f)
{
	CURLcode bad = CURLE_OK;
#define SET(option, value)                                                     \
	do {                                                                   \
		if (bad == CURLE_OK)                                           \
			bad = f->all->api->easy_setopt(                \
			    f->curl, option, value);              \
	} while (0)
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_FAILONERROR, 1L);
	SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)f->max);
	SET(CURLOPT_USERAGENT, "signd");
	SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
	SET(CURLOPT_OPENSOCKETDATA, f);
	SET(CURLOPT_WRITEFUNCTION, take_body);
	SET(CURLOPT_WRITEDATA, f);
	SET(CURLOPT_PRIVATE, f);
	SET(CURLOPT_HTTPHEADER, f->headers);
	if (f->content_type != NULL) {
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)f->post.len);
		SET(CURLOPT_POSTFIELDS, (const char *)f->post.ptr);
	}
	return bad;
}

/* ---- one hop ---- */

static int64_t
now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* What is looked at here is what libcurl goes by, written anew by itself:
 * nobody reads a URL in two ways. */
static struct err *
read_place(struct transfer *f, CURLU *u, const char *url, char **host,
    char **written)
{
	const struct curl_api *api = f->all->api;
	if (api->url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER) !=
		CURLUE_OK ||
	    api->url_get(u, CURLUPART_HOST, host, 0) != CURLUE_OK ||
	    api->url_get(u, CURLUPART_URL, written, 0) != CURLUE_OK)
		return err_coded(
		    err_new(ERR_REMOTE, NULL, "%s: no address", f->url),
		    "fetch-failed");
	if (!place_host_allowed(&f->all->rules, *host))
		return err_coded(err_new(ERR_DENIED, NULL,
				     "%s: no host of the setting", f->url),
		    "source-not-allowed");
	return NULL;
}

static struct err *
set_place(struct transfer *f, const char *url)
{
	const struct curl_api *api = f->all->api;
	char *host = NULL, *written = NULL;
	CURLcode bad = CURLE_OK;
	CURLU *u = api->url();
	if (u == NULL)
		return err_new(ERR_NOMEM, NULL, "libcurl");
	struct err *e = read_place(f, u, url, &host, &written);
	if (e == NULL)
		SET(CURLOPT_URL, written);
	if (e == NULL && bad != CURLE_OK)
		e = err_curl(f, bad);
	api->url_cleanup(u);
	api->free(written);
	api->free(f->host);
	f->host = host;
	return e;
}

static struct err *
start_hop(struct transfer *f, const char *url)
{
	CURLcode bad = CURLE_OK;
	int64_t left = f->end_ms - now_ms();
	TRY(set_place(f, url));
	/* To libcurl 0 is "for ever". */
	SET(CURLOPT_TIMEOUT_MS, left > 0 ? (long)left : 1L);
#undef SET
	if (bad != CURLE_OK)
		return err_curl(f, bad);
	if (f->all->api->multi_add_handle(f->all->multi, f->curl) != CURLM_OK)
		return err_new(ERR_NOMEM, NULL, "curl_multi_add_handle");
	return NULL;
}

/* As browsers have always done: RFC 9110 15.4.2 to 15.4.4. */
static CURLcode
ask_plainly(struct transfer *f, long status)
{
	if (f->content_type == NULL || status > 303)
		return CURLE_OK;
	CURLcode bad = f->all->api->easy_setopt(
	    f->curl, CURLOPT_HTTPHEADER, NULL);
	return bad != CURLE_OK ? bad
			       : f->all->api->easy_setopt(
				     f->curl, CURLOPT_HTTPGET, 1L);
}

static struct err *
forget_body(struct transfer *f)
{
	f->all->room += f->len;
	f->len = 0;
	buf_clear(&f->got);
	if (f->to_file &&
	    (ftruncate(f->fd, 0) != 0 || lseek(f->fd, 0, SEEK_SET) != 0))
		return err_errno(errno, "a body");
	return NULL;
}

/* What came with a redirect is not what was asked for.  `url` is libcurl's,
 * and goes with the next hop. */
static struct err *
follow(struct transfer *f, const char *url, long status)
{
	if (f->stays)
		return err_coded(err_new(ERR_REMOTE, NULL,
				     "%s: it redirects", f->url),
		    "fetch-failed");
	if (f->hops++ == REDIRECTS_MAX)
		return err_coded(
		    err_new(ERR_REMOTE, NULL, "%s: too many redirects", f->url),
		    "fetch-failed");
	TRY(forget_body(f));
	CURLcode bad = ask_plainly(f, status);
	return bad == CURLE_OK ? start_hop(f, url) : err_curl(f, bad);
}

static struct curl_slist *
post_headers(const struct transfer *f)
{
	char line[256];
	if (f->content_type == NULL)
		return NULL;
	snprintf(line, sizeof(line), "Content-Type: %s", f->content_type);
	return f->all->api->slist_append(NULL, line);
}

/* ---- several at once ---- */

void
transfers_done(struct transfers *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct transfer *one = &t->v[i];
		if (one->curl != NULL && t->multi != NULL)
			t->api->multi_remove_handle(t->multi, one->curl);
		if (one->curl != NULL)
			t->api->easy_cleanup(one->curl);
		if (one->headers != NULL)
			t->api->slist_free_all(one->headers);
		t->api->free(one->host);
		free(one->url);
		free(one->content_type);
		buf_done(&one->got);
		err_free(one->error);
	}
	if (t->multi != NULL)
		t->api->multi_cleanup(t->multi);
}

/* Errors of the place are its own alone. */
static struct err *
transfer_begin(struct transfers *t, struct transfer *one)
{
	one->all = t;
	one->got = BUF(one->max);
	one->end_ms = now_ms() + one->timeout_ms;
	one->curl = t->api->easy_init();
	if (one->curl == NULL)
		return err_new(ERR_NOMEM, NULL, "libcurl");
	one->headers = post_headers(one);
	CURLcode code = set_options(one);
	if (code != CURLE_OK)
		return err_curl(one, code);
	one->error = start_hop(one, one->url);
	return NULL;
}

static void
hop_ended(struct transfer *one, CURLcode result)
{
	const struct curl_api *api = one->all->api;
	char *next = NULL;
	long status = 0;
	api->multi_remove_handle(one->all->multi, one->curl);
	api->easy_getinfo(one->curl, CURLINFO_REDIRECT_URL, &next);
	api->easy_getinfo(one->curl, CURLINFO_RESPONSE_CODE, &status);
	one->slow = result == CURLE_OPERATION_TIMEDOUT;
	if (result != CURLE_OK)
		one->error = err_curl(one, result);
	else if (next != NULL)
		one->error = follow(one, next, status);
}

/* True: something goes on. */
static bool
note_ends(struct transfers *t)
{
	CURLMsg *m;
	int left;
	bool any = false;
	while ((m = t->api->multi_info_read(t->multi, &left)) != NULL) {
		char *private = NULL;
		CURLcode result = m->data.result;
		if (m->msg != CURLMSG_DONE)
			continue;
		t->api->easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &private);
		/* The message goes with the handle. */
		hop_ended((struct transfer *)(void *)private, result);
		any = true;
	}
	return any;
}

/* Each has its own time limit, so this ends. */
struct err *
transfers_run(struct transfers *t)
{
	int running = 1;
	t->multi = t->api->multi_init();
	if (t->multi == NULL)
		return err_new(ERR_NOMEM, NULL, "libcurl");
	for (size_t i = 0; i < t->n; i++)
		TRY(transfer_begin(t, &t->v[i]));
	while (running > 0) {
		if (t->api->multi_perform(t->multi, &running) != CURLM_OK)
			return err_new(ERR_INTERNAL, NULL, "libcurl");
		if (note_ends(t))
			running = 1; /* perhaps; the next round tells */
		else if (running > 0 && t->api->multi_poll(t->multi, NULL, 0,
					    POLL_MS, NULL) != CURLM_OK)
			return err_new(ERR_INTERNAL, NULL, "libcurl");
	}
	return NULL;
}

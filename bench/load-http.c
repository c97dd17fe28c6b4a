/* Requests over one kept connection, with as little of the client's own work as
 * can be: it has the same cores as the service. */
#include <curl/curl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "bench/load.h"

#define ANSWER_MAX 65536 /* bytes */
#define WAIT_MS 20000

struct line {
	CURL *curl;
	char host[256];
};

struct err *
line_open(const char *base, const char *ca_file, struct line **out)
{
	struct line *l = calloc(1, sizeof(*l));
	if (l == NULL || (l->curl = curl_easy_init()) == NULL) {
		free(l);
		return err_new(ERR_NOMEM, NULL, "curl");
	}
	const char *slashes = strstr(base, "//");
	snprintf(l->host, sizeof(l->host), "%s",
	    slashes == NULL ? base : slashes + 2);
	curl_easy_setopt(l->curl, CURLOPT_URL, base);
	curl_easy_setopt(l->curl, CURLOPT_CAINFO, ca_file);
	curl_easy_setopt(l->curl, CURLOPT_CONNECT_ONLY, 1L);
	CURLcode rc = curl_easy_perform(l->curl);
	if (rc != CURLE_OK) {
		line_close(l);
		return err_new(
		    ERR_REMOTE, NULL, "%s: %s", base, curl_easy_strerror(rc));
	}
	*out = l;
	return NULL;
}

void
line_close(struct line *l)
{
	if (l != NULL)
		curl_easy_cleanup(l->curl);
	free(l);
}

static struct err *
wait_line(const struct line *l, short events)
{
	curl_socket_t fd = -1;
	curl_easy_getinfo(l->curl, CURLINFO_ACTIVESOCKET, &fd);
	struct pollfd p = { .fd = fd, .events = events };
	if (poll(&p, 1, WAIT_MS) != 1)
		return err_new(ERR_REMOTE, NULL, "no answer");
	return NULL;
}

static struct err *
send_all(const struct line *l, struct bytes what)
{
	while (what.len > 0) {
		size_t n = 0;
		CURLcode rc = curl_easy_send(l->curl, what.ptr, what.len, &n);
		if (rc == CURLE_AGAIN)
			TRY(wait_line(l, POLLOUT));
		else if (rc != CURLE_OK)
			return err_new(ERR_REMOTE, NULL, "sending: %s",
			    curl_easy_strerror(rc));
		what = bytes_from(what, n);
	}
	return NULL;
}

/* How long the whole answer is, once its head is there; 0 before. */
static size_t
answer_length(struct bytes got)
{
	size_t head = bytes_find(got, BYTES_LIT("\r\n\r\n"));
	size_t at = bytes_find(got, BYTES_LIT("ontent-Length: "));
	if (head == SIZE_MAX || at == SIZE_MAX || at > head)
		return 0;
	return head + 4 +
	       strtoul((const char *)got.ptr + at + 15, NULL, 10);
}

static struct err *
recv_answer(const struct line *l, bool *ok)
{
	static _Thread_local char in[ANSWER_MAX + 1];
	size_t got = 0, want = 0;
	/* It is never there yet: asking for it would cost a call. */
	TRY(wait_line(l, POLLIN));
	while (want == 0 || got < want) {
		size_t n = 0;
		CURLcode rc =
		    curl_easy_recv(l->curl, in + got, ANSWER_MAX - got, &n);
		if (rc == CURLE_AGAIN) {
			TRY(wait_line(l, POLLIN));
			continue;
		}
		if (rc != CURLE_OK || n == 0)
			return err_new(ERR_REMOTE, NULL, "the line is cut");
		got += n;
		in[got] = '\0';
		want = answer_length(bytes_of((uint8_t *)in, got));
	}
	*ok = strncmp(in, "HTTP/1.1 200", 12) == 0;
	if (!*ok)
		return err_new(ERR_REMOTE, NULL, "%.300s", in);
	return NULL;
}

struct err *
line_post(struct line *l, const char *path, const char *type,
    struct bytes body)
{
	bool ok = false;
	CLEANUP(buf_done) struct buf all = BUF(ANSWER_MAX);
	TRY(buf_printf(&all,
	    "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\n"
	    "Content-Length: %zu\r\n\r\n",
	    path, l->host, type, body.len));
	TRY(buf_append(&all, body));
	TRY(send_all(l, buf_bytes(&all)));
	return recv_answer(l, &ok);
}

#include "net/transfer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REDIRECTS_MAX 3
#define POLL_MS 1000

/* ---- which addresses are nobody's business ---- */

struct net4 {
	uint32_t net;
	int bits;
};

/* RFC 6890 and its successors. */
static const struct net4 private4[] = {
	{ 0x00000000, 8 },
	{ 0x0a000000, 8 },
	{ 0x64400000, 10 },
	{ 0x7f000000, 8 },
	{ 0xa9fe0000, 16 },
	{ 0xac100000, 12 },
	{ 0xc0000000, 24 },
	{ 0xc0000200, 24 },
	{ 0xc0586300, 24 },
	{ 0xc0a80000, 16 },
	{ 0xc6120000, 15 },
	{ 0xc6336400, 24 },
	{ 0xcb007100, 24 },
	{ 0xe0000000, 3 },
};

static bool
is_private4(uint32_t a)
{
	for (size_t i = 0; i < COUNT_OF(private4); i++) {
		uint32_t mask = ~(uint32_t)0 << (32 - private4[i].bits);
		if ((a & mask) == private4[i].net)
			return true;
	}
	return false;
}

static bool
is_private6(const struct in6_addr *a)
{
	const uint8_t *b = a->s6_addr;
	uint32_t tail = (uint32_t)b[12] << 24 | (uint32_t)b[13] << 16 |
			(uint32_t)b[14] << 8 | b[15];
	/* IPv4 in disguise: mapped, and NAT64 with its well-known prefix; other
	 * prefixes (RFC 8215) are an operator's own and not for us. */
	static const uint8_t nat64[12] = { 0x00, 0x64, 0xff, 0x9b };
	if (IN6_IS_ADDR_V4MAPPED(a) || memcmp(b, nat64, sizeof(nat64)) == 0)
		return is_private4(tail);
	if (b[0] == 0x20 && b[1] == 0x02) /* 6to4 */
		return true;
	/* Only 2000::/3 is the public internet; 2001:db8::/32 and Teredo not.
	 */
	return (b[0] & 0xe0) != 0x20 ||
	       (b[0] == 0x20 && b[1] == 0x01 && b[2] == 0x0d && b[3] == 0xb8) ||
	       (b[0] == 0x20 && b[1] == 0x01 && b[2] == 0 && b[3] == 0);
}

static bool
is_private(const struct sockaddr *a)
{
	if (a->sa_family == AF_INET)
		return is_private4(
		    ntohl(((const struct sockaddr_in *)(const void *)a)
			      ->sin_addr.s_addr));
	if (a->sa_family == AF_INET6)
		return is_private6(
		    &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr);
	return true;
}

/* "10.1.2.3:80", "[fd00::1]:443", as the setting writes it. */
static bool
is_written(const struct sockaddr *a, const char *setting)
{
	char host[INET6_ADDRSTRLEN], whole[INET6_ADDRSTRLEN + 16];
	const struct sockaddr_in *v4 = (const void *)a;
	const struct sockaddr_in6 *v6 = (const void *)a;
	bool six = a->sa_family == AF_INET6;
	const void *raw = six ? (const void *)&v6->sin6_addr
			      : (const void *)&v4->sin_addr;
	if (inet_ntop(a->sa_family, raw, host, sizeof(host)) == NULL)
		return false;
	snprintf(whole, sizeof(whole), six ? "[%s]:%u" : "%s:%u", host,
	    ntohs(six ? v6->sin6_port : v4->sin_port));
	return strcmp(whole, setting) == 0;
}

static bool
is_allowed(const struct transfer_rules *r, const struct sockaddr *a)
{
	if (r->private_ok || !is_private(a))
		return true;
	if (a->sa_family != AF_INET && a->sa_family != AF_INET6)
		return false;
	for (size_t i = 0; i < r->naddresses; i++)
		if (is_written(a, r->addresses[i]))
			return true;
	return false;
}

/* Asked after the name is resolved, for every connection and redirect, so no
 * name can be public when it is looked at and private when it is used. */
static curl_socket_t
open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct transfer *f = ctx;
	if (purpose != CURLSOCKTYPE_IPCXN)
		return CURL_SOCKET_BAD;
	if (!is_allowed(&f->all->rules, &a->addr)) {
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
	if (len > f->max - f->len || len > f->all->room) {
		f->too_large = true;
		return 0;
	}
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
	SET(CURLOPT_URL, f->url);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_FOLLOWLOCATION, 1L);
	SET(CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_FAILONERROR, 1L);
	SET(CURLOPT_TIMEOUT_MS, f->timeout_ms);
	SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)f->max);
	SET(CURLOPT_USERAGENT, "signd");
	SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
	SET(CURLOPT_OPENSOCKETDATA, f);
	SET(CURLOPT_WRITEFUNCTION, take_body);
	SET(CURLOPT_WRITEDATA, f);
	if (f->content_type != NULL) {
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)f->post.len);
		SET(CURLOPT_POSTFIELDS, (const char *)f->post.ptr);
	}
#undef SET
	return bad;
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
		free(one->url);
		free(one->content_type);
		buf_done(&one->got);
		err_free(one->error);
	}
	if (t->multi != NULL)
		t->api->multi_cleanup(t->multi);
}

static struct err *
transfer_begin(struct transfers *t, struct transfer *one)
{
	one->all = t;
	one->got = BUF(one->max);
	one->curl = t->api->easy_init();
	if (one->curl == NULL)
		return err_new(ERR_NOMEM, NULL, "libcurl");
	one->headers = post_headers(one);
	CURLcode code = set_options(one);
	if (code == CURLE_OK)
		code = t->api->easy_setopt(
		    one->curl, CURLOPT_HTTPHEADER, one->headers);
	if (code == CURLE_OK)
		code = t->api->easy_setopt(one->curl, CURLOPT_PRIVATE, one);
	if (code != CURLE_OK)
		return err_curl(one, code);
	if (t->api->multi_add_handle(t->multi, one->curl) != CURLM_OK)
		return err_new(ERR_NOMEM, NULL, "curl_multi_add_handle");
	return NULL;
}

static void
note_ends(struct transfers *t)
{
	CURLMsg *m;
	int left;
	while ((m = t->api->multi_info_read(t->multi, &left)) != NULL) {
		char *private = NULL;
		if (m->msg != CURLMSG_DONE)
			continue;
		t->api->easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &private);
		struct transfer *one = (struct transfer *)(void *)private;
		one->slow = m->data.result == CURLE_OPERATION_TIMEDOUT;
		if (m->data.result != CURLE_OK)
			one->error = err_curl(one, m->data.result);
	}
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
		if (t->api->multi_perform(t->multi, &running) != CURLM_OK ||
		    (running > 0 && t->api->multi_poll(t->multi, NULL, 0, POLL_MS,
					NULL) != CURLM_OK))
			return err_new(ERR_INTERNAL, NULL, "libcurl");
	}
	note_ends(t);
	return NULL;
}

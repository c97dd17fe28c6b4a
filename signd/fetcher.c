/* The fetcher: the only process that connects outward, to addresses that
 * strangers chose.  It parses nothing of what it brings. */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/pack.h"
#include "signd/ipc.h"
#include "signd/process.h"
#include "signd/proto.h"
#include "signd/roles.h"

#define URL_MAX 2048           /* bytes */
#define POST_MAX (1024 * 1024) /* bytes; OCSP and TSP requests are small */
#define IDLE_MS 10000
#define REDIRECTS_MAX 3
#define POLL_MS 1000
#define ERROR_MAX 8192 /* bytes of an error, packed */

struct fetcher {
	const struct settings *s;
};

struct fetch {
	const struct settings *s;
	char *url;  /* owned */
	size_t max; /* bytes */
	long timeout_ms;
	char *content_type; /* owned; NULL: GET */
	struct bytes post;
	struct buf *out;
	size_t *room; /* bytes left for all of one request */
	bool too_large;
	bool refused; /* a private address */
};

static void
fetch_done(struct fetch *f)
{
	free_charp(&f->url);
	free_charp(&f->content_type);
}

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
is_allowed(const struct settings *s, const struct sockaddr *a)
{
	if (s->fetch_private || !is_private(a))
		return true;
	if (a->sa_family != AF_INET && a->sa_family != AF_INET6)
		return false;
	for (size_t i = 0; i < s->fetch_private_address.n; i++)
		if (is_written(a, s->fetch_private_address.v[i]))
			return true;
	return false;
}

/* Asked after the name is resolved, for every connection and redirect, so no
 * name can be public when it is looked at and private when it is used. */
static curl_socket_t
open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct fetch *f = ctx;
	if (purpose != CURLSOCKTYPE_IPCXN)
		return CURL_SOCKET_BAD;
	if (!is_allowed(f->s, &a->addr)) {
		f->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static size_t
take_body(char *data, size_t size, size_t n, void *ctx)
{
	struct fetch *f = ctx;
	size_t len = size * n;
	/* Told as it grows: many together would fill the memory long before
	 * each of them is too long. */
	if (len > f->max - f->out->len || len > *f->room) {
		f->too_large = true;
		return 0;
	}
	*f->room -= len;
	struct err *e = buf_append(f->out, bytes_of(data, len));
	err_free(e);
	return e == NULL ? len : 0;
}

static struct err *
err_curl(const struct fetch *f, CURLcode code)
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
			     curl_easy_strerror(code)),
	    "fetch-failed");
}

static CURLcode
set_options(CURL *c, struct fetch *f)
{
	CURLcode bad = CURLE_OK;
#define SET(option, value)                                                     \
	do {                                                                   \
		if (bad == CURLE_OK)                                           \
			bad = curl_easy_setopt(c, option, value);              \
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
post_headers(const struct fetch *f)
{
	char line[256];
	if (f->content_type == NULL)
		return NULL;
	snprintf(line, sizeof(line), "Content-Type: %s", f->content_type);
	return curl_slist_append(NULL, line);
}

/* ---- several at once ---- */

struct transfer {
	struct fetch f;
	struct buf got;
	CURL *curl;
	struct curl_slist *headers;
	struct err *error;
	bool slow; /* its time was over first */
};

struct transfers {
	struct transfer v[FETCH_MANY_MAX];
	size_t n;
	size_t room; /* bytes that may still come */
	CURLM *multi;
};

static void
transfers_done(struct transfers *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct transfer *one = &t->v[i];
		if (one->curl != NULL && t->multi != NULL)
			curl_multi_remove_handle(t->multi, one->curl);
		curl_easy_cleanup(one->curl);
		curl_slist_free_all(one->headers);
		fetch_done(&one->f);
		buf_done(&one->got);
		err_free(one->error);
	}
	curl_multi_cleanup(t->multi);
}

static struct err *
transfer_begin(struct transfers *t, struct transfer *one)
{
	one->curl = curl_easy_init();
	if (one->curl == NULL)
		return err_new(ERR_NOMEM, NULL, "libcurl");
	one->got = BUF(one->f.max);
	one->f.out = &one->got;
	one->f.room = &t->room;
	one->headers = post_headers(&one->f);
	CURLcode code = set_options(one->curl, &one->f);
	if (code == CURLE_OK)
		code = curl_easy_setopt(
		    one->curl, CURLOPT_HTTPHEADER, one->headers);
	if (code == CURLE_OK)
		code = curl_easy_setopt(one->curl, CURLOPT_PRIVATE, one);
	if (code != CURLE_OK)
		return err_curl(&one->f, code);
	if (curl_multi_add_handle(t->multi, one->curl) != CURLM_OK)
		return err_new(ERR_NOMEM, NULL, "curl_multi_add_handle");
	return NULL;
}

static void
note_ends(struct transfers *t)
{
	CURLMsg *m;
	int left;
	while ((m = curl_multi_info_read(t->multi, &left)) != NULL) {
		char *private = NULL;
		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &private);
		struct transfer *one = (struct transfer *)(void *)private;
		one->slow = m->data.result == CURLE_OPERATION_TIMEDOUT;
		if (m->data.result != CURLE_OK)
			one->error = err_curl(&one->f, m->data.result);
	}
}

/* Each has its own time limit, so this ends. */
static struct err *
perform(struct transfers *t)
{
	int running = 1;
	t->multi = curl_multi_init();
	if (t->multi == NULL)
		return err_new(ERR_NOMEM, NULL, "libcurl");
	for (size_t i = 0; i < t->n; i++)
		TRY(transfer_begin(t, &t->v[i]));
	while (running > 0) {
		if (curl_multi_perform(t->multi, &running) != CURLM_OK ||
		    (running > 0 && curl_multi_poll(t->multi, NULL, 0, POLL_MS,
					NULL) != CURLM_OK))
			return err_new(ERR_INTERNAL, NULL, "libcurl");
	}
	note_ends(t);
	return NULL;
}

/* ---- requests ---- */

static struct err *
check_request(
    const struct settings *s, uint64_t max, uint64_t timeout, struct fetch *f)
{
	if (strlen(f->url) > URL_MAX || !utf8_printable(bytes_str(f->url)) ||
	    (f->content_type != NULL &&
		!utf8_printable(bytes_str(f->content_type))))
		return err_new(ERR_MALFORMED, NULL, "no URL");
	uint64_t most = (uint64_t)s->fetch_max;
	uint64_t longest = (uint64_t)s->fetch_seconds * 1000;
	f->s = s;
	f->max = (size_t)(max < most ? max : most);
	/* To libcurl 0 is "for ever". */
	if (timeout == 0)
		timeout = 1;
	f->timeout_ms = (long)(timeout < longest ? timeout : longest);
	return NULL;
}

static struct err *
read_one(
    const struct settings *s, const struct ipc_message *m, struct transfers *t)
{
	struct unpack u = unpack_of(buf_bytes(&m->body));
	struct fetch *f = &t->v[0].f;
	uint64_t max, timeout;
	t->n = 1;
	TRY(unpack_str(&u, 1, &f->url));
	TRY(unpack_u64(&u, 2, &max));
	TRY(unpack_u64(&u, 3, &timeout));
	if (m->op == FETCH_POST) {
		TRY(unpack_str(&u, 4, &f->content_type));
		TRY(unpack_bytes(&u, 5, &f->post));
	}
	TRY(unpack_end(&u));
	return check_request(s, max, timeout, f);
}

static struct err *
read_many(
    const struct settings *s, const struct ipc_message *m, struct transfers *t)
{
	struct unpack u = unpack_of(buf_bytes(&m->body));
	uint64_t max, timeout;
	TRY(unpack_u64(&u, 1, &timeout));
	while (unpack_is(&u, 2)) {
		if (t->n == FETCH_MANY_MAX)
			return err_new(
			    ERR_LIMIT, NULL, "over %d at once", FETCH_MANY_MAX);
		struct fetch *f = &t->v[t->n++].f;
		TRY(unpack_str(&u, 2, &f->url));
		TRY(unpack_u64(&u, 3, &max));
		if (unpack_is(&u, 4)) {
			TRY(unpack_str(&u, 4, &f->content_type));
			TRY(unpack_bytes(&u, 5, &f->post));
		}
		TRY(check_request(s, max, timeout, f));
	}
	return unpack_end(&u);
}

/* All bodies together are no longer than one may be: take_body() saw to it. */
static struct err *
pack_many(struct transfers *t, struct buf *out)
{
	for (size_t i = 0; i < t->n; i++) {
		struct transfer *one = &t->v[i];
		TRY(pack_u64(out, 1, one->slow));
		if (one->error == NULL) {
			TRY(pack_bytes(out, 2, buf_bytes(&one->got)));
			continue;
		}
		CLEANUP(buf_done) struct buf packed = BUF(ERROR_MAX);
		TRY(err_pack(one->error, &packed));
		TRY(pack_bytes(out, 3, buf_bytes(&packed)));
	}
	return NULL;
}

static struct err *
handle(void *ctx, const struct ipc_message *request, struct ipc_message *answer)
{
	const struct settings *s = ((const struct fetcher *)ctx)->s;
	CLEANUP(transfers_done)
	struct transfers t = { .room = (size_t)s->fetch_max };
	switch (request->op) {
	case FETCH_PING:
		return NULL;
	case FETCH_GET:
	case FETCH_POST:
		TRY(read_one(s, request, &t));
		TRY(perform(&t));
		if (t.v[0].error != NULL)
			return TAKE(t.v[0].error);
		return pack_bytes(&answer->body, 1, buf_bytes(&t.v[0].got));
	case FETCH_MANY:
		TRY(read_many(s, request, &t));
		TRY(perform(&t));
		return pack_many(&t, &answer->body);
	default:
		return err_new(ERR_UNSUPPORTED, NULL, "no such operation");
	}
}

struct err *
fetcher_run(const struct settings *s, int listen_fd)
{
	struct fetcher me = { .s = s };
	struct ipc_service service = {
		.ctx = &me,
		.body_max = POST_MAX,
		.answer_max =
		    (size_t)s->fetch_max + FETCH_MANY_MAX * (ERROR_MAX + 64),
		.clients_max = 1, /* another process takes the next one */
		.idle_ms = IDLE_MS,
		.handle = handle,
	};
	TRY(process_peer(&service, s->user_front));
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_new(ERR_INTERNAL, NULL, "curl_global_init");
	struct err *e = ipc_serve(listen_fd, &service);
	curl_global_cleanup();
	return e;
}

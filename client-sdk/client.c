#include "client-sdk/client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TIMEOUT_MS 600000 /* a gigabyte over a home line takes minutes */
#define CONNECT_TIMEOUT_MS 10000

const char *
signd_version(void)
{
	return PACKAGE_VERSION;
}

void
signd_free(char *string)
{
	if (string != NULL)
		wipe(string, strlen(string));
	free(string);
}

static struct err *
copy_option(const char *from, const char **to)
{
	if (from == NULL)
		return NULL;
	*to = strdup(from);
	return *to != NULL ? NULL : err_new(ERR_NOMEM, NULL, "an option");
}

static struct err *
copy_options(const struct signd_options *from, struct signd_options *to)
{
	TRY(copy_option(from->url, &to->url));
	TRY(copy_option(from->ca_file, &to->ca_file));
	TRY(copy_option(from->cert_file, &to->cert_file));
	TRY(copy_option(from->key_file, &to->key_file));
	TRY(copy_option(from->issuer_file, &to->issuer_file));
	to->timeout_ms = from->timeout_ms > 0 ? from->timeout_ms : TIMEOUT_MS;
	return NULL;
}

static struct err *
open_client(const struct signd_options *options, struct signd *s)
{
	if (options->url == NULL || strncmp(options->url, "https://", 8) != 0)
		return err_new(ERR_USAGE, NULL, "the URL must be https");
	TRY(copy_options(options, &s->options));
	TRY(curl_load(&s->api));
	if (s->api.global_init(CURL_GLOBAL_DEFAULT) != 0)
		return err_new(ERR_INTERNAL, NULL, "curl_global_init");
	s->curl = s->api.easy_init();
	return s->curl != NULL ? NULL
			       : err_new(ERR_NOMEM, NULL, "curl_easy_init");
}

struct signd_error *
signd_open(const struct signd_options *options, struct signd **out)
{
	struct signd *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return error_local(err_new(ERR_NOMEM, NULL, "struct signd"));
	struct err *e = open_client(options, s);
	if (e != NULL) {
		signd_close(s);
		return error_local(e);
	}
	*out = s;
	return NULL;
}

static void
free_const(const char *s)
{
	free((void *)(uintptr_t)s);
}

void
signd_close(struct signd *s)
{
	if (s == NULL)
		return;
	if (s->curl != NULL)
		s->api.easy_cleanup(s->curl);
	free_const(s->options.url);
	free_const(s->options.ca_file);
	free_const(s->options.cert_file);
	free_const(s->options.key_file);
	free_const(s->options.issuer_file);
	pin_key_done(&s->pin_key);
	free(s);
}

/* Where an answer goes: a file when it is good, memory otherwise. */
struct sink {
	struct signd *client;
	int fd; /* -1: memory */
	struct buf *body;
	struct err *err; /* what stopped us */
};

static struct err *
write_all(int fd, struct bytes b)
{
	while (b.len > 0) {
		ssize_t n = write(fd, b.ptr, b.len);
		if (n < 0 && errno != EINTR)
			return err_errno(errno, "writing");
		b = bytes_from(b, n < 0 ? 0 : (size_t)n);
	}
	return NULL;
}

static size_t
receive(char *data, size_t size, size_t count, void *ctx)
{
	struct sink *sink = ctx;
	long status = 0;
	sink->client->api.easy_getinfo(
	    sink->client->curl, CURLINFO_RESPONSE_CODE, &status);
	struct bytes b = bytes_of(data, size * count);
	bool to_file = sink->fd >= 0 && status / 100 == 2;
	sink->err =
	    to_file ? write_all(sink->fd, b) : buf_append(sink->body, b);
	return sink->err == NULL ? b.len : CURL_WRITEFUNC_ERROR;
}

/* What goes out: all that follows the place where the caller's file stood. */
struct upload {
	int fd;
	curl_off_t begin;
	struct err *err; /* what stopped us */
};

static void
upload_done(struct upload *u)
{
	err_free(u->err);
}

static size_t
send_from(char *data, size_t size, size_t count, void *ctx)
{
	struct upload *u = ctx;
	ssize_t n;
	do
		n = read(u->fd, data, size * count);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return (size_t)n;
	if (u->err == NULL)
		u->err = err_errno(errno, "reading the document");
	return CURL_READFUNC_ABORT;
}

/* libcurl sends once more from its begin when the server has closed a
 * connection that was kept. */
static int
rewind_from(void *ctx, curl_off_t offset, int origin)
{
	const struct upload *u = ctx;
	return origin == SEEK_SET && lseek(u->fd, u->begin + offset,
					 SEEK_SET) >= 0
		   ? CURL_SEEKFUNC_OK
		   : CURL_SEEKFUNC_CANTSEEK;
}

static struct err *
set_url(struct signd *s, const char *path)
{
	CLEANUP(buf_done) struct buf url = BUF(65536);
	const char *text;
	size_t len = strlen(s->options.url);
	while (len > 0 && s->options.url[len - 1] == '/')
		len--;
	TRY(buf_append(&url, bytes_of(s->options.url, len)));
	TRY(buf_str(&url, path));
	TRY(buf_cstr(&url, &text));
	CURLcode c = s->api.easy_setopt(s->curl, CURLOPT_URL, text);
	return c == CURLE_OK ? NULL : err_new(ERR_NOMEM, NULL, "the URL");
}

static void
set_common(struct signd *s)
{
	CURL *c = s->curl;
	s->api.easy_reset(c);
	s->api.easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	s->api.easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https");
	s->api.easy_setopt(
	    c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	s->api.easy_setopt(c, CURLOPT_TIMEOUT_MS, s->options.timeout_ms);
	s->api.easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	s->api.easy_setopt(c, CURLOPT_USERAGENT, "libsignd/" PACKAGE_VERSION);
	if (s->options.ca_file != NULL)
		s->api.easy_setopt(c, CURLOPT_CAINFO, s->options.ca_file);
	if (s->options.cert_file != NULL)
		s->api.easy_setopt(c, CURLOPT_SSLCERT, s->options.cert_file);
	if (s->options.key_file != NULL)
		s->api.easy_setopt(c, CURLOPT_SSLKEY, s->options.key_file);
}

static void
set_upload(struct signd *s, struct upload *u)
{
	struct stat st;
	bool sized = fstat(u->fd, &st) == 0 && S_ISREG(st.st_mode);
	curl_off_t at = sized ? lseek(u->fd, 0, SEEK_CUR) : 0;
	u->begin = at > 0 ? at : 0;
	s->api.easy_setopt(s->curl, CURLOPT_POST, 1L);
	s->api.easy_setopt(s->curl, CURLOPT_READFUNCTION, send_from);
	s->api.easy_setopt(s->curl, CURLOPT_READDATA, u);
	s->api.easy_setopt(s->curl, CURLOPT_SEEKFUNCTION, rewind_from);
	s->api.easy_setopt(s->curl, CURLOPT_SEEKDATA, u);
	s->api.easy_setopt(s->curl, CURLOPT_POSTFIELDSIZE_LARGE,
	    sized && at >= 0 ? (curl_off_t)st.st_size - at : (curl_off_t)-1);
}

static struct err *
add_header(struct signd *s, struct curl_slist **list, const char *name,
    const char *value)
{
	CLEANUP(buf_done) struct buf line = BUF(65536);
	const char *text;
	TRY(buf_printf(&line, "%s%s", name, value));
	TRY(buf_cstr(&line, &text));
	struct curl_slist *longer = s->api.slist_append(*list, text);
	if (longer == NULL)
		return err_new(ERR_NOMEM, NULL, "a header");
	*list = longer;
	return NULL;
}

static struct err *
set_headers(struct signd *s, const struct request *r, struct curl_slist **list)
{
	/* 100-continue spares sending a gigabyte that is refused. */
	if (r->in_fd >= 0)
		TRY(add_header(s, list, "Content-Type: ",
		    r->media_type != NULL ? r->media_type
					  : "application/octet-stream"));
	if (r->json != NULL)
		TRY(add_header(s, list, "Content-Type: ", "application/json"));
	TRY(add_header(s, list, "Accept: ",
	    r->accept != NULL ? r->accept : "application/json, */*;q=0.5"));
	for (size_t i = 0; r->headers[i] != NULL; i++)
		TRY(add_header(s, list, r->headers[i], ""));
	s->api.easy_setopt(s->curl, CURLOPT_HTTPHEADER, *list);
	return NULL;
}

static struct err *
err_curl(
    struct sink *sink, struct upload *upload, CURLcode c, const char *reason)
{
	if (sink->err != NULL)
		return sink->err;
	if (upload->err != NULL)
		return TAKE(upload->err);
	switch (c) {
	case CURLE_OUT_OF_MEMORY:
		return err_new(ERR_NOMEM, NULL, "libcurl");
	case CURLE_OPERATION_TIMEDOUT:
		return err_coded(
		    err_new(ERR_REMOTE, NULL, "%s", reason), "service-timeout");
	case CURLE_PEER_FAILED_VERIFICATION:
		return err_coded(err_new(ERR_DENIED, NULL, "%s", reason),
		    "service-untrusted");
	default:
		return err_coded(err_new(ERR_REMOTE, NULL, "%s", reason),
		    "service-unreachable");
	}
}

static struct err *
transfer(struct signd *s, const struct request *r, struct curl_slist **headers,
    struct buf *out, long *status)
{
	CLEANUP(free_charp) char *json = NULL;
	char reason[CURL_ERROR_SIZE] = "";
	CLEANUP(upload_done) struct upload upload = { .fd = r->in_fd };
	struct sink sink = { .client = s, .fd = r->out_fd, .body = out };

	set_common(s);
	TRY(set_url(s, r->path));
	TRY(set_headers(s, r, headers));
	if (r->json != NULL) {
		json = json_dumps(r->json, JSON_COMPACT);
		if (json == NULL)
			return err_new(ERR_NOMEM, NULL, "JSON");
		s->api.easy_setopt(s->curl, CURLOPT_POSTFIELDS, json);
	} else if (r->in_fd >= 0) {
		set_upload(s, &upload);
	} else if (r->post) {
		s->api.easy_setopt(s->curl, CURLOPT_POSTFIELDS, "");
	}
	s->api.easy_setopt(s->curl, CURLOPT_WRITEFUNCTION, receive);
	s->api.easy_setopt(s->curl, CURLOPT_WRITEDATA, &sink);
	s->api.easy_setopt(s->curl, CURLOPT_ERRORBUFFER, reason);
	CURLcode c = s->api.easy_perform(s->curl);
	s->api.easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, status);
	s->api.easy_setopt(s->curl, CURLOPT_ERRORBUFFER, NULL);
	if (json != NULL)
		wipe(json, strlen(json)); /* it may hold a PIN */
	/* A refusal may come before all was sent: the answer counts. */
	if (c == CURLE_SEND_ERROR && *status >= 400 && sink.err == NULL)
		return NULL;
	return c == CURLE_OK
		   ? NULL
		   : err_curl(&sink, &upload, c,
			 reason[0] != '\0' ? reason : s->api.easy_strerror(c));
}

static struct err *
send_request(
    struct signd *s, const struct request *r, struct buf *out, long *status)
{
	struct curl_slist *headers = NULL;
	struct err *e = transfer(s, r, &headers, out, status);
	s->api.slist_free_all(headers);
	return e;
}

struct signd_error *
perform(struct signd *s, const struct request *r, struct buf *out)
{
	long status = 0;
	LOCAL(send_request(s, r, out, &status));
	if (status / 100 != 2)
		return error_problem((int)status, buf_bytes(out));
	return NULL;
}

struct err *
request_in(struct request *r, int fd)
{
	if (fcntl(fd, F_GETFD) < 0)
		return err_errno(errno, "the document");
	r->in_fd = fd;
	return NULL;
}

struct signd_error *
perform_json(struct signd *s, const char *path, json_t *body, char **out)
{
	CLEANUP(buf_done) struct buf answer = BUF(ANSWER_MAX);
	struct request r = REQUEST_NONE;
	r.path = path;
	r.json = body;
	struct signd_error *e = perform(s, &r, &answer);
	if (e != NULL)
		return e;
	LOCAL(bytes_dup_str(buf_bytes(&answer), out));
	return NULL;
}

struct err *
query_add(struct buf *path, bool *first, const char *name, const char *value)
{
	if (value == NULL)
		return NULL;
	TRY(buf_printf(path, "%c%s=", *first ? '?' : '&', name));
	*first = false;
	for (const char *p = value; *p != '\0'; p++) {
		bool plain =
		    (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		    (*p >= '0' && *p <= '9') || strchr("-._~", *p) != NULL;
		if (plain)
			TRY(buf_byte(path, (uint8_t)*p));
		else
			TRY(buf_printf(path, "%%%02X", (uint8_t)*p));
	}
	return NULL;
}

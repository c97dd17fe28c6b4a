/* How an answer goes out: headers, and the document with its insertion. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "signd/front.h"
#include "signd/ipc-io.h"

#define STREAM_BLOCK 65536 /* bytes */

static ssize_t
copy_out(struct bytes from, char *out, size_t max)
{
	struct bytes piece = bytes_slice(from, 0, max);
	memcpy(out, piece.ptr, piece.len);
	return (ssize_t)piece.len;
}

static ssize_t
read_out(int fd, uint64_t from, char *out, size_t max)
{
	ssize_t n = pread(fd, out, max, (off_t)from);
	return n > 0 ? n : MHD_CONTENT_READER_END_WITH_ERROR;
}

static ssize_t
read_stream(void *ctx, uint64_t pos, char *out, size_t max)
{
	const struct reply *r = ctx;
	const struct insertion *in = &r->insertion;
	struct bytes head = buf_bytes(&in->head);
	struct bytes middle = buf_bytes(&in->bytes);
	if (pos < in->head_at)
		return read_out(r->document.fd, pos, out,
		    max < in->head_at - pos ? max : in->head_at - pos);
	pos -= in->head_at;
	if (pos < head.len)
		return copy_out(bytes_from(head, pos), out, max);
	pos -= head.len;
	/* Up to the insertion, of the document what is not replaced. */
	uint64_t from = in->head_at + in->head_cut, kept = in->at - from;
	if (pos < kept)
		return read_out(r->document.fd, pos + from, out,
		    max < kept - pos ? max : kept - pos);
	pos -= kept;
	if (pos < middle.len)
		return copy_out(bytes_from(middle, pos), out, max);
	pos -= middle.len;
	return read_out(r->document.fd, in->at + in->cut + pos, out, max);
}

size_t
reply_size(const struct reply *r)
{
	return r->streamed ? insertion_size(&r->insertion, r->document.len)
	       : r->constant != NULL ? r->constant_len
				     : r->body.len;
}

static struct MHD_Response *
make_response(struct request *q)
{
	struct reply *r = &q->reply;
	if (r->streamed)
		return MHD_create_response_from_callback(
		    reply_size(r), STREAM_BLOCK, read_stream, r, NULL);
	if (r->constant != NULL)
		return MHD_create_response_from_buffer(r->constant_len,
		    (void *)(uintptr_t)r->constant, MHD_RESPMEM_PERSISTENT);
	/* The request outlives its response: see completed(). */
	return MHD_create_response_from_buffer(
	    r->body.len, r->body.ptr, MHD_RESPMEM_PERSISTENT);
}

static const char *const security_headers[][2] = {
	{ "Strict-Transport-Security", "max-age=31536000" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "X-Frame-Options", "DENY" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Content-Security-Policy",
	    "default-src 'none'; script-src 'self'; style-src 'self'; "
	    "connect-src 'self'; img-src 'self'; form-action 'self'; "
	    "base-uri 'none'; frame-ancestors 'none'" },
};

#define HTTP_DATE "%a, %d %b %Y %H:%M:%S GMT"

void
reply_make_etag(struct bytes der, char out[REPLY_ETAG])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t hash[DIGEST_MAX];
	struct err *e = digest_of(DIGEST_SHA256, der, hash);
	size_t n = 0;
	out[n++] = '"';
	for (size_t i = 0; e == NULL && i < 16; i++) {
		out[n++] = digits[hash[i] >> 4];
		out[n++] = digits[hash[i] & 15];
	}
	out[n++] = '"';
	out[e == NULL ? n : 0] = '\0';
	err_free(e);
}

static void
add_date(struct MHD_Response *response, const char *name, int64_t t)
{
	char text[64];
	struct tm tm;
	time_t when = (time_t)t;
	/* Names of days and months are English: the locale is C.UTF-8. */
	if (gmtime_r(&when, &tm) != NULL &&
	    strftime(text, sizeof(text), HTTP_DATE, &tm) > 0)
		MHD_add_response_header(response, name, text);
}

/* RFC 5019 6.2: what is signed may be kept until it is out of date. */
void
reply_add_caching(const struct reply *r, struct MHD_Response *response)
{
	char text[128];
	int64_t left = r->until - clock_now(&clock_system);
	if (r->made == 0 || left <= 0) {
		MHD_add_response_header(response, "Cache-Control", "no-store");
		return;
	}
	snprintf(text, sizeof(text),
	    "max-age=%lld, public, no-transform, must-revalidate",
	    (long long)left);
	MHD_add_response_header(response, "Cache-Control", text);
	add_date(response, "Last-Modified", r->made);
	add_date(response, "Expires", r->until);
	if (r->etag[0] != '\0')
		MHD_add_response_header(response, "ETag", r->etag);
}

static void
add_headers(struct request *q, struct MHD_Response *response)
{
	const struct reply *r = &q->reply;
	char number[16];
	/* They are about browsers and their pages, and the first is of TLS. */
	for (size_t i = 0; !q->plain && i < COUNT_OF(security_headers); i++)
		MHD_add_response_header(
		    response, security_headers[i][0], security_headers[i][1]);
	reply_add_caching(r, response);
	MHD_add_response_header(response, "Content-Type", r->type);
	MHD_add_response_header(response, "Signd-Request", q->id);
	if (r->retry_after > 0) {
		snprintf(number, sizeof(number), "%d", r->retry_after);
		MHD_add_response_header(response, "Retry-After", number);
	}
	if (r->allow != NULL)
		MHD_add_response_header(response, "Allow", r->allow);
	if (r->disposition != NULL)
		MHD_add_response_header(
		    response, "Content-Disposition", r->disposition);
	if (r->place[0] != '\0')
		MHD_add_response_header(response, "Content-Location", r->place);
	if (atomic_load(&q->front->stopping))
		MHD_add_response_header(response, "Connection", "close");
}

/* RFC 9110 13.1.2: who has it already is told so, and gets nothing. */
static void
leave_out_what_is_there(struct request *q)
{
	struct reply *r = &q->reply;
	const char *has = request_header(q, "If-None-Match");
	if (has == NULL || r->etag[0] == '\0' || r->status != 200 ||
	    strcmp(q->method, "GET") != 0)
		return;
	if (strcmp(has, "*") != 0 && strstr(has, r->etag) == NULL)
		return;
	r->status = 304;
	buf_clear(&r->body);
}

enum MHD_Result
request_send(struct request *q)
{
	leave_out_what_is_there(q);
	struct MHD_Response *response = make_response(q);
	if (response == NULL)
		return MHD_NO;
	add_headers(q, response);
	q->sending_ms = ipc_now_ms(); /* the reply stays as it is from now on */
	enum MHD_Result ok =
	    MHD_queue_response(q->connection, q->reply.status, response);
	MHD_destroy_response(response);
	return ok;
}

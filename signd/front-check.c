/* What is looked at, and perhaps refused, before a body comes. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <gnutls/x509.h>

#include "signd/front.h"

static struct err *
require(bool ok, const char *code, const char *why)
{
	if (ok)
		return NULL;
	return err_coded(err_new(ERR_USAGE, NULL, "%s", why), code);
}

/* The officer's certificate, verified here and now against officer-ca-file;
 * whether it is an officer's, the ledger says: front-officer.c, keyholder. */
static struct err *
read_peer(struct request *q, gnutls_session_t session)
{
	gnutls_typed_vdata_st purpose = {
		.type = GNUTLS_DT_KEY_PURPOSE_OID,
		.data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT,
	};
	unsigned int status = GNUTLS_CERT_INVALID;
	unsigned int n = 0;
	const gnutls_datum_t *list = gnutls_certificate_get_peers(session, &n);
	if (list == NULL || n == 0)
		return err_coded(
		    err_new(ERR_DENIED, NULL, "there is no client certificate"),
		    "client-certificate");
	int failed =
	    gnutls_certificate_verify_peers(session, &purpose, 1, &status);
	if (failed != 0 || status != 0)
		return err_coded(err_new(ERR_DENIED, NULL,
				     "the client certificate is not trusted"),
		    "client-certificate");
	return cert_parse(bytes_of(list[0].data, list[0].size), &q->peer);
}

/* "Application/PDF; x=y" to "application/pdf". */
static void
read_media(struct request *q)
{
	const char *type = request_header(q, "Content-Type");
	size_t n = 0;
	for (; type != NULL && *type != '\0' && *type != ';' && *type != ' ' &&
	       n + 1 < sizeof(q->media);
	     type++)
		q->media[n++] = *type >= 'A' && *type <= 'Z'
				    ? (char)(*type - 'A' + 'a')
				    : *type;
	q->media[n] = '\0';
}

static bool
is_document_type(const char *media)
{
	static const char *const types[] = { "application/pdf",
		"application/xml", "text/xml", "application/pkcs7-mime",
		"application/pkcs7-signature", "application/cms",
		"application/octet-stream" };
	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (strcmp(media, types[i]) == 0)
			return true;
	return false;
}

static struct err *
check_media(struct request *q)
{
	read_media(q);
	bool form = strcmp(q->media, "multipart/form-data") == 0;
	switch (q->route->body) {
	case BODY_NONE:
		return NULL;
	case BODY_JSON:
		return require(strcmp(q->media, "application/json") == 0,
		    "content-type", "this call takes application/json");
	case BODY_BINARY:
		return require(strcmp(q->media, q->route->media) == 0,
		    "content-type", q->route->media);
	case BODY_DOCUMENT:
		return require(is_document_type(q->media), "content-type",
		    "this call takes a document: application/pdf, "
		    "application/xml, application/pkcs7-mime or "
		    "application/octet-stream");
	case BODY_DOCUMENT_OR_FORM:
		return require(is_document_type(q->media) || form,
		    "content-type",
		    "this call takes a document or multipart/form-data");
	}
	return NULL;
}

#define BINARY_MAX 16384 /* bytes of an OCSP or time-stamp request */

size_t
request_body_max(const struct request *q)
{
	const struct settings *s = q->front->s;
	switch (q->route->body) {
	case BODY_NONE:
		return 65536; /* ignored, but not without end */
	case BODY_JSON:
		return (size_t)s->request_max;
	case BODY_BINARY:
		return BINARY_MAX;
	case BODY_DOCUMENT:
		return (size_t)s->document_max;
	case BODY_DOCUMENT_OR_FORM:
		return (size_t)s->document_max +
		       (q->form != NULL ? CONTENT_MAX + 65536 : 0);
	}
	return 0;
}

struct err *
request_too_large(const struct request *q)
{
	bool json =
	    q->route->body == BODY_JSON || q->route->body == BODY_BINARY;
	return err_coded(err_new(ERR_LIMIT, NULL, "the limit is %zu bytes",
			     request_body_max(q)),
	    json ? "request-too-large" : "document-too-large");
}

/* Prepares for the body, or says no before it comes. */
static struct err *
expect_body(struct request *q)
{
	const struct settings *s = q->front->s;
	TRY(check_media(q));
	const char *length = request_header(q, "Content-Length");
	unsigned long long expected =
	    length != NULL ? strtoull(length, NULL, 10) : 0;
	if (q->route->body == BODY_NONE)
		return NULL;
	bool form = strcmp(q->media, "multipart/form-data") == 0;
	size_t most = request_body_max(q) + (form ? CONTENT_MAX + 65536 : 0);
	if (expected > most)
		return request_too_large(q);
	if (q->route->body == BODY_JSON || q->route->body == BODY_BINARY) {
		q->json = BUF(request_body_max(q));
		return NULL;
	}
	TRY(spool_init(&q->document, s->spool_dir,
	    (size_t)s->memory_document_max, (size_t)s->document_max,
	    (size_t)expected));
	return form ? form_new(q, &q->form) : NULL;
}

struct head {
	int lengths;
	int encodings;
	int hosts;
	bool strange; /* a name, or an encoding, that we do not know */
};

/* RFC 9110 5.6.2; "Content-Length :" is another's Content-Length. */
static bool
is_token(const char *name)
{
	static const char others[] = "!#$%&'*+-.^_`|~";
	for (const char *p = name; *p != '\0'; p++)
		if (!(*p >= '0' && *p <= '9') && !(*p >= 'a' && *p <= 'z') &&
		    !(*p >= 'A' && *p <= 'Z') && strchr(others, *p) == NULL)
			return false;
	return name[0] != '\0';
}

static enum MHD_Result
count_head(
    void *ctx, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct head *h = ctx;
	(void)kind;
	h->lengths += strcasecmp(key, "Content-Length") == 0;
	h->hosts += strcasecmp(key, "Host") == 0;
	h->strange = h->strange || !is_token(key);
	if (strcasecmp(key, "Transfer-Encoding") != 0)
		return MHD_YES;
	h->encodings++;
	h->strange = h->strange || value == NULL ||
		     strcasecmp(value, "chunked") != 0;
	return MHD_YES;
}

/* A proxy in front of us may see another end of the body, or another host, than
 * we do: what is left over would be the next request, of somebody else. */
static struct err *
check_head(const struct request *q)
{
	struct head h = { 0 };
	MHD_get_connection_values(
	    q->connection, MHD_HEADER_KIND, count_head, &h);
	if (h.lengths + h.encodings > 1)
		return err_coded(err_new(ERR_MALFORMED, "RFC 9112 6.3",
				     "the length of the body is told twice"),
		    "request-framing");
	if (h.hosts > 1 || h.strange)
		return err_coded(
		    err_new(ERR_MALFORMED, "RFC 9112 3.2, 5.1, 6.1",
			"a head that can be read in two ways"),
		    "request-head");
	return NULL;
}

struct err *
request_check(struct request *q, gnutls_session_t session, const char *method,
    const char *path)
{
	const char *allow = NULL;
	enum listener_kind kind = q->plain     ? LISTEN_PLAIN
				  : q->officer ? LISTEN_OFFICERS
					       : LISTEN_CITIZENS;
	if (session == NULL && !q->plain)
		return err_new(ERR_NOMEM, NULL, "connection");
	TRY(check_head(q));
	if (q->officer)
		TRY(read_peer(q, session));
	TRY(require(utf8_printable(bytes_str(path)), "not-found", "path"));
	q->route = route_find(method, path, kind, &q->param, &allow);
	if (q->route == NULL && allow != NULL) {
		q->reply.allow = allow;
		return err_coded(err_new(ERR_USAGE, NULL, "only %s", allow),
		    "method-not-allowed");
	}
	if (q->route == NULL)
		return err_coded(
		    err_new(ERR_MISSING, NULL, "there is no such address"),
		    "not-found");
	if (atomic_load(&q->front->stopping))
		return err_coded(
		    err_new(ERR_REMOTE, NULL, "stopping"), "stopping");
	return expect_body(q);
}

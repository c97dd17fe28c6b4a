/* Sealing a PIN, so that nobody between here and the token can read it. */
#include "client-sdk/client.h"

#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/x509v3.h>

#include "certs/cert.h"
#include "certs/path.h"

#define PIN_KEY_FRESH 300            /* seconds that an answer is kept */
#define ISSUER_FILE_MAX (256 * 1024) /* bytes */

void
pin_key_done(struct pin_key *k)
{
	cert_free(k->cert);
	*k = (struct pin_key){ 0 };
}

static struct err *
read_cert(const json_t *pem, struct cert_list *to)
{
	const char *text = json_string_value(pem);
	if (text == NULL)
		return err_new(ERR_REMOTE, NULL, "a certificate is missing");
	return cert_list_read(to, bytes_str(text));
}

static struct err *
read_answer(const json_t *j, struct cert_list *list, int64_t *time)
{
	size_t i;
	json_t *issuer;
	TRY(read_cert(json_object_get(j, "certificate"), list));
	json_array_foreach(json_object_get(j, "chain"), i, issuer)
	    TRY(read_cert(issuer, list));
	*time = json_integer_value(json_object_get(j, "time"));
	if (list->n < 2 || *time <= 0)
		return err_new(ERR_REMOTE, NULL, "no issuer, or no time");
	return NULL;
}

/* Who vouches for the key: what the caller trusts, when they said; else the
 * service itself, which TLS has proved. */
static struct err *
read_all(int fd, struct buf *out)
{
	uint8_t chunk[4096];
	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(errno, "reading");
		if (n == 0)
			return NULL;
		TRY(buf_append(out, bytes_of(chunk, (size_t)n)));
	}
}

static struct err *
find_anchors(
    const struct signd *s, const struct cert_list *list, struct cert_list *out)
{
	if (s->options.issuer_file == NULL)
		return cert_list_add(out, list->v[list->n - 1]);
	CLEANUP(close_fdp)
	int fd = open(s->options.issuer_file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(errno, "%s", s->options.issuer_file);
	CLEANUP(buf_done) struct buf text = BUF(ISSUER_FILE_MAX);
	TRY(read_all(fd, &text));
	return cert_list_read(out, buf_bytes(&text));
}

/* A certificate of the same issuer for another purpose will not do: its key is
 * somebody else's. */
static struct err *
check_key(const struct signd *s, const struct cert_list *list, int64_t time)
{
	CLEANUP(cert_list_done) struct cert_list anchors = { 0 };
	CLEANUP(path_done) struct path path = { 0 };
	TRY(find_anchors(s, list, &anchors));
	const struct path_request r = { .leaf = list->v[0],
		.pool = list,
		.anchors = &anchors,
		.time = time };
	TRY(path_build(&r, &path));
	if (path.result != PATH_OK)
		return err_new(ERR_DENIED, NULL, "the key for PINs: %s",
		    path.detail[0] != '\0' ? path.detail
					   : path_result_name(path.result));
	if (X509_get_key_usage(cert_x509(list->v[0])) != KU_KEY_AGREEMENT)
		return err_new(ERR_DENIED, NULL, "not a key for PINs");
	return NULL;
}

static struct err *
take_key(struct signd *s, const char *text)
{
	CLEANUP(json_decrefp) json_t *j = NULL;
	CLEANUP(cert_list_done) struct cert_list list = { 0 };
	int64_t time = 0;
	TRY(json_parse(bytes_str(text), &j));
	TRY(read_answer(j, &list, &time));
	struct err *e = check_key(s, &list, time);
	if (e != NULL)
		return err_coded(e, "pin-key-untrusted");
	pin_key_done(&s->pin_key);
	s->pin_key = (struct pin_key){ .cert = cert_ref(list.v[0]),
		.ahead = time - clock_now(&clock_system),
		.fetched = clock_now(&clock_system) };
	return NULL;
}

static struct signd_error *
have_key(struct signd *s)
{
	int64_t age = clock_now(&clock_system) - s->pin_key.fetched;
	if (s->pin_key.cert != NULL && age >= 0 && age < PIN_KEY_FRESH)
		return NULL;
	CLEANUP(buf_done) struct buf answer = BUF(ANSWER_MAX);
	struct request r = REQUEST_NONE;
	r.path = "/v1/pin-key";
	const char *text = NULL;
	struct signd_error *e = perform(s, &r, &answer);
	if (e != NULL)
		return e;
	LOCAL(buf_cstr(&answer, &text));
	LOCAL(take_key(s, text));
	return NULL;
}

static struct err *
seal(const struct signd *s, const char *pin, const char *code,
    const struct pin_purpose *purpose, char **out, struct secret *exporter)
{
	CLEANUP(buf_done) struct buf sealed = BUF(PIN_MESSAGE_MAX);
	CLEANUP(buf_done) struct buf text = BUF(PIN_MESSAGE_MAX * 2);
	const struct pin_message m = {
		.time = clock_now(&clock_system) + s->pin_key.ahead,
		.pin = bytes_str(pin),
		.code = bytes_str(code == NULL ? "" : code),
	};
	TRY(pin_message_seal(
	    cert_key(s->pin_key.cert), purpose, &m, &sealed, exporter));
	TRY(base64url_encode(buf_bytes(&sealed), &text));
	return bytes_dup_str(buf_bytes(&text), out);
}

struct signd_error *
pin_seal(struct signd *s, const char *pin, const char *code,
    const struct pin_purpose *purpose, char **out, struct secret *exporter)
{
	struct signd_error *e = have_key(s);
	if (e != NULL)
		return e;
	LOCAL(seal(s, pin, code, purpose, out, exporter));
	return NULL;
}

static void
free_list(struct bytes **list)
{
	free(*list);
}

struct signd_error *
pin_seal_signing(struct signd *s, const char *pin, const char *code,
    const char *credential, uint64_t count, const char *digest_oid,
    const struct signd_bytes *digests, size_t n, char **out)
{
	CLEANUP(free_list) struct bytes *list = calloc(n + 1, sizeof(*list));
	if (list == NULL)
		return error_local(err_new(ERR_NOMEM, NULL, "digests"));
	for (size_t i = 0; i < n; i++)
		list[i] = bytes_of(digests[i].ptr, digests[i].len);
	const struct pin_purpose purpose = { .what = PIN_FOR_SIGNING,
		.subject = bytes_str(credential),
		.count = count,
		.digest_oid = n > 0 && digest_oid != NULL ? digest_oid : "",
		.digests = list,
		.ndigests = n };
	return pin_seal(s, pin, code, &purpose, out, NULL);
}

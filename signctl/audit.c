/*
 * signctl audit verify: an exported audit log, offline.  A record that was
 * changed, removed or put in breaks the chain of hashes; a chain that was
 * written anew whole has no checkpoints of the audit key; a log that was cut
 * off at its end lacks what an earlier export of it had.
 */
#include "signctl/offline.h"

#include <jansson.h>
#include <string.h>

#include "base/json.h"
#include "base/pack.h"
#include "base/record.h"
#include "certs/profiles.h"

#define RECORD_LINE_MAX                                                        \
	(512 * 1024) /* bytes; the ledger writes half of it at most */
#define HASH 32      /* bytes, SHA-256 */
#define KEPT 65536   /* records whose hashes a checkpoint may name */

static const struct option_row options[] = {
	{ "trust", "FILE", "the service's CA, PEM or DER", true },
	{ "earlier", "FILE", "an earlier export, which this must continue",
	    false },
	{ "lang", "vi|en", "language of what people read", false },
	{ "help", NULL, "this text", false },
	{ NULL, NULL, NULL, false },
};

struct log_check {
	struct cert_list anchors;
	struct input log;
	struct input earlier;
	bool has_earlier;
	uint8_t (*hashes)[HASH]; /* of the last KEPT records, by number */
	int64_t first;           /* number of the first record */
	int64_t n;               /* of the newest so far; 0: none */
	int64_t covered;         /* by the newest good checkpoint; 0: none */
	int64_t when;            /* of that checkpoint, seconds */
	int64_t earlier_n;       /* last record of the earlier export */
	uint8_t earlier_hash[HASH];
	bool earlier_met;
	const char *code; /* why the log is not right; NULL: it is */
};

static struct err *
bad(struct log_check *c, const char *code)
{
	c->code = code;
	return NULL;
}

/* ---- records ---- */

static struct err *
hash_line(struct bytes line, uint8_t out[HASH])
{
	uint8_t hash[DIGEST_MAX];
	TRY(digest_of(DIGEST_SHA256, line, hash));
	memcpy(out, hash, HASH);
	return NULL;
}

static bool
take_line(struct bytes *rest, struct bytes *line)
{
	if (rest->len == 0)
		return false;
	size_t end = bytes_find(*rest, BYTES_LIT("\n"));
	*line = bytes_slice(*rest, 0, end == SIZE_MAX ? rest->len : end);
	*rest = bytes_from(*rest, end == SIZE_MAX ? rest->len : end + 1);
	return true;
}

static json_t *
parse(struct bytes line)
{
	if (line.len > RECORD_LINE_MAX)
		return NULL;
	json_t *j = NULL;
	err_free(json_parse(line, &j));
	return j;
}

static struct bytes
text_of(json_t *record, const char *name)
{
	json_t *v = json_object_get(record, name);
	return json_is_string(v)
		   ? bytes_of(json_string_value(v), json_string_length(v))
		   : BYTES_NONE;
}

static bool
is_hex_of(struct bytes text, const uint8_t hash[HASH])
{
	char hex[2 * HASH + 1];
	for (int i = 0; i < HASH; i++)
		snprintf(hex + 2 * i, 3, "%02x", hash[i]);
	return bytes_eq_str(text, hex);
}

/* ---- checkpoints ---- */

/* A hash of the chain that this log has; NULL: too long ago, or not there. */
static const uint8_t *
hash_of(const struct log_check *c, int64_t n)
{
	if (n < c->first || n > c->n || n <= c->n - KEPT)
		return NULL;
	return c->hashes[n % KEPT];
}

static struct err *
render(json_t *record, const struct cert *signer, struct buf *out)
{
	CLEANUP(checkpoint_record_done) struct checkpoint_record r = { 0 };
	char hex[2 * HASH + 1];
	char number[32];
	uint8_t fingerprint[DIGEST_MAX];
	cert_fingerprint(signer, fingerprint);
	for (int i = 0; i < HASH; i++)
		snprintf(hex + 2 * i, 3, "%02x", fingerprint[i]);
	snprintf(number, sizeof(number), "%lld",
	    (long long)json_integer_value(json_object_get(record, "covers")));
	TRY(bytes_dup_str(bytes_str(number), &r.covers));
	TRY(bytes_dup_str(text_of(record, "hash"), &r.hash));
	TRY(bytes_dup_str(text_of(record, "at"), &r.time));
	TRY(bytes_dup_str(bytes_str(hex), &r.certificate));
	return checkpoint_record_render(&r, out);
}

static struct err *
signer_trusted(
    const struct log_check *c, struct cert *signer, int64_t when, bool *ok)
{
	const struct path_request r = { .leaf = signer,
		.anchors = &c->anchors,
		.time = when,
		.status = STATUS_IGNORE };
	struct path path = { 0 };
	TRY(path_build(&r, &path));
	*ok = path.result == PATH_OK &&
	      cert_has_eku(signer, OID_AUDIT_CHECKPOINT);
	path_done(&path);
	return NULL;
}

static struct err *
read_signature(json_t *record, struct cert **signer, struct buf *value)
{
	CLEANUP(buf_done) struct buf der = BUF(CERT_MAX);
	TRY(hex_decode(text_of(record, "certificate"), &der));
	TRY(hex_decode(text_of(record, "signature"), value));
	return cert_parse(buf_bytes(&der), signer);
}

/* Without anchors nothing is signed by anybody known. */
static struct err *
check_signature(struct log_check *c, json_t *record, bool *ok)
{
	static const struct sig_alg alg = { .form = SIG_ECDSA,
		.digest = DIGEST_SHA256 };
	CLEANUP(cert_freep) struct cert *signer = NULL;
	CLEANUP(buf_done) struct buf value = BUF(1024);
	CLEANUP(buf_done) struct buf text = BUF(RECORD_MAX);
	TRY(read_signature(record, &signer, &value));
	TRY(render(record, signer, &text));
	TRY(time_parse_iso(text_of(record, "at"), &c->when));
	TRY(cert_verify(signer, alg, buf_bytes(&text), buf_bytes(&value), ok));
	return *ok ? signer_trusted(c, signer, c->when, ok) : NULL;
}

static struct err *
checkpoint(struct log_check *c, json_t *record)
{
	int64_t covers = json_integer_value(json_object_get(record, "covers"));
	bool ok = false;
	if (c->anchors.n == 0)
		return NULL;
	const uint8_t *hash = hash_of(c, covers);
	/* What it covers lies before this file. */
	if (hash == NULL && covers < c->first && covers > 0)
		return NULL;
	if (hash == NULL || !is_hex_of(text_of(record, "hash"), hash))
		return bad(c, "checkpoint-wrong");
	struct err *e = check_signature(c, record, &ok);
	if (e != NULL && err_kind(e) != ERR_MALFORMED)
		return e;
	err_free(e);
	if (!ok)
		return bad(c, "checkpoint-forged");
	c->covered = covers;
	return NULL;
}

/* ---- the chain ---- */

/* The record continues the chain, or begins the file. */
static bool
follows(const struct log_check *c, json_t *record)
{
	int64_t n = json_integer_value(json_object_get(record, "n"));
	static const uint8_t zeros[HASH];
	if (c->n != 0)
		return n == c->n + 1 &&
		       is_hex_of(text_of(record, "prev"), hash_of(c, c->n));
	return n > 1 || (n == 1 && is_hex_of(text_of(record, "prev"), zeros));
}

static struct err *
check_record(struct log_check *c, struct bytes line, json_t *record)
{
	if (!json_is_object(record) || !follows(c, record))
		return bad(c, "audit-broken");
	int64_t n = c->n + 1;
	if (c->n == 0)
		n = c->first = json_integer_value(json_object_get(record, "n"));
	if (bytes_eq_str(text_of(record, "event"), "checkpoint"))
		TRY(checkpoint(c, record));
	if (c->code != NULL)
		return NULL;
	c->n = n;
	TRY(hash_line(line, c->hashes[n % KEPT]));
	if (c->has_earlier && n == c->earlier_n)
		c->earlier_met =
		    memcmp(c->hashes[n % KEPT], c->earlier_hash, HASH) == 0;
	return NULL;
}

/* The last record of the earlier export must be in this one, as it was. */
static struct err *
read_earlier(struct log_check *c)
{
	struct bytes rest = c->earlier.bytes;
	struct bytes line = BYTES_NONE, last = BYTES_NONE;
	while (take_line(&rest, &line))
		last = line.len > 0 ? line : last;
	json_t *record = parse(last);
	c->earlier_n = json_integer_value(json_object_get(record, "n"));
	json_decref(record);
	if (c->earlier_n <= 0)
		return err_new(ERR_MALFORMED, NULL, "no audit log: --earlier");
	return hash_line(last, c->earlier_hash);
}

static struct err *
check_all(struct log_check *c)
{
	struct bytes rest = c->log.bytes;
	struct bytes line;
	if (c->has_earlier)
		TRY(read_earlier(c));
	while (c->code == NULL && take_line(&rest, &line)) {
		if (line.len == 0 && rest.len == 0)
			break; /* the end of an answer over HTTP */
		json_t *record = parse(line);
		struct err *e = check_record(c, line, record);
		json_decref(record);
		TRY(e);
	}
	if (c->code == NULL && c->n == 0)
		return bad(c, "audit-broken");
	if (c->code == NULL && c->has_earlier && !c->earlier_met)
		return bad(c, "audit-shortened");
	return NULL;
}

/* ---- in the sandbox, and out of it ---- */

enum { TAG_CODE = 1, TAG_FIRST, TAG_LAST, TAG_COVERED, TAG_WHEN };

static struct err *
child(void *ctx, struct buf *out)
{
	struct log_check *c = ctx;
	c->hashes = calloc(KEPT, HASH);
	if (c->hashes == NULL)
		return err_new(ERR_NOMEM, NULL, "hashes");
	struct err *e = check_all(c);
	free(c->hashes);
	TRY(e);
	TRY(pack_str(out, TAG_CODE, c->code == NULL ? "" : c->code));
	TRY(pack_i64(out, TAG_FIRST, c->first));
	TRY(pack_i64(out, TAG_LAST, c->n));
	TRY(pack_i64(out, TAG_COVERED, c->covered));
	return pack_i64(out, TAG_WHEN, c->when);
}

static struct err *
load(const struct args *a, struct log_check *c)
{
	if (a->nwords != 1)
		return err_new(ERR_USAGE, NULL, "which one log?");
	TRY(certs_load(a, "trust", &c->anchors));
	TRY(input_open(a->words[0], &c->log));
	c->has_earlier = args_has(a, "earlier");
	return c->has_earlier ? input_open(args_get(a, "earlier"), &c->earlier)
			      : NULL;
}

static void
log_check_done(struct log_check *c)
{
	cert_list_done(&c->anchors);
	input_done(&c->log);
	input_done(&c->earlier);
}

static struct err *
tell_good(const struct args *a, const struct log_check *c)
{
	CLEANUP(buf_done) struct buf when = BUF(64);
	const char *text;
	bool vi = a->lang == LANG_VI;
	printf(vi ? "Các bản ghi %lld đến %lld nối tiếp nhau, không thiếu và "
		    "không bị sửa.\n"
		  : "Records %lld to %lld follow one another; none is missing "
		    "or changed.\n",
	    (long long)c->first, (long long)c->n);
	if (c->covered == 0) {
		printf("%s\n", message_text("audit-unsigned", a->lang));
		return NULL;
	}
	TRY(time_format_iso(c->when, vi ? TIME_VIETNAM_OFFSET_MIN : 0, &when));
	TRY(buf_cstr(&when, &text));
	printf(vi ? "Đã được ký xác nhận đến bản ghi %lld, lúc %s; sau đó còn "
		    "%lld bản ghi chưa được ký.\n"
		  : "Signed up to record %lld, at %s; %lld records after it "
		    "are not signed yet.\n",
	    (long long)c->covered, text, (long long)(c->n - c->covered));
	return NULL;
}

static struct err *
tell(const struct args *a, const struct log_check *c, const char *code)
{
	if (code[0] == '\0')
		return tell_good(a, c);
	printf(a->lang == LANG_VI ? "Sai ở sau bản ghi %lld: %s\n"
				  : "Wrong after record %lld: %s\n",
	    (long long)c->n, message_text(code, a->lang));
	return NULL;
}

static struct err *
run(const struct args *a, int *exit)
{
	CLEANUP(log_check_done) struct log_check c = { 0 };
	CLEANUP(buf_done) struct buf packed = BUF(4096);
	CLEANUP(free_charp) char *code = NULL;
	const struct sandbox_limits limits = { .memory = OFFLINE_MEMORY,
		.seconds = OFFLINE_SECONDS };
	TRY(load(a, &c));
	TRY(worker_start());
	struct err *e = sandbox_run(limits, child, &c, &packed);
	worker_stop();
	TRY(e);
	struct unpack u = unpack_of(buf_bytes(&packed));
	TRY(unpack_str(&u, TAG_CODE, &code));
	TRY(unpack_i64(&u, TAG_FIRST, &c.first));
	TRY(unpack_i64(&u, TAG_LAST, &c.n));
	TRY(unpack_i64(&u, TAG_COVERED, &c.covered));
	TRY(unpack_i64(&u, TAG_WHEN, &c.when));
	TRY(unpack_end(&u));
	*exit = code[0] != '\0' ? EXIT_INVALID
		: c.covered > 0 ? EXIT_VALID
				: EXIT_INDETERMINATE;
	return tell(a, &c, code);
}

const struct command command_audit_verify = {
	.name = "audit verify",
	.words = "FILE",
	.summary = "tell whether an exported audit log is whole and signed",
	.options = options,
	.run = run,
};

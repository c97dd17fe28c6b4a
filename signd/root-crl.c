#include "signd/root-crl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/time.h"
#include "certs/issue.h"
#include "certs/path_check.h"
#include "pkcs11/guard.h"
#include "signd/init.h"
#include "signd/keyholder.h"
#include "signd/ledger.h"
#include "signd/part.h"

#define DAY 86400 /* seconds */
#define DAYS_MAX 366
#define CRL_DER_MAX 65536
#define PEM_MAX 65536
#define SERIAL_MAX 20 /* bytes, RFC 5280 4.1.2.2 */

static const struct sig_alg root_alg = { .form = SIG_ECDSA,
	.digest = DIGEST_SHA256 };

/* ---- who is revoked ---- */

struct revoked {
	struct cert *cert[ROOT_REVOKED_MAX];
	struct crl_entry entry[ROOT_REVOKED_MAX];
	size_t n;
};

static void
revoked_done(struct revoked *r)
{
	for (size_t i = 0; i < r->n; i++)
		cert_free(r->cert[i]);
}

static struct err *
bad_line(const char *line)
{
	return err_new(ERR_USAGE, NULL,
	    "--revoked wants FILE,REASON,TIME and not \"%s\"", line);
}

static struct err *
read_reason(struct bytes name, enum revoke_reason *out)
{
	static const struct {
		const char *name;
		enum revoke_reason reason;
	} reasons[] = { { "unspecified", REVOKE_UNSPECIFIED },
		{ "cACompromise", REVOKE_CA_COMPROMISE },
		{ "keyCompromise", REVOKE_KEY_COMPROMISE },
		{ "affiliationChanged", REVOKE_AFFILIATION },
		{ "superseded", REVOKE_SUPERSEDED },
		{ "cessationOfOperation", REVOKE_CESSATION } };
	for (size_t i = 0; i < COUNT_OF(reasons); i++)
		if (bytes_eq_str(name, reasons[i].name)) {
			*out = reasons[i].reason;
			return NULL;
		}
	return err_new(
	    ERR_USAGE, "RFC 5280 5.3.1", "no reason for an authority");
}

static struct err *
read_cert(struct bytes path, struct cert **out)
{
	CLEANUP(free_charp) char *name = NULL;
	CLEANUP(buf_done) struct buf pem = BUF(PEM_MAX);
	CLEANUP(cert_list_done) struct cert_list list = { 0 };
	TRY(bytes_dup_str(path, &name));
	CLEANUP(close_fdp) int fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(errno, "%s", name);
	TRY(part_read_all(fd, &pem));
	TRY(cert_list_read(&list, buf_bytes(&pem)));
	if (list.n != 1)
		return err_new(
		    ERR_USAGE, NULL, "%s: not one certificate", name);
	*out = cert_ref(list.v[0]);
	return NULL;
}

/* Commas are looked for from the end: a file's name may have some. */
static struct bytes
cut_last(struct bytes *line)
{
	size_t at = line->len;
	while (at > 0 && line->ptr[at - 1] != ',')
		at--;
	struct bytes last = bytes_from(*line, at);
	*line = bytes_slice(*line, 0, at > 0 ? at - 1 : 0);
	return last;
}

static struct err *
read_line(const char *text, struct revoked *r)
{
	struct bytes line = bytes_str(text);
	struct bytes time = cut_last(&line), reason = cut_last(&line);
	struct crl_entry *e = &r->entry[r->n];
	if (line.len == 0)
		return bad_line(text);
	TRY(time_parse_iso(time, &e->time));
	TRY(read_reason(reason, &e->reason));
	TRY(read_cert(line, &r->cert[r->n]));
	e->serial = cert_serial(r->cert[r->n]);
	r->n++;
	return NULL;
}

static struct err *
read_revoked(const struct root_crl_options *o, struct revoked *r)
{
	if (o->nrevoked > ROOT_REVOKED_MAX)
		return err_new(ERR_LIMIT, NULL, "over %d", ROOT_REVOKED_MAX);
	for (size_t i = 0; i < o->nrevoked; i++)
		TRY(read_line(o->revoked[i], r));
	return NULL;
}

/* ---- what is on the list ---- */

/* Serial numbers stand one behind the other in `serials`. */
struct list {
	struct crl_entry v[ROOT_ENTRIES_MAX];
	size_t n;
	struct buf serials;
	int64_t number;
};

static void
list_done(struct list *l)
{
	buf_done(&l->serials);
}

static const struct crl_entry *
list_find(const struct list *l, struct bytes serial)
{
	for (size_t i = 0; i < l->n; i++)
		if (bytes_eq(l->v[i].serial, serial))
			return &l->v[i];
	return NULL;
}

static struct err *
list_add(struct list *l, struct bytes serial, int64_t time, int reason)
{
	size_t at = l->serials.len;
	if (l->n == ROOT_ENTRIES_MAX)
		return err_new(ERR_LIMIT, NULL, "over %d", ROOT_ENTRIES_MAX);
	TRY(buf_append(&l->serials, serial));
	l->v[l->n++] = (struct crl_entry){
		.serial = bytes_from(buf_bytes(&l->serials), at),
		.time = time,
		.reason = (enum revoke_reason)reason
	};
	return NULL;
}

/* Out of what look_part told. */
static struct err *
list_read(struct unpack *u, struct list *l)
{
	l->serials = BUF(ROOT_ENTRIES_MAX * SERIAL_MAX);
	/* What was pointed at stays where it is. */
	TRY(buf_reserve(&l->serials, l->serials.max));
	TRY(unpack_i64(u, 2, &l->number));
	while (unpack_is(u, 3)) {
		struct bytes serial;
		int64_t time, reason;
		TRY(unpack_bytes(u, 3, &serial));
		TRY(unpack_i64(u, 4, &time));
		TRY(unpack_i64(u, 5, &reason));
		TRY(list_add(l, serial, time, (int)reason));
	}
	return unpack_end(u);
}

static struct err *
list_join(struct list *l, const struct revoked *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct crl_entry *e = &r->entry[i];
		const struct crl_entry *was = list_find(l, e->serial);
		if (was == NULL)
			TRY(list_add(l, e->serial, e->time, (int)e->reason));
		else if (was->time != e->time || was->reason != e->reason)
			return err_new(ERR_USAGE, NULL,
			    "%s is on the list already, with another time or "
			    "reason",
			    cert_subject(r->cert[i]));
	}
	return NULL;
}

/* ---- the parts ---- */

struct work {
	const struct root_crl_options *o;
	const struct revoked *revoked;
	struct bytes key_id;
	int64_t now;
};

static struct err *
tell_entry(void *ctx, const char *hex, int64_t revoked_at, int reason)
{
	CLEANUP(buf_done) struct buf serial = BUF(SERIAL_MAX);
	TRY(hex_decode(bytes_str(hex), &serial));
	TRY(pack_bytes(ctx, 3, buf_bytes(&serial)));
	TRY(pack_i64(ctx, 4, revoked_at));
	return pack_i64(ctx, 5, reason);
}

/* 1 the root's certificate, 2 number of its last list [n], then for each that
 * it has revoked: 3 serial, 4 time [n], 5 reason [n]. */
static struct err *
look_part(const struct part *p, struct buf *out)
{
	CLEANUP(ledger_freep) struct ledger *l = NULL;
	CLEANUP(ledger_setup_done) struct ledger_setup setup = { 0 };
	int64_t number = 0;
	/* One of a version before this may have to be brought up to date. */
	TRY(ledger_to_write(p->s, &l));
	TRY(ledger_setup_get(l, &setup));
	if (setup.nchain == 0)
		return err_coded(
		    err_new(ERR_MISSING, NULL, "no chain"), "not-set-up");
	TRY(pack_bytes(out, 1, buf_bytes(&setup.chain[setup.nchain - 1])));
	TRY(ledger_root_crl_number(l, &number));
	TRY(pack_i64(out, 2, number));
	return ledger_root_revoked_each(l, tell_entry, out);
}

static struct err *
check_revoked(const struct work *w, const struct cert *root)
{
	for (size_t i = 0; i < w->revoked->n; i++) {
		bool ok = false;
		const struct cert *c = w->revoked->cert[i];
		if (bytes_eq(cert_issuer_der(c), cert_subject_der(root)))
			TRY(cert_signed_by(c, cert_key(root), &ok));
		if (!ok)
			return err_new(ERR_DENIED, NULL,
			    "%s is not issued by the root", cert_subject(c));
	}
	return NULL;
}

static struct err *
sign(const struct p11_session *session, const struct work *w,
    const struct cert *root, const struct list *l, struct buf *out)
{
	CK_OBJECT_HANDLE key;
	TRY(p11_key_find(session, CKO_PRIVATE_KEY, w->key_id, &key));
	struct p11_signer by = { .session = session,
		.key = key,
		.shape = { cert_key_alg(root), cert_key_bits(root) } };
	struct signer signer = p11_signer(&by);
	int64_t days = w->o->days == 0 ? ROOT_CRL_DAYS : w->o->days;
	const struct crl_fields f = { .issuer = root,
		.this_update = w->now,
		.next_update = w->now + days * DAY,
		.number = (uint64_t)l->number,
		.alg = root_alg,
		.entries = l->v,
		.nentries = l->n };
	return crl_issue(&f, &signer, out);
}

/* 1 the list, 2 its number [n], then what it has, as look_part tells it. */
static struct err *
tell_list(const struct list *l, struct bytes der, struct buf *out)
{
	TRY(pack_bytes(out, 1, der));
	TRY(pack_i64(out, 2, l->number));
	for (size_t i = 0; i < l->n; i++) {
		TRY(pack_bytes(out, 3, l->v[i].serial));
		TRY(pack_i64(out, 4, l->v[i].time));
		TRY(pack_i64(out, 5, (int64_t)l->v[i].reason));
	}
	return NULL;
}

static struct err *
sign_list(const struct p11_session *session, const struct work *w,
    struct unpack *u, struct buf *out)
{
	CLEANUP(cert_freep) struct cert *root = NULL;
	CLEANUP(buf_done) struct buf der = BUF(CRL_DER_MAX);
	CLEANUP(list_done) struct list list = { .n = 0 };
	struct bytes root_der = BYTES_NONE;
	TRY(unpack_bytes(u, 1, &root_der));
	TRY(cert_parse(root_der, &root));
	TRY(check_revoked(w, root));
	TRY(list_read(u, &list));
	TRY(list_join(&list, w->revoked));
	list.number = w->now > list.number ? w->now : list.number + 1;
	TRY(sign(session, w, root, &list, &der));
	return tell_list(&list, buf_bytes(&der), out);
}

static struct err *
sign_in_token(struct keyholder *k, const struct part *p, struct buf *out)
{
	const struct work *w = p->ctx;
	struct unpack u = unpack_of(p->in);
	if (w->o->root_token_uri == NULL)
		return sign_list(&k->session, w, &u, out);
	struct p11_token token = k->token;
	struct p11_session session = { 0 };
	struct err *e = init_open_root(
	    k, w->o->root_token_uri, w->o->root_pin_file, &token, &session);
	if (e == NULL)
		e = sign_list(&session, w, &u, out);
	p11_session_done(&session);
	return e;
}

static struct err *
token_part(const struct part *p, struct buf *out)
{
	struct keyholder k = {
		.settings = p->s, .clock = &clock_system, .pin_fd = -1
	};
	struct err *e = keyholder_token(&k, false);
	if (e == NULL)
		e = sign_in_token(&k, p, out);
	keyholder_done(&k);
	return e;
}

static struct err *
record_list(struct ledger *l, struct bytes in)
{
	CLEANUP(list_done) struct list list = { .n = 0 };
	struct unpack u = unpack_of(in);
	struct bytes der = BYTES_NONE;
	TRY(unpack_bytes(&u, 1, &der));
	TRY(list_read(&u, &list));
	for (size_t i = 0; i < list.n; i++) {
		char hex[2 * SERIAL_MAX + 1];
		if (list.v[i].serial.len > SERIAL_MAX)
			return err_new(ERR_LIMIT, "RFC 5280 4.1.2.2", "serial");
		hex_text(list.v[i].serial, hex);
		TRY(ledger_root_revoked_put(
		    l, hex, list.v[i].time, (int)list.v[i].reason));
	}
	return ledger_root_crl_put(l, list.number, (int64_t)list.n, der);
}

static struct err *
record_part(const struct part *p, struct buf *out)
{
	CLEANUP(ledger_freep) struct ledger *l = NULL;
	(void)out;
	TRY(ledger_to_write(p->s, &l));
	TRY(ledger_begin(l));
	struct err *e = record_list(l, p->in);
	if (e == NULL)
		return ledger_commit(l);
	ledger_rollback(l);
	return e;
}

/* ---- the whole ---- */

static struct err *
fill_file(int fd, const char *temp, const char *path, struct bytes der)
{
	TRY(part_write_all(fd, der));
	if (fchmod(fd, 0644) != 0 || fsync(fd) != 0 || rename(temp, path) != 0)
		return err_errno(errno, "%s", path);
	return NULL;
}

/* Whoever serves the file sees the old list or the new one.  Its directory may
 * be one that others write to: what lies there is neither opened nor followed
 * (mkstemp has O_EXCL). */
static struct err *
write_file(const char *path, struct bytes der)
{
	CLEANUP(buf_done) struct buf text = BUF(4096);
	CLEANUP(free_charp) char *temp = NULL;
	TRY(buf_printf(&text, "%s.XXXXXX", path));
	TRY(bytes_dup_str(buf_bytes(&text), &temp));
	CLEANUP(close_fdp) int fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return err_errno(errno, "%s", temp);
	struct err *e = fill_file(fd, temp, path, der);
	if (e != NULL)
		unlink(temp);
	return e;
}

static struct err *
make(const struct settings *s, const struct work *w, struct buf *out,
    int64_t *number, size_t *n)
{
	CLEANUP(buf_done) struct buf root = BUF(PART_RESULT_MAX);
	CLEANUP(buf_done) struct buf made = BUF(PART_RESULT_MAX);
	struct bytes der = BYTES_NONE;
	const struct part look = { .s = s, .work = look_part };
	TRY(part_run(&look, s->user_ledger, &root));
	const struct part token = {
		.s = s, .ctx = w, .in = buf_bytes(&root), .work = token_part
	};
	TRY(part_run(&token, s->user_keyholder, &made));
	const struct part record = {
		.s = s, .in = buf_bytes(&made), .work = record_part
	};
	TRY(part_run(&record, s->user_ledger, NULL));
	struct unpack u = unpack_of(buf_bytes(&made));
	TRY(unpack_bytes(&u, 1, &der));
	TRY(buf_append(out, der));
	TRY(unpack_i64(&u, 2, number));
	for (*n = 0; unpack_is(&u, 3); (*n)++) {
		int64_t skip;
		TRY(unpack_bytes(&u, 3, &der));
		TRY(unpack_i64(&u, 4, &skip));
		TRY(unpack_i64(&u, 5, &skip));
	}
	return unpack_end(&u);
}

struct err *
signd_root_crl(
    const struct settings *s, const struct root_crl_options *o, FILE *told)
{
	CLEANUP(revoked_done) struct revoked revoked = { .n = 0 };
	CLEANUP(buf_done) struct buf id = BUF(P11_ID);
	CLEANUP(buf_done) struct buf der = BUF(CRL_DER_MAX);
	if (o->key_id == NULL)
		return err_new(ERR_USAGE, NULL,
		    "--root-key wants the CKA_ID that the protocol states");
	if (o->days < 0 || o->days > DAYS_MAX)
		return err_new(
		    ERR_USAGE, NULL, "--days wants 1 to %d", DAYS_MAX);
	TRY(hex_decode(bytes_str(o->key_id), &id));
	TRY(read_revoked(o, &revoked));
	const struct work w = { .o = o,
		.revoked = &revoked,
		.key_id = buf_bytes(&id),
		.now = clock_now(&clock_system) };
	int64_t number;
	size_t n;
	TRY(make(s, &w, &der, &number, &n));
	TRY(write_file(o->file, buf_bytes(&der)));
	if (told != NULL)
		fprintf(told, "%s: number %lld, %zu revoked\n", o->file,
		    (long long)number, n);
	return NULL;
}

#include "signd/root-crl.h"

#include <errno.h>
#include <fcntl.h>
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

/* ---- the parts ---- */

struct work {
	const struct root_crl_options *o;
	const struct revoked *revoked;
	struct bytes key_id;
	int64_t now;
};

/* 1 the root's certificate. */
static struct err *
look_part(const struct part *p, struct buf *out)
{
	CLEANUP(free_charp) char *path = NULL;
	CLEANUP(ledger_freep) struct ledger *l = NULL;
	CLEANUP(ledger_setup_done) struct ledger_setup setup = { 0 };
	TRY(ledger_path(p->s, &path));
	TRY(ledger_open(path, LEDGER_READ, &ledger_ground_system, &l));
	TRY(ledger_setup_get(l, &setup));
	if (setup.nchain == 0)
		return err_coded(
		    err_new(ERR_MISSING, NULL, "no chain"), "not-set-up");
	return pack_bytes(out, 1, buf_bytes(&setup.chain[setup.nchain - 1]));
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
sign_list(const struct p11_session *session, const struct work *w,
    struct bytes root_der, struct buf *out)
{
	CLEANUP(cert_freep) struct cert *root = NULL;
	CLEANUP(buf_done) struct buf der = BUF(CRL_DER_MAX);
	CK_OBJECT_HANDLE key;
	TRY(cert_parse(root_der, &root));
	TRY(check_revoked(w, root));
	TRY(p11_key_find(session, CKO_PRIVATE_KEY, w->key_id, &key));
	struct p11_signer by = { .session = session,
		.key = key,
		.shape = { cert_key_alg(root), cert_key_bits(root) } };
	struct signer signer = p11_signer(&by);
	int64_t days = w->o->days == 0 ? ROOT_CRL_DAYS : w->o->days;
	const struct crl_fields f = { .issuer = root,
		.this_update = w->now,
		.next_update = w->now + days * DAY,
		.number = (uint64_t)w->now,
		.alg = root_alg,
		.entries = w->revoked->entry,
		.nentries = w->revoked->n };
	TRY(crl_issue(&f, &signer, &der));
	return pack_bytes(out, 1, buf_bytes(&der));
}

static struct err *
sign_in_token(struct keyholder *k, const struct part *p, struct buf *out)
{
	const struct work *w = p->ctx;
	struct unpack u = unpack_of(p->in);
	struct bytes root = BYTES_NONE;
	TRY(unpack_bytes(&u, 1, &root));
	if (w->o->root_token_uri == NULL)
		return sign_list(&k->session, w, root, out);
	struct p11_token token = k->token;
	struct p11_session session = { 0 };
	struct err *e = init_open_root(
	    k, w->o->root_token_uri, w->o->root_pin_file, &token, &session);
	if (e == NULL)
		e = sign_list(&session, w, root, out);
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

/* ---- the whole ---- */

/* Whoever serves the file sees the old list or the new one. */
static struct err *
write_file(const char *path, struct bytes der)
{
	CLEANUP(buf_done) struct buf text = BUF(4096);
	const char *next;
	TRY(buf_printf(&text, "%s.new", path));
	TRY(buf_cstr(&text, &next));
	CLEANUP(close_fdp)
	int fd = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_errno(errno, "%s", next);
	TRY(part_write_all(fd, der));
	if (fsync(fd) != 0 || rename(next, path) != 0)
		return err_errno(errno, "%s", path);
	return NULL;
}

static struct err *
make(const struct settings *s, const struct work *w, struct buf *out)
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
	struct unpack u = unpack_of(buf_bytes(&made));
	TRY(unpack_bytes(&u, 1, &der));
	return buf_append(out, der);
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
	TRY(make(s, &w, &der));
	TRY(write_file(o->file, buf_bytes(&der)));
	if (told != NULL)
		fprintf(told, "%s: number %lld, %zu revoked\n", o->file,
		    (long long)w.now, revoked.n);
	return NULL;
}

/* A CA of somebody else.  It is asked by CMP (certs/cmp.h); messages go through
 * the fetcher, which knows the address and nothing else of it.  What the CA
 * made stands in the ledger before it is confirmed, so that it is either used
 * or taken back, whoever dies meanwhile. */
#include "signd/keyholder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "certs/path_check.h"
#include "pkcs11/guard.h"
#include "signd/ipc-io.h"
#include "signd/ledger-ops.h"
#include "signd/ledger.h"
#include "signd/part.h"
#include "signd/process.h"
#include "signd/proto.h"

#define CHAIN_PEM_MAX (LEDGER_CHAIN_MAX * CERT_MAX * 2)
#define CARRY_TRIES 3
#define CARRY_PAUSE_MS 500   /* doubles */
#define WAITING_MAX 4        /* threads; the others are for those who sign */
#define LEASE_MARGIN_S 30    /* the key, the seal and the ledger's record */
#define CARRY_MARGIN_MS 1000 /* the fetcher's own work, and its queue */

/* ---- starting ---- */

static struct err *
incomplete(const char *what)
{
	return err_coded(err_new(ERR_USAGE, NULL,
			     "external-ca-url wants external-ca-%s too", what),
	    "settings");
}

static struct err *
check_settings(const struct settings *s)
{
	if (s->external_ca_file[0] == '\0')
		return incomplete("file");
	if (s->external_ca_reference[0] == '\0')
		return incomplete("reference");
	return s->external_ca_secret_file[0] == '\0' ? incomplete("secret-file")
						     : NULL;
}

/* Each by the next, or what a citizen hands on would be no path. */
static struct err *
check_chain(const struct cert_list *chain)
{
	for (size_t i = 0; i < chain->n; i++) {
		bool ok = cert_is_ca(chain->v[i]);
		if (ok && i + 1 < chain->n)
			TRY(cert_signed_by(
			    chain->v[i], cert_key(chain->v[i + 1]), &ok));
		if (!ok)
			return err_new(ERR_USAGE, NULL,
			    "certificate %zu is no CA, or not by the next",
			    i + 1);
	}
	return chain->n > 0 && chain->n <= LEDGER_CHAIN_MAX
		   ? NULL
		   : err_new(ERR_USAGE, NULL, "not 1 to %d certificates",
			 LEDGER_CHAIN_MAX);
}

static struct err *
read_chain(const char *path, struct cert_list *out)
{
	CLEANUP(buf_done) struct buf pem = BUF(CHAIN_PEM_MAX);
	CLEANUP(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(errno, "%s", path);
	TRY(part_read_all(fd, &pem));
	TRY(cert_list_read(out, buf_bytes(&pem)));
	return check_chain(out);
}

struct err *
keyholder_external_open(struct keyholder *k)
{
	const struct settings *s = k->settings;
	struct external_ca *x = &k->external;
	if (s->external_ca_url[0] == '\0')
		return NULL;
	TRY(check_settings(s));
	struct err *e = read_chain(s->external_ca_file, &x->chain);
	if (e != NULL)
		return err_coded(
		    err_while(e, "%s", s->external_ca_file), "settings");
	TRY(guard_read_secret(s->external_ca_secret_file, &x->secret));
	x->packed = BUF(LEDGER_EXTERNAL_CHAIN_MAX);
	for (size_t i = 0; i < x->chain.n; i++)
		TRY(pack_bytes(&x->packed, 1, cert_der(x->chain.v[i])));
	return process_path(s->run_dir, SOCKET_FETCHER, &x->fetcher);
}

void
keyholder_external_done(struct keyholder *k)
{
	cert_list_done(&k->external.chain);
	secret_done(&k->external.secret);
	buf_done(&k->external.packed);
	free_charp(&k->external.fetcher);
}

bool
keyholder_has_external(const struct keyholder *k)
{
	return k->external.chain.n > 0;
}

/* ---- messages ---- */

/* This process is to be replaced, and what waits would hold that up. */
static bool
is_broken(void *ctx)
{
	const struct keyholder *k = ctx;
	return k->broken;
}

static struct err *
send_once(struct keyholder *k, struct bytes request, int64_t left_ms,
    struct buf *answer)
{
	CLEANUP(buf_done) struct buf body = BUF(CMP_ANSWER_MAX + 64);
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	struct bytes got = BYTES_NONE;
	TRY(pack_u64(&body, 1, (uint64_t)left_ms));
	TRY(pack_bytes(&body, 2, request));
	const struct ipc_patience patience = { .ended = is_broken,
		.ctx = k,
		.timeout_ms = (int)left_ms + CARRY_MARGIN_MS };
	TRY(ipc_call_while(k->external.fetcher, FETCH_CA, buf_bytes(&body),
	    NULL, 0, CMP_ANSWER_MAX + 64, &patience, &m));
	struct unpack u = unpack_of(buf_bytes(&m.body));
	TRY(unpack_bytes(&u, 1, &got));
	TRY(unpack_end(&u));
	return buf_append(answer, got);
}

static void
pause_ms(int64_t ms)
{
	const struct timespec t = { .tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000 };
	nanosleep(&t, NULL);
}

/* The same message may be sent again: its transactionID says that it is. */
static struct err *
carry(void *ctx, struct bytes request, int timeout_ms, struct buf *answer)
{
	struct keyholder *k = ctx;
	int64_t end = ipc_now_ms() + timeout_ms;
	struct err *e = is_broken(k) ? err_new(ERR_REMOTE, NULL,
					   "the process is being replaced")
				     : NULL;
	for (int i = 0, wait = CARRY_PAUSE_MS; i < CARRY_TRIES;
	     i++, wait *= 2) {
		int64_t left = end - ipc_now_ms();
		/* At the end of the service there is nobody to carry it. */
		if (left <= 0 || is_broken(k) || (i > 0 && asked_to_stop(NULL)))
			break;
		err_free(e);
		e = send_once(k, request, left, answer);
		if (e == NULL || err_kind(e) != ERR_REMOTE)
			break;
		if (i + 1 < CARRY_TRIES && end - ipc_now_ms() > wait)
			pause_ms(wait);
	}
	return e == NULL ? NULL : err_coded(e, "external-ca");
}

static struct cmp_ca
other_ca(struct keyholder *k)
{
	return (struct cmp_ca){ .way = { k, carry, is_broken },
		.reference = k->settings->external_ca_reference,
		.secret = secret_bytes(&k->external.secret),
		.ca = k->external.chain.v[0],
		.seconds = (int)k->settings->external_ca_seconds };
}

/* ---- one at a time for a link, and few in all ---- */

static struct err *
pack_lease(const char *enrolment, const char *who, struct buf *body)
{
	TRY(pack_str(body, 1, enrolment));
	return pack_str(body, 2, who);
}

struct err *
keyholder_external_enter(
    struct keyholder *k, const char *enrolment, const char *who)
{
	CLEANUP(buf_done) struct buf body = BUF(1024);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(pack_lease(enrolment, who, &body));
	TRY(pack_i64(
	    &body, 3, k->settings->external_ca_seconds + LEASE_MARGIN_S));
	return keyholder_tell(k, LW_EXTERNAL_ASK, &body, &answer);
}

/* If the ledger does not hear it, the lease ends by itself. */
void
keyholder_external_leave(
    struct keyholder *k, const char *enrolment, const char *who)
{
	CLEANUP(buf_done) struct buf body = BUF(1024);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	struct err *e = pack_lease(enrolment, who, &body);
	if (e == NULL)
		e = keyholder_tell(k, LW_EXTERNAL_END, &body, &answer);
	err_free(e);
}

bool
keyholder_external_wait(struct keyholder *k)
{
	if (k->external.waiting++ < WAITING_MAX)
		return true;
	k->external.waiting--;
	return false;
}

void
keyholder_external_waited(struct keyholder *k)
{
	k->external.waiting--;
}

/* ---- certificates ---- */

struct keeping {
	struct keyholder *k;
	const char *enrolment;
};

static struct err *
keep(void *ctx, const struct cert *c)
{
	const struct keeping *me = ctx;
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	CLEANUP(buf_done) struct buf serial = BUF(64);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(hex_encode(cert_serial(c), &serial));
	TRY(pack_bytes(&body, 1, buf_bytes(&serial)));
	TRY(pack_bytes(&body, 2, cert_der(c)));
	TRY(pack_str(&body, 3, me->enrolment));
	return keyholder_tell(me->k, LW_EXTERNAL_GOT, &body, &answer);
}

/* Others have the token while the CA thinks. */
struct err *
keyholder_external_issue(struct keyholder *k, const char *enrolment,
    const struct cert_fields *f, struct buf *waiting, struct cert **out)
{
	struct keeping keeping = { k, enrolment };
	struct cmp_ca ca = other_ca(k);
	ca.keep = keep;
	ca.keep_ctx = &keeping;
	ca.waiting = waiting;
	struct cert_issuer issuer = cmp_issuer(&ca);
	unsigned depth = keyholder_pause(k);
	struct err *e = issuer.issue(issuer.ctx, f, out);
	keyholder_resume(k, depth);
	return e;
}

/* ---- what it is still to be told ---- */

static struct err *
tell_one(
    struct keyholder *k, const char *serial, struct bytes der, int64_t reason)
{
	CLEANUP(buf_done) struct buf body = BUF(256);
	CLEANUP(ipc_message_done) struct ipc_message done = { 0 };
	CLEANUP(cert_freep) struct cert *c = NULL;
	TRY(cert_parse(der, &c));
	/* One of a CA that was asked before this one. */
	if (!bytes_eq(
		cert_issuer_der(c), cert_subject_der(k->external.chain.v[0])))
		return err_coded(
		    err_new(ERR_REMOTE, NULL,
			"%s is of another CA, which is not asked any more",
			serial),
		    "external-ca");
	const struct cmp_ca ca = other_ca(k);
	TRY(cmp_revoke(&ca, c, (int)reason));
	TRY(pack_str(&body, 1, serial));
	TRY(pack_i64(&body, 2, reason));
	return keyholder_tell(k, LW_EXTERNAL_TOLD, &body, &done);
}

struct err *
keyholder_external_chore(struct keyholder *k, bool *more)
{
	struct buf none = BUF(0);
	CLEANUP(ipc_message_done) struct ipc_message task = { 0 };
	CLEANUP(free_charp) char *serial = NULL;
	struct bytes der = BYTES_NONE;
	int64_t reason = 0;
	*more = false;
	TRY(keyholder_tell(k, LW_EXTERNAL_NEXT, &none, &task));
	struct unpack u = unpack_of(buf_bytes(&task.body));
	if (!unpack_is(&u, 1))
		return unpack_end(&u);
	TRY(unpack_str(&u, 1, &serial));
	TRY(unpack_bytes(&u, 2, &der));
	TRY(unpack_i64(&u, 3, &reason));
	TRY(unpack_end(&u));
	*more = true;
	return tell_one(k, serial, der, reason);
}

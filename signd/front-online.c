/* Verification that asks outside: workers judge, the fetcher brings. */
#include <stdlib.h>
#include <string.h>

#include "base/pack.h"
#include "format/facts_pack.h"
#include "signd/front.h"
#include "signd/proto.h"

/* Bytes of what goes to a worker with the facts of a document. */
#define JUDGE_MAX (VERIFY_REQUEST_MAX + FACTS_PACKED_MAX + 64)

#define CITY "city"

/* ---- what it rests on ---- */

void
trusted_done(struct trusted *t)
{
	free(t->domains);
	ipc_message_done(&t->ca);
	ipc_message_done(&t->root_list);
	buf_done(&t->list);
	index_file_free(t->index);
	cert_list_done(&t->anchors);
	cert_list_done(&t->ended);
	if (t->snapshot != NULL)
		trust_release(t->snapshot);
	*t = (struct trusted){ 0 };
}

/* Of what the root has made: *out NULL when it is nothing. */
static struct err *
read_root_list(const struct front *f, struct trusted *t, struct crl **out)
{
	struct bytes der;
	TRY(ask_ledger(f, LEDGER_ROOT_CRL, BYTES_NONE, &t->root_list));
	struct unpack u = unpack_of(buf_bytes(&t->root_list.body));
	TRY(unpack_bytes(&u, 1, &der));
	if (der.len == 0)
		return NULL;
	t->crls[t->ncrls++] = (struct status_data){ .der = der };
	return crl_parse(der, out);
}

static struct err *
has_ended(const struct crl *list, const struct cert *c, bool *out)
{
	struct status_answer answer;
	*out = false;
	return list == NULL ? NULL : crl_find(list, c, &answer, out);
}

/* The root, and the issuing CA too: whether that one is still good is for this
 * service to know, and it is not once the root's list names it. */
static struct err *
add_own_ca(struct trusted *t, const struct crl *list, struct bytes der)
{
	CLEANUP(cert_freep) struct cert *c = NULL;
	bool ended;
	TRY(cert_parse(der, &c));
	TRY(has_ended(list, c, &ended));
	return cert_list_add_der(ended ? &t->ended : &t->anchors, der);
}

static struct err *
read_own_ca(const struct front *f, struct trusted *t)
{
	CLEANUP(crl_freep) struct crl *list = NULL;
	TRY(read_root_list(f, t, &list));
	struct unpack u = unpack_of(buf_bytes(&t->ca.body));
	while (unpack_is(&u, 1)) {
		struct bytes der;
		TRY(unpack_bytes(&u, 1, &der));
		TRY(add_own_ca(t, list, der));
	}
	return unpack_end(&u);
}

/* ---- our own list ---- */

/* A million entries take a second; before it may stand one list of others. */
#define OWN_LIST_WAIT_MS 30000

/* The ledger is asked each time whether there is a newer one: what was revoked
 * a moment ago must not be called good. */
static struct err *
get_own_list(const struct front *f, struct trusted *t)
{
	CLEANUP(buf_done) struct buf body = BUF(64);
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	struct bytes der;
	uint64_t number;
	TRY(pack_i64(&body, 1, own_list_number(f->own_list)));
	TRY(ask_ledger(f, LEDGER_CRL, buf_bytes(&body), &m));
	struct unpack u = unpack_of(buf_bytes(&m.body));
	TRY(unpack_bytes(&u, 1, &der));
	TRY(unpack_u64(&u, 2, &number));
	TRY(unpack_end(&u));
	if (der.len == 0 && number == 0)
		return NULL; /* there is none yet */
	t->list = BUF(OWN_LIST_IN_MESSAGE_MAX);
	TRY(own_list_take(f->own_list, f->shelf, (int64_t)number, der,
	    OWN_LIST_WAIT_MS, &t->list, &t->index));
	if (t->index == NULL) {
		t->crls[t->ncrls++] =
		    (struct status_data){ .der = buf_bytes(&t->list) };
		return NULL;
	}
	t->crls[t->ncrls++] =
	    (struct status_data){ .der = t->index->map, .is_index = true };
	t->index_fds[0] = t->index->fd;
	t->nindexes = 1;
	return NULL;
}

static struct err *
get_own(const struct front *f, struct trusted *t)
{
	TRY(ask_ledger(f, LEDGER_CA, BYTES_NONE, &t->ca));
	TRY(read_own_ca(f, t));
	return get_own_list(f, t);
}

/* Those of the settings, those of the trust list, and our own issuer. */
static struct err *
get_domains(const struct front *f, struct trusted *t)
{
	t->snapshot = trust_hold(f->trust);
	const struct trust_domains *list = trust_held(t->snapshot);
	size_t n = f->ndomains + list->n;
	t->domains = calloc(n + 1, sizeof(*t->domains));
	if (t->domains == NULL)
		return err_new(ERR_NOMEM, NULL, "domains");
	for (size_t i = 0; i < f->ndomains; i++)
		t->domains[i] = f->domains[i];
	for (size_t i = 0; i < list->n; i++)
		t->domains[f->ndomains + i] = list->v[i];
	t->domains[n] =
	    (struct trust_domain){ .name = CITY, .anchors = t->anchors };
	t->ndomains = n + 1;
	return NULL;
}

struct err *
trusted_get(const struct front *f, struct trusted *out)
{
	struct trusted t = { 0 };
	struct err *e = get_own(f, &t);
	if (e == NULL)
		e = get_domains(f, &t);
	if (e != NULL) {
		trusted_done(&t);
		return e;
	}
	*out = t;
	return NULL;
}

/* ---- by workers ---- */

struct by_workers {
	const struct front *f;
	int fd; /* the document */
};

static struct err *
unpack(struct ipc_message *m, struct verify_answer *out)
{
	struct err *e = verify_answer_unpack(buf_bytes(&m->body), out);
	/* Facts are long, and the message may be as long again. */
	ipc_message_done(m);
	return e;
}

static struct err *
verify(void *ctx, const struct verify_request *q, struct verify_answer *out)
{
	const struct by_workers *w = ctx;
	CLEANUP(buf_done) struct buf body = BUF(VERIFY_REQUEST_MAX);
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	int fds[1 + INDEXES_MAX] = { w->fd };
	for (size_t i = 0; i < q->nindexes; i++)
		fds[1 + i] = q->index_fds[i];
	TRY(verify_request_pack(q, &body));
	TRY(ask_worker_fds(
	    w->f, WORKER_VERIFY, buf_bytes(&body), fds, 1 + q->nindexes, &m));
	return unpack(&m, out);
}

static struct err *
judge(void *ctx, struct bytes facts, const struct verify_request *q,
    struct verify_answer *out)
{
	const struct by_workers *w = ctx;
	CLEANUP(buf_done) struct buf request = BUF(VERIFY_REQUEST_MAX);
	CLEANUP(buf_done) struct buf body = BUF(JUDGE_MAX);
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	struct verify_request short_one = *q;
	short_one.nexternal = 0; /* it was read with the document */
	short_one.nkeys = 0;
	short_one.password = BYTES_NONE;
	TRY(verify_request_pack(&short_one, &request));
	TRY(pack_bytes(&body, 1, facts));
	TRY(pack_bytes(&body, 2, buf_bytes(&request)));
	TRY(ask_worker_fds(w->f, WORKER_JUDGE, buf_bytes(&body), q->index_fds,
	    q->nindexes, &m));
	return unpack(&m, out);
}

struct err *
ask_verification(const struct front *f, const struct verify_request *q, int fd,
    int64_t wait_ms, struct online_kept *keep, struct verify_answer *out)
{
	struct by_workers w = { f, fd };
	struct online o = { .ctx = &w,
		.verify = verify,
		.judge = judge,
		.deadline_ms = wait_ms };
	/* Its memory has a lock of its own. */
	if (f->s->status_online && wait_ms > 0)
		o.source =
		    fetch_source((struct fetch_source *)(uintptr_t)&f->status);
	return online_verify(&o, q, keep, out);
}

struct err *
wait_param(const struct request *r, int64_t *ms)
{
	const struct settings *s = r->front->s;
	const char *text;
	char *end;
	TRY(request_param(r, "wait", &text));
	*ms = s->status_seconds * 1000;
	if (text == NULL)
		return NULL;
	long n = strtol(text, &end, 10);
	if (end == text || *end != '\0' || n < 0 || n > s->status_seconds_max)
		return err_coded(
		    err_new(ERR_USAGE, NULL, "wait: 0 to %lld seconds",
			(long long)s->status_seconds_max),
		    "parameter");
	*ms = n * 1000;
	return NULL;
}

/* What an external CA has been asked and has not decided: when the link is used
 * again, that is gone on with, and nothing is asked anew.  Meanwhile the pair
 * lies in the ledger sealed as any other: under the PIN that was chosen, which
 * must be given again, and the link.  With another PIN the CA is asked anew. */
#include "signd/keyholder.h"

#include <string.h>

#include "pkcs11/guard.h"
#include "signd/ledger-ops.h"
#include "signd/ledger.h"

#define WAITING_VERSION 0 /* of the seal: no credential's begins there */
#define RESUMED_MAX 10    /* without a word of that CA: it has forgotten */

/* ---- the seal ---- */

static struct seal_owner
owner_of(const char *enrolment)
{
	return (struct seal_owner){ .credential = bytes_str(enrolment),
		.version = WAITING_VERSION };
}

static struct err *
join(struct bytes link, struct bytes pin, struct secret *out)
{
	TRY(secret_init(out, link.len + 1 + pin.len));
	guard_secret(out);
	memcpy(out->ptr, link.ptr, link.len);
	out->ptr[link.len] = '\n';
	if (pin.len > 0)
		memcpy(out->ptr + link.len + 1, pin.ptr, pin.len);
	return NULL;
}

static struct err *
seal_pair(struct keyholder *k, const struct waiting_for *w,
    const struct pool_pair *pair, struct buf *out)
{
	CLEANUP(secret_done) struct secret both = { 0 };
	struct seal_owner owner = owner_of(w->enrolment);
	struct pepper pepper = keyholder_pepper(k);
	const struct seal_input in = { .memory_kib = SEAL_MEMORY_MIN,
		.passes = SEAL_PASSES_MIN,
		.kek_id = buf_bytes(&pair->kek_id),
		.wrap_mechanism = k->session.vendor->wrap,
		.wrapped = buf_bytes(&pair->wrapped) };
	TRY(join(w->link, w->pin, &both));
	return seal_make(&pepper, &owner, secret_bytes(&both), &in, out);
}

static struct err *
open_pair(struct keyholder *k, const struct waiting_for *w, struct bytes blob,
    struct pool_pair *pair, bool *ok)
{
	CLEANUP(secret_done) struct secret both = { 0 };
	CLEANUP(secret_done) struct secret key = { 0 };
	CLEANUP(secret_done) struct secret content = { 0 };
	struct seal_owner owner = owner_of(w->enrolment);
	struct pepper pepper = keyholder_pepper(k);
	struct sealed s;
	TRY(sealed_parse(blob, &s));
	TRY(join(w->link, w->pin, &both));
	TRY(seal_key(&s, &pepper, &owner, secret_bytes(&both), &key));
	TRY(seal_open(&s, &owner, secret_bytes(&key), &content, ok));
	if (!*ok)
		return NULL;
	TRY(buf_append(&pair->kek_id, s.kek_id));
	return buf_append(
	    &pair->wrapped, seal_wrapped(&s, secret_bytes(&content)));
}

/* ---- what is kept: 1 seal, 2 SPKI, 3 generation [n], 4 kind [n], 5 state of
 * CMP, 6 how often it was gone on with in vain [n] ---- */

struct kept {
	struct bytes seal, spki, state;
	int64_t generation, kind, tries;
};

static struct err *
read_kept(struct bytes blob, struct kept *out)
{
	struct unpack u = unpack_of(blob);
	TRY(unpack_bytes(&u, 1, &out->seal));
	TRY(unpack_bytes(&u, 2, &out->spki));
	TRY(unpack_i64(&u, 3, &out->generation));
	TRY(unpack_i64(&u, 4, &out->kind));
	TRY(unpack_bytes(&u, 5, &out->state));
	TRY(unpack_i64(&u, 6, &out->tries));
	return unpack_end(&u);
}

/* A key of an older generation would get no credential any more. */
static struct err *
is_of_use(
    struct keyholder *k, const struct kept *kept, enum key_kind kind, bool *out)
{
	struct generation *newest = NULL;
	keyholder_lock(k);
	struct err *e = keyholder_current(k, &newest);
	*out = e == NULL && kept->generation == newest->n &&
	       kept->kind == (int64_t)kind && kept->tries < RESUMED_MAX;
	keyholder_unlock(k);
	return e;
}

static struct err *
take(struct keyholder *k, struct waiting_for *w, const struct kept *kept,
    enum key_kind kind, struct pool_pair *out)
{
	bool ok = false;
	CLEANUP(pool_pair_done)
	struct pool_pair pair = { .kind = kind,
		.generation = kept->generation,
		.kek_id = BUF(SEAL_KEK_ID_MAX),
		.wrapped = BUF(WRAPPED_MAX),
		.spki = BUF(1024) };
	TRY(open_pair(k, w, kept->seal, &pair, &ok));
	if (!ok)
		return NULL;
	TRY(buf_append(&pair.spki, kept->spki));
	TRY(buf_append(&w->state, kept->state));
	w->tries = kept->tries;
	*out = pair;
	pair = (struct pool_pair){ 0 };
	return NULL;
}

struct err *
keyholder_waiting_take(struct keyholder *k, struct waiting_for *w,
    enum key_kind kind, struct pool_pair *out)
{
	struct kept kept = { 0 };
	bool use = false;
	w->state = BUF(CMP_WAITING_MAX);
	if (w->kept.len == 0)
		return NULL;
	TRY(read_kept(buf_bytes(&w->kept), &kept));
	TRY(is_of_use(k, &kept, kind, &use));
	return use ? take(k, w, &kept, kind, out) : NULL;
}

static struct err *
tell(struct keyholder *k, const struct waiting_for *w, struct bytes blob)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(pack_str(&body, 1, w->enrolment));
	TRY(pack_str(&body, 2, w->who));
	TRY(pack_bytes(&body, 3, blob));
	return keyholder_tell(k, LW_EXTERNAL_WAIT, &body, &answer);
}

static struct err *
keep(struct keyholder *k, const struct waiting_for *w,
    const struct pool_pair *pair)
{
	CLEANUP(buf_done) struct buf blob = BUF(LEDGER_WAITING_MAX);
	CLEANUP(buf_done) struct buf sealed = BUF(SEAL_MAX);
	struct kept was = { 0 };
	if (w->kept.len > 0)
		TRY(read_kept(buf_bytes(&w->kept), &was));
	bool told = !bytes_eq(was.state, buf_bytes(&w->state));
	TRY(seal_pair(k, w, pair, &sealed));
	TRY(pack_bytes(&blob, 1, buf_bytes(&sealed)));
	TRY(pack_bytes(&blob, 2, buf_bytes(&pair->spki)));
	TRY(pack_i64(&blob, 3, pair->generation));
	TRY(pack_i64(&blob, 4, (int64_t)pair->kind));
	TRY(pack_bytes(&blob, 5, buf_bytes(&w->state)));
	TRY(pack_i64(&blob, 6, told ? 0 : w->tries + 1));
	return tell(k, w, buf_bytes(&blob));
}

struct err *
keyholder_waiting_keep(struct keyholder *k, const struct waiting_for *w,
    const struct pool_pair *pair)
{
	if (w->state.len > 0)
		return keep(k, w, pair);
	return w->kept.len > 0 ? tell(k, w, BYTES_NONE) : NULL;
}

void
waiting_for_done(struct waiting_for *w)
{
	buf_done(&w->kept);
	buf_done(&w->state);
}

/* The keys that wrap and cover come in generations: a blob says which, and it
 * is found in the token when the first one asks. */
#include "signd/keyholder.h"

#include "pkcs11/cover.h"
#include "pkcs11/guard.h"
#include "signd/ledger-ops.h"

static struct err *
read_generation(struct unpack *u, struct generation *g)
{
	struct bytes kek = BYTES_NONE, cover = BYTES_NONE;
	TRY(unpack_i64(u, 1, &g->n));
	TRY(unpack_bytes(u, 2, &kek));
	TRY(unpack_bytes(u, 3, &cover));
	TRY(unpack_i64(u, 4, &g->kek_ended));
	TRY(unpack_i64(u, 5, &g->cover_ended));
	g->kek_id = BUF(SEAL_KEK_ID_MAX);
	g->cover_id = BUF(SEAL_KEK_ID_MAX);
	TRY(buf_append(&g->kek_id, kek));
	return buf_append(&g->cover_id, cover);
}

void
keyholder_generations_done(struct keyholder *k)
{
	for (size_t i = 0; i < k->ngenerations; i++) {
		buf_done(&k->generations[i].kek_id);
		buf_done(&k->generations[i].cover_id);
	}
	k->ngenerations = 0;
}

static struct err *
read_all(struct keyholder *k, struct unpack *u)
{
	keyholder_generations_done(k);
	while (unpack_is(u, 1)) {
		if (k->ngenerations == GENERATIONS_MAX)
			return err_new(ERR_LIMIT, NULL,
			    "more than %d "
			    "generations of keys",
			    GENERATIONS_MAX);
		struct generation *g = &k->generations[k->ngenerations++];
		*g = (struct generation){ 0 };
		TRY(read_generation(u, g));
	}
	return unpack_end(u);
}

struct err *
keyholder_generations(struct keyholder *k)
{
	struct buf none = BUF(0);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(keyholder_tell(k, LW_GENERATIONS, &none, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	TRY(read_all(k, &u));
	if (k->ngenerations == 0)
		return err_coded(
		    err_new(ERR_MISSING, NULL, "no keys that wrap"),
		    "not-set-up");
	return NULL;
}

static struct err *
no_generation(void)
{
	return err_coded(
	    err_new(ERR_MISSING, NULL, "the key that wrapped it is gone"),
	    "token-key-missing");
}

static struct generation *
find(struct keyholder *k, int64_t n)
{
	for (size_t i = 0; i < k->ngenerations; i++)
		if (k->generations[i].n == n)
			return &k->generations[i];
	return NULL;
}

/* A key that must be there is not: is it the key, or the token that is gone?
 * The pepper is always there. */
static struct err *
find_key(struct keyholder *k, const struct buf *id, CK_OBJECT_HANDLE *out)
{
	struct err *e =
	    p11_key_find(&k->session, CKO_SECRET_KEY, buf_bytes(id), out);
	if (e == NULL || err_kind(e) != ERR_MISSING || k->pepper == 0)
		return e;
	uint8_t ignored[P11_HMAC];
	struct err *gone =
	    p11_hmac(&k->session, k->pepper, BYTES_LIT("there?"), ignored);
	if (gone == NULL)
		return e;
	err_free(e);
	return gone;
}

/* ---- covers ---- */

static struct err *
hmac_of_cover(void *ctx, struct bytes data, uint8_t out[SEAL_HMAC])
{
	const struct cover_key *c = ctx;
	return p11_hmac(c->session, c->handle, data, out);
}

struct err *
keyholder_cover(struct keyholder *k, int64_t n, struct cover_key *out)
{
	struct generation *g = find(k, n);
	if (g == NULL) { /* a new one, since we last looked */
		TRY(keyholder_generations(k));
		g = find(k, n);
	}
	if (g == NULL || g->cover_ended)
		return no_generation();
	if (!g->has_cover && g->cover_id.len > 0) {
		TRY(find_key(k, &g->cover_id, &g->cover));
		TRY(p11_pepper_check(&k->session, g->cover));
		g->has_cover = true;
	}
	*out = (struct cover_key){ .session = &k->session,
		.handle = g->cover,
		.id = buf_bytes(&g->cover_id) };
	return NULL;
}

static struct err *
make_pass(struct keyholder *k, int64_t n, struct bytes owner,
    struct cover_pass *out)
{
	struct cover_key key;
	TRY(keyholder_cover(k, n, &key));
	if (key.id.len == 0)
		return NULL;
	const struct pepper cover = { .ctx = &key, .hmac = hmac_of_cover };
	return cover_pass_make(&cover, n, key.id, owner, out);
}

static bool
fits(const struct cover_pass *p, int64_t n)
{
	return p->key.len > 0 && p->generation == n;
}

struct err *
keyholder_uncover(struct keyholder *k, int64_t n, struct bytes owner,
    struct bytes covered, struct cover_pass *pass, struct secret *out)
{
	if (!fits(pass, n)) {
		cover_pass_done(pass);
		keyholder_lock(k);
		struct err *e = make_pass(k, n, owner, pass);
		keyholder_unlock(k);
		TRY(e);
	}
	if (!fits(pass, n)) /* from before there were covers */
		return secret_copy(out, covered);
	return cover_pass_open(pass, owner, covered, out);
}

static struct err *
put_cover(struct keyholder *k, int64_t n, struct bytes owner,
    struct bytes plain, struct buf *out)
{
	struct cover_key key;
	TRY(keyholder_cover(k, n, &key));
	if (key.id.len == 0)
		return buf_append(out, plain);
	const struct pepper cover = { .ctx = &key, .hmac = hmac_of_cover };
	return cover_make(&cover, key.id, owner, plain, out);
}

struct err *
keyholder_put_cover(struct keyholder *k, int64_t n, struct bytes owner,
    struct bytes plain, struct buf *out)
{
	keyholder_lock(k);
	struct err *e = put_cover(k, n, owner, plain, out);
	keyholder_unlock(k);
	return e;
}

/* ---- keys that wrap ---- */

static struct err *
use_kek(struct keyholder *k, struct generation *g)
{
	if (g->kek_ended)
		return no_generation();
	if (g->has_kek)
		return NULL;
	TRY(find_key(k, &g->kek_id, &g->kek));
	TRY(p11_kek_check(&k->session, g->kek));
	g->has_kek = true;
	return NULL;
}

struct err *
keyholder_kek(struct keyholder *k, struct bytes id, struct p11_kek *out)
{
	for (size_t i = 0; i < k->ngenerations; i++) {
		struct generation *g = &k->generations[i];
		if (!bytes_eq(buf_bytes(&g->kek_id), id))
			continue;
		TRY(use_kek(k, g));
		*out = (struct p11_kek){ .handle = g->kek,
			.mechanism = k->session.vendor->wrap };
		return NULL;
	}
	return no_generation();
}

struct err *
keyholder_current(struct keyholder *k, struct generation **out)
{
	TRY(keyholder_generations(k));
	struct generation *g = &k->generations[k->ngenerations - 1];
	TRY(use_kek(k, g));
	*out = g;
	return NULL;
}

#include "signd/rotate.h"

#include <string.h>

#include "certs/aead.h"
#include "signd/keyholder.h"
#include "signd/ledger-ops.h"
#include "signd/ledger.h"
#include "signd/part.h"
#include "signd/process.h"

#define BATCH 64 /* credentials between two commits */

static struct err *
committed(struct ledger *l, struct err *e)
{
	if (e == NULL)
		return ledger_commit(l);
	ledger_rollback(l);
	return e;
}

/* ---- a new generation ---- */

static struct err *
make_keys(struct keyholder *k, struct buf *out)
{
	uint8_t kek[P11_ID], cover[P11_ID];
	CK_OBJECT_HANDLE made;
	TRY(random_fill(kek, sizeof(kek)));
	TRY(random_fill(cover, sizeof(cover)));
	TRY(p11_kek_make(&k->session, bytes_of(kek, sizeof(kek)), &made));
	TRY(p11_kek_check(&k->session, made));
	TRY(p11_pepper_make(
	    &k->session, bytes_of(cover, sizeof(cover)), &made));
	TRY(p11_pepper_check(&k->session, made));
	TRY(pack_bytes(out, 1, bytes_of(kek, sizeof(kek))));
	return pack_bytes(out, 2, bytes_of(cover, sizeof(cover)));
}

static struct err *
make_part(const struct part *p, struct buf *out)
{
	struct keyholder k = {
		.settings = p->s, .clock = &clock_system, .pin_fd = -1
	};
	struct err *e = keyholder_token(&k, true);
	if (e == NULL)
		e = make_keys(&k, out);
	keyholder_done(&k);
	return e;
}

static struct err *
put_part(const struct part *p, struct buf *out)
{
	(void)out;
	struct unpack u = unpack_of(p->in);
	struct bytes kek = BYTES_NONE, cover = BYTES_NONE;
	TRY(unpack_bytes(&u, 1, &kek));
	TRY(unpack_bytes(&u, 2, &cover));
	CLEANUP(ledger_freep) struct ledger *l = NULL;
	TRY(ledger_to_write(p->s, &l));
	TRY(ledger_begin(l));
	return committed(l, ledger_generation_put(l, kek, cover));
}

struct err *
signd_kek_rotate(const struct settings *s, FILE *told)
{
	CLEANUP(buf_done) struct buf made = BUF(PART_RESULT_MAX);
	const struct part token = { .s = s, .work = make_part };
	TRY(part_run(&token, s->user_keyholder, &made));
	const struct part put = {
		.s = s, .in = buf_bytes(&made), .work = put_part
	};
	TRY(part_run(&put, s->user_ledger, NULL));
	if (told != NULL)
		fprintf(told, "a new generation of keys is in use\n");
	return signd_kek_rewrap(s, told);
}

/* ---- covering anew ---- */

/* One credential on its way from one cover to the next. */
struct move {
	struct bytes id, old;
	int64_t cover, newest;
};

/* Takes one blob out from under its cover and puts it under the newest. */
static struct err *
cover_one(struct keyholder *k, const struct move *m)
{
	CLEANUP(secret_done) struct secret plain = { 0 };
	CLEANUP(buf_done) struct buf fresh = BUF(LEDGER_SEALED_MAX);
	CLEANUP(buf_done) struct buf body = BUF(3 * LEDGER_SEALED_MAX);
	CLEANUP(cover_pass_done) struct cover_pass pass = { 0 };
	TRY(keyholder_uncover(k, m->cover, m->id, m->old, &pass, &plain));
	TRY(keyholder_put_cover(
	    k, m->newest, m->id, secret_bytes(&plain), &fresh));
	TRY(pack_bytes(&body, 1, m->id));
	TRY(pack_bytes(&body, 2, m->old));
	TRY(pack_bytes(&body, 3, buf_bytes(&fresh)));
	TRY(pack_i64(&body, 4, m->newest));
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	return keyholder_tell(k, LW_COVER_PUT, &body, &answer);
}

/* Where we are: what was moved, what is damaged, and the last id. */
struct progress {
	uint64_t moved, damaged;
	char last[LEDGER_ID_MAX + 1];
	bool more;
};

static struct err *
cover_next(struct keyholder *k, int64_t newest, struct unpack *u,
    struct progress *p)
{
	struct move m = { .newest = newest };
	TRY(unpack_bytes(u, 1, &m.id));
	TRY(unpack_i64(u, 2, &m.cover));
	TRY(unpack_bytes(u, 3, &m.old));
	if (m.id.len > LEDGER_ID_MAX)
		return err_new(ERR_LIMIT, NULL, "an id");
	memcpy(p->last, m.id.ptr, m.id.len);
	p->last[m.id.len] = '\0';
	struct err *e = cover_one(k, &m);
	if (e == NULL)
		p->moved++;
	/* It opens for nobody; the others shall not wait for it. */
	bool damaged =
	    e != NULL && (strcmp(err_code(e), "credential-damaged") == 0 ||
			     strcmp(err_code(e), "token-key-missing") == 0);
	if (!damaged)
		return e;
	p->damaged++;
	err_free(e);
	return NULL;
}

static struct err *
cover_batch(struct keyholder *k, int64_t newest, struct progress *p)
{
	CLEANUP(buf_done) struct buf body = BUF(256);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(pack_str(&body, 1, p->last));
	TRY(pack_i64(&body, 2, BATCH));
	TRY(keyholder_tell(k, LW_COVER_NEXT, &body, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	p->more = unpack_is(&u, 1);
	while (unpack_is(&u, 1))
		TRY(cover_next(k, newest, &u, p));
	return unpack_end(&u);
}

static struct err *
cover_all(struct keyholder *k, struct buf *out)
{
	struct generation *g = NULL;
	TRY(keyholder_current(k, &g));
	/* Its pointer does not outlive the next look at the ledger. */
	int64_t newest = g->n;
	struct progress p = { .more = true };
	while (p.more)
		TRY(cover_batch(k, newest, &p));
	TRY(pack_u64(out, 1, p.moved));
	return pack_u64(out, 2, p.damaged);
}

static struct err *
rewrap_part(const struct part *p, struct buf *out)
{
	struct keyholder k;
	struct err *e = keyholder_open(&k, p->s, -1, &clock_system);
	if (e == NULL) {
		keyholder_lock(&k);
		e = cover_all(&k, out);
		keyholder_unlock(&k);
	}
	keyholder_done(&k);
	return e;
}

struct err *
signd_kek_rewrap(const struct settings *s, FILE *told)
{
	CLEANUP(buf_done) struct buf out = BUF(64);
	const struct part p = { .s = s, .work = rewrap_part };
	TRY(part_run(&p, s->user_keyholder, &out));
	struct unpack u = unpack_of(buf_bytes(&out));
	uint64_t moved = 0, damaged = 0;
	TRY(unpack_u64(&u, 1, &moved));
	TRY(unpack_u64(&u, 2, &damaged));
	if (told != NULL)
		fprintf(told,
		    "%llu credentials are under the new cover key; %llu are "
		    "damaged and stay as they are\n",
		    (unsigned long long)moved, (unsigned long long)damaged);
	return NULL;
}

/* ---- what is left, and what can go ---- */

struct look {
	struct ledger *l;
	struct buf *out;
	int64_t newest;
};

static struct err *
look_one(void *ctx, const struct ledger_generation *g)
{
	struct look *k = ctx;
	int64_t covered = 0, wrapped = 0;
	TRY(ledger_generation_use(k->l, g->n, &covered, &wrapped));
	TRY(pack_i64(k->out, 1, g->n));
	TRY(pack_bytes(k->out, 2, buf_bytes(&g->kek_id)));
	TRY(pack_bytes(k->out, 3, buf_bytes(&g->cover_id)));
	TRY(pack_i64(k->out, 4, g->kek_ended));
	TRY(pack_i64(k->out, 5, g->cover_ended));
	TRY(pack_i64(k->out, 6, wrapped));
	return pack_i64(k->out, 7, covered);
}

static struct err *
look_part(const struct part *p, struct buf *out)
{
	CLEANUP(ledger_freep) struct ledger *l = NULL;
	TRY(ledger_to_write(p->s, &l));
	struct look k = { .l = l, .out = out };
	return ledger_generations(l, look_one, &k);
}

/* One generation as look_part told it. */
struct seen {
	int64_t n;
	struct bytes kek, cover;
	int64_t kek_ended, cover_ended;
	int64_t wrapped, covered;
	bool newest;
};

static struct err *
next_seen(struct unpack *u, struct seen *s)
{
	TRY(unpack_i64(u, 1, &s->n));
	TRY(unpack_bytes(u, 2, &s->kek));
	TRY(unpack_bytes(u, 3, &s->cover));
	TRY(unpack_i64(u, 4, &s->kek_ended));
	TRY(unpack_i64(u, 5, &s->cover_ended));
	TRY(unpack_i64(u, 6, &s->wrapped));
	TRY(unpack_i64(u, 7, &s->covered));
	s->newest = !unpack_is(u, 1);
	return NULL;
}

static struct err *
look(const struct settings *s, struct buf *out)
{
	const struct part p = { .s = s, .work = look_part };
	return part_run(&p, s->user_ledger, out);
}

struct err *
signd_kek_status(const struct settings *s, FILE *told)
{
	CLEANUP(buf_done) struct buf out = BUF(PART_RESULT_MAX);
	TRY(look(s, &out));
	struct unpack u = unpack_of(buf_bytes(&out));
	while (unpack_is(&u, 1)) {
		struct seen g;
		TRY(next_seen(&u, &g));
		fprintf(told,
		    "generation %lld%s: KEK %s, wraps %lld; cover key %s, "
		    "covers %lld\n",
		    (long long)g.n, g.newest ? " (in use)" : "",
		    g.kek_ended ? "destroyed" : "there", (long long)g.wrapped,
		    g.cover.len == 0 ? "none"
		    : g.cover_ended  ? "destroyed"
				     : "there",
		    (long long)g.covered);
	}
	return unpack_end(&u);
}

static struct err *
destroy(const struct keyholder *k, struct bytes id)
{
	CK_OBJECT_HANDLE key;
	struct err *e = p11_key_find(&k->session, CKO_SECRET_KEY, id, &key);
	if (e != NULL && strcmp(err_code(e), "token-key-missing") == 0) {
		err_free(e); /* by a run that was interrupted */
		return NULL;
	}
	return e != NULL ? e : p11_destroy(&k->session, key);
}

static struct err *
end_next(struct ledger *l, struct unpack *u, struct buf *out)
{
	struct seen g;
	bool kek = false, cover = false;
	TRY(next_seen(u, &g));
	TRY(ledger_generation_end(l, g.n, true, &kek));
	if (g.cover.len > 0)
		TRY(ledger_generation_end(l, g.n, false, &cover));
	if (kek)
		TRY(pack_bytes(out, 1, g.kek));
	return cover ? pack_bytes(out, 1, g.cover) : NULL;
}

/* First the ledger gives them up, so that nothing new comes under them, then
 * the token destroys them.  Those that an interrupted run had given up are told
 * again: 1 CKA_ID of each key. */
static struct err *
end_part(const struct part *p, struct buf *out)
{
	CLEANUP(ledger_freep) struct ledger *l = NULL;
	struct unpack u = unpack_of(p->in);
	TRY(ledger_to_write(p->s, &l));
	TRY(ledger_begin(l));
	struct err *e = NULL;
	while (e == NULL && unpack_is(&u, 1))
		e = end_next(l, &u, out);
	return committed(l, e);
}

static struct err *
destroy_all(const struct keyholder *k, struct bytes ids)
{
	struct unpack u = unpack_of(ids);
	while (unpack_is(&u, 1)) {
		struct bytes id = BYTES_NONE;
		TRY(unpack_bytes(&u, 1, &id));
		TRY(destroy(k, id));
	}
	return unpack_end(&u);
}

static struct err *
destroy_part(const struct part *p, struct buf *out)
{
	(void)out;
	struct keyholder k = {
		.settings = p->s, .clock = &clock_system, .pin_fd = -1
	};
	struct err *e = keyholder_token(&k, true);
	if (e == NULL)
		e = destroy_all(&k, p->in);
	keyholder_done(&k);
	return e;
}

struct err *
signd_kek_retire(const struct settings *s, FILE *told)
{
	CLEANUP(buf_done) struct buf seen = BUF(PART_RESULT_MAX);
	CLEANUP(buf_done) struct buf ended = BUF(PART_RESULT_MAX);
	TRY(look(s, &seen));
	const struct part end = {
		.s = s, .in = buf_bytes(&seen), .work = end_part
	};
	TRY(part_run(&end, s->user_ledger, &ended));
	const struct part token = {
		.s = s, .in = buf_bytes(&ended), .work = destroy_part
	};
	TRY(part_run(&token, s->user_keyholder, NULL));
	return told == NULL ? NULL : signd_kek_status(s, told);
}

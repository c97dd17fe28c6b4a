/* What keyholders have the ledger do.  A request is unpacked here and done in
 * store/; the commit comes after all requests of the batch. */
#include "signd/ledger.h"

#include <string.h>

#include "base/pack.h"
#include "signd/ipc-io.h"
#include "signd/ledger-ops.h"
#include "signd/records.h"

#define EXTERNAL_LEASE_MAX 600 /* seconds; more than external-ca-seconds */

static struct err *
do_setup(struct ledger *l, struct buf *out)
{
	CLEANUP(ledger_setup_done) struct ledger_setup s = { 0 };
	TRY(ledger_setup_get(l, &s));
	TRY(pack_bytes(out, 1, buf_bytes(&s.kek_id)));
	TRY(pack_bytes(out, 2, buf_bytes(&s.pepper_id)));
	TRY(pack_bytes(out, 3, buf_bytes(&s.ca_key_id)));
	for (size_t i = 0; i < s.nchain; i++)
		TRY(pack_bytes(out, 4, buf_bytes(&s.chain[i])));
	return NULL;
}

/* Identifiers as this side makes and takes them. */
static struct err *
unpack_id(struct unpack *u, uint16_t tag, char **out)
{
	TRY(unpack_str(u, tag, out));
	if (strlen(*out) > LEDGER_ID_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "an id of %zu bytes", strlen(*out));
	return NULL;
}

static struct err *
unpack_hash(struct unpack *u, uint16_t tag, struct bytes *out)
{
	TRY(unpack_bytes(u, tag, out));
	if (out->len != LEDGER_HASH)
		return err_new(
		    ERR_MALFORMED, NULL, "a hash of %zu bytes", out->len);
	return NULL;
}

static struct err *
do_officer(struct ledger *l, struct unpack *u, struct buf *out)
{
	CLEANUP(free_charp) char *fingerprint = NULL;
	TRY(unpack_id(u, 1, &fingerprint));
	TRY(unpack_end(u));
	CLEANUP(buf_done) struct buf der = BUF(out->max);
	TRY(ledger_officer_get(l, fingerprint, &der));
	return pack_bytes(out, 1, buf_bytes(&der));
}

/* ---- enrolment ---- */

static struct err *
enrol(struct ledger *l, struct unpack *u, struct enrolment_record *r)
{
	TRY(enrolment_record_unpack(u, r));
	struct approval a = { 0 };
	struct bytes token_hash = BYTES_NONE;
	CLEANUP(free_charp) char *id = NULL;
	int64_t expires = 0;
	TRY(unpack_bytes(u, 13, &a.value));
	TRY(unpack_bytes(u, 14, &a.alg));
	TRY(unpack_id(u, 15, &id));
	TRY(unpack_hash(u, 16, &token_hash));
	TRY(unpack_i64(u, 17, &expires));
	TRY(unpack_str(u, 18, &r->key_kind));
	TRY(unpack_end(u));
	CLEANUP(buf_done) struct buf record = BUF(RECORD_MAX);
	TRY(enrolment_record_render(r, &record));
	a.record = buf_bytes(&record);
	return ledger_enrol(l, id, r, &a, token_hash, expires);
}

static struct err *
do_enrol(struct ledger *l, struct unpack *u)
{
	CLEANUP(enrolment_record_done) struct enrolment_record r = { 0 };
	return enrol(l, u, &r);
}

static struct err *
not_open(enum enrolment_status status)
{
	if (status == ENROLMENT_ACTIVATED)
		return err_coded(
		    err_new(ERR_DENIED, NULL, "the link was used before"),
		    "activation-used");
	return err_coded(err_new(ERR_DENIED, NULL, "the link has expired"),
	    "activation-expired");
}

static struct err *
do_enrolment(struct ledger *l, struct unpack *u, struct buf *out)
{
	struct bytes token_hash = BYTES_NONE;
	TRY(unpack_hash(u, 1, &token_hash));
	TRY(unpack_end(u));
	CLEANUP(ledger_enrolment_done) struct ledger_enrolment e = { 0 };
	TRY(ledger_enrolment_by_token(l, token_hash, &e));
	if (e.status != ENROLMENT_OPEN)
		return not_open(e.status);
	TRY(enrolment_record_pack(&e.record, out));
	TRY(pack_str(out, 13, e.id));
	TRY(pack_str(out, 14, e.record.key_kind));
	return pack_bytes(out, 15, buf_bytes(&e.waiting));
}

static struct err *
do_activate(struct ledger *l, struct unpack *u)
{
	struct ledger_new_credential c = { 0 };
	CLEANUP(free_charp) char *enrolment = NULL;
	CLEANUP(free_charp) char *id = NULL;
	CLEANUP(free_charp) char *serial = NULL;
	TRY(unpack_id(u, 1, &enrolment));
	TRY(unpack_hash(u, 2, &c.token_hash));
	TRY(unpack_id(u, 3, &id));
	TRY(unpack_id(u, 4, &serial));
	TRY(unpack_bytes(u, 5, &c.certificate));
	TRY(unpack_i64(u, 6, &c.not_after));
	TRY(unpack_bytes(u, 7, &c.sealed));
	TRY(unpack_i64(u, 8, &c.version));
	int64_t second = 0;
	TRY(unpack_i64(u, 9, &c.generation));
	TRY(unpack_i64(u, 10, &second));
	TRY(unpack_bytes(u, 11, &c.issuer_chain));
	TRY(unpack_end(u));
	if (c.issuer_chain.len > LEDGER_EXTERNAL_CHAIN_MAX)
		return err_new(ERR_LIMIT, NULL, "a chain of %zu bytes",
		    c.issuer_chain.len);
	if (c.issuer_chain.len == 0)
		TRY(ledger_issuer_stands(l));
	c.second_factor = second != 0;
	if (c.sealed.len == 0 || c.sealed.len > LEDGER_SEALED_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "a sealed key of %zu bytes", c.sealed.len);
	c.enrolment = enrolment;
	c.id = id;
	c.serial = serial;
	return ledger_activate(l, &c);
}

/* ---- credentials ---- */

struct err *
ledger_tell_sealed(
    struct ledger *l, bool try, struct unpack *u, struct buf *out)
{
	struct bytes sad = BYTES_NONE;
	bool used = false;
	CLEANUP(free_charp) char *id = NULL;
	TRY(unpack_id(u, 1, &id));
	if (unpack_is(u, 2))
		TRY(unpack_bytes(u, 2, &sad));
	TRY(unpack_end(u));
	if (sad.len > 0)
		TRY(ledger_sad_used(l, sad, &used));
	CLEANUP(ledger_credential_done) struct ledger_credential c = { 0 };
	TRY(try ? ledger_pin_try(l, id, &c) : ledger_credential_get(l, id, &c));
	TRY(pack_bytes(out, 1, buf_bytes(&c.certificate)));
	TRY(pack_bytes(out, 2, buf_bytes(&c.sealed)));
	TRY(pack_i64(out, 3, c.version));
	TRY(pack_i64(out, 4, c.tries_left));
	TRY(pack_i64(out, 5, c.cover));
	TRY(pack_i64(out, 6, c.code_step));
	return pack_i64(out, 7, used);
}

static struct err *
do_pin_end(struct ledger *l, struct unpack *u, struct buf *out)
{
	CLEANUP(free_charp) char *id = NULL;
	uint64_t outcome = 0;
	TRY(unpack_id(u, 1, &id));
	TRY(unpack_u64(u, 2, &outcome));
	TRY(unpack_end(u));
	if (outcome < PIN_RIGHT || outcome > PIN_UNTRIED)
		return err_new(ERR_MALFORMED, NULL, "no such outcome");
	int64_t left = 0;
	TRY(ledger_pin_end(l, id, (enum pin_outcome)outcome, &left));
	return pack_i64(out, 1, left);
}

static struct err *
do_authorized(struct ledger *l, struct unpack *u)
{
	struct ledger_authorization a = { 0 };
	CLEANUP(free_charp) char *id = NULL;
	TRY(unpack_id(u, 1, &id));
	TRY(unpack_bytes(u, 2, &a.sad_id));
	TRY(unpack_i64(u, 3, &a.expires));
	TRY(unpack_i64(u, 4, &a.count));
	TRY(unpack_bytes(u, 5, &a.digests_hash));
	TRY(unpack_bytes(u, 6, &a.pin_once));
	TRY(unpack_i64(u, 7, &a.code_step));
	TRY(unpack_i64(u, 8, &a.pin_expires));
	TRY(unpack_end(u));
	a.credential = id;
	return ledger_authorized(l, &a);
}

static struct err *
unpack_digests(
    struct unpack *u, uint16_t tag, struct bytes *digests, size_t *count)
{
	size_t n = 0;
	while (unpack_is(u, tag)) {
		if (n == LEDGER_DIGESTS_MAX)
			return err_new(ERR_LIMIT, NULL, "more than %d digests",
			    LEDGER_DIGESTS_MAX);
		TRY(unpack_bytes(u, tag, &digests[n++]));
	}
	*count = n;
	return NULL;
}

static struct err *
do_signed(struct ledger *l, struct unpack *u, struct buf *out)
{
	CLEANUP(buf_done) struct buf earlier = BUF(LEDGER_VALUES_MAX);
	struct ledger_signature s = { 0 };
	struct bytes digests[LEDGER_DIGESTS_MAX];
	CLEANUP(free_charp) char *id = NULL;
	CLEANUP(free_charp) char *alg = NULL;
	TRY(unpack_id(u, 1, &id));
	TRY(unpack_i64(u, 2, &s.version));
	TRY(unpack_bytes(u, 3, &s.sad_id));
	TRY(unpack_i64(u, 4, &s.sad_expires));
	TRY(unpack_id(u, 5, &alg));
	TRY(unpack_digests(u, 6, digests, &s.ndigests));
	TRY(unpack_bytes(u, 7, &s.repeat));
	TRY(unpack_bytes(u, 8, &s.values));
	TRY(unpack_i64(u, 9, &s.code_step));
	TRY(unpack_end(u));
	s.credential = id;
	s.alg = alg;
	s.digests = digests;
	TRY(ledger_signed(l, &s, &earlier));
	return pack_bytes(out, 1, buf_bytes(&earlier));
}

/* ---- generations of keys ---- */

static struct err *
tell_generation(void *ctx, const struct ledger_generation *g)
{
	TRY(pack_i64(ctx, 1, g->n));
	TRY(pack_bytes(ctx, 2, buf_bytes(&g->kek_id)));
	TRY(pack_bytes(ctx, 3, buf_bytes(&g->cover_id)));
	TRY(pack_i64(ctx, 4, g->kek_ended));
	return pack_i64(ctx, 5, g->cover_ended);
}

static struct err *
tell_covered(
    void *ctx, const char *credential, int64_t cover, struct bytes sealed)
{
	TRY(pack_str(ctx, 1, credential));
	TRY(pack_i64(ctx, 2, cover));
	return pack_bytes(ctx, 3, sealed);
}

static struct err *
do_cover_next(struct ledger *l, struct unpack *u, struct buf *out)
{
	CLEANUP(free_charp) char *after = NULL;
	int64_t most = 0;
	TRY(unpack_id(u, 1, &after));
	TRY(unpack_i64(u, 2, &most));
	TRY(unpack_end(u));
	if (most < 1 || most > LW_COVER_PAGE)
		return err_new(
		    ERR_LIMIT, NULL, "%lld credentials", (long long)most);
	return ledger_cover_next(l, after, most, tell_covered, out);
}

static struct err *
do_cover_put(struct ledger *l, struct unpack *u)
{
	CLEANUP(free_charp) char *id = NULL;
	struct bytes old = BYTES_NONE, fresh = BYTES_NONE;
	int64_t cover = 0;
	TRY(unpack_id(u, 1, &id));
	TRY(unpack_bytes(u, 2, &old));
	TRY(unpack_bytes(u, 3, &fresh));
	TRY(unpack_i64(u, 4, &cover));
	TRY(unpack_end(u));
	if (fresh.len == 0 || fresh.len > LEDGER_SEALED_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "a sealed key of %zu bytes", fresh.len);
	return ledger_cover_put(l, id, old, fresh, cover);
}

/* ---- revocation ---- */

static struct err *
revoke(struct ledger *l, struct unpack *u, struct revocation_record *r,
    struct buf *out)
{
	TRY(revocation_record_unpack(u, r));
	struct approval a = { 0 };
	uint64_t reason = 0;
	TRY(unpack_bytes(u, 7, &a.value));
	TRY(unpack_bytes(u, 8, &a.alg));
	TRY(unpack_u64(u, 9, &reason));
	TRY(unpack_end(u));
	if (reason > LEDGER_UNLOCK)
		return err_new(ERR_MALFORMED, "RFC 5280 5.3.1", "reason");
	CLEANUP(buf_done) struct buf record = BUF(RECORD_MAX);
	TRY(revocation_record_render(r, &record));
	a.record = buf_bytes(&record);
	int64_t at = 0;
	TRY(ledger_revoke(l, r, &a, (int)reason, &at));
	return pack_i64(out, 1, at);
}

static struct err *
do_revoke(struct ledger *l, struct unpack *u, struct buf *out)
{
	CLEANUP(revocation_record_done) struct revocation_record r = { 0 };
	return revoke(l, u, &r, out);
}

static struct err *
do_crl_state(struct ledger *l, struct buf *out)
{
	struct ledger_crl_state s;
	TRY(ledger_crl_state(l, &s));
	TRY(pack_i64(out, 1, s.number));
	TRY(pack_i64(out, 2, s.this_update));
	TRY(pack_i64(out, 3, s.next_update));
	TRY(pack_i64(out, 4, s.revoked));
	TRY(pack_i64(out, 5, s.covered));
	TRY(pack_i64(out, 6, s.changes));
	return pack_i64(out, 7, s.covered_changes);
}

static struct err *
tell_revoked(void *ctx, const char *serial, int64_t revoked_at, int reason)
{
	TRY(pack_str(ctx, 1, serial));
	TRY(pack_i64(ctx, 2, revoked_at));
	return pack_u64(ctx, 3, (uint64_t)reason);
}

static struct err *
do_revoked(struct ledger *l, struct unpack *u, struct buf *out)
{
	int64_t from = 0;
	TRY(unpack_i64(u, 1, &from));
	TRY(unpack_end(u));
	return ledger_revoked_each(l, from, LW_REVOKED_PAGE, tell_revoked, out);
}

static struct err *
do_crl_put(struct ledger *l, struct unpack *u)
{
	struct ledger_crl c = { 0 };
	TRY(unpack_i64(u, 1, &c.number));
	TRY(unpack_i64(u, 2, &c.this_update));
	TRY(unpack_i64(u, 3, &c.next_update));
	TRY(unpack_i64(u, 4, &c.entries));
	TRY(unpack_bytes(u, 5, &c.der));
	TRY(unpack_i64(u, 6, &c.changes));
	TRY(unpack_end(u));
	return ledger_crl_put(l, &c);
}

/* ---- our own keys, and certificates without a sealed one ---- */

static struct err *
do_operator(struct ledger *l, struct unpack *u, struct buf *out)
{
	CLEANUP(free_charp) char *purpose = NULL;
	TRY(unpack_id(u, 1, &purpose));
	TRY(unpack_end(u));
	CLEANUP(ledger_operator_done) struct ledger_operator o = { 0 };
	TRY(ledger_operator_get(l, purpose, &o));
	TRY(pack_bytes(out, 1, buf_bytes(&o.key_id)));
	return pack_bytes(out, 2, buf_bytes(&o.certificate));
}

static struct err *
do_issued(struct ledger *l, struct unpack *u)
{
	struct ledger_issued c = { 0 };
	struct approval a = { 0 };
	CLEANUP(free_charp) char *serial = NULL;
	CLEANUP(free_charp) char *profile = NULL;
	CLEANUP(free_charp) char *subject_id = NULL;
	CLEANUP(free_charp) char *replaces = NULL;
	CLEANUP(free_charp) char *officer = NULL;
	CLEANUP(free_charp) char *nonce = NULL;
	TRY(unpack_id(u, 1, &serial));
	TRY(unpack_id(u, 2, &profile));
	TRY(unpack_bytes(u, 3, &c.certificate));
	TRY(unpack_hash(u, 4, &c.key_sha256));
	TRY(unpack_id(u, 5, &subject_id));
	TRY(unpack_id(u, 6, &replaces));
	TRY(unpack_i64(u, 7, &c.not_after));
	TRY(unpack_id(u, 8, &officer));
	TRY(unpack_id(u, 9, &nonce));
	TRY(unpack_bytes(u, 10, &a.record));
	TRY(unpack_bytes(u, 11, &a.value));
	TRY(unpack_bytes(u, 12, &a.alg));
	TRY(unpack_end(u));
	c.serial = serial;
	c.profile = profile;
	c.subject_id = subject_id;
	c.replaces = replaces;
	c.officer = officer;
	c.nonce = nonce;
	c.approval = &a;
	TRY(ledger_issuer_stands(l));
	return ledger_issued_put(l, &c);
}

/* A front that was taken over gives out no more false receipts than this, nor
 * does it fill the disk with records of them. */
static struct err *
check_rate(struct ledger_rate *r)
{
	int64_t minute = ipc_now_ms() / 60000;
	if (r->minute != minute)
		r->done = 0;
	r->minute = minute;
	if (r->max == 0 || r->done++ < r->max)
		return NULL;
	return err_coded(
	    err_new(ERR_LIMIT, NULL, "%lld in a minute", (long long)r->max),
	    "seals-many");
}

static struct err *
do_sealed(struct ledger *l, struct ledger_rate *rate, struct unpack *u)
{
	struct ledger_seal s = { 0 };
	CLEANUP(free_charp) char *kind = NULL;
	CLEANUP(free_charp) char *says = NULL;
	CLEANUP(free_charp) char *serial = NULL;
	TRY(unpack_id(u, 1, &kind));
	TRY(unpack_hash(u, 2, &s.digest));
	TRY(unpack_hash(u, 3, &s.about));
	TRY(unpack_id(u, 4, &says));
	TRY(unpack_id(u, 5, &serial));
	TRY(unpack_end(u));
	TRY(check_rate(rate));
	s.kind = kind;
	s.says = says;
	s.serial = serial;
	return ledger_sealed(l, &s);
}

/* ---- an external CA ---- */

static struct err *
do_external_got(struct ledger *l, struct unpack *u)
{
	CLEANUP(free_charp) char *serial = NULL;
	CLEANUP(free_charp) char *enrolment = NULL;
	struct bytes der = BYTES_NONE;
	TRY(unpack_id(u, 1, &serial));
	TRY(unpack_bytes(u, 2, &der));
	TRY(unpack_id(u, 3, &enrolment));
	TRY(unpack_end(u));
	return ledger_external_got(l, serial, der, enrolment);
}

static struct err *
do_external_next(struct ledger *l, struct buf *out)
{
	CLEANUP(ledger_external_task_done)
	struct ledger_external_task t = { 0 };
	TRY(ledger_external_next(l, &t));
	if (t.serial == NULL)
		return NULL;
	TRY(pack_str(out, 1, t.serial));
	TRY(pack_bytes(out, 2, buf_bytes(&t.certificate)));
	return pack_i64(out, 3, t.reason);
}

static struct err *
do_external_told(struct ledger *l, struct unpack *u)
{
	CLEANUP(free_charp) char *serial = NULL;
	int64_t reason = 0;
	TRY(unpack_id(u, 1, &serial));
	TRY(unpack_i64(u, 2, &reason));
	TRY(unpack_end(u));
	return ledger_external_told(l, serial, reason);
}

static struct err *
do_checkpoint_state(struct ledger *l, struct buf *out)
{
	struct ledger_checkpoint_state s;
	TRY(ledger_checkpoint_state(l, &s));
	TRY(pack_i64(out, 1, s.n));
	TRY(pack_bytes(out, 2, bytes_of(s.hash, sizeof(s.hash))));
	TRY(pack_i64(out, 3, s.records));
	return pack_i64(out, 4, s.last_time);
}

static struct err *
do_checkpoint(struct ledger *l, struct unpack *u)
{
	struct ledger_checkpoint c = { 0 };
	CLEANUP(free_charp) char *hash = NULL;
	CLEANUP(free_charp) char *time = NULL;
	TRY(unpack_i64(u, 1, &c.covers));
	TRY(unpack_str(u, 2, &hash));
	TRY(unpack_str(u, 3, &time));
	TRY(unpack_bytes(u, 4, &c.certificate));
	TRY(unpack_bytes(u, 5, &c.signature));
	TRY(unpack_end(u));
	c.hash = hash;
	c.time = time;
	return ledger_checkpoint_put(l, &c);
}

static struct err *
do_external_ask(struct ledger *l, struct unpack *u)
{
	CLEANUP(free_charp) char *enrolment = NULL;
	CLEANUP(free_charp) char *who = NULL;
	int64_t seconds = 0;
	TRY(unpack_id(u, 1, &enrolment));
	TRY(unpack_id(u, 2, &who));
	TRY(unpack_i64(u, 3, &seconds));
	TRY(unpack_end(u));
	if (seconds < 1 || seconds > EXTERNAL_LEASE_MAX)
		return err_new(ERR_LIMIT, NULL, "a lease of %lld seconds",
		    (long long)seconds);
	return ledger_external_ask(l, enrolment, who, seconds);
}

static struct err *
do_external_wait(struct ledger *l, struct unpack *u)
{
	CLEANUP(free_charp) char *enrolment = NULL;
	CLEANUP(free_charp) char *who = NULL;
	struct bytes state = BYTES_NONE;
	TRY(unpack_id(u, 1, &enrolment));
	TRY(unpack_id(u, 2, &who));
	TRY(unpack_bytes(u, 3, &state));
	TRY(unpack_end(u));
	return ledger_external_wait(l, enrolment, who, state);
}

static struct err *
do_external_end(struct ledger *l, struct unpack *u)
{
	CLEANUP(free_charp) char *enrolment = NULL;
	CLEANUP(free_charp) char *who = NULL;
	TRY(unpack_id(u, 1, &enrolment));
	TRY(unpack_id(u, 2, &who));
	TRY(unpack_end(u));
	return ledger_external_end(l, enrolment, who);
}

static struct err *
handle_more(struct ledger *l, uint16_t op, struct unpack *u, struct buf *out)
{
	switch (op) {
	case LW_GENERATIONS:
		return ledger_generations(l, tell_generation, out);
	case LW_COVER_NEXT:
		return do_cover_next(l, u, out);
	case LW_COVER_PUT:
		return do_cover_put(l, u);
	case LW_REVOKE:
		return do_revoke(l, u, out);
	case LW_CRL_STATE:
		return do_crl_state(l, out);
	case LW_REVOKED:
		return do_revoked(l, u, out);
	case LW_CRL_PUT:
		return do_crl_put(l, u);
	case LW_OPERATOR:
		return do_operator(l, u, out);
	case LW_ISSUED:
		return do_issued(l, u);
	case LW_EXTERNAL_GOT:
		return do_external_got(l, u);
	case LW_EXTERNAL_NEXT:
		return do_external_next(l, out);
	case LW_EXTERNAL_ASK:
		return do_external_ask(l, u);
	case LW_EXTERNAL_WAIT:
		return do_external_wait(l, u);
	case LW_EXTERNAL_END:
		return do_external_end(l, u);
	case LW_EXTERNAL_TOLD:
		return do_external_told(l, u);
	case LW_CHECKPOINT_STATE:
		return do_checkpoint_state(l, out);
	case LW_CHECKPOINT:
		return do_checkpoint(l, u);
	default:
		return err_new(ERR_DENIED, NULL, "no operation for writing");
	}
}

struct err *
ledger_handle_write(
    void *ctx, const struct ipc_message *request, struct ipc_message *answer)
{
	struct ledger_server *s = ctx;
	struct ledger *l = s->writer;
	struct unpack u = unpack_of(buf_bytes(&request->body));
	switch (request->op) {
	case LW_SETUP:
		return do_setup(l, &answer->body);
	case LW_OFFICER:
		return do_officer(l, &u, &answer->body);
	case LW_ENROL:
		return do_enrol(l, &u);
	case LW_ENROLMENT:
		return do_enrolment(l, &u, &answer->body);
	case LW_ACTIVATE:
		return do_activate(l, &u);
	case LW_CREDENTIAL:
	case LW_PIN_TRY:
		return ledger_tell_sealed(
		    l, request->op == LW_PIN_TRY, &u, &answer->body);
	case LW_PIN_END:
		return do_pin_end(l, &u, &answer->body);
	case LW_AUTHORIZED:
		return do_authorized(l, &u);
	case LW_SIGNED:
		return do_signed(l, &u, &answer->body);
	case LW_SEALED:
		return do_sealed(l, &s->seals, &u);
	default:
		return handle_more(l, request->op, &u, &answer->body);
	}
}

#include "signd/tokencheck.h"

#include <string.h>

#include "certs/ossl.h"
#include "pkcs11/agree.h"
#include "signd/keyholder.h"
#include "signd/ledger.h"
#include "signd/part.h"

enum { T_PEPPER = 1, T_CA, T_ISSUER, T_KEY, T_GENERATION, T_SAMPLE };

/* ---- what the ledger names ---- */

static const char *const purposes[] = { "time-stamp", "ocsp", "audit", "seal",
	"pin-seal" };

static struct err *
pack_operator(struct ledger *l, const char *purpose, struct buf *out)
{
	CLEANUP(ledger_operator_done) struct ledger_operator o = { 0 };
	struct err *e = ledger_operator_get(l, purpose, &o);
	if (e != NULL && err_kind(e) == ERR_MISSING) {
		err_free(e); /* a service without it */
		return NULL;
	}
	TRY(e);
	TRY(pack_str(out, T_KEY, purpose));
	TRY(pack_bytes(out, T_KEY, buf_bytes(&o.key_id)));
	return pack_bytes(out, T_KEY, buf_bytes(&o.certificate));
}

static struct err *
pack_sample(
    void *ctx, const char *credential, int64_t cover, struct bytes sealed)
{
	TRY(pack_str(ctx, T_SAMPLE, credential));
	TRY(pack_i64(ctx, T_SAMPLE, cover));
	return pack_bytes(ctx, T_SAMPLE, sealed);
}

struct look {
	struct ledger *l;
	struct buf *out;
};

static struct err *
pack_generation(void *ctx, const struct ledger_generation *g)
{
	struct look *k = ctx;
	TRY(pack_i64(k->out, T_GENERATION, g->n));
	TRY(pack_bytes(k->out, T_GENERATION, buf_bytes(&g->kek_id)));
	TRY(pack_bytes(k->out, T_GENERATION, buf_bytes(&g->cover_id)));
	TRY(pack_i64(k->out, T_GENERATION, g->kek_ended));
	TRY(pack_i64(k->out, T_GENERATION, g->cover_ended));
	return ledger_cover_sample(k->l, g->n, pack_sample, k->out);
}

static struct err *
look_part(const struct part *p, struct buf *out)
{
	CLEANUP(ledger_freep) struct ledger *l = NULL;
	CLEANUP(ledger_setup_done) struct ledger_setup s = { 0 };
	TRY(ledger_to_write(p->s, &l));
	TRY(ledger_setup_get(l, &s));
	TRY(pack_bytes(out, T_PEPPER, buf_bytes(&s.pepper_id)));
	TRY(pack_bytes(out, T_CA, buf_bytes(&s.ca_key_id)));
	TRY(pack_bytes(out, T_ISSUER, buf_bytes(&s.chain[0])));
	for (size_t i = 0; i < COUNT_OF(purposes); i++)
		TRY(pack_operator(l, purposes[i], out));
	struct look k = { .l = l, .out = out };
	return ledger_generations(l, pack_generation, &k);
}

/* ---- what the token has ---- */

struct check {
	struct keyholder k;
	struct buf *out; /* lines for people */
	uint64_t missing;
};

/* One line; `e` is why not, and freed.  A token that fails ends the check. */
static struct err *
say(struct check *c, const char *what, struct err *e)
{
	if (e != NULL && (err_kind(e) == ERR_NOMEM ||
			     strcmp(err_code(e), "token-unavailable") == 0))
		return e;
	c->missing += e != NULL;
	struct err *no =
	    e == NULL ? buf_printf(c->out, "%s: good\n", what)
		      : buf_printf(c->out, "%s: %s\n", what, err_text(e));
	err_free(e);
	return no;
}

/* Over a text that is no certificate, list or answer. */
static struct err *
signs_under(struct keyholder *k, CK_OBJECT_HANDLE key, struct bytes der)
{
	CLEANUP(cert_freep) struct cert *cert = NULL;
	CLEANUP(buf_done) struct buf value = BUF(1024);
	uint8_t hash[DIGEST_MAX];
	bool ok = false;
	TRY(cert_parse(der, &cert));
	const struct sig_alg alg = operator_alg(cert);
	TRY(digest_of(DIGEST_SHA256, BYTES_LIT("signd token-check"), hash));
	const struct operator_key o = { .key = key, .cert = cert };
	struct p11_signer by = operator_signer(k, &o);
	struct signer signer = p11_signer(&by);
	TRY(signer.sign(signer.ctx, alg, bytes_of(hash, LEDGER_HASH), &value));
	TRY(cert_verify_digest(
	    cert, alg, bytes_of(hash, LEDGER_HASH), buf_bytes(&value), &ok));
	return ok ? NULL
		  : err_new(ERR_MISSING, NULL,
			"another key than the certificate's");
}

static struct err *
check_signing(struct keyholder *k, struct bytes id, struct bytes der)
{
	CK_OBJECT_HANDLE key;
	TRY(p11_key_find(&k->session, CKO_PRIVATE_KEY, id, &key));
	TRY(p11_signing_check(&k->session, key));
	return signs_under(k, key, der);
}

static struct err *
check_agreeing(struct keyholder *k, struct bytes id)
{
	CK_OBJECT_HANDLE key;
	TRY(p11_key_find(&k->session, CKO_PRIVATE_KEY, id, &key));
	return p11_agree_check(&k->session, key);
}

static struct err *
check_pepper(struct keyholder *k, struct bytes id)
{
	TRY(p11_key_find(&k->session, CKO_SECRET_KEY, id, &k->pepper));
	return p11_pepper_check(&k->session, k->pepper);
}

static struct err *
check_setup(struct check *c, struct unpack *u)
{
	struct bytes pepper = BYTES_NONE, ca = BYTES_NONE, der = BYTES_NONE;
	TRY(unpack_bytes(u, T_PEPPER, &pepper));
	TRY(unpack_bytes(u, T_CA, &ca));
	TRY(unpack_bytes(u, T_ISSUER, &der));
	TRY(say(c, "pepper (a PIN will show whether it is the right one)",
	    check_pepper(&c->k, pepper)));
	return say(c, "issuing CA", check_signing(&c->k, ca, der));
}

static struct err *
check_operator(struct check *c, struct unpack *u)
{
	CLEANUP(free_charp) char *purpose = NULL;
	struct bytes id = BYTES_NONE, der = BYTES_NONE;
	TRY(unpack_str(u, T_KEY, &purpose));
	TRY(unpack_bytes(u, T_KEY, &id));
	TRY(unpack_bytes(u, T_KEY, &der));
	return say(c, purpose,
	    strcmp(purpose, "pin-seal") == 0 ? check_agreeing(&c->k, id)
					     : check_signing(&c->k, id, der));
}

/* Into the keyholder, as it would have asked the ledger for it. */
static struct err *
take_generation(struct keyholder *k, struct unpack *u, struct generation **out)
{
	struct bytes kek = BYTES_NONE, cover = BYTES_NONE;
	if (k->ngenerations == GENERATIONS_MAX)
		return err_new(ERR_LIMIT, NULL, "too many generations");
	struct generation *g = &k->generations[k->ngenerations++];
	*g = (struct generation){ .kek_id = BUF(64), .cover_id = BUF(64) };
	TRY(unpack_i64(u, T_GENERATION, &g->n));
	TRY(unpack_bytes(u, T_GENERATION, &kek));
	TRY(unpack_bytes(u, T_GENERATION, &cover));
	TRY(unpack_i64(u, T_GENERATION, &g->kek_ended));
	TRY(unpack_i64(u, T_GENERATION, &g->cover_ended));
	TRY(buf_append(&g->kek_id, kek));
	*out = g;
	return buf_append(&g->cover_id, cover);
}

static struct err *
check_sample(struct check *c, struct unpack *u, const char *what)
{
	CLEANUP(secret_done) struct secret plain = { 0 };
	CLEANUP(cover_pass_done) struct cover_pass pass = { 0 };
	struct bytes id = BYTES_NONE, sealed = BYTES_NONE;
	int64_t cover = 0;
	TRY(unpack_bytes(u, T_SAMPLE, &id));
	TRY(unpack_i64(u, T_SAMPLE, &cover));
	TRY(unpack_bytes(u, T_SAMPLE, &sealed));
	return say(c, what,
	    keyholder_uncover(&c->k, cover, id, sealed, &pass, &plain));
}

static struct err *
check_generation(struct check *c, struct unpack *u)
{
	char what[96];
	struct generation *g = NULL;
	struct p11_kek kek;
	struct cover_key cover;
	TRY(take_generation(&c->k, u, &g));
	snprintf(what, sizeof(what), "KEK of generation %lld", (long long)g->n);
	if (!g->kek_ended)
		TRY(say(c, what,
		    keyholder_kek(&c->k, buf_bytes(&g->kek_id), &kek)));
	snprintf(what, sizeof(what), "cover key of generation %lld",
	    (long long)g->n);
	if (!g->cover_ended && g->cover_id.len > 0)
		TRY(say(c, what, keyholder_cover(&c->k, g->n, &cover)));
	snprintf(what, sizeof(what), "a credential under cover key %lld",
	    (long long)g->n);
	return unpack_is(u, T_SAMPLE) ? check_sample(c, u, what) : NULL;
}

static struct err *
check_all(struct check *c, struct bytes named)
{
	struct unpack u = unpack_of(named);
	TRY(check_setup(c, &u));
	while (unpack_is(&u, T_KEY))
		TRY(check_operator(c, &u));
	while (unpack_is(&u, T_GENERATION))
		TRY(check_generation(c, &u));
	return unpack_end(&u);
}

static struct err *
token_part(const struct part *p, struct buf *out)
{
	CLEANUP(buf_done) struct buf lines = BUF(PART_RESULT_MAX / 2);
	struct check c = { .out = &lines,
		.k = {
		    .settings = p->s, .clock = &clock_system, .pin_fd = -1 } };
	struct err *e = keyholder_token(&c.k, false);
	if (e == NULL)
		e = check_all(&c, p->in);
	keyholder_done(&c.k);
	TRY(e);
	TRY(pack_u64(out, 1, c.missing));
	return pack_bytes(out, 2, buf_bytes(&lines));
}

struct err *
signd_token_check(const struct settings *s, FILE *told)
{
	CLEANUP(buf_done) struct buf named = BUF(PART_RESULT_MAX);
	CLEANUP(buf_done) struct buf found = BUF(PART_RESULT_MAX);
	const struct part look = { .s = s, .work = look_part };
	TRY(part_run(&look, s->user_ledger, &named));
	const struct part token = {
		.s = s, .in = buf_bytes(&named), .work = token_part
	};
	TRY(part_run(&token, s->user_keyholder, &found));
	struct unpack u = unpack_of(buf_bytes(&found));
	struct bytes lines = BYTES_NONE;
	uint64_t missing = 0;
	TRY(unpack_u64(&u, 1, &missing));
	TRY(unpack_bytes(&u, 2, &lines));
	if (told != NULL)
		fwrite(lines.ptr, 1, lines.len, told);
	return missing == 0
		   ? NULL
		   : err_coded(err_new(ERR_MISSING, NULL,
				   "%llu keys are not as they should be",
				   (unsigned long long)missing),
			 "token-key-missing");
}

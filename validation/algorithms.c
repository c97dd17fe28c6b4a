/* EN 319 102-1 5.2.8.4: until when the algorithms may be believed. */
#include "validation/internal.h"

#include "certs/ossl.h"

#include <stdio.h>

static struct strength
endless(void)
{
	return (struct strength){ .until = NEVER_ENDS, .what = "" };
}

/* TIME_NONE is before all times, so the smaller one is the weaker. */
static void
weaken(struct strength *s, int64_t until, enum rule rule, const char *code,
    const char *what)
{
	if (until >= s->until)
		return;
	s->until = until;
	s->rule = rule;
	s->code = code;
	snprintf(s->what, sizeof(s->what), "%s", what);
}

static void
weaken_digest(struct strength *s, const struct policy *p, enum digest_alg alg)
{
	weaken(s, policy_digest_until(p, alg), RULE_DIGEST_ALG,
	    "algorithm-weak-digest",
	    alg == DIGEST_NONE ? "no known digest" : digest_name(alg));
}

static void
weaken_alg(struct strength *s, const struct policy *p, struct sig_alg alg)
{
	char name[64];
	sig_alg_name(alg, name, sizeof(name));
	weaken(s, policy_form_until(p, alg.form), RULE_SIG_ALG,
	    "algorithm-weak-form", name);
	if (alg.form == SIG_EDDSA || alg.form == SIG_ED448)
		return; /* the digest is a part of it */
	weaken_digest(s, p, alg.digest);
	if (alg.form == SIG_RSA_PSS)
		weaken_digest(s, p, alg.mgf1);
}

static void
weaken_key(struct strength *s, const struct policy *p, const struct cert *c)
{
	static const char *const names[] = { [KEY_NONE] = "unknown key",
		[KEY_RSA] = "RSA",
		[KEY_EC] = "EC",
		[KEY_ED25519] = "Ed25519",
		[KEY_ED448] = "Ed448",
		[KEY_DSA] = "DSA" };
	char what[64];
	enum key_alg type = cert_key_alg(c);
	int bits = cert_key_bits(c);
	/* OpenSSL counts the bits of the field's prime. */
	if (type == KEY_ED25519)
		bits = 256;
	else if (type == KEY_ED448)
		bits = 448;
	snprintf(what, sizeof(what), "%s %d", names[type], bits);
	weaken(s, policy_key_until(p, type, bits), RULE_KEY_SIZE,
	    "algorithm-weak-key", what);
}

struct strength
strength_of_signature(const struct policy *p, const struct signature_fact *f)
{
	struct strength s = endless();
	weaken_alg(&s, p, f->alg);
	for (size_t i = 0; i < f->nreferences; i++)
		weaken_digest(&s, p, f->references[i].alg);
	if (f->cert != NULL)
		weaken_key(&s, p, f->cert);
	return s;
}

/* Formats that do not say yet what a token was signed with leave the form at
 * SIG_NONE; then the key is all that can be looked at. */
struct strength
strength_of_stamp(const struct policy *p, const struct timestamp_fact *t)
{
	struct strength s = endless();
	if (t->sig_alg.form != SIG_NONE)
		weaken_alg(&s, p, t->sig_alg);
	if (t->alg != DIGEST_NONE)
		weaken_digest(&s, p, t->alg);
	if (t->tsa != NULL)
		weaken_key(&s, p, t->tsa);
	return s;
}

int64_t
strength_of_status(const struct policy *p, struct sig_alg alg)
{
	struct strength s = endless();
	if (p->check_algorithms)
		weaken_alg(&s, p, alg);
	return s.until;
}

struct strength
strength_of_cert(
    const struct policy *p, const struct cert *c, const struct cert *issuer)
{
	struct strength s = endless();
	struct sig_alg alg;
	struct err *e =
	    sig_alg_of_algor(X509_get0_tbs_sigalg(cert_x509(c)), &alg);
	if (e != NULL) {
		err_free(e);
		weaken(&s, TIME_NONE, RULE_SIG_ALG, "algorithm-weak-form",
		    "unknown algorithm");
		return s;
	}
	weaken_alg(&s, p, alg);
	weaken_key(&s, p, issuer);
	return s;
}

/* A CA in the same process, by the server half of OpenSSL's library: what it
 * answers is a seed. */
#include "fuzz/cmp.h"

#include <openssl/cmp.h>
#include <openssl/crmf.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "certs/ossl.h"
#include "fuzz/seeds.h"

#define LAST_DAY 4102444800 /* 2100-01-01 */

/* They protect nothing. */
static const char ca_pem[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEIH93mzezkRi580wZ4CWkKQIU/tuCRSnepWYdGPm50hKcoAoGCCqGSM49\n"
    "AwEHoUQDQgAE22TzI5ZszA1+eRop4qgeBXuAzzVjAg0vIgRPwRPpAU8bnQaiO3LG\n"
    "q5qKpkyD/E8vTepUz1OiGuNsuhi7BCjIOQ==\n"
    "-----END EC PRIVATE KEY-----\n";
static const char person_pem[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEICLjZf1Z3oG9ytsfqeF/Q+GK4ErD307WsOWTdGTPYWBmoAoGCCqGSM49\n"
    "AwEHoUQDQgAEd5TogkWY/iVwPt3B+hLHL2/eX5qPTdY9Wjr8urJUcJZSEzBi8sVU\n"
    "Ykolkl26UeUzu6keWYCzHLO5KW3BUtBt0A==\n"
    "-----END EC PRIVATE KEY-----\n";

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static EVP_PKEY *
read_key(const char *pem)
{
	BIO *b = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *k = PEM_read_bio_PrivateKey(b, NULL, NULL, NULL);
	BIO_free(b);
	must(k != NULL);
	return k;
}

static X509 *
make(const X509_NAME *issuer, const X509_NAME *subject, EVP_PKEY *key,
    EVP_PKEY *by, const char *constraints)
{
	X509 *x = X509_new();
	X509_EXTENSION *e =
	    X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, constraints);
	must(x != NULL && e != NULL);
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 4660);
	X509_set_issuer_name(x, issuer);
	X509_set_subject_name(x, subject);
	ASN1_TIME_set(X509_getm_notBefore(x), 1767225600);
	ASN1_TIME_set(X509_getm_notAfter(x), LAST_DAY);
	X509_set_pubkey(x, key);
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
	must(X509_sign(x, by, EVP_sha256()) != 0);
	return x;
}

static struct cert *
make_ca(EVP_PKEY *key)
{
	X509_NAME *name = X509_NAME_new();
	uint8_t *der = NULL;
	struct cert *c = NULL;
	must(name != NULL &&
	     X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
		 (const uint8_t *)"Fuzz CA", -1, -1, 0) == 1);
	X509 *x = make(name, name, key, key, "critical,CA:TRUE");
	int len = i2d_X509(x, &der);
	seed_must(cert_parse(bytes_of(der, (size_t)len), &c));
	OPENSSL_free(der);
	X509_free(x);
	X509_NAME_free(name);
	return c;
}

const struct fuzz_cmp *
fuzz_cmp_keys(void)
{
	static struct fuzz_cmp k;
	if (k.ca == NULL) {
		k.ca_key = read_key(ca_pem);
		k.key = read_key(person_pem);
		k.ca = make_ca(k.ca_key);
	}
	return &k;
}

struct err *
fuzz_cmp_ask(const struct cmp_way *way, bool revoke)
{
	static const struct subject_field person[] = { { "C", "VN" },
		{ "ST", "Hà Nội" }, { "CN", "Nguyễn Văn An" },
		{ "UID", "CCCD:001099012345" } };
	const struct fuzz_cmp *k = fuzz_cmp_keys();
	const struct cert_fields f = { .profile = cert_profile_find("citizen"),
		.subject = person,
		.nsubject = COUNT_OF(person),
		.key = k->key,
		.not_before = 1767225600,
		.not_after = LAST_DAY };
	CLEANUP(buf_done) struct buf waiting = BUF(CMP_WAITING_MAX);
	const struct cmp_ca there = { .way = *way,
		.reference = FUZZ_CMP_REFERENCE,
		.secret = BYTES_LIT(FUZZ_CMP_SECRET),
		.ca = k->ca,
		.waiting = &waiting };
	struct cert_issuer issuer = cmp_issuer(&there);
	CLEANUP(cert_freep) struct cert *made = NULL;
	if (revoke)
		return cmp_revoke(&there, k->ca, 4);
	struct err *e = issuer.issue(issuer.ctx, &f, &made);
	/* By another process: the state is all that it has. */
	if (e == NULL || waiting.len == 0)
		return e;
	err_free(e);
	return issuer.issue(issuer.ctx, &f, &made);
}

/* ---- the CA ---- */

enum decision { ISSUES, REFUSES, WAITS };

struct server {
	OSSL_CMP_SRV_CTX *ctx;
	enum decision decision;
	OSSL_CMP_MSG *waiting;
	struct buf seed;
};

static OSSL_CMP_PKISI *
on_request(OSSL_CMP_SRV_CTX *c, const OSSL_CMP_MSG *m, int id,
    const OSSL_CRMF_MSG *crm, const X509_REQ *p10, X509 **out,
    STACK_OF(X509) * *chain, STACK_OF(X509) * *pubs)
{
	struct server *s = OSSL_CMP_SRV_CTX_get0_custom_ctx(c);
	const struct fuzz_cmp *k = fuzz_cmp_keys();
	(void)id;
	(void)p10;
	*out = NULL;
	*chain = *pubs = NULL;
	if (s->decision == REFUSES)
		return OSSL_CMP_STATUSINFO_new(OSSL_CMP_PKISTATUS_rejection,
		    1 << OSSL_CMP_PKIFAILUREINFO_badCertTemplate, "no");
	if (s->decision == WAITS && s->waiting == NULL) {
		s->waiting = OSSL_CMP_MSG_dup(m);
		return OSSL_CMP_STATUSINFO_new(
		    OSSL_CMP_PKISTATUS_waiting, 0, NULL);
	}
	*out = make(X509_get_subject_name(cert_x509(k->ca)),
	    OSSL_CRMF_CERTTEMPLATE_get0_subject(OSSL_CRMF_MSG_get0_tmpl(crm)),
	    k->key, k->ca_key, "critical,CA:FALSE");
	*chain = sk_X509_new_null();
	X509_up_ref(cert_x509(k->ca));
	sk_X509_push(*chain, cert_x509(k->ca));
	return OSSL_CMP_STATUSINFO_new(OSSL_CMP_PKISTATUS_accepted, 0, NULL);
}

static int
on_poll(OSSL_CMP_SRV_CTX *c, const OSSL_CMP_MSG *m, int id, OSSL_CMP_MSG **out,
    int64_t *after)
{
	struct server *s = OSSL_CMP_SRV_CTX_get0_custom_ctx(c);
	(void)m;
	(void)id;
	*out = s->waiting;
	*after = 0;
	return s->waiting != NULL;
}

static int
on_confirm(OSSL_CMP_SRV_CTX *c, const OSSL_CMP_MSG *m, int id,
    const ASN1_OCTET_STRING *hash, const OSSL_CMP_PKISI *si)
{
	return c != NULL && m != NULL && id == 0 && hash != NULL && si != NULL;
}

static OSSL_CMP_PKISI *
on_revoke(OSSL_CMP_SRV_CTX *c, const OSSL_CMP_MSG *m, const X509_NAME *issuer,
    const ASN1_INTEGER *serial)
{
	struct server *s = OSSL_CMP_SRV_CTX_get0_custom_ctx(c);
	(void)m;
	(void)issuer;
	(void)serial;
	return s->decision == REFUSES
		   ? OSSL_CMP_STATUSINFO_new(OSSL_CMP_PKISTATUS_rejection,
			 1 << OSSL_CMP_PKIFAILUREINFO_certRevoked, "before")
		   : OSSL_CMP_STATUSINFO_new(
			 OSSL_CMP_PKISTATUS_accepted, 0, NULL);
}

static void
on_error(OSSL_CMP_SRV_CTX *c, const OSSL_CMP_MSG *m, const OSSL_CMP_PKISI *si,
    const ASN1_INTEGER *code, const OSSL_CMP_PKIFREETEXT *text)
{
	(void)c;
	(void)m;
	(void)si;
	(void)code;
	(void)text;
}

static void
server_init(struct server *s)
{
	s->ctx = OSSL_CMP_SRV_CTX_new(NULL, NULL);
	must(s->ctx != NULL &&
	     OSSL_CMP_SRV_CTX_init(s->ctx, s, on_request, on_revoke, NULL,
		 on_error, on_confirm, on_poll) == 1);
	OSSL_CMP_CTX *c = OSSL_CMP_SRV_CTX_get0_cmp_ctx(s->ctx);
	must(OSSL_CMP_CTX_set1_referenceValue(c,
		 (const uint8_t *)FUZZ_CMP_REFERENCE,
		 (int)strlen(FUZZ_CMP_REFERENCE)) == 1 &&
	     OSSL_CMP_CTX_set1_secretValue(c, (const uint8_t *)FUZZ_CMP_SECRET,
		 (int)strlen(FUZZ_CMP_SECRET)) == 1 &&
	     OSSL_CMP_SRV_CTX_set_accept_raverified(s->ctx, 1) == 1);
}

/* Each answer goes to who asked, and into the seed. */
static struct err *
answer(void *ctx, struct bytes request, int timeout_ms, struct buf *out)
{
	struct server *s = ctx;
	const uint8_t *p = request.ptr;
	uint8_t *der = NULL;
	(void)timeout_ms;
	OSSL_CMP_MSG *m = d2i_OSSL_CMP_MSG(NULL, &p, (long)request.len);
	OSSL_CMP_MSG *said = OSSL_CMP_SRV_process_request(s->ctx, m);
	int len = i2d_OSSL_CMP_MSG(said, &der);
	must(len > 0);
	struct bytes got = bytes_of(der, (size_t)len);
	struct err *e = buf_append(&s->seed, got);
	if (e == NULL)
		e = buf_append(out, got);
	OPENSSL_free(der);
	OSSL_CMP_MSG_free(said);
	OSSL_CMP_MSG_free(m);
	return e;
}

static void
give(const struct seed_sink *to, const char *name, enum decision decision,
    bool revoke, const char *code)
{
	struct server s = { .decision = decision, .seed = BUF(CMP_ANSWER_MAX) };
	const struct cmp_way way = { .ctx = &s, .carry = answer };
	server_init(&s);
	seed_must(buf_byte(&s.seed, revoke ? FUZZ_CMP_REVOKE : 0));
	struct err *e = fuzz_cmp_ask(&way, revoke);
	must(strcmp(e == NULL ? "" : err_code(e), code) == 0);
	err_free(e);
	to->give(to->ctx, name, buf_bytes(&s.seed));
	buf_done(&s.seed);
	OSSL_CMP_SRV_CTX_free(s.ctx);
}

void
fuzz_seeds(const struct seed_sink *to)
{
	give(to, "issued", ISSUES, false, "");
	give(to, "refused", REFUSES, false, "external-ca-refused");
	give(to, "waiting", WAITS, false, "");
	give(to, "revoked", ISSUES, true, "");
	give(to, "revoked-before", REFUSES, true, "");
}

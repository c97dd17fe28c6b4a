#include "certs/cmp.h"

#include "certs/ossl.h"
#include "certs/path_check.h"

#include <openssl/cmp.h>
#include <string.h>

#define DAY 86400 /* seconds */

DEFINE_FREEP(OSSL_CMP_CTX_free, OSSL_CMP_CTX)
DEFINE_FREEP(X509_STORE_free, X509_STORE)

/* ---- our own ---- */

static struct err *
issue_own(void *ctx, const struct cert_fields *f, struct cert **out)
{
	return cert_issue(f, ctx, out);
}

struct cert_issuer
cert_issuer_own(const struct signer *signer)
{
	return (struct cert_issuer){ .ctx = (void *)(uintptr_t)signer,
		.issue = issue_own };
}

/* ---- somebody else's ---- */

static struct err *
said_no(const char *what)
{
	struct err *e = err_ossl(ERR_REMOTE, what);
	return err_coded(e, "external-ca");
}

static struct err *
set_peer(OSSL_CMP_CTX *c, const struct cmp_ca *ca)
{
	if (OSSL_CMP_CTX_set1_server(c, ca->host) != 1 ||
	    OSSL_CMP_CTX_set_serverPort(c, ca->port) != 1 ||
	    OSSL_CMP_CTX_set1_serverPath(c, ca->path) != 1 ||
	    OSSL_CMP_CTX_set1_no_proxy(c, ca->host) != 1 ||
	    OSSL_CMP_CTX_set_option(
		c, OSSL_CMP_OPT_TOTAL_TIMEOUT, CMP_SECONDS) != 1 ||
	    OSSL_CMP_CTX_set1_referenceValue(c,
		(const unsigned char *)ca->reference,
		(int)strlen(ca->reference)) != 1 ||
	    OSSL_CMP_CTX_set1_secretValue(c, (const unsigned char *)ca->secret,
		(int)strlen(ca->secret)) != 1 ||
	    OSSL_CMP_CTX_set1_recipient(
		c, X509_get_subject_name(cert_x509(ca->ca))) != 1)
		return err_ossl(ERR_NOMEM, "OSSL_CMP_CTX");
	return NULL;
}

/* Without it only the shared secret vouches for an answer. */
static struct err *
set_trust(OSSL_CMP_CTX *c, const struct cmp_ca *ca)
{
	if (ca->trust == NULL)
		return NULL;
	CLEANUP(X509_STORE_freep) X509_STORE *store = X509_STORE_new();
	if (store == NULL ||
	    X509_STORE_add_cert(store, cert_x509(ca->trust)) != 1 ||
	    OSSL_CMP_CTX_set0_trustedStore(c, store) != 1)
		return err_ossl(ERR_NOMEM, "X509_STORE");
	(void)TAKE(store);
	return NULL;
}

static struct err *
add_name(X509_NAME *name, const struct subject_field *f)
{
	const struct field_kind *k = field_kind_find(f->type);
	struct bytes v = bytes_str(f->value);
	if (k == NULL)
		return err_new(ERR_USAGE, NULL, "no field %s", f->type);
	TRY(field_check(k, v));
	if (X509_NAME_add_entry_by_NID(
		name, k->nid, k->asn1_type, v.ptr, (int)v.len, -1, 0) != 1)
		return err_ossl(ERR_INTERNAL, "X509_NAME_add_entry_by_NID");
	return NULL;
}

/* The subject as our own CA would write it: in the profile's order. */
static struct err *
make_subject(const struct cert_fields *f, X509_NAME **out)
{
	CLEANUP(X509_NAME_freep) X509_NAME *name = X509_NAME_new();
	if (name == NULL)
		return err_ossl(ERR_NOMEM, "X509_NAME_new");
	for (const struct profile_field *pf = f->profile->fields;
	     pf->type != NULL; pf++)
		for (size_t i = 0; i < f->nsubject; i++)
			if (strcmp(f->subject[i].type, pf->type) == 0)
				TRY(add_name(name, &f->subject[i]));
	*out = TAKE(name);
	return NULL;
}

static struct err *
set_template(OSSL_CMP_CTX *c, const struct cert_fields *f, X509_NAME *subject)
{
	int64_t days = (f->not_after - f->not_before) / DAY;
	if (OSSL_CMP_CTX_set1_subjectName(c, subject) != 1 ||
	    EVP_PKEY_up_ref(f->key) != 1)
		return err_ossl(ERR_NOMEM, "OSSL_CMP_CTX");
	if (OSSL_CMP_CTX_set0_newPkey(c, 0, f->key) != 1) {
		EVP_PKEY_free(f->key);
		return err_ossl(ERR_NOMEM, "OSSL_CMP_CTX_set0_newPkey");
	}
	if (OSSL_CMP_CTX_set_option(
		c, OSSL_CMP_OPT_POPO_METHOD, OSSL_CRMF_POPO_RAVERIFIED) != 1 ||
	    OSSL_CMP_CTX_set_option(c, OSSL_CMP_OPT_VALIDITY_DAYS, (int)days) !=
		1)
		return err_ossl(ERR_INTERNAL, "OSSL_CMP_CTX_set_option");
	return NULL;
}

static struct err *
wrong(const char *why)
{
	return err_coded(
	    err_new(ERR_DENIED, "RFC 4210 5.3.4", "%s", why), "external-ca");
}

/* It is an answer of somebody else's: what was asked for, and no CA. */
static struct err *
check_answer(const struct cmp_ca *ca, const struct cert_fields *f,
    const X509_NAME *subject, const struct cert *c)
{
	bool ok = false;
	if (EVP_PKEY_eq(cert_key(c), f->key) != 1)
		return wrong("the certificate is for another key");
	if (X509_NAME_cmp(X509_get_subject_name(cert_x509(c)), subject) != 0)
		return wrong("the certificate is for somebody else");
	if (cert_is_ca(c) != f->profile->ca)
		return wrong("the certificate is a CA's");
	if (cert_not_after(c) > f->not_after + DAY)
		return wrong("the certificate lives longer than was asked");
	TRY(cert_signed_by(c, cert_key(ca->ca), &ok));
	if (!ok || !bytes_eq(cert_issuer_der(c), cert_subject_der(ca->ca)))
		return wrong("the certificate is another CA's");
	return NULL;
}

static struct err *
take_answer(X509 *x, struct cert **out)
{
	CLEANUP(ossl_freep) uint8_t *der = NULL;
	int len = i2d_X509(x, &der);
	if (len <= 0)
		return err_ossl(ERR_MALFORMED, "i2d_X509");
	return cert_parse(bytes_of(der, (size_t)len), out);
}

static struct err *
issue_there(void *ctx, const struct cert_fields *f, struct cert **out)
{
	const struct cmp_ca *ca = ctx;
	ossl_begin();
	CLEANUP(OSSL_CMP_CTX_freep)
	OSSL_CMP_CTX *c = OSSL_CMP_CTX_new(NULL, NULL);
	CLEANUP(X509_NAME_freep) X509_NAME *subject = NULL;
	CLEANUP(cert_freep) struct cert *made = NULL;
	if (c == NULL)
		return err_ossl(ERR_NOMEM, "OSSL_CMP_CTX_new");
	TRY(set_peer(c, ca));
	TRY(set_trust(c, ca));
	TRY(make_subject(f, &subject));
	TRY(set_template(c, f, subject));
	X509 *x = OSSL_CMP_exec_CR_ses(c);
	if (x == NULL)
		return said_no("CMP");
	TRY(take_answer(x, &made));
	TRY(check_answer(ca, f, subject, made));
	*out = TAKE(made);
	return NULL;
}

struct cert_issuer
cmp_issuer(const struct cmp_ca *ca)
{
	return (struct cert_issuer){ .ctx = (void *)(uintptr_t)ca,
		.issue = issue_there };
}

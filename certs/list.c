/* Pools of certificates, and the files they come in. */
#include "certs/cert.h"

#include "certs/ossl.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <stdlib.h>
#include <string.h>

/* A file of certificates; trust lists of whole countries are below this. */
#define CERT_FILE_MAX (32 * 1024 * 1024)

DEFINE_FREEP(PKCS7_free, PKCS7)

struct err *
cert_list_add(struct cert_list *l, struct cert *c)
{
	for (size_t i = 0; i < l->n; i++)
		if (cert_eq(l->v[i], c))
			return NULL;
	if (l->n >= CERT_LIST_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "over %d certificates", CERT_LIST_MAX);
	/* Grows whenever the count is a power of two. */
	if ((l->n & (l->n - 1)) == 0) {
		size_t cap = l->n == 0 ? 1 : l->n * 2;
		struct cert **v = realloc(l->v, cap * sizeof(struct cert *));
		if (v == NULL)
			return err_new(ERR_NOMEM, NULL, "struct cert_list");
		l->v = v;
	}
	l->v[l->n++] = cert_ref(c);
	return NULL;
}

struct err *
cert_list_add_der(struct cert_list *l, struct bytes der)
{
	CLEANUP(cert_freep) struct cert *c = NULL;
	TRY(cert_parse_known(der, &c));
	return cert_list_add(l, c);
}

void
cert_list_done(struct cert_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		cert_free(l->v[i]);
	free(l->v);
	*l = (struct cert_list){ 0 };
}

/* One file being read. */
struct reading {
	struct cert_list *l;
	bool pool;     /* what has a key of an unknown kind is passed over */
	size_t seen;   /* certificates in the file */
	size_t passed; /* of these, passed over */
};

/* `e`: what came of one certificate of the file. */
static struct err *
note(struct reading *r, struct err *e)
{
	r->seen++;
	if (e == NULL || !r->pool || err_kind(e) != ERR_UNSUPPORTED)
		return e;
	r->passed++;
	err_free(e);
	return NULL;
}

static struct err *
add_x509(struct reading *r, const X509 *x)
{
	CLEANUP(ossl_freep) uint8_t *der = NULL;
	int len = i2d_X509(x, &der);
	if (len <= 0)
		return err_ossl(ERR_MALFORMED, "i2d_X509");
	return note(r, cert_list_add_der(r->l, bytes_of(der, (size_t)len)));
}

static struct err *
add_pkcs7(struct reading *r, struct bytes der)
{
	const uint8_t *p = der.ptr;
	CLEANUP(PKCS7_freep) PKCS7 *p7 = d2i_PKCS7(NULL, &p, (long)der.len);
	if (p7 == NULL || !PKCS7_type_is_signed(p7) || p7->d.sign == NULL)
		return err_ossl(ERR_MALFORMED, "a PKCS#7 bundle");
	const STACK_OF(X509) *certs = p7->d.sign->cert;
	for (int i = 0; i < sk_X509_num(certs); i++)
		TRY(add_x509(r, sk_X509_value(certs, i)));
	return NULL;
}

static struct err *
add_pem_block(struct reading *r, const char *name, struct bytes der)
{
	if (strcmp(name, PEM_STRING_X509) == 0 ||
	    strcmp(name, PEM_STRING_X509_OLD) == 0)
		return note(r, cert_list_add_der(r->l, der));
	if (strcmp(name, PEM_STRING_PKCS7) == 0 ||
	    strcmp(name, PEM_STRING_CMS) == 0)
		return add_pkcs7(r, der);
	if (strcmp(name, PEM_STRING_X509_TRUSTED) != 0)
		return NULL;
	CLEANUP(cert_freep) struct cert *c = NULL;
	struct err *e = cert_parse_trusted(der, &c);
	return note(r, e == NULL ? cert_list_add(r->l, c) : e);
}

struct pem_block {
	char *name;
	char *header;
	unsigned char *data;
};

static void
pem_block_done(struct pem_block *b)
{
	OPENSSL_free(b->name);
	OPENSSL_free(b->header);
	OPENSSL_free(b->data);
}

static struct err *
add_pem(struct reading *r, struct bytes file)
{
	CLEANUP(BIO_free_allp)
	BIO *bio = BIO_new_mem_buf(file.ptr, (int)file.len);
	if (bio == NULL)
		return err_ossl(ERR_NOMEM, "BIO_new_mem_buf");
	for (;;) {
		CLEANUP(pem_block_done) struct pem_block b = { 0 };
		long len;
		if (PEM_read_bio(bio, &b.name, &b.header, &b.data, &len) != 1)
			break;
		TRY(add_pem_block(r, b.name, bytes_of(b.data, (size_t)len)));
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return err_ossl(ERR_MALFORMED, "PEM");
	ERR_clear_error();
	return NULL;
}

static struct err *
read_der(struct reading *r, struct bytes file)
{
	struct err *e = note(r, cert_list_add_der(r->l, file));
	if (e == NULL || err_kind(e) != ERR_MALFORMED)
		return e;
	r->seen = 0;
	struct err *bundle = add_pkcs7(r, file);
	if (bundle != NULL || r->seen == 0) {
		err_free(bundle);
		return e; /* the more telling of the two */
	}
	err_free(e);
	return NULL;
}

static struct err *
read_file(struct reading *r, struct bytes file)
{
	if (file.len > CERT_FILE_MAX)
		return err_new(ERR_LIMIT, NULL, "%zu bytes", file.len);
	if (file.len == 0)
		return err_new(ERR_MALFORMED, NULL, "an empty file");
	if (bytes_find(file, BYTES_LIT("-----BEGIN ")) == SIZE_MAX)
		return read_der(r, file);
	TRY(add_pem(r, file));
	return r->seen > 0
		   ? NULL
		   : err_new(ERR_MALFORMED, NULL, "no certificate in it");
}

struct err *
cert_list_read(struct cert_list *l, struct bytes file)
{
	struct reading r = { .l = l };
	return read_file(&r, file);
}

struct err *
cert_list_read_pool(struct cert_list *l, struct bytes file, size_t *passed)
{
	struct reading r = { .l = l, .pool = true };
	TRY(read_file(&r, file));
	*passed += r.passed;
	return NULL;
}

#include "certs/source.h"

#include "certs/ossl.h"

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

DEFINE_FREEP(OCSP_REQUEST_free, OCSP_REQUEST)
DEFINE_FREEP(OCSP_CERTID_free, OCSP_CERTID)
DEFINE_FREEP(AUTHORITY_INFO_ACCESS_free, AUTHORITY_INFO_ACCESS)
DEFINE_FREEP(CRL_DIST_POINTS_free, CRL_DIST_POINTS)

void
fetched_done(struct fetched *f)
{
	buf_done(&f->body);
	err_free(f->error);
	f->error = NULL;
}

static void
wanted_done(struct wanted *w)
{
	free(w->url);
	buf_done(&w->request);
	cert_free(w->about);
	*w = (struct wanted){ 0 };
}

void
wanted_list_done(struct wanted_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		wanted_done(&l->v[i]);
	l->n = 0;
}

struct err *
ocsp_request(
    const struct cert *cert, const struct cert *issuer, struct buf *out)
{
	ossl_begin();
	CLEANUP(OCSP_REQUEST_freep) OCSP_REQUEST *r = OCSP_REQUEST_new();
	CLEANUP(OCSP_CERTID_freep)
	OCSP_CERTID *id =
	    OCSP_cert_to_id(EVP_sha1(), cert_x509(cert), cert_x509(issuer));
	if (r == NULL || id == NULL)
		return err_ossl(ERR_NOMEM, "OCSP_REQUEST_new");
	if (OCSP_request_add0_id(r, id) == NULL)
		return err_ossl(ERR_NOMEM, "OCSP_request_add0_id");
	(void)TAKE(id);
	CLEANUP(ossl_freep) uint8_t *der = NULL;
	int len = i2d_OCSP_REQUEST(r, &der);
	if (len <= 0)
		return err_ossl(ERR_NOMEM, "i2d_OCSP_REQUEST");
	return buf_append(out, bytes_of(der, (size_t)len));
}

/* The address in a name, or nothing. */
static struct bytes
url_of(const GENERAL_NAME *n)
{
	if (n == NULL || n->type != GEN_URI)
		return BYTES_NONE;
	const ASN1_IA5STRING *s = n->d.uniformResourceIdentifier;
	struct bytes b =
	    bytes_of(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
	if (b.len < 8 || b.len > WANTED_URL_MAX)
		return BYTES_NONE;
	if (strncasecmp((const char *)b.ptr, "http://", 7) != 0 &&
	    strncasecmp((const char *)b.ptr, "https://", 8) != 0)
		return BYTES_NONE;
	for (size_t i = 0; i < b.len; i++)
		if (b.ptr[i] <= ' ' || b.ptr[i] > '~')
			return BYTES_NONE;
	return b;
}

/* Adds one, unless it is there or the list is full.  `issuer` for OCSP. */
static struct err *
add(struct wanted_list *l, enum wanted_kind kind, struct bytes url,
    struct cert *about, const struct cert *issuer)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].kind == kind && bytes_eq_str(url, l->v[i].url) &&
		    (kind != WANTED_OCSP || cert_eq(l->v[i].about, about)))
			return NULL;
	if (url.len == 0 || l->n == WANTED_MAX)
		return NULL;
	CLEANUP(wanted_done)
	struct wanted w = { .kind = kind, .request = BUF(OCSP_REQUEST_MAX) };
	TRY(bytes_dup_str(url, &w.url));
	if (kind == WANTED_OCSP)
		TRY(ocsp_request(about, issuer, &w.request));
	w.about = cert_ref(about);
	l->v[l->n++] = w;
	w = (struct wanted){ 0 };
	return NULL;
}

/* Where authorityInfoAccess leads by one method. */
static struct err *
add_access(struct wanted_list *l, int method, enum wanted_kind kind,
    struct cert *c, const struct cert *issuer)
{
	CLEANUP(AUTHORITY_INFO_ACCESS_freep)
	AUTHORITY_INFO_ACCESS *list =
	    X509_get_ext_d2i(cert_x509(c), NID_info_access, NULL, NULL);
	for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(list); i++) {
		const ACCESS_DESCRIPTION *a =
		    sk_ACCESS_DESCRIPTION_value(list, i);
		if (OBJ_obj2nid(a->method) == method)
			TRY(add(l, kind, url_of(a->location), c, issuer));
	}
	return NULL;
}

/* The addresses of one point are alternatives: the first will do. */
static struct err *
add_points(struct wanted_list *l, int extension, struct cert *c)
{
	CLEANUP(CRL_DIST_POINTS_freep)
	CRL_DIST_POINTS *points =
	    X509_get_ext_d2i(cert_x509(c), extension, NULL, NULL);
	for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
		const DIST_POINT *d = sk_DIST_POINT_value(points, i);
		if (d->distpoint == NULL || d->distpoint->type != 0)
			continue;
		const GENERAL_NAMES *names = d->distpoint->name.fullname;
		struct bytes url = BYTES_NONE;
		for (int k = 0; k < sk_GENERAL_NAME_num(names) && url.len == 0;
		     k++)
			url = url_of(sk_GENERAL_NAME_value(names, k));
		TRY(add(l, WANTED_CRL, url, c, NULL));
	}
	return NULL;
}

static struct err *
add_crls(struct wanted_list *l, struct cert *c)
{
	TRY(add_points(l, NID_crl_distribution_points, c));
	return add_points(l, NID_freshest_crl, c);
}

struct err *
status_wanted_of(const struct path *p, int round, struct wanted_list *out)
{
	ossl_begin();
	for (size_t i = 0; i + 1 < p->chain.n; i++) {
		struct cert *c = p->chain.v[i];
		if ((p->unknown & UINT32_C(1) << i) == 0)
			continue;
		struct wanted_list ocsp = { .n = 0 };
		struct err *e = add_access(
		    &ocsp, NID_ad_OCSP, WANTED_OCSP, c, p->chain.v[i + 1]);
		bool has_ocsp = ocsp.n > 0;
		wanted_list_done(&ocsp);
		TRY(e);
		if (round == 0 && has_ocsp)
			TRY(add_access(out, NID_ad_OCSP, WANTED_OCSP, c,
			    p->chain.v[i + 1]));
		else if (has_ocsp == (round > 0))
			TRY(add_crls(out, c));
	}
	return ossl_forget();
}

struct err *
issuer_wanted_of(struct cert *c, struct wanted_list *out)
{
	ossl_begin();
	TRY(add_access(out, NID_ad_ca_issuers, WANTED_ISSUER, c, NULL));
	return ossl_forget();
}

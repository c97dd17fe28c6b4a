#include "certs/source.h"

#include "base/pack.h"
#include "certs/ossl.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
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
	index_file_free(f->index);
	f->index = NULL;
	err_free(f->error);
	f->error = NULL;
}

struct err *
index_file_open(int fd, struct index_file **out)
{
	struct stat st;
	CLEANUP(close_fdp) int own = fd;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size <= 0)
		return err_new(ERR_MALFORMED, NULL, "no index of a CRL");
	CLEANUP(index_file_freep)
	struct index_file *f = calloc(1, sizeof(*f));
	if (f == NULL)
		return err_new(ERR_NOMEM, NULL, "struct index_file");
	size_t len = (size_t)st.st_size;
	void *p = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
	f->fd = own;
	own = -1;
	if (p == MAP_FAILED)
		return err_errno(errno, "mapping an index");
	f->map = bytes_of(p, len);
	*out = TAKE(f);
	return NULL;
}

void
index_file_free(struct index_file *f)
{
	if (f == NULL)
		return;
	if (f->map.ptr != NULL)
		munmap((void *)(uintptr_t)f->map.ptr, f->map.len);
	close_fdp(&f->fd);
	free(f);
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

struct err *
wanted_key(const struct wanted *w, uint8_t out[WANTED_KEY])
{
	CLEANUP(buf_done)
	struct buf b = BUF(WANTED_URL_MAX + WANTED_REQUEST_MAX + 64);
	uint8_t digest[DIGEST_MAX];
	TRY(pack_u64(&b, 1, (uint64_t)w->kind));
	TRY(pack_str(&b, 2, w->url));
	TRY(pack_bytes(&b, 3, buf_bytes(&w->request)));
	TRY(digest_of(DIGEST_SHA256, buf_bytes(&b), digest));
	memcpy(out, digest, WANTED_KEY);
	return NULL;
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
	struct wanted w = { .kind = kind, .request = BUF(WANTED_REQUEST_MAX) };
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
		CLEANUP(wanted_list_done) struct wanted_list ocsp = { .n = 0 };
		TRY(add_access(
		    &ocsp, NID_ad_OCSP, WANTED_OCSP, c, p->chain.v[i + 1]));
		if (round == 0 && ocsp.n > 0)
			TRY(add_access(out, NID_ad_OCSP, WANTED_OCSP, c,
			    p->chain.v[i + 1]));
		else if ((ocsp.n > 0) == (round > 0))
			TRY(add_crls(out, c));
	}
	return ossl_forget();
}

static const struct source_seen *
seen_before(
    const struct source_seen *seen, size_t n, const uint8_t key[WANTED_KEY])
{
	/* The newest answer of one place counts. */
	for (size_t i = n; i-- > 0;)
		if (memcmp(seen[i].key, key, WANTED_KEY) == 0)
			return &seen[i];
	return NULL;
}

static bool
is_listed(const struct wanted_list *l, const struct wanted *w)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].kind == w->kind &&
		    strcmp(l->v[i].url, w->url) == 0 &&
		    bytes_eq(buf_bytes(&l->v[i].request),
			buf_bytes(&w->request)))
			return true;
	return false;
}

/* Moves what may still be asked to `out`; *any: there was something. */
static struct err *
take_unasked(struct wanted_list *from, const struct source_seen *seen,
    size_t nseen, bool last, struct wanted_list *out, bool *any)
{
	*any = false;
	for (size_t i = 0; i < from->n && out->n < WANTED_MAX; i++) {
		uint8_t key[WANTED_KEY];
		struct wanted *w = &from->v[i];
		TRY(wanted_key(w, key));
		const struct source_seen *s = seen_before(seen, nseen, key);
		if (s != NULL && !(s->stale && s->code == NULL))
			continue;
		*any = true;
		w->again = s != NULL;
		w->last = last;
		if (is_listed(out, w))
			continue;
		out->v[out->n++] = *w;
		*w = (struct wanted){ 0 };
	}
	return NULL;
}

/* Responders first: an answer is small, and newer than a list. */
static struct err *
want_one(const struct missing *m, const struct source_seen *seen, size_t nseen,
    struct wanted_list *out)
{
	CLEANUP(wanted_list_done) struct wanted_list first = { .n = 0 };
	CLEANUP(wanted_list_done) struct wanted_list then = { .n = 0 };
	bool any = false;
	if (m->issuer == NULL) {
		TRY(add_access(&first, NID_ad_ca_issuers, WANTED_ISSUER,
		    m->cert, NULL));
		return take_unasked(&first, seen, nseen, true, out, &any);
	}
	TRY(add_access(&first, NID_ad_OCSP, WANTED_OCSP, m->cert, m->issuer));
	TRY(add_crls(&then, m->cert));
	TRY(take_unasked(&first, seen, nseen, then.n == 0, out, &any));
	return any ? NULL
		   : take_unasked(&then, seen, nseen, true, out, &any);
}

struct err *
missing_wanted(const struct missing_list *m, const struct source_seen *seen,
    size_t nseen, struct wanted_list *out)
{
	ossl_begin();
	for (size_t i = 0; i < m->n; i++)
		TRY(want_one(&m->v[i], seen, nseen, out));
	return ossl_forget();
}

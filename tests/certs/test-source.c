/* What is asked for when the status of a path is not known. */
#include "certs/source.h"
#include "tests/certs/ca.h"
#include "tests/tap.h"

#include <openssl/ocsp.h>
#include <string.h>

static const struct wanted *
first(const struct wanted_list *l, enum wanted_kind kind)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].kind == kind)
			return &l->v[i];
	return NULL;
}

static struct path
path_of(const struct test_ca *t)
{
	struct path p = { .unknown = 3 };
	CHECK_OK(cert_list_add(&p.chain, t->leaf));
	CHECK_OK(cert_list_add(&p.chain, t->ca));
	CHECK_OK(cert_list_add(&p.chain, t->root));
	return p;
}

static void
asks_the_responder_first_and_for_the_list_then(void)
{
	struct test_ca t = { 0 };
	CHECK_OK(test_ca_make(&t, "P-256"));
	struct path p = path_of(&t);
	struct wanted_list l = { .n = 0 };
	CHECK_OK(status_wanted_of(&p, 0, &l));
	const struct wanted *w = first(&l, WANTED_OCSP);
	CHECK(l.n == 1 && w != NULL);
	if (w != NULL) {
		CHECK(strcmp(w->url, "http://ocsp.example.vn/") == 0);
		CHECK(cert_eq(w->about, t.leaf));
		const uint8_t *at = w->request.ptr;
		OCSP_REQUEST *r =
		    d2i_OCSP_REQUEST(NULL, &at, (long)w->request.len);
		CHECK(r != NULL && OCSP_request_onereq_count(r) == 1);
		OCSP_REQUEST_free(r);
	}
	wanted_list_done(&l);
	CHECK_OK(status_wanted_of(&p, 1, &l));
	w = first(&l, WANTED_CRL);
	CHECK(l.n == 1 && w != NULL);
	if (w != NULL)
		CHECK(strcmp(w->url, "http://crl.example.vn/demo.crl") == 0);
	wanted_list_done(&l);
	path_done(&p);
	test_ca_done(&t);
}

static void
asks_nothing_about_what_is_known(void)
{
	struct test_ca t = { 0 };
	CHECK_OK(test_ca_make(&t, "P-256"));
	struct path p = path_of(&t);
	p.unknown = 2; /* the issuer's, which names no place */
	struct wanted_list l = { .n = 0 };
	CHECK_OK(status_wanted_of(&p, 0, &l));
	CHECK_OK(status_wanted_of(&p, 1, &l));
	CHECK(l.n == 0);
	wanted_list_done(&l);
	path_done(&p);
	test_ca_done(&t);
}

int
main(void)
{
	RUN(asks_the_responder_first_and_for_the_list_then);
	RUN(asks_nothing_about_what_is_known);
	return DONE();
}

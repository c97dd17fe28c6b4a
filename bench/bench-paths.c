/*
 * Paths of three certificates with their status at hand, as a request of the
 * service sees them: certificates parsed, lists as indexes that are shared.
 * Beside it what the cryptography alone costs, the two signatures of the
 * certificates and the two of the lists; and a list of a million entries.
 */
#include "bench/bench.h"
#include "certs/crl.h"
#include "certs/path.h"
#include "certs/path_check.h"
#include "tests/certs/crl.h"

#define MILLION 1000000
#define LIST_MAX (128 * 1024 * 1024)

struct chain {
	struct test_ca t;
	struct cert_list pool, anchors;
	struct buf root, ca;        /* their lists */
	struct status_data data[2]; /* the same as indexes */
};

static struct bytes
index_of(struct bytes der)
{
	struct crl_scan s;
	bench_must(crl_scan(der, &s));
	size_t size = crl_index_size(&s);
	uint8_t *p = malloc(size);
	bench_must(p == NULL ? err_new(ERR_NOMEM, NULL, "index") : NULL);
	bench_must(crl_index_write(&s, p, size));
	return bytes_of(p, size);
}

static void
make(struct chain *c, const char *kind, long entries)
{
	*c = (struct chain){ .root = BUF(LIST_MAX), .ca = BUF(LIST_MAX) };
	bench_must(test_ca_make(&c->t, kind));
	bench_must(cert_list_add(&c->pool, c->t.ca));
	bench_must(cert_list_add(&c->anchors, c->t.root));
	const struct list_spec root = { .issuer = c->t.root,
		.key = c->t.root_key };
	const struct list_spec ca = {
		.issuer = c->t.ca, .key = c->t.ca_key, .many = entries
	};
	bench_must(make_list(&root, &c->root));
	bench_must(make_list(&ca, &c->ca));
	c->data[0] = (struct status_data){ .der = index_of(buf_bytes(&c->root)),
		.is_index = true };
	c->data[1] = (struct status_data){ .der = index_of(buf_bytes(&c->ca)),
		.is_index = true };
}

static void
path_once(void *ctx)
{
	struct chain *c = ctx;
	const struct path_request r = { .leaf = c->t.leaf,
		.pool = &c->pool,
		.anchors = &c->anchors,
		.time = TEST_NOW,
		.status = STATUS_REQUIRED,
		.status_data = c->data,
		.nstatus_data = 2 };
	struct path p = { 0 };
	bench_must(path_build(&r, &p));
	if (p.result != PATH_OK)
		bench_must(err_new(ERR_INTERNAL, NULL, "%s", p.detail));
	path_done(&p);
}

/* The four signatures, and nothing about what they sign. */
static void
signatures_once(void *ctx)
{
	const struct chain *c = ctx;
	const struct cert *signed_by[][2] = { { c->t.leaf, c->t.ca },
		{ c->t.ca, c->t.root } };
	bool ok = false;
	for (size_t i = 0; i < COUNT_OF(signed_by); i++)
		for (int lists = 0; lists < 2; lists++) {
			bench_must(cert_signed_by(
			    signed_by[i][0], cert_key(signed_by[i][1]), &ok));
			if (!ok)
				bench_must(
				    err_new(ERR_INTERNAL, NULL, "a signature"));
		}
}

static void
scan_once(void *ctx)
{
	const struct chain *c = ctx;
	free((void *)index_of(buf_bytes(&c->ca)).ptr);
}

static void
hash_once(void *ctx)
{
	const struct chain *c = ctx;
	uint8_t hash[DIGEST_MAX];
	bench_must(digest_of(DIGEST_SHA256, buf_bytes(&c->ca), hash));
}

static void
done(struct chain *c)
{
	free((void *)c->data[0].der.ptr);
	free((void *)c->data[1].der.ptr);
	buf_done(&c->root);
	buf_done(&c->ca);
	cert_list_done(&c->pool);
	cert_list_done(&c->anchors);
	test_ca_done(&c->t);
}

int
main(void)
{
	struct chain c;
	make(&c, "P-256", 1000);
	struct bench_pair p = { "paths.three.status.P-256.raw", "us", path_once,
		signatures_once, &c };
	bench_compare(&p);
	done(&c);
	make(&c, "P-256", MILLION);
	p.name = "paths.three.status.P-256.million.raw";
	bench_compare(&p);
	p = (struct bench_pair){ "paths.crl.index.million.sha256", "ms",
		scan_once, hash_once, &c };
	bench_compare(&p);
	done(&c);
	return 0;
}

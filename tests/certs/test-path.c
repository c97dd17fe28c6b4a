#include "certs/ossl.h"
#include "certs/path.h"
#include "tests/certs/ca.h"
#include "tests/tap.h"

#include <openssl/x509v3.h>

/* What most requests look like: leaf, pool with the CA, root trusted. */
struct ask {
	struct test_ca t;
	struct cert_list pool, anchors;
	struct path_request r;
	struct path path;
};

static void
ask_done(struct ask *a)
{
	test_ca_done(&a->t);
	cert_list_done(&a->pool);
	cert_list_done(&a->anchors);
	path_done(&a->path);
}

static void
ask_make(struct ask *a)
{
	CHECK_OK(test_ca_make(&a->t, "P-256"));
	CHECK_OK(cert_list_add(&a->pool, a->t.ca));
	CHECK_OK(cert_list_add(&a->anchors, a->t.root));
	a->r = (struct path_request){ .leaf = a->t.leaf,
		.pool = &a->pool,
		.anchors = &a->anchors,
		.time = TEST_NOW };
}

static enum path_result
answer(struct ask *a)
{
	path_done(&a->path);
	CHECK_OK(path_build(&a->r, &a->path));
	return a->path.result;
}

static void
finds_a_path_and_names_it_leaf_first(void)
{
	CLEANUP(ask_done) struct ask a = { 0 };
	ask_make(&a);
	CHECK(answer(&a) == PATH_OK);
	CHECK(a.path.chain.n == 3 && cert_eq(a.path.chain.v[0], a.t.leaf) &&
	      cert_eq(a.path.chain.v[2], a.t.root));
	CHECK(a.path.revoked_at == TIME_NONE && !a.path.status_known);
	a.r.strict = true; /* what we issue keeps every rule */
	CHECK(answer(&a) == PATH_OK);
	a.r.security_level = 3;
	CHECK(answer(&a) == PATH_OK);
}

static void
says_no_chain_without_issuer_or_anchor(void)
{
	CLEANUP(ask_done) struct ask a = { 0 };
	ask_make(&a);
	a.r.pool = NULL;
	CHECK(answer(&a) == PATH_NO_CHAIN && a.path.chain.n == 1);
	struct cert_list none = { 0 };
	a.r.pool = &a.pool;
	a.r.anchors = &none;
	CHECK(answer(&a) == PATH_NO_CHAIN);
}

static void
counts_both_ends_of_validity(void)
{
	CLEANUP(ask_done) struct ask a = { 0 };
	ask_make(&a);
	a.r.time = cert_not_after(a.t.leaf);
	CHECK(answer(&a) == PATH_OK);
	a.r.time++;
	CHECK(answer(&a) == PATH_EXPIRED && a.path.failed_at == 0);
	a.r.time = cert_not_before(a.t.leaf);
	CHECK(answer(&a) == PATH_OK);
	a.r.time--;
	CHECK(answer(&a) == PATH_NOT_YET);
}

static void
an_anchor_may_be_an_intermediate_or_the_leaf_unless_told_otherwise(void)
{
	CLEANUP(ask_done) struct ask a = { 0 };
	ask_make(&a);
	struct cert_list ca = { 0 }, leaf = { 0 };
	CHECK_OK(cert_list_add(&ca, a.t.ca));
	CHECK_OK(cert_list_add(&leaf, a.t.leaf));
	a.r.anchors = &ca;
	CHECK(answer(&a) == PATH_OK && a.path.chain.n == 2);
	a.r.roots_only = true;
	CHECK(answer(&a) == PATH_NO_CHAIN);
	a.r.roots_only = false;
	a.r.anchors = &leaf;
	CHECK(answer(&a) == PATH_OK && a.path.chain.n == 1);
	a.r.issuers_only = true;
	CHECK(answer(&a) != PATH_OK);
	cert_list_done(&ca);
	cert_list_done(&leaf);
}

static void
refuses_a_ca_of_the_same_name_with_another_key(void)
{
	CLEANUP(ask_done) struct ask a = { 0 };
	ask_make(&a);
	CLEANUP(test_ca_done) struct test_ca other = { 0 };
	CHECK_OK(test_ca_make(&other, "P-256"));
	cert_list_done(&a.pool);
	CHECK_OK(cert_list_add(&a.pool, other.ca));
	CHECK_OK(cert_list_add(&a.anchors, other.root));
	CHECK(answer(&a) == PATH_BAD);
	/* With the right one beside it, the path is found past it. */
	CHECK_OK(cert_list_add(&a.pool, a.t.ca));
	CHECK(answer(&a) == PATH_OK);
}

static void
goes_round_by_a_cross_certificate(void)
{
	CLEANUP(ask_done) struct ask a = { 0 };
	CLEANUP(ask_done) struct ask other = { 0 };
	ask_make(&a);
	ask_make(&other);
	/* The other root vouches for our CA's key and name. */
	struct signer root = softkey_signer(other.t.root_key);
	struct cert_fields f = test_fields(
	    "demo-issuing-ca", ca_name, 3, a.t.ca_key, other.t.root, 1000);
	f.alg = softkey_alg(other.t.root_key);
	CLEANUP(cert_freep) struct cert *cross = NULL;
	CHECK_OK(cert_issue(&f, &root, &cross));
	CHECK_OK(cert_list_add(&a.pool, a.t.root));
	a.r.anchors = &other.anchors;
	CHECK(answer(&a) != PATH_OK);
	CHECK_OK(cert_list_add(&a.pool, cross));
	CHECK(answer(&a) == PATH_OK && cert_eq(a.path.chain.v[1], cross));
	/* Past the cross certificate's time the first way is still open. */
	CHECK_OK(cert_list_add(&a.anchors, other.t.root));
	a.r.anchors = &a.anchors;
	a.r.time = cert_not_before(cross);
	CHECK(answer(&a) == PATH_OK);
}

static ASN1_OCTET_STRING *
key_id(EVP_PKEY *key)
{
	uint8_t *der = NULL;
	uint8_t hash[DIGEST_MAX];
	int len = i2d_PUBKEY(key, &der);
	ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();
	CHECK_OK(digest_of(DIGEST_SHA1, bytes_of(der, (size_t)len), hash));
	ASN1_OCTET_STRING_set(id, hash, 20);
	OPENSSL_free(der);
	return id;
}

/* `claimed`: whose key is said to have signed it. */
static void
add_key_ids(X509 *x, EVP_PKEY *key, EVP_PKEY *claimed)
{
	AUTHORITY_KEYID *from = AUTHORITY_KEYID_new();
	ASN1_OCTET_STRING *own = key_id(key);
	from->keyid = key_id(claimed);
	X509_add1_ext_i2d(x, NID_subject_key_identifier, own, 0, 0);
	X509_add1_ext_i2d(x, NID_authority_key_identifier, from, 0, 0);
	ASN1_OCTET_STRING_free(own);
	AUTHORITY_KEYID_free(from);
}

/* Certificates made by OpenSSL alone: our own rooms would refuse. */
static X509 *
start_cert(const char *name, EVP_PKEY *key, const char *issuer, bool ca)
{
	X509 *x = X509_new();
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 77);
	ASN1_TIME_set(X509_getm_notBefore(x), TEST_NOW - DAY);
	ASN1_TIME_set(X509_getm_notAfter(x), TEST_NOW + DAY);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN",
	    MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
	X509_NAME_add_entry_by_txt(X509_get_issuer_name(x), "CN", MBSTRING_UTF8,
	    (const unsigned char *)issuer, -1, -1, 0);
	X509_set_pubkey(x, key);
	BASIC_CONSTRAINTS *bc = BASIC_CONSTRAINTS_new();
	bc->ca = ca ? 0xff : 0;
	X509_add1_ext_i2d(x, NID_basic_constraints, bc, 1, 0);
	BASIC_CONSTRAINTS_free(bc);
	return x;
}

static struct cert *
finish_cert(X509 *x, EVP_PKEY *signer)
{
	X509_sign(x, signer, EVP_sha256());
	uint8_t *der = NULL;
	int len = i2d_X509(x, &der);
	struct cert *c = NULL;
	CHECK_OK(cert_parse(bytes_of(der, (size_t)len), &c));
	OPENSSL_free(der);
	X509_free(x);
	return c;
}

static struct cert *
make_cert(const char *name, EVP_PKEY *key, const char *issuer, EVP_PKEY *signer,
    bool ca, EVP_PKEY *claimed)
{
	X509 *x = start_cert(name, key, issuer, ca);
	if (claimed != NULL)
		add_key_ids(x, key, claimed);
	return finish_cert(x, signer);
}

static struct cert *
make_ca(const char *name, EVP_PKEY *key, const char *issuer, EVP_PKEY *signer)
{
	return make_cert(name, key, issuer, signer, true, NULL);
}

/* An authority gave a certificate that is none, of its own name, to a signer
 * of lists or the like.  What that one signs, saying that the authority's own
 * key did, OpenSSL by itself would take for the authority's. */
static void
a_certificate_of_its_issuers_name_is_judged_too(void)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *k1 = EVP_EC_gen("P-256");
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *k2 = EVP_EC_gen("P-256");
	CLEANUP(cert_freep)
	struct cert *root = make_cert("r", k1, "r", k1, true, k1);
	CLEANUP(cert_freep)
	struct cert *none = make_cert("r", k2, "r", k1, false, k1);
	CLEANUP(cert_freep)
	struct cert *rolled = make_cert("r", k2, "r", k1, true, k1);
	CLEANUP(cert_freep)
	struct cert *forged = make_cert("l", k1, "r", k2, false, k1);
	CLEANUP(cert_freep)
	struct cert *leaf = make_cert("l", k1, "r", k2, false, k2);
	CLEANUP(cert_list_done) struct cert_list anchors = { 0 };
	CLEANUP(cert_list_done) struct cert_list pool = { 0 };
	CHECK_OK(cert_list_add(&anchors, root));
	CHECK_OK(cert_list_add(&pool, none));
	CLEANUP(ask_done) struct ask a = { 0 };
	ask_make(&a);
	a.r.anchors = &anchors;
	a.r.pool = &pool;
	a.r.leaf = forged;
	CHECK(answer(&a) != PATH_OK);
	a.r.leaf = leaf;
	CHECK(answer(&a) == PATH_CONSTRAINTS);
	/* The same as an authority: a key that was rolled over. */
	CHECK_OK(cert_list_add(&pool, rolled));
	CHECK(answer(&a) == PATH_OK && cert_eq(a.path.chain.v[1], rolled));
}

static void
does_not_go_in_circles(void)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *k1 = EVP_EC_gen("P-256");
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *k2 = EVP_EC_gen("P-256");
	CLEANUP(cert_freep) struct cert *ab = make_ca("a", k1, "b", k2);
	CLEANUP(cert_freep) struct cert *ba = make_ca("b", k2, "a", k1);
	CLEANUP(cert_freep) struct cert *leaf = make_ca("c", k1, "a", k1);
	CLEANUP(ask_done) struct ask a = { 0 };
	ask_make(&a);
	CHECK_OK(cert_list_add(&a.pool, ab));
	CHECK_OK(cert_list_add(&a.pool, ba));
	a.r.leaf = leaf;
	CHECK(answer(&a) == PATH_NO_CHAIN);
}

static void
keys_on_written_out_curves_pass_only_where_they_may(void)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *k1 = EVP_EC_gen("P-256");
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *k2 = EVP_EC_gen("P-256");
	EVP_PKEY_set_utf8_string_param(k2, "encoding", "explicit");
	CLEANUP(cert_freep) struct cert *root = make_ca("r", k1, "r", k1);
	CLEANUP(cert_freep) struct cert *leaf = make_ca("l", k2, "r", k1);
	struct cert_list anchors = { 0 };
	CHECK_OK(cert_list_add(&anchors, root));
	CLEANUP(ask_done) struct ask a = { 0 };
	ask_make(&a);
	a.r.leaf = leaf;
	a.r.anchors = &anchors;
	CHECK(answer(&a) == PATH_BAD);
	a.r.explicit_curves = true;
	CHECK(answer(&a) == PATH_OK);
	cert_list_done(&anchors);
}

static void
short_keys_carry_no_path(void)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *weak = EVP_RSA_gen(768);
	CLEANUP(cert_freep) struct cert *root = make_ca("r", weak, "r", weak);
	struct cert_list anchors = { 0 };
	CHECK_OK(cert_list_add(&anchors, root));
	CLEANUP(ask_done) struct ask a = { 0 };
	ask_make(&a);
	a.r.leaf = root;
	a.r.anchors = &anchors;
	CHECK(answer(&a) == PATH_BAD);
	cert_list_done(&anchors);
}

static void
refuses_a_leaf_that_signs_certificates(void)
{
	CLEANUP(ask_done) struct ask a = { 0 };
	ask_make(&a);
	X509 *x = X509_new();
	CHECK(X509_set_version(x, X509_VERSION_3) == 1);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 78);
	ASN1_TIME_set(X509_getm_notBefore(x), TEST_NOW - DAY);
	ASN1_TIME_set(X509_getm_notAfter(x), TEST_NOW + DAY);
	X509_set_issuer_name(x, X509_get_subject_name(cert_x509(a.t.leaf)));
	X509_set_subject_name(x, X509_get_subject_name(cert_x509(a.t.root)));
	X509_set_pubkey(x, softkey_evp(a.t.key));
	CHECK(X509_sign(x, softkey_evp(a.t.key), EVP_sha256()) > 0);
	uint8_t *der = NULL;
	int len = i2d_X509(x, &der);
	CLEANUP(cert_freep) struct cert *forged = NULL;
	CHECK_OK(cert_parse(bytes_of(der, (size_t)len), &forged));
	OPENSSL_free(der);
	X509_free(x);
	CHECK_OK(cert_list_add(&a.pool, a.t.leaf));
	a.r.leaf = forged;
	CHECK(answer(&a) == PATH_CONSTRAINTS);
}

static void
purposes_are_kept_apart(void)
{
	CLEANUP(ask_done) struct ask a = { 0 };
	ask_make(&a);
	static const char *const purposes[] = { "server", "client", "timestamp",
		"ocsp" };
	for (size_t i = 0; i < COUNT_OF(purposes); i++) {
		a.r.purpose = purposes[i];
		CHECK(answer(&a) == PATH_CONSTRAINTS);
	}
	a.r.purpose = "flying";
	struct path p = { 0 };
	CHECK_ERR(path_build(&a.r, &p), ERR_USAGE);
}

/* A path root, "ca", "leaf" whose last two have these extended key usages. */
static enum path_result
answer_with_purposes(struct ask *a, const char *of_ca, const char *of_leaf)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x[2] = { start_cert("ca", key, "r", true),
		start_cert("leaf", key, "ca", false) };
	const char *const of[2] = { of_ca, of_leaf };
	for (size_t i = 0; i < COUNT_OF(x); i++) {
		if (of[i] == NULL)
			continue;
		X509_EXTENSION *e =
		    X509V3_EXT_conf_nid(NULL, NULL, NID_ext_key_usage, of[i]);
		CHECK(e != NULL && X509_add_ext(x[i], e, -1) == 1);
		X509_EXTENSION_free(e);
	}
	CLEANUP(cert_freep) struct cert *root = make_ca("r", key, "r", key);
	CLEANUP(cert_freep) struct cert *ca = finish_cert(x[0], key);
	CLEANUP(cert_freep) struct cert *leaf = finish_cert(x[1], key);
	CLEANUP(cert_list_done) struct cert_list anchors = { 0 };
	CLEANUP(cert_list_done) struct cert_list pool = { 0 };
	CHECK_OK(cert_list_add(&anchors, root));
	CHECK_OK(cert_list_add(&pool, ca));
	a->r.anchors = &anchors;
	a->r.pool = &pool;
	a->r.leaf = leaf;
	return answer(a);
}

static void
a_purpose_may_be_any_oid(void)
{
	CLEANUP(ask_done) struct ask a = { 0 };
	ask_make(&a);
	a.r.purpose = "1.3.6.1.5.5.7.3.36"; /* RFC 9336 */
	const char *other = "emailProtection";
	CHECK(answer_with_purposes(&a, NULL, a.r.purpose) == PATH_OK);
	CHECK(answer_with_purposes(&a, NULL, NULL) == PATH_OK);
	CHECK(answer_with_purposes(&a, NULL, "anyExtendedKeyUsage") == PATH_OK);
	CHECK(answer_with_purposes(&a, NULL, other) == PATH_CONSTRAINTS);
	CHECK(answer_with_purposes(&a, other, a.r.purpose) == PATH_CONSTRAINTS);
	a.r.purpose = "email";
	CHECK(answer_with_purposes(&a, NULL, other) == PATH_OK);
	CHECK(answer_with_purposes(&a, NULL, "clientAuth") == PATH_CONSTRAINTS);
}

static void
a_purpose_may_have_to_be_named(void)
{
	CLEANUP(ask_done) struct ask a = { 0 };
	ask_make(&a);
	const char *is = "clientAuth", *any = "anyExtendedKeyUsage";
	a.r.purpose = "1.3.6.1.5.5.7.3.2"; /* clientAuth */
	a.r.purpose_named = PURPOSE_NAMED_BY_LEAF;
	CHECK(answer_with_purposes(&a, NULL, is) == PATH_OK);
	CHECK(answer_with_purposes(&a, any, is) == PATH_OK);
	CHECK(answer_with_purposes(&a, NULL, NULL) == PATH_CONSTRAINTS);
	CHECK(answer_with_purposes(&a, NULL, any) == PATH_CONSTRAINTS);
	CHECK(answer_with_purposes(&a, NULL, "clientAuth,timeStamping") ==
	      PATH_CONSTRAINTS);
	a.r.purpose_named = PURPOSE_NAMED_BY_ALL;
	CHECK(answer_with_purposes(&a, NULL, is) == PATH_CONSTRAINTS);
	CHECK(answer_with_purposes(&a, any, is) == PATH_CONSTRAINTS);
	CHECK(answer_with_purposes(&a, is, "clientAuth,serverAuth") == PATH_OK);
}

static void
an_anchor_may_be_pinned(void)
{
	CLEANUP(ask_done) struct ask a = { 0 };
	ask_make(&a);
	CHECK(answer(&a) == PATH_OK);
	a.r.pinned_only = true;
	CHECK(answer(&a) == PATH_NO_CHAIN);
	struct cert_list leaf = { 0 };
	CHECK_OK(cert_list_add(&leaf, a.t.leaf));
	a.r.anchors = &leaf;
	CHECK(answer(&a) == PATH_OK && a.path.chain.n == 1);
	cert_list_done(&leaf);
}

static void
an_anchors_own_signature_counts_where_asked(void)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *k1 = EVP_EC_gen("P-256");
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *k2 = EVP_EC_gen("P-256");
	CLEANUP(cert_freep) struct cert *good = make_ca("r", k1, "r", k1);
	CLEANUP(cert_freep) struct cert *bad = make_ca("r", k1, "r", k2);
	CLEANUP(cert_freep) struct cert *leaf = make_ca("l", k2, "r", k1);
	const struct cert_list lists[2] = { { .v = &good, .n = 1 },
		{ .v = &bad, .n = 1 } };
	CLEANUP(ask_done) struct ask a = { 0 };
	ask_make(&a);
	a.r.leaf = leaf;
	a.r.pool = NULL;
	a.r.anchors = &lists[1];
	CHECK(answer(&a) == PATH_OK);
	a.r.anchor_signed = true;
	CHECK(answer(&a) != PATH_OK);
	a.r.anchors = &lists[0];
	CHECK(answer(&a) == PATH_OK);
}

static void
policies_are_asked_for(void)
{
	CLEANUP(ask_done) struct ask a = { 0 };
	ask_make(&a);
	static const char *const policies[] = { "1.3.6.1.4.1.99999.1" };
	a.r.policies = policies;
	a.r.npolicies = 1;
	CHECK(answer(&a) == PATH_OK);
	a.r.explicit_policy = true; /* the CA states none, so none is left */
	CHECK(answer(&a) == PATH_CONSTRAINTS);
}

static struct err *
make_crl(const struct ask *a, bool by_root, const struct crl_entry *entry,
    struct buf *out)
{
	struct softkey *key = by_root ? a->t.root_key : a->t.ca_key;
	struct signer signer = softkey_signer(key);
	struct crl_fields f = { .issuer = by_root ? a->t.root : a->t.ca,
		.this_update = TEST_NOW - 100,
		.next_update = TEST_NOW + DAY,
		.number = 1,
		.alg = softkey_alg(key),
		.entries = entry,
		.nentries = entry == NULL ? 0 : 1 };
	return crl_issue(&f, &signer, out);
}

static void
reads_revocation_lists_along_the_path(void)
{
	CLEANUP(ask_done) struct ask a = { 0 };
	ask_make(&a);
	struct crl_entry leaf = { cert_serial(a.t.leaf), TEST_NOW - 500,
		REVOKE_KEY_COMPROMISE };
	struct crl_entry ca = { cert_serial(a.t.ca), TEST_NOW - 600,
		REVOKE_SUPERSEDED };
	CLEANUP(buf_done) struct buf root_clean = BUF(65536);
	CLEANUP(buf_done) struct buf root_revokes = BUF(65536);
	CLEANUP(buf_done) struct buf ca_clean = BUF(65536);
	CLEANUP(buf_done) struct buf ca_revokes = BUF(65536);
	CLEANUP(buf_done) struct buf ca_holds = BUF(65536);
	CHECK_OK(make_crl(&a, true, NULL, &root_clean));
	CHECK_OK(make_crl(&a, true, &ca, &root_revokes));
	CHECK_OK(make_crl(&a, false, NULL, &ca_clean));
	CHECK_OK(make_crl(&a, false, &leaf, &ca_revokes));
	leaf.reason = REVOKE_HOLD;
	CHECK_OK(make_crl(&a, false, &leaf, &ca_holds));

	a.r.status = STATUS_REQUIRED;
	CHECK(answer(&a) == PATH_NO_STATUS);
	struct status_data data[2] = { { .der = buf_bytes(&root_clean) },
		{ .der = buf_bytes(&ca_clean) } };
	a.r.status_data = data;
	a.r.nstatus_data = 1;
	CHECK(answer(&a) == PATH_NO_STATUS && a.path.failed_at == 0);
	a.r.status = STATUS_IF_KNOWN;
	CHECK(answer(&a) == PATH_OK && !a.path.status_known);
	a.r.nstatus_data = 2;
	a.r.status = STATUS_REQUIRED;
	CHECK(answer(&a) == PATH_OK && a.path.status_known);

	data[1].der = buf_bytes(&ca_revokes);
	CHECK(answer(&a) == PATH_REVOKED && a.path.failed_at == 0);
	CHECK(a.path.revoked_at == TEST_NOW - 500 &&
	      a.path.revocation_reason == REVOKE_KEY_COMPROMISE);
	a.r.status = STATUS_IF_KNOWN;
	CHECK(answer(&a) == PATH_REVOKED);
	a.r.status = STATUS_IGNORE;
	CHECK(answer(&a) == PATH_OK);

	a.r.status = STATUS_REQUIRED;
	data[1].der = buf_bytes(&ca_holds);
	CHECK(answer(&a) == PATH_SUSPENDED);
	data[0].der = buf_bytes(&root_revokes);
	data[1].der = buf_bytes(&ca_clean);
	CHECK(answer(&a) == PATH_REVOKED && a.path.failed_at == 1);

	data[0].der = buf_bytes(&root_clean);
	a.r.time = TEST_NOW + 2 * DAY; /* the lists are out of date */
	CHECK(answer(&a) == PATH_NO_STATUS);
	a.r.status_time = TEST_NOW; /* but were in force then */
	CHECK(answer(&a) == PATH_OK && a.path.unknown == 0);
	a.r.time = TEST_NOW;
	a.r.status_time = TEST_NOW + 2 * DAY;
	CHECK(answer(&a) == PATH_NO_STATUS && a.path.unknown == 3);
}

static void
a_list_by_a_stranger_neither_clears_nor_revokes(void)
{
	CLEANUP(ask_done) struct ask a = { 0 };
	CLEANUP(ask_done) struct ask other = { 0 };
	ask_make(&a);
	ask_make(&other);
	struct crl_entry leaf = { cert_serial(a.t.leaf), TEST_NOW - 500,
		REVOKE_KEY_COMPROMISE };
	CLEANUP(buf_done) struct buf root = BUF(65536);
	CLEANUP(buf_done) struct buf clean = BUF(65536);
	CLEANUP(buf_done) struct buf revokes = BUF(65536);
	CHECK_OK(make_crl(&a, true, NULL, &root));
	CHECK_OK(make_crl(&other, false, NULL, &clean));
	CHECK_OK(make_crl(&other, false, &leaf, &revokes));
	struct status_data data[2] = { { .der = buf_bytes(&root) },
		{ .der = buf_bytes(&clean) } };
	a.r.status_data = data;
	a.r.nstatus_data = 2;
	a.r.status = STATUS_REQUIRED;
	CHECK(answer(&a) == PATH_NO_STATUS);
	data[1].der = buf_bytes(&revokes);
	CHECK(answer(&a) == PATH_NO_STATUS);
	a.r.status = STATUS_IF_KNOWN;
	CHECK(answer(&a) == PATH_OK && !a.path.status_known);
	/* Nor does a forged one hide the good one behind it. */
	CLEANUP(buf_done) struct buf forged = BUF(65536);
	CLEANUP(buf_done) struct buf good = BUF(65536);
	CHECK_OK(make_crl(&a, false, &leaf, &forged));
	CHECK_OK(make_crl(&a, false, NULL, &good));
	forged.ptr[forged.len - 1] ^= 1;
	struct status_data three[3] = { data[0], { .der = buf_bytes(&forged) },
		{ .der = buf_bytes(&good) } };
	a.r.status = STATUS_REQUIRED;
	a.r.status_data = three;
	a.r.nstatus_data = 3;
	CHECK(answer(&a) == PATH_OK && a.path.status_known);
}

static void
gives_up_on_a_pool_made_to_cost_time(void)
{
	CLEANUP(ask_done) struct ask a = { 0 };
	ask_make(&a);
	/* Many issuers of the right name, none with the right key. */
	struct signer root = softkey_signer(a.t.root_key);
	struct cert_list flood = { 0 };
	CLEANUP(softkey_freep) struct softkey *key = NULL;
	CHECK_OK(softkey_generate("P-256", &key));
	struct cert_fields f =
	    test_fields("demo-issuing-ca", ca_name, 3, key, a.t.root, 2000);
	f.alg = softkey_alg(a.t.root_key);
	for (int i = 0; i < PATH_TRIES_MAX + 10; i++) {
		CLEANUP(cert_freep) struct cert *c = NULL;
		CHECK_OK(cert_issue(&f, &root, &c));
		CHECK_OK(cert_list_add(&flood, c));
	}
	a.r.pool = &flood;
	CHECK(answer(&a) == PATH_BAD);
	CHECK(strstr(a.path.detail, "gave up") != NULL);
	cert_list_done(&flood);
}

/* The root with OpenSSL's settings beside it, as in TRUSTED CERTIFICATE. */
static struct cert *
trusted_root(const struct test_ca *t, int trust, int reject)
{
	X509 *x = X509_dup(cert_x509(t->root));
	if (trust != 0)
		X509_add1_trust_object(x, OBJ_nid2obj(trust));
	if (reject != 0)
		X509_add1_reject_object(x, OBJ_nid2obj(reject));
	uint8_t *der = NULL;
	int len = i2d_X509_AUX(x, &der);
	struct cert *c = NULL;
	CHECK_OK(cert_parse_trusted(bytes_of(der, (size_t)len), &c));
	CHECK(cert_has_trust(c) && cert_eq(c, t->root));
	CLEANUP(buf_done) struct buf back = BUF(CERT_MAX);
	CHECK_OK(cert_trusted_der(c, &back));
	CHECK(bytes_eq(buf_bytes(&back), bytes_of(der, (size_t)len)));
	OPENSSL_free(der);
	X509_free(x);
	return c;
}

static void
settings_beside_an_anchor_count(void)
{
	static const struct {
		int trust, reject;
		const char *purpose;
		enum path_result result;
	} rows[] = {
		{ NID_anyExtendedKeyUsage, 0, NULL, PATH_OK },
		{ NID_server_auth, 0, NULL, PATH_NO_CHAIN },
		{ 0, NID_anyExtendedKeyUsage, NULL, PATH_NO_CHAIN },
		{ 0, NID_server_auth, NULL, PATH_OK },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP(ask_done) struct ask a = { 0 };
		ask_make(&a);
		CLEANUP(cert_freep)
		struct cert *c =
		    trusted_root(&a.t, rows[i].trust, rows[i].reject);
		const struct cert_list anchors = { .v = &c, .n = 1 };
		a.r.anchors = &anchors;
		a.r.purpose = rows[i].purpose;
		CHECK(answer(&a) == rows[i].result);
	}
}

static void
an_anchor_binds_unless_it_is_bare(void)
{
	CLEANUP(ask_done) struct ask a = { 0 };
	ask_make(&a);
	/* The leaf and its issuer live on, the root has ended. */
	struct cert *root = NULL;
	struct signer sign = softkey_signer(a.t.root_key);
	struct cert_fields f =
	    test_fields("demo-root", root_name, 3, a.t.root_key, NULL, 3650);
	f.alg = softkey_alg(a.t.root_key);
	f.not_before = TEST_NOW - 3650 * DAY;
	f.not_after = TEST_NOW - DAY / 2;
	CHECK_OK(cert_issue(&f, &sign, &root));
	const struct cert_list anchors = { .v = &root, .n = 1 };
	a.r.anchors = &anchors;
	CHECK(answer(&a) == PATH_EXPIRED && a.path.failed_at == 2);
	a.r.anchor_any_time = true;
	CHECK(answer(&a) == PATH_OK);
	a.r.anchor_bare = true;
	CHECK(answer(&a) == PATH_OK);
	a.r.anchor_any_time = false;
	CHECK(answer(&a) == PATH_EXPIRED);
	cert_free(root);
}

static void
a_path_may_be_kept_short(void)
{
	CLEANUP(ask_done) struct ask a = { 0 };
	ask_make(&a);
	a.r.depth_max = 1;
	CHECK(answer(&a) == PATH_OK);
	a.r.depth_max = -1;
	CHECK(answer(&a) == PATH_NO_CHAIN);
}

/* The leaf again, changed and signed anew. */
static struct cert *
of_version(const struct ask *a, long version, bool bare)
{
	X509 *x = X509_dup(cert_x509(a->t.leaf));
	X509_set_version(x, version);
	while (bare && X509_get_ext_count(x) > 0)
		X509_EXTENSION_free(X509_delete_ext(x, 0));
	CHECK(X509_sign(x, softkey_evp(a->t.ca_key), EVP_sha256()) > 0);
	uint8_t *der = NULL;
	int len = i2d_X509(x, &der);
	struct cert *c = NULL;
	CHECK_OK(cert_parse(bytes_of(der, (size_t)len), &c));
	OPENSSL_free(der);
	X509_free(x);
	return c;
}

static void
refuses_what_a_version_does_not_have(void)
{
	static const struct {
		long version;
		bool bare;
		enum path_result wanted;
	} rows[] = {
		{ X509_VERSION_3, false, PATH_OK },
		{ X509_VERSION_2, false, PATH_BAD },
		{ X509_VERSION_1, false, PATH_BAD },
		{ 4, false, PATH_BAD },
		{ X509_VERSION_1, true, PATH_OK },
		{ X509_VERSION_3, true, PATH_OK },
	};
	CLEANUP(ask_done) struct ask a = { 0 };
	ask_make(&a);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP(cert_freep)
		struct cert *c = of_version(&a, rows[i].version, rows[i].bare);
		a.r.leaf = c;
		CHECK(answer(&a) == rows[i].wanted);
	}
	a.r.leaf = a.t.leaf;
}

static void
answers_have_names(void)
{
	for (int r = PATH_OK; r <= PATH_BAD; r++)
		CHECK(strcmp(path_result_name((enum path_result)r), "?") != 0);
	CHECK(strcmp(path_result_name((enum path_result)99), "?") == 0);
}

int
main(void)
{
	RUN(finds_a_path_and_names_it_leaf_first);
	RUN(says_no_chain_without_issuer_or_anchor);
	RUN(counts_both_ends_of_validity);
	RUN(an_anchor_may_be_an_intermediate_or_the_leaf_unless_told_otherwise);
	RUN(refuses_a_ca_of_the_same_name_with_another_key);
	RUN(goes_round_by_a_cross_certificate);
	RUN(a_certificate_of_its_issuers_name_is_judged_too);
	RUN(does_not_go_in_circles);
	RUN(keys_on_written_out_curves_pass_only_where_they_may);
	RUN(short_keys_carry_no_path);
	RUN(refuses_a_leaf_that_signs_certificates);
	RUN(purposes_are_kept_apart);
	RUN(a_purpose_may_be_any_oid);
	RUN(a_purpose_may_have_to_be_named);
	RUN(an_anchor_may_be_pinned);
	RUN(an_anchors_own_signature_counts_where_asked);
	RUN(policies_are_asked_for);
	RUN(reads_revocation_lists_along_the_path);
	RUN(a_list_by_a_stranger_neither_clears_nor_revokes);
	RUN(gives_up_on_a_pool_made_to_cost_time);
	RUN(settings_beside_an_anchor_count);
	RUN(an_anchor_binds_unless_it_is_bare);
	RUN(a_path_may_be_kept_short);
	RUN(refuses_what_a_version_does_not_have);
	RUN(answers_have_names);
	return DONE();
}

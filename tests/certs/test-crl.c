/* Lists read as a stream, their index, and what lists of each sort say. */
#include "certs/crl.h"
#include "certs/path.h"
#include "tests/certs/crl.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

#define LIST_MAX (64 * 1024 * 1024)
#define MANY 200000

static struct test_ca ca;

/* The index of a list, in memory of our own; freed with free(). */
static struct bytes
index_of(struct bytes der)
{
	struct crl_scan s;
	CHECK_OK(crl_scan(der, &s));
	size_t size = crl_index_size(&s);
	uint8_t *p = malloc(size);
	CHECK_OK(crl_index_write(&s, p, size));
	return bytes_of(p, size);
}

static void
an_index_answers_like_the_list(void)
{
	CLEANUP(buf_done) struct buf der = BUF(LIST_MAX);
	const struct list_spec spec = { .issuer = ca.ca,
		.key = ca.ca_key,
		.number = 7,
		.revoked = { { ca.leaf, REVOKE_KEY_COMPROMISE } },
		.many = MANY };
	CHECK_OK(make_list(&spec, &der));
	struct bytes index = index_of(buf_bytes(&der));
	CHECK(index.len < (MANY + 1) * CRL_RECORD_SIZE + 4096);
	CLEANUP(crl_freep) struct crl *crl = NULL;
	CHECK_OK(crl_open(index, &crl));
	CHECK(crl_count(crl) == MANY + 1 && crl_this_update(crl) == TEST_NOW);
	struct status_answer a;
	CHECK_OK(crl_status(crl, ca.leaf, ca.ca, TEST_NOW, 0, &a));
	CHECK(a.status == STATUS_REVOKED && a.reason == REVOKE_KEY_COMPROMISE &&
	      a.revoked_at == TEST_NOW - 500);
	bool ok = false;
	CHECK_OK(crl_signed_by(crl, ca.root, &ok));
	CHECK(!ok);
	free((void *)index.ptr);
}

static void
every_serial_of_many_is_found_and_no_other(void)
{
	CLEANUP(buf_done) struct buf der = BUF(LIST_MAX);
	const struct list_spec spec = {
		.issuer = ca.ca, .key = ca.ca_key, .many = MANY
	};
	CHECK_OK(make_list(&spec, &der));
	struct bytes index = index_of(buf_bytes(&der));
	struct crl_index x;
	CHECK_OK(crl_index_open(index, &x));
	size_t found = 0, wrong = 0;
	for (uint32_t n = 1000000; n < 1000000 + 3 * MANY; n++) {
		const uint8_t serial[4] = { (uint8_t)(n >> 24),
			(uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };
		struct crl_hit hit;
		struct bytes b = bytes_of(serial, 4);
		while (b.ptr[0] == 0 && b.ptr[1] < 0x80)
			b = bytes_from(b, 1);
		CHECK_OK(crl_index_find(&x, 0, b, &hit));
		found += hit.found;
		wrong += hit.found != (n % 3 == 1000000 % 3);
	}
	CHECK(found == MANY && wrong == 0);
	free((void *)index.ptr);
}

static void
what_is_no_index_is_refused(void)
{
	CLEANUP(buf_done) struct buf der = BUF(LIST_MAX);
	const struct list_spec spec = {
		.issuer = ca.ca, .key = ca.ca_key, .many = 3
	};
	CHECK_OK(make_list(&spec, &der));
	struct bytes index = index_of(buf_bytes(&der));
	struct crl *crl = NULL;
	for (size_t n = 0; n < index.len; n += 5)
		CHECK_ERR(
		    crl_open(bytes_slice(index, 0, n), &crl), ERR_MALFORMED);
	CHECK_ERR(crl_open(buf_bytes(&der), &crl), ERR_MALFORMED);
	((uint8_t *)index.ptr)[8] ^= 0xff; /* another machine's */
	CHECK_ERR(crl_open(index, &crl), ERR_MALFORMED);
	free((void *)index.ptr);
}

/* What a path says when these lists are at hand, besides the root's. */
static struct path
path_with(struct cert *leaf, const struct list_spec *specs, size_t n,
    enum status_wanted wanted, bool by_index)
{
	struct cert *pool[] = { ca.ca };
	struct cert *anchors[] = { ca.root };
	const struct cert_list pool_list = { pool, 1 };
	const struct cert_list anchor_list = { anchors, 1 };
	struct buf ders[6];
	struct status_data data[6];
	const struct list_spec root = { .issuer = ca.root, .key = ca.root_key };
	for (size_t i = 0; i <= n; i++) {
		ders[i] = BUF(LIST_MAX);
		CHECK_OK(make_list(i == n ? &root : &specs[i], &ders[i]));
		data[i] = (struct status_data){ .der = buf_bytes(&ders[i]) };
		if (by_index)
			data[i] =
			    (struct status_data){ .der = index_of(data[i].der),
				    .is_index = true };
	}
	const struct path_request r = { .leaf = leaf,
		.pool = &pool_list,
		.anchors = &anchor_list,
		.time = TEST_NOW,
		.status = wanted,
		.status_data = data,
		.nstatus_data = n + 1 };
	struct path p = { 0 };
	CHECK_OK(path_build(&r, &p));
	for (size_t i = 0; i <= n; i++) {
		if (by_index)
			free((void *)data[i].der.ptr);
		buf_done(&ders[i]);
	}
	return p;
}

static enum path_result
result_with(const struct list_spec *specs, size_t n)
{
	struct path list = path_with(ca.leaf, specs, n, STATUS_REQUIRED, false);
	struct path index = path_with(ca.leaf, specs, n, STATUS_REQUIRED, true);
	enum path_result result = list.result;
	CHECK(index.result == result && index.revoked_at == list.revoked_at);
	path_done(&list);
	path_done(&index);
	return result;
}

static void
a_partition_speaks_only_of_its_own(void)
{
	struct list_spec s = { .issuer = ca.ca, .key = ca.ca_key };
	CHECK(result_with(&s, 1) == PATH_OK);
	s.idp = "fullname=URI:http://crl.example.vn/demo.crl";
	CHECK(result_with(&s, 1) == PATH_OK);
	s.idp = "fullname=URI:http://crl.example.vn/other.crl";
	CHECK(result_with(&s, 1) == PATH_NO_STATUS);
	s.idp = "onlyuser=TRUE";
	CHECK(result_with(&s, 1) == PATH_OK);
	s.idp = "onlyCA=TRUE";
	CHECK(result_with(&s, 1) == PATH_NO_STATUS);
	s.idp = "onlyAA=TRUE";
	CHECK(result_with(&s, 1) == PATH_NO_STATUS);
}

static void
lists_for_some_reasons_add_up(void)
{
	struct list_spec two[2] = { { .issuer = ca.ca, .key = ca.ca_key },
		{ .issuer = ca.ca, .key = ca.ca_key } };
	two[0].idp = "onlysomereasons=keyCompromise,CACompromise";
	CHECK(result_with(two, 1) == PATH_NO_STATUS);
	two[1].idp = "onlysomereasons=affiliationChanged,superseded,"
		     "cessationOfOperation,certificateHold,privilegeWithdrawn,"
		     "AACompromise";
	CHECK(result_with(two, 2) == PATH_OK);
	two[1].revoked[0].cert = ca.leaf;
	two[1].revoked[0].reason = REVOKE_SUPERSEDED;
	CHECK(result_with(two, 2) == PATH_REVOKED);
}

static void
a_delta_continues_its_base_and_no_other(void)
{
	struct list_spec two[2] = {
		{ .issuer = ca.ca, .key = ca.ca_key, .number = 5 },
		{ .issuer = ca.ca, .key = ca.ca_key, .number = 6, .base = 5 },
	};
	CHECK(result_with(&two[1], 1) == PATH_NO_STATUS);
	CHECK(result_with(two, 2) == PATH_OK);
	two[1].revoked[0].cert = ca.leaf;
	two[1].revoked[0].reason = REVOKE_KEY_COMPROMISE;
	CHECK(result_with(two, 2) == PATH_REVOKED);
	two[1].base = 6; /* of a later base */
	two[1].number = 7;
	CHECK(result_with(two, 2) == PATH_OK);
	/* Taken off the list. */
	two[0].revoked[0].cert = ca.leaf;
	two[0].revoked[0].reason = REVOKE_HOLD;
	CHECK(result_with(two, 1) == PATH_SUSPENDED);
	two[1].base = 5;
	two[1].revoked[0].reason = CRL_REASON_REMOVE_FROM_CRL;
	CHECK(result_with(two, 2) == PATH_OK);
	/* What is revoked for good is not, nor does a complete list do it. */
	two[0].revoked[0].reason = REVOKE_KEY_COMPROMISE;
	CHECK(result_with(two, 2) == PATH_REVOKED);
	two[0].revoked[0].reason = CRL_REASON_REMOVE_FROM_CRL;
	CHECK(result_with(two, 1) == PATH_REVOKED);
}

static void
of_several_lists_the_newest_in_force_counts(void)
{
	struct list_spec two[2] = {
		{ .issuer = ca.ca,
		    .key = ca.ca_key,
		    .this_update = TEST_NOW - DAY / 2,
		    .revoked = { { ca.leaf, REVOKE_HOLD } } },
		{ .issuer = ca.ca, .key = ca.ca_key },
	};
	CHECK(result_with(two, 1) == PATH_SUSPENDED);
	CHECK(result_with(two, 2) == PATH_OK);
	/* A list that ended clears nobody, and revokes still. */
	two[0].this_update = TEST_NOW - 3 * DAY;
	two[0].revoked[0].reason = REVOKE_KEY_COMPROMISE;
	CHECK(result_with(two, 1) == PATH_REVOKED);
	two[0].revoked[0].cert = NULL;
	CHECK(result_with(two, 1) == PATH_NO_STATUS);
}

static void
an_unknown_critical_extension_of_an_entry_spoils_the_list(void)
{
	struct list_spec s = { .issuer = ca.ca,
		.key = ca.ca_key,
		.critical = true,
		.revoked = { { ca.ca, -1 } } };
	CHECK(result_with(&s, 1) == PATH_NO_STATUS);
	s.revoked[0].cert = ca.leaf;
	CHECK(result_with(&s, 1) == PATH_REVOKED);
}

static void
an_entry_of_another_issuer_is_not_ours(void)
{
	struct list_spec s = { .issuer = ca.ca,
		.key = ca.ca_key,
		.idp = "indirectCRL=TRUE",
		.revoked = { { ca.leaf, REVOKE_KEY_COMPROMISE } } };
	CHECK(result_with(&s, 1) == PATH_REVOKED);
	s.names_issuer = ca.ca; /* issued by the root */
	CHECK(result_with(&s, 1) == PATH_OK);
	s.names_issuer = ca.leaf;
	CHECK(result_with(&s, 1) == PATH_REVOKED);
}

int
main(void)
{
	CHECK_OK(test_ca_make(&ca, "P-256"));
	RUN(an_index_answers_like_the_list);
	RUN(every_serial_of_many_is_found_and_no_other);
	RUN(what_is_no_index_is_refused);
	RUN(a_partition_speaks_only_of_its_own);
	RUN(lists_for_some_reasons_add_up);
	RUN(a_delta_continues_its_base_and_no_other);
	RUN(of_several_lists_the_newest_in_force_counts);
	RUN(an_unknown_critical_extension_of_an_entry_spoils_the_list);
	RUN(an_entry_of_another_issuer_is_not_ours);
	test_ca_done(&ca);
	return DONE();
}

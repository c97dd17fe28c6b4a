/* OCSP answers that are kept: what strangers ask for takes nobody's place. */
#include <stdio.h>

#include "signd/front-ocsp.h"
#include "store/ledger.h"
#include "tests/tap.h"

#define KEPT 64

static struct ocsp_key
key_of(char family, unsigned n)
{
	char serial[16];
	snprintf(serial, sizeof(serial), "%c%08x", family, n * 2654435761u);
	return ocsp_key_make(DIGEST_SHA1, bytes_str(serial));
}

static void
keep(struct ocsp_cache *c, char family, unsigned n, uint64_t state)
{
	struct ocsp_key k = key_of(family, n);
	int64_t now = clock_now(&clock_system);
	const struct ocsp_made made = { .der = BYTES_LIT("answer"),
		.said = { .state = state },
		.made = now,
		.until = now + 3600 };
	ocsp_cache_keep(c, &k, &made);
}

static size_t
count(struct ocsp_cache *c, char family, unsigned n)
{
	size_t has = 0;
	for (unsigned i = 0; i < n; i++) {
		struct ocsp_key k = key_of(family, i);
		has += ocsp_cache_has(c, &k);
	}
	return has;
}

static void
random_numbers_keep_no_answer_from_being_made(void)
{
	struct ocsp_cache *c;
	CHECK_OK(ocsp_cache_new(KEPT, &c));
	for (unsigned i = 0; i < 1000; i++)
		keep(c, 'u', i, LEDGER_UNKNOWN);
	CHECK(count(c, 'u', 1000) > 0);
	CHECK(count(c, 'u', 1000) <= KEPT / 8);
	CHECK(!ocsp_cache_full(c));
	unsigned n = 0;
	while (n < 1000 && !ocsp_cache_full(c))
		keep(c, 'k', n++, LEDGER_GOOD);
	CHECK(ocsp_cache_full(c));
	CHECK(count(c, 'k', n) == KEPT);
	ocsp_cache_free(c);
}

static void
nor_push_out_what_was_made(void)
{
	struct ocsp_cache *c;
	unsigned n = 0;
	CHECK_OK(ocsp_cache_new(KEPT, &c));
	while (n < 1000 && !ocsp_cache_full(c))
		keep(c, 'k', n++, LEDGER_GOOD);
	for (unsigned i = 0; i < 1000; i++)
		keep(c, 'u', i, LEDGER_UNKNOWN);
	CHECK(count(c, 'k', n) == KEPT);
	for (unsigned i = 0; i < 1000; i++)
		keep(c, 'l', i, LEDGER_GOOD); /* newer ones do, one for one */
	CHECK(count(c, 'k', n) + count(c, 'l', 1000) == KEPT);
	ocsp_cache_free(c);
}

static void
what_was_unknown_and_is_issued_counts_as_such(void)
{
	struct ocsp_cache *c;
	struct ocsp_key k = key_of('u', 1);
	CHECK_OK(ocsp_cache_new(1, &c));
	keep(c, 'u', 1, LEDGER_UNKNOWN);
	CHECK(!ocsp_cache_full(c));
	keep(c, 'u', 1, LEDGER_GOOD);
	CHECK(ocsp_cache_full(c) && ocsp_cache_has(c, &k));
	const struct ocsp_said revoked = { .state = LEDGER_REVOKED };
	CHECK(!ocsp_cache_confirm(c, &k, &revoked, 7));
	CHECK(!ocsp_cache_full(c) && !ocsp_cache_has(c, &k));
	ocsp_cache_free(c);
}

int
main(void)
{
	RUN(random_numbers_keep_no_answer_from_being_made);
	RUN(nor_push_out_what_was_made);
	RUN(what_was_unknown_and_is_issued_counts_as_such);
	return DONE();
}

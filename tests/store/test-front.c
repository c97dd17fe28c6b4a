#include "store/front.h"
#include "tests/store/place.h"

#include "store/db.h"

#include <sys/stat.h>

static struct front_store *store;

static void
a_draft_stays_until_it_expires_or_is_dropped(void)
{
	CLEANUP(buf_done) struct buf out = BUF(100);
	CHECK_OK(
	    front_draft_put(store, "d1", BYTES_LIT("state"), test_time + 60));
	CHECK_ERR(
	    front_draft_put(store, "d1", BYTES_LIT("other"), test_time + 60),
	    ERR_USAGE);
	CHECK_OK(front_draft_get(store, "d1", &out));
	CHECK(bytes_eq_str(buf_bytes(&out), "state"));
	test_time += 61;
	CHECK_CODE(front_draft_get(store, "d1", &out), "draft-unknown");
	CHECK_OK(front_draft_put(store, "d2", BYTES_LIT("x"), test_time + 60));
	bool first = false, second = true;
	CHECK_OK(front_draft_drop(store, "d2", &first));
	CHECK_OK(front_draft_drop(store, "d2", &second));
	CHECK(first && !second);
	CHECK_CODE(front_draft_get(store, "d2", &out), "draft-unknown");
}

static void
refuses_a_draft_that_is_too_large(void)
{
	const struct bytes large = { .ptr = (const uint8_t *)"",
		.len = FRONT_DRAFT_MAX + 1 };
	CHECK_ERR(
	    front_draft_put(store, "d3", large, test_time + 1), ERR_LIMIT);
	CHECK_ERR(front_draft_put(store, "", BYTES_LIT("x"), test_time + 1),
	    ERR_LIMIT);
}

static enum idem_state
claim(const char *key, uint8_t body, struct buf *answer)
{
	uint8_t hash[32] = { body };
	enum idem_state state = IDEM_NEW;
	CHECK_OK(front_idem_claim(
	    store, "POST /v1/x", key, hash, 30, &state, answer));
	return state;
}

static void
the_first_answer_is_given_again(void)
{
	CLEANUP(buf_done) struct buf answer = BUF(100);
	CHECK(claim("k1", 1, &answer) == IDEM_NEW);
	CHECK(claim("k1", 1, &answer) == IDEM_BUSY);
	CHECK(claim("k1", 2, &answer) == IDEM_CONFLICT);
	CHECK_OK(front_idem_finish(store, "POST /v1/x", "k1",
	    BYTES_LIT("201 made"), test_time + 86400));
	CHECK(claim("k1", 1, &answer) == IDEM_DONE);
	CHECK(bytes_eq_str(buf_bytes(&answer), "201 made"));
	CHECK(claim("k1", 2, &answer) == IDEM_CONFLICT);
	/* After a day the key is free again. */
	test_time += 86401;
	CHECK(claim("k1", 2, &answer) == IDEM_NEW);
}

static void
a_claim_that_nobody_ended_is_open_after_its_lease(void)
{
	CLEANUP(buf_done) struct buf answer = BUF(100);
	CHECK(claim("k2", 1, &answer) == IDEM_NEW);
	test_time += 31;
	CHECK(claim("k2", 1, &answer) == IDEM_NEW);
	CHECK_OK(front_idem_drop(store, "POST /v1/x", "k2"));
	CHECK(claim("k2", 3, &answer) == IDEM_NEW);
}

static void
a_verification_is_hash_and_verdict(void)
{
	CLEANUP(buf_done) struct buf report = BUF(100);
	struct verification v = { .sha256 = { 1, 2, 3 },
		.bytes = 200000,
		.verdict = "INDETERMINATE",
		.sub = "TRY_LATER",
		.code = "revocation-unknown",
		.policy = "basic",
		.signatures = 2,
		.time = test_time,
		.expires = test_time + 86400 };
	struct verification got = { 0 };
	CHECK_OK(front_verification_put(store, "v1", &v, BYTES_NONE));
	CHECK_OK(front_verification_get(store, "v1", &got, &report));
	CHECK(memcmp(&v, &got, sizeof(v)) == 0 && report.len == 0);
	CHECK_ERR(front_verification_put(store, "v1", &v, BYTES_NONE),
	    ERR_USAGE);
	CHECK_CODE(front_verification_get(store, "v2", &got, &report),
	    "verification-unknown");
}

static void
a_report_is_kept_only_when_asked_and_until_its_time(void)
{
	CLEANUP(buf_done) struct buf report = BUF(100);
	const struct bytes large = { .ptr = (const uint8_t *)"",
		.len = FRONT_REPORT_MAX + 1 };
	struct verification v = { .verdict = "TOTAL-PASSED",
		.expires = test_time + 60 };
	struct verification got = { 0 };
	bool more = false;
	CHECK_OK(front_verification_put(store, "r1", &v, BYTES_LIT("sealed")));
	CHECK_OK(front_verification_get(store, "r1", &got, &report));
	CHECK(bytes_eq_str(buf_bytes(&report), "sealed"));
	CHECK_ERR(front_verification_put(store, "r2", &v, large), ERR_LIMIT);
	test_time += 61;
	CHECK_CODE(front_verification_get(store, "r1", &got, &report),
	    "verification-unknown");
	CHECK_OK(front_store_expire(store, &more));
	/* Its row is gone, so the id is free. */
	v.expires = test_time + 60;
	CHECK_OK(front_verification_put(store, "r1", &v, BYTES_NONE));
}

static void
what_has_expired_is_deleted_in_portions(void)
{
	for (int i = 0; i < 250; i++) {
		char id[16];
		snprintf(id, sizeof(id), "e%d", i);
		CHECK_OK(
		    front_draft_put(store, id, BYTES_LIT("x"), test_time + 1));
	}
	test_time += 2;
	bool more = false;
	CHECK_OK(front_store_expire(store, &more));
	CHECK(more);
	CHECK_OK(front_store_expire(store, &more));
	CHECK(!more);
}

static void
everything_is_there_after_opening_again(void)
{
	CLEANUP(buf_done) struct buf report = BUF(100);
	struct verification got = { 0 };
	struct stat st;
	front_store_free(store);
	store = NULL;
	CHECK_OK(front_store_open(place_file("a.db"), &test_clock, &store));
	CHECK_OK(front_verification_get(store, "v1", &got, &report));
	CHECK(
	    stat(place_file("a.db"), &st) == 0 && (st.st_mode & 0777) == 0600);
}

static void
refuses_a_database_of_a_newer_version(void)
{
	static const char *const later[] = { "CREATE TABLE x (y);",
		"CREATE TABLE y (z);", "CREATE TABLE z (a);",
		"CREATE TABLE a (b);" };
	const struct db_schema newer = { .migrations = later, .count = 4 };
	CLEANUP(db_freep) struct db *db = NULL;
	CHECK_OK(db_open(place_file("b.db"), DB_WRITE, &newer, &db));
	struct front_store *s = NULL;
	CHECK_CODE(front_store_open(place_file("b.db"), &test_clock, &s),
	    "store-newer");
}

static void
refuses_what_is_no_database(void)
{
	FILE *f = fopen(place_file("c.db"), "we");
	CHECK(f != NULL && fputs("this is not a database at all, no", f) >= 0);
	if (f != NULL)
		fclose(f);
	struct front_store *s = NULL;
	CHECK_CODE(front_store_open(place_file("c.db"), &test_clock, &s),
	    "store-failed");
}

static void
what_was_fetched_is_given_again_for_a_month(void)
{
	static const uint8_t key[32] = { 7 }, other[32] = { 8 };
	CLEANUP(buf_done) struct buf out = BUF(100);
	int64_t got = 0, begin = test_time;
	CHECK_OK(front_fetched_put(store, key, BYTES_LIT("old")));
	test_time += 5;
	CHECK_OK(front_fetched_put(store, key, BYTES_LIT("new")));
	CHECK_ERR(front_fetched_get(store, other, &out, &got), ERR_MISSING);
	CHECK_OK(front_fetched_get(store, key, &out, &got));
	CHECK(bytes_eq_str(buf_bytes(&out), "new") && got == begin + 5);
	test_time += FRONT_FETCHED_DAYS * 86400;
	CHECK_ERR(front_fetched_get(store, key, &out, &got), ERR_MISSING);
	CHECK_OK(front_store_expire(store, NULL));
}

int
main(void)
{
	if (!place_make())
		return 99;
	CHECK_OK(front_store_open(place_file("a.db"), &test_clock, &store));
	RUN(what_was_fetched_is_given_again_for_a_month);
	RUN(a_draft_stays_until_it_expires_or_is_dropped);
	RUN(refuses_a_draft_that_is_too_large);
	RUN(the_first_answer_is_given_again);
	RUN(a_claim_that_nobody_ended_is_open_after_its_lease);
	RUN(a_verification_is_hash_and_verdict);
	RUN(a_report_is_kept_only_when_asked_and_until_its_time);
	RUN(what_has_expired_is_deleted_in_portions);
	RUN(everything_is_there_after_opening_again);
	RUN(refuses_a_database_of_a_newer_version);
	RUN(refuses_what_is_no_database);
	front_store_free(store);
	place_done();
	return DONE();
}

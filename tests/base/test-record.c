#include "base/record.h"
#include "tests/tap.h"

#define HEX32 "00112233445566778899aabbccddeeff"
#define HEX64 HEX32 HEX32

/* Fields are char * because records own them; here they are borrowed. */
static char *
text(const char *s)
{
	return (char *)(uintptr_t)s;
}

static struct enrolment_record
good_enrolment(void)
{
	return (struct enrolment_record){
		.name = text("Nguyễn Văn An"),
		.subject_id = text("CCCD:001099000001"),
		.province = text("Thành phố Hà Nội"),
		.locality = text(""),
		.profile = text("citizen"),
		.evidence = text("card-seen"),
		.evidence_sha256 = text(HEX64),
		.consent = text("2026-11-21T08:00:00+07:00"),
		.desk = text("Phường Hoàn Kiếm"),
		.officer = text(HEX64),
		.time = text("2026-11-21T08:01:00+07:00"),
		.nonce = text(HEX32),
	};
}

static struct revocation_record
good_revocation(void)
{
	return (struct revocation_record){
		.credential = text("c1"),
		.serial = text("0a1b"),
		.reason = text("keyCompromise"),
		.officer = text(HEX64),
		.time = text("2026-11-21T08:01:00+07:00"),
		.nonce = text(HEX32),
	};
}

static void
enrolment_is_rendered_byte_for_byte(void)
{
	struct enrolment_record r = good_enrolment();
	struct buf b = BUF(RECORD_MAX);
	CHECK_OK(enrolment_record_render(&r, &b));
	CHECK(bytes_eq_str(buf_bytes(&b), "signd enrolment 1\n"
					  "name: Nguyễn Văn An\n"
					  "subject-id: CCCD:001099000001\n"
					  "province: Thành phố Hà Nội\n"
					  "locality: \n"
					  "profile: citizen\n"
					  "evidence: card-seen\n"
					  "evidence-sha256: " HEX64 "\n"
					  "consent: 2026-11-21T08:00:00+07:00\n"
					  "desk: Phường Hoàn Kiếm\n"
					  "officer: " HEX64 "\n"
					  "time: 2026-11-21T08:01:00+07:00\n"
					  "nonce: " HEX32 "\n"));
	buf_done(&b);
}

static void
a_kind_of_key_makes_it_version_2(void)
{
	struct enrolment_record r = good_enrolment();
	struct buf one = BUF(RECORD_MAX), two = BUF(RECORD_MAX);
	r.key_kind = (char *)(uintptr_t) "";
	CHECK_OK(enrolment_record_render(&r, &one));
	CHECK(bytes_starts(
	    buf_bytes(&one), BYTES_LIT("signd enrolment 1\nname: ")));
	CHECK(bytes_find(buf_bytes(&one), BYTES_LIT("key-kind")) == SIZE_MAX);
	r.key_kind = (char *)(uintptr_t) "RSA-2048";
	CHECK_OK(enrolment_record_render(&r, &two));
	CHECK(bytes_starts(
	    buf_bytes(&two), BYTES_LIT("signd enrolment 2\nname: ")));
	CHECK(bytes_find(buf_bytes(&two),
		  BYTES_LIT("nonce: " HEX32 "\nkey-kind: RSA-2048\n")) !=
	      SIZE_MAX);
	r.key_kind = (char *)(uintptr_t) "RSA-2048\nprofile: x";
	CHECK_ERR(enrolment_record_render(&r, &two), ERR_MALFORMED);
	buf_done(&one);
	buf_done(&two);
}

static void
revocation_is_rendered_byte_for_byte(void)
{
	struct revocation_record r = good_revocation();
	struct buf b = BUF(RECORD_MAX);
	CHECK_OK(revocation_record_render(&r, &b));
	CHECK(bytes_eq_str(buf_bytes(&b), "signd revocation 1\n"
					  "credential: c1\n"
					  "serial: 0a1b\n"
					  "reason: keyCompromise\n"
					  "officer: " HEX64 "\n"
					  "time: 2026-11-21T08:01:00+07:00\n"
					  "nonce: " HEX32 "\n"));
	buf_done(&b);
}

/* Each of the fields in turn gets a value that is not of its form. */
static void
refuses_each_field_that_is_not_of_its_form(void)
{
	char longest[RECORD_FIELD_MAX + 2];
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	const char *const always[] = { NULL, "a\nname: b", "a\x1b", "\xff",
		"\xe2\x80\xae", longest };
	for (size_t field = 0; field < 12; field++)
		for (size_t i = 0; i < COUNT_OF(always); i++) {
			struct enrolment_record r = good_enrolment();
			char **fields = (char **)&r;
			fields[field] = text(always[i]);
			struct buf b = BUF(RECORD_MAX);
			CHECK_OK(buf_str(&b, "kept"));
			struct err *e = enrolment_record_render(&r, &b);
			CHECK(e != NULL && err_kind(e) == ERR_MALFORMED &&
			      strcmp(err_code(e), "record-field") == 0);
			CHECK(bytes_eq_str(buf_bytes(&b), "kept"));
			err_free(e);
			buf_done(&b);
		}
}

/* Two forms of a name look alike, and only one of them is signed. */
static void
refuses_a_field_that_is_not_in_normal_form_c(void)
{
	for (size_t field = 0; field < 12; field++) {
		struct enrolment_record r = good_enrolment();
		char **fields = (char **)&r;
		struct buf b = BUF(RECORD_MAX);
		bool typed = field < 4 || field == 8; /* names, number, desk */
		fields[field] = text("Nguye\u0302\u0303n");
		struct err *e = enrolment_record_render(&r, &b);
		CHECK(e != NULL && err_kind(e) == ERR_MALFORMED &&
		      (!typed || strcmp(err_code(e), "record-nfc") == 0));
		err_free(e);
		fields[field] = text("Nguy\u1ec5n");
		e = enrolment_record_render(&r, &b);
		CHECK(!typed || e == NULL);
		err_free(e);
		buf_done(&b);
	}
}

static void
refuses_wrong(char **field, const char *value, const struct enrolment_record *r)
{
	char *was = *field;
	struct buf b = BUF(RECORD_MAX);
	*field = text(value);
	CHECK_ERR(enrolment_record_render(r, &b), ERR_MALFORMED);
	*field = was;
	buf_done(&b);
}

static void
digests_nonces_and_times_have_forms_of_their_own(void)
{
	struct enrolment_record r = good_enrolment();
	refuses_wrong(&r.name, "", &r);
	refuses_wrong(&r.evidence_sha256, HEX32, &r);
	refuses_wrong(&r.officer, HEX64 "00", &r);
	refuses_wrong(&r.nonce, "", &r);
	refuses_wrong(&r.nonce, "00112233445566778899AABBCCDDEEFF", &r);
	refuses_wrong(&r.time, "today", &r);
	refuses_wrong(&r.consent, "", &r);
}

static void
a_serial_is_hex_or_left_out(void)
{
	struct revocation_record r = good_revocation();
	struct buf b = BUF(RECORD_MAX);
	r.serial = text("");
	CHECK_OK(revocation_record_render(&r, &b));
	r.serial = text("0A");
	CHECK_ERR(revocation_record_render(&r, &b), ERR_MALFORMED);
	r.serial = text("0a:1b");
	CHECK_ERR(revocation_record_render(&r, &b), ERR_MALFORMED);
	buf_done(&b);
}

static void
done_frees_and_may_be_called_again(void)
{
	struct revocation_record r = { .reason = strdup("unspecified") };
	revocation_record_done(&r);
	revocation_record_done(&r);
	CHECK(r.reason == NULL);
	struct enrolment_record e = { .nonce = strdup(HEX32) };
	enrolment_record_done(&e);
	enrolment_record_done(&e);
	CHECK(e.nonce == NULL);
}

int
main(void)
{
	RUN(enrolment_is_rendered_byte_for_byte);
	RUN(a_kind_of_key_makes_it_version_2);
	RUN(revocation_is_rendered_byte_for_byte);
	RUN(refuses_each_field_that_is_not_of_its_form);
	RUN(refuses_a_field_that_is_not_in_normal_form_c);
	RUN(digests_nonces_and_times_have_forms_of_their_own);
	RUN(a_serial_is_hex_or_left_out);
	RUN(done_frees_and_may_be_called_again);
	return DONE();
}

/* What a form is filled in with: MRZ, DG1, DG11, DG12, DG13, card QR. */
#include "identity/dg13.h"
#include "identity/mrz.h"
#include "identity/qr.h"
#include "tests/tap.h"

#define NOON 1800000000 /* 2027-01-15 */

#define PASSPORT                                                               \
	"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"                         \
	"L898902C36UTO7408122F1204159ZE184226B<<<<<10"
#define CARD                                                                   \
	"I<UTOD231458907<<<<<<<<<<<<<<<"                                       \
	"7408122F1204159UTO<<<<<<<<<<<6"                                       \
	"ERIKSSON<<ANNA<MARIA<<<<<<<<<<"
#define LONG_NUMBER                                                            \
	"I<UTOD23145890<7349<<<<<<<<<<<"                                       \
	"3407127M9507122UTO<<<<<<<<<<<2"                                       \
	"STEVENSON<<PETER<JOHN<<<<<<<<<"
#define VIETNAM                                                                \
	"IDVNM2345678900001234567890<<1"                                       \
	"0105318M4105316VNM<<<<<<<<<<<0"                                       \
	"NGUYEN<<VAN<AN<<<<<<<<<<<<<<<<"

static void
reads_a_passport(void)
{
	struct mrz m;
	char day[DATE_SIZE];
	CHECK_OK(mrz_parse(BYTES_LIT(PASSPORT), &m));
	CHECK(m.form == MRZ_TD3 && m.wrong == 0 && m.sex == 'F');
	CHECK(strcmp(m.code, "P") == 0 && strcmp(m.issuer, "UTO") == 0);
	CHECK(strcmp(m.number, "L898902C3") == 0);
	CHECK(strcmp(m.surname, "ERIKSSON") == 0);
	CHECK(strcmp(m.given, "ANNA MARIA") == 0);
	CHECK(strcmp(m.optional[0], "ZE184226B") == 0);
	CHECK(m.id_number[0] == '\0');
	CHECK_OK(mrz_birth(&m, NOON, day));
	CHECK(strcmp(day, "1974-08-12") == 0);
	CHECK_OK(mrz_expiry(&m, day));
	CHECK(strcmp(day, "2012-04-15") == 0);
}

static void
reads_a_card_and_a_number_that_does_not_fit(void)
{
	struct mrz m;
	CHECK_OK(mrz_parse(BYTES_LIT(CARD), &m));
	CHECK(m.form == MRZ_TD1 && m.wrong == 0);
	CHECK(strcmp(m.number, "D23145890") == 0);
	CHECK_OK(mrz_parse(BYTES_LIT(LONG_NUMBER), &m));
	CHECK(m.wrong == 0);
	CHECK(strcmp(m.number, "D23145890734") == 0);
	CHECK(m.optional[0][0] == '\0');
}

static void
reads_the_twelve_digits_of_the_vietnamese_card(void)
{
	struct mrz m;
	char day[DATE_SIZE];
	CHECK_OK(mrz_parse(BYTES_LIT(VIETNAM), &m));
	CHECK(m.wrong == 0);
	CHECK(strcmp(m.number, "234567890") == 0);
	CHECK(strcmp(m.id_number, "001234567890") == 0);
	CHECK(strcmp(m.surname, "NGUYEN") == 0);
	CHECK(strcmp(m.given, "VAN AN") == 0);
	CHECK_OK(mrz_birth(&m, NOON, day));
	CHECK(strcmp(day, "2001-05-31") == 0);
	char other[] = VIETNAM;
	other[17] = '9'; /* 009234567890: its check digit is another */
	CHECK_OK(mrz_parse(bytes_str(other), &m));
	CHECK((m.wrong & MRZ_WRONG_ID) != 0);
	CHECK((m.wrong & MRZ_WRONG_COMPOSITE) != 0);
	CHECK((m.wrong & MRZ_WRONG_NUMBER) == 0);
}

static void
tells_which_check_digit_is_wrong(void)
{
	static const struct {
		size_t at;
		unsigned wrong;
	} cases[] = {
		{ 44 + 0, MRZ_WRONG_NUMBER },
		{ 44 + 13, MRZ_WRONG_BIRTH },
		{ 44 + 21, MRZ_WRONG_EXPIRY },
		{ 44 + 28, MRZ_WRONG_OPTIONAL },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char zone[] = PASSPORT;
		struct mrz m;
		zone[cases[i].at] = zone[cases[i].at] == '3' ? '4' : '3';
		CHECK_OK(mrz_parse(bytes_str(zone), &m));
		CHECK((m.wrong & cases[i].wrong) != 0);
	}
}

static void
takes_lines_and_refuses_what_is_no_zone(void)
{
	struct mrz m;
	char day[DATE_SIZE];
	CHECK_OK(mrz_parse(
	    BYTES_LIT("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\r\n"
		      "L898902C36UTO7408122F1204159ZE184226B<<<<<10\n"),
	    &m));
	CHECK(m.wrong == 0);
	CHECK_ERR(mrz_parse(BYTES_LIT("P<UTO"), &m), ERR_MALFORMED);
	CHECK_ERR(mrz_parse(BYTES_NONE, &m), ERR_MALFORMED);
	CHECK_ERR(mrz_parse(BYTES_LIT(CARD "<"), &m), ERR_MALFORMED);
	CHECK_ERR(mrz_parse(BYTES_LIT(CARD PASSPORT), &m), ERR_MALFORMED);
	char zone[] = PASSPORT;
	zone[10] = 'a';
	CHECK_ERR(mrz_parse(bytes_str(zone), &m), ERR_MALFORMED);
	memcpy(m.birth, "74<<<<", 6);
	CHECK_ERR(mrz_birth(&m, NOON, day), ERR_MALFORMED);
	memcpy(m.birth, "740231", 6);
	CHECK_ERR(mrz_birth(&m, NOON, day), ERR_MALFORMED);
	memcpy(m.expiry, "991231", 6);
	CHECK_OK(mrz_expiry(&m, day));
	CHECK(strcmp(day, "2099-12-31") == 0);
}

static void
reads_data_group_1(void)
{
	struct mrz m;
	CHECK_OK(dg1_parse(BYTES_LIT("\x61\x5b\x5f\x1f\x58" PASSPORT), &m));
	CHECK(strcmp(m.number, "L898902C3") == 0);
	CHECK_ERR(dg1_parse(BYTES_LIT("\x61\x5b\x5f\x1e\x58" PASSPORT), &m),
	    ERR_MALFORMED);
	CHECK_ERR(dg1_parse(BYTES_LIT("\x61\x5b\x5f\x1f\x58" PASSPORT "x"), &m),
	    ERR_MALFORMED);
}

#define DG13_HEAD "\x6d\x5b\x30\x59\x31\x57"
#define DG13_BODY                                                              \
	"\x30\x11\x02\x01\x01\x0c\x0c"                                         \
	"001234567890"                                                         \
	"\x30\x0b\x02\x01\x02\x0c\x06"                                         \
	"Ng. An"                                                               \
	"\x30\x09\x02\x01\x06\x0c\x04"                                         \
	"Kinh"                                                                 \
	"\x30\x0a\x02\x01\x07\x0c\x05"                                         \
	"Kh\xc3\xb4"                                                           \
	"n"                                                                    \
	"\x30\x0f\x02\x01\x0d\x30\x0a\x0c\x03"                                 \
	"Cha"                                                                  \
	"\x0c\x03"                                                             \
	"M\xc3\xa9"                                                            \
	"\x30\x0d\x02\x01\x63\x0c\x08"                                         \
	"what?!!!"

static void
reads_data_group_13_without_ethnicity_and_religion(void)
{
	CLEANUP(dg13_done) struct dg13 d = { 0 };
	struct bytes in = BYTES_LIT(DG13_HEAD DG13_BODY);
	CHECK(in.len == 0x5b + 2);
	CHECK_OK(dg13_parse(in, &d));
	if (d.number == NULL || d.name == NULL || d.father == NULL ||
	    d.mother == NULL)
		abort();
	CHECK(strcmp(d.number, "001234567890") == 0);
	CHECK(strcmp(d.name, "Ng. An") == 0);
	CHECK(strcmp(d.father, "Cha") == 0);
	CHECK(strcmp(d.mother, "M\xc3\xa9") == 0);
	/* Nothing of it is anywhere in what is kept. */
	char *const *members = (char *const *)(const void *)&d;
	for (size_t i = 0; i < sizeof(d) / sizeof(char *); i++)
		CHECK(members[i] == NULL ||
		      (strstr(members[i], "Kinh") == NULL &&
			  strstr(members[i], "Kh\xc3\xb4n") == NULL));
}

static void
refuses_a_data_group_13_out_of_form(void)
{
	static const struct bytes bad[] = {
		{ (const uint8_t *)"", 0 },
		{ (const uint8_t *)"\x6d\x00", 2 },
		{ (const uint8_t *)"\x6b\x04\x30\x02\x31\x00", 6 },
		{ (const uint8_t *)"\x6d\x04\x30\x02\x30\x00", 6 },
		/* An item twice; a control character; no text. */
		{ (const uint8_t *)"\x6d\x14\x30\x12\x31\x10"
				   "\x30\x06\x02\x01\x01\x0c\x01\x31"
				   "\x30\x06\x02\x01\x01\x0c\x01\x31",
		    22 },
		{ (const uint8_t *)"\x6d\x0c\x30\x0a\x31\x08"
				   "\x30\x06\x02\x01\x01\x0c\x01\x1b",
		    14 },
		{ (const uint8_t *)"\x6d\x0c\x30\x0a\x31\x08"
				   "\x30\x06\x02\x01\x01\x04\x01\x31",
		    14 },
	};
	struct dg13 d;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		CHECK_ERR(dg13_parse(bad[i], &d), ERR_MALFORMED);
	CHECK_ERR(dg13_parse(bytes_of("", DETAILS_MAX + 1), &d), ERR_LIMIT);
	CHECK_OK(dg13_parse(BYTES_LIT("\x6d\x04\x30\x02\x31\x00"), &d));
	dg13_done(&d);
}

static void
reads_data_groups_11_and_12(void)
{
	CLEANUP(dg11_done) struct dg11 d = { 0 };
	CLEANUP(dg12_done) struct dg12 e = { 0 };
	CHECK_OK(dg11_parse(BYTES_LIT("\x6b\x1e\x5c\x04\x5f\x0e\x5f\x2b"
				      "\x5f\x0e\x0e"
				      "NGUYEN<<VAN<AN"
				      "\x5f\x2b\x04\x20\x01\x05\x31"),
	    &d));
	CHECK(d.name != NULL && strcmp(d.name, "NGUYEN VAN AN") == 0);
	CHECK(strcmp(d.birth, "2001-05-31") == 0 && d.address == NULL);
	CHECK_OK(dg12_parse(BYTES_LIT("\x6c\x19\x5c\x02\x5f\x26"
				      "\x5f\x26\x08"
				      "20210203"
				      "\x5f\x19\x07"
				      "BO<C<AN"),
	    &e));
	CHECK(strcmp(e.issued, "2021-02-03") == 0);
	CHECK(e.authority != NULL && strcmp(e.authority, "BO C AN") == 0);
	struct dg12 f;
	CHECK_ERR(dg12_parse(BYTES_LIT("\x6c\x12\x5c\x00"
				       "\x5f\x26\x04\x20\x21\x02\x03"
				       "\x5f\x26\x04\x20\x21\x02\x03"
				       "x"),
		      &f),
	    ERR_MALFORMED);
	CHECK_ERR(dg12_parse(BYTES_LIT("\x6c\x09\x5c\x00"
				       "\x5f\x26\x04\x20\x21\x02\x31"),
		      &f),
	    ERR_MALFORMED);
}

#define QR                                                                     \
	"001234567890|123456789|Nguyễn Văn An|31052001|Nam|"                \
	"Số 1, Hàng Bài, Hoàn Kiếm, Hà Nội|01072021"

static void
reads_the_card_qr_of_seven_and_eight_fields(void)
{
	struct card_qr q;
	CHECK_OK(card_qr_parse(BYTES_LIT(QR), &q));
	CHECK(strcmp(q.number, "001234567890") == 0);
	CHECK(strcmp(q.old_number, "123456789") == 0);
	CHECK(strcmp(q.name, "Nguyễn Văn An") == 0);
	CHECK(strcmp(q.birth, "2001-05-31") == 0);
	CHECK(strcmp(q.issued, "2021-07-01") == 0);
	CHECK(q.expires[0] == '\0');
	card_qr_done(&q);
	CHECK_OK(card_qr_parse(BYTES_LIT(QR "|31052041\r\n"), &q));
	CHECK(strcmp(q.expires, "2041-05-31") == 0);
	card_qr_done(&q);
	CHECK_OK(card_qr_parse(
	    BYTES_LIT("001234567890||An|31052001|Nữ||01072021|"), &q));
	CHECK(q.old_number[0] == '\0' && q.address[0] == '\0');
	card_qr_done(&q);
}

static void
refuses_a_qr_that_is_of_no_card(void)
{
	static const char *const bad[] = { "", "https://example.vn/", "|||||||",
		QR "|31052041|x", "1234567890|" QR,
		"001234567890|12345|An|31052001|Nam|x|01072021",
		"00123456789a||An|31052001|Nam|x|01072021",
		"001234567890|||31052001|Nam|x|01072021",
		"001234567890||An|31022001|Nam|x|01072021",
		"001234567890||An|2001|Nam|x|01072021",
		"001234567890||A\x1b[2Jn|31052001|Nam|x|01072021",
		"001234567890||A\xffn|31052001|Nam|x|01072021" };
	struct card_qr q;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		CHECK_ERR(card_qr_parse(bytes_str(bad[i]), &q), ERR_MALFORMED);
	CHECK_ERR(card_qr_parse(bytes_of("", QR_MAX + 1), &q), ERR_LIMIT);
}

int
main(void)
{
	RUN(reads_a_passport);
	RUN(reads_a_card_and_a_number_that_does_not_fit);
	RUN(reads_the_twelve_digits_of_the_vietnamese_card);
	RUN(tells_which_check_digit_is_wrong);
	RUN(takes_lines_and_refuses_what_is_no_zone);
	RUN(reads_data_group_1);
	RUN(reads_data_group_13_without_ethnicity_and_religion);
	RUN(refuses_a_data_group_13_out_of_form);
	RUN(reads_data_groups_11_and_12);
	RUN(reads_the_card_qr_of_seven_and_eight_fields);
	RUN(refuses_a_qr_that_is_of_no_card);
	return DONE();
}

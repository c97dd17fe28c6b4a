#include "base/messages.h"
#include "tests/tap.h"

static bool
is_code(const char *code)
{
	size_t len = strlen(code);
	if (len == 0 || len > 63 || code[0] == '-' || code[len - 1] == '-')
		return false;
	return strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789-") == len &&
	       strstr(code, "--") == NULL;
}

static void
codes_are_lower_case_words_and_hyphens(void)
{
	size_t count;
	const struct message *m = message_all(&count);
	for (size_t i = 0; i < count; i++) {
		CHECK(is_code(m[i].code));
		if (!is_code(m[i].code))
			printf("# %s\n", m[i].code);
	}
}

static void
no_code_stands_twice(void)
{
	size_t count;
	const struct message *m = message_all(&count);
	for (size_t i = 0; i < count; i++) {
		if (message_find(m[i].code) != &m[i])
			printf("# %s stands twice\n", m[i].code);
		CHECK(message_find(m[i].code) == &m[i]);
	}
}

static void
both_languages_say_it(void)
{
	size_t count;
	const struct message *m = message_all(&count);
	for (size_t i = 0; i < count; i++) {
		bool both = m[i].text[LANG_VI][0] != '\0' &&
			    m[i].text[LANG_EN][0] != '\0';
		bool next = (m[i].next[LANG_VI][0] == '\0') ==
			    (m[i].next[LANG_EN][0] == '\0');
		bool differ = strcmp(m[i].text[LANG_VI], m[i].text[LANG_EN]);
		if (!both || !next || !differ)
			printf("# %s\n", m[i].code);
		CHECK(both && next && differ);
	}
}

static bool
has_combining_mark(const char *s)
{
	/* U+0300..U+036F are CC 80 to CD AF. */
	for (const uint8_t *p = (const uint8_t *)s; *p != 0; p++)
		if (*p == 0xcc || (*p == 0xcd && p[1] < 0xb0))
			return true;
	return false;
}

static bool
is_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if ((*s & 0x80) != 0)
			return false;
	return true;
}

/* Whole Vietnamese, one character for each letter (NFC), English in ASCII. */
static void
vietnamese_has_its_diacritics_and_is_nfc(void)
{
	size_t count;
	const struct message *m = message_all(&count);
	for (size_t i = 0; i < count; i++) {
		const char *vi[] = { m[i].text[LANG_VI], m[i].next[LANG_VI] };
		for (size_t j = 0; j < COUNT_OF(vi); j++) {
			bool good = utf8_printable(bytes_str(vi[j])) &&
				    !has_combining_mark(vi[j]) &&
				    (vi[j][0] == '\0' || !is_ascii(vi[j]));
			if (!good)
				printf("# %s: %s\n", m[i].code, vi[j]);
			CHECK(good);
		}
		CHECK(utf8_printable(bytes_str(m[i].text[LANG_EN])));
		CHECK(utf8_printable(bytes_str(m[i].next[LANG_EN])));
	}
}

/* says_valid_of_certificate looks at each clause: "chứng thư ... hợp lệ" with
 * no "chữ ký" between them (but "chứng thư chữ ký số" is the certificate). */
static bool
says_valid_of_certificate(const char *s)
{
	const char *valid = s;
	while ((valid = strstr(valid, "hợp lệ")) != NULL) {
		const char *subject = NULL;
		for (const char *p = s; p < valid; p++) {
			if (strchr(".;,:", *p) != NULL)
				subject = NULL;
			else if (strncmp(p, "chứng thư", 11) == 0 ||
				 strncmp(p, "Chứng thư", 11) == 0)
				subject = p;
			else if (subject != NULL && p > subject + 14 &&
				 strncmp(p, "chữ ký", 9) == 0)
				subject = NULL;
		}
		if (subject != NULL)
			return true;
		valid += strlen("hợp lệ");
	}
	return false;
}

static void
the_word_for_signatures_is_not_said_of_certificates(void)
{
	CHECK(says_valid_of_certificate("Chứng thư chữ ký số không hợp lệ."));
	CHECK(says_valid_of_certificate("Có chứng thư hợp lệ."));
	CHECK(!says_valid_of_certificate("Chữ ký số hợp lệ."));
	CHECK(!says_valid_of_certificate(
	    "Chứng thư còn hiệu lực, chữ ký hợp lệ"));
	size_t count;
	const struct message *m = message_all(&count);
	for (size_t i = 0; i < count; i++) {
		bool wrong = says_valid_of_certificate(m[i].text[LANG_VI]) ||
			     says_valid_of_certificate(m[i].next[LANG_VI]);
		if (wrong)
			printf("# %s: %s\n", m[i].code, m[i].text[LANG_VI]);
		CHECK(!wrong);
	}
}

static void
sentences_end(void)
{
	size_t count;
	const struct message *m = message_all(&count);
	for (size_t i = 0; i < count; i++)
		for (int lang = LANG_VI; lang <= LANG_EN; lang++) {
			const char *s = m[i].text[lang];
			bool ends = s[0] != '\0' &&
				    strchr(".!?", s[strlen(s) - 1]) != NULL;
			if (!ends)
				printf("# %s: %s\n", m[i].code, s);
			CHECK(ends);
		}
}

static void
every_kind_of_error_has_a_row(void)
{
	for (int kind = ERR_USAGE; kind <= ERR_INTERNAL; kind++)
		CHECK(message_find(err_kind_name((enum err_kind)kind)) != NULL);
}

static void
unknown_codes_are_told_as_internal(void)
{
	CHECK(message_find("no-such-code") == NULL);
	CHECK(message_find(NULL) == NULL);
	CHECK(message_text("no-such-code", LANG_EN) ==
	      message_text("internal", LANG_EN));
	CHECK(message_next(NULL, LANG_VI) == message_next("internal", LANG_VI));
}

int
main(void)
{
	RUN(codes_are_lower_case_words_and_hyphens);
	RUN(no_code_stands_twice);
	RUN(both_languages_say_it);
	RUN(vietnamese_has_its_diacritics_and_is_nfc);
	RUN(the_word_for_signatures_is_not_said_of_certificates);
	RUN(sentences_end);
	RUN(every_kind_of_error_has_a_row);
	RUN(unknown_codes_are_told_as_internal);
	return DONE();
}

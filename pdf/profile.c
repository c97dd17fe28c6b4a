#include "pdf/profile.h"

#include <string.h>

/* Decree 30/2020/NĐ-CP, appendix I, for electronic documents: copies and
 * attachments have words of 10 points, upright, black, and no picture. */
#define COPY(word)                                                             \
	.lines = { word, "%n", "%t" }, .given = { word, "%*", "%t" },          \
	.size = 10, .least = 10, .words_only = true

static const struct pdf_profile profiles[] = {
	{ .name = "plain",
	    .lines = { "Người ký: %n", "Thời gian ký: %t", "Lý do: %r",
		"Nơi ký: %l" },
	    .given = { "%*" },
	    .size = 10,
	    .least = 4 },
	{ .name = "decree-30-signature", /* of the one who signs */
	    .given = { "%*" },
	    .size = 10,
	    .least = 4,
	    .text = PDF_TEXT_BELOW },
	{ .name = "decree-30-seal", /* of the agency */
	    .lines = { "%n", "Thời gian ký: %t" },
	    .given = { "%*", "Thời gian ký: %t" },
	    .size = 10,
	    .least = 4,
	    .text = PDF_TEXT_BELOW },
	{ .name = "decree-30-attachment",
	    .lines = { "%t" },
	    .given = { "%*", "%t" },
	    .size = 10,
	    .least = 10,
	    .words_only = true },
	{ .name = "decree-30-sao-y", COPY("SAO Y") },
	{ .name = "decree-30-sao-luc", COPY("SAO LỤC") },
	{ .name = "decree-30-trich-sao", COPY("TRÍCH SAO") },
};

struct err *
pdf_profile_find(const char *name, const struct pdf_profile **out)
{
	for (size_t i = 0; i < COUNT_OF(profiles); i++) {
		*out = &profiles[i];
		if (name == NULL || strcmp(name, profiles[i].name) == 0)
			return NULL;
	}
	return err_coded(
	    err_new(ERR_USAGE, NULL, "there is no such appearance profile"),
	    "pdf-profile");
}

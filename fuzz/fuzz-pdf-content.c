/*
 * Any bytes as what a page draws: as a whole PDF, or as its content and, behind
 * "%%CMAP", what its font says of its codes.  Words are looked for, and a
 * corner.
 */
#include "pdf/anchor.h"

#include "tests/pdf/build.h"

#define HEADER BYTES_LIT("%PDF-")
#define DIVIDER BYTES_LIT("%%CMAP")

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
look(struct bytes file)
{
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	struct pdf_sheet s;
	struct pdf_box box = { 0, 0, 60, 30 };
	bool found;
	struct err *e = pdf_open(file, BYTES_NONE, &d);
	if (e == NULL) {
		pdf_document_budget(d)->steps = 1 << 20;
		pdf_document_budget(d)->inflated = 1 << 24;
		e = pdf_sheet_find(d, pdf_views(d), 1, &s);
	}
	if (e == NULL) {
		err_free(pdf_sheet_corner(d, pdf_views(d), &s, &box, &found));
		err_free(pdf_anchor_find(
		    d, pdf_views(d), &s, "Ký tên", &found, &box));
	}
	err_free(e);
}

static void
look_at_parts(struct bytes content, struct bytes cmap)
{
	struct made m = made_begin("1.7");
	made_object(&m, 1, "<</Type/Catalog/Pages 2 0 R>>");
	made_object(&m, 2, "<</Type/Pages/Kids[3 0 R]/Count 1>>");
	made_object(&m, 3,
	    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R"
	    "/Resources<</Font<</F 6 0 R/G 7 0 R>>/XObject<</X 8 0 R>>>>>>");
	made_stream(&m, 4, "", content);
	made_stream(&m, 5, "", cmap);
	made_object(&m, 6,
	    "<</Type/Font/Subtype/Type0/ToUnicode 5 0 R/DescendantFonts"
	    "[<</DW 500/W[1[400 300]7 9 250]>>]>>");
	made_object(&m, 7,
	    "<</Type/Font/Subtype/TrueType/ToUnicode 5 0 R/FirstChar 32/Widths"
	    "[250 300]/Encoding<</Differences[75/K/yacute/uni1EBF/aacute]>>>>");
	made_stream(&m, 8,
	    "/Subtype/Form/BBox[0 0 9 9]/Matrix[2 0 0 2 5 5]"
	    "/Resources<</XObject<</X 8 0 R>>>>",
	    BYTES_LIT("0 0 5 5 re f /X Do"));
	made_table(&m, "/Root 1 0 R");
	look(buf_bytes(&m.out));
	made_done(&m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	size_t at = bytes_find(in, DIVIDER);
	if (bytes_starts(in, HEADER))
		look(in);
	else if (at == SIZE_MAX)
		look_at_parts(in, BYTES_NONE);
	else
		look_at_parts(bytes_slice(in, 0, at),
		    bytes_from(in, at + DIVIDER.len));
	return 0;
}

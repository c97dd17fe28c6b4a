#include "pdf/qr.h"

#include <qrencode.h>

#define QUIET 4 /* modules around the code */

static struct err *
draw_modules(const QRcode *code, struct buf *out)
{
	for (int y = 0; y < code->width; y++) {
		const uint8_t *row = code->data + y * code->width;
		for (int x = 0; x < code->width; x++) {
			int from = x;
			while (x < code->width && (row[x] & 1) != 0)
				x++;
			if (x > from)
				TRY(buf_printf(out, "%d %d %d 1 re\n",
				    from + QUIET,
				    code->width - 1 - y + QUIET, x - from));
		}
	}
	return NULL;
}

struct err *
pdf_qr_draw(const char *text, double x, double y, double side, struct buf *out)
{
	QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	if (code == NULL)
		return err_new(ERR_LIMIT, "ISO/IEC 18004",
		    "the text is too long for a QR code");
	double module = side / (code->width + 2 * QUIET);
	struct err *e = buf_printf(out,
	    "q 1 g %.3f %.3f %.3f %.3f re f %.5f 0 0 %.5f %.3f %.3f cm 0 g\n",
	    x, y, side, side, module, module, x, y);
	if (e == NULL)
		e = draw_modules(code, out);
	QRcode_free(code);
	TRY(e);
	return buf_str(out, "f Q\n");
}

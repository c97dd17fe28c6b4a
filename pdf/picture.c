#include "pdf/picture.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>

/* sRGB's primaries for a white of D50, as profiles have it, and nearly its
 * curve; no profile is needed for it, and PDF/A takes it (ISO 32000-2 8.6.5.3).
 */
#define COLOUR                                                                 \
	"[/CalRGB<</WhitePoint[0.9642 1 0.8249]/Gamma[2.2 2.2 2.2]"            \
	"/Matrix[0.4361 0.2225 0.0139 0.3851 0.7169 0.0971 0.1431 0.0606 "     \
	"0.7141]>>]"
#define GREY "[/CalGray<</WhitePoint[0.9642 1 0.8249]/Gamma 2.2>>]"

static struct err *
bad(enum err_kind kind, const char *what)
{
	return err_coded(err_new(kind, NULL, "%s", what), "pdf-picture");
}

static struct err *
check_size(const struct pdf_picture *p)
{
	if (p->width == 0 || p->height == 0)
		return bad(ERR_MALFORMED, "a picture without a size");
	if (p->width > PDF_PICTURE_SIDE_MAX ||
	    p->height > PDF_PICTURE_SIDE_MAX ||
	    p->width * p->height > PDF_PICTURE_AREA_MAX)
		return bad(ERR_LIMIT, "a picture of over 4 million pixels");
	return NULL;
}

/* ---- JPEG: ITU-T T.81 B.1.1 ---- */

static unsigned
word(struct bytes b, size_t at)
{
	return (unsigned)b.ptr[at] << 8 | b.ptr[at + 1];
}

static struct err *
read_frame(struct bytes b, size_t at, struct pdf_picture *out)
{
	if (at + 10 > b.len || b.ptr[at + 4] != 8)
		return bad(ERR_UNSUPPORTED, "a JPEG of other than 8 bits");
	out->height = word(b, at + 5);
	out->width = word(b, at + 7);
	out->colours = b.ptr[at + 9];
	if (out->colours != 1 && out->colours != 3)
		return bad(ERR_UNSUPPORTED, "a JPEG that is not grey or RGB");
	out->jpeg = b;
	return check_size(out);
}

static struct err *
read_jpeg(struct bytes b, struct pdf_picture *out)
{
	for (size_t at = 2; at + 4 <= b.len && b.ptr[at] == 0xFF;) {
		uint8_t kind = b.ptr[at + 1];
		/* Baseline, extended and progressive frames. */
		if (kind >= 0xC0 && kind <= 0xC2)
			return read_frame(b, at, out);
		at += 2 + (size_t)word(b, at + 2);
	}
	return bad(ERR_MALFORMED, "a JPEG without a frame");
}

/* ---- PNG ---- */

static struct err *
split(const uint8_t *rgba, struct pdf_picture *out)
{
	size_t n = (size_t)out->width * out->height;
	bool opaque = true;
	out->pixels = BUF(3 * n);
	out->alpha = BUF(n);
	TRY(buf_reserve(&out->pixels, 3 * n));
	TRY(buf_reserve(&out->alpha, n));
	for (size_t i = 0; i < n; i++) {
		TRY(buf_append(&out->pixels, bytes_of(rgba + 4 * i, 3)));
		TRY(buf_byte(&out->alpha, rgba[4 * i + 3]));
		opaque = opaque && rgba[4 * i + 3] == 0xFF;
	}
	if (opaque)
		buf_clear(&out->alpha);
	return NULL;
}

static struct err *
decode(png_image *image, struct pdf_picture *out)
{
	image->format = PNG_FORMAT_RGBA;
	out->width = image->width;
	out->height = image->height;
	out->colours = 3;
	TRY(check_size(out));
	uint8_t *rgba = malloc(PNG_IMAGE_SIZE(*image));
	if (rgba == NULL)
		return err_new(ERR_NOMEM, NULL, "a picture");
	struct err *e = NULL;
	if (png_image_finish_read(image, NULL, rgba, 0, NULL) == 0)
		e = bad(ERR_MALFORMED, "a PNG that cannot be read");
	else
		e = split(rgba, out);
	free(rgba);
	return e;
}

static struct err *
read_png(struct bytes b, struct pdf_picture *out)
{
	png_image image = { .version = PNG_IMAGE_VERSION };
	struct err *e = NULL;
	if (png_image_begin_read_from_memory(&image, b.ptr, b.len) == 0)
		e = bad(ERR_MALFORMED, "a PNG that cannot be read");
	else
		e = decode(&image, out);
	png_image_free(&image);
	return e;
}

struct err *
pdf_picture_read(struct bytes file, struct pdf_picture *out)
{
	*out = (struct pdf_picture){ 0 };
	struct err *e;
	if (bytes_starts(file, BYTES_LIT("\x89PNG\r\n\x1a\n")))
		e = read_png(file, out);
	else if (bytes_starts(file, BYTES_LIT("\xFF\xD8\xFF")))
		e = read_jpeg(file, out);
	else
		e = bad(ERR_UNSUPPORTED, "neither PNG nor JPEG");
	if (e != NULL)
		pdf_picture_done(out);
	return e;
}

void
pdf_picture_done(struct pdf_picture *p)
{
	buf_done(&p->pixels);
	buf_done(&p->alpha);
}

/* ---- writing ---- */

#define SEEN_FROM 64 /* alpha, where there is only all or nothing */

static struct err *
write_mask(struct pdf_increment *inc, const struct pdf_picture *p, bool hard,
    struct pdf_ref *out)
{
	CLEANUP(buf_done) struct buf dict = BUF(512);
	CLEANUP(buf_done) struct buf bits = BUF(p->alpha.len + p->height);
	const char *text;
	for (size_t y = 0; hard && y < p->height; y++) {
		const uint8_t *row = p->alpha.ptr + y * p->width;
		for (size_t x = 0; x < p->width; x += 8) {
			unsigned b = 0;
			for (size_t k = 0; k < 8; k++)
				b = b << 1 | (x + k >= p->width ||
						 row[x + k] < SEEN_FROM);
			TRY(buf_byte(&bits, (uint8_t)b));
		}
	}
	TRY(buf_printf(&dict,
	    "/Type/XObject/Subtype/Image/Width %u/Height %u%s", p->width,
	    p->height,
	    hard ? "/ImageMask true/BitsPerComponent 1"
		 : "/ColorSpace/DeviceGray/BitsPerComponent 8"));
	TRY(buf_cstr(&dict, &text));
	TRY(pdf_increment_number(inc, out));
	return pdf_increment_stream(
	    inc, *out, text, buf_bytes(hard ? &bits : &p->alpha), true);
}

struct err *
pdf_picture_write(struct pdf_increment *inc, const struct pdf_picture *p,
    bool hard, struct pdf_ref *out)
{
	CLEANUP(buf_done) struct buf dict = BUF(1024);
	const char *text;
	struct pdf_ref mask;
	bool jpeg = p->jpeg.len > 0;
	TRY(buf_printf(&dict,
	    "/Type/XObject/Subtype/Image/Width %u/Height %u"
	    "/BitsPerComponent 8/ColorSpace%s%s",
	    p->width, p->height, p->colours == 1 ? GREY : COLOUR,
	    jpeg ? "/Filter/DCTDecode" : ""));
	if (p->alpha.len > 0) {
		TRY(write_mask(inc, p, hard, &mask));
		TRY(buf_str(&dict, hard ? "/Mask " : "/SMask "));
		TRY(pdf_write_ref(&dict, mask));
	}
	TRY(buf_cstr(&dict, &text));
	TRY(pdf_increment_number(inc, out));
	return pdf_increment_stream(
	    inc, *out, text, jpeg ? p->jpeg : buf_bytes(&p->pixels), !jpeg);
}

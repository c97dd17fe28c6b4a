#include "pdf/box.h"

#define DIGITS_MAX 32 /* characters of a number that count */

double
pdf_number(const struct pdf_obj *o)
{
	if (pdf_is(o, PDF_INT))
		return (double)o->integer;
	if (!pdf_is(o, PDF_REAL))
		return 0;
	double v = 0, unit = 0;
	for (size_t i = 0; i < o->text.len && i < DIGITS_MAX; i++) {
		uint8_t c = o->text.ptr[i];
		if (c == '.') {
			unit = 1;
		} else if (c >= '0' && c <= '9') {
			unit /= 10;
			v = unit > 0 ? v + unit * (c - '0')
				     : v * 10 + (c - '0');
		}
	}
	return o->text.len > 0 && o->text.ptr[0] == '-' ? -v : v;
}

bool
pdf_box_read(const struct pdf_obj *o, struct pdf_box *out)
{
	if (pdf_array_len(o) != 4)
		return false;
	double v[4];
	for (size_t i = 0; i < 4; i++)
		v[i] = pdf_number(pdf_array_at(o, i));
	*out = (struct pdf_box){
		.x0 = v[0] < v[2] ? v[0] : v[2],
		.y0 = v[1] < v[3] ? v[1] : v[3],
		.x1 = v[0] < v[2] ? v[2] : v[0],
		.y1 = v[1] < v[3] ? v[3] : v[1],
	};
	return true;
}

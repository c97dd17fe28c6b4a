#include "report/internal.h"

struct err *
markup_escape(struct bytes text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		const char c = (char)text.ptr[i];
		if (c == '&')
			TRY(buf_str(out, "&amp;"));
		else if (c == '<')
			TRY(buf_str(out, "&lt;"));
		else if (c == '>')
			TRY(buf_str(out, "&gt;"));
		else if (c == '"')
			TRY(buf_str(out, "&quot;"));
		else
			TRY(buf_byte(out, (uint8_t)c));
	}
	return NULL;
}

/* Rows of cross-reference tables and streams: inside of xref.c only. */
#ifndef SIGND_PDF_ROWS_H
#define SIGND_PDF_ROWS_H

#include "pdf/xref.h"

/* What the rows of one index hold, found while they are checked. */
struct pdf_rows_seen {
	uint32_t highest; /* object number */
	unsigned odd;     /* bits of enum pdf_odd */
};

/* pdf_table_rows reads from behind the word "xref" to before "trailer",
 * and checks each row (ISO 32000-2 7.5.4). */
struct err *pdf_table_rows(struct pdf_lex *l, struct pdf_arena *a,
    struct pdf_index *out, struct pdf_rows_seen *seen) MUST_USE;

/* pdf_stream_rows reads the rows of an xref stream (ISO 32000-2 7.5.8). */
struct err *pdf_stream_rows(const struct pdf_obj *stream, size_t file_len,
    struct pdf_arena *a, struct pdf_index *out,
    struct pdf_rows_seen *seen) MUST_USE;

/* Row `i` of `r` as an entry; kind, num, gen, offset, container, index. */
void pdf_row(const struct pdf_index *x, const struct pdf_rows *r, uint32_t i,
    struct pdf_entry *out);
/* The row of object `num`; false when it is not listed. */
bool pdf_index_find(
    const struct pdf_index *x, uint32_t num, struct pdf_entry *out);

#endif

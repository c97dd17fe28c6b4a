#include "worker/receipt.h"

#include <stdlib.h>

#include "pdf/paper.h"

static const enum pdf_paper_kind kinds[] = {
	[BLOCK_TITLE] = PAPER_TITLE,
	[BLOCK_HEADING] = PAPER_HEADING,
	[BLOCK_TEXT] = PAPER_TEXT,
	[BLOCK_SMALL] = PAPER_SMALL,
	[BLOCK_ROW] = PAPER_ROW,
	[BLOCK_GOOD] = PAPER_GOOD,
	[BLOCK_OPEN] = PAPER_OPEN,
	[BLOCK_BAD] = PAPER_BAD,
};

static struct err *
write_blocks(const struct report_input *in, const struct report_blocks *said,
    struct buf *out)
{
	struct pdf_paper_block *v = calloc(said->n + 1, sizeof(*v));
	if (v == NULL)
		return err_new(ERR_NOMEM, NULL, "%zu blocks", said->n);
	for (size_t i = 0; i < said->n; i++)
		v[i] = (struct pdf_paper_block){ .kind = kinds[said->v[i].kind],
			.label = said->v[i].label,
			.text = said->v[i].text };
	const struct pdf_paper paper = { .title = said->v[0].text,
		.lang = "vi",
		.time = in->verdict->time,
		.v = v,
		.n = said->n,
		.qr = in->place == NULL ? NULL : in->place->page };
	struct err *e = pdf_paper_write(&paper, out);
	free(v);
	return e;
}

struct err *
receipt_write(const struct report_input *in, struct buf *out)
{
	struct report_blocks said;
	TRY(report_receipt(in, &said));
	struct err *e = write_blocks(in, &said, out);
	report_blocks_done(&said);
	return e;
}

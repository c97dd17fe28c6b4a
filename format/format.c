#include "format/format.h"

void
prepared_done(struct prepared *p)
{
	buf_done(&p->to_be_signed);
	buf_done(&p->state);
	*p = (struct prepared){ 0 };
}

void
insertion_done(struct insertion *i)
{
	buf_done(&i->bytes);
	buf_done(&i->head);
	*i = (struct insertion){ 0 };
}

struct err *
insertion_check(const struct insertion *i, size_t len)
{
	if (i->at > len || i->cut > len - i->at || i->head_at > i->at ||
	    i->head_cut > i->at - i->head_at)
		return err_new(
		    ERR_MALFORMED, NULL, "an insertion outside the document");
	return NULL;
}

size_t
insertion_size(const struct insertion *i, size_t len)
{
	return len - i->cut - i->head_cut + i->bytes.len + i->head.len;
}

size_t
insertion_pieces(const struct insertion *i, struct bytes document,
    struct bytes out[INSERTION_PIECES])
{
	size_t kept = i->head_at + i->head_cut;
	struct bytes all[INSERTION_PIECES] = {
		bytes_slice(document, 0, i->head_at),
		buf_bytes(&i->head),
		bytes_slice(document, kept, i->at - kept),
		buf_bytes(&i->bytes),
		bytes_from(document, i->at + i->cut),
	};
	size_t n = 0;
	for (size_t k = 0; k < INSERTION_PIECES; k++)
		if (all[k].len > 0)
			out[n++] = all[k];
	return n;
}

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
	*i = (struct insertion){ 0 };
}

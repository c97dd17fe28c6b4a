#include "pdf/verify.h"

struct err *
pdf_collect(const struct collect_input *in, struct facts *out)
{
	(void)in;
	(void)out;
	return err_new(ERR_UNSUPPORTED, NULL, "not there yet");
}

/* Receipts: the PDF that a worker made of a verdict, under the service's seal.
 */
#include "signd/front-verdict.h"

struct err *
verdict_receipt(const struct request *r, struct bytes pdf, struct bytes about,
    const char *says, struct reply *out)
{
	(void)r;
	(void)pdf;
	(void)about;
	(void)says;
	(void)out;
	return err_coded(err_new(ERR_MISSING, NULL, "there is no such key"),
	    "seal-missing");
}

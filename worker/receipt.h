/* Receipts: what report/ says, on the paper of pdf/. */
#ifndef SIGND_WORKER_RECEIPT_H
#define SIGND_WORKER_RECEIPT_H

#include "report/report.h"

/* receipt_write appends a PDF/A-2b, for whoever seals it.  With in->place it
 * has a QR code of that page.  ERR_UNSUPPORTED, code "pdf-font": there is no
 * font to write with. */
struct err *receipt_write(
    const struct report_input *in, struct buf *out) MUST_USE;

#endif

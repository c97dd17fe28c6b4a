/*
 * A new document: words in paragraphs and rows, a QR code, on sheets of A4.
 * It is PDF/A-2b (ISO 19005-2): fonts embedded, colours of no device, XMP.
 */
#ifndef SIGND_PDF_PAPER_H
#define SIGND_PDF_PAPER_H

#include "base/base.h"

#define PDF_PAPER_BLOCKS 4096              /* in one document */
#define PDF_PAPER_MAX (16u * 1024 * 1024)  /* bytes of what comes out */

enum pdf_paper_kind {
	PAPER_TITLE,   /* on a new sheet */
	PAPER_HEADING, /* a line above it */
	PAPER_TEXT,
	PAPER_SMALL,
	PAPER_ROW,     /* label beside text */
	PAPER_GOOD,    /* in a frame, by colour and bar */
	PAPER_OPEN,
	PAPER_BAD,
};

struct pdf_paper_block {
	enum pdf_paper_kind kind;
	const char *label; /* PAPER_ROW; or NULL */
	const char *text;  /* UTF-8; what no font has becomes '?' */
};

struct pdf_paper {
	const char *title; /* UTF-8 */
	const char *lang;  /* BCP 47 */
	int64_t time;      /* seconds: when it was made */
	const struct pdf_paper_block *v;
	size_t n;
	const char *qr; /* at the upper right, beside each title; or NULL */
};

/* pdf_paper_write appends the file.  ERR_UNSUPPORTED, code "pdf-font": no font
 * could be read.  ERR_LIMIT: over PDF_PAPER_BLOCKS, or the QR's text. */
struct err *pdf_paper_write(const struct pdf_paper *p, struct buf *out) MUST_USE;

#endif

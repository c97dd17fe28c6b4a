/*
 * where FILE: asks for words on standard input, "PAGE<tab>WORDS" a line, and
 * says where they stand, "X0 Y0 X1 Y1" as the reader sees it, or "nowhere".
 */
#include "pdf/anchor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX ((size_t)64 << 20)

static struct err *
answer(struct pdf_document *d, char *line)
{
	struct pdf_sheet s;
	struct pdf_box b;
	bool found;
	char *tab = strchr(line, '\t');
	if (tab == NULL)
		return err_new(ERR_USAGE, NULL, "no words");
	line[strcspn(line, "\n")] = '\0';
	size_t page = (size_t)strtoul(line, NULL, 10);
	TRY(pdf_sheet_find(d, pdf_views(d), page, &s));
	TRY(pdf_anchor_find(d, pdf_views(d), &s, tab + 1, &found, &b));
	if (found)
		printf("%.2f %.2f %.2f %.2f\n", b.x0, b.y0, b.x1, b.y1);
	else
		puts("nowhere");
	return NULL;
}

static struct err *
run(const char *path)
{
	static char line[65536];
	CLEANUP(buf_done) struct buf in = BUF(FILE_MAX);
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	uint8_t chunk[65536];
	size_t n;
	FILE *f = fopen(path, "rb");
	if (f == NULL)
		return err_new(ERR_MISSING, NULL, "%s", path);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		TRY(buf_append(&in, bytes_of(chunk, n)));
	fclose(f);
	TRY(pdf_open(buf_bytes(&in), BYTES_NONE, &d));
	while (fgets(line, sizeof(line), stdin) != NULL)
		TRY(answer(d, line));
	return NULL;
}

int
main(int argc, char **argv)
{
	struct err *e = argc != 2 ? err_new(ERR_USAGE, NULL, "where FILE")
				  : run(argv[1]);
	if (e != NULL)
		printf("error %s\n", err_text(e));
	err_free(e);
	return e != NULL;
}

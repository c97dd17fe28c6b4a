/* make bench-pdf: sign and verify, against the raw work, pyHanko and pdfsig;
 * and what large files take. */
#include "bench/pdf-large.h"
#include "bench/pdf-pyhanko.h"
#include "pdf/format.h"

#define STREAM 10000 /* bytes of one page's content */

/* Pages of text, uncompressed, as many as make `size` bytes. */
static void
make_pdf(struct buf *b, size_t size)
{
	size_t pages = size / (STREAM + 300) + 1;
	size_t objects = 3 + 2 * pages;
	size_t *places = calloc(objects + 1, sizeof(*places));
	if (places == NULL)
		bench_must(err_new(ERR_NOMEM, NULL, "places"));
	buf_clear(b);
	bench_must(buf_str(b, "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"));
	places[1] = b->len;
	bench_must(
	    buf_str(b, "1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"));
	places[2] = b->len;
	bench_must(buf_printf(
	    b, "2 0 obj\n<< /Type /Pages /Count %zu /Kids [", pages));
	for (size_t i = 0; i < pages; i++)
		bench_must(buf_printf(b, "%zu 0 R ", 4 + 2 * i));
	bench_must(buf_str(b, "] >>\nendobj\n"));
	places[3] = b->len;
	bench_must(buf_str(b,
	    "3 0 obj\n<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica "
	    ">>\nendobj\n"));
	for (size_t i = 0; i < pages; i++) {
		places[4 + 2 * i] = b->len;
		bench_must(buf_printf(b,
		    "%zu 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 "
		    "595 842] /Contents %zu 0 R /Resources << /Font << /F1 3 0 "
		    "R >> >> >>\nendobj\n",
		    4 + 2 * i, 5 + 2 * i));
		places[5 + 2 * i] = b->len;
		bench_must(
		    buf_printf(b, "%zu 0 obj\n<< /Length %d >>\nstream\n",
			5 + 2 * i, STREAM));
		size_t end = b->len + STREAM;
		while (b->len + 64 < end)
			bench_must(buf_printf(b,
			    "BT /F1 9 Tf 40 %zu Td (line %zu) Tj ET\n",
			    b->len % 800, b->len));
		bench_must(buf_fill(b, ' ', end - b->len));
		bench_must(buf_str(b, "\nendstream\nendobj\n"));
	}
	size_t table = b->len;
	bench_must(
	    buf_printf(b, "xref\n0 %zu\n0000000000 65535 f \n", objects + 1));
	for (size_t i = 1; i <= objects; i++)
		bench_must(buf_printf(b, "%010zu 00000 n \n", places[i]));
	bench_must(buf_printf(b,
	    "trailer\n<< /Size %zu /Root 1 0 R >>\nstartxref\n%zu\n%%%%EOF\n",
	    objects + 1, table));
	free(places);
}

/* Both say what they think of the signature; neither is asked for trust. */
static void
against_pdfsig(const struct bench_format *b)
{
	char *file = bench_temporary(buf_bytes(&b->document_signed));
	char *signctl = bench_program("signctl", "signctl");
	const char *const ours[] = { signctl, "verify", "--policy",
		"crypto-only", file, NULL };
	const char *const peer[] = { "pdfsig", "-nocert", file, NULL };
	struct bench_process p = { .ours = ours, .peer = peer };
	p.ours_status = bench_spawn(ours);
	if (p.ours_status > 2)
		bench_must(err_new(ERR_INTERNAL, NULL,
		    "signctl: exit status "
		    "%d",
		    p.ours_status));
	bench_processes("pdf.verify.process.1MB.pdfsig", &p);
	unlink(file);
	free(file);
	free(signctl);
}

/* Small objects that nothing refers to, but for one page. */
static void
make_objects(struct buf *b, size_t objects)
{
	buf_clear(b);
	bench_must(buf_str(b,
	    "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
	    "1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"));
	size_t places[4] = { 0, 15, b->len, 0 };
	bench_must(buf_str(b,
	    "2 0 obj\n<< /Type /Pages /Count 1 /Kids [3 0 R] >>\nendobj\n"));
	places[3] = b->len;
	bench_must(buf_str(b,
	    "3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
	    "/More 4 0 R >>\nendobj\n"));
	size_t first = b->len;
	for (size_t i = 4; i <= objects; i++)
		bench_must(buf_printf(b,
		    "%07zu 0 obj\n<</N %07zu/Next %07zu 0 R>>\nendobj\n", i, i,
		    i < objects ? i + 1 : i));
	size_t each = (b->len - first) / (objects - 3), table = b->len;
	bench_must(
	    buf_printf(b, "xref\n0 %zu\n0000000000 65535 f \n", objects + 1));
	for (size_t i = 1; i <= objects; i++)
		bench_must(buf_printf(b, "%010zu 00000 n \n",
		    i < 4 ? places[i] : first + (i - 4) * each));
	bench_must(buf_printf(b,
	    "trailer\n<< /Size %zu /Root 1 0 R >>\nstartxref\n%zu\n%%%%EOF\n",
	    objects + 1, table));
}

/* Signed twice, so that verifying compares two revisions. */
static void
large(struct bench_format *b, const char *name, double seconds, double megabytes)
{
	char *file = bench_temporary(buf_bytes(&b->document));
	char second[64];
	snprintf(second, sizeof(second), "%s.second", name);
	large_rows("sign", file, name, seconds, megabytes);
	large_rows("verify", file, name, seconds, megabytes);
	large_rows("sign", file, second, seconds, megabytes);
	large_rows("verify", file, second, seconds, megabytes);
	unlink(file);
	free(file);
}

int
main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], LARGE_ARGUMENT) == 0)
		return large_work(&format_pdf, argv[2], argv[3]);
	struct bench_format b;
	bench_format_init(&b, &format_pdf);
	make_pdf(&b.document, 100 << 10);
	bench_format_rows(&b, "100KB");
	pyhanko_rows(&b, "100KB");
	make_pdf(&b.document, 1 << 20);
	bench_format_rows(&b, "1MB");
	pyhanko_rows(&b, "1MB");
	against_pdfsig(&b);
	make_pdf(&b.document, 50 << 20);
	bench_format_rows(&b, "50MB");
	make_objects(&b.document, 1000000);
	large(&b, "1M-objects", 2, 100);
	make_pdf(&b.document, 1 << 30);
	bench_format_rows(&b, "1GB");
	large(&b, "1GB", 0, 48);
	bench_format_done(&b);
	return 0;
}

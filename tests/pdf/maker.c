/*
 * Signs files for other programs to verify: maker DIR FILE... writes
 * DIR/ca.pem and, for each file, DIR/NAME.1.pdf (signed once) and
 * DIR/NAME.2.pdf (twice); prints "ok NAME" or "refused NAME CODE TEXT".  With
 * -e KEY first, the key is of that kind.  A copy is never made in memory. maker
 * -f DIR makes files to begin with.
 */
#include "tests/pdf/build.h"
#include "tests/pdf/signing.h"

#include <openssl/pem.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct bytes
map(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0)
		abort();
	void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		abort();
	return bytes_of(p, (size_t)st.st_size);
}

static void
write_all(FILE *f, struct bytes b)
{
	if (b.len > 0 && fwrite(b.ptr, 1, b.len, f) != b.len)
		abort();
}

static struct err *
sign_file(const char *from, const char *to, const struct person *p,
    struct sign_params params)
{
	CLEANUP(insertion_done) struct insertion i = { 0 };
	struct bytes in = map(from);
	struct err *e = sign_insertion(in, p, params, &i);
	FILE *f = e == NULL ? fopen(to, "wb") : NULL;
	if (f != NULL) {
		write_all(f, bytes_slice(in, 0, i.at));
		write_all(f, buf_bytes(&i.bytes));
		write_all(f, bytes_from(in, i.at));
		if (fclose(f) != 0)
			abort();
	}
	munmap((void *)in.ptr, in.len);
	return e;
}

static struct err *
sign_twice(const char *dir, const char *file, const char *name,
    const struct person *p, const struct person *ca)
{
	char once[4096], twice[4096];
	struct cert_list chain = { .v = (struct cert **)&ca->cert, .n = 1 };
	const char *password = getenv("PDF_PASSWORD");
	struct sign_params params = {
		.chain = &chain,
		.level = LEVEL_B,
		.time = clock_now(&clock_system),
		.reason = "Tôi đồng ý (bằng lòng)",
		.location = "Hà Nội",
		.password = bytes_str(password),
	};
	snprintf(once, sizeof(once), "%s/%s.1.pdf", dir, name);
	snprintf(twice, sizeof(twice), "%s/%s.2.pdf", dir, name);
	TRY(sign_file(file, once, p, params));
	return sign_file(once, twice, p, params);
}

/* ---- files to begin with ---- */

static void
save(const char *dir, const char *name, struct made *m)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *f = fopen(path, "wb");
	if (f == NULL)
		abort();
	write_all(f, buf_bytes(&m->out));
	if (fclose(f) != 0)
		abort();
	made_done(m);
}

static struct made
begin_hello(const char *version)
{
	struct made m = made_begin(version);
	made_object(&m, 1, "<</Type/Catalog/Pages 2 0 R>>");
	made_object(&m, 2,
	    "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]"
	    "/Resources<</Font<</F1 5 0 R>>>>>>");
	made_object(&m, 3, "<</Type/Page/Parent 2 0 R/Contents 4 0 R>>");
	made_stream(
	    &m, 4, "", BYTES_LIT("BT /F1 24 Tf 72 720 Td (Xin chao) Tj ET"));
	made_object(&m, 5, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>");
	return m;
}

/* Forms as programs write them: an array of fields shared with the page, a
 * form without fields, a picture of each field missing. */
static void
make_forms(const char *dir)
{
	struct made m = begin_hello("1.6");
	made_object(&m, 1, "<</Type/Catalog/Pages 2 0 R/AcroForm 6 0 R>>");
	made_object(
	    &m, 3, "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots 7 0 R>>");
	made_object(
	    &m, 6, "<</Fields 7 0 R/NeedAppearances true/DA(/Helv 0 Tf 0 g)>>");
	made_object(&m, 7, "[8 0 R]");
	made_object(&m, 8,
	    "<</Type/Annot/Subtype/Widget/FT/Tx/T(ten)/Rect[9 9 90 30]/F 4>>");
	made_table(&m, "/Root 1 0 R");
	save(dir, "form-shared-array.pdf", &m);

	m = begin_hello("1.3");
	made_object(
	    &m, 1, "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[]>>>>");
	made_object(
	    &m, 3, "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots 30 0 R>>");
	made_table(&m, "/Root 1 0 R");
	save(dir, "form-empty.pdf", &m);
}

static void
make_plain(const char *dir)
{
	static const char *const inside[] = {
		"<</Type/Catalog/Pages 2 0 R>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]>>",
		"<</Type/Page/Parent 2 0 R/Resources<<>>>>",
	};
	struct made m = begin_hello("1.4");
	made_table(&m, "/Root 1 0 R");
	save(dir, "table.pdf", &m);
	m = begin_hello("1.5");
	made_xref(&m, 6, "/Root 1 0 R");
	save(dir, "stream.pdf", &m);
	m = made_begin("2.0");
	made_objstm(&m, 4, 1, COUNT_OF(inside), inside);
	made_xref(&m, 5, "/Root 1 0 R");
	save(dir, "object-stream.pdf", &m);
	m = begin_hello("1.7");
	made_table(&m, "/Root 1 0 R");
	m.out.len--;
	save(dir, "no-last-newline.pdf", &m);
}

/* As Word does: a whole file with a table, then an empty section whose hidden
 * stream lists everything once more, and what is in object streams. */
static void
make_word(const char *dir)
{
	static const char *const inside[] = { "<</Type/StructTreeRoot>>" };
	char trailer[128];
	struct made_row rows[MADE_OBJECTS];
	struct made m = begin_hello("1.7");
	made_object(
	    &m, 1, "<</Type/Catalog/Pages 2 0 R/StructTreeRoot 6 0 R>>");
	made_objstm(&m, 7, 6, 1, inside);
	memcpy(rows, m.rows, sizeof(rows));
	size_t hidden = m.out.len;
	made_xref_stream(&m, 8, "/Root 1 0 R");
	memcpy(m.rows, rows, sizeof(rows));
	m.rows[6] = (struct made_row){ .kind = 'f', .gen = 65535 };
	made_table(&m, "/Root 1 0 R");
	snprintf(trailer, sizeof(trailer), "/Root 1 0 R/Prev %zu/XRefStm %zu",
	    m.section, hidden);
	made_table_only(&m, trailer);
	made_end(&m);
	save(dir, "word.pdf", &m);
}

static void
make_old_offsets(const char *dir)
{
	struct made m = begin_hello("1.4");
	made_table_only(&m, "/Root 1 0 R/Info null");
	made_text(&m, "startxref\r\n%zu\r\n%%%%EOF\r\n", m.section - 1);
	save(dir, "startxref-early.pdf", &m);
}

static void
write_pem(const char *dir, const struct cert *c)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/ca.pem", dir);
	FILE *f = fopen(path, "wb");
	if (f == NULL || PEM_write_X509(f, cert_x509(c)) != 1 || fclose(f) != 0)
		abort();
}

int
main(int argc, char **argv)
{
	int64_t now = clock_now(&clock_system);
	const char *kind = "P-256";
	if (argc > 2 && strcmp(argv[1], "-e") == 0) {
		kind = argv[2];
		argc -= 2;
		argv += 2;
	}
	if (argc == 3 && strcmp(argv[1], "-f") == 0) {
		make_plain(argv[2]);
		make_forms(argv[2]);
		make_old_offsets(argv[2]);
		make_word(argv[2]);
		return 0;
	}
	if (argc < 2)
		return 64;
	struct person ca =
	    make_person((struct person_wish){ .name = "CA thử nghiệm",
		.key = "P-256",
		.alg = ALG_P256,
		.serial = 1,
		.from = now - DAY,
		.to = now + 400 * DAY });
	struct person p =
	    make_person((struct person_wish){ .name = "Nguyễn Văn An",
		.key = kind,
		.alg = strcmp(kind, "RSA") == 0 ? ALG_RSA : ALG_P256,
		.issuer = &ca,
		.serial = 200,
		.from = now - DAY,
		.to = now + 100 * DAY });
	write_pem(argv[1], ca.cert);
	for (int i = 2; i < argc; i++) {
		const char *slash = strrchr(argv[i], '/');
		char name[256];
		snprintf(name, sizeof(name), "%s",
		    slash == NULL ? argv[i] : slash + 1);
		char *end = strstr(name, ".pdf");
		if (end != NULL)
			*end = '\0';
		struct err *e = sign_twice(argv[1], argv[i], name, &p, &ca);
		if (e == NULL)
			printf("ok %s\n", name);
		else
			printf("refused %s %s %s\n", name, err_code(e),
			    err_text(e));
		fflush(stdout);
		err_free(e);
	}
	person_done(&p);
	person_done(&ca);
	return 0;
}

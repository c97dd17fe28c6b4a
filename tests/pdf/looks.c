/*
 * Signs pages visibly, for looks.py to draw: looks DIR PICTURES writes
 * DIR/ca.pem and DIR/NAME.pdf.  PICTURES has ink.png, stamp.png and
 * photo.jpg.  The time never changes, so that drawings can be compared.
 */
#include "tests/pdf/build.h"
#include "tests/pdf/signing.h"

#include "pdf/font.h"
#include "pdf/params.h"

#include <openssl/pem.h>

#include <fcntl.h>
#include <unistd.h>

#define WHEN 1795228200 /* 2026-11-21T09:30:00+07:00 */

static const char *const stacked[] = { "Ký bởi: NGUYỄN THỊ HUỆ",
	"Số: 15/2026/QĐ-UBND ặ ẫ ể ỗ ử Ễ Ộ", "Hà Nội, thời gian ghi bên dưới" };
static const char *const agency[] = { "Ủy ban nhân dân thành phố Hà Nội" };
static const char *const number[] = { "15/2026/QĐ-UBND" };

#define LINES(l) .lines = (l), .nlines = COUNT_OF(l)
#define URL "https://signd.example/v/7Q2M-4K9X"

struct look_row {
	const char *name;
	const char *page; /* members of the page's dictionary */
	struct pdf_appearance is;
	bool picture, seal, jpeg;
	const char *field;
};

#define A5 "/MediaBox[0 0 420 298]"
#define BOX(a, b, c, d) .x = (a), .y = (b), .width = (c), .height = (d)

static const struct look_row rows[] = {
	{ .name = "plain", .page = A5,
	    .is = { BOX(40, 40, 300, 90), LINES(stacked), .qr = URL } },
	{ .name = "default", .page = A5,
	    .is = { BOX(40, 40, 200, 60) } },
	{ .name = "turn90", .page = A5 "/Rotate 90",
	    .is = { BOX(20, 300, 200, 80), .qr = URL } },
	{ .name = "turn180", .page = A5 "/Rotate 180",
	    .is = { BOX(20, 200, 200, 80), .qr = URL } },
	{ .name = "turn270", .page = A5 "/Rotate -90",
	    .is = { BOX(20, 300, 200, 80), .qr = URL } },
	{ .name = "crop", .page = "/MediaBox[-100 -50 500 400]/CropBox[50 60 350 260]",
	    .is = { BOX(10, 10, 200, 80), .qr = URL } },
	{ .name = "crop90", .page = "/MediaBox[500 400 -100 -50]/CropBox[50 60 350 260]/Rotate 90",
	    .is = { BOX(0, 200, 200, 80), .qr = URL } },
	{ .name = "unit", .page = "/MediaBox[0 0 210 149]/UserUnit 2",
	    .is = { BOX(40, 40, 200, 80), .qr = URL } },
	{ .name = "signature", .page = A5,
	    .is = { .profile = "decree-30-signature", BOX(200, 60, 150, 80) },
	    .picture = true },
	{ .name = "seal", .page = A5,
	    .is = { .profile = "decree-30-seal", BOX(120, 40, 240, 150),
		LINES(agency) },
	    .picture = true, .seal = true },
	{ .name = "seal-turn90", .page = A5 "/Rotate 90",
	    .is = { .profile = "decree-30-seal", BOX(20, 40, 240, 150),
		LINES(agency) },
	    .picture = true, .seal = true },
	{ .name = "sao-y", .page = A5,
	    .is = { .profile = "decree-30-sao-y", .where = PDF_WHERE_CORNER,
		.width = 180, .height = 46, LINES(agency) } },
	{ .name = "sao-luc", .page = A5,
	    .is = { .profile = "decree-30-sao-luc", .where = PDF_WHERE_CORNER,
		.width = 180, .height = 46, LINES(agency) } },
	{ .name = "trich-sao", .page = A5,
	    .is = { .profile = "decree-30-trich-sao", .where = PDF_WHERE_CORNER,
		.width = 180, .height = 46, LINES(agency) } },
	{ .name = "attachment", .page = A5,
	    .is = { .profile = "decree-30-attachment", .where = PDF_WHERE_CORNER,
		.width = 150, .height = 30, LINES(number) } },
	{ .name = "jpeg", .page = A5,
	    .is = { BOX(40, 40, 240, 90) }, .picture = true, .jpeg = true },
	{ .name = "field", .page = A5 "/Rotate 90/Annots[5 0 R]",
	    .is = { .where = PDF_WHERE_FIELD, .qr = URL }, .field = "o" },
};

static struct bytes
load(const char *dir, const char *name, struct buf *keep)
{
	char path[4096];
	uint8_t chunk[4096];
	size_t n;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *f = fopen(path, "rb");
	if (f == NULL)
		abort();
	*keep = BUF(PDF_PICTURE_MAX);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		CHECK_OK(buf_append(keep, bytes_of(chunk, n)));
	fclose(f);
	return buf_bytes(keep);
}

static void
save(const char *dir, const char *name, struct bytes b)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/%s.pdf", dir, name);
	FILE *f = fopen(path, "wb");
	if (f == NULL || fwrite(b.ptr, 1, b.len, f) != b.len || fclose(f) != 0)
		abort();
}

static struct made
made_for(const struct look_row *r)
{
	struct made m = made_begin("1.7");
	char page[512];
	snprintf(page, sizeof(page), "<</Type/Page/Parent 2 0 R%s>>", r->page);
	made_object(&m, 1,
	    r->field == NULL
		? "<</Type/Catalog/Pages 2 0 R>>"
		: "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R]>>>>");
	made_object(&m, 2,
	    "<</Type/Pages/Kids[3 0 R]/Count 1/Resources<<>>>>");
	made_object(&m, 3, page);
	if (r->field != NULL)
		made_object(&m, 5,
		    "<</Type/Annot/Subtype/Widget/FT/Sig/T(o)/F 4/P 3 0 R"
		    "/Rect[200 20 280 220]>>");
	made_table(&m, "/Root 1 0 R");
	return m;
}

static struct err *
sign_row(const struct look_row *r, struct bytes in, const char *pictures,
    const struct person *p, const struct person *ca, struct buf *out)
{
	CLEANUP(buf_done) struct buf picture = { 0 };
	CLEANUP(buf_done) struct buf seal = { 0 };
	struct cert_list chain = { .v = (struct cert **)&ca->cert, .n = 1 };
	struct pdf_appearance is = r->is;
	struct pdf_params pdf = { .look = &is };
	struct sign_params params = { .chain = &chain,
		.level = LEVEL_B,
		.time = WHEN,
		.reason = "Đồng ý",
		.field = r->field,
		.pdf = &pdf };
	if (r->picture)
		is.picture = load(pictures,
		    r->jpeg ? "photo.jpg" : "ink.png", &picture);
	if (r->seal)
		is.seal = load(pictures, "stamp.png", &seal);
	return sign_with(in, p, params, out);
}

/* Files of PDF/A that are given: signed with all that there is. */
static struct err *
sign_given(const char *path, const char *to, const char *pictures,
    const struct person *p, const struct person *ca)
{
	static const struct look_row all = { .is = { .profile =
							 "decree-30-seal",
						 BOX(40, 40, 300, 150),
						 LINES(stacked), .qr = URL },
		.picture = true,
		.seal = true };
	CLEANUP(buf_done) struct buf in = BUF(SIGNED_MAX);
	CLEANUP(buf_done) struct buf out = BUF(SIGNED_MAX);
	uint8_t chunk[65536];
	size_t n;
	const char *slash = strrchr(path, '/');
	FILE *f = fopen(path, "rb");
	if (f == NULL)
		abort();
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		CHECK_OK(buf_append(&in, bytes_of(chunk, n)));
	fclose(f);
	TRY(sign_row(&all, buf_bytes(&in), pictures, p, ca, &out));
	char name[256];
	snprintf(name, sizeof(name), "given-%s", slash == NULL ? path : slash + 1);
	name[strlen(name) - 4] = '\0';
	save(to, name, buf_bytes(&out));
	return NULL;
}

static int
tell(const char *name, struct err *e)
{
	if (e != NULL)
		printf("%s %s %s\n", name, err_code(e), err_text(e));
	int bad = e != NULL;
	err_free(e);
	return bad;
}

int
main(int argc, char **argv)
{
	int bad = 0;
	char path[4096];
	if (argc < 3)
		return 64;
	pdf_fonts_start(NULL);
	struct person ca =
	    make_person((struct person_wish){ .name = "CA thử nghiệm",
		.key = "P-256",
		.alg = ALG_P256,
		.serial = 1,
		.from = WHEN - DAY,
		.to = WHEN + 4000 * (int64_t)DAY });
	struct person p =
	    make_person((struct person_wish){ .name = "Nguyễn Văn An",
		.key = "P-256",
		.alg = ALG_P256,
		.issuer = &ca,
		.serial = 200,
		.from = WHEN - DAY,
		.to = WHEN + 4000 * (int64_t)DAY });
	snprintf(path, sizeof(path), "%s/ca.pem", argv[1]);
	FILE *f = fopen(path, "wb");
	if (f == NULL || PEM_write_X509(f, cert_x509(ca.cert)) != 1 ||
	    fclose(f) != 0)
		abort();
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP(buf_done) struct buf out = BUF(SIGNED_MAX);
		CLEANUP(made_done) struct made m = made_for(&rows[i]);
		bad += tell(rows[i].name,
		    sign_row(&rows[i], buf_bytes(&m.out), argv[2], &p, &ca,
			&out));
		save(argv[1], rows[i].name, buf_bytes(&out));
	}
	for (int i = 3; i < argc; i++)
		bad += tell(argv[i],
		    sign_given(argv[i], argv[1], argv[2], &p, &ca));
	person_done(&p);
	person_done(&ca);
	pdf_fonts_stop();
	return bad != 0;
}

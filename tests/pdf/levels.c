/*
 * Takes files from B to a renewed B-LTA for other programs to judge:
 * levels DIR FILE... writes DIR/ca.pem and, for each file, NAME.b.pdf, .t (a
 * stamp in the signature), .lt, .lta, .lta2 (renewed), .bt (B, stamped by a
 * document time stamp), .two (signed once more after LT, then LT and LTA
 * again) and .p1 .p2 .p3 (certified, taken to LTA).  Prints "ok NAME" or
 * "refused NAME CODE TEXT".
 */
#include "tests/pdf/levels.h"

#include <openssl/pem.h>

#include <unistd.h>

static struct levels people;
static const char *dir;

static struct bytes
password(void)
{
	return bytes_str(getenv("PDF_PASSWORD"));
}

static void
save(const char *name, const char *kind, const struct buf *b)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/%s.%s.pdf", dir, name, kind);
	FILE *f = fopen(path, "wb");
	if (f == NULL || fwrite(b->ptr, 1, b->len, f) != b->len ||
	    fclose(f) != 0)
		abort();
}

static struct err *
sign(struct bytes in, enum level level, enum pdf_certify certify,
    struct buf *out)
{
	const struct pdf_params pdf = { .certify = certify };
	const struct sign_params p = { .level = level,
		.password = password(),
		.reason = "Tôi đồng ý",
		.pdf = &pdf };
	return levels_sign(in, &people, p, out);
}

static struct err *
extend(const struct buf *in, enum level level, struct buf *out)
{
	/* No two stamps of one second: order would be chance. */
	stamp_clock++;
	return levels_extend(
	    buf_bytes(in), &people, level, NULL, password(), out);
}

static struct err *
climb(const char *name, struct bytes in)
{
	CLEANUP(buf_done) struct buf b = { 0 };
	CLEANUP(buf_done) struct buf bt = { 0 };
	CLEANUP(buf_done) struct buf t = { 0 };
	CLEANUP(buf_done) struct buf lt = { 0 };
	CLEANUP(buf_done) struct buf lta = { 0 };
	CLEANUP(buf_done) struct buf again = { 0 };
	TRY(sign(in, LEVEL_B, PDF_APPROVAL, &b));
	TRY(extend(&b, LEVEL_T, &bt));
	TRY(sign(in, LEVEL_T, PDF_APPROVAL, &t));
	TRY(extend(&t, LEVEL_LT, &lt));
	TRY(extend(&lt, LEVEL_LTA, &lta));
	TRY(extend(&lta, LEVEL_LTA, &again));
	save(name, "b", &b);
	save(name, "bt", &bt);
	save(name, "t", &t);
	save(name, "lt", &lt);
	save(name, "lta", &lta);
	save(name, "lta2", &again);
	return NULL;
}

/* A second signer signs what has its evidence already. */
static struct err *
climb_twice(const char *name, struct bytes in)
{
	CLEANUP(buf_done) struct buf t = { 0 };
	CLEANUP(buf_done) struct buf lt = { 0 };
	CLEANUP(buf_done) struct buf two = { 0 };
	CLEANUP(buf_done) struct buf more = { 0 };
	CLEANUP(buf_done) struct buf lta = { 0 };
	TRY(sign(in, LEVEL_T, PDF_APPROVAL, &t));
	TRY(extend(&t, LEVEL_LT, &lt));
	TRY(sign(buf_bytes(&lt), LEVEL_T, PDF_APPROVAL, &two));
	buf_done(&people.crl);
	people.crl = levels_crl(&people.ca, stamp_clock);
	TRY(extend(&two, LEVEL_LT, &more));
	TRY(extend(&more, LEVEL_LTA, &lta));
	save(name, "two", &lta);
	return NULL;
}

static struct err *
certify(const char *name, struct bytes in, enum pdf_certify p)
{
	char kind[8];
	CLEANUP(buf_done) struct buf t = { 0 };
	CLEANUP(buf_done) struct buf lt = { 0 };
	CLEANUP(buf_done) struct buf lta = { 0 };
	TRY(sign(in, LEVEL_T, p, &t));
	TRY(extend(&t, LEVEL_LT, &lt));
	TRY(extend(&lt, LEVEL_LTA, &lta));
	snprintf(kind, sizeof(kind), "p%d", (int)p);
	save(name, kind, &lta);
	return NULL;
}

static struct err *
all(const char *path, const char *name)
{
	CLEANUP(buf_done) struct buf in = BUF(LEVELS_MAX);
	uint8_t part[65536];
	FILE *f = fopen(path, "rb");
	if (f == NULL)
		abort();
	for (size_t n; (n = fread(part, 1, sizeof(part), f)) > 0;)
		TRY(buf_append(&in, bytes_of(part, n)));
	fclose(f);
	TRY(climb(name, buf_bytes(&in)));
	TRY(climb_twice(name, buf_bytes(&in)));
	for (int p = PDF_CERTIFY_NOTHING; p <= PDF_CERTIFY_ANNOTATION; p++) {
		struct err *e =
		    certify(name, buf_bytes(&in), (enum pdf_certify)p);
		bool late =
		    e != NULL && strcmp(err_code(e), "pdf-certify-late") == 0;
		if (!late)
			TRY(e);
		err_free(e);
	}
	return NULL;
}

int
main(int argc, char **argv)
{
	char path[4096];
	if (argc < 2)
		return 64;
	dir = argv[1];
	people = levels_begin(clock_now(&clock_system) - 600);
	snprintf(path, sizeof(path), "%s/ca.pem", dir);
	FILE *f = fopen(path, "wb");
	if (f == NULL || PEM_write_X509(f, cert_x509(people.ca.cert)) != 1 ||
	    fclose(f) != 0)
		abort();
	snprintf(path, sizeof(path), "%s/ca.crl", dir);
	f = fopen(path, "wb");
	if (f == NULL ||
	    fwrite(people.crl.ptr, 1, people.crl.len, f) != people.crl.len ||
	    fclose(f) != 0)
		abort();
	for (int i = 2; i < argc; i++) {
		const char *slash = strrchr(argv[i], '/');
		char name[256];
		snprintf(name, sizeof(name), "%s",
		    slash == NULL ? argv[i] : slash + 1);
		char *end = strstr(name, ".pdf");
		if (end != NULL)
			*end = '\0';
		struct err *e = all(argv[i], name);
		if (e == NULL)
			printf("ok %s\n", name);
		else
			printf("refused %s %s %s\n", name, err_code(e),
			    err_text(e));
		fflush(stdout);
		err_free(e);
	}
	levels_end(&people);
	return 0;
}

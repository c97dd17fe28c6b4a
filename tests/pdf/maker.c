/*
 * Signs files for other programs to verify: maker DIR FILE... writes
 * DIR/ca.pem and, for each file, DIR/NAME.1.pdf (signed once) and
 * DIR/NAME.2.pdf (twice); prints "ok NAME" or "refused NAME CODE TEXT".  With
 * -e KEY first, the key is of that kind.  A copy is never made in memory.
 */
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

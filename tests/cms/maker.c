/*
 * Writes SignedData of every kind that we make into a folder, for another
 * program to verify: maker DIR, see interop.sh.
 */
#include "cms/cms.h"

#include "tests/cms/people.h"

static void
write_file(const char *dir, const char *name, const char *end, struct bytes b)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/%s%s", dir, name, end);
	FILE *f = fopen(path, "wb");
	if (f == NULL || fwrite(b.ptr, 1, b.len, f) != b.len || fclose(f) != 0)
		abort();
}

static struct err *
make(const char *dir, const char *name, struct person *p, struct person *ca,
    struct bytes content, bool attached)
{
	uint8_t hash[DIGEST_MAX];
	enum digest_alg d =
	    p->alg.form == SIG_EDDSA ? DIGEST_SHA512 : p->alg.digest;
	TRY(digest_of(d, content, hash));
	struct cert_list chain = { .v = &ca->cert, .n = 1 };
	struct cms_request r = { .cert = p->cert,
		.chain = &chain,
		.alg = p->alg,
		.content_digest = bytes_of(hash, digest_len(d)),
		.signing_time = NOON,
		.content = attached ? content : BYTES_NONE };
	CLEANUP(buf_done) struct buf attrs = BUF(4096);
	CLEANUP(buf_done) struct buf value = BUF(4096);
	CLEANUP(buf_done) struct buf out = BUF(65536);
	TRY(cms_signed_attributes(&r, &attrs));
	person_sign(p, buf_bytes(&attrs), &value);
	TRY(cms_assemble(&r, buf_bytes(&attrs), buf_bytes(&value), &out));
	write_file(dir, name, attached ? ".p7m" : ".p7s", buf_bytes(&out));
	return NULL;
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name, *key;
		struct sig_alg alg;
	} kinds[] = { { "p256", "P-256",
			  { .form = SIG_ECDSA, .digest = DIGEST_SHA256 } },
		{ "p384", "P-384",
		    { .form = SIG_ECDSA, .digest = DIGEST_SHA384 } },
		{ "p521", "P-521",
		    { .form = SIG_ECDSA, .digest = DIGEST_SHA512 } },
		{ "rsa", "RSA",
		    { .form = SIG_RSA_PKCS1, .digest = DIGEST_SHA256 } },
		{ "pss", "RSA",
		    { .form = SIG_RSA_PSS,
			.digest = DIGEST_SHA256,
			.mgf1 = DIGEST_SHA256,
			.salt_len = 32 } },
		{ "ed25519", "ED25519", { .form = SIG_EDDSA } } };
	if (argc != 2)
		return 64;
	struct bytes content = BYTES_LIT("Đơn đề nghị\r\ncấp bản sao\n");
	struct person ca = make_authority();
	write_file(argv[1], "content", "", content);
	write_file(argv[1], "ca", ".der", cert_der(ca.cert));
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		struct person p = make_citizen(&ca, kinds[i].key, kinds[i].alg);
		CHECK_OK(make(argv[1], kinds[i].name, &p, &ca, content, true));
		CHECK_OK(make(argv[1], kinds[i].name, &p, &ca, content, false));
		person_done(&p);
	}
	person_done(&ca);
	return tap_this_failed;
}

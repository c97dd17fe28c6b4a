/*
 * Signs one file with a key and certificate in PEM, for interop.sh:
 *	signer KEY CERT ALG IN OUT [REASON [PLACE]]
 * ALG is ecdsa, rsa or pss.  Prints the offset and length of the insertion.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/softkey.h"
#include "xml/format.h"

static struct buf
slurp(const char *path)
{
	struct buf b = BUF((size_t)300 << 20);
	FILE *f = fopen(path, "rb");
	uint8_t piece[65536];
	size_t n;
	while (f != NULL && (n = fread(piece, 1, sizeof(piece), f)) > 0)
		err_free(buf_append(&b, bytes_of(piece, n)));
	if (f != NULL)
		fclose(f);
	return b;
}

static struct sig_alg
algorithm(const char *name)
{
	struct sig_alg a = { .form = SIG_ECDSA, .digest = DIGEST_SHA256 };
	if (strcmp(name, "rsa") == 0)
		a.form = SIG_RSA_PKCS1;
	if (strcmp(name, "pss") == 0)
		a = (struct sig_alg){ SIG_RSA_PSS, DIGEST_SHA256, DIGEST_SHA256,
			32 };
	return a;
}

static struct err *
sign(char **argv, int argc, struct bytes document, struct insertion *out)
{
	CLEANUP(buf_done) struct buf key = slurp(argv[1]);
	CLEANUP(buf_done) struct buf cert = slurp(argv[2]);
	CLEANUP(softkey_freep) struct softkey *k = NULL;
	CLEANUP(cert_list_done) struct cert_list certs = { 0 };
	CLEANUP(prepared_done) struct prepared p = { 0 };
	CLEANUP(buf_done) struct buf value = BUF(8192);
	TRY(softkey_from_pem(buf_bytes(&key), BYTES_NONE, &k));
	TRY(cert_list_read(&certs, buf_bytes(&cert)));
	struct sign_params params = { .cert = certs.v[0],
		.chain = &certs,
		.alg = algorithm(argv[3]),
		.level = LEVEL_B,
		.time = clock_now(&clock_system),
		.reason = argc > 6 ? argv[6] : NULL,
		.location = argc > 7 ? argv[7] : NULL };
	TRY(format_xml.prepare(document, &params, &p));
	struct signer s = softkey_signer(k);
	TRY(s.sign(s.ctx, params.alg,
	    bytes_of(p.digest, digest_len(p.digest_alg)), &value));
	return format_xml.embed(
	    buf_bytes(&p.state), buf_bytes(&value), BYTES_NONE, out);
}

static void
write_all(const char *path, struct bytes document, const struct insertion *i)
{
	FILE *f = fopen(path, "wb");
	if (f == NULL)
		return;
	fwrite(document.ptr, 1, i->at, f);
	fwrite(i->bytes.ptr, 1, i->bytes.len, f);
	fwrite(document.ptr + i->at, 1, document.len - i->at, f);
	fclose(f);
}

int
main(int argc, char **argv)
{
	CLEANUP(insertion_done) struct insertion out = { 0 };
	if (argc < 6)
		return 64;
	err_free(xml_start());
	CLEANUP(buf_done) struct buf document = slurp(argv[4]);
	struct err *e = sign(argv, argc, buf_bytes(&document), &out);
	if (e != NULL) {
		printf("%s: %s\n", err_code(e), err_text(e));
		err_free(e);
		return 1;
	}
	write_all(argv[5], buf_bytes(&document), &out);
	printf("%zu %zu\n", out.at, out.bytes.len);
	return 0;
}

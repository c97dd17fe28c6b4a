/*
 * Signs one file with a key and certificate in PEM, for interop.sh:
 *	signer KEY CERT ALG IN OUT [NAME=VALUE ...]
 * ALG is ecdsa, rsa or pss, with the digest behind a hyphen (ecdsa-384).
 * Prints the offset, the length and the cut of the insertion.
 *
 * Names: reason, city, role, commitment, policy; profile, packaging, place,
 * canon, digest, uri, counter, object (URI, or URI=FILE; many).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/softkey.h"
#include "xml/format.h"
#include "xml/params.h"

struct request {
	struct sign_params params;
	struct xml_params xml;
	struct xml_object objects[XML_OBJECTS_MAX];
	struct buf files[XML_OBJECTS_MAX];
	struct sig_policy policy;
	uint8_t policy_digest[DIGEST_MAX];
};

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

static enum digest_alg
digest_named(const char *bits)
{
	if (strcmp(bits, "384") == 0)
		return DIGEST_SHA384;
	return strcmp(bits, "512") == 0 ? DIGEST_SHA512 : DIGEST_SHA256;
}

static struct sig_alg
algorithm(const char *name)
{
	const char *bits = strchr(name, '-');
	enum digest_alg d = digest_named(bits == NULL ? "256" : bits + 1);
	struct sig_alg a = { .form = SIG_ECDSA, .digest = d };
	if (strncmp(name, "rsa", 3) == 0)
		a.form = SIG_RSA_PKCS1;
	if (strncmp(name, "pss", 3) == 0)
		a = (struct sig_alg){ SIG_RSA_PSS, d, d, (int)digest_len(d) };
	return a;
}

static void
add_object(struct request *r, char *value)
{
	size_t n = r->xml.nobjects++;
	char *file = strchr(value, '=');
	r->objects[n].uri = value;
	if (file == NULL)
		return;
	*file = '\0';
	r->files[n] = slurp(file + 1);
	r->objects[n].data = buf_bytes(&r->files[n]);
}

static void
set_policy(struct request *r, const char *oid)
{
	err_free(
	    digest_of(DIGEST_SHA256, BYTES_LIT("policy"), r->policy_digest));
	r->policy = (struct sig_policy){ .oid = oid,
		.alg = DIGEST_SHA256,
		.digest = bytes_of(r->policy_digest, 32),
		.uri = "https://example.vn/chinh-sach.pdf" };
	r->params.policy = &r->policy;
}

static bool
set_text(struct request *r, const char *name, const char *value)
{
	const struct {
		const char *name;
		const char **slot;
	} texts[] = {
		{ "reason", &r->params.reason },
		{ "city", &r->params.location },
		{ "role", &r->params.role },
		{ "commitment", &r->params.commitment },
		{ "profile", &r->xml.profile },
		{ "place", &r->xml.place },
		{ "canon", &r->xml.canon },
		{ "uri", &r->xml.uri },
		{ "counter", &r->xml.counter },
	};
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		if (strcmp(texts[i].name, name) == 0) {
			*texts[i].slot = value;
			return true;
		}
	return false;
}

static bool
set_option(struct request *r, char *word)
{
	char *value = strchr(word, '=');
	if (value == NULL)
		return false;
	*value++ = '\0';
	if (set_text(r, word, value))
		return true;
	if (strcmp(word, "packaging") == 0)
		r->xml.packaging =
		    strcmp(value, "enveloping") == 0 ? XML_ENVELOPING
		    : strcmp(value, "detached") == 0 ? XML_DETACHED
						     : XML_ENVELOPED;
	else if (strcmp(word, "digest") == 0)
		r->xml.digest = digest_named(value);
	else if (strcmp(word, "policy") == 0)
		set_policy(r, value);
	else if (strcmp(word, "object") == 0)
		add_object(r, value);
	else
		return false;
	return true;
}

static struct err *
sign(struct request *r, char **argv, struct bytes document,
    struct insertion *out)
{
	CLEANUP(buf_done) struct buf key = slurp(argv[1]);
	CLEANUP(buf_done) struct buf cert = slurp(argv[2]);
	CLEANUP(softkey_freep) struct softkey *k = NULL;
	CLEANUP(cert_list_done) struct cert_list certs = { 0 };
	CLEANUP(prepared_done) struct prepared p = { 0 };
	CLEANUP(buf_done) struct buf value = BUF(8192);
	TRY(softkey_from_pem(buf_bytes(&key), BYTES_NONE, &k));
	TRY(cert_list_read(&certs, buf_bytes(&cert)));
	r->params.cert = certs.v[0];
	r->params.chain = &certs;
	r->params.alg = algorithm(argv[3]);
	r->params.level = LEVEL_B;
	r->params.time = clock_now(&clock_system);
	TRY(format_xml.prepare(document, &r->params, &p));
	struct signer s = softkey_signer(k);
	TRY(s.sign(s.ctx, r->params.alg,
	    bytes_of(p.digest, digest_len(p.digest_alg)), &value));
	return format_xml.embed(
	    buf_bytes(&p.state), buf_bytes(&value), BYTES_NONE, out);
}

static void
write_all(const char *path, struct bytes document, const struct insertion *i)
{
	struct bytes pieces[INSERTION_PIECES];
	size_t n = insertion_pieces(i, document, pieces);
	FILE *f = fopen(path, "wb");
	if (f == NULL)
		return;
	for (size_t k = 0; k < n; k++)
		fwrite(pieces[k].ptr, 1, pieces[k].len, f);
	fclose(f);
}

int
main(int argc, char **argv)
{
	static struct request r;
	CLEANUP(insertion_done) struct insertion out = { 0 };
	if (argc < 6)
		return 64;
	r.xml.objects = r.objects;
	r.params.xml = &r.xml;
	for (int i = 6; i < argc; i++)
		if (!set_option(&r, argv[i]))
			return 64;
	err_free(xml_start());
	CLEANUP(buf_done) struct buf document = slurp(argv[4]);
	struct err *e = sign(&r, argv, buf_bytes(&document), &out);
	for (size_t i = 0; i < r.xml.nobjects; i++)
		buf_done(&r.files[i]);
	if (e != NULL) {
		printf("%s: %s\n", err_code(e), err_text(e));
		err_free(e);
		return 1;
	}
	write_all(argv[5], buf_bytes(&document), &out);
	printf("%zu %zu %zu\n", out.at, out.bytes.len, out.cut);
	return 0;
}

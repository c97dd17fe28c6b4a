/* The officer's key out of a PEM file, and the approvals it signs. */
#include "signctl/service.h"

#include <stdlib.h>
#include <string.h>

#include "certs/cert.h"
#include "certs/softkey.h"

struct officer {
	struct softkey *key;
	struct cert_list certs; /* the officer's first */
	char fingerprint[65];
};

static struct err *
load_key(const char *path, struct softkey **out)
{
	CLEANUP(input_done) struct input in = { 0 };
	TRY(input_open(path, &in));
	return err_while(
	    softkey_from_pem(in.bytes, BYTES_NONE, out), "%s", path);
}

static struct err *
load_cert(const char *path, struct officer *o)
{
	CLEANUP(input_done) struct input in = { 0 };
	CLEANUP(buf_done) struct buf hex = BUF(64);
	uint8_t raw[32];
	TRY(input_open(path, &in));
	TRY(err_while(cert_list_read(&o->certs, in.bytes), "%s", path));
	cert_fingerprint(o->certs.v[0], raw);
	TRY(hex_encode(bytes_of(raw, sizeof(raw)), &hex));
	memcpy(o->fingerprint, hex.ptr, hex.len);
	return NULL;
}

struct err *
officer_load(const struct args *a, struct officer **out)
{
	const char *cert;
	const char *key;
	TRY(args_need(a, "cert", &cert));
	TRY(args_need(a, "key", &key));
	CLEANUP(officer_freep) struct officer *o = calloc(1, sizeof(*o));
	if (o == NULL)
		return err_new(ERR_NOMEM, NULL, "struct officer");
	TRY(load_key(key, &o->key));
	TRY(load_cert(cert, o));
	*out = TAKE(o);
	return NULL;
}

void
officer_free(struct officer *o)
{
	if (o == NULL)
		return;
	softkey_free(o->key);
	cert_list_done(&o->certs);
	free(o);
}

const char *
officer_fingerprint(const struct officer *o)
{
	return o->fingerprint;
}

static struct err *
approve(const struct officer *o, struct bytes record, struct buf *value,
    struct buf *alg)
{
	struct sig_alg with = softkey_alg(o->key);
	struct signer signer = softkey_signer(o->key);
	uint8_t digest[DIGEST_MAX];
	/* The record says SHA-256, whatever the curve. */
	with.digest = DIGEST_SHA256;
	TRY(digest_of(DIGEST_SHA256, record, digest));
	TRY(sig_alg_encode(with, alg));
	return signer.sign(signer.ctx, with, bytes_of(digest, 32), value);
}

int
officer_approve(void *ctx, struct signd_bytes record, unsigned char value[1024],
    size_t *value_len, unsigned char alg[256], size_t *alg_len)
{
	CLEANUP(buf_done) struct buf v = BUF(*value_len);
	CLEANUP(buf_done) struct buf g = BUF(*alg_len);
	struct err *e = approve(ctx, bytes_of(record.ptr, record.len), &v, &g);
	if (e != NULL) {
		err_free(e);
		return -1;
	}
	memcpy(value, v.ptr, v.len);
	memcpy(alg, g.ptr, g.len);
	*value_len = v.len;
	*alg_len = g.len;
	return 0;
}

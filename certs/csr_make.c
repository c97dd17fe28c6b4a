#include "certs/csr.h"

#include "certs/ossl.h"
#include "certs/signed.h"

DEFINE_FREEP(X509_REQ_free, X509_REQ)

static struct err *
add_field(X509_NAME *name, const struct subject_field *f)
{
	const struct field_kind *k = field_kind_find(f->type);
	struct bytes v = bytes_str(f->value);
	if (k == NULL)
		return err_coded(
		    err_new(ERR_USAGE, NULL, "no field %s", f->type),
		    "subject-field");
	TRY(field_check(k, v));
	if (X509_NAME_add_entry_by_NID(
		name, k->nid, k->asn1_type, v.ptr, (int)v.len, -1, 0) != 1)
		return err_ossl(ERR_INTERNAL, "X509_NAME_add_entry_by_NID");
	return NULL;
}

static struct err *
build_info(const struct csr_fields *f, EVP_PKEY *key, struct buf *info)
{
	CLEANUP(X509_REQ_freep) X509_REQ *r = X509_REQ_new();
	if (r == NULL)
		return err_ossl(ERR_NOMEM, "X509_REQ_new");
	if (X509_REQ_set_version(r, X509_REQ_VERSION_1) != 1 ||
	    X509_REQ_set_pubkey(r, key) != 1)
		return err_ossl(ERR_USAGE, "the subject's key");
	for (size_t i = 0; i < f->nsubject; i++)
		TRY(add_field(X509_REQ_get_subject_name(r), &f->subject[i]));
	CLEANUP(ossl_freep) uint8_t *der = NULL;
	int len = i2d_re_X509_REQ_tbs(r, &der);
	if (len <= 0)
		return err_ossl(ERR_INTERNAL, "i2d_re_X509_REQ_tbs");
	return buf_append(info, bytes_of(der, (size_t)len));
}

struct err *
csr_make(
    const struct csr_fields *f, const struct signer *signer, struct buf *out)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	CLEANUP(buf_done) struct buf info = BUF(CSR_MAX);
	CLEANUP(buf_done) struct buf signature = BUF(CSR_MAX);
	TRY(key_from_spki(f->spki, &key));
	TRY(build_info(f, key, &info));
	TRY(signed_ask(signer, f->alg, buf_bytes(&info), &signature));
	bool ok = false;
	TRY(signed_check(
	    key, buf_bytes(&info), f->alg, buf_bytes(&signature), &ok));
	if (!ok)
		return err_new(ERR_DENIED, "RFC 2986 4.2",
		    "the signature is not the subject's");
	return signed_build(
	    buf_bytes(&info), f->alg, buf_bytes(&signature), out);
}

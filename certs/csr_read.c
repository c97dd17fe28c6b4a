#include "certs/csr.h"

#include "certs/der.h"
#include "certs/ossl.h"
#include "certs/signed.h"

/* CertificationRequestInfo, RFC 2986 4.1; attributes are wishes, too. */
static struct err *
read_info(struct bytes info, struct csr *out)
{
	struct bytes in, version;
	TRY(der_take(&info, DER_SEQUENCE, NULL, &in));
	TRY(der_take(&in, DER_INTEGER, NULL, &version));
	if (version.len != 1 || version.ptr[0] != 0)
		return err_new(ERR_UNSUPPORTED, "RFC 2986 4.1", "version");
	TRY(der_take(&in, DER_SEQUENCE, &out->subject, NULL));
	TRY(der_take(&in, DER_SEQUENCE, &out->spki, NULL));
	if (der_is(in, DER_CONTEXT_0))
		TRY(der_take(&in, DER_CONTEXT_0, NULL, NULL));
	if (in.len > 0)
		return err_new(ERR_MALFORMED, "RFC 2986 4.1", "bytes follow");
	return key_from_spki(out->spki, &out->key);
}

struct err *
csr_read(struct bytes der, struct csr *out)
{
	struct bytes info, algorithm, signature;
	struct sig_alg alg;
	bool ok = false;
	*out = (struct csr){ 0 };
	if (der.len > CSR_MAX)
		return err_new(ERR_LIMIT, NULL, "%zu bytes", der.len);
	TRY(signed_split(der, &info, &algorithm, &signature));
	TRY(sig_alg_parse(algorithm, DIGEST_NONE, &alg));
	if (alg.form != SIG_EDDSA && digest_len(alg.digest) < 32)
		return err_new(ERR_UNSUPPORTED, "Circular 15/2025 App I",
		    "signed with %s", digest_name(alg.digest));
	TRY(read_info(info, out));
	TRY(signed_check(out->key, info, alg, signature, &ok));
	if (!ok)
		return err_coded(err_new(ERR_DENIED, "RFC 2986 4.2",
				     "it was not signed by its own key"),
		    "csr-proof");
	return NULL;
}

void
csr_done(struct csr *c)
{
	EVP_PKEY_free(c->key);
	*c = (struct csr){ 0 };
}

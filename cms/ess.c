#include "cms/internal.h"

/* ESSCertIDv2: hashAlgorithm is there unless it is SHA-256 (RFC 5035 4). */
static struct err *
read_hash_alg(struct bytes *rest, enum digest_alg *out)
{
	*out = DIGEST_SHA256;
	if (!ber_is(*rest, BER_SEQUENCE))
		return NULL;
	struct tlv t, oid;
	char text[OID_TEXT_MAX];
	TRY(ber_take(rest, BER_SEQUENCE, &t));
	struct bytes inner = t.body;
	TRY(ber_take(&inner, BER_OID, &oid));
	TRY(ber_oid_text(oid.body, text));
	*out = digest_by_oid(text);
	return NULL;
}

struct err *
ess_check(struct bytes value, bool v2, const struct cert *cert, enum check *out)
{
	struct tlv t;
	TRY(ber_only(value, BER_SEQUENCE, &t));
	struct bytes rest = t.body;
	TRY(ber_take(&rest, BER_SEQUENCE, &t)); /* certs */
	rest = t.body;
	TRY(ber_take(&rest, BER_SEQUENCE, &t)); /* the first: the signer's */
	rest = t.body;
	enum digest_alg alg = DIGEST_SHA1;
	if (v2)
		TRY(read_hash_alg(&rest, &alg));
	TRY(ber_take(&rest, BER_OCTETS, &t));
	/* A hash that we cannot compute binds nothing. */
	*out = CHECK_FAILED;
	if (alg == DIGEST_NONE)
		return NULL;
	uint8_t hash[DIGEST_MAX];
	TRY(digest_of(alg, cert_der(cert), hash));
	if (bytes_eq(t.body, bytes_of(hash, digest_len(alg))))
		*out = CHECK_PASSED;
	return NULL;
}

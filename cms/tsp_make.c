#include "cms/tsp_make.h"

#include "certs/ossl.h"
#include "cms/ber.h"
#include "cms/oid.h"

#define PART_MAX 4096 /* bytes of anything but certificates */

/* ---- TSTInfo ---- */

static struct err *
put_small(struct buf *b, int value)
{
	const uint8_t be[4] = { (uint8_t)(value >> 24), (uint8_t)(value >> 16),
		(uint8_t)(value >> 8), (uint8_t)value };
	return der_put_number(b, bytes_of(be, sizeof(be)));
}

/* An AlgorithmIdentifier of a digest; RFC 5754 2: without parameters. */
static struct err *
put_digest_alg(struct buf *b, enum digest_alg alg)
{
	CLEANUP(buf_done) struct buf oid = BUF(OID_TEXT_MAX);
	TRY(der_put_oid(&oid, digest_oid(alg)));
	return der_put(b, BER_SEQUENCE, buf_bytes(&oid));
}

static struct err *
put_imprint(struct buf *b, const struct tst_fields *f)
{
	CLEANUP(buf_done) struct buf v = BUF(PART_MAX);
	TRY(put_digest_alg(&v, f->imprint_alg));
	TRY(der_put(&v, BER_OCTETS, f->imprint));
	return der_put(b, BER_SEQUENCE, buf_bytes(&v));
}

static struct err *
put_accuracy(struct buf *b, int seconds)
{
	CLEANUP(buf_done) struct buf v = BUF(64);
	TRY(put_small(&v, seconds));
	return der_put(b, BER_SEQUENCE, buf_bytes(&v));
}

static struct err *
put_info(struct buf *b, const struct tst_fields *f)
{
	CLEANUP(buf_done) struct buf v = BUF(PART_MAX);
	TRY(put_small(&v, 1));
	TRY(der_put_oid(&v, f->policy));
	TRY(put_imprint(&v, f));
	TRY(der_put_number(&v, f->serial));
	TRY(der_put_gen_time(&v, f->time));
	TRY(put_accuracy(&v, f->accuracy_s));
	if (f->nonce.len > 0)
		TRY(der_put_number(&v, f->nonce));
	return der_put(b, BER_SEQUENCE, buf_bytes(&v));
}

/* ---- the signature around it ---- */

static struct err *
put_attribute(struct buf *b, struct bytes type, const struct buf *value)
{
	CLEANUP(buf_done) struct buf v = BUF(PART_MAX);
	TRY(der_put(&v, BER_OID, type));
	TRY(der_put(&v, BER_SET, buf_bytes(value)));
	return der_put(b, BER_SEQUENCE, buf_bytes(&v));
}

/* RFC 5816 2.2.1: SigningCertificateV2, SHA-256 by default. */
static struct err *
put_signing_certificate(struct buf *b, const struct cert *tsa)
{
	uint8_t hash[32];
	cert_fingerprint(tsa, hash);
	CLEANUP(buf_done) struct buf id = BUF(PART_MAX);
	CLEANUP(buf_done) struct buf ids = BUF(PART_MAX);
	CLEANUP(buf_done) struct buf list = BUF(PART_MAX);
	CLEANUP(buf_done) struct buf v = BUF(PART_MAX);
	TRY(der_put(&id, BER_OCTETS, bytes_of(hash, sizeof(hash))));
	TRY(der_put(&ids, BER_SEQUENCE, buf_bytes(&id)));
	TRY(der_put(&list, BER_SEQUENCE, buf_bytes(&ids)));
	TRY(der_put(&v, BER_SEQUENCE, buf_bytes(&list)));
	return put_attribute(b, OID_SIGNING_CERTIFICATE_V2, &v);
}

/* The SET OF that is signed, RFC 5652 5.4. */
static struct err *
make_attributes(const struct tst_fields *f, struct bytes info, struct buf *out)
{
	uint8_t hash[DIGEST_MAX];
	TRY(digest_of(f->alg.digest, info, hash));
	CLEANUP(buf_done) struct buf all = BUF(PART_MAX);
	CLEANUP(buf_done) struct buf type = BUF(PART_MAX);
	CLEANUP(buf_done) struct buf digest = BUF(PART_MAX);
	TRY(der_put(&type, BER_OID, OID_TST_INFO));
	TRY(put_attribute(&all, OID_CONTENT_TYPE, &type));
	TRY(der_put(
	    &digest, BER_OCTETS, bytes_of(hash, digest_len(f->alg.digest))));
	TRY(put_attribute(&all, OID_MESSAGE_DIGEST, &digest));
	TRY(put_signing_certificate(&all, f->tsa));
	return der_put_set(out, BER_SET, buf_bytes(&all));
}

static struct err *
put_content(struct buf *b, struct bytes info)
{
	CLEANUP(buf_done) struct buf octets = BUF(PART_MAX);
	CLEANUP(buf_done) struct buf v = BUF(PART_MAX);
	TRY(der_put(&octets, BER_OCTETS, info));
	TRY(der_put(&v, BER_OID, OID_TST_INFO));
	TRY(der_put(&v, BER_CONTEXT, buf_bytes(&octets)));
	return der_put(b, BER_SEQUENCE, buf_bytes(&v));
}

static struct err *
put_certificates(struct buf *b, const struct tst_fields *f)
{
	if (!f->with_certs)
		return NULL;
	CLEANUP(buf_done) struct buf v = BUF(TST_MAX);
	TRY(buf_append(&v, cert_der(f->tsa)));
	for (size_t i = 0; f->chain != NULL && i < f->chain->n; i++)
		if (!cert_eq(f->chain->v[i], f->tsa) &&
		    !cert_is_self_issued(f->chain->v[i]))
			TRY(buf_append(&v, cert_der(f->chain->v[i])));
	return der_put_set(b, BER_CONTEXT, buf_bytes(&v));
}

static struct err *
put_issuer_and_serial(struct buf *b, const struct cert *c)
{
	CLEANUP(buf_done) struct buf v = BUF(CERT_MAX);
	TRY(buf_append(&v, cert_issuer_der(c)));
	TRY(der_put_number(&v, cert_serial(c)));
	return der_put(b, BER_SEQUENCE, buf_bytes(&v));
}

static struct err *
put_signer(struct buf *b, const struct tst_fields *f, struct bytes attributes,
    struct bytes value)
{
	struct tlv set;
	TRY(ber_only(attributes, BER_SET, &set));
	CLEANUP(buf_done) struct buf v = BUF(TST_MAX);
	TRY(put_small(&v, 1));
	TRY(put_issuer_and_serial(&v, f->tsa));
	TRY(put_digest_alg(&v, f->alg.digest));
	TRY(der_put(&v, BER_CONTEXT, set.body));
	TRY(sig_alg_encode(f->alg, &v));
	TRY(der_put(&v, BER_OCTETS, value));
	CLEANUP(buf_done) struct buf one = BUF(TST_MAX);
	TRY(der_put(&one, BER_SEQUENCE, buf_bytes(&v)));
	return der_put(b, BER_SET, buf_bytes(&one));
}

static struct err *
put_signed_data(struct buf *b, const struct tst_fields *f, struct bytes info,
    struct bytes attributes, struct bytes value)
{
	CLEANUP(buf_done) struct buf v = BUF(TST_MAX);
	CLEANUP(buf_done) struct buf alg = BUF(PART_MAX);
	TRY(put_small(&v, 3)); /* RFC 5652 5.1: the content is not id-data */
	TRY(put_digest_alg(&alg, f->alg.digest));
	TRY(der_put(&v, BER_SET, buf_bytes(&alg)));
	TRY(put_content(&v, info));
	TRY(put_certificates(&v, f));
	TRY(put_signer(&v, f, attributes, value));
	CLEANUP(buf_done) struct buf body = BUF(TST_MAX);
	CLEANUP(buf_done) struct buf data = BUF(TST_MAX);
	TRY(der_put(&data, BER_SEQUENCE, buf_bytes(&v)));
	TRY(der_put(&body, BER_OID, OID_SIGNED_DATA));
	TRY(der_put(&body, BER_CONTEXT, buf_bytes(&data)));
	return der_put(b, BER_SEQUENCE, buf_bytes(&body));
}

static struct err *
check_fields(const struct tst_fields *f)
{
	if (digest_len(f->imprint_alg) < 32)
		return err_coded(
		    err_new(ERR_UNSUPPORTED, "Circular 15/2025 App I",
			"a digest of less than 256 bits"),
		    "tsa-digest");
	if (f->imprint.len != digest_len(f->imprint_alg))
		return err_new(ERR_USAGE, "RFC 3161 2.4.1",
		    "an imprint of %zu bytes", f->imprint.len);
	if (f->serial.len == 0 || f->serial.len > TST_SERIAL_MAX ||
	    f->nonce.len > TST_NONCE_MAX || f->accuracy_s < 1)
		return err_new(ERR_USAGE, "RFC 3161 2.4.2",
		    "serial number, nonce or accuracy");
	return NULL;
}

void
tst_draft_done(struct tst_draft *d)
{
	buf_done(&d->info);
	buf_done(&d->attributes);
	buf_done(&d->value);
}

struct err *
tst_draft(const struct tst_fields *f, struct tst_draft *out)
{
	TRY(check_fields(f));
	CLEANUP(tst_draft_done)
	struct tst_draft d = { .info = BUF(PART_MAX),
		.attributes = BUF(PART_MAX),
		.value = BUF(PART_MAX) };
	TRY(put_info(&d.info, f));
	TRY(make_attributes(f, buf_bytes(&d.info), &d.attributes));
	*out = d;
	d = (struct tst_draft){ 0 };
	return NULL;
}

static struct err *
signed_digest(const struct tst_fields *f, const struct tst_draft *d,
    uint8_t out[DIGEST_MAX])
{
	return digest_of(f->alg.digest, buf_bytes(&d->attributes), out);
}

struct err *
tst_sign(const struct tst_fields *f, const struct signer *signer,
    struct tst_draft *d)
{
	uint8_t digest[DIGEST_MAX];
	TRY(signed_digest(f, d, digest));
	return signer->sign(signer->ctx, f->alg,
	    bytes_of(digest, digest_len(f->alg.digest)), &d->value);
}

/* Says no to a token that signed something else. */
struct err *
tst_finish(
    const struct tst_fields *f, const struct tst_draft *d, struct buf *out)
{
	uint8_t digest[DIGEST_MAX];
	bool ok = false;
	TRY(signed_digest(f, d, digest));
	TRY(cert_verify_digest(f->tsa, f->alg,
	    bytes_of(digest, digest_len(f->alg.digest)), buf_bytes(&d->value),
	    &ok));
	if (!ok)
		return err_new(ERR_DENIED, "RFC 5652 5.4",
		    "the signature is not the authority's");
	return put_signed_data(out, f, buf_bytes(&d->info),
	    buf_bytes(&d->attributes), buf_bytes(&d->value));
}

struct err *
tst_make(
    const struct tst_fields *f, const struct signer *signer, struct buf *out)
{
	CLEANUP(tst_draft_done) struct tst_draft d = { 0 };
	TRY(tst_draft(f, &d));
	TRY(tst_sign(f, signer, &d));
	return tst_finish(f, &d, out);
}

/* ---- answers ---- */

#define STATUS_GRANTED 0
#define STATUS_REJECTION 2
#define BER_UTF8 0x0c
#define BER_BITS 0x03

struct err *
tsr_granted(struct bytes token, struct buf *out)
{
	CLEANUP(buf_done) struct buf status = BUF(64);
	CLEANUP(buf_done) struct buf v = BUF(TST_MAX + 64);
	TRY(put_small(&status, STATUS_GRANTED));
	TRY(der_put(&v, BER_SEQUENCE, buf_bytes(&status)));
	TRY(buf_append(&v, token));
	return der_put(out, BER_SEQUENCE, buf_bytes(&v));
}

/* A named BIT STRING with that one bit, X.690 11.2.2. */
static struct err *
put_failure(struct buf *b, enum tsr_failure bit)
{
	uint8_t bits[5] = { (uint8_t)(7 - bit % 8) };
	size_t last = 1 + (size_t)bit / 8;
	bits[last] = (uint8_t)(0x80 >> (bit % 8));
	return der_put(b, BER_BITS, bytes_of(bits, last + 1));
}

struct err *
tsr_refused(enum tsr_failure failure, const char *why, struct buf *out)
{
	CLEANUP(buf_done) struct buf text = BUF(PART_MAX);
	CLEANUP(buf_done) struct buf info = BUF(PART_MAX);
	CLEANUP(buf_done) struct buf status = BUF(PART_MAX);
	TRY(der_put(&text, BER_UTF8, bytes_str(why)));
	TRY(put_small(&info, STATUS_REJECTION));
	TRY(der_put(&info, BER_SEQUENCE, buf_bytes(&text)));
	TRY(put_failure(&info, failure));
	TRY(der_put(&status, BER_SEQUENCE, buf_bytes(&info)));
	return der_put(out, BER_SEQUENCE, buf_bytes(&status));
}

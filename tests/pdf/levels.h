/*
 * The way from B to B-LTA as a test goes it: authority, signer and time-stamp
 * authority in memory, a CRL that says nothing is revoked.
 */
#ifndef SIGND_TESTS_PDF_LEVELS_H
#define SIGND_TESTS_PDF_LEVELS_H

#include "pdf/format.h"
#include "pdf/params.h"
#include "tests/pdf/signed.h"

#define LEVELS_MAX ((size_t)64 << 20) /* bytes of a file in memory */

struct levels {
	struct person ca, citizen, tsa;
	struct buf crl;
	size_t room; /* for a token; 0: what is usual */
};

static inline struct buf
levels_crl(const struct person *issuer, int64_t time)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *t = ASN1_TIME_new();
	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(
	    crl, X509_get_subject_name(cert_x509(issuer->cert)));
	ASN1_TIME_set(t, time);
	X509_CRL_set1_lastUpdate(crl, t);
	ASN1_TIME_set(t, time + DAY);
	X509_CRL_set1_nextUpdate(crl, t);
	ASN1_TIME_free(t);
	X509_CRL_sign(crl, issuer->key, EVP_sha256());
	uint8_t *der = NULL;
	int len = i2d_X509_CRL(crl, &der);
	struct buf out = BUF(65536);
	CHECK_OK(buf_append(&out, bytes_of(der, (size_t)len)));
	OPENSSL_free(der);
	X509_CRL_free(crl);
	return out;
}

static inline struct levels
levels_begin(int64_t now)
{
	struct levels l = { .room = 0 };
	struct person_wish w = { .name = "CA thử nghiệm",
		.key = "P-256",
		.alg = ALG_P256,
		.serial = 1,
		.from = now - 100 * DAY,
		.to = now + 1000 * DAY };
	l.ca = make_person(w);
	w.issuer = &l.ca;
	w.name = "Nguyễn Văn An";
	w.serial = 2;
	l.citizen = make_person(w);
	w.name = "TSA thử nghiệm";
	w.serial = 3;
	w.eku = "critical,timeStamping";
	l.tsa = make_person(w);
	l.crl = levels_crl(&l.ca, now - 100);
	stamp_clock = now;
	return l;
}

static inline void
levels_end(struct levels *l)
{
	person_done(&l->ca);
	person_done(&l->citizen);
	person_done(&l->tsa);
	buf_done(&l->crl);
}

static inline struct err *
levels_put(struct bytes in, const struct insertion *i, struct buf *out)
{
	struct bytes pieces[INSERTION_PIECES];
	TRY(insertion_check(i, in.len));
	size_t n = insertion_pieces(i, in, pieces);
	*out = BUF(LEVELS_MAX);
	for (size_t k = 0; k < n; k++)
		TRY(buf_append(out, pieces[k]));
	return NULL;
}

/* Signs at LEVEL_B or LEVEL_T; `p` has all but people and room. */
static inline struct err *
levels_sign(struct bytes in, const struct levels *l, struct sign_params p,
    struct buf *out)
{
	CLEANUP(prepared_done) struct prepared prepared = { 0 };
	CLEANUP(insertion_done) struct insertion i = { 0 };
	CLEANUP(buf_done) struct buf value = BUF(4096);
	CLEANUP(buf_done) struct buf token = BUF(65536);
	struct cert_list chain = { .v = (struct cert **)&l->ca.cert, .n = 1 };
	uint8_t digest[DIGEST_MAX];
	p.cert = l->citizen.cert;
	p.alg = l->citizen.alg;
	p.chain = &chain;
	p.time = stamp_clock;
	p.stamp_room = l->room;
	TRY(format_pdf.prepare(in, &p, &prepared));
	struct bytes state = buf_bytes(&prepared.state);
	person_sign(&l->citizen, buf_bytes(&prepared.to_be_signed), &value);
	if (p.level == LEVEL_T) {
		TRY(format_pdf.stamp(
		    state, buf_bytes(&value), DIGEST_SHA256, digest));
		stamp_token(&l->tsa, digest, &token);
	}
	TRY(format_pdf.embed(state, buf_bytes(&value), buf_bytes(&token), &i));
	return levels_put(in, &i, out);
}

/* One level further, for all signatures or one. */
static inline struct err *
levels_extend(struct bytes in, const struct levels *l, enum level level,
    const char *id, struct bytes password, struct buf *out)
{
	CLEANUP(prepared_done) struct prepared prepared = { 0 };
	CLEANUP(insertion_done) struct insertion i = { 0 };
	CLEANUP(buf_done) struct buf token = BUF(65536);
	struct cert *certs[] = { l->ca.cert, l->citizen.cert, l->tsa.cert };
	struct cert_list list = { .v = certs, .n = 3 };
	struct bytes crl = buf_bytes(&l->crl);
	struct extend_request r = { .document = in,
		.password = password,
		.id = id,
		.level = level,
		.evidence = { .certs = &list, .crls = &crl, .ncrls = 1 },
		.stamp_alg = DIGEST_SHA256,
		.stamp_room = l->room,
		.time = stamp_clock };
	TRY(format_pdf.extend(&r, &prepared));
	if (prepared.digest_alg != DIGEST_NONE)
		stamp_token(&l->tsa, prepared.digest, &token);
	TRY(format_pdf.embed(
	    buf_bytes(&prepared.state), BYTES_NONE, buf_bytes(&token), &i));
	return levels_put(in, &i, out);
}

#endif

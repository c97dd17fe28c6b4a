/* A citizen brings a token: an officer has met them, the request shows that
 * its key is at hand, and the certificate says what the officer approved. */
#include "signd/keyholder.h"

#include <stdlib.h>
#include <string.h>

#include "certs/csr.h"
#include "signd/ledger-ops.h"
#include "signd/records.h"

struct issue {
	struct issue_record record;
	struct bytes request; /* PKCS#10, DER */
	struct officer_proof proof;
	struct csr csr;
	struct buf rendered;
	struct cert *cert;
	char serial[2 * 20 + 1]; /* RFC 5280 4.1.2.2: 20 bytes at most */
};

static void
issue_done(struct issue *i)
{
	issue_record_done(&i->record);
	csr_done(&i->csr);
	buf_done(&i->rendered);
	cert_free(i->cert);
}

static struct err *
unpack_issue(struct unpack *u, struct issue *i)
{
	uint8_t hash[DIGEST_MAX];
	char hex[65];
	TRY(enrolment_record_unpack(u, &i->record.who));
	TRY(unpack_str(u, 13, &i->record.replaces));
	TRY(unpack_bytes(u, 14, &i->request));
	TRY(officer_proof_unpack(u, &i->proof));
	/* The hash in the record is ours: the front has no say in it. */
	TRY(digest_of(DIGEST_SHA256, i->request, hash));
	hex_text(bytes_of(hash, 32), hex);
	return bytes_dup_str(bytes_str(hex), &i->record.csr_sha256);
}

static struct err *
record_issue(struct keyholder *k, const struct issue *i)
{
	const struct enrolment_record *r = &i->record.who;
	uint8_t key[DIGEST_MAX];
	TRY(digest_of(DIGEST_SHA256, i->csr.spki, key));
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX * 2);
	TRY(pack_str(&body, 1, i->serial));
	TRY(pack_str(&body, 2, r->profile));
	TRY(pack_bytes(&body, 3, cert_der(i->cert)));
	TRY(pack_bytes(&body, 4, bytes_of(key, LEDGER_HASH)));
	TRY(pack_str(&body, 5, r->subject_id));
	TRY(pack_str(&body, 6, i->record.replaces));
	TRY(pack_i64(&body, 7, cert_not_after(i->cert)));
	TRY(pack_str(&body, 8, r->officer));
	TRY(pack_str(&body, 9, r->nonce));
	TRY(pack_bytes(&body, 10, buf_bytes(&i->rendered)));
	TRY(pack_bytes(&body, 11, i->proof.approval));
	TRY(pack_bytes(&body, 12, i->proof.alg));
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	return keyholder_tell(k, LW_ISSUED, &body, &answer);
}

static struct err *
make_certificate(struct keyholder *k, struct issue *i)
{
	struct err *e = keyholder_certificate_elsewhere(
	    k, &i->record.who, i->csr.key, &i->cert);
	if (e != NULL)
		return err_kind(e) == ERR_USAGE ? err_coded(e, "record-field")
						: e;
	struct bytes serial = cert_serial(i->cert);
	if (2 * serial.len + 1 > sizeof(i->serial))
		return err_new(ERR_INTERNAL, "RFC 5280 4.1.2.2", "serial");
	hex_text(serial, i->serial);
	return NULL;
}

static struct err *
issue(struct keyholder *k, struct issue *i, struct buf *out)
{
	i->rendered = BUF(RECORD_MAX);
	TRY(issue_record_render(&i->record, &i->rendered));
	TRY(keyholder_check_proof(k, &i->proof, buf_bytes(&i->rendered),
	    i->record.who.officer, i->record.who.time));
	TRY(csr_read(i->request, &i->csr));
	TRY(make_certificate(k, i));
	/* If the ledger says no, the certificate is forgotten here. */
	TRY(record_issue(k, i));
	TRY(pack_str(out, 1, i->serial));
	TRY(pack_bytes(out, 2, cert_der(i->cert)));
	for (size_t n = 0; n < k->chain.n; n++)
		TRY(pack_bytes(out, 3, cert_der(k->chain.v[n])));
	return NULL;
}

struct err *
keyholder_issue(struct keyholder *k, struct unpack *u, struct buf *out)
{
	CLEANUP(issue_done) struct issue i = { 0 };
	TRY(unpack_issue(u, &i));
	return issue(k, &i, out);
}

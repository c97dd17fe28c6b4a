/*
 * References to validation data (EN 319 122-1 A.1.1.1, A.1.2.1): digests of
 * certificates, CRLs and OCSP answers.  Where the data themselves stand in the
 * signature too, each reference must name one of them.  One that does not
 * proves nothing against the signature, for nobody signed it; it is told.
 */
#include "cms/stamps.h"

#include <stdlib.h>

#define REFS_MAX 1024 /* references that are looked at */

enum kind { KIND_CERT, KIND_CRL, KIND_OCSP };

struct datum {
	enum kind kind;
	struct bytes der;
};

struct refs {
	struct datum *v; /* owned; what is there */
	size_t n;
	bool there[3]; /* by kind: such data was promised */
	uint8_t (
	    *hash[DIGEST_COUNT])[DIGEST_MAX]; /* owned; of each, if asked */
	size_t looked, lost;
};

static void
refs_done(struct refs *r)
{
	free(r->v);
	for (size_t i = 0; i < DIGEST_COUNT; i++)
		free(r->hash[i]);
}

/* ---- what is there ---- */

/* The BasicOCSPResponse in an OCSPResponse: makers hash the one or the other.
 */
static struct err *
basic_of(struct bytes response, struct bytes *out)
{
	struct tlv t;
	TRY(ber_only(response, BER_SEQUENCE, &t));
	struct bytes rest = t.body;
	TRY(ber_take(&rest, BER_ENUMERATED, &t));
	TRY(ber_take(&rest, BER_CONTEXT, &t));
	TRY(ber_only(t.body, BER_SEQUENCE, &t));
	rest = t.body;
	TRY(ber_take(&rest, BER_OID, &t));
	TRY(ber_take(&rest, BER_OCTETS, &t));
	*out = t.body;
	return NULL;
}

static void
put(struct refs *r, enum kind kind, struct bytes der)
{
	r->v[r->n++] = (struct datum){ kind, der };
	r->there[kind] = r->there[kind] || kind != KIND_CERT;
}

static struct err *
put_all(struct refs *r, const struct cert_list *certs, const struct facts *f)
{
	r->v = calloc(certs->n + 2 * f->nstatus_data + 1, sizeof(*r->v));
	if (r->v == NULL)
		return err_new(ERR_NOMEM, NULL, "references");
	for (size_t i = 0; i < certs->n; i++)
		put(r, KIND_CERT, cert_der(certs->v[i]));
	for (size_t i = 0; i < f->nstatus_data; i++) {
		struct bytes der = buf_bytes(&f->status_data[i]), basic;
		put(r, f->status_is_ocsp[i] ? KIND_OCSP : KIND_CRL, der);
		struct err *e =
		    f->status_is_ocsp[i] ? basic_of(der, &basic) : NULL;
		if (f->status_is_ocsp[i] && e == NULL)
			put(r, KIND_OCSP, basic);
		err_free(e);
	}
	return NULL;
}

/* Those of the SignedData and of this signer's attributes. */
static struct err *
find_status(const struct cms *c, const struct signer_info *s, struct facts *out)
{
	for (struct bytes rest = c->crls; rest.len > 0;) {
		struct tlv t;
		TRY(ber_next(&rest, &t));
		TRY(status_of_crl(t, STATUS_NOWHERE, out));
	}
	for (struct bytes rest = s->unsigned_body; rest.len > 0;) {
		struct attribute a;
		TRY(attribute_next(&rest, &a));
		if (bytes_eq(a.oid, OID_REVOCATION_VALUES))
			TRY(status_of_values(a, STATUS_NOWHERE, out));
	}
	return NULL;
}

/* ---- what is named ---- */

static struct err *
hash_all(struct refs *r, enum digest_alg alg)
{
	r->hash[alg] = calloc(r->n + 1, sizeof(*r->hash[alg]));
	if (r->hash[alg] == NULL)
		return err_new(ERR_NOMEM, NULL, "digests");
	for (size_t i = 0; i < r->n; i++)
		TRY(digest_of(alg, r->v[i].der, r->hash[alg][i]));
	return NULL;
}

/* OtherHash: of SHA-1 the digest alone. */
static struct err *
read_hash(struct bytes *rest, enum digest_alg *alg, struct bytes *value)
{
	struct tlv t, id;
	char oid[OID_TEXT_MAX];
	*alg = DIGEST_SHA1;
	if (!ber_is(*rest, BER_SEQUENCE)) {
		TRY(ber_take(rest, BER_OCTETS, &t));
		*value = t.body;
		return NULL;
	}
	TRY(ber_take(rest, BER_SEQUENCE, &t));
	struct bytes inner = t.body;
	TRY(ber_take(&inner, BER_SEQUENCE, &id));
	TRY(ber_take(&inner, BER_OCTETS, &t));
	*value = t.body;
	TRY(ber_take(&id.body, BER_OID, &t));
	TRY(ber_oid_text(t.body, oid));
	*alg = digest_by_oid(oid);
	return NULL;
}

/* A digest of a kind that we do not know is not compared. */
static struct err *
look_for(struct refs *r, enum kind kind, struct bytes ref)
{
	enum digest_alg alg;
	struct bytes want;
	if (ref.len == 0 || !r->there[kind])
		return NULL;
	if (++r->looked > REFS_MAX)
		return err_new(ERR_LIMIT, NULL, "references");
	TRY(read_hash(&ref, &alg, &want));
	if (alg == DIGEST_NONE)
		return NULL;
	if (r->hash[alg] == NULL)
		TRY(hash_all(r, alg));
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].kind == kind &&
		    bytes_eq(want, bytes_of(r->hash[alg][i], digest_len(alg))))
			return NULL;
	r->lost++;
	return NULL;
}

/* Each element of a SEQUENCE OF; of an answer its identifier comes first, and
 * it may be named by that alone. */
static struct err *
look_for_each(struct refs *r, enum kind kind, struct bytes list)
{
	while (list.len > 0) {
		struct tlv t, id;
		TRY(ber_take(&list, BER_SEQUENCE, &t));
		if (kind == KIND_OCSP)
			TRY(ber_take(&t.body, BER_SEQUENCE, &id));
		TRY(look_for(r, kind, t.body));
	}
	return NULL;
}

/* CrlOcspRef: [0] and [1] hold a SEQUENCE of one SEQUENCE OF. */
static struct err *
look_for_status(struct refs *r, struct bytes both)
{
	while (both.len > 0) {
		struct tlv t, list;
		TRY(ber_next(&both, &t));
		if (t.tag != BER_CONTEXT && t.tag != BER_CONTEXT + 1)
			continue;
		TRY(ber_only(t.body, BER_SEQUENCE, &list));
		TRY(ber_only(list.body, BER_SEQUENCE, &list));
		TRY(look_for_each(
		    r, t.tag == BER_CONTEXT ? KIND_CRL : KIND_OCSP, list.body));
	}
	return NULL;
}

static struct err *
look_at(struct refs *r, struct attribute a)
{
	struct tlv list, t;
	bool certs = bytes_eq(a.oid, OID_CERTIFICATE_REFS);
	if (!certs && !bytes_eq(a.oid, OID_REVOCATION_REFS))
		return NULL;
	TRY(attribute_single(a, &list));
	if (certs)
		return look_for_each(r, KIND_CERT, list.body);
	while (list.body.len > 0) {
		TRY(ber_take(&list.body, BER_SEQUENCE, &t));
		TRY(look_for_status(r, t.body));
	}
	return NULL;
}

/* Whether there is anything to compare; without certificate-values nobody
 * promised that the chain is there. */
static struct err *
survey(const struct signer_info *s, struct refs *r, bool *any)
{
	*any = false;
	for (struct bytes rest = s->unsigned_body; rest.len > 0;) {
		struct attribute a;
		TRY(attribute_next(&rest, &a));
		*any = *any || bytes_eq(a.oid, OID_CERTIFICATE_REFS) ||
		       bytes_eq(a.oid, OID_REVOCATION_REFS);
		r->there[KIND_CERT] = r->there[KIND_CERT] ||
				      bytes_eq(a.oid, OID_CERTIFICATE_VALUES);
	}
	return NULL;
}

static struct err *
compare(const struct cms *c, const struct signer_info *s,
    const struct cert_list *certs, struct facts *status, struct refs *r)
{
	TRY(find_status(c, s, status));
	TRY(put_all(r, certs, status));
	for (struct bytes rest = s->unsigned_body; rest.len > 0;) {
		struct attribute a;
		TRY(attribute_next(&rest, &a));
		TRY(look_at(r, a));
	}
	return NULL;
}

struct err *
refs_collect(const struct cms *c, const struct signer_info *s,
    struct signature_fact *fact)
{
	CLEANUP(refs_done) struct refs r = { .n = 0 };
	CLEANUP(facts_done) struct facts status = { .format = "cms" };
	bool any;
	TRY(survey(s, &r, &any));
	if (!any)
		return NULL;
	TRY(compare(c, s, &fact->certs, &status, &r));
	return r.lost == 0 ? NULL
			   : findings_add(&fact->findings, false, "cades-refs",
				 "%zu of them", r.lost);
}

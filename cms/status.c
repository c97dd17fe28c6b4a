/* Revocation data that came along: RFC 5652 10.2.1, RFC 5940, EN 319 122-1
 * 5.4 (revocation-values), ISO 32000-2 12.8.3.3.2 (adbe-...). */
#include "cms/internal.h"

/* A BasicOCSPResponse becomes an OCSPResponse (RFC 6960 4.2.1), the form that
 * facts have. */
static struct err *
add_basic(struct facts *f, struct bytes basic)
{
	size_t max = basic.len + 128;
	CLEANUP(buf_done) struct buf inner = BUF(max);
	CLEANUP(buf_done) struct buf seq = BUF(max);
	CLEANUP(buf_done) struct buf body = BUF(max);
	CLEANUP(buf_done) struct buf out = BUF(max);
	TRY(der_put(&inner, BER_OID, OID_OCSP_BASIC));
	TRY(der_put(&inner, BER_OCTETS, basic));
	TRY(der_put(&seq, BER_SEQUENCE, buf_bytes(&inner)));
	TRY(der_put(&body, BER_ENUMERATED, BYTES_LIT("\0")));
	TRY(der_put(&body, BER_CONTEXT, buf_bytes(&seq)));
	TRY(der_put(&out, BER_SEQUENCE, buf_bytes(&body)));
	return facts_add_status(f, buf_bytes(&out), true);
}

static struct err *
add_other(struct facts *f, struct bytes body)
{
	struct tlv oid, value;
	TRY(ber_take(&body, BER_OID, &oid));
	TRY(ber_next(&body, &value));
	if (bytes_eq(oid.body, OID_RI_OCSP))
		return facts_add_status(f, value.whole, true);
	if (bytes_eq(oid.body, OID_OCSP_BASIC))
		return add_basic(f, value.whole);
	return NULL;
}

static struct err *
add_choices(struct facts *f, struct bytes rest)
{
	while (rest.len > 0) {
		struct tlv t;
		TRY(ber_next(&rest, &t));
		if (t.tag == BER_SEQUENCE)
			TRY(facts_add_status(f, t.whole, false));
		else if (t.tag == BER_CONTEXT + 1)
			TRY(add_other(f, t.body));
	}
	return NULL;
}

enum kind { KIND_CRL, KIND_OCSP, KIND_BASIC };

static struct err *
add_list(struct facts *f, struct bytes tagged, enum kind kind)
{
	struct tlv list, t;
	TRY(ber_only(tagged, BER_SEQUENCE, &list));
	while (list.body.len > 0) {
		TRY(ber_take(&list.body, BER_SEQUENCE, &t));
		TRY(kind == KIND_BASIC
			? add_basic(f, t.whole)
			: facts_add_status(f, t.whole, kind == KIND_OCSP));
	}
	return NULL;
}

/* Both attributes are SEQUENCE { [0] CRLs, [1] answers, [2] other }. */
static struct err *
add_attribute(struct facts *f, struct attribute a, enum kind ocsp)
{
	struct tlv seq, t;
	TRY(attribute_single(a, &seq));
	while (seq.body.len > 0) {
		TRY(ber_next(&seq.body, &t));
		if (t.tag == BER_CONTEXT)
			TRY(add_list(f, t.body, KIND_CRL));
		else if (t.tag == BER_CONTEXT + 1)
			TRY(add_list(f, t.body, ocsp));
	}
	return NULL;
}

static struct err *
add_from_attributes(struct facts *f, struct bytes rest)
{
	while (rest.len > 0) {
		struct attribute a;
		TRY(attribute_next(&rest, &a));
		if (bytes_eq(a.oid, OID_REVOCATION_VALUES))
			TRY(add_attribute(f, a, KIND_BASIC));
		else if (bytes_eq(a.oid, OID_ADBE_REVOCATION))
			TRY(add_attribute(f, a, KIND_OCSP));
	}
	return NULL;
}

/* What is broken here is as good as absent: it is told, no more. */
static struct err *
tolerate(struct err *e, struct facts *f)
{
	if (e == NULL || err_kind(e) == ERR_NOMEM)
		return e;
	struct err *e2 = findings_add(
	    &f->findings, false, "status-unreadable", "%s", err_text(e));
	err_free(e);
	return e2;
}

struct err *
cms_collect_status(const struct cms *c, struct facts *facts)
{
	TRY(tolerate(add_choices(facts, c->crls), facts));
	for (size_t i = 0; i < c->nsigners; i++) {
		const struct signer_info *s = &c->signers[i];
		TRY(tolerate(
		    add_from_attributes(facts, s->signed_body), facts));
		TRY(tolerate(
		    add_from_attributes(facts, s->unsigned_body), facts));
	}
	return NULL;
}

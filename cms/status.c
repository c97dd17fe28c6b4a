/* Revocation data that came along: RFC 5652 10.2.1, RFC 5940, EN 319 122-1
 * 5.4 (revocation-values), ISO 32000-2 12.8.3.3.2 (adbe-...). */
#include "cms/stamps.h"

/* A BasicOCSPResponse becomes an OCSPResponse (RFC 6960 4.2.1), the form that
 * facts have. */
static struct err *
add_basic(struct facts *f, struct bytes basic, struct status_place at)
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
	return facts_add_status_at(f, buf_bytes(&out), true, at);
}

static struct err *
add_other(struct facts *f, struct bytes body, struct status_place at)
{
	struct tlv oid, value;
	TRY(ber_take(&body, BER_OID, &oid));
	TRY(ber_next(&body, &value));
	if (bytes_eq(oid.body, OID_RI_OCSP))
		return facts_add_status_at(f, value.whole, true, at);
	if (bytes_eq(oid.body, OID_OCSP_BASIC))
		return add_basic(f, value.whole, at);
	return NULL;
}

static struct err *
add_choice(struct facts *f, struct tlv t, struct status_place at)
{
	if (t.tag == BER_SEQUENCE)
		return facts_add_status_at(f, t.whole, false, at);
	return t.tag == BER_CONTEXT + 1 ? add_other(f, t.body, at) : NULL;
}

struct err *
status_of_crl(struct tlv element, struct status_place at, struct facts *facts)
{
	return add_choice(facts, element, at);
}

/* Those of crls that have no place; `placed` is of the first COVER_MAX. */
static struct err *
add_unplaced(struct facts *f, struct bytes rest, const bool *placed)
{
	for (size_t i = 0; rest.len > 0; i++) {
		struct tlv t;
		TRY(ber_next(&rest, &t));
		if (placed == NULL || i >= COVER_MAX || !placed[i])
			TRY(add_choice(f, t, STATUS_NOWHERE));
	}
	return NULL;
}

/* All of them at one place. */
static struct err *
add_choices_at(struct facts *f, struct bytes rest, struct status_place at)
{
	while (rest.len > 0) {
		struct tlv t;
		TRY(ber_next(&rest, &t));
		TRY(add_choice(f, t, at));
	}
	return NULL;
}

enum kind { KIND_CRL, KIND_OCSP, KIND_BASIC };

static struct err *
add_list(struct facts *f, struct bytes tagged, enum kind kind, struct status_place at)
{
	struct tlv list, t;
	TRY(ber_only(tagged, BER_SEQUENCE, &list));
	while (list.body.len > 0) {
		TRY(ber_take(&list.body, BER_SEQUENCE, &t));
		TRY(kind == KIND_BASIC
			? add_basic(f, t.whole, at)
			: facts_add_status_at(
			      f, t.whole, kind == KIND_OCSP, at));
	}
	return NULL;
}

/* Both attributes are SEQUENCE { [0] CRLs, [1] answers, [2] other }. */
static struct err *
add_attribute(
    struct facts *f, struct attribute a, enum kind ocsp, struct status_place at)
{
	struct tlv seq, t;
	TRY(attribute_single(a, &seq));
	while (seq.body.len > 0) {
		TRY(ber_next(&seq.body, &t));
		if (t.tag == BER_CONTEXT)
			TRY(add_list(f, t.body, KIND_CRL, at));
		else if (t.tag == BER_CONTEXT + 1)
			TRY(add_list(f, t.body, ocsp, at));
	}
	return NULL;
}

struct err *
status_of_values(struct attribute a, struct status_place at, struct facts *facts)
{
	return add_attribute(facts, a, KIND_BASIC, at);
}

/* adbe-revocationInfoArchival may be signed along: then it is as old as the
 * signature. */
static struct err *
add_from_attributes(
    struct facts *f, struct bytes rest, bool values, struct status_place at)
{
	while (rest.len > 0) {
		struct attribute a;
		TRY(attribute_next(&rest, &a));
		if (values && bytes_eq(a.oid, OID_REVOCATION_VALUES))
			TRY(add_attribute(f, a, KIND_BASIC, at));
		else if (bytes_eq(a.oid, OID_ADBE_REVOCATION))
			TRY(add_attribute(f, a, KIND_OCSP, at));
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
status_of_signed(const struct signer_info *s, struct status_place at,
    struct facts *facts)
{
	return tolerate(
	    add_from_attributes(facts, s->signed_body, true, at), facts);
}

static struct err *
collect(const struct cms *c, const struct cover *cover, struct facts *facts)
{
	TRY(tolerate(add_unplaced(facts, c->crls,
			 cover == NULL ? NULL : cover->placed),
	    facts));
	for (size_t i = 0; i < c->nsigners; i++) {
		const struct signer_info *s = &c->signers[i];
		if (cover == NULL)
			TRY(status_of_signed(s, STATUS_NOWHERE, facts));
		TRY(tolerate(add_from_attributes(facts, s->unsigned_body,
				 cover == NULL, STATUS_NOWHERE),
		    facts));
	}
	return NULL;
}

struct err *
cms_collect_status(const struct cms *c, struct facts *facts)
{
	return collect(c, NULL, facts);
}

struct err *
status_of_token(const struct cms *token, struct status_place at, struct facts *facts)
{
	TRY(tolerate(add_choices_at(facts, token->crls, at), facts));
	for (struct bytes rest = token->signers[0].unsigned_body;
	     rest.len > 0;) {
		struct attribute a;
		TRY(attribute_next(&rest, &a));
		if (bytes_eq(a.oid, OID_REVOCATION_VALUES))
			TRY(tolerate(
			    add_attribute(facts, a, KIND_BASIC, at), facts));
	}
	return NULL;
}

/* What has a place. */
static struct err *
add_gathered(const struct facts *from, struct facts *to)
{
	for (size_t i = 0; i < from->nstatus_data; i++)
		TRY(facts_add_status_at(to, buf_bytes(&from->status_data[i]),
		    from->status_is_ocsp[i], from->status_at[i]));
	for (size_t i = 0; i < from->findings.n; i++)
		TRY(findings_add(&to->findings, false, from->findings.v[i].code,
		    "%s", from->findings.v[i].detail));
	return NULL;
}

struct err *
status_collect(
    const struct cms *c, const struct cover *cover, struct facts *facts)
{
	TRY(add_gathered(&cover->found, facts));
	return collect(c, cover, facts);
}

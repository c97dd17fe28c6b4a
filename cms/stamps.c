#include "cms/stamps.h"

#include <string.h>

/* ---- reading ---- */

static bool
kind_of(struct bytes oid, enum stamp_kind *out)
{
	const struct {
		struct bytes oid;
		enum stamp_kind kind;
	} table[] = {
		{ OID_SIGNATURE_TIME_STAMP, STAMP_SIGNATURE },
		{ OID_CONTENT_TIME_STAMP, STAMP_CONTENT },
		{ OID_ESC_TIME_STAMP, STAMP_REFS },
		{ OID_CERT_CRL_TIME_STAMP, STAMP_REFS },
		{ OID_ARCHIVE_TIME_STAMP_V2, STAMP_ARCHIVE },
		{ OID_ARCHIVE_TIME_STAMP_V3, STAMP_ARCHIVE },
	};
	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (bytes_eq(oid, table[i].oid)) {
			*out = table[i].kind;
			return true;
		}
	return false;
}

static struct err *
wrong(struct signature_fact *fact, struct err *e)
{
	if (err_kind(e) == ERR_NOMEM)
		return e;
	struct err *e2 = findings_add(
	    &fact->findings, false, "timestamp-wrong", "%s", err_text(e));
	err_free(e);
	return e2;
}

static struct err *
read_token(struct stamp *p)
{
	TRY(tst_parse(p->value, &p->t));
	if (bytes_eq(p->oid, OID_ARCHIVE_TIME_STAMP_V3))
		TRY(archive_index_find(tst_cms(p->t), &p->index));
	return NULL;
}

static struct err *
add_value(struct stamps *x, struct attribute a, struct bytes value,
    enum stamp_kind kind, struct signature_fact *fact)
{
	if (x->n == CMS_TIMESTAMPS_MAX)
		return err_new(ERR_LIMIT, NULL, "over %d time stamps",
		    CMS_TIMESTAMPS_MAX);
	struct stamp *p = &x->v[x->n++];
	*p = (struct stamp){ .kind = kind,
		.oid = a.oid,
		.attribute = a.whole,
		.value = value };
	struct err *e = read_token(p);
	if (e == NULL)
		return NULL;
	tst_free(TAKE(p->t));
	x->n--;
	return wrong(fact, e);
}

static struct err *
read_set(struct stamps *x, struct bytes rest, bool is_signed,
    struct signature_fact *fact)
{
	for (size_t n = 0; rest.len > 0; n++) {
		struct attribute a;
		enum stamp_kind kind;
		TRY(attribute_next(&rest, &a));
		if (n == CMS_ATTRIBUTES_MAX)
			return err_new(ERR_LIMIT, NULL, "over %d attributes",
			    CMS_ATTRIBUTES_MAX);
		if (!kind_of(a.oid, &kind) ||
		    is_signed != (kind == STAMP_CONTENT))
			continue;
		while (a.values.len > 0) {
			struct tlv t;
			TRY(ber_next(&a.values, &t));
			TRY(add_value(x, a, t.whole, kind, fact));
		}
	}
	return NULL;
}

/* ---- what each covers ---- */

/* Attributes of a type, without the SEQUENCE around each (TS 101 733 6.3.5). */
static struct err *
add_attributes(struct digest *d, struct bytes rest, struct bytes oid)
{
	while (rest.len > 0) {
		struct attribute a;
		struct bytes look = rest;
		struct tlv t;
		TRY(ber_take(&look, BER_SEQUENCE, &t));
		TRY(attribute_next(&rest, &a));
		if (bytes_eq(a.oid, oid))
			TRY(digest_add(d, t.body));
	}
	return NULL;
}

static struct err *
imprint_refs(const struct stamps *x, const struct stamp *p,
    enum digest_alg alg, uint8_t hash[DIGEST_MAX])
{
	CLEANUP(digest_freep) struct digest *d = NULL;
	struct bytes attrs = x->s->unsigned_body;
	TRY(digest_new(alg, &d));
	if (bytes_eq(p->oid, OID_ESC_TIME_STAMP)) {
		TRY(digest_add(d, buf_bytes(&x->s->signature)));
		TRY(add_attributes(d, attrs, OID_SIGNATURE_TIME_STAMP));
	}
	TRY(add_attributes(d, attrs, OID_CERTIFICATE_REFS));
	TRY(add_attributes(d, attrs, OID_REVOCATION_REFS));
	return digest_final(d, hash);
}

/* The attributes that were there before an archive time stamp v2: all but
 * those that it, or a later one, is. */
static struct err *
attributes_before(
    const struct stamps *x, const struct stamp *p, struct buf *out)
{
	for (struct bytes rest = x->s->unsigned_body; rest.len > 0;) {
		struct attribute a;
		bool later = false;
		TRY(attribute_next(&rest, &a));
		for (size_t i = 0; i < x->n; i++)
			later = later ||
				(x->v[i].kind == STAMP_ARCHIVE &&
				    x->v[i].attribute.ptr == a.whole.ptr &&
				    tst_time(x->v[i].t) >= tst_time(p->t));
		if (!later)
			TRY(buf_append(out, a.whole));
	}
	return NULL;
}

static struct err *
imprint_v2(const struct stamps *x, const struct stamp *p, const struct cms *c,
    const struct content *content, uint8_t hash[DIGEST_MAX], bool *there)
{
	CLEANUP(buf_done) struct buf attrs = BUF(CMS_MAX);
	enum digest_alg alg = tst_imprint_alg(p->t);
	*there = cms_attached(c) || (content->there && !content->only_known);
	if (!*there)
		return NULL;
	TRY(attributes_before(x, p, &attrs));
	for (int tagged = 1; tagged >= 0; tagged--) {
		TRY(archive_imprint_v2(c, x->s, content, buf_bytes(&attrs),
		    tagged != 0, alg, hash));
		if (bytes_eq(bytes_of(hash, digest_len(alg)),
			tst_imprint(p->t)))
			break;
	}
	return NULL;
}

/* Everything that the index names must be there; then the imprint is over the
 * index.  Something taken away leaves a digest that nothing has. */
static struct err *
imprint_v3(const struct stamps *x, const struct stamp *p, const struct cms *c,
    struct content *content, uint8_t hash[DIGEST_MAX], bool *there)
{
	enum digest_alg alg = tst_imprint_alg(p->t);
	struct bytes digest;
	bool holds = false;
	TRY(content_digest(content, alg, &digest));
	*there = digest.len > 0;
	if (!*there)
		return NULL;
	if (p->index.there)
		TRY(archive_index_holds(&p->index, c, x->s, &holds));
	memset(hash, 0, DIGEST_MAX);
	if (!holds)
		return NULL;
	return archive_imprint_v3(
	    c, x->s, digest, p->index.value, alg, hash);
}

static struct err *
imprint_content(const struct stamp *p, struct content *content,
    uint8_t hash[DIGEST_MAX], bool *there)
{
	struct bytes digest;
	TRY(content_digest(content, tst_imprint_alg(p->t), &digest));
	*there = digest.len > 0;
	if (*there)
		memcpy(hash, digest.ptr, digest.len);
	return NULL;
}

static struct err *
imprint(const struct stamps *x, const struct stamp *p, const struct cms *c,
    struct content *content, uint8_t hash[DIGEST_MAX], bool *there)
{
	enum digest_alg alg = tst_imprint_alg(p->t);
	*there = alg != DIGEST_NONE;
	if (!*there)
		return NULL;
	switch (p->kind) {
	case STAMP_SIGNATURE:
		return digest_of(alg, buf_bytes(&x->s->signature), hash);
	case STAMP_CONTENT:
		return imprint_content(p, content, hash, there);
	case STAMP_REFS:
		return imprint_refs(x, p, alg, hash);
	case STAMP_ARCHIVE:
	case STAMP_DOCUMENT:
		break;
	}
	return bytes_eq(p->oid, OID_ARCHIVE_TIME_STAMP_V3)
		   ? imprint_v3(x, p, c, content, hash, there)
		   : imprint_v2(x, p, c, content, hash, there);
}

/* ---- judging ---- */

static struct err *
judge(const struct stamps *x, struct stamp *p, const struct cms *c,
    struct content *content, const struct cert_list *extra,
    struct signature_fact *fact)
{
	uint8_t hash[DIGEST_MAX];
	bool there;
	TRY(imprint(x, p, c, content, hash, &there));
	struct bytes digest = BYTES_NONE;
	if (there)
		digest = bytes_of(hash, digest_len(tst_imprint_alg(p->t)));
	TRY(tst_check(p->t, digest, extra, &fact->certs, &p->fact));
	p->fact.kind = p->kind;
	p->good = p->fact.digest == CHECK_PASSED &&
		  p->fact.signature == CHECK_PASSED;
	if (p->good)
		return NULL;
	if (!there && p->fact.signature == CHECK_PASSED)
		return findings_add(&fact->findings, false,
		    "timestamp-unchecked",
		    "what the time stamp covers is not there");
	return findings_add(&fact->findings, false, "timestamp-wrong",
	    "a time stamp on the signature does not hold");
}

/* ---- order ---- */

static bool
is_archive(const struct stamp *p)
{
	return p->kind == STAMP_ARCHIVE && p->good;
}

/* Whether archive time stamp `p` covers a value of an unsigned attribute.
 * Version 2 covers all attributes; which of the other archive time stamps
 * it takes in goes by time. */
static struct err *
covers_value(const struct stamp *p, struct bytes oid, struct bytes value,
    bool *out)
{
	*out = true;
	if (!bytes_eq(p->oid, OID_ARCHIVE_TIME_STAMP_V3))
		return NULL;
	return archive_names_value(&p->index, oid, value, out);
}

static struct err *
covers_crl(const struct stamp *p, struct bytes element, bool *out)
{
	*out = true;
	if (!bytes_eq(p->oid, OID_ARCHIVE_TIME_STAMP_V3))
		return NULL;
	return archive_names_crl(&p->index, element, out);
}

/* Archive time stamps get their places by time.  One that a later one does
 * not cover was slipped in, and says nothing. */
static struct err *
place_archives(struct stamps *x, struct signature_fact *fact)
{
	for (size_t i = 0; i < x->n; i++) {
		struct stamp *p = &x->v[i];
		bool covered = true;
		position rank = 1;
		if (!is_archive(p))
			continue;
		for (size_t k = 0; k < x->n; k++) {
			const struct stamp *q = &x->v[k];
			if (!is_archive(q) || q == p)
				continue;
			if (q->fact.time < p->fact.time ||
			    (q->fact.time == p->fact.time && k < i))
				rank++;
			else if (covered)
				TRY(covers_value(
				    q, p->oid, p->value, &covered));
		}
		p->fact.at = 2 * rank + 2;
		if (covered)
			continue;
		p->fact.digest = CHECK_NOT_DONE;
		TRY(findings_add(&fact->findings, false, "timestamp-order",
		    "a later archive time stamp does not cover it"));
	}
	return NULL;
}

/* The place of what `covers` says of each archive time stamp. */
static position
first_place(const struct stamps *x, const bool *covered)
{
	position best = POSITION_LAST;
	for (size_t i = 0; i < x->n; i++)
		if (covered[i] && x->v[i].fact.at - 1 < best)
			best = x->v[i].fact.at - 1;
	return best;
}

struct err *
stamps_place_value(const struct stamps *x, struct bytes oid,
    struct bytes value, position *out)
{
	bool covered[CMS_TIMESTAMPS_MAX] = { false };
	for (size_t i = 0; i < x->n; i++)
		if (is_archive(&x->v[i]) &&
		    x->v[i].fact.digest == CHECK_PASSED)
			TRY(covers_value(&x->v[i], oid, value, &covered[i]));
	*out = first_place(x, covered);
	return NULL;
}

struct err *
stamps_place_crl(
    const struct stamps *x, struct bytes element, position *out)
{
	bool covered[CMS_TIMESTAMPS_MAX] = { false };
	for (size_t i = 0; i < x->n; i++)
		if (is_archive(&x->v[i]) &&
		    x->v[i].fact.digest == CHECK_PASSED)
			TRY(covers_crl(&x->v[i], element, &covered[i]));
	*out = first_place(x, covered);
	return NULL;
}

/* Time stamps below the archive's: those that no archive time stamp covers,
 * where there is one, came later, and nothing proves when. */
static struct err *
place_others(struct stamps *x)
{
	bool archived = stamps_have(x, STAMP_ARCHIVE);
	for (size_t i = 0; i < x->n; i++) {
		struct stamp *p = &x->v[i];
		if (p->kind == STAMP_CONTENT || p->kind == STAMP_ARCHIVE)
			continue;
		position where = 0;
		if (archived)
			TRY(stamps_place_value(x, p->oid, p->value, &where));
		p->fact.at = where == POSITION_LAST      ? POSITION_LAST
			     : p->kind == STAMP_SIGNATURE ? 1
							  : 2;
	}
	return NULL;
}

static struct err *
collect(const struct cms *c, const struct signer_info *s,
    struct content *content, const struct cert_list *extra,
    struct signature_fact *fact, struct stamps *out)
{
	TRY(read_set(out, s->signed_body, true, fact));
	TRY(read_set(out, s->unsigned_body, false, fact));
	for (size_t i = 0; i < out->n; i++)
		TRY(judge(out, &out->v[i], c, content, extra, fact));
	TRY(place_archives(out, fact));
	TRY(place_others(out));
	for (size_t i = 0; i < out->n; i++)
		TRY(signature_add_timestamp(fact, out->v[i].fact));
	return NULL;
}

struct err *
stamps_collect(const struct cms *c, const struct signer_info *s,
    struct content *content, const struct cert_list *extra,
    struct signature_fact *fact, struct stamps *out)
{
	out->s = s;
	struct err *e = collect(c, s, content, extra, fact, out);
	if (e != NULL) /* half of an order is none */
		stamps_done(out);
	return e;
}

void
stamps_done(struct stamps *x)
{
	for (size_t i = 0; i < x->n; i++) {
		tst_free(x->v[i].t);
		cert_free(x->v[i].fact.tsa);
	}
	x->n = 0;
}

bool
stamps_have(const struct stamps *x, enum stamp_kind kind)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->v[i].kind == kind && x->v[i].good &&
		    x->v[i].fact.digest == CHECK_PASSED)
			return true;
	return false;
}

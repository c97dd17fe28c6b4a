#include "cms/archive.h"

#include "cms/frame.h"

#define INDEX_MAX (1024 * 1024) /* bytes */

/* ---- the index ---- */

static struct err *
put_hash(struct buf *b, enum digest_alg alg, struct bytes what)
{
	uint8_t hash[DIGEST_MAX];
	TRY(digest_of(alg, what, hash));
	return der_put(b, BER_OCTETS, bytes_of(hash, digest_len(alg)));
}

static struct err *
put_hashes(struct buf *b, enum digest_alg alg, struct bytes elements)
{
	CLEANUP(buf_done) struct buf list = BUF(INDEX_MAX);
	while (elements.len > 0) {
		struct tlv t;
		TRY(ber_next(&elements, &t));
		TRY(put_hash(&list, alg, t.whole));
	}
	return der_put(b, BER_SEQUENCE, buf_bytes(&list));
}

/* What is hashed of one value of an attribute: its type and itself. */
static struct err *
hash_value(enum digest_alg alg, struct bytes oid, struct bytes value,
    uint8_t out[DIGEST_MAX])
{
	CLEANUP(digest_freep) struct digest *d = NULL;
	CLEANUP(buf_done) struct buf type = BUF(OID_TEXT_MAX);
	TRY(der_put(&type, BER_OID, oid));
	TRY(digest_new(alg, &d));
	TRY(digest_add(d, buf_bytes(&type)));
	TRY(digest_add(d, value));
	return digest_final(d, out);
}

static struct err *
put_values(struct buf *b, enum digest_alg alg, struct bytes attributes)
{
	CLEANUP(buf_done) struct buf list = BUF(INDEX_MAX);
	uint8_t hash[DIGEST_MAX];
	while (attributes.len > 0) {
		struct attribute a;
		TRY(attribute_next(&attributes, &a));
		while (a.values.len > 0) {
			struct tlv t;
			TRY(ber_next(&a.values, &t));
			TRY(hash_value(alg, a.oid, t.whole, hash));
			TRY(der_put(&list, BER_OCTETS,
			    bytes_of(hash, digest_len(alg))));
		}
	}
	return der_put(b, BER_SEQUENCE, buf_bytes(&list));
}

struct err *
archive_index_make(const struct cms *c, const struct signer_info *s,
    enum digest_alg alg, struct buf *out)
{
	CLEANUP(buf_done) struct buf body = BUF(INDEX_MAX);
	TRY(put_digest_alg(&body, alg));
	TRY(put_hashes(&body, alg, c->cert_set));
	TRY(put_hashes(&body, alg, c->crls));
	TRY(put_values(&body, alg, s->unsigned_body));
	return der_put(out, BER_SEQUENCE, buf_bytes(&body));
}

/* hashIndAlgorithm is SHA-256 where it is left out (versions 1 and 2). */
static struct err *
read_algorithm(struct bytes *rest, enum digest_alg *out)
{
	struct bytes look = *rest;
	struct tlv t, oid;
	char text[OID_TEXT_MAX];
	*out = DIGEST_SHA256;
	TRY(ber_take(&look, BER_SEQUENCE, &t));
	if (!ber_is(t.body, BER_OID))
		return NULL;
	*rest = look;
	TRY(ber_take(&t.body, BER_OID, &oid));
	TRY(ber_oid_text(oid.body, text));
	*out = digest_by_oid(text);
	return NULL;
}

static struct err *
read_index(struct tlv value, struct archive_index *x)
{
	struct tlv t;
	struct bytes rest = value.body;
	if (x->there || value.tag != BER_SEQUENCE)
		return err_new(ERR_MALFORMED, "EN 319 122-1 5.5.2",
		    "a hash index that is not one");
	x->there = true;
	x->value = value.whole;
	TRY(read_algorithm(&rest, &x->alg));
	TRY(ber_take(&rest, BER_SEQUENCE, &t));
	x->certs = t.body;
	TRY(ber_take(&rest, BER_SEQUENCE, &t));
	x->crls = t.body;
	TRY(ber_take(&rest, BER_SEQUENCE, &t));
	x->attributes = t.body;
	return ber_end(rest);
}

struct err *
archive_index_find(const struct cms *token, struct archive_index *out)
{
	struct archive_index x = { 0 };
	for (struct bytes rest = token->signers[0].unsigned_body;
	     rest.len > 0;) {
		struct attribute a;
		struct tlv t;
		TRY(attribute_next(&rest, &a));
		if (!bytes_eq(a.oid, OID_ATS_HASH_INDEX) &&
		    !bytes_eq(a.oid, OID_ATS_HASH_INDEX_V2) &&
		    !bytes_eq(a.oid, OID_ATS_HASH_INDEX_V3))
			continue;
		TRY(attribute_single(a, &t));
		TRY(read_index(t, &x));
	}
	*out = x;
	return NULL;
}

/* ---- what it names ---- */

static struct err *
has_hash(struct bytes list, struct bytes hash, bool *out)
{
	while (list.len > 0 && !*out) {
		struct tlv t;
		TRY(ber_take(&list, BER_OCTETS, &t));
		*out = bytes_eq(t.body, hash);
	}
	return NULL;
}

struct err *
archive_names_crl(
    const struct archive_index *x, struct bytes element, bool *out)
{
	uint8_t hash[DIGEST_MAX];
	*out = false;
	TRY(digest_of(x->alg, element, hash));
	return has_hash(x->crls, bytes_of(hash, digest_len(x->alg)), out);
}

struct err *
archive_names_value(const struct archive_index *x, struct bytes oid,
    struct bytes value, bool *out)
{
	uint8_t hash[DIGEST_MAX];
	*out = false;
	TRY(hash_value(x->alg, oid, value, hash));
	return has_hash(
	    x->attributes, bytes_of(hash, digest_len(x->alg)), out);
}

static struct err *
hash_elements(const struct archive_index *x, struct bytes set, struct buf *out)
{
	while (set.len > 0) {
		struct tlv t;
		TRY(ber_next(&set, &t));
		TRY(put_hash(out, x->alg, t.whole));
	}
	return NULL;
}

/* Some signers name what stands in certificate-values and revocation-values
 * (both lists of lists at most) as if it were in certificates and crls. */
static struct err *
hash_values_in(const struct archive_index *x, struct bytes attrs,
    struct bytes oid, struct buf *out)
{
	while (attrs.len > 0) {
		struct attribute a;
		struct tlv list;
		TRY(attribute_next(&attrs, &a));
		if (!bytes_eq(a.oid, oid))
			continue;
		TRY(attribute_single(a, &list));
		TRY(hash_elements(x, list.body, out));
		while (ber_is(list.body, BER_CONTEXT) ||
		       ber_is(list.body, BER_CONTEXT + 1)) {
			struct tlv tagged, inner;
			TRY(ber_next(&list.body, &tagged));
			TRY(ber_only(tagged.body, BER_SEQUENCE, &inner));
			TRY(hash_elements(x, inner.body, out));
		}
	}
	return NULL;
}

/* The first version hashes attributes whole, the later ones value by value. */
static struct err *
hash_attributes(
    const struct archive_index *x, struct bytes attrs, struct buf *out)
{
	CLEANUP(buf_done) struct buf values = BUF(INDEX_MAX);
	struct tlv list;
	TRY(hash_elements(x, attrs, out));
	TRY(put_values(&values, x->alg, attrs));
	TRY(ber_only(buf_bytes(&values), BER_SEQUENCE, &list));
	return buf_append(out, list.body);
}

/* Whether each hash of `list` is one of `have`. */
static struct err *
all_there(struct bytes list, struct bytes have, bool *out)
{
	while (list.len > 0 && *out) {
		struct tlv t;
		bool found = false;
		TRY(ber_take(&list, BER_OCTETS, &t));
		TRY(has_hash(have, t.body, &found));
		*out = found;
	}
	return NULL;
}

struct err *
archive_index_holds(const struct archive_index *x, const struct cms *c,
    const struct signer_info *s, bool *out)
{
	CLEANUP(buf_done) struct buf certs = BUF(INDEX_MAX);
	CLEANUP(buf_done) struct buf crls = BUF(INDEX_MAX);
	CLEANUP(buf_done) struct buf attrs = BUF(INDEX_MAX);
	*out = x->alg != DIGEST_NONE;
	if (!*out)
		return NULL;
	TRY(hash_elements(x, c->cert_set, &certs));
	TRY(hash_values_in(
	    x, s->unsigned_body, OID_CERTIFICATE_VALUES, &certs));
	TRY(hash_elements(x, c->crls, &crls));
	TRY(hash_values_in(x, s->unsigned_body, OID_REVOCATION_VALUES, &crls));
	TRY(hash_attributes(x, s->unsigned_body, &attrs));
	TRY(all_there(x->certs, buf_bytes(&certs), out));
	TRY(all_there(x->crls, buf_bytes(&crls), out));
	return all_there(x->attributes, buf_bytes(&attrs), out);
}

/* ---- imprints ---- */

struct err *
archive_imprint_v3(const struct cms *c, const struct signer_info *s,
    struct bytes content_digest, struct bytes index, enum digest_alg alg,
    uint8_t out[DIGEST_MAX])
{
	CLEANUP(digest_freep) struct digest *d = NULL;
	CLEANUP(buf_done) struct buf type = BUF(OID_TEXT_MAX);
	TRY(der_put(&type, BER_OID, c->content_oid));
	TRY(digest_new(alg, &d));
	TRY(digest_add(d, buf_bytes(&type)));
	TRY(digest_add(d, content_digest));
	TRY(digest_add(d, s->head));
	TRY(digest_add(d, index));
	return digest_final(d, out);
}

struct err *
archive_imprint_v2(const struct cms *c, const struct signer_info *s,
    const struct content *content, struct bytes unsigned_attrs, bool tagged,
    enum digest_alg alg, uint8_t out[DIGEST_MAX])
{
	CLEANUP(digest_freep) struct digest *d = NULL;
	TRY(digest_new(alg, &d));
	TRY(digest_add(d, c->info));
	if (!cms_attached(c))
		TRY(content_add(content, d));
	TRY(digest_add(d, c->certs_field));
	TRY(digest_add(d, c->crls_field));
	TRY(digest_add(d, s->head));
	if (tagged) {
		CLEANUP(buf_done) struct buf head = BUF(OID_TEXT_MAX);
		TRY(der_put_head(
		    &head, BER_CONTEXT + 1, unsigned_attrs.len));
		TRY(digest_add(d, buf_bytes(&head)));
	}
	TRY(digest_add(d, unsigned_attrs));
	return digest_final(d, out);
}

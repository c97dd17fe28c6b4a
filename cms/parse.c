#include "cms/internal.h"

#include <stdlib.h>

#include "certs/ossl.h"

/* Content in pieces is put together up to here; a larger one is only hashed. */
#define GATHERED_MAX (16 * 1024 * 1024) /* bytes */

static struct err *
parse_algorithm(struct bytes *rest, struct tlv *whole, struct bytes *oid)
{
	struct tlv o;
	TRY(ber_take(rest, BER_SEQUENCE, whole));
	struct bytes inner = whole->body;
	TRY(ber_take(&inner, BER_OID, &o));
	*oid = o.body;
	return NULL;
}

/* SignerIdentifier, RFC 5652 5.3. */
static struct err *
parse_sid(struct bytes *rest, struct signer_info *s)
{
	struct tlv t, inner;
	if (ber_is(*rest, BER_CONTEXT_PRIMITIVE)) {
		TRY(ber_take(rest, BER_CONTEXT_PRIMITIVE, &t));
		s->key_id = t.body;
		return NULL;
	}
	TRY(ber_take(rest, BER_SEQUENCE, &t));
	struct bytes names = t.body;
	TRY(ber_take(&names, BER_SEQUENCE, &inner));
	s->issuer = inner.whole;
	TRY(ber_take(&names, BER_INTEGER, &inner));
	s->serial = inner.body;
	return ber_end(names);
}

static struct err *
parse_signature(struct bytes *rest, struct signer_info *s)
{
	struct tlv t;
	TRY(ber_next(rest, &t));
	s->signature = BUF(t.body.len);
	return ber_octets(t, &s->signature);
}

struct err *
signer_parse(struct tlv whole, struct signer_info *s)
{
	struct tlv t;
	struct bytes rest = whole.body;
	s->whole = whole.whole;
	TRY(ber_take(&rest, BER_INTEGER, &t));
	TRY(ber_small(t, &s->version));
	TRY(parse_sid(&rest, s));
	TRY(parse_algorithm(&rest, &t, &s->digest_oid));
	char oid[OID_TEXT_MAX];
	TRY(ber_oid_text(s->digest_oid, oid));
	s->digest = digest_by_oid(oid);
	/* Old programs state the signature algorithm here (RFC 5652 5.3 wants
	 * the digest's); it names one hash. */
	if (s->digest == DIGEST_NONE)
		s->digest = sig_alg_by_oid(oid).digest;
	if (ber_is(rest, BER_CONTEXT)) {
		TRY(ber_take(&rest, BER_CONTEXT, &t));
		s->signed_attrs = t.whole;
		s->signed_body = t.body;
	}
	struct bytes ignored;
	TRY(parse_algorithm(&rest, &t, &ignored));
	s->sig_alg = t.whole;
	TRY(parse_signature(&rest, s));
	s->head = bytes_slice(whole.body, 0, whole.body.len - rest.len);
	if (ber_is(rest, BER_CONTEXT + 1)) {
		TRY(ber_take(&rest, BER_CONTEXT + 1, &t));
		s->unsigned_body = t.body;
	}
	return ber_end(rest);
}

void
signer_done(struct signer_info *s)
{
	buf_done(&s->signature);
}

static struct err *
parse_signers(struct bytes set, struct cms *c)
{
	c->signers = calloc(CMS_SIGNERS_MAX, sizeof(c->signers[0]));
	if (c->signers == NULL)
		return err_new(ERR_NOMEM, NULL, "signers");
	while (set.len > 0) {
		struct tlv t;
		TRY(ber_take(&set, BER_SEQUENCE, &t));
		if (c->nsigners == CMS_SIGNERS_MAX)
			return err_new(ERR_LIMIT, NULL, "more than %d signers",
			    CMS_SIGNERS_MAX);
		TRY(signer_parse(t, &c->signers[c->nsigners++]));
	}
	return NULL;
}

/* EncapsulatedContentInfo, RFC 5652 5.2. */
static struct err *
parse_content(struct bytes body, struct cms *c)
{
	struct tlv t, octets;
	TRY(ber_take(&body, BER_OID, &t));
	c->content_oid = t.body;
	TRY(ber_oid_text(t.body, c->content_type));
	if (body.len == 0)
		return NULL;
	TRY(ber_take(&body, BER_CONTEXT, &t));
	TRY(ber_end(body));
	c->content_field = t.whole;
	struct bytes inner = t.body;
	TRY(ber_next(&inner, &octets));
	TRY(ber_end(inner));
	c->octets = octets.whole;
	if (octets.tag == BER_OCTETS) {
		c->content = octets.body;
		return NULL;
	}
	/* PKCS#7 allowed anything here; RFC 5652 5.2.1 tells of it. */
	if (octets.tag != BER_OCTETS_CONSTRUCTED)
		return err_new(ERR_UNSUPPORTED, "RFC 5652 5.2",
		    "content that is not an OCTET STRING");
	c->pieces = true;
	if (octets.body.len > GATHERED_MAX)
		return NULL;
	c->gathered = BUF(GATHERED_MAX);
	TRY(ber_octets(octets, &c->gathered));
	c->content = buf_bytes(&c->gathered);
	if (c->content.ptr == NULL)
		c->content = BYTES_LIT("");
	return NULL;
}

/*
 * CertificateChoices, RFC 5652 10.2.2: only X.509 certificates are of use.
 * One that cannot be read is passed over: it signs nothing.
 */
static struct err *
parse_certs(struct bytes set, struct cms *c)
{
	while (set.len > 0) {
		struct tlv t;
		TRY(ber_next(&set, &t));
		if (t.tag != BER_SEQUENCE)
			continue;
		struct err *e = cert_list_add_der(&c->certs, t.whole);
		if (e == NULL)
			continue;
		if (err_kind(e) == ERR_NOMEM)
			return e;
		err_free(e);
		c->unread_certs++;
	}
	return NULL;
}

/* digestAlgorithms: nobody signs them and nothing is decided by them, but what
 * is no list of algorithms is no SignedData. */
static struct err *
check_digests(struct bytes set)
{
	struct tlv t;
	struct bytes oid;
	while (set.len > 0)
		TRY(parse_algorithm(&set, &t, &oid));
	return NULL;
}

static struct err *
parse_signed_data(struct bytes rest, struct cms *c)
{
	struct tlv t;
	TRY(ber_take(&rest, BER_INTEGER, &t));
	TRY(ber_small(t, &c->version));
	TRY(ber_take(&rest, BER_SET, &t));
	c->digest_algs = t.body;
	TRY(check_digests(t.body));
	TRY(ber_take(&rest, BER_SEQUENCE, &t));
	c->info = t.whole;
	TRY(parse_content(t.body, c));
	if (ber_is(rest, BER_CONTEXT)) {
		TRY(ber_take(&rest, BER_CONTEXT, &t));
		c->certs_field = t.whole;
		c->cert_set = t.body;
		TRY(parse_certs(t.body, c));
	}
	if (ber_is(rest, BER_CONTEXT + 1)) {
		TRY(ber_take(&rest, BER_CONTEXT + 1, &t));
		c->crls_field = t.whole;
		c->crls = t.body;
	}
	TRY(ber_take(&rest, BER_SET, &t));
	TRY(parse_signers(t.body, c));
	return ber_end(rest);
}

static struct err *
parse_content_info(struct bytes in, struct cms *c)
{
	struct tlv t;
	TRY(ber_only(in, BER_SEQUENCE, &t));
	struct bytes rest = t.body;
	TRY(ber_take(&rest, BER_OID, &t));
	if (!bytes_eq(t.body, OID_SIGNED_DATA))
		return err_new(
		    ERR_UNSUPPORTED, "RFC 5652 5.1", "not SignedData");
	TRY(ber_take(&rest, BER_CONTEXT, &t));
	TRY(ber_end(rest));
	rest = t.body;
	TRY(ber_take(&rest, BER_SEQUENCE, &t));
	TRY(ber_end(rest));
	TRY(parse_signed_data(t.body, c));
	if (in.len - c->content_field.len > CMS_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "over %d bytes beside content", CMS_MAX);
	return NULL;
}

struct err *
cms_parse_borrowed(struct bytes in, struct cms **out)
{
	CLEANUP(cms_freep) struct cms *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return err_new(ERR_NOMEM, NULL, "struct cms");
	TRY(parse_content_info(in, c));
	*out = TAKE(c);
	return NULL;
}

struct err *
cms_parse(struct bytes in, struct cms **out)
{
	if (in.len > CMS_MAX)
		return err_new(ERR_LIMIT, NULL, "%zu bytes", in.len);
	CLEANUP(cms_freep) struct cms *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return err_new(ERR_NOMEM, NULL, "struct cms");
	c->in = BUF(CMS_MAX);
	TRY(buf_append(&c->in, in));
	TRY(parse_content_info(buf_bytes(&c->in), c));
	*out = TAKE(c);
	return NULL;
}

void
cms_free(struct cms *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->nsigners; i++)
		signer_done(&c->signers[i]);
	free(c->signers);
	cert_list_done(&c->certs);
	buf_done(&c->gathered);
	buf_done(&c->in);
	free(c);
}

struct err *
cms_length(struct bytes in, size_t *out)
{
	struct tlv t;
	TRY(ber_take(&in, BER_SEQUENCE, &t));
	*out = t.whole.len;
	return NULL;
}

bool
cms_attached(const struct cms *c)
{
	return c->content_field.len > 0;
}

size_t
cms_signers(const struct cms *c)
{
	return c->nsigners;
}

enum digest_alg
cms_signer_digest(const struct cms *c, size_t signer)
{
	return signer < c->nsigners ? c->signers[signer].digest : DIGEST_NONE;
}

struct bytes
cms_content(const struct cms *c)
{
	return c->content;
}

const char *
cms_content_type(const struct cms *c)
{
	return c->content_type;
}

const struct cert_list *
cms_certs(const struct cms *c)
{
	return &c->certs;
}

struct err *
attribute_next(struct bytes *rest, struct attribute *out)
{
	struct tlv t, oid, values;
	TRY(ber_take(rest, BER_SEQUENCE, &t));
	struct bytes inner = t.body;
	TRY(ber_take(&inner, BER_OID, &oid));
	TRY(ber_take(&inner, BER_SET, &values));
	TRY(ber_end(inner));
	*out = (struct attribute){
		.whole = t.whole, .oid = oid.body, .values = values.body
	};
	return NULL;
}

struct err *
attribute_single(struct attribute a, struct tlv *out)
{
	struct bytes rest = a.values;
	struct tlv t;
	TRY(ber_next(&rest, &t));
	TRY(ber_end(rest));
	*out = t;
	return NULL;
}

#include "cms/frame.h"

#include "base/pack.h"

#define FRAME_MAX INSERTION_MAX /* bytes of all parts */
#define HEAD_MAX (1024 * 1024)  /* bytes: algorithms, lengths */

static struct err *
copy(struct buf *b, struct bytes from)
{
	*b = BUF(FRAME_MAX);
	return buf_append(b, from);
}

struct frame
frame_new(void)
{
	return (struct frame){ .digest_algs = BUF(FRAME_MAX),
		.type = BUF(OID_TEXT_MAX),
		.begin = BUF(FRAME_MAX),
		.certs = BUF(FRAME_MAX),
		.crls = BUF(FRAME_MAX),
		.signers = BUF(FRAME_MAX) };
}

void
frame_done(struct frame *f)
{
	buf_done(&f->digest_algs);
	buf_done(&f->type);
	buf_done(&f->begin);
	buf_done(&f->certs);
	buf_done(&f->crls);
	buf_done(&f->signers);
}

static struct err *
fill(const struct cms *c, struct bytes in, bool keep, struct frame *f)
{
	TRY(copy(&f->digest_algs, c->digest_algs));
	TRY(copy(&f->type, c->content_oid));
	TRY(copy(&f->certs, c->cert_set));
	TRY(copy(&f->crls, c->crls));
	for (size_t i = 0; i < c->nsigners; i++)
		TRY(buf_append(&f->signers, c->signers[i].whole));
	f->size = in.len;
	if (!keep)
		return copy(&f->begin, c->content_field);
	if (c->content_field.len > 0)
		f->kept_at = (size_t)(c->content_field.ptr - in.ptr);
	f->kept = c->content_field.len;
	return NULL;
}

struct err *
frame_of(const struct cms *c, struct bytes in, bool keep, struct frame *out)
{
	struct frame f = frame_new();
	struct err *e = fill(c, in, keep, &f);
	if (e != NULL) {
		frame_done(&f);
		return e;
	}
	*out = f;
	return NULL;
}

/* ---- RFC 5652 5.1 ---- */

/* CertificateChoices: [1] version 1 and [2] version 2 of attribute
 * certificates, [3] other. */
static struct err *
version_of_certs(struct bytes certs, int *v)
{
	while (certs.len > 0) {
		struct tlv t;
		TRY(ber_next(&certs, &t));
		int wants = t.tag == BER_CONTEXT + 3   ? 5
			    : t.tag == BER_CONTEXT + 2 ? 4
			    : t.tag == BER_CONTEXT + 1 ? 3
						       : 1;
		*v = wants > *v ? wants : *v;
	}
	return NULL;
}

static struct err *
version_of_crls(struct bytes crls, int *v)
{
	while (crls.len > 0) {
		struct tlv t;
		TRY(ber_next(&crls, &t));
		if (t.tag == BER_CONTEXT + 1)
			*v = 5;
	}
	return NULL;
}

static struct err *
version_of_signers(struct bytes signers, int *v)
{
	while (signers.len > 0) {
		struct tlv t, n;
		int version;
		TRY(ber_take(&signers, BER_SEQUENCE, &t));
		TRY(ber_take(&t.body, BER_INTEGER, &n));
		TRY(ber_small(n, &version));
		if (version == 3 && *v < 3)
			*v = 3;
	}
	return NULL;
}

struct err *
cms_version_of(bool data, struct bytes certs, struct bytes crls,
    struct bytes signers, int *out)
{
	int v = data ? 1 : 3;
	TRY(version_of_certs(certs, &v));
	TRY(version_of_crls(crls, &v));
	TRY(version_of_signers(signers, &v));
	*out = v;
	return NULL;
}

/* ---- writing ---- */

static struct err *
write_tail(const struct frame *f, struct buf *tail)
{
	if (f->certs.len > 0)
		TRY(der_put(tail, BER_CONTEXT, buf_bytes(&f->certs)));
	if (f->crls.len > 0)
		TRY(der_put(tail, BER_CONTEXT + 1, buf_bytes(&f->crls)));
	return der_put(tail, BER_SET, buf_bytes(&f->signers));
}

static struct err *
write_version(const struct frame *f, struct buf *b)
{
	int version;
	TRY(cms_version_of(bytes_eq(buf_bytes(&f->type), OID_DATA),
	    buf_bytes(&f->certs), buf_bytes(&f->crls), buf_bytes(&f->signers),
	    &version));
	uint8_t v = (uint8_t)version;
	return der_put(b, BER_INTEGER, bytes_of(&v, 1));
}

/* From the version to the content, whose rest and the tail follow. */
static struct err *
write_begin(const struct frame *f, struct buf *b)
{
	CLEANUP(buf_done) struct buf type = BUF(HEAD_MAX);
	TRY(write_version(f, b));
	TRY(der_put(b, BER_SET, buf_bytes(&f->digest_algs)));
	TRY(der_put(&type, BER_OID, buf_bytes(&f->type)));
	TRY(der_put_head(
	    b, BER_SEQUENCE, type.len + f->begin.len + f->kept));
	TRY(buf_append(b, buf_bytes(&type)));
	return buf_append(b, buf_bytes(&f->begin));
}

struct err *
frame_write(const struct frame *f, struct buf *head, struct buf *tail)
{
	CLEANUP(buf_done) struct buf begin = BUF(FRAME_MAX);
	CLEANUP(buf_done) struct buf data = BUF(HEAD_MAX);
	CLEANUP(buf_done) struct buf oid = BUF(HEAD_MAX);
	TRY(write_tail(f, tail));
	TRY(write_begin(f, &begin));
	size_t len = begin.len + f->kept + tail->len;
	TRY(der_put_head(&data, BER_SEQUENCE, len));
	TRY(der_put(&oid, BER_OID, OID_SIGNED_DATA));
	TRY(der_put_head(&oid, BER_CONTEXT, data.len + len));
	/* The explicit [0] and the SEQUENCE in it are both of known length. */
	TRY(der_put_head(head, BER_SEQUENCE, oid.len + data.len + len));
	TRY(buf_append(head, buf_bytes(&oid)));
	TRY(buf_append(head, buf_bytes(&data)));
	return buf_append(head, buf_bytes(&begin));
}

struct err *
frame_insertion(const struct frame *f, struct insertion *out)
{
	struct insertion i = { .bytes = BUF(INSERTION_MAX),
		.head = BUF(INSERTION_MAX) };
	struct err *e = frame_write(f, &i.head, &i.bytes);
	if (e != NULL) {
		insertion_done(&i);
		return e;
	}
	i.head_cut = f->kept_at;
	i.at = f->kept_at + f->kept;
	i.cut = f->size - i.at;
	*out = i;
	return NULL;
}

/* ---- adding ---- */

/* The elements of one SignerInfo, with one more unsigned attribute. */
static struct err *
put_signer(struct buf *b, struct tlv signer, struct bytes attribute)
{
	CLEANUP(buf_done) struct buf body = BUF(FRAME_MAX);
	CLEANUP(buf_done) struct buf attrs = BUF(FRAME_MAX);
	struct tlv t;
	while (signer.body.len > 0) {
		TRY(ber_next(&signer.body, &t));
		TRY(buf_append(t.tag == BER_CONTEXT + 1 ? &attrs : &body,
		    t.tag == BER_CONTEXT + 1 ? t.body : t.whole));
	}
	TRY(buf_append(&attrs, attribute));
	TRY(der_put(&body, BER_CONTEXT + 1, buf_bytes(&attrs)));
	return der_put(b, BER_SEQUENCE, buf_bytes(&body));
}

struct err *
frame_add_unsigned(struct frame *f, size_t i, struct bytes attribute)
{
	CLEANUP(buf_done) struct buf all = BUF(FRAME_MAX);
	struct bytes rest = buf_bytes(&f->signers);
	for (size_t k = 0; rest.len > 0; k++) {
		struct tlv t;
		TRY(ber_take(&rest, BER_SEQUENCE, &t));
		TRY(k == i ? put_signer(&all, t, attribute)
			   : buf_append(&all, t.whole));
	}
	buf_done(&f->signers);
	f->signers = buf_move(&all);
	return NULL;
}

static struct err *
add_once(struct buf *set, struct bytes element)
{
	for (struct bytes rest = buf_bytes(set); rest.len > 0;) {
		struct tlv t;
		TRY(ber_next(&rest, &t));
		if (bytes_eq(t.whole, element))
			return NULL;
	}
	return buf_append(set, element);
}

struct err *
frame_add_cert(struct frame *f, struct bytes der)
{
	return add_once(&f->certs, der);
}

struct err *
frame_add_crl(struct frame *f, struct bytes der)
{
	return add_once(&f->crls, der);
}

struct err *
frame_add_ocsp(struct frame *f, struct bytes der)
{
	CLEANUP(buf_done) struct buf body = BUF(FRAME_MAX);
	CLEANUP(buf_done) struct buf other = BUF(FRAME_MAX);
	TRY(der_put(&body, BER_OID, OID_RI_OCSP));
	TRY(buf_append(&body, der));
	TRY(der_put(&other, BER_CONTEXT + 1, buf_bytes(&body)));
	return add_once(&f->crls, buf_bytes(&other));
}

struct err *
frame_add_digest_alg(struct frame *f, enum digest_alg alg)
{
	CLEANUP(buf_done) struct buf oid = BUF(OID_TEXT_MAX);
	TRY(der_put_oid(&oid, digest_oid(alg)));
	for (struct bytes rest = buf_bytes(&f->digest_algs); rest.len > 0;) {
		struct tlv t;
		TRY(ber_take(&rest, BER_SEQUENCE, &t));
		if (bytes_starts(t.body, buf_bytes(&oid)))
			return NULL;
	}
	return der_put(&f->digest_algs, BER_SEQUENCE, buf_bytes(&oid));
}

struct err *
cms_add_unsigned(struct bytes in, struct bytes attribute, struct buf *out)
{
	CLEANUP(cms_freep) struct cms *c = NULL;
	CLEANUP(frame_done) struct frame f = frame_new();
	CLEANUP(buf_done) struct buf tail = BUF(FRAME_MAX);
	TRY(cms_parse_borrowed(in, &c));
	TRY(fill(c, in, false, &f));
	TRY(frame_add_unsigned(&f, 0, attribute));
	TRY(frame_write(&f, out, &tail));
	return buf_append(out, buf_bytes(&tail));
}

struct err *
put_attribute(struct buf *b, struct bytes oid, struct bytes value)
{
	CLEANUP(buf_done) struct buf body = BUF(HEAD_MAX + value.len);
	TRY(der_put(&body, BER_OID, oid));
	TRY(der_put(&body, BER_SET, value));
	return der_put(b, BER_SEQUENCE, buf_bytes(&body));
}

struct err *
put_digest_alg(struct buf *b, enum digest_alg alg)
{
	CLEANUP(buf_done) struct buf oid = BUF(OID_TEXT_MAX);
	TRY(der_put_oid(&oid, digest_oid(alg)));
	return der_put(b, BER_SEQUENCE, buf_bytes(&oid));
}

/* ---- between two steps ---- */

enum {
	TAG_DIGEST_ALGS = 1,
	TAG_TYPE,
	TAG_BEGIN,
	TAG_KEPT_AT,
	TAG_KEPT,
	TAG_SIZE,
	TAG_CERTS,
	TAG_CRLS,
	TAG_SIGNERS,
};

struct err *
frame_pack(const struct frame *f, struct buf *out)
{
	TRY(pack_bytes(out, TAG_DIGEST_ALGS, buf_bytes(&f->digest_algs)));
	TRY(pack_bytes(out, TAG_TYPE, buf_bytes(&f->type)));
	TRY(pack_bytes(out, TAG_BEGIN, buf_bytes(&f->begin)));
	TRY(pack_u64(out, TAG_KEPT_AT, f->kept_at));
	TRY(pack_u64(out, TAG_KEPT, f->kept));
	TRY(pack_u64(out, TAG_SIZE, f->size));
	TRY(pack_bytes(out, TAG_CERTS, buf_bytes(&f->certs)));
	TRY(pack_bytes(out, TAG_CRLS, buf_bytes(&f->crls)));
	return pack_bytes(out, TAG_SIGNERS, buf_bytes(&f->signers));
}

static struct err *
unpack_part(struct unpack *u, uint16_t tag, struct buf *out)
{
	struct bytes b;
	TRY(unpack_bytes(u, tag, &b));
	return buf_append(out, b);
}

static struct err *
unpack_place(struct unpack *u, struct frame *f)
{
	uint64_t at, kept, size;
	TRY(unpack_u64(u, TAG_KEPT_AT, &at));
	TRY(unpack_u64(u, TAG_KEPT, &kept));
	TRY(unpack_u64(u, TAG_SIZE, &size));
	if (at > size || kept > size - at)
		return err_new(ERR_MALFORMED, NULL, "a state outside itself");
	f->kept_at = (size_t)at;
	f->kept = (size_t)kept;
	f->size = (size_t)size;
	return NULL;
}

static struct err *
unpack_parts(struct unpack *u, struct frame *f)
{
	TRY(unpack_part(u, TAG_DIGEST_ALGS, &f->digest_algs));
	TRY(unpack_part(u, TAG_TYPE, &f->type));
	TRY(unpack_part(u, TAG_BEGIN, &f->begin));
	TRY(unpack_place(u, f));
	TRY(unpack_part(u, TAG_CERTS, &f->certs));
	TRY(unpack_part(u, TAG_CRLS, &f->crls));
	TRY(unpack_part(u, TAG_SIGNERS, &f->signers));
	return unpack_end(u);
}

struct err *
frame_unpack(struct bytes packed, struct frame *out)
{
	struct unpack u = unpack_of(packed);
	struct frame f = frame_new();
	struct err *e = unpack_parts(&u, &f);
	if (e != NULL) {
		frame_done(&f);
		return e;
	}
	*out = f;
	return NULL;
}

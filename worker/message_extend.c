/* The request of `extend`, packed. */
#include "worker/job.h"

#include "base/pack.h"

#include <stdlib.h>

#define EVIDENCE_MAX 4096 /* CRLs, and as many OCSP answers */
#define EXTERNAL_MAX 1024

enum {
	TAG_FORMAT = 1,
	TAG_ID,
	TAG_LEVEL,
	TAG_STAMP_ALG,
	TAG_STAMP_ROOM,
	TAG_TIME,
	TAG_PASSWORD,
	TAG_CERTS,
	TAG_CERT,
	TAG_CRLS,
	TAG_CRL,
	TAG_OCSPS,
	TAG_OCSP,
	TAG_EXTERNAL,
	TAG_URI,
	TAG_DATA,
};

struct extend_hold {
	char *format;
	char *id;
	struct cert_list certs;
	struct bytes *crls; /* these borrow from the message */
	struct bytes *ocsps;
	struct external *external;
	char **uris;
	size_t nexternal;
};

/* A list of byte strings: how many, then each. */
static struct err *
pack_list(struct buf *b, uint16_t count_tag, uint16_t tag,
    const struct bytes *v, size_t n)
{
	TRY(pack_u64(b, count_tag, n));
	for (size_t i = 0; i < n; i++)
		TRY(pack_bytes(b, tag, v[i]));
	return NULL;
}

static struct err *
pack_evidence(struct buf *b, const struct evidence *v)
{
	size_t n = v->certs == NULL ? 0 : v->certs->n;
	TRY(pack_u64(b, TAG_CERTS, n + v->nders));
	for (size_t i = 0; i < n; i++)
		TRY(pack_bytes(b, TAG_CERT, cert_der(v->certs->v[i])));
	for (size_t i = 0; i < v->nders; i++)
		TRY(pack_bytes(b, TAG_CERT, v->ders[i]));
	TRY(pack_list(b, TAG_CRLS, TAG_CRL, v->crls, v->ncrls));
	return pack_list(b, TAG_OCSPS, TAG_OCSP, v->ocsps, v->nocsps);
}

struct err *
extend_request_pack(
    const char *format, const struct extend_request *r, struct buf *out)
{
	if (format != NULL)
		TRY(pack_str(out, TAG_FORMAT, format));
	if (r->id != NULL)
		TRY(pack_str(out, TAG_ID, r->id));
	TRY(pack_u64(out, TAG_LEVEL, (uint64_t)r->level));
	TRY(pack_u64(out, TAG_STAMP_ALG, (uint64_t)r->stamp_alg));
	TRY(pack_u64(out, TAG_STAMP_ROOM, r->stamp_room));
	TRY(pack_i64(out, TAG_TIME, r->time));
	TRY(pack_bytes(out, TAG_PASSWORD, r->password));
	TRY(pack_evidence(out, &r->evidence));
	TRY(pack_u64(out, TAG_EXTERNAL, r->nexternal));
	for (size_t i = 0; i < r->nexternal; i++) {
		if (r->external[i].uri != NULL)
			TRY(pack_str(out, TAG_URI, r->external[i].uri));
		TRY(pack_bytes(out, TAG_DATA, r->external[i].data));
	}
	return NULL;
}

static struct err *
unpack_number(struct unpack *u, uint16_t tag, uint64_t max, size_t *out)
{
	uint64_t n;
	TRY(unpack_u64(u, tag, &n));
	if (n > max)
		return err_new(ERR_LIMIT, NULL, "field %u: over %zu", tag,
		    (size_t)max);
	*out = (size_t)n;
	return NULL;
}

static struct err *
unpack_list(struct unpack *u, uint16_t count_tag, uint16_t tag,
    struct bytes **v, size_t *n)
{
	TRY(unpack_number(u, count_tag, EVIDENCE_MAX, n));
	*v = calloc(*n + 1, sizeof(**v));
	if (*v == NULL)
		return err_new(ERR_NOMEM, NULL, "a list of a message");
	for (size_t i = 0; i < *n; i++)
		TRY(unpack_bytes(u, tag, &(*v)[i]));
	return NULL;
}

static struct err *
unpack_evidence(struct unpack *u, struct evidence *v, struct extend_hold *h)
{
	size_t n = 0;
	struct bytes der;
	TRY(unpack_number(u, TAG_CERTS, CERT_LIST_MAX, &n));
	for (size_t i = 0; i < n; i++) {
		TRY(unpack_bytes(u, TAG_CERT, &der));
		TRY(cert_list_add_der(&h->certs, der));
	}
	v->certs = &h->certs;
	TRY(unpack_list(u, TAG_CRLS, TAG_CRL, &h->crls, &v->ncrls));
	TRY(unpack_list(u, TAG_OCSPS, TAG_OCSP, &h->ocsps, &v->nocsps));
	v->crls = h->crls;
	v->ocsps = h->ocsps;
	return NULL;
}

static struct err *
unpack_external(
    struct unpack *u, struct extend_request *r, struct extend_hold *h)
{
	TRY(unpack_number(u, TAG_EXTERNAL, EXTERNAL_MAX, &r->nexternal));
	h->external = calloc(r->nexternal + 1, sizeof(*h->external));
	h->uris = calloc(r->nexternal + 1, sizeof(*h->uris));
	if (h->external == NULL || h->uris == NULL)
		return err_new(ERR_NOMEM, NULL, "a list of a message");
	for (size_t i = 0; i < r->nexternal; i++) {
		h->nexternal = i + 1;
		if (unpack_is(u, TAG_URI))
			TRY(unpack_str(u, TAG_URI, &h->uris[i]));
		h->external[i].uri = h->uris[i];
		TRY(unpack_bytes(u, TAG_DATA, &h->external[i].data));
	}
	r->external = h->external;
	return NULL;
}

static struct err *
unpack_all(struct unpack *u, struct extend_request *r, struct extend_hold *h)
{
	size_t level = 0, alg = 0;
	if (unpack_is(u, TAG_FORMAT))
		TRY(unpack_str(u, TAG_FORMAT, &h->format));
	if (unpack_is(u, TAG_ID))
		TRY(unpack_str(u, TAG_ID, &h->id));
	r->id = h->id;
	TRY(unpack_number(u, TAG_LEVEL, LEVEL_LTA, &level));
	TRY(unpack_number(u, TAG_STAMP_ALG, DIGEST_COUNT - 1, &alg));
	r->level = (enum level)level;
	r->stamp_alg = (enum digest_alg)alg;
	TRY(unpack_number(u, TAG_STAMP_ROOM, INSERTION_MAX, &r->stamp_room));
	TRY(unpack_i64(u, TAG_TIME, &r->time));
	TRY(unpack_bytes(u, TAG_PASSWORD, &r->password));
	TRY(unpack_evidence(u, &r->evidence, h));
	TRY(unpack_external(u, r, h));
	return unpack_end(u);
}

DEFINE_FREEP(extend_hold_free, struct extend_hold)

struct err *
extend_request_unpack(struct bytes packed, const char **format,
    struct extend_request *out, struct extend_hold **hold)
{
	CLEANUP(extend_hold_freep)
	struct extend_hold *h = calloc(1, sizeof(*h));
	if (h == NULL)
		return err_new(ERR_NOMEM, NULL, "struct extend_hold");
	struct unpack u = unpack_of(packed);
	struct extend_request r = { 0 };
	TRY(unpack_all(&u, &r, h));
	*format = h->format;
	*out = r;
	*hold = TAKE(h);
	return NULL;
}

void
extend_hold_free(struct extend_hold *h)
{
	if (h == NULL)
		return;
	for (size_t i = 0; i < h->nexternal; i++)
		free(h->uris[i]);
	free(h->uris);
	free(h->external);
	free(h->crls);
	free(h->ocsps);
	cert_list_done(&h->certs);
	free(h->format);
	free(h->id);
	free(h);
}

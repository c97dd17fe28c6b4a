#include "pkcs11/identity.h"

#include <stdlib.h>

#include "certs/ossl.h"
#include "certs/spki.h"
#include "pkcs11/keys.h"
#include "pkcs11/objects.h"

static void
identity_done(struct p11_identity *i)
{
	buf_done(&i->id);
	buf_done(&i->label);
	buf_done(&i->spki);
	cert_free(i->cert);
}

void
p11_identities_done(struct p11_identities *l)
{
	for (size_t i = 0; i < l->n; i++)
		identity_done(&l->v[i]);
	free(l->v);
	*l = (struct p11_identities){ 0 };
}

static struct err *
add(struct p11_identities *l, struct p11_identity **out)
{
	struct p11_identity *v = realloc(l->v, (l->n + 1) * sizeof(*v));
	if (v == NULL)
		return err_new(ERR_NOMEM, NULL, "struct p11_identity");
	l->v = v;
	v[l->n] = (struct p11_identity){ .id = BUF(P11_ID_MAX),
		.label = BUF(P11_LABEL_MAX),
		.spki = BUF(CERT_MAX) };
	*out = &v[l->n++];
	return NULL;
}

static struct err *
read_names(const struct p11_session *s, CK_OBJECT_HANDLE object,
    struct p11_identity *out)
{
	bool there;
	TRY(p11_attribute(s, object, CKA_ID, &out->id, &there));
	return p11_attribute(s, object, CKA_LABEL, &out->label, &there);
}

/* ---- keys ---- */

/* What a key hides of itself, or is of a kind that we do not sign with, is no
 * reason to stop. */
static struct err *
try_spki(const struct p11_session *s, CK_OBJECT_HANDLE key, struct buf *out)
{
	struct err *e = p11_spki(s, key, out);
	if (e == NULL ||
	    (err_kind(e) != ERR_UNSUPPORTED && err_kind(e) != ERR_MALFORMED))
		return e;
	err_free(e);
	return NULL;
}

/* The public half has the same CKA_ID. */
static struct err *
spki_of_public(const struct p11_session *s, struct bytes id, struct buf *out)
{
	if (id.len == 0)
		return NULL;
	struct p11_objects found = { .n = 0 };
	TRY(p11_objects_find(s, CKO_PUBLIC_KEY, id, &found));
	return found.n == 1 ? try_spki(s, found.v[0], out) : NULL;
}

static struct err *
read_key(
    const struct p11_session *s, CK_OBJECT_HANDLE key, struct p11_identities *l)
{
	struct p11_identity *i;
	TRY(add(l, &i));
	i->key = key;
	i->has_key = true;
	TRY(read_names(s, key, i));
	TRY(p11_attribute_flag(s, key, CKA_SIGN, &i->signs));
	TRY(p11_attribute_flag(s, key, CKA_ALWAYS_AUTHENTICATE, &i->always));
	TRY(try_spki(s, key, &i->spki));
	if (i->spki.len == 0)
		TRY(spki_of_public(s, buf_bytes(&i->id), &i->spki));
	return NULL;
}

/* ---- certificates ---- */

static struct err *
spki_of_cert(const struct cert *c, struct buf *out)
{
	CLEANUP(ossl_freep) uint8_t *der = NULL;
	int len = i2d_PUBKEY(cert_key(c), &der);
	if (len <= 0)
		return err_ossl(ERR_NOMEM, "i2d_PUBKEY");
	return buf_append(out, bytes_of(der, (size_t)len));
}

/* By its public key; by its CKA_ID only where that is all there is. */
static struct err *
owner(const struct p11_identities *l, const struct cert *c, struct bytes id,
    struct p11_identity **out)
{
	CLEANUP(buf_done) struct buf spki = BUF(CERT_MAX);
	TRY(spki_of_cert(c, &spki));
	*out = NULL;
	for (size_t i = 0; i < l->n; i++) {
		struct p11_identity *k = &l->v[i];
		if (!k->has_key)
			continue;
		if (k->spki.len > 0 &&
		    bytes_eq(buf_bytes(&k->spki), buf_bytes(&spki))) {
			*out = k;
			return NULL;
		}
		if (k->spki.len == 0 && id.len > 0 &&
		    bytes_eq(buf_bytes(&k->id), id))
			*out = k;
	}
	return NULL;
}

/* A key may have been certified again: the certificate that lasts longest is
 * the one to use. */
static void
give(struct p11_identity *i, struct cert **c)
{
	if (i->cert != NULL && cert_not_after(i->cert) >= cert_not_after(*c))
		return;
	cert_free(i->cert);
	i->cert = TAKE(*c);
}

static struct err *
place_cert(const struct p11_session *s, CK_OBJECT_HANDLE object,
    struct cert **c, struct p11_identities *l)
{
	CLEANUP(buf_done) struct buf id = BUF(P11_ID_MAX);
	bool there;
	struct p11_identity *i = NULL;
	TRY(p11_attribute(s, object, CKA_ID, &id, &there));
	TRY(owner(l, *c, buf_bytes(&id), &i));
	if (i == NULL) {
		TRY(add(l, &i));
		TRY(read_names(s, object, i));
	}
	give(i, c);
	return NULL;
}

static struct err *
read_cert(const struct p11_session *s, CK_OBJECT_HANDLE object,
    struct p11_identities *l)
{
	CLEANUP(buf_done) struct buf der = BUF(CERT_MAX);
	CLEANUP(cert_freep) struct cert *c = NULL;
	bool there;
	TRY(p11_attribute(s, object, CKA_VALUE, &der, &there));
	struct err *e = cert_parse(buf_bytes(&der), &c);
	if (e != NULL && err_kind(e) == ERR_NOMEM)
		return e;
	if (e != NULL) {
		err_free(e);
		l->unreadable++;
		return NULL;
	}
	return place_cert(s, object, &c, l);
}

/* ---- all of it ---- */

static struct err *
each(const struct p11_session *s, CK_OBJECT_CLASS class,
    struct err *(*read)(
	const struct p11_session *, CK_OBJECT_HANDLE, struct p11_identities *),
    struct p11_identities *l)
{
	struct p11_objects found = { .n = 0 };
	TRY(p11_objects_find(s, class, BYTES_NONE, &found));
	for (size_t i = 0; i < found.n; i++)
		TRY(read(s, found.v[i], l));
	return NULL;
}

struct err *
p11_identities_read(const struct p11_session *s, struct p11_identities *out)
{
	struct p11_identities l = { 0 };
	struct err *e = each(s, CKO_PRIVATE_KEY, read_key, &l);
	if (e == NULL)
		e = each(s, CKO_CERTIFICATE, read_cert, &l);
	if (e != NULL) {
		p11_identities_done(&l);
		return e;
	}
	*out = l;
	return NULL;
}

/* ---- finding ---- */

static struct err *
none(void)
{
	return err_coded(err_new(ERR_MISSING, NULL, "no such key in the token"),
	    "token-key-missing");
}

struct err *
p11_identity_find(const struct p11_identities *l, struct bytes id,
    bool with_cert, const struct p11_identity **out)
{
	const struct p11_identity *found = NULL;
	for (size_t i = 0; i < l->n; i++) {
		const struct p11_identity *k = &l->v[i];
		bool fits = id.len > 0 ? bytes_eq(id, buf_bytes(&k->id))
				       : k->has_key && k->signs;
		if (!fits || !k->has_key || (with_cert && k->cert == NULL))
			continue;
		if (found != NULL)
			return err_coded(err_new(ERR_USAGE, NULL,
					     "several keys fit; name one by "
					     "its id in the URI"),
			    "token-key-several");
		found = k;
	}
	if (found == NULL)
		return none();
	*out = found;
	return NULL;
}

struct err *
p11_identity_of_key(const struct p11_identities *l, struct bytes spki,
    const struct p11_identity **out)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].has_key &&
		    bytes_eq(buf_bytes(&l->v[i].spki), spki)) {
			*out = &l->v[i];
			return NULL;
		}
	return none();
}

struct err *
p11_identity_of_cert(const struct p11_identities *l, const struct cert *c,
    const struct p11_identity **out)
{
	CLEANUP(buf_done) struct buf spki = BUF(CERT_MAX);
	TRY(spki_of_cert(c, &spki));
	return p11_identity_of_key(l, buf_bytes(&spki), out);
}

/* ---- proving ---- */

#define PROOFS_MAX 16 /* keys that are tried; a smart card is slow */

static struct err *
signs_for(const struct p11_session *s, CK_OBJECT_HANDLE key,
    EVP_PKEY *public_key, bool *yes)
{
	const struct key_shape shape = { key_alg_of(public_key),
		EVP_PKEY_get_bits(public_key) };
	const struct sig_alg alg = {
		.form = shape.alg == KEY_RSA ? SIG_RSA_PKCS1 : SIG_ECDSA,
		.digest = DIGEST_SHA256
	};
	CLEANUP(buf_done) struct buf value = BUF(1024);
	uint8_t hash[DIGEST_MAX];
	TRY(digest_of(
	    DIGEST_SHA256, BYTES_LIT("signd: which key is this?"), hash));
	const struct bytes digest = bytes_of(hash, digest_len(alg.digest));
	TRY(p11_sign(s, key, shape, alg, digest, &value));
	return key_verify_digest(
	    public_key, alg, digest, buf_bytes(&value), yes);
}

/* A key of another kind cannot be asked, and says so in many ways. */
static struct err *
try_proof(const struct p11_session *s, const struct p11_identity *i,
    EVP_PKEY *public_key, bool *yes)
{
	CK_ULONG type = CK_UNAVAILABLE_INFORMATION;
	TRY(p11_attribute_ulong(s, i->key, CKA_KEY_TYPE, &type));
	if (type != (key_alg_of(public_key) == KEY_RSA ? CKK_RSA : CKK_EC))
		return NULL;
	struct err *e = signs_for(s, i->key, public_key, yes);
	if (e == NULL || err_kind(e) == ERR_NOMEM || err_kind(e) == ERR_DENIED)
		return e;
	err_free(e);
	return NULL;
}

struct err *
p11_identity_prove(const struct p11_session *s, struct p11_identities *l,
    struct bytes spki, const struct p11_identity **out)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *public_key = NULL;
	struct err *no = p11_identity_of_key(l, spki, out);
	if (no == NULL || err_kind(no) != ERR_MISSING)
		return no;
	err_free(no);
	TRY(key_from_spki(spki, &public_key));
	int left = PROOFS_MAX;
	for (size_t n = 0; n < l->n && left > 0; n++) {
		struct p11_identity *i = &l->v[n];
		bool yes = false;
		if (!i->has_key || !i->signs || i->spki.len > 0)
			continue;
		left--;
		TRY(try_proof(s, i, public_key, &yes));
		if (!yes)
			continue;
		TRY(buf_append(&i->spki, spki));
		*out = i;
		return NULL;
	}
	return none();
}

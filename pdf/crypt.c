#include "pdf/crypt.h"

#include <openssl/rand.h>

#include <stdlib.h>
#include <string.h>

#include "certs/ossl.h"
#include "pdf/cryptkey.h"

#define CLAUSE "ISO 32000-2 7.6"
#define FILTERS_MAX 16 /* named crypt filters; real files have one */

enum method {
	METHOD_NONE,
	METHOD_RC4,
	METHOD_AES_128,
	METHOD_AES_256,
};

struct filter {
	char name[32];
	enum method method;
};

struct crypt {
	uint8_t key[CRYPT_KEY_MAX];
	size_t key_len;
	struct filter filters[FILTERS_MAX];
	size_t nfilters;
	enum method strings;
	enum method streams;
	bool clear_metadata;
	uint32_t permissions;
	bool owner;
};

static struct err *
unsupported(const char *what)
{
	return err_coded(
	    err_new(ERR_UNSUPPORTED, CLAUSE, "%s", what), "pdf-encrypted");
}

static struct err *
senseless(const char *what)
{
	return err_new(ERR_MALFORMED, CLAUSE, "/Encrypt: %s", what);
}

/* ---- the dictionary ---- */

static struct err *
read_method(const struct pdf_obj *filter, enum method *out)
{
	static const struct {
		const char *name;
		enum method method;
	} methods[] = {
		{ "None", METHOD_NONE },
		{ "V2", METHOD_RC4 },
		{ "AESV2", METHOD_AES_128 },
		{ "AESV3", METHOD_AES_256 },
	};
	const struct pdf_obj *cfm = pdf_dict_raw(filter, "CFM");
	if (pdf_is(cfm, PDF_NULL)) {
		*out = METHOD_NONE;
		return NULL;
	}
	for (size_t i = 0; i < COUNT_OF(methods); i++) {
		if (pdf_is_name(cfm, methods[i].name)) {
			*out = methods[i].method;
			return NULL;
		}
	}
	return unsupported("a crypt filter's method");
}

static struct err *
read_filters(struct crypt *c, const struct pdf_obj *cf)
{
	size_t n = pdf_is_dict(cf) ? pdf_dict_len(cf) : 0;
	if (n > FILTERS_MAX)
		return err_new(ERR_LIMIT, CLAUSE, "%zu crypt filters", n);
	for (size_t i = 0; i < n; i++) {
		struct bytes name = pdf_dict_key(cf, i)->text;
		struct filter *f = &c->filters[c->nfilters];
		if (name.len >= sizeof(f->name) ||
		    memchr(name.ptr, 0, name.len) != NULL)
			return senseless("name of a crypt filter");
		memcpy(f->name, name.ptr, name.len);
		TRY(read_method(pdf_dict_value(cf, i), &f->method));
		c->nfilters++;
	}
	return NULL;
}

static struct err *
find_filter(const struct crypt *c, const struct pdf_obj *name, enum method *out)
{
	if (pdf_is(name, PDF_NULL) || pdf_is_name(name, "Identity")) {
		*out = METHOD_NONE;
		return NULL;
	}
	for (size_t i = 0; i < c->nfilters; i++) {
		if (pdf_is_name(name, c->filters[i].name)) {
			*out = c->filters[i].method;
			return NULL;
		}
	}
	return senseless("no such crypt filter");
}

/* The methods must be of the kind that the key is for. */
static bool
method_fits(enum method m, int64_t v)
{
	return m == METHOD_NONE || (m == METHOD_AES_256) == (v == 5);
}

static struct err *
read_methods(struct crypt *c, const struct pdf_obj *e, int64_t v)
{
	if (v < 4) {
		c->strings = c->streams = METHOD_RC4;
		return NULL;
	}
	TRY(read_filters(c, pdf_dict_raw(e, "CF")));
	for (size_t i = 0; i < c->nfilters; i++) {
		if (!method_fits(c->filters[i].method, v))
			return senseless("a crypt filter does not fit /V");
	}
	TRY(find_filter(c, pdf_dict_raw(e, "StmF"), &c->streams));
	return find_filter(c, pdf_dict_raw(e, "StrF"), &c->strings);
}

/* Strings of real files are longer now and then, padded with zeros. */
static struct err *
read_string(
    const struct pdf_obj *e, const char *key, size_t len, struct bytes *out)
{
	const struct pdf_obj *s = pdf_dict_raw(e, key);
	if (!pdf_is(s, PDF_STRING) || s->text.len < len)
		return senseless(key);
	*out = bytes_slice(s->text, 0, len);
	return NULL;
}

static struct err *
read_versions(const struct pdf_obj *e, int64_t *v, int64_t *r)
{
	if (!pdf_is_name(pdf_dict_raw(e, "Filter"), "Standard"))
		return unsupported("not the standard security handler");
	if (!pdf_int(pdf_dict_raw(e, "V"), 0, 100, v) ||
	    !pdf_int(pdf_dict_raw(e, "R"), 0, 100, r))
		return senseless("/V or /R");
	bool known = (*v == 1 && (*r == 2 || *r == 3)) ||
		     (*v == 2 && *r == 3) || (*v == 4 && *r == 4) ||
		     (*v == 5 && (*r == 5 || *r == 6));
	return known ? NULL : unsupported("/V and /R");
}

/* In bytes.  /V 4 and 5 have one each; /Length is often wrong there. */
static struct err *
read_key_len(const struct pdf_obj *e, int64_t v, size_t *out)
{
	static const size_t fixed[] = { [1] = 5, [4] = 16, [5] = 32 };
	if (v != 2) {
		*out = fixed[v];
		return NULL;
	}
	int64_t bits = 40;
	const struct pdf_obj *length = pdf_dict_raw(e, "Length");
	if (!pdf_is(length, PDF_NULL) &&
	    (!pdf_int(length, 40, 128, &bits) || bits % 8 != 0))
		return senseless("/Length");
	*out = (size_t)bits / 8;
	return NULL;
}

static struct err *
read_params(
    const struct pdf_obj *e, int64_t v, int64_t r, struct crypt_params *p)
{
	p->revision = (int)r;
	TRY(read_key_len(e, v, &p->key_len));
	size_t len = r >= 5 ? 48 : 32;
	TRY(read_string(e, "O", len, &p->owner));
	TRY(read_string(e, "U", len, &p->user));
	if (r >= 5) {
		TRY(read_string(e, "OE", 32, &p->owner_key));
		TRY(read_string(e, "UE", 32, &p->user_key));
		TRY(read_string(e, "Perms", 16, &p->perms));
	}
	/* A signed number by the standard, but some write it unsigned. */
	int64_t bits;
	if (!pdf_int(pdf_dict_raw(e, "P"), INT32_MIN, UINT32_MAX, &bits))
		return senseless("/P");
	p->permissions = (uint32_t)bits;
	const struct pdf_obj *m = pdf_dict_raw(e, "EncryptMetadata");
	p->encrypt_metadata = !(pdf_is(m, PDF_BOOL) && !m->boolean);
	return NULL;
}

struct err *
crypt_open(const struct pdf_obj *encrypt, struct bytes id,
    struct bytes password, struct crypt **out)
{
	int64_t v, r;
	TRY(read_versions(encrypt, &v, &r));
	struct crypt_params p = { .id = id };
	TRY(read_params(encrypt, v, r, &p));

	CLEANUP(crypt_freep) struct crypt *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return err_new(ERR_NOMEM, NULL, "struct crypt");
	c->key_len = p.key_len;
	c->permissions = p.permissions;
	c->clear_metadata = v >= 4 && !p.encrypt_metadata;
	TRY(read_methods(c, encrypt, v));
	bool ok;
	TRY(crypt_key(&p, password, c->key, &c->owner, &ok));
	if (!ok)
		return err_coded(
		    err_new(ERR_DENIED, CLAUSE, "%s",
			password.len == 0 ? "the document needs a password"
					  : "wrong password"),
		    "pdf-password");
	*out = TAKE(c);
	return NULL;
}

void
crypt_free(struct crypt *c)
{
	if (c == NULL)
		return;
	wipe(c, sizeof(*c));
	free(c);
}

/* ---- strings and streams ---- */

/* Algorithm 1; AES-256 takes the file key as it is. */
static struct err *
object_key(const struct crypt *c, enum method m, struct pdf_ref ref,
    uint8_t out[CRYPT_KEY_MAX], size_t *len)
{
	if (m == METHOD_AES_256) {
		memcpy(out, c->key, CRYPT_KEY_MAX);
		*len = CRYPT_KEY_MAX;
		return NULL;
	}
	uint8_t tail[5] = { (uint8_t)ref.num, (uint8_t)(ref.num >> 8),
		(uint8_t)(ref.num >> 16), (uint8_t)ref.gen,
		(uint8_t)(ref.gen >> 8) };
	struct bytes pieces[] = { bytes_of(c->key, c->key_len),
		bytes_of(tail, sizeof(tail)),
		m == METHOD_AES_128 ? BYTES_LIT("sAlT") : BYTES_NONE };
	TRY(crypt_md5(pieces, COUNT_OF(pieces), out));
	*len = c->key_len + 5 < 16 ? c->key_len + 5 : 16;
	return NULL;
}

static struct err *
rc4(struct bytes key, struct bytes in, struct buf *out)
{
	TRY(buf_append(out, in));
	if (in.len > 0)
		crypt_rc4(key, out->ptr + out->len - in.len, in.len);
	return NULL;
}

/* Drops PKCS #7 padding from the last bytes of `out`. */
static struct err *
unpad(struct buf *out, size_t from)
{
	uint8_t n = out->len > from ? out->ptr[out->len - 1] : 0;
	if (n < 1 || n > 16)
		return err_new(ERR_MALFORMED, CLAUSE, "AES padding");
	for (size_t i = 0; i < n; i++) {
		if (out->ptr[out->len - 1 - i] != n)
			return err_new(ERR_MALFORMED, CLAUSE, "AES padding");
	}
	out->len -= n;
	return NULL;
}

static struct err *
aes_decrypt(struct bytes key, struct bytes in, struct buf *out)
{
	if (in.len == 0) /* some writers leave empty strings alone */
		return NULL;
	if (in.len < 32 || in.len % 16 != 0)
		return err_new(
		    ERR_MALFORMED, CLAUSE, "%zu bytes of AES", in.len);
	size_t before = out->len;
	struct err *e =
	    crypt_aes_cbc(false, key, in.ptr, bytes_from(in, 16), out);
	if (e == NULL)
		e = unpad(out, before);
	if (e != NULL)
		out->len = before;
	return e;
}

static struct err *
aes_encrypt(struct bytes key, struct bytes in, struct buf *out)
{
	uint8_t iv[16];
	if (RAND_bytes(iv, sizeof(iv)) != 1)
		return err_ossl(ERR_INTERNAL, "RAND_bytes");
	struct buf padded = BUF(in.len + 16);
	uint8_t n = (uint8_t)(16 - in.len % 16);
	struct err *e = buf_append(&padded, in);
	if (e == NULL)
		e = buf_fill(&padded, n, n);
	if (e == NULL)
		e = buf_append(out, bytes_of(iv, sizeof(iv)));
	if (e == NULL)
		e = crypt_aes_cbc(true, key, iv, buf_bytes(&padded), out);
	wipe(padded.ptr, padded.len);
	buf_done(&padded);
	return e;
}

static struct err *
apply(const struct crypt *c, enum method m, bool encrypt, struct pdf_ref ref,
    struct bytes in, struct buf *out)
{
	if (m == METHOD_NONE)
		return buf_append(out, in);
	uint8_t k[CRYPT_KEY_MAX];
	size_t len;
	TRY(object_key(c, m, ref, k, &len));
	struct bytes key = bytes_of(k, len);
	struct err *e = m == METHOD_RC4 ? rc4(key, in, out)
			: encrypt       ? aes_encrypt(key, in, out)
					: aes_decrypt(key, in, out);
	wipe(k, sizeof(k));
	return e;
}

/* A /Crypt filter stands first, or nowhere (ISO 32000-2 7.4.10). */
static struct err *
stream_method(
    const struct crypt *c, const struct pdf_obj *dict, enum method *out)
{
	const struct pdf_obj *filter = pdf_dict_raw(dict, "Filter");
	const struct pdf_obj *parms = pdf_dict_raw(dict, "DecodeParms");
	if (pdf_is(filter, PDF_ARRAY)) {
		filter = pdf_array_at(filter, 0);
		if (pdf_is(parms, PDF_ARRAY))
			parms = pdf_array_at(parms, 0);
	}
	if (pdf_is_name(filter, "Crypt"))
		return find_filter(c, pdf_dict_raw(parms, "Name"), out);
	bool clear = c->clear_metadata &&
		     pdf_is_name(pdf_dict_raw(dict, "Type"), "Metadata");
	*out = clear ? METHOD_NONE : c->streams;
	return NULL;
}

struct err *
crypt_string(
    const struct crypt *c, struct pdf_ref ref, struct bytes in, struct buf *out)
{
	return apply(c, c->strings, false, ref, in, out);
}

struct err *
crypt_stream(const struct crypt *c, struct pdf_ref ref,
    const struct pdf_obj *dict, struct bytes in, struct buf *out)
{
	enum method m;
	TRY(stream_method(c, dict, &m));
	return apply(c, m, false, ref, in, out);
}

struct err *
crypt_string_encrypt(
    const struct crypt *c, struct pdf_ref ref, struct bytes in, struct buf *out)
{
	return apply(c, c->strings, true, ref, in, out);
}

struct err *
crypt_stream_encrypt(const struct crypt *c, struct pdf_ref ref,
    const struct pdf_obj *dict, struct bytes in, struct buf *out)
{
	enum method m;
	TRY(stream_method(c, dict, &m));
	return apply(c, m, true, ref, in, out);
}

uint32_t
crypt_permissions(const struct crypt *c)
{
	return c->owner ? UINT32_MAX : c->permissions;
}

bool
crypt_is_owner(const struct crypt *c)
{
	return c->owner;
}

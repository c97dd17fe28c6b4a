#include "cms/open.h"

#include <stdio.h>
#include <string.h>

#include "cms/format.h"

/* Text before the block of a PEM file; more is no PEM file. */
#define PEM_PREFACE_MAX 4096
/* Characters of Base64 without such lines that are looked at, and how far they
 * may stand. */
#define HEAD_TEXT 32
#define HEAD_FAR 256

static const char *const pem_labels[] = { "CMS", "PKCS7", "PKCS #7" };

/* pem_body finds the Base64 between the lines of a PEM block. */
static bool
pem_body(struct bytes in, struct bytes *out)
{
	for (size_t i = 0; i < COUNT_OF(pem_labels); i++) {
		char begin[64], end[64];
		snprintf(
		    begin, sizeof(begin), "-----BEGIN %s-----", pem_labels[i]);
		snprintf(end, sizeof(end), "-----END %s-----", pem_labels[i]);
		size_t at = bytes_find(
		    bytes_slice(in, 0, PEM_PREFACE_MAX), bytes_str(begin));
		if (at == SIZE_MAX)
			continue;
		struct bytes body = bytes_from(in, at + bytes_str(begin).len);
		size_t to = bytes_find(body, bytes_str(end));
		if (to == SIZE_MAX)
			return false;
		*out = bytes_slice(body, 0, to);
		return true;
	}
	return false;
}

/* The head of a SignedData: SEQUENCE, a length of any form, the OID. */
static bool
is_signed_data(struct bytes in)
{
	if (!ber_is(in, BER_SEQUENCE) || in.len < 2)
		return false;
	uint8_t len = in.ptr[1];
	size_t skip = len <= 0x80 ? 2 : 2 + (size_t)(len & 0x7f);
	struct bytes rest = bytes_from(in, skip);
	struct bytes oid = OID_SIGNED_DATA;
	return rest.len > 2 && rest.ptr[0] == BER_OID &&
	       rest.ptr[1] == oid.len && bytes_starts(bytes_from(rest, 2), oid);
}

/* Base64 without the lines of PEM, as some programs write a .p7s: what its
 * first characters say is the head of a SignedData. */
static bool
is_bare_base64(struct bytes in)
{
	uint8_t head[HEAD_TEXT];
	size_t n = 0;
	for (size_t i = 0; i < in.len && i < HEAD_FAR && n < HEAD_TEXT; i++)
		if (in.ptr[i] > ' ')
			head[n++] = in.ptr[i];
	if (n < HEAD_TEXT || head[0] != 'M')
		return false;
	CLEANUP(buf_done) struct buf der = BUF(HEAD_TEXT);
	struct err *e = base64_decode(bytes_of(head, n), &der);
	bool is = e == NULL && is_signed_data(buf_bytes(&der));
	err_free(e);
	return is;
}

/* The Base64 of a file that is text. */
static bool
find_text(struct bytes in, struct bytes *out)
{
	if (pem_body(in, out))
		return true;
	*out = in;
	return is_bare_base64(in);
}

bool
cms_detect(struct bytes document)
{
	struct bytes ignored;
	return is_signed_data(document) || find_text(document, &ignored);
}

static struct err *
open_file(struct bytes document, struct cms_file *f)
{
	struct bytes text;
	if (document.len > CMS_DOCUMENT_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "over %zu bytes", CMS_DOCUMENT_MAX);
	f->size = document.len;
	f->bytes = document;
	f->pem = !is_signed_data(document) && find_text(document, &text);
	if (f->pem) {
		f->der = BUF(text.len + 16);
		TRY(base64_decode_ws(text, &f->der));
		f->bytes = buf_bytes(&f->der);
	}
	return cms_parse_borrowed(f->bytes, &f->cms);
}

struct err *
cms_file_open(struct bytes document, struct cms_file *out)
{
	struct cms_file f = { .pem = false };
	struct err *e = open_file(document, &f);
	if (e != NULL) {
		cms_file_close(&f);
		return e;
	}
	*out = f;
	return NULL;
}

void
cms_file_close(struct cms_file *f)
{
	cms_free(f->cms);
	buf_done(&f->der);
	*f = (struct cms_file){ .pem = false };
}

struct err *
cms_file_frame(const struct cms_file *f, struct frame *out)
{
	TRY(frame_of(f->cms, f->bytes, !f->pem, out));
	out->size = f->size;
	return NULL;
}

void
cms_file_content(const struct cms_file *f, const struct external *external,
    size_t nexternal, struct content *out)
{
	*out = (struct content){ .there = false };
	if (cms_attached(f->cms))
		*out = content_inside(f->cms);
	for (size_t i = 0; i < nexternal && !out->there; i++)
		if (external[i].uri == NULL)
			*out = content_of(external[i].data);
}

struct err *
cms_file_signer(const struct cms_file *f, const char *id, size_t *out)
{
	size_t n = f->cms->nsigners;
	if (id == NULL && n > 1)
		return err_coded(
		    err_new(ERR_USAGE, NULL, "there are %zu signers", n),
		    "signature-choose");
	for (size_t i = 0; i < n; i++) {
		char name[32];
		snprintf(name, sizeof(name), "%zu", i + 1);
		*out = i;
		if (id == NULL || strcmp(id, name) == 0)
			return NULL;
	}
	return err_coded(err_new(ERR_MISSING, NULL, "there is no signer %s",
			     id == NULL ? "at all" : id),
	    "no-signature");
}

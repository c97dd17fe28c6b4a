#include "pdf/write.h"

#include "pdf/lex.h"

#include <string.h>

#define CIPHER_EXTRA 64 /* AES: an initial vector and padding, in bytes */

static struct err *
write_hex(struct buf *out, struct bytes s)
{
	TRY(buf_byte(out, '<'));
	TRY(hex_encode(s, out));
	return buf_byte(out, '>');
}

static struct err *
write_literal(struct buf *out, struct bytes s)
{
	TRY(buf_byte(out, '('));
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i];
		if (c == '(' || c == ')' || c == '\\') {
			TRY(buf_byte(out, '\\'));
			TRY(buf_byte(out, c));
		} else if (c == '\r') {
			TRY(buf_str(out, "\\r"));
		} else {
			TRY(buf_byte(out, c));
		}
	}
	return buf_byte(out, ')');
}

struct err *
pdf_write_string(const struct pdf_writer *w, struct bytes s, bool hex)
{
	if (w->crypt == NULL)
		return hex ? write_hex(w->out, s) : write_literal(w->out, s);
	CLEANUP(buf_done) struct buf b = BUF(s.len + CIPHER_EXTRA);
	TRY(crypt_string_encrypt(w->crypt, w->ref, s, &b));
	return write_hex(w->out, buf_bytes(&b));
}

struct err *
pdf_write_name(const struct pdf_writer *w, struct bytes name)
{
	TRY(buf_byte(w->out, '/'));
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.ptr[i];
		if (c <= ' ' || c >= 0x7F || c == '#' || pdf_is_delimiter(c))
			TRY(buf_printf(w->out, "#%02X", c));
		else
			TRY(buf_byte(w->out, c));
	}
	return NULL;
}

struct err *
pdf_write_ref(struct buf *out, struct pdf_ref ref)
{
	return buf_printf(out, "%u %u R", ref.num, ref.gen);
}

/* Whether a token that ends the bytes so far must be kept apart from `next`. */
static bool
needs_space(const struct buf *out, enum pdf_type next)
{
	uint8_t last = out->len == 0 ? ' ' : out->ptr[out->len - 1];
	/* The name without letters ends with its slash. */
	if ((pdf_is_delimiter(last) && last != '/') || pdf_is_space(last))
		return false;
	return next != PDF_STRING && next != PDF_NAME && next != PDF_ARRAY &&
	       next != PDF_DICT;
}

static struct err *
write_items(const struct pdf_writer *w, const struct pdf_obj *o)
{
	for (size_t i = 0; i < o->items.n; i++)
		TRY(pdf_write(w, &o->items.v[i]));
	return NULL;
}

/* A signature's /Contents is never encrypted, ISO 32000-2 7.6.2. */
static struct err *
write_member(const struct pdf_writer *w, const struct pdf_obj *dict, size_t i)
{
	struct pdf_writer plain = *w;
	const struct pdf_obj *key = pdf_dict_key(dict, i);
	if (pdf_is_name(key, "Contents") &&
	    !pdf_is(pdf_dict_raw(dict, "ByteRange"), PDF_NULL))
		plain.crypt = NULL;
	TRY(pdf_write_name(w, key->text));
	return pdf_write(&plain, pdf_dict_value(dict, i));
}

static struct err *
write_array(const struct pdf_writer *w, const struct pdf_obj *o)
{
	TRY(buf_byte(w->out, '['));
	TRY(write_items(w, o));
	return buf_byte(w->out, ']');
}

struct err *
pdf_write(const struct pdf_writer *w, const struct pdf_obj *o)
{
	if (needs_space(w->out, o->type))
		TRY(buf_byte(w->out, ' '));
	switch (o->type) {
	case PDF_NULL:
		return buf_str(w->out, "null");
	case PDF_BOOL:
		return buf_str(w->out, o->boolean ? "true" : "false");
	case PDF_INT:
		return buf_printf(w->out, "%lld", (long long)o->integer);
	case PDF_REAL:
		return buf_append(w->out, o->text);
	case PDF_STRING:
		return pdf_write_string(w, o->text, o->hex);
	case PDF_NAME:
		return pdf_write_name(w, o->text);
	case PDF_REF:
		return pdf_write_ref(w->out, o->ref);
	case PDF_ARRAY:
		return write_array(w, o);
	case PDF_DICT:
		return pdf_write_changed(w, o, NULL, 0);
	case PDF_STREAM:
		break;
	}
	return err_new(ERR_UNSUPPORTED, NULL, "writing a stream again");
}

static const struct pdf_change *
change_of(const struct pdf_change *changes, size_t n, struct bytes key)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes_eq_str(key, changes[i].key))
			return &changes[i];
	}
	return NULL;
}

static struct err *
write_change(const struct pdf_writer *w, const struct pdf_change *c)
{
	if (c->value.ptr == NULL)
		return NULL;
	TRY(pdf_write_name(w, bytes_str(c->key)));
	uint8_t first = c->value.len > 0 ? c->value.ptr[0] : ' ';
	if (!pdf_is_delimiter(first))
		TRY(buf_byte(w->out, ' '));
	return buf_append(w->out, c->value);
}

/* A member whose value is null is there all the same. */
static bool
has_key(const struct pdf_obj *dict, const char *key)
{
	return pdf_dict_raw(dict, key) != &pdf_null;
}

struct err *
pdf_write_changed(const struct pdf_writer *w, const struct pdf_obj *dict,
    const struct pdf_change *changes, size_t n)
{
	TRY(buf_str(w->out, "<<"));
	for (size_t i = 0; i < pdf_dict_len(dict); i++) {
		struct bytes key = pdf_dict_key(dict, i)->text;
		const struct pdf_change *c = change_of(changes, n, key);
		TRY(c == NULL ? write_member(w, dict, i) : write_change(w, c));
	}
	for (size_t i = 0; i < n; i++) {
		if (!has_key(dict, changes[i].key))
			TRY(write_change(w, &changes[i]));
	}
	return buf_str(w->out, ">>");
}

struct err *
pdf_write_longer(const struct pdf_writer *w, const struct pdf_obj *array,
    struct pdf_ref more)
{
	TRY(buf_byte(w->out, '['));
	if (pdf_is(array, PDF_ARRAY))
		TRY(write_items(w, array));
	if (pdf_array_len(array) > 0)
		TRY(buf_byte(w->out, ' '));
	TRY(pdf_write_ref(w->out, more));
	return buf_byte(w->out, ']');
}

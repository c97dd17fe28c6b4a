#include "pkcs11/uri.h"

#include <stdlib.h>
#include <string.h>

#include <p11-kit/uri.h>

static void
uri_freep(P11KitUri **uri)
{
	p11_kit_uri_free(*uri);
}

static struct err *
copy(const char *text, char **out)
{
	if (text == NULL)
		return NULL;
	*out = strdup(text);
	return *out != NULL ? NULL : err_new(ERR_NOMEM, NULL, "an address");
}

/* file:/path and file:///path alike; a bare path too, as p11tool takes it. */
static struct err *
read_pin_source(const char *source, struct p11_uri *out)
{
	if (source == NULL)
		return NULL;
	if (strncmp(source, "file:", 5) == 0)
		source += 5;
	if (strncmp(source, "//", 2) == 0)
		source += 2;
	if (source[0] != '/')
		return err_new(ERR_USAGE, "RFC 7512 2.4",
		    "pin-source must be an absolute file");
	return copy(source, &out->pin_file);
}

static struct err *
read_key(P11KitUri *u, struct p11_uri *out)
{
	const CK_ATTRIBUTE *id = p11_kit_uri_get_attribute(u, CKA_ID);
	if (id != NULL)
		return buf_append(
		    &out->id, bytes_of(id->pValue, id->ulValueLen));
	if (p11_kit_uri_get_attribute(u, CKA_LABEL) != NULL)
		return err_new(ERR_USAGE, NULL,
		    "keys are found by id= and not by their labels");
	return NULL;
}

static struct err *
read_all(P11KitUri *u, struct p11_uri *out)
{
	if (p11_kit_uri_get_pin_value(u) != NULL)
		return err_new(ERR_USAGE, "RFC 7512 7",
		    "a PIN in an address can be read by others");
	if (p11_kit_uri_get_module_name(u) != NULL)
		return err_new(
		    ERR_USAGE, NULL, "say module-path= and not module-name=");
	TRY(copy(p11_kit_uri_get_module_path(u), &out->module_path));
	TRY(read_pin_source(p11_kit_uri_get_pin_source(u), out));
	return read_key(u, out);
}

struct err *
p11_uri_parse(const char *text, struct p11_uri *out)
{
	if (strlen(text) > P11_URI_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "over %d bytes of address", P11_URI_MAX);
	CLEANUP(uri_freep) P11KitUri *u = p11_kit_uri_new();
	if (u == NULL)
		return err_new(ERR_NOMEM, NULL, "a URI");
	if (p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, u) != P11_KIT_URI_OK)
		return err_new(
		    ERR_MALFORMED, "RFC 7512 2.3", "the token's address");
	struct p11_uri made = { .id = BUF(P11_URI_MAX) };
	struct err *e = copy(text, &made.text);
	if (e == NULL)
		e = read_all(u, &made);
	if (e != NULL) {
		p11_uri_done(&made);
		return e;
	}
	*out = made;
	return NULL;
}

void
p11_uri_done(struct p11_uri *u)
{
	free(u->text);
	free(u->module_path);
	free(u->pin_file);
	buf_done(&u->id);
	*u = (struct p11_uri){ 0 };
}

/* ---- making one ---- */

static bool
is_plain(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	       c == '~';
}

static struct err *
part(const char *name, struct bytes value, bool all, struct buf *out)
{
	if (value.len == 0)
		return NULL;
	if (out->ptr[out->len - 1] != ':')
		TRY(buf_byte(out, ';'));
	TRY(buf_str(out, name));
	for (size_t i = 0; i < value.len; i++)
		if (!all && is_plain(value.ptr[i]))
			TRY(buf_byte(out, value.ptr[i]));
		else
			TRY(buf_printf(out, "%%%02X", value.ptr[i]));
	return NULL;
}

struct err *
p11_uri_make(
    struct bytes token, struct bytes serial, struct bytes id, struct buf *out)
{
	TRY(buf_str(out, "pkcs11:"));
	TRY(part("token=", token, false, out));
	TRY(part("serial=", serial, false, out));
	return part("id=", id, true, out);
}

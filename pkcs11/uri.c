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

static struct err *
malformed(const char *why)
{
	return err_coded(
	    err_new(ERR_MALFORMED, "RFC 7512 2.3", "%s", why), "token-address");
}

/* ---- what p11-kit lets pass ---- */

#define SCHEME "pkcs11:"
#define ATTRIBUTES_MAX 64

/* p11-kit leaves blanks out, so "my token" would be "mytoken". */
static struct err *
check_bytes(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text <= ' ' || *text == 0x7f)
			return malformed("a blank is written %20");
	return NULL;
}

/* The names between `from` and `to`, each once. */
static struct err *
check_names(const char *from, const char *to, char separator)
{
	struct bytes names[ATTRIBUTES_MAX];
	size_t n = 0;
	while (from < to) {
		const char *end = memchr(from, separator, (size_t)(to - from));
		end = end == NULL ? to : end;
		const char *eq = memchr(from, '=', (size_t)(end - from));
		if (n == ATTRIBUTES_MAX)
			return malformed("too many attributes");
		names[n] =
		    bytes_of(from, (size_t)((eq == NULL ? end : eq) - from));
		for (size_t i = 0; i < n; i++)
			if (bytes_eq(names[i], names[n]))
				return malformed("an attribute is said twice");
		n++;
		from = end + (end < to);
	}
	return NULL;
}

static struct err *
check_form(const char *text)
{
	TRY(check_bytes(text));
	if (strncmp(text, SCHEME, strlen(SCHEME)) != 0)
		return malformed("it begins with pkcs11:");
	text += strlen(SCHEME);
	const char *end = text + strlen(text);
	const char *query = strchr(text, '?');
	if (query == NULL)
		return check_names(text, end, ';');
	/* What comes of it are names of files, which end at a zero. */
	if (strstr(query, "%00") != NULL)
		return malformed("a zero in the name of a file");
	TRY(check_names(text, query, ';'));
	return check_names(query + 1, end, '&');
}

/* ---- parts ---- */

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
	if (id != NULL && id->ulValueLen > P11_ID_MAX)
		return malformed("a long id");
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
	const char *name = p11_kit_uri_get_module_name(u);
	if (name != NULL && (*name == '\0' || strchr(name, '/') != NULL))
		return malformed("module-name is no name");
	TRY(copy(name, &out->module_name));
	TRY(copy(p11_kit_uri_get_module_path(u), &out->module_path));
	if (out->module_path != NULL && out->module_path[0] != '/')
		return err_new(ERR_USAGE, "RFC 7512 2.4",
		    "module-path must be an absolute path");
	TRY(read_pin_source(p11_kit_uri_get_pin_source(u), out));
	return read_key(u, out);
}

struct err *
p11_uri_parse(const char *text, struct p11_uri *out)
{
	if (strlen(text) > P11_URI_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "over %d bytes of address", P11_URI_MAX);
	TRY(check_form(text));
	CLEANUP(uri_freep) P11KitUri *u = p11_kit_uri_new();
	if (u == NULL)
		return err_new(ERR_NOMEM, NULL, "a URI");
	int said = p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, u);
	if (said != P11_KIT_URI_OK)
		return malformed(p11_kit_uri_message(said));
	/* RFC 7512 2.3: then nothing fits, which is said at once. */
	if (p11_kit_uri_any_unrecognized(u))
		return malformed("an attribute that is not known");
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
	free(u->module_name);
	free(u->pin_file);
	buf_done(&u->id);
	*u = (struct p11_uri){ 0 };
}

bool
p11_uri_is_bare(const struct p11_uri *u)
{
	return u->id.len == 0 && u->module_path == NULL &&
	       u->module_name == NULL && u->pin_file == NULL;
}

bool
p11_module_is_called(const char *path, const char *name)
{
	const char *file = strrchr(path, '/');
	file = file == NULL ? path : file + 1;
	size_t len = strlen(name);
	if (strncmp(file, "lib", 3) == 0 && strncmp(name, "lib", 3) != 0)
		file += 3;
	return strncmp(file, name, len) == 0 &&
	       (file[len] == '\0' || strncmp(file + len, ".so", 3) == 0);
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

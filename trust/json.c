/* The JSON text of a trust list; a member with a spelling mistake is refused,
 * so that a status is not a status left out. */
#include "base/json.h"
#include "trust/list.h"

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

#define SCHEMA "signd-trust-list-1"

static struct err *
bad(const char *what)
{
	return err_coded(err_new(ERR_MALFORMED, NULL, "trust list: %s", what),
	    "trust-list-malformed");
}

static struct err *
only(json_t *o, const char *const *names, size_t n)
{
	const char *key;
	json_t *value;
	if (!json_is_object(o))
		return bad("an object is missing");
	json_object_foreach(o, key, value)
	{
		bool known = false;
		for (size_t i = 0; i < n; i++)
			known = known || strcmp(names[i], key) == 0;
		if (!known)
			return bad("a member that nobody knows");
	}
	return NULL;
}

#define ONLY(o, ...)                                                           \
	only(o, (const char *const[]){ __VA_ARGS__ },                          \
	    COUNT_OF(((const char *const[]){ __VA_ARGS__ })))

/* A string without a 0 in it, which jansson refuses by itself. */
static struct err *
string_of(const json_t *o, const char *name, const char **out)
{
	*out = json_string_value(json_object_get(o, name));
	return *out == NULL ? bad(name) : NULL;
}

static struct err *
time_of(const json_t *o, const char *name, int64_t *out)
{
	const char *s;
	TRY(string_of(o, name, &s));
	struct err *e = time_parse_iso(bytes_str(s), out);
	/* A zone may lead out of the years that can be written again. */
	bool good = e == NULL && time_split(*out).year > 0 &&
		    time_split(*out).year < 9999;
	err_free(e);
	return good ? NULL : bad(name);
}

static struct err *
read_change(json_t *o, struct trust_anchor *a)
{
	struct trust_change c = { 0 };
	const char *service;
	TRY(ONLY(o, "service", "from", "granted"));
	TRY(string_of(o, "service", &service));
	if (!trust_service_find(service, &c.service))
		return bad("a service that nobody knows");
	TRY(time_of(o, "from", &c.from));
	const json_t *granted = json_object_get(o, "granted");
	if (!json_is_boolean(granted))
		return bad("granted");
	c.granted = json_is_true(granted);
	struct err *e = trust_anchor_change(a, c);
	return e == NULL ? NULL : err_coded(e, "trust-list-malformed");
}

/* The fingerprint decides: another certificate never stands in for it. */
static struct err *
read_cert(const json_t *o, struct trust_anchor *a)
{
	CLEANUP(buf_done) struct buf der = BUF(CERT_MAX);
	uint8_t hash[32];
	const json_t *v = json_object_get(o, "certificate");
	if (v == NULL)
		return NULL;
	if (!json_is_string(v))
		return bad("certificate");
	struct err *e = base64_decode(bytes_str(json_string_value(v)), &der);
	if (e == NULL)
		e = cert_parse(buf_bytes(&der), &a->cert);
	if (e != NULL)
		return err_coded(
		    err_while(e, "%s", a->name), "trust-list-malformed");
	cert_fingerprint(a->cert, hash);
	return memcmp(hash, a->sha256, sizeof(hash)) == 0
		   ? NULL
		   : bad("a certificate that is not the one of its sha256");
}

static struct err *
read_fingerprint(const json_t *o, uint8_t out[32])
{
	CLEANUP(buf_done) struct buf hash = BUF(32);
	const char *hex;
	TRY(string_of(o, "sha256", &hex));
	struct err *e = hex_decode(bytes_str(hex), &hash);
	bool good = e == NULL && hash.len == 32;
	err_free(e);
	if (!good)
		return bad("sha256");
	memcpy(out, hash.ptr, 32);
	return NULL;
}

static struct err *
read_anchor(json_t *o, struct trust_list *l)
{
	uint8_t sha256[32];
	const char *domain;
	const char *name;
	struct trust_anchor *a = NULL;
	TRY(ONLY(o, "domain", "name", "sha256", "certificate", "status"));
	TRY(string_of(o, "domain", &domain));
	TRY(string_of(o, "name", &name));
	TRY(read_fingerprint(o, sha256));
	if (trust_list_find(l, sha256) != NULL)
		return bad("an anchor stands twice");
	struct err *e = trust_list_put(l, domain, name, sha256, &a);
	if (e != NULL)
		return err_coded(e, "trust-list-malformed");
	TRY(read_cert(o, a));
	json_t *changes = json_object_get(o, "status");
	if (!json_is_array(changes))
		return bad("status");
	for (size_t i = 0; i < json_array_size(changes); i++)
		TRY(read_change(json_array_get(changes, i), a));
	return NULL;
}

static struct err *
read_list(json_t *o, struct trust_list *l)
{
	const char *schema;
	TRY(ONLY(o, "schema", "sequence", "issued", "next_update", "anchors"));
	TRY(string_of(o, "schema", &schema));
	if (strcmp(schema, SCHEMA) != 0)
		return bad("schema");
	const json_t *sequence = json_object_get(o, "sequence");
	l->sequence = json_integer_value(sequence);
	if (!json_is_integer(sequence) || l->sequence < 0)
		return bad("sequence");
	TRY(time_of(o, "issued", &l->issued));
	TRY(time_of(o, "next_update", &l->next_update));
	if (l->next_update < l->issued)
		return bad("next_update lies before issued");
	json_t *anchors = json_object_get(o, "anchors");
	if (!json_is_array(anchors) ||
	    json_array_size(anchors) > TRUST_ANCHORS_MAX)
		return bad("anchors");
	for (size_t i = 0; i < json_array_size(anchors); i++)
		TRY(read_anchor(json_array_get(anchors, i), l));
	return NULL;
}

struct err *
trust_list_parse(struct bytes json, struct trust_list **out)
{
	CLEANUP(trust_list_freep) struct trust_list *l = NULL;
	if (json.len > TRUST_LIST_MAX)
		return err_coded(
		    err_new(ERR_LIMIT, NULL, "a trust list of over %zu bytes",
			TRUST_LIST_MAX),
		    "trust-list-malformed");
	TRY(trust_list_new(&l));
	json_t *o = NULL;
	struct err *e = json_parse(json, &o);
	if (e != NULL && err_kind(e) != ERR_NOMEM) {
		err_free(e);
		e = bad("no JSON");
	}
	if (e == NULL)
		e = read_list(o, l);
	json_decref(o);
	if (e == NULL)
		*out = TAKE(l);
	return e;
}

/* ---- writing: by hand, so that equal lists are equal bytes ---- */

static struct err *
write_string(const char *s, struct buf *out)
{
	TRY(buf_byte(out, '"'));
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			TRY(buf_byte(out, '\\'));
		TRY(buf_byte(out, (uint8_t)*s));
	}
	return buf_byte(out, '"');
}

static struct err *
write_change(const struct trust_change *c, bool first, struct buf *out)
{
	TRY(buf_printf(out, "%s\n        { \"service\": \"%s\", \"from\": \"",
	    first ? "" : ",", trust_service_name(c->service)));
	TRY(time_format_iso(c->from, 0, out));
	return buf_printf(
	    out, "\", \"granted\": %s }", c->granted ? "true" : "false");
}

static struct err *
write_anchor(const struct trust_anchor *a, bool first, struct buf *out)
{
	TRY(buf_printf(out, "%s\n    {\n      \"domain\": ", first ? "" : ","));
	TRY(write_string(a->domain, out));
	TRY(buf_str(out, ",\n      \"name\": "));
	TRY(write_string(a->name, out));
	TRY(buf_str(out, ",\n      \"sha256\": \""));
	TRY(hex_encode(bytes_of(a->sha256, 32), out));
	TRY(buf_str(out, "\","));
	if (a->cert != NULL) {
		TRY(buf_str(out, "\n      \"certificate\": \""));
		TRY(base64_encode(cert_der(a->cert), out));
		TRY(buf_str(out, "\","));
	}
	TRY(buf_str(out, "\n      \"status\": ["));
	for (size_t i = 0; i < a->nchanges; i++)
		TRY(write_change(&a->changes[i], i == 0, out));
	return buf_str(out, " ]\n    }");
}

struct err *
trust_list_render(const struct trust_list *l, struct buf *out)
{
	TRY(buf_printf(out,
	    "{\n  \"schema\": \"" SCHEMA "\",\n  \"sequence\": %lld,\n"
	    "  \"issued\": \"",
	    (long long)l->sequence));
	TRY(time_format_iso(l->issued, 0, out));
	TRY(buf_str(out, "\",\n  \"next_update\": \""));
	TRY(time_format_iso(l->next_update, 0, out));
	TRY(buf_str(out, "\",\n  \"anchors\": ["));
	for (size_t i = 0; i < l->n; i++)
		TRY(write_anchor(&l->anchors[i], i == 0, out));
	return buf_str(out, " ]\n}\n");
}

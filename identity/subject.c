#include "identity/subject.h"

#include "certs/ossl.h"
#include "identity/date.h"

#include <string.h>

static bool
has_length(struct bytes v, size_t a, size_t b)
{
	return (v.len == a || v.len == b) && all_digits(v);
}

static bool
is_cccd(struct bytes v)
{
	return has_length(v, 12, 12);
}

static bool
is_cmnd(struct bytes v)
{
	return has_length(v, 9, 12);
}

static bool
is_bhxh(struct bytes v)
{
	return has_length(v, 10, 10);
}

/* Ten digits, with a branch of three behind a hyphen or none; since 2025 the
 * identity number of a person is his tax code too. */
static bool
is_mst(struct bytes v)
{
	if (v.len == 14 && v.ptr[10] == '-')
		return all_digits(bytes_slice(v, 0, 10)) &&
		       all_digits(bytes_from(v, 11));
	return has_length(v, 10, 12) || has_length(v, 13, 13);
}

static bool
is_code(struct bytes v)
{
	for (size_t i = 0; i < v.len; i++)
		if ((v.ptr[i] < '0' || v.ptr[i] > '9') &&
		    (v.ptr[i] < 'A' || v.ptr[i] > 'Z') && v.ptr[i] != '-' &&
		    v.ptr[i] != '.')
			return false;
	return v.len > 0;
}

/* Letters and digits; ICAO 9303-4 has nine of them, some countries more. */
static bool
is_passport(struct bytes v)
{
	return v.len >= 5 && v.len <= 20 && is_code(v);
}

static const struct {
	enum subject_type type;
	const char *name;
	bool (*fits)(struct bytes value);
} types[] = {
	{ SUBJECT_CCCD, "CCCD", is_cccd },
	{ SUBJECT_CMND, "CMND", is_cmnd },
	{ SUBJECT_HC, "HC", is_passport },
	{ SUBJECT_MST, "MST", is_mst },
	{ SUBJECT_BHXH, "BHXH", is_bhxh },
	{ SUBJECT_PID, "PID", is_code },
	{ SUBJECT_PPID, "PPID", is_code },
	{ SUBJECT_MNS, "MNS", is_code },
};

static struct err *
read_name(struct bytes in, struct subject_id *out)
{
	if (in.len == 0 || in.len >= sizeof(out->name))
		return err_new(ERR_MALFORMED, NULL, "no type");
	for (size_t i = 0; i < in.len; i++) {
		uint8_t c = in.ptr[i];
		if (c >= 'a' && c <= 'z')
			c = (uint8_t)(c - 'a' + 'A');
		if (c < 'A' || c > 'Z')
			return err_new(ERR_MALFORMED, NULL, "not a type");
		out->name[i] = (char)c;
	}
	return NULL;
}

struct err *
subject_id_parse(struct bytes text, struct subject_id *out)
{
	struct subject_id id = { .type = SUBJECT_OTHER };
	size_t colon = bytes_find(text, BYTES_LIT(":"));
	if (colon == SIZE_MAX)
		return err_new(ERR_MALFORMED, NULL, "not TYPE:value");
	TRY(read_name(bytes_slice(text, 0, colon), &id));
	struct bytes value = bytes_from(text, colon + 1);
	if (value.len == 0 || value.len >= sizeof(id.value) ||
	    !utf8_printable(value))
		return err_new(ERR_MALFORMED, NULL, "no value");
	memcpy(id.value, value.ptr, value.len);
	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (strcmp(types[i].name, id.name) == 0) {
			id.type = types[i].type;
			id.well_formed = types[i].fits(value);
		}
	*out = id;
	return NULL;
}

struct err *
subject_id_format(enum subject_type type, struct bytes value, struct buf *out)
{
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		if (types[i].type != type)
			continue;
		if (value.len >= SUBJECT_VALUE_MAX || !types[i].fits(value))
			return err_new(ERR_USAGE, NULL, "not the form of %s",
			    types[i].name);
		TRY(buf_reserve(out, strlen(types[i].name) + 1 + value.len));
		TRY(buf_printf(out, "%s:", types[i].name));
		return buf_append(out, value);
	}
	return err_new(ERR_USAGE, NULL, "no type of ours");
}

static struct err *
add_entry(const ASN1_STRING *s, struct subject_ids *ids)
{
	CLEANUP(ossl_freep) uint8_t *utf8 = NULL;
	int len = ASN1_STRING_to_UTF8(&utf8, s);
	if (len < 0)
		return ossl_forget();
	struct subject_id id;
	struct err *e = subject_id_parse(bytes_of(utf8, (size_t)len), &id);
	if (e != NULL && err_kind(e) == ERR_NOMEM)
		return e;
	if (e != NULL) {
		err_free(e);
		return NULL;
	}
	if (ids->n == SUBJECT_IDS_MAX)
		return err_new(ERR_LIMIT, NULL, "more than %d identifiers",
		    SUBJECT_IDS_MAX);
	ids->v[ids->n++] = id;
	return NULL;
}

struct err *
subject_ids_of(const struct cert *c, struct subject_ids *out)
{
	const X509_NAME *name = X509_get_subject_name(cert_x509(c));
	struct subject_ids ids = { 0 };
	ossl_begin();
	for (int at = -1;
	     (at = X509_NAME_get_index_by_NID(name, NID_userId, at)) >= 0;)
		TRY(add_entry(
		    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)),
		    &ids));
	*out = ids;
	return NULL;
}

const struct subject_id *
subject_ids_find(const struct subject_ids *ids, enum subject_type type)
{
	for (size_t i = 0; i < ids->n; i++)
		if (ids->v[i].type == type)
			return &ids->v[i];
	return NULL;
}

bool
cccd_hint_of(struct bytes n, struct cccd_hint *out)
{
	if (!is_cccd(n))
		return false;
	int century = n.ptr[3] - '0';
	struct cccd_hint h = { .birth_year = 1900 + century / 2 * 100 +
					     (n.ptr[4] - '0') * 10 +
					     (n.ptr[5] - '0'),
		.sex = century % 2 == 0 ? 'M' : 'F' };
	memcpy(h.place, n.ptr, 3);
	*out = h;
	return true;
}

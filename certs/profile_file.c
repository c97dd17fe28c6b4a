#include "certs/profile_file.h"

#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/nfc.h"
#include "certs/ossl.h"

void
own_profiles_done(struct own_profiles *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct own_profile *o = p->v[i];
		for (size_t j = 0; j < PROFILE_EKUS_MAX; j++)
			free(o->eku[j]);
		for (size_t j = 0; j < o->nset; j++)
			free(o->values[j]);
		free(o->name);
		free(o);
	}
	p->n = 0;
}

const struct own_profile *
own_profile_find(const struct own_profiles *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->v[i]->name, name) == 0)
			return p->v[i];
	return NULL;
}

static struct err *
bad(const char *why)
{
	return err_new(ERR_USAGE, NULL, "%s", why);
}

/* The next word off the front of a line. */
static struct bytes
word(struct bytes *line)
{
	size_t at = 0;
	while (at < line->len && line->ptr[at] == ' ')
		at++;
	*line = bytes_from(*line, at);
	for (at = 0; at < line->len && line->ptr[at] != ' ';)
		at++;
	struct bytes w = bytes_slice(*line, 0, at);
	*line = bytes_from(*line, at);
	return w;
}

/* ---- lines ---- */

static struct err *
begin(struct own_profiles *all, struct bytes rest, struct own_profile **out)
{
	struct bytes name = word(&rest);
	if (name.len == 0 || name.len > 40 || !utf8_printable(name))
		return bad("a profile has a name of one word");
	if (all->n == PROFILES_MAX)
		return bad("too many profiles");
	struct own_profile *o = calloc(1, sizeof(*o));
	if (o == NULL)
		return err_new(ERR_NOMEM, NULL, "a profile");
	all->v[all->n++] = o;
	TRY(bytes_dup_str(name, &o->name));
	bool taken = cert_profile_find(o->name) != NULL ||
		     own_profile_find(all, o->name) != o;
	*out = o;
	return taken ? bad("there is a profile of that name") : NULL;
}

static struct err *
set_like(struct own_profile *o, struct bytes rest)
{
	CLEANUP(free_charp) char *name = NULL;
	TRY(bytes_dup_str(word(&rest), &name));
	const struct cert_profile *p = cert_profile_find(name);
	if (p == NULL || p->ca || p->dns_names || p->ocsp_nocheck ||
	    p->eku_critical)
		return bad("only a profile of people can be built upon");
	o->profile = *p;
	o->profile.name = o->name;
	return NULL;
}

/* "CN" once, "O?" at most once, "OU*" none to two, "UID+" one or two. */
static struct err *
add_field(struct own_profile *o, size_t n, struct bytes w)
{
	static const struct {
		char mark;
		int min, max;
	} marks[] = { { '?', 0, 1 }, { '*', 0, 2 }, { '+', 1, 2 } };
	CLEANUP(free_charp) char *type = NULL;
	struct profile_field f = { .min = 1, .max = 1 };
	for (size_t i = 0; i < COUNT_OF(marks); i++)
		if (w.len > 1 && w.ptr[w.len - 1] == (uint8_t)marks[i].mark) {
			f.min = marks[i].min;
			f.max = marks[i].max;
			w.len--;
			break;
		}
	TRY(bytes_dup_str(w, &type));
	const struct field_kind *k = field_kind_find(type);
	if (k == NULL || n == PROFILE_FIELDS_MAX)
		return bad("a field that is not known, or too many");
	f.type = k->type; /* static */
	o->fields[n] = f;
	return NULL;
}

static struct err *
set_fields(struct own_profile *o, struct bytes rest)
{
	size_t n = 0;
	for (struct bytes w = word(&rest); w.len > 0; w = word(&rest))
		TRY(add_field(o, n++, w));
	o->fields[n] = (struct profile_field){ .type = NULL };
	o->profile.fields = o->fields;
	return n > 0 ? NULL : bad("no field");
}

static struct err *
add_set(struct own_profile *o, struct bytes rest)
{
	CLEANUP(free_charp) char *type = NULL;
	CLEANUP(free_charp) char *value = NULL;
	TRY(bytes_dup_str(word(&rest), &type));
	while (rest.len > 0 && rest.ptr[0] == ' ')
		rest = bytes_from(rest, 1);
	const struct field_kind *k = field_kind_find(type);
	if (k == NULL || o->nset == PROFILE_SETS_MAX)
		return bad("a field that is not known, or too many");
	TRY(utf8_dup_nfc(rest, &value));
	TRY(field_check(k, bytes_str(value)));
	o->set[o->nset] = (struct subject_field){ k->type, value };
	o->values[o->nset++] = TAKE(value);
	return NULL;
}

static struct err *
set_usage(struct own_profile *o, struct bytes rest)
{
	uint32_t usage = 0;
	for (struct bytes w = word(&rest); w.len > 0; w = word(&rest))
		if (bytes_eq_str(w, "digitalSignature"))
			usage |= KU_DIGITAL_SIGNATURE;
		else if (bytes_eq_str(w, "nonRepudiation"))
			usage |= KU_NON_REPUDIATION;
		else
			return bad("people's keys are for digitalSignature and "
				   "nonRepudiation");
	o->profile.key_usage = usage;
	return usage != 0 ? NULL : bad("a key for nothing");
}

/* By value: one OID has many spellings ("1.3.06.1" is "1.3.6.1"). */
static bool
is_oid(const ASN1_OBJECT *oid, const char *text)
{
	CLEANUP(ASN1_OBJECT_freep) ASN1_OBJECT *other = OBJ_txt2obj(text, 1);
	return other != NULL && OBJ_cmp(oid, other) == 0;
}

/* What is for our own keys alone: usages that are critical there, and OCSP. */
static bool
is_reserved(const ASN1_OBJECT *oid)
{
	size_t n = 0;
	const struct cert_profile *p = cert_profile_all(&n);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; (p[i].eku_critical || p[i].ocsp_nocheck) &&
				   p[i].eku[j] != NULL;
		     j++)
			if (is_oid(oid, p[i].eku[j]))
				return true;
	return false;
}

static struct err *
set_eku(struct own_profile *o, struct bytes rest)
{
	size_t n = 0;
	for (struct bytes w = word(&rest); w.len > 0; w = word(&rest), n++) {
		if (n == PROFILE_EKUS_MAX)
			return bad("too many usages");
		free(o->eku[n]);
		o->eku[n] = NULL;
		TRY(bytes_dup_str(w, &o->eku[n]));
		CLEANUP(ASN1_OBJECT_freep)
		ASN1_OBJECT *oid = OBJ_txt2obj(o->eku[n], 1);
		if (oid == NULL || is_reserved(oid))
			return bad("no OID, or one that is not for people");
	}
	o->profile.eku = n == 0 ? NULL : (const char *const *)o->eku;
	return NULL;
}

static struct err *
set_days(struct own_profile *o, struct bytes rest)
{
	struct bytes w = word(&rest);
	int days = 0;
	for (size_t i = 0; i < w.len; i++) {
		if (w.ptr[i] < '0' || w.ptr[i] > '9' || days > 100000)
			return bad("no number of days");
		days = days * 10 + (w.ptr[i] - '0');
	}
	if (days < 1 || days > o->profile.max_days)
		return bad("longer than the profile that it is like");
	o->profile.max_days = days;
	return NULL;
}

static struct err *
take_line(struct own_profiles *all, struct bytes line, struct own_profile **now)
{
	static const struct {
		const char *name;
		struct err *(*take)(struct own_profile *o, struct bytes rest);
	} lines[] = { { "like", set_like }, { "fields", set_fields },
		{ "set", add_set }, { "key-usage", set_usage },
		{ "eku", set_eku }, { "days", set_days } };
	struct bytes rest = line;
	struct bytes name = word(&rest);
	if (name.len == 0 || name.ptr[0] == '#')
		return NULL;
	if (bytes_eq_str(name, "profile"))
		return begin(all, rest, now);
	if (*now == NULL)
		return bad("before the first profile");
	bool like = bytes_eq_str(name, "like");
	if (like == ((*now)->profile.fields != NULL))
		return bad("\"like\" comes first, and once");
	for (size_t i = 0; i < COUNT_OF(lines); i++)
		if (bytes_eq_str(name, lines[i].name))
			return lines[i].take(*now, rest);
	return bad("no such line");
}

struct err *
profile_file_read(struct bytes text, struct own_profiles *out)
{
	struct own_profile *now = NULL;
	if (text.len > PROFILE_FILE_MAX || !utf8_valid(text))
		return err_coded(bad("too long, or not UTF-8"), "settings");
	for (int number = 1; text.len > 0; number++) {
		size_t end = bytes_find(text, BYTES_LIT("\n"));
		struct err *e = take_line(out, bytes_slice(text, 0, end), &now);
		if (e != NULL)
			return err_coded(
			    err_while(e, "line %d", number), "settings");
		text = end == SIZE_MAX ? BYTES_NONE : bytes_from(text, end + 1);
	}
	for (size_t i = 0; i < out->n; i++)
		if (out->v[i]->profile.fields == NULL)
			return err_coded(
			    bad("a profile without \"like\""), "settings");
	return NULL;
}

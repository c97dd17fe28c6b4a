/*
 * SigningTime outside XAdES: in a SignatureProperty of the signature's own
 * Object, as Circular 78/2021 has it for invoices, where the signature signs
 * it.
 */
#include "xml/signature.h"

#include "base/time.h"
#include "xml/ns.h"

#include <string.h>

#define TEXT_MAX ((size_t)256) /* bytes of a time, spaces around it included   \
				*/
#define DATE_LEN 10            /* "2026-11-20" */

static bool
is_named(const xmlNode *n, const char *name)
{
	return strcmp((const char *)n->name, name) == 0;
}

/* Makers put the properties into XMLDSig's namespace, another, or none. */
static xmlNode *
child_named(xmlNode *parent, const char *name)
{
	xmlNode *n = xml_first(parent);
	while (n != NULL && !is_named(n, name))
		n = xml_next(n);
	return n;
}

static bool
is_signed(const struct xml_signature *s, const xmlNode *n)
{
	for (size_t i = 0; i < s->nrefs; i++) {
		const struct xml_ref *r = &s->refs[i];
		if (r->digest == CHECK_PASSED && r->kind == REF_ELEMENT &&
		    !r->reduced && !r->blind && xml_is_inside(n, r->element))
			return true;
	}
	return false;
}

struct err *
xml_time(const xmlNode *n, int zone_min, int64_t *out)
{
	CLEANUP(buf_done) struct buf b = BUF(TEXT_MAX);
	TRY(xml_text(n, &b));
	struct bytes t = buf_bytes(&b);
	while (t.len > 0 && strchr(" \t\r\n", *t.ptr) != NULL)
		t = bytes_from(t, 1);
	while (t.len > 0 && strchr(" \t\r\n", t.ptr[t.len - 1]) != NULL)
		t.len--;
	TRY(time_parse_iso(t, out));
	for (size_t i = DATE_LEN; i < t.len; i++)
		if (strchr("Z+-", t.ptr[i]) != NULL)
			return NULL;
	*out -= (int64_t)zone_min * 60;
	return NULL;
}

static struct err *
look(const struct xml_signature *s, xmlNode *property,
    struct signature_fact *fact, size_t *seen)
{
	xmlNode *n = child_named(property, "SigningTime");
	struct err *problem = NULL;
	int64_t t = TIME_NONE;
	if (n == NULL || !is_signed(s, n))
		return NULL;
	/* Such forms have the local time without a zone. */
	TRY(blame_document(xml_time(n, TIME_VIETNAM_OFFSET_MIN, &t), &problem));
	err_free(problem);
	/* Of several nobody knows which is meant. */
	fact->claimed_time = (*seen)++ == 0 ? t : TIME_NONE;
	return NULL;
}

struct err *
xml_property_time(const struct xml_signature *s, struct signature_fact *fact)
{
	size_t seen = 0;
	if (fact->claimed_time != TIME_NONE)
		return NULL;
	for (xmlNode *o = xml_first(s->node); o != NULL; o = xml_next(o)) {
		xmlNode *all = xml_is(o, NS_DS, "Object")
				   ? child_named(o, "SignatureProperties")
				   : NULL;
		for (xmlNode *p = xml_first(all); p != NULL; p = xml_next(p))
			if (is_named(p, "SignatureProperty"))
				TRY(look(s, p, fact, &seen));
	}
	return NULL;
}

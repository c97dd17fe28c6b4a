#include "xml/unsigned.h"

#include "xml/ns.h"
#include "xml/signature.h"

#include <stdlib.h>
#include <string.h>

/* ---- which signature ---- */

static bool
is_counter(const xmlNode *signature)
{
	return signature->parent != NULL &&
	       xades_is(signature->parent, "CounterSignature");
}

/* Counter-signatures are raised by name only. */
static struct err *
only_one(const struct xml_doc *d, xmlNode **out)
{
	size_t n;
	xmlNode *const *signatures = xml_doc_signatures(d, &n);
	xmlNode *found = NULL;
	for (size_t i = 0; i < n; i++) {
		if (is_counter(signatures[i]))
			continue;
		if (found != NULL)
			return err_coded(
			    err_new(ERR_USAGE, NULL,
				"there are several signatures: name one"),
			    "signature-choose");
		found = signatures[i];
	}
	if (found == NULL)
		return err_coded(
		    err_new(ERR_MISSING, NULL, "no signature"), "no-signature");
	*out = found;
	return NULL;
}

struct err *
xml_signature_find(const struct xml_doc *d, const char *id, xmlNode **out)
{
	size_t n;
	xmlNode *const *signatures = xml_doc_signatures(d, &n);
	if (id == NULL)
		return only_one(d, out);
	for (size_t i = 0; i < n; i++) {
		const char *own = xml_attr(signatures[i], "Id");
		if (own != NULL && strcmp(own, id) == 0) {
			*out = signatures[i];
			return NULL;
		}
	}
	unsigned long number = strtoul(id, NULL, 10);
	if (number == 0 || number > n)
		return err_coded(
		    err_new(ERR_MISSING, NULL, "no signature of this name"),
		    "no-signature");
	*out = signatures[number - 1];
	return NULL;
}

/* ---- where ---- */

static xmlNode *
child(const xmlNode *n, const char *name)
{
	for (xmlNode *c = xml_first(n); c != NULL; c = xml_next(c))
		if (xades_is(c, name))
			return c;
	return NULL;
}

static xmlNode *
qualifying(const xmlNode *signature)
{
	for (xmlNode *o = xml_first(signature); o != NULL; o = xml_next(o)) {
		xmlNode *q = xml_is(o, NS_DS, "Object")
				 ? child(o, "QualifyingProperties")
				 : NULL;
		if (q != NULL)
			return q;
	}
	return NULL;
}

struct err *
xml_unsigned_open(const struct xml_unsigned *u, struct buf *b)
{
	if (u->nopen > 1)
		TRY(buf_printf(
		    b, "<xades:UnsignedProperties xmlns:xades=\"%s\">", u->ns));
	if (u->nopen > 0)
		TRY(buf_printf(b,
		    "<xades:UnsignedSignatureProperties xmlns:xades=\"%s\">",
		    u->ns));
	return NULL;
}

struct err *
xml_unsigned_close(const struct xml_unsigned *u, struct buf *b)
{
	if (u->nopen > 0)
		TRY(buf_str(b, "</xades:UnsignedSignatureProperties>"));
	if (u->nopen > 1)
		TRY(buf_str(b, "</xades:UnsignedProperties>"));
	return NULL;
}

struct err *
xml_unsigned_find(const struct xml_doc *d, struct bytes document,
    xmlNode *signature, struct xml_unsigned *out)
{
	xmlNode *q = qualifying(signature), *at = q;
	if (q == NULL)
		return err_coded(err_new(ERR_UNSUPPORTED, "EN 319 132-1 4.3",
				     "the signature is not XAdES"),
		    "xml-not-xades");
	struct xml_unsigned u = { .ns = (const char *)q->ns->href, .nopen = 2 };
	xmlNode *outer = child(q, "UnsignedProperties");
	if (outer != NULL) {
		at = outer;
		u.nopen = 1;
		u.properties = child(outer, "UnsignedSignatureProperties");
	}
	if (u.properties != NULL) {
		at = u.properties;
		u.nopen = 0;
	}
	TRY(xml_place_in(d, document, at, &u.place));
	*out = u;
	return NULL;
}

struct err *
xml_unsigned_check(
    struct xml_job *job, const struct xml_unsigned *u, const char *name)
{
	static const char *const outer[] = { NULL,
		"UnsignedSignatureProperties", "UnsignedProperties" };
	return xml_place_check(job, u->place.parent, u->ns,
	    u->nopen == 0 ? name : outer[u->nopen]);
}

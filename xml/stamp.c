#include "xml/stamp.h"

#include "xml/ns.h"

#include <string.h>

/* ---- which are known ---- */

enum stamp_scope
stamp_scope_of(const xmlNode *property, enum stamp_kind *kind)
{
	static const struct {
		const char *name;
		enum stamp_scope scope;
		enum stamp_kind kind;
	} known[] = {
		{ "SignatureTimeStamp", STAMPS_VALUE, STAMP_SIGNATURE },
		{ "SigAndRefsTimeStamp", STAMPS_SIG_AND_REFS, STAMP_REFS },
		{ "SigAndRefsTimeStampV2", STAMPS_SIG_AND_REFS, STAMP_REFS },
		{ "RefsOnlyTimeStamp", STAMPS_REFS, STAMP_REFS },
		{ "RefsOnlyTimeStampV2", STAMPS_REFS, STAMP_REFS },
		{ "ArchiveTimeStamp", STAMPS_ALL, STAMP_ARCHIVE },
		{ "AllDataObjectsTimeStamp", STAMPS_DATA, STAMP_CONTENT },
		{ "IndividualDataObjectsTimeStamp", STAMPS_SOME_DATA,
		    STAMP_CONTENT },
	};
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (xades_is(property, known[i].name)) {
			*kind = known[i].kind;
			return known[i].scope;
		}
	return STAMPS_NOTHING;
}

struct err *
stamp_canon(const xmlNode *property, struct canon *out)
{
	*out = (struct canon){ .mode = XML_C14N_1_0 };
	const xmlNode *method =
	    xml_child(property, NS_DS, "CanonicalizationMethod");
	const char *uri = method == NULL ? NULL : xml_attr(method, "Algorithm");
	if (uri == NULL || *uri == '\0')
		return NULL;
	return canon_read(method, out);
}

/* ---- pieces ---- */

static struct err *
add_element(const struct stamp_input *in, xmlNode *n, struct sink *out)
{
	return n == NULL
		   ? NULL
		   : xml_canon_element(n, &in->canon, &in->job->work, out);
}

static xmlNode *
first_reference(const struct stamp_input *in)
{
	return xml_next(xml_next(xml_first(in->signature->info)));
}

static struct err *
add_reference(
    const struct stamp_input *in, xmlNode *reference, struct sink *out)
{
	return xml_ref_octets(
	    in->job, reference, in->signature->node, &in->canon, out);
}

static bool
is_about_properties(const xmlNode *reference)
{
	const char *type = xml_attr(reference, "Type");
	return type != NULL && xades_is_type(type, "SignedProperties");
}

static struct err *
add_references(const struct stamp_input *in, bool properties, struct sink *out)
{
	for (xmlNode *r = first_reference(in); r != NULL; r = xml_next(r))
		if (properties || !is_about_properties(r))
			TRY(add_reference(in, r, out));
	return NULL;
}

/* ---- unsigned properties ---- */

/* Whether SigAndRefs and RefsOnly of this version cover such a property.  TS
 * 101 903 7.5, EN 319 132-1 A.1.5. */
static bool
is_among_refs(const struct stamp_input *in, const xmlNode *p)
{
	static const char *const old[] = { "CompleteCertificateRefs",
		"CompleteRevocationRefs", "AttributeCertificateRefs",
		"AttributeRevocationRefs" };
	static const char *const new[] = { "CompleteCertificateRefsV2",
		"CompleteRevocationRefs", "AttributeCertificateRefsV2",
		"AttributeRevocationRefs" };
	bool v2 = strstr((const char *)in->property->name, "V2") != NULL;
	for (size_t i = 0; i < COUNT_OF(old); i++)
		if (xades_is(p, v2 ? new[i] : old[i]))
			return true;
	return in->scope == STAMPS_SIG_AND_REFS &&
	       xades_is(p, "SignatureTimeStamp");
}

/* Those in front of the stamp, in their order. */
static struct err *
add_properties(const struct stamp_input *in, struct sink *out)
{
	for (xmlNode *p = xml_first(in->unsigned_properties);
	     p != NULL && p != in->property; p = xml_next(p))
		if (in->scope == STAMPS_ALL || is_among_refs(in, p))
			TRY(add_element(in, p, out));
	return NULL;
}

/* ---- ArchiveTimeStamp ---- */

static bool
is_referenced(const struct stamp_input *in, const xmlNode *object)
{
	const char *id = xml_attr(object, "Id");
	for (xmlNode *r = first_reference(in); r != NULL && id != NULL;
	     r = xml_next(r)) {
		const char *uri = xml_attr(r, "URI");
		if (uri != NULL && *uri == '#' && strcmp(uri + 1, id) == 0)
			return true;
	}
	return false;
}

static bool
holds_qualifying(const xmlNode *object)
{
	for (xmlNode *c = xml_first(object); c != NULL; c = xml_next(c))
		if (xades_is(c, "QualifyingProperties"))
			return true;
	return false;
}

/* All Objects but that of the properties; of version 1.3.2 (TS 101 903 v1.3.2
 * 7.7.1), only those that no reference has taken in already. */
static struct err *
add_objects(const struct stamp_input *in, struct sink *out)
{
	bool old = in->property != NULL &&
		   !xml_is(in->property, NS_XADES141, "ArchiveTimeStamp");
	for (xmlNode *o = xml_first(in->signature->node); o != NULL;
	     o = xml_next(o))
		if (xml_is(o, NS_DS, "Object") && !holds_qualifying(o) &&
		    !(old && is_referenced(in, o)))
			TRY(add_element(in, o, out));
	return NULL;
}

/* EN 319 132-1 5.5.2.2 */
static struct err *
add_all(const struct stamp_input *in, struct sink *out)
{
	const struct xml_signature *s = in->signature;
	TRY(add_references(in, true, out));
	TRY(add_element(in, s->info, out));
	TRY(add_element(in, s->value, out));
	TRY(add_element(in, s->keyinfo, out));
	TRY(add_properties(in, out));
	return add_objects(in, out);
}

/* ---- stamps that name what they cover ---- */

static struct err *
otherwise(const char *what)
{
	return err_new(ERR_UNSUPPORTED, "EN 319 132-1 4.5.2", "%s", what);
}

static struct err *
add_included(
    const struct stamp_input *in, const xmlNode *include, struct sink *out)
{
	const char *uri = xml_attr(include, "URI");
	const char *data = xml_attr(include, "referencedData");
	if (uri == NULL || *uri != '#' || data == NULL ||
	    (strcmp(data, "true") != 0 && strcmp(data, "1") != 0))
		return otherwise("an Include that names no signed data");
	for (xmlNode *r = first_reference(in); r != NULL; r = xml_next(r)) {
		const char *id = xml_attr(r, "Id");
		if (id != NULL && strcmp(id, uri + 1) == 0)
			return add_reference(in, r, out);
	}
	return otherwise("an Include of something else than a reference");
}

static struct err *
add_includes(const struct stamp_input *in, struct sink *out)
{
	size_t n = 0;
	for (xmlNode *c = xml_first(in->property); c != NULL; c = xml_next(c))
		if (xades_is(c, "Include")) {
			TRY(add_included(in, c, out));
			n++;
		}
	return n > 0 ? NULL : otherwise("it does not say what it covers");
}

/* XAdES 1.1.1 and 1.2.2 name what they cover; for a SignatureTimeStamp that is
 * nearly always the SignatureValue. */
static struct err *
check_implicit(const struct stamp_input *in)
{
	const xmlNode *c =
	    in->property == NULL ? NULL : xml_first(in->property);
	const char *id = xml_attr(in->signature->value, "Id");
	if (c == NULL || in->scope == STAMPS_SOME_DATA)
		return NULL;
	if (xades_is(c, "Include"))
		return otherwise("the parts are named one by one");
	if (!xades_is(c, "HashDataInfo"))
		return NULL;
	const char *uri = xml_attr(c, "uri");
	bool ours = in->scope == STAMPS_VALUE && uri != NULL && id != NULL &&
		    *uri == '#' && strcmp(uri + 1, id) == 0 &&
		    xml_first(c) == NULL &&
		    !xades_is(xml_next(c), "HashDataInfo");
	return ours ? NULL : otherwise("the parts are named one by one");
}

/* ---- all together ---- */

static struct err *
add_scope(const struct stamp_input *in, struct sink *out)
{
	switch (in->scope) {
	case STAMPS_VALUE:
		return add_element(in, in->signature->value, out);
	case STAMPS_SIG_AND_REFS:
		TRY(add_element(in, in->signature->value, out));
		return add_properties(in, out);
	case STAMPS_REFS:
		return add_properties(in, out);
	case STAMPS_ALL:
		return add_all(in, out);
	case STAMPS_DATA:
		return add_references(in, false, out);
	case STAMPS_SOME_DATA:
		return add_includes(in, out);
	case STAMPS_NOTHING:
		break;
	}
	return err_new(ERR_INTERNAL, NULL, "no time stamp");
}

struct err *
stamp_digest(
    const struct stamp_input *in, enum digest_alg alg, uint8_t out[DIGEST_MAX])
{
	CLEANUP(digest_freep) struct digest *d = NULL;
	TRY(check_implicit(in));
	TRY(digest_new(alg, &d));
	TRY(add_scope(in, &(struct sink){ .digest = d }));
	return digest_final(d, out);
}

/* META-INF/signatures*.xml: XAdES whose references name files of the
 * container. */
#include "asic/box.h"

#include "xml/canon.h"
#include "xml/doc.h"
#include "xml/format.h"
#include "xml/ns.h"

#include <stdlib.h>
#include <string.h>

#define REFERENCES_MAX 4096 /* of one file of signatures */

/* One reference to a file of the container. */
struct outward {
	const xmlNode *signature; /* that it stands in */
	const char *uri;          /* of the tree */
	size_t file;
	bool reduced; /* a transform may leave something out */
};

struct sheet {
	struct box *box;
	struct xml_doc *doc;
	struct outward *refs;
	size_t nrefs;
	struct external *given; /* one for each URI */
	size_t ngiven;
	const xmlNode *signatures[FACTS_SIGNATURES_MAX]; /* as they stand */
	size_t nsignatures;
};

static void
sheet_done(struct sheet *s)
{
	free(s->refs);
	free(s->given);
	xml_doc_free(s->doc);
}

static bool
is_reduced(const xmlNode *reference)
{
	const xmlNode *list = xml_child(reference, NS_DS, "Transforms");
	for (xmlNode *t = xml_first(list); t != NULL; t = xml_next(t)) {
		const char *uri = xml_attr(t, "Algorithm");
		struct canon c;
		if (uri == NULL || !canon_by_uri(uri, &c))
			return true;
	}
	return false;
}

static const xmlNode *
signature_of(const xmlNode *n)
{
	while (n != NULL && !xml_is(n, NS_DS, "Signature"))
		n = n->parent;
	return n;
}

static struct err *
give(struct sheet *s, const char *uri, size_t file)
{
	for (size_t i = 0; i < s->ngiven; i++)
		if (strcmp(s->given[i].uri, uri) == 0)
			return NULL;
	struct external *e = &s->given[s->ngiven];
	TRY(archive_read(s->box->archive, file, &e->data));
	e->uri = uri;
	s->ngiven++;
	return NULL;
}

static struct err *
note_reference(struct sheet *s, xmlNode *reference)
{
	const char *uri = xml_attr(reference, "URI");
	size_t file;
	if (uri == NULL || *uri == '\0' || *uri == '#')
		return NULL;
	if (s->nrefs == REFERENCES_MAX)
		return err_new(ERR_LIMIT, NULL, "references");
	TRY(archive_resolve(s->box->archive, uri, &file));
	if (file == SIZE_MAX)
		return NULL;
	s->box->named[file] = true;
	s->refs[s->nrefs++] = (struct outward){
		.signature = signature_of(reference),
		.uri = uri,
		.file = file,
		.reduced = is_reduced(reference),
	};
	return give(s, uri, file);
}

static struct err *
note_signature(struct sheet *s, const xmlNode *signature)
{
	if (s->nsignatures == FACTS_SIGNATURES_MAX)
		return err_new(ERR_LIMIT, NULL, "signatures");
	s->signatures[s->nsignatures++] = signature;
	return NULL;
}

static struct err *
read_sheet(struct sheet *s, struct bytes text)
{
	TRY(xml_doc_parse(text, &s->doc));
	s->refs = calloc(REFERENCES_MAX, sizeof(*s->refs));
	s->given = calloc(REFERENCES_MAX, sizeof(*s->given));
	if (s->refs == NULL || s->given == NULL)
		return err_new(ERR_NOMEM, NULL, "references");
	xmlNode *root = xml_doc_root(s->doc);
	for (xmlNode *e = root; e != NULL; e = xml_walk(e, root)) {
		if (xml_is(e, NS_DS, "Signature"))
			TRY(note_signature(s, e));
		if (xml_is(e, NS_DS, "Reference"))
			TRY(note_reference(s, e));
	}
	return NULL;
}

/* ---- what each of them covers ---- */

/* Whether all references to this URI hold; they are told which file it is. */
static struct err *
check_uri(const struct sheet *s, const struct outward *r,
    struct signature_fact *fact, bool *holds)
{
	size_t n = 0, passed = 0;
	for (size_t i = 0; i < fact->nreferences; i++) {
		struct reference *f = &fact->references[i];
		if (f->uri == NULL || strcmp(f->uri, r->uri) != 0)
			continue;
		n++;
		passed += f->digest == CHECK_PASSED;
		TRY(box_covers(s->box, r->file, f));
	}
	*holds = n > 0 && passed == n;
	return NULL;
}

/* A file of which a transform may leave something out is not covered; of
 * another signature, its value is enough. */
static struct err *
note_files(const struct sheet *s, const xmlNode *signature,
    struct signature_fact *fact, bool *files)
{
	for (size_t i = 0; i < s->nrefs; i++) {
		const struct outward *r = &s->refs[i];
		bool holds;
		if (r->signature != signature)
			continue;
		TRY(check_uri(s, r, fact, &holds));
		if (holds &&
		    (!r->reduced || s->box->roles[r->file] != ROLE_DATA))
			files[r->file] = true;
	}
	return NULL;
}

static bool
is_counter(const xmlNode *signature)
{
	const xmlNode *p = signature->parent;
	return p != NULL && p->type == XML_ELEMENT_NODE && p->ns != NULL &&
	       strcmp((const char *)p->name, "CounterSignature") == 0 &&
	       strncmp((const char *)p->ns->href, NS_ETSI_START,
		   sizeof(NS_ETSI_START) - 1) == 0;
}

/* What is said there about the file of signatures is true of every
 * signature that stands beside what it signs. */
static void
drop_finding(struct findings *f, const char *code)
{
	size_t n = 0;
	for (size_t i = 0; i < f->n; i++) {
		if (strcmp(f->v[i].code, code) == 0)
			free(f->v[i].detail);
		else
			f->v[n++] = f->v[i];
	}
	f->n = n;
}

static struct err *
finish_one(
    struct sheet *s, const xmlNode *signature, struct signature_fact *fact)
{
	CLEANUP(free_charp) char *hold = calloc(s->box->nfiles + 1, 1);
	bool *files = (bool *)hold;
	if (files == NULL)
		return err_new(ERR_NOMEM, NULL, "coverage");
	drop_finding(&fact->findings, "xml-partial");
	TRY(note_files(s, signature, fact, files));
	return box_sum_up(s->box, fact, files, is_counter(signature));
}

static struct err *
collect(struct sheet *s, size_t file, struct facts *found)
{
	struct collect_input in = { .extra = s->box->in->extra,
		.keys = s->box->in->keys,
		.nkeys = s->box->in->nkeys,
		.shared_key = s->box->in->shared_key,
		.dotnet_enveloped = s->box->in->dotnet_enveloped };
	TRY(archive_read(s->box->archive, file, &in.document));
	TRY(read_sheet(s, in.document));
	in.external = s->given;
	in.nexternal = s->ngiven;
	TRY(format_xml.collect(&in, found));
	if (found->nsignatures != s->nsignatures)
		return err_new(ERR_INTERNAL, NULL, "signatures of an XML file");
	return NULL;
}

struct err *
box_xades(struct box *x, size_t file)
{
	CLEANUP(facts_done) struct facts found = { 0 };
	CLEANUP(sheet_done) struct sheet s = { .box = x };
	size_t first;
	struct err *e = collect(&s, file, &found);
	if (e != NULL)
		return box_blame(x, file, e);
	TRY(box_take(x, file, &found, &first));
	for (size_t i = 0; i < s.nsignatures; i++)
		TRY(finish_one(
		    &s, s.signatures[i], &x->facts->signatures[first + i]));
	return NULL;
}

struct err *
box_extend_xades(struct box *x, size_t file, const struct extend_request *r,
    struct prepared *out)
{
	CLEANUP(sheet_done) struct sheet s = { .box = x };
	struct extend_request inner = *r;
	TRY(archive_read(x->archive, file, &inner.document));
	TRY(read_sheet(&s, inner.document));
	inner.external = s.given;
	inner.nexternal = s.ngiven;
	return format_xml.extend(&inner, out);
}

#include "xml/collect.h"

#include "xml/ns.h"
#include "xml/signature.h"

#include <stdlib.h>
#include <string.h>

struct all {
	struct xml_job job;
	struct xml_signature *v; /* as many as facts->nsignatures */
	size_t n;
	struct facts *facts;
};

static void
all_done(struct all *a)
{
	for (size_t i = 0; i < a->n; i++)
		xml_signature_done(&a->v[i]);
	free(a->v);
}

/* ---- references ---- */

/* A problem becomes a finding; what is merely not there is not fatal, for the
 * caller may still supply it. */
static struct err *
tell_problem(const struct err *problem, struct signature_fact *fact)
{
	bool missing = strcmp(err_code(problem), "xml-external-missing") == 0;
	const char *code = err_code(problem);
	/* Our limits say nothing against the signature. */
	if (err_kind(problem) == ERR_LIMIT)
		code = "xml-limit";
	if (strncmp(code, "xml-", 4) != 0)
		code = "xml-reference";
	return findings_add(
	    &fact->findings, !missing, code, "%s", err_text(problem));
}

static struct err *
report_reference(struct all *a, struct xml_signature *s, struct xml_ref *r,
    struct signature_fact *fact)
{
	CLEANUP(buf_done) struct buf covers = BUF(4096);
	const char *text;
	bool whole;
	TRY(xml_cover(&a->job, s, r, &covers, &whole));
	TRY(buf_cstr(&covers, &text));
	if (r->problem != NULL)
		TRY(tell_problem(r->problem, fact));
	if (r->unseen && !fact->unseen)
		TRY(findings_add(&fact->findings, false, "content-not-seen",
		    "only its hash was given"));
	fact->unseen = fact->unseen || r->unseen;
	if (r->dotnet)
		TRY(findings_add(&fact->findings, false, "xml-dotnet-enveloped",
		    "%s", r->uri));
	TRY(signature_add_reference(
	    fact, r->uri, r->alg, r->digest, text, whole));
	fact->references[fact->nreferences - 1].outside =
	    r->kind == REF_EXTERNAL;
	return NULL;
}

static struct err *
count_references(struct xml_signature *s, xmlNode *first)
{
	size_t n = 0;
	for (xmlNode *r = first; r != NULL; r = xml_next(r), n++)
		if (!xml_is(r, NS_DS, "Reference"))
			return err_new(
			    ERR_MALFORMED, "XMLDSig 4.4", "Reference expected");
	if (n == 0)
		return err_new(ERR_MALFORMED, "XMLDSig 4.4", "no Reference");
	if (n > XML_REFERENCES_MAX)
		return err_new(ERR_LIMIT, NULL, "%zu references", n);
	s->refs = calloc(n, sizeof(*s->refs));
	return s->refs == NULL ? err_new(ERR_NOMEM, NULL, "references") : NULL;
}

static void
note_properties(struct xml_signature *s, const struct xml_ref *r)
{
	if (r->digest == CHECK_PASSED && r->kind == REF_ELEMENT &&
	    r->element->parent == s->qualifying && !r->reduced && !r->blind &&
	    xades_is(r->element, "SignedProperties"))
		s->signed_properties = r->element;
}

/* All are looked at before any is reported: what a reference covers counts
 * only in a signature that holds. */
static struct err *
check_references(
    struct all *a, struct xml_signature *s, struct signature_fact *fact)
{
	xmlNode *first = xml_next(xml_next(xml_first(s->info)));
	TRY(count_references(s, first));
	s->intact = fact->signature == CHECK_PASSED;
	for (xmlNode *r = first; r != NULL; r = xml_next(r)) {
		struct xml_ref *ref = &s->refs[s->nrefs++];
		TRY(xml_ref_check(&a->job, r, s->node, ref));
		s->intact = s->intact && ref->digest == CHECK_PASSED;
		note_properties(s, ref);
	}
	for (size_t i = 0; i < s->nrefs; i++)
		TRY(report_reference(a, s, &s->refs[i], fact));
	return NULL;
}

static struct err *
report_entry(struct all *a, struct xml_signature *s, struct xml_ref *r,
    struct signature_fact *fact)
{
	CLEANUP(buf_done) struct buf covers = BUF(4096);
	const char *text;
	bool whole;
	if (r->problem != NULL)
		return findings_add(&fact->findings, false,
		    "xml-manifest-entry", "%s", err_text(r->problem));
	TRY(buf_str(&covers, "by manifest: "));
	TRY(xml_cover(&a->job, s, r, &covers, &whole));
	TRY(buf_cstr(&covers, &text));
	TRY(xml_rules_of(s, r, fact));
	return signature_add_reference(
	    fact, r->uri, r->alg, r->digest, text, whole);
}

/* The entries of a signed Manifest (XMLDSig 5.1): those that can be looked at
 * must hold, those whose data is not here are only told. */
static struct err *
check_manifest(struct all *a, struct xml_signature *s, xmlNode *manifest,
    struct signature_fact *fact)
{
	size_t n = 0;
	for (xmlNode *e = xml_first(manifest); e != NULL; e = xml_next(e)) {
		if (!xml_is(e, NS_DS, "Reference"))
			continue;
		if (++n > XML_REFERENCES_MAX)
			return err_new(
			    ERR_LIMIT, NULL, "entries of a Manifest");
		CLEANUP(xml_ref_done) struct xml_ref r;
		TRY(xml_ref_check(&a->job, e, s->node, &r));
		TRY(report_entry(a, s, &r, fact));
	}
	return NULL;
}

/* Signed by itself, or with the Object around it, as Office does. */
static struct err *
check_manifests(
    struct all *a, struct xml_signature *s, struct signature_fact *fact)
{
	for (size_t i = 0; i < s->nrefs; i++) {
		const struct xml_ref *r = &s->refs[i];
		if (r->problem != NULL || r->kind != REF_ELEMENT)
			continue;
		if (xml_is(r->element, NS_DS, "Manifest"))
			TRY(check_manifest(a, s, r->element, fact));
		if (!xml_is(r->element, NS_DS, "Object") ||
		    r->element->parent != s->node)
			continue;
		for (xmlNode *e = xml_first(r->element); e != NULL;
		     e = xml_next(e))
			if (xml_is(e, NS_DS, "Manifest"))
				TRY(check_manifest(a, s, e, fact));
	}
	return NULL;
}

/* ---- one signature ---- */

static struct err *
gather_certs(struct all *a, struct xml_signature *s,
    struct signature_fact *fact, struct cert_list *later)
{
	TRY(keyinfo_read(&a->job, s->keyinfo, &s->keys));
	TRY(xades_certs(&a->job.work, s, later));
	for (size_t i = 0; i < s->keys.certs.n; i++)
		TRY(cert_list_add(&fact->certs, s->keys.certs.v[i]));
	for (size_t i = 0; i < later->n; i++)
		TRY(cert_list_add(&fact->certs, later->v[i]));
	if (s->keys.broken)
		TRY(findings_add(&fact->findings, false, "xml-keyinfo",
		    "something in KeyInfo cannot be read"));
	return NULL;
}

static bool
is_intact(const struct signature_fact *fact)
{
	for (size_t i = 0; i < fact->nreferences; i++)
		if (fact->references[i].digest != CHECK_PASSED)
			return false;
	return fact->signature == CHECK_PASSED && fact->nreferences > 0;
}

static void
sum_up(struct xml_signature *s, struct signature_fact *fact)
{
	s->intact = is_intact(fact);
	for (size_t i = 0; i < fact->nreferences; i++)
		fact->covers_all |= s->intact && fact->references[i].whole;
}

/* One without an Id goes by its number, as xml_signature_find has it. */
static struct err *
name_it(const struct all *a, const char *id, struct signature_fact *fact)
{
	char number[24];
	if (id != NULL)
		return fact_string(&fact->id, bytes_str(id));
	(void)snprintf(number, sizeof(number), "%zu", a->n);
	return fact_string(&fact->id, bytes_str(number));
}

static struct err *
judge(struct all *a, struct xml_signature *s, struct signature_fact *fact)
{
	CLEANUP(cert_list_done) struct cert_list later = { 0 };
	const char *id = xml_attr(s->node, "Id");
	TRY(fact_string(&fact->format, BYTES_LIT("XMLDSig")));
	TRY(name_it(a, id, fact));
	TRY(xml_signature_open(s->node, s));
	xades_open(s);
	TRY(gather_certs(a, s, fact, &later));
	TRY(xml_judge_value(&a->job, s, &later, fact));
	TRY(check_references(a, s, fact));
	TRY(check_manifests(a, s, fact));
	TRY(xml_rules(s, fact));
	TRY(xades_collect(&a->job, s, &later, fact, a->facts));
	TRY(xml_property_time(s, fact));
	sum_up(s, fact);
	return NULL;
}

static struct err *
judge_next(struct all *a, xmlNode *node)
{
	struct signature_fact *fact;
	struct err *problem = NULL;
	TRY(facts_add_signature(a->facts, &fact));
	struct xml_signature *s = &a->v[a->n++];
	s->node = node;
	TRY(blame_document(judge(a, s, fact), &problem));
	if (problem == NULL)
		return NULL;
	const char *code =
	    err_kind(problem) == ERR_LIMIT ? "xml-limit" : "xml-structure";
	struct err *e =
	    findings_add(&fact->findings, true, code, "%s", err_text(problem));
	err_free(problem);
	return e;
}

/* ---- all of them ---- */

static struct err *
check_wrapping(struct all *a)
{
	struct xml_loose loose = { .n = 0 };
	TRY(xml_loose_find(&a->job, &loose));
	for (size_t i = 0; i < a->n; i++) {
		struct signature_fact *fact = &a->facts->signatures[i];
		if (!a->v[i].intact)
			continue;
		TRY(xml_rule_wrapping(&a->job, &a->v[i], &loose, fact));
		if (!fact->covers_all)
			TRY(findings_add(&fact->findings, false, "xml-partial",
			    "it does not cover the whole document"));
	}
	return NULL;
}

static struct err *
judge_all(struct all *a)
{
	size_t n;
	xmlNode *const *signatures = xml_doc_signatures(a->job.doc, &n);
	if (n > FACTS_SIGNATURES_MAX)
		return err_coded(
		    err_new(ERR_LIMIT, NULL, "%zu signatures", n), "xml-limit");
	a->v = calloc(n + 1, sizeof(*a->v));
	if (a->v == NULL)
		return err_new(ERR_NOMEM, NULL, "signatures");
	for (size_t i = 0; i < n; i++)
		TRY(judge_next(a, signatures[i]));
	return check_wrapping(a);
}

struct err *
xml_collect(const struct collect_input *in, struct facts *out)
{
	CLEANUP(xml_doc_freep) struct xml_doc *doc = NULL;
	struct facts found = { .format = "xml" };
	TRY(xml_doc_parse(in->document, &doc));
	CLEANUP(all_done)
	struct all a = { .facts = &found,
		.job = { .doc = doc, .in = in, .work = XML_WORK } };
	struct err *e = judge_all(&a);
	if (e != NULL) {
		facts_done(&found);
		return e;
	}
	*out = found;
	return NULL;
}

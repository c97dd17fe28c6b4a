#include "asic/box.h"

#include "asic/name.h"

#include <string.h>

struct err *
box_name(const struct box *x, size_t file, struct buf *b, const char **out)
{
	TRY(buf_append(b, archive_entry(x->archive, file)->name));
	return buf_cstr(b, out);
}

struct err *
box_add(struct box *x, size_t file, struct signature_fact **out)
{
	size_t i = x->facts->nsignatures;
	TRY(facts_add_signature(x->facts, out));
	x->from[i] = file;
	return fact_string(&(*out)->id, archive_entry(x->archive, file)->name);
}

/* ---- what another format found ---- */

/* The name of the file in front of what the signature calls itself. */
static struct err *
name_it(const struct box *x, size_t file, const char *inner,
    struct signature_fact *fact)
{
	CLEANUP(buf_done) struct buf id = BUF(8 * ASIC_NAME_MAX);
	TRY(buf_append(&id, archive_entry(x->archive, file)->name));
	TRY(buf_printf(&id, "#%.1000s", inner));
	return fact_string(&fact->id, buf_bytes(&id));
}

static struct err *
copy_findings(const struct findings *from, struct findings *to)
{
	for (size_t i = 0; i < from->n; i++)
		TRY(findings_add(to, from->v[i].fatal, from->v[i].code, "%s",
		    from->v[i].detail == NULL ? "" : from->v[i].detail));
	return NULL;
}

static struct err *
take_one(struct box *x, size_t file, struct facts *found, size_t i)
{
	struct signature_fact *to, *from = &found->signatures[i];
	CLEANUP(free_charp) char *inner = TAKE(from->id);
	TRY(box_add(x, file, &to));
	from->id = TAKE(to->id);
	*to = *from;
	*from = (struct signature_fact){ 0 };
	/* What lay outside of the signature's file is in the container. */
	for (size_t k = 0; k < to->nreferences; k++)
		to->references[k].outside = false;
	/* CMS counts its signers; one alone needs no number. */
	bool alone = found->nsignatures == 1 && x->roles[file] == ROLE_CADES;
	if (inner != NULL && !alone)
		TRY(name_it(x, file, inner, to));
	return copy_findings(&found->findings, &to->findings);
}

/* The signatures of a file have other numbers in the container. */
static struct status_place
place_in_box(struct status_place inner, size_t first)
{
	if (inner.owner == FACTS_DOCUMENT)
		return STATUS_NOWHERE;
	inner.owner += first;
	return inner;
}

struct err *
box_take(struct box *x, size_t file, struct facts *found, size_t *first)
{
	*first = x->facts->nsignatures;
	for (size_t i = 0; i < found->nsignatures; i++)
		TRY(take_one(x, file, found, i));
	for (size_t i = 0; i < found->nstatus_data; i++)
		TRY(facts_add_status_at(x->facts,
		    buf_bytes(&found->status_data[i]), found->status_is_ocsp[i],
		    place_in_box(found->status_at[i], *first)));
	if (found->nsignatures > 0)
		return NULL;
	CLEANUP(buf_done) struct buf b = BUF(ASIC_NAME_MAX + 1);
	const char *name;
	TRY(box_name(x, file, &b, &name));
	return findings_add(&x->facts->findings, false, "asic-signature-empty",
	    "%s holds no signature", name);
}

struct err *
box_blame(struct box *x, size_t file, struct err *e)
{
	struct signature_fact *fact;
	if (e == NULL || err_kind(e) == ERR_NOMEM ||
	    err_kind(e) == ERR_INTERNAL)
		return e;
	struct err *e2 = box_add(x, file, &fact);
	if (e2 == NULL)
		e2 = fact_string(&fact->format, BYTES_LIT("ASiC"));
	if (e2 == NULL)
		e2 = findings_add(&fact->findings, true,
		    "asic-signature-unreadable", "%s", err_text(e));
	err_free(e);
	return e2;
}

/* ---- what is covered ---- */

struct err *
box_covers(const struct box *x, size_t file, struct reference *r)
{
	CLEANUP(buf_done) struct buf b = BUF(ASIC_NAME_MAX + 32);
	enum role role = x->roles[file];
	bool list = role == ROLE_MANIFEST || role == ROLE_ARCHIVE_MANIFEST;
	TRY(buf_str(&b, list ? "manifest " : "file "));
	TRY(buf_append(&b, archive_entry(x->archive, file)->name));
	return fact_string(&r->covers, buf_bytes(&b));
}

struct err *
box_add_manifest(const struct box *x, const struct manifest *m,
    struct signature_fact *fact, bool *files)
{
	files[m->file] = true;
	for (size_t i = 0; i < m->n; i++) {
		const struct manifest_entry *e = &m->v[i];
		TRY(signature_add_reference(
		    fact, e->uri, e->alg, e->digest, NULL, false));
		if (e->digest != CHECK_PASSED)
			continue;
		files[e->file] = true;
		TRY(box_covers(
		    x, e->file, &fact->references[fact->nreferences - 1]));
	}
	return NULL;
}

static bool
is_intact(const struct signature_fact *f)
{
	for (size_t i = 0; i < f->nreferences; i++)
		if (f->references[i].digest != CHECK_PASSED)
			return false;
	for (size_t i = 0; i < f->findings.n; i++)
		if (f->findings.v[i].fatal)
			return false;
	return f->signature == CHECK_PASSED && f->nreferences > 0;
}

/* What can be signed in a container: its files, and other signatures. */
static bool
is_worth_signing(enum role r)
{
	return r == ROLE_DATA || r == ROLE_XADES || r == ROLE_CADES;
}

struct err *
box_sum_up(struct box *x, struct signature_fact *fact, const bool *files,
    bool may_be_none)
{
	size_t data = 0, worth = 0;
	for (size_t i = 0; i < x->nfiles; i++) {
		data += files[i] && x->roles[i] == ROLE_DATA;
		worth += files[i] && is_worth_signing(x->roles[i]);
	}
	fact->covers_all = false;
	if (!is_intact(fact))
		return NULL;
	/* Somebody's signature on something else, put beside these files. */
	if (worth == 0 && !may_be_none)
		return findings_add(&fact->findings, true,
		    "asic-covers-nothing", "it signs no file of the container");
	for (size_t i = 0; i < x->nfiles; i++)
		x->covered[i] = x->covered[i] || files[i];
	fact->covers_all = data == x->ndata && data > 0;
	if (fact->covers_all)
		return NULL;
	x->partial[fact - x->facts->signatures] = !may_be_none;
	return findings_add(&fact->findings, false, "asic-partial",
	    "it covers %zu of %zu files", data, x->ndata);
}

/* The signatures of macros sign those alone, beside one of the document. */
static bool
is_of_macros(const struct box *x, size_t signature)
{
	return bytes_eq_str(archive_entry(x->archive, x->from[signature])->name,
	    ODF_MACRO_SIGNATURES);
}

struct err *
box_one_document(struct box *x)
{
	bool whole = false;
	for (size_t i = 0; i < x->facts->nsignatures; i++)
		whole = whole || (is_intact(&x->facts->signatures[i]) &&
				     x->facts->signatures[i].covers_all);
	for (size_t i = 0; i < x->facts->nsignatures; i++)
		if (x->partial[i] && !(whole && is_of_macros(x, i)))
			TRY(findings_add(&x->facts->signatures[i].findings,
			    true, "odf-partial", "it covers a part"));
	return NULL;
}

/* ---- which manifest ---- */

static size_t
only_data(const struct box *x)
{
	for (size_t i = 0; i < x->nfiles; i++)
		if (x->roles[i] == ROLE_DATA && x->ndata == 1)
			return i;
	return SIZE_MAX;
}

/* ASiC-S is what has one name for the signature and no manifest. */
static bool
has_simple_name(const struct box *x, size_t file)
{
	struct bytes name = archive_entry(x->archive, file)->name;
	return name_compare(name, BYTES_LIT("META-INF/signature.p7s")) == 0 ||
	       name_compare(name, BYTES_LIT("META-INF/timestamp.tst")) == 0;
}

static bool
has_manifests(const struct box *x)
{
	for (size_t i = 0; i < x->nfiles; i++)
		if (x->roles[i] == ROLE_MANIFEST)
			return true;
	return false;
}

struct subject
box_subject(const struct box *x, size_t file)
{
	struct subject s = { .content = SIZE_MAX };
	for (size_t i = 0; i < x->nmanifests; i++) {
		if (x->manifests[i].signature != file)
			continue;
		if (s.manifest != NULL)
			return (struct subject){ .content = SIZE_MAX,
				.code = "asic-manifest-twice" };
		s.manifest = &x->manifests[i];
		s.content = x->manifests[i].file;
	}
	if (s.manifest != NULL)
		return s;
	if (x->flavour == FLAVOUR_E || has_manifests(x) ||
	    !has_simple_name(x, file))
		s.code = "asic-manifest-missing";
	else if (x->ndata != 1)
		s.code = "asic-not-one-file";
	else
		s.content = only_data(x);
	return s;
}

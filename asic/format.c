#include "asic/format.h"

#include "asic/box.h"
#include "asic/extend.h"
#include "asic/name.h"

#include <stdlib.h>

#define TELL_MAX 20 /* files named one by one */
#define DETECT_MAX                                                             \
	((size_t)1024 * 1024) /* bytes at the end, where directories are */

/* ---- what is what ---- */

static bool
is_under_meta(struct bytes name)
{
	return bytes_starts(name, BYTES_LIT("META-INF/"));
}

/* The part behind the last slash. */
static struct bytes
last_part(struct bytes name)
{
	size_t slash = bytes_rfind(name, BYTES_LIT("/"));
	return slash == SIZE_MAX ? name : bytes_from(name, slash + 1);
}

/* EN 319 162-1 4.3.3.2, 4.4.3.2, 4.4.4.2.  A signature deeper in META-INF
 * (as ADOC has it) is judged too, or it would be passed over. */
static enum role
meta_role(struct bytes part)
{
	if (name_ends(part, ".p7s") && name_contains(part, "signature"))
		return ROLE_CADES;
	if (name_ends(part, ".tst") && name_contains(part, "timestamp"))
		return ROLE_STAMP;
	if (!name_ends(part, ".xml"))
		return ROLE_META;
	if (name_begins(part, "ASiCArchiveManifest"))
		return ROLE_ARCHIVE_MANIFEST;
	if (name_begins(part, "ASiCManifest"))
		return ROLE_MANIFEST;
	return name_contains(part, "signatures") ? ROLE_XADES : ROLE_META;
}

static enum role
role_of(const struct layout_entry *e)
{
	if (e->is_directory)
		return ROLE_FOLDER;
	if (bytes_eq_str(e->name, "mimetype"))
		return ROLE_MIMETYPE;
	return is_under_meta(e->name) ? meta_role(last_part(e->name))
				      : ROLE_DATA;
}

static struct err *
assign_roles(struct box *x)
{
	x->nfiles = archive_count(x->archive);
	x->roles = calloc(x->nfiles + 1, sizeof(*x->roles));
	x->covered = calloc(x->nfiles + 1, sizeof(*x->covered));
	x->named = calloc(x->nfiles + 1, sizeof(*x->named));
	if (x->roles == NULL || x->covered == NULL || x->named == NULL)
		return err_new(ERR_NOMEM, NULL, "roles");
	size_t judged = 0;
	for (size_t i = 0; i < x->nfiles; i++) {
		enum role r = role_of(archive_entry(x->archive, i));
		x->roles[i] = r;
		x->ndata += r == ROLE_DATA;
		judged += r == ROLE_XADES || r == ROLE_CADES || r == ROLE_STAMP;
	}
	if (judged > ASIC_SIGNATURE_FILES_MAX)
		return err_coded(
		    err_new(ERR_LIMIT, NULL, "%zu files of signatures", judged),
		    "asic-limit");
	return NULL;
}

/* ---- the mimetype (EN 319 162-1 A.1) ---- */

static struct err *
tell_mimetype(struct box *x, const char *what)
{
	return findings_add(
	    &x->facts->findings, false, "asic-mimetype", "%s", what);
}

static struct err *
compare_comment(struct box *x, struct bytes type)
{
	struct bytes comment = archive_comment(x->archive);
	struct bytes start = BYTES_LIT("mimetype=");
	if (bytes_starts(comment, start) &&
	    !bytes_eq(bytes_from(comment, start.len), type))
		TRY(tell_mimetype(x, "the comment names another type"));
	return NULL;
}

/* By the type that it states, or by the names of its signatures, should
 * somebody have taken the type away (OpenDocument 1.2 part 1, 3.16). */
static bool
is_open_document(const struct box *x, struct bytes type)
{
	static const char *const signatures[] = {
		"META-INF/documentsignatures.xml", ODF_MACRO_SIGNATURES,
		"META-INF/packagesignatures.xml"
	};
	for (size_t i = 0; i < COUNT_OF(signatures); i++)
		if (archive_find(x->archive, bytes_str(signatures[i])) !=
		    SIZE_MAX)
			return true;
	return bytes_starts(
	    type, BYTES_LIT("application/vnd.oasis.opendocument."));
}

static struct err *
read_mimetype(struct box *x)
{
	size_t i = archive_find(x->archive, BYTES_LIT("mimetype"));
	struct bytes type = { 0 };
	if (is_open_document(x, type))
		x->flavour = FLAVOUR_ODF;
	if (i == SIZE_MAX)
		return tell_mimetype(x, "there is none");
	TRY(archive_read(x->archive, i, &type));
	if (bytes_eq_str(type, "application/vnd.etsi.asic-s+zip"))
		x->flavour = FLAVOUR_S;
	if (bytes_eq_str(type, "application/vnd.etsi.asic-e+zip"))
		x->flavour = FLAVOUR_E;
	if (is_open_document(x, type))
		x->flavour = FLAVOUR_ODF;
	const struct layout_entry *e = archive_entry(x->archive, i);
	if (e->at != 0 || e->method != ZIP_STORED || e->has_extra)
		TRY(tell_mimetype(x, "it is not the first entry, stored"));
	return compare_comment(x, type);
}

/* 4.3.3.2: ASiC-S holds one file, at its root. */
static struct err *
check_simple(struct box *x)
{
	bool wrong = x->ndata != 1;
	for (size_t i = 0; i < x->nfiles; i++)
		wrong =
		    wrong || (x->roles[i] == ROLE_DATA &&
				 bytes_find(archive_entry(x->archive, i)->name,
				     BYTES_LIT("/")) != SIZE_MAX);
	if (x->flavour != FLAVOUR_S || !wrong)
		return NULL;
	return findings_add(&x->facts->findings, false, "asic-not-simple",
	    "%zu files in a container for one", x->ndata);
}

/* ---- manifests ---- */

static struct err *
tell_unreadable(struct box *x, size_t file, struct err *e)
{
	CLEANUP(buf_done) struct buf b = BUF(ASIC_NAME_MAX + 1);
	const char *name;
	if (err_kind(e) == ERR_NOMEM || err_kind(e) == ERR_INTERNAL)
		return e;
	struct err *e2 = box_name(x, file, &b, &name);
	if (e2 == NULL)
		e2 = findings_add(&x->facts->findings, false,
		    "asic-manifest-unreadable", "%s: %s", name, err_text(e));
	err_free(e);
	return e2;
}

static void
note_named(struct box *x, const struct manifest *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].file != SIZE_MAX)
			x->named[m->v[i].file] = true;
}

static struct err *
read_manifests(struct box *x)
{
	for (size_t i = 0; i < x->nfiles; i++) {
		if (x->roles[i] != ROLE_MANIFEST &&
		    x->roles[i] != ROLE_ARCHIVE_MANIFEST)
			continue;
		if (x->nmanifests == ASIC_MANIFESTS_MAX)
			return err_coded(err_new(ERR_LIMIT, NULL, "manifests"),
			    "asic-limit");
		struct err *e = manifest_read(
		    x->archive, i, &x->hashed, &x->manifests[x->nmanifests]);
		if (e == NULL)
			note_named(x, &x->manifests[x->nmanifests++]);
		else
			TRY(tell_unreadable(x, i, e));
	}
	return NULL;
}

/* ---- all of it ---- */

static struct err *
judge_role(struct box *x, enum role role,
    struct err *(*judge)(struct box *x, size_t file))
{
	for (size_t i = 0; i < x->nfiles; i++)
		if (x->roles[i] == role)
			TRY(judge(x, i));
	return NULL;
}

/* In META-INF lies what describes the container (EN 319 162-1 A.5, and those of
 * OpenDocument, EPUB and ADOC); anything else there may pass for a document. */
static bool
is_description(const struct layout_entry *e)
{
	static const char *const exact[] = { "container.xml", "encryption.xml",
		"metadata.xml", "relations.xml", "rights.xml" };
	static const char *const parts[] = { "manifest", "signature",
		"timestamp", "evidencerecord" };
	struct bytes part = last_part(e->name);
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		if (name_contains(part, parts[i]))
			return true;
	for (size_t i = 0; i < COUNT_OF(exact); i++)
		if (name_compare(part, bytes_str(exact[i])) == 0)
			return true;
	return false;
}

static bool
is_document(const struct box *x, size_t i)
{
	return x->roles[i] == ROLE_DATA ||
	       (x->roles[i] == ROLE_META &&
		   !is_description(archive_entry(x->archive, i)));
}

/* Files that nothing intact covers. */
static struct err *
tell_unsigned(struct box *x)
{
	CLEANUP(buf_done) struct buf b = BUF(ASIC_NAME_MAX + 1);
	const char *name;
	size_t n = 0;
	if (x->facts->nsignatures == 0)
		return NULL;
	for (size_t i = 0; i < x->nfiles; i++) {
		if (!is_document(x, i) || x->covered[i] || ++n > TELL_MAX)
			continue;
		buf_clear(&b);
		TRY(box_name(x, i, &b, &name));
		TRY(findings_add(&x->facts->findings, false,
		    "asic-unsigned-file", "%s", name));
	}
	if (n <= TELL_MAX)
		return NULL;
	return findings_add(&x->facts->findings, false, "asic-unsigned-file",
	    "and %zu more", n - TELL_MAX);
}

struct err *
box_judge(struct box *x)
{
	TRY(assign_roles(x));
	TRY(read_mimetype(x));
	TRY(check_simple(x));
	TRY(read_manifests(x));
	TRY(judge_role(x, ROLE_XADES, box_xades));
	TRY(judge_role(x, ROLE_CADES, box_cades));
	/* Last, for they speak for the signatures. */
	TRY(judge_role(x, ROLE_STAMP, box_stamp));
	if (x->flavour == FLAVOUR_ODF)
		TRY(box_one_document(x));
	return tell_unsigned(x);
}

void
box_done(struct box *x)
{
	for (size_t i = 0; i < x->nmanifests; i++)
		manifest_done(&x->manifests[i]);
	free(x->roles);
	free(x->covered);
	free(x->named);
	archive_free(x->archive);
}

static struct err *
collect(const struct collect_input *in, struct facts *out)
{
	struct facts facts = { .format = format_asic.name };
	CLEANUP(box_done) struct box x = { .in = in, .facts = &facts };
	TRY(archive_open(in->document, &x.archive));
	struct err *e = box_judge(&x);
	if (e != NULL) {
		facts_done(&facts);
		return e;
	}
	*out = facts;
	return NULL;
}

/* A ZIP file that says it is one, or has the folder of signatures. */
static bool
detect(struct bytes document)
{
	static const char type[] = "mimetypeapplication/vnd.etsi.asic-";
	if (!bytes_starts(document, BYTES_LIT("PK\003\004")))
		return false;
	if (bytes_starts(bytes_from(document, 30), bytes_str(type)))
		return true;
	size_t from = document.len > DETECT_MAX ? document.len - DETECT_MAX : 0;
	return bytes_find(bytes_from(document, from), BYTES_LIT("META-INF/")) !=
	       SIZE_MAX;
}

const struct format format_asic = {
	.name = "asic",
	.media_type = "application/vnd.etsi.asic-e+zip",
	.detect = detect,
	.embed = asic_embed,
	.collect = collect,
	.extend = asic_extend,
};

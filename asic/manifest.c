#include "asic/manifest.h"

#include "xml/doc.h"
#include "xml/ns.h"

#include <stdlib.h>
#include <string.h>

#define NS_ASIC "http://uri.etsi.org/02918/v1.2.1#"
#define NS_ASIC111 "http://uri.etsi.org/02918/v1.1.1#"

static struct err *
bad_manifest(const char *what)
{
	return err_new(ERR_MALFORMED, "EN 319 162-1 A.4", "%s", what);
}

static bool
is_asic(const xmlNode *n, const char *name)
{
	return xml_is(n, NS_ASIC, name) || xml_is(n, NS_ASIC111, name);
}

static struct err *
compare(struct archive *a, struct bytes stated, uint64_t *hashed,
    struct manifest_entry *out)
{
	uint8_t computed[DIGEST_MAX];
	struct bytes data;
	if (out->file == SIZE_MAX || out->alg == DIGEST_NONE)
		return NULL;
	*hashed += archive_entry(a, out->file)->size;
	if (*hashed > ASIC_HASHED_MAX)
		return err_coded(err_new(ERR_LIMIT, NULL, "too much to digest"),
		    "asic-limit");
	TRY(archive_read(a, out->file, &data));
	TRY(digest_of(out->alg, data, computed));
	bool same = bytes_eq(stated, bytes_of(computed, digest_len(out->alg)));
	out->digest = same ? CHECK_PASSED : CHECK_FAILED;
	return NULL;
}

/* A DigestValue that cannot be read fits nothing. */
static struct err *
stated_digest(const xmlNode *value, struct buf *out)
{
	struct err *e = xml_base64(value, out);
	if (e == NULL || err_kind(e) == ERR_NOMEM)
		return e;
	err_free(e);
	buf_clear(out);
	return NULL;
}

static struct err *
read_entry(struct archive *a, const xmlNode *node, uint64_t *hashed,
    struct manifest_entry *out)
{
	CLEANUP(buf_done) struct buf stated = BUF(DIGEST_MAX);
	const char *uri = xml_attr(node, "URI");
	const xmlNode *method = xml_child(node, NS_DS, "DigestMethod");
	const xmlNode *value = xml_child(node, NS_DS, "DigestValue");
	if (uri == NULL || method == NULL || value == NULL)
		return bad_manifest("a DataObjectReference");
	const char *alg = xml_attr(method, "Algorithm");
	TRY(fact_string(&out->uri, bytes_str(uri)));
	out->alg = alg == NULL ? DIGEST_NONE : digest_by_xml_uri(alg);
	TRY(archive_resolve(a, uri, &out->file));
	TRY(stated_digest(value, &stated));
	return compare(a, buf_bytes(&stated), hashed, out);
}

/* What must be understood to judge the manifest, we do not understand. */
static bool
is_critical(const xmlNode *extensions)
{
	for (xmlNode *e = xml_first(extensions); e != NULL; e = xml_next(e)) {
		const char *critical = xml_attr(e, "Critical");
		if (critical != NULL && strcmp(critical, "false") != 0 &&
		    strcmp(critical, "0") != 0)
			return true;
	}
	return false;
}

static struct err *
read_child(
    struct archive *a, xmlNode *c, uint64_t *hashed, struct manifest *out)
{
	if (is_asic(c, "ASiCManifestExtensions") && !is_critical(c))
		return NULL;
	if (!is_asic(c, "DataObjectReference"))
		return bad_manifest("an element that is not known");
	if (out->n == ASIC_ENTRIES_MAX)
		return err_coded(
		    err_new(ERR_LIMIT, NULL, "entries of a manifest"),
		    "asic-limit");
	struct manifest_entry *e = &out->v[out->n++];
	*e = (struct manifest_entry){ .file = SIZE_MAX };
	return read_entry(a, c, hashed, e);
}

static struct err *
read_root(
    struct archive *a, xmlNode *root, uint64_t *hashed, struct manifest *out)
{
	xmlNode *c = xml_first(root);
	if (!is_asic(root, "ASiCManifest") || !is_asic(c, "SigReference"))
		return bad_manifest("no ASiCManifest with a SigReference");
	const char *uri = xml_attr(c, "URI");
	if (uri == NULL)
		return bad_manifest("SigReference");
	TRY(archive_resolve(a, uri, &out->signature));
	size_t n = 0;
	for (xmlNode *x = c; x != NULL; x = xml_next(x))
		n++;
	out->v = calloc(
	    n < ASIC_ENTRIES_MAX ? n : ASIC_ENTRIES_MAX, sizeof(*out->v));
	if (out->v == NULL)
		return err_new(ERR_NOMEM, NULL, "manifest");
	for (c = xml_next(c); c != NULL; c = xml_next(c))
		TRY(read_child(a, c, hashed, out));
	return out->n == 0 ? bad_manifest("it lists nothing") : NULL;
}

struct err *
manifest_read(
    struct archive *a, size_t file, uint64_t *hashed, struct manifest *out)
{
	CLEANUP(xml_doc_freep) struct xml_doc *doc = NULL;
	struct manifest m = { .file = file, .signature = SIZE_MAX };
	struct bytes text;
	TRY(archive_read(a, file, &text));
	TRY(xml_doc_parse(text, &doc));
	struct err *e = read_root(a, xml_doc_root(doc), hashed, &m);
	if (e != NULL) {
		manifest_done(&m);
		return e;
	}
	*out = m;
	return NULL;
}

void
manifest_done(struct manifest *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->v[i].uri);
	free(m->v);
	*m = (struct manifest){ 0 };
}

bool
manifest_holds(const struct manifest *m, size_t file)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].file == file && m->v[i].digest == CHECK_PASSED)
			return true;
	return false;
}

/* META-INF/signature*.p7s: over the one file (ASiC-S), or over a manifest. */
#include "asic/box.h"

#include "cms/format.h"

#include <stdlib.h>
#include <string.h>

static struct err *
tell_unclear(const struct subject *s, struct signature_fact *fact)
{
	if (s->code == NULL)
		return NULL;
	return findings_add(
	    &fact->findings, true, s->code, "what it signs is not clear");
}

static struct err *
finish_one(struct box *x, const struct subject *s, struct signature_fact *fact)
{
	CLEANUP(free_charp) char *hold = calloc(x->nfiles + 1, 1);
	bool *files = (bool *)hold;
	if (files == NULL)
		return err_new(ERR_NOMEM, NULL, "coverage");
	/* A counter-signature is over another's value, not over a file. */
	if (fact->nreferences > 0 &&
	    strcmp(fact->references[0].uri, "content") != 0)
		return NULL;
	TRY(tell_unclear(s, fact));
	if (s->content != SIZE_MAX && fact->nreferences > 0) {
		struct bytes name = archive_entry(x->archive, s->content)->name;
		TRY(fact_string(&fact->references[0].uri, name));
		TRY(box_covers(x, s->content, &fact->references[0]));
		files[s->content] = true;
	}
	if (s->manifest != NULL)
		TRY(box_add_manifest(x, s->manifest, fact, files));
	return box_sum_up(x, fact, files, false);
}

static struct err *
collect(
    struct box *x, size_t file, const struct subject *s, struct facts *found)
{
	struct external content = { .uri = NULL };
	struct collect_input in = { .extra = x->in->extra };
	TRY(archive_read(x->archive, file, &in.document));
	if (s->content != SIZE_MAX) {
		TRY(archive_read(x->archive, s->content, &content.data));
		in.external = &content;
		in.nexternal = 1;
	}
	return format_cms.collect(&in, found);
}

struct err *
box_cades(struct box *x, size_t file)
{
	CLEANUP(facts_done) struct facts found = { 0 };
	struct subject s = box_subject(x, file);
	size_t first;
	struct err *e = collect(x, file, &s, &found);
	if (e != NULL)
		return box_blame(x, file, e);
	TRY(box_take(x, file, &found, &first));
	for (size_t i = first; i < x->facts->nsignatures; i++)
		TRY(finish_one(x, &s, &x->facts->signatures[i]));
	return NULL;
}

/* Over a manifest an archive time stamp inside would cover the manifest and
 * leave the digests of the documents in it as weak as they are: that needs a
 * time stamp over all files (EN 319 162-1 4.4.3.2, ASiCArchiveManifest). */
static struct err *
check_level(const struct subject *s, enum level level)
{
	if (s->code != NULL)
		return err_coded(err_new(ERR_UNSUPPORTED, NULL,
				     "what it signs is not clear"),
		    s->code);
	if (level == LEVEL_LTA && s->manifest != NULL)
		return err_coded(err_new(ERR_UNSUPPORTED, "EN 319 162-1 4.4.3",
				     "an archive manifest"),
		    "level-unsupported");
	return NULL;
}

struct err *
box_extend_cades(struct box *x, size_t file, const struct extend_request *r,
    struct prepared *out)
{
	const struct subject s = box_subject(x, file);
	struct external content = { .uri = NULL };
	struct extend_request inner = *r;
	TRY(check_level(&s, r->level));
	TRY(archive_read(x->archive, file, &inner.document));
	TRY(archive_read(x->archive, s.content, &content.data));
	inner.external = &content;
	inner.nexternal = 1;
	return format_cms.extend(&inner, out);
}

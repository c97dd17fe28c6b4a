/* META-INF/timestamp*.tst: a time stamp over the one file, over a manifest, or
 * over an archive manifest that keeps older signatures alive. */
#include "asic/box.h"

#include "cms/tsp.h"

#include <stdlib.h>

static struct err *
digest_if_known(
    enum digest_alg alg, struct bytes data, uint8_t *hash, struct bytes *out)
{
	*out = BYTES_NONE;
	if (alg == DIGEST_NONE || data.ptr == NULL)
		return NULL;
	TRY(digest_of(alg, data, hash));
	*out = bytes_of(hash, digest_len(alg));
	return NULL;
}

/* The token as a signature: of the TSA, over TSTInfo. */
static struct err *
collect_token(struct box *x, struct bytes token, struct signature_fact *fact)
{
	CLEANUP(cms_freep) struct cms *c = NULL;
	uint8_t hash[DIGEST_MAX];
	struct bytes digest;
	TRY(cms_parse(token, &c));
	if (cms_signers(c) != 1)
		return err_new(ERR_MALFORMED, "RFC 3161 2.4.2", "signers");
	TRY(digest_if_known(
	    cms_signer_digest(c, 0), cms_content(c), hash, &digest));
	return cms_collect_signer(c, 0, digest, x->in->extra, "TSTInfo", fact);
}

static struct err *
check_token(struct box *x, struct bytes token, struct bytes content,
    struct cert_list *pool, enum digest_alg *alg, struct timestamp_fact *out)
{
	CLEANUP(tst_freep) struct tst *t = NULL;
	uint8_t hash[DIGEST_MAX];
	struct bytes digest;
	TRY(tst_parse(token, &t));
	*alg = tst_imprint_alg(t);
	TRY(digest_if_known(*alg, content, hash, &digest));
	TRY(tst_check(t, digest, x->in->extra, pool, out));
	out->document = true;
	return NULL;
}

static bool
holds(const struct timestamp_fact *t)
{
	return t->digest == CHECK_PASSED && t->signature == CHECK_PASSED;
}

/* A signature whose file the manifest lists existed when it was stamped. */
static struct err *
speak_for(struct box *x, const struct manifest *m, struct timestamp_fact t)
{
	t.document = false;
	for (size_t i = 0; i < x->facts->nsignatures; i++) {
		enum role r = x->roles[x->from[i]];
		if ((r == ROLE_CADES || r == ROLE_XADES) &&
		    manifest_holds(m, x->from[i]))
			TRY(signature_add_timestamp(
			    &x->facts->signatures[i], t));
	}
	return NULL;
}

/* A time stamp that only keeps others alive, when it does not hold, takes
 * nothing away from them. */
static struct err *
archive_stamp(struct box *x, size_t file, const struct manifest *m)
{
	struct bytes token, content;
	struct timestamp_fact t = { 0 };
	enum digest_alg alg;
	TRY(archive_read(x->archive, file, &token));
	TRY(archive_read(x->archive, m->file, &content));
	TRY(check_token(x, token, content, NULL, &alg, &t));
	struct err *e =
	    holds(&t)
		? speak_for(x, m, t)
		: findings_add(&x->facts->findings, false, "timestamp-wrong",
		      "a time stamp over an archive manifest");
	cert_free(t.tsa);
	return e;
}

static struct err *
note_stamp(struct box *x, const struct subject *s,
    const struct timestamp_fact *t, enum digest_alg alg,
    struct signature_fact *fact, bool *files)
{
	CLEANUP(buf_done) struct buf b = BUF(ASIC_NAME_MAX + 1);
	const char *name;
	TRY(box_name(x, s->content, &b, &name));
	TRY(signature_add_reference(fact, name, alg, t->digest, NULL, false));
	TRY(box_covers(
	    x, s->content, &fact->references[fact->nreferences - 1]));
	TRY(signature_add_timestamp(fact, *t));
	fact->level = FACT_LEVEL_NONE;
	fact->claimed_time = t->time;
	if (t->signature != CHECK_PASSED)
		fact->signature = t->signature;
	files[s->content] = true;
	if (s->manifest == NULL)
		return NULL;
	TRY(box_add_manifest(x, s->manifest, fact, files));
	return holds(t) ? speak_for(x, s->manifest, *t) : NULL;
}

static struct err *
fill(struct box *x, size_t file, const struct subject *s,
    struct signature_fact *fact, bool *files)
{
	struct bytes token, content;
	struct timestamp_fact t = { 0 };
	enum digest_alg alg;
	TRY(archive_read(x->archive, file, &token));
	TRY(archive_read(x->archive, s->content, &content));
	TRY(collect_token(x, token, fact));
	TRY(check_token(x, token, content, &fact->certs, &alg, &t));
	struct err *e = note_stamp(x, s, &t, alg, fact, files);
	cert_free(t.tsa);
	return e;
}

/* The time stamp stands in the list as a signature of the authority. */
static struct err *
own_stamp(struct box *x, size_t file, const struct subject *s)
{
	CLEANUP(free_charp) char *hold = calloc(x->nfiles + 1, 1);
	bool *files = (bool *)hold;
	struct signature_fact *fact;
	if (files == NULL)
		return err_new(ERR_NOMEM, NULL, "coverage");
	TRY(box_add(x, file, &fact));
	TRY(fact_string(&fact->format, BYTES_LIT("ASiC time stamp")));
	fact->stamp = true;
	struct err *e = fill(x, file, s, fact, files);
	if (e == NULL)
		return box_sum_up(x, fact, files, false);
	if (err_kind(e) == ERR_NOMEM || err_kind(e) == ERR_INTERNAL)
		return e;
	struct err *e2 = findings_add(&fact->findings, true,
	    "asic-signature-unreadable", "%s", err_text(e));
	err_free(e);
	return e2;
}

static struct err *
tell_useless(struct box *x, size_t file, const char *why)
{
	CLEANUP(buf_done) struct buf b = BUF(ASIC_NAME_MAX + 1);
	const char *name;
	TRY(box_name(x, file, &b, &name));
	return findings_add(
	    &x->facts->findings, false, "timestamp-wrong", "%s: %s", name, why);
}

struct err *
box_stamp(struct box *x, size_t file)
{
	struct subject s = box_subject(x, file);
	if (s.code != NULL)
		return tell_useless(x, file, "what it stamps is not clear");
	if (x->roles[s.content] != ROLE_ARCHIVE_MANIFEST)
		return own_stamp(x, file, &s);
	struct err *e = archive_stamp(x, file, s.manifest);
	if (e == NULL || err_kind(e) == ERR_NOMEM ||
	    err_kind(e) == ERR_INTERNAL)
		return e;
	struct err *e2 = tell_useless(x, file, err_text(e));
	err_free(e);
	return e2;
}

#include "signctl/raise.h"

#include "signctl/tsa.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct sandbox_limits limits = { .memory = OFFLINE_MEMORY,
	.seconds = OFFLINE_SECONDS };

/* ---- options ---- */

static struct err *
read_level(const char *text, enum level *out)
{
	static const struct {
		const char *name;
		enum level level;
	} names[] = { { "b", LEVEL_B }, { "t", LEVEL_T }, { "lt", LEVEL_LT },
		{ "lta", LEVEL_LTA } };
	*out = LEVEL_B;
	if (text == NULL)
		return NULL;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(text, names[i].name) == 0) {
			*out = names[i].level;
			return NULL;
		}
	return err_new(ERR_USAGE, NULL, "--level wants b, t, lt or lta");
}

const char *
raise_level_name(enum level level)
{
	switch (level) {
	case LEVEL_NONE:
	case LEVEL_B:
		break;
	case LEVEL_T:
		return "AdES-B-T";
	case LEVEL_LT:
		return "AdES-B-LT";
	case LEVEL_LTA:
		return "AdES-B-LTA";
	}
	return NULL;
}

/* CRLs and OCSP answers apart, as extend wants them. */
static struct err *
sort_status(struct raise *r)
{
	size_t n = r->status.n;
	r->crls = calloc(n + SOURCES_MAX, sizeof(*r->crls));
	r->ocsps = calloc(n + SOURCES_MAX, sizeof(*r->ocsps));
	if (r->crls == NULL || r->ocsps == NULL)
		return err_new(ERR_NOMEM, NULL, "evidence");
	for (size_t i = 0; i < n; i++) {
		const struct status_data *s = &r->status.v[i];
		if (s->is_ocsp)
			r->ocsps[r->evidence.nocsps++] = s->der;
		else
			r->crls[r->evidence.ncrls++] = s->der;
	}
	r->ncrls = r->evidence.ncrls;
	r->nocsps = r->evidence.nocsps;
	r->evidence.crls = r->crls;
	r->evidence.ocsps = r->ocsps;
	r->evidence.certs = &r->certs;
	return NULL;
}

/* One that is on its way out is replaced before it is broken. */
static struct err *
read_stamp_alg(const char *name, enum digest_alg *out)
{
	*out = DIGEST_SHA256;
	if (name == NULL)
		return NULL;
	for (int alg = DIGEST_NONE + 1; alg < DIGEST_COUNT; alg++)
		if (strcmp(name, digest_name((enum digest_alg)alg)) == 0) {
			*out = (enum digest_alg)alg;
			return NULL;
		}
	return err_new(ERR_USAGE, NULL, "--stamp-digest %s", name);
}

struct err *
raise_load(const struct args *a, struct raise *out)
{
	TRY(read_level(args_get(a, "level"), &out->level));
	TRY(read_stamp_alg(args_get(a, "stamp-digest"), &out->stamp_alg));
	out->format = args_get(a, "format");
	out->id = args_get(a, "id");
	out->tsa = args_get(a, "tsa");
	TRY(certs_load(a, "cert", &out->certs));
	TRY(certs_load(a, "trust", &out->certs));
	TRY(status_load(a, &out->status));
	out->trust.name = "given";
	TRY(certs_load(a, "trust", &out->trust.anchors));
	TRY(online_open(a, &out->online));
	if (args_has(a, "content")) {
		TRY(input_open(args_get(a, "content"), &out->content));
		out->external.data = out->content.bytes;
		out->nexternal = 1;
	}
	return sort_status(out);
}

struct err *
raise_by_service(const struct args *a)
{
	if (!args_has(a, "stamp-digest"))
		return NULL;
	return err_coded(err_new(ERR_USAGE, NULL,
			     "--stamp-digest %s: the service does not take it",
			     args_get(a, "stamp-digest")),
	    "stamp-digest-there");
}

void
raise_done(struct raise *r)
{
	cert_list_done(&r->certs);
	cert_list_done(&r->trust.anchors);
	online_close(r->online);
	online_kept_done(&r->kept);
	status_done(&r->status);
	input_done(&r->content);
	free(r->crls);
	free(r->ocsps);
	*r = (struct raise){ 0 };
}

struct err *
raise_stamp(const struct raise *r, enum digest_alg alg, struct bytes digest,
    struct buf *token)
{
	if (r->tsa == NULL)
		return err_new(ERR_USAGE, NULL, "--tsa is missing");
	struct stamper s = tsa_stamper(r->tsa);
	return s.stamp(s.ctx, alg, digest, token);
}

/* ---- jobs in the sandbox ---- */

struct embedding {
	struct bytes state;
	struct bytes value;
	struct bytes token;
};

static struct err *
embed_child(void *ctx, struct buf *out)
{
	const struct embedding *m = ctx;
	struct insertion i = { 0 };
	TRY(job_embed(m->state, m->value, m->token, &i));
	struct err *e = insertion_pack(&i, out);
	insertion_done(&i);
	return e;
}

struct err *
embed_here(struct bytes state, struct bytes value, struct bytes token,
    struct insertion *out)
{
	struct embedding m = { state, value, token };
	CLEANUP(buf_done) struct buf packed = BUF(2 * (size_t)INSERTION_MAX);
	TRY(sandbox_run(limits, embed_child, &m, &packed));
	return insertion_unpack(buf_bytes(&packed), out);
}

struct step {
	const char *format;
	struct extend_request request;
};

static struct err *
extend_child(void *ctx, struct buf *out)
{
	const struct step *s = ctx;
	struct prepared p = { 0 };
	TRY(job_extend(s->format, &s->request, &p));
	struct err *e = prepared_pack(&p, out);
	prepared_done(&p);
	return e;
}

static struct err *
levels_child(void *ctx, struct buf *out)
{
	const struct step *s = ctx;
	struct levels l = { 0 };
	TRY(job_levels(s->format, &s->request, &l));
	struct err *e = levels_pack(&l, out);
	levels_done(&l);
	return e;
}

static struct err *
find_levels(const struct step *s, struct levels *out)
{
	CLEANUP(buf_done) struct buf packed = BUF(STATE_MAX);
	TRY(sandbox_run(limits, levels_child, (void *)(uintptr_t)s, &packed));
	return levels_unpack(buf_bytes(&packed), out);
}

/* ---- one step after the other ---- */

struct err *
outcome(const struct insertion *i, struct bytes document, struct input *out)
{
	struct bytes pieces[INSERTION_PIECES];
	TRY(insertion_check(i, document.len));
	size_t n = insertion_pieces(i, document, pieces);
	FILE *f = tmpfile();
	if (f == NULL)
		return err_errno(errno, "a temporary file");
	struct err *e = NULL;
	for (size_t k = 0; k < n && e == NULL; k++)
		e = write_bytes(fileno(f), pieces[k]);
	if (e == NULL)
		e = input_map(fileno(f), out);
	fclose(f);
	return e;
}

static struct err *
end_step(const struct raise *r, const struct prepared *p, struct bytes document,
    struct input *out)
{
	CLEANUP(buf_done) struct buf token = BUF(TOKEN_MAX);
	CLEANUP(insertion_done) struct insertion i = { 0 };
	if (p->digest_alg != DIGEST_NONE)
		TRY(raise_stamp(r, p->digest_alg,
		    bytes_of(p->digest, digest_len(p->digest_alg)), &token));
	TRY(embed_here(
	    buf_bytes(&p->state), BYTES_NONE, buf_bytes(&token), &i));
	return outcome(&i, document, out);
}

/* One level, of the signature `id` or of all; `room` is for the token. */
static struct err *
raise_with_room(const struct raise *r, enum level level, const char *id,
    size_t room, struct input *document)
{
	struct step s = { .format = r->format,
		.request = {
		    .document = document->bytes,
		    .password = r->password,
		    .external = &r->external,
		    .nexternal = r->nexternal,
		    .id = id,
		    .level = level,
		    .evidence = r->evidence,
		    .stamp_alg = r->stamp_alg,
		    .stamp_room = room,
		    .time = clock_now(&clock_system),
		} };
	CLEANUP(buf_done) struct buf packed = BUF(2 * (size_t)STATE_MAX);
	CLEANUP(prepared_done) struct prepared p = { 0 };
	struct input next = { 0 };
	TRY(sandbox_run(limits, extend_child, &s, &packed));
	TRY(prepared_unpack(buf_bytes(&packed), &p));
	TRY(end_step(r, &p, document->bytes, &next));
	input_done(document);
	*document = next;
	return NULL;
}

/* A token is only seen when it is there: if it was too large, once more. */
static struct err *
raise_once(const struct raise *r, enum level level, const char *id,
    struct input *document)
{
	struct err *e = raise_with_room(r, level, id, 0, document);
	if (e == NULL || strcmp(err_code(e), "stamp-room") != 0)
		return e;
	err_free(e);
	return raise_with_room(r, level, id, TOKEN_MAX, document);
}

static bool
chosen(const struct raise *r, const struct level_of *l)
{
	return r->id == NULL || strcmp(r->id, l->id) == 0;
}

/* Where several signatures are raised each by itself: one after the other. */
static struct err *
raise_each(const struct raise *r, enum level level, const struct levels *now,
    struct input *document)
{
	for (size_t i = 0; i < now->n; i++)
		if (chosen(r, &now->v[i]) &&
		    (level != LEVEL_T || now->v[i].level < LEVEL_T))
			TRY(raise_once(r, level, now->v[i].id, document));
	return NULL;
}

static struct err *
raise_to(const struct raise *r, enum level level, const struct levels *now,
    struct input *document)
{
	struct err *e = raise_once(r, level, r->id, document);
	if (e == NULL || strcmp(err_code(e), "signature-choose") != 0)
		return e;
	err_free(e);
	return raise_each(r, level, now, document);
}

/* The lowest level of the signatures that are meant. */
static struct err *
lowest(const struct raise *r, const struct levels *l, enum level *out)
{
	bool found = false;
	*out = LEVEL_LTA;
	for (size_t i = 0; i < l->n; i++) {
		if (!chosen(r, &l->v[i]))
			continue;
		found = true;
		if (l->v[i].level < *out)
			*out = l->v[i].level;
	}
	return found ? NULL
		     : err_coded(err_new(ERR_MISSING, NULL,
				     "there is no such signature"),
			   "no-signature");
}

/* What the servers say, beside what the files give, and in the place of what
 * they said of the file before. */
static void
add_kept(struct raise *r)
{
	struct evidence *v = &r->evidence;
	v->ncrls = r->ncrls;
	v->nocsps = r->nocsps;
	for (size_t i = 0; i < r->kept.ncrls; i++)
		r->crls[v->ncrls++] = r->kept.crls[i];
	for (size_t i = 0; i < r->kept.nocsps; i++)
		r->ocsps[v->nocsps++] = r->kept.ocsps[i];
	v->ders = r->kept.ders;
	v->nders = r->kept.nders;
}

static struct err *
collect(struct raise *r, const struct input *document)
{
	CLEANUP(verify_answer_done) struct verify_answer a = { 0 };
	struct verify_request q = { .document = document->bytes,
		.format = r->format,
		.policy = "basic",
		.time = TIME_NONE,
		.now = clock_now(&clock_system),
		.domains = &r->trust,
		.ndomains = r->trust.anchors.n > 0,
		.status_data = r->status.v,
		.nstatus_data = r->status.n,
		.external = &r->external,
		.nexternal = r->nexternal,
		.extra = &r->certs,
		.password = r->password,
		.reports = REPORT_JSON };
	if (r->online == NULL)
		return NULL;
	online_kept_done(&r->kept);
	TRY(verify_online(r->online, &q, &r->kept, &a));
	/* Without it the level would be claimed and not reached. */
	if (a.sub == SUB_TRY_LATER &&
	    strcmp(a.code, "certificate-suspended") != 0)
		return err_coded(err_new(ERR_REMOTE, "EN 319 102-1 5.2.6",
				     "no revocation data was to be had"),
		    "evidence-not-had");
	add_kept(r);
	return NULL;
}

static struct err *
look(const struct raise *r, struct bytes document, struct levels *now,
    enum level *have)
{
	const struct step s = { .format = r->format,
		.request = { .document = document,
		    .password = r->password,
		    .external = &r->external,
		    .nexternal = r->nexternal } };
	TRY(find_levels(&s, now));
	return lowest(r, now, have);
}

struct err *
raise_lowest(const struct raise *r, struct bytes document, enum level *out)
{
	CLEANUP(levels_done) struct levels now = { 0 };
	return look(r, document, &now, out);
}

struct err *
raise_all(struct raise *r, struct input *document)
{
	CLEANUP(levels_done) struct levels now = { 0 };
	enum level have;
	TRY(look(r, document->bytes, &now, &have));
	if (have < LEVEL_T && r->level >= LEVEL_T)
		TRY(raise_to(r, LEVEL_T, &now, document));
	if (r->level >= LEVEL_LT)
		TRY(collect(r, document));
	if (r->level >= LEVEL_LT)
		TRY(raise_to(r, LEVEL_LT, &now, document));
	if (r->level == LEVEL_LTA)
		TRY(raise_to(r, LEVEL_LTA, &now, document));
	return NULL;
}

struct err *
write_document(const char *path, struct bytes document)
{
	CLEANUP(output_done) struct output out = { .fd = -1 };
	TRY(output_open(path, &out));
	TRY(write_bytes(out.fd, document));
	return output_commit(&out);
}

#include "pdf/sign.h"

#include "cms/tsp.h"
#include "pdf/anchor.h"
#include "pdf/increment.h"
#include "pdf/look.h"
#include "pdf/place.h"
#include "pdf/seed.h"
#include "pdf/state.h"
#include "pdf/text.h"

#define ATTRIBUTES_MAX 4096 /* bytes of signed attributes */
#define STAMP_FRAME 64      /* bytes around a token, as an attribute */

/* One signature on its way into the document. */
struct making {
	struct pdf_document *d;
	const struct sign_params *params;
	struct pdf_survey survey;
	struct pdf_params pdf; /* what the field prescribes is in it */
	struct pdf_hashing hashing;
};

static void
making_done(struct making *m)
{
	pdf_hashing_done(&m->hashing);
}

static enum digest_alg
content_alg(struct sig_alg alg)
{
	/* As cms/ does: RFC 8419 3.1. */
	return alg.form == SIG_EDDSA ? DIGEST_SHA512 : alg.digest;
}

/* ---- the signature dictionary ---- */

static struct err *
write_text(const struct pdf_writer *w, const char *key, const char *utf8)
{
	if (utf8 == NULL || utf8[0] == '\0')
		return NULL;
	CLEANUP(buf_done) struct buf text = BUF(64 * 1024);
	TRY(pdf_text_encode(bytes_str(utf8), &text));
	TRY(buf_str(w->out, key));
	return pdf_write_string(w, buf_bytes(&text), false);
}

static const char *
signer_name(const struct making *m)
{
	return m->params->name != NULL ? m->params->name
				       : cert_common_name(m->params->cert);
}

/* ISO 32000-2 12.8.2.2. */
static struct err *
write_certification(const struct pdf_writer *w, const struct making *m)
{
	if (m->pdf.certify == PDF_APPROVAL)
		return NULL;
	return buf_printf(w->out,
	    "<</Type/SigRef/TransformMethod/DocMDP"
	    "/TransformParams<</Type/TransformParams/V/1.2/P %d>>>>",
	    (int)m->pdf.certify);
}

#define LOCK_REFERENCE                                                         \
	"<</Type/SigRef/TransformMethod/FieldMDP"                              \
	"/TransformParams"

/* What the field's /Lock wants, the signature states as FieldMDP
 * (ISO 32000-2 12.7.5.5). */
static struct err *
write_own_lock(const struct pdf_writer *w, const struct pdf_obj *lock)
{
	const struct pdf_change c[] = {
		{ "Type", BYTES_LIT("/TransformParams") },
		{ "V", BYTES_LIT("/1.2") },
	};
	TRY(buf_str(w->out, LOCK_REFERENCE));
	TRY(pdf_write_changed(w, lock, c, COUNT_OF(c)));
	return buf_str(w->out, ">>");
}

static struct err *
write_wanted_lock(const struct pdf_writer *w, const struct pdf_params *p)
{
	static const char *const actions[] = { [PDF_LOCK_ALL] = "All",
		[PDF_LOCK_INCLUDE] = "Include",
		[PDF_LOCK_EXCLUDE] = "Exclude" };
	TRY(buf_printf(w->out,
	    LOCK_REFERENCE "<</Type/TransformParams/V/1.2/Action/%s",
	    actions[p->lock]));
	if (p->lock != PDF_LOCK_ALL) {
		TRY(buf_str(w->out, "/Fields["));
		for (size_t i = 0; i < p->nlock_fields; i++)
			TRY(write_text(w, "", p->lock_fields[i]));
		TRY(buf_byte(w->out, ']'));
	}
	return buf_str(w->out, ">>>>");
}

static struct err *
write_references(const struct pdf_writer *w, const struct making *m)
{
	const struct pdf_obj *lock = &pdf_null;
	if (m->survey.found)
		TRY(pdf_dict_get(
		    m->d, pdf_views(m->d), m->survey.dict, "Lock", &lock));
	bool own = pdf_is(lock, PDF_DICT);
	if (own && m->pdf.lock != PDF_LOCK_NONE)
		return err_coded(err_new(ERR_USAGE, "ISO 32000-2 12.7.5.5",
				     "the field says itself what it locks"),
		    "pdf-field");
	if (!own && m->pdf.lock == PDF_LOCK_NONE &&
	    m->pdf.certify == PDF_APPROVAL)
		return NULL;
	TRY(buf_str(w->out, "/Reference["));
	TRY(write_certification(w, m));
	if (own)
		TRY(write_own_lock(w, lock));
	else if (m->pdf.lock != PDF_LOCK_NONE)
		TRY(write_wanted_lock(w, &m->pdf));
	return buf_byte(w->out, ']');
}

static struct err *
write_signature(struct pdf_increment *inc, struct pdf_ref ref,
    const struct making *m, size_t cms_len, struct pdf_holes *holes)
{
	const struct sign_params *params = m->params;
	struct pdf_writer w;
	CLEANUP(buf_done) struct buf date = BUF(64);
	TRY(pdf_increment_begin(inc, ref, &w));
	TRY(buf_str(w.out, "<</Type/Sig/Filter/Adobe.PPKLite"
			   "/SubFilter/ETSI.CAdES.detached"));
	TRY(pdf_holes_write(w.out, cms_len, holes));
	if (params->time != TIME_NONE) {
		TRY(pdf_date_encode(params->time, &date));
		TRY(buf_str(w.out, "/M"));
		TRY(pdf_write_string(&w, buf_bytes(&date), false));
	}
	TRY(write_text(&w, "/Name", signer_name(m)));
	TRY(write_text(&w, "/Reason", params->reason));
	TRY(write_text(&w, "/Location", params->location));
	TRY(write_text(&w, "/ContactInfo", m->pdf.contact));
	TRY(write_references(&w, m));
	TRY(buf_str(w.out, ">>"));
	return pdf_increment_end(inc);
}

/* ---- what is seen ---- */

/* The page where the words stand first, if no page was asked for. */
struct words {
	const struct making *m;
	struct pdf_sheet *sheet;
	struct pdf_box *box;
	bool found;
};

static struct err *
see_page(void *ctx, const struct pdf_page *page, bool *go_on)
{
	struct words *w = ctx;
	const struct pdf_appearance *a = w->m->pdf.look;
	size_t view = pdf_views(w->m->d);
	if (a->page != 0 && page->number != a->page)
		return NULL;
	TRY(pdf_sheet_of(w->m->d, view, page, w->sheet));
	TRY(pdf_anchor_find(
	    w->m->d, view, w->sheet, a->anchor, &w->found, w->box));
	*go_on = !w->found && a->page == 0;
	return NULL;
}

static struct err *
find_words(const struct making *m, struct pdf_sheet *s, struct pdf_box *out)
{
	const struct pdf_appearance *a = m->pdf.look;
	struct words w = { .m = m, .sheet = s, .box = out };
	TRY(pdf_each_page(m->d, pdf_views(m->d), see_page, &w));
	if (!w.found)
		return err_coded(err_new(ERR_USAGE, NULL,
				     "the words are not on the page"),
		    "pdf-place");
	double x = out->x0 + a->x, y = out->y0 + a->y;
	*out = (struct pdf_box){ x, y, x + a->width, y + a->height };
	return NULL;
}

static struct err *
find_box(const struct making *m, struct pdf_sheet *s, struct pdf_box *out)
{
	const struct pdf_appearance *a = m->pdf.look;
	size_t view = pdf_views(m->d);
	bool found = true;
	*out = (struct pdf_box){ a->x, a->y, a->x + a->width,
		a->y + a->height };
	if (a->where == PDF_WHERE_WORDS)
		TRY(find_words(m, s, out));
	else
		TRY(pdf_sheet_find(m->d, view, a->page == 0 ? 1 : a->page, s));
	if (a->where == PDF_WHERE_CORNER)
		TRY(pdf_sheet_corner(m->d, view, s, out, &found));
	bool inside = out->x0 >= 0 && out->y0 >= 0 && out->x1 <= s->width &&
		      out->y1 <= s->height;
	if (found && inside)
		return NULL;
	return err_coded(
	    err_new(ERR_USAGE, NULL,
		found ? "the box is not all on the page, %.0f by %.0f points"
		      : "no corner of the page is free: %.0f by %.0f points",
		s->width, s->height),
	    "pdf-place");
}

/* A field that is there has its box; a new one gets it. */
static struct err *
find_place(
    const struct making *m, struct pdf_sheet *s, struct pdf_placing *place)
{
	const struct pdf_appearance *a = m->pdf.look;
	size_t view = pdf_views(m->d);
	const struct pdf_obj *rect;
	if (m->survey.found) {
		TRY(pdf_sheet_of_widget(m->d, view, m->survey.dict, s));
		TRY(pdf_dict_get(m->d, view, m->survey.dict, "Rect", &rect));
		if (pdf_box_read(rect, &place->box) &&
		    place->box.x1 > place->box.x0 &&
		    place->box.y1 > place->box.y0)
			return NULL;
		return err_coded(
		    err_new(ERR_USAGE, NULL, "the field has no box"),
		    "pdf-place");
	}
	if (a->where == PDF_WHERE_FIELD)
		return err_coded(
		    err_new(ERR_USAGE, NULL, "there is no such field"),
		    "pdf-place");
	struct pdf_box seen;
	TRY(find_box(m, s, &seen));
	place->page = s->page.number;
	place->box = pdf_sheet_inside(s, &seen);
	return NULL;
}

static struct err *
write_look(struct pdf_increment *inc, const struct making *m,
    struct pdf_placing *place)
{
	const struct sign_params *params = m->params;
	struct pdf_sheet s;
	if (m->pdf.look == NULL)
		return NULL;
	TRY(find_place(m, &s, place));
	struct pdf_box seen = pdf_sheet_seen(&s, &place->box);
	const struct pdf_look look = {
		.is = m->pdf.look,
		.width = seen.x1 - seen.x0,
		.height = seen.y1 - seen.y0,
		.turn = s.turn,
		.pdfa = m->survey.pdfa,
		.name = signer_name(m),
		.reason = params->reason,
		.location = params->location,
		.time = params->time,
	};
	return pdf_look_write(inc, &look, &place->look);
}

/* ---- preparing ---- */

static struct err *
build_tail(struct pdf_increment *inc, const struct making *m, size_t cms_len,
    struct pdf_holes *holes)
{
	struct pdf_placing place = { .survey = &m->survey,
		.certifies = m->pdf.certify != PDF_APPROVAL };
	TRY(pdf_increment_number(inc, &place.signature));
	TRY(write_look(inc, m, &place));
	TRY(write_signature(inc, place.signature, m, cms_len, holes));
	TRY(pdf_place_field(inc, &place));
	TRY(pdf_increment_finish(inc));
	return pdf_holes_range(&inc->out, holes, pdf_xref(inc->doc)->file.len);
}

static struct err *
finish(struct pdf_state *s, struct prepared *out)
{
	struct prepared p = {
		.digest_alg = content_alg(s->request.alg),
		.to_be_signed = BUF(ATTRIBUTES_MAX),
		.state = BUF(STATE_MAX),
	};
	struct bytes content = s->request.content_digest;
	memcpy(p.content_digest, content.ptr, content.len);
	p.content_len = content.len;
	struct err *e = cms_signed_attributes(&s->request, &p.to_be_signed);
	s->attributes = buf_bytes(&p.to_be_signed);
	if (e == NULL)
		e = digest_of(p.digest_alg, s->attributes, p.digest);
	if (e == NULL)
		e = pdf_state_pack(s, &p.state);
	if (e != NULL) {
		prepared_done(&p);
		return e;
	}
	*out = p;
	return NULL;
}

static struct err *
check_params(const struct sign_params *params)
{
	if (params->cert == NULL)
		return err_new(ERR_USAGE, NULL, "no certificate");
	if (params->level > LEVEL_T)
		return err_new(ERR_UNSUPPORTED, "EN 319 142-1",
		    "above level T a signature is extended afterwards");
	if (params->commitment != NULL && params->reason != NULL)
		return err_coded(err_new(ERR_USAGE, "EN 319 142-1 6.3",
				     "a reason or a commitment, not both"),
		    "parameter");
	return NULL;
}

static size_t
stamp_room(const struct sign_params *params)
{
	if (params->level != LEVEL_T)
		return 0;
	return STAMP_FRAME + (params->stamp_room != 0 ? params->stamp_room
						      : STAMP_ROOM_DEFAULT);
}

static struct err *
look_at(struct making *m)
{
	if (m->params->pdf != NULL)
		m->pdf = *m->params->pdf;
	struct pdf_wish wish = { .field = m->params->field,
		.certify = m->pdf.certify,
		.seen = pdf_hash_ahead,
		.ctx = &m->hashing };
	TRY(pdf_survey_document(m->d, &wish, &m->survey));
	return pdf_seed_check(m->d, &m->survey, m->params, &m->pdf);
}

struct err *
pdf_prepare(struct bytes document, const struct sign_params *params,
    struct prepared *out)
{
	TRY(check_params(params));
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	TRY(pdf_open(document, params->password, &d));
	enum digest_alg alg = content_alg(params->alg);
	CLEANUP(making_done) struct making m = { .d = d, .params = params };
	TRY(pdf_hashing_start(&m.hashing, alg, document));
	TRY(look_at(&m));

	struct pdf_state s = {
		.step = PDF_STEP_SIGN,
		.at = document.len,
		.request = {
			.cert = params->cert,
			.chain = params->chain,
			.alg = params->alg,
			.signing_time = TIME_NONE, /* PAdES has it in /M */
			.role = params->role,
			.commitment = params->commitment,
			.policy = params->policy,
		},
	};
	CLEANUP(pdf_increment_done) struct pdf_increment inc = { 0 };
	TRY(pdf_increment_init(&inc, d, m.survey.next, INSERTION_MAX));
	TRY(build_tail(&inc, &m,
	    cms_size_bound(&s.request) + stamp_room(params), &s.holes));
	s.tail = buf_bytes(&inc.out);

	uint8_t digest[DIGEST_MAX];
	TRY(pdf_holes_digest(&m.hashing, s.tail, &s.holes, digest));
	s.request.content_digest = bytes_of(digest, digest_len(alg));
	return finish(&s, out);
}

struct err *
pdf_stamp(struct bytes state, struct bytes value, enum digest_alg alg,
    uint8_t digest[DIGEST_MAX])
{
	struct pdf_state s;
	TRY(pdf_state_unpack(state, &s));
	enum pdf_step step = s.step;
	pdf_state_done(&s);
	if (step != PDF_STEP_SIGN)
		return err_new(ERR_USAGE, NULL, "not a state of prepare");
	return digest_of(alg, value, digest);
}

/* ---- embedding ---- */

/* A token over something else would be found out by verifiers only. */
static struct err *
check_token(const struct pdf_state *s, struct bytes value, struct bytes token)
{
	CLEANUP(tst_freep) struct tst *t = NULL;
	uint8_t hash[DIGEST_MAX];
	struct bytes digest = s->digest;
	TRY(tst_parse(token, &t));
	enum digest_alg alg = tst_imprint_alg(t);
	if (s->step == PDF_STEP_SIGN) {
		TRY(digest_of(alg, value, hash));
		digest = bytes_of(hash, digest_len(alg));
	}
	if ((s->step == PDF_STEP_STAMP && alg != s->alg) ||
	    !bytes_eq(tst_imprint(t), digest))
		return err_new(ERR_MALFORMED, "RFC 3161 2.4.2",
		    "the time stamp is over something else");
	return NULL;
}

static struct err *
signature_contents(const struct pdf_state *s, struct bytes value,
    struct bytes token, struct buf *out)
{
	struct cms_request r = s->request;
	r.stamp = token;
	if (token.len > 0)
		TRY(check_token(s, value, token));
	return cms_assemble(&r, s->attributes, value, out);
}

static struct err *
stamp_contents(const struct pdf_state *s, struct bytes token, struct buf *out)
{
	if (token.len == 0)
		return err_new(ERR_USAGE, NULL, "no time stamp");
	TRY(check_token(s, BYTES_NONE, token));
	return buf_append(out, token);
}

static struct err *
fill(const struct pdf_state *s, struct bytes contents, struct bytes token,
    struct buf *out)
{
	size_t room = (s->holes.contents_end - s->holes.contents - 2) / 2;
	if (contents.len > room && token.len > 0)
		return err_coded(
		    err_new(ERR_LIMIT, NULL, "%zu bytes, and room for %zu",
			contents.len, room),
		    "stamp-room");
	if (contents.len > room)
		return err_new(ERR_INTERNAL, NULL,
		    "the signature is larger than was foreseen");
	return pdf_holes_fill(s->tail, &s->holes, contents, out);
}

static struct err *
embed(const struct pdf_state *s, struct bytes value, struct bytes token,
    struct buf *out)
{
	CLEANUP(buf_done) struct buf contents = BUF(CMS_MAX);
	switch (s->step) {
	case PDF_STEP_SIGN:
		TRY(signature_contents(s, value, token, &contents));
		break;
	case PDF_STEP_STAMP:
		TRY(stamp_contents(s, token, &contents));
		break;
	case PDF_STEP_STORE:
		return buf_append(out, s->tail);
	}
	return fill(s, buf_bytes(&contents), token, out);
}

struct err *
pdf_embed(struct bytes state, struct bytes value, struct bytes token,
    struct insertion *out)
{
	CLEANUP(pdf_state_done) struct pdf_state s = { .at = 0 };
	TRY(pdf_state_unpack(state, &s));
	CLEANUP(buf_done) struct buf bytes = BUF(INSERTION_MAX);
	TRY(embed(&s, value, token, &bytes));
	*out = (struct insertion){ .at = s.at, .bytes = buf_move(&bytes) };
	return NULL;
}

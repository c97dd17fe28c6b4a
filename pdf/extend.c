/* Document time stamps and validation data: EN 319 142-1 5.4 and 6. */
#include "pdf/sign.h"

#include "pdf/increment.h"
#include "pdf/place.h"
#include "pdf/state.h"
#include "pdf/store.h"

/* The document, and the signatures in it that are meant. */
struct extending {
	const struct extend_request *r;
	struct pdf_document *d;
	struct pdf_survey survey;
	struct pdf_vri_key keys[FACTS_SIGNATURES_MAX];
	size_t n;
};

static struct err *
see_field(void *ctx, const struct pdf_field *f, bool *go_on)
{
	struct extending *x = ctx;
	const struct pdf_obj *v, *contents;
	(void)go_on;
	if (!f->terminal || !pdf_is_name(f->type, "Sig") ||
	    (x->r->id != NULL && !bytes_eq_str(f->name, x->r->id)))
		return NULL;
	TRY(pdf_resolve(x->d, pdf_views(x->d), f->value, &v));
	TRY(pdf_dict_get(x->d, pdf_views(x->d), v, "Contents", &contents));
	if (!pdf_is(contents, PDF_STRING))
		return NULL;
	if (x->n == FACTS_SIGNATURES_MAX)
		return err_new(ERR_LIMIT, NULL, "over %d signatures",
		    FACTS_SIGNATURES_MAX);
	return pdf_vri_key(contents->text, &x->keys[x->n++]);
}

static struct err *
look_at(struct extending *x)
{
	const struct pdf_wish wish = { .evidence = true };
	TRY(pdf_survey_document(x->d, &wish, &x->survey));
	TRY(pdf_each_field(x->d, pdf_views(x->d), see_field, x));
	if (x->n > 0)
		return NULL;
	return err_coded(
	    err_new(ERR_MISSING, NULL, "there is no such signature"),
	    "no-signature");
}

/* ---- a document time stamp ---- */

static struct err *
build_stamp(struct pdf_increment *inc, const struct extending *x,
    struct pdf_holes *holes)
{
	struct pdf_writer w;
	struct pdf_placing place = { .survey = &x->survey, .evidence = true };
	size_t room =
	    x->r->stamp_room != 0 ? x->r->stamp_room : STAMP_ROOM_DEFAULT;
	TRY(pdf_increment_number(inc, &place.signature));
	TRY(pdf_increment_begin(inc, place.signature, &w));
	TRY(buf_str(w.out, "<</Type/DocTimeStamp/Filter/Adobe.PPKLite"
			   "/SubFilter/ETSI.RFC3161"));
	TRY(pdf_holes_write(w.out, room, holes));
	TRY(buf_str(w.out, ">>"));
	TRY(pdf_increment_end(inc));
	TRY(pdf_place_field(inc, &place));
	TRY(pdf_increment_finish(inc));
	return pdf_holes_range(&inc->out, holes, x->r->document.len);
}

static struct err *
add_stamp(struct pdf_increment *inc, const struct extending *x,
    struct pdf_state *s, struct prepared *out)
{
	TRY(build_stamp(inc, x, &s->holes));
	s->step = PDF_STEP_STAMP;
	s->tail = buf_bytes(&inc->out);
	s->alg = x->r->stamp_alg;
	out->digest_alg = s->alg;
	CLEANUP(pdf_hashing_done) struct pdf_hashing h = { 0 };
	TRY(pdf_hashing_start(&h, s->alg, x->r->document));
	TRY(pdf_holes_digest(&h, s->tail, &s->holes, out->digest));
	s->digest = bytes_of(out->digest, digest_len(s->alg));
	return NULL;
}

/* ---- validation data ---- */

static struct err *
add_evidence(struct pdf_increment *inc, const struct extending *x,
    struct pdf_state *s, struct prepared *out)
{
	bool added;
	s->step = PDF_STEP_STORE;
	out->digest_alg = DIGEST_NONE;
	TRY(pdf_store_write(
	    inc, &x->r->evidence, x->keys, x->n, x->r->time, &added));
	/* All is there already: the document stays as it is. */
	if (!added)
		return NULL;
	TRY(pdf_increment_finish(inc));
	s->tail = buf_bytes(&inc->out);
	return NULL;
}

/* ---- both ---- */

static struct err *
extend(const struct extending *x, struct prepared *out)
{
	CLEANUP(pdf_increment_done) struct pdf_increment inc = { 0 };
	CLEANUP(prepared_done)
	struct prepared p = { .to_be_signed = BUF(0), .state = BUF(STATE_MAX) };
	struct pdf_state s = { .at = x->r->document.len };
	TRY(pdf_increment_init(&inc, x->d, x->survey.next, INSERTION_MAX));
	TRY(x->r->level == LEVEL_LT ? add_evidence(&inc, x, &s, &p)
				    : add_stamp(&inc, x, &s, &p));
	TRY(pdf_state_pack(&s, &p.state));
	*out = p;
	p = (struct prepared){ 0 };
	return NULL;
}

struct err *
pdf_extend(const struct extend_request *r, struct prepared *out)
{
	if (r->level < LEVEL_T || r->level > LEVEL_LTA)
		return err_new(ERR_USAGE, NULL, "no level to extend to");
	if (r->level != LEVEL_LT && digest_len(r->stamp_alg) == 0)
		return err_new(ERR_USAGE, NULL, "no digest to be stamped");
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	TRY(pdf_open(r->document, r->password, &d));
	struct extending x = { .r = r, .d = d };
	TRY(look_at(&x));
	return extend(&x, out);
}

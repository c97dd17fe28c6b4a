#include "pdf/inside.h"

#include <stdlib.h>

#define CLAUSE "ISO 32000-2 7.5.7"

static struct err *
bad(const char *what, uint32_t num)
{
	return err_coded(
	    err_new(ERR_MALFORMED, CLAUSE, "object stream %u: %s", num, what),
	    "pdf-damaged");
}

void
pdf_objstm_done(struct pdf_objstm *s)
{
	buf_done(&s->data);
	free(s->pairs);
	*s = (struct pdf_objstm){ 0 };
}

static struct err *
read_pairs(struct pdf_document *d, const struct pdf_obj *stream, uint32_t num,
    struct pdf_objstm *s)
{
	int64_t n, first;
	size_t len = s->data.len;
	/* A pair is at least "1 0 ". */
	if (!pdf_int(pdf_dict_raw(stream, "N"), 0, (int64_t)(len / 3 + 1), &n))
		return bad("a bad /N", num);
	if (!pdf_int(pdf_dict_raw(stream, "First"), 0, (int64_t)len, &first))
		return bad("a bad /First", num);
	s->pairs = calloc((size_t)n + 1, sizeof(*s->pairs));
	if (s->pairs == NULL)
		return err_new(ERR_NOMEM, NULL, "an object stream's index");
	TRY(pdf_spend(&d->budget, (uint64_t)n));
	struct pdf_lex l = { .in = bytes_slice(
				 buf_bytes(&s->data), 0, (size_t)first),
		.budget = &d->budget };
	for (s->n = 0; s->n < (uint32_t)n; s->n++) {
		uint64_t number, offset;
		if (!pdf_take_number(&l, PDF_NUMBER_MAX, &number) ||
		    !pdf_take_number(&l, UINT32_MAX, &offset) ||
		    offset > len - (size_t)first)
			return bad("a bad index", num);
		s->pairs[s->n][0] = (uint32_t)number;
		s->pairs[s->n][1] = (uint32_t)(offset + (uint64_t)first);
	}
	return NULL;
}

/* What it says may change with what it refers to. */
static bool
depends_on_view(const struct pdf_obj *stream)
{
	return pdf_is(pdf_dict_raw(stream, "Length"), PDF_REF) ||
	       !(pdf_is(pdf_dict_raw(stream, "Filter"), PDF_NAME) ||
		   pdf_is(pdf_dict_raw(stream, "Filter"), PDF_NULL)) ||
	       !pdf_is(pdf_dict_raw(stream, "DecodeParms"), PDF_NULL);
}

static struct err *
inflate_objstm(struct pdf_document *d, size_t view, const struct pdf_entry *e,
    struct pdf_objstm *s)
{
	CLEANUP(pdf_arena_done) struct pdf_arena a = PDF_ARENA(&d->budget);
	struct pdf_loaded o;
	TRY(pdf_load_at(d, &a, view, e, &o));
	if (!pdf_is(&o.obj, PDF_STREAM) ||
	    !pdf_is_name(pdf_dict_raw(&o.obj, "Type"), "ObjStm"))
		return bad("it is none", e->num);
	s->view = depends_on_view(&o.obj) ? view : 0;
	s->data = BUF(PDF_OBJSTM_MAX);
	TRY(pdf_stream_data(d, view, o.ref, &o.obj, &s->data));
	return read_pairs(d, &o.obj, e->num, s);
}

/* Makes room: at most so many streams, and so many bytes of them. */
static struct pdf_objstm *
free_slot(struct pdf_document *d)
{
	size_t total = 0;
	struct pdf_objstm *oldest = &d->objstm[0];
	for (size_t i = 0; i < PDF_OBJSTM_KEPT; i++) {
		struct pdf_objstm *s = &d->objstm[i];
		total += s->data.cap;
		if (s->used < oldest->used)
			oldest = s;
	}
	if (total > PDF_OBJSTM_KEPT_MAX) {
		for (size_t i = 0; i < PDF_OBJSTM_KEPT; i++)
			pdf_objstm_done(&d->objstm[i]);
	}
	pdf_objstm_done(oldest);
	return oldest;
}

struct err *
pdf_objstm_open(struct pdf_document *d, size_t view, uint32_t num,
    struct pdf_objstm **out, struct pdf_entry *carrier)
{
	struct pdf_entry e;
	TRY(pdf_lookup(&d->xref, view, num, &e));
	if (e.kind != PDF_ENTRY_AT)
		return bad("not in the file", num);
	*carrier = e;
	for (size_t i = 0; i < PDF_OBJSTM_KEPT; i++) {
		struct pdf_objstm *s = &d->objstm[i];
		if (s->at == e.offset && (s->view == 0 || s->view == view)) {
			s->used = ++d->tick;
			*out = s;
			return NULL;
		}
	}
	CLEANUP(pdf_objstm_done) struct pdf_objstm fresh = { 0 };
	TRY(inflate_objstm(d, view, &e, &fresh));
	struct pdf_objstm *s = free_slot(d);
	*s = fresh;
	fresh = (struct pdf_objstm){ 0 };
	s->at = e.offset;
	s->used = ++d->tick;
	*out = s;
	return NULL;
}

struct err *
pdf_objstm_object(struct pdf_document *d, const struct pdf_objstm *s,
    uint32_t index, uint32_t num, struct pdf_arena *a, struct pdf_obj *out)
{
	if (index >= s->n || s->pairs[index][0] != num)
		return err_coded(
		    err_new(ERR_MALFORMED, CLAUSE,
			"object %u is not where its row says", num),
		    "pdf-damaged");
	struct pdf_lex l = {
		.in = buf_bytes(&s->data),
		.pos = s->pairs[index][1],
		.budget = &d->budget,
	};
	return pdf_parse(&l, a, true, out);
}

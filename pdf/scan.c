/* Every object of some revisions, one after the other. */
#include "pdf/inside.h"

struct err *
pdf_each_ref(struct pdf_document *d, const struct pdf_obj *o,
    struct err *(*each)(void *ctx, struct pdf_ref ref), void *ctx)
{
	if (o->type == PDF_REF)
		return each(ctx, o->ref);
	if (o->type == PDF_STREAM)
		o = &o->stream->dict;
	if (o->type != PDF_ARRAY && o->type != PDF_DICT)
		return NULL;
	for (size_t i = 0; i < o->items.n; i++)
		TRY(pdf_each_ref(d, &o->items.v[i], each, ctx));
	return NULL;
}

struct scan {
	struct pdf_document *d;
	size_t revision;
	struct pdf_arena *a;
	struct err *(*each)(void *ctx, const struct pdf_loaded *o);
	void *ctx;
	uint64_t in_streams; /* rows that point into object streams ... */
	uint64_t seen;       /* ... and how many of them were met there */
};

static bool
section_at(const struct pdf_xref *x, size_t at)
{
	for (size_t i = 0; i < x->nsections; i++) {
		const struct pdf_section *s = &x->sections[i];
		if (s->at == at || (s->hybrid && s->hidden_at == at))
			return true;
	}
	return false;
}

static struct err *
is_listed(struct pdf_document *d, uint32_t num, size_t at, bool *out)
{
	const struct pdf_xref *x = &d->xref;
	TRY(pdf_listed_at(x, num, at, out));
	*out = *out || section_at(x, at);
	return NULL;
}

/* Whether another object begins behind `at` that no section lists. */
static struct err *
look_behind(struct pdf_document *d, size_t at)
{
	struct pdf_lex l = { .in = d->file, .pos = at, .budget = &d->budget };
	uint64_t num, gen;
	bool listed;
	pdf_skip_space(&l);
	at = l.pos;
	if ((d->budget.odd & PDF_ODD_UNLISTED) != 0 ||
	    !pdf_take_number(&l, PDF_NUMBER_MAX, &num) ||
	    !pdf_take_number(&l, PDF_GENERATION_MAX, &gen) ||
	    !pdf_take_word(&l, "obj"))
		return NULL;
	TRY(is_listed(d, (uint32_t)num, at, &listed));
	if (!listed)
		d->budget.odd |= PDF_ODD_UNLISTED;
	return NULL;
}

/* All objects of an object stream that this revision lists there. */
static struct err *
scan_objstm(struct scan *s, const struct pdf_entry *e)
{
	struct pdf_objstm *o;
	struct pdf_entry carrier, row;
	CLEANUP(pdf_arena_done) struct pdf_arena a = PDF_ARENA(&s->d->budget);
	TRY(pdf_objstm_open(s->d, s->revision, e->num, &o, &carrier));
	/* Another one may take its place while `each` is at work. */
	uint32_t n = o->n;
	for (uint32_t i = 0; i < n; i++) {
		TRY(pdf_objstm_open(s->d, s->revision, e->num, &o, &carrier));
		uint32_t num = o->pairs[i][0];
		TRY(pdf_lookup(&s->d->xref, s->revision, num, &row));
		if (row.kind != PDF_ENTRY_IN || row.container != e->num ||
		    row.index != i ||
		    s->d->xref.sections[row.section].revision != s->revision)
			continue;
		struct pdf_loaded l = {
			.ref = { num, 0 }, .entry = row, .carrier = carrier
		};
		pdf_arena_reset(&a);
		TRY(pdf_objstm_object(s->d, o, i, num, &a, &l.obj));
		l.at = l.obj.at;
		l.end = l.obj.end;
		s->seen++;
		TRY(s->each(s->ctx, &l));
	}
	return NULL;
}

static struct err *
scan_entry(void *ctx, const struct pdf_entry *e)
{
	struct scan *s = ctx;
	struct pdf_loaded o;
	s->in_streams += e->kind == PDF_ENTRY_IN;
	if (e->kind != PDF_ENTRY_AT)
		return NULL;
	pdf_arena_reset(s->a);
	TRY(pdf_load_entry(s->d, s->a, e, &o));
	TRY(look_behind(s->d, o.end));
	bool objstm = pdf_is(&o.obj, PDF_STREAM) &&
		      pdf_is_name(pdf_dict_raw(&o.obj, "Type"), "ObjStm");
	TRY(s->each(s->ctx, &o));
	if (!objstm)
		return NULL;
	/* An object that is overridden in its own revision is not in view. */
	struct pdf_entry now;
	TRY(pdf_lookup(&s->d->xref, s->revision, e->num, &now));
	return now.kind == PDF_ENTRY_AT && now.offset == e->offset
		   ? scan_objstm(s, e)
		   : NULL;
}

/* Rows into streams of older revisions, or into none: the slow way. */
static struct err *
scan_stray(void *ctx, const struct pdf_entry *e)
{
	struct scan *s = ctx;
	struct pdf_loaded o;
	if (e->kind != PDF_ENTRY_IN)
		return NULL;
	pdf_arena_reset(s->a);
	TRY(pdf_load_entry(s->d, s->a, e, &o));
	return s->each(s->ctx, &o);
}

struct err *
pdf_scan(struct pdf_document *d, size_t from, size_t to,
    struct err *(*each)(void *ctx, const struct pdf_loaded *o), void *ctx)
{
	CLEANUP(pdf_arena_done) struct pdf_arena a = PDF_ARENA(&d->budget);
	for (size_t i = from; i <= to; i++) {
		struct scan s = {
			.d = d, .revision = i, .a = &a, .each = each, .ctx = ctx
		};

		TRY(look_behind(d, i == 1 ? 0 : d->xref.revisions[i - 2].end));
		TRY(pdf_each_entry(&d->xref, i, scan_entry, &s));
		if (s.seen != s.in_streams)
			TRY(pdf_each_entry(&d->xref, i, scan_stray, &s));
	}
	return NULL;
}

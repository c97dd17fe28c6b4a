#include "pdf/increment.h"

#include "certs/alg.h"
#include "pdf/filter.h"

#include <stdlib.h>

#define ID_LEN 16             /* bytes of each half of /ID */
#define OFFSET_MAX 9999999999 /* ten digits in a table's row */

void
pdf_increment_done(struct pdf_increment *i)
{
	buf_done(&i->out);
	free(i->entries);
}

struct err *
pdf_increment_init(struct pdf_increment *i, struct pdf_document *doc,
    uint32_t next, size_t max)
{
	*i =
	    (struct pdf_increment){ .doc = doc, .out = BUF(max), .next = next };
	/* What is there must end its line before an object can begin. */
	struct bytes file = pdf_xref(doc)->file;
	uint8_t last = file.ptr[file.len - 1];
	return last == '\n' || last == '\r' ? NULL : buf_byte(&i->out, '\n');
}

/* Bytes above 127 in the second line tell that the file is no text
 * (ISO 32000-1 7.5.2). */
struct err *
pdf_increment_fresh(struct pdf_increment *i, size_t max)
{
	*i = (struct pdf_increment){ .out = BUF(max), .next = 1 };
	return buf_str(&i->out, "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n");
}

struct err *
pdf_increment_number(struct pdf_increment *i, struct pdf_ref *out)
{
	if (i->next > PDF_NUMBER_MAX)
		return err_coded(err_new(ERR_LIMIT, "ISO 32000-1 annex C",
				     "no object number is left"),
		    "pdf-too-complex");
	*out = (struct pdf_ref){ i->next++, 0 };
	return NULL;
}

static size_t
position(const struct pdf_increment *i)
{
	size_t before = i->doc == NULL ? 0 : pdf_xref(i->doc)->file.len;
	return before + i->out.len;
}

static struct err *
make_room(struct pdf_increment *i)
{
	if (i->n < i->cap)
		return NULL;
	size_t cap = i->cap == 0 ? 16 : 2 * i->cap;
	struct pdf_increment_entry *v = realloc(i->entries, cap * sizeof(*v));
	if (v == NULL)
		return err_new(ERR_NOMEM, NULL, "%zu objects", cap);
	i->entries = v;
	i->cap = cap;
	return NULL;
}

static struct err *
add_entry(struct pdf_increment *i, struct pdf_ref ref)
{
	/* A page that is the catalog, too, and other jokes. */
	for (size_t k = 0; k < i->n; k++) {
		if (i->entries[k].ref.num == ref.num)
			return err_coded(
			    err_new(ERR_MALFORMED, NULL,
				"object %u has two parts to play", ref.num),
			    "pdf-damaged");
	}
	if (i->n == PDF_INCREMENT_OBJECTS)
		return err_new(
		    ERR_LIMIT, NULL, "over %d objects", PDF_INCREMENT_OBJECTS);
	if (position(i) > OFFSET_MAX)
		return err_new(
		    ERR_LIMIT, "ISO 32000-2 7.5.4", "the file is over 10 GB");
	TRY(make_room(i));
	i->entries[i->n++] = (struct pdf_increment_entry){ ref, position(i) };
	return NULL;
}

struct err *
pdf_increment_begin(
    struct pdf_increment *i, struct pdf_ref ref, struct pdf_writer *out)
{
	TRY(add_entry(i, ref));
	*out = (struct pdf_writer){
		.out = &i->out,
		.crypt = i->doc == NULL ? NULL : pdf_crypt(i->doc),
		.ref = ref
	};
	return buf_printf(&i->out, "%u %u obj\n", ref.num, ref.gen);
}

struct err *
pdf_increment_end(struct pdf_increment *i)
{
	return buf_str(&i->out, "\nendobj\n");
}

struct err *
pdf_increment_stream(struct pdf_increment *i, struct pdf_ref ref,
    const char *dict, struct bytes data, bool flate)
{
	struct pdf_writer w;
	CLEANUP(buf_done) struct buf packed = BUF(i->out.max);
	CLEANUP(buf_done) struct buf secret = BUF(i->out.max);
	if (flate) {
		TRY(pdf_deflate(data, &packed));
		data = buf_bytes(&packed);
	}
	TRY(pdf_increment_begin(i, ref, &w));
	if (w.crypt != NULL) {
		TRY(crypt_stream_encrypt(
		    w.crypt, ref, &pdf_null, data, &secret));
		data = buf_bytes(&secret);
	}
	TRY(buf_printf(w.out, "<<%s%s/Length %zu>>\nstream\n", dict,
	    flate ? "/Filter/FlateDecode" : "", data.len));
	TRY(buf_append(w.out, data));
	TRY(buf_str(w.out, "\nendstream"));
	return pdf_increment_end(i);
}

/* ---- the trailer ---- */

static struct err *
make_id(const struct pdf_increment *i, struct buf *out)
{
	const struct pdf_xref *x = pdf_xref(i->doc);
	uint8_t hash[DIGEST_MAX];
	TRY(digest_of(DIGEST_SHA256, buf_bytes(&i->out), hash));
	const struct pdf_obj *old =
	    pdf_array_at(pdf_dict_raw(pdf_trailer(x, x->nrevisions), "ID"), 0);
	/* The first half never changes: the file key depends on it. */
	struct bytes first =
	    pdf_is(old, PDF_STRING) ? old->text : bytes_of(hash, ID_LEN);
	struct pdf_writer w = { .out = out };
	TRY(buf_byte(out, '['));
	TRY(pdf_write_string(&w, first, true));
	TRY(pdf_write_string(&w, bytes_of(hash, ID_LEN), true));
	return buf_byte(out, ']');
}

static struct err *
make_number(size_t v, struct buf *out)
{
	return buf_printf(out, "%zu", v);
}

/* /Size never shrinks, and is above all that is listed. */
static size_t
new_size(const struct pdf_increment *i)
{
	const struct pdf_xref *x = pdf_xref(i->doc);
	int64_t old = 0;
	(void)pdf_int(pdf_dict_raw(pdf_trailer(x, x->nrevisions), "Size"), 0,
	    PDF_NUMBER_MAX + 1, &old);
	size_t size = (size_t)x->highest + 1;
	if (size < i->next)
		size = i->next;
	return (size_t)old > size ? (size_t)old : size;
}

/* The newest trailer again, with `extra` for an xref stream. */
static struct err *
write_trailer(
    struct pdf_increment *i, const struct pdf_change extra[3], bool stream)
{
	const struct pdf_xref *x = pdf_xref(i->doc);
	CLEANUP(buf_done) struct buf id = BUF(64 * 1024);
	CLEANUP(buf_done) struct buf size = BUF(32);
	CLEANUP(buf_done) struct buf prev = BUF(32);
	TRY(make_id(i, &id));
	TRY(make_number(new_size(i), &size));
	TRY(make_number(x->sections[0].at, &prev));
	struct pdf_change c[] = {
		{ "Size", buf_bytes(&size) },
		{ "Prev", buf_bytes(&prev) },
		{ "ID", buf_bytes(&id) },
		{ "XRefStm", BYTES_NONE },
		{ "Filter", BYTES_NONE },
		{ "DecodeParms", BYTES_NONE },
		{ "W", extra[0].value },
		{ "Index", extra[1].value },
		{ "Length", extra[2].value },
	};
	struct pdf_writer w = { .out = &i->out };
	/* In a table's trailer the last five are strangers, and stay. */
	return pdf_write_changed(
	    &w, pdf_trailer(x, x->nrevisions), c, stream ? COUNT_OF(c) : 4);
}

/* By insertion: they are mostly in order, and qsort() asks the system things
 * that a sandbox forbids. */
static void
sort_entries(struct pdf_increment *i)
{
	for (size_t k = 1; k < i->n; k++) {
		struct pdf_increment_entry e = i->entries[k];
		size_t at = k;
		for (; at > 0 && i->entries[at - 1].ref.num > e.ref.num; at--)
			i->entries[at] = i->entries[at - 1];
		i->entries[at] = e;
	}
}

/* How many entries from `from` on have consecutive numbers. */
static size_t
run_of(const struct pdf_increment *i, size_t from)
{
	size_t n = 1;
	while (from + n < i->n &&
	       i->entries[from + n].ref.num == i->entries[from].ref.num + n)
		n++;
	return n;
}

static struct err *
finish_table(struct pdf_increment *i)
{
	TRY(buf_str(&i->out, "xref\n"));
	for (size_t from = 0; from < i->n;) {
		size_t n = run_of(i, from);
		TRY(buf_printf(
		    &i->out, "%u %zu\n", i->entries[from].ref.num, n));
		for (; n > 0; n--, from++)
			TRY(buf_printf(&i->out, "%010zu %05u n \n",
			    i->entries[from].offset, i->entries[from].ref.gen));
	}
	TRY(buf_str(&i->out, "trailer\n"));
	const struct pdf_change none[3] = { 0 };
	return write_trailer(i, none, false);
}

#define ROW_OFFSET 5 /* bytes: OFFSET_MAX fits */
#define ROW_LEN (1 + ROW_OFFSET + 2)

static struct err *
put_row(struct buf *out, const struct pdf_increment_entry *e)
{
	TRY(buf_byte(out, 1));
	for (int shift = 8 * (ROW_OFFSET - 1); shift >= 0; shift -= 8)
		TRY(buf_byte(out, (uint8_t)((uint64_t)e->offset >> shift)));
	TRY(buf_byte(out, (uint8_t)(e->ref.gen >> 8)));
	return buf_byte(out, (uint8_t)e->ref.gen);
}

static struct err *
make_index(const struct pdf_increment *i, struct buf *index, struct buf *rows)
{
	TRY(buf_byte(index, '['));
	for (size_t from = 0; from < i->n;) {
		size_t n = run_of(i, from);
		TRY(buf_printf(index, "%s%u %zu", from == 0 ? "" : " ",
		    i->entries[from].ref.num, n));
		for (; n > 0; n--, from++)
			TRY(put_row(rows, &i->entries[from]));
	}
	return buf_byte(index, ']');
}

static struct err *
finish_stream(struct pdf_increment *i)
{
	struct buf *out = &i->out;
	CLEANUP(buf_done) struct buf index = BUF(i->out.max);
	CLEANUP(buf_done) struct buf rows = BUF(i->out.max);
	CLEANUP(buf_done) struct buf length = BUF(32);
	TRY(make_index(i, &index, &rows));
	TRY(make_number(rows.len, &length));
	const struct pdf_change extra[3] = {
		{ "W", BYTES_LIT("[1 5 2]") },
		{ "Index", buf_bytes(&index) },
		{ "Length", buf_bytes(&length) },
	};
	TRY(write_trailer(i, extra, true));
	TRY(buf_str(out, "\nstream\n"));
	TRY(buf_append(out, buf_bytes(&rows)));
	return buf_str(out, "\nendstream\nendobj");
}

struct err *
pdf_increment_finish(struct pdf_increment *i)
{
	bool stream = pdf_xref(i->doc)->sections[0].stream;
	size_t at = position(i);
	struct pdf_ref ref;
	if (stream) {
		TRY(pdf_increment_number(i, &ref));
		at = position(i);
		TRY(add_entry(i, ref));
		TRY(buf_printf(&i->out, "%u 0 obj\n", ref.num));
	}
	sort_entries(i);
	TRY(stream ? finish_stream(i) : finish_table(i));
	return buf_printf(&i->out, "\nstartxref\n%zu\n%%%%EOF\n", at);
}

struct err *
pdf_increment_finish_fresh(struct pdf_increment *i, struct pdf_ref catalog)
{
	uint8_t hash[DIGEST_MAX];
	size_t at = i->out.len;
	struct pdf_writer w = { .out = &i->out };
	TRY(digest_of(DIGEST_SHA256, buf_bytes(&i->out), hash));
	sort_entries(i);
	if (i->n != i->next - 1)
		return err_new(ERR_INTERNAL, NULL, "an object was forgotten");
	TRY(buf_printf(&i->out, "xref\n0 %zu\n0000000000 65535 f \n", i->n + 1));
	for (size_t k = 0; k < i->n; k++)
		TRY(buf_printf(
		    &i->out, "%010zu 00000 n \n", i->entries[k].offset));
	TRY(buf_printf(&i->out, "trailer\n<</Size %zu/Root ", i->n + 1));
	TRY(pdf_write_ref(&i->out, catalog));
	TRY(buf_str(&i->out, "/ID["));
	TRY(pdf_write_string(&w, bytes_of(hash, ID_LEN), true));
	TRY(pdf_write_string(&w, bytes_of(hash, ID_LEN), true));
	return buf_printf(&i->out, "]>>\nstartxref\n%zu\n%%%%EOF\n", at);
}

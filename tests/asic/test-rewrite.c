/* Another file in the place of one: the rest of the archive stays as it is. */
#include "asic/rewrite.h"

#include "tests/asic/zip.h"
#include "tests/torture.h"

#define NEW_TEXT BYTES_LIT("what is longer than what was there before")

static const struct zip_wish three = {
	.files = { { .name = "mimetype",
		       .data = { (const uint8_t *)"a/b", 3 } },
	    { .name = "META-INF/signatures.xml",
		.data = { (const uint8_t *)"old text", 8 } },
	    { .name = "đơn.txt", .data = { (const uint8_t *)"form", 4 } } },
	.comment = { (const uint8_t *)"mimetype=a/b", 12 },
};

static struct buf
joined(struct bytes document, const struct insertion *i)
{
	struct bytes pieces[INSERTION_PIECES];
	struct buf b = BUF(1 << 20);
	CHECK_OK(insertion_check(i, document.len));
	size_t n = insertion_pieces(i, document, pieces);
	for (size_t k = 0; k < n; k++)
		CHECK_OK(buf_append(&b, pieces[k]));
	CHECK(b.len == insertion_size(i, document.len));
	return b;
}

static struct buf
replaced(struct bytes in, size_t file, struct bytes data)
{
	CLEANUP(archive_freep) struct archive *a = NULL;
	CLEANUP(buf_done) struct buf state = BUF(1 << 20);
	CLEANUP(insertion_done) struct insertion i = { 0 };
	CHECK_OK(archive_open(in, &a));
	CHECK_OK(rewrite_pack(a, file, &state));
	CHECK_OK(rewrite_insertion(buf_bytes(&state), data, &i));
	return joined(in, &i);
}

static struct bytes
entry_bytes(struct bytes in, const struct layout_entry *e)
{
	return bytes_slice(in, e->at, e->data_at - e->at + (size_t)e->packed);
}

/* All entries but one are the same bytes, and that one is `data`. */
static void
compare(struct bytes before, struct bytes after, size_t file, struct bytes data)
{
	CLEANUP(archive_freep) struct archive *a = NULL;
	CLEANUP(archive_freep) struct archive *b = NULL;
	struct bytes got;
	CHECK_OK(archive_open(before, &a));
	CHECK_OK(archive_open(after, &b));
	if (a == NULL || b == NULL)
		return;
	CHECK(archive_count(a) == archive_count(b));
	for (size_t i = 0; i < archive_count(a); i++) {
		const struct layout_entry *x = archive_entry(a, i);
		const struct layout_entry *y = archive_entry(b, i);
		CHECK(bytes_eq(x->name, y->name) && x->method == y->method);
		if (i != file)
			CHECK(bytes_eq(
			    entry_bytes(before, x), entry_bytes(after, y)));
	}
	CHECK_OK(archive_read(b, file, &got));
	CHECK(bytes_eq(got, data));
	CHECK(bytes_eq(archive_comment(a), archive_comment(b)));
}

static void
puts_a_longer_or_shorter_file_in_any_place(void)
{
	static const struct bytes texts[] = { { (const uint8_t *)"x", 1 },
		{ (const uint8_t *)"a good deal longer than it was", 30 } };
	CLEANUP(buf_done) struct buf in = zip_make(&three);
	for (size_t file = 0; file < 3; file++)
		for (size_t k = 0; k < COUNT_OF(texts); k++) {
			CLEANUP(buf_done)
			struct buf out =
			    replaced(buf_bytes(&in), file, texts[k]);
			compare(
			    buf_bytes(&in), buf_bytes(&out), file, texts[k]);
		}
}

static void
puts_sizes_in_front_where_they_stood_behind(void)
{
	struct zip_wish w = three;
	for (size_t i = 0; i < 3; i++)
		w.files[i].descriptor = true;
	CLEANUP(buf_done) struct buf in = zip_make(&w);
	CLEANUP(buf_done)
	struct buf out = replaced(buf_bytes(&in), 1, NEW_TEXT);
	CLEANUP(archive_freep) struct archive *a = NULL;
	compare(buf_bytes(&in), buf_bytes(&out), 1, NEW_TEXT);
	CHECK_OK(archive_open(buf_bytes(&out), &a));
	CHECK((archive_entry(a, 1)->flags & 8) == 0);
	CHECK((archive_entry(a, 2)->flags & 8) != 0);
	/* The entry has neither more nor less than its header and its data. */
	CHECK(archive_entry(a, 2)->at ==
	      archive_entry(a, 1)->data_at + archive_entry(a, 1)->packed);
}

static void
refuses_a_state_of_another_archive(void)
{
	CLEANUP(archive_freep) struct archive *a = NULL;
	CLEANUP(buf_done) struct buf in = zip_make(&three);
	CLEANUP(buf_done) struct buf state = BUF(1 << 20);
	CHECK_OK(archive_open(buf_bytes(&in), &a));
	CHECK_OK(rewrite_pack(a, 1, &state));
	for (size_t n = 0; n < state.len; n++) {
		struct insertion i = { 0 };
		CHECK_ERR(
		    rewrite_insertion(
			bytes_slice(buf_bytes(&state), 0, n), NEW_TEXT, &i),
		    ERR_MALFORMED);
	}
}

static struct err *
rewrite_it(void *ctx)
{
	const struct buf *state = ctx;
	struct insertion i = { 0 };
	struct err *e = rewrite_insertion(buf_bytes(state), NEW_TEXT, &i);
	insertion_done(&i);
	return e;
}

static void
survives_a_want_of_memory(void)
{
	CLEANUP(archive_freep) struct archive *a = NULL;
	CLEANUP(buf_done) struct buf in = zip_make(&three);
	CLEANUP(buf_done) struct buf state = BUF(1 << 20);
	CHECK_OK(archive_open(buf_bytes(&in), &a));
	CHECK_OK(rewrite_pack(a, 1, &state));
	if (torture_possible())
		TORTURE(rewrite_it, &state, TORTURE_STRICT);
}

int
main(void)
{
	RUN(puts_a_longer_or_shorter_file_in_any_place);
	RUN(puts_sizes_in_front_where_they_stood_behind);
	RUN(refuses_a_state_of_another_archive);
	RUN(survives_a_want_of_memory);
	return DONE();
}

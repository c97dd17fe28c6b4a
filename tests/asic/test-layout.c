#include "asic/archive.h"

#include "asic/name.h"
#include "tests/asic/zip.h"

static const struct zip_file one = { .name = "một.txt",
	.data = { (const uint8_t *)"mot", 3 } };
static const struct zip_file two = { .name = "thư mục/hai.txt",
	.data = { (const uint8_t *)"haihai", 6 } };

static struct err *
open_wish(const struct zip_wish *w)
{
	CLEANUP(archive_freep) struct archive *a = NULL;
	CLEANUP(buf_done) struct buf b = zip_make(w);
	return archive_open(buf_bytes(&b), &a);
}

/* refused checks kind and code of the error. */
static void
refused(const struct zip_wish *w, enum err_kind kind, const char *code)
{
	struct err *e = open_wish(w);
	CHECK(e != NULL);
	if (e == NULL)
		return;
	if (err_kind(e) != kind || strcmp(err_code(e), code) != 0)
		printf("# got %s: %s\n", err_code(e), err_text(e));
	CHECK(err_kind(e) == kind);
	CHECK(strcmp(err_code(e), code) == 0);
	err_free(e);
}

static void
ambiguous(struct zip_wish w)
{
	refused(&w, ERR_MALFORMED, "asic-zip-ambiguous");
}

static void
reads_files_by_name_and_by_uri(void)
{
	CLEANUP(archive_freep) struct archive *a = NULL;
	const struct zip_wish w = { .files = { one, two } };
	CLEANUP(buf_done) struct buf b = zip_make(&w);
	struct bytes data;
	size_t i;
	CHECK_OK(archive_open(buf_bytes(&b), &a));
	CHECK(archive_count(a) == 2);
	CHECK(archive_find(a, BYTES_LIT("hai.txt")) == SIZE_MAX);
	CHECK_OK(archive_resolve(a, "th%C6%B0%20m%E1%BB%A5c/hai.txt", &i));
	CHECK(i == 1);
	CHECK_OK(archive_read(a, 1, &data));
	CHECK(bytes_eq(data, two.data));
	CHECK_OK(archive_read(a, 1, &data));
	CHECK(bytes_eq(data, two.data));
	CHECK_OK(archive_resolve(a, "./một.txt", &i));
	CHECK(i == 0);
}

static void
takes_sizes_behind_the_data(void)
{
	struct zip_wish w = { .files = { one, two } };
	w.files[0].descriptor = true;
	w.files[1].descriptor = true;
	CHECK_OK(open_wish(&w));
}

/* A program that reads from front to back ends a packed entry by itself. */
static void
refuses_an_entry_behind_the_end_of_packed_data(void)
{
	struct zip_wish w = { .files = { one } };
	w.files[0].descriptor = true;
	w.files[0].method = 8;
	w.files[0].size = 3;
	w.files[0].data = BYTES_LIT("\001\003\000\374\377mot");
	CHECK_OK(open_wish(&w));
	w.files[0].data = BYTES_LIT("\001\003\000\374\377motPK\007\010");
	ambiguous(w);
	w.files[0].method = 0;
	w.files[0].size = 0;
	w.files[0].data = BYTES_LIT("motPK\007\010");
	ambiguous(w);
}

static void
takes_a_comment_but_no_archive_in_it(void)
{
	struct zip_wish w = { .files = { one },
		.comment = BYTES_LIT("mimetype=x PK\005\006 not one") };
	CHECK_OK(open_wish(&w));
	const struct zip_wish other = { .files = { two } };
	CLEANUP(buf_done) struct buf inner = zip_make(&other);
	w.comment = buf_bytes(&inner);
	ambiguous(w);
	w.comment = BYTES_LIT("PK\005\006\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
	ambiguous(w);
}

static void
takes_an_archive_stored_in_an_archive(void)
{
	const struct zip_wish other = { .files = { two } };
	CLEANUP(buf_done) struct buf inner = zip_make(&other);
	struct zip_wish w = { .files = { one } };
	w.files[1] =
	    (struct zip_file){ .name = "a.zip", .data = buf_bytes(&inner) };
	CHECK_OK(open_wish(&w));
}

static void
refuses_bytes_that_do_not_belong(void)
{
	refused(&(struct zip_wish){ .files = { one }, .before = "x" },
	    ERR_MALFORMED, "asic-zip-broken");
	refused(&(struct zip_wish){ .files = { one }, .after = "x" },
	    ERR_MALFORMED, "asic-zip-broken");
	ambiguous((struct zip_wish){ .files = { one, two }, .between = "x" });
}

static void
refuses_an_entry_that_the_directory_does_not_list(void)
{
	struct zip_wish w = { .files = { one, two } };
	w.files[1].hidden = true;
	ambiguous(w);
	w.files[1].hidden = false;
	w.files[0].hidden = true;
	ambiguous(w);
}

static void
refuses_two_names_of_one_entry(void)
{
	struct zip_wish w = { .files = { one } };
	w.files[0].local_name = "mot.txt";
	ambiguous(w);
	w.files[0].local_name = NULL;
	w.files[0].second_name = "khác.txt";
	ambiguous(w);
	w.files[0].second_name = one.name;
	CHECK_OK(open_wish(&w));
}

static void
refuses_two_entries_of_one_name(void)
{
	struct zip_wish w = { .files = { one, two, one } };
	ambiguous(w);
	w.files[2].name = "THư MụC/HAI.TXT";
	ambiguous(w);
	w.files[2].name = "một.txt/";
	w.files[2].data = BYTES_NONE;
	ambiguous(w);
}

/* Unpacked by Windows, each of these is written over the other. */
static void
refuses_names_that_become_one(void)
{
	static const char *const twins[] = { "a.txt.", "a.txt ", "A.TXT. .",
		"a.txt::$DATA", "a.txt:more" };
	struct zip_wish w = { .files = { one, two, one } };
	w.files[0].name = "a.txt";
	for (size_t i = 0; i < COUNT_OF(twins); i++) {
		w.files[2].name = twins[i];
		ambiguous(w);
	}
	w.files[0].name = "d/a?.txt";
	w.files[2].name = "D. /a_.txt";
	ambiguous(w);
	/* Letters with their marks and case, as NTFS and APFS have them. */
	static const char *const letters[][2] = {
		{ "Quy\xe1\xba\xbft.txt", "Quye\xcc\x82\xcc\x81t.txt" },
		{ "Quy\xe1\xba\xbft.txt", "QUY\xe1\xba\xbeT.TXT" },
		{ "Vi\xe1\xbb\x87t", "Vie\xcc\x82\xcc\xa3t" },
		{ "Vi\xe1\xbb\x87t", "vi\xe1\xba\xb9\xcc\x82t" },
		{ "\xc4\x90\xc6\xa1n", "\xc4\x91o\xcc\x9bn" },
	};
	for (size_t i = 0; i < COUNT_OF(letters); i++) {
		w.files[0].name = letters[i][0];
		w.files[2].name = letters[i][1];
		ambiguous(w);
	}
	w.files[0].name = "m\xc3\xa1.txt";
	w.files[2].name = "ma.txt";
	CHECK_OK(open_wish(&w));
	static const char *const others[] = { "a.txt.b", "a .txt", "a_.txt",
		"a.txt/b", ".a.txt" };
	w.files[0].name = "a.txtx";
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		w.files[2].name = others[i];
		CHECK_OK(open_wish(&w));
	}
}

static void
refuses_links_and_files_that_say_they_are_folders(void)
{
	static const struct {
		uint32_t attributes;
		bool good;
	} rows[] = { { 0, true }, { 0x20, true }, { 0100644u << 16, true },
		{ 0120777u << 16, false }, { 010644u << 16, false },
		{ 0040755u << 16, false }, { 0x10, false } };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct zip_wish w = { .files = { one, two } };
		w.files[1].attributes = rows[i].attributes;
		if (rows[i].good)
			CHECK_OK(open_wish(&w));
		else
			ambiguous(w);
	}
}

static void
refuses_entries_that_overlap(void)
{
	struct zip_wish w = { .files = { one, two } };
	w.files[1].at_first = true;
	ambiguous(w);
	w = (struct zip_wish){ .files = { one, one } };
	w.files[1].name = "bản sao.txt";
	w.files[1].at_first = true;
	ambiguous(w);
}

static void
refuses_headers_that_differ(void)
{
	struct zip_wish w = { .files = { one } };
	w.files[0].local_size = 2;
	ambiguous(w);
	w = (struct zip_wish){ .files = { one } };
	w.files[0].size = 4;
	ambiguous(w);
}

static void
refuses_what_it_cannot_open_alike(void)
{
	struct zip_wish w = { .files = { one } };
	w.files[0].flags = 1;
	refused(&w, ERR_UNSUPPORTED, "asic-zip-unsupported");
	w.files[0].flags = 0;
	w.files[0].method = 12;
	refused(&w, ERR_UNSUPPORTED, "asic-zip-unsupported");
	w.files[0].method = 0;
	w.zip64 = true;
	refused(&w, ERR_UNSUPPORTED, "asic-zip-unsupported");
}

static void
refuses_bombs(void)
{
	struct zip_wish w = { .files = { one, two } };
	w.files[0].method = w.files[1].method = 8;
	w.files[0].size = 16 * 1024 * 1024;
	refused(&w, ERR_LIMIT, "asic-limit");
	w.files[0].size = 0xf0000000u;
	refused(&w, ERR_LIMIT, "asic-limit");
}

/* The size that both headers state is not believed. */
static void
refuses_data_of_another_size(void)
{
	CLEANUP(archive_freep) struct archive *a = NULL;
	struct zip_wish w = { .files = { one } };
	/* One stored block of deflate. */
	w.files[0].data = BYTES_LIT("\001\003\000\374\377mot");
	w.files[0].method = 8;
	w.files[0].size = 2;
	CLEANUP(buf_done) struct buf b = zip_make(&w);
	struct bytes data;
	CHECK_OK(archive_open(buf_bytes(&b), &a));
	struct err *e = archive_read(a, 0, &data);
	CHECK(e != NULL && strcmp(err_code(e), "asic-zip-broken") == 0);
	err_free(e);
}

static void
refuses_data_of_another_checksum(void)
{
	CLEANUP(archive_freep) struct archive *a = NULL;
	const struct zip_wish w = { .files = { one } };
	CLEANUP(buf_done) struct buf b = zip_make(&w);
	struct bytes data;
	b.ptr[30 + strlen(one.name)] ^= 1;
	CHECK_OK(archive_open(buf_bytes(&b), &a));
	CHECK_ERR(archive_read(a, 0, &data), ERR_MALFORMED);
}

static void
refuses_names_that_lead_elsewhere(void)
{
	static const char *const bad[] = { "/etc/passwd", "../a", "a/../b",
		"a//b", "./a", "a/.", "a\\b", "C:a", "a\nb", "meta-inf/a",
		"META-inf/signatures.xml", "\xff", "a\xe2\x80\xae.txt" };
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct zip_wish w = { .files = { one } };
		w.files[0].name = bad[i];
		refused(&w, ERR_MALFORMED, "asic-name");
	}
}

static void
takes_no_uri_that_is_not_a_name(void)
{
	static const char *const bad[] = { "", "a?b", "a#b", "a%2", "a%zz",
		"a%00" };
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		CLEANUP(buf_done) struct buf name = BUF(100);
		CHECK_ERR(uri_to_name(bad[i], &name), ERR_MALFORMED);
	}
}

static void
refuses_every_cut(void)
{
	const struct zip_wish w = { .files = { one, two } };
	CLEANUP(buf_done) struct buf b = zip_make(&w);
	for (size_t n = 0; n < b.len; n++) {
		struct archive *a = NULL;
		struct err *e =
		    archive_open(bytes_slice(buf_bytes(&b), 0, n), &a);
		CHECK(e != NULL);
		err_free(e);
	}
}

int
main(void)
{
	RUN(reads_files_by_name_and_by_uri);
	RUN(takes_sizes_behind_the_data);
	RUN(refuses_an_entry_behind_the_end_of_packed_data);
	RUN(takes_a_comment_but_no_archive_in_it);
	RUN(takes_an_archive_stored_in_an_archive);
	RUN(refuses_bytes_that_do_not_belong);
	RUN(refuses_an_entry_that_the_directory_does_not_list);
	RUN(refuses_two_names_of_one_entry);
	RUN(refuses_names_that_become_one);
	RUN(refuses_links_and_files_that_say_they_are_folders);
	RUN(refuses_two_entries_of_one_name);
	RUN(refuses_entries_that_overlap);
	RUN(refuses_headers_that_differ);
	RUN(refuses_what_it_cannot_open_alike);
	RUN(refuses_bombs);
	RUN(refuses_data_of_another_size);
	RUN(refuses_data_of_another_checksum);
	RUN(refuses_names_that_lead_elsewhere);
	RUN(takes_no_uri_that_is_not_a_name);
	RUN(refuses_every_cut);
	return DONE();
}

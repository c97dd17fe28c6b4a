#include "asic/archive.h"

#include "asic/name.h"
#include "asic/stream.h"

#include <zip.h>

#include <stdlib.h>
#include <string.h>

struct archive {
	struct bytes in;
	struct layout layout;
	zip_t *zip;
	struct buf *held; /* one for each entry */
	bool *read;
};

static struct err *
err_zip(zip_error_t *error, const char *what)
{
	bool nomem = zip_error_code_zip(error) == ZIP_ER_MEMORY;
	struct err *e = err_new(nomem ? ERR_NOMEM : ERR_MALFORMED, NULL,
	    "%s: %s", what, zip_error_strerror(error));
	zip_error_fini(error);
	return nomem ? e : err_coded(e, "asic-zip-broken");
}

static struct err *
open_source(zip_source_t *source, zip_t **out)
{
	zip_error_t error;
	zip_error_init(&error);
	*out = zip_open_from_source(source, ZIP_RDONLY, &error);
	if (*out == NULL) {
		zip_source_free(source);
		return err_zip(&error, "zip_open_from_source");
	}
	zip_error_fini(&error);
	return NULL;
}

/* The end record goes to libzip with a comment of no bytes, so that there is
 * only one end for it to find. */
static struct err *
open_zip(struct bytes in, size_t end_at, zip_t **out)
{
	static const uint8_t no_comment[2] = { 0, 0 };
	struct zip_buffer_fragment parts[2] = {
		{ .data = (zip_uint8_t *)(uintptr_t)in.ptr,
		    .length = end_at + 20 },
		{ .data = (zip_uint8_t *)(uintptr_t)no_comment, .length = 2 },
	};
	zip_error_t error;
	zip_error_init(&error);
	zip_source_t *source =
	    zip_source_buffer_fragment_create(parts, 2, 0, &error);
	if (source == NULL)
		return err_zip(&error, "zip_source_buffer_fragment_create");
	zip_error_fini(&error);
	return open_source(source, out);
}

static bool
is_same(zip_t *zip, size_t i, const struct layout_entry *e)
{
	zip_stat_t s;
	const zip_uint64_t all = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE |
				 ZIP_STAT_CRC | ZIP_STAT_COMP_METHOD |
				 ZIP_STAT_ENCRYPTION_METHOD;
	const char *name = zip_get_name(zip, i, ZIP_FL_ENC_RAW);
	return name != NULL && bytes_eq_str(e->name, name) &&
	       zip_stat_index(zip, i, 0, &s) == 0 && (s.valid & all) == all &&
	       s.size == e->size && s.comp_size == e->packed &&
	       s.crc == e->crc && s.comp_method == e->method &&
	       s.encryption_method == ZIP_EM_NONE;
}

/* Two readers, one view. */
static struct err *
compare(zip_t *zip, const struct layout *l)
{
	bool same = zip_get_num_entries(zip, 0) == (zip_int64_t)l->n;
	for (size_t i = 0; i < l->n && same; i++)
		same = is_same(zip, i, &l->v[i]);
	if (same)
		return NULL;
	if (zip_error_code_zip(zip_get_error(zip)) == ZIP_ER_MEMORY)
		return err_new(ERR_NOMEM, NULL, "libzip");
	return err_coded(
	    err_new(ERR_MALFORMED, NULL, "libzip sees other entries"),
	    "asic-zip-ambiguous");
}

static struct err *
open_all(struct bytes in, struct archive *a)
{
	a->in = in;
	TRY(layout_read(in, &a->layout));
	for (size_t i = 0; i < a->layout.n; i++)
		TRY(stream_check(in, &a->layout.v[i]));
	a->held = calloc(a->layout.n + 1, sizeof(*a->held));
	a->read = calloc(a->layout.n + 1, sizeof(*a->read));
	if (a->held == NULL || a->read == NULL)
		return err_new(ERR_NOMEM, NULL, "entries");
	TRY(open_zip(in, a->layout.end_at, &a->zip));
	return compare(a->zip, &a->layout);
}

struct err *
archive_open(struct bytes in, struct archive **out)
{
	CLEANUP(archive_freep) struct archive *a = calloc(1, sizeof(*a));
	if (a == NULL)
		return err_new(ERR_NOMEM, NULL, "struct archive");
	TRY(open_all(in, a));
	*out = TAKE(a);
	return NULL;
}

void
archive_free(struct archive *a)
{
	if (a == NULL)
		return;
	for (size_t i = 0; i < a->layout.n && a->held != NULL; i++)
		buf_done(&a->held[i]);
	free(a->held);
	free(a->read);
	if (a->zip != NULL)
		zip_discard(a->zip);
	layout_done(&a->layout);
	free(a);
}

size_t
archive_count(const struct archive *a)
{
	return a->layout.n;
}

const struct layout_entry *
archive_entry(const struct archive *a, size_t i)
{
	return &a->layout.v[i];
}

struct bytes
archive_bytes(const struct archive *a)
{
	return a->in;
}

const struct layout *
archive_layout(const struct archive *a)
{
	return &a->layout;
}

struct bytes
archive_comment(const struct archive *a)
{
	return a->layout.comment;
}

size_t
archive_find(const struct archive *a, struct bytes name)
{
	for (size_t i = 0; i < a->layout.n; i++)
		if (bytes_eq(a->layout.v[i].name, name))
			return i;
	return SIZE_MAX;
}

/* Some programs write names into URIs without escaping them; those are tried
 * second. */
struct err *
archive_resolve(const struct archive *a, const char *uri, size_t *out)
{
	CLEANUP(buf_done) struct buf name = BUF(ASIC_NAME_MAX);
	struct err *e = uri_to_name(uri, &name);
	if (e != NULL && err_kind(e) == ERR_NOMEM)
		return e;
	*out = e == NULL ? archive_find(a, buf_bytes(&name)) : SIZE_MAX;
	err_free(e);
	if (*out == SIZE_MAX)
		*out = archive_find(a, bytes_str(uri));
	return NULL;
}

static struct err *
unpack(zip_file_t *f, struct buf *out, size_t size)
{
	TRY(buf_reserve(out, size + 1));
	while (out->len <= size) {
		/* One byte more than there may be, for the end to be seen. */
		zip_int64_t n =
		    zip_fread(f, out->ptr + out->len, size + 1 - out->len);
		if (n < 0)
			return err_zip(zip_file_get_error(f), "zip_fread");
		if (n == 0)
			break;
		out->len += (size_t)n;
	}
	if (out->len == size)
		return NULL;
	return err_coded(
	    err_new(ERR_MALFORMED, NULL, "an entry of another size"),
	    "asic-zip-broken");
}

struct err *
archive_read(struct archive *a, size_t i, struct bytes *out)
{
	if (!a->read[i]) {
		size_t size = (size_t)a->layout.v[i].size;
		struct buf b = BUF(size + 1);
		zip_file_t *f = zip_fopen_index(a->zip, i, 0);
		if (f == NULL)
			return err_zip(zip_get_error(a->zip), "zip_fopen");
		struct err *e = unpack(f, &b, size);
		(void)zip_fclose(f);
		if (e != NULL) {
			buf_done(&b);
			return e;
		}
		a->held[i] = buf_move(&b);
		a->read[i] = true;
	}
	*out = buf_bytes(&a->held[i]);
	return NULL;
}

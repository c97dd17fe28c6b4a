#include "asic/layout.h"

#include "asic/name.h"
#include "base/nfc.h"

#include <stdlib.h>
#include <string.h>

#define LOCAL_SIZE 30   /* bytes of a local header without its tail */
#define CENTRAL_SIZE 46 /* of a header in the central directory */
#define END_SIZE 22     /* of the end record */
#define LOCATOR_SIZE 20 /* of zip64's locator */
#define COMMENT_MAX 65535

#define MAGIC_LOCAL BYTES_LIT("PK\003\004")
#define MAGIC_CENTRAL BYTES_LIT("PK\001\002")
#define MAGIC_END BYTES_LIT("PK\005\006")
#define MAGIC_LOCATOR BYTES_LIT("PK\006\007")
#define MAGIC_DESCRIPTOR BYTES_LIT("PK\007\010")

#define FLAG_ENCRYPTED 0x0001u
#define FLAG_DESCRIPTOR 0x0008u
#define FLAG_PATCH 0x0020u
#define FLAG_STRONG 0x0040u
#define FLAG_UTF8 0x0800u
#define FLAG_MASKED 0x2000u
/* The two bits of deflate's effort differ between headers, harmlessly. */
#define FLAGS_SAME                                                             \
	(FLAG_ENCRYPTED | FLAG_DESCRIPTOR | FLAG_PATCH | FLAG_STRONG |         \
	    FLAG_UTF8 | FLAG_MASKED)

#define EXTRA_ZIP64 0x0001
#define EXTRA_NAME 0x7075 /* Info-ZIP: another name, in UTF-8 */
#define UNKNOWN32 0xffffffffu

static struct err *
broken(const char *what)
{
	return err_coded(err_new(ERR_MALFORMED, "APPNOTE 4.3", "%s", what),
	    "asic-zip-broken");
}

static struct err *
ambiguous(const char *what)
{
	return err_coded(err_new(ERR_MALFORMED, "APPNOTE 4.3", "%s", what),
	    "asic-zip-ambiguous");
}

static struct err *
unsupported(const char *what)
{
	return err_coded(err_new(ERR_UNSUPPORTED, "APPNOTE 4.4", "%s", what),
	    "asic-zip-unsupported");
}

static struct err *
too_much(const char *what)
{
	return err_coded(err_new(ERR_LIMIT, NULL, "%s", what), "asic-limit");
}

/* What lies beyond the end reads as 0; lengths are checked before. */
static uint16_t
le16(struct bytes b, size_t at)
{
	struct bytes s = bytes_slice(b, at, 2);
	return s.len < 2 ? 0 : (uint16_t)(s.ptr[0] | s.ptr[1] << 8);
}

static uint32_t
le32(struct bytes b, size_t at)
{
	return (uint32_t)le16(b, at) | (uint32_t)le16(b, at + 2) << 16;
}

static uint64_t
le64(struct bytes b, size_t at)
{
	return le32(b, at) | (uint64_t)le32(b, at + 4) << 32;
}

/* ---- the end record ---- */

struct end {
	size_t at;
	size_t count;   /* entries */
	size_t size;    /* of the central directory */
	size_t dir_at;  /* its offset */
	size_t comment; /* bytes */
};

static struct end
read_end(struct bytes in, size_t at)
{
	struct bytes r = bytes_from(in, at);
	return (struct end){ .at = at,
		.count = le16(r, 10),
		.size = le32(r, 12),
		.dir_at = le32(r, 16),
		.comment = le16(r, 20) };
}

static bool
is_end_record(struct bytes in, const struct end *e)
{
	return in.len - e->at >= END_SIZE &&
	       e->at + END_SIZE + e->comment == in.len &&
	       e->dir_at + e->size == e->at;
}

/* Whether some program could take these bytes for an end record: the
 * directory where it says, or right in front of it, or none at all. */
static bool
could_be_followed(struct bytes in, const struct end *e)
{
	if (in.len - e->at < END_SIZE)
		return false;
	if (e->count == 0 || e->size == 0 || e->dir_at == UNKNOWN32)
		return true;
	return bytes_starts(bytes_from(in, e->dir_at), MAGIC_CENTRAL) ||
	       (e->size <= e->at &&
		   bytes_starts(
		       bytes_from(in, e->at - e->size), MAGIC_CENTRAL));
}

static size_t
next_magic(struct bytes in, size_t from)
{
	size_t at = bytes_find(bytes_from(in, from), MAGIC_END);
	return at == SIZE_MAX ? in.len : from + at;
}

/* The first record that fits counts; what follows it is its comment. */
static struct err *
find_end(struct bytes in, struct end *out)
{
	size_t from = in.len > END_SIZE + COMMENT_MAX
			  ? in.len - END_SIZE - COMMENT_MAX
			  : 0;
	bool found = false;
	for (size_t at = next_magic(in, from); at < in.len;
	     at = next_magic(in, at + 1)) {
		struct end e = read_end(in, at);
		if (!found && is_end_record(in, &e)) {
			*out = e;
			found = true;
		} else if (found && could_be_followed(in, &e)) {
			return ambiguous("an archive in the comment");
		}
	}
	return found ? NULL
		     : broken("no end record that fits, or bytes around it");
}

static struct err *
check_end(struct bytes in, const struct end *e)
{
	struct bytes r = bytes_from(in, e->at);
	if (e->at >= LOCATOR_SIZE &&
	    bytes_starts(bytes_from(in, e->at - LOCATOR_SIZE), MAGIC_LOCATOR))
		return unsupported("zip64");
	if (le16(r, 4) != 0 || le16(r, 6) != 0)
		return unsupported("an archive in several parts");
	if (le16(r, 8) != e->count)
		return ambiguous("two counts of entries");
	if (e->count > ASIC_ENTRIES_MAX)
		return too_much("too many files");
	return NULL;
}

/* ---- extra fields ---- */

/* extra_find yields the body of the field; ptr NULL: there is none.  Fewer
 * than four bytes at the end are padding. */
static struct err *
extra_find(struct bytes extra, uint16_t id, struct bytes *out)
{
	*out = BYTES_NONE;
	while (extra.len >= 4) {
		size_t len = le16(extra, 2);
		if (len > extra.len - 4)
			return broken("an extra field");
		if (le16(extra, 0) == id) {
			if (out->ptr != NULL)
				return ambiguous("an extra field twice");
			*out = bytes_slice(extra, 4, len);
		}
		extra = bytes_from(extra, 4 + len);
	}
	return NULL;
}

/* Programs that know the field show its name instead of the other. */
static struct err *
check_second_name(struct bytes extra, struct bytes name)
{
	struct bytes field;
	TRY(extra_find(extra, EXTRA_NAME, &field));
	if (field.ptr != NULL && !bytes_eq(bytes_from(field, 5), name))
		return ambiguous("an entry with two names");
	return NULL;
}

/* ---- the central directory ---- */

static struct err *
check_entry(const struct layout_entry *e)
{
	if ((e->flags &
		(FLAG_ENCRYPTED | FLAG_PATCH | FLAG_STRONG | FLAG_MASKED)) != 0)
		return unsupported("an encrypted or patched entry");
	if (e->method != ZIP_STORED && e->method != ZIP_DEFLATED)
		return unsupported("packed in another way than deflate");
	if (e->size == UNKNOWN32 || e->packed == UNKNOWN32)
		return unsupported("zip64");
	if (e->method == ZIP_STORED && e->size != e->packed)
		return ambiguous("a stored entry of two sizes");
	if (e->is_directory && e->size != 0)
		return ambiguous("a folder with content");
	if (e->size > ASIC_RATIO_FREE && e->size / ASIC_RATIO_MAX > e->packed)
		return too_much("an entry packed too tightly");
	return name_check(e->name);
}

/* Unix types stand in the upper half, MS-DOS's folder in the lower (APPNOTE
 * 4.4.15).  A link shows another file than the one whose digest is signed. */
static struct err *
check_attributes(uint32_t attributes, bool folder)
{
	uint32_t type = attributes >> 28;
	bool says_folder = type == 4 || (attributes & 0x10) != 0;
	if (type != 0 && type != 4 && type != 8)
		return ambiguous("a link or another special file");
	if (says_folder && !folder)
		return ambiguous("a file that says it is a folder");
	return NULL;
}

static struct err *
read_central(struct bytes *rest, struct layout_entry *out)
{
	struct bytes h = *rest;
	if (h.len < CENTRAL_SIZE || !bytes_starts(h, MAGIC_CENTRAL))
		return broken("the central directory");
	size_t name = le16(h, 28), extra = le16(h, 30), comment = le16(h, 32);
	if (h.len - CENTRAL_SIZE < name + extra + comment)
		return broken("the central directory");
	if (le16(h, 34) != 0)
		return unsupported("an archive in several parts");
	*out = (struct layout_entry){ .flags = le16(h, 8),
		.method = le16(h, 10),
		.crc = le32(h, 16),
		.packed = le32(h, 20),
		.size = le32(h, 24),
		.at = le32(h, 42),
		.name = bytes_slice(h, CENTRAL_SIZE, name) };
	out->is_directory = name > 0 && out->name.ptr[name - 1] == '/';
	struct bytes fields = bytes_slice(h, CENTRAL_SIZE + name, extra);
	TRY(check_second_name(fields, out->name));
	TRY(check_attributes(le32(h, 38), out->is_directory));
	*rest = bytes_from(h, CENTRAL_SIZE + name + extra + comment);
	return check_entry(out);
}

static struct err *
read_directory(struct bytes in, const struct end *e, struct layout *out)
{
	struct bytes rest = bytes_slice(in, e->dir_at, e->size);
	uint64_t total = 0;
	out->v = calloc(e->count + 1, sizeof(*out->v));
	if (out->v == NULL)
		return err_new(ERR_NOMEM, NULL, "entries");
	for (size_t i = 0; i < e->count; i++) {
		TRY(read_central(&rest, &out->v[i]));
		out->n = i + 1;
		total += out->v[i].size;
	}
	if (rest.len != 0)
		return ambiguous("bytes behind the central directory");
	if (total > ASIC_INFLATED_MAX)
		return too_much("the files together are too large");
	return NULL;
}

/* ---- local headers ---- */

/* A streaming writer leaves them out here and puts them behind the data. */
static bool
is_left_out(const struct layout_entry *e, uint64_t value)
{
	return (e->flags & FLAG_DESCRIPTOR) != 0 && value == 0;
}

/* Local sizes may be in zip64's form though small (APPNOTE 4.5.3). */
static struct err *
local_sizes(
    struct bytes h, struct bytes extra, uint64_t *packed, uint64_t *size)
{
	struct bytes wide;
	*packed = le32(h, 18);
	*size = le32(h, 22);
	TRY(extra_find(extra, EXTRA_ZIP64, &wide));
	if (*packed != UNKNOWN32 && *size != UNKNOWN32)
		return NULL;
	if (*packed != *size || wide.len < 16)
		return unsupported("zip64");
	*size = le64(wide, 0);
	*packed = le64(wide, 8);
	return NULL;
}

static struct err *
check_local(struct bytes in, struct layout_entry *e)
{
	struct bytes h = bytes_from(in, e->at);
	if (h.len < LOCAL_SIZE || !bytes_starts(h, MAGIC_LOCAL))
		return broken("a local header");
	size_t name = le16(h, 26), extra = le16(h, 28);
	if (h.len - LOCAL_SIZE < name + extra)
		return broken("a local header");
	struct bytes fields = bytes_slice(h, LOCAL_SIZE + name, extra);
	uint64_t packed, size;
	TRY(local_sizes(h, fields, &packed, &size));
	TRY(check_second_name(fields, e->name));
	if (!bytes_eq(bytes_slice(h, LOCAL_SIZE, name), e->name))
		return ambiguous("an entry with two names");
	uint32_t crc = le32(h, 14);
	if (((le16(h, 6) ^ e->flags) & FLAGS_SAME) != 0 ||
	    le16(h, 8) != e->method ||
	    (crc != e->crc && !is_left_out(e, crc)) ||
	    (packed != e->packed && !is_left_out(e, packed)) ||
	    (size != e->size && !is_left_out(e, size)))
		return ambiguous("two headers that differ");
	e->data_at = e->at + LOCAL_SIZE + name + extra;
	e->has_extra = extra > 0;
	return NULL;
}

/* What stands between the data and the next header: nothing, or the data
 * descriptor in one of its four forms (APPNOTE 4.3.9). */
static struct err *
check_gap(const struct layout_entry *e, struct bytes gap)
{
	if (gap.len == 0)
		return NULL;
	if ((e->flags & FLAG_DESCRIPTOR) == 0)
		return ambiguous("bytes between the entries");
	if (gap.len == 16 || gap.len == 24) {
		if (!bytes_starts(gap, MAGIC_DESCRIPTOR))
			return ambiguous("bytes between the entries");
		gap = bytes_from(gap, 4);
	}
	bool wide = gap.len == 20;
	if (gap.len != 12 && !wide)
		return ambiguous("bytes between the entries");
	uint64_t packed = wide ? le64(gap, 4) : le32(gap, 4);
	uint64_t size = wide ? le64(gap, 12) : le32(gap, 8);
	if (le32(gap, 0) != e->crc || packed != e->packed || size != e->size)
		return ambiguous("a data descriptor that differs");
	return NULL;
}

static int
compare_at(const void *a, const void *b)
{
	const struct layout_entry *const *x = a, *const *y = b;
	return (*x)->at < (*y)->at ? -1 : (*x)->at > (*y)->at;
}

/* The entries in the order of their bytes cover all up to the directory. */
static struct err *
check_tiles(struct bytes in, const struct end *end,
    struct layout_entry *const *sorted, size_t n)
{
	if ((n == 0 ? end->dir_at : sorted[0]->at) != 0)
		return ambiguous("bytes in front of the first entry");
	for (size_t i = 0; i < n; i++) {
		struct layout_entry *e = sorted[i];
		size_t next = i + 1 < n ? sorted[i + 1]->at : end->dir_at;
		TRY(check_local(in, e));
		if (next < e->data_at || next - e->data_at < e->packed)
			return ambiguous("entries that overlap");
		size_t data_end = e->data_at + (size_t)e->packed;
		TRY(check_gap(e, bytes_slice(in, data_end, next - data_end)));
	}
	return NULL;
}

static struct err *
check_bytes(struct bytes in, const struct end *end, const struct layout *l)
{
	struct layout_entry **sorted = calloc(l->n + 1, sizeof(*sorted));
	if (sorted == NULL)
		return err_new(ERR_NOMEM, NULL, "entries");
	for (size_t i = 0; i < l->n; i++)
		sorted[i] = &l->v[i];
	qsort(sorted, l->n, sizeof(*sorted), compare_at);
	struct err *e = check_tiles(in, end, sorted, l->n);
	free(sorted);
	return e;
}

/* ---- names against one another ---- */

static int
compare_names(const void *a, const void *b)
{
	const struct bytes *x = a, *y = b;
	return name_compare(*x, *y);
}

/* All names, as utf8_fold() has them, one behind the other in `out`. */
static struct err *
fold_names(const struct layout *l, struct buf *out, struct bytes *names)
{
	for (size_t i = 0; i < l->n; i++) {
		size_t start = out->len;
		TRY(utf8_fold(l->v[i].name, out));
		names[i].len = out->len - start;
	}
	for (size_t i = 0, at = 0; i < l->n; at += names[i++].len)
		names[i] = bytes_slice(buf_bytes(out), at, names[i].len);
	return NULL;
}

static struct err *
check_names(const struct layout *l)
{
	/* A letter of two bytes may become three of two bytes each (U+0390); four
	 * times that, for what Unicode comes to have. */
	CLEANUP(buf_done) struct buf folded = BUF(l->n * ASIC_NAME_MAX * 12 + 1);
	struct bytes *names = calloc(l->n + 1, sizeof(*names));
	struct err *e = NULL;
	bool same = false;
	if (names == NULL)
		return err_new(ERR_NOMEM, NULL, "names");
	e = fold_names(l, &folded, names);
	if (e == NULL)
		qsort(names, l->n, sizeof(*names), compare_names);
	for (size_t i = 1; e == NULL && i < l->n; i++)
		same = same || name_compare(names[i - 1], names[i]) == 0;
	free(names);
	if (e != NULL)
		return e;
	return same ? ambiguous("two entries of one name") : NULL;
}

struct err *
layout_read(struct bytes in, struct layout *out)
{
	struct end end = { 0 };
	if (!bytes_starts(in, MAGIC_LOCAL))
		return broken("it does not begin with an entry");
	TRY(find_end(in, &end));
	TRY(check_end(in, &end));
	struct layout l = { .dir_at = end.dir_at,
		.end_at = end.at,
		.comment = bytes_from(in, end.at + END_SIZE) };
	struct err *e = read_directory(in, &end, &l);
	if (e == NULL)
		e = check_bytes(in, &end, &l);
	if (e == NULL)
		e = check_names(&l);
	if (e != NULL) {
		layout_done(&l);
		return e;
	}
	*out = l;
	return NULL;
}

void
layout_done(struct layout *l)
{
	free(l->v);
	*l = (struct layout){ 0 };
}

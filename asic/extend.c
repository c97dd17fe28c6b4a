#include "asic/extend.h"

#include "asic/box.h"
#include "asic/rewrite.h"
#include "base/pack.h"
#include "cms/format.h"
#include "xml/format.h"

#include <string.h>

enum { TAG_FORMAT = 1, TAG_INNER, TAG_FILE, TAG_REWRITE };

/* ---- which file ---- */

static bool
holds_signatures(const struct box *x, size_t i)
{
	return x->roles[i] == ROLE_XADES || x->roles[i] == ROLE_CADES;
}

static struct err *
no_signature(void)
{
	return err_coded(
	    err_new(ERR_MISSING, NULL, "no signature of this name"),
	    "no-signature");
}

static struct err *
only_file(const struct box *x, size_t *file)
{
	size_t n = 0;
	for (size_t i = 0; i < x->nfiles; i++)
		if (holds_signatures(x, i)) {
			*file = i;
			n++;
		}
	if (n > 1)
		return err_coded(
		    err_new(ERR_USAGE, NULL, "%zu files of signatures", n),
		    "signature-choose");
	return n == 1 ? NULL : no_signature();
}

/* "FILE" or "FILE#NAME"; of two files that fit, the longer name. */
static struct err *
named_file(
    const struct box *x, const char *id, size_t *file, const char **inner)
{
	size_t best = 0;
	for (size_t i = 0; i < x->nfiles; i++) {
		struct bytes name = archive_entry(x->archive, i)->name;
		if (!holds_signatures(x, i) || name.len <= best ||
		    !bytes_starts(bytes_str(id), name) ||
		    (id[name.len] != '\0' && id[name.len] != '#'))
			continue;
		best = name.len;
		*file = i;
	}
	if (best == 0)
		return no_signature();
	*inner = id[best] == '#' ? id + best + 1 : NULL;
	return NULL;
}

/* ---- the two steps ---- */

/* A digest of the file as it is now stands elsewhere and would be wrong. */
static struct err *
check_free(const struct box *x, size_t file)
{
	return x->named[file]
		   ? err_coded(err_new(ERR_UNSUPPORTED, NULL,
				   "its file is signed or time stamped itself"),
			 "asic-would-break")
		   : NULL;
}

static struct err *
pack_state(struct box *x, size_t file, struct bytes inner, struct buf *out)
{
	CLEANUP(buf_done) struct buf rewrite = BUF(STATE_MAX);
	bool xml = x->roles[file] == ROLE_XADES;
	struct bytes data;
	TRY(archive_read(x->archive, file, &data));
	TRY(rewrite_pack(x->archive, file, &rewrite));
	TRY(pack_str(out, TAG_FORMAT, xml ? format_xml.name : format_cms.name));
	TRY(pack_bytes(out, TAG_INNER, inner));
	TRY(pack_bytes(out, TAG_FILE, data));
	return pack_bytes(out, TAG_REWRITE, buf_bytes(&rewrite));
}

static struct err *
extend_file(struct box *x, size_t file, const struct extend_request *r,
    struct prepared *out)
{
	CLEANUP(prepared_done) struct prepared inner = { 0 };
	CLEANUP(prepared_done)
	struct prepared made = { .state = BUF(STATE_MAX) };
	TRY(x->roles[file] == ROLE_XADES
		? box_extend_xades(x, file, r, &inner)
		: box_extend_cades(x, file, r, &inner));
	made.digest_alg = inner.digest_alg;
	memcpy(made.digest, inner.digest, sizeof(made.digest));
	TRY(pack_state(x, file, buf_bytes(&inner.state), &made.state));
	*out = made;
	made = (struct prepared){ 0 };
	return NULL;
}

struct err *
asic_extend(const struct extend_request *r, struct prepared *out)
{
	const struct collect_input in = { .document = r->document };
	CLEANUP(facts_done) struct facts facts = { .format = "asic" };
	CLEANUP(box_done) struct box x = { .in = &in, .facts = &facts };
	struct extend_request inner = *r;
	size_t file = SIZE_MAX;
	TRY(archive_open(r->document, &x.archive));
	TRY(box_judge(&x));
	TRY(r->id == NULL ? only_file(&x, &file)
			  : named_file(&x, r->id, &file, &inner.id));
	TRY(check_free(&x, file));
	return extend_file(&x, file, &inner, out);
}

/* The file as it will be; empty where nothing changes. */
static struct err *
new_file(struct bytes data, const struct insertion *i, struct buf *out)
{
	struct bytes pieces[INSERTION_PIECES];
	if (i->bytes.len == 0 && i->cut == 0 && i->head_cut == 0)
		return NULL;
	TRY(insertion_check(i, data.len));
	size_t n = insertion_pieces(i, data, pieces);
	for (size_t k = 0; k < n; k++)
		TRY(buf_append(out, pieces[k]));
	return NULL;
}

struct err *
asic_embed(struct bytes state, struct bytes value, struct bytes token,
    struct insertion *out)
{
	struct unpack u = unpack_of(state);
	struct bytes format, inner, data, rewrite;
	CLEANUP(insertion_done) struct insertion i = { 0 };
	CLEANUP(buf_done) struct buf after = BUF(INSERTION_MAX);
	TRY(unpack_bytes(&u, TAG_FORMAT, &format));
	TRY(unpack_bytes(&u, TAG_INNER, &inner));
	TRY(unpack_bytes(&u, TAG_FILE, &data));
	TRY(unpack_bytes(&u, TAG_REWRITE, &rewrite));
	TRY(unpack_end(&u));
	const struct format *f =
	    bytes_eq_str(format, format_xml.name) ? &format_xml : &format_cms;
	TRY(f->embed(inner, value, token, &i));
	TRY(new_file(data, &i, &after));
	if (after.len > 0)
		return rewrite_insertion(rewrite, buf_bytes(&after), out);
	*out = (struct insertion){ .at = 0 };
	return NULL;
}

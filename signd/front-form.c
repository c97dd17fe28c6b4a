/* multipart/form-data, as a page without JavaScript sends it. */
#include <stdlib.h>
#include <string.h>

#include "pdf/params.h"
#include "signd/front.h"

#define POST_BUFFER 65536 /* bytes */

static struct err *
take_text(char *slot, size_t size, const char *data, uint64_t off, size_t len)
{
	if (off + len >= size)
		return err_coded(
		    err_new(ERR_USAGE, NULL, "a field of the form is too long"),
		    "parameter");
	memcpy(slot + off, data, len);
	slot[off + len] = '\0';
	return NULL;
}

/* Two files under one name would be judged as one. */
static bool
again(const struct form *f, const char *key, uint64_t off)
{
	if (off > 0)
		return false;
	return (strcmp(key, "document") == 0 && f->request->document.len > 0) ||
	       (strcmp(key, "content") == 0 && f->content.len > 0) ||
	       (strcmp(key, "picture") == 0 && f->picture.len > 0) ||
	       (strcmp(key, "seal") == 0 && f->seal.len > 0);
}

static struct err *
not_known(void)
{
	return err_coded(
	    err_new(ERR_USAGE, NULL, "a field that is not known here"),
	    "parameter");
}

static struct err *
take_picture(struct buf *to, struct bytes what)
{
	if (what.len > to->max - to->len)
		return err_coded(
		    err_new(ERR_LIMIT, NULL, "a picture of over %zu bytes",
			to->max),
		    "pdf-picture");
	return buf_append(to, what);
}

/* What a document is verified with. */
static struct err *
take_question(
    struct form *f, const char *key, const char *data, uint64_t off, size_t len)
{
	if (strcmp(key, "content") == 0) {
		f->has_content = f->has_content || len > 0;
		return buf_append(&f->content, bytes_of(data, len));
	}
	const struct {
		const char *key;
		char *slot;
		size_t size;
	} texts[] = { { "policy", f->policy, sizeof(f->policy) },
		{ "lang", f->lang, sizeof(f->lang) },
		{ "hash", f->hash, sizeof(f->hash) },
		{ "of", f->of, sizeof(f->of) },
		{ "password", f->password, sizeof(f->password) },
		{ "keep", f->keep, sizeof(f->keep) },
		{ "vietnam_time", f->vietnam_time, sizeof(f->vietnam_time) },
		{ "time", f->time, sizeof(f->time) } };
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		if (strcmp(key, texts[i].key) == 0)
			return take_text(
			    texts[i].slot, texts[i].size, data, off, len);
	return not_known();
}

/* The name is for the report alone; what is no name is none. */
static void
take_name(struct form *f, const char *filename)
{
	if (filename == NULL || strlen(filename) >= sizeof(f->name) ||
	    !utf8_printable(bytes_str(filename)))
		return;
	strcpy(f->name, filename);
}

static void
take_media(struct form *f, const char *type)
{
	if (type != NULL)
		snprintf(f->media, sizeof(f->media), "%s", type);
}

static struct err *
take_part(
    struct form *f, const char *key, const char *data, uint64_t off, size_t len)
{
	struct bytes what = bytes_of(data, len);
	if (again(f, key, off))
		return err_coded(
		    err_new(ERR_USAGE, NULL, "a field of the form comes twice"),
		    "parameter");
	if (strcmp(key, "document") == 0) {
		f->has_document = true;
		return spool_write(&f->request->document, what);
	}
	if (!f->request->route->pictures)
		return take_question(f, key, data, off, len);
	if (strcmp(key, "picture") == 0)
		return take_picture(&f->picture, what);
	if (strcmp(key, "seal") == 0)
		return take_picture(&f->seal, what);
	return not_known();
}

static enum MHD_Result
iterate(void *ctx, enum MHD_ValueKind kind, const char *key,
    const char *filename, const char *content_type, const char *encoding,
    const char *data, uint64_t off, size_t len)
{
	struct form *f = ctx;
	(void)kind;
	(void)encoding;
	if (key != NULL && strcmp(key, "document") == 0) {
		take_name(f, filename);
		take_media(f, content_type);
	}
	if (f->error == NULL && key != NULL)
		f->error = take_part(f, key, data, off, len);
	return f->error == NULL ? MHD_YES : MHD_NO;
}

struct err *
form_new(struct request *r, struct form **out)
{
	struct form *f = calloc(1, sizeof(*f));
	if (f == NULL)
		return err_new(ERR_NOMEM, NULL, "form");
	f->request = r;
	f->content = BUF(CONTENT_MAX);
	f->picture = BUF(PDF_PICTURE_MAX);
	f->seal = BUF(PDF_PICTURE_MAX);
	f->post =
	    MHD_create_post_processor(r->connection, POST_BUFFER, iterate, f);
	if (f->post == NULL) {
		form_free(f);
		return err_coded(
		    err_new(ERR_MALFORMED, "RFC 7578", "no boundary"),
		    "content-type");
	}
	*out = f;
	return NULL;
}

struct err *
form_add(struct form *f, struct bytes what)
{
	enum MHD_Result ok =
	    MHD_post_process(f->post, (const char *)what.ptr, what.len);
	if (f->error != NULL)
		return TAKE(f->error);
	if (ok != MHD_YES)
		return err_coded(
		    err_new(ERR_MALFORMED, "RFC 7578", "a broken form"),
		    "parameter");
	return NULL;
}

struct err *
form_finish(struct form *f)
{
	enum MHD_Result whole = MHD_destroy_post_processor(f->post);
	f->post = NULL;
	if (f->error != NULL)
		return TAKE(f->error);
	if (whole != MHD_YES)
		return err_coded(
		    err_new(ERR_MALFORMED, "RFC 7578", "half a form"),
		    "parameter");
	if (!f->has_document)
		return err_coded(
		    err_new(ERR_USAGE, NULL, "the form has no \"document\""),
		    "document-missing");
	return NULL;
}

void
form_free(struct form *f)
{
	if (f == NULL)
		return;
	if (f->post != NULL)
		MHD_destroy_post_processor(f->post);
	buf_done(&f->content);
	buf_done(&f->picture);
	buf_done(&f->seal);
	err_free(f->error);
	wipe(f->password, sizeof(f->password));
	free(f);
}

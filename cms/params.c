#include "cms/params.h"

#include <stdlib.h>

#include "base/pack.h"

enum { TAG_FORM = 1, TAG_CONTENT_DIGEST, TAG_COUNTER, TAG_CONTENT_STAMP };

/* What unpacking makes: the parameters, and the string in them. */
struct owned {
	struct cms_params params; /* first: the address is the same */
	char *counter;
};

struct err *
cms_params_pack(const struct cms_params *p, struct buf *out)
{
	TRY(pack_u64(out, TAG_FORM, (uint64_t)p->form));
	TRY(pack_bytes(out, TAG_CONTENT_DIGEST, p->content_digest));
	if (p->counter != NULL)
		TRY(pack_str(out, TAG_COUNTER, p->counter));
	return pack_bytes(out, TAG_CONTENT_STAMP, p->content_stamp);
}

static struct err *
unpack_all(struct unpack *u, struct owned *o)
{
	uint64_t form;
	TRY(unpack_u64(u, TAG_FORM, &form));
	if (form > CMS_FORM_COUNTER)
		return err_new(ERR_MALFORMED, NULL, "no such form");
	o->params.form = (enum cms_form)form;
	TRY(unpack_bytes(u, TAG_CONTENT_DIGEST, &o->params.content_digest));
	if (unpack_is(u, TAG_COUNTER))
		TRY(unpack_str(u, TAG_COUNTER, &o->counter));
	o->params.counter = o->counter;
	TRY(unpack_bytes(u, TAG_CONTENT_STAMP, &o->params.content_stamp));
	return unpack_end(u);
}

struct err *
cms_params_unpack(struct bytes packed, struct cms_params **out)
{
	struct owned *o = calloc(1, sizeof(*o));
	if (o == NULL)
		return err_new(ERR_NOMEM, NULL, "struct cms_params");
	struct unpack u = unpack_of(packed);
	struct err *e = unpack_all(&u, o);
	if (e != NULL) {
		cms_params_free(&o->params);
		return e;
	}
	*out = &o->params;
	return NULL;
}

void
cms_params_free(struct cms_params *p)
{
	struct owned *o = (struct owned *)(void *)p;
	if (o == NULL)
		return;
	free(o->counter);
	free(o);
}

#include "cms/params.h"

#include "base/pack.h"

enum { TAG_FORM = 1, TAG_CONTENT_STAMP };

struct err *
cms_params_pack(const struct cms_params *p, struct buf *out)
{
	TRY(pack_u64(out, TAG_FORM, (uint64_t)p->form));
	return pack_bytes(out, TAG_CONTENT_STAMP, p->content_stamp);
}

struct err *
cms_params_unpack(struct bytes packed, struct cms_params *out)
{
	struct unpack u = unpack_of(packed);
	struct cms_params p = { 0 };
	uint64_t form;
	TRY(unpack_u64(&u, TAG_FORM, &form));
	if (form > CMS_DETACHED)
		return err_new(ERR_MALFORMED, NULL, "no such form");
	p.form = (enum cms_form)form;
	TRY(unpack_bytes(&u, TAG_CONTENT_STAMP, &p.content_stamp));
	TRY(unpack_end(&u));
	*out = p;
	return NULL;
}

#include "pdf/crypt.h"

/* Until the security handler is here, encrypted files are refused by name. */
struct err *
crypt_open(const struct pdf_obj *encrypt, struct bytes id,
    struct bytes password, struct crypt **out)
{
	(void)encrypt;
	(void)id;
	(void)password;
	(void)out;
	return err_coded(err_new(ERR_UNSUPPORTED, "ISO 32000-2 7.6",
			     "the document is encrypted"),
	    "pdf-encrypted");
}

void
crypt_free(struct crypt *c)
{
	(void)c;
}

static struct err *
refuse(void)
{
	return err_new(ERR_INTERNAL, NULL, "no key");
}

struct err *
crypt_string(
    const struct crypt *c, struct pdf_ref ref, struct bytes in, struct buf *out)
{
	(void)c, (void)ref, (void)in, (void)out;
	return refuse();
}

struct err *
crypt_stream(const struct crypt *c, struct pdf_ref ref,
    const struct pdf_obj *dict, struct bytes in, struct buf *out)
{
	(void)c, (void)ref, (void)dict, (void)in, (void)out;
	return refuse();
}

struct err *
crypt_string_encrypt(
    const struct crypt *c, struct pdf_ref ref, struct bytes in, struct buf *out)
{
	(void)c, (void)ref, (void)in, (void)out;
	return refuse();
}

struct err *
crypt_stream_encrypt(const struct crypt *c, struct pdf_ref ref,
    const struct pdf_obj *dict, struct bytes in, struct buf *out)
{
	(void)c, (void)ref, (void)dict, (void)in, (void)out;
	return refuse();
}

uint32_t
crypt_permissions(const struct crypt *c)
{
	(void)c;
	return 0;
}

bool
crypt_is_owner(const struct crypt *c)
{
	(void)c;
	return false;
}

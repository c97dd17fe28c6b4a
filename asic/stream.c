#include "asic/stream.h"

#include <zlib.h>

#define FLAG_DESCRIPTOR 0x0008u
#define PART (64 * 1024) /* bytes unpacked at once */

static struct err *
ends_elsewhere(void)
{
	return err_coded(err_new(ERR_MALFORMED, "APPNOTE 4.3.9",
			     "an entry ends elsewhere than its size says"),
	    "asic-zip-ambiguous");
}

/* Unpacks to nowhere: only where the end is matters. */
static int
run(z_stream *z, uint64_t size)
{
	uint8_t scratch[PART];
	int rc = Z_OK;
	while (rc == Z_OK && z->total_out <= size) {
		z->next_out = scratch;
		z->avail_out = sizeof(scratch);
		rc = inflate(z, Z_NO_FLUSH);
	}
	return rc;
}

static struct err *
check_deflated(struct bytes packed, uint64_t size)
{
	/* Layouts are below 4 GiB, so this is a whole entry. */
	z_stream z = { .next_in = (z_const Bytef *)(uintptr_t)packed.ptr,
		.avail_in = (uInt)packed.len };
	if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
		return err_new(ERR_NOMEM, NULL, "inflateInit2");
	int rc = run(&z, size);
	bool fits =
	    rc == Z_STREAM_END && z.avail_in == 0 && z.total_out == size;
	(void)inflateEnd(&z);
	if (rc == Z_MEM_ERROR)
		return err_new(ERR_NOMEM, NULL, "inflate");
	return fits ? NULL : ends_elsewhere();
}

struct err *
stream_check(struct bytes in, const struct layout_entry *e)
{
	struct bytes packed = bytes_slice(in, e->data_at, (size_t)e->packed);
	if ((e->flags & FLAG_DESCRIPTOR) == 0)
		return NULL;
	if (e->method == ZIP_DEFLATED)
		return check_deflated(packed, e->size);
	/* Stored data end where a descriptor is found. */
	if (bytes_find(packed, BYTES_LIT("PK\007\010")) != SIZE_MAX)
		return ends_elsewhere();
	return NULL;
}

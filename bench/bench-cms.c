/* CAdES, attached: signing and verifying any file. */
#include "bench/format.h"

#include "cms/format.h"

/* Bytes of no format that we know. */
static void
make_file(struct buf *out, size_t len)
{
	buf_clear(out);
	for (size_t i = 0; out->len < len; i++) {
		uint8_t block[1024];
		for (size_t k = 0; k < sizeof(block); k++)
			block[k] = (uint8_t)((i * 31 + k * 7) >> 3);
		bench_must(buf_append(out, bytes_of(block, sizeof(block))));
	}
}

int
main(void)
{
	struct bench_format b;
	bench_format_init(&b, &format_cms);
	make_file(&b.document, 50 << 20);
	bench_format_rows(&b, "50MB");
	make_file(&b.document, 1 << 20);
	bench_format_rows(&b, "1MB");
	bench_format_done(&b);
	return 0;
}

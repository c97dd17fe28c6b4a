/* base/ without memory: each function fails with ERR_NOMEM and keeps nothing.
 */
#include "tests/torture.h"

#include "base/nfc.h"
#include "base/pack.h"
#include "base/record.h"

static struct err *
fill(struct buf *b)
{
	for (int i = 0; i < 20; i++)
		TRY(buf_printf(b, "%d and then some text; ", i));
	const char *s;
	TRY(buf_cstr(b, &s));
	return NULL;
}

static struct err *
grow_a_buffer(void *ctx)
{
	(void)ctx;
	CLEANUP(buf_done) struct buf b = BUF(10000);
	return fill(&b);
}

static struct err *
encode_and_decode(void *ctx)
{
	(void)ctx;
	CLEANUP(buf_done) struct buf a = BUF(10000);
	CLEANUP(buf_done) struct buf b = BUF(10000);
	CLEANUP(buf_done) struct buf c = BUF(10000);
	TRY(base64_encode(BYTES_LIT("some bytes"), &a));
	TRY(base64_decode(buf_bytes(&a), &b));
	TRY(hex_encode(buf_bytes(&b), &c));
	buf_clear(&a);
	return hex_decode(buf_bytes(&c), &a);
}

static struct err *
copy_strings_and_secrets(void *ctx)
{
	(void)ctx;
	CLEANUP(free_charp) char *s = NULL;
	CLEANUP(secret_done) struct secret pin = { 0 };
	TRY(bytes_dup_str(BYTES_LIT("text"), &s));
	return secret_copy(&pin, BYTES_LIT("123456"));
}

static struct err *
pack_and_unpack(void *ctx)
{
	(void)ctx;
	CLEANUP(buf_done) struct buf b = BUF(10000);
	CLEANUP(free_charp) char *s = NULL;
	TRY(pack_u64(&b, 1, 1));
	TRY(pack_str(&b, 2, "text"));
	struct unpack u = unpack_of(buf_bytes(&b));
	uint64_t n;
	TRY(unpack_u64(&u, 1, &n));
	TRY(unpack_str(&u, 2, &s));
	return unpack_end(&u);
}

static struct err *
pack_an_error(void *ctx)
{
	(void)ctx;
	struct err *e = err_new(ERR_LIMIT, "RFC 1", "text");
	if (err_kind(e) == ERR_NOMEM)
		return e;
	CLEANUP(buf_done) struct buf b = BUF(10000);
	struct err *failed = err_pack(e, &b);
	err_free(e);
	TRY(failed);
	e = err_unpack(buf_bytes(&b));
	if (err_kind(e) != ERR_LIMIT)
		return e;
	err_free(e);
	return NULL;
}

static struct err *
render_a_record(void *ctx)
{
	static char hex[] = "00112233445566778899aabbccddeeff"
			    "00112233445566778899aabbccddeeff";
	static char nonce[] = "00112233445566778899aabbccddeeff";
	static char some[] = "text";
	static char time[] = "2026-11-21T08:00:00Z";
	(void)ctx;
	const struct revocation_record r = { some, nonce, some, hex, time,
		nonce };
	CLEANUP(buf_done) struct buf b = BUF(RECORD_MAX);
	return revocation_record_render(&r, &b);
}

static struct err *
write_a_time(void *ctx)
{
	(void)ctx;
	CLEANUP(buf_done) struct buf b = BUF(100);
	return time_format_iso(0, 420, &b);
}

static void
buffers_survive(void)
{
	TORTURE(grow_a_buffer, NULL, TORTURE_STRICT);
}

static void
encodings_survive(void)
{
	TORTURE(encode_and_decode, NULL, TORTURE_STRICT);
}

static void
strings_and_secrets_survive(void)
{
	TORTURE(copy_strings_and_secrets, NULL, TORTURE_STRICT);
}

static void
packing_survives(void)
{
	TORTURE(pack_and_unpack, NULL, TORTURE_STRICT);
}

static void
packed_errors_survive(void)
{
	TORTURE(pack_an_error, NULL, TORTURE_STRICT);
}

static void
records_survive(void)
{
	TORTURE(render_a_record, NULL, TORTURE_STRICT);
}

static void
times_survive(void)
{
	TORTURE(write_a_time, NULL, TORTURE_STRICT);
}

/* Without memory for the error itself there is one that needs none. */
static struct err *
only_an_error(void *ctx)
{
	(void)ctx;
	return err_while(
	    err_coded(err_new(ERR_LIMIT, NULL, "x"), "limit"), "context");
}

static void
an_error_needs_no_memory(void)
{
	struct err *e = torture_once(only_an_error, NULL, 1);
	CHECK(e != NULL && err_kind(e) == ERR_NOMEM);
	CHECK(strcmp(err_code(e), "nomem") == 0);
	err_free(e);
	err_free(e);
}

static struct err *
leaks(void *ctx)
{
	void **kept = ctx;
	*kept = malloc(1);
	if (*kept == NULL)
		return err_new(ERR_NOMEM, NULL, "1 byte");
	void *second = malloc(1);
	if (second == NULL)
		return err_new(ERR_NOMEM, NULL, "1 byte");
	free(second);
	free(*kept);
	return NULL;
}

static void
torture_sees_a_leak(void)
{
	void *kept = NULL;
	struct err *e = torture_once(leaks, &kept, 2);
	CHECK(!torture_run_is_good(e, TORTURE_STRICT));
	err_free(e);
	free(kept);
}

static struct err *
normalise(void *ctx)
{
	(void)ctx;
	CLEANUP(buf_done) struct buf in = BUF(10000);
	CLEANUP(free_charp) char *s = NULL;
	bool nfc = true;
	for (int i = 0; i < 1000; i++)
		TRY(buf_str(&in, "u\u0303\u031b"));
	TRY(utf8_dup_nfc(buf_bytes(&in), &s));
	TRY(utf8_is_nfc(buf_bytes(&in), &nfc));
	CHECK(!nfc);
	return NULL;
}

static void
normal_forms_survive(void)
{
	TORTURE(normalise, NULL, TORTURE_LIBRARY);
}

int
main(void)
{
	TORTURE_OR_SKIP_ALL();
	RUN(buffers_survive);
	RUN(encodings_survive);
	RUN(strings_and_secrets_survive);
	RUN(normal_forms_survive);
	RUN(packing_survives);
	RUN(packed_errors_survive);
	RUN(records_survive);
	RUN(times_survive);
	RUN(an_error_needs_no_memory);
	RUN(torture_sees_a_leak);
	return DONE();
}

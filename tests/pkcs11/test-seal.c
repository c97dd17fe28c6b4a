/* Seals and SADs, without a token: the HMAC key is in memory here. */
#include <openssl/hmac.h>

#include "certs/aead.h"
#include "pkcs11/pin.h"
#include "pkcs11/sad.h"
#include "tests/tap.h"

#define PIN "meo-con-2026"

static struct err *
hmac_here(void *ctx, struct bytes data, uint8_t out[SEAL_HMAC])
{
	const char *key = ctx;
	unsigned n = SEAL_HMAC;
	if (HMAC(EVP_sha256(), key, (int)strlen(key), data.ptr, data.len, out,
		&n) == NULL)
		return err_new(ERR_INTERNAL, NULL, "HMAC");
	return NULL;
}

static char key_one[] = "one", key_two[] = "two";
static const struct pepper one = { .ctx = key_one, .hmac = hmac_here };
static const struct pepper two = { .ctx = key_two, .hmac = hmac_here };

static struct seal_owner
owner(void)
{
	return (struct seal_owner){ .credential = BYTES_LIT("cred-1"),
		.certificate_sha256 = { 7 },
		.version = 1 };
}

static struct err *
make(uint64_t memory, uint64_t passes, struct buf *out)
{
	const struct seal_owner o = owner();
	const struct seal_input in = { .memory_kib = memory,
		.passes = passes,
		.kek_id = BYTES_LIT("kek"),
		.wrap_mechanism = 0x210A,
		.wrapped = BYTES_LIT("a wrapped key") };
	return seal_make(&one, &o, bytes_str(PIN), &in, out);
}

static bool
opens(const struct buf *blob, const struct pepper *p,
    const struct seal_owner *o, const char *pin)
{
	struct sealed s;
	struct err *e = sealed_parse(buf_bytes(blob), &s);
	CLEANUP(secret_done) struct secret key = { 0 };
	CLEANUP(secret_done) struct secret wrapped = { 0 };
	bool ok = false;
	if (e == NULL)
		e = seal_key(&s, p, o, bytes_str(pin), &key);
	if (e == NULL)
		e = seal_open(&s, o, secret_bytes(&key), &wrapped, &ok);
	bool right = e == NULL && ok &&
		     bytes_eq_str(secret_bytes(&wrapped), "a wrapped key");
	err_free(e);
	return right;
}

static void
opens_for_its_owner_with_the_pin_alone(void)
{
	CLEANUP(buf_done) struct buf blob = BUF(SEAL_MAX);
	CHECK_OK(make(SEAL_MEMORY_MIN, SEAL_PASSES_MIN, &blob));
	struct seal_owner o = owner();
	CHECK(opens(&blob, &one, &o, PIN));
	CHECK(!opens(&blob, &one, &o, "meo-con-2027"));
	CHECK(!opens(&blob, &two, &o, PIN));
	o.credential = BYTES_LIT("cred-2");
	CHECK(!opens(&blob, &one, &o, PIN));
	o = owner();
	o.certificate_sha256[31] = 1;
	CHECK(!opens(&blob, &one, &o, PIN));
	o = owner();
	o.version = 2;
	CHECK(!opens(&blob, &one, &o, PIN));
}

static void
two_seals_of_one_key_have_nothing_in_common(void)
{
	CLEANUP(buf_done) struct buf a = BUF(SEAL_MAX);
	CLEANUP(buf_done) struct buf b = BUF(SEAL_MAX);
	CHECK_OK(make(SEAL_MEMORY_MIN, SEAL_PASSES_MIN, &a));
	CHECK_OK(make(SEAL_MEMORY_MIN, SEAL_PASSES_MIN, &b));
	struct sealed x, y;
	CHECK_OK(sealed_parse(buf_bytes(&a), &x));
	CHECK_OK(sealed_parse(buf_bytes(&b), &y));
	CHECK(!bytes_eq(x.salt, y.salt) && !bytes_eq(x.nonce, y.nonce) &&
	      !bytes_eq(x.ciphertext, y.ciphertext));
}

static void
one_argon2id_serves_many_owners(void)
{
	static const uint8_t salt[SEAL_SALT] = { 9 };
	CLEANUP(secret_done) struct secret stretched = { 0 };
	CLEANUP(buf_done) struct buf a = BUF(SEAL_MAX);
	CLEANUP(buf_done) struct buf b = BUF(SEAL_MAX);
	struct seal_owner o = owner();
	CHECK_OK(seal_stretch(bytes_str(PIN), SEAL_MEMORY_MIN, SEAL_PASSES_MIN,
	    bytes_of(salt, sizeof(salt)), &stretched));
	struct seal_input in = { .memory_kib = SEAL_MEMORY_MIN,
		.passes = SEAL_PASSES_MIN,
		.kek_id = BYTES_LIT("kek"),
		.wrap_mechanism = 0x210A,
		.wrapped = BYTES_LIT("a wrapped key"),
		.salt = bytes_of(salt, sizeof(salt)),
		.stretched = secret_bytes(&stretched) };
	CHECK_OK(seal_make(&one, &o, BYTES_NONE, &in, &a));
	CHECK(opens(&a, &one, &o, PIN));
	CHECK(!opens(&a, &one, &o, "meo-con-2027"));
	o.credential = BYTES_LIT("cred-2");
	CHECK(!opens(&a, &one, &o, PIN));
	CHECK_OK(seal_make(&one, &o, BYTES_NONE, &in, &b));
	CHECK(opens(&b, &one, &o, PIN));
	in.salt = BYTES_LIT("short");
	CHECK_ERR(seal_make(&one, &o, BYTES_NONE, &in, &b), ERR_USAGE);
}

static void
any_bit_changed_and_it_does_not_open(void)
{
	CLEANUP(buf_done) struct buf blob = BUF(SEAL_MAX);
	CHECK_OK(make(SEAL_MEMORY_MIN, SEAL_PASSES_MIN, &blob));
	const struct seal_owner o = owner();
	for (size_t i = 0; i < blob.len; i += 11) {
		blob.ptr[i] ^= 1;
		CHECK(!opens(&blob, &one, &o, PIN));
		blob.ptr[i] ^= 1;
	}
}

static void
argon2_is_never_below_its_floor(void)
{
	CLEANUP(buf_done) struct buf blob = BUF(SEAL_MAX);
	CHECK_ERR(make(SEAL_MEMORY_MIN - 1, 2, &blob), ERR_USAGE);
	CHECK_ERR(make(SEAL_MEMORY_MIN, 1, &blob), ERR_USAGE);
	CHECK(blob.len == 0);
	/* Nor when a blob says so: memory stands in the last bytes of the
	 * second field. */
	CHECK_OK(make(SEAL_MEMORY_MIN, SEAL_PASSES_MIN, &blob));
	struct sealed s;
	blob.ptr[14 + 6 + 6] = 0;
	CHECK_ERR(sealed_parse(buf_bytes(&blob), &s), ERR_MALFORMED);
	/* And it cannot ask for all memory there is. */
	blob.ptr[14 + 6 + 0] = 1;
	CHECK_ERR(sealed_parse(buf_bytes(&blob), &s), ERR_MALFORMED);
}

static void
truncated_blobs_are_refused(void)
{
	CLEANUP(buf_done) struct buf blob = BUF(SEAL_MAX);
	CHECK_OK(make(SEAL_MEMORY_MIN, SEAL_PASSES_MIN, &blob));
	struct sealed s;
	for (size_t len = 0; len < blob.len; len++)
		CHECK_ERR(
		    sealed_parse(bytes_slice(buf_bytes(&blob), 0, len), &s),
		    ERR_MALFORMED);
}

/* ---- SADs ---- */

#define EXPIRES 100000

static struct err *
make_sad(struct sad *s)
{
	*s = (struct sad){ .id = { 1, 2 },
		.credential = "cred-1",
		.version = 1,
		.count = 2,
		.expires = EXPIRES,
		.bound = true };
	const struct bytes d[2] = { BYTES_LIT("first"), BYTES_LIT("second") };
	TRY(cover_pass_make(
	    &one, 7, BYTES_LIT("cover-7"), BYTES_LIT("cred-1"), &s->cover));
	TRY(secret_init(&s->key, SEAL_KEY));
	memset(s->key.ptr, 5, SEAL_KEY);
	return sad_digests(DIGEST_SHA256, d, 2, s->digests);
}

static void
a_sad_comes_back_as_it_was(void)
{
	CLEANUP(sad_done) struct sad s;
	CLEANUP(sad_done) struct sad got = { 0 };
	CLEANUP(buf_done) struct buf blob = BUF(SAD_MAX);
	CLEANUP(sad_keys_done) struct sad_keys keys;
	CHECK_OK(sad_keys_init(&keys, one));
	CHECK_OK(make_sad(&s));
	CHECK_OK(sad_seal(&keys, &s, &blob));
	CHECK_OK(sad_open(&keys, EXPIRES - 1, buf_bytes(&blob), &got));
	CHECK(strcmp(got.credential, "cred-1") == 0 && got.count == 2 &&
	      got.expires == EXPIRES && got.bound && got.version == 1 &&
	      bytes_eq(secret_bytes(&got.key), secret_bytes(&s.key)));
	/* The unsealing key does not stand in it. */
	CHECK(bytes_find(buf_bytes(&blob), secret_bytes(&s.key)) == SIZE_MAX);
}

static void
a_sad_opens_the_cover_without_the_token(void)
{
	CLEANUP(sad_done) struct sad s;
	CLEANUP(sad_done) struct sad got = { 0 };
	CLEANUP(buf_done) struct buf blob = BUF(SAD_MAX);
	CLEANUP(buf_done) struct buf covered = BUF(256);
	CLEANUP(secret_done) struct secret plain = { 0 };
	CLEANUP(secret_done) struct secret none = { 0 };
	CLEANUP(sad_keys_done) struct sad_keys keys;
	const struct bytes owner = BYTES_LIT("cred-1");
	CHECK_OK(sad_keys_init(&keys, one));
	CHECK_OK(cover_make(&one, BYTES_LIT("cover-7"), owner,
	    BYTES_LIT("a sealed blob"), &covered));
	CHECK_OK(make_sad(&s));
	CHECK_OK(sad_seal(&keys, &s, &blob));
	CHECK_OK(sad_open(&keys, EXPIRES - 1, buf_bytes(&blob), &got));
	CHECK(got.cover.generation == 7);
	CHECK_OK(
	    cover_pass_open(&got.cover, owner, buf_bytes(&covered), &plain));
	CHECK(bytes_eq_str(secret_bytes(&plain), "a sealed blob"));
	/* And nobody else's. */
	CHECK_ERR(cover_pass_open(&got.cover, BYTES_LIT("cred-2"),
		      buf_bytes(&covered), &none),
	    ERR_MALFORMED);
}

struct counted {
	const struct pepper *pepper;
	size_t calls;
};

static struct err *
hmac_counted(void *ctx, struct bytes data, uint8_t out[SEAL_HMAC])
{
	struct counted *c = ctx;
	c->calls++;
	return c->pepper->hmac(c->pepper->ctx, data, out);
}

static const char *
opening(struct sad_keys *keys, int64_t now, const struct buf *blob)
{
	CLEANUP(sad_done) struct sad got = { 0 };
	struct err *e = sad_open(keys, now, buf_bytes(blob), &got);
	const char *code = e == NULL ? "" : err_code(e);
	err_free(e);
	return code;
}

static void
the_token_is_asked_once_in_an_epoch(void)
{
	struct counted c = { .pepper = &one };
	CLEANUP(sad_done) struct sad s;
	CLEANUP(sad_keys_done) struct sad_keys keys;
	CHECK_OK(sad_keys_init(
	    &keys, (struct pepper){ .ctx = &c, .hmac = hmac_counted }));
	CHECK_OK(make_sad(&s));
	for (int i = 0; i < 20; i++) {
		CLEANUP(buf_done) struct buf blob = BUF(SAD_MAX);
		s.expires = EXPIRES + i % 2 * SAD_EPOCH;
		s.id[0] = (uint8_t)i;
		CHECK_OK(sad_seal(&keys, &s, &blob));
		CHECK(strcmp(opening(&keys, EXPIRES - 1, &blob), "") == 0);
	}
	CHECK(c.calls == 2);
}

static size_t
kept(const struct sad_keys *keys)
{
	size_t n = 0;
	for (size_t i = 0; i < SAD_EPOCHS; i++)
		n += keys->at[i].key.len > 0;
	return n;
}

/* Also where nobody asks for a new one. */
static void
what_opens_expired_ones_is_wiped(void)
{
	CLEANUP(sad_done) struct sad s;
	CLEANUP(buf_done) struct buf blob = BUF(SAD_MAX);
	CLEANUP(buf_done) struct buf later = BUF(SAD_MAX);
	CLEANUP(sad_keys_done) struct sad_keys keys;
	CHECK_OK(sad_keys_init(&keys, one));
	CHECK_OK(make_sad(&s));
	CHECK_OK(sad_seal(&keys, &s, &blob));
	s.expires += SAD_EPOCH;
	CHECK_OK(sad_seal(&keys, &s, &later));
	CHECK(kept(&keys) == 2);
	sad_keys_forget(&keys, EXPIRES);
	CHECK(kept(&keys) == 2);
	sad_keys_forget(&keys, EXPIRES + SAD_EPOCH);
	CHECK(kept(&keys) == 1);
	CHECK(strcmp(opening(&keys, EXPIRES + SAD_EPOCH - 1, &later), "") == 0);
	sad_keys_forget(&keys, EXPIRES + 2 * SAD_EPOCH);
	CHECK(kept(&keys) == 0);
	/* The clock was set back: the token says it again. */
	CHECK(strcmp(opening(&keys, EXPIRES - 1, &blob), "") == 0);
}

/* A stranger writes what epoch they like. */
static void
epochs_that_cannot_be_cost_no_call(void)
{
	struct counted c = { .pepper = &one };
	CLEANUP(sad_done) struct sad s;
	CLEANUP(buf_done) struct buf blob = BUF(SAD_MAX);
	CLEANUP(sad_keys_done) struct sad_keys keys, others;
	CHECK_OK(sad_keys_init(&others, one));
	CHECK_OK(sad_keys_init(
	    &keys, (struct pepper){ .ctx = &c, .hmac = hmac_counted }));
	CHECK_OK(make_sad(&s));
	CHECK_OK(sad_seal(&others, &s, &blob));
	CHECK(strcmp(opening(&keys, EXPIRES + SAD_EPOCH, &blob),
		  "sad-expired") == 0);
	CHECK(strcmp(opening(&keys, EXPIRES - SAD_SECONDS_MAX - 3 * SAD_EPOCH,
			 &blob),
		  "sad-invalid") == 0);
	blob.ptr[1] = 0xff;
	CHECK(strcmp(opening(&keys, EXPIRES, &blob), "sad-invalid") == 0);
	CHECK(c.calls == 0);
}

static void
nobody_without_the_key_opens_or_changes_a_sad(void)
{
	CLEANUP(sad_done) struct sad s;
	CLEANUP(sad_done) struct sad got = { 0 };
	CLEANUP(buf_done) struct buf blob = BUF(SAD_MAX);
	CLEANUP(sad_keys_done) struct sad_keys keys, others;
	CHECK_OK(sad_keys_init(&keys, one));
	CHECK_OK(sad_keys_init(&others, two));
	CHECK_OK(make_sad(&s));
	CHECK_OK(sad_seal(&keys, &s, &blob));
	const struct bytes whole = buf_bytes(&blob);
	const int64_t now = EXPIRES - 1;
	CHECK_ERR(sad_open(&others, now, whole, &got), ERR_DENIED);
	for (size_t i = 0; i < blob.len; i++) {
		blob.ptr[i] ^= 0x80;
		CHECK_ERR(sad_open(&keys, now, whole, &got), ERR_DENIED);
		blob.ptr[i] ^= 0x80;
	}
	/* Not under the key of the epoch beside it, either. */
	blob.ptr[8]++;
	CHECK_ERR(sad_open(&keys, now, whole, &got), ERR_DENIED);
	blob.ptr[8]--;
	for (size_t len = 0; len < blob.len; len++)
		CHECK_ERR(
		    sad_open(&keys, now, bytes_slice(whole, 0, len), &got),
		    ERR_DENIED);
}

static const char *
refusal(const struct sad *s, int64_t now, const char *credential,
    enum digest_alg alg, const struct bytes *d, size_t n)
{
	struct err *e = sad_allows(s, now, bytes_str(credential), alg, d, n);
	const char *code = e == NULL ? "" : err_code(e);
	err_free(e);
	return code;
}

static void
a_sad_allows_what_was_approved_and_no_more(void)
{
	CLEANUP(sad_done) struct sad s;
	CHECK_OK(make_sad(&s));
	const struct bytes d[3] = { BYTES_LIT("first"), BYTES_LIT("second"),
		BYTES_LIT("third") };
	const struct bytes swapped[2] = { d[1], d[0] };
	const struct bytes shifted[2] = { BYTES_LIT("firsts"),
		BYTES_LIT("econd") };
	const enum digest_alg sha2 = DIGEST_SHA256, sha3 = DIGEST_SHA3_256;
	CHECK(*refusal(&s, EXPIRES - 1, "cred-1", sha2, d, 2) == '\0');
	const char *no = "sad-mismatch";
	CHECK(strcmp(refusal(&s, EXPIRES, "cred-1", sha2, d, 2),
		  "sad-expired") == 0);
	CHECK(strcmp(refusal(&s, 1, "cred-2", sha2, d, 2), no) == 0);
	CHECK(strcmp(refusal(&s, 1, "cred-1", sha2, d, 3), no) == 0);
	CHECK(strcmp(refusal(&s, 1, "cred-1", sha2, d, 1), no) == 0);
	CHECK(strcmp(refusal(&s, 1, "cred-1", sha3, d, 2), no) == 0);
	CHECK(strcmp(refusal(&s, 1, "cred-1", sha2, swapped, 2), no) == 0);
	CHECK(strcmp(refusal(&s, 1, "cred-1", sha2, shifted, 2), no) == 0);
}

/* ---- PINs ---- */

static void
pins_that_are_tried_first_are_refused(void)
{
	static const char *const weak[] = { "123456", "000000", "987654",
		"121212", "abcdef", "aaaaaaaa", "0123456789" };
	static const char *const form[] = { "", "12345", "abc\tdef",
		"abc\x01zzz", "\xc3\x28xxxxxx", "ả1ả" };
	static const char *const fine[] = { "648193", "meo con 3",
		"mật khẩu của tôi", "112233" };
	for (size_t i = 0; i < COUNT_OF(weak); i++)
		CHECK_ERR(pin_check(bytes_str(weak[i])), ERR_USAGE);
	for (size_t i = 0; i < COUNT_OF(form); i++)
		CHECK_ERR(pin_check(bytes_str(form[i])), ERR_MALFORMED);
	for (size_t i = 0; i < COUNT_OF(fine); i++)
		CHECK_OK(pin_check(bytes_str(fine[i])));
	char longest[PIN_CHARS_MAX + 2];
	memset(longest, 'x', sizeof(longest));
	longest[0] = 'y';
	CHECK_OK(pin_check(bytes_of(longest, PIN_CHARS_MAX)));
	CHECK_ERR(
	    pin_check(bytes_of(longest, PIN_CHARS_MAX + 1)), ERR_MALFORMED);
}

int
main(void)
{
	RUN(opens_for_its_owner_with_the_pin_alone);
	RUN(two_seals_of_one_key_have_nothing_in_common);
	RUN(one_argon2id_serves_many_owners);
	RUN(any_bit_changed_and_it_does_not_open);
	RUN(argon2_is_never_below_its_floor);
	RUN(truncated_blobs_are_refused);
	RUN(a_sad_comes_back_as_it_was);
	RUN(a_sad_opens_the_cover_without_the_token);
	RUN(the_token_is_asked_once_in_an_epoch);
	RUN(what_opens_expired_ones_is_wiped);
	RUN(epochs_that_cannot_be_cost_no_call);
	RUN(nobody_without_the_key_opens_or_changes_a_sad);
	RUN(a_sad_allows_what_was_approved_and_no_more);
	RUN(pins_that_are_tried_first_are_refused);
	return DONE();
}

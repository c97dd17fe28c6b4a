/* pdf/crypt.c against what another program encrypted. */
#include "pdf/crypt.h"
#include "pdf/cryptkey.h"
#include "pdf/lex.h"

#include "tests/tap.h"

#define TITLE "a title of text"
#define PAGE "a page of text"

/* One small document under one revision of the handler. */
struct vector {
	const char *name;
	const char *encrypt; /* the dictionary, strings in hex */
	const char *id;      /* hex */
	uint32_t title_num;  /* object of the string below */
	const char *title;   /* hex */
	uint32_t page_num;   /* object of the stream below */
	const char *page;    /* hex */
};

#include "tests/pdf/crypt-vectors.h"

static const struct pdf_obj no_dict = { .type = PDF_DICT };

struct opened {
	struct pdf_budget budget;
	struct pdf_arena arena;
	struct crypt *crypt;
};

static struct err *
open_text(struct opened *o, const char *encrypt, const char *id_hex,
    const char *password)
{
	CLEANUP(buf_done) struct buf id = BUF(64);
	struct pdf_obj dict;
	o->budget = pdf_budget_for(100000);
	o->arena = PDF_ARENA(&o->budget);
	struct pdf_lex l = { .in = bytes_str(encrypt), .budget = &o->budget };
	TRY(pdf_parse(&l, &o->arena, true, &dict));
	TRY(hex_decode(bytes_str(id_hex), &id));
	return crypt_open(
	    &dict, buf_bytes(&id), bytes_str(password), &o->crypt);
}

static void
closed(struct opened *o)
{
	crypt_free(o->crypt);
	pdf_arena_done(&o->arena);
	*o = (struct opened){ .crypt = NULL };
}

static void
check_contents(const struct opened *o, const struct vector *v)
{
	CLEANUP(buf_done) struct buf in = BUF(1000);
	CLEANUP(buf_done) struct buf out = BUF(1000);
	struct pdf_ref title = { .num = v->title_num };
	struct pdf_ref page = { .num = v->page_num };
	CHECK_OK(hex_decode(bytes_str(v->title), &in));
	CHECK_OK(crypt_string(o->crypt, title, buf_bytes(&in), &out));
	CHECK(bytes_eq_str(buf_bytes(&out), TITLE));
	buf_clear(&in);
	buf_clear(&out);
	CHECK_OK(hex_decode(bytes_str(v->page), &in));
	CHECK_OK(crypt_stream(o->crypt, page, &no_dict, buf_bytes(&in), &out));
	CHECK(bytes_eq_str(buf_bytes(&out), PAGE));
}

static void
opens_every_revision_as_user(void)
{
	for (size_t i = 0; i < COUNT_OF(vectors); i++) {
		const struct vector *v = &vectors[i];
		struct opened o = { .crypt = NULL };
		printf("# %s\n", v->name);
		CHECK_OK(open_text(&o, v->encrypt, v->id, "user"));
		if (o.crypt != NULL) {
			check_contents(&o, v);
			CHECK(!crypt_is_owner(o.crypt));
			CHECK(crypt_permissions(o.crypt) == (uint32_t)-4);
		}
		closed(&o);
	}
}

static void
opens_every_revision_as_owner(void)
{
	for (size_t i = 0; i < COUNT_OF(vectors); i++) {
		struct opened o = { .crypt = NULL };
		CHECK_OK(
		    open_text(&o, vectors[i].encrypt, vectors[i].id, "owner"));
		if (o.crypt != NULL) {
			check_contents(&o, &vectors[i]);
			CHECK(crypt_is_owner(o.crypt));
		}
		closed(&o);
	}
}

static void
refuses_other_passwords(void)
{
	static const char *const wrong[] = { "", "User", "user ", "users" };
	for (size_t i = 0; i < COUNT_OF(vectors); i++) {
		for (size_t k = 0; k < COUNT_OF(wrong); k++) {
			struct opened o = { .crypt = NULL };
			CHECK_ERR(open_text(&o, vectors[i].encrypt,
				      vectors[i].id, wrong[k]),
			    ERR_DENIED);
			closed(&o);
		}
	}
}

static void
decrypts_what_it_encrypts(void)
{
	struct pdf_ref ref = { .num = 70000, .gen = 3 };
	for (size_t i = 0; i < COUNT_OF(vectors); i++) {
		struct opened o = { .crypt = NULL };
		CLEANUP(buf_done) struct buf a = BUF(1000);
		CLEANUP(buf_done) struct buf b = BUF(1000);
		CHECK_OK(
		    open_text(&o, vectors[i].encrypt, vectors[i].id, "user"));
		struct bytes text = BYTES_LIT("sixteen letters.");
		CHECK_OK(crypt_string_encrypt(o.crypt, ref, text, &a));
		CHECK(!bytes_eq(buf_bytes(&a), text));
		CHECK_OK(crypt_string(o.crypt, ref, buf_bytes(&a), &b));
		CHECK(bytes_eq(buf_bytes(&b), text));
		buf_clear(&a);
		buf_clear(&b);
		CHECK_OK(crypt_stream_encrypt(
		    o.crypt, ref, &no_dict, BYTES_NONE, &a));
		CHECK_OK(
		    crypt_stream(o.crypt, ref, &no_dict, buf_bytes(&a), &b));
		CHECK(b.len == 0);
		closed(&o);
	}
}

/* A dictionary as text, for crypt_stream. */
static struct pdf_obj
dict_of(struct opened *o, const char *text)
{
	struct pdf_obj dict = { .type = PDF_NULL };
	struct pdf_lex l = { .in = bytes_str(text), .budget = &o->budget };
	CHECK_OK(pdf_parse(&l, &o->arena, true, &dict));
	return dict;
}

static const struct vector *
find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(vectors); i++) {
		if (strcmp(vectors[i].name, name) == 0)
			return &vectors[i];
	}
	abort();
}

static void
leaves_clear_metadata_alone(void)
{
	static const char *const names[] = { "R4 clear metadata", "R4" };
	for (size_t i = 0; i < 2; i++) {
		struct opened o = { .crypt = NULL };
		CLEANUP(buf_done) struct buf out = BUF(1000);
		const struct vector *v = find(names[i]);
		CHECK_OK(open_text(&o, v->encrypt, v->id, "user"));
		struct pdf_obj dict = dict_of(&o, "<</Type/Metadata>>");
		CHECK_OK(crypt_stream_encrypt(o.crypt, (struct pdf_ref){ 1, 0 },
		    &dict, BYTES_LIT("<x/>"), &out));
		CHECK(bytes_eq_str(buf_bytes(&out), "<x/>") == (i == 0));
		closed(&o);
	}
}

static void
leaves_streams_with_an_identity_filter_alone(void)
{
	struct opened o = { .crypt = NULL };
	CLEANUP(buf_done) struct buf out = BUF(1000);
	const struct vector *v = find("R6");
	CHECK_OK(open_text(&o, v->encrypt, v->id, "user"));
	struct pdf_obj dict = dict_of(&o,
	    "<</Filter[/Crypt/FlateDecode]/DecodeParms[<</Name/Identity>>]>>");
	CHECK_OK(crypt_stream(o.crypt, (struct pdf_ref){ 1, 0 }, &dict,
	    BYTES_LIT("as it is"), &out));
	CHECK(bytes_eq_str(buf_bytes(&out), "as it is"));
	closed(&o);
}

static void
refuses_damaged_aes(void)
{
	static const char *const bad[] = { "0123456789abcdef", "short",
		"0123456789abcdef0123456789abcdeX" };
	struct opened o = { .crypt = NULL };
	const struct vector *v = find("R6");
	CHECK_OK(open_text(&o, v->encrypt, v->id, "user"));
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		CLEANUP(buf_done) struct buf out = BUF(1000);
		CHECK_ERR(crypt_string(o.crypt, (struct pdf_ref){ 1, 0 },
			      bytes_str(bad[i]), &out),
		    ERR_MALFORMED);
		CHECK(out.len == 0);
	}
	closed(&o);
}

/* /P in the clear was changed; /Perms still knows. */
static void
refuses_changed_permissions(void)
{
	struct opened o = { .crypt = NULL };
	CLEANUP(free_charp) char *text = strdup(find("R6")->encrypt);
	char *p = strstr(text, "/P -4 ");
	CHECK(p != NULL);
	if (p != NULL)
		p[4] = '2';
	CHECK_ERR(open_text(&o, text, find("R6")->id, "user"), ERR_MALFORMED);
	closed(&o);
}

static void
refuses_what_it_does_not_know(void)
{
	static const struct {
		const char *text;
		enum err_kind kind;
	} cases[] = {
		{ "<</Filter/Adobe.PubSec/V 4/R 4>>", ERR_UNSUPPORTED },
		{ "<</Filter/Standard/V 3/R 3>>", ERR_UNSUPPORTED },
		{ "<</Filter/Standard/V 5/R 7>>", ERR_UNSUPPORTED },
		{ "<</Filter/Standard/V 1>>", ERR_MALFORMED },
		{ "<</Filter/Standard/V 1/R 2/O<00>/U<00>/P 0>>",
		    ERR_MALFORMED },
		{ "<</Filter/Standard/V 2/R 3/Length 41>>", ERR_MALFORMED },
		{ "<</Filter/Standard/V 2/R 3/Length 1024>>", ERR_MALFORMED },
		{ "null", ERR_UNSUPPORTED },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct opened o = { .crypt = NULL };
		CHECK_ERR(open_text(&o, cases[i].text, "", ""), cases[i].kind);
		closed(&o);
	}
}

/* The third of the three that everybody knows. */
static void
has_rc4(void)
{
	uint8_t data[14] = "Attack at dawn";
	static const uint8_t want[14] = { 0x45, 0xa0, 0x1f, 0x64, 0x5f, 0xc3,
		0x5b, 0x38, 0x35, 0x52, 0x54, 0x4b, 0x9b, 0xf5 };
	crypt_rc4(BYTES_LIT("Secret"), data, sizeof(data));
	CHECK(memcmp(data, want, sizeof(want)) == 0);
}

int
main(void)
{
	RUN(opens_every_revision_as_user);
	RUN(opens_every_revision_as_owner);
	RUN(refuses_other_passwords);
	RUN(decrypts_what_it_encrypts);
	RUN(leaves_clear_metadata_alone);
	RUN(leaves_streams_with_an_identity_filter_alone);
	RUN(refuses_damaged_aes);
	RUN(refuses_changed_permissions);
	RUN(refuses_what_it_does_not_know);
	RUN(has_rc4);
	return DONE();
}

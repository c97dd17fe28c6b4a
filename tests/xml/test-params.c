#include "xml/params.h"

#include "tests/tap.h"

#include <string.h>

static const struct xml_object objects[] = {
	{ .uri = "#don", .media_type = "text/xml" },
	{ .uri = "anh.png", .data = { (const uint8_t *)"anh", 3 } },
	{ .uri = "to khai.pdf", .digest = { (const uint8_t *)"0123", 4 } },
};

static const struct xml_params full = { .profile = "vn-invoice",
	.packaging = XML_DETACHED,
	.place = "/HDon/DSCKS/NBan",
	.canon = "1.1+comments",
	.digest = DIGEST_SHA384,
	.objects = objects,
	.nobjects = 3,
	.uri = "hóa đơn.xml",
	.counter = "sig-1" };

static bool
same(const char *a, const char *b)
{
	return (a == NULL && b == NULL) ||
	       (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
same_params(const struct xml_params *a, const struct xml_params *b)
{
	bool ok = same(a->profile, b->profile) && same(a->place, b->place) &&
		  same(a->canon, b->canon) && same(a->uri, b->uri) &&
		  same(a->counter, b->counter) &&
		  a->packaging == b->packaging && a->digest == b->digest &&
		  a->nobjects == b->nobjects;
	for (size_t i = 0; ok && i < a->nobjects; i++) {
		const struct xml_object *x = &a->objects[i];
		const struct xml_object *y = &b->objects[i];
		ok = same(x->uri, y->uri) &&
		     same(x->media_type, y->media_type) &&
		     bytes_eq(x->data, y->data) &&
		     bytes_eq(x->digest, y->digest);
	}
	return ok;
}

static void
comes_back_as_it_was(void)
{
	static const struct xml_params empty = { 0 };
	const struct xml_params *cases[] = { &full, &empty };
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEANUP(buf_done) struct buf b = BUF(65536);
		CLEANUP(xml_params_freep) struct xml_params *out = NULL;
		CHECK_OK(xml_params_pack(cases[i], &b));
		CHECK_OK(xml_params_unpack(buf_bytes(&b), &out));
		CHECK(out != NULL && same_params(cases[i], out));
	}
}

static void
refuses_what_is_cut_off(void)
{
	CLEANUP(buf_done) struct buf b = BUF(65536);
	CHECK_OK(xml_params_pack(&full, &b));
	for (size_t n = 0; n < b.len; n++) {
		struct xml_params *out = NULL;
		CHECK_ERR(
		    xml_params_unpack(bytes_slice(buf_bytes(&b), 0, n), &out),
		    ERR_MALFORMED);
	}
}

static void
reads_words(void)
{
	struct xml_params out;
	const struct xml_words good = {
		.packaging = "detached", .digest = "SHA-512", .place = "#ky"
	};
	CHECK_OK(xml_params_read(&good, &out));
	CHECK(out.packaging == XML_DETACHED && out.digest == DIGEST_SHA512);
	CHECK(same(out.place, "#ky") && out.nobjects == 0);
	const struct xml_words none = { 0 };
	CHECK_OK(xml_params_read(&none, &out));
	CHECK(out.packaging == XML_ENVELOPED && out.digest == DIGEST_NONE);
	const struct xml_words bad[] = { { .packaging = "wrapped" },
		{ .digest = "SHA-1" } };
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		CHECK_ERR(xml_params_read(&bad[i], &out), ERR_USAGE);
}

static void
refuses_too_many_objects(void)
{
	CLEANUP(buf_done) struct buf b = BUF(65536);
	struct xml_params many = full;
	many.nobjects = XML_OBJECTS_MAX + 1;
	CHECK_ERR(xml_params_pack(&many, &b), ERR_LIMIT);
}

int
main(void)
{
	RUN(comes_back_as_it_was);
	RUN(refuses_what_is_cut_off);
	RUN(reads_words);
	RUN(refuses_too_many_objects);
	return DONE();
}

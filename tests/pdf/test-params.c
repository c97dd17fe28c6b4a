/* pdf/params.c: parameters on their way between processes. */
#include "pdf/params.h"

#include "base/pack.h"
#include "tests/tap.h"

static const char *const fields[] = { "Họ tên", "a.b" };
static const struct pdf_params full = { .certify = PDF_CERTIFY_FORM,
	.lock = PDF_LOCK_EXCLUDE,
	.lock_fields = fields,
	.nlock_fields = 2,
	.contact = "Quận 1" };

static void
parameters_come_back_as_they_were(void)
{
	CLEANUP(buf_done) struct buf b = BUF(4096);
	CLEANUP(pdf_params_freep) struct pdf_params *p = NULL;
	CHECK_OK(pdf_params_pack(&full, &b));
	CHECK_OK(pdf_params_unpack(buf_bytes(&b), &p));
	CHECK(p != NULL && p->certify == PDF_CERTIFY_FORM &&
	      p->lock == PDF_LOCK_EXCLUDE && p->nlock_fields == 2);
	CHECK(p != NULL && strcmp(p->lock_fields[0], "Họ tên") == 0 &&
	      strcmp(p->lock_fields[1], "a.b") == 0 &&
	      strcmp(p->contact, "Quận 1") == 0);
}

static void
nothing_asked_for_is_nothing_found(void)
{
	const struct pdf_params none = { 0 };
	CLEANUP(buf_done) struct buf b = BUF(4096);
	CLEANUP(pdf_params_freep) struct pdf_params *p = NULL;
	CHECK_OK(pdf_params_pack(&none, &b));
	CHECK_OK(pdf_params_unpack(buf_bytes(&b), &p));
	CHECK(p != NULL && p->certify == PDF_APPROVAL && p->nlock_fields == 0 &&
	      p->contact == NULL);
}

static void
every_shorter_message_is_refused(void)
{
	CLEANUP(buf_done) struct buf b = BUF(4096);
	CHECK_OK(pdf_params_pack(&full, &b));
	/* Without its last field, which may be missing, it is whole. */
	size_t optional = b.len - strlen(full.contact) - 6;
	for (size_t n = 0; n < b.len; n++) {
		struct pdf_params *p = NULL;
		struct err *e =
		    pdf_params_unpack(bytes_slice(buf_bytes(&b), 0, n), &p);
		CHECK((e == NULL) == (n == optional));
		pdf_params_free(p);
		err_free(e);
	}
}

static void
unknown_choices_are_refused(void)
{
	struct pdf_params odd = full;
	CLEANUP(buf_done) struct buf b = BUF(4096);
	CLEANUP(pdf_params_freep) struct pdf_params *p = NULL;
	odd.certify = (enum pdf_certify)(PDF_CERTIFY_ANNOTATION + 1);
	CHECK_OK(pdf_params_pack(&odd, &b));
	CHECK_ERR(pdf_params_unpack(buf_bytes(&b), &p), ERR_MALFORMED);
}

static void
words_of_people_become_parameters(void)
{
	CLEANUP(buf_done) struct buf b = BUF(4096);
	CLEANUP(pdf_params_freep) struct pdf_params *p = NULL;
	CHECK_OK(pdf_params_words(&(struct pdf_words){ 0 }, &b));
	CHECK(b.len == 0);
	CHECK_OK(pdf_params_words(
	    &(struct pdf_words){ .certify = "nothing", .lock = "Họ tên,a.b" },
	    &b));
	CHECK_OK(pdf_params_unpack(buf_bytes(&b), &p));
	CHECK(p != NULL && p->certify == PDF_CERTIFY_NOTHING &&
	      p->lock == PDF_LOCK_INCLUDE && p->nlock_fields == 2 &&
	      strcmp(p->lock_fields[1], "a.b") == 0);
	pdf_params_free(TAKE(p));
	buf_clear(&b);
	CHECK_OK(pdf_params_words(&(struct pdf_words){ .lock = "*" }, &b));
	CHECK_OK(pdf_params_unpack(buf_bytes(&b), &p));
	CHECK(
	    p != NULL && p->lock == PDF_LOCK_ALL && p->certify == PDF_APPROVAL);
	CHECK_ERR(
	    pdf_params_words(&(struct pdf_words){ .certify = "all" }, &b),
	    ERR_USAGE);
}

int
main(void)
{
	RUN(parameters_come_back_as_they_were);
	RUN(nothing_asked_for_is_nothing_found);
	RUN(every_shorter_message_is_refused);
	RUN(unknown_choices_are_refused);
	RUN(words_of_people_become_parameters);
	return DONE();
}

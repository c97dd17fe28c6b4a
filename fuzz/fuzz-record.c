/* Records out of packed fields; what is rendered is one line for each field,
 * whatever the fields hold. */
#include <stdlib.h>

#include "signd/records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
count_lines(const struct buf *text, size_t want)
{
	size_t lines = 0;
	for (size_t i = 0; i < text->len; i++)
		lines += text->ptr[i] == '\n';
	if (lines != want)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	struct enrolment_record e = { 0 };
	struct revocation_record r = { 0 };
	CLEANUP(buf_done) struct buf one = BUF(RECORD_MAX);
	CLEANUP(buf_done) struct buf two = BUF(RECORD_MAX);
	struct unpack u = unpack_of(in);
	struct err *bad = enrolment_record_unpack(&u, &e);
	if (bad == NULL && (bad = enrolment_record_render(&e, &one)) == NULL)
		count_lines(&one, ENROLMENT_FIELDS + 1);
	err_free(bad);
	u = unpack_of(in);
	bad = revocation_record_unpack(&u, &r);
	if (bad == NULL && (bad = revocation_record_render(&r, &two)) == NULL)
		count_lines(&two, REVOCATION_FIELDS + 1);
	err_free(bad);
	enrolment_record_done(&e);
	revocation_record_done(&r);
	return 0;
}

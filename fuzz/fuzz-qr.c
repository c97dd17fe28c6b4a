/* Any bytes as a card's QR code and as a subject's identifier. */
#include "identity/qr.h"
#include "identity/subject.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	struct card_qr q = { 0 };
	struct subject_id id;
	struct cccd_hint hint;
	CLEANUP(buf_done) struct buf b = BUF(256);
	err_free(card_qr_parse(in, &q));
	card_qr_done(&q);
	struct err *e = subject_id_parse(in, &id);
	if (e == NULL) {
		(void)cccd_hint_of(bytes_str(id.value), &hint);
		err_free(subject_id_format(id.type, bytes_str(id.value), &b));
	}
	err_free(e);
	return 0;
}

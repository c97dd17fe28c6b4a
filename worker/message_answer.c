/* The answer of `verify`, packed. */
#include "worker/job.h"

#include "base/pack.h"
#include "format/facts_pack.h"
#include "worker/message_source.h"

#include <string.h>

enum {
	TAG_INDICATION = 1,
	TAG_SUB,
	TAG_CODE,
	TAG_SIGNATURES,
	TAG_JUDGED,
	TAG_JSON,
	TAG_TEXT_VI,
	TAG_TEXT_EN,
	TAG_HTML_VI,
	TAG_HTML_EN,
	TAG_ETSI,
	TAG_RECEIPT,
	TAG_FACTS,
	TAG_EVIDENCE,
	TAG_READABLE,
};

struct err *
verify_answer_pack(const struct verify_answer *a, struct buf *out)
{
	TRY(pack_u64(out, TAG_INDICATION, (uint64_t)a->indication));
	TRY(pack_u64(out, TAG_SUB, (uint64_t)a->sub));
	TRY(pack_str(out, TAG_CODE, a->code));
	TRY(pack_u64(out, TAG_SIGNATURES, a->signatures));
	TRY(pack_i64(out, TAG_JUDGED, a->time));
	TRY(pack_bytes(out, TAG_JSON, buf_bytes(&a->json)));
	TRY(pack_bytes(out, TAG_TEXT_VI, buf_bytes(&a->text[LANG_VI])));
	TRY(pack_bytes(out, TAG_TEXT_EN, buf_bytes(&a->text[LANG_EN])));
	TRY(pack_bytes(out, TAG_HTML_VI, buf_bytes(&a->html[LANG_VI])));
	TRY(pack_bytes(out, TAG_HTML_EN, buf_bytes(&a->html[LANG_EN])));
	TRY(pack_bytes(out, TAG_ETSI, buf_bytes(&a->etsi)));
	TRY(pack_bytes(out, TAG_RECEIPT, buf_bytes(&a->receipt)));
	if (a->certs.len > 0) {
		TRY(pack_bytes(out, TAG_EVIDENCE, buf_bytes(&a->certs)));
		TRY(pack_bytes(out, TAG_READABLE,
		    bytes_of(a->readable, sizeof(a->readable))));
	}
	if (a->wanted.n == 0)
		return NULL;
	TRY(pack_bytes(out, TAG_FACTS, buf_bytes(&a->facts)));
	return wanted_pack(&a->wanted, out);
}

static struct err *
unpack_report(struct unpack *u, uint16_t tag, struct buf *out)
{
	struct bytes b;
	*out = BUF(REPORT_MAX);
	TRY(unpack_bytes(u, tag, &b));
	if (!utf8_valid(b))
		return err_new(ERR_MALFORMED, NULL, "a report in no UTF-8");
	return buf_append(out, b);
}

static struct err *
unpack_code(struct unpack *u, struct verify_answer *a)
{
	CLEANUP(free_charp) char *code = NULL;
	TRY(unpack_str(u, TAG_CODE, &code));
	if (strlen(code) >= sizeof(a->code))
		return err_new(ERR_MALFORMED, NULL, "a long code");
	strcpy(a->code, code);
	return NULL;
}

static struct err *
unpack_wanted(struct unpack *u, struct verify_answer *a)
{
	struct bytes b;
	if (!unpack_is(u, TAG_FACTS))
		return NULL;
	a->facts = BUF(FACTS_PACKED_MAX);
	TRY(unpack_bytes(u, TAG_FACTS, &b));
	TRY(buf_append(&a->facts, b));
	return wanted_unpack(u, &a->wanted);
}

static struct err *
unpack_evidence(struct unpack *u, struct verify_answer *a)
{
	struct bytes b;
	if (!unpack_is(u, TAG_EVIDENCE))
		return NULL;
	a->certs = BUF(CERTS_PACKED_MAX);
	TRY(unpack_bytes(u, TAG_EVIDENCE, &b));
	TRY(buf_append(&a->certs, b));
	TRY(unpack_bytes(u, TAG_READABLE, &b));
	if (b.len != SOURCES_MAX)
		return err_new(ERR_MALFORMED, NULL, "not one for each source");
	for (size_t i = 0; i < SOURCES_MAX; i++)
		a->readable[i] = b.ptr[i] != 0;
	return NULL;
}

static struct err *
unpack_answer(struct unpack *u, struct verify_answer *a)
{
	uint64_t indication, sub, signatures;
	TRY(unpack_u64(u, TAG_INDICATION, &indication));
	TRY(unpack_u64(u, TAG_SUB, &sub));
	if (indication > TOTAL_FAILED || sub > SUB_GENERIC)
		return err_new(ERR_MALFORMED, NULL, "no such indication");
	a->indication = (enum indication)indication;
	a->sub = (enum sub_indication)sub;
	TRY(unpack_code(u, a));
	TRY(unpack_u64(u, TAG_SIGNATURES, &signatures));
	if (signatures > FACTS_SIGNATURES_MAX)
		return err_new(ERR_MALFORMED, NULL, "too many signatures");
	a->signatures = (size_t)signatures;
	TRY(unpack_i64(u, TAG_JUDGED, &a->time));
	TRY(unpack_report(u, TAG_JSON, &a->json));
	TRY(unpack_report(u, TAG_TEXT_VI, &a->text[LANG_VI]));
	TRY(unpack_report(u, TAG_TEXT_EN, &a->text[LANG_EN]));
	TRY(unpack_report(u, TAG_HTML_VI, &a->html[LANG_VI]));
	TRY(unpack_report(u, TAG_HTML_EN, &a->html[LANG_EN]));
	TRY(unpack_report(u, TAG_ETSI, &a->etsi));
	struct bytes receipt;
	a->receipt = BUF(REPORT_MAX);
	TRY(unpack_bytes(u, TAG_RECEIPT, &receipt));
	TRY(buf_append(&a->receipt, receipt));
	TRY(unpack_evidence(u, a));
	TRY(unpack_wanted(u, a));
	return unpack_end(u);
}

struct err *
verify_answer_unpack(struct bytes packed, struct verify_answer *out)
{
	struct unpack u = unpack_of(packed);
	struct verify_answer a = { 0 };
	struct err *e = unpack_answer(&u, &a);
	if (e != NULL) {
		verify_answer_done(&a);
		return e;
	}
	*out = a;
	return NULL;
}

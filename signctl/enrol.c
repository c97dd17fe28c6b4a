/* signctl enrol: an officer has met a person. */
#include "signctl/service.h"

#include <string.h>

#include "certs/csr.h"
#include "identity/qr.h"

static const struct option_row options[] = {
	OFFICER_OPTIONS,
	{ "name", "TEXT", "full name, as on the card", false },
	{ "subject-id", "TYPE:VALUE", "CCCD:…, HC:… (passport)", false },
	{ "card-qr", "FILE",
	    "what a scanner read from the card's QR code: fills in name and "
	    "number, proves nothing",
	    false },
	{ "province", "TEXT", "province or city of residence", false },
	{ "locality", "TEXT", "ward or commune", false },
	{ "profile", "NAME", "certificate profile (citizen)", false },
	{ "evidence", "KIND", "chip-card, card-seen or passport-seen", false },
	{ "evidence-file", "FILE", "what the desk keeps; only its hash is sent",
	    false },
	{ "consent", "ISO8601", "when the person agreed (now)", false },
	{ "desk", "TEXT", "name of the desk", false },
	{ "key-kind", "KIND", "P-256, P-384, RSA-2048 or RSA-3072", false },
	COMMON_OPTIONS,
};

static struct err *
hash_evidence(const char *path, struct buf *hex)
{
	CLEANUP(input_done) struct input in = { 0 };
	uint8_t digest[DIGEST_MAX];
	TRY(input_open(path, &in));
	TRY(digest_of(DIGEST_SHA256, in.bytes, digest));
	return hex_encode(bytes_of(digest, 32), hex);
}

/* What is filled in from the card, where it is not typed. */
struct prefill {
	struct card_qr qr;
	char *subject_id;
};

static void
prefill_done(struct prefill *p)
{
	card_qr_done(&p->qr);
	free_charp(&p->subject_id);
}

static struct err *
read_card(const struct args *a, struct prefill *p)
{
	CLEANUP(input_done) struct input in = { 0 };
	CLEANUP(buf_done) struct buf id = BUF(64);
	const char *path = args_get(a, "card-qr");
	if (path == NULL)
		return NULL;
	TRY(input_open(path, &in));
	TRY(card_qr_parse(in.bytes, &p->qr));
	TRY(buf_printf(&id, "CCCD:%s", p->qr.number));
	return bytes_dup_str(buf_bytes(&id), &p->subject_id);
}

static struct err *
typed_or(
    const struct args *a, const char *name, const char *card, const char **out)
{
	if (card == NULL || args_has(a, name))
		return args_need(a, name, out);
	*out = card;
	return NULL;
}

static struct err *
fill(const struct args *a, const char *evidence, const char *officer,
    const struct prefill *card, struct signd_enrolment *out)
{
	*out = (struct signd_enrolment){
		.province = args_get(a, "province"),
		.locality = args_get(a, "locality"),
		.profile = args_get(a, "profile"),
		.evidence_sha256 = evidence,
		.consent = args_get(a, "consent"),
		.officer = officer,
		.key_kind = args_get(a, "key-kind"),
	};
	TRY(typed_or(a, "name", card->qr.name, &out->name));
	TRY(typed_or(a, "subject-id", card->subject_id, &out->subject_id));
	/* The officer approves what is written here. */
	if (card->subject_id != NULL)
		fprintf(stderr, "%s, %s\n", out->name, out->subject_id);
	TRY(args_need(a, "evidence", &out->evidence));
	return args_need(a, "desk", &out->desk);
}

static struct err *
tell(const struct args *a, const char *text)
{
	CLEANUP(json_decrefp) json_t *j = NULL;
	const char *id;
	const char *link;
	TRY(json_read(text, &j));
	TRY(json_text(j, "enrolmentID", &id));
	TRY(json_text(j, "activationLink", &link));
	if (args_has(a, "json"))
		printf("%s\n", text);
	else if (a->lang == LANG_VI)
		printf("Đã ghi nhận hồ sơ cấp chữ ký số %s.\n"
		       "Đưa cho công dân liên kết dùng một lần:\n%s\n",
		    id, link);
	else
		printf("Enrolment %s is recorded.\n"
		       "Hand the citizen this one-time link:\n%s\n",
		    id, link);
	return NULL;
}

static struct err *
run(const struct args *a, int *code)
{
	(void)code;
	CLEANUP(officer_freep) struct officer *officer = NULL;
	CLEANUP(prefill_done) struct prefill card = { .subject_id = NULL };
	CLEANUP(signd_closep) struct signd *s = NULL;
	CLEANUP(buf_done) struct buf evidence = BUF(64);
	CLEANUP(signd_freep) char *text = NULL;
	struct signd_enrolment enrolment;
	const char *file;
	const char *hex;
	TRY(args_need(a, "evidence-file", &file));
	TRY(hash_evidence(file, &evidence));
	TRY(buf_cstr(&evidence, &hex));
	TRY(officer_load(a, &officer));
	TRY(read_card(a, &card));
	TRY(fill(a, hex, officer_fingerprint(officer), &card, &enrolment));
	TRY(officer_open(a, &s));
	TRY(service_err(
	    signd_enrol(s, &enrolment, officer_approve, officer, &text)));
	return tell(a, text);
}

/* ---- a token's key ---- */

static const struct option_row issue_options[] = {
	OFFICER_OPTIONS,
	{ "csr", "FILE", "PKCS#10 request of the token, PEM or DER", false },
	{ "replaces", "HEX", "serial number of the certificate that it renews",
	    false },
	{ "out", "FILE", "where the certificate and its issuers go, PEM",
	    false },
	{ "name", "TEXT", "full name, as on the card; for tls-server the host",
	    false },
	{ "subject-id", "TYPE:VALUE",
	    "CCCD:…, HC:… (passport); for tls-server of who answers for it",
	    false },
	{ "card-qr", "FILE",
	    "what a scanner read from the card's QR code: fills in name and "
	    "number, proves nothing",
	    false },
	{ "province", "TEXT", "province or city of residence", false },
	{ "locality", "TEXT", "ward or commune", false },
	{ "profile", "NAME",
	    "certificate profile (citizen); officer and tls-server where "
	    "issue-profile allows them",
	    false },
	{ "evidence", "KIND", "chip-card, card-seen or passport-seen", false },
	{ "evidence-file", "FILE", "what the desk keeps; only its hash is sent",
	    false },
	{ "consent", "ISO8601", "when the person agreed (now)", false },
	{ "desk", "TEXT", "name of the desk", false },
	COMMON_OPTIONS,
};

#define CSR_HEAD "-----BEGIN CERTIFICATE REQUEST-----"
#define CSR_END "-----END CERTIFICATE REQUEST-----"

/* PEM's text between its lines, or DER as it is. */
static struct err *
read_csr(const char *path, struct buf *der)
{
	CLEANUP(input_done) struct input in = { 0 };
	TRY(input_open(path, &in));
	size_t head = bytes_find(in.bytes, BYTES_LIT(CSR_HEAD));
	if (head == SIZE_MAX)
		return buf_append(der, in.bytes);
	struct bytes text = bytes_from(in.bytes, head + strlen(CSR_HEAD));
	size_t end = bytes_find(text, BYTES_LIT(CSR_END));
	if (end == SIZE_MAX)
		return err_new(
		    ERR_MALFORMED, "RFC 7468 7", "%s has no end", path);
	return base64_decode_ws(bytes_slice(text, 0, end), der);
}

static struct err *
write_certificates(const struct args *a, const json_t *list)
{
	const char *path = args_get(a, "out");
	if (path == NULL)
		return NULL;
	FILE *f = fopen(path, "we");
	if (f == NULL)
		return err_new(ERR_USAGE, NULL, "%s cannot be written", path);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *b64 = json_string_value(json_array_get(list, i));
		fputs("-----BEGIN CERTIFICATE-----\n", f);
		for (; b64 != NULL && *b64 != '\0'; b64 += strnlen(b64, 64))
			fprintf(f, "%.64s\n", b64);
		fputs("-----END CERTIFICATE-----\n", f);
	}
	return fclose(f) == 0
		   ? NULL
		   : err_new(ERR_REMOTE, NULL, "%s cannot be written", path);
}

static struct err *
tell_issued(const struct args *a, const char *text)
{
	CLEANUP(json_decrefp) json_t *j = NULL;
	const char *serial;
	TRY(json_read(text, &j));
	TRY(json_text(j, "serialNumber", &serial));
	TRY(write_certificates(a, json_object_get(j, "certificates")));
	if (args_has(a, "json"))
		printf("%s\n", text);
	else
		printf(a->lang == LANG_VI ? "Đã cấp chứng thư số sê-ri %s.\n"
					  : "Certificate %s is issued.\n",
		    serial);
	return NULL;
}

static struct err *
send_issue(
    const struct args *a, struct officer *officer, struct signd_issue *request)
{
	CLEANUP(signd_closep) struct signd *s = NULL;
	CLEANUP(signd_freep) char *text = NULL;
	TRY(officer_open(a, &s));
	TRY(service_err(
	    signd_issue(s, request, officer_approve, officer, &text)));
	return tell_issued(a, text);
}

static struct err *
run_issue(const struct args *a, int *code)
{
	(void)code;
	CLEANUP(officer_freep) struct officer *officer = NULL;
	CLEANUP(prefill_done) struct prefill card = { .subject_id = NULL };
	CLEANUP(buf_done) struct buf evidence = BUF(64);
	CLEANUP(buf_done) struct buf csr = BUF(CSR_MAX);
	CLEANUP(buf_done) struct buf hash = BUF(64);
	struct signd_issue request = { .replaces = args_get(a, "replaces") };
	uint8_t digest[DIGEST_MAX];
	const char *file;
	const char *hex;
	TRY(args_need(a, "csr", &file));
	TRY(read_csr(file, &csr));
	TRY(digest_of(DIGEST_SHA256, buf_bytes(&csr), digest));
	TRY(hex_encode(bytes_of(digest, 32), &hash));
	TRY(buf_cstr(&hash, &request.csr_sha256));
	request.csr = (struct signd_bytes){ csr.ptr, csr.len };
	TRY(args_need(a, "evidence-file", &file));
	TRY(hash_evidence(file, &evidence));
	TRY(buf_cstr(&evidence, &hex));
	TRY(officer_load(a, &officer));
	TRY(read_card(a, &card));
	TRY(fill(a, hex, officer_fingerprint(officer), &card, &request.who));
	return send_issue(a, officer, &request);
}

const struct command command_issue = {
	.name = "issue",
	.words = "",
	.summary =
	    "officer: certify the key of a token or server that is brought",
	.options = issue_options,
	.run = run_issue,
};

const struct command command_enrol = {
	.name = "enrol",
	.words = "",
	.summary = "officer: record that a person was met, get the one-time "
		   "link",
	.options = options,
	.run = run,
};

/* signctl enrol: an officer has met a person. */
#include "signctl/service.h"

#include "certs/alg.h"

static const struct option_row options[] = {
	OFFICER_OPTIONS,
	{ "name", "TEXT", "full name, as on the card", false },
	{ "subject-id", "TYPE:VALUE", "CCCD:…, HC:… (passport)", false },
	{ "province", "TEXT", "province or city of residence", false },
	{ "locality", "TEXT", "ward or commune", false },
	{ "profile", "NAME", "certificate profile (citizen)", false },
	{ "evidence", "KIND", "chip-card, card-seen or passport-seen", false },
	{ "evidence-file", "FILE", "what the desk keeps; only its hash is sent",
	    false },
	{ "consent", "ISO8601", "when the person agreed (now)", false },
	{ "desk", "TEXT", "name of the desk", false },
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

static struct err *
fill(const struct args *a, const char *evidence, const char *officer,
    struct signd_enrolment *out)
{
	*out = (struct signd_enrolment){
		.province = args_get(a, "province"),
		.locality = args_get(a, "locality"),
		.profile = args_get(a, "profile"),
		.evidence_sha256 = evidence,
		.consent = args_get(a, "consent"),
		.officer = officer,
	};
	TRY(args_need(a, "name", &out->name));
	TRY(args_need(a, "subject-id", &out->subject_id));
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
	TRY(fill(a, hex, officer_fingerprint(officer), &enrolment));
	TRY(officer_open(a, &s));
	TRY(service_err(
	    signd_enrol(s, &enrolment, officer_approve, officer, &text)));
	return tell(a, text);
}

const struct command command_enrol = {
	.name = "enrol",
	.words = "",
	.summary = "officer: record that a person was met, get the one-time "
		   "link",
	.options = options,
	.run = run,
};

/* signctl revoke, suspend, release and unlock: what an officer does at the desk
 * with a certificate that is there. */
#include "signctl/service.h"

#include <string.h>

static const struct option_row options[] = {
	OFFICER_OPTIONS,
	{ "credential", "ID", "the credential", false },
	{ "serial", "HEX", "serial number of its certificate (asked for)",
	    false },
	{ "reason", "NAME",
	    "keyCompromise, affiliationChanged, superseded, "
	    "cessationOfOperation, privilegeWithdrawn, unspecified",
	    false },
	COMMON_OPTIONS,
};

static const struct option_row hold_options[] = {
	OFFICER_OPTIONS,
	{ "credential", "ID", "the credential", false },
	{ "serial", "HEX", "serial number of its certificate (asked for)",
	    false },
	COMMON_OPTIONS,
};

/* What was done, and from when on. */
static const char *
done_words(const struct args *a)
{
	bool vi = a->lang == LANG_VI;
	if (a->command == &command_suspend)
		return vi ? "Đã tạm dừng chứng thư từ"
			  : "The certificate is suspended since";
	if (a->command == &command_release)
		return vi ? "Đã phục hồi chứng thư lúc"
			  : "The certificate was released at";
	if (a->command == &command_unlock)
		return vi ? "Đã mở khóa chữ ký lúc"
			  : "The signature was unlocked at";
	return vi ? "Đã thu hồi chứng thư lúc"
		  : "The certificate was revoked at";
}

static struct err *
tell(const struct args *a, const char *text)
{
	CLEANUP(json_decrefp) json_t *j = NULL;
	TRY(json_read(text, &j));
	json_t *at = json_object_get(j, "revokedAt");
	CLEANUP(buf_done) struct buf when = BUF(64);
	const char *shown = json_string_value(at);
	if (json_is_integer(at)) {
		TRY(time_format_iso(
		    json_integer_value(at), TIME_VIETNAM_OFFSET_MIN, &when));
		TRY(buf_cstr(&when, &shown));
	}
	if (args_has(a, "json"))
		printf("%s\n", text);
	else
		printf("%s %s.\n", done_words(a), shown != NULL ? shown : "?");
	return NULL;
}

/* The serial number of the credential's certificate, where nobody gave it. */
static struct err *
find_serial(struct signd *s, const char *credential, char **out)
{
	CLEANUP(signd_freep) char *text = NULL;
	CLEANUP(json_decrefp) json_t *j = NULL;
	const char *serial;
	TRY(service_err(signd_credential(s, credential, &text)));
	TRY(json_read(text, &j));
	json_t *cert = json_object_get(j, "cert");
	TRY(json_text(cert, "serialNumber", &serial));
	return bytes_dup_str(bytes_str(serial), out);
}

static struct err *
find_reason(const struct args *a, const char **out)
{
	if (a->command == &command_suspend)
		*out = "certificateHold";
	else if (a->command == &command_release)
		*out = "removeFromCRL";
	else if (a->command == &command_unlock)
		*out = "pinUnlock";
	else
		return args_need(a, "reason", out);
	return NULL;
}

static struct err *
run(const struct args *a, int *code)
{
	(void)code;
	CLEANUP(free_charp) char *serial = NULL;
	CLEANUP(officer_freep) struct officer *officer = NULL;
	CLEANUP(signd_closep) struct signd *s = NULL;
	CLEANUP(signd_freep) char *text = NULL;
	struct signd_revocation r = { .serial = args_get(a, "serial") };
	r.credential = args_get(a, "credential");
	/* A certificate without a credential is named by its number alone. */
	if (r.credential == NULL && r.serial != NULL)
		r.credential = r.serial;
	if (r.credential == NULL)
		TRY(args_need(a, "credential", &r.credential));
	TRY(find_reason(a, &r.reason));
	TRY(officer_load(a, &officer));
	r.officer = officer_fingerprint(officer);
	TRY(officer_open(a, &s));
	if (r.serial == NULL) {
		TRY(find_serial(s, r.credential, &serial));
		r.serial = serial;
	}
	TRY(service_err(signd_revoke(s, &r, officer_approve, officer, &text)));
	return tell(a, text);
}

const struct command command_revoke = {
	.name = "revoke",
	.words = "",
	.summary = "officer: end a certificate",
	.options = options,
	.run = run,
};

const struct command command_suspend = {
	.name = "suspend",
	.words = "",
	.summary = "officer: suspend a certificate",
	.options = hold_options,
	.run = run,
};

const struct command command_release = {
	.name = "release",
	.words = "",
	.summary = "officer: take a suspension back",
	.options = hold_options,
	.run = run,
};

const struct command command_unlock = {
	.name = "unlock",
	.words = "",
	.summary = "officer: give five tries of the PIN again",
	.options = hold_options,
	.run = run,
};

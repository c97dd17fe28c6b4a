/* signctl activate: the citizen sets the PIN; key and certificate are made. */
#include "signctl/service.h"

static const struct option_row options[] = {
	SERVICE_OPTIONS,
	{ "link", "LINK", "the one-time link, or its token", false },
	{ "pin-fd", "N", "read the new PIN from descriptor N", false },
	{ "out", "FILE", "write the certificate and its chain (PEM)", false },
	COMMON_OPTIONS,
};

static struct err *
write_chain(const json_t *answer, const char *path)
{
	CLEANUP(output_done) struct output o = { .fd = -1 };
	const char *pem;
	size_t i;
	json_t *issuer;
	TRY(output_open(path, &o));
	TRY(json_text(answer, "certificate", &pem));
	TRY(write_bytes(o.fd, bytes_str(pem)));
	json_array_foreach(json_object_get(answer, "chain"), i, issuer)
	    TRY(write_bytes(o.fd, bytes_str(json_string_value(issuer))));
	return output_commit(&o);
}

static struct err *
tell(const struct args *a, const char *text, const json_t *answer)
{
	const char *id;
	TRY(json_text(answer, "credentialID", &id));
	if (args_has(a, "json"))
		printf("%s\n", text);
	else
		printf(a->lang == LANG_VI
			   ? "Đã cấp chữ ký số.\ncredential: %s\n"
			   : "Issued.\ncredential: %s\n",
		    id);
	const char *link = json_string_value(json_object_get(answer, "otpauth"));
	if (link != NULL && !args_has(a, "json"))
		printf(a->lang == LANG_VI
			   ? "Thêm vào ứng dụng xác thực ngay; đường dẫn này "
			     "không hiện lại:\n%s\n"
			   : "Add this to an authenticator app now; it is not "
			     "told again:\n%s\n",
		    link);
	return NULL;
}

static struct err *
run(const struct args *a, int *code)
{
	(void)code;
	CLEANUP(signd_closep) struct signd *s = NULL;
	CLEANUP(secret_done) struct secret pin = { 0 };
	CLEANUP(signd_freep) char *text = NULL;
	CLEANUP(json_decrefp) json_t *answer = NULL;
	const char *link;
	TRY(args_need(a, "link", &link));
	TRY(service_open(a, &s));
	TRY(pin_read(a, true, &pin));
	TRY(service_err(signd_activate(s, link, (const char *)pin.ptr, &text)));
	TRY(json_read(text, &answer));
	if (args_has(a, "out"))
		TRY(write_chain(answer, args_get(a, "out")));
	return tell(a, text, answer);
}

const struct command command_activate = {
	.name = "activate",
	.words = "",
	.summary = "set the PIN with the one-time link: key and certificate "
		   "are made",
	.options = options,
	.run = run,
};

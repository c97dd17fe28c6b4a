/* signctl info and ca: what the service and a credential are. */
#include "signctl/service.h"

#include <string.h>

#include "base/messages.h"

static const struct option_row info_options[] = {
	SERVICE_OPTIONS,
	{ "credential", "ID", "tell about this credential", false },
	COMMON_OPTIONS,
};

/* What the service says in a word, as a person reads it, and what to do. */
static void
tell_status(const json_t *credential, const char *status, enum lang lang)
{
	static const struct {
		const char *status;
		const char *code;
	} rows[] = {
		{ "locked", "pin-locked" },
		{ "suspended", "credential-suspended" },
		{ "revoked", "credential-revoked" },
	};
	const struct message *m = NULL;
	bool vi = lang == LANG_VI;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (strcmp(rows[i].status, status) == 0)
			m = message_find(rows[i].code);
	printf("%s: ", vi ? "Trạng thái" : "status");
	if (m != NULL)
		printf("%s\n  → %s\n", m->text[lang], m->next[lang]);
	else if (strcmp(status, "active") == 0)
		printf(vi ? "đang dùng được, còn %d lần nhập mã PIN\n"
			  : "in use, %d tries of the PIN left\n",
		    (int)json_integer_value(
			json_object_get(credential, "triesLeft")));
	else
		printf("%s\n", status);
}

static struct err *
tell_credential(const struct args *a, const char *text)
{
	CLEANUP(json_decrefp) json_t *j = NULL;
	const char *subject;
	const char *from;
	const char *to;
	const char *status;
	bool vi = a->lang == LANG_VI;
	TRY(json_read(text, &j));
	TRY(json_text(j, "cert/subjectDN", &subject));
	TRY(json_text(j, "cert/validFrom", &from));
	TRY(json_text(j, "cert/validTo", &to));
	TRY(json_text(j, "status", &status));
	printf("%s: %s\n", vi ? "Chủ thể" : "subject", subject);
	printf("%s: %s – %s\n", vi ? "Hiệu lực" : "validity", from, to);
	tell_status(j, status, a->lang);
	return NULL;
}

static struct err *
run_info(const struct args *a, int *code)
{
	(void)code;
	CLEANUP(signd_closep) struct signd *s = NULL;
	CLEANUP(signd_freep) char *text = NULL;
	const char *id = args_get(a, "credential");
	TRY(service_open(a, &s));
	TRY(service_err(id != NULL ? signd_credential(s, id, &text)
				   : signd_info(s, &text)));
	if (id != NULL && !args_has(a, "json"))
		return tell_credential(a, text);
	printf("%s\n", text);
	return NULL;
}

const struct command command_info = {
	.name = "info",
	.words = "",
	.summary = "tell what the service is, or about a credential",
	.options = info_options,
	.run = run_info,
};

static const struct option_row ca_options[] = {
	SERVICE_OPTIONS,
	{ "out", "FILE", "write there instead of standard output", false },
	{ "crl", "FILE", "write the current CRL (DER) there too", false },
	COMMON_OPTIONS,
};

static struct err *
write_crl(struct signd *s, const char *path)
{
	CLEANUP(output_done) struct output o = { .fd = -1 };
	TRY(output_open(path, &o));
	TRY(service_err(signd_crl(s, o.fd)));
	return output_commit(&o);
}

static struct err *
run_ca(const struct args *a, int *code)
{
	(void)code;
	CLEANUP(signd_closep) struct signd *s = NULL;
	CLEANUP(signd_freep) char *pem = NULL;
	CLEANUP(output_done) struct output o = { .fd = -1 };
	const char *path = args_get(a, "out");
	TRY(service_open(a, &s));
	TRY(service_err(signd_ca(s, &pem)));
	TRY(output_open(path != NULL ? path : "-", &o));
	TRY(write_bytes(o.fd, bytes_str(pem)));
	TRY(output_commit(&o));
	return args_has(a, "crl") ? write_crl(s, args_get(a, "crl")) : NULL;
}

const struct command command_ca = {
	.name = "ca",
	.words = "",
	.summary = "fetch the certificates of the service's issuer (PEM)",
	.options = ca_options,
	.run = run_ca,
};

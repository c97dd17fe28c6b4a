#include "signctl/token-tell.h"

#include <stdio.h>
#include <string.h>

/* All that comes from the token went through utf8_escape. */
static const char *
text(const json_t *j, const char *name)
{
	const char *s = json_string_value(json_object_get(j, name));
	return s == NULL ? "" : s;
}

static bool
flag(const json_t *j, const char *name)
{
	return json_is_true(json_object_get(j, name));
}

static const char *
either(enum lang lang, const char *vi, const char *en)
{
	return lang == LANG_VI ? vi : en;
}

static void
line(const char *name, const char *value)
{
	if (*value != '\0')
		printf("    %s: %s\n", name, value);
}

static void
tell_mechanisms(const json_t *token, enum lang lang)
{
	const json_t *m = json_object_get(token, "mechanisms");
	printf("    %s:", either(lang, "Ký được bằng", "Can sign by"));
	static const struct {
		const char *name;
		const char *said;
	} rows[] = { { "ecdsa", " ECDSA" }, { "rsaPkcs1", " RSA-PKCS#1" },
		{ "rsaPss", " RSA-PSS" } };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (flag(m, rows[i].name))
			printf("%s", rows[i].said);
	printf("\n    %s: %s\n", either(lang, "Tạo khóa mới", "Can make keys"),
	    flag(m, "makesEc") && flag(m, "makesRsa") ? "EC, RSA"
	    : flag(m, "makesEc")                      ? "EC"
	    : flag(m, "makesRsa")                     ? "RSA"
						      : "-");
	if (flag(m, "wraps"))
		printf("    %s\n",
		    either(lang, "Bọc khóa được: dùng được cho dịch vụ signd.",
			"Wraps keys: fit for the signd service."));
}

static void
tell_key(const json_t *k, enum lang lang)
{
	const json_t *c = json_object_get(k, "certificate");
	const char *kind = text(k, "kind");
	printf("    - %s%s%s\n",
	    flag(k, "hasKey") ? either(lang, "Khóa ", "Key ")
			      : either(lang, "Chứng thư ", "Certificate "),
	    kind,
	    flag(k, "always") ? either(lang, " (hỏi mã PIN mỗi lần ký)",
				    " (asks for the PIN each time)")
			      : "");
	if (*text(k, "label") != '\0')
		printf("      %s: %s\n", either(lang, "Nhãn", "Label"),
		    text(k, "label"));
	printf("      %s: %s\n", either(lang, "Địa chỉ", "Address"),
	    text(k, "uri"));
	if (c == NULL)
		return;
	printf("      %s: %s\n", either(lang, "Chủ thể", "Subject"),
	    text(c, "subject"));
	printf("      %s: %s\n", either(lang, "Nơi cấp", "Issuer"),
	    text(c, "issuer"));
	printf("      %s: %s – %s\n", either(lang, "Thời hạn", "Validity"),
	    text(c, "notBefore"), text(c, "notAfter"));
}

static void
tell_findings(const json_t *of, enum lang lang)
{
	size_t i;
	json_t *f;
	json_array_foreach(json_object_get(of, "findings"), i, f)
	{
		const char *code = json_string_value(f);
		const char *next = message_next(code, lang);
		printf("    * %s\n", message_text(code, lang));
		if (*next != '\0')
			printf("      → %s\n", next);
	}
}

static void
tell_pin(const char *code, enum lang lang)
{
	const char *next = message_next(code, lang);
	line("PIN", message_text(code, lang));
	if (*next != '\0')
		printf("      → %s\n", next);
}

static void
tell_token(const json_t *t, enum lang lang)
{
	size_t i;
	json_t *k;
	printf(
	    "  %s: %s\n", either(lang, "Thiết bị", "Token"), text(t, "label"));
	line(either(lang, "Hãng", "Maker"), text(t, "manufacturer"));
	line(either(lang, "Kiểu", "Model"), text(t, "model"));
	line(either(lang, "Số sê-ri", "Serial"), text(t, "serial"));
	/* A token that was never set up has neither. */
	if (*text(t, "pin") != '\0')
		tell_pin(text(t, "pin"), lang);
	if (json_object_get(t, "mechanisms") != NULL)
		tell_mechanisms(t, lang);
	json_array_foreach(json_object_get(t, "keys"), i, k) tell_key(k, lang);
	tell_findings(t, lang);
}

void
token_tell(const json_t *module, enum lang lang)
{
	size_t i;
	json_t *s;
	printf(
	    "%s: %s\n", either(lang, "Mô-đun", "Module"), text(module, "path"));
	line(either(lang, "Hãng", "Maker"), text(module, "manufacturer"));
	line(either(lang, "Mô tả", "Description"), text(module, "description"));
	json_array_foreach(json_object_get(module, "slots"), i, s)
	{
		const json_t *t = json_object_get(s, "token");
		if (t != NULL)
			tell_token(t, lang);
		else
			printf("  %s: %s\n", either(lang, "Khe", "Slot"),
			    text(s, "description"));
		tell_findings(s, lang);
	}
	tell_findings(module, lang);
}

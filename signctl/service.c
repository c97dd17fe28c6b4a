#include "signctl/service.h"

#include "base/json.h"

#include <stdlib.h>
#include <string.h>

/* What went wrong on this side has the name of its kind as its code. */
static enum err_kind
kind_here(const char *code)
{
	for (int kind = ERR_USAGE; kind <= ERR_INTERNAL; kind++)
		if (strcmp(code, err_kind_name((enum err_kind)kind)) == 0)
			return (enum err_kind)kind;
	return ERR_REMOTE;
}

static enum err_kind
kind_of(const struct signd_error *e)
{
	switch (signd_error_status(e)) {
	case 0:
		return kind_here(signd_error_code(e));
	case 500:
	case 502:
	case 503:
	case 504:
		return ERR_REMOTE;
	case 401:
	case 403:
	case 423:
		return ERR_DENIED;
	case 404:
	case 410:
		return ERR_MISSING;
	case 413:
	case 429:
	case 507:
		return ERR_LIMIT;
	case 415:
		return ERR_UNSUPPORTED;
	case 422:
		return ERR_MALFORMED;
	default:
		return ERR_USAGE;
	}
}

struct err *
service_err(struct signd_error *e)
{
	if (e == NULL)
		return NULL;
	const struct message *m = message_find(signd_error_code(e));
	const char *detail = signd_error_detail(e);
	struct err *made = err_new(kind_of(e), NULL, "%s",
	    *detail != '\0' ? detail : signd_error_text(e, "en"));
	signd_error_free(e);
	return m == NULL ? made : err_coded(made, m->code);
}

void
signd_freep(char **s)
{
	signd_free(*s);
}

struct err *
service_open(const struct args *a, struct signd **out)
{
	struct signd_options o = { .ca_file = args_get(a, "cacert"),
		.issuer_file = args_get(a, "issuer") };
	TRY(args_need(a, "url", &o.url));
	return service_err(signd_open(&o, out));
}

struct err *
officer_open(const struct args *a, struct signd **out)
{
	struct signd_options o = { .ca_file = args_get(a, "cacert") };
	TRY(args_need(a, "officer-url", &o.url));
	TRY(args_need(a, "cert", &o.cert_file));
	TRY(args_need(a, "key", &o.key_file));
	return service_err(signd_open(&o, out));
}

struct err *
json_read(const char *text, json_t **out)
{
	struct err *e = json_parse(bytes_str(text), out);
	return e == NULL ? NULL : err_while(e, "the answer");
}

struct err *
json_text(const json_t *j, const char *path, const char **out)
{
	char name[64];
	for (const char *p = path; p != NULL;) {
		const char *slash = strchr(p, '/');
		size_t len = slash ? (size_t)(slash - p) : strlen(p);
		snprintf(name, sizeof(name), "%.*s", (int)len, p);
		j = json_object_get(j, name);
		p = slash ? slash + 1 : NULL;
	}
	if (!json_is_string(j))
		return err_new(
		    ERR_REMOTE, NULL, "the answer has no text '%s'", path);
	*out = json_string_value(j);
	return NULL;
}

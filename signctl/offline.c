#include "signctl/offline.h"

#include <stdlib.h>
#include <string.h>

#include "certs/judge.h"

struct err *
certs_load(const struct args *a, const char *option, struct cert_list *out)
{
	size_t n;
	const char *const *paths = args_all(a, option, &n);
	for (size_t i = 0; i < n; i++) {
		CLEANUP(input_done) struct input in = { 0 };
		size_t before = out->n, passed = 0;
		TRY(input_open(paths[i], &in));
		TRY(err_while(cert_list_read_pool(out, in.bytes, &passed), "%s",
		    paths[i]));
		if (passed > 0 && out->n == before)
			return err_new(ERR_UNSUPPORTED, NULL,
			    "%s: keys of a kind that is not known", paths[i]);
	}
	return NULL;
}

static struct err *
add_status(struct status_files *s, const char *path, bool is_ocsp)
{
	CLEANUP(input_done) struct input in = { 0 };
	TRY(input_open(path, &in));
	if (in.bytes.len > READ_FILE_MAX)
		return err_new(ERR_LIMIT, NULL, "%s: more than %d bytes", path,
		    READ_FILE_MAX);
	s->held[s->n] = BUF(READ_FILE_MAX);
	TRY(err_while(pem_or_der(in.bytes, NULL, &s->held[s->n]), "%s", path));
	s->v[s->n] = (struct status_data){
		.der = buf_bytes(&s->held[s->n]),
		.is_ocsp = is_ocsp,
	};
	s->n++;
	return NULL;
}

struct err *
status_load(const struct args *a, struct status_files *out)
{
	size_t ncrl;
	size_t nocsp;
	const char *const *crls = args_all(a, "crl", &ncrl);
	const char *const *ocsps = args_all(a, "ocsp", &nocsp);
	out->v = calloc(ncrl + nocsp + 1, sizeof(*out->v));
	out->held = calloc(ncrl + nocsp + 1, sizeof(*out->held));
	if (out->v == NULL || out->held == NULL)
		return err_new(ERR_NOMEM, NULL, "status data");
	for (size_t i = 0; i < ncrl; i++)
		TRY(add_status(out, crls[i], false));
	for (size_t i = 0; i < nocsp; i++)
		TRY(add_status(out, ocsps[i], true));
	return NULL;
}

void
status_done(struct status_files *s)
{
	for (size_t i = 0; s->held != NULL && i < s->n; i++)
		buf_done(&s->held[i]);
	free(s->held);
	free(s->v);
	*s = (struct status_files){ 0 };
}

struct err *
time_option(const struct args *a, int64_t *out)
{
	const char *text = args_get(a, "time");
	*out = TIME_NONE;
	if (text == NULL)
		return NULL;
	struct err *e = time_parse_iso(bytes_str(text), out);
	if (e == NULL)
		return NULL;
	err_free(e);
	return err_new(ERR_USAGE, "ISO 8601",
	    "--time wants a time like 2026-11-21T08:00:00+07:00");
}

int
indication_exit(enum indication i)
{
	switch (i) {
	case TOTAL_PASSED:
		return EXIT_VALID;
	case TOTAL_FAILED:
		return EXIT_INVALID;
	case INDETERMINATE:
		return EXIT_INDETERMINATE;
	}
	return EXIT_INDETERMINATE;
}

int
exit_worse(int a, int b)
{
	if (a == EXIT_INVALID || b == EXIT_INVALID)
		return EXIT_INVALID;
	return a == EXIT_VALID ? b : a;
}

/* signctl cert verify: is there a path from a certificate to an anchor? */
#include "signctl/offline.h"

#include <string.h>

static const struct option_row options[] = {
	{ "trust", "FILE", "anchors, PEM or DER", true },
	{ "untrusted", "FILE", "certificates between", true },
	{ "crl", "FILE", "a CRL, PEM or DER", true },
	{ "ocsp", "FILE", "an OCSP answer, DER", true },
	{ "status", "ignore|known|required", "how revocation counts (known)",
	    false },
	{ "time", "ISO8601", "time of validation (now)", false },
	{ "purpose", "NAME", "server, client, timestamp or ocsp", false },
	{ "policy", "OID", "initial policy set", true },
	{ "explicit-policy", NULL, "a policy must be valid all along", false },
	{ "inhibit-mapping", NULL, "policies may not be mapped", false },
	{ "inhibit-any", NULL, "anyPolicy does not count", false },
	{ "lang", "vi|en", "language of what people read", false },
	{ "help", NULL, "this text", false },
	{ NULL, NULL, NULL, false },
};

struct session {
	struct cert_list leaf;
	struct cert_list pool;
	struct cert_list anchors;
	struct status_files status;
	struct path path;
};

static void
session_done(struct session *s)
{
	cert_list_done(&s->leaf);
	cert_list_done(&s->pool);
	cert_list_done(&s->anchors);
	status_done(&s->status);
	path_done(&s->path);
}

static struct err *
wanted_status(const struct args *a, enum status_wanted *out)
{
	const char *word = args_get(a, "status");
	if (word == NULL || strcmp(word, "known") == 0)
		*out = STATUS_IF_KNOWN;
	else if (strcmp(word, "ignore") == 0)
		*out = STATUS_IGNORE;
	else if (strcmp(word, "required") == 0)
		*out = STATUS_REQUIRED;
	else
		return err_new(ERR_USAGE, NULL,
		    "--status wants ignore, known or required");
	return NULL;
}

static struct err *
load(const struct args *a, struct session *s, struct path_request *r)
{
	CLEANUP(input_done) struct input in = { 0 };
	if (a->nwords != 1)
		return err_new(ERR_USAGE, NULL, "which one certificate?");
	TRY(input_open(a->words[0], &in));
	TRY(err_while(
	    cert_list_read(&s->leaf, in.bytes), "%s", a->words[0]));
	TRY(certs_load(a, "trust", &s->anchors));
	TRY(certs_load(a, "untrusted", &s->pool));
	TRY(status_load(a, &s->status));
	TRY(wanted_status(a, &r->status));
	TRY(time_option(a, &r->time));
	if (r->time == TIME_NONE)
		r->time = clock_now(&clock_system);
	r->leaf = s->leaf.v[0];
	r->pool = &s->pool;
	r->anchors = &s->anchors;
	r->status_data = s->status.v;
	r->nstatus_data = s->status.n;
	r->purpose = args_get(a, "purpose");
	r->policies = args_all(a, "policy", &r->npolicies);
	r->explicit_policy = args_has(a, "explicit-policy");
	r->inhibit_mapping = args_has(a, "inhibit-mapping");
	r->inhibit_any = args_has(a, "inhibit-any");
	return NULL;
}

static void
tell(const struct path *p)
{
	printf("%s", path_result_name(p->result));
	if (p->detail[0] != '\0')
		printf(": %s", p->detail);
	putchar('\n');
	for (size_t i = 0; i < p->chain.n; i++)
		printf("  %zu: %s\n", i, cert_subject(p->chain.v[i]));
}

/* What is known to be wrong is invalid; what may yet be found is not. */
static int
path_exit(enum path_result result)
{
	switch (result) {
	case PATH_OK:
		return EXIT_VALID;
	case PATH_NO_CHAIN:
	case PATH_NO_STATUS:
	case PATH_SUSPENDED:
		return EXIT_INDETERMINATE;
	default:
		return EXIT_INVALID;
	}
}

static struct err *
run(const struct args *a, int *code)
{
	CLEANUP(session_done) struct session s = { 0 };
	struct path_request r = { 0 };
	TRY(load(a, &s, &r));
	TRY(path_build(&r, &s.path));
	tell(&s.path);
	*code = path_exit(s.path.result);
	return NULL;
}

const struct command command_cert_verify = {
	.name = "cert verify",
	.words = "FILE",
	.summary = "tell whether a certificate has a path to an anchor",
	.options = options,
	.run = run,
};

/* signd: reads its command line; everything else is in the library. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signd/help.h"
#include "signd/init.h"
#include "signd/operator.h"
#include "signd/process.h"
#include "signd/root-crl.h"
#include "signd/rotate.h"
#include "signd/settings.h"
#include "signd/supervisor.h"
#include "signd/tokencheck.h"

#define EXIT_USAGE 64 /* as sysexits.h has it */
#define EXIT_CONFIG 78

enum option_code {
	OPT_CONFIG = 1000,
	OPT_CHECK,
	OPT_SAMPLE,
	OPT_MAN,
	OPT_HELP,
	OPT_LANG,
	OPT_VERSION,
	OPT_ROLE,
	OPT_SOCKETS,
	OPT_CITIZENS,
	OPT_PLAIN,
	OPT_ORGANIZATION,
	OPT_PROVINCE,
	OPT_PRODUCTION,
	OPT_CHAIN,
	OPT_ANCHOR,
	OPT_PROTOCOL,
	OPT_WITNESS,
	OPT_ROOT_TOKEN,
	OPT_ROOT_PIN,
	OPT_ROOT_KEY,
	OPT_REVOKED,
	OPT_DAYS,
	OPT_PROGRAM
};

static const struct option options[] = {
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "check-config", no_argument, NULL, OPT_CHECK },
	{ "sample-config", no_argument, NULL, OPT_SAMPLE },
	{ "settings-man", no_argument, NULL, OPT_MAN }, /* for the build */
	{ "help", no_argument, NULL, OPT_HELP },
	{ "lang", required_argument, NULL, OPT_LANG },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "organization", required_argument, NULL, OPT_ORGANIZATION },
	{ "province", required_argument, NULL, OPT_PROVINCE },
	{ "production", no_argument, NULL, OPT_PRODUCTION },
	{ "chain-file", required_argument, NULL, OPT_CHAIN },
	{ "anchor-file", required_argument, NULL, OPT_ANCHOR },
	{ "protocol", required_argument, NULL, OPT_PROTOCOL },
	{ "witness", required_argument, NULL, OPT_WITNESS },
	{ "root-token", required_argument, NULL, OPT_ROOT_TOKEN },
	{ "root-pin-file", required_argument, NULL, OPT_ROOT_PIN },
	{ "root-key", required_argument, NULL, OPT_ROOT_KEY },
	{ "revoked", required_argument, NULL, OPT_REVOKED },
	{ "days", required_argument, NULL, OPT_DAYS },
	{ "program", required_argument, NULL, OPT_PROGRAM },
	/* The supervisor's alone: */
	{ "role", required_argument, NULL, OPT_ROLE },
	{ "sockets", required_argument, NULL, OPT_SOCKETS },
	{ "citizens", required_argument, NULL, OPT_CITIZENS },
	{ "plain", required_argument, NULL, OPT_PLAIN },
	{ NULL, 0, NULL, 0 },
};

struct command {
	int what; /* 0: run */
	const char *config;
	const char *lang;    /* of --help; NULL: by the locale */
	const char *program; /* as in spawn.h */
	bool child;
	struct process_args args;
	struct init_options init;
	struct root_crl_options root_crl;
	const char *verb; /* NULL: serve */
	const char *file; /* its argument, or NULL */
};

static int
complain(struct err *e, int status)
{
	fprintf(stderr, "signd: %s\n", err_text(e));
	err_free(e);
	return status;
}

static int
print(struct err *(*make)(struct buf *out))
{
	CLEANUP(buf_done) struct buf b = BUF(SETTINGS_FILE_MAX);
	struct err *e = make(&b);
	if (e != NULL)
		return complain(e, EXIT_FAILURE);
	fwrite(b.ptr, 1, b.len, stdout);
	return EXIT_SUCCESS;
}

static struct err *
read_config(const char *file, struct buf *text, struct settings *out)
{
	TRY(settings_load(file, out));
	/* Children get the text as it was read, not the file as it will be. */
	return settings_render(out, text);
}

static struct err *
check(const struct settings *s)
{
	CLEANUP(buf_done) struct buf b = BUF(SETTINGS_FILE_MAX);
	TRY(settings_render(s, &b));
	fwrite(b.ptr, 1, b.len, stdout);
	return NULL;
}

struct verb {
	const char *name;
	bool wants_file;
};

static const struct verb verbs[] = {
	{ "init", false },
	{ "officer-add", true },
	{ "officer-end", true },
	{ "operator-key", true },
	{ "root-crl", true },
	{ "audit-check", false },
	{ "kek-rotate", false },
	{ "kek-rewrap", false },
	{ "kek-status", false },
	{ "kek-retire", false },
	{ "token-check", false },
};

static struct err *
run_root_crl(const struct command *c, const struct settings *s)
{
	struct root_crl_options o = c->root_crl;
	o.file = c->file;
	o.root_token_uri = c->init.root_token_uri;
	o.root_pin_file = c->init.root_pin_file;
	return signd_root_crl(s, &o, stdout);
}

static struct err *
run_verb(const struct command *c, const struct settings *s)
{
	if (strcmp(c->verb, "kek-rotate") == 0)
		return signd_kek_rotate(s, stdout);
	if (strcmp(c->verb, "kek-rewrap") == 0)
		return signd_kek_rewrap(s, stdout);
	if (strcmp(c->verb, "kek-status") == 0)
		return signd_kek_status(s, stdout);
	if (strcmp(c->verb, "kek-retire") == 0)
		return signd_kek_retire(s, stdout);
	if (strcmp(c->verb, "token-check") == 0)
		return signd_token_check(s, stdout);
	if (strcmp(c->verb, "init") == 0)
		return signd_init(s, &c->init, stdout);
	if (strcmp(c->verb, "officer-add") == 0)
		return signd_officer_add(s, c->file, stdout);
	if (strcmp(c->verb, "officer-end") == 0)
		return signd_officer_end(s, c->file, stdout);
	if (strcmp(c->verb, "operator-key") == 0)
		return signd_operator_key(s, c->file, stdout);
	if (strcmp(c->verb, "root-crl") == 0)
		return run_root_crl(c, s);
	return signd_audit_check(s, stdout);
}

static int
run(const struct command *c)
{
	struct settings s = { 0 };
	CLEANUP(buf_done) struct buf text = BUF(SETTINGS_FILE_MAX);
	struct err *e = read_config(c->config, &text, &s);
	if (e != NULL)
		return complain(e, EXIT_CONFIG);
	if (c->what == OPT_CHECK)
		e = check(&s);
	else if (c->verb != NULL)
		e = run_verb(c, &s);
	else
		e = supervisor_run(&s, buf_bytes(&text), c->program);
	settings_done(&s);
	if (e == NULL)
		return EXIT_SUCCESS;
	bool settings = strcmp(err_code(e), "settings") == 0;
	return complain(e, settings ? EXIT_CONFIG : EXIT_FAILURE);
}

/* `signd VERB [FILE]`, with the options anywhere. */
static bool
take_verb(struct command *c, char **argv, int n)
{
	if (n == 0)
		return true;
	for (size_t i = 0; i < COUNT_OF(verbs); i++)
		if (strcmp(argv[0], verbs[i].name) == 0) {
			c->verb = argv[0];
			c->file = argv[1];
			return n == (verbs[i].wants_file ? 2 : 1);
		}
	return false;
}

#define WITNESSES_MAX 16

static bool
take_witness(struct init_options *o, const char *name)
{
	static const char *names[WITNESSES_MAX];
	if (o->nwitnesses == WITNESSES_MAX)
		return false;
	names[o->nwitnesses++] = name;
	o->witnesses = names;
	return true;
}

static bool
take_init_option(struct init_options *o, int code)
{
	switch (code) {
	case OPT_ORGANIZATION:
		o->organization = optarg;
		return true;
	case OPT_PROVINCE:
		o->province = optarg;
		return true;
	case OPT_PRODUCTION:
		o->production = true;
		return true;
	case OPT_CHAIN:
		o->chain_file = optarg;
		return true;
	case OPT_ANCHOR:
		o->anchor_file = optarg;
		return true;
	case OPT_PROTOCOL:
		o->protocol_file = optarg;
		return true;
	case OPT_WITNESS:
		return take_witness(o, optarg);
	case OPT_ROOT_TOKEN:
		o->root_token_uri = optarg;
		return true;
	case OPT_ROOT_PIN:
		o->root_pin_file = optarg;
		return true;
	default:
		return false;
	}
}

static bool
take_revoked(struct root_crl_options *o, const char *line)
{
	static const char *lines[ROOT_REVOKED_MAX];
	if (o->nrevoked == ROOT_REVOKED_MAX)
		return false;
	lines[o->nrevoked++] = line;
	o->revoked = lines;
	return true;
}

static bool
take_root_crl_option(struct root_crl_options *o, int code, bool *ok)
{
	*ok = true;
	switch (code) {
	case OPT_ROOT_KEY:
		o->key_id = optarg;
		return true;
	case OPT_REVOKED:
		*ok = take_revoked(o, optarg);
		return true;
	case OPT_DAYS:
		o->days = strtol(optarg, NULL, 10);
		*ok = o->days > 0;
		return true;
	default:
		return false;
	}
}

static bool
take_option(struct command *c, int code)
{
	bool ok;
	if (take_init_option(&c->init, code))
		return true;
	if (take_root_crl_option(&c->root_crl, code, &ok))
		return ok;
	switch (code) {
	case OPT_CONFIG:
		c->config = optarg;
		return true;
	case OPT_LANG:
		c->lang = optarg;
		return true;
	case OPT_PROGRAM:
		c->program = optarg;
		return true;
	case OPT_ROLE:
		c->child = true;
		return role_by_name(optarg, &c->args.role);
	case OPT_SOCKETS:
		c->args.sockets = strtoul(optarg, NULL, 10);
		return true;
	case OPT_CITIZENS:
		c->args.citizens = strtoul(optarg, NULL, 10);
		return true;
	case OPT_PLAIN:
		c->args.plain = strtoul(optarg, NULL, 10);
		return true;
	default:
		c->what = code;
		return code >= OPT_CONFIG;
	}
}

int
main(int argc, char **argv)
{
	struct command c = { .config = SIGND_CONFIG_FILE };
	int code;
	while ((code = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (!take_option(&c, code)) {
			fputs("Try signd --help.\n", stderr);
			return EXIT_USAGE;
		}
	if (!take_verb(&c, argv + optind, argc - optind)) {
		fputs("Try signd --help.\n", stderr);
		return EXIT_USAGE;
	}
	if (c.child)
		return process_run(&c.args);
	switch (c.what) {
	case OPT_HELP:
		fputs(help_text(lang_by(c.lang)), stdout);
		return EXIT_SUCCESS;
	case OPT_VERSION:
		puts("signd " PACKAGE_VERSION);
		return EXIT_SUCCESS;
	case OPT_SAMPLE:
		return print(settings_sample);
	case OPT_MAN:
		return print(settings_man);
	default:
		return run(&c);
	}
}

/* signd: reads its command line; everything else is in the library. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signd/process.h"
#include "signd/settings.h"
#include "signd/supervisor.h"

#define EXIT_USAGE 64 /* as sysexits.h has it */
#define EXIT_CONFIG 78

static const char help[] =
    "Usage: signd [--config FILE]\n"
    "\n"
    "Runs the signature service in the foreground until SIGTERM.\n"
    "\n"
    "  --config FILE    settings (default " SIGND_CONFIG_FILE ")\n"
    "  --check-config   reads the settings, tells what is in force, and ends\n"
    "  --sample-config  prints a settings file with every default\n"
    "  --help           this\n"
    "  --version        version\n"
    "\n"
    "Exit status: 0 stopped as asked; 1 could not go on; 64 wrong usage;\n"
    "78 wrong settings.  See signd(8), signd.conf(5).\n";

enum option_code { OPT_CONFIG = 1000, OPT_CHECK, OPT_SAMPLE, OPT_MAN, OPT_HELP,
	OPT_VERSION, OPT_ROLE, OPT_SOCKETS, OPT_CITIZENS };

static const struct option options[] = {
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "check-config", no_argument, NULL, OPT_CHECK },
	{ "sample-config", no_argument, NULL, OPT_SAMPLE },
	{ "settings-man", no_argument, NULL, OPT_MAN }, /* for the build */
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	/* The supervisor's alone: */
	{ "role", required_argument, NULL, OPT_ROLE },
	{ "sockets", required_argument, NULL, OPT_SOCKETS },
	{ "citizens", required_argument, NULL, OPT_CITIZENS },
	{ NULL, 0, NULL, 0 },
};

struct command {
	int what; /* 0: run */
	const char *config;
	bool child;
	struct process_args args;
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

static int
check(const struct settings *s)
{
	CLEANUP(buf_done) struct buf b = BUF(SETTINGS_FILE_MAX);
	struct err *e = settings_render(s, &b);
	if (e != NULL)
		return complain(e, EXIT_FAILURE);
	fwrite(b.ptr, 1, b.len, stdout);
	return EXIT_SUCCESS;
}

static int
run(const struct command *c)
{
	struct settings s = { 0 };
	CLEANUP(buf_done) struct buf text = BUF(SETTINGS_FILE_MAX);
	struct err *e = read_config(c->config, &text, &s);
	if (e != NULL)
		return complain(e, EXIT_CONFIG);
	int status;
	if (c->what == OPT_CHECK) {
		status = check(&s);
	} else {
		e = supervisor_run(&s, buf_bytes(&text));
		bool settings =
		    e != NULL && strcmp(err_code(e), "settings") == 0;
		status = e == NULL
		    ? EXIT_SUCCESS
		    : complain(e, settings ? EXIT_CONFIG : EXIT_FAILURE);
	}
	settings_done(&s);
	return status;
}

static bool
take_option(struct command *c, int code)
{
	switch (code) {
	case OPT_CONFIG:
		c->config = optarg;
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
	if (optind != argc) {
		fputs("signd takes options only; try --help.\n", stderr);
		return EXIT_USAGE;
	}
	if (c.child)
		return process_run(&c.args);
	switch (c.what) {
	case OPT_HELP:
		fputs(help, stdout);
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

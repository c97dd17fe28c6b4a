/* signctl: finds the command, runs it, tells what happened. */
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "signctl/command.h"

static const struct command *const commands[] = {
	&command_verify,
	&command_sign,
	&command_extend,
	&command_preserve,
	&command_authorize,
	&command_activate,
	&command_info,
	&command_ca,
	&command_enrol,
	&command_issue,
	&command_revoke,
	&command_suspend,
	&command_release,
	&command_unlock,
	&command_cert_verify,
	&command_crl_verify,
	&command_ocsp_verify,
	&command_timestamp_verify,
	&command_audit_verify,
	&command_sod_verify,
	&command_trust_show,
	&command_trust_add,
	&command_trust_import,
	&command_trust_sign,
	&command_token_probe,
	&command_token_key_new,
	&command_token_csr,
	&command_token_put_cert,
};

int
exit_code(const struct err *e)
{
	static const int codes[] = {
		[ERR_USAGE] = EXIT_USAGE_ERROR,
		[ERR_MALFORMED] = 65,
		[ERR_MISSING] = 66,
		[ERR_UNSUPPORTED] = 67,
		[ERR_LIMIT] = 68,
		[ERR_REMOTE] = 69,
		[ERR_INTERNAL] = 70,
		[ERR_NOMEM] = 71,
		[ERR_DENIED] = 77,
	};
	return codes[err_kind(e)];
}

/* match says how many words of argv make the name of `c`; 0: they do not. */
static int
match(const struct command *c, int argc, char **argv)
{
	const char *space = strchr(c->name, ' ');
	if (space == NULL)
		return argc > 0 && strcmp(argv[0], c->name) == 0 ? 1 : 0;
	struct bytes first = bytes_of(c->name, (size_t)(space - c->name));
	return argc > 1 && bytes_eq_str(first, argv[0]) &&
		       strcmp(argv[1], space + 1) == 0
		   ? 2
		   : 0;
}

static bool
is_group(const char *word)
{
	size_t len = strlen(word);
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		if (strncmp(commands[i]->name, word, len) == 0 &&
		    commands[i]->name[len] == ' ')
			return true;
	return false;
}

static bool
wants_help(int argc, char **argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

/* How often a PIN may still be tried stands in the service's English line. */
static void
tell_tries(const struct err *e, enum lang lang)
{
	char *end;
	long left = strtol(err_text(e), &end, 10);
	if (lang != LANG_VI || strcmp(err_code(e), "pin-wrong") != 0 ||
	    end == err_text(e) || left < 0)
		return;
	fprintf(stderr, "  Còn %ld lần nhập mã PIN.\n", left);
}

/* tell prints an error as its reader needs it: sentence, next step, detail. */
static void
tell(const struct err *e, enum lang lang)
{
	const char *code = err_code(e);
	const char *next = message_next(code, lang);
	fprintf(stderr, "signctl: %s\n", message_text(code, lang));
	tell_tries(e, lang);
	if (*next != '\0')
		fprintf(stderr, "  → %s\n", next);
	fprintf(stderr, "  [%s] %s%s%s%s\n", code, err_text(e),
	    err_clause(e) != NULL ? " (" : "",
	    err_clause(e) != NULL ? err_clause(e) : "",
	    err_clause(e) != NULL ? ")" : "");
}

static int
run(const struct command *c, int argc, char **argv)
{
	if (wants_help(argc, argv)) {
		help_command(c, args_lang(argc, argv), stdout);
		return EXIT_VALID;
	}
	int code = EXIT_VALID;
	struct args a;
	struct err *e = args_parse(c, argc, argv, &a);
	if (e == NULL)
		e = c->run(&a, &code);
	if (e != NULL) {
		tell(e, a.lang);
		code = exit_code(e);
	}
	err_free(e);
	args_done(&a);
	return code;
}

/* A PIN may pass through this process: no core dump, no debugger. */
static void
protect(void)
{
	const struct rlimit none = { 0, 0 };
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	signal(SIGPIPE, SIG_IGN);
}

int
main(int argc, char **argv)
{
	protect();
	argc--;
	argv++;
	if (argc > ARGUMENTS_MAX) {
		fprintf(stderr, "signctl: more than %d words\n", ARGUMENTS_MAX);
		return EXIT_USAGE_ERROR;
	}
	if (argc > 0 && strcmp(argv[0], "--version") == 0) {
		printf("signctl %s\n", PACKAGE_VERSION);
		return EXIT_VALID;
	}
	for (size_t i = 0; i < COUNT_OF(commands); i++) {
		int words = match(commands[i], argc, argv);
		if (words > 0)
			return run(commands[i], argc - words, argv + words);
	}
	bool wanted = wants_help(argc, argv) ||
		      (argc > 0 && strcmp(argv[0], "help") == 0);
	const char *group = argc > 0 && is_group(argv[0]) ? argv[0] : "";
	enum lang lang = args_lang(argc, argv);
	if (!wanted && argc > 0 && *group == '\0')
		fprintf(stderr,
		    lang == LANG_VI ? "signctl: không có lệnh này: %s\n"
				    : "signctl: no such command: %s\n",
		    argv[0]);
	help_commands(commands, COUNT_OF(commands), group, lang,
	    wanted ? stdout : stderr);
	return wanted ? EXIT_VALID : EXIT_USAGE_ERROR;
}

/*
 * A command of signctl: a row with its options, from which parsing and --help
 * come.  Exit codes: 0 valid or done, 1 invalid, 2 indeterminate, from 64 on:
 * could not do it (see exit_code()).
 */
#ifndef SIGND_SIGNCTL_COMMAND_H
#define SIGND_SIGNCTL_COMMAND_H

#include <stdio.h>

#include "base/base.h"
#include "base/messages.h"

struct option_row {
	const char *name; /* without "--"; NULL ends the table */
	const char *arg;  /* "FILE"; NULL: a flag */
	const char *help; /* one line */
	bool repeated;    /* may be given several times */
};

#define OPTIONS_MAX 96     /* of one command */
#define ARGUMENTS_MAX 4096 /* words on one command line */

struct args {
	const struct command *command;
	const char **values[OPTIONS_MAX]; /* by row of command->options */
	size_t counts[OPTIONS_MAX];
	char *const *words; /* what is no option */
	size_t nwords;
	enum lang lang;
};

struct command {
	const char *name;    /* "sign" or "cert verify" */
	const char *words;   /* "FILE", for the usage line */
	const char *summary; /* one line */
	const char *more;    /* further text for --help, may be NULL */
	const struct option_row *options;
	/* *code is what signctl exits with when there is no error. */
	struct err *(*run)(const struct args *a, int *code);
};

extern const struct command command_activate;
extern const struct command command_authorize;
extern const struct command command_ca;
extern const struct command command_cert_verify;
extern const struct command command_crl_verify;
extern const struct command command_enrol;
extern const struct command command_extend;
extern const struct command command_preserve;
extern const struct command command_info;
extern const struct command command_issue;
extern const struct command command_ocsp_verify;
extern const struct command command_release;
extern const struct command command_revoke;
extern const struct command command_sign;
extern const struct command command_sod_verify;
extern const struct command command_suspend;
extern const struct command command_timestamp_verify;
extern const struct command command_audit_verify;
extern const struct command command_token_csr;
extern const struct command command_token_key_new;
extern const struct command command_token_probe;
extern const struct command command_token_put_cert;
extern const struct command command_trust_add;
extern const struct command command_trust_import;
extern const struct command command_trust_show;
extern const struct command command_trust_sign;
extern const struct command command_unlock;
extern const struct command command_verify;

/* args_parse reads options after the command's name.  ERR_USAGE. */
struct err *args_parse(
    const struct command *c, int argc, char **argv, struct args *out) MUST_USE;
void args_done(struct args *a);
/* The last value, or NULL. */
const char *args_get(const struct args *a, const char *name);
bool args_has(const struct args *a, const char *name);
/* All values of a repeated option. */
const char *const *args_all(
    const struct args *a, const char *name, size_t *count);
/* args_need is args_get, but ERR_USAGE when it is not given. */
struct err *args_need(
    const struct args *a, const char *name, const char **out) MUST_USE;
/* The language that the words ask for, else that of the environment. */
enum lang args_lang(int argc, char **argv);

/* What --help prints (help.c): of one command, and which there are, or those of
 * a group ("": all). */
void help_command(const struct command *c, enum lang lang, FILE *to);
void help_commands(const struct command *const *all, size_t n,
    const char *group, enum lang lang, FILE *to);

enum {
	EXIT_VALID = 0,
	EXIT_INVALID = 1,
	EXIT_INDETERMINATE = 2,
	EXIT_USAGE_ERROR = 64,
};

/* exit_code: usage 64, malformed 65, missing 66, unsupported 67, limit 68,
 * remote 69, internal 70, no memory 71, denied 77. */
int exit_code(const struct err *e);

#endif

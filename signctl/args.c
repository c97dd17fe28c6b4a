#include "signctl/command.h"

#include <stdlib.h>
#include <string.h>

static size_t
find_row(const struct command *c, struct bytes name)
{
	size_t i = 0;
	while (c->options[i].name != NULL &&
	       !bytes_eq_str(name, c->options[i].name))
		i++;
	return i;
}

static struct err *
add_value(struct args *a, size_t row, const char *value)
{
	const struct option_row *o = &a->command->options[row];
	if (a->counts[row] > 0 && !o->repeated)
		return err_new(ERR_USAGE, NULL, "--%s is given twice", o->name);
	const char **longer =
	    realloc(a->values[row], (a->counts[row] + 1) * sizeof(*longer));
	if (longer == NULL)
		return err_new(ERR_NOMEM, NULL, "options");
	longer[a->counts[row]++] = value;
	a->values[row] = longer;
	return NULL;
}

/* take_option reads argv[*at], "--name=value" or "--name value". */
static struct err *
take_option(struct args *a, int argc, char **argv, int *at)
{
	struct bytes word = bytes_str(argv[*at] + 2);
	size_t eq = bytes_find(word, BYTES_LIT("="));
	size_t row = find_row(a->command, bytes_slice(word, 0, eq));
	const struct option_row *o = &a->command->options[row];
	if (o->name == NULL)
		return err_new(
		    ERR_USAGE, NULL, "no such option: %s", argv[*at]);
	if (o->arg == NULL) {
		if (eq != SIZE_MAX)
			return err_new(
			    ERR_USAGE, NULL, "--%s takes no value", o->name);
		return add_value(a, row, "");
	}
	if (eq != SIZE_MAX)
		return add_value(a, row, argv[*at] + 2 + eq + 1);
	if (*at + 1 >= argc)
		return err_new(
		    ERR_USAGE, NULL, "--%s wants %s", o->name, o->arg);
	return add_value(a, row, argv[++*at]);
}

struct err *
args_parse(const struct command *c, int argc, char **argv, struct args *out)
{
	*out = (struct args){ .command = c, .lang = args_lang(argc, argv) };
	bool options = true;
	int words = 0;
	if (find_row(c, BYTES_NONE) >= OPTIONS_MAX)
		return err_new(ERR_INTERNAL, NULL, "OPTIONS_MAX");
	for (int at = 0; at < argc; at++) {
		if (options && strcmp(argv[at], "--") == 0)
			options = false;
		else if (options && strncmp(argv[at], "--", 2) == 0)
			TRY(take_option(out, argc, argv, &at));
		else if (options && argv[at][0] == '-' && argv[at][1] != '\0')
			return err_new(
			    ERR_USAGE, NULL, "no such option: %s", argv[at]);
		else
			argv[words++] = argv[at];
	}
	out->words = argv;
	out->nwords = (size_t)words;
	return NULL;
}

void
args_done(struct args *a)
{
	for (size_t i = 0; i < OPTIONS_MAX; i++)
		free(a->values[i]);
}

const char *const *
args_all(const struct args *a, const char *name, size_t *count)
{
	size_t row = find_row(a->command, bytes_str(name));
	/* Code that several commands share asks for options that one of them
	 * has not. */
	*count = a->command->options[row].name == NULL ? 0 : a->counts[row];
	if (*count == 0)
		return NULL;
	return a->values[row];
}

const char *
args_get(const struct args *a, const char *name)
{
	size_t count;
	const char *const *values = args_all(a, name, &count);
	return count == 0 ? NULL : values[count - 1];
}

bool
args_has(const struct args *a, const char *name)
{
	return args_get(a, name) != NULL;
}

struct err *
args_need(const struct args *a, const char *name, const char **out)
{
	const char *value = args_get(a, name);
	if (value == NULL)
		return err_new(ERR_USAGE, NULL,
		    "--%s is missing; see "
		    "signctl %s --help",
		    name, a->command->name);
	*out = value;
	return NULL;
}

enum lang
args_lang(int argc, char **argv)
{
	const char *wanted = NULL;
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strncmp(argv[i], "--lang=", 7) == 0)
			wanted = argv[i] + 7;
		else if (strcmp(argv[i], "--lang") == 0 && i + 1 < argc)
			wanted = argv[i + 1];
	return lang_by(wanted);
}

/* What --help prints: Vietnamese first, English with --lang en. */
#include <string.h>

#include "signctl/command.h"

#define WIDTH 79     /* columns */
#define COLUMN 29    /* where the text of an option begins, */
#define SUMMARIES 21 /* and that of a command */
#define LEFT_MAX 128 /* bytes of an option and what it takes */

static const char *
help_text(const char *english, enum lang lang)
{
	static const char *const texts[][2] = {
#define HELP(english, vietnamese) { english, vietnamese },
#include "signctl/help.def"
#undef HELP
	};
	for (size_t i = 0; lang == LANG_VI && i < COUNT_OF(texts); i++)
		if (strcmp(texts[i][0], english) == 0)
			return texts[i][1];
	return english;
}

/* Letters and marks of Vietnamese take one column each. */
static int
columns(struct bytes text)
{
	int n = 0;
	for (size_t i = 0; i < text.len; i++)
		n += (text.ptr[i] & 0xc0) != 0x80;
	return n;
}

/* Word after word from column `at`; further lines begin at `indent`, and a
 * paragraph after an empty one. */
static void
print_wrapped(FILE *to, const char *text, int at, int indent)
{
	const char *gap = "";
	for (const char *p = text; *p != '\0';) {
		size_t len = strcspn(p, " \n");
		int wide = columns(bytes_of(p, len));
		if (*gap == ' ' && at + 1 + wide > WIDTH)
			gap = "\n";
		at = *gap == '\n' ? indent : at + (*gap == ' ');
		fprintf(to, "%s%*s%.*s", gap, *gap == '\n' ? indent : 0, "",
		    (int)len, p);
		at += wide;
		p += len;
		gap = strncmp(p, "\n\n", 2) == 0 ? "\n\n" : " ";
		p += strspn(p, " \n");
	}
	fputc('\n', to);
}

static void
print_row(FILE *to, const char *left, int column, const char *text)
{
	int at = fprintf(to, "  %s", left);
	if (at >= column)
		fprintf(to, "\n%*s", column, "");
	else
		fprintf(to, "%*s", column - at, "");
	print_wrapped(to, text, column, column);
}

static void
print_option(FILE *to, const struct option_row *o, enum lang lang)
{
	static const char *const again[] = { [LANG_VI] = " (lặp lại được)",
		[LANG_EN] = " (repeatable)" };
	char left[LEFT_MAX], text[512];
	snprintf(left, sizeof(left), "--%s%s%s", o->name,
	    o->arg != NULL ? " " : "", o->arg != NULL ? o->arg : "");
	snprintf(text, sizeof(text), "%s%s", help_text(o->help, lang),
	    o->repeated ? again[lang] : "");
	print_row(to, left, COLUMN, text);
}

void
help_command(const struct command *c, enum lang lang, FILE *to)
{
	bool vi = lang == LANG_VI;
	fprintf(to, "%s: signctl %s [OPTIONS]%s%s\n\n",
	    vi ? "cách dùng" : "usage", c->name, *c->words != '\0' ? " " : "",
	    c->words);
	print_wrapped(to, help_text(c->summary, lang), 0, 0);
	if (c->more != NULL) {
		fputc('\n', to);
		print_wrapped(to, help_text(c->more, lang), 0, 0);
	}
	fprintf(to, "\n%s:\n", vi ? "các tùy chọn" : "options");
	for (const struct option_row *o = c->options; o->name != NULL; o++)
		print_option(to, o, lang);
}

void
help_commands(const struct command *const *all, size_t n, const char *group,
    enum lang lang, FILE *to)
{
	bool vi = lang == LANG_VI;
	size_t len = strlen(group);
	fprintf(to, "%s: signctl %s%sCOMMAND [OPTIONS] [WORDS]\n\n%s:\n",
	    vi ? "cách dùng" : "usage", group, len > 0 ? " " : "",
	    vi ? "các lệnh" : "commands");
	for (size_t i = 0; i < n; i++)
		if (strncmp(all[i]->name, group, len) == 0)
			print_row(to, all[i]->name, SUMMARIES,
			    help_text(all[i]->summary, lang));
	fputc('\n', to);
	print_wrapped(to,
	    vi ? "'signctl COMMAND --help' nói về từng lệnh; tiếng Anh: thêm "
		 "--lang en. Mã kết thúc: 0 hợp lệ hoặc đã xong, 1 không hợp "
		 "lệ, 2 chưa xác định được, từ 64: không thực hiện được."
	       : "'signctl COMMAND --help' tells about one.  Exit codes: 0 "
		 "valid or done, 1 invalid, 2 indeterminate, 64 and above: "
		 "could not do it.",
	    0, 0);
}

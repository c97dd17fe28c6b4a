#include "signd/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_SIZE 2048 /* bytes; longer lines are cut */

static const char *const level_names[] = { "error", "warning", "info",
	"debug" };

struct err *
log_init(struct log *l, const char *level, const char *role)
{
	for (size_t i = 0; i < COUNT_OF(level_names); i++)
		if (strcmp(level, level_names[i]) == 0) {
			*l = (struct log){ .least = (enum log_level)i,
				.role = role };
			return NULL;
		}
	return err_coded(
	    err_new(ERR_USAGE, NULL, "log-level: no level \"%s\"", level),
	    "settings");
}

const char *
log_quoted(const char *text, char *out, size_t size)
{
	size_t n = 0;
	out[n++] = '"';
	for (; *text != '\0' && n + 2 < size; text++) {
		unsigned char c = (unsigned char)*text;
		out[n++] = c < 0x20 || c == 0x7f ? '?'
			   : c == '"'            ? '\''
						 : *text;
	}
	out[n++] = '"';
	out[n] = '\0';
	return out;
}

/* Control characters, and what turns or breaks a line unseen, may come in with
 * an address: then only ASCII is left of the line. */
static void
clean(char *line, size_t len)
{
	bool text = utf8_printable(bytes_of(line, len));
	for (size_t i = 0; i < len && !text; i++)
		if ((unsigned char)line[i] < 0x20 ||
		    (unsigned char)line[i] >= 0x7f)
			line[i] = '?';
}

void
log_event(const struct log *l, enum log_level level, const char *event,
    const char *fmt, ...)
{
	if (level > l->least)
		return;
	struct time_fields t = time_split(clock_now(&clock_system));
	char line[LINE_SIZE];
	int n = snprintf(line, sizeof(line),
	    "time=%04d-%02d-%02dT%02d:%02d:%02dZ level=%s role=%s pid=%d "
	    "event=%s ",
	    t.year, t.month, t.day, t.hour, t.minute, t.second,
	    level_names[level], l->role, (int)getpid(), event);
	va_list ap;
	va_start(ap, fmt);
	int m = vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, ap);
	va_end(ap);
	size_t len = (size_t)n + (m > 0 ? (size_t)m : 0);
	if (len > sizeof(line) - 2)
		len = sizeof(line) - 2;
	clean(line, len);
	line[len++] = '\n';
	/* One write, so that lines of several processes do not mix. */
	if (write(STDERR_FILENO, line, len) < 0)
		return; /* there is nowhere left to say it */
}

void
log_error(
    const struct log *l, enum log_level level, const char *event, struct err *e)
{
	if (e == NULL)
		return;
	char text[700];
	log_event(l, level, event, "kind=%s code=%s at=%s:%d text=%s",
	    err_kind_name(err_kind(e)), err_code(e), err_file(e), err_line(e),
	    log_quoted(err_text(e), text, sizeof(text)));
	err_free(e);
}

/*
 * Settings: read once from one file, then const.  The table of all of them is
 * signd/settings.def; members are named as the settings are, with underscores.
 */
#ifndef SIGND_SIGND_SETTINGS_H
#define SIGND_SIGND_SETTINGS_H

#include "base/base.h"

#define SETTINGS_FILE_MAX (256 * 1024) /* bytes */
#define SETTINGS_LIST_MAX 256          /* lines of one repeated setting */
#define SETTINGS_VALUE_MAX 4096        /* bytes */

struct settings_list {
	char **v; /* 0-terminated, owned */
	size_t n;
};

/* Text and paths are 0-terminated and never NULL, numbers are in the unit of
 * the table. */
struct settings {
#define SETTING_TYPE_TEXT char *
#define SETTING_TYPE_PATH char *
#define SETTING_TYPE_LIST struct settings_list
#define SETTING_TYPE_NUMBER int64_t
#define SETTING_TYPE_FLAG bool
#define SETTING_SECTION(title)
#define SETTING(member, type, name, unit, least, most, dflt, sentence)         \
	SETTING_TYPE_##type member;
#include "signd/settings.def"
#undef SETTING
#undef SETTING_SECTION
};

/*
 * settings_parse reads the text of a settings file; `file` is its name, for
 * errors.  Lines are `name = value`; # at the start of a line or after white
 * space begins a comment; $CREDENTIALS_DIRECTORY at the start of a path is
 * the directory that systemd names so.  What is not set has its default.
 *
 * ERR_USAGE, code "settings": "FILE:LINE: why": an unknown name, a name set
 * twice, a value that is not of its type or out of bounds.
 */
struct err *settings_parse(
    struct bytes text, const char *file, struct settings *out) MUST_USE;
/* The same from the file itself; ERR_MISSING, ERR_DENIED. */
struct err *settings_load(const char *file, struct settings *out) MUST_USE;
void settings_done(struct settings *s);

/* A file with every setting at its default, as a comment. */
struct err *settings_sample(struct buf *out) MUST_USE;
/* The manual page signd.conf(5), in man(7). */
struct err *settings_man(struct buf *out) MUST_USE;
/* Every setting and its value, as a settings file: what --check-config tells.
 */
struct err *settings_render(const struct settings *s, struct buf *out) MUST_USE;

/* "localhost:8443" or "[::1]:8443" into new strings for free(). */
struct err *settings_host_port(
    const char *text, char **host, char **port) MUST_USE;

#endif

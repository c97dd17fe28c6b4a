/* The pages, built into the program by web/embed.sh. */
#ifndef SIGND_WEB_PAGES_H
#define SIGND_WEB_PAGES_H

#include <stddef.h>

struct web_file {
	const unsigned char *data;
	size_t len; /* bytes */
};

extern const struct web_file web_index_html;
extern const struct web_file web_activate_html;
extern const struct web_file web_app_js;
extern const struct web_file web_activate_js;
extern const struct web_file web_check_js;
extern const struct web_file web_seal_js;
extern const struct web_file web_style_css;

#endif

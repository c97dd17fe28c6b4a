/* usage: two-steps URL CACERT CREDENTIAL IN OUT [NAME VALUE]...: signs by
 * signd_prepare and signd_complete, with what the API takes besides.  The PIN
 * is read from standard input. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client-sdk/signd.h"

static int
told(struct signd_error *e)
{
	if (e == NULL)
		return 0;
	fprintf(stderr, "%s: %s\n", signd_error_code(e),
	    signd_error_detail(e));
	signd_error_free(e);
	return 1;
}

static int
two_steps(struct signd *s, const char *const *argv, const char *pin)
{
	const struct signd_sign_options o = { .more = argv + 6 };
	const struct signd_authorization by = { .pin = pin };
	char *prepared = NULL;
	int in = open(argv[4], O_RDONLY);
	int out = open(argv[5], O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (in < 0 || out < 0)
		return 1;
	int bad = told(signd_prepare(s, argv[3], &o, in, &prepared)) ||
		  told(signd_complete(s, argv[3], by, prepared, in, out));
	signd_free(prepared);
	return close(in) != 0 || close(out) != 0 || bad;
}

int
main(int argc, char **argv)
{
	char pin[64];
	struct signd *s;
	if (argc < 6 || fgets(pin, sizeof(pin), stdin) == NULL)
		return 2;
	pin[strcspn(pin, "\n")] = '\0';
	const struct signd_options o = { .url = argv[1], .ca_file = argv[2] };
	if (told(signd_open(&o, &s)))
		return 1;
	int bad = two_steps(s, (const char *const *)argv, pin);
	signd_close(s);
	return bad;
}

/* A program of somebody else: of signd it knows the installed header and the
 * library alone.
 *
 * program job URL CACERT CREDENTIAL IN OUT: signs and verifies; the PIN is read
 * from standard input.
 * program twice URL CACERT FILE OFFSET: has what follows verified, two times.
 * program wrong URL CACERT FILE: what is refused before anything is sent. */
#include <signd.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
told(struct signd_error *e)
{
	if (e == NULL)
		return 0;
	printf("%s %d %s\n", signd_error_code(e), signd_error_status(e),
	    signd_error_text(e, "en")[0] != '\0' ? "told" : "silent");
	signd_error_free(e);
	return 1;
}

static int
verified(struct signd *s, int fd)
{
	char *report = NULL;
	if (lseek(fd, 0, SEEK_SET) != 0 ||
	    told(signd_verify(s, fd, NULL, NULL, &report)))
		return 1;
	int bad = strstr(report, "\"TOTAL-PASSED\"") == NULL;
	printf("%s\n", bad ? report : "TOTAL-PASSED");
	signd_free(report);
	return bad;
}

static int
job(struct signd *s, char **argv)
{
	char pin[64];
	struct signd_authorization by = { .pin = pin };
	int in = open(argv[5], O_RDONLY);
	int out = open(argv[6], O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (in < 0 || out < 0 || fgets(pin, sizeof(pin), stdin) == NULL)
		return 2;
	pin[strcspn(pin, "\n")] = '\0';
	int bad = told(signd_sign_document(s, argv[4], by, NULL, in, out)) ||
		  verified(s, out);
	return close(in) != 0 || close(out) != 0 || bad;
}

static int
twice(struct signd *s, char **argv)
{
	char *answer = NULL;
	int fd = open(argv[4], O_RDONLY);
	for (int i = 0; i < 2; i++) {
		signd_free(answer);
		answer = NULL;
		if (lseek(fd, atol(argv[5]), SEEK_SET) < 0 ||
		    told(signd_verify(s, fd, NULL, NULL, &answer)))
			return 1;
	}
	printf("%s\n", answer);
	signd_free(answer);
	return close(fd);
}

static int
wrong(struct signd *s, char **argv)
{
	char *json = NULL;
	const struct signd_authorization none = { NULL }, both = {
		.pin = "246813", .sad = "x"
	};
	int fd = open(argv[4], O_RDONLY);
	int blind = open("/dev/null", O_WRONLY);
	int n = told(signd_sign_document(s, "x", none, NULL, fd, blind)) +
		told(signd_sign_document(s, "x", both, NULL, fd, blind)) +
		told(signd_verify(s, -1, NULL, NULL, &json)) +
		told(signd_verify(s, blind, NULL, NULL, &json));
	close(fd);
	close(blind);
	return n != 4 || json != NULL;
}

int
main(int argc, char **argv)
{
	struct signd *s;
	if (argc < 5)
		return 2;
	const struct signd_options o = { .url = argv[2], .ca_file = argv[3],
		.timeout_ms = 60000 };
	if (told(signd_open(&o, &s)))
		return 1;
	int bad = strcmp(argv[1], "job") == 0	  ? job(s, argv)
		  : strcmp(argv[1], "twice") == 0 ? twice(s, argv)
						  : wrong(s, argv);
	signd_close(s);
	return bad;
}

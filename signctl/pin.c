/* A PIN comes from the terminal without echo, or from a descriptor; never
 * from the command line or the environment. */
#include "signctl/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#define PIN_BYTES_MAX 256 /* 64 characters of UTF-8 */

/* read_line reads up to a line end; the rest of the secret stays zero. */
static struct err *
read_line(int fd, struct secret *out)
{
	struct secret s = { 0 };
	TRY(secret_init(&s, PIN_BYTES_MAX + 1));
	size_t len = 0;
	char c;
	for (;;) {
		ssize_t n = read(fd, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || c == '\n' || c == '\r' || len == PIN_BYTES_MAX)
			break;
		s.ptr[len++] = (uint8_t)c;
	}
	wipe(&c, sizeof(c));
	if (len == 0) {
		secret_done(&s);
		return err_coded(
		    err_new(ERR_USAGE, NULL, "an empty PIN"), "pin-form");
	}
	*out = s;
	return NULL;
}

/* A line to read, or a signal that ends us; the signal stays pending. */
static bool
line_comes(int tty, int signals)
{
	struct pollfd p[] = { { .fd = tty, .events = POLLIN },
		{ .fd = signals, .events = POLLIN } };
	while (poll(p, COUNT_OF(p), -1) < 0)
		if (errno != EINTR)
			return false;
	return (p[1].revents & POLLIN) == 0;
}

/* Quiet before the question, or who types fast is seen. */
static struct err *
ask_quietly(int tty, const char *question, int signals, struct secret *out)
{
	struct termios old;
	if (tcgetattr(tty, &old) != 0)
		return err_errno(errno, "the terminal");
	struct termios quiet = old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(tty, TCSAFLUSH, &quiet);
	struct err *e = write_bytes(tty, bytes_str(question));
	if (e == NULL)
		e = line_comes(tty, signals)
			? read_line(tty, out)
			: err_coded(err_new(ERR_DENIED, NULL, "interrupted"),
			      "token-pin-cancelled");
	tcsetattr(tty, TCSAFLUSH, &old);
	err_free(write_bytes(tty, BYTES_LIT("\n")));
	return e;
}

/* Who gives up by Ctrl-C gets the terminal back as it was: signals wait until
 * then. */
static struct err *
ask(int tty, const char *question, struct secret *out)
{
	sigset_t ends, before;
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	sigaddset(&ends, SIGQUIT);
	CLEANUP(close_fdp) int signals = signalfd(-1, &ends, SFD_CLOEXEC);
	if (signals < 0)
		return err_errno(errno, "signalfd");
	pthread_sigmask(SIG_BLOCK, &ends, &before);
	struct err *e = ask_quietly(tty, question, signals, out);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return e;
}

static struct err *
ask_twice(int tty, enum lang lang, struct secret *out)
{
	CLEANUP(secret_done) struct secret again = { 0 };
	CLEANUP(secret_done) struct secret first = { 0 };
	TRY(ask(tty, lang == LANG_VI ? "Mã PIN mới: " : "New PIN: ", &first));
	TRY(ask(
	    tty, lang == LANG_VI ? "Nhập lại mã PIN: " : "Again: ", &again));
	if (!bytes_eq_secret(secret_bytes(&first), secret_bytes(&again)))
		return err_coded(err_new(ERR_USAGE, NULL, "two different PINs"),
		    "pin-differs");
	*out = first;
	first = (struct secret){ 0 };
	return NULL;
}

/* A secret from the descriptor that an option names. */
static struct err *
read_option(const char *option, const char *number, struct secret *out)
{
	char *end;
	long fd = strtol(number, &end, 10);
	if (*end != '\0' || end == number || fd < 0 || fd > 65535)
		return err_new(ERR_USAGE, NULL, "--%s wants a number", option);
	return err_while(read_line((int)fd, out), "--%s", option);
}

struct err *
password_read(const struct args *a, struct secret *out)
{
	const char *number = args_get(a, "password-fd");
	return number == NULL ? NULL : read_option("password-fd", number, out);
}

struct err *
pin_read(const struct args *a, bool confirm, struct secret *out)
{
	const char *number = args_get(a, "pin-fd");
	if (number != NULL)
		return read_option("pin-fd", number, out);
	CLEANUP(close_fdp)
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (tty < 0)
		return err_new(ERR_USAGE, NULL,
		    "no terminal to ask for the PIN; use --pin-fd");
	return confirm
		   ? ask_twice(tty, a->lang, out)
		   : ask(tty, a->lang == LANG_VI ? "Mã PIN: " : "PIN: ", out);
}

struct err *
code_read(const struct args *a, bool asked, struct secret *out)
{
	const char *number = args_get(a, "otp-fd");
	if (number != NULL)
		return read_option("otp-fd", number, out);
	if (!asked || args_has(a, "pin-fd"))
		return NULL;
	CLEANUP(close_fdp)
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (tty < 0)
		return err_new(ERR_USAGE, NULL,
		    "no terminal to ask for the code; use --otp-fd");
	return ask(tty, a->lang == LANG_VI ? "Mã xác thực: " : "Code: ", out);
}

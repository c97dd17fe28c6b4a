/* The fetcher goes nowhere that is nobody's business, however it is written. */
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/pack.h"
#include "net/place.h"
#include "signd/ipc-io.h"
#include "signd/ipc.h"
#include "signd/proto.h"
#include "signd/roles.h"
#include "signd/settings.h"
#include "tests/tap.h"

static char path[] = "/tmp/signd-test-fetcher-XXXXXX";
static pid_t pid;

static void
start(const char *settings)
{
	int listen_fd;
	CHECK_OK(ipc_listen(path, 0600, 8, &listen_fd));
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		struct settings s = { 0 };
		struct err *e = settings_parse(bytes_str(settings), "test", &s);
		if (e == NULL)
			e = fetcher_run(&s, listen_fd);
		_exit(e == NULL ? 0 : 1);
	}
	close(listen_fd);
}

static void
end(void)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	unlink(path);
}

static struct err *
fetch(const char *url, uint64_t timeout_ms)
{
	CLEANUP(buf_done) struct buf body = BUF(4096);
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	TRY(pack_str(&body, 1, url));
	TRY(pack_u64(&body, 2, 1000));
	TRY(pack_u64(&body, 3, timeout_ms));
	return ipc_call(
	    path, FETCH_GET, buf_bytes(&body), NULL, 0, 1 << 20, 60000, &m);
}

static void
refuses_private_addresses_in_every_writing(void)
{
	static const char *const urls[] = { "http://127.0.0.1:1/",
		"http://localhost:1/", "http://2130706433:1/",
		"http://0x7f.1:1/", "http://0177.0.0.1:1/", "http://0:1/",
		"http://10.1.2.3/", "http://172.31.0.1/", "http://192.168.1.1/",
		"http://169.254.169.254/latest", "http://100.64.0.1/",
		"http://224.0.0.1/", "http://255.255.255.255/" };
	for (size_t i = 0; i < COUNT_OF(urls); i++)
		CHECK_CODE(fetch(urls[i], 60000), "fetch-private");
}

static void
refuses_them_in_ipv6_too(void)
{
	static const char *const urls[] = { "http://[::1]:1/", "http://[::]/",
		"http://[::ffff:127.0.0.1]:1/", "http://[::ffff:a00:1]/",
		"http://[::127.0.0.1]/", "http://[fe80::1]/",
		"http://[fec0::1]/", "http://[fc00::1]/", "http://[ff02::1]/",
		"http://[2002:7f00:1::1]/", "http://[2001:0:1::1]/",
		"http://[64:ff9b::7f00:1]/", "http://[64:ff9b:1::808:808]/",
		"http://[64::808:808]/" };
	for (size_t i = 0; i < COUNT_OF(urls); i++)
		CHECK_CODE(fetch(urls[i], 60000), "fetch-private");
}

static void
knows_no_other_scheme(void)
{
	CHECK_CODE(fetch("file:///etc/passwd", 1000), "fetch-failed");
	CHECK_CODE(fetch("ftp://192.0.2.1/", 1000), "fetch-failed");
	CHECK_CODE(fetch("gopher://127.0.0.1:1/x", 1000), "fetch-failed");
	CHECK_CODE(fetch("ldap://127.0.0.1:1/x", 1000), "fetch-failed");
	CHECK_ERR(fetch("http://a/\r\nX: y", 1000), ERR_MALFORMED);
}

static void
refuses_to_start_with_an_exception_that_cannot_fit(void)
{
	static const struct {
		const char *line;
		bool good;
	} rows[] = { { "10.1.2.3", false }, { "10.1.2.3:0", false },
		{ "10.1.2.3:65616", false }, { "localhost:80", false },
		{ "crl.city.vn 10.1.2.3", false }, { "[fd00::1]", false },
		{ "crl.city.vn localhost:80", false },
		{ "[fd00:0::1]:80", false }, { "010.1.2.3:80", false },
		{ "10.1.2.3:80x", false }, { "10.1.2.3:80", true },
		{ "crl.city.vn 10.1.2.3:80", true },
		{ "[fd00::1]:443", true }, { "a.vn [fd00::1]:443", true } };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct place_rules r = { .addresses = &rows[i].line,
			.naddresses = 1 };
		struct err *e = place_rules_check(&r);
		CHECK((e == NULL) == rows[i].good);
		if ((e == NULL) != rows[i].good)
			printf("# %s\n", rows[i].line);
		err_free(e);
	}
	struct settings s = { 0 };
	CHECK_OK(settings_parse(
	    BYTES_LIT("fetch-private-address = 10.1.2.3\n"), "test", &s));
	CHECK_CODE(fetcher_run(&s, -1), "settings");
	settings_done(&s);
}

/* To libcurl 0 would be "for ever", and one fetch keeps the next waiting. */
static void
waits_for_nobody_for_ever(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	char url[64];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(bind(fd, (struct sockaddr *)&a, len) == 0);
	CHECK(listen(fd, 8) == 0);
	CHECK(getsockname(fd, (struct sockaddr *)&a, &len) == 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", ntohs(a.sin_port));
	CHECK_CODE(fetch(url, 0), "fetch-failed");
	CHECK_CODE(fetch(url, 100), "fetch-failed");
	close(fd);
}

int
main(void)
{
	int made = mkstemp(path);
	if (made < 0)
		return 1;
	close(made);
	start("fetch-seconds = 60\n");
	RUN(refuses_private_addresses_in_every_writing);
	RUN(refuses_them_in_ipv6_too);
	RUN(knows_no_other_scheme);
	RUN(refuses_to_start_with_an_exception_that_cannot_fit);
	end();
	start("fetch-private = yes\nfetch-seconds = 2\n");
	RUN(waits_for_nobody_for_ever);
	end();
	return DONE();
}

#include "signd/settings.h"
#include "tests/tap.h"

static struct err *
parse(const char *text, struct settings *s)
{
	return settings_parse(bytes_str(text), "a.conf", s);
}

/* The error must say where and about what. */
static void
refused(const char *text, const char *where, const char *about)
{
	struct settings s = { 0 };
	struct err *e = parse(text, &s);
	CHECK(e != NULL && err_kind(e) == ERR_USAGE);
	CHECK(e != NULL && strcmp(err_code(e), "settings") == 0);
	CHECK(e != NULL && strncmp(err_text(e), where, strlen(where)) == 0);
	CHECK(e != NULL && strstr(err_text(e), about) != NULL);
	if (e == NULL)
		settings_done(&s);
	err_free(e);
}

static void
an_empty_file_is_the_defaults(void)
{
	struct settings s = { 0 };
	CHECK_OK(parse("", &s));
	CHECK(s.document_max == 1073741824);
	CHECK(strcmp(s.state_dir, "/var/lib/signd") == 0);
	CHECK(s.trust_file.n == 0 && !s.fetch_private);
	settings_done(&s);
}

static void
values_of_every_type_are_read(void)
{
	struct settings s = { 0 };
	CHECK_OK(parse("# comment\n\n state-dir =  /tmp/a b # why\n"
		       "document-max = 2M\nfetch-private = yes\n"
		       "trust-file = city /a.pem\ntrust-file = neac /b.pem\r\n"
		       "token-uri = pkcs11:token=a#b",
	    &s));
	CHECK(strcmp(s.state_dir, "/tmp/a b") == 0);
	CHECK(s.document_max == 2097152 && s.fetch_private);
	CHECK(s.trust_file.n == 2);
	CHECK(strcmp(s.trust_file.v[1], "neac /b.pem") == 0);
	CHECK(strcmp(s.token_uri, "pkcs11:token=a#b") == 0);
	settings_done(&s);
}

static void
refuses_an_unknown_name_with_file_and_line(void)
{
	refused("# x\nstate-dirr = /a\n", "a.conf:2:", "\"state-dirr\"");
}

static void
refuses_a_name_set_twice(void)
{
	refused("workers = 1\nworkers = 1\n", "a.conf:2:", "twice");
}

static void
refuses_values_out_of_bounds_or_of_another_type(void)
{
	refused("workers = 257", "a.conf:1:", "between 0 and 256");
	refused("workers = -1", "a.conf:1:", "not a number");
	refused("workers = 1M", "a.conf:1:", "not a number");
	refused("workers =", "a.conf:1:", "not a number");
	refused("document-max = 99999999999999999999", "a.conf:1:", "large");
	refused("document-max = 9223372036854775807G", "a.conf:1:", "between");
	refused("fetch-private = maybe", "a.conf:1:", "yes nor no");
	refused("state-dir = here", "a.conf:1:", "absolute");
	refused("state-dir", "a.conf:1:", "name = value");
	refused("policy = \xff", "a.conf:1:", "UTF-8");
}

static void
credentials_of_systemd_are_found(void)
{
	struct settings s = { 0 };
	unsetenv("CREDENTIALS_DIRECTORY");
	refused("token-pin-file = $CREDENTIALS_DIRECTORY/pin",
	    "a.conf:1:", "not set");
	setenv("CREDENTIALS_DIRECTORY", "/run/credentials/signd", 1);
	CHECK_OK(parse("token-pin-file = $CREDENTIALS_DIRECTORY/pin", &s));
	CHECK(strcmp(s.token_pin_file, "/run/credentials/signd/pin") == 0);
	settings_done(&s);
}

/* The sample with the comment signs taken from its settings is a good file. */
static void
the_sample_reads_back_as_the_defaults(void)
{
	CLEANUP(buf_done) struct buf sample = BUF(SETTINGS_FILE_MAX);
	CLEANUP(buf_done) struct buf open = BUF(SETTINGS_FILE_MAX);
	CHECK_OK(settings_sample(&sample));
	for (size_t i = 0; i < sample.len; i++)
		if (sample.ptr[i] != '#' || sample.ptr[i + 1] == ' ')
			CHECK_OK(buf_byte(&open, sample.ptr[i]));
	struct settings a = { 0 };
	struct settings b = { 0 };
	CHECK_OK(settings_parse(buf_bytes(&open), "sample", &a));
	CHECK_OK(parse("", &b));
	CLEANUP(buf_done) struct buf ra = BUF(SETTINGS_FILE_MAX);
	CLEANUP(buf_done) struct buf rb = BUF(SETTINGS_FILE_MAX);
	CHECK_OK(settings_render(&a, &ra));
	CHECK_OK(settings_render(&b, &rb));
	CHECK(ra.len > 0 && bytes_eq(buf_bytes(&ra), buf_bytes(&rb)));
	settings_done(&a);
	settings_done(&b);
}

static void
the_manual_page_names_every_setting(void)
{
	CLEANUP(buf_done) struct buf man = BUF(SETTINGS_FILE_MAX);
	CHECK_OK(settings_man(&man));
	CHECK(bytes_find(buf_bytes(&man), BYTES_LIT(".B sad\\-seconds\n")) !=
	      SIZE_MAX);
}

static void
host_and_port_are_told_apart(void)
{
	char *host = NULL;
	char *port = NULL;
	CHECK_OK(settings_host_port("[::1]:8443", &host, &port));
	CHECK(strcmp(host, "::1") == 0 && strcmp(port, "8443") == 0);
	free(host);
	free(port);
	CHECK_ERR(settings_host_port("localhost", &host, &port), ERR_USAGE);
	CHECK_ERR(settings_host_port("localhost:", &host, &port), ERR_USAGE);
}

int
main(void)
{
	RUN(an_empty_file_is_the_defaults);
	RUN(values_of_every_type_are_read);
	RUN(refuses_an_unknown_name_with_file_and_line);
	RUN(refuses_a_name_set_twice);
	RUN(refuses_values_out_of_bounds_or_of_another_type);
	RUN(credentials_of_systemd_are_found);
	RUN(the_sample_reads_back_as_the_defaults);
	RUN(the_manual_page_names_every_setting);
	RUN(host_and_port_are_told_apart);
	return DONE();
}

/* A module that wants a string when it starts, named by the settings. */
#include "signd/keyholder.h"
#include "tests/pkcs11/makes.h"
#include "tests/tap.h"

static char dir[] = "/tmp/test-module-XXXXXX";
static struct make nss;

/* The first half of a keyholder: module, token, session, login. */
static struct err *
log_in(const char *module, const char *arguments, const char *uri)
{
	CLEANUP(buf_done) struct buf text = BUF(4096);
	struct settings settings = { 0 };
	TRY(buf_printf(&text,
	    "token-module = %s\ntoken-module-arguments = %s\n"
	    "token-uri = %s\ntoken-pin-file = %s/pin\n",
	    module, arguments, uri, dir));
	TRY(settings_parse(buf_bytes(&text), "test", &settings));
	struct keyholder k = {
		.settings = &settings, .clock = &clock_system, .pin_fd = -1
	};
	struct err *e = keyholder_token(&k, false);
	keyholder_done(&k);
	settings_done(&settings);
	return e;
}

static void
nss_opens_by_what_the_settings_tell_it(void)
{
	if (nss.module == NULL)
		SKIP("no NSS here");
	/* The other one first: a module starts once in a process. */
	struct err *e =
	    log_in(nss.module, "configdir='sql:/nonexistent'", nss.uri);
	CHECK(e != NULL && strcmp(err_code(e), "token-unavailable") == 0);
	err_free(e);
	CHECK_OK(log_in(nss.module, nss.arguments, nss.uri));
}

static void
a_module_that_takes_nothing_is_told_nothing(void)
{
	CHECK_ERR(log_in(softhsm_module(), "configdir='x'", "pkcs11:token=x"),
	    ERR_USAGE);
}

int
main(void)
{
	const char *missing = softhsm_missing();
	if (missing != NULL) {
		printf("1..0 # SKIP %s\n", missing);
		return 0;
	}
	if (mkdtemp(dir) == NULL || softhsm_make(dir, "x") != 0)
		return 99;
	nss = make_nss(dir);
	RUN(nss_opens_by_what_the_settings_tell_it);
	RUN(a_module_that_takes_nothing_is_told_nothing);
	remove_tree(dir);
	return DONE();
}

/* The second factor: codes of an authenticator app, checked in the keyholder.
 */
#define WORLD_MORE "second-factor = totp\n"
#include "tests/signd/world.h"

#include "certs/totp.h"
#include "store/db.h"

#define PIN "bi-mat-2026"

static struct world w;

struct app {
	struct citizen citizen;
	uint8_t secret[TOTP_SECRET];
	char *uri;
};

static void
app_done(struct app *a)
{
	citizen_done(&a->citizen);
	free(a->uri);
}

/* What an app does with secret=... */
static bool
base32_read(const char *text, uint8_t out[TOTP_SECRET])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint32_t held = 0;
	size_t n = 0;
	int bits = 0;
	for (; *text != '\0' && *text != '&'; text++) {
		const char *at = strchr(letters, *text);
		if (at == NULL)
			return false;
		held = held << 5 | (uint32_t)(at - letters);
		for (bits += 5; bits >= 8; bits -= 8)
			if (n < TOTP_SECRET)
				out[n++] = (uint8_t)(held >> (bits - 8));
	}
	return n == TOTP_SECRET;
}

static struct err *
app_make(struct app *a)
{
	CLEANUP(enrolled_done) struct enrolled e = { 0 };
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	struct bytes der;
	TRY(enrol_citizen(&w, &e));
	TRY(pack_str(&body, 1, e.token));
	TRY(pack_str(&body, 2, PIN));
	TRY(ask(&w, SOCKET_KEYHOLDER, KEY_ACTIVATE, &body, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	TRY(unpack_str(&u, 1, &a->citizen.credential));
	TRY(unpack_bytes(&u, 2, &der));
	TRY(cert_parse(der, &a->citizen.cert));
	while (unpack_is(&u, 3))
		TRY(unpack_bytes(&u, 3, &der));
	TRY(unpack_str(&u, 4, &a->uri));
	TRY(unpack_end(&u));
	const char *secret = strstr(a->uri, "?secret=");
	if (secret == NULL || !base32_read(secret + 8, a->secret))
		return err_new(ERR_INTERNAL, NULL, "no secret: %s", a->uri);
	return NULL;
}

static int64_t
step_now(void)
{
	return clock_now(&clock_system) / TOTP_SECONDS;
}

static void
code_of(const struct app *a, int64_t step, char out[8])
{
	uint32_t value = 0;
	CHECK_OK(totp_value(bytes_of(a->secret, TOTP_SECRET), step, &value));
	snprintf(out, 8, "%06u", value % 1000000);
}

/* A code of no step around now. */
static void
wrong_code(const struct app *a, char out[8])
{
	code_of(a, step_now() + 1000, out);
}

static struct err *
sign(const struct app *a, const char *pin, const char *code)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	CLEANUP(buf_done) struct buf alg = BUF(256);
	uint8_t d[DIGEST_MAX];
	TRY(sig_alg_encode(ecdsa_sha256, &alg));
	TRY(pack_str(&body, 1, a->citizen.credential));
	TRY(pack_str(&body, 2, ""));
	TRY(pack_str(&body, 3, pin));
	TRY(pack_bytes(&body, 4, buf_bytes(&alg)));
	TRY(pack_bytes(&body, 5, digest_no(1, d)));
	TRY(pack_bytes(&body, 6, BYTES_NONE));
	if (code != NULL)
		TRY(pack_str(&body, 7, code));
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(ask(&w, SOCKET_KEYHOLDER, KEY_SIGN, &body, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	struct bytes value;
	bool ok = false;
	TRY(unpack_bytes(&u, 1, &value));
	TRY(cert_verify_digest(
	    a->citizen.cert, ecdsa_sha256, digest_no(1, d), value, &ok));
	return ok ? NULL : err_new(ERR_INTERNAL, NULL, "does not verify");
}

static struct err *
buy(const struct app *a, const char *pin, const char *code, struct buf *sad)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	TRY(pack_str(&body, 1, a->citizen.credential));
	TRY(pack_str(&body, 2, pin));
	TRY(pack_u64(&body, 3, 1));
	TRY(pack_str(&body, 4, ""));
	if (code != NULL)
		TRY(pack_str(&body, 7, code));
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(ask(&w, SOCKET_KEYHOLDER, KEY_AUTHORIZE, &body, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	struct bytes got;
	TRY(unpack_bytes(&u, 1, &got));
	return buf_append(sad, got);
}

static struct err *
buy_nothing(const struct app *a, const char *pin, const char *code)
{
	CLEANUP(buf_done) struct buf sad = BUF(SAD_MAX);
	return buy(a, pin, code, &sad);
}

#define CHECK_LEFT(call, n)                                                    \
	do {                                                                   \
		struct err *left_e_ = (call);                                  \
		CHECK(left_e_ != NULL &&                                       \
		      strcmp(err_text(left_e_), n " left") == 0 &&             \
		      strcmp(err_code(left_e_), "pin-wrong") == 0);            \
		err_free(left_e_);                                             \
	} while (0)

static void
the_whole_world_starts(void)
{
	CHECK_OK(world_make(&w));
}

static void
a_code_works_once_and_none_before_it_works_after(void)
{
	CLEANUP(app_done) struct app a = { 0 };
	CLEANUP(buf_done) struct buf sad = BUF(SAD_MAX);
	char now[8], later[8];
	CHECK_OK(app_make(&a));
	int64_t step = step_now();
	code_of(&a, step, now);
	CHECK_OK(sign(&a, PIN, now));
	CHECK_LEFT(sign(&a, PIN, now), "4 tries are");
	CHECK_LEFT(buy_nothing(&a, PIN, now), "3 tries are");
	/* Where a minute has gone by, the next one is too old by now. */
	code_of(&a, step_now() > step ? step_now() : step + 1, later);
	CHECK_OK(buy(&a, PIN, later, &sad));
	CHECK_LEFT(sign(&a, PIN, later), "4 tries are");
	CHECK_LEFT(sign(&a, PIN, now), "3 tries are");
	/* The approval stands for both. */
	CHECK_OK(sign_with(&w, a.citizen.credential, a.citizen.cert,
	    buf_bytes(&sad), "", 5, 1));
}

static void
nobody_learns_which_of_the_two_was_wrong(void)
{
	CLEANUP(app_done) struct app a = { 0 };
	char right[8], wrong[8];
	CHECK_OK(app_make(&a));
	code_of(&a, step_now(), right);
	wrong_code(&a, wrong);
	CHECK_LEFT(sign(&a, PIN, wrong), "4 tries are");
	CHECK_LEFT(sign(&a, "khong-phai", right), "3 tries are");
	CHECK_LEFT(buy_nothing(&a, "khong-phai", wrong), "2 tries are");
	CHECK_LEFT(buy_nothing(&a, PIN, wrong), "1 try is");
	/* A wrong PIN has not used the code up. */
	code_of(&a, step_now(), right);
	CHECK_OK(sign(&a, PIN, right));
}

static void
five_wrong_codes_lock(void)
{
	CLEANUP(app_done) struct app a = { 0 };
	char code[8];
	CHECK_OK(app_make(&a));
	wrong_code(&a, code);
	for (int i = 0; i < 4; i++)
		CHECK_CODE(sign(&a, PIN, code), "pin-wrong");
	CHECK_CODE(sign(&a, PIN, code), "pin-locked");
	code_of(&a, step_now(), code);
	CHECK_CODE(sign(&a, PIN, code), "pin-locked");
}

static void
a_missing_code_is_said_and_is_no_try(void)
{
	CLEANUP(app_done) struct app a = { 0 };
	char wrong[8];
	CHECK_OK(app_make(&a));
	for (int i = 0; i < 7; i++) {
		CHECK_CODE(
		    sign(&a, i % 2 ? PIN : "khong-phai", NULL), "code-missing");
		CHECK_CODE(buy_nothing(&a, PIN, NULL), "code-missing");
	}
	wrong_code(&a, wrong);
	CHECK_LEFT(sign(&a, PIN, wrong), "4 tries are");
}

/* As if it had been used at that step, and the clock set back since. */
static struct err *
use_step(const struct app *a, int64_t step)
{
	static const struct db_schema any = { .count = LEDGER_MIGRATIONS,
		.sync = DB_SYNC_FULL };
	CLEANUP(db_freep) struct db *db = NULL;
	CLEANUP(stmt_donep) struct stmt *q = NULL;
	TRY(db_open(world_path(&w, "ledger/ledger.db"), DB_WRITE, &any, &db));
	TRY(db_prepare(
	    db, "UPDATE credential SET code_step = ?2 WHERE id = ?1", &q));
	stmt_text(q, 1, a->citizen.credential);
	stmt_int(q, 2, step);
	struct err *e = stmt_run(q, NULL);
	stmt_done(TAKE(q));
	return e;
}

/* No code can be right then, and nobody loses a try by it. */
static void
a_clock_that_was_set_back_a_day_takes_no_code_and_no_try(void)
{
	CLEANUP(app_done) struct app a = { 0 };
	char code[8], wrong[8];
	CHECK_OK(app_make(&a));
	CHECK_OK(use_step(&a, step_now() + 86400 / TOTP_SECONDS));
	wrong_code(&a, wrong);
	for (int i = 0; i < 7; i++) {
		code_of(&a, step_now(), code);
		CHECK_CODE(sign(&a, PIN, code), "clock-behind");
		CHECK_CODE(buy_nothing(&a, PIN, code), "clock-behind");
		CHECK_CODE(sign(&a, "khong-phai", wrong), "clock-behind");
	}
	CHECK_OK(use_step(&a, step_now() - 2));
	CHECK_LEFT(sign(&a, PIN, wrong), "4 tries are");
	code_of(&a, step_now(), code);
	CHECK_OK(sign(&a, PIN, code));
}

/* In a process of its own; its end says how it went. */
static pid_t
sign_beside(const struct app *a, const char *code)
{
	fflush(NULL);
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	struct err *e = sign(a, PIN, code);
	_exit(e == NULL ? 0 : strcmp(err_code(e), "pin-wrong") == 0 ? 1 : 2);
}

static void
of_four_uses_of_a_code_at_once_one_signs(void)
{
	CLEANUP(app_done) struct app a = { 0 };
	char code[8];
	pid_t pids[4];
	int ends[3] = { 0 };
	CHECK_OK(app_make(&a));
	code_of(&a, step_now(), code);
	for (size_t i = 0; i < COUNT_OF(pids); i++)
		pids[i] = sign_beside(&a, code);
	for (size_t i = 0; i < COUNT_OF(pids); i++) {
		int status = -1;
		waitpid(pids[i], &status, 0);
		if (WIFEXITED(status) && WEXITSTATUS(status) <= 2)
			ends[WEXITSTATUS(status)]++;
	}
	CHECK(ends[0] == 1);
	CHECK(ends[1] == 3);
}

static void
all_processes_end_when_asked(void)
{
	CHECK(world_done(&w));
}

int
main(void)
{
	RUN(the_whole_world_starts);
	RUN(a_code_works_once_and_none_before_it_works_after);
	RUN(nobody_learns_which_of_the_two_was_wrong);
	RUN(five_wrong_codes_lock);
	RUN(a_missing_code_is_said_and_is_no_try);
	RUN(a_clock_that_was_set_back_a_day_takes_no_code_and_no_try);
	RUN(of_four_uses_of_a_code_at_once_one_signs);
	RUN(all_processes_end_when_asked);
	return DONE();
}

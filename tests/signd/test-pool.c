/* Kinds of keys: the officer's choice, RSA, and pairs made beforehand. */
#define WORLD_MORE "key-kind = RSA-2048\npool-pairs = 2\n"
#include "tests/signd/world.h"

#define PIN "bi-mat-2026"
#define CITIZENS 8 /* more than all pools hold */
#define POLLS 600

static struct world w;

static const struct sig_alg rsa_sha256 = { .form = SIG_RSA_PKCS1,
	.digest = DIGEST_SHA256 };
static const struct sig_alg rsa_pss = { .form = SIG_RSA_PSS,
	.digest = DIGEST_SHA256,
	.mgf1 = DIGEST_SHA256,
	.salt_len = 32 };

static uint64_t
pairs_of_one_keyholder(void)
{
	struct buf none = BUF(0);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	CLEANUP(free_charp) char *label = NULL;
	uint64_t operations = 0, pairs = 0;
	CHECK_OK(ask(&w, SOCKET_KEYHOLDER, KEY_PING, &none, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	CHECK_OK(unpack_str(&u, 1, &label));
	CHECK_OK(unpack_u64(&u, 2, &operations));
	CHECK_OK(unpack_u64(&u, 3, &pairs));
	CHECK(operations >= pairs);
	return pairs;
}

static struct err *
sign(const struct citizen *c, struct sig_alg alg, struct bytes sad)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	CLEANUP(buf_done) struct buf der = BUF(256);
	uint8_t d[DIGEST_MAX];
	bool ok = false;
	struct bytes value;
	TRY(sig_alg_encode(alg, &der));
	TRY(pack_str(&body, 1, c->credential));
	TRY(pack_bytes(&body, 2, sad));
	TRY(pack_str(&body, 3, sad.len > 0 ? "" : PIN));
	TRY(pack_bytes(&body, 4, buf_bytes(&der)));
	TRY(pack_bytes(&body, 5, digest_no(1, d)));
	TRY(pack_bytes(&body, 6, BYTES_NONE));
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(ask(&w, SOCKET_KEYHOLDER, KEY_SIGN, &body, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	TRY(unpack_bytes(&u, 1, &value));
	TRY(cert_verify_digest(c->cert, alg, digest_no(1, d), value, &ok));
	return ok ? NULL : err_new(ERR_INTERNAL, NULL, "does not verify");
}

/* An enrolment for which the officer approved a kind of key. */
static struct err *
enrol_kind(const char *approved, const char *sent, struct enrolled *out)
{
	CLEANUP(enrolment_record_done) struct enrolment_record r = { 0 };
	CLEANUP(buf_done) struct buf record = BUF(RECORD_MAX);
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	TRY(record_make(&w.alice, &r));
	r.key_kind = strdup(approved);
	TRY(enrolment_record_render(&r, &record));
	TRY(enrolment_record_pack(&r, &body));
	TRY(pack_str(&body, 13, sent));
	TRY(approve_bytes(&w.alice, buf_bytes(&record), &body));
	return send_enrol(&w, &body, out);
}

static struct err *
activate_kind(const struct enrolled *e, const char *kind)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(pack_str(&body, 1, e->token));
	TRY(pack_str(&body, 2, PIN));
	TRY(pack_str(&body, 4, kind));
	return ask(&w, SOCKET_KEYHOLDER, KEY_ACTIVATE, &body, &answer);
}

static void
the_whole_world_starts(void)
{
	CHECK_OK(world_make(&w));
}

static int64_t
now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
the_first_citizen_after_the_start_gets_a_key(void)
{
	struct citizen c = { 0 };
	int64_t begin = now_ms();
	CHECK_OK(citizen_make(&w, PIN, &c));
	printf("# took %lld ms\n", (long long)(now_ms() - begin));
	CHECK(cert_key_alg(c.cert) == KEY_RSA);
	CHECK_OK(sign(&c, rsa_sha256, BYTES_NONE));
	citizen_done(&c);
}

static void
keyholders_make_pairs_while_nobody_asks(void)
{
	uint64_t pairs = 0;
	for (int i = 0; i < POLLS && pairs < 2; i++) {
		const struct timespec pause = { .tv_nsec = 100000000 };
		nanosleep(&pause, NULL);
		pairs = pairs_of_one_keyholder();
	}
	CHECK(pairs == 2);
}

static void
citizens_share_no_key_whether_of_the_pool_or_not(void)
{
	struct citizen all[CITIZENS] = { 0 };
	for (int i = 0; i < CITIZENS; i++) {
		CHECK_OK(citizen_make(&w, PIN, &all[i]));
		CHECK(cert_key_alg(all[i].cert) == KEY_RSA &&
		      cert_key_bits(all[i].cert) == 2048);
		CHECK_OK(sign(&all[i], rsa_sha256, BYTES_NONE));
		for (int j = 0; j < i; j++)
			CHECK(EVP_PKEY_eq(cert_key(all[i].cert),
				  cert_key(all[j].cert)) != 1);
	}
	CLEANUP(buf_done) struct buf sad = BUF(SAD_MAX);
	CHECK_OK(authorize(&w, all[0].credential, PIN, 1, 1, 1, &sad));
	CHECK_OK(sign(&all[0], rsa_pss, buf_bytes(&sad)));
	for (int i = 0; i < CITIZENS; i++)
		citizen_done(&all[i]);
}

static void
the_officer_chooses_the_kind_of_key(void)
{
	CLEANUP(enrolled_done) struct enrolled e = { 0 };
	CLEANUP(citizen_done) struct citizen c = { 0 };
	CHECK_OK(enrol_kind("P-384", "P-384", &e));
	CHECK_CODE(activate_kind(&e, "P-256"), "json-field");
	CHECK_OK(activate(&w, e.token, PIN, &c));
	CHECK(cert_key_alg(c.cert) == KEY_EC && cert_key_bits(c.cert) == 384);
}

static void
refuses_a_kind_that_is_none_or_that_nobody_approved(void)
{
	CLEANUP(enrolled_done) struct enrolled e = { 0 };
	CHECK_CODE(enrol_kind("RSA-1024", "RSA-1024", &e), "record-field");
	CHECK_CODE(enrol_kind("RSA-3072", "", &e), "approval-wrong");
	CHECK_CODE(enrol_kind("", "RSA-3072", &e), "approval-wrong");
	CHECK_CODE(enrol_kind("RSA-3072", "P-256", &e), "approval-wrong");
}

#define CROWD 20 /* more than may wait in all keyholders */

/* Asks again when it is told to; tells how often it was. */
static int
activate_until_done(const struct enrolled *e)
{
	int refused = 0;
	for (;;) {
		const struct timespec pause = { .tv_nsec = 200000000 };
		struct err *no = activate_kind(e, "");
		if (no == NULL)
			return refused;
		if (strcmp(err_code(no), "busy") != 0)
			return end_child(no) + 1000;
		err_free(no);
		nanosleep(&pause, NULL);
		refused += refused < 100;
	}
}

static void
a_crowd_is_told_to_come_again_and_others_sign_meanwhile(void)
{
	static struct enrolled all[CROWD];
	struct citizen c = { 0 };
	int refused = 0, failed = 0, running = CROWD, signatures = 0;
	int64_t longest = 0;
	CHECK_OK(citizen_make(&w, PIN, &c));
	for (int i = 0; i < CROWD; i++)
		CHECK_OK(enrol_kind("RSA-3072", "RSA-3072", &all[i]));
	fflush(NULL);
	for (int i = 0; i < CROWD; i++)
		if (fork() == 0) {
			int n = activate_until_done(&all[i]);
			_exit(n > 200 ? 255 : n);
		}
	while (running > 0) {
		int status = 0;
		int64_t begin = now_ms();
		CHECK_OK(sign(&c, rsa_sha256, BYTES_NONE));
		signatures++;
		if (now_ms() - begin > longest)
			longest = now_ms() - begin;
		while (running > 0 && waitpid(-1, &status, WNOHANG) > 0) {
			running--;
			failed +=
			    !WIFEXITED(status) || WEXITSTATUS(status) == 255;
			refused += WIFEXITED(status) ? WEXITSTATUS(status) : 0;
		}
	}
	printf("# told to come again %d times; meanwhile %d signatures, the "
	       "longest %lld ms\n",
	    refused, signatures, (long long)longest);
	CHECK(refused > 0 && failed == 0);
	for (int i = 0; i < CROWD; i++)
		enrolled_done(&all[i]);
	citizen_done(&c);
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
	RUN(the_first_citizen_after_the_start_gets_a_key);
	RUN(keyholders_make_pairs_while_nobody_asks);
	RUN(citizens_share_no_key_whether_of_the_pool_or_not);
	RUN(the_officer_chooses_the_kind_of_key);
	RUN(refuses_a_kind_that_is_none_or_that_nobody_approved);
	RUN(a_crowd_is_told_to_come_again_and_others_sign_meanwhile);
	RUN(all_processes_end_when_asked);
	return DONE();
}

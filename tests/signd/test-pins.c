/* PINs, what approves with them, and who has the ledger but not the PIN. */
#include "tests/signd/citizen.h"

#include "certs/pin_message.h"
#include "signd/operator.h"

/* ---- SADs ---- */

static void
signs_by_sad_once(void)
{
	CLEANUP(buf_done) struct buf sad = BUF(SAD_MAX);
	CHECK_OK(authorize(&w, an.credential, PIN, 10, 3, 3, &sad));
	CHECK_OK(
	    sign_with(&w, an.credential, an.cert, buf_bytes(&sad), "", 10, 3));
	CHECK_CODE(
	    sign_with(&w, an.credential, an.cert, buf_bytes(&sad), "", 10, 3),
	    "sad-used");
}

static void
a_sad_without_digests_is_bound_to_its_count(void)
{
	CLEANUP(buf_done) struct buf sad = BUF(SAD_MAX);
	CHECK_OK(authorize(&w, an.credential, PIN, 0, 0, 2, &sad));
	CHECK_CODE(
	    sign_with(&w, an.credential, an.cert, buf_bytes(&sad), "", 20, 3),
	    "sad-mismatch");
	CHECK_OK(
	    sign_with(&w, an.credential, an.cert, buf_bytes(&sad), "", 20, 2));
}

static void
a_thousand_digests_in_one_approval_keep_their_order(void)
{
	CLEANUP(buf_done) struct buf sad = BUF(SAD_MAX);
	CHECK_OK(authorize(
	    &w, an.credential, PIN, 3000, KEY_DIGESTS_MAX, KEY_DIGESTS_MAX, &sad));
	/* sign_with checks value n under digest n. */
	CHECK_OK(sign_with(&w, an.credential, an.cert, buf_bytes(&sad), "", 3000,
	    KEY_DIGESTS_MAX));
	CHECK_ERR(authorize(&w, an.credential, PIN, 3000, KEY_DIGESTS_MAX + 1,
		      KEY_DIGESTS_MAX + 1, &sad),
	    ERR_LIMIT);
}

static int
uses_of(struct bytes sad, bool *others)
{
	int ends[2];
	if (pipe(ends) != 0)
		return -1;
	for (int i = 0; i < 6; i++)
		if (fork() == 0) {
			struct err *e = sign_with(
			    &w, an.credential, an.cert, sad, "", 30, 1);
			char c = e == NULL                              ? '1'
				 : strcmp(err_code(e), "sad-used") == 0 ? 'u'
									: '?';
			_exit(write(ends[1], &c, 1) == 1 ? 0 : 1);
		}
	close(ends[1]);
	int used = 0;
	char c;
	for (*others = false; read(ends[0], &c, 1) == 1;) {
		used += c == '1';
		*others = *others || c == '?';
	}
	close(ends[0]);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return used;
}

static void
of_six_uses_of_a_sad_at_once_one_succeeds(void)
{
	CLEANUP(buf_done) struct buf sad = BUF(SAD_MAX);
	CHECK_OK(authorize(&w, an.credential, PIN, 30, 1, 1, &sad));
	bool others = true;
	CHECK(uses_of(buf_bytes(&sad), &others) == 1);
	CHECK(!others);
}

/* ---- SADs that do not fit ---- */

static void
refuses_one_digest_more_and_another_digest(void)
{
	CLEANUP(buf_done) struct buf sad = BUF(SAD_MAX);
	CHECK_OK(authorize(&w, an.credential, PIN, 40, 2, 5, &sad));
	struct bytes s = buf_bytes(&sad);
	CHECK_CODE(sign_with(&w, an.credential, an.cert, s, "", 40, 3),
	    "sad-mismatch");
	CHECK_CODE(sign_with(&w, an.credential, an.cert, s, "", 41, 2),
	    "sad-mismatch");
	CHECK_CODE(sign_with(&w, an.credential, an.cert, s, "", 40, 1),
	    "sad-mismatch");
	CHECK_OK(sign_with(&w, an.credential, an.cert, s, "", 40, 2));
}

static void
refuses_a_sad_for_another_credential(void)
{
	CLEANUP(citizen_done) struct citizen other = { 0 };
	CHECK_OK(citizen_make(&w, "khac-hoan-toan", &other));
	CLEANUP(buf_done) struct buf sad = BUF(SAD_MAX);
	CHECK_OK(authorize(&w, an.credential, PIN, 50, 1, 1, &sad));
	CHECK_CODE(sign_with(&w, other.credential, other.cert, buf_bytes(&sad),
		       "", 50, 1),
	    "sad-mismatch");
}

static void
refuses_a_sad_with_any_bit_changed(void)
{
	CLEANUP(buf_done) struct buf sad = BUF(SAD_MAX);
	CHECK_OK(authorize(&w, an.credential, PIN, 60, 1, 1, &sad));
	for (size_t i = 0; i < sad.len; i += 7) {
		sad.ptr[i] ^= 1;
		CHECK_CODE(sign_with(&w, an.credential, an.cert,
			       buf_bytes(&sad), "", 60, 1),
		    "sad-invalid");
		sad.ptr[i] ^= 1;
	}
	CHECK_CODE(sign_with(&w, an.credential, an.cert,
		       bytes_slice(buf_bytes(&sad), 0, sad.len - 1), "", 60, 1),
	    "sad-invalid");
	CHECK_OK(
	    sign_with(&w, an.credential, an.cert, buf_bytes(&sad), "", 60, 1));
}

/* One of three is too short: which one is said, and none is signed. */
static void
the_item_that_is_wrong_is_named_by_its_place(void)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	CLEANUP(buf_done) struct buf alg = BUF(256);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	uint8_t d[DIGEST_MAX];
	CHECK_OK(sig_alg_encode(ecdsa_sha256, &alg));
	CHECK_OK(pack_str(&body, 1, an.credential));
	CHECK_OK(pack_bytes(&body, 2, BYTES_NONE));
	CHECK_OK(pack_str(&body, 3, PIN));
	CHECK_OK(pack_bytes(&body, 4, buf_bytes(&alg)));
	CHECK_OK(pack_bytes(&body, 5, digest_no(1, d)));
	CHECK_OK(pack_bytes(&body, 5, digest_no(2, d)));
	CHECK_OK(pack_bytes(&body, 5, bytes_slice(digest_no(3, d), 0, 31)));
	CHECK_OK(pack_bytes(&body, 6, BYTES_NONE));
	struct err *e = ask(&w, SOCKET_KEYHOLDER, KEY_SIGN, &body, &answer);
	CHECK(e != NULL && strstr(err_text(e), "hashes[2]") != NULL);
	CHECK_ERR(e, ERR_USAGE);
}

/* ---- PINs ---- */

static void
a_wrong_pin_says_how_many_tries_are_left(void)
{
	CLEANUP(citizen_done) struct citizen c = { 0 };
	CHECK_OK(citizen_make(&w, PIN, &c));
	struct err *e =
	    sign_with(&w, c.credential, c.cert, BYTES_NONE, "saisai", 1, 1);
	CHECK(e != NULL && strcmp(err_text(e), "4 tries are left") == 0);
	CHECK_CODE(e, "pin-wrong");
	/* A right one starts the count again. */
	CHECK_OK(sign_with(&w, c.credential, c.cert, BYTES_NONE, PIN, 1, 1));
	for (int i = 0; i < 4; i++)
		CHECK_CODE(sign_with(&w, c.credential, c.cert, BYTES_NONE,
			       "saisai", 1, 1),
		    "pin-wrong");
	CHECK_CODE(
	    sign_with(&w, c.credential, c.cert, BYTES_NONE, "saisai", 1, 1),
	    "pin-locked");
	CHECK_CODE(sign_with(&w, c.credential, c.cert, BYTES_NONE, PIN, 1, 1),
	    "pin-locked");
}

static int
wrong_at_once(const struct citizen *c, int processes)
{
	int ends[2];
	if (pipe(ends) != 0)
		return -1;
	for (int i = 0; i < processes; i++)
		if (fork() == 0) {
			struct err *e = sign_with(&w, c->credential, c->cert,
			    BYTES_NONE, "saisai", 1, 1);
			/* The fifth is told that it is locked now. */
			bool tried =
			    e != NULL &&
			    (strcmp(err_code(e), "pin-wrong") == 0 ||
				strcmp(err_text(e), "0 tries are left") == 0);
			char tell = tried ? 't' : e == NULL ? '!' : '-';
			_exit(write(ends[1], &tell, 1) == 1 ? 0 : 1);
		}
	close(ends[1]);
	int tried = 0;
	char tell;
	while (read(ends[0], &tell, 1) == 1)
		tried += tell == 't' ? 1 : tell == '!' ? 1000 : 0;
	close(ends[0]);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return tried;
}

static void
sixteen_wrong_pins_at_once_buy_five_tries(void)
{
	CLEANUP(citizen_done) struct citizen c = { 0 };
	CHECK_OK(citizen_make(&w, PIN, &c));
	int tried = wrong_at_once(&c, 16) + wrong_at_once(&c, 16);
	if (tried != 5)
		printf("# %d tries\n", tried);
	CHECK(tried == 5);
	CHECK_CODE(sign_with(&w, c.credential, c.cert, BYTES_NONE, PIN, 1, 1),
	    "pin-locked");
}

/* ---- sealed PINs ---- */

/* Authorizes `digests` from `first` with a PIN sealed for `sealed_for`, which a
 * front relays with a request of its own. */
static struct err *
send_sealed(const struct citizen *c, const struct buf *sealed, int first,
    int digests, int count, struct buf *sad)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	uint8_t d[DIGEST_MAX];
	TRY(pack_str(&body, 1, c->credential));
	TRY(pack_str(&body, 2, ""));
	TRY(pack_u64(&body, 3, (uint64_t)count));
	TRY(pack_str(&body, 4, digests == 0 ? "" : digest_oid(DIGEST_SHA256)));
	for (int i = 0; i < digests; i++)
		TRY(pack_bytes(&body, 5, digest_no(first + i, d)));
	TRY(pack_bytes(&body, 6, buf_bytes(sealed)));
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(ask(&w, SOCKET_KEYHOLDER, KEY_AUTHORIZE, &body, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	struct bytes got = BYTES_NONE;
	TRY(unpack_bytes(&u, 1, &got));
	return sad == NULL ? NULL : buf_append(sad, got);
}

static struct err *
pin_certificate(struct cert **out)
{
	struct buf none = BUF(0);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(ask(&w, SOCKET_LEDGER_READ, LEDGER_PIN_KEY, &none, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	struct bytes der = BYTES_NONE;
	TRY(unpack_bytes(&u, 1, &der));
	return cert_parse(der, out);
}

static struct err *
seal_pin(const struct citizen *c, const char *pin, int64_t shift, int first,
    size_t digests, struct buf *out)
{
	CLEANUP(cert_freep) struct cert *to = NULL;
	TRY(pin_certificate(&to));
	uint8_t raw[4][DIGEST_MAX];
	struct bytes list[4];
	for (size_t i = 0; i < digests; i++)
		list[i] = digest_no(first + (int)i, raw[i]);
	const struct pin_purpose p = { .what = PIN_FOR_SIGNING,
		.subject = bytes_str(c->credential),
		.count = digests,
		.digest_oid = digest_oid(DIGEST_SHA256),
		.digests = list,
		.ndigests = digests };
	const struct pin_message m = {
		.time = clock_now(&clock_system) + shift,
		.pin = bytes_str(pin) };
	return pin_message_seal(cert_key(to), &p, &m, out, NULL);
}

static void
a_sealed_pin_signs_what_it_was_sealed_with_once(void)
{
	CLEANUP(buf_done) struct buf sealed = BUF(PIN_MESSAGE_MAX);
	CLEANUP(buf_done) struct buf sad = BUF(SAD_MAX);
	CHECK_OK(seal_pin(&an, PIN, 0, 70, 2, &sealed));
	/* A front that puts others, fewer or more under it. */
	CHECK_CODE(send_sealed(&an, &sealed, 71, 2, 2, NULL), "pin-seal-wrong");
	CHECK_CODE(send_sealed(&an, &sealed, 70, 1, 1, NULL), "pin-seal-wrong");
	CHECK_CODE(send_sealed(&an, &sealed, 70, 2, 3, NULL), "pin-seal-wrong");
	CHECK_CODE(send_sealed(&an, &sealed, 0, 0, 2, NULL), "pin-seal-wrong");
	CHECK_OK(send_sealed(&an, &sealed, 70, 2, 2, &sad));
	CHECK_OK(
	    sign_with(&w, an.credential, an.cert, buf_bytes(&sad), "", 70, 2));
	CHECK_CODE(send_sealed(&an, &sealed, 70, 2, 2, NULL), "pin-replayed");
}

static void
a_sealed_pin_of_another_time_or_credential_is_no_try(void)
{
	CLEANUP(citizen_done) struct citizen c = { 0 };
	CLEANUP(buf_done) struct buf old = BUF(PIN_MESSAGE_MAX);
	CLEANUP(buf_done) struct buf ahead = BUF(PIN_MESSAGE_MAX);
	CLEANUP(buf_done) struct buf others = BUF(PIN_MESSAGE_MAX);
	CLEANUP(buf_done) struct buf wrong = BUF(PIN_MESSAGE_MAX);
	CHECK_OK(citizen_make(&w, PIN, &c));
	CHECK_OK(seal_pin(&c, PIN, -PIN_MESSAGE_SECONDS - 5, 80, 1, &old));
	CHECK_OK(seal_pin(&c, PIN, PIN_MESSAGE_SECONDS + 600, 80, 1, &ahead));
	CHECK_OK(seal_pin(&an, PIN, 0, 80, 1, &others));
	CHECK_OK(seal_pin(&c, "saisai", 0, 80, 1, &wrong));
	CHECK_CODE(send_sealed(&c, &old, 80, 1, 1, NULL), "pin-seal-time");
	CHECK_CODE(send_sealed(&c, &ahead, 80, 1, 1, NULL), "pin-seal-time");
	CHECK_CODE(send_sealed(&c, &others, 80, 1, 1, NULL), "pin-seal-wrong");
	wrong.ptr[0] ^= 1;
	CHECK_CODE(send_sealed(&c, &wrong, 80, 1, 1, NULL), "pin-seal-unknown");
	wrong.ptr[0] ^= 1;
	struct err *e = send_sealed(&c, &wrong, 80, 1, 1, NULL);
	CHECK(e != NULL && strcmp(err_text(e), "4 tries are left") == 0);
	err_free(e);
}

/* Tries that are left after one more wrong PIN. */
static int
left_after_a_wrong_one(const struct citizen *c)
{
	CLEANUP(buf_done) struct buf wrong = BUF(PIN_MESSAGE_MAX);
	int left = -1;
	CHECK_OK(seal_pin(c, "saisai", 0, 80, 1, &wrong));
	struct err *e = send_sealed(c, &wrong, 80, 1, 1, NULL);
	CHECK(e != NULL && sscanf(err_text(e), "%d", &left) == 1);
	err_free(e);
	return left;
}

/* Who kept the owner's message has four guesses, not four each time. */
static void
a_replayed_pin_does_not_start_the_count_anew(void)
{
	CLEANUP(citizen_done) struct citizen c = { 0 };
	CLEANUP(buf_done) struct buf kept = BUF(PIN_MESSAGE_MAX);
	CHECK_OK(citizen_make(&w, PIN, &c));
	CHECK_OK(seal_pin(&c, PIN, 0, 80, 1, &kept));
	CHECK_OK(send_sealed(&c, &kept, 80, 1, 1, NULL));
	CHECK(left_after_a_wrong_one(&c) == 4);
	CHECK_CODE(send_sealed(&c, &kept, 80, 1, 1, NULL), "pin-replayed");
	CHECK(left_after_a_wrong_one(&c) == 3);
	CHECK_CODE(send_sealed(&c, &kept, 80, 1, 1, NULL), "pin-replayed");
	CHECK(left_after_a_wrong_one(&c) == 2);
}

static void
a_new_pin_key_is_used_without_a_restart(void)
{
	CLEANUP(buf_done) struct buf before = BUF(PIN_MESSAGE_MAX);
	CLEANUP(buf_done) struct buf after = BUF(PIN_MESSAGE_MAX);
	CHECK_OK(seal_pin(&an, PIN, 0, 90, 1, &before));
	CHECK_OK(signd_operator_key(&w.settings, "pin-seal", NULL));
	CHECK_OK(seal_pin(&an, PIN, 0, 90, 1, &after));
	for (int i = 0; i < KEYHOLDERS; i++) {
		struct err *e = send_sealed(&an, &after, 90, 1, 1, NULL);
		CHECK(e == NULL || strcmp(err_code(e), "pin-replayed") == 0);
		err_free(e);
	}
	/* A program that cached the old one is told to ask again. */
	struct err *e = send_sealed(&an, &before, 90, 1, 1, NULL);
	CHECK(e == NULL || strcmp(err_code(e), "pin-seal-unknown") == 0);
	err_free(e);
}

/* ---- what somebody with the ledger's file may not ---- */

static void
a_tampered_blob_never_signs(void)
{
	CLEANUP(citizen_done) struct citizen c = { 0 };
	CLEANUP(buf_done) struct buf good = BUF(SEAL_MAX);
	CHECK_OK(citizen_make(&w, PIN, &c));
	CHECK_OK(read_sealed(c.credential, &good));
	for (size_t i = 0; i < good.len; i += 23) {
		good.ptr[i] ^= 4;
		CHECK_OK(meddle("UPDATE credential SET sealed = ?2,"
				" pin_failed = 0 WHERE id = ?1",
		    c.credential, buf_bytes(&good)));
		good.ptr[i] ^= 4;
		struct err *e =
		    sign_with(&w, c.credential, c.cert, BYTES_NONE, PIN, 1, 1);
		CHECK(e != NULL &&
		      (strcmp(err_code(e), "pin-wrong") == 0 ||
			  strcmp(err_code(e), "credential-damaged") == 0));
		err_free(e);
	}
	CHECK_OK(meddle("UPDATE credential SET sealed = ?2,"
			" pin_failed = 0 WHERE id = ?1",
	    c.credential, buf_bytes(&good)));
	CHECK_OK(sign_with(&w, c.credential, c.cert, BYTES_NONE, PIN, 1, 1));
}

static void
a_blob_of_one_credential_opens_under_no_other(void)
{
	CLEANUP(citizen_done) struct citizen c = { 0 };
	CLEANUP(buf_done) struct buf ours = BUF(SEAL_MAX);
	CLEANUP(buf_done) struct buf theirs = BUF(SEAL_MAX);
	CHECK_OK(citizen_make(&w, PIN, &c));
	CHECK_OK(read_sealed(c.credential, &theirs));
	CHECK_OK(read_sealed(an.credential, &ours));
	CHECK_OK(meddle("UPDATE credential SET sealed = ?2 WHERE id = ?1",
	    c.credential, buf_bytes(&ours)));
	/* Even with one and the same PIN. */
	CHECK_CODE(sign_with(&w, c.credential, c.cert, BYTES_NONE, PIN, 1, 1),
	    "credential-damaged");
	CHECK_OK(meddle("UPDATE credential SET sealed = ?2 WHERE id = ?1",
	    c.credential, buf_bytes(&theirs)));
}

static void
a_blob_under_another_version_does_not_open(void)
{
	CLEANUP(citizen_done) struct citizen c = { 0 };
	CHECK_OK(citizen_make(&w, PIN, &c));
	CHECK_OK(meddle("UPDATE credential SET version = 2 WHERE id = ?1",
	    c.credential, BYTES_NONE));
	CHECK_CODE(sign_with(&w, c.credential, c.cert, BYTES_NONE, PIN, 1, 1),
	    "pin-wrong");
}

/* ---- a stolen ledger, with the token and its PIN ---- */

static int calls; /* of the token, by what a thief does */

static struct err *
counted_hmac(void *ctx, struct bytes data, uint8_t out[SEAL_HMAC])
{
	struct keyholder *k = ctx;
	calls++;
	return p11_hmac(&k->session, k->pepper, data, out);
}

/* What a thief has is all that a keyholder has: the file, the token, its PIN.
 * They take the cover off, and then need the PIN: a guess is an Argon2id and a
 * call of the token, and without the call there is nothing to compare with. */
static struct err *
steal(struct keyholder *k, const char *id)
{
	CLEANUP(held_done) struct held h = { 0 };
	CLEANUP(secret_done) struct secret key = { 0 };
	CLEANUP(secret_done) struct secret wrapped = { 0 };
	const struct pepper pepper = { .ctx = k, .hmac = counted_hmac };
	bool ok = true;
	CLEANUP(cover_pass_done) struct cover_pass pass = { 0 };
	TRY(keyholder_fetch(k, bytes_str(id), BYTES_LIT("none"), &pass, &h));
	if (h.sealed.memory_kib < SEAL_MEMORY_MIN ||
	    h.sealed.passes < SEAL_PASSES_MIN)
		return err_new(ERR_INTERNAL, NULL, "a cheap guess");
	for (int i = 0; i < 3; i++) {
		TRY(seal_key(
		    &h.sealed, &pepper, &h.owner, BYTES_LIT("111222"), &key));
		TRY(seal_open(&h.sealed, &h.owner, secret_bytes(&key),
		    &wrapped, &ok));
		secret_done(&key);
		if (ok)
			return err_new(ERR_INTERNAL, NULL, "it opened");
	}
	if (calls != 3)
		return err_new(ERR_INTERNAL, NULL, "%d calls", calls);
	/* Past the PIN: as if the ciphertext were the wrapped key itself. */
	struct p11_kek kek = { 0 };
	CK_OBJECT_HANDLE opened;
	TRY(keyholder_kek(k, h.sealed.kek_id, &kek));
	struct err *e = p11_wrapped_open(
	    &k->session, &kek, KEY_EC, h.sealed.ciphertext, &opened);
	if (e == NULL)
		return err_new(ERR_INTERNAL, NULL, "it unwrapped");
	err_free(e);
	/* The right PIN, to know that all the rest was right. */
	TRY(seal_key(&h.sealed, &pepper, &h.owner, BYTES_LIT(PIN), &key));
	TRY(seal_open(
	    &h.sealed, &h.owner, secret_bytes(&key), &wrapped, &ok));
	return ok ? NULL : err_new(ERR_INTERNAL, NULL, "the right PIN");
}

static void
a_stolen_ledger_with_the_token_and_its_pin_signs_nothing(void)
{
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		struct keyholder k;
		struct err *e = process_drop(w.settings.user_keyholder);
		if (e == NULL)
			e = keyholder_open(&k, &w.settings, -1, &clock_system);
		if (e == NULL) {
			keyholder_lock(&k);
			e = steal(&k, an.credential);
			keyholder_unlock(&k);
		}
		keyholder_done(&k);
		_exit(end_child(e));
	}
	int status = 1;
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

int
main(void)
{
	if (!begin())
		return begin_failed();
	RUN(signs_by_sad_once);
	RUN(a_sad_without_digests_is_bound_to_its_count);
	RUN(a_thousand_digests_in_one_approval_keep_their_order);
	RUN(of_six_uses_of_a_sad_at_once_one_succeeds);
	RUN(refuses_one_digest_more_and_another_digest);
	RUN(refuses_a_sad_for_another_credential);
	RUN(refuses_a_sad_with_any_bit_changed);
	RUN(the_item_that_is_wrong_is_named_by_its_place);
	RUN(a_wrong_pin_says_how_many_tries_are_left);
	RUN(sixteen_wrong_pins_at_once_buy_five_tries);
	RUN(a_sealed_pin_signs_what_it_was_sealed_with_once);
	RUN(a_sealed_pin_of_another_time_or_credential_is_no_try);
	RUN(a_replayed_pin_does_not_start_the_count_anew);
	RUN(a_new_pin_key_is_used_without_a_restart);
	RUN(a_tampered_blob_never_signs);
	RUN(a_blob_of_one_credential_opens_under_no_other);
	RUN(a_blob_under_another_version_does_not_open);
	RUN(a_stolen_ledger_with_the_token_and_its_pin_signs_nothing);
	return world_end();
}

/*
 * A whole world behind the front, for tests: a token, a ceremony, officers, a
 * ledger and keyholders as processes.  The test is the front.
 */
#ifndef SIGND_TESTS_SIGND_WORLD_H
#define SIGND_TESTS_SIGND_WORLD_H

#include <signal.h>
#include <sys/prctl.h>

#include "base/record.h"
#include "certs/issue.h"
#include "certs/ossl.h"
#include "certs/softkey.h"
#include "certs/aead.h"
#include "signd/init.h"
#include "signd/keyholder.h"
#include "signd/ledger.h"
#include "signd/process.h"
#include "signd/proto.h"
#include "signd/records.h"
#include "tests/softhsm.h"
#include "tests/tap.h"

#ifndef WORLD_MORE
#define WORLD_MORE "" /* settings */
#endif
/* For a module of the test's own, in w->dir. */
#ifndef WORLD_MODULE
#define WORLD_MODULE(w) softhsm_module()
#endif
#define KEYHOLDERS 3
#define CALL_MS 30000

struct officer {
	struct softkey *key;
	struct cert *cert;
	char fingerprint[65];
};

struct world {
	char dir[128];
	struct settings settings;
	struct officer alice; /* registered */
	struct officer bob;   /* registered */
	struct officer eve;   /* has a certificate; not registered */
	int read_fd, write_fd, key_fd;
	pid_t ledger;
	pid_t keyholders[KEYHOLDERS];
};

/* process_ready() tells descriptor 4; nothing of ours may stand there. */
static inline void
reserve_descriptors(void)
{
	int fd;
	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd < 5);
	close(fd);
}

static inline const char *
world_path(const struct world *w, const char *name)
{
	static char paths[4][256];
	static int next;
	char *p = paths[next++ % 4];
	snprintf(p, sizeof(paths[0]), "%s/%s", w->dir, name);
	return p;
}

static inline struct err *
world_settings(struct world *w)
{
	CLEANUP(buf_done) struct buf text = BUF(8192);
	TRY(buf_printf(&text,
	    "state-dir = %s\nrun-dir = %s\ntoken-module = %s\n"
	    "token-uri = pkcs11:token=test%%20token\ntoken-pin-file = %s/pin\n"
	    "token-environment = SOFTHSM2_CONF=%s/softhsm2.conf\n"
	    "crl-url = http://localhost/crl\nsad-seconds = 600\n"
	    "plain-pin = yes\n"
	    "tsa-clock-checked = no\n",
	    w->dir, w->dir, WORLD_MODULE(w), w->dir, w->dir));
	/* As root: under users that every system has; the test is the front. */
	TRY(buf_str(&text, "user-front = root\nuser-keyholder = nobody\n"
			   "user-ledger = daemon\n" WORLD_MORE));
	return settings_parse(buf_bytes(&text), "test", &w->settings);
}

static inline struct err *
officer_make(struct officer *o, const char *name, const struct softkey *ca_key,
    struct softkey *ca_signer, const struct cert *ca)
{
	TRY(softkey_generate("P-256", &o->key));
	const struct subject_field subject[] = { { "C", "VN" },
		{ "O", "Phường Hoàn Kiếm" }, { "CN", name } };
	int64_t now = clock_now(&clock_system);
	const struct cert_fields f = { .profile = cert_profile_find("officer"),
		.subject = subject,
		.nsubject = 3,
		.key = softkey_evp(o->key),
		.issuer = ca,
		.not_before = now - 3600,
		.not_after = now + 86400,
		.alg = softkey_alg(ca_key) };
	struct signer s = softkey_signer(ca_signer);
	TRY(cert_issue(&f, &s, &o->cert));
	uint8_t raw[32];
	cert_fingerprint(o->cert, raw);
	hex_text(bytes_of(raw, 32), o->fingerprint);
	return NULL;
}

static inline struct err *
officers_make(struct world *w)
{
	CLEANUP(softkey_freep) struct softkey *key = NULL;
	CLEANUP(cert_freep) struct cert *ca = NULL;
	TRY(softkey_generate("P-256", &key));
	const struct subject_field subject[] = { { "C", "VN" }, { "O", "Test" },
		{ "CN", "Officers CA" } };
	int64_t now = clock_now(&clock_system);
	const struct cert_fields f = { .profile = cert_profile_find("root-ca"),
		.subject = subject,
		.nsubject = 3,
		.key = softkey_evp(key),
		.not_before = now - 3600,
		.not_after = now + 864000,
		.alg = softkey_alg(key) };
	struct signer s = softkey_signer(key);
	TRY(cert_issue(&f, &s, &ca));
	TRY(officer_make(&w->alice, "Alice", key, key, ca));
	TRY(officer_make(&w->bob, "Bob", key, key, ca));
	return officer_make(&w->eve, "Eve", key, key, ca);
}

static inline struct err *
officer_register(const struct world *w, const struct officer *o)
{
	const char *path = world_path(w, "officer.der");
	FILE *f = fopen(path, "we");
	if (f == NULL)
		return err_new(ERR_INTERNAL, NULL, "%s", path);
	struct bytes der = cert_der(o->cert);
	fwrite(der.ptr, 1, der.len, f);
	fclose(f);
	return signd_officer_add(&w->settings, path, NULL);
}

static inline int
end_child(struct err *e)
{
	if (e != NULL)
		printf("# child: %s (%s)\n", err_text(e), err_code(e));
	int status = e == NULL ? 0 : 1;
	err_free(e);
	fflush(NULL);
	return status;
}

/* The leak sanitizer looks at its own process, which a change of user hides;
 * it runs at exit(), not at _exit(). */
static inline void
end_process(struct err *e)
{
#ifdef SIGND_SANITIZED
	prctl(PR_SET_DUMPABLE, 1);
	exit(end_child(e));
#else
	_exit(end_child(e));
#endif
}

static inline struct err *
run_ledger(const struct world *w)
{
	TRY(process_drop(w->settings.user_ledger));
	return ledger_run(&w->settings, w->read_fd, w->write_fd);
}

static inline struct err *
run_keyholder(const struct world *w)
{
	TRY(process_drop(w->settings.user_keyholder));
	return keyholder_run(&w->settings, w->key_fd, -1);
}

static inline pid_t
start_ledger(const struct world *w)
{
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0)
		end_process(run_ledger(w));
	return pid;
}

static inline pid_t
start_keyholder(const struct world *w)
{
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0)
		end_process(run_keyholder(w));
	return pid;
}

static inline struct err *
world_start(struct world *w)
{
	TRY(ipc_listen(
	    world_path(w, SOCKET_LEDGER_READ), 0666, 64, &w->read_fd));
	TRY(ipc_listen(
	    world_path(w, SOCKET_LEDGER_WRITE), 0666, 64, &w->write_fd));
	TRY(ipc_listen(world_path(w, SOCKET_KEYHOLDER), 0666, 64, &w->key_fd));
	w->ledger = start_ledger(w);
	for (int i = 0; i < KEYHOLDERS; i++)
		w->keyholders[i] = start_keyholder(w);
	return NULL;
}

static uid_t keyholder_uid;
static gid_t keyholder_gid;

static inline int
give_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return lchown(path, keyholder_uid, keyholder_gid);
}

/* The token belongs to the keyholders. */
static inline struct err *
give_token(const struct world *w)
{
	TRY(process_user(
	    w->settings.user_keyholder, &keyholder_uid, &keyholder_gid));
	if (geteuid() != 0)
		return NULL;
	nftw(world_path(w, "tokens"), give_one, 16, FTW_PHYS);
	nftw(world_path(w, "softhsm2.conf"), give_one, 16, FTW_PHYS);
	nftw(world_path(w, "pin"), give_one, 16, FTW_PHYS);
	return NULL;
}

static inline struct err *
world_make(struct world *w)
{
	reserve_descriptors();
	const char *tmp = getenv("TMPDIR");
	snprintf(w->dir, sizeof(w->dir), "%s/signd-test-XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(w->dir) == NULL)
		return err_new(ERR_INTERNAL, NULL, "mkdtemp");
	chmod(w->dir, 0755);
	if (softhsm_make(w->dir, "test token") != 0)
		return err_new(ERR_INTERNAL, NULL, "softhsm2-util");
	TRY(world_settings(w));
	TRY(give_token(w));
	const struct init_options o = { .chain_file = world_path(w, "ca.pem") };
	TRY(signd_init(&w->settings, &o, NULL));
	TRY(officers_make(w));
	TRY(officer_register(w, &w->alice));
	TRY(officer_register(w, &w->bob));
	return world_start(w);
}

static inline void
officer_done(struct officer *o)
{
	softkey_free(o->key);
	cert_free(o->cert);
}

/* Waits for a process of ours; says whether it ended as it should. */
static inline bool
stop(pid_t pid)
{
	int status = -1;
	if (pid <= 0)
		return false;
	kill(pid, SIGTERM);
	bool ended = waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
		     WEXITSTATUS(status) == 0;
	if (!ended)
		printf("# process %d: status 0x%x\n", (int)pid, status);
	return ended;
}

static inline bool
world_done(struct world *w)
{
	bool ok = true;
	for (int i = 0; i < KEYHOLDERS; i++)
		ok = stop(w->keyholders[i]) && ok;
	ok = stop(w->ledger) && ok;
	officer_done(&w->alice);
	officer_done(&w->bob);
	officer_done(&w->eve);
	settings_done(&w->settings);
	remove_tree(w->dir);
	return ok;
}

/* ---- the front's calls ---- */

static inline struct err *
ask(const struct world *w, const char *socket_name, uint16_t op,
    const struct buf *body, struct ipc_message *answer)
{
	return ipc_call(world_path(w, socket_name), op, buf_bytes(body), NULL,
	    0, 16 * 1024 * 1024, CALL_MS, answer);
}

/* A record that is right in everything. */
static inline struct err *
record_make(const struct officer *o, struct enrolment_record *r)
{
	uint8_t raw[16];
	char nonce[33];
	TRY(random_fill(raw, sizeof(raw)));
	hex_text(bytes_of(raw, 16), nonce);
	CLEANUP(buf_done) struct buf now = BUF(64);
	TRY(time_format_iso(clock_now(&clock_system), 420, &now));
	const char *time = NULL;
	TRY(buf_cstr(&now, &time));
	const char *const values[ENROLMENT_FIELDS] = { "Nguyễn Văn An",
		"CCCD:001099012345", "Thành phố Hà Nội", "Phường Hoàn Kiếm",
		"citizen", "chip-card",
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852"
		"b855",
		time, "Quầy 3", o->fingerprint, time, nonce };
	char **fields[ENROLMENT_FIELDS];
	enrolment_record_fields(r, fields);
	for (size_t i = 0; i < ENROLMENT_FIELDS; i++) {
		*fields[i] = strdup(values[i]);
		if (*fields[i] == NULL)
			return err_new(ERR_NOMEM, NULL, "a field");
	}
	return NULL;
}

/* Tags 20..22: the approval of a rendered record. */
static inline struct err *
approve_bytes(const struct officer *o, struct bytes record, struct buf *body)
{
	uint8_t hash[DIGEST_MAX];
	TRY(digest_of(DIGEST_SHA256, record, hash));
	struct signer s = softkey_signer(o->key);
	CLEANUP(buf_done) struct buf value = BUF(1024);
	CLEANUP(buf_done) struct buf alg = BUF(256);
	TRY(s.sign(s.ctx, softkey_alg(o->key), bytes_of(hash, 32), &value));
	TRY(sig_alg_encode(softkey_alg(o->key), &alg));
	TRY(pack_bytes(body, 20, buf_bytes(&value)));
	TRY(pack_bytes(body, 21, cert_der(o->cert)));
	return pack_bytes(body, 22, buf_bytes(&alg));
}

static inline struct err *
enrol_body(
    const struct officer *o, const struct enrolment_record *r, struct buf *body)
{
	CLEANUP(buf_done) struct buf record = BUF(RECORD_MAX);
	TRY(enrolment_record_render(r, &record));
	TRY(enrolment_record_pack(r, body));
	if (r->key_kind != NULL)
		TRY(pack_str(body, 13, r->key_kind));
	return approve_bytes(o, buf_bytes(&record), body);
}

struct enrolled {
	char *id;
	char *token;
	int64_t expires;
};

static inline void
enrolled_done(struct enrolled *e)
{
	free(e->id);
	free(e->token);
	*e = (struct enrolled){ 0 };
}

static inline struct err *
send_enrol(const struct world *w, const struct buf *body, struct enrolled *out)
{
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(ask(w, SOCKET_KEYHOLDER, KEY_ENROL, body, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	TRY(unpack_str(&u, 1, &out->id));
	TRY(unpack_str(&u, 2, &out->token));
	TRY(unpack_i64(&u, 3, &out->expires));
	return unpack_end(&u);
}

static inline struct err *
enrol_citizen(const struct world *w, struct enrolled *out)
{
	CLEANUP(enrolment_record_done) struct enrolment_record r = { 0 };
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	TRY(record_make(&w->alice, &r));
	TRY(enrol_body(&w->alice, &r, &body));
	return send_enrol(w, &body, out);
}

struct citizen {
	char *credential;
	struct cert *cert;
	struct cert_list chain;
};

static inline void
citizen_done(struct citizen *c)
{
	free(c->credential);
	cert_free(c->cert);
	cert_list_done(&c->chain);
	*c = (struct citizen){ 0 };
}

static inline struct err *
activate(const struct world *w, const char *token, const char *pin,
    struct citizen *out)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	TRY(pack_str(&body, 1, token));
	TRY(pack_str(&body, 2, pin));
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(ask(w, SOCKET_KEYHOLDER, KEY_ACTIVATE, &body, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	struct bytes der = BYTES_NONE;
	TRY(unpack_str(&u, 1, &out->credential));
	TRY(unpack_bytes(&u, 2, &der));
	TRY(cert_parse(der, &out->cert));
	while (unpack_is(&u, 3)) {
		TRY(unpack_bytes(&u, 3, &der));
		TRY(cert_list_add_der(&out->chain, der));
	}
	return unpack_end(&u);
}

/* Enrols and activates. */
static inline struct err *
citizen_make(const struct world *w, const char *pin, struct citizen *out)
{
	CLEANUP(enrolled_done) struct enrolled e = { 0 };
	TRY(enrol_citizen(w, &e));
	return activate(w, e.token, pin, out);
}

/* An approved revocation, suspension or release. */
static inline struct err *
revoke_body(const struct citizen *c, const struct officer *o,
    const char *reason, struct buf *body)
{
	CLEANUP(enrolment_record_done) struct enrolment_record e = { 0 };
	TRY(record_make(o, &e));
	char serial[64];
	hex_text(cert_serial(c->cert), serial);
	const struct revocation_record r = { .credential = c->credential,
		.serial = serial,
		.reason = (char *)(uintptr_t)reason,
		.officer = e.officer,
		.time = e.time,
		.nonce = e.nonce };
	CLEANUP(buf_done) struct buf record = BUF(RECORD_MAX);
	TRY(revocation_record_render(&r, &record));
	TRY(revocation_record_pack(&r, body));
	return approve_bytes(o, buf_bytes(&record), body);
}

static const struct sig_alg ecdsa_sha256 = { .form = SIG_ECDSA,
	.digest = DIGEST_SHA256 };

/* Digest number `n` of many. */
static inline struct bytes
digest_no(int n, uint8_t out[DIGEST_MAX])
{
	err_free(digest_of(DIGEST_SHA256, bytes_of(&n, sizeof(n)), out));
	return bytes_of(out, 32);
}

/* Asks for `count` signatures over digests first, first + 1 ..., and checks
 * each under the citizen's certificate. */
static inline struct err *
sign_with(const struct world *w, const char *credential,
    const struct cert *cert, struct bytes sad, const char *pin, int first,
    int count)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	CLEANUP(buf_done) struct buf alg = BUF(256);
	TRY(sig_alg_encode(ecdsa_sha256, &alg));
	TRY(pack_str(&body, 1, credential));
	TRY(pack_bytes(&body, 2, sad));
	TRY(pack_str(&body, 3, pin));
	TRY(pack_bytes(&body, 4, buf_bytes(&alg)));
	uint8_t d[DIGEST_MAX];
	for (int i = 0; i < count; i++)
		TRY(pack_bytes(&body, 5, digest_no(first + i, d)));
	TRY(pack_bytes(&body, 6, BYTES_NONE)); /* never asked again */
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(ask(w, SOCKET_KEYHOLDER, KEY_SIGN, &body, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	for (int i = 0; i < count; i++) {
		struct bytes value = BYTES_NONE;
		bool ok = false;
		TRY(unpack_bytes(&u, 1, &value));
		TRY(cert_verify_digest(
		    cert, ecdsa_sha256, digest_no(first + i, d), value, &ok));
		if (!ok)
			return err_new(
			    ERR_INTERNAL, NULL, "it does not verify");
	}
	return unpack_end(&u);
}

static inline struct err *
authorize(const struct world *w, const char *credential, const char *pin,
    int first, int digests, int count, struct buf *sad)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	TRY(pack_str(&body, 1, credential));
	TRY(pack_str(&body, 2, pin));
	TRY(pack_u64(&body, 3, (uint64_t)count));
	TRY(pack_str(&body, 4, digests == 0 ? "" : digest_oid(DIGEST_SHA256)));
	uint8_t d[DIGEST_MAX];
	for (int i = 0; i < digests; i++)
		TRY(pack_bytes(&body, 5, digest_no(first + i, d)));
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(ask(w, SOCKET_KEYHOLDER, KEY_AUTHORIZE, &body, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	struct bytes got = BYTES_NONE;
	TRY(unpack_bytes(&u, 1, &got));
	return buf_append(sad, got);
}

#endif

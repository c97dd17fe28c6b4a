/*
 * What the issuer's keys cost, each row beside the raw work of the same token
 * in the same run:
 *
 * certs.ocsp	C_Sign; we also hash the issuer, build and assemble an answer.
 * certs.timestamp	C_Sign; we also build TSTInfo and SignedData, and
 *verify. certs.issue	generate, wrap, C_Sign; we also build, lint twice,
 *verify. certs.issue.10000	seconds for 10,000 citizens' certificates with
 *wrapped keys on two cores; the limit is the aim of a minute. certs.ocsp.http.*
 *only with arguments, from bench-public: answers a second over keep-alive HTTP;
 *the limit is C_Sign of as many processes.
 */
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

#include "bench/bench.h"
#include "certs/issue.h"
#include "certs/ocsp_make.h"
#include "certs/ossl.h"
#include "cms/tsp_make.h"
#include "pkcs11/wrap.h"
#include "tests/softhsm.h"

struct bench {
	char dir[128];
	struct p11_module *module;
	struct p11_session s;
	struct p11_kek kek;
	CK_OBJECT_HANDLE ca_key, key;
	struct cert *ca, *ocsp, *tsa;
	struct buf ca_spki, spki;
};

static const struct sig_alg alg = { .form = SIG_ECDSA,
	.digest = DIGEST_SHA256 };
static const uint8_t zeros[32];

/* ---- set-up ---- */

static struct err *
open_module(struct bench *b)
{
	struct p11_token t;
	TRY(p11_module_open(softhsm_module(), &b->module));
	TRY(p11_token_find(b->module, "pkcs11:token=bench", &t));
	TRY(p11_session_open(&t, true, &b->s));
	TRY(p11_login(&b->s, BYTES_LIT(SOFTHSM_PIN)));
	b->kek.mechanism = t.vendor->wrap;
	return NULL;
}

/* One after the other: a login rewrites the token's files. */
static struct err *
open_token(struct bench *b)
{
	char conf[160];
	int lock = -1;
	snprintf(conf, sizeof(conf), "%s/softhsm2.conf", b->dir);
	TRY(p11_lock(conf, &lock));
	struct err *e = open_module(b);
	close(lock);
	return e;
}

static struct err *
make_token(struct bench *b)
{
	const char *tmp = getenv("TMPDIR");
	snprintf(b->dir, sizeof(b->dir), "%s/signd-bench-XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(b->dir) == NULL || softhsm_make(b->dir, "bench") != 0)
		return err_new(ERR_INTERNAL, NULL, "softhsm2-util");
	TRY(open_token(b));
	TRY(p11_kek_make(&b->s, BYTES_LIT("kek"), &b->kek.handle));
	TRY(p11_pair_make(
	    &b->s, KIND_P256, BYTES_LIT("ca"), &b->ca_key, &b->ca_spki));
	return p11_pair_make(
	    &b->s, KIND_P256, BYTES_LIT("key"), &b->key, &b->spki);
}

static struct err *
certify(struct bench *b, const char *profile, const struct buf *spki,
    const struct subject_field *subject, size_t n, struct cert **out)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	TRY(key_from_spki(buf_bytes(spki), &key));
	int64_t now = clock_now(&clock_system);
	struct p11_signer p = {
		.session = &b->s, .key = b->ca_key, .shape = SHAPE_P256
	};
	struct signer signer = p11_signer(&p);
	const struct cert_fields f = {
		.profile = cert_profile_find(profile),
		.subject = subject,
		.nsubject = n,
		.key = key,
		.issuer = b->ca,
		.not_before = now,
		.not_after = now + (b->ca == NULL ? 2 * 86400 : 86400),
		.alg = alg,
		.crl_url = "http://crl.example.vn/ca.crl",
		.ocsp_url = "http://ocsp.example.vn/",
	};
	return cert_issue(&f, &signer, out);
}

static const struct subject_field person[] = { { "C", "VN" },
	{ "ST", "Hà Nội" }, { "CN", "Nguyễn Văn An" },
	{ "UID", "CCCD:001099012345" } };

static struct err *
make_certs(struct bench *b)
{
	const struct subject_field names[] = { { "C", "VN" }, { "O", "Bench" },
		{ "CN", "Bench" } };
	struct cert *ca = NULL;
	TRY(certify(b, "root-ca", &b->ca_spki, names, 3, &ca));
	b->ca = ca;
	TRY(certify(b, "ocsp", &b->spki, names, 3, &b->ocsp));
	return certify(b, "time-stamp", &b->spki, names, 3, &b->tsa);
}

/* ---- rows ---- */

static void
raw_sign(void *ctx)
{
	struct bench *b = ctx;
	CK_BYTE raw[64];
	CK_ULONG len = sizeof(raw);
	CK_MECHANISM m = { CKM_ECDSA, NULL, 0 };
	CK_FUNCTION_LIST *f = b->s.f;
	if (f->C_SignInit(b->s.handle, &m, b->key) != CKR_OK ||
	    f->C_Sign(b->s.handle, (CK_BYTE *)(uintptr_t)zeros, 32, raw,
		&len) != CKR_OK)
		bench_must(err_new(ERR_REMOTE, NULL, "the token"));
}

static void
ours_ocsp(void *ctx)
{
	struct bench *b = ctx;
	struct p11_signer p = {
		.session = &b->s, .key = b->key, .shape = SHAPE_P256
	};
	struct signer signer = p11_signer(&p);
	int64_t now = clock_now(&clock_system);
	const struct ocsp_single one = { .alg = DIGEST_SHA1,
		.serial = bytes_of(zeros + 1, 16),
		.state = OCSP_IS_GOOD };
	const struct ocsp_fields f = { .issuer = b->ca,
		.responder = b->ocsp,
		.alg = alg,
		.this_update = now,
		.next_update = now + 3600,
		.nonce = bytes_of(zeros, 16),
		.singles = &one,
		.nsingles = 1 };
	CLEANUP(buf_done) struct buf out = BUF(65536);
	bench_must(ocsp_make(&f, &signer, &out));
}

static void
ours_stamp(void *ctx)
{
	struct bench *b = ctx;
	struct p11_signer p = {
		.session = &b->s, .key = b->key, .shape = SHAPE_P256
	};
	struct signer signer = p11_signer(&p);
	const struct tst_fields f = { .tsa = b->tsa,
		.with_certs = true,
		.alg = alg,
		.imprint_alg = DIGEST_SHA256,
		.imprint = bytes_of(zeros, 32),
		.nonce = BYTES_LIT("\x01\x02\x03\x04\x05\x06\x07\x08"),
		.policy = "1.2.3.4",
		.serial = BYTES_LIT("\x01\x02\x03\x04\x05\x06\x07\x08"),
		.time = clock_now(&clock_system),
		.accuracy_s = 1 };
	CLEANUP(buf_done) struct buf out = BUF(TST_MAX);
	bench_must(tst_make(&f, &signer, &out));
}

static void
raw_issue(void *ctx)
{
	struct bench *b = ctx;
	CLEANUP(buf_done) struct buf wrapped = BUF(WRAPPED_MAX);
	CLEANUP(buf_done) struct buf spki = BUF(1024);
	bench_must(
	    p11_wrapped_make(&b->s, &b->kek, KIND_P256, &wrapped, &spki));
	raw_sign(b);
}

static void
ours_issue(void *ctx)
{
	struct bench *b = ctx;
	CLEANUP(buf_done) struct buf wrapped = BUF(WRAPPED_MAX);
	CLEANUP(buf_done) struct buf spki = BUF(1024);
	CLEANUP(cert_freep) struct cert *c = NULL;
	bench_must(
	    p11_wrapped_make(&b->s, &b->kek, KIND_P256, &wrapped, &spki));
	bench_must(certify(b, "citizen", &spki, person, 4, &c));
}

/* For the key of somebody's own token: nothing is generated or wrapped. */
static void
ours_certify(void *ctx)
{
	struct bench *b = ctx;
	CLEANUP(cert_freep) struct cert *c = NULL;
	bench_must(certify(b, "citizen", &b->spki, person, 4, &c));
}

/* ---- ten thousand ---- */

#define CITIZENS 10000
#define PROCESSES 2

/* A process of its own: a module is not loaded before a fork. */
static FILE *
child(const struct bench *b, const char *mode)
{
	char self[512] = "", command[1024];
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) <= 0)
		bench_must(err_new(ERR_INTERNAL, NULL, "/proc/self/exe"));
	snprintf(command, sizeof(command), "'%s' %s '%s'", self, mode, b->dir);
	FILE *f = popen(command, "r");
	if (f == NULL)
		bench_must(err_new(ERR_NOMEM, NULL, "popen"));
	return f;
}

static double
child_answer(FILE *f)
{
	double n = -1;
	if (fscanf(f, "%lf", &n) != 1 || pclose(f) != 0)
		bench_must(err_new(ERR_REMOTE, NULL, "a process failed"));
	return n;
}

static struct err *
read_ca(struct bench *b)
{
	char path[256];
	uint8_t der[4096];
	snprintf(path, sizeof(path), "%s/ca.der", b->dir);
	FILE *f = fopen(path, "re");
	size_t n = f == NULL ? 0 : fread(der, 1, sizeof(der), f);
	if (f != NULL)
		fclose(f);
	return cert_parse(bytes_of(der, n), &b->ca);
}

static struct err *
write_ca(const struct bench *b)
{
	char path[256];
	struct bytes der = cert_der(b->ca);
	snprintf(path, sizeof(path), "%s/ca.der", b->dir);
	FILE *f = fopen(path, "we");
	if (f == NULL || fwrite(der.ptr, 1, der.len, f) != der.len ||
	    fclose(f) != 0)
		return err_new(ERR_REMOTE, NULL, "%s", path);
	return NULL;
}

static void
issue_many(struct bench *b)
{
	bench_must(open_token(b));
	bench_must(read_ca(b));
	bench_must(p11_key_find(
	    &b->s, CKO_SECRET_KEY, BYTES_LIT("kek"), &b->kek.handle));
	bench_must(
	    p11_key_find(&b->s, CKO_PRIVATE_KEY, BYTES_LIT("ca"), &b->ca_key));
	bench_must(
	    p11_key_find(&b->s, CKO_PRIVATE_KEY, BYTES_LIT("key"), &b->key));
	for (int i = 0; i < CITIZENS / PROCESSES; i++)
		ours_issue(b);
	printf("%d\n", CITIZENS / PROCESSES);
}

static double raw_rate(struct bench *b, int processes);

/* SoftHSM scales by processes; each logs in anew.  The rate stands beside what
 * as many processes sign with the same token, in the same run. */
static void
ten_thousand(struct bench *b)
{
	double limit = raw_rate(b, PROCESSES);
	FILE *children[PROCESSES];
	double begin = bench_now();
	for (int i = 0; i < PROCESSES; i++)
		children[i] = child(b, "issue");
	for (int i = 0; i < PROCESSES; i++)
		(void)child_answer(children[i]);
	double took = bench_now() - begin;
	bench_row("certs.issue.10000", took, "s", 60);
	bench_row("certs.issue.rate", CITIZENS / took, "/s", limit);
}

/* ---- over HTTP ---- */

struct load {
	int port;
	const char *head; /* of the request, with its body */
	size_t len;
	double seconds;
	uint64_t answers;
	pthread_t thread;
};

#define CONNECTIONS_MAX 256
#define HTTP_SECONDS 4.0

static int connections = 32;

static int
connect_to(int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		bench_must(err_new(ERR_REMOTE, NULL, "port %d", port));
	return fd;
}

/* One answer off the connection: head, and as many bytes as it says. */
static void
read_answer(int fd)
{
	char text[8192];
	size_t have = 0;
	for (;;) {
		ssize_t n = recv(fd, text + have, sizeof(text) - 1 - have, 0);
		if (n <= 0)
			bench_must(err_new(ERR_REMOTE, NULL, "no answer"));
		have += (size_t)n;
		text[have] = '\0';
		const char *end = strstr(text, "\r\n\r\n");
		const char *length = strcasestr(text, "content-length:");
		if (end == NULL || length == NULL)
			continue;
		size_t all =
		    (size_t)(end + 4 - text) + strtoul(length + 15, NULL, 10);
		if (strncmp(text, "HTTP/1.1 200", 12) != 0)
			bench_must(err_new(ERR_REMOTE, NULL, "%.20s", text));
		if (have >= all)
			return;
	}
}

static void *
load_one(void *ctx)
{
	struct load *l = ctx;
	int fd = connect_to(l->port);
	double begin = bench_now();
	while (bench_now() - begin < HTTP_SECONDS) {
		if (send(fd, l->head, l->len, 0) != (ssize_t)l->len)
			bench_must(err_new(ERR_REMOTE, NULL, "send"));
		read_answer(fd);
		l->answers++;
	}
	close(fd);
	return NULL;
}

static void
sign_many(struct bench *b)
{
	uint64_t n = 0;
	bench_must(open_token(b));
	bench_must(
	    p11_key_find(&b->s, CKO_PRIVATE_KEY, BYTES_LIT("key"), &b->key));
	double begin = bench_now();
	for (; bench_now() - begin < HTTP_SECONDS; n++)
		raw_sign(b);
	printf("%.1f\n", (double)n / (bench_now() - begin));
}

/* As many processes with a session each as the service has keyholders. */
static double
raw_rate(struct bench *b, int processes)
{
	FILE *children[16];
	double all = 0;
	for (int i = 0; i < processes && i < 16; i++)
		children[i] = child(b, "sign");
	for (int i = 0; i < processes && i < 16; i++)
		all += child_answer(children[i]);
	return all;
}

static void
http_row(const char *name, int port, const char *file, double limit)
{
	static char head[65536];
	static struct load loads[CONNECTIONS_MAX];
	FILE *f = fopen(file, "re");
	size_t len = f == NULL ? 0 : fread(head, 1, sizeof(head), f);
	uint64_t all = 0;
	if (f != NULL)
		fclose(f);
	double begin = bench_now();
	for (int i = 0; i < connections; i++) {
		loads[i] =
		    (struct load){ .port = port, .head = head, .len = len };
		pthread_create(&loads[i].thread, NULL, load_one, &loads[i]);
	}
	for (int i = 0; i < connections; i++) {
		pthread_join(loads[i].thread, NULL);
		all += loads[i].answers;
	}
	bench_row(name, (double)all / (bench_now() - begin), "/s", limit);
}

int
main(int argc, char **argv)
{
	static struct bench b;
	const char *said = getenv("BENCH_CLIENTS");
	if (said != NULL && atoi(said) > 0 && atoi(said) <= CONNECTIONS_MAX)
		connections = atoi(said);
	const char *why = softhsm_missing();
	if (why != NULL) {
		fprintf(stderr, "bench-certs: skipped: %s\n", why);
		return 0;
	}
	b.ca_spki = b.spki = BUF(1024);
	if (argc == 3) { /* a child, in the directory of its parent */
		snprintf(b.dir, sizeof(b.dir), "%s", argv[2]);
		strcmp(argv[1], "issue") == 0 ? issue_many(&b) : sign_many(&b);
		return 0;
	}
	bench_must(make_token(&b));
	bench_must(make_certs(&b));
	bench_must(write_ca(&b));
	if (argc == 2) { /* "issue" */
		ten_thousand(&b);
	} else if (argc > 3) { /* PORT KEYHOLDERS NAME FILE... */
		double limit = raw_rate(&b, atoi(argv[2]));
		for (int i = 3; i + 1 < argc; i += 2)
			http_row(argv[i], atoi(argv[1]), argv[i + 1], limit);
	} else {
		const struct bench_pair rows[] = {
			{ "certs.ocsp", "us", ours_ocsp, raw_sign, &b },
			{ "certs.timestamp", "us", ours_stamp, raw_sign, &b },
			{ "certs.issue", "us", ours_issue, raw_issue, &b },
			{ "certs.certify", "us", ours_certify, raw_sign, &b },
		};
		for (size_t i = 0; i < COUNT_OF(rows); i++)
			bench_compare(&rows[i]);
		ten_thousand(&b);
	}
	remove_tree(b.dir);
	return 0;
}

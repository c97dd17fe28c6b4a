/*
 * Rows that every signature format has: sign and verify against the raw work
 * (SHA-256 of the document and one ECDSA operation), and whole processes
 * against a peer.
 */
#ifndef SIGND_BENCH_FORMAT_H
#define SIGND_BENCH_FORMAT_H

#include "bench/bench.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "certs/softkey.h"
#include "format/format.h"
#include "tests/certs/make.h"

#define BENCH_DOCUMENT_MAX ((size_t)1100 << 20) /* bytes */

struct bench_format {
	const struct format *format;
	struct softkey *key;
	struct cert *cert;
	struct buf document;
	struct buf document_signed;
	uint8_t value[256]; /* of the raw signature */
	size_t value_len;
};

static const struct sig_alg bench_alg = { .form = SIG_ECDSA,
	.digest = DIGEST_SHA256 };

static inline void
bench_format_init(struct bench_format *b, const struct format *format)
{
	*b = (struct bench_format){ .format = format,
		.document = BUF(BENCH_DOCUMENT_MAX),
		.document_signed = BUF(BENCH_DOCUMENT_MAX) };
	EVP_PKEY *key = EVP_EC_gen("P-256");
	b->cert = make_self_signed(key, "Nguyễn Văn An", EVP_sha256());
	bench_must(softkey_from_evp(key, &b->key));
	EVP_PKEY_free(key);
}

static inline void
bench_format_done(struct bench_format *b)
{
	cert_free(b->cert);
	softkey_free(b->key);
	buf_done(&b->document);
	buf_done(&b->document_signed);
}

/* ---- ours ---- */

static inline void
bench_insertion_of(
    const struct bench_format *b, struct bytes document, struct insertion *out)
{
	struct prepared p = { 0 };
	struct buf value = BUF(256);
	const struct sign_params params = { .cert = b->cert,
		.alg = bench_alg,
		.level = LEVEL_B,
		.time = clock_now(&clock_system) };
	struct signer s = softkey_signer(b->key);
	bench_must(b->format->prepare(document, &params, &p));
	bench_must(s.sign(s.ctx, bench_alg,
	    bytes_of(p.digest, digest_len(p.digest_alg)), &value));
	bench_must(
	    b->format->embed(buf_bytes(&p.state), buf_bytes(&value), BYTES_NONE, out));
	buf_done(&value);
	prepared_done(&p);
}

static inline void
bench_insertion(const struct bench_format *b, struct insertion *out)
{
	bench_insertion_of(b, buf_bytes(&b->document), out);
}

static inline void
bench_sign(void *ctx)
{
	struct insertion i = { 0 };
	bench_insertion(ctx, &i);
	insertion_done(&i);
}

static inline void
bench_verify(void *ctx)
{
	struct bench_format *b = ctx;
	const struct collect_input in = { .document =
					      buf_bytes(&b->document_signed) };
	struct facts f = { 0 };
	bench_must(b->format->collect(&in, &f));
	if (f.nsignatures != 1 || f.signatures[0].signature != CHECK_PASSED)
		bench_must(err_new(ERR_INTERNAL, NULL, "it is not valid"));
	facts_done(&f);
}

/* ---- the raw work ---- */

static inline void
bench_hash(struct bytes in, uint8_t out[32])
{
	EVP_Digest(in.ptr, in.len, out, NULL, EVP_sha256(), NULL);
}

static inline void
bench_raw_sign(void *ctx)
{
	struct bench_format *b = ctx;
	uint8_t digest[32];
	bench_hash(buf_bytes(&b->document), digest);
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(softkey_evp(b->key), NULL);
	b->value_len = sizeof(b->value);
	if (EVP_PKEY_sign_init(c) != 1 ||
	    EVP_PKEY_sign(c, b->value, &b->value_len, digest, 32) != 1)
		bench_must(err_new(ERR_INTERNAL, NULL, "EVP_PKEY_sign"));
	EVP_PKEY_CTX_free(c);
}

static inline void
bench_raw_verify(void *ctx)
{
	struct bench_format *b = ctx;
	uint8_t digest[32];
	bench_hash(buf_bytes(&b->document), digest);
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(cert_key(b->cert), NULL);
	if (EVP_PKEY_verify_init(c) != 1 ||
	    EVP_PKEY_verify(c, b->value, b->value_len, digest, 32) != 1)
		bench_must(err_new(ERR_INTERNAL, NULL, "EVP_PKEY_verify"));
	EVP_PKEY_CTX_free(c);
}

/* bench_format_rows: `size` is how the document is called, as in "1MB". */
static inline void
bench_format_rows(struct bench_format *b, const char *size)
{
	char name[64];
	struct insertion i = { 0 };
	bench_insertion(b, &i);
	struct bytes in = buf_bytes(&b->document);
	struct buf *out = &b->document_signed;
	buf_clear(out);
	struct bytes pieces[INSERTION_PIECES];
	size_t n = insertion_pieces(&i, in, pieces);
	for (size_t k = 0; k < n; k++)
		bench_must(buf_append(out, pieces[k]));
	insertion_done(&i);
	snprintf(name, sizeof(name), "%s.sign.%s", b->format->name, size);
	bench_compare(
	    &(struct bench_pair){ name, "ms", bench_sign, bench_raw_sign, b });
	snprintf(name, sizeof(name), "%s.verify.%s", b->format->name, size);
	bench_compare(&(struct bench_pair){
	    name, "ms", bench_verify, bench_raw_verify, b });
}

/* ---- whole processes ---- */

struct bench_process {
	const char *const *ours; /* argv, ended by NULL */
	const char *const *peer;
	int ours_status; /* exit status that is expected */
	int peer_status;
};

/* Not by fork(), which takes a third of a second where we hold a gigabyte. */
static inline int
bench_spawn(const char *const *argv)
{
	pid_t pid;
	posix_spawn_file_actions_t quiet;
	posix_spawn_file_actions_init(&quiet);
	for (int fd = 0; fd < 3; fd++)
		posix_spawn_file_actions_addopen(
		    &quiet, fd, "/dev/null", O_RDWR, 0);
	int failed = posix_spawnp(&pid, argv[0], &quiet, NULL,
	    (char *const *)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&quiet);
	int status = 0;
	if (failed != 0 || waitpid(pid, &status, 0) < 0)
		return 127;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static inline void
bench_expect(const char *const *argv, int wanted)
{
	int status = bench_spawn(argv);
	if (status != wanted)
		bench_must(err_new(
		    ERR_INTERNAL, NULL, "%s: exit status %d", argv[0], status));
}

static inline void
bench_process_ours(void *ctx)
{
	const struct bench_process *p = ctx;
	bench_expect(p->ours, p->ours_status);
}

static inline void
bench_process_peer(void *ctx)
{
	const struct bench_process *p = ctx;
	bench_expect(p->peer, p->peer_status);
}

static inline void
bench_processes(const char *name, struct bench_process *p)
{
	if (bench_spawn(p->peer) == 127) {
		printf("# %s: there is no %s\n", name, p->peer[0]);
		return;
	}
	bench_compare(&(struct bench_pair){
	    name, "ms", bench_process_ours, bench_process_peer, p });
}

/* bench_temporary writes a file; the name is for free(). */
static inline char *
bench_temporary(struct bytes content)
{
	char name[] = "/tmp/signd-bench-XXXXXX";
	int fd = mkstemp(name);
	size_t at = 0;
	while (fd >= 0 && at < content.len) {
		ssize_t n = write(fd, content.ptr + at, content.len - at);
		if (n <= 0)
			break;
		at += (size_t)n;
	}
	if (fd < 0 || at < content.len)
		bench_must(err_new(ERR_REMOTE, NULL, "cannot write %s", name));
	close(fd);
	return strdup(name);
}

/* The program of the build, without libtool's wrapper if there is one. */
static inline char *
bench_program(const char *folder, const char *name)
{
	const char *top = getenv("top_builddir");
	struct buf b = BUF(4096);
	const char *s;
	char *path = NULL;
	bench_must(buf_printf(
	    &b, "%s/%s/.libs/%s", top != NULL ? top : ".", folder, name));
	bench_must(buf_cstr(&b, &s));
	if (access(s, X_OK) != 0) {
		buf_clear(&b);
		bench_must(buf_printf(
		    &b, "%s/%s/%s", top != NULL ? top : ".", folder, name));
	}
	bench_must(bytes_dup_str(buf_bytes(&b), &path));
	buf_done(&b);
	return path;
}

#endif

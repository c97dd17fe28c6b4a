/* test-cmp-client PORT KEY SUBJECT-CN CA...: asks a CMP server for a
 * certificate, as test-cmp.sh wants it.  KEY is a public key, CA the issuer,
 * PEM or DER.  With $CMP_REVOKE, a certificate, asks for its end instead.
 * $CMP_SECONDS is how long it waits, $CMP_STATE a file in which a transaction
 * that waits is kept, and gone on with. */
#include "certs/cmp.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/pem.h>

#include "certs/ossl.h"

static struct err *
read_cert(const char *path, struct cert **out)
{
	static char text[65536];
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return err_new(ERR_MISSING, NULL, "%s", path);
	size_t n = fread(text, 1, sizeof(text), f);
	fclose(f);
	CLEANUP(cert_list_done) struct cert_list l = { 0 };
	TRY(cert_list_read(&l, bytes_of(text, n)));
	*out = cert_ref(l.v[0]);
	return NULL;
}

static struct err *
read_key(const char *path, EVP_PKEY **out)
{
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return err_new(ERR_MISSING, NULL, "%s", path);
	*out = PEM_read_PUBKEY(f, NULL, NULL, NULL);
	fclose(f);
	return *out == NULL ? err_ossl(ERR_MALFORMED, "PEM_read_PUBKEY") : NULL;
}

static void
keep_state(const char *path, const struct buf *state)
{
	FILE *f = path == NULL ? NULL : fopen(path, "we");
	if (f == NULL)
		return;
	fwrite(state->ptr, 1, state->len, f);
	fclose(f);
}

static struct err *
read_state(const char *path, struct buf *state)
{
	uint8_t bytes[CMP_WAITING_MAX];
	FILE *f = path == NULL ? NULL : fopen(path, "re");
	if (f == NULL)
		return NULL;
	size_t n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	return buf_append(state, bytes_of(bytes, n));
}

static struct err *
ask(char **argv)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	CLEANUP(cert_freep) struct cert *ca = NULL;
	CLEANUP(cert_freep) struct cert *made = NULL;
	TRY(read_key(argv[2], &key));
	TRY(read_cert(argv[4], &ca));
	const struct subject_field subject[] = { { "CN", argv[3] },
		{ "UID", "CCCD:001099012345" }, { "C", "VN" },
		{ "ST", "Hà Nội" } };
	int64_t now = clock_now(&clock_system);
	const struct cert_fields f = { .profile = cert_profile_find("citizen"),
		.subject = subject,
		.nsubject = 4,
		.key = key,
		.not_before = now,
		.not_after = now + 365 * 86400 };
	const char *seconds = getenv("CMP_SECONDS");
	const char *kept = getenv("CMP_STATE");
	CLEANUP(buf_done) struct buf state = BUF(CMP_WAITING_MAX);
	TRY(read_state(kept, &state));
	const struct cmp_ca there = { .host = "127.0.0.1",
		.port = atoi(argv[1]),
		.path = "/pkix/",
		.reference = "signd",
		.secret = bytes_str(getenv("CMP_SECRET")),
		.ca = ca,
		.waiting = kept == NULL ? NULL : &state,
		.seconds = seconds == NULL ? 0 : atoi(seconds) };
	if (getenv("CMP_REVOKE") != NULL) {
		TRY(read_cert(getenv("CMP_REVOKE"), &made));
		return cmp_revoke(&there, made, 4);
	}
	struct cert_issuer issuer = cmp_issuer(&there);
	struct err *e = issuer.issue(issuer.ctx, &f, &made);
	keep_state(kept, &state);
	if (e != NULL)
		return e;
	printf("%s\n", cert_subject(made));
	return NULL;
}

int
main(int argc, char **argv)
{
	if (argc != 5 || getenv("CMP_SECRET") == NULL)
		return 64;
	struct err *e = ask(argv);
	if (e == NULL)
		return 0;
	printf("%s: %s\n", err_code(e), err_text(e));
	err_free(e);
	return 1;
}

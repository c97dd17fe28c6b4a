/* What all jobs start with: libraries, and the format of a document. */
#include "worker/job.h"

#include "worker/formats.h"
#include "worker/internal.h"

#include <openssl/crypto.h>
#include <openssl/err.h>

#include <string.h>

/*
 * OpenSSL reads its settings and loads its providers on first use, from files.
 * Asking for each digest once makes it do so now.
 */
static struct err *
start_openssl(void)
{
	if (OPENSSL_init_crypto(
		OPENSSL_INIT_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS,
		NULL) != 1)
		return err_new(ERR_INTERNAL, NULL, "OPENSSL_init_crypto");
	for (int alg = DIGEST_NONE + 1; alg < DIGEST_COUNT; alg++) {
		uint8_t hash[DIGEST_MAX];
		/* One that this OpenSSL does not have is refused later. */
		err_free(digest_of((enum digest_alg)alg, BYTES_NONE, hash));
	}
	ERR_clear_error();
	return NULL;
}

struct err *
worker_start(void)
{
	TRY(start_openssl());
	report_start();
	return formats_start();
}

void
worker_stop(void)
{
	formats_stop();
}

const struct format *
job_format_named(struct bytes name)
{
	size_t n;
	const struct format *const *all = formats_all(&n);
	for (size_t i = 0; i < n; i++)
		if (bytes_eq_str(name, all[i]->name))
			return all[i];
	return NULL;
}

static struct err *
format_unknown(enum err_kind kind)
{
	return err_coded(
	    err_new(kind, NULL, "no format that we know"), "format-unknown");
}

static struct err *
another_kind(const char *code)
{
	return err_coded(
	    err_new(ERR_UNSUPPORTED, NULL, "no signatures of this kind are read"),
	    code);
}

/* A ZIP file may be a container; it is nothing else that we know. */
static bool
takes(const struct format *f, struct bytes document, bool other)
{
	return (!other || strcmp(f->name, "asic") == 0) && f->detect(document);
}

struct err *
job_format(struct bytes document, const char *hint, const struct format **out)
{
	size_t n;
	const struct format *const *all = formats_all(&n);
	if (hint != NULL) {
		const struct format *f = job_format_named(bytes_str(hint));
		if (f == NULL)
			return format_unknown(ERR_USAGE);
		*out = f;
		return NULL;
	}
	const char *other = other_by_magic(document);
	for (size_t i = 0; i < n; i++)
		if (takes(all[i], document, other != NULL)) {
			*out = all[i];
			return NULL;
		}
	if (other == NULL)
		other = other_by_look(document);
	return other == NULL ? format_unknown(ERR_UNSUPPORTED)
			     : another_kind(other);
}

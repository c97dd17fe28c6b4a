/* What all jobs start with: libraries, and the format of a document. */
#include "worker/job.h"

#include "worker/formats.h"
#include "worker/internal.h"

#include <openssl/crypto.h>
#include <openssl/err.h>

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

/* Files of Office, of 2007 and later (a package of parts) or before.  Their own
 * signatures leave out parts that change what is shown, so none is judged: a
 * reader learns that, and not that the file is of no kind at all. */
static bool
is_office(struct bytes document)
{
	const size_t far = (size_t)1 << 20; /* bytes; the directory is in it */
	if (bytes_starts(
		document, BYTES_LIT("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")))
		return true;
	size_t from = document.len > far ? document.len - far : 0;
	return bytes_starts(document, BYTES_LIT("PK\003\004")) &&
	       bytes_find(bytes_from(document, from),
		   BYTES_LIT("[Content_Types].xml")) != SIZE_MAX;
}

static struct err *
format_office(void)
{
	return err_coded(err_new(ERR_UNSUPPORTED, NULL, "signatures of Office"),
	    "format-office");
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
	for (size_t i = 0; i < n; i++)
		if (all[i]->detect(document)) {
			*out = all[i];
			return NULL;
		}
	return is_office(document) ? format_office()
				   : format_unknown(ERR_UNSUPPORTED);
}

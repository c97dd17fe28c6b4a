/* Work done here, without the service: the same jobs as signd's workers, in a
 * sandboxed child. */
#ifndef SIGND_SIGNCTL_OFFLINE_H
#define SIGND_SIGNCTL_OFFLINE_H

#include "signctl/io.h"
#include "worker/job.h"
#include "worker/sandbox.h"

#define OFFLINE_MEMORY ((size_t)2 * 1024 * 1024 * 1024) /* bytes */
#define OFFLINE_SECONDS 120
#define READ_FILE_MAX                                                          \
	(64 * 1024 * 1024) /* bytes of a certificate or CRL file */

/* files_read loads the values of a repeated option as certificates. */
struct err *certs_load(
    const struct args *a, const char *option, struct cert_list *out) MUST_USE;

/* CRLs (DER or PEM) and OCSP answers (DER) of --crl and --ocsp. */
struct status_files {
	struct status_data *v;
	struct buf *held; /* one for each of v */
	size_t n;
};
struct err *status_load(
    const struct args *a, struct status_files *out) MUST_USE;
void status_done(struct status_files *s);

/* time_option reads --time; TIME_NONE when it is not given. */
struct err *time_option(const struct args *a, int64_t *out) MUST_USE;

/* What signctl exits with for an indication. */
int indication_exit(enum indication i);
/* exit_worse keeps the worse exit code: invalid over indeterminate over valid.
 */
int exit_worse(int a, int b);

#endif

/* Keeping secrets out of core files, swap and other processes. */
#ifndef SIGND_PKCS11_GUARD_H
#define SIGND_PKCS11_GUARD_H

#include "base/base.h"

/* guard_process: no core file, no ptrace by others of the same user, no
 * reading through /proc.  Call it first, before any secret is read. */
struct err *guard_process(void) MUST_USE;

/* guard_secret locks a secret in memory and keeps it out of core files; where
 * the limit of locked memory is too low, it is used unlocked. */
void guard_secret(const struct secret *s);

#define GUARD_FILE_MAX 512 /* bytes of a PIN file */

/*
 * guard_read_secret reads a small file (a token's PIN) into a locked secret,
 * without the line end.  ERR_DENIED code "secret-file": others may read or
 * write it; ERR_MISSING; ERR_LIMIT; ERR_MALFORMED: empty, or more lines.
 */
struct err *guard_read_secret(const char *path, struct secret *out) MUST_USE;
/* The same from an open file, of which `path` is only the name to tell. */
struct err *guard_read_secret_fd(
    int fd, const char *path, struct secret *out) MUST_USE;

#endif

/*
 * A SoftHSM token in a directory of its own, for tests.  Where there is no
 * SoftHSM, softhsm_missing() says why, and the test is skipped aloud.
 */
#ifndef SIGND_TESTS_SOFTHSM_H
#define SIGND_TESTS_SOFTHSM_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOFTHSM_PIN "648-tokenpin"
#define SOFTHSM_SO_PIN "648-sopin"

/* SoftHSM's own leaks: 242 bytes for each unwrap, and what its singletons
 * leave; a TPM module's for each key that it looks at.  Everything else counts. */
#if defined(__SANITIZE_ADDRESS__) || defined(SIGND_SANITIZED)
const char *__lsan_default_suppressions(void);
const char *
__lsan_default_suppressions(void)
{
	return "leak:libsofthsm2.so\nleak:libtpm2_pkcs11.so\n";
}
#endif

static inline const char *
softhsm_module(void)
{
	static const char *const places[] = {
		"/usr/lib/softhsm/libsofthsm2.so",
		"/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
		"/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
		"/usr/lib64/pkcs11/libsofthsm2.so",
	};
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (access(places[i], R_OK) == 0)
			return places[i];
	return NULL;
}

/* NULL when SoftHSM is here. */
static inline const char *
softhsm_missing(void)
{
	if (softhsm_module() == NULL)
		return "libsofthsm2.so is not installed";
	if (system("softhsm2-util --version >/dev/null 2>&1") != 0)
		return "softhsm2-util is not installed";
	return NULL;
}

static inline int
softhsm_write(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0)
		return -1;
	ssize_t n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

/* Makes DIR/softhsm2.conf, DIR/tokens, DIR/pin and a token `label`, and sets
 * SOFTHSM2_CONF.  0 when it went well. */
static inline int
softhsm_make(const char *dir, const char *label)
{
	char path[512], text[1024], command[2048];
	snprintf(path, sizeof(path), "%s/tokens", dir);
	if (mkdir(path, 0700) != 0)
		return -1;
	snprintf(text, sizeof(text),
	    "directories.tokendir = %s\nobjectstore.backend = file\n"
	    "log.level = ERROR\nslots.removable = false\n",
	    path);
	snprintf(path, sizeof(path), "%s/softhsm2.conf", dir);
	if (softhsm_write(path, text, 0600) != 0)
		return -1;
	setenv("SOFTHSM2_CONF", path, 1);
	snprintf(path, sizeof(path), "%s/pin", dir);
	if (softhsm_write(path, SOFTHSM_PIN "\n", 0600) != 0)
		return -1;
	snprintf(command, sizeof(command),
	    "softhsm2-util --init-token --free --label '%s' --pin %s"
	    " --so-pin %s >/dev/null 2>&1",
	    label, SOFTHSM_PIN, SOFTHSM_SO_PIN);
	return system(command);
}

static inline int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void
remove_tree(const char *dir)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#endif

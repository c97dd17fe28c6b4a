/*
 * The same tests over several makes of tokens: SoftHSM, a TPM (tpm2-pkcs11 on
 * swtpm), NSS.  Each is made from nothing in a directory of its own; one that
 * is not installed is said aloud.
 */
#ifndef SIGND_TESTS_PKCS11_MAKES_H
#define SIGND_TESTS_PKCS11_MAKES_H

#include <signal.h>
#include <sys/prctl.h>

#include "tests/softhsm.h"

#define MAKE_PIN SOFTHSM_PIN

struct make {
	const char *name;
	const char *module;  /* path; NULL: not installed */
	char arguments[512]; /* for p11_module_open_with */
	char uri[128];
	bool any_id;     /* CKA_ID may be empty, or another key's */
	bool always;     /* CKA_ALWAYS_AUTHENTICATE works */
	pid_t simulator; /* of the TPM; 0: none */
};

static inline const char *
first_there(const char *const *places)
{
	while (*places != NULL && access(*places, R_OK) != 0)
		places++;
	return *places;
}

static inline struct make
make_softhsm(const char *dir)
{
	struct make m = { .name = "SoftHSM", .any_id = true, .always = true };
	if (softhsm_missing() == NULL && softhsm_make(dir, "tên lạ") == 0)
		m.module = softhsm_module();
	strcpy(m.uri, "pkcs11:manufacturer=SoftHSM%20project");
	return m;
}

/* ---- NSS ---- */

static inline struct make
make_nss(const char *dir)
{
	static const char *const places[] = {
		"/usr/lib/x86_64-linux-gnu/libsoftokn3.so",
		"/usr/lib/x86_64-linux-gnu/nss/libsoftokn3.so",
		"/usr/lib/aarch64-linux-gnu/libsoftokn3.so",
		"/usr/lib/aarch64-linux-gnu/nss/libsoftokn3.so",
		"/usr/lib64/libsoftokn3.so",
		NULL,
	};
	struct make m = { .name = "NSS" };
	char command[1024];
	snprintf(command, sizeof(command),
	    "mkdir %s/nss && cp %s/pin %s/nss/pin && "
	    "certutil -N -d sql:%s/nss -f %s/nss/pin >/dev/null 2>&1",
	    dir, dir, dir, dir, dir);
	if (first_there(places) != NULL && system(command) == 0)
		m.module = first_there(places);
	snprintf(m.arguments, sizeof(m.arguments),
	    "configdir='sql:%s/nss' certPrefix='' keyPrefix='' "
	    "secmod='secmod.db' flags=",
	    dir);
	strcpy(m.uri, "pkcs11:token=NSS%20Certificate%20DB");
	return m;
}

/* ---- a TPM ---- */

static inline pid_t
start_swtpm(const char *dir)
{
	char state[300], control[300], server[300];
	snprintf(state, sizeof(state), "dir=%s/tpm", dir);
	snprintf(
	    control, sizeof(control), "type=unixio,path=%s/tpm/sock.ctrl", dir);
	snprintf(server, sizeof(server), "type=unixio,path=%s/tpm/sock", dir);
	pid_t pid = fork();
	if (pid == 0) {
		/* It must not outlive a test that crashed. */
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		execlp("swtpm", "swtpm", "socket", "--tpm2", "--tpmstate",
		    state, "--ctrl", control, "--server", server, "--flags",
		    "not-need-init,startup-clear", "--log", "file=/dev/null",
		    (char *)NULL);
		_exit(127);
	}
	char path[300];
	snprintf(path, sizeof(path), "%s/tpm/sock.ctrl", dir);
	for (int i = 0; i < 200 && access(path, F_OK) != 0; i++)
		usleep(20000);
	return access(path, F_OK) == 0 ? pid : 0;
}

static inline void
make_end(struct make *m)
{
	if (m->simulator <= 0)
		return;
	kill(m->simulator, SIGTERM);
	waitpid(m->simulator, NULL, 0);
	m->simulator = 0;
}

/* The token is set up as its owner would: by PKCS#11, as security officer. */
static inline struct make
make_tpm(const char *dir)
{
	static const char *const places[] = {
		"/usr/lib/x86_64-linux-gnu/pkcs11/libtpm2_pkcs11.so",
		"/usr/lib/x86_64-linux-gnu/libtpm2_pkcs11.so.1",
		"/usr/lib/aarch64-linux-gnu/pkcs11/libtpm2_pkcs11.so",
		"/usr/lib/aarch64-linux-gnu/libtpm2_pkcs11.so.1",
		NULL,
	};
	/* Asked for the PIN of an operation, the module loads one object more
	 * than a TPM has room for, unless a resource manager is between. */
	struct make m = { .name = "TPM" };
	char text[512], command[1024];
	if (first_there(places) == NULL ||
	    system("command -v swtpm pkcs11-tool >/dev/null") != 0)
		return m;
	snprintf(text, sizeof(text), "%s/tpm", dir);
	if (mkdir(text, 0700) != 0 || (m.simulator = start_swtpm(dir)) == 0)
		return m;
	setenv("TPM2_PKCS11_STORE", text, 1);
	snprintf(text, sizeof(text), "swtpm:path=%s/tpm/sock", dir);
	setenv("TPM2_PKCS11_TCTI", text, 1);
	setenv("TPM2_PKCS11_LOG_LEVEL", "0", 1);
	setenv("TSS2_LOG", "all+none", 1);
	snprintf(command, sizeof(command),
	    "(pkcs11-tool --module %s --slot 1 --init-token --label 'thẻ' "
	    "--so-pin %s && pkcs11-tool --module %s --slot 1 --init-pin "
	    "--login --login-type so --so-pin %s --new-pin %s) >/dev/null 2>&1",
	    first_there(places), SOFTHSM_SO_PIN, first_there(places),
	    SOFTHSM_SO_PIN, MAKE_PIN);
	if (system(command) == 0)
		m.module = first_there(places);
	else
		make_end(&m);
	strcpy(m.uri, "pkcs11:token=th%E1%BA%BB");
	return m;
}

#endif

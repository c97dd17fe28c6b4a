/* Helper of unit.sh: only FILE COMMAND...: runs the command with the system
 * calls alone that FILE names, line by line, as systemd's SystemCallFilter
 * does it; another one ends the process. */
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Names of other machines' calls are passed over. */
static int
allow_all(scmp_filter_ctx f, FILE *names)
{
	char line[128];
	int bad = 0;
	while (bad == 0 && fgets(line, sizeof(line), names) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		int number = seccomp_syscall_resolve_name(line);
		if (number >= 0)
			bad = seccomp_rule_add(f, SCMP_ACT_ALLOW, number, 0);
	}
	return bad;
}

int
main(int argc, char **argv)
{
	FILE *names = argc < 3 ? NULL : fopen(argv[1], "re");
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (names == NULL || f == NULL || allow_all(f, names) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    seccomp_load(f) != 0) {
		fprintf(stderr, "only: cannot filter by %s\n",
		    argc < 2 ? "nothing" : argv[1]);
		return 99;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 99;
}

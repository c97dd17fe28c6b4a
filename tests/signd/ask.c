/* Helper of intruder.sh: ask SOCKET OPERATION [TEXT]...: sends one request with
 * the texts as fields 1, 2, ..., and prints the code of the error, or "ok". */
#include <stdio.h>
#include <stdlib.h>

#include "base/pack.h"
#include "signd/ipc.h"

static struct err *
ask(int argc, char **argv)
{
	CLEANUP(buf_done) struct buf body = BUF(65536);
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	for (int i = 3; i < argc; i++)
		TRY(pack_str(&body, (uint16_t)(i - 2), argv[i]));
	return ipc_call(argv[1], (uint16_t)strtoul(argv[2], NULL, 0),
	    buf_bytes(&body), NULL, 0, 1 << 20, 3000, &m);
}

int
main(int argc, char **argv)
{
	if (argc < 3) { /* as one of the test programs: nothing to do */
		puts("1..0 # SKIP a helper of intruder.sh");
		return 0;
	}
	struct err *e = ask(argc, argv);
	puts(e == NULL ? "ok" : err_code(e));
	if (e != NULL)
		fprintf(stderr, "%s\n", err_text(e));
	err_free(e);
	return 0;
}

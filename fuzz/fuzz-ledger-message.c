/* Requests to the ledger's both sides: two bytes of operation, then the body.
 * The ledger is an empty one, and nothing is committed. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "signd/ledger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ledger_server server;

static void
open_empty(void)
{
	char dir[] = "/tmp/signd-fuzz-XXXXXX", path[64];
	if (mkdtemp(dir) == NULL)
		abort();
	snprintf(path, sizeof(path), "%s/ledger.db", dir);
	const struct ledger_ground *g = &ledger_ground_system;
	if (ledger_open(path, LEDGER_WRITE, g, &server.writer) != NULL ||
	    ledger_open(path, LEDGER_READ, g, &server.reader) != NULL)
		abort();
	/* It lives on while it is open. */
	const char *const ends[] = { "", "-wal", "-shm" };
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		char file[80];
		snprintf(file, sizeof(file), "%s%s", path, ends[i]);
		unlink(file);
	}
	rmdir(dir);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (server.writer == NULL)
		open_empty();
	if (size < 2)
		return 0;
	const struct ipc_message request = {
		.op = (uint16_t)(data[0] << 8 | data[1]),
		.body = { (uint8_t *)(uintptr_t)(data + 2), size - 2, size - 2,
		    size - 2 },
	};
	struct ipc_message answer = { .body = BUF(1024 * 1024) };
	err_free(ledger_begin(server.writer));
	err_free(ledger_handle_write(&server, &request, &answer));
	ledger_rollback(server.writer);
	err_free(ledger_handle_read(&server, &request, &answer));
	ipc_message_done(&answer);
	return 0;
}

/* Heads of frames, and packed errors, as a broken process would send them. */
#include <stdlib.h>
#include <string.h>

#include "base/pack.h"
#include "signd/ipc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	struct ipc_head head;
	struct err *e =
	    ipc_head_parse(bytes_slice(in, 0, IPC_HEAD), 1024, &head);
	if (e == NULL) {
		/* What was read is written back the same. */
		uint8_t again[IPC_HEAD];
		ipc_head_encode(&head, again);
		if (memcmp(again, data, IPC_HEAD) != 0 || head.len > 1024)
			abort();
	}
	err_free(e);
	err_free(err_unpack(bytes_from(in, IPC_HEAD)));
	return 0;
}

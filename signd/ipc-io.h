/* What both ends of signd/ipc.h share; nobody else needs it. */
#ifndef SIGND_SIGND_IPC_IO_H
#define SIGND_SIGND_IPC_IO_H

#include <sys/types.h>
#include <sys/un.h>

#include "signd/ipc.h"

int64_t ipc_now_ms(void); /* a clock that never goes back */
struct err *ipc_address(const char *path, struct sockaddr_un *out) MUST_USE;

/* As sendmsg(2) and recvmsg(2), with descriptors; two pieces leave as one.
 * What came along is owned by `into` even on failure; too many of them is -1
 * with EPROTO. */
ssize_t ipc_send_fds(
    int sock, const struct bytes what[2], const int *fds, size_t nfds);
/* Takes `n` bytes that were sent off what is to be sent. */
void ipc_sent(struct bytes what[2], size_t n);
ssize_t ipc_recv_fds(
    int sock, uint8_t *out, size_t size, struct ipc_message *into);

#endif

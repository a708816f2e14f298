// SPDX-License-Identifier: Apache-2.0
// How much has been sent to a server, from the kernel's own count for each TCP connection.
#ifndef LIB_SOCKETS_H
#define LIB_SOCKETS_H

#include <stdint.h>
#include <sys/types.h>

// Bytes sent and acknowledged on all connections of this machine to a remote port that are
// established now, but for those of this process and of `excluded` (the server: it may talk to
// itself); 0 when the kernel does not tell.
int64_t sockets_sent_bytes(uint16_t remote_port, pid_t excluded);

#endif

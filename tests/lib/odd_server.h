// SPDX-License-Identifier: Apache-2.0
// An HTTP server that misbehaves as it is told: hangs, resets, cuts, floods. It answers each
// request by the next step of its script; the last step repeats. Listens on 127.0.0.1.
#ifndef LIB_ODD_SERVER_H
#define LIB_ODD_SERVER_H

#include <stddef.h>
#include <stdint.h>

enum odd_kind {
    ODD_ANSWER, // `status`, `headers` (lines that end in \r\n, or NULL) and `body`
    ODD_SLOW,   // the same, the body a few bytes at a time
    ODD_CUT,    // the same, but the connection ends before the body's last byte
    ODD_HANG,   // no answer until the server is closed
    ODD_RESET,  // a TCP reset instead of an answer
    ODD_RAW,    // `body` as it stands, then the end of the connection
    ODD_FLOOD,  // 200 and a body without an end
};

struct odd_step {
    enum odd_kind kind;
    int status;
    const char *headers;
    const char *body;
};

struct odd_server;

// port 0: a free one. `steps` is borrowed; count >= 1.
struct odd_server *odd_server_open(uint16_t port, const struct odd_step *steps, size_t count);
void odd_server_close(struct odd_server *server);
uint16_t odd_server_port(const struct odd_server *server);
// "http://127.0.0.1:PORT", for the server's lifetime.
const char *odd_server_url(const struct odd_server *server);

// Requests read so far.
size_t odd_server_requests(struct odd_server *server);
// Connections accepted so far.
size_t odd_server_connections(struct odd_server *server);
// A copy of the latest request's head and body; the caller frees it.
char *odd_server_request(struct odd_server *server);

#endif

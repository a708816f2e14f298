// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 over a bare socket, for tests that look at what is on the wire: sends any bytes, reads
// one answer with a Content-Length. Everything has a deadline; failures end the test.
#ifndef LIB_RAW_HTTP_H
#define LIB_RAW_HTTP_H

#include <stddef.h>
#include <stdint.h>

struct raw_http_answer {
    int status;
    char content_type[128]; // "": none
    char *head;             // status line and headers, terminated
    char *body;             // terminated; raw_http_release frees both
    size_t body_bytes;
};

// A connection to 127.0.0.1:port. The caller closes it with close(2).
int raw_http_connect(uint16_t port);

// Sends `size` bytes.
void raw_http_send(int fd, const void *bytes, size_t size);

// Sends one request. `headers` are lines that end in \r\n, or ""; body NULL: none, and then no
// Content-Length. The connection stays open.
void raw_http_request(int fd, const char *method, const char *target, const char *headers,
                      const char *body);

// Reads one answer. `method` tells whether a body follows (HEAD: none).
void raw_http_read(int fd, const char *method, struct raw_http_answer *out);
void raw_http_release(struct raw_http_answer *answer);

// The three in one, on a connection of its own.
void raw_http_exchange(uint16_t port, const char *method, const char *target, const char *headers,
                       const char *body, struct raw_http_answer *out);

#endif

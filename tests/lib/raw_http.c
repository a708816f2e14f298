// SPDX-License-Identifier: Apache-2.0
#include "lib/raw_http.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"

enum { DEADLINE_S = 20, HEAD_BYTES_MAX = 16 * 1024 };

int raw_http_connect(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    struct timeval limit = {.tv_sec = DEADLINE_S};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

void raw_http_send(int fd, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);
        assert_true(sent > 0);
        at += sent;
        size -= (size_t)sent;
    }
}

void raw_http_request(int fd, const char *method, const char *target, const char *headers,
                      const char *body)
{
    char *head = NULL;
    char length[64] = "";
    if (body != NULL)
        snprintf(length, sizeof length, "Content-Length: %zu\r\n", strlen(body));
    int size = asprintf(&head, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s%s\r\n", method, target,
                        headers, length);
    assert_true(size > 0);
    raw_http_send(fd, head, (size_t)size);
    free(head);
    if (body != NULL)
        raw_http_send(fd, body, strlen(body));
}

// Byte by byte, so that nothing of the body is taken.
static void read_head(int fd, char *head)
{
    size_t size = 0;
    while (size < 4 || memcmp(head + size - 4, "\r\n\r\n", 4) != 0) {
        assert_true(size < HEAD_BYTES_MAX - 1);
        assert_int_equal(recv(fd, head + size, 1, 0), 1);
        size++;
    }
    head[size] = '\0';
}

static const char *header_value(const char *head, const char *name, size_t *size)
{
    const char *line = strstr(head, "\r\n");
    for (; line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        size_t name_size = strlen(name);
        if (strncasecmp(line, name, name_size) != 0 || line[name_size] != ':')
            continue;
        line += name_size + 1;
        line += strspn(line, " ");
        *size = strcspn(line, "\r");
        return line;
    }
    return NULL;
}

static void read_body(int fd, struct raw_http_answer *out)
{
    out->body = memory_zeroed(out->body_bytes + 1, 1);
    for (size_t at = 0; at < out->body_bytes;) {
        ssize_t got = recv(fd, out->body + at, out->body_bytes - at, 0);
        assert_true(got > 0);
        at += (size_t)got;
    }
}

void raw_http_read(int fd, const char *method, struct raw_http_answer *out)
{
    char head[HEAD_BYTES_MAX];
    *out = (struct raw_http_answer){0};
    read_head(fd, head);
    assert_int_equal(sscanf(head, "HTTP/1.1 %d", &out->status), 1);
    size_t size = 0;
    const char *type = header_value(head, "content-type", &size);
    if (type != NULL)
        snprintf(out->content_type, sizeof out->content_type, "%.*s", (int)size, type);
    const char *length = header_value(head, "content-length", &size);
    assert_non_null(length);
    out->head = memory_text(head);
    if (strcmp(method, "HEAD") != 0)
        out->body_bytes = strtoul(length, NULL, 10);
    read_body(fd, out);
}

void raw_http_release(struct raw_http_answer *answer)
{
    free(answer->head);
    free(answer->body);
    *answer = (struct raw_http_answer){0};
}

void raw_http_exchange(uint16_t port, const char *method, const char *target, const char *headers,
                       const char *body, struct raw_http_answer *out)
{
    int fd = raw_http_connect(port);
    raw_http_request(fd, method, target, headers, body);
    raw_http_read(fd, method, out);
    close(fd);
}

// SPDX-License-Identifier: Apache-2.0
#include "lib/odd_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/memory.h"

enum { CONNECTIONS_MAX = 256, REQUEST_BYTES_MAX = 64 * 1024, SLOW_BYTES = 7, SLOW_MS = 2 };

struct connection {
    struct odd_server *server;
    int fd;
    pthread_t thread;
};

struct odd_server {
    int listener;
    int stop; // eventfd: readable once the server is being closed
    uint16_t port;
    char url[64];
    pthread_t thread;
    pthread_mutex_t lock; // of what follows
    const struct odd_step *steps;
    size_t step_count;
    size_t request_count;
    size_t connection_count;
    char *latest;
    struct connection connections[CONNECTIONS_MAX];
};

// True: `fd` can be read. False: the server is being closed, or `limit_ms` have passed.
static bool wait_for(const struct odd_server *server, int fd, int limit_ms)
{
    struct pollfd fds[2] = {{.fd = server->stop, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    int ready = poll(fds, 2, limit_ms);
    return ready > 0 && fds[0].revents == 0;
}

static bool stopping(const struct odd_server *server)
{
    struct pollfd fd = {.fd = server->stop, .events = POLLIN};
    return poll(&fd, 1, 0) > 0;
}

static bool send_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        size -= (size_t)sent;
    }
    return true;
}

static size_t body_size(const char *head)
{
    const char *length = strcasestr(head, "\r\nContent-Length:");
    return length == NULL ? 0 : strtoul(length + 17, NULL, 10);
}

// Head and body of one request into `text`; false at the end of the connection.
static bool read_request(const struct odd_server *server, int fd, char *text)
{
    size_t size = 0;
    for (;;) {
        text[size] = '\0';
        const char *end = strstr(text, "\r\n\r\n");
        if (end != NULL && size >= (size_t)(end - text) + 4 + body_size(text))
            return true;
        if (size + 1 >= REQUEST_BYTES_MAX || !wait_for(server, fd, -1))
            return false;
        ssize_t got = recv(fd, text + size, REQUEST_BYTES_MAX - 1 - size, 0);
        if (got <= 0)
            return false;
        size += (size_t)got;
    }
}

static struct odd_step next_step(struct odd_server *server, const char *request)
{
    pthread_mutex_lock(&server->lock);
    size_t at = server->request_count++;
    free(server->latest);
    server->latest = memory_text(request);
    struct odd_step step = server->steps[at < server->step_count ? at : server->step_count - 1];
    pthread_mutex_unlock(&server->lock);
    return step;
}

static bool send_head(int fd, const struct odd_step *step)
{
    char head[1024];
    const char *headers = step->headers == NULL
                              ? "Content-Type: application/vnd.schemaregistry.v1+json\r\n"
                              : step->headers;
    int size = snprintf(head, sizeof head, "HTTP/1.1 %d Odd\r\n%sContent-Length: %zu\r\n\r\n",
                        step->status, headers, strlen(step->body));
    ensure(size > 0 && (size_t)size < sizeof head);
    return send_all(fd, head, (size_t)size);
}

static bool answer_slowly(const struct odd_server *server, int fd, const char *body)
{
    size_t left = strlen(body);
    while (left > 0) {
        size_t size = left < SLOW_BYTES ? left : SLOW_BYTES;
        struct pollfd stop = {.fd = server->stop, .events = POLLIN};
        if (poll(&stop, 1, SLOW_MS) > 0 || !send_all(fd, body, size))
            return false;
        body += size;
        left -= size;
    }
    return true;
}

static void flood(const struct odd_server *server, int fd)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    char chunk[4096 + 8];
    int size = snprintf(chunk, sizeof chunk, "1000\r\n");
    memset(chunk + size, ' ', 4096);
    memcpy(chunk + size + 4096, "\r\n", 2);
    bool fine = send_all(fd, head, sizeof head - 1);
    while (fine && !stopping(server))
        fine = send_all(fd, chunk, (size_t)size + 4096 + 2);
}

static void reset(int fd)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

// True: the connection goes on.
static bool take_step(const struct odd_server *server, int fd, const struct odd_step *step)
{
    switch (step->kind) {
    case ODD_ANSWER:
        return send_head(fd, step) && send_all(fd, step->body, strlen(step->body));
    case ODD_SLOW:
        return send_head(fd, step) && answer_slowly(server, fd, step->body);
    case ODD_CUT:
        (void)(send_head(fd, step) && send_all(fd, step->body, strlen(step->body) - 1));
        return false;
    case ODD_HANG:
        while (!stopping(server) && wait_for(server, server->stop, -1))
            ;
        return false;
    case ODD_RESET:
        reset(fd);
        return false;
    case ODD_RAW:
        (void)send_all(fd, step->body, strlen(step->body));
        return false;
    case ODD_FLOOD:
        flood(server, fd);
        return false;
    }
    return false;
}

// The descriptor is closed here; a hung-up client ends it too.
static void *serve(void *context)
{
    struct connection *connection = context;
    struct odd_server *server = connection->server;
    char *request = memory_zeroed(REQUEST_BYTES_MAX, 1);
    bool goes_on = true;
    while (goes_on && read_request(server, connection->fd, request)) {
        struct odd_step step = next_step(server, request);
        goes_on = take_step(server, connection->fd, &step);
    }
    free(request);
    close(connection->fd);
    return NULL;
}

static void *accept_all(void *context)
{
    struct odd_server *server = context;
    while (wait_for(server, server->listener, -1)) {
        int fd = accept(server->listener, NULL, NULL);
        if (fd < 0)
            continue;
        pthread_mutex_lock(&server->lock);
        ensure(server->connection_count < CONNECTIONS_MAX);
        struct connection *connection = &server->connections[server->connection_count++];
        *connection = (struct connection){.server = server, .fd = fd};
        ensure(pthread_create(&connection->thread, NULL, serve, connection) == 0);
        pthread_mutex_unlock(&server->lock);
    }
    return NULL;
}

static void listen_on(struct odd_server *server, uint16_t port)
{
    int yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ensure(server->listener >= 0);
    setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    ensure(bind(server->listener, (struct sockaddr *)&address, size) == 0);
    ensure(listen(server->listener, 64) == 0);
    ensure(getsockname(server->listener, (struct sockaddr *)&address, &size) == 0);
    server->port = ntohs(address.sin_port);
    snprintf(server->url, sizeof server->url, "http://127.0.0.1:%u", (unsigned)server->port);
}

struct odd_server *odd_server_open(uint16_t port, const struct odd_step *steps, size_t count)
{
    ensure(count > 0);
    struct odd_server *server = memory_zeroed(1, sizeof *server);
    server->steps = steps;
    server->step_count = count;
    server->stop = eventfd(0, EFD_CLOEXEC);
    pthread_mutex_init(&server->lock, NULL);
    listen_on(server, port);
    ensure(pthread_create(&server->thread, NULL, accept_all, server) == 0);
    return server;
}

void odd_server_close(struct odd_server *server)
{
    if (server == NULL)
        return;
    ensure(eventfd_write(server->stop, 1) == 0);
    pthread_join(server->thread, NULL);
    for (size_t i = 0; i < server->connection_count; i++)
        pthread_join(server->connections[i].thread, NULL);
    close(server->listener);
    close(server->stop);
    pthread_mutex_destroy(&server->lock);
    free(server->latest);
    free(server);
}

uint16_t odd_server_port(const struct odd_server *server)
{
    return server->port;
}

const char *odd_server_url(const struct odd_server *server)
{
    return server->url;
}

size_t odd_server_requests(struct odd_server *server)
{
    pthread_mutex_lock(&server->lock);
    size_t count = server->request_count;
    pthread_mutex_unlock(&server->lock);
    return count;
}

size_t odd_server_connections(struct odd_server *server)
{
    pthread_mutex_lock(&server->lock);
    size_t count = server->connection_count;
    pthread_mutex_unlock(&server->lock);
    return count;
}

char *odd_server_request(struct odd_server *server)
{
    pthread_mutex_lock(&server->lock);
    char *copy = memory_text(server->latest == NULL ? "" : server->latest);
    pthread_mutex_unlock(&server->lock);
    return copy;
}

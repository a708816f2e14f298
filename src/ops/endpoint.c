// SPDX-License-Identifier: Apache-2.0
#include "ops/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"

enum {
    PAGE_BYTES_MAX = 8 * 1024 * 1024,
    CONNECTIONS_MAX = 32,
    CONNECTION_BYTES_MAX = 32 * 1024,
    TIMEOUT_S = 10,
    ADDRESS_BYTES_MAX = 64,
};

struct endpoint {
    struct endpoint_source source;
    struct MHD_Daemon *daemon;
    uint16_t port;
};

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

// Splits "127.0.0.1:80" or "[::1]:80".
static bool parse_listen(const char *listen, union address *out)
{
    char host[ADDRESS_BYTES_MAX];
    const char *colon = strrchr(listen, ':');
    if (colon == NULL || (size_t)(colon - listen) >= sizeof(host))
        return false;
    char *end;
    errno = 0;
    unsigned long port = strtoul(colon + 1, &end, 10);
    if (errno != 0 || end == colon + 1 || *end != '\0' || port > UINT16_MAX)
        return false;
    size_t size = (size_t)(colon - listen);
    bool bracketed = size >= 2 && listen[0] == '[' && listen[size - 1] == ']';
    size_t host_size = bracketed ? size - 2 : size;
    memcpy(host, listen + bracketed, host_size);
    host[host_size] = '\0';
    *out = (union address){0};
    if (bracketed) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons((uint16_t)port);
        return inet_pton(AF_INET6, host, &out->v6.sin6_addr) == 1;
    }
    out->v4.sin_family = AF_INET;
    out->v4.sin_port = htons((uint16_t)port);
    return inet_pton(AF_INET, host, &out->v4.sin_addr) == 1;
}

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned code, const char *type,
                              struct view body)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        body.size, (void *)(uintptr_t)body.data, MHD_RESPMEM_MUST_COPY);
    if (response == NULL)
        return MHD_NO;
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    enum MHD_Result result = MHD_queue_response(connection, code, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result serve_page(struct endpoint *endpoint, struct MHD_Connection *connection,
                                  const char *url)
{
    static const char text[] = "text/plain; charset=utf-8";
    struct buffer page;
    enum MHD_Result result;
    buffer_init(&page, PAGE_BYTES_MAX);
    if (strcmp(url, "/metrics") == 0) {
        bool whole = endpoint->source.metrics(endpoint->source.context, &page);
        result = answer(connection, whole ? MHD_HTTP_OK : MHD_HTTP_INTERNAL_SERVER_ERROR,
                        "text/plain; version=0.0.4; charset=utf-8", buffer_view(&page));
    } else if (strcmp(url, "/healthz") == 0) {
        result = answer(connection, MHD_HTTP_OK, text, view_text("ok\n"));
    } else if (strcmp(url, "/readyz") != 0) {
        result = answer(connection, MHD_HTTP_NOT_FOUND, text,
                        view_text("not found; there are /metrics, /healthz and /readyz\n"));
    } else if (endpoint->source.ready(endpoint->source.context, &page)) {
        result =
            answer(connection, MHD_HTTP_OK, "application/json", view_text("{\"ready\": true}\n"));
    } else {
        result = answer(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "application/json",
                        buffer_view(&page));
    }
    buffer_release(&page);
    return result;
}

static enum MHD_Result serve(void *context, struct MHD_Connection *connection, const char *url,
                             const char *method, const char *version, const char *upload_data,
                             size_t *upload_data_size, void **request)
{
    (void)version;
    (void)upload_data;
    (void)request;
    if (strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0)
        return serve_page(context, connection, url);
    *upload_data_size = 0; // whatever is sent along is not read
    return answer(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain; charset=utf-8",
                  view_text("only GET and HEAD are served here\n"));
}

static int listen_on(const union address *address)
{
    int on = 1;
    bool v6 = address->any.sa_family == AF_INET6;
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    socklen_t size = v6 ? sizeof(address->v6) : sizeof(address->v4);
    if (bind(fd, &address->any, size) == 0 && listen(fd, CONNECTIONS_MAX) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static uint16_t port_of(int fd)
{
    union address address = {0};
    socklen_t size = sizeof(address);
    if (getsockname(fd, &address.any, &size) != 0)
        return 0;
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

enum status endpoint_open(const char *listen, const struct endpoint_source *source,
                          struct endpoint **out, struct error *err)
{
    union address address = {0};
    if (!parse_listen(listen, &address))
        return error_set(err, STATUS_FATAL,
                         "http.listen: '%s' is not ADDRESS:PORT, such as 127.0.0.1:9464", listen);
    int fd = listen_on(&address);
    if (fd < 0)
        return error_set(err, STATUS_FATAL,
                         "http.listen: cannot listen on %s: %s (another instance? choose another "
                         "port, or turn it off with an empty http.listen)",
                         listen, strerror(errno));
    struct endpoint *endpoint = memory_zeroed(1, sizeof(*endpoint));
    endpoint->source = *source;
    endpoint->port = port_of(fd);
    endpoint->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, serve, endpoint, MHD_OPTION_LISTEN_SOCKET,
        fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES_MAX,
        MHD_OPTION_END);
    if (endpoint->daemon == NULL) {
        close(fd);
        free(endpoint);
        return error_set(err, STATUS_FATAL, "http.listen: cannot start the server on %s", listen);
    }
    *out = endpoint;
    return STATUS_OK;
}

uint16_t endpoint_port(const struct endpoint *endpoint)
{
    return endpoint->port;
}

void endpoint_close(struct endpoint *endpoint)
{
    MHD_stop_daemon(endpoint->daemon);
    free(endpoint);
}

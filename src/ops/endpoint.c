// SPDX-License-Identifier: Apache-2.0
#include "ops/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/memory.h"
#include "ops/site.h"

enum {
    CONNECTIONS_MAX = 32,
    CONNECTION_BYTES_MAX = 32 * 1024,
    TIMEOUT_S = 10,
    ADDRESS_BYTES_MAX = 64,
};

struct endpoint {
    struct site site;
    struct bearer *bearer; // NULL: none is asked for
    struct MHD_Daemon *daemon;
    pthread_t thread;
    atomic_bool closing;
    int wake_fd; // an eventfd: look at `closing`
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

// ---- the socket ----

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

// ---- the thread ----

// How long the library may be left alone, no longer than `turn_ms`.
static int wait_ms(struct endpoint *endpoint, int turn_ms)
{
    MHD_UNSIGNED_LONG_LONG library_ms;
    if (MHD_get_timeout(endpoint->daemon, &library_ms) != MHD_YES ||
        library_ms > (MHD_UNSIGNED_LONG_LONG)turn_ms)
        return turn_ms;
    return (int)library_ms;
}

static void *run(void *argument)
{
    struct endpoint *endpoint = argument;
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(endpoint->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct pollfd fds[] = {{info->epoll_fd, POLLIN, 0}, {endpoint->wake_fd, POLLIN, 0}};
    while (!atomic_load(&endpoint->closing)) {
        (void)MHD_run(endpoint->daemon);
        int turn_ms = site_turn(&endpoint->site, clock_now_ms());
        (void)MHD_run(endpoint->daemon); // what has been resumed
        (void)poll(fds, 2, wait_ms(endpoint, turn_ms));
    }
    // The library must not be stopped while connections are suspended.
    site_end(&endpoint->site);
    (void)MHD_run(endpoint->daemon);
    return NULL;
}

static struct MHD_Daemon *start_daemon(struct endpoint *endpoint, int fd)
{
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, site_serve, &endpoint->site,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_BYTES_MAX, MHD_OPTION_NOTIFY_COMPLETED, site_completed, &endpoint->site,
        MHD_OPTION_END);
}

static void release(struct endpoint *endpoint)
{
    site_release(&endpoint->site);
    bearer_close(endpoint->bearer);
    free(endpoint);
}

static enum status start(struct endpoint *endpoint, const char *listen, int fd, struct error *err)
{
    endpoint->port = port_of(fd);
    endpoint->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (endpoint->wake_fd >= 0)
        endpoint->daemon = start_daemon(endpoint, fd);
    if (endpoint->daemon != NULL) {
        ensure(pthread_create(&endpoint->thread, NULL, run, endpoint) == 0);
        (void)pthread_setname_np(endpoint->thread, "http");
        return STATUS_OK;
    }
    close(fd);
    if (endpoint->wake_fd >= 0)
        close(endpoint->wake_fd);
    return error_set(err, STATUS_FATAL, "http.listen: cannot start the server on %s", listen);
}

enum status endpoint_open(const struct endpoint_place *place, const struct endpoint_source *source,
                          struct endpoint **out, struct error *err)
{
    union address address = {0};
    if (!parse_listen(place->listen, &address))
        return error_set(err, STATUS_FATAL,
                         "http.listen: '%s' is not ADDRESS:PORT, such as 127.0.0.1:9464",
                         place->listen);
    struct bearer *bearer;
    if (bearer_open(place->token_file, &bearer, err) != STATUS_OK)
        return STATUS_FATAL;
    int fd = listen_on(&address);
    if (fd < 0) {
        bearer_close(bearer);
        return error_set(err, STATUS_FATAL,
                         "http.listen: cannot listen on %s: %s (another instance? choose another "
                         "port, or turn it off with an empty http.listen)",
                         place->listen, strerror(errno));
    }
    struct endpoint *endpoint = memory_zeroed(1, sizeof(*endpoint));
    endpoint->bearer = bearer;
    site_init(&endpoint->site, source, bearer);
    enum status status = start(endpoint, place->listen, fd, err);
    if (status == STATUS_OK)
        *out = endpoint;
    else
        release(endpoint);
    return status;
}

uint16_t endpoint_port(const struct endpoint *endpoint)
{
    return endpoint->port;
}

bool endpoint_is_public(const char *listen)
{
    union address address = {0};
    if (!parse_listen(listen, &address))
        return false;
    if (address.any.sa_family == AF_INET6)
        return !IN6_IS_ADDR_LOOPBACK(&address.v6.sin6_addr);
    return ntohl(address.v4.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET;
}

void endpoint_close(struct endpoint *endpoint)
{
    const uint64_t one = 1;
    atomic_store(&endpoint->closing, true);
    (void)!write(endpoint->wake_fd, &one, sizeof(one));
    pthread_join(endpoint->thread, NULL);
    MHD_stop_daemon(endpoint->daemon);
    close(endpoint->wake_fd);
    release(endpoint);
}

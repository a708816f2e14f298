// SPDX-License-Identifier: Apache-2.0
#include "demo/dev_registry.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/limits.h"
#include "base/memory.h"
#include "demo/dev_registry_routes.h"

enum {
    CONNECTIONS_MAX = 256,
    IDLE_SECONDS_MAX = 60,
    BODY_BYTES_MAX = SCHEMA_BYTES_MAX,
};

struct dev_registry {
    struct MHD_Daemon *daemon; // one thread: the store needs no lock
    struct dev_store store;
    atomic_uint_fast64_t fetches;
    uint16_t port;
};

// A request while its body comes in.
struct upload {
    struct buffer body;
    bool too_large;
};

// The paths' and arguments' escapes are decoded after splitting: a subject may hold a slash.
static size_t keep_escapes(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

static bool flag(struct MHD_Connection *connection, const char *name)
{
    const char *value = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
    return value != NULL && strcasecmp(value, "true") == 0;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

// Takes what `answer` holds.
static enum MHD_Result answer_send(struct MHD_Connection *connection, struct dev_answer answer)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(answer.text), answer.text, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        dev_answer_release(&answer);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer.content_type);
    enum MHD_Result result = MHD_queue_response(connection, (unsigned int)answer.status, response);
    MHD_destroy_response(response);
    return result;
}

static struct dev_answer request_answer(struct dev_registry *registry,
                                        struct MHD_Connection *connection, const char *path,
                                        const char *method, const struct upload *upload)
{
    if (upload->too_large)
        return dev_answer_text(413, "application/json", "\"Request Entity Too Large\"");
    struct dev_request request = {
        .method = method,
        .path = path,
        .accept = header(connection, MHD_HTTP_HEADER_ACCEPT),
        .content_type = header(connection, MHD_HTTP_HEADER_CONTENT_TYPE),
        .body = buffer_view(&upload->body),
        .deleted = flag(connection, "deleted"),
        .permanent = flag(connection, "permanent"),
        .fetch_max_id = flag(connection, "fetchMaxId"),
        .default_to_global = flag(connection, "defaultToGlobal"),
    };
    if (dev_routes_is_fetch(method, path))
        atomic_fetch_add(&registry->fetches, 1);
    return dev_routes_answer(&registry->store, &request);
}

// libmicrohttpd calls once with the headers, then for each piece of the body, then to be answered.
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *piece, size_t *piece_size, void **state)
{
    (void)version;
    struct upload *upload = *state;
    if (upload == NULL) {
        upload = memory_zeroed(1, sizeof *upload);
        buffer_init(&upload->body, BODY_BYTES_MAX);
        *state = upload;
        return MHD_YES;
    }
    if (*piece_size > 0) {
        if (!upload->too_large && !buffer_append(&upload->body, piece, *piece_size)) {
            upload->too_large = true;
            buffer_release(&upload->body);
        }
        *piece_size = 0;
        return MHD_YES;
    }
    return answer_send(connection, request_answer(context, connection, path, method, upload));
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    (void)context;
    (void)connection;
    (void)code;
    struct upload *upload = *state;
    if (upload == NULL)
        return;
    buffer_release(&upload->body);
    free(upload);
    *state = NULL;
}

static struct MHD_Daemon *daemon_start(struct dev_registry *registry, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return MHD_start_daemon(MHD_USE_AUTO_INTERNAL_THREAD, port, NULL, NULL, on_request, registry,
                            MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_CONNECTION_LIMIT,
                            (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
                            (unsigned)IDLE_SECONDS_MAX, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes,
                            NULL, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
}

enum status dev_registry_open(uint16_t port, struct dev_registry **out, struct error *err)
{
    struct dev_registry *registry = memory_zeroed(1, sizeof *registry);
    dev_store_init(&registry->store);
    registry->daemon = daemon_start(registry, port);
    if (registry->daemon == NULL) {
        int cause = errno;
        dev_registry_close(registry);
        return error_set(err, STATUS_FATAL,
                         "the development registry cannot listen on 127.0.0.1:%u: %s; choose a "
                         "free port",
                         (unsigned)port, strerror(cause));
    }
    registry->port = MHD_get_daemon_info(registry->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    *out = registry;
    return STATUS_OK;
}

uint16_t dev_registry_port(const struct dev_registry *registry)
{
    return registry->port;
}

uint64_t dev_registry_fetches(const struct dev_registry *registry)
{
    return atomic_load(&registry->fetches);
}

void dev_registry_close(struct dev_registry *registry)
{
    if (registry == NULL)
        return;
    if (registry->daemon != NULL)
        MHD_stop_daemon(registry->daemon);
    dev_store_release(&registry->store);
    free(registry);
}

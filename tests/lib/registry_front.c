// SPDX-License-Identifier: Apache-2.0
#include "lib/registry_front.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/memory.h"
#include "lib/raw_http.h"
#include "lib/workspace.h"

enum { TARGET_BYTES = 1024, HEADER_BYTES = 512, IDLE_SECONDS_MAX = 60 };

struct registry_front {
    struct MHD_Daemon *daemon; // one thread
    struct registry_front_settings settings;
    char *pem;
    atomic_size_t passed;
    atomic_size_t refused;
};

static bool is_known(const struct registry_front *front, struct MHD_Connection *connection)
{
    char *password = NULL;
    char *username = MHD_basic_auth_get_username_password(connection, &password);
    bool known = username != NULL && password != NULL &&
                 strcmp(username, front->settings.username) == 0 &&
                 strcmp(password, front->settings.password) == 0;
    MHD_free(username);
    MHD_free(password);
    return known;
}

static void add_header(struct MHD_Connection *connection, const char *name, char *headers)
{
    const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    size_t size = strlen(headers);
    if (value != NULL)
        snprintf(headers + size, HEADER_BYTES - size, "%s: %s\r\n", name, value);
}

static enum MHD_Result add_argument(void *context, enum MHD_ValueKind kind, const char *name,
                                    const char *value)
{
    char *target = context;
    size_t size = strlen(target);
    (void)kind;
    snprintf(target + size, TARGET_BYTES - size, "%c%s=%s", strchr(target, '?') ? '&' : '?', name,
             value == NULL ? "" : value);
    return MHD_YES;
}

static enum MHD_Result refuse(struct registry_front *front, struct MHD_Connection *connection)
{
    static char body[] = "{\"error_code\":40101,\"message\":\"Unauthorized\"}";
    struct MHD_Response *response =
        MHD_create_response_from_buffer(sizeof(body) - 1, body, MHD_RESPMEM_PERSISTENT);
    atomic_fetch_add(&front->refused, 1);
    enum MHD_Result result =
        MHD_queue_basic_auth_fail_response(connection, "schema registry", response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result pass(struct registry_front *front, struct MHD_Connection *connection,
                            const char *path, const char *method, struct buffer *body)
{
    char target[TARGET_BYTES];
    char headers[HEADER_BYTES] = "";
    struct raw_http_answer answer;
    snprintf(target, sizeof(target), "%s", path);
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_argument, target);
    add_header(connection, "Accept", headers);
    add_header(connection, "Content-Type", headers);
    bool has_body = body->size > 0 && buffer_append_byte(body, 0);
    raw_http_exchange(front->settings.registry_port, method, target, headers,
                      has_body ? (const char *)body->data : NULL, &answer);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(answer.body_bytes, answer.body, MHD_RESPMEM_MUST_COPY);
    MHD_add_response_header(response, "Content-Type", answer.content_type);
    atomic_fetch_add(&front->passed, 1);
    enum MHD_Result result = MHD_queue_response(connection, (unsigned int)answer.status, response);
    MHD_destroy_response(response);
    raw_http_release(&answer);
    return result;
}

static size_t keep_escapes(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

// Called once with the headers, then for each piece of the body, then to be answered.
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *piece, size_t *piece_size, void **state)
{
    (void)version;
    struct buffer *body = *state;
    if (body == NULL) {
        body = memory_zeroed(1, sizeof(*body));
        buffer_init(body, SCHEMA_BYTES_MAX);
        *state = body;
        return MHD_YES;
    }
    if (*piece_size > 0) {
        bool fits = buffer_append(body, piece, *piece_size);
        *piece_size = 0;
        return fits ? MHD_YES : MHD_NO;
    }
    return is_known(context, connection) ? pass(context, connection, path, method, body)
                                         : refuse(context, connection);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    (void)context;
    (void)connection;
    (void)code;
    if (*state == NULL)
        return;
    buffer_release(*state);
    free(*state);
    *state = NULL;
}

struct registry_front *registry_front_open(const struct registry_front_settings *settings)
{
    struct registry_front *front = memory_zeroed(1, sizeof(*front));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(settings->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    front->settings = *settings;
    front->pem = workspace_read(settings->certificate);
    front->daemon = MHD_start_daemon(
        MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_TLS, settings->port, NULL, NULL, on_request, front,
        MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_HTTPS_MEM_KEY, front->pem,
        MHD_OPTION_HTTPS_MEM_CERT, front->pem, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_SECONDS_MAX, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
    if (front->daemon == NULL)
        fail_msg("HTTPS with %s does not start", settings->certificate);
    return front;
}

void registry_front_close(struct registry_front *front)
{
    if (front == NULL)
        return;
    MHD_stop_daemon(front->daemon);
    free(front->pem);
    free(front);
}

uint16_t registry_front_port(const struct registry_front *front)
{
    return MHD_get_daemon_info(front->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

size_t registry_front_passed(const struct registry_front *front)
{
    return atomic_load(&front->passed);
}

size_t registry_front_refused(const struct registry_front *front)
{
    return atomic_load(&front->refused);
}

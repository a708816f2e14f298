// SPDX-License-Identifier: Apache-2.0
// What the program does with a request once libmicrohttpd has read it: the operators' endpoint and
// the development registry. The functions of libmicrohttpd that they call are replaced by the ones
// here, so that no sockets come in between.
//   u8 which (even: endpoint; odd: development registry), u8 size of the pieces that the body comes
//   in; then lines: method, path, "name: value" or "?name=value" ..., an empty one; the body
#include <microhttpd.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/memory.h"
#include "demo/dev_registry.h"
#include "fuzz/fuzz.h"
#include "ops/site.h"

enum { VALUES_MAX = 16 };

// --- In libmicrohttpd's place --------------------------------------------------------------------

struct MHD_Daemon {
    MHD_AccessHandlerCallback handler;
    void *handler_context;
    MHD_RequestCompletedCallback completed;
    void *completed_context;
    int listen_fd; // owned; -1: none
};

struct MHD_Response {
    uint8_t *body; // NULL: `read` brings it
    size_t size;
    bool typed; // has a Content-Type
    MHD_ContentReaderCallback read;
    MHD_ContentReaderFreeCallback read_end;
    void *read_context;
};

struct value {
    enum MHD_ValueKind kind;
    char *name;
    char *text;
};

struct MHD_Connection {
    struct value values[VALUES_MAX];
    size_t value_count;
    unsigned answers;
    bool suspended;
};

static struct MHD_Daemon *started; // the newest

static void option_take(struct MHD_Daemon *daemon, enum MHD_OPTION option, va_list *more)
{
    switch ((int)option) {
    case MHD_OPTION_LISTEN_SOCKET:
        daemon->listen_fd = va_arg(*more, int);
        return;
    case MHD_OPTION_CONNECTION_LIMIT:
    case MHD_OPTION_CONNECTION_TIMEOUT:
        (void)va_arg(*more, unsigned);
        return;
    case MHD_OPTION_UNESCAPE_CALLBACK:
        (void)va_arg(*more, void *);
        (void)va_arg(*more, void *);
        return;
    case MHD_OPTION_CONNECTION_MEMORY_LIMIT:
        (void)va_arg(*more, size_t);
        return;
    case MHD_OPTION_NOTIFY_COMPLETED:
        daemon->completed = va_arg(*more, MHD_RequestCompletedCallback);
        daemon->completed_context = va_arg(*more, void *);
        return;
    case MHD_OPTION_SOCK_ADDR:
        (void)va_arg(*more, void *);
        return;
    default:
        ensure(false); // one that this file has to be told of
    }
}

struct MHD_Daemon *MHD_start_daemon(unsigned int flags, uint16_t port,
                                    MHD_AcceptPolicyCallback accept, void *accept_context,
                                    MHD_AccessHandlerCallback handler, void *handler_context, ...)
{
    va_list more;
    (void)flags;
    (void)port;
    (void)accept;
    (void)accept_context;
    started = memory_zeroed(1, sizeof(*started));
    *started = (struct MHD_Daemon){
        .handler = handler, .handler_context = handler_context, .listen_fd = -1};
    va_start(more, handler_context);
    for (;;) {
        enum MHD_OPTION option = va_arg(more, enum MHD_OPTION);
        if (option == MHD_OPTION_END)
            break;
        option_take(started, option, &more);
    }
    va_end(more);
    return started;
}

void MHD_stop_daemon(struct MHD_Daemon *daemon)
{
    if (daemon->listen_fd >= 0)
        close(daemon->listen_fd);
    free(daemon);
}

const union MHD_DaemonInfo *MHD_get_daemon_info(struct MHD_Daemon *daemon,
                                                enum MHD_DaemonInfoType type, ...)
{
    static const union MHD_DaemonInfo info = {.port = 1};
    (void)daemon;
    ensure(type == MHD_DAEMON_INFO_BIND_PORT);
    return &info;
}

struct MHD_Response *MHD_create_response_from_buffer(size_t size, void *buffer,
                                                     enum MHD_ResponseMemoryMode mode)
{
    struct MHD_Response *response = memory_zeroed(1, sizeof(*response));
    response->size = size;
    response->body = memory_copy(size > 0 ? buffer : "", size);
    if (mode == MHD_RESPMEM_MUST_FREE)
        free(buffer);
    return response;
}

struct MHD_Response *MHD_create_response_from_callback(uint64_t size, size_t block_size,
                                                       MHD_ContentReaderCallback read,
                                                       void *read_context,
                                                       MHD_ContentReaderFreeCallback read_end)
{
    struct MHD_Response *response = memory_zeroed(1, sizeof(*response));
    ensure(size == MHD_SIZE_UNKNOWN && block_size > 0);
    response->read = read;
    response->read_context = read_context;
    response->read_end = read_end;
    return response;
}

void MHD_suspend_connection(struct MHD_Connection *connection)
{
    ensure(!connection->suspended);
    connection->suspended = true;
}

void MHD_resume_connection(struct MHD_Connection *connection)
{
    ensure(connection->suspended);
    connection->suspended = false;
}

enum MHD_Result MHD_add_response_header(struct MHD_Response *response, const char *header,
                                        const char *content)
{
    ensure(content != NULL && strpbrk(content, "\r\n") == NULL);
    response->typed |= strcasecmp(header, "Content-Type") == 0;
    return MHD_YES;
}

enum MHD_Result MHD_queue_response(struct MHD_Connection *connection, unsigned int status,
                                   struct MHD_Response *response)
{
    ensure(status >= 200 && status < 600 && response->typed);
    ensure(connection->answers++ == 0);
    return MHD_YES;
}

// A stream's client leaves at once.
void MHD_destroy_response(struct MHD_Response *response)
{
    char bytes[64];
    if (response->read != NULL) {
        (void)response->read(response->read_context, 0, bytes, sizeof(bytes));
        response->read_end(response->read_context);
    }
    free(response->body);
    free(response);
}

const char *MHD_lookup_connection_value(struct MHD_Connection *connection, enum MHD_ValueKind kind,
                                        const char *key)
{
    for (size_t i = 0; i < connection->value_count; i++) {
        const struct value *value = &connection->values[i];
        if (value->kind == kind && strcasecmp(value->name, key) == 0)
            return value->text;
    }
    return NULL;
}

// --- The servers and a request -------------------------------------------------------------------

static struct servers {
    struct site site;
    struct MHD_Daemon site_daemon;
    struct dev_registry *registry;
    struct MHD_Daemon *registry_daemon;
} servers;

static bool show_metrics(void *context, struct buffer *out)
{
    (void)context;
    return buffer_append(out, "cardwatch_x 1\n", 14);
}

static bool show_ready(void *context, struct buffer *reason)
{
    (void)context;
    return !buffer_append(reason, "{\"ready\": false}\n", 17);
}

static bool show_status(void *context, struct buffer *out)
{
    (void)context;
    return buffer_append(out, "{}", 2);
}

static bool show_alerts(void *context, uint64_t *after, struct buffer *out)
{
    (void)context;
    (*after)++;
    return buffer_append(out, "[]", 2);
}

// What is asked for has passed the checks: it is answered in the second turn, if at all.
static bool ask_card(void *context, struct view card)
{
    (void)context;
    ensure(card.size > 0 && card.size <= CARD_BYTES_MAX);
    return true;
}

static bool answer_card(void *context, struct view card, struct buffer *out)
{
    (void)context;
    return card.data[0] == '4' && buffer_append(out, "{}", 2);
}

static void servers_open(void)
{
    const struct endpoint_source source = {show_metrics, show_ready, show_ready,  show_status,
                                           show_alerts,  ask_card,   answer_card, NULL};
    struct error err;
    site_init(&servers.site, &source, NULL);
    servers.site_daemon = (struct MHD_Daemon){.handler = site_serve,
                                              .handler_context = &servers.site,
                                              .completed = site_completed,
                                              .completed_context = &servers.site};
    ensure(dev_registry_open(0, &servers.registry, &err) == STATUS_OK);
    servers.registry_daemon = started;
}

static void servers_close(void)
{
    site_release(&servers.site);
    dev_registry_close(servers.registry);
}

// "name: value" or "?name=value".
static void value_add(struct MHD_Connection *connection, struct view line)
{
    bool argument = line.size > 0 && line.data[0] == '?';
    struct reader reader = reader_of(line);
    if (argument)
        (void)fuzz_byte(&reader);
    struct view name = fuzz_part(&reader, argument ? '=' : ':');
    if (connection->value_count == VALUES_MAX)
        return;
    connection->values[connection->value_count++] =
        (struct value){.kind = argument ? MHD_GET_ARGUMENT_KIND : MHD_HEADER_KIND,
                       .name = fuzz_text(name),
                       .text = fuzz_text(fuzz_rest(&reader))};
}

static void values_read(struct MHD_Connection *connection, struct reader *input)
{
    for (;;) {
        struct view line = fuzz_part(input, '\n');
        if (line.size == 0)
            return;
        value_add(connection, line);
    }
}

static void values_release(struct MHD_Connection *connection)
{
    for (size_t i = 0; i < connection->value_count; i++) {
        free(connection->values[i].name);
        free(connection->values[i].text);
    }
}

struct request {
    char *method;
    char *path;
    struct view body;
    size_t piece_bytes; // at least 1
};

// A look-up ends in the next turn, or in one after its patience is over.
static void await_resumed(const struct MHD_Connection *connection)
{
    if (connection->suspended)
        (void)site_turn(&servers.site, 0);
    if (connection->suspended)
        (void)site_turn(&servers.site, INT64_MAX);
    ensure(!connection->suspended);
}

// As libmicrohttpd does it: the headers, the body piece by piece, the end. An answer ends it.
static void request_put(const struct MHD_Daemon *daemon, struct MHD_Connection *connection,
                        const struct request *request)
{
    void *state = NULL;
    struct view left = request->body;
    size_t size = 0;
    enum MHD_Result result = daemon->handler(daemon->handler_context, connection, request->path,
                                             request->method, "HTTP/1.1", NULL, &size, &state);
    while (result == MHD_YES && connection->answers == 0 && left.size > 0) {
        size = left.size < request->piece_bytes ? left.size : request->piece_bytes;
        size_t given = size;
        struct view piece = fuzz_exact((struct view){left.data, size});
        result =
            daemon->handler(daemon->handler_context, connection, request->path, request->method,
                            "HTTP/1.1", (const char *)piece.data, &size, &state);
        free((void *)(uintptr_t)piece.data);
        ensure(size == 0 || connection->answers > 0); // all of it is taken
        left = (struct view){left.data + given, left.size - given};
    }
    size = 0;
    while (result == MHD_YES && connection->answers == 0) {
        await_resumed(connection);
        result = daemon->handler(daemon->handler_context, connection, request->path,
                                 request->method, "HTTP/1.1", NULL, &size, &state);
    }
    ensure(result == MHD_YES && connection->answers == 1);
    if (daemon->completed != NULL)
        daemon->completed(daemon->completed_context, connection, &state,
                          MHD_REQUEST_TERMINATED_COMPLETED_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader input = fuzz_input(data, size);
    struct MHD_Connection connection = {.answers = 0};
    servers_open();
    bool registry = fuzz_byte(&input) % 2 == 1;
    struct request request = {.piece_bytes = (size_t)fuzz_byte(&input) + 1};
    request.method = fuzz_text(fuzz_part(&input, '\n'));
    request.path = fuzz_text(fuzz_part(&input, '\n'));
    values_read(&connection, &input);
    request.body = fuzz_rest(&input);
    request_put(registry ? servers.registry_daemon : &servers.site_daemon, &connection, &request);
    values_release(&connection);
    free(request.method);
    free(request.path);
    servers_close();
    return 0;
}

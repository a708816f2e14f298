// SPDX-License-Identifier: Apache-2.0
// A client's connection is suspended whenever there is nothing to send, since libmicrohttpd would
// ask again and again.
#include "ops/feed.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"

enum {
    TURN_MS = 50,
    TURN_IDLE_MS = 1000,
    STATUS_EVERY_MS = 1000,
    EVENT_BYTES_MAX = 2 * 1024 * 1024,
    BACKLOG_BYTES_MAX = EVENT_BYTES_MAX + 256 * 1024, // of a client; more: it is dropped
    BLOCK_BYTES = 16 * 1024,
};

struct feed_client {
    struct feed *feed;
    struct MHD_Connection *connection;
    struct buffer backlog; // [sent .. size) has not been sent
    size_t sent;
    uint64_t after; // the last alert's sequence
    bool greeted;
    bool suspended;
    bool dropped;
};

void feed_init(struct feed *feed, const struct endpoint_source *source)
{
    *feed = (struct feed){.source = source};
    buffer_init(&feed->event, EVENT_BYTES_MAX);
}

void feed_release(struct feed *feed)
{
    ensure(feed->count == 0);
    buffer_release(&feed->event);
}

static size_t unsent(const struct feed_client *client)
{
    return client->backlog.size - client->sent;
}

static void client_resume(struct feed_client *client)
{
    if (!client->suspended)
        return;
    client->suspended = false;
    MHD_resume_connection(client->connection);
}

static void client_add(struct feed_client *client, const struct buffer *event)
{
    if (unsent(client) == 0) {
        buffer_clear(&client->backlog);
        client->sent = 0;
    }
    if (!buffer_append(&client->backlog, event->data, event->size))
        client->dropped = true;
    client_resume(client);
}

// What the library sends next.
static ssize_t client_read(void *context, uint64_t position, char *out, size_t max)
{
    struct feed_client *client = context;
    (void)position;
    if (client->dropped || client->feed->closing)
        return MHD_CONTENT_READER_END_OF_STREAM;
    size_t size = unsent(client);
    if (size == 0) {
        client->suspended = true;
        MHD_suspend_connection(client->connection);
        return 0;
    }
    if (size > max)
        size = max;
    memcpy(out, client->backlog.data + client->sent, size);
    client->sent += size;
    return (ssize_t)size;
}

static void client_free(void *context)
{
    struct feed_client *client = context;
    struct feed *feed = client->feed;
    for (size_t i = 0; i < feed->count; i++)
        if (feed->clients[i] == client)
            feed->clients[i] = feed->clients[--feed->count];
    buffer_release(&client->backlog);
    free(client);
}

struct MHD_Response *feed_join(struct feed *feed, struct MHD_Connection *connection)
{
    if (feed->count == FEED_CLIENTS_MAX || feed->closing)
        return NULL;
    struct feed_client *client = memory_zeroed(1, sizeof(*client));
    client->feed = feed;
    client->connection = connection;
    buffer_init(&client->backlog, BACKLOG_BYTES_MAX);
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, BLOCK_BYTES, client_read, client, client_free);
    if (response == NULL) {
        buffer_release(&client->backlog);
        free(client);
        return NULL;
    }
    feed->clients[feed->count++] = client;
    return response;
}

static bool event_begin(struct buffer *event, const char *name)
{
    buffer_clear(event);
    return buffer_append_format(event, "event: %s\ndata: ", name);
}

// The client's own place among the alerts; nothing is sent when there are none.
static void send_alerts(struct feed *feed, struct feed_client *client)
{
    const struct endpoint_source *source = feed->source;
    uint64_t before = client->after;
    bool ok = event_begin(&feed->event, "alerts") &&
              source->alerts(source->context, &client->after, &feed->event) &&
              buffer_append(&feed->event, "\n\n", 2);
    if (ok && (client->after != before || !client->greeted))
        client_add(client, &feed->event);
    client->greeted = true;
}

// One that has not taken the last status yet gets no other.
static void send_status(struct feed *feed, int64_t now_ms)
{
    const struct endpoint_source *source = feed->source;
    feed->status_ms = now_ms;
    if (!event_begin(&feed->event, "status") || !source->status(source->context, &feed->event) ||
        !buffer_append(&feed->event, "\n\n", 2))
        return;
    for (size_t i = 0; i < feed->count; i++)
        if (unsent(feed->clients[i]) == 0)
            client_add(feed->clients[i], &feed->event);
}

int feed_turn(struct feed *feed, int64_t now_ms)
{
    bool greet = false;
    if (feed->count == 0)
        return TURN_IDLE_MS;
    for (size_t i = 0; i < feed->count; i++)
        greet = greet || !feed->clients[i]->greeted;
    if (greet || now_ms - feed->status_ms >= STATUS_EVERY_MS)
        send_status(feed, now_ms);
    for (size_t i = 0; i < feed->count; i++)
        send_alerts(feed, feed->clients[i]);
    return TURN_MS;
}

void feed_end(struct feed *feed)
{
    feed->closing = true;
    for (size_t i = 0; i < feed->count; i++)
        client_resume(feed->clients[i]);
}

// SPDX-License-Identifier: Apache-2.0
// Server-sent events: alerts as they are committed, and the service's status every second or so. A
// client that does not keep up is dropped; there are FEED_CLIENTS_MAX at most. Used by the
// endpoint's thread alone.
#ifndef OPS_FEED_H
#define OPS_FEED_H

#include <stdbool.h>

#include "ops/source.h"

struct MHD_Response;
struct feed_client;

enum { FEED_CLIENTS_MAX = 8 };

struct feed {
    const struct endpoint_source *source;
    struct feed_client *clients[FEED_CLIENTS_MAX];
    size_t count;
    int64_t status_ms; // when the last status went out
    struct buffer event;
    bool closing;
};

void feed_init(struct feed *feed, const struct endpoint_source *source);
// Every client's connection must have ended.
void feed_release(struct feed *feed);

struct MHD_Connection;
// A response for a new client on this connection: the alerts that are remembered, the status, and
// then what comes. NULL when there are too many clients. The caller queues and destroys it.
struct MHD_Response *feed_join(struct feed *feed, struct MHD_Connection *connection);

// Writes what there is to write. How long until the next turn, at most, in milliseconds.
int feed_turn(struct feed *feed, int64_t now_ms);
// Ends all responses: the endpoint closes.
void feed_end(struct feed *feed);

#endif

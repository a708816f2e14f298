// SPDX-License-Identifier: Apache-2.0
// A broker port that reaches no cluster: what a worker would write is handed to a listener instead.
// It serves evaluate.h and changes.h, so that purchases are taken by the service's own code; it has
// no group, no input and no transactions, and nobody may call for them.
#ifndef STREAM_REPLAY_BROKER_H
#define STREAM_REPLAY_BROKER_H

#include "broker/broker.h"

// Told of each record but the changelog's; the record is borrowed for the call.
struct replay_listener {
    void (*written)(void *context, const struct record *record);
    void *context;
};

extern const struct replay_listener replay_nobody; // listens to nothing

struct broker *replay_broker_open(const struct replay_listener *listener);

#endif

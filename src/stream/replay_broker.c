// SPDX-License-Identifier: Apache-2.0
#include "stream/replay_broker.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"

struct replay_broker {
    struct broker port; // first: the port is this
    struct replay_listener listener;
    int64_t changelog_count; // records that a changelog would hold
};

static void ignore(void *context, const struct record *record)
{
    (void)context;
    (void)record;
}

const struct replay_listener replay_nobody = {ignore, NULL};

static struct replay_broker *self_of(struct broker *broker)
{
    return (struct replay_broker *)broker;
}

static int64_t now_ms(struct broker *broker)
{
    (void)broker;
    return clock_now_ms();
}

static int64_t wall_ms(struct broker *broker)
{
    (void)broker;
    return clock_wall_ms();
}

static enum status produce(struct broker *broker, const struct record *record, struct error *err)
{
    struct replay_broker *self = self_of(broker);
    (void)err;
    if (record->topic == OUTPUT_CHANGELOG)
        self->changelog_count++;
    else
        self->listener.written(self->listener.context, record);
    return STATUS_OK;
}

static enum status produce_changelog(struct broker *broker, int32_t partition,
                                     const struct view *keys, const struct view *values,
                                     size_t count, struct error *err)
{
    (void)partition;
    (void)keys;
    (void)values;
    (void)err;
    self_of(broker)->changelog_count += (int64_t)count;
    return STATUS_OK;
}

static int64_t changelog_delivered(struct broker *broker, int32_t partition)
{
    (void)partition;
    return self_of(broker)->changelog_count;
}

static const char *transactional_id(struct broker *broker)
{
    (void)broker;
    return "";
}

static void close_port(struct broker *broker)
{
    free(self_of(broker));
}

static const struct broker_ops ops = {
    .now_ms = now_ms,
    .wall_ms = wall_ms,
    .produce = produce,
    .produce_changelog = produce_changelog,
    .changelog_delivered = changelog_delivered,
    .transactional_id = transactional_id,
    .close = close_port,
};

struct broker *replay_broker_open(const struct replay_listener *listener)
{
    struct replay_broker *self = memory_zeroed(1, sizeof(*self));
    self->port.ops = &ops;
    self->listener = *listener;
    return &self->port;
}

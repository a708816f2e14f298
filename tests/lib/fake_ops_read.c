// SPDX-License-Identifier: Apache-2.0
// The reading half of the port on the fake: the group's events, input and changelog records,
// offsets and watermarks.
#include <inttypes.h>

#include "base/assert.h"
#include "lib/fake_ops.h"
#include "lib/fake_parts.h"

enum { MISSING_MS = 30000 };

// A poll with nothing to hand out waits: the clock moves to the next moment at which something
// happens by itself, at most to the end of the wait. False when the wait is over.
static bool wait_on(struct fake_cluster *cluster, int64_t until_ms)
{
    if (!cluster->knobs.idle_advances || cluster->now_ms >= until_ms)
        return false;
    int64_t due_ms = fake_cluster_next_due_ms(cluster);
    int64_t to_ms = due_ms < until_ms ? due_ms : until_ms;
    fake_clock_advance(cluster, to_ms - cluster->now_ms);
    return true;
}

// A topic that stays unknown for half a minute is gone; before that, a broker may be starting.
static enum status look_for_input(struct fake_broker *broker, struct error *err)
{
    struct fake_cluster *cluster = broker->cluster;
    if (fake_topics_find(&cluster->topics, broker->input_topic) != NULL) {
        broker->missing = false;
        return STATUS_OK;
    }
    if (!broker->missing)
        broker->missing_since_ms = cluster->now_ms;
    broker->missing = true;
    bool gone = cluster->now_ms - broker->missing_since_ms >= MISSING_MS;
    return error_set(err, gone ? STATUS_FATAL : STATUS_RETRY, "%s: the topic does not exist",
                     broker->input_topic);
}

// One look at the group and the logs.
static enum status look(struct fake_broker *broker, bool reachable, struct batch *batch,
                        struct error *err)
{
    struct fake_cluster *cluster = broker->cluster;
    struct fake_member *member = &broker->member;
    enum status status = reachable ? look_for_input(broker, err) : STATUS_OK;
    if (status == STATUS_OK)
        status = fake_member_serve(member, reachable, cluster->now_ms, err);
    if (status != STATUS_OK)
        return status;
    batch->event = member->event;
    if (member->event == EVENT_ASSIGNED) {
        batch->partitions = member->partitions;
        batch->partition_count = member->partition_count;
    }
    if (member->event != EVENT_NONE || !reachable)
        return STATUS_OK;
    status = fake_reader_gather(&broker->input, cluster->knobs.batch_max, err);
    batch->messages = broker->input.messages;
    batch->message_count = broker->input.message_count;
    batch->full = batch->message_count == cluster->knobs.batch_max;
    return status;
}

static enum status poll_within(struct fake_broker *broker, int64_t until_ms, struct batch *batch,
                               struct error *err)
{
    enum status status;
    do {
        status = look(broker, true, batch, err);
        if (status != STATUS_OK || batch->event != EVENT_NONE || batch->message_count > 0)
            return status;
    } while (wait_on(broker->cluster, until_ms));
    return STATUS_OK;
}

enum status fake_op_poll(struct broker *base, int timeout_ms, struct batch *batch,
                         struct error *err)
{
    struct fake_broker *broker = fake_of(base);
    struct fake_cluster *cluster = broker->cluster;
    struct fake_verdict verdict = fake_fault_enter(broker, FAKE_POLL);
    int64_t until_ms = cluster->now_ms + timeout_ms;
    *batch = (struct batch){.event = EVENT_NONE};
    fake_reader_clear(&broker->input);
    fake_cluster_settle(cluster);
    enum status status = STATUS_OK;
    if (!verdict.bad)
        status = poll_within(broker, until_ms, batch, err);
    // What the client knows by itself (its membership has run out) it shows without the cluster.
    if (verdict.out_of_reach && look(broker, false, batch, err) == STATUS_OK &&
        batch->event != EVENT_NONE)
        return STATUS_OK;
    status = fake_fault_leave(broker, FAKE_POLL, &verdict, status, err);
    while (status == STATUS_RETRY && wait_on(cluster, until_ms))
        continue;
    return status;
}

enum status fake_op_accept(struct broker *base, struct error *err)
{
    struct fake_broker *broker = fake_of(base);
    struct fake_verdict verdict = fake_fault_enter(broker, FAKE_ACCEPT);
    if (fake_verdict_skips(&verdict))
        return fake_fault_leave(broker, FAKE_ACCEPT, &verdict, STATUS_OK, err);
    fake_member_accept(&broker->member);
    return fake_fault_leave(broker, FAKE_ACCEPT, &verdict, STATUS_OK, err);
}

enum status fake_op_start(struct broker *base, int32_t partition, int64_t offset, struct error *err)
{
    struct fake_broker *broker = fake_of(base);
    struct fake_verdict verdict = fake_fault_enter(broker, FAKE_START);
    if (broker->crashed || fake_verdict_skips(&verdict))
        return fake_fault_leave(broker, FAKE_START, &verdict, STATUS_OK, err);
    ensure(fake_member_owns(&broker->member, partition));
    enum status status = fake_reader_start(&broker->input, partition, offset, err);
    return fake_fault_leave(broker, FAKE_START, &verdict, status, err);
}

enum status fake_op_stop(struct broker *base, int32_t partition, struct error *err)
{
    struct fake_broker *broker = fake_of(base);
    struct fake_verdict verdict = fake_fault_enter(broker, FAKE_STOP);
    if (!fake_verdict_skips(&verdict))
        fake_reader_stop(&broker->input, partition);
    return fake_fault_leave(broker, FAKE_STOP, &verdict, STATUS_OK, err);
}

static enum status committed_now(struct fake_broker *broker, int32_t partition, int64_t *offset,
                                 struct error *err)
{
    fake_cluster_settle(broker->cluster);
    struct fake_group *group = broker->member.group;
    if (fake_txns_offset_pending(&broker->cluster->txns, group, partition))
        return error_set(err, STATUS_RETRY,
                         "%s[%" PRId32 "]: a pending transaction holds the group's offset",
                         broker->input_topic, partition);
    *offset = fake_group_offset(group, partition);
    return STATUS_OK;
}

enum status fake_op_committed(struct broker *base, int32_t partition, int64_t *offset,
                              struct error *err)
{
    struct fake_broker *broker = fake_of(base);
    struct fake_verdict verdict = fake_fault_enter(broker, FAKE_COMMITTED);
    enum status status = STATUS_OK;
    if (!fake_verdict_skips(&verdict))
        status = committed_now(broker, partition, offset, err);
    return fake_fault_leave(broker, FAKE_COMMITTED, &verdict, status, err);
}

static enum status watermarks(struct fake_broker *broker, enum fake_op op, const char *topic,
                              int32_t partition, int64_t low_high[2], struct error *err)
{
    struct fake_verdict verdict = fake_fault_enter(broker, op);
    if (fake_verdict_skips(&verdict))
        return fake_fault_leave(broker, op, &verdict, STATUS_OK, err);
    fake_cluster_settle(broker->cluster);
    const struct fake_log *log = fake_topics_log(&broker->cluster->topics, topic, partition);
    enum status status = STATUS_OK;
    if (log == NULL)
        status = error_set(err, STATUS_RETRY, "%s[%" PRId32 "]: there is no such partition", topic,
                           partition);
    low_high[0] = log == NULL ? -1 : log->low;
    low_high[1] = log == NULL ? -1 : log->high;
    return fake_fault_leave(broker, op, &verdict, status, err);
}

enum status fake_op_input_watermarks(struct broker *base, int32_t partition, int64_t *low,
                                     int64_t *high, struct error *err)
{
    struct fake_broker *broker = fake_of(base);
    int64_t marks[2] = {-1, -1};
    enum status status =
        watermarks(broker, FAKE_INPUT_WATERMARKS, broker->input_topic, partition, marks, err);
    *low = marks[0];
    *high = marks[1];
    return status;
}

int64_t fake_op_input_end(struct broker *base, int32_t partition)
{
    struct fake_broker *broker = fake_of(base);
    const struct fake_log *log =
        fake_topics_log(&broker->cluster->topics, broker->input_topic, partition);
    return log != NULL ? log->high : -1;
}

enum status fake_op_changelog_watermarks(struct broker *base, int32_t partition, int64_t *low,
                                         int64_t *high, struct error *err)
{
    struct fake_broker *broker = fake_of(base);
    int64_t marks[2] = {-1, -1};
    enum status status = watermarks(broker, FAKE_CHANGELOG_WATERMARKS,
                                    broker->outputs[OUTPUT_CHANGELOG], partition, marks, err);
    *low = marks[0];
    *high = marks[1];
    return status;
}

enum status fake_op_changelog_open(struct broker *base, int32_t partition, int64_t offset,
                                   struct error *err)
{
    struct fake_broker *broker = fake_of(base);
    struct fake_verdict verdict = fake_fault_enter(broker, FAKE_CHANGELOG_OPEN);
    if (broker->crashed || fake_verdict_skips(&verdict))
        return fake_fault_leave(broker, FAKE_CHANGELOG_OPEN, &verdict, STATUS_OK, err);
    ensure(fake_reader_find(&broker->changelog, partition) == NULL);
    enum status status = fake_reader_start(&broker->changelog, partition, offset, err);
    return fake_fault_leave(broker, FAKE_CHANGELOG_OPEN, &verdict, status, err);
}

static enum status changelog_within(struct fake_broker *broker, int64_t until_ms, struct error *err)
{
    enum status status;
    do {
        size_t max = broker->cluster->knobs.changelog_batch_max;
        status = fake_reader_gather(&broker->changelog, max, err);
    } while (status == STATUS_OK && broker->changelog.message_count == 0 &&
             wait_on(broker->cluster, until_ms));
    return status;
}

enum status fake_op_changelog_poll(struct broker *base, int timeout_ms,
                                   struct changelog_batch *batch, struct error *err)
{
    struct fake_broker *broker = fake_of(base);
    struct fake_verdict verdict = fake_fault_enter(broker, FAKE_CHANGELOG_POLL);
    int64_t until_ms = broker->cluster->now_ms + timeout_ms;
    *batch = (struct changelog_batch){0};
    fake_reader_clear(&broker->changelog);
    fake_cluster_settle(broker->cluster);
    enum status status = STATUS_OK;
    if (!fake_verdict_skips(&verdict))
        status = changelog_within(broker, until_ms, err);
    status = fake_fault_leave(broker, FAKE_CHANGELOG_POLL, &verdict, status, err);
    while (status == STATUS_RETRY && wait_on(broker->cluster, until_ms))
        continue;
    if (status != STATUS_OK)
        return status;
    batch->messages = broker->changelog.messages;
    batch->message_count = broker->changelog.message_count;
    return STATUS_OK;
}

int64_t fake_op_changelog_position(struct broker *base, int32_t partition)
{
    struct fake_broker *broker = fake_of(base);
    ensure(!broker->closed);
    const struct fake_reading *reading = fake_reader_find(&broker->changelog, partition);
    ensure(reading != NULL);
    return reading->position;
}

void fake_op_changelog_close(struct broker *base, int32_t partition)
{
    struct fake_broker *broker = fake_of(base);
    ensure(!broker->closed);
    fake_reader_stop(&broker->changelog, partition);
}

static int32_t partitions_of(struct fake_broker *broker, const char *topic)
{
    const struct fake_topic *found = fake_topics_find(&broker->cluster->topics, topic);
    return found == NULL ? -1 : found->partition_count;
}

enum status fake_op_partition_counts(struct broker *base, int32_t *input, int32_t *changelog,
                                     struct error *err)
{
    struct fake_broker *broker = fake_of(base);
    struct fake_verdict verdict = fake_fault_enter(broker, FAKE_PARTITION_COUNTS);
    *input = partitions_of(broker, broker->input_topic);
    *changelog = partitions_of(broker, broker->outputs[OUTPUT_CHANGELOG]);
    return fake_fault_leave(broker, FAKE_PARTITION_COUNTS, &verdict, STATUS_OK, err);
}

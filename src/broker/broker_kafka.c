// SPDX-License-Identifier: Apache-2.0
// The table of operations: a worker's membership, its two readers and its producer put together.
#include "broker/broker_kafka.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "broker/kafka_asking.h"
#include "broker/kafka_cluster.h"
#include "broker/kafka_errors.h"
#include "broker/kafka_membership.h"
#include "broker/kafka_offsets.h"
#include "broker/kafka_reading.h"
#include "broker/kafka_transaction.h"

enum {
    // While a poll waits for records it looks after the group this often.
    POLL_SLICE_MS = 50,
    PING_EVERY_MS = 1000,
    PING_MS = 300,
    // The changelog's handle, with what it has fetched ahead, is given back after a restore.
    CHANGELOG_IDLE_MS = 10000,
    SETTING_MS = 2000,
};

struct broker_kafka {
    struct broker port; // first: the port is this
    struct kafka_cluster *cluster;
    struct kafka_settings settings; // the strings are ours
    struct kafka_membership membership;
    struct kafka_reading input;
    struct kafka_reading changelog; // opened when it is first needed
    int64_t changelog_used_ms;
    struct kafka_reading table; // likewise
    struct kafka_transaction transaction;
    int64_t pinged_ms;
};

static struct broker_kafka *self_of(struct broker *broker)
{
    return (struct broker_kafka *)broker;
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

// ---------------------------------------------------------------------------------------------
// Polling

static void changelog_rest(struct broker_kafka *self)
{
    if (self->changelog.client.rk != NULL && self->changelog.started_count == 0 &&
        clock_now_ms() - self->changelog_used_ms >= CHANGELOG_IDLE_MS)
        kafka_reading_close(&self->changelog);
}

// librdkafka says once that all brokers are gone, and nothing when they are back.
static enum status check_reach(struct broker_kafka *self, struct error *err)
{
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    char text[512];
    struct kafka_client *clients[] = {&self->membership.client, &self->input.client};
    bool down = false;
    for (size_t i = 0; i < 2 && !down; i++)
        down = kafka_client_is_down(clients[i], &code, text, sizeof(text));
    if (!down)
        return STATUS_OK;
    int64_t at_ms = clock_now_ms();
    if (at_ms - self->pinged_ms >= PING_EVERY_MS) {
        self->pinged_ms = at_ms;
        struct error ignored;
        if (kafka_cluster_ping(self->cluster, PING_MS, &ignored) == STATUS_OK) {
            kafka_client_up(clients[0]);
            kafka_client_up(clients[1]);
            return STATUS_OK;
        }
    }
    struct kafka_fault fault =
        kafka_fault_of_code(code != 0 ? code : RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, text);
    return error_set(err, STATUS_RETRY, "no Kafka broker can be reached: %s", fault.text);
}

static void hand_out(struct broker_kafka *self, struct batch *batch)
{
    batch->messages = self->input.messages;
    batch->message_count = self->input.message_count;
    batch->full = self->input.native_count == KAFKA_BATCH_MESSAGES_MAX;
}

static enum status poll_once(struct broker_kafka *self, int timeout_ms, struct batch *batch,
                             struct error *err)
{
    *batch = (struct batch){.event = EVENT_NONE};
    enum status status = kafka_membership_poll(&self->membership, self->cluster, err);
    if (self->transaction.producing != NULL)
        kafka_producing_serve(self->transaction.producing);
    batch->event = kafka_membership_event(&self->membership);
    if (batch->event == EVENT_ASSIGNED) {
        batch->partitions = self->membership.partitions;
        batch->partition_count = self->membership.partition_count;
    }
    if (status == STATUS_FATAL || batch->event != EVENT_NONE)
        return status == STATUS_FATAL ? status : STATUS_OK;
    enum status read = kafka_reading_poll(&self->input, timeout_ms, err);
    hand_out(self, batch);
    return read != STATUS_OK || batch->message_count > 0 ? read : status;
}

static enum status port_poll(struct broker *broker, int timeout_ms, struct batch *batch,
                             struct error *err)
{
    struct broker_kafka *self = self_of(broker);
    changelog_rest(self);
    int64_t deadline_ms = clock_now_ms() + timeout_ms;
    for (;;) {
        int64_t left_ms = deadline_ms - clock_now_ms();
        int slice_ms = left_ms > POLL_SLICE_MS ? POLL_SLICE_MS : (int)left_ms;
        enum status status = poll_once(self, slice_ms > 0 ? slice_ms : 0, batch, err);
        if (status != STATUS_OK || batch->event != EVENT_NONE || batch->message_count > 0)
            return status;
        if (clock_now_ms() >= deadline_ms)
            return check_reach(self, err);
    }
}

static enum status port_accept(struct broker *broker, struct error *err)
{
    return kafka_membership_accept(&self_of(broker)->membership, err);
}

static enum status port_start(struct broker *broker, int32_t partition, int64_t offset,
                              struct error *err)
{
    return kafka_reading_start(&self_of(broker)->input, partition, offset, err);
}

static enum status port_stop(struct broker *broker, int32_t partition, struct error *err)
{
    return kafka_reading_stop(&self_of(broker)->input, partition, err);
}

// ---------------------------------------------------------------------------------------------
// Offsets and the changelog

static enum status port_committed(struct broker *broker, int32_t partition, int64_t *offset,
                                  struct error *err)
{
    return kafka_asking_committed(&self_of(broker)->membership, partition, offset, err);
}

static enum status port_input_watermarks(struct broker *broker, int32_t partition, int64_t *low,
                                         int64_t *high, struct error *err)
{
    struct broker_kafka *self = self_of(broker);
    return kafka_cluster_watermarks(self->cluster, self->settings.input_topic, partition, low, high,
                                    err);
}

static int64_t port_input_end(struct broker *broker, int32_t partition)
{
    return kafka_reading_end(&self_of(broker)->input, partition);
}

static enum status port_changelog_watermarks(struct broker *broker, int32_t partition, int64_t *low,
                                             int64_t *high, struct error *err)
{
    struct broker_kafka *self = self_of(broker);
    return kafka_cluster_watermarks(self->cluster, self->settings.outputs[OUTPUT_CHANGELOG],
                                    partition, low, high, err);
}

static enum status reading_open(struct broker_kafka *self, enum kafka_kind kind, const char *topic,
                                struct kafka_reading *reading, struct error *err)
{
    struct kafka_reading_plan plan = {
        .kind = kind,
        .topic = topic,
        .group_id = self->settings.group_id,
        .properties = {self->settings.properties, self->settings.property_count},
    };
    return kafka_reading_open(reading, &plan, err);
}

static enum status port_changelog_open(struct broker *broker, int32_t partition, int64_t offset,
                                       struct error *err)
{
    struct broker_kafka *self = self_of(broker);
    enum status status = STATUS_OK;
    if (self->changelog.client.rk == NULL)
        status = reading_open(self, KAFKA_KIND_CHANGELOG, self->settings.outputs[OUTPUT_CHANGELOG],
                              &self->changelog, err);
    self->changelog_used_ms = clock_now_ms();
    return status == STATUS_OK ? kafka_reading_start(&self->changelog, partition, offset, err)
                               : status;
}

static enum status poll_log(struct kafka_reading *reading, int timeout_ms,
                            struct changelog_batch *batch, struct error *err)
{
    *batch = (struct changelog_batch){.message_count = 0};
    if (reading->client.rk == NULL)
        return STATUS_OK;
    enum status status = kafka_reading_poll(reading, timeout_ms, err);
    batch->messages = reading->messages;
    batch->message_count = reading->message_count;
    return status;
}

static enum status port_changelog_poll(struct broker *broker, int timeout_ms,
                                       struct changelog_batch *batch, struct error *err)
{
    return poll_log(&self_of(broker)->changelog, timeout_ms, batch, err);
}

static int64_t port_changelog_position(struct broker *broker, int32_t partition)
{
    return kafka_reading_position(&self_of(broker)->changelog, partition);
}

static void port_changelog_close(struct broker *broker, int32_t partition)
{
    struct broker_kafka *self = self_of(broker);
    struct error ignored;
    (void)!kafka_reading_stop(&self->changelog, partition, &ignored);
    self->changelog_used_ms = clock_now_ms();
}

// ---------------------------------------------------------------------------------------------
// The table

static enum status port_table_facts(struct broker *broker, struct table_facts *facts,
                                    struct error *err)
{
    struct broker_kafka *self = self_of(broker);
    const struct kafka_setting_query query = {self->settings.table_topic, "delete.retention.ms",
                                              SETTING_MS};
    char text[32];
    struct error unknown;
    *facts = (struct table_facts){.delete_retention_ms = -1};
    enum status status =
        kafka_topic_partitions(self->cluster, query.topic, &facts->partition_count, err);
    if (status != STATUS_OK || facts->partition_count < 0)
        return status;
    if (kafka_topic_setting_within(self->cluster, &query, text, sizeof(text), &unknown) ==
        STATUS_OK)
        facts->delete_retention_ms = strtoll(text, NULL, 10);
    return STATUS_OK;
}

static enum status port_table_watermarks(struct broker *broker, int32_t partition, int64_t *low,
                                         int64_t *high, struct error *err)
{
    struct broker_kafka *self = self_of(broker);
    return kafka_cluster_watermarks(self->cluster, self->settings.table_topic, partition, low, high,
                                    err);
}

static enum status port_table_open(struct broker *broker, int32_t partition, int64_t offset,
                                   struct error *err)
{
    struct broker_kafka *self = self_of(broker);
    enum status status = STATUS_OK;
    if (self->table.client.rk == NULL)
        status =
            reading_open(self, KAFKA_KIND_CHANGELOG, self->settings.table_topic, &self->table, err);
    return status == STATUS_OK ? kafka_reading_start(&self->table, partition, offset, err) : status;
}

static enum status port_table_poll(struct broker *broker, int timeout_ms,
                                   struct changelog_batch *batch, struct error *err)
{
    return poll_log(&self_of(broker)->table, timeout_ms, batch, err);
}

static int64_t port_table_position(struct broker *broker, int32_t partition)
{
    return kafka_reading_position(&self_of(broker)->table, partition);
}

static void port_table_close(struct broker *broker, int32_t partition)
{
    struct error ignored;
    (void)!kafka_reading_stop(&self_of(broker)->table, partition, &ignored);
}

// ---------------------------------------------------------------------------------------------
// Writing

static enum status port_begin(struct broker *broker, struct error *err)
{
    return kafka_transaction_begin(&self_of(broker)->transaction, err);
}

static enum status port_produce(struct broker *broker, const struct record *record,
                                struct error *err)
{
    struct kafka_transaction *transaction = &self_of(broker)->transaction;
    enum status status = kafka_transaction_ready(transaction, err);
    return status == STATUS_OK ? kafka_producing_put(transaction->producing, record, err) : status;
}

static enum status port_produce_changelog(struct broker *broker, int32_t partition,
                                          const struct view *keys, const struct view *values,
                                          size_t count, struct error *err)
{
    struct kafka_transaction *transaction = &self_of(broker)->transaction;
    enum status status = kafka_transaction_ready(transaction, err);
    if (status != STATUS_OK)
        return status;
    return kafka_producing_put_changelog(transaction->producing, partition, keys, values, count,
                                         err);
}

static enum status port_commit(struct broker *broker, const struct partition_offset *offsets,
                               size_t count, struct error *err)
{
    struct broker_kafka *self = self_of(broker);
    return kafka_transaction_commit(&self->transaction, &self->membership, offsets, count, err);
}

static enum status port_abort(struct broker *broker, struct error *err)
{
    return kafka_transaction_abort(&self_of(broker)->transaction, err);
}

static enum status port_reset(struct broker *broker, struct error *err)
{
    return kafka_transaction_reset(&self_of(broker)->transaction, err);
}

static enum status port_fence(struct broker *broker, const char *transactional_id,
                              struct error *err)
{
    return kafka_transaction_fence(&self_of(broker)->transaction, transactional_id, err);
}

static enum status port_flush(struct broker *broker, struct error *err)
{
    return kafka_transaction_flush(&self_of(broker)->transaction, err);
}

static enum status port_commit_offsets(struct broker *broker,
                                       const struct partition_offset *offsets, size_t count,
                                       struct error *err)
{
    return kafka_offsets_commit(&self_of(broker)->membership, offsets, count, err);
}

static int64_t port_changelog_delivered(struct broker *broker, int32_t partition)
{
    struct kafka_producing *producing = self_of(broker)->transaction.producing;
    return producing != NULL ? kafka_producing_delivered(producing, partition) : -1;
}

// ---------------------------------------------------------------------------------------------
// Life

static enum status port_partition_counts(struct broker *broker, int32_t *input, int32_t *changelog,
                                         struct error *err)
{
    struct broker_kafka *self = self_of(broker);
    enum status status =
        kafka_topic_partitions(self->cluster, self->settings.input_topic, input, err);
    if (status != STATUS_OK)
        return status;
    return kafka_topic_partitions(self->cluster, self->settings.outputs[OUTPUT_CHANGELOG],
                                  changelog, err);
}

static const char *port_transactional_id(struct broker *broker)
{
    const char *id = self_of(broker)->settings.transactional_id;
    return id != NULL ? id : "";
}

static char *text_or_null(const char *text)
{
    return text != NULL ? memory_text(text) : NULL;
}

static struct kafka_settings settings_copy(const struct kafka_settings *from)
{
    struct kafka_settings to = {
        .property_count = from->property_count,
        .group_id = memory_text(from->group_id),
        .group_instance_id = text_or_null(from->group_instance_id),
        .transactional_id = text_or_null(from->transactional_id),
        .input_topic = memory_text(from->input_topic),
        .table_topic = text_or_null(from->table_topic),
    };
    struct kafka_property *properties =
        memory_zeroed(from->property_count + 1, sizeof(properties[0]));
    for (size_t i = 0; i < from->property_count; i++) {
        properties[i].name = memory_text(from->properties[i].name);
        properties[i].value = memory_text(from->properties[i].value);
    }
    to.properties = properties;
    for (int i = 0; i < OUTPUT_TOPICS; i++)
        to.outputs[i] = text_or_null(from->outputs[i]);
    return to;
}

static void text_free(const char *text)
{
    free((void *)(uintptr_t)text);
}

static void settings_free(struct kafka_settings *settings)
{
    for (size_t i = 0; i < settings->property_count; i++) {
        text_free(settings->properties[i].name);
        text_free(settings->properties[i].value);
    }
    free((void *)(uintptr_t)settings->properties);
    text_free(settings->group_id);
    text_free(settings->group_instance_id);
    text_free(settings->transactional_id);
    text_free(settings->input_topic);
    text_free(settings->table_topic);
    for (int i = 0; i < OUTPUT_TOPICS; i++)
        text_free(settings->outputs[i]);
}

// Leaving comes last but one: others take our partitions as soon as we have left, and must find our
// producer gone.
static void port_close(struct broker *broker)
{
    struct broker_kafka *self = self_of(broker);
    kafka_transaction_release(&self->transaction);
    kafka_reading_close(&self->input);
    kafka_reading_close(&self->changelog);
    kafka_reading_close(&self->table);
    kafka_membership_close(&self->membership);
    settings_free(&self->settings);
    free(self);
}

static const struct broker_ops ops = {
    .now_ms = now_ms,
    .wall_ms = wall_ms,
    .poll = port_poll,
    .accept = port_accept,
    .start = port_start,
    .stop = port_stop,
    .committed = port_committed,
    .input_watermarks = port_input_watermarks,
    .input_end = port_input_end,
    .changelog_watermarks = port_changelog_watermarks,
    .changelog_open = port_changelog_open,
    .changelog_poll = port_changelog_poll,
    .changelog_position = port_changelog_position,
    .changelog_close = port_changelog_close,
    .table_facts = port_table_facts,
    .table_watermarks = port_table_watermarks,
    .table_open = port_table_open,
    .table_poll = port_table_poll,
    .table_position = port_table_position,
    .table_close = port_table_close,
    .begin = port_begin,
    .produce = port_produce,
    .produce_changelog = port_produce_changelog,
    .commit = port_commit,
    .abort = port_abort,
    .reset = port_reset,
    .fence = port_fence,
    .flush = port_flush,
    .commit_offsets = port_commit_offsets,
    .changelog_delivered = port_changelog_delivered,
    .partition_counts = port_partition_counts,
    .transactional_id = port_transactional_id,
    .close = port_close,
};

enum status broker_kafka_open(struct kafka_cluster *cluster, const struct kafka_settings *settings,
                              struct broker **out, struct error *err)
{
    struct broker_kafka *self = memory_zeroed(1, sizeof(*self));
    self->port.ops = &ops;
    self->cluster = cluster;
    self->settings = settings_copy(settings);
    kafka_transaction_init(&self->transaction, cluster, &self->settings);
    enum status status = kafka_membership_open(&self->membership, &self->settings, err);
    if (status == STATUS_OK)
        status =
            reading_open(self, KAFKA_KIND_INPUT, self->settings.input_topic, &self->input, err);
    if (status != STATUS_OK) {
        port_close(&self->port);
        return status;
    }
    *out = &self->port;
    return STATUS_OK;
}

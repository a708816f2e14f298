// SPDX-License-Identifier: Apache-2.0
// Line (t), the floor of line (j): what librdkafka alone needs for the transaction that carries one
// alert - a record each for two alert topics and a changelog, and the input offset - from begin to
// committed, while purchases arrive at the same rate. One after the other, a pause between them:
// an alert of the service waits for about as long again, since transactions follow each other.
#include <stdlib.h>
#include <time.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/memory.h"
#include "bench/lines.h"
#include "broker/kafka_properties.h"
#include "lib/plain_client.h"
#include "lib/sender.h"
#include "lib/workspace.h"

enum {
    OUTPUTS = 3,
    VALUE_BYTES = 100,
    PAUSE_US = 2000,
    TIMEOUT_MS = 60000,
    TRANSACTIONS_A_SECOND_MAX = 1000000 / PAUSE_US,
};

struct floor {
    rd_kafka_t *producer;
    rd_kafka_consumer_group_metadata_t *group;
    rd_kafka_topic_partition_list_t *offsets;
    char *topics[OUTPUTS];
};

static void must(rd_kafka_error_t *error)
{
    if (error != NULL)
        site_fail("a transaction failed: %s", rd_kafka_error_string(error));
}

static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
    (void)producer;
    (void)opaque;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        site_fail("a record was refused: %s", rd_kafka_message_errstr(message));
}

// With the service's own settings.
static rd_kafka_conf_t *settings(const struct site *site, enum kafka_kind kind)
{
    const struct kafka_property server = {"bootstrap.servers", site->bootstrap};
    const struct kafka_properties properties = {&server, 1};
    struct error err;
    rd_kafka_conf_t *conf = NULL;
    if (kafka_properties_conf(&properties, kind, &conf, &err) != STATUS_OK)
        site_fail("%s", err.text);
    return conf;
}

// A broker that has just begun has no coordinator for any group yet, and a producer that finds none
// waits for ever in rd_kafka_send_offsets_to_transaction (librdkafka 2.0.2).
static void await_coordinator(const struct floor *floor, struct site *site, const char *group)
{
    rd_kafka_conf_t *conf = settings(site, KAFKA_KIND_GROUP);
    kafka_conf_set(conf, "group.id", group);
    rd_kafka_t *consumer = plain_client_open(RD_KAFKA_CONSUMER, conf);
    ensure(rd_kafka_committed(consumer, floor->offsets, TIMEOUT_MS) == RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_destroy(consumer);
}

static void floor_open(struct floor *floor, struct site *site, const char *purchases)
{
    floor->offsets = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(floor->offsets, purchases, 0);
    await_coordinator(floor, site, purchases);
    floor->offsets->elems[0].offset = 0;
    rd_kafka_conf_t *conf = settings(site, KAFKA_KIND_PRODUCER);
    kafka_conf_set(conf, "transactional.id", purchases);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    floor->producer = plain_client_open(RD_KAFKA_PRODUCER, conf);
    must(rd_kafka_init_transactions(floor->producer, TIMEOUT_MS));
    floor->group = rd_kafka_consumer_group_metadata_new(purchases);
    for (int i = 0; i < OUTPUTS; i++) {
        floor->topics[i] = workspace_text("%s-output-%d", purchases, i);
        kafkad_topic(site->kafka, floor->topics[i], 1, "delete");
    }
}

static void floor_close(struct floor *floor)
{
    rd_kafka_topic_partition_list_destroy(floor->offsets);
    rd_kafka_consumer_group_metadata_destroy(floor->group);
    rd_kafka_destroy(floor->producer);
    for (int i = 0; i < OUTPUTS; i++)
        free(floor->topics[i]);
}

static void commit_one(struct floor *floor)
{
    char value[VALUE_BYTES] = {0};
    must(rd_kafka_begin_transaction(floor->producer));
    for (int i = 0; i < OUTPUTS; i++)
        ensure(rd_kafka_producev(floor->producer, RD_KAFKA_V_TOPIC(floor->topics[i]),
                                 RD_KAFKA_V_PARTITION(0), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                 RD_KAFKA_V_VALUE(value, sizeof(value)),
                                 RD_KAFKA_V_END) == RD_KAFKA_RESP_ERR_NO_ERROR);
    floor->offsets->elems[0].offset++;
    must(rd_kafka_send_offsets_to_transaction(floor->producer, floor->offsets, floor->group,
                                              TIMEOUT_MS));
    must(rd_kafka_commit_transaction(floor->producer, TIMEOUT_MS));
}

// Until the sender is through; the times of those begun after `warm_up` purchases count.
static void commit_all(struct floor *floor, const struct schedule *schedule,
                       const struct sender *sender, size_t warm_up, struct row *row)
{
    size_t room = (schedule->count / (size_t)schedule->rate + 60) * TRANSACTIONS_A_SECOND_MAX;
    uint32_t *times_us = memory_zeroed(room, sizeof(times_us[0]));
    size_t count = 0;
    for (size_t sent = 0; sent < schedule->count && count < room;) {
        sent = sender_sent(sender);
        int64_t began_us = sender_now_us();
        commit_one(floor);
        times_us[count] = (uint32_t)(sender_now_us() - began_us);
        count += sent >= warm_up;
        const struct timespec pause = {.tv_nsec = PAUSE_US * 1000};
        nanosleep(&pause, NULL);
    }
    row_add_percentiles(row, "", times_us, count);
    row_add(row, "transactions", "", (double)count);
    free(times_us);
}

void latency_floor(struct site *site, const char *topic, const struct schedule *schedule,
                   size_t warm_up)
{
    struct row row = row_of('t', "librdkafka's transaction at %lld/s", (long long)schedule->rate);
    struct floor floor;
    row.no_ratio = true;
    floor_open(&floor, site, topic);
    struct sender *sender = sender_open(site->bootstrap, topic, schedule);
    commit_all(&floor, schedule, sender, warm_up, &row);
    sender_await(sender);
    sender_close(sender);
    floor_close(&floor);
    figures_take(&site->figures, &row);
}

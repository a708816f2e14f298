// SPDX-License-Identifier: Apache-2.0
#include "lib/fake_rig.h"

#include <stdio.h>

#include "base/assert.h"

static const char *const OUTPUTS[OUTPUT_TOPICS] = {
    [OUTPUT_ALERTS_AVRO] = "alerts-avro",           [OUTPUT_ALERTS_JSON] = "alerts-json",
    [OUTPUT_DEAD_LETTERS] = "dead-letters",         [OUTPUT_CHANGELOG] = "changelog",
    [OUTPUT_MASKED_PURCHASES] = "masked-purchases", [OUTPUT_PURCHASE_COUNTS] = "purchase-counts",
};

void fake_rig_open(struct fake_rig *rig, int32_t partition_count)
{
    rig->cluster = fake_cluster_open();
    fake_topic_create(rig->cluster, "purchases", partition_count);
    for (size_t i = 0; i < OUTPUT_TOPICS; i++)
        fake_topic_create(rig->cluster, OUTPUTS[i], partition_count);
}

void fake_rig_close(struct fake_rig *rig)
{
    fake_cluster_close(rig->cluster);
}

static struct broker *worker_open(struct fake_rig *rig, const char *instance,
                                  const char *transactional_id)
{
    struct fake_broker_settings settings = {
        .group_id = "cardwatch",
        .group_instance_id = instance,
        .transactional_id = transactional_id,
        .input_topic = "purchases",
    };
    for (size_t i = 0; i < OUTPUT_TOPICS; i++)
        settings.outputs[i] = OUTPUTS[i];
    return fake_broker_open(rig->cluster, &settings);
}

static void must(enum status status, const struct error *err)
{
    if (status != STATUS_OK)
        fprintf(stderr, "unexpected %s: %s\n", status_name(status), err->text);
    ensure(status == STATUS_OK);
}

static struct broker *with_producer(struct broker *broker)
{
    struct error err;
    must(broker->ops->reset(broker, &err), &err);
    return broker;
}

struct broker *fake_rig_fresh(struct fake_rig *rig, const char *name)
{
    return worker_open(rig, name, name);
}

struct broker *fake_rig_static(struct fake_rig *rig, const char *name)
{
    return with_producer(fake_rig_fresh(rig, name));
}

struct broker *fake_rig_impostor(struct fake_rig *rig, const char *name,
                                 const char *transactional_id)
{
    return with_producer(worker_open(rig, name, transactional_id));
}

struct broker *fake_rig_dynamic(struct fake_rig *rig, const char *name)
{
    return with_producer(worker_open(rig, NULL, name));
}

struct broker *fake_rig_at_least_once(struct fake_rig *rig)
{
    return with_producer(worker_open(rig, "alo", NULL));
}

struct batch fake_rig_poll(struct broker *broker, enum membership_event event)
{
    struct error err;
    struct batch batch;
    must(broker->ops->poll(broker, 0, &batch, &err), &err);
    ensure(batch.event == event);
    return batch;
}

struct batch fake_rig_accept(struct broker *broker, enum membership_event event)
{
    struct error err;
    struct batch batch = fake_rig_poll(broker, event);
    must(broker->ops->accept(broker, &err), &err);
    return batch;
}

void fake_rig_take(struct broker *broker)
{
    struct error err;
    struct batch batch = fake_rig_accept(broker, EVENT_ASSIGNED);
    for (size_t i = 0; i < batch.partition_count; i++)
        must(broker->ops->start(broker, batch.partitions[i], 0, &err), &err);
}

enum status fake_rig_poll_status(struct broker *broker)
{
    struct error err;
    struct batch batch;
    return broker->ops->poll(broker, 0, &batch, &err);
}

int64_t fake_rig_purchase(struct fake_rig *rig, int32_t partition, const char *text)
{
    return fake_produce(rig->cluster, &(struct fake_input){
                                          .topic = "purchases",
                                          .partition = partition,
                                          .key = view_text(text),
                                          .value = view_text(text),
                                          .timestamp_ms = 1000,
                                      });
}

enum status fake_rig_alert(struct broker *broker, const char *key, const char *value)
{
    struct error err;
    struct record record = {
        .topic = OUTPUT_ALERTS_AVRO,
        .partition = -1,
        .timestamp_ms = -1,
        .key = view_text(key),
        .value = view_text(value),
    };
    return broker->ops->produce(broker, &record, &err);
}

enum status fake_rig_card(struct broker *broker, int32_t partition, const char *key,
                          const char *value)
{
    struct error err;
    struct view keys[] = {view_text(key)};
    struct view values[] = {{NULL, 0}};
    if (value != NULL)
        values[0] = view_text(value);
    return broker->ops->produce_changelog(broker, partition, keys, values, 1, &err);
}

enum status fake_rig_commit(struct broker *broker, int32_t partition, int64_t offset)
{
    struct error err;
    struct partition_offset offsets[] = {{partition, offset}};
    return broker->ops->commit(broker, offsets, 1, &err);
}

enum status fake_rig_committed(struct broker *broker, int32_t partition, int64_t *offset)
{
    struct error err;
    return broker->ops->committed(broker, partition, offset, &err);
}

const char *fake_rig_values(struct fake_rig *rig, const char *topic, char out[256])
{
    struct fake_records records = fake_read(rig->cluster, topic);
    size_t size = 0;
    out[0] = '\0';
    for (size_t i = 0; i < records.count; i++) {
        struct view value = records.items[i]->value;
        int wrote = snprintf(out + size, 256 - size, "%s%.*s", i == 0 ? "" : " ", (int)value.size,
                             value.data == NULL ? "" : (const char *)value.data);
        ensure(wrote >= 0 && size + (size_t)wrote < 256);
        size += (size_t)wrote;
    }
    fake_records_release(&records);
    return out;
}

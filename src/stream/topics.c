// SPDX-License-Identifier: Apache-2.0
#include "stream/topics.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"
#include "stream/setup.h"

static const struct kafka_topic_setting compacted[] = {{"cleanup.policy", "compact"}};

static char *changelog_name(const char *application_id)
{
    struct buffer name;
    buffer_init(&name, 1024);
    ensure(buffer_append_format(&name, "%s-windows-changelog", application_id));
    char *text = memory_copy(name.data, name.size);
    buffer_release(&name);
    return text;
}

static struct kafka_topic_plan plan_compacted(const char *name, int32_t partitions)
{
    return (struct kafka_topic_plan){
        .name = name,
        .partition_count = partitions,
        .settings = compacted,
        .setting_count = sizeof(compacted) / sizeof(compacted[0]),
    };
}

void topics_plan(const struct config *config, int32_t partitions, struct topics *out)
{
    struct kafka_topic_plan *plans = out->plans;
    out->table_needed = setup_table_topic(config) != NULL;
    plans[TOPICS_PURCHASES] =
        (struct kafka_topic_plan){config->topics.purchases, partitions, NULL, 0};
    plans[TOPICS_TRAVEL_FLAGS] = plan_compacted(config->topics.travel_flags, partitions);
    plans[TOPICS_ALERTS_AVRO] =
        (struct kafka_topic_plan){config->topics.alerts_avro, partitions, NULL, 0};
    plans[TOPICS_ALERTS_JSON] =
        (struct kafka_topic_plan){config->topics.alerts_json, partitions, NULL, 0};
    plans[TOPICS_DEAD_LETTERS] =
        (struct kafka_topic_plan){config->topics.dead_letters, partitions, NULL, 0};
    plans[TOPICS_MASKED_PURCHASES] =
        (struct kafka_topic_plan){config->topics.masked_purchases, partitions, NULL, 0};
    plans[TOPICS_PURCHASE_COUNTS] = plan_compacted(config->topics.purchase_counts, partitions);
    plans[TOPICS_CHANGELOG] = plan_compacted(changelog_name(config->application_id), partitions);
}

void topics_release(struct topics *topics)
{
    free((char *)topics->plans[TOPICS_CHANGELOG].name);
    *topics = (struct topics){0};
}

// SPDX-License-Identifier: Apache-2.0
#include "lib/fake_topics.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/limits.h"
#include "base/memory.h"

enum { TOPICS_MAX = 64 };

void fake_topics_init(struct fake_topics *topics)
{
    *topics = (struct fake_topics){0};
}

static void topic_release(struct fake_topic *topic)
{
    for (int32_t i = 0; i < topic->partition_count; i++)
        fake_log_release(&topic->logs[i]);
    free(topic->logs);
    free(topic->name);
}

void fake_topics_release(struct fake_topics *topics)
{
    for (size_t i = 0; i < topics->count; i++)
        topic_release(&topics->topics[i]);
    free(topics->topics);
    *topics = (struct fake_topics){0};
}

static void topic_resize(struct fake_topic *topic, int32_t partition_count)
{
    ensure(partition_count > topic->partition_count && partition_count <= PARTITIONS_MAX);
    topic->logs = memory_resized(topic->logs, (size_t)partition_count, sizeof(*topic->logs));
    for (int32_t i = topic->partition_count; i < partition_count; i++)
        fake_log_init(&topic->logs[i], i);
    topic->partition_count = partition_count;
}

void fake_topics_add(struct fake_topics *topics, const char *name, int32_t partition_count)
{
    ensure(fake_topics_find(topics, name) == NULL && topics->count < TOPICS_MAX);
    size_t count = topics->count + 1;
    topics->topics = memory_resized(topics->topics, count, sizeof(*topics->topics));
    struct fake_topic *topic = &topics->topics[topics->count++];
    *topic = (struct fake_topic){.name = memory_text(name), .id = ++topics->last_id};
    topic_resize(topic, partition_count);
}

void fake_topics_remove(struct fake_topics *topics, const char *name)
{
    struct fake_topic *topic = fake_topics_find(topics, name);
    ensure(topic != NULL);
    topic_release(topic);
    *topic = topics->topics[--topics->count];
}

void fake_topics_grow(struct fake_topics *topics, const char *name, int32_t partition_count)
{
    struct fake_topic *topic = fake_topics_find(topics, name);
    ensure(topic != NULL);
    topic_resize(topic, partition_count);
}

struct fake_topic *fake_topics_find(struct fake_topics *topics, const char *name)
{
    for (size_t i = 0; i < topics->count; i++) {
        if (strcmp(topics->topics[i].name, name) == 0)
            return &topics->topics[i];
    }
    return NULL;
}

static struct fake_log *topic_log(struct fake_topic *topic, int32_t partition)
{
    bool known = topic != NULL && partition >= 0 && partition < topic->partition_count;
    return known ? &topic->logs[partition] : NULL;
}

struct fake_log *fake_topics_log(struct fake_topics *topics, const char *name, int32_t partition)
{
    return topic_log(fake_topics_find(topics, name), partition);
}

struct fake_log *fake_topics_log_by_id(struct fake_topics *topics, int64_t id, int32_t partition)
{
    for (size_t i = 0; i < topics->count; i++) {
        if (topics->topics[i].id == id)
            return topic_log(&topics->topics[i], partition);
    }
    return NULL;
}

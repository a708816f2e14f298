// SPDX-License-Identifier: Apache-2.0
// The fake cluster's topics by name. A topic that is created again is another topic: who holds on
// to one across calls keeps its id, never a pointer.
#ifndef LIB_FAKE_TOPICS_H
#define LIB_FAKE_TOPICS_H

#include "lib/fake_log.h"

struct fake_topic {
    char *name;
    int64_t id;
    struct fake_log *logs;
    int32_t partition_count;
};

struct fake_topics {
    struct fake_topic *topics;
    size_t count;
    int64_t last_id;
};

void fake_topics_init(struct fake_topics *topics);
void fake_topics_release(struct fake_topics *topics);

void fake_topics_add(struct fake_topics *topics, const char *name, int32_t partition_count);
void fake_topics_remove(struct fake_topics *topics, const char *name);
void fake_topics_grow(struct fake_topics *topics, const char *name, int32_t partition_count);

// NULL when there is none. Valid until the next add, remove or grow.
struct fake_topic *fake_topics_find(struct fake_topics *topics, const char *name);
struct fake_log *fake_topics_log(struct fake_topics *topics, const char *name, int32_t partition);
struct fake_log *fake_topics_log_by_id(struct fake_topics *topics, int64_t id, int32_t partition);

#endif

// SPDX-License-Identifier: Apache-2.0
// An alert as a replay raises it or a topic holds it, and as people are shown it.
#ifndef CLI_REPLAY_ALERT_H
#define CLI_REPLAY_ALERT_H

#include "broker/kafka_follower.h"

// Views are borrowed. A header that is not there has .data NULL.
struct replay_alert {
    enum output_topic topic;
    int32_t partition; // of the alert topic
    struct view key;
    struct view value;
    struct view rule;
    struct view count;
    struct view detected_at;
    struct view source; // "topic/partition/offset" of the purchase that raised it
};

// From what a replay writes; `partitions` is the alert topic's count.
struct replay_alert replay_alert_written(const struct record *record, int32_t partitions);
// From a record of the topic.
struct replay_alert replay_alert_read(const struct kafka_followed *record, enum output_topic topic);

// The purchase that raised it; false: there is no such header, or it says something else.
bool replay_alert_source(const struct replay_alert *alert, struct view *topic, int32_t *partition,
                         int64_t *offset);

// Appends the JSON alert as a line, with rule, count, detected_at and source from its headers as
// far as its fields have them not:
//   {"type": "...", "credit_card": "************4444", ..., "source": "purchases/0/17"}
// `show_card`: the card in full. False when the buffer's maximum would be passed.
bool replay_alert_append(const struct replay_alert *alert, bool show_card, struct buffer *out);

// Appends JSON with what stands for "credit_card" in it masked. False: there is no such text in it
// (nothing is appended), or the buffer's maximum would be passed.
bool replay_alert_mask(struct view json, struct buffer *out);

#endif

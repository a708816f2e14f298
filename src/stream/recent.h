// SPDX-License-Identifier: Apache-2.0
// The last alerts and dead letters, for people who look at the running service. A worker notes them
// in a draft of its own and hands that over when they are committed: one short lock a commit, and
// nothing at all when nobody may look (a NULL draft). Cards are masked before they get here.
#ifndef STREAM_RECENT_H
#define STREAM_RECENT_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "broker/broker.h"
#include "engine/engine.h"
#include "wire/purchase.h"

enum {
    RECENT_ALERTS = 256,
    RECENT_LETTERS = 4, // of each class
    RECENT_REASON_BYTES_MAX = 192,
};

struct recent_alert {
    uint64_t sequence; // from 1 on
    char card[CARD_MASKED_MAX];
    struct alert alert;
    int32_t partition; // of the purchase that raised it
    int64_t offset;
    int64_t message_ms; // that purchase's message timestamp; -1: none
    int64_t committed_ms;
};

struct recent_letter {
    enum dead_letter_class class_;
    int32_t partition;
    int64_t offset;
    int64_t committed_ms;
    char reason[RECENT_REASON_BYTES_MAX];
};

// Rings: the newest of `count` stands at (count - 1) % size.
struct recent_notes {
    struct recent_alert alerts[RECENT_ALERTS];
    uint64_t alert_count;
    struct recent_letter letters[DEAD_LETTER_CLASSES][RECENT_LETTERS];
    uint64_t letter_count[DEAD_LETTER_CLASSES];
};

// Shared by all workers and the readers.
struct recent {
    pthread_mutex_t lock;
    struct recent_notes notes;
};

void recent_init(struct recent *recent);
void recent_release(struct recent *recent);

// What a worker's open transaction will add.
struct recent_draft {
    struct recent *recent;
    struct recent_notes notes;
};

// The caller frees it with free().
struct recent_draft *recent_draft_open(struct recent *recent);
void recent_draft_alert(struct recent_draft *draft, const struct alert *alert, struct view card,
                        const struct message *source);
void recent_draft_letter(struct recent_draft *draft, enum dead_letter_class class_,
                         const char *reason, const struct message *source);
// The transaction is committed: everybody sees its notes.
void recent_draft_publish(struct recent_draft *draft, int64_t wall_ms);
// The transaction is given up.
void recent_draft_discard(struct recent_draft *draft);

// Copies the alerts with a sequence above `after`, oldest first, at most RECENT_ALERTS of them; how
// many.
size_t recent_alerts(struct recent *recent, uint64_t after, struct recent_alert *out);
// Copies the last dead letters of a class, oldest first, at most RECENT_LETTERS; how many.
size_t recent_letters(struct recent *recent, enum dead_letter_class class_,
                      struct recent_letter *out);

#endif

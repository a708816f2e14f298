// SPDX-License-Identifier: Apache-2.0
// Which cards of a task have a new running count since the last commit, and their texts, which the
// state does not hold: each card once, whose count is written as of the commit.
#ifndef STREAM_COUNTS_H
#define STREAM_COUNTS_H

#include "broker/broker.h"
#include "store/cards.h"

enum {
    COUNTS_BYTES_DUE = 16 * 1024 * 1024, // more than that: commit, so that the list stays short
    COUNTS_BYTES_MAX = 64 * 1024 * 1024, // never reached: a batch adds less than the difference
};

// token | u8 size of the text - 1 | text, one behind the other
struct counts {
    struct buffer noted;
};

void counts_init(struct counts *counts);
void counts_release(struct counts *counts);
void counts_clear(struct counts *counts);

// The card, which must not have been noted since the last clear, has a new count.
void counts_note(struct counts *counts, const struct token *token, struct view card);

// Queues each noted card's count as `cards` has it, in the partition: key = the card's
// text, value = the number as text.
enum status counts_write(const struct counts *counts, struct cards *cards, int32_t partition,
                         struct broker *broker, struct error *err) MUST_USE;

#endif

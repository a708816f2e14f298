// SPDX-License-Identifier: Apache-2.0
// The demo's score: which of the planted bursts were caught, and which alerts are about nothing
// that was planted. Truth is what was sent: a burst counts as planted once `threshold` of its
// purchases have been sent, whether or not the rest of them ever is.
//
// An alert is about a burst when it is of the same card and was raised at the event time of one of
// the burst's purchases, or between them. The first such alert catches it. A second one is a
// repeat when it was raised by the same purchase, which is what at-least-once permits, and false
// otherwise.
#ifndef DEMO_SCORE_H
#define DEMO_SCORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "demo/generator.h"
#include "demo/seen_alert.h"

struct score;

// `threshold`: purchases in a window that raise an alert. `repeats_allowed`: at least once.
struct score *score_open(uint32_t threshold, bool repeats_allowed);
void score_close(struct score *score);

// A message has been sent. Messages come in the order of the generator. Memory is bounded: bursts
// 65,536 bursts old are counted and forgotten, so their alerts must have been seen by then.
void score_sent(struct score *score, const struct generated *message);

// An alert has been seen, after its purchase was sent. True when it is about a planted burst.
bool score_alert(struct score *score, const struct seen_alert *alert);

struct score_result {
    uint64_t planted; // = caught + missed
    uint64_t caught;
    uint64_t missed;
    uint64_t false_count;
    uint64_t repeated; // of allowed repeats
};
struct score_result score_result(const struct score *score);

// Nothing missed and nothing false.
bool score_is_clean(const struct score_result *result);
// Appends "planted 60 bursts: 60 caught, 0 missed, 0 false", and ", 2 repeated" if there were any.
void score_line(const struct score_result *result, struct buffer *out);

#endif

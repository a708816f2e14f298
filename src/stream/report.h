// SPDX-License-Identifier: Apache-2.0
// The running service as people see it, in JSON: what the dashboard shows. The members are
// documented in the functions' bodies by their names; times are milliseconds since the Unix epoch.
#ifndef STREAM_REPORT_H
#define STREAM_REPORT_H

#include "base/bytes.h"
#include "stream/exposition.h"

// Appends an object: who it is, whether it is ready, totals, latency histograms, workers,
// partitions, the last dead letters. False when the buffer's maximum is passed. Thread-safe.
bool report_status(const struct exposition *exposition, int64_t wall_ms,
                   struct buffer *out) MUST_USE;

// Appends an array of the committed alerts with a sequence above *after, oldest first, cards
// masked, and moves *after to the last one. Thread-safe.
bool report_alerts(const struct exposition *exposition, uint64_t *after,
                   struct buffer *out) MUST_USE;

// A look-up of a card's window, which the workers answer between batches. Used by one thread, one
// look-up at a time.
//
// Asks every worker. False while one has not answered the look-up before.
bool report_card_ask(const struct exposition *exposition, struct view card);
// False while the answer is not complete. Else appends it: an object with the card masked, its
// partition and what card_view.h writes; "found" false when nobody here holds it.
bool report_card_answer(const struct exposition *exposition, struct view card, struct buffer *out);

#endif

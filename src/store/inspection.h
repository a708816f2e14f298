// SPDX-License-Identifier: Apache-2.0
// What the stores on disk hold, read beside the service that writes them, or after it: nothing is
// changed. One reader sees one checkpoint; it should not be kept open for long beside a running
// service, since the pages that it sees cannot be used again meanwhile.
#ifndef STORE_INSPECTION_H
#define STORE_INSPECTION_H

#include "store/environment.h"
#include "store/state_dir.h"
#include "store/store.h"

struct inspection {
    struct state_dir dir;
    long holder;         // the process that runs the service; 0: none
    int32_t *partitions; // whose stores are here, in order
    size_t count;
};

// STATUS_FATAL: there is no state of the application.
enum status inspection_open(struct inspection *inspection, const char *parent,
                            const char *application_id, struct error *err) MUST_USE;
void inspection_close(struct inspection *inspection);

// A partition's store, open for reading.
struct inspected {
    struct environment environment;
    struct checkpoint checkpoint; // valid when `found`
    bool found;                   // false: nothing has been written yet
    uint64_t cards;
    uint64_t bytes;
    int64_t written_ms; // Unix epoch: when the file was last changed
};

// STATUS_RECORD: damaged; STATUS_FATAL: cannot be read. The sentence names it. The path must stay
// until inspected_close.
enum status inspected_open(struct inspected *inspected, const struct inspection *inspection,
                           int32_t partition, struct error *err) MUST_USE;
void inspected_close(struct inspected *inspected);

// The card's record, borrowed until inspected_close; data NULL: it is not here.
enum status inspected_card(struct inspected *inspected, const struct token *token,
                           struct view *value, struct error *err) MUST_USE;
// Hands every card to `visit`; the checkpoint may be a newer one from time to time, so that the
// writer is not held up.
enum status inspected_scan(struct inspected *inspected, environment_visit_fn *visit, void *context,
                           struct error *err) MUST_USE;

#endif

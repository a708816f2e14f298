// SPDX-License-Identifier: Apache-2.0
// A record as the fake cluster keeps it: owned bytes, each in an allocation of its exact size so
// that the address sanitizer sees every read past the end and every use after the next poll.
#ifndef LIB_FAKE_RECORD_H
#define LIB_FAKE_RECORD_H

#include "broker/broker.h"

enum fake_kind {
    FAKE_DATA,
    FAKE_COMMIT_MARKER, // control records: they take an offset and no reader gets them
    FAKE_ABORT_MARKER,
};

enum fake_outcome {
    OUTCOME_COMMITTED, // also what no transaction wrote
    OUTCOME_OPEN,      // its transaction is still open
    OUTCOME_ABORTED,
};

struct fake_record {
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms;
    bool has_timestamp;
    struct view key; // data NULL: null
    struct view value;
    struct header *headers;
    size_t header_count;
    enum fake_kind kind;
    enum fake_outcome outcome;
    int64_t producer_id; // 0: written outside transactions
};

// Makes `to` an owner of copies of everything that `from` points to.
void fake_record_copy(struct fake_record *to, const struct fake_record *from);
void fake_record_release(struct fake_record *record);

// Puts copies of `count` headers behind those that are there.
void fake_record_add_headers(struct fake_record *record, const struct header *headers,
                             size_t count);
void fake_record_release_headers(struct fake_record *record);
// The value of the first header of that name; data NULL when there is none.
struct view fake_record_header(const struct fake_record *record, const char *name);

// What the record weighs against the topic's limit.
size_t fake_record_bytes(const struct fake_record *record);

// The record as the port hands it out; it borrows from `record` and points to it by `native`.
struct message fake_record_message(const struct fake_record *record);

#endif

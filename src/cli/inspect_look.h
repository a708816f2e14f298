// SPDX-License-Identifier: Apache-2.0
// What `inspect` finds in the stores, before anybody words it.
#ifndef CLI_INSPECT_LOOK_H
#define CLI_INSPECT_LOOK_H

#include "config/config.h"
#include "store/inspection.h"
#include "stream/settings.h"

enum { INSPECT_SIZES = 15 }; // 0, 1, 2, 3, 4 to 7, 8 to 15, ... purchases a card

// One partition's store.
struct inspect_partition {
    int32_t partition;
    struct checkpoint checkpoint;
    bool found; // false: empty, or `problem` says why it cannot be read
    uint64_t cards;
    uint64_t bytes;
    int64_t written_ms;
    bool same_rules; // its fingerprint is that of the configuration
    struct error problem;
};

struct inspect_look {
    struct inspection inspection;
    struct stream_settings settings; // engine, rule names, fingerprint
    struct token_key *key;
    struct inspect_partition *partitions; // inspection.count of them
    uint64_t cards;
    uint64_t bytes;
    size_t problem_count;
    // Cards by how many purchases are stored of them, and the bytes of their records.
    uint64_t sizes[INSPECT_SIZES];
    uint64_t record_bytes;
    uint64_t purchases;
    uint64_t damaged_cards;
};

// The directory and the settings. STATUS_FATAL says what is missing.
enum status inspect_look_open(struct inspect_look *look, const struct config *config,
                              struct error *err) MUST_USE;
void inspect_look_close(struct inspect_look *look);

// Reads every store: what it says of itself and how large its cards are.
void inspect_look_at_all(struct inspect_look *look);
// The least number of purchases that is counted in a size.
uint64_t inspect_size_from(size_t size);

// Looks for a card: the first partition that has it. Its record is appended to `record`; the number
// in *where is -1 when none has it. STATUS_FATAL, STATUS_RECORD: a store could not be read.
enum status inspect_look_for(struct inspect_look *look, struct view card,
                             struct inspect_partition *where, struct buffer *record,
                             struct error *err) MUST_USE;

#endif

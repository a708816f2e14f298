// SPDX-License-Identifier: Apache-2.0
// One LMDB environment: the store of a partition as key and value bytes. It knows how to open,
// read, write a batch in durable transactions, and grow; when to do so is partition.c's.
//
// Keys: the 16 bytes of a token; and the single byte 0, which sorts before all of them, for the
// checkpoint record.
//
// Threads: one owner, and during a write one writer, which calls environment_write alone. While
// that runs, the owner may read, and must not grow the map unless the writer waits outside.
//
// A crash at any moment leaves the last committed transaction: LMDB writes new pages only, syncs
// them, then switches by writing one of its two meta pages. It has no checksums: what a broken disk
// or a foreign hand changes is noticed where LMDB's own checks see it. What they see while nobody
// can be told is kept as a file `damaged` beside the data, so that the next opening knows.
#ifndef STORE_ENVIRONMENT_H
#define STORE_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "store/staging.h"

struct MDB_env;
struct MDB_txn;

struct environment {
    char *path;
    struct MDB_env *env;
    struct MDB_txn *reader; // lives as long as the environment; active while `reading`
    bool reading;
    unsigned dbi;
    size_t map_bytes;
};

// Called for each card of a scan; `value` is valid during the call.
typedef void environment_visit_fn(void *context, const struct token *token, struct view value);

// Opens (creates) the environment in the directory `path`. STATUS_RECORD: damaged, remove it;
// STATUS_FATAL: anything else. On failure nothing is held.
enum status environment_open(struct environment *environment, const char *path,
                             struct error *err) MUST_USE;
void environment_close(struct environment *environment);
// Deletes the files of the environment in `path`, which must be closed, and syncs.
enum status environment_remove(const char *path, struct error *err) MUST_USE;

// Reads see what was committed when the first one after opening or environment_refresh was made.
// Views are valid until the next refresh, growth or close. STATUS_RECORD: damaged.
enum status environment_checkpoint(struct environment *environment, struct view *value,
                                   struct error *err) MUST_USE;
enum status environment_get(struct environment *environment, const struct token *token,
                            struct view *value, struct error *err) MUST_USE;
// As store_ops.scan.
enum status environment_scan(struct environment *environment, struct token *cursor, size_t max,
                             environment_visit_fn *visit, void *context, bool *wrapped,
                             struct error *err) MUST_USE;
// The next read sees what is committed then.
void environment_refresh(struct environment *environment);
// 0 when it cannot be read.
uint64_t environment_card_count(struct environment *environment);
uint64_t environment_disk_bytes(const struct environment *environment);

// What environment_write says when the map is too small: environment_grow, then write again.
extern const int environment_map_full;

// A checkpoint on its way: the sorted values, the checkpoint record that goes with the last of
// them, and the one that goes with all before that; .size 0: the values go in at once.
struct environment_batch {
    const struct staging *staging;
    struct view record;
    struct view record_until_then;
    size_t next; // the first value that has not been written yet
};

// Writes values of the batch from the next one on, as many as a part takes (part.h), in one durable
// transaction with the checkpoint record: that was all when `next` is behind the last one. 0, or
// the code of what failed (nothing is written then).
int environment_write(struct environment *environment, struct environment_batch *batch) MUST_USE;
// The sentence for a code of environment_write; notes damage for the next opening.
enum status environment_write_failed(const struct environment *environment, int code,
                                     size_t staged_bytes, struct error *err) MUST_USE;
// Doubles the map, or more if `room_bytes` more than what is used would not fit. 0 or a code of
// what failed: the environment can only be closed then.
int environment_grow(struct environment *environment, size_t room_bytes) MUST_USE;

#endif

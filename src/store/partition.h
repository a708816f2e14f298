// SPDX-License-Identifier: Apache-2.0
// The store of one partition on LMDB: struct store_ops over an environment, with a thread that
// writes each checkpoint. One worker owns it; the thread lives from checkpoint_start until the
// owner has noticed its end.
//
//   IDLE --start--> WRITING --> ENDED --noticed by the owner--> IDLE
//                    |  ^
//       map too small|  |grown by the owner
//                    v  |
//                   MAP_FULL
//
// The map is grown by the owner, inside checkpoint_poll, because it moves: what get() has lent is
// valid until the owner's next call, so only the owner knows that nobody looks.
//
// A checkpoint that could not be written makes the store refuse further ones: the values in it
// would be missing from the next. Reading goes on from the checkpoint before it.
#ifndef STORE_PARTITION_H
#define STORE_PARTITION_H

#include "store/store.h"

// Tells the directory that the partition is free again.
typedef void partition_closed_fn(void *context, int32_t partition);

struct partition_place {
    const char *path; // copied
    int32_t number;
    partition_closed_fn *closed;
    void *context;
};

// See store_dir_ops.open; `closed` is not called when this fails.
enum status partition_open(const struct partition_place *place, struct store **out,
                           struct error *err) MUST_USE;

#endif

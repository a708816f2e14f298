// SPDX-License-Identifier: Apache-2.0
// How often each of some 64-bit values is there, and how many different ones: a table that is begun
// anew for each question and never cleared.
#ifndef ENGINE_TALLY_H
#define ENGINE_TALLY_H

#include <stddef.h>
#include <stdint.h>

struct tally_entry {
    uint64_t value;
    uint32_t round; // of another round: free
    uint32_t count;
};

// A zeroed struct is ready for use; tally_release frees what it has grown to.
struct tally {
    struct tally_entry *entries;
    size_t capacity; // a power of two
    uint32_t round;
    uint32_t distinct; // values with a count above 0
};

void tally_release(struct tally *tally);

// Forgets all values; there is room for `values_max` different ones then.
void tally_begin(struct tally *tally, size_t values_max);
void tally_add(struct tally *tally, uint64_t value);
// The value must have been added more often than removed.
void tally_remove(struct tally *tally, uint64_t value);

#endif

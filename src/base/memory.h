// SPDX-License-Identifier: Apache-2.0
// Allocation that does not return on failure: the service keeps bounds on everything it holds, so
// running out of memory means that the machine is out of it, and a restart is the repair.
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

// Zeroed memory for `count` items of `item_bytes`; the caller frees it with free().
void *memory_zeroed(size_t count, size_t item_bytes);

// realloc(3) for `count` items of `item_bytes`; checks the product for overflow.
void *memory_resized(void *block, size_t count, size_t item_bytes);

// A copy of `text`; the caller frees it with free().
char *memory_text(const char *text);

// A copy of `size` bytes with a NUL behind them; the caller frees it with free().
void *memory_copy(const void *bytes, size_t size);

// Brings the cache line at `address` near, for a loop over many that are needed soon. A load, since
// a prefetch instruction may be dropped when the page's translation is not at hand, which in a
// virtual machine is most of the time; nothing waits for what is loaded.
static inline void memory_touch(const void *address)
{
    (void)*(const volatile unsigned char *)address;
}

#endif

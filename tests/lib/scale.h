// SPDX-License-Identifier: Apache-2.0
// How much of a long test to do: TEST_SCALE in the environment, in percent (100 when not set). The
// sanitised runs, several times slower, do a share.
#ifndef LIB_SCALE_H
#define LIB_SCALE_H

#include <stdint.h>
#include <stdlib.h>

static inline uint64_t scale_percent(void)
{
    const char *text = getenv("TEST_SCALE");
    uint64_t percent = text == NULL ? 100 : strtoull(text, NULL, 10);
    return percent == 0 ? 100 : percent;
}

// That share of `count`, at least one.
static inline uint64_t scale_count(uint64_t count)
{
    uint64_t share = count * scale_percent() / 100;
    return share == 0 ? 1 : share;
}

// The step with which a loop that takes every item at full scale passes over them.
static inline uint64_t scale_stride(void)
{
    return scale_percent() >= 100 ? 1 : 100 / scale_percent();
}

#endif

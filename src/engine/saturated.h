// SPDX-License-Identifier: Apache-2.0
// Exact comparisons of event times in 64 bits. With `span` >= 0 the rules' inequalities over
// unbounded integers
//     t > x - (span + 1)      and      t < x + (span + 1)
// are the same as
//     t >= x - span           and      t <= x + span
// and these stay true to the letter when the right side is clamped to int64, because t is one: a
// bound past int64's end is met (or missed) by every t just as the end itself is. So no wider
// arithmetic is needed, whatever the times are.
#ifndef ENGINE_SATURATED_H
#define ENGINE_SATURATED_H

#include <stdint.h>

// x - span, clamped to int64; span >= 0.
static inline int64_t saturated_minus(int64_t x, int64_t span)
{
    int64_t result;
    return __builtin_sub_overflow(x, span, &result) ? INT64_MIN : result;
}

// x + span, clamped to int64; span >= 0.
static inline int64_t saturated_plus(int64_t x, int64_t span)
{
    int64_t result;
    return __builtin_add_overflow(x, span, &result) ? INT64_MAX : result;
}

#endif

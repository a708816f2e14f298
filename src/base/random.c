// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include "base/assert.h"

void random_seed(struct random *random, uint64_t seed)
{
    random->state = seed;
}

uint64_t random_next(struct random *random)
{
    uint64_t mixed = random->state += 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return mixed ^ (mixed >> 31);
}

// Draws again in the part of the range that would favour small numbers.
uint64_t random_below(struct random *random, uint64_t bound)
{
    ensure(bound > 0);
    uint64_t excess = (UINT64_MAX % bound + 1) % bound;
    for (;;) {
        uint64_t drawn = random_next(random);
        if (drawn <= UINT64_MAX - excess)
            return drawn % bound;
    }
}

int64_t random_range(struct random *random, int64_t low, int64_t high)
{
    ensure(low <= high);
    uint64_t span = (uint64_t)high - (uint64_t)low;
    uint64_t step = span == UINT64_MAX ? random_next(random) : random_below(random, span + 1);
    return (int64_t)((uint64_t)low + step);
}

bool random_chance(struct random *random, uint64_t numerator, uint64_t denominator)
{
    return random_below(random, denominator) < numerator;
}

double random_unit(struct random *random)
{
    return (double)(random_next(random) >> 11) * 0x1.0p-53;
}

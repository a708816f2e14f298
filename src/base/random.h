// SPDX-License-Identifier: Apache-2.0
// A small seeded generator of pseudo-random numbers (splitmix64, Steele, Lea and Flood 2014): the
// same seed gives the same numbers on every machine. For synthetic data, jitter and tests; never
// for secrets.
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

// Plain memory, no ownership; a copy goes on from the same place.
struct random {
    uint64_t state;
};

void random_seed(struct random *random, uint64_t seed);

// The next 64 bits.
uint64_t random_next(struct random *random);

// Uniform in 0 .. bound - 1, without bias. bound > 0.
uint64_t random_below(struct random *random, uint64_t bound);

// Uniform in low .. high, both included; the whole int64 range is allowed. low <= high.
int64_t random_range(struct random *random, int64_t low, int64_t high);

// True in `numerator` of `denominator` cases. denominator > 0.
bool random_chance(struct random *random, uint64_t numerator, uint64_t denominator);

// Uniform in [0, 1), 53 bits.
double random_unit(struct random *random);

#endif

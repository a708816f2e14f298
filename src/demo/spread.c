// SPDX-License-Identifier: Apache-2.0
#include "demo/spread.h"

#include <math.h>
#include <stdio.h>

#include "base/assert.h"

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

void spread_init(struct spread *spread, enum spread_kind kind, uint64_t card_count, double exponent)
{
    ensure(card_count > 0 && card_count <= SPREAD_CARDS_MAX);
    ensure(kind != SPREAD_ZIPF || exponent > 0);
    *spread = (struct spread){.kind = kind, .card_count = card_count, .exponent = exponent};
    // The golden section of the count: strides over the cards without a pattern to the eye.
    spread->step = (uint64_t)((double)card_count * 0.6180339887498949) | 1;
    while (common_divisor(spread->step, card_count) != 1)
        spread->step += 2;
    spread->step %= card_count;
}

// The inverse of the continuous distribution that x^-exponent on [1, n + 1) is: near enough to
// Zipf's, for any n in constant memory.
static uint64_t zipf_next(const struct spread *spread, struct random *random)
{
    double unit = random_unit(random);
    double end = (double)spread->card_count + 1;
    double power = 1 - spread->exponent;
    double drawn =
        fabs(power) < 1e-9 ? pow(end, unit) : pow(unit * (pow(end, power) - 1) + 1, 1 / power);
    uint64_t rank = drawn < 1 ? 0 : (uint64_t)drawn - 1;
    return rank < spread->card_count ? rank : spread->card_count - 1;
}

uint64_t spread_next(struct spread *spread, struct random *random)
{
    switch (spread->kind) {
    case SPREAD_ZIPF:
        return zipf_next(spread, random);
    case SPREAD_EVEN:
        spread->at = (spread->at + spread->step) % spread->card_count;
        return spread->at;
    case SPREAD_UNIFORM:
        break;
    }
    return random_below(random, spread->card_count);
}

void spread_card_text(uint64_t index, char text[SPREAD_CARD_BYTES])
{
    ensure(index < SPREAD_CARDS_MAX);
    // Multiplying by a number coprime to 10^15 permutes the fifteen digits.
    const uint64_t digits15 = 1000000000000000u;
    uint64_t mixed = (uint64_t)((unsigned __int128)(index + 1) * 618033988749897u % digits15);
    int size = snprintf(text, SPREAD_CARD_BYTES, "4%03u-%04u-%04u-%04u",
                        (unsigned)(mixed / 1000000000000u), (unsigned)(mixed / 100000000 % 10000),
                        (unsigned)(mixed / 10000 % 10000), (unsigned)(mixed % 10000));
    ensure(size == SPREAD_CARD_BYTES - 1);
}

// SPDX-License-Identifier: Apache-2.0
// Synthetic purchases, the same from the same seed: cards, categories and amounts of a plausible
// spread, bursts planted on purpose, disorder, messages sent twice, and malformed ones. One message
// after another, without a clock: the n-th is sent at start_ms + n * 1000 / events_per_second of
// synthetic time.
//
//   planned purchases (members of planted bursts, messages to be sent again) wait in a heap until
//   their time to be sent has come; whenever none is due, an ordinary purchase is made up.
//
// The message's timestamp is its time of sending; the purchase's own timestamp lies up to
// disorder_ms before it (a planned one that has to wait its turn: a few ms more).
#ifndef DEMO_GENERATOR_H
#define DEMO_GENERATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "demo/purchase_writer.h"
#include "demo/spread.h"
#include "wire/purchase.h"

// Shares are in messages per million.
struct generator_settings {
    uint64_t seed;
    enum spread_kind spread;
    uint64_t card_count;
    double zipf_exponent;
    int64_t start_ms;
    int64_t events_per_second; // of synthetic time, > 0
    int64_t disorder_ms;       // 0: purchases come in event-time order
    uint32_t burst_ppm;        // bursts begun
    uint32_t burst_size_min;   // purchases of a burst, at least 1
    uint32_t burst_size_max;
    int64_t burst_window_ms; // all of a burst lie in less than this
    uint32_t duplicate_ppm;  // purchases sent a second time, within resend_ms
    int64_t resend_ms;
    uint32_t null_timestamp_ppm; // purchases without a timestamp of their own
    uint32_t malformed_ppm;      // messages that must become dead letters
    uint32_t schema_id;          // of schemas/purchase.avsc
    uint32_t unknown_schema_id;  // an id that the registry does not know
    uint32_t mismatch_schema_id; // of generator_mismatch_schema(); 0: no such messages
    int64_t max_future_ms;       // what FutureTimestamp messages exceed
    int64_t first_id;            // of the first purchase; the others follow
    // Only planted bursts are bursts: a card's purchases keep burst_window_ms apart from each other
    // and from its bursts. The spread is then as near to the one asked for as that allows, and
    // card_count must be at least generator_clean_cards().
    bool clean;
    uint64_t message_count; // how many will be asked for, so that bursts end in time; 0: not known
    uint64_t burst_count;   // as many bursts, over all of message_count; 0: burst_ppm says
};

// 10,000 cards uniformly, 1000 a second from 2026-01-01 on, one burst of 3 to 5 in 1000 messages,
// nothing else out of the ordinary.
struct generator_settings generator_settings_default(void);

// How many cards `clean` takes with these settings (card_count is not looked at).
uint64_t generator_clean_cards(const struct generator_settings *settings);

// Ground truth of a planted burst.
struct planted_burst {
    uint64_t number; // from 1
    char card[SPREAD_CARD_BYTES];
    uint32_t size;
    int64_t first_ms; // event times of its first and last purchase
    int64_t last_ms;
};

enum { GENERATED_CARD_BYTES_MAX = CARD_BYTES_MAX + 64 };

// A message. The views and `completed` are borrowed until the next call; some point into the struct
// itself, so it is not to be copied.
struct generated {
    struct view key; // the card's text; .data NULL: null
    struct view value;
    int64_t message_timestamp_ms;     // -1: none
    enum dead_letter_class malformed; // DEAD_LETTER_NONE: an ordinary message
    struct purchase_values purchase;  // what the value says, for messages that are not malformed
    char card[GENERATED_CARD_BYTES_MAX];
    uint64_t burst; // number of the planted burst that it belongs to; 0: none
    bool again;     // sent before
    const struct planted_burst *completed; // set when the last purchase of a burst has been sent
};

struct generator;

// The settings are copied; they must be in range (ensured).
struct generator *generator_open(const struct generator_settings *settings);
void generator_close(struct generator *generator);

// The next message.
void generator_next(struct generator *generator, struct generated *out);

// The bursts of which some purchases have been sent, at least burst_size_min, and others not yet:
// when there is to be no next message, *out (of what has been sent) belongs to the truth as well.
// *cursor starts at 0. False: no more.
bool generator_cut_short(const struct generator *generator, size_t *cursor,
                         struct planted_burst *out);

// A malformed message of a class, out of turn; it takes the time of the message that comes next.
// NoTimestamp has neither timestamp, so it is a dead letter on a partition without stream time.
void generator_malformed(struct generator *generator, enum dead_letter_class class_,
                         struct generated *out);

// An Avro schema that cannot be read as a purchase: its credit_card is a record.
struct view generator_mismatch_schema(void);

// Appends {"burst": ..., "credit_card": ..., "purchases": ..., "first_ms": ..., "last_ms": ...}.
bool planted_burst_json(const struct planted_burst *burst, struct buffer *out);

#endif

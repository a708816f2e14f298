// SPDX-License-Identifier: Apache-2.0
// The bounds that several modules share; each is tied to the others at compile time.
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

enum {
    CARD_BYTES_MAX = 256,               // a longer card is a dead letter (NoCard)
    RULES_MAX = 16,                     // one bit pair an event and rule in 64 bits, with room
    RULE_NAME_BYTES_MAX = 128,          // a rule's name is the alert's type
    EVENTS_PER_CARD_MAX = 16384,        // upper bound of state.max_events_per_card
    WINDOWS_PER_CARD_MAX = 4096,        // open tumbling windows a card and rule: grace / window + 2
    FACTS_MAX = 4,                      // what rules make a card keep of a purchase, 64 bits each
    CONDITIONS_MAX = 64,                // in the where lists of all rules together
    OPERANDS_MAX = 256,                 // values that these conditions compare with
    PARTITIONS_MAX = 4096,              // of the input topic
    WORKERS_MAX = 64,                   // processing.threads
    SCHEMA_BYTES_MAX = 4 * 1024 * 1024, // a schema text as the registry serves it
};

_Static_assert(2 * RULES_MAX <= 62, "an event's rule bits and its id bit fit 64 bits");
_Static_assert(EVENTS_PER_CARD_MAX * 2 <= 65535, "a card's slots are counted in 16 bits");

#endif

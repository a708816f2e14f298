// SPDX-License-Identifier: Apache-2.0
// Requests for a card's window: they wait in line, without holding up the thread, until the service
// has answered or their time is over. Used by the endpoint's thread alone.
#ifndef OPS_LOOKUPS_H
#define OPS_LOOKUPS_H

#include <stdbool.h>

#include "base/limits.h"
#include "ops/source.h"

struct MHD_Connection;

enum { LOOKUPS_MAX = 8 };

enum lookup_state {
    LOOKUP_WAITING,  // in line
    LOOKUP_ASKED,    // the service has the question
    LOOKUP_ANSWERED, // `answer` is there
    LOOKUP_EXPIRED,  // it took too long
};

struct lookup {
    enum lookup_state state;
    struct MHD_Connection *connection; // suspended while waiting or asked
    int64_t deadline_ms;
    char card[CARD_BYTES_MAX];
    size_t card_size;
    struct buffer answer;
};

struct lookups {
    const struct endpoint_source *source;
    struct lookup *line[LOOKUPS_MAX]; // in the order of their coming
    size_t count;
    bool closing;
};

void lookups_init(struct lookups *lookups, const struct endpoint_source *source);

// Suspends the connection and puts its question in line; NULL when the line is full (or
// closed), and the connection goes on. When there is an end to it the connection is resumed.
struct lookup *lookups_begin(struct lookups *lookups, struct MHD_Connection *connection,
                             struct view card, int64_t now_ms);
// Frees one that has been answered or has expired.
void lookup_close(struct lookup *lookup);

// Moves on whatever can be moved on. How long until the next turn, at most, in milliseconds.
int lookups_turn(struct lookups *lookups, int64_t now_ms);
// All of them expire now: the endpoint closes.
void lookups_end(struct lookups *lookups);

#endif

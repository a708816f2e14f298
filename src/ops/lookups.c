// SPDX-License-Identifier: Apache-2.0
#include "ops/lookups.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"

enum {
    PATIENCE_MS = 5000,
    TURN_MS = 10,
    TURN_IDLE_MS = 1000,
    ANSWER_BYTES_MAX = 1024 * 1024,
};

void lookups_init(struct lookups *lookups, const struct endpoint_source *source)
{
    *lookups = (struct lookups){.source = source};
}

struct lookup *lookups_begin(struct lookups *lookups, struct MHD_Connection *connection,
                             struct view card, int64_t now_ms)
{
    ensure(card.size <= CARD_BYTES_MAX);
    if (lookups->count == LOOKUPS_MAX || lookups->closing)
        return NULL;
    struct lookup *lookup = memory_zeroed(1, sizeof(*lookup));
    lookup->state = LOOKUP_WAITING;
    lookup->connection = connection;
    lookup->deadline_ms = now_ms + PATIENCE_MS;
    lookup->card_size = card.size;
    memcpy(lookup->card, card.data, card.size);
    buffer_init(&lookup->answer, ANSWER_BYTES_MAX);
    lookups->line[lookups->count++] = lookup;
    MHD_suspend_connection(connection);
    return lookup;
}

void lookup_close(struct lookup *lookup)
{
    if (lookup == NULL)
        return;
    ensure(lookup->state == LOOKUP_ANSWERED || lookup->state == LOOKUP_EXPIRED);
    buffer_release(&lookup->answer);
    explicit_bzero(lookup, sizeof(*lookup));
    free(lookup);
}

static void finish_first(struct lookups *lookups, enum lookup_state state)
{
    struct lookup *lookup = lookups->line[0];
    lookups->count--;
    memmove(lookups->line, lookups->line + 1, lookups->count * sizeof(lookups->line[0]));
    lookup->state = state;
    MHD_resume_connection(lookup->connection);
}

// True when the first in line has come to an end.
static bool advance_first(struct lookups *lookups, int64_t now_ms)
{
    const struct endpoint_source *source = lookups->source;
    struct lookup *lookup = lookups->line[0];
    const struct view card = {(const uint8_t *)lookup->card, lookup->card_size};
    if (lookup->state == LOOKUP_WAITING && source->card_ask(source->context, card))
        lookup->state = LOOKUP_ASKED;
    if (lookup->state == LOOKUP_ASKED &&
        source->card_answer(source->context, card, &lookup->answer)) {
        finish_first(lookups, LOOKUP_ANSWERED);
        return true;
    }
    if (now_ms < lookup->deadline_ms)
        return false;
    finish_first(lookups, LOOKUP_EXPIRED);
    return true;
}

int lookups_turn(struct lookups *lookups, int64_t now_ms)
{
    while (lookups->count > 0 && advance_first(lookups, now_ms))
        continue;
    return lookups->count > 0 ? TURN_MS : TURN_IDLE_MS;
}

void lookups_end(struct lookups *lookups)
{
    lookups->closing = true;
    while (lookups->count > 0)
        finish_first(lookups, LOOKUP_EXPIRED);
}

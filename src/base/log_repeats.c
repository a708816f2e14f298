// SPDX-License-Identifier: Apache-2.0
#include "base/log_repeats.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/fnv.h"

// With the NUL at its end, so that "ab" "c" and "a" "bc" differ.
static uint64_t hash_text(uint64_t hash, const char *text)
{
    return fnv_add(hash, text, strlen(text) + 1);
}

static uint64_t kind_hash(const struct log_repeats_line *line)
{
    uint64_t hash = fnv_add(FNV_START, &line->level, sizeof(line->level));
    hash = hash_text(hash, line->component);
    hash = hash_text(hash, line->sentence);
    hash = hash_text(hash, line->kind);
    return hash != 0 ? hash : 1;
}

// Lines with a kind are somebody else's words, with counters and times among them.
static uint64_t content_hash(const struct log_repeats_line *line)
{
    bool skip_digits = line->kind[0] != '\0';
    uint64_t hash = FNV_START;
    for (size_t i = 0; i < line->content.size; i++)
        if (!skip_digits || !isdigit(line->content.data[i]))
            hash = fnv_add(hash, &line->content.data[i], 1);
    return hash;
}

static bool is_over(const struct log_repeats_kind *kind, int64_t now_ms)
{
    return now_ms - kind->began_ms >= LOG_REPEATS_INTERVAL_MS;
}

// The kind's place, or else a free one, or the one that began first.
static struct log_repeats_kind *place_of(struct log_repeats *repeats, uint64_t hash)
{
    struct log_repeats_kind *place = &repeats->kinds[0];
    for (size_t i = 0; i < LOG_REPEATS_KINDS_MAX; i++) {
        struct log_repeats_kind *at = &repeats->kinds[i];
        if (at->hash == hash)
            return at;
        if (place->hash != 0 && (at->hash == 0 || at->began_ms < place->began_ms))
            place = at;
    }
    return place;
}

// Moves what was counted to `told`.
static void tell(struct log_repeats_kind *kind, int64_t now_ms, struct log_repeats_told *told)
{
    *told = kind->told;
    told->for_ms = now_ms - kind->began_ms;
    kind->told.count = 0;
}

static void begin(struct log_repeats_kind *kind, const struct log_repeats_line *line, uint64_t hash,
                  int64_t now_ms)
{
    *kind = (struct log_repeats_kind){.hash = hash, .began_ms = now_ms};
    kind->told.level = line->level;
    snprintf(kind->told.component, sizeof(kind->told.component), "%s", line->component);
    snprintf(kind->told.sentence, sizeof(kind->told.sentence), "%s", line->sentence);
    snprintf(kind->told.kind, sizeof(kind->told.kind), "%s", line->kind);
}

bool log_repeats_admit(struct log_repeats *repeats, const struct log_repeats_line *line,
                       int64_t now_ms, struct log_repeats_told *told)
{
    uint64_t hash = kind_hash(line);
    uint64_t content = content_hash(line);
    struct log_repeats_kind *kind = place_of(repeats, hash);
    bool known = kind->hash == hash && !is_over(kind, now_ms);
    bool bounded = line->level >= LOG_WARN || line->kind[0] != '\0';
    told->count = 0;
    if (known &&
        (kind->content == content || (bounded && kind->shown_count >= LOG_REPEATS_BURST_MAX))) {
        kind->told.count++;
        return false;
    }
    tell(kind, now_ms, told);
    if (!known)
        begin(kind, line, hash, now_ms);
    kind->content = content;
    kind->shown_count++;
    return true;
}

bool log_repeats_settle(struct log_repeats *repeats, int64_t now_ms, bool all,
                        struct log_repeats_told *told)
{
    for (size_t i = 0; i < LOG_REPEATS_KINDS_MAX; i++) {
        struct log_repeats_kind *kind = &repeats->kinds[i];
        if (kind->told.count == 0 || (!all && !is_over(kind, now_ms)))
            continue;
        tell(kind, now_ms, told);
        kind->hash = 0;
        ensure(told->count > 0);
        return true;
    }
    return false;
}

bool log_repeats_pending(const struct log_repeats *repeats)
{
    for (size_t i = 0; i < LOG_REPEATS_KINDS_MAX; i++)
        if (repeats->kinds[i].told.count > 0)
            return true;
    return false;
}

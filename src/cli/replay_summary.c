// SPDX-License-Identifier: Apache-2.0
#include "cli/replay_summary.h"

#include <inttypes.h>

#include "base/assert.h"

// "alerts: a 3, b 0"; "none" when there is nothing to list.
static void append_item(struct buffer *out, size_t *count, const char *name, uint64_t number)
{
    ensure(buffer_append_format(out, "%s%s %" PRIu64, (*count)++ > 0 ? ", " : " ", name, number));
}

static void append_alerts(const struct counters *counters, const struct stream_settings *settings,
                          struct buffer *out)
{
    size_t count = 0;
    ensure(buffer_append_format(out, "alerts:"));
    for (size_t r = 0; r < settings->engine.settings.rule_count; r++)
        append_item(out, &count, settings->rule_names[r], counters->alerts[r]);
    ensure(buffer_append_format(out, "\n"));
}

static void append_letters(const struct counters *counters, struct buffer *out)
{
    size_t count = 0;
    ensure(buffer_append_format(out, "dead letters:"));
    for (int c = DEAD_LETTER_NONE + 1; c < DEAD_LETTER_CLASSES; c++)
        if (counters->dead_letters[c] > 0)
            append_item(out, &count, dead_letter_class_name((enum dead_letter_class)c),
                        counters->dead_letters[c]);
    ensure(buffer_append_format(out, "%s\n", count == 0 ? " none" : ""));
}

static void append_others(const struct counters *counters, struct buffer *out)
{
    uint64_t late = 0;
    for (size_t r = 0; r < RULES_MAX; r++)
        late += counters->purchases_late[r];
    ensure(buffer_append_format(out,
                                "duplicates %" PRIu64 ", capped %" PRIu64 ", late %" PRIu64
                                ", tombstones %" PRIu64 ", misplaced %" PRIu64 "\n",
                                counters->purchases_duplicate, counters->purchases_capped, late,
                                counters->purchases_tombstone, counters->purchases_misplaced));
}

void replay_summary_append(const struct counters *counters, const struct stream_settings *settings,
                           int64_t taken_ms, struct buffer *out)
{
    double seconds = (double)(taken_ms > 0 ? taken_ms : 1) / 1000;
    uint64_t purchases = counters->purchases_consumed;
    ensure(buffer_append_format(out, "%" PRIu64 " purchases in %.1f s: %.0f a second\n", purchases,
                                seconds, (double)purchases / seconds));
    append_alerts(counters, settings, out);
    append_letters(counters, out);
    append_others(counters, out);
}

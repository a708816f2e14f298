// SPDX-License-Identifier: Apache-2.0
#include "lib/judge.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"
#include "base/murmur2.h"
#include "lib/alert_record.h"

enum { SHOWN_MAX = 10 };

struct judge {
    struct judge_settings settings;
    enum alert_format format;
    const struct expected_alert **expected; // sorted
    struct alert_record *seen;              // sorted
    size_t seen_count;
    size_t seen_capacity;
    struct judgement judgement;
    size_t shown;
};

static bool may_show(struct judge *judge)
{
    return judge->shown++ < SHOWN_MAX;
}

static int compare_numbers(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

// Identity: source, rule, timestamp. It is also the order within a partition.
static int compare_alerts(int32_t partition_a, int64_t offset_a, size_t rule_a, int64_t time_a,
                          const struct alert_record *b)
{
    if (partition_a != b->source_partition)
        return compare_numbers(partition_a, b->source_partition);
    if (offset_a != b->source_offset)
        return compare_numbers(offset_a, b->source_offset);
    if (rule_a != b->rule)
        return compare_numbers((int64_t)rule_a, (int64_t)b->rule);
    return compare_numbers(time_a, b->timestamp_ms);
}

static int by_identity(const void *left, const void *right)
{
    const struct alert_record *a = left;
    return compare_alerts(a->source_partition, a->source_offset, a->rule, a->timestamp_ms, right);
}

static int expected_to_seen(const struct expected_alert *a, const struct alert_record *b)
{
    return compare_alerts(a->partition, a->offset, a->rule, a->timestamp_ms, b);
}

static int by_expected(const void *left, const void *right)
{
    const struct expected_alert *a = *(const struct expected_alert *const *)left;
    const struct expected_alert *b = *(const struct expected_alert *const *)right;
    const struct alert_record as_seen = {
        .source_partition = b->partition,
        .source_offset = b->offset,
        .rule = b->rule,
        .timestamp_ms = b->timestamp_ms,
    };
    return expected_to_seen(a, &as_seen);
}

static void show_expected(struct judge *judge, const char *what, const struct expected_alert *alert)
{
    if (!may_show(judge))
        return;
    fprintf(stderr,
            "%s: source %d/%" PRId64 " rule %zu card %s timestamp %" PRId64 " count %" PRIu64
            " detected at %" PRId64 "\n",
            what, alert->partition, alert->offset, alert->rule, alert->card, alert->timestamp_ms,
            alert->count, alert->detected_at_ms);
}

static void show_seen(struct judge *judge, const char *what, const struct alert_record *alert)
{
    if (!may_show(judge))
        return;
    fprintf(stderr,
            "%s: at %d/%" PRId64 " source %d/%" PRId64 " rule %zu card %s timestamp %" PRId64
            " count %" PRIu64 " detected at %" PRId64 "\n",
            what, alert->partition, alert->offset, alert->source_partition, alert->source_offset,
            alert->rule, alert->card, alert->timestamp_ms, alert->count, alert->detected_at_ms);
}

void judge_take(struct judge *judge, const struct topic_record *record)
{
    if (judge->seen_count == judge->seen_capacity) {
        judge->seen_capacity = 2 * judge->seen_capacity + 1024;
        judge->seen = memory_resized(judge->seen, judge->seen_capacity, sizeof(*judge->seen));
    }
    struct alert_record *alert = &judge->seen[judge->seen_count];
    const char *wrong = alert_record_read(record, judge->format == ALERT_JSON,
                                          judge->settings.topic, judge->settings.rule_names, alert);
    if (wrong == NULL) {
        judge->seen_count++;
        return;
    }
    judge->judgement.wrong++;
    if (may_show(judge))
        fprintf(stderr, "unreadable: at %d/%" PRId64 ": %s\n", record->partition, record->offset,
                wrong);
    alert_record_release(alert);
}

static int by_place(const void *left, const void *right)
{
    const struct alert_record *a = left;
    const struct alert_record *b = right;
    if (a->partition != b->partition)
        return compare_numbers(a->partition, b->partition);
    return compare_numbers(a->offset, b->offset);
}

static void judge_order(struct judge *judge)
{
    qsort(judge->seen, judge->seen_count, sizeof(*judge->seen), by_place);
    for (size_t i = 1; i < judge->seen_count; i++) {
        const struct alert_record *before = &judge->seen[i - 1];
        const struct alert_record *after = &judge->seen[i];
        if (before->partition != after->partition ||
            before->source_partition != after->source_partition)
            continue;
        if (by_identity(before, after) <= 0)
            continue;
        judge->judgement.disordered++;
        if (!judge->settings.repeats_allowed)
            show_seen(judge, "out of order", after);
    }
}

static void judge_fields(struct judge *judge, const struct expected_alert *expected,
                         const struct alert_record *seen)
{
    struct view card = view_text(expected->card);
    bool right = strcmp(expected->card, seen->card) == 0 && expected->count == seen->count &&
                 expected->detected_at_ms == seen->detected_at_ms &&
                 expected->message_timestamp_ms == seen->message_timestamp_ms &&
                 murmur2_partition(card, judge->settings.alert_partitions) == seen->partition;
    if (right)
        return;
    judge->judgement.wrong++;
    show_expected(judge, "wrong: expected", expected);
    show_seen(judge, "wrong: seen", seen);
}

static void merge(struct judge *judge)
{
    size_t e = 0;
    size_t s = 0;
    struct judgement *judgement = &judge->judgement;
    while (e < judgement->expected || s < judge->seen_count) {
        int order = 0;
        if (e == judgement->expected)
            order = 1;
        else if (s == judge->seen_count)
            order = -1;
        else
            order = expected_to_seen(judge->expected[e], &judge->seen[s]);
        if (order < 0) {
            judgement->missing++;
            show_expected(judge, "missing", judge->expected[e++]);
            continue;
        }
        if (order > 0) {
            judgement->extra++;
            show_seen(judge, "extra", &judge->seen[s++]);
            continue;
        }
        judge_fields(judge, judge->expected[e], &judge->seen[s++]);
        for (; s < judge->seen_count && expected_to_seen(judge->expected[e], &judge->seen[s]) == 0;
             s++) {
            judgement->repeated++;
            if (!judge->settings.repeats_allowed)
                show_seen(judge, "twice", &judge->seen[s]);
        }
        e++;
    }
}

struct judge *judge_open(const struct workload *workload, enum alert_format format,
                         const struct judge_settings *settings)
{
    struct judge *judge = memory_zeroed(1, sizeof(*judge));
    judge->settings = *settings;
    judge->format = format;
    judge->expected = memory_zeroed(workload->alert_count + 1, sizeof(void *));
    judge->seen = memory_zeroed(1, sizeof(*judge->seen));
    judge->judgement.expected = workload->alert_count;
    judge->shown = settings->quiet ? SHOWN_MAX : 0;
    for (size_t i = 0; i < workload->alert_count; i++)
        judge->expected[i] = &workload->alerts[i];
    qsort(judge->expected, workload->alert_count, sizeof(void *), by_expected);
    return judge;
}

struct judgement judge_close(struct judge *judge)
{
    judge_order(judge);
    qsort(judge->seen, judge->seen_count, sizeof(*judge->seen), by_identity);
    merge(judge);
    struct judgement judgement = judge->judgement;
    for (size_t i = 0; i < judge->seen_count; i++)
        alert_record_release(&judge->seen[i]);
    free(judge->seen);
    free(judge->expected);
    free(judge);
    return judgement;
}

struct judgement judge_alerts(const struct workload *workload, const struct topic_records *records,
                              enum alert_format format, const struct judge_settings *settings)
{
    struct judge *judge = judge_open(workload, format, settings);
    for (size_t i = 0; i < records->count; i++)
        judge_take(judge, &records->items[i]);
    return judge_close(judge);
}

bool judgement_holds(const struct judgement *judgement, const struct judge_settings *settings)
{
    if (judgement->missing > 0 || judgement->extra > 0 || judgement->wrong > 0)
        return false;
    return settings->repeats_allowed || (judgement->repeated == 0 && judgement->disordered == 0);
}

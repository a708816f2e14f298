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

struct bench {
    const struct judge_settings *settings;
    const struct expected_alert **expected; // sorted
    struct alert_record *seen;              // sorted
    size_t seen_count;
    struct judgement judgement;
    size_t shown;
};

static bool may_show(struct bench *bench)
{
    return bench->shown++ < SHOWN_MAX;
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

static void show_expected(struct bench *bench, const char *what, const struct expected_alert *alert)
{
    if (!may_show(bench))
        return;
    fprintf(stderr,
            "%s: source %d/%" PRId64 " rule %zu card %s timestamp %" PRId64 " count %" PRIu64
            " detected at %" PRId64 "\n",
            what, alert->partition, alert->offset, alert->rule, alert->card, alert->timestamp_ms,
            alert->count, alert->detected_at_ms);
}

static void show_seen(struct bench *bench, const char *what, const struct alert_record *alert)
{
    if (!may_show(bench))
        return;
    fprintf(stderr,
            "%s: at %d/%" PRId64 " source %d/%" PRId64 " rule %zu card %s timestamp %" PRId64
            " count %" PRIu64 " detected at %" PRId64 "\n",
            what, alert->partition, alert->offset, alert->source_partition, alert->source_offset,
            alert->rule, alert->card, alert->timestamp_ms, alert->count, alert->detected_at_ms);
}

static void read_seen(struct bench *bench, const struct topic_records *records,
                      enum alert_format format)
{
    const struct judge_settings *settings = bench->settings;
    bench->seen = memory_zeroed(records->count + 1, sizeof(*bench->seen));
    for (size_t i = 0; i < records->count; i++) {
        struct alert_record *alert = &bench->seen[bench->seen_count];
        const char *wrong = alert_record_read(&records->items[i], format == ALERT_JSON,
                                              settings->topic, settings->rule_names, alert);
        if (wrong == NULL) {
            bench->seen_count++;
            continue;
        }
        bench->judgement.wrong++;
        if (may_show(bench))
            fprintf(stderr, "unreadable: at %d/%" PRId64 ": %s\n", records->items[i].partition,
                    records->items[i].offset, wrong);
        alert_record_release(alert);
    }
}

// Records are still in the order of partition and offset.
static void judge_order(struct bench *bench)
{
    for (size_t i = 1; i < bench->seen_count; i++) {
        const struct alert_record *before = &bench->seen[i - 1];
        const struct alert_record *after = &bench->seen[i];
        if (before->partition != after->partition ||
            before->source_partition != after->source_partition)
            continue;
        if (by_identity(before, after) <= 0)
            continue;
        bench->judgement.disordered++;
        if (!bench->settings->repeats_allowed)
            show_seen(bench, "out of order", after);
    }
}

static void judge_fields(struct bench *bench, const struct expected_alert *expected,
                         const struct alert_record *seen)
{
    struct view card = view_text(expected->card);
    bool right = strcmp(expected->card, seen->card) == 0 && expected->count == seen->count &&
                 expected->detected_at_ms == seen->detected_at_ms &&
                 expected->message_timestamp_ms == seen->message_timestamp_ms &&
                 murmur2_partition(card, bench->settings->alert_partitions) == seen->partition;
    if (right)
        return;
    bench->judgement.wrong++;
    show_expected(bench, "wrong: expected", expected);
    show_seen(bench, "wrong: seen", seen);
}

static void merge(struct bench *bench)
{
    size_t e = 0;
    size_t s = 0;
    struct judgement *judgement = &bench->judgement;
    while (e < judgement->expected || s < bench->seen_count) {
        int order = 0;
        if (e == judgement->expected)
            order = 1;
        else if (s == bench->seen_count)
            order = -1;
        else
            order = expected_to_seen(bench->expected[e], &bench->seen[s]);
        if (order < 0) {
            judgement->missing++;
            show_expected(bench, "missing", bench->expected[e++]);
            continue;
        }
        if (order > 0) {
            judgement->extra++;
            show_seen(bench, "extra", &bench->seen[s++]);
            continue;
        }
        judge_fields(bench, bench->expected[e], &bench->seen[s++]);
        for (; s < bench->seen_count && expected_to_seen(bench->expected[e], &bench->seen[s]) == 0;
             s++) {
            judgement->repeated++;
            if (!bench->settings->repeats_allowed)
                show_seen(bench, "twice", &bench->seen[s]);
        }
        e++;
    }
}

struct judgement judge_alerts(const struct workload *workload, const struct topic_records *records,
                              enum alert_format format, const struct judge_settings *settings)
{
    struct bench bench = {
        .settings = settings,
        .expected = memory_zeroed(workload->alert_count + 1, sizeof(void *)),
        .judgement.expected = workload->alert_count,
        .shown = settings->quiet ? SHOWN_MAX : 0,
    };
    for (size_t i = 0; i < workload->alert_count; i++)
        bench.expected[i] = &workload->alerts[i];
    qsort(bench.expected, workload->alert_count, sizeof(void *), by_expected);
    read_seen(&bench, records, format);
    judge_order(&bench);
    qsort(bench.seen, bench.seen_count, sizeof(*bench.seen), by_identity);
    merge(&bench);
    for (size_t i = 0; i < bench.seen_count; i++)
        alert_record_release(&bench.seen[i]);
    free(bench.seen);
    free(bench.expected);
    return bench.judgement;
}

bool judgement_holds(const struct judgement *judgement, const struct judge_settings *settings)
{
    if (judgement->missing > 0 || judgement->extra > 0 || judgement->wrong > 0)
        return false;
    return settings->repeats_allowed || (judgement->repeated == 0 && judgement->disordered == 0);
}

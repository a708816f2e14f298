// SPDX-License-Identifier: Apache-2.0
#include "bench/verdict.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "lib/plain_alert.h"

enum { SHOWN_MAX = 10 };

static const char rule_name[] = "high_purchase_count";

static void note(struct row *row, const struct judgement *judgement, bool holds)
{
    row->alerts = judgement->expected;
    row->repeated += judgement->repeated;
    if (row->verdict != VERDICT_DIFFERENT)
        row->verdict = holds ? VERDICT_EQUAL : VERDICT_DIFFERENT;
    if (holds)
        return;
    fprintf(stderr,
            "%zu alerts expected, %zu missing, %zu extra, %zu repeated, %zu wrong, %zu out of "
            "order\n",
            judgement->expected, judgement->missing, judgement->extra, judgement->repeated,
            judgement->wrong, judgement->disordered);
}

static void take(void *judge, const struct topic_record *record)
{
    judge_take(judge, record);
}

void verdict_full(struct row *row, const struct workload *expected, const char *topic,
                  enum alert_format format, const struct verdict_settings *settings)
{
    static const char *const names[] = {rule_name, NULL};
    const struct judge_settings rules = {
        .topic = settings->purchases,
        .rule_names = names,
        .alert_partitions = settings->partitions,
        .repeats_allowed = settings->repeats_allowed,
    };
    struct judge *judge = judge_open(expected, format, &rules);
    const struct record_visitor visitor = {take, judge};
    records_visit(&visitor, settings->bootstrap, topic);
    struct judgement judgement = judge_close(judge);
    note(row, &judgement, judgement_holds(&judgement, &rules));
}

static int by_card_and_time(const void *left, const void *right)
{
    const struct plain_alert *a = left;
    const struct plain_alert *b = right;
    int order = view_order(a->card, b->card);
    if (order != 0)
        return order;
    return a->timestamp_ms < b->timestamp_ms ? -1 : a->timestamp_ms > b->timestamp_ms;
}

static struct plain_alert *expected_plain(const struct workload *expected)
{
    struct plain_alert *alerts = memory_zeroed(expected->alert_count + 1, sizeof(*alerts));
    for (size_t i = 0; i < expected->alert_count; i++)
        alerts[i] = (struct plain_alert){.card = view_text(expected->alerts[i].card),
                                         .timestamp_ms = expected->alerts[i].timestamp_ms};
    qsort(alerts, expected->alert_count, sizeof(*alerts), by_card_and_time);
    return alerts;
}

static struct plain_alert *seen_plain(const struct topic_records *records,
                                      struct judgement *judgement, size_t *count)
{
    struct plain_alert *alerts = memory_zeroed(records->count + 1, sizeof(*alerts));
    *count = 0;
    for (size_t i = 0; i < records->count; i++) {
        const struct topic_record *record = &records->items[i];
        struct plain_alert *alert = &alerts[*count];
        if (plain_alert_read(record->value, alert) &&
            view_equal(alert->type, view_text(rule_name)) && view_equal(alert->card, record->key))
            (*count)++;
        else
            judgement->wrong++;
    }
    qsort(alerts, *count, sizeof(*alerts), by_card_and_time);
    return alerts;
}

static void show(const char *what, const struct plain_alert *alert, size_t number)
{
    if (number < SHOWN_MAX)
        fprintf(stderr, "%s: card %.*s timestamp %" PRId64 "\n", what, (int)alert->card.size,
                (const char *)alert->card.data, alert->timestamp_ms);
}

static void compare(const struct plain_alert *expected, const struct plain_alert *seen,
                    size_t seen_count, struct judgement *judgement)
{
    size_t s = 0;
    for (size_t e = 0; e < judgement->expected; e++) {
        for (; s < seen_count && by_card_and_time(&seen[s], &expected[e]) < 0; s++)
            show("extra", &seen[s], judgement->extra++);
        size_t first = s;
        while (s < seen_count && by_card_and_time(&seen[s], &expected[e]) == 0)
            s++;
        if (s == first)
            show("missing", &expected[e], judgement->missing++);
        else
            judgement->repeated += s - first - 1;
    }
    for (; s < seen_count; s++)
        show("extra", &seen[s], judgement->extra++);
}

void verdict_plain(struct row *row, const struct workload *expected, const char *topic,
                   const struct verdict_settings *settings)
{
    const struct judge_settings judge = {.repeats_allowed = settings->repeats_allowed};
    struct judgement judgement = {.expected = expected->alert_count};
    struct topic_records records;
    size_t seen_count;
    records_read(&records, settings->bootstrap, topic);
    struct plain_alert *wanted = expected_plain(expected);
    struct plain_alert *seen = seen_plain(&records, &judgement, &seen_count);
    compare(wanted, seen, seen_count, &judgement);
    free(wanted);
    free(seen);
    records_release(&records);
    note(row, &judgement, judgement_holds(&judgement, &judge));
}

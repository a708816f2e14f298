// SPDX-License-Identifier: Apache-2.0
// The judge of the end-to-end tests must see every kind of fault.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/murmur2.h"
#include "lib/alert_record.h"
#include "lib/judge.h"

enum { ALERTS = 3, PARTITIONS = 4 };

static const char *const rule_names[] = {"fast", "slow", NULL};

struct court {
    struct expected_alert expected[ALERTS];
    struct workload workload;
    struct judge_settings settings;
    struct topic_records records;
};

static struct view copied(struct view text)
{
    return (struct view){memory_copy(text.data, text.size), text.size};
}

static void add_header(struct topic_record *record, const char *name, const char *text)
{
    record->headers[record->header_count++] =
        (struct topic_header){memory_text(name), copied(view_text(text))};
}

// The record of an alert as JSON.
static struct topic_record record_of(const struct expected_alert *alert, int64_t offset)
{
    char text[256];
    struct topic_record record = {
        .partition = murmur2_partition(view_text(alert->card), PARTITIONS),
        .offset = offset,
        .timestamp_ms = alert->message_timestamp_ms,
        .key = copied(view_text(alert->card)),
        .headers = memory_zeroed(4, sizeof(struct topic_header)),
    };
    snprintf(text, sizeof(text), "{\"type\": \"%s\", \"credit_card\": \"%s\", \"timestamp\": %d}",
             rule_names[alert->rule], alert->card, (int)alert->timestamp_ms);
    record.value = copied(view_text(text));
    add_header(&record, "cardwatch.rule", rule_names[alert->rule]);
    snprintf(text, sizeof(text), "%d", (int)alert->count);
    add_header(&record, "cardwatch.count", text);
    snprintf(text, sizeof(text), "%d", (int)alert->detected_at_ms);
    add_header(&record, "cardwatch.detected_at", text);
    snprintf(text, sizeof(text), "purchases/%d/%d", alert->partition, (int)alert->offset);
    add_header(&record, "cardwatch.source", text);
    return record;
}

static void append(struct court *court, struct topic_record record)
{
    struct topic_records *records = &court->records;
    records->items = memory_resized(records->items, records->count + 1, sizeof(record));
    records->items[records->count++] = record;
}

static struct court court_of(void)
{
    struct court court = {
        .expected = {{"4111", 0, -100, 110, 3, 1, 7, 1000},
                     {"4111", 1, 100, 110, 4, 1, 7, 1000},
                     {"4111", 0, 300, 310, 3, 1, 9, 1002}},
        .settings = {"purchases", rule_names, PARTITIONS, false, true},
    };
    return court;
}

static struct judgement judge(struct court *court)
{
    court->workload.alerts = court->expected;
    court->workload.alert_count = ALERTS;
    return judge_alerts(&court->workload, &court->records, ALERT_JSON, &court->settings);
}

static bool holds(struct court *court)
{
    struct judgement judgement = judge(court);
    return judgement_holds(&judgement, &court->settings);
}

static void judge__is_content_with_what_was_expected(void **state)
{
    (void)state;
    struct court court = court_of();
    for (int i = 0; i < ALERTS; i++)
        append(&court, record_of(&court.expected[i], i));
    assert_true(holds(&court));
    records_release(&court.records);
}

static void judge__sees_a_missing_alert(void **state)
{
    (void)state;
    struct court court = court_of();
    append(&court, record_of(&court.expected[0], 0));
    append(&court, record_of(&court.expected[2], 1));
    assert_int_equal(judge(&court).missing, 1);
    assert_false(holds(&court));
    records_release(&court.records);
}

static void judge__sees_an_extra_alert(void **state)
{
    (void)state;
    struct court court = court_of();
    for (int i = 0; i < ALERTS; i++)
        append(&court, record_of(&court.expected[i], i));
    struct expected_alert extra = court.expected[2];
    extra.offset = 10;
    append(&court, record_of(&extra, 3));
    assert_int_equal(judge(&court).extra, 1);
    assert_false(holds(&court));
    records_release(&court.records);
}

static void judge__sees_a_repeated_alert_unless_that_is_allowed(void **state)
{
    (void)state;
    struct court court = court_of();
    for (int i = 0; i < 2 * ALERTS; i++)
        append(&court, record_of(&court.expected[i % ALERTS], i));
    assert_int_equal(judge(&court).repeated, ALERTS);
    assert_false(holds(&court));
    court.settings.repeats_allowed = true;
    assert_true(holds(&court));
    records_release(&court.records);
}

static void judge__sees_alerts_out_of_order(void **state)
{
    (void)state;
    struct court court = court_of();
    append(&court, record_of(&court.expected[1], 0));
    append(&court, record_of(&court.expected[0], 1));
    append(&court, record_of(&court.expected[2], 2));
    assert_int_equal(judge(&court).disordered, 1);
    assert_false(holds(&court));
    records_release(&court.records);
}

// Each change of a record makes it wrong, or both missing and extra.
static void judge__sees_every_wrong_field(void **state)
{
    (void)state;
    for (int fault = 0; fault < 8; fault++) {
        struct court court = court_of();
        for (int i = 0; i < ALERTS; i++) {
            struct expected_alert alert = court.expected[i];
            if (i == 1) {
                alert.count += fault == 0;
                alert.detected_at_ms += fault == 1;
                alert.message_timestamp_ms += fault == 2;
                alert.timestamp_ms += fault == 3;
                alert.offset += fault == 4;
                alert.rule = fault == 5 ? 0 : alert.rule;
            }
            append(&court, record_of(&alert, i));
        }
        if (fault == 6)
            court.records.items[1].partition ^= 1;
        if (fault == 7)
            court.records.items[1].header_count--;
        assert_false(holds(&court));
        court.records.items[1].header_count = 4;
        records_release(&court.records);
    }
}

static void avro__is_read_to_its_last_byte(void **state)
{
    (void)state;
    struct court court = court_of();
    // 00 | schema id | 1 "fast" | 1 "4111" | 1 -100
    const uint8_t bytes[] = {0, 0, 0,   0,   2,   2,   8, 'f',  'a',  's', 't',
                             2, 8, '4', '1', '1', '1', 2, 0xc7, 0x01, 0};
    for (size_t size = 0; size <= sizeof(bytes); size++) {
        struct topic_record record = record_of(&court.expected[0], 0);
        struct alert_record alert;
        free((void *)record.value.data);
        record.value = copied((struct view){bytes, size});
        const char *wrong = alert_record_read(&record, false, "purchases", rule_names, &alert);
        assert_true((wrong == NULL) == (size == sizeof(bytes) - 1));
        if (wrong == NULL)
            assert_true(alert.timestamp_ms == -100);
        alert_record_release(&alert);
        append(&court, record);
    }
    records_release(&court.records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judge__is_content_with_what_was_expected),
        cmocka_unit_test(judge__sees_a_missing_alert),
        cmocka_unit_test(judge__sees_an_extra_alert),
        cmocka_unit_test(judge__sees_a_repeated_alert_unless_that_is_allowed),
        cmocka_unit_test(judge__sees_alerts_out_of_order),
        cmocka_unit_test(judge__sees_every_wrong_field),
        cmocka_unit_test(avro__is_read_to_its_last_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

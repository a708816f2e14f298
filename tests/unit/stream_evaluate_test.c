// SPDX-License-Identifier: Apache-2.0
// What becomes of each kind of message.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "demo/purchase_writer.h"
#include "lib/stream_fixture.h"

static const int64_t sent_ms = 1700000000000;

static void send_bytes(struct stream_fixture *f, struct view key, struct view value)
{
    const struct fake_input input = {
        .topic = "purchases", .key = key, .value = value, .timestamp_ms = sent_ms};
    (void)fake_produce(f->cluster, &input);
}

static void send_values(struct stream_fixture *f, struct view key,
                        const struct purchase_values *values, uint32_t schema_id, bool untimed)
{
    struct buffer value;
    buffer_init(&value, 4096);
    assert_true(purchase_write(values, schema_id, &value));
    const struct fake_input input = {.topic = "purchases",
                                     .key = key,
                                     .value = buffer_view(&value),
                                     .timestamp_ms = sent_ms,
                                     .no_timestamp = untimed};
    (void)fake_produce(f->cluster, &input);
    buffer_release(&value);
}

static const struct counters *run(struct stream_fixture *f)
{
    fixture_start(f, 0);
    fixture_settle(f);
    return &f->processes[0].worker->counters;
}

// The class of the only dead letter, after a run over what has been sent.
static void assert_dead_letter(struct stream_fixture *f, enum dead_letter_class class_)
{
    const struct counters *counters = run(f);
    for (unsigned c = 0; c < DEAD_LETTER_CLASSES; c++)
        assert_int_equal(counters->dead_letters[c], c == class_);
    struct fake_records records = fake_read(f->cluster, "dead-letters");
    assert_int_equal(records.count, 1);
    assert_true(view_equal(fake_record_header(records.items[0], "__connect.errors.class.name"),
                           view_text(dead_letter_class_name(class_))));
    fake_records_release(&records);
    stream_fixture_close(f);
}

static void bad_frame__is_a_dead_letter(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){0});
    send_bytes(&f, view_text("k"), view_text("{\"no\": \"frame\"}"));
    assert_dead_letter(&f, DEAD_LETTER_BAD_FRAME);
}

static void unknown_schema__is_a_dead_letter(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){0});
    const struct purchase_values values = {.credit_card = view_text("4444")};
    send_values(&f, view_text("4444"), &values, FIXTURE_UNKNOWN_SCHEMA_ID, false);
    assert_dead_letter(&f, DEAD_LETTER_UNKNOWN_SCHEMA);
}

static void damaged_body__is_a_dead_letter(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0, 0, 0, 0, FIXTURE_SCHEMA_ID, 0xff};
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){0});
    send_bytes(&f, view_text("k"), (struct view){bytes, sizeof(bytes)});
    assert_dead_letter(&f, DEAD_LETTER_BAD_AVRO);
}

static void schema_of_something_else__is_a_dead_letter(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0, 0, 0, 0, FIXTURE_MISMATCH_SCHEMA_ID, 2, 'x'};
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){0});
    send_bytes(&f, view_text("k"), (struct view){bytes, sizeof(bytes)});
    assert_dead_letter(&f, DEAD_LETTER_SCHEMA_MISMATCH);
}

static void purchase_without_card_and_key__is_a_dead_letter(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){0});
    const struct purchase_values values = {.timestamp_ms = sent_ms, .has_timestamp = true};
    send_values(&f, (struct view){NULL, 0}, &values, FIXTURE_SCHEMA_ID, false);
    assert_dead_letter(&f, DEAD_LETTER_NO_CARD);
}

static void purchase_without_any_time__is_a_dead_letter(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){0});
    const struct purchase_values values = {.credit_card = view_text("4444")};
    send_values(&f, view_text("4444"), &values, FIXTURE_SCHEMA_ID, true);
    assert_dead_letter(&f, DEAD_LETTER_NO_TIMESTAMP);
}

static void purchase_of_tomorrow__is_a_dead_letter_and_moves_no_time(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){0});
    struct purchase_values values = {.id = 1,
                                     .credit_card = view_text("4444"),
                                     .timestamp_ms = sent_ms + 3600001,
                                     .has_timestamp = true};
    send_values(&f, view_text("4444"), &values, FIXTURE_SCHEMA_ID, false);
    for (int64_t id = 2; id < 5; id++) {
        values.id = id;
        values.timestamp_ms = sent_ms;
        send_values(&f, view_text("4444"), &values, FIXTURE_SCHEMA_ID, false);
    }
    const struct counters *counters = run(&f);
    assert_int_equal(counters->dead_letters[DEAD_LETTER_FUTURE_TIMESTAMP], 1);
    assert_int_equal(counters->purchases_late[0], 0);
    assert_int_equal(counters->alerts[0], 1);
    assert_int_equal(f.processes[0].worker->tasks[0]->stream_time.ms, sent_ms);
    stream_fixture_close(&f);
}

static void purchase_without_time_of_its_own__takes_the_streams(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){0});
    struct purchase_values values = {.id = 1,
                                     .credit_card = view_text("4444"),
                                     .timestamp_ms = sent_ms - 5000,
                                     .has_timestamp = true};
    send_values(&f, view_text("4444"), &values, FIXTURE_SCHEMA_ID, false);
    values.has_timestamp = false;
    for (values.id = 2; values.id < 4; values.id++)
        send_values(&f, view_text("4444"), &values, FIXTURE_SCHEMA_ID, false);
    const struct counters *counters = run(&f);
    assert_int_equal(counters->alerts[0], 1);
    assert_int_equal(f.processes[0].worker->tasks[0]->stream_time.ms, sent_ms - 5000);
    stream_fixture_close(&f);
}

static void tombstones_duplicates_late_and_misplaced_ones__are_counted(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){0});
    struct purchase_values values = {
        .id = 1, .credit_card = view_text("4444"), .timestamp_ms = sent_ms, .has_timestamp = true};
    send_values(&f, view_text("4444"), &values, FIXTURE_SCHEMA_ID, false);
    send_values(&f, view_text("5555"), &values, FIXTURE_SCHEMA_ID, false); // and misplaced
    values.id = 2;
    values.timestamp_ms = sent_ms - 60000;
    send_values(&f, view_text("4444"), &values, FIXTURE_SCHEMA_ID, false);
    send_bytes(&f, view_text("4444"), (struct view){NULL, 0});
    const struct counters *counters = run(&f);
    assert_int_equal(counters->purchases_consumed, 4);
    assert_int_equal(counters->purchases_duplicate, 1);
    assert_int_equal(counters->purchases_misplaced, 1);
    assert_int_equal(counters->purchases_late[0], 1);
    assert_int_equal(counters->purchases_tombstone, 1);
    stream_fixture_close(&f);
}

// Also one that is too old for the state: the alert is written, though no card changes.
static void far_purchases__raise_alerts_of_a_travel_rule(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){0});
    struct engine_settings rules = f.settings.engine.settings;
    rules.rules[rules.rule_count++] = (struct rule){.kind = RULE_TRAVEL, .min_distance = 2000};
    assert_int_equal(engine_init(&f.settings.engine, &rules, &f.err), STATUS_OK);
    f.settings.rule_names[1] = "travel_distance";
    f.settings.needed_fields |= PURCHASE_DISTANCE;
    struct purchase_values values = {.id = 1,
                                     .credit_card = view_text("4444"),
                                     .timestamp_ms = sent_ms,
                                     .has_timestamp = true,
                                     .has_distance = true};
    send_values(&f, view_text("4444"), &values, FIXTURE_SCHEMA_ID, false);
    values.id = 2;
    values.distance_from_billing_zip = 2000;
    send_values(&f, view_text("4444"), &values, FIXTURE_SCHEMA_ID, false);
    values.id = 3;
    values.timestamp_ms = sent_ms - 3600000;
    send_values(&f, view_text("4444"), &values, FIXTURE_SCHEMA_ID, false);
    const struct counters *counters = run(&f);
    assert_int_equal(counters->alerts[0], 0);
    assert_int_equal(counters->alerts[1], 2);
    assert_int_equal(counters->purchases_late[1], 0);
    struct fake_records records = fake_read(f.cluster, "alerts-json");
    assert_int_equal(records.count, 2);
    assert_true(view_equal(fake_record_header(records.items[1], "cardwatch.rule"),
                           view_text("travel_distance")));
    assert_true(
        view_equal(fake_record_header(records.items[1], "cardwatch.count"), view_text("1")));
    fake_records_release(&records);
    stream_fixture_close(&f);
}

static void card_missing_from_the_value__is_the_key(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){0});
    struct purchase_values values = {.timestamp_ms = sent_ms, .has_timestamp = true};
    for (values.id = 1; values.id < 4; values.id++)
        send_values(&f, view_text("1234-5678"), &values, FIXTURE_SCHEMA_ID, false);
    assert_int_equal(run(&f)->alerts[0], 1);
    struct fake_records records = fake_read(f.cluster, "alerts-json");
    assert_int_equal(records.count, 1);
    assert_true(view_equal(records.items[0]->key, view_text("1234-5678")));
    fake_records_release(&records);
    stream_fixture_close(&f);
}

static void send_all_kinds(struct stream_fixture *f)
{
    struct purchase_values values = {.credit_card = view_text("1111-2222-3333-4444"),
                                     .timestamp_ms = sent_ms,
                                     .has_timestamp = true};
    struct view card = values.credit_card;
    for (int64_t id = 1; id <= 3; id++) {
        values.id = id;
        send_values(f, card, &values, FIXTURE_SCHEMA_ID, false);
    }
    send_values(f, card, &values, FIXTURE_SCHEMA_ID, false); // a duplicate
    values.id = 4;
    values.timestamp_ms = sent_ms - 3600000;
    send_values(f, card, &values, FIXTURE_SCHEMA_ID, false); // too late for any rule
    send_bytes(f, card, (struct view){NULL, 0});             // a tombstone
    send_bytes(f, card, view_text("no frame"));
    values.credit_card = (struct view){NULL, 0};
    send_values(f, card, &values, FIXTURE_SCHEMA_ID, false); // the key is the card
    values.credit_card = card;
    send_values(f, view_text("5555-6666-7777-8888"), &values, FIXTURE_SCHEMA_ID, false);
    send_values(f, (struct view){NULL, 0}, &values, FIXTURE_SCHEMA_ID, false);
}

static void accepted_purchases__are_masked_when_it_is_asked_for(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "************4444", "************4444", "************4444", "************4444",
        "************4444", "************4444", "************8888", NULL};
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){0});
    f.settings.mask_purchases = true;
    send_all_kinds(&f);
    (void)run(&f);
    struct fake_records records = fake_read(f.cluster, "masked-purchases");
    assert_int_equal(records.count, sizeof(keys) / sizeof(keys[0]));
    for (size_t i = 0; i < records.count; i++) {
        const struct fake_record *record = records.items[i];
        assert_int_equal(record->timestamp_ms, sent_ms);
        assert_null(memmem(record->value.data, record->value.size, "2222", 4));
        if (keys[i] == NULL)
            assert_null(record->key.data);
        else
            assert_true(view_equal(record->key, view_text(keys[i])));
    }
    fake_records_release(&records);
    stream_fixture_close(&f);
}

static void purchases__are_not_masked_unless_it_is_asked_for(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){0});
    send_all_kinds(&f);
    (void)run(&f);
    struct fake_records records = fake_read(f.cluster, "masked-purchases");
    assert_int_equal(records.count, 0);
    fake_records_release(&records);
    stream_fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_frame__is_a_dead_letter),
        cmocka_unit_test(unknown_schema__is_a_dead_letter),
        cmocka_unit_test(damaged_body__is_a_dead_letter),
        cmocka_unit_test(schema_of_something_else__is_a_dead_letter),
        cmocka_unit_test(purchase_without_card_and_key__is_a_dead_letter),
        cmocka_unit_test(purchase_without_any_time__is_a_dead_letter),
        cmocka_unit_test(purchase_of_tomorrow__is_a_dead_letter_and_moves_no_time),
        cmocka_unit_test(purchase_without_time_of_its_own__takes_the_streams),
        cmocka_unit_test(tombstones_duplicates_late_and_misplaced_ones__are_counted),
        cmocka_unit_test(far_purchases__raise_alerts_of_a_travel_rule),
        cmocka_unit_test(card_missing_from_the_value__is_the_key),
        cmocka_unit_test(accepted_purchases__are_masked_when_it_is_asked_for),
        cmocka_unit_test(purchases__are_not_masked_unless_it_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

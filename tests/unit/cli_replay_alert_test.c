// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/murmur2.h"
#include "cli/replay_alert.h"

static const char json[] =
    "{\"type\": \"burst\", \"credit_card\": \"1111-2222-3333-4444\", \"timestamp\": 7}";

static const struct header headers[] = {
    {"cardwatch.rule", {(const uint8_t *)"burst", 5}},
    {"cardwatch.count", {(const uint8_t *)"3", 1}},
    {"cardwatch.detected_at", {(const uint8_t *)"9", 1}},
    {"cardwatch.source", {(const uint8_t *)"my/purchases/2/17", 17}},
};

static struct record record_of(const char *value)
{
    return (struct record){
        .topic = OUTPUT_ALERTS_JSON,
        .partition = -1,
        .key = view_text("1111-2222-3333-4444"),
        .value = view_text(value),
        .headers = headers,
        .header_count = sizeof(headers) / sizeof(headers[0]),
    };
}

static void assert_line(const struct replay_alert *alert, bool show_card, const char *expected)
{
    struct buffer out;
    buffer_init(&out, 1024);
    assert_true(replay_alert_append(alert, show_card, &out));
    assert_true(buffer_append_byte(&out, '\0'));
    assert_string_equal((const char *)out.data, expected);
    buffer_release(&out);
}

static void written_alert__is_placed_by_its_key(void **state)
{
    (void)state;
    struct record record = record_of(json);
    struct replay_alert alert = replay_alert_written(&record, 7);
    assert_int_equal(alert.partition, murmur2_partition(record.key, 7));
    record.partition = 3;
    assert_int_equal(replay_alert_written(&record, 7).partition, 3);
}

static void source__is_read_from_its_header(void **state)
{
    (void)state;
    struct record record = record_of(json);
    struct replay_alert alert = replay_alert_written(&record, 1);
    struct view topic;
    int32_t partition;
    int64_t offset;
    assert_true(replay_alert_source(&alert, &topic, &partition, &offset));
    assert_true(view_equal(topic, view_text("my/purchases")));
    assert_int_equal(partition, 2);
    assert_int_equal(offset, 17);
    static const char *const bad[] = {"",
                                      "purchases",
                                      "purchases/1",
                                      "purchases/x/1",
                                      "purchases/1/",
                                      "purchases/1/2x",
                                      "purchases/-1/2"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        alert.source = view_text(bad[i]);
        assert_false(replay_alert_source(&alert, &topic, &partition, &offset));
    }
    alert.source = (struct view){NULL, 0};
    assert_false(replay_alert_source(&alert, &topic, &partition, &offset));
}

static void line__has_the_headers_and_a_masked_card(void **state)
{
    (void)state;
    struct record record = record_of(json);
    struct replay_alert alert = replay_alert_written(&record, 1);
    assert_line(&alert, false,
                "{\"type\": \"burst\", \"credit_card\": \"************4444\", \"timestamp\": 7, "
                "\"rule\": \"burst\", \"count\": 3, \"detected_at\": 9, "
                "\"source\": \"my/purchases/2/17\"}\n");
}

static void line__shows_the_card_when_asked(void **state)
{
    (void)state;
    struct record record = record_of(json);
    struct replay_alert alert = replay_alert_written(&record, 1);
    assert_line(&alert, true,
                "{\"type\": \"burst\", \"credit_card\": \"1111-2222-3333-4444\", \"timestamp\": 7, "
                "\"rule\": \"burst\", \"count\": 3, \"detected_at\": 9, "
                "\"source\": \"my/purchases/2/17\"}\n");
}

static void line__repeats_no_field_that_the_alert_has(void **state)
{
    (void)state;
    struct record record = record_of("{\"type\": \"x\", \"credit_card\": \"12345678\", \"rule\": "
                                     "\"x\", \"count\": 4, \"detected_at\": null}");
    struct replay_alert alert = replay_alert_written(&record, 1);
    assert_line(&alert, false,
                "{\"type\": \"x\", \"credit_card\": \"************5678\", \"rule\": \"x\", "
                "\"count\": 4, \"detected_at\": null, \"source\": \"my/purchases/2/17\"}\n");
}

static void mask__takes_cards_of_any_text(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{\"credit_card\":\"12345678\"}", "{\"credit_card\":\"************5678\"}"},
        {"{\"credit_card\": \"1234567\\\"89\"}", "{\"credit_card\": \"************\\\\\\\"89\"}"},
        {"{\"credit_card\": \"123\"}", "{\"credit_card\": \"************\"}"},
    };
    struct buffer out;
    buffer_init(&out, 1024);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        buffer_clear(&out);
        assert_true(replay_alert_mask(view_text(cases[i][0]), &out));
        assert_true(buffer_append_byte(&out, '\0'));
        assert_string_equal((const char *)out.data, cases[i][1]);
    }
    static const char *const none[] = {"",
                                       "{}",
                                       "{\"credit_card\": null}",
                                       "{\"credit_card\": \"1",
                                       "{\"credit_card\"",
                                       "{\"credit_card\": \"1\\"};
    buffer_clear(&out);
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_false(replay_alert_mask(view_text(none[i]), &out));
    assert_int_equal(out.size, 0);
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_alert__is_placed_by_its_key),
        cmocka_unit_test(source__is_read_from_its_header),
        cmocka_unit_test(line__has_the_headers_and_a_masked_card),
        cmocka_unit_test(line__shows_the_card_when_asked),
        cmocka_unit_test(line__repeats_no_field_that_the_alert_has),
        cmocka_unit_test(mask__takes_cards_of_any_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

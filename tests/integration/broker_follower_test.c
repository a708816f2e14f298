// SPDX-License-Identifier: Apache-2.0
// The embedded broker, written and followed by the tools' writer and reader.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/kafka_embedded.h"
#include "broker/kafka_follower.h"
#include "broker/kafka_writer.h"
#include "lib/process.h"

enum { PARTITIONS = 3, RECORDS = 1000, WAIT_MS = 30000, TIME_MS = 1700000000 };

struct fixture {
    struct kafka_embedded *embedded;
    struct kafka_cluster *cluster;
    struct kafka_property properties[2];
    struct kafka_writer *writer;
    struct kafka_follower *follower;
    struct error err;
};

static void ok(const struct fixture *fixture, enum status status)
{
    if (status != STATUS_OK)
        fail_msg("%s: %s", status_name(status), fixture->err.text);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    ok(fixture, kafka_embedded_open(&fixture->embedded, &fixture->err));
    ok(fixture, kafka_embedded_topic(fixture->embedded, "topic", PARTITIONS, &fixture->err));
    fixture->properties[0] =
        (struct kafka_property){"bootstrap.servers", kafka_embedded_bootstrap(fixture->embedded)};
    fixture->properties[1] = (struct kafka_property){"fetch.wait.max.ms", "10"};
    ok(fixture, kafka_cluster_open(fixture->properties, 2, &fixture->cluster, &fixture->err));
    const struct kafka_writer_settings settings = {fixture->properties, 2, "topic"};
    ok(fixture, kafka_writer_open(&settings, &fixture->writer, &fixture->err));
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    kafka_follower_close(fixture->follower);
    kafka_writer_close(fixture->writer);
    kafka_cluster_close(fixture->cluster);
    kafka_embedded_close(fixture->embedded);
    free(fixture);
    return 0;
}

// Records from .. to - 1, their number as key and value, with two headers.
static void write_numbers(struct fixture *fixture, int from, int to)
{
    for (int i = from; i < to; i++) {
        char text[16];
        snprintf(text, sizeof(text), "%d", i);
        const struct header headers[] = {{"number", view_text(text)}, {"nothing", {NULL, 0}}};
        const struct kafka_writer_record record = {
            .key = view_text(text),
            .value = view_text(text),
            .timestamp_ms = TIME_MS + i,
            .headers = headers,
            .header_count = 2,
        };
        ok(fixture, kafka_writer_write(fixture->writer, &record, WAIT_MS, &fixture->err));
    }
    ok(fixture, kafka_writer_flush(fixture->writer, WAIT_MS, &fixture->err));
}

static void follow(struct fixture *fixture, enum kafka_follow_from from)
{
    const struct kafka_follower_settings settings = {
        .properties = fixture->properties,
        .property_count = 2,
        .topic = "topic",
        .group_id = "follower",
        .from = from,
    };
    ok(fixture,
       kafka_follower_open(fixture->cluster, &settings, &fixture->follower, &fixture->err));
}

static int number_of(struct view text)
{
    char copy[16] = "";
    assert_true(text.size < sizeof(copy));
    memcpy(copy, text.data, text.size);
    return (int)strtol(copy, NULL, 10);
}

static void expect_record(const struct kafka_followed *record, bool *seen)
{
    int number = number_of(record->value);
    assert_in_range(number, 0, RECORDS - 1);
    assert_false(seen[number]);
    seen[number] = true;
    assert_int_equal(number_of(record->key), number);
    assert_true(record->has_timestamp);
    assert_int_equal(record->timestamp_ms, TIME_MS + number);
    assert_int_equal(record->header_count, 2);
    assert_string_equal(record->headers[0].name, "number");
    assert_int_equal(number_of(record->headers[0].value), number);
    assert_string_equal(record->headers[1].name, "nothing");
    assert_null(record->headers[1].value.data);
}

// Reads to the end as it is now: how many records came.
static size_t read_to_end(struct fixture *fixture, bool *seen)
{
    int64_t deadline_ms = process_clock_ms() + WAIT_MS;
    size_t total = 0;
    ok(fixture, kafka_follower_note_end(fixture->follower, &fixture->err));
    while (!kafka_follower_at_end(fixture->follower)) {
        const struct kafka_followed *records;
        size_t count;
        assert_true(process_clock_ms() < deadline_ms);
        ok(fixture, kafka_follower_poll(fixture->follower, 100, &records, &count, &fixture->err));
        for (size_t i = 0; i < count; i++)
            expect_record(&records[i], seen);
        total += count;
    }
    return total;
}

static void follower__reads_from_the_beginning_to_the_end(void **state)
{
    struct fixture *fixture = *state;
    bool seen[RECORDS] = {false};
    write_numbers(fixture, 0, RECORDS / 2);
    follow(fixture, KAFKA_FOLLOW_BEGINNING);
    assert_int_equal(read_to_end(fixture, seen), RECORDS / 2);
    write_numbers(fixture, RECORDS / 2, RECORDS);
    assert_int_equal(read_to_end(fixture, seen), RECORDS / 2);
}

static void follower__can_begin_at_the_end(void **state)
{
    struct fixture *fixture = *state;
    bool seen[RECORDS] = {false};
    write_numbers(fixture, 0, 10);
    follow(fixture, KAFKA_FOLLOW_END);
    write_numbers(fixture, 10, 30);
    assert_int_equal(read_to_end(fixture, seen), 20);
    assert_false(seen[9]);
    assert_true(seen[10]);
}

static void follower__is_at_the_end_of_an_empty_topic(void **state)
{
    struct fixture *fixture = *state;
    follow(fixture, KAFKA_FOLLOW_BEGINNING);
    assert_int_equal(read_to_end(fixture, NULL), 0);
}

static void embedded_broker__refuses_a_topic_that_is_there(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(kafka_embedded_topic(fixture->embedded, "topic", 1, &fixture->err),
                     STATUS_FATAL);
    assert_non_null(strstr(fixture->err.text, "topic"));
}

static void embedded_broker__has_no_settings_and_says_so_at_once(void **state)
{
    struct fixture *fixture = *state;
    char value[32];
    ok(fixture, kafka_cluster_ping(fixture->cluster, WAIT_MS, &fixture->err));
    assert_int_equal(kafka_topic_setting_get(fixture->cluster, "topic", "cleanup.policy", value,
                                             sizeof(value), &fixture->err),
                     STATUS_RETRY);
    assert_non_null(strstr(fixture->err.text, "embedded"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(follower__reads_from_the_beginning_to_the_end, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(follower__can_begin_at_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(follower__is_at_the_end_of_an_empty_topic, setup, teardown),
        cmocka_unit_test_setup_teardown(embedded_broker__refuses_a_topic_that_is_there, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(embedded_broker__has_no_settings_and_says_so_at_once, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

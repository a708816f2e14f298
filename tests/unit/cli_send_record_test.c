// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/send_record.h"
#include "lib/quoted.h"

#define BYTES(...) ((struct view){(const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__})})
#define SCHEMA                                                                                     \
    "{'type': 'record', 'name': 'r', 'fields': [{'name': 'id', 'type': 'int'}, {'name': 'card', "  \
    "'type': ['null', 'string'], 'default': null}]}"

struct bench {
    struct send_options options;
    struct avsc *avsc;
    struct json_avro *encoder;
    struct send_maker maker;
};

// With an encoder when there is a schema.
static void bench_open(struct bench *bench, const char *schema, struct send_options options)
{
    struct error err;
    *bench = (struct bench){.options = options};
    if (schema != NULL) {
        assert_int_equal(avsc_parse(view_text(quoted(schema)), &bench->avsc, &err), STATUS_OK);
        assert_int_equal(json_avro_open(bench->avsc, &bench->encoder, &err), STATUS_OK);
    }
    send_maker_init(&bench->maker, &bench->options, bench->encoder, 258);
}

static void bench_close(struct bench *bench)
{
    send_maker_release(&bench->maker);
    json_avro_close(bench->encoder);
    avsc_free(bench->avsc);
}

static void same(struct view a, struct view b)
{
    assert_true((a.data == NULL) == (b.data == NULL));
    assert_true(view_equal(a, b));
}

static void makes(struct bench *bench, const char *line, struct view key, struct view value)
{
    struct kafka_writer_record record;
    struct error err = {""};
    assert_false(send_maker_passes_over(&bench->maker, view_text(line)));
    if (send_maker_make(&bench->maker, view_text(line), &record, &err) != STATUS_OK)
        fail_msg("%s: %s", line, err.text);
    same(record.key, key);
    same(record.value, value);
}

static void refuses(struct bench *bench, const char *line, const char *sentence)
{
    struct kafka_writer_record record;
    struct error err = {""};
    assert_int_equal(send_maker_make(&bench->maker, view_text(line), &record, &err), STATUS_RECORD);
    assert_string_equal(err.text, sentence);
}

static const struct view none = {NULL, 0};

static void text__is_sent_as_it_is(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL, (struct send_options){.text = true, .partition = -1});
    makes(&bench, "{not json", none, view_text("{not json"));
    makes(&bench, "", none, view_text(""));
    bench_close(&bench);
    bench_open(&bench, NULL, (struct send_options){.text = true, .key = "k", .partition = -1});
    makes(&bench, "a", view_text("k"), view_text("a"));
    bench_close(&bench);
}

static void keys__stand_in_front_of_a_separator(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL,
               (struct send_options){.text = true, .key_separator = "::", .tombstones = true});
    makes(&bench, "k::v::w", view_text("k"), view_text("v::w"));
    makes(&bench, "::v", view_text(""), view_text("v"));
    makes(&bench, "k::", view_text("k"), none);
    makes(&bench, "k:: null ", view_text("k"), none);
    refuses(&bench, "k:v", "there is no '::' between key and value");
    bench_close(&bench);
}

static void json__becomes_a_frame(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, SCHEMA, (struct send_options){.key_field = "card"});
    makes(&bench, quoted("{'id': 1, 'card': 'x'}"), view_text("x"),
          BYTES(0, 0, 0, 1, 2, 2, 2, 2, 'x'));
    makes(&bench, quoted("{'id': 1, 'card': {'string': 'y'}}"), view_text("y"),
          BYTES(0, 0, 0, 1, 2, 2, 2, 2, 'y'));
    makes(&bench, quoted("{'id': 1, 'card': null}"), none, BYTES(0, 0, 0, 1, 2, 2, 0));
    refuses(&bench, quoted("{'id': 1}"), "there is no field card to take the key from");
    refuses(&bench, quoted("{'id': 1, 'card': ['x']}"), "card: an array cannot be a key");
    refuses(&bench, quoted("{'id': 'x', 'card': null}"), "id: an integer is expected, not a text");
    refuses(&bench, "{", "not JSON: byte 2: a text in quotes is expected here");
    assert_true(send_maker_passes_over(&bench.maker, view_text(" \t")));
    bench_close(&bench);
    bench_open(&bench, SCHEMA, (struct send_options){.key_field = "id"});
    makes(&bench, quoted("{'id': 12}"), view_text("12"), BYTES(0, 0, 0, 1, 2, 24, 0));
    refuses(&bench, "null", "there is no field id to take the key from");
    bench_close(&bench);
}

static void null__is_a_tombstone_when_it_is_asked_for(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, SCHEMA, (struct send_options){.key = "k", .tombstones = true});
    makes(&bench, "null", view_text("k"), none);
    bench_close(&bench);
    bench_open(&bench, SCHEMA, (struct send_options){.key = "k"});
    refuses(&bench, "null",
            "null is no value of the schema (--null: a tombstone): an object is expected, with the "
            "record's fields");
    bench_close(&bench);
}

static void the_options__go_into_every_record(void **state)
{
    (void)state;
    struct bench bench;
    struct kafka_writer_record record;
    struct error err;
    bench_open(&bench, NULL,
               (struct send_options){.partition = 3, .timestamp_ms = 5, .header_count = 1});
    bench.options.headers[0] = (struct header){"a", view_text("b")};
    assert_int_equal(send_maker_make(&bench.maker, view_text("x"), &record, &err), STATUS_OK);
    assert_true(record.has_partition && record.partition == 3);
    assert_int_equal(record.timestamp_ms, 5);
    assert_int_equal(record.header_count, 1);
    assert_string_equal(record.headers[0].name, "a");
    bench.options.partition = -1;
    assert_int_equal(send_maker_make(&bench.maker, view_text("x"), &record, &err), STATUS_OK);
    assert_false(record.has_partition);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text__is_sent_as_it_is),
        cmocka_unit_test(keys__stand_in_front_of_a_separator),
        cmocka_unit_test(json__becomes_a_frame),
        cmocka_unit_test(null__is_a_tombstone_when_it_is_asked_for),
        cmocka_unit_test(the_options__go_into_every_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

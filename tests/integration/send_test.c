// SPDX-License-Identifier: Apache-2.0
// `cardwatch send` as a user runs it, read back by `cardwatch tail`. What needs a real broker is in
// tests/e2e/walk_test.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/murmur2.h"
#include "lib/capture.h"
#include "lib/quoted.h"
#include "lib/tools.h"
#include "lib/workspace.h"

enum { PARTITIONS = 3 };

static int setup(void **state)
{
    struct tools *tools = tools_open();
    mock_cluster_topic(&tools->mock, "t", PARTITIONS);
    *state = tools;
    return 0;
}

static int teardown(void **state)
{
    tools_close(*state);
    return 0;
}

static void assert_outcome(struct outcome outcome, int code, const char *out, const char *err)
{
    if (outcome.code != code)
        fail_msg("exit code %d: %s%s", outcome.code, outcome.out, outcome.err);
    assert_string_equal(outcome.out, out);
    assert_string_equal(outcome.err, err);
    outcome_release(&outcome);
}

static void assert_sends(struct tools *tools, const char *const *words, const char *input,
                         const char *out)
{
    tools->input = input;
    assert_outcome(tools_run(tools, words), 0, out, "");
    tools->input = NULL;
}

static void lines__are_sent_as_text(void **state)
{
    struct tools *tools = *state;
    assert_sends(tools, WORDS("send", "t", "--text", "-p", "1"), "one\n\ntwo words\nlast",
                 "4 records to t, 0 refused\n");
    assert_outcome(tools_run(tools, WORDS("tail", "t", "-e", "--keys")), 0,
                   "{\"key\": null, \"value\": \"one\"}\n"
                   "{\"key\": null, \"value\": \"\"}\n"
                   "{\"key\": null, \"value\": \"two words\"}\n"
                   "{\"key\": null, \"value\": \"last\"}\n",
                   "");
}

static void all_that_was_asked_for__is_in_the_record(void **state)
{
    struct tools *tools = *state;
    assert_sends(tools,
                 WORDS("send", "t", "--text", "--key", "k", "-H", "a=1", "-H", "b=", "-p", "2",
                       "--timestamp", "2026-01-01T00:00Z"),
                 "v\n", "1 records to t, 0 refused\n");
    assert_outcome(tools_run(tools, WORDS("tail", "t", "-e", "--all")), 0,
                   "{\"partition\": 2, \"offset\": 0, \"timestamp\": 1767225600000, \"key\": "
                   "\"k\", \"headers\": {\"a\": \"1\", \"b\": \"\"}, \"value\": \"v\"}\n",
                   "");
}

static void keys__are_placed_as_the_java_client_does(void **state)
{
    struct tools *tools = *state;
    static const char *const keys[] = {"4111", "1111-2222-3333-4444", "", "k\xc3\xa9"};
    char input[256] = "";
    for (size_t i = 0; i < 4; i++)
        snprintf(input + strlen(input), sizeof(input) - strlen(input), "%s\tv%zu\n", keys[i], i);
    assert_sends(tools, WORDS("send", "t", "--text", "--key-separator", "\\t"), input,
                 "4 records to t, 0 refused\n");
    struct outcome outcome = tools_run(tools, WORDS("tail", "t", "-e", "--all"));
    for (size_t i = 0; i < 4; i++) {
        char expected[128];
        char value[64];
        snprintf(value, sizeof(value), "\"value\": \"v%zu\"}", i);
        snprintf(expected, sizeof(expected), "{\"partition\": %d, ",
                 (int)murmur2_partition(view_text(keys[i]), PARTITIONS));
        const char *line = strstr(outcome.out, value);
        assert_non_null(line);
        while (line > outcome.out && line[-1] != '\n')
            line--;
        assert_int_equal(strncmp(line, expected, strlen(expected)), 0);
    }
    outcome_release(&outcome);
}

#define CARDS                                                                                      \
    "{'type': 'record', 'name': 'C', 'fields': [{'name': 'id', 'type': 'long'}, {'name': "         \
    "'amount', 'type': ['null', {'type': 'bytes', 'logicalType': 'decimal', 'precision': 12, "     \
    "'scale': 2}], 'default': null}, {'name': 'credit_card', 'type': ['null', 'string'], "         \
    "'default': null}, {'name': 'at', 'type': ['null', {'type': 'long', 'logicalType': "           \
    "'timestamp-millis'}], 'default': null}]}"

static void json__is_sent_by_the_latest_schema(void **state)
{
    struct tools *tools = *state;
    (void)tools_register(tools, "t-value",
                         quoted("{'type': 'record', 'name': 'C', 'fields': [{'name': 'id', "
                                "'type': 'long'}]}"));
    (void)tools_register(tools, "t-value", quoted(CARDS));
    assert_sends(tools, WORDS("send", "t", "--key-field", "credit_card", "-p", "0"),
                 "{\"id\": 9007199254740993, \"amount\": 1000.00, \"credit_card\": \"4111\", "
                 "\"at\": \"2026-01-01T00:00:00.500Z\"}\n\n"
                 "{\"credit_card\": {\"string\": \"4222\"}, \"id\": 2, \"amount\": \"0.07\"}\n",
                 "2 records to t, 0 refused\n");
    assert_outcome(tools_run(tools, WORDS("tail", "t", "-e", "--keys")), 0,
                   "{\"key\": \"4111\", \"value\": {\"id\": 9007199254740993, \"amount\": 1000.00, "
                   "\"credit_card\": \"4111\", \"at\": 1767225600500}}\n"
                   "{\"key\": \"4222\", \"value\": {\"id\": 2, \"amount\": 0.07, \"credit_card\": "
                   "\"4222\", \"at\": null}}\n",
                   "");
}

static void lines_that_are_refused__are_named_and_passed_over(void **state)
{
    struct tools *tools = *state;
    (void)tools_register(tools, "t-value", quoted(CARDS));
    tools->input = "{\"id\": 1}\n{\"id\": \"x\"}\n{\"idd\": 1}\n{\n{\"id\": 4, \"amount\": 0.005}\n"
                   "{\"id\": 5}\n";
    assert_outcome(tools_run(tools, WORDS("send", "t", "-p", "0")), 1,
                   "2 records to t, 4 refused\n",
                   "line 2: id: an integer is expected, not a text\n"
                   "line 3: idd: the schema has no such field\n"
                   "line 4: not JSON: byte 2: a text in quotes is expected here\n"
                   "line 5: amount: the decimal has more digits behind the point than its scale\n");
}

static void tombstones__are_null(void **state)
{
    struct tools *tools = *state;
    assert_sends(tools, WORDS("send", "t", "--text", "--null", "--key-separator", "=", "-p", "0"),
                 "a=1\na=\na=null\n", "3 records to t, 0 refused\n");
    assert_outcome(tools_run(tools, WORDS("tail", "t", "-e", "--keys")), 0,
                   "{\"key\": \"a\", \"value\": 1}\n"
                   "{\"key\": \"a\", \"value\": null}\n"
                   "{\"key\": \"a\", \"value\": null}\n",
                   "");
}

static void a_schema_file__is_registered(void **state)
{
    struct tools *tools = *state;
    char *path = tools_path(tools, "schema.avsc");
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs("{\"type\": \"array\", \"items\": \"int\"}", file);
    fclose(file);
    assert_sends(tools, WORDS("send", "t", "--schema", path, "-p", "0"), "[1, 2]\n",
                 "1 records to t, 0 refused\n");
    assert_sends(tools, WORDS("send", "t", "-p", "0"), "[3]\n", "1 records to t, 0 refused\n");
    assert_outcome(tools_run(tools, WORDS("tail", "t", "-e")), 0, "[1, 2]\n[3]\n", "");
    free(path);
}

static void assert_fails(struct tools *tools, const char *const *words, const char *err)
{
    struct outcome outcome = tools_run(tools, words);
    assert_int_equal(outcome.code, 1);
    assert_string_equal(outcome.out, "");
    assert_text_contains(outcome.err, err);
    outcome_release(&outcome);
}

static void what_is_missing__is_named(void **state)
{
    struct tools *tools = *state;
    assert_fails(tools, WORDS("send", "t"),
                 "cardwatch send: there is no schema to write by (--schema FILE brings one, --text "
                 "does without): cannot get the latest schema of subject t-value");
    assert_fails(tools, WORDS("send", "t", "--schema", "/nonexistent.avsc"),
                 "/nonexistent.avsc: there is no such file");
    assert_fails(tools, WORDS("send", "t", "--text", "-p", "3"),
                 "the topic t has 3 partitions: 0 .. 2");
    assert_fails(tools,
                 WORDS("send", "t", "--text", "--set", "kafka.bootstrap.servers=127.0.0.1:1"),
                 "cardwatch send: no Kafka broker can be reached");
}

// Three records at 2 a second take a second, however fast the machine is.
static void a_rate__is_kept_to(void **state)
{
    struct tools *tools = *state;
    int64_t begun_ms = process_clock_ms();
    assert_sends(tools, WORDS("send", "t", "--text", "--rate", "2"), "1\n2\n3\n",
                 "3 records to t, 0 refused\n");
    assert_true(process_clock_ms() - begun_ms >= 1000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(lines__are_sent_as_text),
        TEST(all_that_was_asked_for__is_in_the_record),
        TEST(keys__are_placed_as_the_java_client_does),
        TEST(json__is_sent_by_the_latest_schema),
        TEST(lines_that_are_refused__are_named_and_passed_over),
        TEST(tombstones__are_null),
        TEST(a_schema_file__is_registered),
        TEST(what_is_missing__is_named),
        TEST(a_rate__is_kept_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

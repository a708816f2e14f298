// SPDX-License-Identifier: Apache-2.0
// `cardwatch tail` as a user runs it. The mock cluster finds no offsets by time: that is tested on
// a real broker.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/capture.h"
#include "lib/loader.h"
#include "lib/quoted.h"
#include "lib/tools.h"
#include "lib/workspace.h"

enum { PARTITIONS = 2, DEADLINE_MS = 20000 };

#define BYTES(...) ((struct view){(const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__})})

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

static void load(const struct tools *tools, const struct loader_message *messages, size_t count)
{
    struct loader *loader = loader_open(tools->mock.servers, "t", PARTITIONS);
    for (size_t i = 0; i < count; i++) {
        int32_t partition;
        int64_t offset;
        loader_send(loader, &messages[i], &partition, &offset);
    }
    loader_close(loader);
}

static void assert_prints(struct tools *tools, const char *const *words, const char *out)
{
    struct outcome outcome = tools_run(tools, words);
    if (outcome.code != 0)
        fail_msg("exit code %d: %s%s", outcome.code, outcome.out, outcome.err);
    assert_string_equal(outcome.out, out);
    outcome_release(&outcome);
}

static void values__are_shown_by_what_they_are(void **state)
{
    struct tools *tools = *state;
    uint32_t id = tools_register(
        tools, "t-value",
        quoted("{'type': 'record', 'name': 'R', 'fields': [{'name': 'a', 'type': 'long'}, "
               "{'name': 'b', 'type': ['null', 'string']}]}"));
    const uint8_t schema = (uint8_t)id;
    const struct loader_message messages[] = {
        {.value = BYTES(0, 0, 0, 0, schema, 2, 2, 4, 'h', 'i'), .timestamp_ms = 1000},
        {.value = BYTES(0, 0, 0, 0, schema, 3, 0), .timestamp_ms = 1001},
        {.value = view_text("{\"x\":\n [1,2] }"), .timestamp_ms = 1002},
        {.value = view_text("plain \"text\""), .timestamp_ms = 1003},
        {.value = BYTES(0xff, 'a', 0), .timestamp_ms = 1004},
        {.value = {NULL, 0}, .timestamp_ms = 1005},
        {.value = view_text(""), .timestamp_ms = 1006},
    };
    assert_int_equal(id, schema);
    load(tools, messages, sizeof(messages) / sizeof(messages[0]));
    assert_prints(tools, WORDS("tail", "t", "--exit-at-end"),
                  "{\"a\": 1, \"b\": \"hi\"}\n"
                  "{\"a\": -2, \"b\": null}\n"
                  "{\"x\":  [1,2] }\n"
                  "\"plain \\\"text\\\"\"\n"
                  "\"\\u00ffa\\u0000\"\n"
                  "null\n"
                  "\"\"\n");
}

static void frames_that_cannot_be_decoded__are_shown_as_text_with_a_word_on_stderr(void **state)
{
    struct tools *tools = *state;
    uint32_t id = tools_register(tools, "t-value", quoted("'int'"));
    const struct loader_message messages[] = {
        {.value = BYTES(0, 0, 1, 0x2f, 0xd1, 'x'), .timestamp_ms = 1000}, // 77777
        {.value = BYTES(0, 0, 0, 0, (uint8_t)id, 0x80), .timestamp_ms = 1000},
    };
    load(tools, messages, 2);
    struct outcome outcome = tools_run(tools, WORDS("tail", "t", "--exit-at-end"));
    assert_int_equal(outcome.code, 0);
    assert_string_equal(outcome.out, "\"\\u0000\\u0000\\u0001/\\u00d1x\"\n"
                                     "\"\\u0000\\u0000\\u0000\\u0000\\u0001\\u0080\"\n");
    assert_text_contains(outcome.err, "schema_id=77777 reason=\"the registry does not have it\"");
    assert_text_contains(outcome.err, "reason=\"the bytes are not a datum of the schema\"");
    outcome_release(&outcome);
}

static void records__are_shown_with_all_that_is_asked_for(void **state)
{
    struct tools *tools = *state;
    const struct loader_message messages[] = {
        {.partition = 1,
         .key = view_text("123"),
         .value = view_text("5"),
         .timestamp_ms = 1767225600000,
         .header_name = "why",
         .header_value = view_text("so")},
    };
    load(tools, messages, 1);
    assert_prints(tools, WORDS("tail", "t", "--all", "-e"),
                  "{\"partition\": 1, \"offset\": 0, \"timestamp\": 1767225600000, "
                  "\"key\": \"123\", \"headers\": {\"why\": \"so\"}, \"value\": 5}\n");
    assert_prints(tools, WORDS("tail", "t", "--keys", "-e"), "{\"key\": \"123\", \"value\": 5}\n");
}

// Into an empty partition: the loader wants to be its only writer.
static void load_numbers(const struct tools *tools, int32_t to, unsigned count)
{
    struct loader *loader = loader_open(tools->mock.servers, "t", PARTITIONS);
    for (unsigned i = 0; i < count; i++) {
        char text[16];
        int32_t partition;
        int64_t offset;
        snprintf(text, sizeof(text), "%u", i);
        const struct loader_message message = {
            .partition = to, .value = view_text(text), .timestamp_ms = 1000};
        loader_send(loader, &message, &partition, &offset);
    }
    loader_close(loader);
}

static void a_count__ends_it(void **state)
{
    struct tools *tools = *state;
    load_numbers(tools, 0, 10);
    assert_prints(tools, WORDS("tail", "t", "--from", "beginning", "--count", "3"), "0\n1\n2\n");
}

static void an_empty_topic__ends_at_once(void **state)
{
    assert_prints(*state, WORDS("tail", "t", "--exit-at-end"), "");
}

static size_t lines_of(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

static void large_topics__are_printed_whole(void **state)
{
    struct tools *tools = *state;
    load_numbers(tools, 0, 30000);
    struct outcome outcome = tools_run(tools, WORDS("tail", "t", "-e"));
    assert_int_equal(outcome.code, 0);
    assert_int_equal(lines_of(outcome.out), 30000);
    assert_non_null(strstr(outcome.out, "\n29998\n29999\n"));
    outcome_release(&outcome);
}

// Waits until the command has printed so many lines.
static void await_lines(const struct tools *tools, size_t count)
{
    int64_t deadline_ms = process_clock_ms() + DEADLINE_MS;
    for (;;) {
        char *out = tools_out(tools);
        size_t lines = lines_of(out);
        free(out);
        if (lines >= count)
            return;
        assert_true(process_clock_ms() < deadline_ms);
        process_nap();
    }
}

static void new_records__are_followed_until_a_signal(void **state)
{
    struct tools *tools = *state;
    struct process process;
    load_numbers(tools, 0, 2);
    tools_start(tools, WORDS("tail", "t", "--from", "beginning"), &process);
    await_lines(tools, 2);
    load_numbers(tools, 1, 2);
    await_lines(tools, 4);
    process_signal(&process, SIGINT);
    struct outcome outcome = tools_wait(tools, &process);
    assert_int_equal(outcome.code, 0);
    assert_string_equal(outcome.out, "0\n1\n0\n1\n");
    assert_string_equal(outcome.err, "");
    outcome_release(&outcome);
}

// Through a pipe whose reader takes one line and goes.
static void a_reader_that_goes__ends_it_quietly(void **state)
{
    struct tools *tools = *state;
    load_numbers(tools, 0, 5);
    const char *binary = getenv("TEST_BINARY");
    char *codes = tools_path(tools, "codes");
    char *whole = workspace_text("exec 4>&1; { %s tail t --from beginning --set "
                                 "kafka.bootstrap.servers=%s 2>&4; echo code $? >&4; } | head -1",
                                 binary != NULL ? binary : "build/cardwatch", tools->mock.servers);
    assert_int_equal(process_run(WORDS("sh", "-c", whole), codes, DEADLINE_MS), 0);
    char *text = workspace_read(codes);
    assert_string_equal(text, "0\ncode 0\n");
    free(text);
    free(whole);
    free(codes);
}

static void a_broker_that_is_away__is_named(void **state)
{
    struct outcome outcome =
        tools_run(*state, WORDS("tail", "t", "--set", "kafka.bootstrap.servers=127.0.0.1:1"));
    assert_int_equal(outcome.code, 1);
    assert_text_contains(outcome.err, "cardwatch tail: no Kafka broker can be reached");
    outcome_release(&outcome);
}

static void purchases_that_were_generated__are_shown(void **state)
{
    struct tools *tools = *state;
    mock_cluster_topic(&tools->mock, "purchases", PARTITIONS);
    struct outcome outcome = tools_run(tools, WORDS("generate", "--events", "50"));
    assert_int_equal(outcome.code, 0);
    outcome_release(&outcome);
    outcome = tools_run(tools, WORDS("tail", "purchases", "-e"));
    assert_int_equal(outcome.code, 0);
    assert_int_equal(lines_of(outcome.out), 50);
    assert_int_equal(strncmp(outcome.out, "{\"id\": ", 7), 0);
    assert_text_contains(outcome.out, "\"credit_card\": \"4");
    outcome_release(&outcome);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(values__are_shown_by_what_they_are),
        TEST(frames_that_cannot_be_decoded__are_shown_as_text_with_a_word_on_stderr),
        TEST(records__are_shown_with_all_that_is_asked_for),
        TEST(a_count__ends_it),
        TEST(an_empty_topic__ends_at_once),
        TEST(large_topics__are_printed_whole),
        TEST(new_records__are_followed_until_a_signal),
        TEST(a_reader_that_goes__ends_it_quietly),
        TEST(a_broker_that_is_away__is_named),
        TEST(purchases_that_were_generated__are_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

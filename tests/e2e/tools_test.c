// SPDX-License-Identifier: Apache-2.0
// `cardwatch generate` and `cardwatch tail` on a real broker: what the mock cluster cannot do.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/capture.h"
#include "lib/kafkad.h"
#include "lib/plain_client.h"
#include "lib/tools.h"

enum { DEADLINE_MS = 30000 };

struct setting {
    struct kafkad *kafka;
    struct tools *tools;
};

static int open_setting(void **state)
{
    struct setting *setting = calloc(1, sizeof(*setting));
    setting->kafka = kafkad_open();
    setting->tools = tools_open_on(kafkad_bootstrap(setting->kafka));
    *state = setting;
    return 0;
}

static int close_setting(void **state)
{
    struct setting *setting = *state;
    tools_close(setting->tools);
    kafkad_close(setting->kafka);
    free(setting);
    return 0;
}

static void assert_outcome(struct outcome outcome, int code, const char *out, const char *err)
{
    if (outcome.code != code)
        fail_msg("exit code %d: %s%s", outcome.code, outcome.out, outcome.err);
    if (out != NULL)
        assert_string_equal(outcome.out, out);
    assert_text_contains(outcome.err, err);
    outcome_release(&outcome);
}

static void a_topic_that_is_missing__is_not_made(void **state)
{
    struct setting *setting = *state;
    assert_outcome(tools_run(setting->tools, WORDS("generate", "--events", "10")), 1, "",
                   "cardwatch generate: there is no topic purchases; `cardwatch init` creates it");
    assert_outcome(tools_run(setting->tools, WORDS("tail", "purchases")), 1, "",
                   "cardwatch tail: the topic purchases does not exist");
    assert_int_equal(kafkad_partitions(setting->kafka, "purchases"), -1);
}

// Kafka takes nothing that is more than an hour ahead of its clock, unless it was told to.
static void clock_of_another_year__is_what_to_set_right(void **state)
{
    struct setting *setting = *state;
    kafkad_topic(setting->kafka, "ahead", 1, NULL);
    static const char reason[] = "(INVALID_TIMESTAMP); the record's time is further from the "
                                 "broker's clock than the topic allows: set the clock";
    assert_outcome(
        tools_run(setting->tools, WORDS("generate", "--set", "topics.purchases=ahead", "--events",
                                        "10", "--start-ms", "4102444800000")),
        1, "", reason);
    setting->tools->input = "late\n";
    assert_outcome(tools_run(setting->tools,
                             WORDS("send", "ahead", "--text", "--timestamp", "2100-01-01T00:00Z")),
                   1, NULL, reason);
    setting->tools->input = NULL;
}

static size_t lines_of(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

// Messages are a millisecond apart; from a time on, those of that time and later are shown.
static void times__are_places_to_begin_at(void **state)
{
    struct setting *setting = *state;
    kafkad_topic(setting->kafka, "timed", 3, NULL);
    assert_outcome(
        tools_run(setting->tools, WORDS("generate", "--set", "topics.purchases=timed", "--events",
                                        "1000", "--start-ms", "1767225600000")),
        0, NULL, "");
    static const struct {
        const char *from;
        size_t count;
    } cases[] = {{"2026-01-01T00:00:00.000Z", 1000},
                 {"2026-01-01T01:00:00.250+01:00", 750},
                 {"1767225600999", 1},
                 {"2026-01-01T00:00:01", 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct outcome outcome =
            tools_run(setting->tools, WORDS("tail", "timed", "-e", "--from", cases[i].from));
        assert_int_equal(outcome.code, 0);
        assert_int_equal(lines_of(outcome.out), cases[i].count);
        outcome_release(&outcome);
    }
}

static void ok(rd_kafka_error_t *error)
{
    if (error != NULL)
        fail_msg("%s", rd_kafka_error_string(error));
}

static rd_kafka_t *transactional(const struct setting *setting)
{
    rd_kafka_t *producer =
        PLAIN_CLIENT(RD_KAFKA_PRODUCER, {"bootstrap.servers", kafkad_bootstrap(setting->kafka)},
                     {"transactional.id", "tools-test"});
    ok(rd_kafka_init_transactions(producer, DEADLINE_MS));
    return producer;
}

static void put(rd_kafka_t *producer, const char *value)
{
    ok(rd_kafka_begin_transaction(producer));
    assert_int_equal(rd_kafka_producev(
                         producer, RD_KAFKA_V_TOPIC("isolated"), RD_KAFKA_V_PARTITION(0),
                         RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                         RD_KAFKA_V_VALUE((void *)(uintptr_t)value, strlen(value)), RD_KAFKA_V_END),
                     RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_int_equal(rd_kafka_flush(producer, DEADLINE_MS), RD_KAFKA_RESP_ERR_NO_ERROR);
}

static void transactions__are_seen_when_they_are_committed(void **state)
{
    struct setting *setting = *state;
    static const char committed[] = "{\"n\": 1}\n{\"n\": 3}\n";
    static const char all[] = "{\"n\": 1}\n{\"n\": 2}\n{\"n\": 3}\n";
    kafkad_topic(setting->kafka, "isolated", 1, NULL);
    rd_kafka_t *producer = transactional(setting);
    put(producer, "{\"n\": 1}");
    ok(rd_kafka_commit_transaction(producer, DEADLINE_MS));
    put(producer, "{\"n\": 2}");
    ok(rd_kafka_abort_transaction(producer, DEADLINE_MS));
    put(producer, "{\"n\": 3}");
    ok(rd_kafka_commit_transaction(producer, DEADLINE_MS));
    assert_outcome(tools_run(setting->tools, WORDS("tail", "isolated", "-e")), 0, committed, "");
    assert_outcome(tools_run(setting->tools,
                             WORDS("tail", "isolated", "-e", "--isolation", "read_uncommitted")),
                   0, all, "");
    put(producer, "{\"n\": 4}"); // stays open
    assert_outcome(tools_run(setting->tools, WORDS("tail", "isolated", "-e")), 0, committed,
                   "an open transaction hides it");
    rd_kafka_destroy(producer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_topic_that_is_missing__is_not_made),
        cmocka_unit_test(clock_of_another_year__is_what_to_set_right),
        cmocka_unit_test(times__are_places_to_begin_at),
        cmocka_unit_test(transactions__are_seen_when_they_are_committed),
    };
    return cmocka_run_group_tests(tests, open_setting, close_setting);
}

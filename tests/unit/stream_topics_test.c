// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stream/topics.h"

static void plan__has_every_topic_with_its_partitions_and_policy(void **state)
{
    (void)state;
    struct config config;
    struct buffer report;
    const char *const sets[] = {"application_id=fraud", "topics.purchases=p"};
    const struct config_sources sources = {.sets = sets, .set_count = 2};
    buffer_init(&report, 65536);
    assert_int_equal(config_load(&sources, &config, &report), STATUS_OK);
    struct topics topics;
    topics_plan(&config, 7, &topics);
    assert_string_equal(topics.plans[TOPICS_PURCHASES].name, "p");
    assert_string_equal(topics.plans[TOPICS_CHANGELOG].name, "fraud-windows-changelog");
    assert_string_equal(topics.plans[TOPICS_DEAD_LETTERS].name, "fraud-dead-letters");
    for (int i = 0; i < TOPICS_COUNT; i++)
        assert_int_equal(topics.plans[i].partition_count, 7);
    const int compacted[] = {TOPICS_CHANGELOG, TOPICS_TRAVEL_FLAGS};
    for (int i = 0; i < 2; i++) {
        const struct kafka_topic_plan *plan = &topics.plans[compacted[i]];
        assert_int_equal(plan->setting_count, 1);
        assert_string_equal(plan->settings[0].name, "cleanup.policy");
        assert_string_equal(plan->settings[0].value, "compact");
    }
    topics_release(&topics);
    config_release(&config);
    buffer_release(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plan__has_every_topic_with_its_partitions_and_policy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

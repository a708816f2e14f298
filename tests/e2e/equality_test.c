// SPDX-License-Identifier: Apache-2.0
// Alerts equal the oracle's, exactly once, in both topics: 50,000 cards, disorder up to 5 s,
// duplicates, 4 partitions; at full size 1,000,000 purchases.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "lib/scene.h"

static size_t purchases(void)
{
    return scene_full_size() ? 1000000 : 100000;
}

static void run_some_and_judge(struct scene *scene, size_t count)
{
    workload_send(&scene->workload, count);
    assert_true(scene->workload.alert_count > 0);
    int64_t began_ms = process_clock_ms();
    cardwatch_start(&scene->services[0]);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    fprintf(stderr, "# %zu purchases (%zu duplicates, %zu late), caught up after %lld ms\n",
            scene->workload.sent_count, scene->workload.duplicate_count, scene->workload.late_count,
            (long long)(process_clock_ms() - began_ms));
    assert_true(scene_judge(scene, NULL));
    assert_int_equal(cardwatch_stop(&scene->services[0], 5000), 0);
    assert_true(scene_judge(scene, NULL));
    scene->passed = true;
}

static void run_and_judge(struct scene *scene)
{
    run_some_and_judge(scene, purchases());
}

static void sliding__one_thread_equals_the_oracle(void **state)
{
    const struct scene_settings settings = scene_settings_default("sliding1");
    run_and_judge(stage_scene(state, &settings));
}

static void sliding__three_threads_equal_the_oracle(void **state)
{
    struct scene_settings settings = scene_settings_default("sliding3");
    settings.threads = 3;
    run_and_judge(stage_scene(state, &settings));
}

static struct scene_settings tumbling(const char *name)
{
    struct scene_settings settings = scene_settings_default(name);
    settings.oracle.rules[0].kind = ORACLE_TUMBLING;
    settings.rules = "[{name: high_purchase_count, type: count, window: tumbling, "
                     "window_ms: 60000, threshold: 3, grace_ms: 0}]";
    return settings;
}

static void tumbling__one_thread_equals_the_oracle(void **state)
{
    const struct scene_settings settings = tumbling("tumbling1");
    run_and_judge(stage_scene(state, &settings));
}

static void tumbling__three_threads_equal_the_oracle(void **state)
{
    struct scene_settings settings = tumbling("tumbling3");
    settings.threads = 3;
    run_and_judge(stage_scene(state, &settings));
}

// Rules with and without grace beside each other, hot cards, a small cap, purchases without a
// timestamp, duplicates counted as purchases.
static void rules__of_both_kinds_on_hot_cards_equal_the_oracle(void **state)
{
    static const char *const names[] = {"slide", "slide_long", "tumble", NULL};
    struct scene_settings settings = scene_settings_default("rules");
    settings.generator.spread = SPREAD_ZIPF;
    settings.generator.zipf_exponent = 0.8;
    settings.generator.events_per_second = 100;
    settings.generator.card_count = 20000;
    settings.generator.null_timestamp_ppm = 5000;
    settings.generator.duplicate_ppm = 20000;
    settings.oracle.dedupe = false;
    settings.oracle.max_events_per_card = 50;
    settings.oracle.rules[0] = (struct oracle_rule){
        .kind = ORACLE_SLIDING, .window_ms = 20000, .grace_ms = 0, .threshold = 4};
    settings.oracle.rules[1] = (struct oracle_rule){
        .kind = ORACLE_SLIDING, .window_ms = 90000, .grace_ms = 4000, .threshold = 6};
    settings.oracle.rules[2] = (struct oracle_rule){
        .kind = ORACLE_TUMBLING, .window_ms = 30000, .grace_ms = 2000, .threshold = 2};
    settings.oracle.rule_count = 3;
    settings.rule_names = names;
    settings.rules = "[{name: slide, type: count, window_ms: 20000, threshold: 4}, "
                     "{name: slide_long, type: count, window: sliding, window_ms: 90000, "
                     "threshold: 6, grace_ms: 4000}, "
                     "{name: tumble, type: count, window: tumbling, window_ms: 30000, "
                     "threshold: 2, grace_ms: 2000}]";
    struct scene *scene = stage_scene(state, &settings);
    cardwatch_set(&scene->services[0], "processing.dedupe=false");
    cardwatch_set(&scene->services[0], "state.max_events_per_card=50");
    run_and_judge(scene);
}

// Every kind of window and condition beside each other. The oracle looks at each purchase of a card
// for each other one: there are few.
static void rules__of_all_kinds_with_conditions_equal_the_oracle(void **state)
{
    static const char *const names[] = {"three", "spree", "shops", "large", "tumble", NULL};
    struct scene_settings settings = scene_settings_default("kinds");
    settings.generator.events_per_second = 100;
    settings.generator.card_count = 2000;
    settings.generator.duplicate_ppm = 20000;
    struct oracle_rule *rules = settings.oracle.rules;
    rules[0] = (struct oracle_rule){.kind = ORACLE_SLIDING, .window_ms = 60000, .threshold = 3};
    rules[0].where[0] = (struct oracle_condition){
        .field = ORACLE_CATEGORY, .op = "in", .value_count = 2, .texts = {"travel", "fuel"}};
    rules[1] = (struct oracle_rule){
        .kind = ORACLE_SUM, .window_ms = 90000, .grace_ms = 3000, .limit = 5000000};
    rules[2] = (struct oracle_rule){
        .kind = ORACLE_DISTINCT, .window_ms = 60000, .threshold = 3, .field = ORACLE_CATEGORY};
    rules[2].where[0] = (struct oracle_condition){
        .field = ORACLE_AMOUNT, .op = "ge", .value_count = 1, .numbers = {5}};
    rules[2].where[1] = (struct oracle_condition){
        .field = ORACLE_CATEGORY, .op = "ne", .value_count = 1, .texts = {"fuel"}};
    rules[3] = (struct oracle_rule){
        .kind = ORACLE_DISTINCT, .window_ms = 30000, .threshold = 2, .field = ORACLE_AMOUNT};
    rules[3].where[0] = (struct oracle_condition){
        .field = ORACLE_AMOUNT, .op = "gt", .value_count = 1, .numbers = {100}};
    rules[4] = (struct oracle_rule){.kind = ORACLE_TUMBLING, .window_ms = 30000, .threshold = 2};
    rules[4].where[0] = (struct oracle_condition){
        .field = ORACLE_DISTANCE, .op = "lt", .value_count = 1, .numbers = {50}};
    settings.oracle.forgetful = true;
    settings.oracle.rule_count = 5;
    settings.rule_names = names;
    settings.rules =
        "[{name: three, where: [{field: category, op: in, value: [travel, fuel]}]}, "
        "{name: spree, type: sum, window_ms: 90000, grace_ms: 3000, limit: 500}, "

        "{name: shops, type: distinct, field: category, threshold: 3, "
        "where: [{field: amount, op: ge, value: 5}, {field: category, op: ne, value: fuel}]}, "
        "{name: large, type: distinct, field: amount, window_ms: 30000, threshold: 2, "
        "where: [{field: amount, op: gt, value: 100}]}, "
        "{name: tumble, window: tumbling, window_ms: 30000, threshold: 2, "
        "where: [{field: distance_from_billing_zip, op: lt, value: 50}]}]";
    run_some_and_judge(stage_scene(state, &settings), 15000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        stage_test(sliding__one_thread_equals_the_oracle),
        stage_test(sliding__three_threads_equal_the_oracle),
        stage_test(tumbling__one_thread_equals_the_oracle),
        stage_test(tumbling__three_threads_equal_the_oracle),
        stage_test(rules__of_all_kinds_with_conditions_equal_the_oracle),
        stage_test(rules__of_both_kinds_on_hot_cards_equal_the_oracle),
    };
    return stage_run(tests);
}

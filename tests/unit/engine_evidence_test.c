// SPDX-License-Identifier: Apache-2.0
// The ids of the purchases that an alert rests on.
#include "engine/evidence.h"

#include "lib/engine_desk.h"

enum { IDS_MAX = 8 };

static void assert_ids(struct desk *desk, size_t alert, size_t count, const int64_t *expected)
{
    int64_t ids[IDS_MAX];
    assert_true(alert < desk->step.alert_count);
    size_t found =
        evidence_ids(&desk->engine, &desk->step.alerts[alert], &desk->card, ids, IDS_MAX);
    assert_int_equal(found, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(ids[i], expected[i]);
}

#define IDS(...)                                                                                   \
    sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t), (const int64_t[])                    \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static void sliding__names_the_level_of_the_first_purchase_of_the_burst(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 100, 3, 0);
    desk_take_id(&desk, 0, 7);
    desk_take_id(&desk, 50, 8);
    desk_take_id(&desk, 99, 9);
    assert_ids(&desk, 0, IDS(7, 8, 9));
    desk_release(&desk);
}

static void sliding__leaves_out_what_lies_before_the_window_and_behind_the_burst(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 100, 3, 1000);
    desk_take_id(&desk, 0, 1);
    desk_take_id(&desk, 120, 2);
    desk_take_id(&desk, 180, 4);
    desk_take_id(&desk, 240, 5); // the level of 180 is 2, that of 240 too
    assert_int_equal(desk_take_id(&desk, 150, 3), 1);
    assert_ids(&desk, 0, IDS(2, 3, 4));
    desk_release(&desk);
}

static void late_purchases_and_unknown_ids__are_left_out(void **state)
{
    (void)state;
    struct desk desk;
    struct engine_settings settings = desk_settings();
    desk_add_rule(&settings, RULE_SLIDING, 100, 3, 0);
    desk_add_rule(&settings, RULE_SLIDING, 1000, 10, 0); // keeps what is late for the first
    desk_init(&desk, &settings);
    desk_take_id(&desk, 230, 1);
    desk_take_elsewhere(&desk, 400);
    desk_take_id(&desk, 299, 2); // late for the first rule
    assert_true((desk.step.late_rules & 1) != 0);
    desk_take_id(&desk, 310, 3);
    desk_take(&desk, 340);
    assert_int_equal(desk.step.alert_count, 0);
    desk_take_id(&desk, 350, 4);
    assert_ids(&desk, 0, IDS(3, 4));
    desk_release(&desk);
}

static void purchases_of_one_time__are_the_first_ones(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 100, 2, 50);
    desk_take_id(&desk, 100, 1);
    desk_take_id(&desk, 199, 2);
    assert_ids(&desk, 0, IDS(1, 2));
    desk_release(&desk);
    desk_init_rule(&desk, RULE_SLIDING, 10, 3, 500);
    desk_take_id(&desk, 20, 5);
    desk_take_id(&desk, 20, 6);
    desk_take_id(&desk, 20, 7);
    assert_ids(&desk, 0, IDS(5, 6, 7));
    desk_release(&desk);
}

static void tumbling__names_those_of_its_window_alone(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_TUMBLING, 100, 3, 100);
    desk_take_id(&desk, 99, 1);
    desk_take_id(&desk, 100, 2);
    desk_take_id(&desk, 150, 3);
    desk_take_id(&desk, 200, 4);
    assert_int_equal(desk_take_id(&desk, 199, 5), 1);
    assert_ids(&desk, 0, IDS(2, 3, 5));
    desk_release(&desk);
}

static void more_than_asked_for__gives_the_newest(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 100, 10, 0);
    for (int64_t i = 0; i < 10; i++)
        desk_take_id(&desk, i, i);
    assert_ids(&desk, 0, IDS(2, 3, 4, 5, 6, 7, 8, 9));
    desk_release(&desk);
}

static void purchases_that_gave_way_to_others__are_not_named(void **state)
{
    (void)state;
    struct desk desk;
    struct engine_settings settings = desk_settings();
    settings.max_events_per_card = 2;
    desk_add_rule(&settings, RULE_TUMBLING, 100, 3, 0);
    desk_init(&desk, &settings);
    desk_take_id(&desk, 1, 1);
    desk_take_id(&desk, 2, 2);
    assert_int_equal(desk_take_id(&desk, 3, 3), 1);
    assert_ids(&desk, 0, IDS(2, 3));
    desk_release(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sliding__names_the_level_of_the_first_purchase_of_the_burst),
        cmocka_unit_test(sliding__leaves_out_what_lies_before_the_window_and_behind_the_burst),
        cmocka_unit_test(late_purchases_and_unknown_ids__are_left_out),
        cmocka_unit_test(purchases_of_one_time__are_the_first_ones),
        cmocka_unit_test(tumbling__names_those_of_its_window_alone),
        cmocka_unit_test(more_than_asked_for__gives_the_newest),
        cmocka_unit_test(purchases_that_gave_way_to_others__are_not_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

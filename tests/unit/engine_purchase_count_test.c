// SPDX-License-Identifier: Apache-2.0
// The running count of a card: what counts, and that nothing forgets it.
#include "engine/purchase_count.h"

#include "lib/engine_desk.h"

static void desk_init_counting(struct desk *desk, uint32_t events_max)
{
    struct engine_settings settings = desk_settings();
    settings.count_purchases = true;
    settings.max_events_per_card = events_max;
    desk_add_rule(&settings, RULE_SLIDING, 100, 2, 0);
    desk_add_rule(&settings, RULE_TUMBLING, 100, 3, 0);
    desk_init(desk, &settings);
}

static void take(struct desk *desk, int64_t time_ms, int64_t id, uint64_t expected)
{
    uint64_t before = purchase_count_of(&desk->card);
    desk_take_id(desk, time_ms, id);
    assert_int_equal(purchase_count_of(&desk->card), expected);
    assert_int_equal(desk->step.counted, expected > before);
    assert_true(desk->step.changed || !desk->step.counted);
}

static void every_purchase__counts_but_duplicates(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_counting(&desk, 4);
    take(&desk, 1000, 1, 1);
    take(&desk, 1001, 2, 2);
    take(&desk, 1001, 2, 2); // a duplicate
    take(&desk, 5000, 3, 3);
    take(&desk, 1001, 2, 4); // what it would be a duplicate of is not kept any more; late
    assert_true(desk.step.late_rules != 0);
    for (int64_t i = 0; i < 4; i++)
        take(&desk, 5010 + i, 10 + i, 5 + (uint64_t)i);
    take(&desk, 5005, 20, 9); // older than all of a full card
    assert_true(desk.step.capped);
    desk_release(&desk);
}

static void at_least_once__what_was_counted_is_not_counted_again(void **state)
{
    (void)state;
    struct desk desk;
    struct engine_settings settings = desk_settings();
    settings.count_purchases = true;
    settings.track_offsets = true;
    desk_init(&desk, &settings);
    take(&desk, 1000, 1, 1);
    desk.offset = 0;
    take(&desk, 1000, 1, 1);
    assert_true(desk.step.already_counted);
    take(&desk, 1000, 5, 2);
    desk_release(&desk);
}

static void card_with_a_count__is_never_forgotten(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_counting(&desk, 4);
    take(&desk, 1000, 1, 1);
    desk_take_elsewhere(&desk, INT64_MAX / 2);
    assert_false(engine_card_expired(&desk.engine, desk.stream_time, &desk.card));
    engine_card_prune(&desk.engine, desk.stream_time, &desk.card);
    assert_int_equal(desk.card.event_count, 0);
    assert_int_equal(desk.card.counter_count, 1);
    assert_int_equal(purchase_count_of(&desk.card), 1);
    desk_release(&desk);
}

static void alerts__are_the_same_with_counts(void **state)
{
    (void)state;
    struct desk with, without;
    desk_init_counting(&with, 8);
    struct engine_settings settings = with.engine.settings;
    settings.count_purchases = false;
    desk_init(&without, &settings);
    for (int64_t i = 0; i < 1000; i++) {
        int64_t time_ms = i * 40 - (i * 7919) % 300;
        assert_int_equal(desk_take_id(&with, time_ms, i % 97),
                         desk_take_id(&without, time_ms, i % 97));
        assert_int_equal(with.step.late_rules, without.step.late_rules);
        assert_int_equal(with.card.event_count, without.card.event_count);
    }
    assert_int_equal(purchase_count_of(&without.card), 0);
    assert_true(purchase_count_of(&with.card) > 900);
    desk_release(&with);
    desk_release(&without);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_purchase__counts_but_duplicates),
        cmocka_unit_test(at_least_once__what_was_counted_is_not_counted_again),
        cmocka_unit_test(card_with_a_count__is_never_forgotten),
        cmocka_unit_test(alerts__are_the_same_with_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

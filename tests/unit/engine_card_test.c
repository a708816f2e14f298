// SPDX-License-Identifier: Apache-2.0
// A card's slots against a plain model: arrays that are shifted by hand.
#include <string.h>

#include "lib/engine_desk.h"
#include "lib/random.h"

enum { MODEL_MAX = 3000 };

struct model {
    int64_t events[MODEL_MAX];
    size_t event_count;
    int64_t counters[MODEL_MAX]; // any order
    size_t counter_count;
};

static struct slot *append(struct card *card, int64_t time_ms)
{
    struct slot *slot = card_insert_event(card, card->event_count);
    slot->time_ms = time_ms;
    return slot;
}

static void card__is_empty_after_init_and_after_release(void **state)
{
    (void)state;
    struct card card;
    card_init(&card);
    card_check(&card);
    assert_true(card_is_empty(&card));
    assert_int_equal(card.newest_offset, -1);
    for (int64_t t = 0; t < 100; t++)
        append(&card, t);
    card.newest_offset = 7;
    card_release(&card);
    card_check(&card);
    assert_true(card_is_empty(&card));
    assert_int_equal(card.newest_offset, -1);
    assert_int_equal(card_spilled_bytes(&card), 0);
}

static void card__keeps_four_slots_inside(void **state)
{
    (void)state;
    struct card card;
    card_init(&card);
    for (int64_t t = 0; t < 3; t++)
        append(&card, t);
    *card_add_counter(&card) = (struct slot){.time_ms = 9, .id = 1};
    assert_int_equal(card_spilled_bytes(&card), 0);
    append(&card, 3);
    assert_int_equal(card_spilled_bytes(&card), 8 * sizeof(struct slot));
    for (int64_t t = 0; t < 4; t++)
        assert_int_equal(card_events(&card)[t].time_ms, t);
    assert_int_equal(card_counters(&card)[0].time_ms, 9);
    card_check(&card);
    card_release(&card);
}

static void card__hands_out_zeroed_slots(void **state)
{
    (void)state;
    struct card card;
    card_init(&card);
    const struct slot zero = {0};
    for (size_t i = 0; i < 50; i++) {
        struct slot *event = card_insert_event(&card, i / 2);
        assert_memory_equal(event, &zero, sizeof(zero));
        memset(event, 0xff, sizeof(*event));
        struct slot *counter = card_add_counter(&card);
        assert_memory_equal(counter, &zero, sizeof(zero));
        memset(counter, 0xff, sizeof(*counter));
        card_drop_oldest(&card, i % 3 == 0);
        if (i % 4 == 0)
            card_remove_counter(&card, 0);
    }
    card_release(&card);
}

static void card__does_not_grow_while_old_events_go(void **state)
{
    (void)state;
    struct card card;
    card_init(&card);
    *card_add_counter(&card) = (struct slot){.time_ms = 9, .id = 1};
    for (int64_t t = 0; t < 100000; t++) {
        append(&card, t);
        if (card.event_count > 100)
            card_drop_oldest(&card, 1);
    }
    card_check(&card);
    assert_true(card_spilled_bytes(&card) <= 256 * sizeof(struct slot));
    for (int64_t i = 0; i < 100; i++)
        assert_int_equal(card_events(&card)[i].time_ms, 99900 + i);
    assert_int_equal(card_counters(&card)[0].time_ms, 9);
    card_release(&card);
}

static void card__holds_its_largest_content(void **state)
{
    (void)state;
    struct card card;
    card_init(&card);
    card_reserve(&card, 65535);
    assert_int_equal(card.capacity, 65535);
    for (int64_t t = 0; t < EVENTS_PER_CARD_MAX; t++)
        append(&card, t);
    for (int64_t i = 0; i < OPEN_WINDOWS_MAX; i++)
        *card_add_counter(&card) = (struct slot){.time_ms = i, .id = 1};
    for (int64_t t = EVENTS_PER_CARD_MAX; t < 5 * EVENTS_PER_CARD_MAX; t++) {
        append(&card, t);
        card_drop_oldest(&card, 1);
    }
    card_check(&card);
    assert_int_equal(card.event_count, EVENTS_PER_CARD_MAX);
    assert_int_equal(card.counter_count, OPEN_WINDOWS_MAX);
    card_release(&card);
}

static void card__gives_memory_back(void **state)
{
    (void)state;
    struct card card;
    card_init(&card);
    for (int64_t t = 0; t < 1000; t++)
        append(&card, t);
    card_drop_oldest(&card, 900);
    card_shrink(&card);
    assert_true(card_spilled_bytes(&card) <= 256 * sizeof(struct slot));
    assert_int_equal(card_events(&card)[0].time_ms, 900);
    card_drop_oldest(&card, 97);
    card_shrink(&card);
    assert_int_equal(card_spilled_bytes(&card), 0);
    for (int64_t i = 0; i < 3; i++)
        assert_int_equal(card_events(&card)[i].time_ms, 997 + i);
    card_check(&card);
    card_release(&card);
}

static void holds_id__finds_every_position_and_ids_alone(void **state)
{
    (void)state;
    struct card card;
    card_init(&card);
    for (int64_t i = 0; i < 37; i++) {
        struct slot *slot = append(&card, i);
        slot->id = 1000 + i;
        slot->bits = i % 5 == 0 ? SLOT_BURST(3) : SLOT_HAS_ID | SLOT_LATE(0);
    }
    *card_add_counter(&card) = (struct slot){.id = 7, .bits = 1};
    for (int64_t i = 0; i < 37; i++)
        assert_int_equal(card_holds_id(&card, 1000 + i), i % 5 != 0);
    assert_false(card_holds_id(&card, 999));
    assert_false(card_holds_id(&card, 1037));
    assert_false(card_holds_id(&card, 7));
    card_drop_oldest(&card, 2);
    assert_false(card_holds_id(&card, 1001));
    assert_true(card_holds_id(&card, 1002));
    card_release(&card);
}

static void holds_id__searches_below_the_highest_id_so_far(void **state)
{
    (void)state;
    struct card card;
    card_init(&card);
    for (int64_t i = 0; i < 1000; i++) {
        assert_false(card_holds_id(&card, 3 * i));
        card_insert_filled(&card, (size_t)i,
                           &(struct slot){.time_ms = i, .id = 3 * i, .bits = SLOT_HAS_ID});
        assert_true(card_holds_id(&card, 3 * i));
        assert_true(card_holds_id(&card, 3 * (i / 2)));
        assert_false(card_holds_id(&card, 3 * (i / 2) + 1));
        card_check(&card);
    }
    assert_int_equal(card.id_bound, 2997);
    // a slot that the caller fills in is found as well
    struct slot *slot = append(&card, 1000);
    slot->id = 5000;
    slot->bits = SLOT_HAS_ID;
    assert_true(card_holds_id(&card, 5000));
    assert_false(card_holds_id(&card, 5001));
    assert_int_equal(card.id_bound, 5000);
    card_release(&card);
}

static void holds_id__finds_the_lowest_and_highest_ids(void **state)
{
    (void)state;
    struct card card;
    card_init(&card);
    for (int64_t i = 0; i < 20; i++)
        append(&card, i);
    assert_false(card_holds_id(&card, INT64_MIN));
    assert_false(card_holds_id(&card, INT64_MAX));
    assert_false(card_holds_id(&card, 0));
    card_insert_filled(&card, 20, &(struct slot){.id = INT64_MIN, .bits = SLOT_HAS_ID});
    assert_true(card_holds_id(&card, INT64_MIN));
    card_insert_filled(&card, 21, &(struct slot){.id = INT64_MAX, .bits = SLOT_HAS_ID});
    assert_true(card_holds_id(&card, INT64_MAX));
    card_release(&card);
}

// ---- random operations

static void compare(const struct model *model, struct card *card)
{
    card_check(card);
    assert_int_equal(card->event_count, model->event_count);
    assert_int_equal(card->counter_count, model->counter_count);
    for (size_t i = 0; i < model->event_count; i++)
        assert_true(card_events(card)[i].time_ms == model->events[i]);
    int64_t card_sum = 0;
    int64_t model_sum = 0;
    for (size_t i = 0; i < model->counter_count; i++) {
        card_sum += card_counters(card)[i].time_ms;
        model_sum += model->counters[i];
    }
    assert_true(card_sum == model_sum);
}

static void insert_both(struct model *model, struct card *card, int64_t time_ms)
{
    size_t at = model->event_count;
    while (at > 0 && model->events[at - 1] > time_ms)
        at--;
    memmove(model->events + at + 1, model->events + at,
            (model->event_count - at) * sizeof(model->events[0]));
    model->events[at] = time_ms;
    model->event_count++;
    card_insert_event(card, at)->time_ms = time_ms;
}

static void drop_both(struct model *model, struct card *card, size_t count)
{
    model->event_count -= count;
    memmove(model->events, model->events + count, model->event_count * sizeof(model->events[0]));
    card_drop_oldest(card, count);
}

static void remove_counter_both(struct model *model, struct card *card, size_t index)
{
    int64_t gone = card_counters(card)[index].time_ms;
    size_t at = 0;
    while (model->counters[at] != gone)
        at++;
    model->counters[at] = model->counters[--model->counter_count];
    card_remove_counter(card, index);
}

static void act(struct random *random, struct model *model, struct card *card, size_t target)
{
    uint64_t action = random_below(random, 16);
    if (action < 8 && model->event_count < target)
        insert_both(model, card, random_range(random, -1000, 1000));
    else if (action < 11)
        drop_both(model, card,
                  random_below(random, model->event_count / 4 + 2) % (model->event_count + 1));
    else if (action < 13 && model->counter_count < target) {
        int64_t k = random_range(random, 0, 1 << 30);
        model->counters[model->counter_count++] = k;
        *card_add_counter(card) = (struct slot){.time_ms = k, .id = 1};
    } else if (action < 15 && model->counter_count > 0)
        remove_counter_both(model, card, random_below(random, model->counter_count));
    else if (action == 15)
        card_shrink(card);
}

static void card__equals_a_plain_model_after_any_operations(void **state)
{
    (void)state;
    static struct model model;
    const size_t targets[] = {3, 6, 40, 700};
    for (uint64_t seed = 0; seed < 400; seed++) {
        struct random random;
        random_seed(&random, seed);
        struct card card;
        card_init(&card);
        model.event_count = 0;
        model.counter_count = 0;
        for (size_t i = 0; i < 400; i++) {
            act(&random, &model, &card, targets[seed % 4]);
            compare(&model, &card);
        }
        card_release(&card);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(card__is_empty_after_init_and_after_release),
        cmocka_unit_test(card__keeps_four_slots_inside),
        cmocka_unit_test(card__hands_out_zeroed_slots),
        cmocka_unit_test(card__does_not_grow_while_old_events_go),
        cmocka_unit_test(card__holds_its_largest_content),
        cmocka_unit_test(card__gives_memory_back),
        cmocka_unit_test(holds_id__finds_every_position_and_ids_alone),
        cmocka_unit_test(holds_id__searches_below_the_highest_id_so_far),
        cmocka_unit_test(holds_id__finds_the_lowest_and_highest_ids),
        cmocka_unit_test(card__equals_a_plain_model_after_any_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

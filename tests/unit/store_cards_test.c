// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "lib/random.h"
#include "store/cards.h"

enum { ENTRY_BYTES = 160, PLENTY = 1 << 30 };

static struct token token_number(uint64_t n)
{
    struct random random;
    struct token token;
    random_seed(&random, n);
    uint64_t halves[2] = {random_next(&random), random_next(&random)};
    memcpy(token.bytes, halves, sizeof(halves));
    return token;
}

static struct card_entry *add(struct cards *cards, uint64_t n)
{
    struct token token = token_number(n);
    struct card_entry *entry = cards_add(cards, &token);
    assert_memory_equal(&entry->token, &token, sizeof(token));
    assert_true(card_is_empty(&entry->card));
    assert_true(entry->card.newest_offset == -1);
    entry->card.newest_offset = (int64_t)n;
    return entry;
}

static struct card_entry *find(struct cards *cards, uint64_t n)
{
    struct token token = token_number(n);
    cards_prefetch(cards, &token);
    cards_prefetch_entry(cards, &token);
    struct card_entry *entry = cards_find(cards, &token);
    if (entry != NULL)
        assert_memory_equal(&entry->token, &token, sizeof(token));
    return entry;
}

static void add_events(struct card_entry *entry, size_t count)
{
    for (size_t i = 0; i < count; i++)
        card_insert_event(&entry->card, entry->card.event_count)->time_ms = 1;
}

static void card__is_found_after_it_was_added(void **state)
{
    (void)state;
    struct cards *cards = cards_open(PLENTY);
    assert_null(find(cards, 1));
    struct card_entry *entry = add(cards, 1);
    assert_ptr_equal(find(cards, 1), entry);
    assert_null(find(cards, 2));
    assert_int_equal(cards_count(cards), 1);
    assert_int_equal(cards_bytes(cards), ENTRY_BYTES);
    cards_close(cards);
}

static void entries__keep_their_addresses_while_the_table_grows(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    struct cards *cards = cards_open(PLENTY);
    struct card_entry **entries = calloc(COUNT, sizeof(struct card_entry *));
    assert_non_null(entries);
    for (uint64_t i = 0; i < COUNT; i++)
        entries[i] = add(cards, i);
    for (uint64_t i = 0; i < COUNT; i++) {
        assert_ptr_equal(find(cards, i), entries[i]);
        assert_true(entries[i]->card.newest_offset == (int64_t)i);
        assert_int_equal((uintptr_t)entries[i] % 64, 0);
    }
    assert_null(find(cards, COUNT));
    assert_int_equal(cards_count(cards), COUNT);
    free(entries);
    cards_close(cards);
}

// Tokens that share most of their bytes, as tests make them.
static void tokens_made_by_hand__are_kept_apart(void **state)
{
    (void)state;
    struct cards *cards = cards_open(PLENTY);
    for (size_t at = 0; at < TOKEN_BYTES; at++) {
        for (unsigned value = 1; value < 256; value++) {
            struct token token = {{0}};
            token.bytes[at] = (uint8_t)value;
            assert_null(cards_find(cards, &token));
            assert_non_null(cards_add(cards, &token));
            assert_non_null(cards_find(cards, &token));
        }
    }
    assert_int_equal(cards_count(cards), TOKEN_BYTES * 255);
    cards_close(cards);
}

static void dirty_list__has_the_order_of_the_first_touches(void **state)
{
    (void)state;
    struct cards *cards = cards_open(PLENTY);
    struct card_entry *a = add(cards, 1);
    struct card_entry *b = add(cards, 2);
    add(cards, 3);
    assert_int_equal(cards_dirty_count(cards), 0);
    cards_touch(cards, b);
    cards_touch(cards, a);
    cards_touch(cards, b);
    assert_int_equal(cards_dirty_count(cards), 2);
    assert_ptr_equal(cards_dirty_at(cards, 0), b);
    assert_ptr_equal(cards_dirty_at(cards, 1), a);
    cards_settle(cards, 1);
    assert_int_equal(cards_dirty_count(cards), 0);
    cards_touch(cards, a);
    assert_int_equal(cards_dirty_count(cards), 1);
    assert_ptr_equal(cards_dirty_at(cards, 0), a);
    cards_close(cards);
}

static void bytes__include_the_spilled_blocks(void **state)
{
    (void)state;
    struct cards *cards = cards_open(PLENTY);
    struct card_entry *entry = add(cards, 1);
    add_events(entry, 100);
    cards_touch(cards, entry);
    assert_int_equal(cards_bytes(cards), ENTRY_BYTES + card_spilled_bytes(&entry->card));
    assert_true(cards_bytes(cards) > ENTRY_BYTES + 100 * sizeof(struct slot) - 1);
    card_release(&entry->card);
    cards_touch(cards, entry);
    assert_int_equal(cards_bytes(cards), ENTRY_BYTES);
    cards_close(cards);
}

static void clean_entry__is_evicted_past_the_limit(void **state)
{
    (void)state;
    struct cards *cards = cards_open(10 * ENTRY_BYTES);
    for (uint64_t i = 0; i < 100; i++) {
        assert_int_equal(cards_have_left(cards), i > 10);
        add_events(add(cards, i), 5);
        cards_release_pins(cards);
        assert_true(cards_count(cards) <= 10);
        assert_false(cards_over_limit(cards));
    }
    assert_int_equal(cards_count(cards), 10);
    assert_non_null(find(cards, 99));
    cards_clear(cards);
    assert_false(cards_have_left(cards));
    cards_close(cards);
}

static void entry_in_use__outlives_those_that_are_not(void **state)
{
    (void)state;
    struct cards *cards = cards_open(100 * ENTRY_BYTES);
    add(cards, 0);
    for (uint64_t i = 1; i < 1000; i++) {
        assert_non_null(find(cards, 0));
        add(cards, i);
        cards_release_pins(cards);
    }
    assert_int_equal(cards_count(cards), 100);
    cards_close(cards);
}

// The clock spares once what was used since it last passed.
static void entry_used_now_and_then__outlives_those_that_are_not(void **state)
{
    (void)state;
    struct cards *cards = cards_open(100 * ENTRY_BYTES);
    for (uint64_t i = 0; i < 2000; i++) {
        for (uint64_t hot = 0; hot < 10 && i % 20 == 0; hot++) {
            if (i == 0)
                add(cards, 100000 + hot);
            assert_non_null(find(cards, 100000 + hot));
        }
        cards_release_pins(cards);
        add(cards, i);
        cards_release_pins(cards);
    }
    assert_int_equal(cards_count(cards), 100);
    cards_close(cards);
}

static void evicted_entry__takes_its_bytes_along(void **state)
{
    (void)state;
    struct cards *cards = cards_open(200 * ENTRY_BYTES);
    for (uint64_t i = 0; i < 500; i++) {
        struct card_entry *entry = add(cards, i);
        add_events(entry, i % 50);
        cards_touch(cards, entry);
        cards_settle(cards, i);
        cards_checkpointed(cards, i);
        cards_release_pins(cards);
    }
    assert_true(cards_count(cards) > 10);
    cards_set_limit(cards, 0);
    assert_int_equal(cards_count(cards), 0);
    assert_int_equal(cards_bytes(cards), 0);
    cards_close(cards);
}

static void entry_handed_out__is_not_evicted_before_pins_are_released(void **state)
{
    (void)state;
    struct cards *cards = cards_open(10 * ENTRY_BYTES);
    struct card_entry *entries[50];
    for (uint64_t i = 0; i < 50; i++)
        entries[i] = add(cards, i);
    for (uint64_t i = 0; i < 50; i++)
        assert_ptr_equal(find(cards, i), entries[i]);
    assert_int_equal(cards_count(cards), 50);
    cards_release_pins(cards);
    assert_int_equal(cards_count(cards), 10);
    cards_close(cards);
}

static void unclean_entries__stay_until_their_round_is_stored(void **state)
{
    (void)state;
    struct cards *cards = cards_open(10 * ENTRY_BYTES);
    for (uint64_t i = 0; i < 40; i++)
        cards_touch(cards, add(cards, i));
    cards_release_pins(cards);
    assert_int_equal(cards_count(cards), 40);
    assert_true(cards_over_limit(cards));
    cards_settle(cards, 7);
    cards_touch(cards, find(cards, 3)); // dirty again: the round does not make it clean
    cards_checkpointed(cards, 6);
    cards_release_pins(cards);
    assert_int_equal(cards_count(cards), 40);
    assert_true(cards_over_limit(cards));
    cards_checkpointed(cards, 7);
    assert_false(cards_over_limit(cards));
    cards_release_pins(cards);
    assert_int_equal(cards_count(cards), 10);
    assert_non_null(find(cards, 3));
    cards_close(cards);
}

static void lowered_limit__evicts_at_once(void **state)
{
    (void)state;
    enum { COUNT = 60000 };
    struct cards *cards = cards_open(PLENTY);
    for (uint64_t i = 0; i < COUNT; i++) {
        struct card_entry *entry = add(cards, i);
        if (i % 1000 == 0)
            cards_touch(cards, entry);
    }
    cards_set_limit(cards, 1000 * ENTRY_BYTES);
    assert_int_equal(cards_count(cards), COUNT);
    cards_release_pins(cards);
    cards_set_limit(cards, 500 * ENTRY_BYTES);
    assert_int_equal(cards_count(cards), 500);
    for (uint64_t i = 0; i < COUNT; i += 1000)
        assert_non_null(find(cards, i));
    for (uint64_t i = 0; i < COUNT; i++) {
        if (find(cards, i) == NULL)
            add(cards, i);
    }
    for (uint64_t i = 0; i < COUNT; i++)
        assert_non_null(find(cards, i));
    cards_close(cards);
}

static void clear__forgets_everything_and_keeps_the_limit(void **state)
{
    (void)state;
    struct cards *cards = cards_open(10 * ENTRY_BYTES);
    for (uint64_t i = 0; i < 20; i++) {
        struct card_entry *entry = add(cards, i);
        add_events(entry, 50);
        cards_touch(cards, entry);
    }
    cards_settle(cards, 100);
    cards_checkpointed(cards, 100);
    cards_touch(cards, find(cards, 1));
    cards_clear(cards);
    assert_int_equal(cards_count(cards), 0);
    assert_int_equal(cards_bytes(cards), 0);
    assert_int_equal(cards_dirty_count(cards), 0);
    assert_null(find(cards, 1));
    cards_touch(cards, add(cards, 1));
    cards_settle(cards, 1); // rounds may start anew
    for (uint64_t i = 2; i < 40; i++)
        add(cards, i);
    cards_release_pins(cards);
    assert_int_equal(cards_count(cards), 10);
    cards_close(cards);
}

// ---- against a model ----

enum { MODEL_CARDS = 3000, MODEL_STEPS = 400000 };

enum model_kind { ABSENT, CLEAN, DIRTY, SETTLED };

struct model {
    struct cards *cards;
    struct random random;
    enum model_kind kinds[MODEL_CARDS];
    uint64_t rounds[MODEL_CARDS];
    int64_t values[MODEL_CARDS];
    struct card_entry *pinned[MODEL_CARDS];
    uint64_t dirty[MODEL_CARDS];
    size_t dirty_count;
    uint64_t round;
};

static void model_use(struct model *model, uint64_t n)
{
    struct card_entry *entry = find(model->cards, n);
    if (entry == NULL) {
        assert_true(model->kinds[n] == ABSENT || model->kinds[n] == CLEAN);
        assert_null(model->pinned[n]);
        entry = add(model->cards, n);
        entry->card.newest_offset = model->values[n]; // what a store would give back
        model->kinds[n] = CLEAN;
    }
    assert_true(model->pinned[n] == NULL || model->pinned[n] == entry);
    assert_true(entry->card.newest_offset == model->values[n]);
    model->pinned[n] = entry;
    if (random_chance(&model->random, 1, 2))
        return;
    entry->card.newest_offset = ++model->values[n];
    if (random_chance(&model->random, 1, 20))
        add_events(entry, random_below(&model->random, 30));
    else if (random_chance(&model->random, 1, 5)) {
        card_release(&entry->card);
        entry->card.newest_offset = model->values[n];
    }
    cards_touch(model->cards, entry);
    if (model->kinds[n] != DIRTY)
        model->dirty[model->dirty_count++] = n;
    model->kinds[n] = DIRTY;
}

static void model_settle(struct model *model)
{
    assert_int_equal(cards_dirty_count(model->cards), model->dirty_count);
    for (size_t i = 0; i < model->dirty_count; i++) {
        uint64_t n = model->dirty[i];
        assert_true(cards_dirty_at(model->cards, i)->card.newest_offset == model->values[n]);
        model->kinds[n] = SETTLED;
        model->rounds[n] = model->round;
    }
    cards_settle(model->cards, model->round);
    model->dirty_count = 0;
}

static void model_checkpointed(struct model *model)
{
    uint64_t round = random_below(&model->random, model->round);
    cards_checkpointed(model->cards, round);
    for (size_t n = 0; n < MODEL_CARDS; n++) {
        if (model->kinds[n] == SETTLED && model->rounds[n] <= round)
            model->kinds[n] = CLEAN;
    }
}

static void model_release_pins(struct model *model)
{
    cards_release_pins(model->cards);
    memset(model->pinned, 0, sizeof(model->pinned));
}

static void random_use__never_loses_what_is_not_stored(void **state)
{
    (void)state;
    struct model *model = calloc(1, sizeof(*model));
    assert_non_null(model);
    random_seed(&model->random, 5);
    model->cards = cards_open(1000 * ENTRY_BYTES);
    model->round = 1;
    for (int i = 0; i < MODEL_STEPS; i++) {
        model_use(model, random_below(&model->random, MODEL_CARDS));
        if (random_chance(&model->random, 1, 200))
            model_release_pins(model);
        if (random_chance(&model->random, 1, 300))
            model_settle(model);
        if (random_chance(&model->random, 1, 600))
            model->round++;
        if (random_chance(&model->random, 1, 1000))
            model_checkpointed(model);
        if (random_chance(&model->random, 1, 5000))
            cards_set_limit(model->cards, random_below(&model->random, 2000) * (size_t)ENTRY_BYTES);
    }
    for (uint64_t n = 0; n < MODEL_CARDS; n++) {
        struct card_entry *entry = find(model->cards, n);
        assert_true(entry != NULL || model->kinds[n] == ABSENT || model->kinds[n] == CLEAN);
        assert_true(entry == NULL || entry->card.newest_offset == model->values[n]);
    }
    cards_close(model->cards);
    free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(card__is_found_after_it_was_added),
        cmocka_unit_test(entries__keep_their_addresses_while_the_table_grows),
        cmocka_unit_test(tokens_made_by_hand__are_kept_apart),
        cmocka_unit_test(dirty_list__has_the_order_of_the_first_touches),
        cmocka_unit_test(bytes__include_the_spilled_blocks),
        cmocka_unit_test(clean_entry__is_evicted_past_the_limit),
        cmocka_unit_test(entry_in_use__outlives_those_that_are_not),
        cmocka_unit_test(entry_used_now_and_then__outlives_those_that_are_not),
        cmocka_unit_test(evicted_entry__takes_its_bytes_along),
        cmocka_unit_test(entry_handed_out__is_not_evicted_before_pins_are_released),
        cmocka_unit_test(unclean_entries__stay_until_their_round_is_stored),
        cmocka_unit_test(lowered_limit__evicts_at_once),
        cmocka_unit_test(clear__forgets_everything_and_keeps_the_limit),
        cmocka_unit_test(random_use__never_loses_what_is_not_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

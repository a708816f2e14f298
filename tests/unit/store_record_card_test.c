// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "lib/random.h"
#include "store/record.h"

#define LATE_BITS ((uint64_t)0x5555555555555555)

enum { ROUNDS = 20000, MUTATIONS = 200000 };

static void add_event(struct card *card, int64_t time_ms, uint64_t bits, int64_t id)
{
    struct slot *slot = card_insert_event(card, card->event_count);
    *slot = (struct slot){.time_ms = time_ms, .bits = bits, .id = id};
}

static void add_counter(struct card *card, uint64_t rule, int64_t index, int64_t count)
{
    *card_add_counter(card) = (struct slot){.time_ms = index, .id = count, .bits = rule};
}

static void assert_same_slots(const struct slot *a, const struct slot *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_true(a[i].time_ms == b[i].time_ms);
        assert_true(a[i].bits == b[i].bits);
        assert_true(a[i].id == b[i].id);
    }
}

static void assert_same_card(struct card *a, struct card *b)
{
    assert_true(a->newest_offset == b->newest_offset);
    assert_int_equal(a->event_count, b->event_count);
    assert_int_equal(a->counter_count, b->counter_count);
    assert_same_slots(card_events(a), card_events(b), a->event_count);
    assert_same_slots(card_counters(a), card_counters(b), a->counter_count);
    size_t words = a->event_count > 0 ? card_fact_count(a) : 0;
    assert_int_equal(words, b->event_count > 0 ? card_fact_count(b) : 0);
    if (words > 0)
        assert_memory_equal(card_facts(a, 0), card_facts(b, 0),
                            a->event_count * words * sizeof(uint64_t));
}

// An event with facts, in a card that keeps so many.
static void add_facts(struct card *card, int64_t time_ms, const uint64_t *facts, size_t count)
{
    card_keep_facts(card, count);
    add_event(card, time_ms, 0, 0);
    memcpy(card_facts(card, (size_t)card->event_count - 1), facts, count * sizeof(*facts));
}

static struct buffer encoded(struct card *card)
{
    struct buffer bytes;
    buffer_init(&bytes, 1 << 20);
    assert_true(card_encode(card, &bytes));
    assert_true(bytes.size > 0);
    return bytes;
}

static enum status decode(const struct buffer *bytes, struct card *out)
{
    struct error err = {""};
    card_init(out);
    enum status status = card_decode(buffer_view(bytes), out, &err);
    assert_true((status == STATUS_OK) == (err.text[0] == '\0'));
    return status;
}

static void assert_survives(struct card *card)
{
    struct buffer bytes = encoded(card);
    struct card back;
    assert_int_equal(decode(&bytes, &back), STATUS_OK);
    card_check(&back);
    assert_same_card(card, &back);
    card_release(&back);
    buffer_release(&bytes);
}

static void assert_refused(const void *bytes, size_t size)
{
    // An exact copy on the heap, so that a read past the end is seen.
    struct buffer copy;
    struct card card;
    buffer_init(&copy, size + 1);
    copy.data = malloc(size == 0 ? 1 : size);
    assert_non_null(copy.data);
    memcpy(copy.data, bytes, size);
    copy.size = size;
    assert_int_equal(decode(&copy, &card), STATUS_FATAL);
    assert_true(card_is_empty(&card));
    assert_int_equal(card.capacity, CARD_INLINE_SLOTS);
    buffer_release(&copy);
}

static void card__has_the_documented_bytes(void **state)
{
    (void)state;
    static const uint8_t expected[] = {
        1,    2 << 3 | 2 | 1,             // version; two events, counters, offset
        5,                                // newest offset
        1,                                // one counter
        0x01, 0xd0,           0x0f, 0x0e, // has an id; time 1000; id 7
        0x04, 0x05,                       // in a burst of rule 0; no id; 5 ms later
        2,    0x07,           0x03,       // rule 2; window -4; count 3
    };
    struct card card;
    card_init(&card);
    card.newest_offset = 5;
    add_event(&card, 1000, SLOT_HAS_ID, 7);
    add_event(&card, 1005, SLOT_BURST(0), 0);
    add_counter(&card, 2, -4, 3);
    struct buffer bytes = encoded(&card);
    assert_int_equal(bytes.size, sizeof(expected));
    assert_memory_equal(bytes.data, expected, sizeof(expected));
    buffer_release(&bytes);
    card_release(&card);
}

static void card_with_a_running_count__has_another_version(void **state)
{
    (void)state;
    static const uint8_t expected[] = {
        3,    1 << 3 | 2,             // version; one event, counters
        2,                            // two counters
        0x01, 0x0a,       0x0e,       // has an id; time 5; id 7
        16,   0,          0xac, 0x02, // the running count: 300
        0,    0x0e,       0x01,       // rule 0; window 7; count 1
    };
    struct card card;
    card_init(&card);
    add_event(&card, 5, SLOT_HAS_ID, 7);
    add_counter(&card, COUNTER_PURCHASES, 0, 300);
    add_counter(&card, 0, 7, 1);
    struct buffer bytes = encoded(&card);
    assert_int_equal(bytes.size, sizeof(expected));
    assert_memory_equal(bytes.data, expected, sizeof(expected));
    assert_survives(&card);
    buffer_release(&bytes);
    card_release(&card);
}

static void empty_card__survives_and_is_not_empty_bytes(void **state)
{
    (void)state;
    struct card card;
    card_init(&card);
    assert_survives(&card);
    card.newest_offset = INT64_MAX;
    assert_survives(&card);
    card.newest_offset = 0;
    assert_survives(&card);
}

static void typical_card__is_small(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 7);
    struct card card;
    card_init(&card);
    int64_t time_ms = 1790000000000;
    for (size_t n = 1; n <= 3; n++) {
        add_event(&card, time_ms, SLOT_HAS_ID, random_range(&random, 0, 100000000));
        time_ms += random_range(&random, 0, 60000);
        struct buffer bytes = encoded(&card);
        assert_true(bytes.size <= 12 + 8 * n);
        buffer_release(&bytes);
    }
    card_release(&card);
}

static void extreme_times_and_ids__survive(void **state)
{
    (void)state;
    struct card card;
    card_init(&card);
    add_event(&card, INT64_MIN, SLOT_HAS_ID, INT64_MAX);
    add_event(&card, INT64_MIN, SLOT_HAS_ID, INT64_MIN);
    add_event(&card, -1, SLOT_LATE(RULES_MAX - 1) | SLOT_HAS_ID, -1);
    add_event(&card, 0, SLOT_BURST(RULES_MAX - 1), 0);
    add_event(&card, INT64_MAX, SLOT_HAS_ID, 0);
    add_counter(&card, RULES_MAX - 1, INT64_MIN, INT64_MAX / 2);
    add_counter(&card, 0, INT64_MAX, 1);
    assert_survives(&card);
    card_release(&card);
}

static void full_card__survives(void **state)
{
    (void)state;
    struct card card;
    card_init(&card);
    for (int64_t i = 0; i < EVENTS_PER_CARD_MAX; i++)
        add_event(&card, i / 3, SLOT_HAS_ID, i * 1000003);
    for (int64_t i = 0; i < WINDOWS_PER_CARD_MAX; i++)
        add_counter(&card, (uint64_t)i % 3, i, 1);
    assert_survives(&card);
    card_release(&card);
}

// What the engine asks of a card that came from the store.
static void decoded_card__still_knows_its_ids(void **state)
{
    (void)state;
    for (int64_t count = 1; count < 40; count++) {
        struct card card, back;
        card_init(&card);
        for (int64_t i = 0; i < count; i++)
            add_event(&card, i, SLOT_HAS_ID, i * 7 - 20);
        struct buffer bytes = encoded(&card);
        assert_int_equal(decode(&bytes, &back), STATUS_OK);
        for (int64_t i = 0; i < count; i++)
            assert_true(card_holds_id(&back, i * 7 - 20));
        assert_false(card_holds_id(&back, count * 7 - 20));
        card_release(&back);
        card_release(&card);
        buffer_release(&bytes);
    }
}

static void card_with_dead_slots__is_written_without_them(void **state)
{
    (void)state;
    struct card card;
    card_init(&card);
    for (int64_t i = 0; i < 100; i++)
        add_event(&card, i, SLOT_HAS_ID, i);
    card_drop_oldest(&card, 60);
    assert_survives(&card);
    card_release(&card);
}

// A value that is small in most cases and of any size in the others.
static int64_t any_value(struct random *random)
{
    uint64_t bits = random_next(random);
    return (int64_t)(bits >> random_below(random, 64));
}

static void fill_randomly(struct card *card, struct random *random)
{
    size_t events = random_below(random, random_chance(random, 1, 10) ? 200 : 6);
    size_t counters = random_chance(random, 1, 3) ? random_below(random, 5) : 0;
    int64_t time_ms = any_value(random);
    if (random_chance(random, 1, 2))
        card->newest_offset = random_range(random, 0, INT64_MAX);
    for (size_t i = 0; i < events; i++) {
        bool has_id = random_chance(random, 3, 4);
        uint64_t bits = random_next(random) >> (32 + random_below(random, 32));
        bits &= ~((bits & LATE_BITS) << 1);
        add_event(card, time_ms, bits | (has_id ? SLOT_HAS_ID : 0), has_id ? any_value(random) : 0);
        int64_t step = any_value(random);
        if (step > 0 && time_ms <= INT64_MAX - step)
            time_ms += step;
    }
    for (size_t i = 0; i < counters; i++)
        add_counter(card, random_below(random, RULES_MAX), any_value(random),
                    random_range(random, 1, INT64_MAX / 2));
}

static void any_card__survives(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 1);
    for (int i = 0; i < ROUNDS; i++) {
        struct card card;
        card_init(&card);
        fill_randomly(&card, &random);
        assert_survives(&card);
        card_release(&card);
    }
}

static void truncated_card__is_refused_at_every_length(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 2);
    for (int i = 0; i < 300; i++) {
        struct card card;
        card_init(&card);
        fill_randomly(&card, &random);
        struct buffer bytes = encoded(&card);
        for (size_t size = 0; size < bytes.size; size++)
            assert_refused(bytes.data, size);
        assert_true(buffer_append_byte(&bytes, 0));
        assert_refused(bytes.data, bytes.size);
        buffer_release(&bytes);
        card_release(&card);
    }
}

static void mutate(struct buffer *bytes, struct random *random)
{
    size_t changes = 1 + random_below(random, 3);
    for (size_t i = 0; i < changes; i++)
        bytes->data[random_below(random, bytes->size)] = (uint8_t)random_next(random);
    if (random_chance(random, 1, 4))
        bytes->size = random_below(random, bytes->size + 1);
}

// What is read must be a sound card, and writing it gives a record that reads the same.
static void mutated_card__is_refused_or_sound(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 3);
    size_t taken = 0;
    for (int i = 0; i < MUTATIONS; i++) {
        struct card card, back;
        card_init(&card);
        fill_randomly(&card, &random);
        struct buffer bytes = encoded(&card);
        mutate(&bytes, &random);
        if (decode(&bytes, &back) == STATUS_OK) {
            taken++;
            card_check(&back);
            assert_survives(&back);
        }
        card_release(&back);
        card_release(&card);
        buffer_release(&bytes);
    }
    assert_in_range(taken, MUTATIONS / 20, MUTATIONS - MUTATIONS / 20);
}

static void bad_card__is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        size_t size;
        uint8_t bytes[16];
    } bad[] = {
        {"nothing", 0, {0}},
        {"another version", 2, {2, 0}},
        {"a running count that is not there", 6, {3, 2, 1, 0, 0, 1}},
        {"a reserved flag", 2, {1, 4}},
        {"time wrapping around",
         15,
         {1, 2 << 3, 0, 0x02, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}},
        {"more events than bytes", 4, {1, 31 << 3, 0xff, 0x01}},
        {"an endless number of events",
         12,
         {1, 31 << 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}},
        {"a counter of no rule", 6, {1, 2, 1, RULES_MAX, 0, 1}},
        {"a counter of 0", 6, {1, 2, 1, 0, 0, 0}},
        {"a counter that overflows",
         14,
         {1, 2, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}},
        {"late and in a burst", 4, {1, 1 << 3, 0x06, 0}},
        {"counters of number 0", 3, {1, 2, 0}},
        {"a rule bit past the last rule", 8, {1, 1 << 3, 0x80, 0x80, 0x80, 0x80, 0x20, 0x00}},
        {"an over-long varint",
         14,
         {1, 1 << 3, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}},
        {"a negative offset",
         12,
         {1, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        print_message("  %s\n", bad[i].what);
        assert_refused(bad[i].bytes, bad[i].size);
    }
}

static struct buffer card_of_counters(size_t count)
{
    struct buffer bytes;
    buffer_init(&bytes, 1 << 20);
    assert_true(buffer_append(&bytes, (const uint8_t[]){1, 2}, 2));
    assert_true(buffer_append_varint(&bytes, count));
    for (size_t i = 0; i < count; i++)
        assert_true(buffer_append(&bytes, (const uint8_t[]){0, 2, 1}, 3));
    return bytes;
}

// The engine can add to every card that is read.
static void more_counters_than_can_be_open__are_refused(void **state)
{
    (void)state;
    struct card card;
    struct error err;
    card_init(&card);
    struct buffer most = card_of_counters(OPEN_WINDOWS_MAX);
    struct buffer more = card_of_counters(OPEN_WINDOWS_MAX + 1);
    assert_int_equal(card_decode(buffer_view(&most), &card, &err), STATUS_OK);
    assert_refused(more.data, more.size);
    card_release(&card);
    buffer_release(&most);
    buffer_release(&more);
}

static void card_encode__uses_the_buffer_to_its_last_byte(void **state)
{
    (void)state;
    struct card card;
    card_init(&card);
    add_event(&card, 1790000000000, SLOT_HAS_ID, 12345);
    struct buffer bytes = encoded(&card);
    struct buffer exact, small;
    buffer_init(&exact, bytes.size);
    buffer_init(&small, bytes.size - 1);
    assert_true(card_encode(&card, &exact));
    assert_true(view_equal(buffer_view(&bytes), buffer_view(&exact)));
    assert_false(card_encode(&card, &exact));
    assert_int_equal(exact.size, bytes.size);
    assert_false(card_encode(&card, &small));
    assert_int_equal(small.size, 0);
    buffer_release(&bytes);
    buffer_release(&exact);
    buffer_release(&small);
    card_release(&card);
}

static void facts__survive(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 7);
    for (size_t round = 0; round < 500; round++) {
        struct card card;
        card_init(&card);
        size_t words = 1 + random_below(&random, FACTS_MAX);
        size_t count = random_below(&random, 60);
        for (size_t i = 0; i < count; i++) {
            uint64_t facts[FACTS_MAX];
            for (size_t w = 0; w < words; w++)
                facts[w] = random_next(&random) >> random_below(&random, 64);
            add_facts(&card, (int64_t)i * 1000, facts, words);
        }
        if (random_chance(&random, 1, 2))
            add_counter(&card, 3, 77, 5);
        assert_survives(&card);
        struct buffer bytes = encoded(&card);
        assert_int_equal(bytes.data[0], count > 0 ? 2 : 1);
        if (count > 0)
            assert_refused(bytes.data, bytes.size - 1);
        buffer_release(&bytes);
        card_release(&card);
    }
}

static void facts__have_their_bytes(void **state)
{
    (void)state;
    struct card card;
    card_init(&card);
    add_facts(&card, 1, (const uint64_t[]){123400, 5}, 2);
    add_facts(&card, 3, (const uint64_t[]){123401, 5}, 2);
    struct buffer bytes = encoded(&card);
    static const uint8_t expected[] = {2, 2 << 3, 2, 0, 2, 0x88, 0xc4, 7, 5, 0, 2, 1, 0};
    assert_int_equal(bytes.size, sizeof(expected));
    assert_memory_equal(bytes.data, expected, sizeof(expected));
    static const uint8_t no_facts[] = {2, 1 << 3, 0, 0, 2};
    static const uint8_t too_many[] = {2, 1 << 3, FACTS_MAX + 1, 0, 2, 0, 0, 0, 0, 0};
    static const uint8_t no_events[] = {2, 0, 1};
    assert_refused(no_facts, sizeof(no_facts));
    assert_refused(too_many, sizeof(too_many));
    assert_refused(no_events, sizeof(no_events));
    buffer_release(&bytes);
    card_release(&card);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts__survive),
        cmocka_unit_test(facts__have_their_bytes),
        cmocka_unit_test(card__has_the_documented_bytes),
        cmocka_unit_test(empty_card__survives_and_is_not_empty_bytes),
        cmocka_unit_test(typical_card__is_small),
        cmocka_unit_test(extreme_times_and_ids__survive),
        cmocka_unit_test(full_card__survives),
        cmocka_unit_test(decoded_card__still_knows_its_ids),
        cmocka_unit_test(card_with_dead_slots__is_written_without_them),
        cmocka_unit_test(any_card__survives),
        cmocka_unit_test(truncated_card__is_refused_at_every_length),
        cmocka_unit_test(mutated_card__is_refused_or_sound),
        cmocka_unit_test(card_with_a_running_count__has_another_version),
        cmocka_unit_test(bad_card__is_refused),
        cmocka_unit_test(more_counters_than_can_be_open__are_refused),
        cmocka_unit_test(card_encode__uses_the_buffer_to_its_last_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

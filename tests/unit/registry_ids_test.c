// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "registry/ids.h"

enum { UNKNOWN_AFTER_MS = 10 * 1000 };

struct fixture {
    struct ids ids;
    int64_t now_ms;
};

static int set_up(void **state)
{
    struct fixture *fixture = memory_zeroed(1, sizeof *fixture);
    ids_init(&fixture->ids, UNKNOWN_AFTER_MS, 1);
    fixture->now_ms = 1000;
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    ids_release(&fixture->ids);
    free(fixture);
    return 0;
}

static enum registry_answer ask(struct fixture *fixture, uint32_t id)
{
    struct view schema;
    return ids_ask(&fixture->ids, id, fixture->now_ms, &schema);
}

static enum ids_step next(struct fixture *fixture, uint32_t *id, int64_t *wait_ms)
{
    return ids_next(&fixture->ids, fixture->now_ms, id, wait_ms);
}

// Lets the time pass until something is to be fetched; it is `id`.
static void advance_to_fetch(struct fixture *fixture, uint32_t id)
{
    uint32_t due;
    int64_t wait_ms;
    for (;;) {
        enum ids_step step = next(fixture, &due, &wait_ms);
        if (step == IDS_FETCH)
            break;
        if (step == IDS_LOOK_UP) {
            ids_looked_up(&fixture->ids, due);
            continue;
        }
        assert_true(wait_ms > 0 && wait_ms < INT64_MAX);
        fixture->now_ms += wait_ms;
    }
    assert_int_equal(due, id);
}

static bool arrive(struct fixture *fixture, uint32_t id, const char *text)
{
    return ids_arrived(&fixture->ids, id, memory_text(text), strlen(text), fixture->now_ms);
}

static void miss_until_unknown(struct fixture *fixture, uint32_t id)
{
    while (ask(fixture, id) == REGISTRY_PENDING) {
        advance_to_fetch(fixture, id);
        ids_missing(&fixture->ids, id, fixture->now_ms);
    }
}

static void ids__nothing_to_do_before_anything_is_asked_for(void **state)
{
    uint32_t id;
    int64_t wait_ms = 0;
    assert_int_equal(next(*state, &id, &wait_ms), IDS_WAIT);
    assert_true(wait_ms == INT64_MAX);
}

static void ids__looks_on_disk_then_fetches_then_serves(void **state)
{
    struct fixture *fixture = *state;
    uint32_t id = 0;
    int64_t wait_ms;
    assert_int_equal(ask(fixture, 7), REGISTRY_PENDING);
    assert_int_equal(ask(fixture, 7), REGISTRY_PENDING);
    assert_int_equal(next(fixture, &id, &wait_ms), IDS_LOOK_UP);
    assert_int_equal(id, 7);
    ids_looked_up(&fixture->ids, 7);
    assert_int_equal(next(fixture, &id, &wait_ms), IDS_FETCH);
    assert_int_equal(id, 7);
    assert_true(arrive(fixture, 7, "text"));
    struct view schema;
    assert_int_equal(ids_ask(&fixture->ids, 7, fixture->now_ms, &schema), REGISTRY_READY);
    assert_int_equal(schema.size, 4);
    assert_memory_equal(schema.data, "text", 4);
    assert_int_equal(next(fixture, &id, &wait_ms), IDS_WAIT);
}

static void ids__keeps_every_schema_whatever_the_order_of_ids(void **state)
{
    struct fixture *fixture = *state;
    char text[32];
    for (uint32_t i = 0; i < 3000; i++) {
        uint32_t id = i * 2654435761u; // all over the range, 0 included
        ask(fixture, id);
        snprintf(text, sizeof text, "%u", (unsigned)id);
        assert_true(arrive(fixture, id, text));
    }
    for (uint32_t i = 0; i < 3000; i++) {
        uint32_t id = i * 2654435761u;
        struct view schema;
        assert_int_equal(ids_ask(&fixture->ids, id, fixture->now_ms, &schema), REGISTRY_READY);
        snprintf(text, sizeof text, "%u", (unsigned)id);
        assert_true(view_equal(schema, view_text(text)));
    }
}

static void ids__is_unknown_after_ten_seconds_of_such_answers(void **state)
{
    struct fixture *fixture = *state;
    int64_t start_ms = fixture->now_ms;
    miss_until_unknown(fixture, 7);
    assert_int_equal(fixture->now_ms - start_ms, UNKNOWN_AFTER_MS);
    assert_int_equal(ask(fixture, 7), REGISTRY_UNKNOWN);
    uint32_t id;
    int64_t wait_ms;
    assert_int_equal(next(fixture, &id, &wait_ms), IDS_WAIT);
    assert_true(wait_ms == INT64_MAX);
    assert_false(ids_failing(&fixture->ids));
}

static void ids__an_outage_in_between_starts_the_ten_seconds_anew(void **state)
{
    struct fixture *fixture = *state;
    ask(fixture, 7);
    advance_to_fetch(fixture, 7);
    ids_missing(&fixture->ids, 7, fixture->now_ms);
    fixture->now_ms += UNKNOWN_AFTER_MS - 1;
    ids_failed(&fixture->ids, 7, fixture->now_ms, true);
    assert_true(ids_failing(&fixture->ids));
    advance_to_fetch(fixture, 7);
    int64_t back_ms = fixture->now_ms;
    miss_until_unknown(fixture, 7);
    assert_int_equal(fixture->now_ms - back_ms, UNKNOWN_AFTER_MS);
}

static void ids__a_verdict_is_confirmed_by_one_more_fetch(void **state)
{
    struct fixture *fixture = *state;
    miss_until_unknown(fixture, 7);
    fixture->now_ms += IDS_VERDICT_MS;
    assert_int_equal(ask(fixture, 7), REGISTRY_PENDING);
    advance_to_fetch(fixture, 7);
    ids_missing(&fixture->ids, 7, fixture->now_ms);
    assert_int_equal(ask(fixture, 7), REGISTRY_UNKNOWN);

    fixture->now_ms += IDS_VERDICT_MS;
    assert_int_equal(ask(fixture, 7), REGISTRY_PENDING);
    assert_true(arrive(fixture, 7, "late"));
    assert_int_equal(ask(fixture, 7), REGISTRY_READY);
}

static void ids__a_verdict_is_told_once_to_whoever_asks_rarely(void **state)
{
    struct fixture *fixture = *state;
    ask(fixture, 7);
    int64_t end_ms = fixture->now_ms + UNKNOWN_AFTER_MS;
    while (fixture->now_ms < end_ms) {
        advance_to_fetch(fixture, 7);
        ids_missing(&fixture->ids, 7, fixture->now_ms);
    }
    fixture->now_ms += 3 * IDS_VERDICT_MS;
    assert_int_equal(ask(fixture, 7), REGISTRY_UNKNOWN);
    assert_int_equal(ask(fixture, 7), REGISTRY_PENDING);
}

static void ids__after_a_long_silence_everything_starts_anew(void **state)
{
    struct fixture *fixture = *state;
    miss_until_unknown(fixture, 7);
    fixture->now_ms += UNKNOWN_AFTER_MS + IDS_VERDICT_MS;
    int64_t start_ms = fixture->now_ms;
    assert_int_equal(ask(fixture, 7), REGISTRY_PENDING);
    miss_until_unknown(fixture, 7);
    assert_int_equal(fixture->now_ms - start_ms, UNKNOWN_AFTER_MS);
}

static void ids__an_outage_holds_back_every_fetch_but_no_look_up(void **state)
{
    struct fixture *fixture = *state;
    uint32_t id;
    int64_t wait_ms;
    ask(fixture, 7);
    advance_to_fetch(fixture, 7);
    ids_failed(&fixture->ids, 7, fixture->now_ms, true);
    ask(fixture, 8);
    assert_int_equal(next(fixture, &id, &wait_ms), IDS_LOOK_UP);
    assert_int_equal(id, 8);
    ids_looked_up(&fixture->ids, 8);
    assert_int_equal(next(fixture, &id, &wait_ms), IDS_WAIT);
    assert_in_range(wait_ms, IDS_BACKOFF_MS_MIN / 2, IDS_BACKOFF_MS_MIN);
    fixture->now_ms += wait_ms;
    advance_to_fetch(fixture, 8);
    assert_true(arrive(fixture, 8, "x"));
    assert_true(ids_failing(&fixture->ids)); // 7 is still out
    advance_to_fetch(fixture, 7);
    assert_true(arrive(fixture, 7, "x"));
    assert_false(ids_failing(&fixture->ids));
}

static void ids__one_bad_id_does_not_hold_back_the_others(void **state)
{
    struct fixture *fixture = *state;
    uint32_t id;
    int64_t wait_ms;
    ask(fixture, 7);
    advance_to_fetch(fixture, 7);
    ids_failed(&fixture->ids, 7, fixture->now_ms, false);
    ask(fixture, 8);
    assert_int_equal(next(fixture, &id, &wait_ms), IDS_LOOK_UP);
    ids_looked_up(&fixture->ids, 8);
    assert_int_equal(next(fixture, &id, &wait_ms), IDS_FETCH);
    assert_int_equal(id, 8);
}

static void ids__never_gives_up_and_never_hurries(void **state)
{
    struct fixture *fixture = *state;
    ask(fixture, 7);
    int64_t last_ms = 0;
    for (int i = 0; i < 1000; i++) {
        advance_to_fetch(fixture, 7);
        if (i > 8)
            assert_in_range(fixture->now_ms - last_ms, IDS_BACKOFF_MS_MAX / 2, IDS_BACKOFF_MS_MAX);
        last_ms = fixture->now_ms;
        ids_failed(&fixture->ids, 7, fixture->now_ms, true);
        assert_int_equal(ask(fixture, 7), REGISTRY_PENDING);
    }
    advance_to_fetch(fixture, 7);
    assert_true(arrive(fixture, 7, "x"));
}

static void ids__bounds_what_is_wanted_and_forgets_verdicts_first(void **state)
{
    struct fixture *fixture = *state;
    miss_until_unknown(fixture, 1);
    for (uint32_t id = 2; id < 2 * IDS_WANTED_MAX; id++)
        assert_int_equal(ask(fixture, id), REGISTRY_PENDING);
    assert_int_equal(fixture->ids.wanted_count, IDS_WANTED_MAX);
    assert_int_equal(ask(fixture, 1), REGISTRY_PENDING); // forgotten, and no room for it
    assert_true(arrive(fixture, 2, "x"));
    assert_int_equal(ask(fixture, 1), REGISTRY_PENDING);
    assert_int_equal(fixture->ids.wanted_count, IDS_WANTED_MAX);
    assert_true(arrive(fixture, 1, "x"));
}

static void ids__bounds_the_memory_of_schemas(void **state)
{
    struct fixture *fixture = *state;
    fixture->ids.ready_bytes = IDS_READY_BYTES_MAX - 3;
    ask(fixture, 7);
    assert_false(arrive(fixture, 7, "four"));
    assert_true(ids_failing(&fixture->ids));
    assert_int_equal(ask(fixture, 7), REGISTRY_PENDING);
    assert_true(arrive(fixture, 7, "two"));
    fixture->ids.ready_count = IDS_READY_MAX;
    ask(fixture, 8);
    assert_false(arrive(fixture, 8, ""));
    fixture->ids.ready_count = 1;
}

static void ids__backs_off_from_a_tenth_of_a_second_to_five(void **state)
{
    (void)state;
    static const int64_t whole_ms[] = {100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000};
    struct random jitter;
    random_seed(&jitter, 7);
    for (uint32_t attempt = 1; attempt <= sizeof whole_ms / sizeof *whole_ms; attempt++) {
        int64_t whole = whole_ms[attempt - 1];
        int64_t lowest = INT64_MAX;
        int64_t highest = 0;
        for (int i = 0; i < 1000; i++) {
            int64_t pause_ms = ids_backoff_ms(&jitter, attempt);
            lowest = pause_ms < lowest ? pause_ms : lowest;
            highest = pause_ms > highest ? pause_ms : highest;
        }
        assert_in_range(lowest, whole / 2, whole / 2 + whole / 20);
        assert_in_range(highest, whole - whole / 20, whole);
    }
    assert_in_range(ids_backoff_ms(&jitter, UINT32_MAX), 2500, 5000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(ids__nothing_to_do_before_anything_is_asked_for),
        TEST(ids__looks_on_disk_then_fetches_then_serves),
        TEST(ids__keeps_every_schema_whatever_the_order_of_ids),
        TEST(ids__is_unknown_after_ten_seconds_of_such_answers),
        TEST(ids__an_outage_in_between_starts_the_ten_seconds_anew),
        TEST(ids__a_verdict_is_confirmed_by_one_more_fetch),
        TEST(ids__a_verdict_is_told_once_to_whoever_asks_rarely),
        TEST(ids__after_a_long_silence_everything_starts_anew),
        TEST(ids__an_outage_holds_back_every_fetch_but_no_look_up),
        TEST(ids__one_bad_id_does_not_hold_back_the_others),
        TEST(ids__never_gives_up_and_never_hurries),
        TEST(ids__bounds_what_is_wanted_and_forgets_verdicts_first),
        TEST(ids__bounds_the_memory_of_schemas),
        TEST(ids__backs_off_from_a_tenth_of_a_second_to_five),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

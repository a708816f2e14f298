// SPDX-License-Identifier: Apache-2.0
// Running counts as the topic shows them, through crashes, restarts and lost state.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/murmur2.h"
#include "lib/stream_fixture.h"
#include "stream/counts.h"

static const int64_t start_ms = 1700000000000;

static void open_counting(struct stream_fixture *f, bool at_least_once)
{
    stream_fixture_open(f, &(struct fixture_options){.partitions = 2,
                                                     .at_least_once = at_least_once,
                                                     .commit_interval_ms = 1000});
    struct engine_settings settings = f->settings.engine.settings;
    settings.count_purchases = true;
    assert_int_equal(engine_init(&f->settings.engine, &settings, &f->err), STATUS_OK);
    f->settings.write_counts = true;
}

// The last value of the card, -1: none; *records: how many it has.
static int64_t last_count(struct stream_fixture *f, const char *card, size_t *records)
{
    int64_t last = -1;
    struct fake_records all = fake_read(f->cluster, "purchase-counts");
    *records = 0;
    for (size_t i = 0; i < all.count; i++) {
        const struct fake_record *record = all.items[i];
        if (!view_equal(record->key, view_text(card)))
            continue;
        char text[32] = {0};
        assert_true(record->value.size < sizeof(text));
        memcpy(text, record->value.data, record->value.size);
        char *end;
        int64_t count = strtoll(text, &end, 10);
        assert_true(end == text + record->value.size && count >= last);
        last = count;
        ++*records;
    }
    fake_records_release(&all);
    return last;
}

static void assert_count(struct stream_fixture *f, const char *card, int64_t expected)
{
    size_t records;
    assert_int_equal(last_count(f, card, &records), expected);
}

static void send(struct stream_fixture *f, const char *card, int count, int64_t event_ms)
{
    for (int i = 0; i < count; i++)
        fixture_purchase(f, card, event_ms + i);
}

static void cards__are_written_once_a_commit(void **state)
{
    (void)state;
    struct stream_fixture f;
    size_t records;
    open_counting(&f, false);
    send(&f, "card-a", 2, start_ms);
    send(&f, "card-b", 1, start_ms);
    send(&f, "card-a", 1, start_ms + 3600000);
    fixture_start(&f, 0);
    fixture_settle(&f);
    assert_int_equal(last_count(&f, "card-a", &records), 3);
    assert_int_equal(records, 1);
    assert_int_equal(last_count(&f, "card-b", &records), 1);
    send(&f, "card-a", 1, start_ms);
    fixture_settle(&f);
    assert_int_equal(last_count(&f, "card-a", &records), 4);
    assert_int_equal(records, 2);
    stream_fixture_close(&f);
}

static void nothing__is_written_when_it_is_off(void **state)
{
    (void)state;
    struct stream_fixture f;
    size_t records;
    open_counting(&f, false);
    f.settings.write_counts = false; // a replay counts, and says nothing
    send(&f, "card-a", 3, start_ms);
    fixture_start(&f, 0);
    fixture_settle(&f);
    assert_int_equal(last_count(&f, "card-a", &records), -1);
    stream_fixture_close(&f);
}

static void survives(bool at_least_once, bool lose_state)
{
    struct stream_fixture f;
    open_counting(&f, at_least_once);
    for (int round = 1; round <= 6; round++) {
        fixture_start(&f, 0);
        send(&f, "card-a", 2, start_ms + round * 24 * 3600000LL); // far past every window
        send(&f, "card-b", 1, start_ms + round * 24 * 3600000LL);
        fixture_settle(&f);
        send(&f, "card-a", 1, start_ms + round * 24 * 3600000LL + 100);
        for (int i = 0; i < round; i++)
            assert_int_equal(fixture_step(&f), STATUS_OK);
        fixture_crash(&f, 0, lose_state);
    }
    fixture_start(&f, 0);
    fixture_settle(&f);
    assert_count(&f, "card-a", 18);
    assert_count(&f, "card-b", 6);
    stream_fixture_close(&f);
}

static void crashes__neither_lose_nor_repeat_a_count(void **state)
{
    (void)state;
    survives(false, false);
    survives(false, true);
    survives(true, false);
    survives(true, true);
}

// An alert commits its partition; the other's counts wait for their own offsets.
static void partition_left_out_of_a_commit__keeps_its_counts_for_later(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){.partitions = 2, .commit_interval_ms = 5000});
    f.settings.engine.settings.count_purchases = true;
    f.settings.write_counts = true;
    fixture_start(&f, 0);
    const char *cards[2] = {NULL, NULL};
    static char texts[64][16];
    for (int i = 0; i < 64; i++) {
        snprintf(texts[i], sizeof(texts[i]), "card-%d", i);
        cards[murmur2_partition(view_text(texts[i]), 2)] = texts[i];
    }
    send(&f, cards[0], 1, start_ms);
    send(&f, cards[1], 3, start_ms);
    while (f.processes[0].worker->counters.commits == 0)
        assert_int_equal(fixture_step(&f), STATUS_OK);
    assert_count(&f, cards[0], -1);
    assert_count(&f, cards[1], 3);
    fixture_settle(&f);
    assert_count(&f, cards[0], 1);
    stream_fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cards__are_written_once_a_commit),
        cmocka_unit_test(nothing__is_written_when_it_is_off),
        cmocka_unit_test(crashes__neither_lose_nor_repeat_a_count),
        cmocka_unit_test(partition_left_out_of_a_commit__keeps_its_counts_for_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

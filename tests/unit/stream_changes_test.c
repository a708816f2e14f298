// SPDX-License-Identifier: Apache-2.0
// What a commit writes to the changelog.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "lib/stream_fixture.h"

static const int64_t base_ms = 1700000000000;
static const char changelog[] = "cardwatch-windows-changelog";

static void one_record_a_changed_card__and_the_meta_record_last(void **state)
{
    (void)state;
    struct stream_fixture f;
    struct error err;
    stream_fixture_open(&f, &(struct fixture_options){0});
    for (int i = 0; i < 9; i++)
        fixture_purchase(&f, i % 3 == 0 ? "a" : i % 3 == 1 ? "b" : "c", base_ms + i * 1000000);
    fixture_start(&f, 0);
    fixture_settle(&f);
    struct fake_records records = fake_read(f.cluster, changelog);
    assert_int_equal(records.count, 4);
    uint64_t incarnation = 0;
    struct token token;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(changelog_key_decode(records.items[i]->key, &incarnation, &token),
                         CHANGELOG_KEY_CARD);
    struct meta meta;
    assert_int_equal(changelog_key_decode(records.items[3]->key, &incarnation, &token),
                     CHANGELOG_KEY_META);
    assert_int_equal(meta_decode(records.items[3]->value, &meta, &err), STATUS_OK);
    assert_int_equal(meta.incarnation, incarnation);
    assert_int_equal(meta.input_offset, 9);
    assert_true(meta.stream_time.known);
    assert_int_equal(meta.stream_time.ms, base_ms + 8 * 1000000);
    assert_string_equal(meta.transactional_id, "cardwatch-0");
    assert_memory_equal(meta.fingerprint, f.settings.fingerprint, FINGERPRINT_BYTES);
    fake_records_release(&records);
    stream_fixture_close(&f);
}

static void no_card_number__is_in_the_changelog(void **state)
{
    (void)state;
    static const char card[] = "4111111111111111";
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){0});
    for (int i = 0; i < 5; i++)
        fixture_purchase(&f, card, base_ms + i);
    fixture_start(&f, 0);
    fixture_settle(&f);
    struct fake_records records = fake_read_raw(f.cluster, changelog);
    assert_true(records.count > 1);
    for (size_t i = 0; i < records.count; i++) {
        const struct fake_record *record = records.items[i];
        if (record->key.data != NULL)
            assert_null(memmem(record->key.data, record->key.size, card, 4));
        if (record->value.data != NULL)
            assert_null(memmem(record->value.data, record->value.size, card, 8));
    }
    fake_records_release(&records);
    stream_fixture_close(&f);
}

static void more_cards_than_a_chunk__are_all_written_once(void **state)
{
    (void)state;
    enum { CARDS = 5000 };
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){.commit_interval_ms = 5000});
    fake_cluster_knobs(f.cluster)->batch_max = CARDS;
    for (int i = 0; i < CARDS; i++) {
        char card[32];
        snprintf(card, sizeof(card), "card-%d", i);
        fixture_purchase(&f, card, base_ms);
    }
    fixture_start(&f, 0);
    fixture_settle(&f);
    struct fake_records records = fake_read(f.cluster, changelog);
    assert_int_equal(records.count, CARDS + 1);
    fake_records_release(&records);
    assert_int_equal(f.processes[0].worker->counters.changelog_records, CARDS);
    stream_fixture_close(&f);
}

static void expired_card_in_memory__gets_a_tombstone(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){0});
    fixture_start(&f, 0);
    fixture_purchase(&f, "old", base_ms);
    fixture_settle(&f);
    fake_clock_advance(f.cluster, 1000);
    for (int i = 0; i < 10; i++) { // the checkpoint, then the sweep behind it
        fixture_purchase(&f, "new", base_ms + 2000000 + i * 1000);
        fixture_settle(&f);
        fake_clock_advance(f.cluster, 1000);
    }
    fake_compact(f.cluster, changelog, 0, true);
    struct fake_records records = fake_read(f.cluster, changelog);
    assert_int_equal(records.count, 2); // the new card, and the meta record
    fake_records_release(&records);
    stream_fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_record_a_changed_card__and_the_meta_record_last),
        cmocka_unit_test(no_card_number__is_in_the_changelog),
        cmocka_unit_test(more_cards_than_a_chunk__are_all_written_once),
        cmocka_unit_test(expired_card_in_memory__gets_a_tombstone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

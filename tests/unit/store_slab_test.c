// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "store/slab.h"

enum { MANY = 3 * SLAB_CHUNK_ENTRIES + 10 };

static uint32_t slots[MANY];

static void take_many(struct slab *slab)
{
    for (size_t i = 0; i < MANY; i++) {
        slots[i] = slab_take(slab);
        slab_state(slab, slots[i])->kind = SLOT_CLEAN;
        memset(slab_entry(slab, slots[i]), (int)(i % 251), sizeof(struct card_entry));
    }
}

static void slots__know_their_entries_and_entries_their_slots(void **state)
{
    (void)state;
    struct slab slab;
    slab_init(&slab);
    assert_int_equal(slab_end(&slab), 0);
    take_many(&slab);
    for (size_t i = 0; i < MANY; i++) {
        const struct card_entry *entry = slab_entry(&slab, slots[i]);
        assert_true(slab_slot_exists(slots[i]) && slots[i] < slab_end(&slab));
        assert_int_equal(slab_slot_of(entry), slots[i]);
        assert_int_equal(entry->token.bytes[0], i % 251);
        assert_int_equal(entry->token.bytes[TOKEN_BYTES - 1], i % 251);
        assert_int_equal(slab_state(&slab, slots[i])->kind, SLOT_CLEAN);
    }
    slab_release(&slab);
}

static void slot_given_back__is_taken_again_with_a_fresh_state(void **state)
{
    (void)state;
    struct slab slab;
    slab_init(&slab);
    take_many(&slab);
    slab_state(&slab, slots[20000])->round = 9;
    slab_give_back(&slab, slots[20000]);
    slab_give_back(&slab, slots[7]);
    assert_int_equal(slab_take(&slab), slots[7]);
    assert_int_equal(slab_take(&slab), slots[20000]);
    assert_int_equal(slab_state(&slab, slots[20000])->round, 0);
    assert_int_equal(slab_state(&slab, slots[20000])->kind, SLOT_FREE);
    assert_int_equal(slab.chunk_count, 4);
    slab_release(&slab);
}

static void trim__frees_the_empty_chunks_at_the_end_alone(void **state)
{
    (void)state;
    struct slab slab;
    slab_init(&slab);
    take_many(&slab);
    for (size_t i = 0; i < MANY; i++) {
        if (i != SLAB_CHUNK_ENTRIES + 1)
            slab_give_back(&slab, slots[i]);
    }
    slab_trim(&slab);
    assert_int_equal(slab.chunk_count, 2);
    assert_int_equal(slab.given_back_count, 2 * SLAB_CHUNK_ENTRIES - 1);
    for (size_t i = 0; i < 2 * SLAB_CHUNK_ENTRIES - 1; i++)
        assert_true(slab_take(&slab) < slab_end(&slab));
    assert_int_equal(slab.given_back_count, 0);
    assert_int_equal(slab_take(&slab) >> SLAB_CHUNK_SHIFT, 2); // a new chunk
    slab_release(&slab);
}

static void pages__are_zeroed_and_aligned_when_large(void **state)
{
    (void)state;
    static const size_t sizes[] = {4096, SLAB_CHUNK_BYTES / 2, SLAB_CHUNK_BYTES,
                                   4 * (size_t)SLAB_CHUNK_BYTES};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint8_t *pages = pages_take(sizes[i]);
        if (sizes[i] >= SLAB_CHUNK_BYTES)
            assert_int_equal((uintptr_t)pages % SLAB_CHUNK_BYTES, 0);
        for (size_t at = 0; at < sizes[i]; at += 512)
            assert_int_equal(pages[at], 0);
        pages[sizes[i] - 1] = 1;
        pages_give_back(pages, sizes[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots__know_their_entries_and_entries_their_slots),
        cmocka_unit_test(slot_given_back__is_taken_again_with_a_fresh_state),
        cmocka_unit_test(trim__frees_the_empty_chunks_at_the_end_alone),
        cmocka_unit_test(pages__are_zeroed_and_aligned_when_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

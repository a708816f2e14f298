// SPDX-License-Identifier: Apache-2.0
// The tests' own store in memory keeps the contract that the one on LMDB keeps.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "lib/fake_store.h"
#include "lib/store_contract.h"

// The directory lasts as a disk does.
static void restart(struct store_contract *contract)
{
    assert_int_equal(fake_store_open_count(contract->dir), 0);
}

static int set_up(void **state)
{
    struct store_contract *contract = calloc(1, sizeof(*contract));
    *contract = (struct store_contract){.dir = fake_store_dir_open(), .restart = restart};
    fake_store_set_polls(contract->dir, 2);
    *state = contract;
    return 0;
}

static int tear_down(void **state)
{
    struct store_contract *contract = *state;
    contract->dir->ops->close(contract->dir);
    free(contract);
    return 0;
}

static struct store *open_store(struct store_contract *contract)
{
    struct store *store = NULL;
    assert_int_equal(contract->dir->ops->open(contract->dir, 0, &store, NULL), STATUS_OK);
    return store;
}

static void start(struct store *store, uint64_t number)
{
    struct token token = contract_token(number);
    struct checkpoint checkpoint = {.changelog_offset = (int64_t)number};
    store->ops->stage(store, &token, view_text("value"));
    store->ops->checkpoint_start(store, &checkpoint);
}

static enum status poll(struct store *store, bool wait, bool *running)
{
    return store->ops->checkpoint_poll(store, wait, running, NULL);
}

static int64_t loaded_offset(struct store *store)
{
    struct checkpoint checkpoint;
    bool found;
    assert_int_equal(store->ops->load(store, &checkpoint, &found, NULL), STATUS_OK);
    return found ? checkpoint.changelog_offset : -1;
}

static void checkpoint__ends_after_as_many_polls_as_were_set(void **state)
{
    struct store *store = open_store(*state);
    bool running;
    start(store, 1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(poll(store, false, &running), STATUS_OK);
        assert_true(running);
    }
    assert_int_equal(poll(store, false, &running), STATUS_OK);
    assert_false(running);
    assert_int_equal(loaded_offset(store), 1);
    store->ops->close(store);
}

static void failed_checkpoint__leaves_the_one_before(void **state)
{
    struct store_contract *contract = *state;
    struct store *store = open_store(contract);
    bool running;
    fake_store_fail_checkpoint(contract->dir, 2);
    start(store, 1);
    assert_int_equal(poll(store, true, &running), STATUS_OK);
    start(store, 2);
    assert_int_equal(poll(store, true, &running), STATUS_FATAL);
    start(store, 3);
    assert_int_equal(poll(store, true, &running), STATUS_FATAL);
    store->ops->close(store);
    store = open_store(contract);
    assert_int_equal(loaded_offset(store), 1);
    assert_int_equal(store->ops->card_count(store), 1);
    assert_int_equal(fake_store_checkpoint_count(contract->dir), 1);
    store->ops->close(store);
}

static void crash__loses_what_runs_and_what_is_done_after(void **state)
{
    struct store_contract *contract = *state;
    bool running;
    for (int64_t lasts = 0; lasts <= 1; lasts++) {
        struct store *store = open_store(contract);
        start(store, 1);
        assert_int_equal(poll(store, true, &running), STATUS_OK);
        start(store, 2);
        fake_store_crash(contract->dir, lasts == 1);
        assert_int_equal(poll(store, true, &running), STATUS_OK);
        start(store, 3);
        assert_int_equal(poll(store, true, &running), STATUS_OK);
        assert_int_equal(store->ops->drop(store, NULL), STATUS_OK);
        store->ops->close(store);
        fake_store_restart(contract->dir);
        store = open_store(contract);
        assert_int_equal(loaded_offset(store), 1 + lasts);
        store->ops->close(store);
    }
}

static void damage__is_told_until_the_store_is_emptied(void **state)
{
    struct store_contract *contract = *state;
    struct store *store = NULL;
    struct view value;
    struct checkpoint checkpoint;
    struct token token = contract_token(1);
    bool found;
    fake_store_damage(contract->dir, 0, FAKE_DAMAGE_OPEN);
    assert_int_equal(contract->dir->ops->open(contract->dir, 0, &store, NULL), STATUS_RECORD);
    assert_int_equal(contract->dir->ops->reset(contract->dir, 0, NULL), STATUS_OK);
    store = open_store(contract);
    fake_store_damage(contract->dir, 0, FAKE_DAMAGE_LOAD);
    assert_int_equal(store->ops->load(store, &checkpoint, &found, NULL), STATUS_RECORD);
    fake_store_damage(contract->dir, 0, FAKE_DAMAGE_READ);
    assert_int_equal(store->ops->get(store, &token, &value, NULL), STATUS_RECORD);
    assert_int_equal(store->ops->drop(store, NULL), STATUS_OK);
    assert_int_equal(store->ops->get(store, &token, &value, NULL), STATUS_OK);
    store->ops->close(store);
}

static void open__fails_on_demand(void **state)
{
    struct store_contract *contract = *state;
    struct store *store = NULL;
    fake_store_fail_open(contract->dir, 1, STATUS_FATAL);
    assert_int_equal(contract->dir->ops->open(contract->dir, 0, &store, NULL), STATUS_FATAL);
    store = open_store(contract);
    store->ops->close(store);
}

static void checkpoint(struct store *store, uint64_t number)
{
    bool running;
    start(store, number);
    assert_int_equal(poll(store, true, &running), STATUS_OK);
}

static void revert__brings_back_the_checkpoint_before(void **state)
{
    struct store_contract *contract = *state;
    struct checkpoint seen;
    fake_store_keep_versions(contract->dir);
    struct store *store = open_store(contract);
    checkpoint(store, 1);
    checkpoint(store, 2);
    store->ops->close(store);
    assert_true(fake_store_checkpoint(contract->dir, 0, &seen));
    assert_int_equal(seen.changelog_offset, 2);
    assert_true(fake_store_revert(contract->dir, 0));
    assert_true(fake_store_checkpoint(contract->dir, 0, &seen));
    assert_int_equal(seen.changelog_offset, 1);
    store = open_store(contract);
    assert_int_equal(store->ops->card_count(store), 1);
    store->ops->close(store);
    assert_false(fake_store_revert(contract->dir, 0));
}

static void full_disk__fails_checkpoints_until_there_is_room(void **state)
{
    struct store_contract *contract = *state;
    bool running;
    struct store *store = open_store(contract);
    fake_store_set_full(contract->dir, true);
    start(store, 1);
    assert_int_equal(poll(store, true, &running), STATUS_FATAL);
    fake_store_set_full(contract->dir, false);
    store->ops->close(store);
    store = open_store(contract);
    checkpoint(store, 2);
    assert_int_equal(loaded_offset(store), 2);
    store->ops->close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_CONTRACT_TESTS(set_up, tear_down),
        cmocka_unit_test_setup_teardown(checkpoint__ends_after_as_many_polls_as_were_set, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(failed_checkpoint__leaves_the_one_before, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(crash__loses_what_runs_and_what_is_done_after, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(damage__is_told_until_the_store_is_emptied, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(open__fails_on_demand, set_up, tear_down),
        cmocka_unit_test_setup_teardown(revert__brings_back_the_checkpoint_before, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(full_disk__fails_checkpoints_until_there_is_room, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

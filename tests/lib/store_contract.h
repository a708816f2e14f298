// SPDX-License-Identifier: Apache-2.0
// The tests that every implementation of the store port must pass: listed by STORE_CONTRACT_TESTS
// for the implementation's own test binary. Its set-up puts a struct store_contract in *state.
#ifndef LIB_STORE_CONTRACT_H
#define LIB_STORE_CONTRACT_H

#include "store/store.h"

struct store_contract {
    struct store_dir *dir;
    // The process ends and starts again: closes `dir` and opens it anew. No store is open.
    void (*restart)(struct store_contract *contract);
    void *own;
};

// A token that differs from those of other numbers in its first bytes and in order.
struct token contract_token(uint64_t number);

void new_store__is_empty(void **state);
void staged_value__is_read_after_its_checkpoint_only(void **state);
void checkpoint__survives_a_restart(void **state);
void last_value_of_a_token__counts(void **state);
void value_staged_during_a_checkpoint__belongs_to_the_next(void **state);
void bytes__are_told_while_staged_and_while_frozen(void **state);
void removed_card__is_gone(void **state);
void empty_checkpoint__moves_the_record_alone(void **state);
void large_values__survive(void **state);
void many_cards__survive(void **state);
void scan__visits_each_card_once_in_order(void **state);
void scan__starts_at_the_cursor(void **state);
void discard__forgets_what_is_staged_and_ends_what_runs(void **state);
void drop__empties_the_store_for_good(void **state);
void close__ends_what_runs_and_forgets_what_is_staged(void **state);
void partition__is_held_by_one_owner_at_a_time(void **state);
void partitions__are_apart(void **state);
void reset__empties_a_closed_partition(void **state);
void table__is_a_store_beside_the_cards(void **state);
void random_use__equals_a_model(void **state);

#define STORE_CONTRACT_TEST(test, set_up, tear_down)                                               \
    cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define STORE_CONTRACT_TESTS(up, down)                                                             \
    STORE_CONTRACT_TEST(new_store__is_empty, up, down),                                            \
        STORE_CONTRACT_TEST(staged_value__is_read_after_its_checkpoint_only, up, down),            \
        STORE_CONTRACT_TEST(checkpoint__survives_a_restart, up, down),                             \
        STORE_CONTRACT_TEST(last_value_of_a_token__counts, up, down),                              \
        STORE_CONTRACT_TEST(value_staged_during_a_checkpoint__belongs_to_the_next, up, down),      \
        STORE_CONTRACT_TEST(bytes__are_told_while_staged_and_while_frozen, up, down),              \
        STORE_CONTRACT_TEST(removed_card__is_gone, up, down),                                      \
        STORE_CONTRACT_TEST(empty_checkpoint__moves_the_record_alone, up, down),                   \
        STORE_CONTRACT_TEST(large_values__survive, up, down),                                      \
        STORE_CONTRACT_TEST(many_cards__survive, up, down),                                        \
        STORE_CONTRACT_TEST(scan__visits_each_card_once_in_order, up, down),                       \
        STORE_CONTRACT_TEST(scan__starts_at_the_cursor, up, down),                                 \
        STORE_CONTRACT_TEST(discard__forgets_what_is_staged_and_ends_what_runs, up, down),         \
        STORE_CONTRACT_TEST(drop__empties_the_store_for_good, up, down),                           \
        STORE_CONTRACT_TEST(close__ends_what_runs_and_forgets_what_is_staged, up, down),           \
        STORE_CONTRACT_TEST(partition__is_held_by_one_owner_at_a_time, up, down),                  \
        STORE_CONTRACT_TEST(partitions__are_apart, up, down),                                      \
        STORE_CONTRACT_TEST(reset__empties_a_closed_partition, up, down),                          \
        STORE_CONTRACT_TEST(table__is_a_store_beside_the_cards, up, down),                         \
        STORE_CONTRACT_TEST(random_use__equals_a_model, up, down)

#endif

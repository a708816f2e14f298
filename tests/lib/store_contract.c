// SPDX-License-Identifier: Apache-2.0
#include "lib/store_contract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/random.h"

struct token contract_token(uint64_t number)
{
    struct token token = {{0}};
    uint64_t mixed = number * UINT64_C(0x9e3779b97f4a7c15); // odd: no two numbers meet
    memcpy(token.bytes, &mixed, sizeof(mixed));
    memcpy(token.bytes + sizeof(mixed), &number, sizeof(number));
    return token;
}

static struct store *open_store(struct store_contract *contract, int32_t partition)
{
    struct store *store = NULL;
    struct error err = {""};
    enum status status = contract->dir->ops->open(contract->dir, partition, &store, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(status, STATUS_OK);
    return store;
}

static struct store *restart(struct store_contract *contract, struct store *store)
{
    store->ops->close(store);
    contract->restart(contract);
    return open_store(contract, 3);
}

static void stage(struct store *store, uint64_t number, const char *value)
{
    struct token token = contract_token(number);
    store->ops->stage(store, &token, value == NULL ? (struct view){NULL, 0} : view_text(value));
}

static struct checkpoint record_of(int64_t offset)
{
    return (struct checkpoint){
        .changelog_offset = offset,
        .meta = {.incarnation = 42, .input_offset = offset * 2, .transactional_id = "app-1"}};
}

static void start(struct store *store, int64_t offset)
{
    struct checkpoint record = record_of(offset);
    store->ops->checkpoint_start(store, &record);
}

static void finish(struct store *store)
{
    bool running = true;
    assert_int_equal(store->ops->checkpoint_poll(store, true, &running, NULL), STATUS_OK);
    assert_false(running);
}

static void checkpoint(struct store *store, int64_t offset)
{
    start(store, offset);
    finish(store);
}

static void assert_value(struct store *store, uint64_t number, const char *expected)
{
    struct token token = contract_token(number);
    struct view value = {(const uint8_t *)"", 1};
    assert_int_equal(store->ops->get(store, &token, &value, NULL), STATUS_OK);
    if (expected == NULL) {
        assert_null(value.data);
        return;
    }
    assert_non_null(value.data);
    assert_true(view_equal(value, view_text(expected)));
}

// offset -1: there is no checkpoint.
static void assert_record(struct store *store, int64_t offset)
{
    struct checkpoint record;
    bool found = offset < 0;
    assert_int_equal(store->ops->load(store, &record, &found, NULL), STATUS_OK);
    assert_int_equal(found, offset >= 0);
    if (offset < 0)
        return;
    assert_true(record.changelog_offset == offset);
    assert_true(record.meta.incarnation == 42);
    assert_true(record.meta.input_offset == offset * 2);
    assert_string_equal(record.meta.transactional_id, "app-1");
}

struct seen {
    struct token tokens[4096];
    size_t count;
};

static void see(void *context, const struct token *token, struct view value)
{
    struct seen *seen = context;
    assert_non_null(value.data);
    assert_true(seen->count < sizeof(seen->tokens) / sizeof(seen->tokens[0]));
    seen->tokens[seen->count++] = *token;
}

// Scans to the end by steps of `step`.
static void scan_all(struct store *store, struct token *cursor, size_t step, struct seen *seen)
{
    bool wrapped = false;
    seen->count = 0;
    for (size_t i = 0; !wrapped; i++) {
        size_t before = seen->count;
        assert_true(i < 10000);
        assert_int_equal(store->ops->scan(store, cursor, step, see, seen, &wrapped, NULL),
                         STATUS_OK);
        assert_true(seen->count - before <= step);
        assert_true(wrapped || seen->count - before == step);
    }
    for (size_t i = 1; i < seen->count; i++)
        assert_true(memcmp(&seen->tokens[i - 1], &seen->tokens[i], TOKEN_BYTES) < 0);
}

void new_store__is_empty(void **state)
{
    struct seen seen;
    struct token cursor = {{0}};
    struct store *store = open_store(*state, 3);
    assert_record(store, -1);
    assert_value(store, 1, NULL);
    assert_int_equal(store->ops->card_count(store), 0);
    assert_int_equal(store->ops->staged_bytes(store), 0);
    assert_int_equal(store->ops->frozen_bytes(store), 0);
    scan_all(store, &cursor, 10, &seen);
    assert_int_equal(seen.count, 0);
    bool running = true;
    assert_int_equal(store->ops->checkpoint_poll(store, false, &running, NULL), STATUS_OK);
    assert_false(running);
    store->ops->close(store);
}

void staged_value__is_read_after_its_checkpoint_only(void **state)
{
    struct store *store = open_store(*state, 3);
    stage(store, 1, "one");
    assert_value(store, 1, NULL);
    start(store, 10);
    assert_value(store, 1, NULL);
    assert_record(store, -1);
    finish(store);
    assert_value(store, 1, "one");
    assert_record(store, 10);
    assert_int_equal(store->ops->card_count(store), 1);
    assert_true(store->ops->disk_bytes(store) > 0);
    store->ops->close(store);
}

void checkpoint__survives_a_restart(void **state)
{
    struct store *store = open_store(*state, 3);
    stage(store, 1, "one");
    stage(store, 2, "two");
    checkpoint(store, 10);
    stage(store, 1, "one more");
    checkpoint(store, 20);
    stage(store, 2, "not checkpointed");
    store = restart(*state, store);
    assert_record(store, 20);
    assert_value(store, 1, "one more");
    assert_value(store, 2, "two");
    assert_int_equal(store->ops->card_count(store), 2);
    store->ops->close(store);
}

void last_value_of_a_token__counts(void **state)
{
    struct store *store = open_store(*state, 3);
    for (uint64_t i = 0; i < 50; i++) {
        stage(store, i % 5, "old");
        stage(store, 100 + i % 5, NULL);
    }
    for (uint64_t i = 0; i < 5; i++) {
        stage(store, i, i == 2 ? NULL : "new");
        stage(store, 100 + i, "new");
    }
    checkpoint(store, 1);
    for (uint64_t i = 0; i < 5; i++) {
        assert_value(store, i, i == 2 ? NULL : "new");
        assert_value(store, 100 + i, "new");
    }
    assert_int_equal(store->ops->card_count(store), 9);
    store->ops->close(store);
}

void value_staged_during_a_checkpoint__belongs_to_the_next(void **state)
{
    struct store *store = open_store(*state, 3);
    stage(store, 1, "first");
    start(store, 1);
    stage(store, 1, "second");
    stage(store, 2, "second");
    finish(store);
    assert_value(store, 1, "first");
    assert_value(store, 2, NULL);
    start(store, 2);
    finish(store);
    assert_value(store, 1, "second");
    assert_value(store, 2, "second");
    store->ops->close(store);
}

void bytes__are_told_while_staged_and_while_frozen(void **state)
{
    struct store *store = open_store(*state, 3);
    stage(store, 1, "a value of 26 characters..");
    size_t staged = store->ops->staged_bytes(store);
    assert_in_range(staged, 26 + TOKEN_BYTES, 26 + TOKEN_BYTES + 100);
    start(store, 1);
    assert_int_equal(store->ops->staged_bytes(store), 0);
    assert_int_equal(store->ops->frozen_bytes(store), staged);
    finish(store);
    assert_int_equal(store->ops->frozen_bytes(store), 0);
    store->ops->close(store);
}

void removed_card__is_gone(void **state)
{
    struct store *store = open_store(*state, 3);
    for (uint64_t i = 0; i < 100; i++)
        stage(store, i, "value");
    checkpoint(store, 1);
    for (uint64_t i = 0; i < 110; i += 2)
        stage(store, i, NULL);
    checkpoint(store, 2);
    store = restart(*state, store);
    for (uint64_t i = 0; i < 110; i++)
        assert_value(store, i, i % 2 == 0 || i >= 100 ? NULL : "value");
    assert_int_equal(store->ops->card_count(store), 50);
    store->ops->close(store);
}

void empty_checkpoint__moves_the_record_alone(void **state)
{
    struct store *store = open_store(*state, 3);
    checkpoint(store, 0);
    assert_record(store, 0);
    assert_int_equal(store->ops->card_count(store), 0);
    stage(store, 1, "one");
    checkpoint(store, 1);
    checkpoint(store, 2);
    store = restart(*state, store);
    assert_record(store, 2);
    assert_value(store, 1, "one");
    store->ops->close(store);
}

void large_values__survive(void **state)
{
    static const size_t sizes[] = {1, 1000, 2030, 4096, 100000, 1000000};
    enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };
    struct store *store = open_store(*state, 3);
    char *value = malloc(sizes[SIZES - 1] + 1);
    assert_non_null(value);
    memset(value, 'v', sizes[SIZES - 1]);
    for (size_t i = 0; i < SIZES; i++) {
        value[sizes[i]] = '\0';
        stage(store, i, value);
        value[sizes[i]] = 'v';
    }
    checkpoint(store, 1);
    store = restart(*state, store);
    for (size_t i = 0; i < SIZES; i++) {
        value[sizes[i]] = '\0';
        assert_value(store, i, value);
        value[sizes[i]] = 'v';
    }
    free(value);
    store->ops->close(store);
}

// Enough for the local store to grow its map, in one checkpoint and in several.
void many_cards__survive(void **state)
{
    enum { COUNT = 60000 };
    char text[256];
    struct store *store = open_store(*state, 3);
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    for (uint64_t round = 0; round < 4; round++) {
        for (uint64_t i = round % 2; i < COUNT; i += 2) {
            text[0] = (char)('0' + round);
            stage(store, i, text);
        }
        checkpoint(store, (int64_t)round);
    }
    assert_int_equal(store->ops->card_count(store), COUNT);
    store = restart(*state, store);
    for (uint64_t i = 0; i < COUNT; i++) {
        text[0] = (char)('2' + i % 2);
        assert_value(store, i, text);
    }
    store->ops->close(store);
}

void scan__visits_each_card_once_in_order(void **state)
{
    struct seen *seen = calloc(1, sizeof(*seen));
    struct store *store = open_store(*state, 3);
    assert_non_null(seen);
    for (uint64_t i = 0; i < 1000; i++)
        stage(store, i, "value");
    checkpoint(store, 1);
    for (size_t step = 1; step <= 1001; step = step * 10 + (step == 100)) {
        struct token cursor = {{0}};
        scan_all(store, &cursor, step, seen);
        assert_int_equal(seen->count, 1000);
        for (size_t i = 0; i < TOKEN_BYTES; i++)
            assert_int_equal(cursor.bytes[i], 0);
    }
    store->ops->close(store);
    free(seen);
}

void scan__starts_at_the_cursor(void **state)
{
    struct seen seen;
    struct store *store = open_store(*state, 3);
    static const uint8_t firsts[] = {0x00, 0x10, 0x20, 0xff};
    for (size_t i = 0; i < sizeof(firsts); i++) {
        struct token token;
        memset(token.bytes, firsts[i], TOKEN_BYTES);
        store->ops->stage(store, &token, view_text("value"));
    }
    checkpoint(store, 1);
    struct token cursor = {{0}};
    scan_all(store, &cursor, 1, &seen);
    assert_int_equal(seen.count, 4); // the lowest and the highest token are cards too
    cursor = (struct token){{0x10}};
    scan_all(store, &cursor, 2, &seen);
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.tokens[0].bytes[0], 0x10);
    memset(cursor.bytes, 0x10, TOKEN_BYTES);
    cursor.bytes[TOKEN_BYTES - 1]++;
    scan_all(store, &cursor, 2, &seen);
    assert_int_equal(seen.count, 2);
    store->ops->close(store);
}

void discard__forgets_what_is_staged_and_ends_what_runs(void **state)
{
    struct store *store = open_store(*state, 3);
    stage(store, 1, "runs");
    start(store, 1);
    stage(store, 2, "staged");
    store->ops->discard(store);
    assert_int_equal(store->ops->staged_bytes(store), 0);
    assert_int_equal(store->ops->frozen_bytes(store), 0);
    assert_value(store, 1, "runs");
    checkpoint(store, 2); // none is running
    assert_value(store, 2, NULL);
    assert_record(store, 2);
    store->ops->close(store);
}

void drop__empties_the_store_for_good(void **state)
{
    struct store *store = open_store(*state, 3);
    stage(store, 1, "one");
    checkpoint(store, 1);
    stage(store, 2, "two");
    assert_int_equal(store->ops->drop(store, NULL), STATUS_OK);
    assert_value(store, 1, NULL);
    assert_record(store, -1);
    assert_int_equal(store->ops->staged_bytes(store), 0);
    store = restart(*state, store);
    assert_record(store, -1);
    assert_int_equal(store->ops->card_count(store), 0);
    stage(store, 3, "three");
    checkpoint(store, 5);
    assert_int_equal(store->ops->drop(store, NULL), STATUS_OK);
    stage(store, 4, "four");
    checkpoint(store, 7);
    assert_value(store, 3, NULL);
    assert_value(store, 4, "four");
    assert_record(store, 7);
    store->ops->close(store);
}

void close__ends_what_runs_and_forgets_what_is_staged(void **state)
{
    struct store *store = open_store(*state, 3);
    stage(store, 1, "runs");
    start(store, 1);
    stage(store, 2, "staged");
    store = restart(*state, store);
    assert_record(store, 1);
    assert_value(store, 1, "runs");
    assert_value(store, 2, NULL);
    store->ops->close(store);
}

void partition__is_held_by_one_owner_at_a_time(void **state)
{
    struct store_contract *contract = *state;
    struct error err = {""};
    struct store *second = NULL;
    struct store *store = open_store(contract, 3);
    assert_int_equal(contract->dir->ops->open(contract->dir, 3, &second, &err), STATUS_RETRY);
    assert_non_null(strstr(err.text, "3"));
    assert_int_equal(contract->dir->ops->reset(contract->dir, 3, &err), STATUS_RETRY);
    store->ops->close(store);
    store = open_store(contract, 3);
    store->ops->close(store);
}

void partitions__are_apart(void **state)
{
    struct store *three = open_store(*state, 3);
    struct store *four = open_store(*state, 4);
    stage(three, 1, "three");
    stage(four, 1, "four");
    checkpoint(three, 3);
    checkpoint(four, 4);
    assert_value(three, 1, "three");
    assert_value(four, 1, "four");
    assert_int_equal(three->ops->drop(three, NULL), STATUS_OK);
    assert_value(four, 1, "four");
    assert_record(four, 4);
    three->ops->close(three);
    four->ops->close(four);
}

void reset__empties_a_closed_partition(void **state)
{
    struct store_contract *contract = *state;
    struct store *store = open_store(contract, 3);
    stage(store, 1, "one");
    checkpoint(store, 1);
    store->ops->close(store);
    assert_int_equal(contract->dir->ops->reset(contract->dir, 3, NULL), STATUS_OK);
    assert_int_equal(contract->dir->ops->reset(contract->dir, 9, NULL), STATUS_OK);
    store = open_store(contract, 3);
    assert_record(store, -1);
    assert_value(store, 1, NULL);
    store->ops->close(store);
}

static struct store *open_table(struct store_contract *contract, int32_t partition)
{
    struct store *store = NULL;
    struct error err = {""};
    if (contract->dir->ops->open_table(contract->dir, partition, &store, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return store;
}

void table__is_a_store_beside_the_cards(void **state)
{
    struct store_contract *contract = *state;
    struct store_dir *dir = contract->dir;
    struct store *table = open_table(contract, 3); // the directory may not be there yet
    struct store *cards = open_store(contract, 3);
    struct store *other = open_table(contract, 4);
    struct store *second;
    struct error err;
    assert_int_equal(dir->ops->open_table(dir, 3, &second, &err), STATUS_RETRY);
    stage(table, 1, "table");
    stage(cards, 1, "card");
    checkpoint(table, 7);
    checkpoint(cards, 9);
    assert_value(other, 1, NULL);
    assert_int_equal(cards->ops->drop(cards, NULL), STATUS_OK);
    assert_value(table, 1, "table");
    other->ops->close(other);
    cards->ops->close(cards);
    table->ops->close(table);
    contract->restart(contract);
    dir = contract->dir;
    table = open_table(contract, 3);
    assert_record(table, 7);
    assert_value(table, 1, "table");
    table->ops->close(table);
    assert_int_equal(dir->ops->reset(dir, 3, &err), STATUS_OK);
    table = open_table(contract, 3);
    assert_record(table, 7);
    table->ops->close(table);
    assert_int_equal(dir->ops->reset_table(dir, 3, &err), STATUS_OK);
    assert_int_equal(dir->ops->reset_table(dir, 5, &err), STATUS_OK);
    table = open_table(contract, 3);
    assert_record(table, -1);
    table->ops->close(table);
}

// ---- against a model ----

enum { MODEL_CARDS = 200, MODEL_STEPS = 1500 };

struct model {
    char stored[MODEL_CARDS][12]; // empty: absent
    char frozen[MODEL_CARDS][12];
    char staged[MODEL_CARDS][12];
    bool running;
    int64_t offset; // of the last checkpoint started
    int64_t stored_offset;
};

static void model_ended(struct model *model)
{
    memcpy(model->stored, model->frozen, sizeof(model->stored));
    model->stored_offset = model->offset;
    model->running = false;
}

static void model_stage(struct model *model, struct store *store, struct random *random)
{
    uint64_t n = random_below(random, MODEL_CARDS);
    bool removes = random_chance(random, 1, 4);
    snprintf(model->staged[n], sizeof(model->staged[n]), "%u",
             (unsigned)random_below(random, 1000000000));
    if (removes)
        model->staged[n][0] = '\0';
    stage(store, n, removes ? NULL : model->staged[n]);
}

static void model_checkpoint(struct model *model, struct store *store, struct random *random)
{
    bool running = false;
    if (!model->running) {
        memcpy(model->frozen, model->staged, sizeof(model->frozen));
        model->running = true;
        start(store, ++model->offset);
        return;
    }
    bool waits = random_chance(random, 1, 2);
    assert_int_equal(store->ops->checkpoint_poll(store, waits, &running, NULL), STATUS_OK);
    assert_false(waits && running);
    if (!running)
        model_ended(model);
}

static void model_check(const struct model *model, struct store *store, struct random *random)
{
    uint64_t n = random_below(random, MODEL_CARDS);
    assert_value(store, n, model->stored[n][0] == '\0' ? NULL : model->stored[n]);
    assert_record(store, model->stored_offset);
    size_t count = 0;
    for (size_t i = 0; i < MODEL_CARDS; i++)
        count += model->stored[i][0] != '\0';
    assert_int_equal(store->ops->card_count(store), count);
}

// What closing and discarding do alike: what runs ends, what is staged is forgotten.
static void model_cut(struct model *model)
{
    if (model->running)
        model_ended(model);
    memcpy(model->staged, model->stored, sizeof(model->staged));
}

void random_use__equals_a_model(void **state)
{
    struct random random;
    struct model *model = calloc(1, sizeof(*model));
    assert_non_null(model);
    model->stored_offset = -1;
    random_seed(&random, 11);
    struct store *store = open_store(*state, 3);
    for (int i = 0; i < MODEL_STEPS; i++) {
        uint64_t chance = random_below(&random, 100);
        if (chance < 80)
            model_stage(model, store, &random);
        else if (chance < 97)
            model_checkpoint(model, store, &random);
        else if (chance < 98)
            store = restart(*state, store);
        else
            store->ops->discard(store);
        if (chance >= 97)
            model_cut(model);
        model_check(model, store, &random);
    }
    store->ops->close(store);
    free(model);
}

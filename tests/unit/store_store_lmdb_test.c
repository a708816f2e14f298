// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "lib/random.h"
#include "lib/store_contract.h"
#include "lib/workspace.h"
#include "store/store_lmdb.h"

static struct store_dir *open_dir(const char *path)
{
    struct store_dir *dir = NULL;
    struct error err = {""};
    enum status status = store_lmdb_open(path, "app", &dir, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(status, STATUS_OK);
    return dir;
}

static void restart(struct store_contract *contract)
{
    contract->dir->ops->close(contract->dir);
    contract->dir = open_dir(contract->own);
}

static int set_up(void **state)
{
    struct store_contract *contract = calloc(1, sizeof(*contract));
    contract->own = workspace_make();
    contract->dir = open_dir(contract->own);
    contract->restart = restart;
    *state = contract;
    return 0;
}

static int tear_down(void **state)
{
    struct store_contract *contract = *state;
    if (contract->dir != NULL)
        contract->dir->ops->close(contract->dir);
    workspace_remove(contract->own);
    free(contract->own);
    free(contract);
    return 0;
}

static struct store *open_store(struct store_dir *dir, int32_t partition)
{
    struct store *store = NULL;
    assert_int_equal(dir->ops->open(dir, partition, &store, NULL), STATUS_OK);
    return store;
}

static void directory__is_private_and_marked(void **state)
{
    struct store_contract *contract = *state;
    struct stat info;
    struct store *store = open_store(contract->dir, 0);
    char *path = workspace_text("%s/app", (char *)contract->own);
    char *data = workspace_text("%s/0/data.mdb", path);
    char *marker = workspace_text("%s/cardwatch.state", path);
    char *text = workspace_read(marker);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    assert_int_equal(stat(data, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_string_equal(text, "cardwatch state\nformat=1\napplication_id=app\n");
    store->ops->close(store);
    free(text);
    free(marker);
    free(data);
    free(path);
}

static void partition__out_of_bounds_is_refused(void **state)
{
    struct store_contract *contract = *state;
    struct store *store = NULL;
    struct error err = {""};
    assert_int_equal(contract->dir->ops->open(contract->dir, PARTITIONS_MAX, &store, &err),
                     STATUS_FATAL);
    assert_non_null(strstr(err.text, "4096"));
    assert_int_equal(contract->dir->ops->open(contract->dir, -1, &store, &err), STATUS_FATAL);
}

static void damaged_partition__can_be_reset_and_opened(void **state)
{
    struct store_contract *contract = *state;
    struct store *store = open_store(contract->dir, 0);
    store->ops->close(store);
    char *marker = workspace_text("%s/app/0/damaged", (char *)contract->own);
    workspace_write(marker, "");
    assert_int_equal(contract->dir->ops->open(contract->dir, 0, &store, NULL), STATUS_RECORD);
    assert_int_equal(contract->dir->ops->reset(contract->dir, 0, NULL), STATUS_OK);
    store = open_store(contract->dir, 0);
    store->ops->close(store);
    free(marker);
}

static void make_value(char *value, size_t size)
{
    snprintf(value, size, "made");
}

static void kept_text__is_made_once(void **state)
{
    struct store_contract *contract = *state;
    char value[32] = "";
    assert_int_equal(
        store_lmdb_kept_text(contract->dir, "name", value, sizeof(value), make_value, NULL),
        STATUS_OK);
    assert_string_equal(value, "made");
    char *path = workspace_text("%s/app/name", (char *)contract->own);
    workspace_write(path, "changed by hand\n");
    contract->restart(contract);
    assert_int_equal(
        store_lmdb_kept_text(contract->dir, "name", value, sizeof(value), make_value, NULL),
        STATUS_OK);
    assert_string_equal(value, "changed by hand");
    free(path);
}

// ---- several threads ----

struct load {
    struct store_dir *dir;
    int32_t first;
    bool right;
};

// Reads one card while its value of `round` is on its way into the store: it is the one before
// until it is that, and stays so.
static bool read_meanwhile(struct store *store, const struct token *token, int64_t round,
                           int64_t *seen)
{
    struct view value;
    int64_t before = *seen;
    if (store->ops->get(store, token, &value, NULL) != STATUS_OK)
        return false;
    *seen = 0;
    if (value.data != NULL)
        memcpy(seen, value.data, sizeof(*seen));
    return *seen >= before && (*seen == round - 1 || *seen == round);
}

static bool write_and_read(struct store_dir *dir, int32_t partition, struct random *random)
{
    struct store *store;
    bool running, right = true;
    if (dir->ops->open(dir, partition, &store, NULL) != STATUS_OK)
        return false;
    for (int64_t round = 1; round <= 5; round++) {
        const struct checkpoint checkpoint = {.changelog_offset = round};
        for (uint64_t n = 0; n < 2000; n++) {
            struct token token = contract_token(n);
            store->ops->stage(store, &token, (struct view){(const uint8_t *)&round, 8});
        }
        store->ops->checkpoint_start(store, &checkpoint);
        int64_t seen = round - 1;
        do {
            struct token token = contract_token(random_below(random, 2000));
            right = right && read_meanwhile(store, &token, round, &seen);
            if (store->ops->checkpoint_poll(store, false, &running, NULL) != STATUS_OK)
                return false;
        } while (running);
    }
    store->ops->close(store);
    return right;
}

static void *work(void *context)
{
    struct load *load = context;
    struct random random;
    random_seed(&random, (uint64_t)load->first);
    load->right = true;
    for (int32_t i = 0; i < 4; i++)
        load->right = load->right && write_and_read(load->dir, load->first + i, &random);
    return NULL;
}

static void partitions__are_written_by_several_threads_at_once(void **state)
{
    struct store_contract *contract = *state;
    enum { THREADS = 3 };
    pthread_t threads[THREADS];
    struct load loads[THREADS];
    for (int32_t i = 0; i < THREADS; i++) {
        loads[i] = (struct load){.dir = contract->dir, .first = 10 * i};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &loads[i]), 0);
    }
    for (int32_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(loads[i].right);
    }
}

// All want the same partition: one has it at a time, the others are told to come again.
static void *contend(void *context)
{
    struct load *load = context;
    struct store *store;
    load->right = true;
    for (int taken = 0; taken < 20 && load->right;) {
        enum status status = load->dir->ops->open(load->dir, 7, &store, NULL);
        load->right = status == STATUS_OK || status == STATUS_RETRY;
        if (status != STATUS_OK)
            continue;
        store->ops->close(store);
        taken++;
    }
    return NULL;
}

static void partition__wanted_by_several_threads_is_given_to_one(void **state)
{
    struct store_contract *contract = *state;
    enum { THREADS = 3 };
    pthread_t threads[THREADS];
    struct load loads[THREADS];
    for (int32_t i = 0; i < THREADS; i++) {
        loads[i] = (struct load){.dir = contract->dir};
        assert_int_equal(pthread_create(&threads[i], NULL, contend, &loads[i]), 0);
    }
    for (int32_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(loads[i].right);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_CONTRACT_TESTS(set_up, tear_down),
        cmocka_unit_test_setup_teardown(directory__is_private_and_marked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(partition__out_of_bounds_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damaged_partition__can_be_reset_and_opened, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(kept_text__is_made_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(partitions__are_written_by_several_threads_at_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(partition__wanted_by_several_threads_is_given_to_one,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

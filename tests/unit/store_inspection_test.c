// SPDX-License-Identifier: Apache-2.0
// The writer is a process of its own, as in life.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/workspace.h"
#include "store/inspection.h"
#include "store/store_lmdb.h"

enum { CARDS = 250000 }; // more than one step of a scan

struct fixture {
    char *dir;
    pid_t writer; // 0: none
    struct error err;
};

static void token_number(uint32_t number, struct token *out)
{
    *out = (struct token){{0}};
    for (size_t i = 0; i < sizeof(number); i++)
        out->bytes[i] = (uint8_t)(number >> (24 - 8 * i));
}

static void stage_cards(struct store *store)
{
    struct card card;
    struct buffer record;
    card_init(&card);
    buffer_init(&record, 1024);
    *card_insert_event(&card, 0) = (struct slot){.time_ms = 5};
    if (!card_encode(&card, &record))
        _exit(1);
    for (uint32_t i = 0; i < CARDS; i++) {
        struct token token;
        token_number(i, &token);
        store->ops->stage(store, &token, buffer_view(&record));
    }
    card_release(&card);
    buffer_release(&record);
}

// Writes a checkpoint into partitions 2 and 10, says so, and keeps them open until it is killed.
static void write_stores(const char *path, int told)
{
    struct store_dir *dir;
    struct error err;
    bool running;
    const struct checkpoint checkpoint = {
        .changelog_offset = 77,
        .meta = {.incarnation = 5, .input_offset = 33, .stream_time = {true, 44}},
    };
    static const int32_t partitions[] = {2, 10};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (store_lmdb_open(path, "app", &dir, &err) != STATUS_OK)
        _exit(1);
    for (size_t i = 0; i < 2; i++) {
        struct store *store;
        if (dir->ops->open(dir, partitions[i], &store, &err) != STATUS_OK)
            _exit(1);
        if (partitions[i] == 10)
            stage_cards(store);
        store->ops->checkpoint_start(store, &checkpoint);
        if (store->ops->checkpoint_poll(store, true, &running, &err) != STATUS_OK)
            _exit(1);
    }
    if (write(told, "x", 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    int told[2];
    char byte;
    f->dir = workspace_make();
    assert_int_equal(pipe(told), 0);
    f->writer = fork();
    if (f->writer == 0)
        write_stores(f->dir, told[1]);
    close(told[1]);
    assert_int_equal(read(told[0], &byte, 1), 1);
    close(told[0]);
    *state = f;
    return 0;
}

static void kill_writer(struct fixture *f)
{
    if (f->writer == 0)
        return;
    kill(f->writer, SIGKILL);
    waitpid(f->writer, NULL, 0);
    f->writer = 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    kill_writer(f);
    workspace_remove(f->dir);
    free(f->dir);
    free(f);
    return 0;
}

static void count_card(void *context, const struct token *token, struct view value)
{
    uint32_t *count = context;
    struct token expected;
    token_number(*count, &expected);
    assert_memory_equal(token->bytes, expected.bytes, TOKEN_BYTES);
    assert_true(value.size > 0);
    (*count)++;
}

static void expect_content(struct fixture *f, long holder)
{
    struct inspection inspection;
    struct inspected inspected;
    struct token token;
    struct view value;
    uint32_t count = 0;
    assert_int_equal(inspection_open(&inspection, f->dir, "app", &f->err), STATUS_OK);
    assert_int_equal(inspection.holder, holder);
    assert_int_equal(inspection.count, 2);
    assert_int_equal(inspection.partitions[0], 2);
    assert_int_equal(inspection.partitions[1], 10);
    if (inspected_open(&inspected, &inspection, 10, &f->err) != STATUS_OK)
        fail_msg("%s", f->err.text);
    assert_true(inspected.found);
    assert_int_equal(inspected.checkpoint.changelog_offset, 77);
    assert_int_equal(inspected.checkpoint.meta.input_offset, 33);
    assert_int_equal(inspected.cards, CARDS);
    assert_true(inspected.bytes > 0 && inspected.written_ms > 0);
    assert_int_equal(inspected_scan(&inspected, count_card, &count, &f->err), STATUS_OK);
    assert_int_equal(count, CARDS);
    token_number(17, &token);
    assert_int_equal(inspected_card(&inspected, &token, &value, &f->err), STATUS_OK);
    assert_non_null(value.data);
    token_number(CARDS, &token);
    assert_int_equal(inspected_card(&inspected, &token, &value, &f->err), STATUS_OK);
    assert_null(value.data);
    inspected_close(&inspected);
    inspection_close(&inspection);
}

static void store__is_read_beside_the_one_who_writes_it(void **state)
{
    struct fixture *f = *state;
    expect_content(f, f->writer);
}

static void store_of_a_dead_process__is_read(void **state)
{
    struct fixture *f = *state;
    kill_writer(f);
    expect_content(f, 0);
}

// Nothing may be made there: it would not be the service's.
static void store_without_a_lock_file__gets_none(void **state)
{
    struct fixture *f = *state;
    char *lock = workspace_text("%s/app/10/lock.mdb", f->dir);
    kill_writer(f);
    assert_int_equal(unlink(lock), 0);
    expect_content(f, 0);
    assert_int_not_equal(access(lock, F_OK), 0);
    free(lock);
}

static void partition_without_a_file__is_empty(void **state)
{
    struct fixture *f = *state;
    struct inspection inspection;
    struct inspected inspected;
    char *data = workspace_text("%s/app/2/data.mdb", f->dir);
    kill_writer(f);
    assert_int_equal(unlink(data), 0);
    assert_int_equal(inspection_open(&inspection, f->dir, "app", &f->err), STATUS_OK);
    assert_int_equal(inspected_open(&inspected, &inspection, 2, &f->err), STATUS_OK);
    assert_false(inspected.found);
    inspected_close(&inspected);
    inspection_close(&inspection);
    free(data);
}

static void file_that_is_no_store__is_said_to_be_damaged(void **state)
{
    struct fixture *f = *state;
    struct inspection inspection;
    struct inspected inspected;
    char *data = workspace_text("%s/app/2/data.mdb", f->dir);
    char garbage[8193];
    kill_writer(f);
    memset(garbage, 'x', sizeof(garbage) - 1);
    garbage[sizeof(garbage) - 1] = '\0';
    workspace_write(data, garbage);
    assert_int_equal(inspection_open(&inspection, f->dir, "app", &f->err), STATUS_OK);
    assert_int_equal(inspected_open(&inspected, &inspection, 2, &f->err), STATUS_RECORD);
    assert_non_null(strstr(f->err.text, "damaged"));
    inspection_close(&inspection);
    free(data);
}

static void directory_without_state__is_refused(void **state)
{
    struct fixture *f = *state;
    struct inspection inspection;
    assert_int_equal(inspection_open(&inspection, f->dir, "other", &f->err), STATUS_FATAL);
    assert_non_null(strstr(f->err.text, "holds no cardwatch state"));
}

#define ON(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON(store__is_read_beside_the_one_who_writes_it),  ON(store_of_a_dead_process__is_read),
        ON(store_without_a_lock_file__gets_none),         ON(partition_without_a_file__is_empty),
        ON(file_that_is_no_store__is_said_to_be_damaged), ON(directory_without_state__is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

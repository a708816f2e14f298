// SPDX-License-Identifier: Apache-2.0
// What the store on LMDB does when the process or the disk fails; the rest of its behaviour is in
// the contract of the port (store_store_lmdb_test.c).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/random.h"
#include "lib/store_contract.h"
#include "lib/workspace.h"
#include "store/partition.h"

struct fixture {
    char *workspace;
    char *path;
    int closed_count;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    f->workspace = workspace_make();
    f->path = workspace_text("%s/5", f->workspace);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    workspace_remove(f->workspace);
    free(f->path);
    free(f->workspace);
    free(f);
    return 0;
}

static void note_closed(void *context, int32_t partition)
{
    struct fixture *f = context;
    f->closed_count += partition == 5;
}

static enum status try_open(struct fixture *f, struct store **out, struct error *err)
{
    const struct partition_place place = {
        .path = f->path, .number = 5, .closed = note_closed, .context = f};
    return partition_open(&place, out, err);
}

static struct store *open_partition(struct fixture *f)
{
    struct store *store = NULL;
    struct error err = {""};
    enum status status = try_open(f, &store, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(status, STATUS_OK);
    return store;
}

static void stage_number(struct store *store, uint64_t card, int64_t number)
{
    struct token token = contract_token(card);
    store->ops->stage(store, &token, (struct view){(const uint8_t *)&number, sizeof(number)});
}

static void start(struct store *store, int64_t offset)
{
    const struct checkpoint checkpoint = {.changelog_offset = offset};
    store->ops->checkpoint_start(store, &checkpoint);
}

static enum status finish(struct store *store, struct error *err)
{
    bool running;
    return store->ops->checkpoint_poll(store, true, &running, err);
}

// -1: the card is absent.
static int64_t number_of(struct store *store, uint64_t card)
{
    struct token token = contract_token(card);
    struct view value;
    int64_t number = -1;
    assert_int_equal(store->ops->get(store, &token, &value, NULL), STATUS_OK);
    if (value.data != NULL) {
        assert_int_equal(value.size, sizeof(number));
        memcpy(&number, value.data, sizeof(number));
    }
    return number;
}

// -1: there is no checkpoint.
static int64_t offset_of(struct store *store)
{
    struct checkpoint checkpoint;
    bool found;
    assert_int_equal(store->ops->load(store, &checkpoint, &found, NULL), STATUS_OK);
    return found ? checkpoint.changelog_offset : -1;
}

static void closing__frees_the_place_once(void **state)
{
    struct fixture *f = *state;
    struct store *store = open_partition(f);
    assert_int_equal(f->closed_count, 0);
    store->ops->close(store);
    assert_int_equal(f->closed_count, 1);
}

// ---- kill -9 ----

enum { CRASH_CARDS = 400, CRASH_ROUNDS = 25 };

// Round r writes r to the cards whose number equals r modulo 3, and removes those two before.
static void stage_round(struct store *store, int64_t round)
{
    for (uint64_t card = 0; card < CRASH_CARDS; card++) {
        if ((int64_t)card % 3 == round % 3)
            stage_number(store, card, round);
        if ((int64_t)card % 3 == (round + 1) % 3 && round % 2 == 0) {
            struct token token = contract_token(card);
            store->ops->stage(store, &token, (struct view){NULL, 0});
        }
    }
}

static int64_t expected_number(uint64_t card, int64_t last_round)
{
    int64_t number = -1;
    for (int64_t round = last_round > 6 ? last_round - 6 : 1; round <= last_round; round++) {
        if ((int64_t)card % 3 == round % 3)
            number = round;
        if ((int64_t)card % 3 == (round + 1) % 3 && round % 2 == 0)
            number = -1;
    }
    return number;
}

// Checkpoints without end, and tells of each start by a byte.
_Noreturn static void write_for_ever(struct fixture *f, int64_t round, int told)
{
    struct store *store;
    if (try_open(f, &store, NULL) != STATUS_OK)
        _exit(1);
    for (;; round++) {
        stage_round(store, round);
        start(store, round);
        if (write(told, "x", 1) != 1 || finish(store, NULL) != STATUS_OK)
            _exit(1);
    }
}

static void spin(uint64_t turns)
{
    for (volatile uint64_t i = 0; i < turns; i++)
        ;
}

// Kills the child somewhere inside its checkpoint number `starts` or soon after.
static int64_t run_and_kill(struct fixture *f, int64_t round, int starts, uint64_t turns)
{
    int fds[2];
    char byte;
    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        write_for_ever(f, round, fds[1]);
    close(fds[1]);
    for (int i = 0; i < starts; i++)
        assert_int_equal(read(fds[0], &byte, 1), 1);
    spin(turns);
    kill(child, SIGKILL);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    int64_t started = starts;
    while (read(fds[0], &byte, 1) == 1)
        started++;
    close(fds[0]);
    return round + started - 1; // the last round that was started
}

static void process_killed__leaves_one_whole_checkpoint(void **state)
{
    struct fixture *f = *state;
    struct random random;
    int64_t last = 0;
    int64_t in_the_middle = 0;
    random_seed(&random, 77);
    for (int i = 0; i < CRASH_ROUNDS; i++) {
        int64_t started = run_and_kill(f, last + 1, 1 + (int)random_below(&random, 4),
                                       random_below(&random, 3000000));
        struct store *store = open_partition(f);
        int64_t offset = offset_of(store);
        int64_t found = offset < 0 ? 0 : offset;
        // At most the round that was running is missing; the one before it had been waited for.
        assert_true(found == started || found == started - 1);
        in_the_middle += found == started - 1;
        for (uint64_t card = 0; card < CRASH_CARDS; card++)
            assert_int_equal(number_of(store, card), expected_number(card, found));
        last = found;
        store->ops->close(store);
    }
    assert_true(last > CRASH_ROUNDS / 2);
    print_message("  %d of %d kills hit a running checkpoint\n", (int)in_the_middle, CRASH_ROUNDS);
}

// ---- full disk ----

// In the child: 0 when all is as it should be, else the number of the step that was not.
static int fill_up(struct fixture *f)
{
    struct store *store;
    struct error err = {""};
    static const uint8_t large[100000];
    struct rlimit limit = {2 << 20, 2 << 20};
    if (try_open(f, &store, NULL) != STATUS_OK)
        return 1;
    stage_number(store, 1, 11);
    start(store, 1);
    if (finish(store, NULL) != STATUS_OK)
        return 2;
    // A file may not grow past the limit, as if the disk were full.
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 3;
    stage_number(store, 1, 22);
    for (uint64_t i = 100; i < 140; i++) {
        struct token token = contract_token(i);
        store->ops->stage(store, &token, (struct view){large, sizeof(large)});
    }
    start(store, 2);
    if (finish(store, &err) != STATUS_FATAL || strstr(err.text, f->path) == NULL ||
        strstr(err.text, "free space and start again: nothing is lost") == NULL)
        return 4;
    if (number_of(store, 1) != 11 || offset_of(store) != 1)
        return 5;
    // The values that were lost are in no later checkpoint: so there must be none.
    stage_number(store, 2, 33);
    start(store, 3);
    if (finish(store, &err) != STATUS_FATAL || number_of(store, 2) != -1)
        return 6;
    store->ops->close(store);
    return 0;
}

static void full_disk__stops_with_the_checkpoint_before_intact(void **state)
{
    struct fixture *f = *state;
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(fill_up(f));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    struct store *store = open_partition(f);
    assert_int_equal(offset_of(store), 1);
    assert_int_equal(number_of(store, 1), 11);
    assert_int_equal(store->ops->card_count(store), 1);
    stage_number(store, 2, 33);
    start(store, 3);
    assert_int_equal(finish(store, NULL), STATUS_OK);
    assert_int_equal(number_of(store, 2), 33);
    store->ops->close(store);
}

// ---- a checkpoint that is cut off between its parts ----

enum { LARGE_CARDS = 20000, LARGE_BYTES = 1500 };

static void stage_large(struct store *store, uint8_t mark)
{
    uint8_t value[LARGE_BYTES] = {mark};
    for (uint64_t card = 0; card < LARGE_CARDS; card++) {
        struct token token = contract_token(card);
        store->ops->stage(store, &token, (struct view){value, sizeof(value)});
    }
}

// How many of the large cards have the mark.
static uint64_t count_marked(struct store *store, uint8_t mark)
{
    uint64_t count = 0;
    for (uint64_t card = 0; card < LARGE_CARDS; card++) {
        struct token token = contract_token(card);
        struct view value;
        assert_int_equal(store->ops->get(store, &token, &value, NULL), STATUS_OK);
        assert_int_equal(value.size, LARGE_BYTES);
        count += value.data[0] == mark;
    }
    return count;
}

// The second checkpoint finds room for one part, or two. 0, or the step that went wrong.
static int fill_up_in_parts(struct fixture *f)
{
    struct store *store;
    struct error err = {""};
    if (try_open(f, &store, NULL) != STATUS_OK)
        return 1;
    stage_large(store, 1);
    start(store, 10);
    if (finish(store, NULL) != STATUS_OK)
        return 2;
    uint64_t bytes = store->ops->disk_bytes(store) + (uint64_t)LARGE_CARDS * LARGE_BYTES * 6 / 10;
    struct rlimit limit = {bytes, bytes};
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 3;
    stage_large(store, 2);
    start(store, 20);
    if (finish(store, &err) != STATUS_FATAL)
        return 4;
    store->ops->close(store);
    return 0;
}

static void assert_offsets(struct store *store, int64_t offset, int64_t reach)
{
    struct checkpoint checkpoint;
    bool found;
    assert_int_equal(store->ops->load(store, &checkpoint, &found, NULL), STATUS_OK);
    assert_true(found);
    assert_int_equal(checkpoint.changelog_offset, offset);
    assert_int_equal(checkpoint_is_cut_off(&checkpoint), reach > offset);
    if (reach > offset)
        assert_int_equal(checkpoint.reach, reach);
}

static void checkpoint_cut_off_between_parts__says_how_far_its_cards_may_be(void **state)
{
    struct fixture *f = *state;
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(fill_up_in_parts(f));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    struct store *store = open_partition(f);
    assert_offsets(store, 10, 20);
    uint64_t marked = count_marked(store, 2);
    assert_true(marked > 0 && marked < LARGE_CARDS);
    assert_int_equal(count_marked(store, 1), LARGE_CARDS - marked);
    assert_int_equal(store->ops->card_count(store), LARGE_CARDS);
    // On the way through the changelog some cards are still ahead of the record.
    stage_number(store, LARGE_CARDS, 1);
    start(store, 15);
    assert_int_equal(finish(store, NULL), STATUS_OK);
    assert_offsets(store, 15, 20);
    stage_large(store, 2);
    start(store, 20);
    assert_int_equal(finish(store, NULL), STATUS_OK);
    assert_offsets(store, 20, 0);
    assert_int_equal(count_marked(store, 2), LARGE_CARDS);
    store->ops->close(store);
}

// ---- damage ----

static void zero_pages(const struct fixture *f)
{
    static const uint8_t page[4096];
    char *data = workspace_text("%s/data.mdb", f->path);
    int fd = open(data, O_RDWR);
    assert_true(fd >= 0);
    off_t size = lseek(fd, 0, SEEK_END);
    for (off_t at = 2 * 4096; at < size; at += 4096)
        assert_int_equal(pwrite(fd, page, sizeof(page), at), sizeof(page));
    close(fd);
    free(data);
}

static struct store *open_damaged(struct fixture *f)
{
    struct store *store = open_partition(f);
    for (uint64_t i = 0; i < 5000; i++)
        stage_number(store, i, 1);
    start(store, 1);
    assert_int_equal(finish(store, NULL), STATUS_OK);
    store->ops->close(store);
    zero_pages(f);
    return open_partition(f);
}

static void damage__is_told_by_every_read_and_cured_by_drop(void **state)
{
    struct fixture *f = *state;
    struct store *store = open_damaged(f);
    struct checkpoint checkpoint;
    struct token token = {{0}};
    struct view value;
    bool flag;
    assert_int_equal(store->ops->load(store, &checkpoint, &flag, NULL), STATUS_RECORD);
    assert_false(flag);
    assert_int_equal(store->ops->get(store, &token, &value, NULL), STATUS_RECORD);
    assert_int_equal(store->ops->scan(store, &token, 10, NULL, NULL, &flag, NULL), STATUS_RECORD);
    assert_int_equal(store->ops->drop(store, NULL), STATUS_OK);
    assert_int_equal(offset_of(store), -1);
    stage_number(store, 1, 5);
    start(store, 1);
    assert_int_equal(finish(store, NULL), STATUS_OK);
    assert_int_equal(number_of(store, 1), 5);
    store->ops->close(store);
}

static void damage_met_by_a_checkpoint__is_known_at_the_next_opening(void **state)
{
    struct fixture *f = *state;
    struct store *store = open_damaged(f);
    struct error err = {""};
    stage_number(store, 1, 2);
    start(store, 2);
    assert_int_equal(finish(store, &err), STATUS_FATAL);
    assert_non_null(strstr(err.text, "restored from the changelog"));
    store->ops->close(store);
    f->closed_count = 0;
    assert_int_equal(try_open(f, &store, &err), STATUS_RECORD);
    assert_int_equal(f->closed_count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(closing__frees_the_place_once),
        TEST(process_killed__leaves_one_whole_checkpoint),
        TEST(full_disk__stops_with_the_checkpoint_before_intact),
        TEST(checkpoint_cut_off_between_parts__says_how_far_its_cards_may_be),
        TEST(damage__is_told_by_every_read_and_cured_by_drop),
        TEST(damage_met_by_a_checkpoint__is_known_at_the_next_opening),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

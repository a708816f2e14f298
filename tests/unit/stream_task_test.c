// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fake_store.h"
#include "stream/task.h"

struct fixture {
    struct stream_settings settings;
    struct store_dir *disk;
    struct stream_ports ports;
    struct task *task;
    struct counters counters;
    struct error err;
};

static void open_task(struct fixture *f)
{
    *f = (struct fixture){.disk = fake_store_dir_open()};
    f->settings.cache_bytes = 1 << 20;
    f->settings.checkpoint_interval_ms = 1000;
    f->settings.staged_max_bytes = 100;
    f->ports.stores = f->disk;
    f->task = task_open(&f->settings, 0, 0);
    assert_int_equal(f->disk->ops->open(f->disk, 0, &f->task->store, &f->err), STATUS_OK);
}

static void close_task(struct fixture *f)
{
    task_close(f->task, &f->ports);
    f->disk->ops->close(f->disk);
}

static void illegal_move__stops_the_process(void **state)
{
    (void)state;
    struct fixture f;
    open_task(&f);
    pid_t child = fork();
    if (child == 0) {
        (void)!freopen("/dev/null", "w", stderr);
        task_move(f.task, TASK_SUSPENDED); // it is still being taken
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    close_task(&f);
}

static enum status checkpoint_at(struct fixture *f, int64_t now_ms, bool force)
{
    return task_checkpoint(f->task, &f->settings, now_ms, force, &f->counters, &f->err);
}

static void checkpoint__waits_for_its_interval_or_a_full_stage(void **state)
{
    (void)state;
    struct fixture f;
    const struct token token = {{1}};
    const uint8_t value[200] = {1};
    open_task(&f);
    assert_int_equal(checkpoint_at(&f, 5000, true), STATUS_OK);
    assert_int_equal(f.counters.checkpoints, 0); // nothing has been committed
    f.task->checkpoint_ms = 5000;
    f.task->changelog_end = 10;
    assert_int_equal(checkpoint_at(&f, 5999, false), STATUS_OK);
    assert_int_equal(f.counters.checkpoints, 0);
    assert_int_equal(checkpoint_at(&f, 6000, false), STATUS_OK);
    assert_int_equal(f.counters.checkpoints, 1);
    f.task->changelog_end = 20;
    f.task->store->ops->stage(f.task->store, &token, (struct view){value, sizeof(value)});
    assert_int_equal(checkpoint_at(&f, 6001, false), STATUS_OK);
    assert_int_equal(f.counters.checkpoints, 2);
    assert_int_equal(fake_store_checkpoint_count(f.disk), 1); // the second is under way
    close_task(&f);
}

static void failed_checkpoint__is_fatal_and_says_why(void **state)
{
    (void)state;
    struct fixture f;
    open_task(&f);
    fake_store_fail_checkpoint(f.disk, 1);
    f.task->changelog_end = 10;
    assert_int_equal(task_checkpoint_wait(f.task, &f.settings, 0, &f.counters, &f.err),
                     STATUS_FATAL);
    assert_true(strlen(f.err.text) > 0);
    close_task(&f);
}

static void card__comes_from_the_store_when_memory_has_forgotten_it(void **state)
{
    (void)state;
    struct fixture f;
    struct card_entry *entry;
    const struct token token = {{7}};
    struct buffer value;
    buffer_init(&value, 1000);
    open_task(&f);
    assert_int_equal(task_card(f.task, &token, &entry, &f.err), STATUS_OK);
    assert_true(card_is_empty(&entry->card));
    card_insert_event(&entry->card, 0)->time_ms = 123;
    assert_true(card_encode(&entry->card, &value));
    f.task->store->ops->stage(f.task->store, &token, buffer_view(&value));
    f.task->changelog_end = 1;
    assert_int_equal(task_checkpoint_wait(f.task, &f.settings, 0, &f.counters, &f.err), STATUS_OK);
    cards_clear(f.task->cards);
    assert_int_equal(task_card(f.task, &token, &entry, &f.err), STATUS_OK);
    assert_int_equal(card_events(&entry->card)[0].time_ms, 123);
    cards_clear(f.task->cards);
    fake_store_damage(f.disk, 0, FAKE_DAMAGE_READ);
    assert_int_equal(task_card(f.task, &token, &entry, &f.err), STATUS_RECORD);
    buffer_release(&value);
    close_task(&f);
}

static void card__is_not_looked_for_in_a_store_that_memory_has_filled(void **state)
{
    (void)state;
    struct fixture f;
    struct card_entry *entry;
    open_task(&f);
    f.task->store_was_empty = true;
    cards_set_limit(f.task->cards, 1000);
    const struct token first = {{0}};
    assert_int_equal(task_card(f.task, &first, &entry, &f.err), STATUS_OK);
    assert_int_equal(fake_store_get_count(f.disk), 0);
    for (uint8_t i = 1; !cards_have_left(f.task->cards); i++) {
        const struct token token = {{i}};
        assert_true(i < 100);
        assert_int_equal(task_card(f.task, &token, &entry, &f.err), STATUS_OK);
        cards_release_pins(f.task->cards);
    }
    size_t before = fake_store_get_count(f.disk);
    const struct token another = {{200}};
    assert_int_equal(task_card(f.task, &another, &entry, &f.err), STATUS_OK);
    assert_int_equal(fake_store_get_count(f.disk), before + 1);
    close_task(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(illegal_move__stops_the_process),
        cmocka_unit_test(checkpoint__waits_for_its_interval_or_a_full_stage),
        cmocka_unit_test(failed_checkpoint__is_fatal_and_says_why),
        cmocka_unit_test(card__comes_from_the_store_when_memory_has_forgotten_it),
        cmocka_unit_test(card__is_not_looked_for_in_a_store_that_memory_has_filled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

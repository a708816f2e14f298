// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/random.h"
#include "lib/store_contract.h"
#include "lib/workspace.h"
#include "store/environment.h"

enum { PAGE_BYTES = 4096 };

struct fixture {
    char *workspace;
    char *path;
    struct environment environment;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    f->workspace = workspace_make();
    f->path = workspace_text("%s/7", f->workspace);
    *state = f;
    return environment_open(&f->environment, f->path, NULL) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    environment_close(&f->environment);
    workspace_remove(f->workspace);
    free(f->path);
    free(f->workspace);
    free(f);
    return 0;
}

static void reopen(struct fixture *f)
{
    struct error err = {""};
    environment_close(&f->environment);
    enum status status = environment_open(&f->environment, f->path, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(status, STATUS_OK);
}

static int write_cards(struct fixture *f, uint64_t first, uint64_t count, struct view value)
{
    struct staging staging;
    staging_init(&staging);
    for (uint64_t n = first; n < first + count; n++) {
        struct token token = contract_token(n);
        staging_add(&staging, &token, value);
    }
    staging_sort(&staging);
    struct environment_batch batch = {.staging = &staging, .record = view_text("record")};
    int code = environment_write(&f->environment, &batch);
    assert_int_equal(batch.next, code == 0 ? count : 0);
    staging_release(&staging);
    environment_refresh(&f->environment);
    return code;
}

static void assert_cards(struct fixture *f, uint64_t first, uint64_t count, struct view expected)
{
    for (uint64_t n = first; n < first + count; n++) {
        struct token token = contract_token(n);
        struct view value;
        assert_int_equal(environment_get(&f->environment, &token, &value, NULL), STATUS_OK);
        assert_true(view_equal(value, expected));
    }
}

// LMDB writes to it through a mapping: on a full disk a hole would stop the process.
static void lock_file__has_no_holes(void **state)
{
    struct fixture *f = *state;
    struct stat info;
    char *path = workspace_text("%s/lock.mdb", f->path);
    assert_int_equal(stat(path, &info), 0);
    assert_true(info.st_size > 0 && info.st_blocks * 512 >= info.st_size);
    free(path);
}

static void map__grows_when_it_is_full(void **state)
{
    struct fixture *f = *state;
    enum { COUNT = 60000, VALUE_BYTES = 600 };
    static const uint8_t bytes[VALUE_BYTES] = {1};
    const struct view value = {bytes, VALUE_BYTES};
    assert_int_equal(write_cards(f, 0, 10, value), 0);
    size_t before = f->environment.map_bytes;
    unsigned attempts = 1;
    while (write_cards(f, 10, COUNT, value) == environment_map_full) {
        assert_cards(f, 0, 10, value); // nothing was written, and nothing lost
        assert_int_equal(environment_card_count(&f->environment), 10);
        assert_int_equal(environment_grow(&f->environment, 0), 0);
        assert_true(++attempts < 10);
    }
    assert_true(attempts > 1);
    assert_true(f->environment.map_bytes >= 2 * before);
    assert_cards(f, 0, COUNT + 10, value);
    reopen(f);
    assert_true(f->environment.map_bytes > environment_disk_bytes(&f->environment));
    assert_cards(f, 0, COUNT + 10, value);
}

static void map__grows_at_once_to_the_room_that_is_asked_for(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(environment_grow(&f->environment, 200 << 20), 0);
    assert_true(f->environment.map_bytes >= 200 << 20);
    assert_int_equal(write_cards(f, 0, 10, view_text("v")), 0);
}

static void first_fill__packs_its_pages(void **state)
{
    struct fixture *f = *state;
    enum { COUNT = 20000, NODE_BYTES = 8 + TOKEN_BYTES + 20 + 2 };
    assert_int_equal(write_cards(f, 0, COUNT, view_text("twenty bytes of text")), 0);
    assert_true(environment_disk_bytes(&f->environment) < COUNT * NODE_BYTES * 11 / 10);
}

// Old pages are used again: the file does not grow with the number of writes.
static void rewriting__does_not_grow_the_file_for_ever(void **state)
{
    struct fixture *f = *state;
    uint64_t early = 0;
    for (int i = 0; i < 30; i++) {
        assert_int_equal(write_cards(f, 0, 2000, view_text(i % 2 ? "one value" : "another")), 0);
        assert_cards(f, 0, 2000, view_text(i % 2 ? "one value" : "another"));
        if (i == 4)
            early = environment_disk_bytes(&f->environment);
    }
    assert_true(environment_disk_bytes(&f->environment) <= early + 10 * PAGE_BYTES);
}

// ---- parts ----

enum { PARTS_COUNT = 12000, PARTS_VALUE_BYTES = 1500 };

static void stage_large(struct staging *staging, const uint8_t *bytes)
{
    staging_init(staging);
    for (uint64_t n = 0; n < PARTS_COUNT; n++) {
        struct token token = contract_token(n);
        staging_add(staging, &token, (struct view){bytes, PARTS_VALUE_BYTES});
    }
    staging_sort(staging);
}

static struct view record_in(struct fixture *f)
{
    struct view record;
    environment_refresh(&f->environment);
    assert_int_equal(environment_checkpoint(&f->environment, &record, NULL), STATUS_OK);
    return record;
}

static void assert_value_at(struct fixture *f, const struct staging *staging, size_t index,
                            uint8_t expected)
{
    struct view value;
    struct staged staged = staging_at(staging, index);
    assert_int_equal(environment_get(&f->environment, staged.token, &value, NULL), STATUS_OK);
    assert_int_equal(value.size, PARTS_VALUE_BYTES);
    assert_int_equal(value.data[0], expected);
}

static void a_large_batch__goes_in_parts_that_each_last(void **state)
{
    struct fixture *f = *state;
    static const uint8_t old[PARTS_VALUE_BYTES] = {1};
    static const uint8_t new[PARTS_VALUE_BYTES] = {2};
    assert_int_equal(environment_grow(&f->environment, 32 << 20), 0);
    assert_int_equal(write_cards(f, 0, PARTS_COUNT, (struct view){old, sizeof(old)}), 0);
    struct staging staging;
    stage_large(&staging, new);
    struct environment_batch batch = {.staging = &staging,
                                      .record = view_text("after"),
                                      .record_until_then = view_text("before")};
    size_t parts = 0;
    while (batch.next < PARTS_COUNT) {
        size_t first = batch.next;
        int code = environment_write(&f->environment, &batch);
        if (code == environment_map_full) {
            assert_int_equal(batch.next, first);
            assert_int_equal(environment_grow(&f->environment, 0), 0);
            continue;
        }
        assert_int_equal(code, 0);
        assert_true(batch.next > first);
        parts++;
        reopen(f);
        bool last = batch.next == PARTS_COUNT;
        assert_true(view_equal(record_in(f), view_text(last ? "after" : "before")));
        assert_int_equal(environment_card_count(&f->environment), PARTS_COUNT);
        assert_value_at(f, &staging, batch.next - 1, 2);
        if (!last)
            assert_value_at(f, &staging, batch.next, 1);
    }
    assert_true(parts >= 2);
    staging_release(&staging);
}

static void a_batch_without_a_record_for_parts__goes_in_at_once(void **state)
{
    struct fixture *f = *state;
    static const uint8_t new[PARTS_VALUE_BYTES] = {2};
    struct staging staging;
    stage_large(&staging, new);
    struct environment_batch batch = {.staging = &staging, .record = view_text("record")};
    while (environment_write(&f->environment, &batch) == environment_map_full)
        assert_int_equal(environment_grow(&f->environment, 0), 0);
    assert_int_equal(batch.next, PARTS_COUNT);
    assert_true(view_equal(record_in(f), view_text("record")));
    staging_release(&staging);
}

// ---- damage ----

static void overwrite_pages(const struct fixture *f, off_t first_page, uint8_t byte)
{
    char *data = workspace_text("%s/data.mdb", f->path);
    uint8_t page[PAGE_BYTES];
    struct stat info;
    int fd = open(data, O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &info), 0);
    memset(page, byte, sizeof(page));
    for (off_t at = first_page * PAGE_BYTES; at < info.st_size; at += PAGE_BYTES)
        assert_int_equal(pwrite(fd, page, sizeof(page), at), sizeof(page));
    close(fd);
    free(data);
}

static void cut_file(const struct fixture *f, off_t bytes)
{
    char *data = workspace_text("%s/data.mdb", f->path);
    assert_int_equal(truncate(data, bytes), 0);
    free(data);
}

static void assert_remade(struct fixture *f)
{
    environment_close(&f->environment);
    assert_int_equal(environment_remove(f->path, NULL), STATUS_OK);
    reopen(f);
    assert_int_equal(environment_card_count(&f->environment), 0);
    assert_int_equal(write_cards(f, 0, 10, view_text("v")), 0);
}

static void assert_reads_tell_damage(struct fixture *f)
{
    struct error err = {""};
    struct view value;
    struct token token = contract_token(1);
    assert_int_equal(environment_get(&f->environment, &token, &value, &err), STATUS_RECORD);
    assert_non_null(strstr(err.text, f->path));
    assert_non_null(strstr(err.text, "damaged"));
    assert_int_equal(environment_checkpoint(&f->environment, &value, NULL), STATUS_RECORD);
    assert_int_equal(environment_card_count(&f->environment), 0);
}

static void meta_pages_overwritten__are_told_at_opening(void **state)
{
    struct fixture *f = *state;
    struct error err = {""};
    assert_int_equal(write_cards(f, 0, 1000, view_text("value")), 0);
    environment_close(&f->environment);
    overwrite_pages(f, 0, 0xab);
    assert_int_equal(environment_open(&f->environment, f->path, &err), STATUS_RECORD);
    assert_non_null(strstr(err.text, f->path));
    assert_remade(f);
}

static void pages_zeroed__are_told_when_they_are_read(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(write_cards(f, 0, 20000, view_text("value")), 0);
    environment_close(&f->environment);
    overwrite_pages(f, 2, 0);
    assert_int_equal(environment_open(&f->environment, f->path, NULL), STATUS_OK);
    assert_reads_tell_damage(f);
    assert_remade(f);
}

static void file_cut_short__is_told_when_it_is_read(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(write_cards(f, 0, 20000, view_text("value")), 0);
    environment_close(&f->environment);
    cut_file(f, 2 * PAGE_BYTES);
    assert_int_equal(environment_open(&f->environment, f->path, NULL), STATUS_OK);
    assert_reads_tell_damage(f);
    environment_close(&f->environment);
    cut_file(f, 100);
    assert_int_equal(environment_open(&f->environment, f->path, NULL), STATUS_RECORD);
    assert_remade(f);
}

static void damage_met_while_writing__is_known_at_the_next_opening(void **state)
{
    struct fixture *f = *state;
    struct error err = {""};
    assert_int_equal(write_cards(f, 0, 20000, view_text("value")), 0);
    environment_close(&f->environment);
    overwrite_pages(f, 2, 0);
    assert_int_equal(environment_open(&f->environment, f->path, NULL), STATUS_OK);
    int code = write_cards(f, 0, 10, view_text("new"));
    assert_int_not_equal(code, 0);
    assert_int_equal(environment_write_failed(&f->environment, code, 100, &err), STATUS_FATAL);
    assert_non_null(strstr(err.text, "start again"));
    environment_close(&f->environment);
    assert_int_equal(environment_open(&f->environment, f->path, &err), STATUS_RECORD);
    assert_remade(f);
}

static void full_disk__is_told_with_the_figures(void **state)
{
    struct fixture *f = *state;
    static const int codes[] = {ENOSPC, EDQUOT, EFBIG, EIO};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct error err = {""};
        assert_int_equal(environment_write_failed(&f->environment, codes[i], 123456, &err),
                         STATUS_FATAL);
        assert_non_null(strstr(err.text, f->path));
        assert_non_null(strstr(err.text, strerror(codes[i])));
        assert_non_null(strstr(err.text, "at least 123456 bytes"));
        assert_non_null(strstr(err.text, "free space and start again: nothing is lost"));
    }
}

static void remove__of_what_is_not_there_is_done(void **state)
{
    struct fixture *f = *state;
    char *other = workspace_text("%s/8", f->workspace);
    assert_int_equal(environment_remove(other, NULL), STATUS_OK);
    free(other);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(lock_file__has_no_holes),
        TEST(map__grows_when_it_is_full),
        TEST(map__grows_at_once_to_the_room_that_is_asked_for),
        TEST(first_fill__packs_its_pages),
        TEST(rewriting__does_not_grow_the_file_for_ever),
        TEST(a_large_batch__goes_in_parts_that_each_last),
        TEST(a_batch_without_a_record_for_parts__goes_in_at_once),
        TEST(meta_pages_overwritten__are_told_at_opening),
        TEST(pages_zeroed__are_told_when_they_are_read),
        TEST(file_cut_short__is_told_when_it_is_read),
        TEST(damage_met_while_writing__is_known_at_the_next_opening),
        TEST(full_disk__is_told_with_the_figures),
        TEST(remove__of_what_is_not_there_is_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/memory.h"
#include "registry/cache.h"

static const char schema[] = "{\"type\":\"string\"}";

struct fixture {
    char folder[64];
    struct url_list urls;
    struct cache cache;
};

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void urls_of(struct url_list *urls, const char *text)
{
    struct error err;
    assert_int_equal(url_list_init(urls, text, &err), STATUS_OK);
}

static int set_up(void **state)
{
    struct fixture *fixture = memory_zeroed(1, sizeof *fixture);
    snprintf(fixture->folder, sizeof fixture->folder, "/tmp/cardwatch-cache-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    urls_of(&fixture->urls, "http://a:1,http://b:2");
    cache_init(&fixture->cache, fixture->folder, &fixture->urls);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    cache_release(&fixture->cache);
    url_list_release(&fixture->urls);
    nftw(fixture->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(fixture);
    return 0;
}

static void assert_found(const struct cache *cache, uint32_t id, bool expected)
{
    struct buffer text;
    buffer_init(&text, SCHEMA_BYTES_MAX);
    assert_int_equal(cache_read(cache, id, &text), expected);
    if (expected)
        assert_true(view_equal(buffer_view(&text), view_text(schema)));
    else
        assert_int_equal(text.size, 0);
    buffer_release(&text);
}

static void path_of(const struct fixture *fixture, const char *name, char *out, size_t size)
{
    snprintf(out, size, "%s/%s", fixture->cache.folder, name);
}

static void cache__keeps_schemas_over_restarts(void **state)
{
    struct fixture *fixture = *state;
    assert_found(&fixture->cache, 7, false);
    cache_write(&fixture->cache, 7, view_text(schema));
    cache_write(&fixture->cache, UINT32_MAX, view_text(schema));
    assert_found(&fixture->cache, 7, true);
    struct cache again;
    cache_init(&again, fixture->folder, &fixture->urls);
    assert_found(&again, 7, true);
    assert_found(&again, UINT32_MAX, true);
    assert_found(&again, 8, false);
    cache_release(&again);
}

static void cache__keeps_registries_apart(void **state)
{
    struct fixture *fixture = *state;
    cache_write(&fixture->cache, 7, view_text(schema));
    struct url_list urls;
    struct cache other;
    urls_of(&urls, "http://c:3");
    cache_init(&other, fixture->folder, &urls);
    assert_found(&other, 7, false);
    cache_release(&other);
    url_list_release(&urls);

    urls_of(&urls, "http://me:secret@b:2/,http://a:1"); // the same, told otherwise
    cache_init(&other, fixture->folder, &urls);
    assert_found(&other, 7, true);
    cache_release(&other);
    url_list_release(&urls);
}

static void cache__names_the_registry_without_its_password(void **state)
{
    struct fixture *fixture = *state;
    struct url_list urls;
    struct cache cache;
    urls_of(&urls, "http://me:secret@c:3");
    cache_init(&cache, fixture->folder, &urls);
    char path[256];
    snprintf(path, sizeof path, "%s/registry", cache.folder);
    struct buffer content;
    struct error err;
    bool found;
    buffer_init(&content, 4096);
    assert_int_equal(file_read(path, &content, &found, &err), STATUS_OK);
    assert_true(view_equal(buffer_view(&content), view_text("http://c:3\n")));
    buffer_release(&content);
    cache_release(&cache);
    url_list_release(&urls);
}

static void cache__ignores_a_file_cut_or_changed_at_any_byte(void **state)
{
    struct fixture *fixture = *state;
    char path[256];
    struct buffer content;
    struct error err;
    bool found;
    path_of(fixture, "7.schema", path, sizeof path);
    cache_write(&fixture->cache, 7, view_text(schema));
    buffer_init(&content, 4096);
    assert_int_equal(file_read(path, &content, &found, &err), STATUS_OK);
    assert_true(content.size > sizeof schema);
    for (size_t i = 0; i < content.size; i++) {
        struct view cut = {content.data, i};
        assert_int_equal(file_write(path, cut, &err), STATUS_OK);
        assert_found(&fixture->cache, 7, false);
        content.data[i] ^= 1;
        assert_int_equal(file_write(path, buffer_view(&content), &err), STATUS_OK);
        assert_found(&fixture->cache, 7, false);
        content.data[i] ^= 1;
    }
    assert_true(buffer_append_byte(&content, '\n'));
    assert_int_equal(file_write(path, buffer_view(&content), &err), STATUS_OK);
    assert_found(&fixture->cache, 7, false);
    buffer_release(&content);
    cache_write(&fixture->cache, 7, view_text(schema));
    assert_found(&fixture->cache, 7, true);
}

static void cache__ignores_a_file_under_another_id(void **state)
{
    struct fixture *fixture = *state;
    char from[256];
    char to[256];
    cache_write(&fixture->cache, 7, view_text(schema));
    path_of(fixture, "7.schema", from, sizeof from);
    path_of(fixture, "8.schema", to, sizeof to);
    assert_int_equal(rename(from, to), 0);
    assert_found(&fixture->cache, 8, false);
}

static void cache__takes_the_largest_schema(void **state)
{
    struct fixture *fixture = *state;
    char *text = memory_zeroed(SCHEMA_BYTES_MAX + 1, 1);
    memset(text, ' ', SCHEMA_BYTES_MAX);
    cache_write(&fixture->cache, 7, view_text(text));
    struct buffer read;
    buffer_init(&read, SCHEMA_BYTES_MAX);
    assert_true(cache_read(&fixture->cache, 7, &read));
    assert_int_equal(read.size, SCHEMA_BYTES_MAX);
    buffer_release(&read);
    free(text);
}

static void cache__a_failing_disk_is_a_warning(void **state)
{
    struct fixture *fixture = *state;
    char path[256];
    path_of(fixture, "7.schema", path, sizeof path);
    assert_int_equal(mkdir(path, 0700), 0); // no file can be put there
    cache_write(&fixture->cache, 7, view_text(schema));
    assert_true(fixture->cache.warned);
    assert_found(&fixture->cache, 7, false);
    cache_write(&fixture->cache, 8, view_text(schema));
    assert_false(fixture->cache.warned);
    assert_found(&fixture->cache, 8, true);
}

static void cache__is_off_without_a_usable_folder(void **state)
{
    struct fixture *fixture = *state;
    static const char *const folders[] = {NULL, "", "/dev/null/below"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        struct cache cache;
        cache_init(&cache, folders[i], &fixture->urls);
        cache_write(&cache, 7, view_text(schema));
        assert_found(&cache, 7, false);
        cache_release(&cache);
    }
}

static void cache__is_off_in_a_folder_that_names_another_registry(void **state)
{
    struct fixture *fixture = *state;
    char path[256];
    struct error err;
    path_of(fixture, "registry", path, sizeof path);
    cache_write(&fixture->cache, 7, view_text(schema));
    assert_int_equal(file_write(path, view_text("http://elsewhere\n"), &err), STATUS_OK);
    struct cache cache;
    cache_init(&cache, fixture->folder, &fixture->urls);
    assert_found(&cache, 7, false);
    cache_release(&cache);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(cache__keeps_schemas_over_restarts),
        TEST(cache__keeps_registries_apart),
        TEST(cache__names_the_registry_without_its_password),
        TEST(cache__ignores_a_file_cut_or_changed_at_any_byte),
        TEST(cache__ignores_a_file_under_another_id),
        TEST(cache__takes_the_largest_schema),
        TEST(cache__a_failing_disk_is_a_warning),
        TEST(cache__is_off_without_a_usable_folder),
        TEST(cache__is_off_in_a_folder_that_names_another_registry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

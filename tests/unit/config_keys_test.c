// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/keys.h"
#include "lib/capture.h"

static char *read_text(const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        fail_msg("%s: run the tests at the top of the tree", path);
    size_t size_max = 1024 * 1024;
    char *text = calloc(size_max, 1);
    assert_true(fread(text, 1, size_max - 1, file) > 0);
    fclose(file);
    return text;
}

// A row of the table in README.md.
static void row_of(const struct config_key *key, char *out, size_t size)
{
    snprintf(out, size, "| `%s` | %s%s%s | %s%s%s | %s |\n", key->name, key->kind,
             key->bounds[0] != '\0' ? ", " : "", key->bounds, key->fallback[0] != '\0' ? "`" : "",
             key->fallback, key->fallback[0] != '\0' ? "`" : "", key->sentence);
}

static void readme__has_a_row_for_each_key_as_the_table_says(void **state)
{
    (void)state;
    size_t count;
    size_t missing = 0;
    const struct config_key *keys = config_keys(&count);
    char *readme = read_text("README.md");
    for (size_t i = 0; i < count; i++) {
        char row[1024];
        row_of(&keys[i], row, sizeof(row));
        if (strstr(readme, row) != NULL)
            continue;
        missing++;
        print_message("# not in README.md: %s", row);
    }
    assert_int_equal(missing, 0);
    free(readme);
}

static void example__names_each_key(void **state)
{
    (void)state;
    size_t count;
    const struct config_key *keys = config_keys(&count);
    char *example = read_text("deploy/cardwatch.yaml");
    for (size_t i = 0; i < count; i++) {
        const char *dot = strrchr(keys[i].name, '.');
        const char *last = dot == NULL ? keys[i].name : dot + 1;
        char text[128];
        snprintf(text, sizeof(text), "%s:", strcmp(last, "*") == 0 ? "kafka" : last);
        assert_text_contains(example, text);
    }
    free(example);
}

static void rows__are_complete(void **state)
{
    (void)state;
    size_t count;
    const struct config_key *keys = config_keys(&count);
    assert_in_range(count, 1, KEYS_MAX);
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(keys[i].sentence);
        assert_true(size > 10 && keys[i].sentence[size - 1] == '.');
        assert_true(strlen(keys[i].kind) > 0);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(keys[i].name, keys[j].name);
    }
}

static void bounds__are_shown_as_they_are_checked(void **state)
{
    (void)state;
    size_t count;
    const struct key *rows = key_rows(&count);
    for (size_t i = 0; i < count; i++) {
        char text[64] = "";
        if (rows[i].type == KEY_INTEGER || rows[i].type == KEY_BYTES)
            snprintf(text, sizeof(text),
                     rows[i].high == INT64_MAX ? "%lld or more" : "%lld .. %lld",
                     (long long)rows[i].low, (long long)rows[i].high);
        if (rows[i].type == KEY_NUMBER)
            snprintf(text, sizeof(text), "%.12g .. %.12g", rows[i].least, rows[i].most);
        assert_string_equal(key_shown(&rows[i])->bounds, text);
    }
}

static void choices__are_shown_as_they_are_checked(void **state)
{
    (void)state;
    size_t count;
    const struct key *rows = key_rows(&count);
    for (size_t i = 0; i < count; i++) {
        char text[128] = "one of: ";
        if (rows[i].type != KEY_CHOICE)
            continue;
        for (size_t c = 0; rows[i].choices[c] != NULL; c++)
            snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", c > 0 ? ", " : "",
                     rows[i].choices[c]);
        assert_string_equal(key_shown(&rows[i])->kind, text);
    }
}

static void find__knows_keys_and_sections_apart(void **state)
{
    (void)state;
    assert_non_null(key_find(view_text("processing.threads")));
    assert_null(key_find(view_text("processing")));
    assert_null(key_find(view_text("processing.thread")));
    assert_null(key_find(view_text("rules.N.name")));
    assert_non_null(key_find_rule(view_text("name")));
    assert_null(key_find_rule(view_text("names")));
    assert_true(key_is_section(view_text("processing")));
    assert_true(key_is_section(view_text("kafka")));
    assert_true(key_is_section(view_text("kafka.ssl.ca")));
    assert_false(key_is_section(view_text("process")));
    assert_false(key_is_section(view_text("application_id")));
    assert_false(key_is_section(view_text("rules.N")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readme__has_a_row_for_each_key_as_the_table_says),
        cmocka_unit_test(example__names_each_key),
        cmocka_unit_test(rows__are_complete),
        cmocka_unit_test(bounds__are_shown_as_they_are_checked),
        cmocka_unit_test(choices__are_shown_as_they_are_checked),
        cmocka_unit_test(find__knows_keys_and_sections_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "config/flat.h"

// Writes the entries as lines "kind path=value@line".
static void render(const struct flat *flat, char *out, size_t size)
{
    static const char *const kinds[] = {"scalar", "null", "map", "list"};
    out[0] = '\0';
    for (size_t i = 0; i < flat->count; i++) {
        const struct flat_entry *entry = &flat->entries[i];
        size_t used = strlen(out);
        snprintf(out + used, size - used, "%s %s=%s@%zu\n", kinds[entry->kind], entry->path,
                 entry->value != NULL ? entry->value : "", entry->line);
    }
}

static void assert_flat(const char *yaml, const char *root, const char *expected)
{
    char text[4096];
    struct flat flat;
    struct buffer report;
    buffer_init(&report, 4096);
    struct mistakes mistakes = {&report, 0};
    flat_init(&flat);
    flat_read(&flat, view_text(yaml), root, view_text("x"), &mistakes);
    render(&flat, text, sizeof(text));
    assert_string_equal(text, expected);
    assert_int_equal(mistakes.count, 0);
    flat_release(&flat);
    buffer_release(&report);
}

static void documents__become_paths_in_order(void **state)
{
    (void)state;
    assert_flat("a: 1\nb:\n  c: two\n  d: [x, {y: z}]\n", "",
                "map =@1\nscalar a=1@1\nmap b=@3\nscalar b.c=two@3\nlist b.d=@4\n"
                "scalar b.d.0=x@4\nmap b.d.1=@4\nscalar b.d.1.y=z@4\n");
}

static void roots__give_the_document_a_path(void **state)
{
    (void)state;
    assert_flat("[a]", "rules", "list rules=@1\nscalar rules.0=a@1\n");
    assert_flat("text", "rules", "scalar rules=text@1\n");
    assert_flat("", "rules", "null rules=@1\n");
}

static void nulls__are_told_from_quoted_text(void **state)
{
    (void)state;
    assert_flat("a:\nb: ~\nc: null\nd: ''\ne: 'null'\n", "",
                "map =@1\nnull a=@1\nnull b=@2\nnull c=@3\nscalar d=@4\nscalar e=null@5\n");
}

static void aliases__are_copied_where_they_are_used(void **state)
{
    (void)state;
    assert_flat("a: &x {y: 1}\nb: *x\n", "",
                "map =@1\nmap a=@1\nscalar a.y=1@1\nmap b=@1\nscalar b.y=1@1\n");
}

static void garbage__is_read_within_bounds(void **state)
{
    (void)state;
    static const char alphabet[] = "ab: \n-[]{},&*'\"#|>%@!?~\t\\x80\xc3\xa9";
    struct random random;
    random_seed(&random, 7);
    for (int round = 0; round < 20000; round++) {
        char text[64];
        struct flat flat;
        struct buffer report;
        buffer_init(&report, 4096);
        struct mistakes mistakes = {&report, 0};
        size_t size = random_below(&random, sizeof(text));
        for (size_t i = 0; i < size; i++)
            text[i] = alphabet[random_below(&random, sizeof(alphabet) - 1)];
        flat_init(&flat);
        flat_read(&flat, (struct view){(const uint8_t *)text, size}, "", view_text("x"), &mistakes);
        assert_in_range(flat.count, 0, FLAT_ENTRIES_MAX);
        flat_release(&flat);
        buffer_release(&report);
    }
}

static void nesting__is_bounded(void **state)
{
    (void)state;
    char text[2048] = "";
    struct flat flat;
    struct buffer report;
    buffer_init(&report, 4096);
    struct mistakes mistakes = {&report, 0};
    for (int i = 0; i < 300; i++)
        memcpy(text + strlen(text), "{a: ", sizeof("{a: "));
    for (int i = 0; i < 300; i++)
        memcpy(text + strlen(text), "}", sizeof("}"));
    flat_init(&flat);
    flat_read(&flat, view_text(text), "", view_text("x"), &mistakes);
    assert_int_equal(mistakes.count, 1);
    flat_release(&flat);
    buffer_release(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents__become_paths_in_order),
        cmocka_unit_test(roots__give_the_document_a_path),
        cmocka_unit_test(nulls__are_told_from_quoted_text),
        cmocka_unit_test(aliases__are_copied_where_they_are_used),
        cmocka_unit_test(garbage__is_read_within_bounds),
        cmocka_unit_test(nesting__is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

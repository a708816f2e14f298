// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/commands.h"
#include "cli/manual.h"
#include "lib/capture.h"

// The page, the caller's to free().
static char *page(void)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    manual_print(out);
    fclose(out);
    return text;
}

// Runs a program with the page on its stdin.
static int run_on_page(void *context)
{
    const char *const *argv = context;
    char *text = page();
    FILE *file = tmpfile();
    if (file == NULL || fputs(text, file) < 0 || fflush(file) != 0)
        return 126;
    free(text);
    lseek(fileno(file), 0, SEEK_SET);
    dup2(fileno(file), STDIN_FILENO);
    execvp(argv[0], (char **)(uintptr_t)argv);
    return 127;
}

// What the program prints of the page, on stdout; the caller's to free(). NULL: no such program.
static char *printed_by(const char *const *argv)
{
    struct capture capture;
    capture_run(&capture, run_on_page, (void *)(uintptr_t)argv);
    char *out = capture.exit_code == 127 ? NULL : strdup(capture.out);
    if (out != NULL && (capture.exit_code != 0 || capture.err[0] != '\0'))
        fail_msg("%s, code %d: %s%s", argv[0], capture.exit_code, capture.out, capture.err);
    capture_release(&capture);
    return out;
}

#define ARGV(...) ((const char *const[]){__VA_ARGS__, NULL})

static void page__is_roff_without_a_warning(void **state)
{
    (void)state;
    char *linted = printed_by(ARGV("mandoc", "-T", "lint"));
    char *set = printed_by(ARGV("groff", "-man", "-ww", "-Tutf8"));
    if (linted == NULL || set == NULL)
        print_message("no mandoc or no groff: not looked at\n");
    if (linted != NULL)
        assert_string_equal(linted, "");
    free(linted);
    free(set);
}

// The words of the page as a terminal without any art shows them, with a blank between two.
static char *shown(void)
{
    char *text = printed_by(ARGV("mandoc", "-T", "ascii", "-O", "width=200"));
    size_t size = 0;
    if (text == NULL)
        skip();
    for (const char *at = text; *at != '\0'; at++) {
        if (at[1] == '\b') // bold and underlined: c, backspace, c
            at += 2;
        char c = *at == '\n' ? ' ' : *at;
        if (c != ' ' || size == 0 || text[size - 1] != ' ')
            text[size++] = c;
    }
    text[size] = '\0';
    return text;
}

// The text without its ends of lines and the backquotes of what is bold.
static void assert_shown(const char *page_text, const char *text)
{
    char *plain = strdup(text);
    size_t size = 0;
    for (const char *at = text; *at != '\0'; at++)
        if (*at != '`')
            plain[size++] = *at == '\n' ? ' ' : *at;
    plain[size] = '\0';
    assert_text_contains(page_text, plain);
    free(plain);
}

static void page__says_what_help_says(void **state)
{
    (void)state;
    char *text = shown();
    for (const struct command *at = commands; at->name != NULL; at++) {
        assert_shown(text, at->text);
        for (const struct line_option *option = at->options; option->name != NULL; option++) {
            char name[64];
            snprintf(name, sizeof(name), "--%s", option->name);
            assert_shown(text, name);
            assert_shown(text, option->sentence);
        }
    }
    size_t count;
    const struct config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++) {
        assert_shown(text, keys[i].name);
        assert_shown(text, keys[i].sentence);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page__is_roff_without_a_warning),
        cmocka_unit_test(page__says_what_help_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
// deploy/WALK.md as a newcomer types it: every block of commands is run, in order, in one shell,
// and all that they print is what stands on the page.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "lib/kafkad.h"
#include "lib/process.h"
#include "lib/tools.h"
#include "lib/workspace.h"

enum { PAGE_BYTES_MAX = 1 << 20, WALK_MS = 240000 };

static int open_kafka(void **state)
{
    *state = kafkad_open();
    return 0;
}

static int close_kafka(void **state)
{
    kafkad_close(*state);
    return 0;
}

static void add_line(struct buffer *out, const char *line, size_t size)
{
    assert_true(buffer_append(out, line, size) && buffer_append_byte(out, '\n'));
}

// The page's blocks of one kind, one behind the other; the caller frees them.
static char *blocks_of(const char *page, const char *kind)
{
    struct buffer out;
    char *fence = workspace_text("```%s", kind);
    bool inside = false;
    buffer_init(&out, PAGE_BYTES_MAX);
    while (*page != '\0') {
        size_t size = strcspn(page, "\n");
        if (strncmp(page, "```", 3) == 0)
            inside = !inside && size == strlen(fence) && strncmp(page, fence, size) == 0;
        else if (inside)
            add_line(&out, page, size);
        page += size + (page[size] == '\n');
    }
    assert_true(out.size > 0 && buffer_append_byte(&out, '\0'));
    free(fence);
    return (char *)out.data;
}

// The commands in the test's directory, with the program in front of the path.
static char *script_of(const struct tools *tools, const char *commands)
{
    const char *binary = getenv("TEST_BINARY");
    char *real = realpath(binary != NULL ? binary : "build/cardwatch", NULL);
    assert_non_null(real);
    char *script = workspace_text("cd %s\ncardwatch() { %s \"$@\"; }\n"
                                  "export CARDWATCH_LOG_LEVEL=error\n" // a broker that starts
                                  "export CARDWATCH_KAFKA_BOOTSTRAP_SERVERS=%s "
                                  "CARDWATCH_SCHEMA_REGISTRY_URL=%s\n%s",
                                  tools->dir, real, tools->servers, tools->registry_url, commands);
    free(real);
    return script;
}

static void the_walk__prints_what_the_page_says(void **state)
{
    struct kafkad *kafka = *state;
    struct tools *tools = tools_open_on(kafkad_bootstrap(kafka));
    char *page = workspace_read("deploy/WALK.md");
    char *commands = blocks_of(page, "sh");
    char *expected = blocks_of(page, "output");
    char *script = script_of(tools, commands);
    char *log = tools_path(tools, "log");
    const char *const argv[] = {"bash", "-c", script, NULL};
    int code = process_run(argv, log, WALK_MS);
    char *printed = workspace_read(log);
    assert_string_equal(printed, expected);
    assert_int_equal(code, 0);
    tools_close(tools);
    free(page);
    free(commands);
    free(expected);
    free(script);
    free(log);
    free(printed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_walk__prints_what_the_page_says),
    };
    return cmocka_run_group_tests(tests, open_kafka, close_kafka);
}

// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cli/replay_lines.h"
#include "lib/workspace.h"

static const char value[] =
    "{\"type\": \"burst\", \"credit_card\": \"1111-2222-3333-4444\", \"timestamp\": 7}";

static struct record record_of(enum output_topic topic)
{
    return (struct record){.topic = topic,
                           .partition = -1,
                           .key = view_text("1111-2222-3333-4444"),
                           .value = view_text(value)};
}

static void alerts__become_lines_in_the_file(void **state)
{
    (void)state;
    char *dir = workspace_make();
    char *path = workspace_text("%s/alerts.jsonl", dir);
    atomic_bool stop = false;
    struct replay_lines *lines;
    struct error err;
    for (int shown = 0; shown < 2; shown++) {
        assert_int_equal(replay_lines_open(path, shown == 1, &stop, &lines, &err), STATUS_OK);
        const struct replay_listener listener = replay_lines_listener(lines);
        for (int topic = 0; topic < OUTPUT_TOPICS; topic++) { // the JSON alert is the one
            struct record record = record_of((enum output_topic)topic);
            listener.written(listener.context, &record);
        }
        assert_int_equal(replay_lines_finish(lines, &err), STATUS_OK);
        replay_lines_close(lines);
        char *text = workspace_read(path);
        assert_string_equal(
            text, shown == 1 ? "{\"type\": \"burst\", \"credit_card\": \"1111-2222-3333-4444\", "
                               "\"timestamp\": 7}\n"
                             : "{\"type\": \"burst\", \"credit_card\": \"************4444\", "
                               "\"timestamp\": 7}\n");
        free(text);
    }
    assert_false(stop);
    workspace_remove(dir);
    free(path);
    free(dir);
}

static void file__that_cannot_be_made_is_told(void **state)
{
    (void)state;
    atomic_bool stop = false;
    struct replay_lines *lines;
    struct error err;
    assert_int_equal(replay_lines_open("/nowhere/at/all", false, &stop, &lines, &err),
                     STATUS_FATAL);
    assert_non_null(strstr(err.text, "/nowhere/at/all cannot be written"));
}

static void full_disk__stops_the_run(void **state)
{
    (void)state;
    atomic_bool stop = false;
    struct replay_lines *lines;
    struct error err;
    assert_int_equal(replay_lines_open("/dev/full", false, &stop, &lines, &err), STATUS_OK);
    const struct replay_listener listener = replay_lines_listener(lines);
    struct record record = record_of(OUTPUT_ALERTS_JSON);
    for (int i = 0; i < 2000 && !stop; i++)
        listener.written(listener.context, &record);
    assert_true(stop);
    assert_int_equal(replay_lines_finish(lines, &err), STATUS_FATAL);
    replay_lines_close(lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alerts__become_lines_in_the_file),
        cmocka_unit_test(file__that_cannot_be_made_is_told),
        cmocka_unit_test(full_disk__stops_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

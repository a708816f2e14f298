// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "registry/registry.h"

static void assert_refused(const struct registry_settings *settings, const char *word)
{
    struct registry *registry = NULL;
    struct error err = {""};
    assert_int_equal(registry_open(settings, &registry, &err), STATUS_FATAL);
    if (strstr(err.text, word) == NULL)
        fail_msg("no '%s' in: %s", word, err.text);
}

static void registry__wrong_settings_are_named(void **state)
{
    (void)state;
    assert_refused(&(struct registry_settings){.url = "localhost:8081"},
                   "schema_registry.url: 'localhost:8081'");
    assert_refused(&(struct registry_settings){.url = ""}, "schema_registry.url is empty");
    assert_refused(
        &(struct registry_settings){.url = "https://localhost", .ca_file = "/nonexistent/ca.pem"},
        "schema_registry.ca_file: /nonexistent/ca.pem");
    registry_close(NULL);
}

static void registry__asks_nothing_before_it_is_asked(void **state)
{
    (void)state;
    const struct registry_settings settings = {.url = "http://127.0.0.1:1"};
    struct registry *registry = NULL;
    struct error err = {""};
    assert_int_equal(registry_open(&settings, &registry, &err), STATUS_OK);
    assert_false(registry_unreachable(registry, &err));
    for (int outcome = 0; outcome < REGISTRY_OUTCOMES; outcome++)
        assert_int_equal(registry_requests(registry, (enum registry_outcome)outcome), 0);
    registry_close(registry);
}

static void registry__refuses_a_subject_without_end(void **state)
{
    (void)state;
    const struct registry_settings settings = {.url = "http://127.0.0.1:1"};
    struct registry *registry = NULL;
    struct error err = {""};
    uint32_t id;
    char *subject = memory_zeroed(4096, 1);
    memset(subject, '/', 4095);
    assert_int_equal(registry_open(&settings, &registry, &err), STATUS_OK);
    assert_int_equal(registry_register(registry, subject, view_text("\"int\""), 1000, &id, &err),
                     STATUS_FATAL);
    assert_non_null(strstr(err.text, "too long"));
    registry_close(registry);
    free(subject);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registry__wrong_settings_are_named),
        cmocka_unit_test(registry__asks_nothing_before_it_is_asked),
        cmocka_unit_test(registry__refuses_a_subject_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

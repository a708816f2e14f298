// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/keys.h"

static void assert_suggestion(const char *text, const char *expected)
{
    const char *found = key_suggestion(view_text(text));
    if (expected == NULL && found != NULL)
        fail_msg("%s: %s", text, found);
    if (expected != NULL && (found == NULL || strcmp(found, expected) != 0))
        fail_msg("%s: %s", text, found == NULL ? "nothing" : found);
}

static void suggestion__finds_slips_of_the_pen(void **state)
{
    (void)state;
    assert_suggestion("processing.treads", "processing.threads");
    assert_suggestion("procesing.threads", "processing.threads");
    assert_suggestion("applicaton_id", "application_id");
    assert_suggestion("log.levle", "log.level");
    assert_suggestion("rule", "rules");
    assert_suggestion("topic", "topics");
    assert_suggestion("schemaregistry", "schema_registry");
}

static void suggestion__finds_keys_in_the_wrong_section(void **state)
{
    (void)state;
    assert_suggestion("state.commit_interval_ms", "processing.commit_interval_ms");
    assert_suggestion("commit_interval_ms", "processing.commit_interval_ms");
    assert_suggestion("processing.max_events_per_card", "state.max_events_per_card");
}

static void suggestion__reads_names_of_variables(void **state)
{
    (void)state;
    assert_suggestion("LOG_FORMT", "log.format");
    assert_suggestion("SCHEMA_REGISTRY_URLS", "schema_registry.url");
}

static void suggestion__is_silent_when_nothing_is_near(void **state)
{
    (void)state;
    assert_suggestion("", NULL);
    assert_suggestion("xyzzy", NULL);
    assert_suggestion("a.b.c.d", NULL);
    assert_suggestion("12345678901234567890123456789012345678901234567890123456789012345", NULL);
}

static void suggestion__finds_every_key_itself(void **state)
{
    (void)state;
    size_t count;
    const struct config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++)
        assert_suggestion(keys[i].name, keys[i].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suggestion__finds_slips_of_the_pen),
        cmocka_unit_test(suggestion__finds_keys_in_the_wrong_section),
        cmocka_unit_test(suggestion__reads_names_of_variables),
        cmocka_unit_test(suggestion__is_silent_when_nothing_is_near),
        cmocka_unit_test(suggestion__finds_every_key_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

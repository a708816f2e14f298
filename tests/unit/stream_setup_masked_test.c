// SPDX-License-Identifier: Apache-2.0
// The subject of masked purchases follows that of purchases, and never stands in the way.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/memory.h"
#include "demo/dev_registry.h"
#include "lib/registry_desk.h"
#include "stream/setup.h"
#include "wire/schemas.h"

struct fixture {
    struct dev_registry *server;
    struct registry *registry;
    struct config config;
    struct error err;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct buffer report;
    char url[64];
    const char *const sets[] = {"topics.masked_purchases=masked"};
    const struct config_sources sources = {.sets = sets, .set_count = 1};
    buffer_init(&report, 65536);
    assert_int_equal(config_load(&sources, &f->config, &report), STATUS_OK);
    buffer_release(&report);
    assert_int_equal(dev_registry_open(0, &f->server, &f->err), STATUS_OK);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u", dev_registry_port(f->server));
    f->registry = registry_desk_open(url);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    registry_close(f->registry);
    if (f->server != NULL)
        dev_registry_close(f->server);
    config_release(&f->config);
    free(f);
    return 0;
}

static enum status latest(struct fixture *f, const char *subject, uint32_t *id)
{
    char *schema = NULL;
    enum status status =
        registry_latest(f->registry, subject, REGISTRY_DESK_DEADLINE_MS, id, &schema, &f->err);
    free(schema);
    return status;
}

static uint32_t register_purchases(struct fixture *f)
{
    char *text = memory_copy(schema_purchase().data, schema_purchase().size);
    uint32_t id = registry_desk_register(f->registry, "purchases-value", text);
    free(text);
    return id;
}

static void subject__gets_the_latest_schema_under_its_id(void **state)
{
    struct fixture *f = *state;
    uint32_t id;
    (void)registry_desk_register(f->registry, "other-value", "\"int\"");
    uint32_t expected = register_purchases(f);
    setup_masked_subject(&f->config, f->registry);
    assert_int_equal(latest(f, "masked-value", &id), STATUS_OK);
    assert_int_equal(id, expected);
}

static void nothing__is_registered_when_it_may_not_or_the_output_is_off(void **state)
{
    struct fixture *f = *state;
    uint32_t id;
    (void)register_purchases(f);
    f->config.schema_registry.auto_register = false;
    setup_masked_subject(&f->config, f->registry);
    assert_int_equal(latest(f, "masked-value", &id), STATUS_FATAL);
    f->config.schema_registry.auto_register = true;
    f->config.topics.masked_purchases[0] = '\0';
    setup_masked_subject(&f->config, f->registry);
    assert_int_equal(latest(f, "masked-value", &id), STATUS_FATAL);
}

static void purchases_without_a_schema__are_no_hindrance(void **state)
{
    struct fixture *f = *state;
    uint32_t id;
    setup_masked_subject(&f->config, f->registry);
    assert_int_equal(latest(f, "masked-value", &id), STATUS_FATAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(subject__gets_the_latest_schema_under_its_id, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nothing__is_registered_when_it_may_not_or_the_output_is_off,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(purchases_without_a_schema__are_no_hindrance, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, registry_desk_environment, NULL);
}

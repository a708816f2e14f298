// SPDX-License-Identifier: Apache-2.0
// The registry's client over real sockets against the development registry, and its cache on disk.
#include <ftw.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "demo/dev_registry.h"
#include "lib/registry_desk.h"

enum { ASKERS = 8, IDS = 20 };

static const char alert[] = "{\"type\": \"record\", \"name\": \"Alert\", \"fields\": "
                            "[{\"name\": \"type\", \"type\": \"string\"}]}";
static const char alert_served[] =
    "{\"fields\":[{\"name\":\"type\",\"type\":\"string\"}],\"name\":\"Alert\",\"type\":\"record\"}";
static const char alert_wider[] =
    "{\"type\":\"record\",\"name\":\"Alert\",\"fields\":[{\"name\":\"type\",\"type\":\"string\"},"
    "{\"name\":\"must\",\"type\":\"string\"}]}";

static struct dev_registry *dev_open(uint16_t port, char *url, size_t size)
{
    struct dev_registry *dev = NULL;
    struct error err = {""};
    if (dev_registry_open(port, &dev, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    snprintf(url, size, "http://127.0.0.1:%u", (unsigned)dev_registry_port(dev));
    return dev;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void remove_tree(const char *path)
{
    nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void registry__registers_and_serves_the_text_that_the_registry_keeps(void **state)
{
    (void)state;
    char url[64];
    struct dev_registry *dev = dev_open(0, url, sizeof url);
    struct registry *registry = registry_desk_open(url);
    uint32_t id = registry_desk_register(registry, "alerts-value", alert);
    assert_int_equal(id, 1);
    assert_int_equal(registry_desk_register(registry, "alerts-value", alert_served), 1);
    assert_int_equal(registry_desk_register(registry, "a topic/with % and \xc3\xa9-value", alert),
                     1);
    registry_desk_assert_schema(registry, 1, alert_served);

    struct error err = {""};
    uint32_t latest = 0;
    char *text = NULL;
    assert_int_equal(registry_latest(registry, "a topic/with % and \xc3\xa9-value",
                                     REGISTRY_DESK_DEADLINE_MS, &latest, &text, &err),
                     STATUS_OK);
    assert_int_equal(latest, 1);
    assert_string_equal(text, alert_served);
    free(text);
    assert_int_equal(registry_ping(registry, REGISTRY_DESK_DEADLINE_MS, &err), STATUS_OK);
    assert_int_equal(registry_requests(registry, REGISTRY_OK), 6);
    registry_close(registry);
    dev_registry_close(dev);
}

static void registry__refusals_have_the_registrys_words(void **state)
{
    (void)state;
    char url[64];
    struct dev_registry *dev = dev_open(0, url, sizeof url);
    struct registry *registry = registry_desk_open(url);
    struct error err = {""};
    uint32_t id = 0;
    char *text = NULL;
    registry_desk_register(registry, "alerts-value", alert);

    assert_int_equal(registry_register(registry, "alerts-value", view_text(alert_wider),
                                       REGISTRY_DESK_DEADLINE_MS, &id, &err),
                     STATUS_FATAL);
    registry_desk_assert_holds(err.text, "subject alerts-value");
    registry_desk_assert_holds(err.text, url);
    registry_desk_assert_holds(err.text, "409");
    registry_desk_assert_holds(err.text, "Incompatible schema, compatibility_mode=BACKWARD");
    assert_int_equal(registry_register(registry, "alerts-value", view_text("{nonsense"),
                                       REGISTRY_DESK_DEADLINE_MS, &id, &err),
                     STATUS_FATAL);
    registry_desk_assert_holds(err.text, "Invalid AVRO schema");
    assert_int_equal(registry_register(registry, "alerts-value",
                                       (struct view){(const uint8_t *)"\"\xff\"", 3},
                                       REGISTRY_DESK_DEADLINE_MS, &id, &err),
                     STATUS_FATAL);
    registry_desk_assert_holds(err.text, "not UTF-8");
    assert_int_equal(registry_lookup(registry, "alerts-value", view_text(alert_wider),
                                     REGISTRY_DESK_DEADLINE_MS, &id, &err),
                     STATUS_FATAL);
    registry_desk_assert_holds(err.text, "auto_register");
    assert_int_equal(registry_lookup(registry, "alerts-value", view_text(alert),
                                     REGISTRY_DESK_DEADLINE_MS, &id, &err),
                     STATUS_OK);
    assert_int_equal(id, 1);
    assert_int_equal(
        registry_latest(registry, "nosuch", REGISTRY_DESK_DEADLINE_MS, &id, &text, &err),
        STATUS_FATAL);
    registry_desk_assert_holds(err.text, "Subject 'nosuch' not found.");
    registry_close(registry);
    dev_registry_close(dev);
}

static void *ask_for_all(void *context)
{
    struct registry *registry = context;
    for (uint32_t id = 1; id <= IDS; id++) {
        struct view schema;
        if (registry_desk_settled(registry, id, &schema) != REGISTRY_READY)
            return context;
    }
    return NULL;
}

static void registry__fetches_an_id_once_however_many_ask(void **state)
{
    (void)state;
    char url[64];
    char schema[128];
    struct dev_registry *dev = dev_open(0, url, sizeof url);
    struct registry *registry = registry_desk_open(url);
    for (int i = 1; i <= IDS; i++) {
        snprintf(schema, sizeof schema, "{\"type\":\"fixed\",\"name\":\"F%d\",\"size\":%d}", i, i);
        char subject[32];
        snprintf(subject, sizeof subject, "s%d", i);
        assert_int_equal(registry_desk_register(registry, subject, schema), i);
    }
    pthread_t threads[ASKERS];
    for (size_t i = 0; i < ASKERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_for_all, registry), 0);
    for (size_t i = 0; i < ASKERS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    assert_int_equal(dev_registry_fetches(dev), IDS);
    registry_close(registry);
    dev_registry_close(dev);
}

static void registry__an_id_is_unknown_only_after_a_while_and_may_come_later(void **state)
{
    (void)state;
    char url[64];
    struct dev_registry *dev = dev_open(0, url, sizeof url);
    struct registry *registry = registry_desk_open(url);
    struct view schema;
    int64_t start_ms = registry_desk_now_ms();
    assert_int_equal(registry_desk_settled(registry, 1, &schema), REGISTRY_UNKNOWN);
    assert_true(registry_desk_now_ms() - start_ms >= REGISTRY_DESK_UNKNOWN_MS);
    assert_false(registry_unreachable(registry, NULL));
    assert_true(registry_requests(registry, REGISTRY_NOT_FOUND) >= 2);

    registry_desk_register(registry, "alerts-value", alert);
    int64_t end_ms = registry_desk_now_ms() + REGISTRY_DESK_DEADLINE_MS;
    enum registry_answer answer;
    while ((answer = registry_desk_settled(registry, 1, &schema)) == REGISTRY_UNKNOWN &&
           registry_desk_now_ms() < end_ms)
        registry_desk_breathe();
    assert_int_equal(answer, REGISTRY_READY);
    registry_close(registry);
    dev_registry_close(dev);
}

static void registry__waits_for_a_registry_that_restarts_on_the_same_port(void **state)
{
    (void)state;
    char url[64];
    struct dev_registry *dev = dev_open(0, url, sizeof url);
    uint16_t port = dev_registry_port(dev);
    struct registry *registry = registry_desk_open(url);
    registry_desk_register(registry, "alerts-value", alert);
    registry_desk_assert_schema(registry, 1, alert_served);
    dev_registry_close(dev);

    struct view schema;
    struct error err = {""};
    assert_int_equal(registry_schema(registry, 2, &schema), REGISTRY_PENDING);
    registry_desk_await_trouble(registry, &err);
    registry_desk_assert_holds(err.text, url);
    registry_desk_assert_holds(err.text, "/schemas/ids/2");
    registry_desk_assert_holds(err.text, "schema_registry.url");
    assert_int_equal(registry_schema(registry, 2, &schema), REGISTRY_PENDING);
    uint32_t id;
    assert_int_equal(registry_register(registry, "alerts-value", view_text(alert), 1, &id, &err),
                     STATUS_RETRY);
    registry_desk_assert_schema(registry, 1, alert_served);

    dev = dev_open(port, url, sizeof url);
    registry_desk_register(registry, "first", "\"int\"");
    registry_desk_register(registry, "second", "\"string\"");
    registry_desk_assert_schema(registry, 2, "\"string\"");
    assert_false(registry_unreachable(registry, &err));
    registry_close(registry);
    dev_registry_close(dev);
}

// ---- the cache on disk

static void registry__works_on_from_disk_with_the_registry_down(void **state)
{
    (void)state;
    char url[64];
    char folder[] = "/tmp/cardwatch-registry-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char cache[128];
    snprintf(cache, sizeof cache, "%s/state/schemas", folder);
    struct dev_registry *dev = dev_open(0, url, sizeof url);
    struct registry_settings settings;
    registry_desk_settings(&settings, url);
    settings.cache_dir = cache;
    struct registry *registry = registry_desk_open_with(&settings);
    registry_desk_register(registry, "alerts-value", alert);
    registry_desk_assert_schema(registry, 1, alert_served);
    registry_close(registry);
    dev_registry_close(dev);

    registry = registry_desk_open_with(&settings);
    struct view schema;
    assert_int_equal(registry_schema(registry, 9, &schema), REGISTRY_PENDING);
    registry_desk_await_trouble(registry, NULL);
    registry_desk_assert_schema(registry, 1,
                                alert_served); // not held up by the one that cannot be fetched
    registry_close(registry);

    settings.url = "http://127.0.0.1:1"; // another registry: its id 1 is another schema
    registry = registry_desk_open_with(&settings);
    assert_int_equal(registry_schema(registry, 1, &schema), REGISTRY_PENDING);
    registry_desk_await_trouble(registry, NULL);
    assert_int_equal(registry_schema(registry, 1, &schema), REGISTRY_PENDING);
    registry_close(registry);
    remove_tree(folder);
}

static void registry__a_cache_that_cannot_be_made_is_no_failure(void **state)
{
    (void)state;
    char url[64];
    struct dev_registry *dev = dev_open(0, url, sizeof url);
    struct registry_settings settings;
    registry_desk_settings(&settings, url);
    settings.cache_dir = "/dev/null/cache";
    struct registry *registry = registry_desk_open_with(&settings);
    registry_desk_register(registry, "alerts-value", alert);
    registry_desk_assert_schema(registry, 1, alert_served);
    registry_close(registry);
    dev_registry_close(dev);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registry__registers_and_serves_the_text_that_the_registry_keeps),
        cmocka_unit_test(registry__refusals_have_the_registrys_words),
        cmocka_unit_test(registry__fetches_an_id_once_however_many_ask),
        cmocka_unit_test(registry__an_id_is_unknown_only_after_a_while_and_may_come_later),
        cmocka_unit_test(registry__waits_for_a_registry_that_restarts_on_the_same_port),
        cmocka_unit_test(registry__works_on_from_disk_with_the_registry_down),
        cmocka_unit_test(registry__a_cache_that_cannot_be_made_is_no_failure),
    };
    return cmocka_run_group_tests(tests, registry_desk_environment, NULL);
}

// SPDX-License-Identifier: Apache-2.0
#include "lib/registry_desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

int64_t registry_desk_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void registry_desk_breathe(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 2 * 1000 * 1000}, NULL);
}

void registry_desk_settings(struct registry_settings *settings, const char *url)
{
    *settings = (struct registry_settings){.url = url,
                                           .timeout_ms = REGISTRY_DESK_DEADLINE_MS,
                                           .unknown_after_ms = REGISTRY_DESK_UNKNOWN_MS};
}

struct registry *registry_desk_open_with(const struct registry_settings *settings)
{
    struct registry *registry = NULL;
    struct error err = {""};
    if (registry_open(settings, &registry, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return registry;
}

struct registry *registry_desk_open(const char *url)
{
    struct registry_settings settings;
    registry_desk_settings(&settings, url);
    return registry_desk_open_with(&settings);
}

enum registry_answer registry_desk_settled(struct registry *registry, uint32_t id,
                                           struct view *schema)
{
    int64_t end_ms = registry_desk_now_ms() + REGISTRY_DESK_DEADLINE_MS;
    for (;;) {
        enum registry_answer answer = registry_schema(registry, id, schema);
        if (answer != REGISTRY_PENDING || registry_desk_now_ms() > end_ms)
            return answer;
        registry_desk_breathe();
    }
}

void registry_desk_assert_schema(struct registry *registry, uint32_t id, const char *text)
{
    struct view schema = {NULL, 0};
    assert_int_equal(registry_desk_settled(registry, id, &schema), REGISTRY_READY);
    assert_int_equal(schema.size, strlen(text));
    assert_memory_equal(schema.data, text, schema.size);
}

void registry_desk_await_trouble(struct registry *registry, struct error *err)
{
    int64_t end_ms = registry_desk_now_ms() + REGISTRY_DESK_DEADLINE_MS;
    while (!registry_unreachable(registry, err)) {
        assert_true(registry_desk_now_ms() < end_ms);
        registry_desk_breathe();
    }
}

void registry_desk_assert_holds(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("no '%s' in: %s", part, text);
}

uint32_t registry_desk_register(struct registry *registry, const char *subject, const char *schema)
{
    uint32_t id = 0;
    struct error err = {""};
    if (registry_register(registry, subject, view_text(schema), REGISTRY_DESK_DEADLINE_MS, &id,
                          &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return id;
}

int registry_desk_environment(void **state)
{
    (void)state;
    return setenv("no_proxy", "127.0.0.1", 1);
}

// SPDX-License-Identifier: Apache-2.0
#include "lib/dev_desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "demo/dev_registry_routes.h"

static struct dev_answer ask(struct dev_store *store, const char *method, const char *target,
                             const char *body)
{
    char path[1024];
    size_t size = strcspn(target, "?");
    snprintf(path, sizeof path, "%.*s", (int)size, target);
    const char *query = target + size;
    const struct dev_request request = {
        .method = method,
        .path = path,
        .content_type = "application/json",
        .body = body == NULL ? (struct view){NULL, 0} : view_text(body),
        .deleted = strstr(query, "deleted=true") != NULL,
        .permanent = strstr(query, "permanent=true") != NULL,
        .fetch_max_id = strstr(query, "fetchMaxId=true") != NULL,
        .default_to_global = strstr(query, "defaultToGlobal=true") != NULL,
    };
    return dev_routes_answer(store, &request);
}

void dev_desk_expect(struct dev_store *store, const char *method, const char *target,
                     const char *body, int status, const char *expected)
{
    struct dev_answer answer = ask(store, method, target, body);
    if (answer.status != status || (expected != NULL && strcmp(answer.text, expected) != 0))
        fail_msg("%s %s: wanted %d %s, got %d %s", method, target, status,
                 expected == NULL ? "" : expected, answer.status, answer.text);
    assert_non_null(answer.content_type);
    dev_answer_release(&answer);
}

char *dev_desk_post_schema(struct dev_store *store, const char *target, const char *schema,
                           int *status)
{
    json_t *json = json_object();
    json_object_set_new(json, "schema", json_string(schema));
    char *body = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    struct dev_answer answer = ask(store, "POST", target, body);
    free(body);
    char *text = memory_text(answer.text);
    *status = answer.status;
    dev_answer_release(&answer);
    return text;
}

void dev_desk_register(struct dev_store *store, const char *subject, const char *schema, int status,
                       unsigned id)
{
    char target[512];
    char expected[64];
    int got;
    snprintf(target, sizeof target, "/subjects/%s/versions", subject);
    snprintf(expected, sizeof expected, "{\"id\":%u}", id);
    char *text = dev_desk_post_schema(store, target, schema, &got);
    if (got != status || (status == 200 && strcmp(text, expected) != 0))
        fail_msg("%s under %s: wanted %d %s, got %d %s", schema, subject, status, expected, got,
                 text);
    free(text);
}

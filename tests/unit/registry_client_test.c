// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/odd_server.h"
#include "registry/client.h"

#define ANSWER(code, text)                                                                         \
    {                                                                                              \
        .kind = ODD_ANSWER, .status = (code), .body = (text)                                       \
    }

struct desk {
    struct url_list urls;
    atomic_uint_fast64_t outcomes[REGISTRY_OUTCOMES];
    struct client client;
    struct answer answer;
    struct error err;
};

static void desk_open(struct desk *desk, const char *urls)
{
    static const struct http_settings settings = {NULL, NULL, NULL};
    *desk = (struct desk){.err = {""}};
    assert_int_equal(url_list_init(&desk->urls, urls, &desk->err), STATUS_OK);
    assert_int_equal(client_open(&desk->client, &desk->urls, &settings, desk->outcomes, &desk->err),
                     STATUS_OK);
}

static enum answer_kind desk_ask(struct desk *desk)
{
    const struct client_question question = {.path = "/schemas/ids/7", .timeout_ms = 20 * 1000};
    client_ask(&desk->client, &question, &desk->answer, &desk->err);
    enum answer_kind kind = desk->answer.kind;
    answer_release(&desk->answer);
    return kind;
}

static void desk_close(struct desk *desk)
{
    client_close(&desk->client);
    url_list_release(&desk->urls);
}

static void assert_says(const struct desk *desk, const char *part)
{
    if (strstr(desk->err.text, part) == NULL)
        fail_msg("no '%s' in: %s", part, desk->err.text);
}

static void client__counts_requests_by_outcome(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {
        ANSWER(200, "{}"),
        ANSWER(404, "{\"error_code\":40403,\"message\":\"Schema not found\"}"),
        ANSWER(409, "{\"error_code\":409,\"message\":\"Incompatible\"}"),
        ANSWER(404, "\"Not Found\""),
        ANSWER(500, ""),
        {.kind = ODD_RESET},
    };
    static const enum answer_kind kinds[] = {ANSWER_OK,      ANSWER_UNKNOWN, ANSWER_REFUSED,
                                             ANSWER_STRANGE, ANSWER_FAILED,  ANSWER_FAILED};
    struct odd_server *server = odd_server_open(0, steps, 6);
    struct desk desk;
    desk_open(&desk, odd_server_url(server));
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(desk_ask(&desk), kinds[i]);
    assert_int_equal(atomic_load(&desk.outcomes[REGISTRY_OK]), 1);
    assert_int_equal(atomic_load(&desk.outcomes[REGISTRY_NOT_FOUND]), 1);
    assert_int_equal(atomic_load(&desk.outcomes[REGISTRY_REFUSED]), 2);
    assert_int_equal(atomic_load(&desk.outcomes[REGISTRY_FAILED]), 2);
    desk_close(&desk);
    odd_server_close(server);
}

static void client__says_what_was_asked_what_came_and_what_to_check(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {
        ANSWER(401, "{\"error_code\":401,\"message\":\"Unauthorized\"}"),
        ANSWER(404, "\"Not Found\""),
        ANSWER(409, "{\"error_code\":409,\"message\":\"must\"}"),
        ANSWER(503, ""),
    };
    struct odd_server *server = odd_server_open(0, steps, 4);
    struct desk desk;
    desk_open(&desk, odd_server_url(server));
    desk_ask(&desk);
    assert_says(&desk, odd_server_url(server));
    assert_says(&desk,
                "/schemas/ids/7 answered 401 (Unauthorized); check schema_registry.username");
    desk_ask(&desk);
    assert_says(&desk, "answered 404 (\"Not Found\"): not a schema registry's answer; check "
                       "schema_registry.url");
    desk_ask(&desk);
    assert_says(&desk, "answered 409 (must); the subject holds a schema");
    desk_ask(&desk);
    assert_says(&desk, "answered 503 (empty body)");
    desk_close(&desk);
    odd_server_close(server);
}

static void client__goes_on_to_the_next_address_and_stays_there(void **state)
{
    (void)state;
    static const struct odd_step bad[] = {ANSWER(502, "bad gateway")};
    static const struct odd_step good[] = {ANSWER(200, "{}")};
    struct odd_server *first = odd_server_open(0, bad, 1);
    struct odd_server *second = odd_server_open(0, good, 1);
    char urls[256];
    snprintf(urls, sizeof urls, "%s,%s", odd_server_url(first), odd_server_url(second));
    struct desk desk;
    desk_open(&desk, urls);
    for (int i = 0; i < 3; i++)
        assert_int_equal(desk_ask(&desk), ANSWER_OK);
    assert_int_equal(odd_server_requests(first), 1);
    assert_int_equal(odd_server_requests(second), 3);
    odd_server_close(second); // and back again
    assert_int_equal(desk_ask(&desk), ANSWER_FAILED);
    assert_int_equal(odd_server_requests(first), 2);
    assert_says(&desk, "; then: GET");
    assert_says(&desk, "answered 502 (bad gateway)");
    desk_close(&desk);
    odd_server_close(first);
}

static void client__a_node_that_failed_may_still_know_better(void **state)
{
    (void)state;
    static const struct odd_step strange[] = {ANSWER(404, "\"Not Found\"")};
    struct odd_server *server = odd_server_open(0, strange, 1);
    char urls[256];
    struct desk desk;
    snprintf(urls, sizeof urls, "http://127.0.0.1:1,%s", odd_server_url(server));
    desk_open(&desk, urls);
    assert_int_equal(desk_ask(&desk), ANSWER_FAILED);
    desk_close(&desk);
    snprintf(urls, sizeof urls, "%s,%s", odd_server_url(server), odd_server_url(server));
    desk_open(&desk, urls);
    assert_int_equal(desk_ask(&desk), ANSWER_STRANGE);
    desk_close(&desk);
    odd_server_close(server);
}

static int environment_set_up(void **state)
{
    (void)state;
    return setenv("no_proxy", "127.0.0.1", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(client__counts_requests_by_outcome),
        cmocka_unit_test(client__says_what_was_asked_what_came_and_what_to_check),
        cmocka_unit_test(client__goes_on_to_the_next_address_and_stays_there),
        cmocka_unit_test(client__a_node_that_failed_may_still_know_better),
    };
    return cmocka_run_group_tests(tests, environment_set_up, NULL);
}

// SPDX-License-Identifier: Apache-2.0
// The registry's client against servers that hang, reset, cut, flood and answer nonsense.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/odd_server.h"
#include "lib/registry_desk.h"

enum { IDS = 20 };

#define ANSWER(code, text)                                                                         \
    {                                                                                              \
        .kind = ODD_ANSWER, .status = (code), .body = (text)                                       \
    }
#define GOOD ANSWER(200, "{\"schema\":\"\\\"string\\\"\"}")
#define NOT_FOUND                                                                                  \
    {                                                                                              \
        .kind = ODD_ANSWER, .status = 404, .headers = "Content-Type: application/json\r\n",        \
        .body = "\"Not Found\""                                                                    \
    }

static void await_requests(struct odd_server *server, size_t count)
{
    int64_t end_ms = registry_desk_now_ms() + REGISTRY_DESK_DEADLINE_MS;
    while (odd_server_requests(server) < count) {
        assert_true(registry_desk_now_ms() < end_ms);
        registry_desk_breathe();
    }
}

static void registry__a_404_that_is_not_a_registrys_is_never_unknown(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {
        NOT_FOUND,
        ANSWER(404, "<html>nginx</html>"),
        ANSWER(404, "{\"error_code\":404,\"message\":\"HTTP 404 Not Found\"}"),
        ANSWER(404, ""),
        NOT_FOUND,
    };
    struct odd_server *server = odd_server_open(0, steps, sizeof steps / sizeof *steps);
    struct registry_settings settings;
    registry_desk_settings(&settings, odd_server_url(server));
    settings.unknown_after_ms = 0; // a registry's own 404 would count at once
    struct registry *registry = registry_desk_open_with(&settings);
    struct view schema;
    struct error err = {""};
    registry_schema(registry, 7, &schema);
    await_requests(server, 5);
    assert_int_equal(registry_schema(registry, 7, &schema), REGISTRY_PENDING);
    registry_desk_await_trouble(registry, &err);
    registry_desk_assert_holds(err.text, odd_server_url(server));
    registry_desk_assert_holds(err.text, "/schemas/ids/7 answered 404");
    registry_desk_assert_holds(err.text, "check schema_registry.url");
    assert_int_equal(registry_requests(registry, REGISTRY_NOT_FOUND), 0);
    registry_close(registry);
    odd_server_close(server);
}

static void registry__survives_every_kind_of_bad_answer(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {
        ANSWER(500, "Internal Server Error"),
        ANSWER(503, "\"Not now\""),
        ANSWER(200, "{\"schema\":\"\\\"str"),
        ANSWER(200, "[]"),
        ANSWER(200, "{\"schema\":{\"type\":\"string\"}}"),
        ANSWER(200, "null"),
        ANSWER(200, ""),
        ANSWER(204, ""),
        ANSWER(422, "{\"error_code\":422,\"message\":[{\"type\":\"missing\"}]}"),
        {.kind = ODD_CUT, .status = 200, .body = "{\"schema\":\"\\\"string\\\"\"}"},
        {.kind = ODD_RESET},
        {.kind = ODD_RAW, .body = "SSH-2.0-OpenSSH_9.2p1\r\n"},
        {.kind = ODD_RAW, .body = ""},
        {.kind = ODD_SLOW,
         .status = 200,
         .body = "{\"maxId\":12,\"id\":7,\"extra\":{\"a\":[1,2]},\"schema\":\"\\\"string\\\"\"}"},
    };
    // Each step but the last one is met by a new client, so that no back-off has to be waited for.
    size_t count = sizeof steps / sizeof *steps;
    for (size_t i = 0; i + 1 < count; i++) {
        const struct odd_step script[] = {steps[i], steps[count - 1]};
        struct odd_server *server = odd_server_open(0, script, 2);
        struct registry *registry = registry_desk_open(odd_server_url(server));
        registry_desk_assert_schema(registry, 7, "\"string\"");
        assert_false(registry_unreachable(registry, NULL));
        assert_true(registry_requests(registry, REGISTRY_NOT_FOUND) == 0);
        registry_close(registry);
        odd_server_close(server);
    }
}

static void registry__a_flood_is_cut_off_and_reported(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {{.kind = ODD_FLOOD}, GOOD};
    struct odd_server *server = odd_server_open(0, steps, 1);
    struct registry *registry = registry_desk_open(odd_server_url(server));
    struct view schema;
    struct error err = {""};
    registry_schema(registry, 7, &schema);
    registry_desk_await_trouble(registry, &err);
    registry_desk_assert_holds(err.text, "larger than");
    registry_close(registry);
    odd_server_close(server);
}

static void registry__a_hanging_server_costs_a_time_out_only(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {{.kind = ODD_HANG}, GOOD};
    struct odd_server *server = odd_server_open(0, steps, 2);
    struct registry_settings settings;
    registry_desk_settings(&settings, odd_server_url(server));
    settings.timeout_ms = 100;
    struct registry *registry = registry_desk_open_with(&settings);
    registry_desk_assert_schema(registry, 7, "\"string\"");
    registry_close(registry);
    odd_server_close(server);
}

static void registry__closing_does_not_wait_for_a_hanging_server(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {{.kind = ODD_HANG}};
    struct odd_server *server = odd_server_open(0, steps, 1);
    struct registry_settings settings;
    registry_desk_settings(&settings, odd_server_url(server));
    settings.timeout_ms = 3600 * 1000;
    struct registry *registry = registry_desk_open_with(&settings);
    struct view schema;
    registry_schema(registry, 7, &schema);
    await_requests(server, 1);
    registry_close(registry); // would last an hour
    odd_server_close(server);
}

static void registry__keeps_its_connection_alive(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {GOOD};
    struct odd_server *server = odd_server_open(0, steps, 1);
    struct registry *registry = registry_desk_open(odd_server_url(server));
    for (uint32_t id = 1; id <= IDS; id++)
        registry_desk_assert_schema(registry, id, "\"string\"");
    assert_int_equal(odd_server_requests(server), IDS);
    assert_int_equal(odd_server_connections(server), 1);
    registry_close(registry);
    odd_server_close(server);
}

static void registry__tries_its_addresses_in_turn(void **state)
{
    (void)state;
    static const struct odd_step bad[] = {ANSWER(500, "no"), ANSWER(404, "\"Not Found\"")};
    static const struct odd_step good[] = {GOOD};
    struct odd_server *first = odd_server_open(0, bad, 2);
    struct odd_server *second = odd_server_open(0, good, 1);
    char urls[256];
    snprintf(urls, sizeof urls, "http://127.0.0.1:1, %s/, %s/", odd_server_url(first),
             odd_server_url(second));
    struct registry *registry = registry_desk_open(urls);
    for (uint32_t id = 1; id <= IDS; id++)
        registry_desk_assert_schema(registry, id, "\"string\"");
    assert_int_equal(odd_server_requests(first), 1); // then the one that answers is asked first
    assert_int_equal(odd_server_requests(second), IDS);
    assert_false(registry_unreachable(registry, NULL));
    registry_close(registry);
    odd_server_close(first);
    odd_server_close(second);
}

static void registry__a_definite_refusal_is_not_taken_elsewhere(void **state)
{
    (void)state;
    static const struct odd_step refusing[] = {
        ANSWER(409, "{\"error_code\":409,\"message\":\"Incompatible schema\"}")};
    static const struct odd_step good[] = {ANSWER(200, "{\"id\":1}")};
    struct odd_server *first = odd_server_open(0, refusing, 1);
    struct odd_server *second = odd_server_open(0, good, 1);
    char urls[256];
    snprintf(urls, sizeof urls, "%s,%s", odd_server_url(first), odd_server_url(second));
    struct registry *registry = registry_desk_open(urls);
    struct error err = {""};
    uint32_t id;
    assert_int_equal(registry_register(registry, "s", view_text("\"int\""),
                                       REGISTRY_DESK_DEADLINE_MS, &id, &err),
                     STATUS_FATAL);
    assert_int_equal(odd_server_requests(second), 0);
    registry_close(registry);
    odd_server_close(first);
    odd_server_close(second);
}

static void registry__start_up_calls_repeat_what_may_pass_and_give_up_on_the_rest(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {
        ANSWER(503, "{\"error_code\":50301,\"message\":\"starting\"}"),
        {.kind = ODD_RESET},
        ANSWER(200, "{\"more\":1,\"id\":4294967295}"),
        ANSWER(403, "{\"error_code\":403,\"message\":\"Forbidden\"}"),
        ANSWER(200, "{\"id\":-1}"),
        ANSWER(200, "{}"),
        ANSWER(200, "{\"id\":3,\"schema\":\"{}\",\"schemaType\":\"JSON\"}"),
        ANSWER(200, "{\"id\":3,\"schema\":\"{}\",\"references\":[{\"name\":\"n\"}]}"),
        ANSWER(500, "Internal Server Error"),
    };
    struct odd_server *server = odd_server_open(0, steps, sizeof steps / sizeof *steps);
    struct registry *registry = registry_desk_open(odd_server_url(server));
    struct error err = {""};
    uint32_t id = 0;
    char *text = NULL;
    assert_int_equal(registry_desk_register(registry, "s", "\"int\""), UINT32_MAX);
    assert_int_equal(registry_register(registry, "s", view_text("\"int\""),
                                       REGISTRY_DESK_DEADLINE_MS, &id, &err),
                     STATUS_FATAL);
    registry_desk_assert_holds(err.text, "Forbidden");
    registry_desk_assert_holds(err.text, "schema_registry.username");
    assert_int_equal(
        registry_lookup(registry, "s", view_text("\"int\""), REGISTRY_DESK_DEADLINE_MS, &id, &err),
        STATUS_FATAL);
    assert_int_equal(registry_ping(registry, REGISTRY_DESK_DEADLINE_MS, &err), STATUS_FATAL);
    assert_int_equal(registry_latest(registry, "s", REGISTRY_DESK_DEADLINE_MS, &id, &text, &err),
                     STATUS_FATAL);
    registry_desk_assert_holds(err.text, "is of type JSON, not AVRO");
    assert_int_equal(registry_latest(registry, "s", REGISTRY_DESK_DEADLINE_MS, &id, &text, &err),
                     STATUS_FATAL);
    registry_desk_assert_holds(err.text, "refers to 1 other");
    assert_int_equal(registry_ping(registry, 250, &err), STATUS_RETRY);
    registry_desk_assert_holds(err.text, "answered 500");
    registry_close(registry);
    odd_server_close(server);
}

static void registry__sends_what_confluents_clients_send(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {ANSWER(200, "{\"id\":1}")};
    struct odd_server *server = odd_server_open(0, steps, 1);
    struct registry_settings settings;
    registry_desk_settings(&settings, odd_server_url(server));
    settings.username = "user";
    settings.password = "p:ss";
    struct registry *registry = registry_desk_open_with(&settings);
    registry_desk_register(registry, "my/topic-value", "\"int\"");
    char *request = odd_server_request(server);
    registry_desk_assert_holds(request, "POST /subjects/my%2Ftopic-value/versions HTTP/1.1\r\n");
    registry_desk_assert_holds(request, "\r\nAuthorization: Basic dXNlcjpwOnNz\r\n");
    registry_desk_assert_holds(request, "\r\nAccept: application/vnd.schemaregistry.v1+json\r\n");
    registry_desk_assert_holds(request,
                               "\r\nContent-Type: application/vnd.schemaregistry.v1+json\r\n");
    registry_desk_assert_holds(request, "\r\n\r\n{\"schema\":\"\\\"int\\\"\"}");
    assert_null(strstr(request, "Expect:"));
    free(request);
    registry_close(registry);
    odd_server_close(server);
}

static void registry__never_shows_the_urls_password(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {ANSWER(401, "")};
    struct odd_server *server = odd_server_open(0, steps, 1);
    char url[128];
    snprintf(url, sizeof url, "http://me:s%%40cret@127.0.0.1:%u/prefix/",
             (unsigned)odd_server_port(server));
    struct registry *registry = registry_desk_open(url);
    struct error err = {""};
    assert_int_equal(registry_ping(registry, REGISTRY_DESK_DEADLINE_MS, &err), STATUS_FATAL);
    assert_null(strstr(err.text, "cret"));
    registry_desk_assert_holds(err.text, "schema_registry.password");
    char *request = odd_server_request(server);
    registry_desk_assert_holds(request, "GET /prefix/subjects HTTP/1.1\r\n");
    registry_desk_assert_holds(request, "\r\nAuthorization: Basic bWU6c0BjcmV0\r\n"); // me:s@cret
    free(request);
    registry_close(registry);
    odd_server_close(server);
}

static void registry__follows_redirects_but_not_out_of_http(void **state)
{
    (void)state;
    static const struct odd_step good[] = {GOOD};
    struct odd_server *target = odd_server_open(0, good, 1);
    char location[128];
    snprintf(location, sizeof location, "Location: %s/schemas/ids/7\r\n", odd_server_url(target));
    const struct odd_step steps[] = {
        {.kind = ODD_ANSWER,
         .status = 302,
         .headers = "Location: file:///etc/passwd\r\n",
         .body = ""},
        {.kind = ODD_ANSWER, .status = 307, .headers = location, .body = ""},
    };
    struct odd_server *server = odd_server_open(0, steps, 2);
    struct registry *registry = registry_desk_open(odd_server_url(server));
    registry_desk_assert_schema(registry, 7, "\"string\"");
    assert_int_equal(odd_server_requests(server), 2);
    assert_int_equal(registry_requests(registry, REGISTRY_FAILED), 1);
    registry_close(registry);
    odd_server_close(server);
    odd_server_close(target);
}

static void registry__a_redirect_to_a_file_is_refused(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {{.kind = ODD_ANSWER,
                                             .status = 302,
                                             .headers = "Location: file:///etc/passwd\r\n",
                                             .body = ""}};
    struct odd_server *server = odd_server_open(0, steps, 1);
    struct registry *registry = registry_desk_open(odd_server_url(server));
    struct view schema;
    struct error err = {""};
    registry_schema(registry, 7, &schema);
    registry_desk_await_trouble(registry, &err);
    registry_desk_assert_holds(err.text, "\"file\"");
    registry_close(registry);
    odd_server_close(server);
}

static void registry__hands_out_what_is_not_avro_for_the_decoder_to_refuse(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {
        ANSWER(200, "{\"schema\":\"{\\\"type\\\":\\\"object\\\"}\",\"schemaType\":\"JSON\"}"),
        ANSWER(200, "{\"references\":[{\"name\":\"n\",\"subject\":\"s\",\"version\":1}],"
                    "\"schema\":\"[\\\"n\\\"]\"}"),
    };
    struct odd_server *server = odd_server_open(0, steps, 2);
    struct registry *registry = registry_desk_open(odd_server_url(server));
    registry_desk_assert_schema(registry, 1, "{\"type\":\"object\"}");
    registry_desk_assert_schema(registry, 2, "[\"n\"]");
    registry_close(registry);
    odd_server_close(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registry__a_404_that_is_not_a_registrys_is_never_unknown),
        cmocka_unit_test(registry__survives_every_kind_of_bad_answer),
        cmocka_unit_test(registry__a_flood_is_cut_off_and_reported),
        cmocka_unit_test(registry__a_hanging_server_costs_a_time_out_only),
        cmocka_unit_test(registry__closing_does_not_wait_for_a_hanging_server),
        cmocka_unit_test(registry__keeps_its_connection_alive),
        cmocka_unit_test(registry__tries_its_addresses_in_turn),
        cmocka_unit_test(registry__a_definite_refusal_is_not_taken_elsewhere),
        cmocka_unit_test(registry__start_up_calls_repeat_what_may_pass_and_give_up_on_the_rest),
        cmocka_unit_test(registry__sends_what_confluents_clients_send),
        cmocka_unit_test(registry__never_shows_the_urls_password),
        cmocka_unit_test(registry__follows_redirects_but_not_out_of_http),
        cmocka_unit_test(registry__a_redirect_to_a_file_is_refused),
        cmocka_unit_test(registry__hands_out_what_is_not_avro_for_the_decoder_to_refuse),
    };
    return cmocka_run_group_tests(tests, registry_desk_environment, NULL);
}

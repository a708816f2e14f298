// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pthread.h>
#include <time.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/memory.h"
#include "lib/odd_server.h"
#include "registry/http.h"

enum { TIMEOUT_MS = 20 * 1000 };

static const struct http_settings plain = {NULL, NULL, NULL};

static struct http *open_http(const struct http_settings *settings)
{
    struct http *http = NULL;
    struct error err = {""};
    if (http_open(settings, &http, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return http;
}

static void ask(struct http *http, const char *url, int64_t timeout_ms, struct http_answer *out)
{
    char base[128];
    snprintf(base, sizeof base, "%s", url);
    const struct url target = {.base = base};
    const struct http_request request = {
        .url = &target, .path = "/subjects", .timeout_ms = timeout_ms};
    http_perform(http, &request, out);
}

static void http__brings_status_and_body(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {
        {.kind = ODD_ANSWER, .status = 404, .body = "none"},
        {.kind = ODD_SLOW, .status = 200, .body = "[\"a\", \"b\", \"c\"]"},
        {.kind = ODD_ANSWER, .status = 500, .body = ""},
    };
    struct odd_server *server = odd_server_open(0, steps, 3);
    struct http *http = open_http(&plain);
    struct http_answer answer;
    ask(http, odd_server_url(server), TIMEOUT_MS, &answer);
    assert_int_equal(answer.status, 404);
    assert_true(view_equal(answer.body, view_text("none")));
    ask(http, odd_server_url(server), TIMEOUT_MS, &answer);
    assert_int_equal(answer.status, 200);
    assert_true(view_equal(answer.body, view_text(steps[1].body)));
    ask(http, odd_server_url(server), TIMEOUT_MS, &answer);
    assert_int_equal(answer.status, 500);
    assert_int_equal(answer.body.size, 0);
    assert_int_equal(odd_server_connections(server), 1);
    http_close(http);
    odd_server_close(server);
}

static void http__an_answer_may_be_as_large_as_a_schema_but_no_larger(void **state)
{
    (void)state;
    char *body = memory_zeroed(SCHEMA_BYTES_MAX + 2, 1);
    memset(body, 'x', SCHEMA_BYTES_MAX);
    const struct odd_step steps[] = {{.kind = ODD_ANSWER, .status = 200, .body = body}};
    struct odd_server *server = odd_server_open(0, steps, 1);
    struct http *http = open_http(&plain);
    struct http_answer answer;
    ask(http, odd_server_url(server), TIMEOUT_MS, &answer);
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.body.size, SCHEMA_BYTES_MAX);
    body[SCHEMA_BYTES_MAX] = 'x';
    ask(http, odd_server_url(server), TIMEOUT_MS, &answer);
    assert_int_equal(answer.status, 0);
    assert_non_null(strstr(answer.failure, "larger than 4194304 bytes"));
    http_close(http);
    odd_server_close(server);
    free(body);
}

static void http__says_why_there_is_no_answer(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {{.kind = ODD_HANG}};
    struct odd_server *server = odd_server_open(0, steps, 1);
    struct http *http = open_http(&plain);
    struct http_answer answer;
    ask(http, "http://127.0.0.1:1", TIMEOUT_MS, &answer);
    assert_int_equal(answer.status, 0);
    assert_non_null(strstr(answer.failure, "connect"));
    ask(http, odd_server_url(server), 50, &answer);
    assert_int_equal(answer.status, 0);
    assert_non_null(strstr(answer.failure, "timed out"));
    http_close(http);
    odd_server_close(server);
}

static void http__posts_and_goes_back_to_getting(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {{.kind = ODD_ANSWER, .status = 200, .body = "{}"}};
    struct odd_server *server = odd_server_open(0, steps, 1);
    struct http *http = open_http(&plain);
    char base[128];
    snprintf(base, sizeof base, "%s", odd_server_url(server));
    const struct url target = {.base = base};
    const struct http_request post = {
        .url = &target, .path = "/a", .body = view_text("{\"a\":1}"), .timeout_ms = TIMEOUT_MS};
    struct http_answer answer;
    http_perform(http, &post, &answer);
    char *request = odd_server_request(server);
    assert_int_equal(strncmp(request, "POST /a HTTP/1.1\r\n", 18), 0);
    assert_non_null(strstr(request, "\r\n\r\n{\"a\":1}"));
    assert_null(strstr(request, "Authorization"));
    free(request);
    ask(http, base, TIMEOUT_MS, &answer);
    request = odd_server_request(server);
    assert_int_equal(strncmp(request, "GET /subjects HTTP/1.1\r\n", 24), 0);
    assert_null(strstr(request, "Content-Length"));
    free(request);
    http_close(http);
    odd_server_close(server);
}

static void *ask_for_an_hour(void *context)
{
    void **both = context;
    struct http_answer answer;
    ask(both[0], odd_server_url(both[1]), 3600 * 1000, &answer);
    return answer.status == 0 ? context : NULL;
}

static void http__a_request_can_be_cancelled_from_another_thread(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {{.kind = ODD_HANG}};
    struct odd_server *server = odd_server_open(0, steps, 1);
    struct http *http = open_http(&plain);
    void *both[] = {http, server};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, ask_for_an_hour, both), 0);
    for (int i = 0; i < 10000 && odd_server_requests(server) == 0; i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000 * 1000}, NULL);
    http_cancel(http);
    void *cancelled;
    pthread_join(thread, &cancelled);
    assert_non_null(cancelled);
    struct http_answer answer;
    ask(http, odd_server_url(server), 3600 * 1000, &answer); // and later ones
    assert_int_equal(answer.status, 0);
    assert_int_equal(odd_server_requests(server), 1);
    http_close(http);
    odd_server_close(server);
}

static void http__names_a_ca_file_that_cannot_be_read(void **state)
{
    (void)state;
    const struct http_settings settings = {.ca_file = "/nonexistent/ca.pem"};
    struct http *http = NULL;
    struct error err = {""};
    assert_int_equal(http_open(&settings, &http, &err), STATUS_FATAL);
    assert_non_null(strstr(err.text, "schema_registry.ca_file: /nonexistent/ca.pem"));
}

static void http__refuses_an_endless_url(void **state)
{
    (void)state;
    struct http *http = open_http(&plain);
    char *path = memory_zeroed(8192, 1);
    memset(path, 'a', 8191);
    char base[] = "http://127.0.0.1:1";
    const struct url target = {.base = base};
    const struct http_request request = {.url = &target, .path = path, .timeout_ms = TIMEOUT_MS};
    struct http_answer answer;
    http_perform(http, &request, &answer);
    assert_int_equal(answer.status, 0);
    assert_string_equal(answer.failure, "the URL is too long");
    free(path);
    http_close(http);
}

static int environment_set_up(void **state)
{
    (void)state;
    return setenv("no_proxy", "127.0.0.1", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(http__brings_status_and_body),
        cmocka_unit_test(http__an_answer_may_be_as_large_as_a_schema_but_no_larger),
        cmocka_unit_test(http__says_why_there_is_no_answer),
        cmocka_unit_test(http__posts_and_goes_back_to_getting),
        cmocka_unit_test(http__a_request_can_be_cancelled_from_another_thread),
        cmocka_unit_test(http__names_a_ca_file_that_cannot_be_read),
        cmocka_unit_test(http__refuses_an_endless_url),
    };
    return cmocka_run_group_tests(tests, environment_set_up, NULL);
}

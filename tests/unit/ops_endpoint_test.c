// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "ops/endpoint.h"

struct fixture {
    bool ready;
    struct endpoint *endpoint;
};

static bool show_metrics(void *context, struct buffer *out)
{
    (void)context;
    return buffer_append(out, "cardwatch_x 1\n", 14);
}

static bool show_ready(void *context, struct buffer *reason)
{
    struct fixture *f = context;
    return f->ready || !buffer_append(reason, "{\"ready\": false}\n", 17);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    const struct endpoint_source source = {show_metrics, show_ready, f};
    struct error err;
    if (endpoint_open("127.0.0.1:0", &source, &f->endpoint, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    endpoint_close(f->endpoint);
    free(f);
    return 0;
}

// The whole answer to one request, headers included.
static void ask(const struct fixture *f, const char *request, char *answer, size_t size)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(endpoint_port(f->endpoint)),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval patience = {.tv_sec = 10};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(write(fd, request, strlen(request)), (ssize_t)strlen(request));
    size_t used = 0;
    for (ssize_t got; (got = read(fd, answer + used, size - 1 - used)) > 0;)
        used += (size_t)got;
    answer[used] = '\0';
    close(fd);
}

static void get(const struct fixture *f, const char *path, char *answer, size_t size)
{
    char request[256];
    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
             path);
    ask(f, request, answer, size);
}

static void metrics__are_served_as_prometheus_text(void **state)
{
    char answer[4096];
    get(*state, "/metrics", answer, sizeof(answer));
    assert_non_null(strstr(answer, " 200 "));
    assert_non_null(strstr(answer, "text/plain; version=0.0.4"));
    assert_non_null(strstr(answer, "cardwatch_x 1\n"));
}

static void readiness__is_a_status_and_a_reason(void **state)
{
    struct fixture *f = *state;
    char answer[4096];
    get(f, "/readyz", answer, sizeof(answer));
    assert_non_null(strstr(answer, " 503 "));
    assert_non_null(strstr(answer, "{\"ready\": false}"));
    f->ready = true;
    get(f, "/readyz", answer, sizeof(answer));
    assert_non_null(strstr(answer, " 200 "));
}

static void health__is_ok_while_the_process_lives(void **state)
{
    char answer[4096];
    get(*state, "/healthz", answer, sizeof(answer));
    assert_non_null(strstr(answer, " 200 "));
}

static void other_pages_and_methods__are_refused(void **state)
{
    char answer[4096];
    get(*state, "/etc/passwd", answer, sizeof(answer));
    assert_non_null(strstr(answer, " 404 "));
    ask(*state,
        "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        answer, sizeof(answer));
    assert_non_null(strstr(answer, " 405 "));
}

static void taken_port__is_named(void **state)
{
    struct fixture *f = *state;
    char listen[64];
    struct endpoint *other;
    struct error err;
    const struct endpoint_source source = {show_metrics, show_ready, f};
    snprintf(listen, sizeof(listen), "127.0.0.1:%u", endpoint_port(f->endpoint));
    assert_int_equal(endpoint_open(listen, &source, &other, &err), STATUS_FATAL);
    assert_non_null(strstr(err.text, listen));
}

static void bad_addresses__are_refused(void **state)
{
    struct fixture *f = *state;
    const struct endpoint_source source = {show_metrics, show_ready, f};
    const char *const bad[] = {
        "",      "9464", "localhost:9464", "127.0.0.1:", "127.0.0.1:70000", "127.0.0.1:1x",
        "[::1]", "[:80"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct endpoint *other;
        struct error err;
        assert_int_equal(endpoint_open(bad[i], &source, &other, &err), STATUS_FATAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(metrics__are_served_as_prometheus_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(readiness__is_a_status_and_a_reason, set_up, tear_down),
        cmocka_unit_test_setup_teardown(health__is_ok_while_the_process_lives, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_pages_and_methods__are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(taken_port__is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_addresses__are_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/process.h"
#include "lib/raw_http.h"
#include "lib/workspace.h"
#include "ops/endpoint.h"
#include "ops/feed.h"

enum { WAIT_MS = 60000 };

#define JSON_HEADER "Content-Type: application/json\r\n"

static const char token[] = "correct-horse-battery";

struct fixture {
    atomic_bool ready;
    atomic_bool stuck;
    atomic_bool answers; // look-ups
    atomic_uint alerts;  // how many there are
    struct endpoint *endpoint;
    char *dir;
    uint16_t port;
    struct raw_http_answer answer;
};

static bool show_metrics(void *context, struct buffer *out)
{
    (void)context;
    return buffer_append(out, "cardwatch_x 1\n", 14);
}

static bool show_ready(void *context, struct buffer *reason)
{
    struct fixture *f = context;
    return atomic_load(&f->ready) || !buffer_append(reason, "{\"ready\": false}\n", 17);
}

static bool show_alive(void *context, struct buffer *reason)
{
    struct fixture *f = context;
    return !atomic_load(&f->stuck) || !buffer_append(reason, "worker 1 is stuck\n", 18);
}

static bool show_status(void *context, struct buffer *out)
{
    (void)context;
    return buffer_append_format(out, "{\"status\": 1}");
}

static bool show_alerts(void *context, uint64_t *after, struct buffer *out)
{
    struct fixture *f = context;
    unsigned last = atomic_load(&f->alerts);
    bool ok = buffer_append_format(out, "[\"%u to %u\"]", (unsigned)*after + 1, last);
    *after = last;
    return ok;
}

static bool ask_card(void *context, struct view card)
{
    (void)context;
    assert_int_equal(card.size, 4);
    return true;
}

static bool answer_card(void *context, struct view card, struct buffer *out)
{
    struct fixture *f = context;
    return atomic_load(&f->answers) &&
           buffer_append_format(out, "{\"card\": \"%.*s\"}", (int)card.size, card.data);
}

static struct endpoint_source source_of(struct fixture *f)
{
    return (struct endpoint_source){show_metrics, show_ready, show_alive,  show_status,
                                    show_alerts,  ask_card,   answer_card, f};
}

static struct fixture *open_with(const char *token_file)
{
    struct fixture *f = calloc(1, sizeof(*f));
    f->dir = workspace_make();
    atomic_store(&f->answers, true);
    char *path = workspace_text("%s/%s", f->dir, token_file);
    const struct endpoint_place place = {"127.0.0.1:0", token_file[0] == '\0' ? "" : path};
    const struct endpoint_source source = source_of(f);
    struct error err;
    if (token_file[0] != '\0') {
        workspace_write(path, token);
        assert_int_equal(chmod(path, 0600), 0);
    }
    if (endpoint_open(&place, &source, &f->endpoint, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    f->port = endpoint_port(f->endpoint);
    free(path);
    return f;
}

static int set_up(void **state)
{
    *state = open_with("");
    return 0;
}

static int set_up_guarded(void **state)
{
    *state = open_with("token");
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    if (f->endpoint != NULL)
        endpoint_close(f->endpoint);
    raw_http_release(&f->answer);
    workspace_remove(f->dir);
    free(f->dir);
    free(f);
    return 0;
}

static const struct raw_http_answer *ask(struct fixture *f, const char *method, const char *path,
                                         const char *headers, const char *body)
{
    raw_http_release(&f->answer);
    raw_http_exchange(f->port, method, path, headers, body, &f->answer);
    return &f->answer;
}

static const struct raw_http_answer *get(struct fixture *f, const char *path)
{
    return ask(f, "GET", path, "", NULL);
}

static void metrics__are_served_as_prometheus_text(void **state)
{
    const struct raw_http_answer *answer = get(*state, "/metrics");
    assert_int_equal(answer->status, 200);
    assert_non_null(strstr(answer->content_type, "text/plain; version=0.0.4"));
    assert_string_equal(answer->body, "cardwatch_x 1\n");
}

static void readiness__is_a_status_and_a_reason(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(get(f, "/readyz")->status, 503);
    assert_string_equal(f->answer.body, "{\"ready\": false}\n");
    atomic_store(&f->ready, true);
    assert_int_equal(get(f, "/readyz")->status, 200);
    assert_string_equal(f->answer.body, "{\"ready\": true}\n");
}

static void health__is_ok_until_a_worker_is_stuck(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(get(f, "/healthz")->status, 200);
    assert_string_equal(f->answer.body, "ok\n");
    atomic_store(&f->stuck, true);
    assert_int_equal(get(f, "/healthz")->status, 503);
    assert_string_equal(f->answer.body, "worker 1 is stuck\n");
}

static void state_and_alerts__are_json(void **state)
{
    struct fixture *f = *state;
    atomic_store(&f->alerts, 3);
    assert_int_equal(get(f, "/api/v1/status")->status, 200);
    assert_string_equal(f->answer.content_type, "application/json");
    assert_string_equal(f->answer.body, "{\"status\": 1}");
    assert_int_equal(get(f, "/api/v1/alerts")->status, 200);
    assert_string_equal(f->answer.body, "[\"1 to 3\"]");
}

static void page__comes_with_all_that_it_asks_for(void **state)
{
    static const char *const parts[] = {"/page.css",  "/page.js",  "/feed.js",
                                        "/charts.js", "/icon.svg", "/chart.min.js"};
    struct fixture *f = *state;
    assert_int_equal(get(f, "/")->status, 200);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        char reference[64];
        snprintf(reference, sizeof(reference), "\"%s\"", parts[i]);
        assert_int_equal(get(f, "/")->status, 200);
        assert_non_null(strstr(f->answer.body, reference));
        assert_int_equal(get(f, parts[i])->status, 200);
        assert_true(f->answer.body_bytes > 0);
    }
    assert_non_null(strstr(get(f, "/chart.min.js.txt")->body, "Permission is hereby granted"));
}

static void one_connection__serves_several_requests(void **state)
{
    struct fixture *f = *state;
    int fd = raw_http_connect(f->port);
    for (int i = 0; i < 3; i++) {
        raw_http_release(&f->answer);
        raw_http_request(fd, "GET", "/metrics", "", NULL);
        raw_http_read(fd, "GET", &f->answer);
        assert_int_equal(f->answer.status, 200);
    }
    close(fd);
}

static void other_pages_and_methods__are_refused(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(get(f, "/etc/passwd")->status, 404);
    assert_int_equal(get(f, "/api/v1/card")->status, 404);
    assert_int_equal(ask(f, "POST", "/metrics", "", "")->status, 405);
    assert_int_equal(ask(f, "DELETE", "/", "", NULL)->status, 405);
}

static void card__is_looked_up(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        ask(f, "POST", "/api/v1/card", JSON_HEADER, "{\"credit_card\": \"4444\"}")->status, 200);
    assert_string_equal(f->answer.body, "{\"card\": \"4444\"}");
}

static void bad_look_ups__are_refused(void **state)
{
    static const struct {
        const char *headers;
        const char *body;
        int status;
    } bad[] = {
        {"", "{\"credit_card\": \"4444\"}", 415},
        {"Content-Type: text/plain\r\n", "{\"credit_card\": \"4444\"}", 415},
        {JSON_HEADER, "", 400},
        {JSON_HEADER, "[]", 400},
        {JSON_HEADER, "{}", 400},
        {JSON_HEADER, "{\"credit_card\": 4444}", 400},
        {JSON_HEADER, "{\"credit_card\": \"\"}", 400},
        {JSON_HEADER, "{\"credit_card\": \"4444\"", 400},
    };
    char large[4096] = {0};
    memset(large, ' ', sizeof(large) - 1);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(ask(*state, "POST", "/api/v1/card", bad[i].headers, bad[i].body)->status,
                         bad[i].status);
    assert_int_equal(ask(*state, "POST", "/api/v1/card", JSON_HEADER, large)->status, 413);
}

// The look-up waits, and nobody else waits for it.
static void busy_service__holds_up_only_who_asks_it(void **state)
{
    struct fixture *f = *state;
    atomic_store(&f->answers, false);
    int fd = raw_http_connect(f->port);
    raw_http_request(fd, "POST", "/api/v1/card", JSON_HEADER, "{\"credit_card\": \"4444\"}");
    for (int i = 0; i < 20; i++)
        assert_int_equal(get(f, "/metrics")->status, 200);
    atomic_store(&f->answers, true);
    raw_http_release(&f->answer);
    raw_http_read(fd, "POST", &f->answer);
    assert_int_equal(f->answer.status, 200);
    close(fd);
}

static void service_that_does_not_answer__is_not_waited_for_for_ever(void **state)
{
    struct fixture *f = *state;
    atomic_store(&f->answers, false);
    assert_int_equal(
        ask(f, "POST", "/api/v1/card", JSON_HEADER, "{\"credit_card\": \"4444\"}")->status, 503);
}

// Reads from the stream until `part` has been seen.
static void await_part(int fd, const char *part)
{
    char seen[8192] = {0};
    size_t used = 0;
    int64_t deadline_ms = process_clock_ms() + WAIT_MS;
    while (strstr(seen, part) == NULL) {
        assert_true(process_clock_ms() < deadline_ms && used < sizeof(seen) - 1);
        ssize_t got = recv(fd, seen + used, sizeof(seen) - 1 - used, 0);
        if (got <= 0)
            fail_msg("no '%s' in: %s", part, seen);
        used += (size_t)got;
    }
}

static void stream__tells_status_and_alerts_as_they_come(void **state)
{
    struct fixture *f = *state;
    atomic_store(&f->alerts, 2);
    int fd = raw_http_connect(f->port);
    raw_http_request(fd, "GET", "/api/v1/stream", "", NULL);
    await_part(fd, "event: alerts\ndata: [\"1 to 2\"]\n\n");
    atomic_store(&f->alerts, 5);
    await_part(fd, "event: alerts\ndata: [\"3 to 5\"]\n\n");
    await_part(fd, "event: status\ndata: {\"status\": 1}\n\n");
    close(fd);
}

static void streams__are_as_many_as_allowed(void **state)
{
    struct fixture *f = *state;
    int fds[FEED_CLIENTS_MAX];
    for (size_t i = 0; i < FEED_CLIENTS_MAX; i++) {
        fds[i] = raw_http_connect(f->port);
        raw_http_request(fds[i], "GET", "/api/v1/stream", "", NULL);
        await_part(fds[i], "event: status");
    }
    assert_int_equal(get(f, "/api/v1/stream")->status, 503);
    for (size_t i = 0; i < FEED_CLIENTS_MAX; i++)
        close(fds[i]);
    // Their ends are noticed when there is something to send.
    int64_t deadline_ms = process_clock_ms() + WAIT_MS;
    for (int status = 503; status == 503;) {
        assert_true(process_clock_ms() < deadline_ms);
        int fd = raw_http_connect(f->port);
        char head[13] = {0};
        raw_http_request(fd, "GET", "/api/v1/stream", "", NULL);
        assert_int_equal(recv(fd, head, sizeof(head) - 1, MSG_WAITALL), sizeof(head) - 1);
        status = (int)strtol(head + 9, NULL, 10);
        close(fd);
        process_nap();
    }
}

static void endpoint__closes_with_clients_that_wait(void **state)
{
    struct fixture *f = *state;
    atomic_store(&f->answers, false);
    int stream = raw_http_connect(f->port);
    int lookup = raw_http_connect(f->port);
    raw_http_request(stream, "GET", "/api/v1/stream", "", NULL);
    await_part(stream, "event: status");
    raw_http_request(lookup, "POST", "/api/v1/card", JSON_HEADER, "{\"credit_card\": \"4444\"}");
    assert_int_equal(get(f, "/healthz")->status, 200);
    endpoint_close(f->endpoint);
    f->endpoint = NULL;
    close(stream);
    close(lookup);
}

static void without_the_token__only_health_and_the_empty_page_are_served(void **state)
{
    static const char *const open[] = {"/", "/page.js", "/healthz", "/readyz"};
    static const char *const guarded[] = {"/metrics", "/api/v1/status", "/api/v1/alerts",
                                          "/api/v1/stream"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
        assert_int_not_equal(get(f, open[i])->status, 401);
    for (size_t i = 0; i < sizeof(guarded) / sizeof(guarded[0]); i++)
        assert_int_equal(get(f, guarded[i])->status, 401);
    assert_int_equal(
        ask(f, "POST", "/api/v1/card", JSON_HEADER, "{\"credit_card\": \"4444\"}")->status, 401);
    assert_int_equal(
        ask(f, "GET", "/metrics", "Authorization: Bearer correct-horse-batterx\r\n", NULL)->status,
        401);
    assert_int_equal(
        ask(f, "GET", "/metrics", "Authorization: Bearer correct-horse-battery\r\n", NULL)->status,
        200);
}

static void taken_port__is_named(void **state)
{
    struct fixture *f = *state;
    char listen[64];
    struct endpoint *other;
    struct error err;
    const struct endpoint_source source = source_of(f);
    const struct endpoint_place place = {listen, ""};
    snprintf(listen, sizeof(listen), "127.0.0.1:%u", f->port);
    assert_int_equal(endpoint_open(&place, &source, &other, &err), STATUS_FATAL);
    assert_non_null(strstr(err.text, listen));
}

static void bad_addresses__are_refused(void **state)
{
    const struct endpoint_source source = source_of(*state);
    const char *const bad[] = {
        "",      "9464", "localhost:9464", "127.0.0.1:", "127.0.0.1:70000", "127.0.0.1:1x",
        "[::1]", "[:80"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct endpoint *other;
        struct error err;
        const struct endpoint_place place = {bad[i], ""};
        assert_int_equal(endpoint_open(&place, &source, &other, &err), STATUS_FATAL);
    }
}

static void address__is_public_unless_it_is_this_machines_own(void **state)
{
    (void)state;
    assert_true(endpoint_is_public("0.0.0.0:9464"));
    assert_true(endpoint_is_public("10.1.2.3:9464"));
    assert_true(endpoint_is_public("[::]:9464"));
    assert_false(endpoint_is_public("127.0.0.1:9464"));
    assert_false(endpoint_is_public("127.5.0.1:9464"));
    assert_false(endpoint_is_public("[::1]:9464"));
}

#define ON(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON(metrics__are_served_as_prometheus_text),
        ON(readiness__is_a_status_and_a_reason),
        ON(health__is_ok_until_a_worker_is_stuck),
        ON(state_and_alerts__are_json),
        ON(page__comes_with_all_that_it_asks_for),
        ON(one_connection__serves_several_requests),
        ON(other_pages_and_methods__are_refused),
        ON(card__is_looked_up),
        ON(bad_look_ups__are_refused),
        ON(busy_service__holds_up_only_who_asks_it),
        ON(service_that_does_not_answer__is_not_waited_for_for_ever),
        ON(stream__tells_status_and_alerts_as_they_come),
        ON(streams__are_as_many_as_allowed),
        ON(endpoint__closes_with_clients_that_wait),
        cmocka_unit_test_setup_teardown(
            without_the_token__only_health_and_the_empty_page_are_served, set_up_guarded,
            tear_down),
        ON(taken_port__is_named),
        ON(bad_addresses__are_refused),
        cmocka_unit_test(address__is_public_unless_it_is_this_machines_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

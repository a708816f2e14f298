// SPDX-License-Identifier: Apache-2.0
// What people on call have: HTTP, a Prometheus that scrapes it, `inspect` beside the running
// service and after it, and the dashboard in a browser.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "lib/raw_http.h"
#include "lib/scene.h"
#include "lib/workspace.h"

enum { BROWSER_TIMEOUT_MS = 300000 };
enum { WAIT_MS = 120000, STOP_TIMEOUT_MS = 60000, RUN_TIMEOUT_MS = 120000, PURCHASES = 20000 };

// Names that dashboards and alert rules of others rest on.
static const char *const metric_names[] = {
    "purchases_consumed_total",
    "purchases_late_total{rule=",
    "purchases_duplicate_total",
    "purchases_capped_total",
    "purchases_tombstone_total",
    "purchases_misplaced_total",
    "alerts_total{rule=",
    "dead_letters_total{class=\"NoCard\"}",
    "commits_total",
    "commit_seconds_bucket{le=",
    "commit_seconds_sum",
    "alert_latency_seconds_bucket{le=",
    "alert_latency_seconds_count",
    "consumer_lag{partition=",
    "stream_time_seconds{partition=",
    "state_cards{partition=",
    "state_bytes{partition=",
    "restore_records_total",
    "restore_seconds",
    "registry_requests_total{outcome=",
};

static struct scene *start_scene(void **state, const char *name, uint16_t *port)
{
    const struct scene_settings settings = scene_settings_default(name);
    struct scene *scene = stage_scene(state, &settings);
    struct cardwatch *service = &scene->services[0];
    cardwatch_set(service, "http.listen=127.0.0.1:0");
    cardwatch_start(service);
    assert_true(cardwatch_await_log(service, 0, "listening", 1, WAIT_MS));
    *port = (uint16_t)cardwatch_log_max(service, 0, "listening", "port");
    assert_int_not_equal(*port, 0);
    return scene;
}

static char *get(uint16_t port, const char *path, int expected_status)
{
    struct raw_http_answer answer;
    raw_http_exchange(port, "GET", path, "", NULL, &answer);
    if (answer.status != expected_status)
        fail_msg("%s: %d %s", path, answer.status, answer.body);
    return answer.body;
}

static json_t *parsed(char *text)
{
    json_error_t problem;
    json_t *json = json_loads(text, 0, &problem);
    if (json == NULL)
        fail_msg("%s: %s", problem.text, text);
    free(text);
    return json;
}

static void await_ready(uint16_t port)
{
    int64_t deadline_ms = process_clock_ms() + WAIT_MS;
    for (;;) {
        struct raw_http_answer answer;
        raw_http_exchange(port, "GET", "/readyz", "", NULL, &answer);
        bool ready = answer.status == 200;
        if (process_clock_ms() > deadline_ms)
            fail_msg("not ready: %s", answer.body);
        json_decref(parsed(answer.body));
        if (ready)
            return;
        process_nap();
    }
}

static void expect_metrics(const struct scene *scene, uint16_t port)
{
    char *page = get(port, "/metrics", 200);
    for (size_t i = 0; i < sizeof(metric_names) / sizeof(metric_names[0]); i++) {
        char line[128];
        snprintf(line, sizeof(line), "\ncardwatch_%s", metric_names[i]);
        if (strstr(page, line) == NULL)
            fail_msg("no cardwatch_%s in:\n%s", metric_names[i], page);
    }
    char *path = workspace_text("%s/metrics", scene->dir);
    char *log = workspace_text("%s/promtool", scene->dir);
    workspace_write(path, page);
    char *command = workspace_text("exec promtool check metrics < %s", path);
    const char *const argv[] = {"sh", "-c", command, NULL};
    int code = process_run(argv, log, RUN_TIMEOUT_MS);
    char *said = workspace_read(log);
    if (code != 0 || said[0] != '\0')
        fail_msg("promtool check metrics: %d\n%s", code, said);
    free(said);
    free(command);
    free(log);
    free(path);
    free(page);
}

static uint16_t some_free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static void start_prometheus(struct process *prometheus, const struct scene *scene, uint16_t target,
                             uint16_t port)
{
    char *config = workspace_text("%s/prometheus.yml", scene->dir);
    char *log = workspace_text("%s/prometheus.log", scene->dir);
    char *text = workspace_text("scrape_configs:\n"
                                "  - job_name: cardwatch\n"
                                "    scrape_interval: 1s\n"
                                "    static_configs: [{targets: ['127.0.0.1:%u']}]\n",
                                target);
    char *config_option = workspace_text("--config.file=%s", config);
    char *data_option = workspace_text("--storage.tsdb.path=%s/prometheus", scene->dir);
    char *listen_option = workspace_text("--web.listen-address=127.0.0.1:%u", port);
    const char *const argv[] = {"prometheus", config_option, data_option, listen_option, NULL};
    workspace_write(config, text);
    process_spawn(prometheus, argv, log);
    free(listen_option);
    free(data_option);
    free(config_option);
    free(text);
    free(log);
    free(config);
}

static bool can_connect(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool done = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    close(fd);
    return done;
}

// What Prometheus has last scraped of the counter; -1: nothing yet.
static int64_t scraped(uint16_t port)
{
    struct raw_http_answer answer;
    if (!can_connect(port))
        return -1;
    raw_http_exchange(port, "GET", "/api/v1/query?query=cardwatch_purchases_consumed_total", "",
                      NULL, &answer);
    if (answer.status != 200) { // it is starting
        raw_http_release(&answer);
        return -1;
    }
    json_t *json = parsed(answer.body);
    const json_t *result = json_object_get(json_object_get(json, "data"), "result");
    const json_t *value = json_object_get(json_array_get(result, 0), "value");
    const char *text = json_string_value(json_array_get(value, 1));
    int64_t count = text != NULL ? strtoll(text, NULL, 10) : -1;
    json_decref(json);
    return count;
}

static void expect_prometheus(const struct scene *scene, uint16_t target)
{
    struct process prometheus;
    uint16_t port = some_free_port();
    int64_t deadline_ms = process_clock_ms() + WAIT_MS;
    int64_t seen = -1;
    start_prometheus(&prometheus, scene, target, port);
    while (seen != (int64_t)scene->workload.sent_count) {
        if (process_clock_ms() > deadline_ms || !process_running(&prometheus))
            fail_msg("prometheus has seen %lld of %zu purchases", (long long)seen,
                     scene->workload.sent_count);
        seen = scraped(port);
        process_nap();
    }
    process_kill(&prometheus);
}

static void expect_api(const struct scene *scene, uint16_t port)
{
    json_t *status = parsed(get(port, "/api/v1/status", 200));
    const json_t *totals = json_object_get(status, "totals");
    assert_int_equal(json_integer_value(json_object_get(totals, "purchases")),
                     scene->workload.sent_count);
    assert_int_equal(json_array_size(json_object_get(status, "partitions")),
                     scene->settings.partitions);
    json_decref(status);
    json_t *alerts = parsed(get(port, "/api/v1/alerts", 200));
    size_t expected = scene->workload.alert_count < 256 ? scene->workload.alert_count : 256;
    assert_int_equal(json_array_size(alerts), expected);
    json_decref(alerts);
}

// A card that has raised an alert lately.
static const char *some_card(const struct scene *scene)
{
    assert_true(scene->workload.alert_count > 0);
    return scene->workload.alerts[scene->workload.alert_count - 1].card;
}

static void expect_card(const struct scene *scene, uint16_t port)
{
    struct raw_http_answer answer;
    char *body = workspace_text("{\"credit_card\": \"%s\"}", some_card(scene));
    raw_http_exchange(port, "POST", "/api/v1/card", "Content-Type: application/json\r\n", body,
                      &answer);
    assert_int_equal(answer.status, 200);
    assert_null(strstr(answer.body, some_card(scene)));
    json_t *json = parsed(answer.body);
    assert_true(json_is_true(json_object_get(json, "found")));
    assert_true(json_array_size(json_object_get(json, "purchases")) > 0);
    json_decref(json);
    free(body);
}

// `inspect --json` with what the shell adds; the JSON object that it prints.
static json_t *inspect(const struct scene *scene, const char *before, const char *more)
{
    char *out = workspace_text("%s/inspect.json", scene->dir);
    char *command =
        workspace_text("%s %s inspect -c %s --json %s > %s", before, getenv("TEST_BINARY"),
                       scene->services[0].config_path, more, out);
    const char *const argv[] = {"sh", "-c", command, NULL};
    assert_int_equal(process_run(argv, scene->services[0].log_path, RUN_TIMEOUT_MS), 0);
    json_t *json = parsed(workspace_read(out));
    free(command);
    free(out);
    return json;
}

static void expect_inspection(const struct scene *scene, bool running)
{
    json_t *json = inspect(scene, "", "");
    const json_t *held_by = json_object_get(json, "held_by");
    const json_t *partitions = json_object_get(json, "partitions");
    const json_t *first = json_array_get(partitions, 0);
    if (running)
        assert_int_equal(json_integer_value(held_by), scene->services[0].process.pid);
    else
        assert_true(json_is_null(held_by));
    assert_int_equal(json_array_size(partitions), scene->settings.partitions);
    assert_true(json_is_true(json_object_get(first, "found")));
    assert_true(json_is_true(json_object_get(first, "fingerprint_as_configured")));
    assert_true(json_integer_value(json_object_get(json, "cards")) > 0);
    json_decref(json);
}

static int64_t total_of(const struct scene *scene, const char *member)
{
    json_t *json = inspect(scene, "", "");
    const json_t *partitions = json_object_get(json, "partitions");
    int64_t sum = 0;
    for (size_t i = 0; i < json_array_size(partitions); i++)
        sum += json_integer_value(json_object_get(json_array_get(partitions, i), member));
    json_decref(json);
    return sum;
}

static void expect_stored_card(const struct scene *scene)
{
    char *typed = workspace_text("echo '%s' |", some_card(scene));
    json_t *json = inspect(scene, typed, "--card -");
    assert_true(json_is_true(json_object_get(json, "found")));
    assert_true(json_array_size(json_object_get(json, "purchases")) > 0);
    json_decref(json);
    free(typed);
}

static void service__can_be_looked_into_while_it_runs_and_after(void **state)
{
    uint16_t port;
    struct scene *scene = start_scene(state, "operators", &port);
    workload_send(&scene->workload, PURCHASES);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    await_ready(port);
    free(get(port, "/healthz", 200));
    expect_metrics(scene, port);
    expect_prometheus(scene, port);
    expect_api(scene, port);
    expect_card(scene, port);
    expect_inspection(scene, true);
    assert_int_equal(cardwatch_stop(&scene->services[0], STOP_TIMEOUT_MS), 0);
    expect_inspection(scene, false);
    assert_int_equal(total_of(scene, "input_offset"), scene->workload.sent_count);
    expect_stored_card(scene);
    assert_true(scene_judge(scene, NULL));
    scene->passed = true;
}

static void plant(struct scene *scene, const char *card)
{
    struct generated message;
    int64_t now_ms = clock_wall_ms();
    for (int64_t i = 0; i < 3; i++) {
        const struct purchase_values purchase = {
            .id = 1000000000 + i,
            .category = view_text("grocery"),
            .credit_card = view_text(card),
            .timestamp_ms = now_ms + i,
            .has_timestamp = true,
        };
        workload_purchase(&scene->workload, &purchase, now_ms);
    }
    generator_malformed(scene->workload.generator, DEAD_LETTER_NO_CARD, &message);
    workload_take(&scene->workload, &message, -1);
    loader_flush(scene->workload.loader);
}

// The browser's script says "ready", is shown something, and ends.
static void look(struct scene *scene, uint16_t port, const char *card)
{
    struct process browser;
    char *log = workspace_text("%s/browser", scene->dir);
    char *url = workspace_text("http://127.0.0.1:%u/", port);
    const char *build = getenv("B");
    char *shots = workspace_text("%s/screenshots", build != NULL ? build : "build");
    const char *const argv[] = {"python3", "tests/browser/dashboard.py", url, card, shots, NULL};
    int64_t deadline_ms = process_clock_ms() + BROWSER_TIMEOUT_MS;
    int code = -1;
    process_spawn(&browser, argv, log);
    for (bool ready = false; !ready && process_running(&browser);) {
        char *said = workspace_read(log);
        ready = strstr(said, "ready") != NULL || process_clock_ms() > deadline_ms;
        free(said);
        process_nap();
    }
    plant(scene, card);
    bool ended = process_wait(&browser, BROWSER_TIMEOUT_MS, &code);
    char *said = workspace_read(log);
    process_kill(&browser);
    if (!ended || code != 0)
        fail_msg("the browser's script: %d\n%s", code, said);
    free(said);
    free(shots);
    free(url);
    free(log);
}

static void dashboard__shows_an_alert_when_it_comes(void **state)
{
    uint16_t port;
    struct scene *scene = start_scene(state, "dashboard", &port);
    workload_send(&scene->workload, PURCHASES / 10);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    look(scene, port, "9999-8888-7777-4321");
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    assert_int_equal(cardwatch_stop(&scene->services[0], STOP_TIMEOUT_MS), 0);
    assert_true(scene_judge(scene, NULL));
    scene->passed = true;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        stage_test(service__can_be_looked_into_while_it_runs_and_after),
        stage_test(dashboard__shows_an_alert_when_it_comes),
    };
    return stage_run(tests);
}

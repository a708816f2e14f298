// SPDX-License-Identifier: Apache-2.0
// Alert rules and the Grafana dashboard: Prometheus takes them, the rules do what they say, and
// every metric that they name is one that the service has.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "lib/process.h"
#include "lib/workspace.h"
#include "stream/exposition.h"

enum { RUN_TIMEOUT_MS = 200000, NAME_BYTES_MAX = 128 };

static const char rules[] = "deploy/prometheus/cardwatch.rules.yml";
static const char rules_test[] = "tests/prometheus/cardwatch_rules_test.yml";
static const char day_test[] = "tests/prometheus/cardwatch_day_test.yml";
static const char dashboard[] = "deploy/grafana/cardwatch.json";

static void expect_promtool(const char *verb, const char *path)
{
    char *dir = workspace_make();
    char *log = workspace_text("%s/promtool", dir);
    const char *const argv[] = {"promtool", verb, "rules", path, NULL};
    int code = process_run(argv, log, RUN_TIMEOUT_MS);
    char *said = workspace_read(log);
    workspace_remove(dir);
    free(dir);
    if (code != 0)
        fail_msg("promtool %s rules %s: %d\n%s", verb, path, code, said);
    free(said);
    free(log);
}

static void rules__are_taken_by_prometheus(void **state)
{
    (void)state;
    expect_promtool("check", rules);
}

static void rules__do_what_they_say(void **state)
{
    (void)state;
    expect_promtool("test", rules_test);
    expect_promtool("test", day_test);
}

// ---- names ----

// All that the service can show, as text.
static char *full_page(void)
{
    struct registry *registry;
    struct worker_metrics worker;
    struct buffer page;
    struct error err;
    const struct registry_settings nobody = {.url = "http://127.0.0.1:1"};
    const struct stream_settings settings = {.input_partitions = 1, .table_topic = "flags"};
    assert_int_equal(registry_open(&nobody, &registry, &err), STATUS_OK);
    worker_metrics_init(&worker, 1);
    const struct exposition exposition = {
        .workers = &worker, .worker_count = 1, .settings = &settings, .registry = registry};
    buffer_init(&page, 1 << 20);
    assert_true(exposition_metrics(&exposition, &page));
    assert_true(buffer_append_byte(&page, '\0'));
    char *text = workspace_text("%s", (const char *)page.data);
    buffer_release(&page);
    worker_metrics_release(&worker);
    registry_close(registry);
    return text;
}

static void cut(char *name, const char *end)
{
    size_t size = strlen(name);
    size_t end_size = strlen(end);
    if (size > end_size && strcmp(name + size - end_size, end) == 0)
        name[size - end_size] = '\0';
}

static bool page_has(const char *page, const char *name)
{
    char *line = workspace_text("# TYPE %s ", name);
    bool found = strstr(page, line) != NULL;
    free(line);
    return found;
}

// Every word of the file that begins with cardwatch_ and is no file's name.
static size_t expect_known_names(const char *page, const char *path)
{
    char *text = workspace_read(path);
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, "cardwatch_")) != NULL; count++) {
        char name[NAME_BYTES_MAX] = "";
        size_t size = strspn(at, "abcdefghijklmnopqrstuvwxyz_");
        assert_true(size < sizeof(name));
        memcpy(name, at, size);
        at += size;
        cut(name, "_bucket");
        if (!page_has(page, name))
            fail_msg("%s names %s, which /metrics does not have", path, name);
    }
    free(text);
    return count;
}

static void metrics_that_are_named__exist(void **state)
{
    (void)state;
    char *page = full_page();
    assert_true(expect_known_names(page, rules) > 20);
    assert_true(expect_known_names(page, rules_test) > 20);
    assert_true(expect_known_names(page, dashboard) > 20);
    free(page);
}

// Every metric stands in a panel: whoever adds one shows it.
static void dashboard__has_every_metric(void **state)
{
    (void)state;
    char *page = full_page();
    char *text = workspace_read(dashboard);
    for (const char *at = page; (at = strstr(at, "# TYPE ")) != NULL;) {
        char name[NAME_BYTES_MAX] = "";
        at += strlen("# TYPE ");
        size_t size = strcspn(at, " ");
        assert_true(size < sizeof(name));
        memcpy(name, at, size);
        if (strstr(text, name) == NULL)
            fail_msg("no panel of %s shows %s", dashboard, name);
    }
    free(text);
    free(page);
}

// ---- the dashboard's expressions, as rules that Prometheus can check ----

static char *replaced(const char *text, const char *variable, const char *value)
{
    char *all = workspace_text("%s", "");
    for (const char *hit; (hit = strstr(text, variable)) != NULL;) {
        char *more = workspace_text("%s%.*s%s", all, (int)(hit - text), text, value);
        free(all);
        all = more;
        text = hit + strlen(variable);
    }
    char *more = workspace_text("%s%s", all, text);
    free(all);
    return more;
}

static void add_rule(json_t *rules_of_group, const json_t *target)
{
    const char *expression = json_string_value(json_object_get(target, "expr"));
    assert_non_null(expression);
    char *timed = replaced(expression, "$__rate_interval", "5m");
    char *with_job = replaced(timed, "$job", "cardwatch");
    char *whole = replaced(with_job, "$instance", ".*");
    assert_null(strchr(whole, '$'));
    char *record = workspace_text("panel:number_%zu", json_array_size(rules_of_group));
    json_array_append_new(rules_of_group, json_pack("{ssss}", "record", record, "expr", whole));
    free(record);
    free(whole);
    free(with_job);
    free(timed);
}

static json_t *rules_of_panels(const json_t *panels)
{
    json_t *found = json_array();
    for (size_t p = 0; p < json_array_size(panels); p++) {
        const json_t *panel = json_array_get(panels, p);
        const json_t *targets = json_object_get(panel, "targets");
        assert_int_equal(json_integer_value(json_object_get(panel, "id")), p + 1);
        for (size_t t = 0; t < json_array_size(targets); t++)
            add_rule(found, json_array_get(targets, t));
    }
    return found;
}

static void dashboard__asks_what_prometheus_understands(void **state)
{
    (void)state;
    json_error_t problem;
    json_t *json = json_load_file(dashboard, JSON_REJECT_DUPLICATES, &problem);
    if (json == NULL)
        fail_msg("%s:%d: %s", dashboard, problem.line, problem.text);
    json_t *all = rules_of_panels(json_object_get(json, "panels"));
    assert_true(json_array_size(all) > 20);
    char *dir = workspace_make();
    char *path = workspace_text("%s/panels.yml", dir);
    json_t *file = json_pack("{s[{ssso}]}", "groups", "name", "panels", "rules", all);
    assert_int_equal(json_dump_file(file, path, 0), 0); // JSON is YAML
    expect_promtool("check", path);
    workspace_remove(dir);
    free(dir);
    json_decref(file);
    json_decref(json);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules__are_taken_by_prometheus),
        cmocka_unit_test(rules__do_what_they_say),
        cmocka_unit_test(metrics_that_are_named__exist),
        cmocka_unit_test(dashboard__has_every_metric),
        cmocka_unit_test(dashboard__asks_what_prometheus_understands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

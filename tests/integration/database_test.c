// SPDX-License-Identifier: Apache-2.0
// deploy/database, as far as it goes without Docker: the connectors write what cardwatch is
// configured to read, and the script that registers them tells what became of it (against a server
// that answers as Kafka Connect does).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "config/config.h"
#include "lib/capture.h"
#include "lib/odd_server.h"
#include "lib/process.h"
#include "lib/workspace.h"

enum { SCRIPT_MS = 120000, REPORT_BYTES_MAX = 1 << 16 };

#define DIRECTORY "deploy/database/"
#define PURCHASES DIRECTORY "connectors/purchases.json"
#define FLAGS DIRECTORY "connectors/travel_flags.json"
#define COUNT(items) (sizeof(items) / sizeof((items)[0]))
#define ANSWER(code, text)                                                                         \
    {                                                                                              \
        .kind = ODD_ANSWER, .status = (code), .body = (text)                                       \
    }

// --- The configurations --------------------------------------------------------------------------

static const char *setting(const json_t *connector, const char *name)
{
    const char *value = json_string_value(json_object_get(connector, name));
    if (value == NULL)
        fail_msg("%s is missing", name);
    return value;
}

// Each transformation in the list has a type; what SQL column and which message part they take.
static void transforms_check(const json_t *connector)
{
    assert_string_equal(setting(connector, "transforms"), "name,card,text");
    assert_string_equal(setting(connector, "transforms.name.type"),
                        "org.apache.kafka.connect.transforms.SetSchemaMetadata$Value");
    assert_string_equal(setting(connector, "transforms.card.type"),
                        "org.apache.kafka.connect.transforms.ValueToKey");
    assert_string_equal(setting(connector, "transforms.card.fields"), "credit_card");
    assert_string_equal(setting(connector, "transforms.text.type"),
                        "org.apache.kafka.connect.transforms.ExtractField$Key");
    assert_string_equal(setting(connector, "transforms.text.field"), "credit_card");
}

static void connector_check(const char *path, const char *topic, const char *registry_url)
{
    json_t *connector = json_load_file(path, 0, NULL);
    assert_non_null(connector);
    char *written = workspace_text("%s%s", setting(connector, "topic.prefix"),
                                   setting(connector, "table.whitelist"));
    assert_string_equal(written, topic);
    assert_string_equal(setting(connector, "value.converter.schema.registry.url"), registry_url);
    assert_string_equal(setting(connector, "key.converter"),
                        "org.apache.kafka.connect.storage.StringConverter");
    assert_string_equal(setting(connector, "mode"), "incrementing");
    assert_null(strstr(setting(connector, "connection.password"), "shop"));
    transforms_check(connector);
    free(written);
    json_decref(connector);
}

static void connectors__write_what_is_read(void **state)
{
    (void)state;
    struct config config;
    struct buffer report;
    buffer_init(&report, REPORT_BYTES_MAX);
    const struct config_sources sources = {.file = DIRECTORY "cardwatch.yaml"};
    if (config_load(&sources, &config, &report) != STATUS_OK)
        fail_msg("%.*s", (int)report.size, (const char *)report.data);
    connector_check(PURCHASES, config.topics.purchases, config.schema_registry.url);
    connector_check(FLAGS, config.topics.travel_flags, config.schema_registry.url);
    config_release(&config);
    buffer_release(&report);
}

// --- The script ----------------------------------------------------------------------------------

struct run {
    char *url;
    const char *seconds;
    const char *connector;
    char *log;
};

static int run_script(void *context)
{
    const struct run *run = context;
    setenv("CONNECT_URL", run->url, 1);
    setenv("WAIT_SECONDS", run->seconds, 1);
    const char *const argv[] = {"bash", DIRECTORY "register", run->connector, NULL};
    return process_run(argv, run->log, SCRIPT_MS);
}

// What the script says, and its exit code, when Connect answers by these steps.
static void assert_script(const struct odd_step *steps, size_t count, const char *seconds, int code,
                          const char *said)
{
    char *dir = workspace_make();
    struct odd_server *server = odd_server_open(0, steps, count);
    struct run run = {.url = workspace_text("%s/", odd_server_url(server)),
                      .seconds = seconds,
                      .connector = PURCHASES,
                      .log = workspace_text("%s/log", dir)};
    int seen = run_script(&run);
    char *log = workspace_read(run.log);
    if (seen != code)
        fail_msg("exit code %d: %s", seen, log);
    assert_text_contains(log, said);
    odd_server_close(server);
    workspace_remove(dir);
    free(log);
    free(run.log);
    free(run.url);
    free(dir);
}

static void connectors_that_come_up__are_waited_for(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {
        ANSWER(503, "not yet"),
        ANSWER(200, "[]"),
        ANSWER(409, "{\"error_code\":409,\"message\":\"rebalancing\"}"),
        ANSWER(201, "{\"name\":\"purchases\"}"),
        ANSWER(404, "{\"error_code\":404,\"message\":\"no status\"}"),
        ANSWER(200, "{\"connector\":{\"state\":\"RUNNING\"},\"tasks\":[]}"),
        ANSWER(200, "{\"connector\":{\"state\":\"RUNNING\"},\"tasks\":[{\"id\":0,\"state\":"
                    "\"UNASSIGNED\"}]}"),
        ANSWER(200, "{\"connector\":{\"state\":\"RUNNING\"},\"tasks\":[{\"id\":0,\"state\":"
                    "\"RUNNING\"}]}"),
    };
    assert_script(steps, COUNT(steps), "60", 0, "purchases: running\n");
}

static void a_configuration_that_is_refused__is_explained(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {
        ANSWER(200, "[]"),
        ANSWER(400, "{\"error_code\":400,\"message\":\"Connector configuration is invalid: "
                    "mode\"}"),
    };
    assert_script(steps, COUNT(steps), "60", 1,
                  "register: connector purchases is refused: 400 Connector configuration is "
                  "invalid: mode");
}

static void a_task_that_fails__is_told_with_its_reason(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {
        ANSWER(200, "[]"),
        ANSWER(200, "{}"),
        ANSWER(200, "{\"connector\":{\"state\":\"RUNNING\"},\"tasks\":[{\"id\":0,\"state\":"
                    "\"FAILED\",\"trace\":\"ConnectException: no column id\\n\\tat Foo\"}]}"),
    };
    assert_script(steps, COUNT(steps), "60", 1,
                  "register: connector purchases has failed: ConnectException: no column id\n");
}

static void every_wait__has_an_end(void **state)
{
    (void)state;
    static const struct odd_step away[] = {ANSWER(502, "Bad Gateway")};
    assert_script(away, 1, "1", 1, "within 1 s; the last answer: 502 Bad Gateway");
    static const struct odd_step busy[] = {ANSWER(200, "[]"),
                                           ANSWER(409, "{\"message\":\"rebalancing\"}")};
    assert_script(busy, COUNT(busy), "1", 1, "purchases is refused: 409 rebalancing");
    static const struct odd_step idle[] = {
        ANSWER(200, "[]"), ANSWER(200, "{}"),
        ANSWER(200, "{\"connector\":{\"state\":\"RUNNING\"},\"tasks\":[]}")};
    assert_script(idle, COUNT(idle), "1", 1, "purchases does not run after 1 s: RUNNING");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connectors__write_what_is_read),
        cmocka_unit_test(connectors_that_come_up__are_waited_for),
        cmocka_unit_test(a_configuration_that_is_refused__is_explained),
        cmocka_unit_test(a_task_that_fails__is_told_with_its_reason),
        cmocka_unit_test(every_wait__has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

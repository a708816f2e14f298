// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "demo/dev_registry.h"
#include "lib/capture.h"
#include "lib/kafkad.h"
#include "lib/process.h"
#include "lib/registrar.h"
#include "lib/workspace.h"

enum { SETS_MAX = 8, COMMAND_MS = 60000 };

// Kafka for all tests; a registry and a directory for each of them.
struct setting {
    struct kafkad *kafka;
    struct dev_registry *registry;
    char *dir;
};

// What a command did.
struct outcome {
    int code;
    char *text; // stdout and stderr
};

static int open_kafka(void **state)
{
    struct setting *setting = calloc(1, sizeof(*setting));
    setting->kafka = kafkad_open();
    *state = setting;
    return 0;
}

static int close_kafka(void **state)
{
    struct setting *setting = *state;
    kafkad_close(setting->kafka);
    free(setting);
    return 0;
}

static int open_setting(void **state)
{
    struct setting *setting = *state;
    struct error err;
    setting->dir = workspace_make();
    return dev_registry_open(0, &setting->registry, &err) == STATUS_OK ? 0 : -1;
}

static int close_setting(void **state)
{
    struct setting *setting = *state;
    dev_registry_close(setting->registry);
    workspace_remove(setting->dir);
    free(setting->dir);
    return 0;
}

static char *registry_url(const struct setting *setting)
{
    return workspace_text("http://127.0.0.1:%u", (unsigned)dev_registry_port(setting->registry));
}

// Runs "cardwatch VERB --set ..." with Kafka, registry and state directory of the setting in front
// of the given ones.
static struct outcome run(const struct setting *setting, const char *verb, const char *const *words)
{
    const char *binary = getenv("TEST_BINARY");
    const char *argv[32] = {binary != NULL ? binary : "build/cardwatch", verb};
    char *url = registry_url(setting);
    char *sets[] = {
        workspace_text("kafka.bootstrap.servers=%s", kafkad_bootstrap(setting->kafka)),
        workspace_text("schema_registry.url=%s", url),
        workspace_text("state.dir=%s/state", setting->dir),
    };
    char *log_path = workspace_text("%s/output", setting->dir);
    size_t count = 2;
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
        argv[count++] = "--set";
        argv[count++] = sets[i];
    }
    for (; *words != NULL; words++)
        argv[count++] = *words;
    remove(log_path);
    struct outcome outcome = {.code = process_run(argv, log_path, COMMAND_MS)};
    outcome.text = workspace_read(log_path);
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
        free(sets[i]);
    free(url);
    free(log_path);
    return outcome;
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void assert_outcome(struct outcome outcome, int code, const char *const *parts)
{
    for (; *parts != NULL; parts++)
        assert_text_contains(outcome.text, *parts);
    if (outcome.code != code)
        fail_msg("exit code %d:\n%s", outcome.code, outcome.text);
    free(outcome.text);
}

static void check__names_what_is_missing_and_makes_nothing(void **state)
{
    struct setting *setting = *state;
    const char *const *id =
        WORDS("--set", "application_id=absent", "--set", "topics.purchases=nope");
    for (int round = 0; round < 2; round++)
        assert_outcome(
            run(setting, "check", id), 1,
            WORDS("ok       rule high_purchase_count: 3 purchases of a card within 1 min\n",
                  "ok       kafka: the cluster answers\n",
                  "problem  topic nope: missing; create it, or run `cardwatch init`",
                  "note     topic absent-windows-changelog: missing; `cardwatch run`",
                  "ok       registry: it answers\n",
                  "note     subject alerts-avro-value: `cardwatch run` registers"));
    assert_int_equal(kafkad_partitions(setting->kafka, "nope"), -1);
    assert_int_equal(kafkad_partitions(setting->kafka, "absent-windows-changelog"), -1);
    struct stat info;
    char *path = workspace_text("%s/state", setting->dir);
    assert_int_not_equal(stat(path, &info), 0);
    free(path);
}

static void assert_compacted(struct setting *setting, const char *topic)
{
    char *policy = kafkad_topic_setting(setting->kafka, topic, "cleanup.policy");
    assert_string_equal(policy, "compact");
    free(policy);
}

static void init__makes_what_is_missing_and_check_is_content(void **state)
{
    struct setting *setting = *state;
    assert_outcome(run(setting, "init", WORDS("--partitions", "3")), 0,
                   WORDS("created  topic purchases: 3 partitions\n",
                         "created  topic travel_flags: 3 partitions\n",
                         "created  topic cardwatch-windows-changelog: 3 partitions\n",
                         "created  subject purchases-value: schema id ",
                         "created  subject alerts-avro-value: schema id ",
                         "created  subject travel_flags-value: schema id "));
    assert_compacted(setting, "travel_flags");
    assert_compacted(setting, "cardwatch-windows-changelog");
    struct outcome again = run(setting, "init", WORDS("--partitions", "7"));
    assert_false(text_contains(again.text, "created"));
    assert_outcome(again, 0,
                   WORDS("found    topic purchases: 3 partitions\n",
                         "found    topic cardwatch-dead-letters: 3 partitions\n",
                         "found    subject alerts-avro-value: schema id "));
    struct outcome checked = run(setting, "check", WORDS(NULL));
    assert_false(text_contains(checked.text, "problem"));
    assert_outcome(checked, 0,
                   WORDS("ok       topic cardwatch-windows-changelog: 3 partitions\n",
                         "ok       subject alerts-avro-value: the alert schema is registered"));
}

static void init__leaves_all_schemas_to_others_when_it_is_told(void **state)
{
    struct setting *setting = *state;
    struct outcome outcome =
        run(setting, "init",
            WORDS("--topics-only", "--set", "application_id=bare", "--set",
                  "topics.purchases=bare-purchases", "--set", "topics.travel_flags=bare-flags"));
    assert_false(text_contains(outcome.text, "subject"));
    assert_outcome(outcome, 0,
                   WORDS("created  topic bare-purchases: 4 partitions\n",
                         "created  topic bare-flags: 4 partitions\n"));
    assert_compacted(setting, "bare-flags");
}

static void init__takes_the_partitions_of_an_input_that_exists(void **state)
{
    struct setting *setting = *state;
    kafkad_topic(setting->kafka, "their-purchases", 5, NULL);
    assert_outcome(
        run(setting, "init",
            WORDS("--set", "application_id=five", "--set", "topics.purchases=their-purchases")),
        0,
        WORDS("found    topic their-purchases: 5 partitions\n",
              "created  topic five-windows-changelog: 5 partitions\n"));
}

static void init__leaves_the_inputs_own_schema_alone(void **state)
{
    struct setting *setting = *state;
    char *url = registry_url(setting);
    // Registers our alert schema under the input's subject: another one than init would.
    registrar_register(url, "unused", "others");
    free(url);
    assert_outcome(run(setting, "init",
                       WORDS("--set", "application_id=polite", "--set", "topics.purchases=others")),
                   0, WORDS("found    subject others-value: another schema, id "));
}

static void check__finds_a_changelog_that_does_not_fit(void **state)
{
    struct setting *setting = *state;
    kafkad_topic(setting->kafka, "six", 6, NULL);
    kafkad_topic(setting->kafka, "crooked-windows-changelog", 7, "delete");
    const char *const *sets =
        WORDS("--set", "application_id=crooked", "--set", "topics.purchases=six");
    assert_outcome(run(setting, "check", sets), 1,
                   WORDS("problem  topic crooked-windows-changelog: cleanup.policy is delete",
                         "problem  topic crooked-windows-changelog: it has 7 partitions, but six "
                         "has 6"));
    assert_outcome(run(setting, "init", sets), 1,
                   WORDS("problem  topic crooked-windows-changelog: its partitions must be"));
}

static void check__finds_files_that_cannot_serve(void **state)
{
    struct setting *setting = *state;
    char *secret = workspace_text("%s/secret", setting->dir);
    char *schema = workspace_text("%s/alert.avsc", setting->dir);
    char *sets[] = {workspace_text("state.secret_file=%s", secret),
                    workspace_text("alerts.schema_file=%s", schema),
                    workspace_text("state.dir=%s/no-directory", secret)};
    workspace_write(secret, "0123456789abcdef\n");
    assert_int_equal(chmod(secret, 0644), 0);
    workspace_write(schema, "{\"type\": \"string\"}");
    assert_outcome(
        run(setting, "check", WORDS("--set", sets[0], "--set", sets[1], "--set", sets[2])), 1,
        WORDS("problem  secret: ", "problem  alert schema: ", "problem  state: "));
    assert_int_equal(chmod(secret, 0600), 0);
    assert_outcome(
        run(setting, "check", WORDS("--set", sets[0], "--set", "topics.purchases=nowhere")), 1,
        WORDS("ok       secret: "));
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
        free(sets[i]);
    free(secret);
    free(schema);
}

static void check__without_auto_register_wants_the_subject(void **state)
{
    struct setting *setting = *state;
    assert_outcome(run(setting, "check", WORDS("--set", "schema_registry.auto_register=false")), 1,
                   WORDS("problem  subject alerts-avro-value: "));
}

static void check__that_reaches_nothing_says_all_of_it(void **state)
{
    struct setting *setting = *state;
    assert_outcome(run(setting, "check",
                       WORDS("--set", "kafka.bootstrap.servers=127.0.0.1:1", "--set",
                             "schema_registry.url=http://127.0.0.1:1")),
                   1, WORDS("problem  kafka: ", "127.0.0.1:1", "problem  registry: "));
    assert_outcome(run(setting, "check", WORDS("--set", "kafka.nonsense=1")), 1,
                   WORDS("problem  kafka: ", "nonsense", "ok       registry: "));
}

#define setting_test(test) cmocka_unit_test_setup_teardown(test, open_setting, close_setting)

int main(void)
{
    const struct CMUnitTest tests[] = {
        setting_test(check__names_what_is_missing_and_makes_nothing),
        setting_test(init__makes_what_is_missing_and_check_is_content),
        setting_test(init__leaves_all_schemas_to_others_when_it_is_told),
        setting_test(init__takes_the_partitions_of_an_input_that_exists),
        setting_test(init__leaves_the_inputs_own_schema_alone),
        setting_test(check__finds_a_changelog_that_does_not_fit),
        setting_test(check__finds_files_that_cannot_serve),
        setting_test(check__without_auto_register_wants_the_subject),
        setting_test(check__that_reaches_nothing_says_all_of_it),
    };
    return cmocka_run_group_tests(tests, open_kafka, close_kafka);
}

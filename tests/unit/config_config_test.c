// SPDX-License-Identifier: Apache-2.0
// Whole configurations: sources, precedence, and the report of mistakes to the letter.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/random.h"
#include "config/config.h"
#include "lib/capture.h"

enum { SETS_MAX = 8 };

// A configuration to load: text of the file (NULL: none), overrides, environment; NULL-terminated.
struct sources {
    const char *file;
    const char *sets[SETS_MAX];
    const char *environment[SETS_MAX];
};

// Loads; the report is NUL-terminated and the caller's to free. The file's path in it is "FILE".
static enum status load(const struct sources *sources, struct config *config, char **report)
{
    char path[] = "/tmp/cardwatch-config-XXXXXX";
    struct buffer text;
    struct config_sources given = {.sets = sources->sets,
                                   .environment = (char *const *)(uintptr_t)sources->environment};
    buffer_init(&text, 1024 * 1024);
    while (given.set_count < SETS_MAX && sources->sets[given.set_count] != NULL)
        given.set_count++;
    if (sources->file != NULL) {
        int fd = mkstemp(path);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, sources->file, strlen(sources->file)), strlen(sources->file));
        close(fd);
        given.file = path;
    }
    enum status status = config_load(&given, config, &text);
    if (sources->file != NULL)
        unlink(path);
    assert_true(buffer_append_byte(&text, '\0'));
    for (char *at = (char *)text.data; (at = strstr(at, path)) != NULL;) {
        memcpy(at, "FILE", 4);
        memmove(at + 4, at + strlen(path), strlen(at + strlen(path)) + 1);
    }
    *report = (char *)text.data;
    return status;
}

static struct config load_good(const struct sources *sources)
{
    struct config config;
    char *report;
    enum status status = load(sources, &config, &report);
    if (status != STATUS_OK)
        fail_msg("%s", report);
    assert_string_equal(report, "");
    free(report);
    return config;
}

static void assert_report(const struct sources *sources, const char *expected)
{
    struct config config;
    char *report;
    assert_int_equal(load(sources, &config, &report), STATUS_FATAL);
    assert_string_equal(report, expected);
    free(report);
}

#define FILE_ONLY(text) (&(struct sources){.file = (text)})
#define SETS(...) (&(struct sources){.sets = {__VA_ARGS__}})

static const char *kafka_value(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->kafka_count; i++) {
        if (strcmp(config->kafka[i].name, name) == 0)
            return config->kafka[i].value;
    }
    return NULL;
}

static void nothing_given__gives_the_documented_defaults(void **state)
{
    (void)state;
    struct config config = load_good(&(struct sources){0});
    assert_string_equal(config.application_id, "cardwatch");
    assert_int_equal(config.kafka_count, 1);
    assert_string_equal(kafka_value(&config, "bootstrap.servers"), "localhost:9092");
    assert_string_equal(config.schema_registry.url, "http://localhost:8081");
    assert_string_equal(config.schema_registry.username, "");
    assert_int_equal(config.schema_registry.timeout_ms, 5000);
    assert_true(config.schema_registry.auto_register);
    assert_string_equal(config.topics.purchases, "purchases");
    assert_string_equal(config.topics.travel_flags, "travel_flags");
    assert_string_equal(config.topics.alerts_avro, "alerts-avro");
    assert_string_equal(config.topics.alerts_json, "alerts-json");
    assert_string_equal(config.topics.dead_letters, "cardwatch-dead-letters");
    assert_string_equal(config.topics.masked_purchases, "");
    assert_string_equal(config.topics.purchase_counts, "");
    assert_string_equal(config.alerts.schema_file, "");
    config_release(&config);
}

static void nothing_given__gives_the_documented_processing(void **state)
{
    (void)state;
    struct config config = load_good(&(struct sources){0});
    assert_int_equal(config.processing.guarantee, CONFIG_EXACTLY_ONCE);
    assert_int_equal(config.processing.threads, 1);
    assert_int_equal(config.processing.commit_interval_ms, 1000);
    assert_int_equal(config.processing.min_commit_interval_ms, 5);
    assert_int_equal(config.processing.max_future_ms, 3600000);
    assert_true(config.processing.dedupe);
    assert_true(config.processing.static_membership);
    assert_string_equal(config.processing.instance_id, "");
    assert_string_equal(config.state.dir, "state");
    assert_string_equal(config.state.secret_file, "");
    assert_int_equal(config.state.checkpoint_interval_ms, 2000);
    assert_int_equal(config.state.max_events_per_card, 4096);
    assert_int_equal(config.state.cache_bytes, 268435456);
    assert_string_equal(config.http.listen, "127.0.0.1:9464");
    assert_int_equal(config.log.level, LOG_INFO);
    assert_int_equal(config.log.format, LOG_FORMAT_TEXT);
    config_release(&config);
}

static void assert_rule(const struct config *config, size_t index, const struct config_rule *rule)
{
    const struct config_rule *found = &config->rules[index];
    assert_in_range(index, 0, config->rule_count - 1);
    assert_string_equal(found->name, rule->name);
    assert_int_equal(found->type, rule->type);
    assert_int_equal(found->window, rule->window);
    assert_int_equal(found->window_ms, rule->window_ms);
    assert_int_equal(found->threshold, rule->threshold);
    assert_int_equal(found->grace_ms, rule->grace_ms);
}

static const struct config_rule default_rule = {.name = "high_purchase_count",
                                                .type = CONFIG_RULE_COUNT,
                                                .window = CONFIG_WINDOW_SLIDING,
                                                .window_ms = 60000,
                                                .threshold = 3};

static void nothing_given__gives_one_sliding_rule(void **state)
{
    (void)state;
    struct config config = load_good(&(struct sources){0});
    assert_int_equal(config.rule_count, 1);
    assert_rule(&config, 0, &default_rule);
    config_release(&config);
}

static void file__may_be_empty_or_have_empty_sections(void **state)
{
    (void)state;
    static const char *const files[] = {"",   "# nothing\n",      "---\n",
                                        "{}", "state:\nkafka:\n", "state: {}\nkafka: {}\n"};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct config config = load_good(FILE_ONLY(files[i]));
        assert_string_equal(config.application_id, "cardwatch");
        config_release(&config);
    }
}

static void file__sets_values_of_every_type(void **state)
{
    (void)state;
    struct config config = load_good(FILE_ONLY("application_id: fraud-eu\n"
                                               "kafka:\n"
                                               "  bootstrap.servers: a:1,b:2\n"
                                               "  ssl: {ca.location: /etc/ca.pem}\n"
                                               "  linger.ms: 5\n"
                                               "kafka.debug: broker\n"
                                               "processing:\n"
                                               "  guarantee: at_least_once\n"
                                               "  threads: 4\n"
                                               "  dedupe: No\n"
                                               "  max_future_ms: 9223372036854775807\n"
                                               "state: {cache_bytes: 64 MiB, dir: \"/var/lib/x\"}\n"
                                               "http.listen: ''\n"
                                               "log: {level: debug, format: json}\n"));
    assert_string_equal(config.application_id, "fraud-eu");
    assert_string_equal(config.topics.dead_letters, "fraud-eu-dead-letters");
    assert_int_equal(config.kafka_count, 4);
    assert_string_equal(kafka_value(&config, "bootstrap.servers"), "a:1,b:2");
    assert_string_equal(kafka_value(&config, "ssl.ca.location"), "/etc/ca.pem");
    assert_string_equal(kafka_value(&config, "linger.ms"), "5");
    assert_string_equal(kafka_value(&config, "debug"), "broker");
    assert_int_equal(config.processing.guarantee, CONFIG_AT_LEAST_ONCE);
    assert_int_equal(config.processing.threads, 4);
    assert_false(config.processing.dedupe);
    assert_true(config.processing.max_future_ms == INT64_MAX);
    assert_int_equal(config.state.cache_bytes, 64 * 1024 * 1024);
    assert_string_equal(config.state.dir, "/var/lib/x");
    assert_string_equal(config.http.listen, "");
    assert_int_equal(config.log.level, LOG_DEBUG);
    assert_int_equal(config.log.format, LOG_FORMAT_JSON);
    config_release(&config);
}

static void example__loads_and_has_the_defaults(void **state)
{
    (void)state;
    struct config config;
    struct buffer report;
    struct config_sources sources = {.file = "deploy/cardwatch.yaml"};
    buffer_init(&report, 4096);
    if (config_load(&sources, &config, &report) != STATUS_OK)
        fail_msg("%.*s", (int)report.size, (const char *)report.data);
    assert_int_equal(config.state.cache_bytes, 268435456);
    assert_string_equal(config.topics.dead_letters, "cardwatch-dead-letters");
    assert_string_equal(kafka_value(&config, "bootstrap.servers"), "localhost:9092");
    assert_int_equal(config.rule_count, 1);
    assert_rule(&config, 0, &default_rule);
    config_release(&config);
    buffer_release(&report);
}

static void rules__of_a_file_replace_the_default(void **state)
{
    (void)state;
    struct config config =
        load_good(FILE_ONLY("rules:\n"
                            "  - {name: burst, window_ms: 1000, threshold: 5, grace_ms: 50}\n"
                            "  - name: minute\n"
                            "    type: count\n"
                            "    window: tumbling\n"
                            "    threshold: 1\n"));
    assert_int_equal(config.rule_count, 2);
    assert_rule(
        &config, 0,
        &(struct config_rule){.name = "burst", .window_ms = 1000, .threshold = 5, .grace_ms = 50});
    assert_rule(&config, 1,
                &(struct config_rule){.name = "minute",
                                      .window = CONFIG_WINDOW_TUMBLING,
                                      .window_ms = 60000,
                                      .threshold = 1});
    config_release(&config);
}

static void rules__can_be_overridden_key_by_key_and_as_a_whole(void **state)
{
    (void)state;
    struct config config = load_good(SETS("rules.0.window_ms=5000", "rules.0.name=quick"));
    assert_int_equal(config.rule_count, 1);
    assert_string_equal(config.rules[0].name, "quick");
    assert_int_equal(config.rules[0].window_ms, 5000);
    assert_int_equal(config.rules[0].threshold, 3);
    config_release(&config);
    config = load_good(
        SETS("rules=[{name: a, threshold: 4}, {name: b, window: tumbling}]", "rules.1.grace_ms=7"));
    assert_int_equal(config.rule_count, 2);
    assert_int_equal(config.rules[0].threshold, 4);
    assert_int_equal(config.rules[1].window, CONFIG_WINDOW_TUMBLING);
    assert_int_equal(config.rules[1].grace_ms, 7);
    config_release(&config);
}

static void sets__win_over_environment_wins_over_file(void **state)
{
    (void)state;
    const struct sources sources = {
        .file = "processing: {threads: 2, commit_interval_ms: 200}\nlog: {level: debug}\n",
        .sets = {"processing.threads=4"},
        .environment = {"PATH=/bin", "CARDWATCH_PROCESSING_THREADS=3",
                        "CARDWATCH_PROCESSING_COMMIT_INTERVAL_MS=300"}};
    struct config config = load_good(&sources);
    assert_int_equal(config.processing.threads, 4);
    assert_int_equal(config.processing.commit_interval_ms, 300);
    assert_int_equal(config.log.level, LOG_DEBUG);
    config_release(&config);
}

static void environment__names_keys_in_upper_case_with_underscores(void **state)
{
    (void)state;
    const struct sources sources = {
        .environment = {"CARDWATCH_KAFKA_BOOTSTRAP_SERVERS=redpanda:9092",
                        "CARDWATCH_KAFKA_SASL_PASSWORD=a=b", "CARDWATCH_RULES_0_WINDOW_MS=1234",
                        "CARDWATCH_SCHEMA_REGISTRY_CA_FILE=/etc/ca.pem",
                        "CARDWATCH_HTTP_LISTEN=", "CARDWATCH_APPLICATION_ID=x"}};
    struct config config = load_good(&sources);
    assert_string_equal(kafka_value(&config, "bootstrap.servers"), "redpanda:9092");
    assert_string_equal(kafka_value(&config, "sasl.password"), "a=b");
    assert_int_equal(config.rules[0].window_ms, 1234);
    assert_string_equal(config.schema_registry.ca_file, "/etc/ca.pem");
    assert_string_equal(config.http.listen, "");
    assert_string_equal(config.application_id, "x");
    config_release(&config);
}

static void environment__takes_a_list_of_rules(void **state)
{
    (void)state;
    const struct sources sources = {.environment = {"CARDWATCH_RULES=[{name: only}]"}};
    struct config config = load_good(&sources);
    assert_int_equal(config.rule_count, 1);
    assert_string_equal(config.rules[0].name, "only");
    config_release(&config);
}

// A service named cardwatch in Kubernetes puts these into every pod of its namespace.
static void environment__ignores_the_links_of_kubernetes(void **state)
{
    (void)state;
    const struct sources sources = {
        .environment = {"CARDWATCH_SERVICE_HOST=10.0.0.1", "CARDWATCH_SERVICE_PORT=9464",
                        "CARDWATCH_SERVICE_PORT_HTTP=9464", "CARDWATCH_PORT=tcp://10.0.0.1:9464",
                        "CARDWATCH_PORT_9464_TCP_ADDR=10.0.0.1", "CARDWATCHER=x"}};
    struct config config = load_good(&sources);
    config_release(&config);
}

static void properties__given_later_replace_earlier_ones(void **state)
{
    (void)state;
    const struct sources sources = {.file = "kafka: {bootstrap.servers: a, linger.ms: 1}\n",
                                    .sets = {"kafka.bootstrap.servers=b"}};
    struct config config = load_good(&sources);
    assert_int_equal(config.kafka_count, 2);
    assert_string_equal(kafka_value(&config, "bootstrap.servers"), "b");
    config_release(&config);
    config = load_good(SETS("kafka.metadata.broker.list=c"));
    assert_int_equal(config.kafka_count, 1);
    config_release(&config);
}

static void properties__may_hold_several_lines(void **state)
{
    (void)state;
    struct config config = load_good(FILE_ONLY("kafka:\n  ssl.ca.pem: |\n    one\n    two\n"));
    assert_string_equal(kafka_value(&config, "ssl.ca.pem"), "one\ntwo\n");
    config_release(&config);
}

static void mistakes__come_all_in_one_report(void **state)
{
    (void)state;
    const struct sources sources = {
        .file = "application_id: a b\n"
                "procesing: {threads: 4}\n"
                "processing:\n"
                "  treads: 4\n"
                "  dedupe: maybe\n"
                "  commit_interval_ms: 1s\n"
                "log: {level: loud}\n"
                "state:\n"
                "  cache_bytes: 12 apples\n"
                "  max_events_per_card: 20000\n"
                "  max_events_per_card: 30\n"
                "topics: [purchases]\n"
                "rules: 7\n",
        .sets = {"processing.threads=0", "nonsense", "http.listen=nowhere"},
        .environment = {"CARDWATCH_LOG_FORMT=json", "CARDWATCH_XYZZY=1"}};
    assert_report(
        &sources,
        "FILE:11: state.max_events_per_card: given twice, first in line 10; allowed: once\n"
        "FILE:2: procesing: unknown key; did you mean processing?\n"
        "FILE:4: processing.treads: unknown key; did you mean processing.threads?\n"
        "FILE:5: processing.dedupe: 'maybe' is neither yes nor no; allowed: true, false\n"
        "FILE:6: processing.commit_interval_ms: '1s' is not an integer; allowed: 1 .. 5000\n"
        "FILE:7: log.level: 'loud' is not known; allowed: one of: debug, info, warn, error\n"
        "FILE:9: state.cache_bytes: '12 apples' is not a number of bytes; allowed: digits alone "
        "or with KiB, MiB or GiB behind them\n"
        "FILE:10: state.max_events_per_card: '20000' is out of bounds; allowed: 1 .. 16384\n"
        "FILE:12: topics: holds keys, so it must be a map\n"
        "FILE:13: rules: must be a list of rules; allowed: [{name: ..., window_ms: ...}, ...]\n"
        "CARDWATCH_LOG_FORMT: names no key; did you mean CARDWATCH_LOG_FORMAT?\n"
        "CARDWATCH_XYZZY: names no key; `cardwatch help config` lists them\n"
        "--set: processing.threads: '0' is out of bounds; allowed: 1 .. 64\n"
        "--set: nonsense: has no value; allowed: --set KEY=VALUE\n"
        "FILE:1: application_id: 'a b' is not possible; allowed: 1 to 150 of A-Z a-z 0-9 . _ -, "
        "and not . or ..\n"
        "--set: http.listen: 'nowhere' is not possible; allowed: HOST:PORT, [IPV6]:PORT, or "
        "empty for off\n");
}

static void numbers__are_refused_outside_their_bounds(void **state)
{
    (void)state;
    assert_report(SETS("processing.max_future_ms=9223372036854775808"),
                  "--set: processing.max_future_ms: '9223372036854775808' is out of bounds; "
                  "allowed: 0 or more\n");
    assert_report(SETS("processing.max_future_ms=-1"),
                  "--set: processing.max_future_ms: '-1' is out of bounds; allowed: 0 or more\n");
    assert_report(SETS("state.cache_bytes=99999999999GiB"),
                  "--set: state.cache_bytes: '99999999999GiB' is out of bounds; allowed: "
                  "1048576 .. 1099511627776\n");
    assert_report(SETS("state.cache_bytes=-1MiB"),
                  "--set: state.cache_bytes: '-1MiB' is out of bounds; allowed: "
                  "1048576 .. 1099511627776\n");
    assert_report(SETS("processing.threads="), "--set: processing.threads: '' is not an integer; "
                                               "allowed: 1 .. 64\n");
}

static void wrong_kinds_of_nodes__are_named(void **state)
{
    (void)state;
    assert_report(FILE_ONLY("application_id: [a, b]\n"),
                  "FILE:1: application_id: must be a single value (text), not a list\n");
    assert_report(FILE_ONLY("processing:\n  threads: {a: 1}\n"),
                  "FILE:2: processing.threads: must be a single value (integer), not a map\n");
    assert_report(FILE_ONLY("processing:\n  threads:\n"),
                  "FILE:2: processing.threads: has no value; allowed: integer, 1 .. 64\n");
    assert_report(FILE_ONLY("processing: 4\n"),
                  "FILE:1: processing: holds keys, so it must be a map\n");
    assert_report(FILE_ONLY("kafka:\n  bootstrap.servers: [a, b]\n"),
                  "FILE:2: kafka.bootstrap.servers: is a list; allowed: a single value\n");
    assert_report(FILE_ONLY("- a\n"), "FILE:1: the configuration must be a map of keys\n");
    assert_report(FILE_ONLY("hello\n"), "FILE:1: the configuration must be a map of keys\n");
    assert_report(FILE_ONLY("[a]: b\n"), "FILE:1: a key must be text\n");
    assert_report(FILE_ONLY("\"\": b\n"), "FILE:1: a key is empty, too long or holds a NUL\n");
}

static void bad_yaml__is_explained_with_its_line(void **state)
{
    (void)state;
    struct config config;
    char *report;
    assert_int_equal(load(FILE_ONLY("log:\n  level: info\n format: json\n"), &config, &report),
                     STATUS_FATAL);
    assert_text_contains(report, "FILE:3: this is no YAML: ");
    free(report);
    assert_int_equal(load(FILE_ONLY("log: {level: info\n"), &config, &report), STATUS_FATAL);
    assert_text_contains(report, "FILE:");
    assert_text_contains(report, "this is no YAML: while parsing a flow mapping, ");
    free(report);
    assert_int_equal(load(FILE_ONLY("a: 1\nb: \xff\n"), &config, &report), STATUS_FATAL);
    assert_text_contains(report, "FILE:2: this is no YAML: ");
    free(report);
}

static void documents__after_the_first_are_refused(void **state)
{
    (void)state;
    assert_report(FILE_ONLY("log: {level: info}\n---\nlog: {level: warn}\n"),
                  "FILE:3: a second document begins here; allowed: one\n");
}

static void aliases__work_but_cannot_blow_up(void **state)
{
    (void)state;
    struct config config = load_good(FILE_ONLY(
        "rules:\n- &r {name: a, threshold: 4}\nlog: {level: &l warn}\nhttp.listen: ''\n"));
    config_release(&config);
    struct buffer bomb;
    char *report;
    buffer_init(&bomb, 4096);
    assert_true(buffer_append_format(&bomb, "a0: &a0 {x: 1, y: 1, z: 1, w: 1, v: 1}\n"));
    for (int i = 1; i < 30; i++)
        assert_true(buffer_append_format(&bomb, "a%d: &a%d {x: *a%d, y: *a%d, z: *a%d}\n", i, i,
                                         i - 1, i - 1, i - 1));
    assert_true(buffer_append_byte(&bomb, '\0'));
    assert_int_equal(load(FILE_ONLY((const char *)bomb.data), &config, &report), STATUS_FATAL);
    assert_text_contains(report, "nested too deeply, or too many values");
    free(report);
    buffer_release(&bomb);
    assert_int_equal(load(FILE_ONLY("kafka: &k\n  loop: *k\n"), &config, &report), STATUS_FATAL);
    free(report);
}

static void files__that_cannot_be_read_are_named(void **state)
{
    (void)state;
    struct config config;
    struct buffer report;
    struct config_sources sources = {.file = "/nonexistent/cardwatch.yaml"};
    buffer_init(&report, 4096);
    assert_int_equal(config_load(&sources, &config, &report), STATUS_FATAL);
    sources.file = "/";
    assert_int_equal(config_load(&sources, &config, &report), STATUS_FATAL);
    assert_true(buffer_append_byte(&report, '\0'));
    assert_text_contains((const char *)report.data,
                         "/nonexistent/cardwatch.yaml: there is no such file\n");
    assert_text_contains((const char *)report.data, "/: Is a directory\n");
    buffer_release(&report);
}

static void files__have_a_limit(void **state)
{
    (void)state;
    size_t size = 1024 * 1024 + 1;
    char *text = malloc(size + 1);
    memset(text, '#', size);
    text[size] = '\0';
    assert_report(FILE_ONLY(text), "FILE is larger than 1048576 bytes\n");
    text[size - 2] = '\0';
    struct config config = load_good(FILE_ONLY(text));
    config_release(&config);
    free(text);
}

static void rules__are_checked_as_a_whole(void **state)
{
    (void)state;
    assert_report(
        FILE_ONLY("rules:\n"
                  "- {name: a, threshold: 1}\n"
                  "- {name: a, threshold: 3}\n"
                  "- {threshold: 3}\n"
                  "- {name: b, threshold: 5000,\n"
                  "   window: sliding}\n"
                  "- {name: c, window: tumbling, window_ms: 10,\n"
                  "   grace_ms: 40950}\n"
                  "- just text\n"
                  "- {name: d, window_ms: 0}\n"
                  "- {name: e, treshold: 3}\n"),
        "FILE:9: rules.5: must be a map; allowed: {name: ..., window_ms: ...}\n"
        "FILE:10: rules.6.window_ms: '0' is out of bounds; allowed: 1 or more\n"
        "FILE:11: rules.7.treshold: unknown key; did you mean rules.N.threshold?\n"
        "FILE:2: rules.0.threshold: 1 is out of bounds for a sliding window; allowed: 2 .. 4096 "
        "(state.max_events_per_card)\n"
        "FILE:3: rules.1.name: 'a' is the name of rule 0 already; allowed: a name of its own\n"
        "FILE:4: rules.2.name: '' is not possible; allowed: 1 to 128 bytes of UTF-8\n"
        "FILE:5: rules.3.threshold: 5000 is out of bounds for a sliding window; allowed: "
        "2 .. 4096 (state.max_events_per_card)\n"
        "FILE:8: rules.4.grace_ms: 40950 keeps too many windows open; allowed: less than 4095 "
        "times window_ms\n");
}

static void rules__have_limits_of_their_own(void **state)
{
    (void)state;
    struct buffer text;
    buffer_init(&text, 4096);
    assert_true(buffer_append_format(&text, "rules:\n"));
    for (int i = 0; i < 17; i++)
        assert_true(buffer_append_format(&text, "- {name: r%d}\n", i));
    assert_true(buffer_append_format(&text, "lag: 1\n%c", '\0'));
    assert_report(FILE_ONLY((const char *)text.data),
                  "FILE:18: rules: too many rules; allowed: 16\n"
                  "FILE:19: lag: unknown key; did you mean log?\n");
    buffer_release(&text);
    assert_report(FILE_ONLY("rules: []\n"),
                  "FILE:1: rules: the list is empty; allowed: 1 to 16 rules\n");
    assert_report(SETS("rules="), "--set:1: rules: must be a list of rules; allowed: "
                                  "[{name: ..., window_ms: ...}, ...]\n");
    assert_report(SETS("rules.1.name=x"),
                  "--set: rules.1.name: there is no rule 1; allowed: 0 .. 0\n");
    assert_report(SETS("rules.0=x"), "--set: rules.0: unknown key; did you mean rules?\n");
    assert_report(SETS("rules.x.name=x"), "--set: rules.x.name: unknown key; did you mean "
                                          "rules.N.name?\n");
    assert_report(SETS("rules.0.threshold=1"),
                  "--set: rules.0.threshold: 1 is out of bounds for a sliding window; allowed: "
                  "2 .. 4096 (state.max_events_per_card)\n");
}

static void travel_rule__has_a_distance_and_no_window(void **state)
{
    (void)state;
    struct config config =
        load_good(FILE_ONLY("rules:\n"
                            "- {name: travel_distance, type: travel_distance}\n"
                            "- {name: far, type: travel_distance, min_distance: 1.5e3}\n"));
    assert_int_equal(config.rules[0].type, CONFIG_RULE_TRAVEL);
    assert_true(config.rules[0].min_distance == 2000);
    assert_true(config.rules[1].min_distance == 1500);
    config_release(&config);
    assert_report(FILE_ONLY("rules:\n"
                            "- {name: a, min_distance: 1}\n"
                            "- {name: b, type: travel_distance, window_ms: 1, window: sliding,\n"
                            "   threshold: 2, grace_ms: 0}\n"),
                  "FILE:2: rules.0.min_distance: has no meaning for a rule of type count; take it "
                  "out\n"
                  "FILE:3: rules.1.window: has no meaning for a rule of type travel_distance; take "
                  "it out\n"
                  "FILE:3: rules.1.window_ms: has no meaning for a rule of type travel_distance; "
                  "take it out\n"
                  "FILE:4: rules.1.threshold: has no meaning for a rule of type travel_distance; "
                  "take it out\n"
                  "FILE:4: rules.1.grace_ms: has no meaning for a rule of type travel_distance; "
                  "take it out\n");
    static const char *const bad[] = {"far", "nan", "inf", "0x10", "1,5", "1e", "", "-1", "1e10"};
    static const char *const why[] = {"is not a number", "is not a number",  "is not a number",
                                      "is not a number", "is not a number",  "is not a number",
                                      "is not a number", "is out of bounds", "is out of bounds"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char set[64];
        char line[256];
        snprintf(set, sizeof(set), "rules.0.min_distance=%s", bad[i]);
        snprintf(line, sizeof(line),
                 "--set: rules.0.min_distance: '%s' %s; allowed: 0 .. 1000000000\n", bad[i],
                 why[i]);
        assert_report(SETS("rules.0.type=travel_distance", set), line);
    }
}

static void topics__must_be_legal_and_different(void **state)
{
    (void)state;
    assert_report(SETS("topics.alerts_json=alerts-avro", "topics.travel_flags=a/b",
                       "topics.alerts_avro=", "topics.purchases=cardwatch-windows-changelog",
                       "topics.dead_letters=alerts-avro", "topics.masked_purchases=a/c"),
                  "--set: topics.travel_flags: 'a/b' is not possible; allowed: 1 to 249 of A-Z a-z "
                  "0-9 . _ -\n"
                  "--set: topics.alerts_avro: '' is not possible; allowed: 1 to 249 of A-Z a-z 0-9 "
                  ". _ -\n"
                  "--set: topics.masked_purchases: 'a/c' is not possible; allowed: 1 to 249 of A-Z "
                  "a-z 0-9 . _ -\n"
                  "--set: topics.dead_letters: 'alerts-avro' is also the topic of "
                  "topics.alerts_json; allowed: a topic of its own\n"
                  "--set: topics.purchases: 'cardwatch-windows-changelog' is also the topic of the "
                  "changelog; allowed: a topic of its own\n");
}

static void values__that_must_fit_each_other_are_checked(void **state)
{
    (void)state;
    assert_report(SETS("processing.commit_interval_ms=10", "processing.min_commit_interval_ms=11"),
                  "--set: processing.min_commit_interval_ms: 11 is more than "
                  "processing.commit_interval_ms; allowed: 0 .. 10\n");
    assert_report(SETS("application_id=..", "state.dir=", "processing.instance_id=a b"),
                  "--set: application_id: '..' is not possible; allowed: 1 to 150 of A-Z a-z 0-9 "
                  ". _ -, and not . or ..\n"
                  "--set: processing.instance_id: 'a b' is not possible; allowed: empty, or up to "
                  "64 of A-Z a-z 0-9 . _ -\n"
                  "--set: state.dir: '' is not possible; allowed: a directory\n");
    assert_report(SETS("schema_registry.url=http://a,ftp://b", "schema_registry.password=secret"),
                  "--set: schema_registry.url: not an address; allowed: http:// or https:// "
                  "addresses, by commas\n"
                  "--set: schema_registry.password: a password without a name; set "
                  "schema_registry.username too\n");
}

static void listen__takes_addresses_alone(void **state)
{
    (void)state;
    static const char *const good[] = {"http.listen=127.0.0.1:9464", "http.listen=[::1]:0",
                                       "http.listen=localhost:65535", "http.listen=:80"};
    static const char *const bad[] = {"http.listen=9464", "http.listen=a:65536",
                                      "http.listen=::1:80", "http.listen=a:", "http.listen=a:1x"};
    struct config config;
    char *report;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        config = load_good(SETS(good[i]));
        config_release(&config);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(load(SETS(bad[i]), &config, &report), STATUS_FATAL);
        free(report);
    }
}

static void properties__that_carry_the_guarantees_are_refused(void **state)
{
    (void)state;
    static const char *const owned[] = {
        "group.id",           "group.instance.id",        "transactional.id",
        "isolation.level",    "enable.idempotence",       "auto.offset.reset",
        "enable.auto.commit", "enable.auto.offset.store", "partition.assignment.strategy"};
    for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++) {
        char set[100];
        struct config config;
        char *report;
        snprintf(set, sizeof(set), "kafka.%s=x", owned[i]);
        assert_int_equal(load(SETS(set), &config, &report), STATUS_FATAL);
        assert_text_contains(report, "cardwatch sets this property itself: ");
        free(report);
    }
    assert_report(&(struct sources){.environment = {"CARDWATCH_KAFKA_GROUP_ID=x"}},
                  "CARDWATCH_KAFKA_GROUP_ID: kafka.group.id: cardwatch sets this property itself: "
                  "set application_id instead\n");
}

static void secrets__are_never_shown(void **state)
{
    (void)state;
    const struct sources sources = {
        .file = "schema_registry: {password: \"hunter2\\n\", url: 'htp://u:hunter2@h'}\n"
                "kafka: {sasl.password: [hunter2]}\n",
        .environment = {"CARDWATCH_SCHEMA_REGISTRY_PASWORD=hunter2"}};
    struct config config;
    char *report;
    assert_int_equal(load(&sources, &config, &report), STATUS_FATAL);
    assert_false(text_contains(report, "hunter2"));
    assert_text_contains(report, "did you mean CARDWATCH_SCHEMA_REGISTRY_PASSWORD?");
    free(report);
}

static void reports__stay_lines_whatever_keys_are_called(void **state)
{
    (void)state;
    assert_report(FILE_ONLY("\"a\\nb: c\": 1\n"),
                  "FILE:1: a?b: c: unknown key; `cardwatch help config` lists them\n");
}

static void reports__are_bounded(void **state)
{
    (void)state;
    struct buffer text;
    struct config config;
    char *report;
    buffer_init(&text, 65536);
    for (int i = 0; i < 1000; i++)
        assert_true(buffer_append_format(&text, "nonsense%d: 1\n", i));
    assert_true(buffer_append_byte(&text, '\0'));
    assert_int_equal(load(FILE_ONLY((const char *)text.data), &config, &report), STATUS_FATAL);
    assert_text_contains(report, "\n... and 900 more mistakes\n");
    free(report);
    buffer_release(&text);
}

// The example with a few bytes changed: accepted, or refused with a report, under the sanitizers
// too.
static void mutations_of_the_example__are_taken_or_refused(void **state)
{
    (void)state;
    static const char alphabet[] = "ab: \n-[]{},&*'\"#|0123456789.\t~\x80";
    struct buffer example;
    struct error err;
    struct random random;
    bool found;
    size_t refused = 0;
    buffer_init(&example, 16384);
    assert_int_equal(file_read("deploy/cardwatch.yaml", &example, &found, &err), STATUS_OK);
    random_seed(&random, 11);
    for (int round = 0; round < 2000; round++) {
        char *text = memory_copy(example.data, example.size);
        struct config config;
        char *report;
        for (uint64_t i = random_below(&random, 8); i > 0; i--)
            text[random_below(&random, example.size)] =
                alphabet[random_below(&random, sizeof(alphabet) - 1)];
        enum status status = load(FILE_ONLY(text), &config, &report);
        assert_true((status == STATUS_OK) == (report[0] == '\0'));
        refused += status != STATUS_OK;
        if (status == STATUS_OK)
            config_release(&config);
        free(report);
        free(text);
    }
    assert_in_range(refused, 200, 1900);
    buffer_release(&example);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_given__gives_the_documented_defaults),
        cmocka_unit_test(nothing_given__gives_the_documented_processing),
        cmocka_unit_test(nothing_given__gives_one_sliding_rule),
        cmocka_unit_test(file__may_be_empty_or_have_empty_sections),
        cmocka_unit_test(file__sets_values_of_every_type),
        cmocka_unit_test(example__loads_and_has_the_defaults),
        cmocka_unit_test(rules__of_a_file_replace_the_default),
        cmocka_unit_test(rules__can_be_overridden_key_by_key_and_as_a_whole),
        cmocka_unit_test(sets__win_over_environment_wins_over_file),
        cmocka_unit_test(environment__names_keys_in_upper_case_with_underscores),
        cmocka_unit_test(environment__takes_a_list_of_rules),
        cmocka_unit_test(environment__ignores_the_links_of_kubernetes),
        cmocka_unit_test(properties__given_later_replace_earlier_ones),
        cmocka_unit_test(properties__may_hold_several_lines),
        cmocka_unit_test(mistakes__come_all_in_one_report),
        cmocka_unit_test(numbers__are_refused_outside_their_bounds),
        cmocka_unit_test(wrong_kinds_of_nodes__are_named),
        cmocka_unit_test(bad_yaml__is_explained_with_its_line),
        cmocka_unit_test(documents__after_the_first_are_refused),
        cmocka_unit_test(aliases__work_but_cannot_blow_up),
        cmocka_unit_test(files__that_cannot_be_read_are_named),
        cmocka_unit_test(files__have_a_limit),
        cmocka_unit_test(rules__are_checked_as_a_whole),
        cmocka_unit_test(rules__have_limits_of_their_own),
        cmocka_unit_test(travel_rule__has_a_distance_and_no_window),
        cmocka_unit_test(topics__must_be_legal_and_different),
        cmocka_unit_test(values__that_must_fit_each_other_are_checked),
        cmocka_unit_test(listen__takes_addresses_alone),
        cmocka_unit_test(properties__that_carry_the_guarantees_are_refused),
        cmocka_unit_test(secrets__are_never_shown),
        cmocka_unit_test(reports__stay_lines_whatever_keys_are_called),
        cmocka_unit_test(reports__are_bounded),
        cmocka_unit_test(mutations_of_the_example__are_taken_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

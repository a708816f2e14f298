// SPDX-License-Identifier: Apache-2.0
// The travel rule and its table on a real Kafka: flags that change in the middle of the stream,
// restarts, partitions that move, topics made anew; the alerts are the oracle's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "broker/broker_kafka.h"
#include "lib/hex.h"
#include "lib/raw_http.h"
#include "lib/scene.h"
#include "lib/workspace.h"
#include "registry/registry.h"
#include "wire/schemas.h"

enum {
    WAIT_MS = 120000,
    STOP_TIMEOUT_MS = 20000,
    DEADLINE_MS = 20000,
    ROW_BYTES_MAX = 512,
    CARDS = 300,
};

static const char rules[] = "[{name: high_purchase_count, type: count}, "
                            "{name: travel_distance, type: travel_distance}]";
static const char *const rule_names[] = {"high_purchase_count", "travel_distance", NULL};

static size_t portion(void)
{
    return scene_full_size() ? 50000 : 8000;
}

// A scene with the table's topic, its writer, and what the flags are.
struct trip {
    struct scene *scene;
    char *topic;
    struct loader *rows;
    json_t *flags; // by card: true or false; every card that was ever seen
    uint32_t schema_id;
    size_t row_count;
    uint16_t ports[SCENE_SERVICES_MAX];
};

static bool is_travelling(void *context, struct view card)
{
    struct trip *trip = context;
    char *text = workspace_text("%.*s", (int)card.size, (const char *)card.data);
    const json_t *flag = json_object_get(trip->flags, text);
    if (flag == NULL)
        json_object_set_new(trip->flags, text, json_false());
    free(text);
    return json_is_true(flag);
}

static uint32_t register_schema(const struct scene *scene, const char *topic, struct view schema)
{
    const struct registry_settings settings = {.url = scene->registry_url, .timeout_ms = 5000};
    struct registry *registry;
    struct error err;
    uint32_t id = 0;
    char *subject = workspace_text("%s-value", topic);
    if (registry_open(&settings, &registry, &err) != STATUS_OK ||
        registry_register(registry, subject, schema, DEADLINE_MS, &id, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    registry_close(registry);
    free(subject);
    return id;
}

static void open_rows(struct trip *trip, int32_t partitions)
{
    kafkad_topic(trip->scene->kafka, trip->topic, partitions, "compact");
    trip->rows = loader_open(kafkad_bootstrap(trip->scene->kafka), trip->topic, partitions);
}

static struct trip open_trip_with(void **state, const struct scene_settings *settings)
{
    struct trip trip = {.scene = stage_scene(state, settings), .flags = json_object()};
    trip.topic = workspace_text("%s-travel-flags", settings->name);
    trip.schema_id = register_schema(trip.scene, trip.topic, schema_travel_flags());
    open_rows(&trip, settings->partitions);
    return trip;
}

static struct trip open_trip(void **state, const char *name, const char *guarantee)
{
    struct scene_settings settings = scene_settings_default(name);
    settings.generator.card_count = CARDS;
    settings.rules = rules;
    settings.rule_names = rule_names;
    settings.guarantee = guarantee;
    settings.session_timeout_ms = 6000;
    settings.oracle.rules[1] = (struct oracle_rule){.kind = ORACLE_TRAVEL, .min_distance = 2000};
    settings.oracle.rule_count = 2;
    return open_trip_with(state, &settings);
}

static void close_trip(struct trip *trip)
{
    trip->scene->workload.travelling = NULL;
    loader_close(trip->rows);
    json_decref(trip->flags);
    free(trip->topic);
    trip->scene->passed = true;
}

static void start(struct trip *trip, size_t at)
{
    struct cardwatch *service = &trip->scene->services[at];
    size_t from = cardwatch_log_size(service);
    if (trip->ports[at] == 0) {
        char *set = workspace_text("topics.travel_flags=%s", trip->topic);
        cardwatch_set(service, set);
        cardwatch_set(service, "http.listen=127.0.0.1:0");
        free(set);
    }
    cardwatch_start(service);
    assert_true(cardwatch_await_log(service, from, "listening", 1, WAIT_MS));
    trip->ports[at] = (uint16_t)cardwatch_log_max(service, from, "listening", "port");
}

// ---- rows ----

static void send_row(struct trip *trip, const char *card, struct view value)
{
    const struct loader_message message = {
        .partition = -1,
        .key = view_text(card),
        .value = value,
        .timestamp_ms = clock_wall_ms(),
    };
    int32_t partition;
    int64_t offset;
    loader_send(trip->rows, &message, &partition, &offset);
    trip->row_count++;
}

// 0: off, 1: on, 2: null, 3: a tombstone.
static void set_flag(struct trip *trip, const char *card, unsigned kind)
{
    struct buffer row;
    buffer_init(&row, ROW_BYTES_MAX);
    assert_true(buffer_append_byte(&row, 0) && buffer_append_be32(&row, trip->schema_id) &&
                buffer_append_zigzag(&row, (int64_t)trip->row_count));
    if (kind == 2)
        assert_true(buffer_append_byte(&row, 0));
    else
        assert_true(buffer_append_byte(&row, 2) && buffer_append_byte(&row, kind == 1));
    assert_true(buffer_append_byte(&row, 2) && buffer_append_zigzag(&row, (int64_t)strlen(card)) &&
                buffer_append(&row, card, strlen(card)) && buffer_append_byte(&row, 0));
    send_row(trip, card, kind == 3 ? (struct view){NULL, 0} : buffer_view(&row));
    json_object_set_new(trip->flags, card, json_boolean(kind == 1));
    buffer_release(&row);
}

// About every `one_in`-th card that was seen changes somehow.
static void change_flags(struct trip *trip, struct random *random, uint64_t one_in)
{
    const char *card;
    json_t *flag;
    void *next;
    json_object_foreach_safe(trip->flags, next, card, flag)
    {
        if (random_below(random, one_in) == 0)
            set_flag(trip, card, (unsigned)random_below(random, 5) % 4);
    }
    loader_flush(trip->rows);
}

// ---- metrics ----

// -1: not shown, or the service does not answer.
static int64_t metric(const struct trip *trip, size_t at, const char *name)
{
    struct raw_http_answer answer;
    if (!process_running(&trip->scene->services[at].process))
        return -1;
    char *wanted = workspace_text("\ncardwatch_%s ", name);
    raw_http_exchange(trip->ports[at], "GET", "/metrics", "", NULL, &answer);
    const char *found = answer.status == 200 ? strstr(answer.body, wanted) : NULL;
    int64_t value = found == NULL ? -1 : strtoll(found + strlen(wanted), NULL, 10);
    raw_http_release(&answer);
    free(wanted);
    return value;
}

static void await_rows(const struct trip *trip)
{
    int64_t deadline_ms = process_clock_ms() + WAIT_MS;
    for (int32_t p = 0; p < trip->scene->settings.partitions;) {
        char *name = workspace_text("table_offset{partition=\"%d\"}", p);
        bool there = false;
        for (size_t at = 0; at < SCENE_SERVICES_MAX; at++)
            there = there ||
                    (trip->ports[at] != 0 && metric(trip, at, name) >= loader_sent(trip->rows, p));
        free(name);
        p += there;
        if (there)
            continue;
        if (process_clock_ms() > deadline_ms)
            fail_msg("partition %d of the table is not read", p);
        process_nap();
    }
}

static void work(struct trip *trip)
{
    struct scene *scene = trip->scene;
    scene->workload.travelling = is_travelling;
    scene->workload.travelling_context = trip;
    workload_send(&scene->workload, portion());
}

static void finish_work(struct trip *trip)
{
    assert_true(scene_await_caught_up(trip->scene, SCENE_CATCH_UP_MS));
}

static void judge(struct trip *trip, bool at_least_once)
{
    size_t repeats = 0;
    assert_true(scene_judge(trip->scene, at_least_once ? &repeats : NULL));
    size_t travel_alerts = 0;
    for (size_t i = 0; i < trip->scene->workload.alert_count; i++)
        travel_alerts += trip->scene->workload.alerts[i].rule == 1;
    fprintf(stderr, "# %zu alerts, %zu of them of the travel rule, %zu rows\n",
            trip->scene->workload.alert_count, travel_alerts, trip->row_count);
    assert_true(travel_alerts > 0);
}

// ---- the tests ----

static void flags__that_change_mid_stream_equal_the_oracle(void **state)
{
    struct random random;
    random_seed(&random, 11);
    struct trip trip = open_trip(state, "trip", NULL);
    start(&trip, 0);
    work(&trip);
    finish_work(&trip);
    for (int round = 0; round < 3; round++) {
        change_flags(&trip, &random, 3);
        await_rows(&trip);
        work(&trip);
        finish_work(&trip);
    }
    judge(&trip, false);
    assert_int_equal(metric(&trip, 0, "table_bad_rows_total"), 0);
    assert_int_equal(metric(&trip, 0, "table_rows_total"), (int64_t)trip.row_count);
    assert_int_equal(cardwatch_stop(&trip.scene->services[0], STOP_TIMEOUT_MS), 0);
    judge(&trip, false);
    close_trip(&trip);
}

// Each card buys about every 15 s, so that bursts of every kind begin and end.
static struct trip open_trip_of_all_kinds(void **state)
{
    static const char *const names[] = {"burst", "travel_distance", "spree",
                                        "shops", "near_trips",      NULL};
    struct scene_settings settings = scene_settings_default("kinds-trip");
    struct oracle_rule *oracle = settings.oracle.rules;
    settings.generator.card_count = CARDS;
    settings.generator.events_per_second = CARDS / 15;
    oracle[0] = (struct oracle_rule){.kind = ORACLE_SLIDING, .window_ms = 30000, .threshold = 5};
    oracle[1] = (struct oracle_rule){.kind = ORACLE_TRAVEL, .min_distance = 2000};
    oracle[2] = (struct oracle_rule){.kind = ORACLE_SUM, .window_ms = 45000, .limit = 15000000};
    oracle[3] = (struct oracle_rule){
        .kind = ORACLE_DISTINCT, .window_ms = 30000, .threshold = 4, .field = ORACLE_CATEGORY};
    oracle[4] = (struct oracle_rule){.kind = ORACLE_TRAVEL, .min_distance = 30};
    oracle[4].where[0] = (struct oracle_condition){
        .field = ORACLE_CATEGORY, .op = "eq", .value_count = 1, .texts = {"travel"}};
    settings.oracle.rule_count = 5;
    settings.oracle.forgetful = true;
    settings.rule_names = names;
    settings.rules =
        "[{name: burst, window_ms: 30000, threshold: 5}, "
        "{name: travel_distance, type: travel_distance}, "
        "{name: spree, type: sum, window_ms: 45000, limit: 1500}, "
        "{name: shops, type: distinct, field: category, window_ms: 30000, threshold: 4}, "
        "{name: near_trips, type: travel_distance, min_distance: 30, "
        "where: [{field: category, op: eq, value: travel}]}]";
    return open_trip_with(state, &settings);
}

static void assert_alerts_of_each_rule(const struct trip *trip)
{
    const struct workload *workload = &trip->scene->workload;
    size_t counts[ORACLE_RULES_MAX] = {0};
    for (size_t i = 0; i < workload->alert_count; i++)
        counts[workload->alerts[i].rule]++;
    for (size_t r = 0; r < workload->oracle_settings.rule_count; r++) {
        fprintf(stderr, "# %s: %zu alerts\n", trip->scene->settings.rule_names[r], counts[r]);
        assert_true(counts[r] > 0);
    }
}

static void flags_beside_rules_of_all_kinds__equal_the_oracle(void **state)
{
    struct random random;
    random_seed(&random, 15);
    struct trip trip = open_trip_of_all_kinds(state);
    start(&trip, 0);
    for (int round = 0; round < 4; round++) {
        work(&trip);
        finish_work(&trip);
        change_flags(&trip, &random, 3);
        await_rows(&trip);
    }
    work(&trip);
    cardwatch_kill(&trip.scene->services[0]);
    start(&trip, 0);
    finish_work(&trip);
    judge(&trip, false);
    assert_alerts_of_each_rule(&trip);
    assert_int_equal(cardwatch_stop(&trip.scene->services[0], STOP_TIMEOUT_MS), 0);
    close_trip(&trip);
}

static void restart__reads_the_tail_alone_and_kill_9_loses_nothing(void **state)
{
    struct random random;
    random_seed(&random, 12);
    struct trip trip = open_trip(state, "tail", NULL);
    start(&trip, 0);
    work(&trip);
    finish_work(&trip);
    change_flags(&trip, &random, 1);
    await_rows(&trip);
    assert_int_equal(cardwatch_stop(&trip.scene->services[0], STOP_TIMEOUT_MS), 0);
    size_t before = trip.row_count;
    change_flags(&trip, &random, 10); // while nobody looks
    start(&trip, 0);
    await_rows(&trip);
    assert_int_equal(metric(&trip, 0, "table_rows_total"), (int64_t)(trip.row_count - before));
    work(&trip);
    cardwatch_kill(&trip.scene->services[0]);
    start(&trip, 0);
    await_rows(&trip);
    assert_true(metric(&trip, 0, "table_rows_total") <= (int64_t)(trip.row_count - before));
    finish_work(&trip);
    cardwatch_kill(&trip.scene->services[0]);
    change_flags(&trip, &random, 5);
    work(&trip); // waits in the log until the flags have been read
    start(&trip, 0);
    finish_work(&trip);
    judge(&trip, false);
    close_trip(&trip);
}

static void table__moves_with_its_partition(void **state)
{
    struct random random;
    random_seed(&random, 13);
    struct trip trip = open_trip(state, "moves", NULL);
    scene_add_service(trip.scene, 1);
    start(&trip, 0);
    work(&trip);
    finish_work(&trip);
    change_flags(&trip, &random, 2);
    start(&trip, 1);
    assert_true(cardwatch_await_log(&trip.scene->services[1], 0, "partition running", 1, WAIT_MS));
    await_rows(&trip);
    work(&trip);
    finish_work(&trip);
    change_flags(&trip, &random, 2);
    await_rows(&trip);
    work(&trip);
    cardwatch_kill(&trip.scene->services[0]); // all of it comes to the other one
    finish_work(&trip);
    change_flags(&trip, &random, 2);
    await_rows(&trip);
    work(&trip);
    finish_work(&trip);
    judge(&trip, false);
    close_trip(&trip);
}

static void at_least_once__asks_the_table_too(void **state)
{
    struct random random;
    random_seed(&random, 14);
    struct trip trip = open_trip(state, "atleast", "at_least_once");
    start(&trip, 0);
    work(&trip);
    finish_work(&trip);
    change_flags(&trip, &random, 2);
    await_rows(&trip);
    work(&trip);
    finish_work(&trip);
    judge(&trip, true);
    close_trip(&trip);
}

// ---- what Kafka Connect wrote ----

// The captured row as it was, but for the id that the schema has in this registry.
static void send_captured(struct trip *trip, const json_t *row, uint32_t schema_id)
{
    uint8_t bytes[ROW_BYTES_MAX];
    const char *hex = json_string_value(json_object_get(row, "value"));
    const char *key = json_string_value(json_object_get(row, "key"));
    struct view value = {NULL, 0};
    if (hex != NULL) {
        value = (struct view){bytes, hex_bytes(hex, bytes)};
        uint32_t big_endian = __builtin_bswap32(schema_id);
        memcpy(bytes + 1, &big_endian, sizeof(big_endian));
    }
    const struct loader_message message = {
        .partition = (int32_t)json_integer_value(json_object_get(row, "partition")),
        .key = view_text(key),
        .value = value,
        .timestamp_ms = json_integer_value(json_object_get(row, "timestamp")),
    };
    int32_t partition;
    int64_t offset;
    loader_send(trip->rows, &message, &partition, &offset);
    bool on = json_is_true(json_object_get(json_object_get(row, "decoded"), "enabled"));
    json_object_set_new(trip->flags, key, json_boolean(hex != NULL && on));
}

static void send_all_captured(struct trip *trip)
{
    static char line[1 << 20];
    json_t *schemas = json_load_file("tests/data/connect/schemas.json", 0, NULL);
    const json_t *schema = json_object_get(json_object_get(schemas, "schemas"), "3");
    uint32_t id =
        register_schema(trip->scene, "captured-travel-flags",
                        view_text(json_string_value(json_object_get(schema, "converter"))));
    FILE *lines = fopen("tests/data/connect/messages.jsonl", "r");
    assert_non_null(lines);
    while (fgets(line, sizeof(line), lines) != NULL) {
        json_t *row = json_loads(line, 0, NULL);
        if (strcmp(json_string_value(json_object_get(row, "topic")), "cx-travel_flags") == 0)
            send_captured(trip, row, id);
        json_decref(row);
    }
    fclose(lines);
    json_decref(schemas);
    loader_flush(trip->rows);
}

static void send_far(struct trip *trip, const char *card, int64_t id)
{
    const struct purchase_values purchase = {
        .id = id,
        .credit_card = view_text(card),
        .timestamp_ms = 1664000000000 + id * 100000,
        .has_timestamp = true,
        .distance_from_billing_zip = 5000,
        .has_distance = true,
    };
    trip->scene->workload.travelling = is_travelling;
    trip->scene->workload.travelling_context = trip;
    workload_purchase(&trip->scene->workload, &purchase, purchase.timestamp_ms);
    loader_flush(trip->scene->workload.loader);
}

static void rows_of_kafka_connect__are_flags(void **state)
{
    static const char *const cards[] = {"1111-2222-3333-4444", "9999-0000-1111-2222",
                                        "4000-0000-0000-0002", "5555-6666-7777-8888",
                                        "4111-1111-1111-1111"};
    struct trip trip = open_trip(state, "connect", NULL);
    send_all_captured(&trip);
    for (size_t i = 0; i < sizeof(cards) / sizeof(cards[0]); i++)
        send_far(&trip, cards[i], (int64_t)i + 1);
    start(&trip, 0);
    finish_work(&trip);
    judge(&trip, false);
    assert_int_equal(trip.scene->workload.alert_count, 4); // one card is travelling
    await_rows(&trip); // the counters are published now and then
    assert_int_equal(metric(&trip, 0, "table_bad_rows_total"), 1); // the one with an empty key
    close_trip(&trip);
}

// ---- another topic ----

static void delete_topic(struct trip *trip)
{
    const struct kafka_property property = {"bootstrap.servers",
                                            kafkad_bootstrap(trip->scene->kafka)};
    struct kafka_cluster *cluster;
    struct error err;
    loader_close(trip->rows);
    if (kafka_cluster_open(&property, 1, &cluster, &err) != STATUS_OK ||
        kafka_topic_delete(cluster, trip->topic, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    kafka_cluster_close(cluster);
    int64_t deadline_ms = process_clock_ms() + WAIT_MS;
    while (kafkad_partitions(trip->scene->kafka, trip->topic) >= 0) {
        assert_true(process_clock_ms() < deadline_ms);
        process_nap();
    }
}

static void make_anew(struct trip *trip)
{
    delete_topic(trip);
    json_object_clear(trip->flags);
    open_rows(trip, trip->scene->settings.partitions);
}

// As many rows in each partition of the new topic as in the old one, or more.
static void topic_made_anew__is_read_whole(void **state)
{
    struct trip trip = open_trip(state, "anew", NULL);
    set_flag(&trip, "1111", 1);
    set_flag(&trip, "2222", 1);
    loader_flush(trip.rows);
    start(&trip, 0);
    await_rows(&trip);
    assert_int_equal(cardwatch_stop(&trip.scene->services[0], STOP_TIMEOUT_MS), 0);
    make_anew(&trip);
    for (int i = 0; i < 3; i++)
        set_flag(&trip, "2222", 1);
    for (int i = 0; i < 3; i++)
        set_flag(&trip, "1111", 0);
    loader_flush(trip.rows);
    send_far(&trip, "1111", 1);
    send_far(&trip, "2222", 2);
    start(&trip, 0);
    finish_work(&trip);
    judge(&trip, false);
    assert_int_equal(trip.scene->workload.alert_count, 1);
    size_t from = cardwatch_log_size(&trip.scene->services[0]);
    make_anew(&trip); // under the running service: empty now
    assert_true(
        cardwatch_await_log(&trip.scene->services[0], from, "reading the table anew", 2, WAIT_MS));
    assert_true(cardwatch_await_log(&trip.scene->services[0], from, "table loaded", 2, WAIT_MS));
    send_far(&trip, "2222", 3);
    finish_work(&trip);
    judge(&trip, false);
    assert_int_equal(trip.scene->workload.alert_count, 2);
    close_trip(&trip);
}

static void missing_topic__is_waited_for_and_told(void **state)
{
    struct trip trip = open_trip(state, "missing", NULL);
    delete_topic(&trip);
    send_far(&trip, "1111", 1);
    start(&trip, 0);
    assert_true(cardwatch_await_log(&trip.scene->services[0], 0, "does not exist", 1, WAIT_MS));
    struct raw_http_answer answer;
    raw_http_exchange(trip.ports[0], "GET", "/readyz", "", NULL, &answer);
    assert_int_equal(answer.status, 503);
    raw_http_release(&answer);
    open_rows(&trip, trip.scene->settings.partitions);
    finish_work(&trip);
    judge(&trip, false);
    close_trip(&trip);
}

static void other_partition_count__is_refused_with_both(void **state)
{
    struct trip trip = open_trip(state, "counts", NULL);
    delete_topic(&trip);
    open_rows(&trip, 3);
    struct cardwatch *service = &trip.scene->services[0];
    start(&trip, 0);
    assert_int_equal(cardwatch_await_exit(service, WAIT_MS), 1);
    assert_true(cardwatch_log_count(service, 0, "has 3 partitions but counts-purchases has 4") > 0);
    assert_int_equal(cardwatch_command(service, "check"), 1);
    assert_true(cardwatch_log_count(service, 0, "it has 3 partitions, but counts-purchases has 4") >
                0);
    close_trip(&trip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        stage_test(flags__that_change_mid_stream_equal_the_oracle),
        stage_test(flags_beside_rules_of_all_kinds__equal_the_oracle),
        stage_test(restart__reads_the_tail_alone_and_kill_9_loses_nothing),
        stage_test(table__moves_with_its_partition),
        stage_test(at_least_once__asks_the_table_too),
        stage_test(rows_of_kafka_connect__are_flags),
        stage_test(topic_made_anew__is_read_whole),
        stage_test(missing_topic__is_waited_for_and_told),
        stage_test(other_partition_count__is_refused_with_both),
    };
    return stage_run(tests);
}

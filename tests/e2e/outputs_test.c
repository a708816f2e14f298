// SPDX-License-Identifier: Apache-2.0
// The optional outputs on a real Kafka: every accepted purchase once without its card, each byte
// where it was, and each card's count the oracle's, whatever kills the service meets; and alerts by
// schemas/alert-v2.avsc.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <avro.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/memory.h"
#include "lib/replayed.h"
#include "lib/scene.h"
#include "lib/workspace.h"

enum { KILLS = 3, PARTITIONS_HERE_MAX = 16, STOP_TIMEOUT_MS = 10000 };

static size_t portion_count(void)
{
    return scene_full_size() ? 200000 : 25000;
}

// A card and, as of a place in the topic or of all purchases, its count.
struct counted {
    char card[64];
    size_t at;
    uint64_t count;
};

struct counted_list {
    struct counted *items;
    size_t count;
    size_t capacity;
};

// What must be in the masked topic, partition by partition, in order.
struct expected {
    struct buffer values[PARTITIONS_HERE_MAX]; // u32 size, value, one behind the other
    size_t counts[PARTITIONS_HERE_MAX];
    size_t duplicates;
    struct counted_list counted; // an item a purchase
};

static void counted_add(struct counted_list *list, struct view card, uint64_t count)
{
    if (list->count == list->capacity) {
        list->capacity = 2 * list->capacity + 1024;
        list->items = memory_resized(list->items, list->capacity, sizeof(list->items[0]));
    }
    struct counted *item = &list->items[list->count];
    *item = (struct counted){.at = list->count++, .count = count};
    assert_true(card.size < sizeof(item->card));
    memcpy(item->card, card.data, card.size);
}

static int compare_counted(const void *a, const void *b)
{
    const struct counted *x = a;
    const struct counted *y = b;
    int order = strcmp(x->card, y->card);
    return order != 0 ? order : (x->at > y->at) - (x->at < y->at);
}

// One item a card: the last one's count, or how many there are.
static void counted_fold(struct counted_list *list, bool add_up)
{
    size_t kept = 0;
    qsort(list->items, list->count, sizeof(list->items[0]), compare_counted);
    for (size_t i = 0; i < list->count; i++) {
        bool same = kept > 0 && strcmp(list->items[kept - 1].card, list->items[i].card) == 0;
        uint64_t sum = same && add_up ? list->items[kept - 1].count : 0;
        kept += !same;
        list->items[kept - 1] = list->items[i];
        list->items[kept - 1].count += sum;
    }
    list->count = kept;
}

// The value with its card replaced, by looking for the card's text: a card is found once in a
// purchase of the generator, behind its length in one byte.
static void expect_masked(struct expected *expected, const struct generated *message,
                          int32_t partition)
{
    struct buffer *out = &expected->values[partition];
    struct view card = message->purchase.credit_card;
    const uint8_t *value = message->value.data;
    const uint8_t *at = memmem(value, message->value.size, card.data, card.size);
    assert_non_null(at);
    assert_int_equal(at[-1], 2 * card.size);
    size_t front = (size_t)(at - value) - 1;
    size_t back = message->value.size - front - 1 - card.size;
    assert_true(buffer_append_be32(out, (uint32_t)(front + 17 + back)));
    assert_true(buffer_append(out, value, front));
    assert_true(buffer_append(out, "\x20************", 13));
    assert_true(buffer_append(out, at + card.size - 4, 4 + back));
    expected->counts[partition]++;
}

static void note_accepted(void *context, const struct generated *message, int32_t partition,
                          bool duplicate)
{
    struct expected *expected = context;
    expect_masked(expected, message, partition);
    expected->duplicates += duplicate;
    if (!duplicate)
        counted_add(&expected->counted, message->purchase.credit_card, 1);
}

static void judge_masked(const struct scene *scene, const char *topic, struct expected *expected)
{
    struct topic_records records;
    struct reader readers[PARTITIONS_HERE_MAX];
    size_t total = 0;
    for (int32_t p = 0; p < scene->settings.partitions; p++) {
        readers[p] = reader_of(buffer_view(&expected->values[p]));
        total += expected->counts[p];
    }
    records_read(&records, kafkad_bootstrap(scene->kafka), topic);
    for (size_t i = 0; i < records.count; i++) {
        const struct topic_record *record = &records.items[i];
        uint32_t size = 0;
        struct view value;
        assert_true(reader_be32(&readers[record->partition], &size));
        assert_true(reader_view(&readers[record->partition], size, &value));
        assert_true(view_equal(record->value, value));
        assert_int_equal(record->key.size, 16);
        assert_memory_equal(record->key.data, "************", 12);
    }
    assert_int_equal(records.count, total);
    records_release(&records);
}

static void take_count(void *context, const struct topic_record *record)
{
    char text[32] = {0};
    char *end;
    assert_true(record->value.size > 0 && record->value.size < sizeof(text));
    memcpy(text, record->value.data, record->value.size);
    uint64_t count = strtoull(text, &end, 10);
    assert_true(end == text + record->value.size && count > 0);
    counted_add(context, record->key, count);
}

static void judge_counts(const struct scene *scene, const char *topic, struct expected *expected)
{
    struct counted_list seen = {0};
    const struct record_visitor visitor = {take_count, &seen};
    records_visit(&visitor, kafkad_bootstrap(scene->kafka), topic);
    size_t records = seen.count;
    counted_fold(&seen, false);
    counted_fold(&expected->counted, true);
    assert_int_equal(seen.count, expected->counted.count);
    for (size_t i = 0; i < seen.count; i++) {
        assert_string_equal(seen.items[i].card, expected->counted.items[i].card);
        if (seen.items[i].count != expected->counted.items[i].count)
            fail_msg("%s: %llu purchases, not %llu", seen.items[i].card,
                     (unsigned long long)seen.items[i].count,
                     (unsigned long long)expected->counted.items[i].count);
    }
    fprintf(stderr, "# %zu counts of %zu cards, each the oracle's\n", records, seen.count);
    free(seen.items);
    free(expected->counted.items);
}

static void expect_refusal(struct scene *scene)
{
    struct cardwatch *service = &scene->services[0];
    size_t from = cardwatch_log_size(service);
    cardwatch_start(service);
    assert_int_equal(cardwatch_await_exit(service, SCENE_CATCH_UP_MS), 1);
    assert_true(cardwatch_log_count(service, from, "cardwatch replay --rebuild") > 0);
}

static void send_and_kill(struct scene *scene)
{
    struct cardwatch *service = &scene->services[0];
    workload_send(&scene->workload, portion_count());
    for (int i = 0; i < KILLS; i++) {
        cardwatch_start(service);
        assert_true(scene_await_progress(scene, (int64_t)scene->workload.sent_count - 10000,
                                         SCENE_CATCH_UP_MS));
        workload_send(&scene->workload, portion_count());
        cardwatch_kill(service);
    }
    cardwatch_start(service);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    assert_int_equal(cardwatch_stop(service, STOP_TIMEOUT_MS), 0);
}

static void outputs__are_right_after_every_kill(void **state)
{
    struct scene_settings settings = scene_settings_default("outputs");
    struct expected expected = {.duplicates = 0};
    settings.generator.malformed_ppm = 2000;
    settings.generator.burst_ppm = 5000;
    settings.generator.card_count = 5000;
    struct scene *scene = stage_scene(state, &settings);
    char *masked = workspace_text("%s-masked", scene->purchases);
    char *counts = workspace_text("%s-counts", scene->purchases);
    char *set = workspace_text("topics.masked_purchases=%s", masked);
    char *set_counts = workspace_text("topics.purchase_counts=%s", counts);
    cardwatch_set(&scene->services[0], set);
    cardwatch_set(&scene->services[0], set_counts);
    cardwatch_set(&scene->services[0], "processing.commit_interval_ms=100");
    for (int32_t p = 0; p < settings.partitions; p++)
        buffer_init(&expected.values[p], (size_t)1 << 30);
    scene->workload.accepted = note_accepted;
    scene->workload.accepted_context = &expected;
    send_and_kill(scene);

    assert_int_equal(kafkad_partitions(scene->kafka, masked), settings.partitions);
    assert_true(expected.duplicates > 0);
    judge_masked(scene, masked, &expected);
    judge_counts(scene, counts, &expected);
    char *policy = kafkad_topic_setting(scene->kafka, counts, "cleanup.policy");
    assert_string_equal(policy, "compact");
    assert_true(scene_judge(scene, NULL));
    cardwatch_set(&scene->services[0], "topics.purchase_counts="); // the state means another thing
    expect_refusal(scene);
    for (int32_t p = 0; p < settings.partitions; p++)
        buffer_release(&expected.values[p]);
    free(policy);
    free(masked);
    free(counts);
    free(set);
    free(set_counts);
    scene->passed = true;
}

static void rebuild(struct scene *scene)
{
    static const char *const words[] = {"--rebuild", NULL};
    struct replayed rebuilt = replayed_run(scene, words);
    if (rebuilt.code != 0)
        fail_msg("exit code %d: %s", rebuilt.code, rebuilt.said);
    replayed_release(&rebuilt);
}

// Killed while it writes, wherever that is.
static void begin_to_rebuild(struct scene *scene)
{
    static const char *const words[] = {"--rebuild", NULL};
    struct process process = {0};
    char *path = workspace_text("%s/replay.txt", scene->dir);
    bool writes = false;
    replayed_start(scene, words, &process);
    while (!writes && process_running(&process)) {
        char *said = workspace_read(path);
        writes = strstr(said, "cards written") != NULL;
        free(said);
        process_nap();
    }
    assert_true(writes);
    process_kill(&process);
    free(path);
}

static void send_and_stop(struct scene *scene)
{
    workload_send(&scene->workload, portion_count() / 2);
    cardwatch_start(&scene->services[0]);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    assert_int_equal(cardwatch_stop(&scene->services[0], STOP_TIMEOUT_MS), 0);
}

// Turned on late: what was bought before counts too. Each card buys again after that.
static void counts__of_a_rebuilt_state_go_back_to_the_first_purchase(void **state)
{
    struct scene_settings settings = scene_settings_default("recount");
    struct expected expected = {.duplicates = 0};
    settings.generator.card_count = 200;
    settings.generator.duplicate_ppm = 20000;
    settings.session_timeout_ms = 6000;
    struct scene *scene = stage_scene(state, &settings);
    struct cardwatch *service = &scene->services[0];
    char *counts = workspace_text("%s-counts", scene->purchases);
    char *set = workspace_text("topics.purchase_counts=%s", counts);
    for (int32_t p = 0; p < settings.partitions; p++)
        buffer_init(&expected.values[p], (size_t)1 << 30);
    scene->workload.accepted = note_accepted;
    scene->workload.accepted_context = &expected;
    send_and_stop(scene);
    cardwatch_set(service, set);
    expect_refusal(scene);
    begin_to_rebuild(scene);
    rebuild(scene);
    send_and_stop(scene);
    rebuild(scene); // and a state that has counts keeps them
    send_and_stop(scene);
    assert_true(expected.duplicates > 0);
    judge_counts(scene, counts, &expected);
    assert_true(scene_judge(scene, NULL));

    scene->workload.accepted = NULL;
    cardwatch_set(service, "topics.purchase_counts=");
    expect_refusal(scene);
    rebuild(scene);
    send_and_stop(scene);
    assert_true(scene_judge(scene, NULL));
    for (int32_t p = 0; p < settings.partitions; p++)
        buffer_release(&expected.values[p]);
    free(set);
    free(counts);
    scene->passed = true;
}

static void topic_with_other_partitions__is_refused(void **state)
{
    struct scene_settings settings = scene_settings_default("misfit");
    struct scene *scene = stage_scene(state, &settings);
    struct cardwatch *service = &scene->services[0];
    char *masked = workspace_text("%s-masked", scene->purchases);
    char *set = workspace_text("topics.masked_purchases=%s", masked);
    kafkad_topic(scene->kafka, masked, settings.partitions + 1, "delete");
    cardwatch_set(service, set);
    cardwatch_start(service);
    assert_int_equal(cardwatch_await_exit(service, SCENE_CATCH_UP_MS), 1);
    assert_true(cardwatch_log_count(service, 0, "what is written of a purchase lies in") > 0);
    assert_int_equal(cardwatch_command(service, "check"), 1);
    assert_int_equal(cardwatch_command(service, "init"), 1);
    free(masked);
    free(set);
    scene->passed = true;
}

// --- schemas/alert-v2.avsc ---

#define CARD "1111-2222-3333-4444"

static void send_burst(struct scene *scene)
{
    struct purchase_values purchase = {
        .credit_card = view_text(CARD),
        .has_timestamp = true,
        .has_amount = true,
        .has_distance = true,
    };
    static const int64_t times_ms[] = {1664000000000, 1664000059999, 1664000030000};
    for (int i = 0; i < 3; i++) {
        purchase.id = 11 + i;
        purchase.amount = 10.25 + i;
        purchase.distance_from_billing_zip = 0.5 * i;
        purchase.timestamp_ms = times_ms[i];
        workload_purchase(&scene->workload, &purchase, 1664000100001 + i);
    }
    loader_flush(scene->workload.loader);
}

// By avro-c, as JSON.
static json_t *decoded(struct view value)
{
    struct buffer text;
    struct error err;
    bool found;
    avro_schema_t schema;
    avro_value_t record;
    char *json = NULL;
    buffer_init(&text, SCHEMA_BYTES_MAX);
    assert_int_equal(file_read("schemas/alert-v2.avsc", &text, &found, &err), STATUS_OK);
    assert_int_equal(avro_schema_from_json_length((char *)text.data, text.size, &schema), 0);
    avro_value_iface_t *class = avro_generic_class_from_schema(schema);
    assert_int_equal(avro_generic_value_new(class, &record), 0);
    avro_reader_t reader =
        avro_reader_memory((const char *)value.data + 5, (int64_t)value.size - 5);
    assert_int_equal(avro_value_read(reader, &record), 0);
    assert_int_equal(avro_value_to_json(&record, 1, &json), 0);
    json_t *result = json_loads(json, 0, NULL);
    free(json);
    avro_reader_free(reader);
    avro_value_decref(&record);
    avro_value_iface_decref(class);
    avro_schema_decref(schema);
    buffer_release(&text);
    return result;
}

static void assert_json(json_t *seen, json_t *expected)
{
    char *text = json_dumps(seen, JSON_COMPACT);
    if (!json_equal(seen, expected))
        fail_msg("%s", text);
    free(text);
    json_decref(seen);
    json_decref(expected);
}

static void alert_by_the_larger_schema__says_what_it_rests_on(void **state)
{
    struct topic_records avro, json;
    const struct scene_settings settings = scene_settings_default("larger");
    struct scene *scene = stage_scene(state, &settings);
    cardwatch_set(&scene->services[0], "alerts.schema_file=schemas/alert-v2.avsc");
    send_burst(scene);
    cardwatch_start(&scene->services[0]); // registers it behind the first version
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    records_read(&avro, kafkad_bootstrap(scene->kafka), scene->alerts_avro);
    records_read(&json, kafkad_bootstrap(scene->kafka), scene->alerts_json);
    assert_int_equal(avro.count, 1);
    assert_int_equal(json.count, 1);
    // avro-c writes a union's value below its branch.
    assert_json(decoded(avro.items[0].value),
                json_pack("{s{ss}s{ss}s{sI}s{ss}s{sI}s{sf}s{sI}s{s[III]}s{sf}}", "type", "string",
                          "high_purchase_count", "credit_card", "string", CARD, "timestamp", "long",
                          (json_int_t)1664000000000, "rule", "string", "high_purchase_count",
                          "count", "long", (json_int_t)3, "amount", "double", 12.25, "detected_at",
                          "long", (json_int_t)1664000030000, "purchase_ids", "array",
                          (json_int_t)11, (json_int_t)13, (json_int_t)12, "distance", "double",
                          1.0));
    assert_json(
        json_loadb((const char *)json.items[0].value.data, json.items[0].value.size, 0, NULL),
        json_pack("{ss ss sI ss sI sf sI s[III] sf}", "type", "high_purchase_count", "credit_card",
                  CARD, "timestamp", (json_int_t)1664000000000, "rule", "high_purchase_count",
                  "count", (json_int_t)3, "amount", 12.25, "detected_at", (json_int_t)1664000030000,
                  "purchase_ids", (json_int_t)11, (json_int_t)13, (json_int_t)12, "distance", 1.0));
    records_release(&avro);
    records_release(&json);
    assert_int_equal(cardwatch_stop(&scene->services[0], STOP_TIMEOUT_MS), 0);
    scene->passed = true;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        stage_test(outputs__are_right_after_every_kill),
        stage_test(counts__of_a_rebuilt_state_go_back_to_the_first_purchase),
        stage_test(topic_with_other_partitions__is_refused),
        stage_test(alert_by_the_larger_schema__says_what_it_rests_on),
    };
    return stage_run(tests);
}

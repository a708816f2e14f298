// SPDX-License-Identifier: Apache-2.0
#include "lib/stream_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/assert.h"
#include "base/memory.h"
#include "base/murmur2.h"
#include "demo/purchase_writer.h"
#include "lib/random.h"
#include "wire/schemas.h"

enum {
    SETTLE_MS_MAX = 120000,
    CHECKPOINT_POLLS = 3, // a checkpoint is under way while work goes on
    EXPECTED_BYTES_MAX = 64 * 1024 * 1024,
    START_MS = 1700000000, // far from zero, so that windows below it exist
};

static const char group[] = "cardwatch";
static const char *const outputs[OUTPUT_TOPICS] = {
    "alerts-avro",      "alerts-json",    "dead-letters", "cardwatch-windows-changelog",
    "masked-purchases", "purchase-counts"};

static enum registry_answer answer_schema(void *context, uint32_t id, struct view *schema)
{
    struct stream_fixture *fixture = context;
    *schema = schema_purchase();
    if (id == FIXTURE_SCHEMA_ID)
        return REGISTRY_READY;
    if (id == FIXTURE_LATE_SCHEMA_ID)
        return fixture->late_schema;
    *schema = schema_travel_flags();
    if (id == FIXTURE_FLAG_SCHEMA_ID)
        return REGISTRY_READY;
    if (id == FIXTURE_LATE_FLAG_SCHEMA_ID)
        return fixture->late_schema;
    *schema = view_text("\"string\"");
    return id == FIXTURE_MISMATCH_SCHEMA_ID ? REGISTRY_READY : REGISTRY_UNKNOWN;
}

static uint64_t answer_random(void *context)
{
    struct random random = {((struct stream_fixture *)context)->random_state++};
    return random_next(&random);
}

static void fill_engine(struct stream_fixture *fixture, const struct fixture_options *options)
{
    struct engine_settings settings = {
        .rules = {{.kind = options->tumbling ? RULE_TUMBLING : RULE_SLIDING,
                   .window_ms = 60000,
                   .threshold = 3}},
        .rule_count = 1,
        .dedupe = true,
        .track_offsets = options->at_least_once,
        .max_future_ms = 3600000,
        .max_events_per_card = 4096,
    };
    if (options->table)
        settings.rules[settings.rule_count++] =
            (struct rule){.kind = RULE_TRAVEL, .min_distance = 2000};
    assert_int_equal(engine_init(&fixture->settings.engine, &settings, &fixture->err), STATUS_OK);
    struct oracle_settings oracle = oracle_settings_default();
    oracle.rules[0].kind = options->tumbling ? ORACLE_TUMBLING : ORACLE_SLIDING;
    for (int32_t p = 0; p < fixture->partitions; p++)
        fixture->oracles[p] = oracle_open(&oracle);
}

static void fill_settings(struct stream_fixture *fixture, const struct fixture_options *options)
{
    struct stream_settings *settings = &fixture->settings;
    struct alert_encoder *encoder;
    assert_int_equal(alert_encoder_compile(schema_alert(), 2, &encoder, &fixture->err), STATUS_OK);
    settings->rule_names[0] = "high_purchase_count";
    settings->rule_names[1] = "travel_distance";
    settings->at_least_once = options->at_least_once;
    settings->commit_interval_ms =
        options->commit_interval_ms == 0 ? 100 : options->commit_interval_ms;
    settings->min_commit_interval_ms = 5;
    settings->checkpoint_interval_ms = 500;
    settings->cache_bytes = options->cache_bytes == 0 ? 64 * 1024 * 1024 : options->cache_bytes;
    settings->dirty_max_count = 10000;
    settings->staged_max_bytes =
        options->staged_max_bytes == 0 ? 1024 * 1024 : options->staged_max_bytes;
    settings->input_topic = "purchases";
    settings->table_topic = options->table ? "travel_flags" : NULL;
    settings->changelog_topic = outputs[OUTPUT_CHANGELOG];
    settings->group_id = group;
    settings->needed_fields = PURCHASE_ID | PURCHASE_CREDIT_CARD | PURCHASE_TIMESTAMP;
    if (options->table)
        settings->needed_fields |= PURCHASE_DISTANCE;
    memset(settings->fingerprint, 7, FINGERPRINT_BYTES);
    settings->input_partitions = fixture->partitions;
    settings->token_key = token_key_open((struct view){NULL, 0});
    settings->alert_encoder = encoder;
}

void stream_fixture_open(struct stream_fixture *fixture, const struct fixture_options *options)
{
    *fixture = (struct stream_fixture){
        .partitions = options->partitions == 0 ? 1 : options->partitions,
        .random_state = 1,
        .next_id = 1,
        .late_schema = REGISTRY_PENDING,
        .static_membership = !options->dynamic_membership,
        .cluster = fake_cluster_open(),
    };
    ensure(fixture->partitions <= FIXTURE_PARTITIONS_MAX);
    buffer_init(&fixture->expected, EXPECTED_BYTES_MAX);
    fill_engine(fixture, options);
    fill_settings(fixture, options);
    fake_topic_create(fixture->cluster, "purchases", fixture->partitions);
    for (int i = 0; i < OUTPUT_TOPICS; i++)
        fake_topic_create(fixture->cluster, outputs[i], fixture->partitions);
    if (options->table)
        fake_topic_create(fixture->cluster, "travel_flags", fixture->partitions);
}

static void end_run(struct fixture_process *process)
{
    const struct counters *counters = &process->worker->counters;
    process->total.commits += counters->commits;
    process->total.restore_records += counters->restore_records;
    process->total.aborts += counters->aborts;
    process->total.resets += counters->resets;
    process->total.swept_cards += counters->swept_cards;
    worker_close(process->worker);
    worker_metrics_release(&process->metrics);
    recent_release(&process->recent);
    inquiry_release(&process->inquiry);
    process->worker = NULL;
}

void stream_fixture_close(struct stream_fixture *fixture)
{
    for (size_t i = 0; i < FIXTURE_PROCESSES_MAX; i++) {
        struct fixture_process *process = &fixture->processes[i];
        if (process->worker != NULL)
            end_run(process);
        if (process->disk != NULL)
            process->disk->ops->close(process->disk);
    }
    for (int32_t p = 0; p < fixture->partitions; p++)
        oracle_close(fixture->oracles[p]);
    alert_encoder_free((struct alert_encoder *)fixture->settings.alert_encoder);
    token_key_close((struct token_key *)fixture->settings.token_key);
    buffer_release(&fixture->expected);
    fake_cluster_close(fixture->cluster);
}

void fixture_start(struct stream_fixture *fixture, size_t index)
{
    struct fixture_process *process = &fixture->processes[index];
    assert_null(process->worker);
    char id[32];
    snprintf(id, sizeof(id), "cardwatch-%zu", index);
    struct fake_broker_settings settings = {
        .group_id = group,
        .group_instance_id = fixture->static_membership ? id : NULL,
        .transactional_id = fixture->settings.at_least_once ? NULL : id,
        .input_topic = "purchases",
        .table_topic = fixture->settings.table_topic,
    };
    memcpy(settings.outputs, outputs, sizeof(outputs));
    if (process->disk == NULL)
        process->disk = fake_store_dir_open();
    fake_store_set_polls(process->disk, CHECKPOINT_POLLS);
    process->broker = fake_broker_open(fixture->cluster, &settings);
    worker_metrics_init(&process->metrics, fixture->partitions);
    recent_init(&process->recent);
    inquiry_init(&process->inquiry);
    process->metrics.recent = &process->recent;
    process->metrics.inquiry = &process->inquiry;
    struct stream_ports ports = {
        .broker = process->broker,
        .stores = process->disk,
        .schemas = {answer_schema, fixture},
        .random = answer_random,
        .random_context = fixture,
    };
    process->worker = worker_open(&fixture->settings, &ports, &process->metrics);
}

void fixture_crash(struct stream_fixture *fixture, size_t index, bool lose_state)
{
    struct fixture_process *process = &fixture->processes[index];
    fake_broker_crash(process->broker);
    fake_store_crash(process->disk, false);
    end_run(process);
    fake_store_restart(process->disk);
    if (!lose_state)
        return;
    process->disk->ops->close(process->disk);
    process->disk = NULL;
}

void fixture_stop(struct stream_fixture *fixture, size_t index)
{
    struct fixture_process *process = &fixture->processes[index];
    enum status status = worker_finish(process->worker, &fixture->err);
    if (status != STATUS_OK)
        fail_msg("stopping process %zu: %s", index, fixture->err.text);
    end_run(process);
}

static void expect(struct stream_fixture *fixture, int32_t partition,
                   const struct oracle_result *result)
{
    for (size_t i = 0; i < result->alert_count; i++) {
        const struct oracle_alert *alert = &result->alerts[i];
        assert_true(buffer_append_format(
            &fixture->expected, "purchases/%d/%lld %lld %llu %lld\n", partition,
            (long long)alert->source_offset, (long long)alert->timestamp_ms,
            (unsigned long long)alert->count, (long long)alert->detected_at_ms));
        fixture->expected_count++;
    }
}

void fixture_purchase_id(struct stream_fixture *fixture, const char *card, int64_t event_ms,
                         int64_t id)
{
    struct buffer value;
    buffer_init(&value, 4096);
    const struct purchase_values values = {
        .id = id,
        .credit_card = view_text(card),
        .timestamp_ms = event_ms,
        .has_timestamp = true,
    };
    assert_true(purchase_write(&values, FIXTURE_SCHEMA_ID, &value));
    int32_t partition = murmur2_partition(view_text(card), fixture->partitions);
    const struct fake_input input = {
        .topic = "purchases",
        .partition = partition,
        .key = view_text(card),
        .value = buffer_view(&value),
        .timestamp_ms = event_ms,
    };
    int64_t offset = fake_produce(fixture->cluster, &input);
    buffer_release(&value);
    const struct oracle_purchase purchase = {.card = view_text(card),
                                             .offset = offset,
                                             .event_time_ms = event_ms,
                                             .id = id,
                                             .has_id = true};
    struct oracle_result result;
    oracle_step(fixture->oracles[partition], &purchase, &result);
    expect(fixture, partition, &result);
}

void fixture_purchase(struct stream_fixture *fixture, const char *card, int64_t event_ms)
{
    fixture_purchase_id(fixture, card, event_ms, fixture->next_id++);
}

void fixture_purchases(struct stream_fixture *fixture, size_t count, size_t cards,
                       struct random *random)
{
    for (size_t i = 0; i < count; i++) {
        char card[32];
        snprintf(card, sizeof(card), "4111-0000-%06llu",
                 (unsigned long long)random_below(random, cards));
        int64_t disorder_ms = (int64_t)random_below(random, 5000);
        int64_t event_ms = START_MS + fixture->next_id * 700 - disorder_ms;
        int64_t id = fixture->next_id++;
        if (id > 10 && random_below(random, 20) == 0)
            id -= (int64_t)random_below(random, 10); // sometimes a duplicate, mostly another card's
        fixture_purchase_id(fixture, card, event_ms, id);
        if (random_below(random, 10) != 0)
            continue;
        for (int more = 0; more < 2; more++)
            fixture_purchase(fixture, card, event_ms + 10 * more);
    }
}

void fixture_far_purchase(struct stream_fixture *fixture, const char *card, int64_t event_ms)
{
    struct buffer value;
    buffer_init(&value, 4096);
    const struct purchase_values values = {
        .id = fixture->next_id++,
        .credit_card = view_text(card),
        .timestamp_ms = event_ms,
        .has_timestamp = true,
        .distance_from_billing_zip = 2000,
        .has_distance = true,
    };
    assert_true(purchase_write(&values, FIXTURE_SCHEMA_ID, &value));
    const struct fake_input input = {
        .topic = "purchases",
        .partition = murmur2_partition(view_text(card), fixture->partitions),
        .key = view_text(card),
        .value = buffer_view(&value),
        .timestamp_ms = event_ms,
    };
    (void)fake_produce(fixture->cluster, &input);
    buffer_release(&value);
}

int64_t fixture_row(struct stream_fixture *fixture, int32_t partition, struct view key,
                    struct view value)
{
    const struct fake_input input = {
        .topic = "travel_flags",
        .partition = partition,
        .key = key,
        .value = value,
        .timestamp_ms = fake_clock_wall_ms(fixture->cluster),
    };
    return fake_produce(fixture->cluster, &input);
}

int64_t fixture_flag(struct stream_fixture *fixture, const char *card, enum fixture_flag flag)
{
    // id 7, enabled, no card, no time
    uint8_t row[] = {0, 0, 0, 0, FIXTURE_FLAG_SCHEMA_ID, 14, 2, flag == FLAG_ON, 0, 0};
    static const uint8_t row_of_null[] = {0, 0, 0, 0, FIXTURE_FLAG_SCHEMA_ID, 14, 0, 0, 0};
    struct view value = {row, sizeof(row)};
    if (flag == FLAG_NULL)
        value = (struct view){row_of_null, sizeof(row_of_null)};
    if (flag == FLAG_TOMBSTONE)
        value = (struct view){NULL, 0};
    int32_t partition = murmur2_partition(view_text(card), fixture->partitions);
    return fixture_row(fixture, partition, view_text(card), value);
}

static struct table *owned_table(const struct stream_fixture *fixture, int32_t partition)
{
    for (size_t i = 0; i < FIXTURE_PROCESSES_MAX; i++) {
        const struct worker *worker = fixture->processes[i].worker;
        const struct task *task = worker == NULL ? NULL : worker->tasks[partition];
        if (task != NULL && task->state == TASK_RUNNING)
            return task->table;
    }
    return NULL;
}

static bool tables_are_settled(const struct stream_fixture *fixture)
{
    for (int32_t p = 0; p < fixture->partitions; p++) {
        const struct fake_log *log = fake_topic_log(fixture->cluster, "travel_flags", p);
        const struct table *table = owned_table(fixture, p);
        if (table == NULL || !table_is_followed(table) || table->next < log->high)
            return false;
    }
    return true;
}

void fixture_settle_tables(struct stream_fixture *fixture)
{
    int64_t deadline_ms = fake_clock_ms(fixture->cluster) + SETTLE_MS_MAX;
    while (!tables_are_settled(fixture)) {
        if (fixture_step(fixture) != STATUS_OK)
            fail_msg("a worker left: %s", fixture->err.text);
        if (fake_clock_ms(fixture->cluster) > deadline_ms)
            fail_msg("tables not settled after %d s of virtual time", SETTLE_MS_MAX / 1000);
    }
}

struct table *fixture_table(struct stream_fixture *fixture, size_t process, int32_t partition)
{
    struct task *task = fixture->processes[process].worker->tasks[partition];
    assert_non_null(task);
    return task->table;
}

uint64_t fixture_rows_read(const struct stream_fixture *fixture, size_t process)
{
    return fixture->processes[process].worker->counters.table_rows;
}

bool fixture_is_travelling(struct stream_fixture *fixture, const char *card)
{
    struct token token;
    bool travelling = false;
    struct table *table =
        owned_table(fixture, murmur2_partition(view_text(card), fixture->partitions));
    assert_non_null(table);
    token_of(fixture->settings.token_key, view_text(card), &token);
    if (table_lookup(table, &token, &travelling, &fixture->err) != STATUS_OK)
        fail_msg("%s", fixture->err.text);
    return travelling;
}

enum status fixture_step(struct stream_fixture *fixture)
{
    enum status first = STATUS_OK;
    for (size_t i = 0; i < FIXTURE_PROCESSES_MAX; i++) {
        struct fixture_process *process = &fixture->processes[i];
        struct error err;
        if (process->worker == NULL || worker_step(process->worker, &err) == STATUS_OK)
            continue;
        first = STATUS_FATAL;
        fixture->err = err;
        end_run(process);
    }
    return first;
}

void fixture_step_for(struct stream_fixture *fixture, int64_t ms)
{
    int64_t until_ms = fake_clock_ms(fixture->cluster) + ms;
    while (fake_clock_ms(fixture->cluster) < until_ms)
        if (fixture_step(fixture) != STATUS_OK)
            fail_msg("a worker left: %s", fixture->err.text);
}

bool fixture_is_settled(struct stream_fixture *fixture)
{
    for (int32_t p = 0; p < fixture->partitions; p++) {
        const struct fake_log *log = fake_topic_log(fixture->cluster, "purchases", p);
        if (log->count > 0 && fake_group_committed(fixture->cluster, group, p) != log->high)
            return false;
    }
    return true;
}

static size_t running_tasks(const struct worker *worker)
{
    size_t count = 0;
    for (int32_t p = 0; p < worker->settings->input_partitions; p++)
        count += worker->tasks[p] != NULL && worker->tasks[p]->state == TASK_RUNNING;
    return count;
}

void fixture_settle(struct stream_fixture *fixture)
{
    int64_t deadline_ms = fake_clock_ms(fixture->cluster) + SETTLE_MS_MAX;
    while (!fixture_is_settled(fixture)) {
        if (fixture_step(fixture) != STATUS_OK)
            fail_msg("a worker left: %s", fixture->err.text);
        if (fake_clock_ms(fixture->cluster) > deadline_ms)
            fail_msg("not settled after %d s of virtual time", SETTLE_MS_MAX / 1000);
    }
    for (size_t i = 0; i < FIXTURE_PROCESSES_MAX; i++)
        if (fixture->processes[i].worker != NULL)
            assert_in_range(fake_broker_reading_count(fixture->processes[i].broker), 0,
                            running_tasks(fixture->processes[i].worker));
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// The lines of a text, sorted; `text` is cut up.
static char **sorted_lines(char *text, size_t *count)
{
    char **lines = NULL;
    *count = 0;
    for (char *line = text; *line != '\0';) {
        char *end = strchr(line, '\n');
        *end = '\0';
        lines = memory_resized(lines, *count + 1, sizeof(*lines));
        lines[(*count)++] = line;
        line = end + 1;
    }
    if (*count > 0)
        qsort(lines, *count, sizeof(*lines), compare_lines);
    return lines;
}

static void append_seen(struct buffer *seen, const struct fake_record *record)
{
    struct view source = fake_record_header(record, "cardwatch.source");
    struct view count = fake_record_header(record, "cardwatch.count");
    struct view detected = fake_record_header(record, "cardwatch.detected_at");
    const char *text = memmem(record->value.data, record->value.size, "\"timestamp\": ", 13);
    assert_non_null(text);
    char *end;
    long long timestamp = strtoll(text + 13, &end, 10);
    assert_true(buffer_append_format(seen, "%.*s %lld %.*s %.*s\n", (int)source.size, source.data,
                                     timestamp, (int)count.size, count.data, (int)detected.size,
                                     detected.data));
}

static void compare_alerts(char **expected, size_t expected_count, char **seen, size_t seen_count,
                           bool at_least)
{
    size_t at = 0;
    for (size_t i = 0; i < expected_count; i++) {
        if (at >= seen_count || strcmp(seen[at], expected[i]) != 0)
            fail_msg("alert %zu of %zu: expected '%s', the topic has '%s'", i, expected_count,
                     expected[i], at < seen_count ? seen[at] : "no more");
        at++;
        while (at_least && at < seen_count && strcmp(seen[at], expected[i]) == 0)
            at++;
    }
    if (at != seen_count)
        fail_msg("one alert too many: '%s'", seen[at]);
}

void fixture_expect_alerts(struct stream_fixture *fixture, bool at_least)
{
    struct fake_records json = fake_read(fixture->cluster, "alerts-json");
    struct fake_records avro = fake_read(fixture->cluster, "alerts-avro");
    struct buffer seen;
    buffer_init(&seen, EXPECTED_BYTES_MAX);
    for (size_t i = 0; i < json.count; i++)
        append_seen(&seen, json.items[i]);
    assert_true(buffer_append_byte(&seen, '\0'));
    char *expected_text = memory_copy(fixture->expected.data, fixture->expected.size);
    size_t expected_count;
    size_t seen_count;
    char **expected = sorted_lines(expected_text, &expected_count);
    char **lines = sorted_lines((char *)seen.data, &seen_count);
    compare_alerts(expected, expected_count, lines, seen_count, at_least);
    if (!at_least)
        assert_int_equal(avro.count, json.count);
    free(expected);
    free(lines);
    free(expected_text);
    buffer_release(&seen);
    fake_records_release(&json);
    fake_records_release(&avro);
}

struct counters fixture_counters(struct stream_fixture *fixture, size_t index)
{
    struct fixture_process *process = &fixture->processes[index];
    struct counters sum = process->total;
    if (process->worker == NULL)
        return sum;
    const struct counters *counters = &process->worker->counters;
    sum.commits += counters->commits;
    sum.restore_records += counters->restore_records;
    sum.aborts += counters->aborts;
    sum.resets += counters->resets;
    sum.swept_cards += counters->swept_cards;
    return sum;
}

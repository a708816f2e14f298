// SPDX-License-Identifier: Apache-2.0
// Files of purchases raise what a topic with the same purchases would.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/murmur2.h"
#include "cli/replay_alert.h"
#include "cli/replay_file.h"
#include "demo/purchase_writer.h"
#include "lib/workload.h"
#include "lib/workspace.h"
#include "wire/container.h"
#include "wire/schemas.h"

enum { PURCHASES = 5000, FRAME_BYTES = 5, SEEN_MAX = 10000 };

static const uint8_t marker[CONTAINER_SYNC_BYTES] = {9, 8, 7};

struct seen {
    int32_t partition;
    int64_t offset;
};

struct fixture {
    char *dir;
    char *path;
    struct config config;
    struct replay_options options;
    struct replay_site site;
    struct counters counters;
    struct seen seen[SEEN_MAX];
    size_t seen_count;
    struct error err;
};

static void written(void *context, const struct record *record)
{
    struct fixture *fixture = context;
    struct view topic;
    if (record->topic != OUTPUT_ALERTS_AVRO)
        return;
    const struct replay_alert alert = replay_alert_written(record, 1);
    struct seen *seen = &fixture->seen[fixture->seen_count++];
    assert_true(replay_alert_source(&alert, &topic, &seen->partition, &seen->offset));
    assert_true(view_equal(topic, view_text("purchases")));
}

static int setup(void **state)
{
    struct fixture *fixture = memory_zeroed(1, sizeof(*fixture));
    struct buffer report;
    const struct config_sources none = {.set_count = 0};
    buffer_init(&report, 65536);
    assert_int_equal(config_load(&none, &fixture->config, &report), STATUS_OK);
    buffer_release(&report);
    fixture->dir = workspace_make();
    fixture->path = workspace_text("%s/purchases.avro", fixture->dir);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    workspace_remove(fixture->dir);
    free(fixture->path);
    free(fixture->dir);
    config_release(&fixture->config);
    free(fixture);
    return 0;
}

static enum status run(struct fixture *fixture, int32_t partitions, bool stop)
{
    const struct replay_listener listener = {written, fixture};
    fixture->options = (struct replay_options){
        .mode = REPLAY_COUNT, .input = fixture->path, .partitions = partitions};
    fixture->seen_count = 0;
    enum status status =
        replay_site_open(&fixture->site, &fixture->config, &fixture->options, &fixture->err);
    assert_int_equal(status, STATUS_OK);
    atomic_store(&fixture->site.signals.asked, stop);
    status = replay_file(&fixture->site, &listener, &fixture->counters, &fixture->err);
    replay_site_close(&fixture->site);
    return status;
}

static struct container_writer *file_open(const struct fixture *fixture, struct view schema)
{
    struct container_writer *writer;
    struct error err;
    assert_int_equal(container_writer_open(fixture->path, schema, marker, &writer, &err),
                     STATUS_OK);
    return writer;
}

static void file_append(struct container_writer *writer, struct view datum)
{
    struct error err;
    assert_int_equal(container_writer_append(writer, datum, &err), STATUS_OK);
}

static void file_close(struct container_writer *writer)
{
    struct error err;
    assert_int_equal(container_writer_finish(writer, &err), STATUS_OK);
    container_writer_close(writer);
}

// The same purchases into the file and, by their cards' partitions, to the oracle.
static void make(const struct fixture *fixture, struct workload *workload, int32_t partitions)
{
    struct workload_settings settings = {
        .generator = generator_settings_default(),
        .oracle = oracle_settings_default(),
        .topic = "purchases",
        .partitions = partitions,
    };
    int64_t offsets[8] = {0};
    settings.generator.card_count = 2000;
    settings.generator.disorder_ms = 5000;
    settings.generator.duplicate_ppm = 10000;
    settings.generator.schema_id = 1;
    workload_open(workload, &settings);
    struct container_writer *writer = file_open(fixture, schema_purchase());
    for (int i = 0; i < PURCHASES; i++) {
        struct generated message;
        generator_next(workload->generator, &message);
        int32_t partition = murmur2_partition(message.key, partitions);
        workload_expect(workload, &message, partition, offsets[partition]++);
        file_append(writer, (struct view){message.value.data + FRAME_BYTES,
                                          message.value.size - FRAME_BYTES});
    }
    file_close(writer);
}

static void assert_seen(const struct fixture *fixture, const struct workload *workload)
{
    assert_true(workload->alert_count > 0);
    assert_int_equal(fixture->seen_count, workload->alert_count);
    for (size_t i = 0; i < workload->alert_count; i++) {
        const struct expected_alert *alert = &workload->alerts[i];
        size_t found = 0;
        for (size_t k = 0; k < fixture->seen_count; k++)
            found += fixture->seen[k].partition == alert->partition &&
                     fixture->seen[k].offset == alert->offset;
        assert_true(found > 0);
    }
}

static void files__raise_the_oracles_alerts(void **state)
{
    struct fixture *fixture = *state;
    static const int32_t partitions[] = {1, 3};
    for (size_t i = 0; i < sizeof(partitions) / sizeof(partitions[0]); i++) {
        struct workload workload;
        make(fixture, &workload, partitions[i]);
        if (run(fixture, partitions[i], false) != STATUS_OK)
            fail_msg("%s", fixture->err.text);
        assert_seen(fixture, &workload);
        assert_int_equal(fixture->counters.purchases_consumed, PURCHASES);
        assert_int_equal(fixture->counters.purchases_misplaced, 0);
        workload_close(&workload);
    }
}

static void purchases__without_a_card_are_dead_letters(void **state)
{
    struct fixture *fixture = *state;
    struct buffer value;
    buffer_init(&value, 1000);
    const struct purchase_values values = {.id = 1, .timestamp_ms = 5, .has_timestamp = true};
    assert_true(purchase_write(&values, 1, &value));
    struct container_writer *writer = file_open(fixture, schema_purchase());
    file_append(writer, (struct view){value.data + FRAME_BYTES, value.size - FRAME_BYTES});
    file_close(writer);
    assert_int_equal(run(fixture, 1, false), STATUS_OK);
    assert_int_equal(fixture->counters.dead_letters[DEAD_LETTER_NO_CARD], 1);
    buffer_release(&value);
}

static void other_data__are_refused_before_the_first(void **state)
{
    struct fixture *fixture = *state;
    file_close(
        file_open(fixture, view_text("{\"type\": \"record\", \"name\": \"R\", \"fields\": ["
                                     "{\"name\": \"credit_card\", \"type\": \"double\"}]}")));
    assert_int_equal(run(fixture, 1, false), STATUS_FATAL);
    assert_non_null(strstr(fixture->err.text, "does not hold purchases"));
}

static void stop__is_noticed(void **state)
{
    struct fixture *fixture = *state;
    struct workload workload;
    make(fixture, &workload, 1);
    assert_int_equal(run(fixture, 1, true), STATUS_RETRY);
    assert_true(fixture->counters.purchases_consumed < PURCHASES);
    workload_close(&workload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files__raise_the_oracles_alerts, setup, teardown),
        cmocka_unit_test_setup_teardown(purchases__without_a_card_are_dead_letters, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(other_data__are_refused_before_the_first, setup, teardown),
        cmocka_unit_test_setup_teardown(stop__is_noticed, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

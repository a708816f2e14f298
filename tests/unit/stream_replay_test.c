// SPDX-License-Identifier: Apache-2.0
// Purchases taken again raise the alerts that the service raised, whatever memory there is.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/stream_fixture.h"
#include "stream/replay.h"
#include "wire/schemas.h"

enum { SMALL_CACHE_BYTES = 64 * 1024, BATCH = 100, LINES_BYTES_MAX = 16 * 1024 * 1024 };

struct rig {
    struct stream_fixture fixture;
    struct store_dir *scratch;
    struct replay *replay;
    struct buffer lines; // "source timestamp count detected_at" of each alert, in order
    size_t avro_count;
    size_t letter_count;
    size_t card_count;
    struct token last;
    enum registry_answer answer;
};

static const struct view *header(const struct record *record, const char *name)
{
    for (size_t i = 0; i < record->header_count; i++)
        if (strcmp(record->headers[i].name, name) == 0)
            return &record->headers[i].value;
    return NULL;
}

static void note(void *context, const struct record *record)
{
    struct rig *rig = context;
    rig->avro_count += record->topic == OUTPUT_ALERTS_AVRO;
    rig->letter_count += record->topic == OUTPUT_DEAD_LETTERS;
    if (record->topic != OUTPUT_ALERTS_JSON)
        return;
    static const char mark[] = "\"timestamp\": ";
    const char *timestamp = memmem(record->value.data, record->value.size, mark, strlen(mark));
    const struct view *source = header(record, "cardwatch.source");
    const struct view *count = header(record, "cardwatch.count");
    const struct view *detected = header(record, "cardwatch.detected_at");
    assert_true(buffer_append_format(&rig->lines, "%.*s %lld %.*s %.*s\n", (int)source->size,
                                     (const char *)source->data, atoll(timestamp + strlen(mark)),
                                     (int)count->size, (const char *)count->data,
                                     (int)detected->size, (const char *)detected->data));
}

static enum registry_answer answer_schema(void *context, uint32_t id, struct view *schema)
{
    struct rig *rig = context;
    *schema = schema_purchase();
    return id == FIXTURE_SCHEMA_ID ? rig->answer : REGISTRY_UNKNOWN;
}

static void rig_open(struct rig *rig, const struct fixture_options *options)
{
    *rig = (struct rig){.answer = REGISTRY_READY};
    stream_fixture_open(&rig->fixture, options);
    buffer_init(&rig->lines, LINES_BYTES_MAX);
    rig->scratch = fake_store_dir_open();
}

static void rig_replay(struct rig *rig)
{
    const struct schema_source schemas = {answer_schema, rig};
    const struct replay_listener listener = {note, rig};
    rig->replay = replay_open(&rig->fixture.settings, rig->scratch, &schemas, &listener);
}

static void rig_close(struct rig *rig)
{
    replay_close(rig->replay);
    rig->scratch->ops->close(rig->scratch);
    buffer_release(&rig->lines);
    stream_fixture_close(&rig->fixture);
}

// Takes [from, until) of a partition as the topic has it.
static void take(struct rig *rig, int32_t partition, int64_t from, int64_t until)
{
    const struct fake_log *log = fake_topic_log(rig->fixture.cluster, "purchases", partition);
    struct message messages[BATCH];
    size_t count = 0;
    for (size_t i = 0; i < log->count; i++) {
        if (log->records[i].offset < from || log->records[i].offset >= until)
            continue;
        messages[count++] = fake_record_message(&log->records[i]);
        if (count < BATCH)
            continue;
        assert_int_equal(replay_take(rig->replay, messages, count, &rig->fixture.err), STATUS_OK);
        count = 0;
    }
    assert_int_equal(replay_take(rig->replay, messages, count, &rig->fixture.err), STATUS_OK);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// The lines in order, so that partitions may be mixed.
static char *sorted(const struct buffer *text)
{
    char **lines = calloc(text->size + 1, sizeof(lines[0]));
    char *copy = strndup((const char *)text->data, text->size);
    size_t count = 0;
    for (char *at = copy, *line; (line = strsep(&at, "\n")) != NULL;)
        lines[count++] = line;
    qsort(lines, count, sizeof(lines[0]), by_text);
    char *out = calloc(1, text->size + 2);
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += (size_t)snprintf(out + size, text->size + 2 - size,
                                 *lines[i] == '\0' ? "%s" : "%s\n", lines[i]);
    free(lines);
    free(copy);
    return out;
}

static void expect_oracles_alerts(struct rig *rig)
{
    char *expected = sorted(&rig->fixture.expected);
    char *raised = sorted(&rig->lines);
    assert_string_equal(raised, expected);
    assert_int_equal(rig->avro_count, rig->fixture.expected_count);
    assert_true(rig->avro_count > 0);
    free(expected);
    free(raised);
}

static void replay_all(struct rig *rig)
{
    rig_replay(rig);
    for (int32_t p = 0; p < rig->fixture.partitions; p++)
        assert_int_equal(replay_start(rig->replay, p, 0, &rig->fixture.err), STATUS_OK);
    for (int32_t p = 0; p < rig->fixture.partitions; p++)
        take(rig, p, 0, INT64_MAX);
}

static void replay__raises_the_oracles_alerts(void **state)
{
    (void)state;
    struct rig rig;
    struct random random;
    random_seed(&random, 1);
    rig_open(&rig, &(struct fixture_options){.partitions = 3});
    fixture_purchases(&rig.fixture, 3000, 300, &random);
    replay_all(&rig);
    expect_oracles_alerts(&rig);
    const struct counters *counters = replay_counters(rig.replay);
    assert_true(counters->purchases_consumed >= 3000);
    assert_int_equal(counters->alerts[0], rig.fixture.expected_count);
    assert_int_equal(fake_store_checkpoint_count(rig.scratch), 0); // all of it fits in memory
    rig_close(&rig);
}

static void replay__raises_the_same_when_its_cards_do_not_fit_in_memory(void **state)
{
    (void)state;
    struct rig rig;
    struct random random;
    random_seed(&random, 2);
    rig_open(&rig, &(struct fixture_options){.cache_bytes = SMALL_CACHE_BYTES});
    fixture_purchases(&rig.fixture, 6000, 3000, &random);
    replay_all(&rig);
    expect_oracles_alerts(&rig);
    assert_true(fake_store_checkpoint_count(rig.scratch) > 2);
    assert_true(fake_store_get_count(rig.scratch) > 0);
    rig_close(&rig);
}

static void replay__leaves_no_trace_in_the_cluster(void **state)
{
    (void)state;
    struct rig rig;
    struct random random;
    random_seed(&random, 3);
    rig_open(&rig, &(struct fixture_options){0});
    fixture_purchases(&rig.fixture, 500, 50, &random);
    replay_all(&rig);
    assert_int_equal(fake_topic_log(rig.fixture.cluster, "alerts-avro", 0)->high, 0);
    assert_int_equal(fake_group_committed(rig.fixture.cluster, "cardwatch", 0), -1);
    rig_close(&rig);
}

static void replay__begins_where_it_is_told(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, &(struct fixture_options){0});
    for (int i = 0; i < 3; i++)
        fixture_purchase(&rig.fixture, "4111-0000-0001", 1700000000 + i);
    rig_replay(&rig);
    assert_int_equal(replay_start(rig.replay, 0, 1, &rig.fixture.err), STATUS_OK);
    take(&rig, 0, 1, INT64_MAX);
    assert_int_equal(rig.avro_count, 0); // two of three
    assert_int_equal(replay_position(rig.replay, 0), 3);
    assert_int_equal(replay_stream_time(rig.replay, 0).ms, 1700000002);
    rig_close(&rig);
}

static void replay__counts_dead_letters(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, &(struct fixture_options){0});
    const struct fake_input input = {.topic = "purchases", .value = view_text("no frame")};
    (void)fake_produce(rig.fixture.cluster, &input);
    replay_all(&rig);
    assert_int_equal(replay_counters(rig.replay)->dead_letters[DEAD_LETTER_BAD_FRAME], 1);
    assert_int_equal(rig.letter_count, 1);
    rig_close(&rig);
}

static void replay__stops_at_a_schema_that_does_not_come(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, &(struct fixture_options){0});
    fixture_purchase(&rig.fixture, "4111-0000-0001", 1700000000);
    rig.answer = REGISTRY_PENDING;
    rig_replay(&rig);
    assert_int_equal(replay_start(rig.replay, 0, 0, &rig.fixture.err), STATUS_OK);
    struct message message =
        fake_record_message(&fake_topic_log(rig.fixture.cluster, "purchases", 0)->records[0]);
    assert_int_equal(replay_take(rig.replay, &message, 1, &rig.fixture.err), STATUS_RETRY);
    assert_int_equal(replay_position(rig.replay, 0), 0);
    rig_close(&rig);
}

static void count_card(void *context, const struct token *token, struct view value)
{
    struct rig *rig = context;
    assert_true(value.size > 0);
    assert_true(rig->card_count == 0 || memcmp(rig->last.bytes, token->bytes, TOKEN_BYTES) < 0);
    rig->last = *token;
    rig->card_count++;
}

static void cards__that_still_matter_are_handed_out_once(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, &(struct fixture_options){.cache_bytes = SMALL_CACHE_BYTES});
    char card[32];
    for (int i = 0; i < 2000; i++) {
        snprintf(card, sizeof(card), "4111-0000-%04d", i);
        fixture_purchase(&rig.fixture, card, 1700000000 + i * 1000);
    }
    replay_all(&rig);
    assert_int_equal(replay_each_card(rig.replay, 0, count_card, &rig, &rig.fixture.err),
                     STATUS_OK);
    // Those with a purchase in the last two minutes.
    assert_int_equal(rig.card_count, 120);
    rig_close(&rig);
}

static void replay__says_when_the_scratch_space_cannot_be_used(void **state)
{
    (void)state;
    struct rig rig;
    struct random random;
    random_seed(&random, 4);
    rig_open(&rig, &(struct fixture_options){.cache_bytes = SMALL_CACHE_BYTES});
    fixture_purchases(&rig.fixture, 4000, 3000, &random);
    rig_replay(&rig);
    assert_int_equal(replay_start(rig.replay, 0, 0, &rig.fixture.err), STATUS_OK);
    fake_store_set_full(rig.scratch, true);
    const struct fake_log *log = fake_topic_log(rig.fixture.cluster, "purchases", 0);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < log->count && status == STATUS_OK; i++) {
        struct message message = fake_record_message(&log->records[i]);
        status = replay_take(rig.replay, &message, 1, &rig.fixture.err);
    }
    assert_int_equal(status, STATUS_FATAL);
    assert_non_null(strstr(rig.fixture.err.text, "scratch space"));
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replay__raises_the_oracles_alerts),
        cmocka_unit_test(replay__raises_the_same_when_its_cards_do_not_fit_in_memory),
        cmocka_unit_test(replay__leaves_no_trace_in_the_cluster),
        cmocka_unit_test(replay__begins_where_it_is_told),
        cmocka_unit_test(replay__counts_dead_letters),
        cmocka_unit_test(replay__stops_at_a_schema_that_does_not_come),
        cmocka_unit_test(cards__that_still_matter_are_handed_out_once),
        cmocka_unit_test(replay__says_when_the_scratch_space_cannot_be_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

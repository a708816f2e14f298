// SPDX-License-Identifier: Apache-2.0
// The state written anew is the state that the service would have; killed anywhere, the old state
// or the new one is there, whole.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/stream_fixture.h"
#include "stream/rebuild.h"
#include "wire/schemas.h"

enum { BATCH = 64, PURCHASES = 600, CARDS = 60 };

static const char changelog[] = "cardwatch-windows-changelog";

struct rig {
    struct stream_fixture fixture;
    struct random random;
    struct broker *broker;
    struct store_dir *scratch;
    struct replay *replay;
    struct rebuild *rebuild;
    struct rebuild_target targets[FIXTURE_PARTITIONS_MAX];
    size_t target_count;
    atomic_bool stop;
    uint64_t chance;
    struct error err;
};

static enum registry_answer answer_schema(void *context, uint32_t id, struct view *schema)
{
    (void)context;
    (void)id;
    *schema = schema_purchase();
    return REGISTRY_READY;
}

static uint64_t answer_random(void *context)
{
    struct rig *rig = context;
    return 1000000 + rig->chance++;
}

static void ignore(void *context, const struct record *record)
{
    (void)context;
    (void)record;
}

// A service has taken purchases and was stopped.
static void rig_open(struct rig *rig, const struct fixture_options *options)
{
    *rig = (struct rig){.chance = 1};
    random_seed(&rig->random, 7);
    stream_fixture_open(&rig->fixture, options);
    fixture_purchases(&rig->fixture, PURCHASES, CARDS, &rig->random);
    fixture_start(&rig->fixture, 0);
    fixture_settle(&rig->fixture);
    fixture_stop(&rig->fixture, 0);
}

static void take_apart(struct rig *rig)
{
    rebuild_close(rig->rebuild);
    replay_close(rig->replay);
    if (rig->broker != NULL)
        rig->broker->ops->close(rig->broker);
    if (rig->scratch != NULL)
        rig->scratch->ops->close(rig->scratch);
    rig->rebuild = NULL;
    rig->replay = NULL;
    rig->broker = NULL;
    rig->scratch = NULL;
}

static void rig_close(struct rig *rig)
{
    take_apart(rig);
    stream_fixture_close(&rig->fixture);
}

static void take_all(struct rig *rig, int32_t partition, int64_t until)
{
    const struct fake_log *log = fake_topic_log(rig->fixture.cluster, "purchases", partition);
    struct message messages[BATCH];
    size_t count = 0;
    assert_int_equal(replay_start(rig->replay, partition, log->low, &rig->err), STATUS_OK);
    for (size_t i = 0; i < log->count && log->records[i].offset < until; i++) {
        messages[count++] = fake_record_message(&log->records[i]);
        if (count < BATCH && i + 1 < log->count && log->records[i + 1].offset < until)
            continue;
        assert_int_equal(replay_take(rig->replay, messages, count, &rig->err), STATUS_OK);
        count = 0;
    }
}

static void prepare(struct rig *rig)
{
    struct fake_broker_settings settings = {
        .group_id = "cardwatch",
        .transactional_id = rig->fixture.settings.at_least_once ? NULL : "cardwatch-rebuild",
        .input_topic = "purchases",
    };
    const struct schema_source schemas = {answer_schema, NULL};
    const struct replay_listener nobody = {ignore, NULL};
    for (int i = 0; i < OUTPUT_TOPICS; i++) // it writes the changelog alone
        settings.outputs[i] = changelog;
    rig->broker = fake_broker_open(rig->fixture.cluster, &settings);
    rig->scratch = fake_store_dir_open();
    rig->replay = replay_open(&rig->fixture.settings, rig->scratch, &schemas, &nobody);
    const struct stream_ports ports = {
        .broker = rig->broker, .random = answer_random, .random_context = rig};
    rig->rebuild = rebuild_open(&rig->fixture.settings, &ports, &rig->stop);
}

// All of it, as the command does it. Stops at the first failure.
static enum status run(struct rig *rig)
{
    enum status status = STATUS_OK;
    rig->target_count = 0;
    for (int32_t p = 0; p < rig->fixture.partitions && status == STATUS_OK; p++) {
        struct meta meta;
        bool found;
        int64_t offset = fake_group_committed(rig->fixture.cluster, "cardwatch", p);
        status = rebuild_look(rig->rebuild, p, &meta, &found, &rig->err);
        assert_true(status != STATUS_OK || !found || offset < 0 || meta.input_offset >= offset);
        take_all(rig, p, offset);
        rig->targets[rig->target_count++] =
            (struct rebuild_target){p, offset, replay_stream_time(rig->replay, p)};
    }
    if (status == STATUS_OK)
        status = rebuild_begin(rig->rebuild, &rig->err);
    for (int32_t p = 0; p < rig->fixture.partitions && status == STATUS_OK; p++)
        status = rebuild_write(rig->rebuild, rig->replay, p, &rig->err);
    if (status == STATUS_OK)
        status = rebuild_switch(rig->rebuild, rig->targets, rig->target_count, &rig->err);
    for (int32_t p = 0; p < rig->fixture.partitions && status == STATUS_OK; p++)
        status = rebuild_clear(rig->rebuild, p, &rig->err);
    return status;
}

static void rebuild_well(struct rig *rig)
{
    prepare(rig);
    if (run(rig) != STATUS_OK)
        fail_msg("%s", rig->err.text);
    take_apart(rig);
}

static void go_on_and_judge(struct rig *rig)
{
    fixture_purchases(&rig->fixture, PURCHASES, CARDS, &rig->random);
    fixture_start(&rig->fixture, 0);
    fixture_settle(&rig->fixture);
    fixture_stop(&rig->fixture, 0);
    fixture_expect_alerts(&rig->fixture, rig->fixture.settings.at_least_once);
}

static void service__goes_on_with_the_state_made_anew(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, &(struct fixture_options){.partitions = 2});
    rebuild_well(&rig);
    go_on_and_judge(&rig);
    assert_true(fixture_counters(&rig.fixture, 0).restore_records > 0);
    rig_close(&rig);
}

static void service__that_had_lost_its_fingerprint_is_taken_up_again(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, &(struct fixture_options){0});
    memset(rig.fixture.settings.fingerprint, 9, FINGERPRINT_BYTES);
    fixture_start(&rig.fixture, 0);
    enum status status = STATUS_OK;
    for (int i = 0; i < 100000 && status == STATUS_OK; i++)
        status = fixture_step(&rig.fixture);
    assert_int_equal(status, STATUS_FATAL);
    assert_non_null(strstr(rig.fixture.err.text, "cardwatch replay --rebuild"));
    rebuild_well(&rig);
    go_on_and_judge(&rig);
    rig_close(&rig);
}

static void at_least_once__goes_on_too(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, &(struct fixture_options){.partitions = 2, .at_least_once = true});
    rebuild_well(&rig);
    go_on_and_judge(&rig);
    rig_close(&rig);
}

// Cards in the changelog after compaction, by incarnation.
static size_t cards_left(struct rig *rig, uint64_t *incarnation)
{
    struct fake_records records = fake_read(rig->fixture.cluster, changelog);
    size_t count = 0;
    for (size_t i = 0; i < records.count; i++) {
        uint64_t one;
        struct token token;
        bool card = changelog_key_decode(records.items[i]->key, &one, &token) == CHANGELOG_KEY_CARD;
        if (!card || records.items[i]->value.data == NULL)
            continue;
        assert_true(count == 0 || one == *incarnation);
        *incarnation = one;
        count++;
    }
    fake_records_release(&records);
    return count;
}

static void old_records__are_gone(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, &(struct fixture_options){0});
    rebuild_well(&rig);
    struct fake_log *log =
        (struct fake_log *)(uintptr_t)fake_topic_log(rig.fixture.cluster, changelog, 0);
    fake_log_compact(log, true);
    uint64_t incarnation;
    size_t count = cards_left(&rig, &incarnation);
    assert_true(count > 0 && count <= CARDS);
    assert_true(incarnation >= 1000000);
    go_on_and_judge(&rig);
    rig_close(&rig);
}

static void stop__leaves_the_old_state(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, &(struct fixture_options){0});
    prepare(&rig);
    atomic_store(&rig.stop, true);
    assert_int_equal(run(&rig), STATUS_RETRY);
    take_apart(&rig);
    go_on_and_judge(&rig);
    rig_close(&rig);
}

static void foreign_records__are_refused(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, &(struct fixture_options){0});
    const struct fake_input input = {
        .topic = changelog, .key = view_text("somebody's"), .value = view_text("x")};
    (void)fake_produce(rig.fixture.cluster, &input);
    prepare(&rig);
    assert_int_equal(run(&rig), STATUS_FATAL);
    assert_non_null(strstr(rig.err.text, "another program"));
    rig_close(&rig);
}

// One run that is killed in its k-th call. False: it made fewer calls.
static bool kill_and_go_on(uint64_t k, enum fake_fate fate, bool at_least_once)
{
    struct rig rig;
    rig_open(&rig, &(struct fixture_options){.partitions = 2, .at_least_once = at_least_once});
    prepare(&rig);
    fake_torture_crash(rig.fixture.cluster, k, fate);
    enum status status = run(&rig);
    bool fired = fake_torture_fired(rig.fixture.cluster);
    assert_true(fired == (status != STATUS_OK));
    fake_faults_clear(rig.fixture.cluster);
    take_apart(&rig);
    if (fired && k % 2 == 0)
        rebuild_well(&rig); // again; a service may come between, or not
    go_on_and_judge(&rig);
    rig_close(&rig);
    return fired;
}

static void kill__anywhere_leaves_a_whole_state(void **state)
{
    (void)state;
    static const enum fake_fate fates[] = {FATE_NOTHING, FATE_DONE};
    uint64_t runs = 0;
    for (int mode = 0; mode < 2; mode++)
        for (size_t i = 0; i < sizeof(fates) / sizeof(fates[0]); i++)
            for (uint64_t k = 1; kill_and_go_on(k, fates[i], mode == 1); k++)
                runs++;
    assert_true(runs > 40);
}

// A failing call that is no crash: the old state or the new one, and a sentence.
static void failure__anywhere_leaves_a_whole_state(void **state)
{
    (void)state;
    for (unsigned variant = 0; variant < FAKE_TORTURE_VARIANTS; variant++) {
        for (uint64_t k = 1;; k++) {
            struct rig rig;
            rig_open(&rig, &(struct fixture_options){0});
            prepare(&rig);
            fake_torture(rig.fixture.cluster, k, variant);
            rig.err.text[0] = '\0';
            enum status status = run(&rig);
            bool fired = fake_torture_fired(rig.fixture.cluster);
            assert_true(status == STATUS_OK || rig.err.text[0] != '\0');
            fake_faults_clear(rig.fixture.cluster);
            take_apart(&rig);
            go_on_and_judge(&rig);
            rig_close(&rig);
            if (!fired)
                break;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(service__goes_on_with_the_state_made_anew),
        cmocka_unit_test(service__that_had_lost_its_fingerprint_is_taken_up_again),
        cmocka_unit_test(at_least_once__goes_on_too),
        cmocka_unit_test(old_records__are_gone),
        cmocka_unit_test(stop__leaves_the_old_state),
        cmocka_unit_test(foreign_records__are_refused),
        cmocka_unit_test(kill__anywhere_leaves_a_whole_state),
        cmocka_unit_test(failure__anywhere_leaves_a_whole_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

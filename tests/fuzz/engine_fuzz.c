// SPDX-License-Identifier: Apache-2.0
// The rules against the brute-force oracle, with cards that go through their stored form on the
// way, are pruned and swept.
//   u8 rules, u8 options, u8 where time begins; three bytes a rule; then four bytes a purchase:
//   u8 card and what is done to it, u8 id, u16 step of time
#include <stdlib.h>

#include "base/assert.h"
#include "engine/engine.h"
#include "fuzz/fuzz.h"
#include "lib/oracle_mirror.h"
#include "store/record.h"

enum { CARDS = 2, RULES = 4, PURCHASES_MAX = 64, PURCHASE_BYTES = 4, CARD_BYTES = 1 << 20 };

struct scene {
    struct engine engine;
    struct oracle *oracle;
    struct card cards[CARDS];
    struct optional_ms stream_time;
    struct step step;
    int64_t time_ms;
    int64_t offset;
};

static struct rule rule_read(struct reader *input, uint32_t events_max)
{
    static const int64_t windows_ms[] = {1, 2, 7, 10, 60, 1000, 60000, SPAN_MS_MAX};
    uint8_t kind = fuzz_byte(input);
    struct rule rule = {.kind = kind % 2 == 0 || events_max < 2 ? RULE_TUMBLING : RULE_SLIDING,
                        .threshold = 2 + (kind >> 1) % 7,
                        .window_ms = windows_ms[fuzz_byte(input) % 8]};
    int64_t grace_ms = rule.window_ms * (fuzz_byte(input) % 16) / 4;
    rule.grace_ms = grace_ms < SPAN_MS_MAX ? grace_ms : SPAN_MS_MAX;
    if (rule.kind == RULE_SLIDING && rule.threshold > events_max)
        rule.threshold = events_max;
    return rule;
}

static void settings_read(struct engine_settings *settings, struct reader *input, uint8_t rules,
                          uint8_t options)
{
    static const uint32_t events_max[] = {1, 2, 3, 5, 8, 40, 4096, 4096};
    *settings = (struct engine_settings){.rule_count = rules % (RULES + 1),
                                         .dedupe = (options & 1) != 0,
                                         .track_offsets = (options & 2) != 0,
                                         .max_events_per_card = events_max[(options >> 2) % 8]};
    for (size_t i = 0; i < settings->rule_count; i++)
        settings->rules[i] = rule_read(input, settings->max_events_per_card);
}

static struct oracle *oracle_for(const struct engine_settings *settings)
{
    struct oracle_settings mirror = {.rule_count = settings->rule_count,
                                     .dedupe = settings->dedupe,
                                     .max_events_per_card = settings->max_events_per_card};
    for (size_t i = 0; i < settings->rule_count; i++) {
        const struct rule *rule = &settings->rules[i];
        mirror.rules[i] = (struct oracle_rule){.kind = rule->kind == RULE_SLIDING ? ORACLE_SLIDING
                                                                                  : ORACLE_TUMBLING,
                                               .window_ms = rule->window_ms,
                                               .grace_ms = rule->grace_ms,
                                               .threshold = rule->threshold};
    }
    return oracle_open(&mirror);
}

static void scene_open(struct scene *scene, struct reader *input)
{
    static const int64_t starts_ms[] = {0, 1664000000000, INT64_MIN, INT64_MAX, -100, 59999};
    struct engine_settings settings;
    struct error err;
    uint8_t rules = fuzz_byte(input), options = fuzz_byte(input);
    *scene = (struct scene){.time_ms = starts_ms[fuzz_byte(input) % 6]};
    settings_read(&settings, input, rules, options);
    ensure(engine_init(&scene->engine, &settings, &err) == STATUS_OK);
    scene->oracle = oracle_for(&settings);
    for (size_t i = 0; i < CARDS; i++)
        card_init(&scene->cards[i]);
}

static void scene_close(struct scene *scene)
{
    for (size_t i = 0; i < CARDS; i++)
        card_release(&scene->cards[i]);
    step_release(&scene->step);
    oracle_close(scene->oracle);
}

// Out to the store and in again.
static void store_and_load(struct card *card)
{
    struct buffer bytes;
    struct error err;
    buffer_init(&bytes, CARD_BYTES);
    ensure(card_encode(card, &bytes));
    card_release(card);
    ensure(card_decode(buffer_view(&bytes), card, &err) == STATUS_OK);
    buffer_release(&bytes);
}

// Things that must not show.
static void meddle(struct scene *scene, struct card *card, uint8_t how)
{
    if (how & 4)
        engine_card_prune(&scene->engine, scene->stream_time, card);
    if (how & 8)
        card_shrink(card);
    if (how & 16)
        store_and_load(card);
    if (how & 32 && engine_card_expired(&scene->engine, scene->stream_time, card))
        card_release(card);
    card_check(card);
}

static void compare(const struct scene *scene, const struct oracle_result *expected)
{
    const struct step *step = &scene->step;
    ensure(step->duplicate == expected->duplicate && step->capped == expected->capped);
    ensure(step->late_rules == expected->late_rules && !step->already_counted);
    ensure(step->alert_count == expected->alert_count);
    for (size_t i = 0; i < step->alert_count; i++) {
        const struct alert *got = &step->alerts[i];
        const struct oracle_alert *want = &expected->alerts[i];
        ensure(got->rule == want->rule && got->count == want->count);
        ensure(got->timestamp_ms == want->timestamp_ms);
        ensure(got->detected_at_ms == want->detected_at_ms);
    }
}

static int64_t moved(int64_t time_ms, uint64_t step)
{
    int64_t scale = INT64_C(1) << 4 * (step >> 13); // 1, 16, ... 2^28
    int64_t away_ms = ((int64_t)(step & 0x1fff) - 0x0800) * scale;
    int64_t sum_ms;
    if (!__builtin_add_overflow(time_ms, away_ms, &sum_ms))
        return sum_ms;
    return away_ms > 0 ? INT64_MAX : INT64_MIN;
}

static void play(struct scene *scene, struct reader *input)
{
    static const char *const names[CARDS] = {"a", "b"};
    uint8_t what = fuzz_byte(input), id = fuzz_byte(input);
    scene->time_ms = moved(scene->time_ms, fuzz_number(input, 2));
    struct card *card = &scene->cards[what % CARDS];
    struct engine_purchase purchase = {.event_time_ms = scene->time_ms,
                                       .offset = ++scene->offset,
                                       .has_id = (id & 0x80) != 0,
                                       .id = id & 0x7f};
    struct oracle_purchase mirror =
        oracle_mirror_purchase(view_text(names[what % CARDS]), &purchase);
    struct oracle_result expected;
    meddle(scene, card, what);
    oracle_step(scene->oracle, &mirror, &expected);
    engine_step(&scene->engine, &scene->stream_time, card, &purchase, &scene->step);
    card_check(card);
    compare(scene, &expected);
    ensure(scene->stream_time.ms == oracle_stream_time(scene->oracle).ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader input = fuzz_input(data, size);
    struct scene scene;
    scene_open(&scene, &input);
    for (int i = 0; i < PURCHASES_MAX && reader_left(&input) >= PURCHASE_BYTES; i++)
        play(&scene, &input);
    scene_close(&scene);
    return 0;
}

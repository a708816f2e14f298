// SPDX-License-Identifier: Apache-2.0
// The engine against the brute-force oracle: random rules and random purchases of a few cards that
// share a partition, compared purchase by purchase. At random moments the engine's cards are
// pruned, shrunk, copied slot by slot as a store would do it, or swept when they have expired: none
// of it may show.
//
// Usage: engine_oracle_test [FIRST_SEED CASE_COUNT]      (for longer runs than the test's own)
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "engine/card.h"
#include "engine/engine.h"
#include "engine/evidence.h"
#include "lib/oracle_mirror.h"
#include "lib/random.h"
#include "lib/scale.h"

enum { CARDS_MAX = 4, IDS_MAX = 1024 };

static uint64_t first_seed = 1;
static uint64_t case_count = 40000;

// How a case's purchases come about.
struct plan {
    size_t card_count;
    size_t purchase_count;
    int64_t grid_ms;        // event times are multiples of it: many ties
    int64_t pace_ms;        // how fast time goes on, at most, a purchase
    int64_t disorder_ms;    // how far back a purchase may lie
    uint64_t id_count;      // ids are drawn from so many
    bool ids_grow;          // each purchase has a new and higher id, most often
    unsigned extreme_of_64; // share of purchases at the ends of the time line
    unsigned jump_of_64;
};

struct scene {
    struct random random;
    struct plan plan;
    struct engine engine;
    struct oracle *oracle;
    struct card cards[CARDS_MAX];
    struct optional_ms stream_time;
    int64_t front_ms; // where time has got to
    int64_t offset;
    struct step step;
    uint64_t alert_count;
};

// What all cases together have seen: a test that never meets a burst proves nothing.
struct seen {
    uint64_t purchases;
    uint64_t alerts;
    uint64_t many_alerts; // steps with more than one
    uint64_t late;
    uint64_t expired;
    uint64_t expired_alerts; // of travel rules
    uint64_t duplicates;
    uint64_t capped;
    uint64_t resent;
    uint64_t swept;
};

static struct seen tally;

static int64_t pick(struct random *random, const int64_t *values, size_t count)
{
    return values[random_below(random, count)];
}
#define PICK(random, ...)                                                                          \
    pick(random, (const int64_t[]){__VA_ARGS__},                                                   \
         sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

static int64_t clamped_sum(int64_t a, int64_t b)
{
    int64_t sum;
    if (!__builtin_add_overflow(a, b, &sum))
        return sum;
    return b > 0 ? INT64_MAX : INT64_MIN;
}

static struct rule random_rule(struct random *random, uint32_t events_max)
{
    struct rule rule = {.kind = random_chance(random, 1, 3) ? RULE_TUMBLING : RULE_SLIDING};
    if (random_chance(random, 1, 3))
        rule.kind = random_chance(random, 1, 2) ? RULE_SUM : RULE_DISTINCT;
    if (random_chance(random, 1, 6))
        return (struct rule){.kind = RULE_TRAVEL,
                             .min_distance = (double)PICK(random, 0, 1000, 2000, 2000)};
    if (events_max < 2)
        rule.kind = RULE_TUMBLING;
    rule.window_ms = PICK(random, 1, 2, 3, 7, 10, 10, 20, 60, 1000, 60000, SPAN_MS_MAX);
    int64_t grace_ms = PICK(random, 0, 0, 0, 1, rule.window_ms / 2, rule.window_ms,
                            2 * rule.window_ms + 1, 5 * rule.window_ms);
    rule.grace_ms = grace_ms < SPAN_MS_MAX ? grace_ms : SPAN_MS_MAX;
    rule.threshold = (uint32_t)PICK(random, 2, 2, 3, 3, 3, 4, 5, 8);
    if (rule.kind == RULE_TUMBLING)
        rule.threshold -= (uint32_t)random_below(random, 2);
    else if (rule.threshold > events_max)
        rule.threshold = events_max;
    rule.limit = PICK(random, 1, 10000, 250000, 1000000, 3000000, AMOUNT_UNITS_MAX);
    rule.field = (enum field)random_below(random, FIELD_DISTANCE + 1);
    return rule;
}

static const char *const categories[] = {"Travel", "Food", "", "travel"};

static void random_operands(struct random *random, struct engine_settings *settings)
{
    for (size_t i = 0; i < OPERANDS_MAX; i++) {
        const char *text = categories[random_below(random, 4)];
        settings->operands[i] = (struct operand){
            .text = view_text(text),
            .number = (double)PICK(random, 0, 1, 20, 50, 2000),
            .integer = PICK(random, 0, 2, 5, 100, 1664000000000),
        };
    }
}

// None, one or two, each with operands of its own.
static void random_conditions(struct random *random, struct engine_settings *settings,
                              struct rule *rule)
{
    size_t at = (size_t)(rule - settings->rules) * 2;
    rule->condition_first = (uint16_t)at;
    rule->condition_count = (uint16_t)PICK(random, 0, 0, 0, 1, 1, 2);
    for (size_t i = 0; i < rule->condition_count; i++) {
        struct condition *condition = &settings->conditions[at + i];
        condition->field = (enum field)random_below(random, FIELD_TIMESTAMP + 1);
        condition->op = (enum condition_op)random_below(random, OP_IN + 1);
        if (condition->field == FIELD_CATEGORY)
            condition->op = (enum condition_op)PICK(random, OP_EQ, OP_NE, OP_IN);
        condition->operand_first = (uint16_t)(4 * (at + i));
        condition->operand_count =
            condition->op == OP_IN ? (uint16_t)(1 + random_below(random, 4)) : 1;
    }
}

static struct engine_settings random_settings(struct random *random)
{
    struct engine_settings settings = {
        .rule_count = (size_t)PICK(random, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, RULES_MAX),
        .dedupe = random_chance(random, 3, 4),
        .track_offsets = random_chance(random, 1, 3),
        .max_future_ms = PICK(random, 0, 1, 3600000, INT64_MAX),
        .max_events_per_card = (uint32_t)PICK(random, 1, 2, 3, 4, 5, 6, 8, 12, 20, 64, 4096, 4096),
    };
    random_operands(random, &settings);
    // Rules of one scale, most often: those of very different ones hardly meet.
    struct rule model = random_rule(random, settings.max_events_per_card);
    while (model.kind == RULE_TRAVEL)
        model = random_rule(random, settings.max_events_per_card);
    bool alike = random_chance(random, 2, 3);
    for (size_t r = 0; r < settings.rule_count; r++) {
        struct rule *rule = &settings.rules[r];
        *rule = random_rule(random, settings.max_events_per_card);
        random_conditions(random, &settings, rule);
        if (!alike || rule->kind == RULE_TRAVEL)
            continue;
        rule->window_ms = model.window_ms + random_range(random, 0, model.window_ms / 2);
        rule->window_ms = rule->window_ms < SPAN_MS_MAX ? rule->window_ms : SPAN_MS_MAX;
        rule->grace_ms = random_chance(random, 1, 2) ? model.grace_ms : rule->grace_ms;
        if (rule->kind == RULE_TUMBLING && rule->grace_ms / rule->window_ms > 100)
            rule->grace_ms = 100 * rule->window_ms;
    }
    return settings;
}

static struct plan random_plan(struct random *random, const struct engine_settings *settings)
{
    int64_t window_ms = 30000;
    for (size_t r = 0; r < settings->rule_count; r++)
        window_ms = settings->rules[r].window_ms > 0 ? settings->rules[r].window_ms : window_ms;
    return (struct plan){
        .card_count = 1 + random_below(random, CARDS_MAX),
        .purchase_count = (size_t)PICK(random, 5, 12, 25, 25, 40, 60, 150),
        .grid_ms = PICK(random, 1, 1, 1, 2, window_ms, 1 + window_ms / 4),
        .pace_ms = PICK(random, 0, 1, window_ms / 8, window_ms / 3, window_ms, 3 * window_ms),
        .disorder_ms = PICK(random, 0, 1, window_ms / 4, window_ms, 3 * window_ms, 8 * window_ms),
        .id_count = (uint64_t)PICK(random, 3, 20, 1000, 1000),
        .ids_grow = random_chance(random, 1, 3),
        .extreme_of_64 = (unsigned)PICK(random, 0, 0, 0, 0, 1, 8, 64),
        .jump_of_64 = (unsigned)PICK(random, 0, 1, 4),
    };
}

static int64_t extreme_time(struct random *random)
{
    int64_t end_ms = PICK(random, INT64_MIN, INT64_MAX, INT64_C(9223372036825200000),
                          INT64_C(-9223372036832400000), 0);
    int64_t scale = PICK(random, 1, 10, 10000);
    return clamped_sum(end_ms, random_range(random, -70000, 70000) / scale);
}

static int64_t random_time(struct scene *scene)
{
    const struct plan *plan = &scene->plan;
    struct random *random = &scene->random;
    if (random_chance(random, plan->extreme_of_64, 64))
        return extreme_time(random);
    if (random_chance(random, plan->jump_of_64, 64))
        scene->front_ms = clamped_sum(scene->front_ms, random_range(random, 0, plan->pace_ms * 20));
    scene->front_ms = clamped_sum(scene->front_ms, random_range(random, 0, plan->pace_ms));
    int64_t back_ms = random_chance(random, 1, 2) ? random_range(random, 0, plan->disorder_ms) : 0;
    int64_t time_ms = clamped_sum(scene->front_ms, -back_ms);
    return time_ms - time_ms % plan->grid_ms;
}

static double random_amount(struct random *random)
{
    static const double odd[] = {
        (double)NAN,      (double)INFINITY, -(double)INFINITY, -5,   1e300, 1e10,
        9999999999.99995, 0.00005,          0.0000499999,      -0.0, 1e-300};
    if (random_chance(random, 1, 16))
        return odd[random_below(random, sizeof(odd) / sizeof(odd[0]))];
    if (random_chance(random, 1, 4))
        return (double)PICK(random, 0, 20, 50);
    return (double)random_range(random, 0, 1000000) / 10000;
}

static double random_distance(struct random *random)
{
    static const double odd[] = {(double)NAN, (double)INFINITY, -(double)INFINITY, -2000, 1e300};
    if (random_chance(random, 1, 16))
        return odd[random_below(random, sizeof(odd) / sizeof(odd[0]))];
    return (double)random_range(random, 0, 2500) + (double)PICK(random, 0, 0, 1) / 2;
}

static void scene_open(struct scene *scene, uint64_t seed)
{
    *scene = (struct scene){0};
    struct random *random = &scene->random;
    random_seed(random, seed);
    struct engine_settings settings = random_settings(random);
    struct error err;
    if (engine_init(&scene->engine, &settings, &err) != STATUS_OK)
        fail_msg("seed %" PRIu64 ": %s", seed, err.text);
    scene->plan = random_plan(random, &settings);
    scene->front_ms = PICK(random, 0, 0, INT64_C(1664000000000), INT64_C(1664000000000), -100,
                           -1000000, INT64_MIN, INT64_MIN + 50, INT64_MAX, INT64_MAX - 300,
                           INT64_C(9223372036825200000), INT64_C(-9223372036832400000));
    struct oracle_settings mirror = oracle_mirror(&settings);
    mirror.forgetful = random_chance(random, 1, 2);
    scene->oracle = oracle_open(&mirror);
    for (size_t i = 0; i < CARDS_MAX; i++)
        card_init(&scene->cards[i]);
}

static void scene_close(struct scene *scene)
{
    for (size_t i = 0; i < CARDS_MAX; i++)
        card_release(&scene->cards[i]);
    step_release(&scene->step);
    oracle_close(scene->oracle);
}

// What a store does to a card: out slot by slot, and in again.
static void copy_card(struct card *card)
{
    struct card copy;
    card_init(&copy);
    copy.newest_offset = card->newest_offset;
    card_reserve(&copy, (size_t)card->event_count + card->counter_count);
    size_t facts = card->event_count > 0 ? card_fact_count(card) : 0;
    if (facts > 0)
        card_keep_facts(&copy, facts);
    for (size_t i = 0; i < card->event_count; i++) {
        *card_insert_event(&copy, i) = card_events(card)[i];
        if (facts > 0)
            memcpy(card_facts(&copy, i), card_facts(card, i), facts * sizeof(uint64_t));
    }
    for (size_t i = 0; i < card->counter_count; i++)
        *card_add_counter(&copy) = card_counters(card)[i];
    card_release(card);
    *card = copy;
}

// Things that must not show.
static void meddle(struct scene *scene, struct card *card)
{
    struct random *random = &scene->random;
    if (random_chance(random, 1, 8))
        engine_card_prune(&scene->engine, scene->stream_time, card);
    if (random_chance(random, 1, 8))
        card_shrink(card);
    if (random_chance(random, 1, 8))
        copy_card(card);
    if (random_chance(random, 1, 4) && !card_is_empty(card) &&
        engine_card_expired(&scene->engine, scene->stream_time, card)) {
        card_release(card);
        tally.swept++;
    }
    card_check(card);
}

static void compare_ids(const struct scene *scene, struct card *card, size_t index,
                        const struct oracle_result *expected, const char *where)
{
    int64_t ids[IDS_MAX];
    const struct alert *alert = &scene->step.alerts[index];
    const struct oracle_alert *want = &expected->alerts[index];
    const struct engine_settings *settings = &scene->engine.settings;
    if (!settings->dedupe || !rule_is_windowed(settings->rules[alert->rule].kind))
        return;
    size_t count = evidence_ids(&scene->engine, alert, card, ids, IDS_MAX);
    bool same = count == want->id_count;
    for (size_t i = 0; same && i < count; i++)
        same = ids[i] == expected->ids[want->first_id + i];
    if (!same)
        fail_msg("%s: alert %zu rests on %zu purchases, the oracle's on %zu, or on others", where,
                 index, count, want->id_count);
}

static void compare_alerts(const struct scene *scene, struct card *card,
                           const struct oracle_result *expected, const char *where)
{
    if (scene->step.alert_count != expected->alert_count)
        fail_msg("%s: %zu alerts, the oracle has %zu", where, scene->step.alert_count,
                 expected->alert_count);
    for (size_t i = 0; i < expected->alert_count; i++) {
        const struct alert *got = &scene->step.alerts[i];
        const struct oracle_alert *want = &expected->alerts[i];
        if (got->rule != want->rule || got->timestamp_ms != want->timestamp_ms ||
            got->detected_at_ms != want->detected_at_ms || got->count != want->count ||
            got->level != want->level)
            fail_msg("%s: alert %zu is {%u %" PRId64 " %" PRId64 " %" PRIu64 "}, the oracle's {%zu "
                     "%" PRId64 " %" PRId64 " %" PRIu64 "}",
                     where, i, got->rule, got->timestamp_ms, got->detected_at_ms, got->count,
                     want->rule, want->timestamp_ms, want->detected_at_ms, want->count);
        compare_ids(scene, card, i, expected, where);
    }
}

static void compare_fate(const struct scene *scene, const struct oracle_result *expected,
                         const char *where)
{
    const struct step *step = &scene->step;
    bool inserted = !expected->expired && !expected->duplicate && !expected->capped;
    struct oracle_time stream_time = oracle_stream_time(scene->oracle);
    if (step->duplicate != expected->duplicate || step->capped != expected->capped ||
        step->late_rules != expected->late_rules || step->changed != inserted ||
        step->already_counted)
        fail_msg("%s: duplicate %d capped %d late %x changed %d, the oracle has %d %d %x %d", where,
                 step->duplicate, step->capped, step->late_rules, step->changed,
                 expected->duplicate, expected->capped, expected->late_rules, inserted);
    if (scene->stream_time.known != stream_time.known || scene->stream_time.ms != stream_time.ms)
        fail_msg("%s: stream time %" PRId64 ", the oracle has %" PRId64, where,
                 scene->stream_time.ms, stream_time.ms);
}

static void count_up(const struct step *step, const struct oracle_result *expected)
{
    tally.purchases++;
    tally.alerts += step->alert_count;
    tally.many_alerts += step->alert_count > 1;
    tally.late += step->late_rules != 0 && !expected->expired;
    tally.expired += expected->expired;
    tally.expired_alerts += expected->expired ? step->alert_count : 0;
    tally.duplicates += step->duplicate;
    tally.capped += step->capped;
}

// At least once: what was counted and comes again is recognised, and nothing changes.
static void resend(struct scene *scene, struct card *card, const struct engine_purchase *purchase,
                   const char *where)
{
    if (!scene->engine.settings.track_offsets || card->newest_offset < purchase->offset)
        return;
    struct engine_purchase again = *purchase;
    again.offset = random_range(&scene->random, 0, purchase->offset);
    engine_step(&scene->engine, &scene->stream_time, card, &again, &scene->step);
    if (!scene->step.already_counted || scene->step.changed || scene->step.alert_count != 0)
        fail_msg("%s: sent again it was not recognised", where);
    tally.resent++;
}

static int64_t random_id(struct scene *scene)
{
    struct random *random = &scene->random;
    if (!scene->plan.ids_grow)
        return (int64_t)random_below(random, scene->plan.id_count);
    if (random_chance(random, 1, 64))
        return PICK(random, INT64_MIN, INT64_MAX, -1);
    int64_t back = random_chance(random, 1, 8) ? random_range(random, 0, 20) : 0;
    return scene->offset - back;
}

static void play(struct scene *scene, uint64_t seed, size_t number)
{
    struct random *random = &scene->random;
    char where[64];
    snprintf(where, sizeof(where), "seed %" PRIu64 " purchase %zu", seed, number);
    size_t which = random_below(random, scene->plan.card_count);
    struct card *card = &scene->cards[which];
    scene->offset += 1 + (int64_t)random_below(random, 3);
    struct engine_purchase purchase = {.event_time_ms = random_time(scene),
                                       .offset = scene->offset,
                                       .has_id = random_chance(random, 7, 8),
                                       .id = random_id(scene),
                                       .has_distance = random_chance(random, 7, 8),
                                       .distance = random_distance(random),
                                       .travelling = random_chance(random, 1, 8),
                                       .has_amount = random_chance(random, 7, 8),
                                       .amount = random_amount(random)};
    const char *category = categories[random_below(random, 4)];
    if (random_chance(random, 7, 8))
        purchase.category = view_text(category);
    char name[2] = {(char)('a' + which), 0};
    struct oracle_purchase mirror = oracle_mirror_purchase(view_text(name), &purchase);
    struct oracle_result expected;
    oracle_step(scene->oracle, &mirror, &expected);
    meddle(scene, card);
    engine_step(&scene->engine, &scene->stream_time, card, &purchase, &scene->step);
    card_check(card);
    compare_fate(scene, &expected, where);
    compare_alerts(scene, card, &expected, where);
    count_up(&scene->step, &expected);
    if (random_chance(random, 1, 8))
        resend(scene, card, &purchase, where);
    meddle(scene, &scene->cards[random_below(random, scene->plan.card_count)]);
}

static void alerts_and_fates__equal_the_oracles(void **state)
{
    (void)state;
    for (uint64_t seed = first_seed; seed < first_seed + case_count; seed++) {
        struct scene scene;
        scene_open(&scene, seed);
        for (size_t i = 0; i < scene.plan.purchase_count; i++)
            play(&scene, seed, i);
        scene_close(&scene);
    }
    printf("%" PRIu64 " purchases, %" PRIu64 " alerts (%" PRIu64 " steps with several), %" PRIu64
           " late, %" PRIu64 " expired, %" PRIu64 " duplicates, %" PRIu64 " capped, %" PRIu64
           " resent, %" PRIu64 " cards swept\n",
           tally.purchases, tally.alerts, tally.many_alerts, tally.late, tally.expired,
           tally.duplicates, tally.capped, tally.resent, tally.swept);
    assert_true(tally.alerts > case_count);
    assert_true(tally.many_alerts > 0 && tally.late > 0 && tally.expired > 0);
    assert_true(tally.expired_alerts > 0);
    assert_true(tally.duplicates > 0 && tally.capped > 0 && tally.resent > 0 && tally.swept > 0);
}

// A card with hundreds of purchases inside its window: blocks on the heap, moves to both sides.
static void hot_cards__equal_the_oracles(void **state)
{
    (void)state;
    for (uint64_t seed = first_seed; seed < first_seed + case_count / 1000; seed++) {
        struct scene scene;
        scene_open(&scene, seed);
        scene.plan.card_count = 1 + seed % 2;
        scene.plan.purchase_count = 600;
        scene.plan.id_count = 5000;
        scene.plan.jump_of_64 = 0;
        scene.plan.extreme_of_64 = 0;
        scene.plan.pace_ms = scene.plan.pace_ms / 32 + 1;
        for (size_t i = 0; i < scene.plan.purchase_count; i++)
            play(&scene, seed, i);
        scene_close(&scene);
    }
}

static struct optional_ms random_optional(struct random *random)
{
    if (random_chance(random, 1, 4))
        return (struct optional_ms){0};
    int64_t ms = random_chance(random, 1, 2) ? extreme_time(random)
                                             : random_range(random, -4000000, 4000000);
    return (struct optional_ms){.known = true, .ms = ms};
}

static struct oracle_time mirror_time(struct optional_ms time)
{
    return (struct oracle_time){.known = time.known, .ms = time.ms};
}

static void event_times__equal_the_oracles(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, first_seed);
    for (uint64_t i = 0; i < case_count; i++) {
        struct engine engine = {.settings.max_future_ms =
                                    PICK(&random, 0, 1, 3600000, 3600000, INT64_MAX)};
        struct oracle_settings settings = {.max_future_ms = engine.settings.max_future_ms};
        struct optional_ms stream = random_optional(&random);
        struct optional_ms own = random_optional(&random);
        struct optional_ms message = random_optional(&random);
        int64_t got_ms = 0;
        int64_t want_ms = 0;
        enum time_verdict got = engine_event_time(&engine, stream, own, message, &got_ms);
        enum oracle_time_verdict want = oracle_event_time(
            &settings, mirror_time(stream), mirror_time(own), mirror_time(message), &want_ms);
        assert_int_equal(got == TIME_TAKEN, want == ORACLE_TIME_TAKEN);
        assert_int_equal(got == TIME_MISSING, want == ORACLE_NO_TIMESTAMP);
        assert_int_equal(got == TIME_FUTURE, want == ORACLE_FUTURE_TIMESTAMP);
        if (got == TIME_TAKEN)
            assert_true(got_ms == want_ms);
    }
}

int main(int argc, char **argv)
{
    case_count = scale_count(case_count);
    if (argc == 3) {
        first_seed = strtoull(argv[1], NULL, 10);
        case_count = strtoull(argv[2], NULL, 10);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alerts_and_fates__equal_the_oracles),
        cmocka_unit_test(hot_cards__equal_the_oracles),
        cmocka_unit_test(event_times__equal_the_oracles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

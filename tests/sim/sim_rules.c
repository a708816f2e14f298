// SPDX-License-Identifier: Apache-2.0
#include "sim/sim_rules.h"

#include <inttypes.h>
#include <math.h>

#include "base/assert.h"
#include "sim/sim_plan.h"

static const char *const categories[] = {"Travel", "Food", "", "travel"};

// ---- rules ----

static enum rule_kind draw_kind(struct random *random, uint32_t events_max)
{
    static const enum rule_kind kinds[] = {RULE_SLIDING,  RULE_SLIDING,  RULE_SLIDING,
                                           RULE_TUMBLING, RULE_TUMBLING, RULE_SUM,
                                           RULE_SUM,      RULE_DISTINCT, RULE_DISTINCT};
    enum rule_kind kind = kinds[random_below(random, sizeof(kinds) / sizeof(kinds[0]))];
    bool counts = kind == RULE_SLIDING || kind == RULE_DISTINCT; // two at least
    return counts && events_max < 2 ? RULE_TUMBLING : kind;
}

static struct rule draw_rule(struct random *random, uint32_t events_max, int64_t window_ms)
{
    struct rule rule = {.kind = draw_kind(random, events_max), .window_ms = window_ms};
    rule.grace_ms = PICK(random, 0, 0, 0, rule.window_ms / 2, 2 * rule.window_ms);
    rule.threshold = (uint32_t)PICK(random, 2, 3, 3, 3, 4, 6);
    if (rule.kind != RULE_TUMBLING && rule.threshold > events_max)
        rule.threshold = events_max;
    if (rule.kind == RULE_SUM) // of amounts that are 50 or less, most often
        rule.limit = AMOUNT_UNITS * PICK(random, 1, 60, 100, 150, 400, 10000000000);
    rule.field = (enum field)PICK(random, FIELD_CATEGORY, FIELD_AMOUNT, FIELD_DISTANCE);
    return rule;
}

static void draw_operand(struct operand *operand, struct random *random, enum field field)
{
    *operand = (struct operand){.text = view_text(categories[random_below(random, 4)])};
    if (field == FIELD_AMOUNT)
        operand->number = (double)PICK(random, 0, 5, 20, 20, 50);
    if (field == FIELD_DISTANCE)
        operand->number = (double)PICK(random, 0, 100, 1000, 2000);
    if (field == FIELD_ID)
        operand->integer = PICK(random, 0, 50, 200, 1000);
    if (field == FIELD_TIMESTAMP)
        operand->integer = SIM_START_MS + PICK(random, 0, 100000, 1000000, 10000000);
}

// A rule's conditions and their operands have places of their own.
static void draw_conditions(struct engine_settings *settings, struct random *random, size_t index)
{
    struct rule *rule = &settings->rules[index];
    rule->condition_first = (uint16_t)(index * SIM_RULE_CONDITIONS_MAX);
    rule->condition_count = (uint16_t)PICK(random, 0, 0, 0, 1, 1, SIM_RULE_CONDITIONS_MAX);
    for (size_t i = 0; i < rule->condition_count; i++) {
        size_t at = rule->condition_first + i;
        struct condition *condition = &settings->conditions[at];
        condition->field = (enum field)random_below(random, FIELD_TIMESTAMP + 1);
        condition->op = (enum condition_op)random_below(random, OP_IN + 1);
        if (condition->field == FIELD_CATEGORY)
            condition->op = (enum condition_op)PICK(random, OP_EQ, OP_NE, OP_IN);
        condition->operand_first = (uint16_t)(at * SIM_OPERANDS_MAX);
        condition->operand_count =
            condition->op == OP_IN ? (uint16_t)random_range(random, 1, SIM_OPERANDS_MAX) : 1;
        for (size_t o = 0; o < condition->operand_count; o++)
            draw_operand(&settings->operands[condition->operand_first + o], random,
                         condition->field);
    }
}

// Rules of one scale, most often: those of very different ones hardly meet.
int64_t sim_rules_draw(struct engine_settings *settings, struct random *random, bool travel)
{
    size_t windowed = (size_t)PICK(random, 1, 1, 1, 2, 3, SIM_RULES_MAX - 1);
    int64_t scale_ms = PICK(random, 1000, 10000, 60000, 60000, 60000);
    bool alike = random_chance(random, 2, 3);
    settings->rule_count = windowed + travel;
    size_t travels_at = travel ? random_below(random, settings->rule_count) : SIM_RULES_MAX;
    ensure(settings->rule_count <= SIM_RULES_MAX);
    for (size_t r = 0; r < settings->rule_count; r++) {
        int64_t window_ms = scale_ms;
        if (r > 0)
            window_ms = alike ? PICK(random, scale_ms, scale_ms / 2, 3 * scale_ms / 2)
                              : PICK(random, 1000, 10000, 60000, 60000, 60000);
        settings->rules[r] = draw_rule(random, settings->max_events_per_card, window_ms);
        if (r == travels_at)
            settings->rules[r] = (struct rule){.kind = RULE_TRAVEL, .min_distance = SIM_FAR};
        draw_conditions(settings, random, r);
    }
    return scale_ms;
}

// ---- in words ----

static const char *const kind_names[] = {
    [RULE_SLIDING] = "sliding", [RULE_TUMBLING] = "tumbling", [RULE_TRAVEL] = "travel",
    [RULE_SUM] = "sum",         [RULE_DISTINCT] = "distinct",
};
static const char *const field_names[] = {"category", "amount", "distance", "id", "timestamp"};
static const char *const op_names[] = {"eq", "ne", "lt", "le", "gt", "ge", "in"};

static void print_condition(const struct engine_settings *settings,
                            const struct condition *condition, FILE *to)
{
    fprintf(to, ", where %s %s", field_names[condition->field], op_names[condition->op]);
    for (size_t i = 0; i < condition->operand_count; i++) {
        const struct operand *operand = &settings->operands[condition->operand_first + i];
        if (condition->field == FIELD_CATEGORY)
            fprintf(to, " '%s'", (const char *)operand->text.data);
        else if (condition->field == FIELD_AMOUNT || condition->field == FIELD_DISTANCE)
            fprintf(to, " %g", operand->number);
        else
            fprintf(to, " %" PRId64, operand->integer);
    }
}

void sim_rules_print(const struct engine_settings *settings, FILE *to)
{
    for (size_t r = 0; r < settings->rule_count; r++) {
        const struct rule *rule = &settings->rules[r];
        fprintf(to, "  rule %zu: %s", r, kind_names[rule->kind]);
        if (rule->kind == RULE_DISTINCT)
            fprintf(to, " %s", field_names[rule->field]);
        if (rule_is_windowed(rule->kind))
            fprintf(to, " window %" PRId64 " ms, grace %" PRId64 " ms", rule->window_ms,
                    rule->grace_ms);
        if (rule->kind == RULE_SUM)
            fprintf(to, ", limit %" PRId64, rule->limit / AMOUNT_UNITS);
        else if (rule->kind != RULE_TRAVEL)
            fprintf(to, ", threshold %u", rule->threshold);
        for (size_t i = 0; i < rule->condition_count; i++)
            print_condition(settings, &settings->conditions[rule->condition_first + i], to);
        fprintf(to, "\n");
    }
}

// ---- purchases ----

static double draw_amount(struct random *random)
{
    static const double odd[] = {(double)NAN, (double)INFINITY, -5, 1e300, -0.0, 0.00005};
    if (random_chance(random, 1, 16))
        return odd[random_below(random, sizeof(odd) / sizeof(odd[0]))];
    if (random_chance(random, 1, 2))
        return (double)PICK(random, 0, 5, 20, 50);
    return (double)random_range(random, 0, 5000) / 100;
}

static double draw_distance(struct random *random)
{
    if (random_chance(random, 1, 10))
        return SIM_FAR + (double)random_below(random, 2) / 2;
    return (double)PICK(random, 0, 3, 100, 1000, SIM_FAR - 1) + (double)PICK(random, 0, 0, 1) / 2;
}

void sim_content_draw(struct sim_content *content, struct random *random)
{
    *content = (struct sim_content){
        .amount = draw_amount(random),
        .distance = draw_distance(random),
        .has_amount = random_chance(random, 7, 8),
        .has_distance = random_chance(random, 7, 8),
    };
    if (random_chance(random, 7, 8))
        content->category = view_text(categories[random_below(random, 4)]);
}

// SPDX-License-Identifier: Apache-2.0
#include "lib/oracle_mirror.h"

#include "base/assert.h"

static enum oracle_kind kind_of(enum rule_kind kind)
{
    switch (kind) {
    case RULE_SLIDING:
        return ORACLE_SLIDING;
    case RULE_TUMBLING:
        return ORACLE_TUMBLING;
    case RULE_SUM:
        return ORACLE_SUM;
    case RULE_DISTINCT:
        return ORACLE_DISTINCT;
    case RULE_TRAVEL:
        break;
    }
    return ORACLE_TRAVEL;
}

static struct oracle_condition condition_of(const struct engine_settings *settings,
                                            const struct condition *condition)
{
    static const char *const ops[] = {"eq", "ne", "lt", "le", "gt", "ge", "in"};
    struct oracle_condition mirror = {.field = (enum oracle_field)condition->field,
                                      .op = ops[condition->op],
                                      .value_count = condition->operand_count};
    ensure(condition->operand_count <= sizeof(mirror.numbers) / sizeof(mirror.numbers[0]));
    for (size_t i = 0; i < condition->operand_count; i++) {
        const struct operand *operand = &settings->operands[condition->operand_first + i];
        bool whole = condition->field == FIELD_ID || condition->field == FIELD_TIMESTAMP;
        mirror.texts[i] = (const char *)operand->text.data;
        mirror.numbers[i] = whole ? (double)operand->integer : operand->number;
    }
    return mirror;
}

static struct oracle_rule rule_of(const struct engine_settings *settings, const struct rule *rule)
{
    struct oracle_rule mirror = {
        .kind = kind_of(rule->kind),
        .window_ms = rule->window_ms,
        .grace_ms = rule->grace_ms,
        .threshold = rule->threshold,
        .min_distance = rule->min_distance,
        .limit = rule->limit,
        .field = (enum oracle_field)rule->field,
    };
    ensure(rule->condition_count <= sizeof(mirror.where) / sizeof(mirror.where[0]));
    for (size_t i = 0; i < rule->condition_count; i++)
        mirror.where[i] = condition_of(settings, &settings->conditions[rule->condition_first + i]);
    return mirror;
}

struct oracle_settings oracle_mirror(const struct engine_settings *settings)
{
    struct oracle_settings mirror = {
        .rule_count = settings->rule_count,
        .dedupe = settings->dedupe,
        .max_future_ms = settings->max_future_ms,
        .max_events_per_card = settings->max_events_per_card,
    };
    for (size_t r = 0; r < settings->rule_count; r++)
        mirror.rules[r] = rule_of(settings, &settings->rules[r]);
    return mirror;
}

struct oracle_purchase oracle_mirror_purchase(struct view card,
                                              const struct engine_purchase *purchase)
{
    return (struct oracle_purchase){
        .card = card,
        .offset = purchase->offset,
        .event_time_ms = purchase->event_time_ms,
        .id = purchase->id,
        .has_id = purchase->has_id,
        .distance = purchase->distance,
        .has_distance = purchase->has_distance,
        .amount = purchase->amount,
        .has_amount = purchase->has_amount,
        .category = purchase->category,
        .travelling = purchase->travelling,
    };
}

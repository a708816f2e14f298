// SPDX-License-Identifier: Apache-2.0
#include "engine/condition.h"

// How a field compares with an operand.
enum order { ORDER_NONE, ORDER_BELOW, ORDER_EQUAL, ORDER_ABOVE };

static enum order order_of_numbers(bool known, double number, double operand)
{
    if (!known)
        return ORDER_NONE;
    if (number == operand)
        return ORDER_EQUAL;
    if (number < operand)
        return ORDER_BELOW;
    return number > operand ? ORDER_ABOVE : ORDER_NONE;
}

static enum order order_of_integers(bool known, int64_t integer, int64_t operand)
{
    if (!known)
        return ORDER_NONE;
    if (integer == operand)
        return ORDER_EQUAL;
    return integer < operand ? ORDER_BELOW : ORDER_ABOVE;
}

static enum order order_of(enum field field, const struct engine_purchase *purchase,
                           const struct operand *operand)
{
    switch (field) {
    case FIELD_CATEGORY:
        if (purchase->category.data == NULL)
            return ORDER_NONE;
        return view_equal(purchase->category, operand->text) ? ORDER_EQUAL : ORDER_ABOVE;
    case FIELD_AMOUNT:
        return order_of_numbers(purchase->has_amount, purchase->amount, operand->number);
    case FIELD_DISTANCE:
        return order_of_numbers(purchase->has_distance, purchase->distance, operand->number);
    case FIELD_ID:
        return order_of_integers(purchase->has_id, purchase->id, operand->integer);
    case FIELD_TIMESTAMP:
        return order_of_integers(true, purchase->event_time_ms, operand->integer);
    }
    return ORDER_NONE;
}

static bool is_in(const struct condition *condition, const struct operand *operands,
                  const struct engine_purchase *purchase)
{
    for (size_t i = 0; i < condition->operand_count; i++) {
        if (order_of(condition->field, purchase, &operands[i]) == ORDER_EQUAL)
            return true;
    }
    return false;
}

static bool holds(const struct engine_settings *settings, const struct condition *condition,
                  const struct engine_purchase *purchase)
{
    const struct operand *operands = &settings->operands[condition->operand_first];
    if (condition->op == OP_IN)
        return is_in(condition, operands, purchase);
    enum order order = order_of(condition->field, purchase, operands);
    switch (condition->op) {
    case OP_EQ:
        return order == ORDER_EQUAL;
    case OP_NE:
        return order != ORDER_EQUAL;
    case OP_LT:
        return order == ORDER_BELOW;
    case OP_LE:
        return order == ORDER_BELOW || order == ORDER_EQUAL;
    case OP_GT:
        return order == ORDER_ABOVE;
    case OP_GE:
        return order == ORDER_ABOVE || order == ORDER_EQUAL;
    case OP_IN:
        break;
    }
    return false;
}

bool conditions_hold(const struct engine_settings *settings, const struct rule *rule,
                     const struct engine_purchase *purchase)
{
    const struct condition *conditions = &settings->conditions[rule->condition_first];
    for (size_t i = 0; i < rule->condition_count; i++) {
        if (!holds(settings, &conditions[i], purchase))
            return false;
    }
    return true;
}

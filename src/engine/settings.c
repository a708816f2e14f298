// SPDX-License-Identifier: Apache-2.0
#include "engine/settings.h"

#include <inttypes.h>
#include <math.h>

#include "base/assert.h"

_Static_assert(SPAN_MS_MAX <= INT64_MAX / 1000, "sums of a few spans, as 2W + g, fit int64");
_Static_assert(EVENTS_PER_CARD_MAX + 1 + OPEN_WINDOWS_MAX <= 65535 * 3 / 4,
               "a full card's block has a quarter of dead room, so insertions stay cheap");

static enum status check_span(size_t number, const char *what, int64_t value_ms, int64_t least_ms,
                              struct error *err)
{
    if (value_ms >= least_ms && value_ms <= SPAN_MS_MAX)
        return STATUS_OK;
    return error_set(err, STATUS_FATAL,
                     "rule %zu: %s is %" PRId64 ", but must be %" PRId64 " to %" PRId64
                     " (366 days)",
                     number, what, value_ms, least_ms, (int64_t)SPAN_MS_MAX);
}

// How many windows of a tumbling rule can be open at once.
static int64_t open_windows(const struct rule *rule)
{
    return rule->grace_ms / rule->window_ms + 2;
}

static enum status check_tumbling(const struct rule *rule, size_t number, struct error *err)
{
    if (rule->threshold < 1 || rule->threshold > TUMBLING_THRESHOLD_MAX)
        return error_set(err, STATUS_FATAL,
                         "rule %zu: threshold is %" PRIu32 ", but must be 1 to %" PRIu32
                         " for a tumbling window",
                         number, rule->threshold, (uint32_t)TUMBLING_THRESHOLD_MAX);
    if (open_windows(rule) > WINDOWS_PER_CARD_MAX)
        return error_set(err, STATUS_FATAL,
                         "rule %zu: grace_ms %" PRId64 " keeps %" PRId64 " windows of %" PRId64
                         " ms open, but at most %d are allowed; take a "
                         "shorter grace or a longer window",
                         number, rule->grace_ms, open_windows(rule), rule->window_ms,
                         (int)WINDOWS_PER_CARD_MAX);
    return STATUS_OK;
}

static enum status check_sliding(const struct rule *rule, size_t number, uint32_t events_max,
                                 struct error *err)
{
    if (rule->threshold >= 2 && rule->threshold <= events_max)
        return STATUS_OK;
    return error_set(err, STATUS_FATAL,
                     "rule %zu: threshold is %" PRIu32 ", but must be 2 to max_events_per_card "
                     "(%" PRIu32 ") for a sliding window",
                     number, rule->threshold, events_max);
}

static enum status check_sum(const struct rule *rule, size_t number, struct error *err)
{
    if (rule->limit >= 1 && rule->limit <= AMOUNT_UNITS_MAX)
        return STATUS_OK;
    return error_set(err, STATUS_FATAL,
                     "rule %zu: limit is %" PRId64 " ten-thousandths, but must be 1 to %" PRId64,
                     number, rule->limit, (int64_t)AMOUNT_UNITS_MAX);
}

static enum status check_travel(const struct rule *rule, size_t number, struct error *err)
{
    if (!isnan(rule->min_distance))
        return STATUS_OK;
    return error_set(err, STATUS_FATAL, "rule %zu: min_distance is not a number", number);
}

// The lists are made by the program, not by users.
static void ensure_conditions(const struct engine_settings *settings, const struct rule *rule)
{
    ensure(rule->condition_first + rule->condition_count <= CONDITIONS_MAX);
    for (size_t i = 0; i < rule->condition_count; i++) {
        const struct condition *condition = &settings->conditions[rule->condition_first + i];
        ensure(condition->operand_count > 0);
        ensure(condition->operand_count == 1 || condition->op == OP_IN);
        ensure(condition->operand_first + condition->operand_count <= OPERANDS_MAX);
    }
}

static enum status check_rule(const struct engine_settings *settings, size_t index,
                              struct error *err)
{
    const struct rule *rule = &settings->rules[index];
    size_t number = index + 1;
    ensure_conditions(settings, rule);
    if (rule->kind == RULE_TRAVEL)
        return check_travel(rule, number, err);
    enum status status = check_span(number, "window_ms", rule->window_ms, 1, err);
    if (status == STATUS_OK)
        status = check_span(number, "grace_ms", rule->grace_ms, 0, err);
    if (status != STATUS_OK)
        return status;
    if (rule->kind == RULE_TUMBLING)
        return check_tumbling(rule, number, err);
    if (rule->kind == RULE_SUM)
        return check_sum(rule, number, err);
    return check_sliding(rule, number, settings->max_events_per_card, err);
}

static enum status check_totals(const struct engine_settings *settings, struct error *err)
{
    if (settings->rule_count > RULES_MAX)
        return error_set(err, STATUS_FATAL, "there are %zu rules, but at most %d are allowed",
                         settings->rule_count, (int)RULES_MAX);
    if (settings->max_future_ms < 0)
        return error_set(err, STATUS_FATAL, "max_future_ms is %" PRId64 ", but must be 0 or more",
                         settings->max_future_ms);
    if (settings->max_events_per_card < 1 || settings->max_events_per_card > EVENTS_PER_CARD_MAX)
        return error_set(err, STATUS_FATAL,
                         "max_events_per_card is %" PRIu32 ", but must be 1 to %d",
                         settings->max_events_per_card, (int)EVENTS_PER_CARD_MAX);
    return STATUS_OK;
}

static enum status check_open_windows(const struct engine_settings *settings, struct error *err)
{
    int64_t total = 0;
    for (size_t r = 0; r < settings->rule_count; r++)
        total += settings->rules[r].kind == RULE_TUMBLING ? open_windows(&settings->rules[r]) : 0;
    if (total <= OPEN_WINDOWS_MAX)
        return STATUS_OK;
    return error_set(err, STATUS_FATAL,
                     "the tumbling rules together keep up to %" PRId64
                     " windows a card open, but at most %d are allowed; take shorter graces or "
                     "longer windows",
                     total, (int)OPEN_WINDOWS_MAX);
}

enum status settings_check(const struct engine_settings *settings, struct error *err)
{
    enum status status = check_totals(settings, err);
    for (size_t r = 0; status == STATUS_OK && r < settings->rule_count; r++)
        status = check_rule(settings, r, err);
    if (status == STATUS_OK)
        status = check_open_windows(settings, err);
    return status;
}

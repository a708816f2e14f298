// SPDX-License-Identifier: Apache-2.0
#include "cli/rule_words.h"

#include <inttypes.h>

#include "config/where.h"

static const char *const comparisons[] = {
    [CONFIG_OP_EQ] = "is",         [CONFIG_OP_NE] = "is not",   [CONFIG_OP_LT] = "is below",
    [CONFIG_OP_LE] = "is at most", [CONFIG_OP_GT] = "is above", [CONFIG_OP_GE] = "is at least",
    [CONFIG_OP_IN] = "is one of",
};

// In the largest unit that has no remainder: "90 s", "1 min", "24 h", "250 ms".
static bool add_span(struct buffer *out, int64_t ms)
{
    static const struct {
        int64_t ms;
        const char *name;
    } units[] = {{3600000, "h"}, {60000, "min"}, {1000, "s"}};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (ms > 0 && ms % units[i].ms == 0)
            return buffer_append_format(out, "%" PRId64 " %s", ms / units[i].ms, units[i].name);
    return buffer_append_format(out, "%" PRId64 " ms", ms);
}

static bool add_text(struct buffer *out, const char *text)
{
    bool fits = buffer_append_byte(out, '"');
    for (; *text != '\0'; text++) {
        uint8_t byte = (uint8_t)*text;
        fits = fits && buffer_append_byte(out, byte < ' ' || byte == 0x7f ? '?' : byte);
    }
    return fits && buffer_append_byte(out, '"');
}

static bool add_value(struct buffer *out, enum config_field field, const struct config_value *value)
{
    switch (field) {
    case CONFIG_FIELD_CATEGORY:
        return add_text(out, value->text);
    case CONFIG_FIELD_ID:
    case CONFIG_FIELD_TIMESTAMP:
        return buffer_append_format(out, "%" PRId64, value->integer);
    case CONFIG_FIELD_AMOUNT:
    case CONFIG_FIELD_DISTANCE:
        break;
    }
    return buffer_append_format(out, "%.15g", value->number);
}

static bool add_condition(struct buffer *out, const struct config_condition *condition)
{
    size_t count = condition->value_count;
    size_t shown = count > RULE_WORDS_VALUES_MAX ? RULE_WORDS_VALUES_MAX : count;
    bool fits = buffer_append_format(out, "%s %s ", where_field_name(condition->field),
                                     comparisons[condition->op]);
    for (size_t i = 0; i < shown; i++)
        fits = fits && buffer_append_format(out, "%s", i == 0 ? "" : ", ") &&
               add_value(out, condition->field, &condition->values[i]);
    if (shown < count)
        fits = fits && buffer_append_format(out, " and %zu others", count - shown);
    return fits;
}

static bool add_conditions(struct buffer *out, const struct config_rule *rule)
{
    bool fits = true;
    for (size_t i = 0; i < rule->where_count; i++)
        fits = fits && buffer_append_format(out, "%s", i == 0 ? "; only where " : " and ") &&
               add_condition(out, &rule->where[i]);
    return fits;
}

static bool add_window(struct buffer *out, const struct config_rule *rule)
{
    bool tumbling = rule->type == CONFIG_RULE_COUNT && rule->window == CONFIG_WINDOW_TUMBLING;
    bool fits = buffer_append_format(out, tumbling ? " in one of the windows of " : " within ") &&
                add_span(out, rule->window_ms) &&
                buffer_append_format(out, tumbling ? " side by side" : "");
    if (rule->grace_ms == 0)
        return fits;
    return fits && buffer_append_format(out, ", late ones taken for another ") &&
           add_span(out, rule->grace_ms);
}

static bool add_level(struct buffer *out, const struct config_rule *rule)
{
    switch (rule->type) {
    case CONFIG_RULE_COUNT:
        return buffer_append_format(out, "%" PRId64 " purchase%s of a card", rule->threshold,
                                    rule->threshold == 1 ? "" : "s");
    case CONFIG_RULE_SUM:
        return buffer_append_format(out, "purchases of a card that add up to %.15g", rule->limit);
    case CONFIG_RULE_DISTINCT:
        return buffer_append_format(out,
                                    "purchases of a card with %" PRId64 " different values of "
                                    "%s",
                                    rule->threshold, where_field_name(rule->field));
    case CONFIG_RULE_TRAVEL:
        break;
    }
    return buffer_append_format(out,
                                "one purchase %.15g or more from the billing address, of a "
                                "card that is not travelling",
                                rule->min_distance);
}

bool rule_words(const struct config_rule *rule, struct buffer *out)
{
    bool windowed = rule->type != CONFIG_RULE_TRAVEL;
    return add_level(out, rule) && (!windowed || add_window(out, rule)) &&
           add_conditions(out, rule);
}

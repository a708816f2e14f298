// SPDX-License-Identifier: Apache-2.0
// From the configured rules to the engine's, to the fields that they read and to the fingerprint of
// what they give its meaning.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "engine/fact.h"
#include "stream/setup.h"
#include "wire/purchase.h"

enum { FINGERPRINT_TEXT_BYTES_MAX = 256 * 1024 };

static struct rule rule_of(const struct config_rule *rule)
{
    struct rule out = {.window_ms = rule->window_ms, .grace_ms = rule->grace_ms};
    switch (rule->type) {
    case CONFIG_RULE_COUNT:
        out.kind = rule->window == CONFIG_WINDOW_TUMBLING ? RULE_TUMBLING : RULE_SLIDING;
        out.threshold = (uint32_t)rule->threshold;
        return out;
    case CONFIG_RULE_SUM:
        out.kind = RULE_SUM;
        out.limit = amount_units(rule->limit);
        return out;
    case CONFIG_RULE_DISTINCT:
        out.kind = RULE_DISTINCT;
        out.threshold = (uint32_t)rule->threshold;
        out.field = (enum field)rule->field;
        return out;
    case CONFIG_RULE_TRAVEL:
        break;
    }
    return (struct rule){.kind = RULE_TRAVEL, .min_distance = rule->min_distance};
}

// How much of the settings' lists is in use.
struct filling {
    size_t conditions;
    size_t operands;
};

static bool add_condition(const struct config_condition *from, struct engine_settings *settings,
                          struct filling *filling)
{
    if (filling->conditions == CONDITIONS_MAX ||
        from->value_count > OPERANDS_MAX - filling->operands)
        return false;
    settings->conditions[filling->conditions++] =
        (struct condition){.field = (enum field)from->field,
                           .op = (enum condition_op)from->op,
                           .operand_first = (uint16_t)filling->operands,
                           .operand_count = (uint16_t)from->value_count};
    for (size_t i = 0; i < from->value_count; i++)
        settings->operands[filling->operands++] = (struct operand){
            view_text(from->values[i].text), from->values[i].number, from->values[i].integer};
    return true;
}

static bool add_rule(const struct config_rule *from, struct engine_settings *settings, size_t index,
                     struct filling *filling)
{
    struct rule *rule = &settings->rules[index];
    *rule = rule_of(from);
    rule->condition_first = (uint16_t)filling->conditions;
    rule->condition_count = (uint16_t)from->where_count;
    for (size_t i = 0; i < from->where_count; i++) {
        if (!add_condition(&from->where[i], settings, filling))
            return false;
    }
    return true;
}

_Static_assert((int)CONFIG_FIELD_CATEGORY == FIELD_CATEGORY &&
                   (int)CONFIG_FIELD_AMOUNT == FIELD_AMOUNT &&
                   (int)CONFIG_FIELD_DISTANCE == FIELD_DISTANCE &&
                   (int)CONFIG_FIELD_ID == FIELD_ID &&
                   (int)CONFIG_FIELD_TIMESTAMP == FIELD_TIMESTAMP,
               "fields are numbered alike");
_Static_assert((int)CONFIG_OP_EQ == OP_EQ && (int)CONFIG_OP_NE == OP_NE &&
                   (int)CONFIG_OP_LT == OP_LT && (int)CONFIG_OP_LE == OP_LE &&
                   (int)CONFIG_OP_GT == OP_GT && (int)CONFIG_OP_GE == OP_GE &&
                   (int)CONFIG_OP_IN == OP_IN,
               "operators are numbered alike");

enum status setup_engine(const struct config *config, struct engine *engine, struct error *err)
{
    struct engine_settings settings = {
        .rule_count = config->rule_count,
        .dedupe = config->processing.dedupe,
        .count_purchases = config->topics.purchase_counts[0] != '\0',
        .track_offsets = config->processing.guarantee == CONFIG_AT_LEAST_ONCE,
        .max_future_ms = config->processing.max_future_ms,
        .max_events_per_card = (uint32_t)config->state.max_events_per_card,
    };
    ensure(config->rule_count <= RULES_MAX);
    struct filling filling = {0};
    for (size_t i = 0; i < config->rule_count; i++) {
        if (!add_rule(&config->rules[i], &settings, i, &filling))
            return error_set(err, STATUS_FATAL,
                             "the rules' where lists hold more than %d conditions or %d values "
                             "together; take fewer",
                             (int)CONDITIONS_MAX, (int)OPERANDS_MAX);
    }
    return engine_init(engine, &settings, err);
}

static const uint32_t decoded_fields[] = {
    [FIELD_CATEGORY] = PURCHASE_CATEGORY,   [FIELD_AMOUNT] = PURCHASE_AMOUNT,
    [FIELD_DISTANCE] = PURCHASE_DISTANCE,   [FIELD_ID] = PURCHASE_ID,
    [FIELD_TIMESTAMP] = PURCHASE_TIMESTAMP,
};

static uint32_t rule_fields(const struct engine_settings *settings, const struct rule *rule)
{
    uint32_t needed = 0;
    for (size_t i = 0; i < rule->condition_count; i++)
        needed |= decoded_fields[settings->conditions[rule->condition_first + i].field];
    if (rule->kind == RULE_TRAVEL)
        needed |= PURCHASE_DISTANCE;
    if (rule->kind == RULE_SUM)
        needed |= PURCHASE_AMOUNT;
    if (rule->kind == RULE_DISTINCT)
        needed |= decoded_fields[rule->field];
    return needed;
}

uint32_t setup_needed_fields(const struct engine_settings *settings)
{
    uint32_t needed = PURCHASE_CREDIT_CARD | PURCHASE_TIMESTAMP;
    needed |= settings->dedupe ? PURCHASE_ID : 0;
    for (size_t i = 0; i < settings->rule_count; i++)
        needed |= rule_fields(settings, &settings->rules[i]);
    return needed;
}

static int by_text(const void *left, const void *right)
{
    return view_order(buffer_view(left), buffer_view(right));
}

static void append_operand(enum field field, const struct operand *operand, struct buffer *out)
{
    bool done = false;
    switch (field) {
    case FIELD_CATEGORY:
        done = buffer_append_format(out, " %zu:%.*s", operand->text.size, (int)operand->text.size,
                                    (const char *)operand->text.data);
        break;
    case FIELD_AMOUNT:
    case FIELD_DISTANCE:
        done = buffer_append_format(out, " %.17g", operand->number + 0.0);
        break;
    case FIELD_ID:
    case FIELD_TIMESTAMP:
        done = buffer_append_format(out, " %" PRId64, operand->integer);
        break;
    }
    ensure(done);
}

// Sorts the texts and appends each once.
static void append_sorted(struct buffer *texts, size_t count, struct buffer *out)
{
    qsort(texts, count, sizeof(*texts), by_text);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || by_text(&texts[i - 1], &texts[i]) != 0)
            ensure(buffer_append(out, texts[i].data, texts[i].size));
    }
}

static void release_texts(struct buffer *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buffer_release(&texts[i]);
    free(texts);
}

static struct buffer *texts_of(size_t count)
{
    struct buffer *texts = memory_zeroed(count, sizeof(*texts));
    for (size_t i = 0; i < count; i++)
        buffer_init(&texts[i], FINGERPRINT_TEXT_BYTES_MAX);
    return texts;
}

// One way to say what can be said in several: `in` with one value is `eq`; the order of values does
// not matter, nor one that is given twice.
static void append_condition(const struct engine_settings *settings,
                             const struct condition *condition, struct buffer *out)
{
    struct buffer *texts = texts_of(condition->operand_count);
    bool one = condition->op == OP_IN && condition->operand_count == 1;
    ensure(buffer_append_format(out, " where %d %d", (int)condition->field,
                                (int)(one ? OP_EQ : condition->op)));
    for (size_t i = 0; i < condition->operand_count; i++)
        append_operand(condition->field, &settings->operands[condition->operand_first + i],
                       &texts[i]);
    append_sorted(texts, condition->operand_count, out);
    release_texts(texts, condition->operand_count);
}

static void append_conditions(const struct engine_settings *settings, const struct rule *rule,
                              struct buffer *out)
{
    if (rule->condition_count == 0)
        return;
    struct buffer *texts = texts_of(rule->condition_count);
    for (size_t i = 0; i < rule->condition_count; i++)
        append_condition(settings, &settings->conditions[rule->condition_first + i], &texts[i]);
    append_sorted(texts, rule->condition_count, out);
    release_texts(texts, rule->condition_count);
}

static void append_rule(const struct engine_settings *settings, const struct rule *rule,
                        struct buffer *out)
{
    ensure(buffer_append_format(out, "; kind=%d window_ms=%" PRId64 " grace_ms=%" PRId64,
                                (int)rule->kind, rule->window_ms, rule->grace_ms));
    if (rule->kind == RULE_SUM)
        ensure(buffer_append_format(out, " limit=%" PRId64, rule->limit));
    else
        ensure(buffer_append_format(out, " threshold=%" PRIu32, rule->threshold));
    if (rule->kind == RULE_DISTINCT)
        ensure(buffer_append_format(out, " field=%d", (int)rule->field));
    append_conditions(settings, rule, out);
}

void setup_fingerprint(const struct engine_settings *settings, const struct token_key *key,
                       uint8_t out[FINGERPRINT_BYTES])
{
    struct buffer text;
    buffer_init(&text, FINGERPRINT_TEXT_BYTES_MAX);
    ensure(buffer_append_format(&text, "1 dedupe=%d max_future_ms=%" PRId64 " max_events=%" PRIu32,
                                settings->dedupe, settings->max_future_ms,
                                settings->max_events_per_card));
    for (size_t i = 0; i < settings->rule_count; i++) {
        if (rule_is_windowed(settings->rules[i].kind)) // others keep no state
            append_rule(settings, &settings->rules[i], &text);
    }
    if (settings->count_purchases)
        ensure(buffer_append_format(&text, "; purchase_counts"));
    struct token token;
    _Static_assert(sizeof(token.bytes) == FINGERPRINT_BYTES, "a token serves as fingerprint");
    token_of(key, buffer_view(&text), &token);
    memcpy(out, token.bytes, FINGERPRINT_BYTES);
    buffer_release(&text);
}

// SPDX-License-Identifier: Apache-2.0
#include "config/where.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "config/value.h"

enum { HAS_FIELD = 1, HAS_OP = 2, HAS_VALUE = 4 };

static const char *const fields[] = {
    [CONFIG_FIELD_CATEGORY] = "category",
    [CONFIG_FIELD_AMOUNT] = "amount",
    [CONFIG_FIELD_DISTANCE] = "distance_from_billing_zip",
    [CONFIG_FIELD_ID] = "id",
    [CONFIG_FIELD_TIMESTAMP] = "timestamp",
};
static const char *const ops[] = {
    [CONFIG_OP_EQ] = "eq", [CONFIG_OP_NE] = "ne", [CONFIG_OP_LT] = "lt", [CONFIG_OP_LE] = "le",
    [CONFIG_OP_GT] = "gt", [CONFIG_OP_GE] = "ge", [CONFIG_OP_IN] = "in",
};

const char *where_field_name(enum config_field field)
{
    return fields[field];
}

// What is being applied.
struct place {
    struct draft *draft;
    size_t rule;
    const struct flat_entry *entry;
    struct origin origin;
};

static struct config_rule *rule_of(const struct place *place)
{
    return &place->draft->config->rules[place->rule];
}

static bool refuse(const struct place *place, const char *sentence)
{
    place->draft->rule_broken[place->rule] = true;
    mistakes_add(place->draft->mistakes, place->origin, place->entry->path, "%s", sentence);
    return false;
}

static void clear_values(struct config_condition *condition)
{
    for (size_t i = 0; i < condition->value_count; i++)
        free(condition->values[i].text);
    free(condition->values);
    condition->values = NULL;
    condition->value_count = 0;
}

void where_clear(struct config_rule *rule)
{
    for (size_t i = 0; i < rule->where_count; i++)
        clear_values(&rule->where[i]);
    rule->where_count = 0;
}

static bool begin_list(const struct place *place)
{
    if (place->entry->kind != FLAT_LIST)
        return refuse(place, "must be a list of conditions; allowed: "
                             "[{field: category, op: eq, value: Travel}, ...]");
    where_clear(rule_of(place));
    return true;
}

static bool begin_condition(const struct place *place, size_t index)
{
    struct config_rule *rule = rule_of(place);
    if (place->entry->kind != FLAT_MAP)
        return refuse(place, "must be a map; allowed: {field: ..., op: ..., value: ...}");
    if (index != rule->where_count || index == WHERE_MAX)
        return refuse(place, "too many conditions; allowed: 8");
    rule->where[index] = (struct config_condition){.values = NULL};
    rule->where_count++;
    place->draft->condition_origins[place->rule][index] = place->origin;
    place->draft->condition_parts[place->rule][index] = 0;
    return true;
}

// The number of the name in the list; false when it is none of them.
static bool choose(const struct place *place, const char *const *names, size_t count,
                   unsigned *chosen)
{
    for (unsigned i = 0; i < count; i++) {
        if (place->entry->kind != FLAT_SCALAR || strcmp(place->entry->value, names[i]) != 0)
            continue;
        *chosen = i;
        return true;
    }
    return false;
}

static bool set_field(const struct place *place, struct config_condition *condition)
{
    unsigned chosen;
    if (place->entry->kind == FLAT_SCALAR && strcmp(place->entry->value, "credit_card") == 0)
        return refuse(place, "card numbers do not belong into a configuration; allowed: category, "
                             "amount, distance_from_billing_zip, id, timestamp");
    if (!choose(place, fields, sizeof(fields) / sizeof(fields[0]), &chosen))
        return refuse(place, "is no field; allowed: category, amount, distance_from_billing_zip, "
                             "id, timestamp");
    condition->field = (enum config_field)chosen;
    return true;
}

static bool set_op(const struct place *place, struct config_condition *condition)
{
    unsigned chosen;
    if (!choose(place, ops, sizeof(ops) / sizeof(ops[0]), &chosen))
        return refuse(place, "is not known; allowed: eq, ne, lt, le, gt, ge, in");
    condition->op = (enum config_op)chosen;
    return true;
}

static bool add_value(const struct place *place, struct config_condition *condition)
{
    const struct flat_entry *entry = place->entry;
    if (entry->kind != FLAT_SCALAR)
        return refuse(place, "must be a single value");
    if (entry->value_size > WHERE_TEXT_BYTES_MAX || strlen(entry->value) != entry->value_size)
        return refuse(place, "the text is longer than 256 bytes or holds a NUL");
    if (condition->value_count == WHERE_VALUES_MAX)
        return refuse(place, "too many values; allowed: 64");
    size_t at = condition->value_count++;
    condition->values =
        memory_resized(condition->values, condition->value_count, sizeof(*condition->values));
    condition->values[at] = (struct config_value){.text = memory_text(entry->value)};
    return true;
}

static bool set_value(const struct place *place, struct config_condition *condition)
{
    clear_values(condition);
    return place->entry->kind == FLAT_LIST || add_value(place, condition);
}

static bool apply_part(const struct place *place, size_t index, const char *part)
{
    if (index >= rule_of(place)->where_count)
        return refuse(place, "there is no such condition");
    struct config_condition *condition = &rule_of(place)->where[index];
    uint8_t *parts = &place->draft->condition_parts[place->rule][index];
    if (strcmp(part, "field") == 0) {
        *parts |= HAS_FIELD;
        return set_field(place, condition);
    }
    if (strcmp(part, "op") == 0) {
        *parts |= HAS_OP;
        return set_op(place, condition);
    }
    if (strcmp(part, "value") == 0) {
        *parts |= HAS_VALUE;
        return set_value(place, condition);
    }
    if (strncmp(part, "value.", strlen("value.")) == 0)
        return add_value(place, condition);
    return refuse(place, "unknown key; allowed: field, op, value");
}

bool where_apply(struct draft *draft, size_t rule, const char *rest, const struct flat_entry *entry,
                 struct origin origin)
{
    const struct place place = {draft, rule, entry, origin};
    if (rest[0] == '\0')
        return begin_list(&place);
    size_t digits = strspn(rest + 1, "0123456789");
    if (digits == 0 || digits > 4 || (rest[1 + digits] != '\0' && rest[1 + digits] != '.'))
        return refuse(&place, "unknown key; allowed: a list of conditions");
    size_t index = (size_t)strtoul(rest + 1, NULL, 10);
    if (rest[1 + digits] == '\0')
        return begin_condition(&place, index);
    return apply_part(&place, index, rest + 2 + digits);
}

static void complain(struct draft *draft, size_t rule, size_t index, const char *sentence,
                     const char *about)
{
    char name[64];
    snprintf(name, sizeof(name), "rules.%zu.where.%zu", rule, index);
    mistakes_add(draft->mistakes, draft->condition_origins[rule][index], name, "'%.60s' %s", about,
                 sentence);
}

// Gives a value the field's type; the sentence says why it cannot.
static const char *value_type(enum config_field field, struct config_value *value)
{
    struct view text = view_text(value->text);
    switch (field) {
    case CONFIG_FIELD_CATEGORY:
        return NULL;
    case CONFIG_FIELD_AMOUNT:
    case CONFIG_FIELD_DISTANCE:
        return value_read_number(text, &value->number) ? NULL : "is not a number, as the field is";
    case CONFIG_FIELD_ID:
    case CONFIG_FIELD_TIMESTAMP:
        return value_read_integer(text, &value->integer) ? NULL
                                                         : "is not an integer, as the field is";
    }
    return NULL;
}

static void check_condition(struct draft *draft, size_t rule, size_t index)
{
    struct config_condition *condition = &draft->config->rules[rule].where[index];
    uint8_t parts = draft->condition_parts[rule][index];
    if (parts != (HAS_FIELD | HAS_OP | HAS_VALUE) || condition->value_count == 0) {
        complain(draft, rule, index, "is missing; needed: field, op, value",
                 (parts & HAS_FIELD) == 0 ? "field"
                 : (parts & HAS_OP) == 0  ? "op"
                                          : "value");
        return;
    }
    bool is_text = condition->field == CONFIG_FIELD_CATEGORY;
    if (is_text && condition->op >= CONFIG_OP_LT && condition->op <= CONFIG_OP_GE)
        complain(draft, rule, index, "does not compare texts; allowed for category: eq, ne, in",
                 ops[condition->op]);
    if (condition->value_count > 1 && condition->op != CONFIG_OP_IN)
        complain(draft, rule, index, "takes one value; a list is for in", ops[condition->op]);
    for (size_t i = 0; i < condition->value_count; i++) {
        const char *wrong = value_type(condition->field, &condition->values[i]);
        if (wrong != NULL)
            complain(draft, rule, index, wrong, condition->values[i].text);
    }
}

void where_check(struct draft *draft, size_t rule)
{
    for (size_t i = 0; i < draft->config->rules[rule].where_count; i++)
        check_condition(draft, rule, i);
}

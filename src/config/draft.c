// SPDX-License-Identifier: Apache-2.0
#include "config/draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "config/value.h"
#include "config/where.h"

// The entry that is being applied, and those behind it.
struct cursor {
    struct draft *draft;
    const struct flat *flat;
    struct view source;
    size_t at;
};

static const struct flat_entry *entry_of(const struct cursor *cursor)
{
    return &cursor->flat->entries[cursor->at];
}

static struct origin origin_of(const struct cursor *cursor)
{
    return (struct origin){cursor->source, entry_of(cursor)->line};
}

static struct view value_of(const struct flat_entry *entry)
{
    return (struct view){(const uint8_t *)entry->value, entry->value_size};
}

// Passes over the entries that come next and lie below the path.
static void skip_below(struct cursor *cursor, const char *path)
{
    size_t size = strlen(path);
    while (cursor->at + 1 < cursor->flat->count) {
        const char *next = cursor->flat->entries[cursor->at + 1].path;
        if (strncmp(next, path, size) != 0 || next[size] != '.')
            return;
        cursor->at++;
    }
}

static void skip_inside(struct cursor *cursor)
{
    skip_below(cursor, entry_of(cursor)->path);
}

static void refuse_unknown(struct cursor *cursor)
{
    struct view path = view_text(entry_of(cursor)->path);
    const char *close = key_suggestion(path);
    if (close == NULL)
        mistakes_add(cursor->draft->mistakes, origin_of(cursor), entry_of(cursor)->path,
                     "unknown key; `cardwatch help config` lists them");
    else
        mistakes_add(cursor->draft->mistakes, origin_of(cursor), entry_of(cursor)->path,
                     "unknown key; did you mean %s?", close);
    skip_inside(cursor);
}

// Sets a single value. YAML's null is empty text, and a mistake for everything else.
static bool set_value(struct cursor *cursor, const struct key *key, void *base)
{
    const struct flat_entry *entry = entry_of(cursor);
    struct mistakes *mistakes = cursor->draft->mistakes;
    if (entry->kind == FLAT_MAP || entry->kind == FLAT_LIST) {
        mistakes_add(mistakes, origin_of(cursor), entry->path,
                     "must be a single value (%s), not %s", key_shown(key)->kind,
                     entry->kind == FLAT_MAP ? "a map" : "a list");
        skip_inside(cursor);
        return false;
    }
    if (entry->kind == FLAT_NULL && key->type != KEY_TEXT) {
        mistakes_add(mistakes, origin_of(cursor), entry->path, "has no value; allowed: %s%s%s",
                     key_shown(key)->kind, key_shown(key)->bounds[0] != '\0' ? ", " : "",
                     key_shown(key)->bounds);
        return false;
    }
    struct view text = entry->kind == FLAT_NULL ? view_text("") : value_of(entry);
    return value_set(key, entry->path, base, text, origin_of(cursor), mistakes);
}

static size_t property_slot(struct draft *draft, const char *name)
{
    struct config *config = draft->config;
    for (size_t i = 0; i < config->kafka_count; i++) {
        if (strcmp(config->kafka[i].name, name) == 0)
            return i;
    }
    if (config->kafka_count == KAFKA_PROPERTIES_MAX)
        return KAFKA_PROPERTIES_MAX;
    size_t slot = config->kafka_count++;
    config->kafka = memory_resized(config->kafka, config->kafka_count, sizeof(*config->kafka));
    config->kafka[slot] = (struct config_property){memory_text(name), memory_text("")};
    return slot;
}

static void set_property(struct draft *draft, const char *name, struct view value,
                         struct origin origin)
{
    size_t slot = property_slot(draft, name);
    if (slot == KAFKA_PROPERTIES_MAX) {
        mistakes_add(draft->mistakes, origin, name, "too many kafka properties; allowed: %d",
                     KAFKA_PROPERTIES_MAX);
        return;
    }
    free(draft->config->kafka[slot].value);
    draft->config->kafka[slot].value = memory_copy(value.data, value.size);
    draft->kafka_origins[slot] = origin;
}

static void apply_property(struct cursor *cursor)
{
    const struct flat_entry *entry = entry_of(cursor);
    struct mistakes *mistakes = cursor->draft->mistakes;
    if (entry->kind == FLAT_MAP)
        return; // its entries follow
    if (entry->kind != FLAT_SCALAR) {
        mistakes_add(mistakes, origin_of(cursor), entry->path, "%s; allowed: a single value",
                     entry->kind == FLAT_LIST ? "is a list" : "has no value");
        skip_inside(cursor);
        return;
    }
    if (memchr(entry->value, '\0', entry->value_size) != NULL) {
        mistakes_add(mistakes, origin_of(cursor), entry->path, "the text holds a NUL");
        return;
    }
    set_property(cursor->draft, entry->path + strlen("kafka."), value_of(entry), origin_of(cursor));
}

void config_rules_clear(struct config *config)
{
    for (size_t i = 0; i < config->rule_count; i++) {
        where_clear(&config->rules[i]);
        free(config->rules[i].name);
    }
    memset(config->rules, 0, sizeof(config->rules));
    config->rule_count = 0;
}

static size_t add_rule(struct draft *draft, struct origin origin)
{
    struct config *config = draft->config;
    ensure(config->rule_count < RULES_MAX);
    size_t index = config->rule_count++;
    struct config_rule *rule = &config->rules[index];
    *rule = (struct config_rule){
        .name = memory_text(""), .window_ms = 60000, .threshold = 3, .min_distance = 2000};
    for (size_t i = 0; i < KEYS_MAX; i++)
        draft->rule_origins[index][i] = origin;
    memset(draft->rule_given[index], 0, sizeof(draft->rule_given[index]));
    draft->rule_broken[index] = false;
    return index;
}

static void break_rule(struct cursor *cursor, size_t index, const char *why)
{
    cursor->draft->rule_broken[index] = true;
    mistakes_add(cursor->draft->mistakes, origin_of(cursor), entry_of(cursor)->path, "%s", why);
    skip_inside(cursor);
}

// An item of the list: "rules.0".
static void apply_rule(struct cursor *cursor)
{
    struct draft *draft = cursor->draft;
    if (draft->config->rule_count == RULES_MAX) {
        mistakes_add(draft->mistakes, origin_of(cursor), "rules", "too many rules; allowed: %d",
                     RULES_MAX);
        skip_below(cursor, "rules");
        return;
    }
    size_t index = add_rule(draft, origin_of(cursor));
    if (entry_of(cursor)->kind != FLAT_MAP)
        break_rule(cursor, index, "must be a map; allowed: {name: ..., window_ms: ...}");
}

static void apply_rule_key(struct cursor *cursor, size_t index, const char *field)
{
    struct draft *draft = cursor->draft;
    const struct flat_entry *entry = entry_of(cursor);
    bool is_where = strncmp(field, "where", 5) == 0 && (field[5] == '\0' || field[5] == '.');
    const struct key *key = is_where ? NULL : key_find_rule(view_text(field));
    if (index >= draft->config->rule_count) {
        mistakes_add(draft->mistakes, origin_of(cursor), entry->path,
                     "there is no rule %zu; allowed: 0 .. %zu", index,
                     draft->config->rule_count - 1);
        skip_inside(cursor);
        return;
    }
    if (is_where) {
        if (!where_apply(draft, index, field + strlen("where"), entry, origin_of(cursor)))
            skip_inside(cursor);
        return;
    }
    if (key == NULL) {
        refuse_unknown(cursor);
        return;
    }
    draft->rule_given[index][key_index(key)] = true;
    if (set_value(cursor, key, &draft->config->rules[index]))
        draft->rule_origins[index][key_index(key)] = origin_of(cursor);
    else
        draft->rule_broken[index] = true;
}

static void apply_rules(struct cursor *cursor)
{
    const struct flat_entry *entry = entry_of(cursor);
    struct draft *draft = cursor->draft;
    if (entry->kind != FLAT_LIST) {
        mistakes_add(draft->mistakes, origin_of(cursor), entry->path,
                     "must be a list of rules; allowed: [{name: ..., window_ms: ...}, ...]");
        skip_inside(cursor);
        return;
    }
    config_rules_clear(draft->config);
    draft->origins[key_index(key_find(view_text("rules")))] = origin_of(cursor);
}

// "rules.3" and "rules.3.name": false when the path is neither.
static bool split_rule_path(const char *path, size_t *index, const char **field)
{
    const char *at = path + strlen("rules.");
    size_t digits = strspn(at, "0123456789");
    if (digits == 0 || digits > 4 || (at[digits] != '.' && at[digits] != '\0'))
        return false;
    *index = (size_t)strtoul(at, NULL, 10);
    *field = at[digits] == '.' ? at + digits + 1 : NULL;
    return true;
}

static void apply_below_rules(struct cursor *cursor)
{
    size_t index;
    const char *field;
    if (!split_rule_path(entry_of(cursor)->path, &index, &field)) {
        refuse_unknown(cursor);
        return;
    }
    if (field != NULL)
        apply_rule_key(cursor, index, field);
    else if (cursor->at > 0 && index == cursor->draft->config->rule_count)
        apply_rule(cursor);
    else
        refuse_unknown(cursor);
}

static void apply_entry(struct cursor *cursor)
{
    const struct flat_entry *entry = entry_of(cursor);
    struct draft *draft = cursor->draft;
    const struct key *key = key_find(view_text(entry->path));
    if (entry->path[0] == '\0')
        return; // the document itself
    if (strncmp(entry->path, "kafka.", strlen("kafka.")) == 0) {
        apply_property(cursor);
    } else if (strncmp(entry->path, "rules.", strlen("rules.")) == 0) {
        apply_below_rules(cursor);
    } else if (key != NULL && key->type == KEY_LIST) {
        apply_rules(cursor);
    } else if (key != NULL) {
        if (set_value(cursor, key, draft->config))
            draft->origins[key_index(key)] = origin_of(cursor);
    } else if (!key_is_section(view_text(entry->path))) {
        refuse_unknown(cursor);
    } else if (entry->kind == FLAT_SCALAR || entry->kind == FLAT_LIST) {
        mistakes_add(draft->mistakes, origin_of(cursor), entry->path,
                     "holds keys, so it must be a map");
        skip_inside(cursor);
    }
}

void draft_apply(struct draft *draft, const struct flat *flat, struct view source)
{
    struct cursor cursor = {draft, flat, source, 0};
    for (; cursor.at < flat->count; cursor.at++)
        apply_entry(&cursor);
}

static void apply_default(struct draft *draft, const struct key *key)
{
    const char *fallback = key_shown(key)->fallback;
    struct origin origin = {view_text("default"), 0};
    draft->origins[key_index(key)] = origin;
    if (key->type == KEY_PROPERTIES || key->type == KEY_LIST ||
        strncmp(key_shown(key)->name, "rules.", strlen("rules.")) == 0)
        return;
    // A default in angle brackets follows from other keys: draft_complete.
    bool set = value_set(key, key_shown(key)->name, draft->config,
                         view_text(fallback[0] == '<' ? "" : fallback), origin, draft->mistakes);
    ensure(set);
}

void draft_init(struct draft *draft, struct config *config, struct mistakes *mistakes)
{
    size_t count;
    const struct key *keys = key_rows(&count);
    struct origin origin = {view_text("default"), 0};
    memset(config, 0, sizeof(*config));
    memset(draft, 0, sizeof(*draft));
    draft->config = config;
    draft->mistakes = mistakes;
    for (size_t i = 0; i < count; i++)
        apply_default(draft, &keys[i]);
    size_t rule = add_rule(draft, origin);
    free(config->rules[rule].name);
    config->rules[rule].name = memory_text("high_purchase_count");
}

static bool has_property(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->kafka_count; i++) {
        if (strcmp(config->kafka[i].name, name) == 0)
            return true;
    }
    return false;
}

void draft_complete(struct draft *draft)
{
    struct config *config = draft->config;
    struct origin origin = {view_text("default"), 0};
    if (!has_property(config, "bootstrap.servers") && !has_property(config, "metadata.broker.list"))
        set_property(draft, "bootstrap.servers", view_text("localhost:9092"), origin);
    if (config->topics.dead_letters[0] == '\0') {
        size_t size = strlen(config->application_id) + sizeof("-dead-letters");
        free(config->topics.dead_letters);
        config->topics.dead_letters = memory_zeroed(size, 1);
        snprintf(config->topics.dead_letters, size, "%s-dead-letters", config->application_id);
    }
}

struct origin draft_rule_origin(const struct draft *draft, size_t index, const char *field)
{
    const struct key *key = key_find_rule(view_text(field));
    ensure(key != NULL && index < draft->config->rule_count);
    return draft->rule_origins[index][key_index(key)];
}

bool draft_rule_gives(const struct draft *draft, size_t index, const char *field)
{
    const struct key *key = key_find_rule(view_text(field));
    ensure(key != NULL && index < draft->config->rule_count);
    return draft->rule_given[index][key_index(key)];
}

struct origin draft_origin(const struct draft *draft, const char *name)
{
    const struct key *key = key_find(view_text(name));
    ensure(key != NULL);
    return draft->origins[key_index(key)];
}

// SPDX-License-Identifier: Apache-2.0
#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/file.h"
#include "config/draft.h"
#include "config/keys.h"

static const char environment_prefix[] = "CARDWATCH_";

static void apply_yaml(struct draft *draft, struct view yaml, const char *root, struct view source)
{
    struct flat flat;
    flat_init(&flat);
    flat_read(&flat, yaml, root, source, draft->mistakes);
    draft_apply(draft, &flat, source);
    flat_release(&flat);
}

static void apply_file(struct draft *draft, const char *path)
{
    struct buffer text;
    struct error err;
    bool found;
    buffer_init(&text, YAML_BYTES_MAX);
    if (file_read(path, &text, &found, &err) != STATUS_OK)
        mistakes_add(draft->mistakes, (struct origin){view_text(""), 0}, "", "%s", err.text);
    else if (!found)
        mistakes_add(draft->mistakes, (struct origin){view_text(path), 0}, "",
                     "there is no such file");
    else
        apply_yaml(draft, buffer_view(&text), "", view_text(path));
    buffer_release(&text);
}

// "rules.0.where"
static bool is_where(struct view key)
{
    static const char front[] = "rules.";
    static const char back[] = ".where";
    return key.size > sizeof(front) - 1 + sizeof(back) - 1 && key.size <= FLAT_PATH_BYTES_MAX &&
           memcmp(key.data, front, sizeof(front) - 1) == 0 &&
           memcmp(key.data + key.size - (sizeof(back) - 1), back, sizeof(back) - 1) == 0;
}

// One override: the value as it stands, but a list of rules or conditions is YAML.
static void apply_override(struct draft *draft, struct view key, struct view value,
                           struct view source)
{
    struct flat flat;
    if (view_equal(key, view_text("rules"))) {
        apply_yaml(draft, value, "rules", source);
        return;
    }
    if (is_where(key)) {
        char path[FLAT_PATH_BYTES_MAX + 1];
        snprintf(path, sizeof(path), "%.*s", (int)key.size, (const char *)key.data);
        apply_yaml(draft, value, path, source);
        return;
    }
    flat_init(&flat);
    flat_add_scalar(&flat, key, value, 0);
    draft_apply(draft, &flat, source);
    flat_release(&flat);
}

static void apply_set(struct draft *draft, const char *set)
{
    const char *equals = strchr(set, '=');
    if (equals == NULL || equals == set) {
        mistakes_add(draft->mistakes, (struct origin){view_text("--set"), 0}, set,
                     "has no value; allowed: --set KEY=VALUE");
        return;
    }
    struct view key = {(const uint8_t *)set, (size_t)(equals - set)};
    if (key.size >= FLAT_PATH_BYTES_MAX) {
        mistakes_add(draft->mistakes, (struct origin){view_text("--set"), 0}, "",
                     "the key is too long");
        return;
    }
    apply_override(draft, key, view_text(equals + 1), view_text("--set"));
}

static bool starts_with(const char *text, const char *front)
{
    return strncmp(text, front, strlen(front)) == 0;
}

// What Kubernetes puts into the environment of every pod beside a service named cardwatch.
static bool is_service_link(const char *rest)
{
    return starts_with(rest, "SERVICE_HOST=") || starts_with(rest, "SERVICE_PORT=") ||
           starts_with(rest, "SERVICE_PORT_") || starts_with(rest, "PORT=") ||
           starts_with(rest, "PORT_");
}

// True when `variable` is the name that the environment has for the key: "LOG_LEVEL".
static bool names_key(struct view variable, const char *key)
{
    if (variable.size != strlen(key))
        return false;
    for (size_t i = 0; i < variable.size; i++) {
        char c = key[i] >= 'a' && key[i] <= 'z' ? (char)(key[i] - 'a' + 'A') : key[i];
        if ((char)variable.data[i] != (c == '.' ? '_' : c))
            return false;
    }
    return true;
}

// Lower case, and '.' for each of the first `dots` underscores; false when it is too long.
static bool lower_path(struct view variable, size_t dots, char *out, size_t size)
{
    if (variable.size >= size)
        return false;
    for (size_t i = 0; i < variable.size; i++) {
        char c = (char)variable.data[i];
        if (c == '_' && dots > 0) {
            c = '.';
            dots--;
        }
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    out[variable.size] = '\0';
    return true;
}

// The key that a variable sets: a row of the table, a property of librdkafka (whose names have dots
// alone), or a key of a rule (RULES_0_WINDOW_MS). False when it is none.
static bool variable_key(struct view variable, char *key, size_t size)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);
    if (variable.size > 6 && memcmp(variable.data, "KAFKA_", 6) == 0)
        return lower_path(variable, SIZE_MAX, key, size);
    if (variable.size > 6 && memcmp(variable.data, "RULES_", 6) == 0)
        return lower_path(variable, 2, key, size);
    for (size_t i = 0; i < count; i++) {
        if (!names_key(variable, keys[i].name))
            continue;
        snprintf(key, size, "%s", keys[i].name);
        return true;
    }
    return false;
}

static void refuse_variable(struct draft *draft, struct view name, struct view rest)
{
    char close[128];
    const char *key = key_suggestion(rest);
    struct origin origin = {name, 0};
    if (key == NULL) {
        mistakes_add(draft->mistakes, origin, "",
                     "names no key; `cardwatch help config` lists them");
        return;
    }
    snprintf(close, sizeof(close), "%s", key);
    for (char *c = close; *c != '\0'; c++)
        *c = *c == '.' ? '_' : *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
    mistakes_add(draft->mistakes, origin, "", "names no key; did you mean %s%s?",
                 environment_prefix, close);
}

static void apply_variable(struct draft *draft, const char *variable)
{
    const size_t front = sizeof(environment_prefix) - 1;
    const char *equals = strchr(variable, '=');
    char key[FLAT_PATH_BYTES_MAX];
    if (equals == NULL || !starts_with(variable, environment_prefix) ||
        is_service_link(variable + front))
        return;
    struct view name = {(const uint8_t *)variable, (size_t)(equals - variable)};
    struct view rest = {name.data + front, name.size - front};
    if (variable_key(rest, key, sizeof(key)))
        apply_override(draft, view_text(key), view_text(equals + 1), name);
    else
        refuse_variable(draft, name, rest);
}

enum status config_load(const struct config_sources *sources, struct config *out,
                        struct buffer *report)
{
    struct mistakes mistakes = {report, 0};
    struct draft draft;
    draft_init(&draft, out, &mistakes);
    ensure(mistakes.count == 0);
    if (sources->file != NULL)
        apply_file(&draft, sources->file);
    for (char *const *at = sources->environment; at != NULL && *at != NULL; at++)
        apply_variable(&draft, *at);
    for (size_t i = 0; i < sources->set_count; i++)
        apply_set(&draft, sources->sets[i]);
    draft_complete(&draft);
    draft_check(&draft);
    mistakes_finish(&mistakes);
    if (mistakes.count == 0)
        return STATUS_OK;
    config_release(out);
    return STATUS_FATAL;
}

static void release_texts(struct config *config)
{
    size_t count;
    const struct key *keys = key_rows(&count);
    for (size_t i = 0; i < count; i++) {
        if (keys[i].type == KEY_TEXT && key_find(view_text(key_shown(&keys[i])->name)) != NULL)
            free(*(char **)((char *)config + keys[i].offset));
    }
}

void config_release(struct config *config)
{
    release_texts(config);
    for (size_t i = 0; i < config->kafka_count; i++) {
        free(config->kafka[i].name);
        free(config->kafka[i].value);
    }
    free(config->kafka);
    config_rules_clear(config);
    memset(config, 0, sizeof(*config));
}

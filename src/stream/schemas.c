// SPDX-License-Identifier: Apache-2.0
#include "stream/schemas.h"

#include <stdlib.h>

#include "base/memory.h"

enum { UNKNOWN_KEPT_MS = 60000, ENTRIES_MAX = 4096 };

struct entry {
    uint32_t id;
    enum schema_verdict verdict;
    struct purchase_plan *plan;
    struct flag_plan *flag;
    char *reason;
    int64_t unknown_until_ms;
};

// Few ids are in use at a time and one almost always: the last hit is looked at first, the rest
// by a scan. Past ENTRIES_MAX (ids made up by broken producers) the table starts anew.
struct schemas {
    struct schema_source source;
    uint32_t needed_fields;
    bool flags; // schemas of travel flags, not of purchases
    struct entry *entries;
    size_t count;
    size_t last;
};

struct schemas *schemas_open(const struct schema_source *source, uint32_t needed_fields)
{
    struct schemas *schemas = memory_zeroed(1, sizeof(*schemas));
    schemas->source = *source;
    schemas->needed_fields = needed_fields;
    return schemas;
}

struct schemas *schemas_open_flags(const struct schema_source *source)
{
    struct schemas *schemas = schemas_open(source, 0);
    schemas->flags = true;
    return schemas;
}

static void forget_all(struct schemas *schemas)
{
    for (size_t i = 0; i < schemas->count; i++) {
        purchase_plan_free(schemas->entries[i].plan);
        flag_plan_free(schemas->entries[i].flag);
        free(schemas->entries[i].reason);
    }
    schemas->count = 0;
    schemas->last = 0;
}

void schemas_close(struct schemas *schemas)
{
    forget_all(schemas);
    free(schemas->entries);
    free(schemas);
}

static struct entry *find(struct schemas *schemas, uint32_t id)
{
    if (schemas->last < schemas->count && schemas->entries[schemas->last].id == id)
        return &schemas->entries[schemas->last];
    for (size_t i = 0; i < schemas->count; i++) {
        if (schemas->entries[i].id != id)
            continue;
        schemas->last = i;
        return &schemas->entries[i];
    }
    return NULL;
}

static struct entry *add(struct schemas *schemas, uint32_t id)
{
    if (schemas->count == ENTRIES_MAX)
        forget_all(schemas);
    schemas->entries =
        memory_resized(schemas->entries, schemas->count + 1, sizeof(*schemas->entries));
    schemas->last = schemas->count++;
    schemas->entries[schemas->last] = (struct entry){.id = id, .verdict = SCHEMA_UNKNOWN};
    return &schemas->entries[schemas->last];
}

static void compile(struct schemas *schemas, struct entry *entry, struct view text)
{
    struct error err;
    enum status status =
        schemas->flags ? flag_plan_compile(text, &entry->flag, &err)
                       : purchase_plan_compile(text, schemas->needed_fields, &entry->plan, &err);
    entry->verdict = status == STATUS_OK ? SCHEMA_READY : SCHEMA_MISMATCH;
    if (status == STATUS_OK)
        return;
    free(entry->reason);
    entry->reason = memory_text(err.text);
}

static enum schema_verdict ask(struct schemas *schemas, uint32_t id, int64_t now_ms)
{
    struct view text;
    enum registry_answer answer = schemas->source.schema(schemas->source.context, id, &text);
    if (answer == REGISTRY_PENDING)
        return SCHEMA_PENDING;
    struct entry *entry = find(schemas, id);
    if (entry == NULL)
        entry = add(schemas, id);
    if (answer == REGISTRY_READY) {
        compile(schemas, entry, text);
        return entry->verdict;
    }
    entry->unknown_until_ms = now_ms + UNKNOWN_KEPT_MS;
    if (entry->reason == NULL)
        entry->reason = memory_text("the schema registry does not know the message's schema id");
    return SCHEMA_UNKNOWN;
}

// The entry of an id; NULL: pending.
static struct entry *entry_of(struct schemas *schemas, uint32_t id, int64_t now_ms)
{
    struct entry *entry = find(schemas, id);
    bool stale =
        entry == NULL || (entry->verdict == SCHEMA_UNKNOWN && now_ms >= entry->unknown_until_ms);
    if (stale && ask(schemas, id, now_ms) == SCHEMA_PENDING)
        return NULL;
    return stale ? find(schemas, id) : entry;
}

enum schema_verdict schemas_plan(struct schemas *schemas, uint32_t id, int64_t now_ms,
                                 const struct purchase_plan **plan, const char **reason)
{
    const struct entry *entry = entry_of(schemas, id, now_ms);
    if (entry == NULL)
        return SCHEMA_PENDING;
    *plan = entry->plan;
    *reason = entry->reason;
    return entry->verdict;
}

enum schema_verdict schemas_flag(struct schemas *schemas, uint32_t id, int64_t now_ms,
                                 const struct flag_plan **plan, const char **reason)
{
    const struct entry *entry = entry_of(schemas, id, now_ms);
    if (entry == NULL)
        return SCHEMA_PENDING;
    *plan = entry->flag;
    *reason = entry->reason;
    return entry->verdict;
}

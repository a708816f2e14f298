// SPDX-License-Identifier: Apache-2.0
#include "demo/dev_registry_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"

void dev_store_init(struct dev_store *store)
{
    *store = (struct dev_store){.level = "BACKWARD", .mode = "READWRITE"};
}

static void subject_release(struct dev_subject *subject)
{
    free(subject->name);
    free(subject->versions);
}

void dev_store_release(struct dev_store *store)
{
    for (size_t i = 0; i < store->schema_count; i++) {
        free(store->schemas[i].type);
        free(store->schemas[i].text);
    }
    for (size_t i = 0; i < store->subject_count; i++)
        subject_release(&store->subjects[i]);
    free(store->schemas);
    free(store->subjects);
    *store = (struct dev_store){0};
}

const struct dev_schema *dev_store_schema(const struct dev_store *store, int64_t id)
{
    if (id < 1 || (uint64_t)id > store->schema_count)
        return NULL;
    return &store->schemas[id - 1];
}

uint32_t dev_store_id(const struct dev_store *store, const char *type, const char *text)
{
    for (size_t i = 0; i < store->schema_count; i++) {
        const struct dev_schema *schema = &store->schemas[i];
        if (strcmp(schema->text, text) == 0 && strcmp(schema->type, type) == 0)
            return (uint32_t)(i + 1);
    }
    return 0;
}

uint32_t dev_store_schema_add(struct dev_store *store, const char *type, const char *text)
{
    uint32_t id = dev_store_id(store, type, text);
    if (id != 0)
        return id;
    size_t size = strlen(text);
    if (store->schema_count >= DEV_STORE_SCHEMAS_MAX ||
        size > DEV_STORE_BYTES_MAX - store->schema_bytes)
        return 0;
    store->schemas =
        memory_resized(store->schemas, store->schema_count + 1, sizeof *store->schemas);
    store->schemas[store->schema_count++] =
        (struct dev_schema){memory_text(type), memory_text(text)};
    store->schema_bytes += size;
    return (uint32_t)store->schema_count;
}

struct dev_subject *dev_store_subject(const struct dev_store *store, const char *name)
{
    for (size_t i = 0; i < store->subject_count; i++) {
        if (strcmp(store->subjects[i].name, name) == 0)
            return &store->subjects[i];
    }
    return NULL;
}

struct dev_subject *dev_store_subject_add(struct dev_store *store, const char *name)
{
    struct dev_subject *known = dev_store_subject(store, name);
    if (known != NULL)
        return known;
    if (store->subject_count >= DEV_STORE_SUBJECTS_MAX)
        return NULL;
    store->subjects =
        memory_resized(store->subjects, store->subject_count + 1, sizeof *store->subjects);
    struct dev_subject *subject = &store->subjects[store->subject_count++];
    *subject = (struct dev_subject){.name = memory_text(name)};
    return subject;
}

void dev_store_subject_remove(struct dev_store *store, struct dev_subject *subject)
{
    size_t at = (size_t)(subject - store->subjects);
    ensure(at < store->subject_count);
    subject_release(subject);
    store->subject_count--;
    memmove(subject, subject + 1, (store->subject_count - at) * sizeof *subject);
}

bool dev_subject_live(const struct dev_subject *subject, bool deleted)
{
    return subject != NULL && dev_subject_version(subject, -1, deleted) != NULL;
}

struct dev_version *dev_subject_version(const struct dev_subject *subject, int number, bool deleted)
{
    for (size_t i = subject->count; i-- > 0;) {
        struct dev_version *version = &subject->versions[i];
        if (version->deleted && !deleted)
            continue;
        if (number < 0 || version->number == number)
            return version;
    }
    return NULL;
}

struct dev_version *dev_subject_holds(const struct dev_subject *subject, uint32_t id, bool deleted)
{
    for (size_t i = 0; i < subject->count; i++) {
        struct dev_version *version = &subject->versions[i];
        if (version->id == id && (deleted || !version->deleted))
            return version;
    }
    return NULL;
}

bool dev_subject_add(struct dev_subject *subject, uint32_t id)
{
    ensure(id != 0);
    if (subject->count >= DEV_STORE_VERSIONS_MAX)
        return false;
    subject->versions =
        memory_resized(subject->versions, subject->count + 1, sizeof *subject->versions);
    subject->versions[subject->count++] =
        (struct dev_version){.number = ++subject->last_number, .id = id};
    return true;
}

void dev_subject_remove(struct dev_subject *subject, struct dev_version *version)
{
    size_t at = (size_t)(version - subject->versions);
    ensure(at < subject->count);
    subject->count--;
    memmove(version, version + 1, (subject->count - at) * sizeof *version);
}

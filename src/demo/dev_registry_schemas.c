// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "demo/dev_registry_calls.h"

struct dev_answer dev_call_types(const struct dev_call *call)
{
    (void)call;
    return dev_answer_text(200, NULL, "[\"JSON\",\"AVRO\",\"PROTOBUF\"]");
}

struct dev_answer dev_call_schemas(const struct dev_call *call)
{
    json_t *all = json_array();
    for (size_t i = 0; i < call->store->subject_count; i++) {
        const struct dev_subject *subject = &call->store->subjects[i];
        for (size_t j = 0; j < subject->count; j++) {
            const struct dev_version *version = &subject->versions[j];
            if (!version->deleted || call->request->deleted)
                json_array_append_new(all, dev_call_version_json(call->store, subject, version));
        }
    }
    return dev_answer_json(200, all);
}

static bool id_read(const char *text, int64_t *id)
{
    char *end;
    errno = 0;
    *id = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0';
}

struct dev_answer dev_call_schema(const struct dev_call *call)
{
    int64_t id;
    if (!id_read(call->arguments[0], &id))
        return dev_answer_error(404, 404, "HTTP 404 Not Found");
    const struct dev_schema *schema = dev_store_schema(call->store, id);
    if (schema == NULL)
        return dev_answer_error(404, 40403, "Schema not found");
    json_t *body = json_object();
    json_object_set_new(body, "schema", json_string(schema->text));
    if (strcmp(schema->type, "AVRO") != 0)
        json_object_set_new(body, "schemaType", json_string(schema->type));
    if (call->request->fetch_max_id)
        json_object_set_new(body, "maxId", json_integer((json_int_t)call->store->schema_count));
    return dev_answer_json(200, body);
}

static int by_name(const void *a, const void *b)
{
    const struct dev_subject *const *left = a;
    const struct dev_subject *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

static void append_versions(json_t *versions, const struct dev_subject *subject, int64_t id)
{
    for (size_t i = 0; i < subject->count; i++) {
        const struct dev_version *version = &subject->versions[i];
        if (version->deleted || version->id != id)
            continue;
        json_t *item = json_object();
        json_object_set_new(item, "subject", json_string(subject->name));
        json_object_set_new(item, "version", json_integer(version->number));
        json_array_append_new(versions, item);
    }
}

struct dev_answer dev_call_schema_versions(const struct dev_call *call)
{
    int64_t id;
    if (!id_read(call->arguments[0], &id))
        return dev_answer_error(404, 404, "HTTP 404 Not Found");
    size_t count = call->store->subject_count;
    const struct dev_subject **sorted = memory_zeroed(count, sizeof *sorted);
    for (size_t i = 0; i < count; i++)
        sorted[i] = &call->store->subjects[i];
    qsort(sorted, count, sizeof *sorted, by_name);
    json_t *versions = json_array();
    for (size_t i = 0; i < count; i++)
        append_versions(versions, sorted[i], id);
    free(sorted);
    return dev_answer_json(200, versions);
}

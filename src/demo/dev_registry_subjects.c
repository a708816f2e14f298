// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "demo/dev_registry_calls.h"

struct dev_answer dev_call_no_subject(const char *name)
{
    return dev_answer_error(404, 40401, "Subject '%s' not found.", name);
}

struct dev_answer dev_call_no_version(int number)
{
    return dev_answer_error(404, 40402, "Version %d not found.", number);
}

struct dev_answer dev_call_full(void)
{
    return dev_answer_error(507, 50701, "The development registry is full.");
}

json_t *dev_call_version_json(const struct dev_store *store, const struct dev_subject *subject,
                              const struct dev_version *version)
{
    const struct dev_schema *schema = dev_store_schema(store, version->id);
    json_t *json = json_object();
    json_object_set_new(json, "subject", json_string(subject->name));
    json_object_set_new(json, "version", json_integer(version->number));
    json_object_set_new(json, "id", json_integer(version->id));
    json_object_set_new(json, "schema", json_string(schema->text));
    if (strcmp(schema->type, "AVRO") != 0)
        json_object_set_new(json, "schemaType", json_string(schema->type));
    return json;
}

bool dev_call_version_number(const char *text, int *number, struct dev_answer *refusal)
{
    *number = -1;
    if (strcmp(text, "latest") == 0 || strcmp(text, "-1") == 0)
        return true;
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    bool fine = errno == 0 && end != text && *end == '\0' && value >= 1 && value <= INT_MAX;
    if (fine)
        *number = (int)value;
    else
        *refusal = dev_answer_error(422, 42202,
                                    "The specified version '%s' is not a valid version id. Allowed "
                                    "values are between [1, 2^31-1] and the string \"latest\"",
                                    text);
    return fine;
}

struct dev_answer dev_call_subjects(const struct dev_call *call)
{
    json_t *names = json_array();
    for (size_t i = 0; i < call->store->subject_count; i++) {
        const struct dev_subject *subject = &call->store->subjects[i];
        if (dev_subject_live(subject, call->request->deleted))
            json_array_append_new(names, json_string(subject->name));
    }
    return dev_answer_json(200, names);
}

static json_t *numbers_of(const struct dev_subject *subject, bool deleted)
{
    json_t *numbers = json_array();
    for (size_t i = 0; i < subject->count; i++) {
        if (deleted || !subject->versions[i].deleted)
            json_array_append_new(numbers, json_integer(subject->versions[i].number));
    }
    return numbers;
}

struct dev_answer dev_call_versions(const struct dev_call *call)
{
    const struct dev_subject *subject = dev_store_subject(call->store, call->arguments[0]);
    if (!dev_subject_live(subject, call->request->deleted))
        return dev_call_no_subject(call->arguments[0]);
    return dev_answer_json(200, numbers_of(subject, call->request->deleted));
}

// The subject and version that the path names. False: `refusal` is the answer.
static bool find_version(const struct dev_call *call, struct dev_subject **subject,
                         struct dev_version **version, struct dev_answer *refusal)
{
    int number;
    *subject = dev_store_subject(call->store, call->arguments[0]);
    if (!dev_call_version_number(call->arguments[1], &number, refusal))
        return false;
    if (!dev_subject_live(*subject, call->request->deleted)) {
        *refusal = dev_call_no_subject(call->arguments[0]);
        return false;
    }
    *version = dev_subject_version(*subject, number, call->request->deleted);
    if (*version == NULL)
        *refusal = dev_call_no_version(number);
    return *version != NULL;
}

struct dev_answer dev_call_version(const struct dev_call *call)
{
    struct dev_subject *subject;
    struct dev_version *version;
    struct dev_answer refusal;
    if (!find_version(call, &subject, &version, &refusal))
        return refusal;
    return dev_answer_json(200, dev_call_version_json(call->store, subject, version));
}

struct dev_answer dev_call_version_schema(const struct dev_call *call)
{
    struct dev_subject *subject;
    struct dev_version *version;
    struct dev_answer refusal;
    if (!find_version(call, &subject, &version, &refusal))
        return refusal;
    return dev_answer_text(200, NULL, dev_store_schema(call->store, version->id)->text);
}

struct dev_answer dev_call_referenced_by(const struct dev_call *call)
{
    struct dev_subject *subject;
    struct dev_version *version;
    struct dev_answer refusal;
    if (!find_version(call, &subject, &version, &refusal))
        return refusal;
    return dev_answer_json(200, json_array());
}

static struct dev_answer subject_purge(struct dev_store *store, struct dev_subject *subject)
{
    if (dev_subject_live(subject, false))
        return dev_answer_error(
            404, 40405, "Subject '%s' was not deleted first before being permanently deleted",
            subject->name);
    json_t *numbers = numbers_of(subject, true);
    dev_store_subject_remove(store, subject);
    return dev_answer_json(200, numbers);
}

struct dev_answer dev_call_delete_subject(const struct dev_call *call)
{
    const char *name = call->arguments[0];
    struct dev_subject *subject = dev_store_subject(call->store, name);
    if (!dev_subject_live(subject, true))
        return dev_call_no_subject(name);
    if (call->request->permanent)
        return subject_purge(call->store, subject);
    if (!dev_subject_live(subject, false))
        return dev_answer_error(
            404, 40404, "Subject '%s' was soft deleted.Set permanent=true to delete permanently",
            name);
    json_t *numbers = numbers_of(subject, false);
    for (size_t i = 0; i < subject->count; i++)
        subject->versions[i].deleted = true;
    return dev_answer_json(200, numbers);
}

static struct dev_answer version_purge(struct dev_store *store, struct dev_subject *subject,
                                       struct dev_version *version)
{
    int number = version->number;
    if (!version->deleted)
        return dev_answer_error(
            404, 40407,
            "Subject '%s' Version %d was not deleted first before being permanently deleted",
            subject->name, number);
    dev_subject_remove(subject, version);
    if (subject->count == 0)
        dev_store_subject_remove(store, subject);
    return dev_answer_json(200, json_integer(number));
}

struct dev_answer dev_call_delete_version(const struct dev_call *call)
{
    int number;
    struct dev_answer refusal;
    struct dev_subject *subject = dev_store_subject(call->store, call->arguments[0]);
    if (!dev_call_version_number(call->arguments[1], &number, &refusal))
        return refusal;
    if (!dev_subject_live(subject, true))
        return dev_call_no_subject(call->arguments[0]);
    struct dev_version *version = dev_subject_version(subject, number, number > 0);
    if (version == NULL)
        return dev_call_no_version(number);
    if (call->request->permanent)
        return version_purge(call->store, subject, version);
    if (version->deleted)
        return dev_answer_error(
            404, 40406,
            "Subject '%s' Version %d was soft deleted.Set permanent=true to delete permanently",
            subject->name, number);
    version->deleted = true;
    return dev_answer_json(200, json_integer(version->number));
}

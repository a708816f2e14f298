// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "demo/dev_registry_body.h"
#include "demo/dev_registry_calls.h"
#include "demo/dev_registry_compat.h"

enum { SENTENCE_BYTES_MAX = 6000 };

// A schema that a client brings.
struct candidate {
    const char *type;
    char *text;           // canonical
    struct dev_avro avro; // empty when the type is not AVRO
    char why[DEV_AVRO_WHY_MAX];
};

static bool candidate_init(struct candidate *candidate, const struct dev_body *body)
{
    *candidate = (struct candidate){.type = body->type};
    if (strcmp(body->type, "PROTOBUF") == 0) {
        strncpy(candidate->why, "Protobuf is not supported", sizeof candidate->why - 1);
        return false;
    }
    json_t *json = dev_avro_json(body->schema, candidate->why);
    if (json == NULL)
        return false;
    bool fine =
        strcmp(body->type, "AVRO") != 0 || dev_avro_resolve(json, &candidate->avro, candidate->why);
    if (fine)
        candidate->text = dev_avro_canonical(json);
    json_decref(json);
    return fine;
}

static void candidate_release(struct candidate *candidate)
{
    free(candidate->text);
    dev_avro_release(&candidate->avro);
}

static const char *level_of(const struct dev_store *store, const struct dev_subject *subject)
{
    return *subject->level != '\0' ? subject->level : store->level;
}

static void compare(const struct candidate *candidate, const struct dev_schema *old,
                    const char *level, json_t *messages)
{
    if (strcmp(candidate->type, old->type) != 0) {
        json_array_append_new(messages, json_string("the schema's type has changed"));
        return;
    }
    if (strcmp(candidate->type, "AVRO") != 0 || strcmp(level, "NONE") == 0)
        return;
    struct dev_avro avro;
    char why[DEV_AVRO_WHY_MAX];
    json_t *json = dev_avro_json(old->text, why);
    bool resolved = dev_avro_resolve(json, &avro, why);
    ensure(resolved); // it was when it was registered
    json_decref(json);
    if (strncmp(level, "FORWARD", 7) != 0)
        dev_compat_check(&candidate->avro, &avro, messages);
    if (strncmp(level, "BACKWARD", 8) != 0)
        dev_compat_check(&avro, &candidate->avro, messages);
    dev_avro_release(&avro);
}

// What the subject's level has against the candidate: its latest version, or all of them.
static json_t *incompatibilities(const struct dev_store *store, const struct dev_subject *subject,
                                 const struct candidate *candidate)
{
    const char *level = level_of(store, subject);
    bool all = strstr(level, "_TRANSITIVE") != NULL;
    json_t *messages = json_array();
    for (size_t i = subject->count; i-- > 0;) {
        if (subject->versions[i].deleted)
            continue;
        compare(candidate, dev_store_schema(store, subject->versions[i].id), level, messages);
        if (!all)
            break;
    }
    return messages;
}

// Takes `messages`.
static struct dev_answer conflict(const char *level, json_t *messages)
{
    struct buffer sentence;
    buffer_init(&sentence, SENTENCE_BYTES_MAX);
    size_t i;
    json_t *message;
    json_array_foreach(messages, i, message)
    {
        if (!buffer_append_format(&sentence, "%s%s", i == 0 ? "" : ", ",
                                  json_string_value(message)))
            break;
    }
    struct dev_answer answer = dev_answer_error(
        409, 409, "Incompatible schema, compatibility_mode=%s. Incompatibilities: %.*s", level,
        (int)sentence.size, (const char *)sentence.data);
    buffer_release(&sentence);
    json_decref(messages);
    return answer;
}

static struct dev_answer id_answer(uint32_t id)
{
    json_t *body = json_object();
    json_object_set_new(body, "id", json_integer(id));
    return dev_answer_json(200, body);
}

static struct dev_answer subject_extend(struct dev_store *store, const char *name,
                                        const struct candidate *candidate)
{
    uint32_t id = dev_store_schema_add(store, candidate->type, candidate->text);
    struct dev_subject *subject = id == 0 ? NULL : dev_store_subject_add(store, name);
    if (subject == NULL || !dev_subject_add(subject, id))
        return dev_call_full();
    return id_answer(id);
}

static struct dev_answer candidate_register(struct dev_store *store, const char *name,
                                            const struct candidate *candidate)
{
    struct dev_subject *subject = dev_store_subject(store, name);
    uint32_t id = dev_store_id(store, candidate->type, candidate->text);
    if (subject != NULL && id != 0 && dev_subject_holds(subject, id, false) != NULL)
        return id_answer(id);
    const char *mode = subject != NULL && *subject->mode != '\0' ? subject->mode : store->mode;
    if (strcmp(mode, "READONLY") == 0)
        return dev_answer_error(422, 42205, "Subject %s is in read-only mode", name);
    if (subject != NULL) {
        json_t *messages = incompatibilities(store, subject, candidate);
        if (json_array_size(messages) > 0)
            return conflict(level_of(store, subject), messages);
        json_decref(messages);
    }
    return subject_extend(store, name, candidate);
}

// References are not supported: they are refused as ones that do not exist.
static struct dev_answer refuse_references(const struct dev_body *body)
{
    struct buffer list;
    buffer_init(&list, SENTENCE_BYTES_MAX);
    size_t i;
    json_t *item;
    json_array_foreach(body->references, i, item)
    {
        const char *name = json_string_value(json_object_get(item, "name"));
        const char *subject = json_string_value(json_object_get(item, "subject"));
        if (!buffer_append_format(&list, "%s{name='%s', subject='%s', version=%lld}",
                                  i == 0 ? "" : ", ", name == NULL ? "" : name,
                                  subject == NULL ? "" : subject,
                                  (long long)json_integer_value(json_object_get(item, "version"))))
            break;
    }
    struct dev_answer answer = dev_answer_error(
        422, 42201,
        "Invalid %s schema. Error: Invalid schema %.1500s with refs [%.*s] of type SchemaType.%s",
        body->type, body->schema, (int)list.size, (const char *)list.data, body->type);
    buffer_release(&list);
    return answer;
}

static struct dev_answer body_register(const struct dev_call *call, const struct dev_body *body)
{
    if (*body->schema == '\0')
        return dev_answer_error(422, 42201, "Empty schema");
    if (body->references != NULL)
        return refuse_references(body);
    struct candidate candidate;
    struct dev_answer answer = candidate_init(&candidate, body)
                                   ? candidate_register(call->store, call->arguments[0], &candidate)
                                   : dev_answer_error(422, 42201, "Invalid %s schema. Error: %s",
                                                      body->type, candidate.why);
    candidate_release(&candidate);
    return answer;
}

struct dev_answer dev_call_register(const struct dev_call *call)
{
    struct dev_body body;
    struct dev_answer answer;
    if (!dev_body_schema(call->request, &body, &answer))
        return answer;
    answer = body_register(call, &body);
    dev_body_release(&body);
    return answer;
}

static struct dev_answer body_lookup(const struct dev_call *call, const struct dev_subject *subject,
                                     const struct dev_body *body)
{
    struct candidate candidate;
    if (!candidate_init(&candidate, body)) {
        candidate_release(&candidate);
        return dev_answer_error(422, 42201, "Error while looking up schema under subject %s",
                                subject->name);
    }
    uint32_t id = dev_store_id(call->store, candidate.type, candidate.text);
    candidate_release(&candidate);
    const struct dev_version *version =
        id == 0 ? NULL : dev_subject_holds(subject, id, call->request->deleted);
    if (version == NULL)
        return dev_answer_error(404, 40403, "Schema not found");
    return dev_answer_json(200, dev_call_version_json(call->store, subject, version));
}

struct dev_answer dev_call_lookup(const struct dev_call *call)
{
    struct dev_body body;
    struct dev_answer answer;
    if (!dev_body_schema(call->request, &body, &answer))
        return answer;
    const struct dev_subject *subject = dev_store_subject(call->store, call->arguments[0]);
    answer = dev_subject_live(subject, call->request->deleted)
                 ? body_lookup(call, subject, &body)
                 : dev_call_no_subject(call->arguments[0]);
    dev_body_release(&body);
    return answer;
}

// Takes `messages`.
static struct dev_answer verdict(json_t *messages)
{
    json_t *body = json_object();
    bool compatible = json_array_size(messages) == 0;
    json_object_set_new(body, "is_compatible", json_boolean(compatible));
    if (compatible)
        json_decref(messages);
    else
        json_object_set_new(body, "messages", messages);
    return dev_answer_json(200, body);
}

static struct dev_answer body_compare(const struct dev_call *call, const struct dev_body *body)
{
    int number;
    struct dev_answer refusal;
    if (!dev_call_version_number(call->arguments[1], &number, &refusal))
        return refusal;
    const struct dev_subject *subject = dev_store_subject(call->store, call->arguments[0]);
    const struct dev_version *version =
        subject == NULL ? NULL : dev_subject_version(subject, number, false);
    if (version == NULL)
        return dev_call_no_version(number);
    struct candidate candidate;
    json_t *messages = NULL;
    if (candidate_init(&candidate, body)) {
        messages = json_array();
        compare(&candidate, dev_store_schema(call->store, version->id),
                level_of(call->store, subject), messages);
    }
    candidate_release(&candidate);
    if (messages == NULL)
        return dev_answer_error(422, 42201, "Invalid SchemaType.%s schema", body->type);
    return verdict(messages);
}

struct dev_answer dev_call_compatibility(const struct dev_call *call)
{
    struct dev_body body;
    struct dev_answer answer;
    if (!dev_body_schema(call->request, &body, &answer))
        return answer;
    answer = body_compare(call, &body);
    dev_body_release(&body);
    return answer;
}

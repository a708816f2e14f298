// SPDX-License-Identifier: Apache-2.0
#include "demo/dev_registry_body.h"

#include <string.h>

#include "base/memory.h"

static json_t *finding(const char *type, json_t *where, const char *message, json_t *input)
{
    json_t *item = json_object();
    json_object_set_new(item, "type", json_string(type));
    json_object_set_new(item, "loc", where);
    json_object_set_new(item, "msg", json_string(message));
    json_object_set_new(item, "input", input);
    return item;
}

static json_t *place(const char *key)
{
    json_t *where = json_array();
    json_array_append_new(where, json_string("body"));
    if (key != NULL)
        json_array_append_new(where, json_string(key));
    return where;
}

// Takes `findings`. False when there is none.
static bool refused(json_t *findings, struct dev_answer *refusal)
{
    if (json_array_size(findings) == 0) {
        json_decref(findings);
        return false;
    }
    json_t *body = json_object();
    json_object_set_new(body, "error_code", json_integer(422));
    json_object_set_new(body, "message", findings);
    *refusal = dev_answer_json(422, body);
    return true;
}

static json_t *not_json(const json_error_t *error)
{
    const char *near = strstr(error->text, " near '");
    int token = near == NULL ? 0 : (int)strcspn(near + 7, "'");
    bool in_object = strncmp(error->text, "string or '}'", 13) == 0;
    json_t *where = place(NULL);
    json_array_append_new(where, json_integer(error->position - token));
    json_t *item = finding("json_invalid", where, "JSON decode error", json_object());
    json_t *context = json_object();
    json_object_set_new(context, "error",
                        json_string(in_object ? "Expecting property name enclosed in double quotes"
                                              : "Expecting value"));
    json_object_set_new(item, "ctx", context);
    return item;
}

// The body as an object. NULL: `refusal` is the answer.
static json_t *read_object(const struct dev_request *request, struct dev_answer *refusal)
{
    json_t *findings = json_array();
    json_error_t error;
    json_t *json = NULL;
    if (request->body.size == 0) {
        json_array_append_new(findings,
                              finding("missing", place(NULL), "Field required", json_null()));
    } else {
        json = json_loadb((const char *)request->body.data, request->body.size, JSON_DECODE_ANY,
                          &error);
        if (json == NULL)
            json_array_append_new(findings, not_json(&error));
        else if (!json_is_object(json))
            json_array_append_new(findings,
                                  finding("model_attributes_type", place(NULL),
                                          "Input should be a valid dictionary or object to extract "
                                          "fields from",
                                          json_incref(json)));
    }
    if (!refused(findings, refusal))
        return json;
    json_decref(json);
    return NULL;
}

static void check_text(json_t *json, const char *key, json_t *findings)
{
    json_t *value = json_object_get(json, key);
    if (value == NULL)
        json_array_append_new(
            findings, finding("missing", place(key), "Field required", json_deep_copy(json)));
    else if (!json_is_string(value))
        json_array_append_new(findings,
                              finding("string_type", place(key), "Input should be a valid string",
                                      json_incref(value)));
}

static void check_type(json_t *json, json_t *findings)
{
    json_t *value = json_object_get(json, "schemaType");
    const char *type = value == NULL ? "AVRO" : json_string_value(value);
    if (type != NULL &&
        (strcmp(type, "AVRO") == 0 || strcmp(type, "JSON") == 0 || strcmp(type, "PROTOBUF") == 0))
        return;
    json_t *item = finding("enum", place("schemaType"),
                           "Input should be 'AVRO', 'JSON' or 'PROTOBUF'", json_incref(value));
    json_t *context = json_object();
    json_object_set_new(context, "expected", json_string("'AVRO', 'JSON' or 'PROTOBUF'"));
    json_object_set_new(item, "ctx", context);
    json_array_append_new(findings, item);
}

bool dev_body_schema(const struct dev_request *request, struct dev_body *out,
                     struct dev_answer *refusal)
{
    *out = (struct dev_body){.json = read_object(request, refusal), .type = "AVRO"};
    if (out->json == NULL)
        return false;
    json_t *findings = json_array();
    check_text(out->json, "schema", findings);
    check_type(out->json, findings);
    if (refused(findings, refusal)) {
        dev_body_release(out);
        return false;
    }
    const json_t *type = json_object_get(out->json, "schemaType");
    if (type != NULL)
        out->type = json_string_value(type);
    out->schema = json_string_value(json_object_get(out->json, "schema"));
    const json_t *references = json_object_get(out->json, "references");
    out->references = json_array_size(references) > 0 ? references : NULL;
    return true;
}

void dev_body_release(struct dev_body *body)
{
    json_decref(body->json);
    *body = (struct dev_body){0};
}

char *dev_body_setting(const struct dev_request *request, const char *key,
                       struct dev_answer *refusal)
{
    json_t *json = read_object(request, refusal);
    if (json == NULL)
        return NULL;
    json_t *findings = json_array();
    check_text(json, key, findings);
    char *text = refused(findings, refusal)
                     ? NULL
                     : memory_text(json_string_value(json_object_get(json, key)));
    json_decref(json);
    return text;
}

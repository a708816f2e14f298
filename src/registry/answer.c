// SPDX-License-Identifier: Apache-2.0
#include "registry/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NO_SUBJECT = 40401, NO_VERSION = 40402, NO_SCHEMA = 40403 };

// The message as one line of printable text; a character that is cut or foreign becomes '?'.
static void message_set(struct answer *answer, const char *text, size_t size)
{
    size_t kept = size < ANSWER_MESSAGE_BYTES - 1 ? size : ANSWER_MESSAGE_BYTES - 1;
    for (size_t i = 0; i < kept; i++) {
        unsigned char byte = (unsigned char)text[i];
        answer->message[i] = byte < ' ' || byte == 127 ? ' ' : (char)byte;
    }
    while (kept < size && kept > 0 && ((unsigned char)text[kept] & 0xc0) == 0x80)
        kept--; // not in the middle of a character
    answer->message[kept] = '\0';
}

// "message" is a text, or (Karapace, 422) a list of objects.
static void message_read(struct answer *answer, const struct view *body)
{
    const json_t *message = json_object_get(answer->body, "message");
    if (json_is_string(message)) {
        message_set(answer, json_string_value(message), json_string_length(message));
        return;
    }
    if (message == NULL) {
        message_set(answer, (const char *)body->data, body->size);
        return;
    }
    char *text = json_dumps(message, JSON_COMPACT | JSON_ENCODE_ANY);
    if (text != NULL)
        message_set(answer, text, strlen(text));
    free(text);
}

static bool retriable(long status)
{
    return status >= 500 || status == 408 || status == 425 || status == 429;
}

// A 404 or 401 from something that is not a registry must not look like a registry's word: those
// come with an error code. 415 is the one refusal that real registries send without a code.
static enum answer_kind kind_of(const struct answer *answer)
{
    if (retriable(answer->http_status))
        return ANSWER_FAILED;
    if (answer->http_status >= 200 && answer->http_status < 300)
        return answer->body == NULL ? ANSWER_FAILED : ANSWER_OK; // cut, or not a registry
    if (answer->http_status == 404 &&
        (answer->error_code == NO_SUBJECT || answer->error_code == NO_VERSION ||
         answer->error_code == NO_SCHEMA))
        return ANSWER_UNKNOWN;
    if (answer->http_status == 401 || answer->http_status == 403 || answer->http_status == 404 ||
        answer->error_code == 0)
        return ANSWER_STRANGE;
    return ANSWER_REFUSED;
}

void answer_init(struct answer *out, const struct http_answer *http)
{
    *out = (struct answer){.kind = ANSWER_FAILED, .http_status = http->status};
    if (http->status == 0) {
        message_set(out, http->failure, strlen(http->failure));
        return;
    }
    if (http->body.size > 0)
        out->body =
            json_loadb((const char *)http->body.data, http->body.size, JSON_DECODE_ANY, NULL);
    out->error_code = json_integer_value(json_object_get(out->body, "error_code"));
    message_read(out, &http->body);
    out->kind = kind_of(out);
}

void answer_release(struct answer *answer)
{
    json_decref(answer->body);
    answer->body = NULL;
}

bool answer_schema(const struct answer *answer, struct answer_schema *out)
{
    const json_t *text = json_object_get(answer->body, "schema");
    if (!json_is_string(text))
        return false;
    const json_t *type = json_object_get(answer->body, "schemaType");
    *out = (struct answer_schema){
        .text = json_string_value(text),
        .text_bytes = json_string_length(text),
        .type = json_is_string(type) ? json_string_value(type) : "AVRO",
        .reference_count = json_array_size(json_object_get(answer->body, "references")),
    };
    return true;
}

bool answer_id(const struct answer *answer, uint32_t *id)
{
    const json_t *value = json_object_get(answer->body, "id");
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < 0 || number > UINT32_MAX)
        return false;
    *id = (uint32_t)number;
    return true;
}

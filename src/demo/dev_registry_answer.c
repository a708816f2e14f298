// SPDX-License-Identifier: Apache-2.0
#include "demo/dev_registry_answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/assert.h"
#include "base/memory.h"

enum { MESSAGE_BYTES_MAX = 8192, TYPE_COUNT = 3 };

static const char *const types[TYPE_COUNT] = {
    "application/vnd.schemaregistry.v1+json",
    "application/vnd.schemaregistry+json",
    "application/json",
};

struct dev_answer dev_answer_json(int status, json_t *body)
{
    char *text = json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY);
    ensure(text != NULL);
    json_decref(body);
    return (struct dev_answer){.status = status, .text = text};
}

struct dev_answer dev_answer_error(int status, int code, const char *format, ...)
{
    char message[MESSAGE_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    json_t *text = json_string(message);
    if (text == NULL) // cut inside a character
        text = json_string("the message is too long");
    json_t *body = json_object();
    json_object_set_new(body, "error_code", json_integer(code));
    json_object_set_new(body, "message", text);
    return dev_answer_json(status, body);
}

struct dev_answer dev_answer_text(int status, const char *content_type, const char *text)
{
    return (struct dev_answer){status, memory_text(text), content_type};
}

void dev_answer_release(struct dev_answer *answer)
{
    free(answer->text);
    *answer = (struct dev_answer){0};
}

// One range of an Accept header: "application/*;q=0.5". `name` is not terminated.
struct range {
    const char *name;
    size_t size;
    double quality;
};

static struct range range_read(const char *item, size_t size)
{
    struct range range = {.name = item, .quality = 1};
    size_t name_size = 0;
    while (name_size < size && item[name_size] != ';')
        name_size++;
    const char *rest = item + name_size;
    size_t left = size - name_size;
    for (size_t i = 0; i + 3 <= left; i++) {
        if ((rest[i] == ';' || rest[i] == ' ') && strncasecmp(rest + i + 1, "q=", 2) == 0)
            range.quality = strtod(rest + i + 3, NULL);
    }
    while (name_size > 0 && item[name_size - 1] == ' ')
        name_size--;
    range.size = name_size;
    return range;
}

// 0: no match; more: the closer the match, the higher.
static int range_matches(const struct range *range, const char *type)
{
    if (range->size == strlen(type) && strncasecmp(range->name, type, range->size) == 0)
        return 3;
    if (range->size == 13 && strncasecmp(range->name, "application/*", 13) == 0)
        return 2;
    return range->size == 3 && strncmp(range->name, "*/*", 3) == 0 ? 1 : 0;
}

// The quality that the closest range gives to `type`; 0: not accepted.
static double quality_of(const char *accept, const char *type)
{
    double quality = 0;
    int closest = 0;
    while (*accept != '\0') {
        accept += strspn(accept, " \t,");
        size_t size = strcspn(accept, ",");
        struct range range = range_read(accept, size);
        int match = range_matches(&range, type);
        if (match > closest) {
            closest = match;
            quality = range.quality;
        }
        accept += size;
    }
    return quality;
}

const char *dev_answer_negotiate(const char *accept)
{
    if (accept == NULL)
        return types[0];
    const char *best = NULL;
    double best_quality = 0;
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        double quality = quality_of(accept, types[i]);
        if (quality > best_quality) {
            best = types[i];
            best_quality = quality;
        }
    }
    return best;
}

const char *dev_answer_default_type(void)
{
    return types[0];
}

bool dev_answer_reads(const char *content_type)
{
    size_t size = strcspn(content_type, "; ");
    struct range range = {.name = content_type, .size = size};
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (range_matches(&range, types[i]) == 3)
            return true;
    }
    return range_matches(&range, "application/octet-stream") == 3;
}

// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.h"

#include <signal.h>

#include "base/assert.h"
#include "base/log.h"
#include "base/memory.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    log_configure(LOG_ERROR, LOG_FORMAT_TEXT);
    (void)signal(SIGPIPE, SIG_IGN);
    return 0;
}

uint8_t fuzz_byte(struct reader *input)
{
    return (uint8_t)fuzz_number(input, 1);
}

uint64_t fuzz_number(struct reader *input, size_t bytes)
{
    uint64_t value = 0;
    ensure(bytes <= sizeof(value));
    for (size_t i = 0; i < bytes; i++) {
        uint8_t byte = 0;
        (void)reader_byte(input, &byte);
        value = value << 8 | byte;
    }
    return value;
}

struct view fuzz_part(struct reader *input, uint8_t mark)
{
    size_t left = reader_left(input);
    const uint8_t *end = left == 0 ? NULL : memchr(input->at, mark, left);
    if (end == NULL)
        return fuzz_rest(input);
    struct view part = {input->at, (size_t)(end - input->at)};
    input->at = end + 1;
    return part;
}

struct view fuzz_rest(struct reader *input)
{
    static const uint8_t nothing[1];
    struct view rest = {input->at, reader_left(input)};
    input->at = input->end;
    return rest.size == 0 && rest.data == NULL ? (struct view){nothing, 0} : rest;
}

char *fuzz_text(struct view bytes)
{
    return memory_copy(bytes.data, bytes.size);
}

struct view fuzz_exact(struct view bytes)
{
    uint8_t *block = memory_resized(NULL, bytes.size, 1);
    if (bytes.size > 0)
        memcpy(block, bytes.data, bytes.size);
    return (struct view){block, bytes.size};
}

// --- JSON ----------------------------------------------------------------------------------------

enum { JSON_DEPTH_MAX = 4096 };

// Where the text that is left begins; at > end never.
struct json {
    const uint8_t *at;
    const uint8_t *end;
    unsigned depth;
};

static bool json_value(struct json *json);

static bool json_takes(struct json *json, const char *word)
{
    size_t size = strlen(word);
    if ((size_t)(json->end - json->at) < size || memcmp(json->at, word, size) != 0)
        return false;
    json->at += size;
    return true;
}

static void json_blanks(struct json *json)
{
    while (json_takes(json, " ") || json_takes(json, "\n") || json_takes(json, "\r") ||
           json_takes(json, "\t"))
        continue;
}

static bool json_escape(struct json *json)
{
    if (json->at == json->end)
        return false;
    if (*json->at != 'u')
        return strchr("\"\\/bfnrt", *json->at++) != NULL && json->at[-1] != '\0';
    json->at++;
    for (int i = 0; i < 4; i++, json->at++) {
        if (json->at == json->end || *json->at == '\0' ||
            strchr("0123456789abcdefABCDEF", *json->at) == NULL)
            return false;
    }
    return true;
}

// Bytes of the character that begins here (Unicode 15, table 3-7); 0: none is well formed.
static size_t json_character(const struct json *json)
{
    static const struct {
        uint8_t low, high, second_low, second_high, size;
    } rows[] = {
        {0x20, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
    const uint8_t *at = json->at;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (*at < rows[i].low || *at > rows[i].high)
            continue;
        if (json->end - at < rows[i].size)
            return 0;
        if (rows[i].size > 1 && (at[1] < rows[i].second_low || at[1] > rows[i].second_high))
            return 0;
        for (size_t more = 2; more < rows[i].size; more++) {
            if ((at[more] & 0xc0) != 0x80)
                return 0;
        }
        return rows[i].size;
    }
    return 0;
}

static bool json_string(struct json *json)
{
    if (!json_takes(json, "\""))
        return false;
    while (json->at != json->end && *json->at != '"') {
        if (json_takes(json, "\\")) {
            if (!json_escape(json))
                return false;
            continue;
        }
        size_t size = json_character(json);
        if (size == 0)
            return false;
        json->at += size;
    }
    return json_takes(json, "\"");
}

static bool json_digits(struct json *json)
{
    const uint8_t *from = json->at;
    while (json->at != json->end && *json->at >= '0' && *json->at <= '9')
        json->at++;
    return json->at != from;
}

static bool json_number(struct json *json)
{
    (void)json_takes(json, "-");
    if (!json_takes(json, "0") && !json_digits(json))
        return false;
    if (json_takes(json, ".") && !json_digits(json))
        return false;
    if (!json_takes(json, "e") && !json_takes(json, "E"))
        return true;
    if (!json_takes(json, "+"))
        (void)json_takes(json, "-");
    return json_digits(json);
}

// What stands between brackets: values by commas, in an object with their names.
static bool json_members(struct json *json, bool named, const char *close)
{
    json_blanks(json);
    if (json_takes(json, close))
        return true;
    for (;;) {
        json_blanks(json);
        if (named && !json_string(json))
            return false;
        json_blanks(json);
        if ((named && !json_takes(json, ":")) || !json_value(json))
            return false;
        json_blanks(json);
        if (json_takes(json, close))
            return true;
        if (!json_takes(json, ","))
            return false;
    }
}

static bool json_value(struct json *json)
{
    json_blanks(json);
    bool object = json_takes(json, "{");
    if (object || json_takes(json, "[")) {
        if (json->depth++ == JSON_DEPTH_MAX)
            return false;
        bool fine = json_members(json, object, object ? "}" : "]");
        json->depth--;
        return fine;
    }
    if (json_takes(json, "null") || json_takes(json, "true") || json_takes(json, "false"))
        return true;
    return json->at != json->end && *json->at == '"' ? json_string(json) : json_number(json);
}

bool fuzz_is_json(struct view text)
{
    struct json json = {text.data, text.data + text.size, 0};
    bool fine = json_value(&json);
    json_blanks(&json);
    return fine && json.at == json.end;
}

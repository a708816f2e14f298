// SPDX-License-Identifier: Apache-2.0
#include "wire/tree.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"
#include "base/utf8.h"

// Where reading is. When `reason` is set nothing more is done.
struct tree_reader {
    struct tree *tree;
    const uint8_t *begin;
    const uint8_t *at;
    const uint8_t *end;
    const char *reason;
    unsigned depth;
};

static void value_read(struct tree_reader *reader, struct view name);

void tree_init(struct tree *tree)
{
    *tree = (struct tree){.nodes = NULL};
}

void tree_release(struct tree *tree)
{
    free(tree->nodes);
    free(tree->texts);
    tree_init(tree);
}

static void fail(struct tree_reader *reader, const char *reason)
{
    if (reader->reason == NULL)
        reader->reason = reason;
}

static uint32_t node_add(struct tree *tree, enum tree_kind kind, struct view name)
{
    if (tree->count == tree->capacity) {
        tree->capacity = tree->capacity == 0 ? 64 : tree->capacity * 2;
        tree->nodes = memory_resized(tree->nodes, tree->capacity, sizeof(*tree->nodes));
    }
    tree->nodes[tree->count] =
        (struct tree_node){.kind = kind, .end = tree->count + 1, .name = name};
    return tree->count++;
}

static void leaf_add(struct tree *tree, enum tree_kind kind, struct view name, struct view text)
{
    uint32_t node = node_add(tree, kind, name);
    tree->nodes[node].text = text;
}

static void blanks_skip(struct tree_reader *reader)
{
    while (reader->at != reader->end && (*reader->at == ' ' || *reader->at == '\t' ||
                                         *reader->at == '\n' || *reader->at == '\r'))
        reader->at++;
}

// The next byte behind blanks; NUL at the end.
static uint8_t peek(struct tree_reader *reader)
{
    blanks_skip(reader);
    return reader->at == reader->end ? '\0' : *reader->at;
}

static bool takes(struct tree_reader *reader, uint8_t byte)
{
    if (reader->at == reader->end || *reader->at != byte)
        return false;
    reader->at++;
    return true;
}

// There is room: a text is never longer than what it was written as, its quotes or the byte behind
// a number included.
static void text_byte(struct tree *tree, uint8_t byte)
{
    tree->texts[tree->texts_size++] = (char)byte;
}

static bool hex_read(struct tree_reader *reader, unsigned *out)
{
    *out = 0;
    for (int i = 0; i < 4; i++) {
        if (reader->at == reader->end)
            return false;
        uint8_t digit = *reader->at++;
        if (digit >= '0' && digit <= '9')
            *out = *out << 4 | (unsigned)(digit - '0');
        else if ((digit | 0x20) >= 'a' && (digit | 0x20) <= 'f')
            *out = *out << 4 | (unsigned)((digit | 0x20) - 'a' + 10);
        else
            return false;
    }
    return true;
}

static void character_add(struct tree *tree, unsigned code)
{
    if (code < 0x80) {
        text_byte(tree, (uint8_t)code);
        return;
    }
    unsigned shift = code < 0x800 ? 6 : code < 0x10000 ? 12 : 18;
    unsigned mark = code < 0x800 ? 0xc0 : code < 0x10000 ? 0xe0 : 0xf0;
    text_byte(tree, (uint8_t)(mark | code >> shift));
    while (shift > 0) {
        shift -= 6;
        text_byte(tree, (uint8_t)(0x80 | (code >> shift & 0x3f)));
    }
}

// Behind "\u". A pair of surrogates is one character.
static void code_read(struct tree_reader *reader)
{
    unsigned code, low;
    if (!hex_read(reader, &code)) {
        fail(reader, "\\u needs four hexadecimal digits");
        return;
    }
    if (code >= 0xd800 && code < 0xdc00 && takes(reader, '\\') && takes(reader, 'u') &&
        hex_read(reader, &low) && low >= 0xdc00 && low < 0xe000)
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    if (code >= 0xd800 && code < 0xe000)
        fail(reader, "half of a surrogate pair is no character");
    else
        character_add(reader->tree, code);
}

static void escape_read(struct tree_reader *reader)
{
    static const char names[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    if (takes(reader, 'u')) {
        code_read(reader);
        return;
    }
    const char *found =
        reader->at == reader->end || *reader->at == '\0' ? NULL : strchr(names, *reader->at);
    if (found == NULL) {
        fail(reader, "there is no such escape");
        return;
    }
    reader->at++;
    text_byte(reader->tree, (uint8_t)meanings[found - names]);
}

// One character as it stands.
static void plain_read(struct tree_reader *reader)
{
    size_t size = utf8_character((struct view){reader->at, (size_t)(reader->end - reader->at)});
    if (*reader->at < 0x20)
        fail(reader, "a control character in a text has to be escaped");
    else if (size == 0)
        fail(reader, "a text that is not UTF-8");
    for (; size > 0; size--)
        text_byte(reader->tree, *reader->at++);
}

// From its quote to its quote.
static struct view text_read(struct tree_reader *reader)
{
    struct tree *tree = reader->tree;
    size_t from = tree->texts_size;
    if (!takes(reader, '"'))
        fail(reader, "a text in quotes is expected here");
    while (reader->reason == NULL && !takes(reader, '"')) {
        if (reader->at == reader->end)
            fail(reader, "a text does not end");
        else if (takes(reader, '\\'))
            escape_read(reader);
        else
            plain_read(reader);
    }
    struct view text = {(const uint8_t *)tree->texts + from, tree->texts_size - from};
    if (reader->reason == NULL)
        text_byte(tree, '\0');
    return text;
}

static bool digits_skip(struct tree_reader *reader)
{
    const uint8_t *from = reader->at;
    while (reader->at != reader->end && *reader->at >= '0' && *reader->at <= '9')
        reader->at++;
    return reader->at != from;
}

static bool number_skip(struct tree_reader *reader)
{
    takes(reader, '-');
    if (!takes(reader, '0') && !digits_skip(reader))
        return false;
    if (takes(reader, '.') && !digits_skip(reader))
        return false;
    if (!takes(reader, 'e') && !takes(reader, 'E'))
        return true;
    if (!takes(reader, '+'))
        takes(reader, '-');
    return digits_skip(reader);
}

static void number_read(struct tree_reader *reader, struct view name)
{
    struct tree *tree = reader->tree;
    const uint8_t *from = reader->at;
    if (!number_skip(reader)) {
        fail(reader, "a value is expected here");
        return;
    }
    size_t size = (size_t)(reader->at - from);
    struct view text = {(const uint8_t *)tree->texts + tree->texts_size, size};
    memcpy(tree->texts + tree->texts_size, from, size);
    tree->texts_size += size;
    text_byte(tree, '\0');
    leaf_add(tree, TREE_NUMBER, name, text);
}

static bool word_read(struct tree_reader *reader, struct view name)
{
    static const struct {
        const char *word;
        enum tree_kind kind;
    } words[] = {{"null", TREE_NULL}, {"true", TREE_TRUE}, {"false", TREE_FALSE}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t size = strlen(words[i].word);
        if ((size_t)(reader->end - reader->at) < size ||
            memcmp(reader->at, words[i].word, size) != 0)
            continue;
        reader->at += size;
        node_add(reader->tree, words[i].kind, name);
        return true;
    }
    return false;
}

static void member_read(struct tree_reader *reader, bool named)
{
    struct view name = {NULL, 0};
    if (named) {
        peek(reader);
        name = text_read(reader);
        if (reader->reason == NULL && peek(reader) != ':')
            fail(reader, "':' is expected behind a name");
        takes(reader, ':');
    }
    value_read(reader, name);
}

static void compound_read(struct tree_reader *reader, struct view name, bool named)
{
    const uint8_t close = named ? '}' : ']';
    uint32_t node = node_add(reader->tree, named ? TREE_OBJECT : TREE_ARRAY, name);
    if (reader->depth == TREE_DEPTH_MAX) {
        fail(reader, "it nests too deeply");
        return;
    }
    reader->depth++;
    reader->at++;
    bool more = peek(reader) != close;
    while (more && reader->reason == NULL) {
        member_read(reader, named);
        more = peek(reader) == ',';
        if (more)
            reader->at++;
    }
    if (reader->reason == NULL && !takes(reader, close))
        fail(reader, named ? "',' or '}' is expected here" : "',' or ']' is expected here");
    reader->depth--;
    reader->tree->nodes[node].end = reader->tree->count;
}

static void value_read(struct tree_reader *reader, struct view name)
{
    uint8_t first = peek(reader);
    if (reader->reason != NULL)
        return;
    if (first == '{' || first == '[') {
        compound_read(reader, name, first == '{');
    } else if (first == '"') {
        struct view text = text_read(reader);
        leaf_add(reader->tree, TREE_TEXT, name, text);
    } else if (!word_read(reader, name)) {
        number_read(reader, name);
    }
}

bool tree_read(struct tree *tree, struct view json, const char **reason, size_t *at)
{
    static const uint8_t nothing[1];
    const uint8_t *begin = json.data != NULL ? json.data : nothing;
    struct tree_reader reader = {
        .tree = tree, .begin = begin, .at = begin, .end = begin + json.size};
    tree->count = 0;
    tree->texts_size = 0;
    if (json.size > TREE_BYTES_MAX) {
        fail(&reader, "it is too large");
    } else {
        tree->texts = memory_resized(tree->texts, json.size + 1, 1);
        value_read(&reader, (struct view){NULL, 0});
        if (peek(&reader) != '\0' || reader.at != reader.end)
            fail(&reader, "there is something behind the value");
        ensure(tree->texts_size <= json.size + 1);
    }
    *reason = reader.reason;
    *at = (size_t)(reader.at - reader.begin);
    return reader.reason == NULL;
}

uint32_t tree_member(const struct tree *tree, uint32_t object, struct view name)
{
    for (uint32_t at = object + 1; at < tree->nodes[object].end; at = tree->nodes[at].end) {
        if (view_equal(tree->nodes[at].name, name))
            return at;
    }
    return 0;
}

const char *tree_kind_name(enum tree_kind kind)
{
    static const char *const names[] = {"null",   "false",    "true",     "a number",
                                        "a text", "an array", "an object"};
    ensure((size_t)kind < sizeof(names) / sizeof(names[0]));
    return names[kind];
}

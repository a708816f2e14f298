// SPDX-License-Identifier: Apache-2.0
#include "cli/send_record.h"

#include <string.h>

#include "cli/lines.h"

enum { FRAME_MAGIC = 0 };

void send_maker_init(struct send_maker *maker, const struct send_options *options,
                     struct json_avro *encoder, uint32_t schema_id)
{
    *maker = (struct send_maker){options, encoder, schema_id, {.nodes = NULL}, {.data = NULL}};
    tree_init(&maker->tree);
    buffer_init(&maker->value, LINES_BYTES_MAX);
}

void send_maker_release(struct send_maker *maker)
{
    tree_release(&maker->tree);
    buffer_release(&maker->value);
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static struct view trimmed(struct view text)
{
    while (text.size > 0 && is_blank(text.data[0]))
        text = (struct view){text.data + 1, text.size - 1};
    while (text.size > 0 && is_blank(text.data[text.size - 1]))
        text.size--;
    return text;
}

static bool takes_json(const struct send_maker *maker)
{
    return maker->encoder != NULL || maker->options->key_field != NULL;
}

bool send_maker_passes_over(const struct send_maker *maker, struct view line)
{
    return takes_json(maker) && trimmed(line).size == 0;
}

// Splits a line at the first separator.
static enum status split(const char *separator, struct view *value, struct view *key,
                         struct error *err)
{
    size_t size = strlen(separator);
    const uint8_t *found =
        value->size == 0 ? NULL : memmem(value->data, value->size, separator, size);
    if (found == NULL)
        return error_set(err, STATUS_RECORD, "there is no '%s' between key and value", separator);
    *key = (struct view){value->data, (size_t)(found - value->data)};
    *value = (struct view){found + size, value->size - key->size - size};
    return STATUS_OK;
}

// A union's value in Avro's form, {"string": "4111"}, is the value.
static uint32_t untagged(const struct tree *tree, uint32_t node)
{
    const struct tree_node *nodes = tree->nodes;
    bool one = nodes[node].kind == TREE_OBJECT && node + 1 < nodes[node].end &&
               nodes[node + 1].end == nodes[node].end;
    return one && nodes[node + 1].kind < TREE_ARRAY ? node + 1 : node;
}

static enum status field_key(const struct send_maker *maker, struct view *key, struct error *err)
{
    const char *name = maker->options->key_field;
    const struct tree *tree = &maker->tree;
    uint32_t member =
        tree->nodes[0].kind == TREE_OBJECT ? tree_member(tree, 0, view_text(name)) : 0;
    if (member == 0)
        return error_set(err, STATUS_RECORD, "there is no field %s to take the key from", name);
    const struct tree_node *node = &tree->nodes[untagged(tree, member)];
    if (node->kind >= TREE_ARRAY)
        return error_set(err, STATUS_RECORD, "%s: %s cannot be a key", name,
                         tree_kind_name(node->kind));
    *key = node->text;
    if (node->kind == TREE_TRUE || node->kind == TREE_FALSE)
        *key = view_text(tree_kind_name(node->kind));
    return STATUS_OK;
}

static enum status tree_make(struct send_maker *maker, struct view value, struct error *err)
{
    const char *reason;
    size_t at;
    if (tree_read(&maker->tree, value, &reason, &at))
        return STATUS_OK;
    return error_set(err, STATUS_RECORD, "not JSON: byte %zu: %s", at + 1, reason);
}

static enum status datum_make(struct send_maker *maker, struct view *value, struct error *err)
{
    struct buffer *out = &maker->value;
    buffer_clear(out);
    if (!buffer_append_byte(out, FRAME_MAGIC) || !buffer_append_be32(out, maker->schema_id))
        return error_set(err, STATUS_RECORD, "the record is too large");
    enum status status = json_avro_append(maker->encoder, &maker->tree, out, err);
    if (status != STATUS_OK && maker->tree.nodes[0].kind == TREE_NULL)
        return error_prefix(err, status, "null is no value of the schema (--null: a tombstone)");
    *value = buffer_view(out);
    return status;
}

static bool is_null(struct view value)
{
    return value.size == 0 || view_equal(trimmed(value), view_text("null"));
}

static enum status parts_make(struct send_maker *maker, struct view line, struct view *key,
                              struct view *value, struct error *err)
{
    const struct send_options *options = maker->options;
    enum status status = STATUS_OK;
    *value = line;
    if (options->key != NULL)
        *key = view_text(options->key);
    if (options->key_separator[0] != '\0')
        status = split(options->key_separator, value, key, err);
    if (status == STATUS_OK && options->tombstones && key->data != NULL && is_null(*value)) {
        *value = (struct view){NULL, 0};
        return STATUS_OK;
    }
    if (status == STATUS_OK && takes_json(maker))
        status = tree_make(maker, *value, err);
    if (status == STATUS_OK && options->key_field != NULL)
        status = field_key(maker, key, err);
    if (status == STATUS_OK && maker->encoder != NULL)
        status = datum_make(maker, value, err);
    return status;
}

enum status send_maker_make(struct send_maker *maker, struct view line,
                            struct kafka_writer_record *out, struct error *err)
{
    static const uint8_t nothing[1];
    const struct send_options *options = maker->options;
    struct view key = {NULL, 0};
    struct view value;
    if (line.data == NULL)
        line.data = nothing; // an empty value is one
    enum status status = parts_make(maker, line, &key, &value, err);
    *out = (struct kafka_writer_record){
        .key = key,
        .value = value,
        .timestamp_ms = options->timestamp_ms,
        .headers = options->headers,
        .header_count = options->header_count,
        .has_partition = options->partition >= 0,
        .partition = options->partition,
    };
    return status;
}

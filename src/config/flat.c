// SPDX-License-Identifier: Apache-2.0
#include "config/flat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "base/memory.h"

// One reading of a document.
struct walk {
    struct flat *flat;
    struct mistakes *mistakes;
    struct view source;
    yaml_document_t *document;
    bool overflowed; // said once
};

void flat_init(struct flat *flat)
{
    *flat = (struct flat){.entries = NULL};
}

void flat_release(struct flat *flat)
{
    for (size_t i = 0; i < flat->count; i++) {
        free(flat->entries[i].path);
        free(flat->entries[i].value);
    }
    free(flat->entries);
    flat_init(flat);
}

static struct flat_entry *add(struct flat *flat, struct view path, enum flat_kind kind, size_t line)
{
    if (flat->count == flat->capacity) {
        flat->capacity = flat->capacity == 0 ? 64 : flat->capacity * 2;
        flat->entries = memory_resized(flat->entries, flat->capacity, sizeof(*flat->entries));
    }
    struct flat_entry *entry = &flat->entries[flat->count++];
    *entry =
        (struct flat_entry){.path = memory_copy(path.data, path.size), .kind = kind, .line = line};
    return entry;
}

void flat_add_scalar(struct flat *flat, struct view path, struct view value, size_t line)
{
    struct flat_entry *entry = add(flat, path, FLAT_SCALAR, line);
    entry->value = memory_copy(value.data, value.size);
    entry->value_size = value.size;
}

static struct origin origin_of(const struct walk *walk, const yaml_node_t *node)
{
    return (struct origin){walk->source, node->start_mark.line + 1};
}

static struct view scalar_of(const yaml_node_t *node)
{
    return (struct view){node->data.scalar.value, node->data.scalar.length};
}

// YAML's null: nothing, '~' or 'null', not in quotes.
static bool is_null(const yaml_node_t *node)
{
    struct view text = scalar_of(node);
    return node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (text.size == 0 || view_equal(text, view_text("~")) ||
            view_equal(text, view_text("null")));
}

static void walk_node(struct walk *walk, int index, const char *path, size_t depth);

static void walk_scalar(struct walk *walk, const yaml_node_t *node, const char *path)
{
    size_t line = node->start_mark.line + 1;
    if (is_null(node))
        add(walk->flat, view_text(path), FLAT_NULL, line);
    else
        flat_add_scalar(walk->flat, view_text(path), scalar_of(node), line);
}

// Joins into `out` of FLAT_PATH_BYTES_MAX bytes; false when it does not fit.
static bool join(char *out, const char *path, const char *part, size_t part_size)
{
    int size = snprintf(out, FLAT_PATH_BYTES_MAX, "%s%s%.*s", path, path[0] == '\0' ? "" : ".",
                        (int)part_size, part);
    return size >= 0 && size < FLAT_PATH_BYTES_MAX && part_size < FLAT_PATH_BYTES_MAX;
}

static void walk_pair(struct walk *walk, const yaml_node_pair_t *pair, const char *path,
                      size_t depth)
{
    char inner[FLAT_PATH_BYTES_MAX];
    const yaml_node_t *key = yaml_document_get_node(walk->document, pair->key);
    if (key->type != YAML_SCALAR_NODE) {
        mistakes_add(walk->mistakes, origin_of(walk, key), path, "a key must be text");
        return;
    }
    struct view name = scalar_of(key);
    if (name.size == 0 || memchr(name.data, '\0', name.size) != NULL ||
        !join(inner, path, (const char *)name.data, name.size)) {
        mistakes_add(walk->mistakes, origin_of(walk, key), path,
                     "a key is empty, too long or holds a NUL");
        return;
    }
    walk_node(walk, pair->value, inner, depth + 1);
}

static void walk_map(struct walk *walk, const yaml_node_t *node, const char *path, size_t depth)
{
    add(walk->flat, view_text(path), FLAT_MAP, node->start_mark.line + 1);
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top && !walk->overflowed; pair++)
        walk_pair(walk, pair, path, depth);
}

static void walk_list(struct walk *walk, const yaml_node_t *node, const char *path, size_t depth)
{
    char inner[FLAT_PATH_BYTES_MAX];
    char number[24];
    const yaml_node_item_t *items = node->data.sequence.items.start;
    size_t count = (size_t)(node->data.sequence.items.top - items);
    add(walk->flat, view_text(path), FLAT_LIST, node->start_mark.line + 1);
    for (size_t i = 0; i < count && !walk->overflowed; i++) {
        snprintf(number, sizeof(number), "%zu", i);
        if (join(inner, path, number, strlen(number)))
            walk_node(walk, items[i], inner, depth + 1);
    }
}

// Aliases make the document a graph, even one with circles: entries and depth are bounded.
static void walk_node(struct walk *walk, int index, const char *path, size_t depth)
{
    const yaml_node_t *node = yaml_document_get_node(walk->document, index);
    if (walk->overflowed)
        return;
    if (walk->flat->count >= FLAT_ENTRIES_MAX || depth > FLAT_DEPTH_MAX) {
        walk->overflowed = true;
        mistakes_add(walk->mistakes, origin_of(walk, node), path,
                     "nested too deeply, or too many values; allowed: %d levels, %d values",
                     FLAT_DEPTH_MAX, FLAT_ENTRIES_MAX);
        return;
    }
    switch (node->type) {
    case YAML_SCALAR_NODE:
        walk_scalar(walk, node, path);
        return;
    case YAML_MAPPING_NODE:
        walk_map(walk, node, path, depth);
        return;
    case YAML_SEQUENCE_NODE:
        walk_list(walk, node, path, depth);
        return;
    case YAML_NO_NODE:
        return;
    }
}

static void find_repeated(const struct walk *walk, size_t from)
{
    for (size_t i = from; i < walk->flat->count; i++) {
        const struct flat_entry *entry = &walk->flat->entries[i];
        for (size_t j = from; j < i; j++) {
            const struct flat_entry *earlier = &walk->flat->entries[j];
            if (strcmp(earlier->path, entry->path) != 0)
                continue;
            mistakes_add(walk->mistakes, (struct origin){walk->source, entry->line}, entry->path,
                         "given twice, first in line %zu; allowed: once", earlier->line);
            break;
        }
    }
}

static size_t line_at(struct view yaml, size_t offset)
{
    size_t line = 1;
    for (size_t i = 0; i < offset && i < yaml.size; i++)
        line += yaml.data[i] == '\n';
    return line;
}

static void explain(struct walk *walk, const yaml_parser_t *parser, struct view yaml)
{
    size_t line = parser->error == YAML_READER_ERROR ? line_at(yaml, parser->problem_offset)
                                                     : parser->problem_mark.line + 1;
    const char *problem = parser->problem != NULL ? parser->problem : "it cannot be parsed";
    mistakes_add(walk->mistakes, (struct origin){walk->source, line}, "", "this is no YAML: %s%s%s",
                 parser->context != NULL ? parser->context : "",
                 parser->context != NULL ? ", " : "", problem);
}

static void walk_document(struct walk *walk, const char *root)
{
    const yaml_node_t *node = yaml_document_get_root_node(walk->document);
    if (node == NULL) {
        if (root[0] != '\0')
            add(walk->flat, view_text(root), FLAT_NULL, 1);
        return;
    }
    if (root[0] == '\0' && node->type == YAML_SCALAR_NODE && is_null(node))
        return;
    if (root[0] == '\0' && node->type != YAML_MAPPING_NODE) {
        mistakes_add(walk->mistakes, origin_of(walk, node), "",
                     "the configuration must be a map of keys");
        return;
    }
    size_t from = walk->flat->count;
    walk_node(walk, 1, root, 0);
    find_repeated(walk, from);
}

static void refuse_second_document(struct walk *walk, yaml_parser_t *parser, struct view yaml)
{
    yaml_document_t more;
    if (!yaml_parser_load(parser, &more)) {
        explain(walk, parser, yaml);
        return;
    }
    const yaml_node_t *node = yaml_document_get_root_node(&more);
    if (node != NULL)
        mistakes_add(walk->mistakes, origin_of(walk, node), "",
                     "a second document begins here; allowed: one");
    yaml_document_delete(&more);
}

void flat_read(struct flat *flat, struct view yaml, const char *root, struct view source,
               struct mistakes *mistakes)
{
    yaml_parser_t parser;
    yaml_document_t document;
    struct walk walk = {flat, mistakes, source, &document, false};

    if (yaml.size > YAML_BYTES_MAX) {
        mistakes_add(mistakes, (struct origin){source, 0}, "", "too large; allowed: %d bytes",
                     YAML_BYTES_MAX);
        return;
    }
    if (!yaml_parser_initialize(&parser)) {
        mistakes_add(mistakes, (struct origin){source, 0}, "", "out of memory");
        return;
    }
    yaml_parser_set_input_string(&parser, yaml.size > 0 ? yaml.data : (const uint8_t *)"",
                                 yaml.size);
    if (!yaml_parser_load(&parser, &document)) {
        explain(&walk, &parser, yaml);
    } else {
        bool any = yaml_document_get_root_node(&document) != NULL;
        walk_document(&walk, root);
        if (any)
            refuse_second_document(&walk, &parser, yaml);
        yaml_document_delete(&document);
    }
    yaml_parser_delete(&parser);
}
